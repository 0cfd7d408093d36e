import io
import json
import math
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pyproj import Transformer

from coverage import drawing
from coverage.grid import Grid, Surface
from tests import builders as make

GRID = Grid.covering((make.EAST, make.NORTH, make.EAST + 20_000, make.NORTH + 15_000), 50.0)
TO_DEGREES = Transformer.from_crs(GRID.crs, "EPSG:4326", always_xy=True)


def pixels(image):
    """Return a map image as (rows, cols, RGBA) and a function from its pixels to longitude and latitude."""
    picture = np.asarray(Image.open(io.BytesIO(image.png)).convert("RGBA"))
    (south, west), (north, east) = image.bounds
    to_mercator = Transformer.from_crs("EPSG:4326", "EPSG:3857", always_xy=True)
    left, bottom = to_mercator.transform(west, south)
    right, top = to_mercator.transform(east, north)

    def place(row, col):
        x = left + (right - left) * (col + 0.5) / picture.shape[1]
        y = top - (top - bottom) * (row + 0.5) / picture.shape[0]
        return to_mercator.transform(x, y, direction="INVERSE")

    return picture, place


def colour(text):
    return tuple(int(text[n : n + 2], 16) for n in (1, 3, 5))


@settings(max_examples=15)
@given(st.integers(0, GRID.rows - 81), st.integers(0, GRID.cols - 121))
def test_a_covered_block_lies_on_the_map_where_it_lies_on_the_ground(row, col):
    probability = np.zeros(GRID.shape, dtype=np.float32)
    probability[row : row + 81, col : col + 121] = 0.95
    picture, place = pixels(drawing.coverage_image(probability, GRID, 0.9))
    rows, cols = np.nonzero(picture[..., 3])
    lon, lat = place(rows.mean(), cols.mean())
    # The nearest pixel of a grid of the same pitch is at most half a pixel off, 25 m; a warp with a mistake is more.
    expected = TO_DEGREES.transform(GRID.eastings[col + 60], GRID.northings[row + 40])
    assert lon == pytest.approx(expected[0], abs=27 / 107_000)
    assert lat == pytest.approx(expected[1], abs=27 / 110_600)


