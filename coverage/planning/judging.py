"""What the rules say to each draft: allowed as it is, allowed lower or camouflaged, or refused with the reason."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coverage.changes import Reason
from coverage.obstacles import WATER
from coverage.planning.drafts import HEIGHTS_M, TILTS_DEG, Draft
from coverage.planning.places import distances_m, sampled, wards_of
from coverage.planning.rules import BUILDS, MastType, Rules, Zone
from coverage.study import Study

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Refusal:
    """A draft that the rules refuse, and why."""

    draft: Draft
    reason: Reason


@dataclass(frozen=True, kw_only=True, eq=False)
class _Site:
    """What is known of the places of all drafts; each array of shape (drafts,)."""

    inside: tuple[BoolArray, ...]  # one for each zone
    ground_m: NDArray[np.float64]
    water: BoolArray
    standing_m: NDArray[np.float64]


def judged(study: Study, drafts: list[Draft], rules: Rules) -> tuple[list[Draft], list[Refusal]]:
    """Return what is allowed, each with its ward and, of new masts, the kind and height that are; and what is refused.

    Parameters
    ----------
    study : Study
    drafts : list of Draft
    rules : Rules
    """
    points = np.array([draft.place for draft in drafts], dtype=object)
    placed = np.array([draft.place is not None for draft in drafts], dtype=bool)
    wards: list[str | None] = [draft.ward_id for draft in drafts]
    for n, ward in zip(np.flatnonzero(placed).tolist(), wards_of(study, points[placed]), strict=True):
        wards[n] = ward
    known = _looked_at(study, drafts, points, placed, wards, rules)
    allowed: list[Draft] = []
    refused: list[Refusal] = []
    for n, draft in enumerate(drafts):
        here = dataclasses.replace(draft, ward_id=wards[n])
        verdict = _verdict(study, here, n, known, rules)
        if isinstance(verdict, Reason):
            refused.append(Refusal(draft=here, reason=verdict))
        else:
            allowed.append(verdict)
    return _with_what_they_need(allowed, refused)


def _with_what_they_need(allowed: list[Draft], refused: list[Refusal]) -> tuple[list[Draft], list[Refusal]]:
    ids = {draft.id for draft in allowed}
    lost = [draft for draft in allowed if draft.needs is not None and draft.needs not in ids]
    refused += [Refusal(draft=d, reason=Reason(code="needs_refused", values={"needs": d.needs})) for d in lost]
    return [draft for draft in allowed if draft not in lost], refused


def _looked_at(
    study: Study, drafts: list[Draft], points: NDArray[np.object_], placed: BoolArray, wards: list[str | None],
    rules: Rules,
) -> _Site:  # fmt: skip
    crs, surface = str(study.city.wards.frame.crs), study.city.surface
    where = np.flatnonzero(placed)
    own = points[placed]
    inside = []
    for zone in rules.zones:
        mask = zone.holds(np.array([], dtype=object), wards)
        mask[where] |= zone.holds(own, [None] * len(own))
        inside.append(mask)
    ground, water = np.full(len(drafts), np.nan), np.zeros(len(drafts), dtype=bool)
    if any(math.isfinite(zone.max_top_m) for zone in rules.zones):
        ground[where] = sampled(surface.terrain, own, crs)
    if rules.no_masts_on_water:
        land_cover = sampled(surface.clutter, own, crs) == WATER
        water[where] = land_cover | (sampled(surface.coast, own, crs) == 1)
    standing = np.full(len(drafts), np.inf)
    if rules.min_distance_m > 0:
        standing[where] = distances_m(own, study.city.cells.frame.geometry.to_numpy())
    return _Site(inside=tuple(inside), ground_m=ground, water=water, standing_m=standing)


def _verdict(study: Study, draft: Draft, n: int, known: _Site, rules: Rules) -> Reason | Draft:
    zones = [
        zone for zone, inside in zip(rules.zones, known.inside, strict=True)
        if inside[n] and draft.kind in zone.changes
    ]  # fmt: skip
    if draft.row is not None and (out := _out_of_range(study, draft, draft.row)):
        return out
    if draft.kind not in BUILDS:
        return _told("zone_closed", zones[0]) if zones else draft
    if draft.ward_id is None:
        return Reason(code="outside_wards")
    if known.water[n]:
        return Reason(code="on_water")
    if draft.mast != "small" and known.standing_m[n] < rules.min_distance_m:
        values = {"distance_m": float(known.standing_m[n]), "limit_m": rules.min_distance_m}
        return Reason(code="near_standing_mast", values=values)
    return _fitted(draft, zones, float(known.ground_m[n]), rules)


def _fitted(draft: Draft, zones: list[Zone], ground_m: float, rules: Rules) -> Reason | Draft:
    """Return the mast that is allowed here, or why none is."""
    offered: tuple[MastType, ...] = ("small",) if draft.mast == "small" else rules.masts
    limits: list[tuple[float, Zone]] = []
    for zone in zones:
        limited = math.isfinite(zone.max_height_m) or math.isfinite(zone.max_top_m)
        if zone.masts or not limited:
            left = tuple(mast for mast in offered if mast in zone.masts)
            if not left:
                return _told("zone_masts" if zone.masts else "zone_closed", zone, masts=", ".join(zone.masts))
            offered = left
        if math.isfinite(zone.max_top_m) and math.isnan(ground_m):
            return _told("zone_ground_unknown", zone)
        if limited:
            top = zone.max_top_m - ground_m if math.isfinite(zone.max_top_m) else math.inf
            limits.append((min(zone.max_height_m, top), zone))
    least, tightest = min(limits, key=lambda pair: pair[0], default=(math.inf, None))
    if least < HEIGHTS_M[0] and tightest is not None:
        return _told("zone_height", tightest, limit_m=least, lowest_m=HEIGHTS_M[0])
    changed = dataclasses.replace(draft, mast=offered[0])
    if least < draft.height_m and tightest is not None:
        lowered = _told(f"{draft.kind}_lower", tightest, height_m=least, **draft.reason.values)
        return dataclasses.replace(changed, height_m=least, reason=lowered)
    if offered[0] == "camouflaged" and rules.masts[0] != "camouflaged":
        return dataclasses.replace(changed, reason=Reason(code="new_site_camouflaged", values=draft.reason.values))
    return changed


def _told(code: str, zone: Zone, **values: object) -> Reason:
    names = {"name_vi": zone.name_vi or zone.id, "name_en": zone.name_en or zone.id}
    return Reason(code=code, values={"zone": zone.id, "zone_kind": zone.kind, **names, **values})


def _out_of_range(study: Study, draft: Draft, row: int) -> Reason | None:
    """Return why a cell cannot be retuned that far, None where it can."""
    field, amount = draft.turned[0]
    limits = {"tilt_deg": TILTS_DEG, "height_m": HEIGHTS_M}.get(field)
    if limits is None:
        return None
    value = float(study.city.cells.frame[field].iloc[row]) + amount
    if limits[0] <= value <= limits[1]:
        return None
    values = {"field": field, "value": value, "low": limits[0], "high": limits[1]}
    return Reason(code="retune_range", values=values)
