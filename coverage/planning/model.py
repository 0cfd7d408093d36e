"""A planning problem as the flat arrays that the loops read: once for bounds, once for the search of a choice."""

from __future__ import annotations

import copy
import dataclasses
import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from coverage.planning.cuts import cuts
from coverage.planning.problem import SLACK, FloatArray, Floor, IntArray, Problem

Ints = NDArray[np.int32]
State = NDArray[np.int8]

ROW_SCALE, FLOOR_SCALE = 3e-3, 3e-5  # how far prices of rules and floors move beside those of elements: tried out


@dataclass(frozen=True, kw_only=True)
class Goal:
    """What is sought: least cost for a target, or most value for a budget.

    Attributes
    ----------
    target : float or None
        Value to reach at least cost; None where value is sought.
    budget : float
        Cost that may not be passed; infinite where cost is sought.
    """

    target: float | None = None
    budget: float = math.inf

    @property
    def cheapest(self) -> bool:
        """Whether cost is sought."""
        return self.target is not None


@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """Flat arrays of a problem: sets by candidate and by element, rules by candidate, floors by element.

    Attributes
    ----------
    sizes : (candidates, elements, rules, floors, groups)
    set_at, set, by_at, by : int32 ndarray
        Elements of candidate j: ``set[set_at[j]:set_at[j + 1]]``; candidates of an element the same way in ``by``.
    row_at, row, usage, upper
        What candidate j uses of which rule, and how much there is of it; a usage below 0 adds to it.
    floor_at, floor, floor_weight, need
        What element e adds to which floor, and what the floor needs beyond what is covered anyway.
    group : int32 ndarray of shape (candidates,)
        At most one of each; −1 is none.
    state : int8 ndarray of shape (candidates,)
        1 must be chosen, −1 may not be, 0 free.
    weight, cost : float64 ndarray
    money : float
        The budget where it is no rule but the pivot of a bound.
    cheapest : bool
    simplex : int
        The prices of the first so many floors sum to 1, each at most `cap`.
    cap : float
    """

    sizes: tuple[int, int, int, int, int]
    set_at: Ints
    set: Ints
    by_at: Ints
    by: Ints
    row_at: Ints
    row: Ints
    usage: FloatArray
    upper: FloatArray
    floor_at: Ints
    floor: Ints
    floor_weight: FloatArray
    need: FloatArray
    group: Ints
    state: State
    weight: FloatArray
    cost: FloatArray
    money: float = math.inf
    cheapest: bool = False
    simplex: int = 0
    cap: float = 1.0

    def with_state(self, state: State) -> Model:
        """Return the same model with other candidates fixed."""
        return dataclasses.replace(self, state=np.ascontiguousarray(state, dtype=np.int8))


@dataclass(kw_only=True, eq=False)
class Dual:
    """Prices of a relaxation, and the bound that they prove.

    Attributes
    ----------
    price : float64 ndarray of shape (elements,)
        What it costs to claim an element that no chosen candidate covers.
    row_price, floor_price : float64 ndarray
        Of the rules and the floors.
    row_scale, floor_scale : float64 ndarray
        How far they move in a step, in parts of what all elements are worth.
    reduced : float64 ndarray of shape (candidates,)
        What choosing a candidate is worth at these prices, in the unit of the bound.
    smooth, mean : float64 ndarray
        Averages of late steps: slopes of the elements, choices of candidates (0–1).
    pivot, step : float
    patience : int
        Steps without progress after which the step is shortened.
    bound : float
        No choice has more value than this; minus the cost, where cost is sought.
    infeasible : bool
        Proven: nothing reaches the target.
    """

    price: FloatArray
    row_price: FloatArray
    floor_price: FloatArray
    row_scale: FloatArray
    floor_scale: FloatArray
    reduced: FloatArray
    smooth: FloatArray
    mean: FloatArray
    pivot: float = 1.0
    step: float = 1.0
    patience: int = 12
    bound: float = math.inf
    infeasible: bool = False

    def copied(self) -> Dual:
        """Return the same prices to go on from elsewhere."""
        return copy.deepcopy(self)


