"""Reception inside buildings: the probability of the levels outdoors, convolved with building entry loss."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from coverage.composing import Canvas, Near, Scene, bands, nears, over_far
from coverage.grid import room
from coverage.masts import Standing
from coverage.models import Far
from coverage.radio.composition import Beam, View, add_levels
from coverage.radio.indoor import EntryLoss, entry_loss, indoor_probability, margin_table
from coverage.radio.p2109 import Building

Fars = Sequence[Far | None]


def add_indoors(
    scene: Scene, fars: Fars, canvas: Canvas, owner: NDArray[np.int_], *, threshold_dbm: float, traditional_share: float
) -> None:
    """Raise the probability of a canvas to that of reception inside buildings, the best cell of each layer.

    Parameters
    ----------
    scene : Scene
    fars : sequence
        Packed losses of its masts (`coverage.composing.swept`).
    canvas : Canvas
        ``probability`` starts at 0; nothing else changes.
    owner : int ndarray of shape (cells,)
        Layer of each cell; −1 leaves it out.
    threshold_dbm : float
        SS-RSRP the receiver inside must reach [dBm].
    traditional_share : float, 0–1
        Share of buildings of the traditional type; the others are thermally efficient.

    Raises
    ------
    RangeError
        ``building_shares``; ``kernel_range`` for fading narrower than 2 dB; ``p2109_range``.

    Notes
    -----
    Recommendation ITU-R P.2109-2 at elevation 0, convolved (`coverage.radio.indoor`). Over terrain the probability is a
    function of the level alone for each frequency, so the greatest level of a frequency has the greatest one.
    """
    frequency, sigma = scene.placed["frequency_mhz"].to_numpy(dtype=float), _sigmas(scene, fars)
    there = (owner >= 0) & np.isfinite(sigma)
    kinds = np.unique(np.stack([owner[there], frequency[there], sigma[there]]), axis=1).T
    for layer, mhz, sigma_db in kinds.tolist():
        chosen = there & (owner == layer) & (frequency == mhz) & (sigma == sigma_db)
        level = _greatest_level(scene, fars, chosen, canvas)
        table = margin_table(sigma_db, _loss(mhz, traditional_share))
        raster = canvas.probability[int(layer)]
        for rows in bands(slice(0, len(level))):
            reached = np.interp(level[rows] - threshold_dbm, *table)
            np.fmax(raster[rows], reached, out=raster[rows], casting="same_kind")
    for standing, _, near in nears(scene, fars, canvas.window, owner >= 0):
        for cell, beam in () if near is None else standing.of(owner >= 0):
            assert near is not None
            reached = _inside(near, beam, threshold_dbm, _loss(standing.mast.frequency_mhz, traditional_share))
            raster = canvas.probability[owner[cell]][canvas.here(*near.window)]
            np.fmax(raster, near.spread(reached, 0.0), out=raster)


def _sigmas(scene: Scene, fars: Fars) -> NDArray[np.float64]:
    """Return the spread of fading over terrain for each cell [dB], NaN where the closed forms serve it whole."""
    sigma = np.full(len(scene.placed), np.nan)
    for standing, far in zip(scene.masts, fars, strict=True):
        for cell, _ in standing.beams:
            sigma[cell] = np.nan if far is None else far.sigma_db
    return sigma


def _greatest_level(scene: Scene, fars: Fars, chosen: NDArray[np.bool_], canvas: Canvas) -> NDArray[np.float32]:
    """Return the greatest level of some cells over terrain [dBm], NaN where no path of theirs was worked out."""
    shape = canvas.unknown.shape
    level, server = room(shape, np.nan, np.float32), room(shape, -1, np.int32)
    spare, unknown = room(shape, 0, np.float32), room(shape, False, np.bool_)

    def add(standing: Standing, far: Far, view: View, at: tuple[slice, slice]) -> None:
        here = canvas.here(*at)
        add_levels(
            view, standing.of(chosen), threshold_dbm=0.0, sigma_db=far.sigma_db, probability=spare[here],
            rsrp_dbm=level[here], server=server[here], unknown=unknown[here],
        )  # fmt: skip

    over_far(scene, fars, chosen, canvas.window, add)
    return level


def _inside(near: Near, beam: Beam, threshold_dbm: float, loss: EntryLoss) -> NDArray[np.float64]:
    on_axis, path = near.on_axis_dbm(beam), near.path
    return indoor_probability(
        on_axis - path.los_db, on_axis - path.nlos_db, path.p_los,
        sigma_los_db=path.sigma_los_db, sigma_nlos_db=path.sigma_nlos_db, threshold_dbm=threshold_dbm, loss=loss,
    )  # fmt: skip


@lru_cache(maxsize=64)
def _loss(frequency_mhz: float, traditional_share: float) -> EntryLoss:
    mixture: dict[Building, float] = {
        "traditional": traditional_share, "thermally_efficient": 1.0 - traditional_share,
    }  # fmt: skip
    return entry_loss(frequency_mhz / 1e3, mixture)
