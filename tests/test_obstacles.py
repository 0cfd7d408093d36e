import dataclasses
import math

import numpy as np
import pytest

from coverage.grid import Grid, Surface
from coverage.obstacles import BUILT_UP, clutter_heights, sea_from, zones
from coverage.study import Study
from coverage.terrain import P1812
from tests import builders as make

GRID = Grid(west_m=make.EAST, north_m=make.NORTH, pixel_m=20.0, rows=4, cols=4)


def surface(**layers):
    """Four by four pixels of 20 m, rasters of 5 m over them."""
    return Surface(**{name: make.raster(values, 80 / len(values)) for name, values in layers.items()})


def buildings(*blocks):
    """Return heights at 5 m: (row, col, rows, cols, height) in pixels of 5 m."""
    values = np.zeros((16, 16))
    for row, col, rows, cols, height in blocks:
        values[row : row + rows, col : col + cols] = height
    return values


def test_without_buildings_trees_and_built_up_land_have_representative_heights():
    code = np.array([[10, 50, 95, 30], [80, 40, np.nan, 50], [60, 20, 90, 100], [30, 30, 30, 30]])
    expected = np.zeros((4, 4))
    expected[0, :3] = expected[1, 3] = 15.0
    found = clutter_heights(surface(clutter=code), GRID)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(clutter_heights(Surface(), GRID), 0.0)


def test_buildings_take_the_place_of_built_up_clutter_and_leave_the_trees():
    code = np.full((4, 4), 50.0)
    code[0] = 10
    rows = buildings(
        (4, 0, 2, 2, 9.0),  # a house of 10 × 10 m: half of the lines across its pixel meet it
        (4, 4, 1, 2, 40.0),  # a narrow tower of 5 × 10 m: three lines of eight
        (4, 8, 1, 1, 8.0), (6, 10, 1, 1, 4.0),  # two huts, apart: four of eight
        (8, 0, 3, 4, 10.0), (11, 0, 1, 4, 30.0),  # two that share a pixel by 3 to 1
        (0, 0, 4, 4, 6.0),
    )  # fmt: skip
    found = clutter_heights(surface(clutter=code, buildings=rows), GRID)
    assert found[1, 0] == pytest.approx(9.0)
    assert found[1, 1] == 0.0
    assert found[1, 2] == pytest.approx(6.0)
    assert found[2, 0] == pytest.approx(15.0)
    np.testing.assert_array_equal(found[0], 15.0)  # trees higher than the house among them
    assert (found[3] == 0).all()


def test_a_tower_rises_over_the_trees_and_without_land_cover():
    tower = surface(clutter=np.full((4, 4), 10.0), buildings=buildings((0, 0, 4, 4, 80.0)))
    assert clutter_heights(tower, GRID)[0, 0] == pytest.approx(80.0)
    bare = clutter_heights(dataclasses.replace(tower, clutter=None), GRID)
    assert bare[0, 0] == pytest.approx(80.0)
    assert bare.sum() == pytest.approx(80.0)


def test_where_no_buildings_are_known_built_up_land_keeps_its_height():
    rows = buildings((0, 0, 4, 4, 6.0))
    rows[:, 8:] = np.nan
    given = surface(clutter=np.full((4, 4), float(BUILT_UP)), buildings=rows)
    found = clutter_heights(given, GRID)
    assert found[0, 0] == pytest.approx(6.0)
    assert (found[1:, :2] == 0).all()
    np.testing.assert_array_equal(found[:, 2:], 15.0)


def test_the_bands_that_are_looked_at_change_nothing(monkeypatch):
    rng = np.random.default_rng(1)
    given = surface(buildings=np.where(rng.random((16, 16)) < 0.1, rng.uniform(3, 30, (16, 16)), 0.0))
    whole = clutter_heights(given, GRID)
    monkeypatch.setattr("coverage.obstacles.BAND_PARTS", 70)
    np.testing.assert_array_equal(clutter_heights(given, GRID), whole)
    assert 0 < (whole > 0).mean() < 1


# a coast: 30 km of land in the west, 20 km of sea in the east, at 100 m
WIDE = Grid(west_m=make.EAST, north_m=make.NORTH, pixel_m=100.0, rows=60, cols=500)


def shore(height=None, clutter=True, **more):
    ground = np.zeros((60, 500))
    ground[:, :300] = 5.0 if height is None else height
    code = np.full((60, 500), 30.0)
    code[:, 300:] = 80
    layers = {"terrain": make.raster(ground, 100.0), **more}
    return Surface(clutter=make.raster(code, 100.0) if clutter else None, **layers)


