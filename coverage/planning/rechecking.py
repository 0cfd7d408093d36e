"""A plan looked at again under load: cells disturb each other, and what then falls short is mended at a price."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from coverage.catalog.definitions import Definition, ThroughputRule
from coverage.changes import Change
from coverage.errors import PlanError
from coverage.measures import covered
from coverage.planning.offers import Candidates
from coverage.planning.plans import pixel_weights
from coverage.planning.problem import SLACK, Cap, Problem, Solution, Stop, merged
from coverage.planning.regret import study_under
from coverage.planning.solvers import cheapest
from coverage.quality import demands
from coverage.scenarios import Scenario
from coverage.signals import predict_patches, predict_signal
from coverage.study import Progress, Result, Study
from coverage.units import to_decibel

ROUNDS = 8  # of choosing more and running again
LOADED = "fcc-bdc-5gnr-7-1"


@dataclass(frozen=True, kw_only=True, eq=False)
class Recheck:
    """A plan under load, and what mends it.

    Attributes
    ----------
    definition : str
        The loaded definition.
    target : float
        Share that is to be reached under it, 0–1.
    share_before, share_planned, share_after : float
        Its headline today, with the plan, and with the plan mended; each a run of the study.
    undisturbed : float
        What the plan would reach if no cell disturbed another: interference costs the difference.
    reached : bool
        Whether the mended plan reaches the target.
    runs : int
        Full runs of the study under load.
    repairs : tuple of Change
        Chosen besides the plan; empty where it was enough or nothing helps.
    cost_vnd : float
        Of the repairs.
    lower_bound_vnd : float
        No repair costs less: that of reaching the target without any interference.
    proven : bool
        Whether anything better than 0 was proven; True where nothing had to be repaired.
    """

    definition: str
    target: float
    share_before: float
    share_planned: float
    share_after: float
    undisturbed: float
    reached: bool
    runs: int
    repairs: tuple[Change, ...] = ()
    cost_vnd: float = 0.0
    lower_bound_vnd: float = 0.0
    proven: bool = True

    @property
    def gap(self) -> float:
        """(cost − bound) ÷ cost of the repairs, ≥ 0; 0 where there are none."""
        return max(self.cost_vnd - self.lower_bound_vnd, 0.0) / self.cost_vnd if self.cost_vnd > 0 else 0.0

    def summary(self) -> dict[str, Any]:
        """Return what a command prints for machines."""
        found = {field.name: getattr(self, field.name) for field in dataclasses.fields(self) if field.name != "repairs"}
        return {**found, "gap": self.gap, "repairs": [change.id for change in self.repairs]}


def recheck(
    study: Study,
    plan: Scenario,
    changes: Sequence[Change],
    *,
    target: float,
    definition: Definition | str = LOADED,
    seconds: float = 30.0,
    seed: int = 0,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Recheck:
    """Return what a plan is worth under load, mended where it falls short.

    Parameters
    ----------
    study : Study
        Of today, under any definition.
    plan : Scenario
    changes : sequence of Change
        That repairs may be chosen from, those of the plan among them; those that take cells away are left out,
        and the rules of `coverage.planning.offers.Candidates` are kept.
    target : float, 0–1
        Share to reach under the loaded definition.
    definition : Definition or str
        On throughput.
    seconds : float
        For each choice.
    seed : int
    progress : callable(done, total), optional
    stop : callable() -> bool, optional

    Raises
    ------
    PlanError
        ``recheck_needs_load`` for a definition without load; ``target_out_of_range``; ``plan_unsupported_definition``.
    DefinitionError
        For a pixel or a receiver that the definition does not allow.

    Notes
    -----
    Interference only takes away. So the cheapest repair without interference is a bound, and its choice a start: the
    study is run with it, what is still lacking is added to what the next choice has to reach, and in the end whatever
    the study does without is left out again.
    """
    if not 0 <= target <= 1:
        raise PlanError("target_out_of_range", target=target)
    loaded = study_under(study, definition)
    if not isinstance(loaded.rule.requirement(), ThroughputRule):
        raise PlanError("recheck_needs_load", id=loaded.rule.id)
    planned = loaded.under(plan)
    before, now = loaded.run(), planned.run()
    quiet, weight = _undisturbed(planned), pixel_weights(now)
    found = Recheck(
        definition=loaded.rule.id,
        target=target,
        share_before=before.headline,
        share_planned=now.headline,
        share_after=now.headline,
        undisturbed=float(weight[quiet].sum()),
        reached=now.headline >= target - SLACK,
        runs=2,
    )
    if found.reached:
        return found
    problem = _problem(planned, changes, {change.id for change in plan.changes}, (weight, quiet), progress)
    if problem.value_of(range(problem.count)) < target - SLACK:
        return found
    return _mended(found, _Mending(planned, tuple(changes), problem, target, seconds, seed, stop), now)


def _mended(found: Recheck, mending: _Mending, now: Result) -> Recheck:
    bound = mending.cheapest(mending.problem, found.target)
    picked, after, runs = mending.mended(now)
    repairs = tuple(mending.changes[n] for n in picked)
    return dataclasses.replace(
        found,
        share_after=after.headline,
        reached=after.headline >= found.target - SLACK,
        repairs=repairs,
        cost_vnd=float(sum(change.cost_vnd for change in repairs)),
        lower_bound_vnd=bound.bound if bound.proven else 0.0,
        proven=bound.proven and bound.bound > 0,
        runs=found.runs + runs,
    )


@dataclass(frozen=True, eq=False)
class _Mending:
    """Choosing more and running again, until the target is reached under load."""

    planned: Study
    changes: tuple[Change, ...]
    problem: Problem
    target: float
    seconds: float
    seed: int
    stop: Stop | None

    def cheapest(self, problem: Problem, level: float) -> Solution:
        """Return the cheapest repair without interference."""
        return cheapest(problem, level, seconds=self.seconds, seed=self.seed, stop=self.stop)

    def mended(self, now: Result) -> tuple[list[int], Result, int]:
        """Return the repairs, the result with them and the number of runs; no repairs where they do not help."""
        problem, level = self.problem, self.target
        most = problem.value_of(range(problem.count))
        picked: list[int] = []
        result, runs = now, 0
        for _ in range(ROUNDS):
            level = min(level, most - SLACK)
            planned = problem.locked.tolist()
            locked = dataclasses.replace(problem, locked=np.array([*planned, *picked], dtype=np.int64))
            found = self.cheapest(locked, level)
            picked = [n for n in found.chosen if n not in planned]
            result, runs = self._with(picked), runs + 1
            lacking = self.target - result.headline
            if lacking <= SLACK or level >= most - SLACK or (self.stop is not None and self.stop()):
                break
            level += lacking
        if result.headline < self.target - SLACK:
            return (picked, result, runs) if result.headline > now.headline else ([], now, runs)
        for n in sorted(picked, key=lambda n: -self.changes[n].cost_vnd):
            rest = [other for other in picked if other != n]
            if problem.broken([*problem.locked.tolist(), *rest]):
                continue
            less, runs = self._with(rest), runs + 1
            if less.headline >= self.target - SLACK:
                picked, result = rest, less
        return picked, result, runs

    def _with(self, picked: Sequence[int]) -> Result:
        return self.planned.under(Scenario(name="repair", changes=tuple(self.changes[n] for n in picked))).run()


def _undisturbed(study: Study) -> NDArray[np.bool_]:
    """Return where the throughput would be carried if no cell disturbed another, shape (pixels,)."""
    rule = study.rule.requirement()
    assert isinstance(rule, ThroughputRule)
    needed = demands(study.cells, rule)
    silent = dataclasses.replace(needed, interference_factor=np.zeros_like(needed.interference_factor))
    where = study.cells, study.grid, study.path_model, study.city.surface
    signal = predict_signal(*where, threshold_dbm=study.asked["threshold_dbm"], demands=silent)
    return covered(signal.union, rule.edge_probability).ravel()


def _problem(
    study: Study,
    changes: Sequence[Change],
    planned: set[str],
    base: tuple[NDArray[np.float64], NDArray[np.bool_]],
    progress: Progress | None,
) -> Problem:
    """Return the problem of repairs without interference: what each change covers by itself, over the noise alone."""
    rule, (weight, start) = study.rule.requirement(), base
    assert isinstance(rule, ThroughputRule)
    adding = [
        change.cells.iloc[:0] if change.takes_away or change.id in planned
        else change.cells[change.cells["technology"] == study.technology]
        for change in changes
    ]  # fmt: skip
    sets = _sets(study, adding, rule, progress)
    small = merged(sets, weight, start)
    standing = [n for n, change in enumerate(changes) if change.id in planned]
    barred = np.array([n for n, own in enumerate(adding) if not len(own) and n not in set(standing)], dtype=np.int64)
    cost = np.array([0.0 if change.id in planned else change.cost_vnd for change in changes])
    found = Problem(
        sets=small.sets, weight=small.weight, cost=cost, base=small.base, locked=np.array(standing, dtype=np.int64),
        caps=(Cap(members=barred, usage=np.ones(len(barred)), upper=0.0, name="adds_no_cells"),),
    )  # fmt: skip
    if not isinstance(changes, Candidates):
        return found
    return dataclasses.replace(
        found, exclusive=changes.exclusive, requires=changes.requires, caps=(*found.caps, *changes.caps)
    )


def _sets(
    study: Study, adding: Sequence[gpd.GeoDataFrame], rule: ThroughputRule, progress: Progress | None
) -> sparse.csr_array:
    """Return which pixels the cells of each change serve over the noise alone, shape (changes, pixels)."""
    owner = np.repeat(np.arange(len(adding)), [len(own) for own in adding])
    cells = gpd.GeoDataFrame(
        pd.concat([own for own in adding if len(own)] or [study.cells.iloc[:0]], ignore_index=True)
    )
    needed = demands(cells, rule)
    level = np.maximum(needed.downlink_threshold_db + to_decibel(needed.noise_mw), needed.uplink_threshold_dbm)
    rows, columns = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for threshold in np.unique(level):
        here = np.flatnonzero(level == threshold)
        for patch in predict_patches(
            cells.iloc[here], study.grid, study.path_model, study.city.surface,
            threshold_dbm=float(threshold), progress=progress,
        ):  # fmt: skip
            row, col = np.nonzero(covered(patch.probability, rule.edge_probability))
            columns.append((row + patch.rows.start) * study.grid.cols + col + patch.cols.start)
            rows.append(np.full(len(row), owner[here[patch.cell]]))
    index = np.concatenate(rows), np.concatenate(columns)
    sets = sparse.csr_array((np.ones(len(index[0])), index), shape=(len(adding), study.grid.rows * study.grid.cols))
    sets.sum_duplicates()
    return sets
