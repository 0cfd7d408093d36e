"""A path in words: what stands on it, whether the antenna is in sight, how far it is."""

from __future__ import annotations

import numpy as np

from coverage.sightlines import PathProfile
from coverage.types import Language
from coverage.words import number, t


def profile_sentence(profile: PathProfile, lang: Language) -> str:
    """Return in one sentence whether the antenna is in sight and what stands in the way."""
    line = profile.line
    if line.length_m < 1:
        return t("profile.at_mast", lang)
    if line.obstacle is not None:
        excess = float(line.top_m[line.obstacle] - line.line_m[line.obstacle])
        return t(
            "profile.cut", lang, what=t(f"profile.{kind_of_obstacle(profile, line.obstacle)}", lang),
            distance=length(float(line.distance_m[line.obstacle]), lang),
            excess=t("profile.metres", lang, value=number(excess, lang, 1)),
        )  # fmt: skip
    if line.clearance is None:
        return t("profile.open", lang)
    if line.clearance >= 1:
        return t("profile.free", lang)
    return t("profile.narrow", lang, clearance=number(line.clearance, lang, 2))


def profile_text(profile: PathProfile, lang: Language) -> str:
    """Return what the drawing shows, as text."""
    ends = {
        name: t("profile.metres", lang, value=number(value, lang, 1))
        for name, value in (("antenna", profile.line.antenna_m), ("receiver", profile.line.receiver_m))
    }
    return t(
        "profile.alternative", lang, site=profile.site_id, operator=profile.operator, band=profile.band,
        distance=length(profile.line.length_m, lang), sentence=profile_sentence(profile, lang), **ends,
    )  # fmt: skip


def length(distance_m: float, lang: Language) -> str:
    """Return a distance as people say it: metres below a kilometre.

    >>> length(240.8, "vi"), length(2412.0, "vi")
    ('241 m', '2,41 km')
    """
    if distance_m < 999.5:
        return t("profile.metres", lang, value=number(distance_m, lang))
    return t("profile.kilometres", lang, value=number(distance_m / 1000, lang, 2))


def standing_kinds(profile: PathProfile) -> list[str]:
    """Return what stands at each point: "trees", "buildings", or "" where nothing does."""
    known = np.nan_to_num(profile.line.clutter_m) > 0
    return [
        ("trees" if wooded else "buildings") if there else ""
        for there, wooded in zip(known, profile.trees, strict=True)
    ]


def kind_of_obstacle(profile: PathProfile, at: int) -> str:
    """Return what stands at a point that cuts the line: "ground", "trees" or "buildings"."""
    return "ground" if profile.line.cut_by == "ground" else standing_kinds(profile)[at] or "ground"
