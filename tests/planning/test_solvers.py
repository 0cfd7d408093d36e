import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage.errors import PlanError
from coverage.planning.problem import SLACK
from coverage.planning.solvers import cheapest, most
from tests.planning.cases import least_cost, most_value, problems

PARTS = st.integers(0, 16).map(lambda k: k / 16)  # HiGHS counts what misses a level by 1e-9 as reaching it
MANY = settings(max_examples=300, deadline=None)


@given(problems(), PARTS)
@MANY
def test_the_cheapest_is_what_trying_every_choice_finds(problem, part):
    whole = problem.base + problem.weight[problem.covered(range(problem.count))].sum()
    target = problem.base + part * (whole - problem.base)
    best = least_cost(problem, target)
    if math.isinf(best):
        with pytest.raises(PlanError, match="target_unreachable"):
            cheapest(problem, target, gap=0.0)
        return
    found = cheapest(problem, target, gap=0.0)
    assert problem.broken(found.chosen) == ()
    assert problem.value_of(found.chosen) == found.value >= target - SLACK
    assert problem.cost_of(found.chosen) == pytest.approx(found.cost)
    assert found.cost == pytest.approx(best)
    assert found.proven
    assert found.bound <= best * (1 + 1e-9)
    assert found.gap <= 1e-6


@given(problems(), PARTS)
@MANY
def test_the_most_for_a_budget_is_what_trying_every_choice_finds(problem, part):
    budget = part * problem.cost.sum()
    best = most_value(problem, budget)
    if math.isinf(best):
        with pytest.raises(PlanError, match="plan_rules_conflict"):
            most(problem, budget, gap=0.0)
        return
    found = most(problem, budget, gap=0.0)
    assert problem.broken(found.chosen) == ()
    assert found.cost <= budget * (1 + SLACK)
    assert found.value == pytest.approx(best)
    assert found.bound >= best * (1 - 1e-9)
    assert found.gap <= 1e-6
