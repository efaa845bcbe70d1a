"""Decisions on the commercial part of an order.

Each takes the order and a command that the policy table has let through, and returns the changed
order with the
facts that say how; what does not fit is refused with its reason.
"""

from __future__ import annotations

from dataclasses import replace

from oms.kernel.context import Context
from oms.kernel.errors import Malformed, Problem, Refused
from oms.kernel.facts import Fact, Step
from oms.kernel.ids import derive
from oms.kernel.policy import ApprovalMode
from oms.orders import commands, facts
from oms.orders.cancellation import cancel, void
from oms.orders.model import Approval, Bucket, Line, Mark, Note, Order
from oms.orders.reactions import react
from oms.orders.units import change_line

__all__ = [
    "add_note", "approve", "approve_automatically", "backorder", "cancel", "change_address",
    "complete", "file", "finish_intake", "lock", "react", "reject", "resume", "set_attributes",
    "set_flag", "set_priority", "set_tags", "state_facts", "suspend", "unlock", "void",
]  # fmt: skip

FLAGS = ("RED", "ORANGE", "YELLOW", "GREEN", "BLUE", "PURPLE", "CHK")
ALLOCATED_STATES = ("AWAITING_FULFILLMENT",)
DONE_STATES = ("AWAITING_SETTLEMENT", "AWAITING_FILING", "CLOSED")


def complete(order: Order, command: commands.Complete, ctx: Context) -> Step[Order]:
    """Supply what is missing; validation runs again (ORD-105, INT-07)."""
    groups = {group.id: group for group in command.groups}
    lines = tuple(replace(line, sku=command.skus.get(line.sku, line.sku)) for line in order.lines)
    changed = replace(
        order,
        customer=command.customer or order.customer,
        bill_to=command.bill_to or order.bill_to,
        groups=tuple(groups.get(group.id, group) for group in order.groups),
        stated_total=order.stated_total if command.stated_total is None else command.stated_total,
        lines=lines,
        validated=False,
    )
    return Step(changed, (_changed(order, "data", None, None, None),))


def change_address(order: Order, command: commands.ChangeAddress, ctx: Context) -> Step[Order]:
    """Correct a destination before anything of it was picked (EDT-01)."""
    try:
        group = order.group(command.group)
    except KeyError:
        raise _unknown("group", command.group) from None
    lines = [line for line in order.lines if line.group == group.id]
    if any(line.buckets.picked + line.buckets.packed for line in lines):
        raise Refused.because("PICKING_STARTED", "units for this address are picked")
    if any(line.buckets.allocated for line in lines):
        raise Refused.because("LINE_IN_FULFILLMENT", "units for this address are with a site")
    changed = replace(group, address=command.address)
    groups = tuple(changed if g.id == group.id else g for g in order.groups)
    revalidate = order.intake_done_at is None
    order = replace(order, groups=groups, validated=order.validated and not revalidate)
    return Step(order, (_changed(order, f"groups.{group.id}.address", None, None, None),))


def approve(order: Order, command: commands.Approve, ctx: Context) -> Step[Order]:
    """Approve (ORD-109); approving an approved order changes nothing."""
    if order.approval in (Approval.APPROVED, Approval.SYSTEM_APPROVED):
        return Step(order)
    if order.approval is not Approval.PENDING:
        raise Refused.because("STATE", "the order does not wait for approval")
    approved = replace(order, approval=Approval.APPROVED)
    return Step(approved, (facts.OrderApproved(order.id, Approval.APPROVED.value),))


def reject(order: Order, command: commands.Reject, ctx: Context) -> Step[Order]:
    """Refuse approval: the order is void (ORD-110)."""
    if order.approval is not Approval.PENDING:
        raise Refused.because("STATE", "the order does not wait for approval")
    rejected = replace(order, approval=Approval.REJECTED)
    step = void(rejected, commands.Void(command.reason), ctx)
    return Step(step.part, (facts.OrderRejected(order.id, command.reason), *step.facts))


