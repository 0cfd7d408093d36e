"""A partner that attacks: every text it can hand in is script or a formula, looked at by itself and by the planner."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Browser, Page, expect

from coverage.cli import main
from coverage.store.accounts import change_password
from coverage.store.migrating import open_store
from coverage.words import t
from tests.app.serving import ROOT, served
from tests.app.test_browser import hostile_files
from tests.browsing import browser, visit
from tests.payloads import PAYLOADS, RUN
from tests.store.people import PASSWORD, account

pytestmark = [pytest.mark.browser, pytest.mark.slow]
CHOSEN = "một câu dài hơn hẳn"
WAIT_MS = 240_000
FORMULAS = (
    "=1+1", "+1+1", "-1+1", "@SUM(1)", '=HYPERLINK("http://x","y")', "\t=1+1", "\r=1+1", "=cmd|' /C calc'!A0",
)  # fmt: skip
TEXTS = (*PAYLOADS, *FORMULAS)
FIELDS = ("site_id", "cell_id", "ward", "operator", "technology", "band", "on_air")
NAME = f"<img src=x onerror={RUN}>.csv"


def hostile(path: Path) -> int:
    """Write cells with an attack in every text field, one field at a time, and in a header; return how many."""
    with (ROOT / "data" / "demo" / "cells.csv").open(encoding="utf-8-sig") as stream:
        good = [row for row in csv.DictReader(stream) if row["operator"] == "VNPT" and row["technology"] == "NR"]
    header = [*good[0], f"Azimut antn {PAYLOADS[2]}", *(text for text in PAYLOADS[:20])]
    count = len(header) - len(good[0])
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        for number, text in enumerate(TEXTS):
            for place, name in enumerate(FIELDS):
                row = dict(good[(number * len(FIELDS) + place) % len(good)])
                row |= {"cell_id": f"{row['cell_id']}-{number}-{place}"}
                row[name] = f"{text}{number}-{place}" if name == "cell_id" else text
                writer.writerow([*row.values(), *(TEXTS[(number + n) % len(TEXTS)] for n in range(count))])
    return len(TEXTS) * len(FIELDS) + count


@contextmanager
def logged_in(running: Browser, address: str, name: str, seen: list[str]) -> Iterator[Page]:
    with visit(running) as window:
        page = window.page
        page.set_default_timeout(WAIT_MS)
        expect.set_options(timeout=WAIT_MS)
        page.on("dialog", lambda dialog: (seen.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.goto(address)
        page.fill("input[name=name]", name)
        page.fill("input[name=password]", CHOSEN)
        page.click("form button")
        expect(page.locator("[data-testid=stSidebar]").get_by_role("link", name=t("door.leave", "vi"))).to_be_visible()
        yield page
        assert window.refused == []


def clean(page: Page) -> None:
    """Assert that nothing ran in a page or in a frame of it."""
    page.wait_for_timeout(1500)
    for frame in page.frames:
        assert frame.evaluate("() => window.pwned ?? null") is None
    assert page.locator("[data-testid=stException]").count() == 0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("hostile")
    store = open_store(made / "store.db")
    for name, role, partner in (("Lan", "planner", None), (PAYLOADS[2], "partner", "VNPT")):
        account(store, name, role, partner)  # type: ignore[arg-type]
        change_password(store, name, PASSWORD, CHOSEN)
    store.close()
    return made


def test_nothing_a_partner_hands_in_runs_anywhere(
    folder: Path, chromium: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, seen = tmp_path / "x.csv", []
    tried = hostile(path)
    content = path.read_bytes()
    looked = 0
    with browser(chromium) as running, served(folder) as address:
        with logged_in(running, address, PAYLOADS[2], seen) as page:
            page.goto(f"{address}/submit")
            expect(page.get_by_role("heading", name=t("submit.title", "vi"))).to_be_visible()
            sent = {"name": NAME, "mimeType": "text/csv", "buffer": content}
            page.set_input_files("input[type=file]", files=[sent])  # type: ignore[list-item]
            expect(page.get_by_text(t("submit.rows", "vi"), exact=True).first).to_be_visible()
            expect(page.get_by_role("button", name=t("submit.marked", "vi"))).to_be_visible()
            page.get_by_text(t("submit.columns", "vi"), exact=True).click()
            clean(page)
            with page.expect_download() as download:
                page.get_by_role("button", name=t("submit.marked", "vi")).click()
            download.value.save_as(tmp_path / "marked.xlsx")
            page.locator("button[kind=primary]").click()
            expect(page.get_by_text("Đã nộp với mã")).to_be_visible()
            clean(page)
            looked += 1
        with logged_in(running, address, "Lan", seen) as page:
            page.goto(f"{address}/inbox")
            expect(page.get_by_role("heading", name=t("inbox.title", "vi"))).to_be_visible()
            page.get_by_text("Số vấn đề tìm thấy").first.click()
            clean(page)
            page.get_by_label(t("inbox.reason", "vi")).fill(PAYLOADS[2])
            page.get_by_role("button", name=t("inbox.accept", "vi")).click()
            expect(page.get_by_text(t("inbox.none_waiting", "vi"))).to_be_visible()
            clean(page)
            looked += 1
            for name in ("map", "overview", "wards", "scenario"):
                page.goto(f"{address}/{name if name != 'overview' else ''}")
                expect(page.get_by_role("heading", level=1)).to_have_text(t(f"{name}.title", "vi"))
                expect(page.locator("[data-testid=stStatusWidget]")).to_have_count(0)
                if name == "map":
                    panel = page.locator(".panel[data-drawn]")
                    panel.wait_for()
                    drawn = panel.locator("canvas").evaluate_all(
                        "(all) => all.map((c) => c.getContext('2d').getImageData(0, 0, c.width, c.height).data"
                        ".reduce((sum, value, i) => sum + (i % 4 === 3 && value > 0), 0))"
                    )
                    assert max(drawn) > 5_000, "a blank map"
                clean(page)
                looked += 1
    assert seen == []
    no_formula((tmp_path / "marked.xlsx").read_bytes())
    with capsys.disabled():
        sys.stdout.write(f"[{tried} hostile texts of {len(TEXTS)} kinds in {len(FIELDS)} fields, {looked} pages]\n")


def no_formula(book: bytes) -> None:
    """Assert that a workbook holds texts and numbers only, wherever the attack stood."""
    for sheet in openpyxl.load_workbook(io.BytesIO(book)):
        for row in sheet.iter_rows():
            assert [cell.coordinate for cell in row if cell.data_type == "f"] == []


def test_the_files_of_a_check_hold_no_formula(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.csv"
    tried = hostile(path)
    code = main(["check", "cells", str(path), "--partner", "VNPT", "--out", str(tmp_path / "out"), "--json"])
    capsys.readouterr()
    assert code in {1, 2}
    written = sorted((tmp_path / "out").iterdir())
    assert {each.suffix for each in written} == {".xlsx", ".csv", ".json"}
    for each in written:
        if each.suffix == ".xlsx":
            no_formula(each.read_bytes())
        elif each.suffix == ".csv":
            assert live_in(each) == []
    with capsys.disabled():
        sys.stdout.write(f"[{tried} hostile texts in {len(written)} files]\n")


def live_in(path: Path) -> list[str]:
    """Return the cells of a CSV file that a spreadsheet would run."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        cells = [cell for row in csv.reader(stream) for cell in row]
    return [cell for cell in cells if cell.startswith(("=", "+", "@", "\t", "\r")) or live_minus(cell)]


