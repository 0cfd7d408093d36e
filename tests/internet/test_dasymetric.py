"""Lines of other areas carried to wards: nothing lost, nothing made up, nearer to the truth than by ground."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, box

from coverage.errors import GridError
from coverage.grid import Raster
from coverage.internet.dasymetric import OUTSIDE, area_shares, carry_lines, cells_of, points_in_wards, spread_whole
from tools.simulated_homes import simulate

CRS = "EPSG:5899"


def shapes(prefix, *boxes):
    ids = pd.Index([f"{prefix}{n}" for n in range(len(boxes))], name="area_id")
    return gpd.GeoSeries([box(*b) for b in boxes], index=ids, crs=CRS)


def pixels(values):
    return Raster(values=np.array(values, dtype=float), transform=Affine(100, 0, 0, 0, -100, 200), crs=CRS)


WARDS = shapes("w", (0, 0, 100, 200), (100, 0, 200, 200))


def test_a_ward_gets_the_lines_of_its_households_not_of_its_ground():
    homes = pixels([[9, 1], [0, 0]])  # all in the north, nine tenths of them in the west
    shares = area_shares(shapes("a", (0, 0, 200, 200)), WARDS, homes)
    assert shares["share"].tolist() == pytest.approx([0.9, 0.1])
    assert not shares["by_ground"].any()
    carried = carry_lines(pd.DataFrame({"area_id": ["a0"], "lines": [101], "operator": ["X"]}), shares)
    assert carried["lines"].tolist() == [91, 10]
    assert carried["lines_low"].tolist() == [0, 0]
    assert carried["lines_high"].tolist() == [101, 101]
    assert carried["status"].tolist() == ["estimated"] * 2
    assert carried["operator"].tolist() == ["X"] * 2


def test_without_households_the_ground_counts_and_is_said_to():
    shares = area_shares(shapes("a", (50, 0, 200, 200)), WARDS, None)
    assert shares["share"].tolist() == pytest.approx([1 / 3, 2 / 3])
    assert shares["by_ground"].all()
    shares = area_shares(shapes("a", (50, 0, 200, 200)), WARDS, pixels([[0, 0], [0, 0]]))
    assert shares["by_ground"].all()


def test_an_area_in_one_ward_is_measured_there():
    shares = area_shares(shapes("a", (0, 0, 80, 80)), WARDS, pixels([[1, 1], [1, 1]]))
    carried = carry_lines(pd.DataFrame({"area_id": ["a0"], "lines": [7]}), shares)
    assert carried[["ward_id", "lines", "lines_low", "lines_high", "status"]].to_numpy().tolist() == [
        ["w0", 7, 7, 7, "measured"]
    ]


def test_what_lies_outside_of_all_wards_stays_outside():
    homes = Raster(values=np.ones((2, 4)), transform=Affine(100, 0, 0, 0, -100, 200), crs=CRS)
    shares = area_shares(shapes("a", (100, 0, 300, 200), (300, 0, 400, 200)), WARDS, homes)
    assert shares.set_index(["area_id", "ward_id"])["share"].to_dict() == pytest.approx(
        {("a0", OUTSIDE): 0.5, ("a0", "w1"): 0.5, ("a1", OUTSIDE): 1.0}
    )


def test_counts_of_the_wards_correct_the_pixels():
    homes = pixels([[5, 5], [5, 5]])
    counts = pd.Series({"w0": 30.0, "w1": 10.0})
    shares = area_shares(shapes("a", (0, 0, 200, 200)), WARDS, homes, counts)
    assert shares["share"].tolist() == pytest.approx([0.75, 0.25])


def test_an_area_nobody_drew_is_refused():
    with pytest.raises(GridError) as caught:
        carry_lines(pd.DataFrame({"area_id": ["nowhere"], "lines": [1]}), area_shares(WARDS, WARDS, None))
    assert caught.value.code == "area_unknown"
    with pytest.raises(GridError) as caught:
        area_shares(WARDS.set_crs(None, allow_override=True), WARDS, None)
    assert caught.value.code == "crs_mismatch"


def test_points_belong_to_the_ward_they_lie_in_or_close_to():
    points = gpd.GeoSeries([Point(50, 50), Point(210, 50), Point(900, 50)], crs=CRS)
    assert points_in_wards(points, WARDS).tolist() == ["w0", "w1", OUTSIDE]


def test_a_grid_of_lines_becomes_areas():
    areas, counts = cells_of(pixels([[3, np.nan], [0, 2]]))
    assert counts.to_dict() == {"0/0": 3.0, "1/1": 2.0}
    assert areas["1/1"].bounds == (100, 0, 200, 100)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.integers(0, 5000), min_size=1, max_size=12),
    st.lists(st.floats(1e-3, 1.0), min_size=1, max_size=9),
)
def test_whole_numbers_keep_every_sum_and_stay_near_the_shares(totals, weights):
    shares = np.array(weights) / sum(weights)
    out = spread_whole(np.array(totals), shares)
    assert out.sum(axis=1).tolist() == totals
    assert (out >= 0).all()
    assert np.abs(out.sum(axis=0) - sum(totals) * shares).max() < 2
    assert np.abs(out[0] - totals[0] * shares).max() < 1


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 500))
def test_lines_of_simulated_exchanges_keep_their_sums_and_their_bounds_hold_the_truth(seed):
    city = simulate(seed)
    seen = city.seen
    shares = area_shares(seen.exchanges.geometry, seen.wards.geometry, seen.raster, seen.households)
    carried = carry_lines(seen.by_exchange, shares)
    assert carried["lines"].sum() == seen.by_exchange["lines"].sum()
    key = ["operator", "customer"]
    before = seen.by_exchange.groupby(key, dropna=False)["lines"].sum()
    assert carried.groupby(key, dropna=False)["lines"].sum().equals(before)
    sums = carried.groupby("ward_id")[["lines", "lines_low", "lines_high"]].sum().drop(OUTSIDE, errors="ignore")
    true = city.truth["lines"].reindex(sums.index)
    assert (sums["lines_low"] <= true).all()
    assert (true <= sums["lines_high"]).all()
    assert len(sums) == len(city.truth)
