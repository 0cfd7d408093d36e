import json
import math

import numpy as np
import pytest

from coverage.catalog.definitions import definitions
from coverage.catalog.targets import target as target_of
from coverage.changes import Change
from coverage.errors import PlanError
from coverage.planning.phases import Phase
from coverage.planning.plans import pixel_weights, plan
from coverage.planning.posing import worst_tenth
from coverage.planning.proposals import candidates
from coverage.scenarios import Scenario
from coverage.study import Study
from tests import builders as make

LAND = make.wards((-3, -3, 0, 3), (0, -3, 4, 3))
PEOPLE = make.people(LAND, [5000, 900], [1500, 300])


def lte(site_id, x_km, y_km, operator="Viettel", **values):
    return make.cell(
        x_km=x_km, y_km=y_km, site_id=site_id, cell_id=f"{site_id}-{operator}", operator=operator, technology="LTE",
        band="B3", frequency_mhz=1842.5, bandwidth_mhz=20.0, **values,
    )  # fmt: skip


NETWORK = make.cells(
    make.cell(azimuth_deg=math.nan),
    lte("s1", 0, 0),
    lte("s2", 2, 1, azimuth_deg=10.0),
    lte("s2", 2, 1, azimuth_deg=130.0),
    lte("s2", 2, 1, operator="VNPT"),
    lte("s3", -2, -2, operator="Vietnamobile"),
)


@pytest.fixture(scope="module")
def study():
    return Study(make.city(LAND, NETWORK, people=PEOPLE), pixel_m=50)


def test_upgrades_are_4g_sites_of_5g_holders_without_5g(study):
    proposed = candidates(study, lattice_m=None)
    assert {(change.site_id, change.operator) for change in proposed} == {("s2", "Viettel"), ("s2", "VNPT")}
    viettel = next(change for change in proposed if change.operator == "Viettel")
    assert viettel.kind == "upgrade"
    assert viettel.cells["azimuth_deg"].tolist() == [10.0, 130.0], "the standing sectors stay where they are"
    assert set(viettel.cells["band"]) == {"n41"}
    assert set(viettel.cells["height_m"]) == {25.0}


def test_new_sites_stand_on_the_mainland_lattice_or_on_the_list(study):
    proposed = candidates(study, upgrades=False, lattice_m=1000.0)
    assert len(proposed) == 42
    assert {change.kind for change in proposed} == {"new_site"}
    wanted = proposed[0].cells[["geometry"]].iloc[:1].assign(site_id="X1")
    listed = candidates(study, upgrades=False, new_sites=wanted)
    assert [change.site_id for change in listed] == ["X1"]
    assert len(listed[0].cells) == 3


def test_the_pixel_does_not_move_the_lattice(study):
    places = [
        [change.cells.geometry.iloc[0].wkt for change in candidates(Study(study.city, pixel_m=pixel), upgrades=False)]
        for pixel in (50.0, 70.0)
    ]
    assert places[0] == places[1]
    assert len(places[0]) > 1


def test_new_sites_cost_more_than_upgrades(study):
    by_kind = {change.kind: change.cost_vnd for change in candidates(study)}
    assert 0 < by_kind["upgrade"] < by_kind["new_site"]


@pytest.mark.parametrize("name", ["danang-2023", "itu-i271pop", "acma-2026-good"])
def test_a_plan_claims_what_a_re_run_measures(study, name):
    study = Study(study.city, definition=name, pixel_m=50)
    before = study.run().headline
    made = plan(study, candidates(study, lattice_m=1000.0), target=before + 0.1)
    after = study.under(made.scenario).run()
    assert made.reached
    assert made.share_before == before
    assert made.share_after == pytest.approx(after.headline, abs=1e-9)
    assert made.steps["running_share"].iloc[-1] == pytest.approx(after.headline, abs=1e-9)
    assert made.steps["running_share"].is_monotonic_increasing
    assert np.allclose(made.steps["gain"].cumsum() + before, made.steps["running_share"])
    assert made.steps["cost_vnd"].sum() == made.cost_vnd
    if made.gap is not None:
        assert made.lower_bound == pytest.approx(made.cost_vnd * (1 - made.gap), rel=1e-9)
    json.dumps(made.summary(), allow_nan=False)


