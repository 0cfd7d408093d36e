import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage.errors import RangeError
from coverage.radio import itm, itm_reference, itm_terrain
from coverage.radio.itm import Caution, Link, area, point_to_point
from coverage.radio.itm_variability import CLIMATES, deviate
from coverage.validation import validate

LINK = Link(frequency_mhz=2600.0, tx_height_m=30.0, rx_height_m=1.5, n0=301.0, climate=5)
MODES = [ten + kind for ten in (0, 10, 20, 30) for kind in range(4)]
SPHERE_M = np.array([8.5e6])


def changed(**changes):
    return Link(**{**vars(LINK), **changes})


def hills(seed, paths=1, points=150, roughness=8.0):
    rng = np.random.default_rng(seed)
    return 200 + np.cumsum(rng.normal(0, roughness, (paths, points)), axis=1)


def test_every_published_case_agrees(reference):
    cases = validate("itm", reference / "itm")
    assert all(case.ok for case in cases)


def test_a_batch_is_its_rows():
    batch, steps = hills(2, paths=40), np.random.default_rng(7).uniform(20, 900, 40)
    together = point_to_point(batch, steps, LINK)
    alone = [point_to_point(row, step, LINK) for row, step in zip(batch, steps, strict=True)]
    assert together.loss_db.tolist() == pytest.approx([one.loss_db[0] for one in alone], abs=1e-9)
    assert together.mechanism.tolist() == [one.mechanism[0] for one in alone]
    assert together.cautions.tolist() == [one.cautions[0] for one in alone]
    assert set(together.mechanism) >= {itm_reference.LINE_OF_SIGHT, itm_reference.DIFFRACTION}


def test_a_hole_in_the_terrain_is_unknown():
    batch = hills(5, paths=3)
    batch[1, 60] = np.nan
    assert np.isnan(point_to_point(batch, 100.0, LINK).loss_db).tolist() == [False, True, False]


def test_flat_ground_is_smooth():
    # Over a plain at sea level Δh = 0 and effective heights are structural ones.
    found = point_to_point(np.zeros((1, 101)), 100.0, LINK)
    assert found.path.irregularity_m.tolist() == [0.0]
    assert found.path.effective_m[:, 0].tolist() == [30.0, 1.5]
    assert found.mechanism.tolist() == [itm_reference.LINE_OF_SIGHT]
    # Antennas of 30 and 1.5 m: horizons √(2·8.493e6·30) + √(2·8.493e6·1.5) = 27.6 km; 35 km lie beyond.
    assert point_to_point(np.zeros((1, 351)), 100.0, LINK).mechanism.tolist() == [itm_reference.DIFFRACTION]


def test_scatter_takes_over_far_away():
    assert area([20e3, 60e3, 800e3], 30.0, LINK).mechanism.tolist() == [1, 2, 3]


def test_careful_siting_by_hand():
    # h = 2 m, careful: B = 1 + 4·sin(0.2π) = 3.35114; he = 2 + 3.35114·exp(−2·2/90) = 5.20546 m. The horizon over a
    # sphere of 8500 km: √(2·5.20546·8.5e6)·exp(−0.07·√(90/5.20546)) = 9407.1 · 0.747498 = 7031.7 m.
    path = itm_terrain.path_in_area(
        np.array([10e3]), np.array([[2.0], [2.0]]), np.array([90.0]), (1, 0), np.array([8.5e6])
    )
    assert path.effective_m[:, 0].tolist() == pytest.approx([5.20546, 2.0], abs=2e-4)
    assert path.horizon_m[0, 0] == pytest.approx(7031.7, abs=0.5)


def test_terrain_irregularity_of_a_sawtooth():
    # Heights spread evenly over 0–100 m: the 10 % and 90 % points lie 80 m apart, and over 20 km
    # Δh = 80 / (1 − 0.8·exp(−0.4)) = 172.5 m.
    saw = np.tile(np.concatenate([np.arange(0, 100, 4), np.arange(100, 0, -4)]), 4)[None, :]
    found = itm_terrain.terrain_irregularity_m(saw, np.array([100.0]), np.array([0.0]), np.array([20e3]))
    assert found[0] == pytest.approx(172.5, rel=0.05)


def test_knife_edges_by_hand():
    # Two horizons of 10 km each, 5 km apart, 20 mrad beyond line of sight at 477 MHz:
    # ν² = 0.0795775·10·0.02²·10e3·5e3/15e3 = 1.06103 → 6.02 + 9.11·1.03006 − 1.27·1.06103 = 14.0563 dB each.
    path = itm_terrain.Path(
        length_m=np.array([25e3]), height_m=np.full((2, 1), 10.0), effective_m=np.full((2, 1), 10.0),
        horizon_m=np.full((2, 1), 10e3), horizon_rad=(np.full((2, 1), 0.02 - 25e3 / 8.5e6) + 0 * SPHERE_M) / 2,
        irregularity_m=np.array([50.0]), radius_m=SPHERE_M, known=True,
    )  # fmt: skip
    medium, _ = itm._medium(changed(frequency_mhz=477.0), np.zeros(1))
    assert path.line_of_sight_rad[0] == pytest.approx(25e3 / 8.5e6 - 0.02)
    assert itm_reference._knife_edges_db(path, medium, path.length_m)[0] == pytest.approx(2 * 14.0563, abs=1e-3)


def test_the_middle_of_everything_is_the_same_in_every_mode():
    losses = {mode: area(30e3, 90.0, changed(variability_mode=mode)).loss_db[0] for mode in MODES}
    assert max(losses.values()) - min(losses.values()) < 1e-4


