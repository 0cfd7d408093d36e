"""Simulated cities in which the truth about every household is known: what an estimate of it is tested on.

Every household of such a city has a place, a ward, an exchange area, a district, and is or is not connected; its lines,
those of offices, and a survey follow from that. An analyst sees `SimulatedCity.seen` only; `SimulatedCity.truth` is for
the test. Parameters are drawn from `Ranges`, which were written down before any estimator was tried on the cities.

>>> city = simulate(3)
>>> bool((city.truth["fixed"] <= city.truth["households"]).all())
True
"""

from __future__ import annotations

from tools.simulated_homes.city import Seen, SimulatedCity, simulate
from tools.simulated_homes.ranges import RANGES, Ranges

__all__ = ["RANGES", "Ranges", "Seen", "SimulatedCity", "simulate"]
