"""Where line of sight is known from the terrain and the buildings of a study, and where it is not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from coverage.grid import Grid, Surface
from coverage.obstacles import clutter_heights
from coverage.radio.sight import line_of_sight

UNTOLD = np.float32(0.5)


@dataclass(frozen=True, kw_only=True, eq=False)
class Sights:
    """Heights around a study that decide what sees what.

    Attributes
    ----------
    grid : Grid
        Reaches `margin` pixels beyond that of the study.
    margin : int
    ground_m : ndarray of shape (rows, cols)
        Bare ground [m].
    solid_m : ndarray of shape (rows, cols)
        Ground with the buildings that are known [m].
    top_m : ndarray of shape (rows, cols)
        Ground with all that stands on it, land cover by its representative height [m].
    """

    grid: Grid
    margin: int
    ground_m: NDArray[np.float32]
    solid_m: NDArray[np.float32]
    top_m: NDArray[np.float32]

    def from_mast(
        self,
        place_m: tuple[float, float],
        window: tuple[slice, slice],
        *,
        height_m: float,
        receiver_height_m: float,
        reach_m: float,
    ) -> NDArray[np.float32]:
        """Return what a mast is known to see in a window of the study's grid.

        Parameters
        ----------
        place_m : (easting, northing)
        window : (slice, slice)
            Rows and columns of the study's grid, within the reach.
        height_m, receiver_height_m : float
            Above ground [m].
        reach_m : float

        Returns
        -------
        float32 ndarray of shape (rows, cols)
            1 in sight over everything; 0 behind ground or a building; `UNTOLD` where only land cover stands in the
            way, whose gaps nobody knows; NaN where unknown ground leaves it open.
        """
        rows, cols = self.grid.window(*place_m, reach_m + 2 * self.grid.pixel_m)
        seen = _seen(self, place_m, height_m, receiver_height_m, reach_m)
        down, right = (part.start + self.margin - own.start for part, own in zip(window, (rows, cols), strict=True))
        height, width = (part.stop - part.start for part in window)
        return np.asarray(seen[down : down + height, right : right + width])


@lru_cache(maxsize=8)  # masts of one site that differ by frequency follow each other, and see the same
def _seen(
    sights: Sights, place_m: tuple[float, float], height_m: float, receiver_height_m: float, reach_m: float
) -> NDArray[np.float32]:
    grid = sights.grid
    rows, cols = grid.window(*place_m, reach_m + 2 * grid.pixel_m)
    position = (
        (grid.northings[rows.start] - place_m[1]) / grid.pixel_m,
        (place_m[0] - grid.eastings[cols.start]) / grid.pixel_m,
    )
    solid, soft = (
        line_of_sight(
            sights.ground_m[rows, cols], heights[rows, cols], position,
            pixel_m=grid.pixel_m, reach_m=reach_m, antenna_m=height_m, receiver_m=receiver_height_m,
        )
        for heights in (sights.solid_m, sights.top_m)
    )  # fmt: skip
    return np.where((solid == 1) & (soft == 0), UNTOLD, solid)


@lru_cache(maxsize=2)
def sights_over(surface: Surface, grid: Grid, reach_m: float) -> Sights:
    """Return the heights of a study with terrain, as far beyond its grid as a mast may stand."""
    assert surface.terrain is not None
    margin = math.ceil(reach_m / grid.pixel_m) + 2
    around = grid.wider(margin)
    ground = surface.terrain.on(around, "bilinear")
    known = Surface(buildings=surface.buildings)
    return Sights(
        grid=around,
        margin=margin,
        ground_m=ground,
        solid_m=ground + clutter_heights(known, around),
        top_m=ground + clutter_heights(surface, around),
    )
