"""Arrays: the published sum element by element, its peak and symmetries, and that no beam makes energy."""

from __future__ import annotations

import cmath
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage.errors import RangeError
from coverage.radio import arrays
from coverage.radio.antenna import directivity_dbi, sector_gain_db
from coverage.radio.arrays import (
    Beam,
    RectangularArray,
    array_factor_db,
    array_gain_dbi,
    composite_gain_dbi,
    fan,
    radiated_power_db,
    ssb_envelope_dbi,
    typical_array,
    typical_beams,
)

GRIDS = ("8T8R", "16T16R", "32T32R", "64T64R")
panels = st.builds(
    RectangularArray,
    columns=st.integers(1, 12),
    rows=st.integers(1, 12),
    column_spacing=st.floats(0.3, 1.0),
    row_spacing=st.floats(0.3, 1.0),
)
beams = st.builds(Beam, azimuth_deg=st.floats(-60, 60), tilt_deg=st.floats(-20, 20))
bearings = st.floats(-180.0, 180.0)
depressions = st.floats(-90.0, 90.0)


def by_the_table(bearing: float, depression: float, array: RectangularArray, beam: Beam) -> float:
    """Return 10 log10 |Σ Σ w v|² of M.2101-0 table 4, one element after the other."""
    theta, phi = math.radians(90.0 + depression), math.radians(bearing)
    tilt, scan = math.radians(beam.tilt_deg), math.radians(beam.azimuth_deg)
    total = 0j
    for n in range(array.rows):
        for m in range(array.columns):
            v = n * array.row_spacing * math.cos(theta)
            v += m * array.column_spacing * math.sin(theta) * math.sin(phi)
            w = n * array.row_spacing * math.sin(tilt) - m * array.column_spacing * math.cos(tilt) * math.sin(scan)
            total += cmath.exp(2j * math.pi * (v + w)) / math.sqrt(array.rows * array.columns)
    return max(10 * math.log10(max(abs(total) ** 2, 1e-30)), -60.0)


@given(bearings, depressions, panels, beams)
def test_the_closed_form_is_the_published_sum(
    bearing: float, depression: float, panel: RectangularArray, beam: Beam
) -> None:
    found = 10 ** (float(array_factor_db(bearing, depression, panel, beam)) / 10)
    assert found == pytest.approx(10 ** (by_the_table(bearing, depression, panel, beam) / 10), abs=2e-6)


@given(panels, beams)
def test_the_peak_of_the_array_factor_is_the_number_of_elements(panel: RectangularArray, beam: Beam) -> None:
    number = 10 * math.log10(panel.columns * panel.rows)
    assert float(array_factor_db(beam.azimuth_deg, beam.tilt_deg, panel, beam)) == pytest.approx(number, abs=1e-9)
    around = array_factor_db(np.arange(-180, 180, 7)[:, None], np.arange(-90, 91, 5)[None, :], panel, beam)
    assert around.max() <= number + 1e-9


def test_known_peaks() -> None:
    for columns, rows, peak in ((8, 8, 18.0618), (1, 1, 0.0), (4, 12, 16.8124), (10, 10, 20.0)):
        panel = RectangularArray(columns=columns, rows=rows)
        assert float(array_factor_db(0.0, 0.0, panel, Beam())) == pytest.approx(peak, abs=1e-4)


def test_first_null_and_side_lobe_of_eight_columns() -> None:
    panel = RectangularArray(columns=8, rows=1)
    null = math.degrees(math.asin(1 / (8 * 0.5)))  # sin φ = 1 / (N d)
    assert float(array_factor_db(null, 0.0, panel, Beam())) == pytest.approx(arrays.NULL_DB)
    lobe = math.degrees(math.asin(1.5 / (8 * 0.5)))  # near the middle between two nulls: 1 / (N sin(3π/2N))
    expected = 20 * math.log10(1 / (8 * math.sin(1.5 * math.pi / 8)))
    below_peak = float(array_factor_db(lobe, 0.0, panel, Beam())) - 10 * math.log10(8)
    assert below_peak == pytest.approx(expected, abs=1e-9)
    assert expected == pytest.approx(-12.95, abs=0.01)


def test_one_wavelength_apart_there_are_grating_lobes_at_the_sides() -> None:
    panel = RectangularArray(columns=8, rows=1, column_spacing=1.0)
    assert array_factor_db([-90.0, 90.0], 0.0, panel, Beam()).tolist() == pytest.approx([9.0309] * 2, abs=1e-4)


@given(bearings, depressions, panels, beams)
def test_left_is_right(bearing: float, depression: float, panel: RectangularArray, beam: Beam) -> None:
    mirrored = replace(beam, azimuth_deg=-beam.azimuth_deg)
    here = 10 ** (float(array_factor_db(bearing, depression, panel, beam)) / 10)
    assert 10 ** (float(array_factor_db(-bearing, depression, panel, mirrored)) / 10) == pytest.approx(here, abs=2e-6)
    flipped = replace(mirrored, tilt_deg=-beam.tilt_deg)
    assert 10 ** (float(array_factor_db(-bearing, -depression, panel, flipped)) / 10) == pytest.approx(here, abs=2e-6)


