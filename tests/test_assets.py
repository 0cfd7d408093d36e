import base64
import re

import pytest

from coverage import assets
from coverage.errors import StoreError


@pytest.mark.parametrize(("name", "inside"), [("leaflet.js", b"Leaflet 1.9"), ("jquery.js", b"jQuery v3")])
def test_scripts_come_whole_from_the_installed_distributions(name, inside):
    content = assets.vendor(name)
    assert inside in content[:200]
    assert len(content) > 80_000
    assert b"sourceMappingURL" not in content


def test_the_style_sheet_carries_its_pictures():
    css = assets.vendor("leaflet.css").decode()
    links = re.findall(r"url\(([^)]*)\)", css)
    assert len(links) == 4
    pictures = [link for link in links if link != "#default#VML"]
    assert len(pictures) == 3
    for link in pictures:
        kind, data = link.split(",", 1)
        assert kind == "data:image/png;base64"
        assert base64.b64decode(data).startswith(b"\x89PNG")


@pytest.mark.parametrize(("distribution", "path"), [("no-such-distribution", "x"), ("xstatic-leaflet", "no/such.js")])
def test_what_is_not_installed_is_said_in_words(distribution, path):
    with pytest.raises(StoreError) as raised:
        assets.asset(distribution, path)
    assert (raised.value.code, raised.value.values["path"]) == ("asset_missing", path)


@pytest.mark.parametrize("name", ["", "leaflet-src.js", "../leaflet.js", "/etc/passwd"])
def test_nothing_else_is_handed_out(name):
    with pytest.raises(StoreError):
        assets.vendor(name)
