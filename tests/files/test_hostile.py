"""Files that want something else: each is answered by one sentence, and nothing outside the file is read."""

import io
import json
import os
import socket
import sqlite3
import threading
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pytest

from coverage.errors import LayerError
from coverage.files.opening import EXTENSIONS
from coverage.files.rasters import read_raster
from coverage.files.tables import read_table
from coverage.words import LANGUAGES, render
from tests.files import samples

SECRET = "mat-khau-quan-tri"


@pytest.fixture
def secret(tmp_path):
    """Return another file of the server, which no upload may make anybody read."""
    path = tmp_path / "elsewhere" / "secret.csv"
    path.parent.mkdir()
    path.write_text(f"technology,longitude,latitude\n{SECRET},108,16\n", "utf-8")
    return path


@pytest.fixture
def listener():
    """Return an address that notes whoever calls it."""
    calls: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.1)
    stop = threading.Event()

    def listen():
        while not stop.is_set():
            try:
                connection, _ = server.accept()
            except TimeoutError:
                continue
            with connection:
                calls.append(connection.recv(1000))

    thread = threading.Thread(target=listen)
    thread.start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}/x.csv", calls
    stop.set()
    thread.join()
    server.close()


def vrt(source):
    """Return a virtual dataset that stands for another file or address."""
    return (
        f'<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource relativeToVRT="0">{source}</SrcDataSource>'
        "</OGRVRTLayer></OGRVRTDataSource>"
    )


def gdalg(source):
    """Return GDAL's pipeline file, which reads another file too."""
    return json.dumps(
        {"type": "gdal_streamed_alg", "command_line": f"gdal vector pipeline ! read {source} ! write out"}
    )


def two_roots(source):
    """Return a KML that strict XML refuses and a lenient parser takes for a virtual dataset."""
    return f"<kml></kml>{vrt(source)}"


PAYLOADS = {
    "vrt": vrt,
    "gdalg": gdalg,
    "two roots": two_roots,
    "vrt in a comment": lambda s: f"<kml><!-- {vrt(s)} --></kml>",
}
NAMES = sorted(f"tram{ending}" for ending, form in EXTENSIONS.items() if form != "raster")


def test_the_payload_is_live(tmp_path, secret):
    """GDAL by itself does read the other file: what the next tests show is not an accident of the payload."""
    (tmp_path / "tram.geojson").write_text(vrt(str(secret)))
    assert SECRET in pyogrio.read_dataframe(tmp_path / "tram.geojson").to_string()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("payload", PAYLOADS)
def test_virtual_formats_reach_nothing_under_any_name(tmp_path, secret, listener, payload, name):
    address, calls = listener
    for source in (str(secret), address, f"/vsicurl/{address}"):
        path = tmp_path / name
        path.write_text(PAYLOADS[payload](source), "utf-8")
        with suppress(LayerError):
            assert SECRET not in read_table(path).frame.to_string()
    assert calls == []


@pytest.mark.parametrize("inside", ["tram.shp", "doc.kml", "xl/workbook.xml"])
@pytest.mark.parametrize("ending", [".zip", ".kmz", ".xlsx"])
def test_virtual_formats_in_archives_reach_nothing(tmp_path, secret, inside, ending):
    path = tmp_path / f"tram{ending}"
    payload = vrt(str(secret)).encode()
    samples.write_zip(path, {inside: payload, "tram.dbf": payload, "tram.shx": payload})
    with pytest.raises(LayerError) as caught:
        read_table(path)
    assert SECRET not in str(caught.value)


def test_virtual_rasters_reach_nothing(tmp_path, secret, listener):
    address, calls = listener
    for source in (str(secret), f"/vsicurl/{address}"):
        path = tmp_path / "terrain.tif"
        path.write_text(
            '<VRTDataset rasterXSize="4" rasterYSize="4"><VRTRasterBand dataType="Byte" band="1" '
            f'subClass="VRTRawRasterBand"><SourceFilename relativetoVRT="0">{source}</SourceFilename>'
            "</VRTRasterBand></VRTDataset>"
        )
        with pytest.raises(LayerError, match="content_mismatch"):
            read_raster(path, "m")
    assert calls == []


