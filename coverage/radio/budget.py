"""From the power of a carrier to SS-RSRP: resource blocks and the link budget."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coverage.errors import RangeError
from coverage.types import Technology

# N_RB of TS 38.101-1 (V18) table 5.3.2-1, by subcarrier spacing [kHz] and channel bandwidth [MHz].
NR_RESOURCE_BLOCKS: dict[int, dict[float, int]] = {
    15: {
        3: 15, 5: 25, 10: 52, 15: 79, 20: 106, 25: 133, 30: 160, 35: 188, 40: 216, 45: 242, 50: 270,
    },
    30: {
        5: 11, 10: 24, 15: 38, 20: 51, 25: 65, 30: 78, 35: 92, 40: 106, 45: 119, 50: 133, 60: 162, 70: 189, 80: 217,
        90: 245, 100: 273,
    },
    60: {
        10: 11, 15: 18, 20: 24, 25: 31, 30: 38, 35: 44, 40: 51, 45: 58, 50: 65, 60: 79, 70: 93, 80: 107, 90: 121,
        100: 135,
    },
}  # fmt: skip

# N_RB of TS 36.101 (V17) table 5.6-1, by channel bandwidth [MHz].
LTE_RESOURCE_BLOCKS: dict[float, int] = {1.4: 6, 3: 15, 5: 25, 10: 50, 15: 75, 20: 100}

SUBCARRIERS_PER_BLOCK = 12


def bandwidths_mhz(technology: Technology, scs_khz: int = 15) -> tuple[float, ...]:
    """Return the channel bandwidths [MHz] a subcarrier spacing allows, rising; empty for an unknown spacing.

    >>> bandwidths_mhz("LTE")
    (1.4, 3, 5, 10, 15, 20)
    """
    return tuple(LTE_RESOURCE_BLOCKS if technology == "LTE" else NR_RESOURCE_BLOCKS.get(scs_khz, {}))


def resource_blocks(technology: Technology, bandwidth_mhz: float, scs_khz: int = 15) -> int:
    """Return N_RB, the number of resource blocks of a carrier.

    Parameters
    ----------
    technology : {"NR", "LTE"}
    bandwidth_mhz : float
        Channel bandwidth [MHz], one of `bandwidths_mhz`.
    scs_khz : int
        Subcarrier spacing [kHz]: 15, 30 or 60 for NR (FR1); LTE has 15 only.

    Raises
    ------
    RangeError
        ``bandwidth_unknown`` for a combination the tables do not hold.

    Notes
    -----
    TS 38.101-1 table 5.3.2-1 and TS 36.101 table 5.6-1.

    Examples
    --------
    >>> resource_blocks("NR", 100.0, 30), resource_blocks("LTE", 20.0)
    (273, 100)
    """
    table = LTE_RESOURCE_BLOCKS if technology == "LTE" else NR_RESOURCE_BLOCKS.get(scs_khz, {})
    try:
        return table[bandwidth_mhz]
    except KeyError:
        known = ", ".join(f"{width:g}" for width in table)
        raise RangeError(
            "bandwidth_unknown", technology=technology, bandwidth_mhz=bandwidth_mhz, scs_khz=scs_khz, known=known
        ) from None


def resource_element_power_dbm(power_dbm: float, n_rb: int) -> float:
    """Return the conducted power of one resource element [dBm] of a fully loaded carrier of total power [dBm].

    The power of all ports over the whole carrier is spread evenly over 12·N_RB subcarriers.

    >>> round(resource_element_power_dbm(53.0, 273), 3)
    17.847
    """
    return power_dbm - 10.0 * math.log10(SUBCARRIERS_PER_BLOCK * n_rb)


def ss_rsrp_dbm(
    path_loss_db: ArrayLike,
    *,
    power_dbm: float,
    n_rb: int,
    gain_dbi: ArrayLike,
    ssb_offset_db: float = 0.0,
    body_loss_db: float = 0.0,
) -> NDArray[Any]:
    """Return SS-RSRP at the antenna connector of a 0 dBi receiver [dBm].

    Parameters
    ----------
    path_loss_db : array_like
        Path loss [dB].
    power_dbm : float
        Conducted power, all ports, whole carrier [dBm].
    n_rb : int
        Resource blocks of the carrier (`resource_blocks`).
    gain_dbi : array_like
        Gain of the broadcast beam (SSB; LTE: reference signal) towards the receiver [dBi].
    ssb_offset_db : float
        Power of the SSB against an evenly loaded carrier [dB].
    body_loss_db : float
        Loss at the receiver [dB], ≥ 0.

    Notes
    -----
    Definition of SS-RSRP: TS 38.215 V17 §5.1.1 (linear average over the resource elements of the SSS). For LTE the
    same equation gives RSRP of two ports with reference signals raised by 3 dB (TS 36.213 §5.2, P_B = 1).

    Examples
    --------
    >>> round(float(ss_rsrp_dbm(130.399, power_dbm=53.0, n_rb=273, gain_dbi=17.0)), 2)
    -95.55
    """
    reference = resource_element_power_dbm(power_dbm, n_rb) + ssb_offset_db - body_loss_db
    return np.asarray(reference + np.asarray(gain_dbi) - np.asarray(path_loss_db))
