"""Indoor probability: adaptive integration, throws of dice, limits and laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from coverage.errors import RangeError
from coverage.radio.fading import threshold_probability
from coverage.radio.indoor import EntryLoss, entry_loss, exceedance, indoor_probability, margin_table
from coverage.radio.p2109 import building_entry_loss_db
from tests.reference import by_hand

BUILDINGS = ["traditional", "thermally_efficient"]
LOSS = entry_loss(3.75, {"traditional": 0.7, "thermally_efficient": 0.3})
LINK = {"sigma_los_db": 4.0, "sigma_nlos_db": 6.0, "threshold_dbm": -105.0}
levels = st.floats(-160.0, -20.0)
shares = st.floats(0.0, 1.0)


def fixed(loss_db: float) -> EntryLoss:
    return EntryLoss(losses_db=np.full(3, loss_db), weights=np.array([0.2, 0.3, 0.5]))


def p2109_of_quantile(z: float, ghz: float, building: str) -> float:
    """Return eqs 1–10 of P.2109-2 at elevation 0, written down again with nothing but `math`."""
    r, s, t, u, v, w, x, y, spread_slope = {
        "traditional": (12.64, 3.72, 0.96, 9.6, 2.0, 9.1, -3.0, 4.5, -2.0),
        "thermally_efficient": (28.19, -3.00, 8.48, 13.5, 3.8, 27.8, -2.9, 9.4, -2.1),
    }[building]
    f = math.log10(ghz)
    a = z * (u + v * f) + r + s * f + t * f * f
    b = z * (y + spread_slope * f) + w + x * f
    return 10 * math.log10(10 ** (a / 10) + 10 ** (b / 10) + 10**-0.3)


@pytest.mark.parametrize("building", BUILDINGS)
@pytest.mark.parametrize("ghz", [0.7, 3.75, 28.0])
@pytest.mark.parametrize("sigma_db", [2.0, 4.0, 8.0])
@pytest.mark.parametrize("margin_db", [-5.0, 10.0, 25.0, 45.0, 70.0])
def test_equals_adaptive_integration(building: str, ghz: float, sigma_db: float, margin_db: float) -> None:
    def integrand(z: float) -> float:
        density = math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
        return density * by_hand.phi((margin_db - p2109_of_quantile(z, ghz, building)) / sigma_db)

    expected = quad(integrand, -8.0, 8.0, epsabs=1e-12, limit=500)[0]
    found = exceedance(margin_db, sigma_db, entry_loss(ghz, {building: 1.0}))
    assert float(found) == pytest.approx(expected, abs=1e-6)


def test_it_is_what_a_throw_of_dice_gives() -> None:
    chance = np.random.default_rng(2109)
    n = 400_000
    sight = chance.random(n) < 0.4
    outside = np.where(sight, chance.normal(-80.0, 4.0, n), chance.normal(-95.0, 6.0, n))
    kind = np.where(chance.random(n) < 0.7, 0, 1)
    drawn = np.clip(chance.random(n), 1e-12, 1 - 1e-12)
    entry = np.choose(kind, [building_entry_loss_db(3.75, drawn, building) for building in BUILDINGS])
    found = indoor_probability(-80.0, -95.0, 0.4, **LINK, loss=LOSS)
    spread = math.sqrt(0.25 / n)
    assert float(found) == pytest.approx((outside - entry >= -105.0).mean(), abs=4 * spread)  # 0.003


@given(levels, levels, shares, st.floats(0.0, 60.0))
def test_without_spread_it_is_fading_alone(los: float, nlos: float, p_los: float, loss_db: float) -> None:
    found = indoor_probability(los, nlos, p_los, **LINK, loss=fixed(loss_db))
    expected = threshold_probability(los - loss_db, nlos - loss_db, p_los, **LINK)
    assert float(found) == pytest.approx(float(expected), abs=1e-12)


@given(levels, levels, shares)
def test_buildings_only_take_away(los: float, nlos: float, p_los: float) -> None:
    """At most the −3 dB floor of P.2109 (its third term) is given back."""
    inside = indoor_probability(los, nlos, p_los, **LINK, loss=LOSS)
    assert -1e-12 <= inside <= threshold_probability(los + 3, nlos + 3, p_los, **LINK) + 1e-12


@given(levels, levels, shares, st.floats(0.0, 20.0), st.sampled_from(BUILDINGS))
def test_stronger_is_never_worse(los: float, nlos: float, p_los: float, more: float, building: str) -> None:
    loss = entry_loss(2.55, {building: 1.0})
    weak = indoor_probability(los, nlos, p_los, **LINK, loss=loss)
    assert indoor_probability(los + more, nlos + more, p_los, **LINK, loss=loss) >= weak - 1e-12


@given(levels, levels, shares, shares)
def test_a_mixture_lies_between_its_buildings(los: float, nlos: float, p_los: float, old: float) -> None:
    ends = [
        float(indoor_probability(los, nlos, p_los, **LINK, loss=entry_loss(3.75, {kind: 1.0}))) for kind in BUILDINGS
    ]
    mixed = entry_loss(3.75, {"traditional": old, "thermally_efficient": 1.0 - old})
    found = float(indoor_probability(los, nlos, p_los, **LINK, loss=mixed))
    assert found == pytest.approx(old * ends[0] + (1 - old) * ends[1], abs=1e-12)


def test_the_median_loss_subtracted_is_another_figure() -> None:
    """Why it is convolved: with the median loss as a number an edge rule of 90 % would pass where 2 of 3 succeed."""
    loss = entry_loss(3.75, {"traditional": 1.0})
    median = float(building_entry_loss_db(3.75, 0.5, "traditional"))
    level = -105.0 + median + 1.2816 * 6.0
    subtracted = threshold_probability(level - median, level - median, 0.0, **LINK)
    convolved = indoor_probability(level, level, 0.0, **LINK, loss=loss)
    assert float(subtracted) == pytest.approx(0.9, abs=1e-4)
    assert 0.6 < float(convolved) < 0.75


@pytest.mark.parametrize("sigma_db", [2.0, 6.0, 8.03])
def test_many_pixels_get_what_one_pixel_gets(sigma_db: float) -> None:
    margin = np.linspace(-120.0, 220.0, 40_000).reshape(200, 200)
    table = exceedance(margin, sigma_db, LOSS)
    exact = exceedance(margin, np.full(margin.shape, sigma_db), LOSS)
    assert table.shape == margin.shape
    np.testing.assert_allclose(table, exact, atol=3e-5)


def test_unknown_stays_unknown() -> None:
    for count in (2, 20_000):
        los = np.full(count, -80.0)
        los[0] = np.nan
        found = indoor_probability(los, -95.0, 0.4, **LINK, loss=LOSS)
        assert np.isnan(found).sum() == 1
        assert np.isnan(found[0])


def test_weights_add_up() -> None:
    assert LOSS.weights.sum() == pytest.approx(1.0, abs=1e-12)
    assert LOSS.losses_db.min() > -3.0


@pytest.mark.parametrize("buildings", [{}, {"traditional": 0.9}, {"traditional": 1.2, "thermally_efficient": -0.2}])
def test_shares_of_buildings_add_up_to_one(buildings: dict[str, float]) -> None:
    with pytest.raises(RangeError, match="building_shares"):
        entry_loss(3.75, buildings)


@pytest.mark.parametrize("sigma_db", [1.9, 31.0, math.nan])
def test_fading_outside_its_range(sigma_db: float) -> None:
    with pytest.raises(RangeError, match="kernel_range"):
        exceedance(0.0, sigma_db, LOSS)


def test_the_table_over_the_margin_is_the_convolution() -> None:
    margins, values = margin_table(6.0, LOSS)
    assert (np.diff(margins) > 0).all()
    assert (np.diff(values) >= -1e-12).all()
    assert values[0] < 1e-8
    assert values[-1] > 1 - 1e-8
    between = np.linspace(-60.0, 160.0, 371)
    one_by_one = [float(exceedance(margin, 6.0, LOSS)) for margin in between]
    assert np.interp(between, margins, values) == pytest.approx(one_by_one, abs=3e-5)
    with pytest.raises(RangeError, match="kernel_range"):
        margin_table(1.9, LOSS)


def test_many_pixels_of_few_spreads_are_read_from_tables() -> None:
    chance = np.random.default_rng(38901)
    margin, sigma = chance.uniform(-30.0, 90.0, 9000), chance.choice([4.0, 6.0, 8.0], 9000)
    found = exceedance(margin, sigma, LOSS)
    some = slice(0, None, 90)
    one_by_one = [float(exceedance(m, s, LOSS)) for m, s in zip(margin[some], sigma[some], strict=True)]
    assert found[some] == pytest.approx(one_by_one, abs=3e-5)
    mixed = np.where(np.arange(9000) < 5, np.nan, margin)
    assert np.isnan(exceedance(mixed, sigma, LOSS)).sum() == 5


def test_a_threshold_per_pixel() -> None:
    threshold = np.array([-105.0, -95.0, -85.0])
    link = {"sigma_los_db": 4.0, "sigma_nlos_db": 6.0}
    found = indoor_probability(-80.0, -95.0, 0.4, threshold_dbm=threshold, loss=LOSS, **link)
    single = [float(indoor_probability(-80.0, -95.0, 0.4, threshold_dbm=t, loss=LOSS, **link)) for t in threshold]
    assert found == pytest.approx(single)
