"""What a file of local rules may say: its sections and entries, read from ``rule_fields.toml``."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

RuleType = Literal[
    "text", "flag", "number", "count", "numbers", "choice", "choices", "texts", "counts", "points", "lines", "shapes",
    "circle",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class RuleField:
    """One entry that a file of rules may hold.

    Attributes
    ----------
    section : str
        Table of the file, "" for its top; ``zone`` is repeated.
    name : str
    attribute : str
        Field of `coverage.planning.rules.Rules` or of its `Zone` that it fills.
    type : str
        ``points``, ``lines`` and ``shapes`` name a file beside the rules; ``counts`` is a table of whole numbers.
    minimum, maximum : float
        Range of numbers, both ends allowed.
    choices : tuple of str
        What a choice may be.
    text_vi, text_en : str
    """

    section: str
    name: str
    attribute: str
    type: RuleType
    text_vi: str
    text_en: str
    minimum: float = -math.inf
    maximum: float = math.inf
    choices: tuple[str, ...] = ()


@cache
def rule_fields() -> tuple[RuleField, ...]:
    """Return every entry, section by section."""
    text = (files("coverage.catalog") / "rule_fields.toml").read_text("utf-8")
    rows = tomllib.loads(text)["field"]
    return tuple(RuleField(**{**row, "choices": tuple(row.get("choices", ()))}) for row in rows)
