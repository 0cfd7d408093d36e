"""The map of a page: a Leaflet panel of our own that gets shapes by link and only the figures through Streamlit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import Any

import pandas as pd
import streamlit as st

from coverage import drawing, legends
from coverage.app.cached import ALL, Drawn
from coverage.app.published import publish
from coverage.app.sightline import Sight
from coverage.app.visitor import CITY, audience, visitor
from coverage.drawing import MapImage
from coverage.maps import FIGURES
from coverage.study import Result
from coverage.types import Language
from coverage.words import percent, t

HTML = """<div class="panel"><div class="bar"></div>
<div class="ground" role="region"></div><div class="legend"></div></div>"""

LAYERS = ("wards", "coverage", "sites")
NO_SITES = b'{"type":"FeatureCollection","features":[]}'

_mount = st.components.v2.component(
    "phusong_map",
    html=HTML,
    css=(files("coverage.app") / "panel.css").read_text("utf-8"),
    js=(files("coverage.app") / "panel.js").read_text("utf-8"),
)


@dataclass(frozen=True, kw_only=True)
class Move:
    """A site that was taken elsewhere: where it stood and stands now (latitude, longitude), and a few words."""

    start: tuple[float, float]
    end: tuple[float, float]
    note: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class View:
    """One state of the city on the map; several can be switched between.

    Attributes
    ----------
    id, label : str
    result : Result
        Gives the wards their figures.
    coverage : Drawn
        Gives the pictures of coverage.
    sites : bytes
        GeoJSON.
    gained : MapImage or None
        What a plan adds, drawn over the coverage.
    disputed : MapImage or None
        Where coverage is disputed, hatched over everything.
    """

    id: str
    label: str
    result: Result
    coverage: Drawn
    sites: bytes
    gained: MapImage | None = None
    disputed: MapImage | None = None


def city_map(
    views: Sequence[View],
    measure: str,
    lang: Language,
    key: str,
    *,
    sight: Sight | None = None,
    picks: bool = False,
    move: Move | None = None,
    drags: bool = False,
    draws: bool = False,
    layers: Collection[str] = LAYERS,
) -> None:
    """Put the map on the page.

    Parameters
    ----------
    views : sequence of View
        The last is shown first: it is what the reader asked for.
    measure : str
        Column that colours the wards.
    lang : {"vi", "en"}
    key : str
        Name of this map on its page: as long as it stays, zoom and switches stay.
    sight : Sight or None
        A line of sight to draw.
    picks : bool
        A click on the ground chooses a point: ``picked`` of the session's state under the key, latitude and longitude.
        It reruns the fragment around the map, so that the page around that stays as it is.
    move : Move or None
        A site that stands elsewhere, to draw.
    drags : bool
        Sites may be taken by the hand: ``moved`` of the session's state, site, latitude and longitude, or None where it
        was put back. It reruns the fragment too.
    draws : bool
        An area may be drawn: ``drawn`` of the session's state, a list of corners (latitude, longitude), or None.
    layers : collection of {"wards", "coverage", "sites"}
        Which are on at first.

    Notes
    -----
    Sites, single operators and pictures of coverage are sent to those alone who may see every site: to all others the
    map is one of wards, whatever the views hold.
    """
    data = {
        **panel_data(views, measure, lang, audience(visitor())),
        "on": {name: name in layers for name in LAYERS},
        "draws": draws,
        "sight": None if sight is None else asdict(sight),
        "picks": picks,
        "move": None if move is None else asdict(move),
        "drags": drags,
    }
    if picks:
        data["texts"]["title"] = f"{data['texts']['title']}. {t('panel.pick', lang)}"
    _mount(data=data, key=key, on_picked_change=_nothing, on_moved_change=_nothing, on_drawn_change=_nothing)


def _nothing() -> None:
    """Answer the callback that Streamlit asks for; the value itself is read where it is needed."""


def panel_data(views: Sequence[View], measure: str, lang: Language, whose: str) -> dict[str, Any]:
    """Return what the panel is sent: links, colours and some kilobytes of figures, for an audience."""
    first, whole = views[0], whose == CITY
    operators = drawing.operator_colours(list(first.result.study.city.cells.frame["operator"])) if whole else {}
    return {
        "base": str(st.get_option("server.baseUrlPath") or "").strip("/").join(("/", "")).rstrip("/"),
        "texts": _texts(first.result, lang),
        "bounds": first.coverage.bounds,
        "wards": publish("wards", "geojson", first.coverage.wards, whose),
        "relief": _published("relief", first.coverage.relief, whose),
        "operators": [{"name": name, "colour": colour} for name, colour in operators.items()],
        "columns": [t(f"measure.{column}", lang) for column in FIGURES],
        "unknown": drawing.UNKNOWN,
        "start": views[-1].id,
        "on": dict.fromkeys(LAYERS, True),
        "layers": list(LAYERS) if whole else ["wards"],
        "views": [_view(view, measure, lang, operators, whose) for view in views],
    }


def _view(view: View, measure: str, lang: Language, operators: dict[str, str], whose: str) -> dict[str, Any]:
    study, whole = view.result.study, whose == CITY
    edge = view.result.definition.edge
    site_classes = [(colour, name, "") for name, colour in operators.items()]
    none = t("maps.site_none", lang, technology=legends.GENERATIONS[study.technology])
    site_classes.append((drawing.UNKNOWN, none, "small"))
    legend: list[tuple[str, str, Sequence[tuple[str, ...]]]] = [
        (
            "wards",
            f"{t('maps.layer_wards', lang)}: {t(f'measure.{measure}', lang)}",
            legends.ward_classes(measure, lang),
        ),
        ("coverage", t("maps.layer_coverage", lang), legends.coverage_classes(edge, lang, gained=bool(view.gained))),
        ("sites", t("maps.layer_sites", lang), site_classes),
    ]
    if not whole:
        legend = legend[:1]
    if view.disputed is not None:
        legend.append(("disputed", t("maps.challenged", lang), [(drawing.DISPUTED, t("maps.disputed", lang), "hatch")]))
    return {
        "id": view.id,
        "label": view.label,
        "sites": publish("sites", "geojson", view.sites if whole else NO_SITES, whose),
        "coverage": {
            name: _published("coverage", image, whose) for name, image in view.coverage.coverage.items() if whole
        },
        "gained": _published("gained", view.gained, whose) if whole else None,
        "disputed": _published("disputed", view.disputed, whose),
        "rows": {
            str(ward): [drawing.ward_colour(_plain(row[measure]), measure), *(_share(row[c], lang) for c in FIGURES)]
            for ward, row in view.result.wards.iterrows()
        },
        "legend": [{"kind": kind, "title": title, "classes": classes} for kind, title, classes in legend],
    }


def _texts(result: Result, lang: Language) -> dict[str, str]:
    names = (
        "layers",
        "all_operators",
        "find",
        "home",
        "zoom_in",
        "zoom_out",
        "profile",
        "failed",
        "drag",
        "moving",
        "put_back",
        "draw",
        "drawn",
        "draw_again",
    )
    return {name: t(f"panel.{name}", lang) for name in names} | {
        "title": t("panel.title", lang, city=result.study.city.title(lang)),
        "wards": t("maps.layer_wards", lang),
        "coverage": t("maps.layer_coverage", lang),
        "sites": t("maps.layer_sites", lang),
        "operator": t("maps.operator", lang),
        "cells": t("maps.site_cells", lang, technology=legends.GENERATIONS[result.study.technology]),
    }


def _published(name: str, image: MapImage | None, whose: str) -> dict[str, Any] | None:
    return None if image is None else {"url": publish(name, "png", image.png, whose), "bounds": image.bounds}


def _plain(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


def _share(value: Any, lang: Language) -> str:
    return t("maps.unknown", lang) if pd.isna(value) else percent(float(value), lang)


__all__ = ["ALL", "Move", "View", "city_map", "panel_data"]
