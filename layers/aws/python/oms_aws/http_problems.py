"""Every refusal as `application/problem+json` (API-05), and nothing but refusals.

::

    Malformed, pydantic's ValidationError   400    Refused               422
    no token                                401    PreconditionRequired  428
    Forbidden                               403    Unavailable           503 with Retry-After
    NotFound, no such route                 404    anything else         500, cause unsaid
    a route, but not with this method       405
    Conflict                                409    body too large        413
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response
from oms.kernel.codec import encode
from oms.kernel.errors import (
    Conflict,
    Forbidden,
    Malformed,
    NotFound,
    OmsError,
    PreconditionRequired,
    Problem,
    Refused,
    Unavailable,
)
from pydantic import ValidationError
from pydantic_core import ErrorDetails

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER = {"BUSY": 1, "IN_PROGRESS": 1, "UNAVAILABLE": 5}
"""Seconds after which a caller may try again, by code; every `Unavailable` has the last."""

_STATUSES: tuple[tuple[type[OmsError], int], ...] = (
    (Malformed, 400), (Forbidden, 403), (NotFound, 404), (Conflict, 409), (Refused, 422),
    (PreconditionRequired, 428), (Unavailable, 503),
)  # fmt: skip
_WORDS = {
    "missing": "REQUIRED", "extra_forbidden": "UNKNOWN_FIELD", "union_tag_invalid": "UNKNOWN_VALUE",
    "union_tag_not_found": "REQUIRED", "enum": "UNKNOWN_VALUE", "literal_error": "UNKNOWN_VALUE",
    "too_long": "TOO_MANY", "too_short": "TOO_FEW", "string_too_long": "TOO_LONG",
    "string_too_short": "TOO_SHORT", "string_pattern_mismatch": "INVALID_FORMAT",
    "greater_than_equal": "OUT_OF_RANGE", "less_than_equal": "OUT_OF_RANGE",
    "greater_than": "OUT_OF_RANGE", "less_than": "OUT_OF_RANGE",
}  # fmt: skip


def status_of(error: OmsError) -> int:
    """The HTTP status of a refusal."""
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 400)


def problem(
    status: int, code: str, detail: str, trace_id: str, extra: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response[str]:  # fmt: skip
    """A problem document; `trace_id` finds the request in logs and events."""
    body: dict[str, Any] = {
        "type": f"urn:throughline:problem:{code}", "title": HTTPStatus(status).phrase,
        "status": status, "code": code, "detail": detail, "traceId": trace_id,
    }  # fmt: skip
    body |= {name: value for name, value in (extra or {}).items() if value}
    return Response(status, CONTENT_TYPE, json.dumps(body), headers=dict(headers or {}))


def of_refusal(error: OmsError, trace_id: str) -> Response[str]:
    """The answer to a command or question that the product refuses."""
    status = status_of(error)
    extra = {
        "errors": [encode(p) for p in error.problems],
        "reasons": [encode(r) for r in error.reasons],
        "existingId": error.existing_id,
        **error.more,
    }
    wait = RETRY_AFTER.get("UNAVAILABLE" if status == 503 else error.code)
    headers = {"Retry-After": str(wait)} if wait else {}
    return problem(status, error.code, error.detail, trace_id, extra, headers)


def malformed(error: ValidationError, prefix: str = "") -> Malformed:
    """What is wrong with each field, as paths of the request; values are never repeated."""
    entries = error.errors(include_input=False, include_url=False, include_context=False)
    problems = [
        Problem(_path(entry["loc"], prefix), _code(entry["type"]), entry["msg"])
        for entry in entries
        if entry["type"] != "too_short" or not _wrong_within(entry["loc"], entries)
    ]
    return Malformed("INVALID_REQUEST", "the request does not fit its schema", problems)


def _wrong_within(list_at: tuple[int | str, ...], entries: Sequence[ErrorDetails]) -> bool:
    """Whether elements of a list are wrong: pydantic counts those as missing, too."""
    deep = len(list_at)
    return any(len(e["loc"]) > deep and e["loc"][:deep] == list_at for e in entries)


def _code(kind: str) -> str:
    if kind.startswith("rule."):
        return kind.removeprefix("rule.").upper()
    return _WORDS.get(kind, "WRONG_TYPE" if kind.endswith("_type") else "INVALID")


def _path(location: Iterable[str | int], prefix: str) -> str:
    path = prefix
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            path += f".{part}" if path else part
    return path
