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


def _partner(parser: argparse.ArgumentParser, lang: Language) -> argparse._ArgumentGroup:
    group = parser.add_argument_group(t("cli.group_inputs", lang))
    file, name = t("cli.metavar_file", lang), t("cli.metavar_name", lang)
    group.add_argument("file", metavar=file, help=t("cli.help_check_file", lang))
    group.add_argument("--partner", metavar=name, help=t("cli.help_check_partner", lang))
    pair = t("cli.metavar_map", lang)
    group.add_argument("--map", metavar=pair, action="append", help=t("cli.help_check_map", lang))
    group.add_argument("--wards", metavar=file, help=t("cli.help_check_wards", lang))
    group.add_argument("--store", metavar=t("cli.metavar_store", lang), help=t("cli.help_check_store", lang))
    group.add_argument("--earlier", metavar=file, help=t("cli.help_check_earlier", lang))
    group.add_argument("--out", metavar=t("cli.metavar_folder", lang), help=t("cli.help_check_marked", lang))
    group.add_argument("--json", action="store_true", help=t("cli.help_json", lang))
    return group


def _cells(parser: argparse.ArgumentParser, lang: Language) -> None:
    group = _partner(parser, lang)
    group.add_argument("--coast", metavar=t("cli.metavar_file", lang), help=t("cli.help_submit_coast", lang))
    group.add_argument("--crs", metavar="EPSG:…", help=t("cli.help_check_crs", lang))


def _subscriptions(parser: argparse.ArgumentParser, lang: Language) -> None:
    file = t("cli.metavar_file", lang)
    _partner(parser, lang).add_argument("--households", metavar=file, help=t("cli.help_check_households", lang))


def _template(parser: argparse.ArgumentParser, lang: Language) -> None:
    group = parser.add_argument_group(t("cli.group_inputs", lang))
    group.add_argument("kind", metavar="cells|subscriptions|households|wards|buildings",
                       help=t("cli.help_check_kind", lang))  # fmt: skip
    group.add_argument("--out", metavar=t("cli.metavar_folder", lang), help=t("cli.help_check_spec", lang))


CHECKS: dict[str, Fill] = {
    "wards": _wards,
    "cells": _cells,
    "subscriptions": _subscriptions,
    "template": _template,
}
