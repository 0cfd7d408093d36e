"""One figure from the library, the command line and the app, with an upheld challenge in the store."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

import coverage as cov
from coverage.app import cached, visitor
from coverage.cli import main
from coverage.disputes import confirmed
from coverage.errors import LayerError
from coverage.files.evidence import challenged_area, drawn_area
from coverage.files.tables import read_table
from coverage.store.challenges import dispute_of, judge, raise_challenge
from coverage.store.migrating import open_store
from coverage.store.principal import SYSTEM
from tests.store.people import account


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "store.db"
    store = open_store(path)
    who = account(store, "Lan", "planner").principal
    area = drawn_area([(16.03, 108.18), (16.03, 108.24), (16.08, 108.24), (16.08, 108.18)])
    with store.writing(who) as access:
        for about in ({"area": area}, {"ward_id": "20194", "measure": "household_internet_share"}):
            judge(access, raise_challenge(access, "đo không có sóng", **about).id, "upheld", "đúng")
    store.close()
    monkeypatch.setenv("PHUSONG_STORE", str(path))
    yield path
    visitor._opened.pop(str(path)).close()


@pytest.mark.slow
def test_library_command_and_app_say_the_same(address: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    shown = cached.disputed("danang-2023")
    assert shown is not None
    store = open_store(address)
    with store.reading(SYSTEM) as access:
        own = confirmed(cov.Study(cov.demo_city()).run(), dispute_of(access))
    store.close()
    assert main(["measure", "--store", str(address), "--json", "--lang", "en", "--out", str(tmp_path / "out")]) == 0
    told = json.loads(capsys.readouterr().out)["disputed"]
    for measure in ("area_share", "household_internet_share", "households_covered_share"):
        parts = told[measure]["confirmed"], told[measure]["disputed"]
        assert parts == shown.parts(measure) == own.parts(measure), measure
        assert parts[1] > 0, measure
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out" / "wards.csv").read_text("utf-8-sig"))))
    assert any(float(row["disputed_area_share"] or 0) > 0 for row in rows)
    assert "disputed" in (tmp_path / "out" / "report.html").read_text("utf-8")
    assert cached.hatched("danang-2023") is not None


def test_measurements_and_polygons_become_areas(tmp_path: Path) -> None:
    points = tmp_path / "đo.csv"
    points.write_text("Kinh độ,Vĩ độ,RSRP\n108.2,16.05,-121\n108.21,16.05,-119\n,,\n", "utf-8")
    area = challenged_area(read_table(points))
    assert area.area == pytest.approx(2 * 50 * 50, rel=1e-6)
    drawn = tmp_path / "vùng.geojson"
    ring = [[108.2, 16.0], [108.3, 16.0], [108.3, 16.1], [108.2, 16.0]]
    shape = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    drawn.write_text(json.dumps(shape), "utf-8")
    same = drawn_area([(lat, lon) for lon, lat in ring[:3]])
    assert same is not None
    assert challenged_area(read_table(drawn)).symmetric_difference(same).area == pytest.approx(0, abs=1.0)
    assert drawn_area([(16.0, 108.2), (16.0, 108.3)]) is None
    nothing = tmp_path / "trống.csv"
    nothing.write_text("tên,số\na,1\n", "utf-8")
    with pytest.raises(LayerError, match="evidence_without_place"):
        challenged_area(read_table(nothing))
