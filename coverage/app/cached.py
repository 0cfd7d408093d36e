"""What the pages show, measured once for all visitors: the city under a definition, and plans."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

import coverage as cov
from coverage import drawing, maps
from coverage.app.kept import Kept, fingerprint
from coverage.app.ownrules import OwnRules
from coverage.app.state import DEFAULT_DEFINITION
from coverage.app.visitor import store
from coverage.catalog.registers import data_dir
from coverage.changes import ChangeKind
from coverage.city import City
from coverage.disputes import Confirmed, confirmed
from coverage.drawing import LatLonBounds, MapImage
from coverage.planning.offers import Candidates
from coverage.planning.plans import Plan
from coverage.planning.rules import Rules, Sharing
from coverage.planning.worth import Objective
from coverage.scenarios import Scenario
from coverage.store.challenges import dispute_of
from coverage.store.current import city_with
from coverage.store.principal import SYSTEM
from coverage.store.submissions import holding
from coverage.study import Progress, Result
from coverage.types import Language
from coverage.whatif import WhatIf

SECONDS = 20.0  # for solving: what is not proven by then stays open, and the page says so
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
class Shown:
    """The city with a scenario: measured again, what it adds, all sites with its own marked, and questions about it."""

    after: Measured
    gained: MapImage
    sites: bytes
    ask: WhatIf


@dataclass(frozen=True, kw_only=True)
class Asking:
    """What a plan is asked for on its page.

    Attributes
    ----------
    definition : str
    target : float or None
        Share to reach, 0–1; None where a budget is to be spent.
    budget_vnd : float or None
    objective : {"area", "population", "households"} or None
        None is the headline of the definition.
    kinds : tuple of str
        Kinds of change that may be chosen.
    share : {"none", "moran", "mocn"}
    floor : float or None
        Share that every ward must reach, 0–1.
    phases : int, ≥ 1
    min_distance_m : float
        Of a new mast from all others [m].
    max_new_per_ward : int or None
    own : OwnRules or None
        A file of rules, in place of `kinds`, `share`, `min_distance_m` and `max_new_per_ward`.
    """

    definition: str
    target: float | None = 0.2
    budget_vnd: float | None = None
    objective: Objective | None = None
    kinds: tuple[ChangeKind, ...] = ("upgrade", "new_site")
    share: Sharing = "none"
    floor: float | None = None
    phases: int = 1
    min_distance_m: float = 0.0
    max_new_per_ward: int | None = None
    own: OwnRules | None = None

    @property
    def rules(self) -> Rules:
        """The rules that candidates are made by."""
        if self.own is not None:
            return self.own.rules
        return Rules(
            kinds=self.kinds, share=self.share, min_distance_m=self.min_distance_m,
            max_new_per_ward=self.max_new_per_ward,
        )  # fmt: skip


_cities: Kept[City] = Kept(2)
_measured: Kept[Measured] = Kept(3, "measured")
_offered: Kept[Candidates] = Kept(4)
_planned: Kept[Plan] = Kept(8)
_shown: Kept[Shown] = Kept(4)
_pages: Kept[bytes] = Kept(8)
_gaps: Kept[pd.DataFrame] = Kept(4)
_disputed: Kept[Confirmed] = Kept(4)


def city_file() -> Path:
    """Return the file that names the layers of the city shown: ``PHUSONG_CITY``, else the embedded demo city."""
    named = os.environ.get("PHUSONG_CITY")
    return Path(named) if named else data_dir() / "demo" / "city.toml"


def _mark() -> str:
    """Return what a result depends on beside its definition: the city's files and the submissions that hold.

    It names no partner: all that is kept under it is of the union, and `audience` says who may be shown its sites.
    """
    found = store()
    if found is None:
        return fingerprint(city_file())
    with found.reading(SYSTEM) as access:
        return " ".join([fingerprint(city_file()), *holding(access, "cells"), *holding(access, "subscriptions")])


def _city() -> City:
    """Return the city of the files with what holds in the store in the place of its own cells and lines."""
    city, found = cov.open_city(city_file()), store()
    if found is None:
        return city
    with found.reading(SYSTEM) as access:
        return city_with(access, city)


def city() -> City:
    """Return the city shown, read once while its files and the submissions that hold stay the same."""
    return _cities.get(_mark(), _city)


def measured(definition: str, progress: Progress | None = None) -> Measured:
    """Return the city under a definition, measured when it has not been yet.

    Raises
    ------
    CoverageError
        When the city's files cannot be used or the definition cannot be answered with them.
    """
    mark = _mark()

    def make() -> Measured:
        result = cov.Study(city(), definition=definition).run(progress)
        return Measured(result=result, drawn=draw(result))

    return _measured.get(f"{mark} {definition}", make)


def disputed(definition: str) -> Confirmed | None:
    """Return a city that was `measured` with what is confirmed and what is disputed apart; None without a dispute."""
    found = store()
    if found is None:
        return None
    with found.reading(SYSTEM) as access:
        dispute = dispute_of(access)
    if not dispute:
        return None
    return _disputed.get(f"{_mark()} {definition} {dispute!r}", lambda: confirmed(measured(definition).result, dispute))


def hatched(definition: str) -> MapImage | None:
    """Return the picture of what is disputed; None where nothing is."""
    apart = disputed(definition)
    if apart is None or not apart.pixels.any():
        return None
    return drawing.disputed_image(apart.pixels, measured(definition).result.study.grid)


def gap(definition: str) -> pd.DataFrame:
    """Return `coverage.gapfiles.gap_wards` of a city that was `measured`: kinds and clusters take seconds once.

    Raises
    ------
    CoverageError
        As `measured`.
    """

    def make() -> pd.DataFrame:
        from coverage.gapfiles import gap_wards  # noqa: PLC0415 (spatial statistics take seconds to load)

        return gap_wards(measured(definition).result)

    return _gaps.get(f"{_mark()} {definition}", make)


def offered(asking: Asking) -> Candidates:
    """Return what a plan may choose from, and what its rules refuse.

    Raises
    ------
    CoverageError
        As `measured`.
    """
    study = measured(asking.definition).result.study
    offer = (asking.own, asking.kinds, asking.share, asking.min_distance_m, asking.max_new_per_ward)
    return _offered.get(f"{_mark()} {asking.definition} {offer!r}", lambda: cov.candidates(study, asking.rules))


def planned(asking: Asking, progress: Progress | None = None) -> Plan:
    """Return the plan that was asked for.

    Parameters
    ----------
    asking : Asking
    progress : callable(done, total) or None

    Raises
    ------
    CoverageError
        When the definition cannot be planned for or the target cannot be reached.
    """
    before = measured(asking.definition).result

    def make() -> Plan:
        return cov.plan(
            before.study, offered(asking), target=asking.target, budget_vnd=asking.budget_vnd,
            objective=asking.objective, floor=asking.floor, phases=asking.phases, today=before, seconds=SECONDS,
            progress=progress,
        )  # fmt: skip

    return _planned.get(f"{_mark()} {asking!r}", make)


def shown(definition: str, scenario: Scenario) -> Shown:
    """Return the city with a scenario under a definition, measured again.

    Raises
    ------
    CoverageError
        When the scenario does not fit the city, or the definition cannot be answered.
    """
    before = measured(definition).result
    mark = hashlib.sha256(scenario.renamed("").text().encode()).hexdigest()

    def make() -> Shown:
        study = before.study
        after = study.under(scenario).run()
        added = {(change.site_id, change.operator) for change in scenario.changes}
        sites = drawing.site_points(after.study.city.cells.frame, study.technology, added)
        return Shown(
            after=Measured(result=after, drawn=draw(after)),
            gained=drawing.gain_image(before.probability, after.probability, study.grid, before.definition.edge),
            sites=drawing.compact(sites).encode(),
            ask=WhatIf(result=after),
        )

    return _shown.get(f"{_mark()} {definition} {mark}", make)


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
    result, apart = measured(definition).result, disputed(definition)
    mark = "" if apart is None else hashlib.sha256(apart.pixels.tobytes()).hexdigest()
    key = f"{_mark()} {definition} {measure} {lang} {mark}"
    return _pages.get(key, lambda: maps.result_map(result, lang, measure, apart).html().encode())


def plan_page(plan: Plan, before: Result, after: Result, lang: Language) -> bytes:
    """Return the map of a plan as a file that stands alone."""
    return maps.plan_map(before, after, plan, lang).html().encode()


def plan_report(plan: Plan, before: Result, after: Result, lang: Language) -> bytes:
    """Return the report of a plan as a file that stands alone."""
    return cov.report(before, after, plan=plan, lang=lang).html.encode()
