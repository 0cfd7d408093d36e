"""Cities: all layers of one place, together with where each came from."""

import dataclasses
import hashlib

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from affine import Affine
from shapely.geometry import box

import coverage as cov
from coverage.catalog.registers import data_dir
from coverage.errors import LayerError
from coverage.files.cities import LAYERS, demo_city, open_city, read_city
from coverage.files.surfaces import ward_sums
from coverage.grid import Raster
from coverage.words import LANGUAGES, render, render_problem
from tests.files.test_antennas import lines as antenna_lines
from tests.files.test_antennas import written

EAST, NORTH = 540_000.0, 1_775_000.0
SQUARES = {"A": box(EAST, NORTH - 4000, EAST + 2000, NORTH), "B": box(EAST + 2000, NORTH - 4000, EAST + 4000, NORTH)}


@pytest.fixture
def files(tmp_path):
    """Write a city of two square wards and return the path of each layer."""
    wards = gpd.GeoDataFrame({"id": list(SQUARES), "name": ["Ô A", "Ô B"]}, geometry=list(SQUARES.values()), crs=5899)
    wards.to_file(tmp_path / "wards.gpkg")
    place = gpd.GeoSeries([SQUARES["A"].centroid], crs=5899).to_crs(4326)[0]
    header = "site_id,operator,technology,band,longitude,latitude\n"
    (tmp_path / "cells.csv").write_text(f"{header}T1,Viettel,5G,n41,{place.x!r},{place.y!r}\n", "utf-8")
    (tmp_path / "people.csv").write_text("name,households,population\nÔ A,10,30\nÔ B,20,\n", "utf-8")
    (tmp_path / "lines.csv").write_text("name,operator,technology,lines\nÔ A,VNPT,FTTH,5\n", "utf-8")
    people = np.ones((40, 40), dtype=np.float64)
    people[:, 20:] = 2.5
    for name, values in (("people.tif", people), ("terrain.tif", people * 100), ("clutter.tif", people * 20)):
        write(tmp_path / name, values)
    return {
        "wards": tmp_path / "wards.gpkg",
        "cells": tmp_path / "cells.csv",
        "households": tmp_path / "people.csv",
        "population": tmp_path / "people.tif",
        "subscriptions": tmp_path / "lines.csv",
        "terrain": tmp_path / "terrain.tif",
        "clutter": tmp_path / "clutter.tif",
    }


def write(path, values):
    """Write 100 m pixels over both squares."""
    transform = Affine(100, 0, EAST, 0, -100, NORTH)
    profile = {
        "driver": "GTiff",
        "height": 40,
        "width": values.shape[1],
        "count": 1,
        "dtype": values.dtype,
        "crs": "EPSG:5899",
    }
    with rasterio.open(path, "w", **profile, transform=transform) as out:
        out.write(values, 1)


def test_a_city_holds_all_layers_and_their_hashes(files):
    city = read_city(**files, name="Hai Ô")
    assert city.name == "Hai Ô"
    assert list(city.wards.frame.index) == ["A", "B"]
    assert len(city.cells.frame) == 1
    assert city.subscriptions.frame["lines"].tolist() == [5]
    assert {s.name: s.sha256 for s in city.sources} == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files.values()
    }
    assert city.surface.terrain.unit == "m"
    assert city.surface.households is None
    assert not city.synthetic


def test_a_table_speaks_before_pixels_and_what_neither_knows_is_unknown(files):
    people = read_city(**files).people.frame
    assert people["households"].tolist() == [10, 20]
    assert people["population"].tolist()[0] == 30
    assert np.isnan(people["population"].iloc[1])
    assert people["population_source"].tolist() == ["people.csv", None]
    del files["households"]
    people = read_city(**files).people.frame
    assert people["population"].tolist() == pytest.approx([800, 2000])
    assert people["population_source"].tolist() == ["people.tif", "people.tif"]
    assert people["households"].isna().all()
    del files["population"]
    assert read_city(**files).people is None


