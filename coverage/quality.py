"""Quality: what SINR and throughput a level gives, and which level a throughput needs.

The condition "downlink and uplink reach their rates" becomes one threshold on the SS-RSRP of a cell: the traffic beam
and the uplink are tied to the broadcast level by constants of the cell, so both SINRs follow from level and
interference alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypedDict

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage.antennas import reference_dbm, traffic_offset_db
from coverage.catalog import radios
from coverage.catalog.definitions import PowerRule, Rule, ThroughputRule
from coverage.composing import Scene, bands, in_order, swept
from coverage.grid import room
from coverage.radio import budget, throughput
from coverage.radio.interference import NOBODY, carrier_groups, noise_dbm
from coverage.radio.ranges import require
from coverage.radio.throughput import Allocation, ShannonMapping, UplinkBudget
from coverage.traffic import Demands, Powers, powers
from coverage.types import Technology
from coverage.units import to_decibel, to_linear

OUT_OF_REACH_DB = 1000.0  # a threshold that no level reaches, and that arithmetic leaves finite

# The fields of a cell that its link depends on.
OF_LINK = ("technology", "band", "bandwidth_mhz", "power_dbm", "ssb_gain_dbi", "traffic_gain_dbi")

CURVES: dict[Technology, tuple[ShannonMapping, ShannonMapping]] = {
    "NR": (throughput.NR_DOWNLINK, throughput.NR_UPLINK),
    "LTE": (throughput.LTE_DOWNLINK, throughput.LTE_UPLINK),
}

Floats = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Link:
    """What ties SINR and throughput of a cell to its SS-RSRP level.

    Attributes
    ----------
    downlink, uplink : Allocation
        The whole carrier in each direction.
    downlink_curve, uplink_curve : ShannonMapping
    noise_mw : float
        Noise in a resource element at the handset [mW].
    interference_factor : float
        By which the power of the other cells is scaled in the traffic channel, ≥ 0.
    traffic_offset_db : float
        Level of the traffic beam over the broadcast level [dB].
    uplink_offset_db : float
        SINR at the base station with all power of the handset in one resource block, over the broadcast level in dBm.
    """

    downlink: Allocation
    uplink: Allocation
    downlink_curve: ShannonMapping
    uplink_curve: ShannonMapping
    noise_mw: float
    interference_factor: float
    traffic_offset_db: float
    uplink_offset_db: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Quality:
    """What the best server of each operator gives, at its median level.

    Attributes
    ----------
    ss_sinr_db : float32 ndarray of shape (operators, rows, cols)
        SS-SINR at full collision of the SSBs [dB]; no load has a part in it.
    downlink_mbps, uplink_mbps : float32 ndarray of shape (operators, rows, cols)
        Throughput of one receiver that is given the whole carrier [Mbit/s].

    All are NaN where there is no server and where the path from a cell of its carrier is unknown.
    """

    ss_sinr_db: Floats
    downlink_mbps: Floats
    uplink_mbps: Floats

    @classmethod
    def blank(cls, shape: tuple[int, ...]) -> Quality:
        """Return the quality of no server."""
        return cls(
            ss_sinr_db=room(shape, np.nan, np.float32),
            downlink_mbps=room(shape, np.nan, np.float32),
            uplink_mbps=room(shape, np.nan, np.float32),
        )

    def rows(self, rows: slice) -> Quality:
        """Return some rows of every operator; no copies."""
        return Quality(
            ss_sinr_db=self.ss_sinr_db[:, rows],
            downlink_mbps=self.downlink_mbps[:, rows],
            uplink_mbps=self.uplink_mbps[:, rows],
        )


def link_of(cell: Mapping[Any, Any], load: float) -> Link:
    """Return the link of a completed cell.

    Parameters
    ----------
    cell : mapping
        `OF_LINK` of a row of `coverage.cells.complete_cells`.
    load : float, 0–1
        Share of the resource elements that the other cells fill.

    Raises
    ------
    RangeError
        ``bandwidth_unknown``; ``kernel_range`` for a load outside 0–1.

    Notes
    -----
    The traffic beam has the same advantage over the broadcast beams towards every pixel, sending and receiving. The
    path loss is the same both ways. The noise at the base station rises by −10·log10(1 − load).
    """
    require("load", load, 0.0, 1.0)
    band, usual = radios.band(cell["band"]), radios.traffic()
    curves, overhead = CURVES[cell["technology"]], usual.overhead[cell["technology"]]
    n_rb = budget.resource_blocks(cell["technology"], cell["bandwidth_mhz"], band.scs_khz)
    ends = UplinkBudget(
        power_dbm=usual.terminal_power_dbm,
        handset_gain_dbi=usual.terminal_gain_dbi,
        body_loss_db=usual.body_loss_db,
        noise_figure_db=usual.station_noise_figure_db,
        interference_margin_db=-10.0 * math.log10(1.0 - min(load, usual.uplink_load_max)),
        source=usual.source,
    )
    noise = noise_dbm(band.scs_khz, noise_figure_db=usual.terminal_noise_figure_db)
    # At a level of 0 dBm the loss, antenna pattern included, is the level at 0 dB loss.
    uplink = throughput.uplink_sinr_db(
        reference_dbm(cell), gain_dbi=cell["traffic_gain_dbi"], n_rb=1, scs_khz=band.scs_khz, budget=ends
    )
    return Link(
        downlink=Allocation(
            n_rb=n_rb,
            scs_khz=band.scs_khz,
            overhead=overhead.downlink,
            share=band.downlink_share,
            layers=band.downlink_layers,
        ),
        uplink=Allocation(
            n_rb=n_rb,
            scs_khz=band.scs_khz,
            overhead=overhead.uplink,
            share=band.uplink_share,
            layers=band.uplink_layers,
        ),
        downlink_curve=curves[0],
        uplink_curve=curves[1],
        noise_mw=float(to_linear(noise)),
        interference_factor=load * float(to_linear(usual.interference_gain_db)),
        traffic_offset_db=traffic_offset_db(cell),
        uplink_offset_db=float(uplink),
    )


def links_of(cells: pd.DataFrame, load: float) -> tuple[Link, ...]:
    """Return the link of each completed cell in order; raises as `link_of`."""
    found: dict[tuple[Any, ...], Link] = {}
    keys = list(cells[list(OF_LINK)].itertuples(index=False, name=None))
    for key in keys:
        if key not in found:
            found[key] = link_of(dict(zip(OF_LINK, key, strict=True)), load)
    return tuple(found[key] for key in keys)


def groups_of(cells: pd.DataFrame) -> NDArray[np.int32]:
    """Return the carrier group of each completed cell, shape (cells,): two technologies are never one group."""
    group, first = np.zeros(len(cells), dtype=np.int32), 0
    for technology in sorted(set(cells["technology"])):
        here = (cells["technology"] == technology).to_numpy(dtype=bool)
        own = carrier_groups(cells.loc[here, "frequency_mhz"], cells.loc[here, "bandwidth_mhz"])
        group[here] = own + first
        first += int(own.max()) + 1
    return group


class Asked(TypedDict):
    """What a rule asks of the signal: arguments of `coverage.signals.predict_signal`."""

    threshold_dbm: float
    demands: Demands | None
    traditional_share: float | None


def asked_of(cells: pd.DataFrame, rule: Rule) -> Asked:
    """Return what a rule asks of the signal of some completed cells; raises as `demands`.

    The threshold of a rule on throughput is `least_dbm`.
    """
    if isinstance(rule, PowerRule):
        return Asked(threshold_dbm=rule.threshold_dbm, demands=None, traditional_share=rule.traditional_share)
    needed = demands(cells, rule)
    return Asked(threshold_dbm=least_dbm(needed), demands=needed, traditional_share=None)


def demands(cells: pd.DataFrame, rule: ThroughputRule) -> Demands:
    """Return what the throughput of a rule asks of each completed cell.

    Parameters
    ----------
    cells : DataFrame
        Rows of `coverage.cells.complete_cells`.
    rule : ThroughputRule

    Returns
    -------
    Demands
        A threshold of 1,000 is one that no level reaches, one of −1,000 asks for nothing.

    Raises
    ------
    RangeError
        As `link_of`.
    """
    links = links_of(cells, rule.load)
    downlink = [_downlink_db(rule.downlink_mbps, each.downlink, each.downlink_curve) for each in links]
    uplink = [_uplink_db(rule.uplink_mbps, each.uplink, each.uplink_curve) for each in links]
    return Demands(
        group=groups_of(cells),
        noise_mw=np.array([each.noise_mw for each in links]),
        interference_factor=np.array([each.interference_factor for each in links]),
        downlink_threshold_db=_level([each.traffic_offset_db for each in links], downlink),
        uplink_threshold_dbm=_level([each.uplink_offset_db for each in links], uplink),
    )


def least_dbm(asked: Demands) -> float:
    """Return the lowest level at which any cell carries what is asked when no other disturbs it [dBm].

    1,000 where none does.
    """
    needed = np.maximum(asked.downlink_threshold_db + to_decibel(asked.noise_mw), asked.uplink_threshold_dbm)
    return float(needed.min(initial=OUT_OF_REACH_DB))


def _level(offset_db: list[float], needed_db: list[float]) -> NDArray[np.float64]:
    levels: NDArray[np.float64] = np.array(needed_db) - np.array(offset_db)
    return np.clip(levels, -OUT_OF_REACH_DB, OUT_OF_REACH_DB)


@lru_cache(maxsize=256)
def _downlink_db(rate_mbps: float, carrier: Allocation, curve: ShannonMapping) -> float:
    return throughput.required_sinr_db(rate_mbps, carrier, curve)


@lru_cache(maxsize=256)
def _uplink_db(rate_mbps: float, carrier: Allocation, curve: ShannonMapping) -> float:
    return throughput.required_uplink_db(rate_mbps, carrier, curve)


def predict_quality(scene: Scene, rsrp_dbm: Floats, server: NDArray[np.int32], load: float | None = None) -> Quality:
    """Return SS-SINR and throughput of the best server of each operator on the whole grid of a scene.

    Parameters
    ----------
    scene : Scene
    rsrp_dbm, server : ndarray of shape (operators, rows, cols)
        As in `coverage.signals.Signal`.
    load : float, 0–1, optional
        Share of the resource elements that the other cells fill; the catalogue's where it is not given.

    Raises
    ------
    RangeError
        ``kernel_range`` for a load outside 0–1.
    """
    load = radios.traffic().load if load is None else load
    links, group, fars = links_of(scene.placed, load), groups_of(scene.placed), swept(scene)
    groups = [group == number for number in np.unique(group)]
    own = [{int(cell): links[cell] for cell in np.flatnonzero(members)} for members in groups]
    found = Quality.blank(rsrp_dbm.shape)

    def band(rows: slice) -> None:
        for members, mine in zip(groups, own, strict=True):
            sums = powers(scene, fars, members, (rows, scene.whole[1]))
            add_quality(found.rows(rows), rsrp_dbm[:, rows], server[:, rows], sums, mine)

    for _ in in_order(band, bands(scene.whole[0])):
        pass
    return found


def add_quality(
    quality: Quality, level_dbm: Floats, server: NDArray[np.int32], sums: Powers, links: Mapping[int, Link]
) -> None:
    """Write what the best servers of one carrier group give into rasters, in place.

    Parameters
    ----------
    quality : Quality
        Part of the grid; every array below is the same part. Starts at NaN.
    level_dbm, server : ndarray of shape (operators, rows, cols)
        SS-RSRP of the best server of each operator [dBm] and its number, −1 for none.
    sums : Powers
        Powers of all cells of the group, of every operator.
    links : mapping of int to Link
        Link of each cell of the group by its number; other servers are left alone.
    """
    kinds: dict[Link, int] = {}
    kind = np.full(max(links, default=NOBODY) + 1, NOBODY)
    for cell, link in links.items():
        kind[cell] = kinds.setdefault(link, len(kinds))
    for layer, (level, served) in enumerate(zip(level_dbm, server, strict=True)):
        here = np.flatnonzero((served != NOBODY) & (served < kind.size) & ~sums.unknown)
        here = here[kind[served.ravel()[here]] != NOBODY]
        cells = served.ravel()[here]
        own, others = level.ravel()[here], _others_mw(level.ravel()[here], cells, sums, here)
        for link, number in kinds.items():
            part = kind[cells] == number
            found = _values(own[part], others[part], link)
            rows, cols = np.divmod(here[part], served.shape[1])
            quality.ss_sinr_db[layer, rows, cols] = found[0]
            quality.downlink_mbps[layer, rows, cols] = found[1]
            quality.uplink_mbps[layer, rows, cols] = found[2]


def _others_mw(level_dbm: Floats, cell: NDArray[np.int32], sums: Powers, here: NDArray[np.intp]) -> Floats:
    """Return the power of all cells but one [mW]: never "all minus the strongest", which would lose weak ones."""
    best, others = sums.best_mw.ravel()[here], sums.others_mw.ravel()[here]
    rest = np.maximum(best + others - to_linear(level_dbm), 0.0)
    return np.where(sums.server.ravel()[here] == cell, others, rest).astype(np.float32)


def _values(level_dbm: Floats, others_mw: Floats, link: Link) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return SS-SINR [dB] and throughput down and up [Mbit/s]."""
    level, others = level_dbm.astype(float), others_mw.astype(float)
    traffic = level + link.traffic_offset_db - to_decibel(link.interference_factor * others + link.noise_mw)
    return (
        level - to_decibel(others + link.noise_mw),
        throughput.throughput_mbps(traffic, link.downlink, link.downlink_curve),
        throughput.uplink_mbps(level + link.uplink_offset_db, link.uplink, link.uplink_curve),
    )
