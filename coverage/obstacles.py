"""What stands on the bare ground of a study, and where its sea is: clutter heights, buildings, zones of P.1812."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from rasterio.warp import transform_bounds
from scipy.ndimage import distance_transform_edt, label

from coverage.grid import Grid, Raster, Surface, room
from coverage.radio.p1812 import COAST_ZONE, INLAND_ZONE, SEA_ZONE

SeaFrom = Literal["coast", "land_cover", "nowhere"]

BUILT_UP, WATER = 50, 80  # ESA WorldCover v200
# Representative clutter heights of P.1812-8 §3.2 [m] for the ESA WorldCover codes; a code that is not here is open.
CLUTTER_HEIGHT_M: dict[int, float] = {10: 15.0, BUILT_UP: 15.0, 95: 15.0}
LEAST_MET = 0.5  # share of the lines across a pixel that meet a building: from here on a ray is likelier to than not
MOST_PARTS = 20  # lines each way across a pixel
BAND_PARTS = 4_000_000  # parts of pixels looked at in one go

COAST_LAND_M = 100.0  # P.1812-8 §3.3: coastal land lies at most so high above the sea …
COAST_REACH_M = 50_000.0  # … and at most so far from it
ZONE_PIXEL_M = 50.0  # a shore is not known better than this in any register
ZONE_PIXELS = 20_000_000
SEA_HALF_WIDTH_M = 500.0  # water that is narrower than twice this is a river, a canal or a pond
SEA_LEVEL_M = 1.0  # a lake on higher ground is no sea, even where the land cover ends in it

_EIGHT = np.ones((3, 3), dtype=int)


def clutter_heights(surface: Surface, grid: Grid) -> NDArray[np.float32]:
    """Return the height of what stands on the ground of every pixel [m], 0 on open land.

    Trees and mangroves have the representative heights of P.1812; so has built-up land where no buildings are known.
    Where they are, the buildings stand instead, never both: a pixel is as high as the buildings in it on average, by
    their area, if at least `LEAST_MET` of the lines across it, from west to east and from north to south, meet one, and
    open otherwise (streets, squares, yards). So rows of small houses close a large pixel that a lone tower does not.

    Parameters
    ----------
    surface : Surface
        ``clutter`` and ``buildings`` are used where present.
    grid : Grid

    Returns
    -------
    float32 ndarray of shape (rows, cols), ≥ 0
    """
    height = room(grid.shape, 0, np.float32)
    code = None if surface.clutter is None else surface.clutter.on(grid, "nearest")
    if code is not None:
        for value, representative in CLUTTER_HEIGHT_M.items():
            height[code == value] = representative
    if surface.buildings is None:
        return height
    met, mean = _built(surface.buildings, grid)
    if code is not None:
        height[np.isfinite(met) & (code == BUILT_UP)] = 0.0
    stand = met >= LEAST_MET
    height[stand] = np.maximum(height[stand], mean[stand])
    return height


def _built(buildings: Raster, grid: Grid) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the share of the lines across every pixel that meet a building, and the mean height of the buildings [m].

    The share is NaN where no buildings are known.
    """
    parts = int(np.clip(round(grid.pixel_m / abs(buildings.transform.a)), 1, MOST_PARTS))
    met, mean = (room(grid.shape, np.nan, np.float32) for _ in range(2))
    band = max(BAND_PARTS // (grid.cols * parts**2), 1)
    for first in range(0, grid.rows, band):
        rows = min(band, grid.rows - first)
        fine = Grid(
            west_m=grid.west_m, north_m=grid.north_m - first * grid.pixel_m, pixel_m=grid.pixel_m / parts,
            rows=rows * parts, cols=grid.cols * parts, crs=grid.crs,
        )  # fmt: skip
        heights = buildings.on(fine, "nearest").reshape(rows, parts, grid.cols, parts)
        stand = heights > 0
        lines = (stand.any(axis=3).mean(axis=1) + stand.any(axis=1).mean(axis=2)) / 2
        at = slice(first, first + rows)
        met[at] = np.where(np.isfinite(heights).any(axis=(1, 3)), lines, np.nan)
        with np.errstate(invalid="ignore"):
            mean[at] = np.where(stand, heights, 0).sum(axis=(1, 3)) / stand.sum(axis=(1, 3))
    return met, mean


def sea_from(surface: Surface) -> SeaFrom:
    """Return where the sea of a study is known from: its coast layer, its land cover, or nowhere."""
    if surface.terrain is None:
        return "nowhere"  # how high the land lies above the sea is not known
    if surface.coast is not None:
        return "coast"
    return "nowhere" if surface.clutter is None else "land_cover"


def zones(surface: Surface, grid: Grid) -> NDArray[np.uint8] | None:
    """Return the radio-climatic zone of every pixel: 1 sea, 3 coastal land, 4 inland; None without any sea.

    The sea is that of the coast layer. Without one it is assumed from the land cover: bodies of water (class 80) more
    than a kilometre wide, at sea level, that reach the edge of what is given, without the rivers that end in them.
    Coastal land adjoins the sea, lies at most 100 m above it and at most 50 km from it. The zones are found on the
    terrain's own extent, so that neither the pixel nor the bounds of a study change them.

    Parameters
    ----------
    surface : Surface
        ``terrain`` and, where present, ``coast`` (1 sea, 0 land) and ``clutter``.
    grid : Grid

    Returns
    -------
    uint8 ndarray of shape (rows, cols) or None

    Notes
    -----
    P.1812-8 §3.3. A pixel off the terrain is inland.
    """
    if surface.terrain is None or sea_from(surface) == "nowhere":
        return None
    frame = _frame(surface.terrain, grid.crs)
    ground = surface.terrain.on(frame, "bilinear")
    sea = _sea(surface, frame, ground)
    if not sea.any():
        return None
    with np.errstate(invalid="ignore"):
        low = (ground <= COAST_LAND_M) & ~sea
    low &= _distance_m(~sea, frame.pixel_m) <= COAST_REACH_M
    touching, _ = label(low | sea, _EIGHT)
    coastal = low & np.isin(touching, np.unique(touching[sea]))
    zone = np.where(sea, SEA_ZONE, np.where(coastal, COAST_ZONE, INLAND_ZONE))
    found = Raster(values=zone, transform=frame.transform, crs=frame.crs).on(grid, "nearest")
    return np.where(np.isnan(found), INLAND_ZONE, found).astype(np.uint8)


def _frame(raster: Raster, crs: str) -> Grid:
    """Return the grid over a raster on which zones are found: coarser where the raster is very large."""
    rows, cols = raster.values.shape
    corners = [raster.transform @ corner for corner in ((0, 0), (cols, 0), (0, rows), (cols, rows))]
    x, y = zip(*corners, strict=True)
    bounds = transform_bounds(raster.crs, crs, min(x), min(y), max(x), max(y), densify_pts=21)
    west, south, east, north = bounds
    least = math.sqrt((east - west) * (north - south) / ZONE_PIXELS)
    return Grid.covering(bounds, max(ZONE_PIXEL_M, math.ceil(least)), crs)


def _sea(surface: Surface, frame: Grid, ground: NDArray[np.float32]) -> NDArray[np.bool_]:
    if surface.coast is not None:
        return np.asarray(surface.coast.on(frame, "nearest") == 1)
    assert surface.clutter is not None  # `sea_from` said so
    code = surface.clutter.on(frame, "nearest")
    water, known = code == WATER, np.isfinite(code)
    core = water & (_distance_m(water | ~known, frame.pixel_m) > SEA_HALF_WIDTH_M)
    # What lies within the half width of the core and is water itself: the body without the rivers that end in it.
    body = water & (_distance_m(~core, frame.pixel_m) <= SEA_HALF_WIDTH_M + frame.pixel_m)
    numbers, count = label(body, _EIGHT)
    rim = _distance_m(np.pad(known, 1), frame.pixel_m)[1:-1, 1:-1] <= 2 * frame.pixel_m
    sea = [number for number in range(1, count + 1) if _is_sea(numbers == number, rim, ground)]
    return np.isin(numbers, sea)


def _is_sea(body: NDArray[np.bool_], rim: NDArray[np.bool_], ground: NDArray[np.float32]) -> bool:
    heights = ground[body]
    known = heights[np.isfinite(heights)]
    return bool((body & rim).any()) and (known.size == 0 or float(np.median(known)) <= SEA_LEVEL_M)


def _distance_m(outside: NDArray[np.bool_], pixel_m: float) -> NDArray[np.float32]:
    """Return how far each True pixel is from the nearest False one [m]; infinite where there is none."""
    if outside.all():
        return np.full(outside.shape, np.inf, dtype=np.float32)
    return np.asarray(distance_transform_edt(outside) * pixel_m, dtype=np.float32)
