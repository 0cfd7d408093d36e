"""What is odd about subscriptions: against the households of a ward, and against what was sent before."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from coverage.households import is_fixed
from coverage.intake.rules import Hit

# Fixed lines of homes per household. Above two every second home would hold three; a centre ward may pass one, where
# companies are counted as homes (assumption of this product).
MOST_PER_HOUSEHOLD = 2.0
_TENTH = (5.0, 20.0)  # a lost or added last digit is a factor of ten; wards differ among each other by less than this
DROP = 0.5  # of the lines of a ward in the earlier submission


def line_hits(rows: pd.DataFrame, households: pd.Series | None, earlier: pd.DataFrame | None) -> Iterator[Hit]:
    """Yield what is odd about lines.

    Parameters
    ----------
    rows : DataFrame
        Typed rows with ``ward_id``, ``operator``, ``technology``, ``customer``, ``lines``, ``period`` and ``row``.
    households : Series indexed by ward_id, optional
    earlier : DataFrame, optional
        The rows of the submission before.
    """
    fixed = rows[is_fixed(rows)]
    if households is not None and len(fixed):
        yield from _against_households(rows, fixed, households)
    if earlier is not None and len(earlier) and len(rows):
        yield from _against_earlier(rows, earlier)


def _against_households(rows: pd.DataFrame, fixed: pd.DataFrame, households: pd.Series) -> Iterator[Hit]:
    homes = rows["ward_id"].map(households).to_numpy(dtype=float)
    of_homes = fixed[fixed["customer"] != "business"]
    latest = of_homes["period"].fillna("").max() if len(of_homes) else ""
    current = of_homes[of_homes["period"].fillna("") == latest]
    total = rows["ward_id"].map(current.groupby("ward_id")["lines"].sum()).to_numpy(dtype=float)
    ratio = total / homes
    per_ward = pd.Series(ratio, index=rows["ward_id"]).groupby(level=0).first()
    middle = float(per_ward.median())
    counted = rows.index.isin(current.index)

    def said(place: int) -> dict[str, object]:
        return {"total": int(total[place]), "households": int(homes[place])}

    many = counted & (ratio > MOST_PER_HOUSEHOLD)
    low, high = _TENTH
    less = counted & (ratio > 0) & (middle / ratio >= low) & (middle / ratio <= high) & (len(per_ward) >= 5)
    more = counted & (ratio / middle >= low) & (ratio / middle <= high) & (len(per_ward) >= 5)
    yield Hit(code="lines_tenth", field="lines", rows=np.flatnonzero(less), values=said)
    yield Hit(code="lines_tenfold", field="lines", rows=np.flatnonzero(more), values=said)
    yield Hit(code="lines_above_homes", field="lines", rows=np.flatnonzero(many & ~more), values=said)


def _against_earlier(rows: pd.DataFrame, earlier: pd.DataFrame) -> Iterator[Hit]:
    keys = ["ward_id", "operator", "technology", "customer"]

    def totals(frame: pd.DataFrame) -> pd.Series:
        last = frame["period"].fillna("").max()
        current = frame[frame["period"].fillna("") == last]
        summed: pd.Series = current.assign(customer=current["customer"].fillna("")).groupby(keys)["lines"].sum()
        return summed

    now, before = totals(rows), totals(earlier)
    index = pd.MultiIndex.from_frame(rows.assign(customer=rows["customer"].fillna(""))[keys])
    was = before.reindex(index).to_numpy(dtype=float)
    has = now.reindex(index).to_numpy(dtype=float)
    fallen = (was > 0) & (has < DROP * was)
    yield Hit(
        code="lines_dropped",
        field="lines",
        rows=np.flatnonzero(fallen),
        values=lambda place: {"before": int(was[place]), "after": int(has[place])},
    )
