"""The coast: polygons of land or of sea, or shore lines, as a raster of sea and land around the wards."""

from __future__ import annotations

import math
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import rasterize
from shapely.geometry.base import BaseGeometry

from coverage.errors import LayerError, Problem
from coverage.files.layers import need_crs
from coverage.files.rasters import Bounds
from coverage.files.tables import read_table
from coverage.grid import Raster
from coverage.layers import Source
from coverage.types import WORKING_CRS

PIXEL_M = 25.0  # finer than any register of shores
PIXELS = 60_000_000  # an island far out stretches the bounds of a city: pixels are then coarser
MOST_WARDS_AT_SEA = 0.1  # by area; registers of shores and of wards lie hundreds of metres apart in places


def read_coast(path: str | Path, wards: gpd.GeoDataFrame, within: Bounds) -> tuple[Raster, Source, tuple[Problem, ...]]:
    """Return where the sea is, where the layer came from, and what was found.

    Polygons are land when they hold most of the mainland wards, sea when they hold next to nothing of them. Lines are
    shores: whoever crosses one goes from land to sea or back, starting from the wards.

    Parameters
    ----------
    path : str or Path
    wards : GeoDataFrame
        ``mainland`` and geometry in the working CRS.
    within : (west, south, east, north)
        Bounds in the working CRS [m].

    Returns
    -------
    raster : Raster
        1 sea, 0 land.
    source : Source
    problems : tuple of Problem

    Raises
    ------
    LayerError
        What `read_table` raises; ``no_coast`` without polygons or lines, ``missing_crs``; ``coast_unclear`` when more
        than `MOST_WARDS_AT_SEA` of the wards would be under water either way.
    """
    raw = read_table(path)
    file = raw.source.name
    if raw.geometry is None:
        raise LayerError("no_coast", file=file)
    need_crs(raw.geometry, file)
    frame = shapely.box(*within)
    placed = raw.geometry.to_crs(WORKING_CRS).to_numpy()
    shapes = shapely.intersection(shapely.make_valid(placed[~shapely.is_missing(placed)]), frame)
    shapes = shapes[~shapely.is_empty(shapes)]
    kinds = shapely.get_dimensions(shapes)
    land = wards.geometry[wards["mainland"].to_numpy(bool)].union_all()
    code = "coast_as_lines"
    if (kinds == 2).any():
        inside = shapely.union_all(shapes[kinds == 2])
        is_land = inside.intersection(land).area > land.area / 2
        sea, code = (frame.difference(inside), "coast_as_land") if is_land else (inside, "coast_as_sea")
    elif (kinds == 1).any():
        sea = _beyond_lines(shapes[kinds == 1], frame, land.representative_point())
    else:
        raise LayerError("no_coast", file=file)
    under = sea.intersection(land).area / land.area
    if under > MOST_WARDS_AT_SEA:
        raise LayerError("coast_unclear", file=file, percent=100 * under)
    told = Problem(code=code, severity="note", values={"file": file, "km2": sea.area / 1e6})
    return _raster(sea, within), raw.source, (told,)


def _beyond_lines(lines: NDArray[np.object_], frame: shapely.Polygon, inland: shapely.Point) -> BaseGeometry:
    """Return the parts of a frame that an odd number of shores parts from a place on land."""
    shores = shapely.union_all(lines)
    faces = list(shapely.get_parts(shapely.polygonize([shapely.union_all([shores, frame.boundary])])))
    ways = shapely.linestrings([[inland.coords[0], face.representative_point().coords[0]] for face in faces])
    crossed = shapely.get_num_geometries(shapely.intersection(ways, shores))
    crossed = np.where(shapely.intersects(ways, shores), crossed, 0)
    return shapely.union_all([face for face, count in zip(faces, crossed, strict=True) if count % 2])


def _raster(sea: BaseGeometry, within: Bounds) -> Raster:
    west, south, east, north = within
    pixel = PIXEL_M
    while (east - west) * (north - south) / pixel**2 > PIXELS:
        pixel *= 2
    shape = math.ceil((north - south) / pixel), math.ceil((east - west) / pixel)
    transform = Affine(pixel, 0.0, west, 0.0, -pixel, north)
    parts = [(sea, 1)] if not sea.is_empty else [(shapely.box(*within), 0)]
    values = rasterize(parts, out_shape=shape, transform=transform, fill=0, dtype="uint8")
    return Raster(values=values, transform=transform, crs=WORKING_CRS, unit="1")
