"""The page where a partner hands in: columns that are asked for and remembered, and lines of households as a layer."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from coverage.app import server, visitor
from coverage.store.accounts import Account
from coverage.store.engine import Store
from coverage.store.migrating import open_store
from coverage.store.submissions import remembered, submissions
from coverage.words import t
from tests.store.people import account

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "data" / "demo"
UNSURE = "Azimut antn"  # near "azimuth": below what is taken without a question


@pytest.fixture
def partner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Store, Account]]:
    store = open_store(tmp_path / "store.db")
    who = account(store, "Minh", "partner", "VNPT")
    monkeypatch.setattr(visitor, "store", lambda: store)
    monkeypatch.setattr(visitor, "account_of", lambda _: who)  # whoever imported `visitor` before gets this account too
    yield store, who
    store.close()


def rows_of(layer: str, count: int) -> list[dict[str, str]]:
    """Return rows of VNPT out of the demo city (synthetic)."""
    with (DEMO / f"{layer}.csv").open(encoding="utf-8-sig") as stream:
        rows = [row for row in csv.DictReader(stream) if row["operator"] == "VNPT"]
    return rows[:count]


def as_csv(rows: list[dict[str, str]], **renamed: str) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([renamed.get(name, name) for name in rows[0]])
    writer.writerows(row.values() for row in rows)
    return out.getvalue().encode()


def page_with(name: str, content: bytes, kind: str = "cells") -> AppTest:
    page = AppTest.from_file(server.SCRIPT, default_timeout=300)
    page.query_params["lang"] = "vi"
    page.run()
    page.switch_page("screens/submit.py").run()
    next(each for each in page.main.radio if each.label == t("inbox.kind", "vi")).set_value(kind).run()
    page.file_uploader[0].set_value((name, content, "text/csv")).run()
    assert not page.exception
    return page


def asked(page: AppTest) -> list[str]:
    """Return the headers that are asked about, not merely shown."""
    return [box.label for box in page.main.selectbox if "chắc" in box.label]


def send(page: AppTest, rows: int) -> AppTest:
    label = t("submit.send", "vi", rows=str(rows))
    next(each for each in page.main.button if each.label == label).click().run()
    assert not page.exception
    assert any("Đã nộp" in each.value for each in page.main.success), [e.value for e in page.main.error]
    return page


def test_what_is_not_certain_is_asked_and_the_answer_remembered(partner: tuple[Store, Account]) -> None:
    store, who = partner
    rows = rows_of("cells", 9)
    page = page_with("tram.csv", as_csv(rows, azimuth_deg=UNSURE))
    (label,) = asked(page)
    assert UNSURE in label
    assert rows[0]["azimuth_deg"] in label
    box = next(each for each in page.main.selectbox if each.label == label)
    assert box.value == ""
    box.set_value("azimuth_deg").run()
    assert not any("azimuth" in problem for problem in map(str, page.main.table) if "chắc" in problem)
    send(page, 9)
    with store.reading(who.principal) as access:
        assert remembered(access, "cells")["azimuth_deg"] == UNSURE
        (kept,) = submissions(access)
    assert kept.rows == 9
    later = page_with("tram-2.csv", as_csv(rows[:6], azimuth_deg=UNSURE))
    assert asked(later) == []
    shown = next(each for each in later.main.selectbox if UNSURE in each.label)
    assert shown.value == "azimuth_deg"


def test_a_column_that_is_none_is_not_asked_about_again(partner: tuple[Store, Account]) -> None:
    store, who = partner
    rows = rows_of("cells", 6)
    content = as_csv(rows, azimuth_deg=UNSURE)
    page = page_with("tram.csv", content)
    next(each for each in page.main.selectbox if each.label == asked(page)[0]).set_value("-").run()
    send(page, 6)
    with store.reading(who.principal) as access:
        assert UNSURE in [header for field, header in remembered(access, "cells").items() if field.startswith("-")]
    assert asked(page_with("tram-2.csv", as_csv(rows[:3], azimuth_deg=UNSURE))) == []


def test_lines_of_households_are_a_layer_of_their_own(partner: tuple[Store, Account]) -> None:
    store, who = partner
    rows = rows_of("subscriptions", 12)
    page = page_with("thue-bao.csv", as_csv(rows), "subscriptions")
    send(page, 12)
    with store.reading(who.principal) as access:
        (kept,) = submissions(access, "subscriptions")
    assert (kept.kind, kept.rows, kept.status) == ("subscriptions", 12, "waiting")
    listed = page.main.dataframe[-1].value
    assert t("submit.kind_subscriptions", "vi") in listed[t("inbox.kind", "vi")].tolist()
