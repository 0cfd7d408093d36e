"""CSV in the encodings and with the separators that partners really use."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterator
from io import StringIO

from charset_normalizer import from_bytes

from coverage.errors import LayerError, Problem
from coverage.fields import clean
from coverage.files.legacy import best_vietnamese, decoded

DELIMITERS = ",;\t|"
_SAMPLE_BYTES = 1 << 20  # looked at to tell encodings apart
_SNIFFED = 200  # records looked at to find the separator

_TONES = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
_VIETNAMESE = frozenset(
    unicodedata.normalize("NFC", letter + tone)
    for base in "aăâeêioôơuưyđ"
    for letter in (base, base.upper())
    for tone in _TONES
)
# A letter followed by a Latin-1 symbol is what TCVN3 or VNI text looks like when it is read as something else.
_GARBLED = re.compile(r"[^\W\d_][¡-±´-¿×÷]")
_PUNCTUATION = frozenset("–—‘’“”„…•·°²³º×±€§«»\u00a0")


def decode(data: bytes, file: str) -> tuple[str, tuple[Problem, ...]]:
    """Return the text of a file in NFC, with a note when its encoding had to be guessed.

    UTF-8, UTF-16 and UTF-32 are read by their byte-order mark, UTF-8 and UTF-16 also without; else windows-1258, TCVN3
    or VNI, whichever makes Vietnamese syllables of the words; else windows-1258 when every letter is then a Vietnamese
    one; else what charset-normalizer finds.

    Raises
    ------
    LayerError
        ``not_text`` for binary data, ``unknown_encoding`` when no encoding gives sensible text.
    """
    text = _unicode(data)
    notes: tuple[Problem, ...] = ()
    if text is None:
        text, encoding = _legacy(data, file)
        notes = (Problem(code="encoding_guessed", severity="note", values={"file": file, "encoding": encoding}),)
    if "\x00" in text:
        raise LayerError("not_text", file=file)
    return unicodedata.normalize("NFC", text), notes


def _unicode(data: bytes) -> str | None:
    if data.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        candidates = ["utf-32"]
    elif data.startswith((b"\xff\xfe", b"\xfe\xff")):
        candidates = ["utf-16"]
    else:
        candidates = ["utf-8-sig"]
        head = data[:4096]
        if head[1::2].count(0) > len(head) / 8:
            candidates = ["utf-16-le"]
        elif head[0::2].count(0) > len(head) / 8:
            candidates = ["utf-16-be"]
    for encoding in candidates:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def legacy_encoding(data: bytes, file: str) -> str:
    """Return the name of the 8-bit encoding of some text, for `coverage.files.legacy.decoded`.

    Raises
    ------
    LayerError
        ``not_text`` for binary data, ``unknown_encoding`` when no encoding gives sensible text.
    """
    if b"\x00" in data:
        raise LayerError("not_text", file=file)
    sample = data[:_SAMPLE_BYTES]
    telling = best_vietnamese(sample)
    if telling is not None:
        return telling
    try:
        text = unicodedata.normalize("NFC", data.decode("cp1258"))
        if {c for c in text if ord(c) > 127} <= _VIETNAMESE | _PUNCTUATION:
            return "cp1258"
    except UnicodeDecodeError:
        pass
    best = from_bytes(sample).best()
    if best is None or _GARBLED.search(str(best)):
        raise LayerError("unknown_encoding", file=file)
    return best.encoding


def _legacy(data: bytes, file: str) -> tuple[str, str]:
    encoding = legacy_encoding(data, file)
    try:
        return decoded(data, encoding), encoding
    except UnicodeDecodeError:
        raise LayerError("unknown_encoding", file=file) from None


def records(text: str, file: str) -> Iterator[list[str]]:
    """Yield the records of a CSV text, blank ones as empty lists: the n-th is row n of a spreadsheet.

    Raises
    ------
    LayerError
        ``bad_csv`` for a quote that is never closed or a field longer than the whole file may be.
    """
    first, _, rest = text.partition("\n")
    told = re.fullmatch(r'"?sep=(.)"?', first.strip("\r"), re.IGNORECASE)  # what Excel writes for itself
    if told:
        yield []
        text = rest
    previous = csv.field_size_limit(max(len(text), 1 << 17))  # a ward's boundary as WKT passes the default 131,072
    try:
        delimiter = told.group(1) if told else delimiter_of(text)
        yield from csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise LayerError("bad_csv", file=file, reason=str(error)) from None
    finally:
        csv.field_size_limit(previous)


def delimiter_of(text: str) -> str:
    r"""Return the separator that splits the header, and most records into as many fields.

    A decimal comma splits the rows but not the header, a title line splits nothing: the separator that works from the
    earliest line on wins.

    >>> delimiter_of("lon;lat\n108,2;16,05\n108,3;16,06")
    ';'
    """
    lines = text.splitlines()[:_SNIFFED]
    ranked: list[tuple[bool, int, float, int, str]] = []
    for delimiter in DELIMITERS:
        try:
            counts = [len(record) for record in csv.reader(lines, delimiter=delimiter) if record]
        except csv.Error:
            continue
        header = next((index for index, count in enumerate(counts) if count > 1), None)
        if header is None:
            continue
        width = counts[header]
        agreement = counts[header:].count(width) / len(counts)
        ranked.append((agreement >= 0.8, -header if agreement >= 0.8 else 0, agreement * width, width, delimiter))
    return max(ranked)[-1] if ranked else ","


def unique_names(header: list[str]) -> list[str]:
    """Return cleaned column names, each once; an empty one is called by its place.

    >>> unique_names(["a", "a", " "])
    ['a', 'a (2)', '#3']
    """
    names: list[str] = []
    for index, cell in enumerate(header):
        name = clean(cell) or f"#{index + 1}"
        while name in names:
            name += f" ({index + 1})"  # brackets do not count when headers are compared, so the pair stays ambiguous
        names.append(name)
    return names