def test_population_may_be_a_table_of_its_own(files, tmp_path):
    (tmp_path / "p.csv").write_text("name,population\nÔ A,33\nÔ B,44\n", "utf-8")
    city = read_city(**{**files, "population": tmp_path / "p.csv"})
    assert city.people.frame["population"].tolist() == [33, 44]
    assert city.people.frame["households"].tolist() == [10, 20]
    assert city.people.frame["population_source"].tolist() == ["p.csv", "p.csv"]
    assert {"people.csv", "p.csv"} <= {source.name for source in city.sources}
    assert city.surface.population is None


def test_cells_of_another_place_are_no_coverage_of_zero(files, tmp_path):
    path = tmp_path / "hue.csv"
    path.write_text("operator,technology,band,longitude,latitude\nViettel,5G,n41,107.6,16.46\n", "utf-8")
    with pytest.raises(LayerError) as caught:
        read_city(**{**files, "cells": path})
    assert caught.value.code == "cells_elsewhere"
    for lang in LANGUAGES:
        assert "hue.csv" in render(caught.value, lang)
    both = files["cells"].read_text("utf-8") + "T9,Viettel,5G,n41,107.6,16.46\n"
    path.write_text(both, "utf-8")
    city = read_city(**{**files, "cells": path})
    assert [(p.code, p.values["count"]) for p in city.cells.problems if p.code == "cells_far"] == [("cells_far", 1)]


def test_a_city_file_names_its_layers_relative_to_itself(files, tmp_path):
    listed = "\n".join(f'{name} = "{path.name}"' for name, path in files.items())
    toml = tmp_path / "city.toml"
    toml.write_text(f'name = "Thành phố mẫu"\nsynthetic = true\n[layers]\n{listed}\n', "utf-8")
    city = open_city(toml)
    assert (city.name, city.synthetic, len(city.sources)) == ("Thành phố mẫu", True, 7)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("name = ", "bad_city_file"),
        ('name = "x"', "city_file_layers"),
        ('[layers]\nwards = "w.gpkg"\nmasts = "m.csv"', "city_file_layers"),
        ('[layers]\nwards = 5\ncells = "c.csv"', "city_file_layers"),
        ('[layers]\nwards = "w.gpkg"', "city_file_lacks"),
        ('[layers]\nwards = "w.gpkg"\ncells = "c.csv"', "file_missing"),
    ],
)
def test_a_broken_city_file_is_said_plainly(tmp_path, text, code):
    (tmp_path / "city.toml").write_text(text, "utf-8")
    with pytest.raises(LayerError) as caught:
        open_city(tmp_path / "city.toml")
    assert caught.value.code == code
    for lang in LANGUAGES:
        assert render(caught.value, lang)


def test_provenance_makes_the_whole_city_synthetic(files):
    beside = files["cells"].with_name("cells.csv.toml")
    beside.write_text("synthetic = true\n", "utf-8")
    city = read_city(**files)
    assert city.synthetic
    assert [source.name for source in city.sources if source.synthetic] == ["cells.csv"]


def test_sums_by_ward_share_the_pixels_on_a_border():
    geometry = gpd.GeoSeries([box(0, 0, 150, 100), box(150, 0, 300, 100), box(900, 0, 950, 50)], crs=5899)
    raster = Raster(values=np.array([[1.0, 10.0, np.nan]]), transform=Affine(100, 0, 0, 0, -100, 100), crs="EPSG:5899")
    sums = ward_sums(raster, geometry, "p.tif")
    assert sums.tolist()[:2] == pytest.approx([6, 5])
    assert np.isnan(sums[2])
    turned = Raster(values=raster.values, transform=Affine(100, 5, 0, 5, -100, 100), crs="EPSG:5899")
    with pytest.raises(LayerError, match="raster_rotated"):
        ward_sums(turned, geometry, "p.tif")


def test_any_raster_is_not_land_cover(files):
    with pytest.raises(LayerError) as caught:
        read_city(**{**files, "clutter": files["terrain"]})
    assert caught.value.code == "clutter_codes"
    for lang in LANGUAGES:
        assert "terrain.tif" in render(caught.value, lang)
        assert "250" in render(caught.value, lang)


