"""The audit log: what happened, chained by hashes, so that an edit, a deletion or a swap anywhere shows.

Event n holds the hash of event n − 1 and a digest of every row it answers for; a submission holds digests of its file
and of its rows. What the chain alone cannot show is that its newest events were cut off together with all they wrote:
for that, keep the head that ``phusong audit verify`` prints and give it back the next time.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from json.encoder import encode_basestring
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select

from coverage.store.engine import Access, Store
from coverage.store.principal import SYSTEM
from coverage.store.tables import AUDITED, event, link, submission, submitted_row

START = "0" * 64  # what the first event has before it
_APART = frozenset({"seq", "event_seq", "file_bytes"})  # the bytes answer to their own hash
_BATCH = 10_000

Rows = Sequence[tuple[Table, Mapping[str, Any]]]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is not as it was written: what (a code), at which event, and about what."""

    code: str
    seq: int
    subject: str


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What `verify` found.

    Attributes
    ----------
    events : int
        How many events there are.
    head : str
        Hash of the newest one: whoever keeps it can tell later that none was cut off.
    findings : tuple of Finding
        Empty where everything is as it was written.
    """

    events: int
    head: str
    findings: tuple[Finding, ...]


def record(access: Access, action: str, subject: str, rows: Rows = (), **detail: Any) -> tuple[int, str]:
    """Append an event and the rows it answers for, and return its number and time.

    Parameters
    ----------
    access : Access
        Of a writing transaction.
    action, subject : str
        What was done, and to what.
    rows : sequence of (table, values)
        Inserted with ``event_seq`` and, where they lack it, ``at``.
    **detail
        Whatever else is to be kept, JSON.

    Returns
    -------
    seq : int
    at : str
        Later than every event before, even if the clock of the machine was set back.
    """
    last = access.connection.execute(select(link).order_by(link.c.seq.desc()).limit(1)).one_or_none()
    seq, previous = (1, START) if last is None else (last.seq + 1, last.hash)
    at = _stamp(None if last is None else last.at)
    filled = [(table, {"at": at, **values, "event_seq": seq}) for table, values in rows]
    told = {**detail, "digest": digest_of(filled)}
    values = {
        "seq": seq,
        "at": at,
        "actor": access.principal.name,
        "partner_id": detail.get("partner") or access.principal.partner,
        "action": action,
        "subject": subject,
        "detail_json": canonical(told),
    }
    access.connection.execute(insert(link).values(seq=seq, at=at, previous=previous, hash=_hash_of(previous, values)))
    access.connection.execute(insert(event).values(**values))
    for table, row in filled:
        access.connection.execute(insert(table).values(**row))
    return seq, at


def _stamp(last: str | None) -> str:
    now = datetime.now(UTC)
    if last is not None:
        now = max(now, datetime.fromisoformat(last) + timedelta(microseconds=1))
    return now.isoformat(timespec="microseconds")


def canonical(value: Any) -> str:
    """Return JSON that has one form for one value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest_of(rows: Rows) -> str:
    """Return the SHA-256 of some rows, whatever their order."""
    texts = sorted(
        canonical(
            [table.name, {name: value for name, value in values.items() if name not in _APART and value is not None}]
        )
        for table, values in rows
    )
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def digest_of_rows(owner: str, rows: Iterable[tuple[int, float | None, float | None, str]]) -> str:
    """Return the SHA-256 of a partner's rows in their order: position, easting, northing, values."""
    running = hashlib.sha256(owner.encode())
    for position, easting, northing, values in rows:
        # What `canonical` makes of the same list, without asking the type of every number: a third of the time.
        places = f"{_number(easting)},{_number(northing)}"
        running.update(f"\n[{position},{places},{encode_basestring(values)}]".encode())
    return running.hexdigest()


def _number(value: float | None) -> str:
    if value is None:
        return "null"
    if not math.isfinite(value):
        raise ValueError(value)
    return float.__repr__(value)


def _hash_of(previous: str, values: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical([previous, dict(values)]).encode()).hexdigest()


