"""Local rules in words, and a file to write one's own in."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import shapely

from coverage.catalog.rulefields import RuleField, rule_fields
from coverage.planning.rules import BUILDS, Rules, Zone
from coverage.types import Language
from coverage.words import number, percent, t

_FILES = ("points", "lines", "shapes")
_AT_DA_NANG = "[108.199, 16.044, 1500]"  # longitude, latitude, radius in metres


def sentences(rules: Rules, lang: Language, wards: Mapping[str, str] | None = None) -> list[str]:
    """Return what rules say, one sentence each: what is offered, then what is allowed, then zone by zone.

    Parameters
    ----------
    rules : Rules
    lang : {"vi", "en"}
    wards : mapping of str to str, optional
        Ward id → name; ids are named without it.
    """
    names = wards or {}
    limits = [*_limits(rules, lang, names), *(zone_sentence(zone, lang, names) for zone in rules.zones)]
    return [*_offered(rules, lang), *(limits or [t("ruletext.no_limits", lang)])]


def _offered(rules: Rules, lang: Language) -> Iterator[str]:
    say = partial(t, lang=lang)
    kinds = ", ".join(say(f"report.change_{kind}") for kind in rules.kinds)
    yield say("ruletext.kinds", kinds=kinds or "–")
    if rules.operator is not None:
        yield say("ruletext.operator", operator=rules.operator)
    if "new_site" in rules.kinds:
        yield _places(rules, lang)
        yield say("ruletext.masts", masts=_masts(rules.masts, lang), metres=number(rules.height_m, lang))
    if "small_cell" in rules.kinds and rules.small_lattice_m is not None:
        yield say("ruletext.small_lattice", metres=number(rules.small_lattice_m, lang))
    if rules.share != "none":
        yield say(f"ruletext.share_{rules.share}")
        if rules.alone:
            yield say("ruletext.alone")
    if "retune" in rules.kinds:
        steps = [
            say(f"ruletext.turned_{name}", steps=", ".join(f"{step:+g}" for step in amounts))
            for name, amounts in (
                ("tilt", rules.tilts_deg), ("azimuth", rules.azimuths_deg), ("height", rules.heights_m),
                ("power", rules.powers_db),
            )
            if amounts
        ]  # fmt: skip
        yield say("ruletext.retune", steps="; ".join(steps) or "–")
    if "connect" in rules.kinds:
        yield say("ruletext.connect", media=", ".join(rules.connect))


def _places(rules: Rules, lang: Language) -> str:
    if rules.sites is not None:
        return t("ruletext.sites", lang, count=number(len(rules.sites), lang))
    if rules.roads is not None:
        return t("ruletext.roads", lang, metres=number(rules.road_step_m, lang))
    if rules.lattice_m is not None:
        return t("ruletext.lattice", lang, metres=number(rules.lattice_m, lang))
    return t("ruletext.no_places", lang)


def _limits(rules: Rules, lang: Language, wards: Mapping[str, str]) -> Iterator[str]:
    say = partial(t, lang=lang)
    if rules.min_distance_m > 0:
        yield say("ruletext.min_distance", metres=number(rules.min_distance_m, lang))
    if rules.max_new_per_ward is not None:
        yield say("ruletext.max_new", most=number(rules.max_new_per_ward, lang))
    for ward, most in rules.max_new_in.items():
        yield say("ruletext.max_new_in", ward=wards.get(ward, ward), most=number(most, lang))
    if rules.shared_incentive > 0:
        yield say("ruletext.incentive", share=percent(rules.shared_incentive, lang, 0))
    if rules.no_masts_on_water:
        yield say("ruletext.water")
    if rules.fibre is not None:
        yield say("ruletext.fibre")


def _masts(masts: Sequence[str], lang: Language) -> str:
    return ", ".join(t(f"ruletext.mast_{mast}", lang) for mast in masts)


def zone_sentence(zone: Zone, lang: Language, wards: Mapping[str, str] | None = None) -> str:
    """Return what a zone allows, where it lies and what it speaks of."""
    say, names = partial(t, lang=lang), wards or {}
    name = (zone.name_vi if lang == "vi" else zone.name_en) or zone.id  # as in reasons
    limits = [say("ruletext.zone_masts", masts=_masts(zone.masts, lang))] if zone.masts else []
    if math.isfinite(zone.max_height_m):
        limits.append(say("ruletext.zone_height", metres=number(zone.max_height_m, lang)))
    if math.isfinite(zone.max_top_m):
        limits.append(say("ruletext.zone_top", metres=number(zone.max_top_m, lang)))
    if zone.geometry is None:
        place = ", ".join(names.get(ward, ward) for ward in zone.wards)
    else:
        place = say("ruletext.zone_area", area=number(shapely.area(zone.geometry) / 1e6, lang, 2))
    spoken = zone.changes if set(zone.changes) != set(BUILDS) else ()
    about = say("ruletext.zone_about", kinds=", ".join(say(f"report.change_{kind}") for kind in spoken))
    sentence = say(
        "ruletext.zone", name=name, kind=say(f"ruletext.kind_{zone.kind}"), place=place,
        allowed="; ".join(limits) or say("ruletext.zone_closed"),
    )  # fmt: skip
    return f"{sentence} {about}" if spoken else sentence


def template(lang: Language, ward: str = "20194") -> str:
    """Return a file of rules to fill in: every entry with its meaning, set to what is usual or commented out.

    Parameters
    ----------
    lang : {"vi", "en"}
    ward : str
        Id of a ward of the city, for examples.

    Notes
    -----
    Read as it is, it gives `Rules` as they are without a file. Entries that name further files are left out.
    """
    lines = [f"# {line}" for line in t("ruletext.template_head", lang).split("\n")]
    section = ""
    for field in rule_fields():
        if field.type in _FILES:
            continue
        if field.section != section:
            section = field.section
            lines += ["", "# [[zone]]" if section == "zone" else f"[{section}]"]
        lines.append(f"# {field.text_vi if lang == 'vi' else field.text_en}")
        lines.append(_entry(field, ward))
    return "\n".join(lines) + "\n"


def _entry(field: RuleField, ward: str) -> str:
    usual = None if field.section == "zone" else getattr(Rules(), field.attribute)
    if usual not in (None, "", (), {}):
        return f"{field.name} = {_toml(usual)}"
    if field.section == "zone" and field.name in ("wards", "max_height_m", "max_top_m", "buffer_m"):
        return f"# # {field.name} = {_sample(field, ward)}"  # beside the circle and the masts of the example: too much
    return f"# {field.name} = {_sample(field, ward)}"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return f"{value:g}"


def _sample(field: RuleField, ward: str) -> str:
    samples = {
        "text": f'"{field.name}"', "flag": "true", "number": f"{max(field.minimum, 1):g}", "count": "3",
        "numbers": "[-1, 1]", "choice": f'"{field.choices[0]}"' if field.choices else "",
        "choices": f'["{field.choices[-1]}"]' if field.choices else "", "texts": f'["{ward}"]',
        "counts": f'{{ "{ward}" = 1 }}', "circle": _AT_DA_NANG,
    }  # fmt: skip
    if field.name == "operator":
        return '"Viettel"'
    if field.section == "zone" and field.name == "changes":
        return f"[{', '.join(_toml(kind) for kind in BUILDS)}]"
    return samples[field.type]
