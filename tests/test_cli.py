import csv
import hashlib
import io
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

import coverage as cov
from coverage.catalog.definitions import definitions
from coverage.catalog.registers import data_dir
from coverage.cli import commands, main, planning
from coverage.cli.arguments import wanted_language
from coverage.cli.voice import LISTED, Voice, plain
from coverage.errors import CoverageError
from coverage.planning.steps import STEP_COLUMNS
from coverage.words import LANGUAGES, t
from tests import builders as make

ROOT = Path(__file__).resolve().parents[1]
WRITTEN = {
    "city.json", "wards.csv", "wards.gpkg", "coverage.tif", "best_server.tif", "best_server.csv", "map.html",
    "report.html", "manifest.json",
}  # fmt: skip
CELLS = """site_id,cell_id,operator,technology,band,longitude,latitude,height_m,azimuth_deg
S1,S1-1,Viettel,5G,n41,108.1275,16.0505,25,0
S1,S1-2,Viettel,5G,n41,108.1275,16.0505,25,120
S1,S1-3,Viettel,5G,n41,108.1275,16.0505,25,240
S2,S2-1,VNPT,4G,,108.1400,16.0600,30,
S3,S3-1,Viettel,4G,,108.1050,16.0400,30,60
"""


@pytest.fixture(autouse=True)
def vietnamese(monkeypatch):
    """Run in Vietnamese, whatever the machine speaks."""
    monkeypatch.setenv("PHUSONG_LANG", "vi")


@pytest.fixture(scope="session")
def inputs(tmp_path_factory):
    """Return the arguments of a small city of two wards in files."""
    folder = tmp_path_factory.mktemp("inputs")
    wards = make.wards((-3, -3, 0, 3), (0, -3, 4, 3), names=["Alpha", "Beta"])
    shapes = wards.frame[["name", "geometry"]].reset_index().to_crs("EPSG:4326")
    shapes.to_file(folder / "wards.geojson", driver="GeoJSON")
    (folder / "cells.csv").write_text(CELLS, "utf-8")
    (folder / "people.csv").write_text("ward_id,households,population\nw0,1500,5000\nw1,300,900\n", "utf-8")
    return ["--wards", f"{folder / 'wards.geojson'}", "--cells", f"{folder / 'cells.csv'}",
            "--households", f"{folder / 'people.csv'}", "--pixel", "100"]  # fmt: skip


@pytest.fixture
def run(capsys):
    """Return a function that runs the command and gives its exit code, stdout and stderr."""

    def call(*words):
        code = main([str(word) for word in words])
        told = capsys.readouterr()
        assert "Traceback" not in told.err + told.out
        return code, told.out, told.err

    return call


def with_cells(inputs, path):
    """Return the arguments with another cell file."""
    at = inputs.index("--cells")
    return [*inputs[: at + 1], str(path), *inputs[at + 2 :]]


# --- measure ---------------------------------------------------------------------------------------------------------


def test_measure_writes_everything_and_prints_only_json(run, inputs, tmp_path):
    code, out, _ = run("measure", *inputs, "--out", tmp_path, "--json")
    assert code == 0
    assert out == (tmp_path / "city.json").read_text("utf-8")
    assert {path.name for path in tmp_path.iterdir()} == WRITTEN
    told = json.loads(out)
    assert told["definition"]["id"] == "danang-2023"
    assert told["definition"]["text_vi"]
    assert told["definition"]["text_en"]
    assert told["denominator"]["id"] == "mainland"
    assert told["denominator"]["area_km2"] == pytest.approx(42.0, rel=1e-3)
    assert told["city"]["households"] == 1800
    assert set(told["city"]["area_share"]) == {"value", "low", "high"}
    assert told["city"]["area_share"]["low"] is None


def test_the_command_and_the_python_call_give_the_same_figures(run, inputs, tmp_path):
    _, out, _ = run("measure", *inputs, "--out", tmp_path, "--json")
    files = dict(zip(inputs[::2], inputs[1::2], strict=True))
    city = cov.read_city(wards=files["--wards"], cells=files["--cells"], households=files["--households"])
    assert json.loads(out) == cov.Study(city, pixel_m=100.0).run().summary()


def test_the_model_follows_the_terrain_unless_it_is_chosen(run, inputs, tmp_path):
    def told(*words):
        code, out, _ = run("measure", *inputs, *words, "--out", tmp_path, "--json")
        assert code == 0
        summary = json.loads(out)
        return summary["model"]["id"], summary["data"]["defaulted"].get("model")

    terrain = ("--terrain", data_dir() / "demo" / "terrain.tif")
    assert told() == told("--model", "auto") == ("tr38901", "tr38901")
    assert told("--model", "tr38901") == ("tr38901", None)
    assert told(*terrain) == ("p1812-8-30m", None)
    assert told(*terrain, "--model", "tr38901") == ("tr38901", None)
    code, _, err = run("measure", *inputs, "--model", "p1812", "--out", tmp_path)
    assert code == 2
    assert "--terrain" in err
    code, _, err = run("measure", *inputs, "--model", "p452", "--out", tmp_path)
    assert code == 2
    assert "auto, tr38901, p1812" in err


def test_people_get_a_summary_with_definition_and_denominator(run, inputs, tmp_path):
    code, out, err = run("measure", *inputs, "--out", tmp_path)
    assert code == 0
    assert "Diện tích được phủ sóng 5G" in out
    assert "danang-2023" in out
    assert "đất liền" in out
    assert "1.800" in out
    assert str(tmp_path) in out
    assert "\r" not in err, "a progress bar is for a terminal"
    code, out, _ = run("measure", *inputs, "--out", tmp_path, "--lang", "en")
    assert "Area covered by 5G" in out
    assert "1,800" in out


