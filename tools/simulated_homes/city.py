"""A simulated city: what is true, and what an analyst gets to see of it."""

from __future__ import annotations

from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage.grid import Raster
from tools.simulated_homes.connecting import Homes, connect, list_lines, ward_means
from tools.simulated_homes.places import GRID, SIDE, Places, settle
from tools.simulated_homes.ranges import RANGES, Ranges

LINES_DATE = "2025-06"


class Seen(NamedTuple):
    """What an analyst gets.

    ``wards`` (indexed by ward_id: name, district, area_km2, geometry), ``households`` of each ward at
    ``households_date``, ``raster`` of them per pixel with its errors; fixed ``lines`` at ``lines_date``: by ward
    (missing wards have no row), ``by_exchange``, ``by_district`` and as ``points`` (easting_m, northing_m);
    ``passed``: households that fibre passes, per ward; ``survey`` (sample, fixed_share, any_share, design_effect);
    ``covariates`` (income, a proxy).
    """

    wards: gpd.GeoDataFrame
    exchanges: gpd.GeoDataFrame
    households: pd.Series
    households_date: str
    raster: Raster
    lines: pd.DataFrame
    lines_date: str
    by_exchange: pd.DataFrame
    by_district: pd.DataFrame
    points: pd.DataFrame
    passed: pd.Series
    survey: pd.DataFrame
    covariates: pd.DataFrame


class SimulatedCity(NamedTuple):
    """What is seen and what is true.

    ``truth`` is indexed by ward_id: ``households`` at the date of the lines, those with a ``fixed`` connection, with
    ``any``, ``mobile_only``; ``lines``, of them ``residential``; and the share that serves a household of the lines
    labelled so (``household_label``), labelled business (``business_label``) and without a label (``unlabelled``), NaN
    where there are none.
    """

    seed: int
    seen: Seen
    truth: pd.DataFrame
    missing: pd.Index


def simulate(seed: int, ranges: Ranges = RANGES) -> SimulatedCity:
    """Return the simulated city of a seed; the same seed gives the same city.

    Parameters
    ----------
    seed : int
    ranges : Ranges
    """
    rng = np.random.default_rng([20250701, seed])
    wards = int(rng.integers(ranges.wards[0], ranges.wards[1] + 1))
    places = settle(wards, int(rng.integers(ranges.households[0], ranges.households[1] + 1)), rng)
    homes = connect(places, ranges, rng)
    lines = list_lines(places, homes, ranges, rng)
    truth = _truth(places, homes, lines)
    missing = truth.index[rng.random(len(truth)) < rng.uniform(*ranges.missing_wards)]
    return SimulatedCity(seed, _seen(places, homes, lines, ranges, missing, rng), truth, missing)


def _truth(places: Places, homes: Homes, lines: pd.DataFrame) -> pd.DataFrame:
    ids, ward = places.wards.index, places.ward

    def per_ward(of: NDArray[np.bool_] | NDArray[np.int64]) -> NDArray[np.int64]:
        return np.bincount(ward, of, len(ids)).astype(np.int64)

    at = ward[lines["home"]]
    residential = np.bincount(at, lines["residential"], len(ids))
    served = lines["residential"].groupby([ids[at], lines["customer"].fillna("none")]).mean().unstack()  # noqa: PD010
    return pd.DataFrame(
        {
            "households": per_ward(np.ones_like(homes.fixed)),
            "fixed": per_ward(homes.fixed),
            "any": per_ward(homes.fixed | homes.mobile),
            "mobile_only": per_ward(homes.mobile & ~homes.fixed),
            "lines": np.bincount(at, minlength=len(ids)),
            "residential": residential.astype(np.int64),
            "household_label": served["household"].reindex(ids),
            "business_label": served["business"].reindex(ids),
            "unlabelled": served["none"].reindex(ids) if "none" in served else np.nan,
        },
        index=ids,
    )


