"""The catalogue of antennas: what a cell may name in its column ``antenna``, read from ``antennas.toml``."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Kind = Literal["panel", "sector", "omni"]


@dataclass(frozen=True, kw_only=True)
class AntennaRow:
    """An antenna of the catalogue: data only, `coverage.antennas` makes its pattern.

    Attributes
    ----------
    id : str
        Name in cell files.
    kind : {"panel", "sector", "omni"}
        Array with broadcast beams (M.2101), sectoral or omnidirectional antenna (F.1336).
    aliases : tuple of str
        Other spellings, in lower case.
    label_vi, label_en : str
        What it is.
    frequency_low_mhz, frequency_high_mhz : float
        Frequencies the row is meant for [MHz].
    ssb_gain_dbi, traffic_gain_dbi : float
        Greatest gain of the broadcast and of the traffic beams, lossless [dBi].
    directivity_dbi : float
        Greatest directivity of a broadcast beam, no gain can be above it [dBi].
    source : str
        Where shape and numbers come from, or that they are assumed.
    array, beams, shape : mapping
        Parameters: elements and broadcast beams of a panel, widths or gain of a F.1336 pattern.
    """

    id: str
    kind: Kind
    aliases: tuple[str, ...]
    label_vi: str
    label_en: str
    frequency_low_mhz: float
    frequency_high_mhz: float
    ssb_gain_dbi: float
    traffic_gain_dbi: float
    directivity_dbi: float
    source: str
    array: Mapping[str, Any] = field(default_factory=dict)
    beams: Mapping[str, Any] = field(default_factory=dict)
    shape: Mapping[str, float] = field(default_factory=dict)


@cache
def antenna_rows() -> tuple[AntennaRow, ...]:
    """Return every antenna of the catalogue."""
    table = tomllib.loads((files("coverage.catalog") / "antennas.toml").read_text("utf-8"))
    return tuple(AntennaRow(**{**row, "aliases": tuple(row["aliases"])}) for row in table["antenna"])


def find_antenna_row(text: str) -> AntennaRow | None:
    """Return the antenna a file means, None when the catalogue has none of that name.

    >>> find_antenna_row("64T64R").id, find_antenna_row("F.1336 65×14").id, find_antenna_row("K742215")
    ('64t64r', 'f1336-65x14', None)
    """
    plain = _key(text)
    return next((row for row in antenna_rows() if plain in map(_key, (row.id, *row.aliases))), None)


def _key(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold().replace("×", "x")
    return re.sub(r"[\s_\-./]+", "", folded)
