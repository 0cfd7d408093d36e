"""What may be typed after `phusong`, in Vietnamese or English, and one sentence for whatever may not."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import metadata
from itertools import pairwise
from typing import Any, NoReturn

from coverage.catalog.definitions import definitions
from coverage.catalog.registers import EDITIONS
from coverage.cli import household_options, planning_options
from coverage.cli.checking import CHECKS
from coverage.cli.readers import UsageError, choice, number
from coverage.cli.storing import fill_audit, fill_publish, fill_store, fill_submit, fill_user
from coverage.types import Language
from coverage.words import LANGUAGES, t

FILES = (
    "wards", "cells", "households", "population", "subscriptions", "terrain", "clutter", "households-raster",
    "buildings", "coast", "antennas",
)  # fmt: skip
MODELS = ("auto", "tr38901", "p1812")
PIXEL_M = (1.0, 1000.0)  # below: more pixels than any city needs; above: wards smaller than a pixel
TECHNOLOGIES = {"NR": "NR", "5G": "NR", "LTE": "LTE", "4G": "LTE"}

Command = Callable[[argparse.Namespace], int]


def wanted_language(words: Sequence[str], environment: Mapping[str, str]) -> Language:
    """Return the language of every message: ``--lang``, else ``PHUSONG_LANG``, else the locale, else Vietnamese.

    >>> wanted_language(["measure", "--lang=en"], {}), wanted_language([], {"LANG": "C.UTF-8"})
    ('en', 'vi')
    """
    told = [word.split("=", 1)[1] for word in words if word.startswith("--lang=")]
    told += [after for word, after in pairwise(words) if word == "--lang"]
    for wanted in (*told, environment.get("PHUSONG_LANG", "")):
        for lang in LANGUAGES:
            if wanted == lang:
                return lang
    locale = next(filter(None, (environment.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return "vi" if locale.startswith("vi") or re.fullmatch(r"(C|POSIX)?(\..*)?", locale) else "en"


class Parser(argparse.ArgumentParser):
    """An argument parser that raises `UsageError` instead of printing English and leaving."""

    def __init__(self, *, lang: Language, **options: Any) -> None:
        super().__init__(add_help=False, allow_abbrev=False, formatter_class=partial(_Help, lang=lang), **options)

    def error(self, message: str) -> NoReturn:
        """Raise the error of a message of argparse, which speaks no Vietnamese."""
        named = re.match(r"argument ([^:]+): (expected|ignored)", message)
        if named:
            code = "option_needs_value" if named[2] == "expected" else "option_takes_none"
            raise UsageError(code, option=named[1])
        chosen = re.match(r"argument [^:]+: invalid choice: '([^']*)'", message)
        if chosen:
            known = re.sub(r"'", "", message.partition("(choose from ")[2]).rstrip(")")
            raise UsageError("command_unknown", value=chosen[1], known=known)
        lacking = re.match(r"the following arguments are required: (.*)", message)
        if lacking:
            raise UsageError("arguments_missing", arguments=lacking[1])
        raise UsageError("arguments_unknown", arguments=message.removeprefix("unrecognized arguments: "))


class _Help(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str, lang: Language, **options: Any) -> None:
        super().__init__(prog, max_help_position=30, **options)
        self._lang = lang

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, t("cli.usage", self._lang) if prefix is None else prefix)


def build_parser(lang: Language) -> Parser:
    """Return the parser of all commands, its help in a language."""
    parser = Parser(lang=lang, prog="phusong", description=t("cli.about", lang), epilog=t("cli.about_end", lang))
    options = parser.add_argument_group(t("cli.group_options", lang))
    _add_help(options, lang)
    version = f"phusong {metadata.version('phusong')}"
    options.add_argument("--version", action="version", version=version, help=t("cli.help_version", lang))
    title, metavar = t("cli.group_commands", lang), t("cli.metavar_command", lang)
    commands = parser.add_subparsers(dest="command", title=title, metavar=metavar)
    for name, fill in _COMMANDS.items():
        described: dict[str, Any] = {"description": t(f"cli.about_{name}", lang), "help": t(f"cli.short_{name}", lang)}
        epilog = t("cli.files_end", lang) if name in ("measure", "plan", "publish") else None
        fill(commands.add_parser(name, lang=lang, epilog=epilog, **described), lang)
    return parser


def _add_help(group: argparse._ArgumentGroup, lang: Language) -> None:
    group.add_argument("-h", "--help", action="help", help=t("cli.help_help", lang))
    group.add_argument("--lang", type=choice("--lang", dict(zip(LANGUAGES, LANGUAGES, strict=True))),
                       metavar="vi|en", help=t("cli.help_lang", lang))  # fmt: skip


def _demo(parser: Parser, lang: Language) -> None:
    _add_output(parser, lang)


def _measure(parser: Parser, lang: Language) -> None:
    _add_inputs(parser, lang)
    fill_store(parser, lang)
    _add_rule(parser, lang)
    group = parser.add_argument_group(t("cli.group_shown", lang))
    group.add_argument("--show-edition", metavar="|".join(EDITIONS), help=t("cli.help_show_edition", lang),
                       type=choice("--show-edition", {name: name for name in EDITIONS}))  # fmt: skip
    group.add_argument("--gap", action="store_true", help=t("cli.help_gap", lang))
    group.add_argument("--hamlets", metavar=t("cli.metavar_file", lang), help=t("cli.help_hamlets", lang))
    group.add_argument("--show-wards", metavar=t("cli.metavar_file", lang), help=t("cli.help_show_wards", lang))
    _add_output(parser, lang)


def _publish(parser: Parser, lang: Language) -> None:
    _add_inputs(parser, lang)
    fill_publish(parser, lang)
    _add_rule(parser, lang)
    _add_output(parser, lang)


def _plan(parser: Parser, lang: Language) -> None:
    _add_inputs(parser, lang)
    _add_rule(parser, lang)
    planning_options.fill(parser, lang)
    _add_output(parser, lang)


def _households(parser: Parser, lang: Language) -> None:
    household_options.fill(parser, lang)
    _add_output(parser, lang)


def _definitions(parser: Parser, lang: Language) -> None:
    group = parser.add_argument_group(t("cli.group_options", lang))
    group.add_argument("--json", action="store_true", help=t("cli.help_json_list", lang))
    _add_help(group, lang)


def _validate(parser: Parser, lang: Language) -> None:
    group = parser.add_argument_group(t("cli.group_options", lang))
    group.add_argument("model", metavar="p1812|p2108|p2109|ehata|itm", help=t("cli.help_model", lang))
    group.add_argument("folder", metavar=t("cli.metavar_folder", lang), help=t("cli.help_published", lang))
    group.add_argument("--json", action="store_true", help=t("cli.help_json", lang))
    _add_help(group, lang)


def _app(parser: Parser, lang: Language) -> None:
    group = parser.add_argument_group(t("cli.group_options", lang))
    group.add_argument("--port", type=number("--port", (1.0, 65_535.0)), default=8501, metavar="8501",
                       help=t("cli.help_port", lang))  # fmt: skip
    group.add_argument("--address", default="127.0.0.1", metavar="127.0.0.1", help=t("cli.help_address", lang))
    _add_help(group, lang)


def _check(parser: Parser, lang: Language) -> None:
    _add_help(parser.add_argument_group(t("cli.group_options", lang)), lang)
    kinds = parser.add_subparsers(
        dest="what", title=t("cli.group_what", lang), metavar=t("cli.metavar_what", lang), required=True
    )
    for name, fill in CHECKS.items():
        about, short = t(f"cli.about_check_{name}", lang), t(f"cli.short_check_{name}", lang)
        each = kinds.add_parser(name, lang=lang, description=about, help=short)
        fill(each, lang)
        _add_help(each.add_argument_group(t("cli.group_options", lang)), lang)


_COMMANDS: dict[str, Callable[[Parser, Language], None]] = {
    "demo": _demo,
    "measure": _measure,
    "publish": _publish,
    "plan": _plan,
    "households": _households,
    "check": _check,
    "definitions": _definitions,
    "validate": _validate,
    "app": _app,
    "submit": lambda parser, lang: _add_help(fill_submit(parser, lang, choice), lang),
    "user": lambda parser, lang: _add_help(fill_user(parser, lang, choice), lang),
    "audit": lambda parser, lang: _add_help(fill_audit(parser, lang, choice), lang),
}


def _add_inputs(parser: Parser, lang: Language) -> None:
    group = parser.add_argument_group(t("cli.group_inputs", lang))
    for name in FILES:
        key = name.replace("-", "_")
        kind = "cli.metavar_folder" if name == "antennas" else "cli.metavar_file"
        group.add_argument(f"--{name}", metavar=t(kind, lang), help=t(f"cli.help_{key}", lang))
    group.add_argument("--edition", default="auto", metavar="auto|2019|2025h1|2025h2", help=t("cli.help_edition", lang))


def _add_rule(parser: Parser, lang: Language) -> None:
    group = parser.add_argument_group(t("cli.group_rule", lang))
    known = ", ".join(definitions())
    group.add_argument(
        "--definition", default="danang-2023", metavar="ID", help=t("cli.help_definition", lang, known=known)
    )
    group.add_argument("--model", type=choice("--model", {name: name for name in MODELS}), default=MODELS[0],
                       metavar="|".join(MODELS), help=t("cli.help_propagation", lang))  # fmt: skip
    group.add_argument("--pixel", type=number("--pixel", PIXEL_M), default=50.0,
                       metavar=t("cli.metavar_number", lang), help=t("cli.help_pixel", lang))  # fmt: skip
    group.add_argument("--bounds", type=_bounds, metavar=t("cli.metavar_bounds", lang), help=t("cli.help_bounds", lang))
    group.add_argument("--technology", type=choice("--technology", TECHNOLOGIES), default="NR", metavar="NR|LTE",
                       help=t("cli.help_technology", lang))  # fmt: skip


def _add_output(parser: Parser, lang: Language) -> None:
    group = parser.add_argument_group(t("cli.group_output", lang))
    group.add_argument("--out", metavar=t("cli.metavar_folder", lang), help=t("cli.help_out", lang))
    group.add_argument("--json", action="store_true", help=t("cli.help_json", lang))
    _add_help(group, lang)


def _bounds(text: str) -> tuple[float, ...]:
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        values = ()
    if len(values) != 4 or not all(map(math.isfinite, values)):
        raise UsageError("bad_bounds", bounds=text)
    return values
