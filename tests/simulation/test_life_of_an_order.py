"""An order from the channel to shipped, invoiced, captured and closed, over the real engine."""

from __future__ import annotations

import pytest
from oms.fulfillment.commands import (
    Assign,
    HandOver,
    MakeReady,
    NewPackage,
    Pack,
    Pick,
    RejectFulfillment,
    Ship,
    ShortPick,
)
from oms.fulfillment.commands import RejectedLine as Rejected
from oms.fulfillment.model import FulfillmentType, PackedUnits
from oms.fulfillment.states import fo_state
from oms.kernel.errors import Conflict, Refused
from oms.lifecycle.record import OrderRecord
from oms.lifecycle.state import state
from oms.orders.commands import (
    Cancel,
    CancelLine,
    NewLine,
    NewTender,
    PlaceOrder,
    Resume,
    Suspend,
    Void,
)
from oms.orders.model import DeliveryGroup

from infra.local.job.invariants import Evidence, breaches
from tests.simulation.merchant import BOSTON, COMPANY, Merchant


@pytest.fixture
def merchant() -> Merchant:
    return Merchant()


def healthy(merchant: Merchant, *order_ids: str) -> None:
    """No invariant of `spec/lead.md` is broken (INV-S, INV-M, INV-A)."""
    records = [merchant.read(order_id) for order_id in order_ids]
    moved = merchant.gateway.stats()["moved"]
    money = {
        key: row["amount"] for key, row in moved.items() if row["kind"] in ("CAPTURE", "REFUND")
    }
    found = breaches(
        Evidence(
            records, list(merchant.stock.counters.values()), list(merchant.stock.levels.values()),
            list(merchant.stock.journals.values()),
            {r.order.id: merchant.orders.facts(COMPANY, r.order.id, 0) for r in records}, money,
            {r.order.id: r.version for r in records},
        )
    )  # fmt: skip
    assert set(found.values()) == {0}, found


def state_of(merchant: Merchant, record: OrderRecord) -> str:
    return state(record, merchant.lifecycle.context(record, merchant.agent, "look"))


def ship_everything(merchant: Merchant, order_id: str) -> None:
    for fo in merchant.read(order_id).fulfillment.orders:
        if fo_state(fo) != "AWAITING_PICK":
            continue
        units = tuple(PackedUnits(row.line_no, row.quantity) for row in fo.lines)
        merchant.act(order_id, Pick(fo.id, units))
        if fo.type is FulfillmentType.PICKUP:
            merchant.act(order_id, MakeReady(fo.id, "1"), HandOver(fo.id, "1"))
            continue
        merchant.act(order_id, Pack(fo.id, (NewPackage(units, tracking_number="1Z"),)))
        merchant.act(order_id, Ship(fo.id, "UPS"))


def test_accepted_allocated_shipped_captured_closed(merchant: Merchant) -> None:
    """ORD-100, 108, 111, 113, 116; PAY-101, 102; BIL-100 to 103; SHP-01, 03; FUL-100 to 110."""
    merchant.shelve("A", DC=5)
    merchant.shelve("B", DC=5)
    order_id = merchant.place(("A", 2, 1000), ("B", 1, 500)).body["id"]
    assert state_of(merchant, merchant.read(order_id)) == "RECEIVED"
    record = merchant.run(order_id)
    assert state_of(merchant, record) == "AWAITING_FULFILLMENT"
    assert [fo.site for fo in record.fulfillment.orders] == ["DC"]
    healthy(merchant, order_id)
    ship_everything(merchant, order_id)
    healthy(merchant, order_id)
    record = merchant.run(order_id)
    assert state_of(merchant, record) == "CLOSED"
    assert [invoice.applied for invoice in record.billing.invoices] == [2500]
    types = [fact.type for fact in merchant.orders.facts(COMPANY, order_id, 0)]
    for expected in ("order.received", "payment.authorized", "order.approved", "order.allocated",
                     "fulfillment_order.released", "shipment.created", "invoice.posted",
                     "payment.captured", "invoice.paid", "order.closed"):  # fmt: skip
        assert types.count(expected) == 1, expected
    healthy(merchant, order_id)


