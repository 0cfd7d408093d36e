import asyncio
import hashlib
import re

import pytest
import streamlit as st
from starlette.requests import Request

import app as launcher
from coverage.app import published, security, server
from coverage.app.visitor import CITY
from coverage.assets import vendor


@pytest.fixture(autouse=True)
def empty(monkeypatch):
    monkeypatch.setattr(published, "_contents", type(published._contents)())


def ask(route, name):
    """Return the answer of a route to one name."""
    request = Request({"type": "http", "method": "GET", "path_params": {"name": name}, "headers": []})
    return asyncio.run(route(request))


def test_a_link_names_its_content_and_stays_for_ever():
    path = published.publish("wards", "geojson", b"{}", CITY)
    assert path == f"/data/wards-{hashlib.sha256(b'{}').hexdigest()}.geojson"
    answer = ask(server.data_file, path.rsplit("/", 1)[1])
    assert (answer.status_code, answer.body, answer.media_type) == (200, b"{}", "application/geo+json")
    assert {"immutable", "private", "max-age=31536000"} <= set(re.split(r",\s*", answer.headers["cache-control"]))


@pytest.mark.parametrize(
    "name", ["", "wards", f"wards-{'0' * 64}.geojson", "../../etc/passwd", "wards-%2e%2e.png", "city.toml"]
)
def test_what_was_not_published_is_not_there(name):
    published.publish("wards", "geojson", b"{}", CITY)
    answer = ask(server.data_file, name)
    assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")


@pytest.mark.parametrize(("name", "kind"), [("Wards", "geojson"), ("a/../b", "png"), ("wards", "html"), ("", "png")])
def test_only_plain_names_and_known_kinds_are_published(name, kind):
    with pytest.raises((ValueError, KeyError)):
        published.publish(name, kind, b"x", CITY)


def test_old_contents_make_room(monkeypatch):
    monkeypatch.setattr(published, "LIMIT_BYTES", 250)
    first, second = (published.publish("a", "png", bytes([n]) * 100, CITY).rsplit("/", 1)[1] for n in (1, 2))
    assert published.published(first, CITY) is not None  # used: the other one is older now
    published.publish("a", "png", b"\3" * 100, CITY)
    assert published.published(second, CITY) is None
    assert published.published(first, CITY) is not None


def test_one_content_larger_than_the_limit_is_served(monkeypatch):
    monkeypatch.setattr(published, "LIMIT_BYTES", 10)
    assert published.published(published.publish("a", "png", b"x" * 99, CITY).rsplit("/", 1)[1], CITY) is not None


def test_a_file_is_saved_under_its_name_and_its_hash_is_its_tag():
    link = published.offer("bảng 1.csv", "text/csv", b"a,b", CITY).rsplit("/", 1)[1]
    answer = ask(server.data_file, link)
    assert answer.headers["etag"] == f'"{hashlib.sha256(b"a,b").hexdigest()}"'
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''b%E1%BA%A3ng%201.csv"
    assert answer.headers["vary"] == "Cookie"
    again = Request(
        {"type": "http", "method": "GET", "path_params": {"name": link},
         "headers": [(b"if-none-match", answer.headers["etag"].encode())]}
    )  # fmt: skip
    assert asyncio.run(server.data_file(again)).status_code == 304


def test_what_is_offered_to_one_audience_is_not_there_for_another():
    link = published.offer("a.csv", "text/csv", b"secret", "partner VNPT").rsplit("/", 1)[1]
    assert published.published(link, "partner VNPT").content == b"secret"
    for other in (CITY, "partner Viettel", "analyst", ""):
        assert published.published(link, other) is None
    assert ask(server.data_file, link).status_code == 404


def test_leaflet_comes_from_the_installed_distribution():
    for name in ("leaflet.js", "leaflet.css"):
        answer = ask(server.vendor_file, name)
        assert (answer.status_code, answer.body) == (200, vendor(name))
        assert answer.media_type.startswith("text/")
    assert ask(server.vendor_file, "jquery.js").status_code == 404
    assert ask(server.vendor_file, "../app.py").status_code == 404


def test_the_policy_names_no_foreign_host_and_no_free_script():
    rules = dict(rule.split(" ", 1) for rule in security.content_security_policy().split("; "))
    assert not re.search(r"https?:|\*", " ".join(rules.values()))
    assert "unsafe" not in rules["script-src"]
    assert rules["object-src"] == "'none'"
    assert "sha256-" in rules["script-src"]  # the one inline script of Streamlit's page


async def _plain(_scope, _receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"X-Content-Type-Options", b"loose")]})
    await send({"type": "http.response.body", "body": b"ok"})


def answered(path):
    """Return status and headers of one request through the middleware."""
    messages = []

    async def send(message):
        messages.append(message)

    asyncio.run(security.SecureHeaders(_plain)({"type": "http", "path": path}, None, send))
    return messages[0]["status"], messages[0]["headers"]


def test_every_answer_is_guarded_once():
    status, headers = answered("/")
    names = [name.lower() for name, _ in headers]
    assert status == 200
    assert len(names) == len(set(names))
    assert dict(headers)[b"x-content-type-options"] == b"nosniff"
    assert b"content-security-policy" in names


def test_counters_are_nobodys_business():
    assert answered("/_stcore/metrics")[0] == 404
    assert answered("/below/_stcore/metrics")[0] == 404


def test_sockets_pass_untouched():
    seen = []

    async def socket(scope, _receive, _send):
        seen.append(scope["type"])

    asyncio.run(security.SecureHeaders(socket)({"type": "websocket", "path": "/"}, None, None))
    assert seen == ["websocket"]


def test_the_launcher_is_an_app_on_our_script():
    assert isinstance(launcher.app, st.App)
    assert launcher.app.script_path == server.SCRIPT
    assert server.SCRIPT.is_file()
