"""Completing cells: every default is counted, every refusal names its row and every sentence exists."""

from __future__ import annotations

import math
import time
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point

from coverage.cells import complete_cells
from coverage.errors import Problem
from coverage.radio.antenna import directivity_dbi
from coverage.words import LANGUAGES, render_problem

ALL = {
    "operator": "Viettel", "technology": "NR", "band": "n41", "height_m": 25.0, "azimuth_deg": 10.0, "tilt_deg": 4.0,
    "power_dbm": 50.0, "bandwidth_mhz": 60.0, "antenna_gain_dbi": 23.0, "ssb_gain_dbi": 16.0, "traffic_gain_dbi": 23.0,
    "beamwidth_az_deg": 60.0, "beamwidth_el_deg": 9.0, "environment": "UMa", "frequency_mhz": 2560.0,
}  # fmt: skip
BARE = {"operator": "Viettel", "technology": "NR", "band": "n41", "azimuth_deg": 0.0}


def table(*cells: dict[str, Any]) -> pd.DataFrame:
    """Return cells as read: canonical columns, row numbers from 2."""
    rows = [{"row": 2 + n, "site_id": f"s{n}", "cell_id": f"s{n}-1", **cell} for n, cell in enumerate(cells)]
    return pd.DataFrame(rows)


def complete(*cells: dict[str, Any]) -> tuple[pd.DataFrame, dict[str, int], tuple[Problem, ...]]:
    return complete_cells(table(*cells), file="cells.csv")


def refusal(**change: Any) -> Problem:
    """Return the one error a changed cell gives; the cell beside it must survive."""
    frame, _, problems = complete(ALL, {**ALL, **change})
    assert frame["row"].tolist() == [2]
    (error,) = [problem for problem in problems if problem.severity == "error"]
    assert error.row == 3
    for lang in LANGUAGES:
        assert render_problem(error, lang).startswith(("cells.csv, dòng 3: ", "cells.csv, row 3: "))
    return error


def test_a_gain_on_the_data_sheet_is_no_default_of_the_traffic_beam() -> None:
    _, defaulted, _ = complete(*({**ALL, "traffic_gain_dbi": np.nan} for _ in range(2)))
    assert defaulted == {}
    _, defaulted, _ = complete({**ALL, "traffic_gain_dbi": np.nan, "antenna_gain_dbi": np.nan})
    assert defaulted == {"traffic_gain_dbi": 1}


def test_cells_that_share_an_id_are_named_once() -> None:
    same = {**ALL, "cell_id": "A-1"}
    _, _, problems = complete(same, {**same, "azimuth_deg": 130.0}, {**same, "operator": "VNPT", "band": "n77"}, same)
    (found,) = [p for p in problems if p.code == "cell_id_repeated"]
    assert (found.severity, found.row, found.value, found.values["count"]) == ("warning", 3, "A-1", 2)
    for lang in LANGUAGES:
        assert "A-1" in render_problem(found, lang)
    _, _, problems = complete({**ALL, "cell_id": None}, {**ALL, "cell_id": None})
    assert "cell_id_repeated" not in {p.code for p in problems}


def test_a_full_row_stays_as_it_is() -> None:
    frame, defaulted, problems = complete(ALL)
    assert frame.iloc[0][list(ALL)].to_dict() == ALL
    assert defaulted == {}
    assert problems == ()


def test_the_catalogue_fills_what_a_row_leaves_open() -> None:
    frame, defaulted, problems = complete({"operator": "Viettel", "technology": "NR", "azimuth_deg": 120.0})
    cell = frame.iloc[0]
    expected = {
        "band": "n41", "height_m": 25.0, "azimuth_deg": 120.0, "tilt_deg": 6.0, "power_dbm": 53.0,
        "bandwidth_mhz": 100.0, "antenna_gain_dbi": 24.0, "ssb_gain_dbi": 17.0, "traffic_gain_dbi": 24.0,
        "beamwidth_az_deg": 65.0, "beamwidth_el_deg": 10.0, "frequency_mhz": 2550.0,
    }  # fmt: skip
    assert cell[list(expected)].to_dict() == expected
    assert pd.isna(cell["environment"])  # the land cover decides, in coverage.signals
    assert set(defaulted) == set(expected) - {"azimuth_deg", "antenna_gain_dbi"} | {"environment"}
    assert set(defaulted.values()) == {1}
    assert problems == ()


