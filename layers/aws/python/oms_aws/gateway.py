"""Payment gateway over HTTP: one attempt per call, every way to fail told apart (GTW-02 to GTW-06).

What happened decides the outcome, because the outcome decides what may safely be done next:

    no connection, 401, 403, 429            UNREACHABLE  not sent, or turned away before processing
    silence, broken answer, 3xx, 5xx,
    408, 409, 425, a 4xx without a code     UNKNOWN      it may have happened
    402                                     DECLINED     SOFT or HARD as the gateway says
    another 4xx with the gateway's code     DECLINED     HARD: resending would not help
    lookup: 404 `never_seen`                NEVER_SEEN   any other 4xx of a lookup is UNKNOWN
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from oms.kernel.codec import encode
from oms.payments.gateway import (
    Capabilities,
    DeclineClass,
    GatewayRequest,
    GatewayResult,
    Outcome,
    WebhookEvent,
    WebhookRefusal,
)

from oms_aws.gateway_http import Lost, NotSent, Reply, exchange
from oms_aws.gateway_webhook import parse_webhook, read_operation

BUDGET_SECONDS = 10.0
_TURNED_AWAY = frozenset({401, 403, 429})
_AMBIGUOUS = frozenset({408, 409, 425})


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """Where a gateway is, how to be let in, what it can do and how many seconds a call may take."""

    url: str
    api_key: str = field(repr=False)
    test_mode: bool
    capabilities: Capabilities
    budget_seconds: float = BUDGET_SECONDS


TEST_GATEWAY_CAPABILITIES = Capabilities(
    multi_capture=True, partial_authorization=True, asynchronous=True, lookup=True
)


class HttpGateway:
    """Speaks the gateway's API; safe to share between threads."""

    def __init__(
        self, settings: GatewaySettings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._settings = settings
        self._clock = clock

    @property
    def test_mode(self) -> bool:
        """Whether no real money moves."""
        return self._settings.test_mode

    @property
    def capabilities(self) -> Capabilities:
        """As configured for this gateway."""
        return self._settings.capabilities

    def authorize(self, request: GatewayRequest) -> GatewayResult:
        """Reserve an amount on the token."""
        return self._submit("/v1/authorizations", request)

    def capture(self, request: GatewayRequest) -> GatewayResult:
        """Take money from an authorization."""
        return self._submit(f"/v1/authorizations/{_parent(request)}/captures", request)

    def refund(self, request: GatewayRequest) -> GatewayResult:
        """Give captured money back."""
        return self._submit(f"/v1/captures/{_parent(request)}/refunds", request)

    def void(self, request: GatewayRequest) -> GatewayResult:
        """Release what is left of an authorization."""
        return self._submit(f"/v1/authorizations/{_parent(request)}/void", request)

    def verify(self, request: GatewayRequest) -> GatewayResult:
        """Check a token with a zero amount."""
        return self._submit("/v1/verifications", request)

    def lookup(self, intent_id: str) -> GatewayResult:
        """Ask what became of a request; UNREACHABLE or UNKNOWN if that cannot be learned."""
        reply = self._call("GET", f"/v1/operations?key={quote(intent_id, safe='')}", {}, None)
        if isinstance(reply, GatewayResult):
            return reply
        code = _error_code(reply)
        if reply.status == 404 and code == "never_seen":
            return GatewayResult(Outcome.NEVER_SEEN)
        if reply.status == 200:
            return _operation(reply, intent_id)
        outcome = Outcome.UNREACHABLE if reply.status in _TURNED_AWAY else Outcome.UNKNOWN
        return GatewayResult(outcome, code=code or f"http_{reply.status}")

    def parse_webhook(
        self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]
    ) -> WebhookEvent | WebhookRefusal:
        """Verify and read a notification, by the clock given to this adapter."""
        return parse_webhook(headers, body, secrets, self._clock())

    def _submit(self, path: str, request: GatewayRequest) -> GatewayResult:
        headers = {"Content-Type": "application/json", "Idempotency-Key": request.intent_id}
        reply = self._call("POST", path, headers, json.dumps(_body(request)).encode())
        if isinstance(reply, GatewayResult):
            return reply
        if reply.status in (200, 202, 402):
            return _operation(reply, request.intent_id)
        return _error(reply)

    def _call(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> Reply | GatewayResult:
        settings = self._settings
        letters = {"Authorization": f"Bearer {settings.api_key}", "Connection": "close", **headers}
        try:
            return exchange(method, settings.url + path, letters, body, settings.budget_seconds)
        except NotSent:
            return GatewayResult(Outcome.UNREACHABLE, code="not_connected")
        except Lost:
            return GatewayResult(Outcome.UNKNOWN, code="no_answer")


def _parent(request: GatewayRequest) -> str:
    return quote(request.parent_reference or "", safe="")


def _body(request: GatewayRequest) -> dict[str, Any]:
    body: dict[str, Any] = {
        "currency": request.currency,
        "metadata": encode(request.metadata),
    }
    if request.amount:
        body["amount"] = request.amount
    if request.parent_reference is None:
        body["paymentToken"] = request.payment_token
    if request.final_capture:
        body["final"] = True
    return body


def _operation(reply: Reply, intent_id: str) -> GatewayResult:
    """The result in an answer; one that cannot be read or is about another key proves nothing."""
    try:
        operation = json.loads(reply.body)
        if operation["key"] == intent_id:
            return read_operation(operation)
    except (KeyError, TypeError, ValueError):
        return GatewayResult(Outcome.UNKNOWN, code="malformed_answer")
    return GatewayResult(Outcome.UNKNOWN, code="foreign_answer")


def _error(reply: Reply) -> GatewayResult:
    code = _error_code(reply)
    label = code or f"http_{reply.status}"
    if reply.status in _TURNED_AWAY:
        return GatewayResult(Outcome.UNREACHABLE, code=label)
    if code is not None and 400 <= reply.status < 500 and reply.status not in _AMBIGUOUS:
        return GatewayResult(Outcome.DECLINED, decline_class=DeclineClass.HARD, code=label)
    return GatewayResult(Outcome.UNKNOWN, code=label)


def _error_code(reply: Reply) -> str | None:
    """The gateway's own error code; an answer without one comes from something in between."""
    try:
        code = json.loads(reply.body)["error"]["code"]
    except (KeyError, TypeError, ValueError):
        return None
    return code if isinstance(code, str) else None
