"""Tilt of an antenna: mechanical as an exact rotation of directions, electrical as a shift inside the pattern."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coverage.errors import RangeError

# Gain [dB] of an antenna in its own frame: (off-axis bearing [°], depression [°]) → gain.
Pattern = Callable[[NDArray[Any], NDArray[Any]], NDArray[Any]]

TILT_MAX_DEG = 90.0


def antenna_frame(
    bearing_deg: ArrayLike, depression_deg: ArrayLike, *, azimuth_deg: float, mechanical_tilt_deg: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return directions as an antenna that was turned and then bent down sees them.

    Parameters
    ----------
    bearing_deg : array_like
        Direction clockwise from north [°], finite.
    depression_deg : array_like
        Angle below the horizon [°], −90 to 90; broadcasts with the bearing.
    azimuth_deg : float
        Axis of the antenna clockwise from north [°]; NaN (omnidirectional) counts as north.
    mechanical_tilt_deg : float
        Downtilt of the housing about its horizontal cross axis [°], −90 to 90, positive down.

    Returns
    -------
    tuple of ndarray
        Bearing off the antenna's axis, clockwise, −180 to 180 [°], and angle below its plane, −90 to 90 [°].

    Raises
    ------
    RangeError
        ``tilt_range`` for a tilt outside ±90°, ``tilt_without_azimuth`` for an omnidirectional antenna that is bent:
        nothing says to which side.

    Notes
    -----
    With x along the axis, y to its right and z up, the rotation is about y: x′ = x cos β − z sin β,
    z′ = x sin β + z cos β. The same as F.1336-5 eqs (3b), (3c), without their loss of the sign of the bearing.

    Examples
    --------
    >>> off, below = antenna_frame([0.0, 90.0, 180.0], 0.0, azimuth_deg=0.0, mechanical_tilt_deg=6.0)
    >>> (below.round(9) + 0.0).tolist()
    [-6.0, 0.0, 6.0]
    """
    _check_tilt(mechanical_tilt_deg)
    if math.isnan(azimuth_deg):
        if mechanical_tilt_deg != 0.0:
            raise RangeError("tilt_without_azimuth", tilt_deg=mechanical_tilt_deg)
        azimuth_deg = 0.0
    off = np.radians(np.asarray(bearing_deg, dtype=float) - azimuth_deg)
    down = np.radians(np.asarray(depression_deg, dtype=float))
    tilt = math.radians(mechanical_tilt_deg)
    ahead, right, up = np.cos(down) * np.cos(off), np.cos(down) * np.sin(off), -np.sin(down)
    along = ahead * math.cos(tilt) - up * math.sin(tilt)
    above = ahead * math.sin(tilt) + up * math.cos(tilt)
    # The arc tangent of both legs stays exact near the poles, where an arc sine loses half its digits.
    return np.degrees(np.arctan2(right, along)), np.degrees(np.arctan2(-above, np.hypot(along, right)))


def tilted_gain_db(
    pattern: Pattern,
    bearing_deg: ArrayLike,
    depression_deg: ArrayLike,
    *,
    azimuth_deg: float,
    mechanical_tilt_deg: float = 0.0,
    electrical_tilt_deg: float = 0.0,
) -> NDArray[Any]:
    """Return the gain of a pattern that is turned, bent down mechanically and steered down electrically.

    Parameters
    ----------
    pattern : callable
        Gain for (off-axis bearing, depression) [°] in the antenna's own frame, its axis at (0, 0).
    bearing_deg, depression_deg : array_like
        Directions [°] as in `antenna_frame`.
    azimuth_deg : float
        Axis clockwise from north [°]; NaN for omnidirectional.
    mechanical_tilt_deg : float
        Tilt of the housing [°]: full ahead, none at the sides, upwards behind.
    electrical_tilt_deg : float
        Tilt inside the pattern [°]: the same at every bearing of the antenna's frame, −90 to 90.

    Raises
    ------
    RangeError
        ``tilt_range``, ``tilt_without_azimuth``.

    Notes
    -----
    Electrical tilt is the shift θ − θ_tilt of TR 38.901 V17.0.0 table 7.3-1; F.1336-5 (1e) compresses instead, see
    `coverage.radio.f1336.electrically_tilted_deg`, and an array steers its beam, see `coverage.radio.arrays`.
    """
    _check_tilt(electrical_tilt_deg)
    off, below = antenna_frame(
        bearing_deg, depression_deg, azimuth_deg=azimuth_deg, mechanical_tilt_deg=mechanical_tilt_deg
    )
    return pattern(off, below - electrical_tilt_deg)


def _check_tilt(tilt_deg: float) -> None:
    if not abs(tilt_deg) <= TILT_MAX_DEG:  # NaN fails too
        raise RangeError("tilt_range", tilt_deg=tilt_deg, limit=TILT_MAX_DEG)