@pytest.mark.parametrize(
    ("operator", "technology", "band", "frequency_mhz"),
    [
        ("VNPT", "NR", "n77", 3750.0),
        ("MobiFone", "NR", "n77", 3850.0),
        ("VNPT", "LTE", "B3", 1842.5),
        ("Vietnamobile", "LTE", "B3", 1842.5),
        ("unknown", "NR", "n41", 2550.0),
    ],
)
def test_usual_band_of_an_operator(operator: str, technology: str, band: str, frequency_mhz: float) -> None:
    frame, defaulted, _ = complete({"operator": operator, "technology": technology, "azimuth_deg": 0.0})
    assert frame.loc[0, ["band", "frequency_mhz"]].tolist() == [band, frequency_mhz]
    assert defaulted["band"] == 1


def test_band_follows_from_the_frequency() -> None:
    frame, defaulted, _ = complete({**BARE, "band": np.nan, "frequency_mhz": 773.0})
    assert frame.loc[0, ["band", "frequency_mhz"]].tolist() == ["n28", 773.0]
    assert "frequency_mhz" not in defaulted
    assert defaulted["band"] == 1


def test_each_field_is_counted_where_it_is_missing_and_only_there() -> None:
    for name in set(ALL) - {"operator", "technology", "antenna_gain_dbi", "traffic_gain_dbi"}:
        _, defaulted, _ = complete(ALL, {**ALL, name: np.nan}, {**ALL, name: None}, ALL)
        assert defaulted == {name: 2}


def test_refused_rows_are_not_counted_as_defaulted() -> None:
    _, defaulted, _ = complete({**BARE, "height_m": 500.0}, BARE)
    assert set(defaulted.values()) == {1}


def test_a_missing_height_is_that_of_the_environment() -> None:
    cells = [{**BARE, "environment": name} for name in ("UMa", "UMi", "RMa")]
    frame, defaulted, problems = complete(*cells)
    assert frame["height_m"].tolist() == [25.0, 10.0, 35.0]
    assert defaulted["height_m"] == 3
    assert problems == ()


def test_antenna_gain_is_the_gain_of_the_traffic_beams() -> None:
    frame, defaulted, problems = complete({**BARE, "antenna_gain_dbi": 22.0}, {**BARE, "antenna_gain_dbi": 23.0}, BARE)
    assert frame["traffic_gain_dbi"].tolist() == [22.0, 23.0, 24.0]
    assert frame["antenna_gain_dbi"].tolist() == [22.0, 23.0, 24.0]
    assert frame["ssb_gain_dbi"].tolist() == [17.0] * 3
    assert defaulted["ssb_gain_dbi"] == 3
    assert problems == (
        Problem(
            code="cell_gain_of_traffic",
            severity="warning",
            field="antenna_gain_dbi",
            values={"file": "cells.csv", "count": 2},
        ),
    )


def test_an_empty_azimuth_is_omnidirectional_listed_and_keeps_to_its_directivity() -> None:
    given = {**BARE, "azimuth_deg": np.nan, "ssb_gain_dbi": 16.0}
    frame, defaulted, problems = complete({**BARE, "azimuth_deg": np.nan}, BARE, given, {**given, "ssb_gain_dbi": 9.0})
    assert frame["azimuth_deg"].isna().tolist() == [True, False, True, True]
    assert defaulted["azimuth_deg"] == 3
    assert defaulted["ssb_gain_dbi"] == 2
    # 4π / (2π ∫ G cos θ dθ) of a 10° beam: 10.3 dBi, not the 17 dBi of a 65° sector.
    around = pytest.approx(10.29, abs=0.01)
    assert frame["ssb_gain_dbi"].tolist() == [around, 17.0, around, 9.0]
    assert problems == (
        Problem(
            code="cell_azimuth_empty", severity="warning", field="azimuth_deg", values={"file": "cells.csv", "count": 3}
        ),
        Problem(
            code="cell_gain_limited", severity="warning", field="ssb_gain_dbi", values={"file": "cells.csv", "count": 2}
        ),
    )


