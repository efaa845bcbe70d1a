"""Units that leave an FO: FUL-104, FUL-107, FUL-111, SRC-40, 41, 44, PCK-04, CAN-03, ACC-083, 100,
101.
"""

from __future__ import annotations

import pytest
from oms.fulfillment import commands, decisions
from oms.fulfillment.facts import (
    FulfillmentOrderCanceled,
    FulfillmentOrderRejected,
    FulfillmentOrderShortPicked,
    ShipmentCreated,
    UnitsUnpacked,
    UnitsUnpicked,
)
from oms.fulfillment.reasons import REASONS
from oms.kernel.errors import Malformed, Refused
from oms.kernel.facts import Fact, Units
from oms.kernel.policy import Policy, ShortNoSplit
from oms.orders.facts import CancellationRequested, OrderChanged, RecallRequested

from tests.domain.fulfillment.floor import Floor, one, planned, released, types


def cancel(floor: Floor, *units: tuple[int, int]) -> tuple[Fact, ...]:
    """Let the order cancel units of lines."""
    wanted = tuple(Units(no, f"item{no}", quantity) for no, quantity in units)
    fact = CancellationRequested("ord_1", wanted, "CUSTOMER")
    return floor.take(decisions.react(floor.part, fact, floor.ctx))


@pytest.mark.parametrize(
    ("code", "stock", "cooldown", "frees", "attempt", "follow_up", "keeps"),
    [
        ("NOT_FOUND", "ZERO_UNPICKED", 168, True, True, "COUNT", False),
        ("QUANTITY_MISMATCH", "MINUS_UNITS", 24, True, True, "COUNT", False),
        ("DAMAGED", "DAMAGED", 0, True, True, "DISPOSITION", False),
        ("DISPLAY_OR_WORN", "DISPLAY", 0, True, True, None, False),
        ("SOLD_IN_STORE", "NONE", 24, True, True, None, True),
        ("TOO_BUSY", "NONE", 0, False, True, None, True),
        ("CANNOT_PACK", "NONE", 720, True, True, None, True),
        ("SITE_OUTAGE", "NONE", 0, True, False, "OUTAGE", True),
        ("CLAIM_TIMEOUT", "NONE", 0, False, True, "REPORT", True),
        ("OTHER", "NONE", 24, True, True, "NOTE", True),
    ],
)
def test_the_reason_table(
    code: str, stock: str, cooldown: int, frees: bool, attempt: bool, follow_up: str | None,
    keeps: bool,
) -> None:  # fmt: skip
    """SRC-44, SRC-40: each reason carries its effects into the fact."""
    told = released((1, 2)).reject(code, note="see photo")
    (left,) = one(told, FulfillmentOrderRejected).lines
    assert left.units == Units(1, "item1", 2, "r1", "main")
    assert (left.reason, left.stock, left.cooldown_hours) == (code, stock, cooldown)
    assert (left.counts_attempt, left.follow_up, left.keeps) == (attempt, follow_up, keeps)
    assert REASONS[code].frees_capacity is frees


def test_the_shipped_reasons_are_all() -> None:
    """SRC-44: ten of them; the clock's own reason is not for people."""
    assert len(REASONS) == 10
    with pytest.raises(Malformed, match="UNKNOWN_REASON"):
        released((1, 1)).reject("FULFILLMENT_LATE")


def test_not_found_takes_the_unpicked_stock_away() -> None:
    """ACC-083, SRC-44: stock zeroed but for what is picked, cool-down, count task, no way back to
    the same units.
    """
    floor = released((1, 2), site_type="STORE")
    (left,) = one(floor.reject("NOT_FOUND"), FulfillmentOrderRejected).lines
    assert (left.stock, left.follow_up, left.keeps) == ("ZERO_UNPICKED", "COUNT", False)
    assert left.cooldown_hours == 7 * 24
    assert floor.state() == "REJECTED"


def test_claim_and_reject() -> None:
    """ACC-100, FUL-104: claimed moves on; without a reason refused; with one it ends."""
    floor = released((1, 1), site="S1", site_type="STORE")
    floor.assign("S1")
    assert floor.state() == "AWAITING_PICK"
    for nothing in ("", "  "):
        with pytest.raises(Malformed, match="REASON_REQUIRED"):
            floor.reject(nothing)
    assert floor.state() == "AWAITING_PICK"
    told = one(floor.reject("TOO_BUSY"), FulfillmentOrderRejected)
    assert (told.site, told.partial, floor.state()) == ("S1", False, "REJECTED")
    assert floor.fo().end_reason == "TOO_BUSY"


