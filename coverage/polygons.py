"""Polygons of administrative units: repaired, measured, and checked against their neighbours."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from coverage.types import AREA_CRS

# Two surveys of one boundary differ by metres; a sliver of 1 000 m² (10 m along 100 m) changes no published figure.
TOLERANCE_KM2 = 0.001

_POLYGONAL = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


def area_km2(geometry: gpd.GeoSeries) -> pd.Series:
    """Return the area of each polygon [km²], measured in the equal-area system EPSG:6933.

    Parameters
    ----------
    geometry : geopandas.GeoSeries
        Polygons in any coordinate system; best as supplied, before any other projection.
    """
    square_metres: pd.Series = geometry.to_crs(AREA_CRS).area
    return square_metres / 1e6


def polygons_only(geometry: Any) -> Any:
    """Return the polygonal part of a geometry, None where it has none; lines and points have no area."""
    parts = shapely.get_parts(shapely.get_parts(geometry))
    kept = parts[np.isin(shapely.get_type_id(parts), _POLYGONAL)]
    return shapely.union_all(kept) if len(kept) else None


def is_polygonal(geometry: gpd.GeoSeries) -> NDArray[np.bool_]:
    """Return which geometries are polygons or multipolygons, not missing, not empty, and of finite coordinates."""
    shapes = geometry.to_numpy()
    points, owner = shapely.get_coordinates(shapes, return_index=True)
    finite = np.ones(len(shapes), dtype=bool)
    finite[owner[~np.isfinite(points).all(axis=1)]] = False
    empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    return np.asarray(np.isin(shapely.get_type_id(shapes), _POLYGONAL) & ~empty & finite)


def repair(geometry: gpd.GeoSeries) -> tuple[gpd.GeoSeries, pd.DataFrame]:
    """Return polygons with valid rings, and what was changed.

    Parameters
    ----------
    geometry : geopandas.GeoSeries
        Polygons and multipolygons, none missing; heights are dropped.

    Returns
    -------
    (geopandas.GeoSeries, pandas.DataFrame)
        The same index. The table has one row for every repaired polygon: ``place`` (coordinates of the first fault, as
        supplied), ``before_km2`` (area of the rings as they stood) and ``after_km2``. A repair that leaves no area
        gives None.
    """
    flat = gpd.GeoSeries(shapely.force_2d(geometry.to_numpy()), index=geometry.index, crs=geometry.crs)
    broken = ~flat.is_valid
    if not broken.any():
        return flat, pd.DataFrame(columns=["place", "before_km2", "after_km2"])
    made = shapely.make_valid(flat[broken].to_numpy(), method="structure", keep_collapsed=False)
    fixed = gpd.GeoSeries([polygons_only(shape) for shape in made], index=flat.index[broken], crs=flat.crs)
    places = flat[broken].is_valid_reason().str.extract(r"\[(.*)\]", expand=False).fillna("?")
    changed = pd.DataFrame(
        {"place": places, "before_km2": area_km2(flat[broken]), "after_km2": area_km2(fixed).fillna(0.0)}
    )
    repaired = flat.copy()
    repaired[broken] = fixed
    return repaired, changed


def overlaps(geometry: gpd.GeoSeries, tolerance_km2: float = TOLERANCE_KM2) -> pd.DataFrame:
    """Return the pairs of polygons that cover common ground.

    Parameters
    ----------
    geometry : geopandas.GeoSeries
        Valid polygons in metres.
    tolerance_km2 : float
        Smaller overlaps are not listed [km²].

    Returns
    -------
    pandas.DataFrame
        ``first``, ``second`` (labels of the index), ``km2``, the largest first.
    """
    shapes = geometry.to_numpy()
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    once = left < right
    left, right = left[once], right[once]
    common = shapely.area(shapely.intersection(shapes[left], shapes[right])) / 1e6
    pairs = pd.DataFrame({"first": geometry.index[left], "second": geometry.index[right], "km2": common})
    return pairs[pairs["km2"] > tolerance_km2].sort_values("km2", ascending=False, ignore_index=True)


def gaps(geometry: gpd.GeoSeries, tolerance_km2: float = TOLERANCE_KM2) -> pd.DataFrame:
    """Return the holes that no polygon covers and polygons surround.

    An opening to the outside (a bay, a missing ward at the edge) is not a hole.

    Parameters
    ----------
    geometry : geopandas.GeoSeries
        Valid polygons in metres.
    tolerance_km2 : float
        Smaller holes are not listed [km²].

    Returns
    -------
    pandas.DataFrame
        ``km2`` and ``neighbours`` (tuple of labels of the index), the largest first.
    """
    shapes = geometry.to_numpy()
    covered = shapely.union_all(shapes)
    # Not its inner rings: polygons that touch at corners only surround ground that is outside by the standard's words.
    faces = shapely.get_parts(shapely.polygonize([shapely.node(shapely.boundary(covered))]))
    shapely.prepare(covered)
    inside = shapely.intersects(covered, shapely.point_on_surface(faces))
    holes: NDArray[np.object_] = np.asarray(faces[~inside], dtype=object)
    area: NDArray[np.float64] = np.asarray(shapely.area(holes)) / 1e6
    holes, area = holes[area > tolerance_km2], area[area > tolerance_km2]
    hole, ward = shapely.STRtree(shapes).query(holes, predicate="intersects")
    around = [tuple(geometry.index[ward[hole == i]]) for i in range(len(holes))]
    return pd.DataFrame({"km2": area, "neighbours": around}).sort_values("km2", ascending=False, ignore_index=True)
