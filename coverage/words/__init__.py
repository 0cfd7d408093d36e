"""Every sentence the product says, in Vietnamese and English: `t(key, lang, **values)`.

The texts live in ``words/<lang>/*.toml``, one file per part of the package, merged: ``t("error.no_crs", "vi", …)``
reads table ``[error]``, key ``no_crs``, whichever file holds it. Both languages have the same keys and placeholders,
and no key stands twice (a test).
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any

from coverage.errors import CoverageError, Problem
from coverage.types import Language

_SWAPPED = str.maketrans(",.", ".,")  # Vietnamese writes 1.134.310,5

LANGUAGES: tuple[Language, ...] = ("vi", "en")


def _flatten(table: Mapping[str, Any], prefix: str) -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in table.items():
        name = f"{prefix}.{key}" if prefix else key
        flat.update(_flatten(value, name) if isinstance(value, Mapping) else {name: str(value)})
    return flat


@cache
def texts(lang: Language) -> Mapping[str, str]:
    """Return every text of a language by its dotted key."""
    flat: dict[str, str] = {}
    for entry in sorted((files("coverage.words") / lang).iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".toml"):
            flat.update(_flatten(tomllib.loads(entry.read_text("utf-8")), ""))
    return flat


class _Sentence(Formatter):
    """Fills placeholders; numbers are written as the language writes them, with the digits the text asks for."""

    def __init__(self, lang: Language) -> None:
        self.lang = lang

    def format_field(self, value: Any, format_spec: str) -> Any:
        text = super().format_field(value, format_spec)
        written = isinstance(value, float) or (isinstance(value, int) and "," in format_spec)
        return text.translate(_SWAPPED) if self.lang == "vi" and written else text


def t(key: str, lang: Language, **values: Any) -> str:
    """Return the text of a key with its placeholders filled.

    Raises
    ------
    KeyError
        For a key or a placeholder that does not exist: a missing text is a defect, never shown as a key.
    """
    return _Sentence(lang).vformat(texts(lang)[key], (), values)


def render(error: CoverageError, lang: Language) -> str:
    """Return the one sentence of an error (``error.<code>``)."""
    return t(f"error.{error.code}", lang, **error.values)


def render_problem(problem: Problem, lang: Language) -> str:
    """Return the one sentence of a problem (``problem.<code>``); row, field and value are placeholders too."""
    values = {"row": problem.row, "field": problem.field, "value": problem.value, **problem.values}
    return t(f"problem.{problem.code}", lang, **values)


def number(value: float | None, lang: Language, digits: int = 0) -> str:
    """Return a number as it is written in the language; None and NaN give an en dash.

    >>> number(1134310, "vi"), number(12.345, "en", 1), number(None, "vi")
    ('1.134.310', '12.3', '–')
    """
    if value is None or math.isnan(value):
        return "–"
    text = f"{value:,.{digits}f}"
    return text.translate(_SWAPPED) if lang == "vi" else text


def percent(share: float | None, lang: Language, digits: int = 1) -> str:
    r"""Return a share 0–1 as per cent.

    >>> percent(0.0875, "vi"), percent(0.0875, "en")
    ('8,8\xa0%', '8.8\xa0%')
    """
    if share is None or math.isnan(share):
        return "–"
    return number(100 * share, lang, digits) + "\u00a0%"
