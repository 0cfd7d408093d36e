import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st

from coverage.errors import GridError
from coverage.grid import Grid, Raster, metre_bounds

CRS = "EPSG:5899"
GRID = Grid(west_m=1000.0, north_m=2000.0, pixel_m=100.0, rows=5, cols=8)


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


@pytest.mark.parametrize("pixel", [13.0, 30.0, 100.0, 250.0])
@pytest.mark.parametrize("offset", [0.0, 7.0])
def test_counts_survive_a_change_of_pixel(pixel, offset):
    values = np.random.default_rng(3).integers(0, 90, (12, 15)).astype(float)
    grid = Grid(west_m=0.0, north_m=10_000.0, pixel_m=100.0, rows=100, cols=100)
    raster = Raster(values=values, transform=Affine(pixel, 0, 3000 + offset, 0, -pixel, 7000 - offset), crs=CRS)
    assert np.nansum(raster.on(grid, "density")) == pytest.approx(values.sum(), rel=2e-3)


@pytest.mark.parametrize("flip", [(1, 1), (-1, 1), (1, -1)])
def test_counts_on_the_axes_of_the_grid_are_those_of_polygons(flip):
    values = np.random.default_rng(4).random((9, 11)) * 40
    values[2, 3] = np.nan
    across, down = 83.7 * flip[0], -71.3 * flip[1]
    place = Affine(across, 0, 1350.0 - 400 * flip[0], 0, down, 1720.0 + 350 * flip[1])
    given = Raster(values=values, transform=place, crs=CRS).on(GRID, "density")
    cols, rows = (np.arange(n + 1) for n in (GRID.cols, GRID.rows))
    total, known = np.zeros(GRID.shape), np.zeros(GRID.shape)
    for (row, col), value in np.ndenumerate(values):
        east, north = (place @ (col + k, row + k) for k in (0, 1))
        wide, high = (
            np.clip(np.minimum(max(a, b), edges[1:]) - np.maximum(min(a, b), edges[:-1]), 0, None) / abs(step)
            for a, b, edges, step in (
                (east[0], north[0], GRID.west_m + cols * 100.0, across),
                (-east[1], -north[1], -GRID.north_m + rows * 100.0, down),
            )
        )
        part = np.outer(high, wide)
        known += part * np.isfinite(value)
        total += part * np.nan_to_num(value)
    np.testing.assert_allclose(given, np.where(known > 0, total, np.nan), rtol=1e-5)


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
