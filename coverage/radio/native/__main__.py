"""Compile the hot loops and say with what: `python -m coverage.radio.native`; exit code 3 where nothing could."""

from __future__ import annotations

import os
import sys

from coverage.radio import native

NO_COMPILER = 3  # `run.py` then asks the package index for ziglang


def main() -> int:
    """Print the compiler, the instruction set and the place of the library, in one line of two languages."""
    others = [folder for folder in sorted(native.FOLDER.parents[1].glob("*/native")) if folder != native.FOLDER]
    built = native.build()
    if built is not None:
        for folder in others:
            native.build(folder)
        compiler = "ziglang" if "ziglang" in built.command else " ".join(built.command)
        print(f"C: {compiler}, {built.level} ({built.path})", file=sys.stderr)  # noqa: T201
        return 0
    if os.environ.get("PHUSONG_NATIVE") == "0":
        print("PHUSONG_NATIVE=0: NumPy", file=sys.stderr)  # noqa: T201
        return 0
    print("Không có trình biên dịch C nên dùng NumPy, chậm hơn · No C compiler here: NumPy, slower", file=sys.stderr)  # noqa: T201
    return NO_COMPILER


if __name__ == "__main__":
    raise SystemExit(main())
