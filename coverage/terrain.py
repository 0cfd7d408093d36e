"""The terrain-aware model: ITU-R P.1812-8 over the ground and the clutter of a study, TR 38.901 close to the mast."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coverage import losses
from coverage.errors import GridError, RangeError
from coverage.grid import Grid, Surface
from coverage.masts import squared_distances
from coverage.models import TR38901, Far, Mast, Paths
from coverage.obstacles import clutter_heights, zones
from coverage.radio import native, p1812, sweeps
from coverage.radio.composition import OUTSIDE, View
from coverage.radio.native import RayLink

MAX_SWEEP_M = 20_000.0
NEAR_M = 1000 * p1812.LEAST_LENGTH_KM
ASSUMED = ("delta_n", "n0", "model_sigma_db")  # measured nowhere in Đà Nẵng: flagged beside every figure
LOSSES = losses.Losses()


@dataclass(frozen=True, kw_only=True)
class P1812:
    """ITU-R P.1812-8 from 250 m on, 50 % of locations, over bare ground with clutter between the terminals.

    The loss is worked out along rays of one fixed step; nearer than 250 m, and for street-level masts (UMi), TR 38.901
    serves. Where the ground under a path is unknown, so is the pixel.

    Attributes
    ----------
    receiver_height_m : float
        Receiver above ground [m].
    sweep_m : float
        Horizontal distance up to which a cell is looked at [m], 250–20,000.
    profile_step_m : float
        Distance between the samples of a ray [m]: part of the model's name, since clutter costs more on finer steps.
    time_percent : float
        Percentage of an average year for which the loss is not exceeded, 1–50.
    delta_n : float
        Refractivity lapse rate over the lowest kilometre [N-units/km]; 45 is assumed for Đà Nẵng.
    n0 : float
        Sea-level surface refractivity [N-units]; 350 is assumed for Đà Nẵng.
    latitude_deg : float
        Of the study; enters the time statistics only.
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
    time_percent: float = 50.0
    delta_n: float = 45.0
    n0: float = 350.0
    latitude_deg: float = 16.0
    model_sigma_db: float = 6.0

    def __post_init__(self) -> None:
        if not NEAR_M <= self.sweep_m <= MAX_SWEEP_M:
            raise RangeError("model_sweep", sweep_m=self.sweep_m, low=NEAR_M, high=MAX_SWEEP_M)

    @property
    def id(self) -> str:
        """Name printed beside every figure; the profile step belongs to it, and a time percentage other than 50."""
        return f"p1812-8-{self.profile_step_m:g}m" + ("" if self.time_percent == 50 else f"-{self.time_percent:g}%")

    @property
    def ignores(self) -> tuple[str, ...]:
        """The model reads terrain and land cover alike."""
        return ()

    @property
    def facts(self) -> Mapping[str, Any]:
        """Id and parameters; to σ_m the location variability σ_L of the study's pixel is added, √(σ_L² + σ_m²)."""
        return {
            **asdict(self),
            "id": self.id,
            "sigma_db": self.model_sigma_db,
            "assumed": [name for name in ASSUMED if getattr(self, name) == getattr(P1812, name)],
            "near": self._near.facts,
        }

    @property
    def _near(self) -> TR38901:
        return TR38901(receiver_height_m=self.receiver_height_m, sweep_m=min(self.sweep_m, 5_000.0))

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
        ground = _OverGround(model=self, grid=grid, margin=margin, ground=_ground(surface, grid.wider(margin)))
        return Paths(near=self._near.path, far=ground.far)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Ground:
    """Heights on a grid that reaches a margin beyond the study's own; `zone` is None where there is no sea."""

    grid: Grid
    bare_m: NDArray[np.float32]
    top_m: NDArray[np.float32]
    zone: NDArray[np.uint8] | None

    @cached_property
    def digest(self) -> bytes:
        """Hash of all heights and zones and of where they are."""
        found = hashlib.blake2b(repr(self.grid).encode(), digest_size=16)
        for array in (self.bare_m, self.top_m, self.zone):
            found.update(b"" if array is None else array.data)
        return found.digest()


@cache
def _code() -> str:
    """Hash of the source of the sweep: losses of another version of it are not taken for ours."""
    sources = (Path(sweeps.__file__), *native.SOURCES, *sorted(native.FOLDER.glob("*.h")))
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()


@lru_cache(maxsize=2)
def _ground(surface: Surface, around: Grid) -> _Ground:
    """Return the ground of a study: the same for every model, definition and scenario on its grid."""
    assert surface.terrain is not None  # `over` refused
    bare, top = surface.terrain.on(around, "bilinear"), clutter_heights(surface, around)
    top += bare
    return _Ground(grid=around, bare_m=bare, top_m=top, zone=zones(surface, around))