def finish_intake(order: Order, ctx: Context) -> Step[Order]:
    """Validation and payment information are complete (ORD-107, ORD-108)."""
    return Step(replace(order, intake_done_at=ctx.now), (facts.IntakeDone(order.id),))


def approve_automatically(order: Order, total: int, covered: bool, ctx: Context) -> Step[Order]:
    """Let the approval switch decide (WFL-02, APV-04): approve, ask, or leave it for later."""
    mode, above = ctx.policy.order_approval, ctx.policy.order_approval_above
    asks = mode in (ApprovalMode.MANUAL, ApprovalMode.JOB)
    if mode is ApprovalMode.RULES:
        asks = above is not None and total > above
    if asks:
        waiting = replace(order, approval=Approval.PENDING)
        return Step(waiting, (facts.OrderAwaitingApproval(order.id, mode.value),))
    if ctx.policy.require_coverage_to_approve and not covered:
        return Step(order)
    approved = replace(order, approval=Approval.SYSTEM_APPROVED)
    return Step(approved, (facts.OrderApproved(order.id, Approval.SYSTEM_APPROVED.value),))


def suspend(order: Order, command: commands.Suspend, ctx: Context) -> Step[Order]:
    """Stop automation on the order or on one line (FLG-02, FLG-03)."""
    if command.line_no is not None:
        return _suspend_line(order, command.line_no, True, command.reason)
    if order.suspended is not None:
        return Step(order)
    mark = Mark(ctx.actor.label, ctx.now, command.reason)
    fact = _changed(order, "suspended", "false", "true", command.reason)
    return Step(replace(order, suspended=mark), (fact,))


def resume(order: Order, command: commands.Resume, ctx: Context) -> Step[Order]:
    """Let automation go on; sourcing tries at once (HLD-08)."""
    if command.line_no is not None:
        return _suspend_line(order, command.line_no, False, command.reason)
    if order.suspended is None:
        return Step(order)
    fact = _changed(order, "suspended", "true", "false", command.reason)
    return Step(replace(order, suspended=None), (fact,))


def lock(order: Order, command: commands.Lock, ctx: Context) -> Step[Order]:
    """Close the order for edits; automation goes on (FLG-06)."""
    mark = Mark(ctx.actor.label, ctx.now, command.reason)
    fact = _changed(order, "locked", "false", "true", command.reason)
    return Step(replace(order, locked=mark), (fact,))


def unlock(order: Order, command: commands.Unlock, ctx: Context) -> Step[Order]:
    """Open a locked order again."""
    if order.locked is None:
        return Step(order)
    fact = _changed(order, "locked", "true", "false", command.reason)
    return Step(replace(order, locked=None), (fact,))


def set_flag(order: Order, command: commands.SetFlag, ctx: Context) -> Step[Order]:
    """Set or clear the colored reminder (FLG-08)."""
    if command.flag is not None and command.flag not in FLAGS:
        raise Malformed("UNKNOWN_FLAG", f"flags are {', '.join(FLAGS)}")
    if command.flag == order.flag:
        return Step(order)
    fact = _changed(order, "flag", order.flag, command.flag, None)
    return Step(replace(order, flag=command.flag), (fact,))


def set_tags(order: Order, command: commands.SetTags, ctx: Context) -> Step[Order]:
    """Replace the tags."""
    tags = tuple(sorted(set(command.tags)))
    if tags == order.tags:
        return Step(order)
    fact = _changed(order, "tags", ",".join(order.tags), ",".join(tags), None)
    return Step(replace(order, tags=tags), (fact,))


def set_attributes(order: Order, command: commands.SetAttributes, ctx: Context) -> Step[Order]:
    """Set attributes; an empty value removes one. Values stay out of the fact."""
    merged = {k: v for k, v in (order.attributes | command.attributes).items() if v}
    if merged == order.attributes:
        return Step(order)
    names = ",".join(sorted(command.attributes))
    fact = _changed(order, "attributes", None, names, None)
    return Step(replace(order, attributes=merged), (fact,))


