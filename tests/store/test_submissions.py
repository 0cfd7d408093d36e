from __future__ import annotations

import hashlib
import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from coverage.errors import StoreError
from coverage.store.audit import canonical, digest_of_rows
from coverage.store.current import layer_of
from coverage.store.engine import Store
from coverage.store.submissions import _members, _plain, decide, file_of, problems_of, remembered, submissions, submit
from tests.store.people import account, layer, upload


def one_kind_of_missing(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(**{name: frame[name].where(frame[name].notna(), None) for name in frame.select_dtypes(object)})


def test_a_submission_comes_back_whole(store: Store) -> None:
    who = account(store, "Viettel").principal
    given = upload()
    with store.writing(who) as access:
        kept = submit(access, given)
    with store.reading(who) as access:
        assert submissions(access) == [kept]
        assert file_of(access, kept.id) == (given.file_name, given.content)
        assert problems_of(access, kept.id) == given.layer.problems
        assert remembered(access, "cells") == {"site_id": "Mã trạm"}
    assert (kept.status, kept.rows, kept.summary["grade"]) == ("waiting", 6, "B")


def test_rows_hold_once_they_are_accepted_and_equal_those_handed_in(store: Store) -> None:
    who, planner = account(store, "Viettel").principal, account(store, "city", "planner").principal
    given = upload()
    with store.writing(who) as access:
        kept = submit(access, given)
    with store.reading(planner) as access, pytest.raises(StoreError, match="nothing_accepted"):
        layer_of(access, "cells")
    with store.writing(planner) as access:
        assert decide(access, kept.id, "accept").status == "accepted"
    with store.reading(planner) as access:
        held = layer_of(access, "cells")
    pd.testing.assert_frame_equal(one_kind_of_missing(held.frame), one_kind_of_missing(given.layer.frame))
    assert held.source.synthetic
    assert held.defaulted == given.layer.defaulted


def test_the_union_joins_partners_and_keeps_what_held_at_a_date(store: Store) -> None:
    planner = account(store, "city", "planner").principal
    moments = []
    for seed, name in enumerate(("Viettel", "VNPT")):
        with store.writing(account(store, name).principal) as access:
            kept = submit(access, upload(seed=seed, operator=name))
        with store.writing(planner) as access:
            decide(access, kept.id, "accept")
        with store.reading(planner) as access:
            moments.append(max(each.at for each in submissions(access)))
            union = layer_of(access, "cells")
    assert set(union.frame["operator"]) == {"Viettel", "VNPT"}
    assert len(union.frame) == 12
    assert union.frame.crs == layer().frame.crs
    with store.reading(planner) as access:
        before = layer_of(access, "cells", as_of=moments[1])  # the second was handed in, not accepted yet
    assert set(before.frame["operator"]) == {"Viettel"}


def test_accepting_a_file_supersedes_the_one_before(store: Store) -> None:
    who, planner = account(store, "Viettel").principal, account(store, "city", "planner").principal
    numbers = []
    for seed in range(2):
        with store.writing(who) as access:
            numbers.append(submit(access, upload(sites=seed + 1, seed=seed)).id)
        with store.writing(planner) as access:
            decide(access, numbers[-1], "accept")
    with store.reading(who) as access:
        assert {each.id: each.status for each in submissions(access)} == {
            numbers[0]: "superseded",
            numbers[1]: "accepted",
        }
        assert len(layer_of(access, "cells").frame) == 6


def test_decisions_need_a_planner_and_a_rejection_needs_a_reason(store: Store) -> None:
    who, planner = account(store, "Viettel").principal, account(store, "city", "planner").principal
    with store.writing(who) as access:
        kept = submit(access, upload())
    with store.writing(who) as access, pytest.raises(StoreError, match="not_allowed"):
        decide(access, kept.id, "accept")
    with store.writing(planner) as access, pytest.raises(StoreError, match="reason_missing"):
        decide(access, kept.id, "reject")
    with store.writing(planner) as access:
        assert decide(access, kept.id, "reject", "thiếu độ cao").reason == "thiếu độ cao"
    with store.writing(planner) as access, pytest.raises(StoreError, match="already_decided"):
        decide(access, kept.id, "reject", "lần nữa")
    with store.writing(planner) as access, pytest.raises(StoreError, match="not_allowed"):
        submit(access, upload())


def test_what_fails_in_the_middle_leaves_nothing(store: Store) -> None:
    who = account(store, "Viettel").principal

    def submit_and_fail() -> None:
        with store.writing(who) as access:
            submit(access, upload())
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        submit_and_fail()
    with store.reading(who) as access:
        assert submissions(access) == []


@pytest.mark.parametrize(
    "verb", ["UPDATE submission SET file_name = 'x'", "DELETE FROM submitted_row", "DELETE FROM link"]
)
def test_nothing_is_changed_or_taken_away(store: Store, verb: str) -> None:
    who = account(store, "Viettel").principal
    with store.writing(who) as access:
        submit(access, upload())
    with pytest.raises(StoreError, match="append only"), store.writing(who) as access:
        access.connection.execute(text(verb))


WILD = st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.floats(), st.text(max_size=6))


@settings(max_examples=80, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.floats(-1e7, 1e7), st.one_of(st.none(), st.floats(-1e7, 1e7)), st.text(max_size=8)), max_size=5
    )
)
def test_the_digest_of_rows_is_that_of_their_canonical_form(rows) -> None:
    listed = [(number, *row) for number, row in enumerate(rows)]
    whole = "VNPT" + "".join("\n" + canonical(list(row)) for row in listed)
    assert digest_of_rows("VNPT", listed) == hashlib.sha256(whole.encode()).hexdigest()


@settings(max_examples=80, deadline=None)
@given(values=st.lists(WILD, min_size=1, max_size=6))
def test_the_values_of_a_column_are_written_one_by_one(values) -> None:
    for column in (pd.Series(values, dtype=object, name="x"), pd.Series(values, name="x")):
        texts = [json.loads("{" + each + "}")["x"] for each in _members(column)]
        wanted = [_plain(value) for value in column.tolist()]
        assert texts == wanted
        assert list(map(type, texts)) == list(map(type, wanted))
