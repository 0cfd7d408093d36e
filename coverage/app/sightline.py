"""The profile beside the map: what the strongest cells give at a chosen point, and the way from one of them."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st
from pyproj import Transformer

from coverage.app.parts import plain
from coverage.catalog.definitions import Definition
from coverage.drawing import LON_LAT
from coverage.errors import CoverageError, DefinitionError
from coverage.hearing import heard_at
from coverage.maps import escape
from coverage.profilecharts import profile_chart
from coverage.profiletexts import length, profile_sentence, profile_text
from coverage.sightlines import PathProfile, path_profile
from coverage.study import Result
from coverage.types import Language
from coverage.words import number, percent, render, t

CHOICES = 5  # cells to choose among
LatLon = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What the map shows of a profile: where it was clicked, the ends of its line if any [deg], a few words."""

    clicked: LatLon
    note: tuple[str, ...]
    ends: tuple[LatLon, LatLon] | None = None
    clear: bool | None = None


def clicked_point(state: Any) -> LatLon | None:
    """Return latitude and longitude of the point chosen on a map, from what its browser sent; None for anything odd."""
    sent = state.get("picked") if isinstance(state, Mapping) else getattr(state, "picked", None)
    if not isinstance(sent, list | tuple) or len(sent) != 2:
        return None
    if not all(isinstance(value, int | float) and math.isfinite(value) for value in sent):
        return None
    lat, lon = map(float, sent)
    return (lat, lon) if -90 <= lat <= 90 and -180 <= lon <= 180 else None


def show_sightline(result: Result, clicked: LatLon | None, lang: Language, key: str) -> Sight | None:
    """Show the profile to a point, or how to choose one; return what the map shall draw of it.

    Parameters
    ----------
    result : Result
    clicked : (float, float) or None
        Latitude and longitude [deg].
    lang : {"vi", "en"}
    key : str
        Of the choice of cells.
    """
    if clicked is None:
        st.caption(t("profile.hint", lang))
        return None
    st.subheader(t("profile.heading", lang), anchor=False)
    crs = result.study.grid.crs
    point = Transformer.from_crs(LON_LAT, crs, always_xy=True).transform(clicked[1], clicked[0])
    try:
        heard = heard_at(result, point)
        profile = path_profile(result, point, _chosen(heard, lang, f"{key}_{clicked[0]}_{clicked[1]}_{lang}"))
    except CoverageError as error:
        sentence = render(error, lang)
        st.info(plain(sentence), icon=":material/location_off:")
        return Sight(clicked=clicked, note=(sentence,))
    st.html(profile_html(profile, result, lang))
    at = result.signal.cells.geometry.iloc[profile.cell]
    back = Transformer.from_crs(crs, LON_LAT, always_xy=True)
    mast, receiver = ((lat, lon) for lon, lat in (back.transform(at.x, at.y), back.transform(*profile.point_m)))
    return Sight(clicked=clicked, note=_note(profile, lang), ends=(mast, receiver), clear=profile.line.in_sight)


def profile_html(profile: PathProfile, result: Result, lang: Language) -> str:
    """Return figures, sentences and drawing of a profile as HTML without a script.

    The drawing comes as pictures, once for a wide and once for a narrow place; the style sheet shows one of them.
    """
    notes = [profile_sentence(profile, lang)]
    if not profile.in_reach:
        reach = length(result.study.path_model.sweep_m, lang)
        notes.insert(0, t("profile.out_of_reach", lang, reach=reach))
    elif profile.flat_ground and profile.has_terrain:
        notes.append(t("profile.not_read", lang))
    facts = "".join(
        f"<div><dt>{escape(label)}</dt><dd>{escape(value)}<small>{escape(rest)}</small></dd></div>"
        for label, value, rest in _facts(profile, result.definition, lang)
    )
    said = "".join(f"<p>{escape(note)}</p>" for note in notes)
    pictures = "".join(
        f'<img class="{name}" alt="{escape(profile_text(profile, lang))}" src="{_data_url(profile, lang, narrow)}">'
        for name, narrow in (("wide", False), ("narrow", True))
    )
    return f'<div class="sightline"><dl>{facts}</dl>{said}{pictures}</div>'


