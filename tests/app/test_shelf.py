import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage.app import shelf
from coverage.app.shelf import Held
from coverage.errors import LayerError
from coverage.planning.proposals import candidates
from coverage.scenarios import Scenario
from coverage.study import Study
from tests import builders as make

CITY = make.city(make.wards((-3, -3, 3, 3)), make.cells(make.cell(azimuth_deg=math.nan)))
CHANGES = candidates(Study(CITY, pixel_m=200), upgrades=False, lattice_m=3000.0)
HELD = Held(scenario=Scenario(name="Kế hoạch A", changes=CHANGES[:2]), definition="danang-2023")


def test_saving_keeps_what_was_there():
    kept, first = shelf.saved({}, HELD, " Kế hoạch  A ")
    kept, second = shelf.saved(kept, HELD, "Kế hoạch A")
    assert (first, second) == ("Kế hoạch A", "Kế hoạch A (2)")
    assert [held.name for held in kept.values()] == list(kept) == [first, second]
    assert kept[second].scenario.changes == HELD.scenario.changes
    assert kept[second].cost_vnd == sum(change.cost_vnd for change in CHANGES[:2])


def test_a_copy_is_another_scenario():
    kept, _ = shelf.saved({}, HELD, "A")
    kept, copy = shelf.duplicated(kept, "A")
    assert copy == "A (2)"
    assert shelf.duplicated(kept, copy)[1] == "A (3)"
    assert list(shelf.without(kept, "A")) == ["A (2)"]


def test_a_file_brings_back_what_was_saved():
    kept, name = shelf.saved({}, HELD, "A")
    text = kept[name].scenario.text().encode()
    again, given_name = shelf.read(kept, text, "a.toml", CITY, "danang-2023")
    assert given_name == "a.toml" or given_name.startswith("A")
    found = again[given_name].scenario
    assert [change.id for change in found.changes] == [change.id for change in CHANGES[:2]]
    assert found.renamed("A").text() == kept[name].scenario.text()


@pytest.mark.parametrize("content", [b"= broken", b"\xff\xfe\x00", b'name = "x"\n[[change]]\nkind = "boom"\n'])
def test_a_file_that_is_no_scenario_is_a_finding(content):
    with pytest.raises(LayerError):
        shelf.read({}, content, "bad.toml", CITY, "danang-2023")


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=100), st.lists(st.text(max_size=10), max_size=5))
def test_names_are_short_new_and_safe_as_files(name, taken):
    tidy = shelf.tidy(name)
    assert len(tidy) <= shelf.LONGEST_NAME
    assert "\n" not in tidy
    assert shelf.free_name(tidy, taken) not in taken
    file = shelf.file_name(name)
    assert file.removesuffix(".toml").replace("-", "").isalnum()
    assert file.isascii()
