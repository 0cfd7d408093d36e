"""Measured antenna patterns: a horizontal and a vertical cut of 360 values, and gain in every direction from them.

Both cuts hold gain relative to the maximum [dB], one value per whole degree. Horizontal: clockwise from the axis.
Vertical: 0° ahead, 90° straight down, 180° behind, 270° straight up, the order of MSI/Planet files.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coverage.errors import RangeError

CUT_VALUES = 360


def normalised_cut(gain_db: ArrayLike) -> NDArray[np.float64]:
    """Return a cut with its maximum at 0 dB.

    Parameters
    ----------
    gain_db : array_like, shape (360,)
        Gain of every whole degree on any common level [dB], finite. Attenuation: pass it with a minus.

    Raises
    ------
    RangeError
        ``pattern_cut`` for another shape, NaN or infinity.

    Examples
    --------
    >>> float(normalised_cut([15.0] + 359 * [-5.0])[1])
    -20.0
    """
    cut = np.asarray(gain_db, dtype=float)
    if cut.shape != (CUT_VALUES,) or not np.isfinite(cut).all():
        raise RangeError("pattern_cut", expected=CUT_VALUES)
    return np.asarray(cut - cut.max())


def cut_gain_db(cut_db: NDArray[Any], angle_deg: ArrayLike) -> NDArray[np.float64]:
    """Return a cut at any angle [dB]: linear between whole degrees, periodic over the full turn.

    Examples
    --------
    >>> cut_gain_db(-np.arange(360.0), [0.25, 360.25, -1.0]).tolist()
    [-0.25, -0.25, -359.0]
    """
    turn = np.mod(np.asarray(angle_deg, dtype=float), 360.0)
    # A tiny negative angle rounds up to the full turn itself: the modulo of the index brings it back to 0.
    whole = np.floor(turn)
    below = whole.astype(np.intp) % CUT_VALUES
    part = turn - whole
    return np.asarray(cut_db[below] * (1.0 - part) + cut_db[(below + 1) % CUT_VALUES] * part)


def summed_gain_db(
    bearing_deg: ArrayLike, depression_deg: ArrayLike, *, horizontal_db: ArrayLike, vertical_db: ArrayLike
) -> NDArray[np.float64]:
    """Return the gain relative to the maximum as the sum of both cuts [dB], ≤ 0.

    Parameters
    ----------
    bearing_deg : array_like
        Off the antenna's axis, clockwise [°].
    depression_deg : array_like
        Below the antenna's plane [°].
    horizontal_db, vertical_db : array_like, shape (360,)
        Cuts [dB]; normalised here.

    Raises
    ------
    RangeError
        ``pattern_cut``.

    Notes
    -----
    G(φ, θ) = H(φ) + V(θ): what planning tools usually do. Exact on the front half of the vertical cut and, for a beam
    on the horizon, on the horizontal one; the back half of the vertical cut is not used, and towards the back both
    attenuations add up to too much. `weighted_gain_db` mends both.
    """
    horizontal, vertical = normalised_cut(horizontal_db), normalised_cut(vertical_db)
    return cut_gain_db(horizontal, bearing_deg) + cut_gain_db(vertical, depression_deg)


def weighted_gain_db(
    bearing_deg: ArrayLike, depression_deg: ArrayLike, *, horizontal_db: ArrayLike, vertical_db: ArrayLike
) -> NDArray[np.float64]:
    """Return the gain with the front and back of the vertical cut weighted by bearing [dB below the maximum], ≤ 0.

    Parameters
    ----------
    bearing_deg, depression_deg, horizontal_db, vertical_db : array_like
        As `summed_gain_db`.

    Raises
    ------
    RangeError
        ``pattern_cut``.

    Notes
    -----
    Horizontal projection interpolation (compared by F. Gil et al., IEEE Antennas and Propagation Magazine 43(2), 2001):
    G(φ, θ) = H(φ) − (1 − w) (H(0) − V(θ)) − w (H(180°) − V(180° − θ)) with w = |φ| / 180°. It returns the vertical
    cut exactly behind the antenna too where both cuts agree there, and never adds the same attenuation twice. Cuts that
    contradict each other could lift it above the maximum; it stops at 0 dB.
    """
    horizontal, vertical = normalised_cut(horizontal_db), normalised_cut(vertical_db)
    off = np.mod(np.asarray(bearing_deg, dtype=float), 360.0)
    weight = np.minimum(off, 360.0 - off) / 180.0
    below = np.asarray(depression_deg, dtype=float)
    ahead = horizontal[0] - cut_gain_db(vertical, below)
    behind = horizontal[CUT_VALUES // 2] - cut_gain_db(vertical, 180.0 - below)
    gain = cut_gain_db(horizontal, off) - (1.0 - weight) * ahead - weight * behind
    return np.asarray(np.minimum(gain, 0.0))
