"""What the pixels of a raster may be: land cover codes, and counts of people or households without holes."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd

from coverage.errors import LayerError, Problem
from coverage.grid import Raster
from coverage.zones import raster_sums

# ESA WorldCover 2021 v200, Product User Manual v2.0, table 4 (legend).
WORLDCOVER = (10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 100)
OTHER_CODES_MAX = 0.01  # share of the known pixels above which a raster is no land cover of this legend
UNKNOWN_AREA_MAX = 0.01  # share of a ward above which a sum of its pixels says nothing of the ward
_NOISE = 1e-5  # share of a ward that rounding of the pixels on its border may leave
_LISTED = 5


def checked_land_cover(raster: Raster, file: str) -> tuple[Raster, tuple[Problem, ...]]:
    """Return land cover in which every pixel is a WorldCover code or NaN, and the warning on pixels that were neither.

    Raises
    ------
    LayerError
        ``clutter_codes`` when more than `OTHER_CODES_MAX` of the known pixels (not NaN, not 0) have another code;
        ``raster_empty`` when none is known.
    """
    values = np.where(raster.values == 0, np.nan, raster.values)
    known = ~np.isnan(values)
    other = known & ~np.isin(values, WORLDCOVER)
    if not known.any():
        raise LayerError("raster_empty", file=file)
    found, count = "", int(other.sum())
    if count:
        codes = np.unique(values[other])
        found = ", ".join(f"{code:g}" for code in codes[:_LISTED]) + (", …" if len(codes) > _LISTED else "")
    if count > OTHER_CODES_MAX * known.sum():
        share = 100.0 * count / int(known.sum())
        raise LayerError("clutter_codes", file=file, codes=found, percent=share, known=", ".join(map(str, WORLDCOVER)))
    problems: tuple[Problem, ...] = ()
    if count:
        about = {"file": file, "count": count, "codes": found}
        problems = (Problem(code="clutter_codes_few", severity="warning", values=about),)
    return replace(raster, values=np.where(other, np.nan, values)), problems


def checked_counts(raster: Raster, file: str) -> tuple[Raster, tuple[Problem, ...]]:
    """Return a raster of counts whose impossible pixels are NaN, and the warning on them.

    Raises
    ------
    LayerError
        ``raster_empty`` when no pixel has a usable count.
    """
    wrong = ~(raster.values >= 0) & ~np.isnan(raster.values) | np.isinf(raster.values)
    values = np.where(wrong, np.nan, raster.values)
    if np.isnan(values).all():
        raise LayerError("raster_empty", file=file)
    if not wrong.any():
        return raster, ()
    about = {"file": file, "count": int(wrong.sum())}
    return replace(raster, values=values), (Problem(code="raster_counts_wrong", severity="warning", values=about),)


def upright(raster: Raster) -> bool:
    """Return whether rows run southwards and columns eastwards along the axes of the raster's map."""
    shift = raster.transform
    return bool(shift.is_rectilinear and shift.e < 0 < shift.a)


def ward_sums(raster: Raster, geometry: gpd.GeoSeries, file: str) -> pd.Series:
    """Return the sum of a raster's pixels in every polygon, each pixel by the share of it inside; NaN without any.

    Raises
    ------
    LayerError
        ``raster_rotated`` for a rotated raster: its pixels have no rows and columns along the axes of its map.
    """
    if not upright(raster):
        raise LayerError("raster_rotated", file=file)
    found = raster_sums(raster, geometry)
    return pd.Series(np.where(found["count"] > 0, found["sum"], np.nan), index=geometry.index)


def whole_sums(raster: Raster, geometry: gpd.GeoSeries, file: str) -> pd.Series:
    """Return `ward_sums`, NaN where more than `UNKNOWN_AREA_MAX` of a polygon has no pixel with a value."""
    sums = ward_sums(raster, geometry, file)
    return sums.where(unknown_pixels(raster, geometry)["share"] <= UNKNOWN_AREA_MAX)


def unknown_pixels(raster: Raster, geometry: gpd.GeoSeries) -> pd.DataFrame:
    """Return how much of every polygon has no pixel with a value, also beyond the edge of the raster.

    Returns
    -------
    DataFrame indexed like `geometry`
        ``share`` of the polygon (0–1) and ``pixels`` (float, parts of pixels counted).
    """
    found = raster_sums(raster, geometry)
    shift = raster.transform
    inside = geometry.to_crs(raster.crs).area.to_numpy() / abs(shift.a * shift.e)
    missing = np.clip(inside - found["count"].to_numpy(), 0.0, None)
    share = missing / inside
    real = share > _NOISE
    return pd.DataFrame({"share": np.where(real, share, 0.0), "pixels": np.where(real, missing, 0.0)}, geometry.index)


def unknown_inside(raster: Raster, wards: gpd.GeoDataFrame, file: str) -> tuple[Problem, ...]:
    """Return the warning on pixels without a value inside the mainland wards."""
    mainland = wards[wards["mainland"]]
    if mainland.empty or not upright(raster):
        return ()
    unknown = unknown_pixels(raster, mainland.geometry)
    areas = unknown["share"] * mainland.geometry.area / 1e6
    worst = areas[areas > 0].sort_values(ascending=False)
    if worst.empty:
        return ()
    names = ", ".join(str(mainland.loc[ward, "name"]) for ward in worst.index[:_LISTED])
    about = {
        "file": file,
        "count": max(1, round(float(unknown["pixels"].sum()))),
        "km2": float(worst.sum()),
        "wards": len(worst),
        "names": names + (", …" if len(worst) > _LISTED else ""),
    }
    return (Problem(code="raster_unknown_inside", severity="warning", values=about),)
