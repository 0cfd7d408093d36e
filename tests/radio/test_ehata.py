import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage.errors import RangeError
from coverage.radio import ehata
from coverage.radio.ehata import Link, median_loss_db, path_loss_db
from coverage.radio.freespace import free_space_loss_db
from coverage.validation import validate

LINK = Link(frequency_mhz=2600.0, base_height_m=30.0, mobile_height_m=1.5)
BREAK_DB = 0.17  # the near law is anchored at the slant distance of 1 km, the far one at the path's: 20·log10(1.0192)


def hills(seed, paths=1, points=120, roughness=8.0):
    rng = np.random.default_rng(seed)
    return 200 + np.cumsum(rng.normal(0, roughness, (paths, points)), axis=1)


def ground(heights, step=100.0):
    return ehata._Ground(height_m=np.atleast_2d(np.asarray(heights, dtype=float)), step_m=np.array([step]))


def test_every_published_case_agrees(reference):
    cases = [case for case in validate("ehata", reference / "ehata") if case.ok is not None]
    assert cases
    assert max(abs(case.difference) for case in cases) < 1e-4  # they are given with four decimals


def test_ntias_own_values_agree_but_for_their_single_precision(reference):
    # There an index cut from a sum of steps falls one point further on the odd path: 0.08 dB.
    sizes = sorted(abs(case.difference) for case in validate("ehata", reference / "ehata") if case.ok is None)
    assert sizes[9 * len(sizes) // 10] < 2e-4


@pytest.mark.parametrize(("mhz", "near_db", "far_db"), [(1500, 22.0, 63.5), (2000, 23.5, 65.75), (3000, 25.85, 69.5)])
def test_okumuras_median_attenuation_by_hand(mhz, near_db, far_db):
    # Figure 15 for 200 m and 3 m: attenuation against free space at 1 km (slant) and at 100 km.
    slant = free_space_loss_db(np.hypot(1000.0, 197.0), mhz)
    assert median_loss_db(1.0, mhz, 200.0, 3.0, "urban") == pytest.approx(slant + near_db, abs=1e-3)
    assert median_loss_db(100.0, mhz, 200.0, 3.0, "urban") == pytest.approx(
        free_space_loss_db(100_000.0, mhz) + far_db, abs=2e-3
    )


def test_suburban_and_open_areas_by_hand():
    # Okumura's 12.4 dB at 2 GHz; Hata: 40.94 − 18.33·3.30103 + 4.78·3.30103² = 32.5188 dB.
    urban = median_loss_db(5.0, 2000.0, 50.0, 1.5, "urban")
    assert urban - median_loss_db(5.0, 2000.0, 50.0, 1.5, "suburban") == pytest.approx(12.4, abs=1e-6)
    assert urban - median_loss_db(5.0, 2000.0, 50.0, 1.5, "rural") == pytest.approx(32.5188, abs=1e-4)


def test_distance_law_by_hand():
    # 44.9 − 6.55·log10(100) = 31.8 dB per decade near the base.
    near = [median_loss_db(d, 2000.0, 100.0, 1.5, "urban") for d in (1.0, 10.0)]
    assert near[1] - near[0] == pytest.approx(31.8, abs=1e-9)


@pytest.mark.parametrize(
    ("rise", "length_km", "expected"),
    [
        # −1000·rise mrad; at 20 km × (0.25 + 0.05·0.55·10) towards a higher base, × (0.125 + 0.1125) towards a lower
        (0.01, 20, -10 * 0.525),
        (-0.01, 20, 10 * 0.2375),
        (0.01, 8, -10 * 0.25),
        (-0.01, 60, 10 * 0.6),
        (0.01, 4, 0.0),  # too short to have a general slope
    ],
)
def test_general_slope_by_hand(rise, length_km, expected):
    steps = length_km * 10
    assert ehata._slope_db(ground(rise * 100.0 * np.arange(steps + 1)))[0] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("sea_points", "length_km", "expected"),
    [
        (range(100), 20.0, 11.0),
        (range(100), 80.0, 15.0),
        (range(100), 45.0, 13.0),  # half way between the curves of 30 and 60 km
        (range(15), 20.0, 4.0),  # at the mobile
        (range(85, 100), 20.0, 1.0),  # at the base
        ((*range(15), *range(85, 100)), 60.0, (4.0 + 6.25) / 2),
        ((), 20.0, 0.0),
    ],
)
def test_land_and_sea_by_hand(sea_points, length_km, expected):
    sea = np.isin(np.arange(100), list(sea_points))[None, :]
    assert ehata._sea_db(np.array([length_km]), sea)[0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("base_km", "mobile_km", "expected"),
    [(15.0, 1.0, -13.0), (30.0, 2.0, -13.0), (60.0, 0.0, 20.0), (22.5, 1.0, -10.75), (15.0, 2.5, -17.5)],
)
def test_okumuras_ridge_curves_by_hand(base_km, mobile_km, expected):
    assert ehata._ridge_curve_db(np.array([base_km]), np.array([mobile_km]))[0] == pytest.approx(expected)


