"""The cheapest set that reaches a target in most draws: a heuristic, and a proven bound on what it could cost."""

from __future__ import annotations

import dataclasses
import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from coverage.errors import PlanError
from coverage.planning.problem import SLACK, Cap, IntArray, Problem, Stop, merged
from coverage.planning.solvers import cheapest
from coverage.planning.worlds import Bits, Worlds

FloatArray = NDArray[np.float64]


class Kept(Protocol):
    """What a choice has to keep, in numbers of the list of changes; as of `coverage.planning.offers.Candidates`."""

    @property
    def exclusive(self) -> tuple[IntArray, ...]:
        """At most one of each group."""

    @property
    def requires(self) -> tuple[tuple[int, int], ...]:
        """(a, b): a only together with b."""

    @property
    def caps(self) -> tuple[Cap, ...]:
        """What the chosen may use together."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Chance:
    """The question: at least `needed` of the draws of some worlds shall reach `level`, at the least cost.

    Attributes
    ----------
    worlds : Worlds
    cost : float ndarray of shape (changes,), ≥ 0
    level : float
        Share to reach in a draw, 0–1.
    needed : int
        Number of draws that must reach it, 1 to all.
    kept : Kept or None
    locked : tuple of int
        Changes that are chosen whatever they bring.
    stop : callable() -> bool or None
        Ends the search for a better set; the best so far is kept.
    """

    worlds: Worlds
    cost: FloatArray
    level: float
    needed: int
    kept: Kept | None = None
    locked: tuple[int, ...] = ()
    stop: Stop | None = None

    def reached(self, shares: FloatArray) -> int:
        """Return in how many draws the level is reached."""
        return int((shares >= self.level - SLACK).sum())

    def rules(self) -> Problem:
        """Return the rules alone, as a problem without elements."""
        empty = sparse.csr_array((len(self.cost), 0))
        locked = np.array(self.locked, dtype=np.int64)
        free = Problem(sets=empty, weight=np.zeros(0), cost=self.cost, locked=locked)
        if self.kept is None:
            return free
        kept = self.kept
        return dataclasses.replace(free, exclusive=kept.exclusive, requires=kept.requires, caps=kept.caps)

    def best(self) -> tuple[int, ...]:
        """Return a set that reaches the level in enough draws, in an order that is good early.

        Raises
        ------
        PlanError
            ``target_unreachable_in_draws`` when greedy with everything allowed does not reach it, with the number of
            draws that do.

        Notes
        -----
        Greedy on the sum over draws of what each still lacks, the most per cost; such sums of truncated covers are
        submodular, so gains that were worked out earlier are bounds (Minoux 1978). Once for all draws, then for the
        draws that are easiest to reach with what was found, as long as that is cheaper; then what can be left out is
        left out, and single changes are replaced by cheaper ones.
        """
        every = np.ones(self.worlds.count, dtype=bool)
        found = self._greedy(every)
        while True:
            easiest = np.zeros(self.worlds.count, dtype=bool)
            shares = self.worlds.steps(found)[-1]
            easiest[np.argsort(-shares, kind="stable")[: self.needed]] = True
            try:
                again = self._greedy(easiest)
            except PlanError:  # another order may run into a cap
                break
            if self._cost(again) >= self._cost(found):
                break
            found = again
        return self._ordered(self._swapped(self._thinned(found)))

    def _cost(self, chosen: Sequence[int]) -> float:
        return float(self.cost[list(chosen)].sum())

    def _greedy(self, active: NDArray[np.bool_]) -> list[int]:
        worlds, rules = self.worlds, self.rules()
        covered = worlds.today.copy()
        chosen: list[int] = []
        for change in self._with_needed(rules.locked.tolist(), rules):
            chosen.append(change)
            worlds.with_changes(covered, change)
        lacking = self._lacking(covered, active)
        heap = [(-math.inf, n, -1) for n in range(len(self.cost)) if n not in chosen]
        while self.reached(worlds.shares(covered)) < self.needed:
            picked = self._next(heap, covered, lacking, chosen, rules)
            if picked is None:
                reached = self.reached(worlds.shares(covered))
                raise PlanError(
                    "target_unreachable_in_draws", target=self.level, reached=reached, needed=self.needed,
                    draws=worlds.count, changes=len(self.cost),
                )  # fmt: skip
            for change in picked:
                chosen.append(change)
                worlds.with_changes(covered, change)
            lacking = self._lacking(covered, active)
        return chosen

    def _lacking(self, covered: Bits, active: NDArray[np.bool_]) -> FloatArray:
        return np.where(active, np.maximum(self.level - self.worlds.shares(covered), 0.0), 0.0)

    def _next(
        self, heap: list[tuple[float, int, int]], covered: Bits, lacking: FloatArray, chosen: list[int], rules: Problem
    ) -> list[int] | None:
        """Return the change of the most gain per cost with what it requires; None where nothing helps."""
        while heap:
            rate, change, seen = heapq.heappop(heap)
            if rate == 0.0:
                return None
            if change in chosen:
                continue
            bundle = self._with_needed([change], rules, chosen)
            if rules.broken([*chosen, *bundle]):
                continue  # exclusive groups and caps only fill up: it will not be allowed later either
            if seen == len(chosen):
                return bundle
            gain = float(np.minimum(self.worlds.gains(covered, change), lacking).sum())
            heapq.heappush(heap, (-gain / max(self._cost(bundle), 1.0), change, len(chosen)))
        return None

    @staticmethod
    def _with_needed(changes: Sequence[int], rules: Problem, chosen: Sequence[int] = ()) -> list[int]:
        bundle = [change for change in changes if change not in chosen]
        for change in bundle:  # grows while it is walked
            bundle += [b for a, b in rules.requires if a == change and b not in bundle and b not in chosen]
        return bundle

    def _allowed(self, chosen: Sequence[int], rules: Problem) -> bool:
        if rules.broken(chosen):
            return False
        return self.reached(self.worlds.steps(chosen)[-1]) >= self.needed

    def _thinned(self, chosen: list[int]) -> list[int]:
        """Leave out what is not needed, the dearest and latest first."""
        rules = self.rules()
        for change in sorted(chosen, key=lambda n: (-self.cost[n], -chosen.index(n))):
            rest = [n for n in chosen if n != change]
            if not self._stopped and self._allowed(rest, rules):
                chosen = rest
        return chosen

    def _swapped(self, chosen: list[int]) -> list[int]:
        """Replace single changes by cheaper ones while that keeps the level."""
        rules = self.rules()
        for change in sorted(chosen, key=lambda n: -self.cost[n]):
            rest = [n for n in chosen if n != change]
            covered = self._covered(rest)
            shares = self.worlds.shares(covered)
            for other in np.argsort(self.cost, kind="stable").tolist():
                if self.cost[other] >= self.cost[change] or self._stopped:
                    break
                if other in chosen or rules.broken([*rest, other]):
                    continue
                if self.reached(shares + self.worlds.gains(covered, other)) >= self.needed:
                    chosen = [*rest, other]
                    break
        return chosen

    def _covered(self, chosen: Sequence[int]) -> Bits:
        covered = self.worlds.today.copy()
        for change in chosen:
            self.worlds.with_changes(covered, change)
        return covered

    @property
    def _stopped(self) -> bool:
        return self.stop is not None and self.stop()

    def _ordered(self, chosen: Sequence[int]) -> tuple[int, ...]:
        """Return the set in the order of the most mean gain per cost, each after what it requires."""
        rules, left, order = self.rules(), list(chosen), list[int]()
        covered = self.worlds.today.copy()
        while left:
            ready = [n for n in left if not any(a == n and b in left for a, b in rules.requires)] or left
            rates = [self.worlds.gains(covered, n).mean() / max(self.cost[n], 1.0) for n in ready]
            best = ready[int(np.argmax(rates))]
            left.remove(best)
            order.append(best)
            self.worlds.with_changes(covered, best)
        return tuple(order)

    def bound(self, chosen: Sequence[int], *, seconds: float = 60.0, seed: int = 0) -> float:
        """Return a cost below which no set reaches the level in enough draws; 0 where nothing was proven.

        Parameters
        ----------
        chosen : sequence of int
            A set that does; the draws it comes least far in are looked at.
        seconds : float
        seed : int

        Notes
        -----
        Of K draws a set may fail K − needed. So of any K − needed + 1 it reaches one, and it costs no less than the
        least of the bounds of these draws by themselves.
        """
        failing = self.worlds.count - self.needed + 1
        hardest = np.argsort(self.worlds.steps(chosen)[-1], kind="stable")[:failing]
        bounds = []
        for draw in hardest.tolist():
            alone = self._alone(draw)
            if alone.value_of(range(alone.count)) < self.level - SLACK:
                continue  # nothing reaches this one: the set reaches another of them
            found = cheapest(alone, self.level, seconds=seconds / failing, seed=seed, stop=self.stop)
            bounds.append(found.bound if found.proven else 0.0)
        return min(bounds)

    def _alone(self, draw: int) -> Problem:
        """Return the problem of one draw by itself; rules that only forbid are left out, which can only be cheaper."""
        worlds, start = self.worlds, self.worlds.today_in(draw)
        rows = [worlds.mask(change, draw) for change in range(len(self.cost))]
        pointers = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
        index = np.concatenate([*rows, np.zeros(0, dtype=np.int32)])
        sets = sparse.csr_array((np.ones(len(index)), index, pointers), shape=(len(rows), len(worlds.weight)))
        small, rules = merged(sets, worlds.weight, start), self.rules()
        return Problem(
            sets=small.sets, weight=small.weight, cost=self.cost, base=small.base, requires=rules.requires,
            locked=np.array(self._with_needed(rules.locked.tolist(), rules), dtype=np.int64),
        )  # fmt: skip
