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
from typing import Any, TypedDict, TypeVar

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from coverage.grid import Grid, Surface, room
from coverage.losses import trim
from coverage.masts import Standing, overlap, placed_cells, standings, sweep_of
from coverage.models import Far, Path, PathLossModel, Paths, Sweep
from coverage.radio import fading
from coverage.radio.composition import Beam, View, add_known, add_levels

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

    @property
    def unknown(self) -> NDArray[np.bool_] | None:
        """Where the window's pixels hang on unknown ground; None where none does."""
        open_question = np.isnan(self.path.p_los)
        return self.spread(open_question, 0.0).astype(bool) if open_question.any() else None

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

    def known(self, beam: Beam, threshold_dbm: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return probability, 0 outside, and level [dBm], NaN outside, of a cell on the window."""
        on_axis = self.on_axis_dbm(beam)
        probability = self.probability(threshold_dbm, on_axis_dbm=on_axis)
        return self.spread(probability, 0.0), self.spread(on_axis + self.mean_gain_db, np.nan)

    def spread(self, values: NDArray[Any], outside: float) -> NDArray[np.float32]:
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

    @property
    def whole(self) -> tuple[slice, slice]:
        """Rows and columns of the grid."""
        return slice(0, self.grid.rows), slice(0, self.grid.cols)

    def reaches(self, standing: Standing, radius_m: float, window: tuple[slice, slice]) -> bool:
        """Tell whether a disc around a mast may hold pixels of a window."""
        own = self.grid.window(standing.mast.easting_m, standing.mast.northing_m, radius_m)
        return all(max(a.start, b.start) < min(a.stop, b.stop) for a, b in zip(own, window, strict=True))

    def near(self, standing: Standing, far: Far | None, within: tuple[slice, slice] | None = None) -> Near | None:
        """Return what the closed forms say of a mast's pixels, or of those in a window; None where there are none."""
        radius_m = self.sweep_m if far is None else far.near_m
        sweep = sweep_of(standing.mast, self.grid, radius_m, closed=far is None, within=within)
        if not sweep.inside.size:
            return None
        return Near(sweep=sweep, path=self.paths.near(standing.mast, sweep))


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


class Rasters(TypedDict):
    """Where the cells of one operator are added: windows of its rasters."""

    probability: NDArray[np.float32]
    rsrp_dbm: NDArray[np.float32]
    server: NDArray[np.int32]
    heard: NDArray[np.uint16]


@dataclass(frozen=True, kw_only=True, eq=False)
class Canvas:
    """Rasters of a window of the grid, to which cells are added; those of an operator stand in one layer.

    Attributes
    ----------
    rows, cols : slice
        The window.
    probability, rsrp_dbm, server : ndarray of shape (operators, rows, cols)
        As in `coverage.signals.Signal`; start at 0, NaN and −1.
    unknown, heard : ndarray of shape (rows, cols)
    """

    rows: slice
    cols: slice
    probability: NDArray[np.float32]
    rsrp_dbm: NDArray[np.float32]
    server: NDArray[np.int32]
    unknown: NDArray[np.bool_]
    heard: NDArray[np.uint16]

    @classmethod
    def blank(cls, grid: Grid, operators: int, window: tuple[slice, slice] | None = None) -> Canvas:
        """Return empty rasters for a window of the grid, or for all of it."""
        rows, cols = window or (slice(0, grid.rows), slice(0, grid.cols))
        flat = rows.stop - rows.start, cols.stop - cols.start
        deep = operators, *flat
        return cls(
            rows=rows,
            cols=cols,
            probability=room(deep, 0, np.float32),
            rsrp_dbm=room(deep, np.nan, np.float32),
            server=room(deep, -1, np.int32),
            unknown=room(flat, False, np.bool_),
            heard=room(flat, 0, np.uint16),
        )

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the grid."""
        return self.rows, self.cols

    def here(self, rows: slice, cols: slice) -> tuple[slice, slice]:
        """Return rows and columns of the grid as those of these rasters."""
        top, left = self.rows.start, self.cols.start
        return slice(rows.start - top, rows.stop - top), slice(cols.start - left, cols.stop - left)

    def of(self, operator: int, rows: slice, cols: slice) -> Rasters:
        """Return the rasters of an operator on some rows and columns of the grid."""
        at = self.here(rows, cols)
        return {
            "probability": self.probability[operator][at],
            "rsrp_dbm": self.rsrp_dbm[operator][at],
            "server": self.server[operator][at],
            "heard": self.heard[at],
        }


def compose(
    scene: Scene,
    fars: Sequence[Far | None],
    canvas: Canvas,
    owner: NDArray[np.int_],
    *,
    threshold_dbm: float,
    progress: Progress | None = None,
) -> None:
    """Add cells to rasters in place.

    Parameters
    ----------
    scene : Scene
    fars : sequence
        Packed losses of its masts (`swept`).
    canvas : Canvas
    owner : int ndarray of shape (cells,)
        Layer of each cell, −1 leaves it out.
    threshold_dbm : float
        SS-RSRP a pixel must reach [dBm].
    progress : callable, optional
        Called with (cells done, cells in all) for the masts without packed losses.
    """
    _add_far(scene, fars, canvas, owner, threshold_dbm)
    done = sum(len(standing.beams) for standing, far in zip(scene.masts, fars, strict=True) if far is not None)
    for standing, far, near in nears(scene, fars, canvas.window, owner >= 0):
        if near is not None and near.unknown is not None:
            canvas.unknown[canvas.here(*near.window)] |= near.unknown
        for layer, beams in _by_owner(standing, owner).items() if near is not None else ():
            assert near is not None
            for cell, beam in beams:
                known = near.known(beam, threshold_dbm)
                add_known(*known, cell, threshold_dbm=threshold_dbm, **canvas.of(layer, *near.window))
        if far is None:
            done += len(standing.beams)
            if progress is not None:
                progress(done, len(scene.placed))


def _add_far(
    scene: Scene, fars: Sequence[Far | None], canvas: Canvas, owner: NDArray[np.int_], threshold_dbm: float
) -> None:
    def add(standing: Standing, far: Far, view: View, at: tuple[slice, slice]) -> None:
        unknown = canvas.unknown[canvas.here(*at)]
        for layer, beams in _by_owner(standing, owner).items():
            add_levels(
                view, beams, threshold_dbm=threshold_dbm, sigma_db=far.sigma_db, unknown=unknown,
                **canvas.of(layer, *at),
            )  # fmt: skip

    over_far(scene, fars, owner >= 0, canvas.window, add)


def over_far(
    scene: Scene,
    fars: Sequence[Far | None],
    chosen: NDArray[np.bool_],
    window: tuple[slice, slice],
    add: Callable[[Standing, Far, View, tuple[slice, slice]], None],
) -> None:
    """Call `add` with what each mast of packed losses sees of a window, bands of rows side by side.

    Parameters
    ----------
    scene, fars
        As in `compose`.
    chosen : bool ndarray of shape (cells,)
        Masts without such a cell are left out.
    window : (rows, cols)
        Of the grid.
    add : callable
        Gets a mast, its losses, its view and the rows and columns of the grid that it is of. Masts come in their order
        within a band; no two calls at once share a row.
    """
    masts = [
        (standing, far)
        for standing, far in zip(scene.masts, fars, strict=True)
        if far is not None and standing.of(chosen)
    ]

    def band(rows: slice) -> None:
        for standing, far in masts:
            at = overlap(rows, far.rows), overlap(window[1], far.cols)
            if at[0].start < at[0].stop and at[1].start < at[1].stop:
                part = slice(at[1].start - far.cols.start, at[1].stop - far.cols.start)
                view = far.view(slice(at[0].start - far.rows.start, at[0].stop - far.rows.start))
                add(standing, far, view.part(slice(None), part), at)

    for _ in in_order(band, bands(window[0])):
        pass


def bands(rows: slice) -> list[slice]:
    """Return rows in bands that one thread composes at a time."""
    return [slice(first, min(first + BAND_ROWS, rows.stop)) for first in range(rows.start, rows.stop, BAND_ROWS)]


def _by_owner(standing: Standing, owner: NDArray[np.int_]) -> dict[int, list[tuple[int, Beam]]]:
    found: dict[int, list[tuple[int, Beam]]] = {}
    for cell, beam in standing.beams:
        if owner[cell] >= 0:
            found.setdefault(int(owner[cell]), []).append((cell, beam))
    return found


def nears(
    scene: Scene,
    fars: Sequence[Far | None],
    within: tuple[slice, slice],
    chosen: NDArray[np.bool_],
) -> Iterator[tuple[Standing, Far | None, Near | None]]:
    """Yield what the closed forms say in a window, mast by mast in their order, None where they say nothing there.

    Few masts are in flight, so memory stays small; a mast without a chosen cell, or whose closed forms do not reach the
    window, costs nothing.
    """
    reached = [
        bool(standing.of(chosen)) and scene.reaches(standing, scene.sweep_m if far is None else far.near_m, within)
        for standing, far in zip(scene.masts, fars, strict=True)
    ]

    def work(pair: tuple[Standing, Far | None]) -> Near | None:
        return scene.near(*pair, within)

    pairs = list(zip(scene.masts, fars, strict=True))
    found = in_order(work, (pair for pair, there in zip(pairs, reached, strict=True) if there))
    for (standing, far), there in zip(pairs, reached, strict=True):
        yield standing, far, next(found) if there else None


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
