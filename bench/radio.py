"""How fast the radio engine is beside its peers: `python3 run.py bench radio`, which also writes docs/performance.md.

``--rows=median,splat`` runs some groups of rows only, and the page keeps what the others said when they were measured
last. ``--repeats=3`` repeats less often and leaves the page alone.
``--pycraf`` adds a second peer, installed into an environment of its own.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from bench import composition
from bench.engine import cities, losses, sums
from bench.engine.harness import ROOT, Measured, machine
from bench.engine.kept import FOLDER, groups_of, keep
from bench.engine.page import markdown, text

REPEATS = 5
PAGE = ROOT / "docs" / "performance.md"
KEPT = FOLDER / "radio.json"
TITLE, COMMAND = "Tốc độ · Speed", "python3 run.py bench radio"
OPENING = (
    (
        "Mỗi dòng được đo cùng lúc với bên so sánh, xen kẽ, trên một máy dùng chung; con số là trung vị. Tỷ số đứng "
        "trước vì chúng ít phụ thuộc vào máy. Địa hình và thành phố đều là dữ liệu tổng hợp."
    ),
    (
        "Every row was measured beside its peer, in turns, on a shared machine; figures are medians. Ratios stand "
        "first: they depend least on the machine. Ground and cities are synthetic."
    ),
)
ROWS: dict[str, Callable[[int], list[Measured]]] = {
    "median": losses.median_rows,
    "splat": losses.splat_rows,
    "full": losses.full_rows,
    "thousand": cities.thousand_rows,
    "demo": cities.demo_rows,
    "move": cities.move_rows,
    "server": composition.best_server_rows,
    "composition": composition.rate_rows,
    "sums": sums.zone_rows,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the rows asked for, print and keep them, and write the page when all were measured often enough."""
    parser = argparse.ArgumentParser(prog="run.py bench radio", description=__doc__)
    parser.add_argument("--rows", default=",".join(ROWS), help=f"of {','.join(ROWS)}")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--pycraf", action="store_true", help="pycraf as another peer, installed under .tools/")
    asked = parser.parse_args(arguments)
    names = asked.rows.split(",")
    groups = {**ROWS, "pycraf": losses.pycraf_rows}
    place = machine()
    print("\n".join(f"{name}: {value}" for name, value in place.items()), flush=True)
    for name in [*names, *(["pycraf"] if asked.pycraf else [])]:
        rows = groups[name](asked.repeats)
        print(f"\n[{name}]\n{text(rows)}", flush=True)
        if name in ROWS and asked.repeats >= REPEATS:
            keep(KEPT, name, rows, asked.repeats, place)
    kept = groups_of(KEPT)
    if asked.repeats >= REPEATS and kept.keys() >= ROWS.keys():
        PAGE.write_text(markdown(TITLE, OPENING, COMMAND, {name: kept[name] for name in ROWS}), "utf-8")
        print(f"\n{PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
