"""Irregular Terrain Model, part 2: reference attenuation by line of sight, diffraction and scatter.

Hufford, "The ITS Irregular Terrain Model, version 1.2.2: the algorithm" (2002), §4 and §6; NTIA Report 82-100; Vogler's
three radii for the smooth Earth (1964); Tech Note 101 for scatter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coverage.radio.itm_terrain import Path, roughness_m
from coverage.radio.profiles import Array

LINE_OF_SIGHT, DIFFRACTION, SCATTER = 1, 2, 3
EARTH_RADIUS_M = 6370e3
WAVE_MHZ_M = 47.7  # wave number [1/m] = frequency [MHz] / this
NO_SCATTER_DB = 1001.0  # where the frequency gain of scatter is not defined
SCATTER_A = np.array([133.4, 104.6, 71.8])  # eq. 6.9: up to 10 km, to 70 km, above
SCATTER_B = np.array([0.332e-3, 0.212e-3, 0.157e-3])
SCATTER_C = np.array([-10.0, -2.5, 5.0])
GAIN_A = np.array([25.0, 80.0, 177.0, 395.0, 705.0])  # eq. 6.13, for scattering efficiency 1 to 5
GAIN_B = np.array([24.0, 45.0, 68.0, 80.0, 105.0])


@dataclass(frozen=True, kw_only=True)
class Medium:
    """What the waves meet, one element per path.

    Attributes
    ----------
    frequency_mhz : ndarray of shape (paths,)
    impedance : complex ndarray of shape (paths,)
        Surface transfer impedance of the ground.
    refractivity : ndarray of shape (paths,)
        At the surface [N-units].
    """

    frequency_mhz: Array
    impedance: NDArray[np.complex128]
    refractivity: Array

    @property
    def wave_number(self) -> Array:
        """Wave number [1/m]."""
        return self.frequency_mhz / WAVE_MHZ_M


def reference_attenuation_db(path: Path, medium: Medium) -> tuple[Array, NDArray[np.int_]]:
    """Return the attenuation against free space without variability, and the mechanism it comes from.

    Parameters
    ----------
    path : Path
    medium : Medium

    Returns
    -------
    attenuation : ndarray of shape (paths,)
        ≥ 0 [dB].
    mechanism : int ndarray of shape (paths,)
        1 line of sight, 2 diffraction, 3 scatter.
    """
    smooth, sight, d = path.smooth_m.sum(axis=0), path.line_of_sight_m, path.length_m
    with np.errstate(all="ignore"):  # every formula is evaluated everywhere and used where it holds
        reach = np.cbrt(path.radius_m**2 / medium.frequency_mhz)
        third = np.maximum(smooth, sight + 5 * reach)
        at_third = _diffraction_db(path, medium, third)
        slope = (_diffraction_db(path, medium, third + 10 * reach) - at_third) / (10 * reach)
        level = at_third - slope * third
        visible = _visible_db(path, medium, slope, level)
        scatter_slope, scatter_level, change_m = _scatter_line(path, medium, slope, level)
        beyond = d > change_m
        hidden = np.where(beyond, scatter_slope * d + scatter_level, slope * d + level)
    attenuation = np.where(d < smooth, visible, hidden)
    mechanism = np.where(d < smooth, LINE_OF_SIGHT, np.where(beyond, SCATTER, DIFFRACTION))
    return np.maximum(attenuation, 0), mechanism


def _sigma_m(irregularity_m: Array) -> Array:
    """Return the deviation of terrain within the first Fresnel zone [m]."""
    return np.asarray(0.78 * irregularity_m * np.exp(-0.5 * irregularity_m**0.25))


# --- diffraction -----------------------------------------------------------------------------------------------------


def _diffraction_db(path: Path, medium: Medium, distance_m: Array) -> Array:
    """Return the attenuation by diffraction at a distance: knife edges, smooth Earth and terrain clutter (§4.1)."""
    f, built = medium.frequency_mhz, path.height_m[0] * path.height_m[1]
    sigma = _sigma_m(roughness_m(path.irregularity_m, path.smooth_m.sum(axis=0)))
    clutter = np.minimum(15.0, 5 * np.log10(1 + 1e-5 * built * f * sigma))
    gained = path.effective_m[0] * path.effective_m[1] - built
    known = built + 10 if path.known else built
    rough = np.minimum(roughness_m(path.irregularity_m, distance_m) * medium.wave_number, 6283.2)
    bent = (path.line_of_sight_m - path.line_of_sight_rad * path.radius_m) / distance_m
    weight = 25.1 / (25.1 + np.sqrt((np.sqrt(1 + gained / known) + bent) * rough))
    edges = _knife_edges_db(path, medium, distance_m)
    return np.asarray(weight * _smooth_earth_db(path, medium, distance_m) + (1 - weight) * edges + clutter)


def _knife_edges_db(path: Path, medium: Medium, distance_m: Array) -> Array:
    """Return the attenuation of the two horizons as knife edges (eq. 4.12; Tech Note 101, I.1, I.7)."""
    angle = distance_m / path.radius_m - path.line_of_sight_rad
    behind = distance_m - path.line_of_sight_m
    squared = 0.0795775 * medium.wave_number * angle**2 * path.horizon_m * behind / (behind + path.horizon_m)
    near, far = 6.02 + 9.11 * np.sqrt(squared) - 1.27 * squared, 12.953 + 10 * np.log10(squared)
    return np.asarray(np.where(squared < 5.76, near, far).sum(axis=0))


def _smooth_earth_db(path: Path, medium: Medium, distance_m: Array) -> Array:
    """Return the attenuation over a smooth Earth by Vogler's three radii (eq. 4.20)."""
    angle = distance_m / path.radius_m - path.line_of_sight_rad
    behind = distance_m - path.line_of_sight_m
    radii = np.stack([behind / angle, *(0.5 * path.horizon_m**2 / path.effective_m)])
    lengths_km = np.stack([behind, *path.horizon_m]) / 1000
    ratio = np.cbrt(4 / 3 * EARTH_RADIUS_M / radii)
    wave = np.cbrt(medium.frequency_mhz)
    k = 0.017778 * ratio / wave / np.abs(medium.impedance)
    x = (1.607 - k) * ratio**2 * wave * lengths_km
    total = x.sum(axis=0)
    return np.asarray(0.05751 * total - 10 * np.log10(total) - _height_gain_db(x[1:], k[1:]).sum(axis=0) - 20)


