"""What a plan is asked for: goal, target or budget, what counts, what may be built, and the rules it keeps."""

from __future__ import annotations

from typing import TypedDict, get_args

import streamlit as st

from coverage.app import ownrules, parts
from coverage.app.cached import Asking
from coverage.app.ownrules import OwnRules
from coverage.catalog.targets import target
from coverage.changes import ChangeKind
from coverage.errors import CoverageError
from coverage.planning import ruletexts
from coverage.planning.rules import SHARING, Rules, Sharing
from coverage.planning.worth import ON_PIXELS
from coverage.study import Study
from coverage.types import Language
from coverage.words import render, t

BILLION = 1e9
AIM = target("danang-2023-5g-area")
OFFERED: tuple[ChangeKind, ...] = ("upgrade", "new_site", "carrier", "small_cell", "retune")
USUAL: tuple[ChangeKind, ...] = ("upgrade", "new_site")
assert set(OFFERED) <= set(get_args(ChangeKind))


def local_rules(study: Study, lang: Language) -> OwnRules | None:
    """Let the reader hand in a file of local rules, and say what it says; return the one that is in force."""
    refused = ""
    with st.expander(t("planpage.own_rules", lang), expanded="own_rules" in st.session_state):
        sent = st.file_uploader(
            t("planpage.own_rules_load", lang), type=["toml"], max_upload_size=1,
            key=f"rules_{st.session_state.get('rules_read', 0)}",
        )  # fmt: skip
        if sent is not None:
            try:
                st.session_state["own_rules"] = ownrules.read(sent.getvalue(), sent.name, study)
            except CoverageError as error:
                refused = render(error, lang)
            else:
                _fresh()
        own: OwnRules | None = st.session_state.get("own_rules")
        if own is None:
            st.caption(t("planpage.own_rules_none", lang))
        else:
            st.markdown(t("planpage.own_rules_held", lang, name=parts.plain(own.name)))
            if own.rules.synthetic:
                st.caption(t("planpage.own_rules_synthetic", lang))
            in_words(own.rules, study, lang)
            if st.button(t("planpage.own_rules_drop", lang), key="drop_rules", width="stretch"):
                del st.session_state["own_rules"]
                _fresh()
        wards = study.city.wards.frame
        content = ruletexts.template(lang, str(wards.index[0])).encode()
        parts.download(
            t("planpage.own_rules_template", lang), content, "rules.toml", "application/toml", key="rules_template",
            synthetic=False,
        )  # fmt: skip
    if refused:  # below the box: that may be closed
        st.error(parts.plain(refused), icon=":material/error:")
    return own


def _fresh() -> None:
    """Begin again with an empty box for the next file."""
    st.session_state["rules_read"] = st.session_state.get("rules_read", 0) + 1
    st.rerun()


def in_words(rules: Rules, study: Study, lang: Language) -> None:
    """List what rules say."""
    wards = {str(ward): str(name) for ward, name in study.city.wards.frame["name"].items()}
    st.markdown("\n".join(f"- {parts.plain(line)}" for line in ruletexts.sentences(rules, lang, wards)))


def ask(definition: str, measure: str, own: OwnRules | None, lang: Language) -> Asking | None:
    """Let the reader say what is wanted; return it when the button was pressed.

    Parameters
    ----------
    definition : str
    measure : str
        The headline of the definition: what counts unless the reader says otherwise.
    own : OwnRules or None
        A file of rules: what it says is not asked for again.
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
        kinds: list[ChangeKind] = []
        if own is None:
            kinds = st.multiselect(
                t("planpage.kinds", lang), OFFERED, default=USUAL, key="kinds",
                format_func=lambda kind: t(f"scenario.change_{kind}", lang),
            )  # fmt: skip
        more = _more_rules(own is None, lang)
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
        own=own,
        **more,
    )


class _More(TypedDict):
    """Rules that most readers leave as they are."""

    share: Sharing
    floor: float | None
    phases: int
    min_distance_m: float
    max_new_per_ward: int | None


def _more_rules(boxes: bool, lang: Language) -> _More:
    share: Sharing = "none"
    apart, each = 0, None
    with st.expander(t("planpage.more_rules", lang)):
        if boxes:
            share = st.selectbox(
                t("planpage.share", lang), SHARING, key="share",
                format_func=lambda name: t(f"planpage.share_{name}", lang),
            )  # fmt: skip
        floor = st.slider(t("planpage.floor", lang), 0, 50, 0, format="%d %%", key="floor")
        phases = st.number_input(t("planpage.phases", lang), 1, 12, 1, key="phases")
        if boxes:
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