def test_every_running_share_is_a_re_run(study):
    made = plan(study, candidates(study, lattice_m=1500.0), target=0.08)
    assert len(made.steps) >= 2
    for upto, claimed in enumerate(made.steps["running_share"], start=1):
        partial = study.under(type(made.scenario)(name="part", changes=made.scenario.changes[:upto]))
        assert partial.run().headline == pytest.approx(claimed, abs=1e-9)


def test_a_target_met_today_needs_nothing(study):
    made = plan(study, candidates(study), target=0.001)
    assert made.steps.empty
    assert made.cost_vnd == 0
    assert made.share_after == made.share_before


def test_a_target_out_of_reach_says_how_far_one_gets(study):
    with pytest.raises(PlanError) as caught:
        plan(study, candidates(study, lattice_m=None), target=0.9)
    assert caught.value.code == "target_unreachable"
    assert 0 < caught.value.values["best"] < 0.9


def test_a_budget_is_kept(study):
    proposed = candidates(study, lattice_m=1000.0)
    budget = 2.5 * max(change.cost_vnd for change in proposed)
    made = plan(study, proposed, target=1.0, budget_vnd=budget)
    assert made.cost_vnd <= budget
    assert not made.reached
    assert len(made.steps) >= 2


@pytest.mark.parametrize("target", [-0.1, 1.2, math.nan])
def test_a_target_that_is_no_share_is_refused(study, target):
    with pytest.raises(PlanError, match="target_out_of_range"):
        plan(study, (), target=target)


@pytest.mark.parametrize("name", ["danang-2023-wards", "acma-2026-none"])
def test_headlines_that_are_no_sum_over_pixels_are_refused(study, name):
    with pytest.raises(PlanError, match="plan_unsupported_definition"):
        plan(Study(study.city, definition=name), (), target=0.5)


def test_pixel_weights_give_the_headline(study):
    for name, rule in definitions().items():
        if rule.kind != "received_power" or rule.operators != "union" or rule.denominator != "mainland":
            continue
        if rule.headline in ("wards_covered_share", "uncovered_area_share"):
            continue
        result = Study(study.city, definition=name, pixel_m=50).run()
        reached = (result.probability >= np.float32(rule.edge_probability)).ravel()
        assert pixel_weights(result)[reached].sum() == pytest.approx(result.headline, abs=1e-12)


# --- measures, operators, rules ---------------------------------------------------------------------------------------

LINES = make.subscriptions(
    ("w0", "VNPT", "FTTH", "household", 900.0, "2024-06"), ("w1", "VNPT", "FTTH", "household", 100.0, "2024-06")
)


@pytest.fixture(scope="module")
def connected():
    return Study(make.city(LAND, NETWORK, people=PEOPLE, subscriptions=LINES), pixel_m=100)


@pytest.fixture(scope="module")
def offered(connected):
    return candidates(connected, kinds=("upgrade", "new_site", "connect"), lattice_m=1500.0)


@pytest.mark.parametrize(
    ("objective", "operators"),
    [
        ("area", ()), ("population", ()), ("households", ("Viettel",)), ("internet", ()), ("stations", ()),
        ({"area": 3.0, "internet": 1.0}, ()), ({"households": 0.5, "stations": 0.5}, ("VNPT", "Viettel")),
    ],
)  # fmt: skip
def test_every_measure_is_what_a_re_run_measures(connected, offered, objective, operators):
    options = {"objective": objective, "operators": operators, "alternatives": 0, "points": 0, "seconds": 10}
    made = plan(connected, offered, budget_vnd=6e9, **options)
    after = connected.under(made.scenario).run()
    assert len(made.steps)
    assert made.share_before == made.aim.measured(connected.run())
    assert made.share_after == pytest.approx(made.aim.measured(after), abs=1e-9)
    assert made.share_after > made.share_before
    assert made.cost_vnd <= 6e9
    assert sum(made.aim.weights.values()) == pytest.approx(1.0)
    for k, name in enumerate(operators):
        assert made.operators[name][1] == pytest.approx(made.aim.figures(after)[k], abs=1e-9)
    assert json.loads(json.dumps(made.summary(), allow_nan=False))["measure"] == made.measure


