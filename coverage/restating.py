"""A ward table in another edition: counts carried by the crosswalk, shares computed again from their counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from coverage.backward import carry, is_forward, ward_weights
from coverage.crosswalks import Split, carry_problems, crosswalk
from coverage.editions import as_edition, need_edition
from coverage.errors import LayerError, Problem
from coverage.layers import Layer
from coverage.matching import edition_units
from coverage.types import Edition

# What a share is a share of: its numerator is share × this count, and both are carried.
WEIGHT_OF = {
    "area_share": "area_km2",
    "expected_area_share": "area_km2",
    "uncovered_area_share": "area_km2",
    "population_covered_share": "population",
}
LINES_PER_100 = "lines_per_100_households"
OF_HOUSEHOLDS = ("_share", "_low", "_high", "_per_100_households")  # any other share is one of households
KNOWN_BY = ("measured", "estimated", "model")  # `status` of a ward's households, best first


@dataclass(frozen=True, kw_only=True)
class Restatement:
    """The wards of a result in another edition.

    Attributes
    ----------
    edition, origin : str
        The edition shown, and the one that was measured.
    wards : DataFrame indexed by ward_id
        The columns of the table that was measured, counts carried, shares computed again; NaN where a part is unknown.
    shapes : GeoSeries or None
        Polygons on the same index in the working CRS; None where nothing tells them: the borders that a merger ended.
    estimated : tuple of str
        Wards whose figures rest on a division that no law gives.
    problems : tuple of Problem
        What has to be said beside the figures.
    """

    edition: Edition
    origin: Edition
    wards: pd.DataFrame
    shapes: gpd.GeoSeries | None = None
    estimated: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = field(default_factory=tuple)


def restate(
    wards: pd.DataFrame,
    old: str | None,
    new: str,
    *,
    polygons: gpd.GeoSeries | None = None,
    given: Layer | None = None,
    split: Split | None = None,
    file: str = "",
) -> Restatement:
    """Return a ward table in another edition.

    Counts (people, households, lines, km²) are summed, the one divided commune by `split` or the overlay of areas;
    going back they are divided by the households of the census of 2019, areas by area. A share is never averaged: its
    numerator and its denominator are carried and divided again.

    Parameters
    ----------
    wards : DataFrame indexed by ward_id
        Any ward table: counts, shares (0–1; ``…_share``, ``…_low``, ``…_high``, ``…_per_100_households``), texts.
    old, new : str
        Its edition and the one to show.
    polygons : GeoSeries, optional
        Of the wards of the table; dissolved where the wards only merged.
    given : Layer, optional
        Ward polygons of the new edition: they are shown, and tell how the area of a divided ward was divided.
    split : mapping of (old, new) to float, optional
        How people and lines of a divided ward are divided (`coverage.crosswalks.carry_counts`).
    file : str
        For the sentences.

    Raises
    ------
    LayerError
        ``edition_unknown``, ``edition_not_shown`` for wards that stand in no register, ``edition_of_polygons`` when
        `given` is of another edition, and what `carry` raises.
    """
    was, wanted = as_edition(old), need_edition(new)
    if was is None:
        raise LayerError("edition_not_shown", file=file)
    if given is not None and given.edition != wanted:
        raise LayerError("edition_of_polygons", file=given.source.name, edition=given.edition or "–", wanted=wanted)
    if was == wanted:
        return Restatement(edition=wanted, origin=was, wards=wards.copy(), shapes=polygons)
    counts, areas = _carried(wards, was, wanted, split, _area_split(polygons, given, was, wanted))
    texts = _texts(wards, was, wanted, counts.index)
    whole = _whole(wards, [*counts.columns])
    table = pd.DataFrame({name: _column(name, wards, counts, areas, texts, whole) for name in wards.columns})
    table.index = pd.Index(counts.index, name="ward_id")
    shapes, told = _shapes(polygons, given, was, wanted, table, file)
    estimated = tuple(ward for ward in counts.attrs.get("estimated", ()) if ward in table.index)
    if not is_forward(was, wanted):
        estimated = tuple(_divided_back(was, wanted, table.index))
    told += carry_problems(was, wanted, file=file, split=split)
    return Restatement(edition=wanted, origin=was, wards=table, shapes=shapes, estimated=estimated, problems=told)


def weight_of(column: str) -> str | None:
    """Return the count that a column is a share of, None for a column that is no share.

    >>> weight_of("area_share"), weight_of("connected_low"), weight_of("population"), weight_of("gap_households_low")
    ('area_km2', 'households', None, None)
    """
    if column in WEIGHT_OF:
        return WEIGHT_OF[column]
    if column.endswith(("households_low", "households_high")):  # the ends of a count are counts
        return None
    return "households" if column.endswith(OF_HOUSEHOLDS) else None


def _numbers(wards: pd.DataFrame) -> list[str]:
    return [
        name
        for name in wards.columns
        if pd.api.types.is_numeric_dtype(wards[name]) and not pd.api.types.is_bool_dtype(wards[name])
    ]


def _carried(
    wards: pd.DataFrame, old: Edition, new: Edition, split: Split | None, area_split: Split | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return numerators and denominators by new ward: those of people and lines, and those of area."""
    of_people: dict[str, pd.Series] = {}
    of_area: dict[str, pd.Series] = {}
    for name in _numbers(wards):
        weight = weight_of(name)
        values = wards[name].astype(float)
        if weight is not None and weight not in wards:
            continue
        if weight is not None:
            counts = wards[weight].astype(float)
            values = (values * counts).where(counts != 0, 0.0)  # nobody's share counts nothing, known or not
        (of_area if "area_km2" in (name, weight) else of_people)[name] = values
        if weight is not None:
            (of_area if weight == "area_km2" else of_people)[f"{weight} "] = counts + 0.0
    people = carry(pd.DataFrame(of_people, index=wards.index), old, new, split=split)
    by = None if is_forward(old, new) else ward_weights(new)["area_km2"]
    areas = carry(pd.DataFrame(of_area, index=wards.index), old, new, by=by, split=area_split)
    return people, areas


