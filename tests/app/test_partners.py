"""From a bad file to a changed map, in a real browser: two partners and a planner, each in a window of its own."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from coverage.store.accounts import change_password
from coverage.store.migrating import open_store
from coverage.words import t
from tests.app.serving import served
from tests.browsing import browser, visit
from tests.store.people import PASSWORD, account

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
CLOSED = "The page that you have requested does not seem to exist"
CHOSEN = "một câu dài hơn hẳn"
WAIT_MS = 240_000
PEOPLE = (("Lan", "planner", None), ("Minh", "partner", "VNPT"), ("Hoa", "partner", "Viettel"))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("partners")
    store = open_store(folder / "store.db")
    for name, role, partner in PEOPLE:
        account(store, name, role, partner)  # type: ignore[arg-type]
        change_password(store, name, PASSWORD, CHOSEN)
    store.close()
    with served(folder) as where:
        yield where


@contextmanager
def logged_in(running: object, address: str, name: str) -> Iterator[Page]:
    with visit(running) as window:  # type: ignore[arg-type]
        page = window.page
        page.set_default_timeout(WAIT_MS)
        expect.set_options(timeout=WAIT_MS)
        page.goto(address)
        page.fill("input[name=name]", name)
        page.fill("input[name=password]", CHOSEN)
        page.click("button")
        expect(page.get_by_text(f"{name} · ")).to_be_visible()
        yield page
        assert window.refused == []
        assert [error for error in window.errors if CLOSED not in error] == []


def bad_file(path: Path) -> Path:
    """Write ten sites of VNPT out of the demo city (synthetic), two rows of them wrong: axes swapped, azimuth 720."""
    with (ROOT / "data" / "demo" / "cells.csv").open(encoding="utf-8-sig") as stream:
        rows = [row for row in csv.DictReader(stream) if row["operator"] == "VNPT" and row["technology"] == "NR"][:30]
    rows[3]["azimuth_deg"] = "720"
    rows[7]["longitude"], rows[7]["latitude"] = rows[7]["latitude"], rows[7]["longitude"]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return path


def corrected(marked: Path) -> Path:
    """Put right what the marked workbook points at, as a person does."""
    book = openpyxl.load_workbook(marked)
    sheet = book.active
    header = {cell.value: cell.column for cell in sheet[1]}
    wrong = {(cell.row, cell.column) for row in sheet.iter_rows(min_row=2) for cell in row if cell.comment}
    assert (5, header["azimuth_deg"]) in wrong
    sheet.cell(5, header["azimuth_deg"]).value = "120"
    longitude, latitude = sheet.cell(9, header["longitude"]), sheet.cell(9, header["latitude"])
    assert {(9, header["longitude"]), (9, header["latitude"])} & wrong
    longitude.value, latitude.value = latitude.value, longitude.value
    book.save(marked)
    return marked


def test_from_a_bad_file_to_a_changed_map(address: str, chromium: str, tmp_path: Path) -> None:
    with browser(chromium) as running:
        with logged_in(running, address, "Lan") as page:
            page.goto(address)
            before = page.locator(".goal .figure").first.inner_text()
        with logged_in(running, address, "Minh") as page:
            page.goto(f"{address}/submit")
            expect(page.get_by_role("heading", name=t("submit.title", "vi"))).to_be_visible()
            page.set_input_files("input[type=file]", bad_file(tmp_path / "tram.csv"))
            expect(page.get_by_text("có vẻ bị đảo chỗ").first).to_be_visible()
            page.screenshot(path=tmp_path / "problems.png", full_page=True)
            with page.expect_download() as download:
                page.get_by_role("button", name=t("submit.marked", "vi")).click()
            marked = tmp_path / "tram.xlsx"
            download.value.save_as(marked)
            page.set_input_files("input[type=file]", corrected(marked))
            page.get_by_role("button", name=t("submit.send", "vi", rows="30")).click()
            expect(page.get_by_text("Đã nộp với mã")).to_be_visible()
        with logged_in(running, address, "Hoa") as page:
            page.goto(f"{address}/submit")
            expect(page.get_by_role("heading", name=t("submit.title", "vi"))).to_be_visible()
            page.wait_for_timeout(3000)
            assert "tram" not in page.content()
            for closed in ("map", "inbox", "scenario"):
                page.goto(f"{address}/{closed}")
                page.wait_for_timeout(2000)
                assert "tram" not in page.content()
                assert page.get_by_role("link", name=t("app.nav_inbox", "vi")).count() == 0
        with logged_in(running, address, "Lan") as page:
            page.goto(f"{address}/inbox")
            expect(page.get_by_text("VNPT: tram.xlsx")).to_be_visible()
            page.screenshot(path=tmp_path / "inbox.png", full_page=True)
            page.get_by_role("button", name=t("inbox.accept", "vi")).click()
            expect(page.get_by_text(t("inbox.none_waiting", "vi"))).to_be_visible()
            page.goto(address)
            goal = page.locator(".goal .figure").first
            expect(goal).to_be_visible()
            assert goal.inner_text() != before