def test_a_mix_says_its_weights(connected, offered):
    made = plan(connected, offered, budget_vnd=3e9, objective={"area": 3.0, "internet": 1.0}, alternatives=0, points=0)
    assert made.measure == "mixed"
    assert made.summary()["weights"] == {"area_share": 0.75, "household_internet_share": 0.25}


def test_every_household_gets_internet(connected, offered):
    made = plan(connected, offered, target=target_of("danang-2023-household-broadband"), alternatives=0, points=0)
    assert made.share_before == pytest.approx(1000 / 1800)
    assert made.share_after == pytest.approx(1.0)
    assert set(made.steps["change"]) == {"connect"}
    assert connected.under(made.scenario).run().city.loc["household_internet_share", "value"] == pytest.approx(1.0)


def test_5g_stations_are_counted_beside_4g_stations(connected, offered):
    made = plan(connected, offered, target=target_of("danang-2025-5g-stations"), alternatives=0, points=0)
    cells = made.scenario.applied_to(connected.city.cells.frame)
    count = {name: len(own.groupby(["site_id", "operator"])) for name, own in cells.groupby("technology")}
    assert made.share_before == pytest.approx(1 / 4)
    assert made.share_after == pytest.approx(count["NR"] / count["LTE"])
    assert made.share_after >= 0.5


def test_a_target_that_no_change_serves_is_refused(connected, offered):
    with pytest.raises(PlanError, match="plan_unsupported_target"):
        plan(connected, offered, target=target_of("danang-2027-gigabit-access"))


def test_every_ward_reaches_its_floor(connected, offered):
    made = plan(connected, offered, target=0.1, floor=0.1, alternatives=0, points=0)
    assert made.reached
    assert (connected.under(made.scenario).run().wards["area_share"] >= 0.1 - 1e-9).all()


def test_a_floor_out_of_reach_names_the_ward(connected):
    with pytest.raises(PlanError) as caught:
        plan(connected, candidates(connected, lattice_m=None), target=0.025, floor=0.6)
    assert caught.value.code == "floor_unreachable"
    assert caught.value.values["ward"] in ("Ward 0", "Ward 1")
    assert 0 < caught.value.values["best"] < 0.6


def test_each_operator_reaches_the_target_where_radio_is_shared(connected):
    shared = candidates(connected, lattice_m=1500.0, share="moran")
    names = tuple(sorted({name for change in shared if change.shared for name in change.operators}))
    made = plan(connected, shared, target=0.08, operators=names, alternatives=0, points=0)
    assert len(names) > 1
    assert min(after for _, after in made.operators.values()) >= 0.08 - 1e-9
    assert made.share_after == pytest.approx(np.mean([after for _, after in made.operators.values()]))


def test_the_largest_operator_is_the_one_that_is_planned_for(connected, offered):
    study = Study(connected.city, definition="sdg-9c1", pixel_m=100)
    before = study.run().headline
    made = plan(study, offered, target=before + 0.05, alternatives=0, points=0)
    after = study.under(made.scenario).run()
    assert len(made.aim.operators) == 1
    assert after.operator == made.aim.operators[0]
    assert after.headline == pytest.approx(made.share_after, abs=1e-9)


def test_fairness_raises_the_worst_wards(connected, offered):
    fair = plan(connected, offered, budget_vnd=3e9, equity=True)
    most = plan(connected, offered, budget_vnd=3e9, alternatives=0, points=0)
    after = connected.under(fair.scenario).run()
    assert fair.goal == "worst_tenth"
    assert fair.worst_tenth[1] == pytest.approx(worst_tenth(after.wards["area_share"].to_numpy()), abs=1e-9)
    other = connected.under(most.scenario).run()
    assert fair.worst_tenth[1] >= worst_tenth(other.wards["area_share"].to_numpy()) - 1e-9
    assert fair.cost_vnd <= 3e9


