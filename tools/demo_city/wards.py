"""56 ward polygons with real names and areas and made-up borders."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from shapely import (
    LineString,
    Point,
    Polygon,
    STRtree,
    coverage_is_valid,
    get_parts,
    polygonize,
    set_precision,
    unary_union,
)
from shapely.geometry.base import BaseGeometry

from tools.demo_city import SEED
from tools.demo_city.geography import DISTRICT_LINES, WARD_SEEDS
from tools.demo_city.lines import smooth, to_degrees, to_metres
from tools.demo_city.mesh import Mesh
from tools.demo_city.outline import Outline
from tools.demo_city.power import PowerDiagram, divide

LINE_SPACING_M = 120.0
SNAP_M = 0.01
DECIMALS = 7  # of a degree: 1 cm, RFC 7946 section 11.2


def draw(outline: Outline, register: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the wards in degrees (EPSG:4326, 7 decimals), in the order of the register.

    Parameters
    ----------
    outline : Outline
        The mainland; its area is the sum of the register's.
    register : DataFrame
        Columns ``ward_id, name, type, district, area_km2``; codes are text.

    Raises
    ------
    ValueError
        When a ward falls apart or the coverage is not clean (a hand-typed position has to move).
    """
    rivers = unary_union(
        [LineString(smooth(to_metres(line), LINE_SPACING_M)) for river, line in DISTRICT_LINES if river]
    )
    districts = _districts(outline, register, rivers)
    mesh = Mesh.of(*_power_wards(districts, register))
    softness = _softness(mesh, outline, rivers)
    mesh = mesh.roughened(_roughness(mesh, softness), np.random.default_rng([SEED, 2]))
    wanted = register.set_index("ward_id")["area_km2"].loc[list(mesh.names)]
    mesh = mesh.settled(wanted.to_numpy(), softness)
    return _frame(mesh, register)


def _districts(outline: Outline, register: pd.DataFrame, rivers: BaseGeometry) -> Mesh:
    """Return the districts with the areas of their wards; the border on land gives way where it has to."""
    lines = [LineString(smooth(to_metres(line), LINE_SPACING_M)) for _, line in DISTRICT_LINES]
    wanted = register.groupby("district", sort=True)["area_km2"].sum()
    noded = unary_union([outline.polygon.exterior, *lines], grid_size=SNAP_M)
    inside = outline.polygon.contains
    faces = [face for face in get_parts(polygonize(get_parts(noded))) if inside(face.representative_point())]
    tree = STRtree(faces)
    parts: dict[int, set[str]] = {}
    for ward, district in zip(register["ward_id"], register["district"], strict=True):
        (face,) = tree.query(_point(ward), predicate="within")
        parts.setdefault(int(face), set()).add(district)
    found = {next(iter(names)): faces[face] for face, names in parts.items() if len(names) == 1}
    if len(found) != len(faces) or set(found) != set(wanted.index):
        raise ValueError(f"districts and faces do not match: {parts}, {len(faces)} faces")
    mesh = Mesh.of(list(wanted.index), [found[name] for name in wanted.index])
    return mesh.settled(wanted.to_numpy(), _softness(mesh, outline, rivers, border=1.0, river=0.03))


def _point(ward: str) -> BaseGeometry:
    return Point(to_metres([WARD_SEEDS[ward]])[0])


def _power_wards(districts: Mesh, register: pd.DataFrame) -> tuple[list[str], list[Polygon]]:
    """Return ward codes and polygons that share the vertices of their borders."""
    diagrams: list[tuple[Polygon, list[str], PowerDiagram]] = []
    for district, polygon in zip(districts.names, districts.polygons, strict=True):
        own = register[register["district"] == district]
        seeds = to_metres([WARD_SEEDS[ward] for ward in own["ward_id"]])
        diagrams.append((polygon, list(own["ward_id"]), divide(polygon, seeds, own["area_km2"].to_numpy() * 1e6)))
    rings: list[BaseGeometry] = [LineString(arc) for arc in districts.arcs]
    rings += [border for _, _, diagram in diagrams for border in diagram.borders]
    # One noding of all lines on a centimetre raster: the ends of ward borders become vertices of district borders.
    faces = get_parts(polygonize(get_parts(set_precision(unary_union(rings, grid_size=SNAP_M), SNAP_M))))
    pieces: dict[str, list[BaseGeometry]] = {ward: [] for ward in register["ward_id"]}
    for face in faces:
        inside = face.representative_point()
        for polygon, wards, diagram in diagrams:
            if polygon.contains(inside):
                pieces[wards[diagram.cell_at(inside)]].append(face)
    merged = {ward: unary_union(parts) for ward, parts in pieces.items()}
    whole = {ward: polygon for ward, polygon in merged.items() if isinstance(polygon, Polygon)}
    if len(whole) < len(merged):
        raise ValueError(f"wards in several parts: {sorted(set(merged) - set(whole))}")
    return list(whole), list(whole.values())


def _softness(
    mesh: Mesh, outline: Outline, rivers: BaseGeometry, *, border: float = 0.0, river: float = 0.0
) -> NDArray[np.float64]:
    """Return how far each arc may bulge: 1 for a border inside the city, 0 for the shore, given for the others."""
    shore = LineString(outline.shore)
    soft = []
    for arc, inner in zip(mesh.arcs, mesh.inner, strict=True):
        middle = LineString(arc).interpolate(0.5, normalized=True)
        if not inner:
            soft.append(0.0 if middle.distance(shore) < 1.0 else border)
        else:
            soft.append(river if middle.distance(rivers) < 30.0 else 1.0)
    return np.array(soft)


def _roughness(mesh: Mesh, softness: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sideways shift of each arc as a share of its length: straight lines more, drawn ones less."""
    straight = np.array([len(arc) == 2 for arc in mesh.arcs])
    return np.where(softness > 0, np.where(straight, 0.045, 0.012), 0.0)


def _frame(mesh: Mesh, register: pd.DataFrame) -> gpd.GeoDataFrame:
    degrees = [_in_degrees(polygon) for polygon in mesh.polygons]
    if not coverage_is_valid(degrees):
        raise ValueError("the wards overlap or leave gaps")
    geometry = gpd.GeoSeries(degrees, index=list(mesh.names), crs="EPSG:4326")
    columns = register[["ward_id", "name", "type", "district_code", "district"]].reset_index(drop=True)
    return gpd.GeoDataFrame(columns, geometry=geometry.loc[register["ward_id"]].to_numpy(), crs="EPSG:4326")


def _in_degrees(polygon: Polygon) -> Polygon:
    """Return a ring in degrees, counter-clockwise from its westernmost vertex (a fixed start, whatever GEOS chose)."""
    ring = np.round(to_degrees(np.asarray(polygon.exterior.coords)[:-1]), DECIMALS)
    start = int(np.lexsort((ring[:, 1], ring[:, 0]))[0])
    out = Polygon(np.roll(ring, -start, axis=0))
    return out if out.exterior.is_ccw else Polygon(np.roll(ring[::-1], start + 1, axis=0))
