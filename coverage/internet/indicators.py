"""The figures that offices publish about household internet, side by side: each asks something else.

==============================  ====================================================================================
column                          what it is
==============================  ====================================================================================
gso_connected_share             GSO (provincial statistics): households supplied with internet access ÷ all households
itu_hh6_share                   ITU HH6: households with internet at home as the survey itself found them
u4ssc_1c_share                  U4SSC EC:ICT:1C: households with internet access of any kind ÷ all households
u4ssc_2c_per_100_households     U4SSC EC:ICT:2C: fixed broadband subscriptions per 100 households, offices included
ministry_per_100_households     what the ministry's "households using fibre" behaves like: fibre lines per 100 of them
fixed_broadband_share           households with a fixed line at home (the estimate)
any_broadband_share             households with a fixed line or mobile broadband at home (the estimate)
mobile_only_share               any − fixed
itu_access_low, _high           ITU i4213cv, "able to access": households that fibre passes, networks may overlap
fibre_taken_low, _high          households connected ÷ households that fibre passes
households_growth_low, _high    households at the date of the lines ÷ households as counted
==============================  ====================================================================================

Sources: GSO, metadata of the provincial indicator "tỷ lệ hộ gia đình có kết nối internet"; ITU *Manual for Measuring
ICT Access and Use by Households and Individuals* 2014; U4SSC verification manual 2022, p. 25 and 35; ITU *Handbook for
the Collection of Administrative Data on Telecommunications/ICT* 2020, indicator 1.2; the ministry: 24.43 million fixed
lines given with 85.1 % of households (June 2025), which is lines ÷ households (an inference).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from coverage.households import is_fixed, latest_period
from coverage.internet.estimation import Estimate
from coverage.internet.penetration import passed_share

INDICATORS = (
    "gso_connected_share",
    "itu_hh6_share",
    "u4ssc_1c_share",
    "u4ssc_2c_per_100_households",
    "ministry_per_100_households",
    "fixed_broadband_share",
    "any_broadband_share",
    "any_broadband_low",
    "any_broadband_high",
    "mobile_only_share",
    "itu_access_low",
    "itu_access_high",
    "fibre_taken_low",
    "fibre_taken_high",
    "households_growth_low",
    "households_growth_high",
)


def indicator_table(
    estimate: Estimate, subscriptions: pd.DataFrame | None, survey: pd.DataFrame | None
) -> pd.DataFrame:
    """Return every indicator of every ward, NaN where the evidence does not tell it.

    Parameters
    ----------
    estimate : Estimate
    subscriptions : DataFrame or None
        With a column ``passed`` where operators tell how many households their fibre passes.
    survey : DataFrame indexed by ward_id or None
    """
    wards = estimate.wards
    households = wards["households"].where(wards["households"] > 0)
    table = pd.DataFrame(index=wards.index, columns=list(INDICATORS), dtype=float)
    for name in ("gso_connected_share", "u4ssc_1c_share", "any_broadband_share"):
        table[name] = wards["any_share"]
    table["any_broadband_low"], table["any_broadband_high"] = wards["any_low"], wards["any_high"]
    table["fixed_broadband_share"] = wards["connected_share"]
    table["mobile_only_share"] = (wards["any_share"] - wards["connected_share"]).clip(lower=0.0)
    if survey is not None and "any_share" in survey:
        table["itu_hh6_share"] = survey["any_share"].reindex(wards.index)
    table["u4ssc_2c_per_100_households"] = wards["lines_per_100_households"]
    table["ministry_per_100_households"] = 100.0 * wards["ftth"] / households
    passed = passed_households(subscriptions, wards.index)
    if passed is not None:
        region = passed_share(passed, households)
        table["itu_access_low"], table["itu_access_high"] = region["low"], region["high"]
        table["fibre_taken_low"] = (wards["connected_low"] / region["high"]).clip(upper=1.0)
        table["fibre_taken_high"] = (wards["connected_high"] / region["low"]).clip(upper=1.0)
    growth = [(1.0 + rate) ** estimate.years for rate in estimate.ratios.growth_per_year]
    known = wards["status"].notna() & estimate.dates_known
    table["households_growth_low"] = np.where(known, min(growth), np.nan)
    table["households_growth_high"] = np.where(known, max(growth), np.nan)
    return table


def passed_households(subscriptions: pd.DataFrame | None, ward_ids: pd.Index) -> pd.DataFrame | None:
    """Return the households that the fibre of each operator passes, one column per operator, None where nobody tells.

    An operator repeats the figure in its rows of one ward (homes, offices): the largest counts once.
    """
    if subscriptions is None or "passed" not in subscriptions:
        return None
    rows = subscriptions[is_fixed(subscriptions)]
    period = latest_period(rows)
    rows = rows if period is None else rows[rows["period"] == period]
    rows = rows[rows["technology"].isna() | (rows["technology"] == "FTTH")]
    if rows["passed"].isna().all():
        return None
    wide = rows.pivot_table(index="ward_id", columns="operator", values="passed", aggfunc="max", dropna=False)
    table: pd.DataFrame = wide.reindex(ward_ids)
    return table
