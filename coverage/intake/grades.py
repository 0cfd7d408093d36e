"""The grade of a submission, on the dimensions of ISO 19157: how good the data is, and what would improve it most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from coverage.errors import Problem
from coverage.types import LayerKind

DIMENSIONS = ("completeness", "consistency", "position", "thematic", "time")

# Score from which a letter is given: an assumption of this product, told wherever a grade is shown.
LETTERS: tuple[tuple[float, str], ...] = ((0.98, "A"), (0.95, "B"), (0.85, "C"), (0.60, "D"), (0.0, "E"))

# Fields whose absence makes a figure worse, and by how much each counts (assumptions: height and azimuth decide range
# and direction; the rest has catalogue values that are near).
WANTED: Mapping[LayerKind, Mapping[str, float]] = {
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
    """How good a submission, or a part of it, is: what was counted, and what follows from it.

    Attributes
    ----------
    kind : {"cells", "subscriptions"}
    rows : int
        Rows judged.
    missing : mapping of str to int
        Wanted field → rows without it; a field that no row lacks is absent.
    bad : mapping of str to int
        Dimension → rows that a problem speaks against; completeness and dimensions without such a row are absent.
    fields : mapping of str to str
        Dimension of `bad` → field that its most frequent problem is about; absent where that has none.
    """

    kind: LayerKind
    rows: int
    missing: Mapping[str, int] = field(default_factory=dict)
    bad: Mapping[str, int] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def scores(self) -> dict[str, float]:
        """Dimension → share 0–1 of what is right; empty where no row was judged."""
        if not self.rows:
            return {}
        complete = 1.0 - sum(self._costs.values()) / self.rows
        return {"completeness": complete} | {name: 1.0 - self.bad.get(name, 0) / self.rows for name in DIMENSIONS[1:]}

    @property
    def letter(self) -> str:
        """A to E: that of the weakest dimension; E where no row was judged."""
        return letter_of(min(self.scores.values(), default=0.0))

    @property
    def worst(self) -> str | None:
        """The weakest dimension; None where nothing is lacking, or no row was judged."""
        return weakest(self.scores)

    @property
    def advice(self) -> Problem | None:
        """What would improve it most, as a sentence; None when nothing would."""
        costs = self._costs
        lacking = max(costs, key=lambda name: costs[name], default=None)
        most = max((name for name in DIMENSIONS if name in self.bad), key=lambda name: self.bad[name], default=None)
        if most is not None and self.bad[most] >= (costs[lacking] if lacking else 0.0):
            values = {"count": self.bad[most], "rows": self.rows}
            return Problem(code=f"advice_{most}", severity="note", field=self.fields.get(most), values=values)
        if lacking is None:
            return None
        values = {"count": self.missing[lacking], "rows": self.rows}
        return Problem(code="advice_missing", severity="note", field=lacking, values=values)

    @property
    def _costs(self) -> dict[str, float]:
        """Field → rows that its absence is worth, by its weight among the wanted fields."""
        weights = WANTED.get(self.kind, {})
        return {
            name: weights[name] * self.missing[name] / sum(weights.values()) for name in weights if name in self.missing
        }


def weakest(scores: Mapping[str, float]) -> str | None:
    """Return the dimension of the lowest score, the first of several; None where all are 1 or there is none.

    >>> weakest({"completeness": 0.97, "position": 0.9, "time": 1.0}), weakest({"time": 1.0})
    ('position', None)
    """
    found = min(scores, key=lambda name: scores[name], default=None)
    return None if found is None or scores[found] >= 1.0 else found


def together(grades: Sequence[Grade]) -> Grade:
    """Return the grade of parts of one kind as if they had been one table, no row of which stands twice.

    What a dimension's problems are mostly about is told from the part that has most of them.

    Parameters
    ----------
    grades : sequence of Grade
        At least one; of one kind.
    """
    missing, bad = Counter[str](), Counter[str]()
    for grade in grades:
        missing.update(grade.missing)
        bad.update(grade.bad)
    fields: dict[str, str] = {}
    for name in bad:
        most = max(grades, key=lambda grade: grade.bad.get(name, 0))
        if name in most.fields:
            fields[name] = most.fields[name]
    rows = sum(grade.rows for grade in grades)
    return Grade(kind=grades[0].kind, rows=rows, missing=dict(missing), bad=dict(bad), fields=fields)


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
    kind: LayerKind, given: pd.DataFrame, problems: Sequence[Problem], *, rows: Iterable[int] | None = None
) -> Grade:
    """Return the grade of a table.

    Parameters
    ----------
    kind : {"cells", "subscriptions"}
    given : DataFrame
        Rows as typed, before any default was filled in; column ``row``. Refused rows need not be among them.
    problems : sequence of Problem
        Notes do not count.
    rows : iterable of int, optional
        Row numbers of all rows judged, refused ones included; those of `given` otherwise.
    """
    judged = set(map(int, given["row"])) if rows is None else set(rows)
    total = len(judged)
    missing = {
        name: len(given) - int(given[name].notna().sum()) if name in given else len(given)
        for name in WANTED.get(kind, {})
    }
    bad: dict[str, set[int]] = {name: set() for name in DIMENSIONS[1:]}
    codes: dict[str, Counter[tuple[str, str | None]]] = {name: Counter() for name in bad}
    for problem in problems:
        if problem.severity == "note" or problem.code in {"value_defaulted", "column_defaulted"}:
            continue
        dimension = dimension_of(problem)
        if problem.row is None and problem.severity == "error":
            bad[dimension] |= judged
        elif problem.row in judged:
            bad[dimension].add(int(problem.row or 0))
        else:
            continue
        codes[dimension][problem.code, problem.field] += 1
    about = {name: found.most_common(1)[0][0][1] for name, found in codes.items() if found}
    return Grade(
        kind=kind,
        rows=total,
        missing={name: count for name, count in missing.items() if count},
        bad={name: len(found) for name, found in bad.items() if found},
        fields={name: told for name, told in about.items() if told is not None and bad[name]},
    )
