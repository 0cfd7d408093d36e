"""The grade of every ward: kept with each submission, and put together over the submissions that hold.

What is kept are counts, without a row, a value or a file's name. They lie in the submission, so a partner reads its own
and the city reads all; a release holds none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from coverage.errors import Problem
from coverage.fields import table as field_table
from coverage.intake.checking import Checked
from coverage.intake.grades import DIMENSIONS, Grade, letter_of, together, weakest
from coverage.store.engine import Access
from coverage.store.submissions import HANDED_IN, Kind, holding, one
from coverage.types import Language
from coverage.words import render_problem

COLUMNS = ("data_grade", "data_grade_worst")  # of `WardGrades.table`


@dataclass(frozen=True, kw_only=True)
class WardGrade:
    """How good the data about one ward is.

    Attributes
    ----------
    of_kind : mapping of str to Grade
        Kind of layer → grade of all its rows in the ward; at least one.
    """

    of_kind: Mapping[Kind, Grade]

    @property
    def scores(self) -> dict[str, float]:
        """Dimension → score 0–1: that of the kind in which it is lower, for the data is as good as its weakest part."""
        each = [grade.scores for grade in self.of_kind.values()]
        return {name: min(scores[name] for scores in each) for name in DIMENSIONS}

    @property
    def letter(self) -> str:
        """A to E: that of the weakest dimension."""
        return letter_of(min(self.scores.values()))

    @property
    def worst(self) -> str | None:
        """The weakest dimension; None where nothing is lacking."""
        return weakest(self.scores)

    @property
    def weaker(self) -> Kind:
        """The kind whose weakest dimension is the lower one."""
        return min(self.of_kind, key=lambda kind: min(self.of_kind[kind].scores.values()))

    @property
    def advice(self) -> Problem | None:
        """What would improve the weaker kind most; None when nothing would."""
        return self.of_kind[self.weaker].advice


@dataclass(frozen=True, kw_only=True)
class WardGrades:
    """The grades of all wards that somebody's accepted rows lie in.

    Attributes
    ----------
    wards : mapping of str to WardGrade
        By ward_id; a ward that is absent is unknown.
    submissions : int
        Submissions that were put together.
    left_out : int
        Submissions that hold without a grade by the wards of this edition: handed in without wards, or by others.
    """

    wards: Mapping[str, WardGrade]
    submissions: int
    left_out: int

    def table(self) -> pd.DataFrame:
        """Return ``data_grade`` (A to E) and ``data_grade_worst`` (dimension or missing), indexed by ward_id."""
        rows = {ward: (grade.letter, grade.worst) for ward, grade in self.wards.items()}
        return pd.DataFrame.from_dict(rows, orient="index", columns=list(COLUMNS), dtype=object).rename_axis("ward_id")


def kept_grades(checked: Checked) -> dict[str, Any]:
    """Return the grades of a submission by ward as the store keeps them: edition and counts, as JSON has it."""
    grades = [
        {
            "ward_id": found.ward_id,
            "letter": found.grade.letter,
            "rows": found.grade.rows,
            "missing": dict(found.grade.missing),
            "bad": dict(found.grade.bad),
            "fields": dict(found.grade.fields),
        }
        for found in checked.by_ward
        if found.ward_id is not None
    ]
    return {"edition": checked.edition, "grades": grades}


def ward_grades(access: Access, edition: str | None, as_of: str | None = None) -> WardGrades:
    """Return the grade of every ward over the submissions that hold and that may be seen.

    Parameters
    ----------
    access : Access
        A partner gets the grades of its own rows, planner and administrator those of all, an analyst none.
    edition : str or None
        Of the wards that are asked about. Codes mean other wards in other editions: grades by those are left out.
    as_of : str, optional
        As for `coverage.store.submissions.holding`.
    """
    parts: dict[str, dict[Kind, list[Grade]]] = {}
    counted = left_out = 0
    for kind in HANDED_IN:
        for number in holding(access, kind, as_of):
            kept = one(access, number).summary.get("wards")
            if not isinstance(kept, Mapping) or not kept.get("grades") or kept.get("edition") != edition:
                left_out += 1
                continue
            counted += 1
            for told in kept["grades"]:
                values = {name: told[name] for name in ("rows", "missing", "bad", "fields")}
                parts.setdefault(str(told["ward_id"]), {}).setdefault(kind, []).append(Grade(kind=kind, **values))
    wards = {
        ward: WardGrade(of_kind={kind: together(grades) for kind, grades in of_kind.items()})
        for ward, of_kind in sorted(parts.items())
    }
    return WardGrades(wards=wards, submissions=counted, left_out=left_out)


def advice_text(grade: WardGrade, lang: Language) -> str | None:
    """Return what would improve the data of a ward most, with the field by its label; None where nothing would."""
    advice = grade.advice
    if advice is None:
        return None
    labels = {field.name: field.label[lang] for field in field_table(grade.weaker)}
    named = {} if advice.field is None else {"field": labels.get(advice.field, advice.field)}
    return render_problem(Problem(code=advice.code, severity="note", values={**advice.values, **named}), lang)
