"""Cancellation and annulment (CAN-01 to CAN-07, LIN-07, LIN-110, ORD-07, ORD-118)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from oms.billing.facts import InvoicePosted
from oms.kernel.errors import Malformed, Refused
from oms.kernel.facts import Units
from oms.kernel.policy import StockPolicy
from oms.orders.commands import Cancel, CancelLine, NewLine, Void
from oms.orders.decisions import cancel, react, void
from oms.orders.facts import (
    BackorderReleased,
    CancellationRequested,
    LineChanged,
    OrderVoided,
    ReservationReleased,
    UnitsCanceled,
)
from oms.orders.model import Order
from oms.orders.status import fulfillment_status, order_state
from oms.orders.totals import totals

from tests.domain.orders.scene import (
    FO,
    NOW,
    SITE,
    Shop,
    accept,
    after,
    buckets,
    canceled,
    created,
    ctx,
    kinds,
    offered,
    order,
    packed,
    picked,
    shipped,
)


def mixed() -> Order:
    """Five units: two reserved in each of two groups, one backordered; 1,000 each."""
    stock = {("itm_A", "east"): 2, ("itm_A", "west"): 2}
    return accept(
        offered(NewLine("A", 5, 1000)), stock, shop=Shop(pool=("east", "west")),
        policy=StockPolicy.ACCEPT,
    ).part  # fmt: skip


def some(quantity: int | None, line_no: int = 1) -> Cancel:
    return Cancel("CUSTOMER", (CancelLine(line_no, quantity),))


def test_least_advanced_units_go_first() -> None:
    """LIN-07, LIN-110: backordered before reserved, each giving back what it held."""
    step = cancel(mixed(), some(2), ctx())
    line = step.part.lines[0]
    assert buckets(line) == {"reserved": 3, "canceled": 2}
    west = line.reservations[1]
    assert step.facts == (
        BackorderReleased("ord_1", 1, "itm_A", "east", 1, "CUSTOMER", left=0),
        UnitsCanceled("ord_1", 1, "itm_A", 1, "backordered", "CUSTOMER", 1000),
        ReservationReleased(west.id, 1, "itm_A", "west", 1, None, "CUSTOMER"),
        UnitsCanceled("ord_1", 1, "itm_A", 1, "reserved", "CUSTOMER", 1000),
    )
    assert [r.open for r in line.reservations] == [2, 1]


def test_each_unit_releases_its_own_reservation() -> None:
    """CAN-02, RSV-09: by reservation id, the promises of all groups, exactly once."""
    step = cancel(mixed(), Cancel("CUSTOMER"), ctx())
    released = [f for f in step.facts if isinstance(f, ReservationReleased)]
    assert [(f.group, f.quantity) for f in released] == [("west", 2), ("east", 2)]
    assert all(r.open == 0 for r in step.part.lines[0].reservations)
    with pytest.raises(Refused):
        cancel(step.part, Cancel("CUSTOMER"), ctx())


def test_canceling_everything_closes_the_order() -> None:
    """ORD-07: fulfillment status CANCELED, nothing owed; the record is not annulled."""
    gone = cancel(order(2, 1), Cancel("CUSTOMER"), ctx()).part
    assert (fulfillment_status(gone), totals(gone).current) == ("CANCELED", 0)
    assert order_state(gone, settled=True, filing=False) == "CLOSED"
    assert gone.voided_at is None


def test_units_of_an_order_at_a_site_are_asked_for() -> None:
    """CAN-03, EDT-01: reserved units at once, allocated ones by request to fulfillment."""
    made = order(3)
    made = after(made, created(made, 2))
    step = cancel(made, some(2), ctx())
    assert buckets(step.part.lines[0]) == {"canceled": 1, "allocated": 2}
    wanted = (Units(1, "itm_sku1", 1),)
    assert step.facts[-1] == CancellationRequested("ord_1", wanted, "CUSTOMER", ask=True)
    done = after(step.part, canceled(step.part, 1, recalled=False))
    assert buckets(done.lines[0]) == {"canceled": 2, "allocated": 1}
    assert (done.lines[0].reservations[0].open, done.lines[0].reservations[0].placed) == (
        1, {SITE: 1},
    )  # fmt: skip


def test_units_that_left_a_site_are_released_and_counted() -> None:
    """LIN-110, CAN-02: the FO's answer cancels them with their reservation and their value."""
    made = order(2)
    made = after(made, created(made, 2))
    step = react(made, canceled(made, 2, recalled=False), ctx())
    held = made.lines[0].reservations[0].id
    assert step.facts == (
        ReservationReleased(held, 1, "itm_sku1", "main", 2, SITE, "CUSTOMER"),
        UnitsCanceled("ord_1", 1, "itm_sku1", 2, "allocated", "CUSTOMER", 2000),
    )


