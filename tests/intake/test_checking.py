"""A partner's file from its bytes to problems, grade, mapping, report and marked workbook."""

import datetime as dt
import json
from io import BytesIO

import numpy as np
import openpyxl
import pandas as pd
import pytest
from affine import Affine

from coverage.catalog.registers import data_dir
from coverage.errors import LayerError
from coverage.files.layers import read_wards
from coverage.files.raw import RawTable
from coverage.grid import Raster
from coverage.intake.checking import Against, check_cells, check_subscriptions
from coverage.intake.documents import report_of, report_of_failure
from coverage.intake.workbooks import empty_workbook, marked_workbook
from coverage.layers import Source
from coverage.words import LANGUAGES
from tests.payloads import PAYLOADS

TODAY = dt.date(2026, 6, 1)


@pytest.fixture(scope="module")
def wards():
    return read_wards(data_dir() / "demo" / "wards.geojson")


def raw_of(rows, name="tram.csv"):
    frame = pd.DataFrame(rows, dtype=object).fillna("").astype(str).astype(object)
    return RawTable(
        frame=frame, rows=np.arange(2, len(frame) + 2), source=Source(name=name, sha256="0" * 64, rows=len(frame))
    )


def cell(number=0, **values):
    """Return one right cell, each at its own place in the city."""
    return {
        "site_id": f"S{number}", "cell_id": f"S{number}-1", "operator": "VNPT", "technology": "NR", "band": "n77",
        "longitude": f"{108.2003 + number * 1.3e-3:.6f}", "latitude": f"{16.0403 + number * 1.1e-3:.6f}",
        "height_m": "30", "azimuth_deg": str(40 * number % 360), "power_dbm": "53", "bandwidth_mhz": "100",
        "tilt_deg": "6", "ward": "", "on_air": "2025-05",
    } | values  # fmt: skip


def found(*rows, **about):
    checked = check_cells(raw_of(rows), Against(**({"today": TODAY} | about)))
    return {(problem.code, problem.row) for problem in checked.problems if problem.severity != "note"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"band": "n41"}, "band_not_held"),
        ({"operator": "MobiFone", "band": "n78"}, "band_not_held"),
        ({"band": ""}, "carrier_missing"),
        ({"on_air": "2027-01"}, "on_air_future"),
        ({"height_m": "98"}, "height_unusual"),
        ({"power_dbm": "63"}, "power_unusual"),
        ({"power_dbm": "57", "antenna_gain_dbi": "27"}, "eirp_unusual"),
        ({"longitude": "108.21", "latitude": "16.05"}, "place_rounded"),
        ({"longitude": "16.05", "latitude": "108.21"}, "coordinates_swapped"),
        ({"longitude": "0", "latitude": "0"}, "coordinates_zero"),
        ({"longitude": "108.9123", "latitude": "16.0512"}, "place_far"),
        ({"longitude": "108.3312", "latitude": "16.0512"}, "place_outside"),
        ({"ward": "Hòa Liên"}, "place_off_ward"),
        ({"cell_id": "2025-05-01"}, "id_is_date"),
        ({"height_m": "12-May"}, "date_for_number_ignored"),
        ({"latitude": "16,0512"}, "comma_repaired"),
        ({"azimuth_deg": "400"}, "out_of_range"),
    ],
)
def test_every_rule_names_its_row_and_no_other(wards, change, code):
    rows = [cell(number) for number in range(8)]
    about = {"wards": wards} if code.startswith("place") else {}
    assert found(*rows, **about) == set()
    rows[3] |= change
    answer = found(*rows, **about)
    assert (code, 5) in answer
    assert {row for _, row in answer} == {5}


def test_rules_about_several_rows():
    assert {(code, row) for code, row in found(cell(1), cell(2, cell_id="S1-1"))} == {
        ("cell_id_twice", 2),
        ("cell_id_twice", 3),
    }
    same = [cell(1, cell_id=f"S1-{n}") for n in range(3)]
    assert {code for code, _ in found(*same)} == {"azimuth_same"}
    assert {code for code, _ in found(*same[:2])} == {"sector_twice"}
    shared = [cell(1, site_id=f"T{n}", cell_id=f"T{n}") for n in range(4)]
    assert {code for code, _ in found(*shared)} == {"place_shared"}
    feet = [cell(n, height_m=str(80 + n)) for n in range(25)]
    assert ("heights_in_feet", None) in found(*feet)


def test_a_partner_sends_only_its_own():
    checked = check_cells(
        raw_of([cell(1), cell(2, operator="Viettel"), cell(3, operator="")]), Against(partner="vinaphone")
    )
    assert [(p.code, p.row) for p in checked.problems if p.severity == "error"] == [("other_operator", 3)]
    assert list(checked.layer.frame["operator"]) == ["VNPT", "VNPT"]
    assert (checked.rows, checked.accepted, checked.refused) == (3, 2, 1)


