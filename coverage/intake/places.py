"""Whether the sites stand where the file says: in the city, in the ward it names, where they stood before.

Two mistakes of surveying leave sites inside the province and are told by their size and direction: coordinates
computed with the meridian of another zone (27 or 53 km east or west), and VN-2000 degrees taken for WGS 84 ones
(225 m). Each is tried backwards: it is what happened if it brings the sites home.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from coverage.boundaries import match_wards
from coverage.errors import Problem
from coverage.grid import Raster
from coverage.intake.positions import CITY, DEGREES, ZONES
from coverage.intake.rules import Hit
from coverage.layers import Layer
from coverage.types import WORKING_CRS

NEAR_M = 500.0  # registers of boundaries lie hundreds of metres apart in places
SHORE_M = 300.0  # of sea on every side; registers of shores and masts on piers differ by less
FAR_M = 20_000.0
MOVED_M = 1000.0  # a site that stands elsewhere than before
HOME_M = 150.0  # from where it stood before, once a mistake is undone
SHIFT_SLACK_M = 40.0  # of the 225 m: coordinates are rounded, sites surveyed again
_MOST = 0.5  # share of the places from which the file as a whole is meant
_FEWEST = 3  # places off their ward before a shift of the whole file is looked for
_GRID_DEG = 0.01
_SHARED_BY = 4  # sites of one operator at one place
_UNSHIFTED = "EPSG:4756"

Points = NDArray[np.float64]


@cache
def _transformer(source: str, target: str) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)


def _as(points: Points, first: str, *rest: str) -> Points:
    """Return working coordinates carried through a chain of systems, read anew at every second step."""
    for source, target in ((WORKING_CRS, first), *zip(rest[::2], rest[1::2], strict=True)):
        points = np.column_stack(_transformer(source, target).transform(points[:, 0], points[:, 1]))
    return points


def undone(points: Points, zone: str) -> Points:
    """Return where places lie [m] if they were computed with a zone although their metres were of the working one."""
    return _as(points, zone)


def shifted(points: Points) -> Points:
    """Return where places lie [m] if their degrees are VN-2000 and were taken for WGS 84."""
    return _as(points, DEGREES, _UNSHIFTED, WORKING_CRS)


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the places of a file can be held against.

    Attributes
    ----------
    named : ndarray of polygons or None
        Ward that each row names, None where it names none that is known.
    before : float ndarray of shape (rows, 2)
        Where the same cell or site stood in the earlier submission [m], NaN where it did not.
    problems : tuple of Problem
        About the ward names.
    """

    named: NDArray[np.object_]
    before: Points
    problems: tuple[Problem, ...]


def known(frame: gpd.GeoDataFrame, wards: Layer | None, earlier: gpd.GeoDataFrame | None, file: str) -> Known:
    """Return the ward and the earlier place of every row."""
    named = np.full(len(frame), None, dtype=object)
    problems: tuple[Problem, ...] = ()
    if wards is not None and frame["ward"].notna().any():
        table = pd.DataFrame({"name": frame["ward"], "row": frame["row"]})[frame["ward"].notna()]
        ids, problems = match_wards(table, wards, file=file)
        sure = ids.dropna()
        named[sure.index.to_numpy()] = wards.frame.geometry.reindex(sure).to_numpy()
    before = np.full((len(frame), 2), np.nan)
    if earlier is not None and len(earlier):
        for keys in (["site_id", "operator"], ["cell_id", "operator"]):  # what the cell says wins
            known_rows = earlier.dropna(subset=keys).drop_duplicates(keys)
            places = pd.DataFrame({**known_rows[keys], "x": known_rows.geometry.x, "y": known_rows.geometry.y})
            found = frame[keys].merge(places, how="left", on=keys)[["x", "y"]].to_numpy(dtype=float)
            before = np.where(np.isnan(found), before, found)
    return Known(named=named, before=before, problems=problems)


