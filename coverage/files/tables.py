"""`read_table`: any table that partners send, as texts, with its geometry and its origin."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path

import numpy as np
import pandas as pd

from coverage.errors import LayerError, Problem
from coverage.fields import clean
from coverage.fields.texts import key_of
from coverage.files.books import sheet_records
from coverage.files.confined import measures
from coverage.files.kml import read_kml, read_kmz
from coverage.files.legacy import repaired_texts
from coverage.files.opening import Format, Opened, open_table
from coverage.files.photos import photo_lines
from coverage.files.raw import RawTable
from coverage.files.sandbox import read_sent
from coverage.files.sheets import Records, header_place, ods_records, xls_records
from coverage.files.texts import decode, records, unique_names
from coverage.files.vectors import Features, read_geojson, read_geopackage, read_parquet, read_shapefile

MAX_ROWS = 2_000_000
MAX_COLUMNS = 1000
_TITLE_ROWS = 15  # a header may stand below a title of at most so many lines
_TRUE = frozenset({"true", "1", "yes", "y", "t", "có", "đúng"})

_WITH_GEOMETRY: Mapping[Format, Callable[[bytes, str], Features]] = {
    "geojson": read_geojson,
    "gpkg": read_geopackage,
    "shapefile": read_shapefile,
    "kml": read_kml,
    "kmz": read_kmz,
    "parquet": read_parquet,
}

_SHEETS: Mapping[Format, Callable[[bytes, str], Records]] = {
    "xlsx": sheet_records,
    "xls": xls_records,
    "ods": ods_records,
    "photo": photo_lines,
}


def read_table(path: str | Path, *, max_rows: int = MAX_ROWS) -> RawTable:
    """Return a table from CSV, XLSX, XLS, ODS, GeoJSON, GeoPackage, zipped shapefile, KML, KMZ or (Geo)Parquet.

    Parameters
    ----------
    path : str or Path
    max_rows : int
        Rows beyond which the file is refused.

    Raises
    ------
    LayerError
        With a code that says why the file cannot be used: see `coverage.files.opening` and the readers. Nothing
        outside the file is ever read.
    """
    opened = open_table(path, photos=bool(measures()))  # a photo is read by a confined process alone
    if opened.format == "xls" and not measures():  # its library can be made to reserve any amount of memory
        return read_sent(opened.name, opened.data, max_rows=max_rows)
    raw = _labelled(_read(opened, max_rows))
    if len(raw.frame) > max_rows:
        raise LayerError("too_many_rows", file=opened.name, rows=len(raw.frame), limit=max_rows)
    return raw


def _read(opened: Opened, max_rows: int) -> RawTable:
    if opened.format in _WITH_GEOMETRY:
        return _from_features(opened, _WITH_GEOMETRY[opened.format](opened.data, opened.name))
    notes: tuple[Problem, ...]
    if opened.format in _SHEETS:
        lines, notes = _SHEETS[opened.format](opened.data, opened.name)
    else:
        text, notes = decode(opened.data, opened.name)
        lines = records(text, opened.name)
    return _from_records(opened, lines, notes, max_rows)


def _retyped(table: list[list[str]], file: str) -> tuple[list[list[str]], tuple[Problem, ...]]:
    """Return rows with texts that were typed with a TCVN3 or VNI font as Unicode, and a note where any were."""
    found = repaired_texts(chain.from_iterable(table))
    if found is None:
        return table, ()
    encoding, right = found
    values = {"file": file, "encoding": encoding.upper(), "count": len(right)}
    note = Problem(code="font_decoded", severity="note", values=values)
    return [[right.get(text, text) for text in row] for row in table], (note,)


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
    (names, *columns), notes = _retyped(
        [list(found.frame.columns), *(found.frame[name].tolist() for name in found.frame)], opened.name
    )
    pairs = zip(names, columns, strict=True)
    return RawTable(
        frame=pd.DataFrame(dict(pairs), index=range(count), dtype=object) if notes else found.frame,
        rows=np.arange(1, count + 1),
        geometry=found.geometry,
        source=opened.source(count),
        problems=(*found.problems, *notes),
    )


def _from_records(opened: Opened, lines: Iterable[list[str]], notes: tuple[Problem, ...], max_rows: int) -> RawTable:
    header, table, numbers, problems = _split(opened.name, lines, max_rows)
    if not table:
        raise LayerError("table_empty", file=opened.name)
    (header, *table), retyped = _retyped([header, *table], opened.name)
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
        problems=(*notes, *retyped, *problems),
    )


def _split(
    file: str, lines: Iterable[list[str]], max_rows: int
) -> tuple[list[str], list[list[str]], list[int], list[Problem]]:
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
        if len(table) == max_rows:
            raise LayerError("too_many_rows", file=file, rows=f">{max_rows}", limit=max_rows)
        # Excel leaves out the separators behind the last filled cell: a short row is a row with empty ends.
        table.append(cells[: len(header)] + [""] * (len(header) - len(cells)))
        numbers.append(number)
    if header is None:
        raise LayerError("table_empty", file=file)
    return header, table, numbers, problems


def _below_title(lines: Iterable[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that hold anything from the header on.

    The header is that of the top rows which names most known columns; where none names two, the first row with two
    filled cells, else the first of all.
    """
    filled = ((number, cells) for number, cells in enumerate(lines, start=1) if any(map(str.strip, cells)))
    held = list(islice(filled, _TITLE_ROWS + 1))
    yield from held[header_place([cells for _, cells in held]) :]
    yield from filled
