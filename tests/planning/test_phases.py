import itertools
import math

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from coverage.changes import Change
from coverage.errors import PlanError
from coverage.planning.alternatives import OTHER, alternatives, curve, no_regret
from coverage.planning.phases import Phase, even_phases, in_order
from coverage.planning.posing import Posed, worst_tenth
from coverage.planning.problem import Problem, Solution
from coverage.planning.reach import Modes


def change(name, site=None):
    return Change(
        id=name, kind="upgrade", site_id=site or name, operator="Viettel", cells=gpd.GeoDataFrame(), cost_vnd=1.0
    )


def posed(sets, weight, cost, *, requires=(), group=None, base=0.1):
    """Return a problem whose last rows keep groups of standing cells as they are."""
    sets = np.asarray(sets, dtype=float)
    group = np.full(len(sets), -1) if group is None else np.array(group)
    n = len(group)
    nothing = np.zeros(0, dtype=np.int64)
    modes = Modes(
        changes=tuple(change(f"c{k}") for k in range(n)), standing=gpd.GeoDataFrame(), fixed=np.zeros(0, dtype=bool),
        kept=(nothing,) * len(sets), group=group,
    )  # fmt: skip
    problem = Problem(
        sets=sparse.csr_array(sets), weight=np.array(weight, dtype=float), cost=np.array(cost, dtype=float), base=base,
        requires=requires, exclusive=modes.exclusive,
    )  # fmt: skip
    empty = sparse.csr_array((0, sets.shape[1]))
    return Posed(
        problem=problem, modes=modes, ward_ids=(), wards=empty, ward_bases=np.zeros(0), networks=empty,
        network_bases=np.zeros(0),
    )  # fmt: skip


