"""Stores to test on: SQLite always, PostgreSQL where it can be started; continuous integration insists on both."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from coverage.store.engine import Store
from coverage.store.migrating import open_store

ENGINES = ("sqlite", "postgresql")


def _programs() -> Path | None:
    """Return the folder with initdb and postgres: of the newest PostgreSQL of Debian's packages, or of PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    if found:
        return found[-1].parent
    return Path(on_path).parent if on_path else None


def _lacking(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(f"PostgreSQL is needed in continuous integration: {reason}")
    pytest.skip(f"no PostgreSQL to test on: {reason}")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """Address of a fresh server, without a database name, as its superuser."""
    programs = _programs()
    if programs is None:
        _lacking("install postgresql-15 and postgresql-15-postgis-3")
    assert programs is not None
    folder = Path(tempfile.mkdtemp(prefix="phusong-pg-"))
    user: dict[str, object] = {}
    if os.geteuid() == 0:  # the server refuses to run as root
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        user = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    data = folder / "data"
    call = [programs / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-sync"]
    made = subprocess.run([*map(str, call)], capture_output=True, text=True, cwd=folder, check=False, **user)
    if made.returncode:
        _lacking(made.stderr.strip().splitlines()[-1])
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["-h", "127.0.0.1", "-p", str(port), "-k", str(folder), "-c", "fsync=on", "-c", "max_connections=60"]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [str(programs / "postgres"), "-D", str(data), *options], stdout=log, stderr=log, cwd=folder, **user
        )
    address = f"postgresql://postgres@127.0.0.1:{port}"
    try:
        _wait(address, server, folder / "log")
        yield address
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        try:
            psycopg.connect(f"{address}/postgres").close()
        except psycopg.OperationalError:
            if server.poll() is not None:
                _lacking(log.read_text("utf-8", "replace").strip().splitlines()[-1])
            time.sleep(0.1)
        else:
            return
    _lacking("the server does not answer")


@pytest.fixture(params=ENGINES)
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of an empty store; on PostgreSQL that of a role without any privilege that passes row-level security."""
    if request.param == "sqlite":
        yield str(tmp_path / "store.db")
        return
    server = request.getfixturevalue("postgresql")
    name = f"city{time.monotonic_ns()}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
        admin.execute("DO $$ BEGIN CREATE ROLE phusong LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
        admin.execute(f"CREATE DATABASE {name} OWNER phusong")
    with psycopg.connect(f"{server}/{name}", autocommit=True) as admin:
        admin.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    yield f"{server.replace('postgres@', 'phusong@')}/{name}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    """An empty store on each engine."""
    opened = open_store(address)
    yield opened
    opened.close()
