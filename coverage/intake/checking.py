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
    by_ward : mapping of str to Grade
        Name of the ward → grade of its rows; empty where no wards are known.
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
    by_ward: Mapping[str, Grade]
    mapping: Mapping[str, str]


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
    wards = _wards_of(frame, about.wards)
    return _checked(kind="cells", raw=raw, layer=layer, frame=frame, problems=problems, mapping=mapping, wards=wards)


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


def _wards_of(frame: gpd.GeoDataFrame, wards: Layer | None) -> pd.Series:
    """Return the name of the ward of every usable row: where it lies, else the one it names; NaN where unknown."""
    named: pd.Series = frame["ward"].astype(object) if "ward" in frame else pd.Series(index=frame.index, dtype=object)
    if wards is None or frame.empty:
        return named
    joined = gpd.sjoin(frame[["geometry"]], wards.frame[["name", "geometry"]], how="left", predicate="within")
    inside: pd.Series = joined.loc[~joined.index.duplicated(), "name"]
    return inside.where(inside.notna(), named)


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
    names = frame["ward_id"].map(against.wards.frame["name"])
    return _checked(
        kind="subscriptions", raw=raw, layer=layer, frame=frame, problems=problems, mapping=mapping, wards=names
    )


def _checked(
    *,
    kind: LayerKind,
    raw: RawTable,
    layer: Layer | None,
    frame: pd.DataFrame,
    problems: Iterable[Problem],
    mapping: Mapping[str, str],
    wards: pd.Series,
) -> Checked:
    ordered = tuple(sorted(problems, key=lambda problem: problem.row or 0))
    rows = set(map(int, raw.rows)) | {problem.row for problem in ordered if problem.row is not None}
    refused = {problem.row for problem in ordered if problem.severity == "error" and problem.row is not None}
    if layer is None or any(problem.severity == "error" and problem.row is None for problem in ordered):
        refused = set(rows)
    repaired = {problem.row for problem in ordered if problem.code in REPAIRED and problem.row is not None}
    good = frame[~frame["row"].isin(refused)] if layer is not None else frame
    grade = graded(kind, good, ordered, file=raw.source.name, rows={row for row in rows if row is not None})
    by_ward: dict[str, Grade] = {}
    for name, part in frame.groupby(wards.to_numpy() if len(wards) else wards):
        own = set(map(int, part["row"]))
        about = [problem for problem in ordered if problem.row in own]
        by_ward[str(name)] = graded(kind, part, about, file=raw.source.name, rows=own)
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
        by_ward=by_ward,
        mapping=mapping,
    )
