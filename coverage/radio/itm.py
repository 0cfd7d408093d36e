"""NTIA Irregular Terrain Model (Longley–Rice), 20 MHz to 20 GHz, over a profile or over the statistics of an area.

NTIA Report 82-100 (Hufford, Longley, Kissick 1982) and Hufford, "The ITS Irregular Terrain Model, version 1.2.2: the
algorithm" (2002), with the input limits, warnings and return codes of NTIA's releases 1.3 and later.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntFlag
from typing import NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coverage.errors import RangeError
from coverage.radio.itm_reference import Medium, reference_attenuation_db
from coverage.radio.itm_terrain import Path, path_in_area, path_over
from coverage.radio.itm_variability import CLIMATES, deviates, varied_db
from coverage.radio.profiles import Array

RETURN_CODES = {  # NTIA's code of an input or a derived quantity outside its limits
    "tx_height_m": 1000,
    "rx_height_m": 1001,
    "climate": 1002,
    "time_percent": 1003,
    "location_percent": 1004,
    "situation_percent": 1005,
    "n0": 1008,
    "frequency_mhz": 1009,
    "polarisation": 1010,
    "permittivity": 1011,
    "conductivity_s_m": 1012,
    "impedance": 1013,
    "variability_mode": 1014,
    "earth_radius_m": 1016,
    "length_m": 1017,
    "irregularity_m": 1018,
    "tx_siting": 1019,
    "rx_siting": 1020,
    "refractivity_low": 1021,
    "refractivity_high": 1022,
}
SUCCESS, SUCCESS_WITH_WARNINGS = 0, 1


class Caution(IntFlag):
    """NTIA's warning flags: the result stands, but near or beyond what the model was made for."""

    TX_HEIGHT = 0x1
    RX_HEIGHT = 0x2
    FREQUENCY = 0x4
    LONG = 0x8
    VERY_LONG = 0x10
    STEEP = 0x20
    SHORT = 0x40
    TX_HORIZON_ANGLE = 0x80
    RX_HORIZON_ANGLE = 0x100
    TX_HORIZON_NEAR = 0x200
    RX_HORIZON_NEAR = 0x400
    TX_HORIZON_FAR = 0x800
    RX_HORIZON_FAR = 0x1000
    EXTREME_VARIABILITY = 0x2000
    SURFACE_REFRACTIVITY = 0x4000


@dataclass(frozen=True, kw_only=True)
class Link:
    """Everything about a set of paths that is neither terrain nor length.

    Attributes
    ----------
    frequency_mhz : float, 20–20 000
    tx_height_m, rx_height_m : float or ndarray of shape (paths,), 0.5–3000
        Antennas above ground [m].
    n0 : float, 250–400
        Refractivity reduced to sea level [N-units].
    vertical : bool
        Polarisation.
    permittivity : float, ≥ 1
    conductivity_s_m : float, > 0
        Of the ground [S/m].
    climate : int, 1–7
        Equatorial, continental subtropical, maritime subtropical, desert, continental temperate, maritime temperate
        over land, over sea.
    variability_mode : int
        0 single message, 1 accidental, 2 mobile, 3 broadcast; plus 10 without location, plus 20 without situation
        variability.
    time_percent, location_percent, situation_percent : float, 0 < % < 100
        The loss returned is not exceeded for these shares. NTIA's "reliability" is the time at 50 % of locations, its
        "confidence" the situation.
    """

    frequency_mhz: float
    tx_height_m: ArrayLike
    rx_height_m: ArrayLike
    n0: float
    climate: int
    vertical: bool = True
    permittivity: float = 15.0
    conductivity_s_m: float = 0.005
    variability_mode: int = 3
    time_percent: float = 50.0
    location_percent: float = 50.0
    situation_percent: float = 50.0


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What the model says about a set of paths; every array has the shape (paths,).

    Attributes
    ----------
    loss_db : ndarray
        Basic transmission loss [dB]; NaN for a path with a hole in its terrain.
    reference_db : ndarray
        Attenuation against free space without variability [dB].
    mechanism : int ndarray
        1 line of sight, 2 diffraction, 3 scatter.
    cautions : int ndarray
        Sums of `Caution`.
    path : Path
        Effective heights, horizons and terrain irregularity.
    """

    loss_db: Array
    reference_db: Array
    mechanism: NDArray[np.int_]
    cautions: NDArray[np.int_]
    path: Path

    @property
    def return_codes(self) -> NDArray[np.int_]:
        """NTIA's return code of each path: 0, or 1 where there are warnings."""
        return np.where(self.cautions > 0, SUCCESS_WITH_WARNINGS, SUCCESS)


