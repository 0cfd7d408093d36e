"""Zones: which pixels of a grid lie in which polygon, and exact sums of pixels over them.

Almost every pixel that a polygon touches lies in it whole: those are kept as spans of columns, row by row. The pixels
on an edge are kept one by one with the share of their area inside. A million pixels take a few thousand spans, and a
sum reads every pixel once, where it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
from exactextract import exact_extract
from exactextract.feature import JSONFeature
from exactextract.raster import NumPyRasterSource
from exactextract.writer import Writer
from numpy.typing import NDArray
from pyproj import CRS

from coverage.errors import GridError
from coverage.grid import Grid, Raster
from coverage.radio import native
from coverage.radio.native import zones as compiled

ALL = slice(None)
BLOCK_ROWS = 64  # of the NumPy twin: what it holds in double precision at a time


@dataclass(frozen=True, kw_only=True, eq=False)
class Zones:
    """The pixels of a grid in n polygons, which may overlap.

    Attributes
    ----------
    count : int
        Number of polygons n.
    shape : (rows, cols)
    span_pointers, edge_pointers : int64 ndarray of shape (rows + 1,)
        Row r has the spans ``span_pointers[r]`` to ``span_pointers[r + 1] - 1``, edge pixels likewise.
    span_first, span_stop : int32 ndarray of shape (spans,)
        Columns of the pixels that lie whole in a polygon, the last one excluded.
    span_zone : int32 ndarray of shape (spans,)
        Their polygon, 0 … n − 1.
    edge_col, edge_zone : int32 ndarray of shape (edges,)
    edge_share : float64 ndarray of shape (edges,), 0–1
        Share of the pixel's area inside.
    """

    count: int
    shape: tuple[int, int]
    span_pointers: NDArray[np.int64]
    span_first: NDArray[np.int32]
    span_stop: NDArray[np.int32]
    span_zone: NDArray[np.int32]
    edge_pointers: NDArray[np.int64]
    edge_col: NDArray[np.int32]
    edge_zone: NDArray[np.int32]
    edge_share: NDArray[np.float64]

    def sums(
        self, pixels: NDArray[Any], weight: NDArray[Any] | None = None, *, rows: slice = ALL, cols: slice = ALL
    ) -> NDArray[np.float64]:
        """Return Σ share · pixel · weight over the pixels of a window, for every polygon.

        Parameters
        ----------
        pixels : ndarray of the shape of the window
            bool, uint8 and float32 are read where they are, also from a file; other kinds are copied block by block.
        weight : ndarray of shape (rows, cols), optional
            Of the whole grid; 1 everywhere without it.
        rows, cols : slice
            The window, without a step; the whole grid unless told otherwise. Sums over windows that part the grid add
            up to the sum over the grid.

        Returns
        -------
        ndarray of shape (n,)
            In pixels. The order of addition is fixed by window and zones alone.

        Raises
        ------
        GridError
            ``pixels_shape`` where pixels do not have the shape of the window, or weight that of the grid.
        """
        row0, row1, _ = rows.indices(self.shape[0])
        col0, col1, _ = cols.indices(self.shape[1])
        window = max(row1 - row0, 0), max(col1 - col0, 0)
        for array, wanted in ((pixels, window), (weight, self.shape)):
            if array is not None and array.shape != wanted:
                raise GridError("pixels_shape", given=array.shape, expected=wanted)
        if 0 in window:
            return np.zeros(self.count)
        part = None if weight is None else weight[rows, cols]
        spans = slice(*self.span_pointers[[row0, row1]])
        inside = self._span_sums(pixels, part, row0, col0)
        total = np.bincount(self.span_zone[spans], weights=inside, minlength=self.count)
        edges = slice(*self.edge_pointers[[row0, row1]])
        row = np.repeat(np.arange(window[0]), np.diff(self.edge_pointers[row0 : row1 + 1]))
        col, zone, share = self.edge_col[edges] - col0, self.edge_zone[edges], self.edge_share[edges]
        if window[1] < self.shape[1]:
            seen = (col >= 0) & (col < window[1])
            row, col, zone, share = row[seen], col[seen], zone[seen], share[seen]
        value = share * pixels[row, col]
        if part is not None:
            value *= part[row, col]
        return np.asarray(total + np.bincount(zone, weights=value, minlength=self.count))

    def spread(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return Σ share · value of the polygon for every pixel, shape (rows, cols).

        Parameters
        ----------
        values : ndarray of shape (n,)
        """
        out = np.zeros(self.shape)
        row = np.repeat(np.arange(self.shape[0]), np.diff(self.span_pointers))
        begin, end = (row * self.shape[1] + column for column in (self.span_first, self.span_stop))
        flat = out.reshape(-1)
        for first, stop, value in zip(begin.tolist(), end.tolist(), values[self.span_zone].tolist(), strict=True):
            flat[first:stop] += value
        row = np.repeat(np.arange(self.shape[0]), np.diff(self.edge_pointers))
        np.add.at(out, (row, self.edge_col), self.edge_share * values[self.edge_zone])
        return out

    def _span_sums(
        self, pixels: NDArray[Any], weight: NDArray[Any] | None, row0: int, col0: int
    ) -> NDArray[np.float64]:
        pointers = self.span_pointers[row0 : row0 + len(pixels) + 1]
        columns = self.span_first, self.span_stop
        lib = native.library()
        if lib is not None and compiled.takes(pixels) and compiled.takes(weight):
            return compiled.span_sums(lib, pixels, weight, pointers, columns, col0)
        return span_sums(pixels, weight, pointers, columns, col0)


