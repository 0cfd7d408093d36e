"""Counts per ward: matched, carried to another edition with exact sums, unknown where unknown."""

import numpy as np
import pandas as pd
import pytest

from coverage.boundaries import carry_counts
from coverage.catalog.registers import data_dir, register
from coverage.errors import LayerError
from coverage.files.layers import read_wards
from coverage.files.people import divided, read_people, read_subscriptions
from coverage.words import LANGUAGES, render_problem

CENSUS = "census2019_wards56_population_households.csv"


@pytest.fixture(scope="module")
def wards2019():
    return read_wards(data_dir() / "demo" / "wards.geojson")


@pytest.fixture(scope="module")
def wards2025(shared_data):
    return read_wards(shared_data / "admin" / "danang_units2025_former_city16.geojson")


def write(path, header, *rows):
    path.write_text("\n".join([header, *rows]) + "\n", "utf-8")
    return path


def codes(layer, severity=None):
    return [p.code for p in layer.problems if severity in (None, p.severity)]


def names(edition):
    return register(f"wards_{edition}").set_index("ward_id")["name"]


def test_the_census_register_is_read_as_it_is(wards2019):
    layer = read_people(data_dir() / "registers" / "census_2019.csv", wards2019)
    assert layer.frame["households"].sum() == 300_501
    assert layer.frame["population"].sum() == 1_134_310
    assert set(layer.frame["households_source"]) == {"census_2019.csv"}
    assert codes(layer, "error") == codes(layer, "warning") == []


def test_the_real_census_table_is_carried_to_the_units_of_2025_exactly(shared_data, wards2025):
    layer = read_people(shared_data / "facts" / CENSUS, wards2025)
    assert layer.frame["households"].sum() == 300_501
    assert layer.frame["population"].sum() == 1_134_310
    assert (layer.frame["households"].dropna() % 1 == 0).all()
    assert layer.frame["households"].isna().sum() == 1  # Hoàng Sa: unknown, not zero
    assert layer.frame.loc["20333", "households_source"] is None
    assert layer.frame.loc["20194", "households_source"] == f"{CENSUS} (2019→2025h2)"
    assert {"counts_carried", "split_estimated_overlay"} <= set(codes(layer))
    for problem in layer.problems:
        assert CENSUS in render_problem(problem, "vi")


def test_populations_of_2025_stay_where_they_are(shared_data, wards2025):
    layer = read_people(shared_data / "facts" / "units2025_94_area_population.csv", wards2025)
    table = pd.read_csv(shared_data / "facts" / "units2025_94_area_population.csv", dtype={"gso_code": str})
    expected = table.set_index("gso_code")["population"]
    for ward in wards2025.frame.index:
        assert layer.frame.loc[ward, "population"] == expected[ward]
    assert layer.frame["households"].isna().all()
    assert layer.frame["households_source"].isna().all()


def test_names_alone_in_any_spelling_are_enough(tmp_path, wards2019):
    table = names("2019").rename_axis("ward_id").reset_index()
    rows = [f"Phường {name.replace('Hòa', 'Hoà').upper()};{100 + i}" for i, name in enumerate(table["name"])]
    layer = read_people(write(tmp_path / "h.csv", "Tên phường;Số hộ", *rows), wards2019)
    assert (
        layer.frame["households"].tolist()
        == layer.frame.index.map(dict(zip(table["ward_id"], range(100, 156), strict=True))).tolist()
    )


def test_unknown_wards_repeats_and_totals_are_refused_rows(tmp_path, wards2019):
    path = write(
        tmp_path / "h.csv", "ward_id,ward,households", "20194,Hòa Hiệp Bắc,5", "20194,Hòa Hiệp Bắc,6", ",Cõi Mơ,7",
        ",Tổng cộng,18", "20195,Hòa Hiệp Nam,",
    )  # fmt: skip
    layer = read_people(path, wards2019)
    assert layer.frame.loc["20194", "households"] == 5
    assert layer.frame["households"].notna().sum() == 1
    assert {p.row for p in layer.problems if p.severity == "error"} == {3, 4, 5, 6}
    for problem in layer.problems:
        for lang in LANGUAGES:
            assert "h.csv" in render_problem(problem, lang)


