"""From counted lines to bounds on the households that are connected, whatever the unknown ratios are.

A line is not a household: some lines serve offices, some homes have two, some homes share one, and households were
counted at another date than lines. None of these ratios is published for Đà Nẵng. So each is a range, and what follows
is a range too: the identification region, which holds the true share whenever the true ratios lie in their ranges.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from coverage.errors import RangeError
from coverage.households import FIXED, is_fixed, latest_period

Range = tuple[float, float]
EXACT = 1e-12  # bounds closer than this are one figure

KINDS = ("household_label", "business_label", "unlabelled")


@dataclass(frozen=True, kw_only=True)
class Ratios:
    """What lies between lines and households: lowest and highest value of each ratio, equal where it is known.

    The defaults are assumptions: no figure for Việt Nam was found. They are those of the simulated cities on which the
    estimates are tested.

    Attributes
    ----------
    household_label, business_label, unlabelled : (low, high), 0–1
        Share of the lines that serve a household, of those labelled household, labelled business, and without a label
        (customer ``other`` included).
    lines_per_household : (low, high), > 0
        Residential lines per connected household: above 1 for second lines, below for lines that several share.
    growth_per_year : (low, high), > −1
        Growth of the households of a ward. From the census of 2019 to the population register of 2025 the wards grew
        by a factor of 1.0 to 1.3 in 6.25 years, hence 0 to 4.3 %.

    Raises
    ------
    RangeError
        ``ratio_range``: low above high, or outside what the ratio can be.
    """

    household_label: Range = (0.85, 1.0)
    business_label: Range = (0.0, 0.25)
    unlabelled: Range = (0.45, 1.0)
    lines_per_household: Range = (0.93, 1.15)
    growth_per_year: Range = (0.0, 0.043)

    def __post_init__(self) -> None:
        limits = dict.fromkeys(KINDS, (0.0, 1.0))
        limits |= {"lines_per_household": (0.1, 10.0), "growth_per_year": (-0.5, 0.5)}
        for field in fields(self):
            low, high = getattr(self, field.name)
            if not limits[field.name][0] <= low <= high <= limits[field.name][1]:
                least, most = limits[field.name]
                raise RangeError("ratio_range", ratio=field.name, low=low, high=high, least=least, most=most)

    @property
    def known(self) -> bool:
        """Whether every ratio is one figure."""
        return all(high - low < EXACT for low, high in (getattr(self, field.name) for field in fields(self)))


def lines_by_label(subscriptions: pd.DataFrame, ward_ids: pd.Index) -> pd.DataFrame:
    """Return the fixed lines of each ward in the latest period, by what is said of the customer.

    Parameters
    ----------
    subscriptions : DataFrame
        ``ward_id, technology, customer, lines, period``; ``lines_low`` and ``lines_high`` where lines were carried
        from other areas, and ``status`` (``measured``, ``estimated``, or ``planned`` for households that a scenario
        connects).
    ward_ids : Index of n ward ids

    Returns
    -------
    DataFrame of n rows indexed by ward_id
        ``lines``, ``ftth``; ``household_label``, ``business_label``, ``unlabelled`` and each with ``_low`` and
        ``_high``; ``status``. NaN and None in wards without any row: unknown, not zero. ``planned``: households to be
        connected, in none of the other columns.
    """
    rows = subscriptions[is_fixed(subscriptions)]
    period = latest_period(rows)
    if period is not None:
        rows = rows[rows["period"] == period]
    status = rows["status"].fillna("measured") if "status" in rows else pd.Series("measured", index=rows.index)
    planned = rows[status == "planned"].groupby("ward_id")["lines"].sum().reindex(ward_ids)
    rows, status = rows[status != "planned"], status[status != "planned"]
    kind = rows["customer"].map({"household": KINDS[0], "business": KINDS[1]}).fillna(KINDS[2])
    table = pd.DataFrame(index=ward_ids)
    table["lines"] = rows.groupby("ward_id")["lines"].sum(min_count=1)
    fibre = rows["technology"].isna() | (rows["technology"] == FIXED[0])
    table["ftth"] = rows["lines"].where(fibre, 0.0).groupby(rows["ward_id"]).sum(min_count=1)
    for column, suffix in (("lines", ""), ("lines_low", "_low"), ("lines_high", "_high")):
        values = rows[column].fillna(rows["lines"]) if column in rows else rows["lines"]
        sums = values.groupby([rows["ward_id"], kind]).sum().unstack(fill_value=0)  # noqa: PD010 (two keys)
        for name in KINDS:
            found = sums[name] if name in sums else pd.Series(0.0, index=sums.index)
            table[f"{name}{suffix}"] = found.reindex(ward_ids)
    carried = (status == "estimated").groupby(rows["ward_id"]).any().reindex(ward_ids)
    table["status"] = carried.map({True: "estimated", False: "measured"}).astype(object).where(carried.notna(), None)
    table["planned"] = planned.astype(float).fillna(0.0)
    return table


def residential_lines(lines: pd.DataFrame, ratios: Ratios) -> pd.DataFrame:
    """Return ``low`` and ``high``: how many of the lines of each ward serve households (`lines_by_label`)."""
    return pd.DataFrame(
        {
            end: sum(getattr(ratios, name)[index] * lines[f"{name}_{end}"] for name in KINDS)
            for index, end in enumerate(("low", "high"))
        },
        index=lines.index,
    )


def direct_share(lines: pd.Series, households: pd.Series, residential: float, per_household: float) -> pd.Series:
    """Return the connected share of households when both ratios are known, 0–1; NaN where lines or households are.

    Parameters
    ----------
    lines, households : Series indexed by ward_id, ≥ 0
        Of one date.
    residential : float, 0–1
        Share of the lines that serve households.
    per_household : float, > 0
        Residential lines per connected household.

    Examples
    --------
    >>> direct_share(pd.Series([880.0]), pd.Series([1000.0]), 0.9, 1.1).round(3).tolist()
    [0.72]
    """
    return (lines * residential / per_household / households.where(households > 0)).clip(upper=1.0)


def share_bounds(lines: pd.DataFrame, households: pd.Series, years: float, ratios: Ratios) -> pd.DataFrame:
    """Return the identification region of the connected share of each ward.

    Parameters
    ----------
    lines : DataFrame indexed by ward_id
        As `lines_by_label` gives it.
    households : Series indexed by ward_id
        As counted.
    years : float
        From that count to the date of the lines; negative where lines are older.
    ratios : Ratios

    Returns
    -------
    DataFrame indexed by ward_id
        ``low`` and ``high``, 0–1: 0 and 1 where lines or households are unknown. ``low_ratio`` and ``high_ratio``: the
        same before the limits of a share are put on them, NaN where unknown. ``middle``: residential lines per
        connected household and household at the geometric middle of all ranges, which may pass 1 and is no estimate
        but a covariate. ``over_full``: more lines than households. ``contradicted``: more lines than the ranges
        allow for; the region is then all of 0–1, since some ratio lies outside its range.
    """
    residential = residential_lines(lines, ratios)
    growth = [(1.0 + rate) ** years for rate in ratios.growth_per_year]
    counted = households.where(households > 0)
    per_home = ratios.lines_per_household
    low = residential["low"] / per_home[1] / (counted * max(growth))
    high = residential["high"] / per_home[0] / (counted * min(growth))
    contradicted = low > 1.0 + EXACT
    table = pd.DataFrame({"low": low.clip(0.0, 1.0), "high": high.clip(0.0, 1.0), "low_ratio": low, "high_ratio": high})
    table["middle"] = np.sqrt(low * high)
    table["low"] = table["low"].where(~contradicted, 0.0).fillna(0.0)
    table["high"] = table["high"].fillna(1.0)
    table["over_full"] = lines["lines"] > households
    table["contradicted"] = contradicted
    return table


def passed_share(passed: pd.DataFrame, households: pd.Series) -> pd.DataFrame:
    """Return bounds on the share of households that fibre passes, when each operator tells of its own network.

    Networks overlap, nobody knows where: the union is at least the largest of them and at most their sum.

    Parameters
    ----------
    passed : DataFrame indexed by ward_id
        One column of households passed per operator; NaN where it tells nothing.
    households : Series indexed by ward_id

    Returns
    -------
    DataFrame indexed by ward_id
        ``low`` and ``high``, 0–1; high is 1 where an operator is silent, both are NaN where all are.
    """
    counted = households.where(households > 0)
    told = passed.notna().any(axis=1)
    high = (passed.sum(axis=1, skipna=False) / counted).clip(upper=1.0).fillna(1.0)
    low = (passed.max(axis=1) / counted).clip(upper=1.0)
    return pd.DataFrame({"low": low, "high": high.where(told & counted.notna())}, index=passed.index)