def point_to_point(ground_m: ArrayLike, step_m: ArrayLike, link: Link, *, beyond_range: bool = False) -> Prediction:
    """Return the loss over known terrain.

    Parameters
    ----------
    ground_m : array_like of shape (paths, points), ≥ 3 points
        Ground above sea level from transmitter to receiver at equal steps [m].
    step_m : float or array_like of shape (paths,), > 0
        Distance between two points [m].
    link : Link
    beyond_range : bool
        Compute outside the stated validity too (for published cases that lie there).

    Returns
    -------
    Prediction

    Raises
    ------
    RangeError
        See `check`; besides ``itm_range`` for a surface refractivity outside 150–400 N-units or an effective Earth
        radius outside 4000–13 333 km, ``itm_impedance`` for ground that is more reactive than resistive.
    """
    if not beyond_range:
        check(link)
    ground = np.atleast_2d(np.asarray(ground_m, dtype=float))
    step = np.broadcast_to(np.asarray(step_m, dtype=float), len(ground))
    tenth = int(0.1 * (ground.shape[1] - 1))
    level = ground[:, tenth : ground.shape[1] - tenth].mean(axis=1)
    medium, radius = _medium(link, level)
    path = path_over(ground, step, _heights(link, len(ground)), radius)
    return _predicted(path, medium, link, beyond_range)


def area(
    length_m: ArrayLike,
    irregularity_m: ArrayLike,
    link: Link,
    *,
    siting: tuple[int, int] = (0, 0),
    beyond_range: bool = False,
) -> Prediction:
    """Return the loss over terrain of which only the irregularity is known.

    Parameters
    ----------
    length_m : array_like of shape (paths,), > 0
    irregularity_m : array_like of shape (paths,), ≥ 0
        Terrain irregularity parameter Δh: 0 water, 30 plains, 90 hills, 200 mountains [m].
    link : Link
    siting : tuple of int
        How the sites of transmitter and receiver were chosen: 0 at random, 1 with care, 2 with great care.
    beyond_range : bool
        Compute outside the stated validity too.

    Returns
    -------
    Prediction

    Raises
    ------
    RangeError
        As `point_to_point`, and for length, irregularity and siting.
    """
    length, irregularity = np.broadcast_arrays(
        np.atleast_1d(np.asarray(length_m, dtype=float)), np.atleast_1d(np.asarray(irregularity_m, dtype=float))
    )
    if not beyond_range:
        check(link)
        _within("length_m", length, 0.0, math.inf, low_open=True)
        _within("irregularity_m", irregularity, 0.0, math.inf)
        for name, choice in zip(("tx_siting", "rx_siting"), siting, strict=True):
            _member(name, choice, (0, 1, 2))
    medium, radius = _medium(link, np.zeros(len(length)))
    path = path_in_area(length, _heights(link, len(length)), irregularity, siting, radius)
    return _predicted(path, medium, link, beyond_range)


def check(link: Link) -> None:
    """Refuse what lies outside the stated validity of the model; `RETURN_CODES` has NTIA's code of each quantity.

    Raises
    ------
    RangeError
        ``itm_range``, ``itm_below`` or ``itm_not_positive`` with the quantity, its value and its limits; ``itm_choice``
        with what can be chosen.
    """
    _within("tx_height_m", link.tx_height_m, 0.5, 3000.0)
    _within("rx_height_m", link.rx_height_m, 0.5, 3000.0)
    _member("climate", link.climate, tuple(CLIMATES))
    _within("n0", link.n0, 250.0, 400.0)
    _within("frequency_mhz", link.frequency_mhz, 20.0, 20_000.0)
    _within("permittivity", link.permittivity, 1.0, math.inf)
    _within("conductivity_s_m", link.conductivity_s_m, 0.0, math.inf, low_open=True)
    _member(
        "variability_mode", link.variability_mode, tuple(ten + kind for ten in (0, 10, 20, 30) for kind in range(4))
    )
    for name in ("situation_percent", "time_percent", "location_percent"):
        _within(name, getattr(link, name), 0.0, 100.0, low_open=True, high_open=True)


def _within(
    name: str, value: ArrayLike, low: float, high: float, *, low_open: bool = False, high_open: bool = False
) -> None:
    values = np.ravel(np.asarray(value, dtype=float))
    inside = (values > low if low_open else values >= low) & (values < high if high_open else values <= high)
    if not inside.all():
        raise RangeError(
            "itm_range" if math.isfinite(high) else "itm_not_positive" if low_open else "itm_below",
            quantity=name, value=float(values[~inside][0]), low=low, high=high,
        )  # fmt: skip


