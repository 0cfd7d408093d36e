"""Findings about cells: one row refused, or one line for all rows of a kind."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from coverage.errors import Problem, Severity

_SHOWN = 80  # characters of a wrong value that a message repeats


def is_missing(value: object) -> bool:
    """Return whether a row says nothing: None, NaN or NA."""
    return value is None or (isinstance(value, float) and math.isnan(value)) or value is pd.NA


def refusal(code: str, cell: dict[str, Any], name: str, **values: Any) -> Problem:
    """Return the error of one cell for the value of a field."""
    row, value = cell.get("row"), cell[name]
    text = None if is_missing(value) else f"{value:g}" if isinstance(value, float) else str(value)[:_SHOWN]
    return Problem(
        code=code, row=None if row is None or is_missing(row) else int(row), field=name, value=text, values=values
    )


def flag(code: str, severity: Severity, cells: pd.DataFrame, name: str, **values: Any) -> list[Problem]:
    """Return one finding about cells with how many they are, and the row where it is one; nothing for no cell."""
    if cells.empty:
        return []
    row = None
    if len(cells) == 1 and "row" in cells and not is_missing(cells["row"].iloc[0]):
        row = int(cells["row"].iloc[0])
    return [Problem(code=code, severity=severity, row=row, field=name, values={"count": len(cells), **values})]
