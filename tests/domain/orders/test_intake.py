"""Acceptance: what is stored, what is promised, what is refused (ORD-100, INT-04)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from oms.kernel.errors import Conflict, Refused
from oms.kernel.policy import StockPolicy
from oms.orders.commands import NewLine
from oms.orders.facts import OrderReceived, ReservationCreated, UnitsBackordered
from oms.orders.model import DeliveryGroup
from oms.orders.promising import ONE_TRANSACTION, ROWS_OF_WAITING, promise_next, reserve_rest
from oms.orders.shelf import Stocked

from tests.domain.orders.scene import (
    NOW,
    Cart,
    Goods,
    Shop,
    accept,
    buckets,
    goods,
    group,
    kinds,
    offered,
    order,
)

A = ("itm_A", "main")


def test_accepted_order_is_complete_at_once() -> None:
    """ORD-100, ORD-06: header, lines and promises come with the first fact."""
    command = offered(NewLine("A", 2, 500), NewLine("B", 1, 250), external_number="W-7")
    step = accept(command)
    made = step.part
    assert kinds(step.facts) == ["OrderReceived", "ReservationCreated", "ReservationCreated"]
    assert step.facts[0] == OrderReceived(
        "ord_1", "T26-000001", "W-7", "web", "LIVE", "USD", 1250, 2, 3
    )
    assert (made.company, made.number, made.submitted_at) == ("acme", "T26-000001", NOW)
    assert [(x.line_no, x.item_id, x.name) for x in made.lines] == [
        (1, "itm_A", "A"), (2, "itm_B", "B"),
    ]  # fmt: skip
    assert [buckets(line) for line in made.lines] == [{"reserved": 2}, {"reserved": 1}]


def test_order_without_groups_gets_one() -> None:
    """ENT-15, ENT-03: every line belongs to a delivery group; quantities are whole units."""
    made = accept(offered(NewLine("A", 1, 1), groups=())).part
    assert [g.id for g in made.groups] == [made.lines[0].group]
    assert made.lines[0].quantity == made.lines[0].buckets.ordered == 1


def test_short_line_refuses_the_whole_order() -> None:
    """INT-04, ACC-010: ENFORCE names the line and what is left; nothing is promised."""
    command = offered(NewLine("B", 1, 1), NewLine("A", 3, 1, line_no=7))
    with pytest.raises(Conflict) as refusal:
        accept(command, {A: 2, ("itm_B", "main"): 5})
    assert refusal.value.code == "OUT_OF_STOCK"
    (problem,) = refusal.value.problems
    assert (problem.path, problem.code) == ("lines[1].quantity", "OUT_OF_STOCK")
    assert "2 of 3" in problem.message


def test_accepting_policy_backorders_the_rest() -> None:
    """INT-04, ACC-010, LIN-100, LIN-101: 2 of 3 reserved, 1 backordered and reported short."""
    step = accept(offered(NewLine("A", 3, 1)), {A: 2}, policy=StockPolicy.ACCEPT)
    line = step.part.lines[0]
    assert buckets(line) == {"reserved": 2, "backordered": 1}
    assert step.facts[-1] == UnitsBackordered("ord_1", 1, "itm_A", "main", 1, short=True)


def test_backorder_policy_is_no_shortage() -> None:
    """LIN-101: the item's own policy allows it, under ENFORCE too."""
    step = accept(offered(NewLine("A", 3, 1)), {A: 0}, backorder={A: None})
    assert step.facts[-1] == UnitsBackordered("ord_1", 1, "itm_A", "main", 3, short=False)


def test_skipping_policy_promises_nothing() -> None:
    """INT-04: SKIP has no stock effect."""
    step = accept(offered(NewLine("A", 3, 1)), {A: 9}, policy=StockPolicy.SKIP)
    assert kinds(step.facts) == ["OrderReceived"]
    assert buckets(step.part.lines[0]) == {"unsourced": 3}


