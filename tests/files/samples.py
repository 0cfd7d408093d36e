"""One small table of cells, and writers that put it into every format as partners would."""

import csv
import io
import json
import unicodedata
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import xlwt

CELLS = pd.DataFrame(
    {
        "site_id": ["ĐN001", "ĐN002", "ĐN003"],
        "cell_id": ["ĐN001-1", "ĐN002-1", 'Sơn Trà, "đỉnh"'],
        "operator": ["Viettel", "VNPT", "MobiFone"],
        "technology": ["NR", "NR", "NR"],
        "band": ["n41", "n77", "n77"],
        "longitude": [108.2022083, 107.9961, 108.25],
        "latitude": [16.0544068, 15.998, 16.1],
        "height_m": [30.0, 25.5, float("nan")],
        "azimuth_deg": [0.0, 120.0, 240.0],
    }
)
NUMBERS = ["longitude", "latitude", "height_m", "azimuth_deg"]


def text(value, decimal="."):
    """Return a value as a partner's program writes it."""
    if value != value:
        return ""
    return repr(value).replace(".", decimal) if isinstance(value, float) else str(value)


TONES = "\u0300\u0301\u0303\u0309\u0323"


def to_1258(text):
    """Write Vietnamese as Windows does in code page 1258: letters with their hats, tones apart."""
    out = []
    for letter in text:
        parts = unicodedata.normalize("NFD", letter)
        tone = "".join(p for p in parts if p in TONES)
        out.append(unicodedata.normalize("NFC", "".join(p for p in parts if p not in TONES)) + tone)
    return "".join(out).encode("cp1258")


def csv_text(frame=CELLS, delimiter=",", decimal="."):
    """Return the table as CSV text."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(frame.columns)
    writer.writerows([text(value, decimal) for value in row] for row in frame.itertuples(index=False))
    return out.getvalue()


def write_xlsx(path, frame=CELLS, above=()):
    """Write the table to a sheet, below lines of a title."""
    book = openpyxl.Workbook()
    sheet = book.active
    for line in above:
        sheet.append([line])
    sheet.append(list(frame.columns))
    for row in frame.itertuples(index=False):
        sheet.append([None if value != value else value for value in row])
    book.save(path)


def points(frame=CELLS, crs="EPSG:4326"):
    """Return the table with points instead of coordinates."""
    geometry = gpd.points_from_xy(frame["longitude"], frame["latitude"])
    table = frame.drop(columns=["longitude", "latitude"])
    return gpd.GeoDataFrame(table, geometry=geometry, crs="EPSG:4326").to_crs(crs)


def write_geojson(path, frame=CELLS):
    """Write points as GeoJSON, by hand."""
    features = [
        {
            "type": "Feature",
            "properties": {k: (None if v != v else v) for k, v in row.items() if k not in ("longitude", "latitude")},
            "geometry": {"type": "Point", "coordinates": [row["longitude"], row["latitude"]]},
        }
        for row in frame.to_dict("records")
    ]
    Path(path).write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")


def kml_text(frame=CELLS):
    """Return points as KML, by hand."""
    marks = []
    for row in frame.to_dict("records"):
        data = "".join(
            f'<Data name="{k}"><value>{escape(text(v))}</value></Data>'
            for k, v in row.items()
            if k not in ("longitude", "latitude", "site_id")
        )
        place = f"<Point><coordinates>{row['longitude']!r},{row['latitude']!r},0</coordinates></Point>"
        marks.append(
            f"<Placemark><name>{escape(row['site_id'])}</name><ExtendedData>{data}</ExtendedData>{place}</Placemark>"
        )
    inside = "".join(marks)
    return (
        '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2">'
        f"<Document><Folder>{inside}</Folder></Document></kml>"
    )


def write_shapefile_zip(path, folder, frame=CELLS, cpg="UTF-8", leave_out=(), crs="EPSG:4326"):
    """Write a zipped shapefile in a sub-folder, without the parts named; texts are in what the .cpg says."""
    folder = Path(folder) / "shp"
    folder.mkdir(exist_ok=True)
    table = points(frame, crs).rename(columns={"azimuth_deg": "azimuth_de"})  # ten letters is all a DBF takes
    if cpg != "UTF-8":  # GDAL would lose letters: hand it the bytes as Latin-1
        for name in ("site_id", "cell_id"):
            table[name] = [to_1258(value).decode("latin-1") for value in table[name]]
    pyogrio.write_dataframe(table, folder / "tram.shp", encoding="UTF-8" if cpg == "UTF-8" else "ISO-8859-1")
    (folder / "tram.cpg").write_text(cpg)
    with zipfile.ZipFile(path, "w") as archive:
        for part in sorted(folder.iterdir()):
            if part.suffix not in leave_out:
                archive.write(part, f"Dữ liệu/{part.name}")


def write_zip(path, members):
    """Write an archive of name → bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def write_xls(path, frame=CELLS, above=()):
    """Write a workbook of Excel 97 (BIFF8), lines of title above the table."""
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("Tram")
    lines = [[title] for title in above] + [list(frame.columns)] + frame.to_numpy(dtype=object).tolist()
    for row, line in enumerate(lines):
        for column, value in enumerate(line):
            if not pd.isna(value) and value != "":
                sheet.write(row, column, value)
    book.save(str(path))
