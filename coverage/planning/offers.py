"""What a plan may choose from: changes, what the rules refused, and the rules that hold between changes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, overload

import pandas as pd

from coverage.changes import Change, Reason
from coverage.planning.costing import Costing
from coverage.planning.problem import Cap, IntArray
from coverage.planning.rules import Rules

REFUSED_COLUMNS = ("id", "kind", "site_id", "operator", "ward_id", "code", "values", "text_vi", "text_en")


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A change that the rules refuse.

    Attributes
    ----------
    id, kind, site_id, operator : str
    ward_id : str or None
    reason : Reason
    """

    id: str
    kind: str
    site_id: str
    operator: str
    ward_id: str | None
    reason: Reason


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidates(Sequence[Change]):
    """The changes a plan may choose from, in a fixed order; a sequence of `Change`.

    Attributes
    ----------
    changes : tuple of Change
    refusals : tuple of Refused
        What the rules refuse, with the reason; `refused` is the same as a table.
    exclusive : tuple of int ndarray
        Positions of which at most one may be chosen: a site upgraded by one operator or shared, modes of a cell, masts
        too near each other.
    caps : tuple of Cap
        What the chosen may use together: new masts of a ward.
    requires : tuple of (int, int)
        (a, b): a only together with b.
    rules : Rules
    costing : Costing
        How `Change.cost_vnd` was counted.
    assumed : mapping of str to str
        What was assumed: ``fibre`` is where fibre is known from.
    """

    changes: tuple[Change, ...]
    refusals: tuple[Refused, ...] = ()
    exclusive: tuple[IntArray, ...] = ()
    caps: tuple[Cap, ...] = ()
    requires: tuple[tuple[int, int], ...] = ()
    rules: Rules = dataclasses.field(default_factory=Rules)
    costing: Costing = dataclasses.field(default_factory=Costing)
    assumed: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @overload
    def __getitem__(self, index: int) -> Change: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Change, ...]: ...
    def __getitem__(self, index: int | slice) -> Change | tuple[Change, ...]:
        """Return a change by its position, or some of them without their rules."""
        return self.changes[index]

    def __len__(self) -> int:
        """Return the number of changes."""
        return len(self.changes)

    @cached_property
    def refused(self) -> pd.DataFrame:
        """What the rules refuse: id, kind, site_id, operator, ward_id, code, values, text_vi, text_en."""
        rows: list[tuple[Any, ...]] = [
            (
                row.id, row.kind, row.site_id, row.operator, row.ward_id, row.reason.code, dict(row.reason.values),
                row.reason.text("vi"), row.reason.text("en"),
            )
            for row in self.refusals
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=list(REFUSED_COLUMNS))
