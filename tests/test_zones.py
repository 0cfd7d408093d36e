import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Point, Polygon, box

from coverage.errors import GridError
from coverage.grid import Grid
from coverage.radio import native
from coverage.radio.native import zones as compiled
from coverage.zones import overlay, span_sums

CRS = "EPSG:5899"
GRID = Grid(west_m=1000.0, north_m=2000.0, pixel_m=100.0, rows=5, cols=8)
FINE = Grid(west_m=0.0, north_m=3000.0, pixel_m=50.0, rows=60, cols=70)


def squares(*polygons):
    return gpd.GeoSeries(list(polygons), crs=CRS)


def blob(rng, centre, radius):
    """Return a polygon of random radii; every other one has a hole."""
    angle = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(3, 25)))
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1) * radius * rng.uniform(0.4, 1.0, (len(angle), 1))
    outer = Polygon(centre + ring).buffer(0)
    return outer.difference(Point(centre).buffer(radius * 0.25)) if rng.random() < 0.5 else outer


def wards(rng, grid):
    """Return polygons with holes, several parts, shared borders, overlaps, and parts off the grid."""
    west, south, east, north = grid.bounds_m
    seeds = shapely.MultiPoint(np.stack([rng.uniform(west, east, 9), rng.uniform(south, north, 9)], axis=1))
    cells = list(shapely.voronoi_polygons(seeds, extend_to=box(*grid.bounds_m)).geoms)
    holed = [cells[0].difference(blob(rng, np.array(cells[0].centroid.coords[0]), 300)), *cells[1:6]]
    parts = MultiPolygon([cells[6], cells[8]]) if cells[6].disjoint(cells[8]) else cells[7]
    island = box(west - 900, south - 900, west - 300, south - 300)
    over = blob(rng, rng.uniform([west, south], [east, north]), 0.4 * (east - west))
    return squares(*holed, parts, over, island, island.union(box(east - 333.3, north - 222.2, east + 500, north)))


def shares_of(zones):
    """Return the share of every pixel in every polygon as a dense array (n, rows, cols), by spreading one at a time."""
    return np.stack([zones.spread(one) for one in np.eye(zones.count)])


def by_exactextract(geometry, grid, values, weight=None):
    """Return the weighted sums of a raster as exactextract itself makes them."""

    def source(array):
        west, south, east, north = grid.bounds_m
        crs = pyproj.CRS.from_user_input(grid.crs).to_wkt()
        return NumPyRasterSource(array.astype(float), xmin=west, ymin=south, xmax=east, ymax=north, srs_wkt=crs)

    frame = gpd.GeoDataFrame(geometry=geometry)
    if weight is None:
        return exact_extract(source(values), frame, ["sum"], output="pandas")["sum"].fillna(0.0).to_numpy()
    told = exact_extract(source(values), frame, ["weighted_sum"], weights=source(weight), output="pandas")
    return told["weighted_sum"].fillna(0.0).to_numpy()


@pytest.fixture(params=["compiled", "numpy"])
def either(request, monkeypatch):
    """Run a test with the C loop and with its twin."""
    if request.param == "compiled" and native.library() is None:
        pytest.skip("no C compiler and no ziglang here: the NumPy twin serves")
    if request.param == "numpy":
        monkeypatch.setattr(native, "library", lambda: None)


def kinds(rng, shape):
    """Return a raster of each kind that measures are made of."""
    probability = rng.random(shape, dtype=np.float32)
    return {"float32": probability, "bool": probability > 0.6, "uint8": (probability * 255).astype(np.uint8)}


@pytest.mark.usefixtures("either")
@pytest.mark.parametrize("seed", range(12))
def test_sums_are_those_of_exactextract(seed):
    rng = np.random.default_rng(seed)
    shapes = wards(rng, FINE)
    zones = overlay(shapes, FINE)
    for values in kinds(rng, FINE.shape).values():
        np.testing.assert_allclose(zones.sums(values), by_exactextract(shapes, FINE, values), rtol=1e-7, atol=1e-9)
        for weight in kinds(rng, FINE.shape).values():
            expected = by_exactextract(shapes, FINE, values, weight)
            np.testing.assert_allclose(zones.sums(values, weight), expected, rtol=1e-7, atol=1e-9)


