"""What a mast sees of the grid, as packed losses, and what a cell adds to it: what `composition` puts together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coverage.errors import GridError, RangeError
from coverage.radio.antenna import sector_gain_db
from coverage.radio.ranges import require

PER_DB = 64  # steps of a packed loss per decibel
OUTSIDE = -32768  # packed: beyond the reach, or where another model serves
UNKNOWN = 32767  # packed: no ground known under the path

TABLE_SHAPE = (181, 361)


def pack_db(loss_db: ArrayLike) -> NDArray[np.int16]:
    """Return losses as 16-bit integers of 1/64 dB, rounded to the nearest.

    Parameters
    ----------
    loss_db : array_like
        Path loss [dB]; NaN is unknown, +inf is outside. What no 16 bits hold is moved to −511.98 or 511.97 dB.

    Examples
    --------
    >>> pack_db([100.0, 100.01, np.nan, np.inf]).tolist()
    [6400, 6401, 32767, -32768]
    """
    loss = np.asarray(loss_db)
    with np.errstate(invalid="ignore"):  # NaN and infinity get their values after it
        steps = np.clip(np.rint(loss * PER_DB), OUTSIDE + 1, UNKNOWN - 1)
    packed = np.where(np.isnan(loss), UNKNOWN, np.where(np.isposinf(loss), OUTSIDE, steps))
    return np.asarray(packed, dtype=np.int16)


def unpack_db(loss: NDArray[np.int16]) -> NDArray[np.float32]:
    """Return packed losses in decibel: NaN where unknown, +inf outside.

    Examples
    --------
    >>> unpack_db(np.array([6400, 6401, UNKNOWN, OUTSIDE], dtype=np.int16)).tolist()
    [100.0, 100.015625, nan, inf]
    """
    decibel = np.asarray(loss, dtype=np.float32) / np.float32(PER_DB)
    decibel[loss == UNKNOWN] = np.nan
    decibel[loss == OUTSIDE] = np.inf
    return decibel


@dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """A window of the grid seen from a mast, or a part of it.

    The mast is given in pixels of the whole window and the part by its whole first row and column: the position, and
    with it every result, is then the same to the last bit however the window is cut.

    Attributes
    ----------
    row, col : float
        The mast in pixels from the centre of pixel (0, 0) of the whole window.
    row0, col0 : int
        Row and column of the whole window at which the arrays begin.
    pixel_m : float
        Side of a pixel [m].
    antenna_m : float
        Antenna above sea level minus receiver above ground [m].
    ground_m : float32 ndarray of shape (rows, cols)
        Bare ground above sea level [m]; NaN is unknown. Rows may lie apart in memory, columns may not.
    loss : int16 ndarray of shape (rows, cols)
        Packed path loss (`pack_db`), likewise.

    Raises
    ------
    GridError
        ``levels_shape`` when the arrays differ in shape.
    """

    row: float
    col: float
    pixel_m: float
    antenna_m: float
    ground_m: NDArray[np.float32]
    loss: NDArray[np.int16]
    row0: int = 0
    col0: int = 0

    def __post_init__(self) -> None:
        if self.ground_m.shape != self.loss.shape:
            raise GridError("levels_shape", given=self.ground_m.shape, expected=self.loss.shape)

    def part(self, rows: slice, cols: slice = slice(None)) -> View:
        """Return a part of the view, counted from where its arrays begin; no copies."""
        first_row, _, _ = rows.indices(self.loss.shape[0])
        first_col, _, _ = cols.indices(self.loss.shape[1])
        return View(
            row=self.row,
            col=self.col,
            pixel_m=self.pixel_m,
            antenna_m=self.antenna_m,
            ground_m=self.ground_m[rows, cols],
            loss=self.loss[rows, cols],
            row0=self.row0 + first_row,
            col0=self.col0 + first_col,
        )

    def directions(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return bearing clockwise from north, −180 to 180, and depression below the horizon, of every pixel [°]."""
        rows, cols = self.loss.shape
        north = (self.row - np.arange(self.row0, self.row0 + rows, dtype=float))[:, None] * self.pixel_m
        east = (np.arange(self.col0, self.col0 + cols, dtype=float) - self.col)[None, :] * self.pixel_m
        below = self.antenna_m - self.ground_m.astype(float)
        return np.degrees(np.arctan2(east, north)), np.degrees(np.arctan2(below, np.hypot(east, north)))