def span_sums(
    values: NDArray[Any], weight: NDArray[Any] | None, pointers: NDArray[np.int64],
    columns: tuple[NDArray[np.int32], NDArray[np.int32]], first_col: int,
) -> NDArray[np.float64]:  # fmt: skip
    """Return the sum of value × weight in every span of a window: `coverage.radio.native.zones.span_sums` in NumPy."""
    rows, cols = values.shape
    first, stop = (
        np.clip(column[pointers[0] : pointers[-1]].astype(np.int64) - first_col, 0, cols) for column in columns
    )
    sums = np.zeros(len(first))
    for top in range(0, rows, BLOCK_ROWS):
        bottom = min(top + BLOCK_ROWS, rows)
        block = values[top:bottom].astype(np.float64)
        if weight is not None:
            block *= weight[top:bottom]
        here = slice(*(pointers[[top, bottom]] - pointers[0]))
        start = np.repeat(np.arange(bottom - top), np.diff(pointers[top : bottom + 1])) * cols
        ends = np.stack([start + first[here], start + stop[here]], axis=1)
        if ends.size:
            flat = np.append(block, 0.0)  # a span may end with the block
            sums[here] = np.where(ends[:, 0] < ends[:, 1], np.add.reduceat(flat, ends.ravel())[::2], 0.0)
    return sums


def overlay(geometry: gpd.GeoSeries, grid: Grid) -> Zones:
    """Return which pixels of a grid lie in which polygon, by exact area (exactextract).

    Parameters
    ----------
    geometry : GeoSeries of n polygons in the CRS of the grid
        What lies off the grid is left out. Shares on a shared border add up to one.
    grid : Grid

    Raises
    ------
    GridError
        ``crs_mismatch`` when the polygons are in another CRS or in none.
    """
    if geometry.crs is None or geometry.crs != CRS.from_user_input(grid.crs):
        raise GridError("crs_mismatch", given=str(geometry.crs), expected=grid.crs)
    west, south, east, north = grid.bounds_m
    raster = NumPyRasterSource(
        np.zeros(grid.shape, dtype=np.int8), xmin=west, ymin=south, xmax=east, ymax=north,
        srs_wkt=CRS.from_user_input(grid.crs).to_wkt(),
    )  # fmt: skip
    frame = gpd.GeoDataFrame(geometry=geometry)
    return cast("Zones", exact_extract(raster, frame, ["cell_id", "coverage"], output=_Touched(grid.shape)))


def raster_sums(raster: Raster, geometry: gpd.GeoSeries) -> pd.DataFrame:
    """Return ``sum`` and ``count`` of a raster's pixels in every polygon, each pixel by the share of it inside.

    Parameters
    ----------
    raster : Raster
        North up, in any CRS.
    geometry : GeoSeries of n polygons, any CRS

    Returns
    -------
    DataFrame of n rows, fresh index
    """
    shift = raster.transform
    rows, cols = raster.values.shape
    source = NumPyRasterSource(
        raster.values, xmin=shift.c, ymax=shift.f, xmax=shift.c + cols * shift.a, ymin=shift.f + rows * shift.e,
        nodata=np.nan, srs_wkt=CRS.from_user_input(raster.crs).to_wkt(),
    )  # fmt: skip
    placed = gpd.GeoDataFrame(geometry=geometry.to_crs(raster.crs).to_numpy(), crs=raster.crs)
    found: pd.DataFrame = exact_extract(source, placed, ["sum", "count"], output="pandas")
    return found


class _Touched(Writer):  # type: ignore[misc]  # exactextract has no types
    """Takes the pixels of one polygon after the other from exactextract and keeps what `Zones` needs of them."""

    def __init__(self, shape: tuple[int, int]) -> None:
        super().__init__()
        self._shape = shape
        self._spans: list[NDArray[np.int64]] = []  # first, stop, zone
        self._edges: list[NDArray[np.int64]] = []  # pixel, zone
        self._shares: list[NDArray[np.float64]] = []

    def write(self, feature: Any) -> None:
        """Take a polygon: its pixels ``row · cols + col``, rising, and their shares."""
        given, zone = JSONFeature(), len(self._shares)
        feature.copy_to(given)
        pixel = given.feature["properties"]["cell_id"].astype(np.int64)
        share = given.feature["properties"]["coverage"].astype(np.float64)
        whole = share == 1.0
        first, stop = _runs(pixel[whole], self._shape[1])
        self._spans.append(np.stack([first, stop, np.full_like(first, zone)]))
        self._edges.append(np.stack([pixel[~whole], np.full_like(pixel[~whole], zone)]))
        self._shares.append(share[~whole])

    def features(self) -> Zones:
        """Return all of them, row by row."""
        span, edge = np.hstack(self._spans), np.hstack(self._edges)
        order = np.argsort(edge[0], kind="stable")
        span, edge = span[:, np.argsort(span[0], kind="stable")], edge[:, order]
        rows, cols = self._shape
        begin, starts = span[0] // cols * cols, np.arange(rows + 1) * cols
        return Zones(
            count=len(self._shares),
            shape=self._shape,
            span_pointers=np.searchsorted(span[0], starts),
            span_first=(span[0] - begin).astype(np.int32),
            span_stop=(span[1] - begin).astype(np.int32),
            span_zone=span[2].astype(np.int32),
            edge_pointers=np.searchsorted(edge[0], starts),
            edge_col=(edge[0] % cols).astype(np.int32),
            edge_zone=edge[1].astype(np.int32),
            edge_share=np.hstack(self._shares)[order],
        )


def _runs(pixel: NDArray[np.int64], cols: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where runs of neighbours in one row begin and end (excluded) among rising pixel numbers."""
    if not pixel.size:
        return pixel, pixel
    breaks = np.flatnonzero((np.diff(pixel) != 1) | (pixel[1:] % cols == 0))
    return pixel[np.r_[0, breaks + 1]], pixel[np.r_[breaks, len(pixel) - 1]] + 1
