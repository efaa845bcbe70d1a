"""The HTTP entry: one declared operation per route, and everything all of them have in common.

An `Operation` says what a route needs and answers; the same declaration registers the route, checks
the call and becomes its part of the OpenAPI document, so that none of the three can differ. Before
`run` sees a `Call`, actor, scope, body, parameters, idempotency key and preconditions are checked.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError
from oms.kernel.context import Actor
from oms.kernel.errors import Malformed, OmsError, Problem, Refused
from oms.settings.model import Client
from pydantic import BaseModel, ValidationError

from oms_aws import http_problems, telemetry
from oms_aws.http_actor import Unauthenticated, actor_of, require
from oms_aws.http_body import MAX_BYTES, TooLarge, canonical, looks_like_card_number, read_json
from oms_aws.http_calls import ANONYMOUS, MAX_ID, Call, Key, Operation, Reply
from oms_aws.http_keys import Keys

if TYPE_CHECKING:
    from oms.lifecycle.answers import Answer

__all__ = ["ANONYMOUS", "MAX_ID", "Api", "Call", "Key", "Operation", "Reply", "replied"]


class Api:
    """All operations of one function behind an HTTP API with payload format 2.0."""

    def __init__(
        self, operations: Sequence[Operation], client_of: Callable[[str], Client | None],
        keys: Callable[[], Keys] | None = None,
    ) -> None:  # fmt: skip
        self.operations = tuple(operations)
        self._client_of = client_of
        self._keys = keys
        self._resolver = APIGatewayHttpResolver()
        for operation in self.operations:
            self._register(operation)
        self._resolver.not_found(self._no_route)
        for kinds, answer in self._failures():
            self._resolver.exception_handler(kinds)(answer)

    def answer(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """The integration response to an API Gateway event; never raises."""
        headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
        trace = telemetry.correlation_id(headers.get("x-correlation-id"))
        self._resolver.context.update(trace=trace, headers=headers)
        answer = self._resolver.resolve(event, context)
        answer.setdefault("headers", {})["X-Correlation-Id"] = trace
        self._record(event, answer)
        telemetry.flush()
        return answer

    def _register(self, operation: Operation) -> None:
        rule = re.sub(r"\{(\w+)\}", r"<\1>", operation.path)

        def serve(**path: str) -> Response[str]:
            return self._serve(operation, path)

        self._resolver.route(rule, method=operation.method)(serve)

    def _serve(self, operation: Operation, path: Mapping[str, str]) -> Response[str]:
        actor = self._actor(operation)
        _check_ids(path)
        raw = self._raw_body(operation)
        params = _params(self._resolver.current_event.get("rawQueryString") or "")
        preview = params.pop("dryRun", None) if operation.preview else None
        call = Call(
            actor=actor, path=path, params=params, correlation_id=self._trace,
            body=_model(operation.body, raw), query=_query(operation, params),
            body_hash=_hash(operation, path, params, raw), dry_run=_dry_run(preview),
            expected_version=self._expected_version(operation),
            key=self._key(operation, required=preview != "true"),
            expected_outcome=self._expected_outcome(operation),
            raw=raw, headers=self._headers,
        )  # fmt: skip
        kept = self._keys if operation.remembered else None
        reply = operation.run(call) if kept is None else kept().once(call, operation.run)
        headers = dict(reply.headers)
        if reply.version is not None:
            headers["ETag"] = f'"{reply.version}"'
        if reply.replayed:
            headers["Idempotent-Replayed"] = "true"
        body = json.dumps(reply.body, ensure_ascii=False, separators=(",", ":"))
        return Response(reply.status, "application/json", body, headers=headers)

    @property
    def _trace(self) -> str:
        return str(self._resolver.context["trace"])

    @property
    def _headers(self) -> Mapping[str, str]:
        headers: Mapping[str, str] = self._resolver.context["headers"]
        return headers

    def _actor(self, operation: Operation) -> Actor:
        context = self._resolver.current_event.raw_event.get("requestContext", {})
        claims = ((context.get("authorizer") or {}).get("jwt") or {}).get("claims")
        if operation.scope == ANONYMOUS:
            return _NOBODY
        if not claims:
            raise Unauthenticated
        actor = actor_of(claims, self._client_of)
        require(actor, operation.scope)
        return actor

    def _raw_body(self, operation: Operation) -> bytes:
        if operation.body is None and not operation.raw:
            return b""
        kind = self._headers.get("content-type", "application/json").split(";")[0].strip().lower()
        if kind not in ("application/json", "application/problem+json"):
            raise UnsupportedType
        event = self._resolver.current_event.raw_event
        text = event.get("body") or ""
        if len(text) > MAX_BYTES * 4 // 3 + 4:
            raise TooLarge
        if not event.get("isBase64Encoded"):
            return bytes(text.encode("utf-8", "surrogatepass"))
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error:
            raise Malformed("INVALID_ENCODING", "the body is not base64") from None

    def _key(self, operation: Operation, *, required: bool) -> str | None:
        key = self._headers.get("idempotency-key")
        if operation.key is Key.NONE:
            return None
        if key is None:
            if operation.key is Key.REQUIRED and required:
                raise _header("Idempotency-Key", "IDEMPOTENCY_KEY_REQUIRED", "a key is required")
            return None
        if not re.fullmatch(r"[\x21-\x7e]{1,128}", key):
            raise _header("Idempotency-Key", "INVALID_FORMAT", "1 to 128 visible ASCII characters")
        if looks_like_card_number(key):
            raise Refused("CARD_NUMBER", "a card number must never be sent")
        return key

    def _expected_version(self, operation: Operation) -> int | None:
        tag = self._headers.get("if-match")
        if not operation.if_match or tag in (None, "*"):
            return None
        found = re.fullmatch(r'(?:W/)?"?([0-9]{1,9})"?', str(tag).strip())
        if found is None:
            raise _header("If-Match", "INVALID_FORMAT", "the ETag of the record is expected")
        return int(found.group(1))

    def _expected_outcome(self, operation: Operation) -> str | None:
        digest = self._headers.get("expected-outcome")
        if not operation.preview or digest is None:
            return None
        if not re.fullmatch(r"[0-9a-f]{64}", digest):
            raise _header("Expected-Outcome", "INVALID_FORMAT", "an outcomeHash is expected")
        return digest

    def _no_route(self, _: NotFoundError) -> Response[str]:
        event = self._resolver.current_event.raw_event
        path = str(event.get("rawPath", ""))
        allowed = sorted({o.method for o in self.operations if o.pattern.fullmatch(path)})
        # A method that is allowed got here by an id with characters that no id has.
        if not allowed or event["requestContext"]["http"]["method"] in allowed:
            return http_problems.problem(404, "UNKNOWN_ROUTE", "there is nothing here", self._trace)
        headers = {"Allow": ", ".join(allowed)}
        detail = f"this route knows {headers['Allow']}"
        code = "METHOD_NOT_ALLOWED"
        return http_problems.problem(405, code, detail, self._trace, headers=headers)

    def _failures(self) -> tuple[tuple[Any, Callable[[Any], Response[str]]], ...]:
        return (
            (OmsError, lambda error: http_problems.of_refusal(error, self._trace)),
            (TooLarge, lambda _: self._plain(413, "BODY_TOO_LARGE", f"at most {MAX_BYTES} bytes")),
            (UnsupportedType, lambda _: self._plain(415, "UNSUPPORTED_TYPE", "JSON is expected")),
            (Unauthenticated, lambda _: self._plain(401, "UNAUTHENTICATED", "a token is required")),
            ([BotoCoreError, ClientError], self._unavailable),
            (Exception, self._defect),
        )

    def _plain(self, status: int, code: str, detail: str) -> Response[str]:
        return http_problems.problem(status, code, detail, self._trace)

    def _unavailable(self, error: Exception) -> Response[str]:
        telemetry.logger.error("dependency failed", extra={"error": type(error).__name__})
        return http_problems.problem(
            503, "UNAVAILABLE", "something this needs does not answer; try again", self._trace,
            headers={"Retry-After": str(http_problems.RETRY_AFTER["UNAVAILABLE"])},
        )  # fmt: skip

    def _defect(self, error: Exception) -> Response[str]:
        # The text of an unexpected error may quote the request; the place it came from does not.
        telemetry.log_defect(error)
        return self._plain(500, "INTERNAL", "this is our fault; the trace id helps to find it")

    def _record(self, event: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        method = event.get("requestContext", {}).get("http", {}).get("method")
        status = answer["statusCode"]
        telemetry.tell("answered", {"method": method, "status": status})
        if status >= 500:
            telemetry.count("ApiErrors")


def replied(answer: Answer, headers: Mapping[str, str] | None = None) -> Reply:
    """The reply that an answer of a use case is."""
    return Reply(answer.body, answer.status, answer.version, answer.replayed, headers or {})


class UnsupportedType(Exception):
    """The body is declared to be something else than JSON."""


_NOBODY = actor_of({"client_id": ANONYMOUS, "custom:company": "-"}, lambda _: None)


def _header(name: str, code: str, message: str) -> Malformed:
    return Malformed(code, f"{name}: {message}", [Problem(name, code, message)])


def _check_ids(path: Mapping[str, str]) -> None:
    for name, value in path.items():
        if len(value) > MAX_ID:
            problem = Problem(name, "TOO_LONG", f"at most {MAX_ID} characters")
            raise Malformed("INVALID_REQUEST", "the path names no record", [problem])


def _params(raw: str) -> dict[str, str]:
    pairs = parse_qsl(raw, keep_blank_values=True)
    params = dict(pairs)
    for name, value in pairs:
        if params[name] != value or "\x00" in name + value:
            problem = Problem(name, "INVALID", "once, with one value; separate several by commas")
            raise Malformed("INVALID_REQUEST", "a query parameter cannot be read", [problem])
    return params


def _model(schema: type[BaseModel] | None, raw: bytes) -> Any:
    if schema is None:
        return None
    value = read_json(raw or b"{}")
    try:
        return schema.model_validate_json(canonical(value))
    except ValidationError as error:
        raise http_problems.malformed(error) from None


def _query(operation: Operation, params: Mapping[str, str]) -> Any:
    if operation.open_query:
        return None
    try:
        return (operation.query or _NoQuery).model_validate(params, strict=False)
    except ValidationError as error:
        raise http_problems.malformed(error) from None


def _dry_run(text: str | None) -> bool:
    if text not in (None, "true", "false"):
        problem = Problem("dryRun", "UNKNOWN_VALUE", "true or false is expected")
        raise Malformed("INVALID_REQUEST", "a query parameter cannot be read", [problem])
    return text == "true"


def _hash(
    operation: Operation, path: Mapping[str, str], params: Mapping[str, str], raw: bytes
) -> str:
    body = json.loads(raw or b"{}") if operation.body else None
    parts = [operation.name, dict(path), dict(params), body]
    return hashlib.sha256(canonical(parts)).hexdigest()


class _NoQuery(BaseModel, extra="forbid"):
    """An operation without query parameters."""
