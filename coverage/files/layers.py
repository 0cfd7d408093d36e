"""From raw tables to checked layers with places: wards and cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from pyproj.exceptions import ProjError

from coverage.antennas import Antenna
from coverage.boundaries import recognise_wards
from coverage.cells import complete_cells
from coverage.errors import LayerError, Problem
from coverage.fields import best_headers, check, field_of, table
from coverage.fields.numbers import read_column
from coverage.files.antennas import AntennaFolder
from coverage.files.raw import RawTable
from coverage.files.tables import read_table
from coverage.files.values import text_of
from coverage.layers import Layer
from coverage.types import WORKING_CRS

_DEGREES = "EPSG:4326"
_MERIDIAN_DEG = 107.75  # of the working CRS
_REACH_DEG = 60.0  # a transverse Mercator map has no place for the other side of the globe


def read_wards(path: str | Path, edition: str = "auto") -> Layer:
    """Return the ward polygons of a file, recognised and checked against the register.

    CSV and XLSX need a column of WKT in longitude and latitude; the other formats bring their geometry.

    Parameters
    ----------
    path : str or Path
    edition : {"auto", "2019", "2025h1", "2025h2"}
        ``auto`` finds it from codes and names.

    Raises
    ------
    LayerError
        What `read_table` and `coverage.boundaries.recognise_wards` raise; ``no_geometry`` for a table without polygons,
        ``missing_crs`` when the file names no coordinate system.
    """
    raw = read_table(path)
    file = raw.source.name
    geometry = raw.geometry if raw.geometry is not None else wkt_geometry(raw)
    need_crs(geometry, file)
    frame = gpd.GeoDataFrame(raw.frame.assign(row=raw.rows), geometry=geometry.to_numpy(), crs=geometry.crs)
    layer = recognise_wards(frame, source=raw.source, edition=edition)
    return replace(layer, problems=raw.problems + layer.problems)


def wkt_geometry(raw: RawTable) -> gpd.GeoSeries:
    """Return the shapes of a column of WKT, in degrees unless the numbers are beyond them.

    Raises
    ------
    LayerError
        ``no_geometry`` where there is no such column or nothing in it is WKT.
    """
    header = next((name for name in raw.frame.columns if field_of("wards", name) == "geometry"), None)
    if header is None:
        raise LayerError("no_geometry", file=raw.source.name)
    shapes = shapely.from_wkt(raw.frame[header].to_numpy(dtype=object), on_invalid="ignore")
    series = gpd.GeoSeries(shapely.force_2d(shapes))
    if series.isna().all():
        raise LayerError("no_geometry", file=raw.source.name)
    bounds = series.total_bounds
    # WKT carries no coordinate system: numbers beyond a globe's degrees are metres of a zone that nobody named.
    return series.set_crs(_DEGREES if np.abs(bounds).max() <= 180 else None)


def need_crs(geometry: gpd.GeoSeries, file: str) -> None:
    """Raise ``missing_crs`` or, for one that nothing leads from to longitude and latitude, ``bad_crs``."""
    if geometry.crs is None:
        raise LayerError("missing_crs", file=file)
    try:
        Transformer.from_crs(geometry.crs, _DEGREES)
    except ProjError:
        raise LayerError("bad_crs", file=file, crs=geometry.crs.name) from None


def read_cells(path: str | Path, antennas: str | Path | None = None) -> Layer:
    """Return the cells of a file: positions from longitude and latitude or from points, gaps filled from the catalogue.

    Parameters
    ----------
    path : str or Path
    antennas : str or Path, optional
        Folder of MSI/Planet files that the column ``antenna`` names, besides the antennas of the catalogue.

    Returns
    -------
    Layer
        Kind ``cells``; frame with the fields of `coverage.fields.table("cells")` but longitude and latitude, and
        geometry Point in EPSG:5899; ``defaulted`` counts the rows per field that were filled.

    Raises
    ------
    LayerError
        What `read_table`, `coverage.fields.check` and `coverage.files.antennas.AntennaFolder` raise; ``no_usable_row``
        when every row was refused (its ``problems`` say why).
    """
    measured: Mapping[str, Antenna] = {} if antennas is None else AntennaFolder(antennas)
    raw, frame, problems = placed(read_table(path))
    return cells_layer(raw, frame, problems, measured)


def cells_layer(
    raw: RawTable, frame: gpd.GeoDataFrame, problems: tuple[Problem, ...], measured: Mapping[str, Antenna]
) -> Layer:
    """Return the layer of `placed` cells, its gaps filled from the catalogue; ``no_usable_row`` as `read_cells`."""
    file = raw.source.name
    completed, defaulted, more = complete_cells(frame, file=file, antennas=measured)
    problems += more
    if completed.empty:
        raise LayerError("no_usable_row", problems, file=file, rows=raw.source.rows)
    named = {spec.name: _defaults(problems, spec.name) for spec in table("cells") if spec.default}
    counted = {name: count for name, count in {**defaulted, **named}.items() if count}
    columns = [spec.name for spec in table("cells") if spec.name in completed]
    cells = gpd.GeoDataFrame(completed[[*columns, "geometry"]], geometry="geometry", crs=WORKING_CRS)
    ordered = tuple(sorted(problems, key=lambda problem: problem.row or 0))
    return Layer(kind="cells", frame=cells, source=raw.source, problems=ordered, defaulted=counted)


def read_sites(path: str | Path) -> Layer:
    """Return the places of a file where a site could be built: `coverage.planning.proposals.candidates` takes them.

    Parameters
    ----------
    path : str or Path
        Longitude and latitude, or points; ``site_id`` where the places have names. Other columns are not read.

    Returns
    -------
    Layer
        Kind ``cells``; frame: ``site_id`` and geometry Point in EPSG:5899.

    Raises
    ------
    LayerError
        What `read_table` and `coverage.fields.check` raise; ``no_usable_row``.
    """
    raw = read_table(path)
    wanted = [name for name in raw.frame.columns if field_of("cells", name) in {"site_id", "longitude", "latitude"}]
    places = raw.frame[wanted].assign(technology="NR")  # the field table asks for one; the plan decides
    raw, frame, problems = placed(replace(raw, frame=places))
    told = tuple(problem for problem in problems if problem.field in {None, "site_id", "longitude", "latitude"})
    if frame.empty:
        raise LayerError("no_usable_row", told, file=raw.source.name, rows=raw.source.rows)
    return Layer(kind="cells", frame=frame[["site_id", "geometry"]], source=raw.source, problems=told)


def placed(raw: RawTable) -> tuple[RawTable, gpd.GeoDataFrame, tuple[Problem, ...]]:
    """Return the rows of a table of places as points on the map, and what was found."""
    raw, problems = _without_repeats(_with_positions(raw))
    file = raw.source.name
    keep, misplaced = _plausible_positions(raw)
    kept, found = check("cells", raw.frame[keep], file=file, rows=raw.rows[keep].tolist())
    problems += (*misplaced, *found)
    points = gpd.GeoSeries(gpd.points_from_xy(kept["longitude"], kept["latitude"]), crs=_DEGREES).to_crs(WORKING_CRS)
    on_map = (kept["longitude"] - _MERIDIAN_DEG).abs().to_numpy() <= _REACH_DEG
    problems += tuple(_misplaced("outside_map", file, row) for row in kept["row"].to_numpy()[~on_map])
    frame = gpd.GeoDataFrame(kept[on_map].drop(columns=["longitude", "latitude"]), geometry=points[on_map])
    return raw, frame.reset_index(drop=True), problems


def _defaults(problems: tuple[Problem, ...], field: str) -> int:
    return sum(
        int(problem.values.get("rows", 1))
        for problem in problems
        if problem.field == field and problem.code in {"column_defaulted", "value_defaulted"}
    )


def _with_positions(raw: RawTable) -> RawTable:
    """Return the table with the places of its points as longitude and latitude columns."""
    if raw.geometry is None:
        return raw
    need_crs(raw.geometry, raw.source.name)
    points = raw.geometry.to_crs(_DEGREES).to_numpy()
    only = [shape.geoms[0] if getattr(shape, "geom_type", "") == "MultiPoint" else shape for shape in points]
    is_point = shapely.get_type_id(np.asarray(only, dtype=object)) == shapely.GeometryType.POINT
    places = np.asarray([shape if point else None for shape, point in zip(only, is_point, strict=True)], dtype=object)
    others = [name for name in raw.frame.columns if field_of("cells", name) not in {"longitude", "latitude"}]
    frame = raw.frame[others].copy()
    frame["longitude"] = [text_of(float(value)) for value in shapely.get_x(places)]
    frame["latitude"] = [text_of(float(value)) for value in shapely.get_y(places)]
    return replace(raw, frame=frame, geometry=None)


def _without_repeats(raw: RawTable) -> tuple[RawTable, tuple[Problem, ...]]:
    """Return the table without rows that repeat another one in every column."""
    repeated = raw.frame.duplicated().to_numpy()
    if not repeated.any():
        return raw, raw.problems
    values = {"file": raw.source.name}
    found = [Problem(code="duplicate_row", severity="warning", row=int(r), values=values) for r in raw.rows[repeated]]
    kept = replace(raw, frame=raw.frame[~repeated].reset_index(drop=True), rows=raw.rows[~repeated])
    return kept, (*raw.problems, *found)


def _plausible_positions(raw: RawTable) -> tuple[NDArray[np.bool_], tuple[Problem, ...]]:
    """Return which rows are not plainly misplaced, and what is wrong with the others."""
    places: dict[str, NDArray[np.float64]] = {}
    chosen = best_headers("cells", list(raw.frame.columns), file=raw.source.name)
    for name in ("longitude", "latitude"):
        header = chosen.get(name)
        texts = [str(text) for text in raw.frame[header]] if header else [""] * len(raw.frame)
        numbers = read_column((text for text in texts if text), low=-180, high=180).found
        places[name] = np.asarray([numbers.get(text, np.nan) for text in texts])
    lon, lat = places["longitude"], places["latitude"]
    swapped = (np.abs(lat) > 90) & (np.abs(lat) <= 180) & (np.abs(lon) <= 90)
    nowhere = (np.abs(lat) < 1e-3) & (np.abs(lon) < 1e-3)
    problems = []
    for code, mask in (("coordinates_swapped", swapped), ("coordinates_zero", nowhere)):
        for index in np.flatnonzero(mask):
            at = {"longitude": f"{lon[index]:g}", "latitude": f"{lat[index]:g}"}
            problems.append(_misplaced(code, raw.source.name, raw.rows[index], **at))
    return ~(swapped | nowhere), tuple(problems)


def _misplaced(code: str, file: str, row: int, **values: str) -> Problem:
    return Problem(code=code, row=int(row), field="longitude", values={"file": file, **values})
