"""A result as open files: tables, rasters, `city.json` and a manifest that lets anybody check where figures come from.

Every function gives the content of one file and depends on nothing but the result: the same inputs give the same bytes.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import platform
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from threading import Lock
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
from numpy.typing import NDArray
from rasterio.io import MemoryFile

from coverage.disputes import Confirmed
from coverage.figures import WARD_COLUMNS
from coverage.layers import Layer
from coverage.maps import OfflineMap, plan_map, result_map
from coverage.planfiles import alternatives_csv, pareto_csv, plan_cells_csv, plan_csv, plan_points
from coverage.planning.plans import Plan
from coverage.restating import Restatement
from coverage.study import Result
from coverage.types import Language
from coverage.writing import csv_text, write_bytes

COUNTS = ("population", "households", "subscriptions")
LIBRARIES = (
    "exactextract", "geopandas", "numpy", "pandas", "pyogrio", "pyproj", "rasterio", "scipy", "shapely",
)  # fmt: skip
NO_SERVER = 0
_SYNTHETIC = "Synthetic data, not the real situation. Dữ liệu tổng hợp, không phải hiện trạng."
_EPOCH = "1970-01-01T00:00:00.000Z"  # GeoPackage wants a date of change; a clock would make every file another one
_GDAL = Lock()
_RANDOM = re.compile(r"_([0-9a-f]{32})(?![0-9a-f])")


def published_wards(result: Result) -> pd.DataFrame:
    """Return the ward table as it is published: ``ward_id`` first, counts as integers, unknown as missing."""
    return _published_table(result.wards)


def _published_table(wards: pd.DataFrame) -> pd.DataFrame:
    wards = wards[list(WARD_COLUMNS)].copy()
    for column in COUNTS:
        wards[column] = wards[column].round().astype("Int64")
    return wards.reset_index(names="ward_id")


def wards_csv(result: Result, apart: Confirmed | None = None, grades: pd.DataFrame | None = None) -> str:
    """Return ``wards.csv``: one row per ward of the file, shares 0–1, uncovered 0, unknown empty.

    Where something is disputed, ``confirmed_area_share`` and ``disputed_area_share`` stand beside the rest; then the
    grades of the data (``data_grade`` and ``data_grade_worst`` by ward_id), the city's own, which no release holds.
    """
    return csv_text(_with_parts(published_wards(result), apart, grades))


def _with_parts(table: pd.DataFrame, apart: Confirmed | None, grades: pd.DataFrame | None) -> pd.DataFrame:
    if apart is not None:
        table = table.join(apart.wards, on="ward_id")
    return table if grades is None else table.join(grades, on="ward_id")


def wards_gpkg(result: Result, apart: Confirmed | None = None, grades: pd.DataFrame | None = None) -> bytes:
    """Return ``wards.gpkg``: layer ``wards``, the table of ``wards.csv`` with the polygons in the CRS of the study."""
    table = _with_parts(published_wards(result), apart, grades)
    return _ward_shapes(result, table, result.study.city.wards.frame.geometry)


def checked_wards(wards: Layer) -> bytes:
    """Return checked and mended ward polygons as a GeoPackage: layer ``wards``, the columns of the layer."""
    table = wards.frame.reset_index().drop(columns="geometry")
    told = _SYNTHETIC if wards.source.synthetic else str(wards.edition)
    shapes = wards.frame.geometry
    return _geopackage(gpd.GeoDataFrame(table, geometry=shapes.to_numpy(), crs=shapes.crs), "wards", told)


def shown_documents(result: Result, shown: Restatement) -> dict[str, bytes]:
    """Return a result by the wards of another edition: ``wards_<edition>.csv``, and a GeoPackage where it has polygons.

    Parameters
    ----------
    result : Result
        What was measured.
    shown : Restatement
        `coverage.showing.in_edition` of it.
    """
    table = _published_table(shown.wards)
    name = f"wards_{shown.edition}"
    files = {f"{name}.csv": csv_text(table).encode()}
    if shown.shapes is not None:
        files[f"{name}.gpkg"] = _ward_shapes(result, table, shown.shapes)
    return files


def _ward_shapes(result: Result, wards: pd.DataFrame, shapes: gpd.GeoSeries) -> bytes:
    return _geopackage(gpd.GeoDataFrame(wards, geometry=shapes.to_numpy(), crs=shapes.crs), "wards", _about(result))


def _about(result: Result) -> str:
    return _SYNTHETIC if result.study.city.synthetic else result.definition.id


def _geopackage(table: gpd.GeoDataFrame, layer: str, description: str, *, multi: bool = True) -> bytes:
    content = io.BytesIO()
    with _fixed_date():
        pyogrio.write_dataframe(
            table, content, driver="GPKG", layer=layer, promote_to_multi=multi, DESCRIPTION=description
        )
    return content.getvalue()


@contextmanager
def _fixed_date() -> Iterator[None]:
    with _GDAL:
        before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _EPOCH})
        try:
            yield
        finally:
            pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})


def json_text(document: Mapping[str, Any]) -> str:
    """Return a document as JSON that any reader takes: UTF-8 letters, no NaN, keys in their own order."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def city_json(result: Result, apart: Confirmed | None = None) -> str:
    """Return ``city.json``: definition, denominator, every city figure and what the data lacks.

    Where something is disputed, ``disputed`` holds the confirmed and the disputed part of every share that has parts.
    """
    told = {} if apart is None else {"disputed": apart.document()}
    return json_text({**result.summary(), **told})


