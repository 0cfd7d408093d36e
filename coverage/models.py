"""Propagation models a study can choose: what each says of the way from a mast to the pixels around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from coverage.errors import GridError, RangeError
from coverage.grid import Grid, Surface
from coverage.los import UNTOLD, sights_over
from coverage.radio import tr38901
from coverage.types import Environment

if TYPE_CHECKING:
    from coverage.radio.composition import View


class Mast(NamedTuple):
    """What cells share when only their antennas differ: the path to a pixel is then the same.

    Attributes
    ----------
    easting_m, northing_m : float
        Position in the CRS of the grid [m].
    height_m : float
        Antenna above ground [m].
    frequency_mhz : float
        Downlink centre [MHz].
    environment : {"UMa", "UMi", "RMa"}
        Environment of TR 38.901.
    """

    easting_m: float
    northing_m: float
    height_m: float
    frequency_mhz: float
    environment: Environment


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """The pixels of a grid whose centre lies within the sweep radius of a mast.

    Attributes
    ----------
    rows, cols : slice
        Window of the grid.
    inside : ndarray of shape (n,), int
        Flat index of each pixel in the window.
    distance_m : ndarray of shape (n,)
        Horizontal distance from the mast to the pixel centre [m].
    bearing_deg : ndarray of shape (n,)
        Direction from the mast clockwise from grid north [°], −180 to 180.
    """

    rows: slice
    cols: slice
    inside: NDArray[np.intp]
    distance_m: NDArray[np.float64]
    bearing_deg: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Path:
    """What a model says of the way from a mast to n pixels: both states, their probability and their spread.

    Attributes
    ----------
    los_db, nlos_db : ndarray of shape (n,)
        Median path loss [dB].
    p_los : ndarray of shape (n,)
        Probability of line of sight, 0–1.
    sigma_los_db, sigma_nlos_db : ndarray of shape (n,) or float
        Standard deviation of shadow fading [dB].
    depression_deg : ndarray of shape (n,)
        Angle below the horizon at which the antenna sees the receiver [°].
    """

    los_db: NDArray[np.float64]
    nlos_db: NDArray[np.float64]
    p_los: NDArray[np.float64]
    sigma_los_db: NDArray[np.float64] | float
    sigma_nlos_db: NDArray[np.float64] | float
    depression_deg: NDArray[np.float64]


class PathFinder(Protocol):
    """The paths from masts to pixels in closed form; called from several threads."""

    def __call__(self, mast: Mast, sweep: Sweep) -> Path:
        """Return loss, line-of-sight probability and fading from a mast to the pixels of its sweep."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Far:
    """The way from a mast to the pixels around it where it was worked out along the ground, packed.

    Attributes
    ----------
    rows, cols : slice
        Window of the grid.
    near_m : float
        Horizontal distance up to which the pixels belong to the `PathFinder` instead [m].
    sigma_db : float
        Standard deviation of fading [dB].
    view : callable
        Rows of the window, counted from its first → what the mast sees there.
    """

    rows: slice
    cols: slice
    near_m: float
    sigma_db: float
    view: Callable[[slice], View]


@dataclass(frozen=True, kw_only=True, eq=False)
class Paths:
    """What a model makes of one surface and grid.

    Attributes
    ----------
    near : PathFinder
        Closed forms: every pixel of the sweep, or those nearer than `Far.near_m` where a mast has one.
    far : callable or None
        Mast → its packed losses, worked out on the first call; None for a mast that the closed forms serve whole.
        Called from several threads.
    """

    near: PathFinder
    far: Callable[[Mast], Far | None] | None = None


class PathLossModel(Protocol):
    """A propagation model that `predict_signal` can use."""

    @property
    def id(self) -> str:
        """Name printed beside every figure."""

    @property
    def receiver_height_m(self) -> float:
        """Receiver above ground [m]."""

    @property
    def sweep_m(self) -> float:
        """Horizontal distance up to which a cell is looked at [m]."""

    @property
    def ignores(self) -> tuple[str, ...]:
        """Names of the rasters of a `Surface` that bear on propagation and that the model does not use."""

    @property
    def facts(self) -> Mapping[str, Any]:
        """What is printed beside every figure: id, parameters, standard deviations [dB], profile step."""

    def over(self, surface: Surface | None, grid: Grid) -> Paths:
        """Return the paths over the surface of a study: what is the same for every mast is done here, once."""


