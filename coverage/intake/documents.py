"""What the check says of a submission, as a document for machines and for the store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from coverage.errors import LayerError, Problem
from coverage.intake.checking import Checked
from coverage.intake.grades import Grade
from coverage.store.submissions import Submission
from coverage.words import LANGUAGES, render, render_problem


def report_of(checked: Checked) -> dict[str, Any]:
    """Return counts, grades, mapping and problems of a submission, sentences in both languages."""
    return {
        "file": checked.source.name,
        "sha256": checked.source.sha256,
        "kind": checked.kind,
        "rows": checked.rows,
        "accepted": checked.accepted,
        "refused": checked.refused,
        "repaired": checked.repaired,
        "grade": _grade(checked.grade),
        "wards": [{"ward_id": one.ward_id, "name": one.name, "grade": _grade(one.grade)} for one in checked.by_ward],
        "mapping": dict(checked.mapping),
        "problems": told(checked.problems),
    }


def report_of_failure(error: LayerError, file: str) -> dict[str, Any]:
    """Return the same document for a file of which no row can be used: its error is the first problem."""
    first = {"row": None, "field": None, "code": error.code, "severity": "error", "value": None}
    first |= {f"message_{lang}": render(error, lang) for lang in LANGUAGES}
    return {
        "file": file,
        "rows": 0,
        "accepted": 0,
        "refused": 0,
        "repaired": 0,
        "grade": None,
        "wards": [],
        "mapping": {},
        "problems": [first, *told(error.problems)],
    }


def receipt(checked: Checked, kept: Submission | None) -> dict[str, Any]:
    """Return the report of a file and, where it was kept, what it is in the store."""
    about = None if kept is None else {"id": kept.id, "status": kept.status, "at": kept.at, "rows": kept.rows}
    return {"submission": about, **report_of(checked)}


def told(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """Return problems as ``{row, field, code, severity, value, message_vi, message_en}``."""
    return [
        {
            "row": problem.row,
            "field": problem.field,
            "code": problem.code,
            "severity": problem.severity,
            "value": problem.value,
            **{f"message_{lang}": render_problem(problem, lang) for lang in LANGUAGES},
        }
        for problem in problems
    ]


def _grade(grade: Grade) -> dict[str, Any]:
    advice = grade.advice
    return {
        "letter": grade.letter,
        "worst": grade.worst,
        "rows": grade.rows,
        "scores": {name: round(score, 4) for name, score in grade.scores.items()},
        **{f"advice_{lang}": None if advice is None else render_problem(advice, lang) for lang in LANGUAGES},
    }
