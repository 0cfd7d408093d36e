"""Counts carried between editions keep their sums to the last household."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage.catalog.registers import EDITIONS, register, ward_register
from coverage.crosswalks import carry_counts, carry_problems, crosswalk
from coverage.errors import LayerError
from coverage.types import Edition
from coverage.words import LANGUAGES, render_problem

OLD = list(ward_register("2019").index)
FORWARD: list[tuple[Edition, Edition]] = [("2019", "2025h1"), ("2025h1", "2025h2"), ("2019", "2025h2")]


def census() -> pd.DataFrame:
    return register("census_2019").set_index("ward_id")


def test_census_households_of_the_units_of_2025() -> None:
    carried = carry_counts(census(), "2019", "2025h2")
    assert len(carried) == 15
    named = carried["households"].rename(ward_register("2025h2")["name"])
    wanted = {"Hải Châu": 26_239, "Hòa Cường": 28_168, "Thanh Khê": 40_722, "An Hải": 17_487}
    assert named[list(wanted)].to_dict() == wanted
    assert carried[["population", "households"]].sum().to_dict() == {"population": 1_134_310, "households": 300_501}
    assert set(carried.dtypes) == {np.dtype(np.int64)}
    assert carried.attrs["estimated"] == ("20194", "20197")


def test_hoa_lien_is_divided_by_the_overlay_made_to_add_up_to_one() -> None:
    parts = crosswalk("2019", "2025h2").query("old == '20296'").set_index("new")
    assert parts.loc["20194", "weight"] == pytest.approx(0.2236 / (0.2236 + 0.7548))
    assert parts["weight"].sum() == pytest.approx(1)
    assert set(parts["legal"]) == {"part"}
    assert parts["estimated"].all()
    households = int(census().loc["20296", "households"])
    alone = carry_counts(census()[["households"]], "2019", "2025h2")["households"]
    others = census().loc[["20194", "20195", "20293"], "households"].sum()
    assert alone["20194"] - others == round(households * 0.2236 / (0.2236 + 0.7548))


@pytest.mark.parametrize(("old", "new"), FORWARD)
def test_forward_weights_of_every_ward_add_up_to_one(old: Edition, new: Edition) -> None:
    table = crosswalk(old, new)
    assert set(table["old"]) == {*ward_register(old).index, "498"}
    assert np.allclose(table.groupby("old")["weight"].sum(), 1)
    assert not table.duplicated(["old", "new"]).any()
    assert (table["weight"] > 0).all()


@pytest.mark.parametrize("edition", EDITIONS)
def test_an_edition_to_itself_is_the_identity(edition: Edition) -> None:
    table = crosswalk(edition, edition)
    assert (table["old"] == table["new"]).all()
    assert (table["weight"] == 1).all()
    assert not table["estimated"].any()
    assert carry_problems(edition, edition, file="x") == ()


def test_the_way_over_early_2025_is_the_direct_way() -> None:
    direct = carry_counts(census(), "2019", "2025h2")
    over = carry_counts(carry_counts(census(), "2019", "2025h1"), "2025h1", "2025h2")
    pd.testing.assert_frame_equal(direct, over)


@given(
    st.sampled_from(FORWARD),
    st.lists(st.integers(0, 10**9), min_size=56, max_size=56),
    st.one_of(st.none(), st.tuples(st.floats(0, 1e6), st.floats(0.001, 1e6))),
)
def test_sums_are_kept_in_whole_numbers(
    way: tuple[Edition, Edition], counts: list[int], weights: tuple[float, float] | None
) -> None:
    old, new = way
    wards = list(ward_register(old).index)
    frame = pd.DataFrame({"households": counts[: len(wards)]}, index=wards)
    split = None
    if weights is not None and new == "2025h2":
        split = {("20296", "20194"): weights[0], ("20296", "20197"): weights[1]}
    carried = carry_counts(frame, old, new, split=split)["households"]
    assert carried.sum() == sum(counts[: len(wards)])
    assert carried.dtype == np.int64
    assert (carried >= 0).all()
    exact = crosswalk(old, new).query("not estimated")
    apart = exact[~exact["new"].isin(("20194", "20197"))] if new == "2025h2" else exact
    whole = frame["households"].reindex(apart["old"]).groupby(apart["new"].to_numpy()).sum(min_count=1).dropna()
    assert (carried[whole.index] == whole).all()


@given(st.integers(0, 10**12), st.floats(0, 1), st.floats(0, 1))
def test_largest_remainder_is_within_one_of_the_exact_part(count: int, first: float, second: float) -> None:
    if first + second == 0:
        return
    frame = pd.DataFrame({"n": np.where(np.array(OLD) == "20296", count, 0)}, index=OLD)
    split = {("20296", "20194"): first, ("20296", "20197"): second}
    carried = carry_counts(frame, "2019", "2025h2", split=split)["n"]
    assert abs(carried["20194"] - count * first / (first + second)) <= 1
    assert carried["20194"] + carried["20197"] == count


def test_weights_of_ones_own() -> None:
    frame = pd.DataFrame({"n": [100]}, index=["20296"])
    wanted = {("20296", "20194"): 1.0, ("20296", "20197"): 3.0}
    parts = carry_counts(frame.reindex(OLD, fill_value=0), "2019", "2025h2", split=wanted)["n"]
    assert (parts["20194"], parts["20197"]) == (25, 75)
    with pytest.raises(LayerError, match="split_unusable"):
        carry_counts(frame, "2019", "2025h2", split={("20296", "20194"): -1.0, ("20296", "20197"): 3.0})
    with pytest.raises(LayerError, match="split_unusable"):
        carry_counts(frame, "2019", "2025h2", split={("20296", "20194"): 0.0, ("20296", "20197"): 0.0})


def test_fractions_are_divided_exactly() -> None:
    frame = pd.DataFrame({"x": np.full(56, 0.5)}, index=OLD)
    carried = carry_counts(frame, "2019", "2025h2")["x"]
    assert carried.sum() == pytest.approx(28)
    assert carried["20194"] == pytest.approx(1.5 + 0.5 * 0.2236 / (0.2236 + 0.7548))


def test_unknown_is_not_zero() -> None:
    frame = census()[["households"]].astype(float)
    frame.loc["20236", "households"] = np.nan  # Hải Châu I, part of Hải Châu
    carried = carry_counts(frame.drop("20257"), "2019", "2025h2")["households"]  # Hòa Cường Bắc left out
    assert carried.index[carried.isna()].tolist() == ["20242", "20257"]
    assert carried["20209"] == 40_722


def test_backward_only_what_came_whole() -> None:
    assert list(zip(*crosswalk("2025h2", "2019")[["old", "new"]].to_numpy().T, strict=True)) == [("20333", "498")]
    back = crosswalk("2025h1", "2019")
    assert "20194" in set(back["old"])
    assert "20236" not in set(back["old"])
    frame = pd.DataFrame({"n": [5, 7]}, index=["20194", "20195"])
    assert carry_counts(frame, "2025h1", "2019")["n"].to_dict() == {"20194": 5, "20195": 7}
    with pytest.raises(LayerError) as caught:
        carry_counts(pd.DataFrame({"n": [5]}, index=["20236"]), "2025h1", "2019")
    assert caught.value.code == "wards_not_carried"
    split = {("20236", "20236"): 2.0, ("20236", "20239"): 1.0}
    frame = pd.DataFrame({"n": [6]}, index=["20236"])
    assert carry_counts(frame, "2025h1", "2019", split=split)["n"].to_dict() == {"20236": 4, "20239": 2}


def test_a_count_of_unknown_wards_or_a_text_is_refused() -> None:
    with pytest.raises(LayerError, match="wards_not_carried"):
        carry_counts(pd.DataFrame({"n": [1]}, index=["99999"]), "2019", "2025h2")
    with pytest.raises(LayerError, match="ward_repeated"):
        carry_counts(pd.DataFrame({"n": [1, 2]}, index=["20194", "20194"]), "2019", "2025h2")
    with pytest.raises(LayerError, match="count_not_numeric"):
        carry_counts(pd.DataFrame({"n": ["1"]}, index=["20194"]), "2019", "2025h2")
    with pytest.raises(LayerError, match="edition_unknown"):
        crosswalk("2019", "2031")  # type: ignore[arg-type]


def test_what_is_said_of_carried_counts() -> None:
    problems = carry_problems("2019", "2025h2", file="x.csv")
    assert [p.code for p in problems] == ["counts_carried", "split_estimated_overlay", "transfer_not_carried"]
    assert problems[1].value == "20296"
    moved = problems[2].values
    assert (moved["source_unit"], moved["target_unit"], moved["people"]) == ("Hòa Khánh", "Thanh Khê", 15_220)
    split = {("20296", "20194"): 1.0, ("20296", "20197"): 3.0}
    told = carry_problems("2019", "2025h2", file="x.csv", split=split)[1]
    assert told.code == "split_estimated_split"
    assert "25 %" in render_problem(told, "vi")
    early = [p.code for p in carry_problems("2019", "2025h1", file="x.csv")]
    assert early == ["counts_carried", "transfer_not_carried", "transfer_unmeasured", "transfer_unmeasured"]
    assert [p.code for p in carry_problems("2025h1", "2025h2", file="x")] == [
        "counts_carried",
        "split_estimated_overlay",
    ]
    assert all(render_problem(p, lang) for p in problems for lang in LANGUAGES)
    assert "1,03 km² với 15.220 người" in render_problem(problems[2], "vi")
    assert "1.03 km² with 15,220 people" in render_problem(problems[2], "en")
