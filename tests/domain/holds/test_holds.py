"""Holds: what they stop, who ends them, what time does to them (HLD-01 to HLD-10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from oms.holds.commands import ReleaseHold, SetHold
from oms.holds.decisions import (
    blocked,
    blocks,
    hold_status,
    may_release,
    next_due,
    open_holds,
    react,
    recheck,
    release,
    set_hold,
    tick,
)
from oms.holds.facts import HoldDue, HoldReleased, HoldSet
from oms.holds.model import DueAction, Hold, Holds, Resolver, Scope, Transaction
from oms.holds.types import HOLD_TYPES
from oms.kernel.context import Actor, ActorKind, Context
from oms.kernel.errors import Forbidden, Malformed, NotFound
from oms.kernel.facts import Fact
from oms.kernel.policy import Policy
from oms.orders.facts import OrderReceived, OrderVoided
from oms.payments.facts import PaymentAuthorized, PaymentDeclined, PaymentPending

NOW = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
AGENT = Actor(ActorKind.USER, "ana", "acme", frozenset({"service_agent"}))
MANAGER = Actor(ActorKind.USER, "mia", "acme", frozenset({"service_manager"}))
FRAUD = Actor(ActorKind.CLIENT, "fraudport", "acme", frozenset({"fraud"}))
WORKFLOW = Actor(ActorKind.WORKFLOW, "workflow", "acme")
ORDER = "ord_1"


def ctx(
    actor: Actor = AGENT, at: datetime = NOW, cause: str = "req-1", policy: Policy | None = None
) -> Context:
    return Context(at, actor, cause, policy or Policy())


def put(type_: str, actor: Actor = AGENT, **fields: object) -> Holds:
    command = replace(SetHold(type_, "because"), **fields)  # type: ignore[arg-type]
    return set_hold(Holds(), command, ctx(actor)).part


def received() -> OrderReceived:
    return OrderReceived(ORDER, "T26-1", None, "web", "LIVE", "USD", 100, 1, 1)


def declined(kind: str = "AUTHORIZE") -> PaymentDeclined:
    return PaymentDeclined("pay_1", "int_1", 100, kind, "HARD", "05")


@pytest.mark.parametrize(
    ("type_", "blocked_names", "resolver", "due", "action", "roles"),
    [
        ("FRAUD_REVIEW", "APPROVE ALLOCATE CAPTURE EDIT", "EXTERNAL", 24, "ESCALATE",
         "service_manager,fraud"),
        ("PAYMENT_REQUIRED", "ALLOCATE RELEASE", "AUTO_CHECK", 72, "CANCEL",
         "finance,service_manager"),
        ("ADDRESS_CHECK", "ALLOCATE RELEASE", "MANUAL", 48, "ESCALATE",
         "service_agent,service_manager"),
    ],
)  # fmt: skip
def test_types_bring_their_defaults(
    type_: str, blocked_names: str, resolver: str, due: int, action: str, roles: str
) -> None:
    """HLD-01, HLD-10: a hold of a shipped type carries the type's row of the table."""
    hold = put(type_).holds[0]
    assert " ".join(hold.blocks) == blocked_names
    assert (hold.resolver, hold.due_action, hold.release_role) == (resolver, action, roles)
    assert hold.due == NOW + due * HOUR
    assert (hold.owner, hold.reason, hold.set_at) == ("USER:ana", "because", NOW)


def test_every_shipped_type_exists() -> None:
    """HLD-10: the shipped types, each stopping only what its row says."""
    assert {code: " ".join(kind.blocks) for code, kind in HOLD_TYPES.items()} == {
        "FRAUD_REVIEW": "APPROVE ALLOCATE CAPTURE EDIT",
        "PAYMENT_REQUIRED": "ALLOCATE RELEASE",
        "ADDRESS_CHECK": "ALLOCATE RELEASE",
        "REMORSE": "ALLOCATE",
        "APPROVAL": "ALLOCATE RELEASE",
        "CUSTOMER_REQUEST": "ALLOCATE RELEASE SHIP",
        "PREORDER_RELEASE": "RELEASE",
        "EXCHANGE_UNPAID": "RELEASE",
        "QUALITY": "PICK SHIP",
        "MANUAL": "",
        "CANCEL_REQUEST": "PICK SHIP",
    }


