"""The gap as files: ``gap.csv`` ward by ward, ``gap.json`` for the city, ``connect.csv``, ``hamlets.csv``."""

from __future__ import annotations

import json
import math
from typing import Any

import geopandas as gpd
import pandas as pd

from coverage.gap.clusters import PERMUTATIONS, RATE, SEED, ward_clusters
from coverage.gap.inequality import Inequality, inequality
from coverage.gap.joint import GROUPS
from coverage.gap.kinds import DENSE_FROM, ward_kinds
from coverage.gap.tables import gap_table, hamlet_table
from coverage.planning.closing import ways_to_connect
from coverage.study import Result
from coverage.writing import csv_text

ASSUMED = (
    "estimates take line and signal as independent within a ward; low and high are Fréchet bounds and do not",
    "one line counts as one household where no connected_share with a range is given",
    "cost of connecting: once, without running costs and without the capacity of the radio network",
)


def gap_wards(result: Result, lte: Result | None = None, connected: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return `coverage.gap.tables.gap_table` with the clusters and the kinds of the wards beside it.

    Returns
    -------
    DataFrame indexed by ward_id
        Further columns: ``kind``, ``cluster``, ``moran_q``, ``getis_z``, ``getis_q`` (of the share in the gap; where
        only a range is known, of its middle).
    """
    table = gap_table(result, lte, connected)
    middle = table["gap_share"].fillna((table["gap_low"] + table["gap_high"]) / 2)
    shapes = result.study.city.wards.frame.geometry
    found = ward_clusters(middle.reindex(result.wards.index), shapes)
    table = table.join(found[["cluster", "moran_q", "getis_z", "getis_q"]])
    fixed = table["fixed_share"].fillna((table["fixed_low"] + table["fixed_high"]) / 2)
    facts = {"households": table["households"], "area_km2": result.wards["area_km2"].reindex(table.index)}
    kinds = ward_kinds(pd.DataFrame({**facts, "fixed": fixed, "nr": table["nr_share"]}))
    table.insert(4, "kind", kinds["kind"])
    table.attrs["kinds_from"] = kinds.attrs["from"]
    return table


def gap_summary(table: pd.DataFrame, lte: bool) -> dict[str, Any]:
    """Return the city in figures: households per group with bounds, inequality, clusters, and what was assumed.

    Parameters
    ----------
    table : DataFrame
        Of `gap_wards`.
    lte : bool
        Whether 4G is known.
    """
    known = table.dropna(subset=["gap_low", "gap_high", "households"])
    groups = (*GROUPS, "gap") if lte else ("both", "one", "gap")
    households = {
        group: {
            end or "value": _sum(known[f"{group}{f'_{end}' if end else '_share'}"], known["households"])
            for end in ("", "low", "high")
        }
        for group in groups
    }
    weight = known["households"]
    spread = {
        "fixed": _plain(
            inequality(known["fixed_share"].fillna((known["fixed_low"] + known["fixed_high"]) / 2), weight)
        ),
        "nr": _plain(inequality(known["nr_share"], weight)),
    }
    return {
        "households": float(weight.sum()),
        "wards_known": [len(known), len(table)],
        "groups": households,
        "inequality": spread,
        "clusters": {
            "counts": table["cluster"].dropna().value_counts().sort_index().to_dict(),
            "method": "local Moran, two-sided, Benjamini–Hochberg",
            "permutations": PERMUTATIONS,
            "seed": SEED,
            "false_discovery_rate": RATE,
        },
        "kinds": {
            "counts": table["kind"].dropna().value_counts().sort_index().to_dict(),
            "dense_from_households_per_km2": DENSE_FROM,
            **{
                f"{name}_from": None if math.isnan(level) else level
                for name, level in table.attrs["kinds_from"].items()
            },
        },
        "assumed": list(ASSUMED),
    }


def gap_documents(
    result: Result,
    lte: Result | None = None,
    connected: pd.DataFrame | None = None,
    hamlets: gpd.GeoDataFrame | None = None,
) -> dict[str, bytes]:
    """Return ``gap.csv``, ``gap.json`` and ``connect.csv`` by name: the same bytes in every run.

    Parameters
    ----------
    result, lte, connected
        As `coverage.gap.tables.gap_table` takes them.
    hamlets : GeoDataFrame, optional
        As `coverage.gap.tables.hamlet_table` takes them: ``hamlets.csv`` as well.
    """
    table = gap_wards(result, lte, connected)
    ways = ways_to_connect(result, lte, connected)
    made_up = {"synthetic": True} if result.study.city.synthetic else {}
    told = {**made_up, **gap_summary(table, lte is not None), "fibre_from": ways.fibre_from}
    csv = table.reset_index(names="ward_id").assign(**made_up)
    connect = ways.wards.reset_index(names="ward_id").assign(**made_up)
    also = {}
    if hamlets is not None:
        listed = hamlet_table(result, hamlets, connected).reset_index(names="row").assign(**made_up)
        also["hamlets.csv"] = csv_text(listed).encode()
    return {
        "gap.csv": csv_text(csv).encode(),
        "gap.json": (json.dumps(told, ensure_ascii=False, allow_nan=False, indent=2) + "\n").encode(),
        "connect.csv": csv_text(connect).encode(),
        **also,
    }


def _sum(share: pd.Series, households: pd.Series) -> float | None:
    return None if share.isna().any() else float((share * households).sum())


def _plain(found: Inequality) -> dict[str, float | None]:
    values = {"gini": found.gini, "worst_tenth": found.worst, "best_tenth": found.best, "ratio": found.ratio}
    return {name: value if abs(value) < float("inf") else None for name, value in values.items()}
