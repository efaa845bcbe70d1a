"""The item itself: what it says, whose it is, until when, and everything done about it (AIT-03).

Each function returns the next version of the row; an ended item takes no more than being reopened.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from oms.action_items.commands import AssignItem, CommentItem, ReopenItem, SnoozeItem
from oms.action_items.facts import ActionItemOpened
from oms.action_items.model import ActionItem, Event, Fix, ItemState, OpenItem
from oms.action_items.types import AMOUNT, CAUSE, ITEM, LINE, PRIORITIES, SUBJECT, TYPES
from oms.kernel.context import Context
from oms.kernel.errors import Malformed, Problem, Refused


def row(
    fact: ActionItemOpened, company: str, order_id: str | None, number: str | None, ctx: Context
) -> ActionItem:
    """The item that `fact` opened, with owner team, due time and prefilled fixes of its type."""
    kind = TYPES[fact.type]
    return ActionItem(
        id=fact.record_id, company=company, type=fact.type, severity=kind.severity,
        blocking=fact.blocking, record_type=fact.subject_type, record_id=fact.subject_id,
        cause_key=fact.cause_key, message=fact.message, created_at=ctx.now,
        due_at=ctx.now + kind.due_in, order_id=order_id, number=number, line_no=fact.line_no,
        team=kind.team, owner=fact.data.get("owner"), priority=PRIORITIES[kind.severity],
        data=dict(fact.data),
        fixes=tuple(_filled(fix, fact) for fix in kind.fixes),
        history=(Event(ctx.now, ctx.actor.label, "OPENED", fact.message),), cause=ctx.cause_id,
    )  # fmt: skip


def reference(item: ActionItem) -> OpenItem:
    """What the order record keeps of an open item."""
    return OpenItem(
        item.id, item.type, item.blocking, item.record_id, item.cause_key, item.due_at,
        item.line_no, item.count,
    )  # fmt: skip


def state_at(item: ActionItem, now: datetime) -> ItemState:
    """The state as of `now`: a snoozed item is open again once its time has come."""
    over = item.snoozed_until is not None and item.snoozed_until <= now
    return ItemState.OPEN if item.state is ItemState.SNOOZED and over else item.state


def assign(item: ActionItem, command: AssignItem, ctx: Context) -> ActionItem:
    """Give it to somebody, who is then at work on it; to oneself is *take*."""
    _must_be_open(item)
    owned = replace(item, owner=command.owner, state=ItemState.IN_PROGRESS, snoozed_until=None)
    return _next(owned, ctx, "ASSIGNED", command.owner)


def comment(item: ActionItem, command: CommentItem, ctx: Context) -> ActionItem:
    """Add a comment, to ended items too."""
    return _next(item, ctx, "COMMENTED", command.text)


def snooze(item: ActionItem, command: SnoozeItem, ctx: Context) -> ActionItem:
    """Hide it until a time to come; it blocks as before."""
    _must_be_open(item)
    if command.until <= ctx.now:
        problem = Problem("until", "PAST", "a time to come is expected")
        raise Malformed("PAST", "an item is snoozed until a time to come", [problem])
    hidden = replace(item, state=ItemState.SNOOZED, snoozed_until=command.until)
    return _next(hidden, ctx, "SNOOZED", None)


def reopen(item: ActionItem, command: ReopenItem, ctx: Context) -> ActionItem:
    """Open an ended item again, due anew; raises `Refused` for one that is open."""
    if item.state.open:
        raise Refused.because("STATE", "the action item is open", item.id)
    due_at = ctx.now + TYPES[item.type].due_in
    again = replace(
        item, state=ItemState.OPEN, due_at=due_at, resolved_by=None, resolution=None,
        snoozed_until=None,
    )  # fmt: skip
    return _next(again, ctx, "REOPENED", command.reason)


def repeat_row(item: ActionItem, count: int, ctx: Context) -> ActionItem:
    """The same cause came again (AIT-02)."""
    return _next(replace(item, count=count), ctx, "REPEATED", None)


def resolve_row(
    item: ActionItem, resolution: str, by: str, cleared: bool, ctx: Context
) -> ActionItem:
    """End it: RESOLVED when its condition is over, CLEARED by a person; an ended one stays as it
    is.
    """
    if not item.state.open:
        return item
    state = ItemState.CLEARED if cleared else ItemState.RESOLVED
    ended = replace(item, state=state, resolved_by=by, resolution=resolution, snoozed_until=None)
    return _next(ended, ctx, state.value, resolution)


def escalate(item: ActionItem, ctx: Context) -> ActionItem:
    """Hand an overdue item to the lead of its team, one priority up, with new time (AIT-04)."""
    if not item.state.open or item.due_at > ctx.now:
        return item
    raised = replace(
        item, owner=f"{item.team}-lead", priority=max(1, item.priority - 1),
        due_at=ctx.now + TYPES[item.type].due_in,
    )  # fmt: skip
    return _next(raised, ctx, "ESCALATED", None)


def _filled(fix: Fix, fact: ActionItemOpened) -> Fix:
    known = {
        SUBJECT: fact.subject_id, CAUSE: fact.cause_key, ITEM: fact.record_id,
        LINE: "" if fact.line_no is None else str(fact.line_no),
        AMOUNT: fact.data.get("amount", ""),
    }  # fmt: skip
    return replace(fix, arguments={k: known.get(v, v) for k, v in fix.arguments.items()})


def _must_be_open(item: ActionItem) -> None:
    if not item.state.open:
        raise Refused.because("STATE", f"the action item is {item.state}", item.id)


def _next(item: ActionItem, ctx: Context, what: str, text: str | None) -> ActionItem:
    event = Event(ctx.now, ctx.actor.label, what, text)
    return replace(item, history=(*item.history, event), version=item.version + 1)
