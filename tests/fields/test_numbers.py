"""Numbers as people write them: laws by hypothesis, decisions by column on hand-made columns."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage.fields.numbers import is_missing, read_column, read_number

MARKS = st.sampled_from([".", ","])


def written(value: float, decimal: str, group: str, digits: int) -> str:
    """Write a number with a decimal mark and groups of thousands, by Python's own formatter."""
    text = f"{value:,.{digits}f}"
    return text.translate(str.maketrans({",": group, ".": decimal}))


@given(
    value=st.floats(-1e9, 1e9),
    decimal=MARKS,
    group=st.sampled_from(["", " ", "\u00a0", "\u202f", "'", "other"]),
    digits=st.integers(0, 6),
)
def test_what_was_written_is_read_back(value, decimal, group, digits):
    group = {".": ",", ",": "."}[decimal] if group == "other" else group
    assert read_number(written(value, decimal, group, digits), decimal) == pytest.approx(
        round(value, digits), rel=1e-12, abs=10.0**-digits / 2
    )


@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_python_and_numpy_text_is_read_back_to_the_bit(value):
    assert read_number(repr(value)) == value


@given(st.text(max_size=12))
def test_any_text_gives_a_finite_number_or_none(text):
    for mark in ".,":
        value = read_number(text, mark)
        assert value is None or math.isfinite(value)


@pytest.mark.parametrize(
    "text",
    [
        "25m",
        "25 m",
        "40W",
        "5%",
        "(5)",
        "1.2.3",
        "12,34,567",
        "1 234 5",
        "1e999",
        "inf",
        "NaN",
        "True",
        "٣",
        "--5",
        "0x1F",
        "1_000",
    ],
)
def test_what_is_no_number_is_refused(text):
    assert read_number(text, ".") is None
    assert read_number(text, ",") is None


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["108,2022", "108,2"], [108.2022, 108.2]),
        (["108.202", "108.215"], [108.202, 108.215]),
        (["108,202", "108,215"], [108.202, 108.215]),  # as thousands they would lie outside the range
        (["1.016,5", "16,0"], [1016.5, 16.0]),
        (["1,016.5", "16"], [1016.5, 16.0]),
    ],
)
def test_a_column_decides_its_notation_by_range(texts, expected):
    column = read_column(texts, low=-2000, high=2000)
    assert [column.found[text] for text in texts] == expected
    assert not column.ambiguous


@pytest.mark.parametrize(
    "texts", [["1.234", "987"], ["1,234", "987"], ["1 234", "987"], ["1,234", "1,000"], ["1234", "987.0"]]
)
def test_counts_are_grouped_never_broken(texts):
    column = read_column(texts, low=0, high=1e7, whole=True)
    assert column.found[texts[0]] == 1234


def test_one_clear_value_settles_the_unclear_ones():
    assert read_column(["1.234", "5.678,25"]).found["1.234"] == 1234
    assert read_column(["1.234", "5.6"]).found["1.234"] == 1.234


def test_what_nothing_settles_is_ambiguous_and_not_guessed():
    column = read_column(["1.234", "5.678", "12"])
    assert column.ambiguous == {"1.234", "5.678"}
    assert column.found == {"12": 12.0}


def test_two_notations_in_one_column_are_not_both_read():
    column = read_column(["1.5", "2.5", "3,5"])
    assert column.found == {"1.5": 1.5, "2.5": 2.5}


def test_missing_is_not_zero():
    assert all(map(is_missing, ["", "  ", "-", "N/A", "nan", "NULL", "#N/A"]))
    assert not any(map(is_missing, ["0", "0.0", "x"]))
