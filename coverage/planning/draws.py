"""Draws of shadowing: normal errors that are alike at pixels near each other and at sites that look at one pixel.

A draw is one world in which the model errs by a number of standard deviations ε(site, pixel) of its own:

    ε = √c·B + √(1 − c)·(√ρ·Z(pixel) + √(1 − ρ)·Z(site, pixel))

B is one number for the whole city, Z(pixel) one field for all sites, Z(site, pixel) a field for each site; all are
standard normal and independent, so ε is standard normal too and a cell reaches a threshold at a pixel with exactly the
probability that the model gives it. The fields fall off as exp(−distance ÷ decorrelation distance) (Gudmundson 1991).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from threading import Lock
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.special import ndtri

from coverage.errors import RangeError
from coverage.grid import Grid
from coverage.types import Environment

Floats = NDArray[np.float32]
Waves = NDArray[np.complex64]
State = Literal["los", "nlos", "sight"]

# Decorrelation distance of shadow fading in the horizontal plane [m], TR 38.901 V17.0.0 table 7.5-6; "sight" is that
# of the LOS/NLOS state, table 7.6.3.1-2.
DECORRELATION_M: dict[Environment, dict[State, float]] = {
    "UMa": {"los": 37.0, "nlos": 50.0, "sight": 50.0},
    "UMi": {"los": 10.0, "nlos": 13.0, "sight": 50.0},
    "RMa": {"los": 37.0, "nlos": 120.0, "sight": 60.0},
}
MARGIN = 8.0  # decorrelation distances between what a torus holds and itself: exp(−8) = 0.0003 of correlation is left
LEAST_TORUS = 256
AT_ONCE = 8  # pairs of draws on the torus of the city


@dataclass(frozen=True, kw_only=True)
class Shadowing:
    """What the errors of the levels have in common.

    Attributes
    ----------
    between_sites : float, 0–1
        Correlation ρ of the shadowing of two sites at one pixel; sectors of one site share theirs. 0.5 and 1 are the
        values of TR 36.814 table A.2.1.1-2 and TR 36.942. At 1 a pixel is covered in as many draws as its probability
        says; below 1 in more, for where one site fails another may not.
    city_share : float, 0–1
        Part c of the variance that is one error for the whole city. 0.25 is assumed (3 dB of the 6 dB of
        `coverage.terrain.P1812`): nothing measured in Đà Nẵng tells it yet.
    decorrelation_m : mapping of str to mapping of str to float
        Environment → state → distance at which the correlation has fallen to 1/e [m].

    Raises
    ------
    RangeError
        ``shadowing_share`` for a share outside 0–1; ``shadowing_distance`` for a distance that is not above zero.
    """

    between_sites: float = 0.5
    city_share: float = 0.25
    decorrelation_m: dict[Environment, dict[State, float]] = field(default_factory=lambda: DECORRELATION_M)

    def __post_init__(self) -> None:
        """Refuse shares and distances that no covariance has."""
        for name in ("between_sites", "city_share"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise RangeError("shadowing_share", field=name, value=getattr(self, name))
        for environment, distances in self.decorrelation_m.items():
            for state, distance in distances.items():
                if not (math.isfinite(distance) and distance > 0):
                    raise RangeError("shadowing_distance", environment=environment, state=state, distance_m=distance)


@dataclass(frozen=True, kw_only=True, eq=False)
class Draws:
    """A number of draws on a grid; the same seed gives the same draws, whichever sites and pixels are asked for.

    Attributes
    ----------
    grid : Grid
    count : int
        Number of draws, ≥ 1.
    shadowing : Shadowing
    seed : int, ≥ 0
    stratified : bool
        B takes one value from each of `count` equal strata, in random order: quantiles over the draws are then less
        rough. Draws by themselves are not independent of each other any more, so no confidence interval rests on them.
    """

    grid: Grid
    count: int
    shadowing: Shadowing = field(default_factory=Shadowing)
    seed: int = 0
    stratified: bool = False

    @cached_property
    def city(self) -> Floats:
        """B of each draw, shape (count,)."""
        random = np.random.default_rng([self.seed, 1])
        if not self.stratified:
            return random.standard_normal(self.count).astype(np.float32)
        strata = (random.permutation(self.count) + random.random(self.count)) / self.count
        return np.asarray(ndtri(strata), dtype=np.float32)

    def common(self, distance_m: float) -> Floats:
        """Return Z(pixel) on the whole grid, shape (count, rows × cols); kept for each distance."""
        with self._lock:  # several threads ask; one of them makes it
            if distance_m not in self._common:
                self._common[distance_m] = self._drawn(distance_m)
            return self._common[distance_m]

    def _drawn(self, distance_m: float) -> Floats:
        grid = self.grid
        side = _side(max(grid.shape) + MARGIN * self._longest)
        rows = (np.arange(grid.rows) - round(grid.north_m / grid.pixel_m)) % side
        cols = (np.arange(grid.cols) + round(grid.west_m / grid.pixel_m)) % side
        random = _stream([self.seed, 2])
        found = np.empty((self.count, grid.rows * grid.cols), dtype=np.float32)
        for first in range(0, self.count, 2 * AT_ONCE):  # the torus of all draws at once would take gigabytes
            last = min(first + 2 * AT_ONCE, self.count)
            waves = _correlated(_noise(random, side, (last - first + 1) // 2), distance_m / grid.pixel_m)
            found[first:last] = _apart(waves[:, rows[:, None], cols].reshape(len(waves), -1), last - first)
        return found

    def of_site(self, place: tuple[int, int], radius_m: float) -> SiteDraws:
        """Return the draws of a site.

        Parameters
        ----------
        place : (int, int)
            Easting and northing to the whole metre: sites at one place are one site.
        radius_m : float
            Farthest pixel that will be asked for [m]; the draws depend on it, so give the reach of the model. Two radii
            of one place have fields of their own.
        """
        pixel = self.grid.pixel_m
        side = fft.next_fast_len(math.ceil(2 * radius_m / pixel + 3 + MARGIN * self._longest))
        key = [self.seed, 3, *(abs(metres) for metres in place), *(int(metres < 0) for metres in place)]
        return SiteDraws(draws=self, place=place, noise=_noise(_stream(key), side, (self.count + 1) // 2))

    @cached_property
    def _common(self) -> dict[float, Floats]:
        return {}

    @cached_property
    def _lock(self) -> Lock:
        return Lock()

    @property
    def _longest(self) -> float:
        """The longest decorrelation distance [pixels]."""
        distances = self.shadowing.decorrelation_m.values()
        return max(distance for own in distances for distance in own.values()) / self.grid.pixel_m


@dataclass(frozen=True, kw_only=True, eq=False)
class SiteDraws:
    """The draws of one site: its own field and what it shares with all others."""

    draws: Draws
    place: tuple[int, int]
    noise: Waves

    def epsilon(self, pixels: NDArray[np.intp], environment: Environment, state: State) -> Floats:
        """Return ε at some pixels in every draw, shape (count, pixels).

        Parameters
        ----------
        pixels : int ndarray of shape (n,)
            Flat index on the grid, within the radius the site was asked with.
        environment : {"UMa", "UMi", "RMa"}
        state : {"los", "nlos"}
        """
        draws, said = self.draws, self.draws.shadowing
        distance_m = said.decorrelation_m[environment][state]
        local = np.float32(math.sqrt(1 - said.between_sites)) * self.own(pixels, distance_m)
        if said.between_sites > 0:
            local += np.float32(math.sqrt(said.between_sites)) * draws.common(distance_m)[:, pixels]
        local *= np.float32(math.sqrt(1 - said.city_share))
        local += np.float32(math.sqrt(said.city_share)) * draws.city[:, None]
        return local

    def sight(self, pixels: NDArray[np.intp], environment: Environment) -> Floats:
        """Return a standard normal number at some pixels in every draw: the path is in sight where it is ≤ Φ⁻¹(p_LOS).

        Independent of `epsilon` and of the other sites.
        """
        key = [self.draws.seed, 4, *(abs(metres) for metres in self.place)]
        noise = _noise(_stream(key), self.noise.shape[1], len(self.noise))
        distance_m = self.draws.shadowing.decorrelation_m[environment]["sight"]
        return self._at(pixels, _correlated(noise, distance_m / self.draws.grid.pixel_m))

    def own(self, pixels: NDArray[np.intp], distance_m: float) -> Floats:
        """Return Z(site, pixel) at some pixels in every draw, shape (count, pixels)."""
        return self._at(pixels, _correlated(self.noise, distance_m / self.draws.grid.pixel_m))

    def _at(self, pixels: NDArray[np.intp], waves: Waves) -> Floats:
        grid, side = self.draws.grid, waves.shape[1]
        row, col = np.divmod(pixels, grid.cols)
        # Counted from the site, so that the draws do not depend on the window of the study.
        row = (row - math.floor((grid.north_m - self.place[1]) / grid.pixel_m)) % side
        col = (col - math.floor((self.place[0] - grid.west_m) / grid.pixel_m)) % side
        return _apart(waves.reshape(len(waves), -1)[:, row * side + col], self.draws.count)


def _side(least: float) -> int:
    """Return the side of a torus [pixels]: few sizes, so that most studies of one city get the same draws."""
    power = max(LEAST_TORUS, 1 << math.ceil(math.log2(least)))
    return power * 3 // 4 if power > LEAST_TORUS and least <= power * 3 // 4 else power


def _stream(key: list[int]) -> np.random.Generator:
    return np.random.Generator(np.random.SFC64(key))


def _noise(random: np.random.Generator, side: int, pairs: int) -> Waves:
    """Return complex white noise of shape (pairs of draws, side, side): drawn in parts or at once, it is the same."""
    return random.standard_normal((pairs, side, side, 2), dtype=np.float32).view(np.complex64)[..., 0]


def _correlated(noise: Waves, distance_px: float) -> Waves:
    """Return fields on a torus, correlated as exp(−r ÷ distance), two in each complex one; shape as the noise.

    Circulant embedding (Dietrich and Newsam 1997): the covariance on a torus is diagonal in waves, and one complex
    transform gives two independent fields, its real and its imaginary part.
    """
    waves = noise * _amplitudes(noise.shape[1], distance_px)
    return np.asarray(fft.fft2(waves, overwrite_x=True))


def _apart(waves: Waves, count: int) -> Floats:
    """Return real and imaginary parts as draws of their own, shape (count, pixels)."""
    found = np.empty((2 * len(waves), waves.shape[1]), dtype=np.float32)
    found[0::2], found[1::2] = waves.real, waves.imag
    return found[:count]


@lru_cache(maxsize=16)
def _amplitudes(side: int, distance_px: float) -> Floats:
    """Return by what each wave is multiplied: the root of its power, shape (side, side)."""
    apart = np.minimum(np.arange(side), side - np.arange(side)).astype(float)
    covariance = np.exp(-np.hypot(apart[:, None], apart[None, :]) / distance_px)
    power = np.maximum(fft.fft2(covariance).real, 0.0)  # only rounding could make it negative: the torus is wide
    return np.asarray(np.sqrt(power / power.sum()), dtype=np.float32)
