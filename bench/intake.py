"""100,000 cells in CSV read apart, checked, graded and stored: time of each step, processor time, memory."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from bench.engine.harness import machine
from coverage.catalog.registers import data_dir
from coverage.files.layers import read_wards
from coverage.files.sandbox import read_upload
from coverage.intake.checking import Against, check_cells
from coverage.intake.documents import report_of
from coverage.store.accounts import add_account
from coverage.store.migrating import open_store
from coverage.store.principal import SYSTEM
from coverage.store.submissions import Upload, submit

ROWS = 100_000
GOAL_S, GOAL_MB = 10.0, 1000.0


def sample(rows: int) -> pd.DataFrame:
    """Return so many different cells: those of the demo city again and again, each copy a metre further north."""
    cells = pd.read_csv(data_dir() / "demo" / "cells.csv", dtype=str, keep_default_na=False)
    copies = [
        cells.assign(
            site_id=cells["site_id"] + f"-{copy}",
            cell_id=cells["cell_id"] + f"-{copy}",
            operator="VNPT",
            latitude=(cells["latitude"].astype(float) + copy * 1e-5).map("{:.6f}".format),
        )
        for copy in range(rows // len(cells) + 1)
    ]
    return pd.concat(copies, ignore_index=True).iloc[:rows]


@contextmanager
def timed(name: str) -> Iterator[None]:
    """Print how long a step took: wall clock, and processor time of this process and of its children."""
    start, before = time.perf_counter(), _processor_s()
    yield
    print(
        f"{name:<28}{time.perf_counter() - start:8.2f} s clock {_processor_s() - before:8.2f} s processor", flush=True
    )


def _processor_s() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def main() -> None:
    """Print the steps, their sum beside the goal, and the greatest memory of both processes."""
    print("\n".join(f"{name}: {value}" for name, value in machine().items()))
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        path = folder / "cells.csv"
        sample(ROWS).to_csv(path, index=False)
        wards = read_wards(data_dir() / "demo" / "wards.geojson")
        store = open_store(folder / "store.sqlite")
        with store.writing(SYSTEM) as access:
            partner = add_account(access, "bench", "partner", "only for this bench", "VNPT").principal
        start, before = time.perf_counter(), _processor_s()
        with timed("read apart"):
            raw = read_upload(path)
        with timed("checked and graded"):
            checked = check_cells(raw, Against(wards=wards, partner="VNPT"))
        with timed("report"):
            report = report_of(checked)
        if checked.layer is None:
            sys.exit("no usable row")
        upload = Upload(
            file_name=path.name,
            content=path.read_bytes(),
            layer=checked.layer,
            mapping=checked.mapping,
            summary={name: report[name] for name in ("rows", "accepted", "refused", "repaired", "grade")},
        )
        with timed("stored (SQLite)"), store.writing(partner) as access:
            submit(access, upload)
        total, used = time.perf_counter() - start, _processor_s() - before
        store.close()
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{ROWS} cells: {total:.1f} s clock, {used:.1f} s processor (goal {GOAL_S:g} s)")
    print(f"greatest memory: {own:.0f} MB here, {child:.0f} MB in the reader (goal {GOAL_MB:g} MB)")
    print(f"accepted {checked.accepted}, problems {len(checked.problems)}, grade {checked.grade.letter}")


if __name__ == "__main__":
    main()
