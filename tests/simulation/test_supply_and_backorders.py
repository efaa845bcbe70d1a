"""Who gets what lands: the queue of an item before anybody new (LIN-102, BKO-01 to 03, BKO-06)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from oms.holds.commands import ReleaseHold, SetHold
from oms.inventory.commands import Delta, Set
from oms.inventory.decisions import available_in
from oms.inventory.model import BackorderPolicy, BackorderRule
from oms.kernel.errors import Conflict
from oms.kernel.policy import BackorderQueue, Policy, StockPolicy
from oms.orders.commands import Cancel, Resume, SetPriority, Suspend
from oms.orders.waits import RETRY

from tests.simulation.merchant import COMPANY, Merchant
from tests.simulation.test_life_of_an_order import healthy, ship_everything, state_of


@pytest.fixture
def merchant() -> Merchant:
    return Merchant()


def owed(merchant: Merchant, sku: str, **units: int) -> str:
    """An item that may be sold without end."""
    item_id = merchant.shelve(sku, **(units or {"DC": 0}))
    merchant.change_item(sku, backorder_policy=BackorderPolicy.UNLIMITED)
    return item_id


def bought(merchant: Merchant, units: int, sku: str = "A", priority: int = 50) -> str:
    """An order that has run as far as it can; a minute later than the one before."""
    order_id: str = merchant.place((sku, units, 1000), priority=priority).body["id"]
    merchant.run(order_id)
    merchant.pass_time(minutes=1)
    return order_id


def waits(merchant: Merchant, *order_ids: str) -> list[int]:
    """Units of the first line that each order still waits for."""
    lines = [merchant.read(order_id).order.lines[0] for order_id in order_ids]
    return [line.buckets.backordered + line.buckets.unsourced for line in lines]


def ats(merchant: Merchant, item_id: str) -> int | None:
    snapshot = merchant.stock.read(COMPANY, [item_id], ["main"])
    return available_in(snapshot, item_id, ("main",), merchant.now)


def test_older_backorders_come_before_sale(merchant: Merchant) -> None:
    """ACC-072, BKO-06, LIN-102: 5 units wait, 6 land: the 5 are reserved, ATS is 1."""
    item_id = owed(merchant, "A")
    orders = [bought(merchant, units) for units in (2, 3)]
    merchant.change_item("A", backorder_policy=BackorderPolicy.NONE)
    assert ats(merchant, item_id) == 0
    merchant.receive("A", "DC", 6)
    assert waits(merchant, *orders) == [0, 0]
    assert ats(merchant, item_id) == 1
    facts = merchant.orders.facts(COMPANY, orders[0], 0)
    made = next(f.data for f in facts if f.type == "reservation.created")
    assert (made["fromBucket"], made["quantity"]) == ("backordered", 2)
    for order_id in orders:
        assert merchant.run(order_id).fulfillment.orders[0].site == "DC"
        ship_everything(merchant, order_id)
        assert state_of(merchant, merchant.run(order_id)) == "CLOSED"
    assert merchant.stock.waiting(COMPANY, item_id) == ()
    healthy(merchant, *orders)


def test_nobody_new_gets_what_others_wait_for(merchant: Merchant) -> None:
    """BKO-06: between the receipt and the serving of the queue, a newcomer finds nothing."""
    item_id = owed(merchant, "A")
    first = bought(merchant, 3)
    merchant.change_item("A", backorder_policy=BackorderPolicy.NONE)
    merchant.answer_calls = lambda: None  # type: ignore[method-assign]
    merchant.receive("A", "DC", 3)
    assert ats(merchant, item_id) == 0
    with pytest.raises(Conflict) as refusal:
        merchant.place(("A", 1, 1000))
    assert refusal.value.code == "OUT_OF_STOCK"
    merchant.steps.serve(COMPANY, item_id, "later")
    assert waits(merchant, first) == [0]
    healthy(merchant, first)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (BackorderQueue.PRIORITY, {"high": 0, "big": 2, "old": 2, "new": 2}),
        (BackorderQueue.FIFO, {"big": 0, "old": 1, "new": 2, "high": 3}),
        (BackorderQueue.COMPLETE_FIRST, {"high": 0, "old": 0, "new": 2, "big": 4}),
    ],
)
def test_the_queue_has_an_order(
    merchant: Merchant, order: BackorderQueue, expected: dict[str, int]
) -> None:
    """BKO-06: priority then placedAt, age alone, or first whom it makes whole."""
    owed(merchant, "A")
    merchant.settings.current = replace(Policy(), backorder_queue=order)
    names = {
        "big": bought(merchant, 4), "old": bought(merchant, 2), "new": bought(merchant, 2),
        "high": bought(merchant, 3, priority=90),
    }  # fmt: skip
    merchant.receive("A", "DC", 5)
    left = dict(zip(names, waits(merchant, *names.values()), strict=True))
    assert left == expected
    healthy(merchant, *names.values())


def test_a_new_priority_is_a_new_place(merchant: Merchant) -> None:
    """BKO-06: the queue follows the order."""
    owed(merchant, "A")
    first, second = bought(merchant, 1), bought(merchant, 1)
    merchant.act(second, SetPriority(80))
    merchant.receive("A", "DC", 1)
    assert waits(merchant, first, second) == [1, 0]


def test_what_another_order_gives_back_goes_to_the_queue(merchant: Merchant) -> None:
    """BKO-06: canceled promises are supply, too."""
    owed(merchant, "A", DC=2)
    first, second = bought(merchant, 2), bought(merchant, 2)
    assert waits(merchant, first, second) == [0, 2]
    merchant.act(first, Cancel("CUSTOMER"))
    merchant.answer_calls()
    assert waits(merchant, second) == [0]
    assert merchant.run(second).fulfillment.orders
    healthy(merchant, first, second)


def test_a_count_a_feed_and_a_suppression_lifted_are_supply(merchant: Merchant) -> None:
    """BKO-06, STK-15, ITM-06."""
    owed(merchant, "A")
    orders = [bought(merchant, 1) for _ in range(3)]
    merchant.move("A", "DC", "COUNT", on_hand=Set(1))
    assert waits(merchant, *orders) == [0, 1, 1]
    merchant.move("A", "DC", "ADJUST", suppressed=True)
    merchant.move("A", "DC", "ADJUST", on_hand=Delta(2))
    assert waits(merchant, *orders) == [0, 1, 1]
    merchant.move("A", "DC", "ADJUST", suppressed=False)
    assert waits(merchant, *orders) == [0, 0, 0]
    healthy(merchant, *orders)


def test_a_line_in_parts(merchant: Merchant) -> None:
    """BKO-03, LIN-05: each part keeps its own quantity; the part that is there ships first."""
    owed(merchant, "A", DC=2)
    order_id = bought(merchant, 5)
    line = merchant.read(order_id).order.lines[0]
    assert (line.buckets.allocated, line.buckets.backordered) == (2, 3)
    merchant.receive("A", "DC", 1)
    line = merchant.read(order_id).order.lines[0]
    assert (line.buckets.allocated, line.buckets.backordered) == (3, 2)
    assert line.wait is not None
    assert line.wait.reason == "BACKORDERED"
    healthy(merchant, order_id)


def test_a_limit_counts_every_open_promise(merchant: Merchant) -> None:
    """ACC-060, BKO-02: LIMITED 30, TOTAL, 10 on hand: the 30th unit is sold, the 31st is not."""
    item_id = merchant.shelve("A", DC=10)
    merchant.change_item("A", backorder_policy=BackorderPolicy.LIMITED, backorder_limit=30)
    orders = [merchant.place(("A", 1, 1000)).body["id"] for _ in range(30)]
    assert ats(merchant, item_id) == 0
    with pytest.raises(Conflict) as refusal:
        merchant.place(("A", 1, 1000))
    assert refusal.value.code == "OUT_OF_STOCK"
    counter = merchant.stock.counters[COMPANY, item_id, "main"]
    assert (counter.promised, counter.backordered) == (10, 20)
    healthy(merchant, *orders)


def test_a_limit_on_top_of_what_is_there(merchant: Merchant) -> None:
    """BKO-02, basis EXTRA: 2 on hand and 3 to come are 5."""
    merchant.shelve("A", DC=2)
    merchant.change_item(
        "A", backorder_policy=BackorderPolicy.LIMITED, backorder_limit=3, backorder_basis="EXTRA"
    )
    merchant.place(("A", 5, 1000))
    with pytest.raises(Conflict):
        merchant.place(("A", 1, 1000))


def test_a_group_has_its_own_policy_and_a_policy_its_time(merchant: Merchant) -> None:
    """BKO-01: overridden per supply group, and valid from - to."""
    merchant.shelve("A", DC=0)
    merchant.change_item(
        "A",
        backorder_groups={"main": BackorderRule(BackorderPolicy.UNLIMITED, until="2026-03-01")},
    )
    merchant.place(("A", 1, 1000))
    merchant.pass_time(days=1)
    with pytest.raises(Conflict):
        merchant.place(("A", 1, 1000))


def test_beyond_the_limit_only_a_queue_accepts(merchant: Merchant) -> None:
    """INT-04, BKO-02: within the policy it is a backorder, beyond it a shortage."""
    merchant.shelve("A", DC=0)
    merchant.change_item("A", backorder_policy=BackorderPolicy.LIMITED, backorder_limit=2)
    order_id = merchant.place(("A", 3, 1000), entry="QUEUE").body["id"]
    facts = merchant.orders.facts(COMPANY, order_id, 0)
    parts = [f.data for f in facts if f.type == "line.backordered"]
    assert [(p["quantity"], p.get("short", False)) for p in parts] == [(2, False), (1, True)]
    assert "STOCK_SHORT" in [i.type for i in merchant.read(order_id).attention.items]
    healthy(merchant, order_id)


def test_a_stopped_order_lets_others_go_first(merchant: Merchant) -> None:
    """FLG-02, SRC-02: what it did not take is still there when it is resumed, if nobody else took
    it.
    """
    owed(merchant, "A")
    first, second = bought(merchant, 1), bought(merchant, 1)
    merchant.act(first, Suspend("checking"))
    merchant.receive("A", "DC", 1)
    assert waits(merchant, first, second) == [1, 0]
    merchant.receive("A", "DC", 1)
    assert waits(merchant, first) == [1]
    merchant.act(first, Resume("checked"))
    merchant.run(first)
    assert waits(merchant, first) == [0]
    assert merchant.read(first).fulfillment.orders
    healthy(merchant, first, second)


def test_a_held_order_keeps_its_turn(merchant: Merchant) -> None:
    """HLD-08, LIN-102: supply is promised to it; the site follows when the hold ends."""
    owed(merchant, "A")
    order_id = bought(merchant, 1)
    merchant.act(order_id, SetHold("MANUAL", "look", blocks=("ALLOCATE",)))
    merchant.receive("A", "DC", 1)
    record = merchant.read(order_id)
    assert record.order.lines[0].buckets.reserved == 1
    assert not record.fulfillment.orders
    hold = next(h for h in record.holds.holds if not h.released_at)
    merchant.act(order_id, ReleaseHold(hold.id, "fine"))
    assert merchant.run(order_id).fulfillment.orders


def test_a_line_without_promise_is_tried_when_stock_lands(merchant: Merchant) -> None:
    """SRC-15, SRC-16, SRC-02: unsourced units come at once with supply, not with the sweep."""
    merchant.shelve("A", DC=0)
    merchant.settings.current = replace(Policy(), stock_policy=StockPolicy.SKIP)
    order_id = merchant.place(("A", 2, 1000)).body["id"]
    wait = merchant.run(order_id).order.lines[0].wait
    assert wait is not None
    assert (wait.reason, wait.next_try) == ("OUT_OF_STOCK", merchant.now + RETRY)
    merchant.receive("A", "DC", 2)
    assert merchant.read(order_id).fulfillment.orders
    healthy(merchant, order_id)


def test_serving_again_changes_nothing(merchant: Merchant) -> None:
    """SRC-08, BKO-06: the call may come twice; who was served has left the queue."""
    item_id = owed(merchant, "A")
    order_id = bought(merchant, 2)
    merchant.receive("A", "DC", 1)
    before = merchant.read(order_id)
    for _ in range(2):
        assert merchant.steps.serve(COMPANY, item_id, "again")
    assert merchant.read(order_id) == before
    merchant.receive("A", "DC", 1)
    merchant.steps.serve(COMPANY, item_id, "last")
    assert not merchant.stock.counters[COMPANY, item_id, "main"].queued
    healthy(merchant, order_id)


def test_the_sweep_serves_what_no_call_did(merchant: Merchant) -> None:
    """SRC-02: every 15 minutes what waits is looked at, in the order of the queue."""
    owed(merchant, "A")
    low, high = bought(merchant, 1), bought(merchant, 1, priority=90)
    answer = merchant.answer_calls
    merchant.answer_calls = lambda: None  # type: ignore[method-assign]
    merchant.receive("A", "DC", 1)
    merchant.answer_calls = answer  # type: ignore[method-assign]
    merchant.pass_time(minutes=15)
    assert (COMPANY, low) in merchant.orders.due(merchant.now, 9)
    merchant.run(low)
    assert waits(merchant, low, high) == [1, 0]
    assert merchant.read(low).order.lines[0].wait.next_try > merchant.now  # type: ignore[union-attr, operator]
