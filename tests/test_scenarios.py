"""Scenarios as files: read back exactly, editable by hand, refused with file, entry and remedy."""

import math

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from coverage.changes import Change, Reason
from coverage.errors import LayerError, PlanError
from coverage.planning.proposals import candidates
from coverage.planning.rules import Rules
from coverage.scenarios import Scenario
from coverage.study import Study
from coverage.words import LANGUAGES, render, render_problem
from tests import builders as make

WARDS = make.wards((-3, -3, 0, 3), (0, -3, 3, 3))
PEOPLE = make.people(WARDS, [5000, 900], [1500, 300])
LINES = make.subscriptions(
    ("w0", "VNPT", "FTTH", "household", 900.0, "2024-12"), ("w1", "VNPT", "FTTH", "household", 100.0, "2024-12")
)
LTE = {"technology": "LTE", "band": "B3", "frequency_mhz": 1842.5, "bandwidth_mhz": 20.0}
EMPTY = {"mechanical_tilt_deg": 0.0, "electrical_tilt_deg": 6.0, "antenna": math.nan, "antenna_gain_dbi": 24.0}
CITY = make.city(
    WARDS,
    make.cells(
        make.cell(azimuth_deg=10.0, **EMPTY), make.cell(x_km=2, y_km=1, site_id="s2", cell_id="s2-1", **LTE, **EMPTY)
    ),
    people=PEOPLE,
    subscriptions=LINES,
)
EVERYTHING = Rules(
    kinds=("upgrade", "carrier", "new_site", "small_cell", "retune", "connect"), share="moran", alone=True,
    lattice_m=2000.0,
)  # fmt: skip


def same(one: Change, two: Change) -> None:
    """Compare two changes to the last bit; the order of columns does not count."""
    for name in ("id", "kind", "site_id", "operator", "cost_vnd", "operators", "removes", "ward_id", "households",
                 "medium", "cost_low_vnd", "cost_high_vnd"):  # fmt: skip
        left, right = getattr(one, name), getattr(two, name)
        assert left == right or (math.isnan(left) and math.isnan(right)), name
    assert (one.reason is None) == (two.reason is None)
    if one.reason is not None and two.reason is not None:
        assert (one.reason.code, dict(one.reason.values)) == (two.reason.code, dict(two.reason.values))
    assert len(one.cells) == len(two.cells)
    if len(one.cells):
        pd.testing.assert_frame_equal(
            pd.DataFrame(one.cells), pd.DataFrame(two.cells), check_like=True, check_dtype=False, check_exact=True
        )


def test_candidates_of_every_kind_are_read_back_exactly(tmp_path):
    offered = candidates(Study(CITY, pixel_m=100), EVERYTHING)
    assert {change.kind for change in offered} == set(EVERYTHING.kinds)
    made = Scenario(name='Kịch bản "thử" \\ 1', changes=tuple(offered))
    read = Scenario.load(made.save(tmp_path / "scenario.toml"), CITY)
    assert read.name == made.name
    assert len(read.changes) == len(made.changes)
    for one, two in zip(made.changes, read.changes, strict=True):
        same(one, two)
    assert read.text() == made.text()


def test_a_scenario_read_back_measures_the_same():
    study = Study(CITY, pixel_m=100)
    offered = candidates(study, EVERYTHING)
    first = {change.kind: change for change in offered}
    made = Scenario(name="one of each", changes=tuple(first.values()))
    read = Scenario.parse(made.text(), CITY)
    assert study.under(read).run().summary() == study.under(made).run().summary()


plain = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=12)