def test_groups_are_reserved_in_pool_order() -> None:
    """RSV-03: the pool's groups in order; a line may hold several reservations."""
    stock = {("itm_A", "east"): 2, ("itm_A", "west"): 9}
    step = accept(offered(NewLine("A", 5, 1)), stock, shop=Shop(pool=("east", "west")))
    made = [f for f in step.facts if isinstance(f, ReservationCreated)]
    assert [(f.group, f.quantity) for f in made] == [("east", 2), ("west", 3)]
    held = step.part.lines[0].reservations
    assert [(r.id, r.open) for r in held] == [(f.record_id, f.quantity) for f in made]
    assert len({r.id for r in held}) == 2


def test_lines_of_one_item_do_not_count_twice() -> None:
    """RSV-07: the second line sees what the first took."""
    command = offered(NewLine("A", 2, 1), NewLine("A", 2, 1))
    with pytest.raises(Conflict) as refusal:
        accept(command, {A: 3})
    assert [p.path for p in refusal.value.problems] == ["lines[1].quantity"]
    assert accept(command, {A: 4}).part.lines[1].buckets.reserved == 2


def test_item_without_limit() -> None:
    """LIN-08, LIN-104: what has no stock is neither promised nor refused; a plan takes it."""
    assert buckets(accept(offered(NewLine("A", 999, 1)), {A: None}).part.lines[0]) == {
        "unsourced": 999
    }


@pytest.mark.parametrize(
    "item",
    [
        Goods("itm_A", "A", state="AWAITING_APPROVAL"),
        Goods("itm_A", "A", state="SUSPENDED"),
        Goods("itm_A", "A", state="REMOVED"),
        Goods("itm_A", "A", kind="MASTER"),
    ],
)
def test_item_that_is_not_for_sale(item: Goods) -> None:
    """ITM-03: unapproved, suspended, removed items and masters refuse the order."""
    command = offered(NewLine("B", 1, 1), NewLine("A", 1, 1, line_no=9))
    with pytest.raises(Refused) as refusal:
        accept(command, items={"A": item, **goods("B")})
    assert refusal.value.code == "ITEM_NOT_SELLABLE"
    assert [(r.code, r.ref) for r in refusal.value.reasons] == [("ITEM_NOT_SELLABLE", "9")]
    assert [p.path for p in refusal.value.problems] == ["lines[1].sku"]


def test_unknown_item_is_accepted_and_left_for_validation() -> None:
    """INT-05: an unknown SKU does not refuse; it is found later."""
    step = accept(offered(NewLine("A", 1, 1), NewLine("?", 1, 1)), items=goods("A"))
    assert [line.item_id for line in step.part.lines] == ["itm_A", None]
    assert buckets(step.part.lines[1]) == {"unsourced": 1}


def test_cart_is_converted_by_id() -> None:
    """RSV-05, ORD-100: what the cart holds is taken over, no second unit for the same line."""
    cart = Cart("rsv_cart", "itm_A", "main", 2)
    command = offered(NewLine("A", 3, 1, reservation_ids=("rsv_cart", "rsv_gone")))
    step = accept(command, {A: 1}, carts={"rsv_cart": cart})
    made = [f for f in step.facts if isinstance(f, ReservationCreated)]
    assert [(f.quantity, f.converted_from) for f in made] == [(2, "rsv_cart"), (1, None)]
    assert len({f.record_id for f in made}) == 2


def test_cart_serves_one_line_and_its_own_item() -> None:
    """RSV-05: a cart named twice is converted once; one of another item not at all."""
    cart = Cart("rsv_cart", "itm_A", "main", 2)
    twice = offered(
        NewLine("A", 2, 1, reservation_ids=("rsv_cart",)),
        NewLine("A", 2, 1, reservation_ids=("rsv_cart",)),
    )
    with pytest.raises(Conflict) as refusal:
        accept(twice, {A: 0}, carts={"rsv_cart": cart})
    assert [p.path for p in refusal.value.problems] == ["lines[1].quantity"]
    other = offered(NewLine("A", 1, 1, reservation_ids=("rsv_cart",)))
    with pytest.raises(Conflict):
        accept(other, {A: 0}, carts={"rsv_cart": replace(cart, item_id="itm_B")})


