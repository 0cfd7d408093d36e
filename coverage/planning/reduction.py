"""What prices prove about single candidates: which cannot be in a better choice and which must, and what is left."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from coverage.planning.model import Dual, Model, State
from coverage.planning.problem import Cap, FloatArray, IntArray, Problem, merged

KINDS = 100_000  # attainable costs counted at most


def fixed_by_prices(model: Model, dual: Dual, score: float) -> State:
    """Return the state of each candidate in every choice with a better score: 1 in it, −1 not in it, 0 unknown.

    Parameters
    ----------
    model : Model
    dual : Dual
        After `coverage.planning.relaxation.lower`.
    score : float
        Value to pass, or minus the cost to undercut.

    Notes
    -----
    With a candidate forced in or out the bound falls by at least its reduced value (of a group: by the distance to the
    leader); a bound below `score` then proves the opposite.
    """
    state, reduced = model.state.copy(), dual.reduced
    leader = np.maximum(reduced, 0.0)
    second = np.zeros_like(reduced)
    for group in np.unique(model.group[model.group >= 0]):
        members = np.flatnonzero((model.group == group) & (model.state == 0))
        order = members[np.argsort(-reduced[members])]
        if len(order):
            leader[members] = max(0.0, reduced[order[0]])
            second[order[1:]] = np.maximum(reduced[order[1:]], 0.0)  # nothing is lost without one that does not lead
            second[order[0]] = max(0.0, reduced[order[1]]) if len(order) > 1 else 0.0
    score -= 1e-9 * abs(score)  # rounding may not fix what is exactly as good
    free = model.state == 0
    state[free & (dual.bound - (leader - reduced) < score)] = -1
    state[free & (dual.bound - (reduced - second) < score) & (reduced > second)] = 1
    return state


@dataclass(frozen=True, kw_only=True, eq=False)
class Reduced:
    """The problem without what is decided.

    Attributes
    ----------
    problem : Problem
        Free candidates only, over merged elements.
    kept : int ndarray
        The candidates of the whole problem that are left.
    chosen : tuple of int
        Candidates of the whole problem that are in.
    spent : float
        What those cost.
    """

    problem: Problem
    kept: IntArray
    chosen: tuple[int, ...]
    spent: float


def reduced(problem: Problem, state: State) -> Reduced:
    """Return the problem that is left once candidates are decided; rules and floors are carried over."""
    inside, kept = np.flatnonzero(state == 1), np.flatnonzero(state == 0)
    place = np.full(problem.count, -1, dtype=np.int64)
    place[kept] = np.arange(len(kept))
    covered = problem.covered(inside.tolist())
    rows = [sparse.csr_array(floor.weight[None]) for floor in problem.floors]
    stacked = sparse.csr_array(sparse.vstack(rows)) if rows else None
    small = merged(sparse.csr_array(problem.sets[kept]), problem.weight, covered, stacked)
    floors = tuple(
        dataclasses.replace(floor, weight=small.rows[[k]].toarray()[0], base=floor.base + float(small.row_bases[k]))
        for k, floor in enumerate(problem.floors)
    )
    taken = set(inside.tolist())
    left = Problem(
        sets=small.sets,
        weight=small.weight,
        cost=problem.cost[kept],
        base=problem.base + small.base,
        exclusive=tuple(
            place[group[place[group] >= 0]] for group in problem.exclusive if not taken & set(group.tolist())
        ),
        requires=tuple((int(place[a]), int(place[b])) for a, b in problem.requires if place[a] >= 0 and place[b] >= 0),
        caps=tuple(_cap(cap, place, taken) for cap in problem.caps),
        floors=floors,
    )
    return Reduced(problem=left, kept=kept, chosen=tuple(inside.tolist()), spent=float(problem.cost[inside].sum()))


def _cap(cap: Cap, place: IntArray, taken: set[int]) -> Cap:
    used = sum(u for n, u in zip(cap.members.tolist(), cap.usage.tolist(), strict=True) if n in taken)
    stay = place[cap.members] >= 0
    return Cap(
        members=place[cap.members[stay]], usage=cap.usage[stay], upper=max(0.0, cap.upper - used), name=cap.name
    )  # fmt: skip


def attainable_below(cost: FloatArray, limit: float) -> float:
    """Return the greatest sum of costs that is below a limit by more than rounding; the limit where there are too many.

    Costs of a few kinds add up to a few sums only: the next cheaper plan than one of eight equal sites is no cheaper
    than the next such sum, and a bound above it proves the plan.
    """
    top = limit - 1e-9 * abs(limit)
    sums = _sums(cost, top)
    return top if sums is None else float(sums[sums < top].max(initial=0.0))


def attainable_from(cost: FloatArray, least: float, limit: float) -> float:
    """Return the smallest sum of costs that is no less than a bound, where that is below a limit; else the bound.

    >>> attainable_from(np.array([5.0, 5.0, 7.0]), 8.0, 15.0)
    10.0
    """
    sums = _sums(cost, limit)
    if sums is None:
        return least
    above = sums[sums >= least * (1 - 1e-9)]  # one that is as good as the bound may be meant by it
    return max(least, float(above.min())) if len(above) else least


def _sums(cost: FloatArray, top: float) -> FloatArray | None:
    """Return every sum of costs up to `top`; None where there are too many of them."""
    kinds, counts = np.unique(cost[cost > 0], return_counts=True)
    if len(kinds) > 16:
        return None
    sums = np.zeros(1)
    for kind, count in zip(kinds.tolist(), counts.tolist(), strict=True):
        steps = np.arange(min(count, math.floor(top / kind)) + 1) * kind
        if len(sums) * len(steps) > 20 * KINDS:
            return None
        sums = np.unique((sums[:, None] + steps[None]).ravel())
        sums = sums[sums <= top]
        if len(sums) > KINDS:
            return None
    return sums
