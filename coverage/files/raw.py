"""A table as it stands in a file: texts, row numbers, geometry and origin."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage.errors import Problem
from coverage.layers import Source


@dataclass(frozen=True, kw_only=True)
class RawTable:
    """A table as it stands in the file.

    Attributes
    ----------
    frame : DataFrame of str
        One column per header of the file; a missing cell is "".
    rows : ndarray of int
        Number of every row as a person sees it: the line of the sheet (the header is row 1), or the number of the
        feature, from 1, where there is no header.
    geometry : GeoSeries or None
        One geometry per row (None where missing); its CRS is None when the file names none.
    source : Source
        Origin.
    problems : tuple of Problem
        What was found while reading.
    """

    frame: pd.DataFrame
    rows: NDArray[np.int64]
    geometry: gpd.GeoSeries | None = None
    source: Source
    problems: tuple[Problem, ...] = ()
