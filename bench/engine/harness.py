"""How rows are timed and what they say: medians of interleaved repetitions, with the machine they were taken on."""

from __future__ import annotations

import datetime as dt
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from coverage.radio import native

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, kw_only=True)
class Goal:
    """What a row should reach: at least, or at most, an amount of its unit."""

    amount: float
    at_least: bool

    def met(self, value: float) -> bool:
        """Tell whether a value reaches the goal."""
        return value >= self.amount if self.at_least else value <= self.amount


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One line of the table.

    Attributes
    ----------
    work : str
        What was done.
    value : float
        Median of what was measured; NaN where it could not be.
    unit : str
        Of the value; ``×`` for how many times faster than the peer.
    goal : Goal or None
    beside : str
        The absolute figures behind a ratio, or what the peer was.
    reason : str
        Why the goal is not reached, shown where it is not.
    """

    work: str
    value: float
    unit: str
    goal: Goal | None = None
    beside: str = ""
    reason: str = ""

    @property
    def verdict(self) -> bool | None:
        """Whether the goal was reached; None without a goal or without a value."""
        return None if self.goal is None or self.value != self.value else self.goal.met(self.value)


def at_least(amount: float) -> Goal:
    """Return the goal of a rate or a ratio."""
    return Goal(amount=amount, at_least=True)


def at_most(amount: float) -> Goal:
    """Return the goal of a time or a size."""
    return Goal(amount=amount, at_least=False)


def cpu_seconds(step: Callable[[], object]) -> float:
    """Return the processor time a step takes in this process [s]: other people's work on the machine costs nothing."""
    start = time.process_time()
    step()
    return time.process_time() - start


def seconds(step: Callable[[], object]) -> float:
    """Return the time a step takes by the clock [s]."""
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def timed(step: Callable[[], object]) -> tuple[float, float]:
    """Return the time a step takes by the clock, and of the processors [s]."""
    clock, processor = time.perf_counter(), time.process_time()
    step()
    return time.perf_counter() - clock, time.process_time() - processor


def interleaved(steps: Mapping[str, Callable[[], float]], repeats: int) -> dict[str, float]:
    """Run steps that measure themselves in turn, again and again, and return the median of each.

    A machine that slows down for a while then slows all of them.
    """
    taken: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(repeats):
        for name, step in steps.items():
            taken[name].append(step())
    return {name: median(values) for name, values in taken.items()}


def child(module: str, *arguments: str) -> tuple[str, float]:
    """Run a module of ours in a process of its own; return what it printed and the most memory it held [GB]."""
    call = [sys.executable, "-m", module, *arguments]
    process = subprocess.Popen(call, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    told = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, call)
    return told, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e9


def children_cpu_seconds(call: list[str], folder: Path) -> float:
    """Return the processor time of a foreign program [s]."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(call, cwd=folder, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def machine() -> dict[str, str]:
    """Return what the figures depend on: processor, cores, compiler, instruction set, versions, load and date."""
    built = native.build()
    compiler, instructions = "none (NumPy)", "–"
    if built is not None:
        told = subprocess.run([*built.command, "--version"], capture_output=True, text=True, check=False).stdout
        compiler, instructions = next(iter(told.splitlines()), " ".join(built.command)), built.level
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    return {
        "CPU": _processor(),
        "cores": str(os.cpu_count()),
        "compiler": compiler,
        "instruction set": instructions,
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "load": f"{os.getloadavg()[0]:.1f} before the first row",
        "commit": commit or "unknown",
        "date": dt.datetime.now(tz=dt.UTC).date().isoformat(),
    }


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text("ascii", errors="ignore")
    except OSError:
        return platform.processor() or "unknown"
    named = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return named[0] if named else platform.processor() or "unknown"
