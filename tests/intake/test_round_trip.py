"""The same 1,006 real cells in every format and encoding come back from the confined reader, identical to 1e-7°."""

import csv
from io import StringIO

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest

from coverage.catalog.registers import ward_register
from coverage.files.sandbox import read_upload
from coverage.files.tables import read_table
from tests.files import samples
from tests.files.test_legacy import to_tcvn3, to_vni
from tests.files.test_sheets import number, ods, row, text

pytestmark = pytest.mark.slow  # a process of its own for every file
SITES = "sites/nsg_gb_23430_cells_eutra.csv"
WARDS = list(ward_register("2025h2")["name"])


@pytest.fixture(scope="module")
def cells(shared_data):
    """Return the real cells, each with a Vietnamese word, for encodings are of letters."""
    frame = pd.read_csv(shared_data / SITES, dtype={"ECellID": str}).rename(
        columns={"ECellID": "cell_id", "CellName": "site_id", "Longitude": "longitude", "Latitude": "latitude"}
    )
    assert len(frame) == 1006
    frame["site_id"] = [name.encode("ascii", "replace").decode() for name in frame["site_id"]]
    frame["ward"] = [WARDS[n % len(WARDS)] for n in range(len(frame))]
    return frame[["cell_id", "site_id", "longitude", "latitude", "ward"]]


def written(frame, delimiter=",", decimal="."):
    out = StringIO()
    lines = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    lines.writerow(frame.columns)
    lines.writerows([samples.text(value, decimal) for value in line] for line in frame.itertuples(index=False))
    return out.getvalue()


ENCODINGS = {
    "utf-8": lambda t: t.encode("utf-8"),
    "utf-8 with BOM": lambda t: t.encode("utf-8-sig"),
    "utf-8 decomposed": lambda t: samples.unicodedata.normalize("NFD", t).encode("utf-8"),
    "utf-16": lambda t: t.encode("utf-16"),
    "utf-16-le without BOM": lambda t: t.encode("utf-16-le"),
    "utf-16-be without BOM": lambda t: t.encode("utf-16-be"),
    "windows-1258": samples.to_1258,
    "TCVN3": to_tcvn3,
    "VNI": to_vni,
}
DELIMITERS = {"comma": (",", "."), "semicolon": (";", "."), "semicolon, decimal comma": (";", ","), "tab": ("\t", "."),
              "bar": ("|", ".")}  # fmt: skip


def same(path, cells, *, by_point=False, read=read_upload):
    """Assert that the rows come back in order, letter by letter and to 1e-7°."""
    raw = read(path)
    assert list(raw.frame["cell_id"]) == list(cells["cell_id"])
    assert list(raw.frame["ward"]) == list(cells["ward"])
    assert [" ".join(name.split()) for name in raw.frame["site_id"]] == [" ".join(n.split()) for n in cells["site_id"]]
    if by_point:
        points = raw.geometry.to_crs("EPSG:4326")
        lon, lat = points.x.to_numpy(), points.y.to_numpy()
    else:
        lon, lat = (
            np.array([float(t.replace(",", ".")) for t in raw.frame[name]]) for name in ("longitude", "latitude")
        )
    assert np.abs(lon - cells["longitude"]).max() <= 1e-7
    assert np.abs(lat - cells["latitude"]).max() <= 1e-7


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_csv_in_every_encoding_and_with_every_delimiter(tmp_path, cells, encoding, delimiter):
    (tmp_path / "x.csv").write_bytes(ENCODINGS[encoding](written(cells, *DELIMITERS[delimiter])))
    # The reader that the confined process runs; the process itself is started once for every encoding.
    same(tmp_path / "x.csv", cells, read=read_upload if delimiter == "comma" else read_table)


