import math

import numpy as np
import pytest

from coverage.errors import PlanError
from coverage.planning.plans import plan
from coverage.planning.proposals import candidates
from coverage.planning.regret import regrets, study_under, variants
from coverage.scenarios import Scenario
from coverage.study import Study
from tests import builders as make

LAND = make.wards((-3, -3, 0, 3), (0, -3, 4, 3))
STUDY = Study(
    make.city(
        LAND, make.cells(make.cell(azimuth_deg=math.nan)), people=make.people(LAND, [5000, 900], [1500, 300])
    ),
    pixel_m=100,
)  # fmt: skip
RULES = variants("danang-2023", thresholds_dbm=[-105.0, -115.0], headlines=["area_share", "households_covered_share"])
CHANGES = list(candidates(STUDY, upgrades=False, lattice_m=1500.0))


def test_variants_name_what_differs():
    assert [rule.id for rule in variants("danang-2023", edges=[0.9, 0.5])] == [
        "danang-2023/-95", "danang-2023", "danang-2023/-115",
        "danang-2023/-95/P0.5", "danang-2023/P0.5", "danang-2023/-115/P0.5",
    ]  # fmt: skip
    assert RULES[4].id == "danang-2023/households"
    assert RULES[4].headline == "households_covered_share"


def test_every_figure_is_a_run_and_easier_definitions_are_reached_by_every_plan():
    target = 0.12
    rules = [rule for rule in RULES if rule.edge_probability == 0.9]
    plans = [plan(study_under(STUDY, rule), CHANGES, target=target).scenario for rule in rules]
    found = regrets(STUDY, rules, plans, target=target)
    assert list(found.shares.index) == list(found.shares.columns) == [rule.id for rule in rules]
    for rule, made in zip(rules, plans, strict=True):
        alone = Study(STUDY.city, definition=rule, pixel_m=100).under(made).run().headline
        assert found.shares.loc[rule.id, rule.id] == pytest.approx(alone, abs=1e-12)
        assert found.reached.loc[rule.id, rule.id], "each plan reaches its own target"
        assert found.regret_vnd.loc[rule.id, rule.id] == 0.0
    assert found.reached.loc["danang-2023", "danang-2023/-115"], "what reaches −105 reaches −115"
    assert found.reached.loc[found.safest].sum() == found.reached.sum(axis=1).max()
    everywhere = set.intersection(*({(c.site_id, c.operator, c.kind) for c in made.changes} for made in plans))
    assert set(found.in_all[["site_id", "operator", "kind"]].itertuples(index=False, name=None)) == everywhere
    assert np.isnan(found.regret_vnd.to_numpy()[~found.reached.to_numpy()]).all()


def test_one_plan_for_each_definition():
    with pytest.raises(PlanError) as refused:
        regrets(STUDY, RULES, [Scenario(name="one")], target=0.1)
    assert refused.value.code == "regret_needs_plans"
