"""Other plans that would do as well, what is in all of them, and the curve of cost against share."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coverage.changes import Change
from coverage.errors import PlanError
from coverage.planning.problem import Cap, Problem, Solution

NEAR = 0.02  # an alternative costs at most 2 % more, or shows at most 2 % less for the same budget
OTHER = 0.2  # and differs in at least a fifth of its sites
CURVE_COLUMNS = ("share", "cost_vnd", "bound_vnd", "gap", "proven", "steps")

Solve = Callable[[Problem], Solution]
SolveFor = Callable[[float], Solution]


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """Another choice that does as well.

    Attributes
    ----------
    changes, sites : tuple of str
        Ids of the changes, and the site of each.
    cost_vnd, share : float
        What it costs [VND] and reaches, 0–1.
    differs : float
        Share of the plan's own sites that it does without, 0–1.
    """

    changes: tuple[str, ...]
    sites: tuple[str, ...]
    cost_vnd: float
    share: float
    differs: float


def alternatives(
    problem: Problem, solution: Solution, changes: Sequence[Change], solve: Solve, *, wanted: int = 5
) -> tuple[Alternative, ...]:
    """Return up to so many choices near the best that differ from it and from each other.

    Parameters
    ----------
    problem : Problem
        Rows beyond the changes keep sites as they stand.
    solution : Solution
        The plan itself.
    changes : sequence of Change
    solve : callable(problem) -> Solution
        Solves the problem as the plan was solved; a `PlanError` ends the search.
    wanted : int

    Notes
    -----
    Each further problem caps how many sites may be shared with every choice so far. Two changes on one site count
    twice, so the sites differ at least as much as asked for.
    """
    best = set(_sites(solution.chosen, changes))
    fixed = {changes[n].site_id for n in problem.locked.tolist() if n < len(changes)}
    free = best - fixed
    found: list[Alternative] = []
    caps = [_apart(free, best, changes, 0)]
    while len(found) < wanted and free:
        try:
            other = solve(dataclasses.replace(problem, caps=(*problem.caps, *caps)))
        except PlanError:
            break
        if not _near(other, solution):
            break
        rows = tuple(row for row in other.chosen if row < len(changes))
        sites = set(_sites(rows, changes))
        missing = len(best - sites) / len(best)
        ids, at = (tuple(getattr(changes[row], name) for row in rows) for name in ("id", "site_id"))
        found.append(Alternative(changes=ids, sites=at, cost_vnd=other.cost, share=other.value, differs=missing))
        caps.append(_apart(sites - fixed, sites, changes, len(found)))
    return tuple(found)


def no_regret(chosen: Sequence[int], others: Sequence[Alternative], changes: Sequence[Change]) -> tuple[str, ...]:
    """Return the sites that are in the plan and in every alternative; empty where there is none to compare with."""
    if not others:
        return ()
    sites = set(_sites(chosen, changes))
    for other in others:
        sites &= set(other.sites)
    return tuple(sorted(sites))


def _sites(rows: Sequence[int], changes: Sequence[Change]) -> list[str]:
    return [changes[row].site_id for row in rows if row < len(changes)]


def _apart(free: set[str], sites: set[str], changes: Sequence[Change], number: int) -> Cap:
    members = np.array([row for row, change in enumerate(changes) if change.site_id in free], dtype=np.int64)
    kept = math.floor(len(sites) * (1 - OTHER) + 1e-9) - (len(sites) - len(free))
    return Cap(members=members, usage=np.ones(len(members)), upper=float(max(kept, 0)), name=f"apart:{number}")


def _near(other: Solution, best: Solution) -> bool:
    return other.cost <= best.cost * (1 + NEAR) and other.value >= best.value * (1 - NEAR)


def curve(levels: Sequence[float], solve: SolveFor, before: float) -> pd.DataFrame:
    """Return the least cost of each share, each solved by itself.

    Parameters
    ----------
    levels : sequence of float
        Shares, rising.
    solve : callable(share) -> Solution
    before : float
        Share today: the first point, for nothing.

    Returns
    -------
    DataFrame
        share, cost_vnd, bound_vnd (proven least cost), gap, proven, steps. No point costs more than a later one.
    """
    solved: list[Solution] = []
    for level in levels:
        try:
            solved.append(solve(level))
        except PlanError:
            break
    for k in range(len(solved) - 2, -1, -1):  # what reaches more for less reaches this too
        if solved[k].cost > solved[k + 1].cost:
            solved[k] = dataclasses.replace(
                solved[k + 1], bound=solved[k].bound, gap=_gap(solved[k + 1].cost, solved[k].bound)
            )
    rows = [(before, 0.0, 0.0, 0.0, True, 0)]
    rows += [(s.value, s.cost, s.bound, s.gap, s.proven, len(s.chosen)) for s in solved]
    return pd.DataFrame(rows, columns=list(CURVE_COLUMNS)).drop_duplicates(["share", "cost_vnd"], ignore_index=True)


def _gap(cost: float, bound: float) -> float:
    return max(cost - bound, 0.0) / cost if cost > 0 else 0.0
