"""Rows of earlier runs, kept group by group: a group measured again takes the place of what it said before."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.engine.harness import ROOT, Goal, Measured

FOLDER = ROOT / "bench" / "measured"


@dataclass(frozen=True, kw_only=True)
class Group:
    """Rows measured in one run.

    Attributes
    ----------
    rows : tuple of Measured
    repeats : int
    machine : mapping
        Of `coverage`'s bench harness: processor, versions, load before the run, commit, date.
    """

    rows: tuple[Measured, ...]
    repeats: int
    machine: Mapping[str, str]


def groups_of(file: Path) -> dict[str, Group]:
    """Return the groups that a file keeps, by name; none where there is no file."""
    if not file.exists():
        return {}
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return {
        name: Group(rows=tuple(map(_row, each["rows"])), repeats=each["repeats"], machine=each["machine"])
        for name, each in found.items()
    }


def keep(file: Path, name: str, rows: Sequence[Measured], repeats: int, machine: Mapping[str, str]) -> None:
    """Keep the rows of a group in a file, in the place of those it had."""
    groups = groups_of(file) | {name: Group(rows=tuple(rows), repeats=repeats, machine=dict(machine))}
    file.parent.mkdir(parents=True, exist_ok=True)
    told = {each: asdict(group) for each, group in groups.items()}
    for group in told.values():
        for row in group["rows"]:
            row["value"] = None if math.isnan(row["value"]) else row["value"]
    file.write_text(json.dumps(told, ensure_ascii=False, indent=1, allow_nan=False) + "\n", "utf-8")


def _row(told: Mapping[str, Any]) -> Measured:
    goal, value = told["goal"], told["value"]
    return Measured(
        **{**told, "goal": None if goal is None else Goal(**goal), "value": math.nan if value is None else value}
    )
