"""Submissions: a partner's file, its checked rows and what was found, kept whole; decisions on them; what holds now."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from pandas.api.types import infer_dtype
from sqlalchemy import ColumnElement, Row, func, insert, select

from coverage.errors import Problem, StoreError
from coverage.fields import version
from coverage.layers import Layer
from coverage.store.audit import canonical, digest_of_rows, record
from coverage.store.engine import Access
from coverage.store.tables import decision, mapping, partner, submission, submitted_row

Kind = Literal["cells", "subscriptions", "households"]
HANDED_IN: tuple[Kind, ...] = ("cells", "subscriptions")  # the kinds that partners submit
Action = Literal["accept", "reject", "supersede"]
Status = Literal["waiting", "accepted", "rejected", "superseded"]

_STATUS: Mapping[str, Status] = {"accept": "accepted", "reject": "rejected", "supersede": "superseded"}
_BATCH = 5_000

_ALIKE = frozenset({"string", "boolean", "floating", "empty"})  # elsewhere 1, 1.0 and True would be one, lists none

Row4 = tuple[int, float | None, float | None, str]  # position, easting [m], northing [m], the other values as JSON


@dataclass(frozen=True, kw_only=True)
class Upload:
    """What a partner hands in.

    Attributes
    ----------
    file_name : str
        Without a path.
    content : bytes
        The file itself.
    layer : Layer
        The rows that were accepted and every problem that was found.
    mapping : mapping of str to str
        Field → header of the file that it was read from.
    summary : mapping
        Whatever else the check told (grade, counts), JSON.
    """

    file_name: str
    content: bytes
    layer: Layer
    mapping: Mapping[str, str] = field(default_factory=dict)
    summary: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A submission as a list shows it.

    Attributes
    ----------
    id, partner, kind, file_name, file_sha256, at : str
        ``at``: when, UTC, ISO 8601.
    rows : int
        Rows that were kept.
    status : {"waiting", "accepted", "rejected", "superseded"}
    reason : str
        Of the newest decision.
    summary : mapping
        As it was handed in.
    """

    id: str
    partner: str
    kind: Kind
    file_name: str
    file_sha256: str
    at: str
    rows: int
    status: Status
    reason: str
    summary: Mapping[str, Any]


def submit(access: Access, upload: Upload) -> Submission:
    """Keep a submission: file, rows, problems and log, all or nothing.

    Raises
    ------
    StoreError
        ``not_allowed`` unless a partner acts; ``kind_not_stored`` for a layer that partners do not submit.
    """
    access.principal.need("submit")
    owner, kind = access.principal.partner or "", upload.layer.kind
    if kind not in get_args(Kind):
        raise StoreError("kind_not_stored", kind=kind)
    rows, number = list(_rows(upload.layer)), secrets.token_hex(8)
    values = {
        "id": number,
        "partner_id": owner,
        "account_id": access.principal.account_id,
        "kind": kind,
        "file_name": upload.file_name,
        "file_sha256": hashlib.sha256(upload.content).hexdigest(),
        "file_bytes": upload.content,
        "fields_version": version(upload.layer.kind),
        "mapping_json": canonical(dict(upload.mapping)),
        "summary_json": canonical({**upload.summary, "frame": _shape(upload.layer)}),
        "problems_json": canonical([_plain(asdict(problem)) for problem in upload.layer.problems]),
        "row_count": len(rows),
        "rows_sha256": digest_of_rows(owner, rows),
    }
    _, at = record(access, "submit", number, [(submission, values)], kind=kind)
    _insert_rows(access, number, owner, rows)
    if upload.mapping:
        told = {"partner_id": owner, "kind": kind, "at": at, "mapping_json": values["mapping_json"]}
        access.connection.execute(insert(mapping).values(**told))
    return one(access, number)