def test_a_table_without_a_usable_row_is_unusable(tmp_path, wards2019):
    with pytest.raises(LayerError, match="no_usable_row"):
        read_people(write(tmp_path / "h.csv", "ward,households", "Hòa Hiệp Bắc,nhiều"), wards2019)
    with pytest.raises(LayerError, match="missing_column"):
        read_people(write(tmp_path / "h.csv", "ward,hh_size_1", "Hòa Hiệp Bắc,5"), wards2019)


def test_a_divided_ward_follows_the_households_per_pixel():
    census = register("census_2019").set_index("ward_id")["households"]
    whole = carry_counts(census.to_frame(), "2019", "2025h2")["households"]
    hoa_lien = census["20296"]
    overlay = {ward: int(whole[ward]) for ward in ("20194", "20197")}
    # Pixels of another year (twice as many) that put a quarter of Hòa Liên into Hải Vân.
    settled = sum(overlay.values()) - hoa_lien
    in_hai_van = census[["20194", "20195", "20293"]].sum()
    pixels = pd.Series(
        {"20194": 2 * (in_hai_van + hoa_lien / 4), "20197": 2 * (settled - in_hai_van + 3 * hoa_lien / 4)}
    )
    split = divided(census, "2019", "2025h2", pixels)
    assert split is not None
    total = sum(split.values())
    assert {key: weight / total for key, weight in split.items()} == pytest.approx(
        {("20296", "20194"): 0.25, ("20296", "20197"): 0.75}
    )
    carried = carry_counts(census.to_frame(), "2019", "2025h2", split=split)["households"]
    assert carried.sum() == 300_501
    assert carried["20194"] == pytest.approx(in_hai_van + hoa_lien / 4, abs=1)


@pytest.mark.parametrize("pixels", [{"20194": np.nan, "20197": 5.0}, {"20194": 0.0, "20197": 0.0}, {"20194": 5.0}])
def test_a_divided_ward_without_pixels_is_left_to_the_overlay(pixels):
    census = register("census_2019").set_index("ward_id")["households"]
    assert divided(census, "2019", "2025h2", pd.Series(pixels)) is None
    assert divided(census, "2019", "2025h1", pd.Series({"20194": 5.0, "20197": 5.0})) is None


LINES = "ward,operator,technology,customer,lines,period"


def test_subscriptions_are_matched_and_named_alike(tmp_path, wards2019):
    layer = read_subscriptions(
        write(
            tmp_path / "s.csv", LINES, "Hòa Hiệp Bắc,Vinaphone,Cáp quang,Hộ gia đình,1.200,06/2025",
            "Hoà Hiệp Nam,VTL,4G,doanh nghiệp,30,Quý 2/2025", "Hòa Hiệp Nam,FPT Telecom,FTTx,,7,2025-06",
        ),
        wards2019,
    )  # fmt: skip
    told = layer.frame[["ward_id", "operator", "technology", "customer", "lines", "period"]]
    assert told.fillna({"customer": "?"}).to_numpy().tolist() == [
        ["20194", "VNPT", "FTTH", "household", 1200.0, "2025-06"],
        ["20195", "Viettel", "mobile", "business", 30.0, "2025-06"],
        ["20195", "FPT", "FTTH", "?", 7.0, "2025-06"],
    ]
    assert layer.edition == "2019"
    (note,) = layer.problems
    assert (note.code, note.severity, note.values["count"], note.values["lines"]) == (
        "lines_mobile_unused",
        "note",
        1,
        30,
    )


def test_lines_of_older_periods_are_said_to_be_unused(tmp_path, wards2019):
    rows = [f"Hòa Hiệp Bắc,VNPT,FTTH,household,5,{period}" for period in ("2024-12", "2025-06", "2025-03", "")]
    layer = read_subscriptions(write(tmp_path / "s.csv", LINES, *rows), wards2019)
    (note,) = layer.problems
    assert (note.code, note.severity, note.values["count"], note.values["period"]) == (
        "lines_older_unused", "note", 3, "2025-06",
    )  # fmt: skip
    for lang in LANGUAGES:
        assert "2025-06" in render_problem(note, lang)


