"""Slivers between neighbours go to one of them; what is wider stays for people to settle."""

from __future__ import annotations

import doctest

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage import mending
from coverage.mending import mend


def metres(*shapes: shapely.Geometry) -> gpd.GeoSeries:
    return gpd.GeoSeries(list(shapes), index=list("abcdefghijklmnopqrstuvwxyz"[: len(shapes)]), crs="EPSG:5899")


def jittered(seed: int, metres_off: float) -> gpd.GeoSeries:
    """Return a 4 × 4 board of 1 km squares, every corner of every square moved on its own."""
    rng = np.random.default_rng(seed)
    shapes = []
    for row in range(4):
        for col in range(4):
            points = 1000.0 * np.array([(col, row), (col + 1, row), (col + 1, row + 1), (col, row + 1)])
            shapes.append(shapely.Polygon(points + rng.uniform(-metres_off, metres_off, (4, 2))))
    return metres(*shapes)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.1, 12.0))
def test_neighbours_share_their_borders_afterwards(seed: int, metres_off: float) -> None:
    before = jittered(seed, metres_off)
    after, moved = mend(before)
    assert after.index.equals(before.index)
    assert after.is_valid.all()
    assert shapely.coverage_is_valid(after.to_numpy())
    covered = shapely.union_all(before.to_numpy())
    holes = sum(shapely.Polygon(ring).area for part in shapely.get_parts(covered) for ring in part.interiors)
    # What was covered is covered still, each patch once; enclosed gaps are filled. A centimetre is the lattice.
    assert after.area.sum() == pytest.approx(covered.area + holes, abs=0.02 * before.length.sum())
    assert (after.area - before.area).abs().max() < 4 * 1000 * 2 * metres_off
    assert moved.attrs["slivers"] > 0
    kept = moved["before_km2"] - moved["given_km2"]
    assert (moved["after_km2"] > kept - 1e-3).all()
    assert (moved["after_km2"] < kept + moved["taken_km2"] + 1e-3).all()


def test_a_strip_goes_to_the_claimant_with_the_longer_border() -> None:
    left, right = shapely.box(0, 0, 1000, 1000), shapely.box(980, 0, 2000, 1000)
    after, moved = mend(metres(left, right))
    assert shapely.coverage_is_valid(after.to_numpy())
    assert after.area.sum() == pytest.approx(2_000_000)
    assert moved.attrs == {"slivers": 1, "overlap_km2": pytest.approx(0.02), "gap_km2": 0.0}
    assert moved["given_km2"].sum() == pytest.approx(0.02)


def test_an_enclosed_gap_is_filled_and_a_bay_is_not() -> None:
    ring = shapely.box(0, 0, 3000, 3000).difference(shapely.box(1000, 1000, 1030, 2000))
    after, moved = mend(metres(ring, shapely.box(3000, 0, 4000, 3000.0)))
    assert after["a"].area == pytest.approx(ring.area)  # alone with a hole nobody else touches: a coverage already
    assert moved.empty
    around = metres(
        shapely.box(0, 0, 1000, 3000),
        shapely.box(1030, 1000, 2000, 2000),
        shapely.box(1000, 0, 2000, 1000),
        shapely.box(1000, 2000, 2000, 3000),
    )
    after, moved = mend(around)
    assert moved.attrs == {"slivers": 1, "overlap_km2": 0.0, "gap_km2": pytest.approx(0.03)}
    assert after.area.sum() == pytest.approx(6_000_000)
    bay = metres(shapely.box(0, 0, 1000, 1000), shapely.box(1020, 0, 2000, 1000))
    unchanged, moved = mend(bay)
    assert unchanged.equals(bay)
    assert moved.empty


def test_a_dispute_wider_than_a_sliver_stays() -> None:
    disputed = metres(shapely.box(0, 0, 1000, 1000), shapely.box(800, 0, 2000, 1000))
    after, moved = mend(disputed)
    assert after.equals(disputed)
    assert moved.attrs["slivers"] == 0
    assert mend(disputed, sliver_m=500.0)[0].area.sum() == pytest.approx(2_000_000)


def test_a_coverage_is_left_as_it_is() -> None:
    board = metres(*(shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000, 2000)))
    after, moved = mend(board)
    assert after is board
    assert moved.empty
    assert mend(board.iloc[:1])[0] is not None


def test_the_order_of_the_polygons_decides_nothing_about_the_ground() -> None:
    before = jittered(7, 8.0)
    forward, _ = mend(before)
    backward, _ = mend(before[::-1])
    assert shapely.union_all(forward.to_numpy()).area == pytest.approx(shapely.union_all(backward.to_numpy()).area)


def test_its_examples() -> None:
    assert doctest.testmod(mending).failed == 0
