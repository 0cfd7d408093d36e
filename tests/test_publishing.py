import csv
import hashlib
import io
import json
import math
import platform
import re

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from pyproj import Transformer
from shapely.geometry import Point

from coverage import publishing
from coverage.layers import Source
from coverage.planning.plans import plan
from coverage.planning.proposals import candidates
from coverage.planning.steps import STEP_COLUMNS
from coverage.study import Study
from tests import builders as make

# The header of wards.csv is a contract (issue 2): analysts' scripts read it by name.
HEADER = (
    "ward_id,name,district,edition,area_km2,population,households,area_share,expected_area_share,"
    "population_covered_share,households_covered_share,subscriptions,lines_per_100_households,"
    "household_internet_share,connected_share,connected_low,connected_high,connected_rmse_share,bounds_low,bounds_high,"
    "status,flags,gso_connected_share,itu_hh6_share,u4ssc_1c_share,u4ssc_2c_per_100_households,"
    "ministry_per_100_households,fixed_broadband_share,any_broadband_share,any_broadband_low,any_broadband_high,"
    "mobile_only_share,itu_access_low,itu_access_high,fibre_taken_low,fibre_taken_high,households_growth_low,"
    "households_growth_high,area_source,population_source,households_source,subscriptions_source"
)
SITE = [make.cell(azimuth_deg=azimuth, cell_id=f"s1-{n}") for n, azimuth in enumerate((0.0, 120.0, 240.0))]
FILES = {
    "city.json",
    "wards.csv",
    "wards.gpkg",
    "coverage.tif",
    "best_server.tif",
    "best_server.csv",
    "map.html",
    "manifest.json",
}


def small_city(cells=None, **layers):
    # The third ward is an island far away: in the table, outside every default figure.
    wards = make.wards(
        (-2, -2, 0, 2),
        (0, -2, 3, 2),
        (60, 0, 61, 1),
        mainland=[True, True, False],
        names=["=HYPERLINK(0)", "Hòa Hải", "Hoàng Sa"],
    )
    people = make.people(wards, [5000, 900, 0], [1500, math.nan, 0])
    lines = make.subscriptions(("w0", "VNPT", "FTTH", "household", 1200.0, "2023-01"))
    sources = (Source(name="wards.geojson", sha256="ab" * 32, rows=3, synthetic=True),)
    described = {"people": people, "subscriptions": lines, "sources": sources, "synthetic": True}
    return make.city(wards, make.cells(*SITE) if cells is None else cells, **described | layers)


@pytest.fixture(scope="module")
def result():
    return Study(small_city(), pixel_m=100.0).run()


@pytest.fixture(scope="module")
def folder(result, tmp_path_factory):
    folder = tmp_path_factory.mktemp("out") / "made" / "on the way"
    paths = publishing.publish(result, folder, "vi")
    assert [path.parent for path in paths] == [folder] * len(FILES)
    return folder


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_every_promised_file_is_there_and_nothing_else(folder):
    assert {path.name for path in folder.iterdir()} == FILES


def test_the_ward_table_has_the_promised_columns_and_one_row_per_ward(folder, result):
    text = (folder / "wards.csv").read_bytes().decode("utf-8")
    assert text.splitlines()[0] == HEADER
    assert [row["ward_id"] for row in rows_of(text)] == list(result.wards.index)


def test_unknown_is_empty_and_not_covered_is_zero(result):
    mainland, unknown, island = rows_of(publishing.wards_csv(result))
    assert mainland["population"] == "5000"
    assert mainland["subscriptions"] == "1200"
    assert float(mainland["area_share"]) > 0
    assert (unknown["households"], unknown["subscriptions"], unknown["household_internet_share"]) == ("", "", "")
    assert float(island["area_share"]) == 0.0
    assert float(island["area_km2"]) == 1.0


def test_shares_are_written_so_that_they_read_back_the_same(result):
    read = pd.read_csv(io.StringIO(publishing.wards_csv(result)), dtype={"ward_id": str}).set_index("ward_id")
    assert read["area_share"].tolist() == result.wards["area_share"].tolist()
    assert read["expected_area_share"].tolist() == result.wards["expected_area_share"].tolist()