def _whole(wards: pd.DataFrame, names: Iterable[str]) -> frozenset[str]:
    return frozenset(
        name for name in names if name in wards and bool((wards[name].dropna() == wards[name].dropna().round()).all())
    )


def _column(
    name: str,
    wards: pd.DataFrame,
    people: pd.DataFrame,
    areas: pd.DataFrame,
    texts: pd.DataFrame,
    whole: frozenset[str],
) -> pd.Series:
    if name in texts:
        return texts[name]
    table = areas if name in areas else people
    if name not in table:
        return pd.Series(np.nan, index=people.index)
    weight = weight_of(name)
    if name == LINES_PER_100 and {"subscriptions", "households"} <= set(people.columns):
        # From the counts themselves: lines of a ward without any household are lines of the new one too.
        households = people["households"].astype(float)
        return 100.0 * people["subscriptions"].astype(float) / households.where(households > 0)
    if weight is None:
        kept = wards[name].dtype if name in whole and bool(table[name].notna().all()) else float
        return table[name].reindex(people.index).astype(kept)
    counts = table[f"{weight} "].astype(float)
    share = (table[name].astype(float) / counts.where(counts > 0)).reindex(people.index)
    largest = wards[name].max()
    # Rounding in the last bit must not make a share greater than any that went into it.
    return share.clip(upper=float(largest)) if pd.notna(largest) else share


