"""uv.lock is the truth: what pip and conda read says the same, and the whole stays small enough to download."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import parse_wheel_filename

import run
from tools import lock

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LOCKED: list[dict[str, Any]] = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]
REQUIREMENTS = (ROOT / "requirements.lock").read_text("utf-8")
LIMIT_MB = 400
LINUX_311 = {
    "python_full_version": "3.11.9", "python_version": "3.11", "sys_platform": "linux", "platform_system": "Linux",
    "platform_machine": "x86_64", "implementation_name": "cpython", "platform_python_implementation": "CPython",
    "os_name": "posix", "extra": "",
}  # fmt: skip


def own() -> dict[str, Any]:
    """Return the locked entry of this project."""
    return next(package for package in LOCKED if "editable" in package["source"])


def needed(environment: dict[str, str] | None) -> list[dict[str, Any]]:
    """Return every locked package the product itself needs: anywhere (None), or in one environment."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    waiting = list(own()["dependencies"])
    while waiting:
        wanted = waiting.pop()
        if environment and "marker" in wanted and not Marker(wanted["marker"]).evaluate(environment):
            continue
        for package in LOCKED:
            named = package["name"] == wanted["name"] and wanted.get("version") in {None, package["version"]}
            if named and (package["name"], package["version"]) not in found:
                found[package["name"], package["version"]] = package
                waiting += package.get("dependencies", [])
                for extra in wanted.get("extra", []):
                    waiting += package["optional-dependencies"][extra]
    return list(found.values())


def files_of(package: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the wheels and the source archive of a locked package."""
    return [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]


def test_requirements_pin_and_hash_exactly_what_uv_locked() -> None:
    entries = re.split(r"\n(?=[a-z0-9])", re.sub(r"(?m)^#.*\n|^ +#.*\n?", "", REQUIREMENTS).strip())
    listed = {}
    for entry in entries:
        head = re.match(r"([a-z0-9-]+)==([^\s;]+)", entry)
        assert head, entry
        listed[head.groups()] = set(re.findall(r"--hash=(sha256:[0-9a-f]{64})", entry))
    locked = {(p["name"], p["version"]): {file["hash"] for file in files_of(p)} for p in needed(None)}
    assert listed.keys() == locked.keys()
    assert listed == locked
    assert all(listed.values())


def test_requirements_name_no_host() -> None:
    assert "://" not in REQUIREMENTS
    assert "index-url" not in REQUIREMENTS


def test_requirements_are_what_the_pinned_uv_exports() -> None:
    private = run.PRIVATE / f"uv-{run.UV}" / "bin" / "uv"
    uv = next(filter(None, [os.environ.get("UV"), shutil.which("uv"), shutil.which(private)]), None)
    if uv is None or run.UV not in subprocess.run([uv, "--version"], capture_output=True, text=True, check=True).stdout:
        pytest.skip(f"needs uv {run.UV}; other versions may word the same list differently")
    assert lock.requirements(Path(uv)) == REQUIREMENTS, "run `python3 run.py lock`"


def test_environment_is_what_pyproject_says() -> None:
    assert (ROOT / "environment.yml").read_text("utf-8") == lock.environment(), "run `python3 run.py lock`"


def test_lock_answers_pyproject() -> None:
    def asked(texts: list[str]) -> set[tuple[str, str]]:
        return {(r.name.lower().replace("_", "-"), str(r.specifier)) for r in map(Requirement, texts)}

    def answered(rows: list[dict[str, str]]) -> set[tuple[str, str]]:
        return {(row["name"], row.get("specifier", "")) for row in rows}

    metadata = own()["metadata"]
    assert answered(metadata["requires-dist"]) == asked(PROJECT["project"]["dependencies"])
    assert metadata["requires-dev"].keys() == PROJECT["dependency-groups"].keys()
    for group, texts in PROJECT["dependency-groups"].items():
        assert answered(metadata["requires-dev"][group]) == asked(texts)


def test_no_package_that_takes_our_name() -> None:
    assert {"coverage", "pytest-cov", "mutmut"}.isdisjoint(package["name"] for package in LOCKED)


def download_bytes() -> dict[str, int]:
    """Return the size of what Python 3.11 on Linux downloads, by package."""
    platforms = [*(f"manylinux_2_{minor}_x86_64" for minor in range(36, 4, -1)), "manylinux2014_x86_64", "linux_x86_64"]
    tags: list[Tag] = [*cpython_tags((3, 11), platforms=platforms), *compatible_tags((3, 11), "cp311", platforms)]
    sizes = {}
    for package in needed(LINUX_311):
        best = len(tags), package.get("sdist", {}).get("size")
        for wheel in package.get("wheels", []):
            fits = parse_wheel_filename(wheel["url"].rsplit("/", 1)[1])[3]
            rank = min((tags.index(tag) for tag in fits if tag in tags), default=len(tags) + 1)
            best = min(best, (rank, wheel["size"]))
        sizes[package["name"]] = best[1]
    return sizes


def test_download_stays_small() -> None:
    sizes = download_bytes()
    assert {"numpy", "geopandas", "streamlit"} <= sizes.keys()
    assert sum(sizes.values()) / 1e6 < LIMIT_MB
