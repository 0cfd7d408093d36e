"""A site taken elsewhere on the map: what it would change, answered without measuring the city again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from pyproj import Transformer

from coverage.app.panel import Move
from coverage.drawing import LON_LAT
from coverage.profiletexts import length
from coverage.types import Language
from coverage.whatif import Outcome, WhatIf
from coverage.words import number, percent, t


class Moved(NamedTuple):
    """A site and the place [deg] it was taken to."""

    site_id: str
    lat: float
    lon: float


def moved_site(state: Any) -> Moved | None:
    """Return what was moved on a map, from what its browser sent; None for anything odd."""
    sent = state.get("moved") if isinstance(state, Mapping) else getattr(state, "moved", None)
    if not isinstance(sent, list | tuple) or len(sent) != 3 or not isinstance(sent[0], str):
        return None
    if not all(isinstance(value, int | float) and math.isfinite(value) for value in sent[1:]):
        return None
    site_id, lat, lon = sent[0], float(sent[1]), float(sent[2])
    return Moved(site_id, lat, lon) if -90 <= lat <= 90 and -180 <= lon <= 180 else None


def asked(ask: WhatIf, moved: Moved) -> Outcome:
    """Return the figures with the site where it was taken.

    Raises
    ------
    PlanError
        ``site_unknown`` for a site that has no cells of the study.
    """
    crs = ask.result.study.grid.crs
    easting, northing = Transformer.from_crs(LON_LAT, crs, always_xy=True).transform(moved.lon, moved.lat)
    return ask.moved(moved.site_id, easting, northing)


def told(ask: WhatIf, moved: Moved, outcome: Outcome, lang: Language) -> Move:
    """Return what the map shows of a move: the share before and after, how far, whose."""
    cells = ask.result.signal.cells
    at = cells.geometry[cells["site_id"] == moved.site_id].iloc[0]
    crs = ask.result.study.grid.crs
    lon, lat = Transformer.from_crs(crs, LON_LAT, always_xy=True).transform(at.x, at.y)
    east, north = Transformer.from_crs(LON_LAT, crs, always_xy=True).transform(moved.lon, moved.lat)
    before, after = ask.result.headline, outcome.headline
    return Move(
        start=(lat, lon),
        end=(moved.lat, moved.lon),
        note=(
            f"{percent(before, lang, 2)} → {percent(after, lang, 2)}",
            t("planpage.moved_points", lang, points=signed(100 * (after - before), lang)),
            f"{moved.site_id} · {length(math.hypot(east - at.x, north - at.y), lang)}",
        ),
    )


def signed(value: float, lang: Language, digits: int = 2) -> str:
    """Return a number with its sign.

    >>> signed(-0.125, "vi"), signed(0.5, "en", 1)
    ('−0,12', '+0.5')
    """
    text = number(abs(value), lang, digits)
    return ("−" if value < 0 else "+") + text if float(f"{abs(value):.{digits}f}") else text
