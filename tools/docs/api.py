"""The page on the public names, read from the source itself (nothing is imported)."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

from tools.docs.markdown import page

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "coverage"
Named = ast.FunctionDef | ast.ClassDef


def file_of(module: str) -> Path:
    """Return the file of a module of the package, named from within it."""
    path = PACKAGE.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def public_names() -> list[tuple[str, Path]]:
    """Return the public names of the package and the file each is defined in, as ``__init__.pyi`` lists them."""
    stub = ast.parse((PACKAGE / "__init__.pyi").read_text("utf-8"))
    names = []
    for node in stub.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            names += [(alias.name, file_of(node.module)) for alias in node.names]
    return sorted(names, key=lambda pair: pair[0].lower())


def definition_of(name: str, file: Path) -> tuple[Named, Path]:
    """Return the class or function of a name and the file it is written in, following imports.

    Raises
    ------
    LookupError
        When the file neither defines nor imports the name.
    """
    for node in ast.parse(file.read_text("utf-8")).body:
        if isinstance(node, Named) and node.name == name:
            return node, file
        if isinstance(node, ast.ImportFrom) and name in {alias.name for alias in node.names}:
            return definition_of(name, file_of((node.module or "").removeprefix("coverage.")))
    raise LookupError(f"{name} is not defined in {file}")


def signature(node: ast.FunctionDef, name: str) -> str:
    """Return a call as one writes it, with types."""
    skipped = {"self", "cls"}
    node.args.args = [argument for argument in node.args.args if argument.arg not in skipped]
    returned = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"{name}({ast.unparse(node.args)}){returned}"


def entry(name: str, file: Path) -> str:
    """Return what the page says about one name."""
    node, file = definition_of(name, file)
    text = inspect.cleandoc(ast.get_docstring(node, clean=False) or "")
    calls = [signature(node, name)] if isinstance(node, ast.FunctionDef) else [f"class {name}"]
    methods = []
    for child in node.body if isinstance(node, ast.ClassDef) else []:
        if isinstance(child, ast.FunctionDef) and not child.name.startswith("_"):
            is_property = any(ast.unparse(mark).endswith("property") for mark in child.decorator_list)
            call = child.name if is_property else signature(child, child.name)
            methods.append(f"- `.{call}`: {(ast.get_docstring(child) or '').splitlines()[0]}")
    where = file.relative_to(ROOT).as_posix()
    parts = [f"## `{name}`", f"`{calls[0]}` in `{where}`", f"```text\n{text}\n```", "\n".join(methods)]
    return "\n\n".join(part for part in parts if part)


def api_page() -> str:
    """Return the page on every public name."""
    opening = "`import coverage as cov`; mọi tên dưới đây dùng được ngay. · Every name below is at hand."
    return page("# Python", opening, *(entry(name, file) for name, file in public_names()))
