"""Files of cells with known errors planted in them, to measure how many a check finds and how often it cries wolf.

The clean rows are those of the demo city (synthetic) with the ward of every site written beside it. Each trial is one
file: clean, with errors in some of its rows, or wrong as a whole (another map zone, no datum shift, feet for metres).
What counts as found is for the test to say; this module knows nothing of any check.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import Transformer

from coverage.catalog.registers import data_dir

SHARE = 0.02  # of the rows (or sites) of a file that a fault goes into
DEGREES, OWN_ZONE, GEOGRAPHIC = "EPSG:4326", "EPSG:5899", "EPSG:4756"
# VN-2000 zones a quarter and half a degree from the city's own meridian of 107°45′: 27 and 53 km east or west.
OTHER_ZONES = ("EPSG:9215", "EPSG:9216", "EPSG:5898", "EPSG:9217")
PROVINCE = (107.20, 14.95, 108.75, 16.25)  # the merged city of 94 units
FEET = 3.28084


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One file as a partner would send it.

    `rows` maps the row number (the header is row 1) to the kind of error planted there; `whole` is the kind of error
    that the whole file has. `earlier` is what the partner sent before, where there is such a file.
    """

    name: str
    frame: pd.DataFrame
    rows: dict[int, str] = field(default_factory=dict)
    whole: str | None = None
    earlier: pd.DataFrame | None = None


@cache
def demo_cells():
    """Return the cells of the demo city as texts, with the name of the ward each stands in."""
    cells = pd.read_csv(data_dir() / "demo" / "cells.csv", dtype=str, keep_default_na=False)
    points = gpd.points_from_xy(cells["longitude"].astype(float), cells["latitude"].astype(float), crs=DEGREES)
    wards = gpd.read_file(data_dir() / "demo" / "wards.geojson")[["name", "geometry"]]
    found = gpd.sjoin(gpd.GeoDataFrame(geometry=points), wards, how="left", predicate="within")
    cells["ward"] = found.loc[~found.index.duplicated(), "name"].fillna("").to_numpy()
    return cells[cells["ward"] != ""].reset_index(drop=True)


@cache
def _transformer(source, target):
    return Transformer.from_crs(source, target, always_xy=True)


def moved(frame, mask, source, target):
    """Return the frame with some places that stood in one system read as if they stood in another."""
    out = frame.copy()
    lon, lat = (frame.loc[mask, name].astype(float).to_numpy() for name in ("longitude", "latitude"))
    there = _transformer(DEGREES, source).transform(lon, lat)
    lon, lat = there if target is None else _transformer(target, DEGREES).transform(*there)
    out.loc[mask, "longitude"] = [f"{value:.6f}" for value in lon]
    out.loc[mask, "latitude"] = [f"{value:.6f}" for value in lat]
    return out


def _rows(frame, chance, needs=()):
    """Return which rows a fault goes into: a share of those that have all the values it needs."""
    able = np.logical_and.reduce([frame[name] != "" for name in needs], initial=True) & np.ones(len(frame), bool)
    places = np.flatnonzero(able)
    chosen = chance.choice(places, size=max(1, int(SHARE * len(frame))), replace=False)
    mask = np.zeros(len(frame), bool)
    mask[chosen] = True
    return mask


def swapped(frame, chance):
    """Exchange longitude and latitude in some rows."""
    out, mask = frame.copy(), _rows(frame, chance)
    out.loc[mask, ["longitude", "latitude"]] = frame.loc[mask, ["latitude", "longitude"]].to_numpy()
    return out, mask


def duplicate_id(frame, chance):
    """Give some cells the id of another cell."""
    out, mask = frame.copy(), _rows(frame, chance)
    others = np.flatnonzero(~mask)
    out.loc[mask, "cell_id"] = frame["cell_id"].to_numpy()[chance.choice(others, size=mask.sum(), replace=False)]
    return out, mask


def decimal_comma(frame, chance):
    """Write one number of some rows with a comma, as the rest of the file does not."""
    out, mask = frame.copy(), _rows(frame, chance)
    for index in np.flatnonzero(mask):
        name = chance.choice(["longitude", "latitude"])
        out.loc[index, name] = frame.loc[index, name].replace(".", ",")
    return out, mask


def excel_date(frame, chance):
    """Let a spreadsheet take a code or a number of some rows for a date."""
    out, mask = frame.copy(), _rows(frame, chance, ("azimuth_deg", "height_m"))
    for index in np.flatnonzero(mask):
        day, month = int(chance.integers(1, 28)), int(chance.integers(1, 13))
        names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        spelt = [
            f"2025-{month:02d}-{day:02d} 00:00:00",
            f"{day:02d}/{month:02d}/2025",
            f"{day}-{names[month - 1]}",
            f"{names[month - 1]}-{day:02d}",
            f"2025-{month:02d}-{day:02d}",
        ]
        name = chance.choice(["site_id", "cell_id", "height_m", "azimuth_deg"])
        out.loc[index, name] = str(chance.choice(spelt))
    return out, mask


def _slip(value, kind):
    number = float(value)
    changed = {
        "feet": number * FEET,
        "centimetres": number * 100,
        "watts": 10 ** (number / 10 - 3),
        "tenths": number * 10,
        "kilohertz": number * 1000,
    }[kind]
    return f"{changed:.1f}".removesuffix(".0")


SLIPS = (
    ("height_m", "feet"),
    ("height_m", "centimetres"),
    ("power_dbm", "watts"),
    ("power_dbm", "tenths"),
    ("bandwidth_mhz", "kilohertz"),
)


