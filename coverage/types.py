"""Names for the small sets of choices the whole package speaks of."""

from __future__ import annotations

from typing import Any, Literal

Technology = Literal["NR", "LTE"]
Environment = Literal["UMa", "UMi", "RMa"]
Language = Literal["vi", "en"]
Edition = Literal["2019", "2025h1", "2025h2"]
LayerKind = Literal["wards", "cells", "households", "subscriptions", "surveys", "buildings"]

WORKING_CRS = "EPSG:5899"  # VN-2000 / TM-3 107°45′, the zone made for Đà Nẵng and Quảng Nam
AREA_CRS = "EPSG:6933"  # equal-area: every published km² is measured here


def __getattr__(name: str) -> Any:
    """Answer numba, which does ``import coverage`` for coverage.py and subclasses ``coverage.types.T…`` names."""
    if name.startswith("T"):
        return object
    raise AttributeError(name)
