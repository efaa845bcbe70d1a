"""Random verbs on an FO: counters, packages and facts always tell the same story (LIN-06, STA-07).

Every verb is tried whether or not it is allowed; a refusal changes nothing.
"""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from oms.fulfillment import facts
from oms.fulfillment.commands import CarrierEvent, RejectedLine
from oms.fulfillment.confirmations import STATUSES
from oms.fulfillment.model import FulfillmentOrder
from oms.fulfillment.policy import ACTIONS, fo_refusals
from oms.fulfillment.states import ENDED, STATES, fo_state
from oms.kernel.errors import Malformed, Refused
from oms.kernel.facts import Fact, Units

from tests.domain.fulfillment.floor import Floor, planned

SIZES = {1: 4, 2: 2, 3: 1}
VERBS = (
    "release", "assign", "unassign", "reject", "reject all", "pick", "unpick", "short",
    "short whole", "pack", "unpack", "ship", "ship one", "cancel", "wait", "suspend", "resume",
    "ask", "accept", "deny", "shipNotice", "confirm", "track",
)  # fmt: skip
NAMES = {"claim": "assign", "cancelAnswer": "deny"}
ELSEWHERE = {"print", "hold", "requestCancellation"}
"""Actions that are not verbs of the FO: they read, or are commands on holds and on the order."""

verbs = st.lists(
    st.tuples(st.sampled_from(VERBS), st.integers(1, 3), st.integers(0, 4)), max_size=40
)


def run(floor: Floor, verb: str, line_no: int, count: int) -> tuple[Fact, ...]:
    """One verb, as far as the FO has what it needs."""
    some, reason = (line_no, count), "DAMAGED"
    packages = floor.fo().packages
    place = count % len(packages) if packages else 0
    match verb:
        case "release" if fo_refusals(floor.fo(), "release", False, False, frozenset()) == ():
            return floor.release()
        case "assign":
            return floor.assign("ana")
        case "unassign":
            return floor.unassign()
        case "reject":
            return floor.reject(reason, some)
        case "reject all":
            return floor.reject(reason)
        case "pick":
            return floor.pick(some) if count else floor.pick()
        case "unpick":
            return floor.unpick(some)
        case "short" | "short whole":
            return floor.short(reason, some, split=verb == "short")
        case "pack":
            return floor.pack(some)
        case "unpack" if packages:
            return floor.unpack(place)
        case "ship":
            return floor.ship()
        case "ship one" if packages:
            return floor.ship(place)
        case "cancel" | "ask":
            return floor.cancel(line_no, count, ask=verb == "ask")
        case "accept" | "deny":
            return floor.answer(verb == "accept")
        case "suspend" | "resume":
            return floor.suspend(verb == "suspend")
        case "shipNotice":
            return floor.notice()
        case "confirm":
            status = STATUSES[(line_no + count) % len(STATUSES)]
            rows = (RejectedLine(line_no, count, reason),) if status == "SHORT" else ()
            version = floor.fo().confirmed + 1
            return floor.confirm(version, status, lines=rows, reason=reason)
        case "track" if packages and packages[0].shipment_id:
            event = CarrierEvent(str(len(packages[0].events)), "DELIVERED", floor.now)
            return floor.track(event)
        case "wait":
            before = len(floor.facts)
            floor.wait(hours=13 * count)
            return tuple(floor.facts[before:])
        case _:
            return ()


class Books:
    """Units of each line by bucket, kept from the facts alone as an order keeps them."""

    def __init__(self) -> None:
        self.buckets = {no: Counter(allocated=size) for no, size in SIZES.items()}

    def take(self, told: tuple[Fact, ...]) -> None:
        """Follow what happened."""
        for fact in told:
            match fact:
                case facts.UnitsPicked():
                    self.move(fact.units, "allocated", "picked")
                case facts.UnitsUnpicked():
                    self.move(fact.units, "picked", "allocated")
                case facts.UnitsPacked():
                    self.move(fact.units, "picked", "packed")
                case facts.UnitsUnpacked():
                    self.move(fact.units, "packed", "picked")
                case facts.ShipmentCreated():
                    self.move(fact.units, "packed", "shipped")
                case facts.FulfillmentOrderCanceled():
                    self.move(fact.units, "allocated", "gone")
                case facts.FulfillmentOrderRejected() | facts.FulfillmentOrderShortPicked():
                    for left in fact.lines:
                        self.move((left.units,), left.from_bucket, "gone")
                case _:
                    pass

    def move(self, units: tuple[Units, ...], source: str, target: str) -> None:
        """Move units, which must be there."""
        for row in units:
            held = self.buckets[row.line_no]
            assert 0 < row.quantity <= held[source]
            assert row.reservation_id == f"r{row.line_no}"
            held[source] -= row.quantity
            held[target] += row.quantity


