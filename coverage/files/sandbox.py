"""`read_upload`: a table that somebody else sent, read by a process that can do nothing but read it.

The file is copied into a private folder and parsed by a child with its own limits of memory and time, no network, no
other files and no other programs (`coverage.files.confined`). The parent only sees texts in an Arrow file without
compression. Whatever the file makes the child do, the answer is a table or one sentence, and the folder is gone.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio
from pyproj import CRS

from coverage.errors import CoverageError, LayerError, Problem
from coverage.files.opening import TABLES, agree, format_of, regular_file, source_of
from coverage.files.raw import RawTable
from coverage.layers import Source

MAX_UPLOAD_BYTES = 128 << 20
MAX_UPLOAD_ROWS = 500_000
WALL_S = 75.0
_DRIVERS = frozenset({"GPKG", "ESRI Shapefile"})  # all else is parsed by Python alone
_START = """
import sys
sys.path.append(sys.argv[1])
from coverage.files.confined import limit_resources
limit_resources()
from pathlib import Path
from coverage.files.child import main
sys.exit(main(Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
"""


def read_upload(path: str | Path) -> RawTable:
    """Return the table of a file that somebody else sent.

    Raises
    ------
    LayerError
        What `coverage.files.tables.read_table` raises; ``upload_too_large`` above `MAX_UPLOAD_BYTES`;
        ``too_many_rows`` above `MAX_UPLOAD_ROWS`; ``upload_too_heavy``, ``upload_too_slow`` when the limits of the
        child end it; ``upload_unreadable`` when it ends for another reason.
    """
    found = regular_file(path)
    size = found.stat().st_size
    if size > MAX_UPLOAD_BYTES:
        raise LayerError("upload_too_large", file=found.name, size_mb=size >> 20, limit_mb=MAX_UPLOAD_BYTES >> 20)
    try:
        data = found.read_bytes()
    except OSError:
        raise LayerError("file_unreadable", file=str(path)) from None
    raw = read_sent(found.name, data)
    beside = source_of(found, raw.source.sha256, raw.source.rows)
    return replace(raw, source=replace(beside, synthetic=beside.synthetic or raw.source.synthetic))


def read_sent(name: str, data: bytes, *, max_rows: int = MAX_UPLOAD_ROWS, photos: bool = False) -> RawTable:
    """Return the table of bytes that were sent under a name; as `read_upload`.

    Parameters
    ----------
    name : str
        Only its last part counts, for the extension and for messages.
    data : bytes
    max_rows : int
        Rows beyond which the file is refused.
    photos : bool
        Whether a JPEG is taken: a table of one row, where it was made.
    """
    name = Path(name.replace("\\", "/")).name
    form = format_of(Path(name), photos=photos)
    if form == "raster":
        raise LayerError("raster_for_table", file=name, expected=TABLES)
    if not data:
        raise LayerError("file_empty", file=name)
    if len(data) > MAX_UPLOAD_BYTES:
        raise LayerError("upload_too_large", file=name, size_mb=len(data) >> 20, limit_mb=MAX_UPLOAD_BYTES >> 20)
    agree(Path(name), data[:4096], form)
    with tempfile.TemporaryDirectory(prefix="phusong-", ignore_cleanup_errors=True) as made:
        folder = Path(made).resolve()
        (folder / "in").mkdir()
        copy = folder / "in" / f"upload{Path(name).suffix.lower()}"
        copy.write_bytes(data)
        _run(folder, copy.name, max_rows, name)
        return _received(folder, name, copy.name, hashlib.sha256(data).hexdigest())


@cache
def _unwanted_drivers() -> str:
    return ",".join(sorted(set(pyogrio.list_drivers()) - _DRIVERS))


def _environment(folder: Path) -> dict[str, str]:
    """Return the few variables that a child gets: nothing of the parent's."""
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "PROJ_DATA", "GDAL_DATA") if name in os.environ}
    return kept | {
        "LANG": "C.UTF-8",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "TEMP": str(folder),
        "TMP": str(folder),
        "OGR_SKIP": _unwanted_drivers(),
        "GDAL_SKIP": "VRT,GTI,WMS,WMTS,WCS,HTTP,STACTA,STACIT,PLMOSAIC,EEDA,EEDAI,OGCAPI,Zarr",
        "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
        "PROJ_NETWORK": "OFF",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "ARROW_IO_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _run(folder: Path, name: str, max_rows: int, shown: str) -> None:
    root = str(Path(__file__).resolve().parents[2])
    command = [sys.executable, "-I", "-B", "-c", _START, root, str(folder), name, str(max_rows)]
    with subprocess.Popen(  # noqa: S603 (our own interpreter, arguments of our own)
        command,
        cwd=folder,
        env=_environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=os.name != "nt",
        close_fds=True,
    ) as child:
        try:
            ended = child.wait(WALL_S)
        except subprocess.TimeoutExpired:
            raise LayerError("upload_too_slow", file=shown, seconds=int(WALL_S)) from None
        finally:
            _end(child)
    if ended == 0 and (folder / "answer.json").is_file():
        return
    if ended in {-signal.SIGABRT, -signal.SIGSEGV, -signal.SIGBUS, -signal.SIGKILL, 134, 137, 139}:
        raise LayerError("upload_too_heavy", file=shown)
    if ended in {-getattr(signal, "SIGXCPU", 24), -getattr(signal, "SIGXFSZ", 25)}:
        raise LayerError("upload_too_slow", file=shown, seconds=int(WALL_S))
    raise LayerError("upload_unreadable", file=shown)


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the child and whatever it may have started, wait for it."""
    with suppress(ProcessLookupError, PermissionError):
        if os.name != "nt":
            os.killpg(child.pid, signal.SIGKILL)
        child.kill()
    child.wait()


def _received(folder: Path, name: str, copied: str, sha256: str) -> RawTable:
    try:
        answer = json.loads((folder / "answer.json").read_text("utf-8"))
        problems = tuple(_problem(told, name, copied) for told in answer["problems"])
        if "error" in answer:
            values = {key: name if value == copied else value for key, value in answer["values"].items()}
            raise LayerError(str(answer["error"]), problems, **{"file": name, **values})
        with pa.OSFile(str(folder / "table.arrow"), "rb") as source:
            table = pa.ipc.open_file(source).read_all()
        return _table(table, answer, problems, Source(name=name, sha256=sha256, synthetic=bool(answer["synthetic"])))
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        if isinstance(error, CoverageError):
            raise
        raise LayerError("upload_unreadable", file=name) from None


def _table(table: pa.Table, answer: dict[str, Any], problems: tuple[Problem, ...], source: Source) -> RawTable:
    rows = table.column("\x00row").to_numpy().astype(np.int64)
    names = [column for column in table.column_names if not column.startswith("\x00")]
    frame = pd.DataFrame(
        {column: pd.Series(table.column(column).to_pylist(), dtype=object) for column in names}, index=range(len(rows))
    )
    geometry = None
    if "\x00geometry" in table.column_names:
        crs = None if answer["crs"] is None else CRS.from_json(answer["crs"])
        geometry = gpd.GeoSeries.from_wkb(table.column("\x00geometry").to_pylist(), crs=crs)
    return RawTable(
        frame=frame, rows=rows, geometry=geometry, source=replace(source, rows=len(rows)), problems=problems
    )


def _problem(told: dict[str, Any], name: str, copied: str) -> Problem:
    values = {key: name if value == copied else value for key, value in told["values"].items()}
    return Problem(**{**told, "values": values})