@given(st.integers(0, 2**32 - 1), st.floats(7.0, 260.0), st.floats(-500.0, 500.0))
@settings(max_examples=30)
def test_the_area_inside_is_that_of_the_polygon(seed, pixel, shift):
    grid = Grid(west_m=shift, north_m=2000.0 + shift, pixel_m=pixel, rows=40, cols=50)
    shapes = wards(np.random.default_rng(seed), grid)
    inside = shapes.intersection(box(*grid.bounds_m)).area.to_numpy()
    zones = overlay(shapes, grid)
    np.testing.assert_allclose(
        zones.sums(np.ones(grid.shape, bool)) * pixel**2, inside, rtol=1e-6, atol=1e-6 * pixel**2
    )
    assert ((zones.edge_share > 0) & (zones.edge_share < 1)).all()


@given(st.integers(0, 2**32 - 1), st.sampled_from([(0, 60), (3, 4), (17, 60), (9, 9)]), st.sampled_from([0, 1, 35]))
@settings(max_examples=30)
def test_sums_over_windows_part_the_grid(seed, band, col):
    rng = np.random.default_rng(seed)
    zones = overlay(wards(rng, FINE), FINE)
    first, stop = band
    for values in kinds(rng, FINE.shape).values():
        weight = rng.random(FINE.shape, dtype=np.float32)
        parts = sum(
            zones.sums(values[rows, cols], weight, rows=rows, cols=cols)
            for rows in (slice(None, first), slice(first, stop), slice(stop, None))
            for cols in (slice(0, col), slice(col, None))
        )
        np.testing.assert_allclose(parts, zones.sums(values, weight), rtol=1e-12, atol=1e-9)


@pytest.mark.usefixtures("either")
def test_only_the_changed_window_is_needed():
    rng = np.random.default_rng(4)
    zones = overlay(wards(rng, FINE), FINE)
    before = rng.random(FINE.shape, dtype=np.float32)
    window = slice(12, 33), slice(20, 61)
    after = before.copy()
    after[window] = rng.random((21, 41))
    change = zones.sums(after[window], rows=window[0], cols=window[1]) - zones.sums(
        before[window], rows=window[0], cols=window[1]
    )
    assert np.abs(change).max() > 1
    np.testing.assert_allclose(zones.sums(before) + change, zones.sums(after), rtol=1e-12, atol=1e-9)


def test_the_compiled_loop_is_its_twin():
    lib = native.library()
    if lib is None:
        pytest.skip("no C compiler and no ziglang here: the NumPy twin serves")
    rng = np.random.default_rng(5)
    rows, cols = 150, 90
    counts = rng.integers(0, 6, rows)
    pointers = np.concatenate([[0], np.cumsum(counts)])
    first = rng.integers(0, cols + 20, pointers[-1]).astype(np.int32)  # the window is narrower than the grid
    stop = (first + rng.integers(1, 60, len(first))).astype(np.int32)
    for values in kinds(rng, (rows, cols)).values():
        for weight in (None, *kinds(rng, (rows, cols)).values()):
            given = values, weight, pointers, (first, stop), 11
            np.testing.assert_allclose(compiled.span_sums(lib, *given), span_sums(*given), rtol=1e-13, atol=1e-13)


def test_every_instruction_set_gives_the_same_bits():
    command = next(iter(native.compilers()), None)
    fitting = [name for name in native.MARCH if native._processor_flags().issuperset(native.NEEDED[name])]
    if command is None or len(fitting) < 2:
        pytest.skip("one instruction set at most")
    rng = np.random.default_rng(6)
    zones = overlay(wards(rng, FINE), FINE)
    values, weight = (rng.random(FINE.shape, dtype=np.float32) for _ in range(2))
    columns = zones.span_first, zones.span_stop
    libraries = [native.ctypes.CDLL(str(native.compiled(command, name))) for name in fitting]
    one, *others = (compiled.span_sums(lib, values, weight, zones.span_pointers, columns, 0) for lib in libraries)
    for other in others:
        np.testing.assert_array_equal(one, other)


