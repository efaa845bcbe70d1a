"""Each transition of an order over the real engine, with the fact that announces it.

Cites ORD-01 to ORD-07 and ORD-100 to ORD-118.
"""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from oms.billing.commands import PostCredit
from oms.fulfillment.commands import Assign, NewPackage, Pack, Pick, RejectFulfillment, Ship
from oms.fulfillment.model import PackedUnits
from oms.kernel.errors import Conflict, Refused
from oms.kernel.policy import ApprovalMode
from oms.lifecycle.state import is_settled, state
from oms.orders.commands import (
    AddNote,
    Approve,
    Cancel,
    ChangeAddress,
    Complete,
    File,
    NewTender,
    Reject,
    Void,
)
from oms.orders.model import DeliveryGroup, Order
from oms.payments.commands import AddTender

from tests.simulation.merchant import BOSTON, COMPANY, Merchant

ACCEPTED = ("AWAITING_ALLOCATION", "AWAITING_FULFILLMENT")


@pytest.fixture
def merchant() -> Merchant:
    found = Merchant()
    found.shelve("A", DC=9, BOS=9)
    return found


def place(merchant: Merchant, quantity: int = 1, token: str = "tok_ok") -> str:
    return str(merchant.place(("A", quantity, 1000), token=token).body["id"])


def state_of(merchant: Merchant, order_id: str) -> str:
    record = merchant.read(order_id)
    return state(record, merchant.lifecycle.context(record, merchant.agent, "look"))


def told(merchant: Merchant, order_id: str) -> list[str]:
    """Types of the order's own facts, in order."""
    facts = merchant.orders.facts(COMPANY, order_id, 0)
    return [fact.type for fact in facts if fact.type.startswith("order.")]


def switch(merchant: Merchant, **values: object) -> None:
    merchant.settings.current = replace(merchant.settings.current, **values)  # type: ignore[arg-type]


def ship(merchant: Merchant, order_id: str) -> None:
    """Everything that waits at a site leaves it, without the workflow's next step."""
    for fo in merchant.read(order_id).fulfillment.orders:
        units = tuple(PackedUnits(row.line_no, row.quantity) for row in fo.lines)
        if fo.assignee is None:
            merchant.act(order_id, Assign(fo.id, "bob"))
        merchant.act(order_id, Pick(fo.id, units), Pack(fo.id, (NewPackage(units),)))
        merchant.act(order_id, Ship(fo.id, "UPS"))


def test_received_is_readable_before_anything_else_happens(merchant: Merchant) -> None:
    """ORD-100, ORD-06: stored with lines, shares and tenders, reserved, not yet validated."""
    order_id = place(merchant, 2)
    record = merchant.read(order_id)
    assert state_of(merchant, order_id) == "RECEIVED"
    assert told(merchant, order_id) == ["order.received"]
    assert (record.order.validated, record.order.lines[0].buckets.reserved) == (False, 2)
    assert [tender.method for tender in record.payments.tenders] == ["CARD"]
    with pytest.raises(Conflict, match="DUPLICATE_ORDER"):
        merchant.place(("A", 1, 1000), external_number=record.order.external_number)


def test_only_the_named_facts_of_an_order_are_explicit() -> None:
    """ORD-02: no field of an order is a status; what `reached` announced is compared, not asked."""
    names = {field.name for field in fields(Order)}
    explicit = {"submitted_at", "intake_done_at", "findings", "approval", "filed_at", "voided_at",
                "suspended", "locked", "flag"}  # fmt: skip
    assert explicit <= names
    assert not {name for name in names if "status" in name or name == "state"}


def test_incomplete_and_completed(merchant: Merchant) -> None:
    """ORD-104, ORD-105: the item is opened, and resolved with the data."""
    group = DeliveryGroup("1", "STANDARD")
    order_id = merchant.place(("A", 1, 1000), groups=(group,)).body["id"]
    merchant.run(order_id)
    assert state_of(merchant, order_id) == "INCOMPLETE"
    (item,), _ = merchant.items.open_items(COMPANY, 10, None)
    assert item.type == "ORDER_INCOMPLETE"
    merchant.act(order_id, Complete(groups=(replace(group, address=BOSTON),)))
    merchant.run(order_id)
    assert state_of(merchant, order_id) in ACCEPTED
    assert merchant.items.open_items(COMPANY, 10, None)[0] == ()
    facts = told(merchant, order_id)
    assert facts.index("order.incomplete") < facts.index("order.completed")


