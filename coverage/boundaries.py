"""Ward polygons: recognised, given their edition, checked against the register and against each other."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any, Literal, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from coverage.catalog.registers import EDITIONS
from coverage.crosswalks import carry_counts, carry_problems, crosswalk
from coverage.editions import detect_edition, refuse_other_edition
from coverage.errors import LayerError, Problem, Severity
from coverage.layers import Layer, Source
from coverage.matching import OTHER, edition_index, edition_units, find_rows, match_wards
from coverage.mending import SLIVER_M, mend
from coverage.names import normal_name
from coverage.polygons import TOLERANCE_KM2, area_km2, gaps, is_polygonal, overlaps, repair
from coverage.types import WORKING_CRS, Edition
from coverage.wardtables import WardTable, ward_table

__all__ = [
    "OTHER",
    "carry_counts",
    "carry_problems",
    "crosswalk",
    "detect_edition",
    "match_wards",
    "normal_name",
    "recognise_wards",
]

AREA_TOLERANCE = 0.05  # share by which a polygon may differ from the published area before it is reported
MENDED_KM2 = 0.01  # change of a ward's area by the repair of borders from which it is listed
NAMESAKE_M = 5_000.0  # rows of one name that lie further apart are two places, not two parts of one
LISTED = 10  # findings of one kind that are listed one by one

# What is said of a polygon whose area is not the published one: (on the mainland, published officially).
_AREA: dict[tuple[bool, bool], tuple[str, Severity]] = {
    (True, True): ("area_differs", "warning"),
    (True, False): ("area_differs_gadm", "warning"),
    (False, True): ("hoang_sa_apart", "note"),
}

# A ring repaired with some area left, or with none.
_REPAIRED: dict[bool, tuple[str, Severity]] = {
    True: ("geometry_repaired", "warning"),
    False: ("geometry_lost", "error"),
}

# Đà Nẵng with Hoàng Sa and a margin: west, south, east, north [degrees].
CITY_BOX = (106.5, 14.5, 113.5, 18.0)


def recognise_wards(frame: gpd.GeoDataFrame, *, source: Source, edition: str = "auto") -> Layer:
    """Return ward polygons as a checked layer, whatever their file calls its columns.

    Rows are known by GSO code where the name agrees, else by name (`coverage.matching`). Broken rings are repaired;
    missing wards, overlaps, gaps and areas that differ from the published ones are reported, not changed. A file none
    of whose rows stands in a register (another city, a test area) is taken as it is, as edition ``other``.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        As read: any columns, any coordinate system that is stated; an optional ``row`` column has the row numbers.
    source : Source
        Where it came from; its name stands in the sentences.
    edition : {"auto", "2019", "2025h1", "2025h2"}
        ``auto`` finds the edition from codes and names together.

    Returns
    -------
    Layer
        Kind ``wards``; frame in EPSG:5899 indexed by ``ward_id`` (text), in the order of the file: ``name``, ``type``,
        ``district`` (None where there is none), ``edition``, ``mainland`` (bool), ``area_km2`` (of the polygon as
        supplied, EPSG:6933), ``area_official_km2`` (NaN where unknown), ``geometry``.

    Raises
    ------
    LayerError
        ``no_crs``, ``no_rows``, ``wards_are_districts``, ``ward_columns_missing``, ``coordinates_swapped``,
        ``coordinates_out_of_range``, ``edition_ambiguous``, ``edition_mixed``, ``edition_contradicted``,
        ``edition_refused``, ``edition_unknown``, ``no_usable_wards`` (its ``problems`` say why).
    """
    if frame.crs is None:
        raise LayerError("no_crs", file=source.name)
    if edition not in ("auto", *EDITIONS):
        raise LayerError("edition_unknown", edition=edition, editions=", ".join(EDITIONS))
    table = ward_table(frame, source.name)
    found = _edition(table, edition)
    placed, problems = _placed(table, known=found != "other")
    if found == "other":
        named, more = _own_names(placed), _far(placed)
    else:
        named, more = _registered(placed, found)
    problems = (*table.problems, *problems, *more)
    if named.empty:
        raise LayerError("no_usable_wards", problems, file=source.name)
    named["area_km2"] = area_km2(named.geometry)
    wards = gpd.GeoDataFrame(named).to_crs(WORKING_CRS)
    wards = wards[["name", "type", "district", "edition", "mainland", "area_km2", "area_official_km2", "geometry"]]
    wards, mended = _mended(wards, source.name)
    problems += mended
    if found != "other":
        problems += _against_register(wards, found, source.name)
    problems += _against_each_other(wards, source.name)
    return Layer(kind="wards", frame=wards, source=source, problems=problems, edition=found)


def _edition(table: WardTable, asked: str) -> Edition | Literal["other"]:
    codes, names = table.rows["code"], table.rows["name"]
    if asked == "auto":
        return detect_edition(codes, names, file=table.file)
    edition = cast("Edition", asked)
    refuse_other_edition(edition, codes, names, file=table.file)
    return edition


def _placed(table: WardTable, *, known: bool) -> tuple[WardTable, tuple[Problem, ...]]:
    """Return the rows whose polygons can be used, repaired, and what was found."""
    usable = pd.Series(is_polygonal(table.geometry), index=table.geometry.index)
    problems = _refused("geometry_not_polygon", table.only(~usable))
    table = table.only(usable)
    outside = _outside(table, known=known)
    problems += _refused("ward_out_of_place", table.only(outside))
    table = table.only(~outside)
    geometry, changed = repair(table.geometry)
    labels = dict(zip(table.rows.index, _labels(table), strict=True))
    for label, place, before, after in changed.itertuples():
        row, name = labels[label]
        values = {"file": table.file, "place": place, "before_km2": before, "after_km2": after}
        code, severity = _REPAIRED[bool(after > 0)]
        problems += (Problem(code=code, severity=severity, row=row, field="geometry", value=name, values=values),)
    whole = replace(table, geometry=geometry)
    return whole.only(pd.Series(is_polygonal(geometry), index=geometry.index)), problems


def _refused(code: str, table: WardTable) -> tuple[Problem, ...]:
    """Return one error for each row of a table."""
    values = {"file": table.file}
    return tuple(
        Problem(code=code, row=row, field="geometry", value=name, values=values) for row, name in _labels(table)
    )


def _labels(table: WardTable) -> list[tuple[int, str]]:
    """Return row number and name (or code) of each row."""
    named = table.rows["name"].where(table.rows["name"] != "", table.rows["own_id"])
    return [(int(row), str(name)) for row, name in zip(table.rows["row"], named, strict=True)]


def _outside(table: WardTable, *, known: bool) -> pd.Series:
    """Return which polygons cannot be where they are said to be; raise when that is all of them."""
    degrees = table.geometry.to_crs("EPSG:4326")
    bounds = degrees.bounds
    possible = bounds["minx"].ge(-180) & bounds["maxx"].le(180) & bounds["miny"].ge(-90) & bounds["maxy"].le(90)
    if known:
        west, south, east, north = CITY_BOX
        x, y = (bounds["minx"] + bounds["maxx"]) / 2, (bounds["miny"] + bounds["maxy"]) / 2
        inside = x.between(west, east) & y.between(south, north)
        swapped = y.between(west, east) & x.between(south, north)
    else:
        inside = possible
        swapped = ~possible & bounds["minx"].ge(-90) & bounds["maxx"].le(90)
    usable: pd.Series = inside & possible
    if len(bounds) and swapped.all() and table.geometry.crs.is_geographic:
        raise LayerError("coordinates_swapped", file=table.file)
    if len(bounds) and not usable.any():
        raise LayerError("coordinates_out_of_range", file=table.file)
    return ~usable


def _far(table: WardTable) -> tuple[Problem, ...]:
    """Return the warnings on a file that stands in no register."""
    values = {"file": table.file, "count": len(table.rows)}
    problems = [Problem(code="wards_not_in_register", severity="warning", values=values)]
    west, _, east, _ = table.geometry.to_crs("EPSG:4326").total_bounds
    # Three degrees from the central meridian a transverse Mercator map is 0.1 % too long: radio distances go with it.
    if west < 107.75 - 3 or east > 107.75 + 3:
        problems.append(Problem(code="wards_far_from_zone", severity="warning", values=values))
    return tuple(problems)


def _own_names(table: WardTable) -> gpd.GeoDataFrame:
    """Return the rows under their own ids and names."""
    rows = table.rows
    return gpd.GeoDataFrame(
        {
            "name": rows["name"].where(rows["name"] != "", rows["own_id"]).to_numpy(),
            "type": rows["type"].where(rows["type"] != "", None).to_numpy(),
            "district": rows["district"].where(rows["district"] != "", None).to_numpy(),
            "edition": OTHER,
            "mainland": True,
            "area_official_km2": float("nan"),
        },
        geometry=table.geometry.to_numpy(),
        crs=table.geometry.crs,
        index=pd.Index(rows["own_id"], name="ward_id"),
    )


def _registered(table: WardTable, edition: Edition) -> tuple[gpd.GeoDataFrame, tuple[Problem, ...]]:
    """Return the rows that are wards of the edition, one per ward, with the register's names."""
    found, problems = find_rows(table.rows, edition_index(edition), file=table.file)
    if table.wider:
        table, found, problems = _of_the_city(table, found, problems)
    kept, more = _one_per_ward(table.only(found.notna()), found.dropna())
    units = edition_units(edition).loc[kept.index]
    named = gpd.GeoDataFrame(
        {
            "name": units["name"],
            "type": units["type"],
            "district": units["district"].astype(object).where(units["district"].notna(), None),
            "edition": edition,
            "mainland": units["mainland"].astype(bool),
            "area_official_km2": units["area_km2"].where(units["area_official"].astype(bool)),
        },
        geometry=kept.to_numpy(),
        crs=kept.crs,
        index=pd.Index(kept.index, name="ward_id"),
    )
    return named, problems + more


