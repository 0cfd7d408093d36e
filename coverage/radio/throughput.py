"""From SINR to throughput: a truncated Shannon curve, the resources of an allocation, and the uplink budget.

The curve, not the standard's peak rate, gives the figures; the peak rate of TS 38.306 is the bound above them. The
coefficients of TR 36.942 and TR 38.803 are those that sharing studies and their open tools reproduce; the original
tables were not at hand when this was written.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coverage.radio.budget import SUBCARRIERS_PER_BLOCK
from coverage.radio.interference import noise_dbm
from coverage.radio.ranges import require
from coverage.units import to_decibel, to_linear

FrequencyRange = Literal["FR1", "FR2"]
Direction = Literal["DL", "UL"]

# OH of TS 38.306 (V17) §4.1.2: share of the resource elements that carry no user data.
OVERHEAD: dict[tuple[FrequencyRange, Direction], float] = {
    ("FR1", "DL"): 0.14, ("FR2", "DL"): 0.18, ("FR1", "UL"): 0.08, ("FR2", "UL"): 0.10,
}  # fmt: skip

MAX_CODE_RATE = 948 / 1024  # R_max of TS 38.306 §4.1.2
SYMBOLS_PER_SLOT = 14  # normal cyclic prefix
BASE_SCS_KHZ = 15.0  # numerology 0: slots of 1 ms
BEYOND_ANY_CAP_DB = 1000.0  # every real curve has ended; keeps the power ratio finite


@dataclass(frozen=True, kw_only=True)
class ShannonMapping:
    """Truncated Shannon curve of one spatial layer.

    Attributes
    ----------
    alpha : float
        Attenuation factor for implementation losses, above 0 to 1.
    sinr_min_db : float
        Below it nothing is decoded [dB].
    max_bit_s_hz : float
        Spectral efficiency of the highest modulation and code rate [bit/s/Hz], > 0.
    source : str
        Where the values come from.

    Raises
    ------
    RangeError
        ``kernel_range`` outside these limits.
    """

    alpha: float
    sinr_min_db: float
    max_bit_s_hz: float
    source: str

    def __post_init__(self) -> None:
        require("alpha", self.alpha, 1e-3, 1.0)
        require("sinr_min_db", self.sinr_min_db, -50.0, 50.0)
        require("max_bit_s_hz", self.max_bit_s_hz, 1e-3, 12.0)


LTE_DOWNLINK = ShannonMapping(
    alpha=0.6, sinr_min_db=-10.0, max_bit_s_hz=4.4,
    source="TR 36.942 annex A.2, baseline: 64QAM 4/5, one layer, two receive antennas",
)  # fmt: skip
LTE_UPLINK = ShannonMapping(
    alpha=0.4, sinr_min_db=-10.0, max_bit_s_hz=2.0,
    source="TR 36.942 annex A.2, baseline: 16QAM 3/4, one layer, two receive antennas",
)  # fmt: skip
# The studies for NR keep α and SINR_min and name the SINR where the curve ends: 30 dB (256QAM) and 22 dB (64QAM).
NR_DOWNLINK = ShannonMapping(
    alpha=0.6, sinr_min_db=-10.0, max_bit_s_hz=0.6 * math.log2(1.0 + 10.0**3.0),
    source="form of TR 36.942 annex A.2 with SINR_max = 30 dB as in the NR coexistence studies (TR 38.803 §5.2.7)",
)  # fmt: skip
NR_UPLINK = ShannonMapping(
    alpha=0.4, sinr_min_db=-10.0, max_bit_s_hz=0.4 * math.log2(1.0 + 10.0**2.2),
    source="form of TR 36.942 annex A.2 with SINR_max = 22 dB as in the NR coexistence studies (TR 38.803 §5.2.7)",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Allocation:
    """The resources a receiver is given: all of a carrier, or a part.

    Attributes
    ----------
    n_rb : int
        Resource blocks, 1–275.
    scs_khz : float
        Subcarrier spacing [kHz], 15–960 (LTE: 15).
    overhead : float
        Share of the resource elements without user data, 0 to below 1 (NR: `OVERHEAD`; for LTE an assumption).
    share : float
        Share of the time in this direction, 0–1: 1 in FDD, the downlink or uplink share in TDD.
    layers : int
        Most spatial layers (MIMO), 1–8.

    Raises
    ------
    RangeError
        ``kernel_range`` outside these limits.
    """

    n_rb: int
    scs_khz: float
    overhead: float
    share: float = 1.0
    layers: int = 1

    def __post_init__(self) -> None:
        require("n_rb", self.n_rb, 1, 275)
        require("scs_khz", self.scs_khz, BASE_SCS_KHZ, 960.0)
        require("overhead", self.overhead, 0.0, 0.99)
        require("share", self.share, 0.0, 1.0)
        require("layers", self.layers, 1, 8)

    @property
    def bandwidth_hz(self) -> float:
        """Occupied bandwidth, N_RB·12·SCS [Hz]."""
        return self.n_rb * SUBCARRIERS_PER_BLOCK * self.scs_khz * 1e3


@dataclass(frozen=True, kw_only=True)
class UplinkBudget:
    """Both ends of the uplink; every value but the power class is an assumption a study may replace.

    Attributes
    ----------
    power_dbm : float
        Power of the handset [dBm], always in full: there is no power control, so near the mast the SINR is an upper
        bound (the curve is capped there anyway).
    handset_gain_dbi, body_loss_db : float
        Antenna gain [dBi] and losses [dB] at the handset.
    noise_figure_db : float
        Noise figure of the base station [dB].
    interference_margin_db : float
        Rise of interference over noise at the base station [dB], ≥ 0: −10·log10(1 − load) is 3 dB at half load.
    source : str
        Where the values come from.

    Raises
    ------
    RangeError
        ``kernel_range`` outside the limits.
    """

    power_dbm: float = 23.0
    handset_gain_dbi: float = 0.0
    body_loss_db: float = 0.0
    noise_figure_db: float = 5.0
    interference_margin_db: float = 3.0
    source: str = (
        "power class 3 of TS 38.101-1 table 6.2.1-1; all else assumed (5 dB: TR 36.942 §4, macro base station)"
    )

    def __post_init__(self) -> None:
        require("power_dbm", self.power_dbm, -40.0, 60.0)
        require("handset_gain_dbi", self.handset_gain_dbi, -30.0, 40.0)
        require("body_loss_db", self.body_loss_db, 0.0, 50.0)
        require("interference_margin_db", self.interference_margin_db, 0.0, 50.0)


def spectral_efficiency(sinr_db: ArrayLike, mapping: ShannonMapping) -> NDArray[Any]:
    """Return the spectral efficiency of one layer [bit/s/Hz].

    Parameters
    ----------
    sinr_db : array_like
        SINR [dB]; NaN (unknown) stays NaN, −inf gives 0.
    mapping : ShannonMapping

    Notes
    -----
    min(α·log2(1 + SINR), cap) from SINR_min on, else 0: TR 36.942 annex A.2.

    Examples
    --------
    >>> spectral_efficiency([-11.0, 10.0, 40.0], LTE_DOWNLINK).round(3).tolist()
    [0.0, 2.076, 4.4]
    """
    sinr = np.asarray(sinr_db, dtype=float)
    rate = mapping.alpha * np.log2(1.0 + to_linear(np.minimum(sinr, BEYOND_ANY_CAP_DB)))
    return np.where(sinr < mapping.sinr_min_db, 0.0, np.minimum(rate, mapping.max_bit_s_hz))


def throughput_mbps(sinr_db: ArrayLike, allocation: Allocation, mapping: ShannonMapping) -> NDArray[Any]:
    """Return the throughput of a receiver that is given the whole allocation [Mbit/s].

    Parameters
    ----------
    sinr_db : array_like
        SINR of the traffic channel [dB] with all power in one layer; NaN (unknown) stays NaN.
    allocation : Allocation
    mapping : ShannonMapping
        Downlink or uplink curve of the technology.

    Notes
    -----
    rate = max over l = 1 … layers of l·SE(SINR − 10·log10 l) · N_RB·12·SCS · share · (1 − overhead). The power is
    shared evenly among l layers that do not disturb each other (assumption: the channel has that rank; real ones lose
    rank in sight of the mast), and the link takes the number of layers that carries most. The cyclic prefix is counted
    as part of α.

    Examples
    --------
    >>> carrier = Allocation(n_rb=273, scs_khz=30.0, overhead=0.14, share=0.75, layers=1)
    >>> round(float(throughput_mbps(10.0, carrier, NR_DOWNLINK)), 1)
    131.6
    """
    sinr = np.asarray(sinr_db, dtype=float)
    best = spectral_efficiency(sinr, mapping)
    for layers in range(2, allocation.layers + 1):
        best = np.maximum(best, layers * spectral_efficiency(sinr - 10.0 * math.log10(layers), mapping))
    return np.asarray(best * (allocation.bandwidth_hz * allocation.share * (1.0 - allocation.overhead) / 1e6))


def required_sinr_db(rate_mbps: float, allocation: Allocation, mapping: ShannonMapping) -> float:
    """Return the least SINR at which `throughput_mbps` reaches a rate [dB].

    Parameters
    ----------
    rate_mbps : float
        Throughput asked for [Mbit/s]; 0 or less asks for nothing.
    allocation : Allocation
    mapping : ShannonMapping

    Returns
    -------
    float
        −inf where nothing is asked for, +inf where the allocation cannot carry the rate at any SINR.

    Notes
    -----
    The inverse of `throughput_mbps`: min over l of max(SINR_min, 10·log10(2^(SE/(α·l)) − 1)) + 10·log10 l with
    SE = rate / (N_RB·12·SCS · share · (1 − overhead)), over the l whose curves do not end below SE/l.

    Examples
    --------
    >>> carrier = Allocation(n_rb=273, scs_khz=30.0, overhead=0.14, share=0.75, layers=1)
    >>> round(required_sinr_db(131.578, carrier, NR_DOWNLINK), 3)
    10.0
    """
    if rate_mbps <= 0.0:
        return -math.inf
    used_mhz = allocation.bandwidth_hz * allocation.share * (1.0 - allocation.overhead) / 1e6
    least = math.inf
    for layers in range(1, allocation.layers + 1):
        if rate_mbps > mapping.max_bit_s_hz * layers * used_mhz:
            continue
        ratio = 2.0 ** (rate_mbps / (mapping.alpha * layers * used_mhz)) - 1.0
        one = max(mapping.sinr_min_db, float(to_decibel(ratio)))
        least = min(least, one + 10.0 * math.log10(layers))
    return least


def uplink_mbps(block_sinr_db: ArrayLike, allocation: Allocation, mapping: ShannonMapping) -> NDArray[Any]:
    """Return the throughput of a handset that spreads its power over as many resource blocks as serve it best [Mbit/s].

    Parameters
    ----------
    block_sinr_db : array_like
        SINR with all power in one resource block [dB] (`uplink_sinr_db` with ``n_rb=1``); NaN stays NaN.
    allocation : Allocation
        The whole carrier in the uplink.
    mapping : ShannonMapping

    Notes
    -----
    Over n blocks the SINR is the one of a single block less 10·log10 n, and n·log2(1 + SINR₁/n) grows with n: the
    handset takes all blocks that leave SINR_min in each.

    Examples
    --------
    >>> carrier = Allocation(n_rb=273, scs_khz=30.0, overhead=0.08, share=0.23)
    >>> uplink_mbps([-11.0, 0.0, 60.0], carrier, NR_UPLINK).round(3).tolist()
    [0.0, 0.042, 60.869]
    """
    sinr = np.asarray(block_sinr_db, dtype=float)
    spare = to_linear(np.clip(sinr - mapping.sinr_min_db, 0.0, BEYOND_ANY_CAP_DB))
    blocks = np.clip(np.floor(spare * (1.0 + 1e-9)), 1.0, allocation.n_rb)
    # Rounding must not leave the blocks just under SINR_min, where nothing is decoded.
    each = np.where(blocks > 1.0, np.maximum(sinr - to_decibel(blocks), mapping.sinr_min_db), sinr)
    return np.asarray(blocks * throughput_mbps(each, replace(allocation, n_rb=1), mapping))


def required_uplink_db(rate_mbps: float, allocation: Allocation, mapping: ShannonMapping) -> float:
    """Return the least SINR with all power in one resource block at which `uplink_mbps` reaches a rate [dB].

    Parameters
    ----------
    rate_mbps : float
        Throughput asked for [Mbit/s]; 0 or less asks for nothing (−inf).
    allocation : Allocation
        The whole carrier in the uplink; +inf where it cannot carry the rate.
    mapping : ShannonMapping

    Examples
    --------
    >>> carrier = Allocation(n_rb=273, scs_khz=30.0, overhead=0.08, share=0.23)
    >>> round(required_uplink_db(1.0, carrier, NR_UPLINK), 3)
    13.779
    """
    spreads = (replace(allocation, n_rb=blocks) for blocks in range(1, allocation.n_rb + 1))
    return min(required_sinr_db(rate_mbps, spread, mapping) + 10.0 * math.log10(spread.n_rb) for spread in spreads)


def peak_rate_mbps(allocation: Allocation, *, modulation_bits: int = 8, scaling: float = 1.0) -> float:
    """Return the peak rate of NR, the bound no throughput may pass [Mbit/s].

    Parameters
    ----------
    allocation : Allocation
        `share` scales the rate; TS 38.306 itself knows no TDD share (1).
    modulation_bits : int
        Bits of a symbol: 8 for 256QAM, 1–10.
    scaling : float
        f of the formula: 1, 0.8, 0.75 or 0.4, as the handset signals it.

    Raises
    ------
    RangeError
        ``kernel_range`` outside these limits.

    Notes
    -----
    TS 38.306 (V17) §4.1.2: 10⁻⁶ · v·Q_m·f·R_max · 12·N_RB/T_s · (1 − OH), T_s = 10⁻³/(14·2^µ).

    Examples
    --------
    >>> round(peak_rate_mbps(Allocation(n_rb=273, scs_khz=30.0, overhead=0.14, layers=4)), 1)
    2337.0
    """
    require("modulation_bits", modulation_bits, 1, 10)
    require("scaling", scaling, 0.0, 1.0)
    symbols_per_s = 1e3 * SYMBOLS_PER_SLOT * allocation.scs_khz / BASE_SCS_KHZ
    bits = allocation.layers * modulation_bits * scaling * MAX_CODE_RATE
    used = allocation.share * (1.0 - allocation.overhead)
    return bits * SUBCARRIERS_PER_BLOCK * allocation.n_rb * symbols_per_s * used / 1e6


def uplink_sinr_db(
    path_loss_db: ArrayLike,
    *,
    gain_dbi: ArrayLike,
    n_rb: ArrayLike,
    scs_khz: float,
    budget: UplinkBudget,
) -> NDArray[Any]:
    """Return the SINR of the uplink at the base station [dB].

    Parameters
    ----------
    path_loss_db : array_like
        Path loss [dB], as in the downlink (reciprocity; in FDD the two frequencies differ by a decibel or less);
        NaN (unknown) stays NaN.
    gain_dbi : array_like
        Gain of the base station's receiving beam towards the handset [dBi].
    n_rb : array_like
        Resource blocks the handset spreads its power over, 1–275; a narrow allocation reaches farther.
    scs_khz : float
        Subcarrier spacing [kHz].
    budget : UplinkBudget

    Raises
    ------
    RangeError
        ``kernel_range`` outside these limits.

    Examples
    --------
    >>> sinr = uplink_sinr_db(130.0, gain_dbi=25.0, n_rb=273, scs_khz=30.0, budget=UplinkBudget())
    >>> round(float(sinr), 3)
    4.075
    """
    require("n_rb", n_rb, 1, 275)
    received = budget.power_dbm + budget.handset_gain_dbi - budget.body_loss_db + np.asarray(gain_dbi)
    spread = 10.0 * np.log10(SUBCARRIERS_PER_BLOCK * np.asarray(n_rb, dtype=float))
    noise = noise_dbm(scs_khz, noise_figure_db=budget.noise_figure_db) + budget.interference_margin_db
    return np.asarray(received - np.asarray(path_loss_db) - spread - noise)
