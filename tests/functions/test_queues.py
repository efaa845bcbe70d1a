"""Orders and inventory feeds from queues.

Cites INT-01, INT-04, API-03, PAY-05, FED-01, FED-03.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from oms.kernel.errors import Unavailable

from tests.functions.world import COMPANY, World, invocation


def queued(**changes: Any) -> dict[str, Any]:
    """One message of the intake queue."""
    event = invocation("order_intake", "two_orders")
    event["Records"] = event["Records"][:1]
    record = event["Records"][0]
    record["body"] = json.dumps(json.loads(record["body"]) | changes)
    return event


def test_queued_orders_are_placed_and_answered(world: World) -> None:
    """INT-01: the API's body, the message id as key, a reply per message."""
    event = invocation("order_intake", "two_orders")
    assert world.call("order_intake", event) == {"batchItemFailures": []}
    assert [(r["messageId"], r["status"], r["replyTo"]) for r in world.replies] == [
        ("mkt-7001", 201, "marketplace"), ("mkt-7002", 201, "marketplace"),
    ]  # fmt: skip
    order = world.orders.load(COMPANY, world.replies[0]["body"]["id"])
    assert order is not None
    assert (order.order.entry, order.order.external_number) == ("QUEUE", "M-7001")


def test_a_message_delivered_twice_is_one_order(world: World) -> None:
    """INT-01, API-03: at least once from the queue, once in the store, the same reply."""
    for _ in range(2):
        world.call("order_intake", queued())
    first, second = world.replies
    assert (first["status"], first["body"]) == (second["status"], second["body"])


def test_short_queued_orders_are_accepted(world: World) -> None:
    """INT-04, ACC-010: the customer was already told yes."""
    event = queued(lines=[{"sku": "A", "quantity": 11, "unitPrice": 100}])
    world.call("order_intake", event)
    assert world.replies[0]["status"] == 201
    order = world.orders.load(COMPANY, world.replies[0]["body"]["id"])
    assert order is not None
    assert order.order.lines[0].buckets.reserved == 10


def test_refusals_are_replies(world: World) -> None:
    """INT-01: told to the channel, and the message is done."""
    world.call("order_intake", queued())
    assert world.call("order_intake", queued(messageId="mkt-9")) == {"batchItemFailures": []}
    assert world.replies[1]["status"] == 409
    assert world.replies[1]["body"]["code"] == "DUPLICATE_ORDER"
    assert world.replies[1]["body"]["existingId"] == world.replies[0]["body"]["id"]
    assert world.call("order_intake", queued(channel="pos")) == {"batchItemFailures": []}
    assert world.replies[2]["body"]["code"] == "CHANNEL_SCOPE"


def test_what_cannot_be_read_becomes_a_dead_letter(world: World) -> None:
    """INT-01: kept for five receives, the channel told once with the last, the others unharmed."""
    event = invocation("order_intake", "two_orders")
    bad, good = event["Records"]
    bad["body"] = json.dumps({"messageId": "mkt-1", "channel": "web"})
    failed = {"batchItemFailures": [{"itemIdentifier": bad["messageId"]}]}
    assert world.call("order_intake", event) == failed
    assert [reply["messageId"] for reply in world.replies] == ["mkt-7002"]
    bad["attributes"]["ApproximateReceiveCount"] = "5"
    world.call("order_intake", {"Records": [bad]})
    assert (world.replies[1]["messageId"], world.replies[1]["status"]) == ("mkt-1", 400)
    assert {error["path"] for error in world.replies[1]["body"]["errors"]} == {"lines"}
    bad["body"] = "not json"
    assert world.call("order_intake", {"Records": [bad]}) == failed
    assert len(world.replies) == 2
    good["messageAttributes"]["client"]["stringValue"] = "stranger"
    failed = {"batchItemFailures": [{"itemIdentifier": good["messageId"]}]}
    assert world.call("order_intake", {"Records": [good]}) == failed


def test_card_numbers_do_not_enter_by_the_queue(world: World) -> None:
    """PAY-05: the same reading as over HTTP."""
    world.call("order_intake", queued(instructions="4111 1111 1111 1111"))
    assert all(reply["status"] != 201 for reply in world.replies)


def test_an_order_waits_while_a_table_does_not_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """INT-01: neither lost nor answered wrongly."""

    def fail(*_: object, **__: object) -> None:
        raise Unavailable("STOCK_DOWN", "no answer")

    monkeypatch.setattr(world.lifecycle, "place", fail)
    event = queued()
    failed = [{"itemIdentifier": event["Records"][0]["messageId"]}]
    assert world.call("order_intake", event) == {"batchItemFailures": failed}
    assert world.replies == []


def test_feeds_from_the_queue(world: World) -> None:
    """FED-01, FED-03: rows count once, a bad row stops no other, the report tells."""
    event = invocation("inventory_feed", "snapshot")
    assert world.call("inventory_feed", event) == {"batchItemFailures": []}
    report = world.stock.report(COMPANY, "dc-20260301")
    assert report is not None
    assert (report.changed, [row.reason for row in report.refused]) == (1, ["UNKNOWN_SKU"])
    world.call("inventory_feed", event)
    report = world.stock.report(COMPANY, "dc-20260301")
    assert report is not None
    assert (report.changed, report.repeated) == (0, 1)
    event["Records"][0]["body"] = "{}"
    failed = [{"itemIdentifier": event["Records"][0]["messageId"]}]
    assert world.call("inventory_feed", event) == {"batchItemFailures": failed}
