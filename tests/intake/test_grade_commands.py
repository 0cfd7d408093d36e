"""The grade of the wards on the command line: in a check, in `wards.csv` of the city's own use, and in no release."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pyogrio
import pytest

from coverage.catalog.registers import data_dir
from coverage.cli import main
from coverage.files.layers import read_wards
from coverage.intake.checking import Against, check_cells
from coverage.intake.grades import DIMENSIONS
from coverage.intake.handing import hand_in
from coverage.store.migrating import open_store
from coverage.store.submissions import decide
from tests.store.people import account

DEMO = data_dir() / "demo"


def cells(path: Path, rows: int = 30) -> Path:
    """Write cells of VNPT out of the demo city (synthetic), every third without a height."""
    with (DEMO / "cells.csv").open(encoding="utf-8-sig") as stream:
        found = [row for row in csv.DictReader(stream) if row["operator"] == "VNPT" and row["technology"] == "NR"]
    found = found[:rows]
    for row in found[::3]:
        row["height_m"] = ""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, found[0].keys())
        writer.writeheader()
        writer.writerows(found)
    return path


def test_a_check_says_how_good_every_ward_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = cells(tmp_path / "tram.csv")
    assert main(["check", "cells", str(path), "--wards", str(DEMO / "wards.geojson"), "--json"]) in {0, 1}
    told = json.loads(capsys.readouterr().out)
    wards = told["wards"]
    names = read_wards(DEMO / "wards.geojson").frame["name"]
    assert all(names[each["ward_id"]] == each["name"] for each in wards)
    assert sum(each["grade"]["rows"] for each in wards) == told["rows"] == 30
    for grade in (told["grade"], *(each["grade"] for each in wards)):
        assert set(grade["scores"]) == set(DIMENSIONS)
        lowest = min(grade["scores"].values())
        assert grade["worst"] is None if lowest == 1 else grade["scores"][grade["worst"]] == lowest
        assert bool(grade["advice_vi"]) == bool(grade["advice_en"]) == (lowest < 1)


@pytest.mark.slow
def test_measure_writes_the_grades_and_a_release_does_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wards, address = read_wards(DEMO / "wards.geojson"), str(tmp_path / "store.db")
    store = open_store(address)
    planner, partner = account(store, "Lan", "planner"), account(store, "VNPT")
    path = cells(tmp_path / "tram.csv")
    checked = check_cells(path, Against(partner="VNPT", wards=wards))
    kept = hand_in(store, partner.principal, "cells", checked, path.read_bytes())
    asked = ["--pixel", "800", "--store", address, "--json"]
    assert main(["measure", *asked, "--out", str(tmp_path / "before")]) == 0
    with store.writing(planner.principal) as access:
        decide(access, kept.id, "accept")
    store.close()
    assert main(["measure", *asked, "--out", str(tmp_path / "after")]) == 0
    assert main(["publish", *asked, "--as", "Lan", "--out", str(tmp_path / "release")]) == 0
    capsys.readouterr()
    rows = {
        name: list(csv.DictReader(io.StringIO((tmp_path / name / "wards.csv").read_text("utf-8-sig"))))
        for name in ("before", "after", "release")
    }
    assert {row["data_grade"] + row["data_grade_worst"] for row in rows["before"]} == {""}  # nothing is accepted yet
    expected = {one.ward_id: (one.grade.letter, one.grade.worst or "") for one in checked.by_ward}
    found = {row["ward_id"]: (row["data_grade"], row["data_grade_worst"]) for row in rows["after"]}
    assert found == {ward: expected.get(ward, ("", "")) for ward in wards.frame.index}
    assert len({letter for letter, _ in expected.values()}) > 1
    table = pyogrio.read_dataframe(tmp_path / "after" / "wards.gpkg").set_index("ward_id")
    assert table["data_grade"].dropna().to_dict() == {ward: letter for ward, (letter, _) in expected.items()}
    assert not any(name.startswith("data_grade") for name in rows["release"][0])
    for file in (tmp_path / "release").iterdir():
        assert b"data_grade" not in file.read_bytes(), file.name