def test_columns_that_are_near_are_used_or_asked():
    rows = [
        {"Kinh độ trạm": r.pop("longitude"), "Vĩ độ": r.pop("latitude"), "Azimutt": r.pop("azimuth_deg"), **r}
        for r in [cell(1)]
    ]
    with pytest.raises(LayerError, match="missing_column"):
        check_cells(raw_of(rows))
    checked = check_cells(raw_of(rows), Against(mapping={"longitude": "Kinh độ trạm"}))
    assert checked.mapping["longitude"] == "Kinh độ trạm"
    assert checked.mapping["azimuth_deg"] == "Azimutt"
    assert "column_guessed" in {problem.code for problem in checked.problems}
    again = check_cells(raw_of(rows), Against(mapping=checked.mapping))
    assert again.mapping == checked.mapping
    assert "column_guessed" not in {problem.code for problem in again.problems}
    for mapping, code in (({"nonsense": "Vĩ độ"}, "map_field"), ({"longitude": "x"}, "map_column")):
        with pytest.raises(LayerError, match=code):
            check_cells(raw_of(rows), Against(mapping=mapping))


def test_a_repaired_value_is_told_with_before_and_after():
    rows = [cell(number) for number in range(5)]
    rows[2]["longitude"] = rows[2]["longitude"].replace(".", ",")
    checked = check_cells(raw_of(rows))
    repaired = [problem for problem in checked.problems if problem.code == "comma_repaired"]
    assert [(p.row, p.values["before"], p.values["after"]) for p in repaired] == [(4, "108,202900", "108.202900")]
    assert checked.repaired == 1
    assert len(checked.layer.frame) == 5


def test_the_grade_names_what_would_improve_it_most():
    rows = [cell(number, height_m="" if number < 6 else "30") for number in range(12)]
    grade = check_cells(raw_of(rows)).grade
    assert (grade.advice.code, grade.advice.field, grade.advice.values["count"]) == ("advice_missing", "height_m", 6)
    assert grade.scores["completeness"] == pytest.approx(1 - 3 * 6 / (15 * 12))
    assert grade.letter == "C"
    assert check_cells(raw_of([cell(1), cell(2)])).grade.letter == "A"


def test_every_ward_has_its_grade(wards):
    rows = [cell(number, height_m="" if number == 7 else "30") for number in range(8)]
    by_ward = check_cells(raw_of(rows), Against(wards=wards)).by_ward
    assert sum(one.grade.rows for one in by_ward) == 8
    assert all(wards.frame.loc[one.ward_id, "name"] == one.name for one in by_ward)
    (lacking,) = [one.grade for one in by_ward if one.grade.scores["completeness"] < 1]
    assert (lacking.worst, lacking.advice.field, lacking.advice.values["count"]) == ("completeness", "height_m", 1)


def test_a_site_that_stands_elsewhere_than_before_is_told_with_its_way(wards):
    rows = [cell(number) for number in range(8)]
    earlier = check_cells(raw_of(rows), Against(wards=wards, today=TODAY)).layer
    rows[3]["latitude"] = f"{float(rows[3]['latitude']) + 0.02:.6f}"
    told = check_cells(raw_of(rows), Against(wards=wards, today=TODAY, earlier=earlier)).problems
    (moved,) = [problem for problem in told if problem.code.startswith("place")]
    assert (moved.code, moved.row, moved.field) == ("place_moved", 5, "longitude")
    assert moved.values["km"] == pytest.approx(0.02 * 110.66, rel=2e-3)  # a degree of latitude at 16° N [km]


def test_report_and_workbook_hold_every_problem(wards):
    rows = [cell(number) for number in range(4)] + [cell(9, longitude="abc"), cell(10, height_m="500", site_id="=1+1")]
    checked = check_cells(raw_of(rows), Against(wards=wards))
    report = json.loads(json.dumps(report_of(checked), allow_nan=False))
    assert {"rows", "accepted", "refused", "repaired", "grade", "problems"} <= report.keys()
    assert all(
        {"row", "field", "code", "severity", "value", "message_vi", "message_en"} == set(problem)
        for problem in report["problems"]
    )
    assert (report["rows"], report["accepted"], report["refused"]) == (6, 4, 2)  # 500 m is above every model
    for lang in LANGUAGES:
        book = openpyxl.load_workbook(BytesIO(marked_workbook(checked, lang)))
        sheet, listed = book.worksheets
        headers = [each.value for each in sheet[1]]
        wrong = sheet.cell(6, headers.index("longitude") + 1)
        assert "abc" in wrong.comment.text
        assert wrong.fill.fgColor.rgb.endswith("F8CBAD")
        assert sheet.cell(7, headers.index("site_id") + 1).data_type == "s"
        assert listed.max_row == len(checked.problems) + 1


