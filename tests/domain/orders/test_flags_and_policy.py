"""Flags, and the one table that refuses and lists actions (FLG, ACT-01 to ACT-03, EDT-01)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from oms.kernel.errors import Malformed, Refused
from oms.kernel.facts import Step
from oms.kernel.policy import Policy
from oms.orders import commands, decisions
from oms.orders.commands import ChangeAddress
from oms.orders.facts import LineChanged, NoteAdded, OrderChanged, RecallRequested
from oms.orders.model import Address, Approval, Buckets, Mark, Order, Wait
from oms.orders.policy import RULES, refusals
from oms.orders.status import order_state

from tests.domain.orders.scene import (
    ANA,
    HOME,
    NOW,
    after,
    created,
    ctx,
    group,
    kinds,
    order,
    packed,
    picked,
    shipped,
)

AWAY = replace(HOME, line1="2 Side St")
MARK = Mark("USER:ana", NOW, "asked to")
CODES = {
    "STATE", "SUSPENDED", "ALERTED", "LOCKED", "HELD", "LINE_IN_FULFILLMENT", "PICKING_STARTED",
    "ALREADY_SHIPPED", "NOT_COVERED",
}  # fmt: skip


def codes(
    made: Order, action: str, *, alerted: bool = False, blocked: str = "",
    automatic: bool = False, covered: bool = True,
) -> list[str]:  # fmt: skip
    held = frozenset(blocked.split())
    return [reason.code for reason in refusals(made, action, alerted, held, automatic, covered)]


def stage(name: str) -> Order:
    """One line of one unit that got as far as `name`."""
    made = order(1)
    steps = {"allocated": created, "picked": picked, "packed": packed, "shipped": shipped}
    for known, fact in steps.items():
        if name == "reserved":
            break
        made = after(made, fact(made, 1))
        if known == name:
            break
    return made


@pytest.mark.parametrize(
    ("name", "cancels", "address"),
    [
        ("reserved", [], []),
        ("allocated", [], []),
        ("picked", [], ["PICKING_STARTED"]),
        ("packed", [], ["PICKING_STARTED"]),
        ("shipped", ["ALREADY_SHIPPED"], ["ALREADY_SHIPPED"]),
    ],
)
def test_edit_policy(name: str, cancels: list[str], address: list[str]) -> None:
    """EDT-01: cancel and change of address by the most advanced stage of the units."""
    made = stage(name)
    assert codes(made, "cancel") == cancels
    assert codes(made, "changeAddress") == address


def test_address_of_allocated_units_recalls_their_orders() -> None:
    """EDT-01, EDT-02: RECALL: the FO comes back in the same commit, the address is checked."""
    made = stage("allocated")
    step = decisions.change_address(made, ChangeAddress("g1", AWAY), ctx(ANA))
    assert step.facts[1:] == (RecallRequested("ord_1", "g1"),)
    assert (step.part.groups[0].address, step.part.validated) == (AWAY, False)


def test_address_of_reserved_units_recalls_nothing() -> None:
    """EDT-01: ALLOW; facts carry no personal data; the same address changes nothing."""
    step = decisions.change_address(order(1), ChangeAddress("g1", AWAY), ctx(ANA))
    assert step.facts == (OrderChanged("ord_1", "groups.g1.address", None, None),)
    assert decisions.change_address(order(1), ChangeAddress("g1", HOME), ctx(ANA)).facts == ()


def test_address_of_another_group_may_change() -> None:
    """EDT-01, ACT-02: only the units of the group count; refusal and list agree."""
    made = stage("picked")
    free = replace(made, groups=(*made.groups, group(id="g2", address=HOME)))
    assert codes(free, "changeAddress") == []
    assert kinds(decisions.change_address(free, ChangeAddress("g2", AWAY), ctx(ANA)).facts) == [
        "OrderChanged"
    ]
    with pytest.raises(Refused) as refusal:
        decisions.change_address(free, ChangeAddress("g1", AWAY), ctx(ANA))
    assert [r.code for r in refusal.value.reasons] == ["PICKING_STARTED"]
    with pytest.raises(Malformed):
        decisions.change_address(free, ChangeAddress("g3", AWAY), ctx(ANA))


@pytest.mark.parametrize(
    ("action", "free"),
    [
        ("approve", False), ("file", False), ("addNote", True), ("cancel", True), ("void", True),
        ("changeAddress", True), ("setFlag", True), ("complete", True),
    ],
)  # fmt: skip
def test_suspension_and_alert_stop_advancing_only(action: str, free: bool) -> None:
    """FLG-02, ACC-022: no Advance; corrections, notes, cancel and void stay possible."""
    made = order(1, approval=Approval.PENDING, reached="AWAITING_FILING")
    if action == "complete":
        made = replace(made, intake_done_at=None)
    stopped = replace(made, suspended=MARK)
    assert codes(made, action) == []
    assert codes(stopped, action) == ([] if free else ["SUSPENDED"])
    assert codes(made, action, alerted=True) == ([] if free else ["ALERTED"])


@pytest.mark.parametrize("automatic", [True, False])
def test_advance_by_hand_has_the_guard_of_automation(automatic: bool) -> None:
    """FLG-10, ENT-05: it differs in the actor alone."""
    made = order(1, approval=Approval.PENDING, suspended=MARK)
    assert codes(made, "approve", automatic=automatic) == ["SUSPENDED"]


def test_lock_stops_edits_but_not_automation() -> None:
    """FLG-06: no edit except unlock, notes; automation goes on."""
    made = order(1, locked=MARK)
    assert codes(made, "cancel") == ["LOCKED"]
    assert codes(made, "cancel", automatic=True) == []
    assert codes(made, "addNote") == codes(made, "unlock") == []
    assert codes(order(1), "unlock") == ["STATE"]
    assert codes(made, "lock") == ["STATE"]


@pytest.mark.parametrize(
    ("action", "transaction"),
    [("approve", "APPROVE"), ("cancel", "CANCEL"), ("changeAddress", "EDIT"),
     ("capture", "CAPTURE"), ("refund", "REFUND")],
)  # fmt: skip
def test_hold_stops_its_transaction_only(action: str, transaction: str) -> None:
    """HLD-03, ACT-02: the listed transaction, and no other."""
    made = order(1, approval=Approval.PENDING)
    others = {"APPROVE", "CANCEL", "EDIT", "CAPTURE", "REFUND", "SHIP"} - {transaction}
    assert codes(made, action, blocked=transaction) == ["HELD"]
    assert codes(made, action, blocked=" ".join(others)) == []


def test_approval_needs_coverage_where_it_is_required() -> None:
    """ORD-109, ACT-03: NOT_COVERED."""
    made = order(1, approval=Approval.PENDING)
    assert codes(made, "approve", covered=False) == ["NOT_COVERED"]
    assert codes(made, "cancel", covered=False) == []


@pytest.mark.parametrize(
    ("fields", "action", "found"),
    [
        ({"voided_at": NOW}, "cancel", ["STATE"]),
        ({"voided_at": NOW}, "void", ["STATE"]),
        ({"voided_at": NOW}, "changeAddress", ["STATE"]),
        ({"voided_at": NOW}, "addNote", []),
        ({"reached": "CLOSED"}, "void", ["STATE"]),
        ({"reached": "AWAITING_SETTLEMENT"}, "file", ["STATE"]),
        ({"reached": "AWAITING_FILING"}, "file", []),
        ({}, "complete", ["STATE"]),
        ({}, "approve", ["STATE"]),
        ({"approval": Approval.APPROVED}, "approve", ["STATE"]),
        ({"approval": Approval.APPROVED}, "reject", ["STATE"]),
        ({}, "backorder", []),
    ],
)
def test_state_allows_or_not(fields: dict[str, Any], action: str, found: list[str]) -> None:
    """ACT-01, ORD-05, ORD-115, ORD-118: what the state of the order is good for."""
    assert codes(order(1, **fields), action) == found


COMMANDS: dict[str, tuple[Callable[..., Step[Order]], object]] = {
    "changeAddress": (decisions.change_address, ChangeAddress("g1", AWAY)),
    "approve": (decisions.approve, commands.Approve()),
    "reject": (decisions.reject, commands.Reject("x")),
    "cancel": (decisions.cancel, commands.Cancel("x")),
    "void": (decisions.void, commands.Void("x")),
    "suspend": (decisions.suspend, commands.Suspend("x")),
    "resume": (decisions.resume, commands.Resume("x")),
    "lock": (decisions.lock, commands.Lock("x")),
    "unlock": (decisions.unlock, commands.Unlock("x")),
    "setFlag": (decisions.set_flag, commands.SetFlag("RED")),
    "setTags": (decisions.set_tags, commands.SetTags(("vip",))),
    "setAttributes": (decisions.set_attributes, commands.SetAttributes({"a": "b"})),
    "setPriority": (decisions.set_priority, commands.SetPriority(9)),
    "addNote": (decisions.add_note, commands.AddNote("hello")),
    "file": (decisions.file, commands.File()),
    "backorder": (decisions.backorder, commands.Backorder(1, "x")),
    "complete": (decisions.complete, commands.Complete()),
}


def test_what_is_listed_as_allowed_is_not_refused() -> None:
    """ACT-02, STA-10: over all stages and explicit facts; refusals carry codes of ACT-03, and
    every combination has an action or is an end.
    """
    context = ctx(ANA, policy=Policy(order_filing=True))
    stages = ("reserved", "allocated", "picked", "packed", "shipped")
    facts = product(
        stages, [None, NOW], list(Approval), [None, MARK], [None, MARK], [None, NOW],
        ["AWAITING_FILING", "CLOSED"],
    )  # fmt: skip
    reachable = {name: stage(name) for name in stages}
    for name, voided, approval, suspended, locked, intake, reached in facts:
        made = replace(
            reachable[name], voided_at=voided, approval=approval, suspended=suspended,
            locked=locked, intake_done_at=intake, reached=reached,
        )  # fmt: skip
        allowed = [action for action in COMMANDS if not codes(made, action)]
        assert allowed or order_state(made, settled=True, filing=True) in ("VOID", "CLOSED")
        for action in allowed:
            decide, command = COMMANDS[action]
            assert isinstance(decide(made, command, context).part, Order)
        for action in RULES:
            assert set(codes(made, action)) <= CODES


def test_suspend_and_resume() -> None:
    """FLG-02, FLG-05: explicit, with who, when and why; repeating writes nothing."""
    step = decisions.suspend(order(1), commands.Suspend("fraud?"), ctx(ANA))
    assert step.part.suspended == Mark("USER:ana", NOW, "fraud?")
    assert step.facts == (OrderChanged("ord_1", "suspended", "false", "true", "fraud?"),)
    assert decisions.suspend(step.part, commands.Suspend("again"), ctx(ANA)).facts == ()
    back = decisions.resume(step.part, commands.Resume("fine"), ctx(ANA))
    assert back.part.suspended is None


def test_an_action_that_would_change_nothing_is_not_allowed() -> None:
    """ACT-01, ACT-02: nothing to resume, nothing left to suspend, nothing left to approve; a line
    that waits can be tried at once.
    """
    made = order(1)
    assert codes(made, "resume") == ["STATE"]
    assert codes(replace(made, suspended=MARK), "resume") == []
    line = made.lines[0]
    assert codes(replace(made, lines=(replace(line, suspended=True),)), "resume") == []
    waiting = replace(made, lines=(replace(line, wait=Wait("OUT_OF_STOCK", NOW)),))
    assert codes(waiting, "resume") == []
    step = decisions.resume(waiting, commands.Resume("look again", line_no=1), ctx(ANA))
    assert step.part.lines[0].wait is None
    stopped = replace(made, suspended=MARK)
    assert codes(stopped, "suspend") == []
    assert codes(replace(stopped, lines=(replace(line, suspended=True),)), "suspend") == ["STATE"]
    for approval in (Approval.APPROVED, Approval.SYSTEM_APPROVED):
        assert codes(replace(made, approval=approval), "approve") == ["STATE"]


def test_suspended_line_stops_itself_only() -> None:
    """FLG-03: a line's own suspension leaves order and other lines alone."""
    step = decisions.suspend(order(1, 1), commands.Suspend("check", line_no=2), ctx(ANA))
    assert [line.suspended for line in step.part.lines] == [False, True]
    assert step.part.suspended is None
    assert step.facts == (LineChanged("ord_1", 2, "suspended", "false", "true", "check"),)
    with pytest.raises(Malformed):
        decisions.suspend(order(1), commands.Suspend("check", line_no=2), ctx(ANA))


