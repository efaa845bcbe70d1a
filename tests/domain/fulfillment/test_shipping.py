"""Shipments, ship notices, warehouse reports and tracking.

Cites SHP-01, SHP-02, SHP-06, SHP-08, PCK-03, PCK-05, FUL-11, LIN-111, ENT-23, ACC-104.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from oms.fulfillment import commands, decisions
from oms.fulfillment.commands import CarrierEvent
from oms.fulfillment.facts import (
    DeliveryFailed,
    ShipmentCreated,
    ShipmentDelivered,
    ShipmentTracked,
)
from oms.fulfillment.model import PackedUnits
from oms.fulfillment.tracking import STATUSES, WORDS, normalized
from oms.kernel.errors import Malformed, Refused

from tests.domain.fulfillment.floor import START, Floor, one, released, types, units


def event(name: str, status: str, hours: int) -> CarrierEvent:
    return CarrierEvent(name, status, START + timedelta(hours=hours))


def sent(*lines: tuple[int, int]) -> Floor:
    """A floor whose FO left in one parcel."""
    rows = lines or ((1, 2),)
    floor = released(*rows)
    floor.pick(*rows)
    floor.pack(*rows)
    floor.ship()
    floor.facts.clear()
    return floor


def test_a_parcel_and_its_shipment_tell_everything() -> None:
    """SHP-01, PCK-05, ENT-23: box, weight, dimensions, carrier, service, tracking, cost, dates."""
    floor = released((1, 1))
    floor.pick((1, 1))
    package = commands.NewPackage(
        units((1, 1)), "M", 800, "1Z9", (300, 200, 100), "https://track.example/1Z9"
    )
    floor.do("pack", commands.Pack(floor.fo().id, (package,)), decisions.pack)
    floor.ship(service="GROUND", cost=790, ship_date="2026-03-02")
    parcel, shipment = floor.fo().packages[0], floor.fo().shipments[0]
    assert (parcel.box, parcel.weight_grams, parcel.dimensions) == ("M", 800, (300, 200, 100))
    assert (parcel.tracking_number, parcel.tracking_url) == ("1Z9", "https://track.example/1Z9")
    assert (shipment.carrier, shipment.service, shipment.cost) == ("UPS", "GROUND", 790)
    assert (shipment.at, shipment.ship_date, shipment.tracking_numbers) == (
        START, "2026-03-02", ("1Z9",),
    )  # fmt: skip


def test_a_scan_picks_what_is_wanted_and_nothing_else() -> None:
    """PCK-03: a wrong scan is refused with its text, and changes nothing."""
    floor = released((1, 2), (2, 1))
    fo_id = floor.fo().id

    def scan(sku: str, quantity: int = 1) -> None:
        command = commands.Pick(fo_id, scans=(commands.Scan(sku, quantity),))
        floor.do("pick", command, decisions.pick)

    scan("SKU1")
    assert [row.picked for row in floor.fo().lines] == [1, 0]
    before = floor.part
    for sku, quantity in (("SKU9", 1), ("SKU1", 2)):
        with pytest.raises(Refused) as refusal:
            scan(sku, quantity)
        assert refusal.value.code == "WRONG_SCAN"
        assert sku in refusal.value.detail
    assert floor.part == before


@pytest.mark.parametrize("stage", ["AWAITING_PICK", "PICKING", "AWAITING_SHIPMENT"])
def test_a_notice_ships_all_that_remains(stage: str) -> None:
    """SHP-08, ACC-104: from any state of the floor, in one write."""
    floor = released((1, 2), (2, 1))
    if stage != "AWAITING_PICK":
        floor.pick((1, 2))
        floor.pack((1, 2))
    if stage == "AWAITING_SHIPMENT":
        floor.pick((2, 1))
        floor.pack((2, 1))
    assert floor.state() == stage
    told = floor.notice((1, 2), (2, 1), tracking_numbers=("1Z9",), notify=False)
    left = one(told, ShipmentCreated)
    assert ({u.line_no: u.quantity for u in left.units}, left.notify) == ({1: 2, 2: 1}, False)
    assert types(told)[-2:] == ["fulfilled", "closed"]
    assert floor.state() == "CLOSED"


@pytest.mark.parametrize("lines", [((1, 1), (2, 1)), ((1, 2),), ((1, 3), (2, 1)), ((3, 1),)])
def test_a_notice_must_account_for_each_unit(lines: tuple[tuple[int, int], ...]) -> None:
    """SHP-08, ACC-104: it cannot short-ship; nothing is shipped."""
    floor = released((1, 2), (2, 1))
    before = floor.part
    with pytest.raises(Refused) as refusal:
        floor.notice(*lines)
    assert refusal.value.code == "ASN_QUANTITY_MISMATCH"
    assert floor.part == before


def test_a_notice_may_say_what_is_short() -> None:
    """SHP-08: `shortLines` leave with their reason, the rest ships."""
    floor = released((1, 2), (2, 1))
    missing = (commands.RejectedLine(1, 1, "NOT_FOUND"),)
    told = floor.notice((1, 1), (2, 1), short_lines=missing)
    assert types(told)[0] == "short_picked"
    assert {u.line_no: u.quantity for u in one(told, ShipmentCreated).units} == {1: 1, 2: 1}
    assert floor.state() == "CLOSED"


def test_packages_leave_one_by_one() -> None:
    """SHP-02: fulfilled when nothing is left; a notice ships the rest."""
    floor = released((1, 2))
    floor.pick((1, 2))
    floor.pack((1, 1))
    floor.ship()
    assert floor.state() == "PICKING"
    floor.notice((1, 1))
    assert (floor.state(), len(floor.fo().shipments)) == ("CLOSED", 2)


def test_reports_in_order_bring_the_work_on() -> None:
    """FUL-11: accepted, picking, short, packed, shipped."""
    floor = released((1, 2), site_type="STORE")
    floor.confirm(1, "ACCEPTED")
    assert (floor.state(), floor.fo().assignee) == ("AWAITING_PICK", "wms")
    floor.confirm(2, "PICKING")
    floor.confirm(3, "SHORT", lines=(commands.RejectedLine(1, 1, "NOT_FOUND"),))
    assert floor.fo().lines[0].quantity == 1
    floor.confirm(4, "PACKED", tracking_numbers=("1Z9",))
    assert floor.state() == "AWAITING_SHIPMENT"
    floor.confirm(5, "SHIPPED", carrier="UPS")
    assert (floor.state(), floor.fo().packages[0].tracking_number) == ("CLOSED", "1Z9")


def test_a_report_counts_once() -> None:
    """FUL-11: known by its message id, whatever version it comes with."""
    floor = released((1, 3))
    missing = (commands.RejectedLine(1, 1, "NOT_FOUND"),)
    floor.confirm(1, "SHORT", "m1", lines=missing)
    assert floor.confirm(1, "SHORT", "m1", lines=missing) == ()
    assert floor.confirm(2, "SHORT", "m1", lines=missing) == ()
    assert floor.fo().lines[0].quantity == 2


def test_a_report_that_overtook_others_does_their_part() -> None:
    """FUL-11: out of order, by FO version; those that come late change nothing."""
    floor = released((1, 2), site_type="STORE")
    told = floor.confirm(4, "SHIPPED", carrier="UPS")
    assert types(told) == [
        "assigned", "picking", "units_picked", "units_packed", "shipment.created", "fulfilled",
        "closed",
    ]  # fmt: skip
    before = floor.part
    for version, status in ((3, "PACKED"), (2, "PICKING"), (1, "ACCEPTED"), (9, "PICKING")):
        assert floor.confirm(version, status) == ()
    assert floor.part == before


def test_a_warehouse_gives_work_back() -> None:
    """FUL-11 canceled: the same as a rejection, with its reason."""
    floor = released((1, 2))
    told = floor.confirm(1, "CANCELED", reason="TOO_BUSY")
    assert types(told) == ["rejected"]
    assert (floor.state(), floor.fo().end_reason) == ("REJECTED", "TOO_BUSY")
    other = released((1, 2))
    with pytest.raises(Malformed):
        other.confirm(1, "CANCELED")
    with pytest.raises(Malformed):
        other.confirm(1, "BEAMED")


def test_carriers_words_become_ours() -> None:
    """SHP-06."""
    assert normalized("out for delivery", "x") == "OUT_FOR_DELIVERY"
    assert normalized("dl", "x") == "DELIVERED"
    assert set(WORDS.values()) <= set(STATUSES)
    assert {normalized(status, "x") for status in STATUSES} == set(STATUSES)
    with pytest.raises(Malformed) as refusal:
        normalized("beamed", "events[0].status")
    assert refusal.value.problems[0].path == "events[0].status"


def test_delivery_counts_once_in_any_order() -> None:
    """SHP-06, LIN-111: stored by the carrier's id; an older event changes no delivery."""
    floor = sent((1, 2), (2, 1))
    told = floor.track(event("e3", "Delivered", 30))
    assert {u.line_no: u.quantity for u in one(told, ShipmentDelivered).units} == {1: 2, 2: 1}
    assert floor.track(event("e3", "Delivered", 30)) == ()
    late = floor.track(event("e1", "picked-up", 1), event("e2", "EXCEPTION", 20))
    assert types(late) == ["shipment.tracked", "shipment.tracked"]
    assert [e.id for e in floor.fo().packages[0].events] == ["e1", "e2", "e3"]
    assert floor.track(event("e4", "DELIVERED", 31)) == (
        ShipmentTracked(
            floor.fo().id, floor.fo().shipments[0].id, floor.fo().packages[0].id, "e4",
            "DELIVERED", "2026-03-03T16:00:00.000Z",
        ),
    )  # fmt: skip


