"""Wards and cells from files: placed, completed, with every refused row said."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from pyproj import Transformer

from coverage.catalog.registers import data_dir
from coverage.errors import LayerError
from coverage.files.layers import read_cells, read_sites, read_wards
from coverage.words import LANGUAGES, render, render_problem
from tests.files import samples
from tests.files.test_antennas import lines, written

HEADER = "site_id,operator,technology,band,longitude,latitude\n"


def write(path, *rows, header=HEADER):
    path.write_text(header + "".join(f"{row}\n" for row in rows), "utf-8")
    return path


def found(layer, severity=None):
    return [(p.code, p.row) for p in layer.problems if p.row and severity in (None, p.severity)]


def test_cells_are_placed_in_metres_and_completed(tmp_path):
    layer = read_cells(write(tmp_path / "c.csv", "T1,Viettel,5G,n41,108.2022,16.0544"))
    x, y = Transformer.from_crs("EPSG:4326", "EPSG:5899", always_xy=True).transform(108.2022, 16.0544)
    cell = layer.frame.iloc[0]
    assert (cell.geometry.x, cell.geometry.y) == pytest.approx((x, y), abs=1e-6)
    assert layer.frame.crs.to_epsg() == 5899
    assert (cell["technology"], cell["band"], cell["height_m"], cell["power_dbm"]) == ("NR", "n41", 25.0, 53.0)
    assert layer.defaulted["height_m"] == 1
    assert "longitude" not in layer.frame
    assert layer.source.rows == 1


def test_every_format_gives_the_same_cells(tmp_path):
    (tmp_path / "c.csv").write_text(samples.csv_text(), "utf-8")
    samples.write_xlsx(tmp_path / "c.xlsx")
    samples.write_geojson(tmp_path / "c.geojson")
    samples.points(crs="EPSG:5899").to_file(tmp_path / "c.gpkg")
    samples.write_shapefile_zip(tmp_path / "c.zip", tmp_path)
    (tmp_path / "c.kml").write_text(samples.kml_text(), "utf-8")
    samples.points().to_parquet(tmp_path / "c.parquet")
    expected = read_cells(tmp_path / "c.csv").frame
    for name in ("c.xlsx", "c.geojson", "c.gpkg", "c.zip", "c.kml", "c.parquet"):
        frame = read_cells(tmp_path / name).frame
        pd.testing.assert_frame_equal(
            pd.DataFrame(frame.drop(columns="geometry")), pd.DataFrame(expected.drop(columns="geometry")), obj=name
        )
        assert frame.geometry.distance(expected.geometry).max() < 1e-3


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("16.0544,108.2022", "coordinates_swapped"),
        ("0,0", "coordinates_zero"),
        ("108.2,", "missing_value"),
        ("NaN,16", "missing_value"),
        ("inf,16", "bad_number"),
        ("1e308,16", "out_of_range"),
        ("548188,1775651", "out_of_range"),
        ("108°12',16°03'", "bad_number"),
    ],
)
def test_a_misplaced_cell_is_refused_with_its_row(tmp_path, place, code):
    good = "T1,Viettel,5G,n41,108.2022,16.0544"
    layer = read_cells(write(tmp_path / "c.csv", good, f"T2,VNPT,5G,n77,{place}", good.replace("T1", "T3")))
    assert list(layer.frame["site_id"]) == ["T1", "T3"]
    assert {(c, row) for c, row in found(layer, "error")} == {(code, 3)} or code == "out_of_range"
    assert (code, 3) in found(layer, "error")
    assert layer.refused == 1


def test_a_file_with_all_axes_swapped_is_unusable_and_says_so(tmp_path):
    path = write(tmp_path / "trạm.csv", *(f"T{i},Viettel,5G,n41,16.0{i},108.2{i}" for i in range(5)))
    with pytest.raises(LayerError) as caught:
        read_cells(path)
    assert caught.value.code == "no_usable_row"
    assert [p.row for p in caught.value.problems if p.code == "coordinates_swapped"] == [2, 3, 4, 5, 6]
    sentence = render_problem(caught.value.problems[-1], "vi")
    assert all(text in sentence for text in ("trạm.csv", "dòng", "đảo chỗ", "108.2"))
    for lang in LANGUAGES:
        assert "trạm.csv" in render(caught.value, lang)


def test_points_with_swapped_axes_are_refused_too(tmp_path):
    frame = samples.CELLS.rename(columns={"longitude": "latitude", "latitude": "longitude"})
    samples.write_geojson(tmp_path / "c.geojson", frame)
    with pytest.raises(LayerError, match="no_usable_row"):
        read_cells(tmp_path / "c.geojson")


def test_a_place_that_the_map_does_not_have_is_refused(tmp_path):
    layer = read_cells(write(tmp_path / "c.csv", "T1,Viettel,5G,n41,108.2,16.05", "T2,Viettel,5G,n41,-71.25,0.001"))
    assert found(layer, "error") == [("outside_map", 3)]


def test_geometry_without_a_place_or_of_another_kind_is_refused_by_row(tmp_path):
    points = samples.points()
    shapes = list(points.geometry)
    frame = points.set_geometry(gpd.GeoSeries([shapes[0], None, shapes[2].buffer(1e-3)], crs=4326))
    frame.to_parquet(tmp_path / "c.parquet")
    layer = read_cells(tmp_path / "c.parquet")
    assert len(layer.frame) == 1
    assert {row for code, row in found(layer, "error")} == {2, 3}


def test_a_file_without_crs_is_refused(tmp_path):
    samples.write_shapefile_zip(tmp_path / "c.zip", tmp_path, leave_out=(".prj",))
    with pytest.raises(LayerError, match="missing_crs"):
        read_cells(tmp_path / "c.zip")


def test_a_repeated_row_counts_once(tmp_path):
    row = "T1,Viettel,5G,n41,108.2022,16.0544"
    layer = read_cells(write(tmp_path / "c.csv", row, row, row.replace("T1", "T2")))
    assert list(layer.frame["site_id"]) == ["T1", "T2"]
    assert found(layer) == [("duplicate_row", 3)]


def test_defaults_of_names_are_counted_with_those_of_the_catalogue(tmp_path):
    header = "technology,band,longitude,latitude\n"
    layer = read_cells(write(tmp_path / "c.csv", "NR,n41,108.2,16.05", "NR,n41,108.3,16.05", header=header))
    assert (layer.defaulted["operator"], layer.defaulted["site_id"]) == (2, 2)
    assert list(layer.frame["site_id"]) == ["site-2", "site-3"]


def test_the_column_that_is_read_is_the_one_that_is_checked(tmp_path):
    """Of two columns the better name counts, also for the search of swapped axes."""
    header = "technology,band,operator,lng,lat,longitude,latitude\n"
    layer = read_cells(write(tmp_path / "c.csv", "NR,n41,Viettel,0,0,108.2,16.05", header=header))
    assert (len(layer.frame), found(layer, "error")) == (1, [])


def test_places_for_new_sites_need_no_more_than_a_position(tmp_path):
    layer = read_sites(write(tmp_path / "s.csv", "A,108.2,16.05", "B,16.05,108.2", header="Mã trạm,Kinh độ,Vĩ độ\n"))
    assert list(layer.frame["site_id"]) == ["A"]
    assert [(p.code, p.row) for p in layer.problems] == [("coordinates_swapped", 3)]
    samples.write_geojson(tmp_path / "s.geojson")
    assert len(read_sites(tmp_path / "s.geojson").frame) == 3


def test_every_problem_of_cells_names_its_file_in_both_languages(tmp_path):
    layer = read_cells(
        write(
            tmp_path / "tram.csv",
            "T1,Viettel,5G,n41,108.2022,16.0544,600,x,Hải",
            "T2,Viettel,3G,,108.2022,16.0544,30,,",
            "T3,MobiFone,5G,n77,108.2022,16.0544,30,90,",
            "T4,MobiFone,5G,b99,108.2022,16.0544,30,90,",
            header=HEADER.strip() + ",height_m,azimuth_deg,ghi chú\n",
        )
    )
    assert len(layer.problems) >= 4
    for problem in layer.problems:
        for lang in LANGUAGES:
            assert "tram.csv" in render_problem(problem, lang)


def test_wards_of_the_demo_city_come_back_from_every_geometry_format(tmp_path):
    path = data_dir() / "demo" / "wards.geojson"
    expected = read_wards(path)
    frame = gpd.read_file(path)
    frame.to_file(tmp_path / "w.gpkg")
    frame.to_crs(5899).to_parquet(tmp_path / "w.parquet")
    table = pd.DataFrame(frame.drop(columns="geometry")).assign(wkt=frame.geometry.to_wkt(rounding_precision=15))
    table.to_csv(tmp_path / "w.csv", index=False)
    for name in ("w.gpkg", "w.parquet", "w.csv"):
        layer = read_wards(tmp_path / name)
        assert (layer.edition, list(layer.frame.index)) == (expected.edition, list(expected.frame.index))
        np.testing.assert_allclose(layer.frame["area_km2"], expected.frame["area_km2"], rtol=1e-8)


def test_ward_tables_without_polygons_or_crs_are_refused(tmp_path):
    path = write(tmp_path / "w.csv", "20194,Hòa Hiệp Bắc", header="gso_code,ward\n")
    with pytest.raises(LayerError, match="no_geometry"):
        read_wards(path)
    wkt = '"POLYGON ((540000 1770000, 541000 1770000, 541000 1771000, 540000 1770000))"'
    path = write(tmp_path / "w.csv", f"20194,Hòa Hiệp Bắc,{wkt}", header="gso_code,ward,wkt\n")
    with pytest.raises(LayerError, match="missing_crs"):
        read_wards(path)


@pytest.mark.parametrize(
    ("name", "edition", "wards", "mainland_km2"),
    [
        ("danang_units2025_former_city16.geojson", "2025h2", 16, 979.09),
        ("danang_units2025_94.geojson", "2025h2", 94, None),
        ("danang_units2025_94_simplified50m_3dmap.geojson", "2025h2", 94, None),
    ],
)
def test_real_wards_are_recognised(shared_data, name, edition, wards, mainland_km2):
    layer = read_wards(shared_data / "admin" / name)
    assert (layer.edition, len(layer.frame)) == (edition, wards)
    if mainland_km2:
        mainland = layer.frame.loc[layer.frame["mainland"], "area_km2"]
        assert (len(mainland), mainland.sum()) == (15, pytest.approx(mainland_km2, rel=1e-3))


def test_cells_name_antennas_and_tilts_as_partners_write_them(tmp_path):
    (tmp_path / "antennas").mkdir()
    written(tmp_path / "antennas", lines(), "K1.msi")
    header = "Mã cell,Công nghệ,Nhà mạng,Băng tần,Kinh độ,Vĩ độ,Phương vị,Loại anten,Tilt cơ,Tilt điện,Tổng tilt\n"
    at = "5G,VNPT,n77,108.2022,16.0544,90"
    rows = [f"a,{at},K1,2,6,8", f"b,{at},64T64R,0,4,4", f"c,{at},,3,,7", f"d,{at},X9,,,"]
    layer = read_cells(write(tmp_path / "c.csv", *rows, header=header), tmp_path / "antennas")
    frame = layer.frame.set_index("cell_id")
    assert frame["antenna"].map(str).to_dict() == {"a": "K1.msi", "b": "64t64r", "c": "nan", "d": "nan"}
    assert frame[["tilt_deg", "mechanical_tilt_deg", "electrical_tilt_deg"]].to_numpy().tolist() == [
        [8.0, 2.0, 6.0], [4.0, 0.0, 4.0], [7.0, 3.0, 4.0], [6.0, 0.0, 6.0],
    ]  # fmt: skip
    assert layer.defaulted["antenna"] == 1
    assert layer.defaulted["tilt_deg"] == 1
    (unknown,) = (p for p in layer.problems if p.code == "cell_antenna_unknown")
    assert (unknown.row, unknown.field, unknown.value) == (5, "antenna", "X9")
    for lang in LANGUAGES:
        assert "K1" in render_problem(unknown, lang)


def test_a_wrong_folder_of_antennas_is_refused(tmp_path):
    cells = write(tmp_path / "c.csv", "T1,Viettel,5G,n41,108.2022,16.0544")
    with pytest.raises(LayerError) as caught:
        read_cells(cells, tmp_path / "nowhere")
    assert caught.value.code == "antenna_folder"
    assert all("nowhere" in render(caught.value, lang) for lang in LANGUAGES)