def test_variability_left_out_is_left_out():
    def at(mode, **percent):
        return area(30e3, 90.0, changed(variability_mode=mode, **percent)).loss_db[0]

    assert at(13, location_percent=95.0) == pytest.approx(at(13), abs=1e-4)
    assert at(3, location_percent=95.0) > at(3) + 5
    # Without direct situation variability a small rest stays, from time and location (here at their medians: none).
    assert at(23, situation_percent=95.0) == pytest.approx(at(3), abs=1e-4)
    assert at(3, situation_percent=95.0) > at(3) + 5
    assert at(33, situation_percent=95.0, location_percent=95.0) == pytest.approx(at(3), abs=1e-4)
    # Single messages vary with the situation alone; their time and location are not looked at.
    assert at(0, time_percent=99.0, location_percent=1.0) == at(0)
    assert at(1, location_percent=1.0) == at(1)
    assert at(2, location_percent=1.0) == at(2)


@given(
    st.sampled_from(sorted(CLIMATES)),
    st.floats(2e3, 500e3),
    st.floats(0, 300),
    st.sampled_from(["time_percent", "location_percent", "situation_percent"]),
    st.lists(st.floats(1, 99), min_size=2, max_size=2),
)
@settings(deadline=None)
def test_more_of_the_time_places_and_situations_costs_more(climate, length, irregularity, which, percent):
    low, high = (
        area(length, irregularity, changed(climate=climate, **{which: value})).loss_db[0] for value in sorted(percent)
    )
    assert high >= low - 1e-9


@given(st.floats(1e3, 800e3), st.floats(0, 400), st.tuples(*[st.integers(0, 2)] * 2), st.floats(20, 20_000))
@settings(deadline=None)
def test_an_area_path_is_the_same_in_both_directions(length, irregularity, siting, mhz):
    there = area(length, irregularity, changed(frequency_mhz=mhz), siting=siting)
    back = area(
        length, irregularity, changed(frequency_mhz=mhz, tx_height_m=1.5, rx_height_m=30.0), siting=siting[::-1]
    )
    assert there.loss_db[0] == pytest.approx(back.loss_db[0], abs=1e-7)


@given(st.integers(0, 10_000), st.floats(30, 500), st.floats(20, 20_000))
@settings(max_examples=50, deadline=None)
def test_terrain_never_helps_beyond_free_space(seed, step, mhz):
    found = point_to_point(hills(seed), step, changed(frequency_mhz=mhz, climate=1, variability_mode=13))
    free = 32.45 + 20 * math.log10(mhz) + 20 * math.log10(found.path.length_m[0] / 1000)
    assert found.reference_db[0] >= 0
    # The climate's median correction is the only thing that can take from it, and never more than 13 dB at 50 %.
    assert found.loss_db[0] >= free - 13


def test_the_deviate_is_abramowitz_and_stegun():
    # 26.2.23 is good to 4.5e-4: 1 %, 10 %, 50 %, 90 % of a standard normal variable.
    assert deviate([1.0, 10.0, 50.0, 90.0]).tolist() == pytest.approx([2.32635, 1.28155, 0.0, -1.28155], abs=4.5e-4)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"tx_height_m": 0.4}, 1000),
        ({"rx_height_m": 3001.0}, 1001),
        ({"climate": 8}, 1002),
        ({"time_percent": 0.0}, 1003),
        ({"location_percent": 100.0}, 1004),
        ({"situation_percent": -1.0}, 1005),
        ({"n0": 249.0}, 1008),
        ({"frequency_mhz": 19.0}, 1009),
        ({"permittivity": 0.9}, 1011),
        ({"conductivity_s_m": 0.0}, 1012),
        ({"permittivity": 1.0, "vertical": False}, 1013),
        ({"variability_mode": 14}, 1014),
    ],
)
def test_outside_the_stated_range_is_refused_with_ntias_code(change, code):
    with pytest.raises(RangeError) as refused:
        point_to_point(hills(1), 100.0, changed(**change))
    assert itm.RETURN_CODES[refused.value.values["quantity"]] == code


@pytest.mark.parametrize(
    ("arguments", "siting", "code"),
    [
        ((0.0, 90.0), (0, 0), 1017),
        ((1e4, -1.0), (0, 0), 1018),
        ((1e4, 90.0), (3, 0), 1019),
        ((1e4, 90.0), (0, -1), 1020),
    ],
)
def test_an_area_outside_the_stated_range_is_refused(arguments, siting, code):
    with pytest.raises(RangeError) as refused:
        area(*arguments, LINK, siting=siting)
    assert itm.RETURN_CODES[refused.value.values["quantity"]] == code


def test_terrain_too_high_for_the_atmosphere_is_refused():
    # N0 = 301 at 7 km: 301·exp(−7000/9460) = 143.6 N-units.
    with pytest.raises(RangeError, match="refractivity_low"):
        point_to_point(np.full((1, 50), 7000.0), 100.0, LINK)


def test_cautions_and_return_codes():
    calm = area(30e3, 30.0, LINK)
    assert (calm.cautions[0], calm.return_codes[0]) == (0, 0)
    wild = area([500.0, 2100e3], 30.0, changed(tx_height_m=0.7, frequency_mhz=11_000.0, time_percent=99.95))
    common = Caution.TX_HEIGHT | Caution.FREQUENCY | Caution.EXTREME_VARIABILITY
    assert wild.cautions.tolist() == [common | Caution.SHORT, common | Caution.LONG | Caution.VERY_LONG]
    assert wild.return_codes.tolist() == [1, 1]
    high = point_to_point(np.full((1, 50), 4000.0), 100.0, LINK)
    assert Caution(int(high.cautions[0])) & Caution.SURFACE_REFRACTIVITY