def test_codes_of_the_channel_are_translated() -> None:
    """INT-06: methods, items and countries by the channel's tables."""
    shop = Shop(methods={"GROUND": "STANDARD"}, items={"web-A": "A"}, countries={"USA": "US"})
    home = group(method="GROUND")
    there = replace(home, address=replace(home.address, country="USA"))  # type: ignore[type-var]
    made = accept(offered(NewLine("web-A", 1, 1), groups=(there,)), shop=shop, items=goods("A"))
    result: DeliveryGroup = made.part.groups[0]
    assert result.method == "STANDARD"
    assert result.address is not None
    assert result.address.country == "US"
    assert made.part.lines[0].item_id == "itm_A"


def test_large_order_is_reserved_in_chunks() -> None:
    """ORD-09: as many items as one write holds; the rest follows by the same rules."""
    skus = [f"S{n}" for n in range(ONE_TRANSACTION + 5)]
    first = accept(offered(*(NewLine(sku, 1, 1) for sku in skus))).part
    stock = {(f"itm_{sku}", "main"): 1 for sku in skus}
    rest = promise_next(first, Stocked(stock), StockPolicy.ENFORCE)
    assert sum(line.buckets.reserved for line in first.lines) == ONE_TRANSACTION
    assert (first.intake_progress, rest.part.intake_progress) == (ONE_TRANSACTION, None)
    assert kinds(rest.facts) == ["ReservationCreated"] * 5
    assert all(buckets(line) == {"reserved": 1} for line in rest.part.lines)


def test_a_line_beyond_the_first_chunk_refuses_the_order_too() -> None:
    """ORD-09, INT-04: what is short now is not accepted, in whatever chunk its promise would be."""
    skus = [f"S{n}" for n in range(ONE_TRANSACTION + 5)]
    stock = {(f"itm_{sku}", "main"): int(sku != f"S{ONE_TRANSACTION + 3}") for sku in skus}
    with pytest.raises(Conflict) as refusal:
        accept(offered(*(NewLine(sku, 1, 1) for sku in skus)), stock)
    assert [p.path for p in refusal.value.problems] == [f"lines[{ONE_TRANSACTION + 3}].quantity"]


def test_what_is_short_in_a_later_chunk_waits() -> None:
    """ORD-09: chunk by chunk to the end; a line that others were faster at stays unsourced."""
    skus = [f"S{n}" for n in range(2 * ONE_TRANSACTION + 5)]
    made = accept(offered(*(NewLine(sku, 1, 1) for sku in skus))).part
    stock = {(f"itm_{sku}", "main"): int(sku != "S100") for sku in skus}
    reached = []
    while made.intake_progress is not None:
        reached.append(made.intake_progress)
        made = promise_next(made, Stocked(stock), StockPolicy.ENFORCE).part
    assert reached == [ONE_TRANSACTION, 2 * ONE_TRANSACTION - ROWS_OF_WAITING]
    loose = [line.sku for line in made.lines if line.buckets.unsourced]
    assert loose == ["S100"]


def test_carts_of_late_lines_are_converted_in_the_first_chunk() -> None:
    """RSV-05, ORD-09: only acceptance knows which carts the lines name."""
    rows = [NewLine(f"S{n}", 1, 1) for n in range(ONE_TRANSACTION + 5)]
    late = replace(rows[-1], reservation_ids=("rsv_c",))
    cart = Cart("rsv_c", f"itm_{late.sku}", "main", 1)
    made = accept(offered(*rows[:-1], late), carts={"rsv_c": cart}).part
    assert made.lines[-1].buckets.reserved == 1
    assert made.intake_progress == ONE_TRANSACTION - 1


def test_short_rest_keeps_waiting() -> None:
    """INT-04: an accepted order is not refused later; suspended lines are left alone."""
    made = accept(offered(NewLine("A", 2, 1)), policy=StockPolicy.SKIP).part
    waits = reserve_rest(made, Stocked({A: 1}), StockPolicy.ENFORCE, {1}).part
    assert buckets(waits.lines[0]) == {"unsourced": 1, "reserved": 1}
    stopped = replace(made, lines=(replace(made.lines[0], suspended=True),))
    assert reserve_rest(stopped, Stocked({A: 9}), StockPolicy.ENFORCE, {1}).facts == ()


def test_split_wish_overrules_the_setting() -> None:
    """ENT-14: the order's own wish counts, else the setting."""
    assert order(1).allow_split is True
    assert accept(offered(NewLine("A", 1, 1), allow_split=False)).part.allow_split is False
