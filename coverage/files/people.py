"""From raw tables to counts per ward: people, and broadband subscriptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from coverage.backward import carry
from coverage.boundaries import OTHER, carry_problems, crosswalk, detect_edition, match_wards
from coverage.catalog.registers import EDITIONS
from coverage.errors import LayerError, Problem
from coverage.fields import check, field_of, table
from coverage.files.areas import Areas, carried_to_wards, named_elsewhere
from coverage.files.raw import RawTable
from coverage.files.tables import read_table
from coverage.households import is_fixed, latest_period
from coverage.layers import Layer
from coverage.types import Edition, LayerKind

Split = Mapping[tuple[str, str], float]

COUNTS = ("households", "population")
_LINE_KEY = ["operator", "technology", "customer", "period"]
LINE_COLUMNS = ["ward_id", *_LINE_KEY[:3], "lines", "period", "passed", "lines_low", "lines_high", "status"]


def read_people(path: str | Path, wards: Layer, *, households_per_ward: pd.Series | None = None) -> Layer:
    """Return households and population per ward of a layer, carried from the edition of the table where it differs.

    Parameters
    ----------
    path : str or Path
        Table with a ward code or name and ``households``, ``population`` or both (or their aliases).
    wards : Layer
        Kind ``wards``.
    households_per_ward : Series indexed by ward_id, optional
        Households that a raster puts into every ward: tells how a ward was divided between two editions (`divided`).

    Returns
    -------
    Layer
        Kind ``households``; frame indexed by the ``ward_id`` of every ward of the layer: ``households`` and
        ``population`` (float, NaN unknown), ``households_source`` and ``population_source`` (None where unknown).
        ``frame.attrs["split"]`` holds the weights of `divided`, where they were used.

    Raises
    ------
    LayerError
        What `read_table`, `coverage.fields.check` and `detect_edition` raise; ``no_usable_row``.
    """
    raw = read_table(path)
    kept, ids, edition, problems = matched_rows("households", raw, wards)
    twice = ids.duplicated() & ids.notna()
    for index in np.flatnonzero(twice):
        row, value, values = int(kept["row"].iloc[index]), str(ids.iloc[index]), {"file": raw.source.name}
        problems += (Problem(code="ward_twice", row=row, field="ward_id", value=value, values=values),)
    used = ids.notna() & ~twice
    if not used.any():
        raise LayerError("no_usable_row", problems, file=raw.source.name, rows=raw.source.rows)
    counts = kept.loc[used, list(COUNTS)].set_index(pd.Index(ids[used], name="ward_id"))
    counts = counts.dropna(axis="columns", how="all")
    label, split = raw.source.name, None
    if edition != wards.edition:
        old, new = _known(edition), _known(wards.edition)
        label += f" ({old}→{new})"
        if households_per_ward is not None and "households" in counts:
            split = divided(counts["households"], old, new, households_per_ward)
        problems += carry_problems(old, new, file=raw.source.name, split=split)
        counts = carry(counts, old, new, split=split)
        problems += _lost(counts, wards, raw.source.name)
    frame = counts.reindex(index=wards.frame.index, columns=list(COUNTS)).astype(float)
    frame["households_period"] = kept.loc[used, "period"].dropna().max() if kept["period"].notna().any() else None
    if edition == wards.edition and kept["income"].notna().any():
        frame["income"] = kept.loc[used].set_index(pd.Index(ids[used]))["income"].reindex(wards.frame.index)
    for name in COUNTS:
        frame[f"{name}_source"] = pd.Series(label, index=frame.index, dtype=object).where(frame[name].notna(), None)
    frame.attrs["split"] = split
    source = replace(raw.source, note=label if label != raw.source.name else raw.source.note)
    return Layer(kind="households", frame=frame, source=source, problems=problems, edition=wards.edition)


def divided(households: pd.Series, old: Edition, new: Edition, per_ward: pd.Series) -> Split | None:
    """Return how the wards that were divided between two editions are to be split, by households per pixel.

    The outline of an old ward is in none of the files. But of every new ward it went to, the old wards that went there
    whole are known: what the pixels hold beyond their households is the share of the divided ward. The pixels are first
    scaled to the total of the table over these new wards, since the two are seldom of one year.

    Parameters
    ----------
    households : Series indexed by old ward_id
        Counts of the table.
    old, new : {"2019", "2025h1", "2025h2"}
    per_ward : Series indexed by new ward_id
        Sums of the pixels.

    Returns
    -------
    mapping of (old, new) to float, or None
        None where nothing was divided, or counts or pixels are missing or leave nothing for the divided ward.
    """
    pairs = crosswalk(old, new)
    weights: dict[tuple[str, str], float] = {}
    for ward, parts in pairs[pairs["estimated"]].groupby("old"):
        targets = list(parts["new"])
        whole = pairs[pairs["new"].isin(targets) & ~pairs["estimated"]]
        settled = households.reindex(whole["old"]).groupby(whole["new"].to_numpy()).sum(min_count=1).reindex(targets)
        complete = households.reindex([ward, *whole["old"]]).notna().all()
        pixels = per_ward.reindex(targets)
        if not complete or pixels.isna().any() or pixels.sum() <= 0:
            continue
        total = float(households[ward]) + float(settled.sum())
        beyond = (pixels * (total / pixels.sum()) - settled.fillna(0.0)).clip(lower=0.0)
        if beyond.sum() > 0:
            weights |= {(str(ward), str(target)): float(share) for target, share in beyond.items()}
    return weights or None


def _known(edition: str | None) -> Edition:
    if edition not in EDITIONS:
        raise LayerError("edition_not_carried", edition=edition)
    return edition


def matched_rows(
    kind: LayerKind, raw: RawTable, wards: Layer
) -> tuple[pd.DataFrame, pd.Series, str | None, tuple[Problem, ...]]:
    """Return the usable rows, their ward in the table's own edition, that edition, and what was found."""
    kept, found = _checked(kind, raw)
    ids, edition, more = _ids(kept, wards, raw.source.name)
    return kept, ids, edition, (*found, *more)


