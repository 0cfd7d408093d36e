"""What may be published of operators' sites: no number behind which fewer than five sites stand, however one subtracts.

Counts of sites are published as bands of five (0–4, 5–9, …). Bands alone are not a proof: two tables over different
wards, or a table and its total, can pin a number between them. So a release is attacked before it is published: for
every small number, the least and the greatest value that all published bands allow are sought by integer programming,
and a release that pins one is refused. Shares of one operator are published where five of its sites stand behind them,
and two wards at least are withheld together, so that no ward follows from the city's figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

LEAST = 5  # sites behind a published number


@dataclass(frozen=True, kw_only=True, eq=False)
class Published:
    """A table of bands over sums of the same numbers.

    Attributes
    ----------
    members : bool ndarray of shape (k, n)
        Which of the n numbers (sites of one operator in one ward) each of the k published sums adds up.
    low, high : int ndarray of shape (k,)
        Both ends of each band.
    """

    members: NDArray[np.bool_]
    low: NDArray[np.int64]
    high: NDArray[np.int64]


def published(counts: NDArray[np.int64], members: NDArray[np.bool_]) -> Published:
    """Return the bands of some sums of counts of shape (n,).

    >>> table = published(np.array([3, 9, 0]), np.eye(3, dtype=bool))
    >>> table.low.tolist(), table.high.tolist()
    ([0, 5, 0], [4, 9, 4])
    """
    low = members @ counts // LEAST * LEAST
    return Published(members=members, low=low, high=low + LEAST - 1)


def pinned(counts: NDArray[np.int64], tables: Sequence[Published]) -> list[int]:
    """Return the numbers from 1 to 4 that somebody who holds all tables can tell exactly.

    Parameters
    ----------
    counts : int ndarray of shape (n,), ≥ 0
        The true numbers.
    tables : sequence of Published
        Everything that is or was published about them, this release included.

    Notes
    -----
    Whoever attacks is taken to know that nothing changed between the releases, which is more than anybody knows.
    """
    if not tables:
        return []
    rows = LinearConstraint(
        np.vstack([table.members for table in tables]).astype(float),
        np.concatenate([table.low for table in tables]),
        np.concatenate([table.high for table in tables]),
    )
    small = np.flatnonzero((counts > 0) & (counts < LEAST))
    size = len(counts)
    return [n for n in small.tolist() if _least(rows, n, size, 1.0) == -_least(rows, n, size, -1.0)]


def _least(rows: LinearConstraint, number: int, count: int, sign: float) -> float:
    aim = np.zeros(count)
    aim[number] = sign
    found = milp(aim, constraints=rows, integrality=np.ones(count, dtype=int), bounds=Bounds(0, np.inf))
    # Unbounded: no table holds the number, so nobody can tell it.
    return float(np.round(found.fun)) if found.success else -np.inf


def shares_to_publish(sites: pd.DataFrame, withheld: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return which shares of one operator in one ward may be published beside the city's and the union's.

    Parameters
    ----------
    sites : DataFrame of counts, one row per ward, one column per operator
        Sites behind the share.
    withheld : DataFrame of bool, like `sites`, optional
        What must not be published for another reason.

    Returns
    -------
    DataFrame of bool, like `sites`
        False: withheld. An operator without any withheld ward publishes all; otherwise two wards at least are withheld,
        with five sites in them together or none. In a ward, where the share of the union stands beside those of the
        operators, two operators at least are withheld with five sites together, or none, or all.
    """
    may = sites >= LEAST
    if withheld is not None:
        may &= ~withheld
    before = None
    while before is None or not may.equals(before):  # what one rule takes away may be too little for the other
        before = may.copy()
        for operator in sites.columns:
            may[operator] = _hidden_together(sites[operator], may[operator])
        for ward in sites.index:
            may.loc[ward] = _hidden_together(sites.loc[ward], may.loc[ward])
    return may


def _hidden_together(sites: pd.Series, may: pd.Series) -> pd.Series:
    """Return what may be published of numbers whose total is known: none of them follows from the others."""
    may = may.copy()
    if may.all():
        return may
    for name in sites[may].sort_values(kind="stable").index:
        held = sites[~may]
        if len(held) >= 2 and held.sum() >= LEAST:
            break
        may[name] = False
    return may
