"""What household internet needs of a city, without cells or terrain: lines, households, perhaps survey and wards."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd

from coverage.catalog.registers import EDITIONS
from coverage.city import City
from coverage.editions import detect_edition
from coverage.errors import LayerError
from coverage.fields import check
from coverage.files.cities import carriers, dated, rasters_around
from coverage.files.layers import read_cells, read_wards
from coverage.files.people import read_people, read_subscriptions
from coverage.files.surveys import read_survey
from coverage.files.tables import read_table
from coverage.grid import Surface
from coverage.internet.penetration import Ratios
from coverage.layers import Layer, Source
from coverage.matching import edition_units
from coverage.types import WORKING_CRS, Edition

PathLike = str | Path


def read_homes(
    *, subscriptions: PathLike, households: PathLike, survey: PathLike | None = None, wards: PathLike | None = None,
    areas: PathLike | None = None, households_raster: PathLike | None = None, households_period: str | None = None,
    ratios: Ratios | None = None, cells: PathLike | None = None,
) -> City:  # fmt: skip
    """Return a city of wards, people, lines and survey; without cells no coverage can be measured of it.

    Parameters
    ----------
    subscriptions, households : path
        Tables as `coverage.read_city` takes them.
    survey, wards, areas, households_raster : path, optional
        Without ward polygons the wards are those of the register, in the edition of the table of households; lines of
        places or of other areas then cannot be carried, and wards without lines are not predicted.
    households_period : str, optional
    ratios : Ratios, optional
    cells : path, optional
        Cells of the network, for the gap between lines and signal; wants ward polygons too.

    Raises
    ------
    LayerError
        What the readers raise; ``homes_edition`` where no register knows the wards of the table.
    """
    layer = read_wards(wards) if wards is not None else register_wards(_edition(households))
    found = rasters_around({"households": households_raster}, layer) if households_raster is not None else {}
    people = dated(read_people(households, layer), households_period)
    pixels = found["households"][0] if found else None
    lines = read_subscriptions(
        subscriptions, layer, split=people.frame.attrs.get("split") if people else None,
        areas=carriers(areas, pixels, people),
    )  # fmt: skip
    asked = None if survey is None else read_survey(survey, layer)
    network = no_cells() if cells is None or wards is None else read_cells(cells)
    told = [layer.source, people.source if people else None, lines.source, asked.source if asked else None]
    sources = tuple(dict.fromkeys(source for source in told if source is not None))
    return City(
        name=Path(subscriptions).stem, wards=layer, cells=network, people=people, subscriptions=lines, survey=asked,
        surface=Surface(households=pixels), sources=sources, ratios=ratios or Ratios(),
        synthetic=any(source.synthetic for source in sources),
    )  # fmt: skip


def no_cells() -> Layer:
    """Return an empty layer of cells."""
    frame = gpd.GeoDataFrame({"cell_id": pd.Series(dtype=str)}, geometry=gpd.GeoSeries([], crs=WORKING_CRS))
    return Layer(kind="cells", frame=frame, source=Source(name="–", sha256=""))


def register_wards(edition: Edition) -> Layer:
    """Return the wards of an edition as the register has them: names and areas, no polygons."""
    units = edition_units(edition)
    units = units[units["in_city"]] if "in_city" in units else units
    frame = gpd.GeoDataFrame(
        {
            "name": units["name"],
            "type": units["type"],
            "district": units["district"],
            "edition": edition,
            "mainland": units["mainland"].astype(bool),
            "area_km2": units["area_km2"].astype(float),
            "area_official_km2": units["area_km2"].where(units["area_official"].astype(bool)),
        },
        geometry=gpd.GeoSeries([None] * len(units), index=units.index, crs=WORKING_CRS),
    )
    frame.index = pd.Index(frame.index, name="ward_id")
    return Layer(kind="wards", frame=frame, source=Source(name=f"wards_{edition}.csv", sha256=""), edition=edition)


def _edition(path: PathLike) -> Edition:
    raw = read_table(path)
    kept, _ = check("households", raw.frame, file=raw.source.name, rows=raw.rows.tolist())
    edition = detect_edition(kept["ward_id"], kept["name"], file=raw.source.name)
    if edition not in EDITIONS:
        raise LayerError("homes_edition", file=raw.source.name)
    return edition
