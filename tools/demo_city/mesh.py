"""A coverage of polygons as arcs between nodes: an arc is moved once, so its two faces never come apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from shapely import LineString, MultiLineString, Polygon, STRtree, get_parts, line_merge, polygonize, unary_union
from shapely.geometry.base import BaseGeometry

from tools.demo_city.lines import Coordinates, along, centimetres, densified, normals, to_equal_area, wiggle


@dataclass(frozen=True, kw_only=True)
class Mesh:
    """Arcs and the faces on both sides of each.

    Attributes
    ----------
    names : tuple of str
        One per face.
    arcs : tuple of ndarray of shape (n, 2)
        Lines between nodes [m]; arcs meet in their end points only.
    left, right : ndarray of int
        Index of the face beside each arc, −1 outside.
    """

    names: tuple[str, ...]
    arcs: tuple[Coordinates, ...]
    left: NDArray[np.int64]
    right: NDArray[np.int64]

    @classmethod
    def of(cls, names: Sequence[str], polygons: Sequence[Polygon]) -> Mesh:
        """Return the mesh of polygons whose shared borders have the same vertices on both sides."""
        merged = line_merge(unary_union([MultiLineString([p.exterior]) for p in polygons]))
        nodes = {point for arc in get_parts(merged) for point in (arc.coords[0], arc.coords[-1])}
        arcs = [np.asarray(arc.coords) for arc in get_parts(merged)]
        arcs = [arc if tuple(arc[0]) <= tuple(arc[-1]) else arc[::-1] for arc in arcs]
        arcs.sort(key=lambda arc: (*arc[0], *arc[-1], *arc[len(arc) // 2]))  # GEOS promises no order
        assert all(tuple(arc[0]) in nodes for arc in arcs)
        tree = STRtree(list(polygons))
        sides = np.array([[_face(tree, polygons, arc, side) for side in (0.5, -0.5)] for arc in arcs])
        return cls(names=tuple(names), arcs=tuple(arcs), left=sides[:, 0], right=sides[:, 1])

    @property
    def polygons(self) -> list[Polygon]:
        """One polygon per face, in the order of `names`.

        Raises
        ------
        ValueError
            When the arcs of a face do not close to exactly one ring.
        """
        faces = []
        for face, name in enumerate(self.names):
            own = [LineString(a) for a, i, j in zip(self.arcs, self.left, self.right, strict=True) if face in (i, j)]
            rings: list[BaseGeometry] = list(get_parts(polygonize(own)))
            if len(rings) != 1 or not isinstance(rings[0], Polygon):
                raise ValueError(f"{name}: {len(rings)} rings")
            faces.append(rings[0])
        return faces

    @property
    def inner(self) -> NDArray[np.bool_]:
        """Arcs between two faces."""
        return (self.left >= 0) & (self.right >= 0)

    def areas_km2(self) -> NDArray[np.float64]:
        """Area of every face in EPSG:6933 [km²]."""
        origin = to_equal_area(self.arcs[0][:1])[0]
        sweep = np.array([_swept(to_equal_area(arc) - origin) for arc in self.arcs]) / 1e6
        areas = np.zeros(len(self.names) + 1)
        np.add.at(areas, self.left, sweep)
        np.add.at(areas, self.right, -sweep)
        return areas[:-1]

    def roughened(self, share: NDArray[np.float64], rng: np.random.Generator, spacing_m: float = 90.0) -> Mesh:
        """Return the mesh with every arc shifted sideways by about a share of its length (0: left alone)."""
        arcs = []
        for arc, part in zip(self.arcs, share, strict=True):
            fine = densified(arc, float(np.clip(along(arc)[-1] / 12, 25.0, spacing_m)))
            rough = wiggle(fine, min(350.0, part * along(fine)[-1]), rng)
            arcs.append(arc if part == 0 else np.vstack([arc[:1], rough[1:-1], arc[-1:]]))
        return replace(self, arcs=tuple(arcs))

    def settled(self, areas_km2: NDArray[np.float64], softness: NDArray[np.float64], rounds: int = 12) -> Mesh:
        """Return the mesh with given areas of all faces; arcs bulge sideways, soft and long ones first.

        Parameters
        ----------
        areas_km2 : ndarray of n faces
            Wanted areas in EPSG:6933 [km²].
        softness : ndarray of n arcs
            0 fixes an arc, 1 lets it bulge.
        rounds : int
            Newton steps; the least change (in the sense of least squares of bulge ÷ length) is taken in each.
        """
        mesh = self
        for _ in range(rounds):
            missing = areas_km2 - mesh.areas_km2()
            bulge = [_bulge(arc) for arc in mesh.arcs]
            gain = np.array([_trapezoid(arc, shape) for arc, shape in zip(mesh.arcs, bulge, strict=True)]) / 1e6
            scale = softness * np.array([along(arc)[-1] for arc in mesh.arcs])
            effect = np.zeros((len(mesh.names) + 1, len(mesh.arcs)))
            index = np.arange(len(mesh.arcs))
            np.add.at(effect, (mesh.left, index), -gain * scale)  # bulges go to the left, the left face shrinks
            np.add.at(effect, (mesh.right, index), gain * scale)
            step = np.linalg.lstsq(effect[:-1], missing, rcond=1e-9)[0] * scale
            moved = [
                arc + normals(arc) * (s * shape)[:, None] if s != 0 else arc
                for arc, shape, s in zip(mesh.arcs, bulge, step, strict=True)
            ]
            mesh = replace(mesh, arcs=tuple(moved))
        return replace(mesh, arcs=tuple(centimetres(arc) for arc in mesh.arcs))


def _face(tree: STRtree, polygons: Sequence[Polygon], arc: Coordinates, side: float) -> int:
    segment = int(np.argmax(np.hypot(*np.diff(arc, axis=0).T)))
    start, end = arc[segment], arc[segment + 1]
    along_it = (end - start) / np.hypot(*(end - start))
    beside = LineString([(start + end) / 2, (start + end) / 2 + side * np.array([-along_it[1], along_it[0]])])
    tip = beside.interpolate(1.0, normalized=True)
    return next((int(i) for i in sorted(tree.query(tip)) if polygons[i].contains(tip)), -1)


def _swept(arc: Coordinates) -> float:
    """Return the signed area between an arc and the origin: its part of the shoelace sum (left face positive)."""
    return 0.5 * float(np.sum(arc[:-1, 0] * arc[1:, 1] - arc[1:, 0] * arc[:-1, 1]))


def _bulge(arc: Coordinates) -> NDArray[np.float64]:
    at = along(arc)
    return np.asarray(np.sin(np.pi * at / at[-1]) ** 2)


def _trapezoid(arc: Coordinates, shape: NDArray[np.float64]) -> float:
    return float(np.trapezoid(shape, along(arc)))
