"""What the pages show, measured once for all visitors: the city under a definition, and plans."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import coverage as cov
from coverage import drawing, maps
from coverage.app.kept import Kept, fingerprint
from coverage.app.state import DEFAULT_DEFINITION
from coverage.catalog.registers import data_dir
from coverage.city import City
from coverage.drawing import LatLonBounds, MapImage
from coverage.planning.plans import Plan
from coverage.study import Progress, Result
from coverage.types import Language

ALL = ""  # key of the coverage that the definition counts, beside those of single operators


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """The shapes and pictures of a result.

    Attributes
    ----------
    wards, sites : bytes
        GeoJSON.
    coverage : dict of str to MapImage
        By operator; `ALL` is what the definition counts.
    relief : MapImage or None
    bounds : ((south, west), (north, east))
        Of the study [deg].
    """

    wards: bytes
    sites: bytes
    coverage: dict[str, MapImage]
    relief: MapImage | None
    bounds: LatLonBounds


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A result with its shapes and pictures."""

    result: Result
    drawn: Drawn


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A plan, the city measured again with it, the picture of what it adds, and all sites with its own marked."""

    plan: Plan
    after: Measured
    gained: MapImage
    sites: bytes


_cities: Kept[City] = Kept(2)
_measured: Kept[Measured] = Kept(3, "measured")
_planned: Kept[Planned] = Kept(4)
_pages: Kept[bytes] = Kept(8)


def city_file() -> Path:
    """Return the file that names the layers of the city shown: ``PHUSONG_CITY``, else the embedded demo city."""
    named = os.environ.get("PHUSONG_CITY")
    return Path(named) if named else data_dir() / "demo" / "city.toml"


def measured(definition: str, progress: Progress | None = None) -> Measured:
    """Return the city under a definition, measured when it has not been yet.

    Raises
    ------
    CoverageError
        When the city's files cannot be used or the definition cannot be answered with them.
    """
    mark = fingerprint(city_file())

    def make() -> Measured:
        city = _cities.get(mark, lambda: cov.open_city(city_file()))
        result = cov.Study(city, definition=definition).run(progress)
        return Measured(result=result, drawn=draw(result))

    return _measured.get(f"{mark} {definition}", make)


def planned(definition: str, target: float, budget_vnd: float | None, progress: Progress | None = None) -> Planned:
    """Return the plan to a target under a definition, and the city measured again with it.

    Parameters
    ----------
    definition : str
    target : float
        Share to reach, 0–1.
    budget_vnd : float or None
    progress : callable(done, total) or None

    Raises
    ------
    CoverageError
        When the definition cannot be planned for or the target cannot be reached.
    """
    before = measured(definition).result

    def make() -> Planned:
        study = before.study
        changes = cov.candidates(study)
        plan = cov.plan(study, changes, target=target, budget_vnd=budget_vnd, today=before, progress=progress)
        after = study.under(plan.scenario).run()
        edge = before.definition.edge
        added = {(change.site_id, change.operator) for change in plan.scenario.changes}
        sites = drawing.site_points(after.study.city.cells.frame, study.technology, added)
        return Planned(
            plan=plan,
            after=Measured(result=after, drawn=draw(after)),
            gained=drawing.gain_image(before.probability, after.probability, study.grid, edge),
            sites=drawing.compact(sites).encode(),
        )

    return _planned.get(f"{fingerprint(city_file())} {definition} {target} {budget_vnd}", make)


def draw(result: Result) -> Drawn:
    """Return the shapes and pictures of a result."""
    study, edge = result.study, result.definition.edge
    city, grid, signal = study.city, study.grid, result.signal
    coverage = {ALL: drawing.coverage_image(result.probability, grid, edge)}
    for operator, probability in zip(signal.operators, signal.probability, strict=True):
        coverage[operator] = drawing.coverage_image(probability, grid, edge)
    return Drawn(
        wards=drawing.compact(drawing.ward_shapes(city.wards.frame)).encode(),
        sites=drawing.compact(drawing.site_points(city.cells.frame, study.technology)).encode(),
        coverage=coverage,
        relief=drawing.relief_image(city.surface, grid),
        bounds=drawing.lat_lon_bounds(grid.bounds_m, grid.crs),
    )


def warm() -> None:
    """Have the default definition measured."""
    measured(DEFAULT_DEFINITION)


def map_page(definition: str, measure: str, lang: Language) -> bytes:
    """Return the map of the city as a file that stands alone."""
    result = measured(definition).result
    key = f"{fingerprint(city_file())} {definition} {measure} {lang}"
    return _pages.get(key, lambda: maps.result_map(result, lang, measure).html().encode())


def plan_page(found: Planned, before: Result, lang: Language) -> bytes:
    """Return the map of a plan as a file that stands alone."""
    return maps.plan_map(before, found.after.result, found.plan, lang).html().encode()
