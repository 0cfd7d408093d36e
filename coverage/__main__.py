"""``python -m coverage``: the same as the command ``phusong``."""

from coverage.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