@given(
    texts=st.tuples(plain, plain, plain, plain),
    cost=st.floats(0, 1e15),
    azimuth=st.floats(0, 359.9),
    place=st.tuples(st.floats(-5, 5), st.floats(-5, 5)),
    number=st.integers(0, 10**9),
)
@settings(max_examples=40, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
def test_any_text_and_number_survives(texts, cost, azimuth, place, number):
    new = make.cells(make.cell(*place, azimuth_deg=azimuth, cell_id=texts[0], site_id="n", **EMPTY)).frame
    change = Change(
        id=texts[1], kind="new_site", site_id="n", operator="Viettel", cells=new, cost_vnd=cost,
        reason=Reason(code="note", values={texts[2]: texts[3], "number": number}),
    )  # fmt: skip
    if texts[2] == "code":
        return
    made = Scenario(name=texts[3], changes=(change,))
    if not texts[0].strip():
        return  # a blank id is no id: it is read as none
    read = Scenario.parse(made.text(), CITY)
    assert read.name == made.name
    same(read.changes[0], change)


BY_HAND = """
format = 1
name = "by hand"
crs = "EPSG:5899"

[[change]]
id = "a"
kind = "new_site"
site_id = "N1"
operator = "Viettel"
cost_vnd = 1_000_000_000
[[change.cell]]
operator = "Viettel"
technology = "NR"
band = "n41"
easting_m = 541000
northing_m = 1775000.5
"""


def test_what_a_hand_leaves_out_comes_from_the_catalogue():
    change = Scenario.parse(BY_HAND, CITY).changes[0]
    cell = change.cells.iloc[0]
    assert (cell["height_m"], cell["power_dbm"], cell["frequency_mhz"], cell["site_id"]) == (25.0, 53.0, 2550.0, "N1")
    assert math.isnan(change.cost_low_vnd)
    assert change.operators == ("Viettel",)


@pytest.mark.parametrize(
    ("before", "after", "code", "told"),
    [
        ("format = 1", "format = 2", "scenario_unreadable", "format"),
        ('id = "a"', 'id = "a', "scenario_unreadable", "line"),
        ('crs = "EPSG:5899"', 'crs = "EPSG:32649"', "scenario_crs", "EPSG:32649"),
        ('operator = "Viettel"\ncost', "cost", "scenario_lacks", "operator"),
        ("cost_vnd", "cost_vmd", "scenario_lacks", "cost_vnd"),
        ("cost_vnd = 1", "price = 3\ncost_vnd = 1", "scenario_key_unknown", "price"),
        ("1_000_000_000", "-1", "scenario_value", "-1"),
        ("1_000_000_000", "nan", "scenario_value", "nan"),
        ("1_000_000_000", '"dear"', "scenario_value", "dear"),
        ('"new_site"', '"new_sight"', "scenario_value", "small_cell"),
        ('"new_site"', '"connect"', "scenario_lacks", "ward_id"),
        ("easting_m = 541000\n", "", "scenario_lacks", "easting_m"),
        ("541000", '"east"', "scenario_value", "easting_m"),
        ('band = "n41"', 'band = "n999"', "scenario_cells", "n999"),
        ('band = "n41"', 'band = "n41"\nantenna = "no such"', "scenario_cells", "no such"),
        ('band = "n41"', 'band = "n41"\nheight_m = "high"', "scenario_unreadable", "high"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(before, after, code, told):
    assert before in BY_HAND
    with pytest.raises(LayerError) as caught:
        Scenario.parse(BY_HAND.replace(before, after, 1), CITY, file="mine.toml")
    assert caught.value.code == code
    for lang in LANGUAGES:
        said = render(caught.value, lang) + "".join(render_problem(p, lang) for p in caught.value.problems)
        assert "mine.toml" in said
        assert told in said
    assert all(problem.row == 12 for problem in caught.value.problems), "the line of the cell"


def test_two_changes_may_not_bear_one_id():
    again = BY_HAND + BY_HAND[BY_HAND.index("[[change]]") :]
    with pytest.raises(LayerError, match="scenario_id_repeated"):
        Scenario.parse(again, CITY)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(LayerError, match="scenario_unreadable"):
        Scenario.load(tmp_path / "nothing.toml", CITY)


def test_a_copy_bears_another_name():
    made = Scenario.parse(BY_HAND, CITY)
    copy = made.renamed("copy")
    assert (copy.name, copy.changes) == ("copy", made.changes)
    assert made.name == "by hand"


def test_a_retuned_cell_goes_and_comes_back_turned():
    offered = candidates(Study(CITY, pixel_m=100), Rules(kinds=("retune",)))
    turned = next(change for change in offered if "azimuth_deg+20" in change.id)
    after = Scenario(name="turned", changes=(turned,)).applied_to(CITY.cells.frame)
    assert len(after) == len(CITY.cells.frame)
    assert after.loc[after["cell_id"] == "s1-1", "azimuth_deg"].tolist() == [30.0]
    assert CITY.cells.frame["azimuth_deg"].iloc[0] == 10.0, "the city itself is untouched"
    with pytest.raises(PlanError, match="change_cells_missing"):
        Scenario(name="twice", changes=(turned, turned)).applied_to(CITY.cells.frame.iloc[1:])


def test_lines_of_a_ward_that_nobody_knows_stay_unknown():
    change = Change(
        id="c", kind="connect", site_id="w1", operator="VNPT", cells=make.cells().frame, cost_vnd=1.0, ward_id="w1",
        households=50.0, medium="FTTH",
    )  # fmt: skip
    one = make.subscriptions(("w0", "VNPT", "FTTH", "household", 900.0, "2024-12"))
    known = Study(CITY, pixel_m=200).under(Scenario(name="s", changes=(change,))).run()
    unknown = Study(make.city(WARDS, CITY.cells, people=PEOPLE, subscriptions=one), pixel_m=200)
    after = unknown.under(Scenario(name="s", changes=(change,))).run()
    assert known.wards.loc["w1", "subscriptions"] == 150
    assert math.isnan(after.wards.loc["w1", "subscriptions"])
