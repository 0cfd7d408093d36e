"""Worlds: what is covered in each of a number of draws, today and with every change a plan may choose."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from coverage.changes import Change
from coverage.composing import Canvas, Scene, in_order
from coverage.errors import PlanError
from coverage.masts import Standing
from coverage.models import Far
from coverage.planning.draws import Draws, Shadowing, SiteDraws
from coverage.planning.plans import pixel_weights
from coverage.radio.composition import add_levels
from coverage.study import Progress, Result, Study

Bits = NDArray[np.uint8]
Pixels = NDArray[np.int32]
Place = tuple[int, int]

TODAY = -1
OF_BYTES = np.unpackbits(np.arange(256, dtype=np.uint8)[None, :], axis=0).astype(np.float64)  # (bit, byte)
HOPELESS = 5.0  # standard deviations short of the threshold: one draw in 3.5 million would reach it


@dataclass(frozen=True, kw_only=True, eq=False)
class Worlds:
    """Which pixels are covered in which draws: one bit for each draw.

    Attributes
    ----------
    count : int
        Number of draws; the bits beyond it are 0.
    weight : float ndarray of shape (pixels,)
        What each pixel adds to the measure of the definition; the sum over all is 1.
    today : uint8 ndarray of shape (bytes, pixels)
        Covered today.
    pixels : tuple of int32 ndarray
        Of each change: the pixels that it covers in at least one draw.
    bits : tuple of uint8 ndarray of shape (bytes, pixels of the change)
        In which draws.
    result : Result
        The study of today on the grid of the draws, under the definition itself.
    draws : Draws
    """

    count: int
    weight: NDArray[np.float64]
    today: Bits
    pixels: tuple[Pixels, ...]
    bits: tuple[Bits, ...]
    result: Result
    draws: Draws

    def with_changes(self, covered: Bits, change: int) -> None:
        """Add what a change covers to what is covered, in place."""
        covered[:, self.pixels[change]] |= self.bits[change]

    def shares(self, covered: Bits) -> NDArray[np.float64]:
        """Return the measure in each draw, shape (count,), of what is covered."""
        return self._sums(covered, self.weight)

    def gains(self, covered: Bits, change: int) -> NDArray[np.float64]:
        """Return what a change would add to the measure in each draw, shape (count,)."""
        own = self.pixels[change]
        return self._sums(self.bits[change] & ~covered[:, own], self.weight[own])

    def steps(self, order: Iterable[int]) -> NDArray[np.float64]:
        """Return the measure today and after each change of a sequence, shape (steps + 1, count)."""
        covered = self.today.copy()
        found = [self.shares(covered)]
        for change in order:
            self.with_changes(covered, change)
            found.append(self.shares(covered))
        return np.array(found)

    def mask(self, change: int, draw: int) -> Pixels:
        """Return the pixels that a change covers in one draw."""
        return self.pixels[change][_bit(self.bits[change], draw)]

    def today_in(self, draw: int) -> NDArray[np.bool_]:
        """Return what is covered today in one draw, shape (pixels,)."""
        return _bit(self.today, draw)

    def _sums(self, bits: Bits, weight: NDArray[np.float64]) -> NDArray[np.float64]:
        # The weight of the pixels of each of the 256 bytes, then of each bit: nothing is unpacked.
        found = [OF_BYTES @ np.bincount(eight, weight, 256) for eight in bits]
        return np.concatenate(found)[: self.count]


def _bit(bits: Bits, draw: int) -> NDArray[np.bool_]:
    byte, place = divmod(draw, 8)
    return np.asarray(bits[byte] & (128 >> place), dtype=bool)


def coarser(study: Study, pixel_m: float) -> Study:
    """Return the same study with pixels of another size [m]; itself where its pixels are no finer."""
    return study if study.pixel_m >= pixel_m else dataclasses.replace(study, pixel_m=pixel_m)


def worlds(
    study: Study,
    changes: Sequence[Change],
    *,
    count: int = 100,
    shadowing: Shadowing | None = None,
    seed: int = 0,
    stratified: bool = True,
    leave_out: bool = False,
    progress: Progress | None = None,
) -> Worlds:
    """Return what is covered in each draw.

    Parameters
    ----------
    study : Study
        Under a definition on the power received outdoors, a sum over pixels, union of operators.
    changes : sequence of Change
        That add cells.
    count : int, ≥ 1
        Number of draws.
    shadowing : Shadowing, optional
    seed : int, ≥ 0
    stratified : bool
        As in `coverage.planning.draws.Draws`.
    leave_out : bool
        Let changes that take cells away cover nothing instead of refusing them: a plan by draws will not choose them.
    progress : callable(done, total), optional
        Sites done.

    Raises
    ------
    PlanError
        ``draws_only_add`` for changes that take cells away; ``plan_unsupported_definition``.
    DefinitionError
        ``definition_not_outdoor_power``.

    Notes
    -----
    A pixel is covered in a draw where the level of at least one cell, the model's median plus its standard deviation
    times the draw, reaches the threshold. Where the model gives two states the draw decides between them first.
    """
    threshold_dbm, _ = study.rule.rule()
    if not leave_out and any(change.takes_away for change in changes):
        raise PlanError("draws_only_add")
    today = study.run()
    draws = Draws(grid=study.grid, count=count, shadowing=shadowing or Shadowing(), seed=seed, stratified=stratified)
    sampler = _Sampler.of(study, changes, draws, threshold_dbm)
    weight = pixel_weights(today)
    covered = np.zeros(((count + 7) // 8, weight.size), dtype=np.uint8)
    parts: list[list[tuple[Pixels, Bits]]] = [[] for _ in changes]
    for done, found in enumerate(in_order(sampler.at, sampler.places), start=1):
        for owner, pixels, bits in found:
            if owner == TODAY:
                covered[:, pixels] |= bits
            else:
                counts = weight[pixels] > 0
                parts[owner].append((pixels[counts], bits[:, counts]))
        if progress is not None:
            progress(done, len(sampler.places))
    merged = [_together(own, covered.shape[0]) for own in parts]
    return Worlds(
        count=count,
        weight=weight,
        today=covered,
        pixels=tuple(pixels for pixels, _ in merged),
        bits=tuple(bits for _, bits in merged),
        result=today,
        draws=draws,
    )


def _together(parts: list[tuple[Pixels, Bits]], size: int) -> tuple[Pixels, Bits]:
    if not parts:
        return np.zeros(0, dtype=np.int32), np.zeros((size, 0), dtype=np.uint8)
    if len(parts) == 1:
        return parts[0]
    every, inverse = np.unique(np.concatenate([pixels for pixels, _ in parts]), return_inverse=True)
    bits, first = np.zeros((size, len(every)), dtype=np.uint8), 0
    for pixels, own in parts:
        bits[:, inverse[first : first + len(pixels)]] |= own
        first += len(pixels)
    return every, bits


@dataclass(frozen=True, kw_only=True, eq=False)
class _Sampler:
    """Cells of today and of the changes on their masts; `owner` is the change of each cell, −1 today's."""

    scene: Scene
    owner: NDArray[np.int_]
    draws: Draws
    threshold_dbm: float
    by_place: dict[Place, list[Standing]]

    @classmethod
    def of(cls, study: Study, changes: Sequence[Change], draws: Draws, threshold_dbm: float) -> _Sampler:
        cells = [change.cells.iloc[:0] if change.takes_away else change.cells for change in changes]
        fitting = [own[own["technology"] == study.technology] for own in cells]
        owner = [np.full(len(own), n) for n, own in enumerate([study.cells, *fitting], start=TODAY)]
        cells = gpd.GeoDataFrame(
            pd.concat([study.cells, *(own for own in fitting if len(own))], ignore_index=True), crs=study.cells.crs
        )
        scene = Scene.of(cells, study.grid, study.path_model, study.city.surface)
        by_place: dict[Place, list[Standing]] = defaultdict(list)
        for standing in scene.masts:
            by_place[round(standing.mast.easting_m), round(standing.mast.northing_m)].append(standing)
        return cls(
            scene=scene, owner=np.concatenate(owner), draws=draws, threshold_dbm=threshold_dbm, by_place=dict(by_place)
        )

    @property
    def places(self) -> list[Place]:
        return list(self.by_place)

    def at(self, place: Place) -> list[tuple[int, Pixels, Bits]]:
        """Return what each change, or today's cells, cover from one place: owner, pixels and draws."""
        sites: dict[float, SiteDraws] = {}
        found = []
        for standing in self.by_place[place]:
            far = self.scene.far(standing)
            for owner in sorted({int(self.owner[cell]) for cell, _ in standing.beams}):
                own = dataclasses.replace(
                    standing, beams=tuple(beam for beam in standing.beams if self.owner[beam[0]] == owner)
                )
                for look, reach_m in ((self._far, self.scene.sweep_m), (self._near, self._near_m(far))):
                    if reach_m not in sites:
                        sites[reach_m] = self.draws.of_site(place, reach_m)
                    pixels, reached = look(own, far, sites[reach_m])
                    there = reached.any(axis=0)
                    found.append((owner, pixels[there].astype(np.int32), np.packbits(reached[:, there], axis=0)))
        return found

    def _near_m(self, far: Far | None) -> float:
        return self.scene.sweep_m if far is None else far.near_m

    def _far(self, standing: Standing, far: Far | None, site: SiteDraws) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        if far is None:
            return _nothing(self.draws.count)
        window = far.rows, far.cols
        canvas = Canvas.blank(self.scene.grid, 1, window)
        add_levels(
            far.view(slice(0, far.rows.stop - far.rows.start)), standing.beams, threshold_dbm=self.threshold_dbm,
            sigma_db=far.sigma_db, unknown=canvas.unknown, **canvas.of(0, *window),
        )  # fmt: skip
        margin = ((canvas.rsrp_dbm[0] - self.threshold_dbm) / far.sigma_db).ravel()
        inside = np.flatnonzero(margin > -HOPELESS)
        pixels = self._on_grid(inside, window)
        # Over terrain the model knows one state; beyond 250 m most paths are out of sight, and that distance is taken.
        return pixels, site.epsilon(pixels, standing.mast.environment, "nlos") >= -margin[inside]

    def _near(self, standing: Standing, far: Far | None, site: SiteDraws) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        near = self.scene.near(standing, far)
        if near is None:
            return _nothing(self.draws.count)
        path, environment = near.path, standing.mast.environment
        on_axis = np.max([near.on_axis_dbm(beam) for _, beam in standing.beams], axis=0)
        los = (on_axis - path.los_db - self.threshold_dbm) / path.sigma_los_db
        nlos = (on_axis - path.nlos_db - self.threshold_dbm) / path.sigma_nlos_db
        # Out of sight a pixel is further short in decibel, yet its spread is wider: either may hold some hope.
        kept = np.flatnonzero(np.maximum(np.where(path.p_los > 0, los, -np.inf), nlos) > -HOPELESS)
        pixels = self._on_grid(near.sweep.inside[kept], near.window)
        seen = site.sight(pixels, environment) <= ndtri(path.p_los[kept]).astype(np.float32)
        with_sight = site.epsilon(pixels, environment, "los") >= -los[kept]
        without = site.epsilon(pixels, environment, "nlos") >= -nlos[kept]
        return pixels, np.where(seen, with_sight, without)

    def _on_grid(self, inside: NDArray[np.intp], window: tuple[slice, slice]) -> NDArray[np.intp]:
        rows, cols = window
        row, col = np.divmod(inside, max(cols.stop - cols.start, 1))
        return np.asarray((row + rows.start) * self.scene.grid.cols + col + cols.start)


def _nothing(count: int) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    return np.zeros(0, dtype=np.intp), np.zeros((count, 0), dtype=bool)
