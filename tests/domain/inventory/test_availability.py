"""What may be promised: formulas, suppression, pools, the availability question."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from oms.inventory.commands import AdjustStock, CartLine, Delta, ReserveCart, Set
from oms.inventory.decisions import available, effects, plan
from oms.inventory.model import BackorderPolicy, InventoryLevel, Item, PromiseCounter, StockWrite
from oms.inventory.use_cases import Pair, adjust_stock, availability, reserve_cart
from oms.kernel.errors import Malformed, StockConflict
from oms.orders.facts import UnitsBackordered

from tests.domain.inventory.scene import TEN, Scene, allocated, reserved, shipped, units
from tests.fakes.stock import MemoryStock


@pytest.fixture
def scene() -> Scene:
    """A merchant without stock."""
    return Scene(MemoryStock())


def hide(scene: Scene, suppressed: bool) -> None:
    """Suppress the sale of the item at A, or lift it."""
    command = AdjustStock("itm_1", "A", "recall", suppressed=suppressed)
    adjust_stock(scene.store, command, scene.sites, scene.ctx())


@pytest.mark.parametrize(
    ("on_hand", "unavailable", "base"),
    [(5, {}, 5), (5, {"DAMAGED": 2, "DISPLAY": 1}, 2), (-2, {}, 0), (1, {"QUARANTINE": 3}, 0)],
)
def test_base_is_what_could_be_sold_at_all(
    on_hand: int, unavailable: dict[str, int], base: int
) -> None:
    """STK-01, STK-02: unavailable units are part of on hand; negative on hand counts as none."""
    assert InventoryLevel("i", "A", "main", on_hand, unavailable).base == base


def test_negative_on_hand_does_not_eat_other_sites(scene: Scene) -> None:
    """STK-10: -2 at one site counts as 0 before reservations and safety are subtracted."""
    scene.stocked(3)
    scene.adjust("itm_1", "B", on_hand=Set(-2, 0))
    assert scene.level(site="B").on_hand == -2
    assert scene.ats() == 3


def test_ats_is_never_negative(scene: Scene) -> None:
    """STK-10: where a fact takes promised units away, ATS shows 0."""
    scene.stocked(3)
    scene.happen(reserved(3))
    scene.adjust("itm_1", on_hand=Delta(-2))
    assert scene.counter().supply - scene.counter().promised == -2
    assert scene.ats() == 0


def test_safety_stock_has_two_purposes(scene: Scene) -> None:
    """ACC-069, STK-06: 5 on hand, safetySell 0, safetySource 3: ATS 5, sourcing takes 2."""
    scene.stocked(5)
    scene.adjust("itm_1", safety_source=Delta(3))
    assert scene.ats() == 5
    assert scene.level().sourceable == 2


def test_safety_source_defaults_to_safety_sell(scene: Scene) -> None:
    """STK-06: one number serves both until the second is given."""
    scene.stocked(5)
    scene.adjust("itm_1", safety_sell=Delta(4))
    assert (scene.ats(), scene.level().sourceable) == (1, 1)


def test_a_shared_site_is_not_sold_twice(scene: Scene) -> None:
    """ACC-070, STK-11: pools are views of one counter; both show what is left."""
    scene.stocked(3)
    scene.happen(reserved(2, "rsv_web"))
    with pytest.raises(StockConflict):
        scene.happen(reserved(2, "rsv_shop"))
    assert scene.ats("itm_1", "main") == 1
    assert scene.ats("itm_1", "west", "main") == 1


def test_a_pool_sums_its_groups(scene: Scene) -> None:
    """STK-11: ATS of a pool is the sum of its groups, each of its own sites."""
    scene.stocked(3)
    scene.stocked(4, "W")
    assert (scene.ats("itm_1", "main"), scene.ats("itm_1", "west", "main")) == (3, 7)


def test_suppressed_item_hides_and_shows_again(scene: Scene) -> None:
    """ACC-061, ITM-06: on hand 12, ATS 0 while suppressed, 12 again; levels unchanged."""
    scene.stocked(12)
    before = scene.state()
    scene.change_item("itm_1", suppressed=True)
    assert scene.ats() == 0
    with pytest.raises(StockConflict):
        scene.happen(reserved(1))
    scene.change_item("itm_1", suppressed=False)
    assert (scene.ats(), scene.state()) == (12, before)


def test_suppressed_item_at_a_site(scene: Scene) -> None:
    """ITM-06: only that site's units are hidden, and its on hand stays."""
    scene.stocked(12)
    scene.stocked(5, "B")
    hide(scene, True)
    assert (scene.ats(), scene.level().on_hand) == (5, 12)
    hide(scene, False)
    assert scene.ats() == 17


