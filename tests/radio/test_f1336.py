"""F.1336-5: points worked out by hand from the published equations, continuity, limits, and its own tilt."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage.errors import RangeError
from coverage.radio.f1336 import (
    IMPROVED,
    TYPICAL,
    SidelobeFactors,
    beamwidth_el_deg,
    electrically_tilted_deg,
    omnidirectional_gain_db,
    sectoral_gain_db,
)

BEAM = {"beamwidth_az_deg": 65.0, "beamwidth_el_deg": 10.0, "frequency_ghz": 3.5}
SIDELOBES = ("peak", "average")
angles = st.floats(-90.0, 90.0)
factors = st.builds(SidelobeFactors, minimum=st.floats(0.1, 1), azimuth=st.floats(0.1, 1), elevation=st.floats(0.1, 1))

# G₀ = 10 dBi: θ₃ = 107.6 · 10⁻¹ = 10.76°. By hand, with lg 1.7 = 0.230449:
#   2.1, k = 0.7: θ₄ = 10.76 √(1 − 0.192041) = 9.6718°; flat −12 + 2.30449 = −9.69551;
#                 at 2 θ₃: 2^−1.5 = 0.353553, 10 lg 1.053553 = 0.226558, −11.773442
#   2.1, k = 0:   at 4 θ₃ = 43.04°: 10 lg 4^−1.5 = −9.030900, −21.030900
#   2.2, k = 0.7: θ₅ = 10.76 √(1.25 − 0.192041) = 11.0674°; flat −15 + 2.30449 = −12.69551; at 2 θ₃ −14.773442
#   2.2, k = 0:   flat −15 up to 1.118034 θ₃ = 12.0300°; at 4 θ₃ −24.030900
OMNIDIRECTIONAL = [
    ("peak", 2.0, 0.0, 0.0),
    ("peak", 2.0, 5.38, -3.0),
    ("peak", 2.0, 9.67, -12 * (9.67 / 10.76) ** 2),
    ("peak", 2.0, 9.68, -9.695511),
    ("peak", 2.0, 10.75, -9.695511),
    ("peak", 2.0, 21.52, -11.773442),
    ("peak", 3.5, 10.0, -12 * (10.0 / 10.76) ** 2),
    ("peak", 3.5, 43.04, -21.030900),
    ("average", 2.0, 10.75, -12 * (10.75 / 10.76) ** 2),
    ("average", 2.0, 11.06, -12.695511),
    ("average", 2.0, -21.52, -14.773442),
    ("average", 3.5, 12.02, -15.0),
    ("average", 3.5, 43.04, -24.030900),
]


@pytest.mark.parametrize(("sidelobes", "frequency", "angle", "gain"), OMNIDIRECTIONAL)
def test_recommends_2(sidelobes: str, frequency: float, angle: float, gain: float) -> None:
    found = omnidirectional_gain_db(angle, gain_dbi=10.0, frequency_ghz=frequency, sidelobes=sidelobes)
    assert float(found) == pytest.approx(gain, abs=1e-5)


def test_improved_side_lobes_are_those_above_3_ghz() -> None:
    down = np.linspace(-90, 90, 91)
    low = omnidirectional_gain_db(down, gain_dbi=8.0, frequency_ghz=1.8, improved=True)
    assert low.tolist() == omnidirectional_gain_db(down, gain_dbi=8.0, frequency_ghz=26.0).tolist()
    assert np.all(low <= omnidirectional_gain_db(down, gain_dbi=8.0, frequency_ghz=1.8))


# φ₃ = 65°, θ₃ = 10°, typical: k = 0.7, k_h = 0.8, k_v = 0.7. By hand:
#   10 lg 6.6 = 8.195439, 15 lg 18 = 18.829088; G₁₈₀ = −22.633648 (peak), −25.633648 (average)
#   λ_kh = 3 (1 − 2^0.8) = −2.223303; x_h = 1: −12 + 2.223303 = −9.776697
#   x_h = 180/65 = 2.769231: x^1.2 = e^(1.2 · 1.018570) = 3.394872, −40.738468 + 2.223303 → G₁₈₀
#   x_v = 2: 10 lg (0.353553 + 0.7) = 0.226558 → −11.773442 (peak), −14.773442 (average)
#   x_v = 4: 10 lg 0.825 = −0.835461 → −12.835461 (peak), −15.835461 (average)
#   C = 10 lg (76.367532 · 0.825 / 6.6) / lg 2.25 = 9.798187 / 0.352183 = 27.821327
#   x_v = 6: −12.835461 − 27.821327 · lg 1.5 (0.176091) = −17.734558 (peak), −20.734558 (average)
#   both: x_h = 1, x_v = 2: R = (−9.776697 + 22.633648) / 22.633648 = 0.568046 (peak), 0.618599 (average)
SECTORAL = [
    ("peak", 0.0, 0.0, 0.0),
    ("peak", 32.5, 0.0, -3.0),
    ("peak", -65.0, 0.0, -9.776697),
    ("peak", 180.0, 0.0, -22.633648),
    ("peak", 0.0, 5.0, -3.0),
    ("peak", 0.0, 8.6, -12 * 0.86**2),  # x_k = √(1 − 0.36 · 0.7) = 0.864870
    ("peak", 0.0, -20.0, -11.773442),
    ("peak", 0.0, 40.0, -12.835461),
    ("peak", 0.0, 60.0, -17.734558),
    ("peak", 0.0, 90.0, -22.633648),
    ("peak", 65.0, 20.0, -9.776697 + 0.568046 * -11.773442),
    ("peak", 180.0, 45.0, -22.633648),  # R = 0: behind, the elevation no longer counts
    ("average", 32.5, 0.0, -3.0),
    ("average", 180.0, 0.0, -25.633648),
    ("average", 0.0, 10.4, -12 * 1.04**2),  # x_k = √(1.33 − 0.33 · 0.7) = 1.048332
    ("average", 0.0, 20.0, -14.773442),
    ("average", 0.0, 40.0, -15.835461),
    ("average", 0.0, -60.0, -20.734558),
    ("average", 0.0, -90.0, -25.633648),
    ("average", 425.0, 20.0, -9.776697 + 0.618599 * -14.773442),
]


@pytest.mark.parametrize(("sidelobes", "bearing", "depression", "gain"), SECTORAL)
def test_recommends_3_1(sidelobes: str, bearing: float, depression: float, gain: float) -> None:
    found = sectoral_gain_db(bearing, depression, sidelobes=sidelobes, factors=TYPICAL, **BEAM)
    assert float(found) == pytest.approx(gain, abs=2e-5)


def test_improved_factors_by_hand() -> None:
    # k_h = 0.7, k_v = 0.3: x_h = 1: −12 − 3 (1 − 2^0.7) = −10.126486; x_v = 2: −12 + 10 lg 0.653553 = −13.847192
    found = sectoral_gain_db([65.0, 0.0], [0.0, 20.0], sidelobes="peak", factors=IMPROVED, **BEAM)
    assert found.tolist() == pytest.approx([-10.126486, -13.847192], abs=2e-5)


@given(st.floats(-360, 720), angles, st.sampled_from(SIDELOBES), factors, st.floats(20, 120), st.floats(3, 60))
def test_gain_never_passes_the_maximum_and_is_symmetric(
    bearing: float, depression: float, sidelobes: str, chosen: SidelobeFactors, az: float, el: float
) -> None:
    beam = {"beamwidth_az_deg": az, "beamwidth_el_deg": el, "frequency_ghz": 1.8, "factors": chosen}
    found = sectoral_gain_db(
        [bearing, -bearing, bearing + 360.0], [depression, -depression, depression], sidelobes=sidelobes, **beam
    )
    assert found[0] <= 1e-9
    assert found[1:].tolist() == pytest.approx([found[0]] * 2, abs=1e-7)


@given(st.sampled_from(SIDELOBES), factors, st.floats(3, 22))
def test_the_outer_part_joins_its_neighbours(sidelobes: str, chosen: SidelobeFactors, el: float) -> None:
    around = np.array([4 * el * (1 - 1e-9), 4 * el * (1 + 1e-9), 90.0 - 1e-9, 90.0])
    beam = {"beamwidth_az_deg": 65.0, "beamwidth_el_deg": el, "frequency_ghz": 3.5, "factors": chosen}
    gain = sectoral_gain_db(0.0, around, sidelobes=sidelobes, **beam)
    assert gain[0] == pytest.approx(gain[1], abs=1e-5)
    assert gain[2] == pytest.approx(gain[3], abs=1e-5)


def test_average_side_lobes_lie_3_db_below_the_peaks_far_from_the_beam() -> None:
    down = np.array([20.0, 40.0, 60.0, 90.0])
    peak, average = (sectoral_gain_db(0.0, down, sidelobes=kind, **BEAM) for kind in SIDELOBES)
    assert (peak - average).tolist() == pytest.approx([3.0] * 4)


def test_wide_beams_have_no_outer_part() -> None:
    beam = {"beamwidth_az_deg": 90.0, "beamwidth_el_deg": 30.0, "frequency_ghz": 0.9}
    found = sectoral_gain_db(0.0, [60.0, 89.9], sidelobes="peak", **beam)
    expected = [-12 + 10 * math.log10((angle / 30.0) ** -1.5 + 0.7) for angle in (60.0, 89.9)]
    assert found.tolist() == pytest.approx(expected)


def test_recommends_3_3() -> None:
    assert beamwidth_el_deg(16.0, 65.0) == pytest.approx(31000 / 39.810717 / 65)
    with pytest.raises(RangeError):
        beamwidth_el_deg(16.0, 121.0)
    with pytest.raises(RangeError):
        beamwidth_el_deg(0.0, 65.0)


@given(angles, st.floats(-30, 30))
def test_electrical_tilt_moves_the_beam_and_neither_pole(depression: float, tilt: float) -> None:
    found = electrically_tilted_deg([depression, tilt, -90.0, 90.0], tilt)
    assert -90.0 <= found[0] <= 90.0
    assert found[1:].tolist() == pytest.approx([0.0, -90.0, 90.0], abs=1e-9)
    up = -depression  # eq. (1e) as written, for the elevation θ_h
    published = 90 * (up + tilt) / (90 + tilt if up + tilt >= 0 else 90 - tilt)
    assert float(found[0]) == pytest.approx(-published, abs=1e-9)


@pytest.mark.parametrize("frequency", [0.39, 6.01, math.nan])
def test_frequencies_outside_recommends_3_1_are_refused(frequency: float) -> None:
    with pytest.raises(RangeError) as caught:
        sectoral_gain_db(0.0, 0.0, **{**BEAM, "frequency_ghz": frequency})
    assert caught.value.code == "f1336_range"
    assert caught.value.values["quantity"] == "frequency_ghz"


@pytest.mark.parametrize(
    "wrong",
    [
        {"beamwidth_az_deg": 0.0},
        {"beamwidth_az_deg": 361.0},
        {"beamwidth_el_deg": math.nan},
        {"factors": SidelobeFactors(azimuth=1.1)},
        {"factors": SidelobeFactors(elevation=-0.1)},
    ],
)
def test_sectoral_limits(wrong: dict[str, object]) -> None:
    with pytest.raises(RangeError):
        sectoral_gain_db(0.0, 0.0, **{**BEAM, **wrong})


@pytest.mark.parametrize("angle", [90.1, -91.0, math.nan])
def test_vertical_angles_beyond_the_poles_are_refused(angle: float) -> None:
    with pytest.raises(RangeError):
        sectoral_gain_db(0.0, [0.0, angle], **BEAM)
    with pytest.raises(RangeError):
        omnidirectional_gain_db(angle, gain_dbi=10.0, frequency_ghz=2.0)
    with pytest.raises(RangeError):
        electrically_tilted_deg(angle, 6.0)


@pytest.mark.parametrize(("gain", "frequency"), [(10.0, 0.3), (10.0, 71.0), (-10.0, 2.0), (math.nan, 2.0)])
def test_omnidirectional_limits(gain: float, frequency: float) -> None:
    with pytest.raises(RangeError):
        omnidirectional_gain_db(0.0, gain_dbi=gain, frequency_ghz=frequency)


def test_tilt_limit() -> None:
    with pytest.raises(RangeError):
        electrically_tilted_deg(0.0, 90.0)
