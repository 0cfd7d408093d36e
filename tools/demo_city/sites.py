"""Where masts stand and whose they are: denser where people live, along the roads of Hòa Vang, some of them shared."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from shapely import contains_xy
from shapely.geometry.base import BaseGeometry

from coverage.grid import Grid
from tools.demo_city import SEED
from tools.demo_city.landcover import BUILT, WATER, LandCover
from tools.demo_city.lines import along, smooth, to_metres
from tools.demo_city.people import People
from tools.demo_city.places import ROADS

URBAN_POSITIONS = 890
ROAD_POSITIONS = 80
TOWN_APART_M = 150.0
ROAD_APART_M = 420.0
OPERATORS = {"Viettel": 0.36, "VNPT": 0.27, "MobiFone": 0.24, "Vietnamobile": 0.13}
TENANTS = (0.72, 0.20, 0.08)  # masts with one, two, three operators


class Sites(NamedTuple):
    """One row per operator and position.

    Attributes
    ----------
    operator : ndarray of str
    position : ndarray of int
        Which mast.
    place : ndarray of shape (n, 2)
        Easting, northing [m].
    people_nearby : ndarray of float
        People per hectare around.
    built : ndarray of bool
        Stands in a built-up pixel.
    town : ndarray of float
        Share of the dry land around (about 700 m) that is built up, 0–1.
    small : ndarray of bool
        A small cell on a pole rather than a mast or a roof.
    """

    operator: NDArray[np.str_]
    position: NDArray[np.int64]
    place: NDArray[np.float64]
    people_nearby: NDArray[np.float64]
    built: NDArray[np.bool_]
    town: NDArray[np.float64]
    small: NDArray[np.bool_]


def place_sites(mainland: BaseGeometry, people: People, fine: Grid, cover: LandCover) -> Sites:
    """Return the sites of all operators, in the order of the masts."""
    rng = np.random.default_rng([SEED, 6])
    density = gaussian_filter(people.population.astype(float), 2.0)
    ground = _Ground(mainland, fine, cover)
    towns, roads = _candidates(people, density, rng), _road_candidates(rng)
    wide = 1.0 + 14.0 / np.maximum(_sample(density, people.grid, towns), 1.0)  # fewer masts where fewer people live
    masts = _spread([], towns, np.minimum(1200.0, TOWN_APART_M * wide), ground, URBAN_POSITIONS)
    masts = _spread(masts, roads, np.full(len(roads), ROAD_APART_M), ground, URBAN_POSITIONS + ROAD_POSITIONS)
    places: NDArray[np.float64] = np.array(masts, dtype=np.float64).round(1)
    near = _sample(density, people.grid, places)
    names = list(OPERATORS)
    rows: list[tuple[str, int, bool]] = []
    for mast in range(len(places)):
        rural = near[mast] < 8.0
        tenants = 1 + int(rng.choice(3, p=TENANTS))
        weights = np.array(list(OPERATORS.values())) * (np.array([1.3, 1.2, 0.8, 0.2]) if rural else 1.0)
        owners = rng.choice(len(names), size=tenants, replace=False, p=weights / weights.sum())
        small = bool(rng.random() < 0.07) and not rural and tenants == 1
        rows += [(names[owner], mast, small) for owner in sorted(owners)]
    position = np.array([mast for _, mast, _ in rows])
    return Sites(
        operator=np.array([name for name, _, _ in rows]),
        position=position,
        place=places[position],
        people_nearby=near[position],
        built=ground.classes_at(places)[position] == BUILT,
        town=_sample(_town(fine, cover), fine, places)[position],
        small=np.array([small for *_, small in rows]),
    )


def _town(fine: Grid, cover: LandCover) -> NDArray[np.float64]:
    width = 500.0 / fine.pixel_m
    built = gaussian_filter((cover.classes == BUILT).astype(float), width)
    return np.asarray(built / np.maximum(gaussian_filter((cover.classes != WATER).astype(float), width), 0.05))


class _Ground(NamedTuple):
    mainland: BaseGeometry
    grid: Grid
    cover: LandCover

    def classes_at(self, places: NDArray[np.float64]) -> NDArray[np.uint8]:
        return np.asarray(_sample(self.cover.classes, self.grid, places))

    def holds(self, place: NDArray[np.float64]) -> bool:
        """Tell whether a mast can stand here: inside the city and with dry ground all around."""
        around = place + 25.0 * np.array([(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)])
        inside = contains_xy(self.mainland, around[:, 0], around[:, 1])
        return bool(inside.all() and (self.classes_at(around) != WATER).all())


def _sample(values: NDArray[Any], grid: Grid, places: NDArray[np.float64]) -> NDArray[Any]:
    rows = np.floor((grid.north_m - places[:, 1]) / grid.pixel_m).astype(int)
    cols = np.floor((places[:, 0] - grid.west_m) / grid.pixel_m).astype(int)
    return np.asarray(values[np.clip(rows, 0, grid.rows - 1), np.clip(cols, 0, grid.cols - 1)])


def _candidates(people: People, density: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return places in the order in which they would be chosen: where more people live, sooner (with chance)."""
    weight = np.where(people.ward >= 0, np.sqrt(density), 0.0)
    rows, cols = np.nonzero(weight > 0.5)
    keys = np.round(-np.log(rng.random(len(rows))) / weight[rows, cols], 9)
    order = np.argsort(keys, kind="stable")
    jitter = rng.uniform(-45.0, 45.0, (len(rows), 2))
    places = np.column_stack([people.grid.eastings[cols], people.grid.northings[rows]]) + jitter
    return np.asarray(places[order])


def _road_candidates(rng: np.random.Generator) -> NDArray[np.float64]:
    places = []
    for typed in ROADS.values():
        line = smooth(to_metres(typed), 60.0)
        at = np.arange(300.0, along(line)[-1], 450.0)
        places.append(np.column_stack([np.interp(at, along(line), line[:, i]) for i in (0, 1)]))
    both = np.vstack(places)
    both = both + rng.uniform(-110.0, 110.0, both.shape)
    return np.asarray(both[rng.permutation(len(both))])


def _spread(
    masts: list[NDArray[np.float64]], candidates: NDArray[np.float64], apart_m: NDArray[np.float64], ground: _Ground,
    count: int,
) -> list[NDArray[np.float64]]:  # fmt: skip
    """Return the masts and, in turn, every candidate as far from all before it as it asks for, up to a count."""
    out = list(masts)
    for place, apart in zip(candidates, apart_m, strict=True):
        if len(out) == count:
            break
        if out and np.hypot(*(np.array(out) - place).T).min() < apart:
            continue
        if ground.holds(place):
            out.append(place)
    return out
