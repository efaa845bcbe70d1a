"""One shop and all that can be asked of it; `lives` says when what happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine, invariant
from oms.fulfillment import commands as floor
from oms.fulfillment.model import FulfillmentOrder, PackedUnits
from oms.fulfillment.states import fo_state
from oms.holds.commands import ReleaseHold, SetHold
from oms.inventory.commands import FeedRow
from oms.kernel.context import Context
from oms.kernel.errors import OmsError
from oms.lifecycle.answers import Answer
from oms.lifecycle.record import OrderRecord
from oms.orders import commands as orders
from oms.orders.commands import NewLine, NewTender
from oms.orders.model import DeliveryGroup
from oms.payments import commands as payments

from tests.simulation import proof
from tests.simulation.merchant import BOSTON, COMPANY
from tests.simulation.storm import StormyMerchant

SKUS = ("A", "B", "K")
GROUPS = {"DC": "main", "BOS": "main"}
HELD = ("ALLOCATE", "RELEASE", "CAPTURE", "SHIP", "REFUND")
ELSEWHERE = replace(BOSTON, line1="2 Side Street")


class Shop(RuleBasedStateMachine):
    """A merchant on ports that break, with what was placed, told and put aside so far."""

    def __init__(self) -> None:
        super().__init__()
        self.merchant = StormyMerchant()
        self.order_ids: list[str] = []
        self.calls = 0
        self.broken = False
        self.rows: list[FeedRow] = []
        self.carts: list[tuple[str, str]] = []
        self.placed: list[tuple[Callable[[], Answer], str]] = []

    def _offer(
        self, number: str, rows: tuple[NewLine, ...], tenders: tuple[NewTender, ...], entry: str,
        storm: tuple[int, bool],
    ) -> None:  # fmt: skip
        group = DeliveryGroup("1", "STANDARD", address=BOSTON, shipping=499)
        command = orders.PlaceOrder(
            "web", "USD", rows, external_number=number, groups=(group,), tenders=tenders,
            entry=entry,
        )  # fmt: skip

        def offer() -> Answer:
            return self.merchant.lifecycle.place(
                self.merchant.channel, command, key=f"key-{number}", body_hash=number,
                correlation_id=number,
            )  # fmt: skip

        before = self._stock()
        try:
            answer = self.merchant.survive(offer, *storm)
        except OmsError:
            assert self._stock() == before, "RSV-09: a refusal leaves nothing behind"
            return
        self.order_ids.append(answer.body["id"])
        self.placed.append((offer, answer.body["id"]))

    @invariant()
    def sound(self) -> None:
        """Everything that must always hold."""
        self.broken = True
        proof.check(self.merchant, self.order_ids)
        self.broken = False

    def teardown(self) -> None:
        """Automation runs out; all is done or says why it waits; unwinding gives all back."""
        if self.broken:
            return
        self.merchant.gateway.down = False
        self.drain()
        for order_id in self.order_ids:
            record = self.merchant.read(order_id)
            ctx = proof.context(self.merchant, record)
            assert self.merchant.steps.next(record, ctx) is None, "INV-F1"
            told = proof.waits(self.merchant, record)
            assert told, f"STA-10: {proof.story(self.merchant, record)}"
        assert proof.settled_money(self.merchant, self.order_ids) == 0, "INV-M3"
        self.unwind()

    def drain(self) -> None:
        """Days go by: ticks, webhooks, retries and look-ups, until nothing is under way."""
        for _ in range(6):
            for order_id in self.order_ids:
                self.merchant.run(order_id, 60)
            self.merchant.deliver_webhooks()
            self.merchant.pass_time(hours=25)
            for company, order_id in self.merchant.orders.due(self.merchant.now, 50):
                self.merchant.steps.tick(company, order_id, f"tick{self._next()}")
        for order_id in self.order_ids:
            self.merchant.run(order_id, 60)
        self.sound()

    def unwind(self) -> None:
        """INV-S4, SAG-04, ACC-161: annulling gives back by id what took effect, twice too."""
        for order_id in self.order_ids:
            self._put_back(order_id)
            self._try(order_id, orders.Void("end of the test"))
            self._try(order_id, orders.Cancel("END"))
            self._try(order_id, orders.Void("end of the test"))
        self.drain()
        for order_id in self.order_ids:
            record = self.merchant.read(order_id)
            held = [r for line in record.order.lines for r in line.reservations]
            assert not any(r.open for r in held), "INV-S4"
            if record.order.voided_at:
                self._check_void(record)
        for level in self.merchant.stock.levels.values():
            assert (level.reserved, level.allocated, level.picked) == (0, 0, 0), "INV-S4"
        for counter in self.merchant.stock.counters.values():
            soft = sum(counter.soft.values())
            shipped = sum(
                x.shipped for x in self.merchant.stock.levels.values()
                if x.item_id == counter.item_id
            )  # fmt: skip
            assert (counter.promised - soft, counter.backordered) == (shipped, 0), "INV-S4"

    def _check_void(self, record: OrderRecord) -> None:
        """SAG-02, ORD-118: no money stays, unless giving it back failed and a person is told."""
        left = sum(t.captured - t.refunded for t in record.payments.tenders)
        held = [a for t in record.payments.tenders for a in t.authorizations]
        now = self.merchant.now
        alive = [a for a in held if not a.void and not a.lapsed and a.expires_at > now]
        told = not (left or alive) or record.attention.items
        assert told, f"SAG-04: {proof.story(self.merchant, record)}"

    def _put_back(self, order_id: str) -> None:
        for fo in self.merchant.read(order_id).fulfillment.orders:
            for package in fo.packages:
                self._try(order_id, floor.Unpack(fo.id, package.id))
            picked = {row.line_no: 0 for row in fo.lines}
            for row in fo.lines:
                picked[row.line_no] += row.picked - row.shipped
            units = tuple(PackedUnits(no, n) for no, n in picked.items() if n)
            self._try(order_id, floor.Unpick(fo.id, units))

    def _try(self, order_id: str, command: object, storm: tuple[int, bool] = (0, False)) -> None:
        """As a person with a key; a refusal must leave everything as it was."""
        if command is None:
            return
        key = f"do{self._next()}"
        before = (self.merchant.read(order_id), self._stock())

        def act() -> Answer:
            return self.merchant.lifecycle.execute(
                self.merchant.agent, order_id, [command], key=key, body_hash="b"
            )

        try:
            first = self.merchant.survive(act, *storm)
        except OmsError:
            assert (self.merchant.read(order_id), self._stock()) == before, "a refusal wrote"
            return
        after = (self.merchant.read(order_id), self._stock())
        if after[0] != before[0]:
            again = act()
            assert (again.replayed, again.body) == (True, first.body), "INV-A1"
            assert (self.merchant.read(order_id), self._stock()) == after, "INV-A1"

    def _wish(self, record: OrderRecord, kind: int, other: int) -> object:
        order = record.order
        line = order.lines[other % len(order.lines)]
        tenders, intents = record.payments.tenders, record.payments.intents
        holds = proof.open_holds(record.holds)
        wishes: tuple[Callable[[], object], ...] = (
            lambda: orders.Cancel("CUSTOMER", (orders.CancelLine(line.line_no, 1 + other % 2),)),
            lambda: orders.Cancel("CUSTOMER"),
            lambda: orders.Void("mistake"),
            lambda: orders.Suspend("checking"),
            lambda: orders.Resume("checked"),
            lambda: orders.Suspend("line", line.line_no),
            lambda: orders.Resume("line", line.line_no),
            lambda: orders.Approve(),
            lambda: orders.Reject("no"),
            lambda: SetHold("MANUAL", "stop", blocks=(HELD[other % len(HELD)],)),
            lambda: ReleaseHold(holds[other % len(holds)], "go") if holds else None,
            lambda: orders.ChangeAddress(order.groups[0].id, ELSEWHERE),
            lambda: orders.Backorder(line.line_no, "wait"),
            lambda: payments.AddTender("CARD", "tok_ok"),
            lambda: payments.Refund(tenders[0].id, 100, "KINDNESS") if tenders else None,
            lambda: payments.RetryIntent(intents[other % len(intents)].id) if intents else None,
            lambda: orders.Complete(skus={"TYPO": "A"}),
            lambda: orders.File(),
        )  # fmt: skip
        return wishes[kind % len(wishes)]()

    def _step(self, record: OrderRecord, step: str) -> str:
        return self.merchant.steps.run(COMPANY, record.order.id, step, f"w{self._next()}")

    def _order(self, which: int) -> OrderRecord:
        return self.merchant.read(self.order_ids[which % len(self.order_ids)])

    def _works(self) -> list[tuple[OrderRecord, FulfillmentOrder]]:
        records = [self.merchant.read(order_id) for order_id in self.order_ids]
        return [
            (record, fo) for record in records for fo in record.fulfillment.orders
            if fo_state(fo) not in ("CLOSED", "CANCELED", "REJECTED")
        ]  # fmt: skip

    def _next(self) -> int:
        self.calls += 1
        return self.calls

    def _ctx(self) -> Context:
        merchant = self.merchant
        return Context(
            merchant.now, merchant.channel, f"c{self._next()}", merchant.settings.current
        )

    def _stock(self) -> tuple[dict[Any, Any], ...]:
        stock = self.merchant.stock
        return (dict(stock.counters), dict(stock.levels), dict(stock.journals), dict(stock.carts))


def unpicked(fo: FulfillmentOrder, most: int) -> tuple[PackedUnits, ...]:
    units: dict[int, int] = {}
    for row in fo.lines:
        units[row.line_no] = units.get(row.line_no, 0) + row.quantity - row.picked
    return tuple(PackedUnits(no, min(n, most)) for no, n in units.items() if n)


def floor_wish(fo: FulfillmentOrder, verb: int, count: int) -> object:
    line_no = fo.lines[0].line_no if fo.lines else 1
    units = (PackedUnits(line_no, count),)
    reasons = ("NOT_FOUND", "QUANTITY_MISMATCH", "DAMAGED", "TOO_BUSY")
    gone = (floor.RejectedLine(line_no, count, reasons[verb % 4]),)
    packages = [p.id for p in fo.packages if p.shipment_id is None]
    wishes: tuple[Callable[[], object], ...] = (
        lambda: floor.Assign(fo.id, "bob"),
        lambda: floor.Unassign(fo.id),
        lambda: floor.ApproveFulfillment(fo.id),
        lambda: floor.Pick(fo.id, units),
        lambda: floor.Unpick(fo.id, units),
        lambda: floor.ShortPick(fo.id, gone),
        lambda: floor.RejectFulfillment(fo.id, reasons[count % 4]),
        lambda: floor.RejectFulfillment(fo.id, reasons[count % 4], gone),
        lambda: floor.Pack(fo.id, (floor.NewPackage(units),)),
        lambda: floor.Unpack(fo.id, packages[0]) if packages else None,
        lambda: floor.Ship(fo.id, "UPS", package_ids=tuple(packages[:count])),
        lambda: floor.FileFulfillment(fo.id),
    )
    return wishes[verb % len(wishes)]()