@pytest.mark.parametrize(
    "path", ["http://127.0.0.1/x.gpkg", "/vsicurl/http://127.0.0.1/x.gpkg", "GPKG:x.gpkg", "a\x00b.csv"]
)
def test_addresses_are_no_files(path):
    with pytest.raises(LayerError, match=r"file_missing|file_unreadable"):
        read_table(path)


def refused(path, code, reader=read_table):
    """Assert that a file is refused with a code whose sentence names it in both languages."""
    with pytest.raises(LayerError) as caught:
        reader(path)
    assert caught.value.code == code
    for lang in LANGUAGES:
        assert Path(path).name in render(caught.value, lang)


def test_what_is_no_file_is_said_plainly(tmp_path):
    refused(tmp_path / "none.csv", "file_missing")
    refused(tmp_path, "file_is_folder")
    (tmp_path / "empty.csv").touch()
    refused(tmp_path / "empty.csv", "file_empty")
    (tmp_path / "blank.csv").write_text("\n \n;;\n")
    refused(tmp_path / "blank.csv", "table_empty")
    (tmp_path / "header.csv").write_text("longitude,latitude,technology\n")
    refused(tmp_path / "header.csv", "table_empty")
    (tmp_path / "x.doc").write_text("x")
    refused(tmp_path / "x.doc", "wrong_extension")
    (tmp_path / "x.tif").write_bytes(b"II*\x00")
    refused(tmp_path / "x.tif", "raster_for_table")
    os.mkfifo(tmp_path / "pipe.csv")
    refused(tmp_path / "pipe.csv", "file_not_regular")


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("x.csv", b"PK\x03\x04rest", "content_mismatch"),
        ("x.csv", b"\xd0\xcf\x11\xe0" + b"\x00" * 600, "content_mismatch"),
        ("x.csv", b"<html><table>", "content_mismatch"),
        ("x.csv", bytes(range(256)) * 20, "not_text"),
        ("x.csv", b'a,b\n"1,2\n3,4\n', "bad_csv"),
        ("x.csv", "Tªn tr¹m,Ph­­êng\nTr¹m 1,Ãý ©u\n¡¢ £¤½ ng,S½¾ Tr¿¼\n".encode("latin-1"), "unknown_encoding"),
        ("x.ods", b"PK\x03\x04" + b"\x00" * 100, "bad_archive"),
        ("x.xls", b"\xd0\xcf\x11\xe0" + b"\x00" * 600, "unreadable"),
        ("x.xlsx", b"a,b\n1,2\n", "content_mismatch"),
        ("x.xlsx", b"PK\x03\x04" + b"\x00" * 100, "bad_archive"),
        ("x.geojson", b'{"type": "Feature', "unreadable"),
        ("x.geojson", b'{"type": "Topology"}', "unreadable"),
        ("x.geojson", b'{"type": "FeatureCollection", "features": [1]}', "unreadable"),
        ("x.geojson", b'{"type":"FeatureCollection","features":[]}', "table_empty"),
        ("x.geojson", b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "unreadable"),
        ("x.gpkg", b"SQLite format 3\x00" + b"\x00" * 200, "unreadable"),
        ("x.kml", b"<kml><Placemark></kml>", "unreadable"),
        ("x.kml", b"<html></html>", "unreadable"),
        ("x.parquet", b"PAR1 nothing PAR1", "unreadable"),
    ],
)
def test_broken_files_are_said_plainly(tmp_path, name, data, code):
    (tmp_path / name).write_bytes(data)
    refused(tmp_path / name, code)


def test_entities_in_kml_are_refused(tmp_path, secret):
    for name, dtd in (("bomb", '<!ENTITY a "aaaaaaaaaa">'), ("reach", f'<!ENTITY a SYSTEM "file://{secret}">')):
        path = tmp_path / f"{name}.kml"
        path.write_text(
            f"<?xml version='1.0'?><!DOCTYPE kml [{dtd}]><kml><Placemark><name>&a;</name></Placemark></kml>"
        )
        refused(path, "unreadable")


def test_a_sparse_sheet_costs_no_memory(tmp_path):
    """Two cells in opposite corners made another reader reserve 549 GB."""
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c><c r="B1" t="inlineStr"><is><t>b</t></is></c></row>'
        '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
    )
    samples.write_xlsx(tmp_path / "x.xlsx")
    with zipfile.ZipFile(tmp_path / "x.xlsx") as good:
        members = {name: good.read(name) for name in good.namelist()}
    members["xl/worksheets/sheet1.xml"] = sheet.encode()
    samples.write_zip(tmp_path / "bomb.xlsx", members)
    refused(tmp_path / "bomb.xlsx", "too_many_columns")


