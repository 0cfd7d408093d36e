"""Which column of a file is which field."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache

from coverage.errors import LayerError, Problem
from coverage.fields.tables import Field, table
from coverage.fields.texts import clean, key_of
from coverage.types import LayerKind

_BRACKETS = re.compile(r"[(\[{]([^)\]}]*)[)\]}]")

# How the unit of a field may be written in brackets behind its header; every other known unit is a different quantity.
_SPELLINGS: Mapping[str, frozenset[str]] = {
    "m": frozenset({"m", "met", "meter", "meters", "metre", "metres", "magl"}),
    "deg": frozenset({"deg", "degree", "degrees", "do", "dd", "wgs84", "decimaldegrees", "dothapphan"}),
    "dBm": frozenset({"dbm"}),
    "dBi": frozenset({"dbi"}),
    "MHz": frozenset({"mhz"}),
}
_FOREIGN = "ft|feet|foot|km|cm|mm|w|watt|watts|mw|kw|dbw|dbd|dbuv|ghz|khz|hz|rad|radian|radians|grad|gon|dms"
_UNITS = frozenset(_FOREIGN.split("|")) | frozenset().union(*_SPELLINGS.values())


@cache
def _ranks(kind: LayerKind) -> Mapping[str, tuple[str, int]]:
    ranks: dict[str, tuple[str, int]] = {}
    for field in table(kind):
        for rank, alias in enumerate((field.name, *field.aliases)):
            ranks.setdefault(key_of(alias), (field.name, rank))
    return ranks


def field_of(kind: LayerKind, header: str) -> str | None:
    """Return the field that a header could mean, None when it means none.

    >>> field_of("cells", "Kinh độ (WGS 84)"), field_of("cells", "Ghi chú")
    ('longitude', None)
    """
    found = _rank(kind, header)
    return found[0] if found else None


def _rank(kind: LayerKind, header: str) -> tuple[str, int] | None:
    ranks = _ranks(kind)
    return ranks.get(key_of(header)) or ranks.get(key_of(_BRACKETS.sub(" ", header)))


def best_headers(kind: LayerKind, headers: Sequence[str], *, file: str) -> dict[str, str]:
    """Return field → header for the fields that stand in a file; ``ambiguous_column`` as `match_headers`."""
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for header in headers:
        match = _rank(kind, header)
        if match:
            found[match[0]].append((match[1], header))
    chosen: dict[str, str] = {}
    for name, candidates in found.items():
        best = min(rank for rank, _ in candidates)
        first = [header for rank, header in candidates if rank == best]
        if len(first) > 1:
            raise LayerError("ambiguous_column", file=file, field=name, columns=", ".join(map(clean, first)))
        chosen[name] = first[0]
    return chosen


def match_headers(kind: LayerKind, headers: Sequence[str], *, file: str) -> tuple[dict[str, str], tuple[Problem, ...]]:
    """Return field → header, and a note about the columns that were not used.

    Headers are compared without case, accents, spaces, punctuation and what stands in brackets. When several columns
    could be one field, the most telling header wins.

    Raises
    ------
    LayerError
        ``missing_column`` when a required field has no column, ``ambiguous_column`` when two columns are equally good,
        ``column_unit`` when the brackets name another unit than the field's.
    """
    chosen = best_headers(kind, headers, file=file)
    _require(kind, chosen, headers, file)
    _same_units(kind, chosen, file)
    unused = [clean(header) for header in headers if header not in chosen.values() and clean(header)]
    if not unused:
        return chosen, ()
    note = Problem(code="column_unused", severity="note", values={"file": file, "columns": ", ".join(unused[:30])})
    return chosen, (note,)


def _require(kind: LayerKind, chosen: Mapping[str, str], headers: Sequence[str], file: str) -> None:
    groups: dict[str, list[Field]] = defaultdict(list)
    for field in table(kind):
        if field.required == "yes":
            groups[field.name].append(field)
        elif field.group:
            groups[field.group].append(field)
    seen = ", ".join(clean(header) for header in list(headers)[:30]) or "–"
    for fields in groups.values():
        if not any(field.name in chosen for field in fields):
            names = " / ".join(field.name for field in fields)
            examples = ", ".join(dict.fromkeys(alias for field in fields for alias in field.aliases[1:5]))
            raise LayerError("missing_column", file=file, field=names, examples=examples, headers=seen)


def _same_units(kind: LayerKind, chosen: Mapping[str, str], file: str) -> None:
    for field in table(kind):
        allowed = _SPELLINGS.get(field.unit)
        if allowed is None or field.name not in chosen:
            continue
        for inside in _BRACKETS.findall(chosen[field.name]):
            unit = "deg" if inside.strip() == "°" else key_of(inside)
            if unit in _UNITS and unit not in allowed:
                raise LayerError(
                    "column_unit", file=file, column=clean(chosen[field.name]), unit=inside.strip(), expected=field.unit
                )
