"""Logging in through an organisation: Streamlit's OpenID Connect proves who somebody is, the store says what it may.

Streamlit's own routes do the code flow with what ``[auth]`` in ``.streamlit/secrets.toml`` says and sign what the
provider told into a cookie. The page that asks for a name reads that cookie once, looks the identity up in the store,
opens a session of ours, or says that the identity is unknown, and deletes the cookie: role, partner, length of a
session and the end of it are those of the store.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response
from streamlit.auth_util import (
    encode_provider_token,
    get_cookie_with_chunks,
    get_secrets_auth_section,
    validate_auth_credentials,
)
from streamlit.errors import StreamlitAuthError
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import TOKENS_COOKIE_NAME, USER_COOKIE_NAME

PATHS = ("/auth/login", "/oauth2callback")
PROVIDER = "default"
FRESH_S = 600  # after which the organisation has to be asked again: the cookie itself would stay good for a month


def offered() -> bool:
    """Return whether an organisation is named in the secrets, with everything that its login needs."""
    if not get_secrets_auth_section():
        return False
    try:
        validate_auth_credentials(PROVIDER)
    except StreamlitAuthError:
        return False
    return True


def entrance() -> str | None:
    """Return where the way through the organisation begins, beside the login page; None where there is none."""
    return f"auth/login?{urlencode({'provider': encode_provider_token(PROVIDER)})}" if offered() else None


def claims_of(cookies: Mapping[str, str]) -> dict[str, Any] | None:
    """Return what the organisation told of a visitor; None for nothing, an old answer, a signature not ours."""

    def one(name: str) -> bytes | None:
        value = cookies.get(name)
        return None if value is None else decode_signed_value(get_cookie_secret(), name, value.encode("latin-1"))

    if USER_COOKIE_NAME not in cookies or not offered():
        return None
    try:
        told = json.loads(get_cookie_with_chunks(one, USER_COOKIE_NAME) or b"null")
    except (ValueError, UnicodeError):
        return None
    fresh = isinstance(told, dict) and isinstance(told.get("iat"), int) and time.time() - told["iat"] <= FRESH_S
    return told if fresh else None


def forget(answer: Response, cookies: Mapping[str, str]) -> None:
    """Delete what Streamlit keeps of the organisation's answer in the browser."""
    for name in _ours(cookies):
        answer.delete_cookie(name, httponly=True, samesite="lax")


def _ours(cookies: Mapping[str, str]) -> Iterator[str]:
    for name in cookies:
        if name in {USER_COOKIE_NAME, TOKENS_COOKIE_NAME} or name.startswith(f"{USER_COOKIE_NAME}_"):
            yield name
