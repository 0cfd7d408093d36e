import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from coverage.errors import RangeError
from coverage.grid import Grid
from coverage.planning.draws import DECORRELATION_M, Draws, Shadowing

GRID = Grid(west_m=540_000.0, north_m=1_775_000.0, pixel_m=50.0, rows=40, cols=48)
EVERY = np.arange(GRID.rows * GRID.cols)
PLACE = (541_200, 1_774_000)


def draws(count=400, grid=GRID, **said):
    return Draws(grid=grid, count=count, shadowing=Shadowing(**said), seed=7)


def test_the_distances_are_those_of_the_table():
    assert (DECORRELATION_M["UMa"]["los"], DECORRELATION_M["UMa"]["nlos"]) == (37.0, 50.0)
    assert (DECORRELATION_M["UMi"]["los"], DECORRELATION_M["UMi"]["nlos"]) == (10.0, 13.0)
    assert (DECORRELATION_M["RMa"]["los"], DECORRELATION_M["RMa"]["nlos"]) == (37.0, 120.0)


@pytest.mark.parametrize("distance_m", [37.0, 50.0, 120.0])
def test_fields_fall_off_exponentially_in_every_direction(distance_m):
    found = {
        "common": draws(300).common(distance_m),
        "own": draws(300).of_site(PLACE, 2000.0).own(EVERY, distance_m),
    }
    for name, values in found.items():
        field = values.reshape(300, *GRID.shape).astype(float)
        # 300 fields of some hundreds of independent patches each: the mean of products errs by about 0.003.
        assert abs(field.mean()) < 0.02, name
        assert field.std() == pytest.approx(1.0, abs=0.02), name
        for down, right in [(0, 1), (1, 0), (1, 1), (3, 0), (2, 4), (0, 10)]:
            here, there = field[:, : GRID.rows - down, : GRID.cols - right], field[:, down:, right:]
            wanted = math.exp(-50.0 * math.hypot(down, right) / distance_m)
            assert (here * there).mean() == pytest.approx(wanted, abs=0.02), (name, down, right)


def test_two_sites_have_half_of_their_shadowing_in_common_and_a_site_all_of_it():
    many = draws(500, city_share=0.0)
    one, other = many.of_site(PLACE, 2000.0), many.of_site((541_900, 1_774_300), 2000.0)
    a, b = one.epsilon(EVERY, "UMa", "nlos"), other.epsilon(EVERY, "UMa", "nlos")
    assert (a * b).mean() == pytest.approx(0.5, abs=0.02)
    assert np.array_equal(a, many.of_site(PLACE, 2000.0).epsilon(EVERY, "UMa", "nlos"))


def test_the_error_of_the_city_is_in_every_pixel_and_the_spread_stays_one():
    many = draws(800, city_share=0.25, grid=Grid(west_m=0.0, north_m=0.0, pixel_m=100.0, rows=12, cols=12))
    pixels = np.arange(144)
    a = many.of_site((500, -500), 1000.0).epsilon(pixels, "UMa", "nlos").astype(float)
    assert a.std() == pytest.approx(1.0, abs=0.02)
    far_apart = (a[:, 0] * a[:, 143]).mean()
    assert far_apart == pytest.approx(0.25, abs=0.12), "B alone is common to pixels 1.5 km apart"


def test_with_everything_in_common_all_sites_are_alike():
    many = draws(20, between_sites=1.0)
    one, other = (many.of_site(place, 2000.0).epsilon(EVERY, "UMa", "los") for place in (PLACE, (541_900, 1_774_300)))
    assert np.array_equal(one, other)


@settings(max_examples=10, deadline=None)
@given(top=st.integers(0, 20), left=st.integers(0, 20), count=st.integers(1, 9))
def test_draws_depend_on_place_and_seed_alone_not_on_window_or_number(top, left, count):
    part = Grid(
        west_m=GRID.west_m + 50 * left, north_m=GRID.north_m - 50 * top, pixel_m=50.0,
        rows=GRID.rows - top, cols=GRID.cols - left,
    )  # fmt: skip
    whole = draws(9).of_site(PLACE, 2000.0).epsilon(EVERY, "RMa", "nlos").reshape(9, *GRID.shape)
    window = draws(count, part).of_site(PLACE, 2000.0).epsilon(np.arange(part.rows * part.cols), "RMa", "nlos")
    assert np.array_equal(window.reshape(count, *part.shape), whole[:count, top:, left:])


def test_another_seed_gives_other_draws_and_the_same_seed_the_same():
    def of(seed):
        said = Shadowing(city_share=0.0)
        return Draws(grid=GRID, count=4, seed=seed, shadowing=said).of_site(PLACE, 2000.0).epsilon(EVERY, "UMa", "nlos")

    assert np.array_equal(of(1), of(1))
    assert abs(np.corrcoef(of(1).ravel(), of(2).ravel())[0, 1]) < 0.1


def test_sight_is_independent_of_the_level():
    site = draws(500, city_share=0.0).of_site(PLACE, 2000.0)
    seen, level = site.sight(EVERY, "UMa"), site.epsilon(EVERY, "UMa", "los")
    assert seen.std() == pytest.approx(1.0, abs=0.02)
    assert abs((seen * level).mean()) < 0.02


def test_strata_hold_one_draw_each():
    stratified = Draws(grid=GRID, count=50, stratified=True, seed=3)
    assert sorted(np.floor(ndtr(stratified.city.astype(float)) * 50).astype(int)) == list(range(50))


def test_impossible_shares_and_distances_are_refused():
    for said in ({"between_sites": 1.1}, {"city_share": -0.1}):
        with pytest.raises(RangeError) as refused:
            Shadowing(**said)
        assert refused.value.code == "shadowing_share"
    with pytest.raises(RangeError) as refused:
        Shadowing(decorrelation_m={"UMa": {"los": 0.0, "nlos": 50.0, "sight": 50.0}})
    assert refused.value.code == "shadowing_distance"
