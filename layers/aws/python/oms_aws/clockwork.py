"""Orders whose deadline has passed, and gauges of what waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from oms.action_items.rows import escalate
from oms.kernel.codec import stamp
from oms.kernel.context import Actor, ActorKind, Context
from oms.kernel.errors import OmsError, VersionConflict
from oms.kernel.policy import Policy
from oms.lifecycle import stalls
from oms.lifecycle.record import OrderRecord

from oms_aws import telemetry, wiring
from oms_aws.workflow import Segment

AT_ONCE = 500
OVERDUE_ENOUGH = 1_000
OPEN_ENOUGH = 1_000
"""Beyond these a gauge only says that there are very many."""

STUCK_AFTER = timedelta(minutes=5)
"""Past its deadline by this much, an order was passed over by several ticks."""


def pass_time(time_left: Callable[[], bool]) -> int:
    """Tick due orders, oldest first, while there is time; returns how many.

    An order that cannot be ticked is left for the next minute: it must not keep the others waiting.
    """
    now, done = wiring.clock(), 0
    for company, order_id in wiring.orders().due(now, AT_ONCE):
        if not time_left():
            break
        try:
            _tick(company, order_id, f"tick:{now:%Y%m%dT%H%M}")
        except OmsError as error:
            ids = {"order_id": order_id, "error": error.code}
            telemetry.logger.error("tick failed", extra=ids)
            telemetry.count("TicksFailed")
        else:
            done += 1
    telemetry.count("OrdersTicked", done)
    for company in wiring.settings().companies():
        _settle_stall(company)
    return done


def _settle_stall(company: str) -> None:
    """End the report of a stopped approval job once no order has been seen waiting for it."""
    known = wiring.action_items().get(company, stalls.item_id(company))
    ended = None if known is None else stalls.recovered(known, _context(company))
    if ended is not None:
        wiring.action_items().put(ended)


def _report_stall(record: OrderRecord) -> None:
    """Report the approval job of the company as stopped (APV-05)."""
    company = record.order.company
    ctx = _context(company, record.order.channel)
    known = wiring.action_items().get(company, stalls.item_id(company))
    if stalls.stalled(record, ctx) and (
        known is None or known.data.get(stalls.SEEN) != stamp(ctx.now)
    ):
        wiring.action_items().put(stalls.reported(known, ctx))


def _context(company: str, channel: str | None = None) -> Context:
    actor = Actor(ActorKind.SYSTEM, "clock", company)
    return Context(wiring.clock(), actor, "clock", wiring.settings().policy(company, channel))


def _tick(company: str, order_id: str, cause: str) -> None:
    record = wiring.steps().tick(company, order_id, cause)
    _report_stall(record)
    step = wiring.following(record)
    if step is not None:
        trace = record.correlation_id or cause
        wiring.workflow().start(Segment(company, order_id, trace, step, record.version))


def escalate_overdue(time_left: Callable[[], bool]) -> int:
    """Hand overdue action items to the leads of their teams, once per due time (AIT-04).

    An item that somebody is changing just now is left for the next minute; returns how many.
    """
    now, done = wiring.clock(), 0
    for company in wiring.settings().companies():
        actor = Actor(ActorKind.SYSTEM, "clock", company)
        ctx = Context(now, actor, f"tick:{now:%Y%m%dT%H%M}", Policy())
        for item in wiring.action_items().overdue(company, now, AT_ONCE):
            if not time_left():
                break
            try:
                wiring.action_items().put(escalate(item, ctx))
            except VersionConflict:
                telemetry.tell("item not escalated", {"item_id": item.id})
            else:
                done += 1
    telemetry.count("ActionItemsEscalated", done)
    return done


def measure() -> None:
    """Report what waits: orders past their deadline, open action items, unknown payments.

    A heartbeat goes through the stream, so that lists know how far the index is behind (UIX-09).
    """
    wiring.orders().beat(wiring.clock())
    late = wiring.clock() - STUCK_AFTER
    telemetry.gauge("StuckOrders", len(wiring.orders().due(late, OVERDUE_ENOUGH)))
    items = [
        item
        for company in wiring.settings().companies()
        for item in wiring.action_items().open_items(company, OPEN_ENOUGH, None)[0]
    ]
    telemetry.gauge("ActionItemsOpen", len(items))
    unknown = sum(item.type == "PAYMENT_UNKNOWN" for item in items)
    telemetry.gauge("PaymentsUnknown", unknown)
