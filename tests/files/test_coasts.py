"""The coast: polygons of land, of sea, or lines of the shore give the same sea."""

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import LineString, Point, box

from coverage.errors import LayerError
from coverage.files.coasts import read_coast
from coverage.types import WORKING_CRS
from tests import builders as make

EAST, NORTH = make.EAST, make.NORTH
WARDS = make.wards((0, -4, 2, 0), (2, -4, 4, 0)).frame
AROUND = (EAST - 20_000, NORTH - 24_000, EAST + 24_000, NORTH + 20_000)
SHORE = EAST + 5000  # east of it there is sea, but for an island of 4 × 4 km
ISLAND = box(EAST + 10_000, NORTH - 4000, EAST + 14_000, NORTH)
LAND = box(EAST - 90_000, NORTH - 90_000, SHORE, NORTH + 90_000)
SEA_KM2 = 19 * 44 - 16


def write(path, *shapes):
    gpd.GeoDataFrame({"name": ["x"] * len(shapes)}, geometry=list(shapes), crs=WORKING_CRS).to_file(path)
    return path


@pytest.mark.parametrize(
    ("shapes", "code"),
    [
        ((LAND, ISLAND), "coast_as_land"),
        ((box(SHORE, NORTH - 90_000, EAST + 90_000, NORTH + 90_000).difference(ISLAND),), "coast_as_sea"),
        ((LineString([(SHORE, NORTH - 90_000), (SHORE, NORTH + 90_000)]), ISLAND.exterior), "coast_as_lines"),
    ],
)
def test_land_sea_and_shore_lines_say_the_same(tmp_path, shapes, code):
    raster, source, problems = read_coast(write(tmp_path / "coast.gpkg", *shapes), WARDS, AROUND)
    assert source.name == "coast.gpkg"
    assert [problem.code for problem in problems] == [code]
    assert problems[0].values["km2"] == pytest.approx(SEA_KM2, rel=1e-6)
    assert set(np.unique(raster.values)) == {0, 1}
    assert raster.values.sum() * raster.transform.a**2 / 1e6 == pytest.approx(SEA_KM2, rel=2e-3)

    def at(east_km, north_km):
        col, row = ~raster.transform @ (EAST + 1000 * east_km, NORTH + 1000 * north_km)
        return raster.values[int(row), int(col)]

    assert [at(-15, 5), at(2, -2), at(12, -2), at(7, -2), at(20, 15)] == [0, 0, 0, 1, 1]


def test_an_inland_city_has_no_sea(tmp_path):
    country = box(EAST - 90_000, NORTH - 90_000, EAST + 90_000, NORTH + 90_000)
    raster, _, problems = read_coast(write(tmp_path / "land.gpkg", country), WARDS, AROUND)
    assert raster.values.sum() == 0
    assert problems[0].values["km2"] == 0


def test_a_coast_that_drowns_the_wards_or_holds_nothing_is_refused(tmp_path):
    through = LineString([(EAST + 2000, NORTH - 90_000), (EAST + 2000, NORTH + 90_000)])
    for shape, code in (
        (through, "coast_unclear"),
        (Point(EAST, NORTH), "no_coast"),
        (box(EAST + 80_000, NORTH, EAST + 90_000, NORTH + 9), "no_coast"),
    ):
        with pytest.raises(LayerError) as caught:
            read_coast(write(tmp_path / f"{code}.gpkg", shape), WARDS, AROUND)
        assert caught.value.code == code


def test_the_real_shore_of_da_nang(shared_data):
    wards = gpd.read_file(shared_data / "admin" / "danang_districts8_gischinhphu.geojson").to_crs(WORKING_CRS)
    places = wards.geometry.representative_point().to_crs(4326)
    wards["mainland"] = (places.x < 109).to_numpy()
    mainland = wards.geometry[wards["mainland"]]
    west, south, east, north = mainland.total_bounds
    around = (west - 20_000, south - 20_000, east + 20_000, north + 20_000)
    path = shared_data / "terrain" / "coastline_gshhg_full.geojson"
    raster, _, problems = read_coast(path, wards, around)
    assert [problem.code for problem in problems] == ["coast_as_lines"]
    for lon, lat, sea in ((108.2, 16.05, 0), (108.0, 16.0, 0), (108.28, 16.12, 0), (108.2, 16.12, 1), (108.4, 16.0, 1)):
        place = gpd.GeoSeries([Point(lon, lat)], crs=4326).to_crs(WORKING_CRS)[0]
        col, row = ~raster.transform @ (place.x, place.y)
        assert raster.values[int(row), int(col)] == sea, (lon, lat)


def test_bounds_that_an_island_stretches_take_coarser_pixels(tmp_path, monkeypatch):
    monkeypatch.setattr("coverage.files.coasts.PIXELS", 100_000)
    raster, _, _ = read_coast(write(tmp_path / "land.gpkg", LAND, ISLAND), WARDS, AROUND)
    assert raster.transform.a == 200.0
    assert raster.values.sum() * 0.04 == pytest.approx(SEA_KM2, rel=0.02)
