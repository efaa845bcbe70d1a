"""Webhooks of the HTTP payment gateway: signature, age and content (GTW-07).

The sender signs with `Gateway-Signature: t=<seconds>,v1=<hex>[,v1=<hex>]`, HMAC-SHA256 over
`<seconds>.<body>`. Any signature may match any of the active secrets, so either side can rotate; an
empty secret, as an unset one reads, matches nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from oms.kernel.ids import derive
from oms.payments.gateway import (
    DeclineClass,
    GatewayMetadata,
    GatewayResult,
    Outcome,
    RequestKind,
    WebhookEvent,
    WebhookRefusal,
    WebhookRefusalReason,
)

TOLERANCE = timedelta(minutes=5)
_HEADER = "gateway-signature"
_STATUSES = {
    "SUCCEEDED": Outcome.SUCCEEDED,
    "DECLINED": Outcome.DECLINED,
    "PENDING": Outcome.PENDING,
}


def parse_webhook(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime
) -> WebhookEvent | WebhookRefusal:
    """The event in a raw body, or why it must not be believed.

    Nothing of the body is looked at before a signature younger than `TOLERANCE` matches.
    """
    refusal = _distrust(headers, body, secrets, now)
    if refusal is not None:
        return WebhookRefusal(refusal)
    try:
        notification = json.loads(body)
        if notification["type"].partition(".")[0].upper() not in RequestKind.__members__:
            return WebhookRefusal(WebhookRefusalReason.UNSUPPORTED)
        return _event(notification)
    except (KeyError, TypeError, ValueError, AttributeError):
        return WebhookRefusal(WebhookRefusalReason.MALFORMED)


def read_notification(body: bytes) -> WebhookEvent:
    """The event in a body that was verified and stored before.

    Raises KeyError, TypeError or ValueError where it is not such a body.
    """
    return _event(json.loads(body))


def orphan_item_id(company: str, event_id: str) -> str:
    """Id of the action item about money that no order explains (PAY-35)."""
    return derive("act", company, "orphan", event_id)


def read_operation(operation: Mapping[str, Any]) -> GatewayResult:
    """The result that the gateway's description of an operation states.

    Raises KeyError, TypeError or ValueError where it is not such a description.
    """
    outcome = _STATUSES[operation["status"]]
    declined = outcome is Outcome.DECLINED
    expires_at = operation.get("expiresAt")
    return GatewayResult(
        outcome=outcome,
        reference=_text(operation["reference"]),
        approved_amount=_amount(operation["approvedAmount"]),
        expires_at=None if expires_at is None else _instant(expires_at),
        decline_class=DeclineClass(operation["declineClass"]) if declined else None,
        code=_optional_text(operation.get("code")),
    )


def _distrust(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime
) -> WebhookRefusalReason | None:
    given = next((value for name, value in headers.items() if name.lower() == _HEADER), None)
    if given is None:
        return WebhookRefusalReason.SIGNATURE_MISSING
    parts = [part.strip().partition("=") for part in given.split(",")]
    stamps = [value for name, _, value in parts if name == "t"]
    signatures = [value.encode() for name, _, value in parts if name == "v1"]
    if len(stamps) != 1 or not stamps[0].isdecimal() or not stamps[0].isascii():
        return WebhookRefusalReason.SIGNATURE_INVALID
    signed = stamps[0].encode() + b"." + body
    # Every pair is compared, in constant time each, so that timing tells nothing about a secret.
    matches = [
        hmac.compare_digest(_digest(secret, signed), signature)
        for secret in secrets
        if secret
        for signature in signatures
    ]
    if not any(matches):
        return WebhookRefusalReason.SIGNATURE_INVALID
    if abs(now.timestamp() - int(stamps[0])) > TOLERANCE.total_seconds():
        return WebhookRefusalReason.TIMESTAMP_REJECTED
    return None


def _digest(secret: str, signed: bytes) -> bytes:
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode()


def _event(notification: Mapping[str, Any]) -> WebhookEvent:
    operation = notification["data"]
    return WebhookEvent(
        event_id=_text(notification["id"]),
        kind=RequestKind(operation["kind"]),
        result=read_operation(operation),
        amount=_amount(operation["amount"]),
        currency=_text(operation["currency"]),
        occurred_at=_instant(notification["createdAt"]),
        intent_id=_optional_text(operation.get("key")),
        parent_reference=_optional_text(operation.get("parentReference")),
        metadata=_metadata(operation.get("metadata") or {}),
    )


def _metadata(sent: Mapping[str, Any]) -> GatewayMetadata | None:
    if not {"company", "paymentId"} <= sent.keys():
        return None
    return GatewayMetadata(
        _text(sent["company"]), _text(sent["paymentId"]), _optional_text(sent.get("orderId"))
    )


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("text expected")
    return value


def _optional_text(value: object) -> str | None:
    return None if value is None else _text(value)


def _amount(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("amount in minor units expected")
    return value


def _instant(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("a time needs its offset")
    return moment.astimezone(UTC)
