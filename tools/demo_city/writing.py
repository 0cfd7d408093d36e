"""Files of the demo city, each with its provenance beside it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
from numpy.typing import NDArray
from shapely import get_coordinates

from coverage.grid import Grid
from tools.demo_city import CRS, SEED, VERSION

LICENCE = "MIT"
RIGHTS = "Made up by the generator in tools/demo_city; names, codes, areas and census counts from data/registers."


def write_raster(path: Path, values: NDArray[np.generic], grid: Grid, nodata: int, unit: str) -> None:
    """Write a tiled, deflated GeoTIFF in the working CRS; the band carries its unit and the label "synthetic"."""
    with rasterio.open(
        path, "w", driver="GTiff", width=grid.cols, height=grid.rows, count=1, dtype=values.dtype, crs=CRS,
        transform=grid.transform, nodata=nodata, tiled=True, blockxsize=256, blockysize=256, compress="deflate",
        predictor=1 if values.dtype == np.uint8 else 2, zlevel=9,
    ) as target:  # fmt: skip
        target.write(values, 1)
        target.set_band_unit(1, unit)
        target.update_tags(synthetic="true", title="PhủSóng demo city: synthetic data")


def write_table(path: Path, frame: pd.DataFrame) -> None:
    """Write a CSV in UTF-8 with line feeds."""
    frame.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")


def write_wards(path: Path, wards: gpd.GeoDataFrame) -> None:
    """Write GeoJSON (RFC 7946): degrees with 7 decimals, one feature per line, marked synthetic in every feature."""
    features = []
    for row in wards.itertuples():
        ring = [[round(lon, 7), round(lat, 7)] for lon, lat in get_coordinates(row.geometry).tolist()]
        properties = {
            "ward_id": row.ward_id,
            "name": row.name,
            "type": row.type,
            "district": row.district,
            "edition": "2019",
            "synthetic": True,
        }
        geometry = {"type": "Polygon", "coordinates": [ring]}
        feature = {"type": "Feature", "properties": properties, "geometry": geometry}
        features.append(json.dumps(feature, ensure_ascii=False, separators=(",", ":")))
    head = '{"type":"FeatureCollection","name":"PhủSóng demo wards 2019 (synthetic)","features":[\n'
    path.write_text(head + ",\n".join(features) + "\n]}\n", encoding="utf-8", newline="\n")


def write_provenance(path: Path, texts: dict[str, str]) -> None:
    """Write ``<file>.toml`` beside a file: what it is, that it is synthetic, how it was made, its hash."""
    told: dict[str, str | int | bool] = {
        **texts,
        "synthetic": True,
        "source": RIGHTS,
        "licence": LICENCE,
        "generator": "python -m tools.demo_city",
        "generator_version": VERSION,
        "seed": SEED,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    path.with_name(path.name + ".toml").write_text(_toml(told), encoding="utf-8", newline="\n")


def _toml(values: dict[str, str | int | bool]) -> str:
    """Return flat TOML; JSON's texts, numbers and booleans are TOML's."""
    return "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items())
