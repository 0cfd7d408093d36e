"""Checking a table: what is kept, refused, flagged, with the row a person sees."""

import numpy as np
import pandas as pd
import pytest

from coverage.errors import LayerError
from coverage.fields import check
from coverage.fields.checking import read_period
from coverage.words import LANGUAGES, render, render_problem

CELL = {"operator": "Viettel", "technology": "5G", "longitude": "108.2", "latitude": "16.05", "site_id": "T1"}


def cells(*rows, **options):
    frame = pd.DataFrame([{**CELL, **row} for row in rows]).fillna("")
    return check("cells", frame, file="cells.csv", **options)


def codes(problems, severity=None):
    return [p.code for p in problems if severity in (None, p.severity)]


def test_a_right_row_is_typed():
    kept, problems = cells({"height_m": "30", "azimuth_deg": "120,5"})
    row = kept.iloc[0]
    assert (row["technology"], row["height_m"], row["azimuth_deg"], row["row"]) == ("NR", 30.0, 120.5, 2)
    assert np.isnan(row["tilt_deg"])
    assert pd.isna(row["band"])
    assert problems == ()


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        ("longitude", "", "missing_value"),
        ("longitude", "NaN", "missing_value"),
        ("longitude", "inf", "bad_number"),
        ("longitude", "1e308", "out_of_range"),
        ("latitude", "91", "out_of_range"),
        ("latitude", "16°03'N", "bad_number"),
        ("technology", "6G", "bad_choice"),
        ("azimuth_deg", "400", "out_of_range"),
        ("azimuth_deg", "-181", "out_of_range"),
        ("azimuth_deg", "bắc", "bad_number"),
        ("technology", "", "missing_value"),
    ],
)
def test_a_wrong_required_value_refuses_the_row(field, text, code):
    kept, problems = cells({}, {field: text}, {})
    assert list(kept["row"]) == [2, 4]
    (problem,) = problems
    assert (problem.code, problem.severity, problem.row, problem.field) == (code, "error", 3, field)


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        ("height_m", "25 m", "bad_number_ignored"),
        ("height_m", "TRUE", "bad_number_ignored"),
        ("height_m", "-5", "out_of_range_ignored"),
        ("environment", "khác", "bad_choice_ignored"),
    ],
)
def test_a_wrong_optional_value_becomes_missing(field, text, code):
    kept, problems = cells({field: text})
    assert kept[field].isna().all()
    (problem,) = problems
    assert (problem.code, problem.severity, problem.row, problem.value) == (code, "warning", 2, text)


def test_azimuths_go_around_north():
    kept, problems = cells(*({"azimuth_deg": text} for text in ("-90", "360", "0", "", "-180", "359,5")))
    assert kept["azimuth_deg"].fillna(-1).tolist() == [270, 0, 0, -1, 180, 359.5]
    (note,) = problems
    assert (note.code, note.severity, note.row) == ("azimuth_wrapped", "note", 2)
    assert (note.values["count"], note.values["before"], note.values["after"]) == (2, -90, 270)
    for lang in LANGUAGES:
        assert "270" in render_problem(note, lang)


@pytest.mark.parametrize("header", ["Độ cao (m)", "Chiều cao [m]", "do cao", "Độ cao anten (mét)"])
def test_a_height_with_its_unit_in_the_header_is_a_height(header):
    kept, problems = check("cells", pd.DataFrame([{**CELL, header: "30"}]), file="cells.csv")
    assert kept["height_m"].tolist() == [30]
    assert problems == ()


def test_an_unknown_kind_of_customer_is_neither_household_nor_nothing():
    row = {"ward_id": "20194", "operator": "VNPT", "technology": "FTTH", "customer": "đại lý", "lines": "5"}
    kept, problems = check("subscriptions", pd.DataFrame([row]), file="s.csv")
    assert kept["customer"].tolist() == ["other"]
    (found,) = problems
    assert (found.code, found.severity, found.value) == ("bad_choice_other", "warning", "đại lý")
    for lang in LANGUAGES:
        assert "s.csv" in render_problem(found, lang)


def test_missing_site_and_operator_are_filled_and_flagged():
    kept, problems = cells({"site_id": "", "operator": ""})
    assert (kept["site_id"][0], kept["operator"][0]) == ("site-2", "unknown")
    assert codes(problems) == ["value_defaulted", "value_defaulted"]
    frame = pd.DataFrame([{k: v for k, v in CELL.items() if k != "operator"}] * 3)
    kept, problems = check("cells", frame, file="x.csv")
    assert set(kept["operator"]) == {"unknown"}
    (problem,) = problems
    assert (problem.code, problem.row, problem.values["rows"]) == ("column_defaulted", None, 3)


