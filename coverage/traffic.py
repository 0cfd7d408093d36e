"""Traffic: the power of all cells of a carrier at every pixel, and the probability that a cell carries a throughput."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from coverage.composing import Canvas, Scene, nears, over_far
from coverage.grid import room
from coverage.masts import Standing
from coverage.models import Far
from coverage.radio.composition import Demand, View, add_known_power, add_powers, add_throughput
from coverage.units import to_decibel, to_linear

Window = tuple[slice, slice]
UNBOUNDED_MW = 1e30
AT_ONCE_ROWS = 512  # of the sums that a throughput needs for a moment: so many fit into memory whatever the study


@dataclass(frozen=True, kw_only=True, eq=False)
class Demands:
    """What a throughput asks of each cell; every array has the shape (cells,).

    Attributes
    ----------
    group : int ndarray
        Carrier group: cells of one group interfere with each other, those of different groups do not.
    noise_mw : ndarray
        Noise in one resource element [mW].
    interference_factor : ndarray
        By which the power of the other cells is scaled, ≥ 0: load, and traffic beam over broadcast beam.
    downlink_threshold_db : ndarray
        SS-RSRP over interference and noise that the downlink needs [dB].
    uplink_threshold_dbm : ndarray
        SS-RSRP at which the uplink is good enough [dBm].
    """

    group: NDArray[np.int32]
    noise_mw: NDArray[np.float64]
    interference_factor: NDArray[np.float64]
    downlink_threshold_db: NDArray[np.float64]
    uplink_threshold_dbm: NDArray[np.float64]

    @cached_property
    def each(self) -> tuple[Demand, ...]:
        """What is asked of every cell; raises `RangeError` as `Demand` does."""
        rows = (self.noise_mw, self.interference_factor, self.downlink_threshold_db, self.uplink_threshold_dbm)
        return tuple(
            Demand(noise_mw=noise, interference_factor=factor, downlink_db=down, uplink_dbm=up)
            for noise, factor, down, up in zip(*(row.tolist() for row in rows), strict=True)
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Powers:
    """Sums over the cells of one carrier group in a window of the grid; arrays of shape (rows, cols).

    Attributes
    ----------
    rows, cols : slice
    best_mw, others_mw : float32 ndarray
        Power of the strongest cell and of all others [mW].
    server : int32 ndarray
        The strongest cell, −1 where there is none.
    unknown : bool ndarray
        Where the level of at least one cell is unknown.
    """

    rows: slice
    cols: slice
    best_mw: NDArray[np.float32]
    others_mw: NDArray[np.float32]
    server: NDArray[np.int32]
    unknown: NDArray[np.bool_]

    def here(self, at: Window) -> Window:
        """Return rows and columns of the grid as those of these arrays."""
        top, left = self.rows.start, self.cols.start
        return slice(at[0].start - top, at[0].stop - top), slice(at[1].start - left, at[1].stop - left)


def powers(scene: Scene, fars: Sequence[Far | None], chosen: NDArray[np.bool_], window: Window | None = None) -> Powers:
    """Return the sums over some cells in a window of the grid, or on all of it.

    Parameters
    ----------
    scene : Scene
    fars : sequence
        Packed losses of its masts (`coverage.composing.swept`).
    chosen : bool ndarray of shape (cells,)
        The cells of one carrier group.
    window : (rows, cols), optional
    """
    rows, cols = window or scene.whole
    shape = rows.stop - rows.start, cols.stop - cols.start
    sums = Powers(
        rows=rows,
        cols=cols,
        best_mw=room(shape, 0, np.float32),
        others_mw=room(shape, 0, np.float32),
        server=room(shape, -1, np.int32),
        unknown=room(shape, False, np.bool_),
    )

    def add(standing: Standing, _far: Far, view: View, at: Window) -> None:
        here = sums.here(at)
        add_powers(
            view, standing.of(chosen), best_mw=sums.best_mw[here], others_mw=sums.others_mw[here],
            server=sums.server[here], unknown=sums.unknown[here],
        )  # fmt: skip

    over_far(scene, fars, chosen, (rows, cols), add)
    for standing, _, near in nears(scene, fars, (rows, cols), chosen):
        for cell, beam in () if near is None else standing.of(chosen):
            assert near is not None
            level, here = near.spread(near.on_axis_dbm(beam) + near.mean_gain_db, np.nan), sums.here(near.window)
            add_known_power(
                level, cell, best_mw=sums.best_mw[here], others_mw=sums.others_mw[here], server=sums.server[here]
            )
    return sums


def carry(scene: Scene, fars: Sequence[Far | None], canvas: Canvas, owner: NDArray[np.int_], demands: Demands) -> None:
    """Raise the probability of a canvas to that of the demands: both directions at once, the best cell of each layer.

    Parameters
    ----------
    scene : Scene
    fars : sequence
        Packed losses of its masts.
    canvas : Canvas
        ``probability`` starts at 0.
    owner : int ndarray of shape (cells,)
        Layer of each cell; −1 leaves it out of the layers, but it still interferes.
    demands : Demands
    """
    top, end = canvas.rows.start, canvas.rows.stop
    for first in range(top, end, AT_ONCE_ROWS):
        window = slice(first, min(first + AT_ONCE_ROWS, end)), canvas.cols
        for group in np.unique(demands.group):
            chosen = demands.group == group
            sums = powers(scene, fars, chosen, window)
            unknown = canvas.unknown[canvas.here(*window)]
            np.logical_or(unknown, sums.unknown, out=unknown)
            work = _Work(
                scene=scene,
                fars=fars,
                canvas=canvas,
                owner=owner,
                demands=demands,
                chosen=chosen & (owner >= 0),
                sums=sums,
                total_mw=_total_mw(sums),
            )
            work.far()
            work.near()


def _total_mw(sums: Powers) -> NDArray[np.float32]:
    """Return the power of a whole group [mW]; without bounds where a cell is unknown, so that nothing is promised."""
    total = sums.best_mw + sums.others_mw
    total[sums.unknown] = UNBOUNDED_MW
    return total


@dataclass(frozen=True, kw_only=True, eq=False)
class _Work:
    """The cells of one carrier group that are to carry a throughput, and the power of the whole group."""

    scene: Scene
    fars: Sequence[Far | None]
    canvas: Canvas
    owner: NDArray[np.int_]
    demands: Demands
    chosen: NDArray[np.bool_]
    sums: Powers
    total_mw: NDArray[np.float32]

    def far(self) -> None:
        canvas, asked = self.canvas, self.demands.each

        def add(standing: Standing, far: Far, view: View, at: Window) -> None:
            here, total = canvas.here(*at), self.total_mw[self.sums.here(at)]
            beams = standing.of(self.chosen)
            for layer in dict.fromkeys(int(self.owner[cell]) for cell, _ in beams):
                own = [(cell, beam) for cell, beam in beams if self.owner[cell] == layer]
                add_throughput(
                    view, own, [asked[cell] for cell, _ in own], sigma_db=far.sigma_db, total_mw=total,
                    probability=canvas.probability[layer][here],
                )  # fmt: skip

        over_far(self.scene, self.fars, self.chosen, (self.sums.rows, self.sums.cols), add)

    def near(self) -> None:
        demands = self.demands
        for standing, _, near in nears(self.scene, self.fars, (self.sums.rows, self.sums.cols), self.chosen):
            if near is None:
                continue
            here = self.canvas.here(*near.window)
            total = self.total_mw[self.sums.here(near.window)].ravel()[near.sweep.inside]
            for cell, beam in standing.of(self.chosen):
                on_axis = near.on_axis_dbm(beam)
                # The other cells keep their mean power, as on the way over terrain: fading moves the server alone.
                others = np.maximum(total - to_linear(on_axis + near.mean_gain_db), 0.0)
                noisy = demands.interference_factor[cell] * others + demands.noise_mw[cell]
                needed = demands.downlink_threshold_db[cell] + to_decibel(noisy)
                needed = np.maximum(needed, demands.uplink_threshold_dbm[cell])
                reached = near.spread(near.probability(needed, on_axis_dbm=on_axis), 0.0)
                probability = self.canvas.probability[self.owner[cell]][here]
                np.fmax(probability, reached, out=probability)
