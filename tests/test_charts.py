import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage import charts
from tests import builders as make


def numbers(svg, attribute):
    return [float(value) for value in re.findall(rf'{attribute}="([-\d.]+)"', svg)]


def test_a_ward_map_draws_every_ward_north_up_in_its_colour():
    wards = make.wards((0, 0, 2, 1), (0, 1, 2, 2)).frame
    svg = charts.ward_map(wards, ["#111111", "#222222"], ["south <1>", "north"])
    paths = dict(re.findall(r'<path d="([^"]+)" fill="(#\d+)"', svg))
    lowest = {colour: max(int(y) for _, y in re.findall(r"(\d+) (\d+)", path)) for path, colour in paths.items()}
    assert lowest == {"#111111": 1000, "#222222": 500}
    assert "south &lt;1&gt;" in svg
    assert 'viewBox="-4 -4 1008 1008"' in svg


@pytest.mark.parametrize(
    ("today", "after", "target", "expected"),
    [(0.10, None, 0.20, [1000, 400]), (0.10, 0.20, 0.20, [1000, 800, 400]), (0.6, None, None, [1000, 600])],
)
def test_a_bar_is_as_long_as_its_share_of_a_round_whole(today, after, target, expected):
    assert numbers(charts.target_bar(today, after, target, "target"), " width") == expected


def test_a_target_is_marked_where_it_lies():
    assert "M800.0" in charts.target_bar(0.1, None, 0.2, "target")
    assert "<path" not in charts.target_bar(0.1, None, None, "")
    assert "&lt;b&gt;" in charts.target_bar(0.1, None, 0.2, "<b>")


def test_the_cost_curve_rises_from_today_to_the_last_step():
    svg = charts.cost_curve([0.0, 10.0, 30.0], [0.1, 0.2, 0.25], 0.2, "vi")
    line = re.search(r'<path d="M([^"]+)" fill="none"', svg)[1]
    points = [tuple(map(float, point.split())) for point in line.split("L")]
    assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert [y for _, y in points] == sorted((y for _, y in points), reverse=True)
    goal = float(re.search(r'M70 ([\d.]+)H980" stroke="#45525c"', svg)[1])
    assert points[1][1] == goal, "the second point lies on the target"


@given(st.floats(1e-6, 1e9))
def test_ticks_are_few_round_and_reach_the_end(largest):
    found = charts.ticks(largest)
    assert found[0] == 0.0
    assert found[-1] >= largest * (1 - 1e-8)
    assert found[-2] < largest
    assert 4 <= len(found) <= 8


def test_ticks_of_nothing():
    assert charts.ticks(0.0) == [0.0, 1.0]