def _height_gain_db(x: Array, k: Array) -> Array:
    """Return the height gain F(x, K) over a smooth Earth (§6)."""
    w = -np.log(k)
    high = 17.372 * np.log(x) - 117
    low = np.where((k < 1e-5) | (x * w**3 > 5495), np.where(x > 1, high, -117.0), 2.5e-5 * x**2 / k - 8.686 * w - 15)
    far = 0.05751 * x - 4.343 * np.log(x)
    share = 0.0134 * x * np.exp(-0.005 * x)
    return np.where(x < 200, low, np.where(x < 2000, (1 - share) * far + share * high, far))


# --- line of sight ---------------------------------------------------------------------------------------------------


def _visible_db(path: Path, medium: Medium, slope: Array, level: Array) -> Array:
    """Return the attenuation within line of sight: a curve through two-ray values and the diffraction line (§4.2)."""
    limit, sight = path.smooth_m.sum(axis=0), path.line_of_sight_m
    at_limit = slope * limit + level
    plain = 0.04 * medium.frequency_mhz * path.effective_m[0] * path.effective_m[1]
    near = np.where(level >= 0, np.minimum(plain, 0.5 * sight), plain)
    middle = np.where(level >= 0, near + 0.25 * (sight - near), np.maximum(-level / slope, 0.25 * sight))
    at_middle = _two_ray_db(path, medium, middle, slope, level)
    at_near = _two_ray_db(path, medium, near, slope, level)
    log_limit = np.log(limit / near)
    bend = ((limit - near) * (at_middle - at_near) - (middle - near) * (at_limit - at_near)) / (
        (limit - near) * np.log(middle / near) - (middle - near) * log_limit
    )
    bend = np.maximum(bend, 0)
    curved = (near < middle) & ((level > 0) | (bend > 0))
    rise = (at_limit - at_near - bend * log_limit) / (limit - near)
    straight = curved & (rise < 0)  # a falling attenuation is not physical: all of it goes into the logarithm
    bend = np.where(straight, np.maximum(at_limit - at_near, 0) / log_limit, np.where(curved, bend, 0))
    plain_rise = np.maximum(at_limit - at_middle, 0) / (limit - middle)
    rise = np.where(straight, 0.0, np.where(curved, rise, plain_rise))
    rise = np.where((straight & (bend == 0)) | (~curved & (rise == 0)), slope, rise)
    return np.asarray(at_limit - rise * (limit - path.length_m) - bend * np.log(limit / path.length_m))


def _two_ray_db(path: Path, medium: Medium, distance_m: Array, slope: Array, level: Array) -> Array:
    """Return the attenuation of a direct and a reflected ray, and of extended diffraction (eqs 4.46–4.50)."""
    wave, heights = medium.wave_number, path.effective_m.sum(axis=0)
    grazing = heights / np.hypot(distance_m, heights)
    rough = wave * _sigma_m(roughness_m(path.irregularity_m, distance_m)) * grazing
    reflected = (grazing - medium.impedance) / (grazing + medium.impedance) * np.exp(-np.minimum(10.0, rough))
    power = np.abs(reflected) ** 2
    reflected = reflected * np.where((power < 0.25) | (power < grazing), np.sqrt(grazing / power), 1.0)
    phase = 2 * wave * path.effective_m[0] * path.effective_m[1] / distance_m
    phase = np.where(phase > np.pi / 2, np.pi - (np.pi / 2) ** 2 / phase, phase)
    rays = -20 * np.log10(np.abs(np.exp(-1j * phase) + reflected))
    limit = path.smooth_m.sum(axis=0)
    weight = 1 / (1 + medium.frequency_mhz * path.irregularity_m / np.maximum(10e3, limit))
    return np.asarray(weight * rays + (1 - weight) * (slope * distance_m + level))