def test_lock_shows_who_and_when() -> None:
    """FLG-06, FLG-01: independent of the state; the first lock stands."""
    locked = decisions.lock(order(1), commands.Lock("editing"), ctx(ANA)).part
    assert locked.locked == Mark("USER:ana", NOW, "editing")
    assert decisions.lock(locked, commands.Lock("me too"), ctx()).facts == ()
    assert decisions.unlock(locked, commands.Unlock("done"), ctx(ANA)).part.locked is None
    assert decisions.unlock(order(1), commands.Unlock("done"), ctx(ANA)).facts == ()


@pytest.mark.parametrize("flag", ["RED", "ORANGE", "YELLOW", "GREEN", "BLUE", "PURPLE", "CHK"])
def test_flag_is_a_reminder(flag: str) -> None:
    """FLG-08: seven values, no effect on the state, set again without a fact."""
    step = decisions.set_flag(order(1), commands.SetFlag(flag), ctx(ANA))
    assert step.part == replace(order(1), flag=flag)
    assert decisions.set_flag(step.part, commands.SetFlag(flag), ctx(ANA)).facts == ()
    cleared = decisions.set_flag(step.part, commands.SetFlag(None), ctx(ANA))
    assert cleared.part.flag is None
    with pytest.raises(Malformed):
        decisions.set_flag(order(1), commands.SetFlag("PINK"), ctx(ANA))


