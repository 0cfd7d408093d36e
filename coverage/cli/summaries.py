"""A result or a plan in a few lines of a terminal."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

from coverage.catalog.definitions import Definition
from coverage.caveats import caveats
from coverage.disputes import Confirmed
from coverage.figures import SHARES
from coverage.legends import basis, disputed
from coverage.planning.plans import Plan
from coverage.planning.rechecking import Recheck
from coverage.planpages import sentences
from coverage.study import Result
from coverage.types import Language
from coverage.words import number, percent, t

FIGURES = (
    "area_share",
    "expected_area_share",
    "population_covered_share",
    "households_covered_share",
    "household_internet_share",
    "lines_per_100_households",
    "population",
    "households",
    "area_km2",
)
BILLION = 1e9


def result_lines(result: Result, lang: Language, apart: Confirmed | None = None) -> list[str]:
    """Return what was measured, what of it is disputed, what it rests on, and what to know about the data."""
    measures = list(dict.fromkeys([result.definition.headline, *FIGURES]))
    rows = []
    for name in measures:
        parts = disputed(apart, name, lang)
        figure = _figure(result, name, lang)
        rows.append((t(f"measure.{name}", lang), figure if parts is None else f"{figure}: {parts}"))
    return [_title(result, lang), "", *aligned(rows), "", *_foundation(result, lang)]


def plan_lines(plan: Plan, before: Result, after: Result, lang: Language) -> list[str]:
    """Return what a plan costs and reaches, its first steps, and what it rests on."""
    values = {"before": percent(plan.share_before, lang), "after": percent(plan.share_after, lang)}
    rows = [(t(f"measure.{plan.measure}", lang), t("cli.before_after", lang, **values))]
    if plan.target is not None:
        rows.append((t("report.target", lang), percent(plan.target, lang)))
    if plan.budget_vnd is not None:
        rows.append((t("planning.budget", lang), number(plan.budget_vnd / BILLION, lang, 1)))
    rows.append((t("cli.steps", lang), number(len(plan.steps), lang)))
    rows.append((t("report.cost", lang), number(plan.cost_vnd / BILLION, lang, 1)))
    if plan.lower_bound is not None:
        rows.append((t("planning.bound_cost", lang), number(plan.lower_bound / BILLION, lang, 1)))
    if plan.gap is not None:
        rows.append((t("planning.gap", lang), percent(plan.gap, lang, 2)))
    if plan.worst_tenth is not None:
        values = {"before": percent(plan.worst_tenth[0], lang), "after": percent(plan.worst_tenth[1], lang)}
        rows.append((t("planning.worst_tenth", lang), t("cli.before_after", lang, **values)))
    for name, (today, later) in plan.operators.items() if len(plan.operators) > 1 else ():
        values = {"before": percent(today, lang), "after": percent(later, lang)}
        rows.append((name, t("cli.before_after", lang, **values)))
    for name in ("population_covered_share", "households_covered_share"):
        values = {"before": _figure(before, name, lang), "after": _figure(after, name, lang)}
        rows.append((t(f"measure.{name}", lang), t("cli.before_after", lang, **values)))
    notes = [*sentences(plan, lang), t("report.plan_costs", lang)]
    return [_title(before, lang), "", *aligned(rows), "", *wrapped(notes), "", *_foundation(before, lang)]


def recheck_lines(found: Recheck, lang: Language) -> list[str]:
    """Return what a plan is worth under load, and what mends it."""
    shares = {"before": percent(found.share_before, lang), "planned": percent(found.share_planned, lang)}
    told = [t("planning.rechecked", lang, definition=found.definition, **shares)]
    if found.repairs:
        cost = number(found.cost_vnd / BILLION, lang, 1)
        after = percent(found.share_after, lang)
        told.append(t("planning.repaired", lang, count=len(found.repairs), cost=cost, after=after))
    told.append(t("report.plan_reached" if found.reached else "planning.rounds_short", lang))
    return wrapped(told)


def definition_lines(known: Iterable[Definition], lang: Language) -> list[str]:
    """Return every definition: its id, what it says, where it stands."""
    lines: list[str] = []
    for rule in known:
        available = "" if rule.kind != "samples" else f"  ({t('cli.not_available', lang)})"
        lines += [f"{rule.id}{available}", *wrapped([rule.text(lang), rule.source], "    "), ""]
    return lines[:-1]


def written_lines(paths: Sequence[Path], lang: Language) -> list[str]:
    """Return where files were written."""
    names = ", ".join(path.name for path in paths)
    return ["", *wrapped([t("cli.written", lang, folder=paths[0].parent, files=names)])]


def _title(result: Result, lang: Language) -> str:
    city = result.study.city
    return f"{city.title(lang)} · {t('maps.synthetic', lang)}" if city.synthetic else city.title(lang)


def _foundation(result: Result, lang: Language) -> list[str]:
    return [
        *wrapped(basis(result, lang)),
        "",
        t("cli.to_know", lang),
        *wrapped(caveats(result, lang), "  "),
    ]


def _figure(result: Result, name: str, lang: Language) -> str:
    value = float(result.city["value"].to_dict()[name])
    if name not in SHARES:
        return number(value, lang, 1 if name in ("area_km2", "lines_per_100_households") else 0)
    if name == "area_share":
        total = result.denominator.area_km2
        km2 = t("report.covered_area", lang, covered=number(value * total, lang, 1), total=number(total, lang, 1))
        return f"{percent(value, lang)}  ({km2})"
    return percent(value, lang)


def aligned(rows: Sequence[tuple[str, str]]) -> list[str]:
    """Return rows of label and value in two columns."""
    width = max(len(label) for label, _ in rows) + 2
    return [f"{label:<{width}}{value}" for label, value in rows]


def wrapped(texts: Iterable[str], indent: str = "") -> list[str]:
    """Return texts broken to the width of the terminal."""
    width = max(min(shutil.get_terminal_size((100, 24)).columns, 110), 40)
    bullet = f"{indent[2:]}- " if indent == "  " else indent
    return [
        line
        for text in texts
        for line in textwrap.wrap(text, width, initial_indent=bullet, subsequent_indent=indent, break_on_hyphens=False)
    ]