def test_two_runs_give_the_same_files(run, inputs, tmp_path):
    for name in ("one", "two"):
        assert run("measure", *inputs, "--out", tmp_path / name)[0] == 0
    for name in WRITTEN:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


def test_the_manifest_knows_every_input(run, inputs, tmp_path):
    run("measure", *inputs, "--out", tmp_path)
    told = json.loads((tmp_path / "manifest.json").read_text("utf-8"))
    assert [source["name"] for source in told["inputs"]] == ["wards.geojson", "cells.csv", "people.csv"]


def test_refused_rows_are_listed_and_the_rest_is_measured(run, inputs, tmp_path):
    cells = tmp_path / "cells.csv"
    bad = "".join(f"B{n},B{n}-1,Viettel,5G,n41,16.05,108.12,25,0\n" for n in range(LISTED + 10))
    cells.write_text(CELLS + bad, "utf-8")
    code, out, err = run("measure", *with_cells(inputs, cells), "--out", tmp_path / "out", "--json")
    assert code == 0
    assert json.loads(out)["data"]["refused"]["cells"] == LISTED + 10
    lines = err.splitlines()
    assert lines[0].startswith("- cells.csv, dòng 7:")
    assert len(lines) == LISTED + 1
    assert lines[-1].startswith("… và")


def test_a_file_without_a_usable_row_is_exit_2_with_every_reason(run, inputs, tmp_path):
    cells = tmp_path / "cells.csv"
    cells.write_text(CELLS.splitlines()[0] + "\nS1,c,Viettel,5G,n41,16.05,108.12,25,0\n", "utf-8")
    words = [*with_cells(inputs, cells), "--out", tmp_path / "out"]
    code, out, err = run("measure", *words)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 2
    assert "dòng 2" in err
    code, out, err = run("measure", *words, "--json")
    assert (code, err) == (2, "")
    told = json.loads(out)
    assert told["error"]["code"] == "no_usable_row"
    assert told["problems"][0]["row"] == 2
    assert "row 2" in told["problems"][0]["message_en"]
    assert "dòng 2" in told["problems"][0]["message_vi"]
    assert not (tmp_path / "out").exists()


def test_bounds_in_degrees_restrict_the_study(run, inputs, tmp_path):
    _, out, _ = run("measure", *inputs, "--out", tmp_path, "--json", "--bounds", "108.12,16.04,108.14,16.06")
    assert 3.5 < json.loads(out)["denominator"]["area_km2"] < 6.5


def test_another_technology_is_measured_by_either_of_its_names(run, inputs, tmp_path):
    told = [
        json.loads(run("measure", *inputs, "--out", tmp_path, "--json", "--technology", name)[1])
        for name in ("4G", "LTE")
    ]
    assert told[0] == told[1]
    assert told[0]["study"]["technology"] == "LTE"
    assert told[0]["study"]["cells"] == 2


def test_every_definition_is_measured_or_says_why_not(run, inputs, tmp_path):
    codes = {}
    for name in definitions():
        code, out, _ = run("measure", *inputs, "--out", tmp_path / name, "--json", "--definition", name)
        codes[name] = json.loads(out).get("error", {}).get("code") if code else None
        assert code in (0, 2)
    assert codes["danang-2023"] is None
    assert codes["sdg-9c1"] is None
    assert codes["fcc-bdc-5gnr-7-1"] is None
    assert codes["vn-qcvn126"] == "definition_on_samples"
    assert codes["danang-2023-indoor"] == "needs_land_cover"
    assert codes["danang-2025-residential"] == "needs_land_cover"
    assert codes["danang-2023-official-area"] == "official_area_elsewhere"


# --- unusable arguments ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["measure"], "out_missing"),
        (["measure", "--out", ""], "out_missing"),
        (["measure", "--out"], "option_needs_value"),
        (["measure", "--out", "x", "--json=1"], "option_takes_none"),
        (["measure", "--out", "x", "--pixle", "50"], "arguments_unknown"),
        (["measure", "--out", "x", "--pix", "50"], "arguments_unknown"),
        (["measure", "--out", "x", "extra"], "arguments_unknown"),
        (["mesure", "--out", "x"], "command_unknown"),
        (["measure", "--out", "x", "--lang", "fr"], "choice_unknown"),
        (["measure", "--out", "x", "--technology", "6G"], "choice_unknown"),
        (["measure", "--out", "x", "--pixel", "abc"], "number_unusable"),
        (["measure", "--out", "x", "--pixel", "0"], "number_out_of_range"),
        (["measure", "--out", "x", "--pixel", "nan"], "number_out_of_range"),
        (["measure", "--out", "x", "--pixel", "-5"], "number_out_of_range"),
        (["measure", "--out", "x", "--pixel", "1e9"], "number_out_of_range"),
        (["measure", "--out", "x\x1b[2J\n", "--wards", "\n"], "inputs_incomplete"),
        (["measure", "--out", "x", "--wards", "\x1b[2J\n", "--cells", "c"], "file_missing"),
        (["measure", "--out", "x", "--bounds", "1,2,3"], "bad_bounds"),
        (["measure", "--out", "x", "--bounds", "a,b,c,d"], "bad_bounds"),
        (["measure", "--out", "x", "--bounds", "108.3,16,108.1,16.2"], "bad_bounds"),
        (["measure", "--out", "x", "--bounds", "nan,16,108.1,16.2"], "bad_bounds"),
        (["measure", "--out", "x", "--definition", "danang-1923"], "definition_unknown"),
        (["measure", "--out", "x", "--subscriptions", "lines.csv"], "inputs_incomplete"),
        (["measure", "--out", "x", "--wards", "w.geojson"], "inputs_incomplete"),
        (["measure", "--out", "x", "--edition", "2019"], "inputs_incomplete"),
        (["measure", "--out", "x", "--wards", "nowhere.geojson", "--cells", "nowhere.csv"], "file_missing"),
        (["plan", "--out", "x", "--lattice", "5"], "number_out_of_range"),
        (["plan", "--out", "x", "--budget", "-1"], "number_out_of_range"),
        (["plan", "--out", "x", "--costs", "cheap"], "choice_unknown"),
        (["plan", "--out", "x", "--target", "20%"], "number_unusable"),
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_one_sentence_and_exit_2(run, tmp_path, monkeypatch, words, code):
    monkeypatch.chdir(tmp_path)
    said = {}
    for lang in LANGUAGES:
        monkeypatch.setenv("PHUSONG_LANG", lang)
        exit_code, out, said[lang] = run(*words)
        assert (exit_code, out) == (2, "")
        assert said[lang].startswith("phusong: ")
        assert len(said[lang].splitlines()) == 1
    assert said["vi"] != said["en"]
    if words[-1] != "--out":
        exit_code, out, err = run(*words, "--json")
        assert (exit_code, err) == (2, "")
        assert json.loads(out)["error"]["code"] == code
    assert not list(tmp_path.iterdir()), "nothing is written"


