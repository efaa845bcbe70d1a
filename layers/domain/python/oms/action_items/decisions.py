"""Opening, repeating, resolving and clearing action items as part of an order record.

The record keeps a reference to each open item, so that what blocks automation is decided with
the order; the item's own row is written in the same transaction (AIT-05).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from oms.action_items.commands import ClearItem, ReinstateItem
from oms.action_items.facts import (
    ActionItemOpened,
    ActionItemReopened,
    ActionItemRepeated,
    ActionItemResolved,
)
from oms.action_items.model import Attention, OpenItem
from oms.action_items.reactions import closings, openings
from oms.action_items.rows import (
    assign,
    comment,
    escalate,
    reopen,
    repeat_row,
    resolve_row,
    row,
    snooze,
)
from oms.action_items.types import TYPES
from oms.kernel.context import Context
from oms.kernel.errors import Malformed, NotFound, Problem, Refused
from oms.kernel.facts import Fact, Step
from oms.kernel.ids import derive

__all__ = [
    "alerted", "assign", "clear", "comment", "escalate", "open_item", "open_of", "react",
    "reinstate", "reopen", "repeat_row", "resolve", "resolve_row", "row", "snooze",
]  # fmt: skip


def open_item(
    attention: Attention, type_: str, subject_type: str, subject_id: str, cause_key: str,
    message: str, ctx: Context, line_no: int | None = None, data: Mapping[str, str] | None = None,
) -> Step[Attention]:  # fmt: skip
    """Open an item, or count one more time where one of the same cause is open (AIT-02)."""
    for known in attention.items:
        if (known.type, known.record_id, known.cause_key) == (type_, subject_id, cause_key):
            again = replace(known, count=known.count + 1)
            items = tuple(again if item is known else item for item in attention.items)
            return Step(Attention(items), (ActionItemRepeated(known.id, type_, again.count),))
    kind = TYPES[type_]
    item_id = derive("act", ctx.cause_id, type_, subject_id, cause_key)
    due_at = ctx.now + kind.due_in
    item = OpenItem(item_id, type_, kind.blocking, subject_id, cause_key, due_at, line_no)
    opened = ActionItemOpened(
        item_id, type_, kind.blocking, subject_type, subject_id, cause_key, message, line_no,
        dict(data or {}),
    )  # fmt: skip
    return Step(Attention((*attention.items, item)), (opened,))


def resolve(
    attention: Attention, types: Iterable[str], subject_id: str | None, cause_key: str | None,
    resolution: str,
) -> Step[Attention]:  # fmt: skip
    """End every open item of these types whose condition no longer holds (AIT-02).

    `subject_id` and `cause_key` narrow it where they are given; `resolution` says why.
    """
    over = _matching(attention, types, subject_id, cause_key)
    return _ended(attention, over, False, resolution)


def clear(attention: Attention, command: ClearItem, ctx: Context) -> Step[Attention]:
    """End an item by hand with a text that says how (FLG-04).

    Raises `Malformed` without a text, `NotFound` where no such item is open on the order.
    """
    if not command.resolution.strip():
        problem = Problem("resolution", "REQUIRED", "say how it was resolved")
        raise Malformed("RESOLUTION_REQUIRED", "clearing needs a resolution", [problem])
    found = [item for item in attention.items if item.id == command.item_id]
    if not found:
        raise NotFound("ACTION_ITEM_NOT_FOUND", f"no open action item {command.item_id}")
    return _ended(attention, found, True, command.resolution)


def reinstate(attention: Attention, command: ReinstateItem, ctx: Context) -> Step[Attention]:
    """Make an ended item count again, due anew: where it blocks, it blocks again (AIT-03, FLG-02).

    Raises `Refused` for one that is open.
    """
    item = command.item
    if any(known.id == item.id for known in attention.items):
        raise Refused.because("STATE", "the action item is open", item.id)
    again = replace(item, due_at=ctx.now + TYPES[item.type].due_in)
    reopened = ActionItemReopened(item.id, item.type, item.blocking, command.reason)
    return Step(Attention((*attention.items, again)), (reopened,))


def alerted(attention: Attention, line_no: int | None = None) -> bool:
    """Whether a blocking item stops the order, or with `line_no` that line of it (FLG-02, FLG-03).

    An item of a line stops that line only, one without a line stops the whole order.
    """
    return any(item.blocking and item.line_no == line_no for item in attention.items)


def open_of(attention: Attention, type_: str) -> tuple[OpenItem, ...]:
    """Open items of a type."""
    return tuple(item for item in attention.items if item.type == type_)


def react(attention: Attention, fact: Fact, order_id: str, ctx: Context) -> Step[Attention]:
    """Open what `fact` calls for and end what it settles."""
    facts: list[Fact] = []
    wanted = tuple(openings(fact, order_id))
    still = {(new.type, new.cause_key) for new in wanted}
    for over in closings(fact):
        ending = [
            item for item in _matching(attention, over.types, over.subject_id, over.cause_key)
            if (item.type, item.cause_key) not in still
        ]  # fmt: skip
        step = _ended(attention, ending, False, over.resolution)
        attention = step.part
        facts.extend(step.facts)
    for new in wanted:
        step = open_item(
            attention, new.type, new.subject_type, new.subject_id, new.cause_key, new.message, ctx,
            new.line_no, new.data,
        )  # fmt: skip
        attention = step.part
        facts.extend(step.facts)
    return Step(attention, tuple(facts))


def _matching(
    attention: Attention, types: Iterable[str], subject_id: str | None, cause_key: str | None
) -> list[OpenItem]:
    wanted = frozenset(types)
    return [
        item
        for item in attention.items
        if item.type in wanted
        and subject_id in (None, item.record_id)
        and cause_key in (None, item.cause_key)
    ]


def _ended(
    attention: Attention, ending: Iterable[OpenItem], cleared: bool, resolution: str
) -> Step[Attention]:
    ids = {item.id for item in ending}
    left = tuple(item for item in attention.items if item.id not in ids)
    facts = tuple(
        ActionItemResolved(item.id, item.type, cleared, resolution)
        for item in attention.items
        if item.id in ids
    )
    return Step(Attention(left), facts)
