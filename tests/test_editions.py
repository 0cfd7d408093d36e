"""Files find their edition from codes and names together, and are refused where they fit several."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage.catalog.registers import EDITIONS, ward_register
from coverage.editions import complete_sets, detect_edition, refuse_other_edition
from coverage.errors import LayerError
from coverage.matching import OTHER
from coverage.names import normal_name
from coverage.types import Edition

KEYS = {
    edition: {(code, normal_name(name)) for code, name in ward_register(edition)["name"].items()}
    for edition in EDITIONS
}
LISTS = {edition: list(ward_register(edition)["name"].items()) for edition in EDITIONS}


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("known", ["both", "codes", "names"])
def test_a_complete_list_tells_its_edition(edition: Edition, known: str) -> None:
    ids, names = zip(*LISTS[edition], strict=True)
    empty = [None] * len(ids)
    assert detect_edition(empty if known == "names" else ids, empty if known == "codes" else names, file="x") == edition


@pytest.mark.parametrize("known", ["both", "codes", "names"])
@pytest.mark.parametrize("mainland", [True, False])
def test_the_former_city_is_a_complete_list_of_late_2025(known: str, mainland: bool) -> None:
    units = ward_register("2025h2")
    units = units[units["in_city"] & (units["mainland"] | (not mainland))]
    empty = [""] * len(units)
    ids, names = (empty if known == "names" else units.index), (empty if known == "codes" else units["name"])
    assert detect_edition(ids, names, file="x") == "2025h2"


@given(st.sampled_from(EDITIONS), st.data())
def test_any_rows_give_their_edition_or_are_called_ambiguous(edition: Edition, data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.sampled_from(LISTS[edition]), min_size=1, unique=True))
    ids, names = zip(*rows, strict=True)
    fitting = {e for e in EDITIONS if {(code, normal_name(name)) for code, name in rows} <= KEYS[e]}
    if len(fitting) > 1:
        assert detect_edition(ids, names, file="x", prefer=edition) == edition
    else:
        assert detect_edition(ids, names, file="x") == edition


def test_a_reused_code_goes_by_its_name() -> None:
    assert detect_edition(["20194", "20203"], ["Hòa Hiệp Bắc", "Tam Thuận"], file="x") == "2019"
    assert detect_edition([20194, 20197], ["Hải Vân", "Liên Chiểu"], file="x") == "2025h2"
    assert detect_edition([20194.0, 20197.0], ["Phường Hải Vân", "Phường Liên Chiểu"], file="x") == "2025h2"


@pytest.mark.parametrize(
    ("ids", "names", "fitting"),
    [
        (["20194", "20197"], [None, None], {"2019", "2025h1", "2025h2"}),
        (["20194", "20195"], ["Hòa Hiệp Bắc", "Hòa Hiệp Nam"], {"2019", "2025h1"}),
        ([None], ["Hải Châu"], {"2025h1", "2025h2"}),
    ],
)
def test_what_fits_several_editions_is_refused(ids: list[object], names: list[object], fitting: set[str]) -> None:
    with pytest.raises(LayerError) as caught:
        detect_edition(ids, names, file="x.csv")
    assert caught.value.code == "edition_ambiguous"
    assert set(caught.value.values["editions"].split(", ")) == fitting


def test_a_mixture_is_refused() -> None:
    rows = [*LISTS["2019"], *((code, name) for code, name in LISTS["2025h2"] if code < "20334")]
    with pytest.raises(LayerError, match="edition_mixed"):
        detect_edition(*zip(*rows, strict=True), file="x.csv")


def test_known_codes_with_other_names_are_refused() -> None:
    ids, names = zip(*LISTS["2019"], strict=True)
    with pytest.raises(LayerError, match="edition_contradicted"):
        detect_edition(ids, [f"{name[:1]}¹m H¶i" for name in names], file="x.csv")


def test_other_cities() -> None:
    assert detect_edition(["1", "2"], ["A", "B"], file="x") == OTHER
    assert detect_edition(["26017", "26020"], ["Thanh Bình", "Trảng Dài"], file="x") == OTHER
    many = [f"Phường {i}" for i in range(40)]
    assert detect_edition([None] * 41, [*many, "An Khê"], file="x") == OTHER


def test_one_bad_row_does_not_hide_the_edition() -> None:
    ids, names = zip(*LISTS["2019"], strict=True)
    assert detect_edition(ids, ["Hoà Hiệp Bác", *names[1:]], file="x") == "2019"
    assert detect_edition(["99999", *ids[1:]], names, file="x") == "2019"


def test_an_edition_asked_for_is_refused_when_another_explains_the_file() -> None:
    ids, names = zip(*LISTS["2025h2"], strict=True)
    with pytest.raises(LayerError) as caught:
        refuse_other_edition("2019", ids, names, file="x.csv")
    assert (caught.value.code, caught.value.values["fitting"]) == ("edition_refused", "2025h2")
    refuse_other_edition("2025h2", ids, names, file="x.csv")
    refuse_other_edition("2019", ["1", "2"], ["A", "B"], file="x.csv")


def test_complete_sets() -> None:
    sizes = {edition: {name: len(wards) for name, wards in complete_sets(edition).items()} for edition in EDITIONS}
    assert sizes == {
        "2019": {"mainland": 56, "all": 57},
        "2025h1": {"mainland": 47, "all": 48},
        "2025h2": {"mainland": 15, "all": 16, "merged_mainland": 93, "merged": 94},
    }
