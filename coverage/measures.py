"""Measures: weights of area, people and households per ward and pixel, and the shares they give.

A measure is linear in the pixels: ward weights (n × pixels) times a vector of "covered" (0 or 1) or of probability.
The weights depend on wards, grid and population only, so a study and all its scenarios share them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from coverage.catalog.definitions import BUILT_UP
from coverage.grid import Grid, Raster, Surface, overlay


@dataclass(frozen=True, kw_only=True)
class Weights:
    """What each pixel counts for in each ward; all arrays have the shape (n wards, rows × cols).

    Attributes
    ----------
    ward_ids : Index of n
    area_km2 : csr_array
        Area of the ward in the pixel [km²]; a row sums to the ward's area inside the grid, in the equal-area CRS.
    residential_km2 : csr_array or None
        The same on built-up land cover; None without a clutter layer.
    people, households : csr_array
        Share of the ward's people or households in the pixel; a row sums to 1, or to 0 where nothing locates them.
    assumed : mapping of str to str
        How people and households were located: ``raster``, ``households_as_people``, ``built_up`` or ``uniform``.
    """

    ward_ids: pd.Index
    area_km2: sparse.csr_array
    residential_km2: sparse.csr_array | None
    people: sparse.csr_array
    households: sparse.csr_array
    assumed: Mapping[str, str]


def weigh(wards: gpd.GeoDataFrame, grid: Grid, surface: Surface) -> Weights:
    """Return the weights of a city on a grid.

    Parameters
    ----------
    wards : GeoDataFrame indexed by ward_id
        ``geometry`` (CRS of the grid) and ``area_km2``.
    grid : Grid
    surface : Surface
        ``population``, ``households`` and ``clutter`` are used where present.

    Notes
    -----
    People are put where the population raster has them; without one, on built-up land; without land cover, evenly over
    the ward. Households follow their own raster, else the people.
    """
    share = overlay(wards.geometry, grid)
    # The polygon as supplied has its area in the equal-area CRS: the ratio to the working CRS scales the pixels.
    scale = wards["area_km2"].to_numpy(dtype=float) / wards.geometry.area.to_numpy(dtype=float)
    area = sparse.csr_array(share.multiply((scale * grid.pixel_m**2)[:, None]))
    built_up = None
    if surface.clutter is not None:
        built_up = (surface.clutter.on(grid, "mode") == BUILT_UP).ravel().astype(float)
    residential = None if built_up is None else sparse.csr_array(area.multiply(built_up[None, :]))
    people, people_by = _located(share, surface.population, grid, area, residential)
    if surface.households is not None:
        households, households_by = _located(share, surface.households, grid, area, residential)
    else:
        households, households_by = people, "households_as_people" if people_by == "raster" else people_by
    return Weights(
        ward_ids=wards.index,
        area_km2=area,
        residential_km2=residential,
        people=people,
        households=households,
        assumed={"people": people_by, "households": households_by},
    )


def _located(
    share: sparse.csr_array,
    counts: Raster | None,
    grid: Grid,
    area: sparse.csr_array,
    residential: sparse.csr_array | None,
) -> tuple[sparse.csr_array, str]:
    if counts is not None:
        per_pixel = np.nan_to_num(counts.on(grid, "density").ravel().astype(float))
        return _normalised(sparse.csr_array(share.multiply(per_pixel[None, :]))), "raster"
    if residential is None:
        return _normalised(area), "uniform"
    # A ward without any built-up pixel still has people somewhere: evenly over its area.
    empty = np.asarray(residential.sum(axis=1)).ravel() == 0
    return _normalised(sparse.csr_array(residential + area.multiply(empty[:, None]))), "built_up"


def _normalised(weights: sparse.csr_array) -> sparse.csr_array:
    total = np.asarray(weights.sum(axis=1)).ravel()
    with np.errstate(divide="ignore"):
        factor = np.where(total > 0, 1.0 / total, 0.0)
    return sparse.csr_array(weights.multiply(factor[:, None]))


def ward_share(weights: sparse.csr_array, pixels: NDArray[np.floating] | NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the weighted mean of a pixel array in each ward.

    Parameters
    ----------
    weights : csr_array of shape (n, rows × cols), ≥ 0
    pixels : ndarray of shape (rows, cols)
        Covered (bool) or probability 0–1.

    Returns
    -------
    ndarray of shape (n,), 0–1
        NaN where a ward has no weight on the grid: unknown.
    """
    # The same product as below, so that a ward covered everywhere is exactly 1.
    total = np.asarray(weights @ np.ones(pixels.size), dtype=float).ravel()
    part = np.asarray(weights @ pixels.ravel().astype(float), dtype=float).ravel()
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > 0, np.minimum(part / total, 1.0), np.nan)


def weighted_mean(share: NDArray[np.float64], weight: NDArray[np.float64]) -> float:
    """Return Σ share·weight ÷ Σ weight over the wards where both are known, NaN when the weights sum to zero."""
    known = np.isfinite(share) & np.isfinite(weight)
    total = float(weight[known].sum())
    return float((share[known] * weight[known]).sum() / total) if total > 0 else float("nan")


def covered(probability: NDArray[np.floating], edge_probability: float) -> NDArray[np.bool_]:
    """Return where the probability at the pixel reaches the edge probability of the definition."""
    return np.asarray(probability >= np.float32(edge_probability))
