"""Excel workbooks, read row by row with openpyxl: a sparse bomb costs a counter, not memory."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from openpyxl import load_workbook

from coverage.errors import LayerError
from coverage.files.opening import checked_zip, member_bytes
from coverage.files.sheets import MAX_SHEET_COLUMNS, MAX_SHEET_ROWS, Records, one_sheet
from coverage.files.values import text_of


def sheet_records(data: bytes, file: str) -> Records:
    """Return the rows of the sheet whose top names most known columns, and a note about the other sheets.

    Raises
    ------
    LayerError
        ``unsafe_archive``, ``bad_archive``, ``unreadable`` for a broken workbook, ``table_empty`` for empty sheets,
        ``too_many_columns`` while the rows are read.
    """
    archive = checked_zip(data, file)
    for member in archive.infolist():
        if member.filename.endswith((".xml", ".rels", ".vml")):
            head = member_bytes(archive, member.filename, file, 2048).upper()
            if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
                raise LayerError("unsafe_archive", file=file)
    if "xl/workbook.xml" not in archive.namelist():
        raise LayerError("unreadable", file=file, format="XLSX")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl tells which styles and validations it does not know
            book = load_workbook(BytesIO(data), read_only=True, data_only=True, keep_links=False)
    except Exception as error:  # openpyxl lets KeyError, ParseError, TypeError … of broken files through
        raise LayerError("unreadable", file=file, format="XLSX") from error
    sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"] or list(book.worksheets)
    return one_sheet([(sheet.title, _rows(sheet, file)) for sheet in sheets], file)


def _rows(sheet: Any, file: str) -> Iterator[list[str]]:
    sheet.reset_dimensions()  # the size that a file states about itself may be anything
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for row in sheet.iter_rows(max_row=MAX_SHEET_ROWS, values_only=True):
                if len(row) > MAX_SHEET_COLUMNS:
                    raise LayerError("too_many_columns", file=file, columns=len(row), limit=MAX_SHEET_COLUMNS)
                yield [text_of(value) for value in row]
    except LayerError:
        raise
    except Exception as error:
        raise LayerError("unreadable", file=file, format="XLSX") from error
