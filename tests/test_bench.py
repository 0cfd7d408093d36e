"""The benches tell what they measured: goals, ratios first, reasons where a goal is missed."""

import math
from dataclasses import replace

import pytest

from bench import planning, radio
from bench.engine.harness import Measured, at_least, at_most, children_cpu_seconds, interleaved, machine
from bench.engine.kept import Group, groups_of, keep
from bench.engine.page import figure, markdown, text

FAST = Measured(work="a ÷ b", value=123.4, unit="×", goal=at_least(50), beside="1 ÷ 2")
SLOW = Measured(work="c", value=4.0, unit="s", goal=at_most(3.0), reason="the disk")
ABSENT = Measured(work="d ÷ e", value=math.nan, unit="×", goal=at_least(50), beside="not installed")


def test_a_goal_is_a_floor_or_a_ceiling():
    assert [row.verdict for row in (FAST, SLOW, ABSENT)] == [True, False, None]
    assert at_least(2).met(2)
    assert at_most(2).met(2)
    assert not at_least(2).met(1.99)


def test_figures_keep_three_digits():
    figures = [figure(Measured(work="", value=value, unit="s")) for value in (0.1234, 12.34, 1234.5)]
    assert figures == ["0.12 s", "12.3 s", "1,234 s"]
    assert figure(ABSENT) == "–"


def test_the_page_puts_ratios_first_and_says_why_a_goal_is_missed():
    groups = {
        "one": Group(rows=(SLOW, FAST), repeats=5, machine={"CPU": "a processor", "commit": "abc"}),
        "two": Group(rows=(ABSENT,), repeats=7, machine={"CPU": "a processor", "commit": "def"}),
    }
    page = markdown("Speed", ["how"], "run", groups)
    assert page.index("a ÷ b") < page.index("d ÷ e") < page.index("| c |")
    assert "the disk" in page
    assert "a processor" in page
    lines = text([FAST, SLOW]).splitlines()
    assert "reached" in lines[0]
    assert "MISSED" in lines[1]
    assert lines[1].endswith("the disk")


def test_steps_take_turns_and_give_medians():
    order, values = [], {"a": iter([3.0, 1.0, 2.0]), "b": iter([9.0, 9.0, 1.0])}

    def step(name):
        return lambda: (order.append(name), next(values[name]))[1]

    assert interleaved({name: step(name) for name in values}, 3) == {"a": 2.0, "b": 9.0}
    assert order == ["a", "b"] * 3


def test_the_time_of_a_foreign_program_is_its_own(tmp_path):
    assert 0.0 <= children_cpu_seconds(["true"], tmp_path) < 1.0


def test_the_machine_is_described():
    assert {"CPU", "cores", "compiler", "instruction set", "commit", "date"} <= machine().keys()


@pytest.mark.parametrize("bench", [radio, planning], ids=["radio", "planning"])
def test_the_page_is_written_when_every_group_was_measured_often_enough(tmp_path, monkeypatch, capsys, bench):
    monkeypatch.setattr(bench, "PAGE", tmp_path / "performance.md")
    monkeypatch.setattr(bench, "KEPT", tmp_path / "measured" / "rows.json")
    monkeypatch.setattr(bench, "ROOT", tmp_path)
    monkeypatch.setattr(bench, "ROWS", {"one": lambda _: [FAST], "two": lambda _: [SLOW, ABSENT]})
    bench.main(["--rows=one"])
    bench.main(["--rows=one,two", "--repeats=1"])
    assert not bench.PAGE.exists()
    assert "123 ×" in capsys.readouterr().out
    bench.main(["--rows=two"])
    assert "the disk" in bench.PAGE.read_text("utf-8")
    monkeypatch.setattr(bench, "ROWS", {"one": lambda _: [replace(FAST, value=456.0)], "two": lambda _: [SLOW]})
    bench.main(["--rows=one"])
    page = bench.PAGE.read_text("utf-8")
    assert "456 ×" in page, "measured again"
    assert "123 ×" not in page
    assert "the disk" in page, "kept from before"


def test_rows_come_back_as_they_were_kept(tmp_path):
    file = tmp_path / "rows.json"
    keep(file, "one", [FAST, SLOW], 5, {"commit": "abc"})
    keep(file, "two", [ABSENT], 5, {"commit": "abc"})
    found = groups_of(file)
    assert found["one"] == Group(rows=(FAST, SLOW), repeats=5, machine={"commit": "abc"})
    assert math.isnan(found["two"].rows[0].value)


def test_an_unknown_option_is_refused():
    with pytest.raises(SystemExit):
        radio.main(["--nonsense"])
