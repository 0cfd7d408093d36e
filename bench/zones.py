"""Exact sums over wards beside exactextract, on the same grid and wards in one run: ``python3 run.py bench zones``.

94 synthetic wards part a square of 4000 × 4000 pixels. A ward table of a study takes four sums: area covered and
expected, people and households covered.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import geopandas as gpd
import numpy as np
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from numpy.typing import NDArray
from scipy import sparse

from bench.engine.harness import interleaved, machine, seconds
from bench.engine.sums import WARDS, ZONE_SIDE, wards
from coverage.grid import Grid
from coverage.zones import Zones, overlay, span_sums

REPEATS = 7
PIXEL_M = 10.0
GRID = Grid(west_m=0.0, north_m=PIXEL_M * ZONE_SIDE, pixel_m=PIXEL_M, rows=ZONE_SIDE, cols=ZONE_SIDE)
ROWS, COLS = slice(1000, 2000), slice(1500, 2500)  # 10 km: what a moved site changes

Floats = NDArray[np.float32]


def peer(shapes: gpd.GeoDataFrame, values: Floats, weight: Floats | None = None) -> NDArray[np.float64]:
    """Return the sums as exactextract makes them."""
    sources = [
        NumPyRasterSource(array, *GRID.bounds_m, srs_wkt=shapes.crs.to_wkt())
        for array in (values, weight)
        if array is not None
    ]
    name = "sum" if weight is None else "weighted_sum"
    given = {} if weight is None else {"weights": sources[1]}
    return np.asarray(exact_extract(sources[0], shapes, [name], output="pandas", **given)[name], dtype=np.float64)


def as_matrix(zones: Zones) -> sparse.csr_array:
    """Return the shares as a sparse matrix of shape (wards, rows × cols), the usual way to keep them."""
    rows, cols = zones.shape
    lengths = (zones.span_stop - zones.span_first).astype(np.int64)
    begin = np.repeat(np.arange(rows) * cols, np.diff(zones.span_pointers)) + zones.span_first
    inside = np.repeat(begin - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
    edge = np.repeat(np.arange(rows) * cols, np.diff(zones.edge_pointers)) + zones.edge_col
    share = np.concatenate([np.ones(len(inside)), zones.edge_share])
    place = np.concatenate([np.repeat(zones.span_zone, lengths), zones.edge_zone]), np.concatenate([inside, edge])
    return sparse.csr_array((share, place), shape=(zones.count, rows * cols))


def timed_steps(
    shapes: gpd.GeoDataFrame, zones: Zones, matrix: sparse.csr_array, probability: Floats, people: Floats
) -> dict[str, Callable[[], object]]:
    """Return what is timed, by its name in the table."""
    reached, columns = probability > 0.5, (zones.span_first, zones.span_stop)

    def ward_table() -> None:
        for pixels, weight in ((reached, None), (probability, None), (reached, people), (reached, people)):
            zones.sums(pixels, weight)

    return {
        "set up once": lambda: overlay(shapes.geometry, GRID),
        "sum of probability": lambda: zones.sums(probability),
        "  without C (spans only)": lambda: span_sums(probability, None, zones.span_pointers, columns, 0),
        "  sparse matrix × vector": lambda: matrix @ probability.ravel().astype(float),
        "  exactextract": lambda: peer(shapes, probability),
        "sum of people × probability": lambda: zones.sums(probability, people),
        "  exactextract, weighted": lambda: peer(shapes, probability, people),
        "sum of covered pixels": lambda: zones.sums(reached),
        "the four sums of a ward table": ward_table,
        "sum of probability, window of 1000 × 1000": lambda: zones.sums(probability[ROWS, COLS], rows=ROWS, cols=COLS),
    }


def main() -> None:
    """Print the medians, how far the sums are from exactextract's, and the memory held."""
    rng, shapes = np.random.default_rng(1), wards(PIXEL_M * ZONE_SIDE)
    probability, people = (rng.random(GRID.shape, dtype=np.float32) for _ in range(2))
    zones = overlay(shapes.geometry, GRID)
    matrix = as_matrix(zones)
    print("\n".join(f"{name}: {value}" for name, value in machine().items()))
    spans, edges = len(zones.span_zone), len(zones.edge_zone)
    print(f"{GRID.rows} × {GRID.cols} pixels, {WARDS} wards: {spans} spans, {edges} pixels on edges", flush=True)
    steps = timed_steps(shapes, zones, matrix, probability, people)
    taken = interleaved({name: partial(seconds, step) for name, step in steps.items()}, REPEATS)
    for name, value in taken.items():
        print(f"{name:<44}{1000 * value:10.1f} ms")
    for name, weight in (("sums", None), ("weighted sums", people)):
        off = np.max(np.abs(zones.sums(probability, weight) / peer(shapes, probability, weight) - 1))
        print(f"{name} differ from exactextract's by {off:.0e} at most")
    ours = sum(array.nbytes for array in vars(zones).values() if isinstance(array, np.ndarray))
    theirs = matrix.data.nbytes + matrix.indices.nbytes + matrix.indptr.nbytes
    print(f"memory: {ours / 1e6:.1f} MB, as a sparse matrix {theirs / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
