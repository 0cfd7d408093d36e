import itertools
import math
from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from coverage.errors import GridError, RangeError
from coverage.radio import composition, native
from coverage.radio.antenna import sector_gain_db
from coverage.radio.composition import OUTSIDE, UNKNOWN, Beam, View, pack_db, unpack_db
from coverage.radio.interference import CoChannel

LIMIT = {"threshold_dbm": -105.0, "sigma_db": 6.0}
NEED = {"noise_mw": 6e-13, "interference_factor": 0.5, "downlink_db": 3.0, "uplink_dbm": -110.0}


@pytest.fixture(scope="module", params=[*native.MARCH, "numpy"])
def library(request):
    """Yield the loops of each instruction set, and None: the NumPy twin."""
    if request.param == "numpy":
        return None
    fitting = [name for name in native.MARCH if native._processor_flags().issuperset(native.NEEDED[name])]
    if request.param not in fitting:
        pytest.skip(f"this processor has no {request.param}")
    path = next(filter(None, (native.compiled(command, request.param) for command in native.compilers())), None)
    if path is None:
        pytest.skip("no C compiler and no ziglang here: the NumPy twin serves")
    return native.ctypes.CDLL(str(path))


def by(library):
    return patch.object(native, "library", return_value=library)


def smooth_table(rng):
    """Return a table without steps, as patterns are: at most 1.5 dB from degree to degree."""
    down, turn = np.radians(np.arange(-90, 91))[:, None], np.radians(np.arange(361))[None, :]
    a, b, c = rng.integers(1, 9, 3)
    return (-15 + 5 * np.cos(a * turn) * np.cos(b * down) + 3 * np.sin(c * down)).astype(np.float32)


def random_beam(rng):
    return Beam(
        reference_dbm=rng.uniform(0, 40),
        azimuth_deg=rng.choice([math.nan, 0.0, 360.0, -75.0, rng.uniform(0, 360)]),
        tilt_deg=rng.uniform(-5, 15),
        beamwidth_az_deg=rng.uniform(10, 360),
        beamwidth_el_deg=rng.uniform(5, 180),
        table_db=smooth_table(rng) if rng.random() < 0.4 else None,
    )


def random_view(rng, rows, cols):
    """Return a window with a mast inside or beside it, on a pixel's centre or not, on rough or holed ground."""
    row, col = rng.uniform(-30, rows + 30), rng.uniform(-30, cols + 30)
    if rng.random() < 0.5:
        row, col = round(row), round(col)
    ground = rng.uniform(-5, rng.choice([0.0, 50.0, 1500.0]), (rows, cols)).astype(np.float32)
    loss = pack_db(rng.uniform(60, 160, (rows, cols)))
    loss[rng.random((rows, cols)) < rng.choice([0.0, 0.3, 0.95])] = OUTSIDE
    loss[rng.random((rows, cols)) < rng.choice([0.0, 0.1])] = UNKNOWN
    ground[rng.random((rows, cols)) < rng.choice([0.0, 0.05])] = np.nan
    return View(
        row=row, col=col, pixel_m=rng.choice([1.0, 10.0, 30.0, 47.3]), antenna_m=rng.uniform(10, 1600),
        ground_m=ground, loss=loss, row0=int(rng.integers(-9, 9)), col0=int(rng.integers(-9, 9)),
    )  # fmt: skip


def fresh(shape):
    return {
        "probability": np.zeros(shape, np.float32),
        "rsrp_dbm": np.full(shape, np.nan, np.float32),
        "server": np.full(shape, -1, np.int32),
        "unknown": np.zeros(shape, bool),
        "heard": np.zeros(shape, np.uint16),
    }


def fresh_powers(shape):
    rasters = fresh(shape)
    return {"best_mw": np.zeros(shape, np.float32), "others_mw": np.zeros(shape, np.float32)} | {
        name: rasters[name] for name in ("server", "unknown")
    }


def flat(loss_db, **changes):
    """Return a row of pixels 100 m apart, level with the antenna, east of a mast on the first of them."""
    loss = pack_db(np.atleast_2d(loss_db))
    fields = {"row": 0.0, "col": 0.0, "pixel_m": 100.0, "antenna_m": 0.0}
    return View(ground_m=np.zeros(loss.shape, np.float32), loss=loss, **(fields | changes))


