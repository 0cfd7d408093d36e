"""`check_cells` and `check_subscriptions`: a partner's file read apart, mapped, checked row by row and graded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import geopandas as gpd
import pandas as pd

from coverage.catalog.radios import find_operator
from coverage.errors import LayerError, Problem
from coverage.fields import best_headers
from coverage.files.layers import cells_layer, placed
from coverage.files.people import subscriptions_layer, typed_lines
from coverage.files.raw import RawTable
from coverage.files.sandbox import read_upload
from coverage.grid import Raster
from coverage.intake.columns import mapped
from coverage.intake.grades import Grade, graded
from coverage.intake.lines import line_hits
from coverage.intake.places import known, place_hits
from coverage.intake.positions import from_degrees, from_metres
from coverage.intake.registers import recognised
from coverage.intake.rules import cell_hits, drop_hits, problems_of
from coverage.intake.values import told_dates, with_right_commas
from coverage.layers import Layer, Source
from coverage.types import LayerKind

# What a row-by-row rule of this package says better than the summary of the reader.
_SAID_BY_ROW = frozenset({"cell_band_not_held", "cell_id_repeated"})
REPAIRED = frozenset({"comma_repaired", "azimuth_wrapped", "value_defaulted"})


@dataclass(frozen=True, kw_only=True)
class Against:
    """What a submission is held against.

    Attributes
    ----------
    partner : str or None
        Operator who sends it: rows of another one are refused, an empty operator is filled.
    mapping : mapping of str to str
        Field → header that a person confirmed.
    wards : Layer or None
        Kind ``wards``.
    households : Series indexed by ward_id, or None
        For subscriptions.
    sea : Raster or None
        1 sea, 0 land: for cells.
    earlier : Layer or None
        What the same partner sent before: `Checked.layer` of its last accepted submission.
    crs : str or None
        Coordinate system that a person named for eastings and northings.
    today : date or None
        On-air dates after it are in the future; today's unless given.
    """

    partner: str | None = None
    mapping: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    wards: Layer | None = None
    households: pd.Series | None = None
    sea: Raster | None = None
    earlier: Layer | None = None
    crs: str | None = None
    today: dt.date | None = None


@dataclass(frozen=True, kw_only=True)
class InWard:
    """The rows of a submission that belong to one ward.

    Attributes
    ----------
    ward_id : str or None
        None where the rows name a ward that could not be looked up.
    name : str
    grade : Grade
    """

    ward_id: str | None
    name: str
    grade: Grade


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A submission after its checks.

    Attributes
    ----------
    kind : {"cells", "subscriptions"}
    source : Source
    raw : RawTable
        The rows as they stood in the file, under the names of our fields where a column was mapped.
    layer : Layer or None
        The usable rows; None when there are none.
    rows, accepted, refused, repaired : int
        Rows of the file; of them without an error, with one, and with a value that was changed.
    problems : tuple of Problem
        Every finding, those about the whole file first, then row by row.
    grade : Grade
    by_ward : tuple of InWard
        Every ward that rows lie in, or else name, by name; empty where they do neither.
    edition : str or None
        Of the wards that `by_ward` is by.
    mapping : mapping of str to str
        Field → header, as it was used: to be remembered for the partner's next file.
    """

    kind: LayerKind
    source: Source
    raw: RawTable
    layer: Layer | None
    rows: int
    accepted: int
    refused: int
    repaired: int
    problems: tuple[Problem, ...]
    grade: Grade
    by_ward: tuple[InWard, ...]
    mapping: Mapping[str, str]
    edition: str | None = None


