"""Damaged files of every format in the process that partners' files are read in: an answer, soon, and nothing else."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.files import samples
from tests.files.test_fuzz import ENDINGS, damaged, damaged_inside, seeds  # noqa: F401 (a fixture)

pytestmark = pytest.mark.slow
ROUNDS = int(os.environ.get("PHUSONG_FUZZ", "60"))
ROOT = Path(__file__).resolve().parents[2]
LONGEST_S = 10.0
# The process of `coverage.files.sandbox` with the same limits, but for many files in a row: to start it takes longer
# than to read. Whoever ends it (memory) is told by its name, and the next process goes on behind it.
START = """
import sys
sys.path.append(sys.argv[1])
from coverage.files.confined import limit_resources
limit_resources()
import json, time
from pathlib import Path
from coverage.errors import LayerError
from coverage.files import confined
from coverage.files.tables import read_table
folder, names = Path(sys.argv[2]), json.loads(Path(sys.argv[3]).read_text())
code = Path(sys.argv[1]) / "coverage"
kept = {sys.prefix, sys.base_prefix, str(code), str(code.parent / "data")}
confined.confine(folder, [Path(each) for each in sorted(kept)])
with (folder / "said").open("a") as out:
    for name in names:
        start = time.monotonic()
        print(json.dumps([name, "begun", 0]), file=out, flush=True)
        try:
            read_table(folder / "in" / name, max_rows=500_000)
            said = "read"
        except LayerError as error:
            said = error.code
        except MemoryError:
            said = "upload_too_heavy"
        except BaseException as error:
            said = f"!{type(error).__name__}: {error}"
        print(json.dumps([name, said, time.monotonic() - start]), file=out, flush=True)
"""


def answers(folder, names):
    """Return name → (answer, seconds) of files read one after the other."""
    found = {}
    while left := [name for name in names if name not in found]:
        (folder / "names.json").write_text(json.dumps(left))
        (folder / "said").write_text("")
        command = [sys.executable, "-I", "-B", "-c", START, str(ROOT), str(folder), str(folder / "names.json")]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
        lines = [json.loads(line) for line in (folder / "said").read_text().splitlines()]
        assert lines, done.stderr
        found |= {name: (said, seconds) for name, said, seconds in lines if said != "begun"}
        if lines[-1][1] == "begun":
            assert done.returncode in {-6, -9, -11, -7, 134, 137, 139}, (lines[-1], done.stderr[-500:])
            found[lines[-1][0]] = ("ended by its limits", 0.0)
    return found


@pytest.mark.parametrize("ending", [*(each for each in ENDINGS if each != ".tif"), ".xls"])
def test_a_damaged_file_is_answered_inside_its_limits(tmp_path, seeds, ending, capsys):  # noqa: F811
    chance = random.Random(f"confined {ending}")
    if ending == ".xls":
        samples.write_xls(tmp_path / "seed.xls")
    seed = (tmp_path / "seed.xls").read_bytes() if ending == ".xls" else seeds[ending]
    archive = ending in {".xlsx", ".zip", ".kmz", ".ods"}
    (tmp_path / "in").mkdir()
    names = [f"x{number}{ending}" for number in range(ROUNDS)]
    for number, name in enumerate(names):
        (tmp_path / "in" / name).write_bytes((damaged_inside if archive and number % 3 else damaged)(seed, chance))
    found = answers(tmp_path, names)
    assert len(found) == ROUNDS
    assert [(name, said) for name, (said, _) in found.items() if said.startswith("!")] == []
    slowest = max(seconds for _, seconds in found.values())
    assert slowest < LONGEST_S
    kinds = {said for said, _ in found.values()}
    assert kinds - {"read"}  # or the damage was none
    with capsys.disabled():
        sys.stdout.write(f"[{ending}: {ROUNDS} damaged files confined, slowest {slowest:.1f} s, {sorted(kinds)}]\n")