def test_workbooks(tmp_path, cells):
    samples.write_xlsx(tmp_path / "x.xlsx", cells, above=("DANH SÁCH TRẠM", ""))
    same(tmp_path / "x.xlsx", cells)
    body = row(*map(text, cells.columns))
    for line in cells.itertuples(index=False):
        place = [number(repr(value)) for value in line[2:4]]
        body += row(text(line[0]), text(samples.escape(line[1])), *place, text(line[4]))
    ods(tmp_path / "x.ods", body)
    same(tmp_path / "x.ods", cells)


@pytest.mark.parametrize("encoding", ["TCVN3", "VNI"])
def test_a_workbook_typed_with_old_fonts(tmp_path, cells, encoding):
    book = openpyxl.Workbook()
    book.active.append(list(cells.columns))
    for line in cells.itertuples(index=False):
        book.active.append([*line[:4], ENCODINGS[encoding](line[4]).decode("latin-1")])
    book.save(tmp_path / "x.xlsx")
    same(tmp_path / "x.xlsx", cells)


def test_xls(tmp_path, cells):
    samples.write_xls(tmp_path / "x.xls", cells, above=("DANH SÁCH TRẠM", ""))
    same(tmp_path / "x.xls", cells)


@pytest.mark.parametrize("encoding", ["TCVN3", "VNI"])
def test_an_xls_typed_with_old_fonts(tmp_path, cells, encoding):
    table = cells.assign(ward=[ENCODINGS[encoding](name).decode("latin-1") for name in cells["ward"]])
    samples.write_xls(tmp_path / "x.xls", table)
    same(tmp_path / "x.xls", cells)


@pytest.mark.parametrize(
    "name", ["x.geojson", "x.gpkg", "x.kml", "x.kmz", "x.parquet", "x in metres.gpkg", "x in metres.parquet"]
)
def test_formats_with_geometry(tmp_path, cells, name):
    path = tmp_path / name
    points = gpd.GeoDataFrame(
        cells.drop(columns=["longitude", "latitude"]),
        geometry=gpd.points_from_xy(cells["longitude"], cells["latitude"]),
        crs="EPSG:4326",
    )
    if "metres" in name:
        points = points.to_crs("EPSG:32630")
    if path.suffix == ".geojson":
        samples.write_geojson(path, cells)
    elif path.suffix == ".gpkg":
        points.to_file(path)
    elif path.suffix == ".parquet":
        points.to_parquet(path)
    elif path.suffix == ".kml":
        path.write_text(kml(cells), "utf-8")
    else:
        samples.write_zip(path, {"doc.kml": kml(cells).encode()})
    if path.suffix in {".kml", ".kmz"}:
        raw = read_upload(path)
        assert list(raw.frame["cell_id"]) == list(cells["cell_id"])
        assert list(raw.frame["ward"]) == list(cells["ward"])
        assert np.abs(raw.geometry.x - cells["longitude"]).max() <= 1e-7
        return
    same(path, cells, by_point=True)


def kml(cells):
    return samples.kml_text(cells)


@pytest.mark.parametrize("cpg", ["UTF-8", "1258", "", "TCVN3", "VNI"])
def test_shapefiles_with_and_without_a_cpg(tmp_path, cells, cpg):
    encode = {"1258": samples.to_1258, "": samples.to_1258, "TCVN3": to_tcvn3, "VNI": to_vni}.get(cpg)
    table = samples.points(cells)
    if encode:
        for name in ("site_id", "ward"):
            table[name] = [encode(value).decode("latin-1") for value in table[name]]
    folder = tmp_path / "shp"
    folder.mkdir()
    samples.pyogrio.write_dataframe(table, folder / "x.shp", encoding="ISO-8859-1" if encode else "UTF-8")
    (folder / "x.cpg").unlink()
    if cpg in {"UTF-8", "1258"}:
        (folder / "x.cpg").write_text(cpg)
    samples.write_zip(tmp_path / "x.zip", {part.name: part.read_bytes() for part in folder.iterdir()})
    same(tmp_path / "x.zip", cells, by_point=True)
