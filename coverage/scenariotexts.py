"""Scenarios as TOML: readable, editable by hand, and read back exactly."""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from coverage.antennas import Antenna
from coverage.cells import complete_cells
from coverage.changes import KINDS, MEDIA, Change, Reason
from coverage.city import City
from coverage.errors import LayerError, Problem
from coverage.findings import is_missing

FORMAT = 1
HEAD = """\
# Kịch bản PhủSóng · a PhủSóng scenario. Toạ độ · coordinates: {crs} (m). Chi phí · costs: VND.
# Trường nào của cell không ghi thì lấy theo danh mục · a field that a cell leaves out comes from the catalogue.
"""
_TEXTS = ("id", "kind", "site_id", "operator", "ward_id", "medium")
_NUMBERS = ("cost_vnd", "cost_low_vnd", "cost_high_vnd", "households")
_LISTS = ("operators", "removes")
_REQUIRED = ("id", "kind", "site_id", "operator", "cost_vnd")
_CHANGE_KEYS = (*_TEXTS, *_NUMBERS, *_LISTS, "reason", "cell")
_CELL_REQUIRED = ("operator", "technology", "band", "easting_m", "northing_m")
# The order in which people read a cell; what is not named here follows by name.
_CELL_ORDER = (
    "site_id", "cell_id", "operator", "technology", "band", "easting_m", "northing_m", "height_m", "azimuth_deg",
    "tilt_deg", "mechanical_tilt_deg", "electrical_tilt_deg", "power_dbm", "antenna", "environment",
)  # fmt: skip
_CELL_HEADER = re.compile(r"^\s*\[\[\s*change\s*\.\s*cell\s*\]\]", re.MULTILINE)


def scenario_text(name: str, changes: Sequence[Change], crs: str) -> str:
    """Return a scenario as TOML; `scenario_of` gives the same changes back.

    Parameters
    ----------
    name : str
    changes : sequence of Change
    crs : str
        Of the coordinates of the cells, in metres.
    """
    lines = [HEAD.format(crs=crs), f"format = {FORMAT}", f"name = {_written(name)}", f"crs = {_written(crs)}"]
    for change in changes:
        lines += ["", "[[change]]", *_pairs(_fields(change))]
        if change.reason is not None:
            lines += ["[change.reason]", *_pairs({"code": change.reason.code, **change.reason.values})]
        for row in change.cells.to_dict("records"):
            lines += ["[[change.cell]]", *_pairs(_cell_fields({str(key): value for key, value in row.items()}))]
    return "\n".join(lines) + "\n"


def _fields(change: Change) -> dict[str, Any]:
    told: dict[str, Any] = {field: getattr(change, field) for field in (*_TEXTS, *_NUMBERS)}
    told |= {"operators": list(change.operators) if change.shared else None, "removes": list(change.removes) or None}
    return {key: value for key, value in told.items() if key != "households" or value}


def _cell_fields(row: dict[str, Any]) -> dict[str, Any]:
    place = row.pop("geometry")
    if isinstance(row.get("antenna"), Antenna):
        row["antenna"] = row["antenna"].name
    if row.get("electrical_tilt_deg") == row.get("tilt_deg", math.nan) - row.get("mechanical_tilt_deg", math.nan):
        del row["electrical_tilt_deg"]  # follows from the two others: who edits one of them need not edit this
    told = {**row, "easting_m": float(place.x), "northing_m": float(place.y)}
    return {key: told[key] for key in (*(k for k in _CELL_ORDER if k in told), *sorted(set(told) - set(_CELL_ORDER)))}


def _pairs(values: Mapping[str, Any]) -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, list | tuple) or not is_missing(value):
            yield f"{key if re.fullmatch(r'[A-Za-z0-9_-]+', key) else _written(key)} = {_written(value)}"


def _written(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, float | np.floating):
        return repr(float(value))
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_written, value))}]"
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