@pytest.mark.parametrize("status", ["EXCEPTION", "LOST", "DAMAGED", "RETURN_TO_SENDER"])
def test_bad_news_calls_for_a_person(status: str) -> None:
    """SHP-06."""
    floor = sent()
    assert one(floor.track(event("e1", status, 5)), DeliveryFailed).status == status
    told = floor.track(event("e2", "DELAYED", 6))
    assert types(told) == ["shipment.tracked"]


def test_only_parcels_that_left_are_tracked() -> None:
    """SHP-06."""
    floor = released((1, 2))
    floor.pick((1, 2))
    floor.pack((1, 1))
    floor.pack((1, 1))
    floor.ship(0)
    strange = commands.Track(floor.fo().id, (event("e1", "DELIVERED", 5),), tracking_number="?")
    with pytest.raises(Refused) as refusal:
        floor.do("track", strange, decisions.track)
    assert refusal.value.code == "UNKNOWN_PARCEL"
    told = floor.track(event("e1", "DELIVERED", 5))
    assert [u.quantity for u in one(told, ShipmentDelivered).units] == [1]


def test_silence_after_two_weeks_is_a_delivery() -> None:
    """LIN-111: `fulfillment.assumeDeliveredDays` after ship, unless bad news came."""
    floor = sent()
    due: datetime | None = decisions.next_due(floor.part, floor.ctx)
    assert due == START + timedelta(days=14)
    floor.wait(days=14)
    assert one(tuple(floor.facts), ShipmentDelivered).assumed
    assert decisions.next_due(floor.part, floor.ctx) is None
    lost = sent()
    lost.track(event("e1", "LOST", 5))
    lost.wait(days=30)
    assert not [f for f in lost.facts if isinstance(f, ShipmentDelivered)]


def test_contents_of_a_package_are_what_was_packed() -> None:
    """PCK-05, PCK-09: editable by opening it, until it left."""
    floor = released((1, 3))
    floor.pick((1, 3))
    floor.pack((1, 2))
    floor.unpack()
    floor.unpick((1, 1))
    assert (floor.fo().packages, floor.fo().lines[0].picked) == ((), 2)
    floor.pack((1, 2))
    assert floor.fo().packages[0].contents == (PackedUnits(1, 2),)
    floor.ship()
    with pytest.raises(Refused):
        floor.unpack()
