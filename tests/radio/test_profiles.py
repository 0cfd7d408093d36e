import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage.radio.profiles import fitted_line, horizons

FLAT_EARTH = np.array([1e15])


def seen(ground, step, antennas, radius=FLAT_EARTH):
    return horizons(np.array([ground], dtype=float), np.array([step]), np.array(antennas, dtype=float)[:, None], radius)


def test_a_hill_is_the_horizon_of_both_terminals():
    found = seen([0, 0, 100, 0, 0, 0], 1000.0, [10, 30])
    assert found.distance_m[:, 0].tolist() == [2000, 3000]
    assert found.angle_rad[:, 0].tolist() == pytest.approx([90 / 2000, 70 / 3000])


def test_without_an_obstacle_each_terminal_is_the_others_horizon():
    found = seen([0, 0, 0, 0], 500.0, [20, 50])
    assert found.distance_m[:, 0].tolist() == [1500, 1500]
    assert found.angle_rad[:, 0].tolist() == pytest.approx([30 / 1500, -30 / 1500])


def test_the_bulge_of_the_earth_hides_a_distant_terminal():
    # At 100 km over 4/3 of the Earth the middle stands 147 m proud of terminals at 10 m; both horizons lie where
    # (0 − 10)/x − x/2R is largest: x = √(2R·10) = 13.03 km, on a grid of 1 km at 13 km.
    found = seen(np.zeros(101), 1000.0, [10, 10], np.array([8.495e6]))
    assert found.distance_m[:, 0].tolist() == pytest.approx([13_000, 13_000])
    assert found.angle_rad[0, 0] == pytest.approx(-10 / 13_000 - 13_000 / (2 * 8.495e6))


def test_two_points_have_nothing_between_them():
    assert seen([5, 8], 700.0, [10, 10]).distance_m[:, 0].tolist() == [700, 700]


@given(st.floats(-500, 500), st.floats(-20, 20), st.integers(0, 10), st.integers(2, 20))
def test_a_straight_stretch_is_its_own_fit(level, slope, first, length):
    ground = np.full((1, 40), 777.0)
    stretch = np.arange(first, first + length + 1)
    ground[0, stretch] = level + slope * stretch
    found = fitted_line(ground, np.array([first]), np.array([first + length]))
    assert [float(part[0]) for part in found] == pytest.approx([level, slope], abs=1e-8)
