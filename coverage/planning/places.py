"""Where something could be built: lattices, points along roads; ward, ground and nearest fibre of a place."""

from __future__ import annotations

from typing import Literal

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from scipy.spatial import KDTree
from shapely.geometry.base import BaseGeometry

from coverage.grid import Raster
from coverage.study import Study

FloatArray = NDArray[np.float64]
FibreFrom = Literal["layer", "5g_sites", "4g_sites", "unknown"]


def lattice(study: Study, spacing_m: float) -> gpd.GeoDataFrame:
    """Return the points of a square lattice over the mainland wards, in the working CRS.

    Parameters
    ----------
    study : Study
        With bounds, the lattice stays inside.
    spacing_m : float, > 0
    """
    land = _land(study)
    west, south, east, north = study.bounds_m or land.bounds
    # On multiples of the spacing, so that the pixel of a study does not move the sites it proposes.
    eastings = (np.arange(np.floor(west / spacing_m), np.ceil(east / spacing_m)) + 0.5) * spacing_m
    northings = (np.arange(np.ceil(north / spacing_m), np.floor(south / spacing_m), -1) - 0.5) * spacing_m
    points = shapely.points(*(axis.ravel() for axis in np.meshgrid(eastings, northings)))
    return _inside(points, land, study)


def along(study: Study, lines: BaseGeometry, step_m: float) -> gpd.GeoDataFrame:
    """Return points along lines (roads), one every so many metres from half a step on, on the mainland.

    Parameters
    ----------
    study : Study
    lines : geometry of lines in the working CRS
    step_m : float, > 0
    """
    parts = [part for part in shapely.get_parts(shapely.line_merge(lines)) if part.length > 0]
    points = [shapely.line_interpolate_point(part, np.arange(step_m / 2, part.length, step_m)) for part in parts]
    return _inside(np.concatenate([np.array([], dtype=object), *points]), _land(study), study)


def _land(study: Study) -> BaseGeometry:
    wards = study.city.wards.frame
    land: BaseGeometry = wards.loc[wards["mainland"].to_numpy(bool), "geometry"].union_all()
    return land if study.bounds_m is None else land.intersection(shapely.box(*study.bounds_m))


def _inside(points: NDArray[np.object_], land: BaseGeometry, study: Study) -> gpd.GeoDataFrame:
    shapely.prepare(land)
    kept = points[shapely.intersects(land, points)] if len(points) else points
    return gpd.GeoDataFrame(geometry=gpd.GeoSeries(kept, crs=study.city.wards.frame.crs))


def wards_of(study: Study, points: NDArray[np.object_]) -> list[str | None]:
    """Return the ward of every point; None outside all of them."""
    wards = study.city.wards.frame
    found: list[str | None] = [None] * len(points)
    if len(points):
        which, ward = shapely.STRtree(wards.geometry.to_numpy()).query(points, predicate="intersects")
        for point, position in zip(which[::-1].tolist(), ward[::-1].tolist(), strict=True):
            found[point] = str(wards.index[position])  # on a common border the first one counts
    return found


def sampled(raster: Raster | None, points: NDArray[np.object_], crs: str) -> FloatArray:
    """Return the value of the pixel under every point; NaN off the raster, where it is unknown and without a raster.

    Parameters
    ----------
    raster : Raster or None
    points : ndarray of n points
    crs : str
        That of the points.
    """
    values = np.full(len(points), np.nan)
    if raster is None or not len(points):
        return values
    x, y = Transformer.from_crs(crs, raster.crs, always_xy=True).transform(shapely.get_x(points), shapely.get_y(points))
    inverse = ~raster.transform
    col = np.floor(inverse.a * x + inverse.b * y + inverse.c)
    row = np.floor(inverse.d * x + inverse.e * y + inverse.f)
    rows, cols = raster.values.shape
    on = (row >= 0) & (row < rows) & (col >= 0) & (col < cols)
    values[on] = raster.values[row[on].astype(int), col[on].astype(int)]
    return values


def nearest_fibre_km(
    study: Study, points: NDArray[np.object_], fibre: BaseGeometry | None
) -> tuple[FloatArray, FibreFrom]:
    """Return the straight distance from every point to the nearest fibre [km], and where fibre is known from.

    A given layer of fibre decides. Without one fibre is assumed at every standing 5G site, without 5G at every 4G
    site; without any site the distance is unknown (NaN).
    """
    if fibre is not None and not fibre.is_empty:
        return np.asarray(shapely.distance(points, fibre)) / 1000.0, "layer"
    cells = study.city.cells.frame
    origins: tuple[tuple[str, FibreFrom], ...] = (("NR", "5g_sites"), ("LTE", "4g_sites"))
    for technology, origin in origins:
        standing = cells.loc[(cells["technology"] == technology).to_numpy(), "geometry"].to_numpy()
        if len(standing) and len(points):
            return distances_m(points, standing) / 1000.0, origin
    return np.full(len(points), np.nan), "unknown"


def distances_m(points: NDArray[np.object_], others: NDArray[np.object_]) -> FloatArray:
    """Return how far every point is from the nearest of some others [m]; infinite where there are none."""
    if not len(others) or not len(points):
        return np.full(len(points), np.inf)
    found, _ = KDTree(shapely.get_coordinates(others)).query(shapely.get_coordinates(points))
    return np.asarray(found, dtype=np.float64)
