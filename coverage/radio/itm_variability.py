"""Irregular Terrain Model, part 3: how attenuation varies in time, from place to place and between situations.

Hufford, "The ITS Irregular Terrain Model, version 1.2.2: the algorithm" (2002), §5, after NTIA Report 82-100.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from coverage.radio.itm_reference import Medium
from coverage.radio.itm_terrain import Path, roughness_m
from coverage.radio.profiles import Array

SINGLE_MESSAGE, ACCIDENTAL, MOBILE, BROADCAST = 0, 1, 2, 3
NO_LOCATION, NO_SITUATION = 10, 20  # added to a mode: that kind of variability is left out

Curve = tuple[float, float, float, float, float]  # c1, c2 [dB], x1, x2, x3 [m]


@dataclass(frozen=True, kw_only=True)
class Climate:
    """One column of table 5.1: curves of the median, of weak and of strong signals, and their frequency factors."""

    median: Curve
    strong: Curve
    weak: Curve
    strong_factor: tuple[float, float, float]
    weak_factor: tuple[float, float, float]
    tail: float  # CD: deviation of the far tail against the ordinary one
    tail_from: float  # zD: where the far tail begins [standard deviations]


FLAT = (1.0, 0.0, 0.0)
CLIMATES = {  # equatorial, continental and maritime subtropical, desert, continental, maritime over land and over sea
    1: Climate(
        median=(-9.67, 12.7, 144.9e3, 190.3e3, 133.8e3),
        strong=(2.13, 159.5, 762.2e3, 123.6e3, 94.5e3),
        weak=(2.11, 102.3, 636.9e3, 134.8e3, 95.6e3),
        strong_factor=FLAT,
        weak_factor=FLAT,
        tail=1.224,
        tail_from=1.282,
    ),
    2: Climate(
        median=(-0.62, 9.19, 228.9e3, 205.2e3, 143.6e3),
        strong=(2.66, 7.67, 100.4e3, 172.5e3, 136.4e3),
        weak=(6.87, 15.53, 138.7e3, 143.7e3, 98.6e3),
        strong_factor=FLAT,
        weak_factor=(0.93, 0.31, 2.00),
        tail=0.801,
        tail_from=2.161,
    ),
    3: Climate(
        median=(1.26, 15.5, 262.6e3, 185.2e3, 99.8e3),
        strong=(6.11, 6.65, 138.2e3, 242.2e3, 178.6e3),
        weak=(10.08, 9.60, 165.3e3, 225.7e3, 129.7e3),
        strong_factor=FLAT,
        weak_factor=FLAT,
        tail=1.380,
        tail_from=1.282,
    ),
    4: Climate(
        median=(-9.21, 9.05, 84.1e3, 101.1e3, 98.6e3),
        strong=(1.98, 13.11, 139.1e3, 132.7e3, 193.5e3),
        weak=(3.68, 159.3, 464.4e3, 93.1e3, 94.2e3),
        strong_factor=FLAT,
        weak_factor=(0.93, 0.19, 1.79),
        tail=1.000,
        tail_from=20.0,
    ),
    5: Climate(
        median=(-0.62, 9.19, 228.9e3, 205.2e3, 143.6e3),
        strong=(2.68, 7.16, 93.7e3, 186.8e3, 133.5e3),
        weak=(4.75, 8.12, 93.2e3, 135.9e3, 113.4e3),
        strong_factor=(0.92, 0.25, 1.77),
        weak_factor=(0.93, 0.31, 2.00),
        tail=1.224,
        tail_from=1.282,
    ),
    6: Climate(
        median=(-0.39, 2.86, 141.7e3, 315.9e3, 167.4e3),
        strong=(6.86, 10.38, 187.8e3, 169.6e3, 108.9e3),
        weak=(8.58, 13.97, 216.0e3, 152.0e3, 122.7e3),
        strong_factor=FLAT,
        weak_factor=FLAT,
        tail=1.518,
        tail_from=1.282,
    ),
    7: Climate(
        median=(3.15, 857.9, 2222.0e3, 164.8e3, 116.3e3),
        strong=(8.51, 169.8, 609.8e3, 119.9e3, 106.6e3),
        weak=(8.43, 8.19, 136.2e3, 188.5e3, 122.9e3),
        strong_factor=FLAT,
        weak_factor=FLAT,
        tail=1.518,
        tail_from=1.282,
    ),
}


@dataclass(frozen=True, kw_only=True)
class Deviates:
    """Standard normal deviates that are exceeded with the wanted shares; high where the loss shall be low."""

    time: Array
    location: Array
    situation: Array


def deviate(percent: ArrayLike) -> Array:
    """Return the value a standard normal variable exceeds with a probability (Abramowitz & Stegun 26.2.23).

    >>> abs(float(deviate(50.0))) < 1e-6, round(float(deviate(10.0)), 3)
    (True, 1.282)
    """
    share = np.asarray(percent, dtype=float) / 100
    t = np.sqrt(-2 * np.log(np.minimum(share, 1 - share)))
    value = t - ((0.010328 * t + 0.802853) * t + 2.515516) / (((0.001308 * t + 0.189269) * t + 1.432788) * t + 1)
    return np.asarray(np.where(share > 0.5, -value, value))


def deviates(mode: int, time: ArrayLike, location: ArrayLike, situation: ArrayLike) -> Deviates:
    """Return the deviates of the percentages, those a mode does not distinguish replaced (§5).

    Parameters
    ----------
    mode : int
        0 single message: everything is situation; 1 accidental: location is situation; 2 mobile: location is time;
        3 broadcast: all three are distinct. Tens are ignored here.
    time, location, situation : array_like, 0 < % < 100
    """
    kind, z_situation = mode % 10, deviate(situation)
    z_time = z_situation if kind == SINGLE_MESSAGE else deviate(time)
    z_location = deviate(location) if kind == BROADCAST else z_time if kind == MOBILE else z_situation
    return Deviates(time=z_time, location=z_location, situation=z_situation)


def varied_db(attenuation_db: Array, path: Path, medium: Medium, z: Deviates, *, climate: int, mode: int) -> Array:
    """Return the attenuation against free space not exceeded for the wanted time, locations and situations [dB].

    Parameters
    ----------
    attenuation_db : ndarray of shape (paths,)
        Reference attenuation.
    path : Path
    medium : Medium
    z : Deviates
    climate : int, 1–7
    mode : int
        0–3, plus 10 without location, plus 20 without situation variability.
    """
    table, kind = CLIMATES[climate], mode % 10
    distance = _effective_distance_m(path, medium)
    location = 0.0 if mode % 20 >= NO_LOCATION else _location_db(path, medium)
    situation = 0.0 if mode >= NO_SITUATION else 5 + 3 * np.exp(-distance / 100e3)
    time = _time_db(table, distance, medium, z.time)
    by_time, by_location = time * z.time, location * z.location
    rest = situation**2 + by_time**2 / (7.8 + z.situation**2) + by_location**2 / (24 + z.situation**2)
    if kind == SINGLE_MESSAGE:
        moved = np.sqrt(time**2 + location**2 + rest) * z.situation
    elif kind == ACCIDENTAL:
        moved = by_time + np.sqrt(location**2 + rest) * z.situation
    elif kind == MOBILE:
        moved = np.sqrt(time**2 + location**2) * z.time + np.sqrt(rest) * z.situation
    else:
        moved = by_time + by_location + np.sqrt(rest) * z.situation
    result = attenuation_db - _curve_db(table.median, distance) - moved
    # A signal above free space is held down.
    return np.asarray(np.where(result < 0, result * (29 - result) / (29 - 10 * result), result))


def _curve_db(curve: Curve, distance_m: Array) -> Array:
    """Return one of the curves of Tech Note 101 (III.69, III.70)."""
    c1, c2, x1, x2, x3 = curve
    part = (distance_m / x1) ** 2
    return np.asarray((c1 + c2 / (1 + ((distance_m - x2) / x3) ** 2)) * part / (1 + part))


def _effective_distance_m(path: Path, medium: Medium) -> Array:
    """Return the distance that is the same for all antenna heights and frequencies (eq. 5.3)."""
    limit = np.sqrt(2 * 9000e3 * path.effective_m).sum(axis=0) + np.cbrt(575.7e12 / medium.wave_number)
    d = path.length_m
    return np.asarray(np.where(d < limit, 130e3 * d / limit, 130e3 + d - limit))


def _location_db(path: Path, medium: Medium) -> Array:
    """Return the standard deviation between locations (eq. 5.9)."""
    rough = medium.wave_number * roughness_m(path.irregularity_m, path.length_m)
    return np.asarray(10 * rough / (rough + 13))


def _time_db(table: Climate, distance_m: Array, medium: Medium, z: Array) -> Array:
    """Return the deviation in time on the side of the median asked for (§5)."""
    q = np.log(0.133 * medium.wave_number)

    def factor(one: float, two: float, three: float) -> Array:
        return np.asarray(one + two / ((three * q) ** 2 + 1))

    below = _curve_db(table.strong, distance_m) * factor(*table.strong_factor)
    above = _curve_db(table.weak, distance_m) * factor(*table.weak_factor)
    far = table.tail * above
    with np.errstate(divide="ignore", invalid="ignore"):
        tail = far + (above - far) * table.tail_from / z
    return np.where(z < 0, below, np.where(z <= table.tail_from, above, tail))
