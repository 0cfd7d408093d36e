"""Signal: what every pixel of a grid receives from the cells around it. The only place where radio meets the grid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from coverage.composing import Canvas, Progress, Scene, compose, in_order, swept
from coverage.grid import Grid, Surface, room
from coverage.indoors import add_indoors
from coverage.masts import Standing, assign_environments
from coverage.models import TR38901, PathLossModel
from coverage.radio.composition import add_known, add_levels
from coverage.traffic import Demands, carry

__all__ = [
    "TR38901",
    "Patch",
    "PathLossModel",
    "Signal",
    "assign_environments",
    "predict_patches",
    "predict_signal",
]


@dataclass(frozen=True, kw_only=True)
class Patch:
    """What one cell gives in a window of the grid.

    Attributes
    ----------
    cell : int
        Position of the cell in the frame.
    rows, cols : slice
        Window of the grid.
    probability : ndarray of shape (rows, cols), float32
        Probability that SS-RSRP reaches the threshold, 0 outside the sweep circle, NaN where the path is unknown.
    rsrp_dbm : ndarray of shape (rows, cols), float32
        Level of the expected received power [dBm], NaN outside the sweep circle and where the path is unknown.
    """

    cell: int
    rows: slice
    cols: slice
    probability: NDArray[np.float32]
    rsrp_dbm: NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Signal:
    """What every pixel receives, operator by operator.

    Attributes
    ----------
    grid : Grid
        Where.
    cells : GeoDataFrame
        The cells predicted, fresh RangeIndex, with the environment each was given.
    operators : tuple of str
        Names in the order of the first axis, sorted.
    threshold_dbm : float
        Threshold behind `probability` [dBm].
    probability : ndarray of shape (operators, rows, cols), float32
        Probability of the best cell of the operator, 0 outside every sweep.
    rsrp_dbm : ndarray of shape (operators, rows, cols), float32
        SS-RSRP of the best server [dBm], NaN outside every sweep.
    server : ndarray of shape (operators, rows, cols), int32
        Row in `cells` of the best server, the cell with the greatest expected received power; −1 outside.
    unknown : ndarray of shape (rows, cols), bool
        Where the path from some cell is unknown: the other cells' probability stands there, and could be higher.
    heard : ndarray of shape (rows, cols), uint16
        Number of cells, of all operators, whose level reaches the threshold.
    model_id : str
        Model behind the figures.
    environments : mapping of str to int
        Environment → number of cells.
    environments_assumed : int
        Cells whose environment no field gave.
    unused : tuple of str
        Rasters that were given and that the model does not use.
    """

    grid: Grid
    cells: gpd.GeoDataFrame
    operators: tuple[str, ...]
    threshold_dbm: float
    probability: NDArray[np.float32]
    rsrp_dbm: NDArray[np.float32]
    server: NDArray[np.int32]
    unknown: NDArray[np.bool_]
    heard: NDArray[np.uint16]
    model_id: str = ""
    environments: Mapping[str, int] = field(default_factory=dict)
    environments_assumed: int = 0
    unused: tuple[str, ...] = ()

    @cached_property
    def union(self) -> NDArray[np.float32]:
        """Probability of the best cell of any operator, shape (rows, cols), 0 outside every sweep."""
        return best_of(self.probability)

    @cached_property
    def best_rsrp_dbm(self) -> NDArray[np.float32]:
        """SS-RSRP of the best server of any operator [dBm], shape (rows, cols), NaN outside every sweep."""
        level = np.where(np.isnan(self.rsrp_dbm), -np.inf, self.rsrp_dbm).max(axis=0, initial=-np.inf)
        return np.where(np.isneginf(level), np.nan, level).astype(np.float32)

    @cached_property
    def best_server(self) -> NDArray[np.int32]:
        """Row in `cells` of the best server of any operator, shape (rows, cols), −1 outside every sweep."""
        best = np.full(self.grid.shape, -1, dtype=np.int32)
        for level, server in zip(self.rsrp_dbm, self.server, strict=True):
            holds = level == self.best_rsrp_dbm
            best = np.where(holds & ((best < 0) | (server < best)), server, best)
        return best


def best_of(probability: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the greatest of the operators' probabilities per pixel, 0 without operators; of shape (rows, cols)."""
    best = room(probability.shape[1:], 0, np.float32)
    return np.asarray(probability.max(axis=0, initial=0.0, out=best))


