"""Ward files are recognised whatever their columns are called; what is wrong with them is said, row by row."""

from __future__ import annotations

import re
import time
import unicodedata
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from coverage.boundaries import carry_counts, match_wards, recognise_wards
from coverage.catalog.registers import register, ward_register
from coverage.errors import LayerError, Problem
from coverage.layers import Layer, Source
from coverage.types import Edition
from coverage.words import LANGUAGES, render, render_problem

STEP = 0.01  # degrees: squares of some 1.2 km²
COLUMNS = ["name", "type", "district", "edition", "mainland", "area_km2", "area_official_km2", "geometry"]


def square(i: int, j: int = 0, size: float = STEP) -> shapely.Polygon:
    west, south = 108.0 + i * STEP, 16.0 + j * STEP
    return shapely.box(west, south, west + size, south + size)


def squares(count: int, across: int = 8) -> list[shapely.Polygon]:
    return [square(i % across, i // across) for i in range(count)]


def made(edition: Edition, **columns: Any) -> gpd.GeoDataFrame:
    """Return a file with the wards of an edition of the former city, on a chequerboard, with the given columns."""
    wards = ward_register(edition)
    wards = wards[wards["in_city"] & wards["mainland"]]
    data = {name: values(wards) if callable(values) else values for name, values in columns.items()}
    return gpd.GeoDataFrame(data, geometry=squares(len(wards)), crs="EPSG:4326", index=range(len(wards)))


def read(frame: gpd.GeoDataFrame, **options: Any) -> Layer:
    layer = recognise_wards(frame, source=Source(name="ranh-gioi.geojson", sha256="0"), **options)
    for problem in layer.problems:
        assert all(render_problem(problem, lang) for lang in LANGUAGES)
    return layer


def refused(frame: gpd.GeoDataFrame, **options: Any) -> LayerError:
    with pytest.raises(LayerError) as caught:
        read(frame, **options)
    assert all("ranh-gioi.geojson" in render(caught.value, lang) for lang in LANGUAGES)
    return caught.value


def about(layer: Layer, code: str) -> list[Problem]:
    return [problem for problem in layer.problems if problem.code == code]


def gadm(wards: pd.DataFrame) -> list[str]:
    return [unicodedata.normalize("NFC", name.replace(" ", "")) for name in wards["name"]]


FORMS: dict[str, tuple[Edition, dict[str, Any]]] = {
    "codes and names": ("2019", {"gso_code": lambda w: list(w.index), "name": lambda w: list(w["name"])}),
    "numbers for codes": (
        "2019",
        {"ma_xa": lambda w: w.index.astype(int).tolist(), "ten_xa": lambda w: list(w["name"])},
    ),
    "prefixed upper case": (
        "2025h1",
        {"TEN_XA": lambda w: [f"{t} {n}".upper() for t, n in zip(w["type"], w["name"], strict=True)]},
    ),
    "decomposed": ("2019", {"Tên phường": lambda w: [unicodedata.normalize("NFD", n) for n in w["name"]]}),
    "GADM": (
        "2019",
        {
            "GID_3": lambda w: list(w["gid_3"]),
            "NAME_1": "ĐàNẵng",
            "NAME_2": lambda w: [re.sub(r"^\S+ ", "", d).replace(" ", "") for d in w["district"]],
            "NAME_3": gadm,
        },
    ),
    "GADM without codes": ("2019", {"NAME_1": "Đà Nẵng", "NAME_2": lambda w: list(w["district"]), "NAME_3": gadm}),
    "HDX": (
        "2025h1",
        {
            "ADM1_VI": "Đà Nẵng",
            "ADM3_VI": lambda w: list(w["name"]),
            "ADM3_PCODE": lambda w: [f"VN{c}" for c in w.index],
        },
    ),
    "HDX since 2025": (
        "2025h2",
        {
            "adm1_name": "Đà Nẵng",
            "adm3_name": lambda w: [f"Unit {i}" for i in range(len(w))],
            "adm3_name1": lambda w: list(w["name"]),
            "adm3_pcode": lambda w: [f"VN501{c}" for c in w.index],
        },
    ),
    "HDX codes alone": ("2025h1", {"ADM3_PCODE": lambda w: [f"VN48{c}" for c in w.index]}),
    "geoBoundaries": (
        "2019",
        {
            "shapeName": lambda w: [strip(n) for n in w["name"]],
            "shapeISO": "",
            "shapeID": lambda w: [f"4136224B{i:014d}" for i in range(len(w))],
            "shapeGroup": "VNM",
            "shapeType": "ADM3",
        },
    ),
    "OSM": (
        "2025h2",
        {
            "@id": lambda w: [f"relation/{i}" for i in range(len(w))],
            "admin_level": "8",
            "boundary": "administrative",
            "name": lambda w: [f"{t} {n}" for t, n in zip(w["type"], w["name"], strict=True)],
            "name:en": lambda w: [f"{strip(n)} Ward" for n in w["name"]],
            "ref": lambda w: list(w.index),
        },
    ),
    "national portal": (
        "2025h2",
        {
            "ma_tinh": "48",
            "ten_tinh": "Thành phố Đà Nẵng",
            "ma_xa": lambda w: list(w.index),
            "ten_xa": lambda w: [f"{t} {n}" for t, n in zip(w["type"], w["name"], strict=True)],
            "loai": lambda w: list(w["type"]),
            "dtich_km2": 1.0,
        },
    ),
    "codes alone": ("2025h2", {"ward_id": lambda w: list(w.index)}),
    "KML": ("2025h2", {"Name": lambda w: [f"Phường {n}" for n in w["name"]], "Description": ""}),
    "no accents": ("2025h2", {"ward": lambda w: [strip(n) for n in w["name"]]}),
}


def strip(name: str) -> str:
    return re.sub(r"[\u0300-\u036f]", "", unicodedata.normalize("NFD", name)).replace("Đ", "D").replace("đ", "d")


@pytest.mark.parametrize("form", FORMS)
def test_files_as_they_are_met(form: str) -> None:
    edition, columns = FORMS[form]
    layer = read(made(edition, **columns))
    wards = ward_register(edition).query("in_city and mainland")
    assert layer.kind == "wards"
    assert layer.edition == edition
    assert layer.frame.columns.tolist() == COLUMNS
    assert layer.frame.index.tolist() == wards.index.tolist()
    assert layer.frame.index.name == "ward_id"
    assert layer.frame["name"].tolist() == wards["name"].tolist()
    assert layer.frame.crs.to_epsg() == 5899
    assert layer.frame["mainland"].all()
    assert layer.frame["mainland"].dtype == bool
    assert not about(layer, "wards_missing")
    assert not [problem for problem in layer.problems if problem.severity == "error"]
    if edition == "2025h2":
        assert layer.frame["district"].isna().all()
        assert layer.frame["area_official_km2"].notna().all()
    else:
        assert layer.frame["district"].tolist() == wards["district"].tolist()
    if edition == "2019":
        assert layer.frame["area_official_km2"].isna().all()


def test_area_is_measured_before_any_projection() -> None:
    frame = made("2019", ward_id=lambda w: list(w.index))
    layer = read(frame)
    wanted = frame.geometry.to_crs("EPSG:6933").area.to_numpy() / 1e6
    assert np.allclose(layer.frame["area_km2"], wanted, rtol=1e-12)
    assert np.allclose(layer.frame.area / 1e6, wanted, rtol=5e-4)
    assert read(frame.to_crs("EPSG:32648")).frame["area_km2"].to_numpy() == pytest.approx(wanted, rel=1e-6)


def test_without_a_coordinate_system_nothing_is_assumed() -> None:
    frame = made("2019", ward_id=lambda w: list(w.index))
    assert refused(frame.set_crs(None, allow_override=True)).code == "no_crs"


def test_an_edition_that_was_asked_for_is_not_argued_with() -> None:
    frame = made("2025h2", ward_id=lambda w: list(w.index))[:5]
    assert refused(frame).code == "edition_ambiguous"
    assert read(frame, edition="2025h2").edition == "2025h2"
    layer = read(frame, edition="2019")
    assert layer.frame["name"].iloc[0] == "Hòa Hiệp Bắc"
    named = made("2025h2", ward_id=lambda w: list(w.index), name=lambda w: list(w["name"]))
    error = refused(named, edition="2019")
    assert (error.code, error.values["fitting"]) == ("edition_refused", "2025h2")
    named.loc[:7, "name"] = ward_register("2019").loc[named["ward_id"][:8], "name"].tolist()
    rows = {p.row for p in read(named, edition="2019").problems if p.code == "ward_code_contradicts_name"}
    assert rows == {10, 11, 12, 13, 15, 16}  # row 14 is Hòa Xuân, 20314 in both editions


def test_an_unknown_edition_is_refused() -> None:
    with pytest.raises(LayerError, match="edition_unknown"):
        read(made("2019", ward_id=lambda w: list(w.index)), edition="2031")


def test_districts_are_refused() -> None:
    districts = register("districts")
    shapes = gpd.GeoSeries(squares(8), crs="EPSG:4326")
    for columns in (
        {"district_code": districts["district_code"], "district": districts["type"] + " " + districts["name"]},
        {"NAME_1": "Đà Nẵng", "NAME_2": districts["name"], "TYPE_2": districts["type"]},
        {"name": districts["name"], "type": districts["type"]},
        {"name": districts["name"]},
        {"name": districts["type"] + " " + districts["name"]},
        {"code": districts["district_code"]},
    ):
        assert refused(gpd.GeoDataFrame(columns, geometry=shapes)).code == "wards_are_districts"


def test_wards_named_like_districts_are_wards() -> None:
    units = ward_register("2025h2")
    named = units[units["name"].isin(register("districts")["name"])]
    assert len(named) == 8
    frame = gpd.GeoDataFrame(
        {"ma": named.index, "ten": named["type"] + " " + named["name"]}, geometry=squares(8), crs=4326
    )
    assert read(frame).edition == "2025h2"


def test_a_district_in_every_row_and_no_ward_is_refused() -> None:
    frame = made("2019", district=lambda w: list(w["district"]))
    assert refused(frame).code == "ward_columns_missing"


@pytest.mark.parametrize("count", [1, 3])
def test_polygons_without_code_and_name_are_no_wards(count: int) -> None:
    assert (
        refused(gpd.GeoDataFrame({"note": ["x"] * count}, geometry=squares(count), crs=4326)).code
        == "ward_columns_missing"
    )


def test_other_provinces_are_left_out() -> None:
    frame = made("2019", NAME_1="Đà Nẵng", NAME_3=gadm)
    others = gpd.GeoDataFrame(
        {"NAME_1": "Quảng Nam", "NAME_3": ["TamKỳ", "ThanhBình"]}, geometry=[square(20), square(21)], crs=4326
    )
    layer = read(pd.concat([frame, others], ignore_index=True))
    assert len(layer.frame) == 56
    assert about(layer, "rows_other_province")[0].values["count"] == 2


def test_an_extract_of_osm_holds_other_levels_too() -> None:
    frame = made("2019", name=lambda w: list(w["name"]), admin_level="8")
    more = gpd.GeoDataFrame(
        {"name": ["Đà Nẵng", "Quận Hải Châu", "Huyện Hòa Vang"], "admin_level": ["4", "6", "6"]},
        geometry=[square(0, 0, 0.09), square(0), square(1)],
        crs=4326,
    )
    layer = read(pd.concat([frame, more], ignore_index=True))
    assert len(layer.frame) == 56
    assert about(layer, "rows_other_level")[0].values == {"file": "ranh-gioi.geojson", "count": 3, "level": "8"}
    assert not [problem for problem in layer.problems if problem.severity == "error"]


def test_a_file_of_the_country_without_provinces_is_cut_to_the_city() -> None:
    frame = made("2019", shapeName=lambda w: list(w["name"]), shapeID=lambda w: [f"x{i}" for i in range(len(w))])
    away = pd.DataFrame({"shapeName": [f"Xã số {i}" for i in range(120)], "shapeID": [f"y{i}" for i in range(120)]})
    north = gpd.GeoDataFrame(away, geometry=[shapely.affinity.translate(square(i), 0, 5) for i in range(120)], crs=4326)
    near = gpd.GeoDataFrame(  # in Quảng Nam: an unknown commune, and a namesake of a ward
        {"shapeName": ["Tam Xuân Một", "Thanh Bình"], "shapeID": ["z1", "z2"]},
        geometry=[square(20, -40), square(22, -40)],
        crs=4326,
    )
    layer = read(pd.concat([near, frame, north], ignore_index=True))
    assert layer.edition == "2019"
    assert len(layer.frame) == 56
    assert layer.frame.geom_type.eq("Polygon").all()
    assert layer.frame.total_bounds[1] > 1_760_000  # nothing of the south
    assert about(layer, "rows_elsewhere")[0].values["count"] == 120
    assert about(layer, "rows_other_place")[0].values["count"] == 2
    assert not [problem for problem in layer.problems if problem.severity == "error"]


def test_slivers_between_neighbours_are_mended_and_said() -> None:
    frame = made("2019", code=lambda w: list(w.index))
    clean = read(frame)
    frame.loc[9, "geometry"] = square(1, 1, 1.01 * STEP)  # 11 m over its neighbours, without a wider dispute
    layer = read(frame)
    assert shapely.coverage_is_valid(layer.frame.geometry.to_numpy())
    told = about(layer, "borders_mended")[0]
    assert told.severity == "warning"
    assert told.values["overlap_km2"] == pytest.approx(0.0201 * clean.frame["area_km2"].iloc[0], rel=0.02)
    assert told.values["before_km2"] > told.values["after_km2"]
    assert told.values["after_km2"] == pytest.approx(clean.frame["area_km2"].sum(), rel=1e-6)
    assert not about(layer, "wards_overlap")


def test_another_city_is_taken_as_it_is() -> None:
    frame = gpd.GeoDataFrame({"id": ["A", "B"], "ten": ["Bến Nghé", "Đa Kao"]}, geometry=squares(2), crs=4326)
    layer = read(frame)
    assert layer.edition == "other"
    assert layer.frame.index.tolist() == ["A", "B"]
    assert layer.frame["name"].tolist() == ["Bến Nghé", "Đa Kao"]
    assert layer.frame["mainland"].all()
    assert [(p.code, p.severity) for p in layer.problems] == [("wards_not_in_register", "warning")]


@pytest.mark.parametrize("columns", [{"id": [7, 7]}, {"fid": [None, 3]}])
def test_without_a_usable_id_rows_are_numbered(columns: dict[str, Any]) -> None:
    layer = read(gpd.GeoDataFrame(columns, geometry=squares(2), crs=4326))
    assert layer.edition == "other"
    assert layer.frame.index.tolist() == ["1", "2"]
    assert layer.frame["name"].tolist() == ["1", "2"]


def test_a_city_far_away_is_warned_of() -> None:
    frame = gpd.GeoDataFrame({"id": ["A"]}, geometry=[shapely.box(105.8, 21.0, 105.9, 21.1)], crs=4326)
    assert not about(read(frame), "wards_far_from_zone")
    frame = gpd.GeoDataFrame({"id": ["A"]}, geometry=[shapely.box(2.3, 48.8, 2.4, 48.9)], crs=4326)
    assert about(read(frame), "wards_far_from_zone")


def test_unknown_rows_among_known_ones_are_errors() -> None:
    frame = made("2019", code=lambda w: list(w.index), name=lambda w: list(w["name"]))
    frame.loc[3, ["code", "name"]] = [None, "Hòa Khanh Nam Mới"]
    frame.loc[9, "name"] = "Hải Vân"
    layer = read(frame)
    assert len(layer.frame) == 54
    errors = {problem.row: problem.code for problem in layer.problems if problem.severity == "error"}
    assert errors == {5: "ward_unknown_similar", 11: "ward_code_contradicts_name"}
    assert layer.refused == 2
    missing = about(layer, "wards_missing")[0]
    assert (missing.values["count"], missing.values["expected"]) == (2, 56)
    assert missing.values["names"] == "Hòa Khánh Nam, Tân Chính"


def test_row_numbers_of_the_file_are_kept() -> None:
    frame = made("2019", code=lambda w: list(w.index), name=lambda w: list(w["name"]))
    frame["row"] = range(101, 157)
    frame.loc[0, "name"] = "Xyz"
    assert [p.row for p in read(frame).problems if p.severity == "error"] == [101]
    frame["row"] = "hàng"  # a column of the file that happens to bear the name
    assert [p.row for p in read(frame).problems if p.severity == "error"] == [2]


def test_a_broken_ring_is_repaired_and_said() -> None:
    frame = made("2019", code=lambda w: list(w.index))
    west, south, east, north = frame.geometry[0].bounds
    frame.loc[0, "geometry"] = shapely.Polygon([(west, south), (east, north), (east, south), (west, north)])
    layer = read(frame)
    assert layer.frame.is_valid.all()
    told = about(layer, "geometry_repaired")[0]
    assert (told.row, told.severity) == (2, "warning")
    assert told.values["after_km2"] == pytest.approx(layer.frame["area_km2"].iloc[0])
    assert told.values["before_km2"] == pytest.approx(0, abs=1e-6)


def test_rows_without_a_polygon_are_errors() -> None:
    frame = made("2019", code=lambda w: list(w.index))
    frame.loc[0, "geometry"] = None
    frame.loc[1, "geometry"] = shapely.Point(108, 16)
    frame.loc[2, "geometry"] = shapely.Polygon([(108, 16), (108.1, 16), (108, 16)])
    layer = read(frame)
    errors = {problem.row: problem.code for problem in layer.problems if problem.severity == "error"}
    assert errors == {2: "geometry_not_polygon", 3: "geometry_not_polygon", 4: "geometry_lost"}
    assert len(layer.frame) == 53


@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_coordinates_that_are_no_numbers_refuse_their_row(wrong: float) -> None:
    frame = made("2019", code=lambda w: list(w.index))
    with np.errstate(invalid="ignore"):
        frame.loc[4, "geometry"] = shapely.Polygon([(108, 16), (108.01, wrong), (108.01, 16.01)])
    layer = read(frame)
    assert [(p.row, p.code) for p in layer.problems if p.severity == "error"] == [(6, "geometry_not_polygon")]
    assert len(layer.frame) == 55


def test_a_ward_twice_is_refused_and_a_ward_in_parts_is_joined() -> None:
    frame = made("2019", code=lambda w: list(w.index))
    copy, part = frame.iloc[[0]], frame.iloc[[1]].set_geometry([square(0, 30)], crs=4326)
    layer = read(pd.concat([frame, copy, part], ignore_index=True))
    assert len(layer.frame) == 56
    twice = about(layer, "ward_repeated")[0]
    assert (twice.row, twice.value, twice.values["first_row"]) == (58, "20194", 2)
    joined = about(layer, "ward_parts_joined")[0]
    assert (joined.value, joined.values["rows"]) == ("20195", "3, 59")
    assert layer.frame.loc["20195", "geometry"].geom_type == "MultiPolygon"
    areas = layer.frame["area_km2"]
    assert areas["20195"] == pytest.approx(2 * areas["20194"], rel=2e-3)


def test_overlaps_and_gaps_are_reported_with_their_size() -> None:
    frame = made("2019", code=lambda w: list(w.index))
    clean = read(frame)
    assert not about(clean, "wards_overlap")
    assert not about(clean, "wards_gap")
    frame.loc[9, "geometry"] = square(1, 1, 1.1 * STEP)  # over three neighbours
    frame.loc[27, "geometry"] = square(3, 3, 0.5 * STEP)  # away from two of them, inside the board
    layer = read(frame)
    unit = clean.frame["area_km2"].iloc[0]
    over = about(layer, "wards_overlap")
    assert [problem.values["km2"] for problem in over] == pytest.approx([0.1 * unit, 0.1 * unit, 0.01 * unit], rel=2e-3)
    assert over[0].value is not None
    assert clean.frame["name"].iloc[9] in over[0].value
    assert [problem.values["km2"] for problem in about(layer, "wards_gap")] == pytest.approx([0.75 * unit], rel=2e-3)


def test_many_overlaps_end_in_a_sum() -> None:
    frame = made("2019", code=lambda w: list(w.index))
    frame["geometry"] = [square(i % 8, i // 8, 1.1 * STEP) for i in range(56)]
    layer = read(frame)
    assert len(about(layer, "wards_overlap")) == 10
    assert about(layer, "wards_overlap_more")[0].values["count"] > 50


def test_areas_that_differ_from_the_published_ones() -> None:
    layer = read(made("2025h2", code=lambda w: list(w.index)))
    told = {problem.value: problem for problem in about(layer, "area_differs")}
    official = ward_register("2025h2").query("in_city and mainland").set_index("name")["area_km2"]
    assert set(told) == set(official.index)  # the squares have 1.2 km², the smallest unit 7.4 km²
    assert told["Hải Châu"].values["register_km2"] == official["Hải Châu"] == 7.58
    early = read(made("2019", code=lambda w: list(w.index)))
    assert about(early, "area_differs_gadm")
    assert not about(early, "area_differs")


def test_hoang_sa_stands_apart() -> None:
    frame = made("2025h2", code=lambda w: list(w.index))
    islands = gpd.GeoDataFrame({"code": ["20333"]}, geometry=[shapely.box(111.5, 16.2, 112.5, 17.0)], crs=4326)
    layer = read(pd.concat([frame, islands], ignore_index=True))
    assert layer.frame["mainland"].tolist() == [True] * 15 + [False]
    assert about(layer, "hoang_sa_apart")[0].severity == "note"
    assert about(read(frame), "hoang_sa_absent")
    early = made("2019", name=lambda w: list(w["name"]))
    old = gpd.GeoDataFrame({"name": ["Huyện Hoàng Sa"]}, geometry=[shapely.box(111.5, 16.2, 112.5, 17.0)], crs=4326)
    layer = read(pd.concat([early, old], ignore_index=True))
    assert layer.frame.loc["498", ["name", "type", "mainland"]].tolist() == ["Hoàng Sa", "Huyện", False]
    assert not about(layer, "hoang_sa_absent")


def test_swapped_and_impossible_coordinates() -> None:
    frame = made("2019", code=lambda w: list(w.index))
    swapped = frame.set_geometry(shapely.transform(frame.geometry.to_numpy(), lambda xy: xy[:, ::-1]), crs=4326)
    assert refused(swapped).code == "coordinates_swapped"
    in_metres = frame.to_crs("EPSG:5899").set_crs("EPSG:4326", allow_override=True)
    assert refused(in_metres).code == "coordinates_out_of_range"
    elsewhere = frame.set_geometry(shapely.transform(frame.geometry.to_numpy(), lambda xy: xy - [50, 0]), crs=4326)
    assert refused(elsewhere).code == "coordinates_out_of_range"
    frame.loc[4, "geometry"] = swapped.geometry[4]
    layer = read(frame)
    assert [(p.row, p.code) for p in layer.problems if p.severity == "error"] == [(6, "ward_out_of_place")]
    other = gpd.GeoDataFrame({"id": ["A"]}, geometry=[shapely.box(16, 108, 16.1, 108.1)], crs=4326)
    assert refused(other).code == "coordinates_swapped"


def test_an_empty_file_is_refused() -> None:
    assert refused(gpd.GeoDataFrame({"name": []}, geometry=[], crs=4326)).code == "no_rows"


# --- real files (never shipped) --------------------------------------------------------------------------------------


def real(folder: Path, name: str) -> Layer:
    frame = gpd.read_file(folder / "admin" / name)
    started = time.perf_counter()
    layer = recognise_wards(frame, source=Source(name=name, sha256=""))
    assert time.perf_counter() - started < 3
    return layer


def test_the_sixteen_units(shared_data: Path) -> None:
    layer = real(shared_data, "danang_units2025_former_city16.geojson")
    assert layer.edition == "2025h2"
    assert len(layer.frame) == 16
    mainland = layer.frame[layer.frame["mainland"]]
    assert len(mainland) == 15
    assert mainland["area_km2"].sum() == pytest.approx(979.1, rel=1e-3)
    assert mainland["area_official_km2"].sum() == pytest.approx(987.31, abs=0.005)
    assert {p.value for p in about(layer, "area_differs")} == {"Hải Châu", "Thanh Khê"}
    assert not about(layer, "wards_overlap")
    assert not about(layer, "wards_missing")
    census = register("census_2019").set_index("ward_id")[["households"]]
    carried = carry_counts(census, "2019", "2025h2")["households"].reindex(mainland.index)
    assert carried.sum() == 300_501


def test_both_sets_of_ninety_four(shared_data: Path) -> None:
    first = real(shared_data, "danang_units2025_94.geojson")
    second = real(shared_data, "danang_units2025_94_simplified50m_3dmap.geojson")
    for layer in (first, second):
        assert layer.edition == "2025h2"
        assert set(layer.frame.index) == set(ward_register("2025h2").index)
        assert not [p for p in layer.problems if p.severity == "error"]
        assert about(layer, "hoang_sa_apart")
    assert not about(first, "borders_mended")
    mended = about(second, "borders_mended")[0].values
    assert mended["count"] > 1000
    assert mended["overlap_km2"] == pytest.approx(3.95, abs=0.05)
    assert mended["after_km2"] == pytest.approx(mended["before_km2"], abs=0.1)
    for layer in (first, second):
        assert not about(layer, "wards_overlap")
        assert shapely.coverage_is_valid(layer.frame.geometry.to_numpy())
    name = first.frame.index[first.frame["name"] == "Liên Chiểu"][0]
    assert (first.frame["area_km2"][name], second.frame["area_km2"][name]) == pytest.approx((40.8, 49.3), abs=0.05)
    assert "Liên Chiểu" in {p.value for p in about(second, "area_differs")}
    assert "Liên Chiểu" not in {p.value for p in about(first, "area_differs")}


def test_the_districts_are_refused(shared_data: Path) -> None:
    with pytest.raises(LayerError, match="wards_are_districts"):
        real(shared_data, "danang_districts8_gischinhphu.geojson")


def test_census_of_2019_meets_the_units_of_2025(shared_data: Path) -> None:
    census = pd.read_csv(shared_data / "facts/census2019_wards56_population_households.csv", dtype=str)
    table = census.rename(columns={"gso_code": "ward_id", "ward": "name"})
    found, problems = match_wards(table, "2019", file="census.csv")
    assert problems == ()
    assert found.tolist() == census["gso_code"].tolist()
