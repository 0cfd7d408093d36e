"""Noise and interference between the cells of one carrier: SS-SINR and the SINR of the traffic channel.

Cells of one carrier are added one after the other to a `CoChannel`, which keeps two powers per pixel: a grid never
needs the levels of all cells at once. Cells of different carriers do not interfere and belong to different sums
(`carrier_groups`).
"""

from __future__ import annotations

import math
from types import EllipsisType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from coverage.errors import GridError
from coverage.radio.ranges import require
from coverage.units import to_decibel, to_linear

THERMAL_NOISE_DBM_HZ = -174.0  # k·T at 290 K is −173.98 dBm/Hz; link budgets round it
NOBODY = -1

Part = EllipsisType | slice | tuple[slice, ...]


def noise_dbm(scs_khz: float, *, noise_figure_db: float) -> float:
    """Return the noise power in one resource element at the receiver's input [dBm].

    Parameters
    ----------
    scs_khz : float
        Subcarrier spacing [kHz], 1–1,000.
    noise_figure_db : float
        Noise figure of the receiver [dB], 0–30.

    Raises
    ------
    RangeError
        ``kernel_range`` outside these limits.

    Notes
    -----
    N = −174 dBm/Hz + 10·log10(SCS [Hz]) + NF.

    Examples
    --------
    >>> round(noise_dbm(30.0, noise_figure_db=7.0), 3)
    -122.229
    """
    require("scs_khz", scs_khz, 1.0, 1000.0)
    require("noise_figure_db", noise_figure_db, 0.0, 30.0)
    return THERMAL_NOISE_DBM_HZ + 10.0 * math.log10(scs_khz * 1e3) + noise_figure_db


def carrier_groups(frequency_mhz: ArrayLike, bandwidth_mhz: ArrayLike) -> NDArray[np.int32]:
    """Return for each cell the number of the group of carriers it interferes with, rising with frequency from 0.

    Carriers whose channels overlap are one group, also by way of a third; channels that only touch are not. Within a
    group everybody interferes as if over the whole channel, which is pessimistic for a partial overlap.

    Parameters
    ----------
    frequency_mhz : array_like (n,)
        Centre of the downlink channel [MHz], > 0.
    bandwidth_mhz : array_like (n,)
        Channel bandwidth [MHz], > 0.

    Raises
    ------
    RangeError
        ``kernel_range`` for values that are not above zero, or unknown.

    Examples
    --------
    >>> carrier_groups([3750.0, 3850.0, 3750.0, 763.0], [100.0, 100.0, 100.0, 10.0]).tolist()
    [1, 2, 1, 0]
    """
    centre, width = (np.asarray(value, dtype=float) for value in (frequency_mhz, bandwidth_mhz))
    require("frequency_mhz", centre, 1e-3, 1e6)
    require("bandwidth_mhz", width, 1e-3, 1e6)
    low, high = centre - width / 2.0, centre + width / 2.0
    order = np.argsort(low, kind="stable")
    reached = np.maximum.accumulate(high[order])
    # A kilohertz of tolerance: channel edges of neighbours are equal on paper, not in binary.
    starts = low[order][1:] > reached[:-1] - 1e-3
    groups = np.zeros(centre.shape, dtype=np.int32)
    groups[order[1:]] = np.cumsum(starts)
    return groups


