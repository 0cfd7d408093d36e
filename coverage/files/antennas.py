"""Antenna files of the MSI/Planet kind (.msi, .pln, .txt): head lines and two cuts of 360 attenuations.

`AntennaFolder` finds them by the names that cells use.
"""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from coverage.antennas import Antenna, measured_antenna
from coverage.errors import LayerError
from coverage.files.opening import agree, regular_file, source_of
from coverage.files.texts import decode
from coverage.layers import Source
from coverage.radio.patterns import CUT_VALUES, normalised_cut

MAX_BYTES = 1 << 20  # a real file has some 10 kB
EXTENSIONS = frozenset({".msi", ".pln", ".txt"})
ATTENUATION_MAX_DB = 200.0
DIPOLE_DBI = 2.15  # gain of a half-wave dipole, 0 dBd

_CUTS = ("HORIZONTAL", "VERTICAL")
_ONCE = frozenset({"NAME", "FREQUENCY", "GAIN", "TILT", *_CUTS})
_COMMENTS = ("#", "//", ";", "!")
_NUMBER = r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d{1,3})?"
_PAIR = re.compile(rf"({_NUMBER})[\s;]+({_NUMBER})", re.ASCII)
_QUANTITY = re.compile(rf"({_NUMBER})\s*([A-Za-z°]*)", re.ASCII)
_GAIN_UNITS = {"": DIPOLE_DBI, "dbd": DIPOLE_DBI, "dbi": 0.0}  # offset to dBi; the format itself counts in dBd
_FREQUENCY_UNITS = {"": 1.0, "khz": 1e-3, "mhz": 1.0, "ghz": 1e3}  # factor to MHz
_TILT_UNITS = {"": 1.0, "deg": 1.0, "degree": 1.0, "degrees": 1.0, "°": 1.0}
_SHOWN = 40  # characters of a wrong value that a sentence repeats


@dataclass(frozen=True, kw_only=True, eq=False)
class MeasuredAntenna:
    """A measured antenna as its maker publishes it.

    Attributes
    ----------
    name : str
        Name, "" where the file has none.
    frequency_mhz : float
        Frequency of the measurement [MHz]; NaN where unknown.
    gain_dbi : float
        Maximum gain [dBi].
    tilt_deg : float
        Downtilt that the vertical cut already has [°]; NaN where the file gives no number (often only ELECTRICAL).
    horizontal_db, vertical_db : ndarray, shape (360,), read-only
        Gain relative to the maximum of each cut [dB], ≤ 0, per whole degree: clockwise from the axis; and 0° ahead,
        90° down, 180° behind, 270° up.
    comment : str
        What the maker adds.
    source : Source
        Origin.
    """

    name: str
    frequency_mhz: float
    gain_dbi: float
    tilt_deg: float
    horizontal_db: NDArray[np.float64]
    vertical_db: NDArray[np.float64]
    comment: str
    source: Source


@dataclass(frozen=True)
class _Line:
    number: int
    text: str


@dataclass(frozen=True)
class _Parsed:
    heads: dict[str, _Line]
    cuts: dict[str, NDArray[np.float64]]
    last: int


