"""Why a target cannot be reached: the rule that binds, and the best that can be reached."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from coverage.planning.model import Flat, Goal, Hunt
from coverage.planning.problem import SLACK, Problem
from coverage.planning.ruins import searched

ROUNDS = 60


@dataclass(frozen=True, kw_only=True)
class Binding:
    """What stands in the way of a target.

    Attributes
    ----------
    rule : str or None
        ``candidates``: all of them together do not reach it; ``locked``: what must be chosen breaks the rules;
        ``budget``; ``exclusive``, ``requires``; the name of a cap or floor; ``rules``: no single one, but all of
        them together; None: nothing does.
    best : float
        The best value that was found under all rules; under none of them where floors cannot be held.
    """

    rule: str | None
    best: float


def best_reachable(problem: Problem, budget: float = math.inf, *, seed: int = 0) -> float | None:
    """Return the most value that a search finds under the rules and a budget; None where it finds no allowed choice.

    `coverage.planning.solvers.most` proves a bound beside it.
    """
    flat = Flat(problem=problem, goal=Goal(budget=budget))
    start = (flat.state == 1).astype(np.int8)
    found, score = searched(flat.searching, Hunt(rounds=ROUNDS, seed=seed), start)
    chosen = np.flatnonzero(found).tolist()
    if not math.isfinite(score) or problem.broken(chosen) or problem.cost_of(chosen) > budget * (1 + SLACK):
        return None
    return problem.value_of(chosen)


def binding(problem: Problem, target: float, budget: float = math.inf, *, seed: int = 0) -> Binding:
    """Return which rule keeps a problem from its target, and the best that can be reached.

    Parameters
    ----------
    problem : Problem
    target : float
        −∞ asks for any allowed choice.
    budget : float
    seed : int

    Notes
    -----
    A rule binds where the search reaches the target as soon as that rule alone is dropped, in the order: budget, caps,
    floors, exclusive groups, requirements.
    """
    best = best_reachable(problem, budget, seed=seed)
    if best is not None and best >= target - SLACK:
        return Binding(rule=None, best=best)
    free = dataclasses.replace(problem, floors=())
    known = best if best is not None else best_reachable(free, budget, seed=seed)
    known = problem.base if known is None else known
    whole = range(problem.count)
    if problem.value_of(whole) < target - SLACK:
        return Binding(rule="candidates", best=known)
    everything = problem.covered(whole)
    for floor in problem.floors:
        if floor.base + float(floor.weight[everything].sum()) < floor.level - SLACK:
            return Binding(rule=floor.name, best=known)
    if dataclasses.replace(problem, floors=()).broken(problem.locked.tolist()):
        rest = dataclasses.replace(problem, floors=(), requires=())
        if rest.broken(problem.locked.tolist()):
            return Binding(rule="locked", best=known)
    for name, eased, money in _eased(problem, budget):
        reached = best_reachable(eased, money, seed=seed)
        if reached is not None and reached >= target - SLACK:
            return Binding(rule=name, best=known)
    return Binding(rule="rules", best=known)


def _eased(problem: Problem, budget: float) -> Iterator[tuple[str, Problem, float]]:
    """Give the problem again and again, each time without one rule."""
    if math.isfinite(budget):
        yield "budget", problem, math.inf
    for k, cap in enumerate(problem.caps):
        yield cap.name, dataclasses.replace(problem, caps=problem.caps[:k] + problem.caps[k + 1 :]), budget
    for k, floor in enumerate(problem.floors):
        yield floor.name, dataclasses.replace(problem, floors=problem.floors[:k] + problem.floors[k + 1 :]), budget
    if problem.exclusive:
        yield "exclusive", dataclasses.replace(problem, exclusive=()), budget
    if problem.requires:
        yield "requires", dataclasses.replace(problem, requires=()), budget
