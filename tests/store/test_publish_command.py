from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from coverage.cli import main
from coverage.store.migrating import open_store
from coverage.store.submissions import Upload, decide, submit
from tests.store.people import account, layer


def test_publish_writes_open_data_and_says_who(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = str(tmp_path / "store.db"), tmp_path / "out"
    store = open_store(path)
    planner, partner = account(store, "Lan", "planner"), account(store, "Viettel")
    asked = ["publish", "--store", path, "--pixel", "400", "--lang", "en", "--out", str(out)]
    assert main(asked) == 2
    assert "PHUSONG_TOKEN" in capsys.readouterr().err
    assert main([*asked, "--as", "Lan"]) == 2  # nothing was accepted yet
    with store.writing(partner.principal) as access:
        number = submit(access, Upload(file_name="tram.csv", content=b"x", layer=layer(sites=30))).id
    with store.writing(planner.principal) as access:
        decide(access, number, "accept")
    assert main([*asked, "--as", "Viettel"]) == 2
    assert not out.exists()
    capsys.readouterr()
    assert main([*asked, "--as", "Lan", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    for name, file in told["files"].items():
        content = (out / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file["sha256"]
        assert b"S0-1" not in content
    assert {each.name for each in out.iterdir()} == {*told["files"], "release.json"}
    store.close()
