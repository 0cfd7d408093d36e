"""Every target of the 2023 programme is there, with what it is held against."""

from __future__ import annotations

import dataclasses

import pytest

from coverage.catalog.definitions import definition
from coverage.catalog.targets import target, targets
from coverage.errors import DefinitionError


def test_the_programme_of_2023_is_complete() -> None:
    programme = {t.id: t for t in targets() if t.id.startswith("danang-2023-")}
    assert {name.removeprefix("danang-2023-"): t.level for name, t in programme.items()} == {
        "5g-area": 0.2,
        "household-broadband": 1,
        "smartphones": 1,
        "bank-accounts": 1,
        "health-records": 1,
        "public-services": 1,
        "digital-economy": 0.2,
        "ict-grdp": 0.14,
        "data-catalogues": 1,
        "shared-database-catalogue": 1,
        "open-data-plan": 1,
        "hospital-data": 1,
    }
    dated = {name for name, t in programme.items() if t.year == 2023}
    assert dated == {f"danang-2023-{name}" for name in ("5g-area", "household-broadband", "smartphones")}
    economy = programme["danang-2023-digital-economy"]
    assert (economy.baseline, economy.baseline_year) == (0.175, 2022)


def test_later_targets() -> None:
    stations = target("danang-2025-5g-stations")
    assert (stations.level, stations.year, stations.measure) == (0.5, 2025, None)
    homes = target("danang-2025-5g-residential")
    assert (homes.level, homes.year, homes.definition) == (1, 2025, "danang-2025-residential")


def test_what_is_measured_names_a_definition_that_exists() -> None:
    for found in targets():
        if found.definition is not None:
            assert definition(found.definition).headline == found.measure
        if found.unit == "share":
            assert 0 < found.level <= 1


def test_ids_are_unique_and_texts_differ() -> None:
    assert len({t.id for t in targets()}) == len(targets())
    assert all(t.text("vi") != t.text("en") and t.source for t in targets())


def test_sources_are_told_in_both_languages() -> None:
    assert all(t.read_in("vi") == t.source and t.read_in("en") == t.source_en != t.source for t in targets())
    assert not [t.id for t in targets() if "Kế hoạch" in t.read_in("en")]
    assert dataclasses.replace(targets()[0], source_en="").read_in("en") == targets()[0].source


def test_an_unknown_target_lists_those_there_are() -> None:
    with pytest.raises(DefinitionError) as caught:
        target("danang-2023-6g")
    assert caught.value.code == "target_unknown"
    assert "danang-2023-5g-area" in caught.value.values["targets"]
