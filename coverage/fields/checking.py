"""From a table of texts to a typed one: every value read, ranged and named, every finding listed with its row."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from coverage.errors import Problem, Severity
from coverage.fields.headers import match_headers
from coverage.fields.numbers import is_missing, read_column
from coverage.fields.tables import NUMERIC, Field, table
from coverage.fields.texts import clean, key_of
from coverage.types import LayerKind

TEXT = pd.StringDtype(na_value=np.nan)  # what pandas 3 infers for text; pandas 2.3 knows it too
_SHOWN = 80  # characters of a wrong value that a message repeats
_OTHER = "other"  # a choice that has it takes in every value it does not know
_FLOAT_ID = re.compile(r"(\d+)\.0+")


def check(
    kind: LayerKind, frame: pd.DataFrame, *, file: str, first_row: int = 2, rows: Sequence[int] | None = None
) -> tuple[pd.DataFrame, tuple[Problem, ...]]:
    """Return the usable rows of a table as typed columns with canonical names, and what was found.

    A row whose required value is missing or wrong is refused (severity ``error``); a wrong optional value becomes
    missing (``warning``); a missing value that the field table fills is filled and flagged (``warning``).

    Parameters
    ----------
    kind : {"wards", "cells", "households", "subscriptions", "surveys", "buildings"}
        Field table to obey.
    frame : DataFrame of str
        As read; missing cells may be "", None or NaN.
    file : str
        Name used in messages.
    first_row : int
        Row number of the first row of `frame` as a person sees it (the header is row 1).
    rows : sequence of int, optional
        Row number of every row, where they are not consecutive.

    Returns
    -------
    frame : DataFrame
        One column per field of `table(kind)` (numbers float64, NaN unknown; text as pandas strings) and ``row``, with a
        fresh index.
    problems : tuple of Problem
        In the order of the rows, findings about the whole file first.

    Raises
    ------
    LayerError
        ``missing_column``, ``ambiguous_column``, ``column_unit``: see `match_headers`.
    """
    headers = [str(column) for column in frame.columns]
    columns, notes = match_headers(kind, headers, file=file)
    numbers = np.asarray(range(first_row, first_row + len(frame)) if rows is None else rows, dtype=np.int64)
    findings = _Findings(file=file, rows=numbers, refused=np.zeros(len(frame), dtype=bool), problems=list(notes))
    typed: dict[str, pd.Series] = {}
    for spec in table(kind):
        if spec.name in columns:
            position = headers.index(columns[spec.name])
            values = frame.iloc[:, position].tolist()
            known = {value: _text(value) for value in set(values)}  # a column repeats itself: look at each text once
            texts = [known[value] for value in values]
        else:
            texts = [""] * len(frame)
        typed[spec.name] = _read(spec, texts, findings, present=spec.name in columns)
    _one_of_each_group(kind, typed, findings)
    if "azimuth_deg" in typed:
        typed["azimuth_deg"] = _around_north(typed["azimuth_deg"], findings)
    out = pd.DataFrame({**typed, "row": numbers})
    kept = out.loc[~findings.refused].reset_index(drop=True)
    ordered = sorted(findings.problems, key=lambda problem: problem.row or 0)
    return kept, tuple(ordered)


@dataclass(kw_only=True)
class _Findings:
    file: str
    rows: np.ndarray
    refused: np.ndarray
    problems: list[Problem] = field(default_factory=list)

    def add(self, spec: Field, index: int, code: str, value: str | None = None, **values: object) -> None:
        """Note a wrong value: the row is refused when the field is required, else only the value is dropped."""
        severity: Severity = "error" if spec.required else "warning"
        if spec.required:
            self.refused[index] = True
        else:
            code = f"{code}_ignored"
        self.note(spec, index, code, severity, value, **values)

    def note(
        self, spec: Field, index: int | None, code: str, severity: Severity, value: str | None = None, **values: object
    ) -> None:
        """Add a problem about one row, or about the whole column."""
        self.problems.append(
            Problem(
                code=code,
                severity=severity,
                row=None if index is None else int(self.rows[index]),
                field=spec.name,
                value=None if value is None else clean(value)[:_SHOWN],
                values={"file": self.file, **values},
            )
        )


def _text(value: object) -> str:
    if isinstance(value, str):
        return "" if is_missing(value) else value
    if value is None or (isinstance(value, float) and math.isnan(value)) or value is pd.NA:
        return ""
    return str(value)


def _read(spec: Field, texts: list[str], findings: _Findings, *, present: bool) -> pd.Series:
    if spec.type in NUMERIC:
        return _numbers(spec, texts, findings)
    words = {text: _word(spec, text) for text in set(texts)}
    values = [words[text] for text in texts]
    wanting = [index for index, value in enumerate(values) if value is None] if None in words.values() else []
    if wanting and not any(texts):
        wanting = wanting if spec.required in {"yes", "column"} and present else []
    for index in wanting:
        text = texts[index]
        if not text:
            if spec.required in {"yes", "column"} and present:
                findings.add(spec, index, "missing_value")
        elif spec.type == "period":
            findings.add(spec, index, "bad_period", text)
        elif spec.type == "choice" and _OTHER in spec.choices:
            findings.note(spec, index, "bad_choice_other", "warning", text, choices=", ".join(spec.choices))
            values[index] = _OTHER
        elif spec.type == "choice":
            findings.add(spec, index, "bad_choice", text, choices=", ".join(spec.choices))
    if spec.default:
        values = _filled(spec, values, findings, present=present)
    return pd.Series(values, dtype=TEXT)


def _filled(spec: Field, values: list[str | None], findings: _Findings, *, present: bool) -> list[str | None]:
    empty = [index for index, value in enumerate(values) if value is None]
    if empty and not present:
        findings.note(spec, None, "column_defaulted", "warning", rows=len(empty), default=spec.default)
    for index in empty:
        default = spec.default.format(row=findings.rows[index])
        if present:
            findings.note(spec, index, "value_defaulted", "warning", default=default)
        values[index] = default
    return values


def _numbers(spec: Field, texts: list[str], findings: _Findings) -> pd.Series:
    low, high, whole = spec.minimum, spec.maximum, spec.type == "count"
    column = read_column((text for text in texts if text), low=low, high=high, whole=whole)
    values = np.array([column.found.get(text, math.nan) for text in texts], dtype=float)
    right = (values >= low) & (values <= high) & (~np.isfinite(values) | (values == np.floor(values)) | (not whole))
    needed = spec.required in {"yes", "column"}
    for index in np.flatnonzero(~right).tolist():
        text, value = texts[index], column.found.get(texts[index])
        values[index] = math.nan
        if not text:
            if needed:
                findings.add(spec, index, "missing_value")
        elif text in column.ambiguous:
            findings.add(spec, index, "ambiguous_number", text)
        elif value is None:
            findings.add(spec, index, "bad_number", text)
        elif not low <= value <= high:
            findings.add(spec, index, "out_of_range", text, min=f"{low:g}", max=f"{high:g}", unit=spec.unit)
        else:
            findings.add(spec, index, "not_whole", text)
    return pd.Series(values, dtype="float64")


def _around_north(azimuth: pd.Series, findings: _Findings) -> pd.Series:
    """Return directions in [0, 360) with one note on those that were written as negative, west of north."""
    negative = np.flatnonzero((azimuth < 0).to_numpy() & ~findings.refused)
    if len(negative):
        before = float(azimuth.iloc[negative[0]])
        values = {"file": findings.file, "count": len(negative), "before": before, "after": before + 360.0}
        row = int(findings.rows[negative[0]])
        note = Problem(code="azimuth_wrapped", severity="note", row=row, field="azimuth_deg", values=values)
        findings.problems.append(note)
    return azimuth % 360.0


def _word(spec: Field, text: str) -> str | None:
    """Return what a text stands for in its field, None for nothing."""
    value = clean(text)
    if spec.type == "id":
        match = _FLOAT_ID.fullmatch(value)  # a code that a spreadsheet took for a number
        return match.group(1) if match else value or None
    if spec.type == "period":
        return read_period(value)
    known = spec.spelt.get(key_of(value)) if spec.choices else None
    if spec.type == "choice":
        return known
    return known or value or None


_PERIODS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?P<y>\d{4})"), "12"),
    (re.compile(r"(?P<y>\d{4})[-/. ]?(?:q|quy)[-/. ]?(?P<q>[1-4])"), ""),
    (re.compile(r"(?:q|quy)[-/. ]?(?P<q>[1-4])[-/. ](?P<y>\d{4})"), ""),
    (re.compile(r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})"), ""),
    (re.compile(r"(?:t|thang)?[-/. ]?(?P<m>\d{1,2})[-/.](?P<y>\d{4})"), ""),
    (re.compile(r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?:[t ][0-9:.]+)?"), ""),
    (re.compile(r"(?P<d>\d{1,2})[-/.](?P<m>\d{1,2})[-/.](?P<y>\d{4})"), ""),
)


def read_period(text: str) -> str | None:
    """Return the month (ISO 8601) in which a period ends, None when the text is no period; days stand before months.

    A quarter or a year is reported at its end, so periods of different kinds sort by time.

    >>> read_period("Tháng 6/2025"), read_period("Quý 2/2025"), read_period("30/06/2025"), read_period("2025")
    ('2025-06', '2025-06', '2025-06', '2025-12')
    """
    plain = clean(text).casefold().replace("á", "a").replace("ý", "y")
    for pattern, month_of_year in _PERIODS:
        match = pattern.fullmatch(plain)
        if not match:
            continue
        parts = match.groupdict()
        month = int(parts.get("m") or month_of_year or 3 * int(parts["q"]))
        if 1 <= month <= 12 and 1 <= int(parts.get("d") or 1) <= 31 and 1990 <= int(parts["y"]) <= 2100:
            return f"{parts['y']}-{month:02d}"
        return None
    return None


def _one_of_each_group(kind: LayerKind, typed: dict[str, pd.Series], findings: _Findings) -> None:
    groups = dict.fromkeys(spec.group for spec in table(kind) if spec.group)
    for group in groups:
        members = [spec for spec in table(kind) if spec.group == group]
        empty = np.logical_and.reduce([typed[spec.name].isna().to_numpy() for spec in members])
        names = " / ".join(spec.name for spec in members)
        for index in np.flatnonzero(empty & ~findings.refused):
            findings.refused[index] = True
            findings.note(members[0], int(index), "missing_value_group", "error", names=names)
