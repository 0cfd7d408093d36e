"""Geometry formats. GeoJSON and KML are parsed here, GeoPackage and Shapefile by GDAL on a private copy.

GDAL goes by content: a virtual dataset named ``x.geojson`` makes it read other files and call other hosts. Text
formats, in which such content can hide, never reach it; the binary ones do once their signature was checked, under a
name of our own, in an empty folder, and the driver that answers has to be the expected one.
"""

from __future__ import annotations

import codecs
import json
import re
import tempfile
import unicodedata
import warnings
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from coverage.errors import LayerError, Problem
from coverage.files.legacy import decoded
from coverage.files.opening import checked_zip, member_bytes
from coverage.files.texts import decode, legacy_encoding, unique_names
from coverage.files.values import text_of

MAX_FEATURES = 2_000_000
MAX_TABLE_BYTES = 1 << 30
_BATCH_ROWS = 256  # unpacked before it is counted: few enough that texts of a megabyte do no harm
_CRS_NAME = re.compile(r"(?:urn:ogc:def:crs:)?(?:EPSG:[0-9.]*:?\d+|OGC:[0-9.]*:?CRS84)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Features:
    """What a geometry format holds.

    Attributes
    ----------
    frame : DataFrame of str
        Properties.
    geometry : GeoSeries or None
        One per row, None where missing; its CRS is None when the file names none.
    problems : tuple of Problem
        Notes about what was left out.
    """

    frame: pd.DataFrame
    geometry: gpd.GeoSeries | None
    problems: tuple[Problem, ...] = ()


def _flat(geometry: Any) -> Any:
    return shapely.force_2d(np.asarray(geometry, dtype=object))


def table_of(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return rows of properties as a table of texts, one column per name in the order of appearance."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pd.DataFrame({name: [text_of(row.get(name)) for row in rows] for name in names}, index=range(len(rows)))


def read_geojson(data: bytes, file: str) -> Features:
    """Return the features of a GeoJSON text (RFC 7946, with the older ``crs`` member).

    Raises
    ------
    LayerError
        ``unreadable`` for broken or other JSON, ``bad_crs`` for a CRS that is no EPSG code, ``too_many_rows``.
    """
    text, notes = decode(data, file)
    try:
        document = json.loads(text)
        features = document["features"] if document["type"] == "FeatureCollection" else [document]
        if not all(feature["type"] == "Feature" for feature in features):
            raise ValueError
        properties = [dict(feature.get("properties") or {}) for feature in features]
        shapes = [json.dumps(feature["geometry"]) if feature.get("geometry") else None for feature in features]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise LayerError("unreadable", file=file, format="GeoJSON") from None
    _limit(len(features), file)
    for row in properties:
        for name, value in row.items():
            if isinstance(value, dict | list):
                row[name] = json.dumps(value, ensure_ascii=False)
    geometry = shapely.from_geojson(np.asarray(shapes, dtype=object), on_invalid="ignore")
    series = gpd.GeoSeries(_flat(geometry), crs=_geojson_crs(document, file))
    return Features(frame=table_of(properties), geometry=series, problems=notes)


def _geojson_crs(document: dict[str, Any], file: str) -> CRS:
    told = document.get("crs")
    if told is None:
        return CRS.from_epsg(4326)
    try:
        name = str(told["properties"]["name"])
        if not _CRS_NAME.fullmatch(name):
            raise LayerError("bad_crs", file=file, crs=name[:80])
        return CRS.from_epsg(4326) if name.upper().endswith("CRS84") else CRS.from_user_input(name)
    except (TypeError, KeyError, CRSError):
        raise LayerError("bad_crs", file=file, crs=str(told)[:80]) from None


def _limit(rows: int, file: str) -> None:
    if rows > MAX_FEATURES:
        raise LayerError("too_many_rows", file=file, rows=rows, limit=MAX_FEATURES)


def read_geopackage(data: bytes, file: str) -> Features:
    """Return the first layer with geometry of a GeoPackage, and a note about its other layers.

    Raises
    ------
    LayerError
        ``unreadable``, ``table_empty``, ``too_many_rows``.
    """
    with tempfile.TemporaryDirectory(prefix="phusong-") as folder:
        copy = Path(folder) / "layer.gpkg"
        copy.write_bytes(data)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of what it is instead; the sentence below says it is no GeoPackage
                layers = [(str(name), kind) for name, kind in pyogrio.list_layers(copy)]
        except Exception as error:  # see `_by_gdal`
            raise LayerError("unreadable", file=file, format="GeoPackage") from error
        ordered = [name for name, kind in layers if kind] + [name for name, kind in layers if not kind]
        if not ordered:
            raise LayerError("table_empty", file=file)
        found = _by_gdal(copy, "GPKG", file, layer=ordered[0])
    if len(ordered) == 1:
        return found
    values = {"file": file, "layer": ordered[0], "others": ", ".join(ordered[1:])}
    note = Problem(code="layers_ignored", severity="note", values=values)
    return Features(frame=found.frame, geometry=found.geometry, problems=(note,))


def read_shapefile(data: bytes, file: str) -> Features:
    """Return the shapefile inside a ZIP; without a ``.cpg`` its texts are UTF-8 if they can be, else what is likely.

    Raises
    ------
    LayerError
        ``unsafe_archive``, ``bad_archive``, ``not_one_shapefile``, ``shapefile_part`` for a missing .dbf or .shx,
        ``unreadable``, ``too_many_rows``.
    """
    archive = checked_zip(data, file)
    names = [name for name in archive.namelist() if "__MACOSX" not in name]
    shapes = [name for name in names if name.lower().endswith(".shp")]
    if len(shapes) != 1:
        raise LayerError("not_one_shapefile", file=file, count=len(shapes))
    stem = str(PurePosixPath(shapes[0]).with_suffix("")).lower()
    by_end = {n.lower().removeprefix(stem): n for n in names if n.lower().startswith(stem)}
    for end in (".dbf", ".shx"):
        if end not in by_end:
            raise LayerError("shapefile_part", file=file, part=end)
    with tempfile.TemporaryDirectory(prefix="phusong-") as folder:
        for end in (".shp", ".shx", ".dbf", ".prj", ".cpg"):
            if end in by_end:
                (Path(folder) / f"layer{end}").write_bytes(member_bytes(archive, by_end[end], file))
        if (Path(folder) / "layer.shp").read_bytes()[:4] != b"\x00\x00\x27\x0a":
            raise LayerError("unreadable", file=file, format="Shapefile")
        codec = _dbf_codec(Path(folder), file)
        found = _by_gdal(Path(folder) / "layer.shp", "ESRI Shapefile", file, encoding=_LOSSLESS)
    frame = found.frame.map(lambda text: _recoded(text, codec, file))
    frame.columns = unique_names([_recoded(name, codec, file) for name in frame.columns])
    return Features(frame=frame, geometry=found.geometry)


# GDAL turns cp1258 into UTF-8 with an iconv that holds the last letter back, so every text would lose one. It
# therefore hands over the bytes, one letter each, and Python decodes them.
_LOSSLESS = "ISO-8859-1"


def _recoded(text: str, codec: str, file: str) -> str:
    try:
        return unicodedata.normalize("NFC", decoded(text.encode("latin-1"), codec))
    except UnicodeError:
        raise LayerError("unknown_encoding", file=file) from None


def _dbf_codec(folder: Path, file: str) -> str:
    """Return the Python name of a table's encoding: as its ``.cpg`` says, else UTF-8 if it can be, else by letters."""
    told = folder / "layer.cpg"
    if told.is_file():
        name = re.sub(r"[^a-z0-9]", "", told.read_bytes()[:40].decode("ascii", "ignore").lower())
        number = name.removeprefix("ansi").removeprefix("windows").removeprefix("cp")
        for candidate in ("utf-8" if number == "65001" else name, f"cp{number}"):
            with suppress(LookupError):
                return codecs.lookup(candidate).name
    table = (folder / "layer.dbf").read_bytes()
    texts = table[int.from_bytes(table[8:10], "little") :].replace(b"\x00", b" ")
    try:
        texts.decode("utf-8")
    except UnicodeDecodeError:
        return legacy_encoding(texts, file)
    return "utf-8"


def _by_gdal(path: Path, driver: str, file: str, **options: Any) -> Features:
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            info = pyogrio.read_info(path, **options, force_feature_count=True)
            if info["driver"] != driver:
                raise LayerError("unreadable", file=file, format=driver)
            _limit(int(info["features"]), file)
            frame = pyogrio.read_dataframe(path, **options, force_2d=True, on_invalid="ignore")
    except LayerError:
        raise
    except Exception as error:  # besides its own, pyogrio lets UnicodeDecodeError and NameError of broken parts through
        raise LayerError("unreadable", file=file, format=driver) from error
    if any("convert" in str(warning.message) for warning in said):  # "… characters couldn't be converted correctly …"
        raise LayerError("unknown_encoding", file=file)
    if not isinstance(frame, gpd.GeoDataFrame):
        return Features(frame=_texts(frame), geometry=None)
    table = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    return Features(frame=_texts(table), geometry=gpd.GeoSeries(_flat(frame.geometry), crs=frame.crs))


def _texts(frame: pd.DataFrame) -> pd.DataFrame:
    names = unique_names([str(name) for name in frame.columns])
    columns = zip(names, (column.tolist() for _, column in frame.items()), strict=True)
    return pd.DataFrame({name: [text_of(v) for v in values] for name, values in columns}, index=range(len(frame)))


def read_parquet(data: bytes, file: str) -> Features:
    """Return a Parquet table; GeoParquet (1.x, WKB) gives its primary geometry too.

    Raises
    ------
    LayerError
        ``unreadable``, ``too_many_rows``, ``too_many_columns`` (through the table reader), ``too_large_unpacked`` when
        the columns unpack to more than `MAX_TABLE_BYTES`.
    """
    try:
        opened = pq.ParquetFile(BytesIO(data))
        _limit(opened.metadata.num_rows, file)
        batches, size = [], 0
        for batch in opened.iter_batches(batch_size=_BATCH_ROWS):  # the footer's own figure of its size may be a lie
            size += sum(_own_bytes(column) for column in batch.columns)
            if size > MAX_TABLE_BYTES:
                raise LayerError("too_large_unpacked", file=file, limit_mb=MAX_TABLE_BYTES >> 20)
            batches.append(batch)
        table = pa.Table.from_batches(batches, schema=opened.schema_arrow)
        told = json.loads((opened.schema_arrow.metadata or {}).get(b"geo", b"null"))
        geometry = None if told is None else _geoparquet_geometry(table, told, file)
        if told is not None:
            table = table.drop_columns([name for name in told["columns"] if name in table.column_names])
        return Features(frame=_texts(table.to_pandas()), geometry=geometry)
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError, shapely.errors.ShapelyError) as error:
        if isinstance(error, LayerError):
            raise
        raise LayerError("unreadable", file=file, format="Parquet") from None


def _own_bytes(column: pa.Array) -> int:
    """Return the bytes of a column without a dictionary that all batches share."""
    return int(column.indices.nbytes if isinstance(column, pa.DictionaryArray) else column.nbytes)


def _geoparquet_geometry(table: pa.Table, told: dict[str, Any], file: str) -> gpd.GeoSeries:
    name = told["primary_column"]
    about = told["columns"][name]
    if about.get("encoding", "WKB").upper() != "WKB":
        raise LayerError("unreadable", file=file, format=f"GeoParquet ({about['encoding']})")
    try:
        # No "crs" means OGC:CRS84 (GeoParquet 1.1, metadata); null means that nobody knows.
        crs = CRS.from_json_dict(about["crs"]) if about.get("crs") else None
    except CRSError:
        raise LayerError("bad_crs", file=file, crs=str(about["crs"])[:80]) from None
    wkb = np.asarray(table.column(name).to_pylist(), dtype=object)
    return gpd.GeoSeries(_flat(shapely.from_wkb(wkb)), crs=CRS.from_epsg(4326) if "crs" not in about else crs)
