"""Who is left out: households without a fixed line and without 5G, ward by ward, and what would reach them."""

import dataclasses

import pandas as pd
import streamlit as st

from coverage.app import cached, parts
from coverage.app.cached import Measured
from coverage.app.editions import shown_edition
from coverage.app.panel import View, city_map
from coverage.app.state import current
from coverage.planning.closing import ways_to_connect
from coverage.restating import restate
from coverage.types import Language
from coverage.words import number, percent, t
from coverage.writing import csv_text

BILLION = 1e9
WORDS = ("kind", "cluster")  # of the wards that were measured: other editions have neither
STATISTICS = ("moran_q", "getis_z", "getis_q")
GROUPS = {"both": "#1d4674", "one": "#5ca6a8", "gap": "#d55e00"}


def figures(gap: pd.DataFrame, lang: Language) -> None:
    """Show how many households are in every group, with the range that holds whoever lives where."""
    known = gap.dropna(subset=["gap_low", "gap_high", "households"])
    total = float(known["households"].sum())
    for cell, group in zip(st.columns(len(GROUPS)), GROUPS, strict=True):
        value, low, high = (
            float((known[f"{group}{end}"] * known["households"]).sum(min_count=len(known)))
            for end in ("_share", "_low", "_high")
        )
        shown = t("gap.unknown_point", lang) if pd.isna(value) else number(round(value, -2), lang)
        ends = t("gap.range", lang, low=number(round(low, -2), lang), high=number(round(high, -2), lang))
        cell.metric(t(f"gap.group_{group}", lang), shown, help=t(f"gap.help_{group}", lang), border=True)
        cell.caption(f"{ends} · {percent(value / total if total else None, lang)}")


def gap_map(measured: Measured, gap: pd.DataFrame, lang: Language) -> None:
    """Show the share of households in the gap, ward by ward; unknown wards are grey."""
    wards = measured.result.wards.join(gap[["gap_share"]])
    view = View(
        id="gap",
        label=t("gap.title", lang),
        result=dataclasses.replace(measured.result, wards=wards),
        coverage=measured.drawn,
        sites=measured.drawn.sites,
    )
    city_map([view], "gap_share", lang, key="gap_map", layers=("wards",))  # without sites for who may not see them


def ranking(gap: pd.DataFrame, lang: Language) -> None:
    """List the wards by households in the gap."""
    columns = ["rank", "name", "district", "households", "gap_households", "gap_households_low", "gap_households_high",
               "gap_share", "fixed_share", "nr_share", *(name for name in WORDS if name in gap)]  # fmt: skip
    in_words = {
        name: [t("maps.unknown", lang) if pd.isna(each) else t(f"gap.{name}_{each}", lang) for each in gap[name]]
        for name in WORDS
        if name in gap
    }
    config = {name: st.column_config.Column(t(f"gap.column_{name}", lang)) for name in ("name", "district", *WORDS)}
    for name in columns:
        if name not in config:
            label = t(f"gap.column_{name}", lang)
            known = bool(gap[name].notna().all())
            config[name] = parts.share_column(label, known) if name.endswith("share") else parts.number_column(label)
    table = gap.assign(**in_words)[columns].round(3)
    st.dataframe(
        table, hide_index=True, width="stretch", column_config=config, key="gap_wards",
        placeholder=t("maps.unknown", lang),
    )  # fmt: skip


def ways(measured: Measured, lang: Language) -> None:
    """Say what it would take to connect everybody, and list it ward by ward."""
    st.subheader(t("gap.ways", lang), anchor=False)
    found = ways_to_connect(measured.result).wards
    total = found[["to_connect", "cost_vnd", "cost_low_vnd", "cost_high_vnd"]].sum()
    told = {"households": number(round(float(total["to_connect"]), -2), lang)}
    told |= {name: number(float(total[f"cost{end}_vnd"]) / BILLION, lang)
             for name, end in (("cost", ""), ("low", "_low"), ("high", "_high"))}  # fmt: skip
    st.markdown(t("gap.ways_lead", lang, **told))
    table = pd.DataFrame(
        {
            "name": found["name"],
            "to_connect": found["to_connect"].round(),
            "way": [t("maps.unknown", lang) if way is None else t(f"gap.way_{way}", lang) for way in found["way"]],
            "fibre_km": found["fibre_km"],
            "cost": found["cost_vnd"] / BILLION,
        }
    ).sort_values("to_connect", ascending=False)
    config = {name: st.column_config.Column(t(f"gap.column_{name}", lang)) for name in ("name", "way")}
    for name, digits in (("to_connect", 0), ("fibre_km", 1), ("cost", 1)):
        config[name] = parts.number_column(t(f"gap.column_{name}", lang), digits)
    st.dataframe(table, hide_index=True, width="stretch", column_config=config, key="ways")
    st.caption(t("gap.ways_note", lang))


def show() -> None:
    """Draw the page."""
    state = current()
    lang = state.lang
    measured = parts.measured(state.definition, lang)
    result = measured.result
    parts.header(t("gap.title", lang), t("gap.lead", lang), result, lang)
    with parts.in_words(lang):
        gap = cached.gap(state.definition)
        figures(gap, lang)
        st.caption(t("gap.bounds", lang))
        gap_map(measured, gap, lang)
        st.subheader(t("gap.ranking", lang), anchor=False)
        edition = shown_edition(result, lang, key="gap_edition")
        figures_alone = gap.drop(columns=[*WORDS, *STATISTICS])
        origin = result.study.city.wards.edition
        shown = gap if edition == origin else restate(figures_alone, origin, edition).wards
        if edition != origin:
            shown = shown.assign(rank=shown["gap_households"].rank(ascending=False, method="min"))
        shown = shown.sort_values("rank")
        ranking(shown, lang)
        content = csv_text(shown.reset_index(names="ward_id")).encode()
        made_up = result.study.city.synthetic
        name = f"gap_{edition}.csv"
        parts.download(t("gap.download", lang), content, name, "text/csv", key="gap_file", synthetic=made_up)
        ways(measured, lang)
    parts.basis(result, lang)


show()
