"""Challenges: raise one with evidence, follow the others, and, as the city, answer and decide."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import shapely
import streamlit as st
from shapely.geometry.base import BaseGeometry

from coverage.app import cached, parts
from coverage.app.cached import Measured
from coverage.app.judging import verdict
from coverage.app.panel import View, city_map
from coverage.app.state import current
from coverage.app.visitor import store, visitor
from coverage.disputes import CHALLENGED
from coverage.errors import StoreError
from coverage.files.evidence import PHOTOS, PLACED, area_of, drawn_area
from coverage.store.challenges import Challenge, challenges, raise_challenge
from coverage.store.engine import Store
from coverage.store.principal import Principal
from coverage.types import Language
from coverage.words import number, t

MAP = "challenge_map"
MOST_CORNERS = 1000
ABOUT = ("area", "ward")
LARGEST = 10 * 2**20  # bytes of one piece of evidence: a photo or a log of a drive
SEEN = (*PLACED, *PHOTOS, "png", "pdf", "txt")


def drawn(measured: Measured, lang: Language) -> BaseGeometry | None:
    """Show the map to draw an area on, and return the area."""
    view = View(
        id="today", label=t("app.today", lang), result=measured.result, coverage=measured.drawn,
        sites=measured.drawn.sites, disputed=cached.hatched(current().definition),
    )  # fmt: skip
    state = st.session_state.get(MAP)
    city_map([view], "area_share", lang, key=MAP, draws=True, layers=("wards", "coverage"))
    return drawn_area(corners(state))


def corners(state: object) -> list[tuple[float, float]]:
    """Return the corners that a browser sent, latitude and longitude; none for anything odd."""
    given = state.get("drawn") if isinstance(state, Mapping) else getattr(state, "drawn", None)
    if not isinstance(given, list | tuple) or len(given) > MOST_CORNERS:
        return []
    found = []
    for each in given:
        numbers = isinstance(each, list | tuple) and len(each) == 2 and all(isinstance(n, int | float) for n in each)
        if not numbers or not (-90 <= each[0] <= 90 and -180 <= each[1] <= 180):
            return []
        found.append((float(each[0]), float(each[1])))
    return found


def sent(lang: Language) -> tuple[list[tuple[str, bytes]], BaseGeometry | None]:
    """Ask for evidence, and return the files with the area that those with places speak of."""
    files, areas = [], []
    for each in st.file_uploader(
        t("challenges.evidence", lang), list(SEEN), accept_multiple_files=True, help=t("challenges.evidence_help", lang)
    ):
        content = each.getvalue()
        with parts.in_words(lang):
            if len(content) > LARGEST:
                raise StoreError("evidence_too_large", file=each.name, limit_mb=LARGEST >> 20)
            area = area_of(each.name, content)
            if area is not None:
                areas.append(area)
            elif each.name.lower().endswith(PHOTOS):
                st.caption(parts.plain(t("challenges.photo_without_place", lang, file=each.name)))
        files.append((each.name, content))
    return files, shapely.union_all(areas) if areas else None


def raised(found: Store, who: Principal, measured: Measured, lang: Language) -> None:
    """Take a new challenge."""
    st.subheader(t("challenges.new", lang), anchor=False)
    kind = st.radio(
        t("challenges.about", lang), ABOUT, format_func=lambda each: t(f"challenges.about_{each}", lang),
        horizontal=True, key="challenge_about",
    )  # fmt: skip
    ward, measure, area = None, CHALLENGED[0], None
    if kind == "ward":
        names = {str(ward_id): str(name) for ward_id, name in measured.result.wards["name"].items()}
        left, right = st.columns(2)
        ward = left.selectbox(t("maps.ward", lang), list(names), format_func=names.__getitem__, key="challenge_ward")
        measure = right.selectbox(
            t("challenges.figure", lang), CHALLENGED, format_func=lambda each: t(f"measure.{each}", lang),
            key="challenge_measure",
        )  # fmt: skip
    else:
        st.caption(t("challenges.draw_help", lang))
        area = drawn(measured, lang)
    files, from_files = sent(lang)
    if kind == "area":
        given = [each for each in (area, from_files) if each is not None]
        area = shapely.union_all(given) if given else None
        told = "no_area" if area is None else "area_chosen"
        st.markdown(parts.plain(t(f"challenges.{told}", lang, km2=number(area.area / 1e6 if area else 0, lang, 3))))
    text = st.text_area(t("challenges.text", lang), max_chars=2000, key="challenge_text")
    if st.button(t("challenges.send", lang), type="primary"):
        with parts.in_words(lang), found.writing(who) as access:
            raise_challenge(access, text, measure=measure, ward_id=ward, area=area, files=files)
        st.success(t("challenges.kept", lang), icon=":material/gavel:")


def listed(rows: list[Challenge], names: dict[str, str], lang: Language) -> None:
    """List the challenges that may be seen, with state and answer."""
    table = pd.DataFrame(
        [
            {
                t("challenges.at", lang): parts.moment(each.at),
                t("challenges.subject", lang): subject(each, names, lang),
                t("challenges.state", lang): t(f"inbox.state_{each.state}", lang),
                t("challenges.said", lang): each.text,
                t("challenges.files", lang): ", ".join(f"{name} ({mark[:12]})" for name, mark in each.evidence),
                t("challenges.answer", lang): each.answer,
            }
            for each in rows
        ]
    )
    st.dataframe(table, hide_index=True, width="stretch", key="challenges")


def subject(each: Challenge, names: dict[str, str], lang: Language) -> str:
    """Return what a challenge is about: a figure of a ward, or an area."""
    if each.area is not None:
        return t("inbox.area", lang, km2=number(each.area.area / 1e6, lang, 3))
    return f"{names.get(str(each.ward_id), str(each.ward_id))}: {t(f'measure.{each.measure}', lang)}"


def judged(found: Store, who: Principal, each: Challenge, names: dict[str, str], lang: Language) -> None:
    """Show a challenge that waits for an answer or a decision, and take it."""
    with st.container(border=True):
        st.markdown(f"**{parts.plain(subject(each, names, lang))}** · {t(f'inbox.state_{each.state}', lang)}")
        st.text(each.text)
        verdict(found, who, each, lang, label=t("challenges.reason", lang), key=f"reason-{each.id}")


def show() -> None:
    """Draw the page."""
    state, found, account = current(), store(), visitor()
    lang = state.lang
    measured = parts.measured(state.definition, lang)
    parts.header(t("challenges.title", lang), t("challenges.lead", lang), measured.result, lang)
    if found is None or account is None:
        st.stop()
    who = account.principal
    raised(found, who, measured, lang)
    with found.reading(who) as access:
        rows = challenges(access)
    names = {str(ward): str(name) for ward, name in measured.result.wards["name"].items()}
    st.subheader(t("challenges.listed", lang), anchor=False)
    if not rows:
        st.info(t("challenges.none", lang), icon=":material/done_all:")
        return
    listed(rows, names, lang)
    if who.may("judge"):
        st.subheader(t("challenges.open", lang), anchor=False)
        for each in rows:
            if each.state in {"open", "answered"}:
                judged(found, who, each, names, lang)


show()
