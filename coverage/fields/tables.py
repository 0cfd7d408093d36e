"""The field tables: what each column of a layer is called, means and may hold."""

from __future__ import annotations

import csv
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Literal, cast

from coverage.fields.texts import key_of
from coverage.types import Language, LayerKind

FieldType = Literal["text", "id", "label", "choice", "number", "count", "period", "geometry"]

NUMERIC = frozenset({"number", "count"})


@dataclass(frozen=True, kw_only=True)
class Field:
    """One column of a layer.

    Attributes
    ----------
    name : str
        Canonical name.
    type : {"text", "id", "label", "choice", "number", "count", "period", "geometry"}
        ``id``: a code, kept as text; ``label``: text with known spellings, others are kept; ``choice``: only the known
        spellings; ``count``: a whole number ≥ 0; ``period``: a month, quarter, year or day.
    unit : str
        Unit of a number, "" for none.
    minimum, maximum : float
        Range of a number, both ends allowed.
    required : {"", "yes", "column", "value"}
        ``yes``: the file needs the column, and a row without a right value is refused; ``column``: the same where the
        column stands, but the file may do without it; ``value``: nothing may stand there, but a wrong value refuses the
        row, because "missing" has a meaning of its own.
    group : str
        At least one field of the same group has to stand in the file; "" for none.
    default : str
        What stands in for a missing value ("{row}" is the row number), "" for nothing.
    choices : mapping of str to tuple of str
        Canonical value → its other spellings.
    aliases : tuple of str
        Accepted headers, the most telling first.
    label, help : mapping of language to str
        Short name and explanation.
    """

    name: str
    type: FieldType
    unit: str = ""
    minimum: float = -math.inf
    maximum: float = math.inf
    required: Literal["", "yes", "column", "value"] = ""
    group: str = ""
    default: str = ""
    choices: Mapping[str, tuple[str, ...]]
    aliases: tuple[str, ...]
    label: Mapping[Language, str]
    help: Mapping[Language, str]

    @cached_property
    def spelt(self) -> Mapping[str, str]:
        """Key of a spelling (`key_of`) → canonical value."""
        pairs = ((value, spelling) for value, listed in self.choices.items() for spelling in (value, *listed))
        return {key_of(spelling): value for value, spelling in pairs}


def _field(row: Mapping[str, str]) -> Field:
    pairs = [pair.split("=", 1) for pair in row["choices"].split(";") if pair]
    need = row["required"]
    return Field(
        name=row["name"],
        type=cast(FieldType, row["type"]),
        unit=row["unit"],
        minimum=float(row["min"] or -math.inf),
        maximum=float(row["max"] or math.inf),
        required=cast(Literal["", "yes", "column", "value"], need if need in {"yes", "column", "value"} else ""),
        group=need.removeprefix("one of ") if need.startswith("one of ") else "",
        default=row["default"],
        choices={value: tuple(spellings.split("|")) for value, spellings in pairs},
        aliases=tuple(row["aliases"].split("|")),
        label={"vi": row["label_vi"], "en": row["label_en"]},
        help={"vi": row["help_vi"], "en": row["help_en"]},
    )


@cache
def table(kind: LayerKind) -> tuple[Field, ...]:
    """Return the fields of a kind of layer in the order they are written.

    >>> [field.name for field in table("households")][-2:]
    ['income', 'period']
    """
    text = (files("coverage.fields") / f"{kind}.csv").read_text("utf-8")
    return tuple(_field(row) for row in csv.DictReader(text.splitlines()))


@cache
def version(kind: LayerKind) -> str:
    """Return the version of a kind's field list: a hash of its table, which changes when any field does.

    >>> len(version("cells"))
    16
    """
    return hashlib.sha256((files("coverage.fields") / f"{kind}.csv").read_bytes()).hexdigest()[:16]