@st.composite
def instances(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, m = draw(st.integers(1, 6)), draw(st.integers(1, 10))
    return posed(rng.random((n, m)) < 0.4, rng.integers(0, 9, m) / 100, rng.integers(1, 6, n))


@given(instances(), st.integers(1, 4))
@settings(max_examples=100, deadline=None)
def test_steps_keep_money_and_sum_up_to_the_choice(one, count):
    rows = list(range(one.problem.count))
    phases = even_phases(count, one.problem.cost_of(rows))
    steps = in_order(one, rows, phases)
    assert sorted(step.row for step in steps) == rows
    assert [step.phase for step in steps] == sorted(step.phase for step in steps)
    spent = 0.0
    for step in steps:
        spent += one.problem.cost[step.row]
        assert spent <= sum(phase.budget_vnd for phase in phases[: step.phase + 1]) * (1 + 1e-9)
    for k, step in enumerate(steps, start=1):
        assert step.running == pytest.approx(one.value([s.row for s in steps[:k]]), abs=1e-12)
    assert sum(step.gain for step in steps) + one.value(()) == pytest.approx(one.value(rows), abs=1e-12)


@given(instances())
@settings(max_examples=100, deadline=None)
def test_the_first_step_brings_most_per_cost(one):
    rows = list(range(one.problem.count))
    rates = [(one.value([row]) - one.value(())) / one.problem.cost[row] for row in rows]
    assert rates[in_order(one, rows)[0].row] == pytest.approx(max(rates), abs=1e-12)


def test_what_is_required_comes_first():
    one = posed([[1, 1, 0], [0, 0, 1]], [0.5, 0.3, 0.01], [1.0, 1.0], requires=((0, 1),))
    assert [step.row for step in in_order(one, [0, 1])] == [1, 0]


def test_capacity_spreads_steps_over_phases():
    one = posed(np.eye(4), [0.1] * 4, [1.0] * 4)
    steps = in_order(one, range(4), [Phase(name="a", steps=1), Phase(name="b", steps=3)])
    assert [step.phase for step in steps] == [0, 1, 1, 1]


def test_money_that_is_left_may_be_spent_later():
    one = posed(np.eye(2), [0.3, 0.2], [6.0, 4.0])
    steps = in_order(one, range(2), [Phase(name="a", budget_vnd=5.0), Phase(name="b", budget_vnd=5.0)])
    assert [(step.row, step.phase) for step in steps] == [(1, 0), (0, 1)]


def test_phases_that_are_too_small_say_what_is_left():
    one = posed(np.eye(2), [0.3, 0.2], [6.0, 4.0])
    with pytest.raises(PlanError) as caught:
        in_order(one, range(2), [Phase(name="a", budget_vnd=5.0)])
    assert (caught.value.code, caught.value.values) == ("phases_too_small", {"steps": 1, "cost_vnd": 6.0})


def test_a_turned_site_loses_what_only_it_covered():
    # Row 0 turns the site (covers 2, 3), row 1 builds elsewhere (covers 0), row 2 keeps the site (covers 0, 1).
    one = posed([[0, 0, 1, 1], [1, 0, 0, 0], [1, 1, 0, 0]], [0.1, 0.02, 0.2, 0.1], [1.0, 1.0, 0.0], group=[0, -1])
    steps = in_order(one, [0, 1])
    assert [step.row for step in steps] == [0, 1]
    assert [step.running for step in steps] == pytest.approx([0.1 + 0.3, 0.1 + 0.4])
    assert [step.gain for step in steps] == pytest.approx([0.3 - 0.12, 0.1])


def brute(problem, target):
    best = None
    for size in range(problem.count + 1):
        for rows in itertools.combinations(range(problem.count), size):
            fits = problem.value_of(rows) >= target - 1e-12 and not problem.broken(rows)
            if fits and (best is None or problem.cost_of(rows) < best.cost):
                best = Solution(
                    chosen=rows, value=problem.value_of(rows), cost=problem.cost_of(rows), bound=problem.cost_of(rows),
                    gap=0.0, proven=True, method="brute force",
                )  # fmt: skip
    if best is None:
        raise PlanError("target_unreachable", best=0.0)
    return best


def test_alternatives_are_near_and_differ_from_each_other():
    one = posed(np.eye(8), [0.1] * 8, [1.0] * 8, base=0.0)
    changes = one.modes.changes
    best = brute(one.problem, 0.5)
    others = alternatives(one.problem, best, changes, lambda problem: brute(problem, 0.5))
    assert others
    chosen = [{changes[row].site_id for row in best.chosen}, *(set(other.sites) for other in others)]
    for a, b in itertools.combinations(chosen, 2):
        assert len(a - b) >= math.ceil(OTHER * len(a) - 1e-9)
    assert all(other.cost_vnd <= 1.02 * best.cost for other in others)
    assert [other.differs for other in others] == [len(chosen[0] - sites) / 5 for sites in chosen[1:]]
    assert set(no_regret(best.chosen, others, changes)) == set.intersection(*chosen)


def test_no_alternative_is_made_up_where_there_is_none():
    one = posed(np.eye(3), [0.3, 0.2, 0.1], [1.0, 1.0, 5.0], base=0.0)
    best = brute(one.problem, 0.5)
    assert alternatives(one.problem, best, one.modes.changes, lambda problem: brute(problem, 0.5)) == ()
    assert no_regret(best.chosen, (), one.modes.changes) == ()


def test_the_curve_never_asks_more_for_less():
    one = posed(np.eye(3), [0.3, 0.2, 0.1], [3.0, 1.0, 1.0], base=0.0)
    points = curve([0.1, 0.2, 0.35, 0.6, 0.9], lambda level: brute(one.problem, level), 0.0)
    assert points["share"].tolist() == pytest.approx([0.0, 0.2, 0.5, 0.6], abs=1e-12)
    assert points["cost_vnd"].tolist() == [0.0, 1.0, 4.0, 5.0]
    assert (points["gap"] == 0).all()


def test_the_worst_tenth_is_at_least_one_ward():
    assert worst_tenth(np.arange(20) / 100) == pytest.approx(0.005)
    assert worst_tenth(np.array([0.4])) == 0.4
    assert math.isnan(worst_tenth(np.zeros(0)))
