"""Rules that follow from floors and whole numbers: without them half a site in each of two wards would do for both."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from coverage.planning.problem import SLACK, FloatArray, Problem

MOST = 6  # of one floor
SAFE = 1e-9  # sums of some 1e6 terms are not exact


def cuts(problem: Problem) -> list[tuple[FloatArray, float]]:
    """Return pairs (usage, least): every choice that keeps the floors has usage · chosen ≥ least.

    Parameters
    ----------
    problem : Problem

    Returns
    -------
    list of (float ndarray of shape (n,), float)

    Notes
    -----
    What some candidates cover together is at most the sum of what each covers alone: Σ gainⱼ xⱼ ≥ need. No gain need
    be counted beyond the need; and divided by any d > 0, whole numbers x keep the mixed-integer rounding of the row
    (Nemhauser and Wolsey 1990): coefficients ⌊a⌋ + min(frac(a) / f, 1) with least ⌈need / d⌉, f = frac(need / d).
    """
    found: list[tuple[FloatArray, float]] = []
    for floor in problem.floors:
        need = floor.level - floor.base - SLACK
        gains = np.asarray(problem.sets @ floor.weight, dtype=np.float64) * (1 + SAFE)
        if need <= SAFE * max(floor.level, SAFE):
            continue
        found += _of_row(np.minimum(gains, need) / need)
    return found


def _of_row(parts: FloatArray) -> Iterator[tuple[FloatArray, float]]:
    """Yield the cuts of Σ partsⱼ xⱼ ≥ 1, parts ≤ 1."""
    yield parts, 1.0
    top = float(parts.max(initial=0.0))
    if top <= 0:
        return
    told: set[tuple[int, ...]] = set()
    for divisor in (top, top / 2, *(float(np.quantile(parts[parts > 0], q)) for q in (0.95, 0.9, 0.75))):
        whole, rest = divmod(1.0 / divisor, 1.0)
        if rest < 1e-6 or whole > 50:
            continue
        scaled = parts / divisor
        down = np.floor(scaled)
        rounded = down + np.minimum((scaled - down) / rest, 1.0)
        key = (math.ceil(1.0 / divisor), *np.round(1e6 * rounded[:64]).astype(int).tolist())
        if key not in told and len(told) < MOST:
            told.add(key)
            yield rounded, float(whole + 1)