def consistent(fo: FulfillmentOrder, books: Books) -> None:
    """Counters nest, packages hold exactly what is packed, and the facts say the same."""
    rows = {row.line_no: row for row in fo.lines}
    packed: Counter[int] = Counter()
    shipped: Counter[int] = Counter()
    for package in fo.packages:
        for content in package.contents:
            packed[content.line_no] += content.quantity
            shipped[content.line_no] += content.quantity if package.shipment_id else 0
    for line_no, held in books.buckets.items():
        row = rows.get(line_no)
        if row is None:
            assert held["gone"] == SIZES[line_no]
            assert packed[line_no] == 0
            continue
        assert 0 <= row.shipped <= row.packed <= row.picked <= row.quantity
        assert (packed[line_no], shipped[line_no]) == (row.packed, row.shipped)
        assert row.quantity == SIZES[line_no] - held["gone"]
        assert held["shipped"] == row.shipped
        assert held["packed"] == row.packed - row.shipped
        assert held["picked"] == row.picked - row.packed
        assert held["allocated"] == row.quantity - row.picked


def announced(fo: FulfillmentOrder, told: list[Fact]) -> None:
    """The end of an FO is told by facts, exactly once."""
    kinds = Counter(type(fact) for fact in told)
    assert kinds[facts.FulfillmentOrderFulfilled] == (fo_state(fo) in ("CLOSED", "AWAITING_FILING"))
    assert kinds[facts.FulfillmentOrderClosed] == (fo_state(fo) == "CLOSED")
    assert kinds[facts.FulfillmentOrderReleased] <= 1
    assert kinds[facts.FulfillmentOrderPicking] <= 1
    ids = [fact.package_id for fact in told if isinstance(fact, facts.UnitsPacked)]
    assert len(set(ids)) == len(ids)


@settings(max_examples=200)
@given(st.sampled_from(["WAREHOUSE", "STORE"]), verbs)
def test_any_sequence_of_verbs_keeps_the_story_straight(
    site_type: str, sequence: list[tuple[str, int, int]]
) -> None:
    """LIN-01, LIN-06, FUL-105 to FUL-111, PCK-05, PCK-09, SHP-01, SHP-02, STA-07."""
    floor, books = Floor(), Books()
    floor.allocate(planned(*SIZES.items(), site_type=site_type))
    for verb, line_no, count in sequence:
        before = floor.part
        ended = floor.state() in ENDED
        try:
            told = run(floor, verb, line_no, count)
        except (Refused, Malformed):
            assert floor.part == before
            continue
        books.take(told)
        consistent(floor.fo(), books)
        assert floor.state() in STATES
        assert not (ended and told)
    announced(floor.fo(), floor.facts)


@settings(max_examples=100)
@given(st.sampled_from(["WAREHOUSE", "STORE"]), verbs)
def test_what_is_listed_as_allowed_can_be_done(
    site_type: str, sequence: list[tuple[str, int, int]]
) -> None:
    """ACT-02, FUL-05, STA-10: in each reachable state an action is possible, or it has ended."""
    floor = Floor()
    floor.allocate(planned(*SIZES.items(), site_type=site_type))
    for verb, line_no, count in sequence:
        try:
            run(floor, verb, line_no, count)
        except (Refused, Malformed):
            continue
    fo = floor.fo()
    allowed = [a for a in ACTIONS if not fo_refusals(fo, a, False, False, frozenset())]
    assert bool(set(allowed) - {"print", "track"}) != (floor.state() in ENDED)
    for action in set(allowed) - ELSEWHERE:
        again = Floor(part=floor.part, now=floor.now)
        room = {row.line_no: row for row in fo.lines}
        open_line = next((no for no, row in room.items() if row.quantity > row.picked), 0)
        cart_line = next((no for no, row in room.items() if row.picked > row.packed), 0)
        open_box = next((p for p, box in enumerate(fo.packages) if not box.shipment_id), 0)
        line_no = cart_line if action in ("unpick", "pack") else open_line
        count = open_box if action == "unpack" else 1
        run(again, NAMES.get(action, action), line_no, count)
        assert again.facts or (action == "assign" and fo.assignee == "ana")
