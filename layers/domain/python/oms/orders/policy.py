"""The one table that refuses actions and lists what is allowed (ACT-01 to ACT-03, EDT-01, FLG).

An action is refused by state, by what already happened to the units, by a suspension or alert when
automation
asks, by a lock when a person does, and by holds that block its transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from oms.kernel.errors import Reason
from oms.orders.model import Approval, Buckets, Order


@dataclass(frozen=True, slots=True)
class Rule:
    """`needs` gives the reason that forbids the action; `blocked_by` the holds' transaction."""

    needs: Callable[[Order], Reason | None]
    blocked_by: str | None = None
    edits: bool = True
    correction: bool = False


def _always(_: Order) -> Reason | None:
    return None


def _not_void(order: Order) -> Reason | None:
    return Reason("STATE", "the order is void", order.id) if order.voided_at else None


def _open_units(order: Order) -> Reason | None:
    void = _not_void(order)
    if void:
        return void
    if any(line.buckets.open for line in order.lines):
        return None
    if any(line.buckets.shipped for line in order.lines):
        return Reason("ALREADY_SHIPPED", "every unit has shipped; return them instead")
    return Reason("STATE", "nothing is open")


def _voidable(order: Order) -> Reason | None:
    if order.reached == "CLOSED":
        return Reason("STATE", "the order is closed", order.id)
    if any(line.buckets.shipped for line in order.lines):
        return Reason("ALREADY_SHIPPED", "units have shipped; return them instead", order.id)
    if any(line.buckets.picked + line.buckets.packed for line in order.lines):
        return Reason("PICKING_STARTED", "units are picked", order.id)
    return _not_void(order)


def _pending(order: Order) -> Reason | None:
    waits = order.approval is Approval.PENDING and not order.voided_at
    return None if waits else Reason("STATE", "the order does not wait for approval", order.id)


def _rejectable(order: Order) -> Reason | None:
    return _pending(order) or _voidable(order)


def approved(order: Order) -> bool:
    """Whether approving it again would change nothing (ORD-109)."""
    done = order.approval in (Approval.APPROVED, Approval.SYSTEM_APPROVED)
    return done and not order.voided_at


def _approvable(order: Order) -> Reason | None:
    if approved(order):
        return Reason("STATE", "the order is approved", order.id)
    return _pending(order)


def _suspendable(order: Order) -> Reason | None:
    if order.suspended and all(line.suspended for line in order.lines):
        return Reason("STATE", "the order and all its lines are suspended", order.id)
    return _not_void(order)


def _resumable(order: Order) -> Reason | None:
    stopped = order.suspended or any(line.suspended or line.wait for line in order.lines)
    return None if stopped else Reason("STATE", "nothing is suspended or waits", order.id)


def _intake(order: Order) -> Reason | None:
    if order.intake_done_at:
        return Reason("STATE", "intake is done")
    return _not_void(order)


def _resubmittable(order: Order) -> Reason | None:
    """INT-07: only while no unit is allocated."""
    if any(b.allocated + b.picked + b.packed + b.shipped for b in _buckets(order)):
        return Reason("LINE_IN_FULFILLMENT", "units have a site", order.id)
    return _not_void(order)


def _buckets(order: Order) -> list[Buckets]:
    return [line.buckets for line in order.lines]


def _movable(order: Order) -> Reason | None:
    reasons = [destination_reason(order, group.id) for group in order.groups]
    return _not_void(order) or (None if None in reasons else next(iter(reasons), None))


def destination_reason(order: Order, group_id: str) -> Reason | None:
    """Why the destination of a delivery group stays as it is, by its most advanced unit (EDT-01).

    Units that a site has but does not pick yet are recalled, so they are no reason.
    """
    buckets = [line.buckets for line in order.lines if line.group == group_id]
    if any(b.shipped for b in buckets):
        return Reason("ALREADY_SHIPPED", "units for this address have shipped", group_id)
    if any(b.picked + b.packed for b in buckets):
        return Reason("PICKING_STARTED", "units for this address are picked", group_id)
    return None


