"""What it takes to connect everybody: households left, the cheapest way to each, changes a scenario can hold."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
import shapely

import coverage as cov
from coverage.catalog.costs import unit_costs
from coverage.planning.closing import WAYS, ways_to_connect
from coverage.words import LANGUAGES


@pytest.fixture(scope="module")
def result() -> cov.Result:
    return cov.Study(cov.demo_city(), pixel_m=400).run()


def by_lines(result: cov.Result) -> pd.DataFrame:
    """Return one line as one household: unknown where a ward has no row of lines."""
    share = result.wards["household_internet_share"]
    return pd.DataFrame({"connected_share": share, "connected_low": share, "connected_high": share})


def vnd(*items: str) -> float:
    return sum(unit_costs()[item].vnd("mid") for item in items)


def test_everybody_left_gets_one_way(result: cov.Result) -> None:
    found = ways_to_connect(result, connected=by_lines(result))
    table, wards = found.wards, result.wards
    left = wards["households"] * (1 - wards["household_internet_share"])
    assert np.allclose(table["to_connect"], left, equal_nan=True)
    assert (table["to_connect_low"] == table["to_connect_high"]).dropna().sum() >= 0
    each = table[[f"{way}_households" for way in WAYS]].sum(axis=1, min_count=3)
    assert np.allclose(each, left, equal_nan=True)
    assert (table["fwa_4g_households"].fillna(0) == 0).all()  # without 4G nobody is offered it
    assert table["way"].isna().equals((left == 0) | left.isna())
    assert found.fibre_from == "5g_sites"
    assert table["fibre_km"].between(0, 30).all()


def test_the_cheapest_of_all_ways_is_taken(result: cov.Result) -> None:
    table = ways_to_connect(result).wards.dropna(subset=["to_connect"])
    gap = cov.gap_table(result).reindex(table.index)
    nr, none = table["to_connect"] * gap["nr_share"], table["to_connect"] * (1 - gap["nr_share"])
    feeder = table["fibre_km"] * 1.1 * vnd("fibre_km")
    by_fibre = table["to_connect"] * vnd("ftth_passed", "ftth_connected") + feeder.where(table["to_connect"] > 0, 0)
    mixed = nr * vnd("fwa_cpe") + none * vnd("ftth_passed", "ftth_connected") + feeder.where(none > 0, 0)
    assert np.allclose(table["cost_vnd"], np.minimum(by_fibre, mixed))
    assert (table["cost_low_vnd"] <= table["cost_vnd"]).all()
    assert (table["cost_vnd"] <= table["cost_high_vnd"]).all()


def test_a_range_of_the_connected_is_a_range_of_what_is_left(result: cov.Result) -> None:
    connected = pd.DataFrame(
        {"connected_share": np.nan, "connected_low": 0.5, "connected_high": 0.9}, index=result.wards.index
    )
    table = ways_to_connect(result, connected=connected).wards
    households = result.wards["households"]
    assert np.allclose(table["to_connect"], 0.3 * households)
    assert np.allclose(table[["to_connect_low", "to_connect_high"]], np.outer(households, [0.1, 0.5]))


def test_a_scenario_holds_them_next_to_radio_changes(result: cov.Result) -> None:
    found = ways_to_connect(result, connected=by_lines(result))
    total = sum(change.households for change in found.changes)
    assert total == pytest.approx(found.wards["to_connect"].sum())
    assert sum(change.cost_vnd for change in found.changes) == pytest.approx(found.wards["cost_vnd"].sum())
    after = result.study.under(cov.Scenario(name="all", changes=found.changes)).run()
    known = found.wards["to_connect"].notna()
    assert np.allclose(after.wards.loc[known, "household_internet_share"], 1.0)
    assert np.allclose(after.wards["area_share"], result.wards["area_share"])
    for change in found.changes:
        assert change.operator in set(result.study.city.subscriptions.frame["operator"])  # type: ignore[union-attr]
        assert change.reason is not None
        assert all(change.reason.text(lang) for lang in LANGUAGES)


def test_fibre_that_is_given_decides_the_way_to_the_ward(result: cov.Result) -> None:
    west, south, east, north = result.study.grid.bounds_m
    everywhere = shapely.box(west, south, east, north)
    near = ways_to_connect(result, fibre=everywhere)
    assert near.fibre_from == "layer"
    assert (near.wards["fibre_km"] == 0).all()
    assert (near.wards["cost_vnd"].dropna() <= ways_to_connect(result).wards["cost_vnd"].dropna() + 1e-6).all()


def test_4g_serves_where_there_is_no_5g(result: cov.Result) -> None:
    # Any other network on the same grid stands for 4G here: twice the signal of today's.
    wider = dataclasses.replace(result, signal=dataclasses.replace(
        result.signal, probability=np.ones_like(result.signal.probability)))  # fmt: skip
    table = ways_to_connect(result, wider).wards
    assert table["fwa_4g_households"].sum() > 0
    assert (table["fibre_households"].fillna(0) == 0).mean() > 0.9
