from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage.store.releases import LEAST, pinned, published, shares_to_publish


def test_bands_that_add_up_to_a_number_are_found_by_hand() -> None:
    # Five wards of 9, 9, 9, 9 and 4 sites: their total, 40, is the top of every band at once.
    counts = np.array([9, 9, 9, 9, 4])
    each, total = published(counts, np.eye(5, dtype=bool)), published(counts, np.ones((1, 5), dtype=bool))
    assert pinned(counts, [each]) == []
    assert pinned(counts, [each, total]) == [4]


def test_a_ward_under_two_editions_is_attacked_by_subtraction() -> None:
    counts = np.array([5, 4, 9])
    old = published(counts, np.eye(3, dtype=bool))
    new = published(counts, np.array([[True, True, False], [False, False, True]]))
    assert pinned(counts, [old, new]) == []


@settings(max_examples=30, deadline=None)
@given(
    counts=st.lists(st.integers(0, 12), min_size=3, max_size=7),
    parts=st.lists(st.integers(0, 2), min_size=7, max_size=7),
)
def test_what_is_not_pinned_may_be_another_number(counts: list[int], parts: list[int]) -> None:
    true = np.array(counts)
    groups = np.array([[parts[n] == part for n in range(len(true))] for part in range(3)])
    tables = [published(true, np.eye(len(true), dtype=bool)), published(true, groups)]
    found = pinned(true, tables)
    for n in range(len(true)):
        others = _possible(tables, n)
        assert counts[n] in others
        if 0 < counts[n] < LEAST:
            assert (len(others) == 1) == (n in found)


def _possible(tables: list, number: int) -> set[int]:
    """Every value that some whole numbers within all bands give, by trying all within the first table's bands."""
    own = [range(low, high + 1) for low, high in zip(tables[0].low, tables[0].high, strict=True)]
    group = next(members for members in tables[1].members if members[number])
    at = next(k for k, members in enumerate(tables[1].members) if members[number])
    sums = {0}
    for n in np.flatnonzero(group):
        if n != number:
            sums = {before + value for before in sums for value in own[n]}
    low, high = tables[1].low[at], tables[1].high[at]
    return {value for value in own[number] if any(low <= value + rest <= high for rest in sums)}


@given(st.lists(st.integers(0, 20), min_size=3, max_size=12))
def test_no_withheld_share_follows_from_the_citys(counts: list[int]) -> None:
    sites = pd.DataFrame({"Viettel": counts})
    may = shares_to_publish(sites)["Viettel"]
    assert not (may & (sites["Viettel"] < LEAST)).any()
    hidden = sites.loc[~may, "Viettel"]
    if len(hidden) and sites["Viettel"].sum() >= LEAST:
        assert len(hidden) >= 2
        assert hidden.sum() >= LEAST
