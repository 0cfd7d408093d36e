"""Recommendation ITU-R P.2108-1: clutter loss at a terminal that stands below its surroundings."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from coverage.errors import RangeError
from coverage.radio.p526 import knife_edge_db

Clutter = Literal["water", "open", "suburban", "urban", "trees", "dense_urban"]


def _check(beyond_range: bool, /, **quantities: tuple[NDArray[Any], bool | np.bool_ | NDArray[np.bool_]]) -> None:
    if beyond_range:
        return
    for name, (value, inside) in quantities.items():
        outside = ~np.ravel(np.asarray(inside))
        if outside.any():
            raise RangeError("p2108_range", quantity=name, value=float(np.ravel(value)[outside][0]))


def height_gain_db(
    frequency_ghz: ArrayLike,
    height_m: ArrayLike,
    clutter: Clutter,
    *,
    clutter_height_m: ArrayLike,
    street_width_m: ArrayLike = 27.0,
    beyond_range: bool = False,
) -> NDArray[Any]:
    """Return the height-gain terminal correction (§3.1, eqs 1–2d) [dB]; 0 for a terminal above the clutter.

    Parameters
    ----------
    frequency_ghz : array_like, 0.03–3
    height_m : array_like, > 0
        Antenna above ground.
    clutter : one of `Clutter`
        What stands around the terminal.
    clutter_height_m : array_like, > 0
        Representative clutter height R.
    street_width_m : array_like, > 0
    beyond_range : bool
        Compute outside the stated validity too (for published cases that lie there).

    Raises
    ------
    RangeError
        ``p2108_range`` with the quantity that lies outside.
    """
    f, h, top, width = (np.asarray(v, float) for v in (frequency_ghz, height_m, clutter_height_m, street_width_m))
    _check(
        beyond_range,
        frequency_ghz=(f, (f >= 0.03) & (f <= 3)),
        height_m=(h, h > 0),
        street_width_m=(width, width > 0),
        clutter_height_m=(top, top > 0),
    )
    below = np.maximum(top - h, 0)
    if clutter in ("water", "open"):
        loss = -(21.8 + 6.2 * np.log10(f)) * np.log10(np.minimum(h / top, 1.0))
    else:
        angle_deg = np.degrees(np.arctan(below / width))
        loss = knife_edge_db(0.342 * np.sqrt(f) * np.sqrt(below * angle_deg)) - 6.03
    return np.where(h >= top, 0.0, loss)


def terrestrial_db(
    frequency_ghz: ArrayLike, distance_km: ArrayLike, location_percent: ArrayLike, *, beyond_range: bool = False
) -> NDArray[Any]:
    """Return the statistical clutter loss of a terrestrial path not exceeded for some locations (§3.2, eqs 3–5) [dB].

    Parameters
    ----------
    frequency_ghz : array_like, 0.5–67
    distance_km : array_like, ≥ 0.25
        Length of the path; the loss never passes its value at 2 km.
    location_percent : array_like, 0 < p < 100
    beyond_range : bool
        Compute outside the stated validity too (for published cases that lie there).

    Raises
    ------
    RangeError
        ``p2108_range``.
    """
    f, d, p = (np.asarray(value, dtype=float) for value in (frequency_ghz, distance_km, location_percent))
    _check(
        beyond_range,
        frequency_ghz=(f, (f >= 0.5) & (f <= 67)),
        distance_km=(d, d >= 0.25),
        location_percent=(p, (p > 0) & (p < 100)),
    )
    # Beyond 2 km the loss may not pass its value at 2 km; where the spread shrinks that limit bites before.
    return np.asarray(np.minimum(_terrestrial(f, d, p), _terrestrial(f, np.asarray(2.0), p)))


def _terrestrial(f: NDArray[Any], d: NDArray[Any], p: NDArray[Any]) -> NDArray[Any]:
    one = -2 * np.log10(10 ** (-5 * np.log10(f) - 12.5) + 10**-16.5)
    two = 32.98 + 23.9 * np.log10(d) + 3 * np.log10(f)
    weight_one, weight_two = 10 ** (-0.2 * one), 10 ** (-0.2 * two)
    sigma = np.sqrt((16 * weight_one + 36 * weight_two) / (weight_one + weight_two))
    return np.asarray(-5 * np.log10(weight_one + weight_two) + sigma * ndtri(p / 100))


def slant_db(
    frequency_ghz: ArrayLike, elevation_deg: ArrayLike, location_percent: ArrayLike, *, beyond_range: bool = False
) -> NDArray[Any]:
    """Return the statistical clutter loss of an Earth–space or aeronautical path (§3.3, eq. 7) [dB].

    Parameters
    ----------
    frequency_ghz : array_like, 10–100
    elevation_deg : array_like, 0–90
    location_percent : array_like, 0 < p < 100
    beyond_range : bool
        Compute outside the stated validity too (for published cases that lie there).

    Raises
    ------
    RangeError
        ``p2108_range``.
    """
    f, angle, p = (np.asarray(value, dtype=float) for value in (frequency_ghz, elevation_deg, location_percent))
    _check(
        beyond_range,
        frequency_ghz=(f, (f >= 10) & (f <= 100)),
        elevation_deg=(angle, (angle >= 0) & (angle <= 90)),
        location_percent=(p, (p > 0) & (p < 100)),
    )
    inner = -93 * f**0.175 * np.log(1 - p / 100) / np.tan(0.05 * (1 - angle / 90) + np.pi * angle / 180)
    return np.asarray(inner ** (0.5 * (90 - angle) / 90) - 1 + 0.6 * ndtri(p / 100))