@dataclass(frozen=True, kw_only=True)
class TR38901:
    """3GPP TR 38.901 over flat ground: UMa, UMi and RMa with line of sight as a probability, or known from terrain.

    The losses are those of flat ground; land cover tells rural sites (`assign_environments`). With ``los="terrain"`` a
    pixel behind ground or a building is out of sight, one seen over everything is in sight, and the probability of the
    table serves only where land cover without known buildings stands in the way.

    Attributes
    ----------
    receiver_height_m : float
        Receiver above ground [m], 1.5–10.
    sweep_m : float
        Horizontal distance up to which a cell is looked at [m], 10–5,000.
    los : {"probability", "terrain"}
        Where line of sight comes from.

    Raises
    ------
    RangeError
        ``model_sweep`` for a sweep outside its range.
    """

    receiver_height_m: float = 1.5
    sweep_m: float = 5_000.0
    los: Literal["probability", "terrain"] = "probability"

    def __post_init__(self) -> None:
        if not tr38901.MIN_DISTANCE_M <= self.sweep_m <= tr38901.MAX_DISTANCE_M:
            raise RangeError(
                "model_sweep", sweep_m=self.sweep_m, low=tr38901.MIN_DISTANCE_M, high=tr38901.MAX_DISTANCE_M
            )

    @property
    def id(self) -> str:
        """Name printed beside every figure."""
        return "tr38901" if self.los == "probability" else "tr38901-los-terrain"

    @property
    def ignores(self) -> tuple[str, ...]:
        """The model knows flat ground only, but for what may hide a pixel."""
        return ("terrain", "buildings", "coast") if self.los == "probability" else ("coast",)

    @property
    def facts(self) -> Mapping[str, Any]:
        """Id and parameters; standard deviations in and out of sight, RMa before and after the break point."""
        return {
            "id": self.id,
            "receiver_height_m": self.receiver_height_m,
            "sweep_m": self.sweep_m,
            "los": self.los,
            "sigma_db": {name: list(values) for name, values in tr38901.SIGMA_DB.items()},
            "profile_step_m": None,  # flat ground: there is no profile
        }

    def over(self, surface: Surface | None, grid: Grid) -> Paths:
        """Return the paths over flat ground, sight over that of the surface where it is asked for.

        Raises
        ------
        GridError
            ``needs_terrain`` where sight comes from terrain and there is none.
        """
        if self.los == "probability":
            return Paths(near=self.path)
        if surface is None or surface.terrain is None:
            raise GridError("needs_terrain", model=self.id)
        sights = sights_over(surface, grid, self.sweep_m)

        def near(mast: Mast, sweep: Sweep) -> Path:
            path = self.path(mast, sweep)
            ends = {"height_m": mast.height_m, "receiver_height_m": self.receiver_height_m, "reach_m": self.sweep_m}
            seen = sights.from_mast((mast.easting_m, mast.northing_m), (sweep.rows, sweep.cols), **ends)
            told = seen.ravel()[sweep.inside]
            return replace(path, p_los=np.where(told == UNTOLD, path.p_los, told))

        return Paths(near=near)

    def path(self, mast: Mast, sweep: Sweep) -> Path:
        """Return loss, line-of-sight probability and fading from a mast to the pixels of its sweep, over flat ground.

        Raises
        ------
        RangeError
            Outside the validity of the environment (`coverage.radio.tr38901.path_loss`).
        """
        link = {
            "frequency_mhz": mast.frequency_mhz,
            "height_m": mast.height_m,
            "receiver_height_m": self.receiver_height_m,
        }
        loss = tr38901.path_loss(mast.environment, sweep.distance_m, **link)
        spread = tr38901.shadowing(mast.environment, sweep.distance_m, **link)
        return Path(
            los_db=loss.los_db,
            nlos_db=loss.nlos_db,
            p_los=tr38901.los_probability(mast.environment, sweep.distance_m, receiver_height_m=self.receiver_height_m),
            sigma_los_db=spread.los_db,
            sigma_nlos_db=spread.nlos_db,
            depression_deg=np.degrees(np.arctan2(mast.height_m - self.receiver_height_m, sweep.distance_m)),
        )
