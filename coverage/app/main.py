"""The script behind every page: frame, language, definition, navigation."""

from pathlib import Path

import streamlit as st

from coverage.app import pages_for, parts
from coverage.app.state import current, wished_language
from coverage.app.visitor import visitor
from coverage.catalog.definitions import definitions
from coverage.words import LANGUAGES, t

HERE = Path(__file__).parent

if "lang" not in st.session_state:
    st.session_state["lang"] = wished_language()
lang = current().lang
st.query_params["lang"] = lang

st.set_page_config(page_title=t("app.title", lang), page_icon=str(HERE / "icon.svg"), layout="wide")
st.logo(str(HERE / "logo.svg"), size="large", icon_image=str(HERE / "icon.svg"))
parts.style(lang)

who = visitor()
pages = [
    st.Page(
        HERE / "screens" / f"{name}.py", title=t(f"app.nav_{name}", lang), icon=icon, url_path=name,
        default=name == "overview",
    )
    for name, icon in pages_for(None if who is None else who.role).items()
]  # fmt: skip
page = st.navigation(pages)

with st.sidebar:
    st.radio(
        t("app.language", lang),
        LANGUAGES,
        key="lang",
        horizontal=True,
        format_func=lambda each: t("app.own_name", each),
    )
    answerable = [name for name, each in definitions().items() if each.kind != "samples"]
    # One box per language: the browser goes on showing the text that a box was chosen with.
    box = f"definition_{lang}"
    if box not in st.session_state:
        st.session_state[box] = current().definition
    st.session_state["definition"] = st.selectbox(
        t("app.definition", lang), answerable, key=box, help=t("app.definition_help", lang),
        format_func=lambda name: t(f"definition.{name}", lang),
    )  # fmt: skip
    parts.who(who, lang)
    parts.footer(lang)

page.run()
