"""The one script a newcomer starts: what it finds, what it calls, and what it says when it cannot go on."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import run
from coverage.radio import native
from coverage.radio.native import __main__ as compiling

ROOT = Path(__file__).resolve().parents[1]


def fake_uv(folder: Path, version: str) -> Path:
    """Write a program that answers ``--version`` like uv."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "uv"
    path.write_text(f"#!/bin/sh\necho 'uv {version} (0123abc 2026-01-01)'\n", "utf-8")
    path.chmod(0o755)
    return path


@pytest.mark.skipif(os.name == "nt", reason="the fake uv is a shell script")
@pytest.mark.parametrize(
    ("version", "usable"), [("0.7.22", False), ("0.8.0", True), ("0.13.9", True), ("1.0.0", True), ("", False)]
)
def test_only_a_uv_that_reads_our_lock_is_used(tmp_path: Path, version: str, usable: bool) -> None:
    assert run.usable_uv(fake_uv(tmp_path, version)) is usable


def test_a_program_that_is_absent_or_broken_is_not_used(tmp_path: Path) -> None:
    assert not run.usable_uv(tmp_path / "absent")
    assert not run.usable_uv("false")


@pytest.mark.skipif(os.name == "nt", reason="the fake uv is a shell script")
def test_uv_on_path_comes_first_and_an_old_one_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = fake_uv(tmp_path / "path", "0.9.1")
    own = fake_uv(tmp_path / f"uv-{run.UV}" / "bin", run.UV)
    monkeypatch.setattr(run, "PRIVATE", tmp_path)
    monkeypatch.setenv("PATH", f"{found.parent}{os.pathsep}{os.environ['PATH']}")
    assert run.find_uv() == found
    fake_uv(found.parent, "0.4.0")
    assert run.find_uv() == own


def test_missing_ensurepip_is_one_plain_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "PRIVATE", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(run, "find_spec", lambda name: None if name == "ensurepip" else object())
    monkeypatch.chdir(ROOT)
    assert run.main(["check"]) == 2
    said = capsys.readouterr().err.splitlines()
    assert [line.endswith("sudo apt install python3-venv") for line in said] == [True, True]


def test_an_old_python_is_one_plain_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run.sys, "version_info", (3, 10, 12))
    assert run.main(["test"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "PhủSóng cần Python 3.11 trở lên.",
        "PhủSóng needs Python 3.11 or newer.",
    ]


def test_without_a_verb_every_verb_is_listed_in_both_languages() -> None:
    for arguments, code in ([], 0), (["--help"], 0), (["nonsense"], 2):
        done = subprocess.run([sys.executable, str(ROOT / "run.py"), *arguments], capture_output=True, check=False)
        said = done.stdout.decode("utf-8")
        assert done.returncode == code
        assert all(f"run.py {verb} " in said and vi in said and en in said for verb, (vi, en) in run.VERBS.items())


def test_fast_tests_by_default_and_slow_ones_when_asked() -> None:
    env: dict[str, str] = {}
    assert run.pytest_command([], env)[3:] == ["-m", "not slow", "-n", "2", "--dist", "loadfile"]
    assert run.pytest_command(["--all"], env)[3:] == ["-n", "2", "--dist", "loadfile"]
    assert run.pytest_command(["-k", "grid"], env)[3:] == ["-m", "not slow", "-k", "grid"]
    assert run.pytest_command(["--all"], {"PHUSONG_JOBS": "1"})[3:] == []
    assert "PHUSONG_BROWSER" not in env


def test_browser_insists() -> None:
    env: dict[str, str] = {}
    assert "--browser" not in run.pytest_command(["--browser"], env)
    assert env["PHUSONG_BROWSER"] == "1"


def test_the_app_says_where_it_is_and_when_its_place_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert run.address(["--server.port", str(port)]) == f"http://localhost:{port}"
        taken.listen()
        with pytest.raises(run.RunError, match=f"--server.port {port + 1}\n"):
            run.address([f"--server.port={port}"])


def test_benches_are_named_and_take_options() -> None:
    radio = ["python", "-m", "bench.radio", "--repeats=3"]
    assert run.commands("bench", ["radio", "--repeats=3"], {}) == (["test"], [radio])
    assert ["python", "-m", "bench.demo_city"] in run.commands("bench", [], {})[1]


def test_every_verb_has_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "address", lambda _: "")
    for verb in run.VERBS:
        _, calls = run.commands(verb, [], {})
        assert all(calls), verb


@pytest.mark.parametrize(
    ("codes", "calls"), [([0], 1), ([run.NO_COMPILER, 0], 2), ([run.NO_COMPILER] * 2, 2), ([2], 1)]
)
def test_ziglang_is_asked_for_only_where_nothing_compiles(
    monkeypatch: pytest.MonkeyPatch, codes: list[int], calls: int
) -> None:
    made: list[list[str]] = []
    monkeypatch.setattr(run.subprocess, "call", lambda call, **_: (made.append(call), codes[len(made) - 1])[1])
    run.compile_loops("uv", {})
    assert ["--group=compiler" in call for call in made] == [False, True][:calls]


def test_run_and_the_loops_mean_the_same_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHUSONG_COMPILER", "ziglang")
    monkeypatch.setattr(native, "compilers", tuple)
    assert compiling.main() == run.NO_COMPILER
    monkeypatch.setenv("PHUSONG_NATIVE", "0")
    assert compiling.main() == 0


def test_environment_is_usable_without_a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "PRIVATE", tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "absent"))
    monkeypatch.setenv("VIRTUAL_ENV", "elsewhere")
    env = run.environment()
    assert os.access(env["HOME"], os.W_OK)
    assert env["UV_PYTHON_DOWNLOADS"] == "never"
    assert "VIRTUAL_ENV" not in env
