"""Carrying counts from the wards of one edition to those of another, to the last household."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage.catalog.registers import EDITIONS, HOANG_SA_DISTRICT, HOANG_SA_UNIT, register, ward_register
from coverage.errors import LayerError, Problem
from coverage.matching import edition_units
from coverage.types import Edition

Split = Mapping[tuple[str, str], float]


@cache
def _pairs() -> pd.DataFrame:
    """Return the register of pairs with one column per edition, Hoàng Sa included."""
    table = register("crosswalk").rename(columns=lambda name: name.removeprefix("ward_id_"))
    islands = {"2019": HOANG_SA_DISTRICT, "2025h1": HOANG_SA_DISTRICT, "2025h2": HOANG_SA_UNIT, "legal": "whole"}
    return pd.concat([table, pd.DataFrame([islands | {"overlay_area_share": 1.0}])], ignore_index=True)


@cache
def _crosswalk(old: Edition, new: Edition) -> pd.DataFrame:
    table = pd.DataFrame({name: _pairs()[name] for name in ("legal", "overlay_area_share")})
    table["old"], table["new"] = _pairs()[old], _pairs()[new]
    # A merger repeats a pair (three wards of 2019 are one of 2025h1); a divided ward has one row per part.
    table = table.groupby(["old", "new"], sort=True, as_index=False).agg(
        legal=("legal", "first"), share=("overlay_area_share", "sum")
    )
    parts = table.groupby("old")["new"].transform("size")
    total = table.groupby("old")["share"].transform("sum")
    forward = EDITIONS.index(old) <= EDITIONS.index(new)
    table["weight"] = (table["share"] / total).where(parts > 1, 1.0)
    table["estimated"] = parts > 1
    if not forward:
        # A merger forgets: only a unit that comes whole from one ward can be carried back.
        table = table[(parts == 1) & (table["legal"] == "whole")]
    table["legal"] = table["legal"].where(table["estimated"], "whole")
    return table[["old", "new", "weight", "legal", "estimated"]].reset_index(drop=True)


def crosswalk(old: Edition, new: Edition) -> pd.DataFrame:
    """Return the weights that carry a count from the wards of one edition to those of another.

    Forward, every old ward goes whole into one new ward, but Hòa Liên (20296), which was divided between Hải Vân and
    Liên Chiểu: its weights are the shares of its area in the overlay of two polygon sets, made to add up to 1.
    Backward, only the units that come whole from one ward are listed: a merger forgets.

    Parameters
    ----------
    old, new : {"2019", "2025h1", "2025h2"}
        Editions; Hoàng Sa (498, since 2025-07 20333) is in all of them.

    Returns
    -------
    pandas.DataFrame
        ``old``, ``new`` (ward ids), ``weight`` (0–1, sums to 1 for each old ward), ``legal`` (``whole`` or ``part``,
        by the text of NQ 1659/NQ-UBTVQH15), ``estimated`` (bool: the weight is not given by law).

    Raises
    ------
    LayerError
        ``edition_unknown``.

    Examples
    --------
    >>> table = crosswalk("2019", "2025h2").set_index("old")
    >>> table.loc["20296", "weight"].round(4).tolist()
    [0.2285, 0.7715]
    """
    for edition in (old, new):
        if edition not in EDITIONS:
            raise LayerError("edition_unknown", edition=edition, editions=", ".join(EDITIONS))
    return _crosswalk(old, new).copy()


def carry_counts(frame: pd.DataFrame, old: Edition, new: Edition, *, split: Split | None = None) -> pd.DataFrame:
    """Return counts per ward of one edition as counts per ward of another, sums unchanged.

    Counts only: people, households, lines. A share is carried by carrying its two counts.

    Parameters
    ----------
    frame : pandas.DataFrame
        Indexed by the old ``ward_id``, unique; numeric columns. A column of whole numbers stays whole: a divided ward
        is rounded by largest remainder. Other columns are divided exactly.
    old, new : {"2019", "2025h1", "2025h2"}
        Editions of the index before and after.
    split : mapping of (old, new) to float, optional
        Weights for the wards it names instead of the overlay shares, such as the households per pixel in each part;
        only their proportions count. It also makes possible what the law leaves open (2025h2 back to 2019).

    Returns
    -------
    pandas.DataFrame
        Indexed by the new ``ward_id``, sorted: every new ward to which an old ward of the frame goes. A value is NaN
        (the column then float) where a part of the new ward is missing or NaN in the frame: unknown is not 0.
        ``attrs["estimated"]`` is the tuple of new wards that contain an estimated part.

    Raises
    ------
    LayerError
        ``ward_repeated`` for an index with duplicates, ``wards_not_carried`` for wards that are not of the old edition
        or cannot be carried to the new one, ``split_unusable`` for weights that are negative or sum to 0,
        ``count_not_numeric``.

    Examples
    --------
    >>> carry_counts(pd.DataFrame({"households": [7, 4]}, index=["20293", "20296"]), "2019", "2025h2")["households"]
    ward_id
    20194   NaN
    20197   NaN
    Name: households, dtype: float64
    """
    check_counts(frame)
    weights = division(old, new, split)
    given = weights[weights["old"].isin(frame.index)]
    lost = [ward for ward in frame.index if ward not in set(given["old"])]
    if lost:
        raise LayerError("wards_not_carried", old=old, new=new, count=len(lost), wards=", ".join(map(str, lost[:10])))
    touched = weights[weights["new"].isin(given["new"])]
    carried = pd.DataFrame({str(name): _carry(frame[name], touched) for name in frame.columns})
    carried.index.name = "ward_id"
    carried.attrs["estimated"] = tuple(sorted(set(touched.loc[touched["estimated"] & (touched["weight"] > 0), "new"])))
    return carried


def carry_problems(old: Edition, new: Edition, *, file: str, split: Split | None = None) -> tuple[Problem, ...]:
    """Return what has to be said of counts carried between two editions: which wards rest on an estimated division.

    Parameters
    ----------
    old, new : {"2019", "2025h1", "2025h2"}
    file : str
        Name of the file whose counts are carried.
    split : mapping, optional
        As given to `carry_counts`.

    Returns
    -------
    tuple of Problem
        ``counts_carried`` (note) when the editions differ; ``split_estimated_overlay`` or ``split_estimated_split``
        (warning) per divided ward; ``transfer_not_carried`` or ``transfer_unmeasured`` (note) per known change of a
        border between wards for which no weight of 2019 is known, so that the crosswalk leaves it out.
        Back to an earlier edition, ``carried_back`` (warning) alone: what was merged is divided by an estimate.
    """
    if old == new:
        return ()
    about = {"file": file, "old": old, "new": new}
    if EDITIONS.index(old) > EDITIONS.index(new):
        return (Problem(code="carried_back", severity="warning", values=about),)
    problems = [Problem(code="counts_carried", severity="note", values=about)]
    weights = division(old, new, split)
    names, units = edition_units(old)["name"], edition_units(new)["name"]
    for old_ward, parts in weights[weights["estimated"]].groupby("old"):
        ward = str(old_ward)
        shares = zip(parts["new"], parts["weight"], strict=True)
        listed = ", ".join(f"{units[part]} {100 * weight:.0f} %" for part, weight in shares)
        code = f"split_estimated_{'split' if split and any(key[0] == ward for key in split) else 'overlay'}"
        values = {"file": file, "ward": names[ward], "parts": listed}
        problems.append(Problem(code=code, severity="warning", field="ward_id", value=ward, values=values))
    return (*problems, *_transfers(old, new, file))


def _transfers(old: Edition, new: Edition, file: str) -> tuple[Problem, ...]:
    """Return the notes on ground that changed wards by a border moved, which no crosswalk of whole wards can follow."""
    changes = register("boundary_changes")
    since = changes["edition"].map(EDITIONS.index)
    passed = (since > EDITIONS.index(old)) & (since <= EDITIONS.index(new)) & ~changes["carried"]
    names, units = ward_register("2025h1")["name"], ward_register(new)["name"]
    now = crosswalk("2025h1", new).drop_duplicates("old").set_index("old")["new"]
    problems = []
    for change in changes[passed].to_dict("records"):
        source, target = now[change["from_ward"]], now[change["to_ward"]]
        if source == target:
            continue
        values = {"file": file, "source": names[change["from_ward"]], "target": names[change["to_ward"]]}
        values |= {"source_unit": units[source], "target_unit": units[target], "edition": new}
        if pd.isna(change["people"]):
            problems.append(Problem(code="transfer_unmeasured", severity="note", values=values))
        else:
            values |= {"area_km2": change["area_km2"], "people": int(change["people"])}
            values |= {"year": int(change["people_year"])}
            problems.append(Problem(code="transfer_not_carried", severity="note", values=values))
    return tuple(problems)


def check_counts(frame: pd.DataFrame) -> None:
    """Raise ``ward_repeated`` for an index with duplicates, ``count_not_numeric`` for a column without numbers."""
    repeated = frame.index[frame.index.duplicated()]
    if len(repeated):
        raise LayerError("ward_repeated", wards=", ".join(map(str, repeated.unique()[:10])))
    for name in frame.columns:
        if not pd.api.types.is_numeric_dtype(frame[name]) or pd.api.types.is_bool_dtype(frame[name]):
            raise LayerError("count_not_numeric", field=str(name))


def division(old: Edition, new: Edition, split: Split | None) -> pd.DataFrame:
    """Return the crosswalk between two editions with the wards named by `split` divided by it.

    Raises
    ------
    LayerError
        ``edition_unknown``; ``split_unusable`` for weights that are negative or sum to 0.
    """
    table = crosswalk(old, new)
    if not split:
        return table
    own = pd.DataFrame([(a, b, float(weight)) for (a, b), weight in split.items()], columns=["old", "new", "weight"])
    total = own.groupby("old")["weight"].transform("sum")
    if bool((own["weight"] < 0).any()) or not bool((np.isfinite(total) & (total > 0)).all()):
        raise LayerError("split_unusable", wards=", ".join(sorted(set(own["old"]))))
    own["weight"] /= total
    own["legal"], own["estimated"] = "part", True
    kept = table[~table["old"].isin(own["old"])]
    return pd.concat([kept, own], ignore_index=True).sort_values(["old", "new"], ignore_index=True)


def _carry(column: pd.Series, weights: pd.DataFrame) -> pd.Series:
    """Return one column by new ward."""
    counts = column.astype(float) if column.isna().any() else column
    whole = bool((counts.dropna() == counts.dropna().round()).all()) and bool(np.isfinite(counts.dropna()).all())
    sums: dict[str, float | int] = dict.fromkeys(sorted(set(weights["new"])), 0)
    for ward, parts in weights.groupby("old", sort=True):
        known = ward in counts.index and not pd.isna(counts[ward])
        value = counts[ward] if known else np.nan
        shares = parts["weight"].to_numpy(dtype=float)
        if known and whole:
            divided: Sequence[float | int] = whole_parts(int(value), shares)
        else:
            # An unknown part makes the whole new ward unknown, unless nothing of it goes there.
            divided = [float(value) * share if share > 0 else 0.0 for share in shares]
        for target, part in zip(parts["new"], divided, strict=True):
            sums[target] += part
    result = pd.Series(sums, name=column.name)
    return result.astype("int64") if whole and bool(result.notna().all()) else result.astype(float)


def whole_parts(count: int, shares: NDArray[np.float64]) -> list[int]:
    """Return a whole number divided by shares that sum to 1: largest remainder, the first of equals.

    >>> whole_parts(10, np.array([0.55, 0.45]))
    [6, 4]
    """
    exact = [count * float(share) for share in shares]
    parts = [int(np.floor(part)) for part in exact]
    by_remainder = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
    for i in by_remainder[: count - sum(parts)]:
        parts[i] += 1
    return parts
