"""A plan: ordered changes with cost, gain and running share; what it claims is what a re-run of the study measures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from coverage.catalog.targets import Target
from coverage.changes import Change
from coverage.errors import PlanError
from coverage.figures import part_inside
from coverage.measures import covered
from coverage.planning.greedy import Pick, lazy_greedy
from coverage.scenarios import Scenario
from coverage.signals import predict_patches
from coverage.study import Progress, Result, Study

STEP_COLUMNS = ("order", "change", "site_id", "operator", "cost_vnd", "gain", "running_share")
SLACK = 1e-12  # shares are sums of some 1e5 terms in double precision: equal targets must count as reached


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Ordered changes towards a target.

    Attributes
    ----------
    target : float
        Share to reach, 0–1.
    measure, definition : str
        What the share measures, under which definition.
    share_before, share_after : float
        The measure today and after the last step, 0–1.
    steps : DataFrame
        order, change, site_id, operator, cost_vnd, gain, running_share.
    scenario : Scenario
        The same changes, to run a study under.
    gap : float or None
        Proven relative distance to the cheapest plan; None until a solver proves one.
    """

    target: float
    measure: str
    definition: str
    share_before: float
    share_after: float
    steps: pd.DataFrame
    scenario: Scenario
    gap: float | None = None

    @property
    def cost_vnd(self) -> int:
        """Cost of all steps [VND], to the whole đồng."""
        return int(self.steps["cost_vnd"].sum())

    @property
    def reached(self) -> bool:
        """Whether the last step meets the target."""
        return self.share_after >= self.target - SLACK

    def summary(self) -> dict[str, Any]:
        """Return what ``phusong plan --json`` prints."""
        return {
            "target": self.target,
            "measure": self.measure,
            "definition": self.definition,
            "share_before": self.share_before,
            "share_after": self.share_after,
            "reached": self.reached,
            "cost_vnd": self.cost_vnd,
            "steps": self.steps.to_dict(orient="records"),
            "gap": self.gap,
        }


def plan(
    study: Study,
    changes: Sequence[Change],
    *,
    target: float | Target = 0.20,
    budget_vnd: float | None = None,
    today: Result | None = None,
    progress: Progress | None = None,
) -> Plan:
    """Choose changes by cost per gain until the target is met or the budget is spent.

    Parameters
    ----------
    study : Study
        Under a received-power definition on area, people or households, union of operators.
    changes : sequence of Change
        From `candidates`.
    target : float, 0–1, or Target
    budget_vnd : float or None
        With a budget the plan is the best found for it, and may stop short of the target.
    today : Result or None
        The study's result where it was measured already; measured here otherwise.
    progress : callable(done, total) or None

    Raises
    ------
    PlanError
        ``plan_unsupported_definition`` for a headline that is not a sum over pixels; ``target_out_of_range``;
        ``target_unreachable`` with the best reachable share when all changes together do not reach it and no
        budget was given.
    """
    level = target.level if isinstance(target, Target) else target
    if level is None or not 0 <= level <= 1:
        raise PlanError("target_out_of_range", target=level)
    _, edge = study.rule.rule()
    today = today or study.run()
    weight, start = pixel_weights(today), covered(today.probability, edge).ravel()
    sets = coverage_sets(study, changes, progress)
    cost = np.array([change.cost_vnd for change in changes], dtype=float)
    picks, _ = lazy_greedy(
        sets, weight, cost, start=start, target=level - SLACK, budget=math.inf if budget_vnd is None else budget_vnd
    )
    best = picks[-1].total if picks else today.headline
    if budget_vnd is None and best < level - SLACK:
        raise PlanError("target_unreachable", target=level, best=best, changes=len(changes))
    chosen = tuple(changes[pick.candidate] for pick in picks)
    return Plan(
        target=level,
        measure=study.rule.headline,
        definition=study.rule.id,
        share_before=today.headline,
        share_after=best,
        steps=_steps(picks, chosen),
        scenario=Scenario(name=f"{study.rule.id}-{level:g}", changes=chosen),
    )


def _steps(picks: Sequence[Pick], chosen: Sequence[Change]) -> pd.DataFrame:
    rows = [
        (order, change.kind, change.site_id, change.operator, round(change.cost_vnd), pick.gain, pick.total)
        for order, (pick, change) in enumerate(zip(picks, chosen, strict=True), start=1)
    ]
    return pd.DataFrame(rows, columns=list(STEP_COLUMNS))


def pixel_weights(result: Result) -> NDArray[np.float64]:
    """Return what each pixel adds to the headline of the definition when it becomes covered; shape (rows × cols,).

    Raises
    ------
    PlanError
        ``plan_unsupported_definition`` when the headline is no sum over pixels, or counts one operator only.
    """
    study, rule = result.study, result.definition
    weights, wards = study.weights, study.city.wards.frame
    if rule.operators != "union":
        raise PlanError("plan_unsupported_definition", id=rule.id)
    if rule.headline == "area_share":
        area = weights.residential if rule.denominator == "residential" else weights.area
        assert area is not None  # the denominator would have refused
        counted = wards["mainland"].to_numpy(bool) | (rule.denominator == "official")
        return area.pixel_weights(counted / result.denominator.area_km2)
    located = {"population_covered_share": weights.people, "households_covered_share": weights.households}
    if rule.headline not in located:
        raise PlanError("plan_unsupported_definition", id=rule.id)
    column = rule.headline.removesuffix("_covered_share")
    within = part_inside(wards, weights)
    counts = result.wards[column].to_numpy(float) * within
    counts[~np.isfinite(counts) | result.wards[rule.headline].isna().to_numpy()] = 0.0
    return located[rule.headline].pixel_weights(counts / counts.sum())


def coverage_sets(study: Study, changes: Sequence[Change], progress: Progress | None = None) -> sparse.csr_array:
    """Return which pixels each change covers by itself, shape (n changes, rows × cols), sparse.

    Raises
    ------
    PlanError
        ``plan_only_adds`` for a change that takes cells away: its gain depends on the others.
    """
    threshold, edge = study.rule.rule()
    if any(change.takes_away for change in changes):
        raise PlanError("plan_only_adds")
    grid = study.grid
    reached: list[list[NDArray[np.int64]]] = [[np.array([], dtype=np.int64)] for _ in changes]
    if changes:
        owner = np.repeat(np.arange(len(changes)), [len(change.cells) for change in changes])
        cells = gpd.GeoDataFrame(pd.concat([change.cells for change in changes], ignore_index=True))
        for patch in predict_patches(
            cells, grid, study.path_model, study.city.surface, threshold_dbm=threshold, progress=progress
        ):
            row, col = np.nonzero(covered(patch.probability, edge))
            reached[owner[patch.cell]].append((row + patch.rows.start) * grid.cols + col + patch.cols.start)
    rows = [np.unique(np.concatenate(parts)) for parts in reached]
    pointers = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    index = np.concatenate([*rows, np.array([], dtype=np.int64)])
    shape = (len(changes), grid.rows * grid.cols)
    return sparse.csr_array((np.ones(len(index), dtype=np.int8), index, pointers), shape=shape)
