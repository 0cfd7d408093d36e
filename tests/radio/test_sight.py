import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates

from coverage.radio.sight import line_of_sight

SIDE, PIXEL = 101, 20.0
MIDDLE = (50.0, 50.0)


def seen(ground, top=None, position=MIDDLE, antenna=30.0, receiver=1.5, reach=1000.0, **more):
    top = ground if top is None else top
    return line_of_sight(
        ground, top, position, pixel_m=PIXEL, reach_m=reach, antenna_m=antenna, receiver_m=receiver, **more
    )


def flat():
    return np.zeros((SIDE, SIDE))


def test_flat_ground_is_all_in_sight_and_nothing_beyond_the_reach():
    found = seen(flat())
    row, col = np.indices(found.shape)
    inside = np.hypot(row - 50, col - 50) * PIXEL <= 1000
    assert (found[inside] == 1).all()
    assert np.isnan(found[~inside]).all()


def test_the_shadow_behind_a_ridge_has_the_length_it_should():
    ground = flat()
    ground[:, 60] = 16.0
    found = seen(ground)[50]
    # over the crest the ray falls 14 m in 200 m: at 407 m it is 1.5 m above the plain; nearer pixels lie in shadow
    np.testing.assert_array_equal(found[62:71], 0)
    np.testing.assert_array_equal(found[71:], 1)
    np.testing.assert_array_equal(found[:61], 1)


def test_a_building_counts_between_the_terminals_only():
    ground, top = flat(), flat()
    top[50, 60] = 40.0
    found = seen(ground, top)
    assert found[50, 60] == 1, "the receiver stands beside its own building"
    assert (found[50, 62:] == 0).all()
    top[50, 50] = 60.0
    assert seen(ground, top)[50, 55] == 1, "the antenna stands above its own"


def test_the_curvature_of_the_earth_ends_the_view():
    # over a smooth Earth two antennas see each other up to √(2·a·h1) + √(2·a·h2)
    ground = np.zeros((3, 1500))
    radius = 4 / 3 * 6_371_000.0
    found = line_of_sight(
        ground, ground, (1.0, 0.0), pixel_m=20.0, reach_m=29_000.0, antenna_m=20.0, receiver_m=1.5, radius_m=radius
    )[1]
    limit = math.sqrt(2 * radius * 20) + math.sqrt(2 * radius * 1.5)
    last = np.flatnonzero(found == 1).max() * 20.0
    assert last == pytest.approx(limit, abs=60)
    assert (found[: int(limit / 20) - 3] == 1).all()


def test_unknown_ground_leaves_it_open_unless_something_known_stands_in_the_way():
    ground = flat()
    ground[:, 70] = np.nan
    found = seen(ground)
    assert (found[50, :68] == 1).all()
    assert np.isnan(found[50, 73:]).all()
    ground[:, 60] = 200.0
    assert (seen(ground)[50, 72:100] == 0).all()
    ground[50, 50] = np.nan
    assert np.isnan(seen(ground)).all()


def test_a_mast_between_pixels_and_a_reach_below_a_pixel():
    found = seen(flat(), position=(20.25, 30.75), reach=300.0)
    assert np.nansum(found) == pytest.approx(math.pi * 15**2, rel=0.02)
    assert np.isnan(seen(flat(), position=(20.5, 30.5), reach=5.0)).all()


def test_every_pixel_agrees_with_a_profile_of_its_own_on_rough_ground():
    rng = np.random.default_rng(5)
    smooth = np.cumsum(np.cumsum(rng.normal(size=(SIDE, SIDE)), 0), 1)
    ground = 150 * (smooth - smooth.min()) / np.ptp(smooth)
    found = seen(ground)
    same = total = 0
    foot = ground[50, 50] + 30
    for row in range(0, SIDE, 3):
        for col in range(0, SIDE, 3):
            length = math.hypot(row - 50, col - 50)
            if not 3 <= length <= 50:
                continue
            part = np.arange(1, int(length)) / length
            at = [50 + part * (row - 50), 50 + part * (col - 50)]
            heights = map_coordinates(ground, at, order=1)
            away = part * length * PIXEL
            bulge = away * (length * PIXEL - away) / (2 * 4 / 3 * 6_371_000.0)
            line = foot + part * (ground[row, col] + 1.5 - foot)
            clear = (heights + bulge <= line).all()
            total += 1
            same += bool(found[row, col]) == clear
    assert same / total > 0.98


@given(rise=st.floats(0, 60), seed=st.integers(0, 50))
def test_raising_the_antenna_never_hides_a_pixel(rise, seed):
    ground = np.random.default_rng(seed).uniform(0, 40, (31, 31))
    low = seen(ground, position=(15, 15), reach=300.0)
    high = seen(ground, position=(15, 15), reach=300.0, antenna=30.0 + rise)
    known = np.isfinite(low)
    assert (high[known] >= low[known]).all()
