"""Killed at any moment: what was acknowledged is there whole, and nothing is half there."""

from __future__ import annotations

import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from coverage.store.audit import verify
from coverage.store.engine import Store
from coverage.store.migrating import open_store
from coverage.store.principal import SYSTEM
from coverage.store.submissions import submissions, submit
from tests.store.people import account, upload

ROOT = Path(__file__).resolve().parents[2]
# One process loads the libraries and forks a writer for each kill: five hundred interpreters would take half an hour.
FORKER = """
import os, pickle, random, signal, sys, time
from coverage.store.migrating import open_store
from coverage.store.submissions import submit
address, folder, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])
with open(folder + "/given", "rb") as given, open(folder + "/who", "rb") as who:
    given, who = pickle.load(given), pickle.load(who)
chance = random.Random(2023)
for _ in range(runs):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        store = open_store(address)
        os.write(writing, b"ready\\n")
        while True:
            with store.writing(who) as access:
                kept = submit(access, given)
            os.write(writing, (kept.id + "\\n").encode())  # only what is committed is acknowledged
    os.close(writing)
    first = os.read(reading, 6)
    time.sleep(chance.uniform(0.0, 0.3))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(reading) as told:
        print(told.read(), end="", flush=True)
    print("killed", flush=True)
"""


def _killed(address: str, folder: Path, runs: int) -> tuple[int, set[str]]:
    """Kill a stream of submissions at random moments, and return how many kills and what was acknowledged."""
    store = open_store(address)
    who = account(store, "Viettel").principal
    store.close()
    (folder / "given").write_bytes(pickle.dumps(upload(sites=20)))
    (folder / "who").write_bytes(pickle.dumps(who))
    call = [sys.executable, "-c", FORKER, address, str(folder), str(runs)]
    done = subprocess.run(call, capture_output=True, text=True, cwd=ROOT, check=True)
    words = done.stdout.split()
    return words.count("killed"), set(words) - {"killed"}


def _whole(address: str, acknowledged: set[str]) -> None:
    store = open_store(address)
    with store.reading(SYSTEM) as access:
        there = {each.id: each.rows for each in submissions(access)}
    assert acknowledged <= there.keys()
    assert set(there.values()) <= {60}
    assert verify(store).findings == ()  # files and rows of every submission, acknowledged or not, are whole
    store.close()


@pytest.mark.parametrize("runs", [20, pytest.param(500, marks=pytest.mark.slow)])
def test_killed_at_random_moments(address: str, tmp_path: Path, runs: int) -> None:
    kills, acknowledged = _killed(address, tmp_path, runs)
    assert kills == runs
    assert acknowledged
    _whole(address, acknowledged)


def test_twenty_partners_at_the_same_time(store: Store) -> None:
    people = [account(store, f"partner {n}").principal for n in range(20)]
    given = [upload(sites=4, seed=n, operator=who.partner or "") for n, who in enumerate(people)]

    def work(n: int) -> set[str]:
        kept = set()
        for _ in range(3):
            with store.writing(people[n]) as access:
                kept.add(submit(access, given[n]).id)
        return kept

    with ThreadPoolExecutor(20) as pool:
        kept = list(pool.map(work, range(20)))
    for who, own in zip(people, kept, strict=True):
        with store.reading(who) as access:
            assert {each.id for each in submissions(access)} == own
    assert verify(store).findings == ()
