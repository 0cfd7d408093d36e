"""The page of plans with a file of local rules: what is read, refused, said and used; and its English view."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from coverage.app import cached, ownrules, parts, server
from coverage.errors import LayerError
from coverage.files.rules import MAX_SENT_BYTES
from coverage.planning.ruletexts import sentences, template
from coverage.study import Study
from coverage.words import LANGUAGES, t
from tests import builders as make

CELLS = """site_id,cell_id,operator,technology,band,longitude,latitude,height_m,azimuth_deg
S1,S1-1,Viettel,5G,n41,108.1275,16.0505,25,0
S1,S1-2,Viettel,5G,n41,108.1275,16.0505,25,120
S1,S1-3,Viettel,5G,n41,108.1275,16.0505,25,240
S2,S2-1,VNPT,4G,,108.1400,16.0600,30,
S3,S3-1,Viettel,4G,,108.1050,16.0400,30,60
"""
RULES = """
name = "my rules"
[offer]
kinds = ["upgrade", "new_site"]
lattice_m = 1000
[masts]
max_new_per_ward = 2
[[zone]]
id = "closed"
wards = ["w1"]
name_vi = "phường đóng"
name_en = "the closed ward"
"""
STUDY = Study(make.city(make.wards((-3, -3, 0, 3), (0, -3, 4, 3)), make.cells(make.cell())), pixel_m=200)
CLOSED = {"vi": "phường đóng", "en": "the closed ward"}
VIETNAMESE = re.compile(r"[ăâđêôơưàáảãạằắẳẵặầấẩẫậèéẻẽẹềếểễệìíỉĩịòóỏõọồốổỗộờớởỡợùúủũụừứửữựỳýỷỹỵ]", re.IGNORECASE)


@pytest.fixture(autouse=True, scope="module")
def small_city(tmp_path_factory):
    """Show a small city of two wards, whose own names are English."""
    folder = tmp_path_factory.mktemp("city")
    wards = make.wards((-3, -3, 0, 3), (0, -3, 4, 3), names=["Alpha", "Beta"])
    shapes = wards.frame[["name", "geometry"]].reset_index().to_crs("EPSG:4326")
    shapes.to_file(folder / "wards.geojson", driver="GeoJSON")
    (folder / "cells.csv").write_text(CELLS, "utf-8")
    (folder / "people.csv").write_text("ward_id,households,population\nw0,1500,5000\nw1,300,900\n", "utf-8")
    layers = 'wards = "wards.geojson"\ncells = "cells.csv"\nhouseholds = "people.csv"\n'
    (folder / "city.toml").write_text(f'name = "Small"\nsynthetic = true\n[layers]\n{layers}', "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHUSONG_CITY", str(folder / "city.toml"))
        yield


def opened(lang):
    page = AppTest.from_file(server.SCRIPT, default_timeout=200)
    page.query_params["lang"] = lang
    page.run()
    page.switch_page("screens/scenario.py").run()
    assert not page.exception
    return page


def handed(page, content, name="rules.toml"):
    page.file_uploader[0].set_value((name, content, "application/toml")).run()
    assert not page.exception
    return page


def planned(page, lang, target=8):
    page.slider[0].set_value(target)
    next(each for each in page.button if each.label == t("scenario.run", lang)).click().run()
    assert not page.exception
    return page


def said(page):
    """Return everything that a page says, its tables and the boxes to fill in included."""
    kinds = ("title", "subheader", "markdown", "caption", "warning", "error", "info", "success", "metric")
    boxes = ("metric", "button", "selectbox", "slider", "number_input", "multiselect", "text_input", "expander",
             "file_uploader")  # fmt: skip
    texts = [str(each.value) for kind in kinds for each in getattr(page.main, kind)]
    texts += [str(each.label) for kind in boxes for each in page.main.get(kind) if hasattr(each, "label")]
    texts += [str(each.help) for kind in boxes for each in page.main.get(kind) if getattr(each, "help", None)]
    texts += [option for each in page.main.selectbox for option in each.options]
    texts += [option for each in page.main.multiselect for option in each.options]
    texts += [each.proto.body for each in page.main.get("html")]
    for table in (*page.main.dataframe, *page.main.table):
        texts += [
            str(getattr(table.proto, "columns", list(table.value.columns))),
            *map(str, table.value.to_numpy().ravel()),
        ]
    return "\n".join(texts).replace("\\", "")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_file_of_rules_is_said_used_and_given_up(lang):
    page = handed(opened(lang), RULES.encode())
    own = page.session_state["own_rules"]
    text = said(page)
    assert t("planpage.own_rules_held", lang, name="rules.toml") in text
    for line in sentences(own.rules, lang, {"w0": "Alpha", "w1": "Beta"}):
        assert f"- {line}" in text
    assert not {"kinds", "share", "min_distance", "max_new"} & {each.key for each in (*page.multiselect,
                *page.selectbox, *page.number_input)}  # fmt: skip
    planned(page, lang)
    held = page.session_state["opened"]
    assert held.offered.rules.name == "my rules"
    new = held.plan.steps[held.plan.steps["change"] == "new_site"]
    assert len(new) <= 2
    assert not any(change.ward_id == "w1" for change in held.scenario.changes if change.kind == "new_site")
    refused = next(each.value for each in page.dataframe if "refusal" in each.value)
    assert len(refused) == len(held.offered.refused) > 0
    assert set(refused["ward"]) == {"Beta"}
    assert set(refused["refusal"]) == {t("reason.zone_closed", lang, name=CLOSED[lang])}
    counted = {"count": str(len(refused)), "offered": str(len(held.offered))}
    assert t("planpage.refused_some", lang, **counted) in said(page)
    next(each for each in page.button if each.key == "drop_rules").click().run()
    assert not page.exception
    assert "own_rules" not in page.session_state
    assert t("planpage.own_rules_none", lang) in said(page)


@pytest.mark.parametrize(
    ("content", "code", "told"),
    [
        (b"[offer]\nlattice_m = = 5\n", "toml_syntax", "2"),
        (b"\xff\xfe\x00", "toml_not_text", "UTF-8"),
        (b"[offer]\nlatice_m = 2000\n", "rules_key_unknown", "latice_m"),
        (b"[offer]\nlattice_m = 5\n", "rules_value", "200"),
        (b'[[zone]]\nid = "z"\nwards = ["99999"]\n', "rules_ward_unknown", "99999"),
        (b'[[zone]]\nid = "z"\nfile = "/etc/passwd"\n', "rules_file_named", "circle"),
    ],
)
def test_a_bad_file_is_one_sentence_and_the_page_stays(content, code, told):
    for lang in LANGUAGES:
        page = handed(opened(lang), content)
        (error,) = page.error
        assert "rules.toml" in error.value.replace("\\", "")
        assert told in error.value.replace("\\", "")
        with pytest.raises(LayerError, match=code):
            ownrules.read(content, "rules.toml", STUDY)
        assert "own_rules" not in page.session_state
        assert any(each.label == t("scenario.run", lang) for each in page.button)


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        (b"x" * (MAX_SENT_BYTES + 1), "toml_too_large"),
        (b'[offer]\nkinds = ["small_cell"]\nsmall_lattice_m = 50\n', "rules_places_too_many"),
        (b'[offer]\nkinds = ["retune"]\n[retune]\ntilts_deg = [%s]\n' % b"1, " * 30, "toml_syntax"),
        (b'[offer]\nkinds = ["retune"]\n[retune]\ntilts_deg = [' + b"1, " * 30 + b"]\n", "rules_modes_too_many"),
    ],
)
def test_what_would_keep_others_waiting_is_refused(rules, code):
    with pytest.raises(LayerError, match=code):
        ownrules.read(rules, "rules.toml", STUDY)


def test_the_spacing_that_is_advised_is_taken():
    fine = b'[offer]\nkinds = ["small_cell"]\nsmall_lattice_m = %d\n'
    with pytest.raises(LayerError) as caught:
        ownrules.read(fine % 50, "rules.toml", STUDY)
    least = caught.value.values["least"]
    read = ownrules.read(fine % least, r"C:\x\rules.toml", STUDY)
    assert (read.name, read.rules.small_lattice_m) == ("rules.toml", least)
    assert read == ownrules.read(fine % least, "rules.toml", STUDY)
    assert read != ownrules.read(fine % (least + 10), "rules.toml", STUDY)


def test_what_is_refused_is_said_where_no_plan_is_found():
    page = handed(opened("en"), RULES.encode())
    planned(page, "en", target=60)
    assert len(page.error) == 1
    (refused,) = (each.value for each in page.dataframe if "refusal" in each.value)
    assert set(refused["refusal"]) == {t("reason.zone_closed", "en", name="the closed ward")}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_offers_the_template_and_the_files_of_a_plan(lang, monkeypatch):
    given = {}
    monkeypatch.setattr(parts, "offer", lambda file, _kind, content, _whose: given.update({file: content}) or "/data/x")
    planned(opened(lang), lang)
    kinds = sorted(re.sub(r"(-synthetic)?-[0-9a-f]{12}", "", name) for name in given)
    assert kinds == ["plan-map.html", "plan-report.html", "plan.csv", "plan.gpkg", "rules.toml"]
    by_kind = {name.rsplit(".", 1)[-1]: content for name, content in given.items() if "html" not in name}
    assert by_kind["toml"].decode() == template(lang, "w0")
    assert by_kind["gpkg"].startswith(b"SQLite format 3")
    plan = cached.planned(cached.Asking(definition="danang-2023", target=0.08))
    assert by_kind["csv"].decode().count("\n") == len(plan.steps) + 1


def test_the_english_page_says_nothing_in_vietnamese_and_shows_no_key():
    page = planned(opened("en"), "en")
    whole = said(page)
    handed(page, RULES.encode())
    planned(page, "en")
    next(each for each in page.button if each.key == "save").click().run()
    next(each for each in page.button if each.key == "duplicate").click().run()
    assert not page.exception
    whole += said(page)
    assert len(whole) > 3000
    for name in ("PhủSóng", "Hoàng Sa"):  # names stay as they are
        whole = whole.replace(name, "")
    assert [word for word in whole.split() if VIETNAMESE.search(word)] == []
    keys = re.compile(r"\b(planpage|scenario|measure|app|ruletext|report|reason|error|planning|panel)\.[a-z_]{3,}\b")
    assert [line for line in whole.split("\n") if keys.search(line)] == []
