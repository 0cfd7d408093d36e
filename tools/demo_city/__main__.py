"""``python -m tools.demo_city [--out data/demo]``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools.demo_city.build import DEMO, build


def main() -> int:
    """Write the demo city and say where."""
    parser = argparse.ArgumentParser(prog="python -m tools.demo_city", description="Write the synthetic demo city.")
    parser.add_argument("--out", type=Path, default=DEMO, help="folder to write to (default: data/demo)")
    for path in build(parser.parse_args().out):
        sys.stdout.write(f"{path}  {path.stat().st_size / 1e6:.2f} MB\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
