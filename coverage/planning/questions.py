"""What a plan is asked: a target at least cost, the most for a budget, or the fairest; and what was proven about it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from coverage.errors import PlanError
from coverage.planning.alternatives import NEAR, Alternative, alternatives, curve
from coverage.planning.fairness import fairest
from coverage.planning.phases import Phase, even_phases
from coverage.planning.posing import Posed
from coverage.planning.problem import Cap, Floor, Problem, Solution, Stop, Told, no_candidates
from coverage.planning.solvers import cheapest, most

Goal = Literal["cost", "share", "worst_tenth"]
MAIN, EACH_OTHER, EACH_POINT = 0.4, 0.06, 0.035  # parts of the time for the plan, an alternative, a point of the curve


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A choice and what it is the best of: the least cost, the greatest share, the best worst tenth of wards."""

    goal: Goal
    solution: Solution


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is wanted, and how long to look for it.

    Attributes
    ----------
    level : float or None
        Share to reach, 0–1.
    budget_vnd : float or None
        What may be spent [VND].
    equity : bool
        Whether the worst tenth of the wards is what counts, once the level is met.
    floor : float or None
        Share that every ward must reach, 0–1.
    phases : int or sequence of Phase
    others, points : int
        How many alternatives and points of the curve to look for.
    seconds : float
        For everything together; a bound that was not proven by then stays open.
    seed : int
    told : callable(phase, value, bound) or None
    stop : callable() -> bool or None
        Ends the search; the best so far is kept.
    """

    level: float | None
    budget_vnd: float | None
    equity: bool = False
    floor: float | None = None
    phases: int | Sequence[Phase] = 1
    others: int = 5
    points: int = 8
    seconds: float = 60.0
    seed: int = 0
    told: Told | None = None
    stop: Stop | None = None

    def answer(self, posed: Posed) -> Answer:
        """Return the best choice.

        Raises
        ------
        PlanError
            ``target_unreachable`` and what stands in the way, when no budget was given.
        """
        if self.equity:
            return Answer(goal="worst_tenth", solution=self._fairest(posed))
        if self.level is None or (self.budget_vnd is not None and self._beyond(posed.problem)):
            return Answer(goal="share", solution=self.most(posed.problem, self.budget_vnd or 0.0, MAIN))
        return Answer(goal="cost", solution=self.cheapest(posed.problem, self.level, MAIN))

    def cheapest(self, problem: Problem, level: float, part: float) -> Solution:
        """Return the least cost of a level; raises as `answer`."""
        return cheapest(problem, level, seconds=part * self.seconds, seed=self.seed, progress=self.told, stop=self.stop)

    def most(self, problem: Problem, budget_vnd: float, part: float) -> Solution:
        """Return the greatest measure for a budget."""
        return most(
            problem, budget_vnd, seconds=part * self.seconds, seed=self.seed, progress=self.told, stop=self.stop
        )

    def phases_of(self, cost_vnd: float) -> tuple[Phase, ...]:
        """Return the phases of a plan of that cost."""
        return even_phases(self.phases, cost_vnd) if isinstance(self.phases, int) else tuple(self.phases)

    def caps(self, costs_vnd: Sequence[float]) -> tuple[Cap, ...]:
        """Return what all phases together allow, as rules of the problem."""
        if isinstance(self.phases, int):
            return ()
        everything = np.arange(len(costs_vnd))
        money, steps = sum(phase.budget_vnd for phase in self.phases), [phase.steps for phase in self.phases]
        caps = []
        if math.isfinite(money):
            caps.append(Cap(members=everything, usage=np.array(costs_vnd), upper=money, name="phases:budget"))
        if all(count is not None for count in steps):
            most_steps = float(sum(count or 0 for count in steps))
            caps.append(Cap(members=everything, usage=np.ones(len(costs_vnd)), upper=most_steps, name="phases:steps"))
        return tuple(caps)

    def phase_bounds(self, posed: Posed, phases: Sequence[Phase]) -> list[float]:
        """Return the greatest share that the money of the phases so far can buy; NaN where it is not proven."""
        # Without floors and locked changes more is possible, not less: the bound stays one.
        free = dataclasses.replace(posed.problem, floors=(), locked=no_candidates())
        bounds, money = [], 0.0
        for phase in phases if len(phases) > 1 else ():
            money += phase.budget_vnd
            limit = min(money, float(posed.problem.cost.sum()))
            found = self.most(free, limit, EACH_POINT)
            bounds.append(found.bound if found.proven else math.nan)
        return bounds or [math.nan] * len(phases)

    def others_near(self, posed: Posed, answer: Answer) -> tuple[Alternative, ...]:
        """Return the alternatives to an answer; none are looked for where fairness was asked for."""
        if answer.goal == "worst_tenth" or not self.others:
            return ()

        def solve(problem: Problem) -> Solution:
            if answer.goal == "share":
                return self.most(problem, self.budget_vnd or 0.0, EACH_OTHER)
            return self.cheapest(problem, self.level or 0.0, EACH_OTHER)

        return alternatives(posed.problem, answer.solution, posed.modes.changes, solve, wanted=self.others)

    def curve(self, posed: Posed, before: float, after: float, answer: Answer) -> pd.DataFrame:
        """Return the least cost of shares between today's and that of a plan, the plan itself as its last point."""
        levels = np.linspace(before, after, self.points + 1)[1:] if after > before and self.points else np.zeros(0)

        def solve(level: float) -> Solution:
            if answer.goal == "cost" and level == levels[-1]:
                return answer.solution
            return self.cheapest(posed.problem, level, EACH_POINT)

        return curve(levels.tolist(), solve, before)

    def _beyond(self, problem: Problem) -> bool:
        """Tell whether the level cannot be had for the budget, as far as the search sees."""
        assert self.level is not None
        assert self.budget_vnd is not None
        try:
            return self.cheapest(problem, self.level, MAIN).cost > self.budget_vnd
        except PlanError:
            return True

    def _fairest(self, posed: Posed) -> Solution:
        problem, budget = posed.problem, self.budget_vnd
        if self.level is not None:
            if budget is None:  # as good for the worst wards as the money of the cheapest plan allows
                budget = self.cheapest(problem, self.level, MAIN / 2).cost * (1 + NEAR)
            whole = Floor(weight=problem.weight, base=problem.base, level=self.level, name="target")
            problem = dataclasses.replace(problem, floors=(*problem.floors, whole))
        return fairest(
            problem, posed.wards, posed.ward_bases, budget or 0.0, seconds=MAIN * self.seconds, seed=self.seed,
            progress=self.told, stop=self.stop,
        )  # fmt: skip


def gap_of(goal: Goal, reached: float, bound: float) -> float:
    """Return the relative distance of what was reached to a bound, ≥ 0.

    >>> gap_of("cost", 100.0, 99.0), gap_of("share", 0.2, 0.25)
    (0.01, 0.25)
    """
    short = reached - bound if goal == "cost" else bound - reached
    return max(round(short / reached, 12), 0.0) if reached > 0 else 0.0
