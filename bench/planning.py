"""How fast plans are solved and proven beside spopt and HiGHS: `python3 run.py bench planning`.

``--rows=500,1000`` runs some rows only, and the page keeps what the others said when they were measured last.
``--repeats=1`` repeats less often and leaves the page alone.
Times are processor time: every solver runs on one thread, and other work on the machine costs nothing.
"""

from __future__ import annotations

import argparse
import math
import resource
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from shapely.geometry import Point

import coverage as cov
from bench.engine.harness import ROOT, Measured, at_least, at_most, cpu_seconds, machine, seconds
from bench.engine.kept import FOLDER, groups_of, keep
from bench.engine.page import markdown, text
from coverage.planning.aims import aim_of
from coverage.planning.exact import exactly
from coverage.planning.model import Goal
from coverage.planning.posing import Terms, pose
from coverage.planning.problem import Merged, Problem, Solution, merged
from coverage.planning.reach import Reach, reach
from coverage.planning.solvers import cheapest, most
from coverage.whatif import Outcome

PEER_S = 60  # CBC needs some minutes on 100,000 pixels
REPEATS, CENTRES, SIDE_M = 3, 40, 20_000.0
LATTICE_M, CITY_S, SITES = 930.0, 60.0, 8  # a lattice that makes some 2,000 candidates
PAGE = ROOT / "docs" / "performance_planning.md"
KEPT = FOLDER / "planning.json"
TITLE, COMMAND = "Tốc độ lập phương án · Speed of planning", "python3 run.py bench planning"
OPENING = (
    "Thời gian bộ xử lý nếu không ghi khác, trung vị, gồm cả gộp điểm ảnh; dữ liệu tổng hợp.",
    "Processor time where nothing else is said, medians, merging of pixels included; synthetic data.",
)
Instance = tuple[sparse.csr_array, NDArray[np.float64]]


