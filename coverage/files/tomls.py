"""TOML files that people write: read as text only, with the line that has to be corrected."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from coverage.errors import LayerError

MOST_DOTS = 200  # in one line: a key of 32,000 parts, 64 KB, keeps tomllib busy for 20 seconds


def toml_of(data: bytes, file: str, *, most_bytes: int | None = None) -> dict[str, Any]:
    r"""Return what the bytes of a TOML file say.

    Parameters
    ----------
    data : bytes
        UTF-8, with or without a byte-order mark.
    file : str
        Name for messages.
    most_bytes : int, optional
        Size beyond which a file is refused unread.

    Raises
    ------
    LayerError
        ``file_empty``, ``toml_too_large``, ``toml_not_text``, ``toml_syntax``, ``toml_dots`` (with the line),
        ``toml_nested``, ``toml_number``.

    Examples
    --------
    >>> toml_of(b"[offer]\nlattice_m = 2000\n", "rules.toml")
    {'offer': {'lattice_m': 2000}}
    """
    if not data:
        raise LayerError("file_empty", file=file)
    if most_bytes is not None and len(data) > most_bytes:
        raise LayerError("toml_too_large", file=file, size_kb=-(-len(data) >> 10), limit_kb=most_bytes >> 10)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise LayerError("toml_not_text", file=file) from None
    for line, written in enumerate(text.split("\n"), start=1):
        if written.count(".") > MOST_DOTS:
            raise LayerError("toml_dots", file=file, line=line, most=MOST_DOTS)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        last = len(text.rstrip().split("\n"))
        raise LayerError("toml_syntax", file=file, line=int(found[1]) if found else last) from None
    except RecursionError:
        raise LayerError("toml_nested", file=file) from None
    except ValueError:  # what Python refuses to make a number or a day of
        raise LayerError("toml_number", file=file) from None