@pytest.mark.parametrize("target", ["-0.1", "1.2", "nan"])
def test_a_target_that_is_no_share_is_refused(run, inputs, tmp_path, target):
    code, out, _ = run("plan", *inputs, "--out", tmp_path / "out", "--json", "--target", target)
    assert code == 2
    assert json.loads(out)["error"]["code"] == "target_out_of_range"


def test_bounds_without_a_ward_are_refused(run, inputs, tmp_path):
    code, _, err = run("measure", *inputs, "--out", tmp_path, "--bounds", "105,20,106,21")
    assert code == 2
    assert "105" in err


@pytest.mark.parametrize("place", ["file", "file/below", "x" * 300, "a\0b"])
def test_a_folder_that_cannot_be_is_refused(run, inputs, tmp_path, monkeypatch, place):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine")
    code, out, err = run("measure", *inputs, "--out", place)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert (tmp_path / "file").read_text() == "mine"


def test_a_folder_without_permission_is_refused_before_any_work(run, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    code, _, err = run("demo", "--out", tmp_path / "new")
    assert code == 2
    assert str(tmp_path / "new") in err


def test_a_defect_is_a_sentence_too_unless_one_wants_to_see_it(run, tmp_path, monkeypatch):
    monkeypatch.setitem(commands.COMMANDS, "demo", lambda *_: 1 / 0)
    code, out, err = run("demo", "--out", tmp_path)
    assert (code, out) == (2, "")
    assert "ZeroDivisionError" in err
    assert "PHUSONG_DEBUG=1" in err
    code, out, _ = run("demo", "--out", tmp_path, "--json")
    assert json.loads(out)["error"]["code"] == "internal"
    monkeypatch.setenv("PHUSONG_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        main(["demo", "--out", str(tmp_path)])


def test_an_interrupted_run_says_so(run, tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setitem(commands.COMMANDS, "demo", stop)
    code, out, err = run("demo", "--out", tmp_path)
    assert (code, out) == (130, "")
    assert err == t("cli.interrupted", "vi") + "\n"


# --- plan ------------------------------------------------------------------------------------------------------------


def test_a_plan_reaches_its_target_and_a_re_run_proves_it(run, inputs, tmp_path):
    code, out, _ = run("plan", *inputs, "--target", "0.10", "--lattice", "1000", "--out", tmp_path, "--json")
    assert code == 0
    told = json.loads(out)
    assert {"target", "share_before", "share_after", "cost_vnd", "steps", "gap"} <= told.keys()
    assert told["proven"] is (told["gap"] is not None)
    assert told["share_before"] < 0.10 <= told["share_after"]
    after = json.loads((tmp_path / "city_after.json").read_text("utf-8"))
    before = json.loads((tmp_path / "city.json").read_text("utf-8"))
    assert after["headline"]["value"] == pytest.approx(told["share_after"], abs=1e-9)
    assert before["headline"]["value"] == told["share_before"]
    with (tmp_path / "plan.csv").open(newline="", encoding="utf-8") as stream:
        steps = list(csv.DictReader(stream))
    assert tuple(steps[0]) == STEP_COLUMNS
    assert [step["order"] for step in steps] == [str(n) for n in range(1, len(told["steps"]) + 1)]
    assert sum(float(step["cost_vnd"]) for step in steps) == told["cost_vnd"]
    asked = json.loads((tmp_path / "manifest.json").read_text("utf-8"))["parameters"]["plan"]
    assert (asked["target"], asked["lattice_m"], asked["costs"]) == (0.10, 1000.0, "mid")
    assert {"map.html", "report.html"} <= {path.name for path in tmp_path.iterdir()}


def test_a_plan_for_people_says_before_after_and_cost(run, inputs, tmp_path):
    words = ["plan", *inputs, "--target", "0.1", "--lattice", "1500", "--out", tmp_path, "--lang", "en"]
    code, out, _ = run(*words)
    assert code == 0
    assert "→" in out
    assert "The target is reached." in out
    assert t("planning.gap", "en") in out or t("planning.no_gap", "en") in out


def test_a_target_out_of_reach_is_exit_1_and_says_how_far_one_gets(run, inputs, tmp_path):
    words = ["plan", *inputs, "--target", "0.9", "--lattice", "0", "--out", tmp_path / "out"]
    code, out, err = run(*words)
    assert (code, out) == (1, "")
    assert "90" in err
    code, out, _ = run(*words, "--json")
    told = json.loads(out)
    assert code == 1
    assert told["error"]["code"] == "target_unreachable"
    assert 0 < told["error"]["values"]["best"] < 0.9


def test_a_budget_that_falls_short_is_exit_1_with_the_best_plan_for_it(run, inputs, tmp_path):
    words = ["plan", *inputs, "--target", "0.9", "--budget", "3e9", "--lattice", "1000", "--out", tmp_path, "--json"]
    code, out, _ = run(*words)
    told = json.loads(out)
    assert code == 1
    assert told["reached"] is False
    assert 0 < told["cost_vnd"] <= 3e9
    assert (tmp_path / "city_after.json").exists()


def test_costs_come_from_the_column_asked_for(run, inputs, tmp_path):
    spent = []
    for level in ("low", "mid", "high"):
        words = ["plan", *inputs, "--target", "0.05", "--costs", level, "--out", tmp_path, "--json"]
        spent.append(json.loads(run(*words)[1])["cost_vnd"])
    assert 0 < spent[0] < spent[1] < spent[2]


def test_new_sites_stand_only_where_the_list_says(run, inputs, tmp_path):
    sites = tmp_path / "sites.csv"
    sites.write_text("site_id,longitude,latitude\nP1,108.11,16.06\nP2,16.0,108.1\nP3,108.15,16.04\n", "utf-8")
    words = ["plan", *inputs, "--target", "1", "--budget", "1e12", "--sites", sites, "--out", tmp_path / "o", "--json"]
    code, out, err = run(*words)
    assert code == 1
    chosen = {step["site_id"] for step in json.loads(out)["steps"] if step["change"] == "new_site"}
    assert chosen == {"P1", "P3"}
    assert "sites.csv, dòng 3" in err
    asked = json.loads((tmp_path / "o" / "manifest.json").read_text("utf-8"))["parameters"]["plan"]
    assert asked["sites"]["name"] == "sites.csv"
    assert asked["lattice_m"] is None


RULES = """
name = "mine"
[offer]
kinds = ["upgrade", "new_site"]
lattice_m = 1000
[masts]
max_new_per_ward = 2
[[zone]]
id = "closed"
wards = ["w1"]
name_en = "the closed ward"
"""


def test_a_plan_keeps_to_local_rules_and_says_what_they_refuse(run, inputs, tmp_path):
    rules = tmp_path / "rules.toml"
    rules.write_text(RULES, "utf-8")
    words = ["plan", *inputs, "--target", "1", "--budget", "1e12", "--rules", rules, "--out", tmp_path / "o", "--json"]
    code, out, err = run(*words, "--lang", "en")
    assert code == 1
    new = [step for step in json.loads(out)["steps"] if step["change"] == "new_site"]
    assert len(new) == 2
    assert "the closed ward" in err
    asked = json.loads((tmp_path / "o" / "manifest.json").read_text("utf-8"))["parameters"]["plan"]
    assert asked["rules"] == {"name": "mine", "synthetic": False}
    assert (asked["lattice_m"], asked["refused"]) == (1000, {"zone_closed": 24})
    rules.write_text(RULES.replace("w1", "w9"), "utf-8")
    code, out, err = run(*words[:-1])
    assert (code, out) == (2, "")
    assert "rules.toml" in err
    assert "w9" in err


def test_kinds_horizon_and_support_change_what_a_plan_costs(run, inputs, tmp_path):
    words = ["plan", *inputs, "--target", "1", "--budget", "1e12", "--kinds", "upgrade", "--out", tmp_path, "--json"]
    cost = {}
    for name, more in {"usual": (), "helped": ("--support-88",), "owned": ("--horizon", "10")}.items():
        told = json.loads(run(*words, *more)[1])
        assert {step["change"] for step in told["steps"]} == {"upgrade"}
        cost[name] = told["cost_vnd"]
    assert cost["helped"] == pytest.approx(0.85 * cost["usual"], rel=1e-9)
    assert cost["owned"] > cost["usual"]
    assert run(*words[:-1], "--kinds", "castle")[0] == 2


def test_a_plan_that_claims_too_much_is_not_written(run, inputs, tmp_path, monkeypatch):
    honest = planning.choose

    def boastful(*given, **options):
        made = honest(*given, **options)
        return type(made)(**{**vars(made), "share_after": made.share_after + 1e-8})

    monkeypatch.setattr(planning, "choose", boastful)
    words = ["plan", *inputs, "--target", "0.05", "--out", tmp_path / "out", "--json"]
    code, out, _ = run(*words)
    assert code == 2
    assert json.loads(out)["error"]["code"] == "claim_differs"
    assert not (tmp_path / "out").exists()


def steps_of(folder):
    with (folder / "plan.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize(
    ("words", "measure"),
    [
        (["--budget", "4e9"], "area_share"),
        (["--target", "0.1", "--phases", "2"], "area_share"),
        (["--budget", "9e9", "--phases", "3e9,6e9"], "area_share"),
        (["--target", "0.08", "--floor", "0.02"], "area_share"),
        (["--target", "0.3", "--objective", "households"], "households_covered_share"),
        (["--budget", "4e9", "--objective", "area=2,population=1"], "mixed"),
        (["--target", "0.05", "--operator", "VNPT"], "area_share"),
        (["--target", "0.05", "--share", "moran"], "area_share"),
        (["--budget", "4e9", "--equity"], "area_share"),
        (["--target", "0.9", "--objective", "stations"], "nr_station_ratio"),
    ],
)
def test_every_question_gets_a_plan_that_a_re_run_proves(run, inputs, tmp_path, words, measure):
    code, out, _ = run("plan", *inputs, *words, "--lattice", "1500", "--seconds", "10", "--out", tmp_path, "--json")
    told = json.loads(out)
    assert code == 0, told
    assert told["measure"] == measure
    assert told["share_after"] > told["share_before"]
    assert told["proven"] is (told["gap"] is not None)
    assert [step["change_id"] for step in told["steps"]] == [step["change_id"] for step in steps_of(tmp_path)]
    city = cov.read_city(wards=inputs[1], cells=inputs[3], households=inputs[5])
    read = cov.Scenario.load(tmp_path / "scenario.toml", city)
    assert [change.id for change in read.changes] == [step["change_id"] for step in told["steps"]]
    if measure == "area_share" and told["counted"] == "union":
        after = cov.Study(city, pixel_m=100.0).under(read).run()
        assert after.headline == pytest.approx(told["share_after"], abs=1e-9)


@pytest.mark.parametrize(
    ("words", "mended"), [(["--target", "0.09"], False), (["--objective", "households", "--target", "0.3"], True)]
)
def test_a_plan_looked_at_again_under_load_says_what_mends_it(run, inputs, tmp_path, words, mended):
    city = cov.read_city(wards=inputs[1], cells=inputs[3], households=inputs[5])
    loaded = cov.Study(city, definition="fcc-bdc-5gnr-7-1", pixel_m=100.0)
    code, out, _ = run("plan", *inputs, *words, "--lattice", "1500", "--recheck", "--out", tmp_path, "--json")
    assert code == 0
    told = json.loads(out)
    found = told["recheck"]
    assert found == json.loads((tmp_path / "recheck.json").read_text("utf-8"))
    assert (found["definition"], found["target"]) == ("fcc-bdc-5gnr-7-1", told["target"])
    plan, repairs = (cov.Scenario.load(tmp_path / f"{name}.toml", city) for name in ("scenario", "repairs"))
    assert found["share_before"] == pytest.approx(loaded.run().headline, abs=1e-9)
    assert found["share_planned"] == pytest.approx(loaded.under(plan).run().headline, abs=1e-9)
    both = cov.Scenario(name="both", changes=(*plan.changes, *repairs.changes))
    assert found["share_after"] == pytest.approx(loaded.under(both).run().headline, abs=1e-9)
    assert found["repairs"] == [change.id for change in repairs.changes]
    assert found["cost_vnd"] == sum(change.cost_vnd for change in repairs.changes)
    assert found["reached"] is (found["share_after"] >= found["target"] - 1e-9)
    assert bool(found["repairs"]) is mended
    assert (found["share_planned"] < found["target"] <= found["share_after"]) is mended
    assert (found["cost_vnd"] > 0) is mended
    assert 0 <= found["lower_bound_vnd"] <= found["cost_vnd"]
    assert 0 <= found["gap"] <= 1
    assert found["undisturbed"] >= found["share_planned"]


def test_without_being_asked_no_plan_is_looked_at_again(run, inputs, tmp_path):
    told = json.loads(run("plan", *inputs, "--target", "0.05", "--lattice", "1500", "--out", tmp_path, "--json")[1])
    assert told["recheck"] is None
    assert not (tmp_path / "recheck.json").exists()


def test_a_plan_comes_with_its_points_curve_and_alternatives(run, inputs, tmp_path):
    words = ["--target", "0.1", "--lattice", "1000", "--seconds", "20"]
    _, out, _ = run("plan", *inputs, *words, "--out", tmp_path, "--json")
    told = json.loads(out)
    points = gpd.read_file(tmp_path / "plan.gpkg", layer="plan")
    assert points["change_id"].tolist() == [step["change_id"] for step in told["steps"]]
    assert points.crs.to_epsg() == 5899
    assert points.geometry.is_valid.all()
    curve = pd.read_csv(tmp_path / "pareto.csv")
    assert curve["share"].is_monotonic_increasing
    assert curve["cost_vnd"].is_monotonic_increasing
    assert curve["share"].iloc[0] == pytest.approx(told["share_before"])
    assert (curve["bound_vnd"].fillna(0.0) <= curve["cost_vnd"] * (1 + 1e-9)).all()
    others = pd.read_csv(tmp_path / "alternatives.csv")
    assert set(others.loc[others["alternative"] == 0, "change_id"]) == set(points["change_id"])
    assert others["alternative"].nunique() == 1 + len(told["alternatives"])
    for other in told["alternatives"]:
        assert other["differs"] >= 0.2
        assert other["cost_vnd"] <= 1.02 * told["cost_vnd"]
    costs = pd.read_csv(tmp_path / "plan.csv")
    assert (costs["cost_low_vnd"] < costs["cost_vnd"]).all()
    assert (costs["cost_vnd"] < costs["cost_high_vnd"]).all()
    assert told["cost_low_vnd"] == costs["cost_low_vnd"].sum()


def test_a_budget_alone_is_no_failure(run, inputs, tmp_path):
    code, out, _ = run("plan", *inputs, "--budget", "2e9", "--lattice", "0", "--out", tmp_path, "--lang", "en")
    assert code == 0
    assert t("planning.budget", "en") in out
    assert t("planning.budget_kept", "en") in out


def test_a_budget_beyond_the_target_buys_the_cheapest_plan(run, inputs, tmp_path):
    told = []
    for words in ([], ["--budget", "1e13"]):
        out = run("plan", *inputs, "--target", "0.08", *words, "--lattice", "1500", "--out", tmp_path, "--json")[1]
        told.append(json.loads(out))
    assert told[0]["goal"] == told[1]["goal"] == "cost"
    assert told[0]["cost_vnd"] == told[1]["cost_vnd"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--objective", "trees"], "choice_unknown"),
        (["--objective", "area=x"], "number_unusable"),
        (["--objective", "area=0"], "number_out_of_range"),
        (["--operator", "Nobody"], "choice_unknown"),
        (["--share", "all"], "choice_unknown"),
        (["--floor", "2"], "number_out_of_range"),
        (["--phases", "0"], "number_out_of_range"),
        (["--phases", "1.5"], "number_out_of_range"),
        (["--phases", "1e9,x"], "number_unusable"),
        (["--robust", "2"], "number_out_of_range"),
        (["--seconds", "0"], "number_out_of_range"),
        (["--target", "danang-2027-gigabit-access"], "plan_unsupported_target"),
        (["--definition", "danang-2023-wards"], "plan_unsupported_definition"),
    ],
)
def test_what_a_plan_cannot_be_asked_is_one_sentence(run, inputs, tmp_path, words, code):
    exit_code, out, _ = run("plan", *inputs, *words, "--out", tmp_path / "out", "--json")
    assert exit_code == 2
    assert json.loads(out)["error"]["code"] == code
    assert not (tmp_path / "out").exists()


# --- help, languages, lists ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("command", ["", "demo", "measure", "plan", "definitions", "app"])
def test_help_speaks_the_language(run, command, lang):
    code, out, _ = run(*filter(None, [command]), "--help", "--lang", lang)
    assert code == 0
    assert out.startswith(t("cli.usage", lang))
    other = "en" if lang == "vi" else "vi"
    assert t("cli.help_help", lang) in out
    assert t("cli.help_help", other) not in out
    for english in ("optional arguments", "positional arguments", "show this help message"):
        assert english not in out


def test_help_says_how_to_put_in_files_of_ones_own(run):
    for lang in LANGUAGES:
        _, out, _ = run("measure", "--help", "--lang", lang)
        for word in ("--wards", "--cells", "GeoPackage", "GeoTIFF", "XLSX", "--subscriptions"):
            assert word in out
        assert all(name in "".join(out.split()) for name in definitions())


def test_without_a_command_there_is_help_and_exit_2(run):
    code, out, err = run()
    assert (code, out) == (2, "")
    assert "measure" in err


def test_the_version_is_that_of_the_distribution(run):
    code, out, _ = run("--version")
    assert code == 0
    assert out.strip().startswith("phusong ")


@pytest.mark.parametrize(
    ("words", "environment", "lang"),
    [
        ([], {}, "vi"),
        ([], {"LANG": "en_GB.UTF-8"}, "en"),
        ([], {"LANG": "vi_VN.UTF-8"}, "vi"),
        ([], {"LANG": "fr_FR"}, "en"),
        ([], {"LC_ALL": "C", "LANG": "en_GB"}, "vi"),
        ([], {"LC_ALL": "", "LANG": "en_GB"}, "en"),
        ([], {"LANG": "POSIX"}, "vi"),
        ([], {"PHUSONG_LANG": "en", "LANG": "vi_VN"}, "en"),
        ([], {"PHUSONG_LANG": "xx", "LANG": "vi_VN"}, "vi"),
        (["--lang", "vi"], {"PHUSONG_LANG": "en"}, "vi"),
        (["--lang=en"], {"PHUSONG_LANG": "vi"}, "en"),
        (["--lang"], {}, "vi"),
    ],
)
def test_the_language_is_asked_of_the_person_before_the_machine(words, environment, lang):
    assert wanted_language(words, environment) == lang


def test_definitions_are_listed_with_what_they_say(run):
    _, out, _ = run("definitions")
    assert all(name in out for name in definitions())
    _, out, _ = run("definitions", "--json")
    told = {rule["id"]: rule for rule in json.loads(out)["definitions"]}
    assert told.keys() == definitions().keys()
    assert told["danang-2023"]["threshold_dbm"] == -105.0


def test_the_app_starts_beside_its_configuration(run, monkeypatch):
    calls = []

    def started(call, **options):
        calls.append((call, options))
        return subprocess.CompletedProcess(call, 0)

    monkeypatch.setattr(commands.subprocess, "run", started)
    code, _, err = run("app", "--port", "8600")
    ((call, options),) = calls
    assert code == 0
    where = ["--server.port", "8600", "--server.address", "127.0.0.1"]
    assert call[1:] == ["-m", "streamlit", "run", str(ROOT / "app.py"), *where]
    assert options["cwd"] == ROOT
    assert "http://localhost:8600" in err


def test_without_the_app_beside_it_the_command_says_what_to_do(run, monkeypatch, tmp_path):
    monkeypatch.setattr(commands, "APP", tmp_path / "app.py")
    code, _, err = run("app")
    assert code == 2
    assert "run.py app" in err


def test_values_of_any_kind_become_json():
    values = {"share": math.nan, "count": pd.Series([3]).sum(), "path": Path("a"), "box": (1, math.inf)}
    assert plain(values) == {"share": None, "count": 3, "path": "a", "box": [1, None]}


def test_each_error_has_both_sentences(run, tmp_path):
    _, out, _ = run("measure", "--out", tmp_path, "--definition", "x", "--json")
    error = json.loads(out)["error"]
    assert error["message_vi"] != error["message_en"]
    assert error["values"]["id"] == "x"
    assert isinstance(CoverageError(error["code"]), CoverageError)


# --- as a process ----------------------------------------------------------------------------------------------------


def started(*words, **environment):
    """Run the command in a process of its own."""
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("LC_", "LANG", "PYTHON", "PHUSONG_LANG"))
    }
    return subprocess.run(
        [sys.executable, "-m", "coverage", *words], cwd=ROOT, env=env | environment, capture_output=True, timeout=60,
        check=False,
    )  # fmt: skip


