"""A study: all inputs, a definition, a grid and a model make one reproducible run, and `Result` is its answer."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage.catalog.definitions import Definition, definition
from coverage.city import City
from coverage.composing import Scene
from coverage.figures import (
    SAME,
    SHARES,
    WARD_COLUMNS,
    Denominator,
    city_table,
    coverage_columns,
    denominator_of,
    evidence_of,
    part_inside,
    ward_table,
)
from coverage.grid import Grid
from coverage.households import latest_period, over_full
from coverage.internet.estimation import Estimate, estimate_connected
from coverage.layers import Layer, Source
from coverage.measures import Weights, covered, weigh
from coverage.models import TR38901, PathLossModel
from coverage.obstacles import sea_from
from coverage.quality import Asked, Quality, asked_of, predict_quality
from coverage.scenarios import Scenario
from coverage.signals import Signal, best_of, predict_signal
from coverage.terrain import P1812
from coverage.types import Technology

Progress = Callable[[int, int], None]
MAY_LACK = ("population", "households", "subscriptions", "area_share")


@dataclass(frozen=True)
class Study:
    """One reproducible question: a city, a definition, a grid and a model.

    Attributes
    ----------
    city : City
    definition : Definition
        Give its id or the object.
    pixel_m : float
        Side of a pixel [m], > 0. 25 m is the reference; 50 m errs by about 2 % of a share and is four times faster.
    model : PathLossModel or None
        None takes P.1812 where the city has a terrain layer and TR 38.901 otherwise; `path_model` is the one that runs.
    bounds_m : (west, south, east, north) or None
        Restrict the study to a rectangle of the working CRS [m]; `coverage.grid.metre_bounds` makes it from degrees.
    technology : {"NR", "LTE"}

    Examples
    --------
    >>> import coverage as cov
    >>> study = cov.Study(cov.demo_city(), definition="danang-2023", pixel_m=200)
    >>> study.rule.threshold_dbm
    -105.0
    """

    city: City
    _: KW_ONLY
    definition: Definition | str = "danang-2023"
    pixel_m: float = 50.0
    model: PathLossModel | None = None
    bounds_m: tuple[float, float, float, float] | None = None
    technology: Technology = "NR"

    @cached_property
    def rule(self) -> Definition:
        """The definition as an object.

        Raises
        ------
        DefinitionError
            For an unknown id.
        """
        return definition(self.definition) if isinstance(self.definition, str) else self.definition

    @cached_property
    def path_model(self) -> PathLossModel:
        """The model that runs: the one asked for, else what the layers allow."""
        if self.model is not None:
            return self.model
        return TR38901() if self.city.surface.terrain is None else P1812()

    @cached_property
    def grid(self) -> Grid:
        """The grid over the mainland wards, or over the bounds."""
        wards = self.city.wards.frame
        bounds = self.bounds_m or tuple(wards.loc[wards["mainland"].to_numpy(bool)].total_bounds)
        return Grid.covering(bounds, self.pixel_m)

    @cached_property
    def weights(self) -> Weights:
        """Area, people and households per ward and pixel."""
        return weigh(self.city.wards.frame, self.grid, self.city.surface)

    @cached_property
    def cells(self) -> gpd.GeoDataFrame:
        """The cells of the technology the definition speaks of."""
        frame = self.city.cells.frame
        return frame[frame["technology"] == self.technology].reset_index(drop=True)

    @cached_property
    def denominator(self) -> Denominator:
        """What the covered area is divided by."""
        wards = self.city.wards
        return denominator_of(self.rule, wards.frame, self.weights, wards.edition)

    def run(self, progress: Progress | None = None) -> Result:
        """Predict the signal and measure it.

        Parameters
        ----------
        progress : callable(done, total) or None

        Raises
        ------
        DefinitionError
            When the definition cannot be answered with these layers and this model.
        """
        self.denominator  # noqa: B018 — what cannot be divided is refused before anything is predicted
        where = self.cells, self.grid, self.path_model, self.city.surface
        signal = predict_signal(*where, **self.asked, progress=progress)
        wards, city, operator = self.measure(self.networks(signal.operators, signal.probability))
        return Result(study=self, signal=signal, wards=wards, city=city, operator=operator)

    @cached_property
    def asked(self) -> Asked:
        """What the definition asks of the signal.

        Raises
        ------
        DefinitionError
            For a rule on samples, and for a pixel or a receiver that the source of the rule does not allow.
        """
        self.rule.check(pixel_m=self.pixel_m, receiver_height_m=self.path_model.receiver_height_m)
        return asked_of(self.cells, self.rule.requirement())

    def measure(
        self, networks: Iterable[tuple[str | None, NDArray[np.float32]]]
    ) -> tuple[pd.DataFrame, pd.DataFrame, str | None]:
        """Return ward table, city table and operator of the network with the greatest headline.

        Parameters
        ----------
        networks : iterable of (operator or None for the union, probability of shape (rows, cols))
        """
        fixed = self._ward_facts
        best: tuple[pd.DataFrame, pd.DataFrame, str | None] | None = None
        for operator, probability in networks:
            columns = coverage_columns(self.weights, probability, self.rule, self._far)
            wards = fixed.join(columns)[list(WARD_COLUMNS)]
            city = city_table(self.city.wards.frame, wards, self.weights, self.denominator, self.internet)
            headline = self.rule.headline
            if best is None or _figure(city, headline) > _figure(best[1], headline):
                best = wards, city, operator
        assert best is not None  # there is always at least one network
        return best

    def under(self, scenario: Scenario) -> Study:
        """Return the same study of the city after a scenario; raises as `Scenario.applied_to`."""
        return self.of(scenario.city(self.city))

    def of(self, city: City) -> Study:
        """Return the same study of the same city with other cells or lines; wards, grid and weights are shared."""
        after = dataclasses.replace(self, city=city)
        same_lines = city.subscriptions is self.city.subscriptions
        for name in ("grid", "weights", "denominator", *(("_ward_facts", "internet") if same_lines else ())):
            after.__dict__[name] = getattr(self, name)  # none of them depends on the cells
        return after

    def networks(
        self, operators: Sequence[str], probability: NDArray[np.float32]
    ) -> Iterator[tuple[str | None, NDArray[np.float32]]]:
        """Yield the networks that the definition counts: the union, or each operator by itself.

        Parameters
        ----------
        operators : sequence of str
        probability : ndarray of shape (operators, rows, cols)
        """
        if self.rule.operators == "union" or not operators:
            yield None, best_of(probability)
        else:
            yield from zip(operators, probability, strict=True)

    @cached_property
    def _ward_facts(self) -> pd.DataFrame:
        city = self.city
        names = (_named(city.wards.source), _named(city.subscriptions.source) if city.subscriptions else "")
        return ward_table(city, self.internet, names)

    @cached_property
    def internet(self) -> Estimate:
        """What lines and surveys tell of household internet: shares or ranges, and how they were found."""
        return estimate_connected(evidence_of(self.city), self.city.ratios)

    @cached_property
    def _far(self) -> NDArray[np.bool_]:
        """Wards off the grid, out of reach of every cell: certainly not covered."""
        wards = self.city.wards.frame
        off = self.weights.area.totals == 0
        if not off.any() or self.bounds_m is not None or self.cells.empty:
            return np.asarray(off & (self.cells.empty and self.bounds_m is None))
        near = self.cells.geometry.union_all()
        return np.asarray(off & (wards.geometry.distance(near).to_numpy() > self.path_model.sweep_m))


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a study measured.

    Attributes
    ----------
    study : Study
    signal : Signal
    wards : DataFrame indexed by ward_id
        One row per ward of the file; shares 0–1, NaN is unknown.
    city : DataFrame indexed by measure
        ``value``, ``low``, ``high``; low and high are NaN until an interval was computed.
    operator : str or None
        The operator the figures are about when the definition counts the largest one, None for the union.
    """

    study: Study
    signal: Signal
    wards: pd.DataFrame
    city: pd.DataFrame
    operator: str | None = None

    @property
    def definition(self) -> Definition:
        """The rule behind every figure."""
        return self.study.rule

    @property
    def denominator(self) -> Denominator:
        """What the covered area was divided by."""
        return self.study.denominator

    @property
    def headline(self) -> float:
        """The one figure of the definition."""
        return _figure(self.city, self.definition.headline)

    @property
    def probability(self) -> NDArray[np.float32]:
        """Probability of coverage per pixel, of the operators that the definition counts; shape (rows, cols)."""
        if self.operator is None:
            return self.signal.union
        return np.asarray(self.signal.probability[self.signal.operators.index(self.operator)])

    @cached_property
    def quality(self) -> Quality:
        """SS-SINR and throughput of the best server of each operator, at the load of the definition if it names one."""
        study = self.study
        scene = Scene.of(self.signal.cells, study.grid, study.path_model, study.city.surface)
        return predict_quality(scene, self.signal.rsrp_dbm, self.signal.server, self.definition.load)

    @cached_property
    def unknown_area_km2(self) -> float:
        """Area that is not known to be covered and could be: paths over ground that nobody gave [km²]."""
        open_question = self.signal.unknown & ~covered(self.probability, self.definition.edge)
        mainland = self.study.city.wards.frame["mainland"].to_numpy(dtype=bool)
        return float(self.study.weights.area.sums(open_question)[mainland].sum())

    @property
    def data(self) -> dict[str, Any]:
        """What was defaulted, refused, assumed, unused or unknown: the honesty page of the figures."""
        city, wards = self.study.city, self.wards
        unknown = {
            column: sorted(wards.index[wards[column].isna()]) for column in MAY_LACK if wards[column].isna().any()
        }
        return {
            "synthetic": city.synthetic,
            "defaulted": self._defaulted,
            "refused": {layer.kind: layer.refused for layer in city.layers if layer.refused},
            "problems": _counted(city.layers),
            "unknown": unknown,
            "unknown_area_km2": self.unknown_area_km2,
            "known_wards": {column: [int(wards[column].notna().sum()), len(wards)] for column in MAY_LACK},
            "bounds": self._bounds,
            "assumed": self._assumed,
            "unused": list(self.signal.unused),
            "more_lines_than_households": over_full(wards["subscriptions"], wards["households"]),
            "subscriptions_period": latest_period(city.subscriptions.frame) if city.subscriptions else None,
        }

    @property
    def _defaulted(self) -> dict[str, int | str]:
        """Field → cells filled from the catalogue; ``model`` → its id where only the lack of terrain chose it."""
        study = self.study
        fields: dict[str, int | str] = {**study.city.cells.defaulted, "environment": self.signal.environments_assumed}
        if study.city.buildings is not None and "buildings" not in study.path_model.ignores:
            fields |= {f"buildings.{name}": count for name, count in study.city.buildings.defaulted.items()}
        by_lack = study.model is None and study.city.surface.terrain is None
        return {**fields, "model": study.path_model.id} if by_lack else fields

    @property
    def _assumed(self) -> dict[str, str]:
        """How people and households were located, and where the sea was found by a model that asks for it."""
        study = self.study
        sea = "coast" if "coast" in study.path_model.ignores else sea_from(study.city.surface)
        return {**study.weights.assumed, **({} if sea == "coast" else {"sea": sea})}

    @property
    def _bounds(self) -> dict[str, list[str]] | None:
        """Wards that the bounds cut or leave out: their shares speak of the part inside, or of nothing."""
        if self.study.bounds_m is None:
            return None
        part = part_inside(self.study.city.wards.frame, self.study.weights)
        index = self.wards.index
        return {"wards_cut": sorted(index[(part > 0) & (part < 1 - SAME)]), "wards_outside": sorted(index[part == 0])}

    def summary(self) -> dict[str, Any]:
        """Return the content of ``city.json``: definition, denominator, city figures and what the data lacks."""
        rule = self.definition
        return {
            "definition": {
                "id": rule.id,
                "text_vi": rule.text("vi"),
                "text_en": rule.text("en"),
                "source": rule.source,
            },
            "denominator": {"id": self.denominator.id, "area_km2": self.denominator.area_km2},
            "headline": {"measure": rule.headline, **self._interval(rule.headline)},
            "city": {
                str(name): self._interval(str(name)) if name in SHARES else _count(_figure(self.city, str(name)))
                for name in self.city.index
            },
            "operator": self.operator,
            "model": dict(self.study.path_model.facts),
            "study": {
                "city": self.study.city.name,
                "edition": self.study.city.wards.edition,
                "technology": self.study.technology,
                "pixel_m": self.study.pixel_m,
                "crs": self.study.grid.crs,
                "bounds_m": list(self.study.bounds_m) if self.study.bounds_m else None,
                "cells": len(self.study.cells),
            },
            "data": self.data,
        }

    def _interval(self, name: str) -> dict[str, float | None]:
        return {column: _plain(_figure(self.city, name, column)) for column in ("value", "low", "high")}


def _named(source: Source) -> str:
    return f"{source.name} (synthetic)" if source.synthetic else source.name


def _figure(table: pd.DataFrame, measure: str, column: str = "value") -> float:
    return float(np.asarray(table.loc[measure, column]))


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _count(value: float) -> float | None:
    """Return a number of people, households or lines: a whole number where nothing was divided."""
    return int(value) if value.is_integer() else _plain(value)


def _counted(layers: tuple[Layer, ...]) -> dict[str, dict[str, int]]:
    return {
        layer.kind: dict(sorted(Counter(problem.code for problem in layer.problems).items()))
        for layer in layers
        if layer.problems
    }