def test_the_gain_of_the_catalogue_yields_to_a_wider_beam() -> None:
    frame, _, problems = complete({**BARE, "beamwidth_el_deg": 20.0})
    assert frame.loc[0, "ssb_gain_dbi"] == directivity_dbi(65.0, 20.0) < 17.0
    assert [problem.code for problem in problems] == ["cell_gain_limited"]


def test_ssb_gain_above_the_directivity_of_its_beam_is_refused() -> None:
    assert refusal(ssb_gain_dbi=24.0).code == "cell_gain_above_directivity"
    wide = refusal(ssb_gain_dbi=24.0, beamwidth_az_deg=65.0, beamwidth_el_deg=65.0)
    assert wide == Problem(
        code="cell_gain_above_directivity",
        row=3,
        field="ssb_gain_dbi",
        value="24",
        values={"file": "cells.csv", "limit": 9.8},
    )
    assert refusal(ssb_gain_dbi=24.0, azimuth_deg=np.nan).code == "cell_gain_above_directivity"
    frame, _, _ = complete({**ALL, "ssb_gain_dbi": 17.25, "beamwidth_az_deg": 65.0, "beamwidth_el_deg": 10.0})
    assert len(frame) == 1


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"operator": np.nan}, "cell_operator_missing", "operator"),
        ({"operator": "  "}, "cell_operator_missing", "operator"),
        ({"technology": "6G"}, "cell_technology_unknown", "technology"),
        ({"technology": None}, "cell_technology_unknown", "technology"),
        ({"environment": "InH"}, "cell_environment_unknown", "environment"),
        ({"band": "n79"}, "cell_band_unknown", "band"),
        ({"band": "B3"}, "cell_band_unknown", "band"),
        ({"operator": "Vietnamobile", "band": np.nan, "frequency_mhz": np.nan}, "cell_band_missing", "band"),
        ({"band": np.nan, "frequency_mhz": 6000.0}, "cell_band_missing", "band"),
        ({"frequency_mhz": 3750.0}, "cell_frequency_outside_band", "frequency_mhz"),
        ({"bandwidth_mhz": 55.0}, "cell_bandwidth_unknown", "bandwidth_mhz"),
        ({"height_m": 9.0}, "cell_height_outside_model", "height_m"),
        ({"height_m": 51.0}, "cell_height_outside_model", "height_m"),
        ({"height_m": 51.0, "environment": np.nan}, "cell_height_outside_model", "height_m"),
        ({"height_m": 151.0, "environment": "RMa"}, "cell_height_outside_model", "height_m"),
        ({"height_m": math.inf}, "cell_height_outside_model", "height_m"),
        ({"beamwidth_el_deg": 0.0}, "cell_beam_width", "beamwidth_el_deg"),
        ({"beamwidth_az_deg": 400.0}, "cell_beam_width", "beamwidth_az_deg"),
        ({"power_dbm": math.inf}, "cell_not_finite", "power_dbm"),
    ],
)
def test_refusals_name_row_and_field(change: dict[str, Any], code: str, field: str) -> None:
    error = refusal(**change)
    assert (error.code, error.field) == (code, field)


def test_an_unknown_band_is_answered_with_the_known_ones() -> None:
    sentence = render_problem(refusal(band="n79"), "en")
    assert all(band in sentence for band in ("n79", "n41", "n77", "n78", "n28"))
    assert "B3" not in sentence


def test_every_finding_of_a_row_is_told_at_once() -> None:
    _, _, problems = complete({**ALL, "height_m": 5.0, "bandwidth_mhz": 7.0, "frequency_mhz": 1.0})
    assert {problem.field for problem in problems} == {"height_m", "bandwidth_mhz", "frequency_mhz"}
    assert {problem.row for problem in problems} == {2}


