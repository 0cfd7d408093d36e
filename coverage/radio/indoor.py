"""Coverage inside buildings: building entry loss of P.2109 convolved with shadow fading, not added as one number.

The loss of a building is itself spread by 10 dB and more, so the probability indoors is the mean of the outdoor
probability over all losses: neither the median loss nor a loss quantile subtracted from the level gives it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from coverage.errors import RangeError
from coverage.radio.p2109 import Building, building_entry_loss_db
from coverage.radio.ranges import require

# The trapezoidal rule over the normal quantile z of the loss. It converges faster than any power of the step; at a
# step of 1/8 the error stays below 1e-6 as long as fading is not narrower than 2 dB. |z| > 6 has 2e-9 of the weight.
_QUANTILES = np.linspace(-6.0, 6.0, 97)
MIN_SIGMA_DB = 2.0
MAX_SIGMA_DB = 30.0

_STEP_SIGMAS = 1.0 / 32.0  # step of the table in σ: interpolation errs by at most step²/8 · max|Φ''| = 3e-5
_KNOTS_ABOUT = 2000  # of a table: for fewer margins a table costs more than it saves
_TABLE_END_SIGMAS = 6.0  # beyond the smallest or largest loss by this much the probability is 0 or 1 to 1e-9


@dataclass(frozen=True, kw_only=True)
class EntryLoss:
    """Distribution of the building entry loss as losses and their weights.

    Attributes
    ----------
    losses_db : ndarray (n,)
        Losses [dB].
    weights : ndarray (n,)
        Probability of each, ≥ 0, adding up to 1.
    """

    losses_db: NDArray[np.float64]
    weights: NDArray[np.float64]


def entry_loss(frequency_ghz: float, buildings: Mapping[Building, float], *, elevation_deg: float = 0.0) -> EntryLoss:
    """Return the distribution of the building entry loss of a mixture of building types.

    Parameters
    ----------
    frequency_ghz : float, 0.08–100
    buildings : mapping
        Share of each type of P.2109 in the buildings of the area, adding up to 1.
    elevation_deg : float, −90–90
        Elevation of the path at the façade.

    Raises
    ------
    RangeError
        ``building_shares``; ``p2109_range``.

    Notes
    -----
    Recommendation ITU-R P.2109-2 §3, evaluated at normal quantiles.
    """
    shares = np.array(list(buildings.values()), dtype=float)
    if not (np.all(shares >= 0.0) and abs(shares.sum() - 1.0) <= 1e-9):
        raise RangeError("building_shares", total=float(shares.sum()))
    weights = np.exp(-0.5 * _QUANTILES**2)
    weights /= weights.sum()
    probability = ndtr(_QUANTILES)
    losses = [
        building_entry_loss_db(frequency_ghz, probability, kind, elevation_deg=elevation_deg) for kind in buildings
    ]
    return EntryLoss(losses_db=np.concatenate(losses), weights=np.concatenate([share * weights for share in shares]))


def indoor_probability(
    los_dbm: ArrayLike,
    nlos_dbm: ArrayLike,
    p_los: ArrayLike,
    *,
    sigma_los_db: ArrayLike,
    sigma_nlos_db: ArrayLike,
    threshold_dbm: ArrayLike,
    loss: EntryLoss,
) -> NDArray[Any]:
    """Return the probability that the power received inside a building reaches a threshold, 0–1.

    Parameters
    ----------
    los_dbm, nlos_dbm : array_like
        Median received power outside, at the façade, with and without line of sight [dBm]; NaN (unknown) stays NaN.
    p_los : array_like
        Probability of line of sight, 0–1.
    sigma_los_db, sigma_nlos_db : array_like
        Standard deviations of shadow fading [dB], 2–30. Where few different numbers stand for many pixels, a table in
        the margin is interpolated for each (within 3e-5).
    threshold_dbm : array_like
        Threshold T [dBm].
    loss : EntryLoss
        Distribution of the building entry loss (`entry_loss`), independent of shadow fading (assumption).

    Raises
    ------
    RangeError
        ``kernel_range`` for a standard deviation outside its limits.

    Notes
    -----
    P = p_LOS·E[Φ((μ_LOS − L − T)/σ_LOS)] + (1 − p_LOS)·E[Φ((μ_NLOS − L − T)/σ_NLOS)], the mean taken over the loss L:
    `fading.threshold_probability` with the loss inside the probability.

    Examples
    --------
    >>> loss = entry_loss(3.75, {"traditional": 0.7, "thermally_efficient": 0.3})
    >>> found = indoor_probability(
    ...     -80.0, -95.0, 0.4, sigma_los_db=4.0, sigma_nlos_db=6.0, threshold_dbm=-105.0, loss=loss
    ... )
    >>> round(float(found), 3)
    0.388
    """
    threshold = np.asarray(threshold_dbm)
    with_sight = exceedance(np.asarray(los_dbm) - threshold, sigma_los_db, loss)
    without = exceedance(np.asarray(nlos_dbm) - threshold, sigma_nlos_db, loss)
    return np.asarray(without + np.asarray(p_los) * (with_sight - without))


def exceedance(margin_db: ArrayLike, sigma_db: ArrayLike, loss: EntryLoss) -> NDArray[Any]:
    """Return the probability that fading and building loss together leave a margin, 0–1.

    Parameters
    ----------
    margin_db : array_like
        Median level outside minus threshold [dB]; NaN (unknown) stays NaN.
    sigma_db : array_like
        Standard deviation of shadow fading [dB], 2–30.
    loss : EntryLoss

    Raises
    ------
    RangeError
        ``kernel_range`` for a standard deviation outside its limits.
    """
    require("sigma_db", sigma_db, MIN_SIGMA_DB, MAX_SIGMA_DB)
    margin, sigma = np.asarray(margin_db, dtype=float), np.asarray(sigma_db, dtype=float)
    values = np.unique(sigma)
    if margin.size * 2 <= values.size * _KNOTS_ABOUT:
        return _convolved(margin, sigma, loss)
    margin, sigma = np.broadcast_arrays(margin, sigma)
    found = np.empty(margin.shape)
    for value in values:
        there = sigma == value
        found[there] = np.interp(margin[there], *margin_table(float(value), loss))
    return found


def margin_table(sigma_db: float, loss: EntryLoss) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return margins and the probability at each, between which `exceedance` is linear within 3e-5.

    Parameters
    ----------
    sigma_db : float
        Standard deviation of shadow fading [dB], 2–30.
    loss : EntryLoss

    Returns
    -------
    margins_db, probabilities : ndarray (n,)
        Rising margins [dB], evenly apart; below the first the probability is 0, above the last 1 (to 1e-9).

    Raises
    ------
    RangeError
        ``kernel_range`` for a standard deviation outside its limits.

    Examples
    --------
    >>> margins, probabilities = margin_table(8.0, entry_loss(2.55, {"traditional": 1.0}))
    >>> round(float(np.interp(18.0, margins, probabilities)), 3)
    0.576
    """
    require("sigma_db", sigma_db, MIN_SIGMA_DB, MAX_SIGMA_DB)
    low = loss.losses_db.min() - _TABLE_END_SIGMAS * sigma_db
    high = loss.losses_db.max() + _TABLE_END_SIGMAS * sigma_db
    knots = np.linspace(low, high, int(np.ceil((high - low) / (_STEP_SIGMAS * sigma_db))) + 1)
    return knots, _convolved(knots, np.asarray(sigma_db), loss)


def _convolved(margin_db: NDArray[Any], sigma_db: NDArray[Any], loss: EntryLoss) -> NDArray[Any]:
    total = np.zeros(np.broadcast_shapes(margin_db.shape, sigma_db.shape))
    for one, weight in zip(loss.losses_db, loss.weights, strict=True):  # loss by loss: no array of pixels × losses
        total += weight * ndtr((margin_db - one) / sigma_db)
    return total
