"""The columns of ward files as they are met: which of them hold code, name, district, type and province."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import geopandas as gpd
import pandas as pd

from coverage.catalog.registers import EDITIONS, HOANG_SA_DISTRICT, register
from coverage.errors import LayerError, Problem
from coverage.matching import edition_index, row_numbers, texts
from coverage.names import district_name, header_name, normal_name, plain_name, says_district

# Headers as they are met, reduced by `header_name`. GADM (GID_3, NAME_3), HDX COD-AB (ADM3_VI, ADM3_PCODE, since 2025
# adm3_name, adm3_pcode), geoBoundaries (shapeName, shapeID), OSM (name, name:vi, admin_level, ref), the national
# portals (ma_xa, ten_xa, ten_dvhc). Of codes and names the column that the registers know most of counts.
_CODES = (
    *("wardid", "gsocode", "maxa", "maphuong", "mapx", "mapxa", "madvhc", "wardcode", "code", "ma", "adm3pcode"),
    *("ref", "refgso", "admin3pcod", "gid3", "shapeid", "id", "osmid", "fid", "objectid"),
)
_NAMES = (
    *(
        "name3",
        "adm3vi",
        "adm3name",
        "adm3name1",
        "adm3name2",
        "adm3refname",
        "admin3name",
        "adm3en",
        "tenxa",
        "tenphuong",
        "tenpx",
        "tenpxa",
        "phuongxa",
        "tenphuongxa",
        "wardname",
    ),
    *("ward", "tendvhc", "phuong", "xa", "donvi", "ten", "name", "namevi", "shapename"),
    *("officialname", "varname3"),
)
_DISTRICTS = (
    *(
        "district",
        "name2",
        "adm2vi",
        "adm2name",
        "adm2name1",
        "adm2en",
        "districtname",
        "tenhuyen",
        "tenquan",
        "quanhuyen",
        "tenquanhuyen",
    ),
    *("quan", "huyen"),
)
_DISTRICT_CODES = ("districtcode", "maquan", "mahuyen", "maquanhuyen")
_TYPES = ("type", "type3", "loai", "loaidvhc", "cap", "kind")
_PROVINCES = (
    "name1",
    "adm1vi",
    "adm1name",
    "adm1name1",
    "adm1en",
    "province",
    "tinh",
    "tentinh",
    "tinhthanh",
    "city",
    "thanhpho",
)

_LEVELS = ("adminlevel", "shapetype", "admlevel")
_PCODE = re.compile(r"^VN\d*?(\d{5})$")  # a P-code of HDX ends in the GSO code

_CITY = "danang"

# Where the units of the merged city lie (94 polygons of 2025, mainland and Hoàng Sa) with a margin: of a file that
# names no provinces, rows elsewhere are other provinces' [degrees: west, south, east, north].
_PLACES = ((107.15, 14.9, 108.8, 16.3), (110.9, 15.4, 113.3, 17.4))
_MANY = 150  # rows; more than the units of any edition, so that a file of a country is told from one of the city


@dataclass(frozen=True, kw_only=True)
class WardTable:
    """The rows of a ward file.

    Attributes
    ----------
    rows : pandas.DataFrame
        Text columns ``code``, ``name``, ``district``, ``type`` ("" where empty), ``own_id`` (an id of the file that is
        there and different in every row, else the row's number) and ``row`` (row number in the file).
    geometry : geopandas.GeoSeries
        Same index, as supplied.
    file : str
        Name of the file, for sentences.
    problems : tuple of Problem
        Rows of other provinces or levels that were left out.
    wider : bool
        The file holds more than the city and names no provinces: rows that no register knows are other places.
    """

    rows: pd.DataFrame
    geometry: gpd.GeoSeries
    file: str
    problems: tuple[Problem, ...] = ()
    wider: bool = False

    def only(self, mask: pd.Series) -> WardTable:
        """Return the rows where a mask is true."""
        return replace(self, rows=self.rows[mask], geometry=self.geometry[mask])


def ward_table(frame: gpd.GeoDataFrame, file: str) -> WardTable:
    """Return what a ward file says about its rows.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        As read, any columns; a ``row`` column is taken as the row number, else the position counted from 2.
    file : str
        Name of the file, for sentences.

    Raises
    ------
    LayerError
        ``no_rows``; ``wards_are_districts`` when the rows are districts; ``ward_columns_missing`` when the rows have
        neither a ward's code nor its name.
    """
    if frame.empty:
        raise LayerError("no_rows", file=file)
    frame = frame.reset_index(drop=True)
    columns = {header_name(name): name for name in reversed(frame.columns) if name != frame.geometry.name}

    def first(headers: tuple[str, ...]) -> pd.Series:
        """Return the first of the columns that holds anything."""
        held = (texts(frame[columns[header]], frame.index) for header in headers if header in columns)
        return next((column for column in held if (column != "").any()), texts(None, frame.index))

    codes = [texts(frame[columns[header]], frame.index) for header in _CODES if header in columns]
    names = [texts(frame[columns[header]], frame.index) for header in _NAMES if header in columns]
    rows = pd.DataFrame(
        {
            "code": _ward_codes(codes, frame.index),
            "name": _ward_names(names, frame.index),
            "district": first(_DISTRICTS),
            "type": first(_TYPES),
            "province": first(_PROVINCES),
            "district_code": first(_DISTRICT_CODES),
            "level": first(_LEVELS),
            "own_id": _own_ids(codes, frame.index),
            "row": row_numbers(frame),
        }
    )
    table = _only_city(_only_wards(WardTable(rows=rows, geometry=frame.geometry, file=file)))
    _refuse_districts(table)
    return replace(table, rows=_named_by_district(table.rows).drop(columns=["province", "district_code", "level"]))


def _ward_codes(codes: list[pd.Series], index: pd.Index) -> pd.Series:
    """Return the column with the most codes of any register; without any, the first there is."""
    known = {code for edition in EDITIONS for code in (*edition_index(edition).names, *edition_index(edition).aliases)}
    bare = [column.str.replace(_PCODE, r"\1", regex=True) for column in codes]
    # A P-code says what ward it is only where its end is a ward's code; any other keeps its own text.
    codes = [cut.where(cut.isin(known), column) for cut, column in zip(bare, codes, strict=True)]
    empty = texts(None, index)
    return max(codes, key=lambda column: int(column.isin(known).sum()), default=empty)


def _ward_names(names: list[pd.Series], index: pd.Index) -> pd.Series:
    """Return the column with the most names of any register; without any, the first that holds anything."""
    known = set().union(*(edition_index(edition).by_plain for edition in EDITIONS))

    def found(column: pd.Series) -> int:
        return sum(plain_name(normal_name(name)) in known for name in column.unique())

    held = [column for column in names if (column != "").any()]
    return max(held, key=found, default=texts(None, index)) if len(held) > 1 else next(iter(held), texts(None, index))


def _only_wards(table: WardTable) -> WardTable:
    """Leave out the rows of other levels, as in an extract of OSM that holds provinces, districts and wards."""
    levels = table.rows["level"]
    if levels.nunique() < 2:
        return table
    known = set().union(*(edition_index(edition).by_plain for edition in EDITIONS))
    named = table.rows["name"].map(lambda name: plain_name(normal_name(name)) in known)
    wards = levels == named.groupby(levels).sum().idxmax()
    if not named.any() or wards.all():
        return table
    values = {"file": table.file, "count": int((~wards).sum()), "level": str(levels[wards].iloc[0])}
    note = Problem(code="rows_other_level", severity="note", field="admin_level", values=values)
    return replace(table.only(wards), problems=(*table.problems, note))


def _own_ids(codes: list[pd.Series], index: pd.Index) -> pd.Series:
    own = (column for column in codes if column.is_unique and (column != "").all())
    return next(own, pd.Series([str(i + 1) for i in range(len(index))], index=index, dtype=object))


def _only_city(table: WardTable) -> WardTable:
    """Leave out the rows of other provinces, as in a file of the whole country."""
    named = table.rows["province"].map(lambda text: plain_name(district_name(text)))
    inside = named == _CITY
    if inside.all() or (not inside.any() and (table.rows["province"] != "").any()):
        return table
    if not inside.any():
        return _only_near(table)
    values = {"file": table.file, "count": int((~inside).sum())}
    note = Problem(code="rows_other_province", severity="note", field="province", values=values)
    return replace(table.only(inside), problems=(*table.problems, note))


def _only_near(table: WardTable) -> WardTable:
    """Leave out the rows that lie elsewhere, as in a file of the whole country that names no provinces."""
    if len(table.rows) <= _MANY or table.geometry.crs is None:
        return table
    bounds = table.geometry.to_crs("EPSG:4326").bounds
    x, y = (bounds["minx"] + bounds["maxx"]) / 2, (bounds["miny"] + bounds["maxy"]) / 2
    near = pd.Series(False, index=table.rows.index)
    for west, south, east, north in _PLACES:
        near |= x.between(west, east) & y.between(south, north)
    if not near.any():
        return table
    values = {"file": table.file, "count": int((~near).sum())}
    note = Problem(code="rows_elsewhere", severity="note", field="geometry", values=values)
    told = (*table.problems, note) if values["count"] else table.problems
    return replace(table.only(near), problems=told, wider=True)


def _refuse_districts(table: WardTable) -> None:
    """Raise when the rows are districts: since 2025 eight wards bear the names of the eight districts."""
    rows, file = table.rows, table.file
    unnamed = (rows["name"] == "") & (rows["code"] == "")
    if unnamed.all():
        if (rows["district"] != "").all() and rows["district"].is_unique:
            raise LayerError("wards_are_districts", file=file, count=len(rows))
        raise LayerError("ward_columns_missing", file=file)
    districts = register("districts")
    islands = rows["code"].eq(HOANG_SA_DISTRICT) | rows["name"].map(_is_hoang_sa)
    called = rows["name"].map(says_district) | rows["type"].map(says_district)
    called |= rows["code"].isin(districts["district_code"])
    if ((called & ~islands) | (called & (len(rows) == 1))).sum() * 2 > len(rows):
        raise LayerError("wards_are_districts", file=file, count=len(rows))
    names = set(rows["name"].map(district_name))
    everyone = set(districts["name"].map(district_name))
    mainland = set(districts.loc[districts["mainland"], "name"].map(district_name))
    if names in (everyone, mainland) and not rows["code"].str.fullmatch(r"\d{5}").any():
        raise LayerError("wards_are_districts", file=file, count=len(rows))


def _is_hoang_sa(text: str) -> bool:
    return plain_name(district_name(text)) == "hoangsa"


def _named_by_district(rows: pd.DataFrame) -> pd.DataFrame:
    """Name the row of Hoàng Sa, a district without wards until 2025-06, where only its district is given."""
    nameless = (rows["name"] == "") & ~rows["code"].str.fullmatch(r"\d{5}") & rows["district"].map(_is_hoang_sa)
    return rows.assign(name=rows["name"].mask(nameless, "Hoàng Sa"))