def test_suppressed_site_hides_every_item(scene: Scene) -> None:
    """SIT-02, ITM-06: its units are not for sale, in the pool, at the site and to carts; nothing
    is written, and what others have stays for sale.
    """
    scene.stocked(12)
    scene.stocked(5, "B")
    before = scene.state()
    pairs = [Pair("itm_1", ("main",)), Pair("itm_1", site="A"), Pair("itm_1", site="B")]

    def ats(*hidden: str) -> list[int | None]:
        found = availability(scene.store, pairs, scene.sites, scene.ctx(), frozenset(hidden))
        return [one.ats for one in found]

    assert ats() == [17, 12, 5]
    assert ats("A") == [5, 0, 5]
    assert ats("A", "B") == [0, 0, 0]
    cart = ReserveCart("c1", (CartLine(1, "itm_1", 6, ("main",)),), partial=True)
    promise = reserve_cart(scene.store, cart, scene.ctx(), frozenset({"A"}))
    assert [held.quantity for held in promise.reservations] == [5]
    assert scene.state()[1] == before[1]
    assert ats("A") == [0, 0, 0]


def test_hidden_units_are_not_promised_by_a_late_writer(scene: Scene) -> None:
    """SIT-02, RSV-02: the write is guarded by what is for sale, not by what is there."""
    scene.stocked(12)
    scene.stocked(5, "B")
    snapshot = replace(scene.snapshot(), hidden=frozenset({"A"}))

    def write(wanted: int) -> StockWrite:
        found = effects((reserved(wanted),), {}, {})
        return plan(found, snapshot, "c", "ord_1", scene.ctx(), scene.sites)

    assert write(5).counters
    with pytest.raises(StockConflict):
        write(6)


def test_limited_backorder_counts_all_promises(scene: Scene) -> None:
    """STK-07, BKO-02: basis TOTAL, limit 30, 10 on hand accepts 30; shipped units leave it."""
    item = Item(
        "itm_1", "SHIRT", "Shirt", backorder_policy=BackorderPolicy.LIMITED, backorder_limit=30
    )
    scene.stocked(10, item=item)
    assert scene.ats() == 30
    scene.happen(reserved(10), UnitsBackordered("ord_1", 1, "itm_1", "main", 19))
    assert scene.ats() == 1
    scene.happen(allocated("A", units(10)))
    scene.happen(shipped("A", units(10)))
    assert scene.ats() == 11
    scene.adjust("itm_1", safety_sell=Delta(4))
    assert scene.ats() == 7


def test_limited_extra_adds_to_stock() -> None:
    """STK-07: basis EXTRA adds the limit to what is sellable."""
    item = Item(
        "i", "S", "N", backorder_policy=BackorderPolicy.LIMITED, backorder_limit=30,
        backorder_basis="EXTRA",
    )  # fmt: skip
    assert available(PromiseCounter("i", "main", supply=10, promised=4), item, TEN) == 36


@pytest.mark.parametrize(
    "item",
    [
        Item("i", "S", "N", backorder_policy=BackorderPolicy.UNLIMITED),
        Item("i", "S", "N", kind="DIGITAL"),
        Item("i", "S", "N", kind="GIFT_CARD"),
    ],
)
def test_unlimited_is_none(item: Item) -> None:
    """STK-07, ITM-01: unlimited backorder, and kinds that have no stock, are answered as null."""
    assert available(PromiseCounter("i", "main"), item, TEN) is None


@pytest.mark.parametrize("state", ["SUSPENDED", "AWAITING_APPROVAL", "REMOVED"])
def test_items_out_of_sale_have_no_ats(scene: Scene, state: str) -> None:
    """ITM-03: only an active item is for sale; its stock is kept."""
    scene.stocked(5)
    scene.change_item("itm_1", state=state)
    assert (scene.ats(), scene.level().on_hand) == (0, 5)


