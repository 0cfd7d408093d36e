"""Which column of a file is which field: known headers, near ones with a confidence, and what a person said."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rapidfuzz import fuzz

from coverage.errors import LayerError, Problem
from coverage.fields import clean, field_of, key_of, table
from coverage.files.raw import RawTable
from coverage.types import LayerKind

CERTAIN = 0.9  # from here a header is taken without a question
POSSIBLE = 0.7  # from here it is asked about
_LEAD = 0.05  # by which the best field has to beat the next one
_SHORTEST = 5  # letters of a header below which only an exact spelling counts
_BRACKETS = re.compile(r"[(\[{][^)\]}]*[)\]}]")
NOT_A_FIELD = "-"  # in a mapping: this column is none of ours; the next ones are "-2", "-3", …


@dataclass(frozen=True, kw_only=True)
class Guess:
    """What a header probably is.

    Attributes
    ----------
    header : str
    field : str
        Canonical name.
    confidence : float
        0–1: 1 for a known spelling or what a person said.
    """

    header: str
    field: str
    confidence: float


def guesses(kind: LayerKind, headers: Sequence[str]) -> tuple[Guess, ...]:
    """Return for every header that may be a field which one, and how sure that is.

    >>> [(guess.field, round(guess.confidence, 2)) for guess in guesses("cells", ["Kinh do (WGS84)", "Azimutt"])]
    [('longitude', 1.0), ('azimuth_deg', 0.92)]
    """
    found = []
    for header in headers:
        known = field_of(kind, header)
        if known is not None:
            found.append(Guess(header=header, field=known, confidence=1.0))
            continue
        near = _near(kind, header)
        if near is not None:
            found.append(near)
    return tuple(found)


def _near(kind: LayerKind, header: str) -> Guess | None:
    key = key_of(_BRACKETS.sub(" ", header))
    if len(key) < _SHORTEST:
        return None
    scores: dict[str, float] = {}
    for field in table(kind):
        keys = [key_of(alias) for alias in (field.name, *field.aliases)]
        scores[field.name] = max(fuzz.ratio(key, alias) / 100 for alias in keys if len(alias) >= _SHORTEST - 1)
    ranked = sorted(scores, key=lambda name: scores[name], reverse=True)
    best, second = ranked[0], ranked[1]
    # Two fields about as near: a person decides.
    confidence = scores[best] if scores[best] - scores[second] >= _LEAD else min(scores[best], CERTAIN - 0.01)
    return Guess(header=header, field=best, confidence=confidence) if confidence >= POSSIBLE else None


def still_there(told: Mapping[str, str], headers: Sequence[str]) -> dict[str, str]:
    """Return what was remembered of the columns that a file has: the next file of a partner may lack some.

    >>> still_there({"height_m": "Cao", "-": "Ghi chú"}, ["cell_id", "Cao"])
    {'height_m': 'Cao'}
    """
    by_key = {key_of(header) for header in headers}
    return {field: header for field, header in told.items() if header in headers or key_of(header) in by_key}


def mapped(
    kind: LayerKind, raw: RawTable, told: Mapping[str, str] | None = None
) -> tuple[RawTable, dict[str, str], tuple[Problem, ...]]:
    """Return the table with the headers of its fields, the mapping field → header that was used, and what was found.

    Parameters
    ----------
    kind : {"cells", "subscriptions", …}
    raw : RawTable
    told : mapping of str to str, optional
        Field → header as a person confirmed it (``"-"``, ``"-2"`` … as the field: that column is none); it wins over
        every guess.

    Raises
    ------
    LayerError
        ``map_field`` for an unknown field, ``map_column`` for a header that the file does not have.
    """
    told = dict(told or {})
    headers = [str(name) for name in raw.frame.columns]
    file = raw.source.name
    chosen = _confirmed(kind, told, headers, file)
    none = {field: header for field, header in told.items() if field.startswith(NOT_A_FIELD)}
    problems: list[Problem] = []
    for guess in sorted(guesses(kind, headers), key=lambda guess: -guess.confidence):
        taken = guess.field in chosen or guess.header in chosen.values() or guess.header in none.values()
        if guess.confidence == 1.0 or taken:
            continue
        exact = any(field_of(kind, header) == guess.field for header in headers)
        values = {"file": file, "column": clean(guess.header), "confidence": round(100 * guess.confidence)}
        if not exact and guess.confidence >= CERTAIN:
            chosen[guess.field] = guess.header
            problems.append(Problem(code="column_guessed", severity="note", field=guess.field, values=values))
        elif not exact:
            problems.append(Problem(code="column_uncertain", severity="warning", field=guess.field, values=values))
    renamed = {header: field for field, header in chosen.items()}
    # What a person said stands alone: another header of the same field must not win by its spelling.
    other = [h for h in headers if h not in renamed and (h in none.values() or field_of(kind, h) in told)]
    frame = raw.frame.drop(columns=other)
    frame = frame.rename(columns=renamed)
    used = chosen | {f: h for h in headers if h not in (*renamed, *other) and (f := field_of(kind, h))}
    return replace(raw, frame=frame), used | none, tuple(problems)


def _confirmed(kind: LayerKind, told: Mapping[str, str], headers: Sequence[str], file: str) -> dict[str, str]:
    names = {field.name for field in table(kind)}
    by_key = {key_of(header): header for header in headers}
    chosen: dict[str, str] = {}
    for field, column in told.items():
        no_field = field.startswith(NOT_A_FIELD)
        if not no_field and field not in names:
            raise LayerError("map_field", field=field, fields=", ".join(sorted(names)))
        header = column if column in headers else by_key.get(key_of(column))
        if header is None:
            raise LayerError("map_column", file=file, column=column, columns=", ".join(map(clean, headers[:30])))
        if not no_field:
            chosen[field] = header
    return chosen
