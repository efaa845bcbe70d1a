"""Webhooks of the payment gateway.

Cites GTW-07, PAY-35.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from oms.kernel.errors import Unavailable

from infra.local.gateway_service.webhooks import SIGNATURE_HEADER, sign
from tests.functions.doubles import Inbox
from tests.functions.world import COMPANY, World, invocation


def webhook(
    world: World, secret: str = "new", raw: bool = False, id_: str | None = None, **changes: Any
) -> Any:
    """Deliver a signed webhook; `changes` go into its operation."""
    event = invocation("gateway_webhook", "captured")
    body = json.loads(event["body"])
    body["id"] = id_ or body["id"]
    body["data"] |= changes
    event["body"] = "{}" if raw else json.dumps(body)
    signature = sign(event["body"].encode(), int(world.now.timestamp()), [secret])
    event["headers"][SIGNATURE_HEADER.lower()] = signature
    return world.answer(world.call("gateway_webhook", event))


def of_order(world: World, order_id: str) -> dict[str, Any]:
    """The operation of the order's own authorization."""
    record = world.orders.load(COMPANY, order_id)
    assert record is not None
    intent = record.payments.intents[0]
    metadata = {"company": COMPANY, "orderId": order_id, "paymentId": intent.payment_id}
    return {
        "kind": "AUTHORIZE", "key": intent.id, "reference": "aut_1", "amount": intent.amount,
        "approvedAmount": intent.amount, "parentReference": None, "metadata": metadata,
        "expiresAt": "2026-03-08T10:00:00Z",
    }  # fmt: skip


def test_a_webhook_settles_its_intent_once(world: World, inbox: Inbox) -> None:
    """GTW-07: stored raw, handled, answered; its duplicate is ignored."""
    order_id = world.place()
    operation = of_order(world, order_id)
    first, again = webhook(world, **operation), webhook(world, secret="old", **operation)
    assert (first.status, first.body["outcome"]) == (200, "HANDLED")
    assert (again.status, again.body["outcome"]) == (200, "REPEATED")
    record = world.orders.load(COMPANY, order_id)
    assert record is not None
    assert record.payments.intents[0].state == "SUCCEEDED"
    assert json.loads(inbox.bodies[COMPANY, "evt_00000042"])["data"]["key"] == operation["key"]


@pytest.mark.parametrize("secret", ["wrong", ""])
def test_a_forged_webhook_is_not_looked_at(world: World, inbox: Inbox, secret: str) -> None:
    """GTW-07: 401, nothing stored."""
    got = webhook(world, secret=secret)
    assert (got.status, inbox.bodies) == (401, {})
    event = invocation("gateway_webhook", "captured")
    del event["headers"]["gateway-signature"]
    assert world.answer(world.call("gateway_webhook", event)).status == 401


def test_an_authentic_webhook_that_cannot_be_read(world: World, inbox: Inbox) -> None:
    """GTW-07: 400, so that the gateway shows it as failed."""
    assert webhook(world, raw=True).status == 400
    assert inbox.bodies == {}


def test_a_webhook_is_answered_only_when_it_is_durable(
    world: World, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GTW-07: no 2xx while the order cannot be written; the retry is handled in full."""
    operation = of_order(world, world.place())
    whole = type(world.steps).webhook

    def fail(*_: object) -> None:
        raise Unavailable("ORDERS_DOWN", "no answer")

    monkeypatch.setattr(type(world.steps), "webhook", fail)
    assert webhook(world, **operation).status == 503
    assert (list(inbox.bodies), inbox.outcomes) == ([(COMPANY, "evt_00000042")], {})
    monkeypatch.setattr(type(world.steps), "webhook", whole)
    assert webhook(world, **operation).body["outcome"] == "HANDLED"


@pytest.mark.parametrize("metadata", [None, {"company": COMPANY, "paymentId": "pay_1"}])
def test_money_nobody_asked_for_is_for_people(
    world: World, inbox: Inbox, metadata: dict[str, str] | None
) -> None:
    """PAY-35: an orphan opens one action item, however often it is delivered."""
    changes: dict[str, Any] = {} if metadata is None else {"metadata": metadata}
    got = webhook(world, **changes)
    assert (got.status, got.body["outcome"]) == (200, "ORPHAN")
    inbox.outcomes.clear()
    assert webhook(world, **changes).body["outcome"] == "ORPHAN"
    (item,) = world.items.open_items(COMPANY, 10, None)[0]
    assert (item.type, item.data["reference"]) == ("ORPHAN_PAYMENT", "cap_42")
