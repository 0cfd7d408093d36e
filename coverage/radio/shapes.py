"""Shapes: patterns that know how their own electrical tilt moves them, and their tables for any azimuth and tilt."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coverage.radio import arrays, f1336
from coverage.radio.antenna import sector_gain_db
from coverage.radio.patterns import CUT_VALUES, weighted_gain_db
from coverage.radio.tilts import antenna_frame
from coverage.units import to_decibel, to_linear

AZIMUTH_STEPS = 10  # per degree: a table is made for the nearest 0.1°, no mast is aligned better
_TABLES = 64  # kept at a time, 522 kB each
_STEP_DEG = 0.5
_COARSE_DEG = 1.0
_HALF_POWER_DB = 10.0 * math.log10(2.0)


class Shape(Protocol):
    """A pattern in the frame of its antenna: bearing clockwise off its axis, depression below its plane."""

    def __hash__(self) -> int:
        """Return equal values for equal shapes: tables are kept by shape."""
        ...

    def gain_db(self, bearing_deg: ArrayLike, depression_deg: ArrayLike, tilt_deg: float) -> NDArray[Any]:
        """Return the gain relative to the antenna's greatest [dB], ≤ 0, at an electrical downtilt [°]."""
        ...


@dataclass(frozen=True, kw_only=True)
class Sector:
    """The parabolic sector of TR 38.901 table 7.3-1: what a cell without a named antenna has.

    Attributes
    ----------
    beamwidth_az_deg, beamwidth_el_deg : float
        Half-power widths [°], > 0 and at most 360 and 180.
    """

    beamwidth_az_deg: float
    beamwidth_el_deg: float

    def gain_db(self, bearing_deg: ArrayLike, depression_deg: ArrayLike, tilt_deg: float) -> NDArray[Any]:
        """Return the gain relative to the axis [dB]; see `Shape`."""
        return sector_gain_db(
            bearing_deg, depression_deg, azimuth_deg=0.0, tilt_deg=tilt_deg,
            beamwidth_az_deg=self.beamwidth_az_deg, beamwidth_el_deg=self.beamwidth_el_deg,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ReferenceSector:
    """The sectoral antenna of F.1336-5 recommends 3.1.2 (average side lobes, typical performance).

    Attributes
    ----------
    beamwidth_az_deg, beamwidth_el_deg : float
        Half-power widths [°], > 0 and at most 360 and 180.
    frequency_ghz : float, 0.4–6
    """

    beamwidth_az_deg: float
    beamwidth_el_deg: float
    frequency_ghz: float

    def gain_db(self, bearing_deg: ArrayLike, depression_deg: ArrayLike, tilt_deg: float) -> NDArray[Any]:
        """Return the gain relative to the axis [dB]; electrical tilt compresses (eq. 1e); see `Shape`."""
        return f1336.sectoral_gain_db(
            bearing_deg, f1336.electrically_tilted_deg(depression_deg, tilt_deg),
            beamwidth_az_deg=self.beamwidth_az_deg, beamwidth_el_deg=self.beamwidth_el_deg,
            frequency_ghz=self.frequency_ghz,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ReferenceOmni:
    """The omnidirectional antenna of F.1336-5 recommends 2.2 with 2.4 (average, improved side lobes).

    Attributes
    ----------
    shape_gain_dbi : float
        Maximum gain G₀ from which the Recommendation takes the beam width [dBi].
    frequency_ghz : float, 0.4–70
    """

    shape_gain_dbi: float
    frequency_ghz: float

    def gain_db(self, bearing_deg: ArrayLike, depression_deg: ArrayLike, tilt_deg: float) -> NDArray[Any]:
        """Return the gain relative to the maximum [dB]; electrical tilt compresses (eq. 1e); see `Shape`."""
        below = f1336.electrically_tilted_deg(depression_deg, tilt_deg)
        gain = f1336.omnidirectional_gain_db(
            below, gain_dbi=self.shape_gain_dbi, frequency_ghz=self.frequency_ghz, improved=True
        )
        return np.asarray(gain + np.zeros_like(np.asarray(bearing_deg, dtype=float)))


@dataclass(frozen=True, kw_only=True)
class Tier:
    """Broadcast beams side by side.

    Attributes
    ----------
    count : int
        Beams.
    above_deg : float
        How far above the cell's electrical tilt they point [°].
    columns : int or None
        As `coverage.radio.arrays.Beam`.
    """

    count: int
    above_deg: float = 0.0
    columns: int | None = None


@dataclass(frozen=True, kw_only=True)
class Panel:
    """The envelope of the broadcast beams of an array (M.2101-0, TR 38.901 §7.3).

    Attributes
    ----------
    array : RectangularArray
    tiers : tuple of Tier
    gain_dbi : float
        Greatest gain of the envelope at the best electrical tilt [dBi]: gains are given relative to it.
    tilted_rows : bool
        The rows inside a sub-array follow the electrical tilt (phase shifters); else they keep the array's own.
    """

    array: arrays.RectangularArray
    tiers: tuple[Tier, ...]
    gain_dbi: float
    tilted_rows: bool = False

    def tilted(self, tilt_deg: float) -> tuple[arrays.RectangularArray, tuple[arrays.Beam, ...]]:
        """Return the array and its beams at an electrical tilt [°]."""
        array = replace(self.array, subarray_tilt_deg=tilt_deg) if self.tilted_rows else self.array
        beams = [arrays.fan(t.count, tilt_deg=tilt_deg - t.above_deg, columns=t.columns) for t in self.tiers]
        return array, tuple(beam for tier in beams for beam in tier)

    def gain_db(self, bearing_deg: ArrayLike, depression_deg: ArrayLike, tilt_deg: float) -> NDArray[Any]:
        """Return the gain of the best beam relative to `gain_dbi` [dB]; see `Shape`."""
        array, beams = self.tilted(tilt_deg)
        envelope = arrays.ssb_envelope_dbi(bearing_deg, depression_deg, array, beams)
        return np.minimum(envelope - self.gain_dbi, 0.0)  # gain_dbi is rounded


@dataclass(frozen=True, kw_only=True)
class Cuts:
    """A measured antenna: two cuts as `coverage.radio.patterns` describes them.

    Attributes
    ----------
    horizontal_db, vertical_db : tuple of 360 floats
        Gain relative to the maximum of each cut [dB].
    tilt_deg : float
        Electrical downtilt that the cuts already have [°]: another one shifts the pattern by the difference.
    """

    horizontal_db: tuple[float, ...] = field(repr=False)
    vertical_db: tuple[float, ...] = field(repr=False)
    tilt_deg: float

    def gain_db(self, bearing_deg: ArrayLike, depression_deg: ArrayLike, tilt_deg: float) -> NDArray[Any]:
        """Return the gain relative to the maximum [dB]; see `Shape`."""
        below = np.asarray(depression_deg, dtype=float) - (tilt_deg - self.tilt_deg)
        return weighted_gain_db(bearing_deg, below, horizontal_db=self.horizontal_db, vertical_db=self.vertical_db)


def measured_tilt_deg(vertical_db: ArrayLike, stated_deg: float | None = None) -> float:
    """Return the downtilt that a vertical cut has [°].

    Parameters
    ----------
    vertical_db : array_like, shape (360,)
        Cut, 0° ahead, 90° down.
    stated_deg : float, optional
        What the file says; it counts where the cut peaks within 1.5° of it, for a cut knows whole degrees only.

    Examples
    --------
    >>> cut = -np.minimum(12 * ((np.arange(360) + 174) % 360 - 180) ** 2 / 100, 30)
    >>> measured_tilt_deg(cut), measured_tilt_deg(cut, 5.5), measured_tilt_deg(cut, 2.0)
    (6.0, 5.5, 6.0)
    """
    cut = np.asarray(vertical_db, dtype=float)
    ahead = np.arange(-90, 91)
    top = np.flatnonzero(cut[ahead % CUT_VALUES] >= cut[ahead % CUT_VALUES].max() - 1e-9)
    peak = float(ahead[top].mean() if np.ptp(top) == top.size - 1 else ahead[top[0]])
    return stated_deg if stated_deg is not None and abs(stated_deg - peak) <= 1.5 else peak


@cache
def directivity_dbi(shape: Shape, tilt_deg: float = 0.0) -> float:
    """Return the directivity of a shape: the greatest gain a lossless antenna can have that radiates all of it at once.

    Parameters
    ----------
    shape : Shape
    tilt_deg : float
        Electrical downtilt [°].

    Notes
    -----
    Midpoint rule, 0.5° × 0.5°. The beams of a `Panel` are sent one after the other, each with the whole power: the
    greatest directivity among them counts, not that of their envelope.
    """
    if isinstance(shape, Panel):
        array, beams = shape.tilted(tilt_deg)
        return max(_beam_directivity_dbi(array, beam) for beam in beams)
    depression = np.arange(-90.0 + _STEP_DEG / 2, 90.0, _STEP_DEG)[:, None]
    bearing = np.arange(-180.0 + _STEP_DEG / 2, 180.0, _STEP_DEG)[None, :]
    gain = shape.gain_db(bearing, depression, tilt_deg)
    power = to_linear(gain) * np.cos(np.radians(depression))
    mean = float(power.sum()) * math.radians(_STEP_DEG) ** 2 / (4.0 * math.pi)
    return -float(to_decibel(mean))


def _beam_directivity_dbi(array: arrays.RectangularArray, beam: arrays.Beam) -> float:
    depression, bearing = np.arange(-90.0, 90.5, _STEP_DEG)[:, None], np.arange(-180.0, 180.0, _STEP_DEG)[None, :]
    peak = arrays.composite_gain_dbi(bearing, depression, array, beam).max()
    return float(peak) - arrays.radiated_power_db(array, beam)


@cache
def half_power_widths_deg(shape: Shape, tilt_deg: float) -> tuple[float, float]:
    """Return the angle in which a shape stays within 3 dB of its maximum [°]: around its beam, and up and down it.

    Examples
    --------
    >>> half_power_widths_deg(Sector(beamwidth_az_deg=65.0, beamwidth_el_deg=10.0), 6.0)
    (65.1, 10.1)
    """
    fine = 0.1
    depression = np.arange(-90.0, 90.05, fine)
    bearing = np.arange(-180.0, 180.0, fine)
    coarse = shape.gain_db(
        np.arange(-180.0, 180.0, _COARSE_DEG)[None, :], np.arange(-90.0, 90.5, _COARSE_DEG)[:, None], tilt_deg
    )
    row, col = np.unravel_index(int(coarse.argmax()), coarse.shape)
    around = shape.gain_db(bearing, np.full_like(bearing, row - 90.0), tilt_deg)
    along = shape.gain_db(np.full_like(depression, col - 180.0), depression, tilt_deg)
    counts = (int((cut >= cut.max() - _HALF_POWER_DB).sum()) for cut in (around, along))
    around_deg, along_deg = (round(count * fine, 1) for count in counts)
    return min(around_deg, 360.0), min(along_deg, 180.0)


def gain_table_db(
    shape: Shape, *, azimuth_deg: float, electrical_tilt_deg: float, mechanical_tilt_deg: float
) -> NDArray[np.float32]:
    """Return the gain of a shape that is turned and bent, by whole degrees: what `coverage.radio.views.Beam` takes.

    Parameters
    ----------
    shape : Shape
    azimuth_deg : float
        Axis clockwise from north [°], taken to 0.1°; NaN (omnidirectional) counts as north.
    electrical_tilt_deg, mechanical_tilt_deg : float
        Tilt inside the pattern and of the housing [°], positive down.

    Returns
    -------
    ndarray of shape (181, 361), float32, read-only
        Rows are depressions −90 to 90°, columns bearings from north 0 to 360°. Tables of one antenna share memory.

    Raises
    ------
    RangeError
        ``tilt_range``, ``tilt_without_azimuth``; what the shape refuses.

    Notes
    -----
    Mechanical tilt is the exact rotation of `coverage.radio.tilts`; nothing is interpolated here.
    """
    if math.isnan(azimuth_deg):
        # Refuses a tilt to no side.
        antenna_frame(0.0, 0.0, azimuth_deg=azimuth_deg, mechanical_tilt_deg=mechanical_tilt_deg)
        azimuth_deg = 0.0
    whole, part = divmod(round(azimuth_deg % 360.0 * AZIMUTH_STEPS), AZIMUTH_STEPS)
    turns = _two_turns(shape, electrical_tilt_deg, mechanical_tilt_deg, part)
    first = 360 - whole % 360
    return turns[:, first : first + 361]


@lru_cache(maxsize=_TABLES)
def _two_turns(shape: Shape, electrical_deg: float, mechanical_deg: float, part: int) -> NDArray[np.float32]:
    """Return the table over two turns, bearings −360 to 360 off an axis `part` tenths of a degree clockwise of 0."""
    depression = np.arange(-90.0, 91.0)[:, None]
    bearing = np.arange(360.0)[None, :] - part / AZIMUTH_STEPS
    off, below = antenna_frame(bearing, depression, azimuth_deg=0.0, mechanical_tilt_deg=mechanical_deg)
    once = shape.gain_db(off, below, electrical_deg)
    table = np.concatenate([once, once, once[:, :1]], axis=1).astype(np.float32)
    table.flags.writeable = False
    return table
