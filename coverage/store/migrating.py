"""Bring a database to the form that this version of the product reads."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from coverage.errors import StoreError
from coverage.store.engine import Access, Store, shown
from coverage.store.principal import SYSTEM

_STEPS = Path(__file__).with_name("migrations")


def open_store(address: str | Path) -> Store:
    """Return a store in the form this version reads, made or brought there where that is needed.

    Parameters
    ----------
    address : str or Path
        As for `Store`. On PostgreSQL, only a role that may make tables can do so; others find them made.

    Raises
    ------
    StoreError
        ``store_unreachable``; ``store_newer`` for a database that a newer version of the product has written.
    """
    store = Store(address)
    with store.reading(SYSTEM) as access:
        found = _form(access)
    if found != _newest():
        with store.writing(SYSTEM) as access:
            _upgrade(access, shown(store.address))
    return store


def _form(access: Access) -> str | None:
    return MigrationContext.configure(access.connection).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_STEPS).replace("%", "%%"))
    return config


def _newest() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def _upgrade(access: Access, address: str) -> None:
    """Run the steps that are missing, all or none; somebody else may have run them meanwhile."""
    found, config = _form(access), _config()
    known = {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise StoreError("store_newer", address=address, form=found)
    config.attributes["connection"] = access.connection
    command.upgrade(config, "head")
