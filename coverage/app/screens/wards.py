"""Every ward with its figures: sort, search, download."""

from typing import Any

import pandas as pd
import streamlit as st

from coverage.app import parts
from coverage.app.state import current
from coverage.names import normal_name, plain_name
from coverage.publishing import wards_csv
from coverage.types import Language
from coverage.words import t

COLUMNS = (
    "area_share", "population_covered_share", "households_covered_share", "household_internet_share",
    "lines_per_100_households", "area_km2", "population", "households", "subscriptions",
)  # fmt: skip
# [px], together the width of the page in a window of 1360 px: the first columns show whole, the others are scrolled to.
WIDTHS = {"name": 117, "district": 152, "lines_per_100_households": 131, "area_km2": 114}
SHARE_WIDTH = 116


def columns(wards: pd.DataFrame, lang: Language) -> dict[str, Any]:
    """Return how each column is shown."""
    config: dict[str, Any] = {
        "name": st.column_config.TextColumn(t("maps.ward", lang), pinned=True, width=WIDTHS["name"]),
        "district": st.column_config.TextColumn(t("maps.district", lang), width=WIDTHS["district"]),
        "ward_id": st.column_config.TextColumn(t("wards.code", lang)),
    }
    for column in COLUMNS:
        label, whole = t(f"wards.short_{column}", lang), t(f"measure.{column}", lang)
        if column.endswith("_share"):
            config[column] = parts.share_column(label, bool(wards[column].notna().all()), whole, SHARE_WIDTH)
        else:
            digits = 1 if column in {"area_km2", "lines_per_100_households"} else 0
            config[column] = parts.number_column(label, digits, whole, WIDTHS.get(column))
    return config


def chosen(wards: pd.DataFrame, lang: Language) -> pd.DataFrame:
    """Return the wards that the reader's search and district leave, the least covered first."""
    search, district = st.columns([2, 1])
    text = search.text_input(t("wards.search", lang), placeholder=t("wards.search_hint", lang))
    districts = sorted(wards["district"].dropna().unique())
    only = district.selectbox(
        t("maps.district", lang), districts, index=None, placeholder=t("wards.all_districts", lang),
        disabled=len(districts) < 2,
    )  # fmt: skip
    if text:
        wanted = plain_name(normal_name(text))
        wards = wards[[wanted in plain_name(normal_name(name)) for name in wards["name"]]]
    if only:
        wards = wards[wards["district"] == only]
    return wards.sort_values(["area_share", "name"])


def show() -> None:
    """Draw the page."""
    state = current()
    lang = state.lang
    result = parts.measured(state.definition, lang).result
    parts.header(t("wards.title", lang), t("wards.lead", lang), result, lang)
    wards = chosen(result.wards.reset_index(), lang)
    if wards.empty:
        st.info(t("wards.none", lang), icon=":material/search_off:")
    else:
        order = ["name", "district", *COLUMNS, "ward_id"]
        height = min(38 + 35 * len(wards), 720)
        st.dataframe(
            wards[order].round(3),
            hide_index=True,
            width="stretch",
            height=height,
            column_config=columns(result.wards, lang),
            key="wards",
            placeholder=t("maps.unknown", lang),
        )
    st.caption(t("wards.note", lang, shown=len(wards), all=len(result.wards)))
    content = wards_csv(result).encode()  # the bytes of `phusong measure`: one table, one hash
    made_up = result.study.city.synthetic
    parts.download(t("wards.download", lang), content, "wards.csv", "text/csv", key="wards_file", synthetic=made_up)
    parts.basis(result, lang)


show()
