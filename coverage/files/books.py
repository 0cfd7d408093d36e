"""Excel workbooks, read row by row with openpyxl: a sparse bomb costs a counter, not memory."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
import warnings
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pandas as pd
from openpyxl import load_workbook

from coverage.errors import LayerError, Problem
from coverage.files.opening import checked_zip, member_bytes

MAX_SHEET_ROWS = 1_048_576  # of the format itself
MAX_SHEET_COLUMNS = 1000
_LOOKS_GROUPED = re.compile(r"-?[1-9]\d{0,2}\.\d{3}")


def text_of(value: Any) -> str:
    """Return a value of a typed file as the text that the field check reads back as the same value.

    A float such as 1.234 is written 1.2340: three digits behind the point would look like a group of thousands.

    >>> text_of(20194.0), text_of(1.234), text_of(None), text_of(True)
    ('20194', '1.2340', '', 'TRUE')
    """
    if value is None or value is pd.NaT or value is pd.NA:
        return ""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, float):
        return _float_text(value)
    if isinstance(value, dt.date):  # a datetime is one too, and Excel knows no dates without a time
        timed = isinstance(value, dt.datetime) and value.time() != dt.time()
        return str(value) if timed else f"{value:%Y-%m-%d}"
    return str(value).upper() if isinstance(value, bool) else str(value)


def _float_text(value: float) -> str:
    if not math.isfinite(value):
        return "" if math.isnan(value) else str(value)
    text = str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
    return text + "0" if _LOOKS_GROUPED.fullmatch(text) else text


def sheet_records(data: bytes, file: str) -> tuple[Iterator[list[str]], tuple[Problem, ...]]:
    """Return the rows of the first sheet that holds anything, and a note about the other sheets.

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
    filled = [sheet for sheet in sheets if any(any(row) for row in _rows(sheet, file, 20))]
    if not filled:
        raise LayerError("table_empty", file=file)
    notes: tuple[Problem, ...] = ()
    if len(filled) > 1:
        others = ", ".join(sheet.title for sheet in filled[1:])
        values = {"file": file, "sheet": filled[0].title, "others": others}
        notes = (Problem(code="sheets_ignored", severity="note", values=values),)
    return _rows(filled[0], file, MAX_SHEET_ROWS), notes


def _rows(sheet: Any, file: str, limit: int) -> Iterator[list[str]]:
    sheet.reset_dimensions()  # the size that a file states about itself may be anything
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for row in sheet.iter_rows(max_row=limit, values_only=True):
                if len(row) > MAX_SHEET_COLUMNS:
                    raise LayerError("too_many_columns", file=file, columns=len(row), limit=MAX_SHEET_COLUMNS)
                yield [text_of(value) for value in row]
    except LayerError:
        raise
    except Exception as error:
        raise LayerError("unreadable", file=file, format="XLSX") from error
