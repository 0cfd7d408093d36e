"""What a scenario brings: figures, a map with sites to move, the curve of cost, the steps, and others beside it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from coverage import charts, planpages
from coverage.app import cached, moving, parts
from coverage.app.cached import Measured, Shown
from coverage.app.panel import View, city_map
from coverage.app.planform import in_words
from coverage.app.shelf import Held
from coverage.errors import CoverageError
from coverage.maps import FIGURES, escape
from coverage.planning.offers import Candidates
from coverage.planning.plans import Plan
from coverage.publishing import plan_gpkg
from coverage.types import Language
from coverage.words import number, percent, render, t
from coverage.writing import csv_text

BILLION = 1e9
COMPARED = ("area_share", "population_covered_share", "households_covered_share", "expected_area_share")


def outcome(held: Held, found: Shown, today: Measured, lang: Language) -> None:
    """Show what a scenario brings, in four figures and, of a plan, one sentence."""
    before, after = today.result, found.after.result
    if held.plan is not None:
        _verdict(held.plan, lang)
    points = 100 * (after.headline - before.headline)
    columns = st.columns(4)
    columns[0].metric(
        t(f"measure.{after.definition.headline}", lang), percent(after.headline, lang),
        delta=t("planpage.delta", lang, points=number(points, lang, 1)), border=True, height="stretch",
    )  # fmt: skip
    columns[1].metric(
        t("scenario.cost", lang), number(held.cost_vnd / BILLION, lang, 1), border=True, height="stretch",
        help=t("scenario.cost_help", lang),
    )  # fmt: skip
    columns[2].metric(
        t("scenario.steps", lang), number(len(held.scenario.changes), lang), border=True, height="stretch"
    )
    share = parts.city_value(after, "population_covered_share")
    gained = share - parts.city_value(before, "population_covered_share")
    columns[3].metric(
        t("measure.population_covered_share", lang), percent(share, lang), border=True, height="stretch",
        delta=t("planpage.delta", lang, points=number(100 * gained, lang, 1)),
    )  # fmt: skip


def _verdict(plan: Plan, lang: Language) -> None:
    if not plan.reached and plan.target is not None:
        text = t("scenario.short", lang, share=percent(plan.share_after, lang), target=percent(plan.target, lang))
        st.warning(text, icon=":material/account_balance_wallet:")
    elif plan.steps.empty:
        st.success(t("scenario.already", lang, share=percent(plan.share_before, lang)), icon=":material/check_circle:")


@st.fragment
def explored(found: Shown, today: Measured, lang: Language, key: str) -> None:
    """Draw the city before and after on one map; a site that is moved reruns the map and its answer, not the page."""
    moved = moving.moved_site(st.session_state.get(key))
    move = None
    if moved is not None:
        try:
            move = moving.told(found.ask, moved, moving.asked(found.ask, moved), lang)
        except CoverageError as error:
            st.info(parts.plain(render(error, lang)), icon=":material/open_with:")
    city_map(views_of(found, today, lang), "area_share", lang, key=key, move=move, drags=True)
    if move is None:
        st.caption(t("planpage.move_hint", lang))
    else:
        st.markdown(
            f"{t('planpage.moved', lang)} **{parts.plain(move.note[0])}** ({parts.plain(' · '.join(move.note[1:]))})"
        )


def views_of(found: Shown, today: Measured, lang: Language) -> list[View]:
    """Return the city today and with a scenario, to switch between on one map."""
    return [
        View(
            id="before", label=t("scenario.before", lang), result=today.result, coverage=today.drawn,
            sites=today.drawn.sites,
        ),
        View(
            id="after", label=t("scenario.after", lang), result=found.after.result, coverage=today.drawn,
            sites=found.sites, gained=found.gained,
        ),
    ]  # fmt: skip


def curve(plan: Plan, lang: Language) -> None:
    """Show what each share costs at least, and what is proven about the plan."""
    st.subheader(t("planpage.curve", lang), anchor=False)
    points = plan.pareto[["cost_vnd", "share"]].dropna().sort_values("cost_vnd")
    if len(points) < 2:
        points = pd.DataFrame(
            {
                "cost_vnd": [0.0, *plan.steps["cost_vnd"].cumsum()],
                "share": [plan.share_before, *plan.steps["running_share"]],
            }
        )
    known = plan.pareto.dropna(subset=["bound_vnd"]) if len(plan.pareto) else plan.pareto
    bounds = [(row["bound_vnd"] / BILLION, row["share"]) for row in known.to_dict("records")]
    drawing = charts.cost_curve(
        (points["cost_vnd"] / BILLION).to_list(), points["share"].to_list(), plan.target, lang, bounds=bounds
    )
    svg = str(drawing).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" ', 1)
    link = f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
    text = t("planpage.curve_text", lang, share=percent(plan.share_after, lang), cost=_billions(plan.cost_vnd, lang))
    st.html(f'<div class="curve"><img alt="{escape(text)}" src="{link}"></div>')
    st.caption(t("planpage.curve_note", lang))
    st.markdown("\n".join(f"- {parts.plain(line)}" for line in planpages.sentences(plan, lang)))


def _billions(cost_vnd: float, lang: Language) -> str:
    return number(cost_vnd / BILLION, lang, 1)


def steps(held: Held, lang: Language) -> None:
    """List the changes in their order; of a plan with gain and running share."""
    st.subheader(t("scenario.order", lang), anchor=False)
    changes = held.scenario.changes
    table = pd.DataFrame(
        {
            "order": range(1, len(changes) + 1),
            "change": [t(f"scenario.change_{change.kind}", lang) for change in changes],
            "site_id": [change.site_id for change in changes],
            "operator": ["+".join(change.operators) for change in changes],
            "cost": [change.cost_vnd / BILLION for change in changes],
        }
    )
    if held.plan is not None:
        table["phase"] = held.plan.steps["phase"].to_list()
        table["gain"] = (100 * held.plan.steps["gain"]).to_list()
        table["running_share"] = held.plan.steps["running_share"].to_list()
    table["reason"] = ["" if change.reason is None else change.reason.text(lang) for change in changes]
    own = {"phase": "planpage.column_phase", "reason": "planpage.column_reason"}
    config = {
        name: st.column_config.Column(t(own.get(name, f"scenario.column_{name}"), lang))
        for name in map(str, table.columns)
    }
    config["cost"] = parts.number_column(t("scenario.column_cost", lang), 2)
    config["gain"] = parts.number_column(t("scenario.column_gain", lang), 3)
    config["running_share"] = parts.share_column(t("scenario.column_running_share", lang))
    st.dataframe(table, hide_index=True, width="stretch", column_config=config, key="steps")


def downloads(held: Held, found: Shown, today: Measured, lang: Language) -> None:
    """Hand out the plan, its map and its report; the scenario itself is on the shelf."""
    made_up = today.result.study.city.synthetic
    plan, after = held.plan, found.after.result
    if plan is None:
        return
    columns = st.columns(4)
    with columns[0]:
        content = csv_text(plan.steps).encode()  # the bytes of `phusong plan`: one table, one hash
        parts.download(
            t("scenario.download", lang), content, "plan.csv", "text/csv", key="plan_file", synthetic=made_up
        )
    with columns[1]:
        label, points = t("planpage.download_points", lang), plan_gpkg(plan, today.result)
        kind = "application/geopackage+sqlite3"
        parts.download(label, points, "plan.gpkg", kind, key="plan_points_file", synthetic=made_up)
    with columns[2]:
        label, page = t("planpage.download_report", lang), cached.plan_report(plan, today.result, after, lang)
        parts.download(label, page, "plan-report.html", "text/html", key="plan_report_file", synthetic=made_up)
    with columns[3]:
        label, page = t("scenario.download_map", lang), cached.plan_page(plan, today.result, after, lang)
        parts.download(label, page, "plan-map.html", "text/html", key="plan_map_file", synthetic=made_up)


def rules(offered: Candidates, today: Measured, lang: Language) -> None:
    """Say which rules a plan keeps, and what they refuse with the reason of each."""
    study, refused = today.result.study, offered.refused
    with st.expander(t("planpage.in_force", lang)):
        if offered.rules.name:
            st.markdown(t("planpage.in_force_file", lang, name=parts.plain(offered.rules.name)))
        in_words(offered.rules, study, lang)
        counts = {"count": number(len(refused), lang), "offered": number(len(offered), lang)}
        if refused.empty:
            st.caption(t("planpage.refused_none", lang, offered=counts["offered"]))
            return
        st.markdown(t("planpage.refused_some", lang, **counts))
        names = study.city.wards.frame["name"]
        table = pd.DataFrame(
            {
                "change": [t(f"scenario.change_{kind}", lang) for kind in refused["kind"]],
                "site_id": refused["site_id"],
                "operator": refused["operator"],
                "ward": refused["ward_id"].map(names),
                "refusal": refused[f"text_{lang}"],
            }
        )
        own = {"ward": "planpage.column_ward", "refusal": "planpage.column_refusal"}
        config = {
            name: st.column_config.Column(t(own.get(name, f"scenario.column_{name}"), lang))
            for name in map(str, table.columns)
        }
        st.dataframe(table, hide_index=True, width="stretch", column_config=config, key="refused")
        content = csv_text(refused.drop(columns="values")).encode()
        parts.download(
            t("planpage.refused_download", lang), content, "refused.csv", "text/csv", key="refused_file",
            synthetic=study.city.synthetic or offered.rules.synthetic,
        )  # fmt: skip


def compare(shelf: Mapping[str, Held], definition: str, today: Measured, lang: Language) -> None:
    """Put two scenarios of the shelf side by side: their figures, and their maps."""
    st.subheader(t("planpage.compare", lang), anchor=False)
    if len(shelf) < 2:
        st.caption(t("planpage.compare_hint", lang))
        return
    names = list(shelf)
    left, right = st.columns(2, gap="medium")
    first = left.selectbox(t("planpage.compare_left", lang), names, key="compare_left", index=len(names) - 2)
    second = right.selectbox(t("planpage.compare_right", lang), names, key="compare_right", index=len(names) - 1)
    pair = [shelf[first], shelf[second]]
    found = [cached.shown(definition, held.scenario) for held in pair]
    st.table(compared(pair, found, today, lang), hide_index=True)
    for column, held, each, key in zip(
        st.columns(2, gap="medium"), pair, found, ("map_left", "map_right"), strict=True
    ):
        with column:
            view = View(
                id="after", label=held.name, result=each.after.result, coverage=today.drawn, sites=each.sites,
                gained=each.gained,
            )  # fmt: skip
            city_map([view], "area_share", lang, key=key)


def compared(pair: Sequence[Held], found: Sequence[Shown], today: Measured, lang: Language) -> pd.DataFrame:
    """Return one row for each figure and one column for each scenario, today in front; texts."""
    results = [today.result, *(each.after.result for each in found)]
    figures = dict.fromkeys([today.result.definition.headline, *COMPARED])
    rows: list[list[str]] = [
        [t(f"measure.{name}", lang), *(percent(parts.city_value(result, name), lang) for result in results)]
        for name in figures
    ]
    rows.append([t("scenario.cost", lang), "–", *(_billions(held.cost_vnd, lang) for held in pair)])
    rows.append([t("scenario.steps", lang), "–", *(number(len(held.scenario.changes), lang) for held in pair)])
    sites = [{(change.site_id, change.operator, change.kind) for change in held.scenario.changes} for held in pair]
    both = len(set.intersection(*sites))
    rows.append([t("planpage.in_both", lang), "–", *(number(both, lang) for _ in pair)])
    names = [held.name for held in pair]
    titles = ["", t("scenario.before", lang), *(names if names[0] != names[1] else (names[0], f"{names[1]} ·"))]
    return pd.DataFrame(rows, columns=titles)


def wards(found: Shown, lang: Language) -> None:
    """Offer the figures of the wards with the scenario as a table."""
    with st.expander(t("scenario.table", lang)):
        parts.ward_table(found.after.result, FIGURES, lang, key="plan_wards")