def read_antenna(path: str | Path) -> MeasuredAntenna:
    """Return the antenna of an MSI/Planet file.

    Parameters
    ----------
    path : str or Path
        File with NAME, FREQUENCY [MHz], GAIN [dBd unless dBi stands there], TILT, HORIZONTAL 360 and VERTICAL 360, each
        of the last two followed by one line per degree with angle and attenuation [dB, 0 to 200]. Decimal point or
        comma, any line ends; blank lines and lines that begin with ``#``, ``//``, ``;`` or ``!`` say nothing.

    Raises
    ------
    LayerError
        ``antenna_section_missing`` without GAIN, HORIZONTAL or VERTICAL; ``antenna_twice`` for a repeated one;
        ``antenna_count`` for other than 360 values; ``antenna_angle`` for an angle that is no whole degree or comes
        twice; ``antenna_value`` for a value that is no number in its range; ``antenna_not_text``, ``wrong_extension``,
        ``content_mismatch``, ``unknown_encoding``, ``file_too_large`` and the codes of `regular_file`.
    """
    found = regular_file(path)
    if found.suffix.lower() not in EXTENSIONS:
        expected = "MSI/Planet (.msi, .pln, .txt)"
        raise LayerError("wrong_extension", file=found.name, extension=found.suffix or "–", expected=expected)
    data = _bytes(found)
    agree(found, data[:4096], "csv")
    parsed = _parse(_text(data, found.name), found.name)
    for name in ("GAIN", *_CUTS):
        if name not in parsed.heads:
            raise LayerError("antenna_section_missing", file=found.name, line=parsed.last, section=name)
    gain, offset = _quantity(parsed, "GAIN", found.name, _GAIN_UNITS, (-100.0, 100.0))
    frequency, factor = _quantity(parsed, "FREQUENCY", found.name, _FREQUENCY_UNITS, (1e-3, 1e9))
    return MeasuredAntenna(
        name=_words(parsed, "NAME"),
        frequency_mhz=frequency * factor,
        gain_dbi=gain + offset,
        tilt_deg=_tilt(parsed, found.name),
        horizontal_db=parsed.cuts["HORIZONTAL"],
        vertical_db=parsed.cuts["VERTICAL"],
        comment=_words(parsed, "COMMENT"),
        source=source_of(found, hashlib.sha256(data).hexdigest(), 2 * CUT_VALUES),
    )


