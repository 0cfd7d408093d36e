"""Write requirements.lock and environment.yml from uv.lock and pyproject.toml, for those who use pip or conda.

uv.lock is the truth: neither file is ever edited, and a test fails when they disagree with it.
"""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

from run import find_uv

ROOT = Path(__file__).resolve().parents[1]
EXPORT = ["export", "--frozen", "--offline", "--no-dev", "--no-emit-project", "--no-header"]

REQUIREMENTS = """\
# Generated from uv.lock by `python3 run.py lock`; do not edit.
#   pip install --require-hashes -r requirements.lock
#   pip install --no-deps -e .
"""

# The project itself has no hash, so pip takes it and a hashed list only in two calls; conda makes one.
ENVIRONMENT = """\
# Generated from pyproject.toml by `python3 run.py lock`; do not edit.
#   conda env create -f environment.yml && conda activate {name}
# For exactly the versions of uv.lock, then: pip install --require-hashes -r requirements.lock
# The hot loops are compiled on first use; on a machine without a C compiler: pip install ziglang
name: {name}
channels:
  - conda-forge
  - nodefaults
dependencies:
  - python {python}
  - pip
  - pip:
      - --editable .
"""


def requirements(uv: Path) -> str:
    """Return the text of requirements.lock: every package the product needs, pinned, with hashes, for all platforms."""
    call = [str(uv), *EXPORT]
    lines = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S603 (our own)
    return REQUIREMENTS + lines


def environment() -> str:
    """Return the text of environment.yml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return ENVIRONMENT.format(name=project["name"], python=project["requires-python"])


def main() -> None:
    """Write both files."""
    (ROOT / "requirements.lock").write_text(requirements(find_uv()), "utf-8")
    (ROOT / "environment.yml").write_text(environment(), "utf-8")


if __name__ == "__main__":
    main()
