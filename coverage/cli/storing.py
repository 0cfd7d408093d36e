"""What may be typed after `phusong user` and `phusong audit`; apart from what runs them, so that --help stays quick."""

from __future__ import annotations

from argparse import ArgumentParser, _ArgumentGroup
from collections.abc import Callable, Mapping

from coverage.types import Language
from coverage.words import t

Choice = Callable[[str, Mapping[str, str]], Callable[[str], str]]

ACTS = ("add", "list", "token", "identity", "close")


def fill_user(parser: ArgumentParser, lang: Language, choice: Choice) -> _ArgumentGroup:
    """Add the arguments of ``phusong user``, and return their group."""
    group = parser.add_argument_group(t("cli.group_options", lang))
    group.add_argument(
        "act",
        metavar="|".join(ACTS),
        type=choice("|".join(ACTS), {act: act for act in ACTS}),
        help=t("cli.help_user_act", lang),
    )
    group.add_argument("name", nargs="?", metavar=t("cli.metavar_name", lang), help=t("cli.help_user_name", lang))
    roles = "planner|partner|analyst|admin"
    group.add_argument("--role", default="planner", metavar=roles, help=t("cli.help_user_role", lang))
    group.add_argument("--partner", metavar=t("cli.metavar_name", lang), help=t("cli.help_user_partner", lang))
    group.add_argument("--identity", metavar=t("cli.metavar_identity", lang), help=t("cli.help_user_identity", lang))
    group.add_argument("--label", metavar=t("cli.metavar_name", lang), help=t("cli.help_user_label", lang))
    _add_store(group, lang)
    return group


def fill_submit(parser: ArgumentParser, lang: Language, choice: Choice) -> _ArgumentGroup:
    """Add the arguments of ``phusong submit``, and return their group."""
    group = parser.add_argument_group(t("cli.group_options", lang))
    file, name = t("cli.metavar_file", lang), t("cli.metavar_name", lang)
    layers = {layer: layer for layer in ("cells", "subscriptions")}
    group.add_argument("file", metavar=file, help=t("cli.help_check_file", lang))
    group.add_argument("--layer", metavar="|".join(layers), type=choice("--layer", layers), required=True,
                       help=t("cli.help_submit_layer", lang))  # fmt: skip
    group.add_argument("--partner", metavar=name, help=t("cli.help_submit_partner", lang))
    group.add_argument("--url", metavar="https://…", help=t("cli.help_submit_url", lang))
    pair = t("cli.metavar_map", lang)
    group.add_argument("--map", metavar=pair, action="append", help=t("cli.help_check_map", lang))
    group.add_argument("--check-only", action="store_true", help=t("cli.help_submit_check", lang))
    for option in ("wards", "households", "coast"):
        group.add_argument(f"--{option}", metavar=file, help=t(f"cli.help_submit_{option}", lang))
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


def fill_publish(parser: ArgumentParser, lang: Language) -> None:
    """Add the arguments of ``phusong publish``."""
    group = parser.add_argument_group(t("cli.group_store", lang))
    group.add_argument("--store", metavar=t("cli.metavar_store", lang), help=t("cli.help_store", lang))
    group.add_argument("--as", dest="name", metavar=t("cli.metavar_name", lang), help=t("cli.help_as", lang))


def fill_store(parser: ArgumentParser, lang: Language) -> None:
    """Add where a command takes cells and lines from instead of files."""
    group = parser.add_argument_group(t("cli.group_store", lang))
    group.add_argument("--store", metavar=t("cli.metavar_store", lang), help=t("cli.help_from_store", lang))
    group.add_argument("--as-of", metavar="YYYY-MM-DD", help=t("cli.help_as_of", lang))


def _add_store(group: _ArgumentGroup, lang: Language) -> None:
    group.add_argument("--store", metavar=t("cli.metavar_store", lang), help=t("cli.help_store", lang))
    group.add_argument("--json", action="store_true", help=t("cli.help_json", lang))
