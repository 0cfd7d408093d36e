"""Rivers cut valleys: a few steps of the stream-power law on a coarse grid make noise look like mountains."""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import laplace

Heights = NDArray[np.float64]

_NEIGHBOURS = ((-1, 0), (0, -1), (0, 1), (1, 0), (-1, -1), (-1, 1), (1, -1), (1, 1))
_LEAST_FALL_M = 1e-3  # per pixel, so that every filled hollow still drains

_HILLSLOPE_PIXELS = 4.0  # a channel begins where water of more pixels comes together


def eroded(
    heights: Heights, fixed: NDArray[np.bool_], uplift: Heights, *, steps: int, strength: float, creep: float
) -> Heights:
    """Return heights after water has run over them.

    Parameters
    ----------
    heights : ndarray of shape (rows, cols)
        Before [m].
    fixed : ndarray of bool, same shape
        Sea, rivers and plain: they keep their height and everything drains to them or over the edge.
    uplift : ndarray, same shape
        What the ground rises by in each step [m].
    steps : int
        Time steps.
    strength : float
        K·Δt of the law dh/dt = −K·A^0.5·slope, A in pixels and slope per pixel [1].
    creep : float
        Share of the difference to the neighbours' mean that hillslopes lose per step (0–1).

    Notes
    -----
    Implicit in downstream order (Braun, Willett, Geomorphology 180–181, 2013), hollows filled by priority flood
    (Barnes, Lehman, Mulla, Computers & Geosciences 62, 2014), water runs to the steepest of eight neighbours.
    """
    h = heights.copy()
    edge = np.ones(h.shape, dtype=bool)
    edge[1:-1, 1:-1] = False
    for _ in range(steps):
        h = np.round(_filled(np.round(h, 4), fixed | edge), 4)  # near ties fall the same way on every platform
        receiver, distance = _steepest(h, fixed | edge)
        order = np.argsort(h, axis=None, kind="stable")
        h = np.where(fixed, heights, _incised(h, order, receiver, distance, strength))
        h = np.where(fixed, heights, h + uplift + creep * laplace(h, mode="nearest") / 4.0)
    return h


def _filled(h: Heights, outlet: NDArray[np.bool_]) -> Heights:
    """Return the lowest surface above h from which every pixel drains to an outlet."""
    rows, cols = h.shape
    level: list[float] = h.ravel().tolist()
    done: list[bool] = outlet.ravel().tolist()
    heap = [(level[cell], cell) for cell in np.flatnonzero(outlet.ravel()).tolist()]
    heapq.heapify(heap)
    while heap:
        here, cell = heapq.heappop(heap)
        row, col = divmod(cell, cols)
        for down, right in _NEIGHBOURS:
            if 0 <= row + down < rows and 0 <= col + right < cols:
                other = cell + down * cols + right
                if not done[other]:
                    done[other] = True
                    level[other] = max(level[other], here + _LEAST_FALL_M)
                    heapq.heappush(heap, (level[other], other))
    return np.array(level).reshape(h.shape)


def _steepest(h: Heights, outlet: NDArray[np.bool_]) -> tuple[list[int], list[float]]:
    """Return the pixel each pixel drains to (−1: none) and the distance to it [pixels]."""
    rows, cols = h.shape
    index = np.arange(h.size).reshape(h.shape)
    best, target, distance = np.zeros(h.shape), np.full(h.shape, -1), np.ones(h.shape)
    for down, right in _NEIGHBOURS:
        here = (slice(max(0, -down), rows - max(0, down)), slice(max(0, -right), cols - max(0, right)))
        there = (slice(max(0, down), rows + min(0, down)), slice(max(0, right), cols + min(0, right)))
        length = float(np.hypot(down, right))
        slope = (h[here] - h[there]) / length
        steeper = slope > best[here]
        best[here] = np.where(steeper, slope, best[here])
        target[here] = np.where(steeper, index[there], target[here])
        distance[here] = np.where(steeper, length, distance[here])
    target[outlet] = -1
    return target.ravel().tolist(), distance.ravel().tolist()


def _incised(
    h: Heights, order: NDArray[np.intp], receiver: list[int], distance: list[float], strength: float
) -> Heights:
    """Return heights after one implicit step, from the outlets upwards."""
    level: list[float] = h.ravel().tolist()
    area = [1.0] * h.size
    upwards: list[int] = order.tolist()
    for cell in reversed(upwards):
        if receiver[cell] >= 0:
            area[receiver[cell]] += area[cell]
    for cell in upwards:
        down = receiver[cell]
        if down >= 0:
            factor = strength * max(0.0, area[cell] - _HILLSLOPE_PIXELS) ** 0.5 / distance[cell]
            level[cell] = (level[cell] + factor * level[down]) / (1.0 + factor)
    return np.array(level).reshape(h.shape)
