"""Basic transmission loss around a mast: in C where it can be compiled, else by the same steps in NumPy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from coverage.radio import native
from coverage.radio.native import RayLink
from coverage.radio.p1812 import INLAND_ZONE, NO_COAST_KM, SEA_ZONE, Link, basic_transmission_loss_db

Array = NDArray[np.float32]
OUTSIDE, UNKNOWN = -32768, 32767  # packed: beyond the reach or too near; no ground known under the path
PER_DB = 64  # packed units in a decibel
AGREED_DB = 4.5  # how far the samples around a pixel may lie apart without a path of its own (tests/test_polar.py)


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
    pixel_m: float, reach_m: float, near_m: float, zone: NDArray[np.uint8] | None = None, agreed_db: float = AGREED_DB,
    asked: tuple[slice, slice] | None = None,
) -> NDArray[np.int16]:  # fmt: skip
    """Return the basic transmission loss from a mast to every pixel of a window, packed [1/64 dB].

    Rays run from the mast to all sides, and a pixel lies between the samples of two of them. Where these four differ
    little they are interpolated; elsewhere the pixel's own path decides: equal steps, as near to the link's as can be,
    from the mast to the centre of the pixel.

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
    agreed_db : float
        By how much the four samples may differ [dB]; infinite leaves every pixel to the rays, a negative one none.
    asked : (rows, cols) slices with both ends, or None
        The pixels that are wanted; the rest of the window is only ground. None: all.

    Returns
    -------
    int16 ndarray of shape (rows, cols)
        `OUTSIDE` where not asked, beyond the reach or nearer than `near_m`, `UNKNOWN` where the ground under the path
        is unknown.
    """
    library = native.library()
    if library is not None:
        return native.packed_sweep(
            library, bare_m, top_m, position, link, pixel_m=pixel_m, reach_m=reach_m, near_m=near_m, zone=zone,
            agreed_db=agreed_db, asked=asked,
        )  # fmt: skip
    window = _Window(bare_m=bare_m, top_m=top_m, zone=zone, position=position, pixel_m=pixel_m)
    excess, spread = _between(_polar(window, link, reach_m), window, link, reach_m)
    inside = np.zeros(bare_m.shape, dtype=bool)
    inside[asked or ...] = True
    inside &= (window.distance_m >= near_m) & (window.distance_m <= reach_m)
    if agreed_db < np.inf:
        alone = np.argwhere(inside & ~(spread <= agreed_db))
        excess[tuple(alone.T)] = _own_paths(alone, window, link)
    rise = np.asarray(window.mast_m + link.tx_height_m - bare_m - link.rx_height_m, dtype=np.float64)
    loss = excess + _free_space_db(window.distance_m, rise, link)
    packed = np.where(np.isfinite(loss), np.clip(np.rint(loss * PER_DB), 1 - UNKNOWN, UNKNOWN - 1), UNKNOWN)
    return np.where(inside, packed, OUTSIDE).astype(np.int16)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Window:
    """What lies around a mast, as `packed_sweep` takes it."""

    bare_m: Array
    top_m: Array
    zone: NDArray[np.uint8] | None
    position: tuple[float, float]
    pixel_m: float

    @cached_property
    def east_m(self) -> NDArray[np.float64]:
        return (np.arange(self.bare_m.shape[1], dtype=np.float64)[None, :] - self.position[0]) * self.pixel_m

    @cached_property
    def north_m(self) -> NDArray[np.float64]:
        return (self.position[1] - np.arange(self.bare_m.shape[0], dtype=np.float64)[:, None]) * self.pixel_m

    @cached_property
    def distance_m(self) -> NDArray[np.float64]:
        return np.hypot(self.east_m, self.north_m)

    @cached_property
    def mast_m(self) -> float:
        row, col = (np.array([at], dtype=float) for at in self.position[::-1])
        return float(self.along(row, col)[0][0])

    def along(self, row: NDArray[np.float64], col: NDArray[np.float64]) -> tuple[NDArray[Any], ...]:
        """Return bilinear heights and the nearest zone at some places; heights are NaN outside."""
        bare, top = (
            map_coordinates(np.asarray(heights, dtype=float), (row, col), order=1, cval=np.nan, prefilter=False)
            for heights in (self.bare_m, self.top_m)
        )
        if self.zone is None:
            return bare, top, np.full(bare.shape, INLAND_ZONE)
        i, j = (np.floor(at + 0.5).astype(int) for at in (row, col))
        return bare, top, self.zone[np.clip(i, 0, self.zone.shape[0] - 1), np.clip(j, 0, self.zone.shape[1] - 1)]


def _free_space_db(
    horizontal_m: NDArray[np.float64], rise_m: NDArray[np.float64], link: RayLink
) -> NDArray[np.float64]:
    slant_km = np.maximum(np.hypot(horizontal_m, rise_m) / 1000, 1e-3)
    return np.asarray(92.4 + 20 * np.log10(link.frequency_ghz) + 20 * np.log10(slant_km))


def _polar(window: _Window, link: RayLink, reach_m: float) -> NDArray[np.float64]:
    """Return the loss over free space of the samples of rays to all sides [dB], shape (rays, samples)."""
    rays, count = native.ray_count(window.pixel_m, reach_m), math.ceil(reach_m / link.step_m)
    turn = np.arange(rays, dtype=float)[:, None] / rays * 2 * np.pi
    steps = np.arange(count + 1, dtype=float)[None, :] * link.step_m
    along = steps / window.pixel_m
    col, row = window.position
    bare, top, zone = window.along(row - along * np.cos(turn), col + along * np.sin(turn))
    rise = bare + link.rx_height_m - bare[:, :1] - link.tx_height_m
    return ray_losses(bare, top, link, zone) - _free_space_db(steps, rise, link)


def _between(
    polar: NDArray[np.float64], window: _Window, link: RayLink, reach_m: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the value at each pixel between the four samples around it, and how far these lie apart."""
    rays, last = polar.shape[0], polar.shape[1] - 1
    steps = np.minimum(window.distance_m, reach_m) / link.step_m
    sample = np.minimum(np.floor(steps).astype(int), last - 1)
    # Near the mast every second, fourth, … ray will do, as in sweep.c.
    apart = 2 ** np.sum([sample <= last >> halvings for halvings in range(1, int(math.log2(native.FAN)) + 1)], axis=0)
    turn = np.arctan2(window.east_m, window.north_m) / (2 * np.pi) % 1.0 * rays / apart
    left = np.floor(turn).astype(int)
    before, after = left * apart % rays, (left + 1) * apart % rays
    four = np.stack([polar[before, sample], polar[before, sample + 1], polar[after, sample], polar[after, sample + 1]])
    along, across = np.minimum(steps - sample, 1), turn - left
    low, high = four[0] + along * (four[1] - four[0]), four[2] + along * (four[3] - four[2])
    return low + across * (high - low), np.ptp(four, axis=0)


