"""Rivers cut valleys: a few steps of the stream-power law on a coarse grid make noise look like mountains."""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import laplace

Heights = NDArray[np.float64]


def eroded(
    heights: Heights, fixed: NDArray[np.bool_], *, pixel_m: float, steps: int, strength: float, creep: float
) -> Heights:
    """Return heights after water has run over them.

    Parameters
    ----------
    heights : ndarray of shape (rows, cols)
        Before [m].
    fixed : ndarray of bool, same shape
        Sea, rivers and plain: they keep their height and everything drains to them.
    pixel_m : float
        Side of a pixel [m].
    steps : int
        Time steps.
    strength : float
        K·Δt of the law dh/dt = −K·A^0.5·slope, A in pixels and slope per pixel [1].
    creep : float
        Share of the difference to the neighbours' mean that hillslopes lose per step (0–1).

    Notes
    -----
    Implicit in downstream order (Braun, Willett, Geomorphology 180–181, 2013), drainage by priority flood (Barnes,
    Lehman, Mulla, Computers & Geosciences 62, 2014).
    """
    h = heights.copy()
    for _ in range(steps):
        h = np.round(h, 4)  # a tie or a near tie is decided the same way on every platform
        order, receiver, level, step = _drainage(h, fixed)
        area = [1.0] * h.size
        for cell in reversed(order):
            if receiver[cell] >= 0:
                area[receiver[cell]] += area[cell]
        for cell in order:
            down = receiver[cell]
            if down >= 0:
                factor = strength * area[cell] ** 0.5 / step[cell]
                level[cell] = max(level[down], (level[cell] + factor * level[down]) / (1.0 + factor))
        h = np.where(fixed, heights, np.array(level).reshape(h.shape))
        h = np.where(fixed, heights, h + creep * laplace(h, mode="nearest") / 4.0)
    return h


def _drainage(h: Heights, fixed: NDArray[np.bool_]) -> tuple[list[int], list[int], list[float], list[float]]:
    """Return cells from the outlets upwards, the cell each drains to (−1), filled heights, distance to it [pixels]."""
    rows, cols = h.shape
    level: list[float] = h.ravel().tolist()
    receiver = [-1] * h.size
    step = [1.0] * h.size
    done = fixed.ravel().copy()
    done_list: list[bool] = done.tolist()
    edge = np.zeros(h.shape, dtype=bool)
    edge[[0, -1], :] = edge[:, [0, -1]] = True
    starts = np.flatnonzero((fixed | edge).ravel()).tolist()
    heap = [(level[cell], cell) for cell in starts]
    for cell in starts:
        done_list[cell] = True
    heapq.heapify(heap)
    order: list[int] = []
    offsets = [
        (-1, 0, 1.0),
        (0, -1, 1.0),
        (0, 1, 1.0),
        (1, 0, 1.0),
        (-1, -1, 2**0.5),
        (-1, 1, 2**0.5),
        (1, -1, 2**0.5),
        (1, 1, 2**0.5),
    ]
    while heap:
        here, cell = heapq.heappop(heap)
        order.append(cell)
        row, col = divmod(cell, cols)
        for down, right, distance in offsets:
            r, c = row + down, col + right
            if 0 <= r < rows and 0 <= c < cols:
                other = r * cols + c
                if not done_list[other]:
                    done_list[other] = True
                    receiver[other] = cell
                    step[other] = distance
                    if level[other] < here + 1e-3:
                        level[other] = here + 1e-3
                    heapq.heappush(heap, (level[other], other))
    return order, receiver, level, step
