"""Covering problems solved exactly by HiGHS, whatever the rules: a mixed-integer model of the sparse instance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from highspy._core import _Highs
from highspy._core.cb import HighsCallbackType
from highspy.highs import HighsCallback
from numpy.typing import NDArray
from scipy import sparse

from coverage.planning.model import Goal, fixed_by_rules
from coverage.planning.problem import SLACK, FloatArray, Problem, Stop

TINY = 1e-9  # HiGHS ignores coefficients at or below it


@dataclass(frozen=True, kw_only=True, eq=False)
class Tail:
    """The mean of the worst shares as an objective: of ``least`` wards out of all rows.

    Attributes
    ----------
    rows : csr_array of shape (w, m)
        What each element adds to the share of a ward.
    bases : float ndarray of shape (w,)
        What is covered of each ward whatever is chosen.
    least : float, ≥ 1
        How many of the worst wards count; need not be whole.
    """

    rows: sparse.csr_array
    bases: FloatArray
    least: float


def tail_mean(shares: FloatArray, least: float) -> float:
    """Return the mean of the worst shares, of `least` of them; the last counts by the part that is left for it.

    >>> tail_mean(np.array([0.5, 0.25, 0.75]), 1.5)  # all of 0.25 and half of 0.5
    0.3333333333333333
    """
    ascending = np.sort(shares)
    part = np.clip(least - np.arange(len(shares)), 0.0, 1.0)
    return float(ascending @ part) / least


@dataclass(frozen=True, kw_only=True)
class Exact:
    """What HiGHS found and proved.

    Attributes
    ----------
    chosen : tuple of int or None
        None where it found nothing.
    bound : float
        Of the cost, where cost is sought, else of the value; holds whenever HiGHS was stopped.
    optimal, infeasible, stopped : bool
    """

    chosen: tuple[int, ...] | None
    bound: float
    optimal: bool
    infeasible: bool
    stopped: bool


def exactly(
    problem: Problem, goal: Goal, start: tuple[int, ...] | None = None, *, seconds: float = 60.0, gap: float = 0.0,
    seed: int = 0, stop: Stop | None = None, tail: Tail | None = None,
) -> Exact:  # fmt: skip
    """Return the best choice that HiGHS proves within a time.

    Parameters
    ----------
    problem : Problem
    goal : Goal
    start : tuple of int or None
        An allowed choice to begin with.
    seconds : float
        After so long the best found and the bound proven until then are returned: they then depend on the machine.
    gap : float
        Relative distance to the bound at which it may stop.
    seed : int
    stop : callable() → bool or None
    tail : Tail or None
        The objective, instead of the value.
    """
    model = _Linear(problem, goal, tail)
    if not problem.count:
        return model.nothing_to_choose()
    solver, program = _Quiet(), model.program()
    options = {
        "threads": 1, "random_seed": seed, "time_limit": max(seconds, 0.01), "mip_rel_gap": gap,
        "mip_abs_gap": 1e-12, "mip_feasibility_tolerance": 1e-9, "primal_feasibility_tolerance": 1e-9,
    }  # fmt: skip
    for name, value in options.items():
        solver.setOptionValue(name, value)
    solver.passModel(program)
    if start is not None:
        solution = highspy.HighsSolution()
        solution.col_value = model.values_of(start).tolist()
        solver.setSolution(solution)
    halted = _Halt(stop)
    if stop is not None:
        solver.cbMipInterrupt.subscribe(halted)
    solver.run()
    if start is not None and not model.consistent(solver):
        # Presolved to nothing with a solution given, HiGHS 1.16 tells an objective of 0 and a bound of 0.
        solver.clearSolver()
        solver.passModel(program)
        solver.run()
    return model.read(solver)


class _Quiet(highspy.Highs):
    """HiGHS without its banner: the class of the library lets it print before it can be told not to."""

    def __init__(self) -> None:
        _Highs.__init__(self)
        self.setOptionValue("output_flag", False)
        kinds = range(int(HighsCallbackType.kCallbackMax) + 1)
        self.callbacks = [HighsCallback(HighsCallbackType(kind), self) for kind in kinds]
        self.enableCallbacks()  # type: ignore[no-untyped-call]


class _Halt:
    """Asks the caller now and then whether to stop."""

    def __init__(self, stop: Stop | None) -> None:
        self.stop = stop

    def __call__(self, event: Any) -> None:
        if self.stop is not None and self.stop():
            event.data_in.user_interrupt = True


class _Linear:
    """Columns: candidates, elements, then (with a tail) the level of the worst and what each ward is below it."""

    def __init__(self, problem: Problem, goal: Goal, tail: Tail | None) -> None:
        self.problem, self.goal, self.tail = problem, goal, tail
        self.n, self.m = problem.sets.shape
        self.extra = 0 if tail is None else 1 + len(tail.bases)
        self.blocks: list[sparse.csr_array] = []
        self.limits: list[tuple[FloatArray, FloatArray]] = []

    def nothing_to_choose(self) -> Exact:
        """Return the empty choice, or that it does not do."""
        problem, goal = self.problem, self.goal
        short = goal.target is not None and problem.base < goal.target - SLACK
        if short or goal.budget < 0 or problem.broken(()):
            return Exact(chosen=None, bound=np.inf * self.sign, optimal=False, infeasible=True, stopped=False)
        bound = 0.0 if goal.cheapest else problem.base
        if self.tail is not None:
            bound = tail_mean(self.tail.bases, self.tail.least)
        return Exact(chosen=(), bound=bound, optimal=True, infeasible=False, stopped=False)

    @property
    def sign(self) -> float:
        """HiGHS minimises."""
        return 1.0 if self.goal.cheapest else -1.0

    @property
    def constant(self) -> float:
        """What the objective leaves out."""
        return 0.0 if self.goal.cheapest or self.tail is not None else self.problem.base

    def _add(self, parts: list[Any], lower: FloatArray | float, upper: FloatArray | float) -> None:
        block = sparse.csr_array(sparse.hstack(parts))
        count = block.shape[0]
        self.blocks.append(block)
        self.limits.append((np.broadcast_to(lower, count).copy(), np.broadcast_to(upper, count).copy()))

    def _over_candidates(self, usage: NDArray[np.floating], upper: float) -> None:
        nothing = sparse.csr_array((1, self.m + self.extra))
        self._add([usage[None], nothing], -np.inf, upper + SLACK * (1 + abs(upper)))

    def _over_elements(self, weight: FloatArray, lower: float) -> None:
        top = float(weight.max(initial=0.0)) or 1.0  # scaled, so that no coefficient is too small for HiGHS
        small = np.where(weight / top > TINY, weight / top, 0.0)
        lost = float((weight / top - small).sum())  # given away for free: the bound still holds
        parts = [sparse.csr_array((1, self.n)), small[None], sparse.csr_array((1, self.extra))]
        self._add(parts, (lower - SLACK) / top - lost, np.inf)

    def program(self) -> highspy.HighsLp:
        """Return the model as HiGHS takes it."""
        problem, goal = self.problem, self.goal
        ones = sparse.csr_array(
            (np.ones(problem.sets.nnz), problem.sets.indices, problem.sets.indptr), problem.sets.shape
        )
        self._add([-ones.T, sparse.eye_array(self.m), sparse.csr_array((self.m, self.extra))], -np.inf, 0.0)
        if np.isfinite(goal.budget):
            self._over_candidates(problem.cost, goal.budget)
        if goal.target is not None:
            self._over_elements(problem.weight, goal.target - problem.base)
        for floor in problem.floors:
            self._over_elements(floor.weight, floor.level - floor.base)
        for members, usage, upper in self._rules():
            row = np.zeros(self.n)
            row[members] = usage
            self._over_candidates(row, upper)
        if self.tail is not None:
            self._tail_rows(self.tail)
        return self._assembled()

    def _rules(self) -> list[tuple[NDArray[np.integer], FloatArray, float]]:
        problem = self.problem
        rules = [(cap.members, cap.usage, cap.upper) for cap in problem.caps]
        rules += [(members, np.ones(len(members)), 1.0) for members in problem.exclusive]
        return rules + [(np.array(pair), np.array([1.0, -1.0]), 0.0) for pair in problem.requires]

    def _tail_rows(self, tail: Tail) -> None:
        wards = len(tail.bases)  # level − below − share ≤ base
        parts = [sparse.csr_array((wards, self.n)), -tail.rows, np.ones((wards, 1)), -sparse.eye_array(wards)]
        self._add(parts, -np.inf, tail.bases)

    def _objective(self) -> FloatArray:
        out = np.zeros(self.n + self.m + self.extra)
        if self.goal.cheapest:
            out[: self.n] = self.problem.cost
        elif self.tail is None:
            out[self.n : self.n + self.m] = -self.problem.weight
        else:
            out[self.n + self.m] = -1.0
            out[self.n + self.m + 1 :] = 1.0 / self.tail.least
        return out

    def _assembled(self) -> highspy.HighsLp:
        matrix = sparse.csc_array(sparse.vstack(self.blocks))
        free = fixed_by_rules(self.problem, self.goal.budget)
        lower, upper = np.zeros(matrix.shape[1]), np.ones(matrix.shape[1])
        lower[: self.n], upper[: self.n] = free == 1, free >= 0
        lp = highspy.HighsLp()
        lp.num_row_, lp.num_col_ = matrix.shape
        self.scale = float(np.abs(self._objective()).max(initial=0.0)) or 1.0
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = self._objective() / self.scale, lower, upper
        lp.row_lower_ = np.concatenate([low for low, _ in self.limits])
        lp.row_upper_ = np.concatenate([high for _, high in self.limits])
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_, lp.a_matrix_.index_ = matrix.indptr, matrix.indices
        lp.a_matrix_.value_ = matrix.data.astype(np.float64)
        whole, part = highspy.HighsVarType.kInteger, highspy.HighsVarType.kContinuous
        lp.integrality_ = [whole] * self.n + [part] * (self.m + self.extra)
        return lp

    def values_of(self, chosen: tuple[int, ...]) -> FloatArray:
        """Return the columns of a choice."""
        out = np.zeros(self.n + self.m + self.extra)
        out[list(chosen)] = 1.0
        covered = self.problem.covered(chosen)
        out[self.n : self.n + self.m] = covered
        if self.tail is not None:
            shares = self.tail.bases + np.asarray(self.tail.rows @ covered.astype(float))
            level = np.sort(shares)[min(int(np.ceil(self.tail.least)), len(shares)) - 1]
            out[self.n + self.m] = level
            out[self.n + self.m + 1 :] = np.maximum(0.0, level - shares)
        return out

    def consistent(self, solver: highspy.Highs) -> bool:
        """Tell whether the objective that HiGHS tells is that of the solution that it gives."""
        info = solver.getInfo()
        if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
            return True
        values = np.asarray(solver.getSolution().col_value)
        told, real = info.objective_function_value, float(values @ (self._objective() / self.scale))
        return abs(told - real) <= 1e-6 * max(1.0, abs(real))

    def read(self, solver: highspy.Highs) -> Exact:
        """Return what came of it; a bound that is off by rounding is moved to the safe side."""
        status, info = solver.getModelStatus(), solver.getInfo()
        kinds = highspy.HighsModelStatus
        infeasible = status in {kinds.kInfeasible, kinds.kUnboundedOrInfeasible}
        found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        values = np.asarray(solver.getSolution().col_value)[: self.n] if found else None
        bound = self.scale * info.mip_dual_bound
        bound = self.sign * (bound - 1e-9 * abs(bound)) + self.constant
        return Exact(
            chosen=None if values is None else tuple(np.flatnonzero(values > 0.5).tolist()),
            bound=np.inf * self.sign if infeasible else bound,
            optimal=status == kinds.kOptimal,
            infeasible=infeasible,
            stopped=status in {kinds.kInterrupt, kinds.kTimeLimit},
        )
