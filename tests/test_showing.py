"""A whole result by the wards of another edition."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

import coverage as cov
from coverage.crosswalks import crosswalk
from coverage.layers import Layer, Source
from coverage.measures import households_in
from coverage.showing import household_split, in_edition


@pytest.fixture(scope="module")
def result() -> cov.Result:
    return cov.Study(cov.demo_city(), pixel_m=200).run()


def test_census_households_of_the_units_of_2025(result: cov.Result) -> None:
    wards = in_edition(result, "2025h2").wards.set_index("name")["households"]
    wanted = {"Hải Châu": 26_239, "Hòa Cường": 28_168, "Thanh Khê": 40_722, "An Hải": 17_487}
    assert wards[list(wanted)].to_dict() == wanted
    assert wards.sum() == 300_501


@pytest.mark.parametrize("edition", ["2025h1", "2025h2"])
def test_the_city_is_the_same_city(result: cov.Result, edition: str) -> None:
    shown = in_edition(result, edition)
    wards, city = shown.wards, result.city["value"]
    for share, count in (
        ("area_share", "area_km2"),
        ("population_covered_share", "population"),
        ("households_covered_share", "households"),
    ):
        # Hòa Liên's people are divided in whole numbers, its share is not: half a household of 300,501.
        assert (wards[share] * wards[count]).sum() / wards[count].sum() == pytest.approx(city[share], abs=2e-6)
    assert shown.shapes is not None
    assert shown.shapes.area.sum() == pytest.approx(result.study.city.wards.frame.area.sum())
    unknown = result.wards.index[result.wards["household_internet_share"].isna()]
    pairs = crosswalk("2019", edition)  # type: ignore[arg-type]
    parts = set(pairs.loc[pairs["old"].isin(unknown), "new"])
    assert set(wards.index[wards["household_internet_share"].isna()]) == parts


def halves(result: cov.Result) -> Layer:
    """Return made-up polygons of 2025h2: Hòa Liên cut at its middle, the south to Liên Chiểu."""
    shown = in_edition(result, "2025h2")
    assert shown.shapes is not None
    shapes, ward = shown.shapes.copy(), result.study.city.wards.frame.geometry["20296"]
    west, south, east, north = ward.bounds
    upper = ward.intersection(shapely.box(west, (south + north) / 2, east, north))
    shapes["20197"] = shapes["20197"].difference(upper)
    shapes["20194"] = shapes["20194"].union(upper)
    return Layer(
        kind="wards", frame=gpd.GeoDataFrame(geometry=shapes), source=Source(name="n", sha256=""), edition="2025h2"
    )


def test_hoa_lien_is_divided_by_the_households_on_either_side(result: cov.Result) -> None:
    layer, study = halves(result), result.study
    split = household_split(study, "2025h2", layer)
    assert split is not None
    ward = study.city.wards.frame.geometry[["20296"]]
    assert sum(split.values()) == pytest.approx(households_in(ward, study.grid, study.city.surface)[0], rel=1e-6)
    north = split["20296", "20194"] / sum(split.values())
    shown = in_edition(result, "2025h2", layer)
    whole = in_edition(result, "2025h2").wards["households"]
    parts = result.wards.loc[["20194", "20195", "20293"], "households"].sum()
    assert abs(shown.wards.loc["20194", "households"] - parts - north * result.wards.loc["20296", "households"]) <= 1
    assert shown.wards["households"].sum() == whole.sum()
    assert [problem.code for problem in shown.problems].count("split_estimated_split") == 1
    area = layer.frame.geometry["20194"].area / 1e6
    assert shown.wards.loc["20194", "area_km2"] == pytest.approx(area, rel=1e-3)


def test_without_polygons_or_on_the_way_back_nothing_is_split(result: cov.Result) -> None:
    layer = halves(result)
    assert household_split(result.study, "2019", layer) is None
    with pytest.raises(cov.LayerError, match="edition_unknown"):
        household_split(result.study, "2031", layer)


def test_households_lie_where_rasters_or_land_cover_put_them(result: cov.Result) -> None:
    study = result.study
    shapes = study.city.wards.frame.geometry
    by_raster = households_in(shapes, study.grid, study.city.surface)
    assert np.corrcoef(by_raster, result.wards["households"])[0, 1] > 0.99
    bare = cov.grid.Surface()  # type: ignore[attr-defined]
    by_area = households_in(shapes, study.grid, bare)
    assert np.allclose(by_area * study.grid.pixel_m**2, shapes.area, rtol=1e-6)
    built = cov.grid.Surface(clutter=study.city.surface.clutter)  # type: ignore[attr-defined]
    assert (households_in(shapes, study.grid, built) <= by_area + 1e-6).all()
