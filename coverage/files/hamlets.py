"""`read_hamlets`: hamlets (thôn, tổ dân phố) as points or polygons, from any table that partners send."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from coverage.errors import LayerError
from coverage.fields import field_of
from coverage.fields.numbers import read_column
from coverage.fields.texts import key_of
from coverage.files.layers import need_crs, wkt_geometry
from coverage.files.raw import RawTable
from coverage.files.tables import read_table
from coverage.types import WORKING_CRS

NAMES = frozenset({"hamlet", "thon", "tenthon", "todanpho", "tentodanpho", "to", "tento", "thonto", "khom"})


def read_hamlets(path: str | Path) -> gpd.GeoDataFrame:
    """Return the hamlets of a file as `coverage.gap.tables.hamlet_table` takes them.

    Parameters
    ----------
    path : str or Path
        Points or polygons; a table without geometry has longitude and latitude, or a column of WKT, in degrees.

    Returns
    -------
    GeoDataFrame indexed by ``row`` of the file
        ``name`` (of a column of hamlets, else of names; text) and geometry in the working CRS.

    Raises
    ------
    LayerError
        What `read_table` raises; ``no_rows``; ``hamlets_without_place``, ``hamlets_without_name`` where no column has
        them, ``hamlet_without_place`` for a row without; ``missing_crs``, ``bad_crs``.
    """
    raw = read_table(path)
    file = raw.source.name
    if raw.frame.empty:
        raise LayerError("no_rows", file=file)
    own = [header for header in raw.frame.columns if key_of(header) in NAMES]
    named = [*own, *(header for header in raw.frame.columns if field_of("wards", header) == "name")]
    if not named:
        raise LayerError("hamlets_without_name", file=file)
    shapes = places_of(raw)
    if shapes is None:
        raise LayerError("hamlets_without_place", file=file)
    need_crs(shapes, file)
    lost = (shapes.isna() | shapes.is_empty).to_numpy()
    if lost.any():
        raise LayerError("hamlet_without_place", file=file, row=int(raw.rows[lost][0]), count=int(lost.sum()))
    names = raw.frame[named[0]].astype(str).to_numpy()
    placed = shapes.to_crs(WORKING_CRS)
    frame = gpd.GeoDataFrame({"name": names}, geometry=shapely.make_valid(placed.to_numpy()), crs=WORKING_CRS)
    return frame.set_axis(raw.rows, axis=0).rename_axis(index="row")


def places_of(raw: RawTable) -> gpd.GeoSeries | None:
    """Return where the rows of a table are: its geometry, longitude and latitude, or WKT; None where it has none."""
    if raw.geometry is not None:
        return raw.geometry
    places = {field_of("cells", header): header for header in raw.frame.columns}
    if {"longitude", "latitude"} <= set(places):
        lon, lat = (_degrees(raw, places[name], end) for name, end in (("longitude", 180), ("latitude", 90)))
        known = np.isfinite(lon) & np.isfinite(lat)
        points = gpd.points_from_xy(np.where(known, lon, 0), np.where(known, lat, 0))
        return gpd.GeoSeries(points, crs="EPSG:4326").where(known)
    try:
        return wkt_geometry(raw)
    except LayerError as error:
        if error.code == "no_geometry":
            return None
        raise


def _degrees(raw: RawTable, header: str, end: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    texts = [str(text) for text in raw.frame[header]]
    found = read_column((text for text in texts if text), low=-end, high=end).found
    return np.array([found.get(text, np.nan) for text in texts], dtype=np.float64)
