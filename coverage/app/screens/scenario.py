"""From a target to a plan: what to build first, what it costs, what it brings; scenarios kept, compared and moved."""

import streamlit as st

from coverage.app import cached, parts, planshown, shelf
from coverage.app.cached import Asking, Measured
from coverage.app.panel import View, city_map
from coverage.app.planform import BILLION, ask, local_rules
from coverage.app.shelf import Held
from coverage.app.state import current
from coverage.errors import PlanError
from coverage.types import Language
from coverage.words import number, percent, t


def held_shelf() -> shelf.Shelf:
    """Return the scenarios this visitor holds."""
    found: shelf.Shelf = st.session_state.setdefault("shelf", {})
    return found


def opened(definition: str) -> Held | None:
    """Return the scenario on the page; the proof of a plan holds under its own definition only."""
    held: Held | None = st.session_state.get("opened")
    if held is None or held.plan is None or held.plan.definition == definition:
        return held
    return Held(scenario=held.scenario, definition=definition)


def answer(asking: Asking, today: Measured, lang: Language) -> None:
    """Make the plan that was asked for and open it; where there is none, say what the rules refuse."""
    with parts.in_words(lang), parts.progress(t("scenario.running", lang)) as moved:
        offered = cached.offered(asking)
        try:
            plan = cached.planned(asking, moved)
        except PlanError:
            planshown.rules(offered, today, lang)
            raise
    if asking.target is None or (asking.budget_vnd is not None and not plan.reached):
        name = t("planpage.name_budget", lang, budget=number((asking.budget_vnd or 0) / BILLION, lang, 1))
    else:
        name = t("planpage.name_target", lang, target=percent(asking.target, lang, 0))
    show_next(Held(scenario=plan.scenario.renamed(name), definition=asking.definition, plan=plan, offered=offered))


def show_next(held: Held) -> None:
    """Open a scenario; its map is a new one, for what was moved on the last map means nothing on it."""
    st.session_state["opened"] = held
    st.session_state["turn"] = st.session_state.get("turn", 0) + 1


def keep(today: Measured, definition: str, lang: Language) -> None:
    """Save, duplicate, open, remove, read and hand out scenarios."""
    with st.container(border=True):
        st.markdown(f"**{t('planpage.shelf', lang)}**")
        held, kept = opened(definition), held_shelf()
        if held is not None:
            name = st.text_input(
                t("planpage.name", lang), held.name, max_chars=shelf.LONGEST_NAME, key=f"name_{held.name}"
            )
            if st.button(t("planpage.save", lang), icon=":material/bookmark_add:", width="stretch", key="save"):
                st.session_state["shelf"], given = shelf.saved(kept, held, name)
                show_next(st.session_state["shelf"][given])
                st.rerun()
        if kept:
            listed(kept, today, lang)
        else:
            st.caption(t("planpage.shelf_empty", lang))
        sent = st.file_uploader(
            t("planpage.load", lang), type=["toml"], key=f"file_{st.session_state.get('files_read', 0)}",
            max_upload_size=shelf.MAX_BYTES >> 20,
        )  # fmt: skip
        if sent is not None:
            with parts.in_words(lang):
                city = today.result.study.city
                st.session_state["shelf"], given = shelf.read(kept, sent.getvalue(), sent.name, city, definition)
            show_next(st.session_state["shelf"][given])
            st.session_state["files_read"] = st.session_state.get("files_read", 0) + 1
            st.rerun()


def listed(kept: shelf.Shelf, today: Measured, lang: Language) -> None:
    """Offer what can be done with one of the scenarios on the shelf."""
    names, held = list(kept), st.session_state.get("opened")
    first = names.index(held.name) if held is not None and held.name in names else len(names) - 1
    chosen = st.selectbox(
        t("planpage.saved", lang), names, key=f"chosen_{st.session_state.get('turn')}_{len(names)}", index=first
    )
    columns = st.columns(2)
    if columns[0].button(t("planpage.open", lang), key="open", width="stretch"):
        show_next(kept[chosen])
        st.rerun()
    if columns[1].button(t("planpage.remove", lang), key="remove", width="stretch"):
        st.session_state["shelf"] = shelf.without(kept, chosen)
        st.rerun()
    if st.button(t("planpage.duplicate", lang), key="duplicate", icon=":material/content_copy:", width="stretch"):
        st.session_state["shelf"], given = shelf.duplicated(kept, chosen)
        show_next(st.session_state["shelf"][given])
        st.rerun()
    made_up = today.result.study.city.synthetic
    parts.download(
        t("planpage.download_scenario", lang), kept[chosen].scenario.text().encode(), shelf.file_name(chosen),
        "application/toml", key="scenario_file", synthetic=made_up,
    )  # fmt: skip


def show() -> None:
    """Draw the page."""
    state = current()
    lang, definition = state.lang, state.definition
    today = parts.measured(definition, lang)
    parts.header(t("scenario.title", lang), t("scenario.lead", lang), today.result, lang)
    headline = today.result.definition.headline
    share = percent(today.result.headline, lang)
    left, right = st.columns([5, 13], gap="large")
    with left:
        asking = ask(definition, headline, local_rules(today.result.study, lang), lang)
        if asking is not None:
            answer(asking, today, lang)
        keep(today, definition, lang)
    held = opened(definition)
    with right:
        st.markdown(t("scenario.today", lang, measure=t(f"measure.{headline}", lang), share=share))
        if held is None:
            view = View(
                id="today", label=t("app.today", lang), result=today.result, coverage=today.drawn,
                sites=today.drawn.sites,
            )  # fmt: skip
            city_map([view], "area_share", lang, key="plan_today")
            st.caption(t("planpage.start", lang))
        else:
            with parts.in_words(lang):
                found = cached.shown(definition, held.scenario)
            planshown.outcome(held, found, today, lang)
            if held.scenario.changes:
                planshown.explored(found, today, lang, key=f"plan_map_{st.session_state.get('turn')}")
                if held.plan is not None:
                    planshown.curve(held.plan, lang)
    if held is not None and held.scenario.changes:
        planshown.steps(held, lang)
        planshown.downloads(held, found, today, lang)
        if held.offered is not None:
            planshown.rules(held.offered, today, lang)
        planshown.wards(found, lang)
    with parts.in_words(lang):
        planshown.compare(held_shelf(), definition, today, lang)
    parts.basis(today.result, lang)


show()
