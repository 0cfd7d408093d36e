"""The page of the wards with what a store holds: the city sees every grade, a partner its own, an analyst none."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

import coverage as cov
from coverage.app import cached, parts, visitor
from coverage.intake.grades import Grade
from coverage.publishing import wards_csv
from coverage.store.accounts import Account
from coverage.store.engine import Store
from coverage.store.migrating import open_store
from coverage.store.submissions import Upload, decide, submit
from coverage.words import LANGUAGES, t
from tests import builders as make
from tests.store.people import account, layer

PAGE = Path(parts.__file__).parent / "screens" / "wards.py"
PEOPLE = (("Lan", "planner", None), ("Minh", "partner", "VNPT"), ("Hoa", "partner", "Viettel"), ("An", "analyst", None))
SENT = {  # partner → rows and rows without a height in ward w0
    "VNPT": Grade(kind="cells", rows=10),
    "Viettel": Grade(kind="cells", rows=10, missing={"height_m": 10}, bad={"position": 1}, fields={"position": "ward"}),
}


@pytest.fixture(scope="module")
def today():
    wards = make.wards((-2, -2, 0, 2), (0, -2, 3, 2), names=["Một", "Hai"])
    city = make.city(wards, make.cells(make.cell()), people=make.people(wards, [5000, 900], [1500, 300]))
    return cov.Study(city, pixel_m=200.0).run()


@pytest.fixture
def people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, today) -> Iterator[dict[str, Account]]:
    store = open_store(tmp_path / "store.db")
    found = {name: account(store, name, role, partner) for name, role, partner in PEOPLE}
    monkeypatch.setattr(visitor, "store", lambda: store)
    monkeypatch.setattr(cached, "measured", lambda _definition, _progress=None: SimpleNamespace(result=today))
    monkeypatch.setattr(cached, "disputed", lambda _definition: None)
    hand_in(store, found)
    yield found
    store.close()


def hand_in(store: Store, people: dict[str, Account], edition: str = "other") -> None:
    for name in ("Minh", "Hoa"):
        who = people[name].principal
        grade = SENT[who.partner]
        told = {"ward_id": "w0", "letter": grade.letter} | {
            part: getattr(grade, part) for part in ("rows", "missing", "bad", "fields")
        }
        kept = Upload(
            file_name="bí mật.csv", content=name.encode(), layer=layer(operator=who.partner),
            summary={"wards": {"edition": edition, "grades": [told]}},
        )  # fmt: skip
        with store.writing(who) as access:
            number = submit(access, kept).id
        with store.writing(people["Lan"].principal) as access:
            decide(access, number, "accept")


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[AppTest, dict[str, bytes]]]:
    def page_of(who: Account | None, lang: str = "vi") -> tuple[AppTest, dict[str, bytes]]:
        files: dict[str, bytes] = {}
        monkeypatch.setattr(visitor, "account_of", lambda _: who)
        monkeypatch.setattr(parts, "download", lambda _label, content, name, *_, **__: files.update({name: content}))
        page = AppTest.from_file(str(PAGE), default_timeout=60)
        page.session_state["lang"] = lang
        page.run()
        assert not page.exception
        (box,) = [each for each in page.main.selectbox if each.key == f"one_ward_{lang}"]
        box.select("w0").run()
        assert not page.exception
        return page, files

    return page_of


def texts(page: AppTest) -> str:
    kinds = ("subheader", "info", "caption", "metric")
    said = "\n".join(str(each.value) for kind in kinds for each in getattr(page.main, kind))
    return said.replace("\\", "")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_city_sees_the_grade_over_all_partners(people, opened, lang: str) -> None:
    page, files = opened(people["Lan"], lang)
    shown = page.dataframe[0].value.set_index("ward_id")["data_grade"]
    assert shown["w0"] == "C"  # of 20 rows 10 lack the height: 1 − 3/15 · 1/2 = 0.9
    assert shown.isna()["w1"]
    said = texts(page)
    assert t("wards.grade_city", lang) in said
    assert {"vi": "Bổ sung “Độ cao anten”", "en": "Filling “Antenna height”"}[lang] in said
    assert {"vi": "10 trên 20 dòng", "en": "10 of 20 rows"}[lang] in said
    table = page.table[-1].value
    assert list(table.index) == [
        t(f"intake.dimension_{name}", lang) for name in ("completeness", "consistency", "position", "thematic", "time")
    ]
    assert [each.replace("\u00a0", "").replace(",", ".") for each in table.iloc[:, 0]] == [
        "90.0%", "100.0%", "95.0%", "100.0%", "100.0%",
    ]  # fmt: skip
    rows = {row["ward_id"]: row for row in csv.DictReader(io.StringIO(files["wards.csv"].decode("utf-8-sig")))}
    assert (rows["w0"]["data_grade"], rows["w0"]["data_grade_worst"]) == ("C", "completeness")
    assert (rows["w1"]["data_grade"], rows["w1"]["data_grade_worst"]) == ("", "")
    assert "bí mật" not in said


def test_a_partner_sees_the_grade_of_its_own_rows_alone(people, opened, today) -> None:
    for name, letter, advice in (("Minh", "A", False), ("Hoa", "D", True)):
        page, files = opened(people[name])
        assert page.dataframe[0].value.set_index("ward_id")["data_grade"]["w0"] == letter
        said = texts(page)
        assert t("wards.grade_own", "vi") in said
        assert t("wards.grade_city", "vi") not in said
        assert ("Bổ sung" in said) == advice
        assert "20 dòng" not in said
        assert "10 dòng" in page.table[-1].value.columns[0]
        assert files["wards.csv"].decode() == wards_csv(today)


def test_an_analyst_and_a_demo_without_a_store_see_none(people, opened, today, monkeypatch) -> None:
    for who, found in ((people["An"], visitor.store()), (None, None)):
        monkeypatch.setattr(visitor, "store", lambda found=found: found)
        page, files = opened(who)
        assert "data_grade" not in page.dataframe[0].value
        assert "wards.grade" not in texts(page)
        assert t("wards.grade_city", "vi") not in texts(page)
        assert t("wards.grade_own", "vi") not in texts(page)
        assert files["wards.csv"].decode() == wards_csv(today)


def test_grades_by_other_wards_are_not_shown_and_said_so(people, opened) -> None:
    hand_in(visitor.store(), people, edition="2025h2")
    page, _ = opened(people["Lan"])
    assert page.dataframe[0].value["data_grade"].isna().all()
    assert t("wards.grade_unknown", "vi") in texts(page)
    assert t("wards.grade_left_out", "vi", count=2) in texts(page)
