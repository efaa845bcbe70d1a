"""What all HTTP functions have in common.

Cites API-01, API-05 (problem+json), API-10 (5 MB), PAY-05 (card numbers), SEC-04, MON-04.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from oms.kernel.errors import Conflict, Unavailable
from oms.kernel.money import MAX_AMOUNT
from oms_aws import telemetry
from oms_aws.http_body import MAX_BYTES, looks_like_card_number

from tests.functions.world import World, invocation

PATH = "/v1/orders"
KEY = {"Idempotency-Key": "k1"}


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that is logged."""
    stream = io.StringIO()
    before = telemetry.logger.registered_handler.setStream(stream)  # type: ignore[attr-defined]
    yield stream
    telemetry.logger.registered_handler.setStream(before)  # type: ignore[attr-defined]


def is_problem(got: Any, status: int, code: str) -> None:
    assert (got.status, got.body["status"], got.body["code"]) == (status, status, code)
    assert got.headers["content-type"] == "application/problem+json"
    assert got.body["type"] == f"urn:throughline:problem:{code}"
    assert got.body["traceId"] == got.headers["x-correlation-id"]
    assert got.body["title"]
    assert got.body["detail"]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("", "INVALID_REQUEST"),
        ("{", "INVALID_JSON"),
        ("[]", "INVALID_REQUEST"),
        ("null", "INVALID_REQUEST"),
        ('{"channel": "web", "channel": "pos"}', "DUPLICATE_NAME"),
        ('{"lines": [{"sku": "A", "sku": "B"}]}', "DUPLICATE_NAME"),
        ('{"priority": NaN}', "INVALID_JSON"),
        ('{"priority": Infinity}', "INVALID_JSON"),
        ('{"priority": 1e999}', "NUMBER_OUT_OF_RANGE"),
        (f'{{"statedTotal": {MAX_AMOUNT + 1}}}', "NUMBER_OUT_OF_RANGE"),
        (f'{{"statedTotal": -{MAX_AMOUNT + 1}}}', "NUMBER_OUT_OF_RANGE"),
        (f'{{"statedTotal": {"9" * 5000}}}', "NUMBER_OUT_OF_RANGE"),
        ("[" * 100_000, "NESTED_TOO_DEEP"),
        ('{"a":' * 17 + "1" + "}" * 17, "NESTED_TOO_DEEP"),
        ('{"channel": "a\\u0000b"}', "INVALID_TEXT"),
        ('{"channel": "\\ud800"}', "INVALID_TEXT"),
    ],
)
def test_bodies_that_cannot_be_read(world: World, raw: str, code: str) -> None:
    """API-05: 400, never 500, whatever JSON leaves open."""
    is_problem(world.http("orders", "POST", PATH, raw=raw, headers=KEY), 400, code)


def test_the_largest_number_is_read(world: World) -> None:
    """TOT: amounts up to the stated bound are taken, and then refused for what they mean only."""
    raw = f'{{"statedTotal": {MAX_AMOUNT}}}'
    got = world.http("orders", "POST", PATH, raw=raw, headers=KEY)
    assert [error["code"] for error in got.body["errors"]] == ["REQUIRED", "REQUIRED"]


def test_bytes_that_are_no_text(world: World) -> None:
    """API-05: not UTF-8, not base64."""
    event = invocation("orders", "place_order") | {"isBase64Encoded": True}
    for body in (base64.b64encode(b'{"channel": "\xff"}').decode(), "***"):
        is_problem(
            world.answer(world.call("orders", event | {"body": body})), 400, "INVALID_ENCODING"
        )
    text = invocation("orders", "place_order")["body"]
    encoded = base64.b64encode(text.encode()).decode()
    assert world.answer(world.call("orders", event | {"body": encoded})).status == 201


def test_a_body_over_five_megabytes(world: World) -> None:
    """API-10: one byte too many is 413."""
    raw = '{"instructions": "%s"}' % ("x" * (MAX_BYTES - 19))
    assert len(raw) == MAX_BYTES + 1
    is_problem(world.http("orders", "POST", PATH, raw=raw, headers=KEY), 413, "BODY_TOO_LARGE")
    got = world.http("orders", "POST", PATH, raw=raw.replace("xx", "x", 1), headers=KEY)
    assert got.status == 400


def test_another_type_than_json(world: World) -> None:
    """API-01."""
    headers = KEY | {"Content-Type": "text/xml"}
    got = world.http("orders", "POST", PATH, raw="<order/>", headers=headers)
    is_problem(got, 415, "UNSUPPORTED_TYPE")


