"""A file of local rules that a visitor hands in: its bytes alone are read, and what it offers is bounded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from coverage.errors import LayerError
from coverage.files.rules import sent_rules
from coverage.planning.rules import Rules
from coverage.study import Study

# Assumptions: what one visitor may ask of a server that others wait for; the command line takes more.
MOST_PLACES = 3000  # of one lattice
MOST_MODES = 16  # of one cell


@dataclass(frozen=True, kw_only=True)
class OwnRules:
    """Rules from a file; two are the same when their bytes are.

    Attributes
    ----------
    name : str
        Of the file.
    sha256 : str
    rules : Rules
    """

    name: str
    sha256: str
    rules: Rules = field(repr=False, compare=False)


def read(content: bytes, file: str, study: Study) -> OwnRules:
    """Return the rules of a file for a city.

    Raises
    ------
    LayerError
        As `coverage.files.rules.sent_rules`; ``rules_places_too_many``, ``rules_modes_too_many`` for what would keep
        everybody else waiting.
    """
    name = PurePosixPath(file.replace("\\", "/")).name
    rules = sent_rules(content, name, study.city)
    _bounded(rules, name, study)
    return OwnRules(name=name, sha256=hashlib.sha256(content).hexdigest(), rules=rules)


def _bounded(rules: Rules, file: str, study: Study) -> None:
    wards = study.city.wards.frame
    land_m2 = float(wards.loc[wards["mainland"].to_numpy(bool), "geometry"].area.sum())
    least = (land_m2 / MOST_PLACES) ** 0.5
    spacings = {"lattice_m": ("new_site", rules.lattice_m), "small_lattice_m": ("small_cell", rules.small_lattice_m)}
    for entry, (kind, spacing) in spacings.items():
        if kind in rules.kinds and spacing is not None and spacing < least:
            raise LayerError(
                "rules_places_too_many", file=file, field=entry, count=round(land_m2 / spacing**2), most=MOST_PLACES,
                least=-(-int(least + 1) // 10) * 10,
            )  # fmt: skip
    modes = sum(map(len, (rules.tilts_deg, rules.azimuths_deg, rules.heights_m, rules.powers_db)))
    if "retune" in rules.kinds and modes > MOST_MODES:
        raise LayerError("rules_modes_too_many", file=file, count=modes, most=MOST_MODES)
