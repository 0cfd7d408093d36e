"""What a visitor has chosen: language and definition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import streamlit as st

from coverage.types import Language
from coverage.words import LANGUAGES

DEFAULT_DEFINITION = "danang-2023"


@dataclass(frozen=True, kw_only=True)
class State:
    """The choices that every page follows.

    Attributes
    ----------
    lang : {"vi", "en"}
    definition : str
        Id of the coverage definition behind every figure on the page.
    """

    lang: Language = "vi"
    definition: str = DEFAULT_DEFINITION


def current() -> State:
    """Return the visitor's choices; before any, the language of the link, else of the browser, else Vietnamese."""
    return State(
        lang=cast(Language, st.session_state.get("lang") or wished_language()),
        definition=st.session_state.get("definition") or DEFAULT_DEFINITION,
    )


def wished_language() -> Language:
    """Return ``?lang=`` where it names a language we speak, English for an English browser, else Vietnamese."""
    asked = st.query_params.get("lang")
    for lang in LANGUAGES:
        if asked == lang:
            return lang
    return "en" if (st.context.locale or "").lower().startswith("en") else "vi"
