"""Throughput over a study: powers of a carrier summed once, thresholds of each cell by hand."""

import numpy as np
import pytest
from scipy.special import ndtr

from coverage.composing import Canvas, Scene, swept
from coverage.grid import Grid, Surface
from coverage.models import TR38901
from coverage.signals import predict_signal
from coverage.terrain import P1812
from coverage.traffic import Demands, carry, powers
from tests import builders as make

FLAT = Surface(terrain=make.raster(np.zeros((200, 200)), 50.0, west_km=-5, north_km=5))
MODEL = P1812(sweep_m=3500.0)
GRID = Grid.covering((make.EAST - 1500, make.NORTH - 1500, make.EAST + 1500, make.NORTH + 1500), 50.0)
NOISE_MW = 10**-12.2229
PAIR = [
    make.cell(-1.0, 0.1, site_id="w", azimuth_deg=90.0, operator="a", height_m=30.0),
    make.cell(1.0, -0.1, site_id="e", azimuth_deg=270.0, operator="a", height_m=30.0),
]


def frame(*rows):
    return make.cells(*rows).frame


def demands(count, *, group=None, factor=1.0, downlink=0.0, uplink=-np.inf):
    def each(value):
        return np.full(count, value, dtype=float)

    return Demands(
        group=np.zeros(count, dtype=np.int32) if group is None else np.array(group, dtype=np.int32),
        noise_mw=each(NOISE_MW),
        interference_factor=each(factor),
        downlink_threshold_db=each(downlink),
        uplink_threshold_dbm=each(uplink),
    )


def predict(rows, needed, model=MODEL):
    return predict_signal(frame(*rows), GRID, model, FLAT, threshold_dbm=-105.0, demands=needed)


def alone(row):
    return predict_signal(frame(row), GRID, MODEL, FLAT, threshold_dbm=-105.0).rsrp_dbm[0].astype(float)


def beyond_the_closed_forms(*rows):
    near = np.zeros(GRID.shape, dtype=bool)
    for row in rows:
        place = row["geometry"]
        near |= np.hypot(GRID.eastings[None, :] - place.x, GRID.northings[:, None] - place.y) < 300
    return ~near


def sigma(model=MODEL):
    location = (0.024 * 2.55 + 0.52) * 50.0**0.28
    return np.hypot(location, model.model_sigma_db)


def test_a_cell_alone_is_limited_by_noise_or_by_its_uplink():
    level, far = alone(PAIR[0]), beyond_the_closed_forms(PAIR[0])
    noise_dbm = 10 * np.log10(NOISE_MW)
    down = predict(PAIR[:1], demands(1, downlink=5.0)).probability[0]
    np.testing.assert_allclose(down[far], ndtr((level - noise_dbm - 5.0) / sigma())[far], atol=2e-4)
    both = predict(PAIR[:1], demands(1, downlink=5.0, uplink=-100.0)).probability[0]
    np.testing.assert_allclose(both[far], ndtr((level + 100.0) / sigma())[far], atol=2e-4)
    assert (both <= down + 1e-6).all()


@pytest.mark.parametrize("factor", [0.0, 0.25, 1.0])
def test_two_cells_of_a_carrier_disturb_each_other_by_their_load(factor):
    levels = [alone(row) for row in PAIR]
    west, east = (10 ** (level / 10) for level in levels)
    expected = np.maximum(
        ndtr((levels[0] - 10 * np.log10(factor * east + NOISE_MW)) / sigma()),
        ndtr((levels[1] - 10 * np.log10(factor * west + NOISE_MW)) / sigma()),
    )
    far = beyond_the_closed_forms(*PAIR)
    found = predict(PAIR, demands(2, factor=factor)).probability[0]
    np.testing.assert_allclose(found[far], expected[far], atol=2e-4)


def test_cells_of_other_carriers_do_not_disturb():
    quiet = predict(PAIR, demands(2, factor=0.0))
    apart = predict(PAIR, demands(2, group=[0, 1]))
    np.testing.assert_array_equal(quiet.probability, apart.probability)


