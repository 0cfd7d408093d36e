"""The few hot loops in C: compiled on first use by the machine's own compiler, or by ziglang's, and called by ctypes.

Each function has its NumPy twin (`coverage.radio.p1812`), which the tests compare with it and which serves where
nothing can compile. A compiled library is kept in the cache folder under the hash of its sources, compiler and flags.
"""

from __future__ import annotations

import ctypes
import hashlib
import math
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Level = Literal["baseline", "avx2", "avx512"]
FOLDER = Path(__file__).parent
SOURCES = tuple(sorted(FOLDER.glob("*.c")))  # one library of all of them
FLAGS = ("-O3", "-fno-math-errno", "-fno-trapping-math", "-shared", "-fPIC")
TUNE = "-mtune=native"  # compiled where it runs; which instructions there are stays with `MARCH`
MARCH: dict[Level, tuple[str, ...]] = {
    "baseline": (),
    "avx2": ("-march=x86-64-v3",),
    "avx512": ("-march=x86-64-v4", "-mprefer-vector-width=512"),  # sixteen lanes are one register
}
ZIG_CPU: dict[Level, str] = {"baseline": "baseline", "avx2": "x86_64_v3", "avx512": "x86_64_v4"}
NEEDED: dict[Level, tuple[str, ...]] = {
    "baseline": (),
    "avx2": ("avx2", "fma", "bmi2"),
    "avx512": ("avx2", "fma", "bmi2", "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"),
}

FAN = 64  # as in sweep.c

Array = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class RayLink:
    """What the rays of one mast share.

    Attributes
    ----------
    step_m : float
        Distance between the samples of a ray [m].
    frequency_ghz : float, 0.03–6
    tx_height_m, rx_height_m : float
        Antenna above ground [m].
    vertical : bool
        Polarisation.
    delta_n : float
        Refractivity lapse rate through the lowest kilometre [N-units/km].
    n0 : float
        Sea-level surface refractivity [N-units].
    latitude_deg : float
    time_percent : float, 1–50
        Share of an average year for which the loss is not exceeded.
    location_percent : float, 1–99
    location_sigma_db : float, ≥ 0
        Standard deviation of location variability [dB]; 0 leaves it out.
    """

    step_m: float
    frequency_ghz: float
    tx_height_m: float
    rx_height_m: float
    vertical: bool = True
    delta_n: float = 45.0
    n0: float = 350.0
    latitude_deg: float = 16.0
    time_percent: float = 50.0
    location_percent: float = 50.0
    location_sigma_db: float = 0.0

    @property
    def radius_m(self) -> float:
        """Return the median effective Earth radius, P.1812-8 eqs 6 and 7a [m]."""
        return 6_371_000.0 * 157 / (157 - self.delta_n)


def compilers() -> tuple[tuple[str, ...], ...]:
    """Return the C compilers there are, best first: `CC`, the machine's own, ziglang from the package index."""
    found: list[tuple[str, ...]] = [
        (path,) for path in map(shutil.which, (os.environ.get("CC", ""), "cc", "gcc", "clang")) if path
    ]
    if find_spec("ziglang") is not None:
        found.append((sys.executable, "-m", "ziglang", "cc"))
    if os.environ.get("PHUSONG_COMPILER") == "ziglang":
        found = [command for command in found if "ziglang" in command]
    return tuple(found)


def level() -> Level:
    """Return the widest instruction set that this processor has (`PHUSONG_SIMD` may lower it)."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return "baseline"  # NEON is part of every 64-bit Arm: the compiler uses it by itself
    asked = os.environ.get("PHUSONG_SIMD")
    has = _processor_flags()
    fitting: list[Level] = [name for name in MARCH if has.issuperset(NEEDED[name])]
    return asked if asked in fitting else fitting[-1]


def _processor_flags() -> set[str]:
    try:
        text = Path("/proc/cpuinfo").read_text("ascii", errors="ignore")
    except OSError:
        return set()
    return set(next((line for line in text.splitlines() if line.startswith("flags")), "").split())


def cache_folder() -> Path:
    """Return where compiled libraries are kept: `PHUSONG_CACHE`, else the person's cache folder."""
    chosen = os.environ.get("PHUSONG_CACHE") or os.environ.get("XDG_CACHE_HOME")
    base = Path(chosen) if chosen else Path.home() / ".cache"
    return base / "phusong" / "native"


