"""One edit of a network (`Change`) and a named set of them (`Scenario`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import pandas as pd

ChangeKind = Literal["upgrade", "new_site", "retire"]


@dataclass(frozen=True, kw_only=True)
class Change:
    """One edit.

    Attributes
    ----------
    id : str
        Unique among the candidates of a study.
    kind : {"upgrade", "new_site", "retire"}
        ``upgrade`` adds 5G cells to a site that stands, ``new_site`` builds one, ``retire`` takes a site's cells away.
    site_id, operator : str
        Where and whose.
    cells : GeoDataFrame
        The cells that appear, completed from the catalogue; empty for ``retire``.
    cost_vnd : float
        What it costs, ≥ 0 [VND]; the sum of the rows of the catalogue's unit costs that apply.
    """

    id: str
    kind: ChangeKind
    site_id: str
    operator: str
    cells: gpd.GeoDataFrame
    cost_vnd: float


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A named set of changes; later ones see what earlier ones did."""

    name: str
    changes: tuple[Change, ...] = ()

    def applied_to(self, cells: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Return the cells after every change, with a fresh index."""
        for change in self.changes:
            if change.kind == "retire":
                gone = (cells["site_id"] == change.site_id) & (cells["operator"] == change.operator)
                cells = cells[~gone]
            elif len(change.cells):
                cells = gpd.GeoDataFrame(pd.concat([cells, change.cells], ignore_index=True), crs=cells.crs)
        return cells.reset_index(drop=True)
