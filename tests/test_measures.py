import dataclasses
import gc
import weakref

import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st

from coverage.grid import Grid, Raster, Surface
from coverage.measures import covered, weigh, weighted_mean
from tests import builders as make

# Three wards: two share a border inside a column of pixels, one lies off the grid.
LAYER = make.wards((0, 0, 1.05, 2), (1.05, 0, 3, 2), (50, 50, 51, 51), areas_km2=[4.2, 3.9, 1.0])
WARDS = LAYER.frame
GRID = Grid(west_m=make.EAST, north_m=make.NORTH + 2000, pixel_m=100.0, rows=20, cols=30)


def raster(values):
    return Raster(values=np.asarray(values, dtype=float), transform=GRID.transform, crs=GRID.crs)


def fields(rng):
    """Return covered pixels and a probability."""
    probability = rng.random(GRID.shape, dtype=np.float32)
    return probability >= 0.5, probability


def halves(share_of_west=0.5):
    """Return the share of each pixel in the first and the second ward; only column 10 is cut."""
    west = np.zeros(GRID.shape)
    west[:, :10], west[:, 10] = 1.0, share_of_west
    return west, 1 - west


def test_area_is_that_of_the_polygons_in_square_kilometres():
    area = weigh(WARDS, GRID, Surface()).area
    np.testing.assert_allclose(area.totals, [4.2, 3.9, 0.0], rtol=1e-6)
    for pixels in fields(np.random.default_rng(1)):
        expected = [(part * pixels).sum() / part.sum() for part in halves()]
        np.testing.assert_allclose(area.shares(pixels), [*expected, np.nan], rtol=1e-6)
        np.testing.assert_allclose(area.sums(pixels)[:2], np.multiply(expected, [4.2, 3.9]), rtol=1e-6)


def test_people_stand_where_the_raster_has_them():
    rng = np.random.default_rng(2)
    counts = rng.integers(0, 50, GRID.shape).astype(float)
    counts[3, 4] = np.nan  # unknown counts for nobody
    weights = weigh(WARDS, GRID, Surface(population=raster(counts)))
    assert weights.assumed == {"people": "raster", "households": "households_as_people"}
    assert weights.households is weights.people
    np.testing.assert_allclose(weights.people.totals, [1, 1, 0])
    for pixels in fields(rng):
        here = [part * np.nan_to_num(counts) for part in halves()]
        expected = [(part * pixels).sum() / part.sum() for part in here]
        np.testing.assert_allclose(weights.people.shares(pixels), [*expected, np.nan], rtol=1e-6)


def test_without_counts_people_stand_on_built_up_land_and_evenly_where_a_ward_has_none():
    clutter = np.full(GRID.shape, 10.0)
    clutter[5:9, :10] = 50  # only in the first ward
    weights = weigh(WARDS, GRID, Surface(clutter=raster(clutter)))
    assert weights.assumed == {"people": "built_up", "households": "built_up"}
    built, everywhere = np.zeros(GRID.shape, bool), halves()[1]
    built[5:9, :10] = True
    rng = np.random.default_rng(3)
    for pixels in fields(rng):
        expected = [pixels[built].mean(), (everywhere * pixels).sum() / everywhere.sum(), np.nan]
        np.testing.assert_allclose(weights.people.shares(pixels), expected, rtol=1e-6)
        np.testing.assert_allclose(weights.residential.shares(pixels), [expected[0], np.nan, np.nan], rtol=1e-6)
    counts = rng.uniform(0, 1000, 3)
    each = weights.people.pixel_weights(counts).reshape(GRID.shape)
    expected = counts[0] * built / built.sum() + counts[1] * everywhere / everywhere.sum()
    np.testing.assert_allclose(each, expected, rtol=1e-5, atol=1e-9)


def test_without_land_cover_people_stand_evenly_over_their_ward():
    weights = weigh(WARDS, GRID, Surface())
    assert weights.assumed == {"people": "uniform", "households": "uniform"}
    assert weights.residential is None
    for pixels in fields(np.random.default_rng(4)):
        np.testing.assert_array_equal(weights.people.shares(pixels), weights.area.shares(pixels))


