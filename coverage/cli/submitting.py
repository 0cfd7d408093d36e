"""`phusong submit FILE --layer cells|subscriptions`: an operator's program hands in its file, by HTTP or into a store.

The token stands in ``PHUSONG_TOKEN`` and never among the arguments, which every user of a machine can list. Exit 0:
kept and clean; 1: kept, with problems to look at; 2: nothing was kept.
"""

from __future__ import annotations

import http.client
import json
import os
import urllib.error
import urllib.request
from argparse import Namespace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from coverage.cli.check_cells import CLEAN, PROBLEMS, UNUSABLE, mapping_of
from coverage.cli.grounds import ground_from
from coverage.cli.keeping import store_of
from coverage.cli.readers import UsageError
from coverage.cli.voice import LISTED, Voice
from coverage.errors import LayerError, StoreError
from coverage.files.opening import regular_file
from coverage.files.sandbox import MAX_UPLOAD_BYTES, read_upload
from coverage.hosts import is_loopback
from coverage.intake.documents import receipt, report_of_failure
from coverage.intake.handing import check_sent, hand_in
from coverage.publishing import json_text
from coverage.store.accounts import token_holder
from coverage.words import percent, t

ANSWER_S = 600.0  # a file of the greatest size waits for its turn, is read (75 s at most), checked and stored
ANSWER_BYTES = 256 << 20


def run(arguments: Namespace, voice: Voice) -> int:
    """Hand in a file: 0 kept and clean, 1 kept with problems, 2 not kept."""
    token = os.environ.get("PHUSONG_TOKEN", "").strip()
    if not token:
        raise StoreError("token_missing")
    told = mapping_of(arguments.map or [])
    url = arguments.url or ("" if arguments.store else os.environ.get("PHUSONG_URL", ""))
    if url and (arguments.wards or arguments.households or arguments.coast):
        raise UsageError("submit_city_at_server")
    document = _sent(url, token, told, arguments, voice) if url else _stored(token, told, arguments)
    voice.show(json_text(document) if voice.as_json else "\n".join(_lines(document, voice)))
    if not document["accepted"] or "error" in document:
        return UNUSABLE
    return CLEAN if all(each["severity"] == "note" for each in document["problems"]) else PROBLEMS


def _stored(token: str, told: dict[str, str], arguments: Namespace) -> dict[str, Any]:
    """Return the receipt of a file that is put into a store of this machine."""
    store = store_of(arguments)
    try:
        account = token_holder(store, token)
        account.principal.need("submit")
        if arguments.partner and arguments.partner != account.partner:
            raise StoreError("token_of_another", partner=arguments.partner)
        ground = ground_from(arguments)
        try:
            raw = read_upload(arguments.file)
            given = check_sent(store, account.principal, arguments.layer, raw, ground, told)
        except LayerError as error:
            if not arguments.json:
                raise
            return report_of_failure(error, Path(arguments.file).name)
        kept = None
        if given.accepted and not arguments.check_only:
            content = regular_file(arguments.file).read_bytes()
            kept = hand_in(store, account.principal, arguments.layer, given, content)
        return receipt(given, kept)
    finally:
        store.close()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Another address does not get the token."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _sent(url: str, token: str, told: dict[str, str], arguments: Namespace, voice: Voice) -> dict[str, Any]:
    """Return the receipt of a server for a file that is sent to it."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError("submit_url_unusable", url=url)
    here = is_loopback(parts.hostname)
    if parts.scheme == "http" and not here:
        raise UsageError("submit_in_clear", url=url)
    path = regular_file(arguments.file)
    if path.stat().st_size > MAX_UPLOAD_BYTES:
        size, limit = path.stat().st_size >> 20, MAX_UPLOAD_BYTES >> 20
        raise LayerError("upload_too_large", file=path.name, size_mb=size, limit_mb=limit)
    query = [("layer", arguments.layer), ("name", path.name)]
    query += [("partner", arguments.partner)] if arguments.partner else []
    query += [("check", "1")] if arguments.check_only else []
    query += [("map", f"{field}={column}") for field, column in told.items()]
    request = urllib.request.Request(  # noqa: S310 (the scheme was looked at above)
        f"{url.rstrip('/')}/api/submissions?{urlencode(query)}",
        data=path.read_bytes(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/octet-stream"},
        method="POST",
    )
    proxies = [urllib.request.ProxyHandler({})] if here else []
    return _answer(urllib.request.build_opener(_NoRedirect, *proxies), request, parts.hostname, voice)


def _answer(
    opener: urllib.request.OpenerDirector, request: urllib.request.Request, host: str, voice: Voice
) -> dict[str, Any]:
    try:
        with opener.open(request, timeout=ANSWER_S) as answer:
            text = answer.read(ANSWER_BYTES)
    except urllib.error.HTTPError as error:
        text = error.read(ANSWER_BYTES)
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise StoreError("server_unreachable", host=host, reason=str(reason) or type(error).__name__) from error
    try:
        document = dict(json.loads(text))
        if "error" in document and not voice.as_json:
            raise StoreError("server_refused", reason=document["error"][f"message_{voice.lang}"])
        if "error" in document:
            return {"rows": 0, "accepted": 0, "problems": [], **document}
        return document | {"accepted": int(document["accepted"]), "problems": list(document["problems"])}
    except (ValueError, TypeError, KeyError) as error:
        raise StoreError("server_no_answer", host=host) from error


def _lines(document: dict[str, Any], voice: Voice) -> list[str]:
    lang, grade, kept = voice.lang, document.get("grade"), document.get("submission")
    counts = {name: document[name] for name in ("rows", "accepted", "refused", "repaired")}
    lines = [t("cli.check_counts", lang, file=document["file"], **counts)]
    if grade:
        scores = ", ".join(
            f"{t(f'intake.dimension_{name}', lang)} {percent(score, lang)}" for name, score in grade["scores"].items()
        )
        lines.append(t("cli.check_grade", lang, letter=grade["letter"], scores=scores))
    order = ("error", "warning", "note")
    found = sorted(document["problems"], key=lambda each: order.index(each["severity"]))
    lines += [f"- {each[f'message_{lang}']}" for each in found[:LISTED]]
    if len(found) > LISTED:
        lines.append(t("cli.more_problems", lang, count=len(found) - LISTED))
    if kept:
        status = t(f"inbox.{kept['status']}", lang)
        return [*lines, "", t("cli.submit_kept", lang, id=kept["id"], rows=kept["rows"], status=status)]
    return [*lines, "", t("cli.submit_not_kept", lang)]
