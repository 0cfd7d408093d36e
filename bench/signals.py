"""How fast the signal of many cells is predicted: ``python3 run.py bench signals`` prints a table."""

from __future__ import annotations

import time
from statistics import median

import geopandas as gpd
import numpy as np
import pandas as pd

from coverage import composing, signals
from coverage.cells import complete_cells
from coverage.grid import Grid
from coverage.models import TR38901
from coverage.types import WORKING_CRS

SIDE_M = 30_000.0
REPEATS = 5


def some_cells(sites: int) -> gpd.GeoDataFrame:
    """Return three n41 cells at each of a number of random places (synthetic)."""
    places = np.random.default_rng(2023).uniform(0.0, SIDE_M, (sites, 2)).repeat(3, axis=0)
    rows = pd.DataFrame({"operator": "Viettel", "technology": "NR", "azimuth_deg": [0.0, 120.0, 240.0] * sites})
    frame, _, _ = complete_cells(rows.assign(environment="UMa"))
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(*places.T), crs=WORKING_CRS)


def seconds(cells: gpd.GeoDataFrame, grid: Grid) -> float:
    """Return the median time of predicting all cells on a grid [s]."""
    taken = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        signals.predict_signal(cells, grid, TR38901(), threshold_dbm=-105.0)
        taken.append(time.perf_counter() - start)
    return median(taken)


def main() -> None:
    """Print cells, pixel, threads, seconds and million pixel·cells per second."""
    print(f"{'cells':>6} {'pixel m':>8} {'threads':>8} {'seconds':>8} {'Mpx·cells/s':>12}")
    edge = TR38901().sweep_m  # no sweep is cut off, so every cell has the same number of pixels
    for sites, pixel_m in ((100, 50.0), (300, 50.0), (30, 25.0), (5, 10.0)):
        cells = some_cells(sites)
        grid = Grid.covering((-edge, -edge, SIDE_M + edge, SIDE_M + edge), pixel_m)
        pixels = len(cells) * np.pi * (edge / pixel_m) ** 2
        for threads in (1, 2):
            composing.THREADS = threads
            taken = seconds(cells, grid)
            print(f"{len(cells):>6} {pixel_m:>8g} {threads:>8} {taken:>8.2f} {pixels / taken / 1e6:>12.1f}")


if __name__ == "__main__":
    main()
