"""Packed path losses kept on disk from run to run, under the hash of all they depend on.

One file per mast: a header with shape and checksum, then the int16 rows. A file that is not whole is as good as none.
Where nothing can be written, the losses of this run stay in memory.
"""

from __future__ import annotations

import os
import struct
import tempfile
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

HEADER = struct.Struct("<4sIII")  # magic, rows, columns, CRC-32 of the data
MAGIC = b"PSL1"
LIMIT_GB = 8.0

Packed = NDArray[np.int16]


def folder() -> Path:
    """Return where losses are kept: under `PHUSONG_CACHE`, else in the person's cache folder."""
    chosen = os.environ.get("PHUSONG_CACHE") or os.environ.get("XDG_CACHE_HOME")
    base = Path(chosen) if chosen else Path.home() / ".cache"
    return base / "phusong" / "losses"


def limit_bytes() -> int:
    """Return how much may be kept on disk (`PHUSONG_CACHE_GB`)."""
    try:
        return int(float(os.environ.get("PHUSONG_CACHE_GB", LIMIT_GB)) * 1e9)
    except ValueError:
        return int(LIMIT_GB * 1e9)


@dataclass(frozen=True, eq=False)
class Losses:
    """Packed losses by key; safe to use from several threads and from several processes at once."""

    _seen: dict[str, tuple[int, int]] = field(default_factory=dict)
    _held: dict[str, Packed] = field(default_factory=dict)

    def has(self, key: str) -> bool:
        """Tell whether the losses of a key are there, whole."""
        if key in self._seen or key in self._held:
            return True
        path = folder() / key
        try:
            data = path.read_bytes()
            magic, rows, cols, check = HEADER.unpack_from(data)
            os.utime(path)  # used: the last to be thrown away
        except (OSError, struct.error):
            return False
        body = memoryview(data)[HEADER.size :]
        if magic != MAGIC or len(body) != 2 * rows * cols or zlib.crc32(body) != check:
            return False
        self._seen[key] = rows, cols
        return True

    def put(self, key: str, losses: Packed) -> None:
        """Keep the losses of a key, shape (rows, cols)."""
        data = np.ascontiguousarray(losses, dtype="<i2")
        try:
            folder().mkdir(parents=True, exist_ok=True)
            descriptor, draft = tempfile.mkstemp(dir=folder(), prefix=".draft-")
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(HEADER.pack(MAGIC, *data.shape, zlib.crc32(data.data)))
                    file.write(data.data)
                Path(draft).replace(folder() / key)
            except OSError:
                Path(draft).unlink(missing_ok=True)
                raise
        except OSError:
            self._held[key] = data
        else:
            self._seen[key] = data.shape[0], data.shape[1]

    def rows(self, key: str, rows: slice) -> Packed:
        """Return some rows of the losses of a key.

        Raises
        ------
        KeyError
            For a key that is not there, or no longer.
        """
        if key in self._held:
            return self._held[key][rows]
        _, cols = self._seen[key]
        count, offset = (rows.stop - rows.start) * cols, HEADER.size + 2 * rows.start * cols
        try:
            part = np.fromfile(folder() / key, dtype="<i2", count=count, offset=offset)
        except OSError as error:
            raise KeyError(key) from error
        if part.size != count:
            raise KeyError(key)
        return part.reshape(-1, cols)

    def forget(self, key: str) -> None:
        """Forget a key whose file somebody has taken away."""
        self._seen.pop(key, None)


def trim() -> None:
    """Throw away what was used longest ago, until the folder fits into its limit."""
    with suppress(OSError):
        files = [(entry.stat().st_mtime, entry.stat().st_size, entry.path) for entry in os.scandir(folder())]
        spare = sum(size for _, size, _ in files) - limit_bytes()
        for _, size, path in sorted(files):
            if spare <= 0:
                break
            Path(path).unlink(missing_ok=True)
            spare -= size
