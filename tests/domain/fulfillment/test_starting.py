"""From plan to floor: approval, schedule, requests to fulfillers, site settings.

Cites FUL-01 to FUL-04, FUL-09, FUL-100 to FUL-103, WFL-04, WFL-14, SET-01, ENT-22.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from oms.fulfillment import commands, decisions
from oms.fulfillment.facts import (
    FulfillmentAnswered,
    FulfillmentOrderAssigned,
    FulfillmentOrderAwaitingApproval,
    FulfillmentOrderChanged,
    FulfillmentRequested,
)
from oms.fulfillment.starting import approval_due, release_from, ship_by
from oms.kernel.errors import Refused
from oms.kernel.facts import Fact
from oms.kernel.ids import whole_of
from oms.kernel.policy import ApprovalMode, Policy

from tests.domain.fulfillment.floor import START, Floor, one, planned, released, types


def asked(mode: ApprovalMode, **settings: object) -> Floor:
    """A floor whose FO waits for approval."""
    floor = Floor(Policy(fulfillment_order_approval=mode, **settings))  # type: ignore[arg-type]
    floor.allocate(planned((1, 1)))
    floor.facts.clear()
    return floor


def look(floor: Floor, value: int = 1000, covered: bool = True) -> tuple[Fact, ...]:
    """Let the approval switch look at the FO."""
    step = decisions.approve_automatically(floor.part, floor.fo(), value, covered, floor.ctx)
    return floor.take(step)


def test_the_id_of_an_fo_names_its_order() -> None:
    """ENT-01, FUL-100: parts of one order have ids of their own that lead back to it."""
    floor = Floor()
    floor.allocate(planned((1, 1)), planned((2, 1), site="S1"))
    ids = [fo.id for fo in floor.part.orders]
    assert len(set(ids)) == 2
    assert {whole_of(fo_id, "ord") for fo_id in ids} == {"ord_1"}
    assert [fo.number for fo in floor.part.orders] == ["T100-F1", "T100-F2"]


def test_an_fo_is_for_one_site_and_one_method() -> None:
    """FUL-01, ENT-22: and its units are on no other."""
    floor = Floor()
    floor.allocate(planned((1, 2)), planned((1, 1), site="S1", method="EXPRESS"))
    assert [(fo.site, fo.method) for fo in floor.part.orders] == [("DC", "GROUND"),
                                                                  ("S1", "EXPRESS")]  # fmt: skip
    assert sum(row.quantity for fo in floor.part.orders for row in fo.lines) == 3


def test_manual_approval_is_asked_for_once_and_waits() -> None:
    """FUL-101, WFL-04 MANUAL."""
    floor = asked(ApprovalMode.MANUAL)
    fact = one(look(floor), FulfillmentOrderAwaitingApproval)
    assert (fact.mode, fact.amount) == ("MANUAL", 1000)
    assert look(floor) == ()
    floor.now += timedelta(days=30)
    assert look(floor) == ()
    assert floor.state() == "AWAITING_APPROVAL"


@pytest.mark.parametrize(("value", "state"), [(500, "AWAITING_AUTHORIZATION"),
                                              (501, "AWAITING_APPROVAL")])  # fmt: skip
def test_rules_ask_only_above_their_amount(value: int, state: str) -> None:
    """WFL-04 RULES."""
    floor = asked(ApprovalMode.RULES, fulfillment_order_approval_above=500)
    look(floor, value)
    assert floor.state() == state


def test_the_job_approves_after_its_delay() -> None:
    """FUL-101, WFL-04 JOB: 30 minutes; with coverage required, only what is covered."""
    floor = asked(ApprovalMode.JOB, require_coverage_to_approve=True)
    assert types(look(floor)) == ["awaiting_approval"]
    due = START + timedelta(minutes=30)
    assert decisions.next_due(floor.part, floor.ctx) == approval_due(floor.fo(), floor.ctx) == due
    floor.now = due - timedelta(seconds=1)
    assert look(floor) == ()
    floor.now = due
    assert look(floor, covered=False) == ()
    assert types(look(floor)) == ["approved"]
    assert floor.state() == "AWAITING_AUTHORIZATION"


def test_a_switch_turned_off_lets_go_what_waits() -> None:
    """WFL-14."""
    floor = asked(ApprovalMode.MANUAL)
    look(floor)
    floor.policy = Policy()
    assert types(look(floor)) == ["approved"]


def test_a_scheduled_fo_is_released_a_day_before() -> None:
    """FUL-09: not before the day that the lead leaves; the site's own midnight counts."""
    zone = ZoneInfo("America/Chicago")
    begin = release_from("2026-03-10", 1, zone)
    assert begin == datetime(2026, 3, 9, 5, tzinfo=UTC)
    assert ship_by("2026-03-10", zone) == datetime(2026, 3, 11, 5, tzinfo=UTC)
    floor = Floor()
    floor.allocate(planned((1, 1), release_from=begin))
    assert decisions.next_due(floor.part, floor.ctx) == begin
    floor.now = begin - timedelta(seconds=1)
    assert decisions.release_ready(floor.part, floor.ctx) == ()
    floor.now = begin
    assert decisions.release_ready(floor.part, floor.ctx) == (floor.fo(),)
    assert decisions.next_due(floor.part, floor.ctx) is None


