"""Fulfillment orders composed with order, stock and money, over the real engine.

Cites FUL-04, FUL-09, FUL-11, FUL-101, FUL-109 to FUL-112, CAN-04 to CAN-06, LIN-105 to LIN-111,
SHP-03, SHP-06, PCK-04, SRC-40 to SRC-44, WFL-05, ACC-083, ACC-100, ACC-101, ACC-105, ACC-108.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from oms.fulfillment import commands
from oms.fulfillment.commands import NewPackage, Pack, Pick, RejectedLine, RejectFulfillment, Ship
from oms.fulfillment.model import FulfillmentOrder, PackedUnits
from oms.fulfillment.states import fo_state
from oms.holds.commands import SetHold
from oms.holds.decisions import open_holds
from oms.kernel.context import Actor, ActorKind
from oms.kernel.errors import Forbidden, Malformed, Refused
from oms.kernel.policy import ApprovalMode, CaptureTiming, Execution, Policy
from oms.lifecycle.record import OrderRecord
from oms.orders.commands import Cancel, CancelLine, Void
from oms.payments.commands import Refund

from tests.simulation.merchant import COMPANY, START, Merchant
from tests.simulation.test_life_of_an_order import healthy, ship_everything, state_of


@pytest.fixture
def merchant() -> Merchant:
    return Merchant()


def placed(merchant: Merchant, units: int = 3, **changes: Any) -> str:
    """An order of `units` of one item whose FO is on the floor; returns its id."""
    if not merchant.stock.items:
        merchant.shelve("A", DC=9)
    order_id = str(merchant.place(("A", units, 1000), **changes).body["id"])
    merchant.run(order_id)
    return order_id


def only(merchant: Merchant, order_id: str) -> FulfillmentOrder:
    """The last FO of the order."""
    return merchant.read(order_id).fulfillment.orders[-1]


def pick(merchant: Merchant, order_id: str, units: int = 3) -> str:
    fo = only(merchant, order_id)
    merchant.act(order_id, Pick(fo.id, (PackedUnits(1, units),)))
    return fo.id


def pack(merchant: Merchant, order_id: str, units: int = 3) -> None:
    fo = only(merchant, order_id)
    merchant.act(
        order_id, Pack(fo.id, (NewPackage((PackedUnits(1, units),), tracking_number="1Z"),))
    )


def tick(merchant: Merchant, order_id: str) -> OrderRecord:
    """What the scheduler does, and the workflow after it."""
    merchant.steps.tick(COMPANY, order_id, f"tick:{merchant.now}")
    return merchant.run(order_id)


def items(record: OrderRecord) -> list[str]:
    return [item.type for item in record.attention.items]


def level(merchant: Merchant, site: str = "DC") -> tuple[int, int, int, int]:
    """On hand, reserved, allocated, picked."""
    (found,) = [row for row in merchant.stock.levels.values() if row.site == site]
    return found.on_hand, found.reserved, found.allocated, found.picked


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


def test_a_store_that_finds_nothing_is_counted_and_left_out(merchant: Merchant) -> None:
    """ACC-083, SRC-44: on hand becomes what is picked and packed there, the item cools down, a
    count task exists, the units go elsewhere.
    """
    item_id = merchant.shelve("A", DC=0, BOS=7)
    other = str(merchant.place(("A", 1, 1000)).body["id"])
    merchant.run(other)
    merchant.act(other, commands.Claim(only(merchant, other).id, "bo"))
    pick(merchant, other, 1)
    pack(merchant, other, 1)
    order_id = str(merchant.place(("A", 2, 1000)).body["id"])
    merchant.run(order_id)
    first = only(merchant, order_id)
    supply = merchant.stock.levels[COMPANY, item_id, "DC"]
    merchant.stock.levels[COMPANY, item_id, "DC"] = replace(supply, on_hand=5)
    counter = merchant.stock.counters[COMPANY, item_id, "main"]
    merchant.stock.counters[COMPANY, item_id, "main"] = replace(counter, supply=12)
    merchant.act(order_id, RejectFulfillment(first.id, "NOT_FOUND"))
    store = merchant.stock.levels[COMPANY, item_id, "BOS"]
    assert (store.on_hand, store.cooldown_until) == (1, merchant.now + timedelta(days=7))
    record = merchant.run(order_id)
    assert "COUNT_TASK" in items(record)
    assert [fo.site for fo in record.fulfillment.orders] == ["BOS", "DC"]


def test_claim_and_reject(merchant: Merchant) -> None:
    """ACC-100, SRC-42: without reason refused; with one, re-sourced and never tried again."""
    merchant.shelve("A", DC=0, BOS=5)
    order_id = str(merchant.place(("A", 2, 1000)).body["id"])
    merchant.run(order_id)
    fo = only(merchant, order_id)
    assert fo_state(fo) == "AWAITING_ASSIGNMENT"
    merchant.act(order_id, commands.Claim(fo.id, "bo"))
    assert fo_state(only(merchant, order_id)) == "AWAITING_PICK"
    with pytest.raises(Malformed):
        merchant.act(order_id, RejectFulfillment(fo.id, ""))
    merchant.act(order_id, RejectFulfillment(fo.id, "TOO_BUSY"))
    record = merchant.run(order_id)
    line = record.order.lines[0]
    assert (line.tried_sites, line.attempts) == (("BOS",), 1)
    assert [fo_state(other) for other in record.fulfillment.orders] == ["REJECTED"]
    healthy(merchant, order_id)


def test_two_lines_ship_and_one_is_sourced_elsewhere(merchant: Merchant) -> None:
    """ACC-101, PCK-04, SRC-41."""
    for sku in ("A", "B", "C"):
        merchant.shelve(sku, BOS=5, DC=0)
    order_id = str(merchant.place(("A", 1, 1000), ("B", 1, 500), ("C", 1, 200)).body["id"])
    merchant.run(order_id)
    fo = only(merchant, order_id)
    merchant.act(order_id, commands.Claim(fo.id, "bo"))
    two = (PackedUnits(1, 1), PackedUnits(2, 1))
    merchant.act(order_id, Pick(fo.id, two))
    merchant.act(order_id, Pack(fo.id, (NewPackage(two),)))
    merchant.act(order_id, RejectFulfillment(fo.id, "TOO_BUSY", (RejectedLine(3, 1, "TOO_BUSY"),)))
    merchant.act(order_id, Ship(fo.id, "UPS"))
    record = merchant.run(order_id)
    assert [i.total for i in record.billing.invoices if i.posted_at] == [1500]
    assert fo_state(record.fulfillment.orders[0]) == "CLOSED"
    last = record.order.line(3)
    assert (last.tried_sites, last.buckets.open, last.wait is not None) == (("BOS",), 1, True)
    healthy(merchant, order_id)


def test_a_scheduled_order_reaches_the_floor_in_time(merchant: Merchant) -> None:
    """FUL-09: allocated at once, released a day before its ship date, not earlier."""
    order_id = placed(merchant, requested_date="2026-03-06")
    fo = only(merchant, order_id)
    assert (fo_state(fo), fo.ship_by) == (
        "AWAITING_AUTHORIZATION", START.replace(day=7, hour=0),
    )  # fmt: skip
    with pytest.raises(Refused) as refusal:
        merchant.act(order_id, Pick(fo.id))
    assert refusal.value.code == "SCHEDULED"
    merchant.now = START.replace(day=4, hour=23)
    assert fo_state(tick(merchant, order_id).fulfillment.orders[0]) == "AWAITING_AUTHORIZATION"
    merchant.now = START.replace(day=5, hour=0)
    assert fo_state(tick(merchant, order_id).fulfillment.orders[0]) == "AWAITING_PICK"
    ship_everything(merchant, order_id)
    merchant.run(order_id)
    healthy(merchant, order_id)


def test_late_work_of_a_store_goes_elsewhere(merchant: Merchant) -> None:
    """FUL-112: taken back and counted as an attempt; a warehouse's is only reported."""
    item_id = merchant.shelve("A", DC=0, BOS=5)
    order_id = str(merchant.place(("A", 2, 1000)).body["id"])
    merchant.run(order_id)
    merchant.act(order_id, commands.Claim(only(merchant, order_id).id, "bo"))
    supply = merchant.stock.levels[COMPANY, item_id, "DC"]
    merchant.stock.levels[COMPANY, item_id, "DC"] = replace(supply, on_hand=5)
    merchant.pass_time(hours=72)
    record = tick(merchant, order_id)
    assert [(fo.site, fo_state(fo)) for fo in record.fulfillment.orders] == [
        ("BOS", "REJECTED"), ("DC", "AWAITING_PICK"),
    ]  # fmt: skip
    assert record.order.lines[0].attempts == 1
    facts = [fact.type for fact in merchant.orders.facts(COMPANY, order_id, 0)]
    assert facts.count("fulfillment_order.late") == 1
    merchant.pass_time(hours=72)
    record = tick(merchant, order_id)
    assert "FULFILLMENT_LATE" in items(record)
    ship_everything(merchant, order_id)
    assert "FULFILLMENT_LATE" not in items(merchant.run(order_id))


