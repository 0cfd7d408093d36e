"""Polygons of wards: repaired, measured and compared with their neighbours."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import example, given
from hypothesis import strategies as st

from coverage.polygons import area_km2, gaps, is_polygonal, overlaps, repair

ORIGIN = np.array([530_000, 1_770_000])


def metres(*shapes: shapely.Geometry, names: str = "abcdefghi") -> gpd.GeoSeries:
    return gpd.GeoSeries(list(shapes), index=list(names[: len(shapes)]), crs="EPSG:5899")


def box(west: float, south: float, width: float = 1000, height: float = 1000) -> shapely.Polygon:
    return shapely.box(530_000 + west, 1_770_000 + south, 530_000 + west + width, 1_770_000 + south + height)


def test_area_is_that_of_the_ellipsoid() -> None:
    # One degree by one degree at 16–17° N on WGS 84: a²(1−e²)/2·Δλ·[q(φ)] by Snyder (1987), eq. 3-12.
    a, f = 6_378_137.0, 1 / 298.257223563
    e = np.sqrt(f * (2 - f))

    def q(degrees: float) -> float:
        s = np.sin(np.radians(degrees))
        return float((1 - e**2) * (s / (1 - e**2 * s**2) - np.log((1 - e * s) / (1 + e * s)) / (2 * e)))

    wanted = a**2 / 2 * np.radians(1) * (q(17) - q(16)) / 1e6
    square = gpd.GeoSeries([shapely.box(108, 16, 109, 17)], crs="EPSG:4326")
    assert area_km2(square)[0] == pytest.approx(wanted, rel=1e-9)


def test_a_bow_tie_becomes_two_triangles() -> None:
    tie = shapely.Polygon([(0, 0), (1000, 1000), (1000, 0), (0, 1000)])
    tie = shapely.transform(tie, lambda xy: xy + ORIGIN)
    fixed, changed = repair(metres(box(-2000, 0), tie))
    assert fixed.is_valid.all()
    assert changed.index.tolist() == ["b"]
    assert changed.loc["b", "before_km2"] == pytest.approx(0, abs=1e-6)
    assert changed.loc["b", "after_km2"] == pytest.approx(0.5, rel=1e-3)
    assert changed.loc["b", "place"] == "530500 1770500"
    assert fixed["a"].equals(box(-2000, 0))


def test_a_spike_goes_and_a_line_leaves_nothing() -> None:
    spike = shapely.Polygon([(0, 0), (1000, 0), (1000, 500), (1500, 500), (1000, 500), (1000, 1000), (0, 1000)])
    line = shapely.Polygon([(0, 0), (1000, 0), (0, 0)])
    there = [shapely.transform(shape, lambda xy: xy + ORIGIN) for shape in (spike, line)]
    fixed, changed = repair(metres(*there))
    assert fixed["a"].area == pytest.approx(1e6)
    assert fixed["a"].geom_type == "Polygon"
    assert changed["after_km2"].round(3).tolist() == pytest.approx([1.0, 0.0], abs=2e-3)
    assert is_polygonal(fixed).tolist() == [True, False]


def test_valid_polygons_stay_as_they_are_but_for_heights() -> None:
    flat = box(0, 0)
    high = shapely.force_3d(flat, 12.0)
    fixed, changed = repair(metres(high))
    assert changed.empty
    assert not fixed.has_z.any()
    assert fixed["a"].equals(flat)


def test_only_polygons_with_ground_count() -> None:
    shapes = [box(0, 0), None, shapely.Point(1, 1), shapely.Polygon(), shapely.MultiPolygon([box(0, 0)])]
    assert is_polygonal(metres(*shapes)).tolist() == [True, False, False, False, True]


def test_overlaps_are_found_and_measured() -> None:
    pairs = overlaps(metres(box(0, 0), box(900, 0), box(2000, 0), box(1899.5, 0, 50, 50)))
    assert list(pairs.itertuples(index=False, name=None)) == [
        ("a", "b", pytest.approx(0.1)),
        # 0.5 m × 50 m between b and d is a sliver
    ]
    assert len(overlaps(metres(box(0, 0), box(900, 0)), tolerance_km2=0.2)) == 0


def test_touching_neighbours_do_not_overlap() -> None:
    assert overlaps(metres(box(0, 0), box(1000, 0), box(0, 1000))).empty


def test_a_hole_between_wards_is_a_gap_and_a_bay_is_not() -> None:
    ring = [box(x, y) for x in (0, 1000, 2000) for y in (0, 1000, 2000) if (x, y) != (1000, 1000)]
    holes = gaps(metres(*ring))
    assert holes["km2"].tolist() == pytest.approx([1.0])
    assert set(holes["neighbours"][0]) == set("abcdefgh")
    assert gaps(metres(*[shape for shape in ring if not shape.equals(box(2000, 1000))])).empty
    assert gaps(metres(*ring), tolerance_km2=1.5).empty


def test_an_enclave_that_is_filled_is_no_gap() -> None:
    outer = box(0, 0, 3000, 3000).difference(box(1000, 1000))
    assert gaps(metres(outer, box(1000, 1000))).empty
    assert gaps(metres(outer))["km2"].tolist() == pytest.approx([1.0])


@example([(3, 1), (4, 0), (4, 2), (5, 1)])  # they touch at corners and surround a square
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=40, unique=True))
def test_squares_of_a_lattice_never_overlap_and_their_gaps_are_its_holes(cells: list[tuple[int, int]]) -> None:
    shapes = gpd.GeoSeries([box(1000 * x, 1000 * y) for x, y in cells], crs="EPSG:5899")
    assert overlaps(shapes).empty
    filled = set(cells)
    outside, queue = set(), [(-1, -1)]
    while queue:
        x, y = queue.pop()
        if (x, y) in outside or (x, y) in filled or not (-1 <= x <= 10 and -1 <= y <= 10):
            continue
        outside.add((x, y))
        queue += [(x + dx, y + dy) for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1))]
    assert gaps(shapes)["km2"].sum() == pytest.approx(144 - len(outside) - len(filled))
