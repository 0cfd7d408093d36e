import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage import households as hh

WARDS = pd.Index(["a", "b", "c"], name="ward_id")


def subscriptions(*rows):
    return pd.DataFrame(rows, columns=["ward_id", "operator", "technology", "customer", "lines", "period"])


def test_lines_are_summed_over_operators_in_the_latest_period_without_mobile():
    table = subscriptions(
        ("a", "X", "FTTH", "household", 80, "2022-12"),
        ("a", "Y", "cable", "business", 20, "2022-12"),
        ("a", "X", "FTTH", "household", 70, "2022-06"),
        ("a", "X", "mobile", "household", 900, "2022-12"),
        ("b", "X", None, None, 5, "2022-12"),
    )
    lines = hh.fixed_lines(table, WARDS)
    assert lines.loc["a"].tolist() == [100, 80]
    assert lines.loc["b"].tolist() == [5, 5]
    assert lines.loc["c"].isna().all(), "a ward without a row is unknown, not zero"


def test_lines_of_an_unknown_kind_of_customer_are_lines_but_not_of_households():
    table = subscriptions(("a", "X", "FTTH", "other", 7, None), ("a", "X", "FTTH", "household", 1, None))
    assert hh.fixed_lines(table, WARDS).loc["a"].tolist() == [8, 1]


def test_without_periods_every_row_counts():
    table = subscriptions(("a", "X", "FTTH", "household", 1, None), ("a", "Y", "FTTH", "household", 2, None))
    assert hh.latest_period(table) is None
    assert hh.fixed_lines(table, WARDS).loc["a", "lines"] == 3


def test_shares_of_households_stop_at_one_and_lines_do_not():
    lines, households = pd.Series([120.0, 30.0, math.nan]), pd.Series([100.0, 0.0, 100.0])
    assert hh.lines_per_100_households(lines, households)[0] == pytest.approx(120)
    assert hh.household_internet_share(lines, households)[0] == 1.0
    assert hh.household_internet_share(lines, households)[1:].isna().all()
    assert hh.over_full(lines, households) == ["0", "1"]


@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(1, 1000)), min_size=1, max_size=20))
def test_adding_a_line_never_lowers_the_city_share_and_it_stays_a_share(wards):
    lines, households = (pd.Series(column, dtype=float) for column in zip(*wards, strict=True))

    def city(lines):
        return hh.weighted_share(hh.household_internet_share(lines, households), households)

    more = lines.copy()
    more[0] += 1
    assert 0 <= city(lines) <= city(more) <= 1


def test_a_city_without_any_known_ward_is_unknown():
    assert math.isnan(hh.weighted_share(pd.Series([math.nan]), pd.Series([10.0])))
