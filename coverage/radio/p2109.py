"""Recommendation ITU-R P.2109-2: building entry loss between about 0.08 and 100 GHz."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from coverage.errors import RangeError

Building = Literal["traditional", "thermally_efficient"]

# Table 1: r, s, t, u, v, w, x, y, z.
COEFFICIENTS: dict[Building, tuple[float, ...]] = {
    "traditional": (12.64, 3.72, 0.96, 9.6, 2.0, 9.1, -3.0, 4.5, -2.0),
    "thermally_efficient": (28.19, -3.00, 8.48, 13.5, 3.8, 27.8, -2.9, 9.4, -2.1),
}


def building_entry_loss_db(
    frequency_ghz: ArrayLike,
    probability: ArrayLike,
    building: Building,
    *,
    elevation_deg: ArrayLike = 0.0,
    beyond_range: bool = False,
) -> NDArray[Any]:
    """Return the building entry loss that is not exceeded with a probability (§3, eqs 1–10) [dB].

    Parameters
    ----------
    frequency_ghz : array_like, 0.08–100
    probability : array_like, 0 < P < 1
    building : {"traditional", "thermally_efficient"}
    elevation_deg : array_like, −90–90
        Elevation of the path at the building façade.
    beyond_range : bool
        Compute outside the stated validity too (for published cases that lie there).

    Raises
    ------
    RangeError
        ``p2109_range`` outside these limits.
    """
    f, p, angle = (np.asarray(value, dtype=float) for value in (frequency_ghz, probability, elevation_deg))
    for name, inside in (
        ("frequency_ghz", (f >= 0.08) & (f <= 100)),
        ("probability", (p > 0) & (p < 1)),
        ("elevation_deg", np.abs(angle) <= 90),
    ):
        if not (beyond_range or np.all(inside)):
            raise RangeError("p2109_range", quantity=name)
    r, s, t, u, v, w, x, y, z = COEFFICIENTS[building]
    log_f = np.log10(f)
    horizontal = r + s * log_f + t * log_f**2
    quantile = ndtri(p)
    one = quantile * (u + v * log_f) + horizontal + 0.212 * np.abs(angle)
    two = quantile * (y + z * log_f) + w + x * log_f
    return np.asarray(10 * np.log10(10 ** (0.1 * one) + 10 ** (0.1 * two) + 10**-0.3))
