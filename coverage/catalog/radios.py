"""The catalogue of radios: bands, operators and what a cell is taken to be where its row says nothing."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from coverage.types import Environment, Technology


@dataclass(frozen=True, kw_only=True)
class Band:
    """A band and the default equipment of a cell on it.

    Attributes
    ----------
    id : str
        Name of 3GPP: ``n41``, ``B3``.
    technology : {"NR", "LTE"}
    aliases : tuple of str
        Other spellings, in lower case and without spaces.
    downlink_low_mhz, downlink_high_mhz : float
        Downlink range of the band [MHz].
    frequency_mhz : float
        Downlink centre of an operator that has none of its own in `centres_mhz` [MHz].
    scs_khz : int
        Subcarrier spacing [kHz].
    bandwidth_mhz : float
        Channel bandwidth [MHz].
    power_dbm : float
        Conducted power, all ports, whole carrier [dBm].
    ssb_gain_dbi, traffic_gain_dbi : float
        Gain of the broadcast beams (LTE: of the reference signal) and of the traffic beams [dBi].
    beamwidth_az_deg, beamwidth_el_deg : float
        Half-power widths of the envelope of the broadcast beams [°].
    source : str
        Where the numbers come from, or that they are assumed.
    downlink_share, uplink_share : float
        Share of the time in each direction, 0–1: 1 in FDD.
    downlink_layers, uplink_layers : int
        Most spatial layers of a handset in each direction.
    traffic_source : str
        Where shares and layers come from.
    centres_mhz : mapping of str to float
        Operator → its downlink centre [MHz].
    """

    id: str
    technology: Technology
    aliases: tuple[str, ...]
    downlink_low_mhz: float
    downlink_high_mhz: float
    frequency_mhz: float
    scs_khz: int
    bandwidth_mhz: float
    power_dbm: float
    ssb_gain_dbi: float
    traffic_gain_dbi: float
    beamwidth_az_deg: float
    beamwidth_el_deg: float
    source: str
    downlink_share: float
    uplink_share: float
    downlink_layers: int
    uplink_layers: int
    traffic_source: str
    centres_mhz: Mapping[str, float] = field(default_factory=dict)

    def centre_mhz(self, operator: str) -> float:
        """Return the downlink centre of an operator [MHz]."""
        return self.centres_mhz.get(operator, self.frequency_mhz)


@dataclass(frozen=True, kw_only=True)
class Operator:
    """A mobile operator and the bands it holds.

    Attributes
    ----------
    id : str
        Name as shown.
    aliases : tuple of str
        Other spellings, in lower case.
    nr, lte : tuple of str
        Bands held, the usual one first; an empty `nr` means no 5G licence.
    source : str
        Where the bands come from.
    """

    id: str
    aliases: tuple[str, ...]
    nr: tuple[str, ...]
    lte: tuple[str, ...]
    source: str

    def bands(self, technology: Technology) -> tuple[str, ...]:
        """Return the bands held in a technology, the usual one first."""
        return self.nr if technology == "NR" else self.lte


@dataclass(frozen=True, kw_only=True)
class Common:
    """Defaults that no band changes.

    Attributes
    ----------
    tilt_deg : float
        Downtilt [°].
    height_m : float
        Antenna above ground where the environment is not given either [m].
    height_by_environment : mapping
        Antenna above ground where the environment is given [m].
    usual_bands : mapping
        Technology → band of an operator the catalogue does not know.
    source : str
        Where the numbers come from.
    """

    tilt_deg: float
    height_m: float
    height_by_environment: Mapping[Environment, float]
    usual_bands: Mapping[Technology, str]
    source: str


@dataclass(frozen=True, kw_only=True)
class Overhead:
    """Shares of the resource elements without user data, 0–1, and where they come from."""

    downlink: float
    uplink: float
    source: str


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """What SINR and throughput rest on besides the cells.

    Attributes
    ----------
    load : float
        Share of the resource elements the other cells fill where the definition names none, 0–1.
    interference_gain_db : float
        Gain of the other cells' traffic beams over their broadcast envelope, in the mean [dB].
    uplink_load_max : float
        Greatest load whose rise of the noise at the base station is reckoned with, 0 to below 1.
    terminal_noise_figure_db, terminal_power_dbm, terminal_gain_dbi, body_loss_db : float
        The handset: noise figure [dB], power [dBm], antenna gain [dBi], losses [dB].
    station_noise_figure_db : float
        Noise figure of the base station [dB].
    overhead : mapping
        Technology → `Overhead`.
    source : str
        Where the numbers come from, and which are assumed.
    """

    load: float
    interference_gain_db: float
    uplink_load_max: float
    terminal_noise_figure_db: float
    terminal_power_dbm: float
    terminal_gain_dbi: float
    body_loss_db: float
    station_noise_figure_db: float
    overhead: Mapping[Technology, Overhead]
    source: str


@cache
def _catalogue() -> Mapping[str, Any]:
    return tomllib.loads((files("coverage.catalog") / "radios.toml").read_text("utf-8"))


@cache
def bands() -> tuple[Band, ...]:
    """Return every band of the catalogue."""
    return tuple(Band(**{**row, "aliases": tuple(row["aliases"])}) for row in _catalogue()["band"])


@cache
def operators() -> tuple[Operator, ...]:
    """Return every operator of the catalogue."""
    return tuple(
        Operator(
            id=row["id"], aliases=tuple(row["aliases"]), nr=tuple(row["nr"]), lte=tuple(row["lte"]),
            source=row["source"],
        )
        for row in _catalogue()["operator"]
    )  # fmt: skip


@cache
def common() -> Common:
    """Return the defaults that no band changes."""
    named = ("height_by_environment", "usual_bands")
    return Common(**_catalogue()["common"], **{name: _catalogue()[name] for name in named})


@cache
def traffic() -> Traffic:
    """Return what SINR and throughput rest on besides the cells.

    >>> traffic().terminal_power_dbm, traffic().overhead["NR"].downlink
    (23.0, 0.14)
    """
    row = dict(_catalogue()["traffic"])
    overhead = {technology: Overhead(**values) for technology, values in row.pop("overhead").items()}
    return Traffic(**row, overhead=overhead)


@cache
def band(band_id: str) -> Band:
    """Return a band by its 3GPP name.

    Raises
    ------
    KeyError
        For a name that is not in the catalogue; `find_band` answers for spellings of files.

    Examples
    --------
    >>> band("n41").centre_mhz("Viettel"), band("B3").bandwidth_mhz
    (2550.0, 20.0)
    """
    return {row.id: row for row in bands()}[band_id]


def find_band(text: str, technology: Technology) -> Band | None:
    """Return the band a file means, None when the catalogue has none of that name in the technology.

    >>> find_band("L1800", "LTE").id, find_band("78", "NR").id, find_band("Band 3", "LTE").id, find_band("n41", "LTE")
    ('B3', 'n78', 'B3', None)
    """
    # Spreadsheets turn the number 78 into "78.0"; people write "Band 3", "n-78", "2600 MHz".
    plain = re.sub(r"\.0+$", "", unicodedata.normalize("NFKC", text).strip().casefold())
    plain = re.sub(r"(?<=\d)mhz$", "", re.sub(r"[\s_\-./]+", "", plain))
    plain = re.sub(r"^(?:(?:e-?utra|lte|nr|5g|4g)?band|băngtần|(?:eutra|lte|nr|5g|4g)(?=[bn]?\d))", "", plain)
    matches = (row for row in bands() if row.technology == technology and plain in (row.id.casefold(), *row.aliases))
    return next(matches, None)


def band_at(frequency_mhz: float, operator: str, technology: Technology) -> Band | None:
    """Return the band a downlink frequency [MHz] lies in, one that the operator holds first; None for no band.

    >>> band_at(3750.0, "MobiFone", "NR").id, band_at(763.0, "VNPT", "NR").id, band_at(450.0, "VNPT", "NR")
    ('n77', 'n28', None)
    """
    held = held_bands(operator, technology)
    inside = [
        row
        for row in bands()
        if row.technology == technology and row.downlink_low_mhz <= frequency_mhz <= row.downlink_high_mhz
    ]
    return min(inside, key=lambda row: held.index(row.id) if row.id in held else len(held), default=None)


def find_operator(text: str) -> str:
    """Return the name of an operator as the catalogue writes it; a name it does not know comes back trimmed.

    >>> find_operator(" VINAPHONE "), find_operator("Gmobile")
    ('VNPT', 'Gmobile')
    """
    trimmed = " ".join(unicodedata.normalize("NFC", text).split())
    plain = re.sub(r"\.0+$", "", trimmed.casefold())
    return next((row.id for row in operators() if plain in (row.id.casefold(), *row.aliases)), trimmed)


def held_bands(operator: str, technology: Technology) -> tuple[str, ...]:
    """Return the bands an operator holds in a technology, the usual one first; empty for an unknown operator.

    >>> held_bands("Vietnamobile", "NR"), held_bands("Viettel", "NR")
    ((), ('n41', 'n28'))
    """
    return next((row.bands(technology) for row in operators() if row.id == operator), ())


def usual_band(operator: str, technology: Technology) -> str | None:
    """Return the band a cell without one is taken to use, None for an operator known to hold none.

    >>> usual_band("MobiFone", "NR"), usual_band("Vietnamobile", "NR"), usual_band("unknown", "LTE")
    ('n77', None, 'B3')
    """
    if operator in {row.id for row in operators()}:
        return next(iter(held_bands(operator, technology)), None)
    return common().usual_bands[technology]
