"""One store on two engines: SQLite in a file of the caller's, or PostgreSQL at an address."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, FromClause, Select, create_engine, event, false, select, text, true
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.sql.elements import ColumnElement

from coverage.errors import StoreError
from coverage.store.principal import Principal
from coverage.store.tables import challenge

BUSY_S = 30.0  # how long a writer waits for the one before it
LOCK = 5899_2023  # of PostgreSQL: writers come one after the other, as in SQLite, so that the audit chain has one end


@dataclass(frozen=True, kw_only=True)
class Access:
    """A transaction and who acts in it; every question about partners' rows goes through `select`.

    Attributes
    ----------
    connection : Connection
    principal : Principal
    """

    connection: Connection
    principal: Principal

    def visible(self, table: FromClause) -> ColumnElement[bool]:
        """Return the condition on the rows of a table that this principal may see."""
        if self.principal.sees_all:
            return true()
        if self.principal.role == "analyst":
            return self._own(table)
        if self.principal.partner is None:
            return false()
        return table.c.partner_id == self.principal.partner

    def _own(self, table: FromClause) -> ColumnElement[bool]:
        """Return the condition on the rows of an analyst: the challenges that it raised, with what belongs to them."""
        own = challenge.c.account_id == self.principal.account_id
        if "challenge_id" in table.c:
            return table.c.challenge_id.in_(select(challenge.c.id).where(own))
        return own if table is challenge else false()

    def select(self, table: FromClause, *columns: ColumnElement[Any]) -> Select[Any]:
        """Return a query of the visible rows of a table, of all its columns unless some are named."""
        return select(*(columns or table.c)).where(self.visible(table))


class Store:
    """Partners, submissions, decisions and the audit log.

    Parameters
    ----------
    address : str or Path
        A file (made where it is missing) or ``postgresql://…``.

    Raises
    ------
    StoreError
        ``store_unreachable`` when the database does not answer or the file cannot be made.
    """

    def __init__(self, address: str | Path) -> None:
        self.address = str(address)
        self.engine = _engine(self.address)

    @property
    def is_postgresql(self) -> bool:
        """Whether PostgreSQL answers; SQLite otherwise."""
        return self.engine.dialect.name == "postgresql"

    @contextmanager
    def reading(self, principal: Principal) -> Iterator[Access]:
        """Open a transaction that sees one moment of the store."""
        with _told(self.address), self.engine.connect() as connection, connection.begin():
            self._introduce(connection, principal)
            yield Access(connection=connection, principal=principal)

    @contextmanager
    def writing(self, principal: Principal) -> Iterator[Access]:
        """Open a transaction that writes all or nothing, after every other writer; it is committed at the end."""
        engine = self.engine.execution_options(phusong_writes=True)
        with _told(self.address), engine.connect() as connection, connection.begin():
            if self.is_postgresql:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            self._introduce(connection, principal)
            yield Access(connection=connection, principal=principal)

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()

    def _introduce(self, connection: Connection, principal: Principal) -> None:
        """Tell PostgreSQL who acts: its row-level security reads these settings until the transaction ends."""
        if self.is_postgresql:
            connection.execute(
                text(
                    "SELECT set_config('phusong.role', :role, true), set_config('phusong.partner', :partner, true),"
                    " set_config('phusong.account', :account, true)"
                ),
                {"role": principal.role, "partner": principal.partner or "", "account": principal.account_id},
            )


def _engine(address: str) -> Engine:
    if address.startswith(("postgresql://", "postgres://")):
        # The pool asks a connection whether it lives: a database that was restarted costs nobody an error.
        return create_engine("postgresql+psycopg://" + address.split("://", 1)[1], pool_pre_ping=True)
    path = Path(address).expanduser()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError("store_unreachable", address=path.name, reason=error.strerror or str(error)) from error
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY_S, "check_same_thread": False})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself: `_begin_sqlite` does
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")  # what was acknowledged is on the disk
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock at once: two that read first and write later would block each other.
    writes = connection.get_execution_options().get("phusong_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _told(address: str) -> Iterator[None]:
    """Turn what the database refuses into one sentence; the address is shown without its password."""
    try:
        yield
    except OperationalError as error:
        raise StoreError("store_unreachable", address=shown(address), reason=_reason(error)) from error
    except DBAPIError as error:
        raise StoreError("store_refused", reason=_reason(error)) from error


def _reason(error: DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else type(error.orig).__name__


def shown(address: str) -> str:
    """Return an address as it may be shown: a file's name, or a database without user and password.

    >>> shown("postgresql://user:secret@127.0.0.1/city"), shown("/srv/data/store.db")
    ('127.0.0.1/city', 'store.db')
    """
    if "://" not in address:
        return Path(address).name
    return address.split("://", 1)[1].rpartition("@")[2]


def address_of(environment: dict[str, str] | None = None) -> str | None:
    """Return the address that ``PHUSONG_STORE`` names; None where there is no store."""
    found = (os.environ if environment is None else environment).get("PHUSONG_STORE", "").strip()
    return found or None
