"""Local rules of building, as data: zones, kinds of masts, distances, numbers per ward, what is offered and shared."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from coverage.changes import ChangeKind, Medium

MastType = Literal["type1", "camouflaged", "small"]
ZoneKind = Literal["airport", "nature", "heritage", "military", "sea", "street", "residential", "other"]
Sharing = Literal["none", "moran", "mocn"]

MASTS: tuple[MastType, ...] = get_args(MastType)
ZONE_KINDS: tuple[ZoneKind, ...] = get_args(ZoneKind)
SHARING: tuple[Sharing, ...] = get_args(Sharing)
BUILDS: tuple[ChangeKind, ...] = ("new_site", "small_cell")  # changes that put up a mast


@dataclass(frozen=True, kw_only=True, eq=False)
class Zone:
    """A part of the city in which not everything may be built.

    Attributes
    ----------
    id : str
    kind : {"airport", "nature", "heritage", "military", "sea", "street", "residential", "other"}
        For the reader; what is refused is said by the fields below.
    geometry : geometry or None
        In the working CRS, with its buffer; None where wards are listed.
    wards : tuple of str
        Ward ids that belong to it.
    changes : tuple of str
        Kinds of change it speaks of; those that build a mast unless told otherwise.
    masts : tuple of {"type1", "camouflaged", "small"}
        Masts that may be built inside; empty: none.
    max_height_m : float
        Greatest height of a mast above ground [m].
    max_top_m : float
        Greatest height of its top above sea level [m], as airport obstacle surfaces are given.
    name_vi, name_en, source : str
    synthetic : bool
        True for a made-up zone.
    """

    id: str
    kind: ZoneKind = "other"
    geometry: BaseGeometry | None = None
    wards: tuple[str, ...] = ()
    changes: tuple[ChangeKind, ...] = BUILDS
    masts: tuple[MastType, ...] = ()
    max_height_m: float = math.inf
    max_top_m: float = math.inf
    name_vi: str = ""
    name_en: str = ""
    source: str = ""
    synthetic: bool = False

    def holds(self, points: NDArray[np.object_], wards: Sequence[str | None]) -> NDArray[np.bool_]:
        """Return which places lie inside: in its geometry (its border counts) or in one of its wards; shape (n,)."""
        named = np.array([ward in self.wards for ward in wards], dtype=bool)
        if self.geometry is None or not len(points):
            return named
        shapely.prepare(self.geometry)
        return np.asarray(named | shapely.intersects(self.geometry, points))


@dataclass(frozen=True, kw_only=True, eq=False)
class Rules:
    """What is offered to a plan, and what may be built where.

    Attributes
    ----------
    name : str
    kinds : tuple of str
        Kinds of change that are offered.
    operator : str or None
        Who builds new masts; None: the first 5G holder of the catalogue.
    lattice_m, small_lattice_m : float or None
        Spacing of the lattices of new masts and of small cells [m]; None offers none.
    sites : GeoDataFrame or None
        Points where masts could be built (``site_id`` is read where present), instead of the lattice.
    roads : geometry or None
        Lines along which masts could be built, one every `road_step_m`, instead of the lattice.
    road_step_m : float
    share : {"none", "moran", "mocn"}
        Whether one radio serves every 5G operator: on carriers of their own (MORAN) or on the builder's (MOCN).
    alone : bool
        Whether changes of one operator are offered beside shared ones.
    masts : tuple of {"type1", "camouflaged"}
        Masts that are offered, the usual one first: the first that is allowed at a place is taken.
    height_m : float
        Height of a new mast [m]; where a zone allows less, the mast is lower.
    min_distance_m : float
        Least distance of a new mast from standing sites and other new masts; small cells do not count [m].
    max_new_per_ward : int or None
    max_new_in : mapping of str to int
        Ward id → number that counts there instead.
    shared_incentive : float, 0–1
        Share of the capital that the city bears at shared positions.
    no_masts_on_water : bool
        Whether places on water (coast layer, else land cover) are refused.
    tilts_deg, azimuths_deg, heights_m, powers_db : tuple of float
        What a retuned cell is offered: added to its tilt, azimuth, height and power.
    connect : tuple of {"FTTH", "FWA"}
        How households without a connection are offered one.
    fibre : geometry or None
        Where fibre lies.
    zones : tuple of Zone
    source : str
    synthetic : bool
    """

    name: str = ""
    kinds: tuple[ChangeKind, ...] = ("upgrade", "new_site")
    operator: str | None = None
    lattice_m: float | None = 3000.0
    small_lattice_m: float | None = 1000.0
    sites: gpd.GeoDataFrame | None = None
    roads: BaseGeometry | None = None
    road_step_m: float = 1000.0
    share: Sharing = "none"
    alone: bool = False
    masts: tuple[MastType, ...] = ("type1",)
    height_m: float = 25.0
    min_distance_m: float = 0.0
    max_new_per_ward: int | None = None
    max_new_in: Mapping[str, int] = dataclasses.field(default_factory=dict)
    shared_incentive: float = 0.0
    no_masts_on_water: bool = False
    tilts_deg: tuple[float, ...] = (-3.0, 3.0)
    azimuths_deg: tuple[float, ...] = (-20.0, 20.0)
    heights_m: tuple[float, ...] = ()
    powers_db: tuple[float, ...] = ()
    connect: tuple[Medium, ...] = ("FTTH", "FWA")
    fibre: BaseGeometry | None = None
    zones: tuple[Zone, ...] = ()
    source: str = ""
    synthetic: bool = False

    def most_new_in(self, ward_id: str) -> int | None:
        """Return how many new masts a ward may get; None: as many as there are."""
        return self.max_new_in.get(ward_id, self.max_new_per_ward)

    def without(self, *names: str) -> Rules:
        """Return the same rules without some of them.

        Parameters
        ----------
        *names : str
            Ids of zones, or ``min_distance_m``, ``max_new_per_ward``, ``no_masts_on_water``.

        Raises
        ------
        KeyError
            For a name that is none of these.
        """
        known = {zone.id for zone in self.zones} | {"min_distance_m", "max_new_per_ward", "no_masts_on_water"}
        if unknown := set(names) - known:
            raise KeyError(f"no rule {', '.join(sorted(unknown))}")
        zones = tuple(zone for zone in self.zones if zone.id not in names)
        return dataclasses.replace(
            self,
            zones=zones,
            min_distance_m=0.0 if "min_distance_m" in names else self.min_distance_m,
            max_new_per_ward=None if "max_new_per_ward" in names else self.max_new_per_ward,
            max_new_in={} if "max_new_per_ward" in names else self.max_new_in,
            no_masts_on_water=self.no_masts_on_water and "no_masts_on_water" not in names,
        )
