"""Local rules of building from a TOML file and the files of geometry that it names."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import geopandas as gpd
import shapely
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from coverage.catalog.radios import operators
from coverage.catalog.registers import data_dir
from coverage.catalog.rulefields import RuleField, rule_fields
from coverage.city import City
from coverage.errors import LayerError
from coverage.files.layers import need_crs, read_sites
from coverage.files.opening import regular_file
from coverage.files.tables import read_table
from coverage.files.tomls import toml_of
from coverage.planning.rules import Rules, Zone
from coverage.types import WORKING_CRS

MAX_SENT_BYTES = 256 << 10
_PLACES = ("file", "circle", "wards")


def read_rules(path: str | Path, city: City | None = None) -> Rules:
    """Return the rules of a TOML file; docs/rules.md lists what it may say.

    Parameters
    ----------
    path : str or Path
        Files that it names lie beside it.
    city : City, optional
        With it, ward ids that the city does not have are refused.

    Raises
    ------
    LayerError
        ``rules_unreadable``, ``rules_key_unknown``, ``rules_value``, ``rules_zone_place``, ``rules_zone_repeated``,
        ``rules_ward_unknown``, each with file, entry and remedy; and what `coverage.files.tomls.toml_of` and reading
        a file of geometry raise.

    Examples
    --------
    >>> import coverage as cov
    >>> rules = cov.read_rules(cov.demo_rules(), cov.demo_city())
    >>> rules.synthetic, rules.min_distance_m
    (True, 300.0)
    """
    found = regular_file(path)
    try:
        data = found.read_bytes()
    except OSError:
        raise LayerError("file_unreadable", file=str(path)) from None
    return _rules(toml_of(data, found.name), found.name, found.parent, city)


def sent_rules(data: bytes, file: str, city: City | None = None) -> Rules:
    """Return the rules of a TOML file that somebody else sent; it may name no further file, here or elsewhere.

    Parameters
    ----------
    data : bytes
        At most `MAX_SENT_BYTES`.
    file : str
        Only its last part counts.
    city : City, optional
        As in `read_rules`.

    Raises
    ------
    LayerError
        As `read_rules`; ``wrong_extension`` for a name that does not end in ``.toml``; ``toml_too_large``;
        ``rules_file_named`` for an entry that names a file.
    """
    name = PurePosixPath(file.replace("\\", "/")).name or "rules.toml"
    suffix = PurePosixPath(name).suffix
    if suffix.lower() != ".toml":
        raise LayerError("wrong_extension", file=name, extension=suffix or "–", expected="TOML (.toml)")
    return _rules(toml_of(data, name, most_bytes=MAX_SENT_BYTES), name, None, city)


def _rules(told: Mapping[str, Any], file: str, folder: Path | None, city: City | None) -> Rules:
    """Return checked rules; without a folder no file may be named."""
    fields = rule_fields()
    sections = {field.section for field in fields}
    values: dict[str, Any] = {}
    top = {key: value for key, value in told.items() if not isinstance(value, dict | list) or key not in sections}
    for section, table in {"": top, **{key: told[key] for key in told if key in sections and key != "zone"}}.items():
        if not isinstance(table, dict):
            raise LayerError("rules_unreadable", file=file, reason=f"[{section}]")
        entry = f"[{section}]" if section else ""
        values |= _Table(file=file, folder=folder, entry=entry, section=section, told=table).read()
    rows = told.get("zone", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise LayerError("rules_unreadable", file=file, reason="[[zone]]")
    zones = tuple(_zone(file, folder, number, row) for number, row in enumerate(rows, start=1))
    for n, zone in enumerate(zones):
        if zone.id in {other.id for other in zones[:n]}:
            raise LayerError("rules_zone_repeated", file=file, zone=zone.id)
    rules = Rules(**{"name": PurePosixPath(file).stem, **values}, zones=zones)
    _check_names(rules, file, city)
    return rules


def demo_rules() -> Path:
    """Return the file of the example rules of the demo city; they are made up and say so."""
    return data_dir() / "rules" / "demo.toml"


def _check_names(rules: Rules, file: str, city: City | None) -> None:
    known = [row.id for row in operators() if row.nr]
    if rules.operator is not None and rules.operator not in known:
        raise LayerError(
            "rules_value", file=file, entry="[offer]", field="operator", value=rules.operator, expected=", ".join(known)
        )
    if city is None:
        return
    wards = set(city.wards.frame.index)
    named = [(zone.id, ward) for zone in rules.zones for ward in zone.wards]
    named += [("[masts.max_new_in]", ward) for ward in rules.max_new_in]
    for entry, ward in named:
        if ward not in wards:
            raise LayerError("rules_ward_unknown", file=file, entry=entry, ward=ward, wards=city.wards.source.name)


def _zone(file: str, folder: Path | None, number: int, told: Mapping[str, Any]) -> Zone:
    entry = f"[[zone]] {told.get('id') or number}"
    if not told.get("id"):
        raise LayerError("rules_value", file=file, entry=entry, field="id", value="", expected='"…"')
    given = [name for name in _PLACES if name in told]
    if len(given) != 1:
        raise LayerError("rules_zone_place", file=file, entry=entry, given=", ".join(given) or "–")
    buffer_m = told.get("buffer_m", 0.0)
    rest = {key: value for key, value in told.items() if key not in ("file", "circle")}
    values = _Table(file=file, folder=folder, entry=entry, section="zone", told=rest).read()
    values.pop("geometry", None)  # the buffer was checked, and is used below
    geometry: BaseGeometry | None = None
    if "wards" not in told:
        place = {given[0]: told[given[0]]}
        shape = _Table(file=file, folder=folder, entry=entry, section="zone", told=place).read()["geometry"]
        geometry = shapely.buffer(shape, buffer_m) if buffer_m else shape
    return Zone(**values, geometry=geometry)


@dataclass(frozen=True, kw_only=True)
class _Table:
    """One table of the file, checked against what it may hold."""

    file: str
    folder: Path | None
    entry: str
    section: str
    told: Mapping[str, Any]

    def read(self) -> dict[str, Any]:
        known = {field.name: field for field in rule_fields() if field.section == self.section}
        values: dict[str, Any] = {}
        for name, value in self.told.items():
            if name not in known:
                file, listed = self.file, ", ".join(known)
                raise LayerError("rules_key_unknown", file=file, entry=self.entry, field=name, known=listed)
            values[known[name].attribute] = self._value(known[name], value)
        return values

    def _value(self, field: RuleField, value: Any) -> Any:
        if field.type in ("points", "lines", "shapes"):
            return self._from_file(field, self._one(field, value, str))
        read: dict[str, Callable[[], Any]] = {
            "text": lambda: self._one(field, value, str),
            "flag": lambda: self._one(field, value, bool),
            "number": lambda: self._number(field, value),
            "count": lambda: int(self._number(field, value)),
            "numbers": lambda: tuple(self._number(field, each) for each in self._one(field, value, list)),
            "choice": lambda: self._chosen(field, value),
            "choices": lambda: tuple(self._chosen(field, each) for each in self._one(field, value, list)),
            "texts": lambda: tuple(self._one(field, each, str) for each in self._one(field, value, list)),
            "counts": lambda: {ward: int(self._number(field, n)) for ward, n in self._one(field, value, dict).items()},
            "circle": lambda: self._circle(field, value),
        }  # fmt: skip
        return read[field.type]()

    def _refuse(self, field: RuleField, value: Any, expected: str) -> LayerError:
        return LayerError(
            "rules_value", file=self.file, entry=self.entry, field=field.name, value=str(value)[:80],
            expected=expected,
        )  # fmt: skip

    def _one(self, field: RuleField, value: Any, kind: type) -> Any:
        samples = {str: '"…"', bool: "true | false", list: "[…]", dict: "{ … }"}
        if not isinstance(value, kind) or (kind is str and not value):
            raise self._refuse(field, value, samples[kind])
        return value

    def _number(self, field: RuleField, value: Any) -> float:
        whole = field.type in ("count", "counts")
        usable = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
        if not usable or not field.minimum <= value <= field.maximum:
            raise self._refuse(field, value, f"{field.minimum:g} – {field.maximum:g}")
        return float(value)

    def _chosen(self, field: RuleField, value: Any) -> str:
        if value not in field.choices:
            raise self._refuse(field, value, ", ".join(field.choices))
        return str(value)

    def _circle(self, field: RuleField, value: Any) -> BaseGeometry:
        expected = "[108.2, 16.05, 4000]"
        numbers = self._one(field, value, list)
        if len(numbers) != 3 or not all(isinstance(n, int | float) and not isinstance(n, bool) for n in numbers):
            raise self._refuse(field, value, expected)
        longitude, latitude, radius_m = map(float, numbers)
        if not (abs(longitude) <= 180 and abs(latitude) <= 90 and 0 < radius_m < math.inf):
            raise self._refuse(field, value, expected)
        centre = gpd.GeoSeries([Point(longitude, latitude)], crs="EPSG:4326").to_crs(WORKING_CRS).iloc[0]
        if not (math.isfinite(centre.x) and math.isfinite(centre.y)):
            raise self._refuse(field, value, expected)
        circle: BaseGeometry = centre.buffer(radius_m, quad_segs=32)
        return circle

    def _from_file(self, field: RuleField, name: str) -> Any:
        if self.folder is None:  # what a stranger names is never opened
            raise LayerError("rules_file_named", file=self.file, entry=self.entry, field=field.name, value=name[:80])
        path = self.folder / name
        if field.type == "points":
            return read_sites(path).frame
        raw = read_table(path)
        if raw.geometry is None:
            raise self._refuse(field, name, "GeoJSON, GeoPackage, …")
        need_crs(raw.geometry, raw.source.name)
        placed = raw.geometry.to_crs(WORKING_CRS).to_numpy()
        shapes = shapely.make_valid(placed[~shapely.is_missing(placed)])
        if field.type == "lines":
            shapes = shapes[shapely.get_dimensions(shapes) == 1]
        if not len(shapes):
            raise self._refuse(field, name, "LineString" if field.type == "lines" else "geometry")
        return shapely.union_all(shapes)
