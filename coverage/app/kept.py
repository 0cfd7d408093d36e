"""Big values made once: kept in memory, and on disk under the hash of everything they were made from."""

from __future__ import annotations

import hashlib
import logging
import os
import pickle
import sys
import tomllib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from importlib import metadata
from pathlib import Path
from threading import Lock
from typing import Any, Generic, TypeVar

import coverage
from coverage.catalog.registers import data_dir
from coverage.files.antennas import EXTENSIONS as ANTENNA_FILES
from coverage.writing import replace_with

log = logging.getLogger("phusong.app")
T = TypeVar("T")

KEPT_FILES = 8  # of one kind on disk, the newest; a city with its signal takes some 50–100 MB
LIBRARIES = ("numpy", "pandas", "geopandas", "shapely", "rasterio", "scipy", "pyproj")


def cache_dir() -> Path:
    """Return the folder for what can be made again: ``PHUSONG_CACHE``, else ``phusong`` in the user's cache folder."""
    named = os.environ.get("PHUSONG_CACHE")
    if named:
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "phusong"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "phusong"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "phusong"


class Kept(Generic[T]):
    """Values by key, the least recently used forgotten; with a name they are on disk too.

    Parameters
    ----------
    limit : int
        Values in memory.
    name : str or None
        Beginning of the file names on disk; None keeps nothing there.
    """

    def __init__(self, limit: int, name: str | None = None) -> None:
        self.limit = limit
        self.name = name
        self._values: OrderedDict[str, T] = OrderedDict()
        self._making: dict[str, Lock] = {}
        self._lock = Lock()

    def get(self, key: str, make: Callable[[], T]) -> T:
        """Return the value of a key, made by ``make`` when there is none; one caller makes, the others wait."""
        with self._lock:
            making = self._making.setdefault(key, Lock())
        with making:
            with self._lock:
                if key in self._values:
                    self._values.move_to_end(key)
                    return self._values[key]
            value = self._read(key)
            if value is None:
                value = make()
                self._write(key, value)
            with self._lock:
                self._values[key] = value
                while len(self._values) > self.limit:
                    forgotten, _ = self._values.popitem(last=False)
                    self._making.pop(forgotten, None)
            return value

    def _path(self, key: str) -> Path:
        return cache_dir() / f"{self.name}-{hashlib.sha256(key.encode()).hexdigest()}.pickle"

    def _read(self, key: str) -> T | None:
        if self.name is None:
            return None
        path = self._path(key)
        try:
            # A pickle runs what it holds: only one that nobody but this account can have written is opened.
            if os.name == "posix" and (path.stat().st_uid != os.getuid() or path.parent.stat().st_mode & 0o022):
                log.warning("%s could have been written by another account: not read", path)
                return None
            with path.open("rb") as file:
                value: T = pickle.load(file)  # noqa: S301
            os.utime(path)
        except FileNotFoundError:
            return None
        except Exception as error:  # noqa: BLE001 (whatever is wrong with a cached file, it can be made again)
            log.warning("%s is not readable (%s): made again", path, error)
            return None
        return value

    def _write(self, key: str, value: T) -> None:
        if self.name is None:
            return
        path = self._path(key)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_with(path, lambda draft: draft.write_bytes(pickle.dumps(value, pickle.HIGHEST_PROTOCOL)))
            old = sorted(path.parent.glob(f"{self.name}-*.pickle"), key=lambda each: -each.stat().st_mtime)
            for each in old[KEPT_FILES:]:
                each.unlink(missing_ok=True)
        except OSError as error:  # StoreError is one
            log.warning("%s cannot be written (%s): the next start measures again", path, error)


def fingerprint(city: Path) -> str:
    """Return the hash of all that a result depends on: the city's files, the registers, our code and the libraries."""
    digest = hashlib.sha256()
    versions = [f"{name} {metadata.version(name)}" for name in LIBRARIES]
    digest.update("\n".join([sys.version, *versions, _code()]).encode())
    for path in [*sorted(_named(city)), *sorted((data_dir() / "registers").glob("*"))]:
        about = path.stat()
        digest.update(path.name.encode() + _hash(path, about.st_mtime_ns, about.st_size))
    return digest.hexdigest()


@lru_cache(maxsize=256)
def _hash(path: Path, _changed_ns: int, _size: int) -> bytes:
    # Every rerun of every visitor asks; a file is read again only when its time or size says that it changed.
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


@cache
def _code() -> str:
    # The version alone would serve yesterday's figures to whoever changes a model and looks at the result.
    digest = hashlib.sha256()
    root = Path(str(coverage.__file__)).parent
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if (
            path.suffix in {".py", ".toml", ".csv", ".c", ".h"}
            and parts[0] not in {"words", "_data"}
            and "screens" not in parts
        ):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _named(city: Path) -> Iterator[Path]:
    """Yield a city file, the files it names and the notes on their origin; nothing for one that cannot be read.

    What is wrong with such a file is said in words by `coverage.open_city`, which reads it next.
    """

    def strings(value: Any) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping | list):
            for each in value.values() if isinstance(value, Mapping) else value:
                yield from strings(each)

    if not city.is_file():
        return
    yield city
    try:
        content = tomllib.loads(city.read_text("utf-8"))
    except (OSError, ValueError):
        return
    for text in filter(None, strings(content)):
        for path in (city.parent / text, city.parent / f"{text}.toml"):
            yield from _files(path)


def _files(path: Path) -> list[Path]:
    """Return a file, the antenna files of a folder, or nothing."""
    if path.is_dir():
        return sorted(each for each in path.iterdir() if each.suffix.lower() in ANTENNA_FILES)
    return [path] if path.is_file() else []
