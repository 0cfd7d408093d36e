"""What a change costs: pieces of the catalogue, sharing, support, and what running it costs over a horizon."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from coverage.catalog.costs import LEVELS, Level, cost_factors, unit_costs

HOURS = 8766.0  # of a mean year


def npv(flows: Sequence[float], discount: float) -> float:
    """Return the present value of payments: the first now, each further one a year after the one before.

    Parameters
    ----------
    flows : sequence of float
        Any currency.
    discount : float, > −1
        Rate per year.

    Examples
    --------
    >>> npv([100.0, 110.0], 0.10)
    200.0
    """
    return sum(flow / (1.0 + discount) ** year for year, flow in enumerate(flows))


def ownership(capital: float, yearly: float, years: int, discount: float) -> float:
    """Return the total cost of ownership: the capital now and what running costs at the end of each year, discounted.

    Parameters
    ----------
    capital, yearly : float
        One currency.
    years : int, ≥ 0
        0 counts the capital alone.
    discount : float, > −1
    """
    return npv([capital, *[yearly] * years], discount)


@dataclass(frozen=True, kw_only=True)
class Bill:
    """What a change needs.

    Attributes
    ----------
    items : mapping of str to float
        Row of the cost catalogue → how many.
    power_kw : mapping of str to float
        Row of the catalogue's quantities → how many draw that much power all year.
    served : int, ≥ 1
        Operators that share the radio: each would else have paid all of it.
    waived : float, 0–1
        Share of the capital that somebody else bears (an incentive for shared positions).
    supported : bool
        Whether it holds a station that the state's support counts.
    """

    items: Mapping[str, float]
    power_kw: Mapping[str, float] = dataclasses.field(default_factory=dict)
    served: int = 1
    waived: float = 0.0
    supported: bool = False


@dataclass(frozen=True, kw_only=True)
class Costing:
    """How costs are counted.

    Attributes
    ----------
    level : {"low", "mid", "high"}
        Column of the catalogue that decides.
    horizon_years : int, ≥ 0
        0 counts what is paid at once; else rent, energy and upkeep of so many years come on top, discounted.
    discount : float or None
        Rate per year; None takes the middle one of the catalogue.
    support_88 : bool
        Whether the state bears 15 % of the equipment of stations (Decree 88/2025/NĐ-CP).
    """

    level: Level = "mid"
    horizon_years: int = 0
    discount: float | None = None
    support_88: bool = False

    @property
    def rate(self) -> float:
        """Discount rate per year that counts."""
        return cost_factors()["discount"].mid if self.discount is None else self.discount

    def capital_vnd(self, bill: Bill, level: Level) -> float:
        """Return what is paid at once [VND], before what is waived or borne by the state is taken off."""
        rows = unit_costs()
        once = sum(many * rows[item].vnd(level) for item, many in bill.items.items() if rows[item].per != "year")
        return float(once * _together(bill.served, "sharing_capex", level))

    def yearly_vnd(self, bill: Bill, level: Level) -> float:
        """Return what running it costs a year [VND]: rent, energy, and upkeep as a share of the capital.

        Households pay for the upkeep of what stands in their homes: of those rows none is counted.
        """
        rows, factors = unit_costs(), cost_factors()
        rent = sum(many * rows[item].vnd(level) for item, many in bill.items.items() if rows[item].per == "year")
        drawn = sum(many * factors[name].at(level) for name, many in bill.power_kw.items())
        kept = sum(
            many * rows[item].vnd(level)
            for item, many in bill.items.items()
            if rows[item].per in ("piece", "km") and item not in ("retune", "retire")
        )
        alone = rent + drawn * HOURS * rows["electricity"].vnd(level) + kept * factors["opex"].at(level)
        return float(alone * _together(bill.served, "sharing_opex", level))

    def cost_vnd(self, bill: Bill, level: Level | None = None) -> float:
        """Return what a bill costs [VND] at a level, or at the one that decides; never below 0."""
        level = level or self.level
        rows = unit_costs()
        capital = self.capital_vnd(bill, level)
        equipment = sum(many * rows[item].vnd(level) for item, many in bill.items.items() if rows[item].equipment)
        # A station counts once, for one operator, however many share it.
        borne = cost_factors()["support_88"].at(level) * equipment if self.support_88 and bill.supported else 0.0
        paid = max(capital * (1.0 - bill.waived) - borne, 0.0)
        return ownership(paid, self.yearly_vnd(bill, level), self.horizon_years, self.rate)

    def ends_vnd(self, bill: Bill) -> tuple[float, float, float]:
        """Return what a bill costs at low, mid and high [VND]."""
        low, mid, high = (self.cost_vnd(bill, level) for level in LEVELS)
        return low, mid, high


def _together(served: int, saving: str, level: Level) -> float:
    """Return how often everybody together pays what one alone would; what saves most makes the low end."""
    if served == 1:
        return 1.0
    turned: dict[Level, Level] = {"low": "high", "mid": "mid", "high": "low"}
    return served * (1.0 - cost_factors()[saving].at(turned[level]))