class CoChannel:
    """Running sum of the cells of one carrier: the strongest cell and the power of all others, per pixel.

    The power of the others is summed as such, never as "all minus the strongest", which would lose weak interferers
    beside a strong server.

    Parameters
    ----------
    shape : tuple of int
        Shape of the pixels.
    dtype : dtype
        float64, or float32 to halve the memory (21 → 13 bytes per pixel, server and flags included).

    Attributes
    ----------
    best_mw : ndarray
        Power of the strongest known cell [mW], 0 where no cell was added.
    others_mw : ndarray
        Sum of the powers of all other known cells [mW].
    server : ndarray of int32
        Number of the strongest known cell, −1 where no cell was added; of equal cells the first.
    unknown : ndarray of bool
        True where the level of at least one cell is unknown (NaN). That cell may be the server or an interferer, so
        every SINR is NaN there; `best_dbm` is then a lower bound.
    """

    def __init__(self, shape: tuple[int, ...], dtype: DTypeLike = np.float64) -> None:
        self.best_mw: NDArray[Any] = np.zeros(shape, dtype=dtype)
        self.others_mw: NDArray[Any] = np.zeros(shape, dtype=dtype)
        self.server: NDArray[np.int32] = np.full(shape, NOBODY, dtype=np.int32)
        self.unknown: NDArray[np.bool_] = np.zeros(shape, dtype=bool)

    def add(self, level_dbm: ArrayLike, cell: int, part: Part = ...) -> None:
        """Add the level of one cell.

        Parameters
        ----------
        level_dbm : array_like
            Level of one resource element of the cell [dBm] in the shape of the part: NaN is unknown, −inf is known to
            be nothing.
        cell : int
            Number of the cell, ≥ 0.
        part : slices
            The pixels the levels stand for (the patch of the cell). Outside it the cell counts as nothing: the sweep
            decides where a cell stops being heard.

        Raises
        ------
        GridError
            ``levels_shape`` where levels and part differ in shape.
        """
        best, others = self.best_mw[part], self.others_mw[part]
        level = np.asarray(level_dbm)
        if level.shape != best.shape:
            raise GridError("levels_shape", given=level.shape, expected=best.shape)
        # One exponential in the precision of the sum: float32 is several times faster than a power of ten in float64,
        # and errs by less than 2e-5 dB.
        power = np.exp(level.astype(best.dtype) * best.dtype.type(math.log(10.0) / 10.0))
        missing = np.isnan(power)
        if missing.any():
            self.unknown[part] |= missing
            power[missing] = 0.0
        others += np.minimum(power, best)
        better = power > best
        np.maximum(best, power, out=best)
        np.copyto(self.server[part], cell, where=better, casting="same_kind")

    @property
    def best_dbm(self) -> NDArray[Any]:
        """Level of the strongest known cell [dBm], −inf where no cell was added."""
        return to_decibel(self.best_mw)


def ss_sinr_db(cells: CoChannel, *, noise_dbm: float) -> NDArray[Any]:
    """Return the SS-SINR of the strongest cell at full collision of the SSBs [dB].

    In a synchronised network every cell sends its SSB at the same time on the same subcarriers, with or without
    traffic: all other cells interfere in full, load has no part in it. Beams count by their envelope, as if the
    strongest beam of each neighbour always collided, which is pessimistic.

    Parameters
    ----------
    cells : CoChannel
        SS-RSRP of the cells of one carrier.
    noise_dbm : float
        Noise in one resource element (`noise_dbm`) [dBm].

    Returns
    -------
    ndarray
        NaN where the level of any cell is unknown, −inf where there is no cell.

    Notes
    -----
    TS 38.215 V17 §5.1.5: power of the SSS over noise and interference in the same resource elements.
    """
    return _ratio_db(cells, cells.best_mw, cells.others_mw, noise_dbm)


def pdsch_sinr_db(
    cells: CoChannel,
    *,
    noise_dbm: float,
    load: ArrayLike,
    serving_gain_db: ArrayLike = 0.0,
    interference_gain_db: ArrayLike = 0.0,
) -> NDArray[Any]:
    """Return the SINR of the traffic channel of the strongest cell [dB].

    Parameters
    ----------
    cells : CoChannel
        SS-RSRP of the cells of one carrier.
    noise_dbm : float
        Noise in one resource element (`noise_dbm`) [dBm].
    load : array_like, 0–1
        Share of the resource elements the other cells fill, by which their mean power is scaled; one value, or one per
        pixel.
    serving_gain_db : array_like
        Gain of the traffic beam over the broadcast beam towards the served receiver [dB].
    interference_gain_db : array_like
        The same of the other cells, whose traffic beams point at receivers of their own [dB]: 0 takes their broadcast
        envelope for the mean of their traffic beams (assumption).

    Returns
    -------
    ndarray
        NaN where the level of any cell is unknown (also at load 0: the unknown cell may be the server), −inf where
        there is no cell.

    Raises
    ------
    RangeError
        ``kernel_range`` for a load outside 0–1.

    Notes
    -----
    DESIGN §5.6. The load scales the mean interference; a SINR per resource element would be better in the empty ones
    and worse in the full ones.
    """
    require("load", load, 0.0, 1.0)
    signal = cells.best_mw * to_linear(serving_gain_db)
    return _ratio_db(cells, signal, cells.others_mw * (np.asarray(load) * to_linear(interference_gain_db)), noise_dbm)


def _ratio_db(
    cells: CoChannel, signal_mw: NDArray[Any], interference_mw: NDArray[Any], noise_dbm: float
) -> NDArray[Any]:
    ratio = to_decibel(signal_mw / (interference_mw + to_linear(noise_dbm)))
    return np.where(cells.unknown, np.nan, ratio)