def instance(candidates: int, pixels: int) -> Instance:
    """Return ragged areas of 300–800 m over clustered demand on 20 × 20 km (synthetic)."""
    rng = np.random.default_rng(0)
    side = round(pixels**0.5)
    cell = SIDE_M / side
    centres = rng.uniform(3000, 17_000, (CENTRES, 2))
    share = rng.pareto(1.5, CENTRES) + 0.3
    share /= share.sum()
    axis = (np.arange(side) + 0.5) * cell
    demand = np.full((side, side), 0.02)
    for (x, y), part in zip(centres, share, strict=True):
        demand += part * np.exp(-((axis[None] - x) ** 2 + (axis[:, None] - y) ** 2) / (2 * 900**2))
    demand = rng.gamma(0.4, demand / demand.mean())
    near = centres[rng.choice(CENTRES, candidates // 2, p=share)] + rng.normal(0, 1200, (candidates // 2, 2))
    anywhere = rng.uniform(0, SIDE_M, (candidates - candidates // 2, 2))
    rows = [_area(rng, place, axis) for place in np.concatenate([near, anywhere]).clip(0, SIDE_M)]
    pointers = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    index = np.concatenate(rows)
    sets = sparse.csr_array((np.ones(len(index), np.int8), index, pointers), shape=(candidates, side * side))
    return sets, (demand / demand.sum()).ravel()


def _area(rng: np.random.Generator, place: NDArray[np.float64], axis: NDArray[np.float64]) -> NDArray[np.int64]:
    radius, phase, swing = rng.uniform(300, 800), rng.uniform(0, 2 * np.pi, 3), rng.uniform(0, 0.35, 3)
    col, row = (np.flatnonzero(np.abs(axis - at) < 2.05 * radius) for at in place)
    dx, dy = axis[col][None] - place[0], axis[row][:, None] - place[1]
    angle = np.arctan2(dy, dx)
    rim = radius * (1 + sum(swing[k] * np.sin((k + 2) * angle + phase[k]) for k in range(3)))
    inside = np.hypot(dx, dy) < rim
    found: NDArray[np.int64] = (row[:, None] * len(axis) + col[None])[inside]
    return found


def _posed(given: Instance) -> Problem:
    sets, weight = given
    small: Merged = merged(sets, weight, np.zeros(len(weight), dtype=bool))
    return Problem(sets=small.sets, weight=small.weight, cost=np.ones(sets.shape[0]))


def _timed(given: Instance, budget: int, gap: float, repeats: int) -> tuple[float, Solution]:
    """Return the median time from pixels to proof, merging included, and the last solution."""
    found: list[Solution] = []
    times = [cpu_seconds(lambda: found.append(most(_posed(given), budget, gap=gap))) for _ in range(repeats)]
    return median(times), found[-1]


def small_rows(repeats: int) -> list[Measured]:
    """Return the rows of 500 candidates, with the peers on the same instance."""
    given = instance(500, 100_000)
    near_s, near = _timed(given, 50, 0.001, repeats)
    whole_s, whole = _timed(given, 50, 0.0, repeats)
    problem = _posed(given)
    ours: list[float] = []
    highs_s = cpu_seconds(lambda: ours.append(problem.value_of(exactly(problem, Goal(budget=50.0)).chosen or ())))
    spopt_s, theirs = _spopt(given, 50)
    what = "500 × 100,000, p = 50"
    return [
        Measured(
            work=f"{what}: to 0.1 % proven", value=near_s, unit="s", goal=at_most(0.2),
            beside=f"gap {near.gap:.3%}, {near.method}",
        ),
        Measured(
            work=f"{what}: optimum proven", value=whole_s, unit="s", goal=at_most(2.0),
            beside=f"gap {whole.gap:.1e}, {whole.method}; HiGHS alone, merged: {highs_s:.2f} s, value {ours[0]:.6f}",
        ),
        Measured(
            work=f"{what}: spopt with its default solver (CBC) ÷ ours to 0.1 %",
            value=spopt_s / near_s, unit="×", goal=at_least(100),
            beside=f"spopt {spopt_s:.0f} s by the clock (CBC stopped after {PEER_S} s), value {theirs:.6f}; "
            f"ours {near.value:.6f}",
        ),
    ]  # fmt: skip


def _spopt(given: Instance, count: int) -> tuple[float, float]:
    """Return how long spopt takes on the pixels as they are, by the clock [s], and its value; 0 where it found none."""
    sets, weight = given
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pulp  # type: ignore[import-untyped]  # noqa: PLC0415 — warns at import
        from spopt.locate import MCLP  # type: ignore[import-untyped]  # noqa: PLC0415

        far = np.where(sets.toarray().T > 0, 0.0, 10.0)  # the peer wants a dense matrix
        model = MCLP.from_cost_matrix(far, weight, 1.0, p_facilities=count)
        taken = seconds(lambda: model.solve(pulp.PULP_CBC_CMD(msg=False, timeLimit=PEER_S)))
    chosen = [j for j, variable in enumerate(model.fac_vars) if (variable.value() or 0) > 0.5]
    return taken, Problem(sets=sets, weight=weight, cost=np.ones(sets.shape[0])).value_of(chosen)


def _large(candidates: int, budget: int, gap: float, limit_s: float) -> Callable[[int], list[Measured]]:
    def rows(repeats: int) -> list[Measured]:
        taken, found = _timed(instance(candidates, 1_000_000), budget, gap, repeats)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        return [
            Measured(
                work=f"{candidates:,} × 1,000,000, p = {budget}: to {gap:.0%} proven", value=taken, unit="s",
                goal=at_most(limit_s), beside=f"gap {found.gap:.2%}, {found.method}; process held {memory:.1f} GB",
            )
        ]  # fmt: skip

    return rows


def city_rows(repeats: int) -> list[Measured]:
    """Return the rows of the demo city at 25 m with some 2,000 candidates: first plan, and time to a proven gap."""
    study = cov.Study(cov.demo_city(), pixel_m=25.0)
    today, changes = study.run(), cov.candidates(study, lattice_m=LATTICE_M)
    aim = aim_of(study.rule)
    ground: list[Reach] = []
    sets_s = seconds(lambda: ground.append(reach(study, changes, today=today, networks=aim.networks)))
    problem = pose(ground[0], today, aim, Terms()).problem
    first, near, found = [], [], []
    for _ in range(repeats):
        watch = _Watch(start=time.process_time())
        found.append(cheapest(problem, 0.2, seconds=CITY_S, gap=0.01, progress=watch))
        first.append(watch.first)
        near.append(time.process_time() - watch.start)
    what = f"demo city, 25 m × {len(changes):,} candidates, 20 %"
    return [
        Measured(
            work=f"{what}: first plan, coverage sets given", value=median(first), unit="s", goal=at_most(2.0),
            beside=f"{problem.sets.shape[1]:,} merged elements; the sets took {sets_s:.0f} s by the clock",
        ),
        Measured(
            work=f"{what}: to 1 % proven", value=median(near) if found[-1].gap <= 0.01 else math.nan, unit="s",
            goal=at_most(60.0), beside=f"gap {found[-1].gap:.2%} after {median(near):.0f} s, {found[-1].method}",
        ),
    ]  # fmt: skip


@dataclass
class _Watch:
    """Notes when the first plan was there."""

    start: float
    first: float = math.nan

    def __call__(self, _phase: str, value: float, _bound: float) -> None:
        if math.isnan(self.first) and math.isfinite(value):
            self.first = time.process_time() - self.start


def whatif_rows(repeats: int) -> list[Measured]:
    """Return the rows of one site moved, removed and added in the demo city, each beside a full run."""
    del repeats
    rows = []
    for pixel in (50.0, 25.0):
        ask = cov.WhatIf(result=cov.Study(cov.demo_city(), pixel_m=pixel).run())
        cells = ask.result.signal.cells
        for name, question in _questions(ask).items():
            sites = list(dict.fromkeys(cells["site_id"]))[:SITES]
            times, outcomes = zip(*(_answered(question, site) for site in sites), strict=True)
            again = outcomes[-1].study.run()
            mine, full = (each.city["value"].to_numpy(dtype=float) for each in (outcomes[-1], again))
            off = float(np.nanmax(np.abs(mine - full)))
            rows.append(
                Measured(
                    work=f"one site {name}, demo city, {pixel:g} m, new ward table", value=1000 * median(times[1:]),
                    unit="ms", goal=at_most(200.0),
                    beside=f"by the clock; slowest {1000 * max(times[1:]):.0f} ms; {off:.1e} off a full run",
                )
            )  # fmt: skip
    return rows


def _answered(question: Callable[[str], Outcome], site: str) -> tuple[float, Outcome]:
    start = time.perf_counter()
    outcome = question(site)
    return time.perf_counter() - start, outcome


def _questions(ask: cov.WhatIf) -> dict[str, Callable[[str], Outcome]]:
    """Return what is asked of one site: it stands elsewhere, is gone, or has a twin 400 m away."""
    cells = ask.result.signal.cells

    def place(site: str) -> Point:
        found: Point = cells.geometry[cells["site_id"] == site].iloc[0]
        return found

    def twin(site: str) -> Outcome:
        own = cells[cells["site_id"] == site]
        moved = own.set_geometry(own.geometry.translate(400.0, 0.0))
        names = {"site_id": own["site_id"] + "-2", "cell_id": own["cell_id"] + "-2"}
        return ask.added(moved.assign(**names).drop(columns="environment_assumed"))

    return {
        "moved": lambda site: ask.moved(site, place(site).x + 300, place(site).y),
        "removed": ask.removed,
        "added": twin,
    }


ROWS: dict[str, Callable[[int], list[Measured]]] = {
    "500": small_rows,
    "1000": _large(1000, 100, 0.01, 1.0),
    "5000": _large(5000, 300, 0.02, 10.0),
    "city": city_rows,
    "whatif": whatif_rows,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the rows asked for, print and keep them, and write the page when all were measured often enough."""
    parser = argparse.ArgumentParser(prog="run.py bench planning", description=__doc__)
    parser.add_argument("--rows", default=",".join(ROWS), help=f"of {','.join(ROWS)}")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    asked = parser.parse_args(arguments)
    names, place = asked.rows.split(","), machine()
    for name in names:
        print(f"\n[{name}] …", flush=True)
        rows = ROWS[name](asked.repeats)
        print(f"\n[{name}]\n{text(rows)}", flush=True)
        if asked.repeats >= REPEATS:
            keep(KEPT, name, rows, asked.repeats, place)
    kept = groups_of(KEPT)
    if asked.repeats >= REPEATS and kept.keys() >= ROWS.keys():
        PAGE.write_text(markdown(TITLE, OPENING, COMMAND, {name: kept[name] for name in ROWS}), "utf-8")
        print(f"\n{PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
