"""Masts: cells checked and placed, and grouped where only their antennas differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from coverage.antennas import beam_of
from coverage.errors import GridError, RangeError
from coverage.grid import Grid, Raster, Surface
from coverage.models import Mast, Sweep
from coverage.radio.composition import Beam

UMI_HEIGHT_M = 12.0  # DESIGN §5.7: at or below, an antenna stands in the street canyon
BUILT_UP, WATER = 50, 80  # ESA WorldCover v200 classes; every other class is rural

# What a cell must have before its signal can be predicted (`coverage.cells.complete_cells` gives all of it);
# azimuth_deg may be NaN (omnidirectional) and environment missing (assigned here).
NEEDED = (
    "operator", "technology", "band", "height_m", "tilt_deg", "power_dbm", "bandwidth_mhz", "ssb_gain_dbi",
    "beamwidth_az_deg", "beamwidth_el_deg", "frequency_mhz",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class Standing:
    """A mast and the cells on it.

    Attributes
    ----------
    mast : Mast
    beams : tuple of (int, Beam)
        Row of each cell in the frame, rising, and what it adds to the way from the mast.
    """

    mast: Mast
    beams: tuple[tuple[int, Beam], ...]

    def of(self, chosen: NDArray[np.bool_]) -> tuple[tuple[int, Beam], ...]:
        """Return the beams of the cells that a mask over the frame chooses."""
        return tuple((cell, beam) for cell, beam in self.beams if chosen[cell])


def placed_cells(cells: gpd.GeoDataFrame, grid: Grid, surface: Surface | None) -> gpd.GeoDataFrame:
    """Return the cells checked, with an environment each, on a fresh RangeIndex.

    Raises
    ------
    GridError
        ``crs_mismatch`` when the cells are in another CRS than the grid.
    RangeError
        ``cells_incomplete`` for a missing value.
    """
    if cells.crs is None or cells.crs != CRS.from_user_input(grid.crs):
        raise GridError("crs_mismatch", given=str(cells.crs), expected=grid.crs)
    for name in NEEDED:
        missing = len(cells) if name not in cells else int(cells[name].isna().sum())
        if missing:
            raise RangeError("cells_incomplete", field=name, cells=missing)
    unplaced = int((~np.isfinite(cells.geometry.x) | ~np.isfinite(cells.geometry.y)).sum())
    if unplaced:
        raise RangeError("cells_incomplete", field="geometry", cells=unplaced)
    return assign_environments(cells, surface)


def standings(placed: gpd.GeoDataFrame) -> tuple[Standing, ...]:
    """Return the masts of placed cells in the order of their first cell."""
    masts: dict[Mast, list[tuple[int, Beam]]] = {}
    columns = (placed.geometry.x, placed.geometry.y, placed["height_m"], placed["frequency_mhz"])
    rows = zip(*(column.to_numpy(dtype=float).tolist() for column in columns), placed["environment"], strict=True)
    records: list[Mapping[Any, Any]] = placed.drop(columns="geometry").to_dict("records")
    for index, (row, cell) in enumerate(zip(rows, records, strict=True)):
        masts.setdefault(Mast(*row), []).append((index, beam_of(cell)))
    return tuple(Standing(mast=mast, beams=tuple(beams)) for mast, beams in masts.items())


def sweep_of(
    mast: Mast, grid: Grid, radius_m: float, *, closed: bool = True, within: tuple[slice, slice] | None = None
) -> Sweep:
    """Return the pixels of a grid or window around a mast: at most the radius away, or nearer where not closed."""
    rows, cols = grid.window(mast.easting_m, mast.northing_m, radius_m)
    if within is not None:
        rows, cols = overlap(rows, within[0]), overlap(cols, within[1])
    squared, east, north = squared_distances(mast, grid, rows, cols)
    inside = np.flatnonzero(squared <= radius_m**2 if closed else squared < radius_m**2)
    row, col = np.divmod(inside, max(east.size, 1))
    return Sweep(
        rows=rows,
        cols=cols,
        inside=inside,
        distance_m=np.sqrt(squared.ravel()[inside]),
        bearing_deg=np.degrees(np.arctan2(east[col], north[row])),
    )


def overlap(one: slice, other: slice) -> slice:
    """Return what two slices have in common; empty where they have nothing."""
    first = max(one.start, other.start)
    return slice(first, max(min(one.stop, other.stop), first))


def squared_distances(
    mast: Mast, grid: Grid, rows: slice, cols: slice
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return squared distance [m²] of the pixels of a window, and how far east and north of the mast they lie [m]."""
    east = grid.eastings[cols] - mast.easting_m
    north = grid.northings[rows] - mast.northing_m
    return north[:, None] ** 2 + east[None, :] ** 2, east, north


def assign_environments(cells: gpd.GeoDataFrame, surface: Surface | None) -> gpd.GeoDataFrame:
    """Return the cells with an environment each, on a fresh RangeIndex.

    A given environment stays. Else UMi at or below 12 m; RMa where the land cover at the site is known and neither
    built-up nor water; UMa otherwise. The column ``environment_assumed`` tells which were not given.
    """
    placed = cells.reset_index(drop=True)
    given = placed["environment"] if "environment" in placed else pd.Series(np.nan, index=placed.index)
    missing = given.isna().to_numpy(dtype=bool)
    rural = np.zeros(len(placed), dtype=bool)
    if missing.any() and surface is not None and surface.clutter is not None:
        code = _sampled(surface.clutter, placed)
        rural = np.isfinite(code) & (code > 0) & (code != BUILT_UP) & (code != WATER)
    low = placed["height_m"].to_numpy(dtype=float) <= UMI_HEIGHT_M
    assumed = np.where(low, "UMi", np.where(rural, "RMa", "UMa"))
    placed["environment"] = np.where(missing, assumed, given.to_numpy(dtype=object))
    if "environment_assumed" in placed:  # placed before: what was assumed then is still assumed
        missing = missing | placed["environment_assumed"].eq(True).to_numpy(dtype=bool)
    placed["environment_assumed"] = missing
    return placed


def _sampled(raster: Raster, cells: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Return the value of the raster pixel each cell stands on, NaN outside."""
    to_raster = Transformer.from_crs(cells.crs, raster.crs, always_xy=True)
    x, y = to_raster.transform(cells.geometry.x.to_numpy(), cells.geometry.y.to_numpy())
    a, b, c, d, e, f = tuple(~raster.transform)[:6]
    cols, rows = np.floor(a * x + b * y + c), np.floor(d * x + e * y + f)
    pixels = np.asarray(raster.values)
    inside = (cols >= 0) & (cols < pixels.shape[1]) & (rows >= 0) & (rows < pixels.shape[0])
    value = np.full(len(cells), np.nan)
    value[inside] = pixels[rows[inside].astype(int), cols[inside].astype(int)]
    return value
