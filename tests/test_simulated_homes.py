"""The simulated cities keep to their stated ranges, and what is seen of them follows from what is true."""

import numpy as np
import pandas as pd
import pytest
import shapely

from tools.simulated_homes import RANGES, simulate

SEEDS = range(12)


@pytest.fixture(scope="module")
def cities():
    return [simulate(seed) for seed in SEEDS]


def test_a_seed_gives_one_city_and_another_seed_another():
    one, same, other = simulate(5), simulate(5), simulate(6)
    pd.testing.assert_frame_equal(one.truth, same.truth)
    pd.testing.assert_frame_equal(one.seen.lines, same.seen.lines)
    assert one.seen.wards.geometry.geom_equals(same.seen.wards.geometry).all()
    assert one.truth["households"].sum() != other.truth["households"].sum()


def test_what_is_true_adds_up(cities):
    for city in cities:
        truth = city.truth
        assert (truth["fixed"] <= truth["any"]).all()
        assert (truth["any"] <= truth["households"]).all()
        assert (truth["fixed"] + truth["mobile_only"] == truth["any"]).all()
        assert (truth["residential"] <= truth["lines"]).all()
        assert RANGES.households[0] <= truth["households"].sum() <= RANGES.households[1]


def test_lines_are_the_same_lines_in_every_area(cities):
    for city in cities:
        total, seen = city.truth["lines"].sum(), city.seen
        assert seen.by_exchange["lines"].sum() == seen.by_district["lines"].sum() == seen.points["lines"].sum() == total
        by_ward = seen.lines.groupby("ward_id")["lines"].sum()
        assert by_ward.equals(city.truth.loc[by_ward.index, "lines"].rename("lines"))
        assert set(city.missing).isdisjoint(by_ward.index)


def test_every_ward_keeps_to_the_stated_ratios(cities):
    for city in cities:
        ratio = city.truth["residential"] / city.truth["fixed"]
        assert ratio.between(*RANGES.lines_per_household).all()
        share = city.truth["residential"] / city.truth["lines"]
        assert share.between(*RANGES.unlabelled).all()
        for label in ("household_label", "business_label", "unlabelled"):
            assert city.truth[label].dropna().between(*getattr(RANGES, label)).all(), (city.seed, label)
    assert any(city.truth["unlabelled"].notna().any() for city in cities)


def test_the_wards_part_the_square_and_hold_their_households(cities):
    for city in cities:
        wards = city.seen.wards
        assert wards.area.sum() == pytest.approx(wards.union_all().area, rel=1e-9)
        assert city.truth["households"].min() >= 150
        points = city.seen.points
        where = wards.sindex.query(_points(points), predicate="within")
        counted = np.bincount(where[1], points["lines"].to_numpy()[where[0]], len(wards))
        assert counted.tolist() == city.truth["lines"].tolist()


def _points(table):
    return shapely.points(table["easting_m"], table["northing_m"])


def test_offices_make_more_lines_than_households_somewhere(cities):
    over = sum(int((city.truth["lines"] > city.truth["households"]).any()) for city in cities)
    assert over > len(cities) / 4
