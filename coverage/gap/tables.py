"""The gap as tables: households by ward and by hamlet with and without a fixed line and mobile signal."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from coverage.errors import GridError, LayerError
from coverage.gap.joint import GAP, GROUPS, joint_shares, known_shares
from coverage.measures import Weighting, covered
from coverage.study import Result
from coverage.zones import overlay

Floats = NDArray[np.float64]


def fixed_shares(wards: pd.DataFrame) -> pd.DataFrame:
    """Return ``fixed``, ``fixed_low``, ``fixed_high`` of a ward table: the estimate with its range where it has one.

    ``connected_share/_low/_high`` where they are there; else `household_internet_share`, one line counted as one
    household, as estimate and both ends.
    """
    if {"connected_low", "connected_high"} <= set(wards.columns):
        names = ("connected_share", "connected_low", "connected_high")
    else:
        names = ("household_internet_share",) * 3
    columns = {f"fixed{end}": wards[name].astype(float) for end, name in zip(("", "_low", "_high"), names, strict=True)}
    return pd.DataFrame(columns, index=wards.index)


def mobile_share(result: Result, lte: Result) -> pd.Series:
    """Return the share of the households of each ward that stand where there is 5G or 4G, 0–1.

    Raises
    ------
    GridError
        ``grids_differ`` when the two results lie on different grids.
    """
    if result.study.grid != lte.study.grid:
        raise GridError("grids_differ")
    either = _reached(result) | _reached(lte)
    shares = result.study.weights.households.shares(either)
    return pd.Series(shares, index=result.study.weights.ward_ids).fillna(result.wards["households_covered_share"])


def _reached(result: Result) -> NDArray[np.bool_]:
    return covered(result.probability, result.definition.edge)


def gap_table(result: Result, lte: Result | None = None, connected: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the gap of every ward: households with a fixed line and 5G, one of them, only 4G, or nothing.

    Parameters
    ----------
    result : Result
        Of 5G.
    lte : Result, optional
        Of 4G, on the same grid; without it "only 4G" and "neither" are unknown, the gap itself is not.
    connected : DataFrame, optional
        Indexed by ward_id: ``connected_share``, ``connected_low``, ``connected_high`` instead of what the ward table
        of the result says.

    Returns
    -------
    DataFrame indexed by ward_id, the greatest gap first
        ``name, district, edition, households``; ``fixed_share/_low/_high``, ``nr_share``, ``mobile_share``; the shares
        of `coverage.gap.joint.joint_shares` under ``<group>_share``, ``<group>_low``, ``<group>_high``;
        ``gap_households``, ``gap_households_low``, ``gap_households_high``; ``rank`` (by the estimate, else by the
        middle of the bounds; missing where the gap is unknown).

    Raises
    ------
    GridError
        ``grids_differ``.
    """
    wards = result.wards
    fixed = fixed_shares(wards if connected is None else connected.reindex(wards.index))
    nr = wards["households_covered_share"].astype(float)
    mobile = None if lte is None else mobile_share(result, lte)
    shares = known_shares(fixed["fixed"], fixed["fixed_low"], fixed["fixed_high"], nr, mobile)
    joint = joint_shares(shares).set_index(wards.index)
    table = wards[["name", "district", "edition", "households"]].copy()
    for end in ("", "_low", "_high"):
        table[f"fixed{end or '_share'}"] = fixed[f"fixed{end}"]
    table["nr_share"], table["mobile_share"] = nr, np.nan if mobile is None else mobile
    for name in (*GROUPS, GAP):
        for end in ("", "_low", "_high"):
            table[f"{name}{end or '_share'}"] = joint[f"{name}{end}"]
    for end in ("", "_low", "_high"):
        table[f"gap_households{end}"] = table[f"gap{end or '_share'}"] * table["households"]
    return _ranked(table)


def _ranked(table: pd.DataFrame) -> pd.DataFrame:
    """Return rows by households in the gap, most first; unknown ones last."""
    middle = (table["gap_households_low"] + table["gap_households_high"]) / 2
    size = table["gap_households"].fillna(middle)
    table["rank"] = size.rank(ascending=False, method="min").astype("Int64")
    order = size.sort_values(ascending=False, kind="stable", na_position="last").index
    return table.loc[order]


def gap_pixels(result: Result, connected: pd.DataFrame | None = None) -> dict[str, Floats]:
    """Return the households without a fixed line and without 5G in every pixel, with the bounds that hold for it.

    Parameters
    ----------
    result : Result
        Of 5G.
    connected : DataFrame, optional
        As in `gap_table`.

    Returns
    -------
    mapping of str to ndarray of shape (rows, cols), ≥ 0
        ``gap`` (the ward's share of unconnected households at every pixel without 5G), ``low``, ``high``: in one pixel
        anything from nobody to everybody may be connected, as far as the ward has connected households. Wards of
        which households or lines are unknown are NaN.
    """
    study = result.study
    weighting, wards = study.weights.households, result.wards.loc[study.weights.ward_ids]
    fixed = fixed_shares(wards if connected is None else connected.reindex(wards.index))
    households = wards["households"].to_numpy(dtype=float)
    known = np.isfinite(households) & fixed.notna()[["fixed_low", "fixed_high"]].all(axis=1).to_numpy()
    middle = fixed["fixed"].fillna((fixed["fixed_low"] + fixed["fixed_high"]) / 2).to_numpy(dtype=float)
    shape, dark = study.grid.shape, ~_reached(result)
    unknown = weighting.pixel_weights(np.where(known, 0.0, 1.0)).reshape(shape) > 0
    without = np.where(known, households * (1 - middle), 0.0)
    found = {"gap": weighting.pixel_weights(without).reshape(shape)}
    ends = np.where(known, households, 0.0)
    most = np.where(known, households * (1 - fixed["fixed_low"].to_numpy(dtype=float)), 0.0)
    least = np.where(known, households * fixed["fixed_high"].to_numpy(dtype=float), 0.0)
    found["high"] = _capped(weighting, ends, most, shape)
    found["low"] = _beyond(weighting, ends, least, shape)
    return {name: np.where(unknown, np.nan, values * dark) for name, values in found.items()}


