from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from coverage.errors import StoreError
from coverage.store import accounts
from coverage.store.accounts import (
    account_named,
    add_account,
    change_password,
    has_accounts,
    holder,
    log_in,
    open_key,
    withdraw,
)
from coverage.store.engine import Store
from coverage.store.principal import SYSTEM
from tests.store.people import PASSWORD, account


def later(monkeypatch: pytest.MonkeyPatch, **by: int) -> None:
    monkeypatch.setattr(accounts, "_now", lambda: datetime.now(UTC) + timedelta(**by))


def test_the_first_login_asks_for_another_password(store: Store) -> None:
    assert not has_accounts(store)
    account(store, "Lan", "planner")
    assert has_accounts(store)
    assert log_in(store, "Lan", PASSWORD).must_change
    with pytest.raises(StoreError, match="password_same"):
        change_password(store, "Lan", PASSWORD, PASSWORD)
    with pytest.raises(StoreError, match="password_short"):
        change_password(store, "Lan", PASSWORD, "ngắn")
    change_password(store, "Lan", PASSWORD, "một câu dài hơn hẳn")
    assert not log_in(store, "Lan", "một câu dài hơn hẳn").must_change
    with pytest.raises(StoreError, match="login_wrong"):
        log_in(store, "Lan", PASSWORD)


def test_a_wrong_name_and_a_wrong_password_sound_the_same(store: Store) -> None:
    account(store, "Lan", "planner")
    for name in ("Lan", "Nobody"):
        with pytest.raises(StoreError) as refused:
            log_in(store, name, "sai mật khẩu rồi")
        assert (refused.value.code, refused.value.values) == ("login_wrong", {})


def test_five_wrong_passwords_close_an_account_for_a_while(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    account(store, "Lan", "planner")
    for _ in range(accounts.TRIES):
        with pytest.raises(StoreError, match="login_wrong"):
            log_in(store, "Lan", "sai mật khẩu rồi")
    with pytest.raises(StoreError, match="login_closed"):
        log_in(store, "Lan", PASSWORD)
    later(monkeypatch, minutes=16)
    assert log_in(store, "Lan", PASSWORD).account.name == "Lan"


def test_keys_open_until_they_expire_or_are_withdrawn(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    who = account(store, "Viettel")
    session, token = open_key(store, who, "session"), open_key(store, who, "token", "máy chủ")
    assert holder(store, session, "session") == who
    assert holder(store, token, "token") == who
    assert holder(store, token, "session") is None  # a program's key opens no browser
    assert holder(store, "phs_unknown", "token") is None
    withdraw(store, token)
    withdraw(store, token)
    assert holder(store, token, "token") is None
    later(monkeypatch, hours=13)
    assert holder(store, session, "session") is None


def test_another_password_closes_open_sessions(store: Store) -> None:
    who = account(store, "Lan", "planner")
    session, token = open_key(store, who, "session"), open_key(store, who, "token")
    change_password(store, "Lan", PASSWORD, "một câu dài hơn hẳn")
    assert holder(store, session, "session") is None
    assert holder(store, token, "token") == who


def test_neither_passwords_nor_keys_stand_in_the_store(store: Store) -> None:
    key = open_key(store, account(store, "Viettel"), "token")
    with store.reading(SYSTEM) as access:
        for table in ("credential", "access_key", "event"):
            for row in access.connection.execute(text(f"SELECT * FROM {table}")):
                assert PASSWORD not in str(row)
                assert key not in str(row)


@pytest.mark.parametrize(
    ("code", "given"),
    [
        ("role_unknown", {"role": "king"}),
        ("partner_needed", {"role": "partner"}),
        ("partner_not_fitting", {"role": "planner", "partner": "VNPT"}),
        ("account_name_unusable", {"name": " Lan"}),
        ("account_exists", {"name": "Lan"}),
        ("password_short", {"password": "ngắn"}),
        ("partner_name_unusable", {"role": "partner", "partner": " VNPT"}),
    ],
)
def test_accounts_that_cannot_be(store: Store, code: str, given: dict[str, str]) -> None:
    account(store, "Lan", "planner")
    with store.writing(SYSTEM) as access, pytest.raises(StoreError, match=code):
        add_account(access, **{"name": "Minh", "role": "planner", "password": PASSWORD, **given})  # type: ignore[arg-type]
    if code != "account_exists":
        with store.reading(SYSTEM) as access, pytest.raises(StoreError, match="account_unknown"):
            account_named(access, "Minh")