def test_the_demo_city_is_measured_within_a_minute_and_labelled_synthetic(tmp_path):
    done = started("demo", "--out", str(tmp_path), LC_ALL="C")
    assert done.returncode == 0, done.stderr.decode()
    shown = done.stdout.decode("utf-8")
    assert "Dữ liệu tổng hợp" in shown
    assert {path.name for path in tmp_path.iterdir()} == WRITTEN
    told = json.loads((tmp_path / "city.json").read_text("utf-8"))
    assert told["data"]["synthetic"] is True
    assert 0.06 <= told["headline"]["value"] <= 0.12
    assert told["city"]["households"] == 300_501
    assert told["city"]["population"] == 1_134_310
    manifest = json.loads((tmp_path / "manifest.json").read_text("utf-8"))
    assert all(source["synthetic"] for source in manifest["inputs"] if source["name"] != "census_2019.csv")


def test_nothing_but_the_json_reaches_stdout(inputs, tmp_path):
    done = started("measure", *inputs, "--out", str(tmp_path), "--json", LANG="en_US.UTF-8")
    assert done.returncode == 0
    assert done.stdout == (tmp_path / "city.json").read_bytes()
    assert "Traceback" not in done.stderr.decode()
    assert "Warning" not in done.stderr.decode()


def test_a_reader_that_goes_away_is_no_disaster():
    words = f"{sys.executable} -m coverage definitions | true"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", words], cwd=ROOT, capture_output=True, timeout=60, check=False
    )
    assert b"Traceback" not in done.stderr
    assert b"BrokenPipe" not in done.stderr


