"""What a merger forgot is estimated on the way back; what is carried forward again is what was there."""

from __future__ import annotations

import doctest

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage import backward
from coverage.backward import carry, carry_back, is_forward, ward_weights
from coverage.catalog.registers import ward_register
from coverage.crosswalks import carry_counts, crosswalk
from coverage.errors import LayerError
from coverage.types import Edition
from coverage.words import LANGUAGES, render

BACK: list[tuple[Edition, Edition]] = [("2025h2", "2019"), ("2025h2", "2025h1"), ("2025h1", "2019")]
SPLITS = st.one_of(st.none(), st.tuples(st.floats(0.01, 1e3), st.floats(0.01, 1e3)))


def units(new: Edition, old: Edition) -> list[str]:
    return sorted(set(crosswalk(old, new)["new"]))


def split_of(parts: tuple[float, float] | None, new: Edition) -> dict[tuple[str, str], float] | None:
    if parts is None or new != "2025h2":
        return None
    return {("20296", "20194"): parts[0], ("20296", "20197"): parts[1]}


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(BACK), st.lists(st.integers(0, 10**6), min_size=48, max_size=48), SPLITS)
def test_new_to_old_to_new_is_the_identity(
    way: tuple[Edition, Edition], counts: list[int], parts: tuple[float, float] | None
) -> None:
    new, old = way
    wards, split = units(new, old), split_of(parts, new)
    frame = pd.DataFrame({"lines": counts[: len(wards)]}, index=pd.Index(wards, name="ward_id"))
    before = carry_back(frame, new, old, split=split)
    assert before["lines"].dtype == np.int64
    assert (before["lines"] >= 0).all()
    assert before["lines"].sum() == frame["lines"].sum()
    pd.testing.assert_frame_equal(carry_counts(before, old, new, split=split), frame)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(BACK), st.lists(st.floats(0, 1e6), min_size=48, max_size=48))
def test_fractions_come_forward_as_they_were(way: tuple[Edition, Edition], counts: list[float]) -> None:
    new, old = way
    wards = units(new, old)
    frame = pd.DataFrame({"area": np.array(counts[: len(wards)]) + 0.25}, index=wards)
    before = carry_back(frame, new, old, by=ward_weights(old)["area_km2"])
    assert (before["area"] >= -1e-9).all()
    again = carry_counts(before, old, new)["area"]
    assert np.allclose(again, frame["area"], rtol=1e-9, atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(BACK), st.lists(st.integers(0, 10**6), min_size=57, max_size=57), SPLITS)
def test_only_the_weighting_quantity_comes_back_as_it_was(
    way: tuple[Edition, Edition], counts: list[int], parts: tuple[float, float] | None
) -> None:
    new, old = way
    wards, split = sorted(ward_weights(old).index), split_of(parts, new)
    weight = pd.Series(counts[: len(wards)], index=wards)
    forward = carry_counts(weight.to_frame("n"), old, new, split=split)
    back = carry_back(forward, new, old, by=weight, split=split)["n"]
    assert back.to_dict() == weight.to_dict()


def test_a_merger_forgets_everything_else() -> None:
    lines = pd.DataFrame({"lines": 0}, index=sorted(ward_weights("2019").index))
    lines.loc["20236", "lines"] = 500  # Hải Châu I alone
    back = carry_back(carry_counts(lines, "2019", "2025h2"), "2025h2", "2019")["lines"]
    assert back["20236"] < 500
    assert back.sum() == 500


def test_census_households_survive_the_way_there_and_back() -> None:
    households = ward_weights("2019")[["households"]]
    there = carry(households, "2019", "2025h2")
    assert there["households"].sum() == 300_501
    pd.testing.assert_frame_equal(carry(there, "2025h2", "2019"), households.sort_index())


def test_unknown_stays_unknown_on_the_way_back() -> None:
    frame = ward_weights("2025h2")[["households"]].astype(float)
    frame.loc["20194"] = np.nan  # Hải Vân shares Hòa Liên with Liên Chiểu
    back = carry_back(frame, "2025h2", "2019")["households"]
    lost = set(crosswalk("2019", "2025h2").query("new in ('20194', '20197')")["old"])
    assert set(back.index[back.isna()]) == lost
    assert back.drop(list(lost)).sum() == frame["households"].drop(["20194", "20197"]).sum()


def test_a_unit_of_which_nothing_is_known_is_divided_evenly() -> None:
    weight = ward_weights("2019")["households"] * 0
    frame = pd.DataFrame({"n": [9]}, index=["20209"])  # Thanh Khê
    back = carry_back(frame, "2025h2", "2019", by=weight)["n"]
    assert back.sum() == 9
    assert back.max() - back.min() <= 1


def test_what_cannot_be_carried_back_is_refused_in_words() -> None:
    quang_nam = next(ward for ward, row in ward_register("2025h2").iterrows() if not row["in_city"])
    cases = [
        (lambda: carry_back(pd.DataFrame({"n": [1]}, index=[quang_nam]), "2025h2", "2019"), "wards_not_carried"),
        (
            lambda: carry_back(
                pd.DataFrame({"n": [1]}, index=["20209"]), "2025h2", "2019", by=pd.Series({"20209": 1.0})
            ),
            "back_weights_missing",
        ),
        (lambda: carry_back(pd.DataFrame({"n": [1, 2]}, index=["20209"] * 2), "2025h2", "2019"), "ward_repeated"),
        (lambda: carry_back(pd.DataFrame({"n": ["1"]}, index=["20209"]), "2025h2", "2019"), "count_not_numeric"),
    ]
    for call, code in cases:
        with pytest.raises(LayerError) as caught:
            call()
        assert caught.value.code == code
        assert all(render(caught.value, lang) for lang in LANGUAGES)


def test_the_direction() -> None:
    assert is_forward("2019", "2025h2")
    assert is_forward("2025h1", "2025h1")
    assert not is_forward("2025h2", "2025h1")
    frame = ward_weights("2019")[["households"]]
    pd.testing.assert_frame_equal(carry(frame, "2019", "2019"), frame.sort_index())


def test_its_examples() -> None:
    assert doctest.testmod(backward).failed == 0
