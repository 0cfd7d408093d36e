"""How many planted errors are found, and how often clean rows are suspected: measured and printed, with limits."""

import os
import sys
from collections import Counter

import numpy as np
import pytest

from coverage.catalog.registers import EDITIONS, data_dir, ward_register
from coverage.errors import LayerError
from coverage.files.layers import read_wards
from coverage.files.raw import RawTable
from coverage.intake.checking import Against, check_cells
from coverage.layers import Source
from coverage.matching import match_wards
from tests import planting

# All eight makes of files hold 245,000 rows: PHUSONG_PLANTED=all tries them, a test run half of them.
EVERY_MAKE = os.environ.get("PHUSONG_PLANTED") == "all"
MAKES = ("NR:", "MobiFone:", "Viettel:", "twelve wards:")

# What counts as found: any of these codes on the row (or on the whole file).
FOUND = {
    "swapped": {"coordinates_swapped"},
    "wrong_zone": {"zone_wrong", "zone_wrong_file"},
    "no_datum_shift": {"datum_missing_file"},
    "duplicate_id": {"cell_id_twice"},
    "decimal_comma": {"comma_repaired"},
    "excel_date": {"id_is_date", "date_for_number", "date_for_number_ignored"},
    "unit_slip": {
        "height_unlike_site", "height_unusual", "heights_in_feet", "power_unusual", "out_of_range",
        "out_of_range_ignored",
    },
}  # fmt: skip
# Said of rows that lack a value: true of the clean rows too.
TRUE_OF_CLEAN = {"value_defaulted", "missing_value", "missing_value_ignored", "cell_azimuth_empty", "cell_gain_limited"}


def raw_of(frame):
    source = Source(name="x.csv", sha256="0" * 64, rows=len(frame))
    return RawTable(frame=frame, rows=np.arange(2, len(frame) + 2), source=source)


def answered(trial, wards):
    """Return the problems of a trial's file."""
    earlier = None if trial.earlier is None else check_cells(raw_of(trial.earlier)).layer
    try:
        return check_cells(raw_of(trial.frame), Against(wards=wards, earlier=earlier)).problems
    except LayerError as error:
        return error.problems


def affected(trial):
    """Return the rows that a planted error touches besides its own: those whose id was given to another."""
    twice = trial.frame["cell_id"].duplicated(keep=False)
    return {int(index) + 2 for index in np.flatnonzero(twice)} if "duplicate_id" in trial.rows.values() else set()


def tally(trials, wards):
    """Return planted and found counts per kind, clean rows, and clean rows with an error or a warning by code."""
    planted, found, alarms, clean = Counter(), Counter(), Counter(), 0
    missed = []
    for trial in trials:
        problems = [p for p in answered(trial, wards) if p.severity != "note" and p.code not in TRUE_OF_CLEAN]
        codes = {}
        for problem in problems:
            codes.setdefault(problem.row, set()).add(problem.code)
        rows = range(2, len(trial.frame) + 2)
        touched = affected(trial)
        if trial.whole:
            planted[trial.whole] += len(rows)
            whole = FOUND[trial.whole] & codes.get(None, set())
            hit = len(rows) if whole else sum(bool(FOUND[trial.whole] & codes.get(row, set())) for row in rows)
            found[trial.whole] += hit
            if hit < len(rows):
                missed.append((trial.name, trial.whole, hit, len(rows)))
            continue
        for row, kind in trial.rows.items():
            planted[kind] += 1
            found[kind] += bool(FOUND[kind] & codes.get(row, set()))
            if not FOUND[kind] & codes.get(row, set()):
                missed.append((trial.name, kind, row, trial.frame.iloc[row - 2].to_dict()))
        for row in set(rows) - trial.rows.keys() - touched:
            clean += 1
            for code in codes.get(row, set()):
                alarms[code] += 1
        for code in codes.get(None, set()) & set().union(*FOUND.values()):
            alarms[f"{trial.name}: {code} of the whole file"] += len(rows)
    return planted, found, clean, alarms, missed


@pytest.mark.slow
def test_planted_errors_are_found_and_clean_rows_left_alone(capsys):
    wards = read_wards(data_dir() / "demo" / "wards.geojson")
    chosen = [trial for trial in planting.trials() if EVERY_MAKE or trial.name.startswith(MAKES)]
    planted, found, clean, alarms, missed = tally(chosen, wards)
    with capsys.disabled():
        sys.stdout.write("\n")
        for kind, count in planted.items():
            sys.stdout.write(f"{kind}: {found[kind]} of {count} found ({100 * found[kind] / count:.2f} %)" + "\n")
        sys.stdout.write(f"clean rows: {sum(alarms.values())} of {clean} suspected {dict(alarms)}" + "\n")
    assert all(found[kind] >= 0.99 * count for kind, count in planted.items()), missed[:10]
    assert sum(alarms.values()) <= 0.005 * clean


@pytest.mark.parametrize("edition", EDITIONS)
def test_eight_spellings_never_mean_another_ward(edition, capsys):
    register = ward_register(edition)
    tried = matched = 0
    for ward, row in register.iterrows():
        for spelling in planting.spellings(row["name"], row["type"]).values():
            frame = planting.pd.DataFrame({"name": [spelling], "row": [2]})
            answer = match_wards(frame, edition, file="x.csv")[0].iloc[0]
            tried += 1
            assert answer != answer or answer == ward, (spelling, row["name"], answer)
            matched += answer == ward
    with capsys.disabled():
        sys.stdout.write(f"\n{edition}: {tried} spellings, {matched} matched, 0 wrong" + "\n")
    assert matched >= 0.95 * tried
