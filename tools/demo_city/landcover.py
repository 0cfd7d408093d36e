"""Land cover in the classes of ESA WorldCover, from height, slope, towns, roads and noise."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter
from shapely import LineString, Polygon, unary_union
from shapely.geometry.base import BaseGeometry

from coverage.grid import Grid
from tools.demo_city import SEED
from tools.demo_city.geography import COAST, LAGOON
from tools.demo_city.lines import smooth, to_metres
from tools.demo_city.noise import fractal
from tools.demo_city.places import AIRPORT, ROADS, TOWNS
from tools.demo_city.terrain import burn, rivers

TREES, GRASS, CROPS, BUILT, BARE, WATER = 10, 30, 40, 50, 60, 80
BEACH_M = 90.0


class LandCover(NamedTuple):
    """Classes and how urban each pixel is (0 wild, 1 city centre), both of shape (rows, cols)."""

    classes: NDArray[np.uint8]
    urban: NDArray[np.float64]


def cover(grid: Grid, land: BaseGeometry, heights: NDArray[np.float64], coast: NDArray[np.float64]) -> LandCover:
    """Return the land cover of a grid.

    Parameters
    ----------
    grid : Grid
    land : Polygon
        Everything that is not sea [m].
    heights : ndarray of shape (rows, cols)
        [m].
    coast : ndarray of shape (n, 2)
        The coast line, for the beaches [m].
    """
    rng = np.random.default_rng([SEED, 4])
    slope = np.hypot(*np.gradient(gaussian_filter(heights, 1.0), grid.pixel_m))
    road_m = distance_transform_edt(~burn(grid, list(_roads()), touched=True)) * grid.pixel_m
    towns = _towns(grid)
    flat = np.clip(1.0 - slope / 0.22, 0.0, 1.0)
    patches = fractal(grid, (1400.0, 600.0, 260.0, 110.0), rng, fading=0.75)
    villages = (
        0.42 * np.exp(-((road_m / 240.0) ** 2)) * np.clip(0.6 + 0.9 * fractal(grid, (2600.0, 900.0), rng), 0.0, 1.0)
    )
    urban = np.clip(np.maximum(towns, villages) * flat, 0.0, 1.0)
    fields = fractal(grid, (1800.0, 700.0, 300.0, 120.0), rng, fading=0.7)

    classes = np.full(grid.shape, TREES, dtype=np.uint8)
    classes[(fields > 0.30) & (heights > 40)] = GRASS
    low = (heights < 45) & (slope < 0.10)
    classes[low] = CROPS
    classes[low & (fields > 0.22)] = GRASS
    classes[low & (fields < -0.26)] = TREES
    classes[(urban > 0.10) & (urban + 0.55 * patches > 0.30)] = BUILT
    classes[(towns > 0.5) & (fields > 0.52)] = GRASS  # parks and plots
    _airport(classes, grid)
    sandy = burn(grid, [_beaches(coast)]) & (heights < 12) & (classes != BUILT)
    classes[sandy] = BARE
    water: list[BaseGeometry] = [*rivers(), Polygon(to_metres(LAGOON))]
    classes[burn(grid, water) | ~burn(grid, [land])] = WATER
    return LandCover(classes, urban)


def _roads() -> list[LineString]:
    return [LineString(smooth(to_metres(line), 60.0)) for line in ROADS.values()]


def _towns(grid: Grid) -> NDArray[np.float64]:
    """Return how built-up the towns make each pixel, 0–1: the strongest of flat-topped bells."""
    out = np.zeros(grid.shape)
    for lon, lat, radius, strength in TOWNS:
        (x, y), *_ = to_metres([(lon, lat)])
        rows, cols = grid.window(x, y, 2.4 * radius)
        distance = np.hypot(grid.eastings[cols][None, :] - x, grid.northings[rows][:, None] - y)
        out[rows, cols] = np.maximum(out[rows, cols], strength * np.exp(-((distance / (1.15 * radius)) ** 3)))
    return out


def _airport(classes: NDArray[np.uint8], grid: Grid) -> None:
    """Put a field of grass with one runway into the classes."""
    north, south, half = AIRPORT
    axis = LineString(to_metres([north, south]))
    classes[burn(grid, [axis.buffer(half, cap_style="flat")])] = GRASS
    classes[burn(grid, [axis.buffer(35.0)])] = BARE


def _beaches(coast: NDArray[np.float64]) -> BaseGeometry:
    sandy = [to_metres(points) for roughness, points in COAST if roughness <= 10.0]
    parts: list[BaseGeometry] = []
    for points in sandy:
        first, last = (int(np.argmin(np.hypot(*(coast - point).T))) for point in (points[0], points[-1]))
        parts.append(LineString(coast[first : last + 1]).buffer(BEACH_M))
    return unary_union(parts)
