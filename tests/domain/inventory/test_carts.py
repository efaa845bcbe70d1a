"""Soft reservations of carts (RSV-01, RSV-04 to RSV-07, RSV-09)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from oms.inventory.carts import CartPromise, Shortage
from oms.inventory.commands import CartLine, Delta, ReserveCart
from oms.inventory.model import CartReservation, Item
from oms.inventory.use_cases import extend_reservation, release_reservation, reserve_cart
from oms.kernel.errors import Conflict, Malformed, NotFound, Refused, StockConflict

from tests.domain.inventory.proof import prove_bounds, prove_counters
from tests.domain.inventory.scene import TEN, Scene, released, reserved
from tests.fakes.stock import MemoryStock

MAIN = ("main",)


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


def hold(
    scene: Scene, client_id: str, *lines: CartLine, partial: bool = False, minutes: int = 15
) -> CartPromise:
    """Reserve for a cart."""
    command = ReserveCart(client_id, lines, partial, minutes)
    return reserve_cart(scene.store, command, scene.ctx())


def shirt(quantity: int, line_no: int = 1, pool: tuple[str, ...] = MAIN) -> CartLine:
    """A line of shirts."""
    return CartLine(line_no, "itm_1", quantity, pool)


def cart(scene: Scene, reservation_id: str) -> CartReservation:
    """The reservation as stored."""
    return scene.store.read("acme", (), (), (), [reservation_id]).carts[reservation_id]


def test_a_cart_holds_units_by_id(scene: Scene) -> None:
    """RSV-01: id, quantity, open quantity, owner, place, expiry."""
    (held,) = hold(scene, "c1", shirt(2)).reservations
    stored = cart(scene, held.id)
    assert (stored.quantity, stored.open, stored.owner, stored.group) == (
        2,
        2,
        "CLIENT:shop",
        "main",
    )
    assert stored.expires_at == TEN + timedelta(minutes=15)
    assert scene.ats() == 3


def test_client_id_makes_it_idempotent(scene: Scene) -> None:
    """RSV-06: the second time nothing is taken, even when nothing would be left."""
    first = hold(scene, "c1", shirt(5))
    again = hold(scene, "c1", shirt(5))
    assert [r.id for r in again.reservations] == [r.id for r in first.reservations]
    assert (again.short, scene.counter().promised) == ((), 5)


def test_all_or_nothing_by_default(scene: Scene) -> None:
    """RSV-06: a short line refuses the whole request, names itself and what is left."""
    scene.stocked(1, item=Item("itm_2", "HAT", "Hat"))
    before = scene.state()
    with pytest.raises(Conflict) as refusal:
        hold(scene, "c1", shirt(2), CartLine(2, "itm_2", 3, MAIN))
    (problem,) = refusal.value.problems
    assert (refusal.value.code, problem.path) == ("OUT_OF_STOCK", "lines.2")
    assert problem.message == "1 of 3 left"
    assert scene.state() == before
    assert scene.counter().soft == {}


def test_partial_gives_what_there_is(scene: Scene) -> None:
    """RSV-06: per line what could be had, also when asked again."""
    promise = hold(scene, "c1", shirt(7), shirt(1, 2), partial=True)
    assert promise.short == (Shortage(1, 7, 5), Shortage(2, 1, 0))
    assert hold(scene, "c1", shirt(7), shirt(1, 2), partial=True).short == promise.short


def test_nothing_at_all_writes_nothing(scene: Scene) -> None:
    """RSV-06: an empty partial answer leaves the client id free for a later try."""
    scene.happen(reserved(5))
    assert hold(scene, "c1", shirt(1), partial=True).reservations == ()
    scene.happen(released(5))
    assert len(hold(scene, "c1", shirt(1), partial=True).reservations) == 1


def test_lines_see_what_earlier_lines_took(scene: Scene) -> None:
    """RSV-07: two lines of one item in one request."""
    with pytest.raises(Conflict):
        hold(scene, "c1", shirt(3), shirt(3, 2))
    assert len(hold(scene, "c2", shirt(3), shirt(2, 2)).reservations) == 2
    assert scene.ats() == 0


def test_groups_are_taken_in_pool_order(scene: Scene) -> None:
    """RSV-03: a line may hold several reservations."""
    scene.stocked(4, "W")
    held = hold(scene, "c1", shirt(6, pool=("west", "main"))).reservations
    assert [(r.group, r.quantity) for r in held] == [("west", 4), ("main", 2)]


def test_expiry_needs_no_sweeper(scene: Scene, store: MemoryStock) -> None:
    """ACC-062, RSV-04, RSV-05: at 10:16 another buyer gets the unit; at 10:17 not the first."""
    scene.stocked(1, item=Item("itm_2", "HAT", "Hat"))
    (first,) = hold(scene, "c1", CartLine(1, "itm_2", 1, MAIN)).reservations
    with pytest.raises(Conflict):
        hold(scene, "c2", CartLine(1, "itm_2", 1, MAIN))
    scene.now = TEN + timedelta(minutes=16)
    assert scene.ats("itm_2") == 1
    hold(scene, "c2", CartLine(1, "itm_2", 1, MAIN))
    scene.now = TEN + timedelta(minutes=17)
    assert scene.ats("itm_2") == 0
    with pytest.raises(StockConflict):
        scene.happen(reserved(1, "rsv_1", "itm_2", cart=first.id))
    assert scene.counter("itm_2").promised == 1
    prove_counters(store)


def test_an_order_takes_an_expired_unit_back(scene: Scene, store: MemoryStock) -> None:
    """RSV-04: a firm reservation too reclaims what expired before it decides."""
    hold(scene, "c1", shirt(5))
    scene.now = TEN + timedelta(minutes=15)
    scene.happen(reserved(5))
    assert (scene.counter().promised, scene.counter().soft) == (5, {})
    prove_counters(store)


def test_expired_units_of_a_short_position_are_not_sold_again(scene: Scene) -> None:
    """RSV-04, INV-S1: a fact took the unit meanwhile; taking the promise back sells nothing."""
    scene.happen(reserved(4))
    hold(scene, "c1", shirt(1))
    scene.adjust("itm_1", on_hand=Delta(-1))
    scene.now = TEN + timedelta(minutes=15)
    with pytest.raises(StockConflict):
        scene.happen(reserved(1, "rsv_2"))
    assert scene.ats() == 0


def test_ordering_converts_by_id(scene: Scene, store: MemoryStock) -> None:
    """RSV-05: soft becomes firm under the order's id; no second unit is taken."""
    (held,) = hold(scene, "c1", shirt(5)).reservations
    scene.happen(reserved(5, cart=held.id))
    assert (scene.counter().promised, scene.counter().soft) == (5, {})
    assert (cart(scene, held.id).open, cart(scene, held.id).ended) == (0, "CONSUMED")
    scene.now = TEN + timedelta(minutes=30)
    assert scene.ats() == 0
    prove_counters(store)


