"""Cells: what a row leaves open is filled from the catalogue and said, what cannot be used is refused and said."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage.antennas import Antenna
from coverage.catalog import radios
from coverage.errors import Problem
from coverage.findings import flag, is_missing, refusal
from coverage.fittings import (
    TILTS,
    antenna_of,
    check_fitting,
    fill_gain,
    fit_tilts,
    fit_widths,
    fitting_flags,
    left_open,
    with_antennas,
)
from coverage.radio import antenna, budget, tr38901
from coverage.types import Environment, Technology

# Fields filled from the band of the cell; `frequency_mhz` and `ssb_gain_dbi` need more than the band.
_OF_BAND = ("power_dbm", "bandwidth_mhz", "beamwidth_az_deg", "beamwidth_el_deg")
_NUMBERS = (
    "height_m", "azimuth_deg", *TILTS, "power_dbm", "bandwidth_mhz", "antenna_gain_dbi", "ssb_gain_dbi",
    "traffic_gain_dbi", "beamwidth_az_deg", "beamwidth_el_deg", "frequency_mhz",
)  # fmt: skip
_TEXTS = ("site_id", "cell_id", "operator", "technology", "band", "environment", "antenna")
_OWN = ("site_id", "cell_id", "azimuth_deg")  # differ among cells of a kind, and no default touches them
_NOT_COMPUTED = ("2G", "3G")  # read, because operators list them; no figure of ours needs them
_GAIN_SLACK_DB = 0.05  # a data sheet rounds its gain to 0.1 dB


def complete_cells(
    frame: pd.DataFrame, *, file: str = "cells", antennas: Mapping[str, Antenna] = MappingProxyType({})
) -> tuple[pd.DataFrame, dict[str, int], tuple[Problem, ...]]:
    """Return the usable cells with every field filled, how many rows each default went into, and what was found.

    Parameters
    ----------
    frame : DataFrame (or GeoDataFrame)
        Canonical columns as read: ``operator`` and ``technology`` (NR or LTE), and where known ``band``, ``height_m``,
        ``azimuth_deg``, ``tilt_deg``, ``mechanical_tilt_deg``, ``electrical_tilt_deg``, ``antenna``, ``power_dbm``,
        ``bandwidth_mhz``, ``antenna_gain_dbi``, ``ssb_gain_dbi``, ``traffic_gain_dbi``, ``beamwidth_az_deg``,
        ``beamwidth_el_deg``, ``environment``, ``frequency_mhz``; absent columns and NaN mean
        "not said". ``row``, where there is one, is the row of the file that problems name. Other columns (site_id,
        cell_id, geometry, …) pass through.
    file : str
        What the sentences of the problems call the table.
    antennas : mapping of str to Antenna
        Measured antennas by the name that the cells use; those of the catalogue are known besides.

    Returns
    -------
    frame : DataFrame
        The rows kept, with all columns above filled, except ``azimuth_deg``, where NaN is an omnidirectional cell,
        ``antenna``, an `Antenna` or NaN for the parabolic sector, and ``environment``, where it is for
        `coverage.signals` to choose by the land cover. The index is fresh.
    defaulted : dict of str to int
        Field → rows kept whose value was not given (an empty azimuth and environment included), for fields with any;
        ``antenna`` counts those that name an unknown one. What a measured antenna gives is no default.
    problems : tuple of Problem
        A refused row is an ``error`` of its own; 2G and 3G cells are left out with one ``note``; what was merely
        flagged is one ``warning`` or ``note`` per kind with the number of cells.

    Notes
    -----
    ``antenna_gain_dbi`` is the gain of the traffic beams (that is what data sheets give): it fills
    ``traffic_gain_dbi``, never the broadcast gain that SS-RSRP needs. A broadcast gain that is given and lies above
    the directivity of the cell's own beam would radiate more than was fed in, and refuses the row. Where the gain is
    right for a sector but the azimuth is unknown, and where the catalogue's gain meets a beam wider than the
    catalogue's, the gain is lowered to the directivity of the pattern and flagged. A missing height is that of the
    environment given (UMa 25 m, UMi 10 m, RMa 35 m), else 25 m.

    A named antenna brings its gain, unless the row gives one, and its beam widths, whatever the row gives; an unknown
    name is flagged and the cell computed as the parabolic sector. ``tilt_deg`` is the total of mechanical and
    electrical tilt: `coverage.fittings.fit_tilts` says what follows from which.
    """
    given = _typed(frame)
    older = given["technology"].isin(_NOT_COMPUTED)
    problems: list[Problem] = flag("cell_technology_left_out", "note", given[older], "technology")
    named = given.loc[~older, "antenna"]
    given, found = with_antennas(given[~older], antennas)
    problems += found
    kept: list[dict[str, Any]] = []
    alike = _alike(given)
    first = np.unique(alike, return_index=True)[1]
    answers: dict[int, int] = {}  # number of a kind → place among those that can be used
    for number, record in zip(alike[first].tolist(), given.iloc[first].to_dict("records"), strict=True):
        cell = {str(name): value for name, value in record.items()}
        findings = _complete(cell)
        if not findings:
            answers[number] = len(kept)
            kept.append(cell)
            continue
        problems += _of_every_row(findings, given, np.flatnonzero(alike == number))
    usable = np.isin(alike, list(answers))
    positions = np.flatnonzero(usable)
    full = given.iloc[positions].reset_index(drop=True)
    kinds = pd.DataFrame.from_records(kept, columns=[*given.columns, "_limited", "_widths_differ"])
    filled = kinds.iloc[[answers[number] for number in alike[positions].tolist()]].reset_index(drop=True)
    for name in _OWN:
        filled[name] = full[name]
    said = full[[*_NUMBERS, *_TEXTS]]
    for name in (*_NUMBERS, *_TEXTS):
        full[name] = filled[name].astype(float) if name in _NUMBERS else filled[name].astype(object)
    before = left_open(full, said.isna(), named.iloc[positions].notna())
    problems += _flags(full, before, filled["_limited"])
    problems += fitting_flags(full, said, filled["_widths_differ"])
    return full, _defaulted(before), tuple(replace(each, values={"file": file, **each.values}) for each in problems)


def _alike(given: pd.DataFrame) -> NDArray[np.int64]:
    """Return a number per row, equal for rows that differ in nothing but names, places and a direction.

    The work on a row depends on the rest alone: files of a hundred thousand cells hold a few thousand kinds of them.
    """
    key = given[[*_NUMBERS, *_TEXTS]].drop(columns=["site_id", "cell_id"])
    # Of a direction only counts whether there is one, and whether it is a number.
    key["azimuth_deg"] = np.where(np.isfinite(key["azimuth_deg"]), 0.0, key["azimuth_deg"])
    key["antenna"] = [id(each) if isinstance(each, Antenna) else np.nan for each in key["antenna"]]
    return np.asarray(key.groupby(list(key.columns), dropna=False, sort=False).ngroup(), dtype=np.int64)


def _of_every_row(findings: list[Problem], given: pd.DataFrame, places: NDArray[np.intp]) -> list[Problem]:
    """Return the findings about one row of a kind for all of its rows."""
    if "row" not in given:
        return [finding for _ in places for finding in findings]
    rows = given["row"].iloc[places]
    return [replace(finding, row=None if is_missing(row) else int(row)) for row in rows for finding in findings]


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a copy with every field present: numbers as float, texts as object, NaN where nothing was said."""
    typed = frame.copy()
    for name in _NUMBERS:
        typed[name] = typed[name].astype(float) if name in typed else np.nan
    for name in _TEXTS:
        text = typed[name].astype(object) if name in typed else pd.Series(np.nan, index=typed.index, dtype=object)
        typed[name] = text.where(text.notna() & (text.astype(str).str.strip() != ""), np.nan)
    return typed


