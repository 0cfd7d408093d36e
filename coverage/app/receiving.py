"""Where programs hand in files: one route, a token, the bytes of the file; the answer is the check's report.

``POST /api/submissions?layer=cells&name=tram.csv`` with ``Authorization: Bearer TOKEN`` and the file as the body.
Further parameters: ``map=field=column`` as often as needed, ``partner=NAME`` (refused if the token is another one's),
``check=1`` to keep nothing. 201 kept, 200 known already or only checked, 4xx an error as a document.
"""

from __future__ import annotations

import importlib
from typing import Any

import streamlit as st
from anyio import CapacityLimiter, to_thread
from starlette.datastructures import Headers, QueryParams
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from coverage.app.visitor import store
from coverage.errors import CoverageError, LayerError, StoreError
from coverage.store.accounts import Account, token_holder
from coverage.store.submissions import HANDED_IN, Kind
from coverage.words import LANGUAGES, render

PATH = "/api/submissions"
_STATUS = {"token_missing": 401, "token_unknown": 401, "token_expired": 401, "token_closed": 401, "not_allowed": 403,
           "token_of_another": 403, "upload_too_large": 413, "store_unreachable": 503}  # fmt: skip
_together = CapacityLimiter(2)  # readers at a time, each with its own memory; others wait for their turn


def bearer(headers: Headers) -> Account:
    """Return who holds the token of a request.

    Raises
    ------
    StoreError
        As `token_holder`; ``token_unknown`` where there is no store.
    """
    kind, _, token = headers.get("authorization", "").partition(" ")
    token = token.strip() if kind.lower() == "bearer" else ""
    found = store()
    if found is None:
        raise StoreError("token_unknown" if token else "token_missing")
    return token_holder(found, token)


def document(error: CoverageError) -> dict[str, Any]:
    """Return an error as ``{error: {code, message_vi, message_en}}``."""
    return {"error": {"code": error.code, **{f"message_{lang}": render(error, lang) for lang in LANGUAGES}}}


def refusal(error: CoverageError) -> Response:
    """Return an error as a document with sentences in both languages."""
    headers = {"Cache-Control": "no-store"}
    status = _STATUS.get(error.code, 422)
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(document(error), status, headers)


def without_token(method: str, headers: Headers) -> Response | None:
    """Return the refusal of a request that brings no good token or no file, None for one that does."""
    if method != "POST":
        return Response(status_code=405, headers={"Allow": "POST", "Cache-Control": "no-store"})
    try:
        bearer(headers)
    except CoverageError as error:
        return refusal(error)
    return None


async def receive(request: Request) -> Response:
    """Take a file that a program sends."""
    try:
        account = await to_thread.run_sync(bearer, request.headers)
        kind, name = _asked(request.query_params, account)
        content = await _body(request, name)
    except ClientDisconnect:
        return Response(status_code=400)
    except CoverageError as error:
        return refusal(error)

    def answer() -> Response:
        # The libraries of the computation take seconds to load: not before somebody hands in a file.
        accepting = importlib.import_module("coverage.app.accepting")
        found: Response = accepting.answered(account, kind, name, content, request.query_params)
        return found

    return await to_thread.run_sync(answer, limiter=_together)


def _asked(query: QueryParams, account: Account) -> tuple[Kind, str]:
    """Return the layer and the name of the file of a request; raises what is wrong with it."""
    account.principal.need("submit")
    kind = next((each for each in HANDED_IN if each == query.get("layer")), None)
    if kind is None:
        raise StoreError("kind_not_stored", kind=query.get("layer", ""))
    partner = query.get("partner")
    if partner and partner != account.partner:
        raise StoreError("token_of_another", partner=partner)
    return kind, query.get("name", "")


async def _body(request: Request, name: str) -> bytes:
    """Return the bytes sent; raises ``upload_too_large`` as soon as there are more than the app takes anywhere."""
    limit = int(st.get_option("server.maxUploadSize"))
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit << 20:
            raise LayerError("upload_too_large", file=name, size_mb=size >> 20, limit_mb=limit)
        parts.append(part)
    return b"".join(parts)
