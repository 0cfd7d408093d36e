"""The door: who may come in, the page that asks for a name, and what an open demo may be asked from.

Everything behind the door is closed to whoever has no session, pages, sockets and downloads alike: the door stands
before all routes, so that a new route is closed until somebody opens it here. Without any account the app is an open
demo, which answers this machine alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache
from http.cookies import CookieError, SimpleCookie
from importlib.resources import files
from typing import Any

import streamlit as st
from jinja2 import Environment
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from coverage.app import organisation
from coverage.app.receiving import PATH, receive, without_token
from coverage.app.visitor import COOKIE, account_of, guarded, store
from coverage.errors import CoverageError, StoreError
from coverage.hosts import is_loopback
from coverage.store.accounts import LIFETIME, Account, change_password, identified, log_in, open_key, withdraw
from coverage.store.engine import Store
from coverage.types import Language
from coverage.words import LANGUAGES, render, t

OPEN = ("/login", "/_stcore/health")  # what may be asked for without a session
LONGEST_FORM = 8192  # bytes

Form = dict[str, str]


class Door:
    """ASGI middleware before everything: no session, no answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or turn it away."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        refused = await run_in_threadpool(turned_away, scope)
        if refused is None:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await refused(scope, receive, send)


def turned_away(scope: Scope) -> Response | None:
    """Return the answer to whoever may not come in, None for who may."""
    headers, path = Headers(scope=scope), str(scope["path"])
    if not guarded():
        if _is_here(scope, headers):
            return None
        return Response(t("door.demo_only_here", _language(headers)), 403, {"Cache-Control": "no-store"}, "text/plain")
    if path == below(PATH):
        return without_token(scope.get("method", ""), headers)
    opened = (*OPEN, *(organisation.PATHS if organisation.offered() else ()))
    if path in {below("") + each for each in opened} or account_of(_key(headers)) is not None:
        return None
    if scope["type"] == "http" and scope["method"] == "GET" and "text/html" in headers.get("accept", ""):
        return RedirectResponse(below("/login"), 303, {"Cache-Control": "no-store"})
    return Response(status_code=401, headers={"Cache-Control": "no-store"})


def closed_address() -> str | None:
    """Return the address that the server is told to serve although nobody has an account; None where all is well."""
    address = str(st.get_option("server.address") or "0.0.0.0")  # noqa: S104 (what an empty one means to the server)
    return None if is_loopback(address) or guarded() else address


def below(name: str) -> str:
    """Return the path of something of ours, below what a proxy may have put before it."""
    prefix = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{prefix}{name}" if prefix else name


def _is_here(scope: Scope, headers: Headers) -> bool:
    """Return whether a request came from this machine and asked for it by name: one that a proxy passed on did not."""
    asked = headers.get("host", "").rpartition(":")[0] or headers.get("host", "")
    client = scope.get("client")
    return (
        is_loopback(asked.strip("[]"))
        and (client is None or is_loopback(str(client[0])))
        and "forwarded" not in headers
    )


def _key(headers: Headers) -> str | None:
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return None if morsel is None else morsel.value


def _language(headers: Headers) -> Language:
    return "en" if headers.get("accept-language", "").lower().startswith("en") else "vi"


async def login(request: Request) -> Response:
    """Ask for name and password, take them, or take another password in their place."""
    if request.method == "GET":
        return await run_in_threadpool(_asking, request)
    form = await _form(request)
    if form is None:
        return Response(status_code=400)
    return await run_in_threadpool(_entered, request, form)


async def logout(request: Request) -> Response:
    """End a session, when a page of ours asked for it."""
    key = request.cookies.get(COOKIE)
    if request.headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
        return Response(status_code=403)
    if key and (found := store()) is not None:
        await run_in_threadpool(withdraw, found, key)
    answer = RedirectResponse(below("/login"), 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


async def _form(request: Request) -> Form | None:
    """Return the fields of a form that this page sent; None for another's."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_FORM:
            return None
    if not _same_origin(request):
        return None
    fields = Request({**request.scope, "query_string": body}).query_params
    return {name: fields.get(name, "") for name in ("name", "password", "new", "again", "lang")}


def _same_origin(request: Request) -> bool:
    origin = request.headers.get("origin")
    return origin is not None and origin.split("://", 1)[-1] == request.headers.get("host")


def _asking(request: Request) -> Response:
    """Return the page that asks, or let in whom an organisation has just named."""
    claims, found = organisation.claims_of(request.cookies), store()
    if claims is None or found is None:
        return _page(request, {}, None, False)
    try:
        answer: Response = _opened(request, found, identified(found, claims))
    except StoreError as error:
        answer = _page(request, {}, error, False)
    organisation.forget(answer, request.cookies)  # our own session is what counts from here on
    return answer


def _opened(request: Request, found: Store, account: Account) -> Response:
    """Begin a session.

    The browser is sent on by a page of ours: a cookie of the strict kind does not travel with a redirect that
    began at another site.
    """
    text = _template("entering.html").render(
        lang=(lang := _language(request.headers)), t=lambda key: t(f"door.{key}", lang)
    )
    return _with_session(request, found, account, HTMLResponse(text, headers={"Cache-Control": "no-store"}))


def _with_session(request: Request, found: Store, account: Account, answer: Response) -> Response:
    lasts = int(LIFETIME["session"].total_seconds())
    secure = request.url.scheme == "https" or request.headers.get("x-forwarded-proto") == "https"
    key = open_key(found, account, "session", "browser")
    answer.set_cookie(COOKIE, key, max_age=lasts, httponly=True, samesite="strict", secure=secure)
    return answer


def _entered(request: Request, form: Form) -> Response:
    found = store()
    if found is None:
        return RedirectResponse(below("/"), 303)
    try:
        if form["new"]:
            if form["new"] != form["again"]:
                raise StoreError("passwords_differ")
            account = change_password(found, form["name"], form["password"], form["new"])
        else:
            entry = log_in(found, form["name"], form["password"])
            if entry.must_change:
                return _page(request, form, None, True)
            account = entry.account
    except CoverageError as error:
        return _page(request, form, error, bool(form["new"]))
    return _with_session(request, found, account, RedirectResponse(below("/"), 303))


def _page(request: Request, form: Form, error: CoverageError | None, changing: bool) -> Response:
    asked = form.get("lang") or request.query_params.get("lang")
    lang = next((each for each in LANGUAGES if each == asked), _language(request.headers))
    text = _template("login.html").render(
        lang=lang,
        organisation=None if changing else organisation.entrance(),
        changing=changing,
        name=form.get("name", ""),
        error=None if error is None else render(error, lang),
        t=lambda key: t(f"door.{key}", lang),
    )
    return HTMLResponse(text, 200 if error is None else 403, {"Cache-Control": "no-store"})


@cache
def _template(name: str) -> Any:
    return Environment(autoescape=True).from_string((files("coverage.app") / name).read_text("utf-8"))


Route = Callable[[Request], Awaitable[Response]]
ROUTES: dict[str, tuple[Route, list[str]]] = {
    "login": (login, ["GET", "POST"]),
    "logout": (logout, ["GET"]),
    PATH.strip("/"): (receive, ["POST"]),
}