def test_tags_attributes_priority() -> None:
    """ENT-02, ENT-14: set, replaced, removed; equal values write nothing."""
    made = decisions.set_tags(order(1), commands.SetTags(("vip", "gift", "vip")), ctx(ANA)).part
    assert made.tags == ("gift", "vip")
    assert decisions.set_tags(made, commands.SetTags(("vip", "gift")), ctx(ANA)).facts == ()
    made = decisions.set_attributes(made, commands.SetAttributes({"a": "1", "b": "2"}), ctx()).part
    step = decisions.set_attributes(made, commands.SetAttributes({"a": ""}), ctx(ANA))
    assert step.part.attributes == {"b": "2"}
    assert step.facts == (OrderChanged("ord_1", "attributes", None, "a"),)
    again = decisions.set_attributes(step.part, commands.SetAttributes({"b": "2"}), ctx(ANA))
    assert again.facts == ()
    assert decisions.set_priority(made, commands.SetPriority(90), ctx(ANA)).part.priority == 90
    assert decisions.set_priority(made, commands.SetPriority(50), ctx(ANA)).facts == ()
    for priority in (-1, 101):
        with pytest.raises(Malformed):
            decisions.set_priority(made, commands.SetPriority(priority), ctx(ANA))


def test_notes_stay_in_the_record() -> None:
    """ENT-02: append-only, and the fact has no text of it."""
    first = decisions.add_note(order(1), commands.AddNote("call back"), ctx(ANA))
    second = decisions.add_note(first.part, commands.AddNote("done"), ctx(ANA))
    assert [note.text for note in second.part.notes] == ["call back", "done"]
    assert len({note.id for note in second.part.notes}) == 2
    assert first.facts == (NoteAdded("ord_1", first.part.notes[0].id, "INTERNAL"),)


def test_backorder_needs_units_that_lack_a_site() -> None:
    """SRC-43: shipped or allocated units are not backordered."""
    with pytest.raises(Refused) as refusal:
        decisions.backorder(stage("allocated"), commands.Backorder(1, "x"), ctx(ANA))
    assert refusal.value.code == "QUANTITY_EXCEEDED"
    unknown = order(1)
    line = replace(unknown.lines[0], item_id=None, buckets=Buckets(unsourced=1), reservations=())
    with pytest.raises(Refused):
        decisions.backorder(replace(unknown, lines=(line,)), commands.Backorder(1, "x"), ctx(ANA))


def test_address_may_be_given_where_there_was_none() -> None:
    """EDT-01: an order without address gets one."""
    bare = order(1, groups=(group(address=None),))
    there = Address("US", "78701", "Austin", "TX", "1 Main St")
    moved = decisions.change_address(bare, ChangeAddress("g1", there), ctx(ANA)).part
    assert moved.groups[0].address == there