def test_the_sea_is_wide_water_at_sea_level_that_reaches_the_edge():
    found = zones(shore(), WIDE)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found[:, :300], 3)
    np.testing.assert_array_equal(found[:, 300:], 1)
    assert sea_from(shore()) == "land_cover"


def test_rivers_and_lakes_are_no_sea():
    given = shore()
    code = given.clutter.values
    code[20:26, 200:300] = 80  # a river of 600 m that ends in the sea
    code[30:50, 50:80] = 80  # a lake of 2 × 3 km inland
    code[0:15, 100:130] = 80  # a reservoir that the edge cuts
    given.terrain.values[0:15, 100:130] = 40.0
    found = zones(given, WIDE)
    assert (found[20:26, 200:290] == 3).all()
    assert (found[30:50, 50:80] == 3).all()
    assert (found[0:15, 100:130] == 3).all()
    assert (found[:, 300:] == 1).all()


def test_land_above_100_m_and_land_behind_it_is_inland():
    height = np.full(300, 5.0)
    height[100:110] = 300.0  # a ridge from north to south
    found = zones(shore(height[None, :]), WIDE)
    assert (found[:, 112:300] == 3).all()
    assert (found[:, 102:108] == 4).all()
    assert (found[:, :98] == 4).all(), "low, but cut off from the sea by higher land"


def test_coastal_land_ends_50_km_from_the_sea():
    far = Grid(west_m=make.EAST, north_m=make.NORTH, pixel_m=200.0, rows=10, cols=400)
    sea = np.zeros((10, 400))
    sea[:, 380:] = 1
    given = Surface(terrain=make.raster(np.full((10, 400), 5.0), 200.0), coast=make.raster(sea, 200.0))
    found = zones(given, far)
    assert (found[:, 131:380] == 3).all()
    assert (found[:, :129] == 4).all()


def test_a_coast_layer_goes_before_land_cover():
    sea = np.zeros((60, 500))
    sea[:, 400:] = 1
    given = shore(coast=make.raster(sea, 100.0))
    assert (zones(given, WIDE)[:, 300:400] == 3).all()
    assert sea_from(given) == "coast"


def test_without_sea_without_terrain_or_without_both_there_are_no_zones():
    inland = Surface(
        terrain=make.raster(np.zeros((60, 500)), 100.0), clutter=make.raster(np.full((60, 500), 30), 100.0)
    )
    assert zones(inland, WIDE) is None
    assert zones(shore(clutter=False), WIDE) is None
    assert sea_from(shore(clutter=False)) == "nowhere"
    assert zones(Surface(), WIDE) is None


def test_neither_pixel_nor_bounds_of_a_study_change_a_zone():
    given = shore()
    whole = zones(given, WIDE)
    window = Grid(west_m=make.EAST + 10_000, north_m=make.NORTH - 1_000, pixel_m=100.0, rows=20, cols=50)
    np.testing.assert_array_equal(zones(given, window), whole[10:30, 100:150])
    coarse = Grid(west_m=make.EAST, north_m=make.NORTH, pixel_m=500.0, rows=12, cols=100)
    np.testing.assert_array_equal(zones(given, coarse), whole[2::5, 2::5])


def test_a_wall_of_buildings_shades_what_lies_behind_it_and_open_ground_in_a_town_does_not():
    square = make.wards((-2, -2, 2, 2))
    mast = make.cells(make.cell(azimuth_deg=math.nan, height_m=30.0))
    extent = {"west_km": -8, "north_km": 8}
    town, wall = np.full((320, 320), float(BUILT_UP)), np.zeros((320, 320))
    wall[:, 180:184] = 45.0  # 1.0 to 1.2 km east of the mast
    given = {"terrain": make.raster(np.zeros((320, 320)), 50.0, **extent)}
    clutter = make.raster(town, 50.0, **extent)

    def levels(**layers):
        city = make.city(square, mast, surface=Surface(**given, **layers))
        return (
            Study(city, pixel_m=50, model=P1812(sweep_m=2500.0)).run().signal.best_rsrp_dbm[40]
        )  # the row of the mast

    bare, dense = levels(), levels(clutter=clutter)
    walled = levels(clutter=clutter, buildings=make.raster(wall, 50.0, **extent))
    before, behind = slice(50, 58), slice(68, 78)
    np.testing.assert_allclose(walled[before], bare[before], atol=0.1)  # the streets of the town are open now
    assert (walled[behind] < bare[behind] - 10).all()
    assert (dense[before] < bare[before] - 5).all()
