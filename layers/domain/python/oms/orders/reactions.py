"""How an order follows what happens to fulfillment orders, documents, holds and action items."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from oms.action_items.facts import ActionItemResolved
from oms.billing.facts import CreditMemoPosted, InvoicePosted
from oms.fulfillment import facts as fulfillment
from oms.holds.facts import HoldDue, HoldReleased
from oms.kernel.context import Context
from oms.kernel.facts import Fact, Step, Units
from oms.orders import facts
from oms.orders.cancellation import cancel_held
from oms.orders.invoicing import count_invoiced
from oms.orders.model import Bucket, Line, Order, Wait
from oms.orders.status import order_state
from oms.orders.totals import lost_value
from oms.orders.units import (
    end_units,
    move_units,
    owed_by,
    place_units,
    put_line,
    unplace_units,
)
from oms.orders.waits import RETRY, retry_now

MOST_ADVANCED_FIRST = (Bucket.PACKED, Bucket.PICKED, Bucket.ALLOCATED)
"""Where shipped units come from: packed ones, and others of an FO that is confirmed as a whole."""

MILESTONES: dict[type[Fact], str] = {
    facts.OrderDrafted: "DRAFT",
    facts.OrderReceived: "RECEIVED",
    facts.OrderIncomplete: "INCOMPLETE",
    facts.OrderCompleted: "RECEIVED",
    facts.OrderAwaitingApproval: "AWAITING_APPROVAL",
    facts.OrderApproved: "AWAITING_ALLOCATION",
    facts.OrderAllocated: "AWAITING_FULFILLMENT",
    facts.OrderDeallocated: "AWAITING_ALLOCATION",
    facts.OrderFulfilled: "AWAITING_SETTLEMENT",
    facts.OrderSettled: "AWAITING_FILING",
    facts.OrderClosed: "CLOSED",
    facts.OrderVoided: "VOID",
}
"""The state each of these facts announces; `Order.reached` keeps the one announced last."""


def react(order: Order, fact: Fact, ctx: Context) -> Step[Order]:
    """What one fact, of whatever capability, does to the order and its lines."""
    match fact:
        case fulfillment.FulfillmentOrderCreated():
            return _created(order, fact)
        case fulfillment.ShipmentCreated():
            return Step(_shipped(order, fact))
        case fulfillment.FulfillmentOrderRejected() | fulfillment.FulfillmentOrderShortPicked():
            return _left(order, fact.site, fact.lines, ctx)
        case fulfillment.FulfillmentOrderCanceled():
            return _canceled(order, fact)
        case fulfillment.LinesWaiting():
            return _waiting(order, fact, ctx)
        case InvoicePosted():
            return Step(replace(count_invoiced(order, fact.units), filed_at=None))
        case CreditMemoPosted():
            return Step(replace(order, filed_at=None))
        case HoldDue(action="CANCEL"):
            return cancel_held(order, fact.scope, fact.scope_ref, fact.type)
        case ActionItemResolved():
            order = _accepted(order, fact.type)
            return Step(retry_now(order, ctx) if fact.cleared else order)
        case HoldReleased():
            return Step(retry_now(order, ctx))
        case facts.OrderReopened():
            return Step(replace(order, reached=order_state(order, settled=False, filing=False)))
        case _:
            return Step(_moved(_announced(order, fact), fact))


def _announced(order: Order, fact: Fact) -> Order:
    reached = MILESTONES.get(type(fact))
    return order if reached is None else replace(order, reached=reached)


def _moved(order: Order, fact: Fact) -> Order:
    match fact:
        case fulfillment.UnitsPicked():
            return _move_all(order, fact.units, Bucket.ALLOCATED, Bucket.PICKED)
        case fulfillment.UnitsPacked():
            return _move_all(order, fact.units, Bucket.PICKED, Bucket.PACKED)
        case fulfillment.UnitsUnpacked():
            return _move_all(order, fact.units, Bucket.PACKED, Bucket.PICKED)
        case fulfillment.UnitsUnpicked():
            return _move_all(order, fact.units, Bucket.PICKED, Bucket.ALLOCATED)
        case fulfillment.ShipmentDelivered():
            return _delivered(order, fact)
        case _:
            return order


def _delivered(order: Order, fact: fulfillment.ShipmentDelivered) -> Order:
    """LIN-111: delivered units stay within the shipped ones."""
    for units in fact.units:
        line = order.line(units.line_no)
        buckets = replace(line.buckets, delivered=line.buckets.delivered + units.quantity)
        order = put_line(order, replace(line, buckets=buckets))
    return order


def _move_all(order: Order, rows: Iterable[Units], source: Bucket, target: Bucket) -> Order:
    for units in rows:
        order = move_units(order, units, source, target)
    return order


def _created(order: Order, fact: fulfillment.FulfillmentOrderCreated) -> Step[Order]:
    """Reserved units are placed (LIN-103); a plan without stock takes others (LIN-104)."""
    told: list[Fact] = []
    for units in fact.units:
        if units.reservation_id:
            order = place_units(order, units, Bucket.RESERVED, fact.site)
        else:
            order, more = _allocate_unreserved(order, units)
            told += more
        order = put_line(order, replace(order.line(units.line_no), wait=None))
    return Step(order, tuple(told))


def _allocate_unreserved(order: Order, units: Units) -> tuple[Order, list[Fact]]:
    line = order.line(units.line_no)
    buckets = line.buckets
    loose = min(units.quantity, buckets.unsourced)
    waiting = units.quantity - loose
    order = move_units(order, replace(units, quantity=loose), Bucket.UNSOURCED, Bucket.ALLOCATED)
    if not waiting:
        return order, []
    rest = replace(units, quantity=waiting)
    order = move_units(order, rest, Bucket.BACKORDERED, Bucket.ALLOCATED)
    left = buckets.backordered - waiting
    ended = facts.BackorderReleased(
        order.id, units.line_no, units.item_id, owed_by(order, line), waiting, "ALLOCATED", left
    )
    return order, [ended]


def _shipped(order: Order, fact: fulfillment.ShipmentCreated) -> Order:
    for units in fact.units:
        left = units.quantity
        for source in MOST_ADVANCED_FIRST:
            held = getattr(order.line(units.line_no).buckets, source.value)
            part = replace(units, quantity=min(left, held))
            if part.quantity:
                order = end_units(order, part, source, Bucket.SHIPPED, fact.site)
                left -= part.quantity
        if left:
            raise ValueError(f"{left} units of line {units.line_no} shipped that no site had")
    return order


def _left(
    order: Order, site: str, rows: Sequence[fulfillment.UnitsLeft], ctx: Context
) -> Step[Order]:
    """Units that a site will not ship go back to their pool, or must be reserved anew (SRC-40)."""
    told: list[Fact] = []
    for row in rows:
        units, source = row.units, Bucket(row.from_bucket)
        if units.reservation_id is None:
            order = move_units(order, units, source, Bucket.UNSOURCED)
        elif row.keeps:
            order = unplace_units(order, units, source, site)
        else:
            order = end_units(order, units, source, Bucket.UNSOURCED, site)
            told.append(_released(units, site, row.reason))
    for line_no in sorted({row.units.line_no for row in rows}):
        reasons = [row for row in rows if row.units.line_no == line_no]
        order, more = _attempted(order, line_no, site, reasons, ctx)
        told += more
    return Step(order, tuple(told))


def _attempted(
    order: Order, line_no: int, site: str, rows: Sequence[fulfillment.UnitsLeft], ctx: Context
) -> tuple[Order, list[Fact]]:
    """One attempt per line, however many of its units failed (SRC-42, SRC-43)."""
    line = order.line(line_no)
    attempts = line.attempts + any(row.counts_attempt for row in rows)
    exhausted = attempts >= ctx.policy.max_attempts
    tried = replace(
        line, tried_sites=tuple(sorted({*line.tried_sites, site})), attempts=attempts, wait=None,
        suspended=line.suspended or exhausted,
    )  # fmt: skip
    order = put_line(order, tried)
    if not exhausted or line.suspended:
        return order, []
    return order, [_exhausted(order, tried, rows[0].reason)]


def _exhausted(order: Order, line: Line, reason: str) -> facts.LineChanged:
    attempts = str(line.attempts)
    return facts.LineChanged(order.id, line.line_no, "routing_exhausted", None, attempts, reason)


def _canceled(order: Order, fact: fulfillment.FulfillmentOrderCanceled) -> Step[Order]:
    """Recalled units keep their promise (LIN-108), others are canceled with it (LIN-110)."""
    told: list[Fact] = []
    for units in fact.units:
        if fact.recalled:
            order = _recalled(order, units, fact.site)
            continue
        before = order.line(units.line_no)
        order = end_units(order, units, Bucket.ALLOCATED, Bucket.CANCELED, fact.site)
        if units.reservation_id:
            told.append(_released(units, fact.site, fact.reason))
        worth = lost_value(before, order.line(units.line_no), order.gross)
        told.append(
            facts.UnitsCanceled(
                order.id, units.line_no, units.item_id, units.quantity, Bucket.ALLOCATED.value,
                fact.reason, worth,
            )
        )  # fmt: skip
    return Step(order, tuple(told))


def _recalled(order: Order, units: Units, site: str) -> Order:
    if units.reservation_id is None:
        return move_units(order, units, Bucket.ALLOCATED, Bucket.UNSOURCED)
    return unplace_units(order, units, Bucket.ALLOCATED, site)


def _released(units: Units, site: str, reason: str) -> facts.ReservationReleased:
    return facts.ReservationReleased(
        str(units.reservation_id), units.line_no, units.item_id, str(units.group),
        units.quantity, site, reason,
    )  # fmt: skip


def _waiting(order: Order, fact: fulfillment.LinesWaiting, ctx: Context) -> Step[Order]:
    """Lines without a site say why and when they are tried again (SRC-61); old ones need help."""
    told: list[Fact] = []
    for line_no, reason in fact.lines:
        line = order.line(line_no)
        wait = line.wait or Wait(reason, ctx.now)
        age = ctx.now - wait.since
        old = age >= timedelta(days=ctx.policy.max_age_days)
        unfillable = age >= timedelta(hours=ctx.policy.unfillable_after_hours)
        if unfillable and not wait.reported:
            told.append(facts.LineChanged(order.id, line_no, "unfillable", None, reason))
        if old and not line.suspended:
            told.append(_exhausted(order, line, "MAX_AGE"))
        waits = replace(
            line, suspended=line.suspended or old,
            wait=Wait(reason, wait.since, ctx.now + RETRY, wait.reported or unfillable),
        )  # fmt: skip
        order = put_line(order, waits)
    return Step(order, tuple(told))


def _accepted(order: Order, code: str) -> Order:
    """A person, or a later check, has done with what a blocking finding asked for (ORD-106)."""
    findings = tuple(f for f in order.findings if (f.code, f.level) != (code, "BLOCKING"))
    return replace(order, findings=findings)
