"""How units move with fulfillment, documents and holds (LIN-01 to LIN-110, SRC-40 to SRC-43)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from oms.billing.facts import CreditMemoPosted, InvoicePosted
from oms.fulfillment.facts import LinesWaiting, UnitsUnpacked, UnitsUnpicked
from oms.holds.facts import HoldDue
from oms.kernel.facts import Units
from oms.kernel.policy import Policy, StockPolicy
from oms.orders.commands import Backorder, NewLine, Resume
from oms.orders.decisions import backorder, react, resume
from oms.orders.facts import (
    BackorderReleased,
    CancellationRequested,
    LineChanged,
    OrderReopened,
    ReservationReleased,
    UnitsBackordered,
)
from oms.orders.model import Bucket, Buckets, Order

from tests.domain.orders.scene import (
    DAY,
    FO,
    HOUR,
    MINUTE,
    NOW,
    SITE,
    accept,
    after,
    buckets,
    canceled,
    created,
    ctx,
    kinds,
    left,
    offered,
    order,
    packed,
    picked,
    rejected,
    shipped,
    units,
)


def short_order(wanted: int, there: int) -> Order:
    """Accepted with some units reserved and the rest backordered."""
    command = offered(NewLine("A", wanted, 1000))
    return accept(command, {("itm_A", "main"): there}, policy=StockPolicy.ACCEPT).part


def test_units_are_in_one_bucket_each() -> None:
    """LIN-01, LIN-04, LIN-06: moves keep the sum and never take what is not there."""
    start = Buckets(unsourced=3)
    moved = start.move(Bucket.UNSOURCED, Bucket.RESERVED, 2)
    assert (moved.unsourced, moved.reserved, moved.ordered) == (1, 2, 3)
    for source, count in ((Bucket.UNSOURCED, 4), (Bucket.PACKED, 1), (Bucket.UNSOURCED, -1)):
        with pytest.raises(ValueError, match="units"):
            start.move(source, Bucket.CANCELED, count)
    done = Buckets(shipped=5, canceled=1, reserved=2, inbound=1, returned=1, forgiven=1)
    assert (done.open, done.active, done.returnable, done.ordered) == (2, 7, 2, 8)


def test_created_order_places_the_same_reservation() -> None:
    """LIN-103, RSV-03, LIN-05: reserved to allocated, the reservation id stays."""
    made = order(3)
    held = made.lines[0].reservations[0]
    placed = after(made, created(made, 2))
    assert buckets(placed.lines[0]) == {"reserved": 1, "allocated": 2}
    assert placed.lines[0].reservations == (replace(held, placed={SITE: 2}),)


def test_plan_without_stock_takes_unreserved_units() -> None:
    """LIN-104: unsourced first, then backordered, whose commitment ends."""
    made = short_order(3, 0)
    line = replace(made.lines[0], buckets=Buckets(unsourced=1, backordered=2))
    made = replace(made, lines=(line,))
    step = react(made, created(made, 2), ctx())
    assert buckets(step.part.lines[0]) == {"allocated": 2, "backordered": 1}
    assert step.facts == (BackorderReleased("ord_1", 1, "itm_A", "main", 1, "ALLOCATED", left=1),)


def test_units_go_through_the_floor_and_back() -> None:
    """LIN-105, LIN-106: picked, packed, unpacked, unpicked."""
    made = order(2)
    made = after(made, created(made, 2))
    made = after(made, picked(made, 2), packed(made, 1))
    assert buckets(made.lines[0]) == {"picked": 1, "packed": 1}
    one = (units(made.lines[0], 1),)
    made = after(made, UnitsUnpacked(FO, "pkg_1", one), UnitsUnpicked(FO, one))
    assert buckets(made.lines[0]) == {"allocated": 1, "picked": 1}


def test_shipment_consumes_the_reservation() -> None:
    """LIN-107, RSV-01: shipped units end their promise at the site by its id."""
    made = order(3)
    made = after(made, created(made, 3))
    made = after(made, picked(made, 2), packed(made, 2))
    made = after(made, shipped(made, 2))
    assert buckets(made.lines[0]) == {"allocated": 1, "shipped": 2}
    (held,) = made.lines[0].reservations
    assert (held.open, held.placed) == (1, {SITE: 1})


def test_full_ship_confirm_takes_allocated_units_too() -> None:
    """LIN-107: packed units first, then picked, then allocated ones."""
    made = order(3)
    made = after(made, created(made, 3))
    made = after(made, picked(made, 2), packed(made, 1))
    assert buckets(after(made, shipped(made, 3)).lines[0]) == {"shipped": 3}


def test_more_than_a_site_has_is_never_shipped() -> None:
    """LIN-06: the move is guarded by what the buckets and the reservation hold."""
    made = order(3)
    made = after(made, created(made, 1))
    with pytest.raises(ValueError, match="shipped"):
        after(made, shipped(made, 2))


def test_rejection_that_keeps_the_stock() -> None:
    """LIN-108, SRC-40, SRC-42: back to the pool with the reservation; this site is not asked
    again.
    """
    made = order(3)
    made = after(made, created(made, 3))
    step = react(made, rejected(left(made, 2, keeps=True)), ctx())
    line = step.part.lines[0]
    assert buckets(line) == {"reserved": 2, "allocated": 1}
    assert (line.tried_sites, line.attempts) == ((SITE,), 1)
    assert (line.reservations[0].open, line.reservations[0].placed) == (3, {SITE: 1})
    assert step.facts == ()


def test_rejection_that_removes_the_stock() -> None:
    """LIN-109: the reservation ends for these units; they are unsourced until reserved anew."""
    made = order(3)
    made = after(made, created(made, 3))
    row = left(made, 2, keeps=False, reason="NOT_FOUND")
    step = react(made, rejected(row), ctx())
    line = step.part.lines[0]
    assert buckets(line) == {"unsourced": 2, "allocated": 1}
    held = line.reservations[0]
    assert (held.open, held.placed) == (1, {SITE: 1})
    assert step.facts == (
        ReservationReleased(held.id, 1, "itm_sku1", "main", 2, SITE, "NOT_FOUND"),
    )


def test_rejected_units_without_a_reservation() -> None:
    """LIN-104, LIN-109: nothing was promised, nothing is released."""
    made = short_order(2, 0)
    made = after(made, created(made, 2))
    step = react(made, rejected(left(made, 2, keeps=True)), ctx())
    assert buckets(step.part.lines[0]) == {"unsourced": 2}
    assert step.facts == ()


def test_one_rejection_is_one_attempt_per_line() -> None:
    """SRC-43: several rows of one line count once; some reasons do not count."""
    made = order(4, 2)
    made = after(made, created(made, 4), created(made, 2, line_no=2))
    step = react(
        made,
        rejected(
            left(made, 1, keeps=True),
            left(made, 1, keeps=False, reason="DAMAGED"),
            left(made, 1, keeps=True, counts=False, line_no=2, reason="SITE_OUTAGE"),
        ),
        ctx(),
    )
    assert [line.attempts for line in step.part.lines] == [1, 0]
    assert [line.tried_sites for line in step.part.lines] == [(SITE,), (SITE,)]


def test_exhausted_routing_suspends_the_line_only() -> None:
    """SRC-43, FLG-03, FLG-05: at the last attempt the line stops, the others go on."""
    made = order(2, 2)
    policy = Policy(max_attempts=2)
    told = []
    for site in ("a", "b", "c"):
        made = after(made, created(made, 1, site=site))
        step = react(made, rejected(left(made, 1, keeps=True), site=site), ctx(policy=policy))
        made = step.part
        told.append(step.facts)
    assert told == [
        (),
        (LineChanged("ord_1", 1, "routing_exhausted", None, "2", "TOO_BUSY"),),
        (),
    ]
    assert [line.suspended for line in made.lines] == [True, False]
    assert made.suspended is None


def test_fixing_exhausted_routing_resumes_the_line() -> None:
    """SRC-43: *Resume* and *Backorder* give the line new attempts in the same command."""
    made = order(2)
    stopped = replace(made, lines=(replace(made.lines[0], suspended=True, attempts=7),))
    again = resume(stopped, Resume("try the stores", line_no=1), ctx())
    assert (again.part.lines[0].suspended, again.part.lines[0].attempts) == (False, 0)
    assert again.facts == (LineChanged("ord_1", 1, "suspended", "true", "false", "try the stores"),)
    later = backorder(stopped, Backorder(1, "supply is coming"), ctx())
    line = later.part.lines[0]
    assert (line.suspended, line.attempts, buckets(line)) == (False, 0, {"backordered": 2})
    assert kinds(later.facts) == ["ReservationReleased", "UnitsBackordered"]
    assert later.facts[1] == UnitsBackordered("ord_1", 1, "itm_sku1", "main", 2)
    assert line.reservations[0].open == 0


def test_recall_keeps_the_promise() -> None:
    """LIN-108: recalled units are reserved again, not released."""
    made = order(2)
    made = after(made, created(made, 2))
    step = react(made, canceled(made, 2, recalled=True), ctx())
    assert buckets(step.part.lines[0]) == {"reserved": 2}
    assert (step.part.lines[0].reservations[0].placed, step.facts) == ({}, ())


def test_recall_without_a_promise() -> None:
    """LIN-104: units that no stock stands behind are unsourced again."""
    made = short_order(1, 0)
    made = after(made, created(made, 1))
    assert buckets(after(made, canceled(made, 1, recalled=True)).lines[0]) == {"unsourced": 1}


def test_waiting_line_says_why_and_when() -> None:
    """SRC-61: reason and next try; the wait is over with an FO."""
    made = order(2)
    waiting = after(made, LinesWaiting("ord_1", ((1, "NO_STOCK"),), "dec_1"))
    wait = waiting.lines[0].wait
    assert wait is not None
    assert (wait.reason, wait.since, wait.next_try) == ("NO_STOCK", NOW, NOW + 15 * MINUTE)
    assert after(waiting, created(waiting, 1)).lines[0].wait is None


def test_long_waits_are_reported_once_and_then_stop() -> None:
    """SRC-15, SRC-43: UNFILLABLE after 24 h, exhausted after `allocation.maxAgeDays`."""
    made, told = order(1), []
    for age in (0 * HOUR, 23 * HOUR, 24 * HOUR, 30 * HOUR, 10 * DAY, 11 * DAY):
        fact = LinesWaiting("ord_1", ((1, "NO_STOCK"),), "dec_1")
        step = react(made, fact, ctx(at=NOW + age))
        made = step.part
        told.append([f.what for f in step.facts if isinstance(f, LineChanged)])
    assert told == [[], [], ["unfillable"], [], ["routing_exhausted"], []]
    assert made.lines[0].suspended


def test_invoice_counts_units_and_asks_for_filing_again() -> None:
    """LIN-03, ORD-01: invoiced units; a document after filing makes the order unfiled."""
    made = replace(order(3), filed_at=NOW)
    invoice = InvoicePosted("inv_1", FO, "shp_1", 2000, ((1, 2),))
    assert after(made, invoice).lines[0].buckets.invoiced == 2
    assert after(made, invoice).filed_at is None
    assert after(made, CreditMemoPosted("cm_1", "GOODWILL", 100)).filed_at is None


def test_lapsed_hold_cancels_the_held_units() -> None:
    """HLD-06, LIN-07: CANCEL takes every unit nobody picks, those of FOs where possible."""
    made = order(5)
    made = after(made, created(made, 3))
    made = after(made, picked(made, 1))
    due = HoldDue("hld_1", "PAYMENT_REQUIRED", "CANCEL", "ORDER", None)
    step = react(made, due, ctx())
    assert buckets(step.part.lines[0]) == {"canceled": 2, "allocated": 2, "picked": 1}
    assert step.facts[-1] == CancellationRequested(
        "ord_1", (Units(1, "itm_sku1", 2),), "PAYMENT_REQUIRED", where_possible=True
    )


def test_lapsed_hold_of_a_line_cancels_that_line() -> None:
    """HLD-02, HLD-06: its scope, and nothing for a due action that keeps the units."""
    made = order(1, 1)
    due = HoldDue("hld_1", "CUSTOMER_REQUEST", "CANCEL", "LINE", "2")
    gone = after(made, due)
    assert [buckets(line) for line in gone.lines] == [{"reserved": 1}, {"canceled": 1}]
    assert after(made, replace(due, action="ESCALATE")) == made


def test_reopened_order_remembers_where_it_stands() -> None:
    """ORD-117, ORD-05: a closed order that gets new work has to be filed and closed again."""
    closed = replace(order(1), reached="CLOSED")
    assert after(closed, OrderReopened("ord_1")).reached == "AWAITING_ALLOCATION"
