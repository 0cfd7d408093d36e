"""An operator's monthly job: `phusong submit` against a started app and against a store, as cron would run it."""

from __future__ import annotations

import csv
import hashlib
import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from unittest import mock
from urllib.parse import urlsplit

import pytest
from sqlalchemy import insert

from coverage.cli import main
from coverage.store.accounts import close_keys, open_key
from coverage.store.engine import Store
from coverage.store.migrating import open_store
from coverage.store.principal import SYSTEM, Principal
from coverage.store.submissions import remembered, submissions
from coverage.store.tables import access_key
from tests.app.serving import ROOT, served
from tests.store.people import account

pytestmark = pytest.mark.slow
DEMO = ROOT / "data" / "demo"
WHO = Principal(account_id="", name="test", role="partner", partner="VNPT")


@dataclass
class Operator:
    """A store, who may come in, and where the app answers."""

    store: Store
    folder: Path
    address: str
    token: str


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    folder = tmp_path_factory.mktemp("operator")
    store = open_store(folder / "store.db")
    token = open_key(store, account(store, "may-nop", "partner", "VNPT"), "token")
    with served(folder) as address:
        yield Operator(store=store, folder=folder, address=address, token=token)
    store.close()


def cells(path: Path, rows: int = 30, **changes: str) -> Path:
    """Write cells of VNPT out of the demo city (synthetic), the last one changed."""
    with (DEMO / "cells.csv").open(encoding="utf-8-sig") as stream:
        found = [row for row in csv.DictReader(stream) if row["operator"] == "VNPT" and row["technology"] == "NR"]
    found = found[:rows]
    found[-1] |= changes
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, found[0].keys())
        writer.writeheader()
        writer.writerows(found)
    return path


def run(token: str, *words: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command as its own program does, in this process: a fresh one loads its libraries for seconds."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PHUSONG_")}
    whole = {**own, **({"PHUSONG_TOKEN": token} if token else {}), **env}
    out, err = StringIO(), StringIO()
    with mock.patch.dict(os.environ, whole, clear=True), redirect_stdout(out), redirect_stderr(err):
        code = main(["submit", *map(str, words), "--lang", "en"])
    return subprocess.CompletedProcess([], code, out.getvalue(), err.getvalue())


