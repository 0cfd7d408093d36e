"""Bare-earth heights: ridges, valleys, plain and sea from hand-typed lines, erosion and fractal noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rasterio.features import rasterize
from scipy.interpolate import RectBivariateSpline
from scipy.ndimage import distance_transform_edt, gaussian_filter, maximum_filter
from scipy.sparse import coo_array, csc_array
from scipy.sparse.linalg import spsolve
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from coverage.grid import Grid
from tools.demo_city import CRS, SEED
from tools.demo_city.erosion import eroded
from tools.demo_city.geography import LAGOON, RIVERS
from tools.demo_city.landforms import HILLS, LANG_CO_PLAIN, PEAKS, PLAIN, RIDGES
from tools.demo_city.lines import along, smooth, to_metres
from tools.demo_city.noise import fractal

COARSE_M = 100.0
Heights = NDArray[np.float64]


def burn(grid: Grid, shapes: Sequence[BaseGeometry], *, touched: bool = False) -> NDArray[np.bool_]:
    """Return the pixels whose centre (or any part) lies in one of the shapes."""
    mask = rasterize(shapes, out_shape=grid.shape, transform=grid.transform, all_touched=touched, dtype="uint8")
    return np.asarray(mask, dtype=bool)


def rivers() -> list[Polygon]:
    """Return every river as a polygon."""
    return [LineString(smooth(to_metres(line), 60.0)).buffer(width / 2) for _, width, line, _ in RIVERS]


def raise_land(grid: Grid, land: BaseGeometry) -> Heights:
    """Return heights above the sea on a grid [m], 0 on the sea, at least 1 on land.

    Parameters
    ----------
    grid : Grid
        Fine grid in the working CRS.
    land : Polygon
        Everything that is not sea [m].
    """
    coarse = Grid.covering(grid.bounds_m, COARSE_M, CRS)
    rng = np.random.default_rng([SEED, 3])
    dry = burn(coarse, [land.difference(Polygon(to_metres(LAGOON)))])
    level, fixed = _known(coarse, dry)
    mountains = np.clip(_membrane(level, fixed | ~np.isnan(level)), 0.0, None)
    relief = fractal(coarse, (3600.0, 1700.0, 800.0, 380.0, 220.0), rng, fading=0.66)
    start = np.where(fixed, level, np.maximum(mountains * (1.0 + 0.42 * relief), 2.0))
    carved = eroded(start, fixed, 0.04 * mountains, steps=12, strength=0.16, creep=0.25)
    crests = gaussian_filter(maximum_filter(carved, 9), 6.0)
    wanted = gaussian_filter(maximum_filter(np.where(fixed, level, mountains), 9), 6.0)
    lower = np.clip(wanted / np.maximum(crests, 1.0), 0.3, 1.1)  # crests come back to the heights that were typed
    shaped = np.where(fixed, carved, gaussian_filter(carved * lower, 0.6))
    return _finished(grid, coarse, shaped, land, rng)


def _known(coarse: Grid, dry: NDArray[np.bool_]) -> tuple[Heights, NDArray[np.bool_]]:
    """Return heights where they are known (NaN elsewhere) and where they may never change (sea, rivers, plain)."""
    level = np.full(coarse.shape, np.nan)
    for ridge in RIDGES:
        points = to_metres([(lon, lat) for lon, lat, _ in ridge])
        _along_line(level, coarse, smooth(points, 60.0), points, np.array([height for *_, height in ridge]))
    plain = burn(coarse, [Polygon(to_metres(PLAIN)), Polygon(to_metres(LANG_CO_PLAIN))]) & dry
    inland_m = distance_transform_edt(dry) * coarse.pixel_m
    level[plain] = (2.0 + 6.0 * (1.0 - np.exp(-inland_m / 6000.0)))[plain]
    fixed = plain.copy()
    for _, _, line, top in RIVERS:
        river = np.full(coarse.shape, np.nan)
        points = to_metres(line)
        start = 1.0 if top < 20.0 else 6.0
        _along_line(river, coarse, smooth(points, 60.0), points, start + (top - start) * _profile(points))
        level = np.where(np.isnan(river), level, np.where(plain, np.minimum(level, river), river))
        fixed |= ~np.isnan(river)
    level[~dry] = 0.0
    return level, fixed | ~dry


def _profile(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 0 → 1 along a river, slowly first: rivers steepen upstream."""
    at = along(points)
    return np.asarray((at / at[-1]) ** 1.8)


