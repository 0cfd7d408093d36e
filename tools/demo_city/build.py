"""The whole demo city, in the order in which one thing follows from another."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from shapely import unary_union

from coverage.grid import Grid
from tools.demo_city import CRS, cells, landcover, outline, people, sites, subscriptions, surveys, terrain, wards
from tools.demo_city.texts import CITY_TOML, PROVENANCE
from tools.demo_city.writing import write_provenance, write_raster, write_table, write_wards

PIXEL_M = 30.0
MARGIN_M = 6600.0
REGISTERS = Path(__file__).resolve().parents[2] / "data" / "registers"
DEMO = REGISTERS.parent / "demo"
CODES = {"ward_id": str, "district_code": str}


def build(out: Path = DEMO) -> tuple[Path, ...]:
    """Write every file of the demo city into a folder and return the paths; about half a minute."""
    out.mkdir(parents=True, exist_ok=True)
    register = pd.read_csv(REGISTERS / "wards_2019.csv", dtype=CODES)
    census = pd.read_csv(REGISTERS / "census_2019.csv", dtype=CODES)
    shape = outline.draw(float(register["area_km2"].sum()))
    ward_frame = wards.draw(shape, register)
    mainland = unary_union(list(ward_frame.to_crs(CRS).geometry))
    west, south, east, north = mainland.bounds
    grid = Grid.covering((west - MARGIN_M, south - MARGIN_M, east + MARGIN_M, north + MARGIN_M), PIXEL_M, CRS)
    land = outline.land(shape, *grid.bounds_m)
    heights = terrain.raise_land(grid, land)
    cover = landcover.cover(grid, land, heights, shape.coast)
    living = people.settle(ward_frame, census, grid, cover)
    masts = sites.place_sites(mainland, living, grid, cover)

    write_wards(out / "wards.geojson", ward_frame)
    write_raster(out / "terrain.tif", heights.astype("int16"), grid, -32768, "m")
    write_raster(out / "clutter.tif", cover.classes, grid, 0, "class")
    write_raster(out / "population.tif", living.population, living.grid, -1, "people")
    write_raster(out / "households.tif", living.households, living.grid, -1, "households")
    write_table(out / "cells.csv", cells.list_cells(masts))
    lines = subscriptions.list_lines(register, census)
    write_table(out / "subscriptions.csv", lines)
    write_table(out / "survey.csv", surveys.ask(register, census, lines))
    (out / "city.toml").write_text(CITY_TOML, encoding="utf-8", newline="\n")
    files = tuple(out / name for name in PROVENANCE)
    for path in files:
        write_provenance(path, PROVENANCE[path.name])
    return files
