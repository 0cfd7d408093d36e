"""A result in another edition: counts to the last household, shares from counts, never a mean of shares."""

from __future__ import annotations

import doctest

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage import restating
from coverage.catalog.registers import ward_register
from coverage.crosswalks import crosswalk
from coverage.errors import LayerError
from coverage.layers import Layer, Source
from coverage.restating import restate
from coverage.words import LANGUAGES, render, render_problem

OLD = sorted(ward_register("2019").index)
SHARES = {
    "area_share": "area_km2",
    "population_covered_share": "population",
    "households_covered_share": "households",
    "connected_low": "households",
}


def table(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    units = ward_register("2019").loc[OLD]
    frame = pd.DataFrame(
        {
            "name": units["name"],
            "district": units["district"],
            "edition": "2019",
            "area_km2": rng.uniform(0.1, 40, len(OLD)),
            "population": rng.integers(0, 50_000, len(OLD)).astype(float),
            "households": rng.integers(0, 15_000, len(OLD)).astype(float),
        }
    )
    for name in SHARES:
        frame[name] = rng.uniform(0, 1, len(OLD))
    frame["subscriptions"] = rng.integers(0, 20_000, len(OLD)).astype(float)
    frame["lines_per_100_households"] = 100 * frame["subscriptions"] / frame["households"].replace(0, np.nan)
    frame["area_source"] = "wards.gpkg"
    frame.index.name = "ward_id"
    return frame


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["2025h1", "2025h2"]))
def test_counts_and_what_shares_count_are_kept(seed: int, edition: str) -> None:
    before = table(seed)
    shown = restate(before, "2019", edition).wards
    for name in ("population", "households", "subscriptions"):
        assert shown[name].sum() == before[name].sum()
        assert (shown[name] == shown[name].round()).all()
    assert shown["area_km2"].sum() == pytest.approx(before["area_km2"].sum())
    apart = shown.index.difference(["20194", "20197"]) if edition == "2025h2" else shown.index
    for share, count in SHARES.items():
        assert shown[share].between(0, 1).all()
        was = (before[share] * before[count]).groupby(mapping(edition)).sum()
        assert np.allclose((shown[share] * shown[count])[apart], was[apart], rtol=1e-9)
    lines = 100 * shown["subscriptions"] / shown["households"].where(shown["households"] > 0)
    assert np.allclose(shown["lines_per_100_households"], lines, rtol=1e-12, equal_nan=True)


def test_lines_of_a_ward_without_households_are_lines_of_the_ward_it_joins() -> None:
    before = table(359)
    assert before.loc["20203", "households"] == 0
    shown = restate(before, "2019", "2025h1").wards.loc["20209"]
    assert shown["lines_per_100_households"] == pytest.approx(100 * (4373 + 11234) / 3096)


def mapping(edition: str) -> pd.Series:
    pairs = crosswalk("2019", edition)  # type: ignore[arg-type]
    return pairs.sort_values("weight").drop_duplicates("old", keep="last").set_index("old")["new"].reindex(OLD)


def test_a_share_is_not_the_mean_of_shares() -> None:
    before = table(1)
    parts = ["20236", "20239"]
    before.loc[parts, "households"] = [1.0, 999.0]
    before.loc[parts, "households_covered_share"] = [1.0, 0.0]
    others = [w for w in mapping("2025h2").index[mapping("2025h2") == mapping("2025h2")["20236"]] if w not in parts]
    before.loc[others, "households"] = 0.0
    before.loc[others, "households_covered_share"] = np.nan  # nobody lives there: no share, and nothing unknown
    unit = mapping("2025h2")["20236"]
    assert restate(before, "2019", "2025h2").wards.loc[unit, "households_covered_share"] == pytest.approx(0.001)


def test_what_is_unknown_in_a_part_is_unknown_in_the_whole() -> None:
    before = table(2)
    before.loc["20236", "area_share"] = np.nan
    before.loc["20236", "households"] = np.nan
    shown = restate(before, "2019", "2025h2").wards
    unit = mapping("2025h2")["20236"]
    assert shown.index[shown["area_share"].isna()].tolist() == [unit]
    assert shown.index[shown["households"].isna()].tolist() == [unit]
    assert shown.loc[unit, ["population", "area_km2"]].notna().all()
    assert pd.isna(shown.loc[unit, "connected_low"])


