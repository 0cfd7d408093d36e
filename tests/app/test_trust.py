"""A really started server with an account of every role: who sees which page and which file, and a challenge upheld."""

from __future__ import annotations

import hashlib
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from email.message import Message
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from coverage.app import OF_ACCOUNTS, OF_PARTNERS, OF_PLANNERS, PAGES, pages_for
from coverage.app.visitor import COOKIE
from coverage.store.accounts import account_named, open_key
from coverage.store.challenges import challenges
from coverage.store.engine import Store
from coverage.store.migrating import open_store
from coverage.store.principal import SYSTEM
from coverage.words import t
from tests.app.serving import served
from tests.browsing import browser, visit
from tests.store.people import account

pytestmark = [pytest.mark.browser, pytest.mark.slow]
CLOSED = ("The page that you have requested does not seem to exist", "404", "401")
WAIT_MS = 240_000
PEOPLE = {"Lan": ("planner", None), "Quan": ("admin", None), "Minh": ("partner", "VNPT"),
          "Hoa": ("partner", "Viettel"), "An": ("analyst", None)}  # fmt: skip
EVERY = [*PAGES, *OF_PARTNERS, *OF_PLANNERS, *OF_ACCOUNTS]
OPERATORS = ("Viettel", "VNPT", "MobiFone")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Store]]:
    folder = tmp_path_factory.mktemp("trust")
    store = open_store(folder / "store.db")
    for name, (role, partner) in PEOPLE.items():
        account(store, name, role, partner)  # type: ignore[arg-type]
    with closing(store), served(folder) as address:
        yield address, store


def key_of(store: Store, name: str) -> str:
    with store.reading(SYSTEM) as access:
        who = account_named(access, name)
    return open_key(store, who, "session")


@contextmanager
def come_in(chrome: object, address: str, store: Store, name: str) -> Iterator[tuple[Page, list[str]]]:
    """Open a window with a session; yields the page and everything it asked for."""
    with visit(chrome) as window:  # type: ignore[arg-type]
        window.context.add_cookies([{"name": COOKIE, "value": key_of(store, name), "url": address}])
        window.page.set_default_timeout(WAIT_MS)
        expect.set_options(timeout=WAIT_MS)
        yield window.page, window.asked
        assert window.refused == []
        assert [error for error in window.errors if not any(each in error for each in CLOSED)] == []


def opened(page: Page, address: str, name: str) -> None:
    page.goto(f"{address}/{name}?lang=vi")
    title = t(f"{name}.title", "vi").partition("{")[0]
    expect(page.get_by_role("heading", name=title).first).to_be_visible()


