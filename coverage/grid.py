"""Where a study happens: the regular metre grid, and arrays on it."""

from __future__ import annotations

import math
import os
import tempfile
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from affine import Affine
from numpy.typing import DTypeLike, NDArray
from pyproj import CRS, Transformer
from rasterio.warp import Resampling, reproject
from scipy import sparse

from coverage.errors import GridError
from coverage.types import WORKING_CRS

Method = Literal["nearest", "bilinear", "average", "mode", "density"]
MAX_PIXELS = 500_000_000  # some 50 bytes each, on disk from `memory_limit` on; above, a pixel is a slip


def memory_limit() -> float:
    """Return from how many bytes on one array of a study moves to disk: `PHUSONG_ARRAY_GB`, 2 by default."""
    try:
        return 1e9 * float(os.environ.get("PHUSONG_ARRAY_GB", "2"))
    except ValueError:
        return 2e9


def room(shape: tuple[int, ...], fill: float, kind: DTypeLike) -> NDArray[Any]:
    """Return an array filled with a value.

    What is larger than `memory_limit` lives in a temporary file that vanishes with the array: the system keeps those
    parts in memory that are worked on.
    """
    if math.prod(shape) * np.dtype(kind).itemsize <= memory_limit():
        return np.zeros(shape, kind) if fill == 0 else np.full(shape, fill, kind)
    with tempfile.TemporaryFile() as file:
        array = np.memmap(file, kind, "w+", shape=shape)
    if fill != 0:  # a new file is all zeros
        array.fill(fill)
    return array


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A north-up grid of square pixels in a projected CRS with metres.

    Attributes
    ----------
    west_m, north_m : float
        Easting and northing of the upper left corner of pixel (0, 0) [m].
    pixel_m : float
        Side of a pixel [m], > 0.
    rows, cols : int
        Shape of every array on this grid: ``(rows, cols)``.
    crs : str
        Projected CRS in metres.
    """

    west_m: float
    north_m: float
    pixel_m: float
    rows: int
    cols: int
    crs: str = WORKING_CRS

    @classmethod
    def covering(cls, bounds_m: tuple[float, float, float, float], pixel_m: float, crs: str = WORKING_CRS) -> Grid:
        """Return the smallest grid over (west, south, east, north) [m] whose edges are multiples of the pixel.

        Raises
        ------
        GridError
            ``bad_pixel`` for a pixel that is not positive, ``crs_not_metres`` for degrees or feet, ``empty_extent``
            for bounds without an area, ``too_many_pixels`` above `MAX_PIXELS`.
        """
        if not (math.isfinite(pixel_m) and pixel_m > 0):
            raise GridError("bad_pixel", pixel_m=pixel_m)
        if any(axis.unit_name != "metre" for axis in CRS.from_user_input(crs).axis_info):
            raise GridError("crs_not_metres", crs=crs)
        west, south, east, north = bounds_m
        if not all(map(math.isfinite, bounds_m)) or east <= west or north <= south:
            raise GridError("empty_extent", bounds=tuple(bounds_m))
        first_col, last_col = math.floor(west / pixel_m), math.ceil(east / pixel_m)
        first_row, last_row = math.floor(south / pixel_m), math.ceil(north / pixel_m)
        rows, cols = last_row - first_row, last_col - first_col
        if rows * cols > MAX_PIXELS:
            raise GridError("too_many_pixels", pixels=rows * cols, limit=MAX_PIXELS, pixel_m=pixel_m)
        return cls(
            west_m=first_col * pixel_m,
            north_m=last_row * pixel_m,
            pixel_m=pixel_m,
            rows=rows,
            cols=cols,
            crs=crs,
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.rows, self.cols

    @property
    def bounds_m(self) -> tuple[float, float, float, float]:
        """West, south, east, north [m]."""
        return (
            self.west_m,
            self.north_m - self.rows * self.pixel_m,
            self.west_m + self.cols * self.pixel_m,
            self.north_m,
        )

    @property
    def transform(self) -> Affine:
        """Affine transform from (col, row) to (easting, northing) [m]."""
        return Affine(self.pixel_m, 0.0, self.west_m, 0.0, -self.pixel_m, self.north_m)

    @cached_property
    def eastings(self) -> NDArray[np.float64]:
        """Easting of pixel centres by column [m]."""
        return np.asarray(self.west_m + (np.arange(self.cols) + 0.5) * self.pixel_m)

    @cached_property
    def northings(self) -> NDArray[np.float64]:
        """Northing of pixel centres by row [m], falling."""
        return np.asarray(self.north_m - (np.arange(self.rows) + 0.5) * self.pixel_m)

    def wider(self, pixels: int) -> Grid:
        """Return the grid with so many more pixels on every side."""
        reach = pixels * self.pixel_m
        return Grid(
            west_m=self.west_m - reach, north_m=self.north_m + reach, pixel_m=self.pixel_m,
            rows=self.rows + 2 * pixels, cols=self.cols + 2 * pixels, crs=self.crs,
        )  # fmt: skip

    def window(self, easting_m: float, northing_m: float, radius_m: float) -> tuple[slice, slice]:
        """Return the (rows, cols) slices of the pixels whose centre may lie within a radius of a point, clipped."""
        col = (easting_m - self.west_m) / self.pixel_m - 0.5
        row = (self.north_m - northing_m) / self.pixel_m - 0.5
        reach = radius_m / self.pixel_m
        top, bottom = math.ceil(row - reach), math.floor(row + reach) + 1
        left, right = math.ceil(col - reach), math.floor(col + reach) + 1
        return (
            slice(min(max(top, 0), self.rows), max(min(bottom, self.rows), 0)),
            slice(min(max(left, 0), self.cols), max(min(right, self.cols), 0)),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Raster:
    """Values on a north-up or rotated raster of any CRS, as read from a file.

    Attributes
    ----------
    values : ndarray of shape (rows, cols), float
        NaN is unknown.
    transform : Affine
        From (col, row) to the CRS.
    crs : str
        Any CRS that pyproj understands.
    unit : str
        Unit of the values (``m``, ``people``, ``class``, ``1``).
    """

    values: NDArray[Any]
    transform: Affine
    crs: str
    unit: str = ""

    def on(self, grid: Grid, method: Method) -> NDArray[np.float32]:
        """Return the values on a grid, NaN where the raster says nothing.

        ``density`` is for counts: values are spread over the area of their pixel and summed again, so that a total
        survives a change of pixel (up to the edge of the grid).
        """
        if method == "density":
            return self._counts_on(grid)
        source = np.asarray(self.values, dtype=np.float32)
        return self._warped(source, self.transform, self.crs, grid, Resampling[method])

    def _counts_on(self, grid: Grid) -> NDArray[np.float32]:
        known = np.isfinite(self.values)
        counts = np.where(known, self.values, 0.0)
        total, pixels = self._summed(np.stack([counts, known]).astype(np.float32), grid)
        return np.where(pixels > 0, total, np.float32(np.nan))

    def _summed(self, layers: NDArray[np.float32], grid: Grid) -> NDArray[np.float32]:
        """Return the sums of layers of shape (n, rows, cols) over the pixels of a grid."""
        here, there = CRS.from_user_input(self.crs), CRS.from_user_input(grid.crs)
        if self.transform.b == 0 == self.transform.d and here.equals(there, ignore_axis_order=True):
            # Along the same axes the part of a pixel in another is the product of two overlaps: no polygons needed.
            col = (grid.west_m + np.arange(grid.cols + 1) * grid.pixel_m - self.transform.c) / self.transform.a
            row = (grid.north_m - np.arange(grid.rows + 1) * grid.pixel_m - self.transform.f) / self.transform.e
            across, down = _overlaps(col, layers.shape[2]), _overlaps(row, layers.shape[1])
            return np.stack([(down @ (across @ layer.T).T).astype(np.float32) for layer in layers])
        # A target pixel whose centre lies off the source is skipped by GDAL, with all it overlaps: a rim of zeros keeps
        # those counts. Pixels are summed by the part of them that lies inside, in their own CRS.
        rim = self._rim(grid)
        padded = np.pad(layers, ((0, 0), (rim, rim), (rim, rim)))
        moved = self.transform @ Affine.translation(-rim, -rim)
        return self._warped(padded, moved, self.crs, grid, Resampling.sum)

    def _rim(self, grid: Grid) -> int:
        metre = 1.0 if CRS.from_user_input(self.crs).is_projected else 1 / 111_320  # a degree of latitude
        return math.ceil(grid.pixel_m * metre / min(abs(self.transform.a), abs(self.transform.e))) + 1

    @staticmethod
    def _warped(
        source: NDArray[np.float32], transform: Affine, crs: str, grid: Grid, how: Resampling
    ) -> NDArray[np.float32]:
        out = room((*source.shape[:-2], *grid.shape), np.nan, np.float32)
        # Counts on the seams get lost when GDAL works in parts: sums are made in one.
        whole_mb = 64 + 16 * (source.nbytes + out.nbytes) // 2**20 if how == Resampling.sum else 0
        reproject(
            source, out, src_transform=transform, src_crs=crs, src_nodata=np.nan,
            dst_transform=grid.transform, dst_crs=grid.crs, dst_nodata=np.nan, resampling=how,
            num_threads=2, warp_mem_limit=whole_mb,
        )  # fmt: skip
        return out


def _overlaps(edges: NDArray[np.floating], count: int) -> sparse.csr_array:
    """Return the part of each of `count` intervals [k, k + 1] between neighbouring edges, shape (edges − 1, count)."""
    if edges[0] > edges[-1]:
        return _overlaps(edges[::-1], count)[::-1]
    cuts = np.union1d(edges, np.arange(count + 1))
    length, middle = np.diff(cuts), (cuts[:-1] + cuts[1:]) / 2
    between = np.searchsorted(edges, middle) - 1
    # Edges that agree but for rounding overlap by nothing.
    kept = (length > 1e-9) & (middle > 0) & (middle < count) & (between >= 0) & (between < len(edges) - 1)
    place = between[kept], middle[kept].astype(np.int64)
    return sparse.csr_array((length[kept], place), shape=(len(edges) - 1, count))


@dataclass(frozen=True, kw_only=True, eq=False)
class Surface:
    """The rasters of a study, each on its own grid; any may be absent.

    Attributes
    ----------
    terrain : Raster or None
        Height of the bare ground above sea level [m].
    clutter : Raster or None
        Land cover, ESA WorldCover codes (10 trees … 50 built-up … 80 water).
    population, households : Raster or None
        People and households per pixel [1].
    buildings : Raster or None
        Height of the buildings above the ground [m], 0 between them, NaN where none are known (`coverage.obstacles`).
    coast : Raster or None
        1 sea, 0 land.
    """

    terrain: Raster | None = None
    clutter: Raster | None = None
    population: Raster | None = None
    households: Raster | None = None
    buildings: Raster | None = None
    coast: Raster | None = None


def metre_bounds(
    bounds_deg: tuple[float, float, float, float], crs: str = WORKING_CRS
) -> tuple[float, float, float, float]:
    """Return the metre rectangle around (west, south, east, north) in degrees: the one door for degrees in here.

    Raises
    ------
    GridError
        ``bad_bounds`` when they are not degrees in that order.
    """
    west, south, east, north = bounds_deg
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise GridError("bad_bounds", bounds=tuple(bounds_deg))
    inside = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform_bounds(west, south, east, north)
    return tuple(float(value) for value in inside)  # type: ignore[return-value]