def _checked(kind: LayerKind, raw: RawTable) -> tuple[pd.DataFrame, tuple[Problem, ...]]:
    """Return the usable rows and what was found."""
    file = raw.source.name
    kept, found = check(kind, raw.frame, file=file, rows=raw.rows.tolist())
    if kept.empty:
        raise LayerError("no_usable_row", (*raw.problems, *found), file=file, rows=raw.source.rows)
    if "gid_3" in kept:
        kept["ward_id"] = kept["ward_id"].fillna(kept["gid_3"])
    return kept, (*raw.problems, *found)


def _ids(kept: pd.DataFrame, wards: Layer, file: str) -> tuple[pd.Series, str | None, tuple[Problem, ...]]:
    """Return the ward of every row in the table's own edition, that edition, and what was found."""
    edition = wards.edition
    if kept.empty:
        return pd.Series(index=kept.index, dtype=object), edition, ()
    if edition != OTHER:
        detected = detect_edition(kept["ward_id"], kept["name"], file=file, prefer=edition)
        edition = edition if detected == OTHER else detected  # then every row is an unknown ward, and said to be
    ids, more = match_wards(kept, wards if edition == wards.edition else _known(edition), file=file)
    return ids, edition, more


def _lost(counts: pd.DataFrame, wards: Layer, file: str) -> tuple[Problem, ...]:
    """Return the note on carried counts whose ward is not among the polygons in use."""
    outside = counts.loc[~counts.index.isin(wards.frame.index)]
    if outside.empty:
        return ()
    total = {name: int(outside[name].sum()) for name in outside.columns}
    values = {"file": file, "count": len(outside), "total": next(iter(total.values()), 0)}
    return (Problem(code="counts_outside_layer", severity="note", values=values),)