def test_the_reason_other_needs_a_note() -> None:
    """SRC-44."""
    floor = released((1, 1))
    for note in (None, " "):
        with pytest.raises(Malformed, match="NOTE_REQUIRED"):
            floor.reject("OTHER", note=note)
    floor.reject("OTHER", note="roof leaks")
    assert floor.state() == "REJECTED"


def test_a_partial_rejection_keeps_the_rest() -> None:
    """SRC-41: rejected units leave, kept ones go on."""
    floor = released((1, 3), (2, 1))
    told = one(floor.reject("DAMAGED", (1, 2)), FulfillmentOrderRejected)
    assert told.partial
    assert [(row.line_no, row.quantity) for row in floor.fo().lines] == [(1, 1), (2, 1)]
    assert floor.state() == "AWAITING_PICK"
    with pytest.raises(Refused, match="QUANTITY_EXCEEDED"):
        floor.reject("DAMAGED", (1, 2))


def test_two_are_packed_and_one_rejected() -> None:
    """ACC-101, PCK-04, SRC-41: the two ship without anybody having to say that it is all."""
    floor = released((1, 1), (2, 1), (3, 1), site_type="STORE")
    floor.assign("S1")
    floor.pick((1, 1), (2, 1))
    floor.pack((1, 1), (2, 1))
    assert floor.state() == "PICKING"
    told = floor.reject("NOT_FOUND", (3, 1))
    assert types(told) == ["rejected", "packed"]
    assert floor.state() == "AWAITING_SHIPMENT"
    shipped = floor.ship()
    assert [u.line_no for u in one(shipped, ShipmentCreated).units] == [1, 2]
    assert types(shipped) == ["shipment.created", "fulfilled", "closed"]


def test_the_last_open_units_leave_after_a_shipment() -> None:
    """FUL-109, SHP-02: what shipped is all there is, so the FO is fulfilled."""
    floor = released((1, 2))
    floor.pick((1, 1))
    floor.pack((1, 1))
    floor.ship()
    assert types(floor.short("NOT_FOUND", (1, 1))) == ["short_picked", "fulfilled", "closed"]
    assert floor.state() == "CLOSED"


def test_found_units_go_on_after_a_short_pick() -> None:
    """PCK-04, FUL-107: with a reason per line."""
    floor = released((1, 3), (2, 1))
    floor.pick((1, 1))
    told = one(floor.short("QUANTITY_MISMATCH", (1, 2)), FulfillmentOrderShortPicked)
    assert [(left.units.quantity, left.stock) for left in told.lines] == [(2, "MINUS_UNITS")]
    assert [(row.line_no, row.quantity) for row in floor.fo().lines] == [(1, 1), (2, 1)]
    assert floor.state() == "PICKING"
    with pytest.raises(Refused, match="QUANTITY_EXCEEDED"):
        floor.short("NOT_FOUND", (1, 1))


def test_everything_short_ends_the_order() -> None:
    """FUL-107: an FO without units is over."""
    floor = released((1, 2))
    floor.short("NOT_FOUND", (1, 2))
    assert (floor.state(), floor.fo().end_reason) == ("REJECTED", "NOT_FOUND")


def test_a_short_pick_names_lines() -> None:
    """PCK-04."""
    with pytest.raises(Malformed, match="NO_LINES"):
        released((1, 2)).short("NOT_FOUND")


def test_without_splitting_a_short_pick_recalls_the_group() -> None:
    """PCK-04, FUL-111: out of packages and off the cart, back to the pool."""
    floor = released((1, 3), (2, 1))
    floor.pick((1, 2), (2, 1))
    floor.pack((1, 1), (2, 1))
    told = floor.short("NOT_FOUND", (1, 1), split=False)
    assert types(told) == ["short_picked", "units_unpacked", "units_unpicked", "canceled"]
    assert {u.line_no: u.quantity for u in one(told, UnitsUnpacked).units} == {1: 1, 2: 1}
    assert {u.line_no: u.quantity for u in one(told, UnitsUnpicked).units} == {1: 2, 2: 1}
    back = one(told, FulfillmentOrderCanceled)
    assert (back.recalled, back.partial) == (True, False)
    assert {u.line_no: u.quantity for u in back.units} == {1: 2, 2: 1}
    assert (floor.state(), floor.fo().lines, floor.fo().packages) == ("CANCELED", (), ())


