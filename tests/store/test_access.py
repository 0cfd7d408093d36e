from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select, text

from coverage.errors import StoreError
from coverage.store.challenges import challenges, raise_challenge
from coverage.store.current import layer_of
from coverage.store.engine import Store
from coverage.store.migrating import open_store
from coverage.store.principal import SYSTEM, Principal
from coverage.store.submissions import Submission, decide, file_of, holding, one, problems_of, submissions, submit
from coverage.store.tables import mapping, metadata
from tests.store.people import account, upload

OWNED = [table for table in metadata.sorted_tables if "partner_id" in table.c and table.name != "account"]


def test_a_partner_sees_its_own_rows_and_an_analyst_none(store: Store) -> None:
    first, second = (account(store, name).principal for name in ("Viettel", "VNPT"))
    planner, analyst = (account(store, name, name).principal for name in ("planner", "analyst"))
    numbers = {}
    for who in (first, second):
        with store.writing(who) as access:
            numbers[who.name] = submit(access, upload()).id
            raise_challenge(access, "không có sóng", ward_id="20194")
    for who, seen in ((first, {"Viettel"}), (second, {"VNPT"}), (planner, {"Viettel", "VNPT"}), (analyst, set())):
        with store.reading(who) as access:
            assert {each.partner for each in submissions(access)} == seen
            assert len(challenges(access)) == len(seen)
            for table in OWNED:
                owners = {row.partner_id for row in access.connection.execute(access.select(table))}
                assert owners - {None} <= seen, table.name
    with store.reading(first) as access:
        for ask in (one, file_of, problems_of):
            with pytest.raises(StoreError, match="submission_unknown"):
                ask(access, numbers["VNPT"])


def test_the_database_itself_hides_other_partners_rows(store: Store) -> None:
    if not store.is_postgresql:
        pytest.skip("row-level security is PostgreSQL's; on SQLite the one door is Access.select")
    first, second = (account(store, name).principal for name in ("Viettel", "VNPT"))
    for who in (first, second):
        with store.writing(who) as access:
            submit(access, upload())
    with store.reading(first) as access:  # a query that forgets to ask who acts
        for table in OWNED:
            owners = {row.partner_id for row in access.connection.execute(select(table))}
            assert owners <= {"Viettel"}, table.name
        for secret in ("account", "credential", "access_key", "attempt"):
            assert access.connection.execute(text(f"SELECT count(*) FROM {secret}")).scalar_one() == 0
    nobody = Principal(account_id="", name="", role="analyst")
    with store.reading(nobody) as access:
        assert access.connection.execute(text("SELECT count(*) FROM submission")).scalar_one() == 0
    with store.reading(first) as access:
        where = text("SELECT count(*) FROM submitted_row WHERE ST_SRID(place) = 5899 AND ST_X(place) = easting_m")
        assert access.connection.execute(where).scalar_one() == 6
    forged = Principal(account_id=first.account_id, name="Viettel", role="partner", partner="Viettel")
    with pytest.raises(StoreError, match="row-level security"), store.writing(forged) as access:
        access.connection.execute(insert(mapping).values(partner_id="VNPT", kind="cells", at="", mapping_json="{}"))


ROLES = ("Viettel", "VNPT", "MobiFone", "planner", "analyst", "admin")
steps = st.lists(
    st.tuples(st.sampled_from(ROLES), st.sampled_from(("submit", "accept", "reject", "look", "challenge"))),
    min_size=5,
    max_size=15,
)


@settings(max_examples=8, deadline=None)
@given(steps=steps)
def test_no_interleaving_shows_a_partner_the_rows_of_another(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str]]
) -> None:
    store = open_store(tmp_path_factory.mktemp("store") / "store.db")
    people = {
        name: account(store, name, "partner" if name[0].isupper() else name).principal  # type: ignore[arg-type]
        for name in ROLES
    }
    for seed, (name, step) in enumerate(steps):
        _act(store, people[name], step, seed)
        for who in people.values():
            with store.reading(who) as access:
                for table in OWNED:
                    owners = {row.partner_id for row in access.connection.execute(access.select(table))} - {None}
                    if who.role == "partner":
                        assert owners <= {who.partner}
                    elif who.role == "analyst":
                        assert not owners
                if who.role == "partner" and holding(access, "cells"):
                    assert set(layer_of(access, "cells").frame["operator"]) == {who.partner}
    store.close()


MAY = {
    "partner": {"submit", "challenge"},
    "planner": {"accept", "reject", "challenge"},
    "admin": {"accept", "reject", "challenge"},
    "analyst": {"challenge"},
}
HOLDS = {"accept": "accepted", "reject": "rejected"}


def _act(store: Store, who: Principal, step: str, seed: int) -> None:
    with store.reading(SYSTEM) as access:
        all_of_them = submissions(access)
    about = all_of_them[seed % len(all_of_them)] if all_of_them else None
    if step == "look" or (step in HOLDS and (about is None or about.status == HOLDS[step])):
        return
    if step in MAY[who.role]:
        _step(store, who, step, seed, about)
    else:
        with pytest.raises(StoreError, match="not_allowed"):
            _step(store, who, step, seed, about)


def _step(store: Store, who: Principal, step: str, seed: int, about: Submission | None) -> None:
    with store.writing(who) as access:
        if step == "submit":
            submit(access, upload(sites=1, seed=seed, operator=who.partner or "nobody"))
        elif step == "challenge":
            raise_challenge(access, "không có sóng", ward_id="20194")
        elif about is not None:
            decide(access, about.id, step, "lý do")  # type: ignore[arg-type]
