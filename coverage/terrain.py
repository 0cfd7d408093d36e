"""The terrain-aware model: ITU-R P.1812-8 over the ground and the clutter of a study, TR 38.901 close to the mast."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coverage.errors import GridError, RangeError
from coverage.grid import Grid, Surface
from coverage.models import TR38901, Mast, Path, PathFinder, Paths, Sweep
from coverage.radio import p1812
from coverage.radio.native import RayLink
from coverage.radio.sweeps import sweep as sweep_rays

# Representative clutter heights of P.1812-8 table 3 [m] for the ESA WorldCover codes; a code that is not here is open.
CLUTTER_HEIGHT_M: dict[int, float] = {10: 15.0, 50: 15.0, 95: 15.0}


@dataclass(frozen=True, kw_only=True)
class P1812:
    """ITU-R P.1812-8 from 250 m on, 50 % of time and locations, over bare ground with clutter between the terminals.

    The loss is free space plus delta-Bullington diffraction along rays of one fixed step; nearer than 250 m, and for
    street-level masts (UMi), TR 38.901 serves. Where the ground under a path is unknown, so is the pixel.

    Attributes
    ----------
    receiver_height_m : float
        Receiver above ground [m].
    sweep_m : float
        Horizontal distance up to which a cell is looked at [m], 250–5,000.
    profile_step_m : float
        Distance between the samples of a ray [m]: part of the model's name, since clutter costs more on finer steps.
    delta_n : float
        Refractivity lapse rate over the lowest kilometre [N-units/km]; 45 is assumed for Đà Nẵng.
    model_sigma_db : float
        Standard deviation of the model's own error [dB], assumed until measurements calibrate it.

    Raises
    ------
    RangeError
        ``model_sweep`` for a sweep outside its range.
    """

    receiver_height_m: float = 1.5
    sweep_m: float = 5_000.0
    profile_step_m: float = 30.0
    delta_n: float = 45.0
    model_sigma_db: float = 6.0

    def __post_init__(self) -> None:
        if not 1000 * p1812.LEAST_LENGTH_KM <= self.sweep_m <= 5_000.0:
            raise RangeError("model_sweep", sweep_m=self.sweep_m, low=1000 * p1812.LEAST_LENGTH_KM, high=5_000.0)

    @property
    def id(self) -> str:
        """Name printed beside every figure; the profile step belongs to it."""
        return f"p1812-8-{self.profile_step_m:g}m"

    @property
    def ignores(self) -> tuple[str, ...]:
        """The model reads terrain and land cover alike."""
        return ()

    @property
    def facts(self) -> Mapping[str, Any]:
        """Id and parameters; to σ_m the location variability σ_L of the study's pixel is added, √(σ_L² + σ_m²)."""
        return {
            **vars(self),
            "id": self.id,
            "sigma_db": self.model_sigma_db,
            "near": TR38901(receiver_height_m=self.receiver_height_m).facts,
        }

    def over(self, surface: Surface | None, grid: Grid) -> Paths:
        """Return the paths over a surface.

        Raises
        ------
        GridError
            ``needs_terrain`` without a terrain layer.
        """
        if surface is None or surface.terrain is None:
            raise GridError("needs_terrain", model=self.id)
        margin = math.ceil(self.sweep_m / grid.pixel_m) + 2
        around = Grid(
            west_m=grid.west_m - margin * grid.pixel_m, north_m=grid.north_m + margin * grid.pixel_m,
            pixel_m=grid.pixel_m, rows=grid.rows + 2 * margin, cols=grid.cols + 2 * margin, crs=grid.crs,
        )  # fmt: skip
        bare = surface.terrain.on(around, "bilinear")
        top = bare.copy()
        if surface.clutter is not None:
            code = surface.clutter.on(around, "nearest")
            for value, height in CLUTTER_HEIGHT_M.items():
                top += np.where(code == value, np.float32(height), np.float32(0))
        near = TR38901(receiver_height_m=self.receiver_height_m, sweep_m=self.sweep_m).path
        return Paths(near=_OverGround(model=self, grid=around, margin=margin, bare_m=bare, top_m=top, near=near))


