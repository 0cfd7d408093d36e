"""Which edition of the wards a file was made in: from codes and names together, or a plain refusal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import pandas as pd

from coverage.catalog.registers import EDITIONS
from coverage.errors import LayerError
from coverage.matching import Row, edition_index, edition_units, texts
from coverage.types import Edition

FEW = 0.1  # share of rows below which a coincidence of names, or a second edition, does not count


def as_edition(text: str | None) -> Edition | None:
    """Return a text as the edition it names, None for any other text (such as ``other``) and for None.

    >>> as_edition("2025h1"), as_edition("other")
    ('2025h1', None)
    """
    return next((edition for edition in EDITIONS if edition == text), None)


def need_edition(text: str) -> Edition:
    """Return a text as the edition it names.

    Raises
    ------
    LayerError
        ``edition_unknown``.
    """
    edition = as_edition(text)
    if edition is None:
        raise LayerError("edition_unknown", edition=text, editions=", ".join(EDITIONS))
    return edition


def complete_sets(edition: Edition) -> dict[str, frozenset[str]]:
    """Return the sets of wards that make a complete file of an edition, by name.

    ``mainland`` and ``all`` (with Hoàng Sa) of the former city; in 2025h2 also ``merged`` and ``merged_mainland``.
    """
    units = edition_units(edition)
    city = units[units["in_city"]]
    sets = {"mainland": city.index[city["mainland"]], "all": city.index}
    if len(units) != len(city):
        sets |= {"merged_mainland": units.index[units["mainland"]], "merged": units.index}
    return {name: frozenset(wards) for name, wards in sets.items()}


def detect_edition(
    ids: Iterable[object], names: Iterable[object], *, file: str, prefer: str | None = None
) -> Edition | Literal["other"]:
    """Return the edition of a set of wards from its codes and names together.

    Codes alone do not tell: 20194 is Hòa Hiệp Bắc until 2025-06 and Hải Vân since. The edition that explains the most
    rows is taken; among several that explain the same rows the preferred one, else the one whose complete set of
    wards this is.

    Parameters
    ----------
    ids, names : iterable
        Codes and names of the same rows, None or "" where there is none.
    file : str
        For the sentence of an error.
    prefer : str or None
        Edition to take when the rows fit several, such as that of the ward polygons in use.

    Returns
    -------
    str
        ``2019``, ``2025h1``, ``2025h2``, or ``other`` when no row stands in any register.

    Raises
    ------
    LayerError
        ``edition_ambiguous`` when the rows fit several editions, ``edition_mixed`` when they come from several,
        ``edition_contradicted`` when the codes are known and no name agrees with them.

    Examples
    --------
    >>> detect_edition(["20194", "20197"], ["Hải Vân", "Liên Chiểu"], file="x.csv")
    '2025h2'
    """
    rows, explained = _explained(ids, names)
    hits = set().union(*explained.values())
    by_code = {row for row in rows if any(edition_index(e).code(row[0]) for e in EDITIONS)}
    if len(hits) < max(1.0, FEW * len(rows)) and not hits & by_code:
        if not hits and len(by_code) > FEW * len(rows):
            raise LayerError("edition_contradicted", file=file, rows=len(by_code))
        return "other"
    most = max(len(found) for found in explained.values())
    best = [edition for edition in EDITIONS if len(explained[edition]) == most]
    if prefer in best:
        best = [edition for edition in best if edition == prefer]
    if len(best) > 1:
        best = [edition for edition in best if _is_complete(edition, explained[edition])] or best
    if len(best) > 1:
        raise LayerError("edition_ambiguous", file=file, editions=", ".join(best))
    _refuse_mixture(explained, best[0], len(rows), file)
    return best[0]


def refuse_other_edition(edition: Edition, ids: Iterable[object], names: Iterable[object], *, file: str) -> None:
    """Raise when most of a file contradicts the edition it was said to be, and another explains more of it.

    Parameters
    ----------
    edition : {"2019", "2025h1", "2025h2"}
        What was asked for.
    ids, names : iterable
        Codes and names of the same rows.
    file : str
        For the sentence of the error.

    Raises
    ------
    LayerError
        ``edition_refused``.
    """
    rows, explained = _explained(ids, names)
    best = max(EDITIONS, key=lambda other: len(explained[other]))
    if 2 * len(explained[edition]) < len(rows) and len(explained[best]) > len(explained[edition]):
        raise LayerError("edition_refused", file=file, edition=edition, fitting=best)


def _explained(ids: Iterable[object], names: Iterable[object]) -> tuple[list[Row], dict[Edition, set[Row]]]:
    """Return the different rows that say anything, and which of them each edition explains."""
    id_texts, name_texts = (texts(pd.Series(list(part), dtype=object), pd.Index([])) for part in (ids, names))
    rows = list(dict.fromkeys((code, name, "") for code, name in zip(id_texts, name_texts, strict=True)))
    rows = [row for row in rows if row[0] or row[1]]
    return rows, {e: {row for row in rows if edition_index(e).explains(row)} for e in EDITIONS}


def _is_complete(edition: Edition, rows: set[Row]) -> bool:
    found = frozenset(edition_index(edition).find(row).ward_id for row in rows)
    return found in complete_sets(edition).values()


def _refuse_mixture(explained: Mapping[Edition, set[Row]], best: Edition, rows: int, file: str) -> None:
    for edition, found in explained.items():
        foreign = len(found - explained[best])
        if foreign > FEW * rows:
            raise LayerError("edition_mixed", file=file, editions=f"{best}, {edition}", rows=foreign)
