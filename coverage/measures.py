"""Measures: what each pixel counts for in each ward (area, people, households), and the shares that gives.

A measure is linear in the pixels: the weights of a ward times a raster of "covered" or of probability. The weights
depend on wards, grid and population only, so a study, its scenarios and its other definitions share them.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Generic, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage.catalog.definitions import BUILT_UP
from coverage.grid import Grid, Raster, Surface
from coverage.zones import ALL, Zones, overlay

Thing = TypeVar("Thing")


@dataclass(frozen=True, kw_only=True, eq=False)
class Weighting:
    """What a pixel counts for in a ward: factor of the ward × value of the pixel × share of its area inside.

    Attributes
    ----------
    zones : Zones
        The n wards on the grid.
    factor : ndarray of shape (n,), ≥ 0
    value : bool or float32 ndarray of shape (rows, cols), ≥ 0, or None
        None is 1 everywhere.
    even : bool ndarray of shape (n,) or None
        Wards whose pixels all have the value 1.
    """

    zones: Zones
    factor: NDArray[np.float64]
    value: NDArray[Any] | None = None
    even: NDArray[np.bool_] | None = None

    @cached_property
    def totals(self) -> NDArray[np.float64]:
        """What all pixels of each ward count for, shape (n,)."""
        return self.factor * self._whole

    @cached_property
    def _whole(self) -> NDArray[np.float64]:
        return self._unscaled(np.ones(self.zones.shape, dtype=bool), ALL, ALL)

    def sums(self, pixels: NDArray[Any], *, rows: slice = ALL, cols: slice = ALL) -> NDArray[np.float64]:
        """Return what the pixels of a window count for in each ward.

        Parameters
        ----------
        pixels : bool or float32 ndarray of the shape of the window
            Covered, or probability 0–1. A file (``numpy.memmap``) is read in passing.
        rows, cols : slice
            The window; the whole grid unless told otherwise. Linear: where only a window changed, its sums after minus
            its sums before are the change of the sums over the grid.

        Returns
        -------
        ndarray of shape (n,)
            In the unit of the weights.
        """
        return self.factor * self._unscaled(pixels, rows, cols)

    def _unscaled(self, pixels: NDArray[Any], rows: slice, cols: slice) -> NDArray[np.float64]:
        sums = self.zones.sums(pixels, self.value, rows=rows, cols=cols)
        if self.even is None or not self.even.any():
            return sums
        return np.where(self.even, self.zones.sums(pixels, rows=rows, cols=cols), sums)

    def shares(self, pixels: NDArray[Any]) -> NDArray[np.float64]:
        """Return the weighted mean of pixels of shape (rows, cols) in each ward, shape (n,), 0–1.

        NaN where a ward has no weight on the grid: unknown.
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self.totals > 0, np.minimum(self._unscaled(pixels, ALL, ALL) / self._whole, 1.0), np.nan)

    def pixel_weights(self, counts: NDArray[np.floating] | NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return Σ count of the ward × weight in the ward for every pixel, shape (rows × cols,).

        Parameters
        ----------
        counts : ndarray of shape (n,)
            What the weights of each ward are multiplied by.
        """
        each = counts * self.factor
        even = np.zeros(len(each), dtype=bool) if self.even is None else self.even
        weights = self.zones.spread(np.where(even, 0.0, each))
        if self.value is not None:
            weights *= self.value
        if even.any():
            weights += self.zones.spread(np.where(even, each, 0.0))
        return weights.ravel()


@dataclass(frozen=True, kw_only=True, eq=False)
class Weights:
    """What each pixel counts for in each of n wards.

    Attributes
    ----------
    ward_ids : Index of n
    area : Weighting
        Area of the ward in the pixel [km²]; its total is the ward's area inside the grid, in the equal-area CRS.
    residential : Weighting or None
        The same on built-up land cover; None without a clutter layer.
    people, households : Weighting
        Share of the ward's people or households in the pixel; the total is 1, or 0 where nothing locates them.
    assumed : mapping of str to str
        How people and households were located: ``raster``, ``households_as_people``, ``built_up`` or ``uniform``.
    """

    ward_ids: pd.Index
    area: Weighting
    residential: Weighting | None
    people: Weighting
    households: Weighting
    assumed: Mapping[str, str]


class _Same(Generic[Thing]):
    """A thing that equals itself alone, whatever is in it, and that may vanish: the key of what was made from it."""

    def __init__(self, thing: Thing) -> None:
        self._thing, self._id = weakref.ref(thing), id(thing)

    def __hash__(self) -> int:
        return self._id

    def __eq__(self, other: object) -> bool:
        thing = self._thing()
        return isinstance(other, _Same) and thing is not None and thing is other._thing()

    def __call__(self) -> Thing:
        thing = self._thing()
        assert thing is not None  # the caller holds it
        return thing


def weigh(wards: gpd.GeoDataFrame, grid: Grid, surface: Surface) -> Weights:
    """Return the weights of a city on a grid; those of the last two are kept.

    Parameters
    ----------
    wards : GeoDataFrame indexed by ward_id
        ``geometry`` (CRS of the grid) and ``area_km2``. Not changed in place afterwards, nor are the rasters.
    grid : Grid
    surface : Surface
        ``population``, ``households`` and ``clutter`` are used where present.

    Notes
    -----
    People are put where the population raster has them; without one, on built-up land; without land cover, evenly over
    the ward. Households follow their own raster, else the people.
    """
    rasters = surface.clutter, surface.population, surface.households
    return _weighed(_Same(wards), grid, *(None if raster is None else _Same(raster) for raster in rasters))


@lru_cache(maxsize=2)
def _weighed(
    of_wards: _Same[gpd.GeoDataFrame],
    grid: Grid,
    of_clutter: _Same[Raster] | None,
    of_people: _Same[Raster] | None,
    of_households: _Same[Raster] | None,
) -> Weights:
    wards = of_wards()
    zones = overlay(wards.geometry, grid)
    # The polygon as supplied has its area in the equal-area CRS: the ratio to the working CRS scales the pixels.
    scale = wards["area_km2"].to_numpy(dtype=float) / wards.geometry.area.to_numpy(dtype=float)
    area = Weighting(zones=zones, factor=scale * grid.pixel_m**2)
    residential = None
    if of_clutter is not None:
        built_up = of_clutter().on(grid, "mode") == BUILT_UP
        residential = Weighting(zones=zones, factor=area.factor, value=built_up)
    people, people_by = _located(of_people, grid, area, residential)
    if of_households is not None:
        households, households_by = _located(of_households, grid, area, residential)
    else:
        households, households_by = people, "households_as_people" if people_by == "raster" else people_by
    return Weights(
        ward_ids=wards.index,
        area=area,
        residential=residential,
        people=people,
        households=households,
        assumed={"people": people_by, "households": households_by},
    )


def _located(
    of_counts: _Same[Raster] | None, grid: Grid, area: Weighting, residential: Weighting | None
) -> tuple[Weighting, str]:
    if of_counts is not None:
        return _normalised(area.zones, np.nan_to_num(of_counts().on(grid, "density"))), "raster"
    if residential is None:
        return _normalised(area.zones), "uniform"
    # A ward without any built-up pixel still has people somewhere: evenly over its area.
    return _normalised(area.zones, residential.value, residential.totals == 0), "built_up"


def _normalised(zones: Zones, value: NDArray[Any] | None = None, even: NDArray[np.bool_] | None = None) -> Weighting:
    whole = Weighting(zones=zones, factor=np.ones(zones.count), value=value, even=even).totals
    with np.errstate(divide="ignore"):
        factor = np.where(whole > 0, 1.0 / whole, 0.0)
    return Weighting(zones=zones, factor=factor, value=value, even=even)


def households_in(polygons: gpd.GeoSeries, grid: Grid, surface: Surface) -> NDArray[np.float64]:
    """Return in what proportion the households of a city lie in each of n polygons, shape (n,), ≥ 0.

    By the rule of `weigh`: households per pixel, else people, else built-up land, else area.

    Parameters
    ----------
    polygons : GeoSeries
        CRS of the grid.
    grid : Grid
    surface : Surface
    """
    zones = overlay(polygons, grid)
    everywhere = np.ones(zones.shape, dtype=bool)
    for raster in (surface.households, surface.population):
        if raster is not None:
            return zones.sums(everywhere, np.nan_to_num(raster.on(grid, "density")))
    if surface.clutter is not None:
        built_up = zones.sums(everywhere, surface.clutter.on(grid, "mode") == BUILT_UP)
        if built_up.sum() > 0:
            return np.asarray(built_up)
    return zones.sums(everywhere)


def weighted_mean(share: NDArray[np.float64], weight: NDArray[np.float64]) -> float:
    """Return Σ share·weight ÷ Σ weight over the wards where both are known, NaN when the weights sum to zero."""
    known = np.isfinite(share) & np.isfinite(weight)
    total = float(weight[known].sum())
    return float((share[known] * weight[known]).sum() / total) if total > 0 else float("nan")


def covered(probability: NDArray[np.floating], edge_probability: float) -> NDArray[np.bool_]:
    """Return where the probability at the pixel reaches the edge probability of the definition."""
    return np.asarray(probability >= np.float32(edge_probability))