def test_no_name_runs_as_a_formula(result):
    assert rows_of(publishing.wards_csv(result))[0]["name"] == "'=HYPERLINK(0)"


def test_the_geopackage_has_the_same_table_and_the_polygons(folder, result):
    read = gpd.read_file(folder / "wards.gpkg", layer="wards")
    assert ",".join(read.columns.drop("geometry")) == HEADER
    assert read.crs == result.study.city.wards.frame.crs
    assert read.geometry.area.tolist() == pytest.approx(result.study.city.wards.frame.geometry.area.tolist())
    assert read["area_share"].tolist() == result.wards["area_share"].tolist()
    assert math.isnan(read["households"].iloc[1])
    assert read["name"].iloc[0] == "=HYPERLINK(0)", "only tables that spreadsheets open are guarded"


def test_city_json_is_the_summary_in_readable_letters(folder, result):
    text = (folder / "city.json").read_text("utf-8")
    assert json.loads(text) == result.summary()
    assert "Ngoài trời" in text
    assert "NaN" not in text


def test_coverage_is_a_cloud_optimised_geotiff_of_the_probability(folder, result):
    with rasterio.open(folder / "coverage.tif") as raster:
        assert raster.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert raster.crs.to_epsg() == 5899
        assert (raster.transform, raster.shape) == (result.study.grid.transform, result.study.grid.shape)
        assert raster.dtypes == ("float32",)
        assert math.isnan(raster.nodata)
        tags, values = raster.tags(), raster.read(1)
        assert raster.units == ("1",)
    assert tags["DEFINITION"] == "danang-2023"
    assert tags["MODEL"] == "tr38901"
    assert tags["SYNTHETIC"] == "true"
    assert np.array_equal(values, result.probability), "the whole grid of these wards is land"
    pixel_km2 = 0.01
    assert (values >= np.float32(0.9)).sum() * pixel_km2 / 20.0 == pytest.approx(result.headline, rel=1e-3)


def test_outside_the_mainland_wards_there_is_no_value():
    wards = make.wards((-1, -1, 1, 1), (3, -1, 5, 1), (1, -1, 3, 1), mainland=[True, True, False])
    result = Study(make.city(wards, make.cells(*SITE)), pixel_m=100.0).run()
    with rasterio.MemoryFile(publishing.coverage_tif(result)) as memory, memory.open() as raster:
        values = raster.read(1)
    assert np.isnan(values[:, 20:40]).all()
    assert np.isfinite(values[:, :20]).all()
    assert np.isfinite(values[:, 40:]).all()
    with rasterio.MemoryFile(publishing.best_server_tif(result)) as memory, memory.open() as raster:
        assert (raster.read(1)[:, 20:40] == raster.nodata).all()


def test_best_server_has_a_code_for_every_cell_that_serves(folder, result):
    with rasterio.open(folder / "best_server.tif") as raster:
        assert raster.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert raster.dtypes == ("uint16",)
        codes = raster.read(1)
    table = {int(row["code"]): row for row in rows_of((folder / "best_server.csv").read_text("utf-8"))}
    assert set(np.unique(codes)) - {0} <= set(table)
    assert list(table[1]) == ["code", "site_id", "cell_id", "operator", "band", "synthetic"]
    assert table[1]["synthetic"] == "true", "a file that is passed on must still say what it is"
    row, col = np.argwhere(codes > 0)[0]
    served_by = result.signal.cells.iloc[result.signal.best_server[row, col]]
    assert table[int(codes[row, col])]["cell_id"] == served_by["cell_id"]


def test_under_a_definition_of_the_largest_operator_the_rasters_are_its_own():
    cells = make.cells(*SITE, make.cell(operator="VNPT", cell_id="v1", site_id="v1", x_km=-1.0, y_km=-1.0))
    result = Study(small_city(cells=cells), definition="sdg-9c1", pixel_m=100.0).run()
    assert result.operator == "Viettel"
    with rasterio.MemoryFile(publishing.coverage_tif(result)) as memory, memory.open() as raster:
        assert raster.tags()["OPERATORS"] == "Viettel"
        assert np.array_equal(raster.read(1), result.probability)
    with rasterio.MemoryFile(publishing.best_server_tif(result)) as memory, memory.open() as raster:
        codes = set(np.unique(raster.read(1))) - {0}
    own = result.signal.cells.index[result.signal.cells["operator"] == "Viettel"] + 1
    assert codes <= set(own)


