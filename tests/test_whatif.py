"""What-if answers are those of a full run."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage.changes import Change
from coverage.errors import PlanError
from coverage.grid import Surface
from coverage.models import TR38901
from coverage.scenarios import Scenario
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


def _change(kind, site_id, operator, new=None, **values):
    nothing = make.cells().frame
    return Change(
        id=f"{kind}-{site_id}", kind=kind, site_id=site_id, operator=operator, cells=nothing if new is None else new,
        cost_vnd=1.0, **values,
    )  # fmt: skip


def _every_kind(today):
    first = today.signal.cells.query("site_id == 's1' and cell_id == 's1-120'")
    here = first.drop(columns="environment_assumed")
    shared = make.cells(*sectors(0.4, 0.6, "m", "a"), *sectors(0.4, 0.6, "m", "b")).frame
    low = make.cells(
        make.cell(-1.2, 1.0, site_id="k", cell_id="k-1", operator="b", height_m=10.0, environment=None)
    ).frame
    n28 = make.cells(*sectors(-0.3, 0.2, "s3", "b", band="n28", frequency_mhz=763.0, bandwidth_mhz=10.0)).frame
    return {
        "retune": _change("retune", "s1", "b", here.assign(azimuth_deg=75.0, tilt_deg=2.0), removes=("s1-120",)),
        "retire": _change("retire", "s2", "a"),
        "retire one cell": _change("retire", "s4", "a", removes=("s4-0",)),
        "new_site": _change("new_site", "m", "a", shared, operators=("a", "b")),
        "small_cell": _change("small_cell", "k", "b", low),
        "carrier": _change("carrier", "s3", "b", n28),
        "upgrade": _change("upgrade", "u", "c", make.cells(*sectors(1.1, -0.4, "u", "c")).frame),
        "connect": _change("connect", "w1", "c", ward_id="w1", households=250.0, medium="FTTH"),
    }


@pytest.mark.parametrize("definition", ["danang-2023", "sdg-9c1"])
@pytest.mark.parametrize(
    "kinds", [("all",), ("retune",), ("retire one cell",), ("new_site",), ("carrier",), ("connect",)]
)
def test_every_kind_of_change_gives_the_figures_of_a_full_run(definition, kinds):
    lines = make.subscriptions(
        ("w0", "c", "FTTH", "household", 200.0, "2024-12"), ("w1", "c", "FTTH", "household", 300.0, "2024-12")
    )
    city = make.city(WARDS, make.cells(*network()), people=PEOPLE, surface=SURFACE, subscriptions=lines)
    today = Study(city, pixel_m=50, model=MODELS["p1812"], definition=definition).run()
    changes = _every_kind(today)
    scenario = Scenario(name="s", changes=tuple(c for kind, c in changes.items() if kind in kinds or kinds == ("all",)))
    outcome, full = WhatIf(result=today).under(scenario), today.study.under(scenario).run()
    order = [outcome.operators.index(name) for name in full.signal.operators]
    np.testing.assert_array_equal(outcome.probability[order], full.signal.probability)
    columns = [*SHARES, "household_internet_share", "subscriptions"]
    np.testing.assert_allclose(outcome.wards[columns], full.wards[columns], atol=1e-12)
    np.testing.assert_allclose(outcome.city["value"], full.city["value"], atol=1e-9)
    np.testing.assert_array_equal(outcome.study.city.cells.frame["cell_id"], full.study.city.cells.frame["cell_id"])
    assert outcome.operator == full.operator
    if "connect" in kinds or kinds == ("all",):
        assert full.wards.loc["w1", "household_internet_share"] == pytest.approx(550 / 900)
        assert full.wards.loc["w0", "household_internet_share"] == pytest.approx(200 / 300)


def test_what_a_change_takes_away_has_to_stand():
    today = TODAY["tr38901"]
    for wrong in (_change("retire", "s99", "a"), _change("retire", "s0", "a", removes=("s0-0", "s0-77"))):
        with pytest.raises(PlanError, match="change_cells_missing"):
            WhatIf(result=today).under(Scenario(name="wrong", changes=(wrong,)))
