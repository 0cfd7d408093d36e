"""Small drawings of a report as SVG: the wards in the colour of a measure, the way to a target, the cost curve."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import shapely
from markupsafe import Markup

from coverage.drawing import COVERED, GAINED
from coverage.types import Language
from coverage.words import number, percent

SIDE = 1000  # units of the longer side of a map: finer than paper shows
INK, FAINT = "#45525c", "#d8dde1"


def ward_map(wards: gpd.GeoDataFrame, colours: Sequence[str], titles: Sequence[str]) -> Markup:
    """Return the wards as an SVG picture.

    Parameters
    ----------
    wards : GeoDataFrame of n polygons
        CRS in metres.
    colours, titles : sequence of n str
        Fill of each ward, and the text shown when the pointer rests on it.
    """
    west, south, east, north = wards.total_bounds
    unit = max(east - west, north - south) / SIDE
    shapes = shapely.coverage_simplify(wards.geometry.to_numpy(), 1.5 * unit)
    paths = Markup("").join(
        Markup('<path d="{}" fill="{}"><title>{}</title></path>').format(_path(shape, west, north, unit), colour, title)
        for shape, colour, title in zip(shapes, colours, titles, strict=True)
    )
    return Markup(
        '<svg viewBox="-4 -4 {:.0f} {:.0f}" role="img">'
        '<g stroke="#fff" stroke-width="2" fill-rule="evenodd">{}</g></svg>'
    ).format((east - west) / unit + 8, (north - south) / unit + 8, paths)


def _path(shape: shapely.Geometry, west: float, north: float, unit: float) -> str:
    rings = [
        ring for part in shapely.get_parts(shape) if part.geom_type == "Polygon"
        for ring in (part.exterior, *part.interiors)
    ]  # fmt: skip
    drawn = []
    for ring in rings:
        points = (shapely.get_coordinates(ring) - [west, north]) / [unit, -unit]
        drawn.append("M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in points[:-1]) + "Z")
    return "".join(drawn)


def target_bar(today: float, after: float | None, target: float | None, label: str) -> Markup:
    """Return a bar from 0 to a round share: what is covered, what a plan adds, and a mark where the target lies.

    Parameters
    ----------
    today, after, target : float, 0–1
        `after` and `target` may be missing.
    label : str
        Beside the mark.
    """
    full = _ceiling(max(today, after or 0.0, target or 0.0))
    scale = 1000 / full
    parts = [Markup('<rect y="24" width="1000" height="26" rx="3" fill="{}"/>').format("#e9ecee")]
    if after is not None and after > today:
        parts.append(Markup('<rect y="24" width="{:.1f}" height="26" rx="3" fill="{}"/>').format(after * scale, GAINED))
    parts.append(Markup('<rect y="24" width="{:.1f}" height="26" rx="3" fill="{}"/>').format(today * scale, COVERED))
    if target is not None:
        place = target * scale
        anchor = "end" if place > 800 else "start" if place < 200 else "middle"
        parts.append(
            Markup('<path d="M{0:.1f} 18V56" stroke="{1}" stroke-width="3"/><text x="{0:.1f}" y="13" fill="{1}" '
                   'font-size="16" text-anchor="{2}">{3}</text>').format(place, INK, anchor, label)
        )  # fmt: skip
    return Markup('<svg viewBox="0 -4 1000 62" role="img">{}</svg>').format(Markup("").join(parts))


def _ceiling(share: float) -> float:
    """Return the round share a bar ends at: the target of 20 % should not hide in a corner of 100 %."""
    return next((step for step in (0.1, 0.25, 0.5) if share <= 0.9 * step), 1.0)


def cost_curve(
    costs_bn: Sequence[float],
    shares: Sequence[float],
    target: float | None,
    lang: Language,
    bounds: Sequence[tuple[float, float]] = (),
) -> Markup:
    """Return the share reached against the cumulated cost.

    Parameters
    ----------
    costs_bn : sequence of n floats
        Cumulated cost before the first step (0) and after each [billion VND], rising.
    shares : sequence of n floats, 0–1
    target : float, 0–1, or None
        Drawn as a line.
    bounds : sequence of (cost, share)
        Proven least cost [billion VND] of some shares, drawn as a dotted line that no plan can cross.
    """
    width, height, left, bottom = 1000, 300, 70, 40
    x_ticks, y_ticks = ticks(costs_bn[-1]), ticks(100 * max(*shares, target or 0.0))
    across = (width - left - 20) / x_ticks[-1]
    up = (height - bottom - 16) / y_ticks[-1]
    place = [
        (left + across * cost, height - bottom - up * 100 * share) for cost, share in zip(costs_bn, shares, strict=True)
    ]
    parts = _axes(x_ticks, y_ticks, (left, bottom, width, height), lang)
    if target is not None:
        goal = height - bottom - up * 100 * target
        parts.append(
            Markup('<path d="M{} {:.1f}H{}" stroke="{}" stroke-width="2" stroke-dasharray="8 6"/>').format(
                left, goal, width - 20, INK
            )
        )
    if len(bounds) > 1:
        edge = "L".join(
            f"{left + across * cost:.1f} {height - bottom - up * 100 * share:.1f}" for cost, share in bounds
        )
        dotted = Markup('<path d="M{}" fill="none" stroke="{}" stroke-width="2" stroke-dasharray="2 5"/>')
        parts.append(dotted.format(edge, INK))
    line = "L".join(f"{x:.1f} {y:.1f}" for x, y in place)
    parts.append(Markup('<path d="M{}" fill="none" stroke="{}" stroke-width="3"/>').format(line, GAINED))
    return Markup('<svg viewBox="0 0 {} {}" role="img" font-size="15" fill="{}">{}</svg>').format(
        width, height, INK, Markup("").join(parts)
    )


def _axes(
    x_ticks: Sequence[float], y_ticks: Sequence[float], frame: tuple[int, int, int, int], lang: Language
) -> list[Markup]:
    """Return lines and numbers of shares [%] and costs in a frame of (left, bottom, width, height)."""
    left, bottom, width, height = frame
    across = (width - left - 20) / x_ticks[-1]
    up = (height - bottom - 16) / y_ticks[-1]
    parts = [
        Markup('<path d="M{} {:.1f}H{}" stroke="{}"/><text x="{}" y="{:.1f}" text-anchor="end">{}</text>').format(
            left, y, width - 20, FAINT, left - 8, y + 5, percent(tick / 100, lang, 0)
        )
        for tick, y in ((tick, height - bottom - up * tick) for tick in y_ticks)
    ]
    parts += [
        Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
            left + across * tick, height - 16, number(tick, lang, 0 if float(tick).is_integer() else 1)
        )
        for tick in x_ticks
    ]
    return parts


def ticks(largest: float) -> list[float]:
    """Return round numbers from 0 to at or just above a positive number, four to eight of them.

    >>> ticks(20.3), ticks(0.9)
    ([0.0, 5.0, 10.0, 15.0, 20.0, 25.0], [0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
    """
    if largest <= 0:
        return [0.0, 1.0]
    power = 10.0 ** math.floor(math.log10(largest))
    step = next(factor * power for factor in (0.2, 0.5, 1.0, 2.0) if largest / (factor * power) <= 6.0)
    count = math.ceil(round(largest / step, 9))
    return [float(np.round(step * n, 10)) for n in range(count + 1)]


def cumulated(values: Sequence[float]) -> list[float]:
    """Return 0 and the running sums of a sequence.

    >>> cumulated([1.0, 2.0])
    [0.0, 1.0, 3.0]
    """
    return [0.0, *itertools.accumulate(values)]