def test_help_comes_quickly_because_no_library_is_loaded():
    listing = "import sys; from coverage.cli import main; main(['--help']); print('geopandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", listing], cwd=ROOT, capture_output=True, check=True, timeout=60)
    assert done.stdout.decode("utf-8").splitlines()[-1] == "False"


# --- the real city ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real(shared_data):
    """Return the arguments for the real 16 units with the households of the census and the cells of the demo city."""
    cells = cov.demo_city().cells.source.name
    return [
        "--wards", f"{shared_data / 'admin' / 'danang_units2025_former_city16.geojson'}",
        "--cells", f"{ROOT / 'data' / 'demo' / cells}",
        "--households", f"{shared_data / 'facts' / 'census2019_wards56_population_households.csv'}",
    ]  # fmt: skip


def test_the_real_16_units_are_measured(run, real, tmp_path):
    code, out, _ = run("measure", *real, "--pixel", "100", "--out", tmp_path, "--json")
    assert code == 0
    told = json.loads(out)
    assert told["study"]["edition"] == "2025h2"
    assert told["denominator"]["id"] == "mainland"
    assert told["denominator"]["area_km2"] == pytest.approx(979.1, rel=1e-3)
    assert told["city"]["households"] == 300_501
    wards = pd.read_csv(tmp_path / "wards.csv", dtype={"ward_id": str})
    assert len(wards) == 16
    assert wards["households"].sum() == 300_501
    island = wards["name"].str.contains("Hoàng Sa")
    assert island.sum() == 1
    assert wards.loc[~island, "area_km2"].sum() == pytest.approx(told["denominator"]["area_km2"])
    assert wards.loc[island, "area_share"].tolist() == [0.0]


