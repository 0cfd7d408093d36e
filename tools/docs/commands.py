"""The page on the command line, read from its parser."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from coverage.cli.arguments import build_parser
from coverage.types import Language
from tools.docs.markdown import page, table

# argparse shows its arguments to nobody but its own help text, whose layout changes between versions of Python.
# ruff: noqa: SLF001


def commands(lang: Language) -> dict[str, argparse.ArgumentParser]:
    """Return the parser of every command."""
    actions = build_parser(lang)._actions
    (chosen,) = [action for action in actions if isinstance(action, argparse._SubParsersAction)]
    return dict(chosen.choices)


def options(parser: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    """Yield every option of a command as one types it, and its help."""
    for action in parser._actions:
        if not isinstance(action, argparse._HelpAction):
            value = "" if action.nargs == 0 else f" {action.metavar or action.dest.upper()}"
            yield f"`{', '.join(action.option_strings)}{value}`", (action.help or "") % vars(action)


def section(name: str) -> str:
    """Return what the page says about one command."""
    vi, en = commands("vi")[name], commands("en")[name]
    pairs = zip(options(vi), options(en), strict=True)
    rows = [(typed, text_vi, text_en) for (typed, text_vi), (_, text_en) in pairs]
    about = [" ".join((parser.description or "").split()) for parser in (vi, en)]
    return "\n\n".join([f"## `phusong {name}`", *about, table(["", "", ""], rows)])


def commands_page() -> str:
    """Return the page on every command."""
    opening = "Mã thoát · exit code: 0 xong · done; 1 không đạt mục tiêu · target not met; 2 dữ liệu không dùng được · "
    names = commands("vi")
    return page("# Dòng lệnh · Command line", f"{opening}unusable input.", *map(section, names))
