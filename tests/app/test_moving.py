import math

import pytest
from pyproj import Transformer

from coverage.app.moving import Moved, asked, moved_site, signed, told
from coverage.drawing import LON_LAT
from coverage.errors import PlanError
from coverage.study import Study
from coverage.whatif import WhatIf
from coverage.words import percent
from tests import builders as make

CITY = make.city(make.wards((-3, -3, 3, 3)), make.cells(make.cell(azimuth_deg=math.nan)))
ASK = WhatIf(result=Study(CITY, pixel_m=100).run())


def at(x_km, y_km):
    lon, lat = Transformer.from_crs(make.CRS, LON_LAT, always_xy=True).transform(
        make.EAST + 1000 * x_km, make.NORTH + 1000 * y_km
    )
    return lat, lon


def test_a_moved_site_gives_what_a_study_of_the_moved_city_measures():
    moved = Moved("s1", *at(2.9, 0.0))
    outcome = asked(ASK, moved)
    there = make.city(CITY.wards, make.cells(make.cell(2.9, azimuth_deg=math.nan)))
    assert outcome.headline == pytest.approx(Study(there, pixel_m=100).run().headline, abs=1e-9)
    assert outcome.headline < ASK.result.headline, "part of its circle left the city"
    move = told(ASK, moved, outcome, "vi")
    assert move.start == pytest.approx(at(0.0, 0.0), abs=1e-7)
    assert move.end == pytest.approx(at(2.9, 0.0), abs=1e-7)
    assert move.note[0] == f"{percent(ASK.result.headline, 'vi', 2)} → {percent(outcome.headline, 'vi', 2)}"
    assert move.note[2] == "s1 · 2,90 km"
    assert "−" in move.note[1]


def test_a_site_that_is_not_there_is_a_sentence():
    with pytest.raises(PlanError) as refused:
        asked(ASK, Moved("nobody", *at(0, 0)))
    assert refused.value.code == "site_unknown"


@pytest.mark.parametrize(
    "state",
    [None, {}, {"moved": None}, {"moved": "s1"}, {"moved": ["s1", 16.0]}, {"moved": [1, 16.0, 108.0]},
     {"moved": ["s1", "16", 108.0]}, {"moved": ["s1", math.nan, 108.0]}, {"moved": ["s1", 96.0, 108.0]}],
)  # fmt: skip
def test_what_a_browser_should_not_send_is_no_move(state):
    assert moved_site(state) is None


def test_what_a_browser_sends_is_read():
    assert moved_site({"moved": ["s1", 16, 108.5]}) == Moved("s1", 16.0, 108.5)


def test_small_changes_have_no_sign_that_says_nothing():
    assert signed(-0.0004, "vi") == "0,00"
    assert signed(-0.13, "vi") == "−0,13"