def _texts(wards: pd.DataFrame, old: Edition, new: Edition, index: pd.Index) -> pd.DataFrame:
    units = edition_units(new).reindex(index)
    known = {"name": units["name"], "type": units["type"], "mainland": units["mainland"], "edition": new}
    known["district"] = units["district"].astype(object).where(units["district"].notna(), None)
    texts = pd.DataFrame({name: known[name] for name in known if name in wards}, index=index)
    parts = _pairs(old, new)
    for name in wards.columns:
        if name in texts or name in _numbers(wards) or name == "geometry":
            continue
        said = parts.assign(text=parts["from"].map(wards[name])).dropna(subset=["text"])
        if bool(said["text"].map(lambda value: isinstance(value, str)).all()):
            joined = said.groupby("to")["text"].agg(_weakest if name == "status" else _each_once)
            texts[name] = joined.reindex(index).astype(object).where(joined.reindex(index).notna(), None)
    return texts


def _each_once(said: pd.Series) -> str:
    return ", ".join(dict.fromkeys(said))


def _weakest(said: pd.Series) -> str:
    """Return how the least known part is known: one modelled part makes the whole a model."""
    return max(map(str, said), key=lambda status: KNOWN_BY.index(status) if status in KNOWN_BY else len(KNOWN_BY))


def _pairs(old: Edition, new: Edition) -> pd.DataFrame:
    """Return which ward goes where (``from``, ``to``), either way."""
    forward = is_forward(old, new)
    table = crosswalk(old, new) if forward else crosswalk(new, old)
    return table.rename(columns={"old": "from", "new": "to"} if forward else {"new": "from", "old": "to"})


def _divided_back(old: Edition, new: Edition, index: pd.Index) -> list[str]:
    """Return the older wards that were merged with another one: what they had is an estimate."""
    pairs = _pairs(old, new)
    together = pairs.groupby("from")["to"].transform("size") > 1
    return sorted(set(pairs.loc[together, "to"]) & set(index))


def _area_split(polygons: gpd.GeoSeries | None, given: Layer | None, old: Edition, new: Edition) -> Split | None:
    """Return how the area of the divided wards lies in the polygons of the new edition, None where nothing tells."""
    if polygons is None or given is None or not is_forward(old, new):
        return None
    pairs = crosswalk(old, new)
    weights: dict[tuple[str, str], float] = {}
    for ward, parts in pairs[pairs["estimated"]].groupby("old"):
        if ward not in polygons.index or not set(parts["new"]) <= set(given.frame.index):
            continue
        units = given.frame.geometry
        common = {
            (str(ward), str(part)): float(shapely.area(shapely.intersection(polygons[ward], units[part])))
            for part in parts["new"]
        }
        if sum(common.values()) > 0:
            weights |= common
    return weights or None


def _shapes(
    polygons: gpd.GeoSeries | None, given: Layer | None, old: Edition, new: Edition, table: pd.DataFrame, file: str
) -> tuple[gpd.GeoSeries | None, tuple[Problem, ...]]:
    if given is not None:
        return given.frame.geometry.reindex(table.index), ()
    if polygons is None or not is_forward(old, new):
        return None, ()
    pairs = crosswalk(old, new)
    pairs = pairs[pairs["old"].isin(polygons.index) & pairs["new"].isin(table.index)]
    largest = pairs.sort_values("weight", ascending=False).drop_duplicates("old")
    joined = (
        polygons.loc[largest["old"]]
        .groupby(largest["new"].to_numpy())
        .apply(lambda parts: shapely.coverage_union_all(parts.to_numpy()))
    )
    shapes = gpd.GeoSeries(joined.reindex(table.index), crs=polygons.crs)
    told = []
    for divided, parts in pairs[pairs["estimated"]].groupby("old"):
        ward = str(divided)
        drawn = str(largest.set_index("old").loc[ward, "new"])
        values = {"file": file, "ward": edition_units(old).loc[ward, "name"], "drawn": table.loc[drawn, "name"]}
        values["parts"] = " – ".join(table.loc[parts["new"], "name"])
        told.append(Problem(code="border_not_drawn", severity="note", value=ward, values=values))
    return shapes, tuple(told)
