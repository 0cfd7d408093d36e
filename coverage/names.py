"""Vietnamese names of administrative units, reduced to keys under which their spellings agree."""

from __future__ import annotations

import re
import unicodedata

# Tone marks move inside a syllable (Hòa, Hoà); the other marks make another vowel (â, ă, ơ) and stay where they are.
_TONES = "\u0300\u0301\u0303\u0309\u0323"
_VOWEL_MARKS = "\u0302\u0306\u031b"
_VOWEL_RUN = re.compile(f"(?:[aeiouy][{_TONES}{_VOWEL_MARKS}]*)+")
_TONE = re.compile(f"[{_TONES}]")
_MARK = re.compile(r"[\u0300-\u036f]")
_NOT_A_WORD = re.compile(r"[^0-9a-z\u0300-\u036f]+")

_CAMEL = re.compile(r"([a-z][\u0300-\u036f]*)(?=[A-Z])")
_ASIDE = re.compile(r"\(.*?\)")
_FIRST_PART = re.compile(r"[^,;|]*")
_ROMAN = {roman: str(i + 1) for i, roman in enumerate(("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"))}


def _plain_letters(text: str) -> str:
    """Return the text decomposed, Đ and its look-alikes as D; case is kept."""
    return unicodedata.normalize("NFD", text).translate(str.maketrans("ĐđÐðƉ", "DdDdD"))


def _words(*names: str) -> str:
    """Return a pattern of alternatives, each with and without its marks."""
    spelled = [_plain_letters(name).lower() for name in names]
    return "|".join(dict.fromkeys(spelled + [_MARK.sub("", name) for name in spelled])).replace(" ", r"\s+")


_WARD_PREFIX = re.compile(
    rf"^(?:(?:{_words('Phường', 'Xã', 'Thị trấn', 'Đặc khu', 'Ward', 'Commune')})[.:\s]+"
    r"|(?:p|x|tt|dk|f)(?:\s*[.:]\s*|\s+))(?=\S)"
)
_WARD_SUFFIX = re.compile(r"\s+(?:ward|commune|township|special zone)$")
_DISTRICT_PREFIX = re.compile(
    rf"^(?:(?:{_words('Quận', 'Huyện', 'Thị xã', 'Thành phố')}|tp|tx)[.:\s]+|[qh]\s*[.:]\s*)(?=\S)"
)
_DISTRICT_SUFFIX = re.compile(r"\s+(?:district|city|town)$")


def _tones_last(match: re.Match[str]) -> str:
    """Move the tone marks of one run of vowels behind it, so that Hòa and Hoà are the same letters."""
    run = match.group()
    return _TONE.sub("", run) + "".join(_TONE.findall(run))


def _key(lowered: str) -> str:
    words = [word for word in _NOT_A_WORD.split(lowered) if word]
    if len(words) > 1 and words[-1] in _ROMAN:
        words[-1] = _ROMAN[words[-1]]
    if words and words[-1].isdigit():
        words[-1] = words[-1].lstrip("0") or "0"
    return _VOWEL_RUN.sub(_tones_last, "".join(words))


def _first_part(text: str) -> str:
    """Return the name itself, lower case: without what follows a comma or stands in brackets."""
    separated = _CAMEL.sub(r"\1 ", _plain_letters(text))
    match = _FIRST_PART.match(_ASIDE.sub(" ", separated))
    return (match.group() if match else "").lower().strip()


def normal_name(text: object) -> str:
    """Return the key of a ward's name: the same for every usual spelling of it.

    Unicode form, case, spaces and hyphens, the place of the tone mark, Đ or D, the prefix (Phường, Xã, Thị trấn,
    Đặc khu, ``P.``, ``X.``), GADM's run-together form and Roman numerals make no difference. A tone or vowel mark
    does: ``Hòa Minh`` and ``Hoa Minh`` have different keys (`plain_name` is the key without any).

    Parameters
    ----------
    text : object
        A name; None, NaN and blanks give an empty key.

    Returns
    -------
    str
        Lower-case letters, digits and combining marks, no spaces. For comparison only, not for showing.

    Examples
    --------
    >>> normal_name("Phường Hòa Cường Bắc") == normal_name("HoàCườngBắc") == normal_name(" P. HÒA CƯỜNG  BẮC")
    True
    >>> normal_name("Hải Châu I") == normal_name("Hải Châu 1")
    True
    """
    if not isinstance(text, str):
        return ""
    name = _first_part(text)
    return _key(_WARD_SUFFIX.sub("", _WARD_PREFIX.sub("", name)))


def district_name(text: object) -> str:
    """Return the key of a district's name, without Quận, Huyện, Thị xã, Thành phố.

    >>> district_name("Quận Liên Chiểu") == district_name("LiênChiểu") == district_name("Lien Chieu District")
    False
    >>> district_name("Quận Liên Chiểu") == district_name("LiênChiểu")
    True
    """
    if not isinstance(text, str):
        return ""
    name = _first_part(text)
    return _key(_DISTRICT_SUFFIX.sub("", _DISTRICT_PREFIX.sub("", name)))


def says_district(text: object) -> bool:
    """Return whether a name or type calls itself a district (Quận …, Huyện …, Thị xã …, Thành phố …).

    >>> says_district("Quận Hải Châu"), says_district("Huyện"), says_district("Phường Hải Châu")
    (True, True, False)
    """
    if not isinstance(text, str):
        return False
    name = _first_part(text)
    return bool(_DISTRICT_PREFIX.match(f"{name} x") or _DISTRICT_SUFFIX.search(f"x {name}"))


def plain_name(key: str) -> str:
    """Return a key without any mark.

    >>> plain_name(normal_name("Hòa Hiệp Bắc"))
    'hoahiepbac'
    """
    return _MARK.sub("", key)


def lacks_only_marks(key: str, full: str) -> bool:
    """Return whether one key is another with the marks of some syllables left out, and no mark changed.

    >>> full = normal_name("Hòa Phước")
    >>> [lacks_only_marks(normal_name(name), full) for name in ("Hoa Phuoc", "Hòa Phuoc", "Hòa Phược", "Hòa Phuớc")]
    [True, True, False, False]
    """
    if plain_name(key) != plain_name(full):
        return False
    pairs = zip(_VOWEL_RUN.findall(key), _VOWEL_RUN.findall(full), strict=True)
    return all(written in (vowels, plain_name(vowels)) for written, vowels in pairs)


def header_name(text: object) -> str:
    """Return the key of a column's header: letters and digits, lower case, no marks.

    >>> header_name("Tên xã"), header_name("GID_3")
    ('tenxa', 'gid3')
    """
    return "".join(letter for letter in _MARK.sub("", _plain_letters(str(text)).lower()) if letter.isalnum())