def set_priority(order: Order, command: commands.SetPriority, ctx: Context) -> Step[Order]:
    """Change the priority, 0 to 100."""
    if not 0 <= command.priority <= 100:
        raise Malformed("PRIORITY_RANGE", "priority is 0 to 100")
    fact = _changed(order, "priority", str(order.priority), str(command.priority), None)
    return Step(replace(order, priority=command.priority), (fact,))


def add_note(order: Order, command: commands.AddNote, ctx: Context) -> Step[Order]:
    """Add a note; its text never leaves the record."""
    note = Note(
        derive("chg", order.id, "note", ctx.cause_id, len(order.notes)), ctx.actor.label, ctx.now,
        command.text, command.subject, command.visibility,
    )  # fmt: skip
    fact = facts.NoteAdded(order.id, note.id, note.visibility)
    return Step(replace(order, notes=(*order.notes, note)), (fact,))


def file(order: Order, command: commands.File, ctx: Context) -> Step[Order]:
    """File the settled order (ORD-115)."""
    return Step(replace(order, filed_at=ctx.now), (_changed(order, "filed", None, "true", None),))


def backorder(order: Order, command: commands.Backorder, ctx: Context) -> Step[Order]:
    """Wait for supply with the unsourced units of a line, and resume it (SRC-43)."""
    line = _line(order, command.line_no)
    units = line.buckets.unsourced
    if not units or line.item_id is None:
        raise Refused.because("QUANTITY_EXCEEDED", "no unsourced units on this line")

    def moved(row: Line) -> Line:
        buckets = row.buckets.move(Bucket.UNSOURCED, Bucket.BACKORDERED, units)
        return replace(row, buckets=buckets, suspended=False, wait=None, attempts=0)

    order = change_line(order, line.line_no, moved)
    fact = facts.UnitsBackordered(order.id, line.line_no, line.item_id, order.pool[0], units)
    return Step(order, (fact,))


def state_facts(before: str, after: str, order: Order, ctx: Context) -> tuple[Fact, ...]:
    """Facts that follow from the change of the computed state (ORD-111 to ORD-117)."""
    if before == after or not before:
        return ()
    found: list[Fact] = []
    if after in ALLOCATED_STATES and before == "AWAITING_ALLOCATION":
        found.append(facts.OrderAllocated(order.id))
    if before in ALLOCATED_STATES and after == "AWAITING_ALLOCATION":
        found.append(facts.OrderDeallocated(order.id))
    if after in DONE_STATES and before not in DONE_STATES:
        found.append(facts.OrderFulfilled(order.id))
    if after in ("AWAITING_FILING", "CLOSED") and before not in ("AWAITING_FILING", "CLOSED"):
        found.append(facts.OrderSettled(order.id))
    if after == "CLOSED":
        found.append(facts.OrderClosed(order.id))
    if before == "CLOSED":
        found.append(facts.OrderReopened(order.id))
    return tuple(found)


def _suspend_line(order: Order, line_no: int, suspended: bool, reason: str) -> Step[Order]:
    line = _line(order, line_no)
    if line.suspended == suspended:
        return Step(order)
    attempts = line.attempts if suspended else 0
    order = change_line(
        order, line_no, lambda row: replace(row, suspended=suspended, attempts=attempts, wait=None)
    )
    old, new = str(not suspended).lower(), str(suspended).lower()
    return Step(order, (facts.LineChanged(order.id, line_no, "suspended", old, new, reason),))


def _line(order: Order, line_no: int) -> Line:
    try:
        return order.line(line_no)
    except KeyError:
        raise _unknown("lineNo", str(line_no)) from None


def _unknown(path: str, value: str) -> Malformed:
    return Malformed("UNKNOWN_PART", f"no {path} {value}", [Problem(path, "UNKNOWN", value)])


def _changed(
    order: Order, what: str, old: str | None, new: str | None, reason: str | None
) -> facts.OrderChanged:
    return facts.OrderChanged(order.id, what, old, new, reason)
