"""What a file that a program sent is answered with: read apart, checked, kept, reported."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import QueryParams
from starlette.responses import JSONResponse, Response

from coverage.app import cached
from coverage.app.receiving import document, refusal
from coverage.app.visitor import store
from coverage.errors import CoverageError, LayerError
from coverage.files.sandbox import read_sent
from coverage.intake.documents import receipt, report_of_failure
from coverage.intake.handing import check_sent, ground_of, hand_in
from coverage.store.accounts import Account
from coverage.store.submissions import Kind


def answered(account: Account, kind: Kind, name: str, content: bytes, query: QueryParams) -> Response:
    """Return the report of a file, which is kept unless the query asks for a check alone."""
    found, who = store(), account.principal
    assert found is not None
    no_store: Mapping[str, str] = {"Cache-Control": "no-store"}
    try:
        given = check_sent(found, who, kind, read_sent(name, content), ground_of(cached.city()), _told(query))
        kept = None
        if given.accepted and not query.get("check"):
            kept = hand_in(found, who, kind, given, content)
        return JSONResponse(receipt(given, kept), 200 if kept is None else 201, no_store)
    except LayerError as error:
        return JSONResponse(document(error) | report_of_failure(error, name), 422, no_store)
    except CoverageError as error:
        return refusal(error)


def _told(query: QueryParams) -> dict[str, str]:
    pairs = [text.partition("=") for text in query.getlist("map")]
    return {field.strip(): column.strip() for field, _, column in pairs}
