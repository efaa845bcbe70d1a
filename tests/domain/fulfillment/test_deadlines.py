"""What time does to an FO: FUL-04, FUL-07, FUL-104, FUL-112."""

from __future__ import annotations

from datetime import timedelta

import pytest
from oms.fulfillment import decisions
from oms.fulfillment.facts import FulfillmentOrderLate, FulfillmentOrderRejected
from oms.fulfillment.sla import sla
from oms.kernel.policy import Policy

from tests.domain.fulfillment.floor import START, Floor, planned, released, types


@pytest.mark.parametrize("assignment", ["CLAIM", "REQUEST"])
def test_an_unanswered_site_rejects_by_silence(assignment: str) -> None:
    """FUL-04, FUL-104: after the hours of the policy, as CLAIM_TIMEOUT, counted as an attempt."""
    floor = released((1, 2), assignment=assignment)
    assert decisions.next_due(floor.part, floor.ctx) == START + timedelta(hours=24)
    floor.wait(hours=23, minutes=59)
    assert floor.state() == "AWAITING_ASSIGNMENT"
    floor.wait(minutes=1)
    assert (floor.state(), floor.fo().end_reason) == ("REJECTED", "CLAIM_TIMEOUT")
    fact = floor.facts[-1]
    assert isinstance(fact, FulfillmentOrderRejected)
    assert all(left.counts_attempt and left.keeps for left in fact.lines)
    assert decisions.next_due(floor.part, floor.ctx) is None


def test_a_claim_in_time_stands() -> None:
    """FUL-104: only silence counts."""
    floor = released((1, 2), site_type="STORE", policy=Policy(claim_timeout_hours=2))
    floor.assign("S1")
    floor.wait(hours=3)
    assert floor.state() == "AWAITING_PICK"


def test_nobody_is_asked_before_release() -> None:
    """FUL-104: the clock of the site starts with the release."""
    floor = Floor()
    floor.allocate(planned((1, 1), site_type="STORE"))
    floor.wait(days=9)
    assert (floor.state(), decisions.next_due(floor.part, floor.ctx)) == (
        "AWAITING_AUTHORIZATION",
        None,
    )


def test_late_work_of_a_store_is_taken_back() -> None:
    """FUL-112: reported, and rejected for the store, so that another site gets it."""
    floor = released((1, 2), site_type="STORE")
    floor.assign("S1")
    floor.wait(hours=72)
    assert types(tuple(floor.facts[-2:])) == ["late", "rejected"]
    left = floor.facts[-1]
    assert isinstance(left, FulfillmentOrderRejected)
    assert [(row.counts_attempt, row.stock, row.keeps) for row in left.lines] == [
        (True, "NONE", True)
    ]
    assert floor.state() == "REJECTED"


@pytest.mark.parametrize("store", [True, False])
def test_late_work_that_is_being_picked_or_in_a_warehouse_is_only_reported(store: bool) -> None:
    """FUL-112: once, whatever the tick does later."""
    floor = released((1, 2), site_type="STORE" if store else "WAREHOUSE")
    if store:
        floor.assign("S1")
        floor.pick()
    floor.wait(hours=72)
    floor.wait(hours=72)
    late = [fact for fact in floor.facts if isinstance(fact, FulfillmentOrderLate)]
    assert [fact.site for fact in late] == ["DC"]
    assert floor.state() == ("PICKING" if store else "AWAITING_PICK")


def test_shipped_work_is_never_late() -> None:
    """FUL-112."""
    floor = released((1, 1))
    floor.pick((1, 1))
    floor.pack((1, 1))
    floor.ship()
    count = len(floor.facts)
    floor.wait(days=13)
    assert len(floor.facts) == count


@pytest.mark.parametrize(
    ("minutes", "color"),
    [(0, "GREEN"), (22, "GREEN"), (22.5, "AMBER"), (30, "AMBER"), (30.1, "RED")],
)
def test_the_color_turns_amber_in_the_last_quarter(minutes: float, color: str) -> None:
    """FUL-07: 30 minutes to release; the last 7.5 are amber."""
    floor = Floor()
    floor.allocate(planned((1, 1)))
    found = sla(floor.fo(), START + timedelta(minutes=minutes), Policy())
    assert found is not None
    assert found.color == color
    assert found.due_at == START + timedelta(minutes=30)


def test_each_stage_has_its_own_time() -> None:
    """FUL-07: claim in 4 hours, ship within 24 hours of the claim; age and time in state."""
    floor = Floor()
    floor.allocate(planned((1, 1), site_type="STORE"))
    assert floor.fo().ship_by == START + timedelta(hours=28, minutes=30)
    floor.now += timedelta(minutes=10)
    floor.release()
    claim = sla(floor.fo(), floor.now + timedelta(hours=3), Policy())
    assert claim is not None
    assert claim.due_at == floor.now + timedelta(hours=4)
    assert (claim.age, claim.in_state) == (timedelta(hours=3, minutes=10), timedelta(hours=3))
    floor.now += timedelta(hours=1)
    floor.assign("S1")
    assigned = floor.now
    floor.now += timedelta(hours=2)
    floor.pick((1, 1))
    floor.now += timedelta(hours=1)
    floor.pack((1, 1))
    packed = sla(floor.fo(), floor.now + timedelta(minutes=5), Policy())
    assert packed is not None
    assert packed.due_at == assigned + timedelta(hours=24)
    assert packed.in_state == timedelta(minutes=5)
    floor.ship()
    assert sla(floor.fo(), floor.now, Policy()) is None


def test_a_promise_to_the_customer_is_kept_as_given() -> None:
    """FUL-07: promised ship-by."""
    floor = Floor()
    floor.allocate(planned((1, 1), ship_by=START + timedelta(hours=5)))
    assert floor.fo().ship_by == START + timedelta(hours=5)