def _of_the_city(
    table: WardTable, found: pd.Series, problems: tuple[Problem, ...]
) -> tuple[WardTable, pd.Series, tuple[Problem, ...]]:
    """Return the rows of the city out of a wider file: of namesakes the one near the others, and no unknown place."""
    place = shapely.centroid(table.geometry.to_crs(WORKING_CRS).to_numpy())
    known = found.notna() & ~found.duplicated(keep=False)
    middle = shapely.Point(np.median(shapely.get_coordinates(place[known.to_numpy()]), axis=0)) if known.any() else None
    distance = pd.Series(0.0 if middle is None else shapely.distance(place, middle), index=found.index)
    nearest = distance.where(found.notna()).groupby(found).transform("min")
    apart = found.notna() & (distance > nearest + NAMESAKE_M)
    other = found.isna() | apart
    if not other.any():
        return table, found, problems
    rows = set(table.rows.loc[other, "row"].astype(int))
    told = tuple(problem for problem in problems if problem.row not in rows)
    values = {"file": table.file, "count": int(other.sum())}
    note = Problem(code="rows_other_place", severity="note", field="name", values=values)
    return table.only(~other), found[~other], (*told, note)


def _one_per_ward(table: WardTable, found: pd.Series) -> tuple[gpd.GeoSeries, tuple[Problem, ...]]:
    """Return one polygon per ward: parts in several rows are joined, a second copy is refused."""
    problems: list[Problem] = []
    shapes: dict[str, Any] = {}
    metres = table.geometry.to_crs(WORKING_CRS)
    rows = {label: int(row) for label, row in table.rows["row"].items()}
    for ward, members in found.groupby(found, sort=False):
        parts, copies = _parts(metres.loc[members.index])
        joined = table.geometry.loc[parts]
        shapes[str(ward)] = shapely.union_all(joined.to_numpy()) if len(parts) > 1 else joined.iloc[0]
        for label, common in copies.items():
            about = {"file": table.file, "first_row": rows[parts[0]], "overlap_km2": common}
            problems.append(
                Problem(code="ward_repeated", row=rows[label], field="ward_id", value=str(ward), values=about)
            )
        if len(parts) > 1:
            listed = {"file": table.file, "rows": ", ".join(str(rows[label]) for label in parts)}
            problems.append(
                Problem(code="ward_parts_joined", severity="note", field="ward_id", value=str(ward), values=listed)
            )
    return gpd.GeoSeries(shapes, crs=table.geometry.crs), tuple(problems)


