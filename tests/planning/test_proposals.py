"""What is offered and what is refused, under rules by hand and under any rules."""

import dataclasses
import math

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Point, box

from coverage.catalog.costs import unit_costs
from coverage.catalog.radios import operators
from coverage.grid import Surface
from coverage.planning.costing import Costing
from coverage.planning.proposals import candidates
from coverage.planning.relations import cliques
from coverage.planning.rules import Rules, Zone
from coverage.study import Study
from coverage.words import LANGUAGES, texts
from tests import builders as make

WARDS = make.wards((-3, -3, 0, 3), (0, -3, 4, 3))
PEOPLE = make.people(WARDS, [5000, 900], [1500, 300])
LINES = make.subscriptions(
    ("w0", "VNPT", "FTTH", "household", 900.0, "2024-12"), ("w1", "VNPT", "FTTH", "household", 100.0, "2024-12")
)
HOLDERS = [row.id for row in operators() if row.nr]
LTE = {"technology": "LTE", "band": "B3", "frequency_mhz": 1842.5, "bandwidth_mhz": 20.0}
PARTS = {"mechanical_tilt_deg": 0.0, "electrical_tilt_deg": 6.0}
CELLS = make.cells(
    make.cell(azimuth_deg=10.0, **PARTS),
    make.cell(azimuth_deg=math.nan, cell_id="s1-2", **PARTS),
    make.cell(x_km=2, y_km=1, site_id="s2", cell_id="s2-1", **LTE, **PARTS),
    make.cell(x_km=2, y_km=1, site_id="s2", cell_id="s2-1", operator="VNPT", **LTE, **PARTS),
    make.cell(x_km=-2, y_km=-2, site_id="s3", cell_id="s3-1", operator="Vietnamobile", **LTE, **PARTS),
)
GROUND = make.raster(np.full((70, 80), 12.0), 100.0, west_km=-3.5, north_km=3.5)
COVER = make.raster(np.where(np.arange(80) < 10, 80.0, 50.0)[None, :].repeat(70, 0), 100.0, west_km=-3.5, north_km=3.5)
CITY = make.city(
    WARDS, CELLS, people=PEOPLE, subscriptions=LINES, surface=Surface(terrain=GROUND, clutter=COVER)
)  # fmt: skip
STUDY = Study(CITY, pixel_m=100)
ALL = ("upgrade", "carrier", "new_site", "small_cell", "retune", "connect")


def here(x_km, y_km):
    return Point(make.EAST + 1000 * x_km, make.NORTH + 1000 * y_km)


def places(*spots):
    return gpd.GeoDataFrame(
        {"site_id": [f"P{n}" for n in range(len(spots))]}, geometry=[here(*spot) for spot in spots], crs=make.CRS
    )


def square(west, south, east, north):
    return box(*(1000 * np.array([west, south, east, north]) + [make.EAST, make.NORTH] * 2))


def only(*spots, **rules):
    return candidates(STUDY, Rules(kinds=("new_site",), sites=places(*spots), **rules))


def why(offered):
    return dict(zip(offered.refused["site_id"], offered.refused["code"], strict=True))


# --- kinds -----------------------------------------------------------------------------------------------------------


def test_shared_upgrades_cover_for_every_partner():
    for share in ("moran", "mocn"):
        offered = candidates(STUDY, kinds=("upgrade",), share=share)
        assert {change.site_id for change in offered} == {"s2"}
        for change in offered:
            assert set(change.operators) == set(HOLDERS)
            assert set(change.cells["operator"]) == set(HOLDERS)
            bands = {name: set(rows["band"]) for name, rows in change.cells.groupby("operator")}
            mhz = {name: set(rows["frequency_mhz"]) for name, rows in change.cells.groupby("operator")}
            if share == "mocn":
                assert len({*map(tuple, bands.values())}) == len({*map(tuple, mhz.values())}) == 1
            else:
                assert bands["Viettel"] == {"n41"}
                assert bands["MobiFone"] == {"n77"}
    alone, shared = candidates(STUDY, kinds=("upgrade",))[0], offered[0]
    assert shared.cost_vnd == pytest.approx(3 * 0.61 * alone.cost_vnd)


def test_a_site_is_upgraded_by_one_way_only():
    offered = candidates(STUDY, Rules(kinds=("upgrade",), share="moran", alone=True))
    assert len(offered) == 4, "Viettel or VNPT as the builder, each alone or for all"
    together = [set(group.tolist()) for group in offered.exclusive]
    for a, one in enumerate(offered):
        for b, two in enumerate(offered[: a + 1]):
            served = set(one.operators) & set(two.operators)
            assert a == b or bool(served) == any({a, b} <= group for group in together)


