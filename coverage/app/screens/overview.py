"""Where the city stands: targets, what the figures rest on, what the data lacks, how to use files of one's own."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from coverage import legends
from coverage.app import cached, parts
from coverage.app.state import current
from coverage.app.visitor import CITY, audience, visitor
from coverage.catalog.targets import Target, target, targets
from coverage.caveats import caveats, problems
from coverage.disputes import OF_HOMES, Confirmed
from coverage.study import Result
from coverage.types import Language
from coverage.words import number, percent, t

AREA, INTERNET = target("danang-2023-5g-area"), target("danang-2023-household-broadband")
MEASURE = (
    "phusong measure --wards wards.gpkg --cells cells.csv --households households.csv \\\n"
    "    --subscriptions lines.csv --population people.tif --terrain dem.tif --clutter landcover.tif --out out"
)
SHOW = "PHUSONG_CITY=my-city/city.toml python3 run.py app"


def goals(result: Result, apart: Confirmed | None, lang: Language) -> None:
    """Show the two headline figures against their targets, what of them is disputed, each with its relatives."""
    left, right = st.columns(2, gap="medium")
    with left, st.container(border=True, height="stretch"):
        aim = _aim(result)
        label = t(f"measure.{result.definition.headline}", lang)
        parts.goal(label, result.headline, aim, _area_note(result, aim, lang), lang)
        disputed(apart, result.definition.headline, lang)
        figures(result, ("population_covered_share", "households_covered_share", "expected_area_share"), lang)
    with right, st.container(border=True, height="stretch"):
        share = parts.city_value(result, "household_internet_share")
        parts.goal(t("measure.household_internet_share", lang), share, INTERNET.level, _homes_note(result, lang), lang)
        disputed(apart, OF_HOMES, lang)
        estimate = legends.connected(result, lang)
        if estimate:
            st.markdown(parts.plain(estimate))
        figures(result, ("lines_per_100_households", "subscriptions", "households"), lang)
    parts.basis(result, lang)
    st.caption(t("overview.internet_rule", lang))


def disputed(apart: Confirmed | None, measure: str, lang: Language) -> None:
    """Say what of a figure is confirmed and what is disputed, where anything is."""
    told = legends.disputed(apart, measure, lang)
    if told:
        st.markdown(f":material/gavel: {parts.plain(told)}")


def _aim(result: Result) -> float | None:
    """Return the level of the target that is read under the definition, also under another reading of 2023's words."""
    definition = result.definition
    for each in targets():
        if each.definition == definition.id and each.measure == definition.headline:
            return each.level
    return AREA.level if definition.id.startswith(str(AREA.definition)) else None


def _area_note(result: Result, aim: float | None, lang: Language) -> str:
    if aim is None:
        return t("overview.no_target", lang)
    missing = aim - result.headline
    if missing <= 0:
        return t("overview.met", lang)
    if result.definition.headline != "area_share":
        return t("overview.missing_points", lang, points=number(100 * missing, lang, 1))
    area = number(missing * result.denominator.area_km2, lang, 0)
    return t("overview.missing_area", lang, points=number(100 * missing, lang, 1), area=area)


def _homes_note(result: Result, lang: Language) -> str:
    # The share of the known wards says nothing about the others: only households that were looked at are counted.
    wards = result.wards[["household_internet_share", "households"]]
    known = wards.dropna().astype(float)
    if known.empty:
        return t("overview.homes_unknown", lang)
    without = float(((1 - known["household_internet_share"]) * known["households"]).sum())
    told = {"without": number(round(without, -2), lang), "homes": number(float(known["households"].sum()), lang)}
    if len(known) == len(wards):
        return t("overview.homes_missing", lang, **told)
    return t("overview.homes_missing_some", lang, known=len(known), all=len(wards), **told)


def figures(result: Result, measures: Sequence[str], lang: Language) -> None:
    """Show further figures of the city in a row, each with its name in words."""
    for cell, measure in zip(st.columns(len(measures), vertical_alignment="bottom"), measures, strict=True):
        value = parts.city_value(result, measure)
        digits = 1 if measure == "lines_per_100_households" else 0
        text = percent(value, lang) if measure.endswith("_share") else number(value, lang, digits)
        cell.metric(t(f"measure.{measure}", lang), text, help=t(f"overview.help_{measure}", lang))


def city_targets(result: Result, lang: Language) -> None:
    """List every target of the city with its year, its source and the figure beside it where one is measured."""
    st.subheader(t("overview.targets", lang), anchor=False)
    st.table(_target_table([each for each in targets() if each.measure], result, lang), hide_index=True)
    others = [each for each in targets() if not each.measure]
    with st.expander(t("overview.other_targets", lang, count=len(others))):
        st.table(_target_table(others, None, lang), hide_index=True)


def _target_table(listed: Sequence[Target], result: Result | None, lang: Language) -> pd.DataFrame:
    rows = []
    for each in listed:
        row = {
            t("overview.target", lang): each.text(lang),
            t("overview.year", lang): "–" if each.year is None else str(each.year),
        }
        if result is not None:
            row[t("overview.today", lang)] = _standing(each, result, lang)
        rows.append(row | {t("overview.source", lang): each.read_in(lang)})
    return pd.DataFrame(rows)


def _standing(each: Target, result: Result, lang: Language) -> str:
    if each.definition not in {None, result.definition.id}:
        return t("overview.other_definition", lang, name=t(f"definition.{each.definition}", lang))
    return percent(parts.city_value(result, str(each.measure)), lang)


def lacks(result: Result, lang: Language) -> None:
    """Say in sentences what was assumed, refused and unknown, and list the findings behind it."""
    st.subheader(t("overview.lacks", lang), anchor=False)
    st.markdown("\n".join(f"- {parts.plain(line)}" for line in caveats(result, lang)))
    # Findings name rows, sites and files of whoever sent them.
    found = problems(result.study.city) if audience(visitor()) == CITY else ()
    if found:
        with st.expander(t("overview.findings", lang, count=number(len(found), lang))):
            parts.findings(found, lang)


def own_files(lang: Language) -> None:
    """Say how to put real files in the place of the demo city."""
    st.subheader(t("overview.own", lang), anchor=False)
    st.markdown(t("overview.own_measure", lang))
    st.code(MEASURE, language="bash", wrap_lines=True)
    st.markdown(t("overview.own_formats", lang))
    st.markdown(t("overview.own_show", lang))
    st.code(SHOW, language="bash", wrap_lines=True)


def show() -> None:
    """Draw the page."""
    state = current()
    lang = state.lang
    result = parts.measured(state.definition, lang).result
    parts.header(
        t("overview.title", lang),
        t("overview.lead", lang, city=parts.plain(result.study.city.title(lang))),
        result,
        lang,
    )
    goals(result, cached.disputed(state.definition), lang)
    city_targets(result, lang)
    lacks(result, lang)
    own_files(lang)


show()
