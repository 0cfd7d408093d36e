"""The way in through an organisation: a small provider of OpenID Connect, the started app, and the whole code flow."""

from __future__ import annotations

import base64
import hashlib
import http.cookiejar
import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from playwright.sync_api import expect

from coverage.errors import StoreError
from coverage.store.accounts import add_identity, close_keys, identified
from coverage.store.engine import Store
from coverage.store.migrating import open_store
from coverage.words import t
from tests.app.serving import free_port, served
from tests.browsing import browser, visit
from tests.store.people import account

CLIENT, SECRET = "phusong", "only-for-this-test"


@dataclass
class Provider:
    """An organisation that lets in whoever is named in `person`."""

    address: str = ""
    person: dict[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}))
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    wrong_issuer: bool = False

    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def token(self, form: dict[str, str], basic: str) -> dict[str, Any] | None:
        """Return the tokens for a code; None for a wrong client, code or proof key."""
        asked = self.codes.pop(form.get("code", ""), None)
        client = base64.b64decode(basic.removeprefix("Basic ")).decode() if basic else ""
        own = form.get("client_secret") == SECRET or client == f"{CLIENT}:{SECRET}"
        proof = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if asked is None or not own or proof.decode().rstrip("=") != asked["code_challenge"]:
            return None
        now = int(time.time())
        claims = {
            "iss": "https://elsewhere.example" if self.wrong_issuer else self.address,
            "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"], **self.person,
        }  # fmt: skip
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)
        return {"access_token": "a", "token_type": "Bearer", "expires_in": 300, "id_token": signed}


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    known = Provider()

    class Answers(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def _json(self, told: object, status: int = 200) -> None:
            body = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            if path == "/.well-known/openid-configuration":
                self._json(known.metadata())
            elif path == "/keys":
                self._json({"keys": [known.key.as_dict(private=False)]})
            else:
                asked = dict(urllib.parse.parse_qsl(query))
                code = f"code{len(known.codes)}-{time.monotonic_ns()}"
                known.codes[code] = asked
                back = urllib.parse.urlencode({"code": code, "state": asked["state"]})
                self.send_response(302)
                self.send_header("Location", f"{asked['redirect_uri']}?{back}")
                self.end_headers()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = dict(urllib.parse.parse_qsl(body))
            found = known.token(form, self.headers.get("Authorization", ""))
            self._json(found or {"error": "invalid_grant"}, 200 if found else 400)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    # Another site than the app's 127.0.0.1, as an organisation is: strict cookies do not travel from one to the other.
    known.address = f"http://localhost:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield known
    server.shutdown()
    server.server_close()


@dataclass
class Served:
    """The started app and its store."""

    address: str
    store: Store


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Served]:
    folder, port = tmp_path_factory.mktemp("organisation"), free_port()
    store = open_store(folder / "store.db")
    add_identity(store, account(store, "Lan", "planner"), "Lan@Danang.example")
    add_identity(store, account(store, "Minh", "partner", "VNPT"), f"{provider.address}#subject-7")
    secrets = folder / "secrets.toml"
    secrets.write_text(
        f"""[auth]
redirect_uri = "http://127.0.0.1:{port}/oauth2callback"
cookie_secret = "a secret of this test that is long enough"
client_id = "{CLIENT}"
client_secret = "{SECRET}"
server_metadata_url = "{provider.address}/.well-known/openid-configuration"
""",
        "utf-8",
    )
    with served(folder, f"--secrets.files={secrets}", port=port) as address:
        yield Served(address=address, store=store)
    store.close()


