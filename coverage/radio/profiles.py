"""What the NTIA models read off a terrain profile in the same way: horizons and a fitted line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Horizons:
    """Radio horizons of both terminals; where nothing stands in between, each is the other's horizon.

    Attributes
    ----------
    distance_m : ndarray of shape (2, paths)
        From the first and from the last point of the profile [m].
    angle_rad : ndarray of shape (2, paths)
        Above the horizontal at the terminal [rad].
    """

    distance_m: Array
    angle_rad: Array


def horizons(ground_m: Array, step_m: Array, antenna_m: Array, radius_m: Array) -> Horizons:
    """Return the radio horizons over an Earth of effective radius.

    Parameters
    ----------
    ground_m : ndarray of shape (paths, points)
        Ground above sea level at equal steps [m].
    step_m : ndarray of shape (paths,)
        Distance between two points, > 0 [m].
    antenna_m : ndarray of shape (2, paths)
        Antennas above sea level at the first and at the last point [m].
    radius_m : ndarray of shape (paths,)
        Effective Earth radius [m].

    Notes
    -----
    Hufford, "The ITS Irregular Terrain Model, version 1.2.2: the algorithm" (2002); Tech Note 101, eq. 6.15.
    """
    length, points = step_m * (ground_m.shape[1] - 1), ground_m.shape[1] - 2
    steps = np.repeat(step_m[:, None], points, axis=1)
    # Distances by repeated addition, as the publishers walk along a profile: they cut indices from such sums, and
    # a product differs from the sum in its last bit, which moves the index of an edge by one.
    from_first = np.cumsum(steps, axis=1)
    from_last = np.subtract.accumulate(np.concatenate([length[:, None], steps], axis=1), axis=1)[:, 1:]
    rise = (antenna_m[1] - antenna_m[0]) / length
    sides = (
        _horizon(ground_m[:, 1:-1], from_first, antenna_m[0], rise, length, radius_m),
        _horizon(ground_m[:, 1:-1], from_last, antenna_m[1], -rise, length, radius_m),
    )
    return Horizons(
        distance_m=np.stack([distance for distance, _ in sides]), angle_rad=np.stack([angle for _, angle in sides])
    )


def _horizon(
    ground_m: Array, distance_m: Array, antenna_m: Array, rise: Array, length_m: Array, radius_m: Array
) -> tuple[Array, Array]:
    direct = rise - length_m / (2 * radius_m)
    if not ground_m.shape[1]:
        return length_m, direct
    angles = (ground_m - antenna_m[:, None]) / distance_m - distance_m / (2 * radius_m[:, None])
    rows, highest = np.arange(len(ground_m)), angles.argmax(axis=1)
    hidden = angles[rows, highest] > direct
    return np.where(hidden, distance_m[rows, highest], length_m), np.where(hidden, angles[rows, highest], direct)


def fitted_line(ground_m: Array, first: NDArray[Any], last: NDArray[Any]) -> tuple[Array, Array]:
    """Return the least-squares line through a stretch of each profile.

    Parameters
    ----------
    ground_m : ndarray of shape (paths, points)
        Ground at equal steps [m].
    first, last : int ndarray of shape (paths,)
        Indices of the stretch, both included, first < last.

    Returns
    -------
    level : ndarray of shape (paths,)
        The line at the first point of the profile [m].
    slope : ndarray of shape (paths,)
        Its rise per step [m].

    Notes
    -----
    The integrals of the continuous fit by the trapezoidal rule (the ends count half), Hufford 2002.
    """
    index = np.arange(ground_m.shape[1])
    stretch = (last - first).astype(float)
    middle = first + stretch / 2
    inside = ((index >= first[:, None]) & (index <= last[:, None])).astype(float)
    weight = inside - 0.5 * ((index == first[:, None]) | (index == last[:, None]))
    weighted = weight * ground_m
    mean = weighted.sum(axis=1) / stretch
    slope = (weighted * (index - middle[:, None])).sum(axis=1) * 12 / ((stretch**2 + 2) * stretch)
    return mean - slope * middle, slope
