"""Rows on exact sums over wards, beside exactextract."""

from __future__ import annotations

import math

import geopandas as gpd
import numpy as np
import shapely
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from numpy.typing import NDArray

from bench.engine.harness import Measured, at_most, interleaved, seconds
from coverage.grid import Grid
from coverage.types import WORKING_CRS
from coverage.zones import overlay

ZONE_SIDE, WARDS = 4000, 94


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
