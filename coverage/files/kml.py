"""KML and KMZ: placemarks with their data; links to other files are never followed."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry import GeometryCollection, LineString, MultiPoint, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from coverage.errors import LayerError
from coverage.files.opening import checked_zip, member_bytes
from coverage.files.texts import decode
from coverage.files.vectors import MAX_FEATURES, Features, table_of


def read_kmz(data: bytes, file: str) -> Features:
    """Return the placemarks of the main document of a KMZ (``doc.kml``, else the first KML at its top).

    Raises
    ------
    LayerError
        ``unsafe_archive``, ``bad_archive``, ``unreadable``.
    """
    archive = checked_zip(data, file)
    documents = sorted(
        (name for name in archive.namelist() if name.lower().endswith(".kml")),
        key=lambda name: (name != "doc.kml", name.count("/")),
    )
    if not documents:
        raise LayerError("unreadable", file=file, format="KMZ")
    return read_kml(member_bytes(archive, documents[0], file), file)


def read_kml(data: bytes, file: str) -> Features:
    """Return the placemarks of a KML 2.2 text: name, extended data, point, line or polygon in longitude, latitude.

    Raises
    ------
    LayerError
        ``unreadable`` for broken XML, another root, or any document type declaration (entities hide bombs there).
    """
    text, notes = decode(data, file)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise LayerError("unreadable", file=file, format="KML")
    try:
        # The declared encoding no longer holds for decoded text. No DTD is left, so no entity can grow or reach out.
        root = ET.fromstring(text.encode("utf-8"), parser=ET.XMLParser(encoding="utf-8"))  # noqa: S314
    except (ET.ParseError, RecursionError):
        raise LayerError("unreadable", file=file, format="KML") from None
    if _tag(root) != "kml":
        raise LayerError("unreadable", file=file, format="KML")
    rows, shapes = [], []
    for node in root.iter():
        if _tag(node) == "Placemark":
            rows.append(_data(node))
            shapes.append(_shape(node))
    if len(rows) > MAX_FEATURES:
        raise LayerError("too_many_rows", file=file, rows=len(rows), limit=MAX_FEATURES)
    geometry = gpd.GeoSeries(np.asarray(shapes, dtype=object), crs="EPSG:4326")
    return Features(frame=table_of(rows), geometry=geometry, problems=notes)


def _tag(node: ET.Element) -> str:
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


def _data(placemark: ET.Element) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for node in placemark.iter():
        if _tag(node) == "SimpleData":
            row[node.get("name", "")] = node.text
        elif _tag(node) == "Data":
            row[node.get("name", "")] = next((child.text for child in node if _tag(child) == "value"), None)
    for child in placemark:
        if _tag(child) == "name":
            row.setdefault("name", child.text)
    return row


def _shape(node: ET.Element) -> BaseGeometry | None:
    parts = [shape for child in node if (shape := _one(child)) is not None]
    return parts[0] if parts else None


def _one(node: ET.Element) -> BaseGeometry | None:
    kind = _tag(node)
    try:
        if kind == "Point":
            return Point(_coordinates(node)[0])
        if kind == "LineString":
            return LineString(_coordinates(node))
        if kind == "Polygon":
            rings = [_coordinates(ring) for ring in node.iter() if _tag(ring) == "LinearRing"]
            return Polygon(rings[0], rings[1:])
        if kind == "MultiGeometry":
            return _many([shape for child in node if (shape := _one(child)) is not None])
    except (ValueError, IndexError, shapely.errors.ShapelyError):
        return None  # the row stays and is refused later for its missing geometry
    return None


def _many(parts: list[BaseGeometry]) -> BaseGeometry | None:
    if not parts or len(parts) == 1:
        return parts[0] if parts else None
    kinds = {part.geom_type for part in parts}
    if kinds <= {"Polygon", "MultiPolygon"}:
        return MultiPolygon([piece for part in parts for piece in getattr(part, "geoms", [part])])
    points = [part for part in parts if isinstance(part, Point)]
    return MultiPoint(points) if len(points) == len(parts) else GeometryCollection(parts)


def _coordinates(node: ET.Element) -> list[tuple[float, float]]:
    text = next((child.text or "" for child in node.iter() if _tag(child) == "coordinates"), "")
    pairs = [place.split(",") for place in text.split()]
    return [(float(pair[0]), float(pair[1])) for pair in pairs]
