"""Unit costs of network changes, read from ``unit_costs.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Level = Literal["low", "mid", "high"]

UPGRADE = ("nr_station",)
NEW_SITE = ("nr_station", "tower", "civil_works", "power_system", "backhaul", "router")


@dataclass(frozen=True, kw_only=True)
class UnitCost:
    """One row of the cost catalogue.

    Attributes
    ----------
    id : str
    low, mid, high : float
        Cost of one piece in `currency`, 0 < low ≤ mid ≤ high.
    currency : str
    year : int
        Year of the price.
    text_vi, text_en, source : str
        What it is, and where the figure stands.
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


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads((files("coverage.catalog") / "unit_costs.toml").read_text("utf-8"))


@cache
def unit_costs() -> dict[str, UnitCost]:
    """Return every unit cost by its id."""
    return {name: UnitCost(id=name, **row) for name, row in _table().items() if name != "exchange"}


def cost_vnd(items: tuple[str, ...], level: Level = "mid") -> float:
    """Return the sum of catalogue items [VND].

    Raises
    ------
    KeyError
        For an item the catalogue does not have.
    """
    rate = {"USD": float(_table()["exchange"]["vnd_per_usd"]), "VND": 1.0}
    rows = [unit_costs()[name] for name in items]
    return float(sum(getattr(row, level) * rate[row.currency] for row in rows))
