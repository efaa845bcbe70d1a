"""What people do when automation stops: action items, approvals, missing data, carts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from oms.action_items.model import ItemState
from oms.fulfillment.commands import Pick, Unpick
from oms.fulfillment.model import PackedUnits
from oms.inventory.commands import CartLine, ReserveCart
from oms.inventory.decisions import reserve_cart
from oms.kernel.errors import Refused
from oms.kernel.policy import ApprovalMode, CaptureTiming
from oms.lifecycle.state import state
from oms.orders.commands import Approve, Cancel, CancelLine, Complete, NewLine, NewTender
from oms.orders.model import Approval
from oms.payments.commands import AddTender

from tests.simulation.merchant import COMPANY, Merchant


@pytest.fixture
def merchant() -> Merchant:
    return Merchant()


def state_of(merchant: Merchant, order_id: str) -> str:
    record = merchant.read(order_id)
    return state(record, merchant.lifecycle.context(record, merchant.agent, "look"))


def test_an_item_whose_cause_is_gone_leaves_the_queue(merchant: Merchant) -> None:
    """AIT-02, FLG-04: the row resolves itself with the order and stays readable."""
    merchant.shelve("A", DC=5)
    order_id = merchant.place(("A", 1, 1000), token="tok_decline_hard").body["id"]
    merchant.run(order_id)
    (opened,), _ = merchant.items.open_items(COMPANY, 10, None)
    assert opened.type == "PAYMENT_DECLINED"
    merchant.act(order_id, AddTender("CARD", "tok_ok"))
    merchant.run(order_id)
    assert merchant.items.open_items(COMPANY, 10, None)[0] == ()
    kept = merchant.items.get(COMPANY, opened.id)
    assert kept is not None
    assert kept.state is ItemState.RESOLVED
    assert state_of(merchant, order_id) == "AWAITING_FULFILLMENT"


def test_nobody_approves_an_order_one_placed(merchant: Merchant) -> None:
    """APV-02, ORD-107, ORD-109, WFL-02."""
    merchant.settings.current = replace(
        merchant.settings.current, order_approval=ApprovalMode.MANUAL
    )
    merchant.shelve("A", DC=5)
    order_id = merchant.place(("A", 1, 1000)).body["id"]
    merchant.run(order_id)
    assert state_of(merchant, order_id) == "AWAITING_APPROVAL"
    with pytest.raises(Refused):
        merchant.lifecycle.execute(merchant.channel, order_id, [Approve()])
    assert merchant.read(order_id).order.approval is Approval.PENDING
    merchant.act(order_id, Approve())
    assert [asked.state for asked in merchant.read(order_id).approvals.requests] == ["APPROVED"]


def test_the_approval_job_approves_once_its_delay_is_over(merchant: Merchant) -> None:
    """APV-04, WFL-02: JOB waits the delay and stands in the due-index until then."""
    merchant.settings.current = replace(merchant.settings.current, order_approval=ApprovalMode.JOB)
    merchant.shelve("A", DC=5)
    order_id = merchant.place(("A", 1, 1000)).body["id"]
    merchant.run(order_id)
    assert merchant.orders.due(merchant.now, 10) == ()
    merchant.pass_time(minutes=30)
    assert merchant.orders.due(merchant.now, 10) == ((COMPANY, order_id),)
    merchant.steps.tick(COMPANY, order_id, "tick")
    assert merchant.read(order_id).order.approval is Approval.SYSTEM_APPROVED


def test_an_unknown_item_is_completed_with_a_known_one(merchant: Merchant) -> None:
    """ORD-104, ORD-105, INT-05, ACC-002: the order goes on where it stopped."""
    merchant.shelve("A", DC=5)
    order_id = merchant.place(("TYPO", 1, 1000)).body["id"]
    merchant.run(order_id)
    assert state_of(merchant, order_id) == "INCOMPLETE"
    merchant.act(order_id, Complete(skus={"TYPO": "A"}))
    merchant.run(order_id)
    assert state_of(merchant, order_id) == "AWAITING_FULFILLMENT"


def test_a_cart_becomes_the_order_and_takes_no_second_unit(merchant: Merchant) -> None:
    """RSV-05: the last unit is the cart's, and its order gets it."""
    item_id = merchant.shelve("A", DC=1)
    ctx = merchant.lifecycle.context(
        merchant.read(merchant_order(merchant)), merchant.channel, "cart"
    )
    cart = ReserveCart("cart-1", (CartLine(1, item_id, 1, ("main",)),))
    snapshot = merchant.stock.read(COMPANY, (item_id,), ("main",), None)
    held = reserve_cart(cart, snapshot, ctx)
    assert held.write is not None
    merchant.stock.write(COMPANY, held.write)
    (reservation,) = held.reservations
    line = NewLine("A", 1, 1000, reservation_ids=(reservation.id,))
    order_id = merchant.place(lines=(line,)).body["id"]
    assert merchant.read(order_id).order.lines[0].buckets.reserved == 1
    assert merchant.stock.counters[COMPANY, item_id, "main"].promised == 1


