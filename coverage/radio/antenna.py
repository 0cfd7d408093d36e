"""Antenna patterns: the parabolic sector of 3GPP TR 38.901 (V17.0.0) table 7.3-1 and its directivity."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coverage.errors import RangeError

ATTENUATION_MAX_DB = 30.0  # A_max = SLA_V of table 7.3-1
_STEP_DEG = 0.1  # directivity changes by less than 0.001 dB when the step is halved (a test)


def sector_gain_db(
    bearing_deg: ArrayLike,
    depression_deg: ArrayLike,
    *,
    azimuth_deg: float,
    tilt_deg: float,
    beamwidth_az_deg: float,
    beamwidth_el_deg: float,
) -> NDArray[Any]:
    """Return the gain relative to the beam axis, −30 to 0 dB.

    Parameters
    ----------
    bearing_deg : array_like
        Direction of the receiver clockwise from north [°], −180 to 360.
    depression_deg : array_like
        Angle of the receiver below the horizon of the antenna [°], −90 to 90; same shape.
    azimuth_deg : float
        Beam axis clockwise from north [°]; NaN means omnidirectional in azimuth.
    tilt_deg : float
        Downtilt [°], positive down; electrical: the same at every bearing.
    beamwidth_az_deg, beamwidth_el_deg : float
        Half-power beam widths [°], > 0 and at most 360 and 180.

    Raises
    ------
    RangeError
        ``beam_width`` for a width outside its range.

    Notes
    -----
    TR 38.901 V17.0.0 table 7.3-1: A_H = min(12 (φ/φ_3dB)², A_max), A_V = min(12 (θ/θ_3dB)², SLA_V),
    A = min(A_H + A_V, A_max), A_max = SLA_V = 30 dB.

    Examples
    --------
    >>> beam = {"azimuth_deg": 0.0, "tilt_deg": 6.0, "beamwidth_az_deg": 65.0, "beamwidth_el_deg": 10.0}
    >>> sector_gain_db([32.5, 180.0], 6.0, **beam).round(6).tolist()
    [-3.0, -30.0]
    """
    _check_widths(beamwidth_az_deg, beamwidth_el_deg)
    below = np.asarray(depression_deg) - tilt_deg
    vertical = np.minimum((12.0 / beamwidth_el_deg**2) * below * below, ATTENUATION_MAX_DB)
    if math.isnan(azimuth_deg):
        return np.asarray(-vertical + np.zeros_like(np.asarray(bearing_deg, dtype=vertical.dtype)))
    off = np.abs(np.asarray(bearing_deg) - azimuth_deg % 360.0)
    off = np.minimum(off, np.abs(360.0 - off))
    horizontal = np.minimum((12.0 / beamwidth_az_deg**2) * off * off, ATTENUATION_MAX_DB)
    return np.asarray(-np.minimum(horizontal + vertical, ATTENUATION_MAX_DB))


@cache
def directivity_dbi(beamwidth_az_deg: float, beamwidth_el_deg: float, *, omnidirectional: bool = False) -> float:
    """Return the directivity of the sector pattern: the greatest gain a lossless antenna with this pattern can have.

    Parameters
    ----------
    beamwidth_az_deg, beamwidth_el_deg : float
        Half-power beam widths [°], > 0 and at most 360 and 180.
    omnidirectional : bool
        True for the pattern without azimuth (NaN azimuth); the azimuth width is then ignored.

    Returns
    -------
    float
        4π divided by the integral of the pattern over the sphere [dBi].

    Raises
    ------
    RangeError
        ``beam_width`` for a width outside its range.

    Notes
    -----
    The beam axis lies on the horizon (no tilt). Midpoint rule over one quadrant, 0.1° × 0.1°.

    Examples
    --------
    >>> round(directivity_dbi(65.0, 10.0), 2)
    17.28
    """
    _check_widths(beamwidth_az_deg, beamwidth_el_deg)
    elevation = np.arange(_STEP_DEG / 2, 90.0, _STEP_DEG)[:, None]
    bearing = np.arange(_STEP_DEG / 2, 180.0, _STEP_DEG)[None, :]
    gain = sector_gain_db(
        bearing, elevation, azimuth_deg=math.nan if omnidirectional else 0.0, tilt_deg=0.0,
        beamwidth_az_deg=beamwidth_az_deg, beamwidth_el_deg=beamwidth_el_deg,
    )  # fmt: skip
    power = np.exp(gain * (math.log(10.0) / 10.0)) * np.cos(np.radians(elevation))
    return float(10.0 * math.log10(math.pi / (float(power.sum()) * math.radians(_STEP_DEG) ** 2)))


def _check_widths(beamwidth_az_deg: float, beamwidth_el_deg: float) -> None:
    if not (0.0 < beamwidth_az_deg <= 360.0 and 0.0 < beamwidth_el_deg <= 180.0):
        raise RangeError("beam_width", beamwidth_az_deg=beamwidth_az_deg, beamwidth_el_deg=beamwidth_el_deg)
