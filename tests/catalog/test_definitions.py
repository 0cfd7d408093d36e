"""Definitions: what each asks of a pixel, and what refuses it."""

import dataclasses

import pytest

from coverage.catalog.definitions import PowerRule, ThroughputRule, definition, definitions
from coverage.errors import CoverageError, DefinitionError
from coverage.words import LANGUAGES, render

OUTDOORS, FCC = definition("danang-2023"), definition("fcc-bdc-5gnr-35-3")


def test_every_definition_asks_something_of_a_pixel_or_is_on_samples():
    for rule in definitions().values():
        if rule.kind == "samples":
            with pytest.raises(DefinitionError, match="definition_on_samples"):
                rule.requirement()
        else:
            asked = rule.requirement()
            assert asked.edge_probability == rule.edge == rule.edge_probability


def test_power_outdoors_and_indoors():
    assert OUTDOORS.requirement() == PowerRule(threshold_dbm=-105.0, edge_probability=0.9)
    indoors = definition("danang-2023-indoor")
    assert indoors.requirement() == PowerRule(threshold_dbm=-105.0, edge_probability=0.9, traditional_share=1.0)
    assert indoors.denominator == "residential"


def test_throughput():
    asked = ThroughputRule(downlink_mbps=35.0, uplink_mbps=3.0, load=0.5, edge_probability=0.9)
    assert FCC.requirement() == asked


@pytest.mark.parametrize("name", ["fcc-bdc-5gnr-7-1", "danang-2023-indoor"])
def test_what_rests_on_one_cell_by_itself_needs_power_outdoors(name):
    assert OUTDOORS.rule() == (-105.0, 0.9)
    with pytest.raises(DefinitionError, match="definition_not_outdoor_power"):
        definition(name).rule()


@pytest.mark.parametrize(
    ("rule", "changes", "field"),
    [
        (OUTDOORS, {"threshold_dbm": None}, "threshold_dbm"),
        (OUTDOORS, {"environment": "indoor"}, "traditional_share"),
        (FCC, {"load": None}, "downlink_mbps, uplink_mbps, load"),
        (FCC, {"environment": "indoor"}, "threshold_dbm"),
    ],
)
def test_a_definition_that_lacks_something_says_what(rule, changes, field):
    with pytest.raises(DefinitionError, match="definition_incomplete") as caught:
        dataclasses.replace(rule, **changes).requirement()
    assert caught.value.values == {"id": rule.id, "field": field}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"pixel_m": 100.1, "receiver_height_m": 1.5}, "definition_pixel"),
        ({"pixel_m": 100.0, "receiver_height_m": 1.4}, "definition_receiver"),
    ],
)
def test_the_limits_of_the_fcc(given, code):
    FCC.check(pixel_m=100.0, receiver_height_m=1.5)
    OUTDOORS.check(**given)
    with pytest.raises(DefinitionError, match=code) as caught:
        FCC.check(**given)
    for lang in LANGUAGES:
        assert "fcc-bdc-5gnr-35-3" in render(caught.value, lang)


def test_what_a_source_leaves_open_is_said_in_both_languages():
    for rule in definitions().values():
        assert bool(rule.assumed_vi) == bool(rule.assumed_en)
        assert rule.source


def test_an_unknown_definition():
    with pytest.raises(CoverageError, match="definition_unknown"):
        definition("fcc")
