"""Degrees in every usual spelling, VN-2000 metres of the zones of the region, foreign registers, channel numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from coverage.catalog.channels import lte_channel, nr_frequency_mhz
from coverage.catalog.radios import bands
from coverage.catalog.registers import data_dir
from coverage.errors import LayerError, RangeError
from coverage.files.layers import read_wards
from coverage.intake.checking import Against, check_cells
from coverage.intake.positions import ZONES, degrees_of
from coverage.intake.registers import recognised
from tests import planting
from tests.intake.test_checking import cell, raw_of

SPELLINGS = (
    "{d}°{m:02d}'{s:.4f}\"{e}", "{d}° {m}' {s:.4f}'' {e}", "{d}º{m}′{s:.4f}″", "{d} {m} {s:.4f}", "{d}-{m}-{s:.4f}",
    "{d}:{m}:{s:.4f}", "{e}{d}°{m}'{s:.4f}\"", "{d}d{m}m{s:.4f}s", "{d}độ {m}phút {s:.4f}giây", "{d}°{mm:.6f}'{e}",
    "{d}°{m:02d}’{s:.4f}”{e}",
)  # fmt: skip


@pytest.mark.parametrize("spelling", SPELLINGS)
@given(value=st.floats(0.0, 179.99), comma=st.booleans())
def test_an_angle_comes_back_from_every_spelling(spelling, value, comma):
    total = round(value * 3600, 4)
    degrees, rest = divmod(total, 3600)
    minutes, seconds = divmod(rest, 60)
    if seconds > 59.9999:
        return
    text = spelling.format(d=int(degrees), m=int(minutes), s=seconds, mm=rest / 60, e="Đ")
    if rest / 60 > 59.999999:
        return
    assert degrees_of(text.replace(".", ",") if comma else text) == pytest.approx(total / 3600, abs=2e-8)


@pytest.mark.parametrize("text", ["", "abc", "108.2", "25 m", "12-May", "16°75'00\"N", "1 234 567", "200°", "N16°N"])
def test_what_is_no_angle_is_left_alone(text):
    assert degrees_of(text) is None


def test_sides_of_the_world_in_both_languages():
    assert degrees_of("16°30' Bắc") == degrees_of("16°30'N") == degrees_of("B 16°30'") == 16.5
    assert degrees_of("108,5° Đông") == degrees_of("108.5°E") == 108.5
    assert degrees_of("70°30'W") == degrees_of("70°30' Tây") == -70.5


def test_degrees_minutes_and_seconds_are_converted_and_said():
    rows = [cell(n, longitude=f"108°12'{n}.5\"E", latitude=f"16°03'{n}.5\"N") for n in range(5)]
    checked = check_cells(raw_of(rows))
    assert {p.field for p in checked.problems if p.code == "dms_converted"} == {"longitude", "latitude"}
    assert checked.accepted == 5


def in_metres(frame, zone, east="Y", north="X"):
    """Return cells with eastings and northings instead of degrees; Vietnamese maps call the northing X."""
    there = Transformer.from_crs("EPSG:4326", zone, always_xy=True)
    lon, lat = (frame[name].astype(float).to_numpy() for name in ("longitude", "latitude"))
    easting, northing = there.transform(lon, lat)
    out = frame.drop(columns=["longitude", "latitude"])
    return out.assign(**{north: [f"{v:.3f}" for v in northing], east: [f"{v:.3f}" for v in easting]})


@pytest.fixture(scope="module")
def wards():
    return read_wards(data_dir() / "demo" / "wards.geojson")


@pytest.mark.parametrize("zone", ZONES)
def test_every_zone_is_recognised_by_the_wards_and_said(wards, zone):
    cells = planting.demo_cells().iloc[::20].reset_index(drop=True)
    checked = check_cells(raw_of(in_metres(cells, zone)), Against(wards=wards))
    assert [p.values["crs"] for p in checked.problems if p.code == "crs_detected"] == [zone]
    assert checked.accepted == len(cells)
    right = check_cells(raw_of(cells)).layer.frame.geometry
    assert np.asarray(checked.layer.frame.geometry.distance(right)).max() < 0.15


@pytest.mark.parametrize("header", ["X (VN2000 KTT 107°45')", "X VN2000 107 45"])
def test_a_zone_in_the_header_or_on_the_command_is_taken(header):
    cells = planting.demo_cells().iloc[::40].drop(columns="ward").reset_index(drop=True)
    metres = in_metres(cells, "EPSG:5899", north=header)
    assert "crs_told" in {p.code for p in check_cells(raw_of(metres)).problems}
    plain = in_metres(cells, "EPSG:5899")
    assert "crs_told" in {p.code for p in check_cells(raw_of(plain), Against(crs="EPSG:5899")).problems}
    with pytest.raises(LayerError, match="bad_crs"):
        check_cells(raw_of(plain), Against(crs="EPSG:0"))


def test_a_zone_that_nothing_tells_is_asked_for():
    cells = planting.demo_cells()
    west = cells[cells["longitude"].astype(float) < 108.05].drop(columns="ward").iloc[::5].reset_index(drop=True)
    with pytest.raises(LayerError, match="crs_unclear"):
        check_cells(raw_of(in_metres(west, "EPSG:5899")))


# TS 38.104 and TS 36.101: ends of rows of their tables, and what operators' sheets show.
@pytest.mark.parametrize(("number", "mhz"), [(0, 0.0), (599_999, 2999.995), (600_000, 3000.0), (620_000, 3300.0),
                                             (653_333, 3799.995), (499_200, 2496.0), (2_016_667, 24_250.08),
                                             (3_279_165, 99_999.96)])  # fmt: skip
def test_nr_channel_numbers(number, mhz):
    assert nr_frequency_mhz(number) == pytest.approx(mhz, abs=1e-6)


@pytest.mark.parametrize(("number", "band", "mhz"), [(0, "B1", 2110.0), (599, "B1", 2169.9), (1200, "B3", 1805.0),
                                                     (1949, "B3", 1879.9), (3450, "B8", 925.0), (9210, "B28", 758.0),
                                                     (39_650, "B41", 2496.0), (68_935, "B71", 651.9)])  # fmt: skip
def test_lte_channel_numbers(number, band, mhz):
    assert lte_channel(number) == (band, mhz)


def test_bands_of_the_catalogue_and_of_the_channel_table_agree():
    for row in bands():
        if row.technology == "LTE":
            first = round((row.downlink_low_mhz - lte_low(row.id)) * 10)
            assert first == 0


def lte_low(band):
    return next(lte_channel(n)[1] for n in range(70_000) if _band(n) == band)


def _band(number):
    try:
        return lte_channel(number)[0]
    except RangeError:
        return None


def test_numbers_of_no_channel_are_refused():
    for call, number in (
        (nr_frequency_mhz, -1),
        (nr_frequency_mhz, 3_279_166),
        (lte_channel, 18_000),
        (lte_channel, -5),
    ):
        with pytest.raises(RangeError, match="arfcn_range"):
            call(number)


def test_foreign_registers_are_read_without_a_mapping(shared_data):
    from_file = {}
    for name in ("nsg_gb_23430_cells_eutra", "opencellid_cells_berlin_sample", "arcep_sites_2024_sample"):
        text = (shared_data / "sites" / f"{name}.csv").read_text("utf-8")
        delimiter = ";" if name.startswith("arcep") else ","
        frame = planting.pd.read_csv(
            planting.pd.io.common.StringIO(text), sep=delimiter, dtype=str, keep_default_na=False
        )
        from_file[name] = recognised(raw_of(frame.to_dict("records")))[0].frame
    guru, open_cell, arcep = from_file.values()
    assert len(guru) == 1006
    assert guru.iloc[0][["technology", "frequency_mhz", "band", "cell_id"]].tolist() == [
        "LTE",
        "1846.7",
        "B3",
        "4926720",
    ]
    assert set(guru["site_id"]) == {str(int(cell) >> 8) for cell in guru["cell_id"]}
    assert open_cell["operator"].unique().tolist()[0] == "26202"
    assert set(arcep["technology"]) >= {"LTE", "UMTS"}
