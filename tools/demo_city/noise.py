"""Seeded fractal noise on a grid."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RectBivariateSpline

from coverage.grid import Grid


def waves(grid: Grid, wavelength_m: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return smooth noise of one wavelength, about −1 to 1, shape (rows, cols)."""
    height, width = grid.rows * grid.pixel_m, grid.cols * grid.pixel_m
    rows, cols = (int(np.ceil(side / (wavelength_m / 2))) + 4 for side in (height, width))
    knots_y, knots_x = (np.arange(n) * (wavelength_m / 2) - wavelength_m / 2 for n in (rows, cols))
    spline = RectBivariateSpline(knots_y, knots_x, rng.uniform(-1.0, 1.0, (rows, cols)))
    y, x = ((np.arange(n) + 0.5) * grid.pixel_m for n in grid.shape)
    return np.asarray(spline(y, x))


def fractal(
    grid: Grid, wavelengths_m: Sequence[float], rng: np.random.Generator, *, fading: float = 0.5
) -> NDArray[np.float64]:
    """Return the sum of noises, each next wavelength weaker by a factor; about −1 to 1."""
    weights = fading ** np.arange(len(wavelengths_m))
    total = np.zeros(grid.shape)
    for weight, wavelength in zip(weights / weights.sum(), wavelengths_m, strict=True):
        total += weight * waves(grid, wavelength, rng)
    return total