def test_work_waits_for_somebody_elses_approval(merchant: Merchant) -> None:
    """FUL-101, WFL-04 MANUAL, APV-02: the request names the value; nobody approves an own one."""
    merchant.settings.current = Policy(fulfillment_order_approval=ApprovalMode.MANUAL)
    order_id = placed(merchant)
    record = merchant.read(order_id)
    (asked,) = record.approvals.requests
    assert (asked.subject_type, asked.amount, asked.state) == ("fulfillmentOrder", 3000, "PENDING")
    fo = only(merchant, order_id)
    approve = commands.ApproveFulfillment(fo.id)
    small = Actor(ActorKind.USER, "cleo", COMPANY, money_limit=2999)
    with pytest.raises((Refused, Forbidden)) as refusal:
        merchant.lifecycle.execute(small, order_id, [approve])
    assert refusal.value.code == "LIMIT_EXCEEDED"
    merchant.act(order_id, approve)
    record = merchant.read(order_id)
    assert (record.approvals.requests[0].state, fo_state(only(merchant, order_id))) == (
        "APPROVED", "AWAITING_PICK",
    )  # fmt: skip
    healthy(merchant, order_id)


def test_the_job_lets_work_go_and_filing_ends_it(merchant: Merchant) -> None:
    """FUL-101 JOB, FUL-110, WFL-05: approved after the delay; closed once it is filed."""
    merchant.settings.current = Policy(
        fulfillment_order_approval=ApprovalMode.JOB, fulfillment_order_filing=True
    )
    order_id = placed(merchant)
    merchant.pass_time(minutes=29)
    assert fo_state(tick(merchant, order_id).fulfillment.orders[0]) == "AWAITING_APPROVAL"
    merchant.pass_time(minutes=1)
    record = tick(merchant, order_id)
    assert fo_state(record.fulfillment.orders[0]) == "AWAITING_PICK"
    assert record.approvals.requests[0].state == "SYSTEM_APPROVED"
    ship_everything(merchant, order_id)
    merchant.run(order_id)
    assert fo_state(only(merchant, order_id)) == "AWAITING_FILING"
    merchant.act(order_id, commands.FileFulfillment(only(merchant, order_id).id))
    assert fo_state(only(merchant, order_id)) == "CLOSED"
    healthy(merchant, order_id)