def omni(reference_dbm, table_db=None):
    return Beam(
        reference_dbm=reference_dbm, azimuth_deg=math.nan, tilt_deg=0.0, beamwidth_az_deg=65.0,
        beamwidth_el_deg=10.0, table_db=table_db,
    )  # fmt: skip


def same(one, other):
    return all(np.array_equal(one[name], other[name], equal_nan=one[name].dtype.kind == "f") for name in one)


def own_level(view, beam):
    """Return the level of a beam alone by the NumPy twin."""
    rasters = fresh(view.loss.shape)
    with by(None):
        composition.add_levels(view, [(0, beam)], **LIMIT, **rasters)
    return rasters["rsrp_dbm"]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), rows=st.integers(1, 40), cols=st.integers(1, 200))
def test_levels_equal_the_numpy_twin(library, seed, rows, cols):
    rng = np.random.default_rng(seed)
    views = [random_view(rng, rows, cols) for _ in range(2)]
    numbers = rng.permutation(6)
    cells = [(view, int(cell), random_beam(rng)) for view, cell in zip(views * 3, numbers, strict=True)]
    found, expected = fresh((rows, cols)), fresh((rows, cols))
    for engine, rasters in ((library, found), (None, expected)):
        for view in views:
            with by(engine):
                beams = [(cell, beam) for own, cell, beam in cells if own is view]
                composition.add_levels(view, beams, **LIMIT, **rasters)
    np.testing.assert_allclose(found["rsrp_dbm"], expected["rsrp_dbm"], atol=1e-3, rtol=0)
    np.testing.assert_allclose(found["probability"], expected["probability"], atol=1e-5, rtol=0)
    assert np.array_equal(found["unknown"], expected["unknown"])
    levels = {cell: own_level(view, beam) for view, cell, beam in cells}
    for at in np.argwhere(found["server"] != expected["server"]):
        one, other = (levels[int(rasters["server"][tuple(at)])][tuple(at)] for rasters in (found, expected))
        assert abs(one - other) < 1e-3, "another server only where levels tie"
    near = np.any([np.abs(level + 105.0) < 1e-3 for level in levels.values()], axis=0)
    assert np.array_equal(found["heard"][~near], expected["heard"][~near])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), rows=st.integers(1, 40), cols=st.integers(1, 200))
def test_powers_and_throughput_equal_the_numpy_twin(library, seed, rows, cols):
    rng = np.random.default_rng(seed)
    view, beams = random_view(rng, rows, cols), [(cell, random_beam(rng)) for cell in (4, 2, 9)]
    found, expected = fresh_powers((rows, cols)), fresh_powers((rows, cols))
    for engine, rasters in ((library, found), (None, expected)):
        with by(engine):
            composition.add_powers(view, beams, **rasters)
    for name in ("best_mw", "others_mw"):
        np.testing.assert_allclose(found[name], expected[name], rtol=2.4e-4, err_msg="a thousandth of a decibel")
    assert np.array_equal(found["unknown"], expected["unknown"])
    levels = {cell: own_level(view, beam) for cell, beam in beams}
    for at in map(tuple, np.argwhere(found["server"] != expected["server"])):
        assert abs(levels[found["server"][at]][at] - levels[expected["server"][at]][at]) < 1e-3

    total = expected["best_mw"] * rng.uniform(1, 30, (rows, cols)).astype(np.float32)
    carried = [np.zeros((rows, cols), np.float32) for _ in range(2)]
    for engine, probability in zip((library, None), carried, strict=True):
        with by(engine):
            needs = [composition.Demand(**NEED | {"downlink_db": 3.0 + cell}) for cell, _ in beams]
            composition.add_throughput(view, beams, needs, sigma_db=6.0, total_mw=total, probability=probability)
    # The strongest cell is a part of the total again: what float32 leaves of it is noise, below its own power by 60 dB.
    np.testing.assert_allclose(*carried, atol=1e-4, rtol=0)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), rows=st.integers(1, 40), cols=st.integers(1, 200))
