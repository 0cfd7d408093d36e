"""The demo city: what is committed is what the generator makes, and it is what it says it is."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from rasterio.features import rasterize
from shapely import Polygon, box, contains_xy, coverage_is_valid, get_coordinates

import coverage as cov
from coverage.catalog.registers import data_dir, register
from coverage.types import AREA_CRS, WORKING_CRS
from tools.demo_city.build import build
from tools.demo_city.erosion import eroded
from tools.demo_city.landforms import PEAKS
from tools.demo_city.lines import to_degrees, to_metres
from tools.demo_city.mesh import Mesh
from tools.demo_city.people import largest_remainder
from tools.demo_city.power import divide
from tools.demo_city.texts import PROVENANCE

DEMO = data_dir() / "demo"
RASTERS = ("terrain.tif", "clutter.tif", "population.tif", "households.tif")
TABLES = ("cells.csv", "subscriptions.csv", "city.toml")


def _raster(folder: Path, name: str) -> tuple[NDArray[Any], dict[str, Any]]:
    with rasterio.open(folder / name) as source:
        return source.read(1), {**source.profile, "tags": source.tags(), "bounds": source.bounds}


def _told(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.with_name(path.name + ".toml").read_text("utf-8"))


@pytest.fixture(scope="module")
def wards() -> gpd.GeoDataFrame:
    return gpd.read_file(DEMO / "wards.geojson")


@pytest.fixture(scope="module")
def cells() -> pd.DataFrame:
    return pd.read_csv(DEMO / "cells.csv", dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def lines() -> pd.DataFrame:
    return pd.read_csv(DEMO / "subscriptions.csv", dtype=str, keep_default_na=False)


@pytest.mark.slow
def test_rebuild_gives_every_committed_value(tmp_path: Path) -> None:
    build(tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {p.name for p in DEMO.iterdir()}
    for name in TABLES:
        assert (tmp_path / name).read_text("utf-8") == (DEMO / name).read_text("utf-8"), name
    ours, theirs = (gpd.read_file(folder / "wards.geojson") for folder in (tmp_path, DEMO))
    pd.testing.assert_frame_equal(ours.drop(columns="geometry"), theirs.drop(columns="geometry"))
    np.testing.assert_array_equal(get_coordinates(ours.geometry), get_coordinates(theirs.geometry))
    for name in RASTERS:
        (mine, here), (yours, there) = _raster(tmp_path, name), _raster(DEMO, name)
        np.testing.assert_array_equal(mine, yours, err_msg=name)
        assert {k: here[k] for k in ("transform", "crs", "nodata", "dtype", "tags")} == {
            k: there[k] for k in ("transform", "crs", "nodata", "dtype", "tags")
        }
    for name in PROVENANCE:  # the bytes of a GeoTIFF depend on the library that packs it, its hash with them
        mine, yours = _told(tmp_path / name), _told(DEMO / name)
        assert {**mine, "sha256": ""} == {**yours, "sha256": ""}


def test_files_are_small_and_labelled(wards: gpd.GeoDataFrame) -> None:
    assert sum(p.stat().st_size for p in DEMO.iterdir()) < 8_000_000
    city = tomllib.loads((DEMO / "city.toml").read_text("utf-8"))
    assert city["synthetic"] is True
    assert "tổng hợp" in city["name"]
    assert "synthetic" in city["name_en"]
    for path in (DEMO / name for name in city["layers"].values()):
        assert path.is_file()
        if path.parent == DEMO:
            told = _told(path)
            assert told["synthetic"] is True
            assert "tổng hợp" in told["title_vi"]
            assert "synthetic" in told["title_en"]
            assert told["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest(), f"{path.name} was changed by hand"
    assert wards["synthetic"].all()
    assert all(_raster(DEMO, name)[1]["tags"]["synthetic"] == "true" for name in RASTERS)


def test_wards_are_those_of_the_register_with_its_areas(wards: gpd.GeoDataFrame) -> None:
    known = register("wards_2019").set_index("ward_id")
    assert list(wards["ward_id"]) == list(known.index)
    for column in ("name", "type", "district"):
        assert list(wards[column]) == list(known[column])
    areas = wards.to_crs(AREA_CRS).area.to_numpy() / 1e6
    np.testing.assert_allclose(areas, known["area_km2"], rtol=1e-3)


def test_wards_are_a_clean_coverage(wards: gpd.GeoDataFrame) -> None:
    assert set(wards.geom_type) == {"Polygon"}
    assert wards.geometry.is_valid.all()
    assert coverage_is_valid(wards.geometry.to_numpy())
    outline = wards.geometry.union_all()
    assert isinstance(outline, Polygon)
    assert not outline.interiors
    degrees = get_coordinates(wards.geometry)
    np.testing.assert_array_equal(degrees, np.round(degrees, 7))
    assert all(p.exterior.is_ccw for p in wards.geometry)  # RFC 7946 §3.1.6
    assert json.loads((DEMO / "wards.geojson").read_text("utf-8")).get("crs") is None


def test_neighbours_are_those_of_the_city(wards: gpd.GeoDataFrame) -> None:
    districts = wards.dissolve("district").geometry

    def touch(one: str, other: str) -> bool:
        return bool(districts[one].intersects(districts[other]))

    assert touch("Quận Hải Châu", "Quận Sơn Trà")  # across the river
    assert touch("Quận Thanh Khê", "Quận Liên Chiểu")
    assert touch("Quận Cẩm Lệ", "Quận Ngũ Hành Sơn")
    assert touch("Huyện Hòa Vang", "Quận Liên Chiểu")
    assert not touch("Huyện Hòa Vang", "Quận Thanh Khê")
    assert not touch("Quận Sơn Trà", "Quận Cẩm Lệ")
    assert not touch("Quận Liên Chiểu", "Quận Hải Châu")


def test_people_add_up_to_the_census_ward_by_ward(wards: gpd.GeoDataFrame) -> None:
    census = register("census_2019").set_index("ward_id").loc[wards["ward_id"]]
    population, profile = _raster(DEMO, "population.tif")
    households, _ = _raster(DEMO, "households.tif")
    assert profile["crs"].to_string() == WORKING_CRS
    shapes = ((shape, i) for i, shape in enumerate(wards.to_crs(WORKING_CRS).geometry))
    ward = rasterize(shapes, population.shape, fill=-1, transform=profile["transform"], dtype="int32")
    for counts, name in ((population, "population"), (households, "households")):
        assert counts.min() == 0
        assert counts[ward < 0].sum() == 0
        assert np.bincount(ward[ward >= 0], counts[ward >= 0], len(wards)).tolist() == census[name].tolist()
    assert (population.sum(), households.sum()) == (1_134_310, 300_501)
    assert (households <= population).all()


def test_terrain_has_the_mountains_and_the_sea(wards: gpd.GeoDataFrame) -> None:
    heights, profile = _raster(DEMO, "terrain.tif")
    clutter, other = _raster(DEMO, "clutter.tif")
    assert (profile["dtype"], profile["nodata"], profile["crs"].to_string()) == ("int16", -32768, WORKING_CRS)
    assert profile["transform"] == other["transform"]
    assert heights.shape == clutter.shape
    assert profile["transform"].a == 30.0
    west, south, east, north = wards.to_crs(WORKING_CRS).total_bounds
    assert box(*profile["bounds"]).contains(box(west - 6000, south - 6000, east + 6000, north + 6000))
    assert heights.min() == 0  # no hole
    assert set(np.unique(clutter)) == {10, 30, 40, 50, 60, 80}
    inside = rasterize(wards.to_crs(WORKING_CRS).geometry, heights.shape, transform=profile["transform"]) == 1
    assert heights[inside].max() == 1487
    for lon, lat, height in PEAKS.values():
        row, col = rasterio.transform.rowcol(profile["transform"], *to_metres([(lon, lat)])[0])
        assert heights[row, col] == pytest.approx(height, abs=2)
    sea = rasterio.transform.rowcol(profile["transform"], *to_metres([(108.17, 16.12)])[0])
    assert (heights[sea], clutter[sea]) == (0, 80)
    assert (clutter[heights == 0] == 80).all()
    assert np.median(heights[clutter == 50]) < 12


def test_cells_stand_on_dry_ground_of_the_city(wards: gpd.GeoDataFrame, cells: pd.DataFrame) -> None:
    degrees = cells[["longitude", "latitude"]].astype(float).to_numpy()
    assert len(np.unique(degrees, axis=0)) >= 900
    assert contains_xy(wards.geometry.union_all(), degrees).all()
    clutter, profile = _raster(DEMO, "clutter.tif")
    metres = to_metres(degrees)
    rows, cols = rasterio.transform.rowcol(profile["transform"], metres[:, 0], metres[:, 1])
    assert (clutter[np.asarray(rows), np.asarray(cols)] != 80).all()


def test_cells_are_plausible_and_incomplete(cells: pd.DataFrame) -> None:
    assert not cells["cell_id"].duplicated().any()
    assert cells["site_id"].str.fullmatch(r"DEMO-(VT|VN|MF|VM)-\d{4}").all()
    assert cells.groupby("site_id")[["longitude", "latitude", "operator"]].nunique().eq(1).all(axis=None)
    bands = cells.groupby(["operator", "technology"])["band"].agg(set)
    assert bands["Viettel", "NR"] == {"n41", "n28"}
    assert bands["VNPT", "NR"] == {"n77", "n78", "n28"}
    assert bands["MobiFone", "NR"] == {"n77"}
    assert ("Vietnamobile", "NR") not in bands
    assert set().union(*bands.xs("LTE", level="technology")) == {"B1", "B3", "B8"}
    upgraded = set(cells.loc[cells["technology"] == "NR", "site_id"])
    assert upgraded < set(cells.loc[cells["technology"] == "LTE", "site_id"])  # many are still to come
    for column in ("height_m", "azimuth_deg", "tilt_deg", "power_dbm", "bandwidth_mhz"):
        assert 0 < (cells[column] == "").sum() < 0.2 * len(cells), column
    heights = cells.loc[cells["height_m"] != "", "height_m"].astype(float)
    assert heights.between(10, 46).all()
    assert heights.le(12).any()
    shared = cells.drop_duplicates("site_id").duplicated(["longitude", "latitude"], keep=False)
    assert shared.sum() > 100


def test_subscriptions_have_the_defects_of_real_files(lines: pd.DataFrame) -> None:
    known = register("wards_2019").set_index("name")["ward_id"]
    named = set(lines["ward_id"]) - {""}
    assert len(set(known) - named) == 3
    assert lines.duplicated().sum() == 1
    assert (lines["ward_id"] == "").any()
    assert lines["lines"].str.contains(".", regex=False).any()
    spellings = lines[lines["ward_id"] != ""].groupby("ward_id")["name"].nunique()
    assert (spellings > 1).sum() >= 5
    assert set(lines["technology"]) == {"FTTH", "cable", "FWA", "mobile"}


def test_the_city_of_today() -> None:
    city = cov.demo_city()
    assert city.synthetic
    today = cov.Study(city, definition="danang-2023", pixel_m=50.0).run()
    assert today.summary()["model"]["id"] == "p1812-8-30m"
    assert 0.06 <= today.city.loc["area_share", "value"] <= 0.12
    assert today.city.loc["area_km2", "value"] == pytest.approx(982.38, abs=0.5)
    assert 0.75 <= today.city.loc["household_internet_share", "value"] <= 0.85
    assert today.data["more_lines_than_households"] == ["20236"]
    assert len(today.data["unknown"]["subscriptions"]) == 3


def test_the_city_of_today_on_flat_ground() -> None:
    today = cov.Study(cov.demo_city(), definition="danang-2023", pixel_m=100.0, model=cov.TR38901()).run()
    assert 0.06 <= today.city.loc["area_share", "value"] <= 0.12


@given(st.lists(st.floats(0.001, 1000), min_size=1, max_size=30), st.integers(0, 100_000))
def test_largest_remainder_keeps_the_total(weights: list[float], total: int) -> None:
    shared = largest_remainder(np.array(weights), total)
    assert shared.sum() == total
    assert np.abs(shared - np.array(weights) / sum(weights) * total).max() < 1.0


def test_power_diagram_has_the_areas_it_was_asked_for() -> None:
    domain = Polygon([(0, 0), (900, 0), (1000, 700), (400, 500), (0, 800)])
    seeds = np.array([(100.0, 100.0), (700.0, 150.0), (850.0, 450.0), (200.0, 500.0)])
    wanted = np.array([1.0, 2.0, 3.0, 1.5])
    diagram = divide(domain, seeds, wanted)
    x, y = (part.ravel() for part in np.meshgrid(np.arange(2.0, 1000, 4), np.arange(2.0, 800, 4)))
    inside = contains_xy(domain, x, y)
    points = np.column_stack([x, y])[inside]
    nearest = np.argmin(((points[:, None] - seeds) ** 2).sum(axis=2) - diagram.weights, axis=1)
    np.testing.assert_allclose(np.bincount(nearest) / inside.sum(), wanted / wanted.sum(), atol=0.002)


def test_mesh_settles_without_gaps() -> None:
    left, right = box(800_000, 1_770_000, 801_000, 1_771_000), box(801_000, 1_770_000, 802_000, 1_771_000)
    mesh = Mesh.of(["left", "right"], [left, right])
    rough = mesh.roughened(np.where(mesh.inner, 0.05, 0.0), np.random.default_rng(1))
    settled = rough.settled(np.array([1.1, 0.9]) * mesh.areas_km2().mean(), np.where(mesh.inner, 1.0, 0.0))
    np.testing.assert_allclose(settled.areas_km2() / mesh.areas_km2().mean(), [1.1, 0.9], rtol=1e-4)
    assert coverage_is_valid(settled.polygons)
    assert settled.polygons[0].union(settled.polygons[1]).area == pytest.approx(2e6, rel=1e-6)


def test_water_carves_valleys_and_leaves_the_sea_alone() -> None:
    y, x = np.mgrid[0:30, 0:40]
    before = 10.0 * x + 40.0 * np.cos(y / 4.0)
    sea = x < 3
    after = eroded(np.where(sea, 0.0, before + 40), sea, np.zeros(x.shape), steps=5, strength=0.2, creep=0.1)
    assert (after[sea] == 0).all()
    inner = np.s_[1:-1, 3:-1]
    assert after[inner].mean() < before[inner].mean() + 40
    lowest = np.min([after[1 + dy : 29 + dy, 4 + dx : 39 + dx] for dy in (-1, 0, 1) for dx in (-1, 0, 1)], axis=0)
    assert (lowest < after[1:29, 4:39]).mean() > 0.97  # hardly a hollow is left


def test_degrees_and_metres_are_each_others_inverse() -> None:
    places = np.array([(107.85, 15.95), (108.2, 16.07), (108.33, 16.2)])
    np.testing.assert_allclose(to_degrees(to_metres(places)), places, atol=1e-9)