def test_three_thousand_heights_off_the_table_are_one_line() -> None:
    frame, _, problems = complete(*[{**ALL, "height_m": 30.0}] * 3000, *[{**ALL, "environment": "RMa"}] * 10)
    assert len(frame) == 3010
    counted = {"file": "cells.csv", "count": 3000, "environment": "UMa", "tabulated": 25.0}
    assert problems == (Problem(code="cell_height_off_table", severity="note", field="height_m", values=counted),)


def test_older_technologies_are_left_out_in_one_line() -> None:
    frame, _, problems = complete({**ALL, "technology": "3G"}, {**ALL, "technology": "2G"}, ALL)
    assert frame["row"].tolist() == [4]
    assert problems == (
        Problem(
            code="cell_technology_left_out",
            severity="note",
            field="technology",
            values={"file": "cells.csv", "count": 2},
        ),
    )


def test_a_band_the_operator_does_not_hold_is_flagged() -> None:
    _, _, problems = complete({**BARE, "operator": "MobiFone"}, {**BARE, "operator": "Another"})
    held = {"file": "cells.csv", "count": 1, "operator": "MobiFone", "band": "n41"}
    assert problems == (Problem(code="cell_band_not_held", severity="warning", row=2, field="band", values=held),)


def test_every_flag_has_a_sentence_in_both_languages() -> None:
    omni = {**BARE, "azimuth_deg": np.nan, "antenna_gain_dbi": 20.0, "height_m": 30.0, "operator": "MobiFone"}
    _, _, problems = complete(omni, {**ALL, "technology": "3G"})
    assert {problem.code for problem in problems} == {
        "cell_azimuth_empty", "cell_gain_of_traffic", "cell_gain_limited", "cell_height_off_table",
        "cell_band_not_held", "cell_technology_left_out",
    }  # fmt: skip
    for lang in LANGUAGES:
        for problem in problems:
            assert render_problem(problem, lang).startswith("cells.csv: ")


def test_names_are_written_as_the_catalogue_writes_them() -> None:
    frame, _, _ = complete({**BARE, "operator": "vinaphone", "technology": "5G", "band": 78.0, "environment": "rma"})
    assert frame.loc[0, ["operator", "technology", "band", "environment"]].tolist() == ["VNPT", "NR", "n78", "RMa"]


def test_geometry_and_other_columns_pass_through() -> None:
    frame = gpd.GeoDataFrame(
        table(BARE, {**BARE, "height_m": 900.0}, BARE).assign(owner=["x", "y", "z"]),
        geometry=[Point(0, 0), Point(1, 1), Point(2, 2)],
        crs="EPSG:5899",
    ).set_index(pd.Index([7, 8, 9]))
    before = frame.copy()
    done, _, _ = complete_cells(frame)
    assert isinstance(done, gpd.GeoDataFrame)
    assert done.crs == frame.crs
    assert done["owner"].tolist() == ["x", "z"]
    assert [point.x for point in done.geometry] == [0.0, 2.0]
    assert done.index.tolist() == [0, 1]
    pd.testing.assert_frame_equal(frame, before)  # the given frame is not touched


def test_no_rows_and_no_row_numbers() -> None:
    empty, defaulted, problems = complete_cells(table(ALL).iloc[:0])
    assert (len(empty), defaulted, problems) == (0, {}, ())
    _, _, problems = complete_cells(pd.DataFrame([{**ALL, "height_m": 1.0}]))
    assert problems[0].row is None


@given(
    st.fixed_dictionaries(
        {
            name: st.sampled_from([value, np.nan])
            for name, value in ALL.items()
            if name not in {"operator", "technology"}
        }
    )
)
def test_completing_twice_changes_nothing(cell: dict[str, Any]) -> None:
    once, _, _ = complete({"operator": "Viettel", "technology": "NR", **cell})
    twice, defaulted, _ = complete_cells(once)
    pd.testing.assert_frame_equal(once, twice)
    assert set(defaulted) <= {"azimuth_deg", "environment"}
    assert not once.drop(columns=["azimuth_deg", "environment", "antenna"]).isna().any(axis=None)


def test_five_thousand_cells_take_no_time() -> None:
    frame = table(*[BARE] * 5000)
    start = time.perf_counter()
    complete_cells(frame)
    assert time.perf_counter() - start < 2.0
