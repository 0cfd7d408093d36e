"""What it would take to connect every household: how many are left in each ward, and the cheapest way to each."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from coverage.catalog.costs import LEVELS, Level, cost_factors, unit_costs
from coverage.changes import Change, Medium, Reason
from coverage.gap.tables import gap_table
from coverage.households import is_fixed
from coverage.planning.places import nearest_fibre_km
from coverage.study import Result, Study

Floats = NDArray[np.float64]
Way = Literal["fibre", "fwa_5g", "fwa_4g"]
WAYS: dict[Way, Medium] = {"fibre": "FTTH", "fwa_5g": "FWA", "fwa_4g": "FWA"}
TERMINAL: dict[Way, tuple[str, ...]] = {
    "fibre": ("ftth_passed", "ftth_connected"),
    "fwa_5g": ("fwa_cpe",),
    "fwa_4g": ("fwa_cpe_4g",),
}
NOBODY = "–"  # builder where no operator reports lines


@dataclass(frozen=True, kw_only=True, eq=False)
class WaysToConnect:
    """How the households of a city that have no fixed line could get one.

    Attributes
    ----------
    wards : DataFrame indexed by ward_id
        ``name``; ``to_connect``, ``to_connect_low``, ``to_connect_high`` (households); ``fibre_km`` (straight, from
        where the households are to the nearest fibre, NaN unknown); for each way the households it is cheapest for
        (``fibre_households``, ``fwa_5g_households``, ``fwa_4g_households``), all of them together `to_connect`;
        ``cost_vnd``, ``cost_low_vnd``, ``cost_high_vnd`` (what is built and bought, once); ``way``: that of most.
    changes : tuple of Change
        Kind ``connect``, one for each ward and way, at the middle of what is to be connected.
    fibre_from : str
        What "nearest fibre" means: ``layer``, ``5g_sites``, ``4g_sites`` or ``unknown``.
    """

    wards: pd.DataFrame
    changes: tuple[Change, ...]
    fibre_from: str


def ways_to_connect(
    result: Result,
    lte: Result | None = None,
    connected: pd.DataFrame | None = None,
    *,
    fibre: BaseGeometry | None = None,
    level: Level = "mid",
) -> WaysToConnect:
    """Return what it would take to connect every household of every ward.

    A household where there is 5G may get fibre or fixed wireless on it, one where there is only 4G fibre or fixed
    wireless on that, any other fibre. Fibre costs what passes and enters the homes and the way to the ward from the
    nearest fibre; wireless costs a terminal. What is paid every month, and whether the radio network carries so many
    homes, is not in these figures.

    Parameters
    ----------
    result, lte : Result
        As `coverage.gap.tables.gap_table` takes them; without 4G nobody is offered it.
    connected : DataFrame, optional
        As there.
    fibre : geometry, optional
        Where fibre is; standing 5G sites are assumed to have it otherwise.
    level : {"low", "mid", "high"}
        Unit costs that decide and that ``cost_vnd`` states.

    Raises
    ------
    GridError
        ``grids_differ``.
    """
    gap = gap_table(result, lte, connected).reindex(result.wards.index)
    table = _to_connect(gap)
    table["fibre_km"], fibre_from = _distance(result, fibre)
    parts = _places(gap, table["to_connect"])
    prices = {(way, each): _terminal(way, each) for way in WAYS for each in LEVELS}
    feeder = _feeder(table["fibre_km"])
    chosen = _chosen(parts, prices, feeder[level], level)
    for way, households in chosen.items():
        table[f"{way}_households"] = households
    for name, end, amount in (("cost_vnd", level, "to_connect"), ("cost_low_vnd", "low", "to_connect_low"),
                              ("cost_high_vnd", "high", "to_connect_high")):  # fmt: skip
        scale = (table[amount] / table["to_connect"]).where(table["to_connect"] > 0, 0.0)
        scale = scale.where(table["to_connect"].notna())
        variable = sum((chosen[way] * prices[way, end] for way in WAYS), start=pd.Series(0.0, index=table.index))
        table[name] = variable * scale + feeder[end].where((chosen["fibre"] > 0) & (scale > 0), 0.0)
    most = pd.DataFrame(chosen).fillna(0.0)
    table["way"] = most.idxmax(axis=1).where(table["to_connect"] > 0, None)
    changes = tuple(_changes(result.study, table, chosen, prices, feeder, level))
    return WaysToConnect(wards=table, changes=changes, fibre_from=fibre_from)


def _to_connect(gap: pd.DataFrame) -> pd.DataFrame:
    """Return the households without a fixed line, with the range that follows from that of the connected."""
    table = gap[["name"]].copy()
    middle = gap["fixed_share"].fillna((gap["fixed_low"] + gap["fixed_high"]) / 2)
    for name, share in (("", middle), ("_low", gap["fixed_high"]), ("_high", gap["fixed_low"])):
        table[f"to_connect{name}"] = gap["households"] * (1 - share)
    return table


def _places(gap: pd.DataFrame, count: pd.Series) -> dict[str, pd.Series]:
    """Return the households to connect by the best signal where they are, taken as independent of having a line."""
    nr = gap["nr_share"]
    mobile = gap["mobile_share"].fillna(nr)
    return {"nr": count * nr, "lte": count * (mobile - nr), "none": count * (1 - mobile)}


def _terminal(way: Way, level: Level) -> float:
    """Return what one household costs [VND]."""
    return sum(unit_costs()[item].vnd(level) for item in TERMINAL[way])


def _feeder(fibre_km: pd.Series) -> dict[Level, pd.Series]:
    """Return what the fibre to each ward costs [VND]; 0 where no distance is known, as the table shows."""
    detour = cost_factors()["fibre_detour"]
    costs = unit_costs()["fibre_km"]
    return {level: fibre_km.fillna(0.0) * (1 + getattr(detour, level)) * costs.vnd(level) for level in LEVELS}


def _chosen(
    parts: dict[str, pd.Series], prices: dict[tuple[Way, Level], float], feeder: pd.Series, level: Level
) -> dict[Way, pd.Series]:
    """Return how many households each way is cheapest for.

    The way to a ward is paid once, however many homes it serves: fibre for all that it is cheaper for by terminals
    alone, or for everybody, or for those only whom nothing else reaches — whichever of them costs least.
    """
    nr, lte, none = parts["nr"], parts["lte"], parts["none"]
    plans: list[dict[Way, pd.Series]] = []
    zero = nr * 0.0
    for radio_5g in (True, False):
        for radio_4g in (True, False):
            by_fibre = none + (zero if radio_5g else nr) + (zero if radio_4g else lte)
            plans.append({"fibre": by_fibre, "fwa_5g": nr if radio_5g else zero, "fwa_4g": lte if radio_4g else zero})
    costs = [
        sum((plan[way] * prices[way, level] for way in WAYS), start=zero) + feeder.where(plan["fibre"] > 0, 0.0)
        for plan in plans
    ]
    cheapest = np.argmin(np.nan_to_num(np.array([cost.to_numpy() for cost in costs]), nan=np.inf), axis=0)
    rows = np.arange(len(cheapest))
    return {
        way: pd.Series(np.array([plan[way].to_numpy() for plan in plans])[cheapest, rows], index=nr.index)
        for way in WAYS
    }


def _distance(result: Result, fibre: BaseGeometry | None) -> tuple[pd.Series, str]:
    """Return how far the households of each ward are from fibre: from the middle of where they live [km]."""
    study = result.study
    weights, grid = study.weights.households, study.grid
    west, north, step = grid.transform.c, grid.transform.f, grid.pixel_m
    cols = np.broadcast_to(np.arange(grid.cols, dtype=np.float32), grid.shape)
    rows = np.broadcast_to(np.arange(grid.rows, dtype=np.float32)[:, None], grid.shape)
    with np.errstate(invalid="ignore", divide="ignore"):
        x = west + (weights.sums(np.ascontiguousarray(cols)) / weights.totals + 0.5) * step
        y = north - (weights.sums(np.ascontiguousarray(rows)) / weights.totals + 0.5) * step
    known = np.isfinite(x) & np.isfinite(y)
    distance = np.full(len(x), np.nan)
    middles = np.array([shapely.Point(*each) for each in zip(x[known], y[known], strict=True)], dtype=object)
    distance[known], origin = nearest_fibre_km(study, middles, fibre)
    return pd.Series(distance, index=study.weights.ward_ids).reindex(result.wards.index), origin


def _builders(study: Study) -> pd.Series:
    """Return the operator with the most fixed lines of each ward."""
    if study.city.subscriptions is None:
        return pd.Series(dtype=object)
    frame = study.city.subscriptions.frame
    fixed = frame[is_fixed(frame) & frame["operator"].notna()]
    lines = fixed.groupby(["ward_id", "operator"])["lines"].sum().reset_index()
    return (
        lines.sort_values(["lines", "operator"])
        .drop_duplicates("ward_id", keep="last")
        .set_index("ward_id")["operator"]
    )


def _changes(
    study: Study,
    table: pd.DataFrame,
    chosen: dict[Way, pd.Series],
    prices: dict[tuple[Way, Level], float],
    feeder: dict[Level, pd.Series],
    level: Level,
) -> Iterator[Change]:
    builders = _builders(study)
    nothing = study.city.cells.frame.iloc[:0]
    for ward in table.index:
        for way, medium in WAYS.items():
            households = float(chosen[way][ward])
            if math.isnan(households) or households <= 0:
                continue
            laid = {each: float(feeder[each][ward]) if way == "fibre" else 0.0 for each in LEVELS}
            cost = {each: households * prices[way, each] + laid[each] for each in LEVELS}
            values = {"households": households, "fibre_km": float(table["fibre_km"][ward])}
            yield Change(
                id=f"connect:{way}:{ward}",
                kind="connect",
                site_id=str(ward),
                operator=str(builders.get(ward, NOBODY)),
                cells=gpd.GeoDataFrame(nothing),
                cost_vnd=cost[level],
                cost_low_vnd=cost["low"],
                cost_high_vnd=cost["high"],
                ward_id=str(ward),
                reason=Reason(code=f"connect_{way}", values=values),
                households=households,
                medium=medium,
            )
