"""A first choice under all rules, by the most gain per cost again and again; nothing is proven about it."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from scipy import sparse

from coverage.errors import PlanError
from coverage.planning.problem import SLACK, FloatArray, Problem, Solution, Stop, Told


def cheapest(
    problem: Problem,
    target: float,
    *,
    seconds: float = 60.0,
    seed: int = 0,
    progress: Told | None = None,
    stop: Stop | None = None,
) -> Solution:
    """Return a choice that reaches a target; PlanError ``target_unreachable`` where greedy finds none."""
    del seconds, seed, progress
    found = _grown(problem, target - SLACK, math.inf, stop)
    if found.value < target - SLACK or problem.broken(found.chosen):
        raise PlanError("target_unreachable", target=target, best=found.value, changes=problem.count)
    return found


def most(
    problem: Problem,
    budget: float,
    *,
    seconds: float = 60.0,
    seed: int = 0,
    progress: Told | None = None,
    stop: Stop | None = None,
) -> Solution:
    """Return a choice within a budget."""
    del seconds, seed, progress
    return _grown(problem, math.inf, budget, stop)


def fairest(
    problem: Problem, wards: sparse.csr_array, bases: FloatArray, budget: float, *, seconds: float = 60.0,
    seed: int = 0, progress: Told | None = None, stop: Stop | None = None,
) -> Solution:  # fmt: skip
    """Return a choice within a budget that raises the wards below the median first."""
    del seconds, seed, progress
    low = np.asarray(bases <= np.median(bases), dtype=float)
    return _grown(dataclasses.replace(problem, weight=np.asarray(low @ wards), base=0.0), math.inf, budget, stop)


def _grown(problem: Problem, target: float, budget: float, stop: Stop | None) -> Solution:
    chosen = problem.locked.tolist()
    value, cost = problem.value_of(chosen), problem.cost_of(chosen)
    while not (stop and stop()) and (value < target or problem.broken(chosen)):
        mask = problem.covered(chosen)
        free = problem.weight * ~mask
        for floor in problem.floors:
            if floor.base + float(floor.weight[mask].sum()) < floor.level - SLACK:
                free = free + floor.weight * ~mask
        gains = problem.sets @ free
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = np.where(gains > 0, gains / problem.cost, 0.0)
        rate[chosen] = 0.0
        order = np.argsort(-rate, kind="stable")
        for row in order.tolist():
            if rate[row] > 0 and cost + problem.cost[row] <= budget * (1 + SLACK) and _allowed(problem, chosen, row):
                break
        else:
            break
        chosen.append(row)
        value, cost = problem.value_of(chosen), problem.cost_of(chosen)
    return Solution(
        chosen=tuple(chosen), value=value, cost=cost, bound=math.nan, gap=math.nan, proven=False, method="greedy"
    )


def _allowed(problem: Problem, chosen: list[int], row: int) -> bool:
    names = {floor.name for floor in problem.floors}
    return not [name for name in problem.broken([*chosen, row]) if name not in names]
