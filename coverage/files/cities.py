"""A city from its files: every layer read, matched to the wards, and placed."""

from __future__ import annotations

import tomllib
from dataclasses import fields, replace
from functools import cache
from itertools import chain
from pathlib import Path

import pandas as pd
import shapely

from coverage.catalog.registers import data_dir
from coverage.city import City
from coverage.errors import LayerError, Problem
from coverage.fields.checking import read_period
from coverage.files.areas import Areas, read_areas
from coverage.files.buildings import building_raster, read_buildings
from coverage.files.coasts import read_coast
from coverage.files.layers import read_cells, read_wards
from coverage.files.opening import EXTENSIONS, regular_file
from coverage.files.people import COUNTS, Split, read_people, read_subscriptions
from coverage.files.rasters import Bounds, read_raster_and_source
from coverage.files.surfaces import checked_counts, checked_land_cover, unknown_inside, ward_sums, whole_sums
from coverage.files.surveys import read_survey
from coverage.grid import Raster, Surface
from coverage.internet.penetration import Ratios
from coverage.layers import Layer, Source

LAYERS = (
    "wards", "cells", "households", "population", "households_raster", "subscriptions", "terrain", "clutter",
    "buildings", "coast", "antennas", "survey", "areas",
)  # fmt: skip
MARGIN_M = 20_000.0  # rasters are read so far around the wards; cells further out are flagged

_UNITS = {"terrain": "m", "clutter": "class", "households": "households", "population": "people"}

PathLike = str | Path
Rasters = dict[str, tuple[Raster, Source]]


def read_city(  # noqa: PLR0913 (a city has so many layers; each is given by its name)
    *, wards: PathLike, cells: PathLike, households: PathLike | None = None, population: PathLike | None = None,
    subscriptions: PathLike | None = None, terrain: PathLike | None = None, clutter: PathLike | None = None,
    households_raster: PathLike | None = None, buildings: PathLike | None = None, coast: PathLike | None = None,
    antennas: PathLike | None = None, survey: PathLike | None = None, areas: PathLike | None = None,
    edition: str = "auto", name: str | None = None, households_period: str | None = None, ratios: Ratios | None = None,
) -> City:  # fmt: skip
    """Return a city read from files.

    Parameters
    ----------
    wards, cells : path
        Ward polygons and cells, in any format of `coverage.files.tables.read_table`.
    households, population : path, optional
        Tables by ward of the same or another edition; ``population`` may also be a GeoTIFF of people per pixel.
    subscriptions : path, optional
        Broadband lines by ward.
    terrain, clutter, households_raster : path, optional
        GeoTIFF: height of the ground [m], land cover (ESA WorldCover codes), households per pixel.
    buildings : path, optional
        Footprints with heights or floors (`coverage.files.buildings`).
    coast : path, optional
        Polygons of land or of sea, or shore lines, for at least 20 km around the wards (`coverage.files.coasts`).
    antennas : path, optional
        Folder of MSI/Planet antenna files that the cells name.
    survey : path, optional
        Households asked and connected, by ward (`coverage.files.surveys`).
    areas : path, optional
        Polygons of the areas that the subscriptions name instead of wards (`coverage.files.areas`).
    edition : {"auto", "2019", "2025h1", "2025h2"}
        Edition of the ward polygons.
    name : str, optional
        Shown to people; else the name of the ward file.
    households_period : str, optional
        When households were counted, where their table does not say it: ``2019-04``, ``Quý 2/2019``, ``2019``.
    ratios : Ratios, optional
        What lies between lines and households; assumptions unless given.

    Raises
    ------
    LayerError
        What the readers raise, each naming its file; ``cells_elsewhere`` when no cell lies near the wards;
        ``period_unreadable``.
    """
    ward_layer = read_wards(wards, edition)
    cell_layer = _near(read_cells(cells, antennas), ward_layer)
    given = {"terrain": terrain, "clutter": clutter, "households": households_raster}
    given["population"] = population if _is_raster(population) else None
    rasters, found = _rasters(given, ward_layer)
    built, told = _draw(buildings, coast, ward_layer, rasters)
    ward_layer = ward_layer.with_frame(ward_layer.frame, *found.pop("clutter", ()), *told)
    tables = [path for path in (households, population) if path is not None and path != given["population"]]
    people, split, counted = _people(tables, rasters, ward_layer, found)
    people = dated(people, households_period)
    lines, asked = _internet((subscriptions, survey, areas), ward_layer, people, rasters, split)
    counted += [asked.source] if asked else []
    sources = _sources((ward_layer, cell_layer, lines), counted, rasters)
    return City(
        name=name or Path(wards).stem,
        wards=ward_layer,
        cells=cell_layer,
        people=people,
        subscriptions=lines,
        survey=asked,
        ratios=ratios or Ratios(),
        buildings=built,
        surface=Surface(**{key: raster for key, (raster, _) in rasters.items()}),
        sources=sources,
        synthetic=any(source.synthetic for source in sources),
    )