def test_a_carrier_is_spectrum_that_is_held_and_not_yet_used():
    offered = candidates(STUDY, kinds=("upgrade", "carrier"))
    carriers = [change for change in offered if change.kind == "carrier"]
    assert {(c.site_id, c.operator, c.cells["band"].iloc[0]) for c in carriers} == {
        ("s1", "Viettel", "n28"), ("s2", "Viettel", "n28"), ("s2", "VNPT", "n28")
    }, "n78 is VNPT's n77 under another name"  # fmt: skip
    needs = {offered[a].id: offered[b].id for a, b in offered.requires}
    assert needs == {
        "carrier:Viettel:s2:n28": "upgrade:Viettel:s2", "carrier:VNPT:s2:n28": "upgrade:VNPT:s2"
    }  # fmt: skip


def test_modes_of_a_cell_shut_each_other_out():
    offered = candidates(STUDY, Rules(kinds=("retune",), heights_m=(-20.0, 5.0), powers_db=(-3.0,)))
    by_cell = {cell: [n for n, c in enumerate(offered) if c.removes == (cell,)] for cell in ("s1-1", "s1-2")}
    assert [len(modes) for modes in by_cell.values()] == [6, 4], "an omnidirectional cell is not turned"
    assert sorted(group.tolist() for group in offered.exclusive) == sorted(by_cell.values())
    first = {change.id.rsplit(":", 1)[1]: change.cells.iloc[0] for change in offered if change.removes == ("s1-1",)}
    assert first["azimuth_deg-20"]["azimuth_deg"] == 350.0
    assert (first["tilt_deg+3"]["tilt_deg"], first["tilt_deg+3"]["electrical_tilt_deg"]) == (9.0, 9.0)
    assert first["power_dbm-3"]["power_dbm"] == 50.0
    assert first["height_m+5"]["height_m"] == 30.0
    assert set(offered.refused["code"]) == {"retune_range"}, "5 m above ground is below every model"


def test_households_without_a_line_are_offered_one():
    offered = candidates(STUDY, kinds=("connect",))
    assert {(c.ward_id, c.medium): c.households for c in offered} == {
        ("w0", "FTTH"): 600, ("w0", "FWA"): 600, ("w1", "FTTH"): 200, ("w1", "FWA"): 200
    }  # fmt: skip
    assert offered[0].cost_vnd == pytest.approx(600 * (150 + 150) * 24_000)
    assert sorted(group.tolist() for group in offered.exclusive) == [[0, 1], [2, 3]]
    assert len(candidates(Study(dataclasses.replace(CITY, people=None)), kinds=("connect",))) == 0


def test_small_cells_are_low_weak_and_cheap():
    offered = candidates(STUDY, kinds=("small_cell", "new_site"))
    small = [change for change in offered if change.kind == "small_cell"]
    assert small
    assert {(c.cells["height_m"].iloc[0], c.cells["power_dbm"].iloc[0], len(c.cells)) for c in small} == {
        (10.0, 38.0, 1)
    }
    assert max(c.cost_vnd for c in small) < min(c.cost_vnd for c in offered if c.kind == "new_site")


def test_masts_stand_along_roads():
    road = LineString([here(-2.0, 0.0), here(2.0, 0.0)])
    offered = candidates(STUDY, Rules(kinds=("new_site",), roads=road, road_step_m=1000.0))
    eastings = [(change.cells.geometry.iloc[0].x - make.EAST) / 1000 for change in offered]
    assert eastings == [-1.5, -0.5, 0.5, 1.5]
    assert [change.ward_id for change in offered] == ["w0", "w0", "w1", "w1"]


# --- rules -----------------------------------------------------------------------------------------------------------


