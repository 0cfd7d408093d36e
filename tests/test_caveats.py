import math
from dataclasses import replace

import numpy as np

from coverage.caveats import caveats, problems
from coverage.errors import Problem
from coverage.grid import Surface
from coverage.layers import Source
from coverage.models import TR38901
from coverage.study import Study
from coverage.terrain import P1812
from tests import builders as make

WARDS = make.wards((-1, -1, 0, 1), (0, -1, 1, 1), names=["Hải Châu I", "Mân Thái"])


def told(lang="en", cells=None, model=None, **layers):
    city = make.city(WARDS, make.cells(make.cell()) if cells is None else cells, **layers)
    return "\n".join(caveats(Study(city, pixel_m=200.0, model=model).run(), lang))


def test_nothing_is_told_that_is_not_so():
    text = told(people=make.people(WARDS, [10, 10], [4, 4]), subscriptions=lines(3, 4))
    for word in ("Synthetic", "refused", "unknown", "Filled in", "more lines", "not used", "no 5G"):
        assert word not in text


def lines(*counts):
    return make.subscriptions(
        *((f"w{n}", "VNPT", "FTTH", "household", float(count), "2023-06") for n, count in enumerate(counts))
    )


def test_bounds_and_unknown_ground_are_told():
    x, y = make.EAST, make.NORTH
    ground = np.zeros((80, 80))
    ground[:, 45] = np.nan
    surface = Surface(terrain=make.raster(ground, 30.0, west_km=-1.2, north_km=1.2))
    city = make.city(WARDS, make.cells(make.cell()), surface=surface)
    study = Study(city, pixel_m=30.0, model=P1812(), bounds_m=(x - 500, y - 900, x + 900, y + 900))
    for lang, words in (
        ("en", ("Only the part inside", "the ground under")),
        ("vi", ("Chỉ đo phần", "độ cao địa hình")),
    ):
        text = "\n".join(caveats(study.run(), lang))
        assert all(word in text for word in words)


def test_made_up_data_comes_first():
    assert told(synthetic=True).startswith("Synthetic data")
    assert told("vi", synthetic=True).startswith("Dữ liệu tổng hợp")


def test_only_the_files_that_are_made_up_are_called_so():
    sources = (
        Source(name="wards.gpkg", sha256="a", synthetic=False, rows=2),
        Source(name="cells.csv", sha256="b", synthetic=True, rows=1),
    )
    for lang in ("vi", "en"):
        first = told(lang, synthetic=True, sources=sources).split("\n")[0]
        assert "cells.csv" in first
        assert "wards.gpkg" not in first


def test_unknown_wards_are_named():
    text = told(people=make.people(WARDS, [10, math.nan], [4, math.nan]))
    assert "“Population” is unknown in 1 ward(s): Mân Thái." in text
    assert "“Fixed lines” is unknown in 2 ward(s): Hải Châu I, Mân Thái." in text


def test_many_names_become_a_count():
    many = make.wards(*((n, 0, n + 1, 1) for n in range(12)))
    city = make.city(many, make.cells(make.cell()))
    text = "\n".join(caveats(Study(city, pixel_m=200.0).run(), "en"))
    assert "in 12 ward(s): Ward 0, Ward 1" in text
    assert "and 4 more" in text


def test_defaults_are_counted_by_the_name_people_know():
    layer = replace(make.cells(make.cell()), defaulted={"height_m": 3, "tilt_deg": 0})
    assert "Antenna height (3)" in told(cells=layer)
    assert "Downtilt" not in told(cells=layer)
    assert "(3)" in told("vi", cells=layer)


def test_refused_rows_and_full_wards_are_told():
    refused = make.cells(make.cell()).with_frame(
        make.cells(make.cell()).frame, Problem(code="coordinates_zero", row=7, values={"file": "c.csv"})
    )
    text = told(cells=refused, people=make.people(WARDS, [9, 9], [4, 4]), subscriptions=lines(9, 1))
    assert "refused because they cannot be used: cells (1)" in text
    assert "1 ward(s) have more lines than households: Hải Châu I." in text
    assert "2023-06" in text


def test_how_people_were_placed_is_told():
    assert "spread evenly over the area" in told()
    clutter = make.raster([[50.0, 10.0]], 1000.0, west_km=-1, north_km=1)
    assert "evenly over built-up land" in told(surface=Surface(clutter=clutter))
    people = make.raster([[5.0, 1.0]], 1000.0, west_km=-1, north_km=1)
    text = told(surface=Surface(population=people))
    assert "where the population raster has them" in text
    assert "households are where the population raster has people" in text


def test_a_layer_that_the_model_does_not_use_is_told():
    terrain = make.raster([[5.0, 1.0]], 1000.0, west_km=-1, north_km=1)
    assert "terrain height, coast" in told(surface=Surface(terrain=terrain, coast=terrain), model=TR38901())


def test_why_the_flat_model_serves_is_told_unless_it_was_asked_for():
    assert "No terrain layer: the signal is computed with tr38901 over flat ground" in told()
    assert "Không có lớp địa hình" in told("vi")
    assert "No terrain layer" not in told(model=TR38901())
    assert "Filled in" not in told(), "the model is no field of a cell"


def test_what_the_terrain_model_assumes_is_told():
    ground = np.zeros((80, 80))
    terrain, coast = (make.raster(ground, 30.0, west_km=-1.2, north_km=1.2) for _ in range(2))
    text = told(surface=Surface(terrain=terrain))
    assert "No terrain layer" not in text
    assert "all ground counts as inland" in text
    assert "ΔN = 45 N-units/km, N0 = 350 N-units, model error σ = 6 dB" in text
    measured = told(surface=Surface(terrain=terrain), model=P1812(delta_n=52.0, n0=360.0, model_sigma_db=5.5))
    assert "not measured here" not in measured
    assert "mọi nơi được coi là nội địa" in told("vi", surface=Surface(terrain=terrain))
    assert "coast layer" not in told(surface=Surface(terrain=terrain, coast=coast))
    clutter = make.raster(np.full((80, 80), 30.0), 30.0, west_km=-1.2, north_km=1.2)
    assert "the wide water at sea level" in told(surface=Surface(terrain=terrain, clutter=clutter))


def test_a_network_without_5g_is_told():
    assert "no 5G cell" in told(cells=make.cells(make.cell(technology="LTE", band="B3", frequency_mhz=1842.5)))


def test_the_gravest_findings_come_first():
    found = [Problem(code="coordinates_zero", severity=s, row=n) for n, s in enumerate(("note", "error", "warning"))]
    layer = make.cells(make.cell())
    city = make.city(WARDS, layer.with_frame(layer.frame, *found))
    assert [problem.severity for problem in problems(city)] == ["error", "warning", "note"]