def _complete(cell: dict[str, Any]) -> list[Problem]:
    """Fill one cell in place; return why it is refused, nothing when it is not."""
    band, findings = _identify(cell)
    if band is None:
        return findings
    defaults = radios.common()
    fill = {name: getattr(band, name) for name in _OF_BAND}
    fill["height_m"] = defaults.height_by_environment.get(cell["environment"], defaults.height_m)
    fill["frequency_mhz"] = band.centre_mhz(cell["operator"])
    gain = cell["antenna_gain_dbi"]
    fill["traffic_gain_dbi"] = (antenna_of(cell) or band).traffic_gain_dbi if math.isnan(gain) else gain
    fit_tilts(cell)
    fit_widths(cell)
    for name, value in fill.items():
        if math.isnan(cell[name]):
            cell[name] = value
    cell["antenna_gain_dbi"] = cell["traffic_gain_dbi"]
    findings = [problem for check in _CHECKS for problem in check(cell, band)]
    return findings or _gain(cell, band)


def _identify(cell: dict[str, Any]) -> tuple[radios.Band | None, list[Problem]]:
    """Write operator, technology, environment and band as the catalogue does; no band means the row is refused."""
    if is_missing(cell["operator"]):
        return None, [refusal("cell_operator_missing", cell, "operator")]
    cell["operator"] = radios.find_operator(str(cell["operator"]))
    technology = _technology(cell["technology"])
    if technology is None:
        return None, [refusal("cell_technology_unknown", cell, "technology")]
    cell["technology"] = technology
    if not is_missing(cell["environment"]):
        names = {name.casefold(): name for name in tr38901.ENVIRONMENTS}
        environment = names.get(str(cell["environment"]).strip().casefold())
        if environment is None:
            return None, [refusal("cell_environment_unknown", cell, "environment")]
        cell["environment"] = environment
    band = _band(cell, technology)
    if band is None:
        known = ", ".join(row.id for row in radios.bands() if row.technology == technology)
        code = "cell_band_missing" if is_missing(cell["band"]) else "cell_band_unknown"
        return None, [refusal(code, cell, "band", technology=technology, operator=cell["operator"], known=known)]
    cell["band"] = band.id
    return band, []


