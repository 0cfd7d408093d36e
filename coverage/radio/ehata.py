"""NTIA extended Hata: median path loss over terrain, from Hata's formulas and Okumura's corrections, to 3 GHz.

NTIA Technical Report TR-15-517, appendix A (2015), after Okumura et al. (1968) and Hata (1980). Two variants are
published with values: NTIA's own of 2015 and the one the Wireless Innovation Forum tests with, which weights effective
heights between 3 and 15 km as Okumura does and leaves out the fine correction on flat ground.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coverage.errors import RangeError
from coverage.radio.profiles import Array, fitted_line, horizons

Environment = Literal["urban", "suburban", "rural"]
Variant = Literal["winnforum", "ntia"]

BASE_EFFECTIVE_M = (30.0, 200.0)  # Hata's limits; effective heights are brought within them
MOBILE_EFFECTIVE_M = (1.0, 10.0)
WAVE_SPEED_M_S = (8.854e-12 * 4e-7 * np.pi) ** -0.5  # as the model takes it
SURFACE_REFRACTIVITY = 301.0
EARTH_CURVATURE_1_M = 157e-9
NEAR_SEA_SHARES = (  # Okumura fig. 35: share of sea → correction [dB] with sea at the base and at the mobile, ≤ 30 km
    (0.0, 0.15, 0.35, 0.45, 0.6, 0.65, 0.725, 0.775, 0.85, 1.0),
    (0.0, 1.0, 3.0, 4.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0),
    (0.0, 4.0, 5.5, 7.0, 8.5, 9.0, 9.5, 9.8, 10.25, 11.0),
)
FAR_SEA_SHARES = (  # the same, ≥ 60 km
    (0.0, 0.15, 0.3, 0.4, 0.5, 0.6, 0.725, 0.85, 0.9, 1.0),
    (0.0, 2.0, 4.0, 5.5, 7.0, 9.0, 11.0, 13.0, 14.0, 15.0),
    (0.0, 4.25, 6.25, 9.2, 10.5, 11.75, 13.0, 14.0, 14.25, 15.0),
)
RIDGE_BASE_KM = np.array([15.0, 30.0, 60.0])
RIDGE_DB = np.array([  # Okumura fig. 31: rows by distance base–ridge, columns 0–8 km from ridge to mobile
    [4.0, -13.0, -17.5, -17.5, -15.0, -12.5, -10.0, -8.0, -6.0],
    [12.0, -8.5, -13.0, -12.0, -10.0, -8.0, -6.5, -5.0, -4.0],
    [20.0, -4.0, -6.5, -6.0, -4.5, -3.5, -2.5, -2.0, -1.0],
])  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Link:
    """Everything about a set of paths that is not the profile.

    Attributes
    ----------
    frequency_mhz : float, 1500–3000
    base_height_m : float or ndarray of shape (paths,), 1–200
        Base station antenna above ground [m].
    mobile_height_m : float or ndarray of shape (paths,), 1–10
        Mobile antenna above ground [m].
    environment : {"urban", "suburban", "rural"}
    """

    frequency_mhz: float
    base_height_m: ArrayLike
    mobile_height_m: ArrayLike
    environment: Environment = "urban"


@dataclass(frozen=True, kw_only=True)
class _Ground:
    """Profiles of equal numbers of points, from the mobile (first point) to the base."""

    height_m: Array  # (paths, points)
    step_m: Array  # (paths,)

    @property
    def last(self) -> int:
        return int(self.height_m.shape[1]) - 1

    @property
    def length_m(self) -> Array:
        """Length; within 10 μm of a whole metre it is that metre, or rounding would decide about 3, 10 and 15 km."""
        length = self.last * self.step_m
        return np.where(np.abs(length - np.round(length)) < 1e-5, np.round(length), length)

    def steps_to(self, distance_m: ArrayLike) -> NDArray[np.int_]:
        return np.floor(np.asarray(distance_m) / self.step_m).astype(int)


def environment_of(nlcd: int) -> Environment:
    """Return the environment of a class of the US national land cover map: 23, 24 urban, 22 suburban, else rural.

    >>> environment_of(24), environment_of(22), environment_of(81)
    ('urban', 'suburban', 'rural')
    """
    return "urban" if nlcd in (23, 24) else "suburban" if nlcd == 22 else "rural"


def check(link: Link, length_km: Array) -> None:
    """Refuse what lies outside the stated validity of the model.

    Raises
    ------
    RangeError
        ``ehata_range`` with the quantity, its value and its limits: frequency 1500–3000 MHz (Okumura's curves that were
        fitted), length 1–100 km, antenna heights 1–200 m (base) and 1–10 m (mobile).
    """
    limits = (
        ("frequency_mhz", link.frequency_mhz, 1500.0, 3000.0),
        ("length_km", length_km, 1.0, 100.0),
        ("base_height_m", link.base_height_m, 1.0, 200.0),
        ("mobile_height_m", link.mobile_height_m, 1.0, 10.0),
    )
    for name, value, low, high in limits:
        values = np.ravel(np.asarray(value, dtype=float))
        outside = ~((values >= low) & (values <= high))
        if outside.any():
            raise RangeError("ehata_range", quantity=name, value=float(values[outside][0]), low=low, high=high)


def path_loss_db(
    ground_m: ArrayLike,
    step_m: ArrayLike,
    link: Link,
    *,
    sea: NDArray[np.bool_] | None = None,
    variant: Variant = "winnforum",
    beyond_range: bool = False,
) -> Array:
    """Return the median basic transmission loss over terrain [dB].

    Parameters
    ----------
    ground_m : array_like of shape (paths, points), ≥ 3 points
        Ground above sea level at equal steps **from the mobile to the base** [m]. A path with a hole (NaN) has no loss.
    step_m : float or array_like of shape (paths,)
        Distance between two points [m].
    link : Link
    sea : bool ndarray of shape (paths, points) or None
        Which points are sea; None: those at exactly 0 m, as in the published profiles.
    variant : {"winnforum", "ntia"}
    beyond_range : bool
        Compute outside the stated validity too (for published cases that lie there).

    Returns
    -------
    ndarray of shape (paths,)

    Raises
    ------
    RangeError
        See `check`.
    """
    heights = np.atleast_2d(np.asarray(ground_m, dtype=float))
    ground = _Ground(height_m=heights, step_m=np.broadcast_to(np.asarray(step_m, dtype=float), len(heights)))
    length_km = ground.length_m / 1000
    if not beyond_range:
        check(link, length_km)
    base, mobile = (np.asarray(value, dtype=float) for value in (link.base_height_m, link.mobile_height_m))
    base_effective = base + heights[:, -1] - _mean_level(ground, -1, variant)
    mobile_effective = mobile + heights[:, 0] - _mean_level(ground, 0, variant)
    median = median_loss_db(
        length_km,
        link.frequency_mhz,
        np.clip(base_effective, *BASE_EFFECTIVE_M),
        np.clip(mobile_effective, *MOBILE_EFFECTIVE_M),
        link.environment,
    )
    ridge, single = _ridge_db(ground, base, mobile)
    hills = _hills_db(ground, variant) + _slope_db(ground)
    loss = median - np.where(single, ridge, hills) - _sea_db(length_km, heights == 0 if sea is None else sea)
    return np.where(np.isnan(heights).any(axis=1), np.nan, loss)


def _quadratic(*points: tuple[float, float]) -> NDArray[Any]:
    """Return the coefficients of the parabola in log10(x) through three points."""
    x, y = np.array(points).T
    return np.asarray(np.linalg.solve(np.vander(np.log10(x), 3), y))


# Okumura's median attenuation against free space at 1 km (fig. 15) and 100 km, the suburban correction, and half the
# distance exponent by base height (fig. 12), each at the three points the report fits through.
URBAN_1_KM = _quadratic((1500, 22.0), (2000, 23.5), (3000, 25.85))
URBAN_100_KM = np.array([10.919011, -52.714929, 120.78129])  # (1500, 63.5), (2000, 65.75), (3000, 69.5); rounded there
SUBURBAN = _quadratic((1500, 11.5), (2000, 12.4), (3000, 14.0))
OPEN = np.array([4.78, -18.33, 40.94])  # Hata
FAR_EXPONENT = _quadratic((24.5, 2.5), (70, 3.0), (200, 3.22))
SIGMA_URBAN = np.array([0.68350345, -1.2255656, 4.0976291])  # (1500, 7.1), (2000, 7.5), (3000, 8.1)


def _mobile_gain_db(height_m: ArrayLike) -> Array:
    """Return Hata's correction for the mobile's height in a large city (eq. 16) [dB]."""
    return np.asarray(3.2 * np.log10(11.75 * np.asarray(height_m)) ** 2 - 4.97)


def median_loss_db(
    length_km: ArrayLike,
    frequency_mhz: float,
    base_effective_m: ArrayLike,
    mobile_effective_m: ArrayLike,
    environment: Environment,
) -> Array:
    """Return the median loss of quasi-smooth terrain [dB] (appendix A.2).

    Parameters
    ----------
    length_km : array_like, 1–100
    frequency_mhz : float, 1500–3000
    base_effective_m : array_like, 30–200
    mobile_effective_m : array_like, 1–10
    environment : {"urban", "suburban", "rural"}
    """
    d, h, mobile = (np.asarray(v, dtype=float) for v in (length_km, base_effective_m, mobile_effective_m))
    log_f, log_h = np.log10(frequency_mhz), np.log10(h)
    near_db, far_db = np.polyval(URBAN_1_KM, log_f), np.polyval(URBAN_100_KM, log_f)
    near_exponent = 0.1 * (44.9 - 6.55 * log_h) - 2
    far_exponent = 2 * (np.polyval(FAR_EXPONENT, log_h) - 1)
    break_km = 10 ** ((2 * far_exponent + 0.1 * (near_db - far_db)) / (far_exponent - near_exponent))

    def ray_db(metres: ArrayLike) -> Array:
        return np.asarray(20 * np.log10(4e6 * np.pi * frequency_mhz / WAVE_SPEED_M_S * np.asarray(metres)))

    # The attenuation curves hold for 200 m and 3 m; the height gains lead from there to the antennas at hand.
    gains = 13.82 * np.log10(200 / h) + _mobile_gain_db(3.0) - _mobile_gain_db(mobile)
    near = near_db + ray_db(np.hypot(1000, 200 - 3)) + 10 * (near_exponent + 2) * np.log10(d)
    far = far_db + ray_db(np.hypot(1000 * d, h - mobile)) + 10 * far_exponent * (np.log10(d) - 2)
    relief = {"urban": np.zeros(3), "suburban": SUBURBAN, "rural": OPEN}[environment]
    return np.asarray(gains + np.where(d <= break_km, near, far) - np.polyval(relief, log_f))


def location_sigma_db(frequency_mhz: float, environment: Environment) -> float:
    """Return the standard deviation of location variability [dB]: Okumura's urban curve, 2 dB more elsewhere.

    >>> round(location_sigma_db(2000, "urban"), 2), round(location_sigma_db(3000, "rural"), 2)
    (7.5, 10.1)
    """
    return float(np.polyval(SIGMA_URBAN, np.log10(frequency_mhz))) + (0.0 if environment == "urban" else 2.0)


def _mean_level(ground: _Ground, end: Literal[0, -1], variant: Variant) -> Array:
    """Return the ground level an antenna's effective height is measured from: the mean 3–15 km away from it [m]."""
    heights = ground.height_m if end == 0 else ground.height_m[:, ::-1]
    index, length_km = np.arange(ground.last + 1), ground.length_m / 1000
    whole = length_km <= 15
    stop = np.where(whole, ground.last, ground.steps_to(15_000.0))
    between = (index >= ground.steps_to(3000.0)[:, None]) & (index <= stop[:, None])
    mean = (heights * between).sum(axis=1) / np.maximum(between.sum(axis=1), 1)
    share = np.where(whole, (length_km - 3) / 12, 1.0)
    own = 0.0 if variant == "ntia" else heights[:, 0]
    return np.where(length_km < 3, heights[:, 0], own + (mean - own) * share)


