"""The HTTP interface of the test gateway, in the manner of a card processor.

    POST /v1/authorizations                    {amount, currency, paymentToken, metadata}
    POST /v1/authorizations/{ref}/captures     {amount, currency, final, metadata}
    POST /v1/authorizations/{ref}/void         {currency, metadata}
    POST /v1/captures/{ref}/refunds            {amount, currency, metadata}
    POST /v1/verifications                     {currency, paymentToken, metadata}
    GET  /v1/operations?key=

Every POST needs `Idempotency-Key`, every call `Authorization: Bearer <key>`. Answers are the
operation: 200 succeeded, 202 pending, 402 declined. Errors are `{"error": {"code"}}`: 400 malformed
(a token that resembles a card number is refused and never stored), 401, 404 `never_seen` or
`unknown_reference`, 409 `still_processing`, 422 `idempotency_mismatch`.

For tests, without authorization because the service listens on the loopback interface only:

    GET  /v1/_stats                money moved per key, totals per currency, calls, webhooks
    POST /v1/_down                 {seconds}: refuse connections for so long
    POST /v1/_settle               settle all pending operations now
    POST /v1/_webhooks/endpoint    {url}: where webhooks go from now on
    POST /v1/_webhooks/replay      {key?, times?}: send stored events again
"""

import json
import re
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

from infra.local.gateway_service.model import Instruction, Operation, Rejected
from infra.local.gateway_service.service import Service

_REFERENCE = r"(?P<parent>[^/]+)"
_ROUTES = [
    (re.compile(r"/v1/authorizations"), "AUTHORIZE"),
    (re.compile(rf"/v1/authorizations/{_REFERENCE}/captures"), "CAPTURE"),
    (re.compile(rf"/v1/authorizations/{_REFERENCE}/void"), "VOID"),
    (re.compile(rf"/v1/captures/{_REFERENCE}/refunds"), "REFUND"),
    (re.compile(r"/v1/verifications"), "VERIFY"),
]
_STATUS = {"SUCCEEDED": 200, "PENDING": 202, "DECLINED": 402}
_LONGEST_BODY = 65_536
_CARD_NUMBER = re.compile(r"(?<!\d)(?:\d[ -]?){12,18}\d(?!\d)")


class Handler(BaseHTTPRequestHandler):
    """One connection. `service` is set by the listener that makes the handler class."""

    service: ClassVar[Service]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Lookups and figures."""
        target = urlsplit(self.path)
        if target.path == "/v1/_stats":
            self._answer(200, self.service.stats())
            return
        self._guarded(target.path, self._lookup)

    def do_POST(self) -> None:
        """Operations and test controls."""
        path = urlsplit(self.path).path
        self._guarded(path, self._control if path.startswith("/v1/_") else self._submit)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Requests are not logged: a rejected one may hold a card number."""

    def _guarded(self, path: str, respond: Callable[[str], None]) -> None:
        try:
            if not path.startswith("/v1/_"):
                self._authenticate()
            respond(path)
        except Rejected as rejected:
            self._answer(rejected.status, {"error": {"code": rejected.code}})

    def _authenticate(self) -> None:
        if self.headers.get("Authorization") != f"Bearer {self.service.api_key}":
            self.close_connection = True
            raise Rejected(401, "unauthorized")

    def _lookup(self, path: str) -> None:
        keys = parse_qs(urlsplit(self.path).query).get("key", [])
        if path != "/v1/operations" or len(keys) != 1:
            raise Rejected(404, "no_such_resource")
        operation = self.service.bank.lookup(keys[0])
        if operation is None:
            raise Rejected(404, "never_seen")
        self._answer(200, operation.as_json())

    def _submit(self, path: str) -> None:
        body = self._body()
        for pattern, kind in _ROUTES:
            match = pattern.fullmatch(path)
            if match is not None:
                parent = match.groupdict().get("parent")
                told = _instruction(kind, unquote(parent) if parent else None, self._key(), body)
                self._tell(self.service.submit(told))
                return
        raise Rejected(404, "no_such_resource")

    def _tell(self, operation: Operation | None) -> None:
        if operation is None:
            self.close_connection = True
            return
        self._answer(_STATUS[operation.verdict.status], operation.as_json())

    def _control(self, path: str) -> None:
        body = self._body()
        try:
            answer = self._act(path, body)
        except (KeyError, TypeError, ValueError):
            raise Rejected(400, "malformed_body") from None
        self._answer(200, answer)

    def _act(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        match path:
            case "/v1/_down":
                self.close_connection = True
                self.service.go_down(float(body["seconds"]))
            case "/v1/_settle":
                self.service.settle_now()
            case "/v1/_webhooks/endpoint":
                self.service.send_webhooks_to(str(body["url"]))
            case "/v1/_webhooks/replay":
                times = int(body.get("times", 1))
                return {"queued": self.service.notifier.replay(body.get("key"), times)}
            case _:
                raise Rejected(404, "no_such_resource")
        return {}

    def _key(self) -> str:
        key = self.headers.get("Idempotency-Key", "")
        if not 1 <= len(key) <= 255:
            raise Rejected(400, "idempotency_key_missing")
        return key

    def _body(self) -> dict[str, Any]:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > _LONGEST_BODY:
            self.close_connection = True
            raise Rejected(400, "body_too_long")
        try:
            body = json.loads(self.rfile.read(int(length)) or b"{}")
        except ValueError:
            raise Rejected(400, "malformed_body") from None
        if not isinstance(body, dict):
            raise Rejected(400, "malformed_body")
        return body

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        try:
            self.end_headers()
            self.wfile.write(content)
        except OSError:
            # The client gave up waiting; its lookup will tell it.
            self.close_connection = True


def _instruction(kind: str, parent: str | None, key: str, body: dict[str, Any]) -> Instruction:
    """The instruction a body spells out; raises Rejected for fields that are missing or wrong."""
    amount, currency = body.get("amount", 0), body.get("currency")
    token, metadata = body.get("paymentToken"), body.get("metadata", {})
    if type(amount) is not int or (amount > 0) != (kind not in ("VOID", "VERIFY")) or amount < 0:
        raise Rejected(400, "invalid_amount")
    if not isinstance(currency, str) or not re.fullmatch(r"[A-Z]{3}", currency):
        raise Rejected(400, "invalid_currency")
    if (parent is None) != isinstance(token, str):
        raise Rejected(400, "invalid_token")
    if isinstance(token, str) and _CARD_NUMBER.search(token):
        raise Rejected(400, "card_number_refused")
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise Rejected(400, "invalid_metadata")
    return Instruction(
        key, kind, amount, currency, token, parent, body.get("final") is True, metadata
    )
