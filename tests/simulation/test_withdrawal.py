"""Cancellation of units on the floor, composed with stock and money.

Cites CAN-04 to CAN-07, PAY-33, LIN-106, LIN-110, FLG-09, ACC-105, ACC-108.
"""

from __future__ import annotations

import pytest
from oms.fulfillment import commands
from oms.fulfillment.commands import Pick, Ship
from oms.fulfillment.states import fo_state
from oms.holds.decisions import open_holds
from oms.kernel.errors import Refused
from oms.kernel.policy import CaptureTiming, Policy
from oms.orders.commands import Cancel, CancelLine, Void
from oms.payments.commands import Refund

from tests.simulation.floor import items, level, only, pack, pick, placed, tick
from tests.simulation.merchant import COMPANY, Merchant
from tests.simulation.test_life_of_an_order import healthy, ship_everything, state_of


@pytest.fixture
def merchant() -> Merchant:
    return Merchant()


def test_a_request_stops_the_floor_until_it_answers(merchant: Merchant) -> None:
    """CAN-04, ACC-105: request first: hold and refusal; ACCEPT cancels the unit, restocks it and
    lets the rest go on.
    """
    order_id = placed(merchant)
    fo_id = pick(merchant, order_id)
    pack(merchant, order_id)
    merchant.act(order_id, Cancel("CUSTOMER", (CancelLine(1, 1),)))
    (hold,) = open_holds(merchant.read(order_id).holds)
    assert (hold.type, hold.scope_ref) == ("CANCEL_REQUEST", fo_id)
    with pytest.raises(Refused) as refusal:
        merchant.act(order_id, Ship(fo_id, "UPS"))
    assert (refusal.value.code, "CANCEL_REQUEST" in refusal.value.detail) == ("HELD", True)
    merchant.act(order_id, commands.AnswerCancellation(fo_id, accept=True))
    record = merchant.read(order_id)
    assert not open_holds(record.holds)
    buckets = record.order.lines[0].buckets
    assert (buckets.canceled, buckets.picked, buckets.packed) == (1, 2, 0)
    assert level(merchant) == (9, 2, 2, 2)
    healthy(merchant, order_id)
    pack(merchant, order_id, 2)
    merchant.act(order_id, Ship(fo_id, "UPS"))
    record = merchant.run(order_id)
    assert [invoice.applied for invoice in record.billing.invoices if invoice.posted_at] == [2000]
    assert state_of(merchant, record) == "CLOSED"
    healthy(merchant, order_id)


def test_a_shipment_that_came_first_leaves_nothing_to_cancel(merchant: Merchant) -> None:
    """CAN-04, ACC-105: exactly one wins."""
    order_id = placed(merchant)
    fo_id = pick(merchant, order_id)
    pack(merchant, order_id)
    merchant.act(order_id, Ship(fo_id, "UPS"))
    with pytest.raises(Refused) as refusal:
        merchant.act(order_id, Cancel("CUSTOMER", (CancelLine(1, 1),)))
    assert refusal.value.code == "ALREADY_SHIPPED"
    assert not only(merchant, order_id).cancel_requests


def test_a_denial_lets_it_ship(merchant: Merchant) -> None:
    """CAN-04, ACC-105: DENY ships, and the fact tells the agent why."""
    order_id = placed(merchant)
    fo_id = pick(merchant, order_id)
    pack(merchant, order_id)
    merchant.act(order_id, Cancel("CUSTOMER"))
    merchant.act(order_id, commands.AnswerCancellation(fo_id, accept=False, reason="on the truck"))
    merchant.act(order_id, Ship(fo_id, "UPS"))
    record = merchant.run(order_id)
    assert state_of(merchant, record) == "CLOSED"
    facts = merchant.orders.facts(COMPANY, order_id, 0)
    (told,) = [f for f in facts if f.type == "fulfillment_order.cancel_answered"]
    assert (told.data["answer"], told.data["reason"]) == ("DENY", "on the truck")
    healthy(merchant, order_id)


def test_silence_of_an_own_site_cancels_and_asks_a_person(merchant: Merchant) -> None:
    """CAN-05: after an hour, with CANCEL_REQUEST_UNANSWERED; the authorization is dropped (CAN-06:
    nothing was captured, nothing is refunded).
    """
    order_id = placed(merchant)
    pick(merchant, order_id)
    merchant.act(order_id, Cancel("CUSTOMER"))
    merchant.pass_time(minutes=59)
    assert fo_state(tick(merchant, order_id).fulfillment.orders[0]) == "PICKING"
    merchant.pass_time(minutes=1)
    record = tick(merchant, order_id)
    assert fo_state(record.fulfillment.orders[0]) == "CANCELED"
    assert "CANCEL_REQUEST_UNANSWERED" in items(record)
    assert all(a.void for t in record.payments.tenders for a in t.authorizations)
    assert level(merchant) == (9, 0, 0, 0)
    healthy(merchant, order_id)


def test_what_was_paid_comes_back_with_the_units(merchant: Merchant) -> None:
    """CAN-06, PAY-33: captured funds above what is owed are refunded."""
    merchant.settings.current = Policy(capture_timing=CaptureTiming.ON_ORDER)
    order_id = placed(merchant)
    fo_id = pick(merchant, order_id)
    merchant.act(order_id, Cancel("CUSTOMER", (CancelLine(1, 2),)))
    merchant.act(order_id, commands.AnswerCancellation(fo_id, accept=True))
    record = merchant.run(order_id)
    moved = merchant.gateway.stats()["moved"].values()
    taken = {row["kind"]: row["amount"] for row in moved}
    assert (taken["CAPTURE"], taken["REFUND"]) == (3000, 2000)
    assert record.order.lines[0].buckets.canceled == 2
    healthy(merchant, order_id)


def test_a_refund_before_shipping_leaves_all_of_it_shippable(merchant: Merchant) -> None:
    """CAN-07, ACC-108: a refund moves no unit; a later cancel returns exactly the open ones."""
    merchant.settings.current = Policy(capture_timing=CaptureTiming.ON_ORDER)
    merchant.shelve("A", DC=5)
    merchant.shelve("B", DC=5)
    order_id = str(merchant.place(("A", 2, 1000), ("B", 2, 500)).body["id"])
    record = merchant.run(order_id)
    tender = record.payments.tenders[0]
    merchant.act(order_id, Refund(tender.id, 300, "appeasement"))
    record = merchant.run(order_id)
    assert [line.buckets.allocated for line in record.order.lines] == [2, 2]
    fo = record.fulfillment.orders[0]
    assert fo_state(fo) == "AWAITING_PICK"
    merchant.act(order_id, Cancel("CUSTOMER", (CancelLine(2),)))
    assert [line.buckets.open for line in merchant.read(order_id).order.lines] == [2, 0]
    ship_everything(merchant, order_id)
    merchant.run(order_id)
    left = {(row.on_hand, row.reserved, row.allocated) for row in merchant.stock.levels.values()}
    assert left == {(3, 0, 0), (5, 0, 0)}
    healthy(merchant, order_id)


def test_nothing_is_void_while_the_floor_works_on_it(merchant: Merchant) -> None:
    """FLG-09, ORD-118."""
    order_id = placed(merchant)
    merchant.act(order_id, Pick(only(merchant, order_id).id))
    with pytest.raises(Refused) as refusal:
        merchant.act(order_id, Void("x"))
    assert refusal.value.code == "PICKING_STARTED"