def sha256(content: bytes) -> str:
    """Return the hash of a content."""
    return hashlib.sha256(content).hexdigest()


def coverage_tif(result: Result) -> bytes:
    """Return ``coverage.tif``: probability of coverage per pixel, 0–1, NaN outside the mainland wards; a COG."""
    values = np.where(_mainland(result), result.probability, np.float32(np.nan)).astype(np.float32)
    return _cog(result, values, nodata=float("nan"), overviews="average", band="probability of coverage", unit="1")


def best_server_tif(result: Result) -> bytes:
    """Return ``best_server.tif``: the code of the strongest cell per pixel, 0 where there is none; a COG.

    `best_server_csv` is the table of its codes.
    """
    codes = np.where(_mainland(result), _server(result) + 1, NO_SERVER)
    kind = np.uint16 if len(result.signal.cells) < np.iinfo(np.uint16).max else np.uint32
    return _cog(
        result, codes.astype(kind), nodata=NO_SERVER, overviews="nearest", band="code of best_server.csv", unit=""
    )


def best_server_csv(result: Result) -> str:
    """Return the table of the codes of ``best_server.tif``: code, site_id, cell_id, operator, band."""
    cells = result.signal.cells[["site_id", "cell_id", "operator", "band"]]
    table = pd.DataFrame(cells).reset_index(drop=True)
    table.insert(0, "code", np.arange(1, len(table) + 1))
    return csv_text(_labelled(table, result))


def plan_gpkg(plan: Plan, before: Result) -> bytes:
    """Return ``plan.gpkg``: layer ``plan``, the steps of ``plan.csv`` as points in the CRS of the study."""
    return _geopackage(plan_points(plan, before), "plan", _about(before), multi=False)


def _labelled(table: pd.DataFrame, result: Result) -> pd.DataFrame:
    return table.assign(synthetic="true") if result.study.city.synthetic else table


def _server(result: Result) -> NDArray[np.int32]:
    signal = result.signal
    return signal.best_server if result.operator is None else signal.server[signal.operators.index(result.operator)]


def _mainland(result: Result) -> NDArray[np.bool_]:
    mainland = result.study.city.wards.frame["mainland"].to_numpy(dtype=bool)
    return (result.study.weights.area.pixel_weights(mainland) > 0).reshape(result.study.grid.shape)


def _cog(result: Result, values: NDArray[Any], *, nodata: float, overviews: str, band: str, unit: str) -> bytes:
    grid = result.study.grid
    with MemoryFile() as memory:
        with memory.open(
            driver="COG", height=grid.rows, width=grid.cols, count=1, dtype=values.dtype.name, crs=grid.crs,
            transform=grid.transform, nodata=nodata, compress="DEFLATE", predictor="YES",
            overview_resampling=overviews,
        ) as raster:  # fmt: skip
            raster.write(values, 1)
            raster.set_band_description(1, band)
            raster.set_band_unit(1, unit)
            raster.update_tags(**_tags(result))
        return bytes(memory.read())


def _tags(result: Result) -> dict[str, str]:
    study = result.study
    return {
        "CITY": study.city.name,
        "DEFINITION": result.definition.id,
        "MODEL": study.path_model.id,
        "TECHNOLOGY": study.technology,
        "OPERATORS": result.operator or result.definition.operators,
        "SYNTHETIC": str(study.city.synthetic).lower(),
        "SOFTWARE": f"phusong {version()}",
    }


def version() -> str:
    """Return the version of the installed distribution, ``unknown`` when it runs from a bare folder."""
    try:
        return metadata.version("phusong")
    except metadata.PackageNotFoundError:
        return "unknown"


def manifest(result: Result, written: Mapping[str, bytes], **request: Any) -> dict[str, Any]:
    """Return ``manifest.json``: what went in, with which versions and parameters, and what came out.

    It holds no time stamp: two runs of the same inputs under the same versions give the same manifest.

    Parameters
    ----------
    result : Result
    written : mapping of file name to content
        Files whose hash is recorded.
    **request
        Further parameters of the run, as a plan has them.
    """
    study, summary = result.study, result.summary()
    return {
        "software": {"name": "phusong", "version": version(), "python": platform.python_version()},
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
        "inputs": [dataclasses.asdict(source) for source in study.city.sources],
        "parameters": {
            "definition": dataclasses.asdict(result.definition),
            **{name: summary[name] for name in ("denominator", "model", "study")},
            "grid": dataclasses.asdict(study.grid),
            **request,
        },
        "seed": None,
        "outputs": {name: {"sha256": sha256(content), "bytes": len(content)} for name, content in written.items()},
    }


