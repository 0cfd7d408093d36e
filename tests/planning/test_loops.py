"""The loops in C and their NumPy twins do the same, and the laws of bounds and searches hold."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from coverage.errors import PlanError
from coverage.planning import native
from coverage.planning.exact import exactly
from coverage.planning.model import Flat, Goal, Hunt, first_prices
from coverage.planning.problem import Problem, no_candidates
from coverage.planning.relaxation import _Steps, onto_simplex
from coverage.planning.ruins import _State, searched
from coverage.planning.solvers import cheapest, most
from tests.planning.cases import most_value, problems

LIBRARY = native.library()
needs_c = pytest.mark.skipif(LIBRARY is None, reason="no C compiler here: the NumPy twin serves")


@needs_c
@given(problems(), st.integers(1, 15), st.booleans())
@settings(max_examples=60, deadline=None)
def test_the_bound_in_c_is_that_of_its_twin(problem, part, cost_sought):
    whole = problem.value_of(range(problem.count)) - problem.base
    goal = Goal(target=problem.base + part / 16 * whole) if cost_sought else Goal(budget=part / 16 * problem.cost.sum())
    model = Flat(problem=problem, goal=goal).bounding
    ours, twin = first_prices(model), first_prices(model)
    native.lower(LIBRARY, model, ours, 8, -1e3)
    _Steps(model, twin).run(8, -1e3)
    assert ours.infeasible == twin.infeasible
    if not ours.infeasible:
        assert ours.bound == pytest.approx(twin.bound, rel=1e-6, abs=1e-9)


@needs_c
@given(problems(whole=True), st.integers(1, 16), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_the_search_in_c_makes_the_choices_of_its_twin(problem, part, seed):
    """Whole numbers add up exactly in any order, so that every comparison falls the same way."""
    model = Flat(
        problem=dataclasses.replace(problem, floors=()), goal=Goal(budget=part / 16 * problem.cost.sum())
    ).searching
    hunt = Hunt(rounds=40, seed=seed, heat=0.5)
    start = (model.state == 1).astype(np.int8)
    ours, twin = native.searched(LIBRARY, model, hunt, start), _State(model, hunt).run(start)
    assert ours[1] == twin[1]
    assert (ours[0] == twin[0]).all()


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=12), st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_prices_of_wards_sum_to_one_within_their_cap(prices, loose):
    cap = 1 / len(prices) + loose
    out = onto_simplex(np.array(prices), cap)
    assert out.sum() == pytest.approx(1)
    assert (out >= 0).all()
    assert (out <= cap * (1 + 1e-9)).all()


@given(problems(rules=False), st.integers(0, 15))
@settings(max_examples=30, deadline=None)
def test_more_money_never_buys_less(problem, part):
    less, more = (most(problem, k / 16 * problem.cost.sum(), gap=0.0).value for k in (part, part + 1))
    assert more >= less - 1e-9


@given(problems(), st.integers(0, 16))
@settings(max_examples=30, deadline=None)
def test_a_rule_less_never_makes_a_plan_worse(problem, part):
    budget = part / 16 * problem.cost.sum()
    if most_value(problem, budget) == -np.inf:
        return
    ruled = most(problem, budget, gap=0.0)
    assert set(problem.locked.tolist()) <= set(ruled.chosen)
    for easier in ({"caps": ()}, {"exclusive": ()}, {"requires": ()}, {"floors": ()}, {"locked": no_candidates()}):
        free = most(dataclasses.replace(problem, **easier), budget, gap=0.0)
        assert free.value >= ruled.value - 1e-7


@given(problems(), st.integers(0, 16))
@settings(max_examples=40, deadline=None)
def test_a_rule_less_never_makes_a_target_dearer(problem, part):
    target = problem.base + part / 16 * (problem.value_of(range(problem.count)) - problem.base)
    try:
        ruled = cheapest(problem, target, gap=0.0)
    except PlanError:
        return
    assert set(problem.locked.tolist()) <= set(ruled.chosen)
    assert ruled.gap <= 1e-6, "solved exactly"
    for easier in ({"caps": ()}, {"exclusive": ()}, {"requires": ()}, {"floors": ()}, {"locked": no_candidates()}):
        free = cheapest(dataclasses.replace(problem, **easier), target, gap=0.0)
        assert free.cost <= ruled.cost * (1 + 1e-9) + 1e-9


@given(problems(rules=False), st.integers(0, 16))
@settings(max_examples=40, deadline=None)
def test_greedy_is_no_better_than_the_exact_answer(problem, part):
    """Greedy is what the search does before its first round; exact is HiGHS by itself."""
    budget = part / 16 * problem.cost.sum()
    flat = Flat(problem=problem, goal=Goal(budget=budget))
    start = (flat.state == 1).astype(np.int8)
    chosen, score = searched(flat.searching, Hunt(rounds=0), start)
    exact = exactly(problem, Goal(budget=budget))
    assert exact.optimal
    greedy = problem.value_of(np.flatnonzero(chosen).tolist())
    assert score == pytest.approx(greedy - problem.base, abs=1e-9)
    assert greedy <= problem.value_of(exact.chosen) + 1e-7


@given(problems(rules=False), st.integers(1, 16), st.integers(0, 9))
@settings(max_examples=25, deadline=None)
def test_the_same_seed_gives_the_same_plan(problem, part, seed):
    target = part / 16 * problem.value_of(range(problem.count))
    assert cheapest(problem, target, seed=seed) == cheapest(problem, target, seed=seed)


@given(problems(rules=False), st.integers(1, 16))
@settings(max_examples=25, deadline=None)
def test_a_stop_keeps_the_best_so_far_and_a_bound_that_holds(problem, part):
    target = part / 16 * problem.value_of(range(problem.count))
    stopped, whole = cheapest(problem, target, stop=lambda: True, gap=0.0), cheapest(problem, target, gap=0.0)
    assert stopped.value >= target - 1e-12
    assert stopped.bound <= whole.cost + 1e-9
    assert stopped.cost >= whole.cost - 1e-9


@pytest.mark.filterwarnings("ignore")
def test_spopt_finds_the_same_optimum():
    pulp, locate = pytest.importorskip("pulp"), pytest.importorskip("spopt.locate")
    rng = np.random.default_rng(4)
    for _ in range(6):
        sets = rng.random((12, 40)) < 0.2
        sets[rng.integers(0, 12, 40), np.arange(40)] = True
        weight = rng.integers(1, 9, 40).astype(float)
        far = np.where(sets.T, 0.0, 10.0)
        problem = Problem(sets=sparse.csr_array(sets.astype(np.int8)), weight=weight, cost=np.ones(12))
        solver = pulp.PULP_CBC_CMD(msg=False)
        maximal = locate.MCLP.from_cost_matrix(far, weight, 1.0, p_facilities=4).solve(solver)
        assert most(problem, 4, gap=0.0).value == pytest.approx(pulp.value(maximal.problem.objective))
        whole = locate.LSCP.from_cost_matrix(far, 1.0).solve(solver)
        assert cheapest(problem, weight.sum(), gap=0.0).cost == pytest.approx(pulp.value(whole.problem.objective))
