import math

import numpy as np
import pytest

from coverage.changes import Change
from coverage.errors import PlanError
from coverage.grid import Surface
from coverage.planning.draws import Shadowing
from coverage.planning.proposals import candidates
from coverage.planning.worlds import coarser, worlds
from coverage.scenarios import Scenario
from coverage.study import Study
from coverage.terrain import P1812
from tests import builders as make

LAND = make.wards((-3, -3, 3, 3))
ONE = make.city(LAND, make.cells(make.cell(azimuth_deg=math.nan)))
LOCAL = Shadowing(city_share=0.0)
HILLS = Surface(terrain=make.raster(40 * np.random.default_rng(1).random((80, 80)), 200.0, west_km=-8, north_km=8))
MODELS = {
    "flat": Study(ONE, pixel_m=100),
    "terrain": Study(make.city(LAND, make.cells(make.cell(azimuth_deg=math.nan)), surface=HILLS), pixel_m=100),
}


def covered_in(found):
    return np.unpackbits(found.today, axis=0)[: found.count]


@pytest.mark.parametrize("name", MODELS)
def test_a_pixel_is_covered_in_as_many_draws_as_the_model_says(name):
    study = MODELS[name]
    assert isinstance(study.path_model, P1812) == (name == "terrain")
    count = 400
    found = worlds(study, [], count=count, shadowing=LOCAL)
    part, probability = covered_in(found).mean(axis=0), found.result.probability.ravel().astype(float)
    # Every pixel by itself is a coin: its spread is known (where heads are rare, that of some five heads).
    spread = np.sqrt(np.maximum(probability * (1 - probability), 5 / count) / count)
    off = (part - probability) / spread
    assert np.abs(off).max() < 6.0
    assert np.sqrt((off[(probability > 0.01) & (probability < 0.99)] ** 2).mean()) == pytest.approx(1.0, abs=0.1)
    assert found.shares(found.today).mean() == pytest.approx(
        float(found.result.city.loc["expected_area_share", "value"]), abs=0.002
    )


def test_the_mean_over_draws_is_the_expected_share_when_shadowing_is_shared_and_more_when_it_is_not():
    pair = make.cells(make.cell(azimuth_deg=math.nan), make.cell(0.8, site_id="s2", cell_id="s2", azimuth_deg=math.nan))
    study = Study(make.city(LAND, pair, surface=HILLS), pixel_m=100)
    means = {}
    for between in (0.0, 0.5, 1.0):
        said = Shadowing(between_sites=between, city_share=0.0)
        found = worlds(study, [], count=200, shadowing=said)
        means[between] = found.shares(found.today).mean()
    expected = float(study.run().city.loc["expected_area_share", "value"])
    # Within 250 m of a mast the states of the two sites are drawn apart even then: a hair more is covered.
    assert means[1.0] == pytest.approx(expected, rel=0.02)
    assert means[0.0] > means[0.5] > means[1.0]


def test_the_city_error_spreads_the_share_and_local_shadowing_hardly_does():
    spread = {}
    for part in (0.0, 0.25):
        found = worlds(MODELS["flat"], [], count=100, shadowing=Shadowing(city_share=part))
        shares = found.shares(found.today)
        spread[part] = shares.std() / shares.mean()
    assert spread[0.25] > 3 * spread[0.0] > 0


def test_changes_add_what_a_study_with_them_covers():
    study = MODELS["flat"]
    proposed = candidates(study, upgrades=False, lattice_m=2000.0)
    found = worlds(study, proposed, count=16)
    order = [4, 0, 7]
    together = worlds(study.under(Scenario(name="x", changes=tuple(proposed[n] for n in order))), [], count=16)
    steps = found.steps(order)
    assert steps.shape == (4, 16)
    assert np.array_equal(steps[0], found.shares(found.today))
    assert steps[-1] == pytest.approx(together.shares(together.today), abs=1e-12)
    covered = found.today.copy()
    assert steps[1] - steps[0] == pytest.approx(found.gains(covered, 4), abs=1e-12)
    assert (np.diff(steps, axis=0) >= -1e-12).all()


def test_one_draw_by_itself_is_the_same_as_among_all():
    study = MODELS["flat"]
    proposed = candidates(study, upgrades=False, lattice_m=3000.0)
    found = worlds(study, proposed, count=11)
    for draw in (0, 7, 8, 10):
        mask = found.today_in(draw).copy()
        mask[found.mask(2, draw)] = True
        assert found.weight[mask].sum() == pytest.approx(found.steps([2])[-1][draw], abs=1e-12)


def test_what_takes_cells_away_is_refused():
    gone = Change(id="x", kind="retire", site_id="s1", operator="Viettel", cells=ONE.cells.frame.iloc[:0], cost_vnd=0.0)
    with pytest.raises(PlanError) as refused:
        worlds(MODELS["flat"], [gone], count=2)
    assert refused.value.code == "draws_only_add"


def test_pixels_are_made_coarser_never_finer():
    assert coarser(MODELS["flat"], 200.0).pixel_m == 200.0
    assert coarser(MODELS["flat"], 50.0) is MODELS["flat"]
