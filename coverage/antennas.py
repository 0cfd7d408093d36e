"""Antennas of cells: what a cell radiates into every direction, as the beam it adds to its mast."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from coverage.catalog import radios
from coverage.catalog.antennas import AntennaRow, antenna_rows, find_antenna_row
from coverage.errors import LayerError, RangeError
from coverage.layers import Source
from coverage.radio import budget, shapes
from coverage.radio.arrays import RectangularArray
from coverage.radio.patterns import normalised_cut
from coverage.radio.views import Beam

__all__ = [
    "Antenna",
    "Beam",
    "beam_of",
    "catalogue_antenna",
    "find_antenna",
    "known_antennas",
    "measured_antenna",
    "reference_dbm",
    "traffic_offset_db",
]

CUTS_SLACK_DB = 0.5  # between its cuts a pattern is interpolated: its directivity may come out so much too low (a test)
OMNI_RIPPLE_DB = 3.0  # a horizontal cut that varies less has no axis
BEAMS_MAX_DB = 10.0 * math.log10(8.0)  # an envelope of L_max = 8 beams holds at most eight times the power of one


@dataclass(frozen=True, kw_only=True)
class Antenna:
    """A named antenna: one of the catalogue, or a measured one.

    Attributes
    ----------
    name : str
        As cell files name it.
    shape : Shape
        Pattern in the antenna's own frame.
    ssb_gain_dbi, traffic_gain_dbi : float
        Greatest gain of the broadcast and of the traffic beams [dBi].
    directivity_dbi : float
        Directivity of the pattern [dBi]; of a panel, of its best broadcast beam.
    frequency_low_mhz, frequency_high_mhz : float
        Frequencies the pattern is meant for [MHz].
    omnidirectional : bool
        True where it needs no azimuth.
    tilt_deg : float or None
        Electrical downtilt of a measured pattern [°], None where the cell sets it.
    source : Source or None
        File of a measured antenna.
    """

    name: str
    shape: shapes.Shape
    ssb_gain_dbi: float
    traffic_gain_dbi: float
    directivity_dbi: float
    frequency_low_mhz: float = 0.0
    frequency_high_mhz: float = math.inf
    omnidirectional: bool = False
    tilt_deg: float | None = None
    source: Source | None = None

    @property
    def limit_dbi(self) -> float:
        """No broadcast gain of a cell can be above it [dBi].

        A measured file may hold the envelope of several beams, whose gain is above the directivity of the whole.
        """
        return max(self.directivity_dbi + (CUTS_SLACK_DB if self.source else 0.0), self.ssb_gain_dbi)

    @property
    def is_envelope(self) -> bool:
        """Whether it can only be the envelope of several beams, for one beam cannot reach its gain."""
        return self.source is not None and self.ssb_gain_dbi > self.directivity_dbi + CUTS_SLACK_DB

    def __str__(self) -> str:
        """Return the name: what a table of cells shows."""
        return self.name


@cache
def catalogue_antenna(antenna_id: str) -> Antenna:
    """Return an antenna of the catalogue by its id.

    Raises
    ------
    KeyError
        For an id that is not in the catalogue; `find_antenna` answers for spellings of files.

    Examples
    --------
    >>> catalogue_antenna("64t64r").ssb_gain_dbi
    26.1
    """
    row = {row.id: row for row in antenna_rows()}[antenna_id]
    return Antenna(
        name=row.id,
        shape=_shape(row),
        ssb_gain_dbi=row.ssb_gain_dbi,
        traffic_gain_dbi=row.traffic_gain_dbi,
        directivity_dbi=row.directivity_dbi,
        frequency_low_mhz=row.frequency_low_mhz,
        frequency_high_mhz=row.frequency_high_mhz,
        omnidirectional=row.kind == "omni",
    )


def _shape(row: AntennaRow) -> shapes.Shape:
    if row.kind == "sector":
        return shapes.ReferenceSector(**row.shape)
    if row.kind == "omni":
        return shapes.ReferenceOmni(**row.shape)
    return shapes.Panel(
        array=RectangularArray(**row.array),
        tiers=tuple(shapes.Tier(**tier) for tier in row.beams["tiers"]),
        gain_dbi=row.ssb_gain_dbi,
        tilted_rows=row.beams.get("tilted_rows", False),
    )


def known_antennas() -> tuple[str, ...]:
    """Return the ids of the catalogue.

    >>> known_antennas()[0]
    '8t8r'
    """
    return tuple(row.id for row in antenna_rows())


def find_antenna(text: str) -> Antenna | None:
    """Return the antenna of the catalogue that a file means, None for none.

    >>> str(find_antenna("64T64R")), find_antenna("K742215")
    ('64t64r', None)
    """
    row = find_antenna_row(text)
    return None if row is None else catalogue_antenna(row.id)


def measured_antenna(
    name: str, horizontal_db: ArrayLike, vertical_db: ArrayLike, *, gain_dbi: float, frequency_mhz: float = math.nan,
    tilt_deg: float | None = None, source: Source,
) -> Antenna:  # fmt: skip
    """Return a measured antenna from its two cuts.

    Parameters
    ----------
    name : str
        As cell files name it.
    horizontal_db, vertical_db : array_like, shape (360,)
        Cuts as in `coverage.radio.patterns` [dB].
    gain_dbi : float
        Greatest gain [dBi].
    frequency_mhz : float
        Frequency of the measurement [MHz], NaN where unknown; it is meant for 10 % to either side.
    tilt_deg : float, optional
        Electrical downtilt the file states [°]; where the vertical cut tells another one, the cut counts.
    source : Source
        File.

    Raises
    ------
    LayerError
        ``antenna_gain_impossible`` for a gain above what even the envelope of 8 SSB beams of this pattern can have.
    RangeError
        ``pattern_cut``.
    """
    horizontal, vertical = normalised_cut(horizontal_db), normalised_cut(vertical_db)
    own = shapes.measured_tilt_deg(vertical, tilt_deg)
    cuts = shapes.Cuts(horizontal_db=tuple(horizontal.tolist()), vertical_db=tuple(vertical.tolist()), tilt_deg=own)
    directivity = shapes.directivity_dbi(cuts, own)
    limit = directivity + CUTS_SLACK_DB + BEAMS_MAX_DB
    if gain_dbi > limit:
        raise LayerError(
            "antenna_gain_impossible", file=source.name, gain=gain_dbi, directivity=directivity, limit=limit
        )
    known = not math.isnan(frequency_mhz)
    return Antenna(
        name=name,
        shape=cuts,
        ssb_gain_dbi=gain_dbi,
        traffic_gain_dbi=gain_dbi,
        directivity_dbi=directivity,
        frequency_low_mhz=0.9 * frequency_mhz if known else 0.0,
        frequency_high_mhz=1.1 * frequency_mhz if known else math.inf,
        omnidirectional=float(np.ptp(horizontal)) <= OMNI_RIPPLE_DB,
        tilt_deg=own,
        source=source,
    )


def beam_of(cell: Mapping[Any, Any]) -> Beam:
    """Return the beam of a completed cell.

    Parameters
    ----------
    cell : mapping
        Row of `coverage.cells.complete_cells`. ``antenna``: an `Antenna`, the name of one of the catalogue, or nothing;
        ``tilt_deg``: total downtilt; ``mechanical_tilt_deg``: the part of it that bends the housing, 0 where nothing
        stands.

    Returns
    -------
    Beam
        The sector formula for a cell without a named antenna and without mechanical tilt, a table otherwise. Cells
        with the same antenna and tilts share the memory of their tables.

    Raises
    ------
    RangeError
        ``antenna_unknown`` for a name the catalogue does not have, ``antenna_without_azimuth`` for a directional
        antenna without an azimuth, ``tilt_without_azimuth`` for a mechanical tilt without one, ``beam_width``,
        ``bandwidth_unknown``.
    """
    total, mechanical = float(cell["tilt_deg"]), _number(cell.get("mechanical_tilt_deg"))
    azimuth = float(cell["azimuth_deg"])
    widths = float(cell["beamwidth_az_deg"]), float(cell["beamwidth_el_deg"])
    named = _named(cell.get("antenna"))
    table = None
    if named is not None and math.isnan(azimuth) and not named.omnidirectional:
        raise RangeError("antenna_without_azimuth", antenna=named.name)
    if named is not None or mechanical != 0.0:
        shape = shapes.Sector(beamwidth_az_deg=widths[0], beamwidth_el_deg=widths[1]) if named is None else named.shape
        table = shapes.gain_table_db(
            shape, azimuth_deg=azimuth, electrical_tilt_deg=total - mechanical, mechanical_tilt_deg=mechanical
        )
    return Beam(
        reference_dbm=reference_dbm(cell),
        azimuth_deg=azimuth,
        tilt_deg=total,
        beamwidth_az_deg=widths[0],
        beamwidth_el_deg=widths[1],
        table_db=table,
    )


def reference_dbm(cell: Mapping[Any, Any]) -> float:
    """Return SS-RSRP at 0 dB path loss on the axis of a completed cell [dBm]."""
    n_rb = budget.resource_blocks(cell["technology"], cell["bandwidth_mhz"], radios.band(cell["band"]).scs_khz)
    return float(budget.ss_rsrp_dbm(0.0, power_dbm=cell["power_dbm"], n_rb=n_rb, gain_dbi=cell["ssb_gain_dbi"]))


def traffic_offset_db(cell: Mapping[Any, Any]) -> float:
    """Return the gain of the traffic beams over that of the broadcast beams of a completed cell [dB].

    The traffic beam follows the terminal; it is taken to have the same advantage over the broadcast beams everywhere.
    """
    return float(cell["traffic_gain_dbi"] - cell["ssb_gain_dbi"])


def _named(value: object) -> Antenna | None:
    if isinstance(value, Antenna):
        return value
    if not isinstance(value, str) or not value.strip():
        return None
    found = find_antenna(value)
    if found is None:
        raise RangeError("antenna_unknown", antenna=value, known=", ".join(known_antennas()))
    return found


def _number(value: object) -> float:
    number = float(value) if isinstance(value, int | float) else math.nan
    return 0.0 if math.isnan(number) else number
