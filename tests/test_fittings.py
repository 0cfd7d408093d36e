"""Antennas and tilts of cells, from whatever a row says of them, through the completion of cells."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage.antennas import Antenna, beam_of, catalogue_antenna, known_antennas, measured_antenna
from coverage.cells import complete_cells
from coverage.errors import Problem
from coverage.words import LANGUAGES, render_problem
from tests import builders

CELL = {
    "operator": "Viettel", "technology": "NR", "band": "n41", "height_m": 25.0, "azimuth_deg": 10.0, "tilt_deg": 6.0,
    "power_dbm": 50.0, "bandwidth_mhz": 60.0, "environment": "UMa", "frequency_mhz": 2560.0,
}  # fmt: skip
BARE = {"operator": "Viettel", "technology": "NR", "band": "n41", "azimuth_deg": 0.0, "environment": "UMa"}
ANGLES = np.arange(360)
MEASURED = measured_antenna(
    "K1.msi",
    -np.minimum(12 * (np.minimum(ANGLES, 360 - ANGLES) / 65) ** 2, 28.0),
    -np.minimum(12 * (((ANGLES - 6 + 180) % 360 - 180) / 10) ** 2, 28.0),
    gain_dbi=16.5,
    frequency_mhz=2600.0,
    source=builders.NOWHERE,
)


def complete(*cells: dict[str, Any], **antennas: Antenna) -> tuple[pd.DataFrame, dict[str, int], tuple[Problem, ...]]:
    rows = pd.DataFrame([{"row": 2 + n, **cell} for n, cell in enumerate(cells)])
    frame, defaulted, problems = complete_cells(rows, file="cells.csv", antennas=antennas or {"K1": MEASURED})
    for problem in problems:
        for lang in LANGUAGES:
            assert render_problem(problem, lang)
    return frame, defaulted, problems


def codes(problems: tuple[Problem, ...]) -> list[str]:
    return [problem.code for problem in problems]


# --- Antennas ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", known_antennas())
def test_an_antenna_of_the_catalogue_brings_its_gain_and_its_widths(name: str) -> None:
    band, mhz = ("n28", 763.0) if name == "f1336-65x14" else ("n41", 2560.0)
    more = {"band": band, "frequency_mhz": mhz, "bandwidth_mhz": 10.0}
    frame, defaulted, problems = complete({**CELL, **more, "antenna": name.upper()})
    cell, antenna = frame.iloc[0], catalogue_antenna(name)
    assert cell["antenna"] is antenna
    assert (cell["ssb_gain_dbi"], cell["traffic_gain_dbi"]) == (antenna.ssb_gain_dbi, antenna.traffic_gain_dbi)
    assert 0.0 < cell["beamwidth_el_deg"] < 30.0
    assert defaulted == {"ssb_gain_dbi": 1, "traffic_gain_dbi": 1}  # generic: an assumption, and counted as one
    assert problems == ()
    assert beam_of(cell.to_dict()).table_db is not None


def test_what_a_measured_antenna_gives_is_no_default() -> None:
    frame, defaulted, problems = complete({**CELL, "tilt_deg": np.nan, "antenna": "K1"})
    cell = frame.iloc[0]
    assert (cell["antenna"], cell["ssb_gain_dbi"], cell["tilt_deg"]) == (MEASURED, 16.5, 6.0)
    assert defaulted == {}
    assert problems == ()


def test_a_cell_that_names_no_antenna_is_no_default_either() -> None:
    frame, defaulted, _ = complete({**CELL, "antenna": np.nan}, {**CELL, "antenna": " "})
    assert frame["antenna"].isna().all()
    assert "antenna" not in defaulted


def test_an_unknown_antenna_is_named_counted_and_computed_as_a_sector() -> None:
    frame, defaulted, problems = complete(
        CELL, {**CELL, "antenna": "742215"}, {**CELL, "antenna": "742215"}, {**CELL, "antenna": "../../etc/passwd"}
    )
    assert len(frame) == 4
    assert frame["antenna"].isna().all()
    assert defaulted["antenna"] == 3
    first, other = (p for p in problems if p.code == "cell_antenna_unknown")
    assert (first.severity, first.row, first.field, first.value) == ("warning", 3, "antenna", "742215")
    assert first.values["count"] == 2
    assert other.row == 5
    for lang in LANGUAGES:
        sentence = render_problem(first, lang)
        assert "742215" in sentence
        assert "64t64r" in sentence
        assert "K1" in sentence


def test_refused_cells_do_not_count_as_defaulted() -> None:
    _, defaulted, problems = complete({**CELL, "antenna": "742215", "height_m": 400.0}, CELL)
    assert "antenna" not in defaulted
    assert {"cell_antenna_unknown", "cell_height_outside_model"} <= set(codes(problems))


@pytest.mark.parametrize(("antenna", "limit"), [("64t64r", 26.3), ("f1336-65x10", 15.6), ("K1", 17.5)])
def test_a_gain_above_what_the_antenna_can_reach_refuses_the_row(antenna: str, limit: float) -> None:
    reached = {**CELL, "antenna": antenna, "ssb_gain_dbi": limit - 0.1}
    frame, _, problems = complete(reached, {**reached, "ssb_gain_dbi": limit + 0.3})
    assert frame["row"].tolist() == [2]
    assert frame["ssb_gain_dbi"].tolist() == [limit - 0.1]
    (found,) = problems
    assert (found.code, found.severity, found.row, found.field) == ("cell_antenna_gain", "error", 3, "ssb_gain_dbi")
    assert found.values["limit"] == pytest.approx(limit, abs=0.1)
    for lang in LANGUAGES:
        assert antenna.casefold() in render_problem(found, lang).casefold()


def test_a_directional_antenna_needs_an_azimuth_and_an_omnidirectional_one_does_not() -> None:
    nowhere = {**CELL, "azimuth_deg": np.nan}
    frame, defaulted, problems = complete(
        {**nowhere, "antenna": "64t64r"}, {**nowhere, "antenna": "f1336-omni-8"}, {**nowhere, "antenna": "K1"}
    )
    assert frame["row"].tolist() == [3]
    assert "azimuth_deg" not in defaulted
    assert codes(problems) == ["cell_antenna_azimuth", "cell_antenna_azimuth"]
    assert [(p.row, p.value) for p in problems] == [(2, "64t64r"), (4, "K1.msi")]


def test_an_antenna_outside_its_frequencies_is_flagged() -> None:
    low = {"band": "n28", "frequency_mhz": 763.0, "bandwidth_mhz": 10.0}
    frame, _, problems = complete({**CELL, **low, "antenna": "64t64r"}, {**CELL, **low, "antenna": "K1"})
    assert len(frame) == 2
    assert codes(problems) == ["cell_antenna_frequency", "cell_antenna_frequency"]
    assert (problems[1].values["low"], problems[1].values["high"]) == pytest.approx((2340.0, 2860.0))


def test_widths_beside_an_antenna_do_not_count_unless_they_are_its_own() -> None:
    frame, _, problems = complete({**CELL, "antenna": "K1", "beamwidth_az_deg": 90.0})
    assert frame["beamwidth_az_deg"].iloc[0] == pytest.approx(65.0, abs=0.5)
    assert codes(problems) == ["cell_antenna_widths"]
    again, defaulted, problems = complete_cells(frame)
    pd.testing.assert_frame_equal(again, frame)
    assert (defaulted, problems) == ({}, ())


def test_a_file_measured_at_another_tilt_is_shifted_and_said() -> None:
    frame, _, problems = complete({**CELL, "antenna": "K1", "tilt_deg": 2.0})
    (found,) = problems
    assert (found.code, found.severity, found.values["measured"]) == ("cell_antenna_tilt", "note", 6.0)
    beam = beam_of(frame.iloc[0].to_dict())
    assert beam.gain_db(np.array([10.0]), np.array([2.0]))[0] == pytest.approx(0.0, abs=1e-6)


def test_the_gain_of_an_envelope_is_said() -> None:
    envelope = measured_antenna(
        "E.msi", MEASURED.shape.horizontal_db, MEASURED.shape.vertical_db, gain_dbi=23.0, source=builders.NOWHERE  # type: ignore[attr-defined]
    )  # fmt: skip
    frame, _, problems = complete({**CELL, "tilt_deg": 6.0, "antenna": "E"}, E=envelope)
    assert frame["ssb_gain_dbi"].tolist() == [23.0]
    assert codes(problems) == ["cell_antenna_envelope"]


def test_an_antenna_from_the_folder_goes_before_one_of_the_catalogue() -> None:
    frame, _, _ = complete({**CELL, "antenna": "64t64r"}, **{"64t64r": MEASURED})
    assert frame["antenna"].iloc[0] is MEASURED


# --- Tilts ------------------------------------------------------------------------------------------------------------

NAN = math.nan


@pytest.mark.parametrize(
    ("given", "fitted", "counted"),
    [
        ((NAN, NAN, NAN), (6.0, 0.0, 6.0), True),  # the catalogue's total, all of it electrical
        ((4.0, NAN, NAN), (4.0, 0.0, 4.0), False),
        ((NAN, 2.0, NAN), (6.0, 2.0, 4.0), True),
        ((NAN, 8.0, NAN), (8.0, 8.0, 0.0), True),
        ((NAN, NAN, 3.0), (3.0, 0.0, 3.0), False),
        ((NAN, 2.0, 3.0), (5.0, 2.0, 3.0), False),
        ((5.0, 2.0, NAN), (5.0, 2.0, 3.0), False),
        ((5.0, NAN, 3.0), (5.0, 2.0, 3.0), False),
        ((5.0, 2.0, 3.0), (5.0, 2.0, 3.0), False),
        ((3.0, 2.0, 3.0), (5.0, 2.0, 3.0), False),  # "tilt" was the electrical one: the parts count
        ((1.0, -2.0, NAN), (1.0, -2.0, 3.0), False),
    ],
    ids=str,
)
def test_tilts_follow_from_each_other(
    given: tuple[float, ...],
    fitted: tuple[float, ...],
    counted: bool,
) -> None:
    names = ("tilt_deg", "mechanical_tilt_deg", "electrical_tilt_deg")
    frame, defaulted, problems = complete({**BARE, **dict(zip(names, given, strict=True))})
    assert tuple(frame.loc[0, list(names)]) == fitted
    assert ("tilt_deg" in defaulted) == counted
    assert not set(defaulted) & set(names[1:])
    assert ("cell_tilt_sum" in codes(problems)) == (given == (3.0, 2.0, 3.0))


@given(*[st.floats(-20.0, 40.0) | st.just(NAN)] * 3)
def test_the_total_is_the_sum_of_the_parts(total: float, mechanical: float, electrical: float) -> None:
    tilts = {"tilt_deg": total, "mechanical_tilt_deg": mechanical, "electrical_tilt_deg": electrical}
    frame, _, _ = complete({**CELL, **tilts})
    cell = frame.iloc[0]
    assert cell["tilt_deg"] == pytest.approx(cell["mechanical_tilt_deg"] + cell["electrical_tilt_deg"], abs=1e-9)


def test_a_mechanical_tilt_to_no_side_refuses_the_row() -> None:
    frame, _, problems = complete({**CELL, "azimuth_deg": NAN, "mechanical_tilt_deg": 3.0}, CELL)
    assert frame["row"].tolist() == [3]
    (found,) = problems
    assert (found.code, found.row, found.value) == ("cell_mechanical_tilt_omni", 2, "3")
