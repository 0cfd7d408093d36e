"""Power diagrams with given areas: semi-discrete optimal transport by a damped Newton method on the weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from shapely import LineString, Point, Polygon, get_parts
from shapely.geometry.base import BaseGeometry

from tools.demo_city.lines import Coordinates


@dataclass(frozen=True, kw_only=True)
class PowerDiagram:
    """Cells {x : |x − s_i|² − w_i smallest} of a polygon.

    Attributes
    ----------
    seeds : ndarray of shape (n, 2)
        Centres [m].
    weights : ndarray of n
        [m²].
    borders : tuple of LineString
        Borders between cells, cut to the polygon.
    """

    seeds: Coordinates
    weights: NDArray[np.float64]
    borders: tuple[BaseGeometry, ...]

    def cell_at(self, point: Point) -> int:
        """Return the cell a point lies in."""
        return int(np.argmin(((self.seeds - np.array([point.x, point.y])) ** 2).sum(axis=1) - self.weights))


def divide(domain: Polygon, seeds: Coordinates, areas_m2: NDArray[np.float64]) -> PowerDiagram:
    """Return the power diagram of a polygon whose cells have given areas.

    Parameters
    ----------
    domain : Polygon
        What is divided [m].
    seeds : ndarray of shape (n, 2)
        Centres of the cells [m].
    areas_m2 : ndarray of n
        Areas of the cells, scaled to the area of the domain.

    Notes
    -----
    Kitagawa, Mérigot, Thibert: Convergence of a Newton algorithm for semi-discrete optimal transport (2019): the
    derivative of an area by a neighbour's weight is −(length of the shared border)/(2·distance of the seeds); a step
    is halved until no cell becomes smaller than half of the smallest one wanted or present.
    """
    wanted = areas_m2 * (domain.area / areas_m2.sum())
    weights = np.zeros(len(seeds))
    areas, slopes = _areas(domain, seeds, weights)
    floor = 0.5 * min(areas.min(), wanted.min())
    if floor <= 0:
        raise ValueError("a seed has no cell to begin with")
    for _ in range(60):
        if np.abs(areas - wanted).max() < 1e-4:
            break
        step = np.append(np.linalg.solve(slopes[:-1, :-1], (wanted - areas)[:-1]), 0.0)
        damping = 1.0
        while True:
            areas, slopes = _areas(domain, seeds, weights + damping * step)
            if areas.min() >= floor:
                break
            damping /= 2
        weights = weights + damping * step
    return PowerDiagram(seeds=seeds, weights=weights, borders=_borders(domain, seeds, weights))


def _areas(
    domain: Polygon, seeds: Coordinates, weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the areas of all cells and their derivatives by all weights."""
    n = len(seeds)
    areas, slopes = np.zeros(n), np.zeros((n, n))
    for i in range(n):
        ring, beside = _convex_cell(domain, seeds, weights, i)
        if len(ring) < 3:
            continue
        areas[i] = Polygon(ring).intersection(domain).area
        for k, j in enumerate(beside):
            if j >= 0:
                edge = LineString([ring[k], ring[(k + 1) % len(ring)]]).intersection(domain)
                slopes[i, j] = -edge.length / (2 * np.hypot(*(seeds[i] - seeds[j])))
        slopes[i, i] = -slopes[i].sum()
    return areas, slopes


def _convex_cell(
    domain: Polygon, seeds: Coordinates, weights: NDArray[np.float64], i: int
) -> tuple[list[NDArray[np.float64]], list[int]]:
    """Return the ring of cell i before it is cut to the domain, and the cell behind each edge (−1: none)."""
    west, south, east, north = domain.buffer(1000.0).bounds
    ring = [np.array(corner) for corner in ((west, south), (east, south), (east, north), (west, north))]
    beside = [-1, -1, -1, -1]
    for j in range(len(seeds)):
        if j == i or not ring:
            continue
        normal = 2 * (seeds[j] - seeds[i])
        offset = seeds[j] @ seeds[j] - seeds[i] @ seeds[i] - weights[j] + weights[i]
        ring, beside = _cut(ring, beside, normal, offset, j)
    return ring, beside


def _cut(
    ring: list[NDArray[np.float64]], beside: list[int], normal: NDArray[np.float64], offset: float, label: int
) -> tuple[list[NDArray[np.float64]], list[int]]:
    """Return the part of a convex ring where normal · x ≤ offset; the new edge gets the label."""
    height = [float(normal @ point - offset) for point in ring]
    out: list[NDArray[np.float64]] = []
    labels: list[int] = []
    for k, point in enumerate(ring):
        after = (k + 1) % len(ring)
        if height[k] <= 0:
            out.append(point)
            labels.append(beside[k])
        if (height[k] <= 0) != (height[after] <= 0):
            crossing = point + (ring[after] - point) * (height[k] / (height[k] - height[after]))
            out.append(crossing)
            labels.append(label if height[k] <= 0 else beside[k])
    return out, labels


def _borders(domain: Polygon, seeds: Coordinates, weights: NDArray[np.float64]) -> tuple[BaseGeometry, ...]:
    lines: list[BaseGeometry] = []
    for i in range(len(seeds)):
        ring, beside = _convex_cell(domain, seeds, weights, i)
        for k, j in enumerate(beside):
            if j > i:
                lines.append(LineString([ring[k], ring[(k + 1) % len(ring)]]).intersection(domain))
    return tuple(part for line in lines for part in get_parts(line) if part.length > 0)
