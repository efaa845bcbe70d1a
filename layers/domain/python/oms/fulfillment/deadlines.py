"""What time alone does to FOs: approvals by the job, releases whose day has come, claims that
lapse, work that is late, silence to requests, customers who never come, parcels nobody hears of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from oms.fulfillment import facts, pickup, tracking, withdrawal
from oms.fulfillment.leaving import time_out
from oms.fulfillment.model import Fulfillment, FulfillmentOrder
from oms.fulfillment.reasons import CLAIM_TIMEOUT, LATE
from oms.fulfillment.rows import store
from oms.fulfillment.starting import approval_due
from oms.fulfillment.states import ENDED, fo_state
from oms.kernel.context import Context
from oms.kernel.facts import Step
from oms.kernel.policy import Assignment

Tick = Callable[[Fulfillment, FulfillmentOrder, Context], Step[Fulfillment]]


def tick(fulfillment: Fulfillment, ctx: Context) -> Step[Fulfillment]:
    """Let time pass for every FO. Approval and release follow by themselves (ENT-05)."""
    step = Step(fulfillment)
    for fo in fulfillment.orders:
        for look in _TICKS:
            more = look(step.part, step.part.find(fo.id), ctx)
            step = Step(more.part, step.facts + more.facts)
    return step


def next_due(fulfillment: Fulfillment, ctx: Context) -> datetime | None:
    """When time alone changes an FO next (SAG-05)."""
    return min((at for fo in fulfillment.orders for at in _moments(fo, ctx)), default=None)


def _moments(fo: FulfillmentOrder, ctx: Context) -> Iterator[datetime]:
    yield from tracking.moments(fo, ctx)
    state = fo_state(fo)
    if state in ENDED:
        return
    yield from withdrawal.moments(fo)
    yield from pickup.moments(fo)
    if state == "AWAITING_APPROVAL":
        yield from _known(approval_due(fo, ctx))
    elif state == "AWAITING_AUTHORIZATION" and fo.release_from and fo.release_from > ctx.now:
        yield fo.release_from
    yield from _known(_claim_due(fo, ctx))
    yield from _known(_late_due(fo, ctx))


def _known(moment: datetime | None) -> Iterator[datetime]:
    if moment is not None:
        yield moment


def _unclaimed(fulfillment: Fulfillment, fo: FulfillmentOrder, ctx: Context) -> Step[Fulfillment]:
    """Reject for the site what it did not answer (FUL-04, FUL-104)."""
    if not _reached(_claim_due(fo, ctx), ctx):
        return Step(fulfillment)
    return time_out(fulfillment, fo, CLAIM_TIMEOUT, ctx)


def _late(fulfillment: Fulfillment, fo: FulfillmentOrder, ctx: Context) -> Step[Fulfillment]:
    """Report late work once; a store that has not begun to pick loses it, and that counts as an
    attempt (FUL-112).
    """
    if not _reached(_late_due(fo, ctx), ctx):
        return Step(fulfillment)
    fo = replace(fo, late_at=ctx.now)
    fact = facts.FulfillmentOrderLate(fo.id, fo.site)
    step = Step(store(fulfillment, fo), (fact,))
    if fo.site_type == "STORE" and fo.picking_at is None:
        back = time_out(step.part, fo, LATE, ctx)
        return Step(back.part, (fact, *back.facts))
    return step


def _reached(moment: datetime | None, ctx: Context) -> bool:
    return moment is not None and moment <= ctx.now


def _claim_due(fo: FulfillmentOrder, ctx: Context) -> datetime | None:
    """A store has so long to claim, a fulfiller so long to answer."""
    if fo_state(fo) != "AWAITING_ASSIGNMENT" or fo.released_at is None:
        return None
    if fo.assignment is Assignment.REQUEST:
        return fo.request.due if fo.request and fo.request.answer is None else None
    if fo.assignment is Assignment.CLAIM:
        return fo.released_at + timedelta(hours=ctx.policy.at(fo.site).claim_timeout_hours)
    return None


def _late_due(fo: FulfillmentOrder, ctx: Context) -> datetime | None:
    done = (*ENDED, "READY_FOR_PICKUP")
    if fo.released_at is None or fo.late_at is not None or fo_state(fo) in done:
        return None
    return fo.released_at + timedelta(hours=ctx.policy.at(fo.site).fulfill_timeout_hours)


_TICKS: tuple[Tick, ...] = (_unclaimed, withdrawal.tick, _late, pickup.tick, tracking.tick)
