"""Household internet from subscription lines: what can be read off them directly, and no more.

Two different things are never mixed: `lines_per_100_households` counts lines and may pass 100; the household share is a
share of households and never does. Bounds and models of the unknown ratios between the two come on top of these.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

FIXED = ("FTTH", "cable", "xDSL", "FWA")


def fixed_lines(subscriptions: pd.DataFrame, ward_ids: pd.Index) -> pd.DataFrame:
    """Return the fixed broadband lines of each ward in the latest period of the table.

    Parameters
    ----------
    subscriptions : DataFrame
        ``ward_id, technology, customer, lines, period`` as `coverage.files` gives it; mobile rows are left out, a row
        without a technology counts as fixed.
    ward_ids : Index of n ward ids

    Returns
    -------
    DataFrame of n rows indexed by ward_id
        ``lines`` (all fixed lines) and ``household_lines`` (those of households, or of nobody named: not of businesses
        nor of customers of an unknown kind). A ward without any row is NaN: unknown, not zero.
    """
    rows = subscriptions[is_fixed(subscriptions)]
    period = latest_period(rows)
    if period is not None:
        rows = rows[rows["period"] == period]
    of_households = rows[rows["customer"].isna() | (rows["customer"] == "household")]
    return pd.DataFrame(
        {
            "lines": rows.groupby("ward_id")["lines"].sum(min_count=1),
            "household_lines": of_households.groupby("ward_id")["lines"].sum(min_count=1),
        },
    ).reindex(ward_ids)


def is_fixed(subscriptions: pd.DataFrame) -> pd.Series:
    """Return which rows of a subscription table are fixed lines; a row without a technology is one."""
    return subscriptions["technology"].isna() | subscriptions["technology"].isin(FIXED)


def latest_period(subscriptions: pd.DataFrame) -> str | None:
    """Return the last reporting period of a subscription table, None when it names none.

    Periods are ISO 8601 dates or months, so that text order is time order.
    """
    known = subscriptions["period"].dropna()
    return None if known.empty else str(known.max())


def lines_per_100_households(lines: pd.Series, households: pd.Series) -> pd.Series:
    """Return fixed lines per 100 households, index of `lines`; may pass 100, NaN where either is unknown or zero."""
    return 100.0 * lines / households.where(households > 0)


def household_internet_share(household_lines: pd.Series, households: pd.Series) -> pd.Series:
    """Return the share of households with a fixed connection, 0–1, one line counted as one household.

    Lines beyond the number of households cannot be other households, so the share stops at 1 (`over_full` names those
    wards). NaN where lines or households are unknown.
    """
    share = household_lines / households.where(households > 0)
    return share.clip(upper=1.0)


def over_full(lines: pd.Series, households: pd.Series) -> list[str]:
    """Return the ids of the wards that have more lines than households: a second line, a business or a wrong row."""
    return [str(ward) for ward in lines.index[lines > households]]


def weighted_share(share: pd.Series, households: pd.Series) -> float:
    """Return the household-weighted mean share over the wards where both are known, NaN when there is none."""
    known = share.notna() & (households > 0)
    if not known.any():
        return float("nan")
    return float(np.average(share[known], weights=households[known]))