def test_a_few_foreign_codes_of_land_cover_become_unknown(files):
    codes = np.full((40, 40), 50.0)
    codes[0, :10], codes[1, 0] = 51, 0
    write(files["clutter"], codes)
    city = read_city(**files)
    assert np.isnan(city.surface.clutter.values).sum() == 11
    (found,) = [p for p in city.wards.problems if p.code == "clutter_codes_few"]
    assert (found.severity, found.values["count"], found.values["codes"]) == ("warning", 10, "51")
    for lang in LANGUAGES:
        assert "clutter.tif" in render_problem(found, lang)


def test_a_hole_in_the_people_is_unknown_not_empty_land(files):
    people = np.ones((40, 40))
    people[:, :8], people[5, 30] = np.nan, -1
    write(files["population"], people)
    del files["households"]
    city = read_city(**files)
    found = {p.code: p for p in city.people.problems}
    assert found["raster_counts_wrong"].values["count"] == 1
    hole = found["raster_unknown_inside"]
    assert (hole.values["count"], hole.values["wards"], hole.values["names"]) == (321, 2, "Ô A, Ô B")
    assert hole.values["km2"] == pytest.approx(3.21)
    assert np.isnan(city.people.frame.loc["A", "population"])  # two fifths of it are unknown
    assert city.people.frame.loc["B", "population"] == 799  # one pixel of 800 is within what may be missing
    assert np.isnan(city.surface.population.values[5, 30])
    for lang in LANGUAGES:
        for problem in found.values():
            assert "people.tif" in render_problem(problem, lang)
    write(files["population"], -np.ones((40, 40)))
    with pytest.raises(LayerError, match="raster_empty"):
        read_city(**files)


def test_a_raster_that_ends_within_a_ward_leaves_it_unknown(files):
    write(files["population"], np.ones((40, 25)))
    del files["households"]
    city = read_city(**files)
    assert city.people.frame["population"].isna().tolist() == [False, True]
    assert "raster_unknown_inside" in {p.code for p in city.people.problems}


def test_the_demo_city_has_no_holes():
    codes = {p.code for layer in (demo_city().wards, demo_city().people) for p in layer.problems}
    assert not codes & {"raster_unknown_inside", "raster_counts_wrong", "clutter_codes_few"}


def test_the_demo_city_is_whole_and_synthetic():
    city = demo_city()
    assert city is demo_city()
    assert cov.demo_city is demo_city
    assert city.synthetic
    assert city.people.frame["households"].sum() == 300_501
    assert city.people.frame["population"].sum() == 1_134_310
    assert city.wards.edition == "2019"
    assert len(city.wards.frame) == 56
    assert set(city.cells.frame["operator"]) >= {"Viettel", "VNPT", "MobiFone"}
    assert not [p for layer in (city.wards, city.cells, city.people) for p in layer.problems if p.severity == "error"]
    for name in ("terrain", "clutter", "population", "households"):
        assert np.isfinite(getattr(city.surface, name).values).any()
    assert sum(source.synthetic for source in city.sources) == len(city.sources) - 1  # the census is real


def test_real_wards_with_the_census_and_the_demo_cells(shared_data):
    demo = data_dir() / "demo"
    city = read_city(
        wards=shared_data / "admin" / "danang_units2025_former_city16.geojson",
        cells=demo / "cells.csv",
        households=shared_data / "facts" / "census2019_wards56_population_households.csv",
        households_raster=demo / "households.tif",
        subscriptions=demo / "subscriptions.csv",
        terrain=shared_data / "terrain" / "altitude_pvlib_5arcmin.tif",
    )
    assert city.people.frame["households"].sum() == 300_501
    assert "split_estimated_split" in {p.code for p in city.people.problems}
    assert city.subscriptions.edition == "2025h2"
    lines = pd.read_csv(demo / "subscriptions.csv")
    assert (
        city.subscriptions.frame["lines"].sum()
        <= pd.to_numeric(lines["lines"].astype(str).str.replace(r"[ .,\u00a0]", "", regex=True)).sum()
    )
    # A raster of 9 km pixels in degrees: the highest ground of the city lies in it, and the sea is no mountain.
    height = city.surface.terrain.values
    assert 200 < np.nanmax(height) < 2000


