"""What may be typed after `phusong households`; apart from what runs it, so that --help stays quick."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable

from coverage.catalog.registers import EDITIONS
from coverage.cli.readers import UsageError, choice
from coverage.types import Language
from coverage.words import t

INPUTS = ("subscriptions", "households", "survey", "wards", "areas", "households-raster", "cells", "hamlets")
RANGES = ("household-label", "business-label", "unlabelled", "lines-per-household", "growth-per-year")


def fill(parser: ArgumentParser, lang: Language) -> None:
    """Add the arguments of ``phusong households``, but for those of every command that writes."""
    group = parser.add_argument_group(t("cli.group_inputs", lang))
    for name in INPUTS:
        key = name.replace("-", "_")
        group.add_argument(f"--{name}", metavar=t("cli.metavar_file", lang), help=t(f"cli.help_{key}", lang))
    group.add_argument("--households-period", metavar="2019-04", help=t("cli.help_households_period", lang))
    group.add_argument("--edition", metavar="|".join(EDITIONS), help=t("cli.help_homes_edition", lang),
                       type=choice("--edition", {name: name for name in EDITIONS}))  # fmt: skip
    group = parser.add_argument_group(t("cli.group_ratios", lang))
    for name in RANGES:
        key = name.replace("-", "_")
        low_high = t("cli.metavar_range", lang)
        group.add_argument(f"--{name}", metavar=low_high, type=_range(f"--{name}"), help=t(f"cli.help_{key}", lang))


def _range(option: str) -> Callable[[str], tuple[float, float]]:
    def read(text: str) -> tuple[float, float]:
        try:
            ends = [float(part) for part in text.split(",")]
            low, high = (ends * 2)[:2] if len(ends) == 1 else ends
        except ValueError:
            raise UsageError("range_unusable", option=option, value=text) from None
        return low, high

    return read
