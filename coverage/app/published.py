"""Shapes, pictures and files under links that name their content, each for the audience that it was offered to.

A link is answered to whoever belongs to an audience that a page was drawn for, and to nobody else: knowing an address
opens nothing. A browser loads each content once and keeps it.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

KINDS = {"geojson": "application/geo+json", "json": "application/json", "png": "image/png"}
LIMIT_BYTES = 128 * 2**20  # some five hundred pictures of a city
NAME = re.compile(r"[a-z]+-[0-9a-f]{64}\.(?:geojson|json|png)")


@dataclass(frozen=True, kw_only=True)
class Offered:
    """A content that somebody may ask for.

    Attributes
    ----------
    content : bytes
    kind : str
        Media type.
    sha256 : str
        Of the content.
    file_name : str or None
        Under which a browser saves it; None for what a page shows.
    """

    content: bytes
    kind: str
    sha256: str
    file_name: str | None = None


_contents: OrderedDict[tuple[str, str], Offered] = OrderedDict()  # by audience and link
_lock = Lock()


def publish(name: str, kind: str, content: bytes, audience: str) -> str:
    """Keep a content for an audience and return its path on the server: ``/data/<name>-<sha256>.<kind>``.

    The least recently used contents make room; a page that is drawn again publishes them again.

    Parameters
    ----------
    name : str
        Lower-case letters: what it is.
    kind : {"geojson", "json", "png"}
    content : bytes
    audience : str
        Of `coverage.app.visitor.audience`: nobody else is answered.
    """
    mark = hashlib.sha256(content).hexdigest()
    link = f"{name}-{mark}.{kind}"
    if not NAME.fullmatch(link):
        raise ValueError(link)
    return _kept(link, Offered(content=content, kind=KINDS[kind], sha256=mark), audience)


def offer(file_name: str, kind: str, content: bytes, audience: str) -> str:
    """Keep a file to be saved for an audience and return its path: ``/data/file-<sha256 of content and name>``."""
    mark = hashlib.sha256(content).hexdigest()
    named = hashlib.sha256(f"{mark} {file_name}".encode()).hexdigest()
    found = Offered(content=content, kind=kind, sha256=mark, file_name=file_name)
    return _kept(f"file-{named}", found, audience)


def _kept(link: str, found: Offered, audience: str) -> str:
    with _lock:
        _contents[audience, link] = found
        _contents.move_to_end((audience, link))
        while _held() > LIMIT_BYTES and len(_contents) > 1:
            _contents.popitem(last=False)
    return f"/data/{link}"


def _held() -> int:
    """Return the bytes in memory: one content offered to several audiences is there once or more, counted as more."""
    return sum(len(each.content) for each in _contents.values())


def published(link: str, audience: str) -> Offered | None:
    """Return what an audience was offered under a link, None for anything else: nobody learns which of the two."""
    with _lock:
        found = _contents.get((audience, link))
        if found is not None:
            _contents.move_to_end((audience, link))
    return found