def test_hoang_sa_belongs_to_the_official_denominator(run, real, tmp_path):
    shares = {}
    for name in ("danang-2023", "danang-2023-official-area"):
        _, out, _ = run("measure", *real, "--pixel", "200", "--out", tmp_path, "--json", "--definition", name)
        told = json.loads(out)
        shares[told["denominator"]["area_km2"]] = told["headline"]["value"]
    (mainland, share), (official, of_all) = shares.items()
    assert official == 1285.0
    assert of_all == pytest.approx(share * mainland / 1285.0)


@pytest.mark.parametrize("name", ["danang_units2025_94.geojson", "danang_units2025_94_simplified50m_3dmap.geojson"])
def test_the_real_94_units_are_measured_with_the_households_of_the_old_city(run, shared_data, real, tmp_path, name):
    words = ["--wards", f"{shared_data / 'admin' / name}", *real[2:], "--pixel", "500", "--out", tmp_path, "--json"]
    code, out, _ = run("measure", *words)
    assert code == 0
    told = json.loads(out)
    assert told["city"]["households"] == 300_501
    wards = pd.read_csv(tmp_path / "wards.csv", dtype={"ward_id": str})
    assert len(wards) == 94
    assert wards["households"].notna().sum() < 94, "outside the old city nothing is known"


