"""Tilt: the rotation is exact, mechanical and electrical tilt agree ahead and part at the sides and behind."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage.errors import RangeError
from coverage.radio.antenna import sector_gain_db
from coverage.radio.tilts import antenna_frame, tilted_gain_db

bearings = st.floats(-360.0, 720.0)
depressions = st.floats(-90.0, 90.0)
azimuths = st.floats(0.0, 360.0)
tilts = st.floats(-20.0, 20.0)


def pattern(bearing, depression):
    return sector_gain_db(
        bearing, depression, azimuth_deg=0.0, tilt_deg=0.0, beamwidth_az_deg=65.0, beamwidth_el_deg=10.0
    )


def direction(bearing, depression):
    """Return the unit vector (ahead, right, up) of a direction."""
    off, down = math.radians(bearing), math.radians(depression)
    return np.array([math.cos(down) * math.cos(off), math.cos(down) * math.sin(off), -math.sin(down)])


@given(depressions.filter(lambda angle: abs(angle) < 69.0), azimuths, tilts)
def test_ahead_mechanical_tilt_is_electrical_tilt(depression: float, azimuth: float, tilt: float) -> None:
    off, below = antenna_frame(azimuth, depression, azimuth_deg=azimuth, mechanical_tilt_deg=tilt)
    assert float(off) == pytest.approx(0.0, abs=1e-9)
    assert float(below) == pytest.approx(depression - tilt, abs=1e-9)
    bent = tilted_gain_db(pattern, azimuth, depression, azimuth_deg=azimuth, mechanical_tilt_deg=tilt)
    steered = tilted_gain_db(pattern, azimuth, depression, azimuth_deg=azimuth, electrical_tilt_deg=tilt)
    assert float(bent) == pytest.approx(float(steered), abs=1e-6)


@given(azimuths, tilts)
def test_at_the_sides_mechanical_tilt_vanishes_and_electrical_does_not(azimuth: float, tilt: float) -> None:
    sides = np.array([azimuth - 90.0, azimuth + 90.0])
    off, below = antenna_frame(sides, 0.0, azimuth_deg=azimuth, mechanical_tilt_deg=tilt)
    assert off.tolist() == pytest.approx([-90.0, 90.0], abs=1e-9)
    assert below.tolist() == pytest.approx([0.0, 0.0], abs=1e-9)
    bent = tilted_gain_db(pattern, sides, 0.0, azimuth_deg=azimuth, mechanical_tilt_deg=tilt)
    assert bent == pytest.approx(pattern(np.array([-90.0, 90.0]), np.zeros(2)), abs=1e-6)
    steered = tilted_gain_db(pattern, sides, tilt, azimuth_deg=azimuth, electrical_tilt_deg=tilt)
    assert steered == pytest.approx(bent, abs=1e-6)


@given(depressions.filter(lambda angle: abs(angle) < 69.0), azimuths, tilts)
def test_behind_mechanical_tilt_looks_up(depression: float, azimuth: float, tilt: float) -> None:
    _, below = antenna_frame(azimuth + 180.0, depression, azimuth_deg=azimuth, mechanical_tilt_deg=tilt)
    assert float(below) == pytest.approx(depression + tilt, abs=1e-9)


@given(bearings, depressions, azimuths, tilts)
def test_the_rotation_keeps_angles_and_is_undone_by_the_opposite_tilt(
    bearing: float, depression: float, azimuth: float, tilt: float
) -> None:
    off, below = antenna_frame(bearing, depression, azimuth_deg=azimuth, mechanical_tilt_deg=tilt)
    assert -180.0 <= off <= 180.0
    assert -90.0 <= below <= 90.0
    # The axis of the antenna, seen from outside, is (azimuth, tilt): the angle to it is the same in both frames.
    outside = direction(bearing - azimuth, depression) @ direction(0.0, tilt)
    assert float(direction(float(off), float(below)) @ direction(0.0, 0.0)) == pytest.approx(outside, abs=1e-12)
    back = antenna_frame(off, below, azimuth_deg=0.0, mechanical_tilt_deg=-tilt)
    found = direction(float(back[0]), float(back[1]))
    assert found == pytest.approx(direction(bearing - azimuth, depression), abs=1e-12)


@given(st.floats(-179.0, 179.0), st.floats(-80.0, 80.0), tilts)
def test_f1336_equations_3b_and_3c_give_the_same_angles(bearing: float, depression: float, tilt: float) -> None:
    off, below = antenna_frame(bearing, depression, azimuth_deg=0.0, mechanical_tilt_deg=tilt)
    up, phi, beta = (math.radians(angle) for angle in (-depression, bearing, tilt))
    theta = math.asin(math.sin(up) * math.cos(beta) + math.cos(up) * math.cos(phi) * math.sin(beta))
    cosine = (-math.sin(up) * math.sin(beta) + math.cos(up) * math.cos(phi) * math.cos(beta)) / math.cos(theta)
    assert float(below) == pytest.approx(-math.degrees(theta), abs=1e-6)
    assert math.cos(math.radians(float(off))) == pytest.approx(cosine, abs=1e-9)
    assert off == 0.0 or math.copysign(1.0, float(off)) == math.copysign(1.0, bearing)


def test_both_tilts_at_once_add_up_ahead() -> None:
    gain = tilted_gain_db(pattern, 30.0, [5.0, 9.0], azimuth_deg=30.0, mechanical_tilt_deg=3.0, electrical_tilt_deg=6.0)
    assert gain.tolist() == pytest.approx([-12 * 0.4**2, 0.0], abs=1e-9)


def test_an_omnidirectional_antenna_cannot_be_bent() -> None:
    off, below = antenna_frame([-90.0, 270.0], 5.0, azimuth_deg=math.nan, mechanical_tilt_deg=0.0)
    assert off.tolist() == pytest.approx([-90.0, -90.0])
    assert below.tolist() == pytest.approx([5.0, 5.0])
    with pytest.raises(RangeError) as caught:
        antenna_frame(0.0, 0.0, azimuth_deg=math.nan, mechanical_tilt_deg=2.0)
    assert caught.value.code == "tilt_without_azimuth"


@pytest.mark.parametrize("tilt", [91.0, -90.5, math.nan, math.inf])
def test_impossible_tilts_are_refused(tilt: float) -> None:
    for kind in ("mechanical_tilt_deg", "electrical_tilt_deg"):
        with pytest.raises(RangeError) as caught:
            tilted_gain_db(pattern, 0.0, 0.0, azimuth_deg=0.0, **{kind: tilt})
        assert caught.value.code == "tilt_range"
