"""Decisions on the commercial part of an order.

Each takes the order and a command that the policy table has let through, and returns the changed
order with the
facts that say how; what does not fit is refused with its reason.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from oms.kernel.context import Context
from oms.kernel.errors import Malformed, Problem, Refused
from oms.kernel.facts import Fact, Step
from oms.kernel.ids import derive
from oms.kernel.money import MAX_AMOUNT, exponent
from oms.kernel.policy import ApprovalMode
from oms.orders import commands, facts
from oms.orders.announcing import state_facts
from oms.orders.cancellation import cancel, let_wait, release_reserved, void
from oms.orders.invoicing import gather_charges, take_back
from oms.orders.model import (
    NO_CURRENCY,
    Approval,
    Bucket,
    DeliveryGroup,
    Line,
    Mark,
    Note,
    Order,
)
from oms.orders.policy import destination_reason
from oms.orders.pricing import priced, restated
from oms.orders.reactions import react
from oms.orders.totals import totals
from oms.orders.units import change_line, owed_by, put_line
from oms.orders.waits import mark_waits, retry_now

__all__ = [
    "add_note", "approval_due", "approve", "approve_automatically", "backorder", "cancel",
    "change_address", "complete", "file", "finish_intake", "gather_charges", "let_wait", "lock",
    "mark_waits", "react", "reject", "resume", "set_attributes", "set_flag", "set_priority",
    "set_tags", "state_facts", "suspend", "take_back", "unlock", "void",
]  # fmt: skip

FLAGS = ("RED", "ORANGE", "YELLOW", "GREEN", "BLUE", "PURPLE", "CHK")


def complete(order: Order, command: commands.Complete, ctx: Context) -> Step[Order]:
    """Supply what is missing; validation runs again (ORD-105, INT-07).

    Charges of a delivery group stay as they were shared. Raises `Malformed` for an unknown
    group or currency, `Refused` STATE for a currency in place of another.
    """
    given = {group.id: group for group in command.groups}
    for name in given:
        _group(order, name)
    changed = replace(
        order,
        customer=command.customer or order.customer,
        bill_to=command.bill_to or order.bill_to,
        groups=tuple(_completed(group, given.get(group.id, group)) for group in order.groups),
        lines=tuple(_supplied(line, command) for line in order.lines),
        currency=_currency(order, command.currency),
        validated=False,
    )
    stated = command.stated_total
    if stated is None and command.prices:
        stated = order.stated_total
    if stated is not None:
        changed = restated(changed, stated, ctx.policy.total_tolerance)
    _within_range(changed)
    return Step(changed, (_changed(order, "data", None, None, None),))


def _supplied(line: Line, command: commands.Complete) -> Line:
    line = replace(line, sku=command.skus.get(line.sku, line.sku))
    price = command.prices.get(str(line.line_no))
    return line if price is None or line.priced else priced(line, price)


def _within_range(order: Order) -> None:
    if totals(order).ordered > MAX_AMOUNT:
        problem = Problem("prices", "TOTAL_OUT_OF_RANGE", f"at most {MAX_AMOUNT}")
        raise Malformed("TOTAL_OUT_OF_RANGE", "the order is worth too much", [problem])


def _currency(order: Order, given: str | None) -> str:
    """The currency of the order; raises `Malformed` for an unknown one, `Refused` for another."""
    if given is None or given == order.currency:
        return order.currency
    if order.currency != NO_CURRENCY:
        raise Refused.because("STATE", f"the order is in {order.currency}", order.id)
    exponent(given)
    return given


def resubmit(order: Order, command: commands.Resubmit, ctx: Context) -> Step[Order]:
    """Let validation run again (INT-07); twice before it has is once."""
    if not order.validated:
        return Step(order)
    told = _changed(order, "resubmitted", None, None, None)
    return Step(replace(order, validated=False), (told,))


def _completed(known: DeliveryGroup, given: DeliveryGroup) -> DeliveryGroup:
    return replace(
        given, shipping=known.shipping, handling=known.handling,
        shipping_tax=known.shipping_tax, handling_tax=known.handling_tax,
    )  # fmt: skip


def change_address(order: Order, command: commands.ChangeAddress, ctx: Context) -> Step[Order]:
    """Correct a destination before anything for it was picked (EDT-01); it is checked again.

    What sites have of it, not yet picking, is recalled and sourced anew in the same commit.
    """
    group = _group(order, command.group)
    reason = destination_reason(order, group.id)
    if reason is not None:
        raise Refused(reason.code, reason.message, reasons=[reason])
    if command.address == group.address:
        return Step(order)
    moved = replace(group, address=command.address)
    groups = tuple(moved if known.id == group.id else known for known in order.groups)
    told: list[Fact] = [_changed(order, f"groups.{group.id}.address", None, None, None)]
    if any(line.buckets.allocated for line in order.lines if line.group == group.id):
        told.append(facts.RecallRequested(order.id, group.id))
    return Step(replace(order, groups=groups, validated=False), tuple(told))


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
    """Let the approval switch decide (WFL-02, APV-04): approve, ask, or leave it for later.

    Asked again while the order waits, it approves once the job's delay is over, and once the switch
    no longer asks (WFL-14). An order without active units needs nobody's approval (ORD-07).
    """
    if order.approval not in (Approval.NONE, Approval.PENDING):
        return Step(order)
    empty = not any(line.buckets.active for line in order.lines)
    due = approval_due(order, ctx)
    open_now = due is not None and due <= ctx.now
    if _asks(total, ctx) and not empty and not (open_now and ctx.policy.approval_job):
        if order.approval is Approval.PENDING:
            return Step(replace(order, approval_checked_at=ctx.now) if open_now else order)
        waiting = replace(order, approval=Approval.PENDING)
        mode = ctx.policy.order_approval.value
        return Step(waiting, (facts.OrderAwaitingApproval(order.id, mode),))
    if ctx.policy.require_coverage_to_approve and not covered and not empty:
        return Step(order)
    approved = replace(order, approval=Approval.SYSTEM_APPROVED)
    return Step(approved, (facts.OrderApproved(order.id, Approval.SYSTEM_APPROVED.value),))


def approval_due(order: Order, ctx: Context) -> datetime | None:
    """When the approval job looks at the waiting order; None: never (APV-04).

    A stopped job leaves it waiting, and is asked for again after its interval (APV-05).
    """
    waits = order.approval in (Approval.NONE, Approval.PENDING)
    if ctx.policy.order_approval is not ApprovalMode.JOB or not waits:
        return None
    if order.intake_done_at is None:
        return None
    due = order.intake_done_at + timedelta(minutes=ctx.policy.approval_job_delay_minutes)
    if ctx.policy.approval_job or order.approval_checked_at is None:
        return due
    return order.approval_checked_at + timedelta(minutes=ctx.policy.approval_job_interval_minutes)


def _asks(total: int, ctx: Context) -> bool:
    mode, above = ctx.policy.order_approval, ctx.policy.order_approval_above
    if mode is ApprovalMode.RULES:
        return above is not None and total > above
    return mode in (ApprovalMode.MANUAL, ApprovalMode.JOB)


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
    """Let automation go on, on the order or on one line; sourcing tries at once (HLD-08)."""
    if command.line_no is not None:
        return _suspend_line(order, command.line_no, False, command.reason)
    if order.suspended is None:
        fact = _changed(order, "resumed", None, None, command.reason)
    else:
        fact = _changed(order, "suspended", "true", "false", command.reason)
    return Step(retry_now(replace(order, suspended=None), ctx), (fact,))


def lock(order: Order, command: commands.Lock, ctx: Context) -> Step[Order]:
    """Close the order for edits; automation goes on (FLG-06)."""
    if order.locked is not None:
        return Step(order)
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
    if command.priority == order.priority:
        return Step(order)
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
    """File the settled order (ORD-115); a later document asks for it again."""
    if not ctx.policy.order_filing:
        raise Refused.because("FEATURE_OFF", "orders are closed without filing")
    return Step(replace(order, filed_at=ctx.now), (_changed(order, "filed", None, "true", None),))


def backorder(order: Order, command: commands.Backorder, ctx: Context) -> Step[Order]:
    """Let the units of a line that no site has wait for supply, and resume the line (SRC-43)."""
    line = _line(order, command.line_no)
    item_id, promised = line.item_id, line.buckets.reserved
    units = line.buckets.unsourced + promised
    if not units or item_id is None:
        raise Refused.because("QUANTITY_EXCEEDED", "no units of this line lack a site")
    reason = "BACKORDERED"
    order, told = release_reserved(order, line, promised, Bucket.UNSOURCED, reason)
    line = order.line(line.line_no)
    buckets = line.buckets.move(Bucket.UNSOURCED, Bucket.BACKORDERED, units)
    group = owed_by(order, line)
    order = put_line(order, replace(line, buckets=buckets, suspended=False, wait=None, attempts=0))
    fact = facts.UnitsBackordered(order.id, line.line_no, item_id, group, units)
    return Step(order, (*told, fact))


def _suspend_line(order: Order, line_no: int, suspended: bool, reason: str) -> Step[Order]:
    line = _line(order, line_no)
    waits = line.wait is not None and not suspended
    if line.suspended == suspended and not waits:
        return Step(order)
    attempts = line.attempts if suspended else 0
    order = change_line(
        order, line_no, lambda row: replace(row, suspended=suspended, attempts=attempts, wait=None)
    )
    old, new = str(line.suspended).lower(), str(suspended).lower()
    return Step(order, (facts.LineChanged(order.id, line_no, "suspended", old, new, reason),))


def _line(order: Order, line_no: int) -> Line:
    try:
        return order.line(line_no)
    except KeyError:
        raise _unknown("lineNo", str(line_no)) from None


def _group(order: Order, group_id: str) -> DeliveryGroup:
    try:
        return order.group(group_id)
    except KeyError:
        raise _unknown("group", group_id) from None


def _unknown(path: str, value: str) -> Malformed:
    return Malformed("UNKNOWN_PART", f"no {path} {value}", [Problem(path, "UNKNOWN", value)])


def _changed(
    order: Order, what: str, old: str | None, new: str | None, reason: str | None
) -> facts.OrderChanged:
    return facts.OrderChanged(order.id, what, old, new, reason)