def test_converting_less_gives_the_rest_back(scene: Scene) -> None:
    """RSV-01, RSV-05: the reservation ends as consumed; what was not ordered is for sale."""
    (held,) = hold(scene, "c1", shirt(5)).reservations
    scene.happen(reserved(2, "rsv_1", cart=held.id), reserved(1, "rsv_2", cart=held.id))
    assert (scene.counter().promised, scene.ats()) == (3, 2)
    assert release_reservation(scene.store, held.id, scene.ctx()).ended == "CONSUMED"
    assert scene.ats() == 2


def test_an_expired_cart_is_reserved_anew(scene: Scene) -> None:
    """RSV-05: where stock is left, the order gets it although its cart expired."""
    (held,) = hold(scene, "c1", shirt(2)).reservations
    scene.now = TEN + timedelta(minutes=20)
    scene.happen(reserved(2, cart=held.id))
    assert (scene.counter().promised, scene.ats()) == (2, 3)
    assert cart(scene, held.id).ended is None


def test_a_cart_serves_only_its_own_item(scene: Scene) -> None:
    """RSV-05: another item's order line cannot use it up."""
    scene.stocked(5, item=Item("itm_2", "HAT", "Hat"))
    (held,) = hold(scene, "c1", shirt(2)).reservations
    scene.happen(reserved(1, "rsv_1", "itm_2", cart=held.id))
    assert cart(scene, held.id).open == 2
    assert scene.counter().promised == 2


