"""Positions as partners write them, in degrees, minutes and seconds or in VN-2000 metres, as decimal degrees."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from coverage.boundaries import match_wards
from coverage.errors import LayerError, Problem
from coverage.fields import best_headers, field_of, key_of
from coverage.fields.numbers import read_column
from coverage.files.raw import RawTable
from coverage.layers import Layer
from coverage.types import WORKING_CRS

DEGREES = "EPSG:4326"
_LETTERS = {"n": 1, "b": 1, "bac": 1, "s": -1, "nam": -1, "e": 1, "d": 1, "dong": 1, "w": -1, "t": -1, "tay": -1}
_SIDE = r"(n|b|bac|s|nam|e|d|dong|w|t|tay)?\.?"
_NUMBER = r"\d+(?:[.,]\d+)?"
_SEPARATED = re.compile(
    rf"{_SIDE}\s*([-+])?(\d{{1,3}})\s*(?:°|deg|do|d(?=\s*\d)|:|-|\s)\s*({_NUMBER})\s*(?:'|phut|min|m|:|-|\s)?\s*"
    rf"(?:({_NUMBER})\s*(?:''|\"|giay|sec|s)?)?\s*{_SIDE}"
)
_WHOLE = re.compile(rf"{_SIDE}\s*([-+])?({_NUMBER})\s*(?:°|deg|do)?\s*{_SIDE}")
_SIGNS = str.maketrans(
    {"º": "°", "˚": "°", "′": "'", "’": "'", "‘": "'", "´": "'", "`": "'", "″": '"', "”": '"', "“": '"', "−": "-"}
)

EASTINGS = frozenset({"easting", "east", "e", "xvn2000", "toadoe", "toadodong", "xm"})
NORTHINGS = frozenset({"northing", "north", "n", "yvn2000", "toadon", "toadobac", "ym"})
_EITHER = frozenset({"x", "y", "toadox", "toadoy", "xvn", "yvn", "coordx", "coordy", "xcoord", "ycoord"})

# VN-2000 zones that data of the city is met in: those of Đà Nẵng and its neighbours, and UTM (EPSG registry).
ZONES = {
    "EPSG:5899": "TM-3 107°45′",
    "EPSG:5898": "TM-3 108°00′",
    "EPSG:9216": "TM-3 107°30′",
    "EPSG:9217": "TM-3 108°15′",
    "EPSG:9215": "TM-3 107°15′",
    "EPSG:9218": "TM-3 108°30′",
    "EPSG:9214": "TM-3 107°00′",
    "EPSG:3405": "UTM 48N",
    "EPSG:3406": "UTM 49N",
}
_MERIDIANS = {
    (107, 45): "EPSG:5899", (108, 0): "EPSG:5898", (107, 30): "EPSG:9216", (108, 15): "EPSG:9217",
    (107, 15): "EPSG:9215", (108, 30): "EPSG:9218", (107, 0): "EPSG:9214",
}  # fmt: skip
_TOLD = re.compile(r"(10[78])\D{0,4}(00|15|30|45)(?!\d)")
_NORTHING_M = (1_600_000.0, 1_850_000.0)  # 14.5–16.7° N: the city and its neighbours
_EASTING_M = (150_000.0, 950_000.0)
CITY = (107.81, 15.87, 108.35, 16.22)  # mainland of the former city (polygons of 2025-07), where no wards are at hand
_NEAR_M = 2000.0
_ENOUGH, _BEATEN = 0.8, 0.5  # share of places that the zone has to explain, and how far behind all others must be


def degrees_of(text: str) -> float | None:
    r"""Return an angle in any of the usual spellings as decimal degrees, None when it is none.

    >>> [round(degrees_of(text), 6) for text in ("16°03'15.5\"N", "108 12 08", "108°12,134' Đ", "Kinh độ", "16-3-15")
    ...  if degrees_of(text) is not None]
    [16.054306, 108.202222, 108.202233, 16.054167]
    """
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFC", text).translate(_SIGNS)).casefold()
    plain = "".join(c for c in plain if not unicodedata.combining(c)).replace("đ", "d").strip()
    found = _SEPARATED.fullmatch(plain)
    if found:
        before, sign, degrees, minutes, seconds, after = found.groups()
        parts = [float((part or "0").replace(",", ".")) for part in (degrees, minutes, seconds)]
        if parts[1] >= 60 or parts[2] >= 60 or (before and after) or (seconds and not minutes.isdigit()):
            return None
        value = parts[0] + parts[1] / 60 + parts[2] / 3600
    else:
        whole = _WHOLE.fullmatch(plain)
        if whole is None or bool(whole[1]) + bool(whole[4]) + ("°" in plain) not in {1, 2} or (whole[1] and whole[4]):
            return None
        before, sign, degrees, after = whole.groups()
        value = float(degrees.replace(",", "."))
    turned = _LETTERS.get(before or after or "", 1) * (-1 if sign == "-" else 1)
    return turned * value if value <= 180 else None


def from_degrees(raw: RawTable) -> tuple[RawTable, tuple[Problem, ...]]:
    """Return the table with longitudes and latitudes of degrees, minutes and seconds as decimals, and a note of it."""
    frame, problems = raw.frame, []
    for name, header in best_headers("cells", list(map(str, frame.columns)), file=raw.source.name).items():
        if name not in {"longitude", "latitude"}:
            continue
        texts = frame[header].astype(str).tolist()
        plain = read_column(text for text in texts if text).found
        right = {text: value for text in set(texts) - plain.keys() if (value := degrees_of(text)) is not None}
        if not right:
            continue
        count = sum(text in right for text in texts)
        first = next(text for text in texts if text in right)
        decimal = {text: f"{value:.10f}" for text, value in right.items()}
        frame = frame.assign(**{header: [decimal.get(text, text) for text in texts]})
        values = {"file": raw.source.name, "count": count, "before": first, "after": decimal[first]}
        problems.append(Problem(code="dms_converted", severity="note", field=name, values=values))
    return replace(raw, frame=frame), tuple(problems)


@dataclass(frozen=True, kw_only=True)
class _Metres:
    easting: NDArray[np.float64]
    northing: NDArray[np.float64]
    headers: tuple[str, str]


def _numbers(texts: Sequence[str]) -> NDArray[np.float64]:
    found = read_column((text for text in texts if text), low=_EASTING_M[0], high=_NORTHING_M[1]).found
    return np.array([found.get(text, math.nan) for text in texts])


def _share(values: NDArray[np.float64], limits: tuple[float, float]) -> float:
    given = values[np.isfinite(values)]
    return float(np.mean((given >= limits[0]) & (given <= limits[1]))) if given.size else 0.0


def _metres(raw: RawTable) -> _Metres | None:
    """Return easting and northing of a table that gives its places in metres; Vietnamese maps call the northing X."""
    wanted = EASTINGS | NORTHINGS | _EITHER
    headers = [str(name) for name in raw.frame.columns]
    able = [h for h in headers if field_of("cells", h) in {"longitude", "latitude"} or _bare(h) in wanted]
    values = {header: _numbers(raw.frame[header].astype(str).tolist()) for header in able}
    norths = [header for header in able if _share(values[header], _NORTHING_M) >= _ENOUGH]
    easts = [header for header in able if _share(values[header], _EASTING_M) >= _ENOUGH]
    if len(norths) != 1 or len(easts) != 1:
        return None
    return _Metres(easting=values[easts[0]], northing=values[norths[0]], headers=(easts[0], norths[0]))


def _bare(header: str) -> str:
    return re.sub(r"(10[78])?(00|15|30|45)?$", "", key_of(re.sub(r"[(\[{].*", "", header)).removesuffix("vn2000"))


def from_metres(
    raw: RawTable, *, wards: Layer | None = None, crs: str | None = None
) -> tuple[RawTable, tuple[Problem, ...]]:
    """Return the table with VN-2000 eastings and northings as degrees, and what system was taken and why.

    Parameters
    ----------
    raw : RawTable
        With its own headers.
    wards : Layer, optional
        Kind ``wards``: where places may lie, ward by ward where the table names them.
    crs : str, optional
        System that a person named (``EPSG:5899``).

    Raises
    ------
    LayerError
        ``crs_unclear`` when the places make sense in several zones or in none and nobody named one; ``bad_crs``.
    """
    metres = _metres(raw) if raw.geometry is None else None
    if metres is None:
        return raw, ()
    told = crs or _told_zone(metres)
    candidates = [told] if told else list(ZONES)
    places = {code: _degrees(metres, code, raw.source.name) for code in candidates}
    shares = {code: _explained(raw, place, wards) for code, place in places.items()}
    ranked = sorted(shares, key=lambda code: shares[code], reverse=True)
    best = ranked[0]
    sure = shares[best] >= _ENOUGH and all(shares[code] <= _BEATEN * shares[best] for code in ranked[1:])
    if not told and not sure:
        listed = ", ".join(f"{code} ({ZONES[code]}): {round(100 * shares[code])} %" for code in ranked[:4])
        columns = ", ".join(metres.headers)
        raise LayerError("crs_unclear", file=raw.source.name, columns=columns, candidates=listed)
    lon, lat = places[best]
    others = [n for n in raw.frame if n not in metres.headers and field_of("cells", str(n)) not in _PLACE]
    frame = raw.frame[others].assign(longitude=_texts(lon), latitude=_texts(lat))
    values = {"file": raw.source.name, "crs": best, "zone": ZONES.get(best, best), "share": round(100 * shares[best])}
    problems = [Problem(code="crs_told" if told else "crs_detected", severity="note", field="longitude", values=values)]
    if shares[best] < _ENOUGH:
        problems.append(Problem(code="crs_doubtful", severity="warning", field="longitude", values=values))
    return replace(raw, frame=frame), tuple(problems)


_PLACE = frozenset({"longitude", "latitude"})


def _texts(values: NDArray[np.float64]) -> list[str]:
    return ["" if math.isnan(value) else f"{value:.10f}" for value in values.tolist()]


def _told_zone(metres: _Metres) -> str | None:
    found = {match.groups() for header in metres.headers for match in [_TOLD.search(header)] if match}
    zones = {_MERIDIANS.get((int(degree), int(minute))) for degree, minute in found}
    return zones.pop() if len(zones) == 1 else None


def _degrees(metres: _Metres, code: str, file: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    try:
        system = CRS.from_user_input(code)
        to_degrees = Transformer.from_crs(system, DEGREES, always_xy=True)
    except CRSError:
        raise LayerError("bad_crs", file=file, crs=code[:80]) from None
    lon, lat = to_degrees.transform(metres.easting, metres.northing)
    usable = np.isfinite(lon) & np.isfinite(lat)
    return np.where(usable, lon, np.nan), np.where(usable, lat, np.nan)


def _explained(raw: RawTable, place: tuple[NDArray[np.float64], NDArray[np.float64]], wards: Layer | None) -> float:
    """Return the share of places that lie where they may: in their ward if it is named, else in the city."""
    lon, lat = place
    given = np.isfinite(lon)
    if not given.any():
        return 0.0
    if wards is None:
        west, south, east, north = CITY
        return float(np.mean(((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north))[given]))
    points = shapely.points(*Transformer.from_crs(DEGREES, WORKING_CRS, always_xy=True).transform(lon, lat))
    header = next((str(name) for name in raw.frame if field_of("cells", str(name)) == "ward"), None)
    if header is not None:
        named = match_wards(raw.frame[[header]].set_axis(["name"], axis=1), wards, file=raw.source.name)[0]
        known = given & named.notna().to_numpy()
        if known.any():
            shapes = wards.frame.geometry.reindex(named[known]).to_numpy()
            return float(np.mean(shapely.dwithin(shapes, points[known], _NEAR_M / 4)))
    city = shapely.union_all(wards.frame.geometry.to_numpy())
    return float(np.mean(shapely.dwithin(city, points[given], _NEAR_M)))