def test_archives_that_unpack_to_too_much_are_not_unpacked(tmp_path):
    zeros = io.BytesIO()
    with zipfile.ZipFile(zeros, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("tram.shp", "w") as member:
        for _ in range(40):
            member.write(bytes(1 << 20))
    (tmp_path / "bomb.zip").write_bytes(zeros.getvalue())
    refused(tmp_path / "bomb.zip", "unsafe_archive")


@pytest.mark.parametrize("name", ["../tram.shp", "/etc/tram.shp", "a/../../tram.shp", "C:\\tram.shp", "..\\tram.shp"])
def test_archives_with_climbing_names_are_refused(tmp_path, name):
    samples.write_zip(tmp_path / "x.zip", {name: b"x"})
    refused(tmp_path / "x.zip", "unsafe_archive")


def test_archives_with_links_or_passwords_are_refused(tmp_path):
    link = zipfile.ZipInfo("tram.shp")
    link.external_attr = 0o120777 << 16
    samples.write_zip(tmp_path / "link.zip", {})
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    refused(tmp_path / "link.zip", "unsafe_archive")
    samples.write_zip(tmp_path / "locked.zip", {"tram.shp": b"x"})
    data = bytearray((tmp_path / "locked.zip").read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    (tmp_path / "locked.zip").write_bytes(data)
    refused(tmp_path / "locked.zip", "encrypted_archive")


def test_shapefiles_that_lack_a_part_or_are_two(tmp_path):
    samples.write_shapefile_zip(tmp_path / "x.zip", tmp_path, leave_out=(".dbf",))
    refused(tmp_path / "x.zip", "shapefile_part")
    samples.write_zip(tmp_path / "two.zip", {"a.shp": b"x", "b.shp": b"x"})
    refused(tmp_path / "two.zip", "not_one_shapefile")
    samples.write_zip(tmp_path / "none.zip", {"a.csv": b"x"})
    refused(tmp_path / "none.zip", "not_one_shapefile")


def test_another_sqlite_file_is_no_geopackage(tmp_path, secret):
    with sqlite3.connect(tmp_path / "x.gpkg") as database:
        database.execute("CREATE TABLE geometry_columns (f_table_name, f_geometry_column, type, coord_dimension, srid)")
        database.execute("CREATE TABLE t (a)")
    database.close()
    refused(tmp_path / "x.gpkg", "unreadable")
    assert SECRET in secret.read_text()


def test_a_parquet_file_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("coverage.files.vectors.MAX_TABLE_BYTES", 1 << 20)
    pq.write_table(pa.table({"a": ["x" * 10_000] * 20_000}), tmp_path / "x.parquet")
    assert (tmp_path / "x.parquet").stat().st_size < 100_000
    refused(tmp_path / "x.parquet", "too_large_unpacked")


@pytest.mark.parametrize("place", ["1e308", "Infinity", "NaN", "1e999", "null", '"a"', "[]"])
def test_odd_coordinates_are_missing_or_kept_never_a_crash(tmp_path, place):
    path = tmp_path / "x.geojson"
    point = f'{{"type":"Feature","properties":{{"a":1}},"geometry":{{"type":"Point","coordinates":[{place},16]}}}}'
    path.write_text(f'{{"type":"FeatureCollection","features":[{point}]}}')
    geometry = read_table(path).geometry
    assert len(geometry) == 1
    if geometry.iloc[0] is not None:
        assert place == "1e308"
        assert np.isfinite(geometry.x.iloc[0])


def test_crs_members_are_codes_never_names_of_files(tmp_path, secret):
    path = tmp_path / "x.geojson"
    document = {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": None}]}
    for name in (str(secret), "http://127.0.0.1/x", "EPSG:999999", "urn:ogc:def:crs:EPSG::abc"):
        path.write_text(json.dumps({**document, "crs": {"type": "name", "properties": {"name": name}}}))
        refused(path, "bad_crs")
    path.write_text(
        json.dumps({**document, "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::5899"}}})
    )
    assert read_table(path).geometry.crs.to_epsg() == 5899
