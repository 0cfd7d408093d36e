"""Numbers as people write them: decimal comma or point, grouped by comma, point, space or apostrophe.

``1.234`` is 1234 in Vietnamese and 1.234 in English. No single value tells which, so a whole column is read under both
notations and the one under which more of its values make sense (in range, whole where a count is meant) wins. When both
make equal sense and disagree, the values are ambiguous and nobody guesses.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Mark = Literal[".", ","]

MISSING = frozenset({"", "-", "--", "–", "—", "n/a", "na", "#n/a", "nan", "null", "none", "nil", "\\n", "<na>", "nat"})

# Typographic minus and the spaces that spreadsheets and word processors put between groups of digits.
_TIDY = str.maketrans({"−": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2007": " ", "’": "'", "‘": "'"})
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE][+-]?\d{1,3}", re.ASCII)


def _pattern(decimal: Mark) -> re.Pattern[str]:
    mark, group = re.escape(decimal), r"[,'\ ]" if decimal == "." else r"[.'\ ]"
    grouped = rf"[1-9]\d{{0,2}}(?P<group>{group})\d{{3}}(?:(?P=group)\d{{3}})*"
    return re.compile(rf"[+-]?(?:(?:{grouped}|\d+)(?:{mark}\d*)?|{mark}\d+)", re.ASCII)


_PATTERNS: Mapping[Mark, re.Pattern[str]] = {".": _pattern("."), ",": _pattern(",")}


def is_missing(text: str) -> bool:
    """Return True for an empty cell and for the usual ways of writing "nothing here".

    >>> is_missing(" "), is_missing("N/A"), is_missing("0")
    (True, True, False)
    """
    return text.strip().casefold() in MISSING


def read_number(text: str, decimal: Mark = ".") -> float | None:
    """Return the value of a number written with a given decimal mark, None when it is not one.

    Units, signs in brackets, percent signs and words are not numbers: "25 m" is refused, never read as 25.

    Parameters
    ----------
    text : str
        What stands in the cell.
    decimal : {".", ","}
        Decimal mark; the other mark, a space or an apostrophe may group digits in threes, one kind per number.

    >>> read_number("1.234,5", ","), read_number("1 234.5"), read_number("25 m")
    (1234.5, 1234.5, None)
    """
    tidy = text.strip().translate(_TIDY)
    if _SCIENTIFIC.fullmatch(tidy):
        return _finite(tidy.replace(",", ".")) if decimal == "," or "," not in tidy else None
    if not _PATTERNS[decimal].fullmatch(tidy):
        return None
    bare = tidy.replace("," if decimal == "." else ".", "").replace(" ", "").replace("'", "")
    return _finite(bare.replace(",", "."))


def _finite(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None


def _fractional(text: str, value: float, mark: Mark) -> bool:
    """Return whether a reading is no count: "1,000" is a thousand, hardly a one with three decimals."""
    return value != math.floor(value) or bool(re.search(rf"\{mark}\d{{3}}$", text.strip(), re.ASCII))


@dataclass(frozen=True, kw_only=True)
class Column:
    """The numbers of a column.

    Attributes
    ----------
    found : mapping of str to float
        Text → value, for the texts that are numbers.
    ambiguous : frozenset of str
        Texts that are a different number in each notation when nothing in the column tells which holds.
    decimal : {".", ","}
        Notation found.
    """

    found: Mapping[str, float]
    ambiguous: frozenset[str]
    decimal: Mark


def read_column(texts: Iterable[str], *, low: float = -math.inf, high: float = math.inf, whole: bool = False) -> Column:
    """Return the numbers of one column under the notation that fits it best.

    Parameters
    ----------
    texts : iterable of str
        The cells that are not missing; repeats count (the majority decides).
    low, high : float
        Range of plausible values: a reading outside it speaks against its notation.
    whole : bool
        True for counts: a reading with a fraction speaks against its notation.

    >>> read_column(["108,2022", "108,2"]).found["108,2"]
    108.2
    >>> sorted(read_column(["1.234", "5.678"]).ambiguous)
    ['1.234', '5.678']
    >>> read_column(["1.234", "5.678"], whole=True).found["1.234"]
    1234.0
    """
    counted: dict[str, int] = {}
    for text in texts:
        counted[text] = counted.get(text, 0) + 1
    read: dict[Mark, dict[str, float]] = {}
    fits: dict[Mark, int] = {}
    for mark in _PATTERNS:
        values = {text: value for text in counted if (value := read_number(text, mark)) is not None}
        sensible = [t for t, v in values.items() if low <= v <= high and not (whole and _fractional(t, v, mark))]
        read[mark], fits[mark] = values, sum(counted[text] for text in sensible)
    best: Mark = "," if fits[","] > fits["."] else "."
    unclear: frozenset[str] = frozenset()
    if fits[","] == fits["."]:
        both = read["."].keys() & read[","].keys()
        unclear = frozenset(text for text in both if read["."][text] != read[","][text])
    values = {text: value for text, value in read[best].items() if text not in unclear}
    return Column(found=values, ambiguous=unclear, decimal=best)