def read_subscriptions(
    path: str | Path, wards: Layer, *, split: Split | None = None, areas: Areas | None = None
) -> Layer:
    """Return broadband lines per ward of a layer, operator, technology and customer.

    Rows may name a ward; or a place in longitude and latitude; or the id of another area (exchange, postal, grid) whose
    polygon is in `areas`; or a district by itself. What is counted on other areas is carried to the wards by households
    (`coverage.internet.dasymetric`) and marked ``estimated``.

    A row that repeats another one (the ward may be spelt otherwise) is dropped and flagged; one that differs in its
    lines only is kept and flagged. Lines of another edition are carried to that of the layer; a ward of which a part
    has no row at all is then left out and said: unknown, not fewer.

    Parameters
    ----------
    path : str or Path
    wards : Layer
        Kind ``wards``.
    split : mapping of (old, new) to float, optional
        Weights for a ward that was divided: see `coverage.boundaries.carry_counts`.
    areas : Areas, optional
        Polygons of other areas, and where households are.

    Returns
    -------
    Layer
        Kind ``subscriptions``; frame: ``ward_id, operator, technology, customer, lines, period, passed, lines_low,
        lines_high, status``.

    Raises
    ------
    LayerError
        What `read_table`, `coverage.fields.check` and `detect_edition` raise; ``no_usable_row``.
    """
    return subscriptions_layer(read_table(path), wards, split=split, areas=areas)


def subscriptions_layer(
    raw: RawTable, wards: Layer, *, split: Split | None = None, areas: Areas | None = None
) -> Layer:
    """Return the layer of a table of lines that was read; as `read_subscriptions`."""
    file = raw.source.name
    kept, problems = _checked("subscriptions", raw)
    elsewhere = named_elsewhere(kept)
    carried, more = carried_to_wards(kept[elsewhere], wards, areas or Areas(), file)
    ids, edition, found = _ids(kept[~elsewhere], wards, file)
    problems += (*found, *more)
    rows = kept[~elsewhere].assign(ward_id=ids)[ids.notna().to_numpy()]
    if rows.empty and carried.empty:
        raise LayerError("no_usable_row", problems, file=file, rows=raw.source.rows)
    rows, repeats = _one_of_each(rows, raw)
    problems += (*repeats, *_not_counted(pd.concat([rows, kept[elsewhere]]), file))
    source = raw.source
    if edition != wards.edition and len(rows):
        editions = _known(edition), _known(wards.edition)
        rows, unknown = _carried_within(rows, editions, split)
        problems += carry_problems(*editions, file=file, split=split)
        listed = [str(wards.frame.loc[ward, "name"]) for ward in sorted(unknown) if ward in wards.frame.index]
        if listed:
            values = {"file": file, "count": len(listed), "wards": ", ".join(listed[:10])}
            problems += (Problem(code="lines_incomplete", severity="warning", values=values),)
        rows = rows[rows["ward_id"].isin(wards.frame.index)]
        source = replace(source, note=f"{file} ({edition}→{wards.edition})")
    whole = rows.reindex(columns=LINE_COLUMNS)
    if whole["status"].isna().all():
        whole["status"] = "measured"
    frame = whole if carried.empty else pd.concat([whole, carried.reindex(columns=LINE_COLUMNS)], ignore_index=True)
    frame = frame.reset_index(drop=True)
    for name in ("lines_low", "lines_high"):
        frame[name] = frame[name].astype(float).fillna(frame["lines"])
    return Layer(kind="subscriptions", frame=frame, source=source, problems=problems, edition=wards.edition)


def typed_lines(raw: RawTable, wards: Layer) -> pd.DataFrame:
    """Return the rows of a table of lines whose ward is known, as typed, with ``ward_id`` and ``row``; else none."""
    try:
        kept, ids, _, _ = matched_rows("subscriptions", raw, wards)
    except LayerError as error:
        if error.code != "no_usable_row":
            raise
        return pd.DataFrame(columns=["row", *(spec.name for spec in table("subscriptions"))])
    return kept.assign(ward_id=ids)[ids.notna().to_numpy()].reset_index(drop=True)


def _one_of_each(rows: pd.DataFrame, raw: RawTable) -> tuple[pd.DataFrame, tuple[Problem, ...]]:
    """Return the rows without those that say again what another one said, and what was found."""
    places = {"ward_id", "name", "district"}
    other = [name for name in raw.frame.columns if field_of("subscriptions", name) not in places]
    said = raw.frame[other].set_index(pd.Index(raw.rows)).loc[rows["row"]].reset_index(drop=True)
    said["ward_id"] = rows["ward_id"].to_numpy()
    again = said.duplicated().to_numpy()
    alike = rows.duplicated(["ward_id", *_LINE_KEY]).to_numpy() & ~again
    values = {"file": raw.source.name}
    found = [
        Problem(code=code, severity="warning", row=int(row), field="lines", values=values)
        for code, mask in (("duplicate_row", again), ("same_key_row", alike))
        for row in rows["row"][mask]
    ]
    return rows[~again], tuple(found)


