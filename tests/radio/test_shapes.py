"""Shapes and their tables: energy, tilt as an exact rotation, and how far a table of whole degrees errs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage.errors import RangeError
from coverage.radio import antenna, arrays, shapes
from coverage.radio.shapes import Cuts, Panel, ReferenceOmni, ReferenceSector, Sector, Tier, gain_table_db
from coverage.radio.tilts import tilted_gain_db
from coverage.radio.views import table_gain_db

SECTOR = Sector(beamwidth_az_deg=65.0, beamwidth_el_deg=10.0)
REFERENCE = ReferenceSector(beamwidth_az_deg=65.0, beamwidth_el_deg=7.0, frequency_ghz=2.0)
OMNI = ReferenceOmni(shape_gain_dbi=8.0, frequency_ghz=2.0)
PANEL = Panel(
    array=arrays.typical_array("64T64R"),
    tiers=(Tier(count=6), Tier(count=2, above_deg=6.0, columns=2)),
    gain_dbi=26.1,
)
ANGLES = np.arange(360)
CUTS = Cuts(
    horizontal_db=tuple(-np.minimum(12 * (np.minimum(ANGLES, 360 - ANGLES) / 65) ** 2, 28.0)),
    vertical_db=tuple(-np.minimum(12 * (((ANGLES - 6 + 180) % 360 - 180) / 10) ** 2, 28.0)),
    tilt_deg=6.0,
)
SHAPES = [SECTOR, REFERENCE, OMNI, PANEL, CUTS]
NAMES = ["sector", "f1336", "omni", "panel", "cuts"]


def table_of(shape: shapes.Shape, azimuth: float = 0.0, electrical: float = 0.0, mechanical: float = 0.0) -> np.ndarray:
    return gain_table_db(shape, azimuth_deg=azimuth, electrical_tilt_deg=electrical, mechanical_tilt_deg=mechanical)


def directions(count: int, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Return directions as a mast sees them: every bearing, 30° up to 60° down."""
    rng = np.random.default_rng(seed)
    return rng.uniform(0.0, 360.0, count), rng.uniform(-30.0, 60.0, count)


@pytest.mark.parametrize("shape", SHAPES, ids=NAMES)
@pytest.mark.parametrize(
    ("azimuth", "electrical", "mechanical"), [(0.0, 0.0, 0.0), (237.0, 4.0, 0.0), (61.3, 3.0, 5.0)]
)
def test_whole_degrees_of_a_table_are_the_pattern(
    shape: shapes.Shape, azimuth: float, electrical: float, mechanical: float
) -> None:
    table = table_of(shape, azimuth, electrical, mechanical)
    assert (table.shape, table.dtype) == ((181, 361), np.float32)
    rows, cols = np.meshgrid(np.arange(-90, 91, 7), np.arange(0, 361, 11), indexing="ij")
    exact = tilted_gain_db(
        lambda off, below: shape.gain_db(off, below, electrical), cols, rows,
        azimuth_deg=azimuth, mechanical_tilt_deg=mechanical,
    )  # fmt: skip
    # Steps of F.1336 and nulls of arrays may fall on either side of a whole degree: compare where nothing jumps.
    off = np.abs(table[rows + 90, cols] - exact)
    assert np.median(off) < 1e-5
    assert (off < 1e-3).mean() > 0.98
    assert table[:, 0].tolist() == table[:, 360].tolist()


@pytest.mark.parametrize(
    ("shape", "typical_db", "power"),
    [(SECTOR, 0.05, 0.01), (REFERENCE, 0.1, 0.03), (OMNI, 0.5, 0.05), (CUTS, 0.05, 0.01), (PANEL, 0.5, 0.06)],
    ids=["sector", "f1336", "omni", "cuts", "panel"],
)
def test_between_whole_degrees_a_table_errs_so_much(shape: shapes.Shape, typical_db: float, power: float) -> None:
    """95 % of directions within 20 dB of the beam err by less than `typical_db`; none by `power` of the maximum."""
    bearing, depression = directions(20_000)
    exact = tilted_gain_db(
        lambda off, below: shape.gain_db(off, below, 4.0),
        bearing,
        depression,
        azimuth_deg=37.0,
        mechanical_tilt_deg=2.0,
    )
    table = table_gain_db(table_of(shape, 37.0, 4.0, 2.0), bearing, depression)
    strong = exact > -20.0
    assert strong.sum() > 1000
    assert np.percentile(np.abs(table - exact)[strong], 95) < typical_db
    assert np.abs(10 ** (table / 10) - 10 ** (exact / 10)).max() < power


@given(st.floats(0.0, 360.0), st.floats(-10.0, 15.0), st.floats(-5.0, 10.0))
@settings(max_examples=40, deadline=None)
def test_a_table_turns_with_its_azimuth(azimuth: float, electrical: float, mechanical: float) -> None:
    table = table_of(SECTOR, azimuth, electrical, mechanical)
    on_axis = table_gain_db(table, np.array([azimuth]), np.array([electrical + mechanical]))[0]
    # The axis lies where both tilts point; a peak between whole degrees is cut by at most 12 (0.5° / 10°)² dB, and
    # more by the azimuth taken to 0.1°.
    assert -0.05 < on_axis <= 0.0