@given(panels, beams, beams)
def test_reciprocity_aiming_at_a_and_looking_from_b_is_the_reverse(panel: RectangularArray, a: Beam, b: Beam) -> None:
    there = 10 ** (float(array_factor_db(b.azimuth_deg, b.tilt_deg, panel, a)) / 10)
    back = 10 ** (float(array_factor_db(a.azimuth_deg, a.tilt_deg, panel, b)) / 10)
    assert there == pytest.approx(back, abs=2e-6)


@given(st.floats(-60, 60), st.floats(-15, 15))
def test_steering_moves_the_beam_in_sines(azimuth: float, tilt: float) -> None:
    """The array factor depends on the differences of direction sines only: a steered beam is the old one, moved."""
    panel = RectangularArray(columns=8, rows=1)
    shift = 0.05
    target = math.cos(math.radians(tilt)) * math.sin(math.radians(azimuth)) + shift
    bearing = math.degrees(math.asin(max(-1.0, min(1.0, target))))
    shift = math.sin(math.radians(bearing)) - (target - shift)
    straight = array_factor_db(math.degrees(math.asin(shift)), 0.0, panel, Beam())
    found = array_factor_db(bearing, 0.0, panel, Beam(azimuth_deg=azimuth, tilt_deg=tilt))
    assert 10 ** (float(found) / 10) == pytest.approx(10 ** (float(straight) / 10), abs=2e-6)


def test_one_element_is_the_sector_pattern() -> None:
    single = RectangularArray(columns=1, rows=1)
    bearing, depression = np.array([0.0, 32.5, -65.0, 180.0, 200.0]), np.array([0.0, 10.0, -20.0, 0.0, 40.0])
    expected = 8.0 + sector_gain_db(
        bearing, depression, azimuth_deg=0.0, tilt_deg=0.0, beamwidth_az_deg=65.0, beamwidth_el_deg=65.0
    )
    found = composite_gain_dbi(bearing, depression, single, Beam(tilt_deg=12.0))  # one element cannot be steered
    assert found == pytest.approx(expected, abs=1e-9)
    assert radiated_power_db(single, Beam()) == pytest.approx(8.0 - directivity_dbi(65.0, 65.0), abs=1e-3)


def test_sub_arrays_steer_between_them_and_keep_their_own_tilt() -> None:
    panel = RectangularArray(columns=1, rows=12, row_spacing=0.7, subarray_rows=3, subarray_tilt_deg=3.0)
    whole = replace(panel, subarray_rows=1, subarray_tilt_deg=0.0)
    down = np.linspace(-30.0, 30.0, 61)
    at_three = Beam(tilt_deg=3.0)
    assert array_factor_db(0.0, down, panel, at_three) == pytest.approx(
        array_factor_db(0.0, down, whole, at_three), abs=1e-6
    )
    aimed = array_factor_db(0.0, 10.0, panel, Beam(tilt_deg=10.0))
    x = math.pi * 0.7 * (math.sin(math.radians(10.0)) - math.sin(math.radians(3.0)))
    inside = (math.sin(3 * x) / math.sin(x)) ** 2 / 3
    assert float(aimed) == pytest.approx(10 * math.log10(4 * inside), abs=1e-9)
    assert float(aimed) < 10 * math.log10(12)


def gauss_mean(gain) -> float:
    """Return the mean of a gain over the sphere by another rule than the module's: Gauss–Legendre in the sine."""
    sine, weight = np.polynomial.legendre.leggauss(200)
    bearing = np.arange(-179.5, 180.0, 1.0)
    power = 10 ** (gain(bearing[:, None], np.degrees(np.arcsin(sine))[None, :]) / 10)
    return float((power * weight).sum() / 2 / bearing.size)


@settings(max_examples=8)
@given(panels, beams)
def test_no_beam_radiates_more_than_it_is_fed(panel: RectangularArray, beam: Beam) -> None:
    mean = gauss_mean(lambda bearing, depression: array_gain_dbi(bearing, depression, panel, beam))
    assert mean <= 1.005
    # Hence the gain is at most the directivity, peak over mean.
    peak = array_gain_dbi(np.arange(-180, 180, 2)[:, None], np.arange(-90, 91, 2)[None, :], panel, beam).max()
    published = composite_gain_dbi(np.arange(-180, 180, 2)[:, None], np.arange(-90, 91, 2)[None, :], panel, beam)
    directivity = published.max() - 10 * math.log10(
        gauss_mean(lambda bearing, depression: composite_gain_dbi(bearing, depression, panel, beam))
    )
    assert peak <= directivity + 0.02


def test_the_published_sum_does_make_energy_when_elements_stand_close() -> None:
    panel = RectangularArray(columns=8, rows=8)
    excess = radiated_power_db(panel, Beam())
    assert excess == pytest.approx(2.6, abs=0.1)
    assert float(composite_gain_dbi(0.0, 0.0, panel, Beam())) == pytest.approx(26.06, abs=0.01)
    # A uniformly fed aperture of 4 λ × 4 λ has 4π A / λ² = 23.0 dBi; element patterns add a few tenths.
    assert float(array_gain_dbi(0.0, 0.0, panel, Beam())) == pytest.approx(10 * math.log10(64 * math.pi), abs=0.6)


