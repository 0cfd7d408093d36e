"""The cheapest choice for a target and the most for a budget: searched, bounded, settled exactly where it can be."""

from __future__ import annotations

import dataclasses
import heapq
import math
import time
from dataclasses import dataclass

import numpy as np

from coverage.errors import PlanError
from coverage.planning.branching import branched
from coverage.planning.exact import exactly
from coverage.planning.infeasible import binding
from coverage.planning.mixes import none_within
from coverage.planning.model import Dual, Flat, Goal, Hunt, Model, contradicts, first_prices, implied
from coverage.planning.problem import SLACK, Floor, IntArray, Problem, Solution, Stop, Told
from coverage.planning.reduction import attainable_below, attainable_from, fixed_by_prices, reduced
from coverage.planning.relaxation import lower
from coverage.planning.ruins import searched

SAFE = 1e-9  # a bound is moved by this share to the safe side: sums of some 1e6 terms are not exact
CYCLES = 24  # of search and bound, at most
WORK = 3e7  # steps of one cycle
FEW = 12  # changes: whole numbers then matter more than the last digits of a bound, and mixes are few
MIXED = 0.2  # gap from which on no proof by mixes is tried: it is all or nothing
ALONE, LEADING = 60, 0.4  # steps of the bound of one floor alone; part of the time for the one that costs most
LIKELY = (0.5, 0.7, 0.9)  # parts of late choices from which on a candidate is taken for chosen
LONG = 5.0  # seconds that must be left to look at the target without its floors
FLOORED = 5  # times as many steps of the bound where there are floors: their prices take long to find
EXACT_SIZE = 60_000  # entries up to which HiGHS is tried


def cheapest(
    problem: Problem, target: float, *, seconds: float = 60.0, gap: float = 0.005, seed: int = 0,
    progress: Told | None = None, stop: Stop | None = None,
) -> Solution:  # fmt: skip
    """Return the least cost that reaches a value, and what is proven about it.

    Parameters
    ----------
    problem : Problem
    target : float
        `Solution.value` reaches it.
    seconds : float
        Time limit. A choice found before it does not depend on the machine unless the limit was met (`stopped`).
    gap : float, ≥ 0
        Stop as soon as so small a gap is proven; 0 goes on to the optimum while that is near.
    seed : int
        The same seed gives the same answer.
    progress : callable(phase, best cost, bound) or None
    stop : callable() → bool or None
        Asked now and then; the best choice so far is returned.

    Raises
    ------
    PlanError
        ``target_unreachable`` with the best value that is known to be reachable (``best``) and the rule that stands in
        the way (``rule``, see `coverage.planning.infeasible.Binding`; ``time`` where nothing is known to), where no
        allowed choice reaches the target or none was found in time.
    """
    goal = Goal(target=target)
    return _Run(problem, goal, seconds=seconds, gap=gap, seed=seed, progress=progress, stop=stop).solution()


def most(
    problem: Problem, budget: float, *, seconds: float = 60.0, gap: float = 0.005, seed: int = 0,
    progress: Told | None = None, stop: Stop | None = None,
) -> Solution:  # fmt: skip
    """Return the most value for a cost that is not passed, and what is proven about it; arguments as `cheapest`.

    Raises
    ------
    PlanError
        ``plan_rules_conflict`` with the ``rule`` that binds, where no allowed choice was found.
    """
    goal = Goal(budget=budget)
    return _Run(problem, goal, seconds=seconds, gap=gap, seed=seed, progress=progress, stop=stop).solution()


def ordered(problem: Problem, chosen: tuple[int, ...]) -> tuple[int, ...]:
    """Return a choice in an order that is good early: most gain per cost first, what is required before its user."""
    needs: dict[int, set[int]] = {a: set() for a in chosen}
    for a, b in problem.requires:
        if a in needs:
            needs[a].add(b)
    covered, waiting = np.zeros(len(problem.weight), dtype=bool), set(chosen)
    order: list[int] = []

    def rate(j: int) -> float:
        own = problem.elements(j)
        return float(problem.weight[own[~covered[own]]].sum()) / max(float(problem.cost[j]), 1e-300)

    heap = [(-rate(j), j, 0) for j in sorted(chosen)]
    heapq.heapify(heap)
    blocked: list[tuple[float, int, int]] = []
    while heap or blocked:
        if not heap:  # whatever waits for something that is not chosen: rules are broken, order is not
            heap, blocked = [(value, j, seen) for value, j, seen in blocked], []
            needs = {a: set() for a in chosen}
        value, j, seen = heapq.heappop(heap)
        if needs[j] & waiting:
            blocked.append((value, j, seen))
            continue
        if seen < len(order):
            heapq.heappush(heap, (-rate(j), j, len(order)))
            continue
        covered[problem.elements(j)] = True
        order.append(j)
        waiting.discard(j)
        for item in blocked:
            heapq.heappush(heap, item)
        blocked = []
    return tuple(order)


