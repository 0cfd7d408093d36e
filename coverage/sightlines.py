"""The way from an antenna to a pixel: ground and clutter along it, the direct line, the first Fresnel zone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import map_coordinates

from coverage.errors import RangeError
from coverage.grid import Grid, Surface
from coverage.hearing import heard_at, pixel_of, study_of
from coverage.obstacles import WATER, clutter_heights
from coverage.radio import p526, p1812
from coverage.radio.freespace import free_space_loss_db
from coverage.study import Result, Study
from coverage.terrain import P1812

Array = NDArray[np.float64]
Obstacle = Literal["ground", "clutter"]

FREE_SHARE = 0.6  # of the first Fresnel zone: with that much clear, a path loses next to nothing to diffraction
TREES = (10, 95)  # ESA WorldCover: tree cover, mangroves
STEPS = 2  # at least: P.1812 needs a point between the terminals


@dataclass(frozen=True, kw_only=True, eq=False)
class Sightline:
    """The geometry of a path over a profile; heights above sea level [m], NaN is unknown.

    Attributes
    ----------
    distance_m : ndarray of shape (points,)
        From the antenna, rising from 0 in equal steps [m].
    ground_m : ndarray of shape (points,)
        Bare ground.
    clutter_m : ndarray of shape (points,)
        What stands on it [m above the ground], 0 at both ends: the antenna is above it, the receiver beside it.
    antenna_m, receiver_m : float
        Height of both ends.
    frequency_mhz : float
    radius_m : float
        Effective radius of the Earth [m].
    """

    distance_m: Array
    ground_m: Array
    clutter_m: Array
    antenna_m: float
    receiver_m: float
    frequency_mhz: float
    radius_m: float

    @property
    def length_m(self) -> float:
        """Horizontal distance between the ends [m]."""
        return float(self.distance_m[-1])

    @cached_property
    def bulge_m(self) -> Array:
        """How far the curved Earth rises above the chord between the ends, d₁·d₂ / 2R [m]."""
        return self.distance_m * (self.length_m - self.distance_m) / (2 * self.radius_m)

    @cached_property
    def top_m(self) -> Array:
        """Ground with what stands on it, raised by the bulge: what the straight line has to clear [m]."""
        return self.ground_m + self.clutter_m + self.bulge_m

    @cached_property
    def line_m(self) -> Array:
        """Height of the direct line [m]."""
        return np.linspace(self.antenna_m, self.receiver_m, self.distance_m.size)

    @cached_property
    def fresnel_m(self) -> Array:
        """Radius of the first Fresnel zone [m], 0 at both ends."""
        return fresnel_radius_m(self.frequency_mhz, self.distance_m, self.length_m - self.distance_m)

    @cached_property
    def clearance(self) -> float | None:
        """Least height of the line over what lies below, in radii of the first Fresnel zone; None where not known.

        1 and above: the whole zone is free; 0: the line grazes; below 0: it is cut.
        """
        shares = self._shares
        return float(shares.min()) if shares.size and np.isfinite(shares).all() else None

    @cached_property
    def obstacle(self) -> int | None:
        """Index of the point that cuts the line most, in radii of the zone; None where nothing known does."""
        shares = self._shares
        if not (shares < 0).any():
            return None
        return int(np.nanargmin(shares)) + 1

    @property
    def in_sight(self) -> bool | None:
        """Whether the ends see each other; None where unknown ground leaves it open."""
        if self.obstacle is not None:
            return False
        return True if np.isfinite(self._shares).all() else None

    @property
    def cut_by(self) -> Obstacle | None:
        """What cuts the line most: the bare ground, or what stands on it."""
        if self.obstacle is None:
            return None
        buried = self.ground_m[self.obstacle] + self.bulge_m[self.obstacle] > self.line_m[self.obstacle]
        return "ground" if buried else "clutter"

    @cached_property
    def _shares(self) -> Array:
        """Height of the line over the top, in radii, between the ends; none on a path without length."""
        between = slice(1, -1) if self.length_m > 0 else slice(0, 0)
        return (self.line_m - self.top_m)[between] / self.fresnel_m[between]


@dataclass(frozen=True, kw_only=True, eq=False)
class PathProfile:
    """The path from a cell to a pixel, and what the model makes of it; None is unknown.

    Attributes
    ----------
    line : Sightline
    cell : int
        Row in `Study.cells` and `Signal.cells`.
    site_id, cell_id, operator, band : str
    height_m, receiver_height_m : float
        Above the ground [m].
    point_m : (float, float)
        Easting and northing of the receiver, the centre of the pixel [m].
    bearing_deg : float
        From the antenna to the receiver, clockwise from grid north, 0–360 [°].
    depression_deg : float or None
        At which the antenna sees the receiver, below the horizon [°].
    trees, water : ndarray of shape (points,), bool
        Where what stands on the ground is mostly trees (else buildings), and where the land cover is water.
    has_terrain : bool
        False: no terrain layer, the ground is drawn flat.
    flat_ground : bool
        The loss comes from a closed form over flat ground (near the mast, street-level masts, TR 38.901).
    in_reach : bool
        False: farther than the model looks; there is no level then.
    model_id : str
    rsrp_dbm : float or None
        As on the map.
    probability : float or None
        That this cell reaches the threshold outdoors.
    threshold_dbm : float
        SS-RSRP [dBm]; under a rule on throughput the least that any cell needs.
    covered_probability : float or None
        Of coverage at the pixel as the map shows it, whichever cell gives it; None for a study that has not run.
    lower_bound : bool
        True where the path from some cell is unknown, so that `covered_probability` could be higher.
    gain_dbi : float or None
        Of the broadcast beam towards the receiver.
    loss_db : float or None
        Path loss of the model behind `rsrp_dbm`.
    free_space_db : float
        Loss of the same distance in free space (P.525).
    p1812_db : float or None
        Median loss by P.1812-8 along this very profile, inland; None nearer than 250 m and over unknown ground. The map
        takes the nearest of the rays it has swept, so `loss_db` may differ a little.
    """

    line: Sightline
    cell: int
    site_id: str
    cell_id: str
    operator: str
    band: str
    height_m: float
    receiver_height_m: float
    point_m: tuple[float, float]
    bearing_deg: float
    depression_deg: float | None
    trees: NDArray[np.bool_]
    water: NDArray[np.bool_]
    has_terrain: bool
    flat_ground: bool
    in_reach: bool
    model_id: str
    rsrp_dbm: float | None
    probability: float | None
    threshold_dbm: float
    covered_probability: float | None
    lower_bound: bool
    gain_dbi: float | None
    loss_db: float | None
    free_space_db: float
    p1812_db: float | None


def fresnel_radius_m(frequency_mhz: float, first_m: ArrayLike, second_m: ArrayLike) -> Array:
    """Return the radius of the first Fresnel ellipsoid at a point between two terminals [m].

    Parameters
    ----------
    frequency_mhz : float
        > 0.
    first_m, second_m : array_like, ≥ 0
        Distance of the point to each terminal [m].

    Notes
    -----
    Recommendation ITU-R P.526, eq. 2: √(λ·d₁·d₂ / (d₁ + d₂)); 0 where both distances are.

    Examples
    --------
    >>> round(float(fresnel_radius_m(2550.0, 1000.0, 1000.0)), 2)
    7.67
    """
    one, two = np.asarray(first_m, dtype=float), np.asarray(second_m, dtype=float)
    wavelength = p526.WAVELENGTH_GHZ_M / (frequency_mhz / 1000)
    whole = one + two
    return np.asarray(np.sqrt(wavelength * one * two / np.where(whole > 0, whole, 1.0)))


def path_profile(measured: Study | Result, point: tuple[float, float], cell: int | str | None = None) -> PathProfile:
    """Return the path from a cell to the pixel that holds a point.

    Parameters
    ----------
    measured : Study or Result
    point : (float, float)
        Easting and northing [m] in the CRS of the study; the receiver stands at the centre of the pixel, where the
        figures of the map are made.
    cell : int, str or None
        Row in `Study.cells`, or a ``cell_id``. None takes the strongest cell at the pixel, the nearest one where none
        reaches it.

    Raises
    ------
    GridError
        ``point_outside`` for a point that no pixel of the study holds.
    RangeError
        ``path_without_cells`` where the study has no cell, ``cell_unknown`` for a cell it does not have.

    Notes
    -----
    Ground and clutter are those of the study's grid, read bilinearly at equal steps as near to the model's profile step
    as the distance allows. The level is that of the map, to the bit (`coverage.hearing.heard_at`).
    """
    study = study_of(measured)
    pixel = pixel_of(study.grid, point)
    centre = float(study.grid.eastings[pixel.col]), float(study.grid.northings[pixel.row])
    heard = heard_at(measured, point)
    row = _chosen(study, heard, centre, cell)
    about = study.cells.iloc[row]
    given = heard.loc[row] if row in heard.index else None
    line, trees, water = _along(study, about, centre)
    # The closed forms look along flat ground; the angle shown is the one the level was made with.
    flat = bool(given["flat_ground"]) if given is not None else "terrain" in study.path_model.ignores
    rise = about["height_m"] - study.path_model.receiver_height_m if flat else line.antenna_m - line.receiver_m
    return PathProfile(
        line=line,
        cell=row,
        site_id=str(about["site_id"]),
        cell_id=str(about["cell_id"]),
        operator=str(about["operator"]),
        band=str(about["band"]),
        height_m=float(about["height_m"]),
        receiver_height_m=study.path_model.receiver_height_m,
        point_m=centre,
        bearing_deg=math.degrees(math.atan2(centre[0] - about.geometry.x, centre[1] - about.geometry.y)) % 360.0,
        depression_deg=_known(math.degrees(math.atan2(rise, line.length_m))),
        trees=trees,
        water=water,
        has_terrain=study.city.surface.terrain is not None,
        flat_ground=flat,
        in_reach=given is not None,
        model_id=study.path_model.id,
        threshold_dbm=study.asked["threshold_dbm"],
        covered_probability=float(measured.probability[pixel]) if isinstance(measured, Result) else None,
        lower_bound=isinstance(measured, Result) and bool(measured.signal.unknown[pixel]),
        rsrp_dbm=None if given is None else _known(given["rsrp_dbm"]),
        gain_dbi=None if given is None else _known(given["gain_dbi"]),
        loss_db=None if given is None else _known(given["loss_db"]),
        probability=0.0 if given is None else _known(given["probability"]),
        free_space_db=_free_space_db(line, float(rise)),
        p1812_db=_reference_db(_terrain_model(study), line, about),
    )


def _chosen(study: Study, heard: pd.DataFrame, centre: tuple[float, float], cell: int | str | None) -> int:
    """Return the row of the cell asked for, else of the strongest one, else of the nearest."""
    cells = study.cells
    if cells.empty:
        raise RangeError("path_without_cells", technology=study.technology)
    if isinstance(cell, str):
        rows = np.flatnonzero(cells["cell_id"].eq(cell).to_numpy(dtype=bool))
        if not rows.size:
            raise RangeError("cell_unknown", cell=cell)
        return int(rows[0])
    if cell is not None:
        if not 0 <= cell < len(cells):
            raise RangeError("cell_unknown", cell=cell)
        return int(cell)
    if len(heard):
        return int(heard.index[0])
    return int(np.argmin(np.hypot(cells.geometry.x - centre[0], cells.geometry.y - centre[1])))


def _terrain_model(study: Study) -> P1812:
    """Return the model whose profile is drawn: that of the study, P.1812 with its defaults where it reads none."""
    model = study.path_model
    return model if isinstance(model, P1812) else P1812(receiver_height_m=model.receiver_height_m)


def _along(
    study: Study, about: Any, centre: tuple[float, float]
) -> tuple[Sightline, NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the geometry of the path to the centre of a pixel, and where trees and water are along it."""
    model, start = _terrain_model(study), (float(about.geometry.x), float(about.geometry.y))
    length = math.hypot(centre[0] - start[0], centre[1] - start[1])
    points = max(round(length / model.profile_step_m), STEPS) + 1
    easting, northing = np.linspace(start[0], centre[0], points), np.linspace(start[1], centre[1], points)
    ground, clutter, trees, water = _sampled(study.city.surface, study.grid, easting, northing)
    clutter[[0, -1]] = 0.0
    line = Sightline(
        distance_m=np.linspace(0.0, length, points),
        ground_m=ground,
        clutter_m=clutter,
        antenna_m=float(ground[0] + about["height_m"]),
        receiver_m=float(ground[-1] + model.receiver_height_m),
        frequency_mhz=float(about["frequency_mhz"]),
        radius_m=1000 * p1812.EARTH_RADIUS_KM * 157 / (157 - model.delta_n),
    )
    return line, trees, water


