import dataclasses
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from coverage.errors import PlanError
from coverage.planning.draws import Shadowing
from coverage.planning.problem import Cap
from coverage.planning.proposals import candidates
from coverage.planning.robust import Sampling, clopper_pearson, robust_plan, validated
from coverage.planning.worlds import worlds
from coverage.study import Study
from tests import builders as make

LAND = make.wards((-4, -4, 4, 4))
STUDY = Study(make.city(LAND, make.cells(make.cell(azimuth_deg=math.nan))), pixel_m=200)
CHANGES = candidates(STUDY, upgrades=False, lattice_m=2000.0)
FEW = Sampling(draws=20, fresh=60, pixel_m=200.0)


@pytest.fixture(scope="module")
def robust():
    return robust_plan(STUDY, CHANGES, target=0.25, probability=0.9, sampling=FEW)


def test_the_plan_holds_in_enough_draws_and_says_what_it_is_worth(robust):
    assert robust.needed == 18
    assert robust.reached >= 18
    assert 0 < robust.lower_bound_vnd <= robust.cost_vnd
    assert robust.proven == (robust.lower_bound_vnd > 0)
    assert robust.gap == pytest.approx((robust.cost_vnd - robust.lower_bound_vnd) / robust.cost_vnd)
    assert robust.definition_before == pytest.approx(STUDY.run().headline, abs=1e-12)
    assert robust.definition_after == pytest.approx(STUDY.under(robust.scenario).run().headline, abs=1e-12)
    assert robust.validation.shares.shape == (len(robust.changes) + 1, 60)
    table = robust.steps
    assert (table["low"] <= table["mean"]).all()
    assert (table["mean"] <= table["high"]).all()
    assert (np.diff(table["mean"]) >= 0).all()
    assert table["reached"].iloc[-1] == pytest.approx(robust.validation.probability)
    json.dumps(robust.summary())


def test_its_draws_are_those_it_says(robust):
    again = worlds(STUDY, robust.changes, count=20, seed=0)
    assert int((again.steps(range(len(robust.changes)))[-1] >= 0.25).sum()) == robust.reached
    fresh = validated(STUDY, robust.changes, target=0.25, draws=60, seed=1)
    assert fresh.reached == robust.validation.reached


def test_a_surer_plan_costs_no_less(robust):
    surer = robust_plan(STUDY, CHANGES, target=0.25, probability=0.99, sampling=FEW)
    assert surer.cost_vnd >= robust.lower_bound_vnd
    assert surer.lower_bound_vnd >= robust.lower_bound_vnd - 1e-6


def test_without_shadowing_of_its_own_the_chance_is_that_of_the_city_error():
    """With one error for the whole city and nothing else, the shares of the draws rise with it."""
    said = Shadowing(city_share=1.0)
    found = worlds(STUDY, [], count=40, shadowing=said)
    shares, error = found.shares(found.today), found.draws.city
    # Flat ground: whether a path is in sight is drawn by itself, so equal neighbours may swap.
    assert np.corrcoef(np.argsort(np.argsort(shares)), np.argsort(np.argsort(error)))[0, 1] > 0.98


def test_rules_are_kept_and_locked_changes_stay():
    capped = dataclasses.replace(
        CHANGES, caps=(Cap(members=np.arange(len(CHANGES)), usage=np.ones(len(CHANGES)), upper=9.0, name="masts"),)
    )
    found = robust_plan(STUDY, capped, target=0.2, probability=0.8, locked=[CHANGES[2].id], sampling=FEW)
    assert CHANGES[2].id in {change.id for change in found.changes}
    assert len(found.changes) <= 9
    with pytest.raises(PlanError) as refused:
        robust_plan(STUDY, CHANGES, target=0.2, locked=["nobody"], sampling=FEW)
    assert refused.value.code == "plan_locked_unknown"


def test_what_nobody_reaches_is_said_with_the_draws_that_do():
    with pytest.raises(PlanError) as short:
        robust_plan(STUDY, CHANGES[:2], target=0.9, probability=0.9, sampling=FEW)
    assert short.value.code == "target_unreachable_in_draws"
    assert short.value.values["needed"] == 18
    assert short.value.values["reached"] == 0


@pytest.mark.parametrize(("said", "code"), [
    ({"target": 1.2}, "target_out_of_range"),
    ({"target": 0.2, "probability": 1.0}, "robust_probability"),
])  # fmt: skip
def test_impossible_questions_are_refused(said, code):
    with pytest.raises(PlanError) as refused:
        robust_plan(STUDY, CHANGES, **said)
    assert refused.value.code == code


def test_a_target_that_stands_already_needs_nothing():
    found = robust_plan(STUDY, CHANGES, target=0.0, sampling=FEW)
    assert found.changes == ()
    assert (found.cost_vnd, found.gap, found.validation.probability) == (0.0, 0.0, 1.0)


@settings(max_examples=40, deadline=None)
@given(trials=st.integers(1, 400), part=st.floats(0, 1))
def test_the_interval_is_that_of_clopper_and_pearson(trials, part):
    successes = round(trials * part)
    low, high = clopper_pearson(successes, trials)
    peer = binomtest(successes, trials).proportion_ci(0.95, method="exact")
    assert (low, high) == pytest.approx((peer.low, peer.high), abs=1e-9)
    if successes > 0:
        assert binom.sf(successes - 1, trials, low) == pytest.approx(0.025, abs=1e-6)
