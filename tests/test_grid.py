import geopandas as gpd
import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, Polygon, box

from coverage.errors import GridError
from coverage.grid import Grid, Raster, metre_bounds, overlay

CRS = "EPSG:5899"
GRID = Grid(west_m=1000.0, north_m=2000.0, pixel_m=100.0, rows=5, cols=8)


def squares(*polygons):
    return gpd.GeoSeries(list(polygons), crs=CRS)


def test_covering_aligns_to_multiples_of_the_pixel():
    grid = Grid.covering((1010, 1510, 1790, 1999), 100.0)
    assert grid == GRID
    assert grid.bounds_m == (1000, 1500, 1800, 2000)
    assert grid.eastings[0] == 1050
    assert grid.northings[0] == 1950
    assert (grid.transform @ (0, 0)) == (1000, 2000)


@pytest.mark.parametrize(
    ("bounds", "pixel", "crs", "code"),
    [
        ((0, 0, 1, 1), 0.0, CRS, "bad_pixel"),
        ((0, 0, 1, 1), float("nan"), CRS, "bad_pixel"),
        ((0, 0, 1, 1), 1.0, "EPSG:4326", "crs_not_metres"),
        ((1, 0, 1, 1), 1.0, CRS, "empty_extent"),
        ((0, 0, float("inf"), 1), 1.0, CRS, "empty_extent"),
        ((0, 0, 1e6, 1e6), 1.0, CRS, "too_many_pixels"),
    ],
)
def test_a_grid_that_makes_no_sense_is_refused(bounds, pixel, crs, code):
    with pytest.raises(GridError) as caught:
        Grid.covering(bounds, pixel, crs)
    assert caught.value.code == code


@given(st.floats(900, 1900), st.floats(1400, 2100), st.floats(10, 400))
def test_a_window_holds_every_pixel_whose_centre_is_within_the_radius(easting, northing, radius):
    rows, cols = GRID.window(easting, northing, radius)
    distance = np.hypot(GRID.eastings[None, :] - easting, GRID.northings[:, None] - northing)
    inside = np.zeros(GRID.shape, bool)
    inside[rows, cols] = True
    assert inside[distance <= radius].all()


def test_overlay_of_a_hand_made_polygon():
    # 1.5 pixels wide, 1 high, from the corner of pixel (1, 2).
    share = overlay(squares(box(1200, 1800, 1350, 1900)), GRID).toarray().reshape(GRID.shape)
    expected = np.zeros(GRID.shape)
    expected[1, 2], expected[1, 3] = 1.0, 0.5
    np.testing.assert_allclose(share, expected, atol=1e-6)


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_neighbours_share_every_pixel_without_loss(seed):
    cut = np.random.default_rng(seed).uniform(1100, 1700, 2)
    west = Polygon([(1000, 1500), (cut[0], 1500), (cut[1], 2000), (1000, 2000)])
    east = Polygon([(cut[0], 1500), (1800, 1500), (1800, 2000), (cut[1], 2000)])
    share = overlay(squares(west, east), GRID)
    np.testing.assert_allclose(share.sum(axis=0), 1.0, atol=1e-6)
    np.testing.assert_allclose(share.sum(axis=1) * 100**2, [west.area, east.area], rtol=1e-6)


def test_overlay_refuses_another_crs():
    with pytest.raises(GridError, match="crs_mismatch"):
        overlay(gpd.GeoSeries([Point(0, 0).buffer(1)], crs="EPSG:4326"), GRID)


def test_a_polygon_off_the_grid_has_an_empty_row():
    share = overlay(squares(box(0, 0, 10, 10), box(1000, 1500, 1800, 2000)), GRID)
    assert share.sum(axis=1).tolist() == [0.0, 40.0]


@pytest.mark.parametrize("pixel", [13.0, 30.0, 100.0, 250.0])
@pytest.mark.parametrize("offset", [0.0, 7.0])
def test_counts_survive_a_change_of_pixel(pixel, offset):
    values = np.random.default_rng(3).integers(0, 90, (12, 15)).astype(float)
    grid = Grid(west_m=0.0, north_m=10_000.0, pixel_m=100.0, rows=100, cols=100)
    raster = Raster(values=values, transform=Affine(pixel, 0, 3000 + offset, 0, -pixel, 7000 - offset), crs=CRS)
    assert np.nansum(raster.on(grid, "density")) == pytest.approx(values.sum(), rel=2e-3)


def test_where_a_raster_says_nothing_the_grid_knows_nothing():
    raster = Raster(values=np.ones((2, 2)), transform=Affine(100, 0, 1000, 0, -100, 2000), crs=CRS)
    on_grid = raster.on(GRID, "nearest")
    assert on_grid[:2, :2].tolist() == [[1, 1], [1, 1]]
    assert np.isnan(on_grid[2:]).all()
    assert np.isnan(on_grid[:, 2:]).all()


def test_bounds_in_degrees_become_metres_around_them():
    west, south, east, north = metre_bounds((108.1, 16.0, 108.3, 16.2))
    assert 536_000 < west < 540_000
    assert east - west == pytest.approx(0.2 * 111_320 * np.cos(np.radians(16.1)), rel=0.01)
    assert north - south == pytest.approx(0.2 * 110_650, rel=0.01)
    with pytest.raises(GridError, match="bad_bounds"):
        metre_bounds((16.0, 108.1, 16.2, 108.3))
