"""What a plan may choose from, made from rules: 5G on standing sites, carriers, masts, small cells, retuning, lines."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from itertools import chain
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from coverage.catalog.costs import Level, cost_factors
from coverage.cells import complete_cells
from coverage.changes import Change, ChangeKind, Reason
from coverage.planning import drafts as make
from coverage.planning.costing import Bill, Costing
from coverage.planning.drafts import Draft
from coverage.planning.judging import Refusal, judged
from coverage.planning.offers import Candidates, Refused
from coverage.planning.places import along, lattice, nearest_fibre_km
from coverage.planning.relations import exclusive_groups, needed, ward_caps
from coverage.planning.rules import BUILDS, Rules, Sharing
from coverage.study import Study

MAST_ITEMS = ("nr_station", "tower", "civil_works", "power_system", "router", "site_rent")


def candidates(
    study: Study,
    rules: Rules | None = None,
    *,
    kinds: Sequence[ChangeKind] | None = None,
    upgrades: bool = True,
    new_sites: gpd.GeoDataFrame | None = None,
    lattice_m: float | Literal["rules"] | None = "rules",
    operator: str | None = None,
    share: Sharing | None = None,
    costs: Level | Costing = "mid",
) -> Candidates:
    """Return every change a plan may choose from, in a fixed order, with what the rules refuse and why.

    Parameters
    ----------
    study : Study
    rules : Rules or None
        From `coverage.read_rules`; None allows everything: 5G on standing sites and a lattice of new masts.
    kinds : sequence of str or None
        Kinds of change to offer; None: those of the rules.
    upgrades : bool
        False leaves 5G on standing sites out.
    new_sites : GeoDataFrame or None
        Points in the working CRS where a mast could be built (``site_id`` is read where present), instead of a lattice.
    lattice_m : float, "rules" or None
        Spacing of a square lattice of new masts over the mainland [m]; None proposes none.
    operator : str or None
        Who builds new masts; the first 5G holder of the catalogue unless told otherwise.
    share : {"none", "moran", "mocn"} or None
        Whether one radio serves every 5G operator; None: as the rules say.
    costs : {"low", "mid", "high"} or Costing
        Column of the cost catalogue, or how costs are counted.

    Notes
    -----
    A shared change costs what each operator would pay alone, times their number, less what sharing saves. New masts
    and small cells are linked by fibre, or by microwave where that is cheaper at middle prices. Standing sites are
    taken to have a link, and a contract for their place.

    Examples
    --------
    >>> import coverage as cov
    >>> offered = cov.candidates(cov.Study(cov.demo_city(), pixel_m=200), lattice_m=None)
    >>> {change.kind for change in offered}, len(offered.refused)
    ({'upgrade'}, 0)
    """
    asked = rules or Rules()
    kinds = asked.kinds if kinds is None else tuple(kinds)
    asked = dataclasses.replace(
        asked,
        kinds=tuple(kind for kind in kinds if upgrades or kind != "upgrade"),
        sites=asked.sites if new_sites is None else new_sites,
        lattice_m=asked.lattice_m if lattice_m == "rules" else lattice_m,
        operator=operator or asked.operator,
        share=share or asked.share,
    )
    allowed, refused = judged(study, _drafted(study, asked), asked)
    allowed, cells, unusable = _with_cells(study, allowed)
    costing = Costing(level=costs) if isinstance(costs, str) else costs
    bills, fibre = _bills(study, allowed, asked)
    parts = zip(allowed, cells, bills, strict=True)
    return Candidates(
        changes=tuple(_change(draft, own, costing.ends_vnd(bill), costing) for draft, own, bill in parts),
        refusals=tuple(map(_refused, [*refused, *unusable])),
        exclusive=exclusive_groups(allowed, asked),
        caps=ward_caps(allowed, asked),
        requires=needed(allowed),
        rules=asked,
        costing=costing,
        assumed={"fibre": fibre} if fibre else {},
    )


def _drafted(study: Study, rules: Rules) -> list[Draft]:
    """Return everything that is offered, kind by kind in the order the rules name them."""
    made: dict[ChangeKind, list[Draft]] = {}
    for kind in dict.fromkeys(rules.kinds):
        if kind == "upgrade":
            made[kind] = list(make.upgrades(study, rules))
        elif kind == "carrier":
            made[kind] = list(make.carriers(study))
        elif kind == "new_site":
            made[kind] = list(make.masts(*_places(study, rules)))
        elif kind == "small_cell":
            spacing = rules.small_lattice_m
            made[kind] = [] if spacing is None else list(make.masts(lattice(study, spacing), kind, rules, "SMALL"))
        elif kind == "retune":
            made[kind] = list(make.retunes(study, rules))
        elif kind == "connect":
            made[kind] = list(make.connections(study, rules))
    if "carrier" in made:
        alone = [draft for draft in made.get("upgrade", []) if len(draft.operators) == 1]
        made["carrier"] += chain.from_iterable(make.carriers_upon(draft) for draft in alone)
    return [*chain.from_iterable(made.values())]


def _places(study: Study, rules: Rules) -> tuple[gpd.GeoDataFrame, ChangeKind, Rules, str]:
    if rules.sites is not None:
        return rules.sites, "new_site", rules, "NEW"
    if rules.roads is not None:
        return along(study, rules.roads, rules.road_step_m), "new_site", rules, "ROAD"
    if rules.lattice_m is not None:
        return lattice(study, rules.lattice_m), "new_site", rules, "NEW"
    nothing = gpd.GeoDataFrame(geometry=gpd.GeoSeries([], crs=study.city.wards.frame.crs))
    return nothing, "new_site", rules, "NEW"


def _with_cells(study: Study, allowed: list[Draft]) -> tuple[list[Draft], list[gpd.GeoDataFrame], list[Refusal]]:
    """Return the drafts with the cells that appear; one whose cells cannot be used is refused."""
    crs, standing = study.city.cells.frame.crs, study.city.cells.frame
    wanted = [draft.rows() for draft in allowed]
    given = pd.DataFrame([row | {"row": n} for n, rows in enumerate(wanted) for row in rows])
    full, problems = (given, ()) if given.empty else _completed(given)
    told = {problem.row: problem.code for problem in problems if problem.severity == "error"}
    owner = full["row"].to_numpy() if len(full) else np.array([], dtype=int)
    ends = np.searchsorted(owner, np.arange(len(allowed) + 1))
    plain = full.drop(columns=["change", "row"], errors="ignore")
    table = gpd.GeoDataFrame(plain, geometry="geometry", crs=crs) if len(full) else standing.iloc[:0]
    turned = _turned(standing, allowed)
    at = {n: k for k, n in enumerate(n for n, draft in enumerate(allowed) if draft.row is not None)}
    kept: list[Draft] = []
    cells: list[gpd.GeoDataFrame] = []
    lost: list[Refusal] = []
    for n, draft in enumerate(allowed):
        own = table.iloc[ends[n] : ends[n + 1]] if draft.row is None else turned.iloc[at[n] : at[n] + 1]
        if len(own) < len(wanted[n]):
            lost.append(Refusal(draft=draft, reason=Reason(code="cells_unusable", values={"problem": told.get(n)})))
            continue
        kept.append(draft)
        own.index = pd.RangeIndex(len(own))
        cells.append(own)
    return kept, cells, lost


def _completed(given: pd.DataFrame) -> tuple[pd.DataFrame, tuple[Any, ...]]:
    full, _, problems = complete_cells(given)
    return full, problems


def _turned(standing: gpd.GeoDataFrame, allowed: list[Draft]) -> gpd.GeoDataFrame:
    """Return the retuned selves of the cells that drafts speak of, in their order."""
    which = [n for n, draft in enumerate(allowed) if draft.row is not None]
    table = standing.iloc[[allowed[n].row for n in which]].reset_index(drop=True)
    for field in ("azimuth_deg", "tilt_deg", "height_m", "power_dbm"):
        more = np.array([dict(allowed[n].turned).get(field, 0.0) for n in which])
        table[field] = table[field] + more
        if field == "tilt_deg" and "electrical_tilt_deg" in table:  # what is turned is the remote, electrical tilt
            table["electrical_tilt_deg"] += more
    table["azimuth_deg"] %= 360.0
    return table


def _bills(study: Study, allowed: list[Draft], rules: Rules) -> tuple[list[Bill], str]:
    """Return the bill of every draft, and where fibre is known from ("" where nothing needs any)."""
    built = [n for n, draft in enumerate(allowed) if draft.kind in BUILDS]
    points = np.array([allowed[n].place for n in built], dtype=object)
    distances, origin = nearest_fibre_km(study, points, rules.fibre)
    far = dict(zip(built, distances.tolist(), strict=True))
    bills = [_bill(draft, far.get(n, 0.0), rules) for n, draft in enumerate(allowed)]
    return bills, origin if built else ""


def _bill(draft: Draft, fibre_km: float, rules: Rules) -> Bill:
    served = len(draft.operators)
    waived = rules.shared_incentive if draft.shared_place else 0.0
    if draft.kind == "upgrade":
        station = {"station_power_kw": 1.0}
        return Bill(items={"nr_station": 1.0}, power_kw=station, served=served, waived=waived, supported=True)
    if draft.kind == "carrier":
        return Bill(items={"carrier": 1.0}, power_kw={"carrier_power_kw": 1.0}, served=served)
    if draft.kind == "new_site":
        items = dict.fromkeys(MAST_ITEMS, 1.0) | ({"camouflage": 1.0} if draft.mast == "camouflaged" else {})
        linked = items | _link(fibre_km)
        return Bill(
            items=linked, power_kw={"station_power_kw": 1.0}, served=served, waived=waived, supported=True
        )  # fmt: skip
    if draft.kind == "small_cell":
        linked = {"small_cell": 1.0} | _link(fibre_km)
        return Bill(items=linked, power_kw={"small_cell_power_kw": 1.0}, served=served, waived=waived)
    if draft.kind == "connect":
        each = ("ftth_passed", "ftth_connected") if draft.medium == "FTTH" else ("fwa_cpe",)
        return Bill(items=dict.fromkeys(each, draft.households))
    return Bill(items={"retune": 1.0})


def _link(fibre_km: float) -> dict[str, float]:
    """Return the pieces of the link of a new site: fibre, or microwave where that is cheaper or no fibre is known."""
    length = fibre_km * (1.0 + cost_factors()["fibre_detour"].mid)
    by_fibre, by_radio = {"fibre_km": length, "fibre_terminal": 1.0}, {"microwave_link": 1.0}
    if not np.isfinite(fibre_km):
        return by_radio
    costing = Costing()
    return min((by_fibre, by_radio), key=lambda items: costing.capital_vnd(Bill(items=items), "mid"))


def _change(draft: Draft, cells: gpd.GeoDataFrame, ends_vnd: tuple[float, float, float], costing: Costing) -> Change:
    low, mid, high = ends_vnd
    return Change(
        id=draft.id,
        kind=draft.kind,
        site_id=draft.site_id,
        operator=draft.operators[0],
        cells=cells,
        cost_vnd={"low": low, "mid": mid, "high": high}[costing.level],
        cost_low_vnd=low,
        cost_high_vnd=high,
        operators=draft.operators,
        removes=draft.removes,
        ward_id=draft.ward_id,
        reason=draft.reason,
        households=draft.households,
        medium=draft.medium,
    )


def _refused(row: Refusal) -> Refused:
    draft = row.draft
    return Refused(
        id=draft.id, kind=draft.kind, site_id=draft.site_id, operator=draft.operators[0], ward_id=draft.ward_id,
        reason=row.reason,
    )  # fmt: skip
