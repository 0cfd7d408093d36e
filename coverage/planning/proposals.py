"""What a plan may choose from: 5G on standing sites, and new sites on a list or a lattice."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import points

from coverage.catalog.costs import NEW_SITE, UPGRADE, Level, cost_vnd
from coverage.catalog.radios import operators
from coverage.cells import complete_cells
from coverage.changes import Change, ChangeKind
from coverage.study import Study

SECTORS_DEG = (0.0, 120.0, 240.0)  # a new site, and a standing one whose azimuths nobody recorded


def candidates(
    study: Study,
    *,
    upgrades: bool = True,
    new_sites: gpd.GeoDataFrame | None = None,
    lattice_m: float | None = 3000.0,
    operator: str | None = None,
    costs: Level = "mid",
) -> tuple[Change, ...]:
    """Return every change a plan may choose from, in a fixed order.

    Parameters
    ----------
    study : Study
    upgrades : bool
        Propose 5G on every 4G site of an operator that holds a 5G band and has no 5G there.
    new_sites : GeoDataFrame or None
        Points in the working CRS where a site could be built (``site_id`` is read where present); replaces the lattice.
    lattice_m : float or None
        Spacing of a square lattice of new sites over the mainland [m]; None proposes none.
    operator : str or None
        Who builds new sites; the first 5G holder of the catalogue unless told otherwise.
    costs : {"low", "mid", "high"}
        Column of the cost catalogue.
    """
    places = new_sites if new_sites is not None else _lattice(study, lattice_m)
    builder = operator or next(row.id for row in operators() if row.nr)
    proposed = (_upgrades(study) if upgrades else []) + _new_sites(places, builder)
    if not proposed:
        return ()
    rows, _, _ = complete_cells(pd.DataFrame([cell for cells in proposed for cell in cells]))
    cells = gpd.GeoDataFrame(rows, geometry="geometry", crs=study.city.cells.frame.crs)
    price: dict[ChangeKind, float] = {"upgrade": cost_vnd(UPGRADE, costs), "new_site": cost_vnd(NEW_SITE, costs)}
    return tuple(_change(own, price) for _, own in cells.groupby("change", sort=False))


def _change(cells: gpd.GeoDataFrame, price: dict[ChangeKind, float]) -> Change:
    first = cells.iloc[0]
    return Change(
        id=f"{first['change']}",
        kind=first["kind"],
        site_id=first["site_id"],
        operator=first["operator"],
        cells=cells.drop(columns=["change", "kind"]).reset_index(drop=True),
        cost_vnd=price[first["kind"]],
    )


def _upgrades(study: Study) -> list[list[dict[str, Any]]]:
    cells = study.city.cells.frame
    holders = {row.id: row.nr[0] for row in operators() if row.nr}
    of_5g = cells[cells["technology"] == "NR"]
    has_5g = set(zip(of_5g["site_id"], of_5g["operator"], strict=True))
    standing = cells[(cells["technology"] == "LTE") & cells["operator"].isin(list(holders))]
    return [
        _cells("upgrade", (str(site_id), str(operator)), holders[str(operator)], site)
        for (site_id, operator), site in standing.groupby(["site_id", "operator"], sort=True)
        if (site_id, operator) not in has_5g
    ]


def _new_sites(places: gpd.GeoDataFrame, operator: str) -> list[list[dict[str, Any]]]:
    band = next(row.nr[0] for row in operators() if row.id == operator)
    names = places["site_id"] if "site_id" in places else [f"NEW-{n:04d}" for n in range(1, len(places) + 1)]
    sites = (gpd.GeoDataFrame(geometry=[point]) for point in places.geometry)
    return [_cells("new_site", (str(name), operator), band, site) for name, site in zip(names, sites, strict=True)]


def _cells(kind: ChangeKind, whose: tuple[str, str], band: str, site: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the 5G cells of one change: the standing sectors' azimuths and height where they are known."""
    site_id, operator = whose
    known: list[float] = site["azimuth_deg"].dropna().unique().tolist() if "azimuth_deg" in site else []
    height = site["height_m"].iloc[0] if "height_m" in site else np.nan
    return [
        {
            "change": f"{kind}:{operator}:{site_id}",
            "kind": kind,
            "site_id": site_id,
            "cell_id": f"{site_id}-{band}-{sector}",
            "operator": operator,
            "technology": "NR",
            "band": band,
            "height_m": height,
            "azimuth_deg": azimuth,
            "geometry": site["geometry"].iloc[0],
        }
        for sector, azimuth in enumerate(sorted(known) or SECTORS_DEG, start=1)
    ]


def _lattice(study: Study, spacing_m: float | None) -> gpd.GeoDataFrame:
    wards = study.city.wards.frame
    if spacing_m is None:
        return gpd.GeoDataFrame(geometry=gpd.GeoSeries([], crs=wards.crs))
    land = wards.loc[wards["mainland"].to_numpy(bool), "geometry"]
    west, south, east, north = study.bounds_m or tuple(land.total_bounds)
    # On multiples of the spacing, so that the pixel of a study does not move the sites it proposes.
    eastings = (np.arange(np.floor(west / spacing_m), np.ceil(east / spacing_m)) + 0.5) * spacing_m
    northings = (np.arange(np.ceil(north / spacing_m), np.floor(south / spacing_m), -1) - 0.5) * spacing_m
    lattice = gpd.GeoSeries(points(*(axis.ravel() for axis in np.meshgrid(eastings, northings))), crs=wards.crs)
    inside = lattice.intersects(land.union_all())
    return gpd.GeoDataFrame(geometry=lattice[inside.to_numpy()].reset_index(drop=True))