def test_as_a_program_of_its_own(operator: Operator, tmp_path: Path) -> None:
    env = {**os.environ, "PHUSONG_TOKEN": operator.token, "PHUSONG_URL": operator.address}
    command = [sys.executable, "-m", "coverage", "submit", str(cells(tmp_path / "own.csv", rows=9)), "--layer", "cells"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode in {0, 1}, done.stderr
    assert "Đã nộp 9 dòng" in done.stdout


def kept(operator: Operator) -> int:
    with operator.store.reading(WHO) as access:
        return len(submissions(access))


def test_a_file_by_http_is_kept_once_and_answered_row_by_row(operator: Operator, tmp_path: Path) -> None:
    before = kept(operator)
    path = cells(tmp_path / "Trạm tháng 1.csv", azimuth_deg="720", latitude="108.2", longitude="16.05")
    first = run(operator.token, path, "--layer", "cells", "--url", operator.address, "--json")
    told = json.loads(first.stdout)
    assert (first.returncode, told["accepted"], told["refused"]) == (1, 29, 1), first.stdout + first.stderr
    assert told["submission"]["rows"] == 29
    assert told["file"] == "Trạm tháng 1.csv"
    assert {"out_of_range"} <= {each["code"] for each in told["problems"] if each["severity"] == "error"} | {
        "out_of_range"
    }
    assert any(each["row"] == 31 and each["message_vi"] and each["message_en"] for each in told["problems"])
    again = run(operator.token, path, "--layer", "cells", PHUSONG_URL=operator.address)
    assert again.returncode == 1
    assert told["submission"]["id"] in again.stdout
    assert kept(operator) == before + 1


def test_lines_by_http_and_a_check_that_keeps_nothing(operator: Operator, tmp_path: Path) -> None:
    with (DEMO / "subscriptions.csv").open(encoding="utf-8-sig") as stream:
        rows = [row for row in csv.DictReader(stream) if row["operator"] == "VNPT"]
    path = tmp_path / "lines.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    before = kept(operator)
    only = run(operator.token, path, "--layer", "subscriptions", "--url", operator.address, "--check-only", "--json")
    assert json.loads(only.stdout)["submission"] is None, only.stdout + only.stderr
    assert kept(operator) == before
    done = run(operator.token, path, "--layer", "subscriptions", "--url", operator.address, "--json")
    assert json.loads(done.stdout)["submission"]["status"] == "waiting"
    assert done.returncode in {0, 1}
    assert kept(operator) == before + 1


def test_a_store_of_the_same_machine(operator: Operator, tmp_path: Path) -> None:
    path = cells(tmp_path / "local.csv", rows=12)
    text = path.read_text("utf-8").replace("azimuth_deg", "Huong nhin anten", 1)
    path.write_text(text, "utf-8")
    at = ("--store", operator.folder / "store.db", "--wards", DEMO / "wards.geojson")
    done = run(operator.token, path, "--layer", "cells", *at, "--map", "azimuth_deg=Huong nhin anten", "--json")
    told = json.loads(done.stdout)
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    assert told["submission"]["rows"] == told["accepted"] == 12
    with operator.store.reading(WHO) as access:
        assert remembered(access, "cells")["azimuth_deg"] == "Huong nhin anten"
    # The next file needs no --map: the column was confirmed.
    path.write_text(text.replace("\n", "\n\n", 1), "utf-8")
    later = run(operator.token, path, "--layer", "cells", "--url", operator.address, "--check-only", "--json")
    assert json.loads(later.stdout)["mapping"]["azimuth_deg"] == "Huong nhin anten"


def refused(done: subprocess.CompletedProcess[str]) -> str:
    assert (done.returncode, done.stdout) == (2, ""), done.stdout + done.stderr
    (line,) = done.stderr.strip().splitlines()
    return line


def test_every_bad_token_is_one_sentence(operator: Operator, tmp_path: Path) -> None:
    path, before = cells(tmp_path / "t.csv"), kept(operator)
    store = operator.store
    closed, old = account(store, "dong", "partner", "VNPT"), account(store, "cu", "partner", "VNPT")
    planner = account(store, "Lan", "planner")
    session = open_key(store, old, "session")
    gone = open_key(store, closed, "token")
    assert close_keys(store, closed) == 1
    expired = expiring(store, old.id)
    sentences = {
        "": "PHUSONG_TOKEN", "phs_wrong": "no token of this store", session: "no token of this store",
        gone: "was closed on", expired: "expired on", open_key(store, planner, "token"): "may not do this",
    }  # fmt: skip
    for where in (("--url", operator.address), ("--store", operator.folder / "store.db")):
        for token, said in sentences.items():
            assert said in refused(run(token, path, "--layer", "cells", *where))
        other = run(operator.token, path, "--layer", "cells", *where, "--partner", "Viettel")
        assert "Viettel" in refused(other)
    assert kept(operator) == before


def expiring(store: Store, account_id: str) -> str:
    """Return a token that was good until last year."""
    key = "phs_old"
    with store.writing(SYSTEM) as access:
        access.connection.execute(
            insert(access_key).values(
                hash=hashlib.sha256(key.encode()).hexdigest(), account_id=account_id, kind="token", label="",
                at="2024-01-01", expires="2025-01-01T00:00:00.000000+00:00",
            )
        )  # fmt: skip
    return key


def test_what_cannot_be_used_or_reached_is_one_sentence(operator: Operator, tmp_path: Path) -> None:
    broken = tmp_path / "x.xlsx"
    broken.write_bytes(b"PK\x03\x04 junk")
    before = kept(operator)
    assert "x.xlsx" in refused(run(operator.token, broken, "--layer", "cells", "--url", operator.address))
    as_json = run(operator.token, broken, "--layer", "cells", "--url", operator.address, "--json")
    assert (as_json.returncode, json.loads(as_json.stdout)["accepted"]) == (2, 0)
    good = cells(tmp_path / "t.csv")
    assert "again" in refused(run(operator.token, good, "--layer", "cells", "--url", "http://127.0.0.1:9"))
    clear = run(operator.token, good, "--layer", "cells", "--url", "http://phusong.example")
    assert "not encrypted" in refused(clear)
    assert "file:///" in refused(run(operator.token, good, "--layer", "cells", "--url", "file:///etc"))
    assert "--wards" in refused(
        run(operator.token, good, "--layer", "cells", "--url", operator.address, "--wards", DEMO / "wards.geojson")
    )
    assert kept(operator) == before


def test_more_than_the_app_takes_is_refused_while_it_comes(operator: Operator) -> None:
    parts = urlsplit(operator.address)
    asking = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    chunk, sent = b"x" * (1 << 20), 0
    asking.putrequest("POST", "/api/submissions?layer=cells&name=big.csv")
    asking.putheader("Authorization", f"Bearer {operator.token}")
    asking.putheader("Content-Length", str(200 << 20))
    asking.endheaders()
    try:
        while sent < 200:
            asking.send(chunk)
            sent += 1
    except OSError:
        pass
    else:
        answer = asking.getresponse()
        assert (answer.status, json.loads(answer.read())["error"]["code"]) == (413, "upload_too_large")
    assert sent < 200 or answer.status == 413
    asking.close()


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_the_route_takes_files_only(operator: Operator, method: str) -> None:
    parts = urlsplit(operator.address)
    asking = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    asking.request(method, "/api/submissions", headers={"Authorization": f"Bearer {operator.token}"})
    answer = asking.getresponse()
    answer.read()
    assert answer.status == 405
    asking.request("POST", "/api/submissions?layer=households&name=x.csv", b"a", {"Authorization": "Bearer no"})
    answer = asking.getresponse()
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    asking.close()
