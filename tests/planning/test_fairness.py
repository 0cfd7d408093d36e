import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from coverage.errors import PlanError
from coverage.planning.exact import tail_mean
from coverage.planning.fairness import fairest
from coverage.planning.problem import SLACK
from tests.planning.cases import choices, problems


def test_the_tail_mean_is_that_of_the_lowest_and_counts_the_last_by_its_part():
    shares = np.array([0.5, 0.1, 0.4, 0.3])
    assert tail_mean(shares, 1.0) == 0.1
    assert tail_mean(shares, 2.5) == pytest.approx((0.1 + 0.3 + 0.5 * 0.4) / 2.5)
    assert tail_mean(shares, 4.0) == pytest.approx(shares.mean())


@given(problems(), st.integers(0, 16), st.integers(0, 2**16))
@settings(max_examples=120, deadline=None)
def test_the_fairest_is_what_trying_every_choice_finds(problem, part, seed):
    rng = np.random.default_rng(seed)
    m = len(problem.weight)
    wards = rng.uniform(0, 1, (rng.integers(1, 15), m)) * (rng.random((1, m)) < 0.8)
    wards /= np.maximum(wards.sum(axis=1, keepdims=True), 1e-9) * 1.3
    bases, budget = rng.uniform(0, 0.2, len(wards)), part / 16 * problem.cost.sum()
    least = max(1.0, len(wards) / 10)
    means = [
        tail_mean(bases + wards[:, problem.covered(c)].sum(axis=1), least)
        for c, _, cost in choices(problem)
        if cost <= budget * (1 + SLACK)
    ]
    if not means:
        with pytest.raises(PlanError, match="plan_rules_conflict"):
            fairest(problem, sparse.csr_array(wards), bases, budget, gap=0.0)
        return
    found = fairest(problem, sparse.csr_array(wards), bases, budget, gap=0.0)
    assert problem.broken(found.chosen) == ()
    assert found.cost <= budget * (1 + SLACK)
    assert found.value == pytest.approx(max(means), abs=1e-7)
    assert found.bound >= max(means) - 1e-7
    assert found.gap <= 1e-5 or math.isinf(found.gap)