def test_the_manifest_names_what_went_in_and_what_came_out(folder, result):
    told = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert told["inputs"] == [
        {"name": "wards.geojson", "sha256": "ab" * 32, "synthetic": True, "rows": 3, "note": ""},
    ]
    assert told["software"] == {
        "name": "phusong",
        "version": publishing.version(),
        "python": platform.python_version(),
    }
    assert told["libraries"]["numpy"] == np.__version__
    assert told["parameters"]["definition"]["threshold_dbm"] == -105.0
    assert told["parameters"]["grid"]["pixel_m"] == 100.0
    assert told["parameters"]["model"] == result.summary()["model"]
    assert told["seed"] is None
    assert told["outputs"].keys() == FILES - {"manifest.json"}
    for name, output in told["outputs"].items():
        content = (folder / name).read_bytes()
        assert output == {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def test_two_runs_give_the_same_bytes(folder, tmp_path):
    publishing.publish(Study(small_city(), pixel_m=100.0).run(), tmp_path, "vi")
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name


def test_another_input_is_another_manifest(folder, tmp_path):
    other = (Source(name="wards.geojson", sha256="cd" * 32),)
    publishing.publish(Study(small_city(sources=other), pixel_m=100.0).run(), tmp_path)
    assert (tmp_path / "manifest.json").read_bytes() != (folder / "manifest.json").read_bytes()


def test_the_map_keeps_no_random_name(folder):
    assert not re.search(r"_[0-9a-f]{32}(?![0-9a-f])", (folder / "map.html").read_text("utf-8"))


def test_a_plan_is_published_with_its_claim_and_its_re_run(tmp_path):
    study = Study(small_city(), pixel_m=100.0)
    before = study.run()
    made = plan(study, candidates(study, lattice_m=1000.0), target=before.headline + 0.05)
    after = study.under(made.scenario).run()
    publishing.publish_plan(before, after, made, tmp_path, lang="en", request={"lattice_m": 1000.0})
    steps = rows_of((tmp_path / "plan.csv").read_text("utf-8"))
    assert tuple(steps[0]) == STEP_COLUMNS
    assert steps[0]["cost_vnd"] == str(made.steps["cost_vnd"].iloc[0])
    added = rows_of((tmp_path / "plan_cells.csv").read_text("utf-8"))
    assert added[0]["order"] == "1"
    assert added[0]["synthetic"] == "true"
    east, north = Transformer.from_crs("EPSG:4326", "EPSG:5899", always_xy=True).transform(
        float(added[0]["longitude"]), float(added[0]["latitude"])
    )
    assert made.scenario.changes[0].cells.geometry.iloc[0].distance(Point(east, north)) < 0.05
    assert [row["cell_id"] for row in added] == [
        name for change in made.scenario.changes for name in change.cells["cell_id"]
    ]
    measured = json.loads((tmp_path / "city_after.json").read_text("utf-8"))
    assert float(steps[-1]["running_share"]) == pytest.approx(measured["headline"]["value"], abs=1e-9)
    assert json.loads((tmp_path / "plan.json").read_text("utf-8")) == made.summary()
    assert json.loads((tmp_path / "city.json").read_text("utf-8")) == before.summary()
    told = json.loads((tmp_path / "manifest.json").read_text("utf-8"))
    assert told["parameters"]["plan"] == {"lattice_m": 1000.0}
    assert {path.name for path in tmp_path.iterdir()} == told["outputs"].keys() | {"manifest.json"}


def test_a_city_without_cells_is_published_too(tmp_path):
    publishing.publish(Study(small_city(cells=make.cells()), pixel_m=200.0).run(), tmp_path)
    assert (tmp_path / "best_server.csv").read_text("utf-8") == "code,site_id,cell_id,operator,band,synthetic\n"
    with rasterio.open(tmp_path / "coverage.tif") as raster:
        assert raster.read(1).max() == 0.0
