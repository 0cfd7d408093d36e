"""Lines whose rows name no ward: places, other areas with a layer of their own, whole districts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from coverage.errors import LayerError, Problem
from coverage.fields import field_of
from coverage.files.layers import need_crs
from coverage.files.tables import read_table
from coverage.grid import Raster
from coverage.internet.dasymetric import OUTSIDE, area_shares, carry_lines, points_in_wards
from coverage.layers import Layer
from coverage.names import district_name

COLUMNS = ["ward_id", "operator", "technology", "customer", "lines", "period", "lines_low", "lines_high", "status"]
LISTED = 5


@dataclass(frozen=True, kw_only=True, eq=False)
class Areas:
    """What carries lines of other areas to wards.

    Attributes
    ----------
    polygons : GeoSeries indexed by area_id, or None
    pixels : Raster or None
        Households per pixel.
    households : Series indexed by ward_id, or None
        Counts that the pixels are scaled to.
    """

    polygons: gpd.GeoSeries | None = None
    pixels: Raster | None = None
    households: pd.Series | None = None


def read_areas(path: str | Path) -> gpd.GeoSeries:
    """Return the polygons of a file indexed by their ids (text).

    The id stands in the column that the field table of subscriptions knows as ``area_id``, else in the first column
    whose values are all there and all different.

    Raises
    ------
    LayerError
        What `read_table` raises; ``no_geometry``, ``missing_crs``, ``areas_without_id``.
    """
    raw = read_table(path)
    file = raw.source.name
    if raw.geometry is None:
        raise LayerError("no_geometry", file=file)
    need_crs(raw.geometry, file)
    named = [name for name in raw.frame.columns if field_of("subscriptions", name) == "area_id"]
    for column in [*named, *raw.frame.columns]:
        ids = raw.frame[column].astype("string").str.strip()
        if ids.notna().all() and (ids != "").all() and ids.is_unique:
            return gpd.GeoSeries(
                raw.geometry.to_numpy(), index=pd.Index(ids.astype(str), name="area_id"), crs=raw.geometry.crs
            )
    raise LayerError("areas_without_id", file=file)


def named_elsewhere(rows: pd.DataFrame) -> pd.Series:
    """Return which rows name no ward but a place, an area or a district."""
    other = rows["area_id"].notna() | rows["longitude"].notna() | rows["district"].notna()
    none: pd.Series = rows["ward_id"].isna() & rows["name"].isna() & other
    return none


def carried_to_wards(
    rows: pd.DataFrame, wards: Layer, areas: Areas, file: str
) -> tuple[pd.DataFrame, tuple[Problem, ...]]:
    """Return the lines of rows that name no ward by ward, and what was found.

    Parameters
    ----------
    rows : DataFrame
        Checked rows of subscriptions.
    wards : Layer
    areas : Areas
    file : str
        For the sentences.

    Raises
    ------
    LayerError
        ``areas_missing`` where rows name areas and there is no layer of them.
    """
    if rows.empty:
        return pd.DataFrame(columns=COLUMNS), ()
    placed = rows["longitude"].notna() & rows["latitude"].notna()
    by_area = ~placed & rows["area_id"].notna()
    districts = ~placed & ~by_area
    tables: list[pd.DataFrame] = []
    problems: list[Problem] = []
    if placed.any():
        tables.append(_at_points(rows[placed], wards))
    if by_area.any():
        if areas.polygons is None:
            raise LayerError("areas_missing", file=file, area=str(rows.loc[by_area, "area_id"].iloc[0]))
        tables.append(_by_areas(rows[by_area], areas.polygons, wards, areas, (file, problems)))
    if districts.any():
        named = rows[districts].assign(area_id=[district_name(text) for text in rows.loc[districts, "district"]])
        tables.append(_by_areas(named, _districts(wards), wards, areas, (file, problems)))
    table = pd.concat(tables, ignore_index=True)
    outside = table["ward_id"] == OUTSIDE
    if outside.any():
        values = {"file": file, "lines": int(table.loc[outside, "lines"].sum())}
        problems.append(Problem(code="lines_outside", severity="warning", field="lines", values=values))
    return table.loc[~outside, COLUMNS].reset_index(drop=True), tuple(problems)


def _at_points(rows: pd.DataFrame, wards: Layer) -> pd.DataFrame:
    points = gpd.GeoSeries(gpd.points_from_xy(rows["longitude"], rows["latitude"]), index=rows.index, crs="EPSG:4326")
    where = points_in_wards(points, wards.frame.geometry)
    return rows.assign(ward_id=where, lines_low=rows["lines"], lines_high=rows["lines"], status="measured")


def _districts(wards: Layer) -> gpd.GeoSeries:
    """Return the districts of a ward layer by the key of their names; empty where the edition has none."""
    frame = wards.frame[wards.frame["district"].notna()]
    keys = np.array([district_name(text) for text in frame["district"]], dtype=object)
    shapes = frame.geometry.groupby(keys).agg(lambda parts: parts.union_all()) if len(frame) else frame.geometry
    return gpd.GeoSeries(shapes, crs=wards.frame.crs)


def _by_areas(
    rows: pd.DataFrame, polygons: gpd.GeoSeries, wards: Layer, areas: Areas, told: tuple[str, list[Problem]]
) -> pd.DataFrame:
    file, problems = told
    known = rows["area_id"].isin(polygons.index)
    problems += [
        Problem(
            code="line_area_unknown", row=int(row), field="area_id", value=str(area), values={"file": file}
        )
        for row, area in rows.loc[~known, ["row", "area_id"]].itertuples(index=False)
    ]  # fmt: skip
    rows = rows[known]
    if rows.empty:
        return pd.DataFrame(columns=COLUMNS)
    used = polygons[polygons.index.isin(rows["area_id"])]
    shares = area_shares(used, wards.frame.geometry, areas.pixels, areas.households)
    ground = shares.loc[shares["by_ground"], "area_id"].nunique()
    values = {"file": file, "areas": len(used), "lines": int(rows["lines"].sum())}
    problems.append(Problem(code="lines_carried", severity="note", field="area_id", values=values))
    if ground:
        about = {"file": file, "areas": int(ground)}
        problems.append(Problem(code="lines_by_ground", severity="warning", field="area_id", values=about))
    columns = ["area_id", "operator", "technology", "customer", "lines", "period"]
    return carry_lines(rows[columns], shares)
