"""SINR, throughput and the level a throughput needs: values by hand, and the laws they obey."""

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import brentq

from coverage.catalog.definitions import ThroughputRule, definition
from coverage.catalog.radios import bands, traffic
from coverage.errors import RangeError
from coverage.models import TR38901
from coverage.quality import Quality, add_quality, demands, groups_of, least_dbm, link_of, links_of
from coverage.radio.composition import add_known_power
from coverage.study import Study
from coverage.traffic import Powers
from tests import builders as make
from tests.reference import by_hand

FCC = definition("fcc-bdc-5gnr-7-1")
SEVEN_ONE = ThroughputRule(downlink_mbps=7.0, uplink_mbps=1.0, load=0.5, edge_probability=0.9)
NOISE = -174 + 10 * math.log10(30e3) + 7  # of a resource element at the handset [dBm]
DOWN_MHZ = 273 * 12 * 0.03 * 0.74 * 0.86  # what carries data downlink, and uplink in one resource block
UP_BLOCK_MHZ = 12 * 0.03 * 0.23 * 0.92
ON_AXIS = 53 - 10 * math.log10(12 * 273) + 17  # SS-RSRP at 0 dB loss [dBm]
LTE = {"technology": "LTE", "band": "B3", "frequency_mhz": 1842.5, "bandwidth_mhz": 20.0, "power_dbm": 49.0}
WARD = make.wards((-1.5, -1.5, 1.5, 1.5))


def frame(*rows):
    return make.cells(*rows).frame


def by_hand_thresholds(down_mbps, up_mbps, load=0.5):
    """Return the SS-RSRP over interference and noise [dB] and the SS-RSRP [dBm] that an n41 cell needs."""
    layers = [(k, 2 ** (down_mbps / (0.6 * k * DOWN_MHZ)) - 1) for k in range(1, 5)]
    down = min(10 * math.log10(k * max(each, 0.1)) for k, each in layers)
    spreads = [
        (n, 10 * math.log10(2 ** (up_mbps / (0.4 * n * UP_BLOCK_MHZ)) - 1))
        for n in range(1, 274)
        if up_mbps <= 0.4 * math.log2(1 + 10**2.2) * n * UP_BLOCK_MHZ
    ]
    block = min(10 * math.log10(n) + max(each, -10.0) for n, each in spreads)
    noise = -174 + 10 * math.log10(30e3) + 5 - 10 * math.log10(1 - load)  # at the base station
    # Handset 23 dBm over 12 subcarriers, received with 24 dBi; loss = level at 0 dB loss − level.
    up = block + noise + 10 * math.log10(12) - 23 - 24 + ON_AXIS
    return down - (24 - 17), up


# --- What a rule asks of a cell ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("rates", [(7.0, 1.0), (35.0, 3.0), (100.0, 30.0), (900.0, 0.2)])
def test_thresholds_by_hand(rates):
    rule = dataclasses.replace(SEVEN_ONE, downlink_mbps=rates[0], uplink_mbps=rates[1])
    asked = demands(frame(make.cell()), rule)
    down, up = by_hand_thresholds(*rates)
    assert asked.downlink_threshold_db[0] == pytest.approx(down, abs=1e-9)
    assert asked.uplink_threshold_dbm[0] == pytest.approx(up, abs=1e-9)
    assert asked.noise_mw[0] == pytest.approx(10 ** (NOISE / 10))
    assert asked.interference_factor[0] == 0.5
    assert least_dbm(asked) == pytest.approx(max(down + NOISE, up))


def test_seven_down_and_one_up_is_limited_by_the_uplink():
    down, up = by_hand_thresholds(7.0, 1.0)
    assert (down + NOISE, up) == pytest.approx((-137.83, -108.80), abs=0.01)


def test_a_rate_beyond_the_carrier_is_out_of_reach_and_none_asks_for_nothing():
    asked = demands(frame(make.cell()), dataclasses.replace(SEVEN_ONE, downlink_mbps=5000.0, uplink_mbps=0.0))
    assert asked.downlink_threshold_db[0] == 1000.0
    assert asked.uplink_threshold_dbm[0] == -1000.0
    assert least_dbm(asked) > 800.0
    assert least_dbm(demands(frame(make.cell()).iloc[:0], SEVEN_ONE)) == 1000.0


def test_the_uplink_noise_rises_with_the_load_to_a_limit():
    up = [demands(frame(make.cell()), dataclasses.replace(SEVEN_ONE, load=load)) for load in (0.0, 0.5, 0.9, 1.0)]
    rise = np.array([each.uplink_threshold_dbm[0] for each in up]) - up[0].uplink_threshold_dbm[0]
    assert rise == pytest.approx([0.0, 3.0103, 10.0, 10.0], abs=1e-4)


def test_carriers_of_all_operators_and_of_two_technologies():
    rows = frame(
        make.cell(operator="a"), make.cell(operator="b"), make.cell(frequency_mhz=2650.0), make.cell(**LTE),
        make.cell(**LTE | {"technology": "NR", "band": "n28", "frequency_mhz": 1842.5}),
    )  # fmt: skip
    group = groups_of(rows)
    assert group[0] == group[1]
    assert len(set(group[1:].tolist())) == 4


