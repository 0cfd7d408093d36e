"""The console entry point: makes sure that the `coverage` to be imported is ours, then runs the command."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
TAKEN = (
    "phusong: gói Python 'coverage' đang được nạp không phải của PhủSóng ({where}); hãy gỡ coverage.py "
    "(pip uninstall coverage pytest-cov) hoặc chạy `python3 run.py` trong thư mục dự án.\n"
    "phusong: the Python package 'coverage' found is not PhủSóng's ({where}); remove coverage.py "
    "(pip uninstall coverage pytest-cov) or use `python3 run.py` in the project folder."
)


def stranger() -> str | None:
    """Return where a foreign `coverage` package lies, or None when the one found is ours."""
    spec = find_spec("coverage")
    origin = spec.origin if spec else None
    if origin and (Path(origin).resolve().parent / "signals.py").exists():
        return None
    return origin or "?"


def main() -> int:
    """Run the command line and return its exit code."""
    if str(HERE) not in sys.path:
        sys.path.insert(0, str(HERE))
    where = stranger()
    if where:
        print(TAKEN.format(where=where), file=sys.stderr)
        return 2
    from coverage.cli import main as run  # only now: the name could have been coverage.py's

    return run()


if __name__ == "__main__":
    raise SystemExit(main())
