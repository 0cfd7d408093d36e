"""Two sources of one edition's ward polygons, compared ward by ward: what differs, and who gets the ground instead."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from coverage.errors import LayerError, Problem, Severity
from coverage.layers import Layer
from coverage.polygons import TOLERANCE_KM2

DIFFERS = 0.05  # share by which two areas of one ward may differ before it is called a disagreement
MOVED_KM2 = 0.5  # ground that two sources give to different wards is named from this area on
COLUMNS = ("name", "first_km2", "second_km2", "official_km2", "difference", "agreement", "status")


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """How two sources of ward polygons agree.

    Attributes
    ----------
    wards : DataFrame indexed by ward_id
        ``name``; ``first_km2``, ``second_km2``, ``official_km2`` (NaN where unknown); ``difference`` (second ÷ first
        − 1); ``agreement`` (common ground ÷ ground of either, 0–1); ``status``: ``same``, ``area_differs``,
        ``place_differs``, ``only_first``, ``only_second``.
    moved : DataFrame
        ``first_ward``, ``second_ward``, ``km2``: ground that the first source gives to one ward and the second to
        another, largest first, from the tolerance on.
    problems : tuple of Problem
        The disagreements as sentences.
    """

    wards: pd.DataFrame
    moved: pd.DataFrame
    problems: tuple[Problem, ...] = field(default_factory=tuple)

    @property
    def agree(self) -> bool:
        """Whether nothing but notes has to be said."""
        return all(problem.severity == "note" for problem in self.problems)


def compare_wards(first: Layer, second: Layer) -> Comparison:
    """Return where two layers of ward polygons of one edition disagree.

    Parameters
    ----------
    first, second : Layer
        Kind ``wards``, of the same edition.

    Raises
    ------
    LayerError
        ``ward_editions_differ``.
    """
    if first.edition != second.edition or first.edition == "other":
        editions = {"first_edition": first.edition or "–", "second_edition": second.edition or "–"}
        raise LayerError("ward_editions_differ", (), first=first.source.name, second=second.source.name, **editions)
    both = first.frame.index.intersection(second.frame.index)
    moved = _moved(first.frame.geometry, second.frame.geometry.to_crs(first.frame.crs))
    wards = _table(first.frame, second.frame, moved, both)
    told = [*_absent(first, second), *_disagreements(wards, moved, first, second)]
    return Comparison(wards=wards, moved=moved[moved["km2"] > TOLERANCE_KM2], problems=tuple(told))


def _moved(first: gpd.GeoSeries, second: gpd.GeoSeries) -> pd.DataFrame:
    """Return the ground of every pair of wards that lies in one by the first and in the other by the second source."""
    left, right = shapely.STRtree(second.to_numpy()).query(first.to_numpy(), predicate="intersects")
    area = shapely.area(shapely.intersection(first.to_numpy()[left], second.to_numpy()[right])) / 1e6
    pairs = pd.DataFrame({"first_ward": first.index[left], "second_ward": second.index[right], "km2": area})
    apart = pairs[pairs["first_ward"] != pairs["second_ward"]]
    return apart.sort_values(["km2", "first_ward", "second_ward"], ascending=[False, True, True], ignore_index=True)


def _table(first: gpd.GeoDataFrame, second: gpd.GeoDataFrame, moved: pd.DataFrame, both: pd.Index) -> pd.DataFrame:
    index = first.index.union(second.index, sort=True)
    table = pd.DataFrame(index=pd.Index(index, name="ward_id"))
    table["name"] = first["name"].reindex(index).fillna(second["name"].reindex(index))
    table["first_km2"] = first["area_km2"].reindex(index).astype(float)
    table["second_km2"] = second["area_km2"].reindex(index).astype(float)
    table["official_km2"] = first["area_official_km2"].reindex(index).fillna(second["area_official_km2"].reindex(index))
    table["difference"] = table["second_km2"] / table["first_km2"] - 1
    mine, theirs = first.geometry.loc[both], second.geometry.to_crs(first.crs).loc[both]
    common = shapely.area(shapely.intersection(mine.to_numpy(), theirs.to_numpy()))
    either = shapely.area(mine.to_numpy()) + shapely.area(theirs.to_numpy()) - common
    table["agreement"] = pd.Series(common / either, index=both).reindex(index)
    exchanged = moved.groupby("first_ward")["km2"].sum().reindex(index).fillna(0.0)
    exchanged += moved.groupby("second_ward")["km2"].sum().reindex(index).fillna(0.0)
    area = table["difference"].abs() > DIFFERS
    place = (exchanged > MOVED_KM2) & (table["agreement"] < 1 - DIFFERS)
    status = np.select([area, place], ["area_differs", "place_differs"], "same")
    table["status"] = np.where(
        table["second_km2"].isna(), "only_first", np.where(table["first_km2"].isna(), "only_second", status)
    )
    return table[list(COLUMNS)]


def _absent(first: Layer, second: Layer) -> list[Problem]:
    """Return which wards only one of the sources has."""
    problems = []
    for one, other in ((first, second), (second, first)):
        lacking = one.frame.loc[~one.frame.index.isin(other.frame.index)]
        if len(lacking):
            names = ", ".join(lacking["name"][:10]) + (", …" if len(lacking) > 10 else "")
            values = {"file": one.source.name, "other": other.source.name, "count": len(lacking), "names": names}
            problems.append(Problem(code="wards_only_here", severity="warning", values=values))
    return problems


def _disagreements(wards: pd.DataFrame, moved: pd.DataFrame, first: Layer, second: Layer) -> list[Problem]:
    """Return a sentence per ward that differs, with the neighbour that most of the ground goes to or comes from."""
    differing = wards[wards["status"].isin(["area_differs", "place_differs"])]
    order = (differing["second_km2"] - differing["first_km2"]).abs().sort_values(ascending=False).index
    mainland = first.frame["mainland"].astype(bool)
    names = wards["name"]
    areas = differing[["first_km2", "second_km2", "official_km2", "difference"]].to_dict("index")
    problems = []
    for ward in order:
        official, percent = areas[ward]["official_km2"], 100 * areas[ward]["difference"]
        values: dict[str, Any] = {"first": first.source.name, "second": second.source.name, "percent": percent}
        values |= {"first_km2": areas[ward]["first_km2"], "second_km2": areas[ward]["second_km2"]}
        exchange = moved[(moved["first_ward"] == ward) | (moved["second_ward"] == ward)].head(1).to_dict("records")
        code = "wards_disagree"
        if exchange and exchange[0]["km2"] > TOLERANCE_KM2:
            code = "wards_disagree_exchange"
            values |= {"km2": exchange[0]["km2"]}
            values |= {name: str(names[exchange[0][name]]) for name in ("first_ward", "second_ward")}
        if math.isnan(official):
            code = f"{code}_unofficial"
        else:
            values["official"] = official
        severity: Severity = "warning" if bool(mainland.get(ward, True)) else "note"
        problems.append(Problem(code=code, severity=severity, field="geometry", value=str(names[ward]), values=values))
    return problems