@pytest.mark.parametrize(
    ("text", "made_up"), [("true", True), ("1", True), ("YES", True), ("false", False), ("", False)]
)
def test_a_column_that_says_synthetic_marks_the_file_without_its_sidecar(tmp_path, wards2019, text, made_up):
    row = f"Hòa Hiệp Bắc,VNPT,FTTH,household,5,2025-06,{text}"
    other = "Hòa Hiệp Nam,VNPT,FTTH,household,5,2025-06,"
    layer = read_subscriptions(write(tmp_path / "s.csv", f"{LINES},Synthetic", other, row), wards2019)
    assert layer.source.synthetic is made_up


def test_repeated_rows_count_once_and_contradictions_are_said(tmp_path, wards2019):
    first = "Hòa Hiệp Bắc,VNPT,FTTH,household,5,2025-06"
    path = write(
        tmp_path / "s.csv", LINES, first, first, first.replace("Hòa", "Hoà"), first.replace(",5,", ",6,"),
        first.replace("Hòa Hiệp Bắc", "Cõi Mơ"),
    )  # fmt: skip
    layer = read_subscriptions(path, wards2019)
    assert layer.frame["lines"].tolist() == [5, 6]
    rows = [(p.code, p.row) for p in layer.problems]
    assert ("duplicate_row", 3) in rows
    assert ("duplicate_row", 4) in rows
    assert ("same_key_row", 5) in rows
    assert any(row == 6 and p.severity == "error" for p, (_, row) in zip(layer.problems, rows, strict=True))


def test_rows_that_differ_in_an_unused_column_are_no_repeats(tmp_path, wards2019):
    path = write(
        tmp_path / "s.csv", "ward,technology,lines,gói cước", "Hòa Hiệp Bắc,FTTH,5,100M", "Hòa Hiệp Bắc,FTTH,5,300M"
    )
    assert read_subscriptions(path, wards2019).frame["lines"].sum() == 10


def old_rows(*left_out, lines=10):
    table = names("2019")
    return [f"{n},VNPT,FTTH,household,{lines},2019" for ward, n in table.items() if ward not in left_out]


def test_lines_of_old_wards_are_carried_without_a_loss(tmp_path, wards2025):
    rows = [*old_rows(), "Hòa Liên,Viettel,FTTH,household,7,2019", "Hòa Liên,Viettel,mobile,household,3,2019"]
    header = "gso_code," + LINES
    codes_ = {name: ward for ward, name in names("2019").items()}
    path = write(tmp_path / "s.csv", header, *(f"{codes_[row.split(',')[0]]},{row}" for row in rows))
    layer = read_subscriptions(path, wards2025)
    fixed = layer.frame[layer.frame["technology"] == "FTTH"]
    assert fixed["lines"].sum() == 567
    assert fixed.loc[fixed["operator"] == "Viettel", "lines"].sum() == 7
    assert (layer.frame["lines"] % 1 == 0).all()
    assert set(fixed["ward_id"]) <= set(wards2025.frame.index)
    # Only Hòa Liên has mobile rows: what the other old wards had is unknown, so are the new ones.
    assert not (layer.frame["technology"] == "mobile").any()
    assert "lines_incomplete" in codes(layer, "warning")


def test_a_new_ward_with_an_unreported_part_is_unknown_not_smaller(tmp_path, wards2025):
    codes_ = {name: ward for ward, name in names("2019").items()}
    rows = [f"{codes_[row.split(',')[0]]},{row}" for row in old_rows("20195")]
    layer = read_subscriptions(write(tmp_path / "s.csv", "gso_code," + LINES, *rows), wards2025)
    assert "20194" not in set(layer.frame["ward_id"])
    assert "20197" in set(layer.frame["ward_id"])
    (problem,) = [p for p in layer.problems if p.code == "lines_incomplete"]
    assert problem.values["wards"] == "Hải Vân"
