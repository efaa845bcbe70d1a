"""Approval of orders and filing (ORD-107 to ORD-110, ORD-115, WFL-01 to WFL-03, APV-04)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from oms.kernel.errors import Refused
from oms.kernel.facts import Fact
from oms.kernel.policy import ApprovalMode, Policy
from oms.orders.commands import Approve, Cancel, File, Reject
from oms.orders.decisions import (
    approval_due,
    approve,
    approve_automatically,
    cancel,
    file,
    finish_intake,
    reject,
)
from oms.orders.facts import (
    IntakeDone,
    OrderAllocated,
    OrderApproved,
    OrderAwaitingApproval,
    OrderClosed,
    OrderDeallocated,
    OrderFulfilled,
    OrderIncomplete,
    OrderSettled,
    OrderVoided,
)
from oms.orders.model import Approval, Order
from oms.orders.status import order_state

from tests.domain.orders.scene import ANA, MINUTE, NOW, after, ctx, kinds, order

OFF, RULES, JOB, MANUAL = ApprovalMode
LIMIT = Policy(order_approval=RULES, order_approval_above=5000)


def pending() -> Order:
    return order(2, approval=Approval.PENDING)


def state(made: Order) -> str:
    return order_state(made, settled=False, filing=False)


def test_intake_ends_with_a_fact() -> None:
    """ORD-107, ORD-108: when validation and payment information are complete."""
    step = finish_intake(order(1, intake_done_at=None), ctx())
    assert (step.part.intake_done_at, step.facts) == (NOW, (IntakeDone("ord_1"),))


@pytest.mark.parametrize(
    ("policy", "total", "approval", "after_it"),
    [
        (Policy(), 10**9, Approval.SYSTEM_APPROVED, "AWAITING_ALLOCATION"),
        (Policy(order_approval=MANUAL), 1, Approval.PENDING, "AWAITING_APPROVAL"),
        (Policy(order_approval=JOB), 1, Approval.PENDING, "AWAITING_APPROVAL"),
        (LIMIT, 5001, Approval.PENDING, "AWAITING_APPROVAL"),
        (LIMIT, 5000, Approval.SYSTEM_APPROVED, "AWAITING_ALLOCATION"),
        (Policy(order_approval=RULES), 10**9, Approval.SYSTEM_APPROVED, "AWAITING_ALLOCATION"),
    ],
)
def test_the_switch_decides(policy: Policy, total: int, approval: Approval, after_it: str) -> None:
    """ACC-003, WFL-02, APV-04, ORD-107, ORD-108: OFF, RULES, JOB, MANUAL."""
    step = approve_automatically(order(1), total, True, ctx(policy=policy))
    assert (step.part.approval, state(step.part)) == (approval, after_it)
    told: Fact = OrderApproved("ord_1", "SYSTEM_APPROVED")
    if approval is Approval.PENDING:
        told = OrderAwaitingApproval("ord_1", policy.order_approval.value)
    assert step.facts == (told,)


def test_asking_again_changes_nothing() -> None:
    """ORD-107: a waiting order waits, an approved one stays approved."""
    manual = ctx(policy=Policy(order_approval=MANUAL))
    assert approve_automatically(pending(), 1, True, manual).facts == ()
    approved = order(1, approval=Approval.APPROVED)
    assert approve_automatically(approved, 1, True, manual).facts == ()


def test_uncovered_order_waits_where_coverage_is_required() -> None:
    """ORD-109: `orders.requireCoverageToApprove`."""
    policy = Policy(require_coverage_to_approve=True)
    waits = approve_automatically(order(1), 1, False, ctx(policy=policy))
    assert (waits.part.approval, waits.facts) == (Approval.NONE, ())
    covered = approve_automatically(order(1), 1, True, ctx(policy=policy))
    assert covered.part.approval is Approval.SYSTEM_APPROVED


def test_job_approves_once_after_its_delay() -> None:
    """APV-04, APV-05: 30 minutes after intake, each order once."""
    policy = Policy(order_approval=JOB)
    due = approval_due(pending(), ctx(policy=policy))
    assert due == NOW + 30 * MINUTE
    early = approve_automatically(pending(), 1, True, ctx(at=due - MINUTE, policy=policy))
    assert early.facts == ()
    late = approve_automatically(pending(), 1, True, ctx(at=due, policy=policy))
    assert late.part.approval is Approval.SYSTEM_APPROVED
    again = approve_automatically(late.part, 1, True, ctx(at=due + MINUTE, policy=policy))
    assert again.facts == ()
    assert approval_due(late.part, ctx(policy=policy)) is None
    assert approval_due(pending(), ctx(policy=Policy(order_approval=MANUAL))) is None


def test_turning_the_switch_off_releases_waiting_orders() -> None:
    """WFL-14: what waits there goes on."""
    assert kinds(approve_automatically(pending(), 1, True, ctx()).facts) == ["OrderApproved"]


def test_order_without_units_needs_no_approval() -> None:
    """ORD-07: a canceled order does not wait for a person."""
    gone = cancel(pending(), Cancel("CUSTOMER"), ctx()).part
    step = approve_automatically(gone, 0, False, ctx(policy=Policy(order_approval=MANUAL)))
    assert step.part.approval is Approval.SYSTEM_APPROVED


def test_person_approves_once() -> None:
    """ORD-109: repeating is a no-op."""
    step = approve(pending(), Approve(), ctx(ANA))
    assert step.facts == (OrderApproved("ord_1", "APPROVED"),)
    assert state(step.part) == "AWAITING_ALLOCATION"
    assert approve(step.part, Approve(), ctx(ANA)).facts == ()


def test_rejection_annuls_the_order() -> None:
    """ORD-110: as a void, with the fact of the rejection first."""
    step = reject(pending(), Reject("too risky"), ctx(ANA))
    assert kinds(step.facts)[0] == "OrderRejected"
    assert kinds(step.facts)[-1] == "OrderVoided"
    assert (step.part.approval, state(step.part)) == (Approval.REJECTED, "VOID")
    assert step.part.lines[0].buckets.canceled == 2


@pytest.mark.parametrize("decision", [approve, reject])
def test_only_waiting_orders_are_decided_on(decision: object) -> None:
    """ORD-109, ORD-110: nothing waits for approval here."""
    command = Approve() if decision is approve else Reject("x")
    with pytest.raises(Refused) as refusal:
        decision(order(1), command, ctx(ANA))  # type: ignore[operator]
    assert refusal.value.code == "STATE"


def test_filing_marks_the_order() -> None:
    """ORD-115: *File* where filing is on; refused where it is off."""
    filed = file(order(1), File(), ctx(ANA, policy=Policy(order_filing=True))).part
    assert filed.filed_at == NOW
    with pytest.raises(Refused) as refusal:
        file(order(1), File(), ctx(ANA))
    assert refusal.value.code == "FEATURE_OFF"


def test_order_remembers_the_state_it_announced() -> None:
    """ORD-01, ORD-115: the last announced state, through a whole life."""
    made, seen = order(1), []
    for fact in (
        OrderIncomplete("ord_1", ("X",)), OrderAwaitingApproval("ord_1", "MANUAL"),
        OrderApproved("ord_1", "APPROVED"), OrderAllocated("ord_1"), OrderDeallocated("ord_1"),
        OrderFulfilled("ord_1"), OrderSettled("ord_1"), OrderClosed("ord_1"),
    ):  # fmt: skip
        made = after(made, fact)
        seen.append(made.reached)
    assert seen == [
        "INCOMPLETE", "AWAITING_APPROVAL", "AWAITING_ALLOCATION", "AWAITING_FULFILLMENT",
        "AWAITING_ALLOCATION", "AWAITING_SETTLEMENT", "AWAITING_FILING", "CLOSED",
    ]  # fmt: skip
    assert after(replace(made, reached="RECEIVED"), OrderVoided("ord_1", "x")).reached == "VOID"
