"""What the colours of a map mean and what its figures rest on, in words."""

from __future__ import annotations

from itertools import pairwise

from coverage import drawing
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
    study, denominator = result.study, result.denominator
    pixel = number(study.pixel_m, lang, 0 if float(study.pixel_m).is_integer() else 1)
    return (
        t("maps.definition", lang, text=result.definition.text(lang)),
        t(f"maps.denominator_{denominator.id}", lang, area=number(denominator.area_km2, lang, 1)),
        t("maps.basis", lang, definition=result.definition.id, model=study.model.id, pixel=pixel),
    )
