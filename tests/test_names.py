"""Names agree under every usual spelling, and differ when they are other names."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage.catalog.registers import EDITIONS, ward_register
from coverage.names import district_name, header_name, lacks_only_marks, normal_name, plain_name, says_district

WARDS = [(edition, name) for edition in EDITIONS for name in ward_register(edition)["name"]]
PREFIXES = ["", "Phường ", "phường ", "PHƯỜNG ", "Xã ", "Đặc khu ", "Thị trấn ", "P. ", "P.", "X. ", "TT. ", "Phuong "]
SUFFIXES = ["", " ", ", Đà Nẵng", " (Đà Nẵng)", "\n"]
# Where the tone stands is a matter of school: Hòa or Hoà, Quý or Qúy.
SCHOOLS = [("òa", "oà"), ("úy", "uý"), ("ỏe", "oẻ"), ("óa", "oá")]


@st.composite
def spelled(draw: st.DrawFn) -> tuple[str, str]:
    _, name = draw(st.sampled_from(WARDS))
    written = name
    for one, other in SCHOOLS:
        if draw(st.booleans()):
            written = written.replace(one, other).replace(one.capitalize(), other.capitalize())
    written = draw(st.sampled_from([written, written.upper(), written.lower(), written.replace(" ", "")]))
    written = written.replace(" ", draw(st.sampled_from([" ", "  ", "\u00a0", "-", "_"])))
    if draw(st.booleans()):
        written = written.replace("Đ", "D").replace("đ", "d")
    prefix, suffix = draw(st.sampled_from(PREFIXES)), draw(st.sampled_from(SUFFIXES))
    written = unicodedata.normalize(draw(st.sampled_from(["NFC", "NFD"])), f"{prefix}{written}{suffix}")
    return name, written


@given(spelled())
def test_every_spelling_has_the_key_of_the_name(pair: tuple[str, str]) -> None:
    name, written = pair
    assert normal_name(written) == normal_name(name)


@pytest.mark.parametrize("edition", EDITIONS)
def test_no_two_wards_of_an_edition_share_a_key(edition: str) -> None:
    names = [name for e, name in WARDS if e == edition]
    keys = {normal_name(name) for name in names}
    assert len(keys) == len({plain_name(key) for key in keys}) == len(names)


@given(st.text())
def test_any_text_has_a_key_and_the_key_is_its_own(text: str) -> None:
    key = normal_name(text)
    assert not any(letter.isspace() or letter.isupper() for letter in key)
    assert plain_name(plain_name(key)) == plain_name(key)


def test_roman_and_arabic_numerals() -> None:
    assert (
        normal_name("Hải Châu II")
        == normal_name("HảiChâuII")
        == normal_name("hải châu 2")
        == normal_name("Hải Châu 02")
    )
    assert normal_name("Hải Châu I") != normal_name("Hải Châu II")
    assert normal_name("Hải Châu I") != normal_name("Hải Châu")


def test_a_wrong_mark_is_another_name() -> None:
    assert normal_name("Hòa Khánh") != normal_name("Hoa Khanh")
    assert normal_name("Hòa Bắc") != normal_name("Hòa Bác")
    assert normal_name("Thạc Gián") != normal_name("Thác Gián")


def test_missing_marks_are_told_from_wrong_ones() -> None:
    full = normal_name("Hòa Hiệp Bắc")
    assert lacks_only_marks(normal_name("Hoa Hiep Bac"), full)
    assert lacks_only_marks(normal_name("Hòa Hiep Bắc"), full)
    assert not lacks_only_marks(normal_name("Hòa Hiêp Bắc"), full)  # half a mark is a misspelling
    assert not lacks_only_marks(normal_name("Hóa Hiệp Bắc"), full)
    assert not lacks_only_marks(normal_name("Hòa Hiệp Nam"), full)


def test_nothing_has_no_key() -> None:
    assert [normal_name(value) for value in (None, float("nan"), "", "  ", "---", 7)] == [""] * 6


def test_districts() -> None:
    assert district_name("Quận Liên Chiểu") == district_name("LIÊN CHIỂU") == district_name("LiênChiểu")
    assert district_name("H. Hòa Vang") == district_name("Huyện Hoà Vang") == district_name("Hòa Vang District")
    assert [says_district(text) for text in ("Quận", "Huyện Hòa Vang", "Thị xã Điện Bàn", "Hòa Vang District")] == [
        True
    ] * 4
    assert not says_district("Phường Thanh Khê")
    assert not says_district("Hòa Vang")
    assert not says_district(None)


def test_headers() -> None:
    assert [header_name(text) for text in ("GID_3", "Tên xã", "ten_xa", "TÊN XÃ", "Mã ĐVHC")] == [
        "gid3",
        "tenxa",
        "tenxa",
        "tenxa",
        "madvhc",
    ]