def test_news_of_parcels_reach_the_order(merchant: Merchant) -> None:
    """SHP-06, LIN-111, STA-03: bad news opens DELIVERY_EXCEPTION, the delivery ends it."""
    order_id = placed(merchant)
    ship_everything(merchant, order_id)
    merchant.run(order_id)
    fo_id = only(merchant, order_id).id

    def news(name: str, status: str) -> OrderRecord:
        event = commands.CarrierEvent(name, status, merchant.now)
        merchant.act(order_id, commands.Track(fo_id, (event,), tracking_number="1Z"))
        return merchant.read(order_id)

    merchant.pass_time(hours=5)
    assert "DELIVERY_EXCEPTION" in items(news("e1", "RETURN_TO_SENDER"))
    merchant.pass_time(hours=5)
    record = news("e2", "DELIVERED")
    assert "DELIVERY_EXCEPTION" not in items(record)
    assert record.order.lines[0].buckets.delivered == 3
    assert merchant.act(order_id).body["fulfillmentStatus"] == "DELIVERED"
    assert state_of(merchant, record) == "CLOSED"
    healthy(merchant, order_id)


def test_an_order_without_news_is_delivered_by_the_clock(merchant: Merchant) -> None:
    """LIN-111: two weeks after it shipped."""
    order_id = placed(merchant)
    ship_everything(merchant, order_id)
    merchant.run(order_id)
    merchant.pass_time(days=14)
    record = tick(merchant, order_id)
    assert record.order.lines[0].buckets.delivered == 3
    healthy(merchant, order_id)