def test_flat_ground_needs_no_fine_correction_but_for_ntias_of_2015():
    # Flat land 10 m above the sea, 12 km: Δh = 0, so K_m at 15 m (1e-7 dB) and K_h at 10 m = 2.0 dB for NTIA.
    flat = np.full((1, 121), 10.0)
    ours, ntia = (path_loss_db(flat, 100.0, LINK, variant=variant)[0] for variant in ("winnforum", "ntia"))
    median = median_loss_db(12.0, 2600.0, 30.0, 1.5, "urban")
    assert ours == pytest.approx(median, abs=1e-6)
    # NTIA measures effective heights from 0.75 × 10 m here: 32.5 m and 4 m.
    assert ntia == pytest.approx(median_loss_db(12.0, 2600.0, 32.5, 4.0, "urban") - 2.0, abs=1e-6)


def test_effective_heights_measure_from_the_ground_3_to_15_km_away():
    # A base on a hill of 100 m over a plain, 20 km: 130 m above the mean of the ground 3–15 km off.
    heights = np.full((1, 201), 10.0)
    heights[0, -5:] = 110.0
    assert ehata._mean_level(ground(heights), -1, "winnforum").tolist() == [10.0]
    assert ehata._mean_level(ground(heights[:, -31:]), -1, "winnforum").tolist() == [110.0]  # 3 km: nothing to look at
    # At 9 km half of the difference counts.
    assert ehata._mean_level(ground(heights[:, -91:]), -1, "winnforum").tolist() == [60.0]


def test_a_batch_is_its_rows():
    batch = hills(3, paths=30)
    batch[::3] = np.abs(batch[::3]) * (np.arange(120) > 40)  # some with sea at the mobile
    steps = np.random.default_rng(4).uniform(30, 400, 30)
    together = path_loss_db(batch, steps, LINK, beyond_range=True)
    alone = [path_loss_db(row, step, LINK, beyond_range=True)[0] for row, step in zip(batch, steps, strict=True)]
    assert together.tolist() == pytest.approx(alone, abs=1e-9)


def test_a_hole_in_the_terrain_is_unknown():
    batch = hills(5, paths=2)
    batch[1, 60] = np.nan
    loss = path_loss_db(batch, 100.0, LINK)
    assert np.isfinite(loss[0])
    assert np.isnan(loss[1])


@given(st.floats(1, 99), st.floats(1.001, 3), st.floats(1500, 3000), st.floats(30, 200), st.floats(1, 10))
def test_median_loss_grows_with_distance(near_km, factor, mhz, base, mobile):
    far_km = min(near_km * factor, 100.0)
    near, far = (median_loss_db(d, mhz, base, mobile, "urban") for d in (near_km, far_km))
    assert far >= near - BREAK_DB


@given(st.floats(1, 100), st.floats(1500, 3000), st.floats(30, 200), st.floats(1, 10))
def test_a_city_costs_more_than_a_suburb_and_that_more_than_open_land(length_km, mhz, base, mobile):
    urban, suburban, rural = (
        median_loss_db(length_km, mhz, base, mobile, environment) for environment in ("urban", "suburban", "rural")
    )
    assert urban > suburban > rural


@given(st.integers(0, 10_000), st.floats(25, 400))
@settings(max_examples=50, deadline=None)
def test_any_terrain_has_a_loss(seed, step):
    for variant in ("winnforum", "ntia"):
        assert np.isfinite(path_loss_db(hills(seed), step, LINK, variant=variant, beyond_range=True)).all()


@pytest.mark.parametrize(
    ("change", "quantity"),
    [
        ({"frequency_mhz": 900.0}, "frequency_mhz"),
        ({"frequency_mhz": 3500.0}, "frequency_mhz"),
        ({"base_height_m": 0.0}, "base_height_m"),
        ({"mobile_height_m": 12.0}, "mobile_height_m"),
        ({"mobile_height_m": np.nan}, "mobile_height_m"),
    ],
)
def test_outside_the_stated_range_is_refused_unless_asked_for(change, quantity):
    link = Link(**{**vars(LINK), **change})
    with pytest.raises(RangeError) as refused:
        path_loss_db(hills(1), 100.0, link)
    assert (refused.value.code, refused.value.values["quantity"]) == ("ehata_range", quantity)
    path_loss_db(hills(1), 100.0, link, beyond_range=True)


def test_a_path_shorter_than_a_kilometre_is_refused():
    with pytest.raises(RangeError, match="length_km"):
        path_loss_db(hills(1, points=8), 100.0, LINK)