@dataclass(frozen=True, kw_only=True)
class _Entry:
    """One change of a file, and where it stands."""

    file: str
    number: int
    told: Mapping[str, Any]

    @property
    def name(self) -> str:
        """How the sentences call it."""
        return str(self.told.get("id") or f"#{self.number}")

    def refuse(self, field: str, expected: str) -> LayerError:
        """Return the error of a value that cannot be used."""
        value = str(self.told.get(field))[:80]
        return LayerError(
            "scenario_value", file=self.file, entry=self.name, field=field, value=value, expected=expected
        )

    def text(self, field: str) -> str:
        """Return a text that is not empty."""
        value = self.told[field]
        if not isinstance(value, str) or not value:
            raise self.refuse(field, '"…"')
        return value

    def number_of(self, field: str, missing: float) -> float:
        """Return a number ≥ 0."""
        value = self.told.get(field)
        if field not in self.told:
            return missing
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
            raise self.refuse(field, "≥ 0")
        return float(value)

    def names(self, field: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self.told.get(field, [])
        if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
            raise self.refuse(field, '["…", "…"]')
        return tuple(value)


def scenario_of(text: str, file: str, city: City) -> tuple[str, tuple[Change, ...]]:
    """Return name and changes of a scenario text.

    Parameters
    ----------
    text : str
        As `scenario_text` writes it, or by hand: what a cell leaves out is completed from the catalogue.
    file : str
        What errors call it.
    city : City
        Whose coordinate system and measured antennas the cells use.

    Raises
    ------
    LayerError
        ``scenario_unreadable``, ``scenario_crs``, ``scenario_lacks``, ``scenario_key_unknown``, ``scenario_value``,
        ``scenario_id_repeated``; ``scenario_cells`` with a problem for every cell that cannot be used, whose row is its
        line in the file.
    """
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LayerError("scenario_unreadable", file=file, reason=str(error)) from None
    rows = told.get("change", [])
    well_formed = isinstance(rows, list) and all(isinstance(row, dict) for row in rows)
    if told.get("format") != FORMAT or not isinstance(told.get("name"), str) or not well_formed:
        raise LayerError("scenario_unreadable", file=file, reason=f"format = {FORMAT}, name, [[change]]")
    crs = str(city.cells.frame.crs)
    if told.get("crs") != crs:
        raise LayerError("scenario_crs", file=file, given=str(told.get("crs")), expected=crs)
    entries = [_Entry(file=file, number=n, told=row) for n, row in enumerate(rows, start=1)]
    for n, entry in enumerate(entries):
        _check(entry)
        if entry.name in {other.name for other in entries[:n]}:
            raise LayerError("scenario_id_repeated", file=file, entry=entry.name)
    lines = [text.count("\n", 0, match.start()) + 1 for match in _CELL_HEADER.finditer(text)]
    cells = _cells(entries, lines, city)
    return told["name"], tuple(map(_change, entries, cells))


def _check(entry: _Entry) -> None:
    for field in _REQUIRED:
        if field not in entry.told:
            raise LayerError("scenario_lacks", file=entry.file, entry=entry.name, field=field)
    if unknown := [key for key in entry.told if key not in _CHANGE_KEYS]:
        known = ", ".join(_CHANGE_KEYS)
        raise LayerError("scenario_key_unknown", file=entry.file, entry=entry.name, field=unknown[0], known=known)
    if entry.told["kind"] not in KINDS:
        raise entry.refuse("kind", ", ".join(KINDS))
    if "medium" in entry.told and entry.told["medium"] not in MEDIA:
        raise entry.refuse("medium", ", ".join(MEDIA))
    if entry.told["kind"] == "connect" and not {"ward_id", "medium", "households"} <= entry.told.keys():
        raise LayerError("scenario_lacks", file=entry.file, entry=entry.name, field="ward_id, medium, households")
    for cell in _listed(entry):
        _check_cell(entry, cell)


def _check_cell(entry: _Entry, cell: Mapping[str, Any]) -> None:
    for field in _CELL_REQUIRED:
        if field not in cell:
            raise LayerError("scenario_lacks", file=entry.file, entry=entry.name, field=f"cell.{field}")
    for field in ("easting_m", "northing_m"):
        value = cell[field]
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            told = str(value)[:80]
            raise LayerError(
                "scenario_value",
                file=entry.file,
                entry=entry.name,
                field=f"cell.{field}",
                value=told,
                expected="550000.0",
            )


def _listed(entry: _Entry) -> list[dict[str, Any]]:
    cells = entry.told.get("cell", [])
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise entry.refuse("cell", "[[change.cell]]")
    return cells


def _cells(entries: list[_Entry], lines: list[int], city: City) -> list[gpd.GeoDataFrame]:
    """Return the completed cells of every entry."""
    frame, counts = city.cells.frame, [len(_listed(entry)) for entry in entries]
    given = [{"site_id": entry.told["site_id"], **cell} for entry in entries for cell in _listed(entry)]
    if not given:
        return [frame.iloc[:0] for _ in entries]
    # A cell written in another way than under a header of its own has no line: its number stands in.
    rows = lines if len(lines) == len(given) else list(range(1, len(given) + 1))
    table = pd.DataFrame(given).assign(row=rows)
    points = gpd.GeoSeries(gpd.points_from_xy(table.pop("easting_m"), table.pop("northing_m")), crs=frame.crs)
    antennas = (
        {antenna.name: antenna for antenna in frame["antenna"].dropna().unique() if isinstance(antenna, Antenna)}
        if "antenna" in frame
        else {}
    )
    file = entries[0].file
    try:
        full, _, problems = complete_cells(table.assign(geometry=points), file=file, antennas=antennas)
    except (TypeError, ValueError) as error:  # a text where a number belongs
        raise LayerError("scenario_unreadable", file=file, reason=str(error)) from None
    if wrong := tuple(_as_error(p) for p in problems if p.severity == "error" or p.code == "cell_antenna_unknown"):
        raise LayerError("scenario_cells", wrong, file=file, count=len(wrong))
    ends = np.concatenate([[0], np.cumsum(counts)])
    whole = gpd.GeoDataFrame(full.drop(columns="row"), geometry="geometry", crs=frame.crs)
    return [whole.iloc[a:b].reset_index(drop=True) for a, b in pairwise(ends.tolist())]


def _as_error(problem: Problem) -> Problem:
    return Problem(code=problem.code, row=problem.row, field=problem.field, value=problem.value, values=problem.values)


def _change(entry: _Entry, cells: gpd.GeoDataFrame) -> Change:
    told = entry.told
    reason = told.get("reason")
    if reason is not None and (not isinstance(reason, dict) or not isinstance(reason.get("code"), str)):
        raise entry.refuse("reason", "[change.reason] code")
    return Change(
        id=entry.text("id"),
        kind=told["kind"],
        site_id=entry.text("site_id"),
        operator=entry.text("operator"),
        cells=cells,
        cost_vnd=entry.number_of("cost_vnd", math.nan),
        cost_low_vnd=entry.number_of("cost_low_vnd", math.nan),
        cost_high_vnd=entry.number_of("cost_high_vnd", math.nan),
        operators=entry.names("operators"),
        removes=entry.names("removes"),
        ward_id=entry.text("ward_id") if "ward_id" in told else None,
        reason=None
        if reason is None
        else Reason(code=reason["code"], values={k: v for k, v in reason.items() if k != "code"}),
        households=entry.number_of("households", 0.0),
        medium=told.get("medium"),
    )