@dataclass(kw_only=True, eq=False)
class _Best:
    chosen: tuple[int, ...] | None = None
    score: float = -math.inf  # value, or minus cost
    by: str = "greedy"


class _Run:
    """One problem on its way: the best choice, the bound, and the time that is left."""

    def __init__(
        self, problem: Problem, goal: Goal, *, seconds: float, gap: float, seed: int, progress: Told | None,
        stop: Stop | None,
    ) -> None:  # fmt: skip
        self.problem, self.goal, self.gap, self.seed = problem, goal, gap, seed
        self.progress, self.stop = progress, stop
        self.ends = time.monotonic() + seconds
        self.flat = Flat(problem=problem, goal=goal)
        self.best, self.bound = _Best(), math.inf  # bound: no score is better
        self.halted, self.proof = False, "Lagrangian bound"
        self.leading = 0  # floor whose price leads; 0 is the target

    def solution(self) -> Solution:
        """Search and bound in turn, then settle the rest exactly."""
        self._search(rounds=0, cycle=0)
        if self.goal.cheapest and self.problem.floors:
            self._floor_by_floor()
        dual = self._cycles()
        if dual is not None and not self._done():
            if self.problem.sets.nnz > EXACT_SIZE and self._gap() < MIXED:
                self._prove_by_mixes()
            if not self._done():
                self._settle(self.flat.bounding, dual)
        if self.best.chosen is None:
            self._give_up()
        return self._answer()

    def _cycles(self) -> Dual | None:
        """Return the prices after search and bound have taken turns until neither gains."""
        model = self.flat.bounding
        dual, before = first_prices(model, self.leading), (math.inf, -math.inf)
        rounds, iterations = _rounds(self.flat.searching), _iterations(model)
        for cycle in range(1, CYCLES + 1):
            lower(model, dual, iterations, self._aim())
            if dual.infeasible:
                return None if self.best.chosen is None else dual
            self._bounded(dual.bound)
            if self._done():
                return dual
            self._search(rounds=rounds, cycle=cycle)
            if self.problem.floors and not self._late():
                # What the prices would choose, filled up, is another place to search from.
                likely = (self.flat.state == 1) | (dual.mean > LIKELY[cycle % len(LIKELY)])
                self._search(rounds=rounds, cycle=cycle, start_from=tuple(np.flatnonzero(likely).tolist()))
            if self._done():
                return dual
            now = (self.bound, self.best.score)
            settled = before[0] - now[0] <= 2e-3 * abs(now[0]) or not self.problem.floors
            if cycle > 2 and self.best.chosen is not None and len(self.best.chosen) <= FEW and settled:
                break
            if cycle > 6 and before[0] - now[0] <= 1e-5 * abs(now[0]) and now[1] - before[1] <= 1e-7 * abs(now[1]):
                break
            before = now
        return dual

    def _floor_by_floor(self) -> None:
        """Find the floor, or the target, that costs most by itself: its bound is one, and prices begin with it."""
        assert self.goal.target is not None
        problem = self.problem
        target = Floor(weight=problem.weight, base=problem.base, level=self.goal.target, name="target")
        bounds = []
        for floor in (target, *problem.floors):
            alone = dataclasses.replace(problem, weight=floor.weight, base=floor.base, floors=())
            if floor.level - floor.base <= SLACK:
                bounds.append(0.0)
                continue
            model = Flat(problem=alone, goal=Goal(target=floor.level)).bounding
            dual = first_prices(model)
            lower(model, dual, ALONE, self._aim())
            bounds.append(math.inf if dual.infeasible else -dual.bound)
            if math.isinf(bounds[-1]) or self._late():
                break
        self.leading = int(np.argmax(bounds))
        floor = (target, *problem.floors)[self.leading]
        if math.isinf(max(bounds)) or self._late() or (self.leading == 0 and self.ends - time.monotonic() < LONG):
            return
        alone = dataclasses.replace(problem, weight=floor.weight, base=floor.base, floors=())
        part = LEADING if self.leading else LEADING / 4  # without its floors the target alone proves little
        seconds = max(part * (self.ends - time.monotonic()), 0.0)
        found = cheapest(alone, floor.level, seconds=seconds, gap=self.gap, seed=self.seed, stop=self.stop)
        if found.proven:
            self._bounded(-found.bound)
        if not self._late():
            self._search(rounds=_rounds(self.flat.searching), cycle=0, start_from=found.chosen)

    def _late(self) -> bool:
        return time.monotonic() > self.ends or (self.stop is not None and self.stop())

    def _aim(self) -> float:
        """Return what the steps of the bound aim at: the best score, or a guess where there is none."""
        if self.goal.cheapest:
            return self.best.score if self.best.chosen is not None else -float(self.problem.cost.sum())
        return max(self.best.score - self.problem.base, 0.0)

    def _search(self, *, rounds: int, cycle: int, start_from: tuple[int, ...] | None = None) -> None:
        model, problem = self.flat.searching, self.problem
        start = np.zeros(problem.count, dtype=np.int8)
        begin = self.best.chosen if start_from is None else start_from
        start[self.flat.state == 1 if begin is None else list(begin)] = 1
        if self.best.chosen is None and problem.broken(np.flatnonzero(start).tolist()) and not problem.floors:
            return  # what is locked breaks the rules already
        unit = abs(self.best.score) / max(len(self.best.chosen), 1) if self.best.chosen is not None else 0.0
        target = math.inf if self.goal.target is None else self.goal.target - problem.base - SLACK / 2
        hunt = Hunt(
            target=target, rounds=rounds, heat=(0.03 if cycle % 3 else 0.1) * unit,
            noise=(0.1, 0.3, 0.2)[cycle % 3], most_out=(6, 3, 9)[cycle % 3], seed=self.seed * 1000 + cycle,
        )  # fmt: skip
        found, score = searched(model, hunt, start)
        if math.isfinite(score):
            self._offer(tuple(np.flatnonzero(found).tolist()), "local search" if rounds else "greedy")

    def _offer(self, chosen: tuple[int, ...], by: str) -> None:
        """Take a choice if it keeps all rules, counted anew, and is better than the best."""
        problem, goal = self.problem, self.goal
        value, cost = problem.value_of(chosen), problem.cost_of(chosen)
        if problem.broken(chosen) or cost > goal.budget * (1 + SLACK):
            return
        if goal.target is not None and value < goal.target - SLACK:
            return
        score = -cost if goal.cheapest else value
        if score > self.best.score + 1e-12 * abs(score) or self.best.chosen is None:
            self.best = _Best(chosen=chosen, score=score, by=by)

    def _bounded(self, bound: float) -> None:
        safe = bound + SAFE * abs(bound) + (0 if self.goal.cheapest else self.problem.base)
        if self.goal.cheapest:
            safe = min(safe, 0.0)
        self.bound = min(self.bound, safe)

    def _done(self) -> bool:
        """Tell whether the gap is small enough, nothing better can be attained, or the caller or the time says stop."""
        if self.progress is not None:
            sign = -1.0 if self.goal.cheapest else 1.0
            self.progress(self.best.by, sign * self.best.score, sign * self.bound)
        if self.best.chosen is not None:
            if self.goal.cheapest and self.bound < -attainable_below(self.problem.cost, -self.best.score) * (1 + SAFE):
                self.bound = self.best.score
            if self._gap() <= max(self.gap, 2 * SAFE):
                return True
        if self._late():
            self.halted = True
        return self.halted

    def _gap(self) -> float:
        if self.best.score == self.bound:
            return 0.0
        size = abs(self.best.score)
        return max(0.0, self.bound - self.best.score) / size if size > 0 else math.inf

    def _prove_by_mixes(self) -> None:
        """Prove that nothing is better than the best by more than the gap, or find what is."""
        goal, ends = self.goal, time.monotonic() + 0.6 * max(self.ends - time.monotonic(), 0.0)
        while self.best.chosen is not None and not self.halted:
            wanted = self.best.score + abs(self.best.score) * max(0.999 * self.gap, SAFE)
            target, limit = (wanted, goal.budget) if goal.target is None else (goal.target, -wanted)
            proof = none_within(self.problem, target, limit, ends=ends, stop=self.stop)
            if proof.none:
                self.bound, self.proof = min(self.bound, wanted), "bounds by mix of costs"
            before = self.best.score
            if proof.chosen is not None:
                self._offer(proof.chosen, "branch and bound")
            if self.best.score == before:
                return

    def _settle(self, model: Model, dual: Dual) -> None:
        """Fix what prices decide, and solve what is left: by HiGHS where it is small, else by branching."""
        problem, goal = self.problem, self.goal
        wanted = self._better()
        state = implied(problem, fixed_by_prices(model, dual, wanted - (0 if goal.cheapest else problem.base)))
        if contradicts(problem, state):
            self.bound = self.best.score  # nothing is better
            return
        left = reduced(problem, state)
        budget, target = goal.budget - left.spent, goal.target
        rest = time.monotonic()
        if self.ends <= rest:
            return
        small = Goal(target=target, budget=budget)
        if left.problem.sets.nnz <= EXACT_SIZE:
            answer = exactly(
                left.problem, small, self._within(left.kept, left.chosen), seconds=self.ends - rest,
                gap=self.gap / 2, seed=self.seed, stop=self.stop,
            )  # fmt: skip
            sign = -1.0 if goal.cheapest else 1.0
            bound = sign * answer.bound - (left.spent if goal.cheapest else 0.0)
            chosen, name, self.halted = answer.chosen, "HiGHS", answer.stopped
        else:
            tree = branched(
                Flat(problem=left.problem, goal=small), wanted + left.spent if goal.cheapest else wanted,
                ends=self.ends, gap=self.gap / 2, stop=self.stop,
            )  # fmt: skip
            bound = tree.bound - (left.spent if goal.cheapest else 0.0)
            chosen, name, self.halted = tree.chosen, "branch and bound", tree.stopped
        if chosen is not None:
            self._offer((*left.chosen, *left.kept[list(chosen)].tolist()), name)
        bound = max(bound, self.best.score)  # a choice outside of what is left is no better than the best
        if bound < self.bound:
            self.bound, self.proof = bound, name
        self._done()

    def _better(self) -> float:
        """Return the least score that would be better than the best."""
        if self.best.chosen is None:
            return -math.inf
        if self.goal.cheapest:
            return -attainable_below(self.problem.cost, -self.best.score)
        return self.best.score

    def _within(self, kept: IntArray, inside: tuple[int, ...]) -> tuple[int, ...] | None:
        """Return the best choice as one of what is left, None where it is not."""
        if self.best.chosen is None:
            return None
        place = {int(j): k for k, j in enumerate(kept.tolist())}
        rest = set(self.best.chosen) - set(inside)
        return tuple(place[j] for j in sorted(rest)) if rest <= place.keys() else None

    def _give_up(self) -> None:
        goal = self.goal
        found = binding(self.problem, -math.inf if goal.target is None else goal.target, goal.budget, seed=self.seed)
        rule = found.rule or "time"
        if goal.target is None:
            raise PlanError("plan_rules_conflict", rule=rule)
        raise PlanError(
            "target_unreachable", target=goal.target, best=found.best, changes=self.problem.count, rule=rule
        )

    def _answer(self) -> Solution:
        assert self.best.chosen is not None
        problem, chosen = self.problem, ordered(self.problem, self.best.chosen)
        value, cost, bound = problem.value_of(chosen), problem.cost_of(chosen), self.bound
        method = f"{self.best.by} + {self.proof}"
        if self.goal.cheapest:
            bound = min(attainable_from(problem.cost, -bound, cost), cost)
            gap = (cost - bound) / cost if cost > 0 else 0.0
        else:
            bound = max(bound, value)
            gap = (bound - value) / value if value > 0 else (0.0 if bound <= 0 else math.inf)
        return Solution(
            chosen=chosen, value=value, cost=cost, bound=bound, gap=gap, proven=math.isfinite(bound), method=method,
            stopped=self.halted,
        )  # fmt: skip


def _rounds(model: Model) -> int:
    """Return how many rounds of the search make one cycle: by the work of one, not by the clock."""
    n, m, *_ = model.sizes
    each = 12 * (len(model.set) / max(n, 1) * len(model.set) / max(m, 1) + n)
    return int(min(5000, max(30, WORK / max(each, 1.0))))


def _iterations(model: Model) -> int:
    n, m, _, floors, _ = model.sizes
    more = FLOORED if floors > model.cheapest else 1
    return int(more * min(200, max(30, WORK / (2 * len(model.set) + 20 * n + 10 * m + 1))))
