"""The registers hold the published numbers, agree with each other, and say where they come from."""

from __future__ import annotations

import datetime as dt
import hashlib
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coverage.catalog.registers import EDITIONS, data_dir, provenance, register, ward_register
from coverage.errors import LayerError

FOLDER = data_dir() / "registers"
NAMES = sorted(path.stem for path in FOLDER.glob("*.csv"))


def test_sizes_of_the_editions() -> None:
    sizes = {edition: len(ward_register(edition)) for edition in EDITIONS}
    assert sizes == {"2019": 56, "2025h1": 47, "2025h2": 94}
    told = register("editions").set_index("edition")
    assert told["units"].to_dict() == sizes
    later = ward_register("2025h2")
    assert told["units_in_city"]["2025h2"] == later["in_city"].sum() == 16
    assert (later["in_city"] & later["mainland"]).sum() == told["units_mainland_in_city"]["2025h2"] == 15
    assert later["type"].value_counts().to_dict() == {"Xã": 70, "Phường": 23, "Đặc khu": 1}
    assert list(later.index[~later["mainland"]]) == ["20333"]
    assert (ward_register("2019")["type"] == "Xã").sum() == 11


def test_census_adds_up_to_the_published_totals() -> None:
    census = register("census_2019").set_index("ward_id")
    assert (census["population"].sum(), census["households"].sum()) == (1_134_310, 300_501)
    assert (census["population_urban"] + census["population_rural"] == census["population"]).all()
    assert set(census.index) == set(ward_register("2019").index)
    communes = ward_register("2019")["type"] == "Xã"
    assert (census.loc[communes, "population_urban"] == 0).all()
    assert (census.loc[~communes, "population_rural"] == 0).all()


def test_areas_and_population_of_2025() -> None:
    units = ward_register("2025h2")
    assert units["area_km2"].sum() == pytest.approx(11_913.08, abs=0.005)
    former = units[units["in_city"] & units["mainland"]]
    assert former["area_km2"].sum() == pytest.approx(987.31, abs=0.005)
    people = register("population_2025").set_index("ward_id")["population"]
    assert people.sum() == 3_122_915
    assert people[former.index].sum() == 1_318_481
    assert ward_register("2019")["area_km2"].sum() == pytest.approx(982.38, abs=0.005)
    assert not ward_register("2019")["area_official"].any()


def test_official_areas_of_early_2025_add_up_to_the_unit_they_merged_into() -> None:
    areas = ward_register("2025h1")["area_km2"]
    thanh_khe = ["20206", "20207", "20209", "20215", "20218"]
    assert areas[thanh_khe].sum() == pytest.approx(ward_register("2025h2")["area_km2"]["20209"], abs=0.011)
    assert areas.drop([*thanh_khe, "20200"]).isna().all()


def test_crosswalk_knows_every_ward_and_agrees_with_the_lists_of_merged_wards() -> None:
    table = register("crosswalk")
    assert set(table["ward_id_2019"]) == set(ward_register("2019").index)
    assert set(table["ward_id_2025h1"]) == set(ward_register("2025h1").index)
    former = ward_register("2025h2").query("in_city and mainland")
    assert set(table["ward_id_2025h2"]) == set(former.index)
    assert table.loc[table["legal"] == "part", "ward_id_2019"].tolist() == ["20296", "20296"]
    early = ward_register("2025h1")
    merged = register("wards_2025h2").set_index("ward_id")["before_merger"]
    for row in table.to_dict("records"):
        name = early.loc[row["ward_id_2025h1"], "type"] + " " + early.loc[row["ward_id_2025h1"], "name"]
        assert name in merged[row["ward_id_2025h2"]], name


def test_districts_count_their_wards() -> None:
    districts = register("districts").set_index("district_code")
    for edition in ("2019", "2025h1"):
        counted = register(f"wards_{edition}")["district_code"].value_counts()
        assert districts[f"wards_{edition}"].to_dict() == {code: int(counted.get(code, 0)) for code in districts.index}
    assert list(districts.index[~districts["mainland"]]) == ["498"]


def test_ids_are_text_and_numbers_are_numbers() -> None:
    for edition in EDITIONS:
        wards = ward_register(edition)
        assert wards.index.is_unique
        assert wards.index.str.fullmatch(r"\d{5}").all()
        assert wards["area_km2"].dtype == np.float64
        assert {wards["mainland"].dtype, wards["in_city"].dtype, wards["area_official"].dtype} == {np.dtype(bool)}
    assert register("census_2019")["households"].dtype == np.int64
    assert ward_register("2025h2")["district"].isna().all()


def test_a_register_is_handed_out_as_a_copy() -> None:
    mine = register("census_2019")
    mine["households"] = 0
    assert register("census_2019")["households"].sum() == 300_501
    wards = ward_register("2019")
    wards["name"] = "?"
    assert ward_register("2019")["name"].iloc[0] == "Hòa Hiệp Bắc"


def test_unknown_names_are_errors() -> None:
    with pytest.raises(LayerError, match="register_unknown"):
        register("no_such_register")
    with pytest.raises(LayerError, match="register_unknown"):
        provenance("no_such_register")
    with pytest.raises(LayerError, match="edition_unknown"):
        ward_register("2031")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", NAMES)
def test_provenance(name: str) -> None:
    told = provenance(name)
    data = (FOLDER / f"{name}.csv").read_bytes()
    assert told["sha256"] == hashlib.sha256(data).hexdigest()
    assert told["synthetic"] is False
    assert isinstance(told["accessed"], dt.date)
    assert all(str(told[key]).strip() for key in ("title_vi", "title_en", "producer", "source", "licence"))
    assert told["caveats"]
    assert list(told["columns"]) == data.decode("utf-8").partition("\n")[0].split(",")
    text = data.decode("utf-8")
    assert unicodedata.is_normalized("NFC", text)
    assert "\r" not in text


def test_every_provenance_file_has_its_data() -> None:
    assert {path.name.removesuffix(".csv.toml") for path in FOLDER.glob("*.toml")} == set(NAMES)


def test_facts_equal_the_source(shared_data: Path) -> None:
    source = pd.read_csv(shared_data / "facts/census2019_wards56_population_households.csv", dtype={"gso_code": str})
    source = source.set_index("gso_code")
    census = register("census_2019").set_index("ward_id")
    pairs = {"population": "pop_total", "population_urban": "pop_urban", "households": "hh_total"}
    assert all((census[ours] == source[theirs]).all() for ours, theirs in pairs.items())
    assert (ward_register("2019")["gid_3"] == source["GID_3"]).all()
    units = pd.read_csv(shared_data / "facts/units2025_94_area_population.csv", dtype={"gso_code": str})
    units = units.set_index("gso_code").sort_index()
    ours = ward_register("2025h2").sort_index()
    assert (ours["name"] == units["name"]).all()
    assert (ours["area_km2"] == units["area_km2_official"]).all()
    assert (ours["in_city"] == units["former_danang"]).all()
