"""A stopped approval job is reported while its queue grows, until it moves again (APV-05)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from oms.action_items.decisions import resolve_row, row
from oms.action_items.facts import ActionItemOpened
from oms.action_items.model import ActionItem
from oms.kernel.codec import instant, stamp
from oms.kernel.context import Context
from oms.kernel.ids import derive
from oms.kernel.policy import ApprovalMode
from oms.lifecycle.record import OrderRecord
from oms.orders.model import Approval

STALLED = "AUTOMATION_STALLED"
QUEUE = "orderApproval"
SEEN = "seenAt"


def item_id(company: str) -> str:
    """The one item about a company's approval queue."""
    return derive("act", company, STALLED, QUEUE)


def stalled(record: OrderRecord, ctx: Context) -> bool:
    """Whether the order has waited for the job longer than twice its interval and its delay."""
    order, policy = record.order, ctx.policy
    if order.approval is not Approval.PENDING or policy.order_approval is not ApprovalMode.JOB:
        return False
    patience = 2 * policy.approval_job_interval_minutes + policy.approval_job_delay_minutes
    return order.intake_done_at is not None and ctx.now - order.intake_done_at > timedelta(
        minutes=patience
    )


def reported(known: ActionItem | None, ctx: Context) -> ActionItem:
    """The item with the time at which a stalled order was seen last."""
    company, seen = ctx.actor.company, {SEEN: stamp(ctx.now)}
    if known is not None and known.state.open:
        return replace(known, data=seen, version=known.version + 1)
    text = "orders wait for an approval job that does not run"
    name = item_id(company)
    fact = ActionItemOpened(name, STALLED, False, "queue", QUEUE, QUEUE, text, data=seen)
    fresh = row(fact, company, None, None, ctx)
    before = () if known is None else known.history
    version = 1 if known is None else known.version + 1
    return replace(fresh, history=(*before, *fresh.history), version=version)


def recovered(known: ActionItem, ctx: Context) -> ActionItem | None:
    """The item, resolved, when no stalled order was seen for longer than the job's interval."""
    quiet = timedelta(minutes=ctx.policy.approval_job_interval_minutes + 1)
    if not known.state.open or ctx.now - instant(known.data[SEEN]) <= quiet:
        return None
    return resolve_row(known, "the queue moves again", ctx.actor.label, False, ctx)