def _locked(order: Order) -> Reason | None:
    return None if order.locked else Reason("STATE", "the order is not locked")


def _filable(order: Order) -> Reason | None:
    waits = order.reached == "AWAITING_FILING"
    return None if waits else Reason("STATE", "the order does not wait for filing", order.id)


def _unlocked(order: Order) -> Reason | None:
    return Reason("STATE", "the order is locked", order.id) if order.locked else _not_void(order)


def _unsourced(order: Order) -> Reason | None:
    units = any(line.buckets.unsourced + line.buckets.reserved for line in order.lines)
    return _not_void(order) if units else Reason("STATE", "no unit lacks a site", order.id)


RULES: dict[str, Rule] = {
    "complete": Rule(_intake, correction=True),
    "resubmit": Rule(_resubmittable, correction=True),
    "changeAddress": Rule(_movable, "EDIT", correction=True),
    "approve": Rule(_approvable, "APPROVE", edits=False),
    "reject": Rule(_rejectable, edits=False),
    "cancel": Rule(_open_units, "CANCEL", correction=True),
    "void": Rule(_voidable, "CANCEL", correction=True),
    "suspend": Rule(_suspendable, edits=False, correction=True),
    "resume": Rule(_resumable, edits=False, correction=True),
    "lock": Rule(_unlocked, edits=False, correction=True),
    "unlock": Rule(_locked, edits=False, correction=True),
    "setFlag": Rule(_always, correction=True),
    "setTags": Rule(_always, correction=True),
    "setAttributes": Rule(_always, correction=True),
    "setPriority": Rule(_not_void, "EDIT", correction=True),
    "addNote": Rule(_always, edits=False, correction=True),
    "file": Rule(_filable, edits=False),
    "backorder": Rule(_unsourced, "EDIT", correction=True),
    "addTender": Rule(_not_void, correction=True),
    "authorize": Rule(_not_void, correction=True),
    "capture": Rule(_not_void, "CAPTURE", correction=True),
    "refund": Rule(_always, "REFUND", correction=True),
    "voidPayment": Rule(_always, correction=True),
    "retryPayment": Rule(_not_void, correction=True),
    "replaceMethod": Rule(_not_void, correction=True),
    "attachCustomer": Rule(_always, correction=True),
    "detachCustomer": Rule(_always, correction=True),
    "createPaymentLink": Rule(_not_void, correction=True),
    "payByLink": Rule(_not_void, edits=False, correction=True),
    "applyFunds": Rule(_always, correction=True),
    "unapplyFunds": Rule(_always, correction=True),
    "distributeFunds": Rule(_always, "REFUND", correction=True),
    "postCredit": Rule(_always, correction=True),
    "fileDocument": Rule(_always, edits=False),
}


def refusals(
    order: Order, action: str, alerted: bool, blocked: frozenset[str], automatic: bool,
    covered: bool = True,
) -> tuple[Reason, ...]:  # fmt: skip
    """Every reason that forbids `action` now; empty when it is allowed.

    `blocked` names the transactions that open holds stop; `automatic` says that the product itself
    asks; `covered` is false where approval needs coverage that is not there (ORD-109).
    """
    rule = RULES[action]
    found = [rule.needs(order)]
    if order.suspended and not rule.correction:
        found.append(Reason("SUSPENDED", f"suspended: {order.suspended.reason}", order.id))
    if alerted and not rule.correction:
        found.append(Reason("ALERTED", "an open action item blocks the order", order.id))
    if order.locked and rule.edits and not automatic:
        found.append(Reason("LOCKED", f"locked by {order.locked.by}", order.id))
    if rule.blocked_by in blocked:
        found.append(Reason("HELD", f"a hold blocks {rule.blocked_by}", order.id))
    if action == "approve" and not covered:
        found.append(Reason("NOT_COVERED", "the payment does not cover the order", order.id))
    return tuple(reason for reason in found if reason is not None)
