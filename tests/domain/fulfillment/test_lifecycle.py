"""The way of an FO to its end: FUL-01, FUL-03, FUL-100 to FUL-110, STA-07, SRC-07."""

from __future__ import annotations

from dataclasses import replace

import pytest
from oms.fulfillment import commands, decisions
from oms.fulfillment.facts import (
    FulfillmentOrderAssigned,
    FulfillmentOrderCreated,
    LinesWaiting,
    ShipmentCreated,
    UnitsPacked,
    UnitsUnpacked,
    UnitsUnpicked,
)
from oms.fulfillment.states import STATES, fo_state
from oms.kernel.errors import Malformed, Refused
from oms.kernel.facts import Units
from oms.kernel.policy import ApprovalMode, Policy

from tests.domain.fulfillment.floor import Floor, one, planned, released, types


def test_a_plan_becomes_fulfillment_orders() -> None:
    """FUL-100, FUL-01, SRC-07: one FO per site, all in one step, units by reservation."""
    floor = Floor()
    told = floor.allocate(
        planned((1, 2), (2, 1)), planned((1, 1), site="S1", site_type="STORE"),
        waits=((3, "NO_STOCK"),),
    )  # fmt: skip
    first, second = (fact for fact in told if isinstance(fact, FulfillmentOrderCreated))
    assert (first.number, first.site, second.number, second.site) == (
        "T100-F1", "DC", "T100-F2", "S1",
    )  # fmt: skip
    assert first.units == (Units(1, "item1", 2, "r1", "main"), Units(2, "item2", 1, "r2", "main"))
    assert first.decision_id == "dec_1"
    assert one(told, LinesWaiting).lines == ((3, "NO_STOCK"),)
    assert first.record_id != second.record_id
    assert [fo.assignment for fo in floor.part.orders] == ["AUTO", "CLAIM"]


def test_a_decision_is_carried_out_once() -> None:
    """SRC-07, FUL-01: the same plan again makes no second FO for the same units."""
    floor = Floor()
    floor.allocate(planned((1, 2)))
    assert floor.allocate(planned((1, 2))) == ()
    assert len(floor.part.orders) == 1
    floor.allocate(planned((1, 2)), decision="dec_2")
    assert len({fo.id for fo in floor.part.orders}) == 2


def test_the_whole_way() -> None:
    """FUL-100 to FUL-110, STA-07: every state in turn, every fact once."""
    floor = Floor(
        Policy(fulfillment_order_approval=ApprovalMode.MANUAL, fulfillment_order_filing=True)
    )
    floor.allocate(planned((1, 2), site="S1", site_type="STORE"))
    seen = [floor.state()]
    fo_id = floor.fo().id
    floor.do("approve", commands.ApproveFulfillment(fo_id), decisions.approve)
    seen.append(floor.state())
    floor.release()
    seen.append(floor.state())
    floor.assign("ana")
    seen.append(floor.state())
    floor.pick((1, 2))
    seen.append(floor.state())
    floor.pack((1, 2))
    seen.append(floor.state())
    floor.ship()
    seen.append(floor.state())
    floor.do("file", commands.FileFulfillment(fo_id), decisions.file)
    seen.append(floor.state())
    assert seen == [
        "AWAITING_APPROVAL", "AWAITING_AUTHORIZATION", "AWAITING_ASSIGNMENT", "AWAITING_PICK",
        "PICKING", "AWAITING_SHIPMENT", "AWAITING_FILING", "CLOSED",
    ]  # fmt: skip
    assert types(tuple(floor.facts)) == [
        "created", "approved", "released", "assigned", "picking", "units_picked", "units_packed",
        "packed", "shipment.created", "fulfilled", "closed",
    ]  # fmt: skip
    assert set(seen) <= set(STATES)


def test_release_waits_for_money_and_approval() -> None:
    """FUL-101, FUL-102: `release_ready` names what only waits for its coverage."""
    floor = Floor(Policy(fulfillment_order_approval=ApprovalMode.JOB))
    floor.allocate(planned((1, 1)))
    assert decisions.release_ready(floor.part, floor.ctx) == ()
    floor.do("approve", commands.ApproveFulfillment(floor.fo().id), decisions.approve)
    assert decisions.release_ready(floor.part, floor.ctx) == (floor.fo(),)
    floor.release()
    assert decisions.release_ready(floor.part, floor.ctx) == ()


def test_a_warehouse_has_its_worker_at_once_and_a_store_claims() -> None:
    """FUL-03, FUL-103."""
    assert released((1, 1)).fo().assignee == "AUTO"
    floor = released((1, 1), site_type="STORE")
    assert floor.state() == "AWAITING_ASSIGNMENT"
    assert one(floor.assign("S1"), FulfillmentOrderAssigned).assignee == "S1"
    assert (floor.state(), floor.fo().assigned_at) == ("AWAITING_PICK", floor.now)
    assert floor.assign("S1") == ()
    floor.unassign()
    assert floor.state() == "AWAITING_ASSIGNMENT"


def test_filing_off_closes_at_once() -> None:
    """FUL-109, FUL-110."""
    floor = released((1, 1))
    floor.pick((1, 1))
    floor.pack((1, 1))
    assert types(floor.ship()) == ["shipment.created", "fulfilled", "closed"]
    assert floor.state() == "CLOSED"


def test_picking_starts_without_units_and_only_once() -> None:
    """FUL-105, PCK-03."""
    floor = released((1, 2))
    assert types(floor.pick()) == ["picking"]
    assert types(floor.pick((1, 1))) == ["units_picked"]
    with pytest.raises(Refused, match="QUANTITY_EXCEEDED: 1 of 2 units of line 1"):
        floor.pick((1, 2))
    for nothing in ((1, 0), (9, 1)):
        with pytest.raises(Refused, match="QUANTITY_EXCEEDED"):
            floor.pick(nothing)


