"""An order without a price or a currency is accepted, waits, and is completed (INT-05).

Cites INT-05, ORD-104, ORD-105, PAY-10, PAY-11, TOT-04, AIT-02.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.functions.desk import BOSS, act, read, stored
from tests.functions.world import COMPANY, World

LINES = [
    {"sku": "A", "quantity": 2, "unitPrice": 1000},
    {"sku": "B", "quantity": 3},
]  # fmt: skip


def arrive(world: World, **changes: Any) -> str:
    order_id = world.place("W-1", **({"lines": LINES, "statedTotal": None} | changes))
    world.run(order_id)
    return order_id


def findings(world: World, order_id: str) -> list[tuple[str, str, str]]:
    return [(f.code, f.level, f.path) for f in stored(world, order_id).order.findings]


def without_currency(world: World, **changes: Any) -> str:
    known = world.settings.channel(COMPANY, "web")
    assert known is not None
    bare = replace(known, currency=None, version=known.version + 1)
    world.settings.put_channel(COMPANY, bare)
    return arrive(world, currency=None, **changes)


def test_a_line_without_a_price_makes_the_order_incomplete(world: World) -> None:
    """INT-05, ORD-104: accepted and durable, in the queue, nothing asked of the card; a price
    completes it, and then all of it is authorized.
    """
    order_id = arrive(world)
    record = stored(world, order_id)
    assert read(world, order_id)["state"] == "INCOMPLETE"
    assert findings(world, order_id) == [("MISSING_PRICE", "ERROR", "lines[1].unitPrice")]
    assert [(i.type, i.cause_key) for i in record.attention.items] == [
        ("ORDER_INCOMPLETE", "MISSING_PRICE")
    ]
    assert record.payments.intents == ()
    got = act(world, order_id, {"action": "complete", "prices": {"2": 250}}, claims=BOSS)
    assert got.status == 200, got
    world.run(order_id)
    record = stored(world, order_id)
    assert findings(world, order_id) == []
    assert record.attention.items == ()
    assert [line.unit_price for line in record.order.lines] == [1000, 250]
    total = read(world, order_id)["totals"]["current"]
    asked = [(i.kind.value, i.amount, i.state.value) for i in record.payments.intents]
    assert asked == [("AUTHORIZE", total, "SUCCEEDED")]
    assert record.fulfillment.orders


def test_a_price_that_is_there_stays(world: World) -> None:
    """ORD-105: completing supplies what lacks and changes nothing else."""
    order_id = arrive(world)
    act(world, order_id, {"action": "complete", "prices": {"1": 1, "2": 250}}, claims=BOSS)
    assert [line.unit_price for line in stored(world, order_id).order.lines] == [1000, 250]


def test_a_missing_price_is_no_rounding_difference(world: World) -> None:
    """TOT-04, INT-05: what one unit costs may be less than the tolerance."""
    lines = [LINES[0], {"sku": "B", "quantity": 1}]
    order_id = arrive(world, lines=lines, statedTotal=2005, groups=[_free()])
    assert ("MISSING_PRICE", "ERROR", "lines[1].unitPrice") in findings(world, order_id)
    assert stored(world, order_id).order.adjustments == ()
    act(world, order_id, {"action": "complete", "prices": {"2": 5}}, claims=BOSS)
    world.run(order_id)
    assert findings(world, order_id) == []
    assert stored(world, order_id).order.adjustments == ()


def test_a_free_line_has_a_price(world: World) -> None:
    """INT-05: zero is a price."""
    lines = [LINES[0], {"sku": "B", "quantity": 1, "unitPrice": 0}]
    assert findings(world, arrive(world, lines=lines)) == []


def test_a_currency_that_nobody_names_makes_the_order_incomplete(world: World) -> None:
    """INT-05: until somebody says which one; then the card is asked in it."""
    order_id = without_currency(world, lines=[LINES[0]])
    assert read(world, order_id)["state"] == "INCOMPLETE"
    assert findings(world, order_id) == [("MISSING_CURRENCY", "ERROR", "currency")]
    assert stored(world, order_id).payments.intents == ()
    got = act(world, order_id, {"action": "complete", "currency": "XYZ"}, claims=BOSS)
    assert (got.status, got.body["code"]) == (400, "UNKNOWN_CURRENCY")
    assert (
        act(world, order_id, {"action": "complete", "currency": "EUR"}, claims=BOSS).status == 200
    )
    world.run(order_id)
    record = stored(world, order_id)
    assert (record.order.currency, record.payments.currency) == ("EUR", "EUR")
    assert findings(world, order_id) == []
    assert [intent.state.value for intent in record.payments.intents] == ["SUCCEEDED"]


def test_a_known_currency_is_not_changed(world: World) -> None:
    """TOT-06: an order has one currency."""
    order_id = arrive(world)
    got = act(world, order_id, {"action": "complete", "currency": "EUR"}, claims=BOSS)
    assert (got.status, got.body["code"]) == (422, "STATE")


def test_several_tenders_share_the_value_once_it_is_known(world: World) -> None:
    """PAY-10, PAY-11: in draw order up to their limits, as at acceptance."""
    tenders = [
        {"method": "CARD", "token": "tok_ok"},
        {"method": "GIFT_CARD", "token": "tok_gift", "limit": 700},
    ]
    order_id = arrive(world, tenders=tenders)
    act(world, order_id, {"action": "complete", "prices": {"2": 250}}, claims=BOSS)
    world.run(order_id)
    total = read(world, order_id)["totals"]["current"]
    record = stored(world, order_id)
    amounts = {i.payment_id: i.amount for i in record.payments.intents}
    assert [amounts[t.id] for t in record.payments.tenders] == [total - 700, 700]
    assert [t.limit for t in record.payments.tenders] == [total - 700, 700]


@pytest.mark.parametrize("prices", [{"0": 1}, {"x": 1}, {"2": -1}, {"2": 10**18}])
def test_a_price_that_cannot_be_is_refused(world: World, prices: dict[str, int]) -> None:
    """API-05: 400, never a 500."""
    order_id = arrive(world)
    got = act(world, order_id, {"action": "complete", "prices": prices}, claims=BOSS)
    assert got.status == 400


def _free() -> dict[str, Any]:
    address = {"country": "US", "postalCode": "02108", "region": "MA", "city": "Boston"}
    return {"id": "1", "method": "STANDARD", "address": address}