def test_mechanical_tilt_bends_down_ahead_and_up_behind() -> None:
    table = table_of(OMNI, 90.0, 0.0, 8.0)
    assert table[90 + 8, 90] == pytest.approx(0.0, abs=1e-5)  # ahead: 8° down
    assert table[:, 270].argmax() - 90 == -8  # behind: 8° up
    assert table[90, 0] == pytest.approx(table[90, 180], abs=1e-5)  # to the sides alike


def test_an_omnidirectional_antenna_cannot_bend_to_no_side() -> None:
    np.testing.assert_allclose(table_of(OMNI, math.nan, 3.0), table_of(OMNI, 123.0, 3.0), atol=1e-4)
    with pytest.raises(RangeError) as caught:
        table_of(OMNI, math.nan, 3.0, 2.0)
    assert caught.value.code == "tilt_without_azimuth"


def test_tables_of_one_antenna_share_memory_and_cannot_be_changed() -> None:
    one, other = table_of(REFERENCE, 10.0, 2.0), table_of(REFERENCE, 300.0, 2.0)
    assert np.shares_memory(one, other)
    with pytest.raises(ValueError, match="read-only"):
        one[0, 0] = 1.0


@pytest.mark.parametrize("widths", [(65.0, 10.0), (90.0, 14.0), (65.0, 65.0)])
def test_directivity_is_that_of_the_sector_formula(widths: tuple[float, float]) -> None:
    shape = Sector(beamwidth_az_deg=widths[0], beamwidth_el_deg=widths[1])
    assert shapes.directivity_dbi(shape) == pytest.approx(antenna.directivity_dbi(*widths), abs=0.01)


@pytest.mark.parametrize("shape", SHAPES, ids=NAMES)
@pytest.mark.parametrize("tilt", [0.0, 6.0, 12.0])
def test_nothing_radiates_above_its_maximum(shape: shapes.Shape, tilt: float) -> None:
    bearing, depression = np.arange(-180.0, 180.0, 3.0)[None, :], np.arange(-90.0, 91.0, 1.5)[:, None]
    gain = shape.gain_db(bearing, depression, tilt)
    assert gain.max() <= 0.0
    assert gain.max() > -2.0
    assert np.isfinite(gain).all()


def conical_cuts(pattern: shapes.Shape, tilt: float) -> Cuts:
    """Return the cuts a maker would measure: around the beam at its tilt, and through its axis."""
    around = np.where(ANGLES > 180, ANGLES - 360, ANGLES)
    behind = (ANGLES > 90) & (ANGLES < 270)
    depression = np.where(ANGLES <= 90, ANGLES, np.where(behind, 180 - ANGLES, ANGLES - 360))
    horizontal = pattern.gain_db(around, np.full(360, tilt), tilt)
    vertical = pattern.gain_db(np.where(behind, 180.0, 0.0), depression, tilt)
    return Cuts(
        horizontal_db=tuple((horizontal - horizontal.max()).tolist()),
        vertical_db=tuple((vertical - vertical.max()).tolist()),
        tilt_deg=tilt,
    )


@pytest.mark.parametrize("widths", [(65.0, 10.0), (65.0, 7.0), (90.0, 14.0), (33.0, 7.0)])
@pytest.mark.parametrize("tilt", [0.0, 6.0, 10.0])
@pytest.mark.parametrize("kind", [Sector, ReferenceSector])
def test_cuts_tell_a_directivity_half_a_decibel_too_low_at_most(
    widths: tuple[float, float], tilt: float, kind: type
) -> None:
    more = {"frequency_ghz": 2.0} if kind is ReferenceSector else {}
    whole = kind(beamwidth_az_deg=widths[0], beamwidth_el_deg=widths[1], **more)
    cuts = conical_cuts(whole, tilt)
    assert -0.5 < shapes.directivity_dbi(cuts, tilt) - shapes.directivity_dbi(whole, tilt) < 0.7


def test_cuts_are_shifted_by_the_tilt_they_do_not_have_yet() -> None:
    at_six = CUTS.gain_db(0.0, np.array([6.0, 9.0]), 6.0)
    at_nine = CUTS.gain_db(0.0, np.array([9.0, 12.0]), 9.0)
    assert at_nine == pytest.approx(at_six)
    assert at_six[0] == 0.0


def test_half_power_widths() -> None:
    assert shapes.half_power_widths_deg(SECTOR, 6.0) == pytest.approx((65.0, 10.0), abs=0.15)
    assert shapes.half_power_widths_deg(CUTS, 6.0) == pytest.approx((65.0, 10.0), abs=0.25)
    assert shapes.half_power_widths_deg(OMNI, 0.0)[0] == 360.0