def _note(profile: PathProfile, lang: Language) -> tuple[str, ...]:
    level = t("profile.nobody", lang) if not profile.in_reach else _level(profile.rsrp_dbm, lang)
    return level, f"{profile.operator} · {length(profile.line.length_m, lang)}", profile.cell_id


def _facts(profile: PathProfile, definition: Definition, lang: Language) -> list[tuple[str, str, str]]:
    """Return label, figure and what stands small below it; what only a cell in reach has is left out for others."""
    line, unknown = profile.line, t("profile.unknown_value", lang)

    def known(value: float | None, digits: int, unit: str = "") -> str:
        return unknown if value is None else f"{_figure(value, lang, digits)}{unit}"

    direction = f"{_figure(profile.bearing_deg, lang, 0)}°, {known(profile.depression_deg, 1, '°')}"
    free_space = t("profile.free_space", lang, value=_figure(profile.free_space_db, lang, 1))
    least = "≥ " if profile.lower_bound else ""
    rows = [("server", profile.cell_id, f"{profile.operator}, {profile.band}")]
    if profile.in_reach:
        rows.append(("rsrp", known(profile.rsrp_dbm, 1, " dBm"), _reaching(profile, definition, lang)))
    rows += [
        ("covered", least + percent(profile.covered_probability, lang, 0), t("profile.as_on_the_map", lang)),
        ("distance", length(line.length_m, lang), ""),
        ("clearance", known(line.clearance, 2), "" if line.clearance is None else t("profile.radii", lang)),
        ("direction", direction, ""),
    ]
    if profile.in_reach:
        rows += [
            ("gain", known(profile.gain_dbi, 1, " dBi"), ""),
            ("loss", known(profile.loss_db, 1, " dB"), free_space),
        ]
    return [(t(f"profile.{name}", lang), value, rest) for name, value, rest in rows]


def _reaching(profile: PathProfile, definition: Definition, lang: Language) -> str:
    """Return how likely the cell reaches the threshold; nothing where the definition asks for something else."""
    try:
        definition.rule()
    except DefinitionError:
        return ""
    if profile.probability is None:
        return ""
    threshold = _figure(profile.threshold_dbm, lang, 0)
    return t("profile.reaching", lang, threshold=threshold, share=percent(profile.probability, lang, 0))


def _chosen(heard: pd.DataFrame, lang: Language, key: str) -> int | None:
    """Let the reader choose among the strongest cells; None leaves it to the profile."""
    strongest = heard.head(CHOICES)
    if len(strongest) < 2:
        return None

    names = {
        cell: " · ".join((operator, cell_id, _level(level, lang)))
        for cell, operator, cell_id, level in zip(
            strongest.index.tolist(), strongest["operator"], strongest["cell_id"], strongest["rsrp_dbm"], strict=True
        )
    }
    chosen = st.selectbox(t("profile.choice", lang), list(names), key=key, format_func=names.__getitem__)
    return int(chosen) if chosen in names else None


def _level(rsrp_dbm: float | None, lang: Language) -> str:
    known = rsrp_dbm is not None and not math.isnan(rsrp_dbm)
    return f"{_figure(rsrp_dbm, lang, 0)} dBm" if known else t("profile.unknown_value", lang)


def _figure(value: float | None, lang: Language, digits: int) -> str:
    return number(value, lang, digits).replace("-", "−")


def _data_url(profile: PathProfile, lang: Language, narrow: bool) -> str:
    drawing = str(profile_chart(profile, lang, narrow=narrow)).encode()
    return f"data:image/svg+xml;base64,{base64.b64encode(drawing).decode()}"