def test_the_files_of_a_measurement_run_nothing(
    chromium: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    city = hostile_files(tmp_path).parent
    layers = ["--wards", str(city / "wards.geojson"), "--cells", str(city / "cells.csv")]
    code = main(["measure", *layers, "--model", "tr38901", "--pixel", "100", "--out", str(tmp_path / "out")])
    assert code == 0, capsys.readouterr().err
    pages = sorted((tmp_path / "out").rglob("*.html"))
    tables = sorted((tmp_path / "out").rglob("*.csv"))
    assert {page.name for page in pages} >= {"report.html"}
    assert [cell for table in tables for cell in live_in(table)] == []
    seen: list[str] = []
    with browser(chromium) as running, visit(running) as window:
        window.page.on("dialog", lambda dialog: (seen.append(dialog.message), dialog.dismiss()))
        for page in pages:
            window.page.goto(page.as_uri())
            clean(window.page)
        assert (seen, window.refused) == ([], [])
    with capsys.disabled():
        sys.stdout.write(f"[{len(PAYLOADS)} hostile names in {len(pages)} pages and {len(tables)} tables]\n")


def live_minus(cell: str) -> bool:
    """Return whether a text begins with a minus and is no number."""
    try:
        float(cell)
    except ValueError:
        return cell.startswith("-")
    return False
