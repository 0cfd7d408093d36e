"""Unit costs of network changes, read from ``unit_costs.toml``, with the shares and quantities that go with them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

Level = Literal["low", "mid", "high"]
Per = Literal["piece", "km", "household", "kWh", "year"]

LEVELS: tuple[Level, ...] = get_args(Level)
_OTHER = ("exchange", "share", "quantity")


@dataclass(frozen=True, kw_only=True)
class UnitCost:
    """One row of the cost catalogue.

    Attributes
    ----------
    id : str
    low, mid, high : float
        Cost of one in `currency`, 0 < low ≤ mid ≤ high.
    currency : {"USD", "VND"}
    year : int
        Year of the price.
    text_vi, text_en, source : str
        What it is, and where the figure stands.
    per : {"piece", "km", "household", "kWh", "year"}
        What one is; ``year`` marks what has to be paid again every year.
    equipment : bool
        Whether the state's support of Decree 88/2025/NĐ-CP refers to it.
    """

    id: str
    low: float
    mid: float
    high: float
    currency: str
    year: int
    text_vi: str
    text_en: str
    source: str
    per: Per = "piece"
    equipment: bool = False

    def vnd(self, level: Level) -> float:
        """Return the cost of one [VND]."""
        rate = 1.0 if self.currency == "VND" else vnd_per_usd()
        return float(getattr(self, level)) * rate


@dataclass(frozen=True, kw_only=True)
class Factor:
    """A share of a cost (0–1) or a quantity that costs are counted by, with its source.

    Attributes
    ----------
    id : str
    low, mid, high : float
        0 ≤ low ≤ mid ≤ high.
    year : int
    text_vi, text_en, source : str
    """

    id: str
    low: float
    mid: float
    high: float
    year: int
    text_vi: str
    text_en: str
    source: str

    def at(self, level: Level) -> float:
        """Return the value of a column."""
        return float(getattr(self, level))


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads((files("coverage.catalog") / "unit_costs.toml").read_text("utf-8"))


@cache
def unit_costs() -> dict[str, UnitCost]:
    """Return every unit cost by its id."""
    return {name: UnitCost(id=name, **row) for name, row in _table().items() if name not in _OTHER}


@cache
def cost_factors() -> dict[str, Factor]:
    """Return every share and quantity by its id."""
    return {name: Factor(id=name, **row) for group in ("share", "quantity") for name, row in _table()[group].items()}


def vnd_per_usd() -> float:
    """Return the exchange rate of the catalogue [VND per USD]."""
    return float(_table()["exchange"]["vnd_per_usd"])


def usd(vnd: float) -> float:
    """Return an amount of đồng in US dollars at the rate of the catalogue.

    >>> usd(48_000_000)
    2000.0
    """
    return vnd / vnd_per_usd()
