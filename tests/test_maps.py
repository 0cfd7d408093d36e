import html
import json
import math
import re

import folium
import folium.plugins
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coverage as cov
from coverage import drawing
from coverage.city import City
from coverage.errors import StoreError
from coverage.maps import FIGURES, OfflineMap, escape, plan_map, result_map
from coverage.planning.plans import plan
from coverage.planning.proposals import candidates
from coverage.study import Study
from coverage.words import LANGUAGES, percent, t
from tests import builders as make
from tests.browsing import browser, visit
from tests.payloads import PAYLOADS


def hostile_city() -> City:
    """Return a city in which every text that people can type is an attack."""
    side = math.ceil(math.sqrt(len(PAYLOADS)))
    boxes = [(n % side, n // side, n % side + 1, n // side + 1) for n in range(len(PAYLOADS))]
    wards = make.wards(*boxes, names=list(PAYLOADS))
    wards.frame["district"] = list(reversed(PAYLOADS))
    cells = [
        make.cell(x_km=x + 0.5, y_km=y + 0.5, site_id=text, cell_id=text, operator=PAYLOADS[-n % 12], technology=kind)
        for n, (text, (x, y, _, _)) in enumerate(zip(PAYLOADS, boxes, strict=True))
        for kind in ("NR", "LTE")
    ]
    return City(name=" ".join(PAYLOADS), wards=wards, cells=make.cells(*cells), synthetic=True)


def text_of(page: OfflineMap) -> str:
    """Return a page with its references and its script's \\u escapes resolved."""
    return html.unescape(re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), page.html()))


def squeezed(text: str) -> str:
    """Return a text with every kind of white space as one blank, as browsers show it."""
    return re.sub(r"\s+", " ", text).strip()


@pytest.fixture(scope="module")
def hostile():
    return Study(hostile_city(), pixel_m=100).run()


@pytest.fixture(scope="module")
def small():
    wards = make.wards((-3, -3, 0, 3), (0, -3, 4, 3), names=["Hòa Khánh Bắc", "Hải Châu I"])
    lte = {"technology": "LTE", "band": "B3", "frequency_mhz": 1842.5, "bandwidth_mhz": 20.0}
    cells = make.cells(
        make.cell(azimuth_deg=math.nan),
        make.cell(x_km=2, y_km=1, site_id="s2", cell_id="s2-1", **lte),
        make.cell(x_km=-2, y_km=-2, site_id="s3", cell_id="s3-1", operator="VNPT", **lte),
    )
    return Study(make.city(wards, cells), pixel_m=50).run()


@pytest.fixture(scope="module")
def planned(small):
    found = plan(small.study, candidates(small.study, lattice_m=None), target=small.headline + 0.01)
    return small, small.study.under(found.scenario).run(), found


# --- text -------------------------------------------------------------------------------------------------------------


@given(st.text())
def test_escaped_text_shows_itself_and_holds_nothing_that_acts(text):
    escaped = escape(text)
    assert not set(escaped) & set("<>\"'`${}\\")
    # References end in ";" and are the only "&": what the browser shows is the text, whatever it spelt.
    assert re.sub(r"&#(\d+);", lambda found: chr(int(found[1])), escaped) == text


@pytest.mark.parametrize("payload", PAYLOADS)
def test_payloads_read_back_as_they_are(payload):
    assert html.unescape(escape(payload)) == payload


# --- pages ------------------------------------------------------------------------------------------------------------


def test_a_map_takes_no_tiles_from_anybody():
    with pytest.raises(TypeError):
        OfflineMap(tiles="OpenStreetMap")


def test_a_map_that_would_load_something_is_refused(tmp_path):
    page = OfflineMap(location=[16, 108])
    assert "<html>" in page.html()
    folium.plugins.HeatMap([[16, 108]]).add_to(page)
    with pytest.raises(StoreError) as raised:
        page.save(tmp_path / "map.html")
    assert raised.value.code == "map_not_offline"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_legend_says_what_the_figure_is_and_rests_on(small, lang):
    page = text_of(result_map(small, lang))
    definition = small.definition
    for text in (percent(small.headline, lang), definition.text(lang), definition.id, small.study.path_model.id):
        assert text in page
    assert t("maps.synthetic", lang) not in page
    assert "Hòa Khánh Bắc" in page


@pytest.mark.parametrize(("lang", "word"), [("vi", "tổng hợp"), ("en", "ynthetic")])
def test_made_up_data_is_called_so(hostile, lang, word):
    assert word in text_of(result_map(hostile, lang))


def test_wards_carry_the_figures_of_the_result(small):
    page = text_of(result_map(small, "en"))
    for column in FIGURES:
        shown = re.findall(rf'"{column}": "([^"]+)"', page)
        expected = [t("maps.unknown", "en") if math.isnan(v) else percent(v, "en") for v in small.wards[column]]
        assert [json.loads(f'"{text}"') for text in shown] == expected


