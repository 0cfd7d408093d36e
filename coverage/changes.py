"""One edit of a network: which cells appear, which go, which households get connected, and what it costs."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage.types import Language
from coverage.words import t

ChangeKind = Literal["upgrade", "carrier", "new_site", "small_cell", "retune", "retire", "connect"]
Medium = Literal["FTTH", "FWA"]
KINDS: tuple[ChangeKind, ...] = get_args(ChangeKind)
MEDIA: tuple[Medium, ...] = get_args(Medium)


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why a change may be made, or why it may not: a code and the values of its sentence (``reason.<code>``).

    What is called differently in each language stands under ``name_vi`` and ``name_en``; the sentence names ``name``.
    """

    code: str
    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def text(self, lang: Language) -> str:
        """Return the sentence in a language."""
        return t(f"reason.{self.code}", lang, **{"name": self.values.get(f"name_{lang}"), **self.values})


@dataclass(frozen=True, kw_only=True, eq=False)
class Change:
    """One edit of a network.

    Attributes
    ----------
    id : str
        Unique among the candidates of a study.
    kind : {"upgrade", "carrier", "new_site", "small_cell", "retune", "retire", "connect"}
        ``upgrade`` puts 5G on a site that stands, ``carrier`` one more band on a 5G site, ``new_site`` builds a mast,
        ``small_cell`` a low one, ``retune`` turns, tilts, lifts or powers cells that stand, ``retire`` takes a site or
        cells away, ``connect`` brings households of a ward a fixed connection.
    site_id, operator : str
        Where (of ``connect`` the ward) and who builds.
    cells : GeoDataFrame
        The cells that appear, completed from the catalogue; of ``retune`` the retuned selves of those that go. Empty
        for ``retire`` and ``connect``.
    cost_vnd : float
        What it costs, ≥ 0 [VND]; the sum of the rows of the catalogue's unit costs that apply.
    cost_low_vnd, cost_high_vnd : float
        The ends of what it may cost [VND]; NaN where nobody said.
    operators : tuple of str
        Everybody it serves, the builder first: one for a change of its own, several for shared radio (MORAN, MOCN).
        Left empty it becomes ``(operator,)``.
    removes : tuple of str
        ``cell_id`` of the cells that go, of this site and these operators; where cells appear, of their technologies
        and bands only. A ``retire`` that names none takes the whole site of its operators.
    ward_id : str or None
        Ward of the place, where known; of ``connect`` the ward that is connected.
    reason : Reason or None
        Why it is allowed.
    households : float
        Households that get a fixed connection, ≥ 0 (``connect``).
    medium : {"FTTH", "FWA"} or None
        How they are connected.
    """

    id: str
    kind: ChangeKind
    site_id: str
    operator: str
    cells: gpd.GeoDataFrame
    cost_vnd: float
    cost_low_vnd: float = math.nan
    cost_high_vnd: float = math.nan
    operators: tuple[str, ...] = ()
    removes: tuple[str, ...] = ()
    ward_id: str | None = None
    reason: Reason | None = None
    households: float = 0.0
    medium: Medium | None = None

    def __post_init__(self) -> None:
        """Name the builder as the one it serves where nobody else was named."""
        if not self.operators:
            object.__setattr__(self, "operators", (self.operator,))

    @property
    def shared(self) -> bool:
        """Whether one radio serves several operators."""
        return len(self.operators) > 1

    @property
    def takes_away(self) -> bool:
        """Whether cells go: what it gains then depends on what else is built."""
        return self.kind == "retire" or bool(self.removes)

    def takes(self, cells: pd.DataFrame) -> NDArray[np.bool_]:
        """Return which cells of a table go; shape (cells,)."""
        if not self.takes_away:
            return np.zeros(len(cells), dtype=bool)
        gone = (cells["site_id"] == self.site_id) & cells["operator"].isin(self.operators)
        if self.removes:
            gone &= cells["cell_id"].isin(self.removes)
            for name in ("technology", "band") if len(self.cells) else ():
                gone &= cells[name].isin(self.cells[name])
        return gone.to_numpy(dtype=bool)
