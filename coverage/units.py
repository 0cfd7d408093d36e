"""Conversions between the units of the field; no other module writes a factor of ten or a logarithm of power."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

SPEED_OF_LIGHT_M_S = 299_792_458.0  # exact, SI

# TR 38.901 computes its break-point distances with this rounded value (note 1 of table 7.4.1-1).
SPEED_OF_LIGHT_38901_M_S = 3.0e8


def to_linear(decibel: ArrayLike) -> NDArray[Any]:
    """Return the power ratio of a level: [dB] to [1], or [dBm] to [mW].

    >>> float(to_linear(30.0))
    1000.0
    """
    return np.asarray(10.0 ** (np.asarray(decibel, dtype=float) / 10.0))


def to_decibel(linear: ArrayLike) -> NDArray[Any]:
    """Return the level of a power ratio: [1] to [dB], or [mW] to [dBm]; zero gives −inf.

    >>> float(to_decibel(1000.0))
    30.0
    """
    with np.errstate(divide="ignore"):
        return np.asarray(10.0 * np.log10(np.asarray(linear, dtype=float)))
