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
class PowerRule:
    """A pixel is covered where the received power reaches a threshold with a probability.

    Attributes
    ----------
    threshold_dbm : float
        SS-RSRP [dBm].
    edge_probability : float
        Probability with which it must be reached, 0–1.
    traditional_share : float or None
        None is outdoors; otherwise inside a building, of the traditional type of P.2109 with this probability and
        thermally efficient else.
    """

    threshold_dbm: float
    edge_probability: float
    traditional_share: float | None = None


@dataclass(frozen=True, kw_only=True)
class ThroughputRule:
    """A pixel is covered where a cell carries a throughput both ways with a probability.

    Attributes
    ----------
    downlink_mbps, uplink_mbps : float
        Throughputs of one receiver that is given the whole carrier [Mbit/s].
    load : float
        Share of the resource elements that the other cells of the carrier fill, 0–1.
    edge_probability : float
        Probability with which both must be reached, 0–1.
    """

    downlink_mbps: float
    uplink_mbps: float
    load: float
    edge_probability: float


Rule = PowerRule | ThroughputRule


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
    environment : {"outdoor", "indoor"}
        Where the receiver is.
    traditional_share : float or None
        Indoors: share of buildings of the traditional type of P.2109, the others are thermally efficient, 0–1.
    pixel_max_m, receiver_min_m : float or None
        Greatest side of a pixel and least height of the receiver above ground that the source allows [m].
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
    environment: Literal["outdoor", "indoor"] = "outdoor"
    traditional_share: float | None = None
    pixel_max_m: float | None = None
    receiver_min_m: float | None = None

    def text(self, lang: Language) -> str:
        """Return the rule and what was assumed, in words."""
        rule, assumed = (self.text_vi, self.assumed_vi) if lang == "vi" else (self.text_en, self.assumed_en)
        if not assumed:
            return rule
        return f"{rule} {'Giả định' if lang == 'vi' else 'Assumed'}: {assumed}"

    @property
    def edge(self) -> float:
        """Probability with which a pixel must reach what the rule asks for, 0–1.

        Raises
        ------
        DefinitionError
            ``definition_on_samples`` for a rule on measured samples.
        """
        if self.kind == "samples" or self.edge_probability is None:
            raise DefinitionError("definition_on_samples", id=self.id)
        return self.edge_probability

    def requirement(self) -> Rule:
        """Return what a pixel must reach.

        Raises
        ------
        DefinitionError
            ``definition_on_samples`` for a rule on measured samples; ``definition_incomplete`` for one that lacks a
            value, or that asks for a throughput indoors.
        """
        edge = self.edge
        if self.kind == "throughput":
            if self.downlink_mbps is None or self.uplink_mbps is None or self.load is None:
                raise DefinitionError("definition_incomplete", id=self.id, field="downlink_mbps, uplink_mbps, load")
            if self.environment == "indoor":  # walls weaken server and interferers alike: no kernel of ours does that
                raise DefinitionError("definition_incomplete", id=self.id, field="threshold_dbm")
            return ThroughputRule(
                downlink_mbps=self.downlink_mbps, uplink_mbps=self.uplink_mbps, load=self.load, edge_probability=edge
            )
        if self.threshold_dbm is None:
            raise DefinitionError("definition_incomplete", id=self.id, field="threshold_dbm")
        indoor = self.environment == "indoor"
        if indoor and self.traditional_share is None:
            raise DefinitionError("definition_incomplete", id=self.id, field="traditional_share")
        share = self.traditional_share if indoor else None
        return PowerRule(threshold_dbm=self.threshold_dbm, edge_probability=edge, traditional_share=share)

    def rule(self) -> tuple[float, float]:
        """Return (threshold [dBm], edge probability) of a definition on the power received outdoors.

        Plans, what-if and every other question about one cell by itself need it.

        Raises
        ------
        DefinitionError
            ``definition_not_outdoor_power`` for a rule on throughput or indoors, and as `requirement`.
        """
        found = self.requirement()
        if isinstance(found, ThroughputRule) or found.traditional_share is not None:
            raise DefinitionError("definition_not_outdoor_power", id=self.id)
        return found.threshold_dbm, found.edge_probability

    def check(self, *, pixel_m: float, receiver_height_m: float) -> None:
        """Refuse a grid or a receiver that the source of the rule does not allow.

        Parameters
        ----------
        pixel_m : float
            Side of a pixel [m].
        receiver_height_m : float
            Receiver above ground [m].

        Raises
        ------
        DefinitionError
            ``definition_pixel``; ``definition_receiver``.
        """
        if self.pixel_max_m is not None and pixel_m > self.pixel_max_m:
            raise DefinitionError("definition_pixel", id=self.id, pixel_m=pixel_m, limit=self.pixel_max_m)
        if self.receiver_min_m is not None and receiver_height_m < self.receiver_min_m:
            raise DefinitionError(
                "definition_receiver", id=self.id, height_m=receiver_height_m, limit=self.receiver_min_m
            )


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
