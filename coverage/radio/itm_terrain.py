"""Irregular Terrain Model, part 1: what a path looks like to the model, from a profile or from an area's statistics.

NTIA Report 82-100 and Hufford, "The ITS Irregular Terrain Model, version 1.2.2: the algorithm" (2002), whose equations
are meant by numbers below. Every quantity is an array with one path per element; pairs of terminals stand along a first
axis of 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coverage.radio.profiles import Array, fitted_line, horizons

SITING_HEIGHT_M = (0.0, 4.0, 9.0)  # what random, careful and very careful siting adds to a low antenna
LOW_ANTENNA_M = 5.0


@dataclass(frozen=True, kw_only=True)
class Path:
    """Everything the propagation mechanisms need to know about paths.

    Attributes
    ----------
    length_m : ndarray of shape (paths,)
    height_m, effective_m : ndarray of shape (2, paths)
        Structural and effective antenna heights [m].
    horizon_m, horizon_rad : ndarray of shape (2, paths)
        Horizon distances [m] and elevation angles [rad].
    irregularity_m : ndarray of shape (paths,)
        Terrain irregularity parameter Δh [m].
    radius_m : ndarray of shape (paths,)
        Effective Earth radius [m].
    known : bool
        From a profile (point-to-point) rather than from statistics (area).
    """

    length_m: Array
    height_m: Array
    effective_m: Array
    horizon_m: Array
    horizon_rad: Array
    irregularity_m: Array
    radius_m: Array
    known: bool

    @property
    def smooth_m(self) -> Array:
        """Horizon distances of both terminals over a smooth Earth [m], shape (2, paths)."""
        return np.asarray(np.sqrt(2 * self.effective_m * self.radius_m))

    @property
    def line_of_sight_m(self) -> Array:
        """Sum of the horizon distances [m], shape (paths,)."""
        return np.asarray(self.horizon_m.sum(axis=0))

    @property
    def line_of_sight_rad(self) -> Array:
        """Angular distance of the line-of-sight region [rad], shape (paths,)."""
        return np.asarray(-np.maximum(self.horizon_rad.sum(axis=0), -self.line_of_sight_m / self.radius_m))


def roughness_m(irregularity_m: ArrayLike, distance_m: ArrayLike) -> Array:
    """Return the terrain irregularity as seen over a distance (§3) [m].

    >>> round(float(roughness_m(90.0, 0.0)), 2), round(float(roughness_m(90.0, 50e3)), 2)
    (18.0, 63.51)
    """
    return np.asarray(np.asarray(irregularity_m) * (1 - 0.8 * np.exp(-np.asarray(distance_m) / 50e3)))


def _horizon_m(effective_m: Array, irregularity_m: Array, radius_m: Array) -> Array:
    """Return the horizon distance over irregular terrain (eq. 3.3) [m]."""
    shortened = np.exp(-0.07 * np.sqrt(irregularity_m / np.maximum(effective_m, LOW_ANTENNA_M)))
    return np.asarray(np.sqrt(2 * effective_m * radius_m) * shortened)


def _horizon_rad(effective_m: Array, horizon_m: Array, irregularity_m: Array, radius_m: Array) -> Array:
    """Return the horizon angle over irregular terrain (eq. 3.4) [rad]."""
    smooth = np.sqrt(2 * effective_m * radius_m)
    return np.asarray((0.65 * irregularity_m * (smooth / horizon_m - 1) - 2 * effective_m) / smooth)


def path_in_area(
    length_m: Array, height_m: Array, irregularity_m: Array, siting: tuple[int, int], radius_m: Array
) -> Path:
    """Return paths of which only the statistics of the terrain are known (§3, eqs 3.1–3.4).

    Parameters
    ----------
    length_m, irregularity_m, radius_m : ndarray of shape (paths,)
    height_m : ndarray of shape (2, paths)
    siting : tuple of int
        Of both terminals: 0 random, 1 careful, 2 very careful.
    """
    added = np.array([SITING_HEIGHT_M[choice] for choice in siting])[:, None]
    added = 1 + added * np.where(height_m < LOW_ANTENNA_M, np.sin(0.1 * np.pi * height_m), 1.0)
    gained = added * np.exp(-np.minimum(20.0, 2 * height_m / np.maximum(1e-3, irregularity_m)))
    effective = height_m + gained * (np.array(siting) != 0)[:, None]
    horizon = _horizon_m(effective, irregularity_m, radius_m)
    return Path(
        length_m=length_m,
        height_m=height_m,
        effective_m=effective,
        horizon_m=horizon,
        horizon_rad=_horizon_rad(effective, horizon, irregularity_m, radius_m),
        irregularity_m=irregularity_m,
        radius_m=radius_m,
        known=False,
    )


def path_over(ground_m: Array, step_m: Array, height_m: Array, radius_m: Array) -> Path:
    """Return paths over known terrain.

    Parameters
    ----------
    ground_m : ndarray of shape (paths, points)
        Ground above sea level from the first to the second terminal at equal steps [m].
    step_m, radius_m : ndarray of shape (paths,)
    height_m : ndarray of shape (2, paths)
    """
    ends = ground_m[:, [0, -1]].T
    length = step_m * (ground_m.shape[1] - 1)
    seen = horizons(ground_m, step_m, ends + height_m, radius_m)
    # Terrain at the foot of an antenna is not terrain to be crossed: begin 15 antenna heights away, or a tenth of the
    # way to the horizon.
    near, far = np.minimum(15 * height_m, 0.1 * seen.distance_m)
    delta = terrain_irregularity_m(ground_m, step_m, near, length - far)
    whole, horizon = (near, length - far), 0.9 * seen.distance_m
    fits = (
        _fits(ground_m, step_m, whole, whole),
        _fits(ground_m, step_m, (near, horizon[0]), (length - horizon[1], length - far)),
    )
    above = seen.distance_m.sum(axis=0) > 1.5 * length  # well within line of sight: horizons by statistics
    effective = height_m + np.maximum(ends - np.where(above, *fits), 0)
    statistical = _horizon_m(effective, delta, radius_m)
    short = above & (statistical.sum(axis=0) <= length)
    effective = effective * np.where(short, (length / statistical.sum(axis=0)) ** 2, 1.0)
    statistical = _horizon_m(effective, delta, radius_m)
    return Path(
        length_m=length,
        height_m=height_m,
        effective_m=effective,
        horizon_m=np.where(above, statistical, seen.distance_m),
        horizon_rad=np.where(above, _horizon_rad(effective, statistical, delta, radius_m), seen.angle_rad),
        irregularity_m=delta,
        radius_m=radius_m,
        known=True,
    )


def _fits(ground_m: Array, step_m: Array, first: tuple[Array, Array], second: tuple[Array, Array]) -> Array:
    """Return the ground at both terminals, each by the line fitted through its own stretch (start, end) [m]."""
    last = ground_m.shape[1] - 1
    near, _ = fitted_line(ground_m, *_stretch(*first, step_m, last))
    level, slope = fitted_line(ground_m, *_stretch(*second, step_m, last))
    return np.stack([near, level + slope * last])


def _stretch(start_m: Array, end_m: Array, step_m: Array, last: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the indices of a stretch, widened by a point at both ends where it holds none."""
    start = np.maximum(start_m / step_m, 0).astype(int)
    end = last - np.maximum(last - end_m / step_m, 0).astype(int)
    empty = end <= start
    return np.where(empty, np.maximum(start - 1, 0), start), np.where(empty, np.minimum(end + 1, last), end)


