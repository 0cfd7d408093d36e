"""Rows on whole cities, each run in a process of its own with an empty cache: a thousand sites, and the demo city.

``python -m bench.engine.cities STAGE`` is that process; it prints what it timed as JSON.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import sys
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from affine import Affine
from shapely.geometry import box

import coverage as cov
from bench.engine.harness import Measured, at_most, child, seconds, timed
from coverage.catalog.definitions import definition
from coverage.cells import complete_cells
from coverage.composing import Scene, swept
from coverage.grid import Raster, Surface
from coverage.layers import Layer, Source
from coverage.radio import native
from coverage.types import WORKING_CRS

SITES, SIDE_M = 1000, 30_000.0
WEST_M, SOUTH_M = 520_000.0, 1_760_000.0
CORNER_M = np.array([WEST_M, SOUTH_M])
MADE_UP = Source(name="synthetic (bench)", sha256="0" * 64)
MOVES = 25
DEMO_PIXEL_M = 10.0
PARTS = ("definition_", "load_", "tilt_")  # of the demo city's runs, beside the cold one
BUSY = "the clock also counts what other work on this machine took"
LAYER_OPERATOR = "Viettel"  # whose 4G on 1800 MHz is the greatest of the demo city's layers
THROUGHPUT, LOAD = "fcc-bdc-5gnr-7-1", 0.3


def thousand_sites() -> cov.City:
    """Return a synthetic city: 100 square wards, hills, 1000 sites of three n41 cells each at random places."""
    rng = np.random.default_rng(2023)
    places = rng.uniform(0, SIDE_M, (SITES, 2)).repeat(3, axis=0) + CORNER_M
    names = [f"s{site}" for site in range(SITES) for _ in range(3)]
    rows = pd.DataFrame(
        {
            "operator": "Viettel", "technology": "NR", "environment": "UMa", "height_m": 30.0, "site_id": names,
            "cell_id": [f"{name}-{sector}" for name, sector in zip(names, [1, 2, 3] * SITES, strict=True)],
            "azimuth_deg": [0.0, 120.0, 240.0] * SITES,
        }
    )  # fmt: skip
    frame, _, _ = complete_cells(rows)
    cells = gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(*places.T), crs=WORKING_CRS)
    return cov.City(
        name="bench", wards=_square_wards(10), cells=Layer(kind="cells", frame=cells, source=MADE_UP), synthetic=True,
        surface=Surface(terrain=_hills()),
    )  # fmt: skip


def _square_wards(across: int) -> Layer:
    side = SIDE_M / across
    corners = [(WEST_M + side * i, SOUTH_M + side * j) for j in range(across) for i in range(across)]
    shapes = [box(east, north, east + side, north + side) for east, north in corners]
    table = {
        "name": [f"Ward {n}" for n in range(len(shapes))], "type": None, "district": None, "edition": "other",
        "mainland": True, "area_km2": (side / 1000) ** 2, "area_official_km2": math.nan,
    }  # fmt: skip
    index = pd.Index([f"w{n}" for n in range(len(shapes))], name="ward_id")
    frame = gpd.GeoDataFrame(table, geometry=shapes, index=index, crs=WORKING_CRS)
    return Layer(kind="wards", frame=frame, source=MADE_UP, edition="other")


def _hills() -> Raster:
    pixel_m, margin_m, rng = 30.0, 7_000.0, np.random.default_rng(7)
    side = int((SIDE_M + 2 * margin_m) / pixel_m)
    spectrum = np.fft.rfft2(rng.normal(size=(side, side)))
    wave = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :])
    wave[0, 0] = 1.0
    relief = np.fft.irfft2(spectrum * wave**-2.2 * (wave > 1 / 500), s=(side, side))
    ground = np.clip(60 * relief / relief.std(), 0, None)
    corner = Affine(pixel_m, 0, WEST_M - margin_m, 0, -pixel_m, SOUTH_M + SIDE_M + margin_m)
    return Raster(values=ground.astype(np.float32), transform=corner, crs=WORKING_CRS)


def _study(pixel_m: float) -> cov.Study:
    return cov.Study(thousand_sites(), pixel_m=pixel_m, model=cov.P1812())


def stage_sweep() -> dict[str, float]:
    """Time the sweeps of a thousand sites alone."""
    study = _study(30.0)
    scene = Scene.of(study.cells, study.grid, study.path_model, study.city.surface)
    clock_s, processor_s = timed(lambda: swept(scene))
    return {"sweep_s": clock_s, "sweep_processor_s": processor_s}


def stage_whole() -> dict[str, float]:
    """Time a thousand sites from cells to best server, SINR and ward table, the grid and its weights included."""
    study = _study(30.0)

    def whole() -> None:
        result = study.run()
        assert np.isfinite(result.quality.ss_sinr_db).any()
        assert (result.signal.best_server >= 0).any()
        assert len(result.wards) == len(study.city.wards.frame)

    clock_s, processor_s = timed(whole)
    return {"whole_s": clock_s, "whole_processor_s": processor_s}


def stage_move() -> dict[str, float]:
    """Time one site moved among a thousand, to the new ward table; the median of many."""
    study = _study(25.0)
    ask = cov.WhatIf(result=study.run())
    rng = np.random.default_rng(3)
    taken = []
    for site in rng.permutation(SITES)[: MOVES + 1]:
        place = rng.uniform(0, SIDE_M, 2) + CORNER_M
        taken.append(seconds(lambda site=site, place=place: ask.moved(f"s{site}", *place)))  # type: ignore[misc]
    return {"move_s": median(taken[1:]), "slowest_s": max(taken[1:])}  # the first one sets things up


def _layer(city: cov.City, operator: str | None = None) -> cov.Study:
    """Return the study of the demo city's 4G on 1800 MHz, of one operator or of all."""
    frame = city.cells.frame
    chosen = (frame["technology"] == "LTE") & (frame["band"] == "B3")
    if operator is not None:
        chosen &= frame["operator"] == operator
    return cov.Study(
        dataclasses.replace(city, cells=city.cells.with_frame(frame[chosen])), pixel_m=DEMO_PIXEL_M, technology="LTE"
    )


