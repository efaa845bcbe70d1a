"""What may be done to an FO, and why not: FUL-05, FUL-10, ACT-02, ACT-03, FLG-02."""

from __future__ import annotations

from dataclasses import replace

import pytest
from oms.fulfillment.model import FulfillmentOrder
from oms.fulfillment.policy import ACTIONS, fo_refusals
from oms.fulfillment.states import STATES, fo_state
from oms.kernel.policy import ApprovalMode, Policy

from tests.domain.fulfillment.floor import START, Floor, planned, released


def codes(
    fo: FulfillmentOrder, action: str, suspended: bool = False, alerted: bool = False,
    blocked: frozenset[str] = frozenset(),
) -> list[str]:  # fmt: skip
    """The codes that refuse an action."""
    return [reason.code for reason in fo_refusals(fo, action, suspended, alerted, blocked)]


def stages() -> dict[str, FulfillmentOrder]:
    """An FO in every state."""
    found = {}
    floor = Floor(Policy(fulfillment_order_approval=ApprovalMode.MANUAL))
    floor.allocate(planned((1, 2)))
    found["AWAITING_APPROVAL"] = floor.fo()
    waiting = Floor()
    waiting.allocate(planned((1, 2)))
    found["AWAITING_AUTHORIZATION"] = waiting.fo()
    found["AWAITING_ASSIGNMENT"] = released((1, 2), site_type="STORE").fo()
    floor = released((1, 2), policy=Policy(fulfillment_order_filing=True))
    found["AWAITING_PICK"] = floor.fo()
    found["REJECTED"] = replace(floor.fo(), rejected_at=START)
    found["CANCELED"] = replace(floor.fo(), canceled_at=START)
    floor.pick((1, 1))
    found["PICKING"] = floor.fo()
    floor.pick((1, 1))
    floor.pack((1, 2))
    found["AWAITING_SHIPMENT"] = floor.fo()
    staged = released((1, 2), type="PICKUP")
    staged.pick((1, 2))
    staged.ready()
    found["READY_FOR_PICKUP"] = staged.fo()
    floor.ship()
    found["AWAITING_FILING"] = floor.fo()
    found["CLOSED"] = replace(floor.fo(), filed_at=START)
    return found


OPEN = {"suspend", "hold"}
FLOOR = OPEN | {"confirm", "print"}
ALLOWED = {
    "AWAITING_APPROVAL": {"approve"} | OPEN,
    "AWAITING_AUTHORIZATION": {"release"} | OPEN,
    "AWAITING_ASSIGNMENT": {"assign", "claim", "reject"} | FLOOR,
    "AWAITING_PICK": {"assign", "unassign", "reject", "pick", "short", "shipNotice"} | FLOOR,
    "PICKING": {"reject", "pick", "short", "unpick", "pack", "shipNotice", "requestCancellation"}
    | FLOOR,
    "AWAITING_SHIPMENT": {"unpack", "ship", "shipNotice", "requestCancellation"} | FLOOR,
    "READY_FOR_PICKUP": {"unpack", "arrive", "handOver", "extend", "requestCancellation"} | FLOOR,
    "AWAITING_FILING": {"file", "track", "print"},
    "CLOSED": {"track", "print"},
    "REJECTED": set(),
    "CANCELED": set(),
}


def test_every_state_allows_what_it_should() -> None:
    """FUL-05, STA-07: the whole table, state by action."""
    found = stages()
    assert set(found) == set(STATES)
    for state, fo in found.items():
        assert fo_state(fo) == state
        assert {action for action in ACTIONS if not codes(fo, action)} == ALLOWED[state], state


