"""Recommendation ITU-R F.1336-5: reference patterns of omnidirectional and sectoral antennas for sharing studies."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coverage.errors import RangeError

Sidelobes = Literal["peak", "average"]

# Relative minimum gain and first side-lobe levels of recommends 3.1.1 and 3.1.2 [dB].
_LEVEL_DB: dict[Sidelobes, float] = {"peak": 12.0, "average": 15.0}


@dataclass(frozen=True, kw_only=True)
class SidelobeFactors:
    """Parameters of the sectoral patterns, 0 to 1 each.

    Attributes
    ----------
    minimum : float
        k_p or k_a: level of the relative minimum gain.
    azimuth, elevation : float
        k_h, k_v: leaked power in either plane.
    """

    minimum: float = 0.7
    azimuth: float = 0.8
    elevation: float = 0.7


TYPICAL = SidelobeFactors()  # recommends 3.1.1.1 and 3.1.2.1
IMPROVED = SidelobeFactors(azimuth=0.7, elevation=0.3)  # recommends 3.1.1.2 and 3.1.2.2


def omnidirectional_gain_db(
    depression_deg: ArrayLike,
    *,
    gain_dbi: float,
    frequency_ghz: float,
    sidelobes: Sidelobes = "average",
    improved: bool = False,
) -> NDArray[Any]:
    """Return the gain relative to the maximum of an antenna that is omnidirectional in azimuth [dB], ≤ 0.

    Parameters
    ----------
    depression_deg : array_like
        Angle from the direction of maximum gain in the vertical plane [°], −90 to 90.
    gain_dbi : float
        Maximum gain G₀ in the horizontal plane [dBi]; it sets the beam width.
    frequency_ghz : float, 0.4–70
    sidelobes : {"peak", "average"}
        Recommends 2.1 (one interferer) or 2.2 (many).
    improved : bool
        Improved side-lobe performance below 3 GHz (recommends 2.4); above 3 GHz it always holds.

    Raises
    ------
    RangeError
        ``f1336_range`` for a frequency outside 0.4–70 GHz, a beam wider than 180°, an angle beyond ±90°.

    Notes
    -----
    Eqs (1a)–(1d): θ₃ = 107.6 · 10^(−0.1 G₀). The peak pattern is −12 (θ/θ₃)² up to θ₄ = θ₃ √(1 − log(k+1)/1.2), flat up
    to θ₃, then −12 + 10 log((θ/θ₃)^−1.5 + k). The average pattern is −12 (θ/θ₃)² up to θ₃, flat at −15 + 10 log(k+1)
    up to θ₅ = θ₃ √(1.25 − log(k+1)/1.2), then −15 + 10 log((θ/θ₃)^−1.5 + k). k = 0.7, or 0 when improved.

    Examples
    --------
    >>> omnidirectional_gain_db([5.38, 90.0], gain_dbi=10.0, frequency_ghz=3.5).round(2).tolist()
    [-3.0, -28.84]
    """
    _check("frequency_ghz", frequency_ghz, 0.4, 70.0)
    width = 107.6 * 10.0 ** (-0.1 * gain_dbi)
    _check("beamwidth_el_deg", width, 0.0, 180.0)
    x = np.abs(_elevations(depression_deg)) / width
    k = 0.0 if improved or frequency_ghz > 3.0 else 0.7
    flat = 10.0 * math.log10(k + 1.0)
    level = _LEVEL_DB[sidelobes]
    if sidelobes == "peak":
        main, slope = math.sqrt(1.0 - flat / 12.0), 1.0
    else:
        main, slope = 1.0, math.sqrt(1.25 - flat / 12.0)
    outer = 10.0 * np.log10(np.maximum(x, slope) ** -1.5 + k)
    return np.select([x < main, x < slope], [-12.0 * x * x, np.full_like(x, flat - level)], outer - level)


def sectoral_gain_db(
    bearing_deg: ArrayLike,
    depression_deg: ArrayLike,
    *,
    beamwidth_az_deg: float,
    beamwidth_el_deg: float,
    frequency_ghz: float,
    sidelobes: Sidelobes = "average",
    factors: SidelobeFactors = TYPICAL,
) -> NDArray[Any]:
    """Return the gain relative to the maximum of a sectoral antenna [dB], ≤ 0.

    Parameters
    ----------
    bearing_deg : array_like
        Angle from the direction of maximum gain in the horizontal plane [°].
    depression_deg : array_like
        Angle from the direction of maximum gain in the vertical plane [°], −90 to 90.
    beamwidth_az_deg, beamwidth_el_deg : float
        Half-power beam widths φ₃, θ₃ [°], above 0 and at most 360 and 180.
    frequency_ghz : float, 0.4–6
    sidelobes : {"peak", "average"}
        Recommends 3.1.1 (one interferer) or 3.1.2 (many).
    factors : SidelobeFactors
        `TYPICAL`, `IMPROVED`, or of a known antenna.

    Raises
    ------
    RangeError
        ``f1336_range`` for a frequency outside 0.4–6 GHz (recommends 3.2 above it is another pattern), a beam width, a
        factor or an elevation outside its limits.

    Notes
    -----
    Eqs (2a1), (2a2): G = G_hr(x_h) + R G_vr(x_v), x_h = |φ|/φ₃, x_v = |θ|/θ₃,
    R = (G_hr(x_h) − G_hr(180°/φ₃)) / (G_hr(0) − G_hr(180°/φ₃)); eqs (2b1)–(2b3) peak, (2c1)–(2c3) average.

    Examples
    --------
    >>> beam = {"beamwidth_az_deg": 65.0, "beamwidth_el_deg": 8.0, "frequency_ghz": 3.5}
    >>> sectoral_gain_db([32.5, 180.0], 0.0, **beam).round(2).tolist()
    [-3.0, -27.09]
    """
    _check("frequency_ghz", frequency_ghz, 0.4, 6.0)
    _check("beamwidth_az_deg", beamwidth_az_deg, 0.0, 360.0)
    _check("beamwidth_el_deg", beamwidth_el_deg, 0.0, 180.0)
    for name in ("minimum", "azimuth", "elevation"):
        _check(name, getattr(factors, name), 0.0, 1.0, open_below=False)
    turn = np.mod(np.asarray(bearing_deg, dtype=float), 360.0)
    x_h = np.minimum(turn, 360.0 - turn) / beamwidth_az_deg
    theta = np.abs(_elevations(depression_deg))
    ratio = 10.0 * math.log10(1.0 + 8.0 * factors.minimum)
    lowest = -_LEVEL_DB[sidelobes] + ratio - 15.0 * math.log10(180.0 / beamwidth_el_deg)
    horizontal = _horizontal_db(x_h, factors.azimuth, lowest)
    behind = _horizontal_db(np.asarray(180.0 / beamwidth_az_deg), factors.azimuth, lowest)
    vertical = _vertical_db(theta, beamwidth_el_deg, factors, sidelobes, lowest)
    return np.asarray(horizontal + (1.0 - horizontal / behind) * vertical)


def beamwidth_el_deg(gain_dbi: float, beamwidth_az_deg: float) -> float:
    """Return the vertical half-power width of a sectoral antenna from its gain (recommends 3.3) [°].

    Parameters
    ----------
    gain_dbi : float
        Maximum gain [dBi].
    beamwidth_az_deg : float
        Horizontal half-power width [°], above 0 and at most 120.

    Raises
    ------
    RangeError
        ``f1336_range``.

    Examples
    --------
    >>> round(beamwidth_el_deg(17.0, 65.0), 2)
    9.52
    """
    _check("beamwidth_az_deg", beamwidth_az_deg, 0.0, 120.0)
    width = float(31_000.0 * 10.0 ** (-0.1 * gain_dbi) / beamwidth_az_deg)
    _check("beamwidth_el_deg", width, 0.0, 180.0)
    return width


def electrically_tilted_deg(depression_deg: ArrayLike, tilt_deg: float) -> NDArray[np.float64]:
    """Return the vertical angle at which the pattern of an electrically tilted antenna is read (eq. 1e) [°].

    Parameters
    ----------
    depression_deg : array_like
        Angle below the antenna's plane [°], −90 to 90.
    tilt_deg : float
        Electrical downtilt [°], −90 to 90, ends excluded.

    Returns
    -------
    ndarray
        Angle below the direction of maximum gain [°]: the beam moves, zenith and nadir stay where they are.

    Raises
    ------
    RangeError
        ``f1336_range``.

    Examples
    --------
    >>> electrically_tilted_deg([-90.0, 6.0, 90.0], 6.0).tolist()
    [-90.0, 0.0, 90.0]
    """
    if not abs(tilt_deg) < 90.0:
        raise RangeError("f1336_range", quantity="tilt_deg", value=tilt_deg, low=-90.0, high=90.0)
    below = _elevations(depression_deg) - tilt_deg
    return np.asarray(90.0 * below / np.where(below <= 0.0, 90.0 + tilt_deg, 90.0 - tilt_deg))


def _horizontal_db(x: NDArray[Any], k_h: float, lowest: float) -> NDArray[Any]:
    """Return G_hr of eqs (2b2) and (2c2), which are the same but for the relative minimum gain."""
    inner = -12.0 * x * x
    outer = -12.0 * np.maximum(x, 0.5) ** (2.0 - k_h) - 3.0 * (1.0 - 0.5**-k_h)
    return np.asarray(np.maximum(np.where(x <= 0.5, inner, outer), lowest))


def _vertical_db(
    theta: NDArray[Any], width: float, factors: SidelobeFactors, sidelobes: Sidelobes, lowest: float
) -> NDArray[Any]:
    """Return G_vr of eqs (2b3) and (2c3).

    The attenuation incline C follows from the two ends it joins, (x_v = 4) and (x_v = 90°/θ₃, G₁₈₀); it is the
    published C = 10 log((180°/θ₃)^1.5 (4^−1.5 + k_v) / (1 + 8 k)) / log(22.5°/θ₃). A beam of 22.5° or more reaches 90°
    before x_v = 4 and has no such part.
    """
    k_v, level = factors.elevation, _LEVEL_DB[sidelobes]
    x = theta / width
    main = math.sqrt(1.0 - 0.36 * k_v if sidelobes == "peak" else 1.33 - 0.33 * k_v)
    inner = 10.0 * np.log10(np.maximum(x, main) ** -1.5 + k_v) - level
    regions = [theta >= 90.0, x < main, x < 4.0]
    values = [np.full_like(x, lowest), -12.0 * x * x, inner]
    if width >= 22.5:
        return np.select(regions, values, lowest)
    knee = 10.0 * math.log10(4.0**-1.5 + k_v) - level
    incline = (knee - lowest) / math.log10(22.5 / width)
    return np.select(regions, values, knee - incline * np.log10(np.maximum(x, 4.0) / 4.0))


def _elevations(depression_deg: ArrayLike) -> NDArray[np.float64]:
    angles = np.asarray(depression_deg, dtype=float)
    outside = ~(np.abs(angles) <= 90.0 + 1e-9)  # NaN is outside too; a rotation may end a rounding beyond the pole
    if outside.any():
        value = float(angles[outside].flat[0])
        raise RangeError("f1336_range", quantity="depression_deg", value=value, low=-90.0, high=90.0)
    return np.asarray(np.clip(angles, -90.0, 90.0))


def _check(quantity: str, value: float, low: float, high: float, *, open_below: bool = True) -> None:
    above = value > low if open_below and low == 0.0 else value >= low
    if not (above and value <= high):
        raise RangeError("f1336_range", quantity=quantity, value=value, low=low, high=high)
