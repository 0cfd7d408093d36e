"""Damaged and senseless files: every reader answers with a layer or one LayerError, nothing else, and soon."""

import io
import os
import random
import socket
import sys
import time
import zipfile

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coverage.catalog.registers import data_dir
from coverage.errors import LayerError
from coverage.files.layers import read_cells, read_wards
from coverage.files.people import read_people, read_subscriptions
from coverage.files.rasters import read_raster
from coverage.words import LANGUAGES, render, render_problem
from tests.files import samples
from tests.files.test_sheets import ods, row, text

# Damaged files per format in a test run; PHUSONG_FUZZ asks for more.
ROUNDS = int(os.environ.get("PHUSONG_FUZZ", "60"))
ENDINGS = [".csv", ".xlsx", ".ods", ".geojson", ".gpkg", ".zip", ".kml", ".kmz", ".parquet", ".tif"]
NOT_FIXTURES = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)


def no_network(*_arguments, **_options):
    """Stand in for a socket: nobody may open one."""
    raise AssertionError("a reader wanted the network")


@pytest.fixture(scope="module")
def seeds(tmp_path_factory):
    """Return good bytes of every format."""
    folder = tmp_path_factory.mktemp("seeds")
    (folder / "c.csv").write_text(samples.csv_text(), "utf-8")
    samples.write_xlsx(folder / "c.xlsx")
    samples.write_geojson(folder / "c.geojson")
    samples.points(crs="EPSG:5899").to_file(folder / "c.gpkg")
    samples.write_shapefile_zip(folder / "c.zip", folder)
    (folder / "c.kml").write_text(samples.kml_text(), "utf-8")
    samples.write_zip(folder / "c.kmz", {"doc.kml": samples.kml_text().encode()})
    samples.points().to_parquet(folder / "c.parquet")
    cells = "".join(row(*map(text, map(str, line))) for line in samples.CELLS.itertuples(index=False))
    ods(folder / "c.ods", row(*map(text, samples.CELLS.columns)) + cells)
    profile = {"driver": "GTiff", "height": 40, "width": 40, "count": 1, "dtype": "float32", "crs": "EPSG:5899"}
    transform = Affine(100, 0, 540_000, 0, -100, 1_775_000)
    with rasterio.open(folder / "c.tif", "w", **profile, transform=transform, compress="deflate") as out:
        out.write(np.ones((40, 40), np.float32), 1)
    return {path.suffix: path.read_bytes() for path in folder.glob("c.*")}


def damaged(data, chance):
    """Return bytes with some changed, lost, added or cut off."""
    out = bytearray(data)
    for _ in range(chance.choice([1, 2, 5, 20])):
        place, way = chance.randrange(len(out) or 1), chance.random()
        if way < 0.5 and out:
            out[place] = chance.randrange(256)
        elif way < 0.7:
            del out[place : place + chance.randrange(30)]
        elif way < 0.9:
            out[place:place] = chance.choice([b"<", b"9" * 7, b"&amp;", b"\x00", b"-", b"{", chance.randbytes(5)])
        else:
            del out[place:]
    return bytes(out)


def damaged_inside(data, chance):
    """Return an archive with one member damaged."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = chance.choice(sorted(members))
    members[name] = damaged(members[name], chance)
    out = io.BytesIO()
    samples.write_zip(out, members)
    return out.getvalue()


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_damaged_file_gives_a_layer_or_one_sentence(tmp_path, seeds, ending, capsys, monkeypatch):
    monkeypatch.setattr(socket, "socket", no_network)
    chance = random.Random(ending)
    archive = ending in {".xlsx", ".zip", ".kmz", ".ods"}
    path = tmp_path / f"x{ending}"
    answered = 0
    for number in range(ROUNDS):
        path.write_bytes((damaged_inside if archive and number % 3 else damaged)(seeds[ending], chance))
        start = time.monotonic()
        try:
            read_raster(path, "m") if ending == ".tif" else read_cells(path)
        except LayerError as error:
            for lang in LANGUAGES:
                answered += bool(render(error, lang))
        assert time.monotonic() - start < 10
    assert answered > ROUNDS // 10  # or the damage was none
    with capsys.disabled():
        sys.stdout.write(f"[{ending}: {ROUNDS} damaged files]")


WORDS = (
    "| |-1|0|1e308|inf|NaN|1.234|1,234|12,5|Hòa Liên|20296|hoà liên|5G|FTTH|mobile|hộ|2025-06|108.2|16.05|VNPT|=1+1|"
    "20296.0|Phường|n41|90|TRUE|−5|1 234|6/2025"
)
WILD = st.one_of(st.sampled_from([*WORDS.split("|"), "9" * 400]), st.text(max_size=8))


def table(header, rows):
    """Return a CSV file of texts."""
    return samples.csv_text(samples.pd.DataFrame(rows, columns=header, dtype=object))


@pytest.fixture(scope="module")
def wards():
    return read_wards(data_dir() / "demo" / "wards.geojson")


def answer(read, *arguments):
    """Read a file and say all that there is to say of it."""
    try:
        layer = read(*arguments)
    except LayerError as error:
        problems, sentences = error.problems, [render(error, lang) for lang in LANGUAGES]
    else:
        problems, sentences = layer.problems, [str(len(layer.frame) or "")]
        numbers = layer.frame.select_dtypes("number")
        assert not np.isinf(numbers.to_numpy(dtype=float)).any()
    sentences += [render_problem(problem, lang) for problem in problems for lang in LANGUAGES]
    assert all(sentences)


@NOT_FIXTURES
@given(rows=st.lists(st.tuples(*[WILD] * 9), min_size=1, max_size=5))
def test_senseless_cells_are_answered(tmp_path, rows):
    path = tmp_path / "c.csv"
    path.write_text(table(list(samples.CELLS.columns), rows), "utf-8", errors="replace")
    answer(read_cells, path)


@NOT_FIXTURES
@given(rows=st.lists(st.tuples(*[WILD] * 5), min_size=1, max_size=5))
def test_senseless_counts_are_answered(tmp_path, wards, rows):
    path = tmp_path / "h.csv"
    path.write_text(
        table(["gso_code", "ward", "district", "households", "population"], rows), "utf-8", errors="replace"
    )
    answer(read_people, path, wards)


@NOT_FIXTURES
@given(rows=st.lists(st.tuples(*[WILD] * 7), min_size=1, max_size=5))
def test_senseless_lines_are_answered(tmp_path, wards, rows):
    path = tmp_path / "s.csv"
    header = ["gso_code", "ward", "operator", "technology", "customer", "lines", "period"]
    path.write_text(table(header, rows), "utf-8", errors="replace")
    answer(read_subscriptions, path, wards)
