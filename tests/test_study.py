import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage.catalog.definitions import definitions
from coverage.changes import Change
from coverage.errors import DefinitionError, GridError
from coverage.grid import Surface
from coverage.models import TR38901
from coverage.scenarios import Scenario
from coverage.study import Study
from coverage.terrain import P1812
from tests import builders as make

TWO = make.wards((-1, -1, 0, 1), (0, -1, 3, 1))
ONE_SITE = make.cells(*(make.cell(cell_id=f"s1-{n}", azimuth_deg=120.0 * n) for n in range(3)))


def value(result, measure):
    return result.city.loc[measure, "value"]


def test_shares_are_the_pixels_that_reach_the_edge_probability():
    result = Study(make.city(TWO, ONE_SITE), pixel_m=50).run()
    probability = result.signal.union
    west = probability[:, :20]  # ward w0 is one kilometre wide, twenty pixels
    assert result.wards.loc["w0", "area_share"] == pytest.approx((west >= 0.9).mean())
    assert result.wards.loc["w0", "expected_area_share"] == pytest.approx(west.mean(), rel=1e-6)
    assert value(result, "area_share") == pytest.approx((probability >= 0.9).mean())
    assert 0.05 < value(result, "area_share") < 0.95, "the case must tell covered from uncovered"
    assert result.denominator.id == "mainland"
    assert result.denominator.area_km2 == pytest.approx(8.0)
    assert value(result, "uncovered_area_share") == pytest.approx(1 - value(result, "area_share"))


def test_area_follows_the_polygons_not_the_working_crs():
    stretched = make.wards((-1, -1, 0, 1), (0, -1, 3, 1), areas_km2=[4.0, 6.0])
    result = Study(make.city(stretched, ONE_SITE), pixel_m=50).run()
    shares = result.wards["area_share"]
    assert result.denominator.area_km2 == pytest.approx(10.0)
    assert value(result, "area_share") == pytest.approx((4 * shares["w0"] + 6 * shares["w1"]) / 10)


def test_people_are_counted_where_the_raster_puts_them():
    count = np.zeros((2, 4))
    count[0, 0], count[1, 3] = 30, 10  # north-west square kilometre near the site, south-east corner far from it
    surface = Surface(population=make.raster(count, 1000, west_km=-1, north_km=1))
    people = make.people(TWO, [300, 100], [100, 50])
    result = Study(make.city(TWO, ONE_SITE, people=people, surface=surface), pixel_m=50).run()
    reached = result.signal.union >= 0.9
    in_west, in_east = reached[:20, :20].mean(), reached[20:, 60:].mean()
    assert result.wards["population_covered_share"].tolist() == pytest.approx([in_west, in_east])
    assert value(result, "population_covered_share") == pytest.approx((300 * in_west + 100 * in_east) / 400)
    assert value(result, "households_covered_share") == pytest.approx((100 * in_west + 50 * in_east) / 150)
    assert result.data["assumed"] == {"people": "raster", "households": "households_as_people"}


def test_without_a_raster_people_live_on_built_up_land_then_anywhere():
    people = make.people(TWO, [300, 100], [100, 50])
    land = np.full((20, 40), 10.0)
    land[:, :5] = 50  # only the western half kilometre is built up; ward w1 has none
    clutter = make.raster(land, 100, west_km=-1, north_km=1)
    result = Study(make.city(TWO, ONE_SITE, people=people, surface=Surface(clutter=clutter)), pixel_m=50).run()
    reached = result.signal.union >= 0.9
    assert result.wards.loc["w0", "population_covered_share"] == pytest.approx(reached[:, :10].mean())
    assert result.wards.loc["w1", "population_covered_share"] == pytest.approx(reached[:, 20:].mean())
    evenly = Study(make.city(TWO, ONE_SITE, people=people), pixel_m=50).run()
    assert evenly.data["assumed"]["people"] == "uniform"
    assert evenly.wards["population_covered_share"].tolist() == pytest.approx(evenly.wards["area_share"].tolist())


def test_unknown_stays_unknown():
    people = make.people(TWO, [300, math.nan], [100, math.nan])
    lines = make.subscriptions(("w0", "X", "FTTH", "household", 70, "2022-12"))
    result = Study(make.city(TWO, ONE_SITE, people=people, subscriptions=lines), pixel_m=100).run()
    assert result.wards.loc["w1", ["population", "households", "subscriptions"]].isna().all()
    assert value(result, "household_internet_share") == pytest.approx(0.7)
    assert result.data["unknown"] == {"population": ["w1"], "households": ["w1"], "subscriptions": ["w1"]}
    nothing = Study(make.city(TWO, ONE_SITE), pixel_m=100).run()
    assert nothing.summary()["city"]["population"] is None
    assert nothing.summary()["city"]["household_internet_share"] == {"value": None, "low": None, "high": None}


