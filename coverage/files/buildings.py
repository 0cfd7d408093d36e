"""Buildings: footprints with heights, and the raster of heights that propagation models read."""

from __future__ import annotations

import math
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import rasterize
from scipy.ndimage import distance_transform_edt

from coverage.errors import LayerError, Problem
from coverage.fields import check
from coverage.files.layers import need_crs
from coverage.files.rasters import Bounds
from coverage.files.raw import RawTable
from coverage.files.tables import read_table
from coverage.grid import Raster
from coverage.layers import Layer
from coverage.obstacles import BUILT_UP, CLUTTER_HEIGHT_M
from coverage.polygons import is_polygonal
from coverage.types import WORKING_CRS

FLOOR_M = 3.3  # storey height with its slab; assumed, flagged
LARGEST_KM2 = 0.5  # the largest halls of the world; a larger polygon is a block or a ward
PIXEL_M = 5.0  # the width of a tube house
PIXELS = 60_000_000
KNOWN_WITHIN_M = 250.0  # farther from every building nobody has mapped any: land cover speaks there
_BLOCK = 10  # pixels of one step when looking for the nearest building


def read_buildings(path: str | Path, within: Bounds) -> Layer:
    """Return the buildings of a file that stand within bounds, a height for each.

    Parameters
    ----------
    path : str or Path
        Polygons, with the fields of `coverage.fields.table("buildings")`.
    within : (west, south, east, north)
        Bounds in the working CRS [m].

    Returns
    -------
    Layer
        Kind ``buildings``; frame: ``height_m`` [m] and geometry in EPSG:5899. ``defaulted`` counts the heights taken
        from ``floors`` (`FLOOR_M` each) and those taken as ``height_m`` from built-up land, as nothing told them.

    Raises
    ------
    LayerError
        What `read_table` and `coverage.fields.check` raise; ``buildings_without_polygons``, ``missing_crs``;
        ``no_usable_row``; ``buildings_elsewhere`` when none stands within the bounds.
    """
    raw = read_table(path)
    file = raw.source.name
    if raw.geometry is None or not is_polygonal(raw.geometry).any():
        raise LayerError("buildings_without_polygons", file=file)
    need_crs(raw.geometry, file)
    kept, found = check("buildings", raw.frame, file=file, rows=raw.rows.tolist())
    frame = gpd.GeoDataFrame(kept, geometry=raw.geometry.to_numpy(), crs=raw.geometry.crs).to_crs(WORKING_CRS)
    good, misshapen = _plausible(frame, file)
    problems = (*raw.problems, *found, *misshapen)
    if not good.any():
        raise LayerError("no_usable_row", problems, file=file, rows=raw.source.rows)
    frame, far = _near(frame[good], within, raw)
    frame, defaulted, flags = _with_heights(frame, file)
    frame = frame[["height_m", "geometry"]].reset_index(drop=True)
    return Layer(
        kind="buildings", frame=frame, source=raw.source, problems=(*problems, *far, *flags), defaulted=defaulted
    )


def _plausible(frame: gpd.GeoDataFrame, file: str) -> tuple[NDArray[np.bool_], list[Problem]]:
    """Return which rows have the footprint of a building, and what is wrong with the others."""
    polygonal = is_polygonal(frame.geometry)
    area = np.where(polygonal, frame.geometry.area.to_numpy() / 1e6, 0.0)
    huge = area > LARGEST_KM2
    problems = []
    for row, km2 in zip(frame["row"].to_numpy()[~polygonal | huge], area[~polygonal | huge], strict=True):
        values = {"file": file, "km2": float(km2), "limit": LARGEST_KM2}
        if km2:
            problems.append(Problem(code="building_huge", row=int(row), field="geometry", values=values))
        else:
            problems.append(Problem(code="building_shapeless", row=int(row), field="geometry", values={"file": file}))
    return polygonal & ~huge, problems