@pytest.mark.parametrize("grid", GRIDS)
def test_the_step_of_the_integration_is_fine_enough(grid: str, monkeypatch: pytest.MonkeyPatch) -> None:
    panel, beam = typical_array(grid), typical_beams(grid)[0]
    coarse = radiated_power_db(panel, beam)
    monkeypatch.setattr(arrays, "_STEP_DEG", 0.25)
    assert radiated_power_db.__wrapped__(panel, beam) == pytest.approx(coarse, abs=0.01)


@pytest.mark.parametrize("grid", GRIDS)
def test_typical_panels_have_the_transceivers_of_their_name_and_cover_the_sector(grid: str) -> None:
    panel, listed = typical_array(grid), typical_beams(grid)
    assert f"{panel.transceivers}T{panel.transceivers}R" == grid
    assert len(listed) <= arrays.SSB_BEAMS_MAX
    bearing = np.linspace(-60.0, 60.0, 121)
    envelope = ssb_envelope_dbi(bearing, 6.0, panel, listed)
    assert envelope == pytest.approx(envelope[::-1], abs=1e-9)
    assert envelope.max() - envelope.min() < 9.0  # a sector, not a comb
    assert envelope.min() > float(ssb_envelope_dbi(180.0, 6.0, panel, listed)) + 10.0
    for beam in listed:
        assert np.all(envelope >= array_gain_dbi(bearing, 6.0, panel, beam))
    each = [array_gain_dbi(bearing, 6.0, panel, beam) for beam in listed]
    assert envelope == pytest.approx(np.max(each, axis=0), abs=0)


def test_more_transceivers_reach_further() -> None:
    peaks = [float(ssb_envelope_dbi(np.arange(-60, 61), 6.0, typical_array(g), typical_beams(g)).max()) for g in GRIDS]
    assert peaks == sorted(peaks)
    assert 17.0 < peaks[0] < 21.0 < 24.0 < peaks[-1] < 27.0


def test_fewer_columns_make_a_wider_beam() -> None:
    panel = typical_array("64T64R")
    off = np.array([0.0, 15.0])
    narrow, wide = (array_gain_dbi(off, 3.0, panel, Beam(tilt_deg=3.0, columns=count)) for count in (8, 2))
    assert narrow[0] > wide[0]
    assert narrow[0] - narrow[1] > 10.0 > 3.0 > wide[0] - wide[1]


def test_directions_broadcast() -> None:
    panel = typical_array("32T32R")
    envelope = ssb_envelope_dbi(np.zeros((5, 1)), np.zeros((1, 3)), panel, fan(8, tilt_deg=6.0))
    assert envelope.shape == (5, 3)
    around = array_gain_dbi([-170.0, 190.0, 550.0], 6.0, panel, Beam(tilt_deg=6.0))
    assert around == pytest.approx([around[0]] * 3, abs=1e-6)


@pytest.mark.parametrize(
    "wrong",
    [
        {"columns": 0},
        {"rows": 65},
        {"column_spacing": 0.0},
        {"row_spacing": math.nan},
        {"rows": 12, "subarray_rows": 5},
        {"subarray_rows": 9},
        {"element_gain_dbi": math.inf},
        {"element_beamwidth_az_deg": 0.0},
    ],
)
def test_impossible_panels_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(RangeError) as caught:
        RectangularArray(**{"columns": 8, "rows": 8, **wrong})
    assert caught.value.code == "array_range"


@pytest.mark.parametrize("wrong", [Beam(azimuth_deg=91.0), Beam(tilt_deg=math.nan), Beam(columns=9), Beam(columns=0)])
def test_impossible_beams_are_refused(wrong: Beam) -> None:
    with pytest.raises(RangeError):
        array_factor_db(0.0, 0.0, RectangularArray(columns=8, rows=8), wrong)


@pytest.mark.parametrize("count", [0, 9])
def test_ssb_sets_have_their_limit(count: int) -> None:
    panel = RectangularArray(columns=8, rows=8)
    with pytest.raises(RangeError):
        fan(count, tilt_deg=6.0)
    with pytest.raises(RangeError):
        ssb_envelope_dbi(0.0, 0.0, panel, [Beam()] * count)


def test_the_envelope_is_the_best_of_its_beams() -> None:
    array, beams = typical_array("32T32R"), typical_beams("32T32R", tilt_deg=4.0)
    bearing, depression = np.arange(-180.0, 180.0, 7.0)[None, :], np.arange(-90.0, 91.0, 3.0)[:, None]
    best = np.max([array_gain_dbi(bearing, depression, array, beam) for beam in beams], axis=0)
    np.testing.assert_allclose(ssb_envelope_dbi(bearing, depression, array, beams), best, atol=1e-9)
