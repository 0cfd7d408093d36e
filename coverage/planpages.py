"""What a report and a terminal say of a plan: sentences, tables and the curve of its cost."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd

from coverage import charts
from coverage.planning.plans import Plan
from coverage.types import Language
from coverage.words import number, percent, t

STEPS = 60  # shown; plan.csv has them all
SITES = 40  # named in a sentence
BILLION = 1e9


def plan_page(plan: Plan, lang: Language) -> dict[str, Any]:
    """Return everything that a report shows of a plan."""
    steps, say = plan.steps, partial(t, lang=lang)
    page: dict[str, Any] = {
        "summary": summary(plan, lang), "notes": (), "steps": (), "curve": None, "more": 0, "phases": (),
        "points": (), "alternatives": (), "intervals": False, "reasons": False,
    }  # fmt: skip
    if steps.empty:
        return page
    spent = charts.cumulated((steps["cost_vnd"] / BILLION).to_list())
    shares = [plan.share_before, *steps["running_share"]]
    return page | {
        "notes": (*sentences(plan, lang), say("report.plan_costs"), say("report.plan_rerun")),
        "steps": [_step(row, lang) for row in steps.head(STEPS).to_dict("records")],
        "more": max(len(steps) - STEPS, 0),
        "curve": charts.cost_curve(spent, shares, plan.target, lang, bounds=_proven(plan)),
        "phases": [_phase(row, lang) for row in plan.phases.to_dict("records")] if len(plan.phases) > 1 else (),
        "points": [_point(row, lang) for row in plan.pareto.to_dict("records")],
        "alternatives": _alternatives(plan, lang),
        "intervals": bool(steps["running_low"].notna().any()),
        "reasons": bool((steps[f"reason_{lang}"] != "").any()),
    }


def summary(plan: Plan, lang: Language) -> str:
    """Return a plan in one line."""
    values = {"before": percent(plan.share_before, lang), "after": percent(plan.share_after, lang)}
    values |= {"steps": number(len(plan.steps), lang), "cost": number(plan.cost_vnd / BILLION, lang, 1)}
    if plan.target is None:
        return t("planning.summary_budget", lang, budget=number((plan.budget_vnd or 0.0) / BILLION, lang, 1), **values)
    if plan.steps.empty and plan.reached:
        return t("report.plan_no_steps", lang, before=values["before"], target=percent(plan.target, lang))
    return t("report.plan_summary", lang, target=percent(plan.target, lang), **values)


def sentences(plan: Plan, lang: Language) -> list[str]:
    """Return what is to know of a plan: what it counts, whether it reaches its target, how good it is proven to be."""
    say = partial(t, lang=lang)
    told = [_verdict(plan, lang), _proof(plan, lang)]
    if plan.draws is not None:
        told.append(_drawn(plan.draws, lang))
    if plan.stopped and plan.gap != 0:
        told.append(say("planning.stopped"))
    if plan.measure == "mixed":
        parts = [f"{t(f'measure.{name}', lang)} {percent(share, lang, 0)}" for name, share in plan.aim.weights.items()]
        told.append(say("planning.mixed", weights="; ".join(parts)))
    if plan.aim.operators:
        key = "planning.counted" if len(plan.aim.operators) == 1 else "planning.counted_each"
        told.append(say(key, operators=", ".join(plan.aim.operators)))
    if plan.floor is not None:
        told.append(say("planning.floor_kept", floor=percent(plan.floor, lang)))
    low, high = plan.cost_range_vnd
    if math.isfinite(low) and math.isfinite(high) and len(plan.steps):
        ends = number(low / BILLION, lang, 1), number(high / BILLION, lang, 1)
        told.append(say("planning.cost_range", low=ends[0], high=ends[1]))
    if plan.goal != "worst_tenth" and plan.draws is None and len(plan.steps):
        count = len(plan.alternatives)
        told.append(say("planning.others", count=count) if count else say("planning.others_none"))
    if plan.no_regret:
        told.append(say("planning.no_regret", sites=_listed(plan.no_regret)))
    return told


def _drawn(draws: Mapping[str, Any], lang: Language) -> str:
    shares = {name: percent(draws[f"realised_share_{name}"], lang) for name in ("low", "high")}
    values = {name: percent(draws[name], lang, 0) for name in ("target", "probability")}
    counts = {"reached": number(draws["fresh_reached"], lang), "draws": number(draws["fresh_draws"], lang)}
    return t("planning.drawn", lang, **shares, **values, **counts)


def _verdict(plan: Plan, lang: Language) -> str:
    if plan.target is None:
        return t("planning.budget_kept", lang)
    return t("report.plan_reached" if plan.reached else "report.plan_short", lang)


def _proof(plan: Plan, lang: Language) -> str:
    if plan.gap is None:
        return t("planning.no_gap", lang)
    values = {"gap": percent(plan.gap, lang, 2)}
    if plan.goal != "cost":
        values["bound"] = percent(plan.bound, lang, 2)
    return t(f"planning.gap_{plan.goal}", lang, **values)


def _listed(names: Sequence[str]) -> str:
    more = len(names) - SITES
    return ", ".join(names[:SITES]) + (f", … (+{more})" if more > 0 else "")


def _step(row: dict[Any, Any], lang: Language) -> dict[str, str]:
    low, high = row["running_low"], row["running_high"]
    ends = (row["cost_low_vnd"], row["cost_high_vnd"])
    return {
        "order": row["order"],
        "phase": row["phase"],
        "change": t(f"report.change_{row['change']}", lang),
        "site": row["site_id"],
        "operator": row["operator"],
        "cost": number(row["cost_vnd"] / BILLION, lang, 2),
        "low": number(ends[0] / BILLION, lang, 2),
        "high": number(ends[1] / BILLION, lang, 2),
        "gain": number(100 * row["gain"], lang, 3),
        "running": percent(row["running_share"], lang, 2),
        "interval": "" if pd.isna(low) else f"{percent(low, lang)} … {percent(high, lang)}",
        "reason": row[f"reason_{lang}"],
    }


def _phase(row: dict[Any, Any], lang: Language) -> dict[str, str]:
    return {
        "name": row["phase"],
        "budget": number(row["budget_vnd"] / BILLION, lang, 1) if math.isfinite(row["budget_vnd"]) else "–",
        "steps": number(row["steps"], lang),
        "cost": number(row["cost_vnd"] / BILLION, lang, 1),
        "share": percent(row["share"], lang, 2),
        "bound": percent(row["bound"], lang, 2),
        "gap": percent(row["gap"], lang, 1),
    }


def _point(row: dict[Any, Any], lang: Language) -> dict[str, str]:
    return {
        "share": percent(row["share"], lang, 2),
        "cost": number(row["cost_vnd"] / BILLION, lang, 1),
        "bound": number(row["bound_vnd"] / BILLION, lang, 1) if row["proven"] else "–",
        "gap": percent(row["gap"], lang, 1) if row["proven"] else "–",
        "steps": number(row["steps"], lang),
    }


def _alternatives(plan: Plan, lang: Language) -> list[dict[str, str]]:
    return [
        {
            "name": number(k, lang),
            "cost": number(other.cost_vnd / BILLION, lang, 1),
            "share": percent(other.share, lang, 2),
            "differs": percent(other.differs, lang, 0),
            "sites": _listed(sorted(set(other.sites))),
        }
        for k, other in enumerate(plan.alternatives, start=1)
    ]


def _proven(plan: Plan) -> list[tuple[float, float]]:
    """Return proven least cost [billion VND] and share of the points of the curve."""
    points = plan.pareto[plan.pareto["proven"]]
    return list(zip((points["bound_vnd"] / BILLION).tolist(), points["share"].tolist(), strict=True))