def test_every_measure_can_colour_the_wards(small):
    for measure in (name for name in drawing.BREAKS if name in small.wards):
        assert t(f"measure.{measure}", "vi") in text_of(result_map(small, "vi", measure))


def test_the_map_of_a_plan_tells_before_from_after(planned):
    before, after, found = planned
    page = text_of(plan_map(before, after, found, "vi"))
    assert f"{percent(before.headline, 'vi')} → {percent(after.headline, 'vi')}" in page
    for key in ("wards_before", "wards_after", "coverage_gained", "sites_new", "gained"):
        assert t(f"maps.{key}", "vi") in page


def test_the_sites_of_a_plan_have_the_colours_of_the_legend(small):
    # VNPT comes first in the alphabet and builds nothing here: Viettel keeps the second colour.
    study = small.study
    offered = [change for change in candidates(study, lattice_m=None) if change.operator == "Viettel"]
    found = plan(study, offered, target=small.headline + 1e-3)
    assert len(found.steps) == 1
    page = text_of(plan_map(small, study.under(found.scenario).run(), found))
    (legend,) = re.findall(r'background:(#[0-9a-f]{6})"></i>Viettel<', page)
    assert set(re.findall(r'"fillColor": "(#[0-9a-f]{6})", "fillOpacity": 0.95', page)) == {legend}
    assert legend == drawing.OPERATOR_COLOURS[1]


def test_the_demo_city_fits_into_a_mail(tmp_path):
    result = cov.Study(cov.demo_city(), pixel_m=50).run()
    result_map(result, "vi").save(tmp_path / "map.html")
    assert (tmp_path / "map.html").stat().st_size <= 2_500_000


# --- in a browser -----------------------------------------------------------------------------------------------------

# Every tooltip opened and every layer switched: what a curious reader does in an hour.
PROVOKE = """() => {
  const map = window[Object.keys(window).find((name) => name.startsWith('map_'))];
  const opened = [];
  map.eachLayer((group) => {
    if (!group.eachLayer || !group.getTooltip()) return;
    group.eachLayer((layer) => {
      const latlng = layer.getLatLng ? layer.getLatLng() : layer.getBounds().getCenter();
      layer.fire('mouseover', { latlng }, true);
      opened.push(group.getTooltip().getElement().textContent);
      layer.fire('mouseout', { latlng }, true);
    });
  });
  document.querySelectorAll('.leaflet-control-layers input').forEach((input) => { input.click(); input.click(); });
  return opened;
}"""
DRAWN = """() => [...document.querySelectorAll('canvas')].map((canvas) =>
  canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value > 0))"""


@pytest.fixture(scope="module")
def window(chromium):
    with browser(chromium) as running:
        yield running


def opened(window, page, folder):
    """Open a saved page from the disk; return what was seen, its title and the text of its tooltips."""
    page.save(folder / "map.html")
    with visit(window) as seen:
        seen.page.on("dialog", lambda dialog: seen.errors.append(f"dialog {dialog.message}"))
        seen.page.goto((folder / "map.html").as_uri())
        seen.page.wait_for_selector(".leaflet-overlay-pane canvas")
        drawn = seen.page.evaluate(DRAWN)
        tips = seen.page.evaluate(PROVOKE)
        seen.page.wait_for_timeout(300)
        pwned = seen.page.evaluate("() => window.pwned")
        images = seen.page.locator("img.leaflet-image-layer").count()
        return seen, seen.page.title(), tips, {"drawn": drawn, "pwned": pwned, "images": images}


@pytest.mark.browser
def test_no_name_runs_or_blanks_the_map(window, hostile, tmp_path):
    seen, title, tips, state = opened(window, result_map(hostile, "vi"), tmp_path)
    assert state["pwned"] is None
    assert seen.errors == []
    assert seen.refused == []
    assert squeezed(title) == squeezed(hostile.study.city.name)
    assert any(state["drawn"])
    for payload in PAYLOADS:
        assert sum(squeezed(payload) in squeezed(tip) for tip in tips) >= 2, payload  # as a ward and as a site


@pytest.mark.browser
def test_an_exported_map_draws_from_the_disk_without_a_request(window, planned, tmp_path):
    before, after, found = planned
    for page, pictures in ((result_map(before, "vi"), 1), (plan_map(before, after, found, "en"), 2)):
        seen, title, tips, state = opened(window, page, tmp_path)
        assert [url for url in seen.asked if not url.startswith(("file:", "data:"))] == []
        assert seen.errors == []
        assert title == "Test"
        assert state["images"] == pictures
        assert any(state["drawn"])
        assert any("Hòa Khánh Bắc" in tip for tip in tips)
