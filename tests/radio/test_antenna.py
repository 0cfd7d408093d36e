"""The sector pattern: its published shape, its symmetries, and that no antenna radiates more than it is fed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from coverage.errors import RangeError
from coverage.radio import antenna
from coverage.radio.antenna import directivity_dbi, sector_gain_db
from tests.reference import by_hand

WIDTHS = {"beamwidth_az_deg": 65.0, "beamwidth_el_deg": 10.0}
bearings = st.floats(-180.0, 360.0)
azimuths = st.floats(0.0, 360.0)
depressions = st.floats(-90.0, 90.0)
tilts = st.floats(-5.0, 15.0)
beams = st.fixed_dictionaries({"beamwidth_az_deg": st.floats(5, 120), "beamwidth_el_deg": st.floats(3, 90)})


@pytest.mark.parametrize(
    ("bearing", "depression", "gain"),
    [
        (0.0, 6.0, 0.0),
        (32.5, 6.0, -3.0),  # half of 65° off axis
        (-32.5, 6.0, -3.0),
        (327.5, 6.0, -3.0),
        (0.0, 11.0, -3.0),  # half of 10° below axis
        (0.0, 1.0, -3.0),
        (32.5, 11.0, -6.0),
        (180.0, 6.0, -30.0),  # A_max
        (0.0, 90.0, -30.0),  # SLA_V
        (180.0, 90.0, -30.0),  # the sum is capped too
        (60.0, 6.0, -12 * (60 / 65) ** 2),
    ],
)
def test_table_7_3_1(bearing: float, depression: float, gain: float) -> None:
    found = sector_gain_db(bearing, depression, azimuth_deg=0.0, tilt_deg=6.0, **WIDTHS)
    assert float(found) == pytest.approx(gain, abs=1e-9)


def test_azimuth_turns_clockwise_from_north() -> None:
    east = sector_gain_db([90.0, 270.0], 0.0, azimuth_deg=90.0, tilt_deg=0.0, **WIDTHS)
    assert east.tolist() == [0.0, -30.0]


@given(bearings, depressions, azimuths, tilts, beams)
def test_gain_lies_between_the_floor_and_the_axis(
    bearing: float, depression: float, azimuth: float, tilt: float, beam: dict[str, float]
) -> None:
    gain = float(sector_gain_db(bearing, depression, azimuth_deg=azimuth, tilt_deg=tilt, **beam))
    assert -30.0 <= gain <= 0.0


@given(st.floats(0.0, 180.0), depressions, st.floats(0.0, 180.0), tilts, beams)
def test_left_is_right_and_only_the_difference_of_angles_counts(
    off: float, depression: float, azimuth: float, tilt: float, beam: dict[str, float]
) -> None:
    def gain(bearing: float, axis: float) -> float:
        return float(sector_gain_db(bearing, depression, azimuth_deg=axis, tilt_deg=tilt, **beam))

    expected = by_hand.pattern_db(off, depression - tilt, beam["beamwidth_az_deg"], beam["beamwidth_el_deg"])
    around = [gain(azimuth + off, azimuth), gain(azimuth - off, azimuth), gain(azimuth, azimuth + off)]
    around += [gain(azimuth + off, azimuth + 360.0), gain(off, 0.0), gain(-off, 360.0)]
    assert around == pytest.approx([expected] * 6, abs=1e-8)


@given(bearings, depressions, tilts)
def test_no_azimuth_means_the_same_at_every_bearing(bearing: float, depression: float, tilt: float) -> None:
    gain = sector_gain_db([bearing, 0.0], [depression] * 2, azimuth_deg=math.nan, tilt_deg=tilt, **WIDTHS)
    assert gain[0] == gain[1] == pytest.approx(by_hand.pattern_db(0.0, depression - tilt, 65.0, 10.0), abs=1e-9)


def test_single_precision_stays_single() -> None:
    angles = np.linspace(-180, 180, 50, dtype=np.float32)
    for azimuth in (30.0, math.nan):
        gain = sector_gain_db(angles, angles / 4, azimuth_deg=azimuth, tilt_deg=6.0, **WIDTHS)
        assert gain.dtype == np.float32
        assert gain.shape == angles.shape


def test_directivity_of_an_omnidirectional_beam_by_another_integration() -> None:
    def power(elevation: float) -> float:
        return 10 ** (-min(12 * (math.degrees(elevation) / 10) ** 2, 30) / 10) * math.cos(elevation)

    knee = math.radians(10 * math.sqrt(30 / 12))
    integral = 2 * sum(quad(power, *ends)[0] for ends in ((0, knee), (knee, math.pi / 2)))
    expected = 10 * math.log10(2 / integral)  # 4π / (2π ∫ G cos)
    assert directivity_dbi(65.0, 10.0, omnidirectional=True) == pytest.approx(expected, abs=1e-3)


def test_directivity_of_a_narrow_beam_approaches_the_closed_form_of_a_gaussian() -> None:
    # Without floor the pattern is a Gaussian of solid angle π θ φ / (4 ln 2 / 1.0034…): 12 dB per squared width.
    width = math.radians(10.0)
    gaussian = math.pi * width**2 / (12 * math.log(10) / 10)
    floor = 1e-3 * 4 * math.pi
    upper, lower = 10 * math.log10(4 * math.pi / gaussian), 10 * math.log10(4 * math.pi / (gaussian + floor))
    assert lower - 0.02 < directivity_dbi(10.0, 10.0) < upper


def test_step_of_the_integration_is_fine_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    coarse = directivity_dbi(65.0, 10.0)
    monkeypatch.setattr(antenna, "_STEP_DEG", 0.05)
    assert directivity_dbi.__wrapped__(65.0, 10.0) == pytest.approx(coarse, abs=1e-3)


def test_catalogue_gains_respect_directivity_and_24_dbi_on_a_wide_element_does_not() -> None:
    assert 17.0 < directivity_dbi(65.0, 10.0) < 17.5
    assert 15.0 < directivity_dbi(65.0, 14.0) < 16.0
    assert directivity_dbi(65.0, 65.0) < 10.0 < 24.0


@settings(max_examples=20)
@given(st.floats(5, 120), st.floats(3, 60), st.floats(1.05, 1.5))
def test_a_wider_beam_has_less_directivity(azimuth: float, elevation: float, factor: float) -> None:
    narrow = directivity_dbi(azimuth, elevation)
    assert directivity_dbi(azimuth * factor, elevation) < narrow
    assert directivity_dbi(azimuth, elevation * factor) < narrow
    assert directivity_dbi(azimuth, elevation, omnidirectional=True) < narrow


@pytest.mark.parametrize("widths", [(0.0, 10.0), (65.0, -1.0), (361.0, 10.0), (65.0, 181.0), (math.nan, 10.0)])
def test_impossible_widths_are_refused(widths: tuple[float, float]) -> None:
    with pytest.raises(RangeError) as caught:
        directivity_dbi(*widths)
    assert caught.value.code == "beam_width"
