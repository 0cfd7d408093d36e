"""Buildings: footprints with heights, floors or neither, and their raster."""

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import LineString, Point, box

from coverage.errors import LayerError
from coverage.files.buildings import building_raster, read_buildings
from coverage.words import LANGUAGES, render_problem

EAST, NORTH = 540_000.0, 1_775_000.0
AROUND = (EAST - 5000, NORTH - 5000, EAST + 5000, NORTH + 5000)


def house(col, row, width=10.0, depth=20.0):
    return box(EAST + col, NORTH - row - depth, EAST + col + width, NORTH - row)


def write(path, rows):
    columns = {name: [row.get(name, "") for row in rows] for name in dict.fromkeys(key for row in rows for key in row)}
    shapes = columns.pop("geometry")
    gpd.GeoDataFrame(columns, geometry=shapes, crs=5899).to_file(path)
    return path


def test_heights_come_from_the_file_from_floors_or_from_built_up_land(tmp_path):
    rows = [
        {"Chiều cao (m)": "12,5", "Số tầng": "", "geometry": house(0, 0)},
        {"Chiều cao (m)": "", "Số tầng": "4", "geometry": house(20, 0)},
        {"Chiều cao (m)": "", "Số tầng": "", "geometry": house(40, 0)},
        {"Chiều cao (m)": "-3", "Số tầng": "2", "geometry": house(60, 0)},
    ]
    layer = read_buildings(write(tmp_path / "nha.geojson", rows), AROUND)
    assert layer.kind == "buildings"
    assert layer.frame["height_m"].tolist() == pytest.approx([12.5, 13.2, 15.0, 6.6])
    assert layer.frame.crs.to_epsg() == 5899
    assert layer.defaulted == {"floors": 2, "height_m": 1}
    assert layer.source.rows == 4
    found = {problem.code: problem for problem in layer.problems}
    assert found.keys() == {"out_of_range_ignored", "building_floors", "building_untold"}
    assert layer.refused == 0
    for lang in LANGUAGES:
        assert "2" in render_problem(found["building_floors"], lang)


@pytest.mark.parametrize("name", ["b.gpkg", "b.geojson"])
def test_rows_that_are_no_building_are_refused_and_told(tmp_path, name):
    rows = [
        {"height": "9", "geometry": house(0, 0)},
        {"height": "9", "geometry": Point(EAST, NORTH)},
        {"height": "9", "geometry": box(EAST, NORTH, EAST + 1000, NORTH + 1000)},
        {"height": "9", "geometry": house(90_000, 0)},
    ]
    layer = read_buildings(write(tmp_path / name, rows), AROUND)
    assert len(layer.frame) == 1
    assert [(p.code, p.row) for p in layer.problems if p.severity == "error"] == [
        ("building_shapeless", 2),
        ("building_huge", 3),
    ]
    assert [p.values["count"] for p in layer.problems if p.code == "buildings_far"] == [1]


def test_files_without_buildings_are_refused(tmp_path):
    lines = write(tmp_path / "l.geojson", [{"height": "9", "geometry": LineString([(EAST, NORTH), (EAST + 9, NORTH)])}])
    far = write(tmp_path / "far.geojson", [{"height": "9", "geometry": house(90_000, 0)}])
    huge = write(tmp_path / "huge.geojson", [{"height": "9", "geometry": box(*AROUND)}])
    for path, code in (
        (lines, "buildings_without_polygons"),
        (far, "buildings_elsewhere"),
        (huge, "no_usable_row"),
    ):
        with pytest.raises(LayerError) as caught:
            read_buildings(path, AROUND)
        assert caught.value.code == code


def test_the_raster_holds_roofs_streets_and_what_nobody_mapped(tmp_path):
    rows = [
        {"height": "8", "geometry": house(0, 0, 50, 50)},
        {"height": "30", "geometry": house(20, 20, 10, 10)},
        {"height": "5", "geometry": house(20, 20, 10, 10)},
        {"height": "4", "geometry": house(3000, 0, 50, 50)},
    ]
    layer = read_buildings(write(tmp_path / "b.gpkg", rows), AROUND)
    raster = building_raster(layer.frame, AROUND)
    values = raster.values
    pixel = raster.transform.a
    assert values[values > 0].sum() * pixel**2 == pytest.approx(2400 * 8 + 100 * 30 + 2500 * 4)

    def at(east, north):
        col, row = ~raster.transform @ (EAST + east, NORTH + north)
        return values[int(row), int(col)]

    assert at(25, -25) == 30.0, "where two overlap the higher one stands"
    assert at(5, -5) == 8.0
    assert at(60, -25) == 0.0
    assert at(200, -25) == 0.0
    assert np.isnan(at(1500, -25))


def test_a_large_extent_takes_coarser_pixels(tmp_path, monkeypatch):
    rows = [{"height": "8", "geometry": house(0, 0, 100, 100)}, {"height": "8", "geometry": house(4000, 0, 100, 100)}]
    layer = read_buildings(write(tmp_path / "b.gpkg", rows), AROUND)
    monkeypatch.setattr("coverage.files.buildings.PIXELS", 10_000)
    raster = building_raster(layer.frame, AROUND)
    assert raster.values.size <= 11_000
    assert raster.transform.a in {20.0, 40.0}