def test_without_splitting_what_left_stays_fulfilled() -> None:
    """PCK-04: a recall does not reach what was shipped."""
    floor = released((1, 3))
    floor.pick((1, 2))
    floor.pack((1, 1))
    floor.ship()
    told = floor.short("NOT_FOUND", (1, 1), split=False)
    assert types(told) == ["short_picked", "units_unpicked", "canceled", "fulfilled", "closed"]
    assert one(told, FulfillmentOrderCanceled).partial
    assert floor.state() == "CLOSED"


def test_policy_may_ship_what_was_found() -> None:
    """PCK-04: SHIP_PARTIAL."""
    floor = released((1, 2), policy=Policy(short_no_split=ShortNoSplit.SHIP_PARTIAL))
    assert types(floor.short("NOT_FOUND", (1, 1), split=False)) == ["short_picked"]
    assert floor.fo().lines[0].quantity == 1


def test_canceled_units_leave_before_picking() -> None:
    """CAN-03, FUL-111: the newest FO first; it shrinks, or ends when nothing is left."""
    floor = Floor()
    floor.allocate(planned((1, 2), (2, 1)), planned((1, 2), site="S1"))
    told = cancel(floor, (1, 3))
    newest, oldest = (fact for fact in told if isinstance(fact, FulfillmentOrderCanceled))
    assert (newest.site, newest.partial, newest.recalled) == ("S1", False, False)
    assert newest.units == (Units(1, "item1", 2, "r1", "main"),)
    assert (oldest.site, oldest.partial) == ("DC", True)
    assert (floor.state(2), floor.fo(2).end_reason) == ("CANCELED", "CUSTOMER")
    assert [(row.line_no, row.quantity) for row in floor.fo(1).lines] == [(1, 1), (2, 1)]


def test_units_that_are_being_picked_are_not_canceled() -> None:
    """CAN-03: not without the floor's consent, and then none of the others either."""
    floor = Floor()
    floor.allocate(planned((1, 2)), planned((1, 1), site="S1"))
    floor.release(1)
    floor.pick()
    before = floor.part
    with pytest.raises(Refused, match="PICKING_STARTED"):
        cancel(floor, (1, 2))
    assert floor.part == before
    cancel(floor, (1, 1))
    assert floor.state(2) == "CANCELED"


def test_other_facts_do_not_concern_fulfillment() -> None:
    """CAN-03: only a cancellation is reacted to."""
    floor = released((1, 1))
    fact = OrderChanged("ord_1", "flag", None, "RED")
    assert floor.take(decisions.react(floor.part, fact, floor.ctx)) == ()


def test_a_new_destination_takes_the_group_back() -> None:
    """EDT-01, FUL-111: every open FO of the group, and no FO of another group or one that ended."""
    floor = Floor()
    floor.allocate(
        planned((1, 2)), planned((1, 1), site="S1"), planned((2, 1), group_id="g2"),
        planned((3, 1), site="S2"),
    )  # fmt: skip
    floor.release(4)
    floor.reject("TOO_BUSY", number=4)
    wanted = RecallRequested("ord_1", "g1")
    told = floor.take(decisions.react(floor.part, wanted, floor.ctx))
    canceled = [fact for fact in told if isinstance(fact, FulfillmentOrderCanceled)]
    assert [(fact.site, fact.recalled) for fact in canceled] == [("DC", True), ("S1", True)]
    states = [floor.state(number) for number in (1, 2, 3, 4)]
    assert states == ["CANCELED", "CANCELED", "AWAITING_AUTHORIZATION", "REJECTED"]


def test_a_group_that_is_being_picked_stays_where_it_goes() -> None:
    """EDT-01: refused while a site picks."""
    floor = released((1, 1))
    floor.pick()
    with pytest.raises(Refused, match="PICKING_STARTED"):
        decisions.react(floor.part, RecallRequested("ord_1", "g1"), floor.ctx)


def test_splitting_is_allowed_unless_the_order_says_otherwise() -> None:
    """PCK-04: a short pick recalls nothing by itself."""
    floor = released((1, 2))
    rows = (commands.RejectedLine(1, 1, "NOT_FOUND"),)
    command = commands.ShortPick(floor.fo().id, rows)
    assert types(decisions.short(floor.part, command, floor.ctx).facts) == ["short_picked"]
