"""Every page in both languages, without a browser: what it says, and what it says when something is wrong."""

import ast
import hashlib
import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from coverage.app import OF_ACCOUNTS, OF_PARTNERS, OF_PLANNERS, PAGES, cached, parts, server, shelf
from coverage.catalog.definitions import definitions
from coverage.cli.arguments import build_parser
from coverage.publishing import documents
from coverage.words import LANGUAGES, number, percent, t

ROOT = Path(__file__).resolve().parents[2]
SCREENS = ROOT / "coverage" / "app" / "screens"
CASES = [(name, lang) for name in PAGES for lang in LANGUAGES]


@pytest.fixture(scope="module")
def today():
    return cached.measured("danang-2023").result


def opened(name, lang="vi", **state):
    """Run one page as a first visit would."""
    page = AppTest.from_file(server.SCRIPT, default_timeout=300)
    page.query_params["lang"] = lang
    for key, value in state.items():
        page.session_state[key] = value
    page.run()
    if name != "overview":
        page.switch_page(f"screens/{name}.py").run()
    return page


def said(page):
    """Return everything a page says in its main part, as one text."""
    kinds = ("title", "subheader", "markdown", "caption", "warning", "error", "info", "success", "metric")
    texts = [str(each.value) for kind in kinds for each in getattr(page.main, kind)]
    texts += [
        str(each.label) for kind in ("metric", "button", "selectbox", "slider") for each in getattr(page.main, kind)
    ]
    texts += [each.proto.body for each in page.main.get("html")]
    return "\n".join(texts)


@pytest.mark.parametrize(("name", "lang"), CASES)
def test_every_page_stands_in_both_languages(name, lang, today):
    page = opened(name, lang)
    assert not page.exception
    assert not page.error
    assert [title.value for title in page.title] == [t(f"{name}.title", lang)]
    assert percent(today.headline, lang) in said(page) or name in {"map", "wards", "gap"}
    other = next(each for each in LANGUAGES if each != lang)
    assert t(f"{name}.title", other) not in said(page)
    assert t(f"{name}.lead", other, city=today.study.city.name) not in said(page)


@pytest.mark.parametrize(("name", "lang"), CASES)
def test_made_up_data_is_called_so_on_every_page(name, lang):
    (notice,) = opened(name, lang).warning
    assert {"vi": "tổng hợp", "en": "ynthetic"}[lang] in notice.value


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_page_says_what_its_figures_rest_on(lang, today):
    for name in PAGES:
        text = said(opened(name, lang)).replace("\\", "")
        assert today.definition.text(lang) in text
        assert today.study.path_model.id in text


def test_figures_are_those_of_the_study(today):
    text = said(opened("overview"))
    for measure in ("area_share", "household_internet_share", "population_covered_share", "expected_area_share"):
        assert percent(float(today.city.loc[measure, "value"]), "vi") in text


def test_households_without_a_line_are_counted_where_they_are_known(today):
    known = today.wards[["subscriptions", "households"]].notna().all(axis=1)
    homes = float(today.wards.loc[known, "households"].sum())
    without = (1 - float(today.city.loc["household_internet_share", "value"])) * homes
    assert 0 < known.sum() < len(known)
    told = {"without": number(round(without, -2), "en"), "homes": number(homes, "en")}
    sentence = t("overview.homes_missing_some", "en", known=int(known.sum()), all=len(known), **told)
    assert sentence in said(opened("overview", "en"))


def test_every_ward_stands_in_the_table(today):
    shown = opened("wards").dataframe[0].value
    assert sorted(shown["ward_id"]) == sorted(today.wards.index)
    for column in ("area_share", "connected_share"):
        mine = shown.set_index("ward_id")[column].astype(float).sort_index()
        theirs = today.wards[column].sort_index()
        assert (mine.isna() == theirs.isna()).all()  # unknown stays unknown
        assert mine.sub(theirs).abs().max() <= 0.0005


