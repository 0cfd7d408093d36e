"""Branch and bound on Lagrangian bounds: for instances with more entries than a linear program digests in time."""

from __future__ import annotations

import heapq
import math
import time
from dataclasses import dataclass

import numpy as np

from coverage.planning.model import Dual, Flat, Hunt, State, contradicts, first_prices, implied
from coverage.planning.problem import SLACK, Stop
from coverage.planning.reduction import fixed_by_prices
from coverage.planning.relaxation import lower
from coverage.planning.ruins import searched

SAFE = 1e-9  # as in `coverage.planning.solvers`
FIRST_STEPS, STEPS = 300, 40  # of the bound at the root, and at every other node


@dataclass(frozen=True, kw_only=True)
class Tree:
    """What branching found and proved.

    Attributes
    ----------
    chosen : tuple of int or None
        A choice with a score of at least what was wanted; None where there is none, or none was found in time.
    bound : float
        No choice has a better score (value, or minus cost) than this; −∞ where there is no choice at all.
    nodes : int
    stopped : bool
    """

    chosen: tuple[int, ...] | None
    bound: float
    nodes: int
    stopped: bool


def branched(
    flat: Flat, wanted: float, dual: Dual | None = None, *, ends: float = math.inf, gap: float = 0.0,
    stop: Stop | None = None, nodes: int = 100_000,
) -> Tree:  # fmt: skip
    """Return the best choice with a score of at least `wanted`, or the proof that there is none.

    Parameters
    ----------
    flat : Flat
    wanted : float
        Value, or minus cost, below which nothing is of interest.
    dual : Dual or None
        Prices to begin with.
    ends : float
        `time.monotonic` at which to stop.
    gap : float
        Relative distance to the bound that is near enough.
    stop : callable() → bool or None
    nodes : int
        Nodes looked at, at most.
    """
    return _Branching(flat, wanted, gap).run(dual, ends, stop, nodes)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Node:
    bound: float
    state: State
    dual: Dual


class _Branching:
    """Nodes that are still open, best bound first; bounds and scores without the base."""

    def __init__(self, flat: Flat, wanted: float, gap: float) -> None:
        self.flat, self.gap = flat, gap
        self.base = 0.0 if flat.goal.cheapest else flat.problem.base
        self.wanted, self.closed, self.found = wanted - self.base, -math.inf, -math.inf
        self.chosen: tuple[int, ...] | None = None
        self.open: list[tuple[float, int, _Node]] = []
        self.pushed = 0

    def run(self, dual: Dual | None, ends: float, stop: Stop | None, nodes: int) -> Tree:
        """Look at nodes until none is open or the time is over."""
        looked, stopped = 0, False
        root = _Node(bound=math.inf, state=self.flat.state, dual=dual or first_prices(self.flat.bounding))
        self._push(root)
        while self.open:
            if time.monotonic() > ends or looked >= nodes or (stop is not None and stop()):
                stopped = True
                break
            _, _, node = heapq.heappop(self.open)
            if self._near(node.bound):
                self.closed = max(self.closed, node.bound)
                continue
            self._look(node, FIRST_STEPS if looked == 0 else STEPS)
            looked += 1
        left = max([self.closed, self.found, *(-bound for bound, _, _ in self.open)])
        return Tree(chosen=self.chosen, bound=left + self.base, nodes=looked, stopped=stopped)

    def _push(self, node: _Node) -> None:
        self.pushed += 1
        heapq.heappush(self.open, (-node.bound, self.pushed, node))

    def _near(self, bound: float) -> bool:
        """Tell whether a bound leaves nothing of interest."""
        return bound < self.wanted - SAFE * abs(self.wanted) or (
            self.chosen is not None and bound <= self.wanted + self.gap * abs(self.wanted + self.base)
        )

    def _look(self, node: _Node, steps: int) -> None:
        """Bound a node, fix what its prices decide, and branch."""
        dual, state = node.dual, node.state
        model = self.flat.bounding.with_state(state)
        dual.step = max(dual.step, 0.1)
        lower(model, dual, steps, self.wanted - 2 * SAFE * abs(self.wanted))
        if dual.infeasible:
            return
        bound = min(node.bound, dual.bound + SAFE * abs(dual.bound))
        if self._near(bound):
            self.closed = max(self.closed, bound)
            return
        state = implied(self.flat.problem, fixed_by_prices(model, dual, self.wanted))
        if contradicts(self.flat.problem, state):
            self.closed = max(self.closed, self.wanted)
            return
        self._try(state)
        free = np.flatnonzero(state == 0)
        if not len(free):
            return
        share = dual.mean[free]
        weight = np.abs(dual.reduced[free]) + 1e-300
        j = int(free[np.argmax(np.minimum(share, 1 - share) + 1e-9 / weight)])
        inside, outside = state.copy(), state.copy()
        inside[j], outside[j] = 1, -1
        self._push(_Node(bound=bound, state=implied(self.flat.problem, inside), dual=dual.copied()))
        self._push(_Node(bound=bound, state=implied(self.flat.problem, outside), dual=dual))

    def _try(self, state: State) -> None:
        """Fill the choice of a node up greedily; take it if it is as good as wanted."""
        problem, goal = self.flat.problem, self.flat.goal
        target = math.inf if goal.target is None else goal.target - problem.base - SLACK / 2
        start = (state == 1).astype(np.int8)
        found, score = searched(self.flat.searching.with_state(state), Hunt(target=target), start)
        chosen = tuple(np.flatnonzero(found).tolist())
        if not math.isfinite(score) or problem.broken(chosen) or problem.cost_of(chosen) > goal.budget * (1 + SLACK):
            return
        value = problem.value_of(chosen)
        if goal.target is not None and value < goal.target - SLACK:
            return
        score = -problem.cost_of(chosen) if goal.cheapest else value - problem.base
        if score > self.wanted or (score >= self.wanted - SAFE * abs(self.wanted) and self.chosen is None):
            self.chosen, self.found, self.wanted = chosen, score, max(score, self.wanted)
