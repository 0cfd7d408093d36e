"""From a file that somebody sent to a submission in the store: the same steps for a page, a program and a command."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from coverage.city import City
from coverage.errors import StoreError
from coverage.files.raw import RawTable
from coverage.grid import Raster
from coverage.intake.checking import Against, Checked, check_cells, check_subscriptions
from coverage.intake.columns import NOT_A_FIELD, still_there
from coverage.intake.wardgrades import kept_grades
from coverage.layers import Layer
from coverage.store.current import layer_of
from coverage.store.engine import Store
from coverage.store.principal import Principal
from coverage.store.submissions import Kind, Submission, Upload, holding, remembered, submissions, submit


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What is known of the city that a file is held against.

    Attributes
    ----------
    wards : Layer or None
        Kind ``wards``; subscriptions cannot be checked without.
    households : Series indexed by ward_id, or None
    sea : Raster or None
        1 sea, 0 land.
    """

    wards: Layer | None = None
    households: pd.Series | None = None
    sea: Raster | None = None


def ground_of(city: City) -> Ground:
    """Return what a city knows."""
    homes = None if city.people is None else city.people.frame["households"]
    return Ground(wards=city.wards, households=homes, sea=city.surface.coast)


def remembered_for(store: Store, who: Principal, kind: Kind, raw: RawTable) -> dict[str, str]:
    """Return what the partner confirmed about columns before, of those that this file has."""
    with store.reading(who) as access:
        known = remembered(access, kind)
    return still_there(known, [str(name) for name in raw.frame.columns])


def together(before: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """Return field → header as it was remembered, with what a person says now in its place.

    >>> together({"height_m": "Cao", "-": "Ghi chú"}, {"tilt_deg": "Cao", "-": "Mã"})
    {'tilt_deg': 'Cao', '-1': 'Mã', '-2': 'Ghi chú'}
    """
    kept = {field: header for field, header in before.items() if header not in now.values()}
    fields = {field: header for field, header in kept.items() if not field.startswith(NOT_A_FIELD)}
    fields |= {field: header for field, header in now.items() if not field.startswith(NOT_A_FIELD)}
    none = [header for field, header in (*now.items(), *kept.items()) if field.startswith(NOT_A_FIELD)]
    return fields | {f"{NOT_A_FIELD}{number}": header for number, header in enumerate(none, start=1)}


def check_sent(
    store: Store, who: Principal, kind: Kind, raw: RawTable, ground: Ground, told: Mapping[str, str] | None = None
) -> Checked:
    """Return a partner's file held against the city and against what holds of the same partner.

    Parameters
    ----------
    raw : RawTable
        As `coverage.files.sandbox.read_sent` gave it.
    told : mapping of str to str, optional
        Field → header as a person says now; it wins over what was remembered.

    Raises
    ------
    StoreError
        ``not_allowed`` unless a partner asks.
    LayerError
        As `check_cells` and `check_subscriptions`.
    """
    who.need("submit")
    with store.reading(who) as access:
        earlier = layer_of(access, kind) if holding(access, kind) else None
    known = together(remembered_for(store, who, kind, raw), told or {})
    against = Against(
        partner=who.partner, mapping=known, wards=ground.wards, households=ground.households,
        sea=ground.sea, earlier=earlier,
    )  # fmt: skip
    return check_cells(raw, against) if kind == "cells" else check_subscriptions(raw, against)


def hand_in(store: Store, who: Principal, kind: Kind, given: Checked, content: bytes) -> Submission:
    """Keep a checked file in the store; the same file sent again is the submission that waits or holds already.

    A program that got no answer sends its file once more: that must not make two of one.

    Raises
    ------
    StoreError
        ``nothing_to_submit`` where no row can be used; as `submit`.
    """
    if given.layer is None or not given.accepted:
        raise StoreError("nothing_to_submit", file=given.source.name)
    told = {"letter": given.grade.letter, "scores": dict(given.grade.scores)}
    counts = {name: getattr(given, name) for name in ("rows", "accepted", "refused", "repaired")}
    upload = Upload(
        file_name=given.source.name, content=content, layer=given.layer, mapping=given.mapping,
        summary={**counts, "grade": told, "wards": kept_grades(given)},
    )  # fmt: skip
    with store.writing(who) as access:
        for newest in submissions(access, kind)[:1]:
            same = newest.file_sha256 == hashlib.sha256(content).hexdigest() and newest.rows == len(given.layer.frame)
            if same and newest.status in {"waiting", "accepted"} and remembered(access, kind) == dict(given.mapping):
                return newest
        return submit(access, upload)
