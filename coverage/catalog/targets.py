"""What the city set itself to reach, each target with its source (``data/registers/targets.csv``)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd

from coverage.catalog.registers import register
from coverage.errors import DefinitionError
from coverage.types import Language


@dataclass(frozen=True, kw_only=True)
class Target:
    """One target.

    Attributes
    ----------
    id : str
        Such as ``danang-2023-5g-area``.
    measure : str or None
        The city figure of a result it is held against (``area_share``, ``household_internet_share``, …), None where
        PhủSóng does not measure it.
    level : float
        What has to be reached, in `unit`; shares are 0–1.
    unit : {"share", "ratio", "site", "document"}
    year : int or None
        Year by whose end it is due, None where the source names none.
    text_vi, text_en : str
        The target in one line.
    source, source_url : str
        Where it was read.
    definition : str or None
        Id of the coverage definition under which it is read, None where it rests on none.
    baseline, baseline_year : float or None, int or None
        Level published for an earlier year.
    source_en : str
        `source` for readers of English, empty where it is the same.
    """

    id: str
    measure: str | None
    level: float
    unit: str
    year: int | None
    text_vi: str
    text_en: str
    source: str
    source_url: str
    definition: str | None = None
    baseline: float | None = None
    baseline_year: int | None = None
    source_en: str = ""

    def text(self, lang: Language) -> str:
        """Return the target in one line of a language."""
        return self.text_vi if lang == "vi" else self.text_en

    def read_in(self, lang: Language) -> str:
        """Return where the target was read, in a language."""
        return self.source_en or self.source if lang == "en" else self.source


@cache
def targets() -> tuple[Target, ...]:
    """Return every target of the register, in its order.

    Examples
    --------
    >>> [target.id for target in targets() if target.measure and target.year == 2023]
    ['danang-2023-5g-area', 'danang-2023-household-broadband']
    """
    return tuple(
        Target(
            id=str(row["id"]),
            measure=row["measure"] or None,
            level=float(row["level"]),
            unit=str(row["unit"]),
            year=_whole(row["year"]),
            text_vi=str(row["text_vi"]),
            text_en=str(row["text_en"]),
            source=str(row["source"]),
            source_url=str(row["source_url"]),
            definition=row["definition"] or None,
            baseline=None if pd.isna(row["baseline"]) else float(row["baseline"]),
            baseline_year=_whole(row["baseline_year"]),
            source_en=str(row["source_en"]),
        )
        for row in register("targets").to_dict("records")
    )


def _whole(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)


def target(target_id: str) -> Target:
    """Return a target by its id.

    Raises
    ------
    DefinitionError
        ``target_unknown``; it lists those there are.

    Examples
    --------
    >>> target("danang-2023-5g-area").level
    0.2
    """
    for found in targets():
        if found.id == target_id:
            return found
    raise DefinitionError("target_unknown", target=target_id, targets=", ".join(found.id for found in targets()))