def test_the_same_key_answers_the_same_and_makes_one_order(merchant: Merchant) -> None:
    """ACC-007, API-03, INV-A1."""
    merchant.shelve("A", DC=5)
    first = merchant.place(("A", 1, 1000))
    command_key = {"key": "k1", "body_hash": "h1", "correlation_id": "again"}
    command = first_offer()
    again = merchant.lifecycle.place(merchant.channel, command, **command_key)
    assert (again.body, again.replayed) == (first.body, True)
    with pytest.raises(Conflict) as refusal:
        merchant.lifecycle.place(merchant.channel, command, **(command_key | {"body_hash": "x"}))
    assert refusal.value.code == "IDEMPOTENCY_MISMATCH"
    healthy(merchant, str(first.body["id"]))


def first_offer() -> PlaceOrder:
    return PlaceOrder(
        "web", "USD", (NewLine("A", 1, 1000),), external_number="E1",
        groups=(DeliveryGroup("1", "STANDARD", address=BOSTON),),
        tenders=(NewTender("CARD", "tok_ok"),),
    )  # fmt: skip


def test_a_taken_external_number_names_the_order_that_has_it(merchant: Merchant) -> None:
    """ACC-008, API-04."""
    merchant.shelve("A", DC=5)
    order_id = merchant.place(("A", 1, 1000)).body["id"]
    with pytest.raises(Conflict) as refusal:
        merchant.place(("A", 1, 1000), external_number="E1")
    assert (refusal.value.code, refusal.value.existing_id) == ("DUPLICATE_ORDER", order_id)
    healthy(merchant, order_id)


def test_short_stock_refuses_by_api_and_backorders_by_queue(merchant: Merchant) -> None:
    """ACC-010, INT-04: nothing is left behind by the refusal."""
    merchant.shelve("A", DC=2)
    with pytest.raises(Conflict) as refusal:
        merchant.place(("A", 3, 1000))
    assert refusal.value.code == "OUT_OF_STOCK"
    assert "2 of 3" in refusal.value.problems[0].message
    healthy(merchant)
    order_id = merchant.place(("A", 3, 1000), entry="QUEUE").body["id"]
    buckets = merchant.read(order_id).order.lines[0].buckets
    assert (buckets.reserved, buckets.backordered) == (2, 1)
    healthy(merchant, order_id)


def test_a_decline_alerts_and_ships_nothing(merchant: Merchant) -> None:
    """GTW-05, PAY-103, FLG-02."""
    merchant.shelve("A", DC=5)
    order_id = merchant.place(("A", 1, 1000), token="tok_decline_hard").body["id"]
    record = merchant.run(order_id)
    assert not record.fulfillment.orders
    assert "PAYMENT_DECLINED" in [item.type for item in record.attention.items]
    healthy(merchant, order_id)


def test_a_lost_answer_is_looked_up_and_money_moves_once(merchant: Merchant) -> None:
    """ACC-042, GTW-04, INV-M3."""
    merchant.shelve("A", DC=5)
    order_id = merchant.place(("A", 1, 1000), token="tok_timeout_then_ok").body["id"]
    record = merchant.run(order_id)
    assert not record.fulfillment.orders
    merchant.pass_time(seconds=31)
    merchant.run(order_id)
    ship_everything(merchant, order_id)
    merchant.run(order_id)
    merchant.pass_time(seconds=31)
    record = merchant.run(order_id)
    assert state_of(merchant, record) == "CLOSED"
    healthy(merchant, order_id)


@pytest.mark.parametrize(
    "token",
    ["tok_dup_webhook", "tok_late_webhook_first", "tok_pending_then_ok"],
)
def test_webhooks_in_any_order_and_number_change_nothing_twice(
    merchant: Merchant, token: str
) -> None:
    """ACC-043, ACC-044, GTW-07, INV-M3."""
    merchant.shelve("A", DC=5)
    order_id = merchant.place(("A", 1, 1000), token=token).body["id"]
    merchant.run(order_id)
    merchant.pass_time(minutes=1)
    merchant.deliver_webhooks()
    merchant.run(order_id)
    ship_everything(merchant, order_id)
    merchant.run(order_id)
    merchant.pass_time(minutes=1)
    merchant.deliver_webhooks()
    record = merchant.run(order_id)
    assert state_of(merchant, record) == "CLOSED"
    healthy(merchant, order_id)


