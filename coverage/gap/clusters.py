"""Where the gap clusters: local Moran and Getis–Ord with permutations, corrected for asking about every ward."""

from __future__ import annotations

import warnings
from typing import Any

import geopandas as gpd
import libpysal
import numpy as np
import pandas as pd
from esda.getisord import G_Local
from esda.moran import Moran_Local
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

PERMUTATIONS = 999
RATE = 0.05  # of false discoveries among the wards that are named
SEED = 0
FIGURES = ("local_moran", "moran_p", "moran_q", "getis_z", "getis_q")
LABELS = {1: "high", 2: "low_among_high", 3: "low", 4: "high_among_low"}


def ward_clusters(
    values: pd.Series, shapes: gpd.GeoSeries, *, permutations: int = PERMUTATIONS, rate: float = RATE, seed: int = SEED
) -> pd.DataFrame:
    """Return which wards lie among neighbours alike or unlike them in a figure, beyond what chance would do.

    Parameters
    ----------
    values : Series indexed by ward_id
        NaN is left out: unknown is no neighbour.
    shapes : GeoSeries
        Polygons of the wards; neighbours are those that touch.
    permutations : int
        Random orders of the other wards that chance is judged by.
    rate : float, 0–1
        Expected share of false ones among the wards that are named (Benjamini and Hochberg 1995).
    seed : int
        The same seed gives the same answer.

    Returns
    -------
    DataFrame indexed by ward_id
        ``local_moran``, ``moran_p`` (two-sided, of permutations), ``moran_q`` (corrected); ``getis_z``, ``getis_q``
        (Getis and Ord's G*, normal); ``cluster``: ``high`` (high among high), ``low``, ``high_among_low``,
        ``low_among_high``, ``none``, or None where unknown or without neighbours.
    """
    table = pd.DataFrame(dict.fromkeys(FIGURES, np.nan), index=values.index).assign(cluster=None)
    known = values[values.notna()].index.intersection(shapes.index[shapes.notna()])
    known, weights = _neighbours(known, shapes)
    if len(known) < 3 or values[known].nunique() < 2:
        return table
    figures = values[known].to_numpy(dtype=float)
    moran, chance = _moran(figures, weights, permutations, seed)
    moran_q = false_discovery_control(chance)
    table.loc[known, "local_moran"], table.loc[known, "moran_p"] = moran.Is, chance
    table.loc[known, "moran_q"] = moran_q
    getis_z, getis_q = _getis(figures, weights)
    table.loc[known, "getis_z"], table.loc[known, "getis_q"] = getis_z, getis_q
    named = [LABELS[int(quarter)] if q <= rate else "none" for quarter, q in zip(moran.q, moran_q, strict=True)]
    table.loc[known, "cluster"] = named
    return table


def _neighbours(known: pd.Index, shapes: gpd.GeoSeries) -> tuple[pd.Index, Any]:
    """Return the wards that touch another one, and their contiguity."""
    while len(known):
        weights = libpysal.weights.Queen.from_dataframe(
            gpd.GeoDataFrame(geometry=shapes[known].to_numpy()), use_index=False, silence_warnings=True
        )
        if not weights.islands:
            return known, weights
        known = known.delete(weights.islands)
    return known, None


def _moran(values: NDArray[np.float64], weights: Any, permutations: int, seed: int) -> tuple[Any, NDArray[np.float64]]:
    """Return esda's local Moran and two-sided p-values: how often others in its neighbours' place say as much.

    esda's own permutations are one-sided in this version and announce that they will not stay so.
    """
    weights.transform = "r"
    moran = Moran_Local(values, weights, permutations=0)
    rng = np.random.default_rng(seed)
    chance = np.empty(len(values))
    for ward, others in weights.neighbors.items():
        rest = np.delete(values, ward)
        order = rng.random((permutations, len(rest))).argpartition(len(others) - 1, axis=1)[:, : len(others)]
        drawn = rest[order].mean(axis=1)
        above = int((drawn >= values[others].mean()).sum())
        tail = min(above, permutations - above)
        chance[ward] = min(2.0 * (tail + 1) / (permutations + 1), 1.0)
    return moran, chance


def _getis(values: NDArray[np.float64], weights: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        weights.transform = "b"  # G* counts the ward itself like its neighbours
        getis = G_Local(values, weights, transform="B", star=True, permutations=0)
    both = np.minimum(2.0 * np.asarray(getis.p_norm), 1.0)
    return np.asarray(getis.Zs), np.asarray(false_discovery_control(both))
