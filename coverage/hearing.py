"""What every cell gives at one pixel: the same losses and the same sums as the map, cell by cell."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from coverage.composing import Near, Scene
from coverage.errors import GridError
from coverage.grid import Grid
from coverage.masts import Standing
from coverage.models import Far
from coverage.radio.composition import OUTSIDE, Beam, View, add_levels, unpack_db
from coverage.study import Result, Study

COLUMNS = (
    "site_id", "cell_id", "operator", "band", "rsrp_dbm", "probability", "loss_db", "gain_dbi", "distance_m",
    "flat_ground",
)  # fmt: skip


class Pixel(NamedTuple):
    """Where a pixel lies in the arrays of a study."""

    row: int
    col: int


class _Given(NamedTuple):
    """What a cell gives at a pixel; NaN is unknown. The gain is that relative to the axis."""

    level_dbm: float
    probability: float
    loss_db: float
    gain_db: float
    flat_ground: bool


def pixel_of(grid: Grid, point: tuple[float, float]) -> Pixel:
    """Return the pixel that holds a point (easting, northing) [m] of the grid's CRS.

    Raises
    ------
    GridError
        ``point_outside`` for a point that no pixel of the study holds.
    """
    easting, northing = point
    if math.isfinite(easting) and math.isfinite(northing):
        col = math.floor((easting - grid.west_m) / grid.pixel_m)
        row = math.floor((grid.north_m - northing) / grid.pixel_m)
        if 0 <= row < grid.rows and 0 <= col < grid.cols:
            return Pixel(row, col)
    raise GridError("point_outside", easting_m=easting, northing_m=northing)


def study_of(measured: Study | Result) -> Study:
    """Return the study itself, or that of a result."""
    return measured.study if isinstance(measured, Result) else measured


def heard_at(measured: Study | Result, point: tuple[float, float]) -> pd.DataFrame:
    """Return what every cell in reach gives at the pixel that holds a point, the strongest first.

    Parameters
    ----------
    measured : Study or Result
    point : (float, float)
        Easting and northing [m] in the CRS of the study.

    Returns
    -------
    DataFrame indexed by ``cell``, the row in `Signal.cells` and `Study.cells`
        ``site_id``, ``cell_id``, ``operator``, ``band``; ``rsrp_dbm`` as on the map and ``probability`` that it reaches
        the threshold outdoors, NaN where the path is unknown (such cells stand last); ``loss_db`` the path loss behind
        them; ``gain_dbi`` of the broadcast beam towards the pixel; ``distance_m`` to its centre; ``flat_ground`` True
        where a closed form over flat ground serves, not the terrain.

    Raises
    ------
    GridError
        ``point_outside``.
    DefinitionError
        For a definition that the study cannot answer.
    """
    study = study_of(measured)
    pixel = pixel_of(study.grid, point)
    cells = study.cells if isinstance(measured, Study) else measured.signal.cells
    centre = study.grid.eastings[pixel.col], study.grid.northings[pixel.row]
    apart = np.hypot(cells.geometry.x - centre[0], cells.geometry.y - centre[1]).to_numpy(dtype=float)
    within = np.flatnonzero(apart <= study.path_model.sweep_m + study.grid.pixel_m)
    threshold = study.asked["threshold_dbm"]
    rows = []
    if within.size:
        scene = Scene.of(cells.iloc[within], study.grid, study.path_model, study.city.surface)
        for standing in scene.masts:
            rows += [
                _row(int(within[cell]), scene.placed.iloc[cell], float(apart[within[cell]]), given)
                for cell, given in _at(scene, standing, pixel, threshold)
            ]
    found = pd.DataFrame(rows, columns=["cell", *COLUMNS]).set_index("cell")
    # Of equal levels the cell that stands first is the best server: the sort is stable and starts from that order.
    return found.sort_index().sort_values("rsrp_dbm", ascending=False, kind="stable")


def _row(cell: int, about: Any, distance_m: float, given: _Given) -> tuple[Any, ...]:
    names = (about["site_id"], about["cell_id"], about["operator"], about["band"])
    gain_dbi = float(about["ssb_gain_dbi"]) + given.gain_db
    figures = (given.level_dbm, given.probability, given.loss_db, gain_dbi)
    return cell, *names, *figures, distance_m, given.flat_ground


def _at(scene: Scene, standing: Standing, pixel: Pixel, threshold_dbm: float) -> Iterator[tuple[int, _Given]]:
    """Yield what the cells of a mast give at a pixel; nothing beyond the sweep."""
    far = scene.far(standing)
    view = None if far is None else _seen(far, pixel)
    if far is not None and view is not None and view.loss[0, 0] != OUTSIDE:
        for cell, beam in standing.beams:
            yield cell, _over_terrain(far, view, beam, threshold_dbm)
        return
    near = scene.near(standing, far, (slice(pixel.row, pixel.row + 1), slice(pixel.col, pixel.col + 1)))
    if near is not None:
        for cell, beam in standing.beams:
            yield cell, _over_flat_ground(near, beam, threshold_dbm)


def _seen(far: Far, pixel: Pixel) -> View | None:
    """Return the one pixel of a mast's window, None outside it."""
    row, col = pixel.row - far.rows.start, pixel.col - far.cols.start
    if not (0 <= row < far.rows.stop - far.rows.start and 0 <= col < far.cols.stop - far.cols.start):
        return None
    return far.view(slice(row, row + 1)).part(slice(0, 1), slice(col, col + 1))


def _over_terrain(far: Far, view: View, beam: Beam, threshold_dbm: float) -> _Given:
    probability, rsrp = np.zeros((1, 1), np.float32), np.full((1, 1), np.nan, np.float32)
    server, unknown = np.full((1, 1), -1, np.int32), np.zeros((1, 1), np.bool_)
    add_levels(
        view, [(0, beam)], threshold_dbm=threshold_dbm, sigma_db=far.sigma_db,
        probability=probability, rsrp_dbm=rsrp, server=server, unknown=unknown,
    )  # fmt: skip
    known = math.nan if unknown[0, 0] else 1.0
    return _Given(
        level_dbm=float(rsrp[0, 0]),
        probability=known * float(probability[0, 0]),
        loss_db=float(unpack_db(view.loss)[0, 0]),
        gain_db=float(beam.gain_db(*view.directions())[0, 0]),
        flat_ground=False,
    )


def _over_flat_ground(near: Near, beam: Beam, threshold_dbm: float) -> _Given:
    on_axis = near.on_axis_dbm(beam)
    level = np.float32(on_axis[0] + near.mean_gain_db[0])
    return _Given(
        level_dbm=float(level),
        probability=float(np.float32(near.probability(threshold_dbm, on_axis_dbm=on_axis)[0])),
        loss_db=float(-near.mean_gain_db[0]),
        gain_db=float(on_axis[0] - beam.reference_dbm),
        flat_ground=True,
    )
