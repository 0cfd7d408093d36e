"""Rectangular antenna arrays of TR 38.901 V17.0.0 §7.3 and Recommendation ITU-R M.2101-0 §5, and their SSB beams.

All directions are in the antenna's own frame: bearing clockwise off its axis, depression below its plane
(`coverage.radio.tilts.antenna_frame` turns and bends it). One polarisation is computed; the other one is alike.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coverage.errors import RangeError
from coverage.radio.antenna import sector_gain_db
from coverage.units import to_decibel, to_linear

Grid = Literal["8T8R", "16T16R", "32T32R", "64T64R"]

NULL_DB = -60.0  # nulls of the array factor are filled up to here below one element: no real array is exact
SSB_BEAMS_MAX = 8  # L_max of TS 38.213 V17 §4.1 for 3–6 GHz; 4 up to 3 GHz
_STEP_DEG = 0.5  # the radiated power changes by less than 0.01 dB when the step is halved (a test)
_COUNT_MAX = 64


@dataclass(frozen=True, kw_only=True)
class RectangularArray:
    """Equal elements in columns (side by side) and rows (one above the other).

    Attributes
    ----------
    columns, rows : int
        Number of elements of one polarisation N_H, N_V, 1 to 64 each.
    column_spacing, row_spacing : float
        Distance between elements d/λ [wavelengths], above 0 and at most 2.
    subarray_rows : int
        Rows that share one transceiver; it divides `rows`. Beams are steered from sub-array to sub-array.
    subarray_tilt_deg : float
        Fixed downtilt inside each sub-array [°].
    element_gain_dbi : float
        Gain of one element G_E,max [dBi].
    element_beamwidth_az_deg, element_beamwidth_el_deg : float
        Half-power widths of one element [°], above 0 and at most 360 and 180.

    Raises
    ------
    RangeError
        ``array_range`` with the quantity that lies outside.

    Notes
    -----
    The defaults of the element are those of TR 38.901 table 7.3-1 (65° × 65°, 8 dBi, A_max = SLA_V = 30 dB).
    """

    columns: int
    rows: int
    column_spacing: float = 0.5
    row_spacing: float = 0.5
    subarray_rows: int = 1
    subarray_tilt_deg: float = 0.0
    element_gain_dbi: float = 8.0
    element_beamwidth_az_deg: float = 65.0
    element_beamwidth_el_deg: float = 65.0

    def __post_init__(self) -> None:
        for name, low, high in (
            ("columns", 1, _COUNT_MAX), ("rows", 1, _COUNT_MAX), ("subarray_rows", 1, self.rows),
            ("column_spacing", 1e-3, 2.0), ("row_spacing", 1e-3, 2.0), ("subarray_tilt_deg", -90.0, 90.0),
            ("element_gain_dbi", -20.0, 20.0),
            ("element_beamwidth_az_deg", 1e-3, 360.0), ("element_beamwidth_el_deg", 1e-3, 180.0),
        ):  # fmt: skip
            value = getattr(self, name)
            if not low <= value <= high:
                raise RangeError("array_range", quantity=name, value=value, low=low, high=high)
        if self.rows % self.subarray_rows:
            high = self.rows
            raise RangeError("array_range", quantity="subarray_rows", value=self.subarray_rows, low=1, high=high)

    @property
    def transceivers(self) -> int:
        """Transceivers of both polarisations, the number in 64T64R."""
        return 2 * self.columns * (self.rows // self.subarray_rows)


@dataclass(frozen=True, kw_only=True)
class Beam:
    """A direction to steer to, in the antenna's frame.

    Attributes
    ----------
    azimuth_deg : float
        Clockwise off the axis φ_escan [°], −90 to 90.
    tilt_deg : float
        Electrical downtilt θ_etilt [°], −90 to 90.
    columns : int or None
        Columns that shape the beam, None for all: fewer make it wider, and the power of the others is fed to it too
        (both polarisations of neighbouring columns can be paired to that end).
    """

    azimuth_deg: float = 0.0
    tilt_deg: float = 0.0
    columns: int | None = None


def array_factor_db(
    bearing_deg: ArrayLike, depression_deg: ArrayLike, array: RectangularArray, beam: Beam
) -> NDArray[np.float64]:
    """Return the gain of the array over one element [dB], at most 10 log10(N_H N_V).

    Parameters
    ----------
    bearing_deg, depression_deg : array_like
        Directions in the antenna's frame [°]; they broadcast.
    array : RectangularArray
        Elements.
    beam : Beam
        Where the weights point to.

    Returns
    -------
    ndarray
        10 log10 |Σ_m Σ_n w v|², with nulls filled up to `NULL_DB`.

    Raises
    ------
    RangeError
        ``array_range`` for a beam outside its limits.

    Notes
    -----
    M.2101-0 table 4: v = exp(2πi (n d_V cos θ + m d_H sin θ sin φ)),
    w = (N_H N_V)^−½ exp(2πi (n d_V sin θ_etilt − m d_H cos θ_etilt sin φ_escan)). The double sum is a product of two
    geometric series, each in closed form; a sub-array splits the vertical one into the rows inside (fixed tilt) and
    the sub-arrays (steered).

    Examples
    --------
    >>> square = RectangularArray(columns=8, rows=8)
    >>> round(float(array_factor_db(20.0, 6.0, square, Beam(azimuth_deg=20.0, tilt_deg=6.0))), 2)
    18.06
    """
    down = np.radians(np.asarray(depression_deg, dtype=float))
    across = np.cos(down) * np.sin(np.radians(np.asarray(bearing_deg, dtype=float)))
    power = _across_power(across, array, beam) * _down_power(np.sin(down), array, beam.tilt_deg)
    return to_decibel(np.maximum(power, to_linear(NULL_DB)))


def composite_gain_dbi(
    bearing_deg: ArrayLike, depression_deg: ArrayLike, array: RectangularArray, beam: Beam
) -> NDArray[np.float64]:
    """Return the composite pattern as published: element gain plus array factor [dBi].

    Notes
    -----
    M.2101-0 table 4, A_A = P_E + 10 log10 |…|². It supposes that neighbouring elements do not feel each other, so that
    some beams would radiate more than they are fed; `array_gain_dbi` sets that right.
    """
    element = _element_gain_dbi(bearing_deg, depression_deg, array)
    return np.asarray(element + array_factor_db(bearing_deg, depression_deg, array, beam))


@cache
def radiated_power_db(array: RectangularArray, beam: Beam) -> float:
    """Return the power the composite pattern radiates over the power it is fed [dB]; above 0 is impossible.

    Notes
    -----
    Mean of the composite pattern over the sphere: midpoint rule, 0.5° × 0.5°.
    """
    depression = np.arange(-90.0 + _STEP_DEG / 2, 90.0, _STEP_DEG)[:, None]
    bearing = np.arange(-180.0 + _STEP_DEG / 2, 180.0, _STEP_DEG)[None, :]
    power = to_linear(composite_gain_dbi(bearing, depression, array, beam)) * np.cos(np.radians(depression))
    return float(to_decibel(power.sum() * math.radians(_STEP_DEG) ** 2 / (4.0 * math.pi)))


def array_gain_dbi(
    bearing_deg: ArrayLike, depression_deg: ArrayLike, array: RectangularArray, beam: Beam
) -> NDArray[np.float64]:
    """Return the gain of a beam [dBi]: the composite pattern, lowered where it would radiate more than it is fed.

    Parameters
    ----------
    bearing_deg, depression_deg : array_like
        Directions in the antenna's frame [°]; they broadcast.
    array : RectangularArray
        Elements.
    beam : Beam
        Where it is steered to.

    Raises
    ------
    RangeError
        ``array_range``.

    Notes
    -----
    Energy is conserved: the mean over the sphere is at most 1, so no gain passes the directivity of its beam.
    """
    gain = composite_gain_dbi(bearing_deg, depression_deg, array, beam)
    return np.asarray(gain - max(0.0, radiated_power_db(array, beam)))


def ssb_envelope_dbi(
    bearing_deg: ArrayLike, depression_deg: ArrayLike, array: RectangularArray, beams: Iterable[Beam]
) -> NDArray[np.float64]:
    """Return the gain of the best SSB beam in every direction [dBi].

    Parameters
    ----------
    bearing_deg, depression_deg : array_like
        Directions in the antenna's frame [°]; they broadcast.
    array : RectangularArray
        Elements.
    beams : iterable of Beam
        Broadcast beams, sent one after the other, each with the full power; 1 to `SSB_BEAMS_MAX`.

    Raises
    ------
    RangeError
        ``array_range`` for no beam or too many.
    """
    listed = tuple(beams)
    if not 1 <= len(listed) <= SSB_BEAMS_MAX:
        raise RangeError("array_range", quantity="beams", value=len(listed), low=1, high=SSB_BEAMS_MAX)
    down = np.radians(np.asarray(depression_deg, dtype=float))
    across = np.cos(down) * np.sin(np.radians(np.asarray(bearing_deg, dtype=float)))
    # As `array_gain_dbi` for every beam, but what beams have in common is computed once.
    tiers = {tilt: _down_power(np.sin(down), array, tilt) for tilt in dict.fromkeys(beam.tilt_deg for beam in listed)}
    best = np.zeros(np.broadcast(across, down).shape)
    for beam in listed:
        power = np.maximum(_across_power(across, array, beam) * tiers[beam.tilt_deg], to_linear(NULL_DB))
        best = np.maximum(best, power * to_linear(-max(0.0, radiated_power_db(array, beam))))
    return np.asarray(_element_gain_dbi(bearing_deg, depression_deg, array) + to_decibel(best))


def fan(count: int, *, tilt_deg: float, sector_deg: float = 120.0, columns: int | None = None) -> tuple[Beam, ...]:
    """Return a tier of beams that share a sector evenly, from left to right.

    >>> [beam.azimuth_deg for beam in fan(4, tilt_deg=6.0)]
    [-45.0, -15.0, 15.0, 45.0]
    """
    if not 1 <= count <= SSB_BEAMS_MAX:
        raise RangeError("array_range", quantity="beams", value=count, low=1, high=SSB_BEAMS_MAX)
    width = sector_deg / count
    left = (width - sector_deg) / 2.0
    return tuple(Beam(azimuth_deg=left + i * width, tilt_deg=tilt_deg, columns=columns) for i in range(count))


def typical_array(grid: Grid) -> RectangularArray:
    """Return a panel as built for a number of transceivers; a vendor's data sheet goes before it.

    Notes
    -----
    12 rows 0.7 λ apart and columns 0.5 λ apart, 3° of tilt inside the sub-arrays, elements of 90° × 65° and 6.4 dBi:
    the macro panel that ITU-R WP 5D takes for 5G sharing studies, 8 columns × 4 sub-arrays of 3 rows (64T64R). The
    smaller grids drive more rows or fewer columns of it.

    Examples
    --------
    >>> typical_array("64T64R").transceivers
    64
    """
    largest = RectangularArray(
        columns=8, rows=12, row_spacing=0.7, subarray_rows=3, subarray_tilt_deg=3.0,
        element_gain_dbi=6.4, element_beamwidth_az_deg=90.0,
    )  # fmt: skip
    columns, subarray_rows = {"8T8R": (4, 12), "16T16R": (4, 6), "32T32R": (8, 6), "64T64R": (8, 3)}[grid]
    return replace(largest, columns=columns, subarray_rows=subarray_rows)


def typical_beams(grid: Grid, *, tilt_deg: float = 6.0) -> tuple[Beam, ...]:
    """Return broadcast beams over 120° as they suit a typical panel; operators set their own.

    Parameters
    ----------
    grid : {"8T8R", "16T16R", "32T32R", "64T64R"}
        Panel of `typical_array`.
    tilt_deg : float
        Downtilt of the lower tier [°]. Panels with sub-arrays one above the other get a second tier 6° higher for
        tall buildings.

    Notes
    -----
    As many beams per tier as columns resolve: 4 for 4 columns; 6 below and 2 wide ones above for 8, within `L_max`.
    """
    if grid == "8T8R":
        return fan(4, tilt_deg=tilt_deg)
    if grid == "16T16R":
        return fan(4, tilt_deg=tilt_deg) + fan(4, tilt_deg=tilt_deg - 6.0)
    return fan(6, tilt_deg=tilt_deg) + fan(2, tilt_deg=tilt_deg - 6.0, columns=2)


def _across_power(across: NDArray[np.float64], array: RectangularArray, beam: Beam) -> NDArray[np.float64]:
    """Return the power of the rows, `across` the sine to the side of the axis."""
    columns = _check_beam(array, beam)
    aim = math.cos(math.radians(beam.tilt_deg)) * math.sin(math.radians(beam.azimuth_deg))
    return _series(columns, array.column_spacing * (across - aim))


def _down_power(below: NDArray[np.float64], array: RectangularArray, tilt_deg: float) -> NDArray[np.float64]:
    """Return the power of the columns, `below` the sine below the plane: sub-arrays steered, their rows fixed."""
    inside = array.subarray_rows
    steered = inside * array.row_spacing * (below - math.sin(math.radians(tilt_deg)))
    power = _series(array.rows // inside, steered)
    if inside > 1:
        fixed = math.sin(math.radians(array.subarray_tilt_deg))
        power = power * _series(inside, array.row_spacing * (below - fixed))
    return power


def _element_gain_dbi(bearing_deg: ArrayLike, depression_deg: ArrayLike, array: RectangularArray) -> NDArray[Any]:
    gain = sector_gain_db(
        _half_turn(bearing_deg), depression_deg, azimuth_deg=0.0, tilt_deg=0.0,
        beamwidth_az_deg=array.element_beamwidth_az_deg, beamwidth_el_deg=array.element_beamwidth_el_deg,
    )  # fmt: skip
    return gain + array.element_gain_dbi


def _series(count: int, turns: ArrayLike) -> NDArray[np.float64]:
    """Return |Σ exp(2πi n x)|² / count over n = 0 … count − 1: the power of a row of elements fed alike."""
    half = math.pi * np.asarray(turns, dtype=float)
    bottom = np.sin(half)
    aligned = np.abs(bottom) < 1e-8  # main beam and grating lobes: the quotient tends to count², rounding aside
    quotient = np.sin(count * half) / np.where(aligned, 1.0, bottom)
    return np.asarray(np.where(aligned, float(count), quotient * quotient / count))


def _half_turn(bearing_deg: ArrayLike) -> NDArray[Any]:
    return np.asarray(np.mod(np.asarray(bearing_deg, dtype=float) + 180.0, 360.0) - 180.0)


def _check_beam(array: RectangularArray, beam: Beam) -> int:
    columns = array.columns if beam.columns is None else beam.columns
    limits = (("azimuth_deg", beam.azimuth_deg, -90, 90), ("tilt_deg", beam.tilt_deg, -90, 90))
    for name, value, low, high in (*limits, ("beam_columns", columns, 1, array.columns)):
        if not low <= value <= high:
            raise RangeError("array_range", quantity=name, value=value, low=low, high=high)
    return columns
