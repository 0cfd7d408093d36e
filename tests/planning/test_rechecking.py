import itertools
import json
import math

import pytest

from coverage.errors import PlanError
from coverage.planning.plans import plan
from coverage.planning.proposals import candidates
from coverage.planning.rechecking import recheck
from coverage.planning.regret import study_under
from coverage.scenarios import Scenario
from coverage.study import Study
from tests import builders as make

LAND = make.wards((-3, -3, 3, 3))
STUDY = Study(make.city(LAND, make.cells(make.cell(azimuth_deg=math.nan))), pixel_m=100)
CHANGES = candidates(STUDY, upgrades=False, lattice_m=1500.0)
FCC = study_under(STUDY, "fcc-bdc-5gnr-7-1")
PLAN = plan(STUDY, CHANGES, target=0.10).scenario
LOADED = FCC.under(PLAN).run().headline


def test_a_plan_that_is_enough_under_load_is_left_alone():
    found = recheck(STUDY, PLAN, CHANGES, target=LOADED)
    assert found.reached
    assert found.repairs == ()
    assert (found.cost_vnd, found.gap, found.runs) == (0.0, 0.0, 2)
    assert found.share_planned == found.share_after == pytest.approx(LOADED, abs=1e-12)
    assert found.share_before == pytest.approx(FCC.run().headline, abs=1e-12)
    assert found.undisturbed >= found.share_planned, "interference only takes away"


def test_a_plan_that_falls_short_is_mended_and_says_what_it_cost():
    target = LOADED + 0.05
    found = recheck(STUDY, PLAN, CHANGES, target=target)
    assert found.reached
    assert found.repairs
    mended = Scenario(name="x", changes=(*PLAN.changes, *found.repairs))
    assert FCC.under(mended).run().headline == pytest.approx(found.share_after, abs=1e-12)
    assert found.share_after >= target - 1e-12
    assert found.cost_vnd == sum(change.cost_vnd for change in found.repairs)
    assert not {change.id for change in found.repairs} & {change.id for change in PLAN.changes}
    assert 0 <= found.lower_bound_vnd <= found.cost_vnd
    assert found.proven == (found.lower_bound_vnd > 0)
    for change in found.repairs:
        less = Scenario(name="x", changes=tuple(c for c in mended.changes if c.id != change.id))
        assert FCC.under(less).run().headline < target, "what can be left out is left out"
    json.dumps(found.summary())


def test_the_bound_holds_against_every_repair():
    few = [change for change in CHANGES if change.id not in {c.id for c in PLAN.changes}][:6]
    shares = {
        chosen: FCC.under(Scenario(name="x", changes=(*PLAN.changes, *chosen))).run().headline
        for size in range(1, 3)
        for chosen in itertools.combinations(few, size)
    }
    target = sorted(shares.values())[len(shares) // 2]
    found = recheck(STUDY, PLAN, few, target=target)
    cheapest = min(sum(c.cost_vnd for c in chosen) for chosen, share in shares.items() if share >= target)
    assert found.lower_bound_vnd <= cheapest
    assert found.reached
    assert found.cost_vnd >= cheapest


def test_what_nothing_mends_is_said():
    found = recheck(STUDY, PLAN, CHANGES[:3], target=0.95)
    assert not found.reached
    assert found.repairs == ()
    assert found.share_after == found.share_planned


def test_a_definition_without_load_checks_nothing():
    with pytest.raises(PlanError) as refused:
        recheck(STUDY, PLAN, CHANGES, target=0.1, definition="acma-2026-good")
    assert refused.value.code == "recheck_needs_load"