def test_a_fulfiller_is_asked_and_accepts() -> None:
    """FUL-03, FUL-04: request id, deadline, message, answer."""
    floor = released((1, 1), assignment="REQUEST")
    request = floor.fo().request
    assert request is not None
    assert (request.due, request.answer) == (START + timedelta(hours=24), None)
    with pytest.raises(Refused):
        floor.assign("ana")
    command = commands.AcceptRequest(floor.fo().id, "3pl", "tomorrow")
    told = floor.do("accept", command, decisions.accept)
    assert one(told, FulfillmentAnswered).answer == "ACCEPT"
    assert one(told, FulfillmentOrderAssigned).assignee == "3pl"
    answered = floor.fo().request
    assert answered is not None
    assert (answered.answer, answered.reply, answered.id) == ("ACCEPT", "tomorrow", request.id)
    assert floor.state() == "AWAITING_PICK"
    floor.wait(hours=48)
    assert floor.state() == "AWAITING_PICK"


def test_the_request_is_told_with_its_deadline() -> None:
    """FUL-03: `fulfillment.requestDeadlineHours`, here of the site."""
    floor = Floor(Policy(sites={"DC": {"request_deadline_hours": 2}}))
    floor.allocate(planned((1, 1), assignment="REQUEST"))
    fact = one(floor.release(), FulfillmentRequested)
    assert fact.due == "2026-03-02T11:00:00.000Z"
    floor.wait(hours=2)
    assert (floor.state(), floor.fo().end_reason) == ("REJECTED", "CLAIM_TIMEOUT")
    request = floor.fo().request
    assert request is not None
    assert (request.answer, request.reason) == ("TIMEOUT", "CLAIM_TIMEOUT")


def test_a_fulfiller_rejects_with_its_reason() -> None:
    """FUL-04: REJECT is recorded with the reason."""
    floor = released((1, 1), assignment="REQUEST")
    told = floor.reject("OTHER", note="closed for the week")
    assert one(told, FulfillmentAnswered).reason == "OTHER"
    request = floor.fo().request
    assert request is not None
    assert (request.answer, request.reason, request.reply) == (
        "REJECT", "OTHER", "closed for the week",
    )  # fmt: skip


def test_manual_work_waits_for_somebody() -> None:
    """FUL-03 MANUAL: nobody has it, and no clock takes it away but lateness."""
    floor = released((1, 1), assignment="MANUAL")
    assert floor.state() == "AWAITING_ASSIGNMENT"
    floor.wait(hours=71)
    assert floor.state() == "AWAITING_ASSIGNMENT"
    floor.assign("ana")
    assert floor.state() == "AWAITING_PICK"


def test_a_claimed_fo_is_not_claimed_again() -> None:
    """FUL-103, ACC-100."""
    floor = released((1, 1), site_type="STORE")
    claim = commands.Claim(floor.fo().id, "bo")
    floor.do("claim", claim, decisions.assign)
    with pytest.raises(Refused):
        floor.do("claim", commands.Claim(floor.fo().id, "eve"), decisions.assign)
    assert floor.fo().assignee == "bo"


def test_a_suspended_fo_stands_still() -> None:
    """FUL-05, FLG-02: what moves on is refused, what gives back works."""
    floor = released((1, 2))
    fact = one(floor.suspend(), FulfillmentOrderChanged)
    assert (fact.what, fact.new) == ("suspended", "true")
    with pytest.raises(Refused) as refusal:
        floor.pick()
    assert refusal.value.code == "SUSPENDED"
    floor.suspend(on=False)
    floor.pick()
    assert floor.state() == "PICKING"


def test_a_site_sets_its_own_times() -> None:
    """SET-01: the site wins over its company."""
    floor = released(
        (1, 1), site_type="STORE",
        policy=Policy(claim_timeout_hours=24, sites={"DC": {"claim_timeout_hours": 1}}),
    )  # fmt: skip
    assert decisions.next_due(floor.part, floor.ctx) == START + timedelta(hours=1)
