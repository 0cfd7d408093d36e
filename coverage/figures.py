"""From weights and signal to the two tables of a result: one row per ward, one row per city measure."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage import households as hh
from coverage.catalog.definitions import OFFICIAL_AREA_KM2, WARD_COVERED_FROM, Definition
from coverage.city import City
from coverage.errors import DefinitionError
from coverage.internet.estimation import Estimate, Evidence
from coverage.internet.indicators import INDICATORS, indicator_table
from coverage.measures import Weights, covered, weighted_mean

SAME = 1e-6  # relative: what the pixels of a whole ward may miss of its polygon

SHARES = (
    "area_share",
    "expected_area_share",
    "uncovered_area_share",
    "wards_covered_share",
    "population_covered_share",
    "households_covered_share",
    "household_internet_share",
    "connected_share",
    "any_broadband_share",
    "mobile_only_share",
)

FLAGS = ("more_lines_than_households", "ratios_contradicted", "survey_contradicts_lines")

INTERNET_COLUMNS = (
    "connected_share",
    "connected_low",
    "connected_high",
    "connected_rmse_share",
    "bounds_low",
    "bounds_high",
    "status",
    "flags",
    *INDICATORS,
)


WARD_COLUMNS = (
    "name",
    "district",
    "edition",
    "area_km2",
    "population",
    "households",
    "area_share",
    "expected_area_share",
    "population_covered_share",
    "households_covered_share",
    "subscriptions",
    "lines_per_100_households",
    "household_internet_share",
    *INTERNET_COLUMNS,
    "area_source",
    "population_source",
    "households_source",
    "subscriptions_source",
)


@dataclass(frozen=True, kw_only=True)
class Denominator:
    """What the covered area was divided by: its id and its size [km²]."""

    id: str
    area_km2: float


def denominator_of(
    definition: Definition, wards: gpd.GeoDataFrame, weights: Weights, edition: str | None
) -> Denominator:
    """Return the denominator of a definition for a city.

    Raises
    ------
    DefinitionError
        ``needs_land_cover`` for residential areas without a clutter layer; ``official_area_elsewhere`` where the
        wards are not those of the city whose official area is on record.
    """
    mainland = wards["mainland"].to_numpy(dtype=bool)
    whole = float(wards.loc[mainland, "area_km2"].sum())
    inside = float(weights.area.totals[mainland].sum())
    if definition.denominator == "residential":
        if weights.residential is None:
            raise DefinitionError("needs_land_cover", id=definition.id)
        return Denominator(id="residential", area_km2=float(weights.residential.totals[mainland].sum()))
    if definition.denominator == "official":
        if edition not in ("2019", "2025h1", "2025h2") or whole > OFFICIAL_AREA_KM2:
            raise DefinitionError(
                "official_area_elsewhere", id=definition.id, official_km2=OFFICIAL_AREA_KM2, area_km2=whole
            )
        if inside < whole * (1 - SAME):
            raise DefinitionError("official_area_bounds", id=definition.id, official_km2=OFFICIAL_AREA_KM2)
        return Denominator(id="official", area_km2=OFFICIAL_AREA_KM2)
    # Without bounds the grid holds every ward whole: the sum of the polygons is then the same and exact.
    return Denominator(id="mainland", area_km2=whole if inside >= whole * (1 - SAME) else inside)


def evidence_of(city: City) -> Evidence:
    """Return what the layers of a city tell of its household internet.

    Wards are told apart by the logarithm of their density and by income where the table of households has it.
    """
    wards = city.wards.frame
    empty = pd.DataFrame(index=wards.index)
    counts = empty if city.people is None else city.people.frame.reindex(wards.index)
    households = counts.get("households", pd.Series(np.nan, index=wards.index)).astype(float)
    density = (households / wards["area_km2"].astype(float)).where(households > 0)
    covariates = pd.DataFrame({"density": np.log(density)})
    if "income" in counts:
        covariates["income"] = counts["income"].astype(float)
    periods = counts["households_period"].dropna() if "households_period" in counts else pd.Series(dtype=object)
    places = wards.geometry.representative_point() if wards.geometry.notna().all() else wards.geometry.iloc[:0]
    return Evidence(
        households=households,
        subscriptions=None if city.subscriptions is None else city.subscriptions.frame,
        households_period=None if periods.empty else str(periods.max()),
        survey=None if city.survey is None else city.survey.frame,
        covariates=covariates,
        places=pd.DataFrame({"x": places.x, "y": places.y}),
    )


def ward_table(city: City, estimate: Estimate, names: tuple[str, str]) -> pd.DataFrame:
    """Return the part of the ward table that does not depend on the signal.

    Parameters
    ----------
    city : City
    estimate : Estimate
        Of its household internet.
    names : (str, str)
        Names of the ward file and of the subscription file, written beside their figures.

    Returns
    -------
    DataFrame indexed by ward_id
        name, district, edition, area_km2, population, households, subscriptions, lines_per_100_households,
        household_internet_share, `INTERNET_COLUMNS` and a ``…_source`` column per origin. Unknown is NaN.
    """
    wards, people, subscriptions = city.wards.frame, city.people, city.subscriptions
    table = pd.DataFrame(wards[["name", "district", "edition", "area_km2"]])
    unknown = pd.Series(np.nan, index=wards.index)
    counts = people.frame.reindex(wards.index) if people is not None else pd.DataFrame(index=wards.index)
    for column in ("population", "households"):
        table[column] = counts.get(column, unknown).astype(float)
    if subscriptions is None:
        lines = pd.DataFrame({"lines": unknown, "household_lines": unknown})
    else:
        lines = hh.fixed_lines(subscriptions.frame, wards.index)
    table["subscriptions"] = lines["lines"]
    table["lines_per_100_households"] = hh.lines_per_100_households(lines["lines"], table["households"])
    table["household_internet_share"] = hh.household_internet_share(lines["household_lines"], table["households"])
    table = table.join(internet_columns(estimate, city))
    table["area_source"] = names[0]
    for column in ("population", "households"):
        table[f"{column}_source"] = counts.get(f"{column}_source", pd.Series(None, index=wards.index, dtype=object))
    table["subscriptions_source"] = pd.Series(names[1], index=wards.index, dtype=object).where(lines["lines"].notna())
    return table


def internet_columns(estimate: Estimate, city: City) -> pd.DataFrame:
    """Return `INTERNET_COLUMNS` of every ward: the estimate with its range, where it comes from, and the indicators."""
    wards = estimate.wards
    table = wards[["connected_share", "connected_low", "connected_high"]].copy()
    table["connected_rmse_share"] = np.sqrt(wards["connected_mse"])
    table[["bounds_low", "bounds_high"]] = wards[["bounds_low", "bounds_high"]]
    table["status"] = wards["status"]
    flags = [name for name in FLAGS if name in wards]
    marks = wards[flags].apply(lambda row: ";".join(name for name in flags if row[name]), axis=1)
    table["flags"] = marks.astype(object).where(marks != "", None)
    lines = None if city.subscriptions is None else city.subscriptions.frame
    survey = None if city.survey is None else city.survey.frame
    return table.join(indicator_table(estimate, lines, survey))[list(INTERNET_COLUMNS)]


def coverage_columns(
    weights: Weights, probability: NDArray[np.float32], definition: Definition, far: NDArray[np.bool_]
) -> pd.DataFrame:
    """Return the coverage measures of every ward under a definition.

    Parameters
    ----------
    weights : Weights
    probability : ndarray of shape (rows, cols), 0–1
        Of the union or of the one operator the definition counts.
    definition : Definition
    far : bool ndarray of shape (n,)
        Wards outside the grid that no cell can reach: certainly not covered, not unknown.
    """
    reached = covered(probability, definition.edge)
    area = weights.area
    if definition.denominator == "residential" and weights.residential is not None:
        area = weights.residential
    columns = {
        "area_share": area.shares(reached),
        "expected_area_share": area.shares(probability),
        "population_covered_share": weights.people.shares(reached),
        "households_covered_share": weights.households.shares(reached),
    }
    table = pd.DataFrame(columns, index=weights.ward_ids)
    table.loc[far] = 0.0
    return table


def part_inside(wards: gpd.GeoDataFrame, weights: Weights) -> NDArray[np.float64]:
    """Return the part of each ward's area inside the grid, shape (n,), 0–1; it stands for its people too.

    Without bounds every ward counts whole, islands off the grid included.
    """
    part = weights.area.totals / wards["area_km2"].to_numpy(dtype=float)
    cut = part[wards["mainland"].to_numpy(dtype=bool)] < 1 - SAME
    return np.asarray(part if cut.any() else np.ones_like(part))


def city_table(
    wards: gpd.GeoDataFrame, table: pd.DataFrame, weights: Weights, denominator: Denominator, estimate: Estimate
) -> pd.DataFrame:
    """Return the city's measures.

    Returns
    -------
    DataFrame indexed by measure
        ``value``, ``low``, ``high``; NaN is unknown, and low and high stay NaN until an interval was computed. Those of
        ``household_internet_share`` are what the lines allow for.
    """
    mainland = wards["mainland"].to_numpy(dtype=bool)
    inside = weights.area.totals
    if denominator.id == "residential" and weights.residential is not None:
        inside = weights.residential.totals
    counted = mainland if denominator.id != "official" else np.ones_like(mainland)
    shares = table[["area_share", "expected_area_share"]].to_numpy(dtype=float)
    covered_km2 = np.nansum(shares[counted] * inside[counted, None], axis=0)
    area_share, expected = (covered_km2 / denominator.area_km2) if denominator.area_km2 > 0 else (np.nan, np.nan)
    within = part_inside(wards, weights)
    known = table["area_share"].notna().to_numpy() & mainland
    households = table["households"]
    values = {
        "area_km2": float((wards["area_km2"] * within)[mainland].sum()),
        "population": (table["population"] * within).sum(min_count=1),
        "households": (households * within).sum(min_count=1),
        "subscriptions": (table["subscriptions"] * within).sum(min_count=1),
        "area_share": area_share,
        "expected_area_share": expected,
        "uncovered_area_share": 1.0 - area_share,
        "wards_covered_share": (
            float((table.loc[known, "area_share"] >= WARD_COVERED_FROM).mean()) if known.any() else np.nan
        ),
        "population_covered_share": weighted_mean(
            table["population_covered_share"].to_numpy(float), table["population"].to_numpy(float) * within
        ),
        "households_covered_share": weighted_mean(
            table["households_covered_share"].to_numpy(float), households.to_numpy(float) * within
        ),
        "lines_per_100_households": 100.0
        * hh.weighted_share(table["lines_per_100_households"] / 100.0, households * within),
        "household_internet_share": hh.weighted_share(table["household_internet_share"], households * within),
    }
    found = pd.DataFrame({"value": pd.Series(values, dtype=float), "low": np.nan, "high": np.nan})
    found.loc["household_internet_share"] = _allowed(table, households * within, values["household_internet_share"])
    for measure, row in internet_figures(estimate, pd.Series(within, index=table.index)).items():
        found.loc[measure] = row
    return found


def _allowed(table: pd.DataFrame, weight: pd.Series, value: float) -> tuple[float, float, float]:
    """Return the share of one line a household, and what the lines allow for in the wards it is known of."""
    known = table["household_internet_share"].notna()
    low, high = (hh.weighted_share(table[f"bounds_{end}"].where(known), weight) for end in ("low", "high"))
    return value, low, high


def internet_figures(estimate: Estimate, within: pd.Series) -> dict[str, tuple[float, float, float]]:
    """Return value, low and high of the city's shares of household internet.

    Parameters
    ----------
    estimate : Estimate
    within : Series indexed by ward_id, 0–1
        Part of every ward that counts; where it cuts any, ranges are those of the wards, which is too wide rather than
        too narrow.
    """
    names = {"connected_share": "connected", "any_broadband_share": "any", "mobile_only_share": "mobile_only"}
    ends = ("share", "low", "high")
    if (within == 1).all():
        return {name: tuple(estimate.city[f"{key}_{end}"] for end in ends) for name, key in names.items()}  # type: ignore[misc]
    weight = estimate.wards["households"] * within
    cut = {
        key: [hh.weighted_share(estimate.wards[f"{key}_{end}"], weight) for end in ends] for key in ("connected", "any")
    }
    return {name: tuple(cut[key]) for name, key in names.items() if key in cut}  # type: ignore[misc]
