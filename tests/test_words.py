"""Every sentence exists in both languages, and the code asks only for sentences that exist, with what they need."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from coverage.errors import CoverageError, Problem
from coverage.words import LANGUAGES, number, percent, render, render_problem, t, texts

ROOT = Path(__file__).resolve().parents[1]
WORDS = ROOT / "coverage" / "words"
SOURCES = [*(p for p in (ROOT / "coverage").rglob("*.py") if WORDS not in p.parents), *ROOT.glob("*.py")]
TREES = {path: ast.parse(path.read_text("utf-8")) for path in SOURCES}
VI = texts("vi")
ALWAYS_THERE = {"row", "field", "value"}  # what `render_problem` itself hands over


def placeholders(text: str) -> set[str]:
    """Return the names a text wants filled in."""
    return {re.split(r"[.\[]", name)[0] for _, name, _, _ in Formatter().parse(text) if name is not None}


def dotted(table: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield the dotted keys of a TOML table."""
    for key, value in table.items():
        yield from dotted(value, f"{prefix}{key}.") if isinstance(value, Mapping) else [f"{prefix}{key}"]


def test_both_languages_have_the_same_keys() -> None:
    assert texts("vi").keys() == texts("en").keys()
    assert VI


def test_both_languages_have_the_same_placeholders() -> None:
    english = texts("en")
    assert not [key for key in VI if placeholders(VI[key]) != placeholders(english[key])]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_key_stands_twice(lang: str) -> None:
    files = sorted((WORDS / lang).glob("*.toml"))
    counted = Counter(key for path in files for key in dotted(tomllib.loads(path.read_text("utf-8"))))
    assert [key for key, times in counted.items() if times > 1] == []


def test_sentences_are_translated() -> None:
    english = texts("en")
    assert not [key for key in VI if VI[key] == english[key] and len(VI[key].split()) > 4]
    assert not [key for key in VI if not VI[key].strip()]


# --- what the code asks for ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """One place in the code that names the code of an error or a problem."""

    where: str
    table: str
    code: str
    given: frozenset[str] | None  # names of the values handed over; None where that cannot be read off


