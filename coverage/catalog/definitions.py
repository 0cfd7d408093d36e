"""The named rules that turn signal into "covered", read from ``definitions.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from coverage.errors import DefinitionError
from coverage.types import Language

OFFICIAL_AREA_KM2 = 1285.0  # Đà Nẵng until 2025-06-30, 305 km² of it Hoàng Sa
WARD_COVERED_FROM = 0.5  # danang-2023-wards: a ward counts when at least half of its area is covered
BUILT_UP = 50  # ESA WorldCover class read as residential


@dataclass(frozen=True, kw_only=True)
class Definition:
    """One named rule; every figure of the product carries its `id`.

    Attributes
    ----------
    id : str
        Name in ``definitions.toml``.
    kind : {"received_power", "throughput", "samples"}
        What the rule needs to be answered.
    threshold_dbm : float or None
        SS-RSRP a pixel must reach [dBm].
    edge_probability : float or None
        Probability with which the pixel must reach it, 0–1. 0.5 is the median.
    operators : {"union", "largest"}
        Any operator at the pixel, or the one operator that covers most.
    denominator : {"mainland", "official", "residential"}
        What the covered area is divided by.
    headline : str
        The measure that is the figure of this definition.
    source, text_vi, text_en, assumed_vi, assumed_en : str
        Where the rule stands, what it says, and what had to be assumed.
    downlink_mbps, uplink_mbps, load : float or None
        For rules on throughput.
    """

    id: str
    kind: Literal["received_power", "throughput", "samples"]
    operators: Literal["union", "largest"]
    denominator: Literal["mainland", "official", "residential"]
    headline: str
    source: str
    text_vi: str
    text_en: str
    assumed_vi: str
    assumed_en: str
    threshold_dbm: float | None = None
    edge_probability: float | None = None
    downlink_mbps: float | None = None
    uplink_mbps: float | None = None
    load: float | None = None

    def text(self, lang: Language) -> str:
        """Return the rule and what was assumed, in words."""
        rule, assumed = (self.text_vi, self.assumed_vi) if lang == "vi" else (self.text_en, self.assumed_en)
        if not assumed:
            return rule
        return f"{rule} {'Giả định' if lang == 'vi' else 'Assumed'}: {assumed}"

    def rule(self) -> tuple[float, float]:
        """Return (threshold [dBm], edge probability) of a received-power definition.

        Raises
        ------
        DefinitionError
            ``definition_not_available`` for a rule on throughput or on samples.
        """
        if self.threshold_dbm is None or self.edge_probability is None:
            raise DefinitionError("definition_not_available", id=self.id, kind=self.kind)
        return self.threshold_dbm, self.edge_probability


@cache
def definitions() -> dict[str, Definition]:
    """Return every definition by its id, in the order of the file."""
    table = tomllib.loads((files("coverage.catalog") / "definitions.toml").read_text("utf-8"))
    return {name: Definition(id=name, **row) for name, row in table.items()}


def definition(name: str) -> Definition:
    """Return the definition of an id.

    Raises
    ------
    DefinitionError
        ``definition_unknown`` with the ids there are.
    """
    known = definitions()
    if name not in known:
        raise DefinitionError("definition_unknown", id=name, known=", ".join(known))
    return known[name]
