"""What a plan is asked for: goal, target or budget, what counts, what may be built, and the rules it keeps."""

from __future__ import annotations

from typing import TypedDict, get_args

import streamlit as st

from coverage.app.cached import Asking
from coverage.catalog.targets import target
from coverage.changes import ChangeKind
from coverage.planning.rules import SHARING, Sharing
from coverage.planning.worth import ON_PIXELS
from coverage.types import Language
from coverage.words import t

BILLION = 1e9
AIM = target("danang-2023-5g-area")
OFFERED: tuple[ChangeKind, ...] = ("upgrade", "new_site", "carrier", "small_cell", "retune")
USUAL: tuple[ChangeKind, ...] = ("upgrade", "new_site")
assert set(OFFERED) <= set(get_args(ChangeKind))


def ask(definition: str, measure: str, lang: Language) -> Asking | None:
    """Let the reader say what is wanted; return it when the button was pressed.

    Parameters
    ----------
    definition : str
    measure : str
        The headline of the definition: what counts unless the reader says otherwise.
    lang : {"vi", "en"}
    """
    with st.form("scenario", border=True):
        st.markdown(f"**{t('planpage.goal', lang)}**")
        level = st.slider(
            t("scenario.target", lang, measure=t(f"measure.{measure}", lang)), 1, 60, round(100 * AIM.level),
            format="%d %%", help=t("scenario.target_help", lang), key="target",
        )  # fmt: skip
        billions = st.number_input(
            t("scenario.budget", lang), min_value=0.0, value=None, step=1.0, format="%.1f",
            placeholder=t("scenario.no_budget", lang), help=t("scenario.budget_help", lang), key="budget",
        )  # fmt: skip
        counted = st.selectbox(
            t("planpage.objective", lang), ["", *ON_PIXELS], key="objective",
            format_func=lambda name: t(f"planpage.objective_{name or 'headline'}", lang),
        )  # fmt: skip
        st.markdown(f"**{t('planpage.rules', lang)}**")
        kinds = st.multiselect(
            t("planpage.kinds", lang), OFFERED, default=USUAL, key="kinds",
            format_func=lambda kind: t(f"scenario.change_{kind}", lang),
        )  # fmt: skip
        more = _more_rules(lang)
        if not st.form_submit_button(
            t("scenario.run", lang), type="primary", icon=":material/play_arrow:", width="stretch"
        ):
            return None
    return Asking(
        definition=definition,
        target=level / 100,
        budget_vnd=billions * BILLION if billions else None,
        objective=next((name for name in ON_PIXELS if name == counted), None),
        kinds=tuple(kind for kind in OFFERED if kind in kinds),
        **more,
    )


class _More(TypedDict):
    """Rules that most readers leave as they are."""

    share: Sharing
    floor: float | None
    phases: int
    min_distance_m: float
    max_new_per_ward: int | None


def _more_rules(lang: Language) -> _More:
    with st.expander(t("planpage.more_rules", lang)):
        share = st.selectbox(
            t("planpage.share", lang), SHARING, key="share",
            format_func=lambda name: t(f"planpage.share_{name}", lang),
        )  # fmt: skip
        floor = st.slider(t("planpage.floor", lang), 0, 50, 0, format="%d %%", key="floor")
        phases = st.number_input(t("planpage.phases", lang), 1, 12, 1, key="phases")
        apart = st.number_input(t("planpage.min_distance", lang), 0, 5000, 0, step=100, key="min_distance")
        each = st.number_input(
            t("planpage.max_new", lang), min_value=0, value=None, placeholder=t("scenario.no_budget", lang),
            key="max_new",
        )  # fmt: skip
    return _More(
        share=share,
        floor=floor / 100 or None,
        phases=int(phases),
        min_distance_m=float(apart),
        max_new_per_ward=None if each is None else int(each),
    )
