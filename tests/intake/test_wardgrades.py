"""Grades of wards: parts add up to the whole, the city sees all partners, a partner its own, an analyst nothing."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage.catalog.registers import data_dir
from coverage.errors import Problem
from coverage.files.layers import read_wards
from coverage.intake.checking import Against, Checked, check_cells, check_subscriptions
from coverage.intake.grades import DIMENSIONS, Grade, graded, together
from coverage.intake.handing import hand_in
from coverage.intake.wardgrades import COLUMNS, WardGrade, advice_text, kept_grades, ward_grades
from coverage.store.accounts import Account
from coverage.store.engine import Store
from coverage.store.migrating import open_store
from coverage.store.submissions import Submission, decide, submit
from coverage.words import LANGUAGES
from tests.intake.test_checking import TODAY, cell, raw_of
from tests.store.people import account, upload

WARDS = read_wards(data_dir() / "demo" / "wards.geojson")
FIELDS = ("height_m", "azimuth_deg", "cell_id", "ward", "longitude", "on_air", None)
ROWS = st.lists(
    st.tuples(st.booleans(), st.booleans(), st.lists(st.sampled_from(FIELDS), max_size=2)), min_size=1, max_size=12
)


def table_of(rows: list[tuple[bool, bool, list[str | None]]], first: int) -> tuple[pd.DataFrame, list[Problem]]:
    frame = pd.DataFrame(
        {
            "row": range(first, first + len(rows)),
            "height_m": [30.0 if has else None for has, _, _ in rows],
            "azimuth_deg": [90.0 if has else None for _, has, _ in rows],
            "operator": "VNPT",
        }
    )
    told = [
        Problem(code=f"about_{field}", severity="warning", row=first + number, field=field)
        for number, (_, _, fields) in enumerate(rows)
        for field in fields
    ]
    return frame, told


@settings(max_examples=60, deadline=None)
@given(ROWS, ROWS)
def test_parts_put_together_are_the_grade_of_the_whole(left: list, right: list) -> None:
    one, told = table_of(left, 2)
    two, more = table_of(right, 2 + len(left))
    parts = together([graded("cells", one, told), graded("cells", two, more)])
    whole = graded("cells", pd.concat([one, two], ignore_index=True), told + more)
    assert (parts.rows, parts.missing, parts.bad) == (whole.rows, whole.missing, whole.bad)
    assert (parts.scores, parts.letter, parts.worst) == (whole.scores, whole.letter, whole.worst)
    assert (parts.advice is None) == (whole.advice is None) == (min(whole.scores.values()) == 1.0)
    if parts.advice and whole.advice:
        assert (parts.advice.code, parts.advice.values) == (whole.advice.code, whole.advice.values)
        assert parts.advice.field in (*FIELDS, "operator", "band", "power_dbm", "bandwidth_mhz", "tilt_deg")


def test_a_ward_is_as_good_as_its_weaker_kind_of_data() -> None:
    cells = Grade(
        kind="cells", rows=20, missing={"height_m": 10}, bad={"position": 1}, fields={"position": "longitude"}
    )
    lines = Grade(kind="subscriptions", rows=4, bad={"time": 2}, fields={"time": "period"})
    both = WardGrade(of_kind={"cells": cells, "subscriptions": lines})
    # Weights of cells add up to 15, of which height has 3: 10 of 20 rows without it cost 3/15 · 1/2 = 0.1.
    expected = {"completeness": 0.9, "consistency": 1.0, "position": 0.95, "thematic": 1.0, "time": 0.5}
    assert both.scores == pytest.approx(expected)
    assert (both.letter, both.worst, both.weaker) == ("E", "time", "subscriptions")
    assert {lang: "2" in str(advice_text(both, lang)) for lang in LANGUAGES} == dict.fromkeys(LANGUAGES, True)
    alone = WardGrade(of_kind={"cells": cells})
    assert (alone.letter, alone.worst) == ("C", "completeness")
    assert "Antenna height" in str(advice_text(alone, "en"))
    assert "Độ cao anten" in str(advice_text(alone, "vi"))
    clean = WardGrade(of_kind={"cells": Grade(kind="cells", rows=3)})
    assert (clean.letter, clean.worst, clean.advice, advice_text(clean, "vi")) == ("A", None, None, None)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = open_store(tmp_path / "store.db")
    yield found
    found.close()


def cells_of(operator: str, heights: list[str]) -> Checked:
    """Check some cells of an operator (synthetic), all in one ward: height is the only thing that may lack."""
    near = {"band": "n41"} if operator == "Viettel" else {}
    rows = [
        cell(number, operator=operator, height_m=height, longitude=f"{108.2103 + number * 1e-4:.6f}",
             latitude=f"{16.0653 + number * 1e-4:.6f}", **near)
        for number, height in enumerate(heights)
    ]  # fmt: skip
    checked = check_cells(raw_of(rows, "bí mật của tôi.csv"), Against(partner=operator, wards=WARDS, today=TODAY))
    assert len(checked.by_ward) == 1
    return checked


@pytest.fixture
def hand(store: Store) -> Callable[[Account, Checked], Submission]:
    planner = account(store, "Lan", "planner").principal

    def handed(who: Account, checked: Checked, content: bytes = b"") -> Submission:
        kept = hand_in(store, who.principal, checked.kind, checked, content or repr(checked.rows).encode())
        with store.writing(planner) as access:
            return decide(access, kept.id, "accept")

    return handed


def test_the_store_keeps_counts_and_no_file_row_or_value(store: Store, hand: Callable) -> None:
    checked = cells_of("VNPT", ["30", "", "30"])
    kept = hand(account(store, "Minh", "partner", "VNPT"), checked).summary["wards"]
    assert kept == kept_grades(checked)
    (grade,) = kept["grades"]
    assert (kept["edition"], grade["rows"], grade["missing"]) == (WARDS.edition, 3, {"height_m": 1})
    assert set(grade) == {"ward_id", "letter", "rows", "missing", "bad", "fields"}
    assert grade["letter"] == checked.by_ward[0].grade.letter
    for secret in ("bí mật", "108.21", "S1"):
        assert secret not in json.dumps(kept, ensure_ascii=False)


def test_the_city_sees_all_a_partner_its_own_an_analyst_nothing(store: Store, hand: Callable) -> None:
    people = {name: account(store, name, "partner", name) for name in ("VNPT", "Viettel")}
    for name, heights in (("VNPT", ["30", "30"]), ("Viettel", ["", "", "30", "30"])):
        hand(people[name], cells_of(name, heights))
    (ward,) = {one.ward_id for one in cells_of("VNPT", ["30"]).by_ward}
    seen = {}
    for who in (*people.values(), account(store, "Quan", "admin"), account(store, "An", "analyst")):
        with store.reading(who.principal) as access:
            found = ward_grades(access, WARDS.edition)
        seen[who.name] = found.submissions, {name: one.of_kind["cells"].rows for name, one in found.wards.items()}
        if who.role == "admin":
            assert found.wards[ward].of_kind["cells"].missing == {"height_m": 2}
            # Of 6 rows 2 lack the height, 3 of the 15 that all wanted fields weigh.
            assert found.wards[ward].scores["completeness"] == pytest.approx(1 - 3 / 15 * 2 / 6)
            assert found.table().loc[ward].tolist() == ["C", "completeness"]
    assert seen == {
        "VNPT": (1, {ward: 2}), "Viettel": (1, {ward: 4}), "Quan": (2, {ward: 6}), "An": (0, {}),
    }  # fmt: skip


def test_only_what_holds_counts_and_only_by_the_wards_asked_about(store: Store, hand: Callable) -> None:
    who, planner = account(store, "Minh", "partner", "VNPT"), account(store, "Quan", "planner").principal
    before = hand(who, cells_of("VNPT", ["", ""]))
    hand_in(store, who.principal, "cells", cells_of("VNPT", ["30"]), b"waits")
    with store.reading(planner) as access:
        assert next(iter(ward_grades(access, WARDS.edition).wards.values())).letter == "D"
    lines = [
        {"Phường": "Hải Châu I", "operator": "VNPT", "technology": "FTTH", "customer": "household", "lines": "120",
         "period": "2025-01"}
    ]  # fmt: skip
    hand(who, check_subscriptions(raw_of(lines, "lines.csv"), Against(partner="VNPT", wards=WARDS)), b"lines")
    after = hand(who, cells_of("VNPT", ["30", "30", "30"]))
    with store.reading(planner) as access:
        found = ward_grades(access, WARDS.edition)
        assert (found.submissions, found.left_out) == (2, 0)
        assert {kind: one.rows for ward in found.wards.values() for kind, one in ward.of_kind.items()} == {
            "cells": 3,
            "subscriptions": 1,
        }
        other = ward_grades(access, "2025h2")
        assert (dict(other.wards), other.submissions, other.left_out) == ({}, 0, 2)
        assert list(other.table().columns) == list(COLUMNS)
        assert other.table().empty
    with store.reading(planner) as access:
        then = ward_grades(access, WARDS.edition, as_of=before.at)
        assert not then.wards  # handed in, not yet accepted
    assert after.status == "accepted"


def test_a_submission_without_grades_is_left_out_and_counted(store: Store) -> None:
    who, planner = account(store, "VNPT"), account(store, "Lan", "planner").principal
    with store.writing(who.principal) as access:
        number = submit(access, upload(operator="VNPT")).id
    with store.writing(planner) as access:
        decide(access, number, "accept")
        found = ward_grades(access, WARDS.edition)
    assert (dict(found.wards), found.submissions, found.left_out) == ({}, 0, 1)


def test_rows_that_only_name_a_ward_have_no_code() -> None:
    rows = [cell(1, ward="Hải Châu I"), cell(2, ward="Hải Châu I"), cell(3)]
    checked = check_cells(raw_of(rows), Against(today=TODAY))
    assert [(one.ward_id, one.name, one.grade.rows) for one in checked.by_ward] == [(None, "Hải Châu I", 2)]
    assert kept_grades(checked) == {"edition": None, "grades": []}
    far = [cell(1), cell(2, longitude="108.3312", latitude="16.0512", ward="Nơi khác")]
    found = check_cells(raw_of(far), Against(today=TODAY, wards=WARDS)).by_ward
    assert [one.name for one in found if one.ward_id is None] == ["Nơi khác"]
    assert dataclasses.asdict(found[0].grade)["rows"] == 1
    assert set(found[0].grade.scores) == set(DIMENSIONS)
