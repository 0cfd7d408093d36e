"""`phusong plan` on the demo city: 20 % with its proof, and every other question with a gap of its own."""

import json

import pytest

import coverage as cov
from coverage.cli import main

pytestmark = pytest.mark.slow


def answered(capsys, folder, *words, pixel="50"):
    """Run the command; return its exit code and what it says to machines."""
    code = main(["plan", "--pixel", pixel, *map(str, words), "--out", str(folder), "--json"])
    return code, json.loads(capsys.readouterr().out)


def rerun(folder, pixel_m):
    """Return the city measured again with the scenario that was written."""
    city = cov.demo_city()
    return cov.Study(city, pixel_m=pixel_m).under(cov.Scenario.load(folder / "scenario.toml", city)).run()


def test_twenty_per_cent_are_reached_and_proven(capsys, tmp_path):
    code, told = answered(capsys, tmp_path, "--target", "0.20")
    assert code == 0
    assert (told["target"], told["definition"], told["measure"]) == (0.2, "danang-2023", "area_share")
    assert told["share_before"] < 0.2 <= told["share_after"]
    assert told["proven"]
    assert 0 <= told["gap"] <= 0.01
    assert told["lower_bound"] == pytest.approx(told["cost_vnd"] * (1 - told["gap"]), rel=1e-9)
    assert rerun(tmp_path, 50.0).headline == pytest.approx(told["share_after"], abs=1e-9)
    assert told["steps"][-1]["running_share"] == pytest.approx(told["share_after"], abs=1e-9)


@pytest.fixture(scope="module")
def today():
    return cov.Study(cov.demo_city(), pixel_m=200.0).run()


@pytest.mark.parametrize(
    ("words", "goal"),
    [
        (["--budget", "20e9"], "share"),
        (["--target", "0.15", "--phases", "4"], "cost"),
        (["--budget", "20e9", "--equity"], "worst_tenth"),
        (["--objective", "households"], "cost"),
        (["--target", "0.12", "--share", "moran"], "cost"),
    ],
)
def test_every_question_ends_with_a_gap_of_its_own(capsys, tmp_path, today, words, goal):
    households = "households" in words
    measure = "households_covered_share" if households else "area_share"
    if households:
        words = [*words, "--target", str(round(float(today.city.loc[measure, "value"]) + 0.03, 3))]
    code, told = answered(capsys, tmp_path, *words, pixel="200")
    assert code == 0
    assert told["reached"]
    assert told["goal"] == goal
    assert told["measure"] == measure
    assert told["share_after"] > told["share_before"]
    assert told["proven"]
    assert 0 <= told["gap"] < 1
    bound = told["lower_bound"] if goal == "cost" else told["upper_bound"]
    assert bound is not None
    if "--share" in words:
        assert len(told["operators"]) > 1
        assert min(each["after"] for each in told["operators"].values()) >= 0.12 - 1e-9
    else:
        after = rerun(tmp_path, 200.0)
        assert float(after.city.loc[measure, "value"]) == pytest.approx(told["share_after"], abs=1e-9)
    if "--budget" in words:
        assert told["cost_vnd"] <= 20e9
    if "--phases" in words:
        assert len(told["phases"]) == 4
        assert sum(phase["steps"] for phase in told["phases"]) == len(told["steps"])
    if "--equity" in words:
        assert told["worst_tenth"]["before"] <= told["worst_tenth"]["after"] <= bound + 1e-9