def _seen(
    places: Places, homes: Homes, lines: pd.DataFrame, ranges: Ranges, missing: pd.Index, rng: np.random.Generator
) -> Seen:
    ids = places.wards.index
    years = float(rng.uniform(*ranges.years))
    months = round(12 * years)
    then = pd.Period(LINES_DATE, "M") - months
    growth = (1 + rng.uniform(*ranges.growth_per_year, len(ids))) ** (months / 12)
    now = np.bincount(places.ward, minlength=len(ids))
    counted = pd.Series(np.round(now / growth), index=ids)
    by_ward = _table(ids[places.ward[lines["home"]]], lines, "ward_id")
    income = ward_means(places, places.income)
    proxy = income + rng.uniform(*ranges.proxy_error) * income.std() * rng.normal(size=len(ids))
    at = places.points[lines["home"]]
    return Seen(
        wards=places.wards,
        exchanges=places.exchanges,
        households=counted,
        households_date=str(then),
        raster=_raster(places, growth, ranges, rng),
        lines=by_ward[~by_ward["ward_id"].isin(missing)].reset_index(drop=True),
        lines_date=LINES_DATE,
        by_exchange=_table(places.exchanges.index[places.exchange[lines["home"]]], lines, "area_id"),
        by_district=_table(
            places.wards["district"].to_numpy()[places.ward[lines["home"]]], lines, "district"
        ),
        points=lines[["operator", "customer"]].assign(easting_m=at[:, 0], northing_m=at[:, 1], lines=1),
        passed=pd.Series(np.round(np.bincount(places.ward, homes.passed, len(ids))), index=ids),
        survey=_survey(places, homes, ranges, rng),
        covariates=pd.DataFrame({"income": proxy}, index=ids),
    )  # fmt: skip


def _table(area: pd.Index | NDArray[np.object_], lines: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return lines summed by area, operator and customer, all of them fibre."""
    rows = lines[["operator", "customer"]].copy()
    rows[name] = area
    table = rows.groupby([name, "operator", "customer"], dropna=False, sort=True).size().reset_index(name="lines")
    return table.assign(technology="FTTH", period=LINES_DATE)


def _raster(places: Places, growth: NDArray[np.float64], ranges: Ranges, rng: np.random.Generator) -> Raster:
    """Return the published households per pixel: those of the count, each pixel with its own error."""
    true = np.bincount(places.pixel, 1.0 / growth[places.ward], SIDE * SIDE)
    error = np.exp(rng.normal(0.0, rng.uniform(*ranges.raster_error), SIDE * SIDE))
    values = (true * error).reshape(SIDE, SIDE)
    return Raster(values=values, transform=GRID.transform, crs=GRID.crs, unit="households")


def _survey(places: Places, homes: Homes, ranges: Ranges, rng: np.random.Generator) -> pd.DataFrame:
    """Return the share of households connected in a sample of each surveyed ward.

    A design effect of 1.3 with 130 asked is as good as a simple sample of 100: that many answers are drawn.
    """
    ids = places.wards.index
    surveyed = rng.random(len(ids)) < rng.uniform(*ranges.surveyed_wards)
    rows = []
    for ward in np.flatnonzero(surveyed):
        here = np.flatnonzero(places.ward == ward)
        effect = round(float(rng.uniform(*ranges.design_effect)), 2)
        asked = int(rng.integers(ranges.sample[0], ranges.sample[1] + 1))
        answers = rng.choice(here, min(max(1, round(asked / effect)), len(here)), replace=False)
        fixed, any_way = homes.fixed[answers], (homes.fixed | homes.mobile)[answers]
        rows.append((ids[ward], asked, float(fixed.mean()), float(any_way.mean()), effect))
    columns = ["ward_id", "sample", "fixed_share", "any_share", "design_effect"]
    return pd.DataFrame(rows, columns=columns).set_index("ward_id")
