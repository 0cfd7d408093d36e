"""What covering, connecting or building something adds to a measure: the columns behind a plan and their weights."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from coverage.catalog.definitions import Definition
from coverage.errors import PlanError
from coverage.figures import part_inside
from coverage.measures import Weighting
from coverage.planning.reach import Modes, Reach
from coverage.study import Result, Study
from coverage.types import Technology

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Objective = Literal["area", "population", "households", "internet", "stations"]
OBJECTIVES: tuple[Objective, ...] = get_args(Objective)
ON_PIXELS: tuple[Objective, ...] = ("area", "population", "households")
MEASURES: dict[Objective, str] = {
    "area": "area_share",
    "population": "population_covered_share",
    "households": "households_covered_share",
    "internet": "household_internet_share",
    "stations": "nr_station_ratio",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Columns:
    """Things that can be covered, each worth something: pixels of every network, lines of wards, stations.

    Attributes
    ----------
    sets : csr_array of shape (rows of the plan, columns)
    start : bool ndarray of shape (columns,)
        Covered whatever is chosen.
    weight : float ndarray of shape (columns,)
        What each adds to the measure.
    """

    sets: sparse.csr_array
    start: BoolArray
    weight: FloatArray


def columns_of(reach: Reach, result: Result, parts: Iterable[tuple[Objective, float]]) -> Columns:
    """Return the columns of a mix of objectives.

    Parameters
    ----------
    reach : Reach
    result : Result
        Today.
    parts : iterable of (objective, weight)
        Pixel objectives are averaged over the networks of `reach`.
    """
    networks, modes = len(reach.networks), reach.modes
    pixels = np.zeros(result.study.grid.rows * result.study.grid.cols)
    others = []
    for name, weight in parts:
        if name in ON_PIXELS:
            pixels += weight / networks * pixel_weights(result, name)
        else:
            made = lines(modes, result) if name == "internet" else stations(modes, result.study)
            others.append(Columns(sets=made.sets, start=made.start, weight=weight * made.weight))
    return Columns(
        sets=sparse.csr_array(sparse.hstack([reach.sets, *(more.sets for more in others)])),
        start=np.concatenate([reach.start, *(more.start for more in others)]),
        weight=np.concatenate([np.tile(pixels, networks), *(more.weight for more in others)]),
    )


def headline_objective(rule: Definition) -> Objective:
    """Return what the headline of a definition counts.

    Raises
    ------
    PlanError
        ``plan_unsupported_definition`` where it is no sum over pixels.
    """
    for name in ON_PIXELS:
        if MEASURES[name] == rule.headline:
            return name
    raise PlanError("plan_unsupported_definition", id=rule.id)


def pixel_weights(result: Result, objective: Objective | None = None) -> FloatArray:
    """Return what each pixel adds to a measure of the city when it becomes covered; shape (rows × cols,).

    Parameters
    ----------
    result : Result
        Today; its ward table says which wards count.
    objective : {"area", "population", "households"}, optional
        The headline of the definition unless given; raises as `headline_objective`.
    """
    objective = objective or headline_objective(result.definition)
    wards = result.study.city.wards.frame
    weighting = _weighting(result, objective)
    if objective == "area":
        counted = wards["mainland"].to_numpy(bool) | (result.definition.denominator == "official")
        return weighting.pixel_weights(counted / result.denominator.area_km2)
    counts = result.wards[objective].to_numpy(float) * part_inside(wards, result.study.weights)
    counts[~np.isfinite(counts) | result.wards[MEASURES[objective]].isna().to_numpy()] = 0.0
    return weighting.pixel_weights(counts / counts.sum())


def ward_rows(result: Result, objective: Objective) -> tuple[sparse.csr_array, list[str]]:
    """Return what each pixel adds to the share of its ward, and whose rows they are.

    Parameters
    ----------
    result : Result
        Today.
    objective : {"area", "population", "households"}

    Returns
    -------
    csr_array of shape (wards, rows × cols)
        Each row sums to 1. Wards off the mainland, or without a known share, have none.
    list of ward_id
    """
    wards = result.study.city.wards.frame
    weighting = _weighting(result, objective)
    known = wards["mainland"].to_numpy(bool) & (weighting.totals > 0)
    known &= result.wards[MEASURES[objective]].notna().to_numpy()
    rows = []
    for ward in np.flatnonzero(known).tolist():
        one = np.zeros(len(wards))
        one[ward] = 1.0 / weighting.totals[ward]
        rows.append(sparse.csr_array(weighting.pixel_weights(one)[None, :]))
    empty = sparse.csr_array((0, result.study.grid.rows * result.study.grid.cols))
    return sparse.csr_array(sparse.vstack([empty, *rows])), [str(name) for name in wards.index[known]]


def _weighting(result: Result, objective: Objective) -> Weighting:
    weights = result.study.weights
    if objective != "area":
        return weights.people if objective == "population" else weights.households
    area = weights.residential if result.definition.denominator == "residential" else weights.area
    assert area is not None  # the denominator would have refused
    return area


# --- household internet -----------------------------------------------------------------------------------------------


def lines(modes: Modes, result: Result) -> Columns:
    """Return the households that changes connect: of each ward one column for every further amount.

    A change that connects h households covers the first columns of its ward that add up to h, at most to all of its
    households. At most one change of a ward may be chosen: two amounts would not add up.
    """
    wards, study = result.wards, result.study
    inside = part_inside(study.city.wards.frame, study.weights)
    households = wards["households"].to_numpy(float) * inside
    share = wards["household_internet_share"].to_numpy(float)
    known = np.isfinite(share) & (households > 0)
    total = households[known].sum()
    place = {str(name): k for k, name in enumerate(wards.index)}
    amounts: dict[int, list[tuple[float, int]]] = {}
    for row, change in enumerate(modes.changes):
        ward = place.get(change.ward_id or "") if change.kind == "connect" else None
        if ward is not None and known[ward]:
            whole = wards["households"].iloc[ward]
            gained = min(share[ward] + change.households / whole, 1.0) - share[ward]
            amounts.setdefault(ward, []).append((gained, row))
    weight: list[float] = []
    index: list[tuple[int, int]] = []
    for ward, gains in amounts.items():
        upto = 0.0
        for level in sorted({gain for gain, _ in gains if gain > 0}):
            index += [(row, len(weight)) for gain, row in gains if gain >= level]
            weight.append((level - upto) * households[ward] / total)
            upto = level
    # What is connected today is a column that is covered from the start.
    weight.append(float((share * households)[known].sum() / total) if total > 0 else 0.0)
    start = np.zeros(len(weight), dtype=bool)
    start[-1] = True
    return Columns(sets=_sets(index, (modes.count, len(weight))), start=start, weight=np.array(weight))


# --- stations ---------------------------------------------------------------------------------------------------------


def station_ratio(study: Study) -> float:
    """Return 5G stations per 4G station: a station is a site with cells of a technology and an operator.

    NaN where there is no 4G station.
    """
    cells = study.city.cells.frame
    of_5g, of_4g = len(_stations(cells, "NR")), len(_stations(cells, "LTE"))
    return of_5g / of_4g if of_4g else float("nan")


def stations(modes: Modes, study: Study) -> Columns:
    """Return 5G stations as columns: those that stay, those that changes add, those that changes may take away."""
    cells = study.city.cells.frame
    of_4g = len(_stations(cells, "LTE"))
    standing = modes.standing
    of_rows = [
        _stations(standing.iloc[kept], "NR")
        | (_stations(modes.changes[row].cells, "NR") if row < len(modes.changes) else set())
        for row, kept in enumerate(modes.kept)
    ]
    fixed = _stations(standing[modes.fixed], "NR")
    names = sorted(set().union(fixed, *of_rows))
    place = {name: k for k, name in enumerate(names)}
    index = [(row, place[name]) for row, found in enumerate(of_rows) for name in found]
    return Columns(
        sets=_sets(index, (modes.count, len(names))),
        start=np.array([name in fixed for name in names], dtype=bool),
        weight=np.full(len(names), 1.0 / of_4g if of_4g else 0.0),
    )


def _stations(cells: pd.DataFrame, technology: Technology) -> set[tuple[str, str]]:
    if not len(cells):
        return set()
    cells = cells[cells["technology"] == technology]
    return set(zip(cells["site_id"].astype(str), cells["operator"].astype(str), strict=True))


def _sets(index: list[tuple[int, int]], shape: tuple[int, int]) -> sparse.csr_array:
    row, column = (np.array([pair[k] for pair in index], dtype=np.int64) for k in (0, 1))
    made = sparse.csr_array((np.ones(len(index), dtype=np.int8), (row, column)), shape=shape)
    made.sort_indices()
    return made
