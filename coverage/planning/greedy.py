"""Lazy greedy weighted cover: the most weight per cost, again and again, until the target or the budget is met."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse


@dataclass(frozen=True, kw_only=True)
class Pick:
    """One choice: which candidate, what it added and the total after it (same unit as the weights)."""

    candidate: int
    gain: float
    total: float


def lazy_greedy(
    sets: sparse.csr_array,
    weight: NDArray[np.float64],
    cost: NDArray[np.float64],
    *,
    start: NDArray[np.bool_],
    target: float,
    budget: float = math.inf,
    progress: Callable[[float], None] | None = None,
) -> tuple[list[Pick], NDArray[np.bool_]]:
    """Return the candidates in the order in which greedy takes them, and what is covered in the end.

    Parameters
    ----------
    sets : csr_array of shape (n candidates, m pixels)
        Non-zero where a candidate covers a pixel; the values are not read.
    weight : ndarray of shape (m,), ≥ 0
    cost : ndarray of shape (n,), > 0
    start : bool ndarray of shape (m,)
        Covered before the first pick.
    target : float
        Stop as soon as the covered weight reaches it.
    budget : float
        Total cost that may not be passed; a candidate that no longer fits is skipped.
    progress : callable(covered weight) or None

    Notes
    -----
    Gains only fall while pixels get covered, so a candidate whose refreshed gain per cost still leads the heap is the
    best without looking at the others (Minoux 1978). Ties go to the lower index: the order is reproducible.
    """
    covered = start.copy()
    total = float(weight[covered].sum())

    def gain_of(candidate: int) -> float:
        pixels = sets.indices[sets.indptr[candidate] : sets.indptr[candidate + 1]]
        return float(weight[pixels[~covered[pixels]]].sum())

    heap = [(-gain_of(n) / cost[n], n, 0) for n in range(sets.shape[0])]
    heapq.heapify(heap)
    picks: list[Pick] = []
    left = budget
    while heap and total < target:
        rate, candidate, seen = heapq.heappop(heap)
        if rate == 0.0:
            break
        if cost[candidate] > left:
            continue
        if seen < len(picks):
            heapq.heappush(heap, (-gain_of(candidate) / cost[candidate], candidate, len(picks)))
            continue
        gain = gain_of(candidate)
        covered[sets.indices[sets.indptr[candidate] : sets.indptr[candidate + 1]]] = True
        # Summed anew, not added up: the running total is then what a re-run of the study measures.
        total = float(weight[covered].sum())
        left -= float(cost[candidate])
        picks.append(Pick(candidate=candidate, gain=gain, total=total))
        if progress is not None:
            progress(total)
    return picks, covered