def test_bits_do_not_depend_on_how_the_window_is_cut(library, seed, rows, cols):
    rng = np.random.default_rng(seed)
    view, beams = random_view(rng, rows, cols), [(cell, random_beam(rng)) for cell in (4, 2, 9)]
    wide = fresh((rows, cols + 7))  # rows lie apart
    parts, whole = {name: raster[:, 3:-4] for name, raster in wide.items()}, fresh((rows, cols))
    row_cuts, col_cuts = (sorted({0, size, *rng.integers(0, size + 1, 3).tolist()}) for size in (rows, cols))
    with by(library):
        composition.add_levels(view, beams, **LIMIT, **whole)
        for row, row_end in itertools.pairwise(row_cuts):
            for col, col_end in itertools.pairwise(col_cuts):
                at = slice(row, row_end), slice(col, col_end)
                rasters = {name: raster[at] for name, raster in parts.items()}
                composition.add_levels(view.part(*at), beams, **LIMIT, **rasters)
    assert same(parts, whole)
    outside = {name: np.delete(raster, np.s_[3:-4], axis=1) for name, raster in wide.items()}
    assert same(outside, fresh((rows, 7))), "nothing is written beside the window"


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_neither_order_nor_company_changes_a_pixel(library, seed):
    rng = np.random.default_rng(seed)
    views = [random_view(rng, 9, 70) for _ in range(3)]
    cells = [(views[i % 3], i, random_beam(rng)) for i in range(6)]
    together, apart = fresh((9, 70)), fresh((9, 70))
    with by(library):
        for view in views:
            beams = [(i, beam) for own, i, beam in cells if own is view]
            composition.add_levels(view, beams, **LIMIT, **together)
        for k in rng.permutation(6):
            view, i, beam = cells[k]
            composition.add_levels(view, [(i, beam)], **LIMIT, **apart)
    assert same(together, apart)


def test_level_probability_and_server_of_three_pixels(library):
    """On the axis, half a beam width off it, behind it: 0, −3 and −30 dB."""
    north, south = (replace(omni(10.0), azimuth_deg=azimuth) for azimuth in (57.5, 237.5))
    view = flat([[115.0, 115.0, 106.0]])
    east, rasters = replace(north, azimuth_deg=90.0), fresh((1, 3))
    with by(library):
        composition.add_levels(view, [(5, east), (3, north), (8, south)], **LIMIT, **rasters)
    np.testing.assert_allclose(rasters["rsrp_dbm"][0, 1:], [-105.0, -96.0], atol=1e-4)
    np.testing.assert_allclose(rasters["probability"][0, 1:], [0.5, 0.933193], atol=1e-6)  # Φ(0), Φ(1.5)
    assert rasters["server"].tolist() == [[3, 5, 5]]  # at the mast itself the bearing is 0, nearest to the third cell's
    assert rasters["heard"][0, 1:].tolist() == [1, 2]
    alone = fresh((1, 3))
    with by(library):
        composition.add_levels(view, [(3, north)], **LIMIT, **alone)
    np.testing.assert_allclose(alone["rsrp_dbm"][0, 1:], [-108.0, -99.0], atol=1e-4)
    with by(library):
        composition.add_levels(view, [(8, south)], **LIMIT, **(behind := fresh((1, 3))))
    np.testing.assert_allclose(behind["rsrp_dbm"][0, 1:], [-135.0, -126.0], atol=1e-4)


def test_the_angle_below_the_horizon_counts_from_the_antenna(library):
    """100 m away and 100 m below is 45°: with a tilt of 40° and a beam of 10°, half a width off is −3 dB."""
    beam = replace(omni(0.0), tilt_deg=40.0)
    view = replace(flat([[100.0, 100.0]]), antenna_m=100.0)
    rasters = fresh((1, 2))
    with by(library):
        composition.add_levels(view, [(0, beam)], **LIMIT, **rasters)
    np.testing.assert_allclose(rasters["rsrp_dbm"], [[-130.0, -103.0]], atol=1e-3)  # straight below: 50° off