def _insert_rows(access: Access, number: str, owner: str, rows: list[Row4]) -> None:
    """Insert the rows of a submission in batches, by the driver's own way of many rows at once."""
    names = ("submission_id", "partner_id", "position", "easting_m", "northing_m", "values_json")
    mark = "?" if access.connection.dialect.paramstyle == "qmark" else "%s"
    statement = f"INSERT INTO {submitted_row.name} ({', '.join(names)}) VALUES ({', '.join([mark] * len(names))})"  # noqa: S608 (names of ours)
    for first in range(0, len(rows), _BATCH):
        access.connection.exec_driver_sql(statement, [(number, owner, *row) for row in rows[first : first + _BATCH]])


def _shape(layer: Layer) -> dict[str, Any]:
    """Return what is needed to make the same frame again from rows of JSON."""
    columns = [name for name in layer.frame.columns if name != "geometry"]
    return {
        "columns": columns,
        "dtypes": {name: str(layer.frame[name].dtype) for name in columns},
        "edition": layer.edition,
        "defaulted": dict(layer.defaulted),
        "synthetic": layer.source.synthetic,
        "rows": layer.source.rows,
        "note": layer.source.note,
    }


def _rows(layer: Layer) -> Iterator[Row4]:
    """Yield position, easting, northing and the other values of each row of a layer."""
    frame = layer.frame
    placed = "geometry" in frame.columns
    columns = [name for name in frame.columns if name != "geometry"]
    listed = [_members(frame[name]) for name in columns]
    eastings = frame.geometry.x.tolist() if placed else [None] * len(frame)
    northings = frame.geometry.y.tolist() if placed else [None] * len(frame)
    for position, members in enumerate(zip(*listed, strict=True) if columns else ()):
        yield position, eastings[position], northings[position], "{" + ",".join(members) + "}"