def test_zones_close_allow_and_lower():
    zones = (
        Zone(id="reserve", geometry=square(-1, -1, 0, 0), name_en="the reserve", name_vi="khu bảo tồn"),
        Zone(id="street", geometry=LineString([here(1, -2), here(1, 2)]).buffer(50), masts=("small",)),
        Zone(id="surface", geometry=square(2, 2, 3, 3), max_top_m=30.0),
        Zone(id="runway", geometry=square(3, 2, 4, 3), max_top_m=20.0),
        Zone(id="inner", wards=("w0",), masts=("camouflaged",)),
    )
    spots = (-0.5, -0.5), (1.04, 0), (1.06, 0), (2.5, 2.5), (3.5, 2.5), (-2, 2), (3.5, -2)
    offered = only(*spots, zones=zones, masts=("type1", "camouflaged"))
    assert why(offered) == {"P0": "zone_closed", "P1": "zone_masts", "P4": "zone_height"}
    by_site = {change.site_id: change for change in offered}
    assert by_site["P3"].cells["height_m"].tolist() == [18.0] * 3, "30 m above the sea, 12 m of ground"
    assert by_site["P3"].reason.code == "new_site_lower"
    assert by_site["P5"].reason.code == "new_site_camouflaged"
    surcharge = unit_costs()["camouflage"].vnd("mid")
    assert by_site["P5"].cost_vnd - by_site["P6"].cost_vnd == pytest.approx(
        surcharge + _link(by_site["P5"]) - _link(by_site["P6"])
    )
    assert "khu bảo tồn" in offered.refused["text_vi"].iloc[0]
    assert "the reserve" in offered.refused["text_en"].iloc[0]
    strict = only((-2, 2), zones=zones[4:], masts=("type1",))
    assert why(strict) == {"P0": "zone_masts"}, "no type-1 mast, and no other was offered"


def _link(change):
    """Return the price of the link of a new mast by hand: fibre with a detour from the nearest 5G site, or radio."""
    km = change.cells.geometry.iloc[0].distance(here(0, 0)) / 1000
    return 24_000 * min(1.1 * km * 15_000 + 500, 30_000)


def test_what_is_built_is_linked_at_the_least_price():
    offered = only((0.5, 0), (3, 2))
    alone = (21_600 + 10_000 + 5_000 + 5_000 + 2_000) * 24_000
    assert [c.cost_vnd for c in offered] == pytest.approx([alone + _link(c) for c in offered])
    assert offered.assumed == {"fibre": "5g_sites"}
    laid = only((3, 2), fibre=LineString([here(3, 2), here(4, 2)]))
    assert laid.assumed == {"fibre": "layer"}
    assert laid[0].cost_vnd == pytest.approx(alone + 500 * 24_000)


def test_water_distance_and_unknown_ground():
    spots = (-2.9, 0), (0.2, 0), (0.3, 0), (9, 9)
    offered = only(*spots, no_masts_on_water=True, min_distance_m=300.0)
    assert why(offered) == {"P0": "on_water", "P1": "near_standing_mast", "P3": "outside_wards"}
    assert [change.site_id for change in offered] == ["P2"], "at exactly the least distance a mast may stand"
    flat = Study(dataclasses.replace(CITY, surface=Surface()), pixel_m=100)
    top = Rules(kinds=("new_site",), sites=places((1, 1)), zones=(Zone(id="a", wards=("w1",), max_top_m=99.0),))
    assert why(candidates(flat, top)) == {"P0": "zone_ground_unknown"}


def test_a_zone_may_speak_of_standing_sites_too():
    zone = Zone(id="holy", geometry=square(1.5, 0.5, 2.5, 1.5), changes=("upgrade",))
    offered = candidates(STUDY, Rules(kinds=("upgrade", "carrier"), zones=(zone,)))
    assert set(offered.refused["code"]) == {"zone_closed", "needs_refused"}
    assert {change.site_id for change in offered} == {"s1"}


def test_new_masts_too_near_each_other_shut_each_other_out():
    offered = only((1, 0), (1.2, 0), (1.4, 0), (3, 0), min_distance_m=300.0)
    assert sorted(group.tolist() for group in offered.exclusive) == [[0, 1], [1, 2]]
    assert sorted(g.tolist() for g in only((1, 0), (1.1, 0), (1.2, 0), min_distance_m=300.0).exclusive) == [[0, 1, 2]]


def test_wards_get_no_more_new_masts_than_they_may():
    offered = only((1, 0), (2, 0), (3, 0), (-1, 1), (-2, 1), max_new_per_ward=2, max_new_in={"w0": 1})
    caps = {cap.name: (cap.members.tolist(), cap.upper) for cap in offered.caps}
    assert caps == {"max_new_per_ward:w0": ([3, 4], 1.0), "max_new_per_ward:w1": ([0, 1, 2], 2.0)}
    assert offered.rules.without("max_new_per_ward").most_new_in("w0") is None
    with pytest.raises(KeyError):
        offered.rules.without("gravity")