def merchant_order(merchant: Merchant) -> str:
    """Some other order, whose channel the cart belongs to."""
    merchant.shelve("Z", DC=1)
    return str(merchant.place(("Z", 1, 100)).body["id"])


def test_a_channels_own_tender_code_is_translated(merchant: Merchant) -> None:
    """PAY-01, INT-06."""
    web = merchant.settings.all_channels["web"]
    merchant.settings.all_channels["web"] = replace(web, tenders={"visa_web": "CARD"})
    merchant.shelve("A", DC=5)
    tenders = (NewTender("visa_web", "tok_ok"),)
    order_id = merchant.place(("A", 1, 1000), tenders=tenders).body["id"]
    assert [t.method for t in merchant.run(order_id).payments.tenders] == ["CARD"]
    assert state_of(merchant, order_id) == "AWAITING_FULFILLMENT"


def test_units_put_back_are_no_longer_counted_as_picked(merchant: Merchant) -> None:
    """PCK-09, LIN-106, SRC-44: the level forgets the pick, so that NOT_FOUND counts right."""
    item_id = merchant.shelve("A", DC=5)
    order_id = merchant.place(("A", 2, 1000)).body["id"]
    fo = merchant.run(order_id).fulfillment.orders[0]
    merchant.act(order_id, Pick(fo.id, (PackedUnits(1, 2),)))
    assert merchant.stock.levels[COMPANY, item_id, "DC"].picked == 2
    merchant.act(order_id, Unpick(fo.id, (PackedUnits(1, 2),)))
    assert merchant.stock.levels[COMPANY, item_id, "DC"].picked == 0


def test_money_is_taken_at_release_where_that_is_set(merchant: Merchant) -> None:
    """PAY-03 ON_RELEASE: the value of the released FO is captured before picking."""
    merchant.settings.current = replace(
        merchant.settings.current, capture_timing=CaptureTiming.ON_RELEASE
    )
    merchant.shelve("A", DC=5)
    order_id = merchant.place(("A", 2, 1000)).body["id"]
    record = merchant.run(order_id)
    assert sum(c.amount for t in record.payments.tenders for c in t.captures) == 2000


def test_an_order_that_could_not_be_paid_closes_when_all_of_it_is_canceled(
    merchant: Merchant,
) -> None:
    """ORD-07, AIT-02, GTW-05: nothing is left to pay, so nothing is left to do."""
    merchant.shelve("A", DC=5)
    order_id = str(merchant.place(("A", 2, 1000), token="tok_decline_hard").body["id"])
    merchant.run(order_id)
    assert "PAYMENT_DECLINED" in {item.type for item in merchant.read(order_id).attention.items}
    merchant.act(order_id, Cancel("CUSTOMER"))
    record = merchant.run(order_id)
    assert record.attention.items == ()
    assert all(hold.released_at for hold in record.holds.holds)
    assert record.order.reached == "CLOSED"


def test_a_part_that_is_canceled_leaves_the_decline_of_the_rest(merchant: Merchant) -> None:
    """AIT-02, PAY-12: the rest still has nothing behind it."""
    merchant.shelve("A", DC=5)
    order_id = str(merchant.place(("A", 2, 1000), token="tok_decline_hard").body["id"])
    merchant.run(order_id)
    merchant.act(order_id, Cancel("CUSTOMER", (CancelLine(1, 1),)))
    record = merchant.run(order_id)
    assert "PAYMENT_DECLINED" in {item.type for item in record.attention.items}
    assert record.order.reached != "CLOSED"