def documents(result: Result, apart: Confirmed | None = None, grades: pd.DataFrame | None = None) -> dict[str, bytes]:
    """Return the data files of a result by name, with what is disputed apart: the same bytes in every run."""
    return {
        "city.json": city_json(result, apart).encode(),
        "wards.csv": wards_csv(result, apart, grades).encode(),
        "wards.gpkg": wards_gpkg(result, apart, grades),
        "coverage.tif": coverage_tif(result),
        "best_server.tif": best_server_tif(result),
        "best_server.csv": best_server_csv(result).encode(),
    }


def publish(
    result: Result,
    folder: str | Path,
    lang: Language = "vi",
    *,
    also: Mapping[str, bytes] | None = None,
    apart: Confirmed | None = None,
    grades: pd.DataFrame | None = None,
    request: Mapping[str, Any] | None = None,
) -> tuple[Path, ...]:
    """Write a result into a folder, each file whole or not at all, the manifest last.

    Parameters
    ----------
    result : Result
    folder : str or Path
        Made where it is missing; other files in it stay.
    lang : {"vi", "en"}
        Language of ``map.html``.
    also : mapping of file name to content, optional
        Further files of the same run, such as the report: written and recorded with the others.
    apart : Confirmed, optional
        What is confirmed and what is disputed.
    grades : DataFrame, optional
        As for `wards_csv`.
    request : mapping, optional
        What else the run was asked for; the manifest keeps it under ``parameters``.

    Returns
    -------
    tuple of Path
        ``city.json``, ``wards.csv``, ``wards.gpkg``, ``coverage.tif``, ``best_server.tif``, ``best_server.csv``,
        ``map.html``, ``manifest.json``: the same bytes in every run.

    Raises
    ------
    StoreError
        ``cannot_write``.
    """
    data = {
        **documents(result, apart, grades),
        "map.html": _page(result_map(result, lang, apart=apart)),
        **(also or {}),
    }
    return _write_all(folder, {**data, "manifest.json": _manifest_json(result, data, **(request or {}))})


def publish_plan(
    before: Result,
    after: Result,
    plan: Plan,
    folder: str | Path,
    *,
    lang: Language = "vi",
    request: Mapping[str, Any],
    also: Mapping[str, bytes] | None = None,
) -> tuple[Path, ...]:
    """Write a plan into a folder, each file whole or not at all, the manifest last.

    Parameters
    ----------
    before, after : Result
        Today, and the re-run under the plan's scenario.
    plan : Plan
    folder : str or Path
    lang : {"vi", "en"}
        Language of ``map.html``.
    request : mapping
        What the plan was asked for; the manifest keeps it under ``parameters.plan``.
    also : mapping of file name to content, optional
        Further files of the same run.

    Returns
    -------
    tuple of Path
        ``plan.csv``, ``plan.gpkg``, ``plan_cells.csv``, ``pareto.csv``, ``alternatives.csv``, ``plan.json``,
        ``city.json`` and ``wards.csv`` (today), ``city_after.json`` and ``wards_after.csv``,
        ``map.html``, ``manifest.json``.

    Raises
    ------
    StoreError
        ``cannot_write``.
    """
    data = {
        "plan.csv": plan_csv(plan).encode(),
        "plan.gpkg": plan_gpkg(plan, before),
        "pareto.csv": pareto_csv(plan).encode(),
        "alternatives.csv": alternatives_csv(plan).encode(),
        "plan_cells.csv": plan_cells_csv(plan, before).encode(),
        "scenario.toml": plan.scenario.text().encode(),
        "plan.json": json_text(plan.summary()).encode(),
        "city.json": city_json(before).encode(),
        "city_after.json": city_json(after).encode(),
        "wards.csv": wards_csv(before).encode(),
        "wards_after.csv": wards_csv(after).encode(),
        "map.html": _page(plan_map(before, after, plan, lang)),
        **(also or {}),
    }
    return _write_all(folder, {**data, "manifest.json": _manifest_json(before, data, plan=dict(request))})


def _page(page: OfflineMap) -> bytes:
    """Return a map with its parts numbered in order: folium gives them random names, so no two pages were the same."""
    numbers: dict[str, str] = {}
    return _RANDOM.sub(lambda found: f"_{numbers.setdefault(found[1], str(len(numbers)))}", page.html()).encode()


def _manifest_json(result: Result, data: Mapping[str, bytes], **request: Any) -> bytes:
    return json_text(manifest(result, data, **request)).encode()


def _write_all(folder: str | Path, contents: Mapping[str, bytes]) -> tuple[Path, ...]:
    return tuple(write_bytes(Path(folder) / name, content) for name, content in contents.items())
