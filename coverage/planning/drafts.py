"""Changes as they are thought of, before rules judge them and before their cells are completed: one maker per kind."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd
from shapely.geometry import Point

from coverage.catalog import radios
from coverage.changes import ChangeKind, Medium, Reason
from coverage.households import fixed_lines
from coverage.planning.rules import MastType, Rules
from coverage.study import Study

SECTORS_DEG = (0.0, 120.0, 240.0)  # a new site, and a standing one whose azimuths nobody recorded
SMALL_HEIGHT_M = 10.0  # lowest antenna of TR 38.901's UMi street canyon
SMALL_POWER_DBM = 38.0  # rated output of a medium-range base station, TS 38.104 table 6.2.1-1
TILTS_DEG = (-5.0, 20.0)  # assumption: what brackets and remote tilt allow
HEIGHTS_M = (10.0, 50.0)  # where the models of the catalogue are used

Carrier = tuple[str, str, float]  # operator, band, downlink centre [MHz]


@dataclass(frozen=True, kw_only=True, eq=False)
class Draft:
    """A change to be judged.

    Attributes
    ----------
    id, kind, site_id, operators :
        As in `coverage.changes.Change`.
    place : Point or None
        None for ``connect``.
    reason : Reason
        Why it is allowed if no rule refuses it.
    slots : tuple
        What it takes up: of the drafts that name the same slot at most one can be chosen.
    carriers : tuple of (operator, band, centre in MHz)
        Of its new cells.
    azimuths_deg : tuple of float
        Of its new cells; NaN is omnidirectional.
    height_m : float
        Of its new cells; NaN leaves it to the catalogue.
    mast : {"type1", "camouflaged", "small"} or None
        What is put up; None where nothing is.
    shared_place : bool
        Whether several operators stand there afterwards.
    needs : str or None
        Id of the draft without which it makes no sense.
    row : int or None
        Cell of the city that is retuned.
    turned : tuple of (field, amount)
        What is added to it.
    removes : tuple of str
    ward_id, households, medium :
        Of ``connect``.
    """

    id: str
    kind: ChangeKind
    site_id: str
    operators: tuple[str, ...]
    place: Point | None
    reason: Reason
    slots: tuple[Hashable, ...] = ()
    carriers: tuple[Carrier, ...] = ()
    azimuths_deg: tuple[float, ...] = SECTORS_DEG
    height_m: float = math.nan
    mast: MastType | None = None
    shared_place: bool = False
    needs: str | None = None
    row: int | None = None
    turned: tuple[tuple[str, float], ...] = ()
    removes: tuple[str, ...] = ()
    ward_id: str | None = None
    households: float = 0.0
    medium: Medium | None = None

    def rows(self) -> list[dict[str, Any]]:
        """Return its new cells as `coverage.cells.complete_cells` takes them."""
        small = {"power_dbm": SMALL_POWER_DBM, "environment": "UMi"} if self.mast == "small" else {}
        return [
            {
                "change": self.id,
                "site_id": self.site_id,
                "cell_id": f"{self.site_id}-{band}-{sector}",
                "operator": operator,
                "technology": "NR",
                "band": band,
                "frequency_mhz": mhz,
                "height_m": self.height_m,
                "azimuth_deg": azimuth,
                "geometry": self.place,
                **small,
            }
            for operator, band, mhz in self.carriers
            for sector, azimuth in enumerate(self.azimuths_deg, start=1)
        ]


def holders() -> dict[str, str]:
    """Return operator → usual 5G band, of those that hold one."""
    return {row.id: row.nr[0] for row in radios.operators() if row.nr}


def carriers_of(operators: tuple[str, ...], rules: Rules) -> tuple[Carrier, ...]:
    """Return the carriers of one radio: everybody's own, or under MOCN the builder's for all."""
    bands = holders()
    lead = operators[0]
    of_band = {name: radios.band(bands[lead if rules.share == "mocn" else name]) for name in operators}
    return tuple(
        (name, band.id, band.centre_mhz(lead if rules.share == "mocn" else name)) for name, band in of_band.items()
    )


def together(lead: str, others: list[str], rules: Rules) -> list[tuple[str, ...]]:
    """Return whom a change may serve: its builder, all operators that can join, or either."""
    joined = (lead, *(name for name in others if name != lead))
    if rules.share == "none" or len(joined) == 1:
        return [(lead,)]
    return [(lead,), joined] if rules.alone else [joined]


def upgrades(study: Study, rules: Rules) -> Iterator[Draft]:
    """Yield 5G on every 4G site of an operator that holds a 5G band and has no 5G there."""
    cells = study.city.cells.frame
    of_5g = cells[cells["technology"] == "NR"]
    has_5g = set(zip(of_5g["site_id"], of_5g["operator"], strict=True))
    standing = cells[(cells["technology"] == "LTE") & cells["operator"].isin(list(holders()))]
    owners = cells.groupby("site_id")["operator"].nunique()
    for (site_id, operator), site in _groups(standing):
        if (site_id, operator) in has_5g:
            continue
        free = [name for name in holders() if (site_id, name) not in has_5g]
        known = site["azimuth_deg"].dropna().unique().tolist()
        for whom in together(operator, free, rules):
            yield Draft(
                id=f"upgrade:{'+'.join(whom)}:{site_id}",
                kind="upgrade",
                site_id=site_id,
                operators=whom,
                place=site["geometry"].iloc[0],
                reason=Reason(code="upgrade", values={"operator": operator, "served": len(whom)}),
                slots=tuple(("5g", site_id, name) for name in whom),
                carriers=carriers_of(whom, rules),
                azimuths_deg=tuple(sorted(known)) or SECTORS_DEG,
                height_m=float(site["height_m"].iloc[0]),
                shared_place=len(whom) > 1 or owners[site_id] > 1,
            )


def _groups(cells: gpd.GeoDataFrame) -> Iterator[tuple[tuple[str, str], pd.DataFrame]]:
    plain = pd.DataFrame(cells[["site_id", "operator", "band", "azimuth_deg", "height_m", "geometry"]])
    for (site_id, operator), site in plain.groupby(["site_id", "operator"], sort=True):
        yield (str(site_id), str(operator)), site


def carriers(study: Study) -> Iterator[Draft]:
    """Yield every 5G band that an operator holds and does not use on a 5G site of its own."""
    cells = study.city.cells.frame
    standing = cells[(cells["technology"] == "NR") & cells["operator"].isin(list(holders()))]
    held = {row.id: row.nr for row in radios.operators()}
    for (site_id, operator), site in _groups(standing):
        known = site["azimuth_deg"].dropna().unique().tolist()
        on_air = site["band"].unique().tolist()
        for name in held[operator]:
            if any(_overlap(name, other, operator) for other in on_air):
                continue
            on_air.append(name)
            band = radios.band(name)
            yield Draft(
                id=f"carrier:{operator}:{site_id}:{name}",
                kind="carrier",
                site_id=site_id,
                operators=(operator,),
                place=site["geometry"].iloc[0],
                reason=Reason(code="carrier", values={"operator": operator, "band": name}),
                slots=(("carrier", site_id, operator, name),),
                carriers=((operator, name, band.centre_mhz(operator)),),
                azimuths_deg=tuple(sorted(known)) or SECTORS_DEG,
                height_m=float(site["height_m"].iloc[0]),
            )


def carriers_upon(upgraded: Draft) -> Iterator[Draft]:
    """Yield the further 5G bands of an operator that could join its upgrade; each needs the upgrade."""
    operator = upgraded.operators[0]
    on_air = [band for _, band, _ in upgraded.carriers]
    for name in radios.held_bands(operator, "NR"):
        if any(_overlap(name, other, operator) for other in on_air):
            continue
        on_air.append(name)
        yield dataclasses.replace(
            upgraded,
            id=f"carrier:{operator}:{upgraded.site_id}:{name}",
            kind="carrier",
            reason=Reason(code="carrier", values={"operator": operator, "band": name}),
            slots=(("carrier", upgraded.site_id, operator, name),),
            carriers=((operator, name, radios.band(name).centre_mhz(operator)),),
            shared_place=False,
            needs=upgraded.id,
        )


def _overlap(name: str, other: str, operator: str) -> bool:
    """Whether two bands are the same spectrum of an operator under two names, as n78 within n77."""
    one, two = radios.band(name), radios.band(other)
    apart = abs(one.centre_mhz(operator) - two.centre_mhz(operator))
    return apart < (one.bandwidth_mhz + two.bandwidth_mhz) / 2


def masts(places: gpd.GeoDataFrame, kind: ChangeKind, rules: Rules, prefix: str) -> Iterator[Draft]:
    """Yield a new mast, or a small cell, at every place."""
    lead = rules.operator or next(iter(holders()))
    names = places["site_id"] if "site_id" in places else [f"{prefix}-{n:04d}" for n in range(1, len(places) + 1)]
    small = kind == "small_cell"
    for name, place in zip(names, places.geometry, strict=True):
        for whom in together(lead, list(holders()), rules):
            yield Draft(
                id=f"{kind}:{'+'.join(whom)}:{name}",
                kind=kind,
                site_id=str(name),
                operators=whom,
                place=place,
                reason=Reason(code=kind, values={"operator": lead, "served": len(whom)}),
                slots=(("place", str(name)),),
                carriers=carriers_of(whom, rules),
                azimuths_deg=(math.nan,) if small else SECTORS_DEG,
                height_m=SMALL_HEIGHT_M if small else rules.height_m,
                mast="small" if small else rules.masts[0],
                shared_place=len(whom) > 1,
            )


def retunes(study: Study, rules: Rules) -> Iterator[Draft]:
    """Yield the modes of every standing 5G cell that can be told from its neighbours; of one cell at most one is taken.

    A cell without an id, or with that of another of its site, operator and band, cannot be named and gets none.
    """
    cells = study.city.cells.frame
    key = ["site_id", "operator", "technology", "band", "cell_id"]
    named = (cells["technology"] == "NR") & cells["cell_id"].notna() & ~cells.duplicated(key, keep=False)
    offered = [
        *(("azimuth_deg", amount) for amount in rules.azimuths_deg),
        *(("tilt_deg", amount) for amount in rules.tilts_deg),
        *(("height_m", amount) for amount in rules.heights_m),
        *(("power_dbm", amount) for amount in rules.powers_db),
    ]
    columns = [cells[name].tolist() for name in ("site_id", "operator", "band", "cell_id", "azimuth_deg", "geometry")]
    for row, (site_id, operator, band, cell_id, azimuth, place) in enumerate(zip(*columns, strict=True)):
        if not named.iloc[row]:
            continue
        for field, amount in offered:
            if field == "azimuth_deg" and math.isnan(azimuth):
                continue
            yield Draft(
                id=f"retune:{operator}:{cell_id}:{band}:{field}{amount:+g}",
                kind="retune",
                site_id=site_id,
                operators=(operator,),
                place=place,
                reason=Reason(code="retune", values={"cell": cell_id, "field": field, "amount": amount}),
                slots=(("cell", site_id, operator, band, cell_id),),
                row=row,
                turned=((field, amount),),
                removes=(str(cell_id),),
            )


def connections(study: Study, rules: Rules) -> Iterator[Draft]:
    """Yield the households without a line of every ward of which both are known, once for each medium."""
    city = study.city
    if city.people is None or city.subscriptions is None:
        return
    wards = city.wards.frame.index
    households = city.people.frame["households"].reindex(wards)
    open_to = households - fixed_lines(city.subscriptions.frame, wards)["household_lines"]
    for ward_id, lacking in open_to[open_to >= 1].items():
        for medium in rules.connect:
            yield Draft(
                id=f"connect:{medium}:{ward_id}",
                kind="connect",
                site_id=str(ward_id),
                operators=(rules.operator or next(iter(holders())),),
                place=None,
                reason=Reason(code="connect", values={"households": float(lacking), "medium": medium}),
                slots=(("ward", str(ward_id)),),
                ward_id=str(ward_id),
                households=float(lacking),
                medium=medium,
            )
