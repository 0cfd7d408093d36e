"""A report of a result, or of a plan: one page of HTML with everything in it, for the screen and for A4 paper."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from coverage import charts, legends
from coverage.catalog.targets import Target, targets
from coverage.caveats import caveats, problems
from coverage.disputes import OF_HOMES, Confirmed
from coverage.drawing import ward_colour
from coverage.figures import SHARES
from coverage.planning.plans import Plan
from coverage.planpages import plan_page
from coverage.publishing import version
from coverage.study import Result
from coverage.types import Language
from coverage.words import number, percent, render_problem, t
from coverage.writing import write_text

MAPS = ("area_share", "households_covered_share", "household_internet_share")
FINDINGS = 25


@dataclass(frozen=True, kw_only=True)
class Report:
    """A finished page.

    Attributes
    ----------
    html : str
        The whole document: no script, and nothing to load.
    """

    html: str

    def save(self, path: str | Path) -> Path:
        """Write the page to a file, whole or not at all.

        Raises
        ------
        StoreError
            ``cannot_write``.
        """
        return write_text(path, self.html)


def report(
    result: Result,
    after: Result | None = None,
    plan: Plan | None = None,
    *,
    lang: Language = "vi",
    apart: Confirmed | None = None,
) -> Report:
    """Return the report of a result; with a re-run after a scenario, before and after; with a plan, its steps too.

    Parameters
    ----------
    result : Result
        Today.
    after : Result, optional
        The same study under a scenario.
    plan : Plan, optional
        The plan behind `after`.
    lang : {"vi", "en"}
    apart : Confirmed, optional
        What is confirmed and what is disputed today.
    """
    say = partial(_say, lang=lang)
    page = _template().render(
        say=say,
        word=lambda key, **values: t(f"planning.{key}", lang, **values),
        css=Markup((files("coverage") / "report.css").read_text("utf-8")),  # noqa: S704 (our own file)
        city=result.study.city.title(lang),
        synthetic=result.study.city.synthetic,
        kicker=say("kicker_plan" if plan else "kicker", generation=legends.GENERATIONS[result.study.technology]),
        place=_place(result, lang),
        headline={
            **_headline(result, after, plan, lang),
            "disputed": legends.disputed(apart, result.definition.headline, lang),
            "homes_disputed": legends.disputed(apart, OF_HOMES, lang),
        },
        basis=legends.basis(result, lang),
        figures=_figures(result, after, lang),
        targets=_targets(result, after, lang),
        maps=_maps(result, after, lang),
        plan=plan_page(plan, lang) if plan else None,
        wards=_wards(result, after, lang),
        districts=result.wards["district"].notna().any(),
        caveats=caveats(result, lang),
        findings=[render_problem(problem, lang) for problem in problems(result.study.city)[:FINDINGS]],
        more_findings=max(len(problems(result.study.city)) - FINDINGS, 0),
        sources=result.study.city.sources,
        footer=_footer(result, lang),
    )
    return Report(html=page)


@cache
def _template() -> jinja2.Template:
    markup = (files("coverage") / "report.html").read_text("utf-8")
    return jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).from_string(markup)


def _say(key: str, *, lang: Language, **values: Any) -> str:
    return t(f"report.{key}", lang, **values)


def _place(result: Result, lang: Language) -> str:
    edition = result.study.city.wards.edition
    told = t("report.edition_other", lang) if edition in (None, "other") else t("report.edition", lang, edition=edition)
    return f"{told} · {t('report.wards_counted', lang, count=len(result.wards))}"


def _headline(result: Result, after: Result | None, plan: Plan | None, lang: Language) -> dict[str, Any]:
    rule = result.definition
    level = plan.target if plan else next((aim.level for aim in _own_targets(result) if _held(aim, result)), None)
    area = None
    if rule.headline == "area_share":
        total = result.denominator.area_km2
        values = {"covered": number(result.headline * total, lang, 1), "total": number(total, lang, 1)}
        area = t("report.covered_area", lang, **values)
    mark = t("report.target_mark", lang, level=percent(level, lang, 0)) if level is not None else ""
    return {
        "measure": t(f"measure.{rule.headline}", lang),
        "today": percent(result.headline, lang),
        "after": percent(after.headline, lang) if after else None,
        "area": area,
        "operator": t("report.operator", lang, operator=result.operator) if result.operator else None,
        "connected": legends.connected(result, lang),
        "bar": charts.target_bar(result.headline, after.headline if after else None, level, mark),
    }


def _own_targets(result: Result) -> list[Target]:
    """Return the targets of Đà Nẵng when the wards are Đà Nẵng's."""
    return list(targets()) if result.study.city.wards.edition not in (None, "other") else []


def _held(aim: Target, result: Result) -> bool:
    """Tell whether a figure of the result is the one that the target speaks of."""
    return aim.measure in result.city.index and aim.definition in (None, result.definition.id)


