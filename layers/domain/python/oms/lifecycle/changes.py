"""Numbered commercial changes of the placed order (VER-01, ENT-36).

What the order is worth now is what it was worth when placed plus the deltas of its confirmed
changes, at all times: whoever changes the total, a caller or automation, leaves a change behind.
"""

from __future__ import annotations

from dataclasses import replace

from oms.kernel.context import Context
from oms.lifecycle.moves import Draft
from oms.lifecycle.record import OrderRecord
from oms.lifecycle.scopes import compact, version_of
from oms.orders import commands
from oms.orders.facts import UnitsCanceled
from oms.orders.model import Change, Order
from oms.orders.totals import totals

NAMED_SCOPES = 20
"""A change of more scopes than this keeps their versions in the short form of the record."""

TYPES: dict[type, tuple[str, str]] = {
    commands.Cancel: ("CANCEL", "cancel"),
    commands.Void: ("VOID", "void"),
    commands.Reject: ("VOID", "reject"),
    commands.ChangeAddress: ("ADDRESS", "changeAddress"),
    commands.Complete: ("EDIT", "complete"),
}
"""Type and action of the commands that are commercial whatever they are worth."""


def with_change(before: OrderRecord, draft: Draft, ctx: Context) -> Order:
    """The order of `draft` with the change that its commands, or automation, made of it."""
    order = draft.order
    if before.version == 0 or before.order.submitted_at is None:
        return order
    delta = totals(order).current - totals(before.order).current
    made = [command for command in draft.took if type(command) in TYPES]
    if not made and not delta:
        return order
    types = sorted({TYPES[type(command)][0] for command in made}) or [_by_itself(draft)]
    change = Change(
        change_no=len(order.changes) + 1,
        type=types[0] if len(types) == 1 else "EDIT",
        version=before.version + 1,
        requested_by=ctx.actor.label,
        at=ctx.now,
        delta=delta,
        reason=_reason(made, draft),
        actions=tuple(TYPES[type(command)][1] for command in made),
        base=_base(before, draft),
    )
    return replace(order, changes=(*order.changes, change))


def _base(before: OrderRecord, draft: Draft) -> dict[str, int]:
    found = {scope: version_of(before.scopes, scope) for scope in sorted(draft.touched)}
    return found if len(found) <= NAMED_SCOPES else compact(found)


def _by_itself(draft: Draft) -> str:
    return "CANCEL" if any(isinstance(fact, UnitsCanceled) for fact in draft.done) else "EDIT"


def _reason(made: list[object], draft: Draft) -> str | None:
    given = [str(reason) for command in made if (reason := getattr(command, "reason", None))]
    told = [fact.reason for fact in draft.done if isinstance(fact, UnitsCanceled)]
    return next(iter(given or told), None)