def test_coverage_has_three_steps_and_nothing_below():
    probability = np.zeros(GRID.shape, dtype=np.float32)
    for column, value in enumerate((0.05, 0.3, 0.7, 0.9)):
        probability[:, 100 * column : 100 * (column + 1)] = value
    picture, _ = pixels(drawing.coverage_image(probability, GRID, 0.9))
    middle = picture[picture.shape[0] // 2]
    seen = [tuple(middle[round(len(middle) * share)]) for share in (0.125, 0.375, 0.625, 0.875)]
    assert seen[0][3] == 0
    assert [rgba[:3] for rgba in seen[1:]] == [colour(c) for c in (drawing.WEAK, drawing.LIKELY, drawing.COVERED)]


@given(st.floats(0.01, 1.0))
def test_steps_rise_and_end_at_the_rule(edge):
    low, middle, high = drawing.coverage_steps(edge)
    assert 0 < low < middle < high == edge


def test_gain_is_what_is_covered_only_afterwards():
    before, after = np.zeros(GRID.shape, np.float32), np.zeros(GRID.shape, np.float32)
    before[:100], after[:200] = 0.9, 0.9
    picture, place = pixels(drawing.gain_image(before, after, GRID, 0.9))
    rows, cols = np.nonzero(picture[..., 3])
    _, north = place(rows.min(), cols[rows.argmin()])
    _, south = place(rows.max(), cols[rows.argmax()])
    limits = [TO_DEGREES.transform(GRID.eastings[200], GRID.north_m - 50.0 * line)[1] for line in (100, 200)]
    assert [north, south] == pytest.approx(limits, abs=80 / 110_600)


def test_relief_is_lit_from_the_north_west_and_the_sea_is_flat():
    x, y = np.meshgrid(np.arange(400.0), np.arange(300.0))
    cone = np.maximum(0.0, 1500.0 - 12.0 * np.hypot(x - 200, y - 150))
    terrain = make.raster(np.where(x > 380, 0.0, cone + 1.0), 50.0, north_km=15.0)
    picture, _ = pixels(drawing.relief_image(Surface(terrain=terrain), GRID))
    opaque = picture[..., 3] > 0
    rows, cols = np.nonzero(opaque)
    top, left, height, width = rows.min(), cols.min(), np.ptp(rows), np.ptp(cols)
    at = lambda across, down: picture[round(top + down * height), round(left + across * width), :3].astype(int)  # noqa: E731
    assert at(0.42, 0.38).sum() > at(0.58, 0.62).sum() + 60
    assert tuple(at(0.98, 0.5)) == colour(drawing.SEA)
    assert drawing.relief_image(Surface(), GRID) is None


def test_neighbours_keep_one_border_after_simplification():
    rng = np.random.default_rng(1)
    steps = np.linspace(0, 8000, 20_001)
    line = np.column_stack([4000 + np.cumsum(rng.normal(0, 2, steps.size)), steps])
    west = shapely.Polygon([(0, 0), *map(tuple, line), (0, 8000)])
    east = shapely.Polygon([(8000, 0), *map(tuple, line), (8000, 8000)])
    wards = gpd.GeoDataFrame(
        {"name": ["a", "b"], "district": [None, "d"]},
        geometry=[shapely.affinity.translate(each, make.EAST, make.NORTH) for each in (west, east)],
        index=["1", "2"], crs=make.CRS,
    )  # fmt: skip
    shapes = drawing.ward_shapes(wards)
    polygons = [shapely.geometry.shape(feature["geometry"]) for feature in shapes["features"]]
    assert sum(map(shapely.get_num_coordinates, polygons)) <= drawing.MAX_VERTICES
    degrees = gpd.GeoSeries(polygons, crs="EPSG:4326").to_crs(make.CRS)
    assert degrees.iloc[0].intersection(degrees.iloc[1]).area == pytest.approx(0, abs=50)  # m², rounding to 1 m
    assert degrees.area.sum() == pytest.approx(64e6, rel=1e-4)
    assert [feature["properties"] for feature in shapes["features"]] == [
        {"ward_id": "1", "name": "a", "district": ""}, {"ward_id": "2", "name": "b", "district": "d"}
    ]  # fmt: skip


def test_one_point_per_site_and_operator():
    cells = make.cells(
        *(make.cell(cell_id=f"a{n}") for n in range(3)),
        make.cell(cell_id="b", operator="VNPT", technology="LTE"),
        make.cell(x_km=1, cell_id="c", site_id="s2", technology="LTE"),
    ).frame
    points = drawing.site_points(cells, "NR", {("s2", "Viettel")})
    assert [feature["properties"] for feature in points["features"]] == [
        {"site_id": "s1", "operator": "VNPT", "cells": 0, "added": False},
        {"site_id": "s1", "operator": "Viettel", "cells": 3, "added": False},
        {"site_id": "s2", "operator": "Viettel", "cells": 0, "added": True},
    ]
    lon, lat = TO_DEGREES.transform(make.EAST + 1000, make.NORTH)
    assert points["features"][2]["geometry"]["coordinates"] == pytest.approx((lon, lat), abs=1e-5)
    assert drawing.site_points(make.cells().frame, "NR")["features"] == []


def luminance(text):
    """Return the relative luminance of a colour (WCAG 2.2)."""
    channels = [c / 255 for c in colour(text)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_classes_keep_their_order_without_colour_vision():
    steps = [luminance(each) for each in drawing.RAMP]
    assert all(lighter / darker > 1.15 for lighter, darker in pairwise(steps))
    coverage = [luminance(each) for each in (drawing.WEAK, drawing.LIKELY, drawing.COVERED)]
    assert coverage == sorted(coverage, reverse=True)


def test_unknown_is_not_the_colour_of_any_share():
    assert drawing.ward_colour(None, "area_share") == drawing.ward_colour(math.nan, "area_share") == drawing.UNKNOWN
    for measure, breaks in drawing.BREAKS.items():
        shown = [drawing.ward_colour(value, measure) for value in (*breaks, 1.0)]
        assert shown == [*drawing.RAMP, drawing.RAMP[-1]]
        assert drawing.UNKNOWN not in shown


@given(st.lists(st.sampled_from("ABCDEFG"), min_size=1))
def test_an_operator_keeps_its_colour(names):
    assert drawing.operator_colours(names) == drawing.operator_colours(sorted(set(names), reverse=True))


def test_json_without_nan():
    assert json.loads(drawing.compact({"a": [1, 2.5], "b": "ộ"})) == {"a": [1, 2.5], "b": "ộ"}
    with pytest.raises(ValueError, match="not JSON compliant"):
        drawing.compact({"a": math.nan})
