"""Diffraction loss around a mast: in C where it can be compiled, else by the same steps in NumPy."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from coverage.radio import native
from coverage.radio.native import RayLink
from coverage.radio.p526 import Profiles, delta_bullington_db
from coverage.radio.p1812 import smooth_heights_for_diffraction

Array = NDArray[np.float32]
OUTSIDE, UNKNOWN = -32768, 32767  # packed: beyond the reach or too near; no ground known under the path
PER_DB = 64  # packed units in a decibel


def ray_losses(bare_m: Array, top_m: Array, link: RayLink, *, first: int = 2) -> Array:
    """Return the diffraction loss of every target of given profiles [dB]: the NumPy twin of `native.ray_losses`.

    Parameters
    ----------
    bare_m, top_m : ndarray of shape (rays, samples)
        Ground, and ground with clutter, above sea level [m]; NaN is unknown.
    link : RayLink
    first : int, ≥ 2
        Nearest target wanted.

    Returns
    -------
    float32 ndarray of shape (rays, samples)
        NaN before `first` and behind an unknown sample.
    """
    bare, top = np.asarray(bare_m, dtype=float), np.asarray(top_m, dtype=float)
    rays, samples = bare.shape
    known = np.logical_and.accumulate(np.isfinite(bare) & np.isfinite(top), axis=1)
    ground, surface = np.where(known, bare, 0.0), np.where(known, top, 0.0)
    distance = np.broadcast_to(np.arange(samples) * link.step_m / 1000, bare.shape)
    radius_km = np.full(rays, link.radius_m / 1000)
    out = np.full(bare.shape, np.nan, dtype=np.float32)
    for target in range(first, samples):
        upto = slice(0, target + 1)
        profiles = Profiles(
            distance_km=distance[:, upto],
            ground_m=ground[:, upto],
            surface_m=surface[:, upto],
            tx_m=ground[:, 0] + link.tx_height_m,
            rx_m=ground[:, target] + link.rx_height_m,
        )
        out[:, target] = delta_bullington_db(
            profiles, *smooth_heights_for_diffraction(profiles), radius_km,
            frequency_ghz=link.frequency_ghz, vertical=link.vertical, sea=np.zeros(rays),
        )  # fmt: skip
    return np.where(known, out, np.float32(np.nan))


def sweep(
    bare_m: Array, top_m: Array, position: tuple[float, float], link: RayLink, *, pixel_m: float, reach_m: float
) -> Array:
    """Return the diffraction loss from a mast to every pixel of a window [dB].

    Parameters
    ----------
    bare_m, top_m : ndarray of shape (rows, cols)
        Ground, and ground with clutter, at pixel centres [m]; NaN is unknown.
    position : (col, row)
        The mast, in pixels from the centre of pixel (0, 0).
    link : RayLink
    pixel_m, reach_m : float
        Side of a pixel and radius of the sweep [m].

    Returns
    -------
    float32 ndarray of shape (rows, cols)
        NaN beyond the reach, nearer than two steps, and where the ground under the path is unknown.
    """
    library = native.library()
    if library is not None:
        return native.sweep(library, bare_m, top_m, position, link, pixel_m=pixel_m, reach_m=reach_m)
    rays, count = native.ray_count(pixel_m, reach_m), math.ceil(reach_m / link.step_m)
    turn = np.arange(rays)[:, None] / rays * 2 * np.pi
    along = np.arange(count + 1)[None, :] * link.step_m / pixel_m
    at = position[1] - along * np.cos(turn), position[0] + along * np.sin(turn)
    bare, top = (
        map_coordinates(np.asarray(heights, dtype=float), at, order=1, cval=np.nan, prefilter=False)
        for heights in (bare_m, top_m)
    )
    return _gathered(ray_losses(bare, top, link), position, np.shape(bare_m), pixel_m / link.step_m, reach_m / pixel_m)


def packed_sweep(
    bare_m: Array, top_m: Array, position: tuple[float, float], link: RayLink, *,
    pixel_m: float, reach_m: float, near_m: float, zone: NDArray[np.uint8] | None = None,
) -> NDArray[np.int16]:  # fmt: skip
    """Return the basic transmission loss from a mast to every pixel of a window, packed [1/64 dB].

    Parameters
    ----------
    bare_m, top_m : ndarray of shape (rows, cols)
        Ground, and ground with clutter, at pixel centres [m]; NaN is unknown.
    position : (col, row)
        The mast, in pixels from the centre of pixel (0, 0).
    link : RayLink
    pixel_m, reach_m : float
        Side of a pixel and radius of the sweep [m].
    near_m : float
        Where the sweep begins [m].
    zone : uint8 ndarray of shape (rows, cols) or None
        1 sea, 3 coastal land, 4 inland; None is inland throughout.

    Returns
    -------
    int16 ndarray of shape (rows, cols)
        `OUTSIDE` beyond the reach or nearer than `near_m`, `UNKNOWN` where the ground under the path is unknown.
    """
    del zone  # the median over land so far
    diffraction = sweep(bare_m, top_m, position, link, pixel_m=pixel_m, reach_m=reach_m)
    east = (np.arange(bare_m.shape[1])[None, :] - position[0]) * pixel_m
    north = (position[1] - np.arange(bare_m.shape[0])[:, None]) * pixel_m
    distance = np.hypot(east, north)
    at = np.array([[position[1]], [position[0]]])
    mast = map_coordinates(np.asarray(bare_m, dtype=float), at, order=1, cval=np.nan, prefilter=False)[0]
    slant_km = np.hypot(distance, mast + link.tx_height_m - bare_m - link.rx_height_m) / 1000
    loss = 92.4 + 20 * np.log10(link.frequency_ghz) + 20 * np.log10(np.maximum(slant_km, 1e-3)) + diffraction
    packed = np.where(np.isfinite(loss), np.clip(np.rint(loss * PER_DB), 1 - UNKNOWN, UNKNOWN - 1), UNKNOWN)
    return np.where((distance < near_m) | (distance > reach_m), OUTSIDE, packed).astype(np.int16)


def _gathered(
    polar: Array, position: tuple[float, float], shape: tuple[int, ...], steps_per_pixel: float, reach: float
) -> Array:
    """Return the value of the nearest sample of the nearest ray at each pixel; `reach` in pixels."""
    rays, samples = polar.shape
    east = np.arange(shape[1])[None, :] - position[0]
    north = position[1] - np.arange(shape[0])[:, None]
    distance = np.hypot(east, north)
    sample = np.floor(distance * steps_per_pixel + 0.5).astype(int)
    ray = np.floor(np.arctan2(east, north) / (2 * np.pi) % 1.0 * rays + 0.5).astype(int) % rays
    inside = (distance <= reach) & (sample < samples)
    return np.where(inside, polar[ray, np.minimum(sample, samples - 1)], np.float32(np.nan))
