"""Disputed figures: what is left of a result once everything that a successful challenge speaks against is set apart.

What is disputed is neither covered nor uncovered: a share is the sum of a confirmed and a disputed part, and nothing
disputed is ever called confirmed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rasterio.features import rasterize
from shapely.geometry.base import BaseGeometry

from coverage import households as hh
from coverage.errors import GridError
from coverage.figures import city_table, coverage_columns, part_inside
from coverage.study import Result
from coverage.types import WORKING_CRS

# Shares that what is covered adds up to; `uncovered_area_share` is the rest of the first and has no parts of its own.
OF_COVERAGE = (
    "area_share",
    "expected_area_share",
    "wards_covered_share",
    "population_covered_share",
    "households_covered_share",
)
OF_HOMES = "household_internet_share"
CHALLENGED = (*OF_COVERAGE[:1], *OF_COVERAGE[3:], OF_HOMES)  # figures of a ward that can be challenged


@dataclass(frozen=True, kw_only=True)
class Dispute:
    """What was successfully challenged.

    Attributes
    ----------
    area : shapely geometry or None
        Where coverage is disputed, in the working CRS [m].
    wards : frozenset of str
        Wards whose coverage is disputed whole.
    homes : frozenset of str
        Wards whose household internet is disputed.
    """

    area: BaseGeometry | None = None
    wards: frozenset[str] = field(default_factory=frozenset)
    homes: frozenset[str] = field(default_factory=frozenset)

    def __bool__(self) -> bool:
        """Whether anything is disputed."""
        return self.area is not None or bool(self.wards or self.homes)


@dataclass(frozen=True, kw_only=True, eq=False)
class Confirmed:
    """A result with what is confirmed and what is disputed apart.

    Attributes
    ----------
    wards : DataFrame indexed by ward_id
        ``confirmed_area_share`` and ``disputed_area_share``, 0–1, together ``area_share``; NaN unknown.
    city : DataFrame indexed by measure
        ``value``, ``confirmed``, ``disputed``, 0–1, for the shares of coverage and of household internet.
    pixels : bool ndarray of shape (rows, cols)
        Disputed pixels.
    """

    wards: pd.DataFrame
    city: pd.DataFrame
    pixels: NDArray[np.bool_]

    def parts(self, measure: str) -> tuple[float, float] | None:
        """Return the confirmed and the disputed part of a share of the city, None for a figure without parts."""
        if measure not in self.city.index:
            return None
        kept, disputed = (self.city[part].to_dict()[measure] for part in ("confirmed", "disputed"))
        return float(kept), float(disputed)

    def document(self) -> dict[str, dict[str, float | None]]:
        """Return the shares of the city as JSON has them: measure → value, confirmed, disputed."""
        return {
            str(measure): {str(name): None if np.isnan(value) else value for name, value in row.items()}
            for measure, row in self.city.to_dict("index").items()
        }


def confirmed(result: Result, dispute: Dispute) -> Confirmed:
    """Return a result with what is confirmed and what is disputed apart.

    Parameters
    ----------
    result : Result
    dispute : Dispute
        Wards that the result does not have are left alone; a pixel that the area touches is disputed whole.

    Raises
    ------
    GridError
        ``disputed_elsewhere`` for an area in another CRS than that of the study.

    Notes
    -----
    Coverage is measured again with nothing covered where it is disputed; the disputed part is what that takes away.
    """
    study = result.study
    if dispute.area is not None and study.grid.crs != WORKING_CRS:
        raise GridError("disputed_elsewhere", crs=study.grid.crs, expected=WORKING_CRS)
    frame = study.city.wards.frame
    pixels = _touched(result, dispute.area)
    kept = np.where(pixels, np.float32(0), result.probability)
    columns = coverage_columns(study.weights, kept, study.rule, np.zeros(len(frame), dtype=bool))
    columns = columns.fillna(result.wards[list(columns)])  # wards off the grid, and what is unknown
    whole = columns.index.isin(list(dispute.wards))
    columns = columns.mask(np.broadcast_to(whole[:, None], columns.shape) & columns.notna().to_numpy(), 0.0)
    wards = result.wards.assign(**{str(name): columns[name] for name in columns})
    city = city_table(frame, wards, study.weights, study.denominator, study.internet)["value"]
    parts = {measure: float(city[measure]) for measure in OF_COVERAGE}
    parts[OF_HOMES] = _homes(result, dispute.homes)
    value = result.city["value"].reindex(list(parts)).astype(float)
    # Both are sums of the same pixels: what rounding leaves below zero is zero.
    table = pd.DataFrame({"value": value, "confirmed": pd.Series(parts).clip(upper=value)})
    table["disputed"] = table["value"] - table["confirmed"]
    share = result.wards["area_share"]
    apart = pd.DataFrame({"confirmed_area_share": columns["area_share"].clip(upper=share)})
    apart["disputed_area_share"] = share - apart["confirmed_area_share"]
    return Confirmed(wards=apart, city=table, pixels=_with_wards(result, pixels, dispute.wards))


def _homes(result: Result, disputed: frozenset[str]) -> float:
    """Return the city's household internet with no household connected in the disputed wards."""
    wards, frame = result.wards, result.study.city.wards.frame
    share = wards[OF_HOMES].mask(wards.index.isin(list(disputed)) & wards[OF_HOMES].notna(), 0.0)
    return hh.weighted_share(share, wards["households"] * part_inside(frame, result.study.weights))


def _touched(result: Result, area: BaseGeometry | None) -> NDArray[np.bool_]:
    grid = result.study.grid
    if area is None or area.is_empty:
        return np.zeros(grid.shape, dtype=bool)
    return np.asarray(rasterize([(area, 1)], grid.shape, transform=grid.transform, all_touched=True), dtype=bool)


def _with_wards(result: Result, pixels: NDArray[np.bool_], wards: frozenset[str]) -> NDArray[np.bool_]:
    """Return the disputed pixels with those whose centre lies in a ward disputed whole."""
    frame: gpd.GeoDataFrame = result.study.city.wards.frame
    shapes = [shape for shape in frame.geometry[frame.index.isin(list(wards))] if shape is not None]
    if not shapes:
        return pixels
    grid = result.study.grid
    inside = rasterize([(shape, 1) for shape in shapes], grid.shape, transform=grid.transform)
    return np.asarray(pixels | (inside > 0))
