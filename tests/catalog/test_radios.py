"""The catalogue of radios: spellings of files, and rows that are consistent with the standards they cite."""

from __future__ import annotations

import pytest

from coverage.catalog import radios
from coverage.radio.antenna import directivity_dbi
from coverage.radio.budget import resource_blocks


@pytest.mark.parametrize(
    ("text", "technology", "band_id"),
    [
        ("n41", "NR", "n41"),
        ("N41", "NR", "n41"),
        ("2600", "NR", "n41"),
        ("2600 MHz", "NR", "n41"),
        (" n-78 ", "NR", "n78"),
        ("78", "NR", "n78"),
        ("78.0", "NR", "n78"),  # a number in a spreadsheet
        ("NR n77", "NR", "n77"),
        ("5G Band 77", "NR", "n77"),
        ("n28", "NR", "n28"),
        ("700", "NR", "n28"),
        ("b3", "LTE", "B3"),
        ("B3", "LTE", "B3"),
        ("3", "LTE", "B3"),
        ("L1800", "LTE", "B3"),
        ("LTE 1800", "LTE", "B3"),
        ("LTE1800", "LTE", "B3"),
        ("Band 3", "LTE", "B3"),
        ("E-UTRA 3", "LTE", "B3"),
        ("băng tần 1", "LTE", "B1"),
        ("2100", "LTE", "B1"),
        ("900", "LTE", "B8"),
        ("8", "LTE", "B8"),
        ("n41", "LTE", None),  # a band of the other technology is not guessed at
        ("B3", "NR", None),
        ("n79", "NR", None),
        ("", "NR", None),
        ("band", "LTE", None),
    ],
)
def test_spellings_of_bands(text: str, technology: str, band_id: str | None) -> None:
    found = radios.find_band(text, technology)
    assert (found and found.id) == band_id


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("viettel", "Viettel"),
        ("VIETTEL  Telecom", "Viettel"),
        ("45204", "Viettel"),
        ("45204.0", "Viettel"),
        ("VinaPhone", "VNPT"),
        ("VNPT/Vinaphone", "VNPT"),
        ("MOBIFONE", "MobiFone"),
        ("Vietnamobile", "Vietnamobile"),
        (" Gmobile ", "Gmobile"),
    ],
)
def test_spellings_of_operators(text: str, name: str) -> None:
    assert radios.find_operator(text) == name


def test_no_spelling_means_two_things() -> None:
    for technology in ("NR", "LTE"):
        names = [n for row in radios.bands() if row.technology == technology for n in {row.id.casefold(), *row.aliases}]
        assert len(names) == len(set(names))
        # Every alias must come back through the cleaning that find_band does.
        assert all(radios.find_band(n, technology) is not None for n in names)
    people = [n for row in radios.operators() for n in {row.id.casefold(), *row.aliases}]
    assert len(people) == len(set(people))


@pytest.mark.parametrize("band", radios.bands(), ids=lambda band: band.id)
def test_rows_are_consistent(band: radios.Band) -> None:
    width = directivity_dbi(band.beamwidth_az_deg, band.beamwidth_el_deg)
    assert band.ssb_gain_dbi <= width, "no antenna radiates more than it is fed"
    assert resource_blocks(band.technology, band.bandwidth_mhz, band.scs_khz) > 0
    assert band.source
    for centre in (band.frequency_mhz, *band.centres_mhz.values()):
        half = band.bandwidth_mhz / 2
        assert band.downlink_low_mhz <= centre - half
        assert centre + half <= band.downlink_high_mhz


def test_licences_of_the_operators() -> None:
    held = {row.id: set(row.nr) for row in radios.operators()}
    assert held == {
        "Viettel": {"n41", "n28"},
        "VNPT": {"n77", "n78", "n28"},
        "MobiFone": {"n77"},  # 3800–3900 MHz lies above n78
        "Vietnamobile": set(),
    }
    centres = {(op, b): radios.band(b).centre_mhz(op) for op, bands in held.items() for b in bands}
    assert centres == {
        ("Viettel", "n41"): 2550.0,
        ("Viettel", "n28"): 773.0,
        ("VNPT", "n77"): 3750.0,
        ("VNPT", "n78"): 3750.0,
        ("VNPT", "n28"): 763.0,
        ("MobiFone", "n77"): 3850.0,
    }
    assert all(row.lte and row.source for row in radios.operators())


@pytest.mark.parametrize(
    ("band_id", "blocks", "row"),
    [
        ("n41", 273, (53.0, 17.0, 24.0, 65.0, 10.0)),
        ("n77", 273, (53.0, 17.0, 25.0, 65.0, 10.0)),
        ("n28", 52, (49.0, 15.0, 15.0, 65.0, 14.0)),
    ],
)
def test_defaults_of_the_design(band_id: str, blocks: int, row: tuple[float, ...]) -> None:
    band = radios.band(band_id)
    assert resource_blocks("NR", band.bandwidth_mhz, band.scs_khz) == blocks
    beam = (band.beamwidth_az_deg, band.beamwidth_el_deg)
    assert (band.power_dbm, band.ssb_gain_dbi, band.traffic_gain_dbi, *beam) == row
    assert (radios.common().tilt_deg, radios.common().height_m) == (6.0, 25.0)