@cache
def error_classes() -> set[str]:
    """Return CoverageError and the names of all classes that inherit from it, wherever they are defined."""
    bases = {
        node.name: {ast.unparse(base).rsplit(".", 1)[-1] for base in node.bases}
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    found = {"CoverageError"}
    while more := {name for name, parents in bases.items() if parents & found} - found:
        found |= more
    return found


def literal_codes(node: ast.expr) -> list[str]:
    """Return the codes an expression may give, as far as they are written out."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    return literal_codes(node.body) + literal_codes(node.orelse) if isinstance(node, ast.IfExp) else []


def assignments(function: ast.AST) -> Iterator[tuple[str, ast.expr | None]]:
    """Yield every name a function writes to, and what it becomes where that is plain to see."""
    for node in ast.walk(function):
        if isinstance(node, ast.AugAssign):
            yield ast.unparse(node.target), None
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                plain = isinstance(target, ast.Name)
                yield ast.unparse(target).split("[")[0], node.value if plain else None


def dict_keys(node: ast.expr | None, function: ast.AST) -> frozenset[str] | None:
    """Return the keys of a dict display, also by way of a name that its function assigns once."""
    if node is None:
        return frozenset()
    if isinstance(node, ast.Name):
        written = [value for name, value in assignments(function) if name == node.id]
        return dict_keys(written[0], function) if len(written) == 1 and isinstance(written[0], ast.Dict) else None
    if not isinstance(node, ast.Dict) or not all(isinstance(key, ast.Constant) for key in node.keys):
        return None
    return frozenset(str(key.value) for key in node.keys if isinstance(key, ast.Constant))


def asked_in(path: Path) -> Iterator[Asked]:
    """Yield what the calls of one file ask for."""
    errors = error_classes()
    for function in (node for node in ast.walk(TREES[path]) if isinstance(node, ast.FunctionDef)):
        for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
            name = ast.unparse(call.func).rsplit(".", 1)[-1]
            keywords = {keyword.arg: keyword.value for keyword in call.keywords}
            where = f"{path.relative_to(ROOT).as_posix()}:{call.lineno}"
            if name in errors and call.args:
                given = None if None in keywords else frozenset(str(key) for key in keywords)
                yield from (Asked(where, "error", code, given) for code in literal_codes(call.args[0]))
            elif name == "Problem" and "code" in keywords:
                keys = dict_keys(keywords.get("values"), function)
                given = None if keys is None else keys | ALWAYS_THERE
                yield from (Asked(where, "problem", code, given) for code in literal_codes(keywords["code"]))


ASKED = sorted({asked for path in SOURCES for asked in asked_in(path)}, key=lambda asked: asked.where)


def test_the_codes_in_the_source_are_found() -> None:
    assert "LayerError" in error_classes()
    assert {"error", "problem"} == {asked.table for asked in ASKED}


def test_every_code_has_its_sentence() -> None:
    assert not [f"{a.where} {a.table}.{a.code}" for a in ASKED if f"{a.table}.{a.code}" not in VI]


def test_every_sentence_gets_what_it_names() -> None:
    lacking = []
    for asked in ASKED:
        text = VI.get(f"{asked.table}.{asked.code}", "")
        if asked.given is not None and (missing := placeholders(text) - asked.given):
            lacking.append(f"{asked.where} {asked.table}.{asked.code} lacks {sorted(missing)}")
    assert not lacking


def pieces(node: ast.AST) -> list[str | None]:
    """Return what a text is put together from: its written parts, None for what only running the code can tell."""
    if isinstance(node, ast.JoinedStr):
        return [str(part.value) if isinstance(part, ast.Constant) else None for part in node.values]
    ends = [node.left, node.right] if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) else []
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add):
        ends = [node.target, node.value]
    return [str(end.value) if isinstance(end, ast.Constant) else None for end in ends]


def used_texts() -> tuple[set[str], list[re.Pattern[str]]]:
    """Return the strings the code writes out, and what those it puts together may become."""
    written, patterns = set(), []
    for node in (node for tree in TREES.values() for node in ast.walk(tree)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            written.add(node.value)
        parts = pieces(node)
        if re.search(r"[a-z]{3}", "".join(filter(None, parts))):
            patterns.append(re.compile("".join(".+" if part is None else re.escape(part) for part in parts)))
    return written, patterns


def test_no_sentence_is_left_over() -> None:
    written, patterns = used_texts()
    unused = []
    for key in VI:
        names = {key, key.split(".", 1)[1]} if key.startswith(("error.", "problem.")) else {key}
        if not names & written and not any(pattern.fullmatch(name) for pattern in patterns for name in names):
            unused.append(key)
    assert not unused


# --- the functions ---------------------------------------------------------------------------------------------------


def test_a_missing_text_or_value_is_a_defect() -> None:
    with pytest.raises(KeyError):
        t("error.no_such_code", "vi")
    with pytest.raises(KeyError):
        render(CoverageError("bad_pixel"), "en")


def test_errors_and_problems_become_one_sentence() -> None:
    for lang in LANGUAGES:
        assert "-7" in render(CoverageError("bad_pixel", pixel_m=-7), lang)
    code = next(
        asked.code for asked in ASKED if asked.table == "problem" and "{row}" in VI.get(f"problem.{asked.code}", "")
    )
    values = dict.fromkeys(placeholders(VI[f"problem.{code}"]) - ALWAYS_THERE, 1)
    problem = Problem(code=code, row=4711, field="f", value="v", values=values)
    assert all("4711" in render_problem(problem, lang) for lang in LANGUAGES)


def test_numbers_read_as_each_language_writes_them() -> None:
    assert (number(1234567.891, "vi", 2), number(1234567.891, "en", 2)) == ("1.234.567,89", "1,234,567.89")
    assert (number(float("nan"), "vi"), percent(None, "en")) == ("–", "–")
    assert (percent(0.2, "vi"), percent(0.2, "en", 0)) == ("20,0\u00a0%", "20\u00a0%")