def _internet(
    paths: tuple[PathLike | None, PathLike | None, PathLike | None], wards: Layer, people: Layer | None,
    rasters: Rasters, split: Split | None,
) -> tuple[Layer | None, Layer | None]:  # fmt: skip
    """Return subscriptions and survey, from their paths and that of other areas."""
    subscriptions, survey, areas = paths
    lines = None
    if subscriptions is not None:
        pixels = rasters["households"][0] if "households" in rasters else None
        lines = read_subscriptions(subscriptions, wards, split=split, areas=carriers(areas, pixels, people))
    return lines, None if survey is None else read_survey(survey, wards)


def carriers(areas: PathLike | None, pixels: Raster | None, people: Layer | None) -> Areas:
    """Return what carries lines of other areas to wards: their polygons, and where households are."""
    return Areas(
        polygons=None if areas is None else read_areas(areas),
        pixels=pixels,
        households=None if people is None else people.frame["households"],
    )


def dated(people: Layer | None, period: str | None) -> Layer | None:
    """Return the people with the date of the count where the table itself has none."""
    if people is None or period is None:
        return people
    month = read_period(period)
    if month is None:
        raise LayerError("period_unreadable", value=period)
    frame = people.frame.copy()
    told = frame["households_period"] if "households_period" in frame else pd.Series(None, frame.index, dtype=object)
    frame["households_period"] = told.astype(object).where(told.notna(), month)
    return people.with_frame(frame)


def _sources(layers: tuple[Layer, Layer, Layer | None], counted: list[Source], rasters: Rasters) -> tuple[Source, ...]:
    """Return what was read, each file once: wards, cells, people, lines, the antennas that cells name, rasters."""
    wards, cells, lines = layers
    named = [antenna.source for antenna in cells.frame["antenna"].dropna().unique()]
    told = [wards.source, cells.source, *counted, lines.source if lines else None, *named]
    told += [source for _, source in rasters.values()]
    return tuple(dict.fromkeys(source for source in told if source is not None))


def _is_raster(path: PathLike | None) -> bool:
    return path is not None and EXTENSIONS.get(Path(path).suffix.lower()) == "raster"


def _around(wards: Layer) -> Bounds:
    west, south, east, north = wards.frame.total_bounds
    return west - MARGIN_M, south - MARGIN_M, east + MARGIN_M, north + MARGIN_M


def _near(cells: Layer, wards: Layer) -> Layer:
    """Return the cells with a warning on those that lie far from every ward; raise when that is all of them."""
    within = shapely.box(*_around(wards))
    far = ~shapely.within(cells.frame.geometry.to_numpy(), within)
    if not far.any():
        return cells
    values = {"file": cells.source.name, "count": int(far.sum()), "km": MARGIN_M / 1000, "wards": wards.source.name}
    if far.all():
        raise LayerError("cells_elsewhere", cells.problems, **values)
    return cells.with_frame(cells.frame, Problem(code="cells_far", severity="warning", values=values))


def _rasters(given: dict[str, PathLike | None], wards: Layer) -> tuple[Rasters, dict[str, tuple[Problem, ...]]]:
    """Return the rasters around the wards with impossible pixels unknown, and what was found in each."""
    checks = {"clutter": checked_land_cover, "households": checked_counts, "population": checked_counts}
    rasters: Rasters = {}
    found: dict[str, tuple[Problem, ...]] = {}
    for key, path in given.items():
        if path is not None:
            raster, source = read_raster_and_source(path, _UNITS[key], within=_around(wards))
            if key in checks:
                raster, found[key] = checks[key](raster, source.name)
            rasters[key] = raster, source
    return rasters, found


def rasters_around(given: dict[str, PathLike | None], wards: Layer) -> Rasters:
    """Return `given` rasters around the wards, checked, with their sources."""
    return _rasters(given, wards)[0]


def _draw(
    buildings: PathLike | None, coast: PathLike | None, wards: Layer, rasters: Rasters
) -> tuple[Layer | None, tuple[Problem, ...]]:
    """Add the rasters of buildings and of the sea; return the layer of buildings and what was found about the coast."""
    mainland = wards.frame[wards.frame["mainland"].to_numpy(bool)]
    around = _around(wards.with_frame(mainland))  # a registered shore seldom goes as far as the farthest island
    built: Layer | None = None
    told: tuple[Problem, ...] = ()
    if buildings is not None:
        built = read_buildings(buildings, around)
        rasters["buildings"] = building_raster(built.frame, around), built.source
    if coast is not None:
        sea, source, told = read_coast(coast, wards.frame, around)
        rasters["coast"] = sea, source
    return built, told


