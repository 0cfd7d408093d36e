"""`phusong households`: the contract of its arguments and files."""

import json

import pandas as pd
import pytest

from coverage.cli import main
from coverage.internet.indicators import INDICATORS

FIRST = [
    "ward_id", "name", "edition", "households", "lines", "lines_per_100_households", "connected_share",
    "connected_low", "connected_high", "status",
]  # fmt: skip
DEMO = "data/demo"


def run(folder, *words):
    code = main(["households", "--out", str(folder), "--lang", "en", *words])
    table = pd.read_csv(folder / "households.csv", dtype={"ward_id": str})
    return code, table, json.loads((folder / "households.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return run(tmp_path_factory.mktemp("demo"))


def test_without_files_the_demo_city_is_estimated(demo):
    code, table, document = demo
    assert code == 0
    assert list(table.columns[: len(FIRST)]) == FIRST
    assert set(INDICATORS) <= set(table.columns)
    assert len(table) == 56
    assert table["households"].sum() == 300_501
    assert document["city"]["synthetic"]
    assert document["city"]["connected_low"] < document["city"]["connected_share"] < document["city"]["connected_high"]
    assert document["survey"]["connected_share"]["mean_squared_error"] > 0
    assert document["dates"] == {"lines": "2022-12", "households": "2019-04", "known": True, "years": 44 / 12}
    assert document["ratios"]["assumed"]


def test_where_there_are_cells_the_gap_is_written_beside_it(demo, tmp_path_factory):
    gap = pd.read_csv(next(tmp_path_factory.getbasetemp().glob("demo*/gap.csv")))
    assert len(gap) == len(demo[1])


def test_hamlets_are_ranked_by_households_in_the_gap(tmp_path):
    places = tmp_path / "places.csv"
    places.write_text("hamlet,longitude,latitude\nPhú Túc,108.05,15.98\nThạch Thang,108.22,16.07\n", encoding="utf-8")
    assert run(tmp_path, "--hamlets", str(places))[0] == 0
    found = pd.read_csv(tmp_path / "hamlets.csv")
    assert found["households"].sum() == pytest.approx(300_501)
    assert found["rank"].tolist() == [1, 2]
    assert found["gap_households"].is_monotonic_decreasing
    assert found["row"].tolist() in ([2, 3], [3, 2])


def test_hamlets_without_what_they_need_are_refused(tmp_path, capsys):
    given = ["--hamlets", str(tmp_path / "none.csv"), "--out", str(tmp_path), "--lang", "en"]
    assert main(["measure", *given]) == 2
    assert "--gap" in capsys.readouterr().err


def test_every_indicator_is_explained_in_both_languages(demo):
    texts = demo[2]["indicators"]
    assert set(texts) == set(INDICATORS)
    assert all(text["vi"] and text["en"] and text["vi"] != text["en"] for text in texts.values())


def test_a_ward_with_more_lines_than_households_is_flagged_and_a_ward_without_lines_is_marked(demo):
    _, table, document = demo
    wards = table.set_index("ward_id")
    assert wards.loc["20236", "flags"] == "more_lines_than_households"
    assert wards.loc["20236", "lines_per_100_households"] > 100
    assert wards.loc["20236", "connected_high"] <= 1
    assert document["flags"]["more_lines_than_households"] == ["20236"]
    assert wards.index[wards["status"] == "model"].tolist() == ["20212", "20317", "20329"]
    assert wards.loc["20212", "lines"] != wards.loc["20212", "lines"], "nobody counted them"
    assert document["prediction"]["wards"] == ["20212", "20317", "20329"]


def test_households_of_another_edition_are_those_of_the_census_carried(tmp_path):
    _, table, _ = run(tmp_path, "--edition", "2025h2")
    wards = table.set_index("name")["households"]
    assert wards[["Hải Châu", "Hòa Cường", "Thanh Khê", "An Hải"]].tolist() == [26_239, 28_168, 40_722, 17_487]
    assert wards.sum() == 300_501
    assert table["status"].notna().all()


def test_without_a_survey_there_is_a_range_and_no_point(tmp_path):
    files = ("--subscriptions", f"{DEMO}/subscriptions.csv", "--households", "data/registers/census_2019.csv")
    _, table, document = run(tmp_path, *files)
    assert table["connected_share"].isna().all()
    assert document["city"]["connected_share"] is None
    assert document["city"]["connected_low"] < 0.75 < document["city"]["connected_high"]
    assert not document["dates"]["known"]
    assert document["survey"] == {}


def test_known_ratios_give_points_without_a_survey(tmp_path):
    exact = ("--household-label=1", "--business-label=0", "--unlabelled=1", "--growth-per-year=0")
    files = ("--subscriptions", f"{DEMO}/subscriptions.csv", "--households", "data/registers/census_2019.csv")
    _, table, document = run(tmp_path, *files, *exact, "--lines-per-household=1.05")
    known = table["lines"].notna() & (table["ward_id"] != "20236")
    assert table.loc[known, "connected_share"].notna().all()
    assert not document["ratios"]["assumed"]
    assert table.set_index("ward_id").loc["20236", "flags"] == "more_lines_than_households;ratios_contradicted"


def test_lines_of_districts_are_carried_to_wards_and_marked(tmp_path, capsys):
    lines = tmp_path / "lines.csv"
    lines.write_text(
        "district,operator,technology,customer,lines,period\n"
        "Quận Hải Châu,VNPT,FTTH,household,30000,2025-06\nQuận Thanh Khê,VNPT,FTTH,,28001,2025-06\n"
        "Huyện Nowhere,VNPT,FTTH,household,5,2025-06\n",
        "utf-8",
    )
    files = ("--subscriptions", str(lines), "--households", "data/registers/census_2019.csv")
    _, table, _ = run(
        tmp_path / "out", *files, "--wards", f"{DEMO}/wards.geojson", "--households-raster", f"{DEMO}/households.tif",
        "--households-period", "2019-04",
    )  # fmt: skip
    assert table["lines"].sum() == 58_001
    assert set(table.loc[table["lines"].notna(), "status"]) == {"estimated"}
    said = capsys.readouterr().err
    assert "nowhere" in said
    assert "58,001 lines of 2 areas" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--subscriptions", "x.csv"], "--households is missing"),
        (["--unlabelled", "a,b"], "“a,b” is not two numbers"),
        (["--lines-per-household", "2,1"], "the range 2 to 1 cannot be used"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(tmp_path, capsys, words, said):
    assert main(["households", "--out", str(tmp_path), "--lang", "en", *words]) == 2
    assert said in capsys.readouterr().err