def test_attention_keeps_an_order_received(merchant: Merchant) -> None:
    """ORD-106: a blocking item waits; the correction that ends it resumes intake."""
    wrong = replace(BOSTON, region="TX")
    group = DeliveryGroup("1", "STANDARD", address=wrong)
    order_id = merchant.place(("A", 1, 1000), groups=(group,)).body["id"]
    merchant.run(order_id)
    assert state_of(merchant, order_id) == "RECEIVED"
    assert "order.attention" in told(merchant, order_id)
    assert "order.intake_done" not in told(merchant, order_id)
    merchant.act(order_id, ChangeAddress("1", BOSTON))
    merchant.run(order_id)
    assert state_of(merchant, order_id) in ACCEPTED


def test_a_declined_preauthorization_keeps_an_order_received(merchant: Merchant) -> None:
    """ORD-106: until another tender covers it."""
    order_id = place(merchant, token="tok_decline_hard")
    merchant.run(order_id)
    assert "order.allocated" not in told(merchant, order_id)
    merchant.act(order_id, AddTender("CARD", "tok_ok"))
    merchant.run(order_id)
    assert state_of(merchant, order_id) == "AWAITING_FULFILLMENT"


def test_approval_by_the_system(merchant: Merchant) -> None:
    """ORD-108, ACC-003: with approval off the order waits for nobody."""
    order_id = place(merchant)
    merchant.run(order_id)
    facts = told(merchant, order_id)
    assert "order.awaiting_approval" not in facts
    assert facts.index("order.intake_done") < facts.index("order.approved")


def test_approval_by_a_person(merchant: Merchant) -> None:
    """ORD-107, ORD-109, ACC-003: it waits, goes on once, and a repeat changes nothing."""
    switch(merchant, order_approval=ApprovalMode.MANUAL)
    order_id = place(merchant)
    merchant.run(order_id)
    assert state_of(merchant, order_id) == "AWAITING_APPROVAL"
    assert not merchant.read(order_id).fulfillment.orders
    merchant.act(order_id, Approve())
    assert state_of(merchant, order_id) == "AWAITING_ALLOCATION"
    version = merchant.read(order_id).version
    merchant.act(order_id, Approve())
    assert merchant.read(order_id).version == version
    merchant.run(order_id)
    assert told(merchant, order_id).count("order.approved") == 1


def test_rejection_annuls(merchant: Merchant) -> None:
    """ORD-110: as a void, with everything given back."""
    switch(merchant, order_approval=ApprovalMode.MANUAL)
    order_id = place(merchant, 2)
    merchant.run(order_id)
    merchant.act(order_id, Reject("FRAUD"))
    assert state_of(merchant, order_id) == "VOID"
    merchant.run(order_id)
    assert [f for f in told(merchant, order_id) if f in ("order.rejected", "order.voided")] == [
        "order.rejected", "order.voided",
    ]  # fmt: skip
    assert sum(c.promised for c in merchant.stock.counters.values()) == 0
    (tender,) = merchant.read(order_id).payments.tenders
    assert all(held.void for held in tender.authorizations)


def test_allocated_and_deallocated(merchant: Merchant) -> None:
    """ORD-111, ORD-112: the first unit with a site, and the last one without."""
    order_id = place(merchant)
    fo = merchant.run(order_id).fulfillment.orders[0]
    assert state_of(merchant, order_id) == "AWAITING_FULFILLMENT"
    assert merchant.orders.decisions
    merchant.act(order_id, RejectFulfillment(fo.id, "TOO_BUSY"))
    assert state_of(merchant, order_id) == "AWAITING_ALLOCATION"
    facts = told(merchant, order_id)
    assert facts.index("order.allocated") < facts.index("order.deallocated")
    buckets = merchant.read(order_id).order.lines[0].buckets
    assert buckets.reserved + buckets.unsourced == 1
    merchant.run(order_id)
    assert told(merchant, order_id).count("order.allocated") == 2


def test_fulfilled_and_settled_without_filing(merchant: Merchant) -> None:
    """ORD-113, ORD-116, ORD-04: shipped, it owes money until that is captured."""
    order_id = place(merchant, 2)
    merchant.run(order_id)
    ship(merchant, order_id)
    assert state_of(merchant, order_id) == "AWAITING_SETTLEMENT"
    assert "order.fulfilled" in told(merchant, order_id)
    assert "order.closed" not in told(merchant, order_id)
    merchant.run(order_id)
    assert state_of(merchant, order_id) == "CLOSED"
    facts = told(merchant, order_id)
    assert facts.index("order.fulfilled") < facts.index("order.closed")
    assert "order.settled" not in facts