@dataclass(frozen=True, kw_only=True)
class Demand:
    """What a throughput asks of a cell.

    Attributes
    ----------
    noise_mw : float
        Noise in one resource element [mW], > 0.
    interference_factor : float
        By which the power of the other cells is scaled, ≥ 0: load, and traffic beam over broadcast beam.
    downlink_db : float
        SS-RSRP over interference and noise that the downlink needs [dB].
    uplink_dbm : float
        SS-RSRP at which the uplink is good enough [dBm]; −inf asks for nothing.

    Raises
    ------
    RangeError
        ``kernel_range`` for a value outside its limits.
    """

    noise_mw: float
    interference_factor: float
    downlink_db: float
    uplink_dbm: float

    def __post_init__(self) -> None:
        require("noise_mw", self.noise_mw, 1e-30, 1e30)
        require("interference_factor", self.interference_factor, 0.0, 1e6)


@dataclass(frozen=True, kw_only=True, eq=False)
class Beam:
    """What a cell adds to its mast.

    Attributes
    ----------
    reference_dbm : float
        SS-RSRP at 0 dB path loss on the axis [dBm].
    azimuth_deg : float
        Axis clockwise from north [°]; NaN means omnidirectional in azimuth.
    tilt_deg : float
        Downtilt [°], positive down.
    beamwidth_az_deg, beamwidth_el_deg : float
        Half-power widths of `coverage.radio.antenna.sector_gain_db` [°], > 0 and at most 360 and 180.
    table_db : float32 ndarray of shape (181, 361), optional
        Instead of that formula: gain relative to the axis [dB], finite. Rows are depressions −90 to 90°, columns
        bearings from grid north 0 to 360°, both by whole degrees; bilinear between them.

    Raises
    ------
    RangeError
        ``beam_width`` for a width outside its range, ``beam_table`` for a table of another shape or not finite.
    """

    reference_dbm: float
    azimuth_deg: float
    tilt_deg: float
    beamwidth_az_deg: float
    beamwidth_el_deg: float
    table_db: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        if not (0.0 < self.beamwidth_az_deg <= 360.0 and 0.0 < self.beamwidth_el_deg <= 180.0):
            raise RangeError(
                "beam_width", beamwidth_az_deg=self.beamwidth_az_deg, beamwidth_el_deg=self.beamwidth_el_deg
            )
        table = self.table_db
        if table is not None and not (table.shape == TABLE_SHAPE and bool(np.isfinite(table).all())):
            raise RangeError("beam_table", expected=TABLE_SHAPE)

    def gain_db(self, bearing_deg: NDArray[Any], depression_deg: NDArray[Any]) -> NDArray[Any]:
        """Return the gain relative to the axis [dB] towards bearings, −180 to 360, and depressions, −90 to 90 [°]."""
        if self.table_db is not None:
            return table_gain_db(self.table_db, bearing_deg, depression_deg)
        return sector_gain_db(
            bearing_deg, depression_deg, azimuth_deg=self.azimuth_deg, tilt_deg=self.tilt_deg,
            beamwidth_az_deg=self.beamwidth_az_deg, beamwidth_el_deg=self.beamwidth_el_deg,
        )  # fmt: skip


def table_gain_db(
    table_db: NDArray[np.float32], bearing_deg: NDArray[Any], depression_deg: NDArray[Any]
) -> NDArray[np.float64]:
    """Return the gain a table gives in any direction [dB].

    Parameters
    ----------
    table_db : ndarray of shape (181, 361)
        As `Beam.table_db`.
    bearing_deg, depression_deg : ndarray
        −180 to 360 and −90 to 90 [°]; NaN stays NaN.
    """
    table = table_db.astype(float)
    missing = np.isnan(depression_deg)
    down = np.where(missing, 0.0, depression_deg) + 90.0
    turn = np.where(bearing_deg < 0.0, bearing_deg + 360.0, bearing_deg)
    i, j = np.minimum(down.astype(int), 179), np.minimum(turn.astype(int), 359)
    v, u = down - i, turn - j
    above = table[i, j] + u * (table[i, j + 1] - table[i, j])
    beneath = table[i + 1, j] + u * (table[i + 1, j + 1] - table[i + 1, j])
    return np.where(missing, np.nan, above + v * (beneath - above))
