"""The drawing of a path: what stands where, what is said, and what no text of a file can do to it."""

import dataclasses
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage.grid import Surface
from coverage.profilecharts import profile_chart, round_steps
from coverage.profiletexts import length, profile_sentence, profile_text
from coverage.sightlines import path_profile
from coverage.words import LANGUAGES, t
from tests import builders as make
from tests.payloads import PAYLOADS
from tests.test_sightlines import HERE, ground, study

SVG = "{http://www.w3.org/2000/svg}"


def numbers(path):
    return [float(value) for value in re.findall(r"-?\d+(?:\.\d+)?", path)]


def drawn(profile, **options):
    return ET.fromstring(str(profile_chart(profile, **options)))


def texts(svg):
    return [node.text for node in svg.iter(f"{SVG}text")]


@pytest.fixture(scope="module")
def hidden():
    return path_profile(study(ground(30.0)), HERE)


@pytest.fixture(scope="module")
def wooded():
    codes = np.full((400, 500), 30.0)
    codes[:, 260:280], codes[:, 290:300], codes[:, 304:312] = 10.0, 50.0, 80.0
    return path_profile(study(ground(clutter=make.raster(codes, 25.0, west_km=-5.0, north_km=6.0))), HERE)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("narrow", [False, True])
def test_a_drawing_names_everything_in_its_language(wooded, lang, narrow):
    svg = drawn(wooded, lang=lang, narrow=narrow)
    shown = texts(svg)
    for key in ("ground", "trees", "buildings", "water", "line", "zone", "free_share", "distance_axis", "height_axis"):
        assert t(f"profile.{key}", lang) in shown
    assert t("profile.unknown", lang) not in shown
    assert shown[0] == f"s1 · Viettel · n41 · {'2,03' if lang == 'vi' else '2.03'} km"
    assert {"25 m", "1,5 m" if lang == "vi" else "1.5 m"} <= set(shown)
    assert svg.attrib["role"] == "img"
    assert svg.attrib["aria-label"] == profile_text(wooded, lang)


@pytest.mark.parametrize("narrow", [False, True])
def test_nothing_leaves_the_picture(hidden, wooded, narrow):
    for profile in (hidden, wooded):
        svg = drawn(profile, narrow=narrow)
        _, _, width, height = numbers(svg.attrib["viewBox"])
        for node in svg.iter(f"{SVG}text"):
            if "x" in node.attrib and "y" in node.attrib:
                assert 0 <= float(node.attrib["x"]) <= width
                assert 0 <= float(node.attrib["y"]) <= height
        for node in svg.iter(f"{SVG}g"):  # rows of the legend
            assert numbers(node.attrib["transform"])[1] <= height - 4


def test_the_obstacle_is_marked_where_it_stands(hidden):
    svg = drawn(hidden, lang="en")
    label = next(node for node in svg.iter(f"{SVG}text") if (node.text or "").startswith("ground, "))
    at = float(hidden.line.distance_m[hidden.line.obstacle])
    assert label.text == f"ground, {at / 1000:.2f} km"
    axis = {
        node.text: float(node.attrib["x"]) for node in svg.iter(f"{SVG}text") if node.text in {"0.0", "2.0", "0", "2"}
    }
    left, right = axis.values()
    assert float(label.attrib["x"]) == pytest.approx(left + at / 2000 * (right - left), abs=6)


def test_the_line_is_dashed_only_behind_what_cuts_it(hidden, wooded):
    for profile in (hidden, wooded):
        svg = drawn(profile)
        solid = next(node for node in svg.iter(f"{SVG}path") if node.attrib.get("stroke-width") == "2.2")
        dashed = next(node for node in svg.iter(f"{SVG}path") if node.attrib.get("stroke-dasharray") == "7 5")
        begin, end = numbers(dashed.attrib["d"])[::2]
        assert numbers(solid.attrib["d"])[2] == begin
        assert (end > begin + 50) is (profile.line.in_sight is False)


