"""Shapes and pictures under links that name their content, so that a browser loads each of them once and for ever."""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from threading import Lock

KINDS = {"geojson": "application/geo+json", "json": "application/json", "png": "image/png"}
LIMIT_BYTES = 128 * 2**20  # some five hundred pictures of a city
NAME = re.compile(r"[a-z]+-[0-9a-f]{64}\.(?:geojson|json|png)")

_contents: OrderedDict[str, bytes] = OrderedDict()
_lock = Lock()


def publish(name: str, kind: str, content: bytes) -> str:
    """Keep a content and return its path on the server: ``/data/<name>-<sha256>.<kind>``.

    The hash is the only key: whoever does not hold the content or its link cannot ask for it. The least recently used
    contents make room; a page that is drawn again publishes them again.

    Parameters
    ----------
    name : str
        Lower-case letters: what it is.
    kind : {"geojson", "json", "png"}
    content : bytes
    """
    link = f"{name}-{hashlib.sha256(content).hexdigest()}.{kind}"
    if not NAME.fullmatch(link):
        raise ValueError(link)
    with _lock:
        _contents[link] = content
        _contents.move_to_end(link)
        while sum(map(len, _contents.values())) > LIMIT_BYTES and len(_contents) > 1:
            _contents.popitem(last=False)
    return f"/data/{link}"


def published(link: str) -> tuple[bytes, str] | None:
    """Return the content and media type of ``<name>-<sha256>.<kind>``, None for anything that was not published."""
    with _lock:
        content = _contents.get(link)
        if content is None:
            return None
        _contents.move_to_end(link)
    return content, KINDS[link.rsplit(".", 1)[1]]
