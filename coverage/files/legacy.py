"""Vietnamese text from before Unicode: TCVN3 (ABC) and VNI, told apart by what reads as Vietnamese syllables.

Both tables are written out from the published layouts: TCVN 5712:1993 (the one-byte letters of the ABC fonts) and
VNI-Windows (a vowel followed by the letter that carries its mark). Where several encodings give letters, the one under
which the words are Vietnamese syllables is right; no single word decides.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

TCVN3, VNI = "tcvn3", "vni"

# TCVN 5712:1993: first the seven letters of the alphabet, then every vowel with its tones, as they stand in the table.
_TCVN3_ROWS = {
    0xA1: "ĂÂÊÔƠƯĐăâêôơưđ",
    0xB5: "àảãáạ",
    0xBA: "ẲằẳẵắẴẮẦẨẪẤỀặầẩẫấậèỂẻẽéẹềểễếệìỉỄẾỒĩíịòỔỏõóọồổỗốộờởỡớợùỖủũúụừửữứựỳỷỹýỵỐ",
    0xAF: "Ằ",
}
_TCVN3 = {first + place: letter for first, row in _TCVN3_ROWS.items() for place, letter in enumerate(row)}

_GRAVE, _ACUTE, _HOOK, _TILDE, _DOT = "\u0300\u0301\u0309\u0303\u0323"
_HAT, _BREVE, _HORN = "\u0302\u0306\u031b"
# VNI-Windows: what the letter behind a vowel adds to it.
_VNI_MARKS = {
    "ø": _GRAVE, "ù": _ACUTE, "û": _HOOK, "õ": _TILDE, "ï": _DOT,
    "â": _HAT, "à": _HAT + _GRAVE, "á": _HAT + _ACUTE, "å": _HAT + _HOOK, "ã": _HAT + _TILDE, "ä": _HAT + _DOT,
    "ê": _BREVE, "è": _BREVE + _GRAVE, "é": _BREVE + _ACUTE, "ú": _BREVE + _HOOK, "ü": _BREVE + _TILDE,
    "ë": _BREVE + _DOT,
}  # fmt: skip
_VNI_LETTERS = {"ñ": "đ", "ô": "ơ", "ö": "ư", "ì": "ì", "í": "í", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ"}
_VNI_ALONE = str.maketrans(_VNI_LETTERS | {old.upper(): new.upper() for old, new in _VNI_LETTERS.items()})
_VNI_UNIT = re.compile(
    f"([aeouyAEOUYôöÔÖ])([{''.join(_VNI_MARKS)}{''.join(_VNI_MARKS).upper()}])|[{''.join(map(chr, _VNI_ALONE))}]"
)

_WORD = re.compile(r"[^\W\d_]+(?:[^\s\w,;|\"'()<>./\\-]*[^\W\d_]+)*[^\s\w,;|\"'()<>./\\-]*")
_ONSETS = "ngh|ng|nh|gh|gi|kh|ph|qu|th|tr|ch|b|c|d|đ|g|h|k|l|m|n|p|q|r|s|t|v|x|"
_NUCLEI = (
    "iêu|yêu|ươi|ươu|uôi|oai|oay|oao|oeo|uây|uyu|uya|uyê|iê|yê|ia|ya|ươ|ưa|uô|ua|oa|oă|oe|uâ|uê|uy|uơ|ai|ao|au|ay|âu|ây|"
    "eo|êu|iu|oi|ôi|ơi|ui|ưi|ưu|a|ă|â|e|ê|i|o|ô|ơ|u|ư|y"
)
_SYLLABLE = re.compile(f"(?:{_ONSETS})(?:{_NUCLEI})(?:ch|ng|nh|c|m|n|p|t|)")
_TONES = re.compile(f"[{_GRAVE}{_ACUTE}{_HOOK}{_TILDE}{_DOT}]")


def from_tcvn3(text: str) -> str:
    """Return the text of TCVN3 bytes that were read as Latin-1.

    >>> from_tcvn3("H¶i Ch©u, §µ N½ng")
    'Hải Châu, Đà Nẵng'
    """
    return text.translate(_TCVN3)


def from_vni(text: str) -> str:
    """Return the text of VNI bytes that were read as Latin-1 or windows-1252.

    >>> from_vni("Haûi Chaâu, Ñaø Naüng, Lieân Chieåu")
    'Hải Châu, Đà Nẵng, Liên Chiểu'
    """

    def letter(found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0].translate(_VNI_ALONE)
        return unicodedata.normalize("NFC", found[1].translate(_VNI_ALONE) + _VNI_MARKS[found[2].lower()])

    return _VNI_UNIT.sub(letter, text)


def vietnamese_share(texts: Iterable[str]) -> float:
    """Return the share, 0–1, of the words with a mark that are Vietnamese syllables; 0 when no word has any.

    >>> vietnamese_share(["Hải Châu", "abc"]), vietnamese_share(["H¶i Ch©u"])
    (1.0, 0.0)
    """
    words = {word for text in texts for word in _WORD.findall(text) if not word.isascii()}
    return sum(map(_is_syllable, words)) / len(words) if words else 0.0


def _is_syllable(word: str) -> bool:
    parts = unicodedata.normalize("NFD", word.casefold())
    bare = unicodedata.normalize("NFC", _TONES.sub("", parts))
    return len(_TONES.findall(parts)) <= 1 and _SYLLABLE.fullmatch(bare) is not None


def decoded(data: bytes, encoding: str) -> str:
    """Return the text of some bytes; besides Python's encodings, ``tcvn3`` and ``vni`` are known.

    Raises
    ------
    UnicodeDecodeError
        When the bytes are none of that encoding.
    """
    if encoding == TCVN3:
        return from_tcvn3(data.decode("latin-1"))
    if encoding == VNI:
        return from_vni(data.decode("latin-1"))
    return unicodedata.normalize("NFC", data.decode(encoding))


def best_vietnamese(data: bytes) -> str | None:
    """Return which of windows-1258, TCVN3 and VNI makes Vietnamese syllables of some text, None when none does.

    It has to make sense of nine words in ten and of clearly more of them than the next one.
    """
    ranked: list[tuple[float, str]] = []
    for encoding in ("cp1258", TCVN3, VNI):
        try:
            ranked.append((vietnamese_share([decoded(data, encoding)]), encoding))
        except UnicodeDecodeError:
            continue
    ranked.sort(reverse=True)
    best, name = ranked[0]
    return name if best >= 0.9 and (len(ranked) < 2 or best - ranked[1][0] >= 0.2) else None


def repaired_texts(texts: Iterable[str]) -> tuple[str, dict[str, str]] | None:
    """Return the encoding that texts of a Unicode file were typed in with an old font, and text → its right form.

    A workbook keeps what a TCVN3 or VNI font was given as Latin-1 letters. None when the texts are fine as they are.
    """
    odd = [text for text in dict.fromkeys(texts) if not text.isascii()]
    latin = [text for text in odd if all(ord(letter) < 256 for letter in text)]
    if not latin or len(latin) < 0.9 * len(odd) or vietnamese_share(odd) >= 0.5:
        return None
    ways = {TCVN3: from_tcvn3, VNI: from_vni}
    shares = {name: vietnamese_share(map(way, latin)) for name, way in ways.items()}
    name = max(shares, key=lambda each: shares[each])
    if shares[name] < 0.9 or shares[name] - min(shares.values()) < 0.2:
        return None
    return name, {text: ways[name](text) for text in latin}
