"""Files of local rules: read whole, refused by file, entry and remedy."""

import pytest

from coverage.catalog.rulefields import rule_fields
from coverage.changes import KINDS
from coverage.errors import LayerError
from coverage.files.cities import demo_city
from coverage.files.rules import MAX_SENT_BYTES, demo_rules, read_rules, sent_rules
from coverage.planning.rules import MASTS, SHARING, ZONE_KINDS, Rules, Zone
from coverage.words import LANGUAGES, render

WHOLE = """
name = "mine"
source = "a decision"
synthetic = true
[offer]
kinds = ["upgrade", "carrier", "new_site", "small_cell", "retune", "connect"]
operator = "VNPT"
lattice_m = 1500
small_lattice_m = 500
sites = "sites.csv"
roads = "roads.geojson"
road_step_m = 400
share = "mocn"
alone = true
[masts]
types = ["camouflaged"]
height_m = 30
min_distance_m = 250.5
max_new_per_ward = 2
max_new_in = { w1 = 0 }
shared_incentive = 0.2
no_masts_on_water = true
[retune]
tilts_deg = [2]
azimuths_deg = []
heights_m = [5.5]
powers_db = [-3, 3]
[connect]
media = ["FTTH"]
[backhaul]
fibre = "roads.geojson"
[[zone]]
id = "a"
kind = "street"
file = "roads.geojson"
buffer_m = 30
changes = ["new_site"]
masts = ["small"]
max_height_m = 12
max_top_m = 40
name_vi = "phố"
name_en = "street"
source = "a decision"
synthetic = true
[[zone]]
id = "b"
wards = ["w1", "w2"]
[[zone]]
id = "c"
circle = [108.2, 16.05, 500]
"""
ROADS = (
    '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": {"type": '
    '"LineString", "coordinates": [[108.2, 16.0], [108.2, 16.01]]}}]}'
)


@pytest.fixture
def written(tmp_path):
    (tmp_path / "roads.geojson").write_text(ROADS, "utf-8")
    (tmp_path / "sites.csv").write_text("site_id,longitude,latitude\nP1,108.2,16.05\n", "utf-8")

    def write(text):
        path = tmp_path / "mine.toml"
        path.write_text(text, "utf-8")
        return path

    return write


def test_everything_that_may_be_said_is_read(written):
    rules = read_rules(written(WHOLE))
    assert (rules.name, rules.source, rules.synthetic, rules.kinds) == ("mine", "a decision", True, tuple(
        kind for kind in KINDS if kind != "retire"
    ))  # fmt: skip
    assert (rules.operator, rules.lattice_m, rules.small_lattice_m, rules.road_step_m) == ("VNPT", 1500, 500, 400)
    assert (rules.share, rules.alone, rules.masts, rules.height_m) == ("mocn", True, ("camouflaged",), 30)
    assert (rules.min_distance_m, rules.max_new_per_ward, dict(rules.max_new_in)) == (250.5, 2, {"w1": 0})
    assert (rules.shared_incentive, rules.no_masts_on_water) == (0.2, True)
    assert (rules.tilts_deg, rules.azimuths_deg, rules.heights_m, rules.powers_db) == ((2,), (), (5.5,), (-3, 3))
    assert (rules.connect, list(rules.sites["site_id"])) == (("FTTH",), ["P1"])
    assert rules.roads.length == pytest.approx(1106, abs=2)  # a hundredth of a degree of latitude
    assert rules.fibre.equals(rules.roads)
    street, listed, circle = rules.zones
    assert (street.kind, street.changes, street.masts) == ("street", ("new_site",), ("small",))
    assert (street.max_height_m, street.max_top_m, street.name_vi) == (12, 40, "phố")
    assert street.geometry.area == pytest.approx(1106 * 60 + 3.14 * 30**2, rel=0.01)
    assert (listed.wards, listed.geometry) == (("w1", "w2"), None)
    assert circle.geometry.area == pytest.approx(3.1416 * 500**2, rel=0.01)


def test_the_table_of_entries_fits_what_they_fill():
    entries = rule_fields()
    assert {field.attribute for field in entries if field.section == "zone"} <= set(Zone.__dataclass_fields__)
    assert {field.attribute for field in entries if field.section != "zone"} == set(Rules.__dataclass_fields__) - {
        "zones"
    }
    choices = {(field.section, field.name): field.choices for field in entries}
    assert choices["zone", "kind"] == ZONE_KINDS
    assert choices["zone", "masts"] == MASTS
    assert choices["offer", "share"] == SHARING
    assert WHOLE.count(" = ") - 2 >= len(entries), "the example above says everything at least once"


def test_an_empty_file_is_what_is_usual(written):
    rules, usual = read_rules(written("# nothing")), Rules(name="mine")
    assert {name: getattr(rules, name) for name in vars(usual)} == vars(usual)


