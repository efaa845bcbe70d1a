"""What facts do to stock (STK-13, RSV-01, RSV-03, RSV-09, RSV-10, SRC-44)."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
from oms.inventory.commands import Delta, Set
from oms.inventory.model import MovementType
from oms.kernel.errors import AlreadyDone, NotFound, Refused, StockConflict
from oms.kernel.facts import Units
from oms.orders.facts import BackorderReleased, UnitsBackordered

from tests.domain.inventory.proof import prove_bounds, prove_counters, prove_supply
from tests.domain.inventory.scene import (
    Scene,
    allocated,
    canceled,
    left,
    picked,
    rejected,
    released,
    reserved,
    shipped,
    short,
    units,
)
from tests.fakes.stock import MemoryStock


@pytest.fixture
def store() -> MemoryStock:
    """An empty store."""
    return MemoryStock()


@pytest.fixture
def scene(store: MemoryStock) -> Scene:
    """Five shirts at A."""
    scene = Scene(store)
    scene.stocked(5)
    return scene


def test_reserving_takes_from_the_group_alone(scene: Scene) -> None:
    """RSV-02, RSV-03, STK-13: accepting an order moves the promise, no site."""
    scene.happen(reserved(3))
    assert (scene.counter().promised, scene.ats()) == (3, 2)
    assert scene.level().reserved == 0


def test_no_more_is_promised_than_there_is(scene: Scene) -> None:
    """RSV-02, INV-S1: the guard is on the promise counter, and nothing is written."""
    before = scene.state()
    with pytest.raises(StockConflict):
        scene.happen(reserved(6))
    assert scene.state() == before


def test_lines_of_one_item_are_guarded_on_their_sum(scene: Scene) -> None:
    """RSV-07, INV-S5: two lines neither count twice nor conflict with themselves."""
    with pytest.raises(StockConflict):
        scene.happen(reserved(3, "rsv_1"), reserved(3, "rsv_2"))
    scene.happen(reserved(3, "rsv_1"), reserved(2, "rsv_2"))
    assert scene.ats() == 0


def test_what_one_write_gives_back_it_may_promise_again(scene: Scene) -> None:
    """RSV-07: the guard looks at the sum of the write, whatever the order of its facts."""
    scene.happen(reserved(5))
    scene.happen(reserved(4, "rsv_2"), released(4))
    assert scene.counter().promised == 5


def test_allocating_places_the_same_reservation(scene: Scene, store: MemoryStock) -> None:
    """RSV-03, STK-03, STK-04: reserved and allocated at the site, the group as before."""
    scene.happen(reserved(3))
    group = scene.counter()
    scene.happen(allocated("A", units(3)), cause="place")
    assert (scene.level().reserved, scene.level().allocated) == (3, 3)
    assert scene.counter() == group
    moved = store.journals[("acme", "place")].movements
    assert [m.type for m in moved] == [MovementType.PLACE, MovementType.ALLOCATE]
    assert {m.reservation_id for m in moved} == {"rsv_1"}


def test_shipping_consumes_promise_and_unit_together(scene: Scene) -> None:
    """STK-13: on hand, reserved, allocated fall; what is for sale stays as it was."""
    scene.happen(reserved(3))
    scene.happen(allocated("A", units(3)))
    counter, ats = scene.counter(), scene.ats()
    scene.happen(shipped("A", units(2)))
    level = scene.level()
    assert (level.on_hand, level.reserved, level.allocated, level.shipped) == (3, 1, 1, 2)
    assert scene.counter() == counter
    assert scene.ats() == ats == 2


def test_shipping_below_safety_stock_corrects_the_supply(scene: Scene, store: MemoryStock) -> None:
    """STK-07: where safety stock hides the shipped units, ATS follows the formula."""
    scene.happen(reserved(5))
    scene.happen(allocated("A", units(5)))
    scene.adjust("itm_1", safety_sell=Delta(4))
    scene.happen(shipped("A", units(3)))
    prove_supply(store)
    assert scene.level().site_sellable == 0
    assert scene.counter().supply == 3


def test_a_site_gives_no_more_than_it_may(scene: Scene) -> None:
    """STK-06: safetySource is kept from sourcing; the guard raises for the unit too much."""
    scene.adjust("itm_1", safety_source=Delta(3))
    scene.happen(reserved(5))
    with pytest.raises(StockConflict):
        scene.happen(allocated("A", units(3)))
    scene.happen(allocated("A", units(2)))
    assert scene.level().sourceable == 0


def test_more_cannot_ship_than_was_placed(scene: Scene) -> None:
    """RSV-01: open is never negative."""
    scene.happen(reserved(2))
    scene.happen(allocated("A", units(2)))
    with pytest.raises(StockConflict):
        scene.happen(shipped("A", units(3)))
    with pytest.raises(StockConflict):
        scene.happen(released(3))


def test_a_cause_takes_effect_once(scene: Scene) -> None:
    """STK-12, RSV-09, INV-S6: the same commit twice is one."""
    scene.happen(reserved(2), cause="ord_1:1")
    with pytest.raises(AlreadyDone):
        scene.happen(reserved(2), cause="ord_1:1")
    assert scene.counter().promised == 2


def test_canceling_placed_units_returns_all(scene: Scene) -> None:
    """RSV-10, STK-13: the release names the site the units just left, and counts there once."""
    before = scene.state()
    scene.happen(reserved(3))
    scene.happen(allocated("A", units(3)))
    scene.happen(canceled("A", units(3)), released(3, site="A"))
    assert scene.state() == before


def test_pickup_reserves_at_the_site_at_once(scene: Scene) -> None:
    """RSV-03: reserved there before any FO, allocated without counting twice, released there."""
    scene.happen(reserved(2, site="A"))
    assert (scene.level().reserved, scene.level().allocated) == (2, 0)
    scene.happen(allocated("A", units(1)), placed={("rsv_1", "A"): 2})
    assert (scene.level().reserved, scene.level().allocated) == (2, 1)
    scene.happen(released(1, site="A"))
    assert (scene.level().reserved, scene.level().allocated) == (1, 1)
    assert scene.counter().promised == 1


def test_a_reservation_is_not_placed_outside_its_group(scene: Scene) -> None:
    """RSV-03: sourcing moves an id to a site of its group only."""
    scene.stocked(5, "W")
    scene.happen(reserved(1))
    with pytest.raises(Refused) as refusal:
        scene.happen(allocated("W", units(1)))
    assert refusal.value.code == "SITE_NOT_IN_GROUP"
    with pytest.raises(NotFound):
        scene.happen(allocated("nowhere", units(1)))


def test_units_without_reservation_move_nothing(scene: Scene) -> None:
    """INT-04 SKIP: what was not promised from stock neither places nor ships stock."""
    before = scene.state()
    bare = Units(1, "itm_1", 2)
    scene.happen(allocated("A", bare), picked(bare), shipped("A", bare))
    assert scene.state() == before


@pytest.mark.parametrize(
    ("stock", "on_hand", "unavailable"),
    [
        ("NONE", 5, {}),
        ("ZERO_UNPICKED", 0, {}),
        ("MINUS_UNITS", 3, {}),
        ("DAMAGED", 5, {"DAMAGED": 2}),
        ("DISPLAY", 5, {"DISPLAY": 2}),
    ],
)
def test_reasons_correct_the_stock(
    scene: Scene, store: MemoryStock, stock: str, on_hand: int, unavailable: dict[str, int]
) -> None:
    """SRC-44, STK-02: rejected units keep their promise; the reason says what is left there."""
    scene.happen(reserved(2))
    scene.happen(allocated("A", units(2)))
    scene.happen(rejected("A", left(units(2), "REASON", stock)))
    level = scene.level()
    assert (level.on_hand, level.unavailable) == (on_hand, unavailable)
    assert (level.reserved, level.allocated, scene.counter().promised) == (0, 0, 2)
    prove_counters(store)
    prove_supply(store)


def test_not_found_keeps_what_is_picked(scene: Scene) -> None:
    """SRC-44: on hand becomes what was already taken from the shelf there."""
    scene.happen(reserved(4))
    scene.happen(allocated("A", units(4)))
    scene.happen(picked(units(3)), sites={"fo_1": "A"})
    scene.happen(short("A", left(units(1), "NOT_FOUND", "ZERO_UNPICKED", 168)))
    level = scene.level()
    assert (level.on_hand, level.picked, level.allocated) == (3, 3, 3)
    assert level.cooldown_until == scene.now + timedelta(hours=168)
    scene.happen(shipped("A", units(3)))
    assert (scene.level().on_hand, scene.level().picked) == (0, 0)


def test_picked_units_that_leave_are_picked_no_more(scene: Scene) -> None:
    """SRC-44: damage found after picking takes the unit out of the picked ones."""
    scene.happen(reserved(2))
    scene.happen(allocated("A", units(2)))
    scene.happen(picked(units(2)), sites={"fo_1": "A"})
    scene.happen(short("A", left(units(1), "DAMAGED", "DAMAGED", bucket="picked")))
    assert (scene.level().picked, scene.level().allocated) == (1, 1)


def test_a_cool_down_is_never_shortened(scene: Scene) -> None:
    """SRC-44: the longer of two cool-downs holds."""
    scene.happen(reserved(2))
    scene.happen(allocated("A", units(2)))
    scene.happen(rejected("A", left(units(1), "CANNOT_PACK", "NONE", 720)))
    scene.happen(rejected("A", left(units(1), "OTHER", "NONE", 24)))
    assert scene.level().cooldown_until == scene.now + timedelta(hours=720)


def test_facts_win_over_reservations(scene: Scene) -> None:
    """STK-15, INV-S1: a short pick below what is placed is stored, and the position is SHORT."""
    scene.happen(reserved(5))
    scene.happen(allocated("A", units(5)))
    scene.happen(short("A", left(units(1), "NOT_FOUND", "ZERO_UNPICKED")))
    assert (scene.level().on_hand, scene.level().short) == (0, 4)
    assert scene.ats() == 0


def test_backordered_units_wait_for_supply_first(scene: Scene) -> None:
    """BKO-06, ACC-072: what lands belongs to the queue before it is for sale."""
    scene.happen(reserved(5), UnitsBackordered("ord_1", 1, "itm_1", "main", 5))
    scene.adjust("itm_1", on_hand=Delta(6))
    assert scene.ats() == 1
    with pytest.raises(StockConflict):
        scene.happen(reserved(2, "rsv_9"))
    served = BackorderReleased("ord_1", 1, "itm_1", "main", 5, "SUPPLY")
    scene.happen(served, reserved(5, "rsv_2"))
    assert (scene.counter().backordered, scene.counter().promised, scene.ats()) == (0, 10, 1)


def test_any_order_of_undo_returns_the_stock() -> None:
    """ACC-161, RSV-10, INV-S4: cancel, short pick, re-source, refund, compensation commute."""
    results = set()
    for order in permutations(range(4)):
        scene = Scene(MemoryStock())
        scene.stocked(9)
        scene.stocked(9, "B")
        for n in range(4):
            scene.happen(reserved(2, f"rsv_{n}"))
            scene.happen(allocated("A", units(2, f"rsv_{n}")))
        undo = [_cancel, _short_pick, _re_source, _compensate]
        for n in order:
            undo[n](scene, f"rsv_{n}")
        results.add(repr(scene.state()))
    group = [("main", 17, 0, 0)]
    levels: list[tuple[object, ...]] = [("A", 8, {}, 0, 0, 0, 0), ("B", 9, {}, 0, 0, 0, 0)]
    assert results == {repr((group, levels))}


def _cancel(scene: Scene, rsv: str) -> None:
    scene.happen(canceled("A", units(2, rsv)), released(2, rsv, site="A"))


def _short_pick(scene: Scene, rsv: str) -> None:
    """One unit is missing (the stated effect: one less at A); then all is given back."""
    scene.happen(short("A", left(units(1, rsv), "QUANTITY_MISMATCH", "MINUS_UNITS")))
    scene.happen(released(1, rsv))
    _cancel_units(scene, rsv, "A", 1)


def _re_source(scene: Scene, rsv: str) -> None:
    scene.happen(rejected("A", left(units(2, rsv), "TOO_BUSY", "NONE")))
    scene.happen(allocated("B", units(2, rsv)))
    _cancel_units(scene, rsv, "B", 2)


def _compensate(scene: Scene, rsv: str) -> None:
    scene.happen(canceled("A", units(2, rsv), recalled=True))
    scene.happen(released(2, rsv))


def _cancel_units(scene: Scene, rsv: str, site: str, quantity: int) -> None:
    part = units(quantity, rsv)
    scene.happen(canceled(site, part), released(quantity, rsv, site=site))


def test_invariants_hold_after_a_whole_life(scene: Scene, store: MemoryStock) -> None:
    """INV-S2: the journal alone explains every counter."""
    scene.happen(reserved(4))
    scene.happen(allocated("A", units(4)))
    scene.happen(picked(units(3)), sites={"fo_1": "A"})
    scene.happen(short("A", left(units(1), "DAMAGED", "DAMAGED")), released(1, site="A"))
    scene.happen(shipped("A", units(3)))
    scene.adjust("itm_1", on_hand=Set(9, 2), on_order=Delta(4))
    prove_counters(store)
    prove_supply(store)
    prove_bounds(store)
