"""Path loss, line-of-sight probability and shadowing of 3GPP TR 38.901 (V17.0.0, V18.0.0) for InH-Office.

Both ends are inside the same office floor; a base station outside is `coverage.radio.indoor`'s matter.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coverage.errors import RangeError
from coverage.radio.ranges import require
from coverage.radio.tr38901 import PathLoss, Shadowing

Office = Literal["mixed", "open"]

MIN_DISTANCE_M = 1.0  # d_3D where table 7.4.1-1 starts; nearer receivers get the loss at this distance
MAX_DISTANCE_M = 150.0  # d_3D where it ends, in both states
BASE_HEIGHT_M = 3.0  # ceiling, table 7.2-2
RECEIVER_HEIGHT_M = 1.0  # table 7.2-2
SHADOWING = Shadowing(3.0, 8.03)  # table 7.4.1-1, column "shadow fading std"

# Table 7.4.2-1: full sight up to the first distance [m], exponential decay [m] up to the second, then a share of
# another decay.
_SIGHT: dict[Office, tuple[float, float, float, float, float]] = {
    "mixed": (1.2, 4.7, 6.5, 32.6, 0.32),
    "open": (5.0, 70.8, 49.0, 211.7, 0.54),
}


def path_loss(
    distance_m: ArrayLike,
    *,
    frequency_mhz: float,
    height_m: float = BASE_HEIGHT_M,
    receiver_height_m: float = RECEIVER_HEIGHT_M,
) -> PathLoss:
    """Return the median path loss inside an office with and without line of sight.

    Parameters
    ----------
    distance_m : array_like
        Horizontal distance d_2D [m], ≥ 0, with d_3D ≤ 150; below d_3D = 1 m the loss at 1 m is returned.
    frequency_mhz : float
        Carrier frequency [MHz], 500–100,000.
    height_m, receiver_height_m : float
        Antennas above the floor they share [m], 0–30; the table evaluates 3 and 1.

    Returns
    -------
    PathLoss
        ``los_db`` and ``nlos_db``, NLOS never below LOS; standard deviations are `SHADOWING`.

    Raises
    ------
    RangeError
        ``kernel_range`` outside these limits.

    Notes
    -----
    TR 38.901 V17.0.0, table 7.4.1-1, InH-Office (not the optional NLOS form): LOS 32.4 + 17.3·log10 d_3D +
    20·log10 f, NLOS the greater of it and 17.3 + 38.3·log10 d_3D + 24.9·log10 f; f in GHz.

    Examples
    --------
    >>> loss = path_loss(20.0, frequency_mhz=3750.0)
    >>> round(float(loss.los_db), 3), round(float(loss.nlos_db), 3)
    (66.426, 81.506)
    """
    require("frequency_mhz", frequency_mhz, 500.0, 100_000.0)
    require("height_m", height_m, 0.0, 30.0)
    require("receiver_height_m", receiver_height_m, 0.0, 30.0)
    horizontal = _floating(distance_m)
    distance = np.sqrt(horizontal * horizontal + (height_m - receiver_height_m) ** 2)
    require("distance_3d_m", distance, 0.0, MAX_DISTANCE_M)
    log_distance = np.log10(np.maximum(distance, MIN_DISTANCE_M))
    log_frequency = math.log10(frequency_mhz / 1e3)
    los = (32.4 + 20.0 * log_frequency) + 17.3 * log_distance
    nlos = (17.3 + 24.9 * log_frequency) + 38.3 * log_distance
    return PathLoss(np.asarray(los), np.asarray(np.maximum(los, nlos)))


def los_probability(distance_m: ArrayLike, office: Office) -> NDArray[Any]:
    """Return the probability of line of sight inside an office, 0–1.

    Parameters
    ----------
    distance_m : array_like
        Horizontal distance d_2D-in [m], 0–150.
    office : {"mixed", "open"}
        Mixed (corridors, closed rooms) or open office.

    Raises
    ------
    RangeError
        ``office_unknown``; ``kernel_range`` for the distance.

    Notes
    -----
    TR 38.901 V17.0.0, table 7.4.2-1. The published pieces do not quite meet: at 6.5 m the mixed office falls from
    0.324 to 0.320, at 49 m the open office *rises* from 0.537 to 0.540.

    Examples
    --------
    >>> los_probability([1.0, 10.0, 60.0], "open").round(4).tolist()
    [1.0, 0.9318, 0.5127]
    """
    if office not in _SIGHT:
        raise RangeError("office_unknown", office=office, known=", ".join(_SIGHT))
    distance = _floating(distance_m)
    full, near_decay, bend, far_decay, share = _SIGHT[office]
    near = np.exp(-np.maximum(distance - full, 0.0) / near_decay)
    # Mixed: up to and without 6.5 m; open: up to and with 49 m.
    inside = distance < bend if office == "mixed" else distance <= bend
    return np.asarray(np.where(inside, near, share * np.exp(-(distance - bend) / far_decay)))


def _floating(distance_m: ArrayLike) -> NDArray[Any]:
    distance = np.asarray(distance_m)
    if distance.dtype not in (np.float32, np.float64):
        distance = distance.astype(np.float64)
    require("distance_m", distance, 0.0, MAX_DISTANCE_M)
    return distance
