"""Antennas of cells: the beam a row stands for, from the sector formula to a measured file on a grid."""

from __future__ import annotations

import math
import pickle
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest

from coverage.antennas import Antenna, beam_of, catalogue_antenna, known_antennas, measured_antenna, traffic_offset_db
from coverage.errors import LayerError, RangeError
from coverage.files.layers import read_cells
from coverage.grid import Grid
from coverage.models import TR38901
from coverage.radio.antenna import sector_gain_db
from coverage.radio.tilts import tilted_gain_db
from coverage.signals import Signal, predict_signal
from coverage.words import LANGUAGES, render
from tests import builders
from tests.files.test_antennas import lines, written

ANGLES = np.arange(360)
HORIZONTAL = -np.minimum(12 * (np.minimum(ANGLES, 360 - ANGLES) / 65) ** 2, 28.0)
VERTICAL = -np.minimum(12 * (((ANGLES - 6 + 180) % 360 - 180) / 10) ** 2, 28.0)


def measured(**values: Any) -> Antenna:
    cuts = {"horizontal_db": HORIZONTAL, "vertical_db": VERTICAL, "gain_dbi": 17.0, "source": builders.NOWHERE}
    return measured_antenna("example.msi", **{**cuts, **values})


def predict(*rows: dict[str, Any], pixel_m: float = 50.0) -> Signal:
    cells = gpd.GeoDataFrame(list(rows), geometry="geometry", crs=builders.CRS)
    bounds = (builders.EAST - 2000, builders.NORTH - 2000, builders.EAST + 2000, builders.NORTH + 2000)
    return predict_signal(cells, Grid.covering(bounds, pixel_m, builders.CRS), TR38901(), threshold_dbm=-105.0)


# --- One row ----------------------------------------------------------------------------------------------------------


def test_the_reference_is_the_power_of_a_resource_element_and_the_gain() -> None:
    assert beam_of(builders.cell()).reference_dbm == pytest.approx(53.0 - 10 * math.log10(12 * 273) + 17.0)


@pytest.mark.parametrize("nothing", [{}, {"antenna": math.nan, "mechanical_tilt_deg": math.nan}, {"antenna": None}])
def test_a_cell_without_an_antenna_is_a_sector(nothing: dict[str, Any]) -> None:
    beam = beam_of(builders.cell(azimuth_deg=40.0, tilt_deg=3.0, **nothing))
    assert beam.table_db is None
    bearing, depression = np.array([0.0, 40.0, 170.0]), np.array([-2.0, 3.0, 8.0])
    gain = sector_gain_db(
        bearing, depression, azimuth_deg=40.0, tilt_deg=3.0, beamwidth_az_deg=65.0, beamwidth_el_deg=10.0
    )
    assert beam.gain_db(bearing, depression).tolist() == gain.tolist()


def test_traffic_beams_gain_over_broadcast_beams() -> None:
    assert traffic_offset_db(builders.cell()) == 7.0


def test_mechanical_tilt_is_a_part_of_the_total_and_turns_the_whole_pattern() -> None:
    beam = beam_of(builders.cell(azimuth_deg=40.0, tilt_deg=8.0, mechanical_tilt_deg=5.0))
    bearing, depression = np.meshgrid(np.arange(0.0, 360.0, 5.0), np.arange(-10.0, 31.0, 1.0))
    exact = tilted_gain_db(
        lambda off, below: sector_gain_db(
            off, below, azimuth_deg=0.0, tilt_deg=0.0, beamwidth_az_deg=65.0, beamwidth_el_deg=10.0
        ),
        bearing, depression, azimuth_deg=40.0, mechanical_tilt_deg=5.0, electrical_tilt_deg=3.0,
    )  # fmt: skip
    np.testing.assert_allclose(beam.gain_db(bearing, depression), exact, atol=1e-4)
    assert beam.gain_db(np.array([40.0]), np.array([8.0]))[0] == pytest.approx(0.0, abs=1e-6)
    assert beam.tilt_deg == 8.0


@pytest.mark.parametrize("name", known_antennas())
def test_every_antenna_of_the_catalogue_makes_a_beam(name: str) -> None:
    by_name = beam_of(builders.cell(antenna=name.upper(), azimuth_deg=120.0))
    antenna = catalogue_antenna(name)
    by_value = beam_of(builders.cell(antenna=antenna, azimuth_deg=120.0))
    assert by_name.table_db is not None
    assert by_value.table_db is not None
    assert np.shares_memory(by_name.table_db, by_value.table_db)
    exact = antenna.shape.gain_db(np.array([10.0]), np.array([6.0]), 6.0)
    assert by_name.gain_db(np.array([130.0]), np.array([6.0])) == pytest.approx(exact, abs=1e-4)