@pytest.mark.parametrize(("typed", "found"), [("hoa khanh", 2), ("HÒA KHÁNH", 2), ("Hải Châu", 2), ("xyz", 0)])
def test_wards_are_found_without_accents(typed, found):
    page = opened("wards")
    page.text_input[0].set_value(typed).run()
    assert len(page.dataframe[0].value) == found if found else page.info
    assert not page.exception


def test_the_map_has_a_table_beside_it(today):
    page = opened("map")
    assert page.get("bidi_component") or page.main.get("bidi_component")
    assert list(page.dataframe[0].value["name"]) == list(today.wards["name"])


# --- language ---------------------------------------------------------------------------------------------------------


def test_a_link_decides_the_language_and_the_switch_changes_it():
    page = opened("map", "en")
    assert page.sidebar.radio[0].value == "en"
    page.sidebar.radio[0].set_value("vi").run()
    assert page.title[0].value == t("map.title", "vi")
    assert page.query_params["lang"] in ("vi", ["vi"])
    page.switch_page("screens/wards.py").run()
    assert page.title[0].value == t("wards.title", "vi")


def test_the_definition_stays_and_its_box_changes_language():
    page = opened("scenario", "vi")
    box = page.sidebar.selectbox[0]
    box.set_value("sdg-9c1").run()
    for lang in ("en", "vi"):
        page.sidebar.radio[0].set_value(lang).run()
        box = page.sidebar.selectbox[0]
        assert (box.label, box.value) == (t("app.definition", lang), "sdg-9c1")
        assert box.key == f"definition_{lang}"  # a box of its own: the browser keeps what an old one showed
        assert page.session_state["definition"] == "sdg-9c1"


def test_an_unknown_language_is_vietnamese():
    assert opened("overview", "xx").title[0].value == t("overview.title", "vi")


# --- definitions ------------------------------------------------------------------------------------------------------


def test_every_definition_offered_has_a_name():
    offered = opened("overview").sidebar.selectbox[0].options
    names = [name for name, each in definitions().items() if each.kind != "samples"]
    assert offered == [t(f"definition.{name}", "vi") for name in names]
    assert len(set(offered)) == len(offered)


@pytest.mark.parametrize("name", ["danang-2025-residential", "danang-2023-indoor", "fcc-bdc-5gnr-35-3", "sdg-9c1"])
def test_another_definition_is_another_figure(name, today):
    page = opened("overview", definition=name)
    result = cached.measured(name).result
    assert not page.exception
    assert percent(result.headline, "vi") in said(page)
    assert result.definition.text("vi") in said(page).replace("\\", "")
    assert result.headline != pytest.approx(today.headline, abs=0.001)


# --- plans ------------------------------------------------------------------------------------------------------------


def run_button(page, lang="vi"):
    return next(each for each in page.button if each.label == t("scenario.run", lang))


def pressed(page, key):
    """Press one of the buttons of the shelf."""
    next(each for each in page.button if each.key == key).click().run()
    assert not page.exception
    return page


@pytest.fixture(scope="module")
def planned_page():
    page = opened("scenario")
    page.slider[0].set_value(10)
    run_button(page).click().run()
    return page


def test_a_plan_shows_what_the_city_measures_afterwards(planned_page):
    assert not planned_page.exception
    plan = cached.planned(cached.Asking(definition="danang-2023", target=0.10))
    found = cached.shown("danang-2023", plan.scenario)
    assert plan.share_after == pytest.approx(found.after.result.headline, abs=1e-9)
    values = [metric.value for metric in planned_page.metric]
    assert values[0] == percent(found.after.result.headline, "vi")
    steps = planned_page.dataframe[0].value
    assert list(steps["site_id"]) == list(plan.steps["site_id"])
    assert list(steps["order"]) == list(range(1, len(steps) + 1))
    assert t("planpage.curve", "vi") in said(planned_page)


def test_a_plan_stays_when_the_reader_comes_back(planned_page):
    before = [metric.value for metric in planned_page.metric]
    planned_page.switch_page("screens/wards.py").run()
    planned_page.switch_page("screens/scenario.py").run()
    assert [metric.value for metric in planned_page.metric] == before