def test_islands_keep_their_row_and_stay_outside_the_default_denominator():
    layer = make.wards(
        (-1, -1, 3, 1), (400, 0, 410, 10), mainland=[True, False], names=["Land", "Hoàng Sa"], edition="2025h2"
    )
    result = Study(make.city(layer, ONE_SITE), pixel_m=50).run()
    assert result.study.grid.cols == 80, "the grid does not reach out to sea"
    assert result.wards.loc["w1", "area_share"] == 0.0, "no cell stands there: not covered, not unknown"
    assert result.denominator.area_km2 == pytest.approx(8.0)
    official = Study(make.city(layer, ONE_SITE), definition="danang-2023-official-area", pixel_m=50).run()
    assert official.denominator.area_km2 == 1285.0
    assert value(official, "area_share") == pytest.approx(value(result, "area_share") * 8 / 1285)
    near = make.cells(make.cell(x_km=402, y_km=3))
    assert math.isnan(Study(make.city(layer, near), pixel_m=50).run().wards.loc["w1", "area_share"])


def test_the_official_area_belongs_to_one_city():
    with pytest.raises(DefinitionError, match="official_area_elsewhere"):
        Study(make.city(TWO, ONE_SITE), definition="danang-2023-official-area").run()


def test_residential_needs_land_cover_and_counts_only_it():
    study = Study(make.city(TWO, ONE_SITE), definition="danang-2025-residential", pixel_m=50)
    with pytest.raises(DefinitionError, match="needs_land_cover"):
        study.run()
    land = np.full((20, 40), 10.0)
    land[:, :10] = 50
    surface = Surface(clutter=make.raster(land, 100, west_km=-1, north_km=1))
    result = Study(make.city(TWO, ONE_SITE, surface=surface), definition="danang-2025-residential", pixel_m=50).run()
    assert result.denominator.area_km2 == pytest.approx(2.0)
    assert value(result, "area_share") == pytest.approx((result.signal.union >= 0.9)[:, :20].mean())
    assert math.isnan(result.wards.loc["w1", "area_share"])


def test_wards_covered_by_half():
    near_and_far = make.wards((-0.2, -0.2, 0.2, 0.2), (0.2, -1, 3, 1))
    result = Study(make.city(near_and_far, ONE_SITE), definition="danang-2023-wards", pixel_m=20).run()
    shares = result.wards["area_share"]
    assert shares["w1"] < 0.5 <= shares["w0"]
    assert result.headline == 0.5


def test_the_largest_operator_is_one_operator():
    second = [make.cell(x_km=2.5, operator="VNPT", site_id="s2", azimuth_deg=90.0)]
    both = make.cells(*(row for row in ONE_SITE.frame.to_dict("records")), *second)
    study = Study(make.city(TWO, both, people=make.people(TWO, [10, 30], [1, 3])), definition="sdg-9c1", pixel_m=50)
    result = study.run()
    alone = Study(make.city(TWO, ONE_SITE, people=study.city.people), definition="sdg-9c1", pixel_m=50).run()
    assert result.operator == "Viettel"
    assert result.headline == pytest.approx(alone.headline)
    assert np.array_equal(result.probability, alone.signal.union)


@pytest.mark.parametrize("name", [name for name, row in definitions().items() if row.kind == "samples"])
def test_rules_on_samples_say_that_no_prediction_answers_them(name):
    with pytest.raises(DefinitionError, match="definition_on_samples"):
        Study(make.city(TWO, ONE_SITE), definition=name).run()


def test_an_unknown_definition_names_the_known_ones():
    with pytest.raises(DefinitionError) as caught:
        Study(make.city(TWO, ONE_SITE), definition="danang").run()
    assert "danang-2023" in caught.value.values["known"]


def test_bounds_restrict_area_and_people():
    x, y = make.EAST, make.NORTH
    people = make.people(TWO, [200, 600], [20, 60])
    inside = Study(make.city(TWO, ONE_SITE, people=people), pixel_m=50, bounds_m=(x - 500, y - 1000, x + 500, y + 1000))
    result = inside.run()
    whole = Study(make.city(TWO, ONE_SITE, people=people), pixel_m=50).run()
    reached = whole.signal.union >= 0.9
    assert result.denominator.area_km2 == pytest.approx(2.0)
    assert value(result, "area_share") == pytest.approx(reached[:, 10:30].mean())
    parts = reached[:, 10:20].mean(), reached[:, 20:30].mean()
    assert value(result, "population_covered_share") == pytest.approx((100 * parts[0] + 100 * parts[1]) / 200)
    elsewhere = Study(make.city(TWO, ONE_SITE), pixel_m=50, bounds_m=(x - 900, y, x - 500, y + 500)).run()
    assert math.isnan(elsewhere.wards.loc["w1", "area_share"]), "outside the bounds is unknown"