@pytest.mark.parametrize(
    ("ready", "quantity", "code"),
    [
        ("picked", None, "PICKING_STARTED"),
        ("picked", 3, "PICKING_STARTED"),
        ("packed", None, "PICKING_STARTED"),
        ("shipped", None, "ALREADY_SHIPPED"),
    ],
)
def test_a_customer_cancels_until_picking(ready: str, quantity: int | None, code: str) -> None:
    """CAN-08, EDT-01: over its channel, picked and packed units are no longer the customer's to
    cancel, shipped ones need a return; nothing changes.
    """
    made = order(3)
    made = after(made, created(made, 3))
    made = after(made, picked(made, 3))
    if ready != "picked":
        made = after(made, packed(made, 3))
    if ready == "shipped":
        made = after(made, shipped(made, 3))
    shop = replace(ctx(), actor=replace(ctx().actor, channel="web"))
    with pytest.raises(Refused) as refusal:
        cancel(made, some(quantity), shop)
    assert [reason.code for reason in refusal.value.reasons] == [code]


def test_units_on_the_floor_are_asked_for() -> None:
    """CAN-04: an agent's cancellation of picked and packed units becomes a request."""
    made = order(3)
    made = after(made, created(made, 3))
    made = after(made, picked(made, 3))
    made = after(made, packed(made, 2))
    step = cancel(made, some(None), ctx())
    assert buckets(step.part.lines[0]) == {"picked": 1, "packed": 2}
    assert step.facts == (
        CancellationRequested("ord_1", (Units(1, "itm_sku1", 3),), "CUSTOMER", ask=True),
    )


@pytest.mark.parametrize("quantity", [0, 4])
def test_quantity_beyond_what_is_open(quantity: int) -> None:
    """LIN-04, LIN-06: at most what is cancelable, at least one."""
    with pytest.raises(Refused) as refusal:
        cancel(order(3), some(quantity), ctx())
    assert refusal.value.code == "QUANTITY_EXCEEDED"


def test_unknown_line() -> None:
    """CAN-01: a line that is not there."""
    with pytest.raises(Malformed):
        cancel(order(1), some(1, line_no=2), ctx())


def test_cancel_after_partial_shipment_takes_open_units_only() -> None:
    """CAN-07, ADJ-04: the last units go; what was invoiced stays as it was."""
    made = order(3, price=333)
    made = after(made, created(made, 1))
    made = after(made, picked(made, 1), packed(made, 1))
    made = after(made, shipped(made, 1), InvoicePosted("inv_1", FO, "shp_1", 333, ((1, 1),)))
    gone = cancel(made, Cancel("CUSTOMER"), ctx()).part
    assert buckets(gone.lines[0]) == {"shipped": 1, "canceled": 2}
    sums = totals(gone)
    assert (sums.current, sums.invoiced, sums.open_value, sums.canceled) == (333, 333, 0, 666)


def test_exhausted_line_without_units_stands_still_no_more() -> None:
    """SRC-43: canceling is a fix; it resumes the line in the same command."""
    made = order(2)
    stopped = replace(made, lines=(replace(made.lines[0], suspended=True),))
    half = cancel(stopped, some(1), ctx())
    assert half.part.lines[0].suspended
    all_of_it = cancel(stopped, some(None), ctx())
    assert not all_of_it.part.lines[0].suspended
    assert all_of_it.facts[-1] == LineChanged("ord_1", 1, "suspended", "true", "false", "CANCELED")


def test_void_cancels_and_annuls() -> None:
    """ORD-118, FLG-09: every unit canceled, every promise released, the order annulled."""
    step = void(mixed(), Void("FRAUD"), ctx())
    assert buckets(step.part.lines[0]) == {"canceled": 5}
    assert step.part.voided_at == NOW
    assert kinds(step.facts)[-1] == "OrderVoided"
    assert kinds(step.facts).count("ReservationReleased") == 2
    assert order_state(step.part, settled=True, filing=False) == "VOID"


def test_void_of_a_canceled_order() -> None:
    """ORD-118, ORD-07: nothing is left to cancel, the record is annulled."""
    gone = cancel(order(1), Cancel("CUSTOMER"), ctx()).part
    assert void(gone, Void("ADMIN"), ctx()).facts == (OrderVoided("ord_1", "ADMIN"),)


def test_void_asks_sites_for_their_units() -> None:
    """ORD-118: FOs not yet picking are asked to let go in the same commit."""
    made = order(2)
    made = after(made, created(made, 2))
    step = void(made, Void("FRAUD"), ctx())
    assert kinds(step.facts) == ["CancellationRequested", "OrderVoided"]


@pytest.mark.parametrize(("ships", "code"), [(True, "ALREADY_SHIPPED"), (False, "PICKING_STARTED")])
def test_void_is_refused_once_the_floor_has_begun(ships: bool, code: str) -> None:
    """ORD-118: nothing shipped, nothing picked."""
    made = order(2)
    made = after(made, created(made, 2))
    made = after(made, picked(made, 1), packed(made, 1))
    if ships:
        made = after(made, shipped(made, 1))
    with pytest.raises(Refused) as refusal:
        void(made, Void("FRAUD"), ctx())
    assert refusal.value.code == code