def _along_line(
    level: Heights, grid: Grid, line: NDArray[np.float64], knots: NDArray[np.float64], heights: NDArray[np.float64]
) -> None:
    """Write heights, linear between the knots of a line, into the pixels it crosses."""
    at, knot_at = along(line), [int(np.argmin(np.hypot(*(line - knot).T))) for knot in knots]
    values = np.interp(at, at[knot_at], heights)
    rows = np.floor((grid.north_m - line[:, 1]) / grid.pixel_m).astype(int)
    cols = np.floor((line[:, 0] - grid.west_m) / grid.pixel_m).astype(int)
    inside = (rows >= 0) & (rows < grid.rows) & (cols >= 0) & (cols < grid.cols)
    level[rows[inside], cols[inside]] = values[inside]


def _membrane(level: Heights, known: NDArray[np.bool_]) -> Heights:
    """Return the surface without curvature (Laplace's equation) through the known heights, free at the edges."""
    rows, cols = level.shape
    index = np.arange(level.size).reshape(level.shape)
    pairs = np.concatenate([
        np.column_stack([index[:, :-1].ravel(), index[:, 1:].ravel()]),
        np.column_stack([index[:-1].ravel(), index[1:].ravel()]),
    ])  # fmt: skip
    ends = (pairs.ravel(), pairs[:, ::-1].ravel())
    links = coo_array((np.ones(pairs.size), ends), shape=(level.size, level.size)).tocsr()
    degree = np.asarray(links.sum(axis=1)).ravel()
    free = np.flatnonzero(~known.ravel())
    given = np.flatnonzero(known.ravel())
    right = links[free][:, given] @ level.ravel()[given]
    matrix = -links[free][:, free].tolil()
    matrix.setdiag(degree[free])
    out = level.ravel().copy()
    out[free] = spsolve(csc_array(matrix), right)
    return out.reshape(rows, cols)


def _finished(grid: Grid, coarse: Grid, carved: Heights, land: BaseGeometry, rng: np.random.Generator) -> Heights:
    """Return the coarse heights on the fine grid with peaks, hills, small relief and the exact coast."""
    spline = RectBivariateSpline(-coarse.northings, coarse.eastings, carved)
    h = np.maximum(spline(-grid.northings, grid.eastings), 0.0)
    small = fractal(grid, (420.0, 200.0, 95.0), rng, fading=0.6)
    steep = np.clip(np.hypot(*np.gradient(gaussian_filter(h, 4.0), grid.pixel_m)) * 2.2, 0.0, 1.0)
    h = h + steep * small * 26.0
    broad = fractal(grid, (900.0, 450.0), rng)
    east, north = grid.eastings[None, :], grid.northings[:, None]
    for lon, lat, height, radius in HILLS:
        (x, y), *_ = to_metres([(lon, lat)])
        reach = np.hypot(east - x, north - y) / radius * (1.0 + 0.5 * broad)
        h = h + height * np.clip(1.0 - reach**1.5, 0.0, None) ** 1.5
    for lon, lat, height in PEAKS.values():
        (x, y), *_ = to_metres([(lon, lat)])
        distance = np.hypot(east - x, north - y)
        peak = np.unravel_index(int(np.argmin(distance)), h.shape)
        h = h + (height - h[peak]) * np.exp(-((distance / 900.0) ** 2))
    h = np.minimum(h, max(height for *_, height in PEAKS.values()))
    sea = ~burn(grid, [land.difference(Polygon(to_metres(LAGOON)))])
    return np.where(sea, 0.0, np.maximum(np.round(h), 1.0))
