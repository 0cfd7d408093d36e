"""A plan that holds in most draws is told like any other, and its running interval is that of the fresh draws."""

import json
import math

import numpy as np
import pytest

from coverage.planning.hedging import hedged_plan
from coverage.planning.proposals import candidates
from coverage.planning.robust import Sampling, validated
from coverage.study import Study
from tests import builders as make

LAND = make.wards((-4, -4, 4, 4))
STUDY = Study(make.city(LAND, make.cells(make.cell(azimuth_deg=math.nan))), pixel_m=200)
CHANGES = candidates(STUDY, upgrades=False, lattice_m=2000.0)
FEW = Sampling(draws=20, fresh=60, pixel_m=200.0)


@pytest.fixture(scope="module")
def hedged():
    return hedged_plan(STUDY, CHANGES, target=0.25, probability=0.9, phases=2, sampling=FEW)


def test_what_it_claims_is_what_a_rerun_measures(hedged):
    after = STUDY.under(hedged.scenario).run()
    assert hedged.share_after == pytest.approx(hedged.aim.measured(after), abs=1e-9)
    assert hedged.draws["target"] == hedged.target == 0.25
    assert hedged.reached == (hedged.draws["fresh_probability"] >= 0.9)


def test_cost_bound_and_gap_are_those_of_the_draws(hedged):
    assert hedged.goal == "cost"
    assert hedged.cost_vnd == pytest.approx(hedged.draws["cost_vnd"], abs=len(hedged.steps))
    assert hedged.lower_bound == hedged.draws["lower_bound"] <= hedged.cost_vnd
    assert hedged.gap == hedged.draws["gap"]
    assert set(hedged.steps["phase"]) <= set(hedged.phases["phase"])
    json.dumps(hedged.summary())


def test_the_running_interval_is_that_of_fresh_draws_in_the_order_of_building(hedged):
    again = validated(STUDY, hedged.scenario.changes, target=0.25, draws=60, seed=1)
    for name, part in (("running_low", 0.05), ("running_high", 0.95)):
        assert hedged.steps[name].tolist() == pytest.approx(np.quantile(again.shares[1:], part, axis=1), abs=1e-12)
    assert again.reached == hedged.draws["fresh_reached"]
