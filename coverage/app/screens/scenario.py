"""From a target to a plan: what to build first, what it costs, and what the city looks like afterwards."""

import pandas as pd
import streamlit as st

from coverage.app import cached, parts
from coverage.app.cached import Measured, Planned
from coverage.app.panel import View, city_map
from coverage.app.state import current
from coverage.catalog.targets import target
from coverage.maps import FIGURES
from coverage.types import Language
from coverage.words import number, percent, t
from coverage.writing import csv_text

BILLION = 1e9
AIM = target("danang-2023-5g-area")

Asked = tuple[str, float, float | None]  # definition, target, budget [VND]


def ask(today: Measured, definition: str, lang: Language) -> Asked | None:
    """Let the reader set target and budget; return what was last run under this definition."""
    with st.form("scenario", border=True):
        left, right = st.columns([3, 2], gap="large")
        level = left.slider(
            t("scenario.target", lang, measure=t(f"measure.{today.result.definition.headline}", lang)),
            1, 60, round(100 * AIM.level), format="%d %%", help=t("scenario.target_help", lang), key="target",
        )  # fmt: skip
        billions = right.number_input(
            t("scenario.budget", lang), min_value=0.0, value=None, step=10.0, format="%.0f",
            placeholder=t("scenario.no_budget", lang), help=t("scenario.budget_help", lang), key="budget",
        )  # fmt: skip
        if st.form_submit_button(t("scenario.run", lang), type="primary", icon=":material/play_arrow:"):
            st.session_state["asked"] = (definition, level / 100, billions * BILLION if billions else None)
    asked: Asked | None = st.session_state.get("asked")
    return asked if asked and asked[0] == definition else None


def outcome(found: Planned, today: Measured, lang: Language) -> None:
    """Show what the plan brings, in figures and in one sentence."""
    plan, after = found.plan, found.after.result
    if not plan.reached:
        text = t("scenario.short", lang, share=percent(plan.share_after, lang), target=percent(plan.target, lang))
        st.warning(text, icon=":material/account_balance_wallet:")
    elif plan.steps.empty:
        st.success(t("scenario.already", lang, share=percent(plan.share_before, lang)), icon=":material/check_circle:")
    points = 100 * (plan.share_after - plan.share_before)
    area = (plan.share_after - plan.share_before) * after.denominator.area_km2
    on_area = plan.measure == "area_share"
    columns = st.columns(4)
    columns[0].metric(
        t(f"measure.{plan.measure}", lang), percent(plan.share_after, lang),
        delta=t("scenario.delta", lang, points=number(points, lang, 1)), border=True, height="stretch",
    )  # fmt: skip
    columns[1].metric(
        t("scenario.cost", lang), number(plan.cost_vnd / BILLION, lang, 1), border=True, height="stretch",
        help=t("scenario.cost_help", lang),
    )  # fmt: skip
    columns[2].metric(t("scenario.steps", lang), number(len(plan.steps), lang), border=True, height="stretch")
    people = parts.city_value(after, "population_covered_share")
    before = parts.city_value(today.result, "population_covered_share")
    if on_area:
        columns[3].metric(
            t("scenario.area", lang), t("scenario.km2", lang, area=number(area, lang, 1)), border=True, height="stretch"
        )
    else:
        columns[3].metric(
            t("measure.population_covered_share", lang), percent(people, lang), border=True, height="stretch",
            delta=t("scenario.delta", lang, points=number(100 * (people - before), lang, 1)),
        )  # fmt: skip


def compare(found: Planned, today: Measured, lang: Language) -> None:
    """Show the city before and after on one map, and the wards that gain most."""
    st.subheader(t("scenario.map", lang), anchor=False)
    views = [
        View(
            id="before", label=t("scenario.before", lang), result=today.result, coverage=today.drawn,
            sites=today.drawn.sites,
        ),
        View(
            id="after", label=t("scenario.after", lang), result=found.after.result, coverage=today.drawn,
            sites=found.sites, gained=found.gained,
        ),
    ]  # fmt: skip
    city_map(views, "area_share", lang, key="plan_map")
    with st.expander(t("scenario.table", lang)):
        parts.ward_table(found.after.result, FIGURES, lang, key="plan_wards")


def steps(found: Planned, today: Measured, lang: Language) -> None:
    """List the steps in their order, and hand out plan and map."""
    st.subheader(t("scenario.order", lang), anchor=False)
    plan = found.plan
    table = pd.DataFrame(
        {
            "order": plan.steps["order"],
            "change": [t(f"scenario.change_{kind}", lang) for kind in plan.steps["change"]],
            "site_id": plan.steps["site_id"],
            "operator": plan.steps["operator"],
            "cost": plan.steps["cost_vnd"] / BILLION,
            "gain": 100 * plan.steps["gain"],
            "running_share": plan.steps["running_share"],
        }
    )
    config = {name: st.column_config.Column(t(f"scenario.column_{name}", lang)) for name in table.columns}
    config["cost"] = parts.number_column(t("scenario.column_cost", lang), 2)
    config["gain"] = parts.number_column(t("scenario.column_gain", lang), 3)
    config["running_share"] = parts.share_column(t("scenario.column_running_share", lang))
    st.dataframe(table, hide_index=True, width="stretch", column_config=config, key="steps")
    st.caption(t("scenario.honest" if plan.gap is None else "scenario.proven", lang, gap=percent(plan.gap, lang)))
    left, right = st.columns(2)
    made_up = today.result.study.city.synthetic
    with left:
        content = csv_text(plan.steps).encode()  # the bytes of `phusong plan`: one table, one hash
        parts.download(
            t("scenario.download", lang), content, "plan.csv", "text/csv", key="plan_file", synthetic=made_up
        )
    with right:
        page = cached.plan_page(found, today.result, lang)
        label = t("scenario.download_map", lang)
        parts.download(label, page, "plan-map.html", "text/html", key="plan_map_file", synthetic=made_up)


def show() -> None:
    """Draw the page."""
    state = current()
    lang = state.lang
    today = parts.measured(state.definition, lang)
    parts.header(t("scenario.title", lang), t("scenario.lead", lang), today.result, lang)
    share = percent(today.result.headline, lang)
    st.markdown(t("scenario.today", lang, measure=t(f"measure.{today.result.definition.headline}", lang), share=share))
    asked = ask(today, state.definition, lang)
    if asked is None:
        parts.basis(today.result, lang)
        return
    with parts.in_words(lang), parts.progress(t("scenario.running", lang)) as moved:
        found = cached.planned(*asked, progress=moved)
    outcome(found, today, lang)
    if not found.plan.steps.empty:
        compare(found, today, lang)
        steps(found, today, lang)
    parts.basis(today.result, lang)


show()
