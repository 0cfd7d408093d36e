"""Rules in words, and the file to write one's own in."""

import math
import re

import pytest
from shapely.geometry import Point

from coverage.catalog.rulefields import rule_fields
from coverage.files.rules import sent_rules
from coverage.planning.rules import BUILDS, Rules, Zone
from coverage.planning.ruletexts import sentences, template, zone_sentence
from coverage.words import LANGUAGES, t

FULL = Rules(
    name="mine", kinds=("upgrade", "carrier", "new_site", "small_cell", "retune", "connect"), operator="VNPT",
    lattice_m=2000.0, small_lattice_m=800.0, share="moran", alone=True, masts=("type1", "camouflaged"), height_m=30.0,
    min_distance_m=300.0, max_new_per_ward=3, max_new_in={"w0": 1}, shared_incentive=0.1, no_masts_on_water=True,
    tilts_deg=(-3.0, 3.0), heights_m=(5.0,), fibre=Point(0, 0), zones=(
        Zone(id="closed", kind="military", wards=("w0", "w9"), name_vi="khu A", name_en="area A"),
        Zone(id="low", kind="airport", geometry=Point(0, 0).buffer(1000, quad_segs=64), max_top_m=55.0,
             masts=("small",), changes=("upgrade",)),
    ),
)  # fmt: skip


def test_everything_that_limits_is_said():
    told = "\n".join(sentences(FULL, "en", {"w0": "Alpha"}))
    for part in ("VNPT", "2,000 m", "800 m", "MORAN", "type-1 mast, camouflaged mast; 30 m", "300 m", "at most 3",
                 "Alpha gets at most 1", "10\u00a0%", "No mast on water", "tilt -3, +3°", "height +5 m", "FTTH, FWA",
                 "fibre", "area A (military; Alpha, w9): nothing may be built",
                 "low (airport; 3.14 km²): only these may be built: small cell; no top above 55 m"):  # fmt: skip
        assert part in told, part
    assert t("ruletext.no_limits", "en") not in told
    assert "khu A" in "\n".join(sentences(FULL, "vi"))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_rule_that_is_taken_away_is_no_longer_said(lang):
    whole = sentences(FULL, lang)
    assert len(set(whole)) == len(whole)
    for name in ("min_distance_m", "max_new_per_ward", "no_masts_on_water", "closed", "low"):
        assert set(sentences(FULL.without(name), lang)) < set(whole)
    bare = Rules()
    assert sentences(bare, lang)[-1] == t("ruletext.no_limits", lang)


def test_a_zone_that_speaks_of_masts_alone_says_nothing_of_kinds():
    zone = Zone(id="z", wards=("w0",), max_height_m=12.0)
    assert zone.changes == BUILDS
    assert zone_sentence(zone, "en") == "z (other zone; w0): 12 m high at most."
    assert math.isinf(zone.max_top_m)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_template_as_it_is_changes_nothing(lang):
    read, usual = sent_rules(template(lang).encode(), "rules.toml"), Rules(name="rules")
    assert {name: getattr(read, name) for name in vars(usual)} == vars(usual)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_line_of_the_template_may_be_used(lang):
    text = template(lang, ward="w0")
    used = re.sub(r"^# (?=[a-z_]+ = |\[\[)", "", text, flags=re.MULTILINE)
    rules = sent_rules(used.encode(), "rules.toml")
    (zone,) = rules.zones
    assert zone.geometry.area == pytest.approx(math.pi * 1500**2, rel=0.01)
    assert rules.max_new_in == {"w0": 1}
    assert rules.operator == "Viettel"
    own = [field for field in rule_fields() if field.type not in ("points", "lines", "shapes")]
    assert all(re.search(rf"^#? ?#? ?{field.name} = ", text, re.MULTILINE) for field in own)
    assert all((field.text_vi if lang == "vi" else field.text_en) in text for field in own)
