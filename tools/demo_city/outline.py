"""The coast of the region and the outline of the city's mainland."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from tools.demo_city import SEED
from tools.demo_city.geography import BEACH_END, BORDER, CAPE_HAI_VAN, COAST, ELASTIC_BORDER, Point
from tools.demo_city.lines import (
    Coordinates,
    along,
    centimetres,
    normals,
    ragged,
    smooth,
    to_equal_area,
    to_metres,
)

COAST_SPACING_M = 90.0
BORDER_SPACING_M = 160.0
BORDER_ROUGHNESS_M = 130.0


@dataclass(frozen=True, kw_only=True)
class Outline:
    """The city's mainland.

    Attributes
    ----------
    coast : ndarray of shape (n, 2)
        The region's coast from north to south, land on its right [m].
    shore : ndarray of shape (m, 2)
        The part of it that bounds the city, from the cape in the north to the beach in the south [m].
    border : ndarray of shape (k, 2)
        The border on land, from the beach clockwise to the cape [m].
    """

    coast: Coordinates
    shore: Coordinates
    border: Coordinates

    @property
    def polygon(self) -> Polygon:
        """The mainland."""
        return Polygon(np.vstack([self.shore, self.border[1:-1]]))


def draw(area_km2: float) -> Outline:
    """Return the outline with a given area in EPSG:6933 [km²]; the border in the mountains gives way."""
    rng = np.random.default_rng([SEED, 1])
    coast = _coast(rng)
    first, last = _nearest(coast, CAPE_HAI_VAN), _nearest(coast, BEACH_END)
    shore = coast[first : last + 1]
    typed = np.vstack([shore[-1:], to_metres(BORDER), shore[:1]])
    line = smooth(typed, BORDER_SPACING_M)
    border = ragged(line, BORDER_ROUGHNESS_M * _away_from_ends(line), rng)
    bump = _bump(border)

    def excess(shift_m: float) -> float:
        ring = to_equal_area(np.vstack([shore, (border + bump * shift_m)[1:-1]]))
        return float(Polygon(ring).area) / 1e6 - area_km2

    shift_m = brentq(excess, -4000.0, 4000.0, xtol=1e-6)
    return Outline(coast=coast, shore=shore, border=centimetres(border + bump * shift_m))


def _coast(rng: np.random.Generator) -> Coordinates:
    typed = to_metres([point for _, section in COAST for point in section])
    rough = np.array([roughness for roughness, section in COAST for _ in section])
    line = smooth(typed, COAST_SPACING_M)
    where = [int(np.argmin(np.hypot(*(line - point).T))) for point in typed]
    return ragged(line, np.interp(np.arange(len(line)), where, rough), rng)


def _away_from_ends(line: Coordinates) -> Coordinates:
    """Return 0 → 1 → 0 along the border, so that its ends meet the shore where they should."""
    at = along(line)
    return np.asarray(np.clip(np.minimum(at, at[-1] - at) / 3000.0, 0.0, 1.0))


def _bump(border: Coordinates) -> Coordinates:
    start, end = (_nearest(border, point) for point in ELASTIC_BORDER)
    weight = np.zeros(len(border))
    weight[start : end + 1] = np.sin(np.linspace(0.0, np.pi, end + 1 - start)) ** 2
    return normals(border) * weight[:, None]


def _nearest(line: Coordinates, point: Point) -> int:
    return int(np.argmin(np.hypot(*(line - to_metres([point])[0]).T)))


def land(outline: Outline, west: float, south: float, east: float, north: float) -> BaseGeometry:
    """Return everything west of the coast inside a box [m], including what lies outside the city."""
    box = [(west - 1e4, south - 1e4), (west - 1e4, north + 1e4)]
    return Polygon([*outline.coast, *box]).intersection(LineString([(west, south), (east, north)]).envelope)
