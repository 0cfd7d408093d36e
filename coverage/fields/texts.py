"""Text as it is compared: one Unicode form, no accents where only the letters matter."""

from __future__ import annotations

import re
import unicodedata

_LONGEST = 2000  # a name or code longer than this is a file gone wrong; the rest is cut, never stored
_ACCENT_FREE = str.maketrans({"đ": "d", "Đ": "D"})
_OTHER = re.compile(r"[^a-z0-9]+")


def clean(text: str) -> str:
    r"""Return text in NFC, without control characters, with single spaces.

    >>> clean("  Hải\u00a0 Châu\x00 ")
    'Hải Châu'
    """
    if text.isascii() and text.isprintable():  # nothing to compose, nothing to leave out
        return " ".join(text[:_LONGEST].split())
    composed = unicodedata.normalize("NFC", text[:_LONGEST])
    kept = (c if c.isspace() or unicodedata.category(c) not in {"Cc", "Cf", "Cs"} else "" for c in composed)
    return " ".join("".join(kept).split())


def key_of(text: str) -> str:
    """Return the letters and digits of a header or code word: no case, accents, spaces or punctuation.

    >>> key_of("Độ cao ăng-ten"), key_of("X_WGS84")
    ('docaoangten', 'xwgs84')
    """
    folded = unicodedata.normalize("NFKD", text.translate(_ACCENT_FREE)).casefold()
    return _OTHER.sub("", "".join(c for c in folded if not unicodedata.combining(c)))
