"""TCVN3 and VNI against glibc's own table, the published layouts and every ward's name."""

import shutil
import subprocess
import unicodedata

import openpyxl
import pytest

from coverage.catalog.registers import EDITIONS, ward_register
from coverage.files import legacy
from coverage.files.tables import read_table
from tests.files import samples

WARDS = sorted({name for edition in EDITIONS for name in ward_register(edition)["name"]})
TEXT = "Tên trạm;Phường\n" + "".join(f"Trạm {n};{name}\n" for n, name in enumerate(WARDS))


def to_tcvn3(text):
    """Write text in TCVN3 by glibc, which knows the layout of TCVN 5712:1993."""
    if shutil.which("iconv") is None:
        pytest.skip("no iconv")
    done = subprocess.run(  # noqa: PLW1510
        ["iconv", "-f", "UTF-8", "-t", "TCVN"], input=text.encode(), capture_output=True
    )
    if done.returncode:
        pytest.skip("this iconv knows no TCVN")
    return done.stdout


# VNI-Windows as its maker publishes it: the letters of one row of its chart in order, written by hand.
VNI_CHART = {
    "aø aù aû aõ aï": "à á ả ã ạ", "aâ aà aá aå aã aä": "â ầ ấ ẩ ẫ ậ", "aê aè aé aú aü aë": "ă ằ ắ ẳ ẵ ặ",
    "eø eù eû eõ eï": "è é ẻ ẽ ẹ", "eâ eà eá eå eã eä": "ê ề ế ể ễ ệ", "ì í æ ó ò": "ì í ỉ ĩ ị",
    "oø où oû oõ oï": "ò ó ỏ õ ọ", "oâ oà oá oå oã oä": "ô ồ ố ổ ỗ ộ", "ô ôø ôù ôû ôõ ôï": "ơ ờ ớ ở ỡ ợ",
    "uø uù uû uõ uï": "ù ú ủ ũ ụ", "ö öø öù öû öõ öï": "ư ừ ứ ử ữ ự", "yø yù yû yõ î": "ỳ ý ỷ ỹ ỵ", "ñ": "đ",
}  # fmt: skip
TO_VNI = {
    right: written
    for left, row in VNI_CHART.items()
    for one, two in zip(left.split(), row.split(), strict=True)
    for written, right in ((one, two), (one.upper(), two.upper()))
}


def to_vni(text):
    """Write text in VNI by the chart."""
    return "".join(TO_VNI.get(letter, letter) for letter in unicodedata.normalize("NFC", text)).encode("latin-1")


def test_tcvn3_is_what_glibc_makes_of_it():
    letters = to_tcvn3("".join(sorted(legacy._TCVN3.values())))
    assert len(letters) == len(legacy._TCVN3)
    for code, letter in legacy._TCVN3.items():
        done = subprocess.run(  # noqa: PLW1510
            ["iconv", "-f", "TCVN", "-t", "UTF-8"], input=bytes([code]), capture_output=True
        )
        assert unicodedata.normalize("NFC", done.stdout.decode()) == letter


def test_vni_is_what_its_chart_says():
    for right, written in TO_VNI.items():
        assert legacy.from_vni(written) == right
    assert {letter for row in VNI_CHART.values() for letter in row.split()} == {
        unicodedata.normalize("NFC", letter)
        for base in "aăâeêioôơuưyđ"
        for letter in (base + tone for tone in ["", *samples.TONES])
        if unicodedata.normalize("NFC", letter) not in set("aeiouy") and (base != "đ" or letter == "đ")
    }


@pytest.mark.parametrize("encoding", ["cp1258", "tcvn3", "vni"])
def test_every_ward_comes_back_from_every_old_encoding(tmp_path, encoding):
    writers = {"cp1258": samples.to_1258, "tcvn3": to_tcvn3, "vni": to_vni}
    (tmp_path / "x.csv").write_bytes(writers[encoding](TEXT))
    raw = read_table(tmp_path / "x.csv")
    assert list(raw.frame["Phường"]) == WARDS
    assert [problem.values["encoding"] for problem in raw.problems] == [encoding]


@pytest.mark.parametrize("encoding", ["tcvn3", "vni"])
@pytest.mark.parametrize("count", [1, 3, 20])
def test_a_few_words_are_enough_or_nobody_guesses_wrong(encoding, count):
    writers = {"tcvn3": to_tcvn3, "vni": to_vni}
    for start in range(0, len(WARDS) - count, 7):
        words = ", ".join(WARDS[start : start + count])
        found = legacy.best_vietnamese(writers[encoding](words))
        assert found in {encoding, None} or legacy.decoded(writers[encoding](words), found) == words
        assert count < 20 or found == encoding


@pytest.mark.parametrize("encoding", ["tcvn3", "vni"])
def test_a_workbook_typed_with_an_old_font_is_read_as_unicode(tmp_path, encoding):
    book = openpyxl.Workbook()
    for line in TEXT.splitlines():
        old = {"tcvn3": to_tcvn3, "vni": to_vni}[encoding](line).decode("latin-1")
        book.active.append(old.split(";"))
    book.save(tmp_path / "x.xlsx")
    raw = read_table(tmp_path / "x.xlsx")
    assert list(raw.frame.columns) == ["Tên trạm", "Phường"]
    assert list(raw.frame["Phường"]) == WARDS
    assert [problem.code for problem in raw.problems] == ["font_decoded"]


def test_other_languages_are_left_alone():
    assert legacy.best_vietnamese("Café à Montréal, Besançon, Nîmes, Saint-Étienne".encode("cp1252")) is None
    assert legacy.repaired_texts(["Café", "Besançon", "Straße", "Ålesund"]) is None
    assert legacy.repaired_texts(WARDS) is None
