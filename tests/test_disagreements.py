"""Two sources of one edition: which wards differ, and who gets the ground instead."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from coverage.catalog.registers import ward_register
from coverage.disagreements import compare_wards
from coverage.errors import LayerError
from coverage.files.layers import read_wards
from coverage.layers import Layer, Source
from coverage.words import LANGUAGES, render, render_problem

WARDS = ["20194", "20197", "20209"]  # Hải Vân, Liên Chiểu, Thanh Khê


def layer(name: str, *shapes: shapely.Geometry, edition: str = "2025h2", official: bool = True) -> Layer:
    units = ward_register("2025h2").loc[WARDS[: len(shapes)]]
    frame = gpd.GeoDataFrame(
        {
            "name": units["name"],
            "mainland": True,
            "area_km2": [shape.area / 1e6 for shape in shapes],
            "area_official_km2": units["area_km2"] if official else float("nan"),
        },
        geometry=list(shapes),
        crs="EPSG:5899",
    )
    return Layer(kind="wards", frame=frame, source=Source(name=name, sha256=""), edition=edition)


def boxes(border: float) -> list[shapely.Polygon]:
    return [shapely.box(0, 0, border, 5000), shapely.box(border, 0, 10_000, 5000), shapely.box(0, 5000, 10_000, 9000)]


@pytest.mark.parametrize("official", [True, False])
def test_a_border_drawn_elsewhere_is_named(official: bool) -> None:
    found = compare_wards(
        layer("a.gpkg", *boxes(6000), official=official), layer("b.gpkg", *boxes(4000), official=official)
    )
    assert not found.agree
    assert found.wards["status"].to_dict() == {"20194": "area_differs", "20197": "area_differs", "20209": "same"}
    assert found.wards.loc["20194", "difference"] == pytest.approx(-1 / 3)
    assert found.wards.loc["20194", "agreement"] == pytest.approx(2 / 3)
    assert found.moved.to_dict("records") == [
        {"first_ward": "20194", "second_ward": "20197", "km2": pytest.approx(10.0)}
    ]
    sentence = render_problem(found.problems[0], "en")
    assert "Hải Vân: 30.0 km² by a.gpkg, 20.0 km² by b.gpkg (-33.3 %" in sentence
    assert "the first gives 10.0 km² to Hải Vân that the second gives to Liên Chiểu" in sentence
    assert ("officially" in sentence) is official
    assert all(render_problem(problem, lang) for problem in found.problems for lang in LANGUAGES)


def test_the_same_source_agrees_with_itself() -> None:
    one = layer("a.gpkg", *boxes(5000))
    found = compare_wards(one, one)
    assert found.agree
    assert found.problems == ()
    assert (found.wards["agreement"] == 1).all()
    assert found.moved.empty


def test_wards_that_change_places_and_keep_their_size_are_found() -> None:
    shapes = boxes(5000)
    found = compare_wards(layer("a", *shapes), layer("b", shapes[1], shapes[0], shapes[2]))
    assert found.wards["status"].tolist()[:2] == ["place_differs"] * 2


def test_a_ward_that_only_one_source_has() -> None:
    found = compare_wards(layer("a", *boxes(5000)), layer("b", *boxes(5000)[:2]))
    assert found.wards.loc["20209", "status"] == "only_first"
    assert [problem.code for problem in found.problems] == ["wards_only_here"]
    assert not found.agree
    assert compare_wards(layer("b", *boxes(5000)[:2]), layer("a", *boxes(5000))).wards.loc["20209", "status"] == (
        "only_second"
    )


@pytest.mark.parametrize("editions", [("2025h2", "2019"), ("other", "other")])
def test_different_editions_are_not_compared(editions: tuple[str, str]) -> None:
    with pytest.raises(LayerError) as caught:
        compare_wards(layer("a", *boxes(5000), edition=editions[0]), layer("b", *boxes(5000), edition=editions[1]))
    assert caught.value.code == "ward_editions_differ"
    assert all(render(caught.value, lang) for lang in LANGUAGES)


def test_the_two_public_sets_of_94_disagree_about_lien_chieu_and_hai_van(shared_data: Path) -> None:
    folder = shared_data / "admin"
    first = read_wards(folder / "danang_units2025_94.geojson")
    second = read_wards(folder / "danang_units2025_94_simplified50m_3dmap.geojson")
    found = compare_wards(first, second)
    assert not found.agree
    differing = found.wards[found.wards["status"] != "same"]
    assert set(differing["name"]) == {"Liên Chiểu", "Tân Hiệp", "Hoàng Sa"}
    areas = differing.set_index("name").loc["Liên Chiểu", ["first_km2", "second_km2"]]
    # 49.3 km² on the ellipsoid and in EPSG:6933; 49.4 in UTM 48N, which stretches the city by 0.19 %.
    assert areas.tolist() == pytest.approx([40.83, 49.30], abs=0.01)
    named = next(problem for problem in found.problems if problem.value == "Liên Chiểu")
    assert named.severity == "warning"
    assert (named.values["first_ward"], named.values["second_ward"]) == ("Hải Vân", "Liên Chiểu")
    assert named.values["km2"] == pytest.approx(8.5, abs=0.05)
    assert "hai nguồn vẽ khác ranh giới Hải Vân – Liên Chiểu" in render_problem(named, "vi")
