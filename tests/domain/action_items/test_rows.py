"""The rows of action items: whose, until when, what was done (AIT-01, AIT-03, AIT-04)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from oms.action_items.commands import AssignItem, CommentItem, ReopenItem, SnoozeItem
from oms.action_items.facts import ActionItemOpened
from oms.action_items.model import ActionItem, ItemState
from oms.action_items.rows import (
    assign,
    comment,
    escalate,
    reference,
    reopen,
    repeat_row,
    resolve_row,
    row,
    snooze,
    state_at,
)
from oms.kernel.context import Actor, ActorKind, Context
from oms.kernel.errors import Malformed, Refused
from oms.kernel.policy import Policy

NOW = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def ctx(at: datetime = NOW) -> Context:
    return Context(at, Actor(ActorKind.USER, "ana", "acme"), "c1", Policy())


def item() -> ActionItem:
    fact = ActionItemOpened(
        "act_1", "ROUTING_EXHAUSTED", True, "order", "ord_1", "line:2", "no site", 2, {"sku": "A"}
    )
    return row(fact, "acme", "ord_1", "T26-1", ctx())


def cleared() -> ActionItem:
    return resolve_row(item(), "done", "USER:ana", True, ctx())


def test_row_is_ready_to_work_on() -> None:
    """AIT-01: severity, team, due time, data, history, and fixes with their arguments."""
    made = item()
    assert (made.severity, made.team, made.priority, made.blocking) == ("HIGH", "planning", 1, True)
    assert (made.due_at, made.state, made.version) == (NOW + 8 * HOUR, ItemState.OPEN, 1)
    assert (made.order_id, made.number, made.line_no, made.data) == (
        "ord_1", "T26-1", 2, {"sku": "A"},
    )  # fmt: skip
    assert [(fix.command, fix.arguments) for fix in made.fixes] == [
        ("resume", {"lineNo": "2"}), ("backorder", {"lineNo": "2"}), ("cancel", {"lineNo": "2"}),
    ]  # fmt: skip
    assert [(event.what, event.by) for event in made.history] == [("OPENED", "USER:ana")]


def test_fixes_name_payment_intent_and_item() -> None:
    """AIT-01: prefilled with the records of the item."""
    fact = ActionItemOpened(
        "act_2", "REFUND_FAILED", False, "payment", "pay_1", "int_1", "declined"
    )
    fixes = row(fact, "acme", "ord_1", "T26-1", ctx()).fixes
    assert [fix.arguments for fix in fixes] == [{"intentId": "int_1"}, {"itemId": "act_2"}]
    surplus = ActionItemOpened(
        "act_3", "OVERPAID", False, "payment", "pay_1", "OVERPAID", "x", data={"amount": "500"}
    )
    prefilled = row(surplus, "acme", None, None, ctx()).fixes[0].arguments
    assert prefilled == {"paymentId": "pay_1", "amount": "500"}


def test_assign_comment_snooze() -> None:
    """AIT-03: each is a version with its entry in the history."""
    mine = assign(item(), AssignItem("act_1", "USER:ana"), ctx())
    assert (mine.owner, mine.state, mine.version) == ("USER:ana", ItemState.IN_PROGRESS, 2)
    said = comment(mine, CommentItem("act_1", "called the store"), ctx())
    assert said.history[-1].text == "called the store"
    until = NOW + 2 * HOUR
    hidden = snooze(said, SnoozeItem("act_1", until), ctx())
    assert (hidden.state, hidden.snoozed_until, hidden.version) == (ItemState.SNOOZED, until, 4)
    assert hidden.state.open
    assert state_at(hidden, until - HOUR) is ItemState.SNOOZED
    assert state_at(hidden, until) is ItemState.OPEN
    assert state_at(mine, until) is ItemState.IN_PROGRESS
    assert [event.what for event in hidden.history] == [
        "OPENED", "ASSIGNED", "COMMENTED", "SNOOZED",
    ]  # fmt: skip


def test_snooze_needs_a_time_to_come() -> None:
    """AIT-03: not the past."""
    with pytest.raises(Malformed):
        snooze(item(), SnoozeItem("act_1", NOW), ctx())


def test_ended_items_take_comments_only() -> None:
    """AIT-03: assigning or snoozing an ended item is refused."""
    ended = cleared()
    with pytest.raises(Refused):
        assign(ended, AssignItem("act_1", "x"), ctx())
    with pytest.raises(Refused):
        snooze(ended, SnoozeItem("act_1", NOW + HOUR), ctx())
    assert comment(ended, CommentItem("act_1", "late"), ctx()).state is ItemState.CLEARED


@pytest.mark.parametrize(
    ("by_hand", "state"), [(True, ItemState.CLEARED), (False, ItemState.RESOLVED)]
)
def test_ending_records_the_resolver(by_hand: bool, state: ItemState) -> None:
    """AIT-02, FLG-04: who and how; ending twice changes nothing."""
    ended = resolve_row(item(), "found it", "SYSTEM:orders", by_hand, ctx())
    assert (ended.state, ended.resolved_by, ended.resolution) == (
        state, "SYSTEM:orders", "found it",
    )  # fmt: skip
    assert resolve_row(ended, "again", "USER:bob", not by_hand, ctx()) == ended


def test_reopen() -> None:
    """AIT-03: due anew, and only what has ended."""
    later = NOW + 5 * HOUR
    again = reopen(cleared(), ReopenItem("act_1", "not fixed"), ctx(later))
    assert (again.state, again.due_at, again.resolved_by) == (
        ItemState.OPEN, later + 8 * HOUR, None,
    )  # fmt: skip
    assert again.history[-1].text == "not fixed"
    with pytest.raises(Refused):
        reopen(again, ReopenItem("act_1", "x"), ctx())


def test_overdue_items_go_to_the_lead() -> None:
    """AIT-04: priority up one level, once per period; neither early nor when ended."""
    fact = ActionItemOpened("act_4", "STOCK_SHORT", False, "order", "ord_1", "line:1", "short", 1)
    made = row(fact, "acme", "ord_1", "T26-1", ctx())
    due = made.due_at
    assert escalate(made, ctx(due - HOUR)) == made
    raised = escalate(made, ctx(due))
    assert (made.priority, raised.priority, raised.owner) == (2, 1, "planning-lead")
    assert escalate(raised, ctx(due)) == raised
    assert escalate(raised, ctx(raised.due_at)).priority == 1
    assert escalate(cleared(), ctx(due + 99 * HOUR)) == cleared()


def test_repeat_counts_in_the_row() -> None:
    """AIT-02: the row carries the counter, the order's reference, too."""
    again = repeat_row(item(), 3, ctx())
    assert (again.count, again.version, again.history[-1].what) == (3, 2, "REPEATED")
    assert (reference(again).count, reference(again).line_no) == (3, 2)
