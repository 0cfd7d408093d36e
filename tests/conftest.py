"""What all tests share: real data and a Chromium where there are any, repeatable chance, a cache of their own."""

from __future__ import annotations

import os
import random
import shutil
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

import coverage

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("PHUSONG_SHARED", ROOT.parent / "shared" / "data"))
REFERENCE = Path(os.environ.get("PHUSONG_REFERENCE", SHARED / "validation"))
# A deadline per example would time the machine, not the code.
settings.register_profile("phusong", deadline=None)
settings.load_profile("phusong")

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

if Path(str(coverage.__file__)).resolve().parent != ROOT / "coverage":
    pytest.exit(
        f"the tests imported {coverage.__file__} instead of the package in this folder: run `python3 run.py test`, "
        "and keep coverage.py and pytest-cov out of the environment",
        returncode=4,
    )


def browser_required() -> bool:
    """Tell whether a missing browser is a failure (`run.py test --browser`) rather than a reason to skip."""
    return os.environ.get("PHUSONG_BROWSER", "") not in {"", "0"}


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real data, which may not be shipped; skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"real data not found in {SHARED} (set PHUSONG_SHARED); it may not be shipped with the product")
    return SHARED


@pytest.fixture(scope="session")
def reference() -> Path:
    """Return the folder of published cases of the propagation models; skip where it is absent."""
    if not REFERENCE.is_dir():
        pytest.skip(f"published cases not found in {REFERENCE} (set PHUSONG_REFERENCE); they may not be shipped")
    return REFERENCE


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of a Chromium; skip where there is none, or fail when browser tests were insisted on."""
    named = os.environ.get("PHUSONG_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if found is None:
        reason = "no Chromium on PATH (sudo apt install chromium, or set PHUSONG_CHROMIUM)"
        pytest.fail(reason) if browser_required() else pytest.skip(reason)
    return found


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep what the product caches between runs out of the person's home and out of other test runs."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHUSONG_CACHE", str(folder))
        yield folder


@pytest.fixture(autouse=True)
def same_chance() -> None:
    """Start every test from the same random state: a failure can be repeated."""
    random.seed(20230101)
    np.random.seed(20230101)  # noqa: NPY002 (for libraries that still use the global state)


@pytest.fixture(autouse=True)
def same_main(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give back `__main__` after every test: Streamlit's AppTest leaves its script there, and a new process runs it."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skipped browser test into a failure when browsers were insisted on, whoever skipped it."""
    report = yield
    skipped = report.skipped and not hasattr(report, "wasxfail")
    if skipped and browser_required() and item.get_closest_marker("browser"):
        report.outcome = "failed"
        report.longrepr = f"skipped although --browser insists: {report.longrepr}"
    return report
