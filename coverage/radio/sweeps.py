"""Basic transmission loss around a mast: in C where it can be compiled, else by the same steps in NumPy."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from coverage.radio import native
from coverage.radio.native import RayLink
from coverage.radio.p1812 import INLAND_ZONE, NO_COAST_KM, SEA_ZONE, Link, basic_transmission_loss_db

Array = NDArray[np.float32]
OUTSIDE, UNKNOWN = -32768, 32767  # packed: beyond the reach or too near; no ground known under the path
PER_DB = 64  # packed units in a decibel


def ray_losses(
    bare_m: Array, top_m: Array, link: RayLink, zone: NDArray[np.uint8] | None = None, *, first: int = 2
) -> NDArray[np.float64]:
    """Return the basic transmission loss of every target of given profiles [dB]: the twin of `native.ray_losses`.

    Parameters
    ----------
    bare_m, top_m : ndarray of shape (rays, samples)
        Ground, and ground with clutter, above sea level [m]; NaN is unknown.
    link : RayLink
    zone : uint8 ndarray of shape (rays, samples) or None
        1 sea, 3 coastal land, 4 inland; None is inland throughout.
    first : int, ≥ 2
        Nearest target wanted.

    Returns
    -------
    ndarray of shape (rays, samples)
        NaN before `first` and behind an unknown sample.
    """
    bare, top = np.asarray(bare_m, dtype=float), np.asarray(top_m, dtype=float)
    known = np.logical_and.accumulate(np.isfinite(bare) & np.isfinite(top), axis=1)
    ground, clutter = np.where(known, bare, 0.0), np.where(known, top - bare, 0.0)
    distance = np.broadcast_to(np.arange(bare.shape[1]) * link.step_m / 1000, bare.shape)
    zones = np.full(bare.shape, INLAND_ZONE) if zone is None else zone.astype(int)
    out = np.full(bare.shape, np.nan)
    for target in range(first, bare.shape[1]):
        upto = slice(0, target + 1)
        path = distance[:, upto], ground[:, upto], clutter[:, upto]
        out[:, target] = basic_transmission_loss_db(
            *path, _path_link(link, distance[:, upto], zones[:, upto]), zone=zones[:, upto], beyond_range=True
        )
    return np.where(known, out, np.nan)


def _path_link(link: RayLink, distance_km: NDArray[np.float64], zone: NDArray[np.int_]) -> Link:
    tx_coast, rx_coast = coast_distances_km(distance_km, zone)
    return Link(
        frequency_ghz=link.frequency_ghz, tx_height_m=link.tx_height_m, rx_height_m=link.rx_height_m,
        latitude_deg=link.latitude_deg, time_percent=link.time_percent, vertical=link.vertical, delta_n=link.delta_n,
        n0=link.n0, tx_coast_km=tx_coast, rx_coast_km=rx_coast, location_percent=link.location_percent,
        location_sigma_db=link.location_sigma_db,
    )  # fmt: skip


def coast_distances_km(
    distance_km: NDArray[np.float64], zone: NDArray[np.int_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how far each terminal is from the sea along the path, 0 at sea, 500 where there is none [km].

    Parameters
    ----------
    distance_km : ndarray of shape (paths, points)
    zone : int ndarray of shape (paths, points)
        1 sea, 3 coastal land, 4 inland. The coast lies half way between two points.
    """
    sea, rows = zone == SEA_ZONE, np.arange(len(zone))
    middle = (distance_km[:, 1:] + distance_km[:, :-1]) / 2
    starts = np.concatenate([distance_km[:, :1], middle], axis=1)
    ends = np.concatenate([middle, distance_km[:, -1:]], axis=1)
    from_tx = starts[rows, sea.argmax(axis=1)]
    from_rx = distance_km[:, -1] - ends[rows, zone.shape[1] - 1 - sea[:, ::-1].argmax(axis=1)]
    wet = sea.any(axis=1)
    return np.where(wet, from_tx, NO_COAST_KM), np.where(wet, from_rx, NO_COAST_KM)


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
    library = native.library()
    if library is not None:
        return native.packed_sweep(
            library, bare_m, top_m, position, link, pixel_m=pixel_m, reach_m=reach_m, near_m=near_m, zone=zone
        )
    excess = _around((bare_m, top_m, zone), position, link, pixel_m, reach_m)
    east = (np.arange(bare_m.shape[1])[None, :] - position[0]) * pixel_m
    north = (position[1] - np.arange(bare_m.shape[0])[:, None]) * pixel_m
    distance = np.hypot(east, north)
    at = np.array([[position[1]], [position[0]]])
    mast = map_coordinates(np.asarray(bare_m, dtype=float), at, order=1, cval=np.nan, prefilter=False)[0]
    loss = excess + _free_space_db(distance, mast + link.tx_height_m - bare_m - link.rx_height_m, link)
    packed = np.where(np.isfinite(loss), np.clip(np.rint(loss * PER_DB), 1 - UNKNOWN, UNKNOWN - 1), UNKNOWN)
    return np.where((distance < near_m) | (distance > reach_m), OUTSIDE, packed).astype(np.int16)


