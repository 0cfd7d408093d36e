"""Rules that follow from floors: no choice that keeps the floors breaks one."""

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from coverage.planning.cuts import cuts
from coverage.planning.problem import Floor, Problem
from coverage.planning.reduction import attainable_from


@given(st.integers(0, 10**6), st.integers(1, 7), st.integers(2, 12), st.floats(0.05, 0.95))
@settings(max_examples=150, deadline=None)
def test_every_choice_that_keeps_the_floors_keeps_the_cuts(seed, count, elements, part):
    rng = np.random.default_rng(seed)
    weight = rng.random(elements)
    sets = sparse.csr_array((rng.random((count, elements)) < 0.4).astype(float))
    floor = Floor(weight=weight, base=0.1, level=0.1 + part * float(weight.sum()), name="ward")
    problem = Problem(sets=sets, weight=weight, cost=np.ones(count), floors=(floor,))
    found = cuts(problem)
    assert found
    for size in range(count + 1):
        for chosen in itertools.combinations(range(count), size):
            if problem.broken(chosen):
                continue
            for usage, least in found:
                assert usage[list(chosen)].sum() >= least - 1e-6


def test_two_wards_that_a_site_serves_many_times_over_need_a_whole_site_each():
    sets = sparse.csr_array(np.eye(2))
    floors = tuple(Floor(weight=row, base=0.0, level=0.05, name=str(k)) for k, row in enumerate(np.eye(2)))
    problem = Problem(sets=sets, weight=np.ones(2), cost=np.ones(2), floors=floors)
    assert [(usage.tolist(), least) for usage, least in cuts(problem)] == [([1.0, 0.0], 1.0), ([0.0, 1.0], 1.0)]


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.floats(0, 30))
@settings(max_examples=60, deadline=None)
def test_a_bound_is_raised_to_a_sum_of_costs_and_no_further(costs, least):
    total = float(sum(costs))
    sums = {sum(chosen) for size in range(len(costs) + 1) for chosen in itertools.combinations(costs, size)}
    raised = attainable_from(np.array(costs, float), least, total)
    assert raised >= least
    assert all(value >= raised - 1e-9 * total for value in sums if value >= least)
