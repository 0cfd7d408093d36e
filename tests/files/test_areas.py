"""Lines that name a place or another area than a ward; surveys; polygons of such areas."""

import geopandas as gpd
import numpy as np
import pytest
from affine import Affine
from shapely.geometry import box

from coverage.errors import LayerError
from coverage.files.areas import Areas, read_areas
from coverage.files.people import read_people, read_subscriptions
from coverage.files.surveys import read_survey
from coverage.grid import Raster
from tests import builders as make

WARDS = make.wards((0, 0, 1, 2), (1, 0, 2, 2), names=["An", "Bình"])
PIXELS = Raster(
    values=np.array([[30.0, 10.0], [30.0, 10.0]]),
    transform=Affine(1000, 0, make.EAST, 0, -1000, make.NORTH + 2000),
    crs=make.CRS,
)


def exchange(tmp_path, **columns):
    shape = box(make.EAST, make.NORTH, make.EAST + 2000, make.NORTH + 2000)
    path = tmp_path / "exchange.gpkg"
    gpd.GeoDataFrame(columns or {"area_id": ["E1"]}, geometry=[shape], crs=make.CRS).to_file(path)
    return path


def write(path, *lines):
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def test_lines_of_an_exchange_area_go_where_its_households_are(tmp_path):
    table = write(tmp_path / "s.csv", "area_id,operator,lines,period", "E1,VNPT,101,2025-06", "E9,VNPT,7,2025-06")
    areas = Areas(polygons=read_areas(exchange(tmp_path)), pixels=PIXELS)
    layer = read_subscriptions(table, WARDS, areas=areas)
    assert layer.frame.set_index("ward_id")["lines"].to_dict() == {"w0": 76, "w1": 25}
    assert set(layer.frame["status"]) == {"estimated"}
    assert layer.frame["lines_high"].tolist() == [101.0, 101.0]
    assert {problem.code for problem in layer.problems} >= {"lines_carried", "line_area_unknown"}


def test_lines_at_places_are_measured_where_they_lie(tmp_path):
    places = gpd.points_from_xy([make.EAST + 500, make.EAST + 1500, make.EAST + 9000], [make.NORTH + 500] * 3)
    degrees = gpd.GeoSeries(places, crs=make.CRS).to_crs(4326)
    rows = [f"{p.x:.7f},{p.y:.7f},VNPT,{n}" for n, p in zip((10, 20, 5), degrees, strict=True)]
    layer = read_subscriptions(write(tmp_path / "s.csv", "longitude,latitude,operator,lines", *rows), WARDS)
    assert layer.frame.groupby("ward_id")["lines"].sum().to_dict() == {"w0": 10, "w1": 20}
    assert set(layer.frame["status"]) == {"measured"}
    assert "lines_outside" in {problem.code for problem in layer.problems}


def test_rows_of_wards_and_of_areas_stand_in_one_table(tmp_path):
    table = write(tmp_path / "s.csv", "name,area_id,operator,lines", "An,,VNPT,5", ",E1,FPT,8")
    layer = read_subscriptions(table, WARDS, areas=Areas(polygons=read_areas(exchange(tmp_path)), pixels=PIXELS))
    assert layer.frame["lines"].sum() == 13
    assert layer.frame.loc[layer.frame["operator"] == "VNPT", "status"].tolist() == ["measured"]


def test_areas_without_a_layer_or_an_id_are_refused(tmp_path):
    table = write(tmp_path / "s.csv", "area_id,operator,lines", "E1,VNPT,5")
    with pytest.raises(LayerError) as caught:
        read_subscriptions(table, WARDS)
    assert caught.value.code == "areas_missing"
    shapes = [box(0, 0, 1, 1), box(1, 0, 2, 1)]
    gpd.GeoDataFrame({"kind": ["a", "a"]}, geometry=shapes, crs=make.CRS).to_file(tmp_path / "two.gpkg")
    with pytest.raises(LayerError) as caught:
        read_areas(tmp_path / "two.gpkg")
    assert caught.value.code == "areas_without_id"


def test_a_survey_is_read_in_shares_or_per_cent(tmp_path):
    table = write(
        tmp_path / "v.csv", "name,sample,fixed_percent,any_share,design_effect", "An,80,72.5,0.9,1.3", "Bình,60,,0.8,"
    )
    frame = read_survey(table, WARDS).frame
    assert frame.loc["w0", ["sample", "fixed_share", "any_share", "design_effect"]].tolist() == [80, 0.725, 0.9, 1.3]
    assert np.isnan(frame.loc["w1", "fixed_share"])
    assert frame.loc["w1", "design_effect"] == 1


def test_a_survey_asks_a_ward_once(tmp_path):
    table = write(tmp_path / "v.csv", "name,sample,any_share", "An,80,0.7", "An,90,0.8")
    layer = read_survey(table, WARDS)
    assert len(layer.frame) == 1
    assert [problem.code for problem in layer.problems if problem.severity == "error"] == ["ward_twice"]


def test_the_date_of_the_count_and_an_income_are_read_with_the_households(tmp_path):
    table = write(tmp_path / "h.csv", "name,households,period,income", "An,100,tháng 4/2019,5", "Bình,200,2019-04,")
    frame = read_people(table, WARDS).frame
    assert set(frame["households_period"]) == {"2019-04"}
    assert frame.loc["w0", "income"] == 5