class AntennaFolder(Mapping[str, Antenna]):
    """The antenna files of a folder by name: each is read when it is asked for, and once.

    A name is that of the file, with or without its extension; case and the way accents are stored do not matter.
    Iterating gives the names without extension.

    Parameters
    ----------
    folder : str or Path
        Files directly inside count, sub-folders do not.

    Raises
    ------
    LayerError
        ``antenna_folder`` when it is no folder or cannot be listed. Asking for an antenna raises what `read_antenna`
        and `coverage.antennas.measured_antenna` raise, and ``antenna_ambiguous`` for a name that fits several files.
    """

    def __init__(self, folder: str | Path) -> None:
        try:
            found = sorted(path for path in Path(folder).iterdir() if path.suffix.lower() in EXTENSIONS)
        except (OSError, ValueError):  # ValueError: a NUL byte in the name
            raise LayerError("antenna_folder", folder=Path(folder).name or str(folder)) from None
        self._names = tuple(dict.fromkeys(path.stem for path in found))
        self._files: dict[str, list[Path]] = {}
        for path in found:
            for key in (_key(path.name), _key(path.stem)):
                self._files.setdefault(key, []).append(path)
        self._read: dict[Path, Antenna] = {}

    def __getitem__(self, name: str) -> Antenna:
        """Return an antenna by its name; ``KeyError`` when no file has it."""
        files = self._files[_key(name)]
        if len(files) > 1:
            raise LayerError("antenna_ambiguous", antenna=name, files=", ".join(path.name for path in files))
        if files[0] not in self._read:
            self._read[files[0]] = _antenna(files[0])
        return self._read[files[0]]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names without extension."""
        return iter(self._names)

    def __len__(self) -> int:
        """Return the number of names."""
        return len(self._names)


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip().casefold()


def _antenna(path: Path) -> Antenna:
    measured = read_antenna(path)
    return measured_antenna(
        path.name,
        measured.horizontal_db,
        measured.vertical_db,
        gain_dbi=measured.gain_dbi,
        frequency_mhz=measured.frequency_mhz,
        tilt_deg=None if math.isnan(measured.tilt_deg) else measured.tilt_deg,
        source=measured.source,
    )


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError:
        raise LayerError("file_unreadable", file=path.name) from None
    if len(data) > MAX_BYTES:
        size = math.ceil(path.stat().st_size / (1 << 20))
        raise LayerError("file_too_large", file=path.name, size_mb=size, limit_mb=MAX_BYTES >> 20)
    return data


def _text(data: bytes, file: str) -> str:
    try:
        return decode(data, file)[0]
    except LayerError as error:
        if error.code == "not_text":  # its sentence speaks of CSV
            raise LayerError("antenna_not_text", file=file) from None
        raise


def _lines(text: str) -> Iterator[_Line]:
    """Yield the lines that say something, numbered as an editor does."""
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        said = line.strip()
        if said and not said.startswith(_COMMENTS):
            yield _Line(number, said)


def _parse(text: str, file: str) -> _Parsed:
    heads: dict[str, _Line] = {}
    cuts: dict[str, NDArray[np.float64]] = {}
    said = list(_lines(text))
    lines = iter(said)
    line = next(lines, None)
    while line is not None:
        key, _, rest = (part.strip() for part in re.sub(r"\s+", " ", line.text).partition(" "))
        key = key.rstrip(":").upper()
        if key in heads and key in _ONCE:
            raise LayerError("antenna_twice", file=file, line=line.number, section=key)
        heads[key] = _Line(line.number, rest)
        if key in _CUTS:
            values: dict[int, float] = {}
            line = _values(lines, values, key, file)
            cuts[key] = _cut(values, heads[key], key, file)
        else:
            line = next(lines, None)
    return _Parsed(heads, cuts, said[-1].number if said else 1)


def _values(lines: Iterator[_Line], values: dict[int, float], section: str, file: str) -> _Line | None:
    """Fill in the values of a cut and return the line behind them."""
    for line in lines:
        if line.text[0].isalpha() and not line.text.casefold().startswith(("nan", "inf")):
            return line
        match = _PAIR.fullmatch(line.text)
        if match is None:
            raise LayerError("antenna_value", file=file, line=line.number, section=section, value=_short(line.text))
        angle, attenuation = (float(part.replace(",", ".")) for part in match.groups())
        if not 0.0 <= attenuation <= ATTENUATION_MAX_DB:
            raise LayerError("antenna_value", file=file, line=line.number, section=section, value=_short(match[2]))
        if angle not in range(CUT_VALUES) or int(angle) in values:
            raise LayerError("antenna_angle", file=file, line=line.number, section=section, value=_short(match[1]))
        values[int(angle)] = attenuation
    return None


def _cut(values: dict[int, float], head: _Line, section: str, file: str) -> NDArray[np.float64]:
    told = head.text.split()[0] if head.text else str(CUT_VALUES)
    if told != str(CUT_VALUES) or len(values) != CUT_VALUES:
        found = len(values) if told == str(CUT_VALUES) else _short(told)
        raise LayerError(
            "antenna_count", file=file, line=head.number, section=section, found=found, expected=CUT_VALUES
        )
    cut = normalised_cut([-values[angle] for angle in range(CUT_VALUES)])
    cut.flags.writeable = False
    return cut


def _quantity(
    parsed: _Parsed, key: str, file: str, units: dict[str, float], limits: tuple[float, float]
) -> tuple[float, float]:
    """Return the number of a head line and what its unit stands for; NaN where the line is missing or empty."""
    line = parsed.heads.get(key)
    if line is None or (not line.text and key != "GAIN"):
        return math.nan, units[""]
    match = _QUANTITY.fullmatch(line.text)
    if match is None or match[2].lower() not in units:
        raise LayerError("antenna_value", file=file, line=line.number, section=key, value=_short(line.text))
    value = float(match[1].replace(",", "."))
    if not limits[0] <= value <= limits[1]:
        raise LayerError("antenna_value", file=file, line=line.number, section=key, value=_short(line.text))
    return value, units[match[2].lower()]


def _tilt(parsed: _Parsed, file: str) -> float:
    """Return the downtilt; the word alone (ELECTRICAL, MECHANICAL, NONE) says what kind, not how much."""
    for key in ("TILT", "ELECTRICAL_TILT"):
        line = parsed.heads.get(key)
        if line is not None and any(character.isdigit() for character in line.text):
            bare = re.sub(r"^(?:ELECTRICAL|MECHANICAL)\b", "", line.text, flags=re.IGNORECASE).strip()
            heads = {key: _Line(line.number, bare)}
            return _quantity(_Parsed(heads, {}, line.number), key, file, _TILT_UNITS, (-90.0, 90.0))[0]
    return math.nan


def _words(parsed: _Parsed, key: str) -> str:
    return parsed.heads[key].text if key in parsed.heads else ""


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
