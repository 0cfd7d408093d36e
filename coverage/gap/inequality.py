"""How unequally something is spread over households: Gini's coefficient, and the worst tenth against the best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

TENTH = 0.1


@dataclass(frozen=True, kw_only=True)
class Inequality:
    """How unequal the shares of wards are, every household counted once.

    Attributes
    ----------
    gini : float
        0 (all alike) to 1; NaN where nothing is known.
    worst, best : float
        Mean share of the tenth of households in the wards with the lowest and the highest shares.
    households : float
        How many of them are known.
    """

    gini: float
    worst: float
    best: float
    households: float

    @property
    def ratio(self) -> float:
        """Best ÷ worst; infinite where the worst have nothing."""
        if np.isnan(self.worst) or np.isnan(self.best):
            return float("nan")
        return self.best / self.worst if self.worst > 0 else float("inf")


def inequality(shares: ArrayLike, households: ArrayLike) -> Inequality:
    """Return how unequally a share is spread over the households of n wards.

    Parameters
    ----------
    shares : array of shape (n,), ≥ 0
        NaN is left out.
    households : array of shape (n,), ≥ 0
    """
    share, weight = (np.asarray(part, dtype=float) for part in (shares, households))
    known = np.isfinite(share) & np.isfinite(weight) & (weight > 0)
    share, weight = share[known], weight[known]
    total = float(weight.sum())
    if total == 0:
        return Inequality(gini=np.nan, worst=np.nan, best=np.nan, households=0.0)
    order = np.argsort(share, kind="stable")
    worst, best = (_edge(share[way], weight[way]) for way in (order, order[::-1]))
    return Inequality(gini=gini(share, weight), worst=worst, best=best, households=total)


def gini(values: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Return Gini's coefficient: half the mean difference of two draws by weight, over the mean.

    Parameters
    ----------
    values : array of shape (n,), ≥ 0
    weights : array of shape (n,), ≥ 0, optional

    Returns
    -------
    float
        0–1; NaN where there is nothing to share out.

    Examples
    --------
    >>> gini([1, 1, 1]), gini([0, 0, 0, 1]), gini([1, 3])
    (0.0, 0.75, 0.25)
    """
    value = np.asarray(values, dtype=float)
    weight = np.ones_like(value) if weights is None else np.asarray(weights, dtype=float)
    total = weight.sum()
    mean = float((value * weight).sum() / total) if total > 0 else 0.0
    if mean == 0:
        return float("nan")
    order = np.argsort(value, kind="stable")
    value, part = value[order], weight[order] / total
    # Σ_i Σ_j p_i p_j |x_i − x_j| / 2 by cumulated sums, which thousands of wards do not slow down.
    below, worth = np.cumsum(part) - part, np.cumsum(part * value) - part * value
    spread = float((part * (value * below - worth)).sum())
    return max(spread / mean, 0.0)


def _edge(share: NDArray[np.float64], weight: NDArray[np.float64]) -> float:
    """Return the mean share of the first tenth of households."""
    limit = TENTH * weight.sum()
    before = np.cumsum(weight) - weight
    taken = np.clip(limit - before, 0.0, weight)
    return float((share * taken).sum() / limit)