def test_an_open_blocking_item_unsettles(merchant: Merchant) -> None:
    """ORD-04: money alone does not settle an order; nor does a receivable, an intent or a draft."""
    order_id = place(merchant)
    merchant.run(order_id)
    ship(merchant, order_id)
    due = merchant.read(order_id)
    ctx = merchant.lifecycle.context(due, merchant.agent, "look")
    assert not is_settled(due, ctx)
    closed = merchant.run(order_id)
    assert is_settled(closed, ctx)
    moving = due.payments.intents[-1]
    pending = replace(closed, payments=replace(closed.payments, intents=(moving,)))
    assert not moving.state.final
    assert not is_settled(pending, ctx)


def test_settled_and_filed(merchant: Merchant) -> None:
    """ORD-114, ORD-115: with filing on, a person closes it, and only what is settled."""
    switch(merchant, order_filing=True)
    order_id = place(merchant)
    merchant.run(order_id)
    with pytest.raises(Refused):
        merchant.act(order_id, File())
    ship(merchant, order_id)
    merchant.run(order_id)
    assert state_of(merchant, order_id) == "AWAITING_FILING"
    assert "order.settled" in told(merchant, order_id)
    assert "order.closed" not in told(merchant, order_id)
    merchant.act(order_id, File())
    assert state_of(merchant, order_id) == "CLOSED"
    assert merchant.read(order_id).order.filed_at == merchant.now


def test_canceling_closes_and_voiding_annuls(merchant: Merchant) -> None:
    """ORD-07, ORD-118: the first is a closed order that shipped nothing, the second is none."""
    canceled, voided = place(merchant), place(merchant)
    for order_id in (canceled, voided):
        merchant.run(order_id)
    merchant.act(canceled, Cancel("CUSTOMER"))
    merchant.act(voided, Void("TEST_ORDER"))
    for order_id in (canceled, voided):
        merchant.run(order_id)
    assert state_of(merchant, canceled) == "CLOSED"
    assert state_of(merchant, voided) == "VOID"
    assert "order.voided" not in told(merchant, canceled)
    assert sum(c.promised for c in merchant.stock.counters.values()) == 0
    assert sum(level.allocated for level in merchant.stock.levels.values()) == 0
    for order_id in (canceled, voided):
        (tender,) = merchant.read(order_id).payments.tenders
        assert all(held.void for held in tender.authorizations)


def test_void_is_terminal_and_closed_is_not(merchant: Merchant) -> None:
    """ORD-05, ORD-117, ORD-118, ENT-04: notes go on, nothing else comes back; both are kept."""
    order_id = place(merchant)
    merchant.run(order_id)
    merchant.act(order_id, Void("TEST_ORDER"))
    merchant.act(order_id, AddNote("kept for the books"))
    with pytest.raises(Refused):
        merchant.act(order_id, Cancel("AGAIN"))
    assert state_of(merchant, order_id) == "VOID"
    assert merchant.read(order_id).order.lines[0].quantity == 1
    closed = place(merchant)
    merchant.run(closed)
    ship(merchant, closed)
    merchant.run(closed)
    with pytest.raises(Refused):
        merchant.act(closed, Void("TOO_LATE"))
    assert state_of(merchant, closed) == "CLOSED"


def test_new_money_reopens_a_closed_order(merchant: Merchant) -> None:
    """ORD-117, ORD-05: a credit moves it back by computation, its refund closes it again."""
    order_id = place(merchant)
    merchant.run(order_id)
    ship(merchant, order_id)
    merchant.run(order_id)
    merchant.act(order_id, PostCredit("GOODWILL", "LATE", goodwill=200))
    assert state_of(merchant, order_id) == "AWAITING_SETTLEMENT"
    assert told(merchant, order_id)[-1] == "order.reopened"
    merchant.run(order_id)
    assert state_of(merchant, order_id) == "CLOSED"
    facts = told(merchant, order_id)
    assert (facts.count("order.reopened"), facts.count("order.closed")) == (1, 2)


def test_captured_money_of_a_void_goes_back(merchant: Merchant) -> None:
    """ORD-118: captured funds are refunded."""
    order_id = merchant.place(("A", 1, 1000), tenders=(NewTender("CASH"),)).body["id"]
    merchant.run(order_id)
    merchant.act(order_id, Void("TEST_ORDER"))
    merchant.run(order_id)
    (tender,) = merchant.read(order_id).payments.tenders
    assert sum(c.amount for c in tender.captures) == 1000
    assert tender.refunded == 1000