def _free_space_db(
    horizontal_m: NDArray[np.float64], rise_m: NDArray[np.float64], link: RayLink
) -> NDArray[np.float64]:
    slant_km = np.maximum(np.hypot(horizontal_m, rise_m) / 1000, 1e-3)
    return np.asarray(92.4 + 20 * np.log10(link.frequency_ghz) + 20 * np.log10(slant_km))


def _around(
    window: tuple[Array, Array, NDArray[np.uint8] | None], position: tuple[float, float], link: RayLink,
    pixel_m: float, reach_m: float,
) -> NDArray[np.float64]:  # fmt: skip
    """Return the loss over free space at the pixels around a mast, from rays to all sides [dB]."""
    rays, count = native.ray_count(pixel_m, reach_m), math.ceil(reach_m / link.step_m)
    turn = np.arange(rays, dtype=float)[:, None] / rays * 2 * np.pi
    steps = np.arange(count + 1, dtype=float)[None, :] * link.step_m
    row, col = position[1] - steps / pixel_m * np.cos(turn), position[0] + steps / pixel_m * np.sin(turn)
    bare, top = (
        map_coordinates(np.asarray(heights, dtype=float), (row, col), order=1, cval=np.nan, prefilter=False)
        for heights in (window[0], window[1])
    )
    along, zone = None, window[2]
    if zone is not None:
        i, j = (np.floor(at + 0.5).astype(int) for at in (row, col))
        along = zone[np.clip(i, 0, zone.shape[0] - 1), np.clip(j, 0, zone.shape[1] - 1)]
    rise = bare + link.rx_height_m - bare[:, :1] - link.tx_height_m
    excess = ray_losses(bare, top, link, along) - _free_space_db(steps, rise, link)
    return _gathered(excess, position, window[0].shape, pixel_m / link.step_m, reach_m / pixel_m)


def _gathered(
    polar: NDArray[np.float64],
    position: tuple[float, float],
    shape: tuple[int, ...],
    steps_per_pixel: float,
    reach: float,
) -> NDArray[np.float64]:
    """Return the value of the nearest sample of the nearest ray at each pixel; `reach` in pixels."""
    rays, samples = polar.shape
    east = np.arange(shape[1])[None, :] - position[0]
    north = position[1] - np.arange(shape[0])[:, None]
    distance = np.hypot(east, north)
    sample = np.floor(distance * steps_per_pixel + 0.5).astype(int)
    ray = np.floor(np.arctan2(east, north) / (2 * np.pi) % 1.0 * rays + 0.5).astype(int) % rays
    inside = (distance <= reach) & (sample < samples)
    return np.where(inside, polar[ray, np.minimum(sample, samples - 1)], np.nan)
