"""In which order to build what a plan chose, and in which phase: what brings most for its cost first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coverage.errors import PlanError
from coverage.planning.posing import Posed
from coverage.planning.problem import SLACK, Problem

IntArray = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A year, a quarter: what may be spent and built in it.

    Attributes
    ----------
    name : str
    budget_vnd : float
        Money of the phase, ≥ 0 [VND]; what is left of it may be spent later.
    steps : int or None
        How many steps can be built in it; None knows no limit.
    """

    name: str
    budget_vnd: float = math.inf
    steps: int | None = None


@dataclass(frozen=True, kw_only=True)
class Step:
    """One row of the problem in its turn, its phase (0, 1, …) and the measure once it is built."""

    row: int
    phase: int
    gain: float
    running: float


def even_phases(count: int, cost_vnd: float) -> tuple[Phase, ...]:
    """Return phases that each have the same part of the cost to spend.

    >>> [phase.budget_vnd for phase in even_phases(2, 10.0)]
    [5.0, 5.0]
    """
    return tuple(Phase(name=str(k), budget_vnd=cost_vnd / count) for k in range(1, count + 1))


def in_order(posed: Posed, chosen: Sequence[int], phases: Sequence[Phase] = ()) -> list[Step]:
    """Return the chosen changes in the order of building.

    Parameters
    ----------
    posed : Posed
    chosen : sequence of int
        Rows; those that keep a site as it stands are no steps.
    phases : sequence of Phase
        None is one phase without limits.

    Raises
    ------
    PlanError
        ``phases_too_small`` where a phase is over and something is left to build: its cost and the number of steps.

    Notes
    -----
    In each phase the change that adds most per cost comes first, among those whose own requirements stand and whose
    cost the money of the phases so far allows. Ties go to the lower row. Every running figure is that of the choice up
    to there, summed anew.
    """
    site = _Site(posed)
    left = [row for row in chosen if row < len(posed.modes.changes)]
    steps: list[Step] = []
    allowed = spent = 0.0
    for number, phase in enumerate(phases or (Phase(name=""),)):
        allowed += phase.budget_vnd
        built = 0
        while left and (phase.steps is None or built < phase.steps):
            ready = [row for row in left if site.ready(row) and _fits(spent + site.problem.cost[row], allowed)]
            if not ready:
                break
            row = site.best(ready)
            before = site.value
            site.build(row)
            spent += float(site.problem.cost[row])
            built += 1
            left.remove(row)
            steps.append(Step(row=row, phase=number, gain=site.value - before, running=site.value))
    if left:
        raise PlanError("phases_too_small", steps=len(left), cost_vnd=site.problem.cost_of(left))
    return steps


def _fits(cost: float, allowed: float) -> bool:
    return cost <= allowed * (1 + SLACK)


class _Site:
    """What stands while a plan is being built: how many chosen rows cover each element."""

    def __init__(self, posed: Posed) -> None:
        self.problem: Problem = posed.problem
        self._modes = posed.modes
        self._needs: dict[int, set[int]] = {}
        for later, first in posed.problem.requires:
            self._needs.setdefault(later, set()).add(first)
        self._built: set[int] = set()
        self._times = np.zeros(posed.problem.sets.shape[1], dtype=np.int32)
        for row in posed.modes.completed(()):
            self._times[self.problem.elements(row)] += 1
        self.value = self._measured()

    def ready(self, row: int) -> bool:
        """Tell whether everything stands that a row requires."""
        return self._needs.get(row, set()) <= self._built

    def best(self, rows: Sequence[int]) -> int:
        """Return the row that adds most per cost."""
        free = self.problem.weight * (self._times == 0)
        gains = self.problem.sets[list(rows)] @ free
        gains -= [self._lost(row) for row in rows]
        cost = self.problem.cost[list(rows)]
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = np.where(cost > 0, gains / cost, np.where(gains > 0, np.inf, gains))
        return rows[int(np.argmax(rate))]

    def build(self, row: int) -> None:
        """Choose a row; where it changes a site, the site as it stood is no longer there."""
        self._times[self.problem.elements(row)] += 1
        stay = self._stay(row)
        if stay is not None:
            self._times[self.problem.elements(stay)] -= 1
        self._built.add(row)
        self.value = self._measured()

    def _stay(self, row: int) -> int | None:
        group = int(self._modes.group[row])
        return None if group < 0 else len(self._modes.changes) + group

    def _lost(self, row: int) -> float:
        stay = self._stay(row)
        if stay is None:
            return 0.0
        alone = self.problem.elements(stay)
        alone = alone[self._times[alone] == 1]
        return float(self.problem.weight[np.setdiff1d(alone, self.problem.elements(row))].sum())

    def _measured(self) -> float:
        return self.problem.base + float(self.problem.weight[self._times > 0].sum())
