"""The fairest choice for a budget: the mean share of the worst tenth of the wards as high as it can be."""

from __future__ import annotations

import dataclasses
import math
import time

import numpy as np
from scipy import sparse

from coverage.errors import PlanError
from coverage.planning.exact import Tail, exactly, tail_mean
from coverage.planning.infeasible import binding
from coverage.planning.model import Flat, Goal, Hunt, Model, first_prices
from coverage.planning.problem import SLACK, FloatArray, Floor, Problem, Solution, Stop, Told
from coverage.planning.relaxation import lower
from coverage.planning.ruins import searched
from coverage.planning.solvers import EXACT_SIZE, SAFE, ordered

TENTH = 0.1
CYCLES, STEPS, ROUNDS = 16, 60, 60


def fairest(
    problem: Problem, wards: sparse.csr_array, bases: FloatArray, budget: float, *, seconds: float = 60.0,
    gap: float = 0.005, seed: int = 0, progress: Told | None = None, stop: Stop | None = None,
) -> Solution:  # fmt: skip
    """Return the choice within a budget under which the worst tenth of the wards fares best, on average.

    Parameters
    ----------
    problem : Problem
        Its rules and floors are kept; its weight only breaks ties.
    wards : csr_array of shape (w, m), ≥ 0
        What each element adds to the share of each ward.
    bases : float ndarray of shape (w,)
        The share of each ward that is covered whatever is chosen.
    budget : float
    seconds, gap, seed, progress, stop
        As `coverage.planning.solvers.cheapest`.

    Returns
    -------
    Solution
        Its value and bound are mean shares of the worst w / 10 wards (at least one; the last counts by its part).

    Raises
    ------
    PlanError
        ``plan_rules_conflict`` where no allowed choice was found.

    Notes
    -----
    The mean of the worst shares is the least weighted mean over all weights that sum to one and are at most 10 / w each
    (Rockafellar and Uryasev 2000): any such weights give a bound by an ordinary covering problem, and its choices are
    good ones to look at.
    """
    run = _Fair(problem, wards, bases, budget, seed)
    stopped = run.search(time.monotonic() + seconds, gap, progress, stop)
    if not stopped and run.gap > gap and problem.sets.nnz <= EXACT_SIZE:
        stopped = run.settle(seconds, gap, stop)
    return run.answer(stopped=stopped)


class _Fair:
    """The best choice and the bound so far."""

    def __init__(self, problem: Problem, wards: sparse.csr_array, bases: FloatArray, budget: float, seed: int) -> None:
        self.problem, self.wards, self.bases, self.budget, self.seed = problem, wards, bases, budget, seed
        self.least = max(1.0, len(bases) * TENTH)
        self.goal = Goal(budget=budget)
        self.chosen: tuple[int, ...] | None = None
        self.value, self.bound, self.method = -math.inf, math.inf, "local search + Lagrangian bound"

    @property
    def gap(self) -> float:
        """Relative distance to the bound."""
        if self.bound <= self.value:
            return 0.0
        return (self.bound - self.value) / self.value if self.value > 0 else math.inf

    def shares(self, chosen: tuple[int, ...]) -> FloatArray:
        """Return the share of each ward."""
        covered = self.problem.covered(chosen).astype(float)
        shares: FloatArray = self.bases + np.asarray(self.wards @ covered)
        return shares

    def search(self, ends: float, gap: float, progress: Told | None, stop: Stop | None) -> bool:
        """Let bound and search take turns; True where time or the caller stopped them."""
        count = len(self.bases)
        parts = [self.wards[[k]].toarray()[0].astype(np.float64) for k in range(count)]
        rows = [
            Floor(weight=part, base=float(base), level=0.0, name="")
            for part, base in zip(parts, self.bases, strict=True)
        ]
        nothing = np.zeros_like(self.problem.weight)
        relaxed = dataclasses.replace(self.problem, weight=nothing, base=0.0, floors=(*rows, *self.problem.floors))
        flat = Flat(problem=relaxed, goal=self.goal)
        model = dataclasses.replace(flat.bounding, simplex=count, cap=1 / self.least)
        dual, frame = first_prices(model), Flat(problem=self.problem, goal=self.goal).searching
        for cycle in range(CYCLES):
            prices = dual.floor_price[:count]
            for importance in (prices, self._worst()):
                weight = np.asarray(importance @ self.wards) + 1e-6 * self.problem.weight
                self._look(dataclasses.replace(frame, weight=weight), cycle)
            lower(model, dual, STEPS, max(self.value, 0.0))
            self.bound = min(self.bound, dual.bound + SAFE * abs(dual.bound))
            if progress is not None:
                progress("local search", self.value, self.bound)
            if self.gap <= gap:
                return False
            if time.monotonic() > ends or (stop is not None and stop()):
                return True
        return False

    def _worst(self) -> FloatArray:
        """Return equal weights of the wards that fare worst under the best choice, twice as many as count."""
        shares = self.bases if self.chosen is None else self.shares(self.chosen)
        worst = np.argsort(shares, kind="stable")[: math.ceil(2 * self.least)]
        out = np.zeros(len(shares))
        out[worst] = 1 / len(worst)
        return out

    def _look(self, model: Model, cycle: int) -> None:
        start = np.zeros(self.problem.count, dtype=np.int8)
        start[model.state == 1] = 1
        hunt = Hunt(rounds=ROUNDS, heat=0.0, seed=self.seed * 1000 + cycle)
        found, score = searched(model, hunt, start)
        if math.isfinite(score):
            self._offer(tuple(np.flatnonzero(found).tolist()), self.method)

    def _offer(self, chosen: tuple[int, ...], method: str) -> None:
        if self.problem.broken(chosen) or self.problem.cost_of(chosen) > self.budget * (1 + SLACK):
            return
        value = tail_mean(self.shares(chosen), self.least)
        if value > self.value:
            self.chosen, self.value, self.method = chosen, value, method

    def settle(self, seconds: float, gap: float, stop: Stop | None) -> bool:
        """Let HiGHS have the rest; True where it was stopped."""
        tail = Tail(rows=self.wards, bases=self.bases, least=self.least)
        answer = exactly(
            self.problem, self.goal, self.chosen, seconds=seconds, gap=gap / 2, seed=self.seed, stop=stop, tail=tail
        )
        if answer.chosen is not None:
            self._offer(answer.chosen, "HiGHS")
        if answer.bound < self.bound:
            self.bound, self.method = max(answer.bound, self.value), "HiGHS"
        return answer.stopped

    def answer(self, *, stopped: bool) -> Solution:
        """Return what was found."""
        if self.chosen is None:
            found = binding(self.problem, -math.inf, self.budget, seed=self.seed)
            raise PlanError("plan_rules_conflict", rule=found.rule or "time")
        chosen = ordered(self.problem, self.chosen)
        return Solution(
            chosen=chosen, value=self.value, cost=self.problem.cost_of(chosen), bound=max(self.bound, self.value),
            gap=self.gap, proven=math.isfinite(self.bound), method=self.method, stopped=stopped,
        )  # fmt: skip
