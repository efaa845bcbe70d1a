"""Acceptance of orders and of what partners say of stock, against the deployed system."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.local.job.client import aws
from tests.e2e.shop import BOSTON, Shop, until

TEXAS = BOSTON | {"region": "NY", "postalCode": "75201"}


TAKEN_UP_SECONDS = 5
"""A changed setting holds everywhere after this (SET-02); before, either may."""


def approval(shop: Shop, channel: str, mode: str) -> None:
    """Set who approves the orders of a channel, and wait until every function obeys."""
    path = f"/v1/settings/channels/{channel}"
    values = {"values": {"workflow.orderApproval": mode}}
    assert shop.call("admin", "PUT", path, values).status < 300
    time.sleep(TAKEN_UP_SECONDS)


def test_an_address_that_does_not_match_waits_for_a_person(shop: Shop) -> None:
    """ACC-001, ACC-003: INT-05, ORD-106, FLG-04; then ORD-107 under MANUAL."""
    approval(shop, "store", "MANUAL")
    sku = shop.shelve(DC_EAST=3)
    group = {"id": "1", "method": "STANDARD", "address": TEXAS}
    order_id = shop.place((sku, 1), channel="store", groups=[group])
    item = until(lambda: [i["type"] for i in _items(shop, order_id)], ["ADDRESS_MISMATCH"])
    assert item == ["ADDRESS_MISMATCH"]
    (opened,) = _items(shop, order_id)
    path = f"/v1/action-items/{opened['id']}"
    told = shop.call("admin", "GET", path).body["message"]
    assert "NY" in told
    assert "752" in told
    assert shop.read(order_id, "store")["state"] == "RECEIVED"
    assert shop.promised(sku) == 1
    reply = shop.act(order_id, "changeAddress", group="1", address=BOSTON)
    assert reply.status == 200, reply
    seen = shop.waits_in(order_id, "AWAITING_APPROVAL", "store")
    assert seen["order"]["lines"][0]["buckets"]["reserved"] == 1
    kept = shop.call("admin", "GET", path).body
    assert kept["state"] in ("RESOLVED", "CLEARED")
    assert shop.act(order_id, "approve").status == 200
    shop.waits_in(order_id, "AWAITING_FULFILLMENT", "store")
    assert shop.act(order_id, "cancel", reason="CUSTOMER").status == 200
    shop.waits_in(order_id, "CLOSED", "store")
    shop.sound()


def _items(shop: Shop, order_id: str) -> list[dict[str, str]]:
    return list(shop.read(order_id, "store").get("attention", {}).get("items", []))


def test_a_file_without_an_address_is_completed_by_a_person(shop: Shop) -> None:
    """ACC-002: ORD-104, ORD-105."""
    sku = shop.shelve(DC_EAST=3)
    body = shop.order((sku, 1), groups=[{"id": "1", "method": "STANDARD"}])
    order_id = str(shop.enqueue(body)["body"]["id"])
    seen = shop.waits_in(order_id, "INCOMPLETE")
    assert not seen.get("fulfillment", {}).get("orders")
    group = {"id": "1", "method": "STANDARD", "address": BOSTON}
    assert shop.act(order_id, "complete", groups=[group]).status == 200
    shop.waits_in(order_id, "AWAITING_FULFILLMENT")
    shop.ship(order_id)
    shop.waits_in(order_id, "CLOSED")


@pytest.mark.parametrize(
    ("stated", "state"), [(10000, "AWAITING_FULFILLMENT"), (9900, "INCOMPLETE")]
)
def test_a_stated_total_is_held_against_the_parts(shop: Shop, stated: int, state: str) -> None:
    """ACC-006: TOT-04."""
    sku = shop.shelve(DC_EAST=3)
    body = shop.order((sku, 1))
    body["lines"][0]["unitPrice"] = 10003
    reply = shop.offer(body | {"statedTotal": stated})
    seen = shop.waits_in(str(reply.body["id"]), state)
    codes = [finding["code"] for finding in seen["order"].get("findings", [])]
    rounding = [
        a["amount"] for a in seen["order"].get("adjustments", []) if a["kind"] == "ROUNDING"
    ]
    assert (codes, rounding) == (([], [-3]) if stated == 10000 else (["TOTAL_MISMATCH"], []))
    assert shop.act(str(reply.body["id"]), "cancel", reason="CUSTOMER").status == 200


def test_one_key_is_one_order(shop: Shop) -> None:
    """ACC-007, API-03, INV-A1: again, with another body, and twice at once."""
    sku = shop.shelve(DC_EAST=9)
    body = shop.order((sku, 1))
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: shop.offer(body, "same-key"), range(2))
    assert (first.status, first.body["id"]) == (second.status, second.body["id"])
    assert shop.offer(body, "same-key").body["id"] == first.body["id"]
    other = shop.offer(body | {"priority": 1}, "same-key")
    assert (other.status, other.code) == (409, "IDEMPOTENCY_MISMATCH")
    assert shop.promised(sku) == 1


def test_one_number_is_one_order(shop: Shop) -> None:
    """ACC-008, API-04: two keys race; the other is told the id."""
    sku = shop.shelve(DC_EAST=9)
    body = shop.order((sku, 1))
    with ThreadPoolExecutor(2) as pool:
        got = list(pool.map(lambda n: shop.offer(body, f"race-{sku}-{n}"), range(2)))
    won, lost = sorted(got, key=lambda reply: reply.status)
    assert (won.status, lost.status, lost.code) == (201, 409, "DUPLICATE_ORDER")
    assert lost.body["existingId"] == won.body["id"]
    assert shop.promised(sku) == 1


def test_orders_are_taken_while_search_and_gateway_are_down(shop: Shop) -> None:
    """ACC-009, GEN-07, ORD-06: read at once; processing ends after they return."""
    sku = shop.shelve(DC_EAST=2)
    shop.cloud.stop_search()
    shop.cloud.stop_gateway()
    order_id = shop.place((sku, 1))
    assert shop.read(order_id)["id"] == order_id
    assert not shop.read(order_id).get("fulfillment", {}).get("orders")
    shop.cloud.start_gateway()
    shop.cloud.start_search()

    def going() -> str:
        aws_tick(shop)
        return str(shop.read(order_id)["state"])

    assert until(going, "AWAITING_FULFILLMENT") == "AWAITING_FULFILLMENT"
    shop.ship(order_id)
    shop.waits_in(order_id, "CLOSED")
    shop.sound()


def aws_tick(shop: Shop) -> None:
    """Let the minute's tick come now."""
    client = aws(shop.endpoints, "lambda")
    client.invoke(FunctionName="throughline-local-deadlines", Payload=b"{}")