def _capped(weighting: Weighting, households: Floats, cap: Floats, shape: tuple[int, int]) -> Floats:
    """Return Σ min(households of the ward in the pixel, cap of the ward) over the wards of each pixel."""
    small = _crowded(weighting, households, cap)
    total = weighting.pixel_weights(np.where(small, 0.0, households)).reshape(shape)
    for ward in np.flatnonzero(small):
        total += np.minimum(_alone(weighting, households, int(ward), shape), cap[ward])
    return total


def _beyond(weighting: Weighting, households: Floats, connected: Floats, shape: tuple[int, int]) -> Floats:
    """Return Σ max(households of the ward in the pixel − connected ones of the ward, 0)."""
    total = np.zeros(shape)
    for ward in np.flatnonzero(_crowded(weighting, households, connected)):
        total += np.maximum(_alone(weighting, households, int(ward), shape) - connected[ward], 0.0)
    return total


def _crowded(weighting: Weighting, households: Floats, limit: Floats) -> NDArray[np.bool_]:
    """Return the wards in which one pixel may hold more households than a limit."""
    largest = 1.0 if weighting.value is None else max(1.0, float(np.max(weighting.value)))
    return (households > 0) & (households * weighting.factor * largest > limit)


def _alone(weighting: Weighting, households: Floats, ward: int, shape: tuple[int, int]) -> Floats:
    counts = np.zeros_like(households)
    counts[ward] = households[ward]
    return weighting.pixel_weights(counts).reshape(shape)


def hamlet_table(result: Result, hamlets: gpd.GeoDataFrame, connected: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the hamlets (thôn, tổ dân phố) by households in the gap, most first.

    Parameters
    ----------
    result : Result
        Of 5G.
    hamlets : GeoDataFrame
        ``name`` and polygons, or points: households then go to the nearest point. CRS of the grid.
    connected : DataFrame, optional
        As in `gap_table`.

    Returns
    -------
    DataFrame on the index of the hamlets
        ``name``, ``households``, ``gap_households``, ``gap_households_high`` (all without 5G, as far as the ward has
        unconnected ones), ``gap_share``, ``rank``. NaN where a pixel of the hamlet is unknown.

    Raises
    ------
    LayerError
        ``no_rows`` for an empty table, ``hamlets_unusable`` for lines or a mixture of points and polygons.
    """
    if hamlets.empty:
        raise LayerError("no_rows", file="hamlets")
    study = result.study
    pixels = gap_pixels(result, connected)
    wards = result.wards.loc[study.weights.ward_ids]
    everyone = study.weights.households.pixel_weights(wards["households"].fillna(0.0).to_numpy(dtype=float))
    values = {
        "households": everyone.reshape(study.grid.shape),
        "gap_households": pixels["gap"],
        "gap_households_high": pixels["high"],
    }
    kinds = set(hamlets.geom_type)
    if kinds <= {"Polygon", "MultiPolygon"}:
        zones = overlay(hamlets.geometry, study.grid)
        whole = np.ones(zones.shape, dtype=bool)
        sums: dict[str, Floats] = {name: zones.sums(whole, np.nan_to_num(each)) for name, each in values.items()}
        lost = zones.sums(whole, np.isnan(pixels["gap"]) & (values["households"] > 0)) > 0
    elif kinds == {"Point"}:
        owner = _nearest(study.grid.transform, values["households"], hamlets)
        held = values["households"].ravel() > 0
        count = len(hamlets)
        sums = {
            name: np.bincount(owner, np.nan_to_num(each).ravel()[held], count).astype(float)
            for name, each in values.items()
        }
        lost = np.bincount(owner, np.isnan(pixels["gap"]).ravel()[held], count) > 0
    else:
        raise LayerError("hamlets_unusable", kinds=", ".join(sorted(kinds)))
    table = pd.DataFrame({"name": hamlets["name"], **sums}, index=hamlets.index)
    table.loc[lost, ["gap_households", "gap_households_high"]] = np.nan
    table["gap_share"] = table["gap_households"] / table["households"].where(table["households"] > 0)
    table["rank"] = table["gap_households"].rank(ascending=False, method="min").astype("Int64")
    return table.sort_values("gap_households", ascending=False, kind="stable", na_position="last")


def _nearest(transform: object, households: Floats, hamlets: gpd.GeoDataFrame) -> NDArray[np.intp]:
    """Return the hamlet nearest to every pixel that holds households."""
    rows, cols = np.nonzero(households > 0)
    step, west, north = float(transform.a), float(transform.c), float(transform.f)  # type: ignore[attr-defined]
    centres = np.column_stack([west + (cols + 0.5) * step, north - (rows + 0.5) * step])
    points = np.column_stack([hamlets.geometry.x, hamlets.geometry.y])
    return np.asarray(cKDTree(points).query(centres)[1], dtype=np.intp)
