"""Ward polygons made one coverage: slivers between neighbours go to one of them, so that borders are shared."""

from __future__ import annotations

from collections.abc import Iterable

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

# The coarsest public ward file in use is simplified by 50 m: two of its borders may lie so far apart and mean one.
SLIVER_M = 50.0
STEP_M = 0.01  # borders are noded on a lattice of one centimetre, finer than any survey of them


def mend(geometry: gpd.GeoSeries, sliver_m: float = SLIVER_M) -> tuple[gpd.GeoSeries, pd.DataFrame]:
    """Return polygons whose neighbours share their borders, and what was moved between them.

    All borders are cut where they meet; every patch that two polygons claim or none does is then a face of its own. A
    patch narrower than `sliver_m` (twice its area over its perimeter) goes to the neighbour with which it shares the
    longest border. Wider ones stay as they are: two sources that disagree are for people to settle.

    Parameters
    ----------
    geometry : GeoSeries of n valid polygons
        CRS in metres.
    sliver_m : float
        Greatest mean width of what is moved [m], > 0.

    Returns
    -------
    (GeoSeries, DataFrame)
        The same index, unchanged where it was a coverage already. The table has one row per polygon that changed by
        more than 1 m²: ``before_km2``, ``after_km2``, ``given_km2`` (overlap left to others), ``taken_km2`` (gaps and
        overlaps kept); ``attrs``: ``slivers`` (count), ``overlap_km2`` and ``gap_km2`` (in slivers, before).

    Examples
    --------
    >>> two = gpd.GeoSeries([shapely.box(0, 0, 100, 100), shapely.box(99, 0, 200, 100)], crs="EPSG:5899")
    >>> mended, moved = mend(two)
    >>> bool(shapely.coverage_is_valid(mended.to_numpy())), int(moved.attrs["slivers"])
    (True, 1)
    """
    shapes = geometry.to_numpy()
    nothing = pd.DataFrame(columns=["before_km2", "after_km2", "given_km2", "taken_km2"], dtype=float)
    nothing.attrs |= {"slivers": 0, "overlap_km2": 0.0, "gap_km2": 0.0}
    if len(shapes) < 2 or bool(shapely.coverage_is_valid(shapes)):
        return geometry, nothing
    faces = _faces(shapes)
    owners = _owners(faces, shapes)
    count = np.array([len(own) for own in owners])
    width = 2 * shapely.area(faces) / shapely.length(faces)
    slivers = (count != 1) & (width < sliver_m)
    if not slivers.any():
        return geometry, nothing
    settled = _settled(faces, owners, slivers)
    members: dict[int, list[int]] = {}
    for face, own in enumerate(settled):
        for polygon in own:
            members.setdefault(polygon, []).append(face)
    mended = [
        shapely.coverage_union_all(faces[members[i]]) if i in members else shape for i, shape in enumerate(shapes)
    ]
    after = gpd.GeoSeries(mended, index=geometry.index, crs=geometry.crs)
    moved = _moved(geometry, after, faces, owners, settled)
    area = shapely.area(faces) / 1e6
    moved.attrs |= {
        "slivers": int(slivers.sum()),
        "overlap_km2": float(area[slivers & (count > 1)].sum()),
        "gap_km2": float(area[slivers & (count == 0)].sum()),
    }
    return after, moved


def _faces(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the patches into which all borders together cut the ground."""
    lines = shapely.union_all(shapely.boundary(shapes), grid_size=STEP_M)
    return np.asarray(shapely.get_parts(shapely.polygonize([lines])), dtype=object)


def _owners(faces: NDArray[np.object_], shapes: NDArray[np.object_]) -> list[list[int]]:
    """Return the polygons that claim each patch."""
    points = shapely.point_on_surface(faces)
    face, polygon = shapely.STRtree(shapes).query(points, predicate="intersects")
    owners: list[list[int]] = [[] for _ in faces]
    for patch, shape in zip(face, polygon, strict=True):
        owners[patch].append(int(shape))
    return [sorted(own) for own in owners]


def _settled(faces: NDArray[np.object_], owners: list[list[int]], slivers: NDArray[np.bool_]) -> list[list[int]]:
    """Return the owners after every sliver went to one neighbour; slivers beside slivers wait for those."""
    settled = [[] if sliver else list(own) for own, sliver in zip(owners, slivers, strict=True)]
    left, right = shapely.STRtree(faces).query(faces, predicate="intersects")
    beside: dict[int, list[tuple[int, float]]] = {int(face): [] for face in np.flatnonzero(slivers)}
    border = (slivers[left]) & (left != right)
    shared = shapely.length(
        shapely.intersection(shapely.boundary(faces[left[border]]), shapely.boundary(faces[right[border]]))
    )
    for face, other, length in zip(left[border], right[border], shared, strict=True):
        if length > 0:
            beside[int(face)].append((int(other), float(length)))
    waiting = sorted(beside, key=lambda face: -float(shapely.area(faces[face])))
    while waiting:
        later = [face for face in waiting if not _settle(face, owners[face], beside[face], settled)]
        if len(later) == len(waiting):
            for face in later:  # surrounded by slivers that nobody claims: it stays a gap, or with its first owner
                settled[face] = owners[face][:1]
            break
        waiting = later
    return settled


def _settle(face: int, claims: list[int], beside: Iterable[tuple[int, float]], settled: list[list[int]]) -> bool:
    """Give a sliver to the neighbour with the longest common border, among those that claim it if any does."""
    lengths: dict[int, float] = {}
    for other, length in beside:
        for polygon in settled[other]:
            lengths[polygon] = lengths.get(polygon, 0.0) + length
    allowed = {polygon: length for polygon, length in lengths.items() if not claims or polygon in claims}
    if not allowed:
        return False
    settled[face] = [min(allowed, key=lambda polygon: (-allowed[polygon], polygon))]
    return True


def _moved(
    before: gpd.GeoSeries,
    after: gpd.GeoSeries,
    faces: NDArray[np.object_],
    owners: list[list[int]],
    settled: list[list[int]],
) -> pd.DataFrame:
    given, taken = np.zeros(len(before)), np.zeros(len(before))
    for area, was, now in zip(shapely.area(faces) / 1e6, owners, settled, strict=True):
        if was != now:
            for polygon in set(was) - set(now):
                given[polygon] += area
            for polygon in now:
                taken[polygon] += area
    table = pd.DataFrame(
        {
            "before_km2": before.area.to_numpy() / 1e6,
            "after_km2": after.area.to_numpy() / 1e6,
            "given_km2": given,
            "taken_km2": taken,
        },
        index=before.index,
    )
    return table[(table["given_km2"] + table["taken_km2"]) > 1e-6]
