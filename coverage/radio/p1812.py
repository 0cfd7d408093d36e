"""Recommendation ITU-R P.1812-8: path-specific basic transmission loss for terrestrial services, 30 MHz to 6 GHz.

Equation, section and table numbers are those of Annex 1 of the Recommendation. Every quantity is an array with one
path per row, so one path and a million are the same code.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coverage.errors import RangeError
from coverage.radio.p526 import Profiles, delta_bullington_db

Array = NDArray[np.float64]

SEA_ZONE, COAST_ZONE, INLAND_ZONE = 1, 3, 4  # zone codes of the Recommendation's data banks
EARTH_RADIUS_KM = 6371.0
LEAST_LENGTH_KM = 0.25  # the Recommendation starts here
MARITIME = (
    0.75 - 1e-9
)  # share of a path over sea from where eq. 49 applies; rounding must not decide about three quarters
NO_COAST_KM = 500.0
K_BETA = 3.0  # effective Earth radius factor exceeded for β0 of the time, eq. 7b


@dataclass(frozen=True, kw_only=True)
class Link:
    """Everything about a set of paths of equal length that is not the profile.

    Attributes
    ----------
    frequency_ghz : float, 0.03–6
    time_percent : float, 1–50
        Percentage of an average year for which the loss is not exceeded.
    tx_height_m, rx_height_m : float or ndarray of shape (paths,), 1–3000
        Antenna above ground [m].
    vertical : bool
        Polarisation.
    latitude_deg : float or ndarray of shape (paths,)
        Of the path centre.
    delta_n : float
        Average radio-refractive index lapse rate through the lowest kilometre [N-units/km].
    n0 : float
        Sea-level surface refractivity [N-units].
    tx_coast_km, rx_coast_km : float or ndarray of shape (paths,)
        Distance of the terminals to the coast along the path over land [km], see `coverage.radio.sweeps`; 500 where
        there is none.
    location_percent : float, 1–99
    location_sigma_db : float, ≥ 0
        Standard deviation of location variability [dB]; 0 leaves it out.
    """

    frequency_ghz: float
    tx_height_m: ArrayLike
    rx_height_m: ArrayLike
    latitude_deg: ArrayLike = 16.0
    time_percent: float = 50.0
    vertical: bool = True
    delta_n: float = 45.0
    n0: float = 350.0
    tx_coast_km: ArrayLike = NO_COAST_KM
    rx_coast_km: ArrayLike = NO_COAST_KM
    location_percent: float = 50.0
    location_sigma_db: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Geometry:
    """What §5 of Annex 1 derives from the profiles; every array has the shape (paths,)."""

    radius_km: Array
    tx_horizon_km: Array
    rx_horizon_km: Array
    tx_horizon_mrad: Array
    rx_horizon_mrad: Array
    angular_mrad: Array
    tx_effective_m: Array
    rx_effective_m: Array
    smooth_tx_m: Array
    smooth_rx_m: Array
    roughness_m: Array
    sea: Array
    longest_land_km: Array
    longest_inland_km: Array


def check(link: Link, length_km: Array) -> None:
    """Refuse what lies outside the stated validity of the Recommendation.

    Raises
    ------
    RangeError
        ``p1812_range`` with the name of the quantity, its value and its limits: frequency 0.03–6 GHz, time 1–50 %,
        locations 1–99 %, antenna heights 1–3000 m, path length 0.25–3000 km.
    """
    limits = (
        ("frequency_ghz", link.frequency_ghz, 0.03, 6.0),
        ("time_percent", link.time_percent, 1.0, 50.0),
        ("location_percent", link.location_percent, 1.0, 99.0),
        ("tx_height_m", link.tx_height_m, 1.0, 3000.0),
        ("rx_height_m", link.rx_height_m, 1.0, 3000.0),
        ("length_km", length_km, LEAST_LENGTH_KM, 3000.0),
    )
    for name, value, low, high in limits:
        values = np.ravel(np.asarray(value, dtype=float))
        outside = ~((values >= low) & (values <= high))
        if outside.any():
            raise RangeError("p1812_range", quantity=name, value=float(values[outside][0]), low=low, high=high)


def basic_transmission_loss_db(
    distance_km: Array,
    ground_m: Array,
    clutter_m: Array,
    link: Link,
    *,
    zone: NDArray[np.int_] | None = None,
    beyond_range: bool = False,
) -> Array:
    """Return the basic transmission loss not exceeded for the given time and locations [dB].

    Parameters
    ----------
    distance_km : ndarray of shape (paths, points)
        Distance from the first terminal along each profile, rising from 0 [km].
    ground_m : ndarray of shape (paths, points)
        Bare ground above sea level [m].
    clutter_m : ndarray of shape (paths, points)
        Representative clutter height [m]; what stands at the terminals themselves is not read.
    link : Link
    zone : int ndarray of shape (paths, points) or None
        1 sea, 3 coastal land, 4 inland; None is inland throughout.
    beyond_range : bool
        Compute outside the stated validity too (for published cases that lie there).

    Returns
    -------
    ndarray of shape (paths,)

    Raises
    ------
    RangeError
        See `check`.

    Notes
    -----
    §4.2 line of sight, §4.3 diffraction, §4.4 tropospheric scatter, §4.5 ducting and layer reflection, §4.6 their
    combination, §4.8 location variability (eq. 69).
    """
    if not beyond_range:
        check(link, distance_km[:, -1])
    profiles = profiles_of(distance_km, ground_m, clutter_m, link)
    zones = np.full(distance_km.shape, INLAND_ZONE) if zone is None else zone
    return _combined(profiles, geometry(profiles, zones, link), link)


def profiles_of(distance_km: Array, ground_m: Array, clutter_m: Array, link: Link) -> Profiles:
    """Return the profiles with antenna heights above sea level and the clutter between the terminals on top."""
    surface = ground_m + clutter_m
    surface[:, [0, -1]] = ground_m[:, [0, -1]]
    paths = len(ground_m)
    return Profiles(
        distance_km=distance_km,
        ground_m=ground_m,
        surface_m=surface,
        tx_m=ground_m[:, 0] + np.broadcast_to(np.asarray(link.tx_height_m, dtype=float), paths),
        rx_m=ground_m[:, -1] + np.broadcast_to(np.asarray(link.rx_height_m, dtype=float), paths),
    )


def geometry(profiles: Profiles, zone: NDArray[np.int_], link: Link) -> Geometry:
    """Return horizons, smooth-Earth heights and path fractions (§3.6, §3.7, §5.2–5.6)."""
    radius = np.full(len(profiles.tx_m), EARTH_RADIUS_KM * 157 / (157 - link.delta_n))
    tx_mrad, rx_mrad, tx_km, rx_km, nearest, farthest = _horizons(profiles, radius, link.frequency_ghz)
    length, ground = profiles.length_km, profiles.ground_m
    smooth_tx, smooth_rx = _smooth_surface(profiles)
    diffraction_tx, diffraction_rx = smooth_heights_for_diffraction(profiles)
    low_tx, low_rx = np.minimum(smooth_tx, ground[:, 0]), np.minimum(smooth_rx, ground[:, -1])
    slope = (low_rx - low_tx) / length
    index = np.arange(ground.shape[1])
    between = (index >= nearest[:, None]) & (index <= farthest[:, None])
    above = ground - (low_tx[:, None] + slope[:, None] * profiles.distance_km)
    water, land, inland = _fractions(profiles.distance_km, zone)
    return Geometry(
        radius_km=radius,
        tx_horizon_km=tx_km,
        rx_horizon_km=rx_km,
        tx_horizon_mrad=tx_mrad,
        rx_horizon_mrad=rx_mrad,
        angular_mrad=1000 * length / radius + tx_mrad + rx_mrad,
        tx_effective_m=profiles.tx_m - low_tx,
        rx_effective_m=profiles.rx_m - low_rx,
        smooth_tx_m=diffraction_tx,
        smooth_rx_m=diffraction_rx,
        roughness_m=np.max(np.where(between, above, -np.inf), axis=1),
        sea=water,
        longest_land_km=land,
        longest_inland_km=inland,
    )


def _horizons(profiles: Profiles, radius_km: Array, frequency_ghz: float) -> tuple[Array, ...]:
    """Return horizon angles [mrad], distances [km] and indices of the horizon points (§5.3–5.5, eqs 76–82)."""
    d, total = profiles.distance_km[:, 1:-1], profiles.length_km[:, None]
    tx, rx, radius = profiles.tx_m[:, None], profiles.rx_m[:, None], radius_km[:, None]
    ground = profiles.ground_m[:, 1:-1]  # the horizons are those of the terrain; clutter enters in diffraction only
    from_tx = 1000 * np.arctan((ground - tx) / (1000 * d) - d / (2 * radius))
    from_rx = 1000 * np.arctan((ground - rx) / (1000 * (total - d)) - (total - d) / (2 * radius))
    direct_tx = (1000 * np.arctan((rx - tx) / (1000 * total) - total / (2 * radius)))[:, 0]
    direct_rx = (1000 * np.arctan((tx - rx) / (1000 * total) - total / (2 * radius)))[:, 0]
    beyond = from_tx.max(axis=1) > direct_tx
    wavelength = 0.2998 / frequency_ghz
    nu = (ground + 500 * d * (total - d) / radius - (tx * (total - d) + rx * d) / total) * np.sqrt(
        0.002 * total / (wavelength * d * (total - d))
    )
    grazing = nu.argmax(axis=1)
    near = np.where(beyond, from_tx.argmax(axis=1), grazing)
    far = np.where(beyond, from_rx.argmax(axis=1), grazing)
    tx_mrad = np.where(beyond, from_tx.max(axis=1), direct_tx)
    rx_mrad = np.where(beyond, from_rx.max(axis=1), direct_rx)
    rows = np.arange(len(near))
    return tx_mrad, rx_mrad, d[rows, near], profiles.length_km - d[rows, far], near + 1, far + 1


def _smooth_surface(profiles: Profiles) -> tuple[Array, Array]:
    """Return the heights of the smooth-Earth surface at the terminals (§5.6.1, eqs 83–86) [m]."""
    d, h, length = profiles.distance_km, profiles.ground_m, profiles.length_km
    step, start, end = np.diff(d, axis=1), d[:, :-1], d[:, 1:]
    one = (step * (h[:, 1:] + h[:, :-1])).sum(axis=1)
    two = (step * (h[:, 1:] * (2 * end + start) + h[:, :-1] * (end + 2 * start))).sum(axis=1)
    return (2 * one * length - two) / length**2, (two - one * length) / length**2


def smooth_heights_for_diffraction(profiles: Profiles) -> tuple[Array, Array]:
    """Return the height of the smooth surface at the terminals, lowered under obstacles (§5.6.2, eqs 87–89) [m]."""
    smooth_tx, smooth_rx = _smooth_surface(profiles)
    d, total = profiles.distance_km[:, 1:-1], profiles.length_km[:, None]
    chord = (profiles.tx_m[:, None] * (total - d) + profiles.rx_m[:, None] * d) / total
    excess = profiles.ground_m[:, 1:-1] - chord
    highest = excess.max(axis=1)
    seen_tx, seen_rx = (excess / d).max(axis=1), (excess / (total - d)).max(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        part = seen_tx / (seen_tx + seen_rx)
    lowered_tx = np.where(highest > 0, smooth_tx - highest * part, smooth_tx)
    lowered_rx = np.where(highest > 0, smooth_rx - highest * (1 - part), smooth_rx)
    return np.minimum(lowered_tx, profiles.ground_m[:, 0]), np.minimum(lowered_rx, profiles.ground_m[:, -1])


def _fractions(distance_km: Array, zone: NDArray[np.int_]) -> tuple[Array, Array, Array]:
    """Return the fraction over sea and the longest continuous land and inland stretches [km] (§3.2, §3.7)."""
    sea = _owned(distance_km, zone == SEA_ZONE).sum(axis=1) / distance_km[:, -1]
    return sea, _longest(distance_km, zone != SEA_ZONE), _longest(distance_km, zone == INLAND_ZONE)


def _owned(distance_km: Array, inside: NDArray[np.bool_]) -> Array:
    """Return the length each point stands for: half way to both neighbours, 0 where the point is outside."""
    middle = (distance_km[:, 1:] + distance_km[:, :-1]) / 2
    edges = np.concatenate([distance_km[:, :1], middle, distance_km[:, -1:]], axis=1)
    return np.diff(edges, axis=1) * inside


def _longest(distance_km: Array, inside: NDArray[np.bool_]) -> Array:
    """Return the longest run of points inside, by the length they stand for [km]."""
    own, best, run = _owned(distance_km, inside), np.zeros(len(inside)), np.zeros(len(inside))
    for column in range(inside.shape[1]):
        run = np.where(inside[:, column], run + own[:, column], 0.0)
        best = np.maximum(best, run)
    return best


def _inverse_normal(x: ArrayLike) -> Array:
    """Return the value a standard normal variable exceeds with probability x, 1e-6 ≤ x ≤ 0.999999 (§4.7, eqs 64–68)."""
    share = np.clip(np.asarray(x, dtype=float), 1e-6, 1 - 1e-6)
    tail = np.minimum(share, 1 - share)
    t = np.sqrt(-2 * np.log(tail))
    xi = ((0.010328 * t + 0.802853) * t + 2.515516698) / (((0.001308 * t + 0.189269) * t + 1.432788) * t + 1)
    return np.asarray(np.where(share <= 0.5, t - xi, xi - t))


def anomalous_percent(link: Link, shape: Geometry) -> Array:
    """Return β0, the time percentage of refractivity lapse rates above 100 N-units/km (§3.8, eqs 2–5) [%]."""
    latitude = np.abs(np.asarray(link.latitude_deg, dtype=float))
    tau = 1 - np.exp(-4.12e-4 * shape.longest_inland_km**2.41)
    mu1 = (10 ** (-shape.longest_land_km / (16 - 6.6 * tau)) + 10 ** (-5 * (0.496 + 0.354 * tau))) ** 0.2
    mu1 = np.minimum(mu1, 1.0)
    low = latitude <= 70
    mu4 = np.where(low, mu1 ** (-0.935 + 0.0176 * latitude), mu1**0.3)
    return np.where(low, 10 ** (-0.015 * latitude + 1.67), 4.17) * mu1 * mu4


def _combined(profiles: Profiles, shape: Geometry, link: Link) -> Array:
    """Return the combination of all mechanisms (§4.2–4.8)."""
    f, p = link.frequency_ghz, link.time_percent
    beta0 = anomalous_percent(link, shape)
    length = profiles.length_km
    slant = np.sqrt(length**2 + ((profiles.tx_m - profiles.rx_m) / 1000) ** 2)
    free = 92.4 + 20 * np.log10(f) + 20 * np.log10(slant)
    focus = 2.6 * (1 - np.exp(-0.1 * (shape.tx_horizon_km + shape.rx_horizon_km)))
    los_p, los_beta = free + focus * np.log10(p / 50), free + focus * np.log10(beta0 / 50)

    def diffraction(radius: Array) -> Array:
        return delta_bullington_db(
            profiles, shape.smooth_tx_m, shape.smooth_rx_m, radius,
            frequency_ghz=f, vertical=link.vertical, sea=shape.sea,
        )  # fmt: skip

    median = diffraction(shape.radius_km)
    if p == 50.0:
        fi, at_p = np.zeros_like(median), median
    else:
        with np.errstate(divide="ignore", invalid="ignore"):
            fi = np.where(p > beta0, _inverse_normal(p / 100) / _inverse_normal(beta0 / 100), 1.0)
        strong = diffraction(np.full_like(shape.radius_km, K_BETA * EARTH_RADIUS_KM))
        at_p = median + (strong - median) * fi
    median_total, total = free + median, los_p + at_p
    # eq. 59
    sea_los = np.where(
        p < beta0,
        los_p + (1 - shape.sea) * at_p,
        median_total + (los_beta + (1 - shape.sea) * at_p - median_total) * fi,
    )
    ducting = _ducting(profiles, shape, link, beta0)
    enhanced = 2.5 * np.logaddexp(ducting / 2.5, los_p / 2.5)  # eq. 60
    weight_distance = 1 - 0.5 * (1 + np.tanh(3 * 0.5 * (length - 20) / 20))
    with_ducting = np.where(enhanced > total, total, enhanced + (total - enhanced) * weight_distance)
    weight_angle = 1 - 0.5 * (1 + np.tanh(3 * 0.8 * (shape.angular_mrad - 0.3) / 0.3))
    surface = with_ducting + (sea_los - with_ducting) * weight_angle
    combined = -5 * np.log10(10 ** (-0.2 * _troposcatter(shape, link, length)) + 10 ** (-0.2 * surface))
    spread = link.location_sigma_db * _inverse_normal(link.location_percent / 100)
    return np.asarray(np.maximum(los_p, combined - spread))


def _troposcatter(shape: Geometry, link: Link, length_km: Array) -> Array:
    """Return the loss by tropospheric scatter (§4.4, eqs 44–45) [dB]."""
    f = link.frequency_ghz
    spectrum = 25 * np.log10(f) - 2.5 * np.log10(f / 2) ** 2
    time = 10.125 * np.log10(50 / link.time_percent) ** 0.7
    return np.asarray(190.1 + spectrum + 20 * np.log10(length_km) + 0.573 * shape.angular_mrad - 0.15 * link.n0 - time)


def _ducting(profiles: Profiles, shape: Geometry, link: Link, beta0: Array) -> Array:
    """Return the loss by ducting and layer reflection (§4.5, eqs 46–56) [dB]."""
    f, length, radius = link.frequency_ghz, profiles.length_km, shape.radius_km
    horizon = shape.tx_horizon_km + shape.rx_horizon_km
    fixed = 102.45 + 20 * np.log10(f) + 20 * np.log10(horizon)
    if f < 0.5:
        fixed = fixed + 45.375 - 137 * f + 92.5 * f**2
    ends = (
        (shape.tx_horizon_mrad, shape.tx_horizon_km, link.tx_coast_km, profiles.tx_m),
        (shape.rx_horizon_mrad, shape.rx_horizon_km, link.rx_coast_km, profiles.rx_m),
    )
    angular = 1000 * length / radius
    for angle, reach, coast, height in ends:
        fixed = fixed + _site_shielding(angle - 0.1 * reach, reach, f) + _coast(coast, reach, height, shape.sea)
        angular = angular + np.minimum(angle, 0.1 * reach)
    beta = beta0 * _path_geometry(shape, length) * _roughness(shape, length)
    log_beta = np.log10(beta)
    gamma = (
        1.076
        / (2.0058 - log_beta) ** 1.012
        * np.exp(-(9.51 - 4.8 * log_beta + 0.198 * log_beta**2) * 1e-6 * length**1.13)
    )
    share = link.time_percent / beta
    time = -12 + (1.2 + 3.7e-3 * length) * np.log10(share) + 12 * share**gamma
    return np.asarray(fixed + 5e-5 * radius * f ** (1 / 3) * angular + time)


def _site_shielding(excess_mrad: Array, reach_km: Array, frequency_ghz: float) -> Array:
    """Return the shielding of a terminal by its horizon (eq. 48) [dB]."""
    angle = np.maximum(excess_mrad, 0)
    near = 20 * np.log10(1 + 0.361 * angle * np.sqrt(frequency_ghz * reach_km))
    return np.asarray(near + 0.264 * angle * np.cbrt(frequency_ghz))


def _coast(coast_km: ArrayLike, reach_km: Array, height_m: Array, sea: Array) -> Array:
    """Return the over-sea surface duct coupling correction of a terminal (eq. 49) [dB]."""
    coast = np.asarray(coast_km, dtype=float)
    near = (sea >= MARITIME) & (coast <= reach_km) & (coast <= 5)
    return np.where(near, -3 * np.exp(-0.25 * coast**2) * (1 + np.tanh(0.07 * (50 - height_m))), 0.0)


def _path_geometry(shape: Geometry, length_km: Array) -> Array:
    """Return the correction for path geometry, µ2 (eqs 54–55), at most 1."""
    tau = 1 - np.exp(-4.12e-4 * shape.longest_inland_km**2.41)
    alpha = np.maximum(-0.6 - 3.5e-9 * length_km**3.1 * tau, -3.4)
    heights = (np.sqrt(shape.tx_effective_m) + np.sqrt(shape.rx_effective_m)) ** 2
    return np.asarray(np.minimum((500 / shape.radius_km * length_km**2 / heights) ** alpha, 1.0))


def _roughness(shape: Geometry, length_km: Array) -> Array:
    """Return the correction for terrain roughness, µ3 (eq. 56)."""
    inner = np.minimum(length_km - shape.tx_horizon_km - shape.rx_horizon_km, 40)
    rough = np.exp(-4.6e-5 * (shape.roughness_m - 10) * (43 + 6 * inner))
    return np.where(shape.roughness_m <= 10, 1.0, rough)
