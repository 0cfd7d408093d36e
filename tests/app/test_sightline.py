"""The profile beside the map, without a browser: what it says, and what a browser cannot make it do."""

import base64
import dataclasses
import re
import types
import xml.etree.ElementTree as ET

import pytest
from pyproj import Transformer
from streamlit.testing.v1 import AppTest

import coverage as cov
from coverage.app.parts import plain
from coverage.app.sightline import clicked_point, profile_html
from coverage.catalog.definitions import definition
from coverage.sightlines import path_profile
from coverage.words import LANGUAGES, percent, t
from tests import builders as make
from tests.payloads import PAYLOADS
from tests.test_sightlines import HERE, ground, study


def degrees(easting, northing):
    lon, lat = Transformer.from_crs(make.CRS, "EPSG:4326", always_xy=True).transform(easting, northing)
    return lat, lon


def opened(result, clicked, lang="vi"):
    """Run the profile alone on a page."""

    def page(result, clicked, lang):
        import streamlit as st  # noqa: PLC0415 (the source of this function runs as a script of its own)

        from coverage.app.sightline import show_sightline  # noqa: PLC0415

        st.session_state["sight"] = show_sightline(result, clicked, lang, key="test")

    app = AppTest.from_function(page, args=(result, clicked, lang), default_timeout=60)
    return app.run()


def html_of(app):
    return "\n".join(each.proto.body for each in app.main.get("html"))


@pytest.fixture(scope="module")
def result():
    cells = make.cells(
        make.cell(1.0, 1.0, azimuth_deg=90.0),
        make.cell(4.5, 1.0, azimuth_deg=270.0, site_id="s2", cell_id="s2-1", operator="VNPT"),
    )
    return study(ground(30.0), cells).run()


@pytest.mark.parametrize(
    ("sent", "point"),
    [
        ([16.05, 108.2], (16.05, 108.2)), ((16, 108), (16.0, 108.0)), (None, None), ("x", None), ([1.0], None),
        ([91.0, 0.0], None), ([0.0, 181.0], None), ([float("nan"), 1.0], None), (["16", "108"], None), ({}, None),
    ],
)  # fmt: skip
def test_what_a_browser_sends_is_a_point_or_nothing(sent, point):
    assert clicked_point({"picked": sent}) == point
    assert clicked_point(types.SimpleNamespace(picked=sent)) == point
    assert clicked_point(None) is None


@pytest.mark.parametrize("lang", LANGUAGES)
def test_before_a_click_it_says_how_to_choose(result, lang):
    app = opened(result, None, lang)
    assert [each.value for each in app.caption] == [t("profile.hint", lang)]
    assert app.session_state["sight"] is None


@pytest.mark.parametrize("lang", LANGUAGES)
def test_outside_is_one_plain_sentence(result, lang):
    app = opened(result, (10.0, 100.0), lang)
    assert [each.value for each in app.info] == [plain(t("error.point_outside", lang))]
    assert not app.exception
    assert html_of(app) == ""
    assert app.session_state["sight"].ends is None
    assert app.session_state["sight"].note == (t("error.point_outside", lang),)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_strongest_cell_first_and_another_by_choice(result, lang):
    app = opened(result, degrees(*HERE), lang)
    box = app.selectbox[0]
    assert box.label == t("profile.choice", lang)
    assert [option.split(" · ")[1] for option in box.options] == ["s2-1", "s1-1"]
    strongest = path_profile(result, HERE)
    said = html_of(app)
    level = f"{strongest.rsrp_dbm:.1f}".replace("-", "−").replace(".", "," if lang == "vi" else ".")
    assert f"{level} dBm" in said
    assert t("profile.reaching", lang, threshold="−105", share=percent(strongest.probability, lang, 0)) in said
    assert f"<dd>{percent(strongest.covered_probability, lang, 0)}<" in said
    sight = app.session_state["sight"]
    assert sight.ends[0] == pytest.approx(degrees(make.EAST + 4500.0, make.NORTH + 1000.0), abs=1e-6)
    assert sight.ends[1] == pytest.approx(degrees(*strongest.point_m), abs=1e-6)
    assert sight.clear is True

    box.set_value(0).run()
    assert "s1-1" in html_of(app)
    assert app.session_state["sight"].clear is False


def test_the_drawing_is_a_picture_with_a_text_for_wide_and_narrow_places(result):
    html = profile_html(path_profile(result, HERE, "s1-1"), result, "en")
    pictures = re.findall(r'<img class="(\w+)" alt="([^"]+)" src="data:image/svg\+xml;base64,([^"]+)">', html)
    assert [name for name, _, _ in pictures] == ["wide", "narrow"]
    widths = [ET.fromstring(base64.b64decode(drawing)).attrib["viewBox"].split()[2] for _, _, drawing in pictures]
    assert int(widths[0]) > 700 > 420 > int(widths[1])
    assert all("Terrain profile from site s1 of Viettel" in text for _, text, _ in pictures)
    assert "<script" not in html


def test_out_of_reach_has_no_level_and_says_so():
    city = make.city(make.wards((0, 0, 30, 1)), make.cells(make.cell(0.0, 0.5)))
    far = cov.Study(city, pixel_m=200).run()
    point = (make.EAST + 29_000.0, make.NORTH + 500.0)
    html = profile_html(path_profile(far, point), far, "vi")
    assert t("profile.out_of_reach", "vi", reach="5,00 km") in html
    for name in ("rsrp", "gain", "loss"):
        assert t(f"profile.{name}", "vi") not in html
    assert opened(far, degrees(*point)).session_state["sight"].note[0] == t("profile.nobody", "vi")


def test_near_the_mast_the_other_model_is_named(result):
    near = (make.EAST + 1120.0, make.NORTH + 1000.0)
    assert t("profile.not_read", "en") in profile_html(path_profile(result, near), result, "en")
    assert t("profile.not_read", "en") not in profile_html(path_profile(result, HERE), result, "en")


def test_only_a_definition_on_power_outdoors_speaks_of_its_threshold(result):
    profile = path_profile(result, HERE)
    for name in ("danang-2023", "fcc-bdc-5gnr-7-1"):
        html = profile_html(profile, types.SimpleNamespace(definition=definition(name)), "en")
        assert ("reaches −105 dBm" in html) is (name == "danang-2023")
        assert t("profile.covered", "en") in html


def test_what_could_be_higher_is_a_lower_bound(result):
    for unknown in (False, True):
        profile = dataclasses.replace(path_profile(result, HERE), lower_bound=unknown, covered_probability=0.25)
        assert ("≥ 25" in profile_html(profile, result, "vi")) is unknown


def test_no_name_of_a_cell_runs():
    for name in PAYLOADS[::7]:
        cells = make.cells(make.cell(1.0, 1.0, site_id=name, cell_id=name, operator=name))
        hostile = study(ground(), cells)
        html = profile_html(path_profile(hostile, HERE), types.SimpleNamespace(definition=hostile.rule), "vi")
        assert not re.search(r"<(?!/?(?:div|dl|dt|dd|small|p|img)\b)", html)
        assert re.findall(r"\son\w+\s*=", re.sub(r'"[^"]*"', "", re.sub(r">[^<]*<", "><", html))) == []
