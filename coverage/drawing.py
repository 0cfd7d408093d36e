"""What a map of a result shows, whoever draws it: ward shapes, sites, coverage and relief in longitude and latitude.

`coverage.maps` draws it with folium for notebooks, files and reports; the app draws it with a panel of its own. Both
take shapes, images, classes and colours from here, so that the same figure never has two looks.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from PIL import Image
from pyproj import Transformer

from coverage.grid import Grid, Raster, Surface

WEB_MERCATOR = "EPSG:3857"  # the projection in which Leaflet stretches an image between two corners
LON_LAT = "EPSG:4326"
MAX_SIDE = 1500  # pixels of an image: finer cannot be seen on a screen and would only make files larger
MAX_VERTICES = 12_000  # of all wards together; 57,000 of a survey file draw no better line at these scales
DECIMALS = 5  # of a degree: about one metre

# Lightness falls from class to class (a test), so the order survives colour blindness and a black-and-white printer.
RAMP = ("#f4efdc", "#d3e3c3", "#9cc9b4", "#5ca6a8", "#2d7896", "#1d4674")
UNKNOWN = "#c9c9cf"
SEA = "#d3e2ec"
COVERED, LIKELY, WEAK = "#b5179e", "#d76bc6", "#ebb5e2"  # magenta: no ward class and no relief has that hue
GAINED = "#f28e00"
DISPUTED = "#16202a"
HATCH = 6  # pixels from line to line
BREAKS: dict[str, tuple[float, ...]] = {
    "area_share": (0.0, 0.05, 0.1, 0.2, 0.4, 0.7),
    "expected_area_share": (0.0, 0.05, 0.1, 0.2, 0.4, 0.7),
    "population_covered_share": (0.0, 0.1, 0.2, 0.4, 0.6, 0.8),
    "households_covered_share": (0.0, 0.1, 0.2, 0.4, 0.6, 0.8),
    "household_internet_share": (0.0, 0.5, 0.6, 0.7, 0.8, 0.9),
    "gap_share": (0.0, 0.05, 0.1, 0.2, 0.3, 0.4),
}
# Okabe and Ito's colours for readers of every colour vision (2008), the darker ones first.
OPERATOR_COLOURS = ("#d55e00", "#0072b2", "#009e73", "#7b4ea3", "#a6761d", "#4d4d4d")

# Land cover (ESA WorldCover code): pale tints that let data colours speak; 0 is land of unknown cover.
TINTS = {
    0: "#ece8dd", 10: "#dbe5d1", 20: "#e3e8d3", 30: "#e8ecd6", 40: "#f0eddb", 50: "#e6e0da", 60: "#eee8dc",
    70: "#f7f7f7", 80: SEA, 90: "#d8e6de", 95: "#d2e2d2", 100: "#e6ead8",
}  # fmt: skip
WATER = 80
SHADES = 12

LatLonBounds = tuple[tuple[float, float], tuple[float, float]]  # ((south, west), (north, east)), as Leaflet wants it


@dataclass(frozen=True, kw_only=True)
class MapImage:
    """A picture that lies on the map.

    Attributes
    ----------
    png : bytes
        A palette PNG with transparency, rows evenly spaced in Web Mercator.
    bounds : ((south, west), (north, east))
        Its corners [deg].
    """

    png: bytes
    bounds: LatLonBounds


def mercator_grid(grid: Grid, pad: float = 0.0) -> Grid:
    """Return a Web Mercator grid over another grid, with pixels of about the same ground size, at most `MAX_SIDE`.

    Parameters
    ----------
    grid : Grid
    pad : float
        Widening on every side, as a share of the larger side, ≥ 0.
    """
    west, south, east, north = grid.bounds_m
    margin = pad * max(east - west, north - south)
    to_mercator = Transformer.from_crs(grid.crs, WEB_MERCATOR, always_xy=True)
    bounds = to_mercator.transform_bounds(west - margin, south - margin, east + margin, north + margin)
    side = max(bounds[2] - bounds[0], bounds[3] - bounds[1])
    stretch = (bounds[3] - bounds[1]) / (north - south + 2 * margin)
    return Grid.covering(bounds, max(grid.pixel_m * stretch, side / MAX_SIDE), WEB_MERCATOR)


def lat_lon_bounds(bounds_m: tuple[float, float, float, float], crs: str) -> LatLonBounds:
    """Return (west, south, east, north) [m] of a CRS as the corners Leaflet wants [deg]."""
    west, south, east, north = Transformer.from_crs(crs, LON_LAT, always_xy=True).transform_bounds(*bounds_m)
    return (round(south, 6), round(west, 6)), (round(north, 6), round(east, 6))


def coverage_image(probability: NDArray[np.floating[Any]], grid: Grid, edge: float) -> MapImage:
    """Return the coverage of one or all operators in three steps: covered, likely, weak; nothing below 10 %.

    Parameters
    ----------
    probability : ndarray of shape (rows, cols), 0–1
    grid : Grid
        Of the probability.
    edge : float
        Probability from which the definition counts a pixel, 0–1.
    """
    target = mercator_grid(grid)
    values = Raster(values=probability, transform=grid.transform, crs=grid.crs).on(target, "nearest")
    # Probabilities are float32: a pixel at exactly the edge counts in the figures, so it has to count here.
    steps = np.digitize(np.nan_to_num(values), np.array(coverage_steps(edge), dtype=np.float32)).astype(np.uint8)
    return _image(steps, ("#000000", WEAK, LIKELY, COVERED), (0, 150, 190, 225), target)


def gain_image(
    before: NDArray[np.floating[Any]], after: NDArray[np.floating[Any]], grid: Grid, edge: float
) -> MapImage:
    """Return where a plan adds coverage: pixels below the edge probability before and at or above it after."""
    gained = ((before < edge) & (after >= edge)).astype(np.float32)
    target = mercator_grid(grid)
    values = Raster(values=gained, transform=grid.transform, crs=grid.crs).on(target, "nearest")
    return _image((np.nan_to_num(values) > 0.5).astype(np.uint8), ("#000000", GAINED), (0, 230), target)


def disputed_image(disputed: NDArray[np.bool_], grid: Grid) -> MapImage:
    """Return where coverage is disputed, hatched so that what lies below is still seen.

    Parameters
    ----------
    disputed : bool ndarray of shape (rows, cols)
    grid : Grid
    """
    target = mercator_grid(grid)
    values = Raster(values=disputed.astype(np.float32), transform=grid.transform, crs=grid.crs).on(target, "nearest")
    inside = np.nan_to_num(values) > 0.5
    rows, cols = np.indices(inside.shape)
    edge = inside & ~(np.roll(inside, 1, 0) & np.roll(inside, -1, 0) & np.roll(inside, 1, 1) & np.roll(inside, -1, 1))
    lines = ((rows + cols) % HATCH < HATCH // 3) | edge
    return _image((inside & lines).astype(np.uint8), ("#000000", DISPUTED), (0, 235), target)


def coverage_steps(edge: float) -> tuple[float, float, float]:
    """Return the probabilities at which "weak", "likely" and "covered" begin.

    >>> coverage_steps(0.9)
    (0.1, 0.5, 0.9)
    """
    return (0.1, 0.5, edge) if edge > 0.5 else (edge / 5, edge / 2, edge)


def relief_image(surface: Surface, grid: Grid) -> MapImage | None:
    """Return shaded relief in the tints of the land cover, None when the study has neither terrain nor land cover."""
    if surface.terrain is None and surface.clutter is None:
        return None
    target = mercator_grid(grid, pad=0.25)
    height = surface.terrain.on(target, "bilinear") if surface.terrain else np.full(target.shape, np.nan, np.float32)
    cover = surface.clutter.on(target, "nearest") if surface.clutter else np.full(target.shape, np.nan, np.float32)
    codes = np.where(np.isfinite(cover) & np.isin(cover, list(TINTS)), cover, 0).astype(np.uint8)
    # A height model without land cover says where the sea is by its level only.
    codes[~np.isfinite(cover) & (height <= 0.0)] = WATER
    classes = np.searchsorted(sorted(TINTS), codes).astype(np.uint8)
    shade = np.where(codes == WATER, SHADES // 2, _hillshade(np.nan_to_num(height), target.pixel_m))
    index = (classes * SHADES + shade + 1).astype(np.uint8)
    index[np.isnan(height) & np.isnan(cover)] = 0
    colours = ["#000000", *(_shaded(TINTS[code], level) for code in sorted(TINTS) for level in range(SHADES))]
    return _image(index, colours, [0] + [255] * (len(colours) - 1), target)


def ward_shapes(wards: gpd.GeoDataFrame) -> dict[str, Any]:
    """Return the wards as GeoJSON, simplified together so that neighbours keep one common border.

    Parameters
    ----------
    wards : GeoDataFrame indexed by ward_id
        ``name``, ``district`` and geometry in a CRS with metres.

    Returns
    -------
    dict
        A FeatureCollection with ``ward_id``, ``name``, ``district``; polygons in degrees.
    """
    shapes = wards.geometry.to_numpy()
    for tolerance_m in (5.0, 10.0, 20.0, 40.0, 80.0, 160.0):
        if shapely.get_num_coordinates(shapes).sum() <= MAX_VERTICES:
            break
        shapes = shapely.coverage_simplify(wards.geometry.to_numpy(), tolerance_m)
    degrees = gpd.GeoSeries(shapes, crs=wards.crs).to_crs(LON_LAT)
    features = [
        _feature(shape, {"ward_id": str(ward_id), "name": str(row["name"]), "district": _text(row["district"])})
        for (ward_id, row), shape in zip(wards.iterrows(), degrees, strict=True)
    ]
    return {"type": "FeatureCollection", "features": features}


def site_points(cells: gpd.GeoDataFrame, technology: str, added: Collection[tuple[str, str]] = ()) -> dict[str, Any]:
    """Return one point per site and operator as GeoJSON.

    Parameters
    ----------
    cells : GeoDataFrame
        ``site_id``, ``operator``, ``technology`` and points in a CRS with metres.
    technology : str
        The technology of the study: ``cells`` counts its cells at the site, 0 where there are others only.
    added : collection of (site_id, operator)
        Sites that a plan builds or upgrades: marked by ``added``.
    """
    if cells.empty:
        return {"type": "FeatureCollection", "features": []}
    counted = cells.assign(own=(cells["technology"] == technology).astype(int))
    sites = counted.groupby(["site_id", "operator"], sort=True).agg(geometry=("geometry", "first"), own=("own", "sum"))
    points = gpd.GeoSeries(sites["geometry"].to_numpy(), crs=cells.crs).to_crs(LON_LAT)
    features = [
        _feature(
            point,
            {"site_id": str(site), "operator": str(operator), "cells": int(own), "added": (site, operator) in added},
        )
        for (site, operator), own, point in zip(sites.index, sites["own"], points, strict=True)
    ]
    return {"type": "FeatureCollection", "features": features}


def ward_colour(value: float | None, measure: str) -> str:
    """Return the colour of a ward's share; unknown has a grey of its own, never the colour of zero."""
    if value is None or math.isnan(value):
        return UNKNOWN
    return RAMP[max(int(np.digitize(value, BREAKS[measure])) - 1, 0)]