@dataclass(frozen=True, kw_only=True)
class Hunt:
    """How a choice is searched.

    Attributes
    ----------
    target : float
        Value to reach at least cost; infinite where value is sought.
    rounds : int
    most_out : int
        Candidates taken out in one round, at most.
    heat : float
        Loss of the objective accepted at the beginning [its unit].
    noise : float
        Share by which the greedy filling errs on purpose.
    seed : int
    """

    target: float = math.inf
    rounds: int = 0
    most_out: int = 5
    heat: float = 0.0
    noise: float = 0.2
    seed: int = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class Flat:
    """The arrays that bounds and search have in common.

    Attributes
    ----------
    problem : Problem
    goal : Goal
    """

    problem: Problem
    goal: Goal = field(default_factory=Goal)

    @cached_property
    def state(self) -> State:
        """Which candidates must or cannot be chosen, as far as the rules alone tell."""
        return fixed_by_rules(self.problem, self.goal.budget)

    @cached_property
    def _groups(self) -> tuple[Ints, list[IntArray]]:
        """The first group of each candidate, and the groups that overlap another: those become rules."""
        group, overlapping = np.full(self.problem.count, -1, dtype=np.int32), []
        for number, members in enumerate(self.problem.exclusive):
            if (group[members] >= 0).any():
                overlapping.append(members)
            else:
                group[members] = number
        return group, overlapping

    def _rows(self, *, budget: bool, bounding: bool) -> tuple[sparse.csr_array, FloatArray]:
        """Rules by candidate, and their limits."""
        problem = self.problem
        parts = [(cap.members, cap.usage, cap.upper) for cap in problem.caps]
        parts += [(members, np.ones(len(members)), 1.0) for members in self._groups[1]]
        parts += [(np.array(pair), np.array([1.0, -1.0]), 0.0) for pair in problem.requires]
        if budget:
            parts.append((np.arange(problem.count), problem.cost, self.goal.budget))
        if bounding:  # a search cannot start from rules that the empty choice breaks
            parts += [(at := np.flatnonzero(usage), -usage[at], -least) for usage, least in cuts(problem)]
        where = [np.full(len(members), number) for number, (members, _, _) in enumerate(parts)]
        columns = np.concatenate([np.zeros(0, dtype=np.int64), *where])
        members = np.concatenate([np.zeros(0, dtype=np.int64), *(part[0] for part in parts)])
        usage = np.concatenate([np.zeros(0), *(part[1] for part in parts)])
        rows = sparse.coo_array((usage, (members, columns)), shape=(problem.count, len(parts))).tocsr()
        upper = np.array([part[2] for part in parts], dtype=np.float64)
        return rows, upper + SLACK * (1 + np.abs(upper))

    def _model(self, floors: list[Floor], weight: FloatArray, *, budget: bool, bounding: bool = True) -> Model:
        problem, (group, _) = self.problem, self._groups
        sets, by = problem.sets, self._by_element
        rows, upper = self._rows(budget=budget, bounding=bounding)
        stacked = [sparse.csr_array(floor.weight[None]) for floor in floors]
        reach = sparse.csr_array(sparse.vstack(stacked).T) if stacked else sparse.csr_array((sets.shape[1], 0))
        need = [floor.level - floor.base - SLACK for floor in floors]
        return Model(
            sizes=(*sets.shape, rows.shape[1], len(floors), len(problem.exclusive)),
            set_at=_ints(sets.indptr), set=_ints(sets.indices), by_at=_ints(by.indptr), by=_ints(by.indices),
            row_at=_ints(rows.indptr), row=_ints(rows.indices), usage=_floats(rows.data), upper=upper,
            floor_at=_ints(reach.indptr), floor=_ints(reach.indices), floor_weight=_floats(reach.data),
            need=np.array(need, dtype=np.float64), group=group, state=self.state,
            weight=_floats(weight), cost=_floats(problem.cost),
        )  # fmt: skip

    @cached_property
    def _by_element(self) -> sparse.csr_array:
        return sparse.csr_array(self.problem.sets.T)

    @cached_property
    def bounding(self) -> Model:
        """The model of a bound: the budget is the pivot, the target a floor."""
        problem, goal = self.problem, self.goal
        floors = list(problem.floors)
        if goal.target is None:
            return dataclasses.replace(self._model(floors, problem.weight, budget=False), money=goal.budget)
        aim = Floor(weight=problem.weight, base=problem.base, level=goal.target, name="target")
        nothing = np.zeros(len(problem.weight))
        return dataclasses.replace(self._model([aim, *floors], nothing, budget=False), cheapest=True)

    @cached_property
    def searching(self) -> Model:
        """The model of a search: the budget is a rule, value counts as it is."""
        bounded = math.isfinite(self.goal.budget)
        return self._model(list(self.problem.floors), self.problem.weight, budget=bounded, bounding=False)


