"""How fast masts are composed from packed losses: ``python3 run.py bench composition`` prints a table.

Rates are millions of pixels times cells per second of processor time on one core. Losses and ground are synthetic.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from unittest.mock import patch

import numpy as np

from bench.engine.harness import Measured, at_least, at_most, cpu_seconds, interleaved, machine, seconds
from bench.engine.page import text
from coverage.radio import composition, native
from coverage.radio.composition import OUTSIDE, Beam, View, pack_db

Rasters = dict[str, Any]  # numpy arrays by the names that composition gives them

REPEATS = 5
REACH = 500  # pixels: 785 thousand in the disc
SIDE = 2 * REACH + 1
GRID = 3500, 4000
MASTS = 1000
DISTINCT = 24  # different losses, 2 MB each: more than a second-level cache holds
BAND = 250  # rows of the grid composed at a time
LIMIT: dict[str, Any] = {"threshold_dbm": -105.0, "sigma_db": 6.0}
NEEDS = [composition.Demand(noise_mw=6e-13, interference_factor=0.5, downlink_db=3.0, uplink_dbm=-110.0)] * 3
SECTORS = tuple(
    (number, Beam(reference_dbm=30.0, azimuth_deg=bearing, tilt_deg=6.0, beamwidth_az_deg=65.0, beamwidth_el_deg=10.0))
    for number, bearing in enumerate((0.0, 120.0, 240.0))
)


def some_view(seed: int) -> View:
    """Return a disc of losses that rise by 35 dB per decade of distance, with scatter (synthetic)."""
    rng = np.random.default_rng(seed)
    north, east = np.mgrid[:SIDE, :SIDE] - REACH
    distance = np.hypot(north, east)
    loss = pack_db(90.0 + 35.0 * np.log10(np.maximum(distance, 5.0) / 10.0) + rng.normal(0.0, 6.0, (SIDE, SIDE)))
    loss[distance > REACH] = OUTSIDE
    ground = rng.uniform(0.0, 40.0, (SIDE, SIDE)).astype(np.float32)
    return View(row=REACH, col=REACH, pixel_m=10.0, antenna_m=60.0, ground_m=ground, loss=loss)


def tabled(beam: Beam) -> Beam:
    """Return a beam whose gain comes from a table of the same sector."""
    down, turn = np.meshgrid(np.arange(-90.0, 91.0), np.arange(361.0), indexing="ij")
    return Beam(
        reference_dbm=beam.reference_dbm, azimuth_deg=beam.azimuth_deg, tilt_deg=beam.tilt_deg,
        beamwidth_az_deg=beam.beamwidth_az_deg, beamwidth_el_deg=beam.beamwidth_el_deg,
        table_db=beam.gain_db(turn, down).astype(np.float32),
    )  # fmt: skip


def signal(shape: tuple[int, int]) -> Rasters:
    """Return the rasters of an operator that nobody serves yet."""
    return {
        "probability": np.zeros(shape, np.float32),
        "rsrp_dbm": np.full(shape, np.nan, np.float32),
        "server": np.full(shape, -1, np.int32),
        "unknown": np.zeros(shape, bool),
    }


def powers(shape: tuple[int, int]) -> Rasters:
    """Return the sums of a carrier group without cells."""
    rasters = signal(shape)
    return {"best_mw": np.zeros(shape, np.float32), "others_mw": np.zeros(shape, np.float32)} | {
        name: rasters[name] for name in ("server", "unknown")
    }


def rate_rows(repeats: int) -> list[Measured]:
    """Return the rows of the rates over one window, beside the NumPy twin."""
    view, shape = some_view(1), (SIDE, SIDE)
    pixels = int((view.loss != OUTSIDE).sum())
    levels, sums, tables = signal(shape), powers(shape), [(cell, tabled(beam)) for cell, beam in SECTORS]
    carried: Rasters = {"total_mw": np.full(shape, 1e-9, np.float32), "probability": np.zeros(shape, np.float32)}
    works: dict[str, tuple[int, Callable[[], None]]] = {
        "levels, 3 sectors": (3, partial(composition.add_levels, view, SECTORS, **LIMIT, **levels)),
        "levels, 1 sector": (1, partial(composition.add_levels, view, SECTORS[:1], **LIMIT, **levels)),
        "levels, 3 tables": (3, partial(composition.add_levels, view, tables, **LIMIT, **levels)),
        "powers, 3 sectors": (3, partial(composition.add_powers, view, SECTORS, **sums)),
        "throughput, 3 sectors": (
            3,
            partial(composition.add_throughput, view, SECTORS, NEEDS, sigma_db=6.0, **carried),
        ),
    }

    def in_numpy(work: Callable[[], None]) -> float:
        with patch.object(native, "library", return_value=None):
            return cpu_seconds(work)

    told = []
    for name, (cells, work) in works.items():
        taken = interleaved({"c": partial(cpu_seconds, work), "numpy": partial(in_numpy, work)}, repeats)
        rates = {engine: cells * pixels / spent / 1e6 for engine, spent in taken.items()}
        told.append(
            Measured(
                work=f"composition: {name}", value=rates["c"], unit="M pixels·cells/s/core",
                goal=at_least(250.0) if name == "levels, 3 sectors" else None,
                beside=f"the NumPy twin {rates['numpy']:.1f} M: {rates['c'] / rates['numpy']:.0f} ×",
            )
        )  # fmt: skip
    return told


class City:
    """A thousand patches at random places of a grid, composed by bands of rows."""

    def __init__(self) -> None:
        rng = np.random.default_rng(2)
        self.views = [some_view(seed) for seed in range(DISTINCT)]
        self.corners = list(zip(*(rng.integers(0, size - SIDE, MASTS).tolist() for size in GRID), strict=True))
        self.rasters = signal(GRID)

    def parts(self, band: int) -> list[tuple[int, View, tuple[slice, slice]]]:
        """Return mast, part of its view and window of the grid, of all masts that touch a band."""
        found = []
        for mast, (row, col) in enumerate(self.corners):
            first, last = max(row, band), min(row + SIDE, band + BAND)
            if first < last:
                part = self.views[mast % DISTINCT].part(slice(first - row, last - row))
                found.append((mast, part, (slice(first, last), slice(col, col + SIDE))))
        return found

    def best_server_of_band(self, band: int) -> None:
        """Compose levels and servers of a band from the losses alone."""
        rsrp, server = self.rasters["rsrp_dbm"], self.rasters["server"]
        for mast, part, at in self.parts(band):
            composition.best_server(part.loss, 30.0, mast, rsrp_dbm=rsrp[at], server=server[at])

    def levels_of_band(self, band: int) -> None:
        """Compose everything of a band, one sector per mast."""
        for mast, part, at in self.parts(band):
            beams = [(mast, SECTORS[mast % 3][1])]
            composition.add_levels(part, beams, **LIMIT, **{name: all_[at] for name, all_ in self.rasters.items()})

    def compose(self, work: Callable[[int], None], threads: int) -> float:
        """Return the time of composing the city anew [s]; emptying the rasters is not counted.

        One thread counts the time of its processor, which others on the machine cannot lengthen much; more threads the
        time by the clock.
        """
        for name, empty in (("probability", 0.0), ("rsrp_dbm", math.nan), ("server", -1), ("unknown", False)):
            self.rasters[name].fill(empty)
        with ThreadPoolExecutor(max_workers=threads) as pool:
            measure = cpu_seconds if threads == 1 else seconds
            return measure(lambda: list(pool.map(work, range(0, GRID[0], BAND))))


def best_server_rows(repeats: int) -> list[Measured]:
    """Return the rows of a thousand patches on a grid."""
    city = City()
    works = {"best server": city.best_server_of_band, "levels of 1 sector": city.levels_of_band}
    steps = {
        f"{what} {threads}": partial(city.compose, work, threads) for what, work in works.items() for threads in (1, 2)
    }
    taken = interleaved(steps, repeats)
    size = int((city.views[0].loss != OUTSIDE).sum())
    return [
        Measured(
            work=f"{what}, {MASTS} patches of {size // 1000} k pixels on {GRID[0]} × {GRID[1]}",
            value=taken[f"{what} 1"], unit="s", goal=at_most(0.8) if what == "best server" else None,
            beside=f"processor time of one thread; two by the clock {taken[f'{what} 2']:.2f} s",
        )
        for what in works
    ]  # fmt: skip


def main() -> None:
    """Print the table."""
    print("\n".join(f"{name}: {value}" for name, value in machine().items()), flush=True)
    print(text(rate_rows(REPEATS) + best_server_rows(REPEATS)), flush=True)


if __name__ == "__main__":
    main()
