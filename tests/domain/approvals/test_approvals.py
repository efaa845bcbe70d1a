"""Approval requests (APV-02, APV-04, ORD-107 to ORD-110)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from oms.approvals.decisions import decide, pending, react, refusals, request, tick
from oms.approvals.facts import ApprovalDecided, ApprovalRequested
from oms.approvals.model import Approvals
from oms.kernel.context import Actor, ActorKind, Context
from oms.kernel.errors import NotFound, Refused
from oms.kernel.policy import ApprovalMode, Policy
from oms.orders.facts import OrderApproved, OrderAwaitingApproval, OrderRejected, OrderVoided

NOW = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
ANA = Actor(ActorKind.USER, "ana", "acme", money_limit=2500)
MIA = Actor(ActorKind.USER, "mia", "acme", money_limit=100_000)
WORKFLOW = Actor(ActorKind.WORKFLOW, "workflow", "acme")


def ctx(actor: Actor = MIA, at: datetime = NOW) -> Context:
    return Context(at, actor, "c1", Policy())


def asked(amount: int | None = 4000, subject: str = "refund") -> Approvals:
    return request(
        Approvals(), subject, "pay_1", ApprovalMode.RULES, "USER:ana", ctx(ANA), amount, "above"
    ).part


def test_request_is_made_once() -> None:
    """ENT-35: a second request for the same subject changes nothing; it expires in 48 h."""
    step = request(Approvals(), "refund", "pay_1", ApprovalMode.RULES, "USER:ana", ctx(ANA), 4000)
    (one,) = step.part.requests
    assert step.facts == (ApprovalRequested(one.id, "refund", "pay_1", "RULES", 4000),)
    assert (one.state, one.expires_at) == ("PENDING", NOW + timedelta(hours=48))
    again = request(step.part, "refund", "pay_1", ApprovalMode.RULES, "USER:ana", ctx(ANA), 1)
    assert (again.part, again.facts) == (step.part, ())
    other = request(step.part, "refund", "pay_2", ApprovalMode.RULES, "USER:ana", ctx(ANA), 1).part
    assert len({r.id for r in other.requests}) == 2


def test_nobody_approves_a_request_of_ones_own() -> None:
    """APV-02, ACC-028: the requester is refused, somebody else approves."""
    approvals = asked(1000)
    name = approvals.requests[0].id
    with pytest.raises(Refused) as refusal:
        decide(approvals, name, True, None, ctx(ANA))
    assert [r.code for r in refusal.value.reasons] == ["NO_PERMISSION"]
    step = decide(approvals, name, True, "fine", ctx(MIA))
    (one,) = step.part.requests
    assert (one.state, one.decided_by, one.decided_at) == ("APPROVED", "USER:mia", NOW)
    assert step.facts == (ApprovalDecided(name, "refund", "pay_1", "APPROVED", "fine"),)


def test_approver_has_a_money_limit() -> None:
    """APV-02: above the limit it is refused and waits for somebody with a higher one."""
    approvals = asked(4000)
    bob = Actor(ActorKind.USER, "bob", "acme", money_limit=3999)
    with pytest.raises(Refused) as refusal:
        decide(approvals, approvals.requests[0].id, True, None, ctx(bob))
    assert [r.code for r in refusal.value.reasons] == ["LIMIT_EXCEEDED"]
    even = Actor(ActorKind.USER, "eve", "acme", money_limit=4000)
    assert refusals(approvals.requests[0], even) == ()
    assert refusals(approvals.requests[0], Actor(ActorKind.USER, "max", "acme")) == ()


def test_anybody_may_reject() -> None:
    """APV-02: withdrawing one's own request is no approval."""
    approvals = asked()
    step = decide(approvals, approvals.requests[0].id, False, "mistake", ctx(ANA))
    assert step.part.requests[0].state == "REJECTED"
    assert pending(step.part, "refund", "pay_1") is None


def test_decision_stands() -> None:
    """APV-02: the same again is a no-op, the opposite is refused, an unknown one is not found."""
    approvals = asked(1)
    name = approvals.requests[0].id
    done = decide(approvals, name, True, None, ctx()).part
    assert decide(done, name, True, None, ctx()).facts == ()
    with pytest.raises(Refused):
        decide(done, name, False, None, ctx())
    with pytest.raises(NotFound):
        decide(done, "apr_9", True, None, ctx())


def test_requests_expire() -> None:
    """ENT-35: at their time, not before; what has expired is not approved."""
    approvals = asked(1)
    at = NOW + timedelta(hours=48)
    assert tick(approvals, ctx(at=at - timedelta(minutes=1))).facts == ()
    with pytest.raises(Refused):
        decide(approvals, approvals.requests[0].id, True, None, ctx(at=at))
    step = tick(approvals, ctx(WORKFLOW, at))
    assert step.part.requests[0].state == "EXPIRED"
    assert tick(step.part, ctx(WORKFLOW, at)).facts == ()


def test_job_approves_as_the_system() -> None:
    """APV-04: an automatic approval says so, and has neither limit nor self."""
    approvals = asked(10**9)
    step = decide(approvals, approvals.requests[0].id, True, None, ctx(WORKFLOW))
    assert step.part.requests[0].state == "SYSTEM_APPROVED"


@pytest.mark.parametrize(
    ("fact", "state"),
    [
        (OrderApproved("ord_1", "APPROVED"), "APPROVED"),
        (OrderApproved("ord_1", "SYSTEM_APPROVED"), "SYSTEM_APPROVED"),
        (OrderRejected("ord_1", "risky"), "REJECTED"),
        (OrderVoided("ord_1", "fraud"), "REJECTED"),
    ],
)
def test_request_follows_the_order(
    fact: OrderApproved | OrderRejected | OrderVoided, state: str
) -> None:
    """ORD-107 to ORD-110: made when the order waits, decided with it; it never lapses."""
    waiting = react(
        Approvals(), OrderAwaitingApproval("ord_1", "MANUAL"), "CLIENT:shop", 7000, ctx(WORKFLOW)
    ).part
    one = pending(waiting, "order", "ord_1")
    assert one is not None
    assert (one.amount, one.requested_by, one.mode, one.expires_at) == (
        7000, "CLIENT:shop", "MANUAL", None,
    )  # fmt: skip
    step = react(waiting, fact, "CLIENT:shop", 7000, ctx())
    assert [r.state for r in step.part.requests] == [state]
    assert react(step.part, fact, "CLIENT:shop", 7000, ctx()).facts == ()