def first_prices(model: Model, leading: int = 0) -> Dual:
    """Return prices to begin with: half of what every element is worth, all of it where cost is sought.

    Where cost is sought, the floor `leading` is all that counts to begin with; the target is number 0.
    """
    n, m, rows, floors, _ = model.sizes
    floor_price = np.zeros(floors)
    if model.simplex:
        floor_price[: model.simplex] = 1 / model.simplex
    elif model.cheapest:
        floor_price[leading if model.need[leading] > 0 else slice(None)] = (
            1.0  # a target that is met already is worth nothing
        )
    worth = model.weight.copy()
    elements = np.repeat(np.arange(m), np.diff(model.floor_at))
    np.add.at(worth, elements, floor_price[model.floor] * model.floor_weight)
    total = max(float(worth.sum()), 1e-300)
    return Dual(
        price=worth if model.cheapest else worth / 2, row_price=np.zeros(rows), floor_price=floor_price,
        row_scale=ROW_SCALE / np.maximum(np.abs(model.upper), 1.0) ** 2,
        floor_scale=_floor_scale(model, total), reduced=np.zeros(n), smooth=np.zeros(m), mean=np.zeros(n),
    )  # fmt: skip


def _floor_scale(model: Model, total: float) -> FloatArray:
    sums = np.bincount(model.floor, model.floor_weight, minlength=model.sizes[3])
    size = np.maximum(np.minimum(np.abs(model.need), sums), 1e-3 * sums)
    scale: FloatArray = np.where(sums > 0, FLOOR_SCALE / np.maximum(size, 1e-100) ** 2, 0.0)
    if model.simplex:
        scale[: model.simplex] = 0.01 / (model.simplex * max(total, 1e-100) ** 2)
    return scale


def fixed_by_rules(problem: Problem, budget: float = math.inf) -> State:
    """Return which candidates must (1) or cannot (−1) be chosen: locked ones, what they exclude, need or overspend."""
    state = np.zeros(problem.count, dtype=np.int8)
    state[problem.locked] = 1
    state[(problem.cost > budget * (1 + SLACK)) & (state == 0)] = -1
    return implied(problem, state)


def implied(problem: Problem, state: State) -> State:
    """Return a state with all that the rules make of it: what is excluded, what is needed, what no longer fits a cap.

    Where the state contradicts the rules, what is in stays in: `contradicts` tells.
    """
    state, before = state.copy(), -1
    while before != (before := int(np.count_nonzero(state))):
        for cap in problem.caps:
            left = cap.upper * (1 + SLACK) + SLACK - cap.usage[state[cap.members] == 1].sum()
            _set(state, cap.members[cap.usage > left], -1)
        for members in problem.exclusive:
            if (state[members] == 1).any():
                _set(state, members, -1)
        for a, b in problem.requires:
            if state[a] == 1:
                _set(state, np.array([b]), 1)
            elif state[b] == -1:
                _set(state, np.array([a]), -1)
    return state


def contradicts(problem: Problem, state: State) -> bool:
    """Tell whether what is in breaks rules whatever else is chosen."""
    inside = set(np.flatnonzero(state == 1).tolist())
    alone = dataclasses.replace(problem, floors=(), requires=())
    return bool(alone.broken(inside)) or any(a in inside and state[b] == -1 for a, b in problem.requires)


def _set(state: State, members: IntArray, value: int) -> None:
    state[members[state[members] == 0]] = value


def _ints(values: NDArray[np.integer]) -> Ints:
    return np.ascontiguousarray(values, dtype=np.int32)


def _floats(values: NDArray[np.floating]) -> FloatArray:
    return np.ascontiguousarray(values, dtype=np.float64)