def test_layers_of_the_city_file_are_the_arguments_of_read_city():
    arguments = set(read_city.__kwdefaults__ or {}) | {"wards", "cells"}
    assert arguments - {"edition", "name", "households_period", "ratios"} == set(LAYERS)


def test_buildings_and_coast_become_rasters_that_the_terrain_model_reads(files, tmp_path):
    house = gpd.GeoDataFrame({"height": ["", "12"]}, geometry=[box(EAST, NORTH - 100, EAST + 100, NORTH)] * 2, crs=5899)
    house.to_file(tmp_path / "houses.gpkg")
    land = gpd.GeoDataFrame({"a": [1]}, geometry=[box(EAST - 9e4, NORTH - 9e4, EAST + 6000, NORTH + 9e4)], crs=5899)
    land.to_file(tmp_path / "land.gpkg")
    layers = {"buildings": tmp_path / "houses.gpkg", "coast": tmp_path / "land.gpkg"}
    city = read_city(**files, **layers)
    assert {"houses.gpkg", "land.gpkg"} <= {source.name for source in city.sources}
    assert city.surface.buildings.values[0, 0] != city.surface.buildings.values[0, 0], "far off: unknown"
    assert np.nanmax(city.surface.buildings.values) == 15.0
    assert city.surface.coast.values.sum() > 0
    assert "coast_as_land" in {problem.code for problem in city.wards.problems}
    assert [layer.kind for layer in city.layers] == ["wards", "cells", "households", "subscriptions", "buildings"]
    told = cov.Study(city, pixel_m=200).run().data
    assert told["defaulted"]["buildings.height_m"] == 1
    assert told["problems"]["buildings"] == {"building_untold": 1}
    assert "sea" not in told["assumed"]
    flat = cov.Study(city, pixel_m=200, model=cov.TR38901()).run().data
    assert flat["unused"] == ["terrain", "buildings", "coast"]
    assert "buildings.height_m" not in flat["defaulted"]
    (tmp_path / "city.toml").write_text(
        "[layers]\n" + "".join(f'{name} = "{path.name}"\n' for name, path in {**files, **layers}.items()), "utf-8"
    )
    assert open_city(tmp_path / "city.toml").buildings is not None


def test_antenna_files_are_sources_of_the_city_and_carry_its_signal(files, tmp_path):
    (tmp_path / "antennas").mkdir()
    written(tmp_path / "antennas", antenna_lines(), "K1.msi")
    written(tmp_path / "antennas", antenna_lines(), "unused.msi")
    head, row = files["cells"].read_text("utf-8").splitlines()
    text = f"{head},azimuth,antenna,tilt cơ\n{row.replace('n41', 'n77')},90,K1,2\n"
    files["cells"].write_text(text.replace("Viettel", "VNPT"), "utf-8")
    listed = "".join(f'{name} = "{path.name}"\n' for name, path in files.items())
    (tmp_path / "city.toml").write_text(f'[layers]\n{listed}antennas = "antennas/"\n', "utf-8")
    city = open_city(tmp_path / "city.toml")
    assert [source.name for source in city.sources if source.name.endswith(".msi")] == ["K1.msi"]
    result = cov.Study(city, pixel_m=200.0, model=cov.TR38901()).run()
    cells = city.cells.frame.assign(antenna=np.nan, mechanical_tilt_deg=0.0)
    sector = dataclasses.replace(city, cells=city.cells.with_frame(cells))
    other = cov.Study(sector, pixel_m=200.0, model=cov.TR38901()).run()
    assert np.nanmax(np.abs(result.signal.best_rsrp_dbm - other.signal.best_rsrp_dbm)) > 1.0
