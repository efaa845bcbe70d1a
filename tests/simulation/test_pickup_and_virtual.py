"""Units promised where they are fetched, and units that no site ships (RSV-03, LIN-08, SRC-03)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from oms.fulfillment.commands import Assign, RejectFulfillment
from oms.fulfillment.states import fo_state
from oms.inventory.commands import Delta
from oms.inventory.model import BackorderPolicy
from oms.inventory.use_cases import Pair, availability
from oms.kernel.context import Context
from oms.kernel.errors import Conflict
from oms.kernel.policy import Policy
from oms.orders.commands import Cancel, CancelLine, NewLine
from oms.orders.model import DeliveryGroup, DeliveryType

from tests.simulation.merchant import BOSTON, COMPANY, Merchant
from tests.simulation.test_life_of_an_order import healthy, ship_everything, state_of

FETCH = (DeliveryGroup("1", "PICKUP", DeliveryType.PICKUP, pickup_site="BOS"),)
SENT = DeliveryGroup("2", "STANDARD", address=BOSTON)


@pytest.fixture
def merchant() -> Merchant:
    found = Merchant()
    found.settings.put_site(COMPANY, replace(found.settings.all_sites["BOS"], offers_pickup=True))
    return found


def at_store(merchant: Merchant, item_id: str) -> tuple[int, int, int]:
    """Promised by the group, reserved and allocated at the store."""
    level = merchant.stock.levels[COMPANY, item_id, "BOS"]
    counter = merchant.stock.counters[COMPANY, item_id, "main"]
    return counter.promised, level.reserved, level.allocated


def ats(merchant: Merchant, item_id: str) -> int | None:
    """What the availability API says of the store."""
    groups = {code: site.group for code, site in merchant.settings.all_sites.items()}
    ctx = Context(merchant.now, merchant.agent, "look", Policy())
    return availability(merchant.stock, [Pair(item_id, site="BOS")], groups, ctx)[0].ats


def test_pickup_reserves_at_the_store_at_once(merchant: Merchant) -> None:
    """RSV-03, STK-13: group and site in the accepting write; the same id goes on the FO."""
    item_id = merchant.shelve("A", DC=9, BOS=3)
    order_id = merchant.place(("A", 2, 1000), groups=FETCH).body["id"]
    assert at_store(merchant, item_id) == (2, 2, 0)
    assert ats(merchant, item_id) == 1
    held = merchant.read(order_id).order.lines[0].reservations[0]
    healthy(merchant, order_id)
    record = merchant.run(order_id)
    fo = record.fulfillment.orders[0]
    assert (fo.site, fo.type, fo.lines[0].reservation_id) == ("BOS", "PICKUP", held.id)
    assert at_store(merchant, item_id) == (2, 2, 2)
    healthy(merchant, order_id)
    merchant.act(order_id, Assign(fo.id, "bob"))
    ship_everything(merchant, order_id)
    assert state_of(merchant, merchant.run(order_id)) == "CLOSED"
    healthy(merchant, order_id)


def test_a_store_without_enough_refuses_though_the_group_has_it(merchant: Merchant) -> None:
    """RSV-03, STK-06: ATS(site) = min(ATS(group), base - safetySell - reserved(site))."""
    item_id = merchant.shelve("A", DC=9, BOS=3)
    merchant.move("A", "BOS", "ADJUST", safety_sell=Delta(1), safety_source=Delta(3))
    assert ats(merchant, item_id) == 2
    with pytest.raises(Conflict) as refusal:
        merchant.place(("A", 3, 1000), groups=FETCH)
    assert refusal.value.code == "OUT_OF_STOCK"
    first = merchant.place(("A", 2, 1000), groups=FETCH).body["id"]
    with pytest.raises(Conflict):
        merchant.place(("A", 1, 1000), groups=FETCH)
    assert [fo.site for fo in merchant.run(first).fulfillment.orders] == ["BOS"]
    healthy(merchant, first)


def test_two_lines_of_one_order_share_the_store(merchant: Merchant) -> None:
    """RSV-07: the second line sees what the first took there."""
    merchant.shelve("A", DC=9, BOS=3)
    with pytest.raises(Conflict):
        merchant.place(("A", 2, 1000), ("A", 2, 1000), groups=FETCH)
    order_id = merchant.place(("A", 2, 1000), ("A", 1, 1000), groups=FETCH).body["id"]
    healthy(merchant, order_id)


def test_the_group_may_be_sold_out_before_the_store(merchant: Merchant) -> None:
    """RSV-03: what is promised to others, not yet placed, is not fetched."""
    item_id = merchant.shelve("A", DC=0, BOS=3)
    first = merchant.place(("A", 2, 1000)).body["id"]
    assert ats(merchant, item_id) == 1
    with pytest.raises(Conflict):
        merchant.place(("A", 2, 1000), groups=FETCH)
    healthy(merchant, first)


@pytest.mark.parametrize("after_sourcing", [False, True])
def test_cancel_releases_at_both(merchant: Merchant, after_sourcing: bool) -> None:
    """RSV-03, RSV-09, RSV-10."""
    item_id = merchant.shelve("A", DC=9, BOS=3)
    order_id = merchant.place(("A", 3, 1000), groups=FETCH).body["id"]
    if after_sourcing:
        merchant.run(order_id)
    merchant.act(order_id, Cancel("CUSTOMER", (CancelLine(1, 1),)))
    assert at_store(merchant, item_id)[:2] == (2, 2)
    healthy(merchant, order_id)
    merchant.act(order_id, Cancel("CUSTOMER"))
    assert at_store(merchant, item_id) == (0, 0, 0)
    healthy(merchant, order_id)


def test_others_do_not_take_what_waits_to_be_fetched(merchant: Merchant) -> None:
    """RSV-03: sourcing leaves placed units at the store."""
    merchant.shelve("A", DC=1, BOS=2)
    fetched = merchant.place(("A", 2, 1000), groups=FETCH).body["id"]
    shipped = merchant.place(("A", 1, 1000)).body["id"]
    assert [fo.site for fo in merchant.run(shipped).fulfillment.orders] == ["DC"]
    assert [fo.site for fo in merchant.run(fetched).fulfillment.orders] == ["BOS"]
    healthy(merchant, fetched, shipped)


def test_a_store_that_refuses_leaves_the_line_waiting(merchant: Merchant) -> None:
    """SRC-09, SRC-42, SRC-61: only the chosen store; the line says why it waits."""
    merchant.shelve("A", DC=9, BOS=3)
    order_id = merchant.place(("A", 1, 1000), groups=FETCH).body["id"]
    fo = merchant.run(order_id).fulfillment.orders[0]
    merchant.act(order_id, RejectFulfillment(fo.id, "TOO_BUSY"))
    line = merchant.run(order_id).order.lines[0]
    assert line.wait is not None
    assert line.wait.reason == "PRIOR_REJECTION"
    healthy(merchant, order_id)


def test_a_backordered_pickup_is_served_at_its_store(merchant: Merchant) -> None:
    """LIN-102, RSV-03: supply elsewhere in the group does not fill it."""
    item_id = merchant.shelve("A", DC=0, BOS=0)
    merchant.change_item("A", backorder_policy=BackorderPolicy.UNLIMITED)
    order_id = merchant.place(("A", 1, 1000), groups=FETCH).body["id"]
    merchant.run(order_id)
    merchant.receive("A", "DC", 1)
    assert merchant.read(order_id).order.lines[0].buckets.backordered == 1
    merchant.receive("A", "BOS", 1)
    assert [fo.site for fo in merchant.read(order_id).fulfillment.orders] == ["BOS"]
    assert at_store(merchant, item_id) == (1, 1, 1)
    healthy(merchant, order_id)


def test_one_plan_over_all_groups(merchant: Merchant) -> None:
    """SRC-03: two groups of an order do not take the same unit of a site."""
    merchant.shelve("A", DC=1, BOS=1)
    order_id = merchant.place(
        groups=(DeliveryGroup("1", "STANDARD", address=BOSTON), SENT),
        lines=(NewLine("A", 1, 1000, group="1"), NewLine("A", 1, 1000, group="2")),
    ).body["id"]
    sites = sorted(fo.site for fo in merchant.run(order_id).fulfillment.orders)
    assert sites == ["BOS", "DC"]
    healthy(merchant, order_id)


def test_digital_goods_run_to_closed_without_a_hand(merchant: Merchant) -> None:
    """LIN-08, LIN-104, LIN-111, SRC-10: a VIRTUAL FO fulfills itself; invoice and capture
    follow.
    """
    merchant.shelve("E")
    merchant.change_item("E", kind="DIGITAL")
    digital = (DeliveryGroup("1", "DIGITAL", DeliveryType.DIGITAL, address=BOSTON),)
    order_id = merchant.place(("E", 2, 700), groups=digital).body["id"]
    record = merchant.run(order_id)
    assert state_of(merchant, record) == "CLOSED"
    (fo,) = record.fulfillment.orders
    assert (fo.type, fo_state(fo)) == ("VIRTUAL", "CLOSED")
    assert record.order.lines[0].buckets.delivered == 2
    assert [invoice.applied for invoice in record.billing.invoices] == [1400]
    assert not merchant.stock.journals.get((COMPANY, f"{order_id}:1"))
    healthy(merchant, order_id)


@pytest.mark.parametrize("kind", ["DIGITAL", "SERVICE", "GIFT_CARD"])
def test_a_mixed_order_ships_its_goods_and_delivers_the_rest(merchant: Merchant, kind: str) -> None:
    """LIN-08, SRC-11: the single site that must cover every physical line covers those alone."""
    merchant.shelve("A", DC=1)
    merchant.shelve("E")
    merchant.change_item("E", kind=kind)
    order_id = merchant.place(("A", 1, 1000), ("E", 1, 500), allow_split=False).body["id"]
    record = merchant.run(order_id)
    assert sorted(fo.type for fo in record.fulfillment.orders) == ["STANDARD", "VIRTUAL"]
    assert record.order.lines[1].buckets.shipped == 1
    ship_everything(merchant, order_id)
    record = merchant.run(order_id)
    assert state_of(merchant, record) == "CLOSED"
    assert sum(invoice.applied for invoice in record.billing.invoices) == 1500
    healthy(merchant, order_id)


def test_what_is_not_paid_is_not_delivered(merchant: Merchant) -> None:
    """PAY-20, LIN-08: a virtual FO waits for its coverage like any other."""
    merchant.shelve("E")
    merchant.change_item("E", kind="DIGITAL")
    order_id = merchant.place(("E", 1, 700), token="tok_decline_hard").body["id"]
    assert not [f for f in merchant.run(order_id).fulfillment.orders if f.shipments]


def test_what_only_vendors_ship_waits_and_says_so(merchant: Merchant) -> None:
    """SRC-04, SRC-61: neither refused, nor promised from stock, nor stuck in silence."""
    merchant.shelve("V", DC=5)
    merchant.change_item("V", drop_ship=True)
    order_id = merchant.place(("V", 1, 700)).body["id"]
    line = merchant.run(order_id).order.lines[0]
    assert line.buckets.unsourced == 1
    assert line.wait is not None
    assert line.wait.reason == "DROP_SHIP_ONLY"
    assert line.wait.next_try is not None
