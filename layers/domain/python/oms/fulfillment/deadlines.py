"""What time alone does to FOs: claims that lapse, work that is late (FUL-04, FUL-104, FUL-112)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from oms.fulfillment import facts
from oms.fulfillment.leaving import time_out
from oms.fulfillment.model import Assignment, Fulfillment, FulfillmentOrder
from oms.fulfillment.reasons import CLAIM_TIMEOUT, LATE
from oms.fulfillment.rows import store
from oms.fulfillment.states import ENDED, fo_state
from oms.kernel.context import Context
from oms.kernel.facts import Step

ANSWERED = (Assignment.CLAIM, Assignment.REQUEST)
"""Assignments in which the site has to answer in time."""


def tick(fulfillment: Fulfillment, ctx: Context) -> Step[Fulfillment]:
    """Reject for the site what it did not answer, and report what is late, once.

    Late work of a store that has not begun to pick is taken back and counts as an attempt.
    """
    step = Step(fulfillment)
    for fo in fulfillment.orders:
        if _reached(_claim_due(fo, ctx), ctx):
            more = time_out(step.part, fo, CLAIM_TIMEOUT, ctx)
        elif _reached(_late_due(fo, ctx), ctx):
            more = _late(step.part, fo, ctx)
        else:
            continue
        step = Step(more.part, step.facts + more.facts)
    return step


def next_due(fulfillment: Fulfillment, ctx: Context) -> datetime | None:
    """When time alone changes an FO next (SAG-05)."""
    moments = (due(fo, ctx) for fo in fulfillment.orders for due in (_claim_due, _late_due))
    return min((moment for moment in moments if moment is not None), default=None)


def _late(fulfillment: Fulfillment, fo: FulfillmentOrder, ctx: Context) -> Step[Fulfillment]:
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
    asked = fo_state(fo) == "AWAITING_ASSIGNMENT" and fo.assignment in ANSWERED
    if not asked or fo.released_at is None:
        return None
    return fo.released_at + timedelta(hours=ctx.policy.claim_timeout_hours)


def _late_due(fo: FulfillmentOrder, ctx: Context) -> datetime | None:
    if fo.released_at is None or fo.late_at is not None or fo_state(fo) in ENDED:
        return None
    return fo.released_at + timedelta(hours=ctx.policy.fulfill_timeout_hours)