def test_only_the_listed_transactions_stop() -> None:
    """HLD-03: a fraud review stops allocation and capture, but neither shipping nor canceling."""
    holds = put("FRAUD_REVIEW")
    stopped = {t for t in Transaction if blocks(holds, t)}
    assert stopped == {
        Transaction.APPROVE, Transaction.ALLOCATE, Transaction.CAPTURE, Transaction.EDIT,
    }  # fmt: skip


def test_scoped_hold_stops_only_its_part() -> None:
    """HLD-02: a hold on one FO does not stop another, nor the order."""
    holds = put("MANUAL", scope="FO", scope_ref="fo_1", blocks=("SHIP",), quantity=2)
    assert [h.quantity for h in blocks(holds, Transaction.SHIP, ("fo_1",))] == [2]
    assert blocks(holds, Transaction.SHIP, ("fo_2",)) == ()
    assert blocks(holds, Transaction.SHIP) == ()


def test_holds_of_several_owners_stand_side_by_side() -> None:
    """HLD-01, STA-06: any number on one record; the status is the union of what they block."""
    first = put("ADDRESS_CHECK")
    both = set_hold(first, SetHold("FRAUD_REVIEW", "score"), ctx(FRAUD)).part
    assert [h.owner for h in open_holds(both)] == ["USER:ana", "CLIENT:fraudport"]
    assert hold_status(both) == "HELD"
    assert blocked(both) == (
        Transaction.APPROVE, Transaction.ALLOCATE, Transaction.RELEASE, Transaction.CAPTURE,
        Transaction.EDIT,
    )  # fmt: skip
    assert (hold_status(Holds()), blocked(Holds())) == ("NONE", ())


def test_same_handle_of_the_same_cause_sets_one_hold() -> None:
    """HLD-01: an owner's handle names its hold; repeating the message writes nothing."""
    command = SetHold("MANUAL", "x", blocks=("SHIP",), handle="wms-7")
    once = set_hold(Holds(), command, ctx())
    again = set_hold(once.part, command, ctx())
    assert isinstance(once.facts[0], HoldSet)
    assert (again.part, again.facts) == (once.part, ())


@pytest.mark.parametrize(
    "command",
    [
        SetHold("NOPE", "x"),
        SetHold("MANUAL", "x"),
        SetHold("MANUAL", "x", blocks=("FLY",)),
        SetHold("MANUAL", "x", blocks=("SHIP",), scope="SHELF"),
        SetHold("MANUAL", "x", blocks=("SHIP",), scope="FO"),
        SetHold("MANUAL", "x", blocks=("SHIP",), scope_ref="fo_1"),
        SetHold("QUALITY", "x"),
        SetHold("REMORSE", "x"),
        SetHold("ADDRESS_CHECK", "x", due=NOW),
        SetHold("ADDRESS_CHECK", "x", due_action="EXPLODE"),
    ],
)
def test_senseless_holds_are_refused(command: SetHold) -> None:
    """HLD-01, HLD-02: type, scope, reference, blocks and due time must make sense together."""
    with pytest.raises(Malformed) as refusal:
        set_hold(Holds(), command, ctx())
    assert refusal.value.code == "INVALID_HOLD"
    assert refusal.value.problems[0].path


