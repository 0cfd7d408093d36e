"""Line of sight: whether the direct ray from a mast to a pixel is clear of the ground and of what stands on it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import map_coordinates

EARTH_RADIUS_M = 6_371_000.0
FOUR_THIRDS = 4 / 3  # effective Earth radius factor of a standard atmosphere (P.310)


def line_of_sight(
    ground_m: ArrayLike,
    top_m: ArrayLike,
    position: tuple[float, float],
    *,
    pixel_m: float,
    reach_m: float,
    antenna_m: float,
    receiver_m: float,
    radius_m: float = FOUR_THIRDS * EARTH_RADIUS_M,
) -> NDArray[np.float32]:
    """Return where the direct ray from an antenna to a receiver above each pixel is clear.

    Rays go out in as many directions as the rim has pixels, with a sample every pixel; each holds the steepest angle
    met so far. A pixel sees the antenna when the angle to its receiver is not below that of the two rays beside it,
    weighed by how near they pass. What stands on the mast's own pixel or on the receiver's does not count, as in
    P.1812: the antenna is above it, the receiver beside it.

    Parameters
    ----------
    ground_m, top_m : ndarray of shape (rows, cols)
        Bare ground, and ground with what stands on it, at pixel centres above sea level [m]; NaN is unknown.
    position : (row, col)
        The mast, in pixels from the centre of pixel (0, 0).
    pixel_m, reach_m : float
        Side of a pixel and greatest horizontal distance [m], > 0.
    antenna_m, receiver_m : float
        Above the bare ground [m].
    radius_m : float
        Effective radius of the Earth [m].

    Returns
    -------
    float32 ndarray of shape (rows, cols)
        1 in sight, 0 behind something, NaN beyond the reach and where unknown ground on the way leaves it open.
    """
    ground, top = np.asarray(ground_m, dtype=float), np.asarray(top_m, dtype=float)
    row, col = position
    antenna = antenna_m + float(map_coordinates(ground, [[row], [col]], order=1, cval=np.nan, prefilter=False)[0])
    south, east = np.indices(ground.shape) - np.array(position)[:, None, None]
    distance = pixel_m * np.hypot(south, east)
    within = distance <= reach_m
    out = np.full(ground.shape, np.nan, dtype=np.float32)
    if math.isnan(antenna) or not within.any():
        return out
    directions = max(math.ceil(2 * math.pi * reach_m / pixel_m), 8)
    horizon, hole = _horizons(
        top, position, directions,
        steps=int(reach_m / pixel_m), antenna_m=antenna, pixel_m=pixel_m, radius_m=radius_m,
    )  # fmt: skip
    far = distance[within]
    turn = np.arctan2(east[within], -south[within]) / (2 * math.pi) % 1.0 * directions
    ray = turn.astype(int) % directions
    beside, part = (ray + 1) % directions, turn - turn.astype(int)
    last = np.maximum((far / pixel_m - 1).astype(int), 0)  # the last sample that reads nothing of the pixel itself
    rise = ground[within] + receiver_m - far**2 / (2 * radius_m) - antenna
    with np.errstate(divide="ignore", invalid="ignore"):
        angle = np.where(far > 0, rise / far, np.inf)
        edge = np.where(last > 0, (1 - part) * horizon[ray, last] + part * horizon[beside, last], -np.inf)
    open_question = np.where(hole[ray, last] | hole[beside, last], np.float32(np.nan), np.float32(1))
    seen = np.where(angle >= edge, open_question, np.float32(0))
    out[within] = np.where(np.isnan(angle), np.float32(np.nan), seen)
    return out


def _horizons(
    top_m: NDArray[np.float64],
    position: tuple[float, float],
    directions: int,
    *,
    steps: int,
    antenna_m: float,
    pixel_m: float,
    radius_m: float,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the steepest slope up to each sample of each ray, −∞ before the first, and whether a hole was crossed.

    Both of shape (directions, steps + 1); sample k lies k pixels from the mast.
    """
    along, turn = np.arange(1, steps + 1)[None, :], np.arange(directions)[:, None] / directions * 2 * math.pi
    at = position[0] - along * np.cos(turn), position[1] + along * np.sin(turn)
    top = map_coordinates(top_m, at, order=1, cval=np.nan, prefilter=False)
    away = along * pixel_m
    slope = (top - away**2 / (2 * radius_m) - antenna_m) / away
    unknown = np.isnan(slope)
    none = np.full((directions, 1), -np.inf)
    steepest = np.maximum.accumulate(np.where(unknown, -np.inf, slope), axis=1)
    crossed = np.logical_or.accumulate(unknown, axis=1)
    return np.hstack([none, steepest]), np.hstack([np.zeros_like(none, dtype=bool), crossed])
