import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from coverage.planning import problem as module
from coverage.planning.problem import Cap, Floor, Problem, merged


@st.composite
def covers(draw):
    """Sets over pixels of which many have the same candidates."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    pixels, candidates = draw(st.integers(0, 40)), draw(st.integers(0, 6))
    kinds = rng.random((candidates, 5)) < 0.4
    sets = kinds[:, rng.integers(0, 5, pixels)]
    weight = rng.integers(0, 4, pixels).astype(float)
    rows = rng.integers(0, 3, (2, pixels)).astype(float)
    return sparse.csr_array(sets), weight, rng.random(pixels) < 0.2, sparse.csr_array(rows)


@given(covers(), st.data())
@settings(max_examples=300, deadline=None)
def test_merging_changes_no_value_of_any_choice(cover, data):
    sets, weight, start, rows = cover
    small = merged(sets, weight, start, rows)
    chosen = data.draw(st.sets(st.integers(0, sets.shape[0] - 1))) if sets.shape[0] else set()
    pixels = start | sets.toarray()[list(chosen)].any(axis=0)
    problem = Problem(sets=small.sets, weight=small.weight, cost=np.ones(sets.shape[0]), base=small.base)
    assert problem.value_of(chosen) == pytest.approx(weight[pixels].sum())
    elements = problem.covered(chosen)
    assert small.row_bases + small.rows.toarray()[:, elements].sum(axis=1) == pytest.approx(
        rows.toarray()[:, pixels].sum(axis=1)
    )
    columns = {tuple(column) for column in small.sets.toarray().T}
    assert len(columns) == small.sets.shape[1], "no two elements have the same candidates"
    kept = small.element >= 0
    assert (elements[small.element[kept]] == pixels[kept]).all()


def test_pixels_whose_hashes_collide_are_told_apart(monkeypatch):
    sets = sparse.csr_array(np.array([[1, 0, 1], [0, 1, 0]]))
    real, seeds = module._classes, []

    def colliding(sets, open_to, seed):
        seeds.append(seed)
        return np.zeros(3, dtype=np.int64) if seed == 0 else real(sets, open_to, seed)

    monkeypatch.setattr(module, "_classes", colliding)
    assert merged(sets, np.ones(3), np.zeros(3, dtype=bool)).sets.shape == (2, 2)
    assert seeds == [0, 1]


PROBLEM = Problem(
    sets=sparse.csr_array(np.array([[1, 1, 0], [0, 1, 1], [0, 0, 1]])),
    weight=np.array([0.1, 0.2, 0.3]),
    cost=np.array([2.0, 3.0, 1.0]),
    base=0.05,
    exclusive=(np.array([0, 1]),),
    requires=((2, 0),),
    caps=(Cap(members=np.array([0, 2]), usage=np.array([1.0, 2.0]), upper=2.0, name="masts:W1"),),
    floors=(Floor(weight=np.array([0.0, 0.0, 1.0]), base=0.0, level=0.5, name="ward:W1"),),
    locked=np.array([1]),
)


def test_values_and_costs_are_sums():
    assert PROBLEM.value_of([0, 1]) == pytest.approx(0.65)
    assert PROBLEM.value_of([]) == 0.05
    assert PROBLEM.cost_of([0, 2]) == 3.0


@pytest.mark.parametrize(
    ("chosen", "broken"),
    [
        ([1], ()),
        ([0, 1], ("exclusive:0",)),
        ([1, 2], ("requires:2:0",)),
        ([0, 1, 2], ("exclusive:0", "masts:W1")),
        ([0], ("locked:1", "ward:W1")),
    ],
)
def test_every_broken_rule_is_named(chosen, broken):
    assert PROBLEM.broken(chosen) == broken


@pytest.mark.parametrize(
    "wrong",
    [
        {"weight": np.array([0.1, 0.2])},
        {"weight": np.array([0.1, 0.2, np.nan])},
        {"cost": np.array([1.0, -1.0, 1.0])},
        {"locked": np.array([3])},
        {"requires": ((0, -1),)},
        {"floors": (Floor(weight=np.ones(2), base=0.0, level=1.0, name="W"),)},
    ],
)
def test_a_problem_that_fits_nothing_is_refused(wrong):
    with pytest.raises(ValueError, match=r"weights|costs|rule|floors"):
        dataclasses.replace(PROBLEM, **wrong)


@pytest.mark.parametrize(("usage", "upper"), [([1.0], 1.0), ([1.0, -1.0], 1.0), ([1.0, 1.0], -1.0)])
def test_a_cap_that_fits_nothing_is_refused(usage, upper):
    with pytest.raises(ValueError, match="cap"):
        Cap(members=np.array([0, 1]), usage=np.array(usage), upper=upper, name="x")