@given(st.integers(0, 2**32 - 1))
def test_the_weights_of_pixels_sum_to_what_the_wards_say(seed):
    rng = np.random.default_rng(seed)
    surface = Surface(clutter=raster(rng.choice([10.0, 50.0], GRID.shape)), households=raster(rng.random(GRID.shape)))
    weights = weigh(WARDS, GRID, surface)
    counts, (reached, probability) = rng.uniform(0, 9, 3), fields(rng)
    for weighting in (weights.area, weights.residential, weights.people, weights.households):
        each = weighting.pixel_weights(counts)
        assert each.shape == (GRID.rows * GRID.cols,)
        assert each[reached.ravel()].sum() == pytest.approx(counts @ weighting.sums(reached), rel=1e-12)
        assert each @ probability.ravel() == pytest.approx(counts @ weighting.sums(probability), rel=1e-12)


def test_a_ward_covered_everywhere_is_covered_whole():
    rng = np.random.default_rng(5)
    surface = Surface(clutter=raster(rng.choice([10.0, 50.0], GRID.shape)), population=raster(rng.random(GRID.shape)))
    weights = weigh(WARDS, GRID, surface)
    for weighting in (weights.area, weights.residential, weights.people):
        for ones in (np.ones(GRID.shape, dtype=bool), np.ones(GRID.shape, dtype=np.float32)):
            assert weighting.shares(ones)[:2].tolist() == [1.0, 1.0]


def test_a_change_in_a_window_changes_the_sums_by_those_of_the_window():
    rng = np.random.default_rng(6)
    people = weigh(WARDS, GRID, Surface(population=raster(rng.random(GRID.shape)))).people
    before, rows, cols = rng.random(GRID.shape, dtype=np.float32), slice(3, 11), slice(5, 17)
    after = before.copy()
    after[rows, cols] = 0
    change = people.sums(after[rows, cols], rows=rows, cols=cols) - people.sums(
        before[rows, cols], rows=rows, cols=cols
    )
    np.testing.assert_allclose(people.sums(before) + change, people.sums(after), rtol=1e-12)


def test_the_same_wards_grid_and_rasters_are_weighed_once():
    surface = Surface(population=raster(np.ones(GRID.shape)), terrain=raster(np.zeros(GRID.shape)))
    weights = weigh(WARDS, GRID, surface)
    assert weigh(WARDS, dataclasses.replace(GRID), dataclasses.replace(surface, terrain=None)) is weights
    assert weigh(WARDS.copy(), GRID, surface) is not weights
    assert weigh(WARDS, GRID, Surface(population=raster(np.ones(GRID.shape)))) is not weights
    assert weigh(WARDS, GRID, Surface()) is not weights


def test_what_was_weighed_is_not_kept_alive():
    wards, population = WARDS.copy(), raster(np.ones(GRID.shape))
    weigh(wards, GRID, Surface(population=population))
    gone = weakref.ref(wards), weakref.ref(population)
    del wards, population
    gc.collect()
    assert [reference() for reference in gone] == [None, None]


def test_counts_of_another_pixel_keep_their_ward():
    # 250 m pixels of people: each falls apart into the grid's without crossing the border by more than its part.
    counts = np.random.default_rng(7).integers(0, 90, (8, 12)).astype(float)
    coarse = Raster(values=counts, transform=Affine(250, 0, make.EAST, 0, -250, make.NORTH + 2000), crs=GRID.crs)
    people = weigh(WARDS, GRID, Surface(population=coarse)).people
    west = (counts[:, :4].sum() + counts[:, 4].sum() * 0.2) / counts.sum()
    counted = people.zones.sums(np.ones(GRID.shape, dtype=bool), people.value)
    np.testing.assert_allclose(counted[:2], np.multiply([west, 1 - west], counts.sum()), rtol=1e-5)


def test_a_mean_counts_only_what_is_known():
    assert weighted_mean(np.array([0.5, np.nan, 1.0]), np.array([3.0, 5.0, 1.0])) == pytest.approx(0.625)
    assert np.isnan(weighted_mean(np.array([0.5]), np.array([0.0])))


def test_a_pixel_at_the_edge_probability_is_covered():
    assert covered(np.array([0.9, 0.8999], dtype=np.float32), 0.9).tolist() == [True, False]