@dataclass(frozen=True, kw_only=True, eq=False)
class _OverGround:
    """Packed losses of the masts of one study, on its grid; `ground` reaches `margin` pixels beyond."""

    model: P1812
    grid: Grid
    margin: int
    ground: _Ground

    def far(self, mast: Mast) -> Far | None:
        """Return what a mast sees beyond 250 m; None for a street-level mast, and for one out of reach of the grid."""
        rows, cols = self.grid.window(mast.easting_m, mast.northing_m, self.model.sweep_m)
        if mast.environment == "UMi" or rows.start >= rows.stop or cols.start >= cols.stop:
            return None
        key = self._key(mast)
        if not LOSSES.has(key):
            LOSSES.put(key, self._swept(mast, rows, cols))
        return Far(
            rows=rows,
            cols=cols,
            near_m=NEAR_M,
            sigma_db=self._sigma_db(mast.frequency_mhz),
            view=lambda part: self._view(mast, key, part, (rows, cols)),
        )

    def _key(self, mast: Mast) -> str:
        said = repr((mast, self.model, self.grid, _code())).encode()
        return hashlib.blake2b(said + self.ground.digest, digest_size=16).hexdigest()

    def _sigma_db(self, frequency_mhz: float) -> float:
        """Return √(σ_L² + σ_m²): location variability within a pixel (P.1812-8 §4.8) and the model's own error [dB]."""
        location = (0.024 * frequency_mhz / 1000 + 0.52) * self.grid.pixel_m**0.28
        return math.hypot(location, self.model.model_sigma_db)

    def _swept(self, mast: Mast, rows: slice, cols: slice) -> NDArray[np.int16]:
        model, grid = self.model, self.ground.grid
        wide_rows, wide_cols = grid.window(mast.easting_m, mast.northing_m, model.sweep_m + 2 * grid.pixel_m)
        window = wide_rows, wide_cols
        position = (
            (mast.easting_m - grid.eastings[wide_cols.start]) / grid.pixel_m,
            (grid.northings[wide_rows.start] - mast.northing_m) / grid.pixel_m,
        )
        down, right = rows.start + self.margin - wide_rows.start, cols.start + self.margin - wide_cols.start
        own = slice(down, down + rows.stop - rows.start), slice(right, right + cols.stop - cols.start)
        loss = sweeps.packed_sweep(
            self.ground.bare_m[window], self.ground.top_m[window], position, self._link(mast),
            pixel_m=grid.pixel_m, reach_m=model.sweep_m + grid.pixel_m, near_m=NEAR_M - 1,
            zone=None if self.ground.zone is None else self.ground.zone[window], asked=own,
        )[own]  # fmt: skip
        # The very distances by which the closed forms take their pixels: every pixel belongs to exactly one of the two.
        squared = squared_distances(mast, self.grid, rows, cols)[0]
        np.copyto(loss, OUTSIDE, where=(squared > model.sweep_m**2) | (squared < NEAR_M**2))
        return loss

    def _link(self, mast: Mast) -> RayLink:
        model = self.model
        return RayLink(
            step_m=model.profile_step_m,
            frequency_ghz=mast.frequency_mhz / 1000,
            tx_height_m=mast.height_m,
            rx_height_m=model.receiver_height_m,
            time_percent=model.time_percent,
            delta_n=model.delta_n,
            n0=model.n0,
            latitude_deg=model.latitude_deg,
        )

    def _view(self, mast: Mast, key: str, part: slice, window: tuple[slice, slice]) -> View:
        """Return some rows of the window as the mast sees them."""
        rows, cols = window
        try:
            loss = LOSSES.rows(key, part)
        except KeyError:  # somebody emptied the folder meanwhile
            LOSSES.forget(key)
            LOSSES.put(key, self._swept(mast, rows, cols))
            loss = LOSSES.rows(key, part)
        top, left = rows.start + self.margin, cols.start + self.margin
        ground = self.ground.bare_m[top + part.start : top + part.stop, left : left + cols.stop - cols.start]
        return View(
            row=(self.grid.northings[rows.start] - mast.northing_m) / self.grid.pixel_m,
            col=(mast.easting_m - self.grid.eastings[cols.start]) / self.grid.pixel_m,
            row0=part.start,
            pixel_m=self.grid.pixel_m,
            antenna_m=self._ground_m(mast) + mast.height_m - self.model.receiver_height_m,
            ground_m=ground,
            loss=loss,
        )

    def _ground_m(self, mast: Mast) -> float:
        """Return the bilinear height of the ground under a mast, as the rays read it [m]."""
        grid, heights = self.ground.grid, self.ground.bare_m
        row = (grid.northings[0] - mast.northing_m) / grid.pixel_m
        col = (mast.easting_m - grid.eastings[0]) / grid.pixel_m
        i, j = math.floor(row), math.floor(col)
        down, across = row - i, col - j
        high, low = heights[i : i + 2, j : j + 2].astype(float) @ np.array([1 - across, across])
        return float(high * (1 - down) + low * down)
