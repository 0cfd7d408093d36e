"""The grade of a submission, on the dimensions of ISO 19157: how good the data is, and what would improve it most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from coverage.errors import Problem
from coverage.types import LayerKind

DIMENSIONS = ("completeness", "consistency", "position", "thematic", "time")

# Score from which a letter is given: an assumption of this product, told wherever a grade is shown.
LETTERS: tuple[tuple[float, str], ...] = ((0.98, "A"), (0.95, "B"), (0.85, "C"), (0.60, "D"), (0.0, "E"))

# Fields whose absence makes a figure worse, and by how much each counts (assumptions: height and azimuth decide range
# and direction; the rest has catalogue values that are near).
_WANTED: Mapping[LayerKind, Mapping[str, float]] = {
    "cells": {
        "cell_id": 1.0, "operator": 2.0, "band": 2.0, "height_m": 3.0, "azimuth_deg": 3.0, "power_dbm": 2.0,
        "bandwidth_mhz": 1.0, "tilt_deg": 1.0,
    },
    "subscriptions": {"operator": 2.0, "technology": 2.0, "customer": 1.0, "period": 2.0},
}  # fmt: skip
_POSITION = frozenset({"longitude", "latitude", "ward"})
_TIME = frozenset({"period", "on_air"})
_CONSISTENCY = frozenset({"cell_id", "site_id", None})


@dataclass(frozen=True, kw_only=True)
class Grade:
    """How good a submission, or a part of it, is.

    Attributes
    ----------
    letter : str
        A to E: that of the weakest dimension.
    scores : mapping of str to float
        Dimension → share 0–1 of what is right; a dimension that does not apply is absent.
    rows : int
        Rows judged.
    advice : Problem or None
        What would improve it most, as a sentence; None when nothing would.
    """

    letter: str
    scores: Mapping[str, float]
    rows: int
    advice: Problem | None = None


def letter_of(score: float) -> str:
    """Return the letter of a score 0–1.

    >>> letter_of(0.99), letter_of(0.9), letter_of(0.1)
    ('A', 'C', 'E')
    """
    return next(letter for limit, letter in LETTERS if score >= limit)


def dimension_of(problem: Problem) -> str:
    """Return the dimension that a problem speaks against."""
    if problem.field in _POSITION:
        return "position"
    if problem.field in _TIME:
        return "time"
    return "consistency" if problem.field in _CONSISTENCY else "thematic"


def graded(
    kind: LayerKind, given: pd.DataFrame, problems: Sequence[Problem], *, file: str, rows: Iterable[int] | None = None
) -> Grade:
    """Return the grade of a table.

    Parameters
    ----------
    kind : {"cells", "subscriptions"}
    given : DataFrame
        Rows as typed, before any default was filled in; column ``row``. Refused rows need not be among them.
    problems : sequence of Problem
        Notes do not count.
    file : str
    rows : iterable of int, optional
        Row numbers of all rows judged, refused ones included; those of `given` otherwise.
    """
    judged = set(map(int, given["row"])) if rows is None else set(rows)
    total = len(judged)
    if not total:
        return Grade(letter="E", scores={}, rows=0)
    weights = _WANTED.get(kind, {})
    missing = {name: total - int(given[name].notna().sum()) if name in given else total for name in weights}
    lost = total - len(given)
    missing = {name: max(0, count - lost) for name, count in missing.items()}
    complete = 1.0 - sum(weights[name] * missing[name] for name in weights) / (sum(weights.values()) * total)
    bad: dict[str, set[int]] = {name: set() for name in DIMENSIONS[1:]}
    for problem in problems:
        if problem.severity == "note" or problem.code in {"value_defaulted", "column_defaulted"}:
            continue
        if problem.row is None and problem.severity == "error":
            bad[dimension_of(problem)] |= judged
        elif problem.row in judged:
            bad[dimension_of(problem)].add(int(problem.row or 0))
    scores = {"completeness": complete} | {name: 1.0 - len(found) / total for name, found in bad.items()}
    advice = _advice(weights, missing, bad, problems, total, file)
    return Grade(letter=letter_of(min(scores.values())), scores=scores, rows=total, advice=advice)


def _advice(
    weights: Mapping[str, float],
    missing: Mapping[str, int],
    bad: Mapping[str, set[int]],
    problems: Sequence[Problem],
    total: int,
    file: str,
) -> Problem | None:
    """Return the sentence about what costs most: a field that is missing, or a kind of problem."""
    costs = {name: weights[name] * count / sum(weights.values()) for name, count in missing.items() if count}
    worst = max(costs, key=lambda name: costs[name], default=None)
    most = max(bad, key=lambda name: len(bad[name]))
    if bad[most] and len(bad[most]) >= (costs[worst] if worst else 0.0):
        codes = pd.Series(
            [problem.code for problem in problems if problem.severity != "note" and dimension_of(problem) == most]
        )
        first = next(p for p in problems if p.code == codes.value_counts().index[0])
        values = {"file": file, "count": len(bad[most]), "rows": total}
        return Problem(
            code=f"advice_{most}", severity="note", row=first.row, field=first.field, value=first.value, values=values
        )
    if worst is None:
        return None
    values = {"file": file, "count": missing[worst], "rows": total}
    return Problem(code="advice_missing", severity="note", field=worst, values=values)