def _members(column: pd.Series) -> list[str]:
    """Return ``"name":value`` in JSON for every row of a column; what repeats itself is written once."""
    head = f"{json.dumps(str(column.name), ensure_ascii=False)}:"
    if column.dtype == object and infer_dtype(column, skipna=True) not in _ALIKE:
        return [head + json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":")) for value in column]
    codes, different = pd.factorize(column)
    texts = [head + json.dumps(_plain(value), ensure_ascii=False) for value in different.tolist()]
    written: list[str] = np.array([*texts, f"{head}null"], dtype=object)[
        codes
    ].tolist()  # a missing one has the code −1
    return written


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; what is missing is null."""
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if value is pd.NA or value is pd.NaT or (isinstance(value, float) and not np.isfinite(value)):
        return None
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def submissions(access: Access, kind: Kind | None = None) -> list[Submission]:
    """Return the submissions that may be seen, the newest first."""
    found = access.select(submission, *_listed()).order_by(submission.c.at.desc())
    if kind is not None:
        found = found.where(submission.c.kind == kind)
    status = _statuses(access)
    return [_as_listed(row, status) for row in access.connection.execute(found)]


def one(access: Access, number: str) -> Submission:
    """Return a submission.

    Raises
    ------
    StoreError
        ``submission_unknown`` for one that is not there or that may not be seen: nobody learns which of the two.
    """
    row = access.connection.execute(
        access.select(submission, *_listed()).where(submission.c.id == number)
    ).one_or_none()
    if row is None:
        raise StoreError("submission_unknown", id=number)
    return _as_listed(row, _statuses(access))


def _listed() -> list[ColumnElement[Any]]:
    return [column for column in submission.c if column.name not in {"file_bytes", "problems_json"}]


def _as_listed(row: Row[Any], statuses: Mapping[str, tuple[Status, str]]) -> Submission:
    status, reason = statuses.get(row.id, ("waiting", ""))
    return Submission(
        id=row.id, partner=row.partner_id, kind=row.kind, file_name=row.file_name, file_sha256=row.file_sha256,
        at=row.at, rows=row.row_count, status=status, reason=reason, summary=json.loads(row.summary_json),
    )  # fmt: skip


def _statuses(access: Access, as_of: str | None = None) -> dict[str, tuple[Status, str]]:
    """Return the newest decision on each submission that was decided, until a moment."""
    found = access.select(decision).order_by(decision.c.at)
    if as_of is not None:
        found = found.where(decision.c.at <= as_of)
    return {row.submission_id: (_STATUS[row.action], row.reason) for row in access.connection.execute(found)}


def problems_of(access: Access, number: str) -> tuple[Problem, ...]:
    """Return every problem found in a submission; raises as `one`."""
    found = access.select(submission, submission.c.problems_json).where(submission.c.id == number)
    text = access.connection.execute(found).scalar_one_or_none()
    if text is None:
        raise StoreError("submission_unknown", id=number)
    return tuple(Problem(**each) for each in json.loads(text))


def file_of(access: Access, number: str) -> tuple[str, bytes]:
    """Return name and bytes of the file as it was handed in; raises as `one`."""
    found = access.select(submission, submission.c.file_name, submission.c.file_bytes).where(submission.c.id == number)
    row = access.connection.execute(found).one_or_none()
    if row is None:
        raise StoreError("submission_unknown", id=number)
    return row.file_name, bytes(row.file_bytes)


def remembered(access: Access, kind: Kind) -> dict[str, str]:
    """Return the mapping that the partner confirmed last for a kind of file; empty where there is none."""
    found = access.select(mapping, mapping.c.mapping_json).where(mapping.c.kind == kind)
    text = access.connection.execute(found.order_by(mapping.c.at.desc()).limit(1)).scalar_one_or_none()
    return dict(json.loads(text)) if text else {}


def decide(access: Access, number: str, action: Literal["accept", "reject"], reason: str = "") -> Submission:
    """Accept or reject a submission; accepting one supersedes what held of the same partner and kind.

    Raises
    ------
    StoreError
        ``not_allowed`` unless a planner or administrator acts; ``submission_unknown``; ``reason_missing`` for a
        rejection without one; ``already_decided`` where the same decision holds.
    """
    access.principal.need("decide")
    found = one(access, number)
    if action == "reject" and not reason.strip():
        raise StoreError("reason_missing", id=number)
    if found.status == _STATUS[action]:
        raise StoreError("already_decided", id=number, status=found.status)
    if action == "accept":
        for other in submissions(access, found.kind):
            if other.partner == found.partner and other.status == "accepted":
                _decided(access, other, "supersede", number)
    _decided(access, found, action, reason.strip())
    return one(access, number)


def _decided(access: Access, about: Submission, action: Action, reason: str) -> None:
    values = {
        "submission_id": about.id,
        "partner_id": about.partner,
        "account_id": access.principal.account_id,
        "action": action,
        "reason": reason,
    }
    record(access, action, about.id, [(decision, values)], partner=about.partner)


def holding(access: Access, kind: Kind, as_of: str | None = None) -> list[str]:
    """Return the ids of the accepted submissions of a kind at a moment, one per partner at most, by partner.

    Parameters
    ----------
    as_of : str, optional
        UTC, ISO 8601; now unless given. A date alone means its end.
    """
    moment = f"{as_of}T23:59:59.999999+00:00" if as_of is not None and len(as_of) == len("2026-01-31") else as_of
    accepted = [number for number, (status, _) in _statuses(access, moment).items() if status == "accepted"]
    found = access.select(submission, submission.c.id).where(submission.c.kind == kind, submission.c.id.in_(accepted))
    return list(access.connection.execute(found.order_by(submission.c.partner_id)).scalars())


def add_partner(access: Access, name: str) -> None:
    """Make a partner known; one that is known already stays as it is.

    Raises
    ------
    StoreError
        ``not_allowed`` unless an administrator or the machine acts; ``partner_name_unusable``.
    """
    access.principal.need("manage_accounts")
    if not name.strip() or name != name.strip() or len(name) > 64:
        raise StoreError("partner_name_unusable", name=name)
    known = access.connection.execute(
        select(func.count()).select_from(partner).where(partner.c.id == name)
    ).scalar_one()
    if not known:
        _, at = record(access, "add_partner", name)
        access.connection.execute(insert(partner).values(id=name, at=at))
