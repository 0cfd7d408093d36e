"""What two shares say about both together when nobody knows which household is where: Fréchet's bounds.

Of a ward it is known how many households have a fixed line (or a range for it) and how many stand where there is 5G,
or 4G at least; not which of them have both. Every joint distribution with these shares lies within the bounds, and each
bound is reached by one of them (M. Fréchet, Annales de l'Université de Lyon A 14, 1951). The estimate between them
takes line and signal as independent within the ward.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
GROUPS = ("both", "one", "only_4g", "neither")  # they add up to all households
GAP = "gap"  # no fixed line and no 5G: only 4G, or neither


@dataclass(frozen=True, kw_only=True, eq=False)
class Shares:
    """What is known of n wards, arrays of shape (n,), shares 0–1, NaN unknown.

    Attributes
    ----------
    fixed, fixed_low, fixed_high : ndarray
        Households with a fixed line: estimate, and the ends of its range; without an estimate `fixed` is NaN.
    nr : ndarray
        Households that stand where there is 5G.
    mobile : ndarray
        Households that stand where there is 5G or 4G, ≥ `nr`.
    """

    fixed: Floats
    fixed_low: Floats
    fixed_high: Floats
    nr: Floats
    mobile: Floats


def known_shares(
    fixed: ArrayLike, low: ArrayLike, high: ArrayLike, nr: ArrayLike, mobile: ArrayLike | None = None
) -> Shares:
    """Return shares as arrays; without `mobile` it is unknown. 4G is never less than 5G, which serves as well."""
    signal = np.asarray(nr, dtype=float)
    wider = np.full_like(signal, np.nan) if mobile is None else np.maximum(np.asarray(mobile, dtype=float), signal)
    ends = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    return Shares(fixed=np.asarray(fixed, dtype=float), fixed_low=ends[0], fixed_high=ends[1], nr=signal, mobile=wider)


def joint_shares(shares: Shares) -> pd.DataFrame:
    """Return the share of households in every group, with the bounds that hold whoever lives where.

    Parameters
    ----------
    shares : Shares

    Returns
    -------
    DataFrame of n rows
        For each of ``both`` (fixed line and 5G), ``one`` (one of them), ``only_4g`` (neither of them, but 4G),
        ``neither`` (nothing) and ``gap`` (no line and no 5G): the estimate under its own name (independence within the
        ward; NaN without an estimate of the fixed share), ``…_low`` and ``…_high`` (Fréchet, over the whole range of
        the fixed share). Without 4G ``only_4g`` and ``neither`` are NaN.

    Examples
    --------
    >>> table = joint_shares(known_shares([0.8], [0.8], [0.8], [0.3], [0.9])).round(2)
    >>> table[["gap", "gap_low", "gap_high"]].to_numpy().tolist()
    [[0.14, 0.0, 0.2]]
    """
    f, low, high, g, m = shares.fixed, shares.fixed_low, shares.fixed_high, shares.nr, shares.mobile
    columns: dict[str, Floats] = {}
    columns |= _between("both", f * g, np.maximum(low + g - 1, 0), np.minimum(high, g))
    apart = np.where((low <= g) & (g <= high), 0.0, np.minimum(np.abs(low - g), np.abs(high - g)))
    peak = np.clip(1 - g, low, high)  # f + g grows until it passes 1, then 2 − f − g falls
    columns |= _between("one", f + g - 2 * f * g, apart, np.minimum(peak + g, 2 - peak - g))
    for name, place in (("only_4g", m - g), ("neither", 1 - m), (GAP, 1 - g)):
        columns |= _between(name, (1 - f) * place, np.maximum(place - high, 0), np.minimum(place, 1 - low))
    unknown = np.isnan(low) | np.isnan(high) | np.isnan(g)
    table = pd.DataFrame(columns)
    table.loc[unknown] = np.nan
    return table.clip(0.0, 1.0)


def _between(name: str, estimate: Floats, low: Floats, high: Floats) -> dict[str, Floats]:
    return {name: estimate, f"{name}_low": low, f"{name}_high": high}
