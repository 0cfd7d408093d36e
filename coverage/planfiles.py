"""A plan as open files: its steps as table and as points, the curve of cost, the alternatives."""

from __future__ import annotations

from typing import cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from coverage.changes import Change
from coverage.fields import table as field_table
from coverage.planning.plans import Plan
from coverage.study import Result
from coverage.types import WORKING_CRS
from coverage.writing import csv_text

ALTERNATIVE_COLUMNS = ("alternative", "change_id", "site_id", "cost_vnd", "share_after", "differs", "no_regret")


def plan_csv(plan: Plan) -> str:
    """Return ``plan.csv``: one row for each step in the order of building; unknown is empty."""
    return csv_text(plan.steps)


def pareto_csv(plan: Plan) -> str:
    """Return ``pareto.csv``: the least cost of each share [VND], with its proven bound."""
    return csv_text(plan.pareto)


def alternatives_csv(plan: Plan) -> str:
    """Return ``alternatives.csv``: one row for each change of each alternative; the plan itself is number 0."""
    own = [change.id for change in plan.scenario.changes]
    sites = {change.id: change.site_id for change in plan.scenario.changes}
    rows = [(0, name, sites[name], plan.cost_vnd, plan.share_after, 0.0, sites[name] in plan.no_regret) for name in own]
    for number, other in enumerate(plan.alternatives, start=1):
        rows += [
            (number, name, site, round(other.cost_vnd), other.share, other.differs, site in plan.no_regret)
            for name, site in zip(other.changes, other.sites, strict=True)
        ]
    return csv_text(pd.DataFrame(rows, columns=list(ALTERNATIVE_COLUMNS)))


def plan_points(plan: Plan, result: Result) -> gpd.GeoDataFrame:
    """Return the steps with the place of each: its cells, the cells it takes away, or a point in its ward."""
    wards, cells = result.study.city.wards.frame, result.study.cells
    places = [_place(change, cells, wards) for change in plan.scenario.changes]
    table = plan.steps.astype({"phase": str})
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(places, index=table.index, crs=wards.crs))


def plan_cells_csv(plan: Plan, result: Result) -> str:
    """Return the cells that a plan adds, in the columns of a cell file: added to today's they give its result."""
    parts = [change.cells.assign(order=order) for order, change in enumerate(plan.scenario.changes, start=1)]
    columns = ["order", *(field.name for field in field_table("cells") if field.name not in ("longitude", "latitude"))]
    if not parts:
        return _labelled(pd.DataFrame(columns=[*columns, "longitude", "latitude"]), result)
    cells = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=WORKING_CRS)
    degrees = cells.geometry.to_crs("EPSG:4326")
    table = pd.DataFrame(cells.reindex(columns=columns))
    return _labelled(table.assign(longitude=degrees.x.round(9), latitude=degrees.y.round(9)), result)


def _labelled(table: pd.DataFrame, result: Result) -> str:
    return csv_text(table.assign(synthetic="true") if result.study.city.synthetic else table)


def _place(change: Change, cells: gpd.GeoDataFrame, wards: gpd.GeoDataFrame) -> shapely.Point:
    own = change.cells if len(change.cells) else cells[change.takes(cells)]
    if len(own):
        x, y = own.geometry.x.mean(), own.geometry.y.mean()
        return shapely.Point(x, y)
    if change.ward_id in wards.index:
        return cast("shapely.Point", wards.geometry.loc[change.ward_id].representative_point())
    return shapely.Point(np.nan, np.nan)