def test_a_high_antenna_keeps_its_centimetres(library):
    """Above 1,024 m float32 steps by 0.12 mm: at the foot of a mast a narrow beam would shift by hundredths of dB."""
    height = 1500.33
    assert abs(height - float(np.float32(height))) > 4e-5
    beam = replace(omni(0.0), tilt_deg=12.0, beamwidth_el_deg=5.0)
    view = flat([[100.0, 100.0]], pixel_m=1.0, antenna_m=height)
    view.ground_m[:] = 1500.0
    rasters = fresh((1, 2))
    with by(library):
        composition.add_levels(view, [(0, beam)], **LIMIT, **rasters)
    below = math.degrees(math.atan(height - 1500.0)) - 12.0
    np.testing.assert_allclose(rasters["rsrp_dbm"][0, 1], -100.0 - 12 * (below / 5) ** 2, atol=1e-3)


def test_the_normal_distribution_is_good_to_two_in_ten_million(library):
    loss = np.arange(-2000, 2001) / 64  # over σ = 4 dB every z is exact in float32
    rasters = fresh((1, loss.size))
    with by(library):
        composition.add_levels(
            flat(loss), [(0, omni(0.0))], threshold_dbm=0.0, sigma_db=4.0, **rasters
        )  # fmt: skip
    error = rasters["probability"] - ndtr(-loss / 4)
    assert np.abs(error).max() < 2e-7


def test_outside_is_left_alone_and_unknown_only_marked(library):
    loss = np.full((3, 130), OUTSIDE, np.int16)
    loss[1, 70], loss[2, 129] = UNKNOWN, pack_db(90.0)
    view = replace(flat(np.zeros((3, 130))), loss=loss)
    rasters, powers = fresh(loss.shape), fresh_powers(loss.shape)
    with by(library):
        composition.add_levels(view, [(7, omni(0.0))], **LIMIT, **rasters)
        composition.add_powers(view, [(7, omni(0.0))], **powers)
    for found in (rasters, powers):
        assert np.argwhere(found["unknown"]).tolist() == [[1, 70]]
        assert np.argwhere(found["server"] >= 0).tolist() == [[2, 129]]
    assert np.argwhere(rasters["probability"] > 0).tolist() == [[2, 129]]
    assert np.argwhere(np.isfinite(rasters["rsrp_dbm"])).tolist() == [[2, 129]]
    assert np.argwhere(powers["best_mw"] > 0).tolist() == [[2, 129]]
    assert not powers["others_mw"].any()


def test_unknown_ground_is_an_unknown_pixel_but_not_where_nothing_is_looked_for(library):
    view = flat([[90.0, 90.0, np.inf]])
    view.ground_m[0, 1:] = np.nan
    rasters = fresh((1, 3))
    with by(library):
        composition.add_levels(view, [(0, omni(0.0))], **LIMIT, **rasters)
    assert rasters["unknown"].tolist() == [[False, True, False]]
    assert rasters["server"].tolist() == [[0, -1, -1]]


@pytest.mark.parametrize("order", [(2, 9), (9, 2)])
def test_of_equal_cells_the_lowest_number_serves(library, order):
    rasters, powers, plain = fresh((1, 70)), fresh_powers((1, 70)), fresh((1, 70))
    view = flat(np.full(70, 90.0))
    with by(library):
        for cell in order:
            composition.add_levels(view, [(cell, omni(0.0))], **LIMIT, **rasters)
            composition.add_powers(view, [(cell, omni(0.0))], **powers)
            composition.best_server(view.loss, 0.0, cell, rsrp_dbm=plain["rsrp_dbm"], server=plain["server"])
    assert (rasters["server"] == 2).all()
    assert (powers["server"] == 2).all()
    assert (plain["server"] == 2).all()
    np.testing.assert_allclose(powers["others_mw"], 1e-9, rtol=2e-6)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_table_of_the_sector_gives_the_sector_at_whole_degrees(library, seed):
    """Pixels due north, east, south and west, and the four diagonals; depressions by whole degrees."""
    rng = np.random.default_rng(seed)
    sector = replace(random_beam(rng), table_db=None)
    down, turn = np.meshgrid(np.arange(-90.0, 91.0), np.arange(361.0), indexing="ij")
    pattern = {
        name: getattr(sector, name) for name in ("azimuth_deg", "tilt_deg", "beamwidth_az_deg", "beamwidth_el_deg")
    }
    tabled = replace(sector, table_db=sector_gain_db(turn, down, **pattern).astype(np.float32))
    rows, cols = np.mgrid[-1:2, -1:2] * 1000.0
    ground = -np.tan(np.radians(rng.integers(-80, 81, (3, 3)))) * np.hypot(rows, cols)
    view = replace(flat(np.full((3, 3), 90.0)), row=1.0, col=1.0, pixel_m=1000.0, ground_m=ground.astype(np.float32))
    results = fresh((3, 3)), fresh((3, 3))
    with by(library):
        for beam, rasters in zip((sector, tabled), results, strict=True):
            composition.add_levels(view, [(0, beam)], **LIMIT, **rasters)
    around = np.ones((3, 3), bool)
    around[1, 1] = False  # the mast itself stands on its ground: no direction
    np.testing.assert_allclose(*(rasters["rsrp_dbm"][around] for rasters in results), atol=2e-3)