def stage_layer() -> dict[str, Any]:
    """Time the 4G layer on 1800 MHz of all operators of the demo city at 10 m, cold."""
    study = _layer(cov.demo_city())
    clock_s, processor_s = timed(study.run)
    return {"layer_s": clock_s, "layer_processor_s": processor_s, "cells": len(study.cells)}


def stage_demo() -> dict[str, Any]:
    """Time the demo city at 10 m: every 5G cell and one 4G layer, cold, then with other questions."""
    city = cov.demo_city()
    five = cov.Study(city, pixel_m=DEMO_PIXEL_M)
    frame = city.cells.frame
    four = _layer(city, LAYER_OPERATOR)
    told: dict[str, Any] = {}
    (told["five_s"], five_s), (told["four_s"], four_s) = timed(five.run), timed(four.run)
    told["processor_s"] = five_s + four_s
    stricter = dataclasses.replace(five, definition="acma-2026-good")
    tilted = city.cells.with_frame(frame.assign(tilt_deg=frame["tilt_deg"] + 1))
    told["definition_s"], told["definition_processor_s"] = timed(stricter.run)
    loaded = dataclasses.replace(five, definition=dataclasses.replace(definition(THROUGHPUT), load=LOAD))
    told["load_s"], told["load_processor_s"] = timed(loaded.run)
    again = five.of(dataclasses.replace(city, cells=tilted))
    told["tilt_s"], told["tilt_processor_s"] = timed(again.run)
    told |= {
        "cells": len(five.cells) + len(four.cells),
        "pixels": math.prod(five.grid.shape),
        "model": five.path_model.id,
    }
    return told


STAGES = {"sweep": stage_sweep, "whole": stage_whole, "move": stage_move, "demo": stage_demo, "layer": stage_layer}


def _processor(taken_s: float) -> str:
    return f"{taken_s:.1f} s of processor time"