def check_cells(what: str | Path | RawTable, against: Against | None = None) -> Checked:
    """Return the cells of a partner's file with everything that is wrong with them.

    Parameters
    ----------
    what : path or RawTable
        A file is read by `coverage.files.sandbox.read_upload`; a table that was read so is taken as it is.
    against : Against, optional

    Raises
    ------
    LayerError
        When the file cannot be read or lacks a column: nothing can be said row by row.
    """
    about = against or Against()
    sent = what if isinstance(what, RawTable) else read_upload(what)
    file = sent.source.name
    raw, notes = recognised(sent)
    raw, mapping, more = mapped("cells", raw, about.mapping)
    raw, places = from_metres(raw, wards=about.wards, crs=about.crs)
    raw, angles = from_degrees(raw)
    raw, commas = with_right_commas("cells", raw)
    raw, foreign = _own_rows(raw, about.partner)
    raw = replace(raw, problems=(*raw.problems, *notes, *more, *places, *angles, *commas, *foreign))
    kept, frame, problems = placed(raw)
    problems = told_dates(problems)
    layer, found = _completed(kept, frame)
    problems += tuple(problem for problem in found if problem.code not in _SAID_BY_ROW)
    if len(frame):
        earlier = None if about.earlier is None else gpd.GeoDataFrame(about.earlier.frame)
        problems += problems_of(drop_hits(frame, earlier), frame, file)
        held = known(frame, about.wards, earlier, file)
        problems += held.problems
        problems += problems_of(cell_hits(frame, about.today or dt.datetime.now(dt.UTC).date()), frame, file)
        problems += problems_of(place_hits(frame, held, about.wards, about.sea), frame, file)
    checked = _checked(
        kind="cells", raw=raw, layer=layer, frame=frame, problems=problems, mapping=mapping,
        wards=_wards_of(frame, about.wards),
    )  # fmt: skip
    return checked if about.wards is None else replace(checked, edition=about.wards.edition)


def _completed(raw: RawTable, frame: gpd.GeoDataFrame) -> tuple[Layer | None, tuple[Problem, ...]]:
    try:
        layer = cells_layer(raw, frame, (), {})
    except LayerError as error:
        if error.code != "no_usable_row":
            raise
        return None, error.problems
    return layer, layer.problems


def _own_rows(raw: RawTable, partner: str | None) -> tuple[RawTable, tuple[Problem, ...]]:
    """Return the rows of the partner who sends the file, and an error for each of another operator."""
    if partner is None:
        return raw, ()
    name = find_operator(partner)
    header = best_headers("cells", list(map(str, raw.frame.columns)), file=raw.source.name).get("operator")
    if header is None:
        return replace(raw, frame=raw.frame.assign(operator=name)), ()
    texts = raw.frame[header].astype(str)
    means = {text: find_operator(text) if text.strip() else name for text in texts.unique()}
    foreign = (texts.map(means) != name).to_numpy()
    values = {"file": raw.source.name, "partner": name}
    problems = tuple(
        Problem(code="other_operator", row=int(row), field="operator", value=text[:80], values=values)
        for row, text in zip(raw.rows[foreign], texts[foreign], strict=True)
    )
    frame = raw.frame.assign(**{header: texts.map(means)})[~foreign].reset_index(drop=True)
    shapes = None if raw.geometry is None else raw.geometry[~foreign].reset_index(drop=True)
    return replace(raw, frame=frame, rows=raw.rows[~foreign], geometry=shapes), problems


def _wards_of(frame: gpd.GeoDataFrame, wards: Layer | None) -> pd.DataFrame:
    """Return ``ward_id`` and ``name`` of the ward of every usable row: where it lies, else what it names; else NaN."""
    named: pd.Series = frame["ward"].astype(object) if "ward" in frame else pd.Series(index=frame.index, dtype=object)
    if wards is None or frame.empty:
        return pd.DataFrame({"ward_id": pd.Series(index=frame.index, dtype=object), "name": named})
    shapes = wards.frame[["name", "geometry"]].rename_axis("ward_id").reset_index()
    joined = gpd.sjoin(frame[["geometry"]], shapes, how="left", predicate="within")
    inside = joined.loc[~joined.index.duplicated(), ["ward_id", "name"]]
    return pd.DataFrame(inside.assign(name=inside["name"].where(inside["name"].notna(), named)))


