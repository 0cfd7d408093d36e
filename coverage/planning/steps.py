"""A plan as tables: one row for each step, one for each phase."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from coverage.changes import Change
from coverage.planning.phases import Phase, Step
from coverage.words import LANGUAGES

STEP_COLUMNS = (
    "order", "phase", "change_id", "change", "site_id", "operator", "ward_id", "cost_low_vnd", "cost_vnd",
    "cost_high_vnd", "gain", "running_share", "running_low", "running_high", "reason_vi", "reason_en",
)  # fmt: skip
PHASE_COLUMNS = ("phase", "budget_vnd", "steps", "cost_vnd", "share", "bound", "gap")


def step_table(steps: Sequence[Step], changes: Sequence[Change], phases: Sequence[Phase]) -> pd.DataFrame:
    """Return one row for each step.

    ``running_low`` and ``running_high`` are NaN, unknown, until draws give them; so are ``cost_low_vnd`` and
    ``cost_high_vnd`` where nobody said what a change may cost at least and at most.
    """
    rows = []
    for order, step in enumerate(steps, start=1):
        change = changes[step.row]
        why = [change.reason.text(lang) if change.reason else "" for lang in LANGUAGES]
        low, high = (round(v) if math.isfinite(v) else np.nan for v in (change.cost_low_vnd, change.cost_high_vnd))
        rows.append(
            (
                order, phases[step.phase].name, change.id, change.kind, change.site_id, "+".join(change.operators),
                change.ward_id, low, round(change.cost_vnd), high, step.gain, step.running, np.nan, np.nan, *why,
            )
        )  # fmt: skip
    table = pd.DataFrame(rows, columns=list(STEP_COLUMNS))
    return table.astype({name: float for name in STEP_COLUMNS if name.startswith(("running", "gain"))})


def phase_table(
    steps: Sequence[Step], costs: Sequence[float], phases: Sequence[Phase], before: float, bounds: Sequence[float]
) -> pd.DataFrame:
    """Return one row for each phase: what is built and reached in it, beside what its money could reach at most.

    Parameters
    ----------
    steps : sequence of Step
    costs : sequence of float
        Of each step [VND].
    phases : sequence of Phase
    before : float
        Share before the first step.
    bounds : sequence of float
        Greatest share that the money of the phases so far can buy; NaN where it is not proven.
    """
    rows = []
    share = before
    for number, (phase, bound) in enumerate(zip(phases, bounds, strict=True)):
        own = [k for k, step in enumerate(steps) if step.phase == number]
        share = steps[own[-1]].running if own else share
        paid = float(sum(costs[k] for k in own))
        gap = max(bound - share, 0.0) / share if share > 0 else math.nan
        rows.append((phase.name, phase.budget_vnd, len(own), paid, share, bound, gap))
    return pd.DataFrame(rows, columns=list(PHASE_COLUMNS))


def plain_records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as JSON has them: unknown and infinite values are None."""
    values = table.astype(object).replace([np.inf, -np.inf], np.nan)
    return [
        {str(name): value for name, value in row.items()}
        for row in values.where(values.notna(), None).to_dict("records")
    ]