def predict_signal(
    cells: gpd.GeoDataFrame,
    grid: Grid,
    model: PathLossModel,
    surface: Surface | None = None,
    *,
    threshold_dbm: float,
    demands: Demands | None = None,
    traditional_share: float | None = None,
    progress: Progress | None = None,
) -> Signal:
    """Return what every pixel of a grid receives from completed cells of one technology.

    The probability of a pixel is the largest over cells: shadowing is shared, so cells are not independent. The best
    server is the cell with the greatest expected received power, p_LOS·10^(μ_LOS/10) + (1 − p_LOS)·10^(μ_NLOS/10) in
    milliwatt; levels in decibel are never averaged. Equal powers go to the cell that stands first.

    Parameters
    ----------
    cells : GeoDataFrame
        Points in the CRS of the grid, completed by `coverage.cells.complete_cells`.
    grid : Grid
        Where; only distances to pixel centres enter.
    model : PathLossModel
        How.
    surface : Surface, optional
        Terrain and land cover.
    threshold_dbm : float
        SS-RSRP a pixel must reach [dBm].
    demands : Demands, optional
        What a throughput asks of each cell: the probability is then that of the throughput; `Signal.heard` still counts
        the cells that reach the threshold.
    traditional_share : float, optional
        Share of buildings of the traditional type of P.2109, 0–1: the probability is then that inside them; levels and
        `Signal.heard` stay those outdoors.
    progress : callable, optional
        Called with (cells done, cells in all); what it raises stops the prediction.

    Raises
    ------
    GridError
        ``crs_mismatch`` when the cells are in another CRS than the grid.
    RangeError
        ``cells_incomplete`` for a missing value; whatever the model refuses.
    """
    scene = Scene.of(cells, grid, model, surface)
    operators = tuple(sorted(set(scene.placed["operator"])))
    owner = np.array([operators.index(name) for name in scene.placed["operator"]], dtype=int)
    canvas = Canvas.blank(grid, len(operators))
    fars = swept(scene, progress)
    compose(scene, fars, canvas, owner, threshold_dbm=threshold_dbm, progress=progress)
    if demands is not None:
        canvas.probability[...] = 0
        carry(scene, fars, canvas, owner, demands)
    elif traditional_share is not None:
        canvas.probability[...] = 0
        add_indoors(scene, fars, canvas, owner, threshold_dbm=threshold_dbm, traditional_share=traditional_share)
    return Signal(
        grid=grid,
        cells=scene.placed,
        operators=operators,
        threshold_dbm=threshold_dbm,
        probability=canvas.probability,
        rsrp_dbm=canvas.rsrp_dbm,
        server=canvas.server,
        unknown=canvas.unknown,
        heard=canvas.heard,
        model_id=model.id,
        environments=dict(sorted(Counter(scene.placed["environment"]).items())),
        environments_assumed=int(scene.placed["environment_assumed"].sum()),
        unused=() if surface is None else tuple(n for n in model.ignores if getattr(surface, n) is not None),
    )


def predict_patches(
    cells: gpd.GeoDataFrame,
    grid: Grid,
    model: PathLossModel,
    surface: Surface | None = None,
    *,
    threshold_dbm: float,
    progress: Progress | None = None,
) -> Iterator[Patch]:
    """Yield what each cell gives around itself, mast by mast; a cell whose sweep misses the grid gives nothing.

    A pixel of a patch depends on its cell, the model and the grid alone: predicted with others or by itself, a cell
    gives the same bits.

    Parameters
    ----------
    cells, grid, model, surface, threshold_dbm, progress
        As in `predict_signal`.

    Raises
    ------
    GridError, RangeError
        As `predict_signal`.
    """
    scene = Scene.of(cells, grid, model, surface)
    done = 0
    for standing, patches in zip(
        scene.masts, in_order(lambda standing: _patches(scene, standing, threshold_dbm), scene.masts), strict=True
    ):
        yield from patches
        done += len(standing.beams)
        if progress is not None:
            progress(done, len(scene.placed))


def _patches(scene: Scene, standing: Standing, threshold_dbm: float) -> list[Patch]:
    far = scene.far(standing)
    near = scene.near(standing, far)
    window = near.window if near is not None else None
    if far is not None:
        window = far.rows, far.cols
    if window is None:
        return []
    view = None if far is None else far.view(slice(0, far.rows.stop - far.rows.start))
    patches = []
    for cell, beam in standing.beams:
        canvas = Canvas.blank(scene.grid, 1, window)
        if far is not None and view is not None:
            out = canvas.of(0, *window)
            add_levels(
                view, [(cell, beam)], threshold_dbm=threshold_dbm, sigma_db=far.sigma_db, unknown=canvas.unknown, **out
            )
        if near is not None:
            known = near.known(beam, threshold_dbm)
            add_known(*known, cell, threshold_dbm=threshold_dbm, **canvas.of(0, *near.window))
        probability = canvas.probability[0]
        probability[canvas.unknown] = np.nan
        patches.append(
            Patch(cell=cell, rows=window[0], cols=window[1], probability=probability, rsrp_dbm=canvas.rsrp_dbm[0])
        )
    return patches