def test_a_result_is_also_shown_by_the_wards_of_another_edition(run, tmp_path):
    code, out, _ = run("measure", "--pixel", "400", "--show-edition", "2025h2", "--out", tmp_path, "--json")
    assert code == 0
    shown = pd.read_csv(tmp_path / "wards_2025h2.csv", dtype={"ward_id": str}).set_index("name")
    wanted = {"Hải Châu": 26_239, "Hòa Cường": 28_168, "Thanh Khê": 40_722, "An Hải": 17_487}
    assert shown.loc[list(wanted), "households"].to_dict() == wanted
    assert shown["households"].sum() == json.loads(out)["city"]["households"] == 300_501
    assert list(shown.reset_index().columns[:1]) == ["name"]
    assert len(gpd.read_file(tmp_path / "wards_2025h2.gpkg")) == 15
    assert "wards_2025h2.csv" in json.loads((tmp_path / "manifest.json").read_text("utf-8"))["outputs"]


def test_polygons_of_another_edition_are_shown_and_divide_hoa_lien(run, shared_data, tmp_path):
    wards = shared_data / "admin" / "danang_units2025_former_city16.geojson"
    code, _, _ = run("measure", "--pixel", "400", "--show-wards", wards, "--out", tmp_path, "--json")
    assert code == 0
    shown = pd.read_csv(tmp_path / "wards_2025h2.csv", dtype={"ward_id": str}).set_index("name")
    assert shown["households"].sum() == 300_501
    assert len(gpd.read_file(tmp_path / "wards_2025h2.gpkg")) == len(shown)
    assert asked_of(tmp_path)["show_wards"] == named(wards)


