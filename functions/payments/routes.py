"""Money in and out of an order, below the order or, with `?order=`, by the payment's own id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from oms.kernel.errors import NotFound
from oms.payments import commands
from oms_aws import telemetry, wiring
from oms_aws.http import Call, Key, Operation, Reply, replied
from oms_aws.http_actor import PAYMENTS_WRITE
from oms_aws.shapes import Shape, to_command
from oms_aws.shapes_answers import OrderSummary

from functions.payments import schemas

BELOW = "/v1/orders/{orderId}/payments"
ALONE = "/v1/payments"

_VERBS: dict[str, tuple[str, type, type[Shape]]] = {
    "authorize": ("Ask for an authorization", commands.Authorize, schemas.UpTo),
    "capture": ("Take funds", commands.CaptureFunds, schemas.UpTo),
    "refund": ("Give funds back", commands.Refund, schemas.Refund),
    "void": ("Drop a payment", commands.VoidPayment, schemas.VoidPayment),
    "apply": ("Apply funds to an invoice", commands.ApplyFunds, schemas.Apply),
    "retry": ("Send an intent again", commands.RetryIntent, schemas.Retry),
}
_NAMES_PAYMENT = ("authorize", "capture", "refund", "void")


def add(call: Call) -> Reply:
    """Attach a means of payment to an order."""
    return _execute(call, to_command(commands.AddTender, call.body))


def move(verb: str) -> Callable[[Call], Reply]:
    """What one verb does."""
    _, kind, _ = _VERBS[verb]

    def run(call: Call) -> Reply:
        payment_id = call.path["paymentId"]
        record = wiring.lifecycle().read(call.actor, _order_id(call))
        if all(tender.id != payment_id for tender in record.payments.tenders):
            raise NotFound("PAYMENT_NOT_FOUND", f"no payment {payment_id}")
        more: dict[str, Any] = {"payment_id": payment_id} if verb in _NAMES_PAYMENT else {}
        reply = _execute(call, to_command(kind, call.body, **more))
        if not reply.replayed and not call.dry_run:
            telemetry.count("PaymentCommands")
        return reply

    return run


def _execute(call: Call, command: object) -> Reply:
    answer = wiring.lifecycle().execute(
        call.actor, _order_id(call), [command], key=call.key, body_hash=call.body_hash,
        expected_version=call.expected_version, dry_run=call.dry_run,
        correlation_id=call.correlation_id, expected_outcome=call.expected_outcome,
    )  # fmt: skip
    return replied(answer)


def _order_id(call: Call) -> str:
    below = call.path.get("orderId")
    return str(call.query.order) if below is None else below


def _operation(verb: str, path: str, alone: bool) -> Operation:
    words, _, body = _VERBS[verb]
    return Operation(
        f"{verb}Payment" + ("ById" if alone else ""), "POST", f"{path}/{{paymentId}}/{verb}",
        PAYMENTS_WRITE, words, move(verb), {200: OrderSummary}, body=body,
        query=schemas.OrderQuery if alone else None, key=Key.REQUIRED, if_match=True,
        preview=True,
    )  # fmt: skip


OPERATIONS = (
    Operation(
        "addPayment", "POST", BELOW, PAYMENTS_WRITE, "Attach a means of payment", add,
        {200: OrderSummary}, body=schemas.NewPayment, key=Key.REQUIRED, if_match=True,
        preview=True,
    ),
    *(_operation(verb, BELOW, alone=False) for verb in _VERBS),
    *(_operation(verb, ALONE, alone=True) for verb in _VERBS),
)  # fmt: skip