@pytest.mark.parametrize("model", [MODEL, TR38901(sweep_m=3500.0)], ids=["p1812", "tr38901"])
def test_more_load_and_more_demand_never_help(model):
    def share(**asked):
        return predict(PAIR, demands(2, **asked), model).probability

    assert (share(factor=1.0) <= share(factor=0.3) + 1e-6).all()
    assert (share(downlink=3.0) <= share(downlink=0.0) + 1e-6).all()
    assert (share(uplink=-90.0) <= share(uplink=-100.0) + 1e-6).all()
    assert share().max() > 0.5


def test_the_level_and_the_server_do_not_depend_on_the_demands():
    plain = predict_signal(frame(*PAIR), GRID, MODEL, FLAT, threshold_dbm=-105.0)
    asked = predict(PAIR, demands(2))
    for name in ("rsrp_dbm", "server", "heard", "unknown"):
        np.testing.assert_array_equal(getattr(plain, name), getattr(asked, name))


@pytest.mark.parametrize("model", [MODEL, TR38901(sweep_m=3500.0)], ids=["p1812", "tr38901"])
def test_a_window_holds_the_same_as_the_whole(model):
    rows = [*PAIR, make.cell(0.2, 0.7, site_id="n", azimuth_deg=180.0, operator="b", height_m=30.0)]
    scene = Scene.of(frame(*rows), GRID, model, FLAT)
    fars, needed, owner = swept(scene), demands(3, factor=0.5), np.array([0, 0, -1])
    whole, window = Canvas.blank(GRID, 1), (slice(13, 41), slice(7, 50))
    carry(scene, fars, whole, owner, needed)
    part = Canvas.blank(GRID, 1, window)
    carry(scene, fars, part, owner, needed)
    np.testing.assert_array_equal(part.probability[0], whole.probability[0][window])
    everyone = np.ones(3, dtype=bool)
    sums, cut = powers(scene, fars, everyone), powers(scene, fars, everyone, window)
    for name in ("best_mw", "others_mw", "server", "unknown"):
        np.testing.assert_array_equal(getattr(cut, name), getattr(sums, name)[window])
    assert set(np.unique(sums.server)) <= {-1, 0, 1, 2}


def test_a_cell_left_out_of_the_layers_still_disturbs():
    scene = Scene.of(frame(*PAIR), GRID, MODEL, FLAT)
    fars = swept(scene)
    served = {}
    for owner in ([0, -1], [0, 0]):
        canvas = Canvas.blank(GRID, 1)
        carry(scene, fars, canvas, np.array(owner), demands(2))
        served[owner[1]] = canvas.probability[0]
    free = Canvas.blank(GRID, 1)
    carry(scene, fars, free, np.array([0, -1]), demands(2, factor=0.0))
    assert (served[-1] <= served[0]).all()
    assert (served[-1] < free.probability[0] - 0.01).any()


def test_where_an_interferer_is_unknown_nothing_is_promised():
    ground = np.zeros((200, 200))
    ground[:, 130:132] = np.nan  # 1.5 km east of the middle: what lies beyond is unknown from the west
    holed = Surface(terrain=make.raster(ground, 50.0, west_km=-5, north_km=5))
    grid = Grid.covering((make.EAST - 1500, make.NORTH - 1500, make.EAST + 2400, make.NORTH + 1500), 50.0)
    rows = [PAIR[0], make.cell(1.9, 0.0, site_id="e", azimuth_deg=90.0, operator="a", height_m=30.0)]

    def found(factor):
        needed = demands(2, factor=factor)
        return predict_signal(frame(*rows), grid, MODEL, holed, threshold_dbm=-105.0, demands=needed)

    loaded, quiet = found(1.0), found(0.0)
    beyond = loaded.unknown & (grid.eastings > make.EAST + 2000)[None, :]
    assert beyond.sum() > 50
    assert (quiet.probability[0][beyond] > 0.9).any()
    assert (loaded.probability[0][beyond] < 1e-30).all()