def _not_counted(rows: pd.DataFrame, file: str) -> tuple[Problem, ...]:
    """Return the notes on rows that no figure of fixed lines uses: mobile ones, and those of older periods."""
    fixed = is_fixed(rows)
    mobile, lines = rows[~fixed], rows[fixed]
    notes: list[Problem] = []
    if len(mobile):
        about = {"file": file, "count": len(mobile), "lines": int(mobile["lines"].sum())}
        notes.append(Problem(code="lines_mobile_unused", severity="note", field="technology", values=about))
    period = latest_period(lines)
    older = lines[lines["period"] != period] if period is not None else lines.iloc[:0]
    if len(older):
        values = {"file": file, "count": len(older), "period": period}
        notes.append(Problem(code="lines_older_unused", severity="note", field="period", values=values))
    return tuple(notes)


def _carried_within(
    rows: pd.DataFrame, editions: tuple[Edition, Edition], split: Split | None
) -> tuple[pd.DataFrame, set[str]]:
    """Return `_carried_lines` with what a ward has for certain and at most, a divided ward being anywhere."""
    moved, unknown = _carried_lines(rows, editions, split)
    pairs = crosswalk(*editions)
    divided_wards = pairs[pairs["estimated"] & pairs["old"].isin(rows["ward_id"])]
    moved = moved.assign(status="measured", lines_low=moved["lines"], lines_high=moved["lines"])
    if divided_wards.empty:
        return moved, unknown
    for target in divided_wards["new"].unique():
        extreme = {(old, new): float(new == target) for old, new in divided_wards[["old", "new"]].to_numpy()}
        if any(sum(w for (o, _), w in extreme.items() if o == old) != 1 for old, _ in extreme):
            continue
        other = _carried_lines(rows, editions, extreme)[0]
        keys = ["ward_id", *_LINE_KEY]
        beside = moved.merge(other.rename(columns={"lines": "there"}), on=keys, how="left")["there"].fillna(0.0)
        moved["lines_low"] = np.minimum(moved["lines_low"], beside.to_numpy())
        moved["lines_high"] = np.maximum(moved["lines_high"], beside.to_numpy())
    moved.loc[moved["ward_id"].isin(divided_wards["new"]), "status"] = "estimated"
    return moved, unknown


def _carried_lines(
    rows: pd.DataFrame, editions: tuple[Edition, Edition], split: Split | None
) -> tuple[pd.DataFrame, set[str]]:
    """Return lines by ward of another edition, and the wards that are unknown because a part of them has no row.

    Periods, and fixed and mobile lines, are carried apart: a row of one says nothing of the other.
    """
    mobile = (rows["technology"] == "mobile").to_numpy()
    carried: list[pd.DataFrame] = []
    unknown: set[str] = set()
    for _, part in rows.groupby([rows["period"].fillna(""), mobile]):
        filled = part.assign(**{name: part[name].fillna("") for name in _LINE_KEY})
        # Operators list the wards they serve: a ward that others report and this one does not has no lines of it.
        wide = filled.pivot_table(index="ward_id", columns=_LINE_KEY, values="lines", aggfunc="sum", fill_value=0)
        keys = dict(enumerate(wide.columns))
        moved = carry(wide.set_axis([str(n) for n in keys], axis=1), *editions, split=split)
        incomplete = moved.index[moved.isna().any(axis=1)]
        unknown.update(map(str, incomplete))
        for number, key in keys.items():
            lines = moved.drop(index=incomplete)[str(number)]
            carried.append(
                lines[lines > 0].rename("lines").reset_index().assign(**dict(zip(_LINE_KEY, key, strict=True)))
            )
    table_of_lines = pd.concat(carried, ignore_index=True) if carried else rows.iloc[:0]
    for name in _LINE_KEY:
        table_of_lines[name] = table_of_lines[name].where(table_of_lines[name] != "", np.nan)
    return table_of_lines, unknown
