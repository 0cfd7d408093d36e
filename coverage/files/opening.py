"""The first look at a file: its bytes, their hash, and whether they are what the extension says.

Nothing here decides by content alone: a file is read by the reader of its extension, and refused when its first bytes
belong to something else. GDAL, left to itself, goes by content, and virtual formats lead it to other files and hosts.
"""

from __future__ import annotations

import hashlib
import stat
import tomllib
import zipfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Literal

from coverage.errors import LayerError
from coverage.layers import Source

Format = Literal[
    "csv", "xlsx", "xls", "ods", "geojson", "gpkg", "shapefile", "kml", "kmz", "parquet", "raster", "photo"
]

MAX_BYTES = 1 << 30
MAX_UNPACKED_BYTES = 1 << 29
MAX_MEMBERS = 1000
MAX_RATIO = 200  # deflate reaches 1032; XML and CSV of real registers stay below 60
SMALL_BYTES = 1 << 24  # what unpacks to less than this does no harm at any ratio

EXTENSIONS: dict[str, Format] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".xlsx": "xlsx", ".xlsm": "xlsx", ".xls": "xls", ".ods": "ods",
    ".geojson": "geojson", ".json": "geojson",
    ".gpkg": "gpkg", ".zip": "shapefile", ".kml": "kml", ".kmz": "kmz", ".parquet": "parquet",
    ".geoparquet": "parquet", ".pq": "parquet", ".tif": "raster", ".tiff": "raster", ".jpg": "photo", ".jpeg": "photo",
}  # fmt: skip
TABLES = "CSV, XLSX, XLS, ODS, GeoJSON, GeoPackage (.gpkg), Shapefile (.zip), KML/KMZ, Parquet"
RASTERS = "GeoTIFF (.tif)"

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "ZIP/XLSX"),
    (b"PK\x05\x06", "ZIP/XLSX"),
    (b"SQLite format 3\x00", "SQLite/GeoPackage"),
    (b"PAR1", "Parquet"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
    (b"\xd0\xcf\x11\xe0", "XLS (Excel 97–2003)"),
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x1f\x8b", "GZIP"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf", "7Z"),
    (b"\x7fELF", "ELF"),
)
_EXPECTED: dict[Format, frozenset[str]] = {
    "csv": frozenset({"text"}),
    "xlsx": frozenset({"ZIP/XLSX"}),
    "xls": frozenset({"XLS (Excel 97–2003)"}),
    "ods": frozenset({"ZIP/XLSX"}),
    "geojson": frozenset({"JSON"}),
    "gpkg": frozenset({"SQLite/GeoPackage"}),
    "shapefile": frozenset({"ZIP/XLSX"}),
    "kml": frozenset({"XML/HTML"}),
    "kmz": frozenset({"ZIP/XLSX"}),
    "parquet": frozenset({"Parquet"}),
    "raster": frozenset({"TIFF"}),
    "photo": frozenset({"JPEG"}),
}


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A file that was read once, whole.

    Attributes
    ----------
    path : Path
        Where it lies.
    data : bytes
        Its bytes.
    format : str
        Reader to use.
    """

    path: Path
    data: bytes
    format: Format

    @property
    def name(self) -> str:
        """File name without its folder: the only part that messages show."""
        return self.path.name

    def source(self, rows: int) -> Source:
        """Return the origin of a table of so many rows read from these bytes."""
        return source_of(self.path, hashlib.sha256(self.data).hexdigest(), rows)


def regular_file(path: str | Path) -> Path:
    """Return the path of an existing, readable, non-empty ordinary file.

    Raises
    ------
    LayerError
        ``file_missing``, ``file_is_folder``, ``file_not_regular``, ``file_unreadable``, ``file_empty``,
        ``file_too_large``.
    """
    found = Path(path)
    try:
        status = found.stat()
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the name
        code = "file_missing" if isinstance(error, FileNotFoundError | NotADirectoryError) else "file_unreadable"
        raise LayerError(code, file=str(path)) from None
    if stat.S_ISDIR(status.st_mode):
        raise LayerError("file_is_folder", file=str(path))
    if not stat.S_ISREG(status.st_mode):  # a pipe or a device would never end
        raise LayerError("file_not_regular", file=str(path))
    if status.st_size == 0:
        raise LayerError("file_empty", file=found.name)
    if status.st_size > MAX_BYTES:
        raise LayerError("file_too_large", file=found.name, size_mb=status.st_size >> 20, limit_mb=MAX_BYTES >> 20)
    return found


def format_of(path: Path, *, expected: str = TABLES, photos: bool = False) -> Format:
    """Return the reader of a file's extension; ``wrong_extension`` when there is none, or for a photo not asked for."""
    form = EXTENSIONS.get(path.suffix.lower())
    if form is None or (form == "photo" and not photos):
        raise LayerError("wrong_extension", file=path.name, extension=path.suffix or "–", expected=expected)
    return form


