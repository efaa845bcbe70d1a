"""How an order's lines follow what happens to fulfillment orders and documents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from functools import partial

from oms.billing.facts import InvoicePosted
from oms.fulfillment import facts as fulfillment
from oms.kernel.context import Context
from oms.kernel.facts import Fact, Step, Units
from oms.orders.facts import LineChanged, ReservationReleased, UnitsCanceled
from oms.orders.model import Bucket, Line, Order, Wait
from oms.orders.totals import totals
from oms.orders.units import change_line, end_units, move_units, place_units, unplace_units

RETRY = timedelta(minutes=15)
"""When sourcing looks again at units that found no site (SRC-02)."""


def react(order: Order, fact: Fact, ctx: Context) -> Step[Order]:
    """What one fact of another capability does to the order's lines."""
    match fact:
        case fulfillment.FulfillmentOrderCreated():
            return Step(_created(order, fact))
        case fulfillment.UnitsPicked():
            return Step(_moved(order, fact.units, Bucket.ALLOCATED, Bucket.PICKED))
        case fulfillment.UnitsPacked():
            return Step(_moved(order, fact.units, Bucket.PICKED, Bucket.PACKED))
        case fulfillment.UnitsUnpacked():
            return Step(_moved(order, fact.units, Bucket.PACKED, Bucket.PICKED))
        case fulfillment.UnitsUnpicked():
            return Step(_moved(order, fact.units, Bucket.PICKED, Bucket.ALLOCATED))
        case fulfillment.ShipmentCreated():
            return Step(_shipped(order, fact))
        case fulfillment.FulfillmentOrderRejected() | fulfillment.FulfillmentOrderShortPicked():
            return _left(order, fact.site, fact.lines, ctx)
        case fulfillment.FulfillmentOrderCanceled():
            return _canceled(order, fact)
        case fulfillment.LinesWaiting():
            return Step(_waiting(order, fact, ctx))
        case InvoicePosted():
            return Step(_invoiced(order, fact))
        case _:
            return Step(order)


def _created(order: Order, fact: fulfillment.FulfillmentOrderCreated) -> Order:
    for units in fact.units:
        source = Bucket.RESERVED if units.reservation_id else Bucket.UNSOURCED
        order = place_units(order, units, source, fact.site)
        order = change_line(order, units.line_no, lambda line: replace(line, wait=None))
    return order


def _moved(order: Order, rows: Iterable[Units], source: Bucket, target: Bucket) -> Order:
    for units in rows:
        order = move_units(order, units, source, target)
    return order


def _shipped(order: Order, fact: fulfillment.ShipmentCreated) -> Order:
    for units in fact.units:
        order = end_units(order, units, Bucket.PACKED, Bucket.SHIPPED, fact.site)
    return order


def _left(
    order: Order, site: str, rows: Iterable[fulfillment.UnitsLeft], ctx: Context
) -> Step[Order]:
    facts: list[Fact] = []
    for row in rows:
        units, source = row.units, Bucket(row.from_bucket)
        if row.keeps and units.reservation_id:
            order = unplace_units(order, units, source, site)
        else:
            order = end_units(order, units, source, Bucket.UNSOURCED, site)
            facts.append(_released(units, site, row.reason))
        order = change_line(order, units.line_no, partial(_tried, site=site, row=row, ctx=ctx))
        facts.extend(_exhausted(order, units.line_no, row, ctx))
    return Step(order, tuple(facts))


def _tried(line: Line, site: str, row: fulfillment.UnitsLeft, ctx: Context) -> Line:
    attempts = line.attempts + row.counts_attempt
    return replace(
        line, tried_sites=tuple(sorted({*line.tried_sites, site})), attempts=attempts,
        wait=None, suspended=line.suspended or attempts >= ctx.policy.max_attempts,
    )  # fmt: skip


def _exhausted(
    order: Order, line_no: int, row: fulfillment.UnitsLeft, ctx: Context
) -> Iterable[Fact]:
    attempts = order.line(line_no).attempts
    if row.counts_attempt and attempts == ctx.policy.max_attempts:
        yield LineChanged(order.id, line_no, "routing_exhausted", None, str(attempts), row.reason)


def _canceled(order: Order, fact: fulfillment.FulfillmentOrderCanceled) -> Step[Order]:
    facts: list[Fact] = []
    for units in fact.units:
        if fact.recalled:
            order = unplace_units(order, units, Bucket.ALLOCATED, fact.site)
            continue
        before = totals(order).current
        order = end_units(order, units, Bucket.ALLOCATED, Bucket.CANCELED, fact.site)
        if units.reservation_id:
            facts.append(_released(units, fact.site, fact.reason))
        facts.append(
            UnitsCanceled(
                order.id,
                units.line_no,
                units.item_id,
                units.quantity,
                Bucket.ALLOCATED.value,
                fact.reason,
                before - totals(order).current,
            )
        )
    return Step(order, tuple(facts))


def _released(units: Units, site: str | None, reason: str) -> ReservationReleased:
    return ReservationReleased(
        str(units.reservation_id), units.line_no, units.item_id, str(units.group),
        units.quantity, site, reason,
    )  # fmt: skip


def _waiting(order: Order, fact: fulfillment.LinesWaiting, ctx: Context) -> Order:
    for line_no, reason in fact.lines:
        order = change_line(order, line_no, partial(_with_wait, reason=reason, ctx=ctx))
    return order


def _with_wait(line: Line, reason: str, ctx: Context) -> Line:
    since = ctx.now
    if line.wait is not None and line.wait.reason == reason:
        since = line.wait.since
    return replace(line, wait=Wait(reason, since, ctx.now + RETRY))


def _invoiced(order: Order, fact: InvoicePosted) -> Order:
    for line_no, quantity in fact.units:
        order = change_line(order, line_no, partial(_billed, quantity=quantity))
    return order


def _billed(line: Line, quantity: int) -> Line:
    buckets = line.buckets
    return replace(line, buckets=replace(buckets, invoiced=buckets.invoiced + quantity))