def _hills_db(ground: _Ground, variant: Variant) -> Array:
    """Return the correction for rolling hilly terrain around the mobile, its median and its fine part [dB]."""
    heights, length_km = ground.height_m, ground.length_m / 1000
    points = np.where(length_km < 10, ground.last, ground.steps_to(10_000.0)) + 1
    inside = np.arange(ground.last + 1) < points[:, None]
    falling = -np.sort(np.where(inside, -heights, np.inf), axis=1)
    # On less than 10 km the statistics are those of an endless path (as the report's Δh); the quantiles are scaled too.
    growth = np.where(length_km < 10, (1 - 0.8 * np.exp(-0.2)) / (1 - 0.8 * np.exp(-0.02 * length_km)), 1.0)
    rows = np.arange(len(heights))
    top, middle, bottom = (
        growth * falling[rows, np.maximum((share * points - 1).astype(int), 0)] for share in (0.1, 0.5, 0.9)
    )
    delta = top - bottom
    log_median, log_fine = np.log10(np.maximum(delta, 15.0)), np.log10(np.maximum(delta, 10.0))
    median = -1.5072013 + log_median * (8.458676 - 6.102538 * log_median)
    fine = -11.728795 + log_fine * (15.544272 - 1.8154766 * log_fine)
    if variant == "winnforum":
        fine = np.where(delta < 10, 0.0, fine)
    mobile = heights[:, 0]
    low = mobile - bottom if variant == "ntia" else middle - mobile  # NTIA's line of 2015 runs the other way
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(mobile >= middle, (mobile - middle) / (top - middle), -low / (middle - bottom))
    return np.asarray(median + fine * np.where(mobile >= top, 1.0, np.where(mobile <= bottom, -1.0, share)))


