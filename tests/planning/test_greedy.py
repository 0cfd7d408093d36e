import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from coverage.planning.greedy import lazy_greedy


@st.composite
def instances(draw):
    pixels, candidates = draw(st.integers(1, 12)), draw(st.integers(1, 7))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    sets = rng.random((candidates, pixels)) < draw(st.floats(0.1, 0.8))
    return (
        sets,
        rng.integers(0, 9, pixels).astype(float),
        rng.integers(1, 6, candidates).astype(float),
        rng.random(pixels) < 0.2,
    )


def plain_greedy(sets, weight, cost, start, target):
    covered, order = start.copy(), []
    while weight[covered].sum() < target:
        rates = [weight[row & ~covered].sum() / cost[n] for n, row in enumerate(sets)]
        best = int(np.argmax(rates))
        if rates[best] == 0:
            break
        order.append(best)
        covered |= sets[best]
    return order, covered


@given(instances(), st.floats(0, 1))
@settings(max_examples=300, deadline=None)
def test_lazy_greedy_takes_what_a_full_scan_takes(instance, part):
    sets, weight, cost, start = instance
    target = part * weight.sum()
    picks, covered = lazy_greedy(sparse.csr_array(sets), weight, cost, start=start, target=target)
    order, expected = plain_greedy(sets, weight, cost, start, target)
    assert [pick.candidate for pick in picks] == order
    assert (covered == expected).all()
    totals = [weight[start].sum()] + [pick.total for pick in picks]
    assert np.allclose(np.diff(totals), [pick.gain for pick in picks])


@given(instances())
@settings(max_examples=150, deadline=None)
def test_greedy_reaches_every_target_that_can_be_reached_and_never_beats_the_optimum(instance):
    sets, weight, cost, start = instance
    reachable = weight[start | sets.any(axis=0)].sum()
    target = 0.7 * reachable
    picks, covered = lazy_greedy(sparse.csr_array(sets), weight, cost, start=start, target=target)
    assert weight[covered].sum() >= target
    paid = sum(cost[pick.candidate] for pick in picks)
    cheapest = min(
        sum(cost[list(chosen)])
        for size in range(len(cost) + 1)
        for chosen in itertools.combinations(range(len(cost)), size)
        if weight[start | sets[list(chosen)].any(axis=0)].sum() >= target
    )
    assert paid >= cheapest - 1e-9


@given(instances(), st.floats(0, 15))
@settings(max_examples=150, deadline=None)
def test_the_budget_is_never_passed(instance, budget):
    sets, weight, cost, start = instance
    picks, _ = lazy_greedy(sparse.csr_array(sets), weight, cost, start=start, target=np.inf, budget=budget)
    assert sum(cost[pick.candidate] for pick in picks) <= budget
