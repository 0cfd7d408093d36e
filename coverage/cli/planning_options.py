"""What may be typed after `phusong plan`; light, so that --help and a typing error are told at once."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from functools import partial

from coverage.catalog.targets import targets
from coverage.cli.readers import UsageError, choice, number
from coverage.types import Language
from coverage.words import t

LATTICE_M = (200.0, 50_000.0)
COSTS = ("low", "mid", "high")
OBJECTIVES = ("area", "population", "households", "internet", "stations")
SHARING = ("none", "moran", "mocn")
KINDS = ("upgrade", "carrier", "new_site", "small_cell", "retune", "connect")
HORIZON = (0, 50)
PHASES, SECONDS = (1, 100), (1.0, 86_400.0)


def fill(parser: argparse.ArgumentParser, lang: Language) -> None:
    """Add the options of a plan to a parser, their help in a language."""
    group = parser.add_argument_group(t("cli.group_plan", lang))
    metavar, help_ = t("cli.metavar_number", lang), partial(_help, lang)

    def add(option: str, read: Callable[[str], object], shown: str, default: object = None) -> None:
        group.add_argument(option, type=read, metavar=shown, default=default, help=help_(option[2:]))

    add("--target", _target, "0–1|ID")
    add("--budget", number("--budget", (0.0, 1e18)), "VND")
    add("--objective", _objective, "|".join(OBJECTIVES))
    add("--operator", str, t("planning.metavar_name", lang))
    add("--share", choice("--share", {name: name for name in SHARING}), "|".join(SHARING))
    add("--floor", number("--floor", (0.0, 1.0)), "0–1")
    group.add_argument("--equity", action="store_true", help=help_("equity"))
    add("--phases", _phases, t("planning.metavar_phases", lang), 1)
    add("--robust", number("--robust", (0.5, 0.999)), "0–1")
    group.add_argument("--recheck", action="store_true", help=help_("recheck"))
    add("--rules", str, t("cli.metavar_file", lang))
    add("--kinds", _kinds, ",".join(KINDS))
    add("--lattice", _lattice, metavar, "rules")
    add("--sites", str, t("cli.metavar_file", lang))
    add("--costs", choice("--costs", {level: level for level in COSTS}), "low|mid|high", "mid")
    add("--horizon", _horizon, metavar, 0)
    group.add_argument("--support-88", action="store_true", help=help_("support_88"))
    add("--seconds", number("--seconds", SECONDS), metavar, 40.0)
    add("--seed", _seed, metavar, 0)


def _help(lang: Language, name: str) -> str:
    return t(f"planning.help_{name}", lang, targets=", ".join(aim.id for aim in targets() if aim.measure))


def _target(text: str) -> float | str:
    """Return a share, or the id of a target of the register."""
    known = [aim.id for aim in targets()]
    return text if text in known else number("--target")(text)


def _objective(text: str) -> str | dict[str, float]:
    """Return one objective, or several with weights: ``area=0.7,households=0.3``."""
    if "=" not in text:
        return choice("--objective", {name: name for name in OBJECTIVES})(text)
    mix: dict[str, float] = {}
    for part in text.split(","):
        name, _, weight = part.partition("=")
        name = choice("--objective", {known: known for known in OBJECTIVES})(name)
        mix[name] = number("--objective", (1e-9, 1e9))(weight)
    return mix


def _phases(text: str) -> int | tuple[float, ...]:
    """Return a number of even phases, or the money of each [VND]: ``5e9,5e9,8e9``."""
    if "," in text:
        return tuple(number("--phases", (0.0, 1e18))(part) for part in text.split(","))
    count = number("--phases", PHASES)(text)
    if count != math.floor(count):
        raise UsageError("number_out_of_range", option="--phases", value=text, low=PHASES[0], high=PHASES[1])
    return int(count)


def _kinds(text: str) -> tuple[str, ...]:
    """Return kinds of change: ``upgrade,retune``."""
    read = choice("--kinds", {kind: kind for kind in KINDS})
    return tuple(read(kind) for kind in text.split(","))


def _horizon(text: str) -> int:
    return int(number("--horizon", HORIZON)(text))


def _seed(text: str) -> int:
    return int(number("--seed", (0, 2**31 - 1))(text))


def _lattice(text: str) -> float | str | None:
    """Return the spacing of new sites; 0 proposes none, and what nobody types leaves it to the rules."""
    if text == "rules":
        return text
    return None if text in ("0", "0.0") else number("--lattice", LATTICE_M)(text)
