"""The specification of a layer for programs, made from its field table: Table Schema and JSON Schema."""

from __future__ import annotations

import math
from typing import Any

from coverage.fields import Field, table
from coverage.types import Language, LayerKind

_TYPES = {"number": "number", "count": "integer"}


def table_schema(kind: LayerKind, lang: Language = "en") -> dict[str, Any]:
    """Return the fields of a layer as a Table Schema (Frictionless Data, 2024 profile of version 2.0).

    >>> table_schema("cells")["fields"][5]["constraints"]
    {'required': True, 'minimum': -180.0, 'maximum': 180.0}
    """
    return {
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "fields": [_table_field(field, lang) for field in table(kind)],
        "missingValues": ["", "-", "n/a", "NaN", "null"],
    }


def _table_field(field: Field, lang: Language) -> dict[str, Any]:
    constraints: dict[str, Any] = {"required": True} if field.required == "yes" else {}
    constraints |= _range(field)
    if field.type == "choice":
        constraints["enum"] = list(field.choices)
    told = {
        "name": field.name,
        "type": _TYPES.get(field.type, "string"),
        "title": field.label[lang],
        "description": field.help[lang] + (f" [{field.unit}]" if field.unit else ""),
    }
    return told | ({"constraints": constraints} if constraints else {})


def _range(field: Field) -> dict[str, float]:
    ends = {"minimum": field.minimum, "maximum": field.maximum}
    return {name: end for name, end in ends.items() if math.isfinite(end)}


def json_schema(kind: LayerKind, lang: Language = "en") -> dict[str, Any]:
    """Return the schema of one row of a layer (JSON Schema, draft 2020-12); missing values are null.

    >>> json_schema("cells")["required"]
    ['technology', 'longitude', 'latitude']
    """
    fields = table(kind)
    groups: dict[str, list[str]] = {}
    for field in fields:
        if field.group:
            groups.setdefault(field.group, []).append(field.name)
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind,
        "type": "object",
        "properties": {field.name: _json_field(field, lang) for field in fields},
        "required": [field.name for field in fields if field.required == "yes"],
    }
    if groups:
        schema["allOf"] = [{"anyOf": [{"required": [name]} for name in names]} for names in groups.values()]
    return schema


def _json_field(field: Field, lang: Language) -> dict[str, Any]:
    kind = _TYPES.get(field.type, "string")
    told: dict[str, Any] = {"title": field.label[lang], "description": field.help[lang]}
    told["type"] = kind if field.required == "yes" else [kind, "null"]
    if field.type == "choice":
        told["enum"] = [*field.choices] + ([] if field.required == "yes" else [None])
    if field.unit:
        told["x-unit"] = field.unit
    return told | _range(field)