def _parts(metres: gpd.GeoSeries) -> tuple[list[Hashable], dict[Hashable, float]]:
    """Return the labels of the polygons that lie side by side, and of those that cover them again with how much."""
    first, *others = metres.index
    parts: list[Hashable] = [first]
    copies: dict[Hashable, float] = {}
    for label in others:
        so_far = shapely.union_all(metres.loc[parts].to_numpy())
        common = float(shapely.area(shapely.intersection(so_far, metres.loc[label]))) / 1e6
        if common > TOLERANCE_KM2:
            copies[label] = common
        else:
            parts.append(label)
    return parts, copies


def _mended(wards: gpd.GeoDataFrame, file: str) -> tuple[gpd.GeoDataFrame, tuple[Problem, ...]]:
    """Return wards whose neighbours share their borders, and what that moved."""
    geometry, moved = mend(wards.geometry)
    if not moved.attrs["slivers"]:
        return wards, ()
    mended = wards.set_geometry(geometry)
    mended.loc[moved.index, "area_km2"] = area_km2(geometry[moved.index])
    about = {name: moved.attrs[name] for name in ("overlap_km2", "gap_km2")}
    values = {"file": file, "count": moved.attrs["slivers"], "sliver_m": SLIVER_M, **about}
    values |= {"before_km2": float(wards["area_km2"].sum()), "after_km2": float(mended["area_km2"].sum())}
    problems = [Problem(code="borders_mended", severity="warning", field="geometry", values=values)]
    # Each as far as areas are published: what moves by less changes no figure that anybody prints.
    changed = (mended["area_km2"] - wards["area_km2"]).abs()
    for ward in changed[changed > MENDED_KM2].sort_values(ascending=False).index[:LISTED]:
        areas = {"before_km2": float(wards.loc[ward, "area_km2"]), "after_km2": float(mended.loc[ward, "area_km2"])}
        name = str(wards.loc[ward, "name"])
        values = {"file": file, **areas}
        problems.append(Problem(code="ward_mended", severity="note", field="geometry", value=name, values=values))
    return mended, tuple(problems)