@pytest.mark.parametrize(
    ("before", "after", "code", "told"),
    [
        ("[offer]", "[offer", "toml_syntax", "5"),
        ("lattice_m = 1500", "latice_m = 1500", "rules_key_unknown", "latice_m"),
        ("[connect]", "[conect]", "rules_key_unknown", "conect"),
        ("lattice_m = 1500", "lattice_m = 5", "rules_value", "200"),
        ("lattice_m = 1500", 'lattice_m = "wide"', "rules_value", "wide"),
        ("max_new_per_ward = 2", "max_new_per_ward = 2.5", "rules_value", "2.5"),
        ("max_new_per_ward = 2", "max_new_per_ward = true", "rules_value", "True"),
        ('share = "mocn"', 'share = "all"', "rules_value", "moran"),
        ('operator = "VNPT"', 'operator = "Vietnamobile"', "rules_value", "MobiFone"),
        ("alone = true", "alone = 1", "rules_value", "true | false"),
        ("tilts_deg = [2]", "tilts_deg = 2", "rules_value", "tilts_deg"),
        ("tilts_deg = [2]", "tilts_deg = [nan]", "rules_value", "nan"),
        ("max_new_in = { w1 = 0 }", "max_new_in = { w1 = -1 }", "rules_value", "-1"),
        ("[108.2, 16.05, 500]", "[16.05, 108.2, 500]", "rules_value", "108.2"),
        ("[108.2, 16.05, 500]", "[-162, 0, 500]", "rules_value", "-162"),
        ("[connect]", "[[connect]]", "rules_unreadable", "connect"),
        ('id = "c"', "", "rules_value", "id"),
        ('id = "c"', 'id = "b"', "rules_zone_repeated", "b"),
        ("circle = [108.2, 16.05, 500]", "", "rules_zone_place", "c"),
        ('wards = ["w1", "w2"]', 'wards = ["w1"]\nfile = "roads.geojson"', "rules_zone_place", "file, wards"),
        ('roads = "roads.geojson"', 'roads = "sites.csv"', "rules_value", "roads"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(written, before, after, code, told):
    assert before in WHOLE
    with pytest.raises(LayerError) as caught:
        read_rules(written(WHOLE.replace(before, after, 1)))
    assert caught.value.code == code
    for lang in LANGUAGES:
        said = render(caught.value, lang)
        assert "mine.toml" in said
        assert told in said


def test_wards_that_the_city_does_not_have_are_refused(written):
    for text in ('[[zone]]\nid = "z"\nwards = ["20194", "99999"]\n', '[masts]\nmax_new_in = { "99999" = 1 }\n'):
        with pytest.raises(LayerError, match="rules_ward_unknown"):
            read_rules(written(text), demo_city())


def test_the_example_is_made_up_and_says_so():
    rules = read_rules(demo_rules(), demo_city())
    assert rules.synthetic
    assert all(zone.synthetic for zone in rules.zones)
    assert all("tổng hợp" in zone.name_vi and "synthetic" in zone.name_en for zone in rules.zones)
    assert {zone.kind for zone in rules.zones} == {
        "airport", "nature", "heritage", "military", "street", "residential"
    }  # fmt: skip


# --- files that somebody else sent ------------------------------------------------------------------------------------

SENT = "\n".join(line for line in WHOLE.split("\n") if ".geojson" not in line and ".csv" not in line).replace(
    'kind = "street"', 'kind = "street"\nwards = ["w1"]'
)
SENT = SENT.replace("buffer_m = 30\n", "")


def test_a_sent_file_says_what_one_at_home_says(written):
    sent, read = sent_rules(SENT.encode(), "C:\\rules\\mine.toml"), read_rules(written(SENT))
    assert [vars(zone) | {"geometry": None} for zone in sent.zones] == [
        vars(zone) | {"geometry": None} for zone in read.zones
    ]
    assert sent.zones[2].geometry.equals(read.zones[2].geometry)
    assert {**vars(sent), "zones": ()} == {**vars(read), "zones": ()}
    assert sent_rules(b"# nothing", "../x.toml").name == "x"


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        ("lattice_m = 1500", 'sites = "{file}"', "sites"),
        ("lattice_m = 1500", 'roads = "{file}"', "roads"),
        ("[backhaul]", '[backhaul]\nfibre = "{file}"', "fibre"),
        ("circle = [108.2, 16.05, 500]", 'file = "{file}"', "file"),
    ],
)
def test_a_sent_file_opens_no_other(written, tmp_path, before, after, field):
    written("")
    for name in (tmp_path / "roads.geojson", tmp_path / "no.geojson", "/etc/passwd", "../../x.gpkg"):
        with pytest.raises(LayerError) as caught:
            sent_rules(SENT.replace(before, after.format(file=name), 1).encode(), "mine.toml")
        assert caught.value.code == "rules_file_named"
        for lang in LANGUAGES:
            said = render(caught.value, lang)
            assert said.startswith("mine.toml [")
            assert field in said
            assert "circle" in said


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        (b"", "mine.toml", "file_empty"),
        (b"# x", "mine.csv", "wrong_extension"),
        (b"#" * (MAX_SENT_BYTES + 1), "mine.toml", "toml_too_large"),
        (b"\xff\xfe", "mine.toml", "toml_not_text"),
    ],
)
def test_a_sent_file_that_is_no_rules_is_refused(data, name, code):
    with pytest.raises(LayerError, match=code):
        sent_rules(data, name)
