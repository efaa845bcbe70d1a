"""Money in and out of an order, below the order or, with `?order=`, by the payment's own id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from oms.billing.commands import DistributeFunds, UnapplyFunds
from oms.kernel.errors import NotFound
from oms.payments import commands
from oms_aws import telemetry, wiring
from oms_aws.http import Call, Key, Operation, Reply, replied
from oms_aws.http_actor import PAYMENTS_WRITE
from oms_aws.shapes import Bare, Shape, to_command
from oms_aws.shapes_answers import OrderSummary

from functions.payments import credit_memos, links, orphans, schemas

BELOW = "/v1/orders/{orderId}/payments"
ALONE = "/v1/payments"

_VERBS: dict[str, tuple[str, type, type[Shape]]] = {
    "authorize": ("Ask for an authorization", commands.Authorize, schemas.UpTo),
    "capture": ("Take funds", commands.CaptureFunds, schemas.UpTo),
    "refund": ("Give funds back", commands.Refund, schemas.Refund),
    "void": ("Drop a payment", commands.VoidPayment, schemas.VoidPayment),
    "apply": ("Apply funds of a payment to an invoice", commands.ApplyFunds, schemas.Apply),
    "unapply": ("Take funds back from an invoice", UnapplyFunds, schemas.Unapply),
    "distribute": ("Dispose of all unapplied funds", DistributeFunds, schemas.Distribute),
    "retry": ("Send an intent again", commands.RetryIntent, schemas.Retry),
    "replace": ("Pay with another method", commands.ReplaceMethod, schemas.Replacement),
    "attach": ("Say whose payment it is", commands.AttachCustomer, schemas.Attach),
    "detach": ("Say that it is nobody's", commands.DetachCustomer, Bare),
}
_NAMED_BY = {"apply": "source", "unapply": "source", "retry": None}
"""Field of the command that takes the payment's id, where it is not `payment_id`."""


def add(call: Call) -> Reply:
    """Attach a means of payment to an order."""
    return _execute(call, to_command(commands.AddTender, call.body))


def move(verb: str) -> Callable[[Call], Reply]:
    """What one verb does."""
    _, kind, _ = _VERBS[verb]
    field = _NAMED_BY.get(verb, "payment_id")

    def run(call: Call) -> Reply:
        payment_id = call.path["paymentId"]
        record = wiring.lifecycle().read(call.actor, _order_id(call))
        if all(tender.id != payment_id for tender in record.payments.tenders):
            raise NotFound("PAYMENT_NOT_FOUND", f"no payment {payment_id}")
        more: dict[str, Any] = {field: payment_id} if field else {}
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
    *credit_memos.OPERATIONS,
    *links.OPERATIONS,
    *orphans.OPERATIONS,
)  # fmt: skip
