"""A plan that holds in most draws, told like every other plan: ordered, phased, with the running interval of draws."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pandas as pd

from coverage.changes import Change
from coverage.planning.phases import Phase
from coverage.planning.plans import DEFAULT_TARGET, Plan, plan
from coverage.planning.robust import HIGH, LOW, RobustPlan, Sampling, robust_plan
from coverage.study import Progress, Result, Study


def hedged_plan(
    study: Study,
    changes: Sequence[Change],
    *,
    target: float | None = None,
    probability: float = 0.9,
    phases: int | Sequence[Phase] = 1,
    sampling: Sampling | None = None,
    today: Result | None = None,
    seconds: float = 60.0,
    progress: Progress | None = None,
) -> Plan:
    """Return the cheapest plan found that reaches a target in most draws of shadowing.

    Parameters
    ----------
    study, changes
        As in `coverage.planning.robust.robust_plan`.
    target : float, 0–1, or None
        Realised share to reach; 20 % unless given.
    probability : float, 0–1
        In which part of the draws at least.
    phases : int or sequence of Phase
    sampling : Sampling, optional
    today : Result or None
        The study's result where it was measured already.
    seconds : float
    progress : callable(done, total) or None

    Returns
    -------
    Plan
        Its shares are the definition's, as in every plan, and what a re-run measures; its running interval and `draws`
        are of the realised share, which is what the target asks for; bound and gap are those of the draws.

    Raises
    ------
    PlanError
        As `coverage.planning.robust.robust_plan`.
    """
    level, how = DEFAULT_TARGET if target is None else target, sampling or Sampling()
    found = robust_plan(
        study, changes, target=level, probability=probability, sampling=how, seconds=seconds, progress=progress
    )
    names = [change.id for change in found.changes]
    # Nothing is left to choose: only to order, to phase and to measure.
    told = plan(
        study, found.changes, budget_vnd=found.cost_vnd, phases=phases, locked=names, alternatives=0, points=0,
        today=today,
    )  # fmt: skip
    return dataclasses.replace(
        told,
        target=level,
        budget_vnd=None,
        goal="cost",
        bound=found.lower_bound_vnd,
        gap=found.gap if found.proven else None,
        method=f"sample average approximation, {found.draws} draws",
        draws=found.summary(),
        steps=_with_interval(told, found),
        scenario=told.scenario.renamed(found.scenario.name),
    )


def _with_interval(told: Plan, found: RobustPlan) -> pd.DataFrame:
    """Return the steps with the running interval of the fresh draws, in the order in which they are built."""
    place = {change.id: n for n, change in enumerate(found.changes)}
    shares = found.validation.worlds.steps(place[change.id] for change in told.scenario.changes)[1:]
    low, high = (np.quantile(shares, q, axis=1) if len(told.steps) else np.zeros(0) for q in (LOW, HIGH))
    return told.steps.assign(running_low=low, running_high=high)
