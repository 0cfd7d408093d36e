import json
import math

import numpy as np
import pytest

from coverage.catalog.definitions import definitions
from coverage.errors import PlanError
from coverage.planning.plans import pixel_weights, plan
from coverage.planning.proposals import candidates
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
