"""TOML that people write: what cannot be read is one sentence with the line, and no file keeps a server busy."""

import pytest

from coverage.errors import LayerError
from coverage.files.tomls import MOST_DOTS, toml_of
from coverage.words import LANGUAGES, render


def test_what_is_read_is_what_is_written():
    assert toml_of('\ufeff# đầu tệp\r\nname = "quy định"\r\n[a.b]\r\nc = [1.5, 2]\r\n'.encode(), "x.toml") == {
        "name": "quy định",
        "a": {"b": {"c": [1.5, 2]}},
    }
    assert toml_of(b"# nothing", "x.toml", most_bytes=9) == {}


@pytest.mark.parametrize(
    ("data", "code", "told"),
    [
        (b"", "file_empty", ""),
        (b"a = 1\n[b\nc = 2\n", "toml_syntax", "2"),
        (b"a = 1\na = 2\n", "toml_syntax", "2"),
        (b"a = 1\n\nb = [1,\n2\n\n", "toml_syntax", "4"),
        ("a = 1\nb = ‘x’\n".encode(), "toml_syntax", "2"),
        (b"PK\x03\x04\x00\xff\xfe", "toml_not_text", "UTF-8"),
        ('name = "quy định"'.encode("utf-16"), "toml_not_text", "UTF-8"),
        (b"x = 1\n" + b"a." * 100_000 + b"b = 1", "toml_dots", "2"),
        (b"[" + b"a." * (MOST_DOTS + 1) + b"b]", "toml_dots", "1"),
        (b"a = " + b"[" * 5000, "toml_nested", ""),
        (b"a = " + b"{b = " * 5000, "toml_nested", ""),
        (b"a = " + b"9" * 5000, "toml_number", ""),
        (b"# " + b"x" * 300_000, "toml_too_large", "256"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(data, code, told):
    with pytest.raises(LayerError) as caught:
        toml_of(data, "x.toml", most_bytes=256 << 10)
    assert caught.value.code == code
    for lang in LANGUAGES:
        said = render(caught.value, lang)
        assert "x.toml" in said
        assert told in said


def test_keys_of_as_many_parts_as_are_allowed_are_read_at_once():
    line = b"[" + b"a." * MOST_DOTS + b"%d]\n"
    assert toml_of(b"".join(line % n for n in range(200)), "x.toml")
