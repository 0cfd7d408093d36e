"""Validation cases as a table for people and as a document for machines."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from coverage.types import Language
from coverage.validation.cases import Case
from coverage.words import number, t

DIGITS = 6


def largest_difference(cases: Sequence[Case]) -> float:
    """Return the largest |difference| of the judged cases; NaN where one of them could not be computed."""
    sizes = [abs(case.difference) for case in cases if case.ok is not None]
    return math.nan if any(map(math.isnan, sizes)) else max(sizes, default=0.0)


def document(model: str, cases: Sequence[Case]) -> str:
    """Return ``{model, cases, not_judged, max_abs_difference}`` as JSON; what is not a number is null."""
    judged = [_plain(case) for case in cases if case.ok is not None]
    shown = [_plain(case) for case in cases if case.ok is None]
    largest = _finite(largest_difference(cases))
    content = {"model": model, "cases": judged, "not_judged": shown, "max_abs_difference": largest}
    return json.dumps(content, ensure_ascii=False, allow_nan=False, indent=2)


def _plain(case: Case) -> dict[str, Any]:
    return {
        "case": case.case,
        "published": _finite(case.published),
        "ours": _finite(case.ours),
        "difference": _finite(case.difference),
        "ok": case.ok,
        "note": case.note,
        "about": case.about,
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def table(model: str, cases: Sequence[Case], lang: Language) -> str:
    """Return a row per case, then the largest |difference| and the verdict."""
    header = [t(f"validation.{name}", lang) for name in ("case", "published", "ours", "difference", "verdict", "note")]
    body = [_cells(case, lang) for case in cases]
    widths = [max(len(row[column]) for row in (header, *body)) for column in range(len(header))]
    lines = [_aligned(row, widths) for row in (header, *body)]
    judged = [case for case in cases if case.ok is not None]
    values = {
        "model": model,
        "cases": len(judged),
        "failed": sum(not case.ok for case in judged),
        "shown": len(cases) - len(judged),
        "largest": number(largest_difference(cases), lang, DIGITS),
    }
    return "\n".join([*lines, "", t("validation.summary", lang, **values)])


def _cells(case: Case, lang: Language) -> list[str]:
    verdict = {True: "within", False: "beyond", None: "not_judged"}[case.ok]
    note = t(f"validation.note_{case.note}", lang, about=case.about) if case.note else ""
    values = [
        number(round(value, DIGITS) + 0.0, lang, DIGITS) for value in (case.published, case.ours, case.difference)
    ]
    return [case.case, *values, t(f"validation.{verdict}", lang), note]


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Return a line: text to the left, numbers to the right."""
    placed = [
        f"{cell:>{width}}" if column in (1, 2, 3) else f"{cell:<{width}}"
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(placed).rstrip()