def _figures(result: Result, after: Result | None, lang: Language) -> list[dict[str, str]]:
    rows = []
    for measure in result.city.index:
        if measure == "uncovered_area_share" and result.definition.headline != measure:
            continue
        row = {"label": t(f"measure.{measure}", lang), "today": _value(result, measure, lang)}
        row["after"] = _value(after, measure, lang) if after else ""
        low, high = result.city.loc[measure, ["low", "high"]]
        row["interval"] = "" if pd.isna(low) else f"{_shown(low, measure, lang)} … {_shown(high, measure, lang)}"
        rows.append(row)
    return rows


def _value(result: Result, measure: str, lang: Language) -> str:
    return _shown(_city_figure(result, measure), measure, lang)


def _city_figure(result: Result, measure: str) -> float:
    return float(result.city["value"].to_dict()[measure])


def _shown(value: float, measure: str, lang: Language) -> str:
    if measure in SHARES:
        return percent(value, lang)
    return number(value, lang, 1 if measure in ("area_km2", "lines_per_100_households") else 0)


def _targets(result: Result, after: Result | None, lang: Language) -> dict[str, Any] | None:
    known = _own_targets(result)
    if not known:
        return None
    rows = []
    for aim in (aim for aim in known if aim.measure in result.city.index):
        assert aim.measure is not None
        held = _held(aim, result)
        today = _city_figure(result, aim.measure)
        later = _city_figure(after, aim.measure) if after else today
        rows.append(
            {
                "text": aim.text(lang),
                "held": held,
                "year": aim.year or "–",
                "level": percent(aim.level, lang, 0),
                "today": percent(today, lang)
                if held
                else t("report.other_definition", lang, definition=aim.definition),
                "after": percent(later, lang) if held and after else "",
                "distance": _distance(aim.level - later, lang) if held else "",
            }
        )
    rest = [aim.text(lang) for aim in known if aim.measure not in result.city.index]
    return {"rows": rows, "rest": t("report.not_measured", lang, count=len(rest), targets="; ".join(rest))}


def _distance(missing: float, lang: Language) -> str:
    if missing <= 0:
        return t("report.reached", lang)
    return t("report.points", lang, points=number(100 * missing, lang, 1))


def _maps(result: Result, after: Result | None, lang: Language) -> dict[str, Any]:
    drawn = [(name, result, t(f"measure.{name}", lang)) for name in MAPS]
    if after:
        title = t("measure.area_share", lang)
        drawn = [
            ("area_share", result, f"{title}: {t('report.today', lang)}"),
            ("area_share", after, f"{title}: {t('report.after', lang)}"),
        ]
    pictures = [
        {"title": title, "svg": _ward_map(shown, name, lang), "classes": legends.ward_classes(name, lang)}
        for name, shown, title in drawn
        if shown.wards[name].notna().any()
    ]
    return {"pictures": pictures}


def _ward_map(result: Result, measure: str, lang: Language) -> Markup:
    frame = result.study.city.wards.frame
    land = frame[frame["mainland"].to_numpy(dtype=bool)]
    values = result.wards.loc[land.index, measure]
    titles = [f"{name}: {percent(value, lang)}" for name, value in zip(land["name"], values, strict=True)]
    return charts.ward_map(land, [ward_colour(value, measure) for value in values], titles)


def _wards(result: Result, after: Result | None, lang: Language) -> list[dict[str, Any]]:
    table = result.wards.sort_values("area_share", ascending=False, kind="stable", na_position="last")
    rows = []
    then = after.wards["area_share"].to_dict() if after else {}
    for ward in table.reset_index(names="ward_id").to_dict("records"):
        later = then.get(ward["ward_id"])
        rows.append(
            {
                "name": ward["name"],
                "district": "" if pd.isna(ward["district"]) else ward["district"],
                "area": number(ward["area_km2"], lang, 2),
                "households": number(ward["households"], lang),
                "share": _fraction(ward["area_share"]),
                "area_share": percent(ward["area_share"], lang),
                "share_after": _fraction(later),
                "area_share_after": percent(later, lang),
                "population_share": percent(ward["population_covered_share"], lang),
                "households_share": percent(ward["households_covered_share"], lang),
                "lines": number(ward["lines_per_100_households"], lang, 1),
                "internet": percent(ward["household_internet_share"], lang),
            }
        )
    return rows


def _fraction(share: float | None) -> float:
    return 0.0 if share is None or pd.isna(share) else round(float(share), 4)


def _footer(result: Result, lang: Language) -> str:
    study = result.study
    pixel = number(study.pixel_m, lang, 0 if float(study.pixel_m).is_integer() else 1)
    names = {"version": version(), "definition": result.definition.id, "model": study.path_model.id}
    return t("report.footer", lang, pixel=pixel, crs=study.grid.crs, **names)
