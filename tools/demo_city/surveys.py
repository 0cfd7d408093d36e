"""A survey of household internet in some wards, drawn from an assumed true share that fits the lines."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tools.demo_city import SEED
from tools.demo_city.subscriptions import PERIOD

COLUMNS = ("ward_id", "name", "sample", "fixed_share", "any_share", "design_effect", "period")
GROWTH = 1.045  # households from the census of April 2019 to December 2022, 1.2 % a year
ASKED = 2 / 3  # of the wards
DESIGN_EFFECT = 1.2


def ask(register: pd.DataFrame, census: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Return the table of the survey, all values as the text that stands in the file.

    Parameters
    ----------
    register : DataFrame
        ``ward_id, name``.
    census : DataFrame
        ``ward_id, households``.
    lines : DataFrame
        As `tools.demo_city.subscriptions.list_lines` gives it, defects included.
    """
    rng = np.random.default_rng([SEED, 9])
    both = register.merge(census, on="ward_id", validate="one_to_one").set_index("ward_id")
    homes = both["households"] * GROWTH
    share = (_household_lines(both, lines) / rng.uniform(1.02, 1.10, len(both)) / homes).clip(upper=0.97)
    share = share.where(share.notna(), rng.uniform(0.6, 0.75, len(both)))  # wards nobody reports
    mobile = rng.uniform(0.4, 0.7, len(both))
    asked = np.sort(rng.choice(len(both), round(ASKED * len(both)), replace=False))
    rows = []
    for place in asked:
        sample = int(rng.integers(40, 91))
        answers = round(sample / DESIGN_EFFECT)
        fixed = int(rng.binomial(answers, share.iloc[place]))
        other = int(rng.binomial(answers - fixed, mobile[place]))
        values = (sample, f"{fixed / answers:.4f}", f"{(fixed + other) / answers:.4f}", DESIGN_EFFECT, PERIOD)
        rows.append((both.index[place], both["name"].iloc[place], *map(str, values)))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _household_lines(wards: pd.DataFrame, lines: pd.DataFrame) -> pd.Series:
    """Return the fixed lines of households in each ward, NaN where there is no row."""
    rows = lines.drop_duplicates()
    rows = rows[(rows["technology"] != "mobile") & (rows["customer"] == "household")]
    known = wards.reset_index().drop_duplicates("name", keep=False).set_index("name")["ward_id"]
    ward = rows["ward_id"].where(rows["ward_id"] != "", rows["name"].map(known))
    counts = rows["lines"].str.replace(".", "", regex=False).astype(int)
    return counts.groupby(ward).sum().reindex(wards.index).astype(float)
