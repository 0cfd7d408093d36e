"""Releases from the store, attacked by subtracting one from another: everything here is made up."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from coverage.errors import StoreError
from coverage.layers import Layer
from coverage.store.accounts import Account
from coverage.store.audit import verify
from coverage.store.challenges import challenges, dispute_of, judge, raise_challenge
from coverage.store.current import city_with
from coverage.store.engine import Store
from coverage.store.migrating import open_store
from coverage.store.principal import SYSTEM
from coverage.store.releases import LEAST
from coverage.store.releasing import Release, publish_release, sites_by_ward
from coverage.store.submissions import Upload, decide, submit
from coverage.store.tables import event, release
from coverage.study import Result, Study
from tests import builders as make
from tests.store.people import account

OPERATORS = ("Viettel", "VNPT", "MobiFone")
WARDS = make.wards((-2, -2, 0, 2), (0, -2, 2, 2), (30, -2, 32, 2), (32, -2, 34, 2))
BOXES = ((-2, -2, 0, 2), (0, -2, 2, 2), (30, -2, 32, 2), (32, -2, 34, 2))
BASE = make.city(WARDS, make.cells(make.cell()))
Plan = dict[str, set[tuple[int, int]]]  # operator → (ward, number) of its sites


def layer(operator: str, sites: set[tuple[int, int]]) -> Layer:
    rows = []
    for ward, number in sorted(sites):
        west, south, _, _ = BOXES[ward]
        x, y = west + 0.2 + 0.35 * (number % 5), south + 0.3 + 0.6 * (number // 5)
        name = f"{operator}-{ward}-{number}"
        rows.append(make.cell(x, y, site_id=name, cell_id=f"{name}-1", operator=operator, power_dbm=33.0))
    return make.cells(*rows)


def people(store: Store) -> dict[str, Account]:
    return {"Lan": account(store, "Lan", "planner"), **{each: account(store, each) for each in OPERATORS}}


def handed_in(store: Store, who: dict[str, Account], plan: Plan) -> None:
    for operator, sites in plan.items():
        if not sites:
            continue
        with store.writing(who[operator].principal) as access:
            number = submit(access, Upload(file_name="a.csv", content=b"x", layer=layer(operator, sites))).id
        with store.writing(who["Lan"].principal) as access:
            decide(access, number, "accept")


def released(store: Store, who: Account) -> tuple[Release, Result]:
    with store.writing(who.principal) as access:
        result = Study(city_with(access, BASE), pixel_m=500).run()
        return publish_release(access, result), result


def table(found: Release) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(found.files["operators.csv"])).set_index(["ward_id", "operator"])


def moved(before: Plan, after: Plan, operator: str) -> set[tuple[int, int]]:
    return before.get(operator, set()) ^ after.get(operator, set())


def reaching(ward: int, sites: set[tuple[int, int]]) -> int:
    """Sites near enough to change a ward: the first two wards and the last two are neighbours, 30 km apart."""
    return sum(each // 2 == ward // 2 for each, _ in sites)


def attack(plans: list[Plan], tables: list[pd.DataFrame]) -> None:
    """Subtract every pair of releases, and operators from each other within one."""
    for later, now in enumerate(tables):
        for earlier in range(later):
            both = tables[earlier]["area_share"].notna() & now["area_share"].reindex(tables[earlier].index).notna()
            for ward, operator in both.index[both]:
                change = moved(plans[earlier], plans[later], operator)
                count = len(change) if ward == "*" else reaching(int(ward[1:]), change)
                assert count == 0 or count >= LEAST, (earlier, later, ward, operator)
                if count == 0:
                    pair = tables[earlier].loc[(ward, operator), "area_share"], now.loc[(ward, operator), "area_share"]
                    assert pair[0] == pytest.approx(pair[1], abs=1e-12)
        for ward, rows in now.groupby("ward_id"):
            shown = rows["area_share"].notna()
            counts = {op: sum(ward in ("*", f"w{n}") for n, _ in plans[later].get(op, ())) for _, op in rows.index}
            hidden = [op for (_, op), yes in shown.items() if not yes]
            assert all(counts[op] >= LEAST for (_, op), yes in shown.items() if yes)
            if hidden and shown.any():  # union less what is shown is what the hidden ones cover alone
                assert len(hidden) >= 2
                assert sum(counts[op] for op in hidden) >= LEAST
        for op in {op for _, op in now.index}:  # the city's figure less the wards that are shown
            rows = now.xs(op, level="operator")
            wards = rows.drop(index="*")
            if pd.notna(rows.loc["*", "area_share"]) and wards["area_share"].isna().any():
                hidden_wards = [int(w[1:]) for w in wards.index[wards["area_share"].isna()]]
                assert len(hidden_wards) >= 2
                assert sum(w in hidden_wards for w, _ in plans[later][op]) >= LEAST


def bands_hold(plan: Plan, tables: list[pd.DataFrame]) -> None:
    """Try all numbers of sites by ward that every band allows: none from 1 to 4 follows."""
    for operator, sites in plan.items():
        true = [sum(each == ward for each, _ in sites) for ward in range(len(BOXES))]
        if not sites:
            continue
        allowed = np.array(np.meshgrid(*[np.arange(0, 16)] * len(true), indexing="ij")).reshape(len(true), -1)
        for rows in tables:
            for ward in ("*", *(f"w{n}" for n in range(len(true)))):
                low = rows.loc[(ward, operator), "sites_low"]
                if pd.isna(low):
                    continue
                value = allowed.sum(axis=0) if ward == "*" else allowed[int(ward[1:])]
                allowed = allowed[:, (value >= low) & (value <= rows.loc[(ward, operator), "sites_high"])]
        for ward, count in enumerate(true):
            assert (allowed[ward] == count).any()
            if 0 < count < LEAST:
                assert len(set(allowed[ward])) > 1, (operator, ward)


numbers = st.sets(st.tuples(st.integers(0, 3), st.integers(0, 11)), min_size=1, max_size=34)
cities = st.fixed_dictionaries(dict.fromkeys(OPERATORS, numbers))
few = st.sets(st.tuples(st.integers(0, 3), st.integers(0, 11)), max_size=7)
changes = st.fixed_dictionaries(dict.fromkeys(OPERATORS, few))


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(first=cities, change=changes)
def test_no_pair_of_releases_exposes_fewer_than_five_sites(
    tmp_path_factory: pytest.TempPathFactory, first: Plan, change: Plan
) -> None:
    store = open_store(tmp_path_factory.mktemp("store") / "store.db")
    who = people(store)
    second = {op: (sites ^ change[op]) or sites for op, sites in first.items()}
    tables = []
    for plan in (first, second):
        handed_in(store, who, plan)
        tables.append(table(released(store, who["Lan"])[0]))
    attack([first, second], tables)
    for plan, rows in zip((first, second), tables, strict=True):
        bands_hold(plan, [rows])
    if first == second:
        bands_hold(first, tables)
    store.close()


def grown(seed: int) -> list[Plan]:
    rng = np.random.default_rng(seed)
    plans: list[Plan] = [{op: {(int(w), int(n)) for w, n in rng.integers(0, (4, 12), (30, 2))} for op in OPERATORS}]
    for size in (0, 1, 6, 2, 12):
        change = {op: {(int(w), int(n)) for w, n in rng.integers(0, (4, 12), (size, 2))} for op in OPERATORS}
        plans.append({op: plans[-1][op] ^ change[op] for op in OPERATORS})
    return plans


@pytest.mark.slow
def test_a_year_of_releases_is_kept_apart_on_both_engines(store: Store) -> None:
    who, plans, tables = people(store), grown(1), []
    shown = 0
    for plan in plans:
        handed_in(store, who, plan)
        found, result = released(store, who["Lan"])
        tables.append(table(found))
        shown += int(tables[-1]["area_share"].notna().sum())
        assert (
            sites_by_ward(result)["VNPT"].to_numpy() == [sum(w == n for w, _ in plan["VNPT"]) for n in range(4)]
        ).all()
    attack(plans, tables)
    assert shown > 10  # something is published
    assert int(tables[2]["area_share"].notna().sum()) < int(tables[0]["area_share"].notna().sum())  # and withheld
    assert verify(store).findings == ()


def test_what_was_released_is_written_down_with_hash_and_name(store: Store) -> None:
    who = people(store)
    handed_in(store, who, grown(2)[0])
    found, _ = released(store, who["Lan"])
    with store.reading(SYSTEM) as access:
        rows = access.connection.execute(select(release)).all()
        (told,) = access.connection.execute(select(event).where(event.c.action == "release")).all()
    assert told.actor == "Lan"
    assert {row.account_id for row in rows} == {who["Lan"].id}
    assert {row.at for row in rows} == {found.at}
    files = {row.group_key: row.content_sha256 for row in rows if row.figure == "file"}
    assert set(files) == set(found.files)
    assert len(set(files.values())) == len(files)
    for other in (account(store, "An", "analyst"), who["VNPT"]):
        with store.reading(other.principal) as access:
            if store.is_postgresql:  # what true counts say is for who may see the union
                assert access.connection.execute(select(release)).all() == []


def test_no_file_of_a_release_names_a_site_or_counts_cells(store: Store) -> None:
    who = people(store)
    plan = grown(3)[0]
    handed_in(store, who, plan)
    found, _ = released(store, who["Lan"])
    everything = b"".join(found.files.values())
    for operator, sites in plan.items():
        for ward, number in sites:
            assert f"{operator}-{ward}-{number}".encode() not in everything
    assert b'"cells"' not in found.files["city.json"]
    assert b"a.csv" not in everything


def test_others_release_nothing(store: Store) -> None:
    who = people(store)
    with pytest.raises(StoreError, match="nothing_accepted"):
        released(store, who["Lan"])
    handed_in(store, who, grown(4)[0])
    for name in ("VNPT", "An"):
        other = who.get(name) or account(store, "An", "analyst")
        with store.writing(who["Lan"].principal) as access:
            result = Study(city_with(access, BASE), pixel_m=500).run()
        with pytest.raises(StoreError, match="not_allowed"), store.writing(other.principal) as access:
            publish_release(access, result)


def test_an_analysts_challenge_is_its_own_and_the_citys(store: Store) -> None:
    who = people(store)
    first, second = (account(store, name, "analyst") for name in ("An", "Bình"))
    area = shapely.box(make.EAST, make.NORTH, make.EAST + 500, make.NORTH + 500)
    with store.writing(first.principal) as access:
        raised = raise_challenge(access, "không có sóng", area=area, files=[("đo.csv", b"1")])
    for one, count in ((first, 1), (second, 0), (who["VNPT"], 0), (who["Lan"], 1)):
        with store.reading(one.principal) as access:
            assert len(challenges(access)) == count, one.name
            assert sum(len(each.evidence) for each in challenges(access)) == count
    with pytest.raises(StoreError, match="not_allowed"), store.writing(first.principal) as access:
        judge(access, raised.id, "upheld", "vì tôi nói thế")
    with store.writing(who["Lan"].principal) as access:
        assert not dispute_of(access)
        judge(access, raised.id, "upheld", "đúng")
        assert dispute_of(access).area is not None
    with store.reading(first.principal) as access:
        assert challenges(access)[0].state == "upheld"
    assert verify(store).findings == ()
