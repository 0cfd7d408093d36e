"""How fast the radio engine is beside its peers: `python3 run.py bench radio`, which also writes docs/performance.md.

``--rows=median,splat`` runs some groups of rows only, ``--repeats=3`` repeats less often; both leave the page alone.
``--pycraf`` adds a second peer, installed into an environment of its own.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from bench import composition
from bench.engine import cities, losses, sums
from bench.engine.harness import ROOT, Measured, machine
from bench.engine.page import markdown, text

REPEATS = 5
PAGE = ROOT / "docs" / "performance.md"
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
    """Run the rows asked for, print them, and write the page when all of them ran often enough."""
    parser = argparse.ArgumentParser(prog="run.py bench radio", description=__doc__)
    parser.add_argument("--rows", default=",".join(ROWS), help=f"of {','.join(ROWS)}")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--pycraf", action="store_true", help="pycraf as another peer, installed under .tools/")
    asked = parser.parse_args(arguments)
    names = asked.rows.split(",")
    groups = {**ROWS, "pycraf": losses.pycraf_rows}
    place = machine()
    print("\n".join(f"{name}: {value}" for name, value in place.items()), flush=True)
    told: list[Measured] = []
    for name in [*names, *(["pycraf"] if asked.pycraf else [])]:
        told += (rows := groups[name](asked.repeats))
        print(f"\n[{name}]\n{text(rows)}", flush=True)
    if set(names) == ROWS.keys() and asked.repeats >= REPEATS:
        PAGE.write_text(markdown(told, place, asked.repeats), "utf-8")
        print(f"\n{PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