def terrain_irregularity_m(ground_m: Array, step_m: Array, start_m: Array, end_m: Array) -> Array:
    """Return Δh: the range between the 10 % and 90 % heights above a fitted line, grown to an endless path [m].

    Parameters
    ----------
    ground_m : ndarray of shape (paths, points)
    step_m, start_m, end_m : ndarray of shape (paths,)
        Step of the profile, and the stretch of it that counts [m].

    Returns
    -------
    ndarray of shape (paths,)
        0 for stretches of less than two steps [m].
    """
    start, end = start_m / step_m, end_m / step_m
    tenths = np.clip((0.1 * (end - start + 8)).astype(int), 4, 25)
    delta = np.zeros(len(ground_m))
    for tenth in np.unique(tenths):  # 22 numbers of samples at most
        rows = np.flatnonzero((tenths == tenth) & (end - start >= 2))
        samples = 10 * int(tenth) - 5
        place = start[rows, None] + (end - start)[rows, None] * np.linspace(0, 1, samples)
        sampled = _interpolated(ground_m[rows], place)
        first, last = np.zeros(len(rows), dtype=int), np.full(len(rows), samples - 1)
        level, slope = fitted_line(sampled, first, last)
        falling = -np.sort(-(sampled - level[:, None] - slope[:, None] * np.arange(samples)), axis=1)
        delta[rows] = falling[:, tenth - 1] - falling[:, samples - tenth]
    return delta / (1 - 0.8 * np.exp(-(end_m - start_m) / 50e3))


def _interpolated(ground_m: Array, place: Array) -> Array:
    """Return the ground at fractional indices [m]."""
    before = np.clip(np.ceil(place) - 1, 0, ground_m.shape[1] - 2).astype(int)
    rows = np.arange(len(ground_m))[:, None]
    low, high = ground_m[rows, before], ground_m[rows, before + 1]
    return np.asarray(low + (high - low) * (place - before))
