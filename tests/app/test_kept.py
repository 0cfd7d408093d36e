import logging
import os
import pickle
import threading
import time

import pytest

from coverage.app import kept
from coverage.app.kept import Kept, cache_dir, fingerprint


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PHUSONG_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def counted(values):
    """Return a maker that hands out the values one by one and fails after the last."""
    rest = iter(values)
    return lambda: next(rest)


def test_a_value_is_made_once():
    store = Kept(2)
    assert [store.get("a", counted([1])), store.get("a", counted([2]))] == [1, 1]


def test_the_least_recently_used_is_forgotten():
    store = Kept(2)
    for key in ("a", "b", "a", "c"):
        store.get(key, counted([key]))
    assert store.get("a", counted(["again"])) == "a"
    assert store.get("b", counted(["again"])) == "again"


def test_one_makes_and_the_others_wait():
    store, made, found = Kept(2), [], []

    def make():
        made.append(1)
        time.sleep(0.1)
        return 7

    threads = [threading.Thread(target=lambda: found.append(store.get("a", make))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), found) == (1, [7] * 8)


def test_another_key_does_not_wait():
    store = Kept(2)
    assert store.get("a", lambda: store.get("b", lambda: 1) + 1) == 2


def test_after_a_failure_it_is_made_again():
    store = Kept(2)
    with pytest.raises(StopIteration):
        store.get("a", counted([]))
    assert store.get("a", counted([1])) == 1


def test_a_named_value_outlives_the_process(folder):
    Kept(1, "x").get("a", counted([{"v": 1}]))
    assert Kept(1, "x").get("a", counted([])) == {"v": 1}
    with pytest.raises(StopIteration):
        Kept(1, "x").get("other", counted([]))
    if os.name == "posix":
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_broken_file_is_made_again(folder, caplog):
    Kept(1, "x").get("a", counted([1]))
    (file,) = folder.iterdir()
    file.write_bytes(file.read_bytes()[:-3])
    with caplog.at_level(logging.WARNING, "phusong.app"):
        assert Kept(1, "x").get("a", counted([2])) == 2
    assert file.name in caplog.text
    assert pickle.loads(file.read_bytes()) == 2


@pytest.mark.skipif(os.name != "posix", reason="file modes of POSIX")
def test_a_file_that_others_could_have_written_is_not_opened(folder):
    Kept(1, "x").get("a", counted([1]))
    folder.chmod(0o777)
    assert Kept(1, "x").get("a", counted([2])) == 2


def test_only_the_newest_files_stay(folder, monkeypatch):
    monkeypatch.setattr(kept, "KEPT_FILES", 3)
    for key in range(6):
        Kept(1, "x").get(str(key), counted([key]))
        for age, file in enumerate(sorted(folder.iterdir(), key=lambda each: each.stat().st_mtime_ns)):
            os.utime(file, (age, age))
    assert len(list(folder.iterdir())) == 3
    assert Kept(1, "x").get("5", counted([])) == 5


def test_a_folder_that_cannot_be_written_is_no_failure(tmp_path, monkeypatch, caplog):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("PHUSONG_CACHE", str(tmp_path / "file" / "below"))
    assert Kept(1, "x").get("a", counted([1])) == 1
    assert "cannot be written" in caplog.text


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_every_system_has_a_place_for_caches(platform, tmp_path, monkeypatch):
    monkeypatch.delenv("PHUSONG_CACHE")
    monkeypatch.setattr("sys.platform", platform)
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path))
    assert cache_dir().name == "phusong"


def city(folder):
    (folder / "city.toml").write_text('name = "x"\n[layers]\nwards = "wards.csv"\n')
    (folder / "wards.csv").write_text("ward_id\n1\n")
    return folder / "city.toml"


def test_the_fingerprint_follows_every_file_it_rests_on(tmp_path):
    file = city(tmp_path)
    marks = [fingerprint(file), fingerprint(file)]
    (tmp_path / "wards.csv").write_text("ward_id\n2\n")
    marks.append(fingerprint(file))
    (tmp_path / "wards.csv.toml").write_text("synthetic = true\n")
    marks.append(fingerprint(file))
    file.write_text(file.read_text() + "# other\n")
    marks.append(fingerprint(file))
    (tmp_path / "unrelated.csv").write_text("1")
    marks.append(fingerprint(file))
    assert marks[0] == marks[1]
    assert marks[4] == marks[5]
    assert len(set(marks)) == 4


@pytest.mark.parametrize("content", [None, b"= broken", b"\xff\xfe\x00"])
def test_a_city_that_cannot_be_read_still_has_one(tmp_path, content):
    if content is not None:
        (tmp_path / "city.toml").write_bytes(content)
    assert len(fingerprint(tmp_path / "city.toml")) == 64


def test_the_fingerprint_follows_the_code(tmp_path, monkeypatch):
    file = city(tmp_path)
    before = fingerprint(file)
    monkeypatch.setattr(kept, "_code", lambda: "other code")
    assert fingerprint(file) != before
