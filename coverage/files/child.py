"""The other side of `coverage.files.sandbox`: read one table inside a confined process and hand it back as Arrow."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa

from coverage.errors import LayerError, Problem
from coverage.files import confined
from coverage.files.raw import RawTable
from coverage.files.tables import read_table

TABLE, ANSWER, GEOMETRY, ROWS = "table.arrow", "answer.json", "\x00geometry", "\x00row"


def main(folder: Path, name: str, max_rows: int) -> int:
    """Read the file ``folder/in/<name>`` and write ``table.arrow`` and ``answer.json`` beside it; 0 when both stand."""
    code = Path(__file__).resolve().parents[1]
    prefixes = {sys.prefix, sys.base_prefix, str(code), str(code.parent / "data"), str(code / "_data")}
    confined.confine(folder, [Path(prefix) for prefix in sorted(prefixes)])
    try:
        raw = read_table(folder / "in" / name, max_rows=max_rows)
        _write(raw, folder / TABLE)
        answer = _answer(raw)
    except LayerError as error:
        answer = {"error": error.code, "values": error.values, "problems": [_told(each) for each in error.problems]}
    except MemoryError:
        answer = {"error": "upload_too_heavy", "values": {}, "problems": []}
    answer["measures"] = confined.measures()
    (folder / ANSWER).write_text(json.dumps(answer, default=str), "utf-8")
    return 0


def _write(raw: RawTable, path: Path) -> None:
    columns: dict[str, pa.Array] = {ROWS: pa.array(raw.rows)}
    columns |= {name: pa.array(raw.frame[name].tolist(), pa.large_string()) for name in raw.frame.columns}
    if raw.geometry is not None:
        columns[GEOMETRY] = pa.array(raw.geometry.to_wkb().tolist(), pa.large_binary())
    table = pa.table(columns)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def _answer(raw: RawTable) -> dict[str, Any]:
    crs = None if raw.geometry is None or raw.geometry.crs is None else raw.geometry.crs.to_json()
    return {"crs": crs, "synthetic": raw.source.synthetic, "problems": [_told(problem) for problem in raw.problems]}


def _told(problem: Problem) -> dict[str, Any]:
    return {
        "code": problem.code,
        "severity": problem.severity,
        "row": problem.row,
        "field": problem.field,
        "value": problem.value,
        "values": dict(problem.values),
    }
