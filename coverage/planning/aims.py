"""What a plan is for: which measure or mix of measures, counted for which operators, and what each thing adds to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage.catalog.definitions import Definition
from coverage.catalog.targets import Target
from coverage.errors import PlanError
from coverage.planning.worth import MEASURES, OBJECTIVES, Objective, headline_objective, station_ratio
from coverage.study import Result

FloatArray = NDArray[np.float64]
STATION_TARGETS = ("danang-2025-5g-stations",)  # the register names no measure: it is a count of stations, not a share


@dataclass(frozen=True, kw_only=True)
class Aim:
    """A measure, or several with weights, for the operators that count.

    Attributes
    ----------
    parts : tuple of (objective, weight)
        Weights > 0 that sum to 1, in the order of `OBJECTIVES`.
    operators : tuple of str
        Operators counted by themselves; their figures are averaged. Empty counts all operators together.
    """

    parts: tuple[tuple[Objective, float], ...]
    operators: tuple[str, ...] = ()

    @property
    def measure(self) -> str:
        """The measure, or ``mixed``."""
        return MEASURES[self.parts[0][0]] if len(self.parts) == 1 else "mixed"

    @property
    def networks(self) -> tuple[str | None, ...]:
        """Operators whose coverage is counted by itself; None is all of them together."""
        return self.operators or (None,)

    @property
    def weights(self) -> dict[str, float]:
        """Weight of each measure, summing to 1."""
        return {MEASURES[name]: weight for name, weight in self.parts}

    def figures(self, result: Result) -> FloatArray:
        """Return the figure of each network of a result, shape (networks,)."""
        study, signal = result.study, result.signal
        if not self.operators and result.definition.operators == "union":
            cities = [result.city]
        else:
            blank = np.zeros(signal.grid.shape, dtype=np.float32)
            layers = [
                signal.union if network is None
                else signal.probability[signal.operators.index(network)] if network in signal.operators else blank
                for network in self.networks
            ]  # fmt: skip
            cities = [study.measure([(None, layer)])[1] for layer in layers]
        ratio = station_ratio(study) if any(name == "stations" for name, _ in self.parts) else np.nan
        return np.array([self._figure(city, ratio) for city in cities])

    def measured(self, result: Result) -> float:
        """Return what a result shows of the aim: the claim of a plan is this figure of its re-run."""
        return float(self.figures(result).mean())

    def _figure(self, city: pd.DataFrame, ratio: float) -> float:
        values = {**city["value"].to_dict(), MEASURES["stations"]: ratio}
        return float(sum(weight * values[MEASURES[name]] for name, weight in self.parts))


def aim_of(
    rule: Definition,
    *,
    objective: Objective | Mapping[Objective, float] | None = None,
    operators: tuple[str, ...] = (),
    target: Target | None = None,
) -> Aim:
    """Return what a plan is for.

    Parameters
    ----------
    rule : Definition
    objective : {"area", "population", "households", "internet", "stations"}, mapping of them to weights > 0, or None
        None follows the target, else the headline of the definition.
    operators : tuple of str
    target : Target, optional

    Raises
    ------
    PlanError
        ``plan_unsupported_definition`` where the headline is no sum over pixels; ``plan_unsupported_target`` for a
        target that no change can bring nearer; ``plan_bad_objective``.
    """
    if objective is None:
        objective = headline_objective(rule) if target is None else _objective_of(target)
    mix = {objective: 1.0} if isinstance(objective, str) else dict(objective)
    if not mix or any(name not in OBJECTIVES or not 0 < weight < np.inf for name, weight in mix.items()):
        raise PlanError("plan_bad_objective", objective=objective, known=", ".join(OBJECTIVES))
    total = sum(mix.values())
    return Aim(parts=tuple((name, mix[name] / total) for name in OBJECTIVES if name in mix), operators=operators)


def _objective_of(target: Target) -> Objective:
    if target.id in STATION_TARGETS:
        return "stations"
    for name, known in MEASURES.items():
        if known == target.measure:
            return name
    raise PlanError("plan_unsupported_target", target=target.id)
