"""Gini by hand and by its definition; the worst tenth against the best."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage.gap import inequality as module
from coverage.gap.inequality import gini, inequality

VALUES = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 50)), min_size=1, max_size=30)


def test_by_hand() -> None:
    # 1, 2, 3, 4: the mean difference of two draws is 1.25, half of it over the mean 2.5 is 0.25.
    assert gini([4, 1, 3, 2]) == pytest.approx(0.25)
    assert gini([1, 3], [3, 1]) == pytest.approx(0.25)  # draws 1 and 3 differ with probability 2·¾·¼, mean 1.5
    assert np.isnan(gini([0, 0]))
    assert np.isnan(gini([]))


@settings(max_examples=100, deadline=None)
@given(VALUES)
def test_it_is_half_the_mean_difference_over_the_mean(pairs: list[tuple[float, int]]) -> None:
    value, weight = (np.array(part, dtype=float) for part in zip(*pairs, strict=True))
    mean = (value * weight).sum() / weight.sum() if weight.sum() else 0.0
    if mean < 1e-9:
        return
    apart = (np.abs(value[:, None] - value) * np.outer(weight, weight)).sum() / weight.sum() ** 2
    found = gini(value, weight)
    assert found == pytest.approx(apart / 2 / mean, abs=1e-9)
    assert 0 <= found < 1
    assert gini(7 * value, weight) == pytest.approx(found, abs=1e-9)
    assert gini(np.repeat(value, weight.astype(int))) == pytest.approx(found, abs=1e-9)


def test_the_tenths_count_households_not_wards() -> None:
    found = inequality([0.9, 0.1, np.nan, 0.5], [50, 5, 100, 45])
    assert found.households == 100
    assert found.worst == pytest.approx((5 * 0.1 + 5 * 0.5) / 10)
    assert found.best == pytest.approx(0.9)
    assert found.ratio == pytest.approx(0.9 / 0.3)
    assert inequality([0.0, 1.0], [50, 50]).ratio == float("inf")
    nothing = inequality([np.nan], [1.0])
    assert np.isnan([nothing.gini, nothing.worst, nothing.best, nothing.ratio]).all()


def test_its_examples() -> None:
    assert doctest.testmod(module).failed == 0