def open_table(path: str | Path, *, photos: bool = False) -> Opened:
    """Return the bytes of a table, or of a photo where these are taken, whose content agrees with its extension.

    Raises
    ------
    LayerError
        As `regular_file` and `format_of`; ``raster_for_table`` for a raster; ``content_mismatch`` when the first bytes
        belong to another format.
    """
    found = regular_file(path)
    form = format_of(found, photos=photos)
    if form == "raster":
        raise LayerError("raster_for_table", file=found.name, expected=TABLES)
    try:
        data = found.read_bytes()
    except OSError:
        raise LayerError("file_unreadable", file=str(path)) from None
    agree(found, data[:4096], form)
    return Opened(path=found, data=data, format=form)


def agree(path: Path, head: bytes, form: Format) -> None:
    """Raise ``content_mismatch`` unless the first bytes of a file belong to its format."""
    content = _content(head)
    if content not in _EXPECTED[form]:
        raise LayerError("content_mismatch", file=path.name, extension=path.suffix, found=content)


def _content(head: bytes) -> str:
    for signature, name in _SIGNATURES:
        if head.startswith(signature):
            return name
    plain = head.removeprefix(b"\xef\xbb\xbf").replace(b"\x00", b"").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
    first = plain.lstrip()[:1]
    if not first:
        return "–"
    return {b"<": "XML/HTML", b"{": "JSON", b"[": "JSON"}.get(first, "text")


def source_of(path: Path, sha256: str, rows: int = 0) -> Source:
    """Return the origin of a file; ``<file>.toml`` beside it says whether the data is synthetic.

    Raises
    ------
    LayerError
        ``bad_provenance`` when that file cannot be read as TOML.
    """
    beside = path.with_name(path.name + ".toml")
    if not beside.is_file():
        return Source(name=path.name, sha256=sha256, rows=rows)
    try:
        told = tomllib.loads(beside.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LayerError("bad_provenance", file=beside.name, reason=str(error)) from None
    return Source(
        name=path.name,
        sha256=sha256,
        rows=rows,
        synthetic=told.get("synthetic") is True,
        note=str(told.get("note") or told.get("source") or ""),
    )


def checked_zip(data: bytes, file: str) -> zipfile.ZipFile:
    """Return an archive whose table of contents promises no harm.

    Raises
    ------
    LayerError
        ``bad_archive`` when it is no ZIP or is encrypted; ``unsafe_archive`` for absolute or climbing names, links,
        too many members, or more bytes than `MAX_UNPACKED_BYTES` or than `MAX_RATIO` times the packed ones.
    """
    try:
        archive = zipfile.ZipFile(BytesIO(data))
        members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise LayerError("bad_archive", file=file) from None
    if any(member.flag_bits & 0x1 for member in members):
        raise LayerError("encrypted_archive", file=file)
    total = sum(member.file_size for member in members)
    bomb = total > SMALL_BYTES and total > MAX_RATIO * len(data)
    if len(members) > MAX_MEMBERS or total > MAX_UNPACKED_BYTES or bomb or not all(map(_harmless, members)):
        raise LayerError("unsafe_archive", file=file)
    return archive


def _harmless(member: zipfile.ZipInfo) -> bool:
    name = member.filename.replace("\\", "/")
    parts = PurePosixPath(name).parts
    link = stat.S_ISLNK(member.external_attr >> 16)
    return not (link or name.startswith("/") or ".." in parts or ":" in name or "\x00" in name)


def member_bytes(archive: zipfile.ZipFile, name: str, file: str, limit: int = -1) -> bytes:
    """Return the bytes of a member, or its first so many; ``bad_archive`` when they do not unpack as promised."""
    try:
        with archive.open(name) as member:
            return member.read(limit)
    except Exception as error:  # BadZipFile, zlib.error, EOFError, ValueError, RuntimeError …: no common root
        raise LayerError("bad_archive", file=file) from error
