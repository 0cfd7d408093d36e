from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode

import pytest
from starlette.requests import Request

from coverage.app import cached, door, pages_for, server, visitor
from coverage.app.panel import View, panel_data
from coverage.app.published import offer, publish, published
from coverage.store.accounts import change_password, holder, open_key
from coverage.store.engine import Store
from coverage.store.migrating import open_store
from coverage.study import Study
from tests import builders as make
from tests.app.serving import ROOT, free_port
from tests.store.people import PASSWORD, account

CHOSEN = "một câu dài hơn hẳn"
HERE = [(b"host", b"127.0.0.1:8501")]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("PHUSONG_STORE", str(tmp_path / "store.db"))
    opened = open_store(tmp_path / "store.db")
    yield opened
    opened.close()
    if (kept := visitor._opened.pop(str(tmp_path / "store.db"), None)) is not None:
        kept.close()


async def _inside(scope, _receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"inside"})
    else:
        await send({"type": "websocket.accept"})


async def _routed(scope, receive, send):
    route, methods = door.ROUTES[scope["path"].strip("/")]
    assert scope["method"] in methods
    await (await route(Request(scope, receive)))(scope, receive, send)


def asked(path, headers=(), *, kind="http", method="GET", body=b"", app=_inside, client=("127.0.0.1", 5)):
    """Return the messages that a request through the door is answered with."""
    scope = {
        "type": kind, "path": path, "method": method, "query_string": b"", "headers": [*HERE, *headers],
        "client": client, "server": ("127.0.0.1", 8501), "scheme": "http",
    }  # fmt: skip
    answers = []

    async def receive():
        return (
            {"type": "http.request", "body": body, "more_body": False}
            if kind == "http"
            else {"type": "websocket.connect"}
        )

    async def send(message):
        answers.append(message)

    asyncio.run(door.Door(app)(scope, receive, send))
    return answers


def status(answers):
    return answers[0]["status"]


def header(answers, name):
    return [value.decode() for key, value in answers[0]["headers"] if key.decode().lower() == name]


def cookie(key):
    return (b"cookie", f"{visitor.COOKIE}={key}".encode())


def form(**fields):
    return urlencode(fields).encode()


def sent(fields, origin="http://127.0.0.1:8501"):
    return asked("/login", [(b"origin", origin.encode())], method="POST", body=form(**fields), app=_routed)


def test_an_open_demo_answers_its_own_machine_only() -> None:
    assert status(asked("/")) == 200
    for headers, client in (
        ([(b"host", b"phusong.example")], ("127.0.0.1", 5)),
        ([(b"host", b"127.0.0.1:8501")], ("10.0.0.7", 5)),
        ([(b"host", b"127.0.0.1:8501"), (b"forwarded", b"for=10.0.0.7")], ("127.0.0.1", 5)),
    ):
        scope_headers = headers
        refused = door.turned_away(
            {"type": "http", "path": "/", "method": "GET", "headers": scope_headers, "client": client}
        )
        assert refused is not None
        assert refused.status_code == 403


def test_every_route_is_closed_without_a_session(store: Store) -> None:
    account(store, "Lan", "planner")
    paths = [route.path.replace("{name}", "x") for route in server.options()["routes"]]
    paths += ["/", "/map", "/_stcore/upload_file/a/b", "/_stcore/host-config", "/media/0.csv", "/static/a.js"]
    paths += ["/a/login", "/_stcore/health/x"]
    for path in paths:
        answers = asked(path)
        assert (status(answers) == 200) == (path == "/login"), path
    assert status(asked("/_stcore/health")) == 200
    assert status(asked("/map", [(b"accept", b"text/html")])) == 303
    assert header(asked("/map", [(b"accept", b"text/html")]), "location") == ["/login"]
    assert asked("/_stcore/stream", kind="websocket") == [{"type": "websocket.close", "code": 1008}]


def test_a_session_opens_everything_until_it_is_closed(store: Store) -> None:
    who = account(store, "Lan", "planner")
    key, token = open_key(store, who, "session"), open_key(store, who, "token")
    assert status(asked("/map", [cookie(key)])) == 200
    assert asked("/_stcore/stream", [cookie(key)], kind="websocket") == [{"type": "websocket.accept"}]
    assert status(asked("/map", [cookie(token)])) == 401  # a program's key opens no browser
    assert status(asked("/map", [cookie(key[:-1] + "x")])) == 401
    left = asked("/logout", [cookie(key)], app=_routed)
    assert (status(left), header(left, "location")) == (303, ["/login"])
    assert status(asked("/map", [cookie(key)])) == 401


def test_another_sites_page_cannot_log_anybody_out(store: Store) -> None:
    key = open_key(store, account(store, "Lan", "planner"), "session")
    assert status(asked("/logout", [cookie(key), (b"sec-fetch-site", b"cross-site")], app=_routed)) == 403
    assert status(asked("/map", [cookie(key)])) == 200


