"""From the plan to the floor: when an FO may be approved and released, and who takes it (FUL-03,
FUL-04, FUL-09, FUL-101 to FUL-103).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta, tzinfo

from oms.fulfillment import commands, facts
from oms.fulfillment.model import Fulfillment, FulfillmentOrder, Request
from oms.fulfillment.rows import store
from oms.fulfillment.states import fo_state
from oms.kernel.codec import stamp
from oms.kernel.context import Context
from oms.kernel.facts import Fact, Step
from oms.kernel.ids import derive
from oms.kernel.policy import ApprovalMode, Assignment


def release_from(requested: str, lead_days: int, zone: tzinfo) -> datetime:
    """The first moment of the day on which work for a requested ship date may begin (FUL-09).

    Sites without opening rules are open every day, so the lead is counted in calendar days.
    """
    day = date.fromisoformat(requested) - timedelta(days=lead_days)
    return datetime.combine(day, time(), zone)


def ship_by(requested: str, zone: tzinfo) -> datetime:
    """The end of the requested ship date."""
    day = date.fromisoformat(requested) + timedelta(days=1)
    return datetime.combine(day, time(), zone)


def unapproved(fulfillment: Fulfillment) -> tuple[FulfillmentOrder, ...]:
    """FOs that wait for approval."""
    return tuple(fo for fo in fulfillment.orders if fo_state(fo) == "AWAITING_APPROVAL")


def approve(
    fulfillment: Fulfillment, command: commands.ApproveFulfillment, ctx: Context
) -> Step[Fulfillment]:
    """Approve an FO (FUL-101); release follows when money covers it."""
    fo = replace(fulfillment.find(command.fo_id), approved_at=ctx.now)
    return Step(store(fulfillment, fo), (facts.FulfillmentOrderApproved(fo.id),))


def approve_automatically(
    fulfillment: Fulfillment, fo: FulfillmentOrder, value: int, covered: bool, ctx: Context
) -> Step[Fulfillment]:
    """Let the approval switch decide (WFL-04): ask once, approve what nobody has to, or wait.

    The job approves after its delay, with `require coverage` only what money covers; a switch that
    was turned off lets go what waits (WFL-14).
    """
    due = approval_due(fo, ctx)
    if _asks(value, ctx) and (due is None or due > ctx.now):
        if fo.approval_asked:
            return Step(fulfillment)
        mode = ctx.policy.fulfillment_order_approval.value
        asked = replace(fo, approval_asked=True)
        fact = facts.FulfillmentOrderAwaitingApproval(fo.id, mode, value)
        return Step(store(fulfillment, asked), (fact,))
    if ctx.policy.require_coverage_to_approve and not covered:
        return Step(fulfillment)
    return approve(fulfillment, commands.ApproveFulfillment(fo.id), ctx)


def approval_due(fo: FulfillmentOrder, ctx: Context) -> datetime | None:
    """When the job approves a waiting FO; None: never by itself."""
    if ctx.policy.fulfillment_order_approval is not ApprovalMode.JOB:
        return None
    return fo.created_at + timedelta(minutes=ctx.policy.approval_job_delay_minutes)


def release_ready(fulfillment: Fulfillment, ctx: Context) -> tuple[FulfillmentOrder, ...]:
    """FOs that only wait for their coverage; a scheduled one not before its time (FUL-09)."""
    return tuple(
        fo
        for fo in fulfillment.orders
        if fo_state(fo) == "AWAITING_AUTHORIZATION"
        and (fo.release_from is None or fo.release_from <= ctx.now)
    )


def release(fulfillment: Fulfillment, command: commands.Release, ctx: Context) -> Step[Fulfillment]:
    """Send the FO to the floor (FUL-102); with AUTO assignment somebody has it at once, with
    REQUEST the fulfiller is asked.
    """
    fo = replace(fulfillment.find(command.fo_id), released_at=ctx.now)
    told: list[Fact] = [facts.FulfillmentOrderReleased(fo.id, fo.site)]
    if fo.assignment is Assignment.AUTO:
        fo = replace(fo, assignee="AUTO", assigned_at=ctx.now)
        told.append(facts.FulfillmentOrderAssigned(fo.id, "AUTO"))
    elif fo.assignment is Assignment.REQUEST:
        hours = ctx.policy.at(fo.site).request_deadline_hours
        request = Request(derive("req", fo.id, "work"), ctx.now, ctx.now + timedelta(hours=hours))
        fo = replace(fo, request=request)
        told.append(facts.FulfillmentRequested(fo.id, request.id, fo.site, stamp(request.due)))
    return Step(store(fulfillment, fo), tuple(told))


def assign(
    fulfillment: Fulfillment, command: commands.Assign | commands.Claim, ctx: Context
) -> Step[Fulfillment]:
    """Give the FO to a worker, or let a store claim it (FUL-103)."""
    fo = fulfillment.find(command.fo_id)
    if fo.assignee == command.assignee:
        return Step(fulfillment)
    fo, told = answered(fo, "ACCEPT", None, None, ctx)
    fo = replace(fo, assignee=command.assignee, assigned_at=ctx.now)
    fact = facts.FulfillmentOrderAssigned(fo.id, command.assignee)
    return Step(store(fulfillment, fo), (*told, fact))


def accept(
    fulfillment: Fulfillment, command: commands.AcceptRequest, ctx: Context
) -> Step[Fulfillment]:
    """A fulfiller takes what it was asked to do, with a message if it likes (FUL-04)."""
    fo = fulfillment.find(command.fo_id)
    fo, told = answered(fo, "ACCEPT", None, command.message, ctx)
    fo = replace(fo, assignee=command.assignee, assigned_at=ctx.now)
    fact = facts.FulfillmentOrderAssigned(fo.id, command.assignee)
    return Step(store(fulfillment, fo), (*told, fact))


def unassign(
    fulfillment: Fulfillment, command: commands.Unassign, ctx: Context
) -> Step[Fulfillment]:
    """Give an FO that is not picking back to the queue."""
    fo = replace(fulfillment.find(command.fo_id), assignee=None, assigned_at=None)
    return Step(store(fulfillment, fo), (facts.FulfillmentOrderAssigned(fo.id, ""),))


def suspend(
    fulfillment: Fulfillment, command: commands.SuspendFulfillment, ctx: Context
) -> Step[Fulfillment]:
    """Stop the FO alone."""
    return _suspended(fulfillment, command.fo_id, True, command.reason)


def resume(
    fulfillment: Fulfillment, command: commands.ResumeFulfillment, ctx: Context
) -> Step[Fulfillment]:
    """Let it go on."""
    return _suspended(fulfillment, command.fo_id, False, command.reason)


def answered(
    fo: FulfillmentOrder, answer: str, reason: str | None, reply: str | None, ctx: Context
) -> tuple[FulfillmentOrder, tuple[Fact, ...]]:
    """Record what became of the request to the fulfiller, if one is open (FUL-04)."""
    if fo.request is None or fo.request.answer is not None:
        return fo, ()
    done = replace(fo.request, answer=answer, answered_at=ctx.now, reason=reason, reply=reply)
    fact = facts.FulfillmentAnswered(fo.id, done.id, answer, reason)
    return replace(fo, request=done), (fact,)


def _asks(value: int, ctx: Context) -> bool:
    mode, above = ctx.policy.fulfillment_order_approval, ctx.policy.fulfillment_order_approval_above
    if mode is ApprovalMode.RULES:
        return above is not None and value > above
    return mode in (ApprovalMode.MANUAL, ApprovalMode.JOB)


def _suspended(
    fulfillment: Fulfillment, fo_id: str, suspended: bool, reason: str
) -> Step[Fulfillment]:
    fo = fulfillment.find(fo_id)
    if fo.suspended == suspended:
        return Step(fulfillment)
    old, new = str(fo.suspended).lower(), str(suspended).lower()
    fact = facts.FulfillmentOrderChanged(fo.id, "suspended", old, new, reason)
    return Step(store(fulfillment, replace(fo, suspended=suspended)), (fact,))
