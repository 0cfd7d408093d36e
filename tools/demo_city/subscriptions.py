"""Broadband subscriptions per ward, operator, technology and customer, with the defects of real files."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tools.demo_city import SEED

PERIOD = "2022-12"
COLUMNS = ("ward_id", "name", "operator", "technology", "customer", "lines", "period")

# Share of fixed lines by provider and technology in town; in the country SCTV's cable does not exist.
FIXED: tuple[tuple[str, str, float], ...] = (
    ("Viettel", "FTTH", 0.36), ("VNPT", "FTTH", 0.34), ("FPT", "FTTH", 0.19), ("MobiFone", "FTTH", 0.03),
    ("SCTV", "cable", 0.07), ("Viettel", "FWA", 0.01),
)  # fmt: skip
MOBILE = {"Viettel": 0.46, "VNPT": 0.26, "MobiFone": 0.22, "Vietnamobile": 0.06}

ABSENT = ("20212", "20317", "20329")  # no row at all: Tân Chính, Hòa Phú, Hòa Phước
OVER_FULL = "20236"  # Hải Châu I: second lines and offices make more lines than households
REMOTE = {"20293": 0.41, "20299": 0.55, "20332": 0.62}  # Hòa Bắc, Hòa Ninh, Hòa Khương
SPELLINGS = {
    "20290": ("Hòa Hải", "Hoà Hải"), "20287": ("Hoà Quý", "Hòa Quý"), "20320": ("Hòa Phong", "Hoà Phong"),
    "20227": ("Thanh Bình", "Phường Thanh Bình"), "20296": ("Hòa Liên", "Xã Hòa Liên"), "20236": ("Hải Châu I", "P. Hải Châu I"),
}  # fmt: skip


def list_lines(register: pd.DataFrame, census: pd.DataFrame) -> pd.DataFrame:
    """Return the table of subscriptions, all values as the text that stands in the file.

    Parameters
    ----------
    register : DataFrame
        ``ward_id, name, district``.
    census : DataFrame
        ``ward_id, population, households``.
    """
    rng = np.random.default_rng([SEED, 8])
    rows: list[dict[str, str]] = []
    for ward in register.merge(census, on="ward_id", validate="one_to_one").itertuples():
        if ward.ward_id in ABSENT:
            continue
        rural = ward.district == "Huyện Hòa Vang"
        share = REMOTE.get(ward.ward_id, float(rng.uniform(0.66, 0.78) if rural else rng.uniform(0.76, 0.91)))
        office = float(rng.uniform(0.02, 0.04) if rural else rng.uniform(0.04, 0.11))
        if ward.ward_id == OVER_FULL:
            share, office = 1.08, 0.27
        fixed = np.array([part * (0.0 if rural and kind == "cable" else 1.0) for _, kind, part in FIXED])
        fixed = fixed * rng.uniform(0.85, 1.15, len(fixed))
        fixed /= fixed.sum()
        lines = [
            (operator, kind, customer, int(round(ward.households * level * part)))
            for customer, level in (("household", share), ("business", office))
            for (operator, kind, _), part in zip(FIXED, fixed, strict=True)
        ]
        active = float(rng.uniform(0.72, 0.80) if rural else rng.uniform(0.82, 0.95))
        lines += [
            (operator, "mobile", "household", int(round(ward.population * active * part * rng.uniform(0.95, 1.05))))
            for operator, part in MOBILE.items()
        ]
        rows += [
            {"ward_id": ward.ward_id, "name": ward.name, "operator": operator, "technology": kind,
             "customer": customer, "lines": str(count), "period": PERIOD}
            for operator, kind, customer, count in lines
            if count > 0
        ]  # fmt: skip
    return _with_defects(pd.DataFrame(rows, columns=list(COLUMNS)))


def _with_defects(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table as offices send it: names spelt two ways, codes left out, grouped digits, a row twice."""
    frame = frame.copy()
    provider = frame["operator"]
    for ward, (one, other) in SPELLINGS.items():
        own = frame["ward_id"] == ward
        frame.loc[own, "name"] = np.where(provider[own].isin(["Viettel", "FPT"]), one, other)
    frame.loc[(provider == "MobiFone") & (frame["technology"] == "FTTH"), "ward_id"] = ""  # names only
    large = frame.index[(provider == "VNPT") & (frame["technology"] == "mobile")]
    frame.loc[large, "lines"] = [f"{int(count):,}".replace(",", ".") for count in frame.loc[large, "lines"]]
    twice = frame.index[(frame["ward_id"] == "20200") & (provider == "FPT") & (frame["customer"] == "household")][0]
    return pd.concat([frame.loc[:twice], frame.loc[[twice]], frame.loc[twice + 1 :]], ignore_index=True)
