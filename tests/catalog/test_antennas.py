"""The catalogue of antennas: energy is conserved, every row has its source, every name finds one row."""

from __future__ import annotations

import math
import unicodedata
from collections import Counter

import numpy as np
import pytest

from coverage.antennas import Antenna, catalogue_antenna, find_antenna, known_antennas
from coverage.catalog.antennas import antenna_rows, find_antenna_row
from coverage.radio import arrays, shapes

ROWS = antenna_rows()
TILTS = (0.0, 3.0, 6.0, 9.0, 12.0)


def panel(antenna: Antenna) -> shapes.Panel:
    assert isinstance(antenna.shape, shapes.Panel)
    return antenna.shape


@pytest.mark.parametrize("name", known_antennas())
def test_no_gain_is_above_the_directivity_of_the_very_beam(name: str) -> None:
    antenna = catalogue_antenna(name)
    best = max(shapes.directivity_dbi(antenna.shape, tilt) for tilt in TILTS)
    assert antenna.ssb_gain_dbi <= best + 0.05
    assert antenna.traffic_gain_dbi <= best + 0.05
    assert antenna.directivity_dbi == pytest.approx(best, abs=0.1)


@pytest.mark.parametrize("name", [row.id for row in ROWS if row.kind == "panel"])
def test_panels_stay_below_what_their_area_allows(name: str) -> None:
    """The directivity of an aperture of A square wavelengths is 4πA (plus a tenth for its edges)."""
    antenna = catalogue_antenna(name)
    array = panel(antenna).array
    area = array.columns * array.column_spacing * array.rows * array.row_spacing
    assert antenna.directivity_dbi <= 10 * math.log10(4 * math.pi * area * 1.1)


@pytest.mark.parametrize("name", [row.id for row in ROWS if row.kind == "panel"])
@pytest.mark.parametrize("tilt", TILTS)
def test_no_beam_of_a_panel_radiates_more_than_it_is_fed(name: str, tilt: float) -> None:
    array, beams = panel(catalogue_antenna(name)).tilted(tilt)
    assert 1 <= len(beams) <= arrays.SSB_BEAMS_MAX
    depression, bearing = np.arange(-89.5, 90.0, 1.0)[:, None], np.arange(-179.5, 180.0, 1.0)[None, :]
    area = np.cos(np.radians(depression)) * math.radians(1.0) ** 2
    for beam in beams:
        power = 10 ** (arrays.array_gain_dbi(bearing, depression, array, beam) / 10)
        assert (power * area).sum() / (4 * math.pi) <= 1.01


@pytest.mark.parametrize("name", [row.id for row in ROWS if row.kind == "panel"])
def test_the_gain_of_a_panel_is_that_of_its_best_beam(name: str) -> None:
    antenna = catalogue_antenna(name)
    depression, bearing = np.arange(-10.0, 20.0, 0.25)[:, None], np.arange(-60.0, 60.0, 0.25)[None, :]
    array, beams = panel(antenna).tilted(3.0)
    peak = arrays.ssb_envelope_dbi(bearing, depression, array, beams).max()
    assert antenna.ssb_gain_dbi == pytest.approx(peak, abs=0.1)
    traffic = arrays.array_gain_dbi(bearing, depression, array, arrays.Beam(tilt_deg=3.0)).max()
    assert antenna.traffic_gain_dbi == pytest.approx(traffic, abs=0.1)


def test_transceivers_are_as_many_as_the_name_says() -> None:
    panels = [name for name in known_antennas() if isinstance(catalogue_antenna(name).shape, shapes.Panel)]
    assert panels == ["8t8r", "16t16r", "32t32r", "64t64r"]
    assert [panel(catalogue_antenna(name)).array.transceivers for name in panels] == [8, 16, 32, 64]


@pytest.mark.parametrize("grid", ["8T8R", "16T16R", "32T32R", "64T64R"])
def test_panels_are_the_typical_ones_of_the_kernels(grid: arrays.Grid) -> None:
    shape = panel(catalogue_antenna(grid.lower()))
    assert shape.tilted(3.0) == (arrays.typical_array(grid), arrays.typical_beams(grid, tilt_deg=3.0))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_rows_say_what_they_are_and_where_they_come_from(row) -> None:
    assert row.source
    assert "assumption" in row.source
    assert row.frequency_low_mhz < row.frequency_high_mhz
    assert row.label_vi != row.label_en
    assert row.label_vi == unicodedata.normalize("NFC", row.label_vi)
    assert catalogue_antenna(row.id).omnidirectional == (row.kind == "omni")


def test_every_spelling_means_one_antenna() -> None:
    spellings = Counter(name.replace(" ", "") for row in ROWS for name in {row.id, *row.aliases})
    assert [name for name, times in spellings.items() if times > 1] == []
    for row in ROWS:
        for name in (row.id, *row.aliases, row.id.upper(), f" {row.id} "):
            assert find_antenna_row(name) is row
    assert find_antenna("Kathrein 742215") is None
    assert find_antenna("") is None