def test_sentences_say_what_the_line_meets(hidden, wooded):
    assert profile_sentence(hidden, "en") == t(
        "profile.cut", "en", what="ground", distance=length(hidden.line.distance_m[hidden.line.obstacle], "en"),
        excess=f"{hidden.line.top_m[hidden.line.obstacle] - hidden.line.line_m[hidden.line.obstacle]:.1f} m",
    )  # fmt: skip
    free = path_profile(study(ground()), (make.EAST + 1800.0, make.NORTH + 1000.0))
    for clearance, key in ((1.5, "free"), (1.0, "free"), (0.5, "narrow"), (None, "open")):
        line = dataclasses.replace(free.line)
        line.__dict__["clearance"] = clearance
        said = profile_sentence(dataclasses.replace(free, line=line), "vi")
        assert said == t(f"profile.{key}", "vi", clearance="0,50")
    with_wood = dataclasses.replace(wooded, line=dataclasses.replace(wooded.line, antenna_m=12.0))
    assert t("profile.trees", "en") in profile_sentence(with_wood, "en") or t("profile.buildings", "en") in (
        profile_sentence(with_wood, "en")
    )


def test_unknown_ground_is_hatched_and_no_line_is_invented():
    heights = np.full((400, 500), 10.0)
    heights[:, 280:288] = np.nan
    surface = Surface(terrain=make.raster(heights, 25.0, west_km=-5.0, north_km=6.0))
    profile = path_profile(study(surface), HERE)
    svg = drawn(profile)
    (hatched,) = [node for node in svg.iter(f"{SVG}rect") if node.attrib.get("fill") == "url(#hole)"]
    assert float(hatched.attrib["width"]) > 50
    assert t("profile.unknown", "vi") in texts(svg)
    assert profile_sentence(profile, "vi") == t("profile.open", "vi")

    heights[:] = np.nan
    nothing = path_profile(study(Surface(terrain=make.raster(heights, 25.0, west_km=-5.0, north_km=6.0))), HERE)
    svg = drawn(nothing)
    assert not [
        node
        for node in svg.iter(f"{SVG}path")
        if node.attrib.get("stroke-width") == "2.2" and "M0" not in node.attrib["d"]
    ]
    assert "nan" not in ET.tostring(svg, encoding="unicode").lower()


def test_flat_ground_is_said():
    assert t("profile.flat", "en") in texts(drawn(path_profile(study(), HERE), lang="en"))


def test_the_foot_of_the_mast_can_be_drawn():
    here = make.cells(make.cell(1.025, 1.025))
    profile = path_profile(study(ground(), here), (make.EAST + 1025.0, make.NORTH + 1025.0))
    assert profile.line.length_m == 0.0
    assert profile_sentence(profile, "en") == t("profile.at_mast", "en")
    drawn(profile)


def test_no_name_of_a_site_runs(hidden):
    for name in PAYLOADS:
        profile = dataclasses.replace(hidden, site_id=name, operator=name, band=name)
        svg = drawn(profile)  # well-formed: nothing broke out of its place
        assert {node.tag.removeprefix(SVG) for node in svg.iter()} <= {"svg", "g", "path", "rect", "circle", "text"}
        assert not [
            key for node in svg.iter() for key in node.attrib if key.lower().startswith(("on", "href", "xlink"))
        ]


@pytest.mark.parametrize(
    ("metres", "vi"), [(240.8, "241 m"), (999.4, "999 m"), (999.6, "1,00 km"), (12_358.0, "12,36 km")]
)
def test_distances_as_people_say_them(metres, vi):
    assert length(metres, "vi") == vi


@given(st.floats(-1e4, 1e4), st.floats(1e-3, 1e4), st.integers(3, 9))
def test_steps_are_round_few_and_hold_both_ends(low, span, most):
    found = round_steps(low, low + span, most)
    assert 2 <= len(found) <= most + 1
    assert found[0] <= low + 1e-6
    assert found[-1] >= low + span - 1e-6
