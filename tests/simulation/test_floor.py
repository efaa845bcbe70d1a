"""Fulfillment orders composed with order, stock and money, over the real engine.

Cites FUL-02 to FUL-04, FUL-09 to FUL-11, FUL-101, FUL-109 to FUL-112, LIN-111, SHP-03, SHP-06,
PCK-04, SRC-40 to SRC-44, WFL-04, WFL-05, ACC-083, ACC-100, ACC-101.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from oms.fulfillment import commands
from oms.fulfillment.commands import NewPackage, Pack, Pick, RejectedLine, RejectFulfillment, Ship
from oms.fulfillment.model import PackedUnits
from oms.fulfillment.states import fo_state
from oms.holds.commands import SetHold
from oms.kernel.context import Actor, ActorKind
from oms.kernel.errors import Forbidden, Malformed, Refused
from oms.kernel.policy import ApprovalMode, Execution, Policy
from oms.lifecycle.record import OrderRecord

from tests.simulation.floor import items, only, pack, pick, placed, tick
from tests.simulation.merchant import COMPANY, START, Merchant
from tests.simulation.test_life_of_an_order import healthy, ship_everything, state_of


@pytest.fixture
def merchant() -> Merchant:
    return Merchant()


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
    """SHP-03: the shipment is done before the gateway is asked; its capture is handed over."""
    order_id = placed(merchant)
    ship_everything(merchant, order_id)
    record = merchant.read(order_id)
    assert record.order.lines[0].buckets.shipped == 3
    captures = [i for i in record.payments.intents if i.kind.value == "CAPTURE"]
    assert [(intent.state.value, intent.handed) for intent in captures] == [("SENT", True)]
    assert "CAPTURE" not in merchant.gateway.stats()["totals"]["USD"]