def test_unknown_hold_is_not_found_and_the_other_stays() -> None:
    """HLD-07, ACC-141: 404 for an unknown id; of two holds, releasing one leaves the other."""
    two = set_hold(put("ADDRESS_CHECK"), SetHold("FRAUD_REVIEW", "score"), ctx(FRAUD)).part
    with pytest.raises(NotFound):
        release(two, ReleaseHold("hld_unknown", "x"), ctx(MANAGER))
    step = release(two, ReleaseHold(two.holds[0].id, "address confirmed"), ctx(AGENT))
    assert [h.type for h in open_holds(step.part)] == ["FRAUD_REVIEW"]
    assert step.facts == (HoldReleased(two.holds[0].id, "ADDRESS_CHECK", "address confirmed"),)
    ended = step.part.holds[0]
    assert (ended.released_at, ended.released_by) == (NOW, "USER:ana")
    assert ended.release_reason == "address confirmed"


def test_releasing_a_released_hold_changes_nothing() -> None:
    """HLD-07: the second release returns it unchanged and writes nothing."""
    holds = put("ADDRESS_CHECK")
    command = ReleaseHold(holds.holds[0].id, "fine")
    once = release(holds, command, ctx()).part
    twice = release(once, replace(command, reason="again"), ctx(MANAGER, NOW + HOUR))
    assert (twice.part, twice.facts) == (once, ())


def test_release_needs_the_role_of_the_type() -> None:
    """HLD-08, ACC-012: a fraud review is released by a manager, not by an agent."""
    holds = put("FRAUD_REVIEW", FRAUD)
    command = ReleaseHold(holds.holds[0].id, "looks fine")
    with pytest.raises(Forbidden) as refusal:
        release(holds, command, ctx(AGENT))
    assert refusal.value.reasons[0].code == "NO_PERMISSION"
    assert open_holds(release(holds, command, ctx(MANAGER)).part) == ()


@pytest.mark.parametrize(
    ("actor", "allowed"),
    [
        (Actor(ActorKind.USER, "bob", "acme"), False),
        (Actor(ActorKind.USER, "ana", "acme"), True),
        (Actor(ActorKind.USER, "root", "acme", frozenset({"admin"})), True),
        (WORKFLOW, True),
    ],
)
def test_manual_hold_is_released_by_its_owner(actor: Actor, allowed: bool) -> None:
    """HLD-08, HLD-10: MANUAL belongs to who set it, to administrators and to the system."""
    assert may_release(put("MANUAL", blocks=("SHIP",)).holds[0], actor) is allowed


def test_timer_is_released_at_its_time_not_before() -> None:
    """HLD-05: TIMER ends at `due`."""
    due = NOW + HOUR
    holds = put("CUSTOMER_REQUEST", due=due, due_action="ESCALATE")
    early = tick(holds, ctx(WORKFLOW, due - MINUTE), covered=False)
    late = tick(holds, ctx(WORKFLOW, due), covered=False)
    assert holds.holds[0].resolver is Resolver.TIMER
    assert (early.part, early.facts) == (holds, ())
    assert open_holds(late.part) == ()
    assert late.part.holds[0].lapsed


def test_automatic_check_backs_off() -> None:
    """HLD-05: checks after 5 min, 15 min, 1 h, then hourly, until the check is met."""
    holds = put("PAYMENT_REQUIRED")
    waits, moment = [], NOW
    for _ in range(5):
        due = holds.holds[0].next_check_at
        assert due is not None
        waits.append(due - moment)
        moment = due
        holds = tick(holds, ctx(WORKFLOW, moment), covered=False).part
    assert waits == [5 * MINUTE, 15 * MINUTE, HOUR, HOUR, HOUR]
    assert open_holds(tick(holds, ctx(WORKFLOW, moment + HOUR), covered=True).part) == ()


@pytest.mark.parametrize(("action", "open_after"), [("ESCALATE", 1), ("RELEASE", 0), ("CANCEL", 0)])
def test_due_actions(action: str, open_after: int) -> None:
    """HLD-06: ESCALATE keeps the hold and happens once; RELEASE and CANCEL end it."""
    holds = put("ADDRESS_CHECK", due_action=action)
    at = NOW + 48 * HOUR
    step = tick(holds, ctx(WORKFLOW, at), covered=False)
    hold = holds.holds[0]
    assert step.facts[0] == HoldDue(hold.id, "ADDRESS_CHECK", action, "ORDER", None)
    assert len(open_holds(step.part)) == open_after
    assert tick(step.part, ctx(WORKFLOW, at + HOUR), covered=False).facts == ()


