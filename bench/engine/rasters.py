"""Rows on rasters of a whole study: the best server out of many patches, and exact sums over wards."""

from __future__ import annotations

import math
from collections.abc import Callable

import geopandas as gpd
import numpy as np
import shapely
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from numpy.typing import NDArray

from bench.engine.harness import Measured, at_most, cpu_seconds, interleaved, seconds
from coverage.grid import Grid
from coverage.radio import composition, native
from coverage.radio.views import OUTSIDE
from coverage.types import WORKING_CRS
from coverage.zones import overlay

ROWS, COLS = 3500, 4000  # of the study of the best server
PATCHES, DISTINCT, RADIUS = 1000, 50, 500  # of 785 k pixels each
TWIN_PATCHES = 10  # of which the NumPy twin is timed
ZONE_SIDE, WARDS = 4000, 94


def _patches() -> list[NDArray[np.int16]]:
    rng = np.random.default_rng(5)
    across = np.arange(-RADIUS, RADIUS + 1)
    inside = across[:, None] ** 2 + across[None, :] ** 2 <= RADIUS**2
    made = []
    for _ in range(DISTINCT):
        loss = rng.integers(64 * 90, 64 * 160, inside.shape, dtype=np.int16)
        made.append(np.where(inside, loss, np.int16(OUTSIDE)))
    return made


def _compose(patches: list[NDArray[np.int16]], corners: NDArray[np.intp], count: int) -> NDArray[np.int32]:
    level, server = np.full((ROWS, COLS), np.nan, np.float32), np.full((ROWS, COLS), -1, np.int32)
    side = 2 * RADIUS + 1
    for cell in range(count):
        row, col = corners[cell]
        at = slice(row, row + side), slice(col, col + side)
        composition.best_server(patches[cell % DISTINCT], -20.0, cell, rsrp_dbm=level[at], server=server[at])
    return server


def server_rows(repeats: int) -> list[Measured]:
    """Return the rows of the best server: one core, beside the NumPy twin."""
    patches, side = _patches(), 2 * RADIUS + 1
    corners = np.random.default_rng(6).integers(0, [ROWS - side, COLS - side], (PATCHES, 2))
    pixels = int((patches[0] != OUTSIDE).sum())

    def twin() -> float:
        library, native.library = native.library, lambda: None  # type: ignore[assignment]
        try:
            return cpu_seconds(lambda: _compose(patches, corners, TWIN_PATCHES)) * PATCHES / TWIN_PATCHES
        finally:
            native.library = library

    steps: dict[str, Callable[[], float]] = {
        "ours": lambda: cpu_seconds(lambda: _compose(patches, corners, PATCHES)),
        "twin": twin,
    }
    taken = interleaved(steps, repeats)
    what = f"best server, {PATCHES:,} patches of {pixels / 1000:.0f} k pixels"
    return [
        Measured(
            work=f"{what}: ÷ NumPy", value=taken["twin"] / taken["ours"], unit="×",
            beside=f"{taken['twin']:.1f} s ÷ {taken['ours']:.2f} s; NumPy from {TWIN_PATCHES} patches",
        ),
        Measured(
            work=what, value=taken["ours"], unit="s", goal=at_most(0.8),
            beside=f"{PATCHES * pixels / taken['ours'] / 1e6:,.0f} M updates/s on one core, processor time",
        ),
    ]  # fmt: skip


def wards(side_m: float) -> gpd.GeoDataFrame:
    """Return 94 synthetic wards that part a square, with curved borders of some 60,000 points."""
    points = shapely.multipoints(np.random.default_rng(94).uniform(0, side_m, (WARDS, 2)))
    square = shapely.box(0, 0, side_m, side_m)
    cells = shapely.intersection(shapely.get_parts(shapely.voronoi_polygons(points, extend_to=square)), square)
    fine = shapely.segmentize(cells, side_m / 850)

    def bent(at: NDArray[np.float64]) -> NDArray[np.float64]:
        wave, rim = side_m / 25, np.sin(np.pi * at / side_m)  # nothing moves on the rim of the square
        return np.column_stack(
            [
                at[:, 0] + wave / 8 * rim[:, 0] * np.sin(at[:, 1] * 2 * math.pi / wave),
                at[:, 1] + wave / 8 * rim[:, 1] * np.sin(at[:, 0] * 2 * math.pi / wave),
            ]
        )

    return gpd.GeoDataFrame(geometry=shapely.transform(fine, bent), crs=WORKING_CRS)


def zone_rows(repeats: int) -> list[Measured]:
    """Return the rows of exact ward sums beside exactextract."""
    side_m = 10.0 * ZONE_SIDE
    grid = Grid(west_m=0.0, north_m=side_m, pixel_m=10.0, rows=ZONE_SIDE, cols=ZONE_SIDE)
    pixels = np.random.default_rng(1).random(grid.shape, dtype=np.float32)
    shapes = wards(side_m)
    zones = overlay(shapes.geometry, grid)
    raster = NumPyRasterSource(pixels, 0.0, 0.0, side_m, side_m, srs_wkt=shapes.crs.to_wkt())

    def theirs() -> NDArray[np.float64]:
        found = exact_extract(raster, shapes, ["sum"], output="pandas")
        return np.asarray(found["sum"], dtype=np.float64)

    off = float(np.max(np.abs(zones.sums(pixels) / theirs() - 1)))
    taken = interleaved(
        {"ours": lambda: seconds(lambda: zones.sums(pixels)), "theirs": lambda: seconds(theirs)}, repeats
    )
    setup = interleaved({"setup": lambda: seconds(lambda: overlay(shapes.geometry, grid))}, 1)["setup"]
    what = f"exact ward sums, {pixels.size / 1e6:.0f} M pixels × {WARDS} wards"
    points = shapely.get_num_coordinates(shapes.geometry.to_numpy()).sum()
    return [
        Measured(
            work=f"{what}: ÷ exactextract", value=taken["theirs"] / taken["ours"], unit="×",
            beside=f"{1000 * taken['theirs']:.0f} ms ÷ {1000 * taken['ours']:.0f} ms; sums differ by {off:.0e} at most",
        ),
        Measured(
            work=what, value=1000 * taken["ours"], unit="ms", goal=at_most(100.0),
            beside=f"{points:,} points on borders; set up once in {setup:.1f} s",
        ),
    ]  # fmt: skip