def test_the_first_login_opens_nothing_before_another_password(store: Store) -> None:
    account(store, "Lan", "planner")
    asks = sent({"name": "Lan", "password": PASSWORD})
    assert status(asks) == 200
    assert not header(asks, "set-cookie")
    assert PASSWORD.encode() not in asks[1]["body"]
    differ = sent({"name": "Lan", "password": PASSWORD, "new": CHOSEN, "again": CHOSEN + "x"})
    assert status(differ) == 403
    opened = sent({"name": "Lan", "password": PASSWORD, "new": CHOSEN, "again": CHOSEN})
    assert (status(opened), header(opened, "location")) == (303, ["/"])
    (set_cookie,) = header(opened, "set-cookie")
    assert {"HttpOnly", "SameSite=strict"} <= set(set_cookie.split("; "))
    key = set_cookie.split("=", 1)[1].split(";")[0]
    assert holder(store, key, "session").name == "Lan"


def test_a_wrong_password_is_answered_in_words(store: Store) -> None:
    account(store, "Lan", "planner")
    change_password(store, "Lan", PASSWORD, CHOSEN)
    refused = sent({"name": "Lan<script>", "password": "sai mật khẩu rồi", "lang": "en"})
    assert status(refused) == 403
    page = refused[1]["body"].decode()
    assert "Name or password is wrong" in page
    assert "<script>" not in page


@pytest.mark.parametrize("origin", ["http://evil.example", "null", ""])
def test_a_form_of_another_site_is_refused(store: Store, origin: str) -> None:
    account(store, "Lan", "planner")
    change_password(store, "Lan", PASSWORD, CHOSEN)
    assert status(sent({"name": "Lan", "password": CHOSEN}, origin)) == 400


def test_a_form_that_never_ends_is_refused(store: Store) -> None:
    account(store, "Lan", "planner")
    assert status(sent({"name": "x" * (door.LONGEST_FORM + 1), "password": "y"})) == 400


def test_no_page_of_a_partner_or_an_analyst_hands_out_the_citys_own_map() -> None:
    screens = Path(server.__file__).parent / "screens"
    for role in ("partner", "analyst"):
        for name in pages_for(role):
            assert "map_page" not in (screens / f"{name}.py").read_text("utf-8"), name


@pytest.mark.parametrize(
    ("address", "closed"),
    [
        ("127.0.0.1", None),
        ("::1", None),
        ("localhost", None),
        ("0.0.0.0", "0.0.0.0"),
        (None, "0.0.0.0"),
        ("10.0.0.7",) * 2,
    ],
)
def test_without_accounts_another_address_is_not_served(store: Store, monkeypatch, address, closed) -> None:
    monkeypatch.setattr(door.st, "get_option", lambda name: address if name == "server.address" else "")
    assert door.closed_address() == closed
    account(store, "Lan", "planner")
    assert door.closed_address() is None


@pytest.mark.slow
def test_the_server_says_so_and_ends(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.address", "0.0.0.0", "--server.port"]
    env = {**os.environ, "HOME": str(tmp_path), "PHUSONG_STORE": str(tmp_path / "store.db")}
    done = subprocess.run(
        [*command, str(free_port())], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 2
    assert "phusong user add" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("whose", ["partner VNPT", "partner Viettel", "analyst"])
def test_the_map_of_all_others_has_no_site_and_no_operator(whose: str) -> None:
    city = make.city(make.wards((-3, -3, 3, 3)), make.cells(make.cell(site_id="SITE-7", operator="VNPT")))
    result = Study(city, pixel_m=200).run()
    drawn = cached.draw(result)
    view = View(id="a", label="a", result=result, coverage=drawn, sites=drawn.sites, gained=drawn.coverage["VNPT"])
    for audience, seen in ((visitor.CITY, True), (whose, False)):
        data = panel_data([view], "area_share", "vi", audience)
        links = re.findall(r"/data/([a-z]+-[0-9a-f]{64}\.[a-z]+)", json.dumps(data))
        everything = json.dumps(data).encode() + b"".join(published(link, audience).content for link in links)
        assert (b"SITE-7" in everything) == seen
        assert (b"VNPT" in everything) == seen
        assert any(link.startswith("coverage") for link in links) == seen
        assert data["layers"] == (["wards", "coverage", "sites"] if seen else ["wards"])


def test_every_data_path_is_answered_to_its_own_audience_only(store: Store) -> None:
    people = {"Lan": ("planner", None), "Quân": ("admin", None), "Minh": ("partner", "VNPT"),
              "Hoa": ("partner", "Viettel"), "An": ("analyst", None)}  # fmt: skip
    keys, whose = {None: None}, {None: None}
    for name, (role, partner) in people.items():
        who = account(store, name, role, partner)  # type: ignore[arg-type]
        keys[name], whose[name] = open_key(store, who, "session"), visitor.audience(who)
    for audience in set(whose.values()) - {None}:
        content = audience.encode()
        for path in (
            publish("sites", "geojson", content, audience),
            publish("coverage", "png", content, audience),
            offer("wards.csv", "text/csv", content, audience),
        ):
            for name, key in keys.items():
                answers = asked(path, [cookie(key)] if key else [], app=_data)
                expected = 401 if name is None else 200 if whose[name] == audience else 404
                assert status(answers) == expected, (path, name)
                assert (content in answers[-1].get("body", b"")) == (expected == 200)


async def _data(scope, receive, send):
    request = Request({**scope, "path_params": {"name": scope["path"].rsplit("/", 1)[1]}}, receive)
    await (await server.data_file(request))(scope, receive, send)
