"""Hand-typed points become lines on the ground: projected, smoothed, roughened, rounded to the centimetre."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer
from scipy.interpolate import Akima1DInterpolator

from coverage.types import AREA_CRS
from tools.demo_city import CRS
from tools.demo_city.geography import Point

Coordinates = NDArray[np.float64]


@lru_cache(maxsize=4)
def _transformer(source: str, target: str) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)


def to_metres(points: Sequence[Point] | Coordinates) -> Coordinates:
    """Return (n, 2) longitude, latitude [°] as easting, northing [m] of the working CRS."""
    return _moved(np.asarray(points, dtype=float), "EPSG:4326", CRS)


def to_degrees(points: Coordinates) -> Coordinates:
    """Return (n, 2) easting, northing [m] as longitude, latitude [°]."""
    return _moved(points, CRS, "EPSG:4326")


def to_equal_area(points: Coordinates) -> Coordinates:
    """Return (n, 2) easting, northing [m] in EPSG:6933, where areas are counted."""
    return _moved(points, CRS, AREA_CRS)


def _moved(points: Coordinates, source: str, target: str) -> Coordinates:
    east, north = _transformer(source, target).transform(points[:, 0], points[:, 1])
    return np.column_stack([east, north])


def centimetres(points: Coordinates) -> Coordinates:
    """Return positions rounded to 0.01 m, so that rounding errors of a platform do not travel further."""
    return np.round(points, 2)


def along(points: Coordinates) -> NDArray[np.float64]:
    """Return the distance from the first point to every point along a line [m]."""
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])


def smooth(points: Coordinates, spacing_m: float) -> Coordinates:
    """Return a line through the same points without corners, with a vertex about every `spacing_m` (modified Akima)."""
    if len(points) < 3:
        return densified(points, spacing_m)
    at = along(points)
    steps = np.maximum(1, np.round(np.diff(at) / spacing_m)).astype(int)
    samples = np.concatenate([np.linspace(a, b, n, endpoint=False) for a, b, n in zip(at, at[1:], steps, strict=False)])
    return centimetres(Akima1DInterpolator(at, points, method="makima")(np.append(samples, at[-1])))


def densified(points: Coordinates, spacing_m: float) -> Coordinates:
    """Return the same line with vertices added so that none is further than about `spacing_m` from the next."""
    at = along(points)
    steps = np.maximum(1, np.round(np.diff(at) / spacing_m)).astype(int)
    samples = np.concatenate([np.linspace(a, b, n, endpoint=False) for a, b, n in zip(at, at[1:], steps, strict=False)])
    samples = np.append(samples, at[-1])
    return np.column_stack([np.interp(samples, at, points[:, 0]), np.interp(samples, at, points[:, 1])])


def normals(points: Coordinates) -> Coordinates:
    """Return unit vectors to the left of a line at its vertices."""
    tangent = np.gradient(points, axis=0)
    tangent /= np.hypot(tangent[:, 0], tangent[:, 1])[:, None]
    return np.column_stack([-tangent[:, 1], tangent[:, 0]])


def wiggle(
    points: Coordinates, amplitude_m: float | NDArray[np.float64], rng: np.random.Generator, *, finest_m: float = 400.0
) -> Coordinates:
    """Return a line shifted sideways by a sum of sines with random phases that is zero at both ends.

    Parameters
    ----------
    points : ndarray of shape (n, 2)
        Line [m].
    amplitude_m : float or ndarray of n
        About the largest shift [m].
    rng : numpy.random.Generator
        Source of the phases; advanced by a number of draws that depends on the length only.
    finest_m : float
        Shortest wavelength [m].
    """
    at = along(points)
    waves = np.arange(1, max(2, int(2 * at[-1] / finest_m)) + 1)
    strength = rng.normal(size=len(waves)) * waves**-1.4
    # times one more half wave: the line keeps its direction at its ends, so that it cannot cross its neighbours there
    shift = (np.sin(np.pi * np.outer(at / at[-1], waves)) @ strength) * np.sin(np.pi * at / at[-1])
    shift = shift / max(1e-9, np.abs(shift).max()) * amplitude_m
    return centimetres(points + normals(points) * shift[:, None])


def ragged(points: Coordinates, amplitude_m: NDArray[np.float64], rng: np.random.Generator) -> Coordinates:
    """Return a coast whose vertices are shifted sideways by noise of 150 m to 2.4 km wavelength (ends stay)."""
    at = along(points)
    shift = np.zeros(len(points))
    for wavelength, weight in ((2400.0, 1.0), (1200.0, 0.8), (600.0, 0.6), (300.0, 0.45), (150.0, 0.3)):
        knots = np.arange(0.0, at[-1] + 2 * wavelength, wavelength / 2)
        shift += weight * Akima1DInterpolator(knots, rng.uniform(-1.0, 1.0, len(knots)), method="makima")(at)
    shift[[0, -1]] = 0.0
    return centimetres(points + normals(points) * (shift * amplitude_m)[:, None])