def thousand_rows(repeats: int) -> list[Measured]:
    """Return the rows of a thousand sites at 30 m."""
    runs = [{**_told("sweep")[0], **_told("whole")[0]} for _ in range(repeats)]
    names = ("sweep_s", "whole_s", "sweep_processor_s", "whole_processor_s")
    sweep_s, whole_s, sweep_processor_s, whole_processor_s = (median(run[name] for run in runs) for name in names)
    what = f"{SITES:,} sites × 3 sectors, 30 m, 5 km, {os.cpu_count()} cores"
    return [
        Measured(
            work=f"{what}: to best server, SINR, ward table", value=whole_s, unit="s", goal=at_most(8.0),
            beside="cold: nothing kept from before; set-up of the grid and its ward weights included; "
            + _processor(whole_processor_s),
            reason=BUSY,
        ),
        Measured(
            work=f"{what}: sweeps alone", value=sweep_s, unit="s", goal=at_most(4.0),
            beside="cold; " + _processor(sweep_processor_s), reason=BUSY,
        ),
    ]  # fmt: skip


def move_rows(repeats: int) -> list[Measured]:
    """Return the row of one site moved."""
    runs = [_told("move")[0] for _ in range(max(1, repeats // 3))]  # each is a median of many moves already
    return [
        Measured(
            work=f"one site moved, {SITES:,}-site city, 25 m, new ward table",
            value=1000 * median(run["move_s"] for run in runs), unit="ms", goal=at_most(100.0),
            beside=f"median of {MOVES} moves; slowest {1000 * max(run['slowest_s'] for run in runs):.0f} ms",
        )
    ]  # fmt: skip


def demo_rows(repeats: int) -> list[Measured]:
    """Return the rows of the demo city at 10 m: cold, recomposed, and its memory."""
    all_four = _told("layer")[0]
    runs, memory = zip(*(_told("demo") for _ in range(repeats)), strict=True)
    names = ("five_s", "four_s", "definition_s", "load_s", "tilt_s")
    five, four, rule, load, tilt = (median(run[name] for run in runs) for name in names)
    taken = {name: _processor(median(run[f"{name}processor_s"] for run in runs)) for name in ("", *PARTS)}
    size = f"{runs[0]['cells']:,} cells, {runs[0]['pixels'] / 1e6:.0f} M pixels, {runs[0]['model']}"
    return [
        Measured(
            work=f"demo city, 10 m, all 5G + {LAYER_OPERATOR}'s 4G on 1800 MHz, cold", value=five + four, unit="s",
            goal=at_most(60.0), beside=f"5G {five:.1f} s, 4G {four:.1f} s; {taken['']}; {size}", reason=BUSY,
        ),
        Measured(
            work="demo city, 10 m, 4G on 1800 MHz of all operators, cold", value=all_four["layer_s"], unit="s",
            beside=f"{all_four['cells']:,} cells, once; " + _processor(all_four["layer_processor_s"]),
        ),
        Measured(
            work="demo city, 10 m, another definition", value=rule, unit="s", goal=at_most(3.0),
            beside=f"5G; losses from disk; {taken['definition_']}", reason=BUSY,
        ),
        Measured(
            work=f"demo city, 10 m, throughput at {LOAD:.0%} load", value=load, unit="s", goal=at_most(3.0),
            beside=f"5G; downlink and uplink with interference; {taken['load_']}", reason=BUSY,
        ),
        Measured(
            work="demo city, 10 m, every tilt changed", value=tilt, unit="s", goal=at_most(3.0),
            beside=f"5G; {taken['tilt_']}", reason=BUSY,
        ),
        Measured(
            work="demo city, 10 m, peak memory", value=median(memory), unit="GB", goal=at_most(3.0),
            beside="of all the runs above, one after another in one process",
        ),
    ]  # fmt: skip


def _told(stage: str) -> tuple[dict[str, Any], float]:
    text, memory_gb = child("bench.engine.cities", stage)
    return json.loads(text.splitlines()[-1]), memory_gb


def main() -> None:
    """Run one stage with an empty cache, the compiled loops apart, and print what it timed."""
    native.library()
    with TemporaryDirectory(prefix="phusong-bench-") as cache:
        os.environ["PHUSONG_CACHE"] = cache
        print(json.dumps(STAGES[sys.argv[1]]()))


if __name__ == "__main__":
    main()