def place_hits(frame: gpd.GeoDataFrame, about: Known, wards: Layer | None, sea: Raster | None = None) -> Iterator[Hit]:
    """Yield what is odd about the places of the cells of a file.

    Parameters
    ----------
    frame : GeoDataFrame
        Points in the working CRS with ``site_id``, ``operator``, ``row`` and a fresh index.
    about : Known
    wards : Layer or None
    sea : Raster or None
        1 sea, 0 land.
    """
    points = np.column_stack([frame.geometry.x, frame.geometry.y])
    yield from _patterns(frame, points)
    settled = np.zeros(len(frame), dtype=bool)
    for hit in (*_zones(frame, points, about), *_datum(points, about)):
        if hit.rows is not None:
            settled[hit.rows] = True
        elif hit.code in {"zone_wrong_file", "datum_missing_file"}:
            settled[:] = True
        yield hit
    yield from _off(points, about, settled)
    wet = _at_sea(points, sea) & ~settled
    yield Hit(code="place_at_sea", field="longitude", rows=np.flatnonzero(wet), values=lambda _: {"metres": SHORE_M})
    yield from _outside(points, about, wards, settled | wet)


def _patterns(frame: gpd.GeoDataFrame, points: Points) -> Iterator[Hit]:
    degrees = _as(points, DEGREES)
    steps = degrees / _GRID_DEG
    rounded = (np.abs(steps - np.round(steps)) < 1e-5).all(axis=1)
    yield Hit(code="place_rounded", field="longitude", rows=np.flatnonzero(rounded))
    where = pd.DataFrame(np.round(points, 1), columns=["x", "y"])
    where["who"], where["site"] = frame["operator"].to_numpy(), frame["site_id"].to_numpy()
    sites = where.groupby(["x", "y", "who"], dropna=False)["site"].transform("nunique").to_numpy()
    rows = np.flatnonzero(sites >= _SHARED_BY)
    yield Hit(code="place_shared", field="longitude", rows=rows, values=lambda p: {"sites": int(sites[p])})


def _from_ward(points: Points, about: Known) -> NDArray[np.float64]:
    """Return the distance of every row to the ward it names [m], NaN where it names none."""
    far = np.full(len(points), np.nan)
    named = np.array([each is not None for each in about.named], dtype=bool)
    if named.any():
        far[named] = shapely.distance(about.named[named], shapely.points(points[named]))
    return far


def _from_before(points: Points, about: Known) -> NDArray[np.float64]:
    return _length(points - about.before)


def _length(vectors: Points) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(vectors, axis=1), dtype=float)


def _places(points: Points) -> NDArray[np.intp]:
    """Return one row of every place: a site with many cells counts once."""
    return np.unique(np.round(points, 1), axis=0, return_index=True)[1]


def _zones(frame: gpd.GeoDataFrame, points: Points, about: Known) -> Iterator[Hit]:
    ward, before = _from_ward(points, about), _from_before(points, about)
    lost = np.where(np.isnan(before), ward > NEAR_M, before > MOVED_M)
    if not lost.any():
        return
    best, size = np.full(len(frame), None, dtype=object), np.zeros(len(frame))
    for zone in ZONES:
        if zone == WORKING_CRS or zone.startswith("EPSG:34"):
            continue
        there = undone(points, zone)
        near = np.where(np.isnan(before), _from_ward(there, about) <= NEAR_M, _from_before(there, about) <= HOME_M)
        fits = lost & near & (best == None)  # noqa: E711 (element by element)
        best[fits] = zone
        size[fits] = _length(there[fits] - points[fits]) / 1000
    told = best != None  # noqa: E711
    names = {zone: ZONES[zone] for zone in ZONES}
    one = _places(points)
    common = pd.Series(best[one]).value_counts()
    if len(common) and common.iloc[0] > _MOST * len(one):
        zone, count = str(common.index[0]), int((best == common.index[0]).sum())
        km = float(np.median(size[best == zone]))
        yield _of_file("zone_wrong_file", zone=names[zone], crs=zone, count=count, km=km)
        return
    yield Hit(
        code="zone_wrong",
        field="longitude",
        rows=np.flatnonzero(told),
        values=lambda p: {"zone": names[str(best[p])], "km": float(size[p])},
    )