def test_releasing_twice_changes_nothing(scene: Scene, store: MemoryStock) -> None:
    """RSV-09, ACC-063: undo is by id."""
    before = scene.state()
    (held,) = hold(scene, "c1", shirt(3)).reservations
    for _ in range(2):
        gone = release_reservation(scene.store, held.id, scene.ctx())
        assert (gone.open, gone.ended) == (0, "RELEASED")
    assert scene.state() == before
    prove_counters(store)
    prove_bounds(store)


def test_releasing_after_expiry_changes_nothing(scene: Scene) -> None:
    """RSV-01, RSV-09: it ended once, by expiry; the unit belongs to the next buyer."""
    (held,) = hold(scene, "c1", shirt(5)).reservations
    scene.now = TEN + timedelta(minutes=15)
    hold(scene, "c2", shirt(5))
    release_reservation(scene.store, held.id, scene.ctx())
    assert (scene.counter().promised, scene.ats()) == (5, 0)


def test_a_failed_acceptance_leaks_nothing(scene: Scene) -> None:
    """ACC-063, RSV-09: the second line is short, nothing of the first stays reserved."""
    scene.stocked(1, item=Item("itm_2", "HAT", "Hat"))
    before = (scene.state("itm_1"), scene.state("itm_2"))
    with pytest.raises(StockConflict):
        scene.happen(reserved(2), reserved(2, "rsv_2", "itm_2"))
    assert (scene.state("itm_1"), scene.state("itm_2")) == before


def test_extending_is_limited(scene: Scene, store: MemoryStock) -> None:
    """RSV-04: three times, at most an hour, and never after the end."""
    (held,) = hold(scene, "c1", shirt(5)).reservations
    for n in range(3):
        scene.now = TEN + timedelta(minutes=10 * (n + 1))
        longer = extend_reservation(scene.store, held.id, 15, scene.ctx())
        assert longer.expires_at == scene.now + timedelta(minutes=15)
    with pytest.raises(Refused) as often:
        extend_reservation(scene.store, held.id, 15, scene.ctx())
    assert often.value.code == "EXTENDED_TOO_OFTEN"
    scene.now = TEN + timedelta(minutes=44)
    assert scene.ats() == 0
    scene.now = TEN + timedelta(minutes=45)
    assert scene.ats() == 5
    with pytest.raises(Refused) as late:
        extend_reservation(scene.store, held.id, 15, scene.ctx())
    assert late.value.code == "EXPIRED"
    prove_counters(store)


@pytest.mark.parametrize(
    ("lines", "minutes"),
    [((), 15), ((shirt(0),), 15), ((shirt(1), shirt(1)), 15), ((shirt(1),), 61), ((shirt(1),), 0)],
)
def test_senseless_requests_are_malformed(
    scene: Scene, lines: tuple[CartLine, ...], minutes: int
) -> None:
    """RSV-04, RSV-06: at least one line, one unit each, at most an hour."""
    with pytest.raises(Malformed):
        hold(scene, "c1", *lines, minutes=minutes)


def test_unknown_reservations_are_not_found(scene: Scene) -> None:
    """RSV-09: nothing is released by a wrong id."""
    with pytest.raises(NotFound):
        release_reservation(scene.store, "rsv_none", scene.ctx())
