"""What stands between a figure and the truth, in words: made-up, defaulted, refused, unknown and assumed data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from coverage.city import City
from coverage.errors import Problem
from coverage.fields import table
from coverage.legends import GENERATIONS, short
from coverage.study import Result
from coverage.types import Language
from coverage.words import number, t

NAMED = 8  # wards or fields listed by name; the rest is a count
_GRAVITY = {"error": 0, "warning": 1, "note": 2}


def caveats(result: Result, lang: Language) -> tuple[str, ...]:
    """Return one sentence for everything that a reader of the figures has to know about the data, gravest first."""
    data = result.data
    return (*_about_data(result, data, lang), *_about_method(result, data, lang))


def problems(city: City) -> tuple[Problem, ...]:
    """Return every finding about the files of a city: refused rows first, then warnings, then notes."""
    found = [problem for layer in city.layers for problem in layer.problems]
    return tuple(sorted(found, key=lambda problem: _GRAVITY[problem.severity]))


def made_up(city: City) -> tuple[str, ...]:
    """Return the names of the files of a city that hold synthetic data, each once, in the order they were read."""
    return tuple(dict.fromkeys(source.name for source in city.sources if source.synthetic))


def _about_data(result: Result, data: Mapping[str, Any], lang: Language) -> Iterator[str]:
    if data["synthetic"]:
        files = made_up(result.study.city)
        yield t("caveats.synthetic", lang, files=", ".join(files)) if files else t("caveats.synthetic_all", lang)
    if result.study.cells.empty:
        yield t("caveats.no_cells", lang, technology=GENERATIONS[result.study.technology])
    if refused := {kind: count for kind, count in data["refused"].items() if count}:
        counted = [f"{t(f'caveats.layer_{kind}', lang)} ({number(count, lang)})" for kind, count in refused.items()]
        yield t("caveats.refused", lang, layers=", ".join(counted))
    for column, wards in data["unknown"].items():
        measure = t(f"measure.{column}", lang)
        yield t("caveats.unknown", lang, measure=measure, count=len(wards), wards=_names(result, wards, lang))
    if data["unknown_area_km2"] > 0:
        yield t("caveats.unknown_area", lang, area=number(data["unknown_area_km2"], lang, 1))
    if bounds := data["bounds"]:
        cut, outside = len(bounds["wards_cut"]), len(bounds["wards_outside"])
        yield t("caveats.bounds", lang, cut=cut, outside=outside)
    yield from _about_defaults(data["defaulted"], lang)
    if overfull := data["more_lines_than_households"]:
        yield t("caveats.overfull", lang, count=len(overfull), wards=_names(result, overfull, lang))


def _about_defaults(defaulted: Mapping[str, Any], lang: Language) -> Iterator[str]:
    if "model" in defaulted:
        yield t("caveats.model_defaulted", lang, model=defaulted["model"])
    of_cells = {field: count for field, count in defaulted.items() if field != "model" and "." not in field and count}
    if of_cells:
        labels = {field.name: field.label[lang] for field in table("cells")}
        counted = [f"{labels.get(field, field)} ({number(count, lang)})" for field, count in of_cells.items()]
        yield t("caveats.defaulted", lang, fields=", ".join(counted))
    for field in ("floors", "height_m"):
        if count := defaulted.get(f"buildings.{field}"):
            yield t(f"caveats.buildings_{field}", lang, count=number(count, lang))


def _about_method(result: Result, data: Mapping[str, Any], lang: Language) -> Iterator[str]:
    for whose, how in data["assumed"].items():
        yield t(f"caveats.{whose}_{how}", lang)
    if assumed := _assumed_parameters(result.study.path_model.facts, lang):
        yield t("caveats.model_assumed", lang, model=result.study.path_model.id, parameters=", ".join(assumed))
    if data["unused"]:
        rasters = ", ".join(t(f"caveats.raster_{name}", lang) for name in data["unused"])
        yield t("caveats.unused", lang, model=result.study.path_model.id, rasters=rasters)
    if data["subscriptions_period"]:
        yield t("caveats.period", lang, period=data["subscriptions_period"])
    if result.city[["low", "high"]].isna().all(axis=None):
        yield t("caveats.no_interval", lang)


def _assumed_parameters(facts: Mapping[str, Any], lang: Language) -> list[str]:
    """Return the parameters of a model that no measurement and no map gave, each with its value."""
    return [t(f"caveats.parameter_{name}", lang, value=short(facts[name], lang)) for name in facts.get("assumed", ())]


def _names(result: Result, ward_ids: list[str], lang: Language) -> str:
    listed = ", ".join(str(result.wards.loc[ward, "name"]) for ward in ward_ids[:NAMED])
    more = len(ward_ids) - NAMED
    return f"{listed} {t('caveats.more', lang, count=more)}" if more > 0 else listed