def test_phases_share_the_money_and_say_what_it_could_do(connected, offered):
    made = plan(connected, offered, target=0.12, phases=3, alternatives=0, points=0)
    assert made.phases["steps"].sum() == len(made.steps)
    assert made.phases["cost_vnd"].sum() == pytest.approx(made.cost_vnd)
    spent, allowed = made.phases["cost_vnd"].cumsum(), made.phases["budget_vnd"].cumsum()
    assert (spent <= allowed * (1 + 1e-9)).all()
    assert made.phases["share"].iloc[-1] == pytest.approx(made.share_after, abs=1e-12)
    assert (made.phases["share"] <= made.phases["bound"].fillna(1.0) + 1e-9).all()


def test_phases_of_too_little_money_leave_the_target_out_of_reach(connected, offered):
    with pytest.raises(PlanError) as caught:
        plan(connected, offered, target=0.2, phases=[Phase(name="1", budget_vnd=1e9), Phase(name="2", budget_vnd=1e9)])
    assert caught.value.code == "phases_unreachable"


def test_locked_changes_stay(connected, offered):
    free = plan(connected, offered, target=0.1, alternatives=0, points=0)
    outside = next(change.id for change in offered if change.id not in set(free.steps["change_id"]))
    made = plan(connected, offered, target=0.1, locked=[outside], alternatives=2, points=0)
    assert outside in set(made.steps["change_id"])
    assert all(outside in other.changes for other in made.alternatives)
    assert made.cost_vnd >= free.cost_vnd
    with pytest.raises(PlanError, match="plan_locked_unknown"):
        plan(connected, offered, target=0.1, locked=["nowhere"])


def test_more_money_never_gives_less(connected, offered):
    shares = [
        plan(connected, offered, budget_vnd=budget, alternatives=0, points=0).share_after
        for budget in (0.0, 1e9, 2e9, 3e9, 5e9)
    ]
    assert shares == sorted(shares)


def test_a_rule_less_never_costs_more(connected, offered):
    costs = [
        plan(connected, offered, target=0.1, floor=floor, alternatives=0, points=0).cost_vnd
        for floor in (None, 0.05, 0.1)
    ]
    assert costs == sorted(costs)


def test_a_turned_cell_is_planned_like_a_built_one(connected):
    standing = NETWORK.frame[NETWORK.frame["technology"] == "NR"].assign(azimuth_deg=90.0)
    turned = Change(
        id="turn", kind="retune", site_id="s1", operator="Viettel", cells=standing.reset_index(drop=True),
        cost_vnd=5e6, removes=("s1-1",),
    )  # fmt: skip
    made = plan(connected, [turned], budget_vnd=1e9, alternatives=0, points=0)
    after = connected.under(Scenario(name="x", changes=(turned,))).run().headline
    today = connected.run().headline
    assert made.share_after == pytest.approx(max(after, today), abs=1e-9)
    forced = plan(connected, [turned], budget_vnd=1e9, locked=["turn"], alternatives=0, points=0)
    assert forced.share_after == pytest.approx(after, abs=1e-9)
    assert forced.steps["gain"].iloc[0] == pytest.approx(after - today, abs=1e-9)


def test_a_plan_comes_back_from_its_scenario(connected, offered, tmp_path):
    made = plan(connected, offered, target=0.1, alternatives=0, points=0)
    read = Scenario.load(made.scenario.save(tmp_path / "scenario.toml"), connected.city)
    assert [change.id for change in read.changes] == made.steps["change_id"].tolist()
    assert connected.under(read).run().headline == pytest.approx(made.share_after, abs=1e-9)


def test_the_curve_ends_at_the_plan(connected, offered):
    made = plan(connected, offered, target=0.1, alternatives=0, points=3)
    assert made.pareto["share"].iloc[-1] == pytest.approx(made.share_after, abs=1e-12)
    assert made.pareto["cost_vnd"].iloc[-1] == pytest.approx(made.cost_vnd)
    assert made.pareto["gap"].iloc[-1] == pytest.approx(made.gap)