def _slope_db(ground: _Ground) -> Array:
    """Return the correction for general slope at the mobile (Okumura §4.3) [dB]."""
    length_m, slopes = ground.length_m, []
    for stretch_m in range(5000, 11_000, 1000):
        last = np.minimum(ground.steps_to(stretch_m), ground.last)
        _, rise = fitted_line(ground.height_m, np.zeros_like(last), np.maximum(last, 1))
        slopes.append(np.where(length_m >= stretch_m, -1000 * rise * last / stretch_m, np.nan))
    steepest, lowest = np.fmax.reduce(slopes), np.fmin.reduce(slopes)
    first = np.where(length_m >= 5000, slopes[0], 0.0)
    # Where the sign depends on how far one looks, the nearest 5 km decide.
    mixed = (length_m <= 5000) | (steepest * lowest < 0)
    angle_mrad = np.where(mixed, first, np.where(steepest >= 0, steepest, lowest))
    length_km = length_m / 1000
    falling, rising = (
        np.interp(length_km, [10.0, 30.0], [0.25, 0.8]),
        np.interp(length_km, [10.0, 30.0, 60.0], [0.125, 0.35, 0.6]),
    )
    return np.asarray(angle_mrad * np.where(angle_mrad <= 0, falling, rising))


def _ridge_db(ground: _Ground, base_m: Array, mobile_m: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Return the correction for an isolated ridge (Okumura §4.2) [dB], and whether both terminals see the same one."""
    heights, length = ground.height_m, ground.length_m
    refractivity = SURFACE_REFRACTIVITY * np.exp(-heights.mean(axis=1) / 9460)
    curvature = EARTH_CURVATURE_1_M * (1 - 0.04665 * np.exp(refractivity / 179.3))
    antennas = np.stack([mobile_m + heights[:, 0], base_m + heights[:, -1]])
    seen = horizons(heights, ground.step_m, antennas, 1 / curvature)
    to_mobile, to_base = seen.distance_m
    single = np.abs(length - to_mobile - to_base) <= 0.5 * ground.step_m
    edge = heights[np.arange(len(heights)), np.minimum((to_mobile / ground.step_m).astype(int), ground.last)]
    # The published values weight each antenna with its own horizon distance, not with the other's.
    chord = (antennas[1] * to_base + antennas[0] * to_mobile) / length
    above = np.maximum(edge - chord + 0.5 * curvature * to_mobile * to_base, 0)
    return np.sqrt(above / 200) * _ridge_curve_db(to_base / 1000, to_mobile / 1000), single


def _ridge_curve_db(base_km: Array, mobile_km: Array) -> Array:
    """Return Okumura's curve for a ridge of 200 m, straight on beyond its ends (fig. 31) [dB]."""
    row = (base_km >= RIDGE_BASE_KM[1]).astype(int)
    column = np.clip(np.ceil(mobile_km) - 1, 0, 7).astype(int)
    part = mobile_km - column
    near, far = (RIDGE_DB[row + more, column] * (1 - part) + RIDGE_DB[row + more, column + 1] * part for more in (0, 1))
    start, end = RIDGE_BASE_KM[row], RIDGE_BASE_KM[row + 1]
    return np.asarray(near + (far - near) * (base_km - start) / (end - start))


def _sea_db(length_km: Array, sea: NDArray[np.bool_]) -> Array:
    """Return the correction for mixed land–sea paths (Okumura §4.4) [dB]."""
    share = sea.mean(axis=1)
    at_mobile = sea[:, : (sea.shape[1] - 1) // 2].sum(axis=1)
    at_base = sea.sum(axis=1) - at_mobile
    # Equal parts at both ends: the mean of both curves.
    weight = np.where(at_mobile > at_base, 1.0, np.where(at_base > at_mobile, 0.0, 0.5))
    near, far = (
        np.interp(share, shares, base) * (1 - weight) + np.interp(share, shares, mobile) * weight
        for shares, base, mobile in (NEAR_SEA_SHARES, FAR_SEA_SHARES)
    )
    return np.asarray(near + (far - near) * np.clip((length_km - 30) / 30, 0, 1))
