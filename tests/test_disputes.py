from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage.disputes import OF_COVERAGE, OF_HOMES, Dispute, confirmed
from coverage.publishing import city_json, wards_csv
from coverage.reporting import report
from coverage.study import Study
from coverage.words import percent
from tests import builders as make

EAST, NORTH = make.EAST, make.NORTH
WARDS = make.wards((-3, -3, 0, 3), (0, -3, 3, 3))
PEOPLE = make.people(WARDS, [1000, 3000], [300, 900])
LINES = make.subscriptions(
    ("w0", "VNPT", "FTTH", "household", 150, "2023-01"), ("w1", "VNPT", "FTTH", "household", 90, "2023-01")
)
CITY = make.city(WARDS, make.cells(make.cell(azimuth_deg=math.nan)), people=PEOPLE, subscriptions=LINES)
RESULT = Study(CITY, pixel_m=100).run()


def box(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    return shapely.box(EAST + 1000 * west, NORTH + 1000 * south, EAST + 1000 * east, NORTH + 1000 * north)


def test_by_hand_a_rectangle_of_covered_pixels_is_taken_off() -> None:
    # 200 m × 200 m beside the mast, on the borders of pixels less a metre: exactly four pixels, all covered.
    area = box(0.001, 0.001, 0.199, 0.199)
    apart = confirmed(RESULT, Dispute(area=area))
    row = apart.city.loc["area_share"]
    assert apart.pixels.sum() == 4
    assert row["disputed"] * RESULT.denominator.area_km2 == pytest.approx(0.04, rel=1e-6)
    assert row["confirmed"] + row["disputed"] == pytest.approx(RESULT.headline, abs=1e-15)
    assert apart.wards.loc["w0", "disputed_area_share"] == 0


def test_what_was_not_covered_has_nothing_to_dispute() -> None:
    apart = confirmed(RESULT, Dispute(area=box(-2.99, 2.8, -2.8, 2.99)))
    assert apart.pixels.any()
    assert apart.city.loc["area_share", "disputed"] == 0


def test_a_ward_and_its_households_are_disputed_whole() -> None:
    apart = confirmed(RESULT, Dispute(wards=frozenset({"w0"}), homes=frozenset({"w1", "not there"})))
    assert apart.wards.loc["w0", "confirmed_area_share"] == 0
    assert apart.wards.loc["w1", "disputed_area_share"] == 0
    homes = apart.city.loc[OF_HOMES]
    assert homes["confirmed"] == pytest.approx(150 / 1200)
    assert homes["disputed"] == pytest.approx(90 / 1200)
    assert apart.pixels[:, : apart.pixels.shape[1] // 2].all()
    assert not apart.pixels[:, apart.pixels.shape[1] // 2 + 1 :].any()


@settings(max_examples=25, deadline=None)
@given(
    corners=st.lists(st.tuples(*[st.floats(-3.5, 3.5)] * 2), min_size=1, max_size=3),
    side=st.floats(0.001, 4),
    wards=st.sets(st.sampled_from(["w0", "w1"])),
)
def test_parts_add_up_and_more_dispute_never_confirms_more(
    corners: list[tuple[float, float]], side: float, wards: set[str]
) -> None:
    boxes = [box(x, y, x + side, y + side) for x, y in corners]
    less = confirmed(RESULT, Dispute(area=boxes[0]))
    more = confirmed(RESULT, Dispute(area=shapely.union_all(boxes), wards=frozenset(wards)))
    for apart in (less, more):
        assert np.allclose(apart.city["confirmed"] + apart.city["disputed"], apart.city["value"], atol=1e-12)
        assert (apart.city[["confirmed", "disputed"]] >= 0).all(axis=None)
        assert np.allclose(apart.wards.sum(axis=1), RESULT.wards["area_share"], atol=1e-12)
    assert (more.city["confirmed"] <= less.city["confirmed"] + 1e-12).all()


def test_everything_disputed_confirms_nothing() -> None:
    apart = confirmed(RESULT, Dispute(area=box(-4, -4, 4, 4)))
    assert (apart.city.loc[list(OF_COVERAGE), "confirmed"] == 0).all()


def test_files_and_report_say_both_parts() -> None:
    apart = confirmed(RESULT, Dispute(area=box(-0.5, -0.5, 0.5, 0.5)))
    parts = apart.parts("area_share")
    assert parts is not None
    assert "confirmed_area_share" in wards_csv(RESULT, apart)
    assert "disputed" not in wards_csv(RESULT)
    assert '"disputed"' in city_json(RESULT, apart)
    page = report(RESULT, lang="en", apart=apart).html
    assert f"{percent(parts[0], 'en')} confirmed, {percent(parts[1], 'en')} disputed" in page
    assert "disputed" not in report(RESULT, lang="en").html