def _instructions(command: tuple[str, ...], wanted: Level) -> tuple[str, ...]:
    """Return the flags of an instruction set: zig has names of its own, and without one takes all this machine has."""
    return (f"-mcpu={ZIG_CPU[wanted]}",) if "ziglang" in command else (*MARCH[wanted], TUNE)


def compiled(command: tuple[str, ...], wanted: Level, folder: Path = FOLDER) -> Path | None:
    """Return the library that a compiler builds of all C files of a folder, building it if need be; None: it cannot.

    Parameters
    ----------
    command : tuple of str
        Of `compilers`.
    wanted : {"baseline", "avx2", "avx512"}
    folder : Path
        These loops, or those of another package; its ``flags.txt`` holds flags of its own, if there is one.
    """
    own = folder / "flags.txt"
    flags = (*FLAGS, *(own.read_text("ascii").split() if own.exists() else ()), *_instructions(command, wanted))
    sources = sorted(folder.glob("*.c"))
    text = b"".join(path.read_bytes() for path in (*sources, *sorted(folder.glob("*.h"))))
    key = hashlib.sha256(text + repr((command, flags, platform.platform())).encode()).hexdigest()
    target = cache_folder() / f"{'loops' if folder == FOLDER else folder.parent.name}-{wanted}-{key[:16]}.so"
    if target.exists():
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as room:
            built = Path(room) / target.name
            call = [*command, *flags, "-o", str(built), *map(str, sources), "-lm"]
            env = {**os.environ, "ZIG_GLOBAL_CACHE_DIR": room, "ZIG_LOCAL_CACHE_DIR": room}  # zig's take 60 MB
            subprocess.run(call, check=True, capture_output=True, env=env)  # noqa: S603 — our own source and compiler
            built.replace(target)  # whole or not at all: another process may be building it too
    except (OSError, subprocess.CalledProcessError):
        return None
    return target


class Build(NamedTuple):
    """A compiled library: where it is kept, and the compiler and instruction set behind it."""

    path: Path
    command: tuple[str, ...]
    level: Level


def build(folder: Path = FOLDER) -> Build | None:
    """Return a folder's library for this machine, compiling it if need be; None: nothing can, or `PHUSONG_NATIVE=0`."""
    if os.environ.get("PHUSONG_NATIVE") == "0":
        return None
    for command in compilers():
        path = compiled(command, level(), folder)
        if path is not None:
            return Build(path, command, level())
    return None


@cache
def library(folder: Path = FOLDER) -> ctypes.CDLL | None:
    """Return the compiled loops of a folder, None where no compiler works: callers then use the NumPy twin."""
    built = build(folder)
    return ctypes.CDLL(str(built.path)) if built else None


def ray_count(pixel_m: float, reach_m: float) -> int:
    """Return the number of rays of a sweep, a multiple of `FAN`: √2 pixels apart on the rim, a target a pixel."""
    return FAN * math.ceil(math.sqrt(2) * math.pi * reach_m / pixel_m / FAN)


def _pointer(array: Array) -> ctypes._Pointer[ctypes.c_float]:
    return array.ctypes.data_as(ctypes.POINTER(ctypes.c_float))


def _floats(*values: float) -> tuple[ctypes.c_float, ...]:
    return tuple(ctypes.c_float(value) for value in values)