def test_uncovered_order_is_canceled_at_the_end_of_its_grace() -> None:
    """HLD-10: PAYMENT_REQUIRED checks coverage for 72 h, then asks to cancel."""
    holds = put("PAYMENT_REQUIRED")
    step = tick(holds, ctx(WORKFLOW, NOW + 72 * HOUR), covered=False)
    assert isinstance(step.facts[0], HoldDue)
    assert step.facts[0].action == DueAction.CANCEL
    covered = tick(holds, ctx(WORKFLOW, NOW + 72 * HOUR), covered=True)
    assert [type(fact) for fact in covered.facts] == [HoldReleased]


def test_next_due_is_the_earliest_moment() -> None:
    """SAG-05: the deadline index names the first check or due time of an open hold."""
    holds = put("PAYMENT_REQUIRED")
    assert next_due(holds) == NOW + 5 * MINUTE
    assert next_due(put("ADDRESS_CHECK")) == NOW + 48 * HOUR
    assert next_due(recheck(holds, ctx(WORKFLOW), covered=True).part) is None
    assert next_due(Holds()) is None


@pytest.mark.parametrize("fact", [declined(), PaymentPending("pay_1", "int_1", 100, "AUTHORIZE")])
def test_missing_authorization_holds_the_order_once(fact: Fact) -> None:
    """HLD-10: a declined or pending authorization puts PAYMENT_REQUIRED, one however often."""
    once = react(Holds(), fact, ORDER, ctx(WORKFLOW))
    again = react(once.part, fact, ORDER, ctx(WORKFLOW))
    assert [h.type for h in open_holds(once.part)] == ["PAYMENT_REQUIRED"]
    assert blocks(once.part, Transaction.ALLOCATE)
    assert (again.part, again.facts) == (once.part, ())


def test_declined_capture_does_not_hold() -> None:
    """HLD-10: only coverage is held for; a failed capture is an action item."""
    assert react(Holds(), declined("CAPTURE"), ORDER, ctx(WORKFLOW)).part == Holds()


def test_money_brings_the_check_forward() -> None:
    """HLD-05, HLD-08: after an authorization the check is due at once."""
    held = react(Holds(), declined(), ORDER, ctx(WORKFLOW)).part
    at = NOW + MINUTE
    fact = PaymentAuthorized("pay_2", "int_2", 100, "2026-03-08T10:00:00.000Z")
    hurried = react(held, fact, ORDER, ctx(WORKFLOW, at)).part
    assert next_due(hurried) == at
    assert open_holds(tick(hurried, ctx(WORKFLOW, at), covered=True).part) == ()


def test_remorse_time_holds_a_new_order() -> None:
    """HLD-10: REMORSE is set for `orders.remorseMinutes`, is the system's, and 0 turns it off."""
    client = Actor(ActorKind.CLIENT, "shop", "acme")
    step = react(Holds(), received(), ORDER, ctx(client, policy=Policy(remorse_minutes=30)))
    hold: Hold = step.part.holds[0]
    assert (hold.type, hold.scope, hold.due) == ("REMORSE", Scope.ORDER, NOW + 30 * MINUTE)
    assert not may_release(hold, client)
    assert react(Holds(), received(), ORDER, ctx(client)).part == Holds()


def test_void_ends_every_hold() -> None:
    """FLG-09: voiding an order ends its own open holds."""
    holds = put("ADDRESS_CHECK")
    assert open_holds(react(holds, OrderVoided(ORDER, "fraud"), ORDER, ctx()).part) == ()
    assert react(holds, OrderVoided("ord_2", "fraud"), ORDER, ctx()).part == holds
