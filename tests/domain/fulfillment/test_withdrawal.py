"""Cancellation of what the floor has begun on.

Cites CAN-03 to CAN-05, LIN-106, FUL-111, ACC-105.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from oms.fulfillment import decisions
from oms.fulfillment.facts import (
    CancellationAnswered,
    CancellationAsked,
    FulfillmentOrderCanceled,
)
from oms.fulfillment.withdrawal import open_requests
from oms.kernel.errors import Malformed, Refused
from oms.kernel.policy import Execution, Policy, Silence

from tests.domain.fulfillment.floor import START, Floor, one, planned, released, types


def picking(*lines: tuple[int, int], **values: object) -> Floor:
    """A floor in PICKING with the first line's units packed and others on the cart."""
    policy = values.pop("policy", None)
    floor = released(*lines, policy=policy, **values)  # type: ignore[arg-type]
    if floor.state() == "AWAITING_ASSIGNMENT":
        floor.assign("S1")
    floor.pick(*lines)
    floor.pack(lines[0])
    floor.facts.clear()
    return floor


def test_units_on_the_floor_are_asked_for() -> None:
    """CAN-04: nothing leaves before the answer."""
    floor = picking((1, 2), (2, 1))
    told = floor.cancel(1, 1)
    asked = one(told, CancellationAsked)
    assert (asked.record_id, asked.site) == (floor.fo().id, "DC")
    assert [u.quantity for u in asked.units] == [1]
    assert asked.due == "2026-03-02T10:00:00.000Z"
    assert floor.fo().lines[0].quantity == 2
    (request,) = open_requests(floor.fo())
    assert (request.id, request.due) == (asked.request_id, START + timedelta(minutes=60))


def test_what_nobody_picks_leaves_at_once() -> None:
    """CAN-03, CAN-04: free units first, only the rest is asked for."""
    floor = picking((1, 2))
    floor.allocate(planned((1, 2), site="S2"), decision="dec_2")
    floor.facts.clear()
    told = floor.cancel(1, 3)
    assert one(told, FulfillmentOrderCanceled).units[0].quantity == 2
    assert one(told, CancellationAsked).units[0].quantity == 1
    assert floor.state(2) == "CANCELED"


def test_units_are_asked_for_once() -> None:
    """CAN-04: a second request cannot take what the first one wants."""
    floor = picking((1, 2))
    floor.cancel(1, 2)
    with pytest.raises(Refused) as refusal:
        floor.cancel(1, 1)
    assert refusal.value.code == "PICKING_STARTED"
    assert len(open_requests(floor.fo())) == 1


def test_nobody_is_asked_where_all_must_go() -> None:
    """ORD-118: a void order does not wait for answers."""
    floor = picking((1, 2))
    with pytest.raises(Refused) as refusal:
        floor.cancel(1, 2, ask=False)
    assert refusal.value.code == "PICKING_STARTED"


def test_accept_takes_units_out_and_cancels_them() -> None:
    """CAN-04, LIN-106: out of the package, off the cart, off the order; the rest goes on."""
    floor = picking((1, 2), (2, 1))
    floor.cancel(1, 1)
    told = floor.answer(True)
    assert types(told) == ["units_unpacked", "units_unpicked", "canceled", "cancel_answered"]
    assert one(told, FulfillmentOrderCanceled).units[0].quantity == 1
    assert one(told, CancellationAnswered).answer == "ACCEPT"
    assert (floor.fo().lines[0].quantity, floor.fo().lines[0].picked) == (1, 1)
    assert floor.state() == "PICKING"
    with pytest.raises(Refused):
        floor.answer(True)


def test_accepting_all_ends_the_fo() -> None:
    """FUL-111: request accepted while picking."""
    floor = picking((1, 2))
    floor.cancel(1, 2)
    told = floor.answer(True)
    assert one(told, FulfillmentOrderCanceled).partial is False
    assert (floor.state(), floor.fo().end_reason) == ("CANCELED", "CUSTOMER")


def test_what_remains_may_be_complete() -> None:
    """FUL-106: canceling the loose unit leaves an FO that is packed."""
    floor = picking((1, 2), (2, 1))
    floor.cancel(2, 1)
    assert types(floor.answer(True))[-1] == "packed"
    assert floor.state() == "AWAITING_SHIPMENT"


def test_deny_says_why_and_changes_no_unit() -> None:
    """CAN-04."""
    floor = picking((1, 2))
    floor.cancel(1, 1)
    lines = floor.fo().lines
    with pytest.raises(Malformed):
        floor.answer(False, reason=" ")
    fact = one(floor.answer(False), CancellationAnswered)
    assert (fact.answer, fact.reason, fact.timed_out) == ("DENY", "LOADED", False)
    assert (floor.fo().lines, floor.state()) == (lines, "AWAITING_SHIPMENT")
    floor.ship()


def test_units_lost_meanwhile_need_no_canceling() -> None:
    """CAN-04: a short pick goes on while the request waits."""
    floor = released((1, 2))
    floor.pick((1, 1))
    floor.cancel(1, 2)
    floor.short("NOT_FOUND", (1, 1))
    told = floor.answer(True)
    assert one(told, FulfillmentOrderCanceled).units[0].quantity == 1
    assert floor.state() == "CANCELED"


@pytest.mark.parametrize(
    ("external", "chosen", "minutes", "answer"),
    [
        (False, None, 60, "ACCEPT"),
        (True, None, 24 * 60, "DENY"),
        (False, Silence.DENY, 60, "DENY"),
        (True, Silence.ACCEPT, 24 * 60, "ACCEPT"),
    ],
)
def test_silence_is_an_answer(
    external: bool, chosen: Silence | None, minutes: int, answer: str
) -> None:
    """CAN-05: an hour for own sites, a day for others; ACCEPT for own, DENY for others."""
    execution = Execution.FULFILLER if external else Execution.CONSOLE
    floor = picking((1, 2), execution=execution, policy=Policy(cancel_answer_default=chosen))
    floor.cancel(1, 2)
    assert decisions.next_due(floor.part, floor.ctx) == START + timedelta(minutes=minutes)
    floor.wait(minutes=minutes - 1)
    assert len(open_requests(floor.fo())) == 1
    floor.wait(minutes=1)
    fact = one(tuple(floor.facts), CancellationAnswered)
    assert (fact.answer, fact.timed_out) == (answer, True)
    assert floor.state() == ("CANCELED" if answer == "ACCEPT" else "AWAITING_SHIPMENT")


def test_the_time_to_answer_is_a_setting() -> None:
    """CAN-05: `fulfillment.cancelAnswerMinutes`, also of a site."""
    floor = picking((1, 1), policy=Policy(sites={"DC": {"cancel_answer_minutes": 5}}))
    floor.cancel(1, 1)
    assert open_requests(floor.fo())[0].due == START + timedelta(minutes=5)