@dataclass(frozen=True, kw_only=True, eq=False)
class _OverGround:
    """Paths over the ground of one study; `grid` reaches `margin` pixels beyond the study's own."""

    model: P1812
    grid: Grid
    margin: int
    bare_m: NDArray[np.float32]
    top_m: NDArray[np.float32]
    near: PathFinder

    def __call__(self, mast: Mast, sweep: Sweep) -> Path:
        """Return loss and spread from a mast to the pixels of its sweep; NaN where the ground is unknown."""
        close = self.near(mast, sweep)
        if mast.environment == "UMi":
            return close
        rise_m, loss_db = self._far(mast, sweep)
        is_close = sweep.distance_m < 1000 * p1812.LEAST_LENGTH_KM
        spread = self._sigma_db(mast.frequency_mhz)
        return Path(
            los_db=np.where(is_close, close.los_db, loss_db),
            nlos_db=np.where(is_close, close.nlos_db, loss_db),
            p_los=np.where(is_close, close.p_los, 1.0),
            sigma_los_db=np.where(is_close, close.sigma_los_db, spread),
            sigma_nlos_db=np.where(is_close, close.sigma_nlos_db, spread),
            depression_deg=np.degrees(np.arctan2(rise_m, sweep.distance_m)),
        )

    def _sigma_db(self, frequency_mhz: float) -> float:
        """Return √(σ_L² + σ_m²): location variability within a pixel (P.1812-8 §4.8) and the model's own error [dB]."""
        location = (0.024 * frequency_mhz / 1000 + 0.52) * self.grid.pixel_m**0.28
        return math.hypot(location, self.model.model_sigma_db)

    def _far(self, mast: Mast, sweep: Sweep) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return antenna above receiver [m] and median loss [dB] at the pixels of a sweep."""
        model, grid = self.model, self.grid
        rows, cols = grid.window(mast.easting_m, mast.northing_m, model.sweep_m + 2 * grid.pixel_m)
        bare, top = self.bare_m[rows, cols], self.top_m[rows, cols]
        col = (mast.easting_m - grid.eastings[cols.start]) / grid.pixel_m
        row = (grid.northings[rows.start] - mast.northing_m) / grid.pixel_m
        link = RayLink(
            step_m=model.profile_step_m,
            frequency_ghz=mast.frequency_mhz / 1000,
            delta_n=model.delta_n,
            tx_height_m=mast.height_m,
            rx_height_m=model.receiver_height_m,
        )
        diffraction = sweep_rays(bare, top, (col, row), link, pixel_m=grid.pixel_m, reach_m=model.sweep_m)
        at = self._pixels(sweep, rows, cols)
        rise = _at(bare, col, row) + mast.height_m - (bare[at] + model.receiver_height_m)
        slant_km = np.hypot(sweep.distance_m, rise) / 1000
        free = 92.4 + 20 * np.log10(mast.frequency_mhz / 1000) + 20 * np.log10(np.maximum(slant_km, 1e-3))
        return np.asarray(rise, dtype=float), np.asarray(free + diffraction[at], dtype=float)

    def _pixels(self, sweep: Sweep, rows: slice, cols: slice) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return where the pixels of a sweep lie in a window of the wider grid."""
        row, col = np.divmod(sweep.inside, max(sweep.cols.stop - sweep.cols.start, 1))
        return row + sweep.rows.start + self.margin - rows.start, col + sweep.cols.start + self.margin - cols.start


def _at(heights: NDArray[np.float32], col: float, row: float) -> float:
    """Return the bilinear height at a position in pixels from the centre of pixel (0, 0), as the rays read it."""
    i, j = math.floor(row), math.floor(col)
    down, across = row - i, col - j
    corners = heights[i : i + 2, j : j + 2].astype(float)
    if corners.shape != (2, 2):
        return math.nan
    high, low = corners @ np.array([1 - across, across])
    return float(high * (1 - down) + low * down)