def test_the_marked_workbook_can_be_sent_again():
    checked = check_cells(raw_of([cell(n, height_m="25,5" if n == 1 else "30.5") for n in range(3)]))
    from_book = openpyxl.load_workbook(BytesIO(marked_workbook(checked, "vi"))).worksheets[0]
    header, *rows = [[each.value for each in line] for line in from_book.iter_rows()]
    again = check_cells(raw_of([dict(zip(header, row, strict=True)) for row in rows]))
    assert again.layer.frame.drop(columns="geometry").equals(checked.layer.frame.drop(columns="geometry"))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_templates_name_every_field(lang):
    for kind in ("cells", "subscriptions", "households", "wards", "buildings"):
        book = openpyxl.load_workbook(BytesIO(empty_workbook(kind, lang)))
        assert [each.value for each in book.worksheets[0][1]] == [row[0].value for row in list(book.worksheets[1])[1:]]


def test_no_text_becomes_a_formula_or_breaks_the_workbook():
    texts = [*PAYLOADS, "=cmd|' /C calc'!A0", "\x0b\x00"]
    rows = [cell(n, site_id=text, cell_id=f"={text}") for n, text in enumerate(texts)]
    checked = check_cells(raw_of(rows))
    for line in openpyxl.load_workbook(BytesIO(marked_workbook(checked, "vi"))).worksheets:
        assert all(each.data_type in {"s", "n"} for row in line.iter_rows() for each in row)


def test_a_file_that_cannot_be_read_has_a_report_too():
    report = report_of_failure(LayerError("file_empty", file="x.csv"), "x.csv")
    assert report["problems"][0]["code"] == "file_empty"
    assert "x.csv" in report["problems"][0]["message_vi"]


def line(ward, lines, **values):
    return {"name": ward, "operator": "VNPT", "technology": "FTTH", "customer": "household", "lines": str(lines),
            "period": "2025-06"} | values  # fmt: skip


def test_lines_are_held_against_homes_and_the_earlier_file(wards):
    names = list(wards.frame["name"])[:8]
    homes = pd.Series(10_000.0, index=wards.frame.index)
    rows = [line(name, 8_000 + 10 * n) for n, name in enumerate(names)]
    clean = check_subscriptions(raw_of(rows), Against(wards=wards, households=homes))
    assert [p.code for p in clean.problems if p.severity != "note"] == []
    rows[2]["lines"], rows[5]["lines"], rows[6]["lines"] = "803", "80500", "25000"
    checked = check_subscriptions(raw_of(rows), Against(wards=wards, households=homes, earlier=clean.layer))
    answer = {(p.code, p.row) for p in checked.problems if p.severity != "note"}
    assert answer == {("lines_tenth", 4), ("lines_tenfold", 7), ("lines_above_homes", 8), ("lines_dropped", 4)}
    with pytest.raises(LayerError, match="wards_needed"):
        check_subscriptions(raw_of(rows), Against())


def test_a_file_that_was_cut_off_is_told_against_the_submission_before(wards):
    rows = [cell(number) for number in range(10)]
    before = check_cells(raw_of(rows), Against(today=TODAY, wards=wards)).layer
    told = check_cells(raw_of(rows[:4]), Against(today=TODAY, wards=wards, earlier=before)).problems
    (drop,) = [problem for problem in told if problem.code == "cells_dropped"]
    assert drop.row is None
    assert (drop.values["technology"], drop.values["before"], drop.values["after"]) == ("NR", 10, 4)
    for kept in (rows, rows[:8], rows[:6] + [cell(20 + n) for n in range(4)]):
        codes = {p.code for p in check_cells(raw_of(kept), Against(today=TODAY, earlier=before)).problems}
        assert "cells_dropped" not in codes


def test_a_cell_in_the_sea_is_told_where_the_coast_is_known(wards):
    rows = [cell(number) for number in range(6)]
    x, y = check_cells(raw_of(rows), Against(today=TODAY)).layer.frame.geometry.get_coordinates().to_numpy().T
    values = np.zeros((400, 400), dtype=np.uint8)
    corner, pixel = (x[3] - 2000, y[3] + 2000), 10.0
    values[165:236, 165:236] = 1  # 350 m of water on every side of the fourth cell
    sea = Raster(values=values, transform=Affine(pixel, 0, corner[0], 0, -pixel, corner[1]), crs="EPSG:5899", unit="1")
    told = check_cells(raw_of(rows), Against(today=TODAY, wards=wards, sea=sea)).problems
    assert [problem.row for problem in told if problem.code == "place_at_sea"] == [5]
    values[200, 200 + 30] = 0  # a pier within 300 m to the east
    told = check_cells(raw_of(rows), Against(today=TODAY, wards=wards, sea=sea)).problems
    assert [problem.row for problem in told if problem.code == "place_at_sea"] == []