def test_an_lte_cell_has_the_curve_and_the_overhead_of_lte():
    link = link_of(make.cell(**LTE), 0.5)
    assert link.downlink.n_rb == 100
    assert (link.downlink.overhead, link.downlink.share, link.downlink_curve.max_bit_s_hz) == (0.22, 1.0, 4.4)


@pytest.mark.parametrize("load", [-0.1, 1.1, math.nan])
def test_a_load_is_a_share(load):
    with pytest.raises(RangeError, match="kernel_range"):
        link_of(make.cell(), load)


def test_the_catalogue_says_where_traffic_comes_from():
    assert all(row.traffic_source for row in bands())
    assert all(row.uplink_share > 0 and row.downlink_share <= 1 for row in bands())
    assert all(row.downlink_share + row.uplink_share <= 1 for row in bands() if row.downlink_share < 1)
    assert traffic().source
    assert all(each.source for each in traffic().overhead.values())


# --- A study ----------------------------------------------------------------------------------------------------------


def run(*rows, pixel_m=50.0, **changes):
    rule = dataclasses.replace(FCC, **changes)
    city = make.city(WARD, make.cells(*rows))
    return Study(city, definition=rule, pixel_m=pixel_m, model=TR38901()).run()


def edge_m(threshold_dbm, edge=0.9):
    """Return how far north on the axis the probability reaches the edge."""

    def over(distance_m):
        below = math.degrees(math.atan2(25 - 1.5, distance_m)) - 6.0
        gain = by_hand.pattern_db(0.0, below, 65.0, 10.0)
        point = by_hand.uma(2.55, 25.0, 1.5, distance_m)
        return by_hand.probability(point, ON_AXIS + gain, threshold_dbm) - edge

    return brentq(over, 100.0, 5000.0)


@pytest.mark.parametrize(("down", "up"), [(400.0, 0.0), (7.0, 5.0)], ids=["downlink", "uplink"])
def test_a_cell_alone_reaches_as_far_as_noise_allows(down, up):
    needed, uplink = by_hand_thresholds(down, up) if up else (by_hand_thresholds(down, 1.0)[0], -math.inf)
    threshold = max(needed + NOISE, uplink)
    result = run(make.cell(), pixel_m=10.0, downlink_mbps=down, uplink_mbps=up)
    assert result.signal.threshold_dbm == pytest.approx(threshold)
    grid, column = result.study.grid, int(np.argmin(np.abs(result.study.grid.eastings - make.EAST)))
    north = grid.northings - make.NORTH
    covered = result.probability[:, column] >= 0.9
    assert north[covered].max() == pytest.approx(edge_m(threshold), abs=10.0)


PAIR = [
    make.cell(0.025, -0.575, site_id="s", azimuth_deg=0.0),  # midway between them is the centre of pixel (29, 30)
    make.cell(0.025, 0.625, site_id="n", azimuth_deg=180.0),
]


@pytest.mark.parametrize(("load", "limit_db"), [(1.0, 0.0), (0.5, 10 * math.log10(2))])
def test_between_two_cells_interference_is_the_limit(load, limit_db):
    # Midway both are equally strong: SS-SINR 0 dB, and the traffic beam adds its 7 dB; noise lies 40 dB below.
    quality = run(*PAIR, load=load).quality
    middle = 0, 29, 30
    assert quality.ss_sinr_db[middle] == pytest.approx(0.0, abs=1e-3)
    ratio = 10 ** ((7.0 + limit_db) / 10)
    expected = max(k * 0.6 * math.log2(1 + ratio / k) for k in range(1, 5)) * DOWN_MHZ
    assert quality.downlink_mbps[middle] == pytest.approx(expected, rel=1e-3)


def test_without_load_nobody_disturbs():
    both, alone = run(*PAIR, load=0.0), run(PAIR[0], load=0.0)
    served = both.signal.server[0] == 0
    assert np.array_equal(both.quality.downlink_mbps[0][served], alone.quality.downlink_mbps[0][served])
    assert (both.probability >= alone.probability).all()
    assert (both.quality.ss_sinr_db[0][served] <= alone.quality.ss_sinr_db[0][served]).all()


@pytest.mark.parametrize("rates", [(200.0, 0.1), (7.0, 1.0)])
def test_load_covers_less(rates):
    down, up = rates
    shares = [run(*PAIR, load=load, downlink_mbps=down, uplink_mbps=up) for load in (0.0, 0.3, 1.0)]
    low, middle, high = (result.probability for result in shares)
    assert (low >= middle).all()
    assert (middle >= high).all()
    assert low.sum() > high.sum()
    first, last = shares[0].quality, shares[2].quality
    assert np.array_equal(first.ss_sinr_db, last.ss_sinr_db, equal_nan=True)


