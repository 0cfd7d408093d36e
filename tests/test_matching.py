"""Rows find their ward by code and name, never by likeness."""

from __future__ import annotations

import unicodedata

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage.catalog.registers import EDITIONS, ward_register
from coverage.errors import LayerError, Problem
from coverage.layers import Layer, Source
from coverage.matching import OTHER, edition_units, match_wards
from coverage.types import Edition

LISTS = {edition: list(ward_register(edition)["name"].items()) for edition in EDITIONS}


def found_in(table: dict[str, list[object]], wards: Layer | Edition) -> tuple[list[object], list[Problem]]:
    """Return the matched ids (None where unmatched) and the problems."""
    series, problems = match_wards(pd.DataFrame(table), wards, file="bảng.csv")
    return [None if pd.isna(ward) else ward for ward in series], list(problems)


def codes(problems: list[Problem]) -> list[str]:
    return [problem.code for problem in problems]


def test_code_and_name_agree() -> None:
    table: dict[str, list[object]] = {
        "ward_id": ["20194", 20195, "20197.0", None, ""],
        "name": ["Hòa Hiệp Bắc", None, "P. HOÀ KHÁNH BẮC", "Xã Hoà Liên", "HòaCườngBắc"],
    }
    found, problems = found_in(table, "2019")
    assert found == ["20194", "20195", "20197", "20296", "20257"]
    assert problems == []


def test_code_against_name_is_refused() -> None:
    found, problems = found_in({"ward_id": ["20194"], "name": ["Hải Vân"]}, "2019")
    assert found == [None]
    assert codes(problems) == ["ward_code_contradicts_name"]
    assert problems[0].severity == "error"
    assert "Hòa Hiệp Bắc (20194)" in problems[0].values["wards"]


def test_a_code_of_nowhere_is_not_overruled_by_the_name() -> None:
    found, problems = found_in({"ward_id": ["26017", "99999"], "name": ["Thanh Bình", None]}, "2019")
    assert found == [None, None]
    assert codes(problems) == ["ward_code_other", "ward_code_unknown"]


def test_own_numbers_beside_a_name_do_not_matter() -> None:
    assert found_in({"ward_id": ["7", "W-8"], "name": ["Thanh Bình", "Xuân Hà"]}, "2019")[0] == ["20227", "20209"]


def test_gadm_codes() -> None:
    table: dict[str, list[object]] = {
        "ward_id": ["VNM.19.2.3_1", "VNM.19.4.1_1", "VNM.19.4.1_1"],
        "name": ["HảiChâuI", None, "HòaLiên"],
    }
    assert found_in(table, "2019")[0] == ["20236", "20194", "20296"]


def test_a_misspelled_name_is_asked_about_and_never_matched() -> None:
    found, problems = found_in({"name": ["Hòa Khanh Bác", "Hải Chau", "Xyz"]}, "2019")
    assert found == [None, None, None]
    assert codes(problems) == ["ward_unknown_similar", "ward_unknown_similar", "ward_unknown"]
    assert "Hòa Khánh Bắc (20197)" in problems[0].values["wards"]
    assert [problem.row for problem in problems] == [2, 3, 4]


def test_a_misspelled_name_beside_its_code_is_kept_and_flagged() -> None:
    found, problems = found_in({"ward_id": ["20197", "20236"], "name": ["Hòa Khánh Bác", "Hải Châu"]}, "2019")
    assert found == ["20197", None]  # Hải Châu is a ward of 2025, not a misspelled Hải Châu I
    assert codes(problems) == ["ward_spelling", "ward_code_contradicts_name"]
    assert problems[0].severity == "warning"


def test_a_name_of_another_edition_says_so() -> None:
    _, problems = found_in({"name": ["An Hải Nam"]}, "2019")
    assert codes(problems) == ["ward_other_edition"]
    assert problems[0].values["other"] == "2025h1"


def test_names_without_marks_are_noted_once() -> None:
    found, problems = found_in({"name": ["Hoa Lien", "Thanh Khe Tay", "Hòa Bac", "Hòa Sơn"]}, "2019")
    assert found == ["20296", "20206", "20293", "20302"]
    assert codes(problems) == ["ward_marks_missing"]
    assert problems[0].values["count"] == 3


def test_hoang_sa_in_every_edition() -> None:
    names: list[object] = ["Huyện Hoàng Sa", "Hoàng Sa", "Đặc khu Hoàng Sa"]
    assert found_in({"name": names}, "2019")[0] == ["498"] * 3
    assert found_in({"name": names[1:]}, "2025h2")[0] == ["20333"] * 2
    assert "498" not in ward_register("2019").index
    assert edition_units("2019").loc["498", "area_km2"] == 305


def test_blank_rows_and_row_numbers() -> None:
    table: dict[str, list[object]] = {"ward_id": [None, ""], "name": ["  ", float("nan")], "row": [12, 40]}
    found, problems = found_in(table, "2019")
    assert found == [None, None]
    assert [(problem.code, problem.row) for problem in problems] == [("ward_blank", 12), ("ward_blank", 40)]


def layer_of(edition: str, wards: list[tuple[str, str, str | None]]) -> Layer:
    ids, names, districts = zip(*wards, strict=True)
    frame = gpd.GeoDataFrame(
        {"name": names, "district": districts}, geometry=[None] * len(wards), index=pd.Index(ids, name="ward_id")
    )
    return Layer(kind="wards", frame=frame, source=Source(name="w", sha256=""), edition=edition)


def test_wards_outside_the_layer_are_one_note() -> None:
    layer = layer_of("2019", [("20194", "Hòa Hiệp Bắc", None)])
    found, problems = found_in({"name": ["Hòa Hiệp Bắc", "Hòa Hiệp Nam", "Hòa Liên", "Hòa Liên"]}, layer)
    assert found == ["20194", None, None, None]
    assert [(p.code, p.severity, p.values["count"], p.values["wards"]) for p in problems] == [
        ("wards_outside_layer", "note", 3, 2)
    ]


def test_a_layer_of_another_city_matches_its_own_ids_and_names() -> None:
    layer = layer_of(OTHER, [("A1", "Phường 1", "Quận 3"), ("A2", "Phường 1", "Quận 4"), ("B", "Bến Nghé", "Quận 1")])
    table: dict[str, list[object]] = {
        "ward_id": ["A1", None, None, None],
        "name": [None, "P.1", "Phuong 01", "Ben Nghe"],
        "district": [None, "Quận 4", None, None],
    }
    found, problems = found_in(table, layer)
    assert found == ["A1", "A2", None, "B"]
    assert codes(problems) == ["ward_name_ambiguous", "ward_marks_missing"]


def test_other_without_a_layer_is_no_edition() -> None:
    with pytest.raises(LayerError, match="edition_unknown"):
        match_wards(pd.DataFrame({"name": ["A"]}), OTHER, file="x")  # type: ignore[arg-type]


@given(st.sampled_from(EDITIONS), st.data())
def test_every_spelling_finds_its_ward(edition: Edition, data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.sampled_from(LISTS[edition]), min_size=1, max_size=8))
    forms = [data.draw(st.sampled_from(["NFC", "NFD"])) for _ in rows]
    written = [
        unicodedata.normalize(form, data.draw(st.sampled_from([name, name.upper(), f"Phường {name}", f"X.{name}"])))
        for form, (_, name) in zip(forms, rows, strict=True)
    ]
    found, problems = found_in({"name": list(written)}, edition)
    assert found == [code for code, _ in rows]
    assert problems == []
