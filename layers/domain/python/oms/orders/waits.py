"""What lines wait for: every waiting line says why, and when automation tries again (SRC-61)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from oms.kernel.context import Context
from oms.orders.model import Line, Order, Wait

RETRY = timedelta(minutes=15)
"""How often the sweep looks at everything that waits (SRC-02); supply is served at once."""

BACKORDERED = "BACKORDERED"


def mark_waits(order: Order, ctx: Context) -> Order:
    """The order with its lines waiting for what they lack: supply, a site, or nothing."""
    lines = tuple(_marked(line, ctx) for line in order.lines)
    return order if lines == order.lines else replace(order, lines=lines)


def retry_now(order: Order, ctx: Context) -> Order:
    """What stopped the order is over: waiting lines are tried at once (SRC-02, HLD-08)."""
    lines = tuple(
        replace(line, wait=replace(line.wait, next_try=ctx.now)) if line.wait else line
        for line in order.lines
    )
    return order if lines == order.lines else replace(order, lines=lines)


def unheard(line: Line, ctx: Context) -> bool:
    """Whether a line waits for a site so long that somebody must be told (SRC-15, SRC-43)."""
    if line.wait is None or line.wait.reason == BACKORDERED or line.suspended:
        return False
    age = ctx.now - line.wait.since
    unfillable = age >= timedelta(hours=ctx.policy.unfillable_after_hours)
    old = age >= timedelta(days=ctx.policy.max_age_days)
    return old or (unfillable and not line.wait.reported)


def _marked(line: Line, ctx: Context) -> Line:
    buckets, wait = line.buckets, line.wait
    if buckets.backordered and not buckets.unsourced + buckets.reserved:
        if wait is None:
            return replace(line, wait=Wait(BACKORDERED, ctx.now, ctx.now + RETRY))
        if wait.reason != BACKORDERED:
            return replace(line, wait=replace(wait, reason=BACKORDERED))
    elif wait is not None and (wait.reason == BACKORDERED or not buckets.waiting):
        return replace(line, wait=None)
    return line
