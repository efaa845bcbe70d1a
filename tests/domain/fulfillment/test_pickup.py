"""Pickup: staged, told, handed over with proof, or never collected.

Cites PKP-01 to PKP-04, FUL-07, FUL-108, FUL-109, FUL-111, LIN-111, STA-07, ACC-106.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from oms.fulfillment import commands, decisions
from oms.fulfillment.facts import (
    FulfillmentOrderCanceled,
    HandedOver,
    PickupNotice,
    ReadyForPickup,
    ShipmentCreated,
    ShipmentDelivered,
)
from oms.fulfillment.sla import sla
from oms.kernel.errors import Refused
from oms.kernel.policy import Policy

from tests.domain.fulfillment.floor import START, Floor, one, released, types


def staged(*lines: tuple[int, int]) -> Floor:
    """A floor whose FO waits for the customer."""
    rows = lines or ((1, 2),)
    floor = released(*rows, type="PICKUP", site_type="STORE", site="S1")
    floor.assign("S1")
    floor.pick(*rows)
    floor.ready(bin="A-7")
    floor.facts.clear()
    return floor


def notices(floor: Floor) -> list[tuple[str, int]]:
    return [(f.notice, f.day) for f in floor.facts if isinstance(f, PickupNotice)]


def test_ready_packs_what_is_loose_and_tells_the_customer() -> None:
    """PKP-01, FUL-108: picked and staged, then READY_FOR_PICKUP, notified, timer started."""
    floor = released((1, 2), type="PICKUP")
    floor.pick((1, 1))
    with pytest.raises(Refused):
        floor.ready()
    floor.pick((1, 1))
    told = floor.ready(bin="A-7")
    assert types(told) == ["units_packed", "packed", "ready_for_pickup", "pickup.notified"]
    assert one(told, ReadyForPickup).hold_until == "2026-03-09T09:00:00.000Z"
    assert floor.state() == "READY_FOR_PICKUP"
    pickup = floor.fo().pickup
    assert pickup is not None
    assert (pickup.bin, pickup.ready_at, pickup.notified_at) == ("A-7", START, START)
    time = sla(floor.fo(), START + timedelta(days=6), Policy())
    assert time is not None
    assert (time.color, time.due_at) == ("AMBER", START + timedelta(days=7))


def test_only_what_is_collected_gets_ready() -> None:
    """FUL-108: PICKUP type; and it is handed over, not shipped."""
    floor = released((1, 1))
    floor.pick((1, 1))
    with pytest.raises(Refused):
        floor.ready()
    collected = released((1, 1), type="PICKUP")
    collected.pick((1, 1))
    collected.pack((1, 1))
    with pytest.raises(Refused):
        collected.ship()


def test_unpacking_takes_it_back_from_the_counter() -> None:
    """PCK-09, STA-07: the state follows the units; staged again it keeps code and time."""
    floor = staged()
    floor.unpack()
    assert floor.state() == "PICKING"
    assert decisions.next_due(floor.part, floor.ctx) == START + timedelta(hours=72)
    floor.now += timedelta(days=1)
    floor.ready(code="999999")
    pickup = floor.fo().pickup
    assert pickup is not None
    assert (pickup.code, pickup.hold_until) == ("123456", START + timedelta(days=7))


@pytest.mark.parametrize(
    ("proof", "kind"),
    [
        ({"code": "123456"}, "CODE"),
        ({"order_number": "T100", "id_checked": True}, "ID"),
        ({"person": " bo berg", "id_checked": True}, "PERSON"),
    ],
)
def test_hand_over_ships_and_delivers_together(proof: dict[str, Any], kind: str) -> None:
    """PKP-02, LIN-111: one write; the shipment posts invoice and capture as any other."""
    floor = staged()
    told = floor.hand_over(**proof, signature="A. A.")
    assert types(told) == [
        "shipment.created", "pickup.handed_over", "shipment.delivered", "fulfilled", "closed",
    ]  # fmt: skip
    shipped, delivered = one(told, ShipmentCreated), one(told, ShipmentDelivered)
    assert (shipped.carrier, shipped.notify) == ("PICKUP", False)
    assert [u.quantity for u in shipped.units] == [u.quantity for u in delivered.units] == [2]
    assert one(told, HandedOver).proof == kind
    assert floor.state() == "CLOSED"
    count = len(floor.facts)
    floor.wait(days=40)
    assert len(floor.facts) == count


@pytest.mark.parametrize(
    ("proof", "code"),
    [
        ({"code": "000000"}, "WRONG_PICKUP_CODE"),
        ({"code": "000000", "order_number": "T100", "id_checked": True}, "WRONG_PICKUP_CODE"),
        ({"order_number": "T100"}, "PROOF_REQUIRED"),
        ({"person": "Bo Berg"}, "PROOF_REQUIRED"),
        ({"order_number": "T999", "id_checked": True}, "WRONG_PERSON"),
        ({"person": "Mallory", "id_checked": True}, "WRONG_PERSON"),
        ({"id_checked": True}, "WRONG_PERSON"),
    ],
)
def test_nobody_takes_it_without_proof(proof: dict[str, Any], code: str) -> None:
    """PKP-02."""
    floor = staged()
    with pytest.raises(Refused) as refusal:
        floor.hand_over(**proof)
    assert refusal.value.code == code
    assert floor.state() == "READY_FOR_PICKUP"


def test_what_is_not_wanted_is_canceled_at_the_counter() -> None:
    """PKP-04."""
    floor = staged((1, 3), (2, 1))
    told = floor.hand_over((1, 2))
    gone = one(told, FulfillmentOrderCanceled)
    assert ({u.line_no: u.quantity for u in gone.units}, gone.partial) == ({1: 1, 2: 1}, True)
    assert (gone.recalled, gone.reason) == (False, "CUSTOMER")
    assert {u.line_no: u.quantity for u in one(told, ShipmentCreated).units} == {1: 2}
    assert floor.state() == "CLOSED"
    other = staged((1, 1))
    with pytest.raises(Refused) as refusal:
        other.hand_over((1, 2))
    assert refusal.value.code == "QUANTITY_EXCEEDED"


def test_reminders_then_no_show() -> None:
    """PKP-03, ACC-106: told after 2 and 5 days, given up after 7, each once."""
    floor = staged()
    assert decisions.next_due(floor.part, floor.ctx) == START + timedelta(days=2)
    floor.wait(days=2)
    floor.wait(hours=1)
    assert notices(floor) == [("REMINDER", 2)]
    floor.wait(days=3)
    assert notices(floor)[1:] == [("REMINDER", 5)]
    assert decisions.next_due(floor.part, floor.ctx) == START + timedelta(days=7)
    floor.wait(days=2)
    assert (floor.state(), floor.fo().end_reason) == ("CANCELED", "PICKUP_NO_SHOW")
    assert types(tuple(floor.facts))[2:] == [
        "units_unpacked", "units_unpicked", "canceled", "pickup.notified",
    ]  # fmt: skip
    assert notices(floor)[2:] == [("NO_SHOW", 0)]
    floor.wait(days=9)
    assert len(notices(floor)) == 3


def test_a_late_clock_makes_up_for_reminders() -> None:
    """PKP-03: two that are due come one after the other."""
    floor = staged()
    floor.wait(days=6)
    assert notices(floor) == [("REMINDER", 2), ("REMINDER", 5)]


def test_the_time_is_extended_once() -> None:
    """PKP-03."""
    floor = staged()
    command = commands.ExtendPickup(floor.fo().id)
    floor.do("extend", command, decisions.extend)
    with pytest.raises(Refused):
        floor.do("extend", command, decisions.extend)
    floor.wait(days=13)
    assert floor.state() == "READY_FOR_PICKUP"
    floor.hand_over()
    assert floor.state() == "CLOSED"


def test_the_customer_outside_is_seen() -> None:
    """PKP-01: arrival with place and vehicle, which no fact repeats."""
    floor = staged()
    command = commands.Arrive(floor.fo().id, "bay 3", "red van")
    (fact,) = floor.do("arrive", command, decisions.arrive)
    pickup = floor.fo().pickup
    assert pickup is not None
    assert (pickup.place, pickup.vehicle, pickup.arrived_at) == ("bay 3", "red van", floor.now)
    assert "bay" not in repr(fact)
    assert "van" not in repr(fact)


def test_a_waiting_customer_is_no_late_work() -> None:
    """FUL-112: what waits for the customer is not late."""
    floor = staged()
    floor.wait(hours=80)
    assert floor.fo().late_at is None
