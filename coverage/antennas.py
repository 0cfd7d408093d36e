"""Antennas of cells: what a cell radiates into every direction, as the beam it adds to its mast."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coverage.catalog import radios
from coverage.radio import budget
from coverage.radio.views import Beam

__all__ = ["Beam", "beam_of", "reference_dbm", "traffic_offset_db"]


def beam_of(cell: Mapping[Any, Any]) -> Beam:
    """Return the beam of a completed cell.

    Parameters
    ----------
    cell : mapping
        Row of `coverage.cells.complete_cells`.
    """
    return Beam(
        reference_dbm=reference_dbm(cell),
        azimuth_deg=float(cell["azimuth_deg"]),
        tilt_deg=float(cell["tilt_deg"]),
        beamwidth_az_deg=float(cell["beamwidth_az_deg"]),
        beamwidth_el_deg=float(cell["beamwidth_el_deg"]),
    )


def reference_dbm(cell: Mapping[Any, Any]) -> float:
    """Return SS-RSRP at 0 dB path loss on the axis of a completed cell [dBm]."""
    n_rb = budget.resource_blocks(cell["technology"], cell["bandwidth_mhz"], radios.band(cell["band"]).scs_khz)
    return float(budget.ss_rsrp_dbm(0.0, power_dbm=cell["power_dbm"], n_rb=n_rb, gain_dbi=cell["ssb_gain_dbi"]))


def traffic_offset_db(cell: Mapping[Any, Any]) -> float:
    """Return the gain of the traffic beams over that of the broadcast beams of a completed cell [dB]."""
    return float(cell["traffic_gain_dbi"] - cell["ssb_gain_dbi"])
