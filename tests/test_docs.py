"""What docs/ and the README say is what the code does."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest

from tools.docs.markdown import table
from tools.docs.pages import BENCHED, MEASURED, PAGES
from tools.docs.validation import ENGINE, TITLES, validation_page

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_pages_are_current(name: str) -> None:
    assert (ROOT / "docs" / name).read_text("utf-8") == PAGES[name](), "run `python3 run.py docs`"


@pytest.mark.parametrize("name", MEASURED)
def test_measured_pages_are_current(name: str) -> None:
    text = MEASURED[name]()
    if text is None:
        pytest.skip("the published cases are not at hand (set PHUSONG_REFERENCE): the page stays as it was measured")
    page = (ROOT / "docs" / name).read_text("utf-8")
    if re.findall(r"(?m)^\| `([^`]+)`", page) != re.findall(r"(?m)^\| `([^`]+)`", text):
        pytest.skip("the page was measured against another set of cases")
    assert page == text, "run `python3 run.py docs`"


def test_the_page_of_validation_stays_where_nothing_can_be_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHUSONG_REFERENCE", str(tmp_path))
    assert validation_page() is None


def test_the_page_of_validation_shows_every_model_and_none_that_differs() -> None:
    text = (ROOT / "docs" / "validation.md").read_text("utf-8")
    assert all(f"## {title}" in text for title in TITLES.values())
    told = [tuple(map(int, found)) for found in re.findall(r"· (\d+) / (\d+) cases within", text)]
    assert len(told) == len(TITLES)
    assert all(within == judged > 0 for within, judged in told)


@pytest.mark.parametrize("test", [test for _, _, test in ENGINE])
def test_the_page_of_validation_names_tests_there_are(test: str) -> None:
    file, _, name = test.partition("::")
    assert f"def {name}(" in (ROOT / file).read_text("utf-8")


def test_no_page_is_left_over() -> None:
    assert {path.name for path in (ROOT / "docs").glob("*.md")} - {*BENCHED} == {*PAGES, *MEASURED}


def test_cells_of_tables_cannot_break_them() -> None:
    assert table(["a", "b"], [["x|y\nz", None]]).splitlines()[-1] == "| x\\|y z | None |"


def anchor(heading: str) -> str:
    """Return the address a heading gets on a page of Markdown."""
    kept = re.sub(r"[^\w\- ]", "", unicodedata.normalize("NFC", heading).lower())
    return kept.strip().replace(" ", "-")


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "DESIGN.md", "data/README.md"])
def test_links_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    headings = {anchor(found) for found in re.findall(r"(?m)^#+ (.+)$", text)}
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("#"):
            assert target[1:] in headings, target
        elif "://" not in target:
            assert ((ROOT / page).parent / target).exists(), target


def test_readme_opens_with_the_two_commands() -> None:
    commands = [line.split("#")[0].strip() for line in README.split("```")[1].splitlines()[1:]]
    assert commands == ["python3 run.py app", "python3 run.py test"]


def test_readme_says_the_same_in_both_languages() -> None:
    vi, en = README.split("\n## English\n")
    vi = vi.split("\n## Tiếng Việt\n")[1]
    for pattern in (r"(?m)^### ", r"(?m)^- ", r"(?m)^```", r"`[a-z_.0-9-]+`", r"\d[\d.,]*\d"):
        assert len(re.findall(pattern, vi)) == len(re.findall(pattern, en)), pattern
    codes = [re.sub(r"#.*", "", "".join(text.split("```")[1::2])) for text in (vi, en)]
    assert codes[0].count("\n") == codes[1].count("\n")


@pytest.mark.slow
@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_example_in_the_readme_runs(language: str) -> None:
    part = README.split("\n## English\n")[0 if language == "vi" else 1]
    (code,) = re.findall(r"```python\n(.+?)```", part, flags=re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), names)
    plan, after = names["plan"], names["after"]
    assert plan.share_after == pytest.approx(after.city.loc["area_share", "value"], abs=1e-9)  # type: ignore[attr-defined]
