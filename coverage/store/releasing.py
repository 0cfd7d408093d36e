"""Publishing from the store: what may leave is worked out against everything that left before, and written down.

A release never holds a site. Figures of the union are published; counts of sites as bands, and shares of one operator
only where five of its sites stand behind them, also behind the difference from every earlier release: who subtracts
last month's table from this month's learns nothing about fewer than five sites. The tables of earlier releases are not
needed for that: the store gives the sites as they were.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sqlalchemy import Table

from coverage.disputes import Confirmed
from coverage.errors import StoreError
from coverage.figures import coverage_columns
from coverage.publishing import json_text, sha256, wards_csv, wards_gpkg
from coverage.store.audit import record
from coverage.store.current import layer_of
from coverage.store.engine import Access
from coverage.store.releases import LEAST, Published, pinned, published, shares_to_publish
from coverage.store.submissions import holding
from coverage.store.tables import release
from coverage.study import Result
from coverage.writing import csv_text

CITY = "*"  # in the place of a ward: all of them
_COUNTS, _SHARES, _FILE = "sites", "operator_share", "file"  # figures of the table of releases
_INSIDE = ("defaulted", "refused", "problems")  # of the data page: they count rows of partners' files


@dataclass(frozen=True, kw_only=True, eq=False)
class Release:
    """What was published.

    Attributes
    ----------
    at : str
        When, UTC, ISO 8601.
    files : dict of str to bytes
        By name.
    withheld : int
        Figures of single operators that were not published.
    """

    at: str
    files: dict[str, bytes]
    withheld: int


@dataclass(frozen=True, kw_only=True, eq=False)
class _Earlier:
    """One release before: when, and the true number behind each figure that it showed."""

    at: str
    counts: dict[str, int]
    shares: frozenset[str]


def publish_release(access: Access, result: Result, apart: Confirmed | None = None) -> Release:
    """Publish a result of what holds in the store, and write down what was published.

    Parameters
    ----------
    access : Access
        Of a writing transaction of a planner or administrator: two releases at once would not know of each other.
    result : Result
        Measured with the cells of `coverage.store.current.city_with`.
    apart : Confirmed, optional
        What is disputed.

    Returns
    -------
    Release
        ``city.json``, ``wards.csv``, ``wards.gpkg``, ``operators.csv``, ``release.json``.

    Raises
    ------
    StoreError
        ``not_allowed``; ``nothing_accepted`` where no cells hold.
    """
    access.principal.need("release")
    if not holding(access, "cells"):
        raise StoreError("nothing_accepted", kind="cells", as_of=None)
    earlier = _earlier(access)
    sites = sites_by_ward(result)
    table, may = _operators(access, result, sites, earlier)
    files = {
        "city.json": _city(result, apart, may).encode(),
        "wards.csv": wards_csv(result, apart).encode(),
        "wards.gpkg": wards_gpkg(result, apart),
        "operators.csv": csv_text(table.drop(columns=["key", "count"])).encode(),
    }
    withheld = int(table["area_share"].isna().sum() + table["sites_low"].isna().sum())
    told = {name: {"sha256": sha256(content), "bytes": len(content)} for name, content in files.items()}
    files["release.json"] = json_text({"least_sites": LEAST, "withheld": withheld, "files": told}).encode()
    _, at = record(access, "release", result.definition.id, _rows(access, table, files), withheld=withheld)
    return Release(at=at, files=files, withheld=withheld)


def sites_by_ward(result: Result) -> pd.DataFrame:
    """Return how many sites every operator has in every ward, of the technology of the study."""
    cells, wards = result.study.cells, result.study.city.wards.frame
    operators = sorted(set(cells["operator"]))
    places = cells.drop_duplicates(["operator", "site_id"])
    inside = _inside(places, gpd.GeoSeries(wards.geometry))
    counts = {each: inside[:, (places["operator"] == each).to_numpy()].sum(axis=1) for each in operators}
    return pd.DataFrame(counts, index=wards.index, columns=operators).astype(int)


def _inside(places: gpd.GeoDataFrame, shapes: gpd.GeoSeries) -> NDArray[np.bool_]:
    """Return which places lie in which shapes, shape (shapes, places)."""
    found = np.zeros((len(shapes), len(places)), dtype=bool)
    tree = shapely.STRtree(places.geometry.to_numpy())
    shape, place = tree.query(shapes.to_numpy(), predicate="intersects")
    found[shape, place] = True
    return found


def _earlier(access: Access) -> list[_Earlier]:
    rows = access.connection.execute(access.select(release).order_by(release.c.at)).all()
    found = []
    for at in dict.fromkeys(row.at for row in rows):
        own = [row for row in rows if row.at == at]
        counts = {row.group_key: row.true_count for row in own if row.figure == _COUNTS}
        shares = frozenset(row.group_key for row in own if row.figure == _SHARES)
        found.append(_Earlier(at=at, counts=counts, shares=shares))
    return found


def _operators(
    access: Access, result: Result, sites: pd.DataFrame, earlier: list[_Earlier]
) -> tuple[pd.DataFrame, pd.Series]:
    """Return ``operators.csv`` with the key of each row, and which operators' shares of the city are in it."""
    edition = result.study.city.wards.edition or "other"
    changed, changed_city = _changes(access, result, sites, earlier, edition)
    may = shares_to_publish(sites, changed)
    totals = sites.sum()
    may_city = shares_to_publish(pd.DataFrame([totals]), pd.DataFrame([changed_city])).iloc[0]
    shares, rows = _shares(result), []
    names = result.wards["name"].to_dict()
    for operator in sites.columns:
        bands = _bands(sites[operator], operator, edition, earlier)
        for ward in (CITY, *sites.index):
            shown = may_city[operator] if ward == CITY else may.loc[ward, operator]
            count = int(totals[operator] if ward == CITY else sites.loc[ward, operator])
            low, high = bands.get(str(ward), (None, None))
            share = shares[operator][str(ward)] if shown else np.nan
            rows.append((f"{edition}/{ward}/{operator}", count, ward, names.get(ward, ""), operator, low, high, share))
    columns = ["key", "count", "ward_id", "name", "operator", "sites_low", "sites_high", "area_share"]
    table = pd.DataFrame(rows, columns=columns)
    table[["sites_low", "sites_high"]] = table[["sites_low", "sites_high"]].astype("Int64")
    return table, may_city


