"""Approval requests: who asked, who may decide, and what was decided (APV-02, APV-04)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from oms.approvals.facts import ApprovalDecided, ApprovalRequested
from oms.approvals.model import ApprovalRequest, Approvals
from oms.fulfillment.facts import (
    FulfillmentOrderApproved,
    FulfillmentOrderAwaitingApproval,
    FulfillmentOrderCanceled,
    FulfillmentOrderRejected,
)
from oms.kernel.context import Actor, Context
from oms.kernel.errors import NotFound, Reason, Refused
from oms.kernel.facts import Fact, Step
from oms.kernel.ids import derive
from oms.kernel.policy import ApprovalMode
from oms.orders.facts import OrderApproved, OrderAwaitingApproval, OrderRejected, OrderVoided

ORDER, FULFILLMENT = "order", "fulfillmentOrder"
EXPIRY = timedelta(hours=48)
"""How long a request waits before it expires."""


def request(
    approvals: Approvals, subject_type: str, subject_id: str, mode: ApprovalMode,
    requested_by: str, ctx: Context, amount: int | None = None, rule: str | None = None,
) -> Step[Approvals]:  # fmt: skip
    """Ask for a decision on a subject; one that is asked for already stays as it is."""
    if pending(approvals, subject_type, subject_id) is not None:
        return Step(approvals)
    place = len(approvals.requests)
    # Work that nobody approves keeps waiting; only what somebody wished for lapses.
    expires = None if subject_type in (ORDER, FULFILLMENT) else ctx.now + EXPIRY
    asked = ApprovalRequest(
        derive("apr", subject_id, place), subject_type, subject_id, mode.value, requested_by,
        ctx.now, amount, rule, expires,
    )  # fmt: skip
    fact = ApprovalRequested(asked.id, subject_type, subject_id, mode.value, amount)
    return Step(Approvals((*approvals.requests, asked)), (fact,))


def decide(
    approvals: Approvals, request_id: str, approved: bool, reason: str | None, ctx: Context
) -> Step[Approvals]:
    """Approve or reject a request; repeating the decision that was made changes nothing.

    Raises `NotFound` for an unknown request, `Refused` STATE against an earlier decision, and
    what `refusals` says.
    """
    asked = next((known for known in approvals.requests if known.id == request_id), None)
    if asked is None:
        raise NotFound("APPROVAL_NOT_FOUND", f"no approval request {request_id}")
    state = _state(approved, ctx.actor)
    if asked.state != "PENDING":
        if asked.state == state:
            return Step(approvals)
        raise Refused.because("STATE", f"the request is {asked.state}", asked.id)
    if _expired(asked, ctx.now):
        raise Refused.because("STATE", "the request has expired", asked.id)
    reasons = refusals(asked, ctx.actor) if approved else ()
    if reasons:
        raise Refused(reasons[0].code, reasons[0].message, reasons=reasons)
    return _decided(approvals, asked, state, reason, ctx)


def refusals(asked: ApprovalRequest, actor: Actor) -> tuple[Reason, ...]:
    """Why `actor` may not approve; empty when it may (APV-02).

    Nobody approves a request of one's own. An amount above the approver's money limit leaves the
    request pending for somebody with a higher one.
    """
    found: list[Reason] = []
    if actor.label == asked.requested_by and not actor.automatic:
        found.append(Reason("NO_PERMISSION", "nobody approves a request of one's own", asked.id))
    if actor.money_limit is not None and (asked.amount or 0) > actor.money_limit:
        text = f"{asked.amount} is above the limit of {actor.money_limit}; it waits for another"
        found.append(Reason("LIMIT_EXCEEDED", text, asked.id))
    return tuple(found)


def pending(approvals: Approvals, subject_type: str, subject_id: str) -> ApprovalRequest | None:
    """The request that waits for a decision on this subject, or None."""
    for asked in approvals.requests:
        about = (asked.subject_type, asked.subject_id)
        if about == (subject_type, subject_id) and asked.state == "PENDING":
            return asked
    return None


def tick(approvals: Approvals, ctx: Context) -> Step[Approvals]:
    """Let requests lapse whose time is over."""
    facts: list[Fact] = []
    for asked in approvals.requests:
        if asked.state == "PENDING" and _expired(asked, ctx.now):
            step = _decided(approvals, asked, "EXPIRED", None, ctx)
            approvals = step.part
            facts.extend(step.facts)
    return Step(approvals, tuple(facts))


def react(
    approvals: Approvals, fact: Fact, requested_by: str, amount: int, ctx: Context
) -> Step[Approvals]:
    """Keep requests in step with the approval of the order (ORD-107 to ORD-110) and of its FOs
    (FUL-101).

    `requested_by` placed the order, `amount` is its total in minor units.
    """
    match fact:
        case OrderAwaitingApproval():
            mode = ApprovalMode(fact.mode)
            return request(approvals, ORDER, fact.record_id, mode, requested_by, ctx, amount)
        case FulfillmentOrderAwaitingApproval():
            mode = ApprovalMode(fact.mode)
            fo_id, value = fact.record_id, fact.amount
            return request(approvals, FULFILLMENT, fo_id, mode, requested_by, ctx, value)
        case FulfillmentOrderApproved():
            state = _state(True, ctx.actor)
            return _follow(approvals, FULFILLMENT, fact.record_id, state, None, ctx)
        case FulfillmentOrderCanceled(partial=False) | FulfillmentOrderRejected(partial=False):
            return _follow(approvals, FULFILLMENT, fact.record_id, "REJECTED", fact.reason, ctx)
        case OrderApproved():
            return _follow(approvals, ORDER, fact.record_id, fact.approval, None, ctx)
        case OrderRejected() | OrderVoided():
            return _follow(approvals, ORDER, fact.record_id, "REJECTED", fact.reason, ctx)
        case _:
            return Step(approvals)


def _follow(
    approvals: Approvals, subject_type: str, subject_id: str, state: str, reason: str | None,
    ctx: Context,
) -> Step[Approvals]:  # fmt: skip
    asked = pending(approvals, subject_type, subject_id)
    return Step(approvals) if asked is None else _decided(approvals, asked, state, reason, ctx)


def _decided(
    approvals: Approvals, asked: ApprovalRequest, state: str, reason: str | None, ctx: Context
) -> Step[Approvals]:
    done = replace(
        asked, state=state, decided_by=ctx.actor.label, decided_at=ctx.now, reason=reason
    )
    rows = tuple(done if known.id == asked.id else known for known in approvals.requests)
    fact = ApprovalDecided(asked.id, asked.subject_type, asked.subject_id, state, reason)
    return Step(Approvals(rows), (fact,))


def _state(approved: bool, actor: Actor) -> str:
    if not approved:
        return "REJECTED"
    return "SYSTEM_APPROVED" if actor.automatic else "APPROVED"


def _expired(asked: ApprovalRequest, now: datetime) -> bool:
    return asked.expires_at is not None and asked.expires_at <= now
