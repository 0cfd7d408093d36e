"""Who looks at a page, and which store it reads: the same answer for pages, routes and downloads."""

from __future__ import annotations

from threading import Lock

import streamlit as st

from coverage.store.accounts import Account, has_accounts, holder
from coverage.store.engine import Store, address_of
from coverage.store.migrating import open_store

COOKIE = "phusong_session"
CITY = "city"  # the audience that sees every site

_opened: dict[str, Store] = {}
_lock = Lock()


def store() -> Store | None:
    """Return the store that ``PHUSONG_STORE`` names, opened once; None where there is none."""
    address = address_of()
    if address is None:
        return None
    with _lock:
        if address not in _opened:
            _opened[address] = open_store(address)
        return _opened[address]


def guarded() -> bool:
    """Return whether visitors have to log in: as soon as anybody was given an account."""
    found = store()
    return found is not None and has_accounts(found)


def account_of(key: str | None) -> Account | None:
    """Return whose session a cookie is; None for none, an expired or a closed one."""
    found = store()
    return holder(found, key, "session") if found is not None and key else None


def audience(account: Account | None) -> str:
    """Return who may see the same as a visitor: the city (and whoever uses an open demo), one partner, or analysts.

    Whatever is offered to one audience is offered to no other.
    """
    if account is None or account.role in {"planner", "admin"}:
        return CITY
    return f"{account.role} {account.partner or ''}".strip()


def visitor() -> Account | None:
    """Return who looks at this page; None in an open demo. A session that ended ends the page.

    Asked at every run of a page: a browser that stays connected is told as soon as its session is over.
    """
    if not guarded():
        return None
    found = account_of(st.context.cookies.get(COOKIE))
    if found is None:
        st.html('<meta http-equiv="refresh" content="0; url=login">')
        st.stop()
    return found