def _own_paths(pixels: NDArray[np.int_], window: _Window, link: RayLink) -> NDArray[np.float64]:
    """Return the loss over free space of pixels, given as (row, col), each along its own path [dB]; NaN is unknown."""
    row, col = (at.astype(float) for at in pixels.T)
    distance = window.distance_m[tuple(pixels.T)]
    steps = np.maximum(np.floor(distance / link.step_m + 0.5).astype(int), 2)
    found = np.full(len(pixels), np.nan)
    for count in np.unique(steps):
        chosen = np.flatnonzero(steps == count)
        part = np.linspace(0, 1, count + 1)[None, :]
        bare, top, zone = window.along(
            window.position[1] + part * (row[chosen, None] - window.position[1]),
            window.position[0] + part * (col[chosen, None] - window.position[0]),
        )
        known = np.isfinite(bare + top).all(axis=1)
        chosen, bare, top, zone = chosen[known], bare[known], top[known], zone[known].astype(int)
        if not len(chosen):
            continue
        along = part * distance[chosen, None] / 1000
        loss = basic_transmission_loss_db(
            along, bare, top - bare, _path_link(link, along, zone), zone=zone, beyond_range=True
        )
        rise = bare[:, -1] + link.rx_height_m - bare[:, 0] - link.tx_height_m
        found[chosen] = loss - _free_space_db(distance[chosen], rise, link)
    return found