def test_a_short_pick_shrinks_the_invoice_and_is_sourced_elsewhere(merchant: Merchant) -> None:
    """FUL-107, PCK-04, PAY-31, SRC-40, SRC-42, ACC-101."""
    merchant.shelve("A", DC=3, BOS=3)
    order_id = merchant.place(("A", 3, 1000)).body["id"]
    record = merchant.run(order_id)
    fo = record.fulfillment.orders[0]
    if fo.assignee is None:
        merchant.act(order_id, Assign(fo.id, "bob"))
    merchant.act(order_id, Pick(fo.id, (PackedUnits(1, 2),)))
    merchant.act(order_id, ShortPick(fo.id, (Rejected(1, 1, "QUANTITY_MISMATCH"),)))
    healthy(merchant, order_id)
    merchant.act(order_id, Pack(fo.id, (NewPackage((PackedUnits(1, 2),)),)))
    merchant.act(order_id, Ship(fo.id, "UPS"))
    record = merchant.run(order_id)
    posted = [i.total for i in record.billing.invoices if i.posted_at]
    assert posted == [2000]
    sites = [other.site for other in record.fulfillment.orders[1:]]
    assert sites
    assert fo.site not in sites
    healthy(merchant, order_id)


def test_a_rejected_fulfillment_order_goes_elsewhere(merchant: Merchant) -> None:
    """FUL-104, SRC-40 to 42, ACC-100: never again to the site that refused."""
    merchant.shelve("A", DC=3, BOS=3)
    order_id = merchant.place(("A", 2, 1000)).body["id"]
    first = merchant.run(order_id).fulfillment.orders[0]
    merchant.act(order_id, RejectFulfillment(first.id, "TOO_BUSY"))
    healthy(merchant, order_id)
    record = merchant.run(order_id)
    assert fo_state(record.fulfillment.orders[0]) == "REJECTED"
    assert record.fulfillment.orders[1].site != first.site
    healthy(merchant, order_id)


def test_canceling_everything_returns_stock_and_drops_the_authorization(merchant: Merchant) -> None:
    """CAN-01 to 03, LIN-110, REF-06, ORD-07, INV-S4."""
    item_id = merchant.shelve("A", DC=3)
    order_id = merchant.place(("A", 2, 1000)).body["id"]
    merchant.run(order_id)
    merchant.act(order_id, Cancel("CUSTOMER"))
    healthy(merchant, order_id)
    record = merchant.run(order_id)
    assert state_of(merchant, record) == "CLOSED"
    level = merchant.stock.levels[COMPANY, item_id, "DC"]
    counter = merchant.stock.counters[COMPANY, item_id, "main"]
    assert (level.on_hand, level.reserved, level.allocated, counter.promised) == (3, 0, 0, 0)
    assert all(a.void for t in record.payments.tenders for a in t.authorizations)
    healthy(merchant, order_id)


def test_a_partial_cancel_leaves_the_rest_shippable(merchant: Merchant) -> None:
    """CAN-07, INV-F2, LIN-07: the captured amount is that of the units that shipped."""
    merchant.shelve("A", DC=5)
    order_id = merchant.place(("A", 3, 1000)).body["id"]
    merchant.run(order_id)
    merchant.act(order_id, Cancel("CUSTOMER", (CancelLine(1, 1),)))
    ship_everything(merchant, order_id)
    record = merchant.run(order_id)
    assert sum(i.applied for i in record.billing.invoices) == 2000
    assert state_of(merchant, record) == "CLOSED"
    healthy(merchant, order_id)


def test_a_suspended_order_is_left_alone_until_it_is_resumed(merchant: Merchant) -> None:
    """ACC-022, FLG-02, SRC-01."""
    merchant.shelve("A", DC=5)
    order_id = merchant.place(("A", 1, 1000)).body["id"]
    merchant.act(order_id, Suspend("checking"))
    assert not merchant.run(order_id).fulfillment.orders
    merchant.act(order_id, Resume("checked"))
    assert merchant.run(order_id).fulfillment.orders
    healthy(merchant, order_id)


def test_a_void_is_refused_after_shipment(merchant: Merchant) -> None:
    """ORD-118, FLG-09."""
    merchant.shelve("A", DC=5)
    order_id = merchant.place(("A", 1, 1000)).body["id"]
    merchant.run(order_id)
    ship_everything(merchant, order_id)
    with pytest.raises(Refused) as refusal:
        merchant.act(order_id, Void("mistake"))
    assert refusal.value.code == "ALREADY_SHIPPED"


def test_running_allocation_again_creates_nothing(merchant: Merchant) -> None:
    """ACC-082, SRC-08."""
    merchant.shelve("A", DC=5)
    order_id = merchant.place(("A", 1, 1000)).body["id"]
    before = merchant.run(order_id)
    merchant.steps.run(COMPANY, order_id, "ALLOCATE", "again")
    assert merchant.read(order_id) == before
