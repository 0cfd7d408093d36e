"""Losses kept on disk: whole or not at all, within a limit, and in memory where nothing can be written."""

import os

import numpy as np
import pytest

from coverage import losses
from coverage.losses import Losses, trim


@pytest.fixture(autouse=True)
def empty(tmp_path, monkeypatch):
    monkeypatch.setenv("PHUSONG_CACHE", str(tmp_path))
    return tmp_path / "phusong" / "losses"


def some(rows=7, cols=5, seed=0):
    return np.random.default_rng(seed).integers(-32768, 32767, (rows, cols)).astype(np.int16)


def test_what_is_put_is_there_for_the_next_run(empty):
    mine = some()
    assert not Losses().has("a")
    Losses().put("a", mine)
    again = Losses()
    assert again.has("a")
    np.testing.assert_array_equal(again.rows("a", slice(0, 7)), mine)
    np.testing.assert_array_equal(again.rows("a", slice(2, 5)), mine[2:5])
    assert [path.name for path in empty.iterdir()] == ["a"], "no drafts stay behind"


def test_rows_that_lie_apart_in_memory_are_kept_as_they_are():
    wide = some(9, 11)
    Losses().put("a", wide[1:8, 3:9])
    found = Losses()
    assert found.has("a")
    np.testing.assert_array_equal(found.rows("a", slice(0, 7)), wide[1:8, 3:9])


@pytest.mark.parametrize("damage", ["cut", "longer", "changed", "empty", "other"])
def test_a_damaged_file_is_as_good_as_none(damage, empty):
    Losses().put("a", some())
    path = empty / "a"
    data = bytearray(path.read_bytes())
    if damage == "changed":
        data[-3] ^= 1
    whole = {"cut": data[:-2], "longer": data + b"12", "empty": b"", "other": b"RIFF" + data[4:]}
    path.write_bytes(bytes(whole.get(damage, data)))
    assert not Losses().has("a")


def test_a_file_taken_away_meanwhile_is_missed(empty):
    kept = Losses()
    kept.put("a", some())
    (empty / "a").unlink()
    with pytest.raises(KeyError):
        kept.rows("a", slice(0, 3))
    kept.forget("a")
    assert not kept.has("a")


def test_where_nothing_can_be_written_this_run_still_works(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    monkeypatch.setenv("PHUSONG_CACHE", str(blocked))
    kept = Losses()
    kept.put("a", some())
    assert kept.has("a")
    np.testing.assert_array_equal(kept.rows("a", slice(1, 3)), some()[1:3])
    assert not Losses().has("a")


def test_what_was_used_longest_ago_goes_first(empty, monkeypatch):
    kept = Losses()
    for age, key in enumerate(("new", "old", "older")):
        kept.put(key, some(1000, 100))
        os.utime(empty / key, (1e9 - age, 1e9 - age))
    assert Losses().has("older")  # used again just now
    monkeypatch.setenv("PHUSONG_CACHE_GB", "0.00045")
    trim()
    assert {path.name for path in empty.iterdir()} == {"new", "older"}
    monkeypatch.setenv("PHUSONG_CACHE_GB", "not a number")
    assert losses.limit_bytes() == losses.LIMIT_GB * 1e9
