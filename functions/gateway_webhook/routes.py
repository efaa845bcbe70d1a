"""Webhooks of the gateway: believed, handled, kept, and only then answered (GTW-07)."""

from __future__ import annotations

from oms.action_items.facts import ActionItemOpened
from oms.action_items.rows import row
from oms.kernel.context import Actor, ActorKind, Context
from oms.kernel.errors import Malformed, NotFound, Refused, VersionConflict
from oms.payments.gateway import WebhookEvent, WebhookRefusal, WebhookRefusalReason
from oms_aws import telemetry, wiring
from oms_aws.gateway_inbox import ORPHAN
from oms_aws.gateway_webhook import orphan_item_id, parse_webhook
from oms_aws.http import ANONYMOUS, Call, Operation, Reply
from oms_aws.http_actor import Unauthenticated
from oms_aws.shapes import Answer

NOBODY = "-"
"""Company of an event that names none, where there are several it could be."""


class WebhookAnswer(Answer):
    """What became of the event."""

    outcome: str


def receive(call: Call) -> Reply:
    """Success once the event is durable and handled; anything else has it sent again."""
    secret = wiring.gateway_secret()
    secrets = [secret[name] for name in ("webhookSecret", "previousSecret") if secret.get(name)]
    event = parse_webhook(call.headers, call.raw, secrets, wiring.clock())
    if isinstance(event, WebhookRefusal):
        return _refuse(event.reason)
    company = _company(event)
    inbox = wiring.gateway_inbox()
    if inbox.handled(company, event.event_id):
        telemetry.count("WebhooksRepeated")
        return Reply({"outcome": "REPEATED"})
    outcome = None
    try:
        outcome = _handle(event, company, call.correlation_id)
    finally:
        inbox.keep(company, event.event_id, call.raw, outcome)
    return Reply({"outcome": outcome})


def _refuse(reason: WebhookRefusalReason) -> Reply:
    telemetry.count("WebhooksRefused")
    if reason is WebhookRefusalReason.UNSUPPORTED:
        return Reply({"outcome": reason.value}, 202)
    if reason is WebhookRefusalReason.MALFORMED:
        raise Malformed(reason.value, "this is not a notification of the gateway")
    raise Unauthenticated


def _handle(event: WebhookEvent, company: str, trace: str) -> str:
    if event.metadata is not None and event.metadata.order_id is not None:
        try:
            wiring.steps().webhook(event, f"webhook:{event.event_id}", wiring.GATEWAY)
        except (NotFound, Refused) as refusal:
            found = {"event_id": event.event_id, "code": refusal.code}
            telemetry.tell("webhook fits no order", found)
        else:
            telemetry.count("WebhooksHandled")
            return "HANDLED"
    _report_orphan(event, company, trace)
    return ORPHAN


def _report_orphan(event: WebhookEvent, company: str, trace: str) -> None:
    """Money that no order of ours explains is for people to place (PAY-35)."""
    fact = ActionItemOpened(
        orphan_item_id(company, event.event_id), "ORPHAN_PAYMENT", False, "payment",
        event.intent_id or event.event_id, event.event_id,
        f"{event.kind} of {event.amount} {event.currency} belongs to no order",
        data={
            "eventId": event.event_id, "reference": event.result.reference or "",
            "amount": str(event.result.approved_amount or event.amount),
            "currency": event.currency, "correlationId": trace,
        },
    )  # fmt: skip
    actor = Actor(ActorKind.GATEWAY, "gateway", company)
    policy = wiring.settings().policy(company)
    item = row(fact, company, None, None, Context(wiring.clock(), actor, event.event_id, policy))
    try:
        wiring.action_items().put(item)
    except VersionConflict:
        return
    telemetry.count("PaymentsOrphaned")


def _company(event: WebhookEvent) -> str:
    if event.metadata is not None:
        return event.metadata.company
    companies = wiring.settings().companies()
    return companies[0] if len(companies) == 1 else NOBODY


OPERATIONS = (
    Operation(
        "receiveGatewayWebhook", "POST", "/v1/webhooks/gateway", ANONYMOUS,
        "Take a signed notification of the payment gateway", receive,
        {200: WebhookAnswer, 202: WebhookAnswer}, raw=True,
    ),
)  # fmt: skip