def test_a_warehouse_system_works_as_a_person_does(merchant: Merchant) -> None:
    """FUL-02, FUL-11, FUL-10: same states, same effects; holds stop its reports, too."""
    merchant.settings.current = Policy(sites={"DC": {"execution": Execution.WMS}})
    order_id = placed(merchant)
    fo = only(merchant, order_id)
    assert fo.execution is Execution.WMS
    merchant.act(order_id, SetHold("MANUAL", "check", blocks=("SHIP",), handle="h"))
    shipped = commands.Confirm(fo.id, "m9", 4, "SHIPPED", "wms", carrier="UPS")
    with pytest.raises(Refused) as refusal:
        merchant.act(order_id, shipped)
    assert refusal.value.code == "HELD"
    merchant.act(order_id, commands.Confirm(fo.id, "m1", 1, "PICKING", "wms"))
    assert fo_state(only(merchant, order_id)) == "PICKING"
    free = placed(merchant)
    fo = only(merchant, free)
    shipped = replace(shipped, fo_id=fo.id)
    merchant.act(free, shipped)
    version = merchant.read(free).version
    merchant.act(free, shipped)
    merchant.act(free, replace(shipped, message_id="m1", version=1, status="PICKING"))
    assert merchant.read(free).version == version
    record = merchant.run(free)
    assert state_of(merchant, record) == "CLOSED"
    healthy(merchant, order_id, free)


def test_a_fulfiller_is_asked_and_its_silence_is_an_answer(merchant: Merchant) -> None:
    """FUL-03, FUL-04: REQUEST by default for FULFILLER; time-out counts as an attempt."""
    merchant.settings.current = Policy(
        sites={"DC": {"execution": Execution.FULFILLER, "request_deadline_hours": 6}}
    )
    order_id = placed(merchant)
    fo = only(merchant, order_id)
    assert (fo_state(fo), fo.request is not None) == ("AWAITING_ASSIGNMENT", True)
    merchant.pass_time(hours=6)
    record = tick(merchant, order_id)
    assert (record.fulfillment.orders[0].end_reason, record.order.lines[0].attempts) == (
        "CLAIM_TIMEOUT", 1,
    )  # fmt: skip
    healthy(merchant, order_id)


def test_capture_never_holds_up_a_shipment(merchant: Merchant) -> None:
    """SHP-03: the shipment is done before the gateway is asked."""
    order_id = placed(merchant)
    ship_everything(merchant, order_id)
    record = merchant.read(order_id)
    assert record.order.lines[0].buckets.shipped == 3
    captures = [i for i in record.payments.intents if i.kind.value == "CAPTURE"]
    assert [intent.state.value for intent in captures] == ["CREATED"]
