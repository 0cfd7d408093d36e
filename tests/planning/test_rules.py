"""What rules cost: a plan under fewer of them is never dearer."""

import numpy as np
import pytest

from coverage.planning.plans import plan
from coverage.planning.proposals import candidates
from coverage.planning.rules import Rules, Zone
from coverage.study import Study
from tests import builders as make

WARDS = make.wards((-2, -2, 0, 2), (0, -2, 2, 2))
STUDY = Study(make.city(WARDS, make.cells(make.cell(azimuth_deg=np.nan))), pixel_m=100)
RULES = Rules(
    kinds=("new_site",),
    lattice_m=700.0,
    masts=("type1", "camouflaged"),
    min_distance_m=900.0,
    max_new_per_ward=3,
    zones=(
        Zone(id="camouflaged", wards=("w0",), masts=("camouflaged",)),
        Zone(id="low", wards=("w1",), max_height_m=15.0),
    ),
)


@pytest.fixture(scope="module")
def today():
    return STUDY.run()


@pytest.fixture(scope="module")
def strict(today):
    return plan(STUDY, candidates(STUDY, RULES), target=0.35, today=today, alternatives=0, points=0)


@pytest.mark.parametrize("name", ["min_distance_m", "max_new_per_ward", "camouflaged", "low"])
def test_without_a_rule_a_plan_is_no_dearer(today, strict, name):
    free = plan(STUDY, candidates(STUDY, RULES.without(name)), target=0.35, today=today, alternatives=0, points=0)
    assert free.reached
    assert strict.reached
    slack = free.gap if free.gap is not None else np.inf
    assert free.cost_vnd * (1 - slack) <= strict.cost_vnd * (1 + 1e-12)
    assert free.gap is not None
    assert free.gap <= 0.01


def test_a_plan_keeps_every_rule(strict):
    chosen = strict.scenario.changes
    assert len(chosen) >= 2
    assert max(sum(change.ward_id == ward for change in chosen) for ward in ("w0", "w1")) <= 3
    places = [change.cells.geometry.iloc[0] for change in chosen]
    assert min(a.distance(b) for n, a in enumerate(places) for b in places[:n]) >= 900.0
    for change in chosen:
        assert change.cells["height_m"].iloc[0] == (15.0 if change.ward_id == "w1" else 25.0)
        assert change.reason.code == ("new_site_lower" if change.ward_id == "w1" else "new_site_camouflaged")