def test_a_table_is_bilinear_and_closes_around_north(library):
    table = np.zeros((181, 361), np.float32)
    table[90] = np.minimum(np.arange(361), 360 - np.arange(361))
    table[91] = table[90] + 10
    view = replace(flat(np.zeros((3, 3))), row=1.0, col=1.0, ground_m=np.full((3, 3), -0.872687, np.float32))
    rasters = fresh((3, 3))
    with by(library):
        composition.add_levels(view, [(0, omni(0.0, table))], **LIMIT, **rasters)
    # 0.872687 m below at 100 m is half a degree, on the diagonals 0.35354°.
    expected = [[48.5354, 5.0, 48.5354], [95.0, np.nan, 95.0], [138.5354, 185.0, 138.5354]]
    around = ~np.isnan(expected)
    np.testing.assert_allclose(rasters["rsrp_dbm"][around], np.array(expected)[around], atol=1e-3)


def test_powers_follow_the_sum_of_interference(library):
    rng = np.random.default_rng(8)
    view, beams = random_view(rng, 20, 90), [(cell, random_beam(rng)) for cell in range(4)]
    sums, powers = CoChannel((20, 90)), fresh_powers((20, 90))
    for cell, beam in beams:
        level = own_level(view, beam).astype(float)
        sums.add(np.where(np.isnan(level), -np.inf, level), cell)
    with by(library):
        composition.add_powers(view, beams, **powers)
    np.testing.assert_allclose(powers["best_mw"], sums.best_mw, rtol=2e-4)
    np.testing.assert_allclose(powers["others_mw"], sums.others_mw, rtol=2e-4)
    assert np.array_equal(powers["server"], sums.server)


def test_throughput_asks_for_the_harder_of_both_links(library):
    """Three pixels: noise alone, interference 100 times the noise at half load, and an uplink that needs more."""
    view, noise = flat([[100.0, 100.0, 100.0]]), 1e-12
    own = 1e-10  # −100 dBm
    total = np.array([[own, own + 100 * noise, own]], np.float32)
    probability = np.zeros((1, 3), np.float32)
    asked = NEED | {"noise_mw": noise, "downlink_db": 10.0, "uplink_dbm": -130.0}
    need, alone = [composition.Demand(**asked)], [(0, omni(0.0))]
    with by(library):
        composition.add_throughput(view, alone, need, sigma_db=6.0, total_mw=total, probability=probability)
    needed = 10 - 120 + 10 * np.log10([1.0, 51.0, 1.0])
    np.testing.assert_allclose(probability[0], ndtr((-100 - needed) / 6), atol=1e-5)
    stricter = np.zeros((1, 3), np.float32)
    with by(library):
        harder = [composition.Demand(**asked | {"uplink_dbm": -100.0})]
        composition.add_throughput(view, alone, harder, sigma_db=6.0, total_mw=total, probability=stricter)
    np.testing.assert_allclose(stricter, [[0.5, min(0.5, probability[0, 1]), 0.5]], atol=1e-5)
    kept = np.full((1, 3), 0.99999, np.float32)
    with by(library):
        composition.add_throughput(view, alone, need, sigma_db=6.0, total_mw=total, probability=kept)
    assert (kept == np.float32(0.99999)).all(), "the greater probability stays"


