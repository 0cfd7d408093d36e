from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage.store.accounts import log_in
from coverage.store.audit import START, verify
from coverage.store.challenges import judge, raise_challenge
from coverage.store.engine import Store
from coverage.store.migrating import open_store
from coverage.store.submissions import decide, submit
from tests.store.people import PASSWORD, account, upload


def lived_in(store: Store) -> None:
    who, planner = account(store, "Viettel").principal, account(store, "city", "planner").principal
    with store.writing(who) as access:
        kept = submit(access, upload())
    with store.writing(planner) as access:
        decide(access, kept.id, "accept")
    with store.writing(who) as access:
        raised = raise_challenge(access, "không có sóng", ward_id="20194", files=[("đo.csv", b"lon,lat,rsrp\n")])
    with store.writing(planner) as access:
        judge(access, raised.id, "upheld", "đã đo lại")
    log_in(store, "city", PASSWORD)


def test_a_store_that_nobody_touched_verifies(store: Store) -> None:
    assert verify(store) == verify(store)
    assert verify(store).head == START
    lived_in(store)
    found = verify(store)
    assert found.findings == ()
    assert found.events == 8
    assert verify(store, head=found.head).findings == ()
    assert [each.code for each in verify(store, head="f" * 64).findings] == ["head_missing"]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    path = tmp_path_factory.mktemp("audit") / "store.db"
    store = open_store(path)
    lived_in(store)
    head = verify(store).head
    store.close()
    return path, head


# What the log answers for; passwords, attempts and keys come and go by their own rules and are logged as events.
ANSWERED = ("account", "submission", "submitted_row", "decision", "challenge", "evidence", "verdict", "link", "event")


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_any_edit_deletion_or_swap_is_found(kept: tuple[Path, str], data: st.DataObject) -> None:
    path, head = kept
    copy = sqlite3.connect(":memory:")
    with sqlite3.connect(path) as original:
        original.backup(copy)
    for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        copy.execute(f"DROP TRIGGER {name}")  # whoever holds the file can do this
    table = data.draw(st.sampled_from(ANSWERED))
    columns = [row[1] for row in copy.execute(f"PRAGMA table_info({table})")]
    rows = copy.execute(f"SELECT rowid, * FROM {table}").fetchall()
    row = data.draw(st.sampled_from(rows))
    if data.draw(st.sampled_from(("edit", "delete"))) == "delete":
        copy.execute(f"DELETE FROM {table} WHERE rowid = ?", (row[0],))
    else:
        meaning = [n for n, name in enumerate(columns) if name != "seq" or table in ("link", "event")]
        at = data.draw(st.sampled_from(meaning))
        new = _other(row[at + 1], data)
        copy.execute(f"UPDATE OR IGNORE {table} SET {columns[at]} = ? WHERE rowid = ?", (new, row[0]))
        if copy.total_changes and copy.execute(f"SELECT rowid, * FROM {table}").fetchall() == rows:
            return  # a unique key refused the edit
    changed = path.with_name("changed.db")
    changed.unlink(missing_ok=True)
    with sqlite3.connect(changed) as target:
        copy.commit()
        copy.backup(target)
    target.close()
    store = Store(changed)
    assert verify(store, head).findings, (table, row[0])
    store.close()


def _other(value: object, data: st.DataObject) -> object:
    if isinstance(value, bytes):
        at = data.draw(st.integers(0, max(len(value) - 1, 0)))
        return value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :] if value else b"x"
    if isinstance(value, str):
        return value[:-1] + ("0" if value[-1:] != "0" else "1")
    if isinstance(value, int):
        return value + 1000
    return value + 1.0 if isinstance(value, float) else "x"
