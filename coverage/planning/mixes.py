"""Proof that no better plan exists, mix by mix: so many of the cheap changes, so many of the dear ones."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coverage.planning.branching import branched
from coverage.planning.model import Flat, Goal, contradicts, first_prices, implied
from coverage.planning.problem import SLACK, Cap, FloatArray, Problem, Stop
from coverage.planning.reduction import fixed_by_prices, reduced
from coverage.planning.relaxation import lower

LEVELS, MOST_MIXES = 5, 100  # kinds of cost told apart; mixes looked at, at most
STEPS, ROUNDS = 60, 4  # of the bound of one mix
SAFE = 1e-9


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What came of looking at every mix.

    Attributes
    ----------
    none : bool
        Proven: no choice within the limit reaches the target.
    chosen : tuple of int or None
        A choice that does.
    stopped : bool
    """

    none: bool
    chosen: tuple[int, ...] | None = None
    stopped: bool = False


def levels(cost: FloatArray, most: int = LEVELS) -> tuple[NDArray[np.int64], FloatArray]:
    """Return the level of each cost and the least cost of each level; costs are parted where they lie furthest apart.

    >>> level, least = levels(np.array([5.0, 12.0, 5.0, 13.0]), 2)
    >>> level.tolist(), least.tolist()
    ([0, 1, 0, 1], [5.0, 12.0])
    """
    kinds = np.unique(cost)
    apart = np.diff(np.log(np.maximum(kinds, 1e-300)))
    starts = np.sort(np.concatenate([[0], 1 + np.argsort(-apart, kind="stable")[: most - 1]])).astype(np.int64)
    return np.searchsorted(kinds[starts], cost, side="right") - 1, kinds[starts]


def mixes(counts: NDArray[np.int64], least: FloatArray, limit: float) -> list[tuple[int, ...]] | None:
    """Return the greatest numbers of each level that a limit pays for; None where there are too many of them.

    >>> mixes(np.array([9, 9]), np.array([5.0, 12.0]), 25.0)
    [(5, 0), (2, 1), (0, 2)]
    """
    found: list[tuple[int, ...]] = []

    def grow(level: int, left: float, above: tuple[int, ...]) -> bool:
        top = int(counts[level])
        if least[level] > 0:
            top = min(top, math.floor(left / least[level] + SLACK))
        if level == 0:
            found.append((top, *above))
            return len(found) <= 20 * MOST_MIXES
        return all(grow(level - 1, left - k * least[level], (k, *above)) for k in range(top + 1))

    if not grow(len(least) - 1, limit, ()):
        return None
    greatest = [mix for mix in found if not any(_within(mix, other) for other in found if other != mix)]
    return greatest if len(greatest) <= MOST_MIXES else None


def _within(mix: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return all(a <= b for a, b in zip(mix, other, strict=True))


def none_within(problem: Problem, target: float, limit: float, *, ends: float, stop: Stop | None = None) -> Proof:
    """Prove that no choice that costs at most `limit` reaches the target, or find one.

    Parameters
    ----------
    problem : Problem
    target, limit : float
    ends : float
        `time.monotonic` at which to give up.
    stop : callable() → bool or None

    Notes
    -----
    A linear bound on cost mixes fractions of changes: 7.2 sites of eight. Told how many of each kind of cost there may
    be, whole numbers are respected from the outset, and the question becomes how much such a mix can cover at most.
    Costs are rounded down to a few levels: a mix of those allows all choices within the limit, and more.
    """
    for told_apart in range(LEVELS, 1, -1):
        level, least = levels(problem.cost, told_apart)
        listed = mixes(np.bincount(level, minlength=len(least)), least, limit)
        if listed is not None:
            break
    else:
        return Proof(none=False)
    kinds = [np.flatnonzero(level == k) for k in range(len(least))]
    for mix in listed:
        caps = [
            Cap(members=members, usage=np.ones(len(members)), upper=float(count), name="mix")
            for members, count in zip(kinds, mix, strict=True)
        ]
        limited = dataclasses.replace(problem, caps=(*problem.caps, *caps))
        proof = _settled(limited, target, limit, ends, stop)
        if not proof.none:
            return proof
    return Proof(none=True)


def _settled(problem: Problem, target: float, limit: float, ends: float, stop: Stop | None) -> Proof:
    """Tell whether one mix reaches the target: by its bound, else by branching on what prices leave open."""
    aim = target - problem.base - 2 * SLACK
    flat = Flat(problem=problem, goal=Goal(budget=limit))
    if contradicts(problem, flat.state):
        return Proof(none=True)
    model = flat.bounding
    dual = first_prices(model)
    for _ in range(ROUNDS):
        lower(model, dual, STEPS, aim * (1 - 1e-6))
        if dual.bound * (1 + SAFE) < aim:
            return Proof(none=True)
    state = implied(problem, fixed_by_prices(model, dual, aim))
    if contradicts(problem, state):
        return Proof(none=True)
    left = reduced(problem, state)
    rest = Flat(problem=left.problem, goal=Goal(budget=limit - left.spent))
    tree = branched(rest, target - SLACK, ends=ends, gap=1.0, stop=stop)
    if tree.chosen is not None:
        return Proof(none=False, chosen=(*left.chosen, *left.kept[list(tree.chosen)].tolist()))
    return Proof(none=not tree.stopped, stopped=tree.stopped)
