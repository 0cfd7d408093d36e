"""A layer: a checked table together with where it came from and what was found wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import geopandas as gpd
import pandas as pd

from coverage.errors import Problem
from coverage.types import LayerKind


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a layer came from.

    Attributes
    ----------
    name : str
        File name (never a full path) or register name.
    sha256 : str
        Hash of the bytes that were read, lower-case hexadecimal.
    synthetic : bool
        True for made-up data: every place that shows it must say so.
    rows : int
        Rows read, before any was refused.
    note : str
        Free text for the reader (licence, date, how it was carried to another edition).
    """

    name: str
    sha256: str
    synthetic: bool = False
    rows: int = 0
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A checked table.

    Attributes
    ----------
    kind : {"wards", "cells", "households", "subscriptions", "surveys", "buildings"}
        Which field table it obeys (`coverage.fields`).
    frame : pandas.DataFrame or geopandas.GeoDataFrame
        Canonical columns only. Wards are indexed by ``ward_id``; cells have a fresh RangeIndex. Geometry, where
        there is one, is in the working CRS (metres).
    source : Source
        Origin.
    problems : tuple of Problem
        Every refused, repaired or flagged row.
    edition : str or None
        Ward edition the ``ward_id`` column belongs to.
    defaulted : mapping of str to int
        Field → number of rows whose value came from the catalogue. Of buildings, ``floors`` are those whose height was
        counted from their floors, ``height_m`` those of which nothing told it.
    """

    kind: LayerKind
    frame: pd.DataFrame | gpd.GeoDataFrame
    source: Source
    problems: tuple[Problem, ...] = ()
    edition: str | None = None
    defaulted: Mapping[str, int] = field(default_factory=dict)

    @property
    def refused(self) -> int:
        """Number of rows that an error keeps out of every figure."""
        return len({p.row for p in self.problems if p.severity == "error" and p.row is not None})

    def with_frame(self, frame: pd.DataFrame | gpd.GeoDataFrame, *problems: Problem) -> Layer:
        """Return the same layer with another frame and further problems."""
        return replace(self, frame=frame, problems=self.problems + problems)
