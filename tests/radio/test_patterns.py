"""Measured cuts: they come back where they were measured, run round without a seam, and never pass the maximum."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from coverage.errors import RangeError
from coverage.radio.antenna import sector_gain_db
from coverage.radio.patterns import cut_gain_db, normalised_cut, summed_gain_db, weighted_gain_db
from coverage.radio.tilts import tilted_gain_db

DEGREES = np.arange(360.0)
OFF = np.minimum(DEGREES, 360.0 - DEGREES)
HORIZONTAL = -np.minimum(12.0 * (OFF / 65.0) ** 2, 25.0)
# Ahead a beam 6° down; behind the same front-to-back ratio as in the horizontal cut.
VERTICAL = -np.minimum(12.0 * (np.minimum(np.abs(DEGREES - 6.0), np.abs(DEGREES - 366.0)) / 10.0) ** 2, 25.0)
CUTS = {"horizontal_db": HORIZONTAL, "vertical_db": VERTICAL}
METHODS = (summed_gain_db, weighted_gain_db)
cuts = arrays(float, 360, elements=st.floats(-40.0, 17.0))
bearings = st.floats(-360.0, 720.0)
depressions = st.floats(-90.0, 90.0)


@given(cuts)
def test_cuts_are_normalised_to_zero(cut: np.ndarray) -> None:
    found = normalised_cut(cut)
    assert found.max() == 0.0
    assert found - found[0] == pytest.approx(cut - cut[0], abs=1e-9)


@pytest.mark.parametrize("wrong", [[], [0.0] * 359, [0.0] * 361, [0.0] * 359 + [math.nan], [math.inf] + [0.0] * 359])
def test_other_cuts_are_refused(wrong: list[float]) -> None:
    for method in METHODS:
        with pytest.raises(RangeError) as caught:
            method(0.0, 0.0, horizontal_db=HORIZONTAL, vertical_db=wrong)
        assert caught.value.code == "pattern_cut"


@given(cuts, st.integers(-720, 720))
def test_whole_degrees_are_read_as_they_stand(cut: np.ndarray, angle: int) -> None:
    assert float(cut_gain_db(cut, angle)) == cut[angle % 360]


@given(cuts, st.floats(0.0, 359.999), st.integers(-2, 2))
def test_interpolation_is_linear_and_has_no_seam(cut: np.ndarray, angle: float, turns: int) -> None:
    low = int(angle)
    part = angle - low
    expected = cut[low] * (1 - part) + cut[(low + 1) % 360] * part
    assert float(cut_gain_db(cut, angle + 360.0 * turns)) == pytest.approx(expected, abs=1e-8)


def test_a_hair_below_zero_is_zero() -> None:
    cut = -DEGREES
    assert float(cut_gain_db(cut, -1e-18)) == pytest.approx(0.0, abs=1e-9)
    assert float(cut_gain_db(cut, 359.5)) == -179.5  # half way from −359 back to 0


def test_both_methods_return_the_cuts_ahead() -> None:
    down = np.arange(-90.0, 91.0)
    for method in METHODS:
        assert method(0.0, down, **CUTS) == pytest.approx(VERTICAL[down.astype(int) % 360], abs=1e-9)


def test_the_sum_by_hand() -> None:
    # 65° off: −12; 16° down, 10° below the beam: −12
    assert float(summed_gain_db(65.0, 16.0, **CUTS)) == pytest.approx(-24.0)
    assert float(summed_gain_db(-65.0, 6.0, **CUTS)) == pytest.approx(-12.0)
    assert float(summed_gain_db(180.0, 90.0, **CUTS)) == pytest.approx(-50.0)  # twice the front-to-back ratio


def test_the_weighted_method_by_hand_and_behind() -> None:
    # 90° off: half of the front, half of the back: −23.0059 − ½ (0 − V(16°)) − ½ (−25 − V(164°)), V = −12 and −25
    expected = -12 * (90 / 65) ** 2 - 0.5 * 12.0
    assert float(weighted_gain_db(90.0, 16.0, **CUTS)) == pytest.approx(expected)
    assert float(weighted_gain_db(-90.0, 16.0, **CUTS)) == pytest.approx(expected)
    down = np.arange(-90.0, 91.0)
    behind = weighted_gain_db(180.0, down, **CUTS)
    assert behind == pytest.approx(VERTICAL[(180 - down).astype(int) % 360], abs=1e-9)
    assert np.all(behind > summed_gain_db(180.0, down, **CUTS) - 1e-9)


def test_the_weighted_method_returns_the_horizontal_cut_where_it_was_measured() -> None:
    level = -np.minimum(12.0 * (OFF / 10.0) ** 2, 25.0)  # a beam on the horizon
    found = weighted_gain_db(DEGREES, 0.0, horizontal_db=HORIZONTAL, vertical_db=level)
    assert found == pytest.approx(HORIZONTAL, abs=1e-9)


@given(cuts, cuts, bearings, depressions)
def test_no_direction_passes_the_maximum(
    horizontal: np.ndarray, vertical: np.ndarray, bearing: float, depression: float
) -> None:
    for method in METHODS:
        found = method([bearing, bearing + 360.0], depression, horizontal_db=horizontal, vertical_db=vertical)
        assert found.max() <= 0.0
        assert found[0] == pytest.approx(found[1], abs=1e-6)


def test_the_cuts_of_the_sector_pattern_give_it_back_up_to_its_floor() -> None:
    beam = {"azimuth_deg": 0.0, "tilt_deg": 0.0, "beamwidth_az_deg": 65.0, "beamwidth_el_deg": 10.0}
    horizontal = sector_gain_db(DEGREES, 0.0, **beam)
    vertical = sector_gain_db(0.0, np.where(DEGREES > 180.0, DEGREES - 360.0, DEGREES), **beam)
    bearing, depression = np.meshgrid(np.arange(-60.0, 61.0, 4.0), np.arange(-9.0, 10.0))
    found = summed_gain_db(bearing, depression, horizontal_db=horizontal, vertical_db=vertical)
    assert np.maximum(found, -30.0) == pytest.approx(sector_gain_db(bearing, depression, **beam), abs=1e-9)


def test_measured_patterns_tilt() -> None:
    def pattern(bearing, depression):
        return weighted_gain_db(bearing, depression, **CUTS)

    tilted = tilted_gain_db(
        pattern, [120.0, 300.0], [10.0, 0.0], azimuth_deg=120.0, mechanical_tilt_deg=4.0, electrical_tilt_deg=0.0
    )
    # Ahead the beam of the file (6°) ends up at 10°; behind, the horizon is read 4° below the plane.
    assert tilted.tolist() == pytest.approx([0.0, VERTICAL[176]], abs=1e-9)
