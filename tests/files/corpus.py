"""Broken and hostile files, made here and never stored: each with what has to become of it.

`corpus` yields (name, file name, bytes, expected), where expected is the code of the sentence, "read" for a harmless
table, or "refused" for any sentence. `outside` is another file of the machine and `address` a listener: nobody may
reach them.
"""

import io
import json
import sqlite3
import tempfile
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.files import samples
from tests.files.test_hostile import gdalg, two_roots, vrt
from tests.files.test_sheets import NAMES, row, text

GOOD = samples.csv_text().encode()


def archive(members, *, compress=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compress) as made:
        for name, data in members:
            made.writestr(name, data)
    return out.getvalue()


def made(write, ending):
    """Return the bytes that a writer of files makes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"x{ending}"
        write(path)
        return path.read_bytes()


def xlsx(*, sheet=None, more=(), changed=None):
    """Return a workbook with another first sheet, more members, or members changed."""
    with zipfile.ZipFile(io.BytesIO(made(samples.write_xlsx, ".xlsx"))) as good:
        members = {name: good.read(name) for name in good.namelist()}
    if sheet is not None:
        head = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        members["xl/worksheets/sheet1.xml"] = (head + sheet + "</sheetData></worksheet>").encode()
    for name, change in (changed or {}).items():
        members[name] = change(members[name])
    return archive([*members.items(), *more])


def inline(cell, value):
    return f'<c r="{cell}" t="inlineStr"><is><t>{value}</t></is></c>'


def ods_of(rows, head=""):
    body = f'<office:spreadsheet><table:table table:name="T">{rows}</table:table></office:spreadsheet>'
    content = f'<?xml version="1.0"?>{head}<office:document-content {NAMES}><office:body>{body}</office:body>'
    return archive([("content.xml", (content + "</office:document-content>").encode())])


def gpkg(*statements):
    """Return a GeoPackage with statements run on it."""

    def write(path):
        samples.points().to_file(path)
        with sqlite3.connect(path) as base:
            for statement in statements:
                base.execute(statement)
        base.close()

    return made(write, ".gpkg")


def bomb_parquet():
    table = pa.table({"a": pa.array(["x" * 100_000] * 20_000).dictionary_encode()})
    return made(lambda path: pq.write_table(table, path, compression="zstd"), ".parquet")


def flagged(data, flag):
    """Return an archive with a flag set on every member."""
    out = bytearray(data)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = out.find(mark)
        while at >= 0:
            out[at + offset] |= flag
            at = out.find(mark, at + 4)
    return bytes(out)


def link(target):
    out = io.BytesIO()
    member = zipfile.ZipInfo("tram.shp")
    member.external_attr = 0o120777 << 16
    with zipfile.ZipFile(out, "w") as made_archive:
        made_archive.writestr(member, target)
    return out.getvalue()


def kml(inside, head=""):
    return f'<?xml version="1.0"?>{head}<kml xmlns="http://www.opengis.net/kml/2.2">{inside}</kml>'.encode()


LAUGHS = "<!DOCTYPE kml [" + '<!ENTITY a0 "ha">' + "".join(
    f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)
) + "]>"  # fmt: skip
POINT = "<Placemark><name>{name}</name><Point><coordinates>108.2,16.05</coordinates></Point></Placemark>"


ENDINGS = (".csv", ".geojson", ".json", ".kml", ".gpkg", ".zip", ".kmz", ".parquet", ".xlsx", ".xls", ".ods")


def virtual(outside, address):
    """Yield virtual formats under every name: they stand for another file or another host."""
    for kind, payload in (("vrt", vrt), ("gdalg", gdalg), ("two roots", two_roots)):
        for ending in (
            ".csv",
            ".geojson",
            ".json",
            ".kml",
            ".gpkg",
            ".zip",
            ".kmz",
            ".parquet",
            ".xlsx",
            ".xls",
            ".ods",
        ):
            for where, source in (("file", outside), ("host", f"/vsicurl/{address}")):
                yield f"{kind} of a {where} as {ending}", f"x{ending}", payload(source).encode(), "refused"


def archives(outside):
    inner = archive([("x.csv", b"0" * 10_000_000)])
    yield "zip bomb", "x.zip", archive([("x.shp", bytes(60_000_000)), ("x.dbf", b""), ("x.shx", b"")]), "unsafe_archive"
    yield "zip in zip in zip", "x.zip", archive([("a.zip", archive([("b.zip", inner)]))]), "not_one_shapefile"
    yield "too many members", "x.zip", archive([(f"{n}.shp", b"") for n in range(1001)]), "unsafe_archive"
    for name in ("../x.shp", "/etc/x.shp", "a/../../x.shp", "C:\\x.shp", "..\\x.shp", "//host/x.shp"):
        yield f"name {name}", "x.zip", archive([(name, b"x")]), "unsafe_archive"
    yield "link", "x.zip", link(outside), "unsafe_archive"
    yield "password", "x.zip", flagged(archive([("x.shp", b"x")]), 1), "encrypted_archive"
    yield "cut off", "x.zip", archive([("x.shp", b"x" * 1000)])[:-30], "bad_archive"
    yield "two shapefiles", "x.zip", archive([("a.shp", b"x"), ("b.shp", b"x")]), "not_one_shapefile"
    yield "shapefile without .dbf", "x.zip", archive([("a.shp", b"x"), ("a.shx", b"x")]), "shapefile_part"
    junk = [
        ("a.shp", b"\x00\x00\x27\x0a" + b"\xff" * 500),
        ("a.shx", b"\xff" * 500),
        ("a.dbf", b"\x03" + b"\xff" * 500),
    ]
    yield "shapefile of junk", "x.zip", archive(junk), "refused"
    yield "kmz without kml", "x.kmz", archive([("a.png", b"x")]), "unreadable"
    yield "kmz bomb", "x.kmz", archive([("doc.kml", b" " * 60_000_000)]), "unsafe_archive"


def workbooks(outside, address):
    last = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    corner = f'<row r="1">{inline("A1", "a")}{inline("B1", "b")}</row>{last}'
    yield "sparse sheet", "x.xlsx", xlsx(sheet=corner), "too_many_columns"
    wide = f'<row r="1">{inline("A1", "a")}{inline("XFD1", "b")}</row>'
    yield "wide sheet", "x.xlsx", xlsx(sheet=wide), "too_many_columns"
    dtd = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file://' + str(outside).encode() + b'">]>'
    entity = {"xl/workbook.xml": lambda data: data.replace(b"<workbook", dtd + b"<workbook", 1)}
    yield "entity in a workbook", "x.xlsx", xlsx(changed=entity), "unsafe_archive"
    external = f'<externalLink><externalBook r:id="rId1"/></externalLink><!-- {address} -->'.encode()
    yield "external link", "x.xlsx", xlsx(more=[("xl/externalLinks/externalLink1.xml", external)]), "read"
    yield "workbook bomb", "x.xlsx", xlsx(more=[("xl/media/a.bin", bytes(60_000_000))]), "unsafe_archive"
    yield "workbook without sheets", "x.xlsx", archive([("xl/workbook.xml", b"<workbook/>")]), "refused"
    head = f'<row r="1">{inline("A1", "longitude")}{inline("B1", "latitude")}</row>'
    formula = f'{head}<row r="2"><c r="A2"><f>1+1</f></c></row>'
    yield "formula without a value", "x.xlsx", xlsx(sheet=formula), "refused"
    many = row(text("a", ' table:number-columns-repeated="16384"'))
    yield "ods of many columns", "x.ods", ods_of(many), "too_many_columns"
    tall = row(text("a"), text("b")) + row(text("1"), more=' table:number-rows-repeated="1048576"')
    yield "ods of many rows", "x.ods", ods_of(tall), "too_many_rows"
    yield "entities in ods", "x.ods", ods_of(row(text("&a9;")), LAUGHS.replace("kml", "x")), "unsafe_archive"
    yield "xls of junk", "x.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\xff" * 4000, "unreadable"
    yield "xls of nothing", "x.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 4000, "refused"


def markup(outside, address):
    yield "billion laughs", "x.kml", kml(POINT.format(name="&a11;"), LAUGHS), "unreadable"
    reach = f'<!DOCTYPE kml [<!ENTITY a SYSTEM "file://{outside}">]>'
    yield "external entity", "x.kml", kml(POINT.format(name="&a;"), reach), "unreadable"
    yield "utf-16 entity", "x.kml", kml(POINT.format(name="&a;"), reach).decode().encode("utf-16"), "unreadable"
    linked = f"<NetworkLink><Link><href>{address}</href></Link></NetworkLink>"
    yield "network link", "x.kml", kml(linked + POINT.format(name="a")), "read"
    yield "deep kml", "x.kml", kml("<Folder>" * 50_000 + "</Folder>" * 50_000), "refused"
    yield "gml", "x.gml", b"<gml/>", "wrong_extension"
    yield "deep json", "x.geojson", b'{"a":' * 200_000 + b"1" + b"}" * 200_000, "unreadable"
    huge = {"type": "Point", "coordinates": [1e308, -1e308]}
    feature = {"type": "Feature", "properties": {"technology": "NR"}, "geometry": huge}
    yield "1e308", "x.geojson", json.dumps({"type": "FeatureCollection", "features": [feature]}).encode(), "read"
    nan = json.dumps({"type": "FeatureCollection", "features": [feature]}).replace("1e+308", "NaN").encode()
    yield "NaN in json", "x.geojson", nan, "unreadable"
    told = {"type": "FeatureCollection", "features": [feature], "crs": {"properties": {"name": str(outside)}}}
    yield "a file as CRS", "x.geojson", json.dumps(told).encode(), "bad_crs"
    yield "no geometry", "x.geojson", b'{"type":"FeatureCollection","features":[]}', "table_empty"


def tables():
    yield "binary junk", "x.csv", bytes(range(256)) * 40, "not_text"
    yield "open quote", "x.csv", b'a,b\n"1,2\n3,4\n', "bad_csv"
    yield "empty", "x.csv", b"", "file_empty"
    yield "header alone", "x.csv", b"longitude,latitude,technology\n", "table_empty"
    yield "many rows", "x.csv", b"longitude,latitude\n" + b"1,2\n" * 600_000, "too_many_rows"
    yield "many columns", "x.csv", b",".join(b"a%d" % n for n in range(100_000)) + b"\n1,2\n", "too_many_columns"
    yield "one long line", "x.csv", b"a,b\n" + b"x" * 20_000_000 + b",1\n", "read"
    yield "nul inside", "x.csv", GOOD.replace(b"VNPT", b"VN\x00PT"), "refused"
    yield "infinite", "x.csv", b"technology,longitude,latitude\nNR,inf,-inf\nNR,1e400,nan\n", "read"
    yield "html", "x.csv", b"<html><script>alert(1)</script>", "content_mismatch"
    yield "elf", "x.csv", b"\x7fELF" + b"\x00" * 100, "content_mismatch"
    yield "pdf as workbook", "x.xlsx", b"%PDF-1.7", "content_mismatch"
    yield "a program", "x.exe", b"MZ", "wrong_extension"
    yield "virtual raster", "x.tif", b"II*\x00", "raster_for_table"
    yield "overlong utf-8", "x.csv", b"longitude,latitude\n\xc0\xaf,\xed\xa0\x80\n", "read"


def bases(outside):
    yield (
        "geopackage with a trigger",
        "x.gpkg",
        gpkg("CREATE TRIGGER t AFTER INSERT ON x BEGIN DELETE FROM x; END"),
        "read",
    )
    reach = f"CREATE VIEW v AS SELECT readfile('{outside}') AS geom"
    yield "view of a file", "x.gpkg", gpkg(reach), "read"
    told = "INSERT INTO gpkg_contents(table_name,data_type) VALUES('v','attributes')"
    turned = (told, f"CREATE VIEW v AS SELECT load_extension('{outside}') AS a")
    yield "view that loads", "x.gpkg", gpkg(*turned), "read"
    gone = ("DELETE FROM gpkg_contents", "DELETE FROM gpkg_geometry_columns")
    yield "geopackage without layers", "x.gpkg", gpkg(*gone), "read"
    yield "sqlite of junk", "x.gpkg", b"SQLite format 3\x00" + b"\xff" * 4000, "unreadable"
    yield "parquet of junk", "x.parquet", b"PAR1" + b"\xff" * 200 + b"PAR1", "unreadable"
    yield "parquet bomb", "x.parquet", bomb_parquet(), "refused"


def corpus(outside, address):
    """Yield (name, file name, bytes, expected code; "read": a table, "refused": any sentence)."""
    yield from virtual(outside, address)
    yield from archives(outside)
    yield from workbooks(outside, address)
    yield from markup(outside, address)
    yield from tables()
    yield from bases(outside)
