"""Times of the main path on the demo city: read, measure, plan, measure again."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import coverage as cov

PIXELS_M = (100.0, 50.0)
Answer = TypeVar("Answer")


def timed(what: str, step: Callable[[], Answer]) -> Answer:
    """Run a step, print how long it took, and return its answer."""
    start = time.perf_counter()
    answer = step()
    print(f"{what:<40} {time.perf_counter() - start:8.2f} s", flush=True)
    return answer


def main() -> None:
    """Print one line per step."""
    print(f"{os.cpu_count()} CPUs, {platform.machine()}, Python {platform.python_version()}")
    city = timed("read the demo city", cov.demo_city)
    for pixel_m in PIXELS_M:
        print(f"pixel of {pixel_m:g} m")
        study = timed("  set up a study", partial(cov.Study, city, pixel_m=pixel_m))
        timed("  measure", study.run)
        changes = timed("  list candidates", partial(cov.candidates, study))
        plan = timed(f"  plan to 20 % with {len(changes)} changes", partial(cov.plan, study, changes, target=0.20))
        timed("  measure the plan", study.under(plan.scenario).run)


if __name__ == "__main__":
    main()