def check_subscriptions(what: str | Path | RawTable, against: Against) -> Checked:
    """Return the subscriptions of a partner's file with everything that is wrong with them.

    Parameters
    ----------
    what : path or RawTable
        As for `check_cells`.
    against : Against
        Its wards are needed.

    Raises
    ------
    LayerError
        When the file cannot be read or lacks a column; ``wards_needed``.
    """
    if against.wards is None:
        raise LayerError("wards_needed")
    sent = what if isinstance(what, RawTable) else read_upload(what)
    file = sent.source.name
    raw, mapping, more = mapped("subscriptions", sent, against.mapping)
    raw, commas = with_right_commas("subscriptions", raw)
    raw, foreign = _own_rows(raw, against.partner)
    raw = replace(raw, problems=(*raw.problems, *more, *commas, *foreign))
    try:
        layer: Layer | None = subscriptions_layer(raw, against.wards)
        problems: tuple[Problem, ...] = () if layer is None else layer.problems
    except LayerError as error:
        if error.code != "no_usable_row":
            raise
        layer, problems = None, error.problems
    frame = typed_lines(raw, against.wards)
    problems = told_dates(problems)
    if len(frame):
        earlier = None if against.earlier is None else against.earlier.frame
        problems += problems_of(line_hits(frame, against.households, earlier), frame, file)
    belong = pd.DataFrame({"ward_id": frame["ward_id"], "name": frame["ward_id"].map(against.wards.frame["name"])})
    checked = _checked(
        kind="subscriptions", raw=raw, layer=layer, frame=frame, problems=problems, mapping=mapping, wards=belong
    )
    return replace(checked, edition=against.wards.edition)


def _checked(
    *,
    kind: LayerKind,
    raw: RawTable,
    layer: Layer | None,
    frame: pd.DataFrame,
    problems: Iterable[Problem],
    mapping: Mapping[str, str],
    wards: pd.DataFrame,
) -> Checked:
    ordered = tuple(sorted(problems, key=lambda problem: problem.row or 0))
    rows = set(map(int, raw.rows)) | {problem.row for problem in ordered if problem.row is not None}
    refused = {problem.row for problem in ordered if problem.severity == "error" and problem.row is not None}
    if layer is None or any(problem.severity == "error" and problem.row is None for problem in ordered):
        refused = set(rows)
    repaired = {problem.row for problem in ordered if problem.code in REPAIRED and problem.row is not None}
    good = frame[~frame["row"].isin(refused)] if layer is not None else frame
    grade = graded(kind, good, ordered, rows={row for row in rows if row is not None})
    return Checked(
        kind=kind,
        source=raw.source,
        raw=raw,
        layer=layer,
        rows=len(rows),
        accepted=len(rows) - len(refused),
        refused=len(refused),
        repaired=len(repaired),
        problems=ordered,
        grade=grade,
        by_ward=_by_ward(kind, frame, ordered, wards),
        mapping=mapping,
    )


def _by_ward(
    kind: LayerKind, frame: pd.DataFrame, problems: Iterable[Problem], wards: pd.DataFrame
) -> tuple[InWard, ...]:
    of_row: dict[int | None, list[Problem]] = {}
    for problem in problems:
        of_row.setdefault(problem.row, []).append(problem)
    known = wards["name"].notna().to_numpy()
    keys = [wards[column].to_numpy()[known] for column in ("name", "ward_id")]
    found = []
    for (name, ward_id), part in frame[known].groupby(keys, dropna=False):
        about = [problem for row in part["row"] for problem in of_row.get(int(row), [])]
        number = ward_id if isinstance(ward_id, str) else None
        found.append(InWard(ward_id=number, name=str(name), grade=graded(kind, part, about)))
    return tuple(found)
