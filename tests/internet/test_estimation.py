"""Household internet of a whole city: ranges without a survey, estimates with one, and the truth inside as promised."""

import numpy as np
import pandas as pd
import pytest

from coverage.internet.estimation import Evidence, estimate_connected
from coverage.internet.penetration import Ratios
from tools.simulated_homes import RANGES, simulate

STATED = Ratios(
    household_label=RANGES.household_label, business_label=RANGES.business_label, unlabelled=RANGES.unlabelled,
    lines_per_household=RANGES.lines_per_household, growth_per_year=RANGES.growth_per_year,
)  # fmt: skip
SEEDS = range(1000, 1024)


def evidence(city, **other):
    seen = city.seen
    centre = seen.wards.geometry.centroid
    covariates = seen.covariates.assign(density=np.log(seen.households / seen.wards["area_km2"]))
    given = {
        "households": seen.households,
        "subscriptions": seen.lines,
        "households_period": seen.households_date,
        "survey": seen.survey,
        "covariates": covariates,
        "places": pd.DataFrame({"x": centre.x, "y": centre.y}),
    }
    return Evidence(**{**given, **other})


def share(city, column="fixed"):
    return city.truth[column] / city.truth["households"]


@pytest.fixture(scope="module")
def cities():
    simulated = [simulate(seed) for seed in SEEDS]
    return [(city, estimate_connected(evidence(city), STATED)) for city in simulated]


def test_bounds_hold_the_truth_of_every_ward_of_every_city(cities):
    for city, found in cities:
        true = share(city)
        assert (found.wards["bounds_low"] <= true).all(), city.seed
        assert (true <= found.wards["bounds_high"]).all(), city.seed
        assert not found.wards["ratios_contradicted"].any()


def test_no_share_leaves_zero_to_one_and_every_range_holds_its_estimate(cities):
    for _, found in cities:
        for name in ("connected", "any"):
            low, value, high = (found.wards[f"{name}_{end}"] for end in ("low", "share", "high"))
            assert low.between(0, 1).all()
            assert high.between(0, 1).all()
            assert ((low <= value) & (value <= high)).all()


@pytest.mark.parametrize(("name", "column"), [("connected", "fixed"), ("any", "any")])
def test_intervals_hold_the_truth_at_their_rate(cities, name, column):
    inside = []
    for city, found in cities:
        inside += share(city, column).between(found.wards[f"{name}_low"], found.wards[f"{name}_high"]).tolist()
    assert np.mean(inside) >= 0.93, f"{np.mean(inside):.4f} of {len(inside)}"


def test_the_interval_of_the_city_holds_the_truth(cities):
    inside = []
    for city, found in cities:
        true = city.truth["fixed"].sum() / city.truth["households"].sum()
        inside.append(found.city["connected_low"] <= true <= found.city["connected_high"])
    assert np.mean(inside) >= 0.85, inside  # of 24 cities: 21 or more with probability 0.97 at a true rate of 0.95


def test_the_estimate_errs_at_most_half_as_much_as_lines_over_households(cities):
    ours, usual = [], []
    for city, found in cities:
        known = found.wards["lines"].notna()
        naive = (found.wards["lines"] / found.wards["households"]).clip(upper=1.0)
        ours += (found.wards["connected_share"] - share(city))[known].tolist()
        usual += (naive - share(city))[known].tolist()
    assert np.sqrt(np.mean(np.square(ours))) <= 0.5 * np.sqrt(np.mean(np.square(usual)))


def test_the_mean_squared_error_is_about_the_one_stated(cities):
    stated, seen = [], []
    for city, found in cities:
        stated += found.wards["connected_mse"].tolist()
        seen += np.square(found.wards["connected_share"] - share(city)).tolist()
    assert 0.6 < np.mean(stated) / np.mean(seen) < 1.7


def test_wards_without_lines_are_marked_and_estimated_nevertheless(cities):
    for city, found in cities:
        assert (found.wards.loc[city.missing, "status"] == "model").all()
        assert found.wards.drop(city.missing)["status"].eq("measured").all()
        assert found.wards["connected_share"].notna().all()
        assert (found.prediction is None) == city.missing.empty


def test_without_a_survey_no_point_is_made_up():
    city = simulate(7)
    found = estimate_connected(evidence(city, survey=None), STATED)
    assert found.wards["connected_share"].isna().all()
    assert np.isnan(found.city["connected_share"])
    assert found.city["connected_low"] < share(city).mean() < found.city["connected_high"]
    known = found.wards["lines"].notna()
    assert (found.wards["connected_low"] == found.wards["bounds_low"])[known].all()
    assert (found.wards["any_high"] == 1).all(), "nobody said how many are on the internet by mobile broadband"


def test_known_ratios_give_a_point_without_any_survey():
    exact = Ratios(
        household_label=(1, 1), business_label=(0, 0), unlabelled=(1, 1), lines_per_household=(1.1, 1.1),
        growth_per_year=(0, 0),
    )  # fmt: skip
    lines = pd.DataFrame(
        [("a", "FTTH", "household", 880, "2025-06"), ("b", "FTTH", "household", 5000, "2025-06")],
        columns=["ward_id", "technology", "customer", "lines", "period"],
    )
    households = pd.Series({"a": 1000.0, "b": 1000.0, "c": np.nan})
    found = estimate_connected(Evidence(households=households, subscriptions=lines), exact).wards
    assert found.loc["a", ["connected_low", "connected_share", "connected_high"]].tolist() == pytest.approx([0.8] * 3)
    assert found.loc["b", "more_lines_than_households"]
    assert found.loc["b", "ratios_contradicted"]
    assert np.isnan(found.loc["b", "connected_share"]), "five lines per household cannot be with these ratios"
    assert found.loc["c", ["connected_low", "connected_share", "connected_high", "status"]].isna().all()


def test_a_survey_that_cannot_be_true_with_the_lines_is_said_to():
    city = simulate(8)
    survey = city.seen.survey.assign(fixed_share=0.02, any_share=0.05)
    found = estimate_connected(evidence(city, survey=survey), STATED).wards
    assert found["survey_contradicts_lines"].any()
    assert found["connected_share"].between(0, 1).all()


def test_a_survey_of_a_handful_of_wards_is_no_model():
    city = simulate(9)
    found = estimate_connected(evidence(city, survey=city.seen.survey.head(4)), STATED)
    assert found.fixed is None
    assert found.wards["connected_share"].isna().all()


def test_a_survey_without_any_lines_still_gives_estimates():
    city = simulate(10)
    found = estimate_connected(evidence(city, subscriptions=None), STATED)
    assert (found.wards["status"] == "model").all()
    assert found.wards["connected_share"].notna().all()
    assert not found.dates_known


def test_dates_are_read_and_their_distance_counted():
    city = simulate(11)
    found = estimate_connected(evidence(city), STATED)
    assert found.dates_known
    year, month = map(int, city.seen.households_date.split("-"))
    assert found.years == pytest.approx(2025 - year + (6 - month) / 12)