def unit_slip(frame, chance):
    """Write one number of some rows in another unit."""
    out, mask = frame.copy(), _rows(frame, chance, ("height_m", "power_dbm", "bandwidth_mhz"))
    for index in np.flatnonzero(mask):
        name, kind = SLIPS[chance.integers(len(SLIPS))]
        out.loc[index, name] = _slip(frame.loc[index, name], kind)
    return out, mask


def wrong_zone(frame, chance):
    """Compute the places of some sites with the meridian of another zone; they stay inside the province."""
    out, taken = frame, np.zeros(len(frame), bool)
    sites = frame["site_id"].unique()
    chosen = chance.choice(sites, size=max(4, int(SHARE * len(sites))), replace=False)
    for number, site in enumerate(chosen):
        mask = (frame["site_id"] == site).to_numpy()
        first = number % len(OTHER_ZONES)
        for zone in OTHER_ZONES[first:] + OTHER_ZONES[:first]:
            tried = moved(frame, mask, OWN_ZONE, zone)
            lon = float(tried.loc[mask, "longitude"].iloc[0])
            if PROVINCE[0] < lon < PROVINCE[2]:
                out = out.copy()
                out.loc[mask, ["longitude", "latitude"]] = tried.loc[mask, ["longitude", "latitude"]]
                taken |= mask
                break
    return out, taken


BY_ROW = {
    "swapped": swapped,
    "wrong_zone": wrong_zone,
    "duplicate_id": duplicate_id,
    "decimal_comma": decimal_comma,
    "excel_date": excel_date,
    "unit_slip": unit_slip,
}


def parts(chance):
    """Return clean files of several make: all cells, one operator's, a few districts', one technology's."""
    cells = demo_cells()
    files = {"all": cells}
    for operator in ("Viettel", "VNPT", "MobiFone", "Vietnamobile"):
        files[operator] = cells[cells["operator"] == operator]
    files["NR"] = cells[cells["technology"] == "NR"]
    some = chance.choice(cells["ward"].unique(), size=12, replace=False)
    files["twelve wards"] = cells[cells["ward"].isin(some)]
    shuffled = cells.sample(frac=0.5, random_state=int(chance.integers(1 << 30)))
    files["half, shuffled"] = shuffled
    return {name: frame.reset_index(drop=True) for name, frame in files.items()}


def whole_files(frame, chance):
    """Return name → (frame, kind, has_wards, has_earlier) of files that are wrong as a whole."""
    everywhere = np.ones(len(frame), bool)
    unshifted = moved(frame, everywhere, GEOGRAPHIC, None)
    zone = moved(frame, everywhere, OWN_ZONE, OTHER_ZONES[int(chance.integers(4))])
    axes = frame.copy()
    axes[["longitude", "latitude"]] = frame[["latitude", "longitude"]].to_numpy()
    feet = frame.copy()
    feet["height_m"] = [value and _slip(value, "feet") for value in frame["height_m"]]
    return {
        "no datum shift, wards named": (unshifted, "no_datum_shift", True, False),
        "no datum shift, earlier file": (unshifted, "no_datum_shift", False, True),
        "another zone, wards named": (zone, "wrong_zone", True, False),
        "another zone, earlier file": (zone, "wrong_zone", False, True),
        "axes swapped": (axes, "swapped", True, False),
        "heights in feet": (feet, "unit_slip", True, False),
    }


def trials(seed=20260101):
    """Yield the files: every make clean, with every fault in some rows, with all faults, and wrong as a whole."""
    chance = np.random.default_rng(seed)
    for make, frame in parts(chance).items():
        yield Trial(name=f"{make}: clean", frame=frame)
        yield Trial(name=f"{make}: clean, no wards, earlier file", frame=frame.drop(columns="ward"), earlier=frame)
        for kind, plant in BY_ROW.items():
            out, mask = plant(frame, chance)
            rows = {int(index) + 2: kind for index in np.flatnonzero(mask)}
            yield Trial(name=f"{make}: {kind}", frame=out, rows=rows)
            if kind == "wrong_zone":
                yield Trial(
                    name=f"{make}: {kind}, earlier file", frame=out.drop(columns="ward"), rows=rows, earlier=frame
                )
        for name, (out, kind, wards, earlier) in whole_files(frame, chance).items():
            yield Trial(
                name=f"{make}: {name}",
                frame=out if wards else out.drop(columns="ward"),
                whole=kind,
                earlier=frame if earlier else None,
            )


def spellings(name, kind):
    """Return the name of a ward in eight spellings that are met in files."""
    marks = re.compile("[\u0300-\u036f]")
    bare = marks.sub("", unicodedata.normalize("NFD", name)).replace("đ", "d").replace("Đ", "D")
    new_tone = {"òa": "oà", "óa": "oá", "ỏa": "oả", "õa": "oã", "ọa": "oạ", "òe": "oè", "úy": "uý", "ùy": "uỳ"}
    toned = name
    for old, new in new_tone.items():
        toned = re.sub(f"{old}(?![a-zà-ỹ])", new, toned)
    short = {"Phường": "P.", "Xã": "X. ", "Thị trấn": "TT ", "Đặc khu": "ĐK "}.get(kind, "")
    return {
        "composed": name,
        "decomposed": unicodedata.normalize("NFD", name),
        "upper case with prefix": f"{kind} {name}".upper(),
        "short prefix": f"{short}{name}",
        "tone on the other vowel": toned,
        "no marks": bare,
        "run together": name.replace(" ", ""),
        "spaces and hyphen": f"  {name.replace(' ', ' - ', 1)}  ",
    }