@pytest.mark.parametrize(
    ("state", "action", "code"),
    [
        ("AWAITING_APPROVAL", "pick", "APPROVAL_PENDING"),
        ("AWAITING_APPROVAL", "release", "APPROVAL_PENDING"),
        ("AWAITING_AUTHORIZATION", "pick", "NOT_COVERED"),
        ("AWAITING_AUTHORIZATION", "ship", "NOT_COVERED"),
        ("AWAITING_AUTHORIZATION", "approve", "STATE"),
        ("AWAITING_ASSIGNMENT", "pick", "STATE"),
        ("PICKING", "unassign", "PICKING_STARTED"),
        ("AWAITING_SHIPMENT", "reject", "PICKING_STARTED"),
        ("CLOSED", "ship", "ALREADY_SHIPPED"),
        ("CLOSED", "unpack", "ALREADY_SHIPPED"),
        ("CANCELED", "ship", "STATE"),
    ],
)
def test_refusals_are_plain(state: str, action: str, code: str) -> None:
    """FUL-10, ACT-03: payment not covered, approval pending, too late."""
    assert codes(stages()[state], action) == [code]


def test_an_action_needs_something_to_act_on() -> None:
    """ACT-02: what is listed as allowed is not refused afterwards."""
    floor = released((1, 1))
    floor.pick()
    assert codes(floor.fo(), "pack") == ["STATE"]
    assert codes(floor.fo(), "ship") == ["STATE"]
    assert codes(floor.fo(), "unpack") == ["STATE"]
    floor.pick((1, 1))
    assert codes(floor.fo(), "short") == ["STATE"]
    assert codes(floor.fo(), "reject") == ["STATE"]
    assert codes(floor.fo(), "pick") == ["STATE"]
    assert codes(floor.fo(), "pack") == []


@pytest.mark.parametrize(
    ("action", "state", "stopped"),
    [
        ("approve", "AWAITING_APPROVAL", True),
        ("release", "AWAITING_AUTHORIZATION", True),
        ("assign", "AWAITING_ASSIGNMENT", True),
        ("pick", "AWAITING_PICK", True),
        ("pack", "PICKING", True),
        ("ship", "AWAITING_SHIPMENT", True),
        ("file", "AWAITING_FILING", True),
        ("unassign", "AWAITING_PICK", False),
        ("reject", "AWAITING_PICK", False),
        ("short", "PICKING", False),
        ("unpick", "PICKING", False),
        ("unpack", "AWAITING_SHIPMENT", False),
    ],
)
def test_a_stopped_order_goes_nowhere_but_back(action: str, state: str, stopped: bool) -> None:
    """FUL-10, FLG-02: suspension and alert stop what moves on, not what gives back."""
    fo = stages()[state]
    assert codes(fo, action, suspended=True) == (["SUSPENDED"] if stopped else [])
    assert codes(fo, action, alerted=True) == (["ALERTED"] if stopped else [])
    assert codes(replace(fo, suspended=True), action) == (["SUSPENDED"] if stopped else [])


@pytest.mark.parametrize(
    ("action", "state", "transaction"),
    [
        ("approve", "AWAITING_APPROVAL", "RELEASE"),
        ("release", "AWAITING_AUTHORIZATION", "RELEASE"),
        ("pick", "AWAITING_PICK", "PICK"),
        ("pack", "PICKING", "PICK"),
        ("ship", "AWAITING_SHIPMENT", "SHIP"),
    ],
)
def test_a_hold_stops_its_transaction_by_name(action: str, state: str, transaction: str) -> None:
    """FUL-10: the refusal names the hold; other holds do not matter."""
    fo = stages()[state]
    assert codes(fo, action, blocked=frozenset({transaction})) == ["HELD"]
    assert codes(fo, action, blocked=frozenset({"CAPTURE"})) == []
    named = {transaction: "FRAUD"}
    (reason,) = fo_refusals(fo, action, False, False, frozenset(named), named)
    assert (reason.message, reason.ref) == (f"hold FRAUD blocks {transaction}", "FRAUD")


def test_every_reason_is_told() -> None:
    """FUL-10, ACT-03: not only the first."""
    fo = stages()["AWAITING_AUTHORIZATION"]
    found = codes(fo, "ship", suspended=True, alerted=True, blocked=frozenset({"SHIP"}))
    assert found == ["NOT_COVERED", "SUSPENDED", "ALERTED", "HELD"]
