"""A study: all inputs, a definition, a grid and a model make one reproducible run, and `Result` is its answer."""

from __future__ import annotations

from dataclasses import dataclass

from coverage.grid import Surface
from coverage.layers import Layer, Source


@dataclass(frozen=True, kw_only=True)
class City:
    """All layers of a city, checked.

    Attributes
    ----------
    name : str
        Name shown to people.
    wards : Layer
        Kind ``wards``, indexed by ``ward_id``: name, type, district, edition, mainland, area_km2, area_official_km2,
        geometry (working CRS).
    cells : Layer
        Kind ``cells``, completed from the catalogue: one row per cell, geometry Point (working CRS).
    people : Layer or None
        Kind ``households``, indexed by ``ward_id`` of the wards' edition: households, population (NaN unknown),
        households_source, population_source.
    subscriptions : Layer or None
        Kind ``subscriptions``: ward_id, operator, technology, customer, lines, period.
    surface : Surface
        Terrain, land cover, people and households per pixel; any may be absent.
    sources : tuple of Source
        Every file that was read.
    synthetic : bool
        True when any layer is made up: shown wherever a figure is shown.
    """

    name: str
    wards: Layer
    cells: Layer
    people: Layer | None = None
    subscriptions: Layer | None = None
    surface: Surface = Surface()
    sources: tuple[Source, ...] = ()
    synthetic: bool = False
