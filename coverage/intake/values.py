"""Texts of numbers and codes that something happened to on the way: a comma for a point, a date for a code."""

from __future__ import annotations

import re
from dataclasses import replace

from coverage.errors import Problem
from coverage.fields import best_headers, clean, table
from coverage.fields.numbers import read_column, read_number
from coverage.fields.tables import NUMERIC
from coverage.files.raw import RawTable
from coverage.types import LayerKind

_SHOWN = 80
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_DATE = re.compile(
    r"(?:\d{4}[-/]\d{1,2}[-/]\d{1,2}|\d{1,2}[-/]\d{1,2}[-/]\d{4})(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?"
    rf"|\d{{1,2}}-(?:{_MONTHS})(?:-\d{{2,4}})?|(?:{_MONTHS})-\d{{1,4}}|\d{{1,2}}-thg \d{{1,2}}",
    re.IGNORECASE,
)


def is_date(text: str) -> bool:
    """Return whether a text is what a spreadsheet makes of something it takes for a date.

    >>> is_date("2025-05-12 00:00:00"), is_date("12-May"), is_date("DN-0512")
    (True, True, False)
    """
    return _DATE.fullmatch(text.strip()) is not None


def with_right_commas(kind: LayerKind, raw: RawTable) -> tuple[RawTable, tuple[Problem, ...]]:
    """Return the table with the few numbers of a column that are written with the other decimal mark, and each of them.

    Only a number that makes sense one way and not the other is changed: 16,0544 in a column with points. ``1,234``
    among whole numbers stays what it is.
    """
    frame, problems = raw.frame, []
    specs = {field.name: field for field in table(kind) if field.type in NUMERIC}
    for name, header in best_headers(kind, list(map(str, frame.columns)), file=raw.source.name).items():
        if name not in specs:
            continue
        spec, texts = specs[name], frame[header].astype(str).tolist()
        column = read_column((text for text in texts if text), low=spec.minimum, high=spec.maximum)
        usual = column.decimal
        other = "," if usual == "." else "."
        right: dict[str, str] = {}
        for text in set(texts):
            read = column.found.get(text)
            if not text or (read is not None and spec.minimum <= read <= spec.maximum) or text.count(other) != 1:
                continue
            value = read_number(text, "," if other == "," else ".")
            if value is not None and spec.minimum <= value <= spec.maximum:
                right[text] = text.strip().replace(other, usual)
        if not right:
            continue
        for place, text in enumerate(texts):
            if text in right:
                values = {"file": raw.source.name, "before": clean(text)[:_SHOWN], "after": right[text]}
                found = Problem(code="comma_repaired", severity="warning", field=name, values=values)
                problems.append(replace(found, row=int(raw.rows[place]), value=clean(text)[:_SHOWN]))
        frame = frame.assign(**{header: [right.get(text, text) for text in texts]})
    return replace(raw, frame=frame), tuple(problems)


def told_dates(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Return the problems with a date in place of a number called what it is."""
    codes = {"bad_number": "date_for_number", "bad_number_ignored": "date_for_number_ignored"}
    return tuple(
        replace(problem, code=codes[problem.code])
        if problem.code in codes and problem.value is not None and is_date(problem.value)
        else problem
        for problem in problems
    )
