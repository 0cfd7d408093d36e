"""Challenges: evidence held against a figure or an area, the answer to it, and what it does to the headline."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Row

from coverage.disputes import CHALLENGED, OF_HOMES, Dispute
from coverage.errors import StoreError
from coverage.store.audit import record
from coverage.store.engine import Access
from coverage.store.tables import challenge, evidence, verdict

State = Literal["open", "answered", "upheld", "refused"]
Verdict = Literal["answered", "upheld", "refused"]

# What may follow what: an answer may still be upheld or refused, a verdict is the end.
_NEXT: dict[State, frozenset[State]] = {
    "open": frozenset({"answered", "upheld", "refused"}),
    "answered": frozenset({"upheld", "refused"}),
    "upheld": frozenset(),
    "refused": frozenset(),
}


@dataclass(frozen=True, kw_only=True)
class Challenge:
    """A challenge and where it stands.

    Attributes
    ----------
    id, at, measure, text : str
    ward_id : str or None
        Whose figure is challenged.
    area : shapely geometry or None
        What area, in the working CRS [m].
    state : {"open", "answered", "upheld", "refused"}
    answer : str
        What was said with the newest state.
    evidence : tuple of (file name, SHA-256)
    """

    id: str
    at: str
    measure: str
    text: str
    ward_id: str | None
    area: BaseGeometry | None
    state: State
    answer: str
    evidence: tuple[tuple[str, str], ...]


def raise_challenge(
    access: Access,
    text: str,
    *,
    measure: str = "area_share",
    ward_id: str | None = None,
    area: BaseGeometry | None = None,
    files: Sequence[tuple[str, bytes]] = (),
) -> Challenge:
    """Attach evidence to a ward's figure or to an area.

    Raises
    ------
    StoreError
        ``not_allowed``; ``challenge_without_subject`` unless it names a ward or gives a valid polygon;
        ``measure_not_challenged`` for a figure that no challenge can turn to "disputed";
        ``challenge_without_evidence`` without a word or a file.
    """
    access.principal.need("challenge")
    polygonal = (
        area is not None and area.geom_type in {"Polygon", "MultiPolygon"} and area.is_valid and not area.is_empty
    )
    if (ward_id is None and area is None) or (area is not None and not polygonal):
        raise StoreError("challenge_without_subject")
    if measure not in CHALLENGED:
        raise StoreError("measure_not_challenged", measure=measure, known=", ".join(CHALLENGED))
    if not text.strip() and not files:
        raise StoreError("challenge_without_evidence")
    number, owner = secrets.token_hex(8), {"partner_id": access.principal.partner}
    wkt = None if area is None else shapely.to_wkt(area, rounding_precision=-1)
    about = {"ward_id": ward_id, "measure": measure, "area_wkt": wkt, "text": text.strip()}
    values = {"id": number, "account_id": access.principal.account_id, **owner, **about}
    kept = [
        {
            "challenge_id": number,
            **owner,
            "file_name": name,
            "file_sha256": hashlib.sha256(content).hexdigest(),
            "file_bytes": content,
        }
        for name, content in files
    ]
    record(access, "challenge", number, [(challenge, values), *((evidence, each) for each in kept)])
    return next(each for each in challenges(access) if each.id == number)


def judge(access: Access, number: str, state: Verdict, text: str) -> Challenge:
    """Answer, uphold or refuse a challenge, with words.

    Raises
    ------
    StoreError
        ``not_allowed``; ``challenge_unknown``; ``reason_missing``; ``state_not_next`` where a verdict stands already.
    """
    access.principal.need("judge")
    found = next((each for each in challenges(access) if each.id == number), None)
    if found is None:
        raise StoreError("challenge_unknown", id=number)
    if not text.strip():
        raise StoreError("reason_missing", id=number)
    if state not in _NEXT[found.state]:
        raise StoreError("state_not_next", id=number, state=found.state, wanted=state)
    owner = access.connection.execute(access.select(challenge).where(challenge.c.id == number)).one().partner_id
    values = {
        "challenge_id": number,
        "partner_id": owner,
        "account_id": access.principal.account_id,
        "state": state,
        "text": text.strip(),
    }
    record(access, state, number, [(verdict, values)], partner=owner)
    return next(each for each in challenges(access) if each.id == number)


def challenges(access: Access) -> list[Challenge]:
    """Return the challenges that may be seen, the newest first."""
    newest = {row.challenge_id: row for row in access.connection.execute(access.select(verdict).order_by(verdict.c.at))}
    files: dict[str, list[tuple[str, str]]] = {}
    listed = evidence.c.challenge_id, evidence.c.file_name, evidence.c.file_sha256
    for row in access.connection.execute(access.select(evidence, *listed).order_by(evidence.c.seq)):
        files.setdefault(row.challenge_id, []).append((row.file_name, row.file_sha256))
    found = access.connection.execute(access.select(challenge).order_by(challenge.c.at.desc()))
    return [_as_challenge(row, newest.get(row.id), files.get(row.id, [])) for row in found]


def _as_challenge(row: Row[Any], said: Row[Any] | None, files: list[tuple[str, str]]) -> Challenge:
    return Challenge(
        id=row.id,
        at=row.at,
        measure=row.measure,
        text=row.text,
        ward_id=row.ward_id,
        area=None if row.area_wkt is None else shapely.from_wkt(row.area_wkt),
        state="open" if said is None else said.state,
        answer="" if said is None else said.text,
        evidence=tuple(files),
    )


def dispute_of(access: Access) -> Dispute:
    """Return what all upheld challenges together dispute; who asks has to see them all for it to be the city's.

    A challenge of an area disputes its coverage; one of a ward's figure, coverage or household internet of that ward.
    """
    upheld = [each for each in challenges(access) if each.state == "upheld"]
    areas = [each.area for each in upheld if each.area is not None]
    return Dispute(
        area=shapely.union_all(areas) if areas else None,
        wards=_wards(upheld, lambda measure: measure != OF_HOMES),
        homes=_wards(upheld, lambda measure: measure == OF_HOMES),
    )


def _wards(upheld: list[Challenge], about: Callable[[str], bool]) -> frozenset[str]:
    return frozenset(
        each.ward_id for each in upheld if each.area is None and each.ward_id is not None and about(each.measure)
    )
