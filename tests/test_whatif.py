"""What-if answers are those of a full run."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage.errors import PlanError
from coverage.grid import Surface
from coverage.models import TR38901
from coverage.scenarios import Change, Scenario
from coverage.study import Study
from coverage.terrain import P1812
from coverage.whatif import WhatIf
from tests import builders as make

WARDS = make.wards((-3, -3, 0, 3), (0, -3, 3, 3))
PEOPLE = make.people(WARDS, [1000, 3000], [300, 900])
MODELS = {"p1812": P1812(sweep_m=2500.0), "tr38901": TR38901(sweep_m=2500.0)}
SHARES = ["area_share", "expected_area_share", "population_covered_share", "households_covered_share"]
places = st.tuples(st.floats(-2.9, 2.9), st.floats(-2.9, 2.9))


def sectors(x_km, y_km, site_id, operator="a", **values):
    return [
        make.cell(x_km, y_km, site_id=site_id, cell_id=f"{site_id}-{azimuth:g}", operator=operator, azimuth_deg=azimuth,
                  **values)
        for azimuth in (0.0, 120.0, 240.0)
    ]  # fmt: skip


def surface():
    steps = np.random.default_rng(3).normal(0, 1, (280, 280))
    ground = 4 * (np.cumsum(steps, axis=0) + np.cumsum(steps, axis=1))
    clutter = np.where(np.random.default_rng(4).random((280, 280)) < 0.3, 50.0, 30.0)
    extent = {"west_km": -5.6, "north_km": 5.6}
    return Surface(
        terrain=make.raster(ground - ground.min(), 40.0, **extent), clutter=make.raster(clutter, 40.0, **extent)
    )


SURFACE = surface()


def study(*rows, model="p1812", definition="danang-2023"):
    city = make.city(WARDS, make.cells(*rows), people=PEOPLE, surface=SURFACE)
    return Study(city, pixel_m=50, model=MODELS[model], definition=definition)


def network(count=6, environment=None):
    rng = np.random.default_rng(5)
    return [
        row
        for n, (x, y) in enumerate(rng.uniform(-2.5, 2.5, (count, 2)))
        for row in sectors(x, y, f"s{n}", "ab"[n % 2], environment=environment, height_m=25.0 if n else 10.0)
    ]


TODAY = {model: study(*network(), model=model).run() for model in MODELS}


def same(outcome, full):
    np.testing.assert_array_equal(outcome.probability, full.signal.probability)
    np.testing.assert_allclose(outcome.wards[SHARES], full.wards[SHARES], atol=1e-12)
    np.testing.assert_allclose(outcome.city["value"], full.city["value"], atol=1e-9)
    assert outcome.headline == pytest.approx(full.headline, abs=1e-12)
    assert outcome.operator == full.operator
    again = outcome.study.run()
    np.testing.assert_allclose(again.wards[SHARES], full.wards[SHARES], atol=1e-12)


@pytest.mark.parametrize("model", MODELS)
@settings(max_examples=8)
@given(site=st.integers(0, 5), place=places)
def test_a_moved_site_gives_the_figures_of_a_full_run(model, site, place):
    outcome = WhatIf(result=TODAY[model]).moved(f"s{site}", make.EAST + 1000 * place[0], make.NORTH + 1000 * place[1])
    rows = network()
    height, operator = rows[3 * site]["height_m"], rows[3 * site]["operator"]
    moved = [row for row in rows if row["site_id"] != f"s{site}"]
    moved += sectors(*place, f"s{site}", operator, environment=None, height_m=height)
    same(outcome, study(*moved, model=model).run())


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("site", range(6))
def test_a_removed_site_leaves_the_figures_of_a_full_run(model, site):
    rest = [row for row in network() if row["site_id"] != f"s{site}"]
    same(WhatIf(result=TODAY[model]).removed(f"s{site}"), study(*rest, model=model).run())


@pytest.mark.parametrize("definition", ["danang-2023", "es-9c12", "danang-2025-residential"])
def test_a_scenario_gives_the_figures_of_a_full_run(definition):
    today = study(*network(), definition=definition).run()
    new = make.cells(*sectors(1.1, -0.4, "new", "c", environment=None)).frame
    changes = (
        Change(id="r", kind="retire", site_id="s2", operator="a", cells=new.iloc[:0], cost_vnd=0.0),
        Change(id="n", kind="new_site", site_id="new", operator="c", cells=new, cost_vnd=1.0),
        Change(id="e", kind="retire", site_id="s5", operator="b", cells=new.iloc[:0], cost_vnd=0.0),
    )
    scenario = Scenario(name="both", changes=changes)
    outcome, full = WhatIf(result=today).under(scenario), today.study.under(scenario).run()
    order = [outcome.operators.index(name) for name in full.signal.operators]
    np.testing.assert_array_equal(outcome.probability[order], full.signal.probability)
    np.testing.assert_allclose(outcome.wards[SHARES], full.wards[SHARES], atol=1e-12)
    assert outcome.headline == pytest.approx(full.headline, abs=1e-12)


def test_adding_changes_the_figures_and_today_stays_as_it_was():
    today = TODAY["p1812"]
    before = today.signal.probability.copy()
    more = make.cells(*sectors(-1.0, 2.2, "new")).frame
    outcome = WhatIf(result=today).added(more)
    assert outcome.headline > today.headline
    same(outcome, study(*network(), *more.to_dict("records")).run())
    np.testing.assert_array_equal(today.signal.probability, before)


def test_an_unknown_site_is_refused():
    with pytest.raises(PlanError, match="site_unknown"):
        WhatIf(result=TODAY["tr38901"]).removed("nowhere")
