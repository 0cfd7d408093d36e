"""Leaflet and jQuery out of the installed distributions: no third-party source in our tree, none from the network."""

from __future__ import annotations

import base64
import re
from functools import cache
from importlib import metadata
from pathlib import Path

from coverage.errors import StoreError

LEAFLET = ("xstatic-leaflet", "xstatic/pkg/leaflet/data")
JQUERY = ("xstatic-jquery", "xstatic/pkg/jquery/data")


@cache
def asset(distribution: str, path: str) -> bytes:
    """Return a file of an installed distribution.

    Raises
    ------
    StoreError
        ``asset_missing`` when the distribution or the file is not there.
    """
    try:
        return Path(str(metadata.distribution(distribution).locate_file(path))).read_bytes()
    except (metadata.PackageNotFoundError, OSError) as error:
        raise StoreError("asset_missing", distribution=distribution, path=path) from error


@cache
def vendor(name: str) -> bytes:
    """Return ``leaflet.js``, ``leaflet.css`` (its pictures inside) or ``jquery.js``, complete and without links.

    Raises
    ------
    StoreError
        ``asset_missing``, also for any other name.
    """
    if name == "leaflet.js":
        return asset(LEAFLET[0], f"{LEAFLET[1]}/leaflet.js").split(b"//# sourceMappingURL")[0]
    if name == "jquery.js":
        return asset(JQUERY[0], f"{JQUERY[1]}/jquery.min.js").split(b"//# sourceMappingURL")[0]
    if name == "leaflet.css":
        css = asset(LEAFLET[0], f"{LEAFLET[1]}/leaflet.css").decode()
        return re.sub(r"url\(images/([\w.-]+)\)", lambda found: f"url({picture(found[1])})", css).encode()
    raise StoreError("asset_missing", distribution="phusong", path=name)


def data_url(content: bytes, kind: str) -> str:
    """Return bytes as a ``data:`` link of a media type."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def picture(name: str) -> str:
    """Return one of Leaflet's pictures as a ``data:`` link."""
    return data_url(asset(LEAFLET[0], f"{LEAFLET[1]}/images/{name}"), "image/png")
