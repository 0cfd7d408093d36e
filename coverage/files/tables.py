"""`read_table`: any table that partners send, as texts, with its geometry and its origin."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage.errors import LayerError, Problem
from coverage.fields import clean
from coverage.fields.texts import key_of
from coverage.files.books import sheet_records
from coverage.files.kml import read_kml, read_kmz
from coverage.files.opening import Format, Opened, open_table
from coverage.files.texts import decode, records, unique_names
from coverage.files.vectors import Features, read_geojson, read_geopackage, read_parquet, read_shapefile
from coverage.layers import Source

MAX_ROWS = 2_000_000
MAX_COLUMNS = 1000
_TITLE_ROWS = 10  # a header may stand below a title of at most so many lines
_TRUE = frozenset({"true", "1", "yes", "y", "t", "có", "đúng"})

_WITH_GEOMETRY: Mapping[Format, Callable[[bytes, str], Features]] = {
    "geojson": read_geojson,
    "gpkg": read_geopackage,
    "shapefile": read_shapefile,
    "kml": read_kml,
    "kmz": read_kmz,
    "parquet": read_parquet,
}


@dataclass(frozen=True, kw_only=True)
class RawTable:
    """A table as it stands in the file.

    Attributes
    ----------
    frame : DataFrame of str
        One column per header of the file; a missing cell is "".
    rows : ndarray of int
        Number of every row as a person sees it: the line of the sheet (the header is row 1), or the number of the
        feature, from 1, where there is no header.
    geometry : GeoSeries or None
        One geometry per row (None where missing); its CRS is None when the file names none.
    source : Source
        Origin.
    problems : tuple of Problem
        What was found while reading.
    """

    frame: pd.DataFrame
    rows: NDArray[np.int64]
    geometry: gpd.GeoSeries | None = None
    source: Source
    problems: tuple[Problem, ...] = ()


def read_table(path: str | Path) -> RawTable:
    """Return a table from CSV, XLSX, GeoJSON, GeoPackage, zipped shapefile, KML, KMZ or (Geo)Parquet.

    Raises
    ------
    LayerError
        With a code that says why the file cannot be used: see `coverage.files.opening` and the readers. Nothing
        outside the file is ever read.
    """
    return _labelled(_read(open_table(path)))


def _read(opened: Opened) -> RawTable:
    if opened.format in _WITH_GEOMETRY:
        return _from_features(opened, _WITH_GEOMETRY[opened.format](opened.data, opened.name))
    if opened.format == "xlsx":
        lines, notes = sheet_records(opened.data, opened.name)
    else:
        text, notes = decode(opened.data, opened.name)
        lines = records(text, opened.name)
    return _from_records(opened, lines, notes)


def _labelled(raw: RawTable) -> RawTable:
    """Return the table marked as made up where a column of its own says so: the file beside it is easily lost."""
    columns = [name for name in raw.frame.columns if key_of(name) == "synthetic"]
    told = any(clean(str(text)).casefold() in _TRUE for name in columns for text in raw.frame[name])
    return replace(raw, source=replace(raw.source, synthetic=True)) if told else raw


def _from_features(opened: Opened, found: Features) -> RawTable:
    if found.frame.empty and not len(found.frame):
        raise LayerError("table_empty", file=opened.name)
    if len(found.frame.columns) > MAX_COLUMNS:
        raise LayerError("too_many_columns", file=opened.name, columns=len(found.frame.columns), limit=MAX_COLUMNS)
    count = len(found.frame)
    return RawTable(
        frame=found.frame,
        rows=np.arange(1, count + 1),
        geometry=found.geometry,
        source=opened.source(count),
        problems=found.problems,
    )


def _from_records(opened: Opened, lines: Iterable[list[str]], notes: tuple[Problem, ...]) -> RawTable:
    header, table, numbers, problems = _split(opened.name, lines)
    if not table:
        raise LayerError("table_empty", file=opened.name)
    columns: dict[str, list[str]] = {}
    for index, name in enumerate(unique_names(header)):
        cells = [row[index] for row in table]
        if clean(header[index]) or any(cells):
            columns[name] = cells
    frame = pd.DataFrame(columns, index=range(len(table)), dtype=object)
    return RawTable(
        frame=frame,
        rows=np.asarray(numbers, dtype=np.int64),
        source=opened.source(len(table)),
        problems=(*notes, *problems),
    )


def _split(file: str, lines: Iterable[list[str]]) -> tuple[list[str], list[list[str]], list[int], list[Problem]]:
    header: list[str] | None = None
    table: list[list[str]] = []
    numbers: list[int] = []
    problems: list[Problem] = []
    for number, cells in _below_title(lines):
        if header is None:
            header = cells
            if len(header) > MAX_COLUMNS:
                raise LayerError("too_many_columns", file=file, columns=len(header), limit=MAX_COLUMNS)
            continue
        if any(cell.strip() for cell in cells[len(header) :]):
            values = {"file": file, "found": len(cells), "expected": len(header)}
            problems.append(Problem(code="row_length", row=number, values=values))
            continue
        if len(table) == MAX_ROWS:
            raise LayerError("too_many_rows", file=file, rows=f">{MAX_ROWS}", limit=MAX_ROWS)
        # Excel leaves out the separators behind the last filled cell: a short row is a row with empty ends.
        table.append(cells[: len(header)] + [""] * (len(header) - len(cells)))
        numbers.append(number)
    if header is None:
        raise LayerError("table_empty", file=file)
    return header, table, numbers, problems


def _below_title(lines: Iterable[list[str]]) -> Iterable[tuple[int, list[str]]]:
    """Yield the rows that hold anything from the header on: the first of the top rows with two filled cells."""
    held: list[tuple[int, list[str]]] = []
    started = False
    for number, cells in enumerate(lines, start=1):
        filled = sum(1 for cell in cells if cell.strip())
        if not filled:
            continue
        if started:
            yield number, cells
        elif filled > 1:
            started = True
            yield number, cells
        else:
            held.append((number, cells))
            if len(held) == _TITLE_ROWS:
                started = True
                yield from held
    if not started:
        yield from held
