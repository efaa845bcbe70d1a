"""Pickup orders from the counter's side to the ledger. Cites PKP-01 to PKP-04, ACC-106, FUL-108."""

from __future__ import annotations

from dataclasses import replace

import pytest
from oms.fulfillment import commands
from oms.fulfillment.model import PackedUnits
from oms.fulfillment.states import fo_state
from oms.kernel.policy import Policy
from oms.orders.model import DeliveryGroup, DeliveryType

from tests.simulation.floor import only, tick
from tests.simulation.merchant import COMPANY, SITES, Merchant
from tests.simulation.test_life_of_an_order import healthy, state_of

COUNTER = DeliveryGroup(
    "1", "PICKUP", DeliveryType.PICKUP, pickup_site="BOS", pickup_persons=("Bo Berg", "Cy Ohm")
)


@pytest.fixture
def merchant() -> Merchant:
    made = Merchant()
    made.settings.put_site(COMPANY, replace(SITES[1], offers_pickup=True))
    return made


def staged(merchant: Merchant) -> str:
    """An order of three that waits at the counter of Boston; returns its id."""
    merchant.shelve("A", BOS=5)
    order_id = str(merchant.place(("A", 3, 1000), groups=(COUNTER,)).body["id"])
    merchant.run(order_id)
    fo = only(merchant, order_id)
    assert (fo.type, fo.site, fo_state(fo)) == ("PICKUP", "BOS", "AWAITING_ASSIGNMENT")
    merchant.act(order_id, commands.Claim(fo.id, "bo"))
    merchant.act(order_id, commands.Pick(fo.id, (PackedUnits(1, 3),)))
    merchant.act(order_id, commands.MakeReady(fo.id, "123456", "A-7"))
    return order_id


def notices(merchant: Merchant, order_id: str) -> list[tuple[str, int]]:
    return [
        (fact.data["notice"], fact.data.get("day", 0))
        for fact in merchant.orders.facts(COMPANY, order_id, 0)
        if fact.type == "pickup.notified"
    ]


def test_hand_over_on_the_sixth_day_posts_and_captures(merchant: Merchant) -> None:
    """PKP-02, ACC-106: shipped and delivered together, invoice, capture."""
    order_id = staged(merchant)
    assert merchant.act(order_id).body["fulfillmentStatus"] == "IN_PROGRESS"
    merchant.pass_time(days=6)
    tick(merchant, order_id)
    merchant.act(order_id, commands.HandOver(only(merchant, order_id).id, code="123456"))
    buckets = merchant.read(order_id).order.lines[0].buckets
    assert (buckets.shipped, buckets.delivered, buckets.invoiced) == (3, 3, 3)
    record = merchant.run(order_id)
    assert [invoice.applied for invoice in record.billing.invoices] == [3000]
    assert state_of(merchant, record) == "CLOSED"
    assert merchant.act(order_id).body["fulfillmentStatus"] == "DELIVERED"
    healthy(merchant, order_id)


def test_nobody_comes(merchant: Merchant) -> None:
    """PKP-03, ACC-106: reminders on days 2 and 5; after 7 the units are sellable at the store, the
    authorization is dropped, PICKUP_NO_SHOW is open.
    """
    order_id = staged(merchant)
    for _ in range(7):
        merchant.pass_time(days=1)
        record = tick(merchant, order_id)
    assert notices(merchant, order_id) == [
        ("READY", 0), ("REMINDER", 2), ("REMINDER", 5), ("NO_SHOW", 0),
    ]  # fmt: skip
    fo = only(merchant, order_id)
    assert (fo_state(fo), fo.end_reason) == ("CANCELED", "PICKUP_NO_SHOW")
    assert "PICKUP_NO_SHOW" in [item.type for item in record.attention.items]
    held = [a for t in record.payments.tenders for a in t.authorizations]
    assert all(a.void or a.expires_at <= merchant.now for a in held)
    (row,) = merchant.stock.levels.values()
    (counter,) = merchant.stock.counters.values()
    assert (row.on_hand, row.reserved, row.allocated, row.picked) == (5, 0, 0, 0)
    assert (counter.supply, counter.promised) == (5, 0)
    healthy(merchant, order_id)
    again = merchant.place(("A", 5, 1000), groups=(COUNTER,)).body["id"]
    assert fo_state(merchant.run(str(again)).fulfillment.orders[0]) == "AWAITING_ASSIGNMENT"


def test_an_authorization_that_still_holds_is_voided(merchant: Merchant) -> None:
    """PKP-03, `pickup.holdDays`: funds that were not captured are dropped at the gateway."""
    merchant.settings.current = Policy(pickup_hold_days=3)
    order_id = staged(merchant)
    merchant.pass_time(days=3)
    record = tick(merchant, order_id)
    assert fo_state(only(merchant, order_id)) == "CANCELED"
    assert all(a.void for t in record.payments.tenders for a in t.authorizations)
    healthy(merchant, order_id)


def test_an_extension_gives_seven_days_more(merchant: Merchant) -> None:
    """PKP-03."""
    order_id = staged(merchant)
    merchant.act(order_id, commands.ExtendPickup(only(merchant, order_id).id))
    merchant.pass_time(days=13)
    tick(merchant, order_id)
    assert fo_state(only(merchant, order_id)) == "READY_FOR_PICKUP"
    merchant.pass_time(days=1)
    tick(merchant, order_id)
    assert fo_state(only(merchant, order_id)) == "CANCELED"
    healthy(merchant, order_id)


def test_units_left_at_the_counter_are_canceled(merchant: Merchant) -> None:
    """PKP-04: the rest is handed over to the person the customer named, and paid."""
    order_id = staged(merchant)
    fo = only(merchant, order_id)
    merchant.act(
        order_id,
        commands.HandOver(fo.id, person="Bo Berg", id_checked=True, lines=(PackedUnits(1, 2),)),
    )
    buckets = merchant.read(order_id).order.lines[0].buckets
    assert (buckets.delivered, buckets.canceled) == (2, 1)
    record = merchant.run(order_id)
    assert [invoice.applied for invoice in record.billing.invoices] == [2000]
    assert state_of(merchant, record) == "CLOSED"
    healthy(merchant, order_id)
