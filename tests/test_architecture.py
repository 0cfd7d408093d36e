"""The house rules of DESIGN §3–4, kept by machine: layering, sizes, names, documentation, plain text."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

import coverage

ROOT = Path(__file__).resolve().parents[1]
MODULE_LINES, FUNCTION_LINES, POSITIONAL = 400, 40, 6
BANNED_ENDINGS = ("Manager", "Handler", "Processor", "Helper", "Utils")
# Imports inside functions, each with its reason; everything else stands at the top of its module.
INNER_IMPORTS: dict[tuple[str, str], str] = {
    ("phusong.py", "coverage.cli"): "only after the check that `coverage` is ours",
    ("coverage/app/cached.py", "coverage.gapfiles"): "spatial statistics take seconds to load",
    ("coverage/cli/commands.py", "coverage.gapfiles"): "spatial statistics take seconds to load",
    ("coverage/cli/household.py", "coverage.gapfiles"): "spatial statistics take seconds to load",
    ("bench/households.py", "tobler.area_weighted"): "warns at import, and slow: only where the comparison is made",
    ("bench/households.py", "tobler.dasymetric"): "warns at import, and slow: only where the comparison is made",
    ("bench/planning.py", "pulp"): "warns at import: only where the comparison is made",
    ("bench/planning.py", "spopt.locate"): "warns at import: only where the comparison is made",
}
# Spelled in pieces, or this file would find itself.
HOSTS = re.compile("pypi" r"\.org|python" r"hosted\.org|npm" r"js\.(org|com)|anaconda" r"\.(org|com)")
MACHINE_PATHS = re.compile(r"(?<![\w.\-/:])/(?:home|root|Users|work|opt/pypi)/|[A-Z]:\\\\?Users")


def sources() -> list[Path]:
    """Return every Python file of the product and its tools."""
    folders = (path for folder in ("coverage", "tools", "bench") for path in (ROOT / folder).rglob("*.py"))
    return sorted([*folders, *(path for path in ROOT.glob("*.py"))])


def name_of(path: Path) -> str:
    """Return a path as people write it."""
    return path.relative_to(ROOT).as_posix()


SOURCES = sources()
TREES = {path: ast.parse(path.read_text("utf-8")) for path in SOURCES}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(path: Path) -> Iterator[Function]:
    """Yield every function and method of a file, nested ones too."""
    yield from (node for node in ast.walk(TREES[path]) if isinstance(node, Function))


def length(function: Function) -> int:
    """Return the lines of a function without its decorators and docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function, clean=False) is not None:
        text = function.body[0]
        lines -= (text.end_lineno or text.lineno) - text.lineno + 1
    return lines


def public_without_docstring(node: ast.Module | ast.ClassDef, inside: str) -> Iterator[str]:
    """Yield the public names below a module or class that nothing is said about."""
    for child in node.body:
        if isinstance(child, Function | ast.ClassDef) and not child.name.startswith("_"):
            overload = isinstance(child, Function) and any("overload" in ast.unparse(d) for d in child.decorator_list)
            if ast.get_docstring(child) is None and not overload:
                yield f"{inside}.{child.name}"
            if isinstance(child, ast.ClassDef):
                yield from public_without_docstring(child, f"{inside}.{child.name}")


def test_layering() -> None:
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0


def test_modules_are_short() -> None:
    long = {name_of(path): n for path in SOURCES if (n := len(path.read_text("utf-8").splitlines())) > MODULE_LINES}
    assert not long


def test_functions_are_short() -> None:
    long = {
        f"{name_of(path)}:{function.lineno} {function.name}": n
        for path in SOURCES
        for function in functions(path)
        if (n := length(function)) > FUNCTION_LINES
    }
    assert not long


def test_functions_take_few_positional_arguments() -> None:
    many = []
    for path in SOURCES:
        for function in functions(path):
            names = [argument.arg for argument in [*function.args.posonlyargs, *function.args.args]]
            if len([name for name in names if name not in {"self", "cls"}]) > POSITIONAL:
                many.append(f"{name_of(path)}:{function.lineno} {function.name}")
    assert not many


def test_every_public_name_is_documented() -> None:
    bare = [name_of(path) for path in SOURCES if ast.get_docstring(TREES[path]) is None]
    for path in SOURCES:
        bare += public_without_docstring(TREES[path], name_of(path))
    assert not bare


def test_every_public_name_of_the_package_loads() -> None:
    assert len(coverage.__all__) == len(set(coverage.__all__))
    for name in coverage.__all__:
        assert getattr(coverage, name) is not None


def test_no_module_shares_its_name_with_a_public_function() -> None:
    # `import coverage.plan` would hand back the function: the clash is with the modules right below the package.
    modules = {path.stem for path in (ROOT / "coverage").iterdir() if path.suffix == ".py" or path.is_dir()}
    public = {name for name in coverage.__all__ if not inspect.ismodule(getattr(coverage, name))}
    assert {"plan", "Study"} <= public
    assert modules.isdisjoint(public)


def test_classes_are_called_by_what_they_are() -> None:
    classes = [node.name for tree in TREES.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    assert classes
    assert not [name for name in classes if name.endswith(BANNED_ENDINGS)]


def test_imports_stand_at_the_top() -> None:
    inner = set()
    for path in SOURCES:
        for function in functions(path):
            for node in ast.walk(function):
                if isinstance(node, ast.Import):
                    inner |= {(name_of(path), alias.name) for alias in node.names}
                elif isinstance(node, ast.ImportFrom):
                    inner.add((name_of(path), node.module or "."))
    assert inner == INNER_IMPORTS.keys()


def committed() -> dict[str, str]:
    """Return the text of every file that is, or is about to be, committed."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: nothing tells committed files from others")
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True).stdout.decode("utf-8").split("\0")
    texts = {}
    for name in names:
        if name and (ROOT / name).is_file():
            content = (ROOT / name).read_bytes()
            if b"\0" not in content:
                texts[name] = content.decode("utf-8")
    return texts


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return committed()


def test_text_is_composed_unicode(texts: dict[str, str]) -> None:
    assert "README.md" in texts
    assert not [name for name, text in texts.items() if not unicodedata.is_normalized("NFC", text)]


def test_lines_end_with_a_line_feed(texts: dict[str, str]) -> None:
    ours = {name: text for name, text in texts.items() if not name.startswith("tests/")}  # hostile samples lie there
    assert not [name for name, text in ours.items() if "\r" in text or (text and not text.endswith("\n"))]


def test_no_registry_host_but_in_the_lock(texts: dict[str, str]) -> None:
    assert not [name for name, text in texts.items() if name != "uv.lock" and HOSTS.search(text)]


def test_no_path_of_a_machine(texts: dict[str, str]) -> None:
    assert not [f"{name}: {found[0]}" for name, text in texts.items() if (found := MACHINE_PATHS.search(text))]