def test_names_and_sources_are_those_of_the_new_wards() -> None:
    before = table(3)
    before.loc["20194", "area_source"] = "b.gpkg"
    before["status"] = "measured"
    before.loc["20195", "status"] = "model"
    shown = restate(before, "2019", "2025h2").wards
    assert shown["name"].tolist() == ward_register("2025h2").loc[shown.index, "name"].tolist()
    assert set(shown["edition"]) == {"2025h2"}
    assert shown["district"].isna().all()
    assert shown.loc["20194", "area_source"] == "b.gpkg, wards.gpkg"
    assert shown["status"].to_dict() == dict.fromkeys(shown.index, "measured") | {"20194": "model"}
    assert list(shown.columns) == list(before.columns)


def test_the_same_edition_is_the_same_table() -> None:
    before = table(4)
    shown = restate(before, "2019", "2019")
    pd.testing.assert_frame_equal(shown.wards, before)
    assert shown.problems == ()


def test_there_and_back_and_there_again() -> None:
    there = restate(table(5), "2019", "2025h2")
    back = restate(there.wards, "2025h2", "2019", file="x.csv")
    assert [problem.code for problem in back.problems] == ["carried_back"]
    assert "20236" in back.estimated  # Hải Châu I was merged
    assert back.shapes is None
    again = restate(back.wards, "2019", "2025h2").wards
    for name in ("population", "households", "subscriptions"):
        assert (again[name] == there.wards[name]).all()
    assert np.allclose(again["area_km2"], there.wards["area_km2"])


def squares() -> gpd.GeoSeries:
    shapes = [shapely.box(x, y, x + 1000, y + 1000) for x, y in ((1000 * (i % 8), 1000 * (i // 8)) for i in range(56))]
    return gpd.GeoSeries(shapes, index=OLD, crs="EPSG:5899")


def test_polygons_are_dissolved_and_the_divided_ward_is_drawn_with_the_larger_part() -> None:
    shown = restate(table(6), "2019", "2025h2", polygons=squares(), file="wards.gpkg")
    assert shown.shapes is not None
    assert shown.shapes.index.tolist() == shown.wards.index.tolist()
    assert shown.shapes.area.sum() == pytest.approx(56e6)
    told = [problem for problem in shown.problems if problem.code == "border_not_drawn"]
    assert (told[0].value, told[0].values["drawn"]) == ("20296", "Liên Chiểu")
    assert all(render_problem(problem, lang) for problem in shown.problems for lang in LANGUAGES)
    assert shown.estimated == ("20194", "20197")


def test_given_polygons_are_drawn_and_divide_the_area() -> None:
    before, shapes = table(7), squares()
    joined = restate(before, "2019", "2025h2", polygons=shapes).shapes
    assert joined is not None
    west, south, east, north = shapes["20296"].bounds
    part = shapely.box(west, south, west + 0.75 * (east - west), north)  # three quarters go to Hải Vân instead
    joined["20197"] = joined["20197"].difference(part)
    joined["20194"] = joined["20194"].union(part)
    layer = Layer(
        kind="wards",
        frame=gpd.GeoDataFrame(geometry=joined),
        source=Source(name="new.gpkg", sha256=""),
        edition="2025h2",
    )
    shown = restate(before, "2019", "2025h2", polygons=shapes, given=layer, split={("20296", "20194"): 1.0})
    whole = before["area_km2"].groupby(mapping("2025h2")).sum()["20194"]
    assert shown.wards.loc["20194", "area_km2"] == pytest.approx(whole + 0.75 * before.loc["20296", "area_km2"])
    people = before["households"].groupby(mapping("2025h2")).sum()["20194"] + before.loc["20296", "households"]
    assert shown.wards.loc["20194", "households"] == people
    assert shown.shapes is not None
    assert shown.shapes["20194"].equals(joined["20194"])
    with pytest.raises(LayerError) as caught:
        restate(before, "2019", "2025h1", given=layer)
    assert caught.value.code == "edition_of_polygons"
    assert all(render(caught.value, lang) for lang in LANGUAGES)


def test_another_city_has_no_editions() -> None:
    with pytest.raises(LayerError, match="edition_not_shown"):
        restate(table(8), "other", "2025h2", file="x")
    with pytest.raises(LayerError, match="edition_unknown"):
        restate(table(8), "2019", "2031")


def test_its_examples() -> None:
    assert doctest.testmod(restating).failed == 0