def _against_register(wards: gpd.GeoDataFrame, edition: Edition, file: str) -> tuple[Problem, ...]:
    """Return the missing wards and the areas that differ from the published ones."""
    units = edition_units(edition).loc[wards.index, ["area_km2", "area_official"]]
    table = pd.DataFrame(wards[["name", "mainland", "area_km2"]]).join(units.rename(columns={"area_km2": "published"}))
    problems = list(_missing(wards, edition, file))
    for name, mainland, area, published, official in table.dropna(subset=["published"]).itertuples(index=False):
        percent = 100 * (area / published - 1)
        code, severity = _AREA[bool(mainland), bool(official)]
        if mainland and abs(percent) <= 100 * AREA_TOLERANCE:
            continue
        values = {"file": file, "area_km2": float(area), "register_km2": float(published), "percent": float(percent)}
        problems.append(Problem(code=code, severity=severity, field="geometry", value=name, values=values))
    return tuple(problems)


def _missing(wards: gpd.GeoDataFrame, edition: Edition, file: str) -> tuple[Problem, ...]:
    """Return the note or warning on units that the file does not hold.

    Since 2025-07 both the merged city (94) and the part that was Đà Nẵng before (16) are complete.
    """
    units = edition_units(edition)
    if units.loc[wards.index, "in_city"].all():
        units = units[units["in_city"]]
    absent = units[~units.index.isin(wards.index)]
    mainland = absent[absent["mainland"]]
    if mainland.empty:
        # Until 2025-06 Hoàng Sa was no ward, so that a file without it lacks nothing.
        lacks_islands = edition == "2025h2" and len(absent) > 0
        return (Problem(code="hoang_sa_absent", severity="note", values={"file": file}),) if lacks_islands else ()
    names = ", ".join(mainland["name"][:LISTED]) + (", …" if len(mainland) > LISTED else "")
    values = {"file": file, "count": len(mainland), "expected": int(units["mainland"].sum()), "names": names}
    return (Problem(code="wards_missing", severity="warning", values=values),)


def _against_each_other(wards: gpd.GeoDataFrame, file: str) -> tuple[Problem, ...]:
    """Return overlaps and enclosed gaps above the tolerance, the largest one by one and the rest in one sentence."""
    pairs, holes, names = overlaps(wards.geometry), gaps(wards.geometry), wards["name"]
    both = zip(pairs["first"], pairs["second"], strict=True)
    pairs["text"] = [f"{names[first]} – {names[second]}" for first, second in both]
    holes["text"] = [" – ".join(names[label] for label in around[:4]) for around in holes["neighbours"]]
    problems: list[Problem] = []
    for code, table in (("wards_overlap", pairs), ("wards_gap", holes)):
        for text, km2 in table[["text", "km2"]][:LISTED].itertuples(index=False):
            values = {"file": file, "km2": float(km2), "tolerance_km2": TOLERANCE_KM2}
            problems.append(Problem(code=code, severity="warning", field="geometry", value=text, values=values))
        rest = table["km2"][LISTED:]
        if len(rest):
            values = {"file": file, "count": len(rest), "km2": float(rest.sum())}
            problems.append(Problem(code=f"{code}_more", severity="warning", field="geometry", values=values))
    return tuple(problems)
