"""What the colours of a map mean and what its figures rest on, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from coverage import drawing
from coverage.disputes import Confirmed
from coverage.study import Result
from coverage.types import Language
from coverage.words import number, percent, t

GENERATIONS = {"NR": "5G", "LTE": "4G"}


def ward_classes(measure: str, lang: Language) -> list[tuple[str, str]]:
    r"""Return the colour and the text of every class of wards, the grey of "unknown" last.

    >>> ward_classes("area_share", "en")[1]
    ('#d3e3c3', '5–10\xa0%')
    """
    ranges = [
        f"{number(100 * low, lang)}–{percent(high, lang, 0)}" for low, high in pairwise((*drawing.BREAKS[measure], 1.0))
    ]
    return [*zip(drawing.RAMP, ranges, strict=True), (drawing.UNKNOWN, t("maps.unknown", lang))]


def coverage_classes(edge: float, lang: Language, *, gained: bool = False) -> list[tuple[str, str]]:
    """Return the colour and the text of every step of the coverage picture; ``gained`` adds what a plan brings."""
    low, middle, high = drawing.coverage_steps(edge)
    steps = [
        (drawing.COVERED, t("maps.covered", lang, edge=percent(high, lang, 0))),
        (drawing.LIKELY, t("maps.likely", lang, low=number(100 * middle, lang), high=percent(high, lang, 0))),
        (drawing.WEAK, t("maps.weak", lang, low=number(100 * low, lang), high=percent(middle, lang, 0))),
    ]
    return [(drawing.GAINED, t("maps.gained", lang)), *steps] if gained else steps


def basis(result: Result, lang: Language) -> tuple[str, str, str]:
    """Return what a figure rests on, in words: the definition, the denominator, and the model with its pixel."""
    study, denominator, facts = result.study, result.denominator, result.study.path_model.facts
    model = f"{study.path_model.id} (σ {_spread(facts.get('sigma_db'), lang)} dB)"
    if facts.get("profile_step_m") is not None:
        model += t("maps.profile_step", lang, step=short(facts["profile_step_m"], lang))
    return (
        t("maps.definition", lang, text=result.definition.text(lang)),
        t(f"maps.denominator_{denominator.id}", lang, area=number(denominator.area_km2, lang, 1)),
        t("maps.basis", lang, definition=result.definition.id, model=model, pixel=short(study.pixel_m, lang)),
    )


def connected(result: Result, lang: Language) -> str | None:
    """Return the city's estimate of connected households with its range, the range alone, or None where unknown."""
    value, low, high = (float(result.city[end].to_dict()["connected_share"]) for end in ("value", "low", "high"))
    if math.isnan(low) or math.isnan(high):
        return None
    ends = {"low": percent(low, lang), "high": percent(high, lang)}
    if math.isnan(value):
        return t("households.connected_between", lang, **ends)
    return t("households.connected_about", lang, share=percent(value, lang), **ends)


def disputed(apart: Confirmed | None, measure: str, lang: Language) -> str | None:
    """Return a share of the city in its confirmed and its disputed part; None where nothing of it is disputed."""
    parts = None if apart is None else apart.parts(measure)
    if parts is None or not parts[1] > 0:
        return None
    return t("maps.parts", lang, confirmed=percent(parts[0], lang), disputed=percent(parts[1], lang))


def _spread(sigma: Any, lang: Language) -> str:
    """Return standard deviations: by environment in sight (before–after the break point) and out of sight, or one."""
    if not isinstance(sigma, Mapping):
        return "–" if sigma is None else short(sigma, lang)
    parts = []
    for name, (*in_sight, out_of_sight) in sigma.items():
        seen = "–".join(dict.fromkeys(short(value, lang) for value in in_sight))
        parts.append(f"{name} {seen}/{short(out_of_sight, lang)}")
    return ", ".join(parts)


def short(value: float, lang: Language) -> str:
    """Return a number without zeros at its end."""
    digits = next(digits for digits in (0, 1, 2, 3) if digits == 3 or round(value, digits) == value)
    return number(value, lang, digits)
