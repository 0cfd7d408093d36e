"""Which sheet and which header; spreadsheets besides XLSX: ODS parsed here, XLS by calamine in a confined process."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import chain, islice
from typing import Any
from xml.etree import ElementTree as ET

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from coverage.errors import LayerError, Problem
from coverage.fields import field_of
from coverage.files.opening import checked_zip, member_bytes
from coverage.files.values import text_of
from coverage.types import LayerKind

Records = tuple[Iterator[list[str]], tuple[Problem, ...]]

MAX_SHEET_ROWS = 1_048_576
MAX_SHEET_COLUMNS = 1000
_LOOKED_AT = 16  # rows of a sheet in which a header may stand
_KINDS: tuple[LayerKind, ...] = ("cells", "subscriptions", "households", "wards", "buildings")
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"


def known_columns(cells: Sequence[str]) -> int:
    """Return how many cells of a row are headers that some layer knows: at most those of one layer."""
    named = [cell for cell in cells if cell.strip() and len(cell) < 80]
    return max(len({field_of(kind, cell) for cell in named} - {None}) for kind in _KINDS)


def header_place(rows: Sequence[Sequence[str]]) -> int:
    """Return which of the top rows is the header: the one that names most known columns, if it names two.

    Else the first with two filled cells, else the first.

    >>> header_place([["VNPT", "06/2025"], ["Kinh độ", "Vĩ độ"], ["108", "16"]])
    1
    """
    known = [known_columns(row) for row in rows]
    if known and max(known) >= 2:
        return known.index(max(known))
    return next((place for place, row in enumerate(rows) if sum(1 for cell in row if cell.strip()) > 1), 0)


def one_sheet(sheets: Sequence[tuple[str, Iterator[list[str]]]], file: str) -> Records:
    """Return the rows of the sheet whose top names most known columns, and a note about the other filled ones.

    Raises
    ------
    LayerError
        ``table_empty`` when no sheet holds anything.
    """
    filled: list[tuple[int, str, Iterator[list[str]]]] = []
    for name, rows in sheets:
        top = list(islice(rows, _LOOKED_AT))
        if any(any(map(str.strip, row)) for row in top):
            filled.append((max(map(known_columns, top)), name, chain(top, rows)))
    if not filled:
        raise LayerError("table_empty", file=file)
    best = max(filled, key=lambda sheet: sheet[0])
    others = ", ".join(sheet[1] for sheet in filled if sheet is not best)
    values = {"file": file, "sheet": best[1], "others": others}
    return best[2], (Problem(code="sheets_ignored", severity="note", values=values),) if others else ()


def xls_records(data: bytes, file: str) -> Records:
    """Return the rows of the telling sheet of an Excel 97–2003 workbook.

    Raises
    ------
    LayerError
        ``unreadable``, ``table_empty``, ``too_many_columns``, ``encrypted_archive``.
    """
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(data))
        sheets = [(name, _calamine_rows(book.get_sheet_by_name(name), file)) for name in book.sheet_names]
        return one_sheet(sheets, file)
    except PasswordError:
        raise LayerError("encrypted_archive", file=file) from None
    except (CalamineError, OSError, ValueError) as error:
        if isinstance(error, LayerError):
            raise
        raise LayerError("unreadable", file=file, format="XLS") from None
    except BaseException as error:  # a panic of its own language comes as no Exception
        if type(error).__name__ == "PanicException":
            raise LayerError("unreadable", file=file, format="XLS") from None
        raise


def _calamine_rows(sheet: Any, file: str) -> Iterator[list[str]]:
    if sheet.width > MAX_SHEET_COLUMNS:
        raise LayerError("too_many_columns", file=file, columns=sheet.width, limit=MAX_SHEET_COLUMNS)
    for row in sheet.iter_rows():
        yield [text_of(_date_only(value)) for value in row]


def _date_only(value: Any) -> Any:
    return value.date() if isinstance(value, dt.datetime) and value.time() == dt.time() else value


def ods_records(data: bytes, file: str) -> Records:
    """Return the rows of the telling sheet of an OpenDocument spreadsheet; repeated cells are counted, not copied.

    Raises
    ------
    LayerError
        ``unsafe_archive``, ``bad_archive``, ``unreadable``, ``table_empty``, ``too_many_columns``, ``too_many_rows``.
    """
    archive = checked_zip(data, file)
    if "content.xml" not in archive.namelist():
        raise LayerError("unreadable", file=file, format="ODS")
    content = member_bytes(archive, "content.xml", file)
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise LayerError("unsafe_archive", file=file)
    try:
        root = ET.fromstring(content)  # noqa: S314 (no DTD is left, so no entity can grow or reach out)
    except (ET.ParseError, ValueError, RecursionError):
        raise LayerError("unreadable", file=file, format="ODS") from None
    tables = list(root.iter(f"{_TABLE}table"))
    return one_sheet([(each.get(f"{_TABLE}name", ""), _ods_rows(each, file)) for each in tables], file)


def _ods_rows(table: ET.Element, file: str) -> Iterator[list[str]]:
    count = 0
    for row in table.iter(f"{_TABLE}table-row"):
        cells = _ods_cells(row, file)
        repeated = _repeats(row, "rows")
        if cells and count + repeated > MAX_SHEET_ROWS:
            raise LayerError("too_many_rows", file=file, rows=count + repeated, limit=MAX_SHEET_ROWS)
        for _ in range(repeated if cells else min(repeated, MAX_SHEET_ROWS - count)):
            count += 1
            yield list(cells)


def _ods_cells(row: ET.Element, file: str) -> list[str]:
    """Return the texts of a row up to its last filled cell."""
    cells: list[str] = []
    for cell in row:
        if cell.tag not in {f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"}:
            continue
        text, repeated = _ods_value(cell), _repeats(cell, "columns")
        if text and len(cells) + repeated > MAX_SHEET_COLUMNS:
            raise LayerError("too_many_columns", file=file, columns=len(cells) + repeated, limit=MAX_SHEET_COLUMNS)
        cells += [text] * min(repeated, MAX_SHEET_COLUMNS + 1 - len(cells))
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _repeats(node: ET.Element, what: str) -> int:
    told = node.get(f"{_TABLE}number-{what}-repeated", "1")
    return max(1, int(told)) if told.isascii() and told.isdigit() and len(told) < 10 else 1


def _ods_value(cell: ET.Element) -> str:
    kind = cell.get(f"{_OFFICE}value-type")
    if kind in {"float", "percentage", "currency"}:
        try:
            return text_of(float(cell.get(f"{_OFFICE}value", "")))
        except ValueError:
            pass
    if kind == "date":
        told = cell.get(f"{_OFFICE}date-value", "")
        return told.removesuffix("T00:00:00").replace("T", " ")
    if kind == "boolean":
        return cell.get(f"{_OFFICE}boolean-value", "").upper()
    return text_of("\n".join("".join(part.itertext()) for part in cell.iter(f"{_TEXT}p")))
