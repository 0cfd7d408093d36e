"""MSI/Planet antenna files: read as programs write them, refused with the line when they are not what they say."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coverage.errors import LayerError
from coverage.files.antennas import MAX_BYTES, AntennaFolder, read_antenna
from coverage.radio.patterns import weighted_gain_db
from coverage.words import LANGUAGES, render

# Made up for these tests: no maker has such an antenna.
HEAD = ["NAME Example panel 65-17", "MAKE Nobody", "FREQUENCY 3500", "GAIN 15.35", "TILT 6", "COMMENT synthetic"]


def attenuation(axis: int, width: float) -> list[float]:
    """Return a parabolic cut about an axis, floor 28 dB, in whole hundredths."""
    off = [min((angle - axis) % 360, (axis - angle) % 360) for angle in range(360)]
    return [round(min(12 * (angle / width) ** 2, 28.0), 2) for angle in off]


HORIZONTAL, VERTICAL = attenuation(0, 65.0), attenuation(6, 10.0)


def section(name: str, values: list[float]) -> list[str]:
    return [f"{name} {len(values)}", *(f"{angle:.1f}\t{value:.2f}" for angle, value in enumerate(values))]


def lines() -> list[str]:
    return [*HEAD, *section("HORIZONTAL", HORIZONTAL), *section("VERTICAL", VERTICAL)]


def written(folder: Path, content: list[str] | bytes, name: str = "example.msi", ends: str = "\n") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else (ends.join(content) + ends).encode("utf-8"))
    return path


def refused(folder: Path, content: list[str] | bytes, name: str = "example.msi") -> LayerError:
    """Return the error of a file, after both languages could say it with its file name."""
    with pytest.raises(LayerError) as caught:
        read_antenna(written(folder, content, name))
    for lang in LANGUAGES:
        sentence = render(caught.value, lang)
        assert name in sentence
        assert "line" not in caught.value.values or str(caught.value.values["line"]) in sentence
        assert len(sentence) < 400
    return caught.value


def test_the_example_is_read(tmp_path: Path) -> None:
    antenna = read_antenna(written(tmp_path, lines()))
    assert antenna.name == "Example panel 65-17"
    assert (antenna.frequency_mhz, antenna.tilt_deg, antenna.comment) == (3500.0, 6.0, "synthetic")
    assert antenna.gain_dbi == pytest.approx(17.5)  # 15.35 dBd
    assert antenna.horizontal_db == pytest.approx(-np.array(HORIZONTAL))
    assert antenna.vertical_db == pytest.approx(-np.array(VERTICAL))
    assert (antenna.source.name, antenna.source.rows, len(antenna.source.sha256)) == ("example.msi", 720, 64)
    with pytest.raises(ValueError, match="read-only"):
        antenna.vertical_db[0] = 1.0
    gain = weighted_gain_db(0.0, [6.0, 11.0], horizontal_db=antenna.horizontal_db, vertical_db=antenna.vertical_db)
    assert gain.tolist() == pytest.approx([0.0, -3.0])


@pytest.mark.parametrize("name", ["a.msi", "a.pln", "a.txt", "A.MSI"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_line_ends_and_extensions(tmp_path: Path, name: str, ends: str) -> None:
    antenna = read_antenna(written(tmp_path, lines(), name, ends))
    assert antenna.horizontal_db == pytest.approx(-np.array(HORIZONTAL))
    assert antenna.tilt_deg == 6.0


def test_decimal_comma_comments_blank_lines_and_other_encodings(tmp_path: Path) -> None:
    content = [line.replace(".", ",") if line[0].isdigit() or line.startswith("GAIN") else line for line in lines()]
    content[8:8] = ["", "# đo tại phòng thí nghiệm", "// note", "; note", "! note"]
    expected = read_antenna(written(tmp_path, lines()))
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        found = read_antenna(written(tmp_path, "\r\n".join(content).encode(encoding)))
        assert found.gain_dbi == expected.gain_dbi
        assert found.horizontal_db.tolist() == expected.horizontal_db.tolist()
        assert found.vertical_db.tolist() == expected.vertical_db.tolist()


def test_sections_in_any_order_and_lower_case(tmp_path: Path) -> None:
    content = [*section("vertical", VERTICAL), "gain: 17.5 dBi", *section("Horizontal", HORIZONTAL), "name\tBên\tphải"]
    antenna = read_antenna(written(tmp_path, content))
    assert (antenna.name, antenna.gain_dbi) == ("Bên phải", 17.5)
    assert math.isnan(antenna.frequency_mhz)
    assert math.isnan(antenna.tilt_deg)
    assert antenna.comment == ""


@pytest.mark.parametrize(
    ("head", "attribute", "value"),
    [
        ("GAIN 10", "gain_dbi", 12.15),
        ("GAIN 10 dBd", "gain_dbi", 12.15),
        ("GAIN 10 dBi", "gain_dbi", 10.0),
        ("GAIN 10,5DBI", "gain_dbi", 10.5),
        ("GAIN -2 dBi", "gain_dbi", -2.0),
        ("FREQUENCY 2.6 GHz", "frequency_mhz", 2600.0),
        ("FREQUENCY 1800 MHz", "frequency_mhz", 1800.0),
        ("TILT ELECTRICAL", "tilt_deg", math.nan),
        ("TILT ELECTRICAL 4", "tilt_deg", 4.0),
        ("TILT 2.5 deg", "tilt_deg", 2.5),
        ("TILT -1", "tilt_deg", -1.0),
    ],
)
def test_head_lines(tmp_path: Path, head: str, attribute: str, value: float) -> None:
    key = head.split(maxsplit=1)[0]
    content = [head if line.split()[0] == key else line for line in lines()]
    found = getattr(read_antenna(written(tmp_path, content)), attribute)
    assert found == pytest.approx(value, nan_ok=True)


def test_the_tilt_may_stand_under_its_longer_name(tmp_path: Path) -> None:
    content = ["TILT ELECTRICAL", "ELECTRICAL_TILT 8", *(line for line in lines() if not line.startswith("TILT"))]
    assert read_antenna(written(tmp_path, content)).tilt_deg == 8.0


def test_cuts_are_normalised(tmp_path: Path) -> None:
    raised = [value + 1.5 for value in HORIZONTAL]
    content = [*HEAD, *section("HORIZONTAL", raised), *section("VERTICAL", VERTICAL)]
    antenna = read_antenna(written(tmp_path, content))
    assert antenna.horizontal_db.max() == 0.0
    assert antenna.horizontal_db == pytest.approx(-np.array(HORIZONTAL))


@pytest.mark.parametrize("missing", ["GAIN", "HORIZONTAL", "VERTICAL"])
def test_missing_sections_are_named_with_the_last_line(tmp_path: Path, missing: str) -> None:
    whole = {"HORIZONTAL": section("HORIZONTAL", HORIZONTAL), "VERTICAL": section("VERTICAL", VERTICAL)}
    content = [line for line in HEAD if not line.startswith(missing)]
    content += [line for name, part in whole.items() if name != missing for line in part]
    error = refused(tmp_path, content)
    assert (error.code, error.values["section"]) == ("antenna_section_missing", missing)
    assert error.values["line"] == len(content)


FIRST = len(HEAD) + 2  # number of the line of the horizontal 0°


@pytest.mark.parametrize(
    ("number", "line", "code"),
    [
        (4, "GAIN", "antenna_value"),
        (4, "GAIN loud", "antenna_value"),
        (4, "GAIN 15 dBm", "antenna_value"),
        (4, "GAIN nan", "antenna_value"),
        (4, "GAIN 1e999", "antenna_value"),
        (3, "FREQUENCY -5", "antenna_value"),
        (3, "FREQUENCY 0", "antenna_value"),
        (5, "TILT 95", "antenna_value"),
        (5, "GAIN 15", "antenna_twice"),
        (FIRST, "0.0 NaN", "antenna_value"),
        (FIRST, "NaN 0.0", "antenna_value"),
        (FIRST, "0.0 inf", "antenna_value"),
        (FIRST, "0.0 -3.0", "antenna_value"),
        (FIRST, "0.0 201", "antenna_value"),
        (FIRST, "0.0 1e400", "antenna_value"),
        (FIRST, "0.0", "antenna_value"),
        (FIRST, "0.0 1.0 2.0", "antenna_value"),
        (FIRST, "0.0 " + "9" * 5000, "antenna_value"),
        (FIRST, "0.0 ١٢", "antenna_value"),
        (FIRST, "0.5 1.0", "antenna_angle"),
        (FIRST, "360 1.0", "antenna_angle"),
        (FIRST, "-1 1.0", "antenna_angle"),
        (FIRST + 1, "0.0 0.0", "antenna_angle"),
        (FIRST - 1, "HORIZONTAL 720", "antenna_count"),
        (FIRST - 1, "HORIZONTAL many", "antenna_count"),
    ],
)
def test_wrong_lines_are_refused_with_their_number(tmp_path: Path, number: int, line: str, code: str) -> None:
    content = lines()
    content[number - 1] = line
    error = refused(tmp_path, content)
    assert (error.code, error.values["line"]) == (code, number)


def test_without_the_head_of_a_cut_its_values_run_into_the_other(tmp_path: Path) -> None:
    error = refused(tmp_path, [line for line in lines() if not line.startswith("VERTICAL")])
    assert (error.code, error.values["line"]) == ("antenna_angle", FIRST + 360)


@pytest.mark.parametrize("kept", [0, 1, 359])
def test_too_few_values_are_counted(tmp_path: Path, kept: int) -> None:
    content = [*HEAD, *section("VERTICAL", VERTICAL), "HORIZONTAL 360", *section("X", HORIZONTAL)[1 : kept + 1]]
    error = refused(tmp_path, content)
    assert (error.code, error.values["found"], error.values["expected"]) == ("antenna_count", kept, 360)
    assert error.values["line"] == len(HEAD) + 362


def test_a_repeated_cut_is_refused(tmp_path: Path) -> None:
    error = refused(tmp_path, [*lines(), *section("VERTICAL", VERTICAL)])
    assert (error.code, error.values["section"]) == ("antenna_twice", "VERTICAL")


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"x" * (MAX_BYTES + 1), "big.msi", "file_too_large"),
        (b"", "empty.msi", "file_empty"),
        (b"NAME x\x00\x01\x02\xff\xfe binary", "binary.pln", "antenna_not_text"),
        (b"PK\x03\x04" + bytes(100), "archive.msi", "content_mismatch"),
        (b"<html></html>", "page.txt", "content_mismatch"),
        (b"NAME x\n", "example.csv", "wrong_extension"),
        (b"# only a comment\n", "comment.msi", "antenna_section_missing"),
        (b"NAME \n" * 1000, "names.msi", "antenna_twice"),
    ],
)
def test_hostile_files(tmp_path: Path, content: bytes, name: str, code: str) -> None:
    assert refused(tmp_path, content, name).code == code


def test_missing_files_and_folders(tmp_path: Path) -> None:
    for path, code in ((tmp_path / "none.msi", "file_missing"), (tmp_path, "file_is_folder")):
        with pytest.raises(LayerError) as caught:
            read_antenna(path)
        assert caught.value.code == code


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_files_give_an_antenna_or_one_sentence(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray("\n".join(lines()).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=20))
    path = written(tmp_path, bytes(content))
    told: LayerError | None = None
    try:
        antenna = read_antenna(path)
    except LayerError as error:
        told = error
    if told is not None:
        assert all(render(told, lang) for lang in LANGUAGES)
        return
    for cut in (antenna.horizontal_db, antenna.vertical_db):
        assert cut.shape == (360,)
        assert np.isfinite(cut).all()
        assert cut.max() == 0.0
    assert math.isfinite(antenna.gain_dbi)


# --- a folder of them -------------------------------------------------------------------------------------------------


def test_a_folder_gives_antennas_by_their_names(tmp_path: Path) -> None:
    written(tmp_path, lines(), "K80010_T06.msi")
    written(tmp_path, lines(), "Ăng-ten 2.PLN")
    (tmp_path / "README.md").write_text("no antenna")
    folder = AntennaFolder(tmp_path)
    assert sorted(folder) == ["K80010_T06", "Ăng-ten 2"]
    assert len(folder) == 2
    for name in ("K80010_T06", "k80010_t06.MSI", " K80010_T06 "):
        assert folder[name] is folder["K80010_T06.msi"]
    antenna = folder["A\u0306ng-ten 2"]  # decomposed
    assert antenna.name == "Ăng-ten 2.PLN"
    assert (antenna.ssb_gain_dbi, antenna.tilt_deg) == (pytest.approx(17.5), 6.0)
    assert (antenna.frequency_low_mhz, antenna.frequency_high_mhz) == pytest.approx((3150.0, 3850.0))
    assert antenna.source is not None
    assert len(antenna.source.sha256) == 64


@pytest.mark.parametrize("name", ["", "..", "../K1", "/etc/passwd", "K1\x00", "K1/../K1", "README", "*"])
def test_a_folder_gives_nothing_but_its_files(tmp_path: Path, name: str) -> None:
    written(tmp_path, lines(), "K1.msi")
    with pytest.raises(KeyError):
        AntennaFolder(tmp_path)[name]


def said(error: LayerError, *parts: str) -> str:
    for lang in LANGUAGES:
        sentence = render(error, lang)
        assert all(part in sentence for part in parts)
    return error.code


def test_two_files_of_one_name_are_told_apart_by_their_extensions(tmp_path: Path) -> None:
    written(tmp_path, lines(), "K1.msi")
    written(tmp_path, lines(), "K1.pln")
    folder = AntennaFolder(tmp_path)
    assert folder["K1.pln"].name == "K1.pln"
    with pytest.raises(LayerError) as caught:
        folder["K1"]
    assert said(caught.value, "K1.msi", "K1.pln") == "antenna_ambiguous"


@pytest.mark.parametrize("name", ["nowhere", "file.msi", "a\x00b"])
def test_what_is_no_folder_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file.msi").write_text("x")
    with pytest.raises(LayerError) as caught:
        AntennaFolder(tmp_path / name)
    assert said(caught.value) == "antenna_folder"


def test_a_wrong_file_is_read_only_when_a_cell_names_it(tmp_path: Path) -> None:
    written(tmp_path, lines(), "good.msi")
    written(tmp_path, ["NAME bad", "GAIN 10"], "bad.msi")
    written(tmp_path, ["GAIN 28 dBi" if line.startswith("GAIN") else line for line in lines()], "strong.msi")
    folder = AntennaFolder(tmp_path)
    assert folder["good"].name == "good.msi"
    with pytest.raises(LayerError) as caught:
        folder["bad"]
    assert said(caught.value, "bad.msi") == "antenna_section_missing"
    with pytest.raises(LayerError) as caught:
        folder["strong"]
    assert said(caught.value, "strong.msi", "28") == "antenna_gain_impossible"
