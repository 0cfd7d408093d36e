"""Noise, the running sum of co-channel cells and both SINRs against arithmetic by hand, and the laws they obey."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from coverage.errors import GridError, RangeError
from coverage.radio.interference import CoChannel, carrier_groups, noise_dbm, pdsch_sinr_db, ss_sinr_db

NOISE = -122.229  # 30 kHz, noise figure 7 dB
levels = st.floats(-150.0, -40.0)
stacks = arrays(float, st.tuples(st.integers(1, 6), st.integers(1, 5)), elements=levels)


def added(stack: np.ndarray, dtype: type = np.float64) -> CoChannel:
    cells = CoChannel(stack.shape[1:], dtype)
    for cell, level in enumerate(stack):
        cells.add(level, cell)
    return cells


def milliwatts(level: float) -> float:
    return math.pow(10, level / 10)


@pytest.mark.parametrize(
    ("scs_khz", "figure", "expected"),
    [(15.0, 7.0, -174 + 41.7609 + 7), (30.0, 7.0, -174 + 44.7712 + 7), (30.0, 5.0, -174 + 44.7712 + 5)],
)
def test_noise_of_a_resource_element(scs_khz: float, figure: float, expected: float) -> None:
    assert noise_dbm(scs_khz, noise_figure_db=figure) == pytest.approx(expected, abs=1e-4)


def test_three_cells_by_hand() -> None:
    # −80, −90, −93.0103 dBm: interference 1e-9 + 0.5e-9 mW, noise 6e-13 mW.
    cells = added(np.array([[-90.0], [-80.0], [-90.0 - 10 * math.log10(2)]]))
    assert cells.server.tolist() == [1]
    assert cells.best_dbm[0] == pytest.approx(-80.0)
    assert ss_sinr_db(cells, noise_dbm=NOISE)[0] == pytest.approx(8.2374, abs=1e-4)
    # At half load 0.75e-9 mW interfere; a traffic beam 7 dB above the broadcast beam adds 7 dB.
    half = pdsch_sinr_db(cells, noise_dbm=NOISE, load=0.5, serving_gain_db=7.0)
    assert half[0] == pytest.approx(7.0 + 10 * math.log10(1e-8 / (0.75e-9 + milliwatts(NOISE))), abs=1e-9)
    louder = pdsch_sinr_db(cells, noise_dbm=NOISE, load=0.5, interference_gain_db=10 * math.log10(2))
    assert louder[0] == pytest.approx(ss_sinr_db(cells, noise_dbm=NOISE)[0], abs=1e-9)


def test_a_cell_alone_has_noise_only() -> None:
    cells = added(np.array([[-100.0, -130.0]]))
    np.testing.assert_allclose(ss_sinr_db(cells, noise_dbm=NOISE), [-100.0 - NOISE, -130.0 - NOISE])


@given(stacks, st.floats(0.0, 1.0))
def test_the_running_sum_is_the_sum_over_the_stack(stack: np.ndarray, load: float) -> None:
    cells = added(stack)
    power = 10 ** (stack / 10)
    best = power.max(axis=0)
    others = np.sort(power, axis=0)[:-1].sum(axis=0)
    np.testing.assert_allclose(cells.best_dbm, stack.max(axis=0), atol=1e-9)
    np.testing.assert_array_equal(cells.server, stack.argmax(axis=0))
    noise = milliwatts(NOISE)
    np.testing.assert_allclose(ss_sinr_db(cells, noise_dbm=NOISE), 10 * np.log10(best / (others + noise)), atol=1e-9)
    np.testing.assert_allclose(
        pdsch_sinr_db(cells, noise_dbm=NOISE, load=load), 10 * np.log10(best / (load * others + noise)), atol=1e-9
    )
    np.testing.assert_allclose(
        ss_sinr_db(added(stack, np.float32), noise_dbm=NOISE), ss_sinr_db(cells, noise_dbm=NOISE), atol=2e-4
    )


@given(stacks, st.randoms(use_true_random=False))
def test_order_does_not_matter(stack: np.ndarray, chance) -> None:
    mixed = list(range(len(stack)))
    chance.shuffle(mixed)
    np.testing.assert_allclose(
        ss_sinr_db(added(stack[mixed]), noise_dbm=NOISE), ss_sinr_db(added(stack), noise_dbm=NOISE), atol=1e-9
    )


@given(stacks, levels, st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_load_and_weaker_cells_only_take_away(stack: np.ndarray, level: float, one: float, other: float) -> None:
    low, high = sorted([one, other])
    cells = added(stack)
    calm = pdsch_sinr_db(cells, noise_dbm=NOISE, load=low)
    assert (pdsch_sinr_db(cells, noise_dbm=NOISE, load=high) <= calm + 1e-9).all()
    before = ss_sinr_db(cells, noise_dbm=NOISE)
    cells.add(np.minimum(np.full(cells.best_mw.shape, level), stack.max(axis=0)), len(stack))
    assert (ss_sinr_db(cells, noise_dbm=NOISE) <= before + 1e-9).all()


def test_a_weak_interferer_is_not_lost_beside_a_strong_server() -> None:
    cells = added(np.array([[-150.0], [30.0]]))
    assert cells.others_mw[0] == pytest.approx(1e-15, rel=1e-12)  # "all minus the strongest" would give 0


def test_unknown_is_unknown_and_nothing_is_nothing() -> None:
    cells = CoChannel((4,))
    cells.add([-80.0, -80.0, np.nan, -np.inf], 0)
    cells.add([-90.0, np.nan, -90.0, -np.inf], 1)
    assert cells.unknown.tolist() == [False, True, True, False]
    for sinr in (ss_sinr_db(cells, noise_dbm=NOISE), pdsch_sinr_db(cells, noise_dbm=NOISE, load=0.0)):
        assert np.isfinite(sinr[0])
        assert np.isnan(sinr[1:3]).all()
        assert sinr[3] == -np.inf
    np.testing.assert_allclose(cells.best_dbm, [-80.0, -80.0, -90.0, -np.inf])
    assert cells.server.tolist() == [0, 0, 1, -1]


def test_a_patch_touches_its_own_pixels() -> None:
    cells = CoChannel((3, 4), np.float32)
    cells.add(np.full((2, 2), -70.0), 5, (slice(0, 2), slice(1, 3)))
    assert cells.server.tolist() == [[-1, 5, 5, -1], [-1, 5, 5, -1], [-1, -1, -1, -1]]
    with pytest.raises(GridError, match="levels_shape"):
        cells.add(np.full((2, 1), -70.0), 6, (slice(0, 2), slice(1, 3)))


def test_carriers_interfere_where_their_channels_overlap() -> None:
    centre = [2550.0, 3750.0, 3850.0, 763.0, 773.0, 3810.0, 2550.0]
    width = [100.0, 100.0, 100.0, 10.0, 10.0, 40.0, 100.0]
    # 3790–3830 ties 3700–3800 and 3800–3900 together; 758–768 and 768–778 only touch.
    assert carrier_groups(centre, width).tolist() == [2, 3, 3, 0, 1, 3, 2]
    assert carrier_groups([], []).tolist() == []


@pytest.mark.parametrize("load", [-0.1, 1.1, float("nan")])
def test_a_load_is_a_share(load: float) -> None:
    with pytest.raises(RangeError, match="kernel_range"):
        pdsch_sinr_db(CoChannel((1,)), noise_dbm=NOISE, load=load)


@pytest.mark.parametrize(("scs_khz", "figure"), [(0.0, 7.0), (30.0, -1.0), (float("nan"), 7.0)])
def test_noise_outside_its_range(scs_khz: float, figure: float) -> None:
    with pytest.raises(RangeError, match="kernel_range"):
        noise_dbm(scs_khz, noise_figure_db=figure)


def test_an_unknown_carrier_is_refused() -> None:
    with pytest.raises(RangeError, match="kernel_range"):
        carrier_groups([3750.0, np.nan], [100.0, 100.0])