def test_only_picked_units_are_packed() -> None:
    """PCK-05, FUL-106: packed exactly when nothing is left to pack."""
    floor = released((1, 2), (2, 1))
    floor.pick((1, 2))
    with pytest.raises(Refused, match="QUANTITY_EXCEEDED"):
        floor.pack((2, 1))
    assert types(floor.pack((1, 2))) == ["units_packed"]
    assert floor.state() == "PICKING"
    floor.pick((2, 1))
    assert types(floor.pack((2, 1))) == ["units_packed", "packed"]
    assert [package.contents[0].line_no for package in floor.fo().packages] == [1, 2]


def test_an_empty_package_is_refused() -> None:
    """PCK-05."""
    floor = released((1, 1))
    floor.pick((1, 1))
    with pytest.raises(Malformed, match="EMPTY_PACKAGE"):
        floor.pack()
    with pytest.raises(Malformed, match="NO_PACKAGE"):
        floor.do("pack", commands.Pack(floor.fo().id, ()), decisions.pack)


def test_packages_open_until_they_leave() -> None:
    """PCK-09: unpack and unpick until the shipment is recorded, never after."""
    floor = released((1, 3))
    floor.pick((1, 3))
    floor.pack((1, 2))
    floor.pack((1, 1))
    assert floor.state() == "AWAITING_SHIPMENT"
    told = one(floor.unpack(0), UnitsUnpacked)
    assert told.units == (Units(1, "item1", 2, "r1", "main"),)
    assert floor.state() == "PICKING"
    back = one(floor.unpick((1, 2)), UnitsUnpicked)
    assert back.units == told.units
    floor.ship()
    with pytest.raises(Refused, match="STATE"):
        floor.unpack(0)
    with pytest.raises(Refused, match="STATE"):
        floor.unpick((1, 1))


def test_package_ids_never_come_twice() -> None:
    """PCK-09: opening a package does not free its id for another."""
    floor = released((1, 3))
    floor.pick((1, 3))
    ids = [one(floor.pack((1, 1)), UnitsPacked).package_id for _ in range(2)]
    floor.unpack(0)
    ids.append(one(floor.pack((1, 1)), UnitsPacked).package_id)
    assert len(set(ids)) == 3


def test_a_shipment_takes_what_is_in_the_packages() -> None:
    """SHP-01, SHP-02: package by package, tracking numbers, units by reservation."""
    floor = released((1, 2), (2, 1))
    floor.pick((1, 2), (2, 1))
    floor.pack((1, 1))
    floor.pack((1, 1), (2, 1))
    first, second = (package.id for package in floor.fo().packages)
    told = one(
        floor.ship(0, tracking=(commands.Tracking(first, "1Z1"),), service="AIR"), ShipmentCreated
    )
    assert told.tracking_numbers == ("1Z1",)
    assert told.units == (Units(1, "item1", 1, "r1", "main"),)
    assert floor.state() == "AWAITING_SHIPMENT"
    rest = floor.ship()
    assert {u.line_no: u.quantity for u in one(rest, ShipmentCreated).units} == {1: 1, 2: 1}
    assert floor.state() == "CLOSED"
    shipments = floor.fo().shipments
    assert [row.package_ids for row in shipments] == [(first,), (second,)]
    assert (shipments[0].carrier, shipments[0].service) == ("UPS", "AIR")
    assert len({row.id for row in shipments}) == 2


def test_nothing_ships_twice() -> None:
    """SHP-01: a package that left is not there any more."""
    floor = released((1, 2))
    floor.pick((1, 2))
    floor.pack((1, 1))
    floor.ship()
    with pytest.raises(Refused, match="STATE"):
        floor.ship()
    floor.pack((1, 1))
    with pytest.raises(Refused, match="STATE"):
        floor.ship(0)
    with pytest.raises(Refused, match="STATE"):
        floor.ship(tracking=(commands.Tracking(floor.fo().packages[0].id, "late"),))


def test_a_line_with_two_reservations_ships_each_under_its_own() -> None:
    """SHP-01, LIN-06: reservations are consumed by id, first row first."""
    rows = tuple(
        commands.PlannedLine(1, "item1", "SKU1", quantity, reservation, "main")
        for reservation, quantity in (("ra", 2), ("rb", 1))
    )
    floor = Floor()
    floor.allocate(replace(planned(), lines=rows))
    floor.release()
    floor.pick((1, 3))
    floor.pack((1, 3))
    told = one(floor.ship(), ShipmentCreated)
    assert [(u.reservation_id, u.quantity) for u in told.units] == [("ra", 2), ("rb", 1)]


def test_shipped_units_of_one_reservation_are_told_as_one() -> None:
    """SHP-01: one row per reservation, however many packages."""
    floor = released((1, 2))
    floor.pick((1, 2))
    floor.pack((1, 1))
    floor.pack((1, 1))
    assert one(floor.ship(), ShipmentCreated).units == (Units(1, "item1", 2, "r1", "main"),)


def test_state_is_computed_from_facts_first_match() -> None:
    """STA-07: the end wins over everything before it."""
    floor = released((1, 1))
    fo = replace(floor.fo(), canceled_at=floor.now)
    assert fo_state(fo) == "CANCELED"
    assert fo_state(replace(floor.fo(), rejected_at=floor.now)) == "REJECTED"
    assert fo_state(replace(floor.fo(), needs_approval=True)) == "AWAITING_APPROVAL"
