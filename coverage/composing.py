"""From masts to the rasters of a study: packed losses added in bands of rows, closed forms mast by mast.

A pixel's value depends on its cell, the model and the grid alone: neither the bands nor the threads change a bit of it.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from coverage.grid import Grid, Surface
from coverage.losses import trim
from coverage.masts import Standing, placed_cells, standings, sweep_of
from coverage.models import Far, Path, PathLossModel, Paths, Sweep
from coverage.radio import fading
from coverage.radio.composition import Beam

Progress = Callable[[int, int], None]
Item = TypeVar("Item")
Made = TypeVar("Made")

THREADS = min(os.cpu_count() or 2, 16)
BAND_ROWS = 256


@dataclass(frozen=True, kw_only=True, eq=False)
class Near:
    """The pixels around a mast that the closed forms serve."""

    sweep: Sweep
    path: Path

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the grid."""
        return self.sweep.rows, self.sweep.cols

    @cached_property
    def mean_gain_db(self) -> NDArray[np.float64]:
        """Level of the expected path gain [dB], shape (n,)."""
        return fading.mean_path_gain_db(self.path.los_db, self.path.nlos_db, self.path.p_los)

    def on_axis_dbm(self, beam: Beam) -> NDArray[np.float64]:
        """Return the level of a cell at 0 dB path loss [dBm], shape (n,)."""
        return np.asarray(beam.reference_dbm + beam.gain_db(self.sweep.bearing_deg, self.path.depression_deg))

    def probability(
        self, threshold_dbm: float | NDArray[np.float64], *, on_axis_dbm: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the probability that a cell of that level at 0 dB path loss reaches a threshold, shape (n,)."""
        path = self.path
        return fading.threshold_probability(
            on_axis_dbm - path.los_db, on_axis_dbm - path.nlos_db, path.p_los,
            sigma_los_db=path.sigma_los_db, sigma_nlos_db=path.sigma_nlos_db, threshold_dbm=threshold_dbm,
        )  # fmt: skip

    def spread(self, values: NDArray[np.float64], outside: float) -> NDArray[np.float32]:
        """Return the values of the pixels on their window, something else around them."""
        rows, cols = self.window
        window = np.full((rows.stop - rows.start, cols.stop - cols.start), outside, dtype=np.float32)
        window.ravel()[self.sweep.inside] = values
        return window


@dataclass(frozen=True, kw_only=True, eq=False)
class Scene:
    """What is predicted: placed cells on their masts, and what the model makes of the ground.

    Attributes
    ----------
    grid : Grid
    placed : GeoDataFrame
        Cells with an environment each, fresh RangeIndex.
    masts : tuple of Standing
    paths : Paths
    sweep_m : float
    """

    grid: Grid
    placed: gpd.GeoDataFrame
    masts: tuple[Standing, ...]
    paths: Paths
    sweep_m: float

    @classmethod
    def of(cls, cells: gpd.GeoDataFrame, grid: Grid, model: PathLossModel, surface: Surface | None) -> Scene:
        """Return the scene of cells on a grid; raises as `coverage.masts.placed_cells` and the model do."""
        placed = placed_cells(cells, grid, surface)
        return cls(
            grid=grid,
            placed=placed,
            masts=standings(placed),
            paths=model.over(surface, grid),
            sweep_m=model.sweep_m,
        )

    def far(self, standing: Standing) -> Far | None:
        """Return the packed losses of a mast; None where the closed forms serve it whole, or it misses the grid."""
        found = None if self.paths.far is None else self.paths.far(standing.mast)
        if found is None or found.rows.start >= found.rows.stop or found.cols.start >= found.cols.stop:
            return None
        return found

    def near(self, standing: Standing, far: Far | None) -> Near | None:
        """Return what the closed forms say of a mast's pixels; None where there are none."""
        radius_m = self.sweep_m if far is None else far.near_m
        sweep = sweep_of(standing.mast, self.grid, radius_m, closed=far is None)
        if not sweep.inside.size:
            return None
        return Near(sweep=sweep, path=self.paths.near(standing.mast, sweep))

    def bands(self) -> list[slice]:
        """Return the rows of the grid in bands that one thread composes at a time."""
        rows = self.grid.rows
        return [slice(first, min(first + BAND_ROWS, rows)) for first in range(0, rows, BAND_ROWS)]


def swept(scene: Scene, progress: Progress | None = None) -> list[Far | None]:
    """Return the packed losses of every mast, working out those that are not kept from an earlier run."""
    total, done, found = len(scene.placed), 0, []
    for standing, far in zip(scene.masts, in_order(scene.far, scene.masts), strict=True):
        found.append(far)
        if progress is not None and far is not None:
            done += len(standing.beams)
            progress(done, total)
    if any(far is not None for far in found):
        trim()
    return found


def by_bands(scene: Scene, fars: Sequence[Far | None], work: Callable[[Standing, Far, slice, slice], None]) -> None:
    """Call some work for every mast with packed losses and every band of rows it reaches; bands run side by side.

    `work` gets the mast, its losses, the rows of the grid and the same rows counted from the first of its window. Masts
    come in their order within a band, and no two calls at once share a row.
    """

    def compose(band: slice) -> None:
        for standing, far in zip(scene.masts, fars, strict=True):
            if far is None:
                continue
            first, last = max(band.start, far.rows.start), min(band.stop, far.rows.stop)
            if first < last:
                work(standing, far, slice(first, last), slice(first - far.rows.start, last - far.rows.start))

    for _ in in_order(compose, scene.bands()):
        pass


def nears(scene: Scene, fars: Sequence[Far | None]) -> Iterator[tuple[Standing, Far | None, Near | None]]:
    """Yield what the closed forms say, mast by mast in their order; few are in flight, so memory stays small."""

    def work(pair: tuple[Standing, Far | None]) -> tuple[Standing, Far | None, Near | None]:
        return *pair, scene.near(*pair)

    yield from in_order(work, list(zip(scene.masts, fars, strict=True)))


def in_order(work: Callable[[Item], Made], items: Iterable[Item]) -> Iterator[Made]:
    """Run some work on a few threads and yield the results in the order of the items.

    The order, and with it every tie, does not depend on the threads. Few results are in flight: whoever stops taking
    them (a progress callback that raises) stops the work.
    """
    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        flying: deque[Future[Made]] = deque()
        for item in items:
            flying.append(pool.submit(work, item))
            if len(flying) > 2 * THREADS:
                yield flying.popleft().result()
        while flying:
            yield flying.popleft().result()
