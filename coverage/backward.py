"""Counts of a newer edition carried back to the wards before the merger, by a quantity that says how each was made up.

A merger forgets how a count was spread over the wards that were merged, so the way back is an estimate, with two
promises kept to the last household: what is carried forward again is what was carried back, and the weighting quantity
itself comes back as it was.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from coverage.catalog.registers import EDITIONS, HOANG_SA_DISTRICT, register, ward_register
from coverage.crosswalks import Split, carry_counts, check_counts, division, whole_parts
from coverage.errors import LayerError
from coverage.types import Edition

Number = float | int


def is_forward(old: Edition, new: Edition) -> bool:
    """Return whether an edition is followed, or equalled, by another."""
    return EDITIONS.index(old) <= EDITIONS.index(new)


@cache
def _known_weights(edition: Edition) -> pd.DataFrame:
    census = register("census_2019").set_index("ward_id")[["households"]]
    measured = census.assign(area_km2=ward_register("2019")["area_km2"])
    # Hoàng Sa has no household of the census and belongs to itself alone: any weight carries it whole.
    measured.loc[HOANG_SA_DISTRICT] = {"households": 0, "area_km2": 0.0}
    return carry_counts(measured, "2019", edition)


def ward_weights(edition: Edition) -> pd.DataFrame:
    """Return what says how a merged ward was made up: households of the census of 2019 and area.

    Returns
    -------
    pandas.DataFrame
        Indexed by the ``ward_id`` of every ward of Đà Nẵng as it was until 2025-06: ``households`` (census of
        2019-04-01, whole numbers), ``area_km2`` (GADM polygons of 2019).

    Examples
    --------
    >>> int(ward_weights("2025h1")["households"].sum())
    300501
    """
    return _known_weights(edition).copy()


def carry_back(
    frame: pd.DataFrame, new: Edition, old: Edition, *, by: pd.Series | None = None, split: Split | None = None
) -> pd.DataFrame:
    """Return counts per ward of a newer edition as counts per ward of an older one, sums unchanged.

    Parameters
    ----------
    frame : pandas.DataFrame
        Indexed by the ``ward_id`` of the newer edition, unique; numeric columns. Whole numbers stay whole.
    new, old : {"2019", "2025h1", "2025h2"}
        Editions before and after; `old` is the earlier one.
    by : pandas.Series, optional
        Weighting quantity per ward of the older edition, ≥ 0: a unit is divided over the wards that were merged into it
        in this proportion. The households of the census of 2019 unless given.
    split : mapping of (old, new) to float, optional
        How a divided ward goes forward (`coverage.crosswalks.carry_counts`), when not by the overlay.

    Returns
    -------
    pandas.DataFrame
        Indexed by the older ``ward_id``, sorted. ``carry_counts(…, old, new, split=split)`` of it is the frame that was
        given; and where a column is the weighting quantity carried forward, it comes back as it was. NaN where a part
        is unknown.

    Raises
    ------
    LayerError
        As `carry_counts`; ``back_weights_missing`` where the weighting quantity lacks a ward.

    Examples
    --------
    >>> lines = pd.DataFrame({"lines": [1000]}, index=["20305"])
    >>> carry_back(lines, "2025h1", "2019")["lines"].sum()
    np.int64(1000)
    """
    check_counts(frame)
    pairs = division(old, new, split)
    strange = [ward for ward in frame.index if ward not in set(pairs["new"])]
    if strange:
        listed = ", ".join(map(str, strange[:10]))
        raise LayerError("wards_not_carried", old=new, new=old, count=len(strange), wards=listed)
    weights = ward_weights(old)["households"] if by is None else by
    touched = pairs[pairs["new"].isin(frame.index)]
    touched = pairs[pairs["old"].isin(touched["old"])]
    lacking = [ward for ward in dict.fromkeys(touched["old"]) if pd.isna(weights.get(ward, np.nan))]
    if lacking:
        raise LayerError("back_weights_missing", edition=old, count=len(lacking), wards=", ".join(lacking[:10]))
    carried = pd.DataFrame({str(name): _column(frame[name], touched, weights) for name in frame.columns})
    carried.index.name = "ward_id"
    return carried


def carry(
    frame: pd.DataFrame, old: Edition, new: Edition, *, by: pd.Series | None = None, split: Split | None = None
) -> pd.DataFrame:
    """Return counts per ward of one edition as counts per ward of any other: `carry_counts` forward, else `carry_back`.

    Parameters and errors are theirs; `by` is used on the way back only.
    """
    if is_forward(old, new):
        return carry_counts(frame, old, new, split=split)
    return carry_back(frame, old, new, by=by, split=split)


def _column(column: pd.Series, pairs: pd.DataFrame, weights: pd.Series) -> pd.Series:
    known = column.dropna()
    whole = bool((known == known.round()).all()) and bool(np.isfinite(known).all())
    left: dict[str, Number | None] = {}
    for unit in pairs["new"].unique():
        count = column.get(unit, np.nan)
        left[unit] = None if pd.isna(count) else int(count) if whole else float(count)
    members = _members(pairs, weights)
    found: dict[str, Number | None] = {}
    for ward, parts in pairs.groupby("old", sort=True):
        if len(parts) > 1:
            shares = {str(unit): float(share) for unit, share in zip(parts["new"], parts["weight"], strict=True)}
            found[str(ward)] = _divided(str(ward), shares, left, members, whole)
    for unit, wards in members.items():
        own = [ward for ward in wards if ward not in found]
        count = left[unit]
        if not own and count:
            raise LayerError("split_unusable", wards=unit)  # a unit made of divided wards alone has no room to give
        divided = [None] * len(own) if count is None else _shared(count, [wards[ward] for ward in own])
        found.update(zip(own, divided, strict=True))
    result = pd.Series({ward: np.nan if part is None else part for ward, part in sorted(found.items())})
    return result.astype("int64") if whole and bool(result.notna().all()) else result.astype(float)


def _members(pairs: pd.DataFrame, weights: pd.Series) -> dict[str, dict[str, Number]]:
    """Return what each older ward brought to each unit, by the weighting quantity: whole numbers stay whole."""
    members: dict[str, dict[str, Number]] = {str(unit): {} for unit in pairs["new"].unique()}
    for ward, parts in pairs.groupby("old", sort=True):
        value, shares = float(weights[ward]), parts["weight"].to_numpy(dtype=float)
        brought = whole_parts(int(value), shares) if value.is_integer() else [value * share for share in shares]
        for unit, part in zip(parts["new"], brought, strict=True):
            members[str(unit)][str(ward)] = part
    return members


def _divided(
    ward: str,
    shares: dict[str, float],
    left: dict[str, Number | None],
    members: dict[str, dict[str, Number]],
    whole: bool,
) -> Number | None:
    """Return the count of a ward that several units share, and take from each what it will get back."""
    counts = {unit: left[unit] for unit in shares}
    known = {unit: count for unit, count in counts.items() if count is not None}
    if len(known) < len(counts):
        for unit in counts:  # how much of a unit is the divided ward's is then unknown, and so is the rest of it
            left[unit] = None
        return None
    total = 0.0
    for unit, count in known.items():
        brought = sum(members[unit].values())
        total += count * members[unit][ward] / brought if brought > 0 else 0.0
    # No unit can give more than it has: forward, the ward is divided in fixed proportions again.
    most = min((count / shares[unit] for unit, count in known.items() if shares[unit] > 0), default=0.0)
    amount: Number = min(round(total), int(np.floor(most + 1e-9))) if whole else min(total, most)
    ways = np.array([shares[unit] for unit in known])
    parts = whole_parts(int(amount), ways) if whole else [amount * share for share in ways]
    for unit, part in zip(known, parts, strict=True):
        left[unit] = known[unit] - part
    return amount


def _shared(count: Number, weights: list[Number]) -> list[Number]:
    """Return a count divided in proportion to weights; whole ones exactly, by largest remainder."""
    if not weights:
        return []
    if not any(weights):
        weights = [1] * len(weights)
    if isinstance(count, float):
        return [count * (weight / sum(weights)) for weight in weights]
    if not all(float(weight).is_integer() for weight in weights):
        return list(whole_parts(count, np.array(weights) / sum(weights)))
    total = int(sum(weights))
    parts = [divmod(count * int(weight), total) for weight in weights]
    whole = [part for part, _ in parts]
    order = sorted(range(len(parts)), key=lambda i: (-parts[i][1], i))
    for i in order[: count - sum(whole)]:
        whole[i] += 1
    return list(whole)
