"""The gap of wards, pixels and hamlets: sums agree, bounds hold, unknown stays unknown."""

from __future__ import annotations

import dataclasses

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import coverage as cov
from coverage.errors import GridError, LayerError
from coverage.gap.tables import gap_pixels, gap_table, hamlet_table, mobile_share
from coverage.words import LANGUAGES, render


@pytest.fixture(scope="module")
def result() -> cov.Result:
    return cov.Study(cov.demo_city(), pixel_m=400).run()


@pytest.fixture(scope="module")
def lte(result: cov.Result) -> cov.Result:
    """Return something that stands for 4G: the same grid, signal where a pattern says."""
    pattern = np.zeros(result.study.grid.shape, dtype=np.float32)
    pattern[:, ::2] = 1.0
    signal = dataclasses.replace(
        result.signal, probability=np.broadcast_to(pattern, result.signal.probability.shape).copy()
    )
    return dataclasses.replace(result, signal=signal)


def connected(result: cov.Result, low: float, high: float, share: float = np.nan) -> pd.DataFrame:
    return pd.DataFrame(
        {"connected_share": share, "connected_low": low, "connected_high": high}, index=result.wards.index
    )


def by_lines(result: cov.Result) -> pd.DataFrame:
    """Return one line as one household: unknown where a ward has no row of lines."""
    share = result.wards["household_internet_share"]
    return pd.DataFrame({"connected_share": share, "connected_low": share, "connected_high": share})


def test_the_table_adds_up(result: cov.Result, lte: cov.Result) -> None:
    table = gap_table(result, lte, by_lines(result))
    assert set(table.index) == set(result.wards.index)
    known = table.dropna(subset=["gap_share"])
    whole = known[[f"{name}_share" for name in ("both", "one", "only_4g", "neither")]].sum(axis=1)
    assert np.allclose(whole, 1.0)
    assert np.allclose(known["gap_households"], known["gap_share"] * known["households"])
    for name in ("both", "one", "only_4g", "neither", "gap"):
        assert (known[f"{name}_low"] <= known[f"{name}_share"] + 1e-9).all()
        assert (known[f"{name}_share"] <= known[f"{name}_high"] + 1e-9).all()
    assert (table["mobile_share"] >= table["nr_share"] - 1e-9).all()
    assert known["rank"].tolist() == sorted(known["rank"])
    lines = result.wards["household_internet_share"]
    assert set(table.index[table["gap_share"].isna()]) == set(lines.index[lines.isna()])
    assert table["rank"].isna().sum() == lines.isna().sum()


def test_without_4g_only_the_gap_itself_is_known(result: cov.Result) -> None:
    table = gap_table(result)
    assert table[["only_4g_share", "neither_high", "mobile_share"]].isna().all(axis=None)
    assert table["gap_share"].notna().any()


def test_a_range_of_the_connected_widens_the_bounds_and_ranks_by_its_middle(result: cov.Result) -> None:
    table = gap_table(result, connected=connected(result, 0.4, 0.8))
    assert table["gap_share"].isna().all()
    assert (table["gap_low"] <= table["gap_high"]).all()
    middle = (table["gap_households_low"] + table["gap_households_high"]) / 2
    assert middle.is_monotonic_decreasing
    point = gap_table(result, connected=connected(result, 0.6, 0.6, 0.6)).reindex(table.index)
    assert (table["gap_low"] <= point["gap_low"] + 1e-12).all()
    assert (table["gap_high"] >= point["gap_high"] - 1e-12).all()


def test_two_grids_do_not_mix(result: cov.Result) -> None:
    other = cov.Study(cov.demo_city(), pixel_m=1000).run()
    with pytest.raises(GridError) as caught:
        mobile_share(result, other)
    assert caught.value.code == "grids_differ"
    assert all(render(caught.value, lang) for lang in LANGUAGES)


def test_pixels_sum_to_wards_and_their_bounds_hold(result: cov.Result) -> None:
    given = connected(result, 0.7, 0.9, 0.8)
    pixels, table = gap_pixels(result, given), gap_table(result, connected=given)
    assert np.nansum(pixels["gap"]) == pytest.approx(table["gap_households"].sum(), rel=1e-6)
    with np.errstate(invalid="ignore"):
        assert (pixels["low"] <= pixels["gap"] + 1e-9).all()
        assert (pixels["gap"] <= pixels["high"] + 1e-9).all()
    # Nobody connected: everybody without 5G is in the gap for certain.
    nobody = gap_pixels(result, connected(result, 0.0, 0.0, 0.0))
    assert np.allclose(nobody["low"], nobody["high"])
    assert np.allclose(nobody["gap"], nobody["high"])
    # Everybody connected: no pixel can be in the gap.
    assert np.nanmax(gap_pixels(result, connected(result, 1.0, 1.0, 1.0))["high"]) == pytest.approx(0.0, abs=1e-9)


def test_pixels_of_unknown_wards_are_unknown(result: cov.Result) -> None:
    lines = result.wards["household_internet_share"]
    unknown = lines.index[lines.isna()]
    assert len(unknown)
    weights = result.study.weights
    there = weights.households.pixel_weights(weights.ward_ids.isin(unknown).astype(float)).reshape(
        result.study.grid.shape
    )
    assert np.isnan(gap_pixels(result, by_lines(result))["gap"][there > 0]).all()


def test_hamlets_as_polygons_and_as_points(result: cov.Result) -> None:
    given = connected(result, 0.8, 0.8, 0.8)
    west, south, east, north = result.study.grid.bounds_m
    middle = west + (result.study.grid.cols // 2) * result.study.grid.pixel_m
    halves = gpd.GeoDataFrame(
        {"name": ["West", "East"]},
        geometry=[shapely.box(west, south, middle, north), shapely.box(middle, south, east, north)],
        crs=result.study.grid.crs,
    )
    table = hamlet_table(result, halves, given)
    whole = gap_table(result, connected=given)
    assert table["gap_households"].sum() == pytest.approx(whole["gap_households"].sum(), rel=1e-6)
    assert table["households"].sum() == pytest.approx(300_501, rel=1e-6)
    assert table["rank"].tolist() == [1, 2]
    away = [shapely.Point(middle + side * 5000, (south + north) / 2) for side in (-1, 1)]
    points = halves.set_geometry(away, crs=halves.crs)
    nearest = hamlet_table(result, points, given)
    assert nearest["households"].sum() == pytest.approx(300_501, rel=1e-6)
    assert nearest.set_index("name")["gap_households"].to_dict() == pytest.approx(
        table.set_index("name")["gap_households"].to_dict(), rel=1e-6
    )
    unknown = hamlet_table(result, halves, by_lines(result))
    assert unknown["gap_households"].isna().any()  # some wards have no lines
    estimated = hamlet_table(result, halves)["gap_households"]
    assert estimated.sum() == pytest.approx(gap_table(result)["gap_households"].sum(), rel=1e-6)


def test_hamlets_that_cannot_be_used(result: cov.Result) -> None:
    lines = gpd.GeoDataFrame({"name": ["a"]}, geometry=[shapely.LineString([(0, 0), (1, 1)])], crs="EPSG:5899")
    for frame, code in ((lines, "hamlets_unusable"), (lines.iloc[:0], "no_rows")):
        with pytest.raises(LayerError) as caught:
            hamlet_table(result, frame)
        assert caught.value.code == code
        assert all(render(caught.value, lang) for lang in LANGUAGES)
