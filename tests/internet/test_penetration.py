"""From lines to bounds: they hold the truth whatever the ratios, and say so where they cannot."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage.errors import RangeError
from coverage.internet.penetration import Ratios, direct_share, lines_by_label, passed_share, share_bounds

ONE = pd.Index(["a"], name="ward_id")
EXACT = Ratios(
    household_label=(1, 1), business_label=(0, 0), unlabelled=(1, 1), lines_per_household=(1, 1), growth_per_year=(0, 0)
)


def table(*rows):
    return pd.DataFrame(rows, columns=["ward_id", "technology", "customer", "lines", "period"])


def bounds(rows, households, years=0.0, ratios=EXACT):
    lines = lines_by_label(table(*rows), ONE)
    return share_bounds(lines, pd.Series([float(households)], index=ONE), years, ratios).loc["a"]


def test_lines_are_told_apart_by_label_technology_and_period():
    index = pd.Index(["a", "b"], name="ward_id")
    rows = table(
        ("a", "FTTH", "household", 10, "2025-06"),
        ("a", "cable", "business", 3, "2025-06"),
        ("a", None, "other", 2, "2025-06"),
        ("a", "FTTH", None, 1, "2025-06"),
        ("a", "mobile", "household", 99, "2025-06"),
        ("a", "FTTH", "household", 8, "2024-12"),
    )
    lines = lines_by_label(rows, index)
    assert lines.loc["a", ["lines", "ftth", "household_label", "business_label", "unlabelled"]].tolist() == [
        16, 13, 10, 3, 3,
    ]  # fmt: skip
    assert lines.loc["a", "status"] == "measured"
    assert lines.loc["b"].drop("planned").isna().all(), "a ward without a row is unknown, not zero"


def test_known_ratios_give_one_figure_and_unknown_ones_a_range():
    rows = [("a", "FTTH", "household", 700, None), ("a", "FTTH", "business", 100, None)]
    assert bounds(rows, 1000)[["low", "high"]].tolist() == [0.7, 0.7]
    found = bounds(rows, 1000, ratios=Ratios())
    assert found["low"] == pytest.approx(0.85 * 700 / 1.15 / 1000)
    assert found["high"] == pytest.approx((700 + 0.25 * 100) / 0.93 / 1000)
    assert EXACT.known
    assert not Ratios().known


def test_households_that_grew_since_the_count_lower_the_share():
    rows = [("a", "FTTH", "household", 700, None)]
    grown = Ratios(**{**vars(EXACT), "growth_per_year": (0.02, 0.02)})
    assert bounds(rows, 1000, years=3, ratios=grown)["low"] == pytest.approx(0.7 / 1.02**3)
    assert bounds(rows, 1000, years=-3, ratios=grown)["low"] == pytest.approx(0.7 * 1.02**3)


def test_a_ward_with_more_lines_than_households_is_flagged_and_never_passes_one():
    rows = [("a", "FTTH", "household", 1100, None)]
    found = bounds(rows, 1000, ratios=Ratios())
    assert found["over_full"]
    assert not found["contradicted"]
    assert found["high"] == 1
    assert found["low"] == pytest.approx(0.85 * 1.1 / 1.15)


def test_lines_beyond_what_the_ranges_allow_say_that_the_ranges_are_wrong():
    found = bounds([("a", "FTTH", "household", 2000, None)], 1000, ratios=Ratios())
    assert found["contradicted"]
    assert found[["low", "high"]].tolist() == [0, 1]


def test_what_is_unknown_can_be_anything():
    assert bounds([("b", "FTTH", "household", 5, None)], 1000)[["low", "high"]].tolist() == [0, 1]
    assert bounds([("a", "FTTH", "household", 5, None)], 0)[["low", "high"]].tolist() == [0, 1]


@pytest.mark.parametrize("wrong", [{"household_label": (0.9, 1.1)}, {"lines_per_household": (1.2, 1.0)}])
def test_ratios_that_cannot_be_are_refused(wrong):
    with pytest.raises(RangeError) as caught:
        Ratios(**wrong)
    assert caught.value.code == "ratio_range"


def test_networks_that_pass_the_same_households_bound_their_union():
    passed = pd.DataFrame({"X": [600.0, 300.0, None], "Y": [500.0, None, None]}, index=list("abc"))
    found = passed_share(passed, pd.Series(1000.0, index=list("abc")))
    assert found.loc["a"].tolist() == [0.6, 1.0]
    assert found.loc["b"].tolist() == [0.3, 1.0], "a silent operator may pass anybody"
    assert found.loc["c"].isna().all()


span = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted)


@settings(max_examples=120, deadline=None)
@given(
    st.tuples(span, span, span),
    st.tuples(st.floats(0.5, 2), st.floats(0.5, 2)).map(sorted),
    st.tuples(st.floats(-0.05, 0.05), st.floats(-0.05, 0.05)).map(sorted),
    st.tuples(*[st.floats(0, 1)] * 5),
    st.tuples(*[st.integers(0, 5000)] * 3),
    st.floats(-8, 8),
    st.integers(1, 4000),
)
def test_bounds_hold_the_truth_whatever_it_is(labels, per_home, growth, at, lines, years, counted):
    names = ("household_label", "business_label", "unlabelled")
    ratios = Ratios(
        **{name: tuple(each) for name, each in zip(names, labels, strict=True)},
        lines_per_household=tuple(per_home), growth_per_year=tuple(growth),
    )  # fmt: skip
    true = [low + part * (high - low) for (low, high), part in zip([*labels, per_home, growth], at, strict=True)]
    residential = sum(count * share for count, share in zip(lines, true, strict=False))
    households = counted * (1 + true[4]) ** years
    share = residential / true[3] / households
    if share > 1:
        return  # no such city
    rows = [
        ("a", "FTTH", label, count, None) for label, count in zip(("household", "business", None), lines, strict=True)
    ]
    found = bounds(rows, counted, years, ratios)
    assert found["low"] - 1e-9 <= share <= found["high"] + 1e-9
    assert 0 <= found["low"] <= found["high"] <= 1
    assert not found["contradicted"]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 9000), st.integers(1, 4000), st.floats(0, 1), st.floats(0.2, 5))
def test_one_more_line_never_lowers_the_direct_estimate(lines, households, residential, per_household):
    before, after = (
        direct_share(pd.Series([count]), pd.Series([households]), residential, per_household)[0]
        for count in (lines, lines + 1)
    )
    assert 0 <= before <= after <= 1
    low, high = (
        bounds([("a", None, "household", count, None)], households, ratios=Ratios()) for count in (lines, lines + 1)
    )
    assert low["contradicted"] or high["contradicted"] or (low["low"] <= high["low"] and low["high"] <= high["high"])
