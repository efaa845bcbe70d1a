"""Taking one queued order: place it, tell the channel, or leave the message for another try.

placed, or placed before           reply 201, the message is done
refused by a rule or a conflict    reply with the problem, the message is done
cannot be read                     stays; after five receives a dead letter to fix and retry
something does not answer          stays and is tried again
"""

from __future__ import annotations

import hashlib
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from oms.kernel.codec import encode
from oms.kernel.errors import Conflict, Forbidden, NotFound, OmsError, Refused
from oms.lifecycle.answers import Answer
from oms.orders.commands import PlaceOrder
from oms_aws import telemetry, wiring
from oms_aws.http_body import canonical, read_json
from oms_aws.http_problems import malformed, status_of
from oms_aws.queue_actor import actor_of, attribute
from oms_aws.shapes import to_command
from pydantic import ValidationError

from functions.order_intake.schemas import QueuedOrder

LAST_RECEIVE = 5
ENVELOPE = frozenset({"message_id", "reply_to"})


def take(record: SQSRecord) -> None:
    """Handle one message; what it raises keeps the message in the queue."""
    trace = telemetry.correlation_id(attribute(record, "correlationId") or record.message_id)
    raw: Any = None
    try:
        raw = read_json(record.body.encode())
        message = _message(raw)
    except OmsError as refusal:
        _unreadable(record, raw, refusal, trace)
        raise
    body_hash = hashlib.sha256(canonical(raw)).hexdigest()
    try:
        answer = _place(record, message, body_hash, trace)
    except (Forbidden, NotFound, Conflict, Refused) as refusal:
        if refusal.code in ("BUSY", "STOCK_CONFLICT"):
            raise
        telemetry.count_by("OrdersRefused", "code", refusal.code)
        _reply(message.message_id, message.reply_to, status_of(refusal), _problem(refusal), trace)
        return
    if not answer.replayed:
        telemetry.count("OrdersAccepted")
    _reply(message.message_id, message.reply_to, answer.status, answer.body, trace)


def _message(raw: Any) -> QueuedOrder:
    try:
        return QueuedOrder.model_validate_json(canonical(raw))
    except ValidationError as error:
        raise malformed(error) from None


def _place(record: SQSRecord, message: QueuedOrder, body_hash: str, trace: str) -> Answer:
    given = message.model_copy()
    given.__pydantic_fields_set__.difference_update(ENVELOPE)
    command = to_command(PlaceOrder, given, entry="QUEUE", currency=message.currency)
    return wiring.lifecycle().place(
        actor_of(record), command, key=f"queue:{message.message_id}", body_hash=body_hash,
        correlation_id=trace,
    )  # fmt: skip


def _unreadable(record: SQSRecord, raw: Any, refusal: OmsError, trace: str) -> None:
    """Tell the channel once, with the last receive, that people must look at its message."""
    telemetry.count_by("OrdersRefused", "code", refusal.code)
    last = int(record.attributes.approximate_receive_count or 1) >= LAST_RECEIVE
    message_id = raw.get("messageId") if isinstance(raw, dict) else None
    if last and isinstance(message_id, str):
        _reply(message_id, None, status_of(refusal), _problem(refusal), trace)


def _reply(
    message_id: str, reply_to: str | None, status: int, body: dict[str, Any], trace: str
) -> None:
    wiring.replies().send(
        {
            "messageId": message_id, "replyTo": reply_to, "status": status, "body": body,
            "correlationId": trace,
        }
    )  # fmt: skip


def _problem(refusal: OmsError) -> dict[str, Any]:
    found = {
        "code": refusal.code, "detail": refusal.detail, "existingId": refusal.existing_id,
        "errors": [encode(problem) for problem in refusal.problems],
        "reasons": [encode(reason) for reason in refusal.reasons],
    }  # fmt: skip
    return {name: value for name, value in found.items() if value}
