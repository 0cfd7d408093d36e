"""Small random problems with every kind of rule, and their answers by trying every choice."""

import itertools
import math

import numpy as np
from hypothesis import strategies as st
from scipy import sparse

from coverage.planning.problem import SLACK, Cap, Floor, Problem


@st.composite
def problems(draw, rules=True, whole=False):
    """Draw a problem of up to 8 candidates and 14 elements."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, m = draw(st.integers(1, 8)), draw(st.integers(1, 14))
    sets = rng.random((n, m)) < draw(st.floats(0.1, 0.7))
    weight = rng.integers(0, 9, m).astype(float)
    cost = rng.integers(1, 5, n).astype(float)
    if not whole:
        weight, cost = weight / 32 * rng.uniform(0.5, 1.5, m), cost * rng.choice([1.0, 1.1], n)

    def kept(chance):
        return rules and rng.random() < chance

    pairs = [(a, b) for a, b in itertools.permutations(range(n), 2) if kept(0.08)]
    return Problem(
        sets=sparse.csr_array(sets.astype(np.int8)),
        weight=weight,
        cost=cost,
        base=float(rng.integers(0, 3)) if kept(0.5) else 0.0,
        exclusive=tuple(rng.permutation(n)[: rng.integers(2, n + 1)] for _ in range(2) if n > 1 and kept(0.5)),
        requires=tuple(pairs),
        caps=tuple(
            Cap(
                members=np.arange(n),
                usage=rng.integers(0, 3, n).astype(float),
                upper=float(rng.integers(1, n + 2)),
                name=f"cap{k}",
            )
            for k in range(2)
            if kept(0.5)
        ),
        floors=tuple(
            Floor(weight=part, base=0.0, level=float(part.sum()) * rng.uniform(0, 0.7), name=f"floor{k}")
            for k, part in enumerate(rng.integers(0, 4, (2, m)).astype(float))
            if kept(0.4)
        ),
        locked=rng.permutation(n)[:1] if kept(0.3) else np.zeros(0, dtype=np.int64),
    )


def choices(problem):
    """Return every choice that keeps all rules, as (choice, value, cost)."""
    every = (c for size in range(problem.count + 1) for c in itertools.combinations(range(problem.count), size))
    return [(c, problem.value_of(c), problem.cost_of(c)) for c in every if not problem.broken(c)]


def least_cost(problem, target):
    """Return the least cost that reaches a target, infinite where none does."""
    return min((cost for _, value, cost in choices(problem) if value >= target - SLACK), default=math.inf)


def most_value(problem, budget):
    """Return the most value within a budget, −∞ where nothing is allowed."""
    return max((value for _, value, cost in choices(problem) if cost <= budget * (1 + SLACK)), default=-math.inf)
