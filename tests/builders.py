"""Small cities made by hand, for tests: squares on flat ground with a cell or two."""

import geopandas as gpd
import numpy as np
import pandas as pd
from affine import Affine
from shapely.geometry import Point, box

from coverage.city import City
from coverage.grid import Raster, Surface
from coverage.layers import Layer, Source

CRS = "EPSG:5899"
EAST, NORTH = 540_000.0, 1_775_000.0  # on the coastal plain of Đà Nẵng
NOWHERE = Source(name="hand-made", sha256="0" * 64)


def wards(*boxes, mainland=None, names=None, edition="other", areas_km2=None):
    """Return a ward layer of boxes given as (west, south, east, north) in km from (EAST, NORTH)."""
    geometry = [box(*(1000 * np.array(b) + [EAST, NORTH, EAST, NORTH])) for b in boxes]
    frame = gpd.GeoDataFrame(
        {
            "name": names or [f"Ward {n}" for n in range(len(boxes))],
            "type": None,
            "district": None,
            "edition": edition,
            "mainland": [True] * len(boxes) if mainland is None else mainland,
            "area_km2": areas_km2 or [polygon.area / 1e6 for polygon in geometry],
            "area_official_km2": np.nan,
        },
        geometry=geometry,
        index=pd.Index([f"w{n}" for n in range(len(boxes))], name="ward_id"),
        crs=CRS,
    )
    return Layer(kind="wards", frame=frame, source=NOWHERE, edition=edition)


def cell(x_km=0.0, y_km=0.0, **values):
    """Return one completed n41 cell, `x_km` east and `y_km` north of (EAST, NORTH)."""
    return {
        "site_id": "s1",
        "cell_id": "s1-1",
        "operator": "Viettel",
        "technology": "NR",
        "band": "n41",
        "height_m": 25.0,
        "azimuth_deg": 0.0,
        "tilt_deg": 6.0,
        "power_dbm": 53.0,
        "bandwidth_mhz": 100.0,
        "ssb_gain_dbi": 17.0,
        "traffic_gain_dbi": 24.0,
        "beamwidth_az_deg": 65.0,
        "beamwidth_el_deg": 10.0,
        "frequency_mhz": 2550.0,
        "environment": "UMa",
        "geometry": Point(EAST + 1000 * x_km, NORTH + 1000 * y_km),
    } | values


def cells(*rows):
    """Return a cell layer of completed cells."""
    if rows:
        frame = gpd.GeoDataFrame(list(rows), geometry="geometry", crs=CRS)
    else:
        frame = gpd.GeoDataFrame([cell()], geometry="geometry", crs=CRS).iloc[:0]
    return Layer(kind="cells", frame=frame, source=NOWHERE)


def people(wards_layer, population, households):
    """Return a households layer for the wards in order."""
    frame = pd.DataFrame(
        {
            "population": np.array(population, dtype=float),
            "households": np.array(households, dtype=float),
            "population_source": "census",
            "households_source": "census",
        },
        index=wards_layer.frame.index,
    )
    return Layer(kind="households", frame=frame, source=NOWHERE)


def subscriptions(*rows):
    """Return a subscription layer of (ward_id, operator, technology, customer, lines, period)."""
    columns = ["ward_id", "operator", "technology", "customer", "lines", "period"]
    return Layer(kind="subscriptions", frame=pd.DataFrame(rows, columns=columns), source=NOWHERE)


def raster(values, pixel_m, west_km=0.0, north_km=0.0):
    """Return a raster whose upper left corner lies at the given kilometres from (EAST, NORTH)."""
    corner = EAST + 1000 * west_km, NORTH + 1000 * north_km
    return Raster(
        values=np.asarray(values, dtype=float),
        transform=Affine(pixel_m, 0, corner[0], 0, -pixel_m, corner[1]),
        crs=CRS,
    )


def city(wards_layer, cells_layer, **layers):
    """Return a city."""
    return City(name="Test", wards=wards_layer, cells=cells_layer, **{"surface": Surface(), **layers})
