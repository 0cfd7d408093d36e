"""Every ward with its figures: sort, search, download."""

from typing import Any

import pandas as pd
import streamlit as st

from coverage.app import cached, parts
from coverage.app.editions import shown_edition
from coverage.app.graded import held_grades, one_ward, whole_city
from coverage.app.state import current
from coverage.app.visitor import store, visitor
from coverage.intake.wardgrades import WardGrades
from coverage.internet.indicators import INDICATORS
from coverage.names import normal_name, plain_name
from coverage.publishing import shown_documents, wards_csv
from coverage.restating import Restatement
from coverage.showing import in_edition
from coverage.study import Result
from coverage.types import Language
from coverage.words import number, percent, t

COLUMNS = (
    "area_share", "population_covered_share", "households_covered_share", "connected_share", "connected_low",
    "connected_high", "status", "lines_per_100_households", "area_km2", "population", "households", "subscriptions",
)  # fmt: skip
# [px], together the width of the page in a window of 1360 px: the first columns show whole, the others are scrolled to.
WIDTHS = {"name": 117, "district": 152, "lines_per_100_households": 131, "area_km2": 114}
SHARE_WIDTH = 116
GRADE_WIDTH = 110


def columns(wards: pd.DataFrame, lang: Language) -> dict[str, Any]:
    """Return how each column is shown."""
    config: dict[str, Any] = {
        "name": st.column_config.TextColumn(t("maps.ward", lang), pinned=True, width=WIDTHS["name"]),
        "district": st.column_config.TextColumn(t("maps.district", lang), width=WIDTHS["district"]),
        "ward_id": st.column_config.TextColumn(t("wards.code", lang)),
        "data_grade": st.column_config.TextColumn(
            t("wards.short_data_grade", lang), help=t("wards.grade_help", lang), width=GRADE_WIDTH
        ),
    }
    for column in COLUMNS:
        label, whole = t(f"wards.short_{column}", lang), t(f"measure.{column}", lang)
        if column == "status":
            config[column] = st.column_config.TextColumn(label, help=whole, width=SHARE_WIDTH)
        elif column.endswith(("_share", "_low", "_high")):
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


def status_text(status: object, lang: Language) -> str | None:
    """Return where the figure of a ward comes from, in words; None where nothing is known."""
    return t(f"wards.status_{status}", lang) if isinstance(status, str) else None


def detail(wards: pd.DataFrame, lang: Language, grades: WardGrades | None, *, own: bool) -> None:
    """Draw one ward: estimate, range and origin of its household internet, every indicator, and its data grade.

    Parameters
    ----------
    wards : DataFrame
        With a fresh index.
    lang : {"vi", "en"}
    grades : WardGrades or None
        As the visitor may see them.
    own : bool
        Whether they are of the visitor's own rows alone.
    """
    names = wards.set_index("ward_id")["name"].to_dict()
    chosen_id = st.selectbox(
        t("wards.one", lang), list(names), format_func=lambda ward: names[ward], key=f"one_ward_{lang}"
    )  # fmt: skip
    ward = next(row for _, row in wards.iterrows() if row["ward_id"] == chosen_id)
    share, low, high = (ward[f"connected_{end}"] for end in ("share", "low", "high"))
    unknown = t("maps.unknown", lang)
    estimate, between, origin, lines = st.columns(4)
    estimate.metric(t("measure.connected_share", lang), unknown if pd.isna(share) else percent(share, lang))
    both = unknown if pd.isna(low) else f"{number(100 * low, lang, 1)} – {percent(high, lang)}"
    between.metric(t("wards.range", lang), both)
    origin.metric(t("measure.status", lang), status_text(ward["status"], lang) or unknown)
    per_100 = ward["lines_per_100_households"]
    lines.metric(t("measure.lines_per_100_households", lang), unknown if pd.isna(per_100) else number(per_100, lang, 1))
    if pd.isna(share):
        st.caption(t("wards.no_point", lang))
    for flag in filter(None, str(ward["flags"] or "").split(";")):
        if flag != "nan":
            st.warning(t(f"wards.flag_{flag}", lang), icon=":material/flag:")
    st.table(indicators(ward, lang))  # sentences have to wrap, which the cells of a data frame do not
    if grades is not None:
        one_ward(grades, str(chosen_id), lang, own=own)


