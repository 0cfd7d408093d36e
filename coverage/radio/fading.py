"""Shadow fading: the probability that the received power passes a threshold, and its expected value."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr


def threshold_probability(
    los_dbm: ArrayLike,
    nlos_dbm: ArrayLike,
    p_los: ArrayLike,
    *,
    sigma_los_db: ArrayLike,
    sigma_nlos_db: ArrayLike,
    threshold_dbm: ArrayLike,
) -> NDArray[Any]:
    """Return the probability that the received power reaches a threshold, 0–1.

    Parameters
    ----------
    los_dbm, nlos_dbm : array_like
        Median received power with and without line of sight [dBm].
    p_los : array_like
        Probability of line of sight, 0–1.
    sigma_los_db, sigma_nlos_db : array_like
        Standard deviations of shadow fading [dB], > 0.
    threshold_dbm : array_like
        Threshold T [dBm].

    Notes
    -----
    P = p_LOS·Φ((μ_LOS − T)/σ_LOS) + (1 − p_LOS)·Φ((μ_NLOS − T)/σ_NLOS): the two states are mixed as probabilities;
    their levels are never averaged. Shadow fading is normal in decibel (TR 38.901 V17.0.0 §7.4.4).

    Examples
    --------
    >>> float(threshold_probability(-90.0, -105.0, 0.0, sigma_los_db=4.0, sigma_nlos_db=6.0, threshold_dbm=-105.0))
    0.5
    """
    with_sight: NDArray[Any] = ndtr((np.asarray(los_dbm) - np.asarray(threshold_dbm)) / np.asarray(sigma_los_db))
    without: NDArray[Any] = ndtr((np.asarray(nlos_dbm) - np.asarray(threshold_dbm)) / np.asarray(sigma_nlos_db))
    return np.asarray(without + np.asarray(p_los) * (with_sight - without))


def mean_path_gain_db(los_db: ArrayLike, nlos_db: ArrayLike, p_los: ArrayLike) -> NDArray[Any]:
    """Return the level of the expected path gain over the two states [dB], negative.

    The mean is taken over power ratios, p_LOS·10^(−L_LOS/10) + (1 − p_LOS)·10^(−L_NLOS/10), then expressed as a level;
    each state stands for its median, shadow fading moves both alike and is left out.

    Parameters
    ----------
    los_db, nlos_db : array_like
        Median path loss with and without line of sight [dB].
    p_los : array_like
        Probability of line of sight, 0–1.

    Examples
    --------
    >>> float(mean_path_gain_db(100.0, 130.0, 1.0)), round(float(mean_path_gain_db(100.0, 100.0, 0.3)), 9)
    (-100.0, -100.0)
    """
    los = np.asarray(los_db)
    # Factoring the LOS power out keeps the sum near one, so nothing underflows at large losses.
    ratio = np.exp((math.log(10.0) / 10.0) * (los - np.asarray(nlos_db)))
    p = np.asarray(p_los)
    return np.asarray(10.0 * np.log10(p + (1.0 - p) * ratio) - los)
