"""Unit conservation of order lines under random fulfillment and cancellation (LIN-01 to LIN-07).

A machine plays the floor: it makes the facts that fulfillment would make, in random order, and the
commands of agents between them. After each step every unit is in exactly one bucket, reservations
cover exactly the units that are promised, and stock facts balance.
"""

from __future__ import annotations

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from oms.fulfillment import facts as fulfillment
from oms.kernel.errors import Refused
from oms.kernel.facts import Fact, Units
from oms.kernel.policy import StockPolicy
from oms.orders import facts as orders
from oms.orders.commands import Backorder, Cancel, CancelLine, NewLine
from oms.orders.decisions import backorder, cancel, react
from oms.orders.model import Order
from oms.orders.promising import reserve_rest
from oms.orders.shelf import Stocked
from oms.orders.status import fulfillment_status, line_status, order_state
from oms.orders.totals import totals

from tests.domain.orders.scene import SITE, Shop, accept, ctx, goods, offered

GROUPS = ("east", "west")
FO = "fo_1"


class Floor(RuleBasedStateMachine):
    """One order of two lines, reserved from two groups, worked on at one site."""

    @initialize(quantities=st.tuples(st.integers(1, 6), st.integers(1, 6)), there=st.integers(0, 8))
    def place(self, quantities: tuple[int, int], there: int) -> None:
        lines = [NewLine("A", quantities[0], 333), NewLine("A", quantities[1], 1001)]
        stock = {("itm_A", "east"): there, ("itm_A", "west"): there // 2}
        step = accept(
            offered(*lines), stock, shop=Shop(pool=GROUPS), items=goods("A"),
            policy=StockPolicy.ACCEPT,
        )  # fmt: skip
        self.order: Order = step.part
        self.wanted = quantities
        self.promised: Counter[str] = Counter()
        self.backordered = 0
        self.cause = 0
        self.count(step.facts)

    def count(self, told: tuple[Fact, ...]) -> None:
        """What the stock of groups would learn from the facts."""
        for fact in told:
            match fact:
                case orders.ReservationCreated():
                    self.promised[fact.group] += fact.quantity
                case orders.ReservationReleased():
                    self.promised[fact.group] -= fact.quantity
                case orders.UnitsBackordered():
                    self.backordered += fact.quantity
                case orders.BackorderReleased():
                    self.backordered -= fact.quantity
                case fulfillment.ShipmentCreated():
                    for units in fact.units:
                        self.promised[str(units.group)] -= units.quantity
                case _:
                    continue

    def see(self, fact: Fact) -> None:
        step = react(self.order, fact, ctx())
        self.order = step.part
        self.count((fact, *step.facts))

    def at_site(self, line_no: int, wanted: int) -> tuple[Units, ...]:
        """Units of placed reservations, at most `wanted`."""
        found = []
        for held in self.order.line(line_no).reservations:
            part = min(wanted, held.placed.get(SITE, 0))
            if part:
                found.append(Units(line_no, held.item_id, part, held.id, held.group))
                wanted -= part
        return tuple(found)

    @rule(line_no=st.sampled_from((1, 2)), wanted=st.integers(1, 4))
    def allocate(self, line_no: int, wanted: int) -> None:
        for held in self.order.line(line_no).reservations:
            part = min(wanted, held.open - sum(held.placed.values()))
            if part:
                units = Units(line_no, held.item_id, part, held.id, held.group)
                self.see(
                    fulfillment.FulfillmentOrderCreated(
                        FO, "F1", SITE, "STANDARD", "STANDARD", 1, (units,), None
                    )
                )
                return

    @rule(line_no=st.sampled_from((1, 2)), wanted=st.integers(1, 4))
    def pick(self, line_no: int, wanted: int) -> None:
        part = min(wanted, self.order.line(line_no).buckets.allocated)
        self.see(fulfillment.UnitsPicked(FO, self.at_site(line_no, part)))

    @rule(line_no=st.sampled_from((1, 2)), wanted=st.integers(1, 4))
    def pack(self, line_no: int, wanted: int) -> None:
        part = min(wanted, self.order.line(line_no).buckets.picked)
        self.see(fulfillment.UnitsPacked(FO, "pkg", self.at_site(line_no, part)))

    @rule(line_no=st.sampled_from((1, 2)), wanted=st.integers(1, 4))
    def ship(self, line_no: int, wanted: int) -> None:
        part = min(wanted, self.order.line(line_no).buckets.packed)
        units = self.at_site(line_no, part)
        self.see(fulfillment.ShipmentCreated(FO, "shp", SITE, "UPS", (), units))

    @rule(line_no=st.sampled_from((1, 2)), wanted=st.integers(1, 4), keeps=st.booleans())
    def reject(self, line_no: int, wanted: int, keeps: bool) -> None:
        part = min(wanted, self.order.line(line_no).buckets.allocated)
        rows = tuple(
            fulfillment.UnitsLeft(units, "TOO_BUSY", "NONE", 0, keeps, True, "allocated")
            for units in self.at_site(line_no, part)
        )
        if rows:
            self.see(fulfillment.FulfillmentOrderRejected(FO, SITE, "TOO_BUSY", rows, True))

    @rule(line_no=st.sampled_from((1, 2)), wanted=st.integers(1, 4))
    def recall(self, line_no: int, wanted: int) -> None:
        part = min(wanted, self.order.line(line_no).buckets.allocated)
        units = self.at_site(line_no, part)
        self.see(fulfillment.FulfillmentOrderCanceled(FO, SITE, "RECALL", units, True, True))

    @rule(line_no=st.sampled_from((1, 2)), quantity=st.one_of(st.none(), st.integers(1, 6)))
    def cancel(self, line_no: int, quantity: int | None) -> None:
        try:
            step = cancel(self.order, Cancel("X", (CancelLine(line_no, quantity),)), ctx())
        except Refused:
            return
        self.order = step.part
        self.count(step.facts)
        for fact in step.facts:
            if isinstance(fact, orders.CancellationRequested):
                at_hand = self.order.line(line_no).buckets.allocated
                gone = self.at_site(line_no, min(at_hand, fact.units[0].quantity))
                self.see(fulfillment.FulfillmentOrderCanceled(FO, SITE, "X", gone, False, True))

    @rule(line_no=st.sampled_from((1, 2)))
    def wait_for_supply(self, line_no: int) -> None:
        try:
            step = backorder(self.order, Backorder(line_no, "x"), ctx())
        except Refused:
            return
        self.order = step.part
        self.count(step.facts)

    @rule(there=st.integers(0, 3))
    def reserve_again(self, there: int) -> None:
        self.cause += 1
        stock = {("itm_A", "west"): there}
        every = {line.line_no for line in self.order.lines}
        step = reserve_rest(self.order, Stocked(stock), StockPolicy.ENFORCE, every)
        self.order = step.part
        self.count(step.facts)

    @invariant()
    def every_unit_is_somewhere(self) -> None:
        for line, quantity in zip(self.order.lines, self.wanted, strict=True):
            assert line.buckets.ordered == line.quantity == quantity
            assert all(value >= 0 for value in vars_of(line.buckets))

    @invariant()
    def promises_cover_exactly_what_is_promised(self) -> None:
        held: Counter[str] = Counter()
        for line in self.order.lines:
            b, found = line.buckets, line.reservations
            assert sum(r.open for r in found) == b.reserved + b.allocated + b.picked + b.packed
            assert sum(r.open - sum(r.placed.values()) for r in found) == b.reserved
            assert all(0 <= sum(r.placed.values()) <= r.open <= r.quantity for r in found)
            assert len({r.id for r in found}) == len(found)
            for r in found:
                held[r.group] += r.open
        assert held == self.promised
        assert sum(line.buckets.backordered for line in self.order.lines) == self.backordered

    @invariant()
    def states_are_total(self) -> None:
        assert order_state(self.order, settled=False, filing=True)
        assert fulfillment_status(self.order)
        assert all(line_status(line) for line in self.order.lines)

    @invariant()
    def totals_add_up(self) -> None:
        sums = totals(self.order)
        assert sums.ordered == sums.current + sums.canceled
        assert sums.current == sums.invoiced + sums.open_value


def vars_of(buckets: object) -> list[int]:
    return [getattr(buckets, name) for name in type(buckets).__slots__]  # type: ignore[attr-defined]


TestFloor = Floor.TestCase
TestFloor.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
