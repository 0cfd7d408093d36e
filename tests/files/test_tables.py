"""The same cells through every format, encoding and notation come back the same."""

import codecs
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coverage.errors import LayerError
from coverage.fields import check
from coverage.files.tables import read_table
from tests.files import samples

ENCODINGS = {
    "utf-8": lambda text: text.encode("utf-8"),
    "utf-8-sig": lambda text: text.encode("utf-8-sig"),
    "utf-16": lambda text: text.encode("utf-16"),
    "utf-16-be-bom": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    "utf-16-le-bare": lambda text: text.encode("utf-16-le"),
    "utf-32": lambda text: text.encode("utf-32"),
    "decomposed": lambda text: unicodedata.normalize("NFD", text).encode("utf-8"),
    "windows-1258": samples.to_1258,
}


def same_cells(path):
    """Assert that a file gives the sample back; return the raw table."""
    raw = read_table(path)
    frame = raw.frame
    if raw.geometry is not None:
        places = raw.geometry.to_crs("EPSG:4326")
        frame = frame.assign(longitude=[repr(x) for x in places.x], latitude=[repr(y) for y in places.y])
    kept, problems = check("cells", frame, file=raw.source.name)
    assert not [p for p in problems if p.severity == "error"]
    for name in samples.CELLS.columns:
        if name in samples.NUMBERS:
            np.testing.assert_allclose(kept[name], samples.CELLS[name], rtol=0, atol=1e-8, err_msg=name)
        else:
            assert list(kept[name]) == list(samples.CELLS[name]), name
    return raw


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(("delimiter", "decimal"), [(",", "."), (";", ","), ("\t", ","), ("|", "."), (";", ".")])
def test_csv_in_every_encoding_and_notation(tmp_path, encoding, delimiter, decimal):
    path = tmp_path / "tram.csv"
    path.write_bytes(ENCODINGS[encoding](samples.csv_text(delimiter=delimiter, decimal=decimal)))
    raw = same_cells(path)
    assert list(raw.rows) == [2, 3, 4]
    assert [p.code for p in raw.problems] == (["encoding_guessed"] if encoding == "windows-1258" else [])


def test_csv_with_a_comma_for_decimals_and_between_fields(tmp_path):
    path = tmp_path / "tram.csv"
    path.write_text(samples.csv_text(delimiter=",", decimal=","), "utf-8")  # the writer quotes the numbers
    same_cells(path)


def test_excel_csv_says_its_separator(tmp_path):
    path = tmp_path / "tram.csv"
    path.write_text("sep=;\r\n" + samples.csv_text(delimiter=";"), "utf-8")
    assert list(same_cells(path).rows) == [3, 4, 5]


def test_title_blank_lines_and_short_rows(tmp_path):
    lines = samples.csv_text(delimiter=";").splitlines()
    path = tmp_path / "tram.csv"
    path.write_text("\n".join(["Danh sách trạm, tháng 6/2025", "", lines[0], lines[1], "", *lines[2:]]), "utf-8")
    assert list(same_cells(path).rows) == [4, 6, 7]
    path.write_text("operator;technology;longitude;latitude;note\nVNPT;NR;108,2;16,05\n", "utf-8")
    assert read_table(path).frame["note"].tolist() == [""]


def test_a_row_with_too_many_cells_is_refused_not_shifted(tmp_path):
    path = tmp_path / "tram.csv"
    path.write_text("technology,longitude,latitude\nNR,108,2,16,05\nNR,108.2,16.05\nNR,108.3,16.05,,\n", "utf-8")
    raw = read_table(path)
    assert list(raw.rows) == [3, 4]
    assert [(p.code, p.row, p.severity) for p in raw.problems] == [("row_length", 2, "error")]


@pytest.mark.parametrize("above", [(), ("DANH SÁCH TRẠM", "Nguồn: nhà mạng")])
def test_xlsx(tmp_path, above):
    path = tmp_path / "tram.xlsx"
    samples.write_xlsx(path, above=above)
    assert next(iter(same_cells(path).rows)) == 2 + len(above)


def test_xlsx_numbers_are_never_taken_for_thousands(tmp_path):
    path = tmp_path / "dan.xlsx"
    samples.write_xlsx(path, pd.DataFrame({"ward": ["A", "B"], "pop_total": [1.234, 2.0]}))
    kept, problems = check("households", read_table(path).frame, file="dan.xlsx")
    assert [p.code for p in problems if p.row] == ["not_whole_ignored", "missing_value_group"]
    assert kept["population"].tolist() == [2.0]


def test_xlsx_reads_the_first_filled_sheet_and_says_so(tmp_path):
    path = tmp_path / "tram.xlsx"
    samples.write_xlsx(path)
    book = samples.openpyxl.load_workbook(path)
    book.create_sheet("Bìa", 0)
    book.create_sheet("Khác").append(["a", "b"])
    book.save(path)
    raw = same_cells(path)
    assert [(p.code, p.values["others"]) for p in raw.problems] == [("sheets_ignored", "Khác")]


def test_geojson(tmp_path):
    samples.write_geojson(tmp_path / "tram.geojson")
    raw = same_cells(tmp_path / "tram.geojson")
    assert list(raw.rows) == [1, 2, 3]


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:5899", "EPSG:32649", "EPSG:3857"])
def test_geopackage_in_any_crs(tmp_path, crs):
    samples.points(crs=crs).to_file(tmp_path / "tram.gpkg", layer="tram")
    same_cells(tmp_path / "tram.gpkg")