def _technology(value: object) -> Technology | None:
    names: dict[str, Technology] = {"nr": "NR", "5g": "NR", "lte": "LTE", "4g": "LTE"}
    return names.get(str(value).strip().casefold())


def _band(cell: dict[str, Any], technology: Technology) -> radios.Band | None:
    """Return the band: as written, else by the frequency, else the operator's usual one."""
    if not is_missing(cell["band"]):
        return radios.find_band(str(cell["band"]), technology)
    if not math.isnan(cell["frequency_mhz"]):
        return radios.band_at(cell["frequency_mhz"], cell["operator"], technology)
    usual = radios.usual_band(cell["operator"], technology)
    return None if usual is None else radios.band(usual)


def _check_frequency(cell: dict[str, Any], band: radios.Band) -> Iterable[Problem]:
    if not band.downlink_low_mhz <= cell["frequency_mhz"] <= band.downlink_high_mhz:
        limits = {"low": band.downlink_low_mhz, "high": band.downlink_high_mhz}
        yield refusal("cell_frequency_outside_band", cell, "frequency_mhz", band=band.id, **limits)


def _check_bandwidth(cell: dict[str, Any], band: radios.Band) -> Iterable[Problem]:
    known = budget.bandwidths_mhz(band.technology, band.scs_khz)
    if cell["bandwidth_mhz"] not in known:
        listed = ", ".join(f"{width:g}" for width in known)
        yield refusal("cell_bandwidth_unknown", cell, "bandwidth_mhz", band=band.id, known=listed)


def _check_height(cell: dict[str, Any], _band: radios.Band) -> Iterable[Problem]:
    environment = _environment(cell["environment"], cell["height_m"])
    limits = tr38901.HEIGHTS[environment]
    if not limits.low_m <= cell["height_m"] <= limits.high_m:
        values = {"environment": environment, "low": limits.low_m, "high": limits.high_m}
        yield refusal("cell_height_outside_model", cell, "height_m", **values)


def _check_beam(cell: dict[str, Any], _band: radios.Band) -> Iterable[Problem]:
    for name, limit in (("beamwidth_az_deg", 360.0), ("beamwidth_el_deg", 180.0)):
        if not 0.0 < cell[name] <= limit:
            yield refusal("cell_beam_width", cell, name, limit=limit)


def _check_finite(cell: dict[str, Any], _band: radios.Band) -> Iterable[Problem]:
    for name in ("azimuth_deg", *TILTS, "power_dbm", "ssb_gain_dbi", "traffic_gain_dbi"):
        if math.isinf(cell[name]):
            yield refusal("cell_not_finite", cell, name)