def _shares(result: Result) -> dict[str, dict[str, float]]:
    """Return the share of area of every operator by itself, of each ward and of the city."""
    study, found = result.study, {}
    nowhere = np.zeros(len(result.wards), dtype=bool)
    for operator, probability in zip(result.signal.operators, result.signal.probability, strict=True):
        share = coverage_columns(study.weights, np.asarray(probability), study.rule, nowhere)["area_share"]
        _, city, _ = study.measure([(operator, np.asarray(probability))])
        whole = float(city["value"].to_dict()["area_share"])
        found[operator] = {CITY: whole, **{str(ward): float(value) for ward, value in share.items()}}
    return found


def _changes(
    access: Access, result: Result, sites: pd.DataFrame, earlier: list[_Earlier], edition: str
) -> tuple[pd.DataFrame, pd.Series]:
    """Return which shares differ from an earlier release by one to four sites, ward by ward and for the city."""
    close = pd.DataFrame(False, index=sites.index, columns=sites.columns)
    city = pd.Series(False, index=sites.columns)
    wards = gpd.GeoSeries(result.study.city.wards.frame.geometry)
    near = wards.buffer(result.study.path_model.sweep_m)  # a cell farther away changes nothing in the ward
    now, kept = _sites(result.study.cells), {}
    for before in earlier:
        then = tuple(holding(access, "cells", before.at))
        if then not in kept:
            cells = layer_of(access, "cells", before.at).frame
            kept[then] = _sites(cells[cells["technology"] == result.study.technology])
        for operator in sites.columns:
            moved = _changed(now, kept[then], operator)
            few = 0 < len(moved) < LEAST
            city[operator] |= few and any(key.endswith(f"/{CITY}/{operator}") for key in before.shares)
            shown = [f"{edition}/{ward}/{operator}" in before.shares for ward in sites.index]
            other = any(not key.startswith(f"{edition}/") and key.endswith(f"/{operator}") for key in before.shares)
            if moved and (any(shown) or other):
                # A site that moved counts once, wherever it was or is near: both ends are behind the difference.
                ends = [shapely.MultiPoint([*places]) for places in moved]
                count = shapely.intersects(near.to_numpy()[:, None], np.array(ends, dtype=object)[None, :]).sum(axis=1)
                close[operator] |= (count > 0) & (count < LEAST) & (np.array(shown) | other)
    return close, city


