"""Synthetic, seeded ground for timings: a coastal plain with hills to 700 m behind it, as an SRTM tile and as grids."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

SIDE = 3601  # samples of a tile of one second of arc
SOUTH, WEST = 16, 108  # the tile's corner [°]
SITES = {"plain": (16.5, 108.5), "hills": (16.5, 108.25)}  # latitude, longitude [°]
METRES_PER_DEGREE = 111_195.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Window:
    """Ground around a site on a metric grid, the site on the centre of the middle pixel."""

    bare_m: NDArray[np.float32]
    top_m: NDArray[np.float32]
    zone: NDArray[np.uint8]
    middle: float


@cache
def tile() -> NDArray[np.int16]:
    """Return the heights of the tile N16E108, north up [m]."""
    rng = np.random.default_rng(16_108)
    spectrum = np.fft.rfft2(rng.normal(size=(SIDE, SIDE)))
    wave = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)[None, :])
    wave[0, 0] = 1.0
    relief = np.fft.irfft2(spectrum * wave**-1.9 * (wave > 1 / 1200), s=(SIDE, SIDE))
    relief /= relief.std()
    inland_km = (108.44 - (WEST + np.arange(SIDE) / (SIDE - 1))) * METRES_PER_DEGREE / 1000
    hilly = np.clip(inland_km / 6, 0, 1)  # none on the plain, all of it 6 km behind its edge
    bumps = gaussian_filter(rng.normal(size=(SIDE, SIDE)), 2.0)  # fields, roads: correlated over some 60 m
    plain = np.clip(4 + inland_km / 5, -1, None) + 1.5 * bumps / bumps.std()
    heights = np.where(hilly > 0, plain + hilly * np.clip(250 + 180 * relief, 0, 695), plain)
    return np.asarray(np.clip(np.rint(heights), 0, 700), dtype=np.int16)


def write_hgt(folder: Path) -> Path:
    """Write the tile as SRTM does, big-endian 16 bits, and return the file."""
    path = folder / f"N{SOUTH}E{WEST}.hgt"
    tile().astype(">i2").tofile(path)
    return path


@cache
def window(site: str, pixel_m: float, reach_m: float) -> Window:
    """Return the ground within a reach of a site, with patches of clutter 10 to 20 m high, and the sea at 0 m."""
    latitude, longitude = SITES[site]
    half = int(np.ceil(reach_m / pixel_m)) + 2
    offset = np.arange(-half, half + 1) * pixel_m
    row = (SOUTH + 1 - latitude + offset / METRES_PER_DEGREE) * (SIDE - 1)
    col = (longitude - WEST + offset / (METRES_PER_DEGREE * np.cos(np.radians(latitude)))) * (SIDE - 1)
    at = np.meshgrid(row, col, indexing="ij")
    bare = map_coordinates(tile().astype(np.float32), at, order=1).astype(np.float32)
    rng = np.random.default_rng(7)
    coarse = rng.random((len(offset) // 8 + 1, len(offset) // 8 + 1))
    patch = np.kron(coarse, np.ones((8, 8)))[: len(offset), : len(offset)]
    clutter = np.where(patch < 0.6, 0, np.where(patch < 0.8, 10, 20)).astype(np.float32)
    zone = np.where(bare < 0.5, 1, 4).astype(np.uint8)
    return Window(bare_m=bare, top_m=bare + clutter, zone=zone, middle=float(half))
