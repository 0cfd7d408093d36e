"""Which ward a row means: by GSO code, by name, never by a guess."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process

from coverage.catalog.registers import EDITIONS, HOANG_SA_DISTRICT, register, ward_register
from coverage.errors import LayerError, Problem
from coverage.layers import Layer
from coverage.names import district_name, lacks_only_marks, normal_name, plain_name
from coverage.types import Edition

OTHER: Final = "other"  # "edition" of a file none of whose rows stands in a register: another city, a test area

SIMILAR = 80.0  # rapidfuzz ratio from which a name is offered as "did you mean …"
SAME_SPELLING = 85.0  # ratio from which a name that no edition knows is a misspelling of the ward its code names

_GSO_CODE = re.compile(r"\d{5}")
_WHOLE_NUMBER = re.compile(r"(\d+)\.0+")

Row = tuple[str, str, str]  # code, name, district as they stand in the file, "" where empty


@dataclass(frozen=True, kw_only=True)
class Match:
    """What a row was found to mean.

    Attributes
    ----------
    ward_id : str or None
        The ward, None when the row is refused.
    by_marks : bool
        The name was written without some of its marks.
    code : str or None
        Code of the problem, None when there is none.
    about : mapping
        Values of its sentence.
    """

    ward_id: str | None
    by_marks: bool = False
    code: str | None = None
    about: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class WardIndex:
    """The wards of one edition or layer, findable by code and by name."""

    edition: str
    names: Mapping[str, str]
    districts: Mapping[str, str]
    aliases: Mapping[str, str]
    by_key: Mapping[str, tuple[str, ...]]
    by_plain: Mapping[str, tuple[str, ...]]

    def code(self, text: str) -> str | None:
        """Return the ward a code names, None for a code that is not of this edition."""
        if text in self.names:
            return text
        return self.aliases.get(text)

    def named(self, name: str, district: str = "") -> tuple[str, ...]:
        """Return the wards a name may mean; the district decides between several."""
        key = normal_name(name)
        found = self.by_key.get(key, ())
        if not found:
            found = tuple(
                ward for ward in self.by_plain.get(plain_name(key), ()) if lacks_only_marks(key, self._key(ward))
            )
        if len(found) > 1 and district:
            wanted = plain_name(district_name(district))
            found = tuple(ward for ward in found if plain_name(self.districts.get(ward, "")) == wanted) or found
        return found

    def _key(self, ward: str) -> str:
        return normal_name(self.names[ward])

    def explains(self, row: Row) -> bool:
        """Return whether code and name of a row agree with one ward of this edition."""
        code, name, district = row
        by_code = self.code(code)
        if not normal_name(name):
            return by_code is not None
        named = self.named(name, district)
        if by_code is not None and by_code in named:
            return True
        return len(named) == 1 and code not in self.names and not _GSO_CODE.fullmatch(code)

    def find(self, row: Row) -> Match:
        """Return the ward of a row, or the problem that keeps it out."""
        code, name, district = row
        by_code = self.code(code)
        if not normal_name(name):
            if by_code is not None:
                return Match(ward_id=by_code, about={})
            return self._lost("ward_code_unknown" if code else "ward_blank", row)
        named = self.named(name, district)
        if code in self.names or _GSO_CODE.fullmatch(code):
            return self._checked(row, by_code, named)
        if by_code is not None and by_code in named:
            return Match(ward_id=by_code, about={})
        if len(named) == 1:
            return Match(ward_id=named[0], by_marks=self._marks_missing(name), about={})
        return self._lost("ward_name_ambiguous", row, named) if named else self._unknown(row)

    def _checked(self, row: Row, by_code: str | None, named: tuple[str, ...]) -> Match:
        """Return the match of a row whose GSO code has to agree with its name."""
        _, name, _ = row
        if by_code is None:
            return self._lost("ward_code_other", row, named) if named else self._unknown(row)
        if by_code in named:
            return Match(ward_id=by_code, by_marks=self._marks_missing(name), about={})
        alike = fuzz.ratio(normal_name(name), self._key(by_code)) >= SAME_SPELLING
        if alike and not editions_naming(name):
            return Match(ward_id=by_code, code="ward_spelling", about={"register_name": self.names[by_code]})
        return self._lost("ward_code_contradicts_name", row, (by_code,))

    def _marks_missing(self, name: str) -> bool:
        return normal_name(name) not in self.by_key

    def _unknown(self, row: Row) -> Match:
        elsewhere = [edition for edition in editions_naming(row[1]) if edition != self.edition]
        if elsewhere and self.edition in EDITIONS:
            return self._lost("ward_other_edition", row, other=", ".join(elsewhere))
        alike = self.similar(row[1])
        return self._lost("ward_unknown_similar" if alike else "ward_unknown", row, alike)

    def similar(self, name: str, limit: int = 3) -> tuple[str, ...]:
        """Return the wards whose names come nearest, for a question and never for a match."""
        keys = {ward: plain_name(self._key(ward)) for ward in self.names}
        wanted = plain_name(normal_name(name))
        found = process.extract(wanted, keys, scorer=fuzz.ratio, limit=limit, score_cutoff=SIMILAR)
        return tuple(ward for _, _, ward in found)

    def _lost(self, code: str, row: Row, wards: Iterable[str] = (), **values: str) -> Match:
        listed = ", ".join(f"{self.names[ward]} ({ward})" for ward in wards)
        stood = {"ward_code": row[0], "ward_name": row[1], "edition": self.edition, "wards": listed}
        return Match(ward_id=None, code=code, about=stood | values)


def _index(frame: pd.DataFrame, edition: str) -> WardIndex:
    """Return the index of a table indexed by ward_id with name, district and, where known, gid_3."""
    by_key: dict[str, list[str]] = {}
    by_plain: dict[str, list[str]] = {}
    names = {str(ward): str(name) for ward, name in frame["name"].items()}
    for ward, name in names.items():
        by_key.setdefault(normal_name(name), []).append(ward)
        by_plain.setdefault(plain_name(normal_name(name)), []).append(ward)
    # GADM and others write the district where it has no wards; the name of the only one of them is a ward's too.
    if HOANG_SA_DISTRICT in names:
        by_key.setdefault(normal_name(f"Huyện {names[HOANG_SA_DISTRICT]}"), []).append(HOANG_SA_DISTRICT)
    gadm = frame["gid_3"].dropna() if "gid_3" in frame else pd.Series(dtype=object)
    return WardIndex(
        edition=edition,
        names=names,
        districts={str(ward): district_name(text) for ward, text in frame["district"].items()},
        aliases={str(code): str(ward) for ward, code in gadm.items()},
        by_key={key: tuple(wards) for key, wards in by_key.items()},
        by_plain={key: tuple(wards) for key, wards in by_plain.items()},
    )


def edition_units(edition: Edition) -> pd.DataFrame:
    """Return `ward_register` and, before 2025-07, the row of Hoàng Sa, then a district without wards (code 498)."""
    wards = ward_register(edition)
    if edition == "2025h2":
        return wards
    district = register("districts").set_index("district_code").loc[HOANG_SA_DISTRICT]
    areas = register("areas").set_index("id")["area_km2"]
    row = {
        "name": district["name"],
        "type": district["type"],
        "district": f"{district['type']} {district['name']}",
        "area_km2": float(areas["hoang-sa-law"]),
        "area_official": True,
        "mainland": False,
        "in_city": True,
        "gid_3": None,
    }
    return pd.concat([wards, pd.DataFrame([row], index=pd.Index([HOANG_SA_DISTRICT], name="ward_id"))])


@cache
def edition_index(edition: Edition) -> WardIndex:
    """Return the index of all units of an edition."""
    return _index(edition_units(edition), edition)


@cache
def editions_naming(name: str) -> tuple[Edition, ...]:
    """Return the editions that have a ward of exactly this name."""
    key = normal_name(name)
    return tuple(edition for edition in EDITIONS if key in edition_index(edition).by_key)


def texts(values: pd.Series | None, index: pd.Index) -> pd.Series:
    """Return a column as trimmed text, "" where empty; numbers that stand for codes lose their ``.0``."""
    if values is None:
        return pd.Series("", index=index, dtype=object)
    cleaned = ["" if pd.isna(value) else _WHOLE_NUMBER.sub(r"\1", str(value).strip()) for value in values]
    return pd.Series(cleaned, index=values.index, dtype=object)


def row_numbers(frame: pd.DataFrame) -> pd.Series:
    """Return the row numbers of a file: its ``row`` column if that holds whole numbers, else the position from 2."""
    if "row" in frame and pd.api.types.is_integer_dtype(frame["row"]):
        return frame["row"]
    return pd.Series(np.arange(len(frame)) + 2, index=frame.index)


def find_rows(rows: pd.DataFrame, index: WardIndex, *, file: str) -> tuple[pd.Series, tuple[Problem, ...]]:
    """Return the ward of every row and what was wrong.

    Parameters
    ----------
    rows : pandas.DataFrame
        Text columns ``code``, ``name``, ``district`` ("" where empty) and ``row`` (row number in the file).
    index : WardIndex
    file : str
        Name of the file, for the sentences.

    Returns
    -------
    (Series of ward_id with NaN where refused, problems)
    """
    keys = list(zip(rows["code"], rows["name"], rows["district"], strict=True))
    matches = {key: index.find(key) for key in dict.fromkeys(keys)}
    problems = [
        Problem(
            code=match.code,
            severity="error" if match.ward_id is None else "warning",
            row=int(number),
            field="name" if key[1] else "ward_id",
            value=key[1] or key[0],
            values={"file": file, **match.about},
        )
        for key, number in zip(keys, rows["row"], strict=True)
        if (match := matches[key]).code is not None
    ]
    bare = [key[1] for key, match in matches.items() if match.by_marks]
    if bare:
        values = {"file": file, "count": len(bare), "names": ", ".join(bare[:5])}
        problems.append(Problem(code="ward_marks_missing", severity="note", field="name", values=values))
    found = [matches[key].ward_id for key in keys]
    return pd.Series([np.nan if ward is None else ward for ward in found], index=rows.index, dtype=object), tuple(
        problems
    )


def match_wards(frame: pd.DataFrame, wards: Layer | Edition, *, file: str) -> tuple[pd.Series, tuple[Problem, ...]]:
    """Return the ward of every row of a table.

    A code counts when the name agrees with it; without a code, the name (and district) does. A name that is nowhere
    in the edition is refused with what it may have meant: nothing is matched by likeness.

    Parameters
    ----------
    frame : pandas.DataFrame
        With ``ward_id``, ``name`` or both, where known ``district`` and ``row`` (row number in the file; else the
        position counted from 2).
    wards : Layer or str
        The ward layer the table belongs to, or an edition for all its wards.
    file : str
        Name of the table's file, for the sentences.

    Returns
    -------
    (pandas.Series, tuple of Problem)
        ``ward_id`` on the table's index, NaN where unmatched or outside the layer; the problems.

    Examples
    --------
    >>> table = pd.DataFrame({"name": ["Hoà Liên", "Hòa Lien", "Hòa Liêm"]})
    >>> found, problems = match_wards(table, "2019", file="x.csv")
    >>> list(found), [problem.code for problem in problems]
    (['20296', '20296', nan], ['ward_unknown_similar', 'ward_marks_missing'])
    """
    rows = pd.DataFrame(
        {
            "code": texts(frame.get("ward_id"), frame.index),
            "name": texts(frame.get("name"), frame.index),
            "district": texts(frame.get("district"), frame.index),
            "row": row_numbers(frame),
        },
        index=frame.index,
    )
    edition = wards.edition if isinstance(wards, Layer) else wards
    layer = wards.frame if isinstance(wards, Layer) else None
    index = edition_index(edition) if edition in EDITIONS else _index(_of_layer(wards, file), OTHER)
    found, problems = find_rows(rows, index, file=file)
    if layer is not None:
        outside = found.notna() & ~found.isin(layer.index)
        found = found.mask(outside)
        problems += _outside(rows[outside], file)
    return found, problems


def _of_layer(wards: Layer | str, file: str) -> pd.DataFrame:
    if isinstance(wards, Layer):
        return wards.frame
    raise LayerError("edition_unknown", edition=wards, editions=", ".join(EDITIONS), file=file)


def _outside(rows: pd.DataFrame, file: str) -> tuple[Problem, ...]:
    """Return the note on rows whose ward is known and not among the polygons in use."""
    listed = list(dict.fromkeys(name or code for code, name in zip(rows["code"], rows["name"], strict=True)))
    if not listed:
        return ()
    values = {"file": file, "count": len(rows), "wards": len(listed), "names": ", ".join(listed[:5])}
    return (Problem(code="wards_outside_layer", severity="note", values=values),)
