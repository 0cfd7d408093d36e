"""Diffraction over terrain and a smooth Earth: the delta-Bullington construction of Recommendation ITU-R P.526.

Equation numbers are those of Recommendation ITU-R P.1812-8 (09/2025), Annex 1 §4.3, which states the same construction
with distances in kilometres. Arrays hold one path per row: ``(paths, points)`` for profiles, ``(paths,)`` otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

WAVELENGTH_GHZ_M = 0.2998  # wavelength [m] = this / frequency [GHz], as the Recommendation rounds it
LAND = (22.0, 0.003)  # relative permittivity, conductivity [S/m], eq. 29 ff.
SEA = (80.0, 5.0)


@dataclass(frozen=True, kw_only=True)
class Profiles:
    """Terrain profiles of equal length between two terminals.

    Attributes
    ----------
    distance_km : ndarray of shape (paths, points)
        Distance from the first terminal, rising from 0 [km].
    ground_m : ndarray of shape (paths, points)
        Height of the bare ground above sea level [m].
    surface_m : ndarray of shape (paths, points)
        Ground plus representative clutter height; equal to the ground at both terminals [m].
    tx_m, rx_m : ndarray of shape (paths,)
        Antenna height above sea level [m].
    """

    distance_km: Array
    ground_m: Array
    surface_m: Array
    tx_m: Array
    rx_m: Array

    @property
    def length_km(self) -> Array:
        """Length of each path [km], shape (paths,)."""
        return self.distance_km[:, -1]


def knife_edge_db(nu: Array) -> Array:
    """Return the loss of a single knife edge, J(ν) of eq. 12 [dB]; 0 at or below ν = −0.78."""
    shifted = np.maximum(nu, -0.78) - 0.1
    return np.where(nu > -0.78, 6.9 + 20 * np.log10(np.sqrt(shifted**2 + 1) + shifted), 0.0)


def bullington_db(profiles: Profiles, radius_km: Array, frequency_ghz: float) -> Array:
    """Return the Bullington loss of each path (§4.3.1, eqs 13–21).

    Parameters
    ----------
    profiles : Profiles
    radius_km : ndarray of shape (paths,)
        Effective Earth radius [km].
    frequency_ghz : float, 0.03–6
    """
    wavelength = WAVELENGTH_GHZ_M / frequency_ghz
    d, total = profiles.distance_km[:, 1:-1], profiles.length_km[:, None]
    tx, rx = profiles.tx_m[:, None], profiles.rx_m[:, None]
    bulged = profiles.surface_m[:, 1:-1] + 500 * d * (total - d) / radius_km[:, None]
    to_tx = np.max((bulged - tx) / d, axis=1)
    direct = ((rx - tx) / total)[:, 0]
    nu_los = np.max(
        (bulged - (tx * (total - d) + rx * d) / total) * np.sqrt(0.002 * total / (wavelength * d * (total - d))), axis=1
    )
    to_rx = np.max((bulged - rx) / (total - d), axis=1)
    length = profiles.length_km
    with np.errstate(divide="ignore", invalid="ignore"):  # line of sight has no Bullington point
        point = (profiles.rx_m - profiles.tx_m + to_rx * length) / (to_tx + to_rx)
        chord = (profiles.tx_m * (length - point) + profiles.rx_m * point) / length
        nu_trans = (profiles.tx_m + to_tx * point - chord) * np.sqrt(
            0.002 * length / (wavelength * point * (length - point))
        )
    edge = knife_edge_db(np.where(to_tx < direct, nu_los, nu_trans))
    return np.asarray(edge + (1 - np.exp(-edge / 6)) * (10 + 0.02 * length))


def first_term_db(
    length_km: Array, tx_m: Array, rx_m: Array, radius_km: Array, *, frequency_ghz: float, vertical: bool, sea: Array
) -> Array:
    """Return the first-term spherical-Earth diffraction loss (§4.3.3, eqs 29–36), may be negative [dB].

    Parameters
    ----------
    length_km, tx_m, rx_m, radius_km : ndarray of shape (paths,)
        Path length, effective antenna heights above the smooth surface, Earth radius.
    frequency_ghz : float
    vertical : bool
        Polarisation.
    sea : ndarray of shape (paths,), 0–1
        Fraction of the path over sea.
    """

    def over(permittivity: float, conductivity: float) -> Array:
        loss = 18 * conductivity / frequency_ghz
        k = 0.036 * (radius_km * frequency_ghz) ** (-1 / 3) * ((permittivity - 1) ** 2 + loss**2) ** -0.25
        if vertical:
            k = k * np.sqrt(permittivity**2 + loss**2)
        beta = (1 + 1.6 * k**2 + 0.67 * k**4) / (1 + 4.5 * k**2 + 1.53 * k**4)
        x = 21.88 * beta * (frequency_ghz / radius_km**2) ** (1 / 3) * length_km
        far = 11 + 10 * np.log10(x) - 17.6 * x
        near = -20 * np.log10(x) - 5.6488 * x**1.425
        scale = 0.9575 * beta * (frequency_ghz**2 / radius_km) ** (1 / 3)
        gains = sum(_height_gain_db(beta, scale * height, k) for height in (tx_m, rx_m))
        return np.asarray(-np.where(x >= 1.6, far, near) - gains)

    return np.asarray(sea * over(*SEA) + (1 - sea) * over(*LAND))


def _height_gain_db(beta: Array, y: Array, k: Array) -> Array:
    """Return G(Y) of eq. 35 with its lower limit [dB]."""
    b = beta * y
    with np.errstate(divide="ignore", invalid="ignore"):
        high = 17.6 * np.sqrt(b - 1.1) - 5 * np.log10(b - 1.1) - 8
        low = 20 * np.log10(b + 0.1 * b**3)
    return np.asarray(np.maximum(np.where(b > 2, high, low), 2 + 20 * np.log10(k)))


def spherical_db(
    length_km: Array, tx_m: Array, rx_m: Array, radius_km: Array, *, frequency_ghz: float, vertical: bool, sea: Array
) -> Array:
    """Return the spherical-Earth diffraction loss (§4.3.2, eqs 22–28) [dB]; arguments as `first_term_db`."""
    wavelength = WAVELENGTH_GHZ_M / frequency_ghz
    radio = {"frequency_ghz": frequency_ghz, "vertical": vertical, "sea": sea}
    horizon = np.sqrt(2 * radius_km) * (np.sqrt(0.001 * tx_m) + np.sqrt(0.001 * rx_m))
    beyond = first_term_db(length_km, tx_m, rx_m, radius_km, **radio)  # type: ignore[arg-type]
    total = tx_m + rx_m
    with np.errstate(divide="ignore", invalid="ignore"):
        c, m = (tx_m - rx_m) / total, 250 * length_km**2 / (radius_km * total)
        inner = np.clip(1.5 * c * np.sqrt(3 * m / (m + 1) ** 3), -1, 1)
        b = 2 * np.sqrt((m + 1) / (3 * m)) * np.cos(np.pi / 3 + np.arccos(inner) / 3)
    one = length_km / 2 * (1 + b)
    two = length_km - one
    clearance = ((tx_m - 500 * one**2 / radius_km) * two + (rx_m - 500 * two**2 / radius_km) * one) / length_km
    required = 17.456 * np.sqrt(np.maximum(one * two * wavelength / length_km, 0))
    grazing_km = 500 * (length_km / (np.sqrt(tx_m) + np.sqrt(rx_m))) ** 2
    within = first_term_db(length_km, tx_m, rx_m, grazing_km, **radio)  # type: ignore[arg-type]
    with np.errstate(divide="ignore", invalid="ignore"):
        part = (1 - clearance / required) * np.maximum(within, 0)
    return np.where(length_km >= horizon, beyond, np.where(clearance > required, 0.0, part))


def delta_bullington_db(
    profiles: Profiles,
    smooth_tx_m: Array,
    smooth_rx_m: Array,
    radius_km: Array,
    *,
    frequency_ghz: float,
    vertical: bool,
    sea: Array,
) -> Array:
    """Return the delta-Bullington diffraction loss (§4.3.4, eqs 37–39) [dB].

    Parameters
    ----------
    profiles : Profiles
    smooth_tx_m, smooth_rx_m : ndarray of shape (paths,)
        Height of the smooth surface at the terminals, hstd and hsrd of eq. 89 [m].
    radius_km, frequency_ghz, vertical, sea
        As `first_term_db`.
    """
    tx, rx = profiles.tx_m - smooth_tx_m, profiles.rx_m - smooth_rx_m
    flat = np.zeros_like(profiles.ground_m)
    smooth = Profiles(distance_km=profiles.distance_km, ground_m=flat, surface_m=flat, tx_m=tx, rx_m=rx)
    actual = bullington_db(profiles, radius_km, frequency_ghz)
    smoothed = bullington_db(smooth, radius_km, frequency_ghz)
    sphere = spherical_db(
        profiles.length_km, tx, rx, radius_km, frequency_ghz=frequency_ghz, vertical=vertical, sea=sea
    )
    return np.asarray(actual + np.maximum(sphere - smoothed, 0))
