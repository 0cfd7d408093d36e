"""Fittings: the antenna and the tilts of a cell, from whatever its row says of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage.antennas import Antenna, find_antenna, known_antennas
from coverage.catalog import radios
from coverage.errors import Problem
from coverage.findings import flag, refusal
from coverage.radio.shapes import half_power_widths_deg

TILTS = ("tilt_deg", "mechanical_tilt_deg", "electrical_tilt_deg")
_WIDTHS = ("beamwidth_az_deg", "beamwidth_el_deg")
_TILT_SLACK_DEG = 0.5  # tilts are listed in whole or half degrees
_WIDTH_SLACK_DEG = 0.5
_LISTED = 30  # known names that a sentence repeats


def with_antennas(frame: pd.DataFrame, measured: Mapping[str, Antenna]) -> tuple[pd.DataFrame, list[Problem]]:
    """Return cells with an `Antenna`, or NaN for none, in their column ``antenna``.

    Parameters
    ----------
    frame : DataFrame
        Cells with texts (or antennas) in ``antenna``, NaN where nothing was said.
    measured : mapping of str to Antenna
        Antennas by the name that the cells use; they go before those of the catalogue.

    Returns
    -------
    frame : DataFrame
    problems : list of Problem
        One warning per unknown name: its cells get the parabolic sector.
    """
    names = frame["antenna"]
    found: dict[Any, Any] = {}
    problems: list[Problem] = []
    for name in names.dropna().unique():
        known = name if isinstance(name, Antenna) else measured.get(str(name)) or find_antenna(str(name))
        found[name] = np.nan if known is None else known
        if known is None:
            problems.append(_unknown(frame[names == name], str(name), measured))
    resolved = frame.assign(antenna=pd.Series([found.get(name, np.nan) for name in names], frame.index, dtype=object))
    return resolved, problems


def _unknown(cells: pd.DataFrame, name: str, measured: Mapping[str, Antenna]) -> Problem:
    first = {"row": cells["row"].iloc[0] if "row" in cells else None, "antenna": name}
    known = [*known_antennas(), *measured]
    more = ["…"] if len(known) > _LISTED else []
    values = {"count": len(cells), "known": ", ".join([*known[:_LISTED], *more])}
    return replace(refusal("cell_antenna_unknown", first, "antenna", **values), severity="warning")


def antenna_of(cell: Mapping[str, Any]) -> Antenna | None:
    """Return the antenna of a cell of `with_antennas`."""
    named = cell["antenna"]
    return named if isinstance(named, Antenna) else None


def fit_tilts(cell: dict[str, Any]) -> None:
    """Fill the three tilts of a cell in place so that the total is the sum of the parts.

    Both parts given decide the total; one part and the total give the other; a lone total is electrical, a lone
    electrical tilt is the total. Where neither total nor electrical tilt is given, a measured antenna has its own
    electrical tilt, and the catalogue's total serves the others, or the mechanical one if that is greater.
    """
    total, mechanical, electrical = (cell[name] for name in TILTS)
    if math.isnan(electrical):
        if math.isnan(total):
            antenna, bent = antenna_of(cell), 0.0 if math.isnan(mechanical) else mechanical
            own = None if antenna is None else antenna.tilt_deg
            total = max(radios.common().tilt_deg, bent) if own is None else own + bent
        mechanical = 0.0 if math.isnan(mechanical) else mechanical
    elif math.isnan(mechanical):
        mechanical = 0.0 if math.isnan(total) else total - electrical
        total = electrical + mechanical
    else:
        total = electrical + mechanical
    cell.update(tilt_deg=total, mechanical_tilt_deg=mechanical, electrical_tilt_deg=total - mechanical)


def fit_widths(cell: dict[str, Any]) -> None:
    """Write the half-power widths of a named antenna into its cell, in place; those given besides do not count."""
    antenna = antenna_of(cell)
    cell["_widths_differ"] = False
    if antenna is None:
        return
    # At a tilt near that of the data sheet: what stands in the row is for people, the pattern is what is computed.
    own = half_power_widths_deg(antenna.shape, 0.0 if antenna.tilt_deg is None else antenna.tilt_deg)
    for name, width in zip(_WIDTHS, own, strict=True):
        cell["_widths_differ"] |= abs(cell[name] - width) > _WIDTH_SLACK_DEG  # False for NaN
        cell[name] = width


def check_fitting(cell: dict[str, Any], _band: radios.Band) -> Iterable[Problem]:
    """Yield why a cell cannot have the antenna or the tilt it names."""
    antenna = antenna_of(cell)
    if math.isnan(cell["azimuth_deg"]) and cell["mechanical_tilt_deg"] != 0.0:
        yield refusal("cell_mechanical_tilt_omni", cell, "mechanical_tilt_deg")
    elif antenna is not None and math.isnan(cell["azimuth_deg"]) and not antenna.omnidirectional:
        yield refusal("cell_antenna_azimuth", cell, "antenna")


def left_open(full: pd.DataFrame, before: pd.DataFrame, named: pd.Series[bool]) -> pd.DataFrame:
    """Return which values were left open, without those that the antenna or another tilt gives.

    Parameters
    ----------
    full : DataFrame
        Completed cells.
    before : DataFrame of bool
        Field → True where the row said nothing.
    named : Series of bool
        Cells whose row names an antenna; ``antenna`` is left open where nobody knows that one, not where none is named.
    """
    antennas = [each if isinstance(each, Antenna) else None for each in full["antenna"]]

    def where(holds: Callable[[Antenna], bool]) -> NDArray[np.bool_]:
        return np.array([each is not None and holds(each) for each in antennas], dtype=bool)

    rest = before.drop(columns=["mechanical_tilt_deg", "electrical_tilt_deg"])
    rest["antenna"] = named.to_numpy(dtype=bool) & ~where(lambda _: True)
    rest["azimuth_deg"] &= ~where(lambda antenna: antenna.omnidirectional)
    rest["tilt_deg"] &= before["electrical_tilt_deg"] & ~where(lambda antenna: antenna.tilt_deg is not None)
    for name in ("ssb_gain_dbi", "traffic_gain_dbi"):
        rest[name] &= ~where(lambda antenna: antenna.source is not None)
    for name in _WIDTHS:
        rest[name] &= ~where(lambda _: True)
    return rest


def fitting_flags(full: pd.DataFrame, given: pd.DataFrame, differ: pd.Series[bool]) -> list[Problem]:
    """Return what is worth knowing of antennas and tilts, one line per kind and antenna.

    Parameters
    ----------
    full : DataFrame
        Completed cells.
    given : DataFrame
        The same cells as they were given.
    differ : Series of bool
        Cells whose row gives other beam widths than its antenna has.
    """
    parts = given["mechanical_tilt_deg"] + given["electrical_tilt_deg"]
    odd = (given["tilt_deg"] - parts).abs() > _TILT_SLACK_DEG
    flags = [
        *flag("cell_tilt_sum", "warning", full[odd], "tilt_deg"),
        *flag("cell_antenna_widths", "warning", full[differ.astype(bool)], "antenna"),
    ]
    for antenna in full["antenna"].dropna().unique():
        flags += _antenna_flags(antenna, full[full["antenna"] == antenna])
    return flags


def _antenna_flags(antenna: Antenna, cells: pd.DataFrame) -> list[Problem]:
    low, high = antenna.frequency_low_mhz, antenna.frequency_high_mhz
    off = cells[(cells["frequency_mhz"] < low) | (cells["frequency_mhz"] > high)]
    named = {"antenna": antenna.name}
    flags = flag("cell_antenna_frequency", "warning", off, "antenna", low=low, high=high, **named)
    if antenna.tilt_deg is not None:
        moved = cells[(cells["electrical_tilt_deg"] - antenna.tilt_deg).abs() > _TILT_SLACK_DEG]
        flags += flag("cell_antenna_tilt", "note", moved, "antenna", measured=antenna.tilt_deg, **named)
    if antenna.is_envelope:
        values = {"gain": antenna.ssb_gain_dbi, "directivity": antenna.directivity_dbi}
        flags += flag("cell_antenna_envelope", "warning", cells, "antenna", **values, **named)
    return flags


def fill_gain(cell: dict[str, Any], antenna: Antenna, slack_db: float) -> list[Problem]:
    """Fill or check the broadcast gain of a cell against what its antenna can reach."""
    if math.isnan(cell["ssb_gain_dbi"]):
        cell["ssb_gain_dbi"] = antenna.ssb_gain_dbi
    elif cell["ssb_gain_dbi"] > antenna.limit_dbi + slack_db:
        limit = round(antenna.limit_dbi, 1)
        return [refusal("cell_antenna_gain", cell, "ssb_gain_dbi", limit=limit, antenna=antenna.name)]
    cell["_limited"] = False
    return []