def asked_of(folder):
    """Return what the manifest of a run says it was asked for."""
    return json.loads((folder / "manifest.json").read_text("utf-8"))["parameters"]


def named(path):
    return {"name": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


@pytest.mark.slow
def test_the_manifest_names_the_hamlets_that_were_ranked(run, tmp_path):
    places = tmp_path / "riêng" / "thôn.csv"
    places.parent.mkdir()
    places.write_text("hamlet,longitude,latitude\nPhú Túc,108.05,15.98\nThạch Thang,108.22,16.07\n", "utf-8")
    hashes = []
    for folder in ("first", "second"):
        words = ["--pixel", "800", "--gap", "--hamlets", places, "--out", tmp_path / folder, "--json"]
        assert run("measure", *words)[0] == 0
        assert asked_of(tmp_path / folder)["hamlets"] == named(places)
        assert "riêng" not in (tmp_path / folder / "manifest.json").read_text("utf-8")
        assert "show_wards" not in asked_of(tmp_path / folder)
        hashes.append(named(places)["sha256"])
        places.write_text(places.read_text("utf-8").replace("Phú Túc", "Phú Túc 2"), "utf-8")
    assert len(set(hashes)) == 2


def test_two_sources_of_ward_boundaries_are_compared(run, shared_data, tmp_path):
    folder = shared_data / "admin"
    first, second = folder / "danang_units2025_94.geojson", folder / "danang_units2025_94_simplified50m_3dmap.geojson"
    code, out, _ = run("check", "wards", first, "--against", second, "--out", tmp_path, "--json")
    assert code == 1
    told = json.loads(out)
    assert (told["edition"], told["wards"]) == ("2025h2", 94)
    named = [each for each in told["against"]["disagreements"] if each["value"] == "Liên Chiểu"]
    assert "hai nguồn vẽ khác ranh giới Hải Vân – Liên Chiểu: 8,5 km²" in named[0]["message_vi"]
    assert not told["against"]["agree"]
    assert told["against"]["moved"][0]["first_ward"] == "20194"
    assert len(pd.read_csv(tmp_path / "comparison.csv")) == 94
    assert len(gpd.read_file(tmp_path / "wards.gpkg")) == 94
    code, out, _ = run("check", "wards", first, "--against", second, "--lang", "en")
    assert code == 1
    assert "the two draw the border Hải Vân – Liên Chiểu differently" in out


def test_clean_boundaries_are_clean_and_other_files_are_unusable(run, shared_data):
    demo = data_dir() / "demo" / "wards.geojson"
    code, out, _ = run("check", "wards", demo, "--lang", "en")
    assert code == 0
    assert "Nothing to mend." in out
    code, out, _ = run("check", "wards", demo, "--against", demo, "--json")
    assert code == 0
    assert json.loads(out)["against"]["agree"]
    districts = shared_data / "admin" / "danang_districts8_gischinhphu.geojson"
    code, out, _ = run("check", "wards", districts, "--json")
    assert code == 2
    assert json.loads(out)["error"]["code"] == "wards_are_districts"
    other = shared_data / "admin" / "danang_units2025_94.geojson"
    code, out, _ = run("check", "wards", demo, "--against", other, "--json")
    assert (code, json.loads(out)["error"]["code"]) == (2, "ward_editions_differ")
    code, _, err = run("check", "masts", "x", "--lang", "en")
    assert code == 2
    assert "masts" in err
    assert "wards" in err


# --- the voice -------------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    """A stderr with a person before it."""

    def isatty(self):
        return True


def test_a_person_at_a_terminal_sees_the_work_going_on(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    with Voice(lang="en", as_json=True).progress("progress_measure") as move:
        move(3, 4)
        move(4, 4)
    assert t("cli.progress_measure", "en") in sys.stderr.getvalue()


def test_a_pipe_sees_no_bar(capsys):
    with Voice(lang="en", as_json=True).progress("progress_measure") as move:
        assert move is None
    assert capsys.readouterr() == ("", "")


def test_the_real_16_units_with_the_real_shore(run, shared_data, tmp_path):
    wards = shared_data / "admin" / "danang_units2025_former_city16.geojson"
    words = ("--wards", wards, "--cells", data_dir() / "demo" / "cells.csv", "--pixel", "200")
    words += ("--terrain", data_dir() / "demo" / "terrain.tif", "--clutter", data_dir() / "demo" / "clutter.tif")
    words += ("--coast", shared_data / "terrain" / "coastline_gshhg_full.geojson")
    code, out, _ = run("measure", *words, "--out", tmp_path, "--json")
    assert code == 0
    data = json.loads(out)["data"]
    assert data["problems"]["wards"]["coast_as_lines"] == 1
    assert "sea" not in data["assumed"]
    assert data["unused"] == []