def _check(code: int) -> None:
    if code == 1:
        raise MemoryError("the sweep of a mast found no memory")
    if code:
        raise ValueError(f"the sweep refused its arguments (code {code})")


class _Request(ctypes.Structure):
    """As `Request` in rays.h."""

    _fields_ = tuple(
        (name, ctypes.c_float)
        for name in (
            "step", "frequency_ghz", "tx_height", "rx_height", "vertical", "delta_n", "n0", "latitude",
            "time_percent", "location_percent", "location_sigma",
        )
    )  # fmt: skip


def _request(link: RayLink) -> ctypes._CArgObject:
    return ctypes.byref(
        _Request(
            link.step_m, link.frequency_ghz, link.tx_height_m, link.rx_height_m, float(link.vertical), link.delta_n,
            link.n0, link.latitude_deg, link.time_percent, link.location_percent, link.location_sigma_db,
        )
    )  # fmt: skip


def _zones(zone: NDArray[np.uint8] | None, shape: tuple[int, ...]) -> NDArray[np.uint8] | None:
    if zone is None:
        return None
    if zone.shape != shape:
        raise ValueError(f"zones of shape {zone.shape} over heights of shape {shape}")
    return np.ascontiguousarray(zone, dtype=np.uint8)


def _bytes(zone: NDArray[np.uint8] | None) -> ctypes._Pointer[ctypes.c_uint8] | None:
    return None if zone is None else zone.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))


def ray_losses(
    lib: ctypes.CDLL, bare_m: Array, top_m: Array, link: RayLink, zone: NDArray[np.uint8] | None = None
) -> Array:
    """Return the basic transmission loss of every target of given profiles [dB].

    Parameters
    ----------
    lib : from `library`
    bare_m, top_m : float32 ndarray of shape (rays, samples), 3 ≤ samples ≤ 4096
        Ground, and ground with clutter, above sea level [m]; NaN is unknown.
    link : RayLink
    zone : uint8 ndarray of shape (rays, samples) or None
        1 sea, 3 coastal land, 4 inland; None is inland throughout.

    Returns
    -------
    float32 ndarray of shape (rays, samples)
        NaN for the first two samples and behind an unknown one.
    """
    bare, top = (np.ascontiguousarray(heights, dtype=np.float32) for heights in (bare_m, top_m))
    out, zones = np.empty_like(bare), _zones(zone, bare.shape)
    _check(
        lib.phusong_rays(
            _request(link), _pointer(bare), _pointer(top), _bytes(zones), bare.shape[0], bare.shape[1] - 1,
            _pointer(out),
        )
    )  # fmt: skip
    return out


def packed_sweep(  # noqa: PLR0913 (what the C function takes)
    lib: ctypes.CDLL, bare_m: Array, top_m: Array, position: tuple[float, float], link: RayLink, *,
    pixel_m: float, reach_m: float, near_m: float, agreed_db: float, zone: NDArray[np.uint8] | None = None,
    asked: tuple[slice, slice] | None = None,
) -> NDArray[np.int16]:  # fmt: skip
    """Return the packed loss around a mast; arguments and result as `coverage.radio.sweeps.packed_sweep`."""
    bare, top = (np.ascontiguousarray(heights, dtype=np.float32) for heights in (bare_m, top_m))
    out, zones = np.empty(bare.shape, dtype=np.int16), _zones(zone, bare.shape)
    rows, cols = asked or (slice(0, bare.shape[0]), slice(0, bare.shape[1]))
    _check(
        lib.phusong_sweep(
            _request(link), _pointer(bare), _pointer(top), _bytes(zones), *bare.shape,
            (ctypes.c_int32 * 4)(rows.start, rows.stop, cols.start, cols.stop),
            *_floats(*position, pixel_m, reach_m, near_m, agreed_db), ray_count(pixel_m, reach_m),
            out.ctypes.data_as(ctypes.POINTER(ctypes.c_int16)),
        )
    )  # fmt: skip
    return out
