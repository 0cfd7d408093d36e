"""From a file of rules to the cheapest plan, solved exactly: a rule that is taken out never makes it dearer."""

import itertools
import tomllib

import numpy as np
import pytest

from coverage.files.rules import sent_rules
from coverage.planning.plans import plan
from coverage.planning.proposals import candidates
from coverage.scenarios import Scenario
from coverage.study import Study
from tests import builders as make

WARDS = make.wards((-2, -2, 0, 2), (0, -2, 2, 2))
STUDY = Study(make.city(WARDS, make.cells(make.cell(azimuth_deg=np.nan))), pixel_m=200)
TARGET = 0.3
OFFER = 'kinds = ["new_site"]\nlattice_m = 1000'
LINES = {
    "min_distance_m": "min_distance_m = 1200",
    "max_new_per_ward": "max_new_per_ward = 3",
    "max_new_in": "max_new_in = { w1 = 2 }",
}
ZONES = {
    "camouflaged": 'wards = ["w0"]\nmasts = ["camouflaged"]',
    "low": 'wards = ["w1"]\nmax_height_m = 18',
    "closed": "circle = [108.1415, 16.0550, 700]",
}
NAMES = (*LINES, *ZONES)


def written(*left_out):
    """Return the file with all rules but some."""
    lines = [text for name, text in LINES.items() if name not in left_out]
    zones = [f'[[zone]]\nid = "{name}"\n{text}' for name, text in ZONES.items() if name not in left_out]
    text = "\n".join([f"[offer]\n{OFFER}", '[masts]\ntypes = ["type1", "camouflaged"]', *lines, *zones])
    assert tomllib.loads(text)
    return text.encode()


@pytest.fixture(scope="module")
def made():
    """Return the cheapest plan and its candidates for every file asked for, each made once."""
    today, kept = STUDY.run(), {}

    def answer(*left_out):
        key = frozenset(left_out)
        if key not in kept:
            offered = candidates(STUDY, sent_rules(written(*key), "rules.toml", STUDY.city))
            kept[key] = plan(STUDY, offered, target=TARGET, today=today, alternatives=0, points=0), offered
        return kept[key]

    return answer


def test_the_plan_under_all_rules_is_solved_exactly_and_keeps_them(made):
    found, offered = made()
    assert found.reached
    assert found.gap == pytest.approx(0.0, abs=1e-9)
    assert {row.reason.code for row in offered.refusals} >= {"zone_closed"}
    places = [change.cells.geometry.iloc[0] for change in found.scenario.changes]
    assert all(one.distance(other) >= 1200 for one, other in itertools.combinations(places, 2))
    wards = [change.ward_id for change in found.scenario.changes]
    assert wards.count("w0") <= 3
    assert wards.count("w1") <= 2
    after = STUDY.under(Scenario(name="x", changes=found.scenario.changes)).run()
    assert after.headline == pytest.approx(found.share_after, abs=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_without_one_rule_the_cheapest_plan_is_no_dearer(made, name):
    strict, free = made()[0], made(name)[0]
    assert free.reached
    assert free.gap == pytest.approx(0.0, abs=1e-9), "solved exactly, so that there is no slack"
    assert free.cost_vnd <= strict.cost_vnd


def test_rules_taken_out_one_after_the_other_never_raise_the_cost(made):
    costs = [made(*NAMES[:count])[0].cost_vnd for count in range(len(NAMES) + 1)]
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] < costs[0], "here the rules do cost something"
