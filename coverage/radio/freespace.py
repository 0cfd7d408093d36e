"""Free space: Recommendation ITU-R P.525-4."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coverage.errors import RangeError
from coverage.units import SPEED_OF_LIGHT_M_S


def free_space_loss_db(distance_m: ArrayLike, frequency_mhz: float) -> NDArray[Any]:
    """Return the free-space basic transmission loss [dB].

    Parameters
    ----------
    distance_m : array_like
        Distance between the antennas [m], > 0.
    frequency_mhz : float
        Frequency [MHz], > 0.

    Raises
    ------
    RangeError
        ``free_space_range`` for a distance or frequency that is not positive.

    Notes
    -----
    Recommendation ITU-R P.525-4 (2019), equation (4): L_bf = 20·log10(4πd/λ).

    Examples
    --------
    >>> round(float(free_space_loss_db(1000.0, 1000.0)), 2)
    92.45
    """
    distance = np.asarray(distance_m)
    if not frequency_mhz > 0.0 or (distance.size and not distance.min() > 0.0):
        raise RangeError("free_space_range")
    per_metre = 4.0 * math.pi * frequency_mhz * 1e6 / SPEED_OF_LIGHT_M_S
    return np.asarray(20.0 * np.log10(distance) + 20.0 * math.log10(per_metre))
