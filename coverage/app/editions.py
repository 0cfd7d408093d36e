"""The switch between editions of the wards: the same figures by the wards of 2019, of early 2025, or since July."""

from __future__ import annotations

import streamlit as st

from coverage.catalog.registers import EDITIONS
from coverage.study import Result
from coverage.types import Language
from coverage.words import t


def shown_edition(result: Result, lang: Language, key: str) -> str:
    """Let the reader choose by which wards figures are shown; the edition that was measured until then.

    A city that stands in no register has no other edition: nothing is asked.
    """
    origin = str(result.study.city.wards.edition)
    if origin not in EDITIONS:
        return origin
    chosen = st.segmented_control(
        t("gap.edition", lang), EDITIONS, default=origin, key=f"{key}_{lang}", help=t("gap.edition_help", lang),
        format_func=lambda edition: t(f"gap.edition_{edition.replace('-', '_')}", lang),
    )  # fmt: skip
    return str(chosen or origin)