@pytest.mark.parametrize(
    ("cpg", "leave_out"),
    [("UTF-8", ()), ("UTF-8", (".cpg",)), ("1258", ()), ("windows-1258", ()), ("ANSI 1258", ()), ("1258", (".cpg",))],
)
def test_zipped_shapefile_with_and_without_cpg(tmp_path, cpg, leave_out):
    samples.write_shapefile_zip(tmp_path / "tram.zip", tmp_path, cpg=cpg, leave_out=leave_out)
    same_cells(tmp_path / "tram.zip")


def test_shapefile_without_prj_has_no_crs(tmp_path):
    samples.write_shapefile_zip(tmp_path / "tram.zip", tmp_path, leave_out=(".prj",))
    assert read_table(tmp_path / "tram.zip").geometry.crs is None


def test_kml_and_kmz(tmp_path):
    (tmp_path / "tram.kml").write_text(samples.kml_text(), "utf-8")
    same_cells(tmp_path / "tram.kml")
    samples.write_zip(tmp_path / "tram.kmz", {"doc.kml": samples.kml_text().encode()})
    same_cells(tmp_path / "tram.kmz")


def test_kml_polygons_have_their_holes(tmp_path):
    ring = "<LinearRing><coordinates>{}</coordinates></LinearRing>"
    outer, inner = ring.format("0,0 4,0 4,4 0,4 0,0"), ring.format("1,1 1,2 2,2 2,1 1,1")
    polygon = f"<Polygon><outerBoundaryIs>{outer}</outerBoundaryIs><innerBoundaryIs>{inner}</innerBoundaryIs></Polygon>"
    far = f"<Polygon><outerBoundaryIs>{ring.format('9,9 10,9 10,10 9,10 9,9')}</outerBoundaryIs></Polygon>"
    (tmp_path / "w.kml").write_text(
        f"<kml><Placemark><name>A</name><MultiGeometry>{polygon}{far}</MultiGeometry></Placemark></kml>", "utf-8"
    )
    raw = read_table(tmp_path / "w.kml")
    assert raw.geometry.iloc[0].area == pytest.approx(16 - 1 + 1)


@pytest.mark.parametrize("name", ["tram.parquet", "tram.geoparquet"])
def test_geoparquet_and_parquet(tmp_path, name):
    samples.points(crs="EPSG:5899").to_parquet(tmp_path / name)
    same_cells(tmp_path / name)
    samples.CELLS.to_parquet(tmp_path / name)
    assert same_cells(tmp_path / name).geometry is None


def test_the_hash_is_that_of_the_file(tmp_path):
    path = tmp_path / "tram.csv"
    path.write_bytes(b"technology,longitude,latitude\nNR,108.2,16.05\n")
    source = read_table(path).source
    # printf 'technology,longitude,latitude\nNR,108.2,16.05\n' | sha256sum
    assert source.sha256 == "d9090f6bc5879742a843489a0afaee7a9a597ed4aaa3629878c8205729dc078c"
    assert (source.name, source.rows, source.synthetic) == ("tram.csv", 1, False)


def test_provenance_beside_the_file_marks_synthetic_data(tmp_path):
    path = tmp_path / "tram.csv"
    path.write_text("technology,longitude,latitude\nNR,108.2,16.05\n", "utf-8")
    beside = tmp_path / "tram.csv.toml"
    beside.write_text("synthetic = true\n", "utf-8")
    assert read_table(path).source.synthetic
    beside.write_text("synthetic = yes\n", "utf-8")
    with pytest.raises(LayerError, match="bad_provenance"):
        read_table(path)


def test_duplicate_and_empty_headers_stay_apart(tmp_path):
    path = tmp_path / "tram.csv"
    path.write_text("a,a,,b\n1,2,,3\n", "utf-8")
    assert read_table(path).frame.columns.tolist() == ["a", "a (2)", "b"]


def test_real_cells_of_another_country_are_read_to_the_last_digit(shared_data):
    path = Path(shared_data) / "sites" / "nsg_gb_23430_cells_eutra.csv"
    raw = read_table(path)
    assert len(raw.frame) == 1006
    kept, problems = check("cells", raw.frame.assign(technology="LTE"), file=path.name)
    assert len(kept) == 1006
    assert not [p for p in problems if p.severity == "error"]
    expected = pd.read_csv(path)
    expected["Azimuth"] %= 360  # one cell has 360
    for field, column in (("longitude", "Longitude"), ("latitude", "Latitude"), ("azimuth_deg", "Azimuth")):
        assert kept[field].tolist() == pytest.approx(expected[column].tolist(), abs=1e-12)
    assert kept["cell_id"].tolist() == expected["ECellID"].astype(str).tolist()


def test_opencellid_export_has_its_radio_as_technology(shared_data):
    raw = read_table(Path(shared_data) / "sites" / "opencellid_cells_berlin_sample.csv")
    kept, _ = check("cells", raw.frame, file="o.csv")
    assert len(kept) == len(raw.frame)
    assert set(kept["technology"]) <= {"2G", "3G", "LTE", "NR"}