def verify(store: Store, head: str | None = None) -> Verified:
    """Read the whole store again and tell what is not as it was written.

    Parameters
    ----------
    store : Store
    head : str, optional
        Hash that an earlier run printed: it has to stand in the chain still.
    """
    with store.reading(SYSTEM) as access:
        connection = access.connection
        findings = [*_chain(connection), *_answered(connection), *_contents(connection)]
        hashes = set(connection.execute(select(link.c.hash)).scalars())
        count = connection.execute(select(func.count()).select_from(event)).scalar_one()
        newest = connection.execute(select(link.c.hash).order_by(link.c.seq.desc()).limit(1)).scalar()
    if head is not None and head not in hashes:
        findings.append(Finding(code="head_missing", seq=count, subject=head))
    return Verified(events=count, head=newest or START, findings=tuple(findings))


def _chain(connection: Connection) -> Iterator[Finding]:
    """Yield where numbers, hashes or events do not follow each other."""
    events = {row.seq: row._asdict() for row in connection.execute(select(event))}
    previous, expected = START, 1
    for row in connection.execute(select(link).order_by(link.c.seq)):
        happened = events.pop(row.seq, None)
        if row.seq != expected or row.previous != previous:
            yield Finding(code="chain_broken", seq=row.seq, subject="link")
        if happened is None:
            yield Finding(code="event_missing", seq=row.seq, subject="event")
        elif _hash_of(row.previous, happened) != row.hash or happened["at"] != row.at:
            yield Finding(code="event_changed", seq=row.seq, subject=str(happened["subject"]))
        previous, expected = row.hash, row.seq + 1
    for seq, happened in events.items():
        yield Finding(code="event_unchained", seq=seq, subject=str(happened["subject"]))


def _answered(connection: Connection) -> Iterator[Finding]:
    """Yield events whose rows are not those that were written."""
    rows: dict[int, list[tuple[Table, Mapping[str, Any]]]] = {}
    for table in AUDITED:
        columns = [column for column in table.c if column.name != "file_bytes"]
        for row in connection.execute(select(*columns)):
            rows.setdefault(row.event_seq, []).append((table, row._asdict()))
    for happened in connection.execute(select(event)):
        try:
            digest = json.loads(happened.detail_json).get("digest")
        except (ValueError, AttributeError):
            digest = None  # `_chain` has told that the event was changed
        if digest != digest_of(rows.pop(happened.seq, [])):
            yield Finding(code="rows_changed", seq=happened.seq, subject=happened.subject)
    for seq, orphans in rows.items():
        yield Finding(code="row_unanswered", seq=seq, subject=orphans[0][0].name)


def _contents(connection: Connection) -> Iterator[Finding]:
    """Yield files and submitted rows that are not those whose digests were kept."""
    for table in AUDITED:
        if "file_bytes" not in table.c:
            continue
        for row in connection.execute(select(table).execution_options(yield_per=1)):
            if hashlib.sha256(row.file_bytes).hexdigest() != row.file_sha256:
                yield Finding(code="file_changed", seq=row.event_seq, subject=row.file_name)
    told = set()
    for kept in connection.execute(select(submission.c.id, submission.c.rows_sha256, submission.c.event_seq)).all():
        told.add(kept.id)
        if _digest_kept(connection, kept.id) != kept.rows_sha256:
            yield Finding(code="rows_changed", seq=kept.event_seq, subject=kept.id)
    for number in connection.execute(select(submitted_row.c.submission_id).distinct()).scalars():
        if number not in told:
            yield Finding(code="row_unanswered", seq=0, subject=number)


def _digest_kept(connection: Connection, number: str) -> str:
    """Return the digest of the rows that a submission has now; no digest at all where they are of several partners."""
    rows = connection.execute(
        select(submitted_row)
        .where(submitted_row.c.submission_id == number)
        .order_by(submitted_row.c.position)
        .execution_options(yield_per=_BATCH)
    )
    owner = connection.execute(select(submission.c.partner_id).where(submission.c.id == number)).scalar_one()
    owners, listed = {owner}, []
    for row in rows:
        owners.add(row.partner_id)
        listed.append((row.position, row.easting_m, row.northing_m, row.values_json))
    return digest_of_rows(owner, listed) if owners == {owner} else ""
