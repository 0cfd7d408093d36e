"""Shadow fading: the mixture of both states, and the level of the expected power."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage.radio.fading import mean_path_gain_db, threshold_probability
from tests.reference import by_hand

levels = st.floats(-160.0, -40.0)
shares = st.floats(0.0, 1.0)
sigmas = st.floats(1.0, 12.0)


@given(levels, levels, shares, sigmas, sigmas, levels)
def test_mixture_of_two_normal_distributions(
    los: float, nlos: float, p_los: float, sigma_los: float, sigma_nlos: float, threshold: float
) -> None:
    found = threshold_probability(
        los, nlos, p_los, sigma_los_db=sigma_los, sigma_nlos_db=sigma_nlos, threshold_dbm=threshold
    )
    expected = p_los * by_hand.phi((los - threshold) / sigma_los) + (1 - p_los) * by_hand.phi(
        (nlos - threshold) / sigma_nlos
    )
    assert float(found) == pytest.approx(expected, abs=1e-12)
    assert 0.0 <= float(found) <= 1.0


def test_it_is_what_a_throw_of_dice_gives() -> None:
    chance = np.random.default_rng(38901)
    sight = chance.random(400_000) < 0.3
    level = np.where(sight, chance.normal(-98.0, 4.0, sight.size), chance.normal(-112.0, 6.0, sight.size))
    found = threshold_probability(-98.0, -112.0, 0.3, sigma_los_db=4.0, sigma_nlos_db=6.0, threshold_dbm=-105.0)
    assert float(found) == pytest.approx((level >= -105.0).mean(), abs=0.003)


@given(levels, levels, shares, levels, levels)
def test_probability_falls_with_the_threshold(los: float, nlos: float, p_los: float, one: float, other: float) -> None:
    low, high = sorted([one, other])
    spread = {"sigma_los_db": 4.0, "sigma_nlos_db": 6.0}
    easy = threshold_probability(los, nlos, p_los, **spread, threshold_dbm=low)
    hard = threshold_probability(los, nlos, p_los, **spread, threshold_dbm=high)
    assert hard <= easy


@given(st.floats(60, 200), st.floats(0, 120), shares)
def test_powers_are_averaged_not_levels(los: float, extra: float, p_los: float) -> None:
    nlos = los + extra
    found = float(mean_path_gain_db(los, nlos, p_los))
    power = p_los * 10 ** (-los / 10) + (1 - p_los) * 10 ** (-nlos / 10)
    assert found == pytest.approx(10 * math.log10(power), abs=1e-9)
    assert -nlos - 1e-9 <= found <= -los + 1e-9
    assert found >= -(p_los * los + (1 - p_los) * nlos) - 1e-9  # Jensen: the mean of levels would be lower