@pytest.mark.parametrize(
    "number",
    [
        "4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111", "card 5555555555554444.",
        "378282246310005", "6011111111111117", "30569309025904", "3530111333300000",
        "4222222222222", "6304000000000000", "2223003122003222",
    ],
)  # fmt: skip
def test_card_numbers_are_refused_and_not_repeated(world: World, number: str) -> None:
    """PAY-05: anywhere in the body, whatever the separators; the answer does not hold it."""
    body = world.order()
    body["customer"]["name"] = number
    got = world.http("orders", "POST", PATH, body, headers=KEY)
    is_problem(got, 422, "CARD_NUMBER")
    assert got.body["errors"][0]["path"] == "customer.name"
    assert number not in json.dumps(got.body)
    got = world.http("orders", "POST", PATH, {number: 1}, headers=KEY)
    is_problem(got, 422, "CARD_NUMBER")


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111112", "ord_4111111111111111X"[:12], "1234567890123", "4006381333931",
        "9400111899223857264499", "1Z999AA10123456784", "0000000000000000", "+1 617 555 0100",
    ],
)  # fmt: skip
def test_other_long_numbers_pass(text: str) -> None:
    """Barcodes, parcel numbers and phones are no card numbers."""
    assert not looks_like_card_number(text)


def test_routes_and_methods_that_are_not_there(world: World) -> None:
    """API-05: 404 for an unknown route, 405 with what is allowed for an unknown method."""
    is_problem(world.http("orders", "GET", "/v1/nothing"), 404, "UNKNOWN_ROUTE")
    is_problem(world.http("orders", "GET", "/v1/orders/a/b/c"), 404, "UNKNOWN_ROUTE")
    got = world.http("orders", "PATCH", PATH)
    is_problem(got, 405, "METHOD_NOT_ALLOWED")
    assert got.headers["allow"] == "GET, POST"
    got = world.http("orders", "DELETE", "/v1/orders/ord_1")
    assert (got.status, got.headers["allow"]) == (405, "GET")


def test_a_query_parameter_twice(world: World) -> None:
    """API-05: nothing is picked silently."""
    event = invocation("orders", "search") | {"rawQueryString": "q=a&q=b"}
    is_problem(world.answer(world.call("orders", event)), 400, "INVALID_REQUEST")


@pytest.mark.parametrize(
    ("error", "status", "code", "wait"),
    [
        (Unavailable("SEARCH_DOWN", "no answer"), 503, "SEARCH_DOWN", "5"),
        (Conflict("BUSY", "in demand"), 409, "BUSY", "1"),
        (EndpointConnectionError(endpoint_url="https://x"), 503, "UNAVAILABLE", "5"),
        (RuntimeError("Ana Alvarez, 1 Main Street"), 500, "INTERNAL", None),
    ],
)
def test_what_fails_behind(
    world: World, monkeypatch: pytest.MonkeyPatch, log: io.StringIO,
    error: Exception, status: int, code: str, wait: str | None,
) -> None:  # fmt: skip
    """API-05, SEC-04: when to try again, and no word about causes, in answer or log."""

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(world.lifecycle, "place", fail)
    got = world.http("orders", "POST", PATH, world.order(), headers=KEY)
    is_problem(got, status, code)
    assert got.headers.get("retry-after") == wait
    assert "Alvarez" not in json.dumps(got.body)
    assert "Traceback" not in json.dumps(got.body)
    assert error.__class__.__name__ in log.getvalue() or status in (409, 503)
    assert "Alvarez" not in log.getvalue()


def test_logs_carry_ids_only(world: World, log: io.StringIO) -> None:
    """SEC-04, MON-04: the trace id is on every line, names and addresses on none."""
    world.call("orders", invocation("orders", "place_order"))
    out = log.getvalue()
    logs = [json.loads(line) for line in out.splitlines()]
    assert logs
    assert {log["correlation_id"] for log in logs} == {"web-7f3a2b91c4"}
    for private in ("Alvarez", "ana@example.com", "Main Street", "tok_ok"):
        assert private not in out


def test_a_trace_id_that_cannot_be_kept_is_replaced(world: World) -> None:
    """MON-04: what comes from outside never reaches logs unchecked."""
    headers = {"X-Correlation-Id": "evil\nline"}
    got = world.http("orders", "GET", PATH, headers=headers)
    assert got.headers["x-correlation-id"] != headers["X-Correlation-Id"]
    assert len(got.headers["x-correlation-id"]) == 32
