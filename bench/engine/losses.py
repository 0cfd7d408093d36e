"""Rows on path loss around one mast: points per second and core, beside a scalar reference and beside SPLAT!."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from bench.engine import pycraf
from bench.engine.ground import Window, window
from bench.engine.harness import Measured, at_least, cpu_seconds, interleaved
from bench.engine.splat import NOTHING_KM, Splat
from coverage.radio import p1812
from coverage.radio.native import RayLink
from coverage.radio.sweeps import AGREED_DB, OUTSIDE, PER_DB, packed_sweep

CASES = ((30.0, 5.0), (30.0, 15.0), (10.0, 15.0))  # pixel and profile step [m], reach [km]
MILLIONS = {(30.0, 5.0): 10.0, (30.0, 15.0): 10.0, (10.0, 15.0): 6.0}
LINK = RayLink(step_m=30.0, frequency_ghz=3.5, tx_height_m=30.0, rx_height_m=1.5)
PATHS = 40  # of the scalar reference in a repetition
LEAST_S = 0.2  # a step of ours is repeated so long: a single small sweep would be mostly cold caches
TRIES = 3  # of SPLAT! in a repetition, the least disturbed counts: its set-up is taken off, and must not hide the rest


def _sweep(
    ground: Window, link: RayLink, reach_km: float, *, full: bool = False, agreed_db: float = math.inf
) -> NDArray[np.int16]:
    """Sweep along rays alone, as the peers do, or with the own paths of pixels that the rays disagree about."""
    return packed_sweep(
        ground.bare_m, ground.top_m if full else ground.bare_m, (ground.middle, ground.middle), link,
        pixel_m=link.step_m, reach_m=1000 * reach_km, near_m=1000 * p1812.LEAST_LENGTH_KM,
        zone=ground.zone if full else None, agreed_db=agreed_db,
    )  # fmt: skip


def _rate(points: int, step: Callable[[], object]) -> float:
    spent, done = 0.0, 0
    while spent < LEAST_S:
        spent, done = spent + cpu_seconds(step), done + 1
    return points * done / spent


class _Scalar:
    """Random pixels of a sweep computed one path at a time by the Python reference."""

    def __init__(self, ground: Window, link: RayLink, packed: NDArray[np.int16]) -> None:
        rng = np.random.default_rng(1)
        rows, cols = np.nonzero(packed != OUTSIDE)
        chosen = rng.choice(len(rows), PATHS, replace=False)
        self.pixels = list(zip(rows[chosen], cols[chosen], strict=True))
        self.ground, self.link = ground, link

    def losses_db(self) -> list[float]:
        """Return the loss of every chosen pixel along its own straight profile [dB]."""
        return [self._loss_db(row, col) for row, col in self.pixels]

    def _loss_db(self, row: int, col: int) -> float:
        ground, link = self.ground, self.link
        length = math.hypot(row - ground.middle, col - ground.middle)
        points = max(round(length), 3) + 1
        at = [np.linspace(ground.middle, end, points) for end in (row, col)]
        heights = map_coordinates(ground.bare_m, at, order=1)[None, :].astype(float)
        distance = np.linspace(0, length * link.step_m / 1000, points)[None, :]
        median = p1812.Link(
            frequency_ghz=link.frequency_ghz, tx_height_m=link.tx_height_m, rx_height_m=link.rx_height_m,
            delta_n=link.delta_n, n0=link.n0,
        )  # fmt: skip
        return float(p1812.basic_transmission_loss_db(distance, heights, 0 * heights, median)[0])


def median_rows(repeats: int) -> list[Measured]:
    """Return the rows of the median loss at each pixel and reach, beside the scalar reference."""
    told = []
    for pixel_m, reach_km in CASES:
        link = replace(LINK, step_m=pixel_m)
        rates, off_db = _against_scalar("plain", link, reach_km, repeats)
        hilly = _against_scalar("hills", link, reach_km, 1)[0]
        what = f"P.1812 median, {pixel_m:g} m, {reach_km:g} km"
        told += [
            Measured(
                work=f"{what}: ÷ scalar Python", value=rates["ours"] / rates["scalar"], unit="×", goal=at_least(1000),
                beside=f"{rates['ours'] / 1e6:.1f} M ÷ {rates['scalar'] / 1e3:.2f} k points/s/core, along rays; median "
                f"|difference| {off_db:.2f} dB (between rays against the exact path)",
            ),
            Measured(
                work=what, value=rates["ours"] / 1e6, unit="M points/s/core",
                goal=at_least(MILLIONS[pixel_m, reach_km]),
                beside=f"along rays, as the peers compute; site in the hills: {hilly['ours'] / 1e6:.1f} M",
            ),
            Measured(
                work=f"{what}, own paths", value=rates["own"] / 1e6, unit="M points/s/core",
                beside=f"as a study runs: a pixel whose rays differ by more than {AGREED_DB:g} dB has its own path; "
                f"site in the hills: {hilly['own'] / 1e6:.1f} M. This ground is rougher than any of the demo city",
            ),
        ]  # fmt: skip
    return told


def _against_scalar(site: str, link: RayLink, reach_km: float, repeats: int) -> tuple[dict[str, float], float]:
    ground = window(site, link.step_m, 1000 * reach_km)
    packed = _sweep(ground, link, reach_km)  # compiled, and the ground touched, before anything is timed
    points, scalar = int(np.count_nonzero(packed != OUTSIDE)), _Scalar(ground, link, packed)
    ours = np.array([packed[at] / PER_DB for at in scalar.pixels])
    off_db = float(np.median(np.abs(ours - scalar.losses_db())))
    steps = {
        "ours": lambda: _rate(points, lambda: _sweep(ground, link, reach_km)),
        "own": lambda: _rate(points, lambda: _sweep(ground, link, reach_km, agreed_db=AGREED_DB)),
        "scalar": lambda: _rate(PATHS, scalar.losses_db),
    }
    return interleaved(steps, repeats), off_db


def splat_rows(repeats: int) -> list[Measured]:
    """Return the rows of the median loss beside SPLAT!'s ITM over the same ground, or that SPLAT! is not installed."""
    reaches = [reach_km for pixel_m, reach_km in CASES if pixel_m == LINK.step_m]
    works = {reach_km: f"P.1812 median, 30 m, {reach_km:g} km: ÷ SPLAT! ITM" for reach_km in reaches}
    if Splat.missing():
        note = "SPLAT! is not installed (apt-get install splat)"
        return [
            Measured(work=work, value=math.nan, unit="×", goal=at_least(50), beside=note) for work in works.values()
        ]
    splat = Splat("plain")
    try:
        steps: dict[str, Callable[[], float]] = {"idle": _splat_seconds(splat, NOTHING_KM)}
        for reach_km in reaches:
            steps[f"splat {reach_km}"] = _splat_seconds(splat, reach_km)
            steps[f"ours {reach_km}"] = _our_rate(reach_km)
        taken = interleaved(steps, repeats)
    finally:
        splat.close()
    told = []
    for reach_km, work in works.items():
        theirs = splat.points(reach_km) / (taken[f"splat {reach_km}"] - taken["idle"])
        ours = taken[f"ours {reach_km}"]
        told.append(
            Measured(
                work=work, value=ours / theirs, unit="×", goal=at_least(50),
                beside=f"{ours / 1e6:.1f} M ÷ {theirs / 1e3:.0f} k points/s/core; another model over the same ground; "
                "its loading and picture are taken off",
            )
        )  # fmt: skip
    return told