def test_scenarios_are_saved_duplicated_compared_opened_and_removed(planned_page):
    page = planned_page
    name = shelf.tidy(t("planpage.name_target", "vi", target=percent(0.1, "vi", 0)))
    pressed(page, "save")
    assert list(page.session_state["shelf"]) == [name]
    assert t("planpage.compare_hint", "vi") in said(page)
    pressed(page, "duplicate")
    assert list(page.session_state["shelf"]) == [name, f"{name} (2)"]
    assert page.session_state["opened"].name == f"{name} (2)"
    (table,) = page.table
    assert list(table.value.columns)[2:] == [name, f"{name} (2)"]
    first, second = (table.value[column].tolist() for column in (name, f"{name} (2)"))
    assert first == second
    assert percent(cached.planned(cached.Asking(definition="danang-2023", target=0.10)).share_after, "vi") in first
    pressed(page, "remove")
    assert list(page.session_state["shelf"]) == [name]
    pressed(page, "open")
    assert page.session_state["opened"].name == name


def test_a_scenario_follows_another_definition_without_the_proof_of_its_own(planned_page):
    page = opened("scenario", definition="acma-2026-good", opened=planned_page.session_state["opened"])
    scenario = planned_page.session_state["opened"].scenario
    after = cached.shown("acma-2026-good", scenario).after.result
    assert not page.exception
    assert page.metric[0].value == percent(after.headline, "vi")
    assert t("planpage.curve", "vi") not in said(page)


def test_a_target_out_of_reach_is_a_sentence():
    page = opened("scenario")
    page.slider[0].set_value(60)
    run_button(page).click().run()
    assert not page.exception
    assert "60,0" in page.error[0].value
    assert "Traceback" not in said(page)


@pytest.mark.parametrize("name", ["fcc-bdc-5gnr-7-1"])
def test_a_definition_that_cannot_be_planned_for_is_a_sentence(name):
    page = opened("scenario", "en", definition=name)
    run_button(page, "en").click().run()
    assert not page.exception
    assert name in page.error[0].value


def test_a_small_budget_stops_short_and_says_so():
    page = opened("scenario")
    page.number_input[0].set_value(2.0)
    run_button(page).click().run()
    assert not page.exception
    (_, notice) = page.warning
    plan = cached.planned(cached.Asking(definition="danang-2023", target=0.2, budget_vnd=2e9))
    assert percent(plan.share_after, "vi") in notice.value


# --- bad states -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content", [None, "= broken", 'name = "x"\n', '[layers]\nwards = "no.csv"\ncells = "no.csv"\n']
)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_city_that_cannot_be_opened_is_a_sentence(content, lang, tmp_path, monkeypatch):
    file = tmp_path / "city.toml"
    if content is not None:
        file.write_text(content, "utf-8")
    monkeypatch.setenv("PHUSONG_CITY", str(file))
    for name in PAGES:
        page = opened(name, lang)
        assert not page.exception
        assert len(page.error) == 1
        assert "city.toml" in page.error[0].value or "no.csv" in page.error[0].value
        assert str(tmp_path) not in page.error[0].value


def test_an_unforeseen_error_is_a_number_and_a_line_in_the_log(caplog, monkeypatch):
    shown = []
    monkeypatch.setattr(server.st, "error", lambda text, **_: shown.append(text))
    assert server.say_incident(RuntimeError("/secret/path")) is True
    number = re.search(r"incident (\w{8})", caplog.text)[1]
    assert number in shown[0]
    assert "/secret/path" not in shown[0]
    assert "/secret/path" in caplog.text