_CHECKS: tuple[Callable[[dict[str, Any], radios.Band], Iterable[Problem]], ...] = (
    _check_frequency, _check_bandwidth, _check_height, _check_beam, _check_finite, check_fitting,
)  # fmt: skip


def _gain(cell: dict[str, Any], band: radios.Band) -> list[Problem]:
    """Fill or check the broadcast gain against the directivity of the pattern."""
    named = antenna_of(cell)
    if named is not None:
        return fill_gain(cell, named, _GAIN_SLACK_DB)
    widths = cell["beamwidth_az_deg"], cell["beamwidth_el_deg"]
    limit = antenna.directivity_dbi(*widths)
    if cell["ssb_gain_dbi"] > limit + _GAIN_SLACK_DB:
        return [refusal("cell_gain_above_directivity", cell, "ssb_gain_dbi", limit=round(limit, 1))]
    if math.isnan(cell["azimuth_deg"]):  # the beam of a sector, spread all around, has less to give
        limit = antenna.directivity_dbi(*widths, omnidirectional=True)
    gain = band.ssb_gain_dbi if math.isnan(cell["ssb_gain_dbi"]) else cell["ssb_gain_dbi"]
    cell["_limited"] = gain > limit + _GAIN_SLACK_DB
    cell["ssb_gain_dbi"] = limit if cell["_limited"] else gain
    return []


def _environment(environment: object, height_m: float) -> Environment:
    """Return the environment whose heights apply: rural land cover is not known yet, so a bare mast counts as UMa."""
    if isinstance(environment, str):
        return next(name for name in tr38901.ENVIRONMENTS if name == environment)
    return "UMi" if height_m <= 12.0 else "UMa"


def _defaulted(before: pd.DataFrame) -> dict[str, int]:
    open_fields = before.drop(columns=["site_id", "cell_id", "antenna_gain_dbi"])
    # The gain on the data sheet is that of the traffic beam: given there, it is no default.
    open_fields["traffic_gain_dbi"] &= before["antenna_gain_dbi"]
    return {str(name): int(count) for name, count in open_fields.sum().items() if count}


def _flags(full: pd.DataFrame, before: pd.DataFrame, limited: pd.Series[bool]) -> list[Problem]:
    """Return what is worth knowing of the rows kept: one line per kind, however many cells it concerns."""
    omni = before["azimuth_deg"]
    from_sheet = before["ssb_gain_dbi"] & ~before["antenna_gain_dbi"]
    flags = [
        *flag("cell_azimuth_empty", "warning", full[omni], "azimuth_deg"),
        *flag("cell_gain_of_traffic", "warning", full[from_sheet], "antenna_gain_dbi"),
        *flag("cell_gain_limited", "warning", full[limited.astype(bool)], "ssb_gain_dbi"),
        *_repeated_ids(full),
    ]
    environment = [_environment(*pair) for pair in zip(full["environment"], full["height_m"], strict=True)]
    for name in ("UMa", "UMi"):  # the whole range of RMa is tabulated
        tabulated = tr38901.HEIGHTS[name].tabulated_m
        off = np.array([env == name for env in environment], dtype=bool) & (full["height_m"] != tabulated)
        flags += flag("cell_height_off_table", "note", full[off], "height_m", environment=name, tabulated=tabulated)
    for operator in radios.operators():
        for band in radios.bands():
            if band.id not in operator.bands(band.technology):
                on_it = full[(full["operator"] == operator.id) & (full["band"] == band.id)]
                flags += flag("cell_band_not_held", "warning", on_it, "band", operator=operator.id, band=band.id)
    return flags


def _repeated_ids(full: pd.DataFrame) -> list[Problem]:
    """Return the warning on cells that bear the id of another cell of the same operator, technology and band."""
    named = full[full["cell_id"].notna()]
    again = named[named.duplicated(["cell_id", "operator", "technology", "band"])]
    if again.empty:
        return []
    first = again.iloc[0]
    row = int(first["row"]) if "row" in again and not is_missing(first["row"]) else int(again.index[0]) + 2
    return [
        replace(
            flag("cell_id_repeated", "warning", again, "cell_id", operator=first["operator"], band=first["band"])[0],
            row=row,
            value=str(first["cell_id"]),
        )
    ]
