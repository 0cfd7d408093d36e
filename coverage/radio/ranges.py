"""The check that a parameter of a kernel lies within its limits."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from coverage.errors import RangeError


def require(quantity: str, value: ArrayLike, low: float, high: float) -> None:
    """Refuse a parameter outside its limits.

    Parameters
    ----------
    quantity : str
        Name of the parameter, as the caller writes it.
    value : array_like
        One number or many; NaN is refused, so this is no check for levels, which may be unknown.
    low, high : float
        Limits, both allowed.

    Raises
    ------
    RangeError
        ``kernel_range`` with the first value outside.

    Examples
    --------
    >>> require("load", 0.5, 0.0, 1.0)
    """
    values = np.atleast_1d(np.asarray(value, dtype=float))
    outside = values[~((values >= low) & (values <= high))]
    if outside.size:
        raise RangeError("kernel_range", quantity=quantity, value=float(outside[0]), low=low, high=high)
