"""A city: all its layers, checked."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from coverage.grid import Surface
from coverage.internet.penetration import Ratios
from coverage.layers import Layer, Source
from coverage.types import Language


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
        households_source, population_source, households_period (ISO 8601 month).
    subscriptions : Layer or None
        Kind ``subscriptions``: ward_id, operator, technology, customer, lines, period; lines_low, lines_high and status
        (``measured`` or ``estimated``) tell lines that were carried from other areas, passed the households that the
        operator's fibre passes.
    buildings : Layer or None
        Kind ``buildings``: height_m and footprints (working CRS); models read the raster in `surface`.
    surface : Surface
        Terrain, land cover, people and households per pixel, building heights and sea; any may be absent.
    sources : tuple of Source
        Every file that was read.
    synthetic : bool
        True when any layer is made up: shown wherever a figure is shown.
    name_en : str
        Name on English pages; empty where it is the same.
    survey : Layer or None
        Kind ``surveys``, indexed by ``ward_id``: sample, fixed_share, any_share, design_effect.
    ratios : Ratios
        What lies between lines and households; assumptions unless somebody knows better.
    """

    name: str
    wards: Layer
    cells: Layer
    people: Layer | None = None
    subscriptions: Layer | None = None
    buildings: Layer | None = None
    surface: Surface = dataclasses.field(default_factory=Surface)
    sources: tuple[Source, ...] = ()
    synthetic: bool = False
    name_en: str = ""
    survey: Layer | None = None
    ratios: Ratios = dataclasses.field(default_factory=Ratios)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The checked tables that are there."""
        given = (self.wards, self.cells, self.people, self.subscriptions, self.survey, self.buildings)
        return tuple(layer for layer in given if layer is not None)

    def title(self, lang: Language) -> str:
        """Return the name of the city in a language."""
        return self.name_en if lang == "en" and self.name_en else self.name
