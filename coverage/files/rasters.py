"""Rasters: GeoTIFF and COG in any coordinate system, with unknown pixels as NaN."""

from __future__ import annotations

import hashlib
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from pyproj import Transformer
from pyproj.exceptions import ProjError
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.warp import transform_bounds
from rasterio.windows import Window, from_bounds

from coverage.errors import LayerError
from coverage.files.opening import RASTERS, agree, format_of, regular_file, source_of
from coverage.grid import Raster
from coverage.layers import Source
from coverage.types import WORKING_CRS

MAX_PIXELS = 150_000_000  # read at once: 600 MB as float32
MAX_BLOCK_BYTES = 1 << 29  # one compressed block is unpacked whole, however small the part that is wanted

# Nothing beside the file counts: a sidecar could name other files, and its bytes would be in no hash.
_ALONE = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_PAM_ENABLED": "NO"}
_EXACT_IN_FLOAT32 = frozenset({"uint8", "int8", "uint16", "int16", "float16", "float32", "bool"})

Bounds = tuple[float, float, float, float]


def read_raster(path: str | Path, unit: str, *, within: Bounds | None = None) -> Raster:
    """Return the one band of a GeoTIFF, NaN where it has no data.

    Scale and offset of the band are applied. A rotated raster keeps its rotated transform.

    Parameters
    ----------
    path : str or Path
        A ``.tif`` or ``.tiff``; only the GeoTIFF driver is tried, sidecar files are not read.
    unit : str
        Unit of the values (``m``, ``people``, ``households``, ``class``).
    within : (west, south, east, north), optional
        Bounds in the working CRS [m]: only the part around them is read.

    Raises
    ------
    LayerError
        ``wrong_extension``, ``content_mismatch``, ``raster_unreadable``, ``raster_no_crs``, ``raster_no_transform``,
        ``raster_bands`` for more than one band, ``raster_complex``, ``raster_too_large``, ``raster_elsewhere`` when
        nothing of it lies within the bounds, ``raster_empty`` when no pixel has a value; and what `regular_file` says.
    """
    return read_raster_and_source(path, unit, within=within)[0]


def read_raster_and_source(path: str | Path, unit: str, *, within: Bounds | None = None) -> tuple[Raster, Source]:
    """Return a raster as `read_raster` does, and its origin with the hash of the whole file."""
    found = regular_file(path)
    if format_of(found, expected=RASTERS) != "raster":
        raise LayerError("wrong_extension", file=found.name, extension=found.suffix, expected=RASTERS)
    try:
        with found.open("rb") as stream:
            agree(found, stream.read(64), "raster")
            stream.seek(0)
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        raise LayerError("file_unreadable", file=str(path)) from None
    with _opened(found) as data:
        _usable(data, found.name)
        window = _window(data, within, found.name)
        values = _values(data, window, found.name)
        raster = Raster(values=values, transform=_moved(data.transform, window), crs=data.crs.to_wkt(), unit=unit)
    return raster, source_of(found, digest)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        with warnings.catch_warnings(), rasterio.Env(**_ALONE):
            warnings.simplefilter("ignore", NotGeoreferencedWarning)  # said by raster_no_transform
            with rasterio.open(path.resolve(), driver="GTiff") as data:
                yield data
    except RasterioError:
        raise LayerError("raster_unreadable", file=path.name) from None


def _usable(data: Any, file: str) -> None:
    if not data.crs:
        raise LayerError("raster_no_crs", file=file)
    try:
        Transformer.from_crs(data.crs.to_wkt(), WORKING_CRS)
    except ProjError:
        raise LayerError("bad_crs", file=file, crs=str(data.crs)[:80]) from None
    if data.transform.is_identity or data.transform.determinant == 0:
        raise LayerError("raster_no_transform", file=file)
    if data.count != 1:
        raise LayerError("raster_bands", file=file, bands=data.count)
    if data.dtypes[0].startswith("complex"):
        raise LayerError("raster_complex", file=file)
    rows, cols = data.block_shapes[0]
    if rows * cols * np.dtype(data.dtypes[0]).itemsize > MAX_BLOCK_BYTES:
        raise LayerError("raster_too_large", file=file, pixels=rows * cols, limit=MAX_PIXELS)


def _window(data: Any, within: Bounds | None, file: str) -> Window:
    whole = Window(0, 0, data.width, data.height)
    window = whole
    if within is not None:
        around = transform_bounds(WORKING_CRS, data.crs, *within, densify_pts=21)
        if not all(map(math.isfinite, around)) or _apart(_extent(data), around):
            raise LayerError("raster_elsewhere", file=file)
        if data.transform.is_rectilinear:
            wanted = from_bounds(*_upright(around, data.transform), transform=data.transform)
            left, top = math.floor(wanted.col_off), math.floor(wanted.row_off)
            right, bottom = math.ceil(wanted.col_off + wanted.width), math.ceil(wanted.row_off + wanted.height)
            window = Window(left, top, right - left, bottom - top).intersection(whole)
    if window.width * window.height > MAX_PIXELS:
        raise LayerError("raster_too_large", file=file, pixels=int(window.width * window.height), limit=MAX_PIXELS)
    return window


def _moved(transform: Affine, window: Window) -> Affine:
    # Written out: rasterio 1.4 multiplies transforms in a way that affine 3 warns of.
    a, b, c, d, e, f = transform[:6]
    col, row = window.col_off, window.row_off
    return Affine(a, b, a * col + b * row + c, d, e, d * col + e * row + f)


def _extent(data: Any) -> Bounds:
    """Return the bounds of all four corners: of a rotated raster two of them do not tell."""
    a, b, c, d, e, f = data.transform[:6]
    corners = [(0, 0), (data.width, 0), (0, data.height), (data.width, data.height)]
    x = [a * col + b * row + c for col, row in corners]
    y = [d * col + e * row + f for col, row in corners]
    return min(x), min(y), max(x), max(y)


def _apart(held: Bounds, wanted: Bounds) -> bool:
    return wanted[0] >= held[2] or wanted[2] <= held[0] or wanted[1] >= held[3] or wanted[3] <= held[1]


def _upright(bounds: Bounds, transform: Any) -> Bounds:
    """Return the bounds with south and north exchanged for a raster whose rows run northwards."""
    west, south, east, north = bounds
    return (west, north, east, south) if transform.e > 0 else bounds


def _values(data: Any, window: Window, file: str) -> NDArray[Any]:
    kind = np.float32 if data.dtypes[0] in _EXACT_IN_FLOAT32 else np.float64
    band = data.read(1, window=window, masked=True)
    values = np.ma.filled(band.astype(kind), np.nan)
    scale, offset = data.scales[0], data.offsets[0]
    if (scale, offset) != (1.0, 0.0):
        values = (values * scale + offset).astype(kind)
    values[~np.isfinite(values)] = np.nan
    if np.isnan(values).all():
        raise LayerError("raster_empty", file=file)
    return np.asarray(values)
