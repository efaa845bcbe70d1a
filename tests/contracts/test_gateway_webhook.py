"""Signature, age and content of webhooks (GTW-07), against bodies signed here by hand."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from oms.payments.gateway import (
    DeclineClass,
    Outcome,
    RequestKind,
    WebhookEvent,
    WebhookRefusal,
    WebhookRefusalReason,
)
from oms_aws.gateway_webhook import parse_webhook

NOW = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
OPERATION = {
    "key": "int_1",
    "kind": "CAPTURE",
    "status": "SUCCEEDED",
    "reference": "cap_1",
    "parentReference": "auth_1",
    "amount": 500,
    "approvedAmount": 500,
    "currency": "EUR",
    "expiresAt": None,
    "declineClass": None,
    "code": None,
    "metadata": {"company": "ACME", "orderId": "ord_1", "paymentId": "pay_1"},
}
EVENT = {
    "id": "evt_1",
    "type": "capture.succeeded",
    "createdAt": "2026-03-01T10:59:58+01:00",
    "data": OPERATION,
}


def digest(body: bytes, secret: str, sent: datetime) -> str:
    """One signature, spelled out independently of the code under test."""
    signed = f"{int(sent.timestamp())}.".encode() + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def header(body: bytes, *secrets: str, sent: datetime = NOW) -> dict[str, str]:
    """A signature header with one signature per secret."""
    signatures = "".join(f",v1={digest(body, secret, sent)}" for secret in secrets)
    return {"gateway-signature": f"t={int(sent.timestamp())}{signatures}"}


def parse(event: object, **operation: Any) -> WebhookEvent | WebhookRefusal:
    """What is made of a correctly signed event whose operation is changed in some fields."""
    if isinstance(event, dict) and operation:
        event = event | {"data": OPERATION | operation}
    body = json.dumps(event).encode()
    return parse_webhook(header(body, "s1"), body, ["s1"], NOW)


def reason(headers: dict[str, str], body: bytes, secrets: list[str]) -> WebhookRefusalReason:
    """The reason of a refusal there must be."""
    refusal = parse_webhook(headers, body, secrets, NOW)
    assert isinstance(refusal, WebhookRefusal)
    return refusal.reason


def test_an_authentic_event_is_read() -> None:
    """GTW-07: all fields, times in UTC."""
    event = parse(EVENT)
    assert isinstance(event, WebhookEvent)
    assert (event.event_id, event.intent_id, event.kind) == ("evt_1", "int_1", RequestKind.CAPTURE)
    assert (event.result.outcome, event.result.approved_amount) == (Outcome.SUCCEEDED, 500)
    assert (event.result.reference, event.parent_reference) == ("cap_1", "auth_1")
    assert event.occurred_at == NOW - timedelta(seconds=2)
    assert event.metadata is not None
    assert event.metadata.order_id == "ord_1"


def test_a_decline_carries_class_and_code() -> None:
    """GTW-05 by webhook."""
    event = parse(EVENT, status="DECLINED", approvedAmount=0, declineClass="SOFT", code="busy")
    assert isinstance(event, WebhookEvent)
    assert (event.result.decline_class, event.result.code) == (DeclineClass.SOFT, "busy")


def test_money_nobody_asked_for_is_read_too() -> None:
    """GTW-07, PAY-35: an unknown reference becomes an orphan payment, so it must not be lost."""
    event = parse(EVENT, key=None, metadata={"note": "paid at the counter"})
    assert isinstance(event, WebhookEvent)
    assert (event.intent_id, event.metadata, event.amount) == (None, None, 500)


BODY = json.dumps(EVENT).encode()


@pytest.mark.parametrize(
    ("signers", "verifiers"),
    [(["old", "new"], ["old"]), (["old", "new"], ["new"]), (["old"], ["new", "old"])],
)
def test_secrets_rotate_without_a_gap(signers: list[str], verifiers: list[str]) -> None:
    """GTW-07: two active secrets on either side."""
    event = parse_webhook(header(BODY, *signers), BODY, verifiers, NOW)
    assert isinstance(event, WebhookEvent)


@pytest.mark.parametrize("name", ["Gateway-Signature", "GATEWAY-SIGNATURE"])
def test_the_header_name_has_no_case(name: str) -> None:
    """GTW-07: HTTP header names arrive in any case."""
    value = header(BODY, "s1")["gateway-signature"]
    assert isinstance(parse_webhook({name: value}, BODY, ["s1"], NOW), WebhookEvent)


def test_without_a_signature_nothing_is_believed() -> None:
    """GTW-07."""
    assert reason({}, BODY, ["s1"]) is WebhookRefusalReason.SIGNATURE_MISSING


@pytest.mark.parametrize(
    "value",
    ["", "t=1", "v1=00", "t=x,v1=00", "t=²,v1=00", "t=1,t=2,v1=00", "t=1772359200,v1=é"],
)
def test_a_broken_signature_is_refused(value: str) -> None:
    """GTW-07: strange headers are refusals, not crashes."""
    headers = {"gateway-signature": value}
    assert reason(headers, BODY, ["s1"]) is WebhookRefusalReason.SIGNATURE_INVALID


def test_another_secret_is_refused() -> None:
    """GTW-07; and no active secret means that nothing can be verified."""
    assert reason(header(BODY, "s2"), BODY, ["s1"]) is WebhookRefusalReason.SIGNATURE_INVALID
    assert reason(header(BODY, ""), BODY, []) is WebhookRefusalReason.SIGNATURE_INVALID


def test_an_empty_secret_signs_nothing() -> None:
    """GTW-07: a secret that was never configured must not let everybody in."""
    assert reason(header(BODY, ""), BODY, [""]) is WebhookRefusalReason.SIGNATURE_INVALID


def test_a_changed_body_is_refused() -> None:
    """GTW-07: tampering."""
    forged = BODY.replace(b"500", b"900")
    assert reason(header(BODY, "s1"), forged, ["s1"]) is WebhookRefusalReason.SIGNATURE_INVALID


def test_a_changed_timestamp_is_refused() -> None:
    """GTW-07: the time is signed, so a recorded event cannot be made young again."""
    old = header(BODY, "s1", sent=NOW - timedelta(hours=1))["gateway-signature"]
    fresh = f"t={int(NOW.timestamp())},{old.partition(',')[2]}"
    refused = reason({"gateway-signature": fresh}, BODY, ["s1"])
    assert refused is WebhookRefusalReason.SIGNATURE_INVALID


@pytest.mark.parametrize("direction", [-1, 1])
def test_the_timestamp_may_differ_by_five_minutes(direction: int) -> None:
    """GTW-07: five minutes either way and not a second more."""
    edge = NOW + direction * timedelta(minutes=5)
    beyond = edge + direction * timedelta(seconds=1)
    accepted = parse_webhook(header(BODY, "s1", sent=edge), BODY, ["s1"], NOW)
    assert isinstance(accepted, WebhookEvent)
    refused = reason(header(BODY, "s1", sent=beyond), BODY, ["s1"])
    assert refused is WebhookRefusalReason.TIMESTAMP_REJECTED


@pytest.mark.parametrize(
    "operation",
    [
        {"amount": 5.5},
        {"amount": -1},
        {"amount": "500"},
        {"approvedAmount": True},
        {"status": "LOST"},
        {"reference": ""},
        {"kind": "GIFT"},
        {"expiresAt": "2026-03-01T10:00:00"},
        {"status": "DECLINED", "declineClass": None},
        {"key": 7},
        {"currency": None},
        {"metadata": {"company": "ACME", "paymentId": "pay_1", "orderId": 5}},
        {"metadata": ["ACME"]},
    ],
)
def test_nonsense_from_the_sender_is_malformed(operation: dict[str, Any]) -> None:
    """GTW-07: money facts are read strictly."""
    assert parse(EVENT, **operation) == WebhookRefusal(WebhookRefusalReason.MALFORMED)


@pytest.mark.parametrize("event", [[], "x", {}, {"type": 3}, EVENT | {"data": None}])
def test_a_body_of_another_shape_is_malformed(event: object) -> None:
    """GTW-07."""
    assert parse(event) == WebhookRefusal(WebhookRefusalReason.MALFORMED)


def test_an_event_type_without_use_is_told_apart() -> None:
    """GTW-07: authentic but unsupported, so it may be stored and answered with 2xx."""
    refusal = parse(EVENT | {"type": "payout.created"})
    assert refusal == WebhookRefusal(WebhookRefusalReason.UNSUPPORTED)