def lowered(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def asked(address: str, path: str, key: str | None) -> tuple[int, bytes, dict[str, str]]:
    request = urllib.request.Request(address + path, headers={"Cookie": f"{COOKIE}={key}"} if key else {})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read(), lowered(answer.headers)
    except urllib.error.HTTPError as error:
        return error.code, error.read(), lowered(error.headers)


def test_no_role_sees_more_by_typing_an_address(running: tuple[str, Store], chromium: str) -> None:
    address, store = running
    offered: dict[str, set[str]] = {}
    with browser(chromium) as chrome:
        for name, (role, _) in PEOPLE.items():
            mine = pages_for(role)
            with come_in(chrome, address, store, name) as (page, requests):
                for each in EVERY:
                    if each in mine:
                        opened(page, address, each)
                        if each in {"map", "gap", "challenges"}:
                            page.wait_for_selector("[data-drawn]")
                        continue
                    page.goto(f"{address}/{each}?lang=vi")
                    # Streamlit shows the first page of the role in the place of one that it does not have.
                    expect(
                        page.get_by_role("heading", name=t("overview.title", "vi").partition("{")[0]).first
                    ).to_be_visible()
                    page.wait_for_timeout(1500)
                    title = t(f"{each}.title", "vi")
                    assert page.get_by_role("heading", name=title, exact=True).count() == 0, (name, each)
                links = page.eval_on_selector_all("a.download", "found => found.map((each) => each.href)")
            found = {url.removeprefix(address).partition("?")[0] for url in [*requests, *links] if "/data/" in url}
            offered[name] = {path for path in found if path.startswith("/data/")}
            assert offered[name], name
    groups = {"Lan": "city", "Quan": "city", "Minh": "VNPT", "Hoa": "Viettel", "An": "analyst"}
    keys = {name: key_of(store, name) for name in PEOPLE}
    answered = 0
    for whose, paths in offered.items():
        for path in paths:
            assert asked(address, path, None)[0] == 401
            for name, key in keys.items():
                mine = any(path in offered[other] for other in PEOPLE if groups[other] == groups[name])
                status, content, headers = asked(address, path, key)
                assert status == (200 if mine else 404), (path, whose, name)
                if status == 200:
                    answered += 1
                    assert headers["etag"] == f'"{hashlib.sha256(content).hexdigest()}"'
                    if groups[name] != "city" and not path.endswith(".png"):
                        assert not any(operator.encode() in content for operator in OPERATORS), path
                        assert b"site_id" not in content
    assert answered > 20


def test_a_challenge_drawn_by_an_analyst_upheld_by_the_city_hatches_the_map(
    running: tuple[str, Store], chromium: str, tmp_path: Path
) -> None:
    address, store = running
    with browser(chromium) as chrome:
        with come_in(chrome, address, store, "An") as (page, _):
            opened(page, address, "challenges")
            page.wait_for_selector("[data-drawn]")
            page.get_by_role("button", name=t("panel.draw", "vi")).click()
            ground = page.locator(".ground")
            ground.scroll_into_view_if_needed()
            box = ground.bounding_box()
            assert box is not None
            for x, y in ((0.3, 0.3), (0.7, 0.3), (0.7, 0.7), (0.3, 0.7)):
                ground.click(position={"x": x * box["width"], "y": y * box["height"]})
                page.wait_for_timeout(400)
            page.get_by_role("button", name=t("panel.drawn", "vi")).click()
            expect(page.get_by_text("Vùng đã chọn")).to_be_visible()
            page.get_by_label(t("challenges.text", "vi")).fill("Đi đo không có sóng <script>alert(1)</script>")
            page.get_by_role("button", name=t("challenges.send", "vi")).click()
            expect(page.get_by_text(t("challenges.kept", "vi"))).to_be_visible()
            page.screenshot(path=tmp_path / "challenge.png", full_page=True)
        with come_in(chrome, address, store, "Hoa") as (page, _):
            opened(page, address, "challenges")
            expect(page.get_by_text(t("challenges.none", "vi"))).to_be_visible()  # another's is not shown
        with store.reading(SYSTEM) as access:
            (raised,) = challenges(access)
        assert raised.area is not None
        with come_in(chrome, address, store, "Lan") as (page, _):
            opened(page, address, "challenges")
            page.locator(f".st-key-reason-{raised.id} input").fill("Đúng như kết quả đo lại")
            page.locator(f".st-key-reason-{raised.id} input").press("Enter")
            page.get_by_role("button", name=t("inbox.make_upheld", "vi")).click()
            expect(page.get_by_text(t("challenges.open", "vi"))).to_be_visible()
            page.wait_for_timeout(1500)
            opened(page, address, "map")
            page.wait_for_selector("img.disputed")
            page.screenshot(path=tmp_path / "hatched.png", full_page=True)
        with store.reading(SYSTEM) as access:
            assert [each.state for each in challenges(access)] == ["upheld"]
        for name in ("Lan", "An", "Hoa"):
            with come_in(chrome, address, store, name) as (page, _):
                opened(page, address, "overview")
                expect(page.get_by_text(re.compile("đã xác nhận .* còn tranh cãi")).first).to_be_visible()
                page.screenshot(path=tmp_path / f"overview-{name}.png", full_page=True)
        with come_in(chrome, address, store, "An") as (page, _):
            opened(page, address, "wards")
            with page.expect_download() as download:
                page.get_by_role("button", name=t("wards.download", "vi")).click()
            saved = Path(tmp_path / download.value.suggested_filename)
            download.value.save_as(saved)
            assert "confirmed_area_share" in saved.read_text("utf-8-sig")
            assert hashlib.sha256(saved.read_bytes()).hexdigest()[:12] in saved.name
