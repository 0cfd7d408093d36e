"""The field tables themselves: complete in both languages, and no header means two fields."""

import unicodedata
from collections import Counter
from typing import get_args

import pytest

from coverage.fields import field_of, key_of, table
from coverage.types import LayerKind

KINDS = get_args(LayerKind)
CELLS = (
    "site_id cell_id operator technology band longitude latitude height_m azimuth_deg tilt_deg "
    "mechanical_tilt_deg electrical_tilt_deg antenna power_dbm bandwidth_mhz "
    "antenna_gain_dbi ssb_gain_dbi traffic_gain_dbi beamwidth_az_deg beamwidth_el_deg environment frequency_mhz "
    "ward on_air"
)


def test_cells_are_named_as_promised():
    assert [field.name for field in table("cells")] == CELLS.split()


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_speaks_both_languages(kind):
    for field in table(kind):
        for words in (field.label, field.help):
            assert set(words) == {"vi", "en"}
            assert all(text.strip() and text == unicodedata.normalize("NFC", text) for text in words.values())
        assert field.help["vi"] != field.help["en"]
        assert field.minimum <= field.maximum


@pytest.mark.parametrize("kind", KINDS)
def test_no_header_means_two_fields(kind):
    owners: dict[str, set[str]] = {}
    for field in table(kind):
        for alias in (field.name, *field.aliases):
            owners.setdefault(key_of(alias), set()).add(field.name)
    assert {key: names for key, names in owners.items() if len(names) > 1} == {}
    assert "" not in owners


@pytest.mark.parametrize("kind", KINDS)
def test_no_alias_stands_twice(kind):
    for field in table(kind):
        assert [alias for alias, n in Counter(field.aliases).items() if n > 1] == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_spelling_means_two_values(kind):
    for field in table(kind):
        spellings = [key_of(s) for value, listed in field.choices.items() for s in {value, *listed}]
        values = {
            key: {v for v, listed in field.choices.items() if key in map(key_of, (v, *listed))} for key in spellings
        }
        assert {key: found for key, found in values.items() if len(found) > 1} == {}


@pytest.mark.parametrize(
    ("kind", "header", "field"),
    [
        ("cells", "Kinh độ", "longitude"),
        ("cells", "KINH DO", "longitude"),
        ("cells", "Vĩ độ (độ)", "latitude"),
        ("cells", "Vi\u0303 đo\u0323\u0302", "latitude"),  # decomposed
        ("cells", "Long", "longitude"),
        ("cells", "X_WGS84", "longitude"),
        ("cells", "Độ cao anten", "height_m"),
        ("cells", "Azimuth", "azimuth_deg"),
        ("cells", "Tilt cơ", "mechanical_tilt_deg"),
        ("cells", "M-Tilt", "mechanical_tilt_deg"),
        ("cells", "E_TILT (°)", "electrical_tilt_deg"),
        ("cells", "Tilt điện", "electrical_tilt_deg"),
        ("cells", "Total tilt", "tilt_deg"),
        ("cells", "Loại anten", "antenna"),
        ("cells", "Antenna Model", "antenna"),
        ("cells", "mechanical", "mechanical_tilt_deg"),  # a shapefile cuts names at ten letters
        ("cells", "Công suất phát (dBm)", "power_dbm"),
        ("cells", "Công suất phát (W)", None),
        ("cells", "Nhà mạng", "operator"),
        ("cells", "azimuth_de", "azimuth_deg"),  # a shapefile cuts names at ten letters
        ("households", "hh_total", "households"),
        ("households", "Số hộ", "households"),
        ("households", "pop_total", "population"),
        ("households", "gso_code", "ward_id"),
        ("households", "ten_xa", "name"),
        ("households", "GID_3", "gid_3"),
        ("households", "NAME_3", "name"),
        ("households", "NAME_2", "district"),
        ("subscriptions", "Số thuê bao", "lines"),
        ("subscriptions", "Kỳ báo cáo", "period"),
    ],
)
def test_headers_as_partners_write_them(kind, header, field):
    assert field_of(kind, header) == field