def _holes(rasters: Rasters, wards: Layer) -> list[Problem]:
    """Return the warnings on rasters of counts that lack pixels inside the wards."""
    counted = [rasters[name] for name in COUNTS if name in rasters]
    return [problem for raster, source in counted for problem in unknown_inside(raster, wards.frame, source.name)]


def _people(
    paths: list[PathLike], rasters: Rasters, wards: Layer, found: dict[str, tuple[Problem, ...]]
) -> tuple[Layer | None, Split | None, list[Source]]:
    """Return one layer of people, the weights of divided wards, and what was read.

    Tables come first, a later one over an earlier one; sums of pixels stand in where no table has a count.
    """
    parts = None
    if "households" in rasters:
        raster, source = rasters["households"]
        parts = ward_sums(raster, wards.frame.geometry, source.name)
    tables = [read_people(path, wards, households_per_ward=parts) for path in paths]
    split = next((layer.frame.attrs["split"] for layer in tables if layer.frame.attrs["split"]), None)
    layers = [*tables, *_sums(tables, rasters, wards)]
    if not layers:
        return None, None, []
    merged = layers[0].frame.copy()
    for layer in layers[1:]:
        for name in COUNTS:
            speaks = layer.frame[name].notna()
            for column in (name, f"{name}_source"):
                merged.loc[speaks, column] = layer.frame.loc[speaks, column]
    told = (*chain.from_iterable(found.values()), *_holes(rasters, wards))
    problems = (*(problem for layer in layers for problem in layer.problems), *told)
    return replace(layers[0], frame=merged, problems=problems), split, [layer.source for layer in layers]


def _sums(tables: list[Layer], rasters: Rasters, wards: Layer) -> list[Layer]:
    """Return a layer of the sums of pixels for every count that no table has."""
    sums = []
    for name in COUNTS:
        told = any(layer.frame[name].notna().any() for layer in tables)
        if name in rasters and not told:
            raster, source = rasters[name]
            frame = pd.DataFrame(index=wards.frame.index, columns=[*COUNTS, *(f"{other}_source" for other in COUNTS)])
            frame = frame.astype(dict.fromkeys(COUNTS, float))
            frame[name] = whole_sums(raster, wards.frame.geometry, source.name)
            frame.loc[frame[name].notna(), f"{name}_source"] = source.name
            sums.append(Layer(kind="households", frame=frame, source=source, edition=wards.edition))
    return sums


def open_city(path: str | Path) -> City:
    """Return the city that a TOML file describes.

    ``name`` is shown to people, ``synthetic = true`` marks made-up data, ``edition`` names that of the wards (else it
    is found), ``households_period`` is the date of the count of households, ``[layers]`` holds the paths `read_city`
    takes, relative to the file, and ``[ratios]`` the ranges of `coverage.internet.penetration.Ratios` that are known
    better than by assumption, such as ``lines_per_household = [1.0, 1.1]``.

    Raises
    ------
    LayerError
        ``bad_city_file`` when it is no TOML or names unknown layers, ``city_file_lacks`` without wards or cells; and
        what `read_city` raises.
    """
    found = regular_file(path)
    try:
        told = tomllib.loads(found.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LayerError("bad_city_file", file=found.name, reason=str(error)) from None
    layers = told.get("layers")
    if not isinstance(layers, dict) or not layers.keys() <= set(LAYERS) or not all(map(_is_text, layers.values())):
        known = ", ".join(LAYERS)
        raise LayerError("city_file_layers", file=found.name, known=known)
    for name in ("wards", "cells"):
        if name not in layers:
            raise LayerError("city_file_lacks", file=found.name, layer=name)
    paths = {name: found.parent / value for name, value in layers.items()}
    city = read_city(
        **paths,
        edition=str(told.get("edition", "auto")),
        name=str(told.get("name", found.stem)),
        households_period=str(told["households_period"]) if "households_period" in told else None,
        ratios=_ratios(told.get("ratios", {}), found.name),
    )
    return replace(
        city,
        synthetic=city.synthetic or told.get("synthetic") is True,
        name_en=str(told.get("name_en", "")),
    )


def _ratios(told: object, file: str) -> Ratios:
    names = {field.name for field in fields(Ratios)}
    if not isinstance(told, dict) or not told.keys() <= names or not all(map(_is_range, told.values())):
        raise LayerError("city_file_ratios", file=file, known=", ".join(sorted(names)))
    return Ratios(**{name: (float(low), float(high)) for name, (low, high) in told.items()})


def _is_range(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(end, int | float) for end in value)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


@cache
def demo_city() -> City:
    """Return the embedded demo city: real names and counts, made-up geometry and networks, marked as synthetic."""
    return open_city(data_dir() / "demo" / "city.toml")