def operator_colours(operators: Sequence[str]) -> dict[str, str]:
    """Return a colour per operator, in alphabetical order so that a colour stays with its operator."""
    return {name: OPERATOR_COLOURS[i % len(OPERATOR_COLOURS)] for i, name in enumerate(sorted(set(operators)))}


def compact(document: dict[str, Any]) -> str:
    """Return JSON without spaces; a NaN is refused, because browsers do not read it."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _feature(shape: Any, properties: dict[str, Any]) -> dict[str, Any]:
    rounded = shapely.transform(shape, lambda points: np.round(points, DECIMALS))
    return {"type": "Feature", "properties": properties, "geometry": shapely.geometry.mapping(rounded)}


def _image(index: NDArray[np.uint8], colours: Sequence[str], alpha: Sequence[int], grid: Grid) -> MapImage:
    picture = Image.fromarray(index, mode="P")
    picture.putpalette([channel for colour in colours for channel in _rgb(colour)])
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True, transparency=bytes(alpha))
    return MapImage(png=buffer.getvalue(), bounds=lat_lon_bounds(grid.bounds_m, grid.crs))


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _shaded(colour: str, level: int) -> str:
    # Flat ground stands in the middle and keeps its tint; slopes away from the light darken more than others lighten.
    amount = (level - SHADES // 2) / (SHADES // 2)
    channels = (c + (255 - c) * 0.55 * amount if amount > 0 else c * (1 + 0.38 * amount) for c in _rgb(colour))
    return "#" + "".join(f"{round(channel):02x}" for channel in channels)


def _hillshade(height_m: NDArray[np.float32], pixel_m: float) -> NDArray[np.intp]:
    """Return levels 0 … SHADES − 1 under light from the north-west at 45°, heights exaggerated twice."""
    south, east = np.gradient(2.0 * height_m, pixel_m)
    light = np.sqrt(0.5)
    # Normal (−∂z/∂x, −∂z/∂y, 1); rows grow southwards; light vector (−1, 1, √2)/2 in (east, north, up).
    brightness = (0.5 * east + 0.5 * south + light) / np.sqrt(1.0 + east**2 + south**2)
    level = SHADES // 2 + (brightness - light) * SHADES
    return np.asarray(np.clip(np.round(level), 0, SHADES - 1), dtype=np.intp)