# --- scatter ---------------------------------------------------------------------------------------------------------


def _scatter_line(path: Path, medium: Medium, slope: Array, level: Array) -> tuple[Array, Array, Array]:
    """Return slope and level of the scatter line, and the distance from which it holds (§4.3)."""
    sight = path.line_of_sight_m
    fifth, sixth = sight + 200e3, sight + 400e3
    far_gain, far_defined = _frequency_gain_db(path, medium, sixth)
    near_gain, near_defined = _frequency_gain_db(path, medium, fifth)
    # Above 15 dB the nearer gain is replaced by the farther one.
    near_gain = np.where(far_defined & ((far_gain > 15) | (near_gain > 15)), far_gain, near_gain)
    near_defined = near_defined | (far_defined & (far_gain > 15))
    at_fifth = np.where(near_defined, _scatter_db(path, medium, fifth, near_gain), NO_SCATTER_DB)
    at_sixth = np.where(far_defined, _scatter_db(path, medium, sixth, far_gain), NO_SCATTER_DB)
    real = at_fifth < 1000
    rise = (at_sixth - at_fifth) / 200e3
    reach = 1.088 * np.cbrt(path.radius_m**2 / medium.frequency_mhz) * np.log(medium.frequency_mhz)
    change = np.maximum(
        np.maximum(path.smooth_m.sum(axis=0), sight + reach), (at_fifth - level - rise * fifth) / (slope - rise)
    )
    return (
        np.where(real, rise, slope),
        np.where(real, (slope - rise) * change + level, level),
        np.where(real, change, 10e6),
    )


def _scatter_db(path: Path, medium: Medium, distance_m: Array, gain_db: Array) -> Array:
    """Return the attenuation by tropospheric scatter (eqs 4.63, 6.8, 6.9)."""
    angle = distance_m / path.radius_m - path.line_of_sight_rad
    product = angle * distance_m
    part = (product > 10e3).astype(int) + (product > 70e3)
    base = SCATTER_A[part] + SCATTER_B[part] * product + SCATTER_C[part] * np.log10(product)
    climate = 0.1 * (medium.refractivity - 301) * np.exp(-product / 40e3)
    return np.asarray(base + 10 * np.log10(medium.wave_number * WAVE_MHZ_M * angle**4) - climate + gain_db)


def _frequency_gain_db(path: Path, medium: Medium, distance_m: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Return the frequency gain H0 of scatter and whether it is defined (eqs 4.66, 4.67; Tech Note 101 §9.2)."""
    first, second = path.horizon_m
    apart = np.abs(first - second)
    ratio = path.effective_m[1] / path.effective_m[0]
    ratio = np.where(first < second, 1 / ratio, ratio)
    angle = path.horizon_rad.sum(axis=0) + distance_m / path.radius_m
    r = 2 * medium.wave_number * angle * path.effective_m
    asymmetry = (distance_m - apart) / (distance_m + apart)
    q = np.clip(ratio / asymmetry, 0.1, 10.0)
    s = np.maximum(0.1, asymmetry)
    crossing = (distance_m - apart) * (distance_m + apart) * angle * 0.25 / distance_m
    n = medium.refractivity
    moist = (0.031 - n * 2.32e-3 + n**2 * 5.67e-6) * np.exp(-(np.minimum(1.7, crossing / 8.0e3) ** 6))
    efficiency = crossing / 1.7556e3 * (1 + moist)
    mean = _gain_curve_db(r, efficiency).mean(axis=0)
    skew = 6 * (0.6 - np.log10(np.maximum(efficiency, 1))) * np.log10(s) * np.log10(q)
    gain = np.maximum(mean + np.minimum(mean, skew), 0)
    root = np.sqrt(2)
    still = 10 * np.log10(((1 + root / r[0]) * (1 + root / r[1])) ** 2 * r.sum(axis=0) / (r.sum(axis=0) + 2 * root))
    gain = np.where(efficiency < 1, efficiency * gain + (1 - efficiency) * still, gain)
    return gain, ~((r[0] < 0.2) & (r[1] < 0.2))


def _gain_curve_db(r: Array, efficiency: Array) -> Array:
    """Return H01(r, η), interpolated between the curves of whole η (eq. 6.13)."""
    kept = np.clip(efficiency, 1, 5)
    low = np.minimum(np.nan_to_num(kept, nan=1.0).astype(int), 4)

    def curve(index: NDArray[Any]) -> Array:
        return np.asarray(10 * np.log10(1 + GAIN_A[index] / r**4 + GAIN_B[index] / r**2))

    return np.asarray((low + 1 - kept) * curve(low - 1) + (kept - low) * curve(low))