def test_shared_positions_may_be_cheaper():
    dear = candidates(STUDY, Rules(kinds=("upgrade",)))
    cheap = candidates(STUDY, Rules(kinds=("upgrade",), shared_incentive=0.25))
    assert [c.cost_vnd for c in cheap] == pytest.approx([0.75 * c.cost_vnd for c in dear]), "two operators stand at s2"


def test_costs_follow_the_costing():
    level = candidates(STUDY, kinds=("upgrade",), costs="low")[0]
    assert level.cost_vnd == level.cost_low_vnd < level.cost_high_vnd
    helped = candidates(STUDY, kinds=("upgrade",), costs=Costing(support_88=True))[0]
    assert helped.cost_vnd == pytest.approx(0.85 * 21_600 * 24_000)


def test_every_reason_has_its_sentence():
    zones = (Zone(id="z", wards=("w0",)),)
    offered = candidates(STUDY, Rules(kinds=ALL, zones=zones, min_distance_m=500.0, no_masts_on_water=True))
    for change in offered:
        assert all(change.reason.text(lang).strip() for lang in LANGUAGES)
    reasons = [key.removeprefix("reason.") for key in texts("vi") if key.startswith("reason.")]
    assert {change.reason.code for change in offered} | set(offered.refused["code"]) <= set(reasons)


# --- laws ------------------------------------------------------------------------------------------------------------

corner = st.floats(-3.5, 4.5)
zone = st.builds(
    Zone,
    id=st.uuids().map(str),
    geometry=st.tuples(corner, corner, st.floats(0.1, 3), st.floats(0.1, 3)).map(
        lambda b: square(b[0], b[1], b[0] + b[2], b[1] + b[3])
    ),
    wards=st.sampled_from([(), (), ("w0",)]),
    masts=st.sampled_from([(), ("small",), ("camouflaged",), ("type1", "camouflaged")]),
    max_height_m=st.sampled_from([math.inf, 8.0, 15.0, 30.0]),
    max_top_m=st.sampled_from([math.inf, 15.0, 30.0]),
)
spots = st.lists(st.tuples(corner, corner), min_size=1, max_size=12)


@given(
    spots=spots, zones=st.lists(zone, max_size=3).map(tuple), least=st.sampled_from([0.0, 400.0]), dry=st.booleans(),
    offer=st.sampled_from([("type1",), ("type1", "camouflaged")]),
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_what_is_offered_breaks_no_rule_and_what_is_refused_says_why(spots, zones, least, dry, offer):
    offered = only(*spots, zones=zones, min_distance_m=least, no_masts_on_water=dry, masts=offer)
    assert len(offered) + len(offered.refused) == len(spots)
    assert offered.refused["text_vi"].str.len().min() > 10 or offered.refused.empty
    standing = CITY.cells.frame.geometry.to_numpy()
    for change in offered:
        point, height = change.cells.geometry.iloc[0], change.cells["height_m"].iloc[0]
        assert 10 <= height <= 25
        assert shapely.distance(standing, point).min() >= least
        assert not dry or point.x >= make.EAST - 2500
        for rule in zones:
            if rule.geometry.intersects(point) or change.ward_id in rule.wards:
                assert height <= rule.max_height_m
                assert height + 12 <= rule.max_top_m
                limited = math.isfinite(rule.max_height_m) or math.isfinite(rule.max_top_m)
                assert rule.masts or limited, "a closed zone holds nothing"
                if rule.masts:
                    assert set(rule.masts) & set(offer)
    apart = {(a, b) for group in offered.exclusive for a in group for b in group if a < b}
    for b, two in enumerate(offered):
        for a, one in enumerate(offered[:b]):
            near = one.cells.geometry.iloc[0].distance(two.cells.geometry.iloc[0]) < least
            assert near == ((a, b) in apart)


@given(spots=spots, zones=st.lists(zone, min_size=1, max_size=3).map(tuple))
@settings(max_examples=25, deadline=None)
def test_fewer_rules_never_refuse_more(spots, zones):
    strict, free = only(*spots, zones=zones), only(*spots, zones=zones[1:])
    assert {change.id for change in strict} <= {change.id for change in free}


@given(st.integers(2, 14), st.sets(st.tuples(st.integers(0, 13), st.integers(0, 13)), max_size=40))
@settings(max_examples=80, deadline=None)
def test_cliques_hold_every_pair_and_nothing_else(count, drawn):
    pairs = {(min(p), max(p)) for p in drawn if p[0] != p[1] and max(p) < count}
    groups = cliques(np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2), count)
    held = {(a, b) for group in groups for a in group for b in group if a < b}
    assert held == pairs
