"""Lines counted on other areas than wards (districts, exchange areas, grids), carried to the wards by households.

Where people live inside an area is known from the households per pixel: a ward gets of an area's lines what it has of
its households there, and not what it has of its ground. Sums are kept to the last line. What is certain (areas inside
one ward) and what is only possible bounds every ward.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from coverage.errors import GridError
from coverage.grid import Raster
from coverage.zones import raster_sums

OUTSIDE = ""  # the ward of what lies in none
NOTHING = 1e-9  # share of an area's households or ground below which a sliver is a flaw of the drawing
EDGE = 1e-3  # the same for what two drawings of one border leave outside of all wards

Floats = NDArray[np.float64]


def area_shares(
    areas: gpd.GeoSeries, wards: gpd.GeoSeries, pixels: Raster | None, households: pd.Series | None = None
) -> pd.DataFrame:
    """Return which share of the households of each area lives in each ward.

    Parameters
    ----------
    areas : GeoSeries of polygons indexed by area_id
        Any CRS; they may overlap, as the networks of two operators do.
    wards : GeoSeries of polygons indexed by ward_id
    pixels : Raster or None
        Households per pixel; without it, and in areas where it has none, ground stands for households.
    households : Series indexed by ward_id, optional
        Counts that the pixels of each ward are scaled to where both are known.

    Returns
    -------
    DataFrame
        One row per area and ward (`OUTSIDE` for what lies in none): ``area_id``, ``ward_id``, ``share`` (> 0, adding up
        to 1 in every area) and ``by_ground`` (bool). An area outside of all wards has one row, `OUTSIDE`.

    Raises
    ------
    GridError
        ``crs_mismatch`` when areas or wards name no CRS.
    """
    for geometry in (areas, wards):
        if geometry.crs is None:
            raise GridError("crs_mismatch", given="None", expected="EPSG:…")
    shapes = areas.to_crs(wards.crs)
    area, ward = shapely.STRtree(wards.to_numpy()).query(shapes.to_numpy(), predicate="intersects")
    parts = gpd.GeoSeries(shapely.intersection(shapes.to_numpy()[area], wards.to_numpy()[ward]), crs=wards.crs)
    homes, whole = _homes(parts, pixels), _homes(shapes, pixels)
    by_ground = np.bincount(area, homes, len(shapes)) <= NOTHING * np.maximum(whole, 1e-300)
    homes = np.where(by_ground[area], parts.area.to_numpy(), homes)
    whole = np.where(by_ground, shapes.area.to_numpy(), whole)
    outside = np.maximum(whole - np.bincount(area, homes, len(shapes)), 0.0)
    outside[outside <= EDGE * whole] = 0.0  # two drawings of one border
    if households is not None:
        homes = np.where(by_ground[area], homes, homes * _scale(wards, pixels, households)[ward])
    outside[np.bincount(area, homes, len(shapes)) + outside <= 0] = 1.0
    return _table(areas.index, wards.index, (area, ward, homes), outside, by_ground)


def _homes(shapes: gpd.GeoSeries, pixels: Raster | None) -> Floats:
    """Return the households of every shape, 0 in lines and points and without pixels."""
    homes = np.zeros(len(shapes))
    solid = (shapes.area > 0).to_numpy()
    if pixels is not None and solid.any():
        homes[solid] = np.nan_to_num(raster_sums(pixels, shapes[solid])["sum"].to_numpy(dtype=float))
    return homes


def _scale(wards: gpd.GeoSeries, pixels: Raster | None, households: pd.Series) -> Floats:
    """Return counted over drawn households of every ward, 1 where either is unknown."""
    drawn, told = _homes(wards, pixels), households.reindex(wards.index).to_numpy(dtype=float)
    usable = (drawn > 0) & (told > 0)
    return np.where(usable, told / np.where(usable, drawn, 1.0), 1.0)


def _table(
    area_ids: pd.Index, ward_ids: pd.Index, parts: tuple[NDArray[np.int64], NDArray[np.int64], Floats], outside: Floats,
    by_ground: NDArray[np.bool_],
) -> pd.DataFrame:  # fmt: skip
    area, ward, homes = parts
    total = np.bincount(area, homes, len(area_ids)) + outside
    kept, lost = homes > NOTHING * total[area], np.flatnonzero(outside > 0)
    table = pd.DataFrame(
        {
            "area_id": np.concatenate([area_ids.to_numpy()[area[kept]], area_ids.to_numpy()[lost]]),
            "ward_id": np.concatenate([ward_ids.to_numpy()[ward[kept]], np.full(len(lost), OUTSIDE, dtype=object)]),
            "share": np.concatenate([(homes / total[area])[kept], (outside / total)[lost]]),
            "by_ground": by_ground[np.concatenate([area[kept], lost])],
        }
    )
    table["share"] /= table.groupby("area_id")["share"].transform("sum")
    return table.sort_values(["area_id", "ward_id"], kind="stable").reset_index(drop=True)


def carry_lines(rows: pd.DataFrame, shares: pd.DataFrame) -> pd.DataFrame:
    """Return lines counted by area as lines by ward; every row of the table keeps its sum to the last line.

    Parameters
    ----------
    rows : DataFrame
        ``area_id``, ``lines`` (whole numbers) and any other columns.
    shares : DataFrame
        As `area_shares` gives it; every area of the rows is in it.

    Returns
    -------
    DataFrame
        The other columns with ``ward_id`` (`OUTSIDE` for what lies in none), ``lines``, and ``lines_low`` and
        ``lines_high``: what the ward has for certain, and at most. ``status`` is ``measured`` where an area lies in one
        ward whole, else ``estimated``. One row per row and ward of its area.

    Raises
    ------
    GridError
        ``area_unknown`` for an area without shares.
    """
    parts = dict(iter(shares.groupby("area_id", sort=False)))
    unknown = set(rows["area_id"]) - parts.keys()
    if unknown:
        raise GridError("area_unknown", area=min(map(str, unknown)), count=len(unknown))
    carried = []
    for area, own in rows.groupby("area_id", sort=False):
        part = parts[area]
        whole = len(part) == 1
        counts = spread_whole(own["lines"].to_numpy(dtype=np.int64), part["share"].to_numpy())
        table = own.drop(columns=["area_id", "lines"]).loc[own.index.repeat(len(part))].reset_index(drop=True)
        table["ward_id"] = np.tile(part["ward_id"].to_numpy(), len(own))
        table["lines"] = counts.ravel()
        table["lines_high"] = own["lines"].to_numpy().repeat(len(part))
        table["lines_low"] = table["lines_high"] if whole else 0
        table["status"] = "measured" if whole else "estimated"
        carried.append(table)
    return pd.concat(carried, ignore_index=True)


def spread_whole(totals: NDArray[np.int64], shares: Floats) -> NDArray[np.int64]:
    """Return whole numbers in proportion to shares, each row adding up to its total.

    Largest remainders; what one row gained or lost by rounding is made up for in the next, so that many small rows
    together lie as close to the shares as one large row.

    Parameters
    ----------
    totals : int64 ndarray of shape (r,), ≥ 0
    shares : ndarray of shape (k,), ≥ 0, adding up to 1

    Returns
    -------
    int64 ndarray of shape (r, k)

    Examples
    --------
    >>> spread_whole(np.array([10, 1, 1]), np.array([0.5, 0.3, 0.2])).tolist()
    [[5, 3, 2], [1, 0, 0], [0, 1, 0]]
    """
    out = np.zeros((len(totals), len(shares)), dtype=np.int64)
    owed = np.zeros(len(shares))
    for row, total in enumerate(totals.tolist()):
        wanted = np.maximum(total * shares + owed, 0.0)
        whole = np.floor(wanted + 1e-9).astype(np.int64)
        while (rest := total - int(whole.sum())) != 0:
            # never by more than one a turn: the largest remainders first, or the smallest when there are too many
            order = np.argsort(-np.round((wanted - whole) * np.sign(rest), 9), kind="stable")
            order = order[(whole[order] > 0) | (rest > 0)]
            whole[order[: abs(rest)]] += np.sign(rest)
        out[row] = whole
        owed += total * shares - whole
    return out


def points_in_wards(points: gpd.GeoSeries, wards: gpd.GeoSeries, tolerance_m: float = 200.0) -> pd.Series:
    """Return the ward of every point, `OUTSIDE` beyond the tolerance of the nearest one.

    Parameters
    ----------
    points, wards : GeoSeries
        Wards in a CRS with metres; points in any.
    tolerance_m : float
        How far off a ward a point may lie and still count there: a house by the water, a rounded coordinate [m].
    """
    placed = points.to_crs(wards.crs).to_numpy()
    pairs = shapely.STRtree(wards.to_numpy()).query_nearest(placed, max_distance=tolerance_m, all_matches=False)
    found = np.full(len(points), OUTSIDE, dtype=object)
    found[pairs[0]] = wards.index.to_numpy()[pairs[1]]
    return pd.Series(found, index=points.index)


def cells_of(raster: Raster) -> tuple[gpd.GeoSeries, pd.Series]:
    """Return the pixels of a grid of counts that are known and above zero as areas, and their counts.

    Parameters
    ----------
    raster : Raster
        Lines per pixel, north up.
    """
    row, col = np.nonzero(np.nan_to_num(raster.values) > 0)
    shift = raster.transform
    west, north = shift.c + col * shift.a, shift.f + row * shift.e
    ids = pd.Index([f"{r}/{c}" for r, c in zip(row, col, strict=True)], name="area_id")
    boxes = shapely.box(west, north + shift.e, west + shift.a, north)
    return gpd.GeoSeries(boxes, index=ids, crs=raster.crs), pd.Series(raster.values[row, col], index=ids)