class Browser:
    """Cookies and redirects, as a browser keeps and follows them."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self.jar)
        )

    def get(self, path: str, accept: str = "text/html") -> tuple[int, str, str]:
        """Return status, final address and text."""
        request = urllib.request.Request(self.address + path, headers={"Accept": accept, "Accept-Language": "en"})
        try:
            with self.opener.open(request, timeout=60) as answer:
                return answer.status, answer.url, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.url or "", error.read().decode()

    def cookies(self) -> set[str]:
        return {cookie.name for cookie in self.jar}

    def enter(self) -> tuple[int, str, str]:
        """Follow the link of the login page through the organisation and back."""
        _, _, page = self.get("/login")
        link = page.split('class="button" href="')[1].split('"')[0].replace("&amp;", "&")
        return self.get("/" + link)


pytestmark = pytest.mark.slow


def test_role_and_partner_come_from_the_store(app: Served, provider: Provider) -> None:
    people = (
        {"sub": "1", "email": "LAN@danang.example", "email_verified": True},
        {"sub": "subject-7", "email": "somebody@else.example", "email_verified": False},
    )
    for claims in people:
        provider.person = claims
        visitor = Browser(app.address)
        assert visitor.get("/map")[1].endswith("/login")
        status, url, page = visitor.enter()
        assert (status, url) == (200, f"{app.address}/login"), page
        assert "0; url=./" in page
        assert "phusong_session" in visitor.cookies()
        assert not any(name.startswith("_streamlit_user") for name in visitor.cookies())
        status, url, _ = visitor.get("/")
        assert (status, url) == (200, f"{app.address}/")
        assert visitor.get("/_stcore/host-config", "application/json")[0] == 200
        left = visitor.get("/logout")
        assert left[1].endswith("/login")
        assert visitor.get("/_stcore/host-config", "application/json")[0] == 401


@pytest.mark.browser
def test_a_browser_comes_in_with_one_click(app: Served, provider: Provider, chromium: str) -> None:
    provider.person = {"sub": "1", "email": "lan@danang.example", "email_verified": True}
    with browser(chromium) as running, visit(running) as window:
        page = window.page
        page.set_default_timeout(120_000)
        page.goto(app.address)
        page.get_by_role("link", name=t("door.organisation", "vi")).click()
        expect(page.get_by_text("Lan · ")).to_be_visible(timeout=120_000)
        assert page.url.startswith(f"{app.address}/")
        assert "login" not in page.url
        assert window.refused == []


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "99", "email": "nobody@else.example", "email_verified": True},
        {"sub": "98", "email": "lan@danang.example", "email_verified": False},
        {"sub": "97", "email": "lan@danang.example"},
        {"sub": "96", "email": "lan@danang.example", "email_verified": "true"},
        {"sub": "Lan", "role": "admin", "partner": "VNPT"},
    ],
)
def test_an_unknown_identity_is_told_so_and_gets_nothing(
    app: Served, provider: Provider, claims: dict[str, Any]
) -> None:
    provider.person = claims
    visitor = Browser(app.address)
    status, url, page = visitor.enter()
    assert (status, url) == (403, f"{app.address}/login")
    assert "no PhủSóng account is meant for this identity" in page
    assert "phusong_session" not in visitor.cookies()
    assert not any(name.startswith("_streamlit_user") for name in visitor.cookies())
    assert visitor.get("/_stcore/host-config", "application/json")[0] == 401


def test_a_forged_or_foreign_answer_opens_nothing(app: Served, provider: Provider) -> None:
    provider.person = {"sub": "1", "email": "lan@danang.example", "email_verified": True}
    provider.wrong_issuer = True
    visitor = Browser(app.address)
    try:
        assert visitor.enter()[1].endswith("/login")
    finally:
        provider.wrong_issuer = False
    assert "phusong_session" not in visitor.cookies()
    for forged in ('{"email":"lan@danang.example","email_verified":true,"iat":9999999999}', "2|1:0|x|y|z|w"):
        request = urllib.request.Request(
            f"{app.address}/login", headers={"Cookie": f"_streamlit_user={urllib.parse.quote(forged)}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert "phusong_session" not in str(answer.headers.get_all("Set-Cookie"))
    stale = visitor.get("/oauth2callback?code=x&state=y")
    assert stale[1].endswith("/login")
    assert "phusong_session" not in visitor.cookies()


def test_the_identity_of_a_closed_account_is_unknown(store: Store) -> None:
    who = account(store, "Hoa", "partner", "Viettel")
    assert add_identity(store, who, " Hoa@Viettel.example ") == "hoa@viettel.example"
    claims = {"email": "HOA@viettel.example", "email_verified": True}
    assert identified(store, claims) == who
    with pytest.raises(StoreError, match="identity_taken"):
        add_identity(store, account(store, "Mai", "planner"), "hoa@viettel.example")
    for bad in ("hoa", "Lan#7", "a@b", "x" * 130 + "@b.example"):
        with pytest.raises(StoreError, match="identity_unusable"):
            add_identity(store, who, bad)
    assert close_keys(store, who) == 1
    with pytest.raises(StoreError, match="identity_unknown"):
        identified(store, claims)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "store.db")
    yield opened
    opened.close()