def _near(frame: gpd.GeoDataFrame, within: Bounds, raw: RawTable) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    west, south, east, north = within
    box = frame.geometry.bounds
    inside = ((box.maxx > west) & (box.minx < east) & (box.maxy > south) & (box.miny < north)).to_numpy()
    count = int((~inside).sum())
    if not inside.any():
        raise LayerError("buildings_elsewhere", file=raw.source.name, count=count)
    note = Problem(code="buildings_far", severity="note", values={"file": raw.source.name, "count": count})
    return frame[inside], [] if inside.all() else [note]


def _with_heights(frame: gpd.GeoDataFrame, file: str) -> tuple[gpd.GeoDataFrame, dict[str, int], list[Problem]]:
    """Return the buildings with the heights that were missing, how many came from where, and the warnings."""
    told = frame["height_m"].notna()
    by_floors = ~told & frame["floors"].notna()
    untold = ~told & ~by_floors
    height = frame["height_m"].where(told, frame["floors"] * FLOOR_M)
    frame = frame.assign(height_m=height.where(~untold, CLUTTER_HEIGHT_M[BUILT_UP]))
    defaulted, problems = {}, []
    if by_floors.any():
        defaulted["floors"] = int(by_floors.sum())
        values = {"file": file, "count": defaulted["floors"], "metres": FLOOR_M}
        problems.append(Problem(code="building_floors", severity="warning", field="height_m", values=values))
    if untold.any():
        defaulted["height_m"] = int(untold.sum())
        values = {"file": file, "count": defaulted["height_m"], "metres": CLUTTER_HEIGHT_M[BUILT_UP]}
        problems.append(Problem(code="building_untold", severity="warning", field="height_m", values=values))
    return frame, defaulted, problems


def building_raster(buildings: gpd.GeoDataFrame, within: Bounds) -> Raster:
    """Return the height of what is built [m]: 0 between buildings, NaN farther than `KNOWN_WITHIN_M` from all of them.

    Pixels are as wide as a house, and one belongs to the building over its centre, the highest where they overlap. So
    the raster holds the heights of roofs and the shares of built ground; models average it over their own pixels.

    Parameters
    ----------
    buildings : GeoDataFrame
        ``height_m`` and polygons in metres.
    within : (west, south, east, north)
        Bounds [m].
    """
    box = buildings.total_bounds
    west, south = np.maximum(box[:2], within[:2]) - KNOWN_WITHIN_M
    east, north = np.minimum(box[2:], within[2:]) + KNOWN_WITHIN_M
    pixel = PIXEL_M
    while (east - west) * (north - south) / pixel**2 > PIXELS:
        pixel *= 2
    shape = math.ceil((north - south) / pixel), math.ceil((east - west) / pixel)
    transform = Affine(pixel, 0.0, west, 0.0, -pixel, north)
    low_to_high = buildings.sort_values("height_m", kind="stable")  # a later shape goes over an earlier one
    heights = rasterize(
        zip(shapely.make_valid(low_to_high.geometry.to_numpy()), low_to_high["height_m"], strict=True),
        out_shape=shape, transform=transform, fill=0.0, dtype="float32",
    )  # fmt: skip
    values = np.where(_known(heights > 0, pixel), heights, np.float32(np.nan))
    return Raster(values=values, transform=transform, crs=str(buildings.crs), unit="m")


def _known(built: NDArray[np.bool_], pixel_m: float) -> NDArray[np.bool_]:
    """Return the pixels near a building, to a block of pixels: the metre is not needed and would cost memory."""
    rows, cols = built.shape
    padded = np.pad(built, ((0, -rows % _BLOCK), (0, -cols % _BLOCK)))
    blocks = padded.reshape(padded.shape[0] // _BLOCK, _BLOCK, -1, _BLOCK).any(axis=(1, 3))
    near = distance_transform_edt(np.asarray(~blocks)) * _BLOCK * pixel_m <= KNOWN_WITHIN_M
    return np.asarray(near.repeat(_BLOCK, axis=0).repeat(_BLOCK, axis=1)[:rows, :cols])
