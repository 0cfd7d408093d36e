"""Path loss, line-of-sight probability and shadowing of 3GPP TR 38.901 (V17.0.0, V18.0.0) for UMa, UMi and RMa.

Ground is flat: only the horizontal distance and the two antenna heights above ground enter. Distances are arrays (any
shape, float32 or float64, which is kept), everything else is a scalar of the mast.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coverage.errors import RangeError
from coverage.types import Environment
from coverage.units import SPEED_OF_LIGHT_38901_M_S

MIN_DISTANCE_M = 10.0  # table 7.4.1-1 starts here; nearer receivers get the loss at this distance
MAX_DISTANCE_M = 5_000.0  # UMa, UMi and RMa NLOS end here (RMa LOS would reach 10 km)
ENVIRONMENTS: tuple[Environment, ...] = ("UMa", "UMi", "RMa")

BUILDING_HEIGHT_M = 5.0  # h of RMa: default value of table 7.4.1-1
STREET_WIDTH_M = 20.0  # W of RMa: default value of table 7.4.1-1
EFFECTIVE_ENVIRONMENT_M = 1.0  # h_E of UMi, and of UMa for receivers below 13 m (note 1)

# Standard deviation of shadow fading in sight before and after the break point, and out of sight [dB], table 7.4.1-1.
SIGMA_DB: dict[Environment, tuple[float, float, float]] = {
    "UMa": (4.0, 4.0, 6.0),
    "UMi": (4.0, 4.0, 7.82),
    "RMa": (4.0, 6.0, 8.0),
}


class HeightRange(NamedTuple):
    """Antenna heights above ground [m] a model is used at.

    Attributes
    ----------
    tabulated_m : float
        The height of table 7.4.1-1 (for RMa the default; its whole range is tabulated).
    low_m, high_m : float
        Accepted range. UMa and UMi are tabulated at one height only; 10–50 m is this product's decision, and a height
        off the table is flagged.
    """

    tabulated_m: float
    low_m: float
    high_m: float


HEIGHTS: dict[Environment, HeightRange] = {
    "UMa": HeightRange(25.0, 10.0, 50.0),
    "UMi": HeightRange(10.0, 10.0, 50.0),
    "RMa": HeightRange(35.0, 10.0, 150.0),
}
# UMa stops below 13 m because the environment height h_E is random from there on (note 1 of table 7.4.1-1).
RECEIVER_HEIGHTS_M: dict[Environment, tuple[float, float]] = {
    "UMa": (1.5, 12.999),
    "UMi": (1.5, 22.5),
    "RMa": (1.0, 10.0),
}
FREQUENCIES_MHZ: dict[Environment, tuple[float, float]] = {
    "UMa": (500.0, 100_000.0),
    "UMi": (500.0, 100_000.0),
    "RMa": (500.0, 30_000.0),
}


class PathLoss(NamedTuple):
    """Median path loss in both states, arrays of the shape of the distances [dB]."""

    los_db: NDArray[Any]
    nlos_db: NDArray[Any]


class Shadowing(NamedTuple):
    """Standard deviation of shadow fading in both states [dB]; an array where it depends on distance."""

    los_db: NDArray[Any] | float
    nlos_db: float


@dataclass(frozen=True, kw_only=True)
class _Urban:
    """Coefficients of one urban row of table 7.4.1-1; f in GHz, d in m, all logarithms to base 10."""

    los_constant: float
    los_slope: float
    break_point: float
    nlos_constant: float
    nlos_slope: float
    nlos_frequency: float
    nlos_receiver: float


_URBAN = {
    "UMa": _Urban(
        los_constant=28.0, los_slope=22.0, break_point=9.0,
        nlos_constant=13.54, nlos_slope=39.08, nlos_frequency=20.0, nlos_receiver=0.6,
    ),
    "UMi": _Urban(
        los_constant=32.4, los_slope=21.0, break_point=9.5,
        nlos_constant=22.4, nlos_slope=35.3, nlos_frequency=21.3, nlos_receiver=0.3,
    ),
}  # fmt: skip


def path_loss(
    environment: Environment,
    distance_m: ArrayLike,
    *,
    frequency_mhz: float,
    height_m: float,
    receiver_height_m: float = 1.5,
) -> PathLoss:
    """Return the median path loss with and without line of sight.

    Parameters
    ----------
    environment : {"UMa", "UMi", "RMa"}
        UMi is the street canyon.
    distance_m : array_like
        Horizontal distance d_2D [m], 0–5,000; below 10 m the loss at 10 m is returned.
    frequency_mhz : float
        Carrier frequency [MHz], 500–100,000 (RMa: –30,000).
    height_m : float
        Base station antenna above ground [m], 10–50 (RMa: –150).
    receiver_height_m : float
        Receiver above ground [m]: UMa 1.5–13 (13 excluded), UMi 1.5–22.5, RMa 1–10.

    Returns
    -------
    PathLoss
        ``los_db`` and ``nlos_db``, NLOS never below LOS.

    Raises
    ------
    RangeError
        Outside these ranges: ``model_environment``, ``model_frequency``, ``model_height``, ``model_receiver_height``,
        ``model_distance``.

    Notes
    -----
    TR 38.901 V17.0.0, table 7.4.1-1, with h = 5 m and W = 20 m in RMa and c = 3·10⁸ m/s in break-point distances.

    Examples
    --------
    >>> loss = path_loss("UMa", 500.0, frequency_mhz=3700.0, height_m=25.0)
    >>> round(float(loss.los_db), 3), round(float(loss.nlos_db), 3)
    (98.752, 130.399)
    """
    _check_mast(environment, frequency_mhz, height_m, receiver_height_m)
    horizontal = _horizontal(distance_m)
    distance = np.sqrt(horizontal * horizontal + (height_m - receiver_height_m) ** 2)
    log_distance = np.log10(distance)
    if environment == "RMa":
        los = _rural_los(horizontal, distance, log_distance, frequency_mhz, _rural_break_m(
            frequency_mhz, height_m, receiver_height_m
        ))  # fmt: skip
        nlos = _rural_nlos(log_distance, frequency_mhz, height_m, receiver_height_m)
    else:
        row = _URBAN[environment]
        frequency = math.log10(frequency_mhz / 1e3)
        break_m = _urban_break_m(frequency_mhz, height_m, receiver_height_m)
        beyond = row.break_point * math.log10(break_m**2 + (height_m - receiver_height_m) ** 2)
        los = row.los_constant + 20 * frequency + np.where(
            horizontal <= break_m, row.los_slope * log_distance, 40.0 * log_distance - beyond
        )  # fmt: skip
        constant = row.nlos_constant + row.nlos_frequency * frequency - row.nlos_receiver * (receiver_height_m - 1.5)
        nlos = constant + row.nlos_slope * log_distance
    return PathLoss(np.asarray(los), np.asarray(np.maximum(los, nlos)))


def los_probability(environment: Environment, distance_m: ArrayLike, *, receiver_height_m: float = 1.5) -> NDArray[Any]:
    """Return the probability of line of sight of an outdoor receiver, 0–1.

    Parameters
    ----------
    environment : {"UMa", "UMi", "RMa"}
    distance_m : array_like
        Horizontal distance d_2D-out [m], ≥ 0.
    receiver_height_m : float
        Receiver above ground [m], below 13 in UMa, where C'(h_UT) is then zero.

    Raises
    ------
    RangeError
        ``model_environment``, ``model_receiver_height``, ``model_distance``.

    Notes
    -----
    TR 38.901 V17.0.0, table 7.4.2-1.

    Examples
    --------
    >>> round(float(los_probability("UMa", 500.0)), 4)
    0.0363
    """
    _check_environment(environment)
    _check_receiver(environment, receiver_height_m)
    distance = _horizontal(distance_m)
    if environment == "RMa":
        return np.asarray(np.exp(-(distance - 10.0) / 1e3))
    decay_m = {"UMa": 63.0, "UMi": 36.0}[environment]
    near = 18.0 / np.maximum(distance, 18.0)
    return np.asarray(near + np.exp(-distance / decay_m) * (1.0 - near))


def shadowing(
    environment: Environment,
    distance_m: ArrayLike,
    *,
    frequency_mhz: float,
    height_m: float,
    receiver_height_m: float = 1.5,
) -> Shadowing:
    """Return the standard deviation of shadow fading with and without line of sight [dB].

    Parameters
    ----------
    environment, distance_m, frequency_mhz, height_m, receiver_height_m
        As in `path_loss`.

    Returns
    -------
    Shadowing
        UMa 4 and 6 dB, UMi 4 and 7.82 dB, RMa 4 dB up to the break point, 6 dB beyond, and 8 dB.

    Raises
    ------
    RangeError
        As `path_loss`.

    Notes
    -----
    TR 38.901 V17.0.0, table 7.4.1-1, column "shadow fading std".
    """
    _check_mast(environment, frequency_mhz, height_m, receiver_height_m)
    near, far, out_of_sight = SIGMA_DB[environment]
    if near == far:
        return Shadowing(near, out_of_sight)
    horizontal = _horizontal(distance_m)
    break_m = _rural_break_m(frequency_mhz, height_m, receiver_height_m)
    return Shadowing(np.where(horizontal <= break_m, near, far).astype(horizontal.dtype), out_of_sight)


def _horizontal(distance_m: ArrayLike) -> NDArray[Any]:
    distance = np.asarray(distance_m)
    if distance.dtype not in (np.float32, np.float64):
        distance = distance.astype(np.float64)
    if distance.size and not (distance.min() >= 0.0 and distance.max() <= MAX_DISTANCE_M):
        raise RangeError("model_distance", low=0.0, high=MAX_DISTANCE_M)
    return np.asarray(np.maximum(distance, MIN_DISTANCE_M))


def _urban_break_m(frequency_mhz: float, height_m: float, receiver_height_m: float) -> float:
    above = (height_m - EFFECTIVE_ENVIRONMENT_M) * (receiver_height_m - EFFECTIVE_ENVIRONMENT_M)
    return 4.0 * above * frequency_mhz * 1e6 / SPEED_OF_LIGHT_38901_M_S


def _rural_break_m(frequency_mhz: float, height_m: float, receiver_height_m: float) -> float:
    return 2.0 * math.pi * height_m * receiver_height_m * frequency_mhz * 1e6 / SPEED_OF_LIGHT_38901_M_S


def _rural_los(
    horizontal: NDArray[Any], distance: NDArray[Any], log_distance: NDArray[Any], frequency_mhz: float, break_m: float
) -> NDArray[Any]:
    slope = 20.0 + min(0.03 * BUILDING_HEIGHT_M**1.72, 10.0)
    constant = 20.0 * math.log10(40.0 * math.pi * frequency_mhz / 1e3 / 3.0) - min(
        0.044 * BUILDING_HEIGHT_M**1.72, 14.77
    )
    linear = 0.002 * math.log10(BUILDING_HEIGHT_M)
    at_break = constant + slope * math.log10(break_m) + linear * break_m
    before = constant + slope * log_distance + linear * distance
    beyond = at_break + 40.0 * (log_distance - math.log10(break_m))
    return np.asarray(np.where(horizontal <= break_m, before, beyond))


def _rural_nlos(
    log_distance: NDArray[Any], frequency_mhz: float, height_m: float, receiver_height_m: float
) -> NDArray[Any]:
    log_height = math.log10(height_m)
    constant = (
        161.04
        - 7.1 * math.log10(STREET_WIDTH_M)
        + 7.5 * math.log10(BUILDING_HEIGHT_M)
        - (24.37 - 3.7 * (BUILDING_HEIGHT_M / height_m) ** 2) * log_height
        + 20.0 * math.log10(frequency_mhz / 1e3)
        - (3.2 * math.log10(11.75 * receiver_height_m) ** 2 - 4.97)
    )
    return np.asarray(constant + (43.42 - 3.1 * log_height) * (log_distance - 3.0))


def _check_environment(environment: str) -> None:
    if environment not in HEIGHTS:
        raise RangeError("model_environment", environment=environment, known=", ".join(ENVIRONMENTS))


def _check_receiver(environment: Environment, receiver_height_m: float) -> None:
    low, high = RECEIVER_HEIGHTS_M[environment]
    if not low <= receiver_height_m <= high:
        raise RangeError(
            "model_receiver_height", environment=environment, height_m=receiver_height_m, low=low, high=high
        )


def _check_mast(environment: Environment, frequency_mhz: float, height_m: float, receiver_height_m: float) -> None:
    _check_environment(environment)
    low, high = FREQUENCIES_MHZ[environment]
    if not low <= frequency_mhz <= high:
        raise RangeError("model_frequency", environment=environment, frequency_mhz=frequency_mhz, low=low, high=high)
    heights = HEIGHTS[environment]
    if not heights.low_m <= height_m <= heights.high_m:
        raise RangeError(
            "model_height", environment=environment, height_m=height_m, low=heights.low_m, high=heights.high_m
        )
    _check_receiver(environment, receiver_height_m)
