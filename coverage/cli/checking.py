"""`phusong check WHAT FILE`: look at a file before it is used."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module

from coverage.cli.voice import Voice
from coverage.types import Language
from coverage.words import t

Fill = Callable[[argparse.ArgumentParser, Language], None]


def check(arguments: argparse.Namespace, voice: Voice) -> int:
    """Check a file: 0 clean, 1 something to look at, 2 unusable (an error that `main` tells)."""
    kinds: dict[str, Callable[[argparse.Namespace, Voice], int]]
    kinds = import_module(f"coverage.cli.check_{arguments.what}").__dict__
    return kinds["run"](arguments, voice)


def _wards(parser: argparse.ArgumentParser, lang: Language) -> None:
    group = parser.add_argument_group(t("cli.group_inputs", lang))
    file = t("cli.metavar_file", lang)
    group.add_argument("file", metavar=file, help=t("cli.help_check_file", lang))
    group.add_argument("--against", metavar=file, help=t("cli.help_check_against", lang))
    group.add_argument("--edition", default="auto", metavar="auto|2019|2025h1|2025h2", help=t("cli.help_edition", lang))
    group.add_argument("--out", metavar=t("cli.metavar_folder", lang), help=t("cli.help_check_out", lang))
    group.add_argument("--json", action="store_true", help=t("cli.help_json", lang))


CHECKS: dict[str, Fill] = {"wards": _wards}