def _datum(points: Points, about: Known) -> Iterator[Hit]:
    there = shifted(points)
    before, after = _from_before(points, about), _from_before(there, about)
    size = _length(there - points)
    like = (np.abs(before - size) <= SHIFT_SLACK_M) & (after <= SHIFT_SLACK_M)
    one = _places(points)
    compared = np.isfinite(before[one])
    if compared.sum() >= _FEWEST and like[one].sum() > _MOST * compared.sum():
        yield _of_file("datum_missing_file", count=int(like.sum()), metres=float(np.median(size)))
        return
    yield Hit(
        code="datum_missing", field="longitude", rows=np.flatnonzero(like), values=lambda p: {"metres": float(size[p])}
    )
    if compared.any():
        return
    here, home = _from_ward(points, about)[one] > 0, _from_ward(there, about)[one] > 0
    # Sites beside a boundary tell: the shift has to bring home two of three that stand off their ward.
    if here.sum() >= _FEWEST and home.sum() * 3 <= here.sum():
        yield _of_file("datum_missing_file", count=int(here.sum()), metres=float(np.median(size)))


def _of_file(code: str, **values: Any) -> Hit:
    """Return a mistake that was made in the whole file, which is refused for it."""
    return Hit(code=code, field="longitude", rows=None, severity="error", values=lambda _: dict(values))


def _away(code: str, which: NDArray[np.bool_], metres: NDArray[np.float64], field: str = "longitude") -> Hit:
    """Return rows that stand some way from where they should, each with its distance [km]."""
    return Hit(code=code, field=field, rows=np.flatnonzero(which), values=lambda p: {"km": float(metres[p]) / 1000})


def _off(points: Points, about: Known, settled: NDArray[np.bool_]) -> Iterator[Hit]:
    ward, before = _from_ward(points, about), _from_before(points, about)
    moved = (before > MOVED_M) & ~settled
    yield _away("place_moved", moved, before)
    yield _away("place_off_ward", (ward > NEAR_M) & ~settled & ~moved, ward, "ward")


def _at_sea(points: Points, sea: Raster | None) -> NDArray[np.bool_]:
    """Return which places lie in the sea with nothing but sea around them, False where nothing is known."""
    wet = np.zeros(len(points), dtype=bool)
    if sea is None:
        return wet
    x, y = _transformer(WORKING_CRS, sea.crs).transform(points[:, 0], points[:, 1])
    wet[:] = True
    for right, up in ((0, 0), (SHORE_M, 0), (-SHORE_M, 0), (0, SHORE_M), (0, -SHORE_M)):
        there = ~sea.transform
        col = np.floor(there.a * (x + right) + there.b * (y + up) + there.c).astype(int)
        row = np.floor(there.d * (x + right) + there.e * (y + up) + there.f).astype(int)
        inside = (row >= 0) & (row < sea.values.shape[0]) & (col >= 0) & (col < sea.values.shape[1])
        value = np.zeros(len(points))
        value[inside] = sea.values[row[inside], col[inside]]
        wet &= value == 1
    return wet


def _outside(points: Points, about: Known, wards: Layer | None, settled: NDArray[np.bool_]) -> Iterator[Hit]:
    """Yield the rows far from the city, and those at sea or in a neighbouring province beside it."""
    if wards is None:
        degrees = _as(points, DEGREES)
        west, south, east, north = CITY
        lon, lat = degrees.T
        gap = np.maximum.reduce([west - lon, lon - east, south - lat, lat - north])
        beyond = np.maximum(gap, 0) * 111_000.0  # a degree of latitude [m]; of longitude 4 % less here
    else:
        city = shapely.union_all(wards.frame.geometry.to_numpy())
        shapely.prepare(city)
        inside = shapely.contains_xy(city, points[:, 0], points[:, 1])
        beyond = np.zeros(len(points))
        beyond[~inside] = shapely.distance(city, shapely.points(points[~inside]))
    told = settled | (_from_ward(points, about) > NEAR_M)
    far = (beyond > FAR_M) & ~told
    yield _away("place_far", far, beyond)
    yield _away("place_outside", (beyond > NEAR_M) & ~far & ~told, beyond)