def test_what_a_row_cannot_have_is_refused_in_both_languages() -> None:
    refusals = [
        ({"antenna": "742215"}, "antenna_unknown", "742215"),
        ({"antenna": "64t64r", "azimuth_deg": math.nan}, "antenna_without_azimuth", "64t64r"),
        ({"mechanical_tilt_deg": 4.0, "azimuth_deg": math.nan}, "tilt_without_azimuth", "4°"),
    ]
    for values, code, shown in refusals:
        with pytest.raises(RangeError) as caught:
            beam_of(builders.cell(**values))
        assert caught.value.code == code
        for lang in LANGUAGES:
            assert shown in render(caught.value, lang)


# --- Measured antennas ------------------------------------------------------------------------------------------------


def test_a_measured_antenna_is_equal_after_it_was_kept() -> None:
    antenna = measured()
    again = pickle.loads(pickle.dumps(antenna))
    assert again == antenna
    assert hash(again) == hash(antenna)
    assert str(antenna) == "example.msi"


def test_the_tilt_of_a_measured_antenna_is_that_of_its_cut() -> None:
    assert measured().tilt_deg == 6.0
    assert measured(tilt_deg=5.5).tilt_deg == 5.5
    assert measured(tilt_deg=0.0).tilt_deg == 6.0  # the cut says otherwise


def test_a_horizontal_cut_without_an_axis_is_omnidirectional() -> None:
    assert not measured().omnidirectional
    assert measured(horizontal_db=np.sin(np.radians(ANGLES)), gain_dbi=8.0).omnidirectional


def test_a_gain_may_be_that_of_eight_beams_but_no_more() -> None:
    one = measured()
    assert not one.is_envelope
    assert one.limit_dbi == pytest.approx(one.directivity_dbi + 0.5)
    several = measured(gain_dbi=24.0)
    assert several.is_envelope
    assert several.limit_dbi == 24.0
    with pytest.raises(LayerError) as caught:
        measured(gain_dbi=28.0)
    assert caught.value.code == "antenna_gain_impossible"
    for lang in LANGUAGES:
        assert "28" in render(caught.value, lang)


# --- On a grid --------------------------------------------------------------------------------------------------------


def test_a_measured_file_goes_from_the_folder_to_the_grid(tmp_path: Path) -> None:
    """A cell with a file of the very sector, as cuts, hears what the sector formula gives: the cuts are its own."""
    (tmp_path / "antennas").mkdir()
    written(tmp_path / "antennas", lines(), "Example-T06.msi")
    (tmp_path / "cells.csv").write_text(
        "longitude,latitude,operator,technology,band,azimuth,antenna,m-tilt\n"
        "108.2022,16.0544,Viettel,5G,n77,90,example-t06,0\n",
        "utf-8",
    )
    layer = read_cells(tmp_path / "cells.csv", tmp_path / "antennas")
    cell = layer.frame.iloc[0]
    assert str(cell["antenna"]) == "Example-T06.msi"
    assert cell["ssb_gain_dbi"] == pytest.approx(15.35 + 2.15)
    assert (cell["tilt_deg"], cell["mechanical_tilt_deg"]) == (6.0, 0.0)
    assert not {"antenna", "ssb_gain_dbi", "tilt_deg", "beamwidth_az_deg"} & set(layer.defaulted)
    row = {**builders.cell(), **cell.drop("geometry").to_dict(), "environment": "UMa"}
    signal = predict(row)
    sector = predict({**row, "antenna": math.nan, "beamwidth_az_deg": 65.0, "beamwidth_el_deg": 10.0})
    near = signal.rsrp_dbm[0] > -100.0
    off = np.abs(signal.rsrp_dbm[0] - sector.rsrp_dbm[0])[near]
    assert near.sum() > 500
    assert np.median(off) < 1.0  # between the cuts the two interpolate differently
    assert np.abs(off[np.argmax(signal.rsrp_dbm[0][near])]) < 0.5


def test_mechanical_tilt_lowers_what_lies_ahead_and_not_to_the_sides() -> None:
    flat = predict(builders.cell(tilt_deg=2.0)).rsrp_dbm[0]
    bent = predict(builders.cell(tilt_deg=12.0, mechanical_tilt_deg=10.0)).rsrp_dbm[0]
    steered = predict(builders.cell(tilt_deg=12.0)).rsrp_dbm[0]
    centre = flat.shape[1] // 2
    ahead, side = (4, centre), (flat.shape[0] // 2, -4)
    assert bent[ahead] < flat[ahead] - 5.0
    assert bent[side] == pytest.approx(flat[side], abs=1.0)
    assert steered[side] < flat[side] - 5.0  # electrical tilt lowers the beam all around


def test_panels_of_more_columns_reach_further() -> None:
    reach = []
    for name in ("8t8r", "64t64r"):
        gain = catalogue_antenna(name).ssb_gain_dbi
        reach.append((predict(builders.cell(antenna=name, ssb_gain_dbi=gain)).rsrp_dbm[0] > -95.0).mean())
    assert reach[0] < reach[1]
