"""What surrounds the pages: routes for Leaflet and for published data, security headers, warm-up, errors in words."""

from __future__ import annotations

import importlib
import logging
import os
import secrets
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import quote

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from coverage.app import door
from coverage.app.published import published
from coverage.app.security import SecureHeaders
from coverage.app.state import current
from coverage.app.visitor import COOKIE, account_of, audience, guarded
from coverage.assets import vendor
from coverage.errors import CoverageError, StoreError
from coverage.words import LANGUAGES, render, t

SCRIPT = Path(__file__).with_name("main.py")
FOREVER = "private, max-age=31536000, immutable"
VENDOR = {"leaflet.js": "text/javascript; charset=utf-8", "leaflet.css": "text/css; charset=utf-8"}
UNUSABLE = 2  # exit code
log = logging.getLogger("phusong.app")


async def vendor_file(request: Request) -> Response:
    """Answer ``/vendor/leaflet.js`` and ``/vendor/leaflet.css`` from the installed distribution."""
    name = request.path_params["name"]
    if name not in VENDOR:
        return Response(status_code=404)
    # The link does not name the content: a day, so that an update of Leaflet arrives.
    return Response(vendor(name), media_type=VENDOR[name], headers={"Cache-Control": "public, max-age=86400"})


async def data_file(request: Request) -> Response:
    """Answer ``/data/<link>`` to the audience that it was offered to."""
    link, key = request.path_params["name"], request.cookies.get(COOKIE)
    return await run_in_threadpool(_data, link, key, request.headers.get("if-none-match", ""))


def _data(link: str, key: str | None, held: str) -> Response:
    account = account_of(key) if guarded() else None
    if guarded() and account is None:
        return Response(status_code=401, headers={"Cache-Control": "no-store"})
    found = published(link, audience(account))
    if found is None:
        return Response(status_code=404, headers={"Cache-Control": "no-store"})
    tag = f'"{found.sha256}"'
    if found.file_name is None:
        headers = {"Cache-Control": FOREVER, "ETag": tag, "Vary": "Cookie"}
    else:  # a file is asked for again each time: the next person at the same browser may be somebody else
        saved = f"attachment; filename*=UTF-8''{quote(found.file_name, safe='')}"
        headers = {"Cache-Control": "private, no-cache", "ETag": tag, "Vary": "Cookie", "Content-Disposition": saved}
    if held == tag:
        return Response(status_code=304, headers=headers)
    return Response(found.content, media_type=found.kind, headers=headers)


@asynccontextmanager
async def warmed(_: Any) -> AsyncGenerator[dict[str, Any] | None]:
    """Measure the city while the first browser still loads the page; the server answers meanwhile.

    Where nobody has an account, another address than this machine's own is refused here, before any request.
    """
    if (address := door.closed_address()) is not None:
        error = StoreError("serve_needs_accounts", address=address)
        sys.stderr.write("".join(f"PhủSóng: {render(error, lang)}\n" for lang in LANGUAGES))
        sys.stderr.flush()
        os._exit(UNUSABLE)  # an exception here would be told as a traceback, and the port stay open meanwhile
    Thread(target=_warm, name="warm-up", daemon=True).start()
    yield None


def _warm() -> None:
    # Loading the libraries of the computation takes longer than the server's own start: it happens beside it too.
    cached = importlib.import_module("coverage.app.cached")
    try:
        cached.warm()
    except CoverageError as error:
        # The page that needs it meets the same error and says it in words.
        log.warning("warm-up: %s", error)


def say_incident(error: Exception) -> bool:
    """Log an unforeseen error under a number and show the number, never a traceback."""
    number = secrets.token_hex(4)
    log.error("incident %s", number, exc_info=error)
    st.error(t("app.incident", current().lang, number=number), icon=":material/report:")
    return True


def options() -> dict[str, Any]:
    """Return what ``st.App`` takes beside the script, which is `SCRIPT`."""
    own = [Route(door.below(f"/{name}"), answer, methods=methods) for name, (answer, methods) in door.ROUTES.items()]
    return {
        "routes": [
            *own,
            Route(door.below("/vendor/{name}"), vendor_file),
            Route(door.below("/data/{name}"), data_file),
        ],
        "middleware": [Middleware(SecureHeaders), Middleware(door.Door)],
        "lifespan": warmed,
        "on_script_error": say_incident,
    }