def test_within_bounds_every_city_figure_is_of_the_part_inside():
    x, y = make.EAST, make.NORTH
    people = make.people(TWO, [200, 600], [20, 60])
    lines = make.subscriptions(
        ("w0", "X", "FTTH", "household", 10, "2022"), ("w1", "X", "FTTH", "household", 60, "2022")
    )
    city = make.city(TWO, ONE_SITE, people=people, subscriptions=lines)
    result = Study(city, pixel_m=50, bounds_m=(x - 500, y - 1000, x + 500, y + 1000)).run()
    assert [value(result, name) for name in ("area_km2", "population", "households")] == pytest.approx([2, 200, 20])
    assert value(result, "household_internet_share") == pytest.approx((10 * 0.5 + 10 * 1.0) / 20)
    assert result.data["bounds"] == {"wards_cut": ["w0", "w1"], "wards_outside": []}
    assert Study(city, pixel_m=50).run().data["bounds"] is None


def test_a_part_of_the_city_is_not_divided_by_the_whole():
    layer = make.wards((-1, -1, 3, 1), edition="2025h2")
    x, y = make.EAST, make.NORTH
    study = Study(
        make.city(layer, ONE_SITE),
        definition="danang-2023-official-area",
        pixel_m=50,
        bounds_m=(x, y, x + 900, y + 900),
    )
    with pytest.raises(DefinitionError, match="official_area_bounds"):
        study.run()


def test_a_ward_covered_everywhere_is_exactly_one():
    small = make.wards((-0.1, 0.05, 0.1, 0.25), areas_km2=[0.0401])
    result = Study(make.city(small, ONE_SITE), pixel_m=7).run()
    assert result.wards.loc["w0", "area_share"] == 1.0
    assert result.denominator.area_km2 == value(result, "area_km2") == 0.0401


def test_a_pixel_of_nothing_is_refused():
    with pytest.raises(GridError, match="bad_pixel"):
        Study(make.city(TWO, ONE_SITE), pixel_m=-5).run()


def test_no_5g_cell_at_all_is_a_share_of_zero():
    result = Study(make.city(TWO, make.cells(make.cell(technology="LTE"))), pixel_m=100).run()
    assert value(result, "area_share") == 0.0
    assert (result.wards["area_share"] == 0).all()


def test_the_summary_is_json_and_carries_its_definition():
    summary = Study(make.city(TWO, ONE_SITE), pixel_m=100).run().summary()
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    assert summary["definition"]["id"] == "danang-2023"
    assert summary["denominator"]["id"] == "mainland"
    assert summary["headline"]["measure"] == "area_share"
    assert summary["city"]["area_share"]["low"] is None
    assert summary["model"]["id"] == "tr38901"


def test_the_model_follows_the_layers_unless_it_is_asked_for():
    hill = make.raster(np.zeros((80, 120)), 50.0, west_km=-2, north_km=2)
    flat, hilly = make.city(TWO, ONE_SITE), make.city(TWO, ONE_SITE, surface=Surface(terrain=hill))
    for city, asked, expected, told in (
        (flat, None, "tr38901", "tr38901"),
        (flat, TR38901(), "tr38901", None),
        (hilly, None, P1812().id, None),
        (hilly, TR38901(), "tr38901", None),
    ):
        study = Study(city, pixel_m=100, model=asked)
        assert study.model == asked
        assert study.path_model.id == expected
        result = study.run()
        assert result.data["defaulted"].get("model") == told
        assert result.summary()["model"]["id"] == result.signal.model_id == expected
    assert Study(hilly, pixel_m=100).under(Scenario(name="same", changes=())).path_model.id == P1812().id


def change(x_km, y_km, number=0, kind="new_site"):
    new = make.cell(x_km=x_km, y_km=y_km, site_id=f"n{number}", cell_id=f"n{number}-1", azimuth_deg=math.nan)
    return Change(
        id=f"c{number}", kind=kind, site_id=f"n{number}", operator="Viettel", cells=make.cells(new).frame, cost_vnd=1e9
    )


@given(st.lists(st.tuples(st.floats(-1, 3), st.floats(-1, 1)), min_size=1, max_size=3))
@settings(max_examples=15, deadline=None)
def test_adding_cells_never_lowers_a_share(places):
    study = Study(make.city(TWO, ONE_SITE), pixel_m=200)
    before = study.run()
    changes = tuple(change(x, y, n) for n, (x, y) in enumerate(places))
    after = study.under(Scenario(name="more", changes=changes)).run()
    for measure in ("area_share", "expected_area_share", "wards_covered_share"):
        assert value(after, measure) >= value(before, measure)
    assert (after.wards["area_share"] >= before.wards["area_share"]).all()
    assert len(study.city.cells.frame) == 3, "the study itself is untouched"


def test_a_scenario_shares_the_weights_and_equals_a_study_made_anew():
    study = Study(make.city(TWO, ONE_SITE), pixel_m=100)
    after = study.under(Scenario(name="one", changes=(change(2, 0.5),)))
    assert after.weights is study.weights
    anew = Study(after.city, pixel_m=100)
    assert after.run().summary() == anew.run().summary()


def test_retiring_a_site_takes_its_cells_away():
    gone = Change(id="r", kind="retire", site_id="s1", operator="Viettel", cells=make.cells().frame, cost_vnd=0.0)
    study = Study(make.city(TWO, ONE_SITE), pixel_m=100)
    assert value(study.under(Scenario(name="gone", changes=(gone,))).run(), "area_share") == 0.0
