"""The files of the gap: everything a reader needs, the same bytes in every run."""

from __future__ import annotations

import io
import json

import pandas as pd
import pytest

import coverage as cov
from coverage.gapfiles import gap_documents, gap_summary, gap_wards


@pytest.fixture(scope="module")
def result() -> cov.Result:
    return cov.Study(cov.demo_city(), pixel_m=400).run()


def test_the_files_say_what_the_tables_say(result: cov.Result) -> None:
    files = gap_documents(result)
    assert set(files) == {"gap.csv", "gap.json", "connect.csv"}
    assert files == gap_documents(result)
    table = pd.read_csv(io.BytesIO(files["gap.csv"]), dtype={"ward_id": str})
    assert len(table) == 56
    assert table["synthetic"].all()
    assert table["gap_households"].sum() == pytest.approx(cov.gap_table(result)["gap_households"].sum())
    told = json.loads(files["gap.json"])
    assert told["synthetic"] is True
    assert told["groups"]["gap"]["value"] == pytest.approx(table["gap_households"].sum())
    assert set(told["groups"]) == {"both", "one", "gap"}  # 4G was not computed
    assert told["clusters"]["permutations"] == 999
    assert sum(told["kinds"]["counts"].values()) == table["kind"].notna().sum()
    connect = pd.read_csv(io.BytesIO(files["connect.csv"]), dtype={"ward_id": str})
    assert connect["to_connect"].sum() == pytest.approx(((1 - table["fixed_share"]) * table["households"]).sum())


def test_with_4g_the_groups_are_everybody(result: cov.Result) -> None:
    summary = gap_summary(gap_wards(result, result), lte=True)
    groups = summary["groups"]
    total = sum(groups[name]["value"] for name in ("both", "one", "only_4g", "neither"))
    assert total == pytest.approx(summary["households"])
    for group in groups.values():
        assert group["low"] <= group["value"] <= group["high"]
    assert 0 <= summary["inequality"]["nr"]["gini"] < 1


def test_a_range_without_an_estimate_gives_no_point(result: cov.Result) -> None:
    given = pd.DataFrame(
        {"connected_share": float("nan"), "connected_low": 0.4, "connected_high": 0.8}, index=result.wards.index
    )
    groups = gap_summary(gap_wards(result, connected=given), lte=False)["groups"]
    assert groups["gap"]["value"] is None
    assert groups["gap"]["low"] < groups["gap"]["high"]