def test_a_failed_warm_up_does_not_end_the_server(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("PHUSONG_CITY", str(tmp_path / "none.toml"))
    server._warm()
    assert "warm-up" in caplog.text


def test_the_wards_are_shown_by_another_edition():
    page = opened("wards", wards_edition_vi="2025h2")
    assert not page.exception
    shown = page.dataframe[0].value.set_index("name")["households"]
    assert len(shown) == 15
    wanted = {"Hải Châu": 26_239, "Hòa Cường": 28_168, "Thanh Khê": 40_722, "An Hải": 17_487}
    assert shown[list(wanted)].to_dict() == wanted
    assert shown.sum() == 300_501


def test_the_gap_lists_every_ward_with_its_bounds():
    table = opened("gap", gap_edition_vi="2025h2").dataframe[0].value
    assert len(table) == 15
    assert (table["gap_households_low"] <= table["gap_households"]).all()
    assert (table["gap_households"] <= table["gap_households_high"]).all()
    assert table["rank"].tolist() == sorted(table["rank"])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_estimate_stands_beside_one_line_a_household(lang, today):
    ends = {end: percent(today.city.loc["connected_share", end], lang) for end in ("low", "high")}
    share = percent(today.city.loc["connected_share", "value"], lang)
    text = said(opened("overview", lang)).replace("\\", "")
    told = t("households.connected_about", lang, share=share, **ends)
    assert told in text


def test_the_gap_calls_the_measured_wards_by_kind_and_cluster():
    measured = opened("gap", "en").dataframe[0].value
    assert len(measured) == 56
    kinds = {t(f"gap.kind_{kind}", "en") for kind in cached.gap("danang-2023")["kind"].dropna()}
    assert len(kinds) > 1
    assert set(measured["kind"]) == kinds
    clusters = measured.set_index("name")["cluster"]
    assert t("gap.cluster_high", "en") in set(clusters)
    merged = opened("gap", "en", gap_edition_en="2025h2").dataframe[0].value
    assert not {"kind", "cluster"} & set(merged.columns)


# --- what leaves the app ----------------------------------------------------------------------------------------------


def downloads(monkeypatch, name):
    """Return what a page offers as files, by name."""
    given = {}
    monkeypatch.setattr(parts, "offer", lambda file, _kind, content, _whose: given.update({file: content}) or "/data/x")
    opened(name)
    return given


def test_the_table_offered_is_the_one_the_command_line_writes(monkeypatch, today):
    ((name, content),) = downloads(monkeypatch, "wards").items()
    assert content == documents(today)["wards.csv"]
    assert name == f"wards-synthetic-{hashlib.sha256(content).hexdigest()[:12]}.csv"


def test_a_download_is_named_by_its_content(monkeypatch):
    given = []
    monkeypatch.setattr(parts, "offer", lambda file, *_: given.append(file) or "/data/x")
    for content in (b"one" * 10, b"two" * 10):
        parts.download("label", content, "wards.csv", "text/csv", key="k", synthetic=False)
    names = given
    assert names[0] == f"wards-{hashlib.sha256(b'one' * 10).hexdigest()[:12]}.csv"
    assert names[0] != names[1]


# --- the house rules of the pages -------------------------------------------------------------------------------------


def sentences(path):
    """Yield the texts of two words and more that a file holds outside its docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    notes = {
        id(node.body[0].value) for node in ast.walk(tree) if isinstance(node, documented) and ast.get_docstring(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in notes:
            text = re.sub(r"<[^>]*>?|[\w-]+=\S*", " ", node.value)
            if re.search(r"[^\W\d_]{2,} +[^\W\d_]{2,}", text) and not node.value.startswith(
                ("phusong ", "PHUSONG_CITY=")
            ):
                yield f"{path.name}: {node.value}"


def test_no_page_holds_a_sentence_of_its_own():
    files = [*SCREENS.glob("*.py"), *(ROOT / "coverage" / "app" / f"{name}.py" for name in ("main", "parts", "panel"))]
    assert len(files) == len({**PAGES, **OF_PARTNERS, **OF_PLANNERS, **OF_ACCOUNTS}) + 3
    assert [found for path in files for found in sentences(path)] == []


def test_the_command_shown_is_one_the_command_line_takes():
    source = (SCREENS / "overview.py").read_text("utf-8")
    line = ast.literal_eval(re.search(r"MEASURE = (\(.*?\n\))", source, re.DOTALL)[1])
    words = line.replace("\\\n", " ").split()
    assert words[0] == "phusong"
    assert build_parser("vi").parse_args(words[1:])
