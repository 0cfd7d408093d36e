"""Our package is called `coverage`, like coverage.py: that must neither break numba nor let a stranger in."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import coverage
import phusong

ROOT = Path(__file__).resolve().parents[1]
JIT = "numba.njit(lambda x: x + 1)(41) == 42"  # compiles: numba asks `coverage` for a running measurement here


def python(code: str, *, cwd: Path = ROOT, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a line of Python on its own."""
    env = os.environ | {"PYTHONPATH": str(path or ROOT)}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=120
    )


def stranger(folder: Path) -> Path:
    """Write a package named `coverage` that is not ours, and return the folder that holds it."""
    package = folder / "coverage"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("version_info = (7, 6, 0)\n", "utf-8")
    return folder


def test_the_package_imported_is_ours() -> None:
    assert Path(str(coverage.__file__)).resolve() == ROOT / "coverage" / "__init__.py"
    assert phusong.stranger() is None


def test_no_other_distribution_brings_the_name() -> None:
    assert set(packages_distributions().get("coverage", [])) <= {"phusong"}


@pytest.mark.parametrize("order", ["import numba, coverage", "import coverage, numba"])
def test_numba_imports_first_and_second(order: str) -> None:
    done = python(f"{order}; assert {JIT}; assert coverage.__file__.startswith({str(ROOT)!r})")
    assert done.returncode == 0, done.stderr


def test_numba_imports_in_a_worker_process() -> None:
    spawn = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=spawn) as pool:
        assert pool.submit(exec, f"import numba; assert {JIT}").result(timeout=120) is None


def test_numba_imports_under_streamlit() -> None:
    script = f"import numba, streamlit as st; st.text({JIT}); import coverage; st.text(coverage.__file__)"
    run = f"from streamlit.testing.v1 import AppTest; app = AppTest.from_string({script!r}).run(timeout=120)"
    done = python(f"{run}; assert not app.exception; print(*(text.value for text in app.text))")
    assert done.stdout.split() == ["True", str(ROOT / "coverage" / "__init__.py")], done.stderr


def test_a_stranger_is_named(tmp_path: Path) -> None:
    folder = stranger(tmp_path / "site")
    done = python("import phusong; print(phusong.stranger())", cwd=tmp_path, path=folder)
    where = str(folder / "coverage" / "__init__.py")
    assert done.stdout.strip() == where, done.stderr
    told = python("import phusong; raise SystemExit(phusong.main())", cwd=tmp_path, path=folder)
    assert told.returncode == 2
    vi, en = told.stderr.strip().splitlines()
    assert where in vi
    assert where in en
    assert "run.py" in vi
    assert "run.py" in en
