"""People and households per 100 m pixel; the sums per ward are those of the census, to the last person."""

from __future__ import annotations

from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rasterio.features import rasterize

from coverage.grid import Grid
from tools.demo_city import CRS, SEED
from tools.demo_city.landcover import BUILT, CROPS, LandCover
from tools.demo_city.noise import fractal

PIXEL_M = 100.0


class People(NamedTuple):
    """Counts on a 100 m grid, and the index of the ward of every pixel's centre (−1: none)."""

    grid: Grid
    population: NDArray[np.int32]
    households: NDArray[np.int32]
    ward: NDArray[np.int32]


def settle(wards: gpd.GeoDataFrame, census: pd.DataFrame, fine: Grid, cover: LandCover) -> People:
    """Return where people live.

    Parameters
    ----------
    wards : GeoDataFrame
        Wards with ``ward_id``, any CRS.
    census : DataFrame
        ``ward_id, population, households``.
    fine : Grid
        Grid of the land cover.
    cover : LandCover

    Raises
    ------
    ValueError
        When a ward has no pixel to live in.
    """
    local = wards.to_crs(CRS)
    grid = Grid.covering(tuple(local.total_bounds), PIXEL_M, CRS)
    shapes = [(geometry, i + 1) for i, geometry in enumerate(local.geometry)]
    ward = rasterize(shapes, out_shape=grid.shape, transform=grid.transform, dtype="int32") - 1
    weight = _attraction(grid, fine, cover)
    counts = census.set_index("ward_id").loc[wards["ward_id"], ["population", "households"]].to_numpy()
    population, households = np.zeros(grid.shape, np.int32), np.zeros(grid.shape, np.int32)
    for i, (people, homes) in enumerate(counts):
        inside = (ward == i) & (weight > 0)
        if not inside.any():
            raise ValueError(f"nowhere to live in ward {wards['ward_id'].iloc[i]}")
        population[inside] = largest_remainder(weight[inside], int(people))
        households[inside] = largest_remainder(population[inside].astype(float), int(homes))
    return People(grid, population, households, ward)


def largest_remainder(weights: NDArray[np.float64], total: int) -> NDArray[np.int32]:
    """Return integers in proportion to weights that add up to a total; the first of equal remainders wins.

    >>> largest_remainder(np.array([1.0, 1.0, 1.0]), 10).tolist()
    [4, 3, 3]
    """
    exact = weights / weights.sum() * total
    whole = np.floor(exact + 1e-9)
    order = np.argsort(-np.round(exact - whole, 9), kind="stable")
    whole[order[: total - int(whole.sum())]] += 1
    return np.asarray(whole, dtype=np.int32)


def _attraction(grid: Grid, fine: Grid, cover: LandCover) -> NDArray[np.float64]:
    """Return how many people a pixel attracts: built-up parts, more in towns; a few in the fields near them."""
    rng = np.random.default_rng([SEED, 5])
    built, crops, urban, samples = (np.zeros(grid.shape) for _ in range(4))
    for dy in (-1 / 3, 0.0, 1 / 3):
        for dx in (-1 / 3, 0.0, 1 / 3):
            rows = np.floor((fine.north_m - (grid.northings - dy * PIXEL_M)) / fine.pixel_m).astype(int)
            cols = np.floor((grid.eastings + dx * PIXEL_M - fine.west_m) / fine.pixel_m).astype(int)
            here = cover.classes[np.ix_(rows, cols)]
            built += here == BUILT
            crops += here == CROPS
            urban += cover.urban[np.ix_(rows, cols)]
            samples += 1
    built, crops, urban = built / samples, crops / samples, urban / samples
    blocks = np.clip(1.0 + 0.8 * fractal(grid, (900.0, 350.0), rng), 0.15, None)
    farms = 0.03 * crops * (urban > 0.12)
    return (built * (0.15 + urban**1.5) + farms) * blocks