def test_an_operator_on_the_same_carrier_interferes_and_on_another_does_not():
    alone = run(PAIR[0])
    shared = run(PAIR[0], PAIR[1] | {"operator": "VNPT"})
    apart = run(PAIR[0], PAIR[1] | {"operator": "VNPT", "frequency_mhz": 2650.0})
    own = shared.signal.operators.index("Viettel")
    assert (shared.quality.ss_sinr_db[own] <= alone.quality.ss_sinr_db[0]).all()
    assert shared.quality.ss_sinr_db[own].mean() < alone.quality.ss_sinr_db[0].mean() - 10
    assert np.array_equal(apart.quality.ss_sinr_db[own], alone.quality.ss_sinr_db[0])
    assert np.array_equal(apart.signal.probability[own], alone.signal.probability[0])


def test_quality_of_a_study_without_cells_is_unknown():
    quality = run(PAIR[0], load=0.5).study.of(make.city(WARD, make.cells())).run().quality
    assert quality.ss_sinr_db.shape[0] == 0


# --- Laws -------------------------------------------------------------------------------------------------------------

shapes = st.tuples(st.integers(1, 6), st.just(1), st.integers(1, 4))
levels = arrays(np.float32, shapes, elements=st.floats(-140, -40, width=32))


def quality_of(stack, load):
    """Return the quality of the strongest cell of a stack of levels, all of one operator and carrier."""
    shape = stack.shape[1:]
    sums = Powers(
        rows=slice(0, shape[0]), cols=slice(0, shape[1]), best_mw=np.zeros(shape, np.float32),
        others_mw=np.zeros(shape, np.float32), server=np.full(shape, -1, np.int32), unknown=np.zeros(shape, bool),
    )  # fmt: skip
    for cell, level in enumerate(stack):
        add_known_power(level, cell, best_mw=sums.best_mw, others_mw=sums.others_mw, server=sums.server)
    links = dict(enumerate(links_of(pd.DataFrame([make.cell()] * len(stack)), load)))
    quality = Quality.blank((1, *shape))
    add_quality(quality, stack.max(axis=0)[None], stack.argmax(axis=0)[None].astype(np.int32), sums, links)
    return quality


@given(levels, st.floats(0, 1), st.floats(0, 1))
def test_more_load_never_raises_a_throughput(stack, one, other):
    low, high = quality_of(stack, min(one, other)), quality_of(stack, max(one, other))
    assert (high.downlink_mbps <= low.downlink_mbps).all()
    assert (high.uplink_mbps <= low.uplink_mbps).all()
    assert np.array_equal(low.ss_sinr_db, high.ss_sinr_db)


@given(levels, st.floats(-140, -40, width=32))
def test_one_more_cell_never_raises_the_sinr_of_another(stack, level):
    weaker = np.minimum(np.full((1, *stack.shape[1:]), level, np.float32), stack.max(axis=0))  # the server stays
    before, after = quality_of(stack, 0.5), quality_of(np.concatenate([stack, weaker]), 0.5)
    assert (after.ss_sinr_db <= before.ss_sinr_db + 1e-4).all()
    assert (after.downlink_mbps <= before.downlink_mbps * (1 + 1e-4)).all()


@given(levels)
def test_ss_sinr_is_that_of_the_sum_over_the_stack(stack):
    power = 10 ** (stack.astype(float) / 10)
    expected = 10 * np.log10(power.max(axis=0) / (power.sum(axis=0) - power.max(axis=0) + 10 ** (NOISE / 10)))
    assert quality_of(stack, 0.5).ss_sinr_db[0] == pytest.approx(expected, abs=1e-3)


def test_unknown_stays_unknown_and_no_server_gives_nothing():
    shape = 1, 3
    sums = Powers(
        rows=slice(0, 1), cols=slice(0, 3), best_mw=np.full(shape, 1e-9, np.float32),
        others_mw=np.zeros(shape, np.float32), server=np.zeros(shape, np.int32),
        unknown=np.array([[False, True, False]]),
    )  # fmt: skip
    quality = Quality.blank((1, *shape))
    level = np.full((1, *shape), -90.0, np.float32)
    add_quality(quality, level, np.array([[[0, 0, -1]]], np.int32), sums, {0: link_of(make.cell(), 0.5)})
    for raster in dataclasses.astuple(quality):
        assert np.isnan(raster).tolist() == [[[False, True, True]]]


def test_an_operator_that_is_not_the_strongest_is_disturbed_by_the_strongest():
    # −90 and −80 dBm on one carrier: the weaker one has 1e-8 mW of the other against it.
    level = np.array([[[-90.0]], [[-80.0]]], np.float32)
    sums = Powers(
        rows=slice(0, 1), cols=slice(0, 1), best_mw=np.array([[1e-8]], np.float32),
        others_mw=np.array([[1e-9]], np.float32), server=np.ones((1, 1), np.int32), unknown=np.zeros((1, 1), bool),
    )  # fmt: skip
    quality = Quality.blank((2, 1, 1))
    link = link_of(make.cell(), 1.0)
    add_quality(quality, level, np.array([[[0]], [[1]]], np.int32), sums, {0: link, 1: link})
    assert quality.ss_sinr_db.ravel().tolist() == pytest.approx([-10.0, 10.0], abs=0.01)