def test_a_thousand_pairs_are_answered(scene: Scene) -> None:
    """STK-19: pairs of item and pool or site, in order; one more is refused."""
    scene.stocked(5)
    scene.stocked(2, "B")
    scene.adjust("itm_1", "B", on_order=Delta(9))
    date = AdjustStock("itm_1", "B", "purchase", next_supply="2026-04-01")
    adjust_stock(scene.store, date, scene.sites, scene.ctx())
    scene.happen(reserved(4))
    scene.happen(allocated("A", units(4)))
    pairs = [
        Pair("itm_1", ("main",)), Pair("itm_1", site="A"), Pair("itm_1", site="B"),
        Pair("itm_1", site="nowhere"), Pair("itm_9", ("main",)),
    ]  # fmt: skip
    answers = availability(scene.store, pairs, scene.sites, scene.ctx())
    assert [answer.pair for answer in answers] == pairs
    assert [answer.ats for answer in answers] == [3, 1, 2, 0, 0]
    assert [answer.next_supply for answer in answers][:3] == ["2026-04-01", None, "2026-04-01"]
    assert answers[0].as_of == scene.counter().version
    thousand = [Pair("itm_1", ("main",))] * 1000
    assert len(availability(scene.store, thousand, scene.sites, scene.ctx())) == 1000
    with pytest.raises(Malformed):
        availability(scene.store, [*thousand, pairs[0]], scene.sites, scene.ctx())


def test_pickup_is_bound_by_group_and_site(scene: Scene) -> None:
    """STK-07: ATS of a site is at most that of its group: units promised but not placed count."""
    scene.stocked(5)
    scene.stocked(5, "B")
    scene.happen(reserved(8))
    (answer,) = availability(scene.store, [Pair("itm_1", site="A")], scene.sites, scene.ctx())
    assert answer.ats == 2


@pytest.mark.parametrize(
    ("changes", "on_hand", "hidden", "status"),
    [
        ({}, 2, (), "AVAILABLE"),
        ({"unique": True}, 1, (), "AVAILABLE_UNIQUE"),
        ({"backorder_policy": BackorderPolicy.UNLIMITED}, 2, (), "AVAILABLE"),
        ({"backorder_policy": BackorderPolicy.UNLIMITED}, 0, (), "AVAILABLE_BACKORDER"),
        ({"backorder_policy": BackorderPolicy.UNLIMITED}, 2, ("A",), "AVAILABLE_BACKORDER"),
        ({}, 0, (), "OUT_OF_STOCK"),
        ({}, 2, ("A",), "SUPPRESSED"),
        ({}, 0, ("A",), "OUT_OF_STOCK"),
        ({"suppressed": True}, 2, (), "SUPPRESSED"),
        ({"state": "REMOVED"}, 2, (), "SUPPRESSED"),
        ({"state": "SUSPENDED"}, 2, (), "SUSPENDED"),
        ({"state": "AWAITING_APPROVAL", "suppressed": True}, 2, (), "AWAITING_APPROVAL"),
        ({"kind": "SERVICE"}, 0, (), "AVAILABLE"),
        ({"drop_ship": True}, 0, (), "AVAILABLE"),
    ],
)
def test_the_status_of_an_item(
    scene: Scene, changes: dict[str, Any], on_hand: int, hidden: tuple[str, ...], status: str
) -> None:
    """ITM-05: what a person decided comes first, then stock, then what may be promised."""
    scene.stocked(on_hand, item=Item("itm_1", "SHIRT", "Shirt", **changes))
    pairs = [Pair("itm_1", ("main",))]
    found = availability(scene.store, pairs, scene.sites, scene.ctx(), frozenset(hidden))
    assert [one.status.value for one in found] == [status]


def test_what_is_promised_is_not_available(scene: Scene) -> None:
    """ITM-05: units on hand that orders have do not count; one site may be out where another is
    not.
    """
    scene.stocked(2)
    scene.stocked(1, "B")
    hide(scene, True)
    pairs = [Pair("itm_1", ("main",)), Pair("itm_1", site="A"), Pair("itm_1", site="B")]

    def statuses() -> list[str]:
        return [x.status.value for x in availability(scene.store, pairs, scene.sites, scene.ctx())]

    assert statuses() == ["AVAILABLE", "SUPPRESSED", "AVAILABLE"]
    hide(scene, False)
    scene.happen(reserved(3))
    assert statuses() == ["OUT_OF_STOCK"] * 3