def _member(name: str, value: int, known: tuple[int, ...]) -> None:
    if value not in known:
        raise RangeError("itm_choice", quantity=name, value=value, known=", ".join(map(str, known)))


def _heights(link: Link, paths: int) -> Array:
    return np.stack([
        np.broadcast_to(np.asarray(height, dtype=float), paths) for height in (link.tx_height_m, link.rx_height_m)
    ])  # fmt: skip


def _medium(link: Link, level_m: Array) -> tuple[Medium, Array]:
    """Return what the waves meet, and the effective Earth radius [m] (§2; Tech Note 101, 4.3, 4.4)."""
    refractivity = link.n0 * np.exp(-level_m / 9460)
    curvature = 157e-9 * (1 - 0.04665 * np.exp(refractivity / 179.3))
    ground = complex(link.permittivity, 18_000 * link.conductivity_s_m / link.frequency_mhz)
    impedance = np.sqrt(ground - 1) / (ground if link.vertical else 1)
    paths = len(level_m)
    medium = Medium(
        frequency_mhz=np.full(paths, float(link.frequency_mhz)),
        impedance=np.full(paths, impedance),
        refractivity=refractivity,
    )
    return medium, 1 / curvature


def _check_derived(path: Path, medium: Medium) -> None:
    known = ~np.isnan(medium.refractivity)  # over a hole in the terrain there is nothing to check
    refractivity, radius = medium.refractivity[known], path.radius_m[known]
    _within("refractivity_low", refractivity, 150.0, math.inf)
    _within("refractivity_high", refractivity, 0.0, 400.0)
    _within("earth_radius_m", radius, 4_000_000.0, 13_333_333.0)
    if np.any(medium.impedance.real <= np.abs(medium.impedance.imag)):
        _refuse_impedance(complex(medium.impedance[0]))


def _refuse_impedance(impedance: complex) -> NoReturn:
    raise RangeError("itm_impedance", quantity="impedance", real=impedance.real, imaginary=impedance.imag)


def _predicted(path: Path, medium: Medium, link: Link, beyond_range: bool) -> Prediction:
    if not beyond_range:
        _check_derived(path, medium)
    reference, mechanism = reference_attenuation_db(path, medium)
    z = deviates(link.variability_mode, link.time_percent, link.location_percent, link.situation_percent)
    varied = varied_db(reference, path, medium, z, climate=link.climate, mode=link.variability_mode)
    free = 32.45 + 20 * np.log10(link.frequency_mhz) + 20 * np.log10(path.length_m / 1000)
    extreme = any(np.any(np.abs(value) > 3.1) for value in (z.time, z.location, z.situation))
    return Prediction(
        loss_db=varied + free,
        reference_db=reference,
        mechanism=mechanism,
        cautions=_cautions(path, medium) | (Caution.EXTREME_VARIABILITY if extreme else 0),
        path=path,
    )


def _cautions(path: Path, medium: Medium) -> NDArray[np.int_]:
    d, f, height, smooth = path.length_m, medium.frequency_mhz, path.height_m, path.smooth_m
    tall = (height < 1) | (height > 1000)
    steep = np.abs(path.horizon_rad) > 0.2
    near, far = path.horizon_m < 0.1 * smooth, path.horizon_m > 3 * smooth
    flags = (
        (Caution.TX_HEIGHT, tall[0]),
        (Caution.RX_HEIGHT, tall[1]),
        (Caution.FREQUENCY, (f < 40) | (f > 10_000)),
        (Caution.LONG, d > 1000e3),
        (Caution.VERY_LONG, d > 2000e3),
        (Caution.STEEP, d < np.abs(path.effective_m[0] - path.effective_m[1]) / 0.2),
        (Caution.SHORT, d < 1e3),
        (Caution.TX_HORIZON_ANGLE, steep[0]),
        (Caution.RX_HORIZON_ANGLE, steep[1]),
        (Caution.TX_HORIZON_NEAR, near[0]),
        (Caution.RX_HORIZON_NEAR, near[1]),
        (Caution.TX_HORIZON_FAR, far[0]),
        (Caution.RX_HORIZON_FAR, far[1]),
        (Caution.SURFACE_REFRACTIVITY, medium.refractivity < 250),
    )
    return np.asarray(sum(int(flag) * np.asarray(raised, dtype=int) for flag, raised in flags))