def test_a_file_and_a_view_are_read_where_they_are(tmp_path):
    rng = np.random.default_rng(7)
    zones = overlay(wards(rng, FINE), FINE)
    both = rng.random((*FINE.shape, 2)).astype(np.float32)
    stored = np.memmap(tmp_path / "p", np.float32, "w+", shape=(2, *FINE.shape))
    stored[:] = np.moveaxis(both, 2, 0)
    for part in range(2):
        copied = np.ascontiguousarray(both[:, :, part])
        np.testing.assert_array_equal(zones.sums(stored[part]), zones.sums(copied))
        np.testing.assert_allclose(zones.sums(both[:, :, part]), zones.sums(copied), rtol=1e-13)  # columns apart: twin
        np.testing.assert_allclose(zones.sums(copied.astype(float)), zones.sums(copied), rtol=1e-13)


def test_spreading_is_the_transpose_of_summing():
    rng = np.random.default_rng(8)
    zones = overlay(wards(rng, FINE), FINE)
    values, pixels = rng.random(zones.count), rng.random(FINE.shape, dtype=np.float32)
    assert (zones.spread(values) * pixels).sum() == pytest.approx(zones.sums(pixels) @ values, rel=1e-12)


@pytest.mark.usefixtures("either")
def test_what_is_unknown_makes_only_its_polygons_unknown():
    pixels = np.ones(GRID.shape, dtype=np.float32)
    pixels[1, 2] = np.nan
    sums = overlay(squares(box(1000, 1500, 1400, 2000), box(1400, 1500, 1800, 2000)), GRID).sums(pixels)
    assert np.isnan(sums[0])
    assert sums[1] == 20


@pytest.mark.parametrize("shape", [(5, 7), (40,), (4, 8)])
def test_pixels_of_another_shape_are_refused(shape):
    zones = overlay(squares(box(1000, 1500, 1400, 2000)), GRID)
    with pytest.raises(GridError, match="pixels_shape"):
        zones.sums(np.ones(shape, dtype=bool))
    with pytest.raises(GridError, match="pixels_shape"):
        zones.sums(np.ones(GRID.shape, dtype=bool), np.ones(shape, dtype=bool))


def test_overlay_of_a_hand_made_polygon():
    # 1.5 pixels wide, 1 high, from the corner of pixel (1, 2).
    zones = overlay(squares(box(1200, 1800, 1350, 1900)), GRID)
    expected = np.zeros(GRID.shape)
    expected[1, 2], expected[1, 3] = 1.0, 0.5
    np.testing.assert_allclose(shares_of(zones)[0], expected, atol=1e-6)
    assert (zones.span_first.tolist(), zones.span_stop.tolist()) == ([2], [3])


def test_polygons_that_overlap_each_count_their_pixels():
    zones = overlay(squares(box(1000, 1500, 1400, 2000), box(1200, 1500, 1800, 2000)), GRID)
    assert zones.sums(np.ones(GRID.shape, dtype=bool)).tolist() == [20, 30]


@given(st.integers(0, 10_000))
@settings(max_examples=40)
def test_neighbours_share_every_pixel_without_loss(seed):
    cut = np.random.default_rng(seed).uniform(1100, 1700, 2)
    west = Polygon([(1000, 1500), (cut[0], 1500), (cut[1], 2000), (1000, 2000)])
    east = Polygon([(cut[0], 1500), (1800, 1500), (1800, 2000), (cut[1], 2000)])
    share = shares_of(overlay(squares(west, east), GRID))
    np.testing.assert_allclose(share.sum(axis=0), 1.0, atol=1e-6)
    np.testing.assert_allclose(share.sum(axis=(1, 2)) * 100**2, [west.area, east.area], rtol=1e-6)


def test_overlay_refuses_another_crs():
    with pytest.raises(GridError, match="crs_mismatch"):
        overlay(gpd.GeoSeries([Point(0, 0).buffer(1)], crs="EPSG:4326"), GRID)


def test_a_polygon_off_the_grid_has_no_pixels():
    zones = overlay(squares(box(0, 0, 10, 10), box(1000, 1500, 1800, 2000), box(0, 0, 10, 10)), GRID)
    assert zones.sums(np.ones(GRID.shape, dtype=bool)).tolist() == [0.0, 40.0, 0.0]
    alone = overlay(squares(box(0, 0, 10, 10)), GRID)
    assert alone.sums(np.ones(GRID.shape, dtype=np.float32)).tolist() == [0.0]
    assert not alone.spread(np.ones(1)).any()