def _sampled(
    surface: Surface, grid: Grid, easting: Array, northing: Array
) -> tuple[Array, Array, NDArray[np.bool_], NDArray[np.bool_]]:
    """Return ground and clutter [m], trees and water at points, from the pixels that the model reads too."""
    first_col, last_col = (math.floor((value - grid.west_m) / grid.pixel_m) for value in (easting.min(), easting.max()))
    first_row, last_row = (
        math.floor((grid.north_m - value) / grid.pixel_m) for value in (northing.max(), northing.min())
    )
    around = Grid(
        west_m=grid.west_m + (first_col - 2) * grid.pixel_m, north_m=grid.north_m - (first_row - 2) * grid.pixel_m,
        pixel_m=grid.pixel_m, rows=last_row - first_row + 5, cols=last_col - first_col + 5, crs=grid.crs,
    )  # fmt: skip
    at = np.stack(
        [(around.north_m - northing) / around.pixel_m - 0.5, (easting - around.west_m) / around.pixel_m - 0.5]
    )

    def read(heights: NDArray[np.float32], order: Literal[0, 1] = 1) -> Array:
        found = map_coordinates(heights.astype(float), at, order=order, cval=math.nan, prefilter=False)
        return np.asarray(found, dtype=float)

    bare = np.zeros(around.shape, np.float32) if surface.terrain is None else surface.terrain.on(around, "bilinear")
    code = np.zeros(around.shape, np.float32) if surface.clutter is None else surface.clutter.on(around, "nearest")
    stands = clutter_heights(surface, around)
    wooded = np.where(np.isin(code, TREES), stands, np.float32(0))
    clutter = read(stands)
    return read(bare), clutter, read(wooded) > clutter / 2, read(code, order=0) == WATER


def _free_space_db(line: Sightline, rise_m: float) -> float:
    slant_m = math.hypot(line.length_m, rise_m if math.isfinite(rise_m) else 0.0)
    return float(free_space_loss_db(max(slant_m, 1.0), line.frequency_mhz))


def _reference_db(model: P1812, line: Sightline, about: Any) -> float | None:
    """Return the median loss by P.1812 along the profile [dB], None outside its range and over unknown ground."""
    ground, clutter = line.ground_m[None, :], line.clutter_m[None, :]
    if line.length_m < 1000 * p1812.LEAST_LENGTH_KM or not np.isfinite(ground + clutter).all():
        return None
    link = p1812.Link(
        frequency_ghz=line.frequency_mhz / 1000,
        tx_height_m=float(about["height_m"]),
        rx_height_m=model.receiver_height_m,
        latitude_deg=model.latitude_deg,
        time_percent=model.time_percent,
        delta_n=model.delta_n,
        n0=model.n0,
    )
    try:
        return float(p1812.basic_transmission_loss_db(line.distance_m[None, :] / 1000, ground, clutter, link)[0])
    except RangeError:
        return None


def _known(value: Any) -> float | None:
    return float(value) if math.isfinite(value) else None
