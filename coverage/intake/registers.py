"""Registers of other makers, told by their headers: OpenCelliD/MLS, Network Signal Guru, ARCEP; channel numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import pandas as pd

from coverage.catalog.channels import lte_channel, nr_frequency_mhz
from coverage.errors import Problem, RangeError
from coverage.fields import key_of
from coverage.files.raw import RawTable

Rows = list[dict[str, str]]

_RADIO = {"gsm": "GSM", "umts": "UMTS", "lte": "LTE", "nr": "NR", "cdma": "CDMA"}
# ARCEP, "sites mobiles": its columns of 5G bands → band of TS 38.104.
_ARCEP_5G = {
    "site5g700mhz": "n28",
    "site5g800mhz": "n20",
    "site5g1800mhz": "n3",
    "site5g2100mhz": "n1",
    "site5g3500mhz": "n78",
}
_ARCEP_OTHERS = {"site4g": "LTE", "site3g": "UMTS", "site2g": "GSM"}
_EARFCN = ("earfcn", "dlearfcn", "earfcndl")
_NRARFCN = ("nrarfcn", "nrarfcndl", "ssbarfcn", "arfcnnr")


@dataclass(frozen=True, kw_only=True)
class Register:
    """A register known by name.

    Attributes
    ----------
    name : str
    needs : frozenset of str
        Keys of the headers that only it has.
    convert : callable
        Row of key → text to rows of our fields.
    """

    name: str
    needs: frozenset[str]
    convert: Callable[[Mapping[str, str]], Rows]


def _opencellid(row: Mapping[str, str]) -> Rows:
    cell = row["cell"].strip()
    plmn = f"{row['mcc'].strip()}{row['net'].strip().zfill(2)}"
    site = {"LTE": 8, "NR": 12}.get(row["radio"].strip().upper())  # bits of a cell within its station
    station = str(int(cell) >> site) if site and cell.isdecimal() else f"{row['area'].strip()}-{cell}"
    return [
        {
            "site_id": f"{plmn}-{station}",
            "cell_id": f"{plmn}-{row['area'].strip()}-{cell}",
            "operator": plmn,
            "technology": _RADIO.get(row["radio"].strip().casefold(), row["radio"]),
            "longitude": row["lon"],
            "latitude": row["lat"],
        }
    ]


def _signal_guru(row: Mapping[str, str]) -> Rows:
    five = next((row[name] for name in _NRARFCN if row.get(name)), "")
    channel = next((row[name] for name in _EARFCN if row.get(name)), "")
    cell = next((row[name] for name in ("ecellid", "nci", "ncellid", "cellid") if row.get(name)), "")
    bits = 12 if five and not channel else 8
    return [
        {
            "site_id": str(int(cell) >> bits) if cell.isdecimal() else row["cellname"],
            "cell_id": cell,
            "operator": row.get("operator") or row.get("plmn", ""),
            "technology": "NR" if five and not channel else "LTE",
            "longitude": row["longitude"],
            "latitude": row["latitude"],
            "azimuth_deg": row.get("azimuth", ""),
            "earfcn": channel,
            "nrarfcn": five,
        }
    ]


def _arcep(row: Mapping[str, str]) -> Rows:
    bands = [("NR", band) for name, band in _ARCEP_5G.items() if row.get(name, "").strip() == "1"]
    if not bands and row.get("site5g", "").strip() == "1":
        bands = [("NR", "")]
    bands += [(radio, "") for name, radio in _ARCEP_OTHERS.items() if row.get(name, "").strip() == "1"]
    site = row["numsite"].strip()
    return [
        {
            "site_id": site,
            "cell_id": f"{site}-{band or technology}",
            "operator": row["nomop"],
            "technology": technology,
            "band": band,
            "longitude": row["longitude"],
            "latitude": row["latitude"],
            "on_air": row.get("dateouverturecommerciale5g", "") if technology == "NR" else "",
        }
        for technology, band in bands
    ]


REGISTERS = (
    Register(
        name="OpenCelliD / MLS",
        needs=frozenset({"radio", "mcc", "net", "area", "cell", "lon", "lat"}),
        convert=_opencellid,
    ),
    Register(
        name="Network Signal Guru", needs=frozenset({"cellname", "longitude", "latitude", "pci"}), convert=_signal_guru
    ),
    Register(
        name="ARCEP sites mobiles",
        needs=frozenset({"nomop", "numsite", "site4g", "site5g", "latitude", "longitude"}),
        convert=_arcep,
    ),
)


def recognised(raw: RawTable) -> tuple[RawTable, tuple[Problem, ...]]:
    """Return the table of a known register in our fields, and a note that names it; any other table as it is.

    Channel numbers of any table become frequency and band where those are empty.
    """
    keys = [key_of(str(name)) for name in raw.frame.columns]
    register = next((each for each in REGISTERS if each.needs <= set(keys)), None)
    if register is None:
        return with_frequencies(raw)
    rows: Rows = []
    numbers: list[int] = []
    for number, values in zip(raw.rows, raw.frame.itertuples(index=False, name=None), strict=True):
        made = register.convert(MappingProxyType(dict(zip(keys, map(str, values), strict=True))))
        rows += made
        numbers += [int(number)] * len(made)
    names = list(dict.fromkeys(name for row in rows for name in row))
    frame = pd.DataFrame(
        {name: [row.get(name, "") for row in rows] for name in names}, index=range(len(rows)), dtype=object
    )
    frame = frame.loc[:, [name for name in names if (frame[name] != "").any()]]
    said = {"file": raw.source.name, "register": register.name, "rows": len(raw.frame), "cells": len(rows)}
    note = Problem(code="register_recognised", severity="note", values=said)
    rows_of = pd.array(numbers, dtype="int64").to_numpy()
    converted, more = with_frequencies(replace(raw, frame=frame, rows=rows_of, geometry=None))
    return converted, (note, *more)


def with_frequencies(raw: RawTable) -> tuple[RawTable, tuple[Problem, ...]]:
    """Return the table with frequency and band from its channel numbers where it says neither, and what was found."""
    columns = {key_of(str(name)): str(name) for name in raw.frame.columns}
    channel = {key: columns[key] for key in (*_EARFCN, *_NRARFCN) if key in columns}
    if not channel or "frequencymhz" in columns:
        return raw, ()
    problems: list[Problem] = []
    found: dict[tuple[str, str], tuple[str, str]] = {}
    frequencies, bands = [""] * len(raw.frame), [""] * len(raw.frame)
    for key, name in channel.items():
        for place, text in enumerate(raw.frame[name].astype(str)):
            number = text.strip().removesuffix(".0")
            if not number:
                continue
            pair = found.get((key, number))
            if pair is None:
                pair = found[key, number] = _channel(key, number)
            frequencies[place], bands[place] = pair
            if not pair[0]:
                values = {"file": raw.source.name}
                row = int(raw.rows[place])
                problems.append(
                    Problem(
                        code="channel_unknown",
                        severity="warning",
                        row=row,
                        field="frequency_mhz",
                        value=number[:80],
                        values=values,
                    )
                )
    frame = raw.frame.drop(columns=list(channel.values())).assign(frequency_mhz=frequencies)
    if "band" not in columns and any(bands):
        frame["band"] = bands
    said = {"file": raw.source.name, "columns": ", ".join(channel.values())}
    note = Problem(code="channels_converted", severity="note", field="frequency_mhz", values=said)
    return replace(raw, frame=frame), (note, *problems)


def _channel(key: str, number: str) -> tuple[str, str]:
    """Return frequency and band as texts, "" for a number that is none."""
    try:
        if key in _NRARFCN:
            return f"{nr_frequency_mhz(int(number)):.3f}0", ""
        band, mhz = lte_channel(int(number))
    except (RangeError, ValueError):
        return "", ""
    return f"{mhz:.1f}", band