Sites = dict[tuple[str, str], tuple[frozenset[tuple[object, ...]], shapely.Point]]


def _sites(cells: gpd.GeoDataFrame) -> Sites:
    """Return everything that is known of the cells of each site, by operator and site, and where it is."""
    plain = pd.DataFrame(cells.drop(columns="geometry")).astype(str)
    plain = plain.reindex(sorted(plain.columns), axis=1).assign(at=shapely.to_wkb(cells.geometry.to_numpy(), hex=True))
    found: dict[tuple[str, str], list[int]] = {}
    for number, key in enumerate(zip(cells["operator"], cells["site_id"], strict=True)):
        found.setdefault(key, []).append(number)
    rows, points = list(plain.itertuples(index=False, name=None)), cells.geometry.to_numpy()
    return {key: (frozenset(rows[n] for n in numbers), points[numbers[0]]) for key, numbers in found.items()}


def _changed(now: Sites, then: Sites, operator: str) -> list[tuple[shapely.Point, ...]]:
    """Return where the sites of an operator are and were that appeared, vanished or changed."""
    keys = {key for key in (*now, *then) if key[0] == operator}
    nothing = (frozenset[tuple[object, ...]](), None)
    ends = [(now.get(key, nothing), then.get(key, nothing)) for key in sorted(keys)]
    return [tuple(each[1] for each in pair if each[1] is not None) for pair in ends if pair[0][0] != pair[1][0]]


def _bands(sites: pd.Series, operator: str, edition: str, earlier: list[_Earlier]) -> dict[str, tuple[int, int]]:
    """Return the bands of an operator that may be published, by ward and `CITY`; fewer where more would give one away.

    Of earlier releases those bands count whose number is the same now: the others speak of something else.
    """
    counts = sites.to_numpy(dtype=np.int64)
    members = np.vstack([np.ones((1, len(counts)), dtype=bool), np.eye(len(counts), dtype=bool)])
    keys = [f"{edition}/{ward}/{operator}" for ward in (CITY, *sites.index)]
    true = members @ counts
    history: list[Published] = []
    for before in earlier:
        same = np.array([before.counts.get(key) == number for key, number in zip(keys, true, strict=True)])
        if same.any():
            history.append(published(counts, members[same]))
    # Wards of another edition overlap these in parts that nobody has counted: then the city's number alone.
    mixed = any(not key.startswith(f"{edition}/") for before in earlier for key in before.counts)
    everything, city = np.ones(len(keys), dtype=bool), np.arange(len(keys)) == 0
    for shown in (city,) if mixed else (everything, ~city, city):
        table = published(counts, members[shown])
        if not pinned(counts, [*history, table]):
            wards = [str(ward) for ward, chosen in zip((CITY, *sites.index), shown, strict=True) if chosen]
            return {ward: (int(low), int(high)) for ward, low, high in zip(wards, table.low, table.high, strict=True)}
    return {}


def _city(result: Result, apart: Confirmed | None, may_city: pd.Series) -> str:
    """Return ``city.json`` without anything that counts rows or cells of partners' files."""
    told = result.summary()
    told["data"] = {name: value for name, value in told["data"].items() if name not in _INSIDE}
    told["study"] = {name: value for name, value in told["study"].items() if name != "cells"}
    if told["operator"] is not None and not may_city.get(told["operator"], False):
        told["operator"] = None
    return json_text({**told, **({} if apart is None else {"disputed": apart.document()})})


def _rows(access: Access, table: pd.DataFrame, files: dict[str, bytes]) -> list[tuple[Table, dict[str, Any]]]:
    """Return what is kept of a release: every figure of an operator that it shows, and every file."""
    who = {"account_id": access.principal.account_id}
    shown = {**who, "content_sha256": sha256(files["operators.csv"])}
    rows: list[tuple[Table, dict[str, Any]]] = []
    for row in table.to_dict("records"):
        for figure, column in ((_COUNTS, "sites_low"), (_SHARES, "area_share")):
            if pd.notna(row[column]):
                told = {"figure": figure, "group_key": row["key"], "true_count": int(row["count"])}
                rows.append((release, {**shown, **told}))
    for name, content in files.items():
        about = {"figure": _FILE, "group_key": name, "true_count": len(content), "content_sha256": sha256(content)}
        rows.append((release, {**who, **about}))
    return rows