def indicators(ward: pd.Series, lang: Language) -> pd.DataFrame:
    """Return what every indicator says of one ward, as text, beside what it is."""
    rows = []
    for name in INDICATORS:
        value = ward[name]
        if pd.isna(value):
            text = t("maps.unknown", lang)
        elif name.endswith(("_per_100_households", "growth_low", "growth_high")):
            text = number(float(value), lang, 2 if "growth" in name else 1)
        else:
            text = percent(float(value), lang)
        rows.append((t(f"indicator.{name}", lang), text))
    return pd.DataFrame(rows, columns=[t("wards.indicator", lang), t("wards.value", lang)]).set_index(
        t("wards.indicator", lang)
    )


def listed(wards: pd.DataFrame, everything: pd.DataFrame, lang: Language) -> None:
    """Show the wards in a table, with their grade where they have that column.

    Parameters
    ----------
    wards : DataFrame
        Those that were searched for.
    everything : DataFrame
        All wards: what a column shows must not depend on the search.
    lang : {"vi", "en"}
    """
    order = ["name", "district", *COLUMNS, "ward_id"]
    if "data_grade" in wards:
        order.insert(order.index("status") + 1, "data_grade")
    shown = wards[order].round(3)
    shown["status"] = [status_text(status, lang) for status in shown["status"]]
    st.dataframe(
        shown, hide_index=True, width="stretch", height=min(38 + 35 * len(wards), 720),
        column_config=columns(everything, lang), key="wards", placeholder=t("maps.unknown", lang),
    )  # fmt: skip


def offered(result: Result, restated: Restatement | None, grades: WardGrades | None, lang: Language) -> None:
    """Offer the bytes of `phusong measure`, with `--show-edition` where another edition is shown: one table, one hash.

    Parameters
    ----------
    result : Result
    restated : Restatement or None
    grades : WardGrades or None
        Of the city, to which the bytes are those of `measure --store`.
    lang : {"vi", "en"}
    """
    if restated is None:
        beside = None if grades is None else grades.table()
        name, content = "wards.csv", wards_csv(result, cached.disputed(current().definition), beside).encode()
    else:
        name, content = next(iter(shown_documents(result, restated).items()))
        parts.findings(restated.problems, lang)
    made_up = result.study.city.synthetic
    parts.download(t("wards.download", lang), content, name, "text/csv", key="wards_file", synthetic=made_up)


def show() -> None:
    """Draw the page."""
    state, account = current(), visitor()
    lang = state.lang
    result = parts.measured(state.definition, lang).result
    parts.header(t("wards.title", lang), t("wards.lead", lang), result, lang)
    edition, ours = shown_edition(result, lang, key="wards_edition"), result.study.city.wards.edition
    restated = None if edition == ours else in_edition(result, edition)
    table = result.wards if restated is None else restated.wards
    # A letter cannot be carried to other wards: the grade is shown by those that it was given by, or not at all.
    grades = None if restated is not None else held_grades(store(), account, ours)
    graded = grades if grades is not None and grades.submissions + grades.left_out else None
    wards = chosen(table.reset_index(), lang)
    if wards.empty:
        st.info(t("wards.none", lang), icon=":material/search_off:")
    else:
        wards = wards if graded is None else wards.join(graded.table(), on="ward_id")
        listed(wards, table, lang)
        detail(wards, lang, graded, own=not whole_city(account))
    st.caption(t("wards.note", lang, shown=len(wards), all=len(table)))
    offered(result, restated, grades if whole_city(account) else None, lang)
    parts.basis(result, lang)


show()
