"""Composition: what the cells of a mast give to the pixels around it, added in place to the rasters of a study.

Everything here is per pixel and depends on the view and the beam alone: a window may be cut into parts in any way and
the parts composed by several threads, as long as parts composed at once do not overlap. Pixels that are
`OUTSIDE` are left alone; pixels that are `UNKNOWN` are only marked so. A pixel whose ground is unknown counts as
`UNKNOWN`, for the angle towards it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from coverage.errors import GridError
from coverage.radio import native
from coverage.radio.native import compose
from coverage.radio.ranges import require
from coverage.radio.views import OUTSIDE, UNKNOWN, Beam, Demand, View, pack_db, unpack_db

__all__ = [
    "OUTSIDE",
    "UNKNOWN",
    "Beam",
    "Demand",
    "View",
    "add_known",
    "add_known_power",
    "add_levels",
    "add_powers",
    "add_throughput",
    "best_server",
    "pack_db",
    "unpack_db",
]

Floats = NDArray[np.float32]
Servers = NDArray[np.int32]
Flags = NDArray[np.bool_]
Beams = Sequence[tuple[int, Beam]]

LEAST_LOG2 = -126.0  # of a power [mW]: the smallest normal float32
DB_PER_OCTAVE = 10.0 * math.log10(2.0)


def add_levels(
    view: View, beams: Beams, *, threshold_dbm: float, sigma_db: float, probability: Floats, rsrp_dbm: Floats,
    server: Servers, unknown: Flags, heard: NDArray[np.uint16] | None = None,
) -> None:  # fmt: skip
    """Add the cells of a mast to the signal of their operator, in place.

    Parameters
    ----------
    view : View
        Part of the grid; every array below is the same part.
    beams : sequence of (cell, Beam)
        Number ≥ 0 and beam of each cell at the mast.
    threshold_dbm : float
        SS-RSRP a pixel must reach [dBm].
    sigma_db : float, 0.001–100
        Standard deviation of fading [dB].
    probability : float32 ndarray, starts at 0
        Becomes the greatest Φ((level − threshold) / σ) over cells.
    rsrp_dbm : float32 ndarray, starts at NaN
        Becomes the greatest level [dBm].
    server : int32 ndarray, starts at −1
        Becomes the cell of that level; of equal ones the lowest number, in whatever order they were added.
    unknown : bool ndarray, starts at False
        Becomes True where the path of at least one mast is unknown.
    heard : uint16 ndarray, optional
        Raised by the number of cells whose level reaches the threshold.

    Raises
    ------
    RangeError
        ``kernel_range`` for σ outside its limits.
    GridError
        ``levels_shape`` when an array has another shape than the view.
    """
    require("sigma_db", sigma_db, 1e-3, 100.0)
    _same_shape(view.loss, probability, rsrp_dbm, server, unknown, *([] if heard is None else [heard]))
    lib = native.library()
    if lib is not None:
        compose.add_levels(
            lib, view, beams, threshold_dbm=threshold_dbm, sigma_db=sigma_db,
            probability=probability, rsrp_dbm=rsrp_dbm, server=server, unknown=unknown, heard=heard,
        )  # fmt: skip
        return
    for cell, level in _levels(view, beams, unknown):
        reached = ndtr((level - threshold_dbm) / sigma_db)
        add_known(
            reached, level, cell, threshold_dbm=threshold_dbm,
            probability=probability, rsrp_dbm=rsrp_dbm, server=server, heard=heard,
        )  # fmt: skip


def add_known(
    known_probability: NDArray[Any], level_dbm: NDArray[Any], cell: int, *, threshold_dbm: float, probability: Floats,
    rsrp_dbm: Floats, server: Servers, heard: NDArray[np.uint16] | None = None,
) -> None:  # fmt: skip
    """Add a cell whose probability and level are known already, by the rule of `add_levels`.

    Parameters
    ----------
    known_probability, level_dbm : ndarray
        Probability and level [dBm] of the pixels; a NaN level adds nothing there.
    cell : int, ≥ 0
    threshold_dbm, probability, rsrp_dbm, server, heard
        As `add_levels`.
    """
    level = np.asarray(level_dbm, dtype=np.float32)
    there = ~np.isnan(level)
    np.fmax(probability, known_probability, out=probability, where=there, casting="same_kind")
    _take(level, cell, rsrp_dbm, server)
    if heard is not None:
        heard += (level >= threshold_dbm).astype(heard.dtype)


def add_powers(
    view: View, beams: Beams, *, best_mw: Floats, others_mw: Floats, server: Servers, unknown: Flags
) -> None:
    """Add the cells of a mast to the sums of their carrier group, in place.

    Parameters
    ----------
    view, beams
        As `add_levels`.
    best_mw, others_mw : float32 ndarray, start at 0
        Become the power of the strongest cell and the sum of all others [mW], the rule of
        `coverage.radio.interference.CoChannel`.
    server : int32 ndarray, starts at −1
        Becomes the strongest cell; of equal ones the lowest number.
    unknown : bool ndarray, starts at False
        As `add_levels`.

    Raises
    ------
    GridError
        ``levels_shape`` when an array has another shape than the view.
    """
    _same_shape(view.loss, best_mw, others_mw, server, unknown)
    lib = native.library()
    if lib is not None:
        compose.add_powers(
            lib, view, beams, best_mw=best_mw, others_mw=others_mw, server=server, unknown=unknown
        )  # fmt: skip
        return
    for cell, level in _levels(view, beams, unknown):
        add_known_power(level, cell, best_mw=best_mw, others_mw=others_mw, server=server)


def add_known_power(level_dbm: NDArray[Any], cell: int, *, best_mw: Floats, others_mw: Floats, server: Servers) -> None:
    """Add a cell whose level is known already [dBm], by the rule of `add_powers`; NaN adds nothing."""
    power = _milliwatt(level_dbm)
    power[np.isnan(power)] = 0.0
    others_mw += np.minimum(power, best_mw)
    better = (power > best_mw) | ((power == best_mw) & (cell < server))
    np.maximum(best_mw, power, out=best_mw)
    np.copyto(server, np.int32(cell), where=better)


def add_throughput(
    view: View, beams: Beams, demands: Sequence[Demand], *, sigma_db: float, total_mw: Floats, probability: Floats
) -> None:  # fmt: skip
    """Add the probability that the cells of a mast carry a throughput, in place.

    Parameters
    ----------
    view, beams
        As `add_levels`.
    demands : sequence of Demand
        What is asked of each beam, in their order.
    sigma_db : float, 0.001–100
        Standard deviation of fading [dB].
    total_mw : float32 ndarray
        Power of all cells of the carrier group, these included [mW].
    probability : float32 ndarray, starts at 0
        Becomes the greatest Φ((level − T) / σ) over cells, T the greater of the two thresholds as a level.

    Raises
    ------
    RangeError
        ``kernel_range`` for a value outside its limits.
    GridError
        ``levels_shape`` when an array has another shape than the view.

    Notes
    -----
    The other cells keep their median level: fading moves the server alone.
    """
    require("sigma_db", sigma_db, 1e-3, 100.0)
    _same_shape(view.loss, total_mw, probability)
    lib = native.library()
    if lib is not None:
        compose.add_throughput(
            lib, view, beams, demands, sigma_db=sigma_db, total_mw=total_mw, probability=probability
        )  # fmt: skip
        return
    for demand, (_, level) in zip(demands, _levels(view, beams, None), strict=True):
        others = np.maximum(total_mw - _milliwatt(level), np.float32(0.0))
        needed = demand.downlink_db + 10.0 * np.log10(demand.interference_factor * others + demand.noise_mw)
        reached = ndtr((level - np.maximum(needed, demand.uplink_dbm)) / sigma_db)
        np.fmax(probability, reached, out=probability, casting="same_kind")


def best_server(loss: NDArray[np.int16], reference_dbm: float, cell: int, *, rsrp_dbm: Floats, server: Servers) -> None:
    """Add a cell whose antenna is in its losses already to levels and servers, in place, by the rule of `add_levels`.

    Parameters
    ----------
    loss : int16 ndarray of shape (rows, cols)
        Packed loss less antenna gain; where it is `OUTSIDE` or `UNKNOWN` nothing is added.
    reference_dbm : float
        Level at 0 dB [dBm].
    cell : int, ≥ 0
    rsrp_dbm, server
        As `add_levels`.

    Raises
    ------
    GridError
        ``levels_shape`` when an array has another shape than the losses.
    """
    _same_shape(loss, rsrp_dbm, server)
    lib = native.library()
    if lib is not None:
        compose.best_server(lib, loss, reference_dbm, cell, rsrp_dbm=rsrp_dbm, server=server)
        return
    level = np.float32(reference_dbm) - unpack_db(loss)
    level[loss == OUTSIDE] = np.nan
    _take(level, cell, rsrp_dbm, server)


def _levels(view: View, beams: Beams, unknown: Flags | None) -> Iterator[tuple[int, Floats]]:
    """Yield the level of each cell [dBm], NaN where there is none; mark what is unknown."""
    loss = unpack_db(view.loss)
    outside = view.loss == OUTSIDE
    bearing, depression = view.directions()
    if unknown is not None:
        unknown |= ~outside & (np.isnan(loss) | np.isnan(depression))
    loss[outside] = np.nan
    for cell, beam in beams:
        yield cell, (beam.reference_dbm + beam.gain_db(bearing, depression) - loss).astype(np.float32)


def _take(level: Floats, cell: int, rsrp_dbm: Floats, server: Servers) -> None:
    nobody = np.isnan(rsrp_dbm) & ~np.isnan(level)
    better = nobody | (level > rsrp_dbm) | ((level == rsrp_dbm) & (cell < server))
    np.copyto(rsrp_dbm, level, where=better)
    np.copyto(server, np.int32(cell), where=better)


def _milliwatt(level_dbm: NDArray[Any]) -> Floats:
    octaves = np.maximum(np.asarray(level_dbm, dtype=np.float32) / np.float32(DB_PER_OCTAVE), np.float32(LEAST_LOG2))
    return np.asarray(np.exp2(octaves))


def _same_shape(like: NDArray[Any], *arrays: NDArray[Any]) -> None:
    for array in arrays:
        if array.shape != like.shape:
            raise GridError("levels_shape", given=array.shape, expected=like.shape)