def test_short_stock_is_refused_by_api_and_taken_by_queue(shop: Shop) -> None:
    """ACC-010, INT-04: OUT_OF_STOCK names line and rest; the queue backorders it."""
    sku = shop.shelve(DC_EAST=2)
    refused = shop.offer(shop.order((sku, 3)))
    assert (refused.status, refused.code) == (409, "OUT_OF_STOCK")
    assert "2 of 3" in refused.body["errors"][0]["message"]
    assert refused.body["errors"][0]["path"] == "lines[0].quantity"
    order_id = str(shop.enqueue(shop.order((sku, 3)))["body"]["id"])
    buckets = shop.read(order_id)["order"]["lines"][0]["buckets"]
    placed = sum(buckets.get(name, 0) for name in ("reserved", "allocated"))
    assert (placed, buckets["backordered"]) == (2, 1)
    assert "STOCK_SHORT" in [i["type"] for i in shop.read(order_id)["attention"]["items"]]
    assert shop.act(order_id, "cancel", reason="CUSTOMER").status == 200
    shop.waits_in(order_id, "CLOSED")


def test_a_refused_order_leaves_nothing_behind(shop: Shop) -> None:
    """ACC-063, RSV-09: the line that was there is as free as before."""
    there, short = shop.shelve(DC_EAST=2), shop.shelve(DC_EAST=1)
    assert shop.offer(shop.order((there, 2), (short, 2))).code == "OUT_OF_STOCK"
    assert (shop.promised(there), shop.promised(short)) == (0, 0)


def test_late_and_repeated_rows_change_nothing(shop: Shop) -> None:
    """ACC-064, FED-03, INV-S6."""
    sku = shop.shelve(DC_EAST=1)
    assert shop.feed(sku, "DC_EAST", 5, 20).body["changed"] == 1
    late = shop.feed(sku, "DC_EAST", 9, 19).body
    again = shop.feed(sku, "DC_EAST", 5, 20).body
    assert (late["late"], again["repeated"]) == (1, 1)
    assert shop.level(sku, "DC-EAST")["onHand"] == 5


def test_safety_stock_has_two_purposes(shop: Shop) -> None:
    """ACC-069, STK-06: five for sale, two for sourcing."""
    sku = shop.shelve(ST_BOSTON=5)
    body = {
        "sku": sku,
        "site": "ST-BOSTON",
        "reason": "SAFETY",
        "safetySource": {"to": 3, "expected": 0},
    }
    reply = shop.call("admin", "POST", "/v1/inventory/movements", body)
    if reply.status == 409:
        body["safetySource"] = {"to": 3, "expected": None}
        reply = shop.call("admin", "POST", "/v1/inventory/movements", body)
    assert reply.status == 200, reply
    order_id = shop.place((sku, 3))
    shop.waits_in(order_id, "AWAITING_FULFILLMENT")
    line = shop.read(order_id)["order"]["lines"][0]
    assert (line["buckets"]["allocated"], line["buckets"]["reserved"]) == (2, 1)
    assert shop.act(order_id, "cancel", reason="CUSTOMER").status == 200
    shop.waits_in(order_id, "CLOSED")
    assert shop.promised(sku) == 0


def test_two_channels_cannot_sell_the_same_units(shop: Shop) -> None:
    """ACC-070, STK-11: three units, two orders of two at once; one is accepted."""
    sku = shop.shelve(DC_EAST=3)
    bodies = [shop.order((sku, 2)), shop.order((sku, 2), channel="mobile")]
    with ThreadPoolExecutor(2) as pool:
        got = sorted(reply.status for reply in pool.map(shop.offer, bodies))
    assert got == [201, 409]
    assert shop.promised(sku) == 2
    shop.sound()
