"""A site has less than is reserved there: facts win, and nobody's units are lost (STK-15)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from oms.fulfillment.commands import Pick, ShortPick
from oms.fulfillment.commands import RejectedLine as Rejected
from oms.fulfillment.model import PackedUnits
from oms.fulfillment.states import fo_state
from oms.inventory.commands import Set
from oms.inventory.model import BackorderPolicy
from oms.orders.model import DeliveryGroup, DeliveryType

from tests.simulation.merchant import COMPANY, Everybody, Merchant
from tests.simulation.test_life_of_an_order import healthy


@pytest.fixture
def merchant() -> Merchant:
    return Merchant()


def bought(merchant: Merchant, priority: int = 50, units: int = 1) -> str:
    """An allocated order; a minute later than the one before."""
    order_id: str = merchant.place(("A", units, 1000), priority=priority).body["id"]
    merchant.run(order_id)
    merchant.pass_time(minutes=1)
    return order_id


def there(merchant: Merchant, *order_ids: str) -> list[str]:
    """Where the open units of each order are bound to, or what they wait for."""
    found = []
    for order_id in order_ids:
        record = merchant.run(order_id)
        sites = [fo.site for fo in record.fulfillment.orders if fo_state(fo) != "CANCELED"]
        waits = record.order.lines[0].buckets.backordered
        found.append(",".join(sites) or f"waits {waits}")
    return found


def test_a_count_below_reservations_moves_the_least_urgent(merchant: Merchant) -> None:
    """ACC-071: 4 on hand, 4 reserved, 2 counted: lowest priority goes first, then the newest."""
    item_id = merchant.shelve("A", DC=4)
    orders = [bought(merchant), bought(merchant, 10), bought(merchant), bought(merchant, 90)]
    merchant.move("A", "DC", "COUNT", on_hand=Set(2))
    level = merchant.stock.levels[COMPANY, item_id, "DC"]
    assert (level.on_hand, level.reserved, level.short) == (2, 2, 0)
    assert there(merchant, *orders) == ["DC", "waits 1", "waits 1", "DC"]
    for order_id in (orders[1], orders[2]):
        items = merchant.read(order_id).attention.items
        assert "STOCK_SHORT" in [item.type for item in items]
    assert merchant.stock.counters[COMPANY, item_id, "main"].promised == 2


def test_units_go_to_another_site_where_there_are_some(merchant: Merchant) -> None:
    """STK-15: re-placed elsewhere, still promised, nobody told."""
    item_id = merchant.shelve("A", DC=4, BOS=2)
    orders = [bought(merchant, units=2), bought(merchant, units=2)]
    assert there(merchant, *orders) == ["DC", "DC"]
    merchant.move("A", "DC", "COUNT", on_hand=Set(2))
    assert there(merchant, *orders) == ["DC", "BOS"]
    assert merchant.stock.levels[COMPANY, item_id, "BOS"].reserved == 2
    assert not merchant.read(orders[1]).attention.items
    healthy(merchant, *orders)


def test_an_item_that_may_be_backordered_waits_quietly(merchant: Merchant) -> None:
    """STK-15, BKO-01: a backorder by policy is no shortage; supply brings it back."""
    merchant.shelve("A", DC=2)
    merchant.change_item("A", backorder_policy=BackorderPolicy.UNLIMITED)
    order_id = bought(merchant, units=2)
    merchant.move("A", "DC", "COUNT", on_hand=Set(1))
    record = merchant.run(order_id)
    buckets = record.order.lines[0].buckets
    assert (buckets.allocated, buckets.backordered) == (1, 1)
    assert not record.attention.items
    merchant.receive("A", "DC", 1)
    assert merchant.run(order_id).order.lines[0].buckets.allocated == 2
    healthy(merchant, order_id)


def test_what_is_picked_stays(merchant: Merchant) -> None:
    """STK-15: only unpicked units give way."""
    merchant.shelve("A", DC=2)
    first, second = bought(merchant, 90), bought(merchant, 10)
    fo = merchant.read(second).fulfillment.orders[0]
    merchant.act(second, Pick(fo.id, (PackedUnits(1, 1),)))
    merchant.move("A", "DC", "COUNT", on_hand=Set(1))
    assert there(merchant, first, second) == ["waits 1", "DC"]
    healthy(merchant, first, second)


def test_a_short_pick_takes_from_others_what_is_not_there(merchant: Merchant) -> None:
    """STK-15, SRC-44: NOT_FOUND leaves nothing for another order's reservation either."""
    merchant.shelve("A", DC=2)
    first, second = bought(merchant), bought(merchant)
    fo = merchant.read(first).fulfillment.orders[0]
    merchant.act(first, ShortPick(fo.id, (Rejected(1, 1, "NOT_FOUND"),)))
    merchant.answer_calls()
    assert there(merchant, second) == ["waits 1"]


def test_units_to_be_fetched_wait_for_their_store(merchant: Merchant) -> None:
    """STK-15, RSV-03: nobody can send the customer elsewhere."""
    merchant.settings.put_site(COMPANY, replace(merchant.settings.all_sites["BOS"],
                                                offers_pickup=True))  # fmt: skip
    item_id = merchant.shelve("A", DC=9, BOS=2)
    fetch = (DeliveryGroup("1", "PICKUP", DeliveryType.PICKUP, pickup_site="BOS"),)
    order_id = merchant.place(("A", 2, 1000), groups=fetch).body["id"]
    merchant.move("A", "BOS", "COUNT", on_hand=Set(1))
    line = merchant.read(order_id).order.lines[0]
    assert (line.buckets.reserved, line.buckets.backordered) == (1, 1)
    assert merchant.stock.levels[COMPANY, item_id, "BOS"].reserved == 1
    healthy(merchant, order_id)


def test_what_nobody_gives_up_is_an_action_item_once(merchant: Merchant) -> None:
    """STK-15: if impossible, STOCK_SHORT; asking again opens no second one."""
    item_id = merchant.shelve("A", DC=1)
    order_id = bought(merchant)
    fo = merchant.read(order_id).fulfillment.orders[0]
    merchant.act(order_id, Pick(fo.id, (PackedUnits(1, 1),)))
    for _ in range(2):
        merchant.move("A", "DC", "COUNT", on_hand=Set(0))
    found = merchant.items.of_record(COMPANY, f"{item_id}@DC")
    assert [(item.type, item.data["site"]) for item in found] == [("STOCK_SHORT", "DC")]
    healthy_levels = merchant.stock.levels[COMPANY, item_id, "DC"]
    assert healthy_levels.short == 1


def test_relieving_twice_changes_nothing(
    merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """STK-15: the call may come again, and name orders that have nothing there."""
    item_id = merchant.shelve("A", DC=2)
    orders = [bought(merchant), bought(merchant)]
    merchant.move("A", "DC", "COUNT", on_hand=Set(1))
    before = [merchant.read(order_id) for order_id in orders]
    monkeypatch.setattr(Everybody, "holding", lambda *_: ("ord_gone", *orders))
    merchant.relief.relieve(COMPANY, item_id, "DC", "again")
    assert [merchant.read(order_id) for order_id in orders] == before
