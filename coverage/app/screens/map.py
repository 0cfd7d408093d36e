"""The map of the city, with the same figures as a table for those who cannot or do not want to use a map."""

import streamlit as st

from coverage import drawing
from coverage.app import cached, parts
from coverage.app.panel import View, city_map
from coverage.app.sightline import clicked_point, show_sightline
from coverage.app.state import current
from coverage.maps import FIGURES
from coverage.types import Language
from coverage.words import t

MAP = "city_map"


@st.fragment
def explored(view: View, measure: str, lang: Language) -> None:
    """Draw the map and the profile to the point chosen on it: a click reruns these two, not the page."""
    above, below = st.container(), st.container()
    with below:
        sight = show_sightline(view.result, clicked_point(st.session_state.get(MAP)), lang, key="sightline")
    with above:
        city_map([view], measure, lang, key=MAP, sight=sight, picks=True)


def show() -> None:
    """Draw the page."""
    state = current()
    lang = state.lang
    measured = parts.measured(state.definition, lang)
    parts.header(t("map.title", lang), t("map.lead", lang), measured.result, lang)
    with parts.in_words(lang):
        measure = st.columns(2)[0].selectbox(
            t("map.measure", lang), [name for name in drawing.BREAKS if name in measured.result.wards], key="measure",
            format_func=lambda name: t(f"measure.{name}", lang),
        )  # fmt: skip
        today = View(
            id="today", label=t("app.today", lang), result=measured.result, coverage=measured.drawn,
            sites=measured.drawn.sites, disputed=cached.hatched(state.definition),
        )  # fmt: skip
        explored(today, measure, lang)
        parts.basis(measured.result, lang)
    st.subheader(t("map.table", lang), anchor=False)
    parts.ward_table(measured.result, FIGURES, lang, key="map_table")
    made_up = measured.result.study.city.synthetic
    page = cached.map_page(state.definition, measure, lang)
    parts.download(t("map.download", lang), page, "map.html", "text/html", key="map_file", synthetic=made_up)


show()
