"""Antennas of cells: the beam a row stands for."""

from __future__ import annotations

import math

import numpy as np
import pytest

from coverage.antennas import beam_of, traffic_offset_db
from coverage.radio.antenna import sector_gain_db
from tests import builders


def test_the_reference_is_the_power_of_a_resource_element_and_the_gain() -> None:
    assert beam_of(builders.cell()).reference_dbm == pytest.approx(53.0 - 10 * math.log10(12 * 273) + 17.0)


def test_a_cell_without_an_antenna_is_a_sector() -> None:
    beam = beam_of(builders.cell(azimuth_deg=40.0, tilt_deg=3.0))
    assert beam.table_db is None
    bearing, depression = np.array([0.0, 40.0, 170.0]), np.array([-2.0, 3.0, 8.0])
    gain = sector_gain_db(
        bearing, depression, azimuth_deg=40.0, tilt_deg=3.0, beamwidth_az_deg=65.0, beamwidth_el_deg=10.0
    )
    assert beam.gain_db(bearing, depression).tolist() == gain.tolist()


def test_traffic_beams_gain_over_broadcast_beams() -> None:
    assert traffic_offset_db(builders.cell()) == 7.0
