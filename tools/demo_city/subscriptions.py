"""Broadband subscriptions per ward, operator, technology and customer, with the defects of real files."""

from __future__ import annotations

from typing import NamedTuple

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
    "20227": ("Thanh Bình", "Phường Thanh Bình"), "20296": ("Hòa Liên", "Xã Hòa Liên"),
    "20236": ("Hải Châu I", "P. Hải Châu I"),
}  # fmt: skip


class _Ward(NamedTuple):
    """One ward of the register with its census."""

    ward_id: str
    name: str
    rural: bool
    people: int
    households: int


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
    both = register.merge(census, on="ward_id", validate="one_to_one")
    columns = (both[name] for name in ("ward_id", "name", "district", "population", "households"))
    rows: list[dict[str, str]] = []
    for ward_id, name, district, people, households in zip(*columns, strict=True):
        ward = _Ward(str(ward_id), str(name), district == "Huyện Hòa Vang", int(people), int(households))
        if ward.ward_id not in ABSENT:
            rows += _fixed(ward, rng) + _mobile(ward, rng)
    return _with_defects(pd.DataFrame(rows, columns=list(COLUMNS)))


def _fixed(ward: _Ward, rng: np.random.Generator) -> list[dict[str, str]]:
    """Return the fixed lines of one ward: homes and offices, shared among the providers."""
    share = rng.uniform(0.66, 0.78) if ward.rural else rng.uniform(0.74, 0.88)
    office = rng.uniform(0.02, 0.04) if ward.rural else rng.uniform(0.03, 0.09)
    share = REMOTE.get(ward.ward_id, share)
    if ward.ward_id == OVER_FULL:
        share, office = 1.08, 0.27
    part = np.array([0.0 if ward.rural and kind == "cable" else weight for _, kind, weight in FIXED])
    part *= rng.uniform(0.85, 1.15, len(part))
    part /= part.sum()
    return [
        _row(ward, operator, kind, customer, ward.households * level * weight)
        for customer, level in (("household", share), ("business", office))
        for (operator, kind, _), weight in zip(FIXED, part, strict=True)
        if round(ward.households * level * weight) > 0
    ]


def _mobile(ward: _Ward, rng: np.random.Generator) -> list[dict[str, str]]:
    """Return the mobile broadband subscriptions of one ward, by operator."""
    active = rng.uniform(0.72, 0.80) if ward.rural else rng.uniform(0.82, 0.95)
    return [
        _row(ward, operator, "mobile", "household", ward.people * active * part * rng.uniform(0.95, 1.05))
        for operator, part in MOBILE.items()
    ]


def _row(ward: _Ward, operator: str, kind: str, customer: str, lines: float) -> dict[str, str]:
    return {
        "ward_id": ward.ward_id,
        "name": ward.name,
        "operator": operator,
        "technology": kind,
        "customer": customer,
        "lines": str(round(float(lines))),
        "period": PERIOD,
    }


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
