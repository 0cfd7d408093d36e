"""Where the households of a simulated city stand: on pixels, in wards, exchange areas and districts."""

from __future__ import annotations

from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from coverage.grid import Grid
from coverage.types import WORKING_CRS

SIDE, PIXEL_M = 64, 250.0  # a square of 16 km
FEWEST = 150  # households: an area with fewer belongs to the next one
WEST_M, NORTH_M = 540_000.0, 1_780_000.0
GRID = Grid(west_m=WEST_M, north_m=NORTH_M, pixel_m=PIXEL_M, rows=SIDE, cols=SIDE)
SQUARE = shapely.box(*GRID.bounds_m)

Floats = NDArray[np.float64]


class Places(NamedTuple):
    """Households and areas.

    ``points`` has shape (households, 2) [m]; ``pixel``, ``ward``, ``exchange`` and ``district`` hold the place of each
    household in the areas of the same order; ``income`` and ``neighbourhood`` are fields of unit variance per pixel,
    shape (rows × cols,); ``district_of`` is the district of each ward.
    """

    points: Floats
    pixel: NDArray[np.int64]
    ward: NDArray[np.int64]
    exchange: NDArray[np.int64]
    district_of: NDArray[np.int64]
    wards: gpd.GeoDataFrame
    exchanges: gpd.GeoDataFrame
    income: Floats
    neighbourhood: Floats

    @property
    def district(self) -> NDArray[np.int64]:
        """District of each household."""
        return self.district_of[self.ward]


def settle(wards: int, households: int, rng: np.random.Generator) -> Places:
    """Return households placed around a centre, and areas that are smaller where people are denser.

    Parameters
    ----------
    wards, households : int
    rng : numpy.random.Generator
    """
    density = _density(rng)
    pixel = np.sort(rng.choice(density.size, households, p=density / density.sum()))
    points = _points(pixel, rng)
    ward, shapes = _areas(_seeds(points, wards, rng), points)
    exchange, exchanges = _areas(_seeds(points, max(6, wards // 4), rng), points)
    centres = np.column_stack([shapes.geometry.centroid.x, shapes.geometry.centroid.y])
    districts = centres[rng.choice(len(centres), max(3, wards // 9), replace=False)]
    district_of = np.asarray(cKDTree(districts).query(centres)[1], dtype=np.int64)
    shapes.insert(0, "ward_id", [f"w{n:02d}" for n in range(len(shapes))])
    shapes["name"] = [f"Ward {n}" for n in range(len(shapes))]
    shapes["district"] = [f"District {n}" for n in district_of]
    shapes["area_km2"] = shapes.area / 1e6
    exchanges.insert(0, "area_id", [f"e{n:02d}" for n in range(len(exchanges))])
    income = _field(rng, 6.0) + 0.5 * _standard(np.log(density.reshape(SIDE, SIDE)))
    return Places(
        points=points, pixel=pixel, ward=ward, exchange=exchange, district_of=district_of,
        wards=shapes.set_index("ward_id"), exchanges=exchanges.set_index("area_id"),
        income=_standard(income).ravel(), neighbourhood=_field(rng, 10.0).ravel(),
    )  # fmt: skip


def _density(rng: np.random.Generator) -> Floats:
    """Return how many households a pixel attracts, shape (rows × cols,): a centre, towns, empty land."""
    row, col = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    centre = rng.uniform(0.35, 0.65, 2)
    away = np.hypot(row - centre[0], col - centre[1])
    built = np.exp(-away / rng.uniform(0.12, 0.22) + 0.9 * _field(rng, 3.0))
    empty = _field(rng, 4.0) > rng.uniform(0.4, 1.0)
    return np.asarray(np.where(empty, 0.01, 1.0) * built + 1e-4, dtype=np.float64).ravel()


def _points(pixel: NDArray[np.int64], rng: np.random.Generator) -> Floats:
    """Return a place for each household, thicker in some quarters of its pixel than in others [m]."""
    quarters = rng.dirichlet(np.ones(4), SIDE * SIDE).cumsum(axis=1)
    quarter = (rng.random(len(pixel))[:, None] > quarters[pixel]).sum(axis=1).clip(max=3)
    within = (rng.random((len(pixel), 2)) + np.column_stack([quarter % 2, quarter // 2])) / 2
    row, col = pixel // SIDE, pixel % SIDE
    return np.column_stack([WEST_M + (col + within[:, 0]) * PIXEL_M, NORTH_M - (row + within[:, 1]) * PIXEL_M])


def _seeds(points: Floats, count: int, rng: np.random.Generator) -> Floats:
    """Return places around which areas form: most where households are, some anywhere, none close to another."""
    anywhere = np.column_stack([rng.uniform(*GRID.bounds_m[::2], count), rng.uniform(*GRID.bounds_m[1::2], count)])
    among = points[rng.choice(len(points), 6 * count, replace=False)]
    offered = rng.permutation(np.vstack([among, anywhere[: count // 5]]))
    chosen: list[Floats] = []
    for apart_m in (900.0, 600.0, 300.0, 100.0):
        for place in offered:
            if len(chosen) < count and all(np.hypot(*(place - other)) >= apart_m for other in chosen):
                chosen.append(place)
    return np.array(chosen)


def _areas(seeds: Floats, points: Floats) -> tuple[NDArray[np.int64], gpd.GeoDataFrame]:
    """Return the area of each household and the areas (Voronoi, joined where few live), in the same order."""
    nearest = np.asarray(cKDTree(seeds).query(points)[1], dtype=np.int64)
    cells: Any = shapely.voronoi_polygons(shapely.MultiPoint(seeds), extend_to=SQUARE)
    parts = shapely.intersection(np.array(list(cells.geoms)), SQUARE)
    own = shapely.STRtree(parts).query(shapely.points(seeds), predicate="within")
    shapes = parts[own[1][np.argsort(own[0], kind="stable")]]
    large = np.flatnonzero(np.bincount(nearest, minlength=len(seeds)) >= FEWEST)
    joins = large[cKDTree(seeds[large]).query(seeds)[1]]
    merged = [shapely.union_all(shapes[joins == seed]) for seed in large]
    return np.searchsorted(large, joins[nearest]), gpd.GeoDataFrame(geometry=merged, crs=WORKING_CRS)


def _field(rng: np.random.Generator, scale: float) -> Floats:
    """Return noise of unit variance that is smooth over `scale` pixels."""
    return _standard(gaussian_filter(rng.normal(size=(SIDE, SIDE)), scale, mode="reflect"))


def _standard(values: Floats) -> Floats:
    return np.asarray((values - values.mean()) / values.std())