def _splat_seconds(splat: Splat, reach_km: float) -> Callable[[], float]:
    return lambda: min(splat.cpu_seconds(reach_km) for _ in range(TRIES))


def _our_rate(reach_km: float) -> Callable[[], float]:
    ground = window("plain", LINK.step_m, 1000 * reach_km)
    points = int(np.count_nonzero(_sweep(ground, LINK, reach_km) != OUTSIDE))
    return lambda: _rate(points, lambda: _sweep(ground, LINK, reach_km))


def pycraf_rows(repeats: int) -> list[Measured]:
    """Return the rows of the median loss beside pycraf's P.452, in one run though not in turns."""
    pycraf.install()
    told = []
    for reach_km in (5.0, 15.0):
        theirs = pycraf.rate("plain", reach_km, repeats)
        ours = interleaved({"ours": _our_rate(reach_km)}, repeats)["ours"]
        told.append(
            Measured(
                work=f"P.1812 median, 30 m, {reach_km:g} km: ÷ pycraf P.452", value=ours / theirs, unit="×",
                beside=f"{ours / 1e6:.1f} M ÷ {theirs / 1e3:.0f} k points/s/core; another model (Cython, profiles read "
                "beforehand) over the same ground",
            )
        )  # fmt: skip
    return told


def full_rows(repeats: int) -> list[Measured]:
    """Return the rows of the full model (clutter, sea, 10 % of time, 90 % of locations) beside its median alone."""
    told = []
    full = replace(LINK, time_percent=10.0, location_percent=90.0, location_sigma_db=6.0)
    for reach_km in (5.0, 15.0):
        ground = window("plain", LINK.step_m, 1000 * reach_km)
        points = int(np.count_nonzero(_sweep(ground, full, reach_km, full=True) != OUTSIDE))
        rates = interleaved(
            {
                "full": _full_rate(ground, full, reach_km, points),
                "median": _our_rate(reach_km),
                "cluttered": _cluttered_rate(ground, reach_km, points),
            },
            repeats,
        )
        told.append(
            Measured(
                work=f"P.1812 in full, 30 m, {reach_km:g} km: ÷ the median alone",
                value=rates["full"] / rates["median"], unit="×", goal=at_least(0.5),
                beside=f"{rates['full'] / 1e6:.1f} M ÷ {rates['median'] / 1e6:.1f} M points/s/core; clutter, sea, "
                f"10 % of time, 90 % of locations; the median over the same clutter: {rates['cluttered'] / 1e6:.1f} M",
                reason="two radii, horizons and ducting of every hidden path come on top of what the median needs",
            )
        )  # fmt: skip
    return told


def _full_rate(ground: Window, link: RayLink, reach_km: float, points: int) -> Callable[[], float]:
    return lambda: _rate(points, lambda: _sweep(ground, link, reach_km, full=True))


def _cluttered_rate(ground: Window, reach_km: float, points: int) -> Callable[[], float]:
    return lambda: _rate(
        points,
        lambda: packed_sweep(
            ground.bare_m, ground.top_m, (ground.middle, ground.middle), LINK, pixel_m=LINK.step_m,
            reach_m=1000 * reach_km, near_m=1000 * p1812.LEAST_LENGTH_KM, agreed_db=math.inf,
        ),
    )  # fmt: skip
