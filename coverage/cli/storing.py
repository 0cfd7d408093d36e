"""What may be typed after `phusong user` and `phusong audit`; apart from what runs them, so that --help stays quick."""

from __future__ import annotations

from argparse import ArgumentParser, _ArgumentGroup
from collections.abc import Callable, Mapping

from coverage.types import Language
from coverage.words import t

Choice = Callable[[str, Mapping[str, str]], Callable[[str], str]]

_USER = {"add": "add", "list": "list", "token": "token"}
_AUDIT = {"verify": "verify"}


def fill_user(parser: ArgumentParser, lang: Language, choice: Choice) -> _ArgumentGroup:
    """Add the arguments of ``phusong user``, and return their group."""
    group = parser.add_argument_group(t("cli.group_options", lang))
    group.add_argument(
        "act",
        metavar="add|list|token",
        type=choice("add|list|token", {act: act for act in ("add", "list", "token")}),
        help=t("cli.help_user_act", lang),
    )
    group.add_argument("name", nargs="?", metavar=t("cli.metavar_name", lang), help=t("cli.help_user_name", lang))
    roles = "planner|partner|analyst|admin"
    group.add_argument("--role", default="planner", metavar=roles, help=t("cli.help_user_role", lang))
    group.add_argument("--partner", metavar=t("cli.metavar_name", lang), help=t("cli.help_user_partner", lang))
    group.add_argument("--label", metavar=t("cli.metavar_name", lang), help=t("cli.help_user_label", lang))
    _add_store(group, lang)
    return group


def fill_audit(parser: ArgumentParser, lang: Language, choice: Choice) -> _ArgumentGroup:
    """Add the arguments of ``phusong audit``, and return their group."""
    group = parser.add_argument_group(t("cli.group_options", lang))
    group.add_argument(
        "act", metavar="verify", type=choice("verify", {"verify": "verify"}), help=t("cli.help_audit_act", lang)
    )
    group.add_argument("--head", metavar="SHA-256", help=t("cli.help_audit_head", lang))
    _add_store(group, lang)
    return group


def _add_store(group: _ArgumentGroup, lang: Language) -> None:
    group.add_argument("--store", metavar=t("cli.metavar_store", lang), help=t("cli.help_store", lang))
    group.add_argument("--json", action="store_true", help=t("cli.help_json", lang))