def test_what_is_known_already_is_added_by_the_same_rule(library):
    rng = np.random.default_rng(5)
    view, beams = random_view(rng, 20, 90), [(cell, random_beam(rng)) for cell in (3, 1)]
    at_once, stamped = fresh((20, 90)), fresh((20, 90))
    powers, stamped_powers = fresh_powers((20, 90)), fresh_powers((20, 90))
    with by(library):
        composition.add_levels(view, beams, **LIMIT, **at_once)
        composition.add_powers(view, beams, **powers)
        for cell, beam in beams:
            own = fresh((20, 90))
            composition.add_levels(view, [(cell, beam)], **LIMIT, **own)
            into = {name: stamped[name] for name in ("probability", "rsrp_dbm", "server", "heard")}
            composition.add_known(own["probability"], own["rsrp_dbm"], cell, threshold_dbm=-105.0, **into)
            into = {name: stamped_powers[name] for name in ("best_mw", "others_mw", "server")}
            composition.add_known_power(own["rsrp_dbm"], cell, **into)
    stamped["unknown"] = at_once["unknown"]
    assert same(stamped, at_once)
    for name in ("best_mw", "others_mw"):
        np.testing.assert_allclose(stamped_powers[name], powers[name], rtol=2e-5)
    assert np.array_equal(stamped_powers["server"], powers["server"])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), rows=st.integers(1, 20), cols=st.integers(1, 200))
def test_the_plain_best_server_is_that_of_the_levels(library, seed, rows, cols):
    rng = np.random.default_rng(seed)
    found, expected = fresh((rows, cols)), fresh((rows, cols))
    for cell in rng.permutation(4).tolist():
        view = replace(random_view(rng, rows, cols), ground_m=np.zeros((rows, cols), np.float32), antenna_m=0.0)
        with by(library):
            composition.add_levels(view, [(cell, omni(3.0))], **LIMIT, **expected)
            composition.best_server(view.loss, 3.0, cell, rsrp_dbm=found["rsrp_dbm"], server=found["server"])
    assert np.array_equal(found["rsrp_dbm"], expected["rsrp_dbm"], equal_nan=True)
    assert np.array_equal(found["server"], expected["server"])


def test_arrays_that_do_not_fit_are_refused():
    view, rasters = flat(np.zeros((3, 4))), fresh((3, 4))
    with pytest.raises(GridError, match="levels_shape"):
        composition.add_levels(view, [], **LIMIT, **rasters | {"server": np.zeros((4, 3), np.int32)})
    with pytest.raises(GridError, match="levels_shape"):
        replace(view, ground_m=np.zeros((3, 5), np.float32))
    with pytest.raises(RangeError, match="kernel_range"):
        composition.add_levels(view, [], **LIMIT | {"sigma_db": 0.0}, **rasters)
    with pytest.raises(RangeError, match="kernel_range"):
        composition.Demand(**NEED | {"noise_mw": 0.0})
    with pytest.raises(RangeError, match="beam_table"):
        omni(0.0, np.zeros((181, 360), np.float32))
    with pytest.raises(RangeError, match="beam_width"):
        replace(omni(0.0), beamwidth_az_deg=0.0)


def test_wrong_types_and_columns_apart_are_refused_before_c_sees_them():
    library = native.library()
    if library is None:
        pytest.skip("no C compiler and no ziglang here: the NumPy twin serves")
    rasters = fresh((3, 8))
    with pytest.raises(TypeError, match="float32"):
        composition.add_levels(flat(np.zeros((3, 8))), [], **LIMIT, **rasters | {"rsrp_dbm": np.zeros((3, 8))})
    with pytest.raises(TypeError, match="side by side"):
        composition.add_levels(
            flat(np.zeros((3, 4))), [], **LIMIT, **{name: raster[:, ::2] for name, raster in rasters.items()}
        )


@given(st.lists(st.floats(-511, 511), min_size=1))
def test_packing_rounds_to_the_nearest_step(values):
    back = unpack_db(pack_db(values))
    assert np.abs(back - values).max() <= 0.5 / 64 + 1e-4


def test_packing_keeps_the_marks():
    loss = np.array([np.nan, np.inf, 1e9, -1e9])
    assert pack_db(loss).tolist() == [UNKNOWN, OUTSIDE, UNKNOWN - 1, OUTSIDE + 1]
    assert pack_db(np.float64(1.0)).item() == 64
    assert np.array_equal(unpack_db(pack_db(loss[:2])), np.float32([np.nan, np.inf]), equal_nan=True)
