"""The real server in a real browser that can reach nothing but this machine."""

import csv
import hashlib
import json
import math
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect
from streamlit.proto.BackMsg_pb2 import BackMsg

from coverage.app import PAGES
from coverage.words import LANGUAGES, t
from tests.browsing import browser, visit
from tests.payloads import PAYLOADS

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]
CASES = [(name, lang) for name in PAGES for lang in LANGUAGES]
WAIT_MS = 120_000  # other work may share the machine; what takes long is measured, not waited out

DRAWN = """(canvas) => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data
  .reduce((sum, value, i) => sum + (i % 4 === 3 && value > 0), 0)"""
LOADED = "(image) => image.complete && image.naturalWidth > 0"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(folder):
    """Start the app as a person does, on a port of its own; yield its address."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "HOME": str(folder)}, stdout=log, stderr=log)
        try:
            address = f"http://127.0.0.1:{port}"
            for _ in range(600):
                assert process.poll() is None, (folder / "server.log").read_text()
                try:
                    urllib.request.urlopen(f"{address}/_stcore/health", timeout=2).read()
                    break
                except OSError:
                    time.sleep(0.1)
            yield address
        finally:
            process.terminate()
            process.wait(timeout=20)


@pytest.fixture(scope="module")
def shots(tmp_path_factory):
    return tmp_path_factory.mktemp("screens")


@pytest.fixture(scope="module")
def server(shots):
    with serving(shots) as address:
        yield address


@pytest.fixture(scope="module")
def running(chromium):
    with browser(chromium) as started:
        yield started


@pytest.fixture
def seen(running):
    with visit(running) as window:
        window.page.set_default_timeout(WAIT_MS)
        expect.set_options(timeout=WAIT_MS)
        yield window
        assert window.refused == [], "a request wanted to leave this machine"
        assert window.errors == []


def go(seen, server, name, lang):
    """Open a page and wait until it stands."""
    path = "" if name == "overview" else name
    seen.page.goto(f"{server}/{path}?lang={lang}")
    expect(seen.page.get_by_role("heading", level=1)).to_have_text(t(f"{name}.title", lang))
    expect(seen.page.locator("[data-testid=stStatusWidget]")).to_have_count(0)
    return seen.page


def whole(page, path):
    """Save a picture of everything the page shows."""
    height = page.locator("[data-testid=stMain]").evaluate("(main) => main.scrollHeight")
    page.set_viewport_size({"width": 1360, "height": max(900, min(height + 20, 6000))})
    page.wait_for_timeout(300)
    page.screenshot(path=path)


def map_of(page):
    """Return the map of a page once it has drawn."""
    panel = page.locator(".panel[data-drawn]")
    panel.wait_for()
    return panel


def assert_drawn(panel):
    assert max(panel.locator("canvas").evaluate_all(f"(all) => all.map({DRAWN})")) > 5_000
    pictures = panel.locator("img.leaflet-image-layer")
    assert pictures.count() >= 2  # relief and coverage
    expect(pictures.first).to_be_visible()
    for _ in range(50):
        if all(pictures.evaluate_all(f"(all) => all.map({LOADED})")):
            return
        time.sleep(0.1)
    pytest.fail("a picture of the map did not load")


@pytest.mark.parametrize(("name", "lang"), CASES)
def test_every_page_stands_offline(seen, server, shots, name, lang):
    page = go(seen, server, name, lang)
    expect(page.locator("html")).to_have_attribute("lang", lang)
    expect(page.locator("[data-testid=stException], [data-testid=stAlertContentError]")).to_have_count(0)
    assert "Traceback" not in page.content()
    if name == "map":
        assert_drawn(map_of(page))
    if name in {"map", "wards"}:
        expect(page.locator("[data-testid=stDataFrame] canvas").first).to_be_visible()
    for other in PAGES:
        expect(page.get_by_role("link", name=t(f"app.nav_{other}", lang), exact=True)).to_be_visible()
    whole(page, shots / f"{name}-{lang}.png")
    assert (shots / f"{name}-{lang}.png").stat().st_size > 20_000


@pytest.mark.parametrize(("width", "height"), [(390, 844), (820, 1180)])
def test_pages_fit_on_small_screens(running, server, width, height):
    with visit(running, width=width, height=height) as seen:
        for name in PAGES:
            page = go(seen, server, name, "vi")
            if name == "map":
                assert_drawn(map_of(page))
            page.wait_for_timeout(300)
            assert page.evaluate("() => document.scrollingElement.scrollWidth") <= width
        assert (seen.refused, seen.errors) == ([], [])


@pytest.mark.parametrize(("locale", "lang"), [("vi-VN", "vi"), ("en-US", "en"), ("fr-FR", "vi")])
def test_the_browser_decides_where_the_link_does_not(running, server, locale, lang):
    with visit(running, locale=locale) as seen:
        seen.page.goto(server)
        expect(seen.page.get_by_role("heading", level=1)).to_have_text(t("overview.title", lang), timeout=WAIT_MS)


def test_the_language_stays_from_page_to_page(seen, server):
    page = go(seen, server, "overview", "vi")
    page.get_by_text(t("app.own_name", "en"), exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(t("overview.title", "en"))
    page.get_by_role("link", name=t("app.nav_wards", "en"), exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(t("wards.title", "en"))
    assert "lang=en" in page.url


# --- the map ----------------------------------------------------------------------------------------------------------


def test_the_map_answers_to_pointer_switches_and_keys(seen, server):
    page = go(seen, server, "map", "en")
    panel = map_of(page)
    ground = panel.locator(".ground")
    box = ground.bounding_box()
    for share in (0.25, 0.4, 0.5, 0.6):
        page.mouse.move(box["x"] + share * box["width"], box["y"] + 0.5 * box["height"], steps=3)
        page.wait_for_timeout(150)
    tip = panel.locator(".leaflet-tooltip")
    expect(tip.first).to_be_visible()
    assert re.search(r"\d\s?%|unknown", tip.first.inner_text())

    pictures = panel.locator("img.signal")
    expect(pictures).to_have_count(1)
    panel.get_by_label(t("maps.layer_coverage", "en"), exact=True).uncheck()
    expect(pictures).to_have_count(0)
    panel.get_by_label(t("maps.layer_coverage", "en"), exact=True).check()
    expect(pictures).to_have_count(1)

    all_sites = int(panel.get_attribute("data-drawn").split(":")[1])
    source = pictures.get_attribute("src")
    panel.get_by_label(t("maps.operator", "en"), exact=True).select_option("VNPT")
    expect(panel).not_to_have_attribute("data-drawn", f"today:{all_sites}")
    assert 0 < int(panel.get_attribute("data-drawn").split(":")[1]) < all_sites
    expect(pictures).not_to_have_attribute("src", source)

    scale = panel.locator(".leaflet-control-scale-line")
    before = scale.inner_text()
    ground.focus()
    page.keyboard.press("+")
    page.keyboard.press("+")
    expect(scale).not_to_have_text(before)
    panel.get_by_label(t("panel.find", "en")).select_option(label="Hòa Bắc")
    expect(tip.first).to_contain_text("Hòa Bắc")
    panel.get_by_role("button", name=t("panel.home", "en")).click()
    expect(scale).to_have_text(before)


def test_a_rerun_sends_little_and_keeps_the_view(seen, server):
    page = go(seen, server, "map", "vi")
    panel = map_of(page)
    panel.get_by_label(t("maps.layer_sites", "vi"), exact=True).uncheck()
    panel.get_by_label(t("panel.find", "vi")).select_option(label="Hòa Bắc")
    scale = panel.locator(".leaflet-control-scale-line").inner_text()
    place = panel.locator(".leaflet-map-pane").evaluate("(pane) => pane.style.transform")
    page.wait_for_timeout(500)
    files, sent = len(seen.asked), seen.received()
    page.locator("[data-testid=stMain] [data-testid=stSelectbox] [role=combobox]").click()
    page.get_by_role("option", name=t("measure.household_internet_share", "vi")).click()
    expect(panel.locator(".legend h3").first).to_contain_text(t("measure.household_internet_share", "vi"))
    page.wait_for_timeout(1000)
    assert seen.received() - sent <= 50_000
    assert [url for url in seen.asked[files:] if "/data/" in url] == []
    assert panel.locator(".leaflet-control-scale-line").inner_text() == scale
    assert panel.locator(".leaflet-map-pane").evaluate("(pane) => pane.style.transform") == place
    expect(panel.get_by_label(t("maps.layer_sites", "vi"), exact=True)).not_to_be_checked()


# --- the profile to a point -------------------------------------------------------------------------------------------


def reruns(seen, since):
    """Return what the browser asked the server to run again: the id of a fragment each time, empty for the page."""
    found = []
    for frame in seen.sent[since:]:
        message = BackMsg()
        message.ParseFromString(frame)
        if message.WhichOneof("type") == "rerun_script":
            found.append(message.rerun_script.fragment_id)
    return found


def click(page, across, down):
    """Click a place of the map, given as shares of its sides."""
    box = page.locator(".panel .ground").bounding_box()
    page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])


def drawn_profile(page, lang, other_than=None):
    """Return the picture that this window shows, once it is there, and its text."""
    if other_than is not None:
        expect(page.get_by_alt_text(other_than, exact=True)).to_have_count(0)
    picture = page.locator(".sightline img:visible")
    expect(picture).to_have_count(1)
    expect(picture).to_have_attribute("alt", re.compile({"vi": "Mặt cắt địa hình", "en": "Terrain profile"}[lang]))
    assert picture.evaluate("async (image) => { await image.decode(); return image.naturalWidth > 0; }")
    return picture, picture.get_attribute("alt")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_click_draws_a_profile_and_reruns_no_more_than_the_map(seen, server, shots, lang):
    page = go(seen, server, "map", lang)
    panel = map_of(page)
    expect(page.get_by_text(t("profile.hint", lang))).to_be_visible()
    page.wait_for_timeout(500)
    sent = len(seen.sent)
    click(page, 0.66, 0.62)
    picture, text = drawn_profile(page, lang)
    assert picture.get_attribute("class") == "wide"
    expect(page.get_by_text(t("profile.as_on_the_map", lang))).to_be_visible()
    expect(panel.locator(".note strong")).to_have_text(re.compile(r"−\d+ dBm"))
    asked = reruns(seen, sent)
    assert len(asked) == 1
    assert all(asked), "a click may cost the map and the profile, not the page"
    click(page, 0.7, 0.55)
    drawn_profile(page, lang, other_than=text)

    sent = len(seen.sent)
    panel.locator(".ground").focus()
    for key in ("ArrowRight", "ArrowUp", "+", "-"):
        page.keyboard.press(key)
        page.wait_for_timeout(400)
    box = panel.locator(".ground").bounding_box()
    page.mouse.move(box["x"] + 300, box["y"] + 300)
    page.mouse.down()
    page.mouse.move(box["x"] + 380, box["y"] + 340, steps=5)
    page.mouse.up()
    page.mouse.wheel(0, -240)
    page.mouse.dblclick(box["x"] + 300, box["y"] + 300)
    page.wait_for_timeout(1000)
    assert reruns(seen, sent) == [], "moving and zooming the map asks nothing of the server"
    whole(page, shots / f"profile-{lang}.png")


def test_a_profile_by_the_keyboard_another_cell_and_another_language(seen, server):
    page = go(seen, server, "map", "vi")
    panel = map_of(page)
    click(page, 0.66, 0.62)
    _, text = drawn_profile(page, "vi")
    panel.locator(".ground").focus()
    page.keyboard.press("Enter")
    _, middle = drawn_profile(page, "vi", other_than=text)
    click(page, 0.66, 0.62)
    drawn_profile(page, "vi", other_than=middle)
    choice = page.get_by_role("combobox", name=t("profile.choice", "vi"))
    choice.scroll_into_view_if_needed()
    page.wait_for_timeout(500)  # a list that opens while the page still moves closes again
    choice.click()
    page.locator("[role=option]").nth(1).click()  # not those of the map
    _, other = drawn_profile(page, "vi", other_than=text)
    assert other != middle
    page.get_by_text(t("app.own_name", "en"), exact=True).click()
    drawn_profile(page, "en")
    panel.get_by_role("button", name=t("panel.profile", "en")).click()
    expect(page.locator(".sightline p").first).to_be_in_viewport()


def test_a_point_outside_is_one_sentence(seen, server):
    page = go(seen, server, "map", "vi")
    panel = map_of(page)
    panel.locator(".ground").focus()
    for _ in range(4):
        page.keyboard.press("-")
        page.wait_for_timeout(300)
    click(page, 0.03, 0.5)
    expect(panel.locator(".note strong")).to_have_text(t("error.point_outside", "vi"))
    expect(page.locator("[data-testid=stAlert]").get_by_text(t("error.point_outside", "vi"))).to_be_visible()
    expect(page.locator(".sightline")).to_have_count(0)


def test_a_profile_fits_on_a_phone(running, server, shots):
    with visit(running, width=390, height=844) as seen:
        seen.page.set_default_timeout(WAIT_MS)
        page = go(seen, server, "map", "vi")
        map_of(page)
        page.locator(".panel .ground").scroll_into_view_if_needed()
        click(page, 0.7, 0.6)
        picture, _ = drawn_profile(page, "vi")
        assert picture.get_attribute("class") == "narrow"
        box = picture.bounding_box()
        assert box["width"] >= 300
        assert page.evaluate("() => document.scrollingElement.scrollWidth") <= 390
        picture.scroll_into_view_if_needed()
        page.screenshot(path=shots / "profile-phone.png")
        assert (seen.refused, seen.errors) == ([], [])


def test_a_map_that_does_not_come_says_so(running, server):
    with visit(running) as seen:
        seen.page.set_default_timeout(WAIT_MS)
        seen.context.route("**/data/wards-*", lambda route: route.abort())
        seen.page.goto(f"{server}/map?lang=vi")
        expect(seen.page.locator(".panel .legend [role=alert]")).to_have_text(t("panel.failed", "vi"), timeout=WAIT_MS)


# --- a plan through the page ------------------------------------------------------------------------------------------


def test_a_plan_from_the_slider_to_the_file(seen, server, shots):
    page = go(seen, server, "scenario", "vi")
    page.get_by_role("button", name=t("scenario.run", "vi")).click()
    expect(page.locator(".st-key-plan_today")).to_have_count(0)  # the map of today makes room
    panel = map_of(page)
    assert_drawn(panel)
    expect(panel.get_by_role("button", name=t("scenario.after", "vi"))).to_have_attribute("aria-pressed", "true")
    expect(panel.locator("img.signal")).to_have_count(2)  # today's coverage and what the plan adds
    panel.get_by_role("button", name=t("scenario.before", "vi"), exact=True).click()
    expect(panel.locator("img.signal")).to_have_count(1)
    panel.get_by_role("button", name=t("scenario.after", "vi")).click()
    expect(panel.locator("img.signal")).to_have_count(2)
    whole(page, shots / "scenario-plan-vi.png")

    for key, name in (
        ("scenario.download", "plan"),
        ("scenario.download_map", "plan-map"),
        ("planpage.download_report", "plan-report"),
    ):
        with page.expect_download() as coming:
            page.get_by_role("button", name=t(key, "vi")).click()
        content = Path(coming.value.path()).read_bytes()
        stem, suffix = coming.value.suggested_filename.rsplit(".", 1)
        assert stem == f"{name}-synthetic-{hashlib.sha256(content).hexdigest()[:12]}"
        assert suffix == ("csv" if name == "plan" else "html")
        if name == "plan":
            rows = list(csv.DictReader(content.decode().splitlines()))
    shares = [float(row["running_share"]) for row in rows]
    assert shares == sorted(shares)
    assert shares[-1] >= 0.2
    shown = page.locator("[data-testid=stMetricValue]").first.inner_text()
    assert shown.replace("\u00a0", " ") == f"{100 * shares[-1]:.1f} %".replace(".", ",")


SITE = """(panel) => {
  // Where a site of the plan stands on the screen: a pixel of its dark ring on a canvas.
  const ground = panel.querySelector(".ground").getBoundingClientRect();
  const dark = (data, i) => data[i] < 40 && data[i + 1] < 50 && data[i + 2] < 60 && data[i + 3] > 240;
  for (const canvas of panel.querySelectorAll("canvas")) {
    const { width, height } = canvas, box = canvas.getBoundingClientRect();
    const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
      if (!dark(data, 4 * (y * width + x))) continue;
      const [left, top] = [box.left + (x * box.width) / width, box.top + (y * box.height) / height + 4];
      const inside = left > ground.left + 40 && left < ground.right - 90 && top > ground.top + 40;
      if (inside && top < Math.min(ground.bottom, innerHeight) - 60) return [left, top];
    }
  }
}"""


def test_scenarios_are_kept_compared_and_moved(seen, server, shots, tmp_path):
    page = go(seen, server, "scenario", "vi")
    page.get_by_role("button", name=t("scenario.run", "vi")).click()
    expect(page.locator(".st-key-plan_today")).to_have_count(0)  # the map of today makes room
    panel = map_of(page)
    expect(panel.get_by_role("button", name=t("scenario.after", "vi"))).to_be_visible()
    expect(page.locator(".curve img")).to_be_visible()
    assert page.locator(".curve img").evaluate(LOADED)

    # A site is taken by the hand: the share with it in its new place comes as an answer of some kilobytes.
    panel.get_by_role("button", name=t("panel.drag", "vi")).click()
    panel.locator(".ground").scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    x, y = panel.evaluate(SITE)
    page.mouse.move(x, y)
    received, sent = seen.received(), len(seen.sent)
    page.mouse.down()
    page.mouse.move(x + 40, y + 30, steps=5)
    page.mouse.up()
    expect(panel.locator(".note strong")).to_contain_text("→")
    assert seen.received() - received < 50_000
    assert len(seen.sent) - sent <= 3, "the server is asked where the site is let go, not on the way"
    before, after = panel.locator(".note strong").inner_text().split(" → ")
    assert before != after
    expect(page.get_by_text(t("planpage.moved", "vi"))).to_be_visible()
    page.screenshot(path=shots / "scenario-moved-vi.png")
    panel.get_by_role("button", name=t("panel.put_back", "vi")).click()
    expect(page.get_by_text(t("planpage.moved", "vi"))).to_have_count(0)

    # Moving or zooming the map asks the server nothing.
    sent = len(seen.sent)
    panel.get_by_role("button", name=t("panel.zoom_in", "vi")).click()
    page.wait_for_timeout(500)
    assert len(seen.sent) == sent

    page.get_by_role("button", name=t("planpage.save", "vi")).click()
    page.get_by_role("button", name=t("planpage.duplicate", "vi")).click()
    expect(page.get_by_role("heading", name=t("planpage.compare", "vi"))).to_be_visible()
    expect(page.locator(".panel[data-drawn]")).to_have_count(3)
    with page.expect_download() as coming:
        page.get_by_role("button", name=t("planpage.download_scenario", "vi")).click()
    content = Path(coming.value.path()).read_bytes()
    assert coming.value.suggested_filename.endswith(".toml")

    page.get_by_role("button", name=t("planpage.remove", "vi"), exact=True).click()
    expect(page.locator(".panel[data-drawn]")).to_have_count(1)
    (tmp_path / "again.toml").write_bytes(content)
    load = page.locator("[class*=st-key-file_] [data-testid=stFileUploaderDropzoneInput]")  # not that of local rules
    load.set_input_files(tmp_path / "again.toml")
    expect(page.locator(".panel[data-drawn]")).to_have_count(3)  # read from the file, and beside the other again
    whole(page, shots / "scenario-compared-vi.png")


# --- a city that attacks its readers ----------------------------------------------------------------------------------


def hostile_files(folder):
    """Write a city whose every name is an attack; return its file."""
    side = math.ceil(math.sqrt(len(PAYLOADS)))
    corner, step = (108.0, 16.0), 0.01
    features, cells = [], []
    for n, name in enumerate(PAYLOADS):
        west, south = corner[0] + step * (n % side), corner[1] + step * (n // side)
        ring = [[west, south], [west + step, south], [west + step, south + step], [west, south + step], [west, south]]
        about = {"ward_id": f"w{n}", "name": name, "district": PAYLOADS[-1 - n]}
        features.append(
            {"type": "Feature", "properties": about, "geometry": {"type": "Polygon", "coordinates": [ring]}}
        )
        for kind, band in (("5G", "n41"), ("4G", "3")):
            cells.append([name, f"{n}-{band}", PAYLOADS[n % 9], kind, band, west + step / 2, south + step / 2, 0])
    (folder / "wards.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    with (folder / "cells.csv").open("w", encoding="utf-8", newline="") as file:
        names = ["site_id", "cell_id", "operator", "technology", "band", "longitude", "latitude", "azimuth_deg"]
        csv.writer(file).writerows([names, *cells])
    title = json.dumps(" ".join(PAYLOADS[:20]))
    (folder / "city.toml").write_text(
        f'name = {title}\n[layers]\nwards = "wards.geojson"\ncells = "cells.csv"\n', "utf-8"
    )
    return folder / "city.toml"


def test_no_name_of_a_city_runs(running, tmp_path, monkeypatch):
    monkeypatch.setenv("PHUSONG_CITY", str(hostile_files(tmp_path)))
    with serving(tmp_path) as address, visit(running) as seen:
        seen.page.set_default_timeout(WAIT_MS)
        seen.page.on("dialog", lambda dialog: seen.errors.append(f"dialog {dialog.message}"))
        for name in PAGES:
            page = go(seen, address, name, "vi")
            expect(page.locator("[data-testid=stException], [data-testid=stAlertContentError]")).to_have_count(0)
            if name == "map":
                panel = map_of(page)
                finder = panel.get_by_label(t("panel.find", "vi"))
                values = finder.locator("option").evaluate_all("(all) => all.map((each) => each.value)")[1:]
                assert len(values) == len(PAYLOADS)
                for value in values:
                    finder.select_option(value)
                    expect(panel.locator(".leaflet-tooltip").first).to_be_visible()
                shown = panel.locator("option").all_text_contents()
                assert {"".join(text.split()) for text in PAYLOADS} <= {"".join(text.split()) for text in shown}
            page.wait_for_timeout(300)
            assert page.evaluate("() => window.pwned ?? null") is None
        assert (seen.refused, seen.errors) == ([], [])


# --- the server -------------------------------------------------------------------------------------------------------


def answer(url):
    try:
        with urllib.request.urlopen(url, timeout=30) as response:
            return response.status, {key.lower(): value for key, value in response.headers.items()}
    except urllib.error.HTTPError as error:
        return error.code, {key.lower(): value for key, value in error.headers.items()}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200), ("/vendor/leaflet.js", 200), ("/vendor/leaflet.css", 200), ("/vendor/jquery.js", 404),
        ("/vendor/..%2fapp.py", 400), ("/data/city.toml", 404), ("/data/..%2f..%2fapp.py", 400),
        ("/_stcore/metrics", 404), ("/_stcore/health", 200),
    ],
)  # fmt: skip
def test_every_answer_carries_the_policy(server, path, status):
    code, headers = answer(server + path)
    assert code == status
    assert headers["x-content-type-options"] == "nosniff"
    assert "script-src 'self' blob:" in headers["content-security-policy"]
    assert "http" not in headers["content-security-policy"]


def test_a_warm_start_measures_nothing_again(running, own_cache, server, tmp_path):
    # `server` has measured the city by now, or found it measured by an earlier test.
    with visit(running) as seen:
        go(seen, server, "overview", "vi")
    files = {path: path.stat().st_size for path in own_cache.glob("measured-*.pickle")}
    assert files
    began = time.perf_counter()
    with serving(tmp_path) as address, visit(running) as seen:
        seen.page.goto(f"{address}/?lang=vi")
        seen.page.locator(".goal .figure").first.wait_for(timeout=WAIT_MS)
        took = time.perf_counter() - began
    assert {path: path.stat().st_size for path in own_cache.glob("measured-*.pickle")} == files
    assert took < 20, "5 s is the aim on an idle machine; tests share theirs"