@pytest.mark.parametrize(
    ("text", "value"),
    [("5G", "NR"), ("nr", "NR"), ("5G NSA", "NR"), ("4G", "LTE"), ("E-UTRA", "LTE"), ("4G/LTE", "LTE")],
)
def test_technologies_as_they_are_written(text, value):
    kept, _ = cells({"technology": text})
    assert kept["technology"][0] == value


def test_row_numbers_are_those_of_the_file():
    kept, problems = cells({}, {"longitude": "x"}, {}, rows=[4, 9, 12])
    assert list(kept["row"]) == [4, 12]
    assert [p.row for p in problems] == [9]
    assert list(cells({}, first_row=1)[0]["row"]) == [1]


def test_a_missing_column_names_file_field_and_what_was_found():
    with pytest.raises(LayerError) as caught:
        check("cells", pd.DataFrame({"Kinh độ": ["1"], "Công nghệ": ["5G"], "PCI": ["1"]}), file="trạm.csv")
    assert caught.value.code == "missing_column"
    for lang in LANGUAGES:
        sentence = render(caught.value, lang)
        assert all(text in sentence for text in ("trạm.csv", "latitude", "Kinh độ", "PCI", "lat"))


def test_one_of_a_group_is_enough():
    kept, _ = check("households", pd.DataFrame({"ward": ["Hải Châu I"], "hh_total": ["4.030"]}), file="h.csv")
    assert (kept["name"][0], kept["households"][0]) == ("Hải Châu I", 4030)
    with pytest.raises(LayerError, match="missing_column"):
        check("households", pd.DataFrame({"ward": ["Hải Châu I"], "area": ["4"]}), file="h.csv")
    kept, problems = check("households", pd.DataFrame({"ward": ["", "A"], "hh_total": ["5", "6"]}), file="h.csv")
    assert list(kept["row"]) == [3]
    assert codes(problems, "error") == ["missing_value_group"]


def test_two_equal_columns_are_refused_the_better_one_of_two_is_taken():
    with pytest.raises(LayerError, match="ambiguous_column"):
        check("cells", pd.DataFrame({**{k: [v] for k, v in CELL.items()}, "Longitude (°)": ["1"]}), file="x.csv")
    kept, problems = check("cells", pd.DataFrame({**{k: [v] for k, v in CELL.items()}, "lng": ["1"]}), file="x.csv")
    assert kept["longitude"][0] == 108.2
    assert codes(problems) == ["column_unused"]


def test_another_unit_in_the_header_is_refused():
    with pytest.raises(LayerError) as caught:
        check("cells", pd.DataFrame({**{k: [v] for k, v in CELL.items()}, "Height (ft)": ["98"]}), file="x.csv")
    assert (caught.value.code, caught.value.values["unit"]) == ("column_unit", "ft")


def test_lines_of_an_unknown_kind_are_not_taken_for_fixed_ones():
    frame = pd.DataFrame(
        {"ward": ["A", "B", "C"], "technology": ["FTTH", "vệ tinh", "Cáp quang"], "lines": ["1", "2", "3"]}
    )
    kept, problems = check("subscriptions", frame, file="s.csv")
    assert list(kept["name"]) == ["A", "C"]
    assert codes(problems, "error") == ["bad_choice"]
    kept, _ = check("subscriptions", frame.drop(columns="technology"), file="s.csv")
    assert len(kept) == 3
    assert kept["technology"].isna().all()


def test_codes_that_a_spreadsheet_made_floats_are_codes_again():
    kept, _ = check(
        "households", pd.DataFrame({"gso_code": ["20194.0", "20195"], "hh_total": ["1", "2"]}), file="h.xlsx"
    )
    assert list(kept["ward_id"]) == ["20194", "20195"]


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("2025-06", "2025-06"),
        ("06/2025", "2025-06"),
        ("T6/2025", "2025-06"),
        ("2025-06-30 00:00:00", "2025-06"),
        ("30/6/2025", "2025-06"),
        ("Q2/2025", "2025-06"),
        ("2025Q2", "2025-06"),
        ("2025", "2025-12"),
        ("13/2025", None),
        ("32/01/2025", None),
        ("45838", None),
        ("hôm qua", None),
    ],
)
def test_periods_become_the_month_they_end_in(text, month):
    assert read_period(text) == month


def test_every_finding_has_its_sentence_in_both_languages():
    _, problems = cells(
        {"longitude": "x"}, {"latitude": "99"}, {"technology": "?"}, {"site_id": ""}, {"height_m": "x"},
        {"height_m": "900"}, {"environment": "?"}, {"latitude": ""}, {"ghi chú": "x"},
    )  # fmt: skip
    assert len({p.code for p in problems}) >= 9
    for problem in problems:
        for lang in LANGUAGES:
            assert "cells.csv" in render_problem(problem, lang)
