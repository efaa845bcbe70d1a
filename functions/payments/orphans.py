"""Money that no order explained: a person gives it to the order that it is for (PAY-35, PAY-52).

The webhook that told of it is kept as it came until then; in the order it is an orphan payment,
whose funds are distributed over invoices or refunded.
"""

from __future__ import annotations

from dataclasses import replace

from oms.action_items.rows import resolve_row
from oms.kernel.context import Context
from oms.kernel.errors import NotFound, Refused, VersionConflict
from oms.payments.commands import TakeWebhook
from oms.payments.gateway import WebhookEvent
from oms_aws import telemetry, wiring
from oms_aws.gateway_webhook import orphan_item_id, read_notification
from oms_aws.http import Call, Key, Operation, Reply, replied
from oms_aws.http_actor import PAYMENTS_WRITE
from oms_aws.shapes_answers import OrderSummary

from functions.payments import schemas


def adopt(call: Call) -> Reply:
    """Take orphan money into an order, once, and end its action item."""
    company, order_id, event_id = call.actor.company, call.path["orderId"], call.body.event_id
    record = wiring.lifecycle().read(call.actor, order_id)
    event = _event(company, event_id)
    if event.currency != record.payments.currency:
        raise Refused.because("CURRENCY_MISMATCH", f"the money is {event.currency}", event_id)
    if not wiring.gateway_inbox().adopt(company, event_id, order_id):
        raise Refused.because("STATE", "this money belongs to another order", event_id)
    answer = wiring.lifecycle().execute(
        call.actor, order_id, [TakeWebhook(event, wiring.GATEWAY)], key=call.key,
        body_hash=call.body_hash, correlation_id=call.correlation_id,
    )  # fmt: skip
    _resolve(call, event_id)
    telemetry.count("PaymentsAdopted")
    return replied(answer)


def _event(company: str, event_id: str) -> WebhookEvent:
    body = wiring.gateway_inbox().orphan(company, event_id)
    if body is None:
        raise NotFound("ORPHAN_NOT_FOUND", f"no orphan payment {event_id}")
    return replace(read_notification(body), intent_id=None, metadata=None)


def _resolve(call: Call, event_id: str) -> None:
    company = call.actor.company
    item = wiring.action_items().get(company, orphan_item_id(company, event_id))
    if item is None or not item.state.open:
        return
    policy = wiring.settings().policy(company)
    ctx = Context(wiring.clock(), call.actor, call.correlation_id, policy)
    text = f"taken into order {call.path['orderId']}"
    try:
        wiring.action_items().put(resolve_row(item, text, call.actor.label, False, ctx))
    except VersionConflict:
        return


OPERATIONS = (
    Operation(
        "adoptPayment", "POST", "/v1/orders/{orderId}/payments/adopt", PAYMENTS_WRITE,
        "Give an orphan payment to this order", adopt, {200: OrderSummary}, body=schemas.Adoption,
        key=Key.REQUIRED,
    ),
)  # fmt: skip
