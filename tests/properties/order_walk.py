"""Random lives of an order: a merchant, and commands that may or may not fit where it stands."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from oms.action_items.commands import ClearItem, RaiseFailure
from oms.fulfillment import commands as floor
from oms.fulfillment.model import FulfillmentOrder, PackedUnits
from oms.holds.commands import ReleaseHold, SetHold
from oms.kernel.context import Actor, ActorKind
from oms.kernel.errors import OmsError
from oms.kernel.policy import ApprovalMode, CaptureTiming, Policy
from oms.lifecycle.record import OrderRecord
from oms.orders import commands as orders
from oms.orders.model import Address, Customer, Line
from oms.payments import commands as payments

from tests.simulation.merchant import COMPANY, Merchant

POLICIES = st.sampled_from((
    Policy(), Policy(capture_timing=CaptureTiming.ON_ORDER), Policy(order_filing=True),
    Policy(order_approval=ApprovalMode.MANUAL),
    Policy(fulfillment_order_approval=ApprovalMode.MANUAL, fulfillment_order_filing=True),
    Policy(order_approval=ApprovalMode.RULES, order_approval_above=1_500),
))  # fmt: skip
MANAGER = Actor(ActorKind.USER, "ana", COMPANY, roles=frozenset({"service_manager"}))
CLERK = Actor(ActorKind.USER, "bo", COMPANY, roles=frozenset({"service_agent"}), money_limit=700)
SHOP = Actor(ActorKind.CLIENT, "shop", COMPANY, channel="web")
ACTORS = st.sampled_from((MANAGER, CLERK, SHOP))
CITIES = st.sampled_from(("Boston", "Salem"))


@dataclass
class Calls:
    """Counts what is called on the way to the outside."""

    writes: int = 0
    names: list[str] = field(default_factory=list)

    def watch(self, target: Any, *methods: str) -> None:
        for name in methods:
            setattr(target, name, self._counted(getattr(target, name), name))

    def _counted(self, call: Any, name: str) -> Any:
        def counted(*given: Any, **named: Any) -> Any:
            self.writes += 1
            self.names.append(name)
            return call(*given, **named)

        return counted


class Walk:
    """One merchant, one order, and everything that could be asked of it."""

    def __init__(
        self, policy: Policy, units: tuple[int, int], token: str, verbs: tuple[str, ...]
    ) -> None:
        self.merchant = Merchant()
        self.merchant.settings.current = policy
        self.merchant.shelve("A", DC=4, BOS=2)
        self.merchant.shelve("B", DC=6)
        lines = (("A", units[0], 1000), ("B", units[1], 333))
        placed = self.merchant.place(*lines, token=token)
        self.order_id = str(placed.body["id"])
        for verb in verbs:
            self._advance(verb)
        self.calls = Calls()
        merchant = self.merchant
        self.calls.watch(merchant.orders, "commit")
        self.calls.watch(merchant.stock, "write", "put_item", "put_report")
        self.calls.watch(merchant.items, "put")
        self.calls.watch(merchant.gateway, "authorize", "capture", "refund", "void", "lookup")

    def _advance(self, verb: str) -> None:
        """Bring the order along a way that orders usually take, as far as it can go."""
        if verb == "run":
            self.merchant.run(self.order_id)
        for fo in self.record.fulfillment.orders:
            left = [(row.line_no, row.quantity - row.picked) for row in fo.lines]
            picked = [(row.line_no, row.picked - row.packed) for row in fo.lines]
            command = {
                "pick one": floor.Pick(fo.id, (PackedUnits(left[0][0], 1),)) if left else None,
                "pick": floor.Pick(fo.id, tuple(PackedUnits(n, q) for n, q in left if q)),
                "pack": floor.Pack(fo.id, (_package(picked),)),
                "ship": floor.Ship(fo.id, "UPS"),
            }.get(verb)
            with suppress(OmsError):
                self.merchant.act(self.order_id, *([command] if command else []))

    @property
    def record(self) -> OrderRecord:
        return self.merchant.read(self.order_id)

    def commands(self) -> st.SearchStrategy[object]:
        """Commands of every kind, aimed at what is there, sometimes beside it."""
        record = self.record
        lines = _on_lines(record.order.lines)
        kinds = [_on_order(record), lines, _on_money(record), _on_holds(record)]
        if record.fulfillment.orders:
            kinds.append(st.sampled_from(record.fulfillment.orders).flatmap(_on_floor))
        return st.one_of(kinds)

    def go_on(self, kind: str) -> None:
        """What happens without a caller: automation, webhooks, time."""
        if kind == "run":
            self.merchant.run(self.order_id)
        elif kind == "webhooks":
            self.merchant.deliver_webhooks()
        elif kind == "hours":
            self.merchant.pass_time(hours=30)
            self.merchant.steps.tick(COMPANY, self.order_id, f"tick:{self.record.version}")


WAYS = st.sampled_from((
    (), ("run",), ("run", "pick one"), ("run", "pick one", "pack", "ship"), ("run", "pick"),
    ("run", "pick", "pack"), ("run", "pick", "pack", "ship"),
    ("run", "pick", "pack", "ship", "run"),
))  # fmt: skip
MOVES = st.sampled_from(("run", "run", "webhooks", "hours"))


def _on_order(record: OrderRecord) -> st.SearchStrategy[object]:
    address = st.builds(Address, st.just("US"), st.just("02108"), CITIES, st.just("MA"))
    reasons = st.just("WHY")
    return st.one_of(
        st.builds(orders.Complete, st.builds(Customer, name=CITIES)),
        st.builds(orders.ChangeAddress, st.just("1"), address),
        st.builds(orders.Approve), st.builds(orders.Reject, reasons),
        st.builds(orders.Cancel, reasons), st.builds(orders.Void, reasons),
        st.builds(orders.Suspend, reasons), st.builds(orders.Resume, reasons),
        st.builds(orders.Lock, reasons), st.builds(orders.Unlock, reasons),
        st.builds(orders.SetFlag, st.sampled_from(("RED", None))),
        st.builds(orders.SetTags, st.just(("vip",))),
        st.builds(orders.SetAttributes, st.just({"gift": "yes"})),
        st.builds(orders.SetPriority, st.integers(0, 100)),
        st.builds(orders.AddNote, CITIES), st.builds(orders.File),
        st.just(RaiseFailure("AUTHORIZE", "Unavailable")),
        st.builds(ClearItem, st.sampled_from(_items(record)), reasons),
    )  # fmt: skip


def _items(record: OrderRecord) -> list[str]:
    return [item.id for item in record.attention.items] or ["act_NONE"]


def _on_lines(lines: tuple[Line, ...]) -> st.SearchStrategy[object]:
    numbers = st.sampled_from([line.line_no for line in lines])
    some = st.builds(orders.CancelLine, numbers, st.integers(1, 3))
    return st.one_of(
        st.builds(orders.Cancel, st.just("WHY"), st.tuples(some)),
        st.builds(orders.Backorder, numbers, st.just("WHY")),
        st.builds(orders.Suspend, st.just("WHY"), numbers),
        st.builds(orders.Resume, st.just("WHY"), numbers),
    )


def _on_holds(record: OrderRecord) -> st.SearchStrategy[object]:
    known = [hold.id for hold in record.holds.holds] or ["hld_NONE"]
    blocks = st.sampled_from((("EDIT",), ("CANCEL",), ("PICK", "SHIP"), ("CAPTURE", "REFUND")))
    return st.one_of(
        st.builds(SetHold, st.just("MANUAL"), st.just("WHY"), blocks=blocks),
        st.builds(SetHold, st.just("FRAUD_REVIEW"), st.just("WHY")),
        st.builds(ReleaseHold, st.sampled_from(known), st.just("WHY")),
    )


def _on_money(record: OrderRecord) -> st.SearchStrategy[object]:
    ids = st.sampled_from([tender.id for tender in record.payments.tenders])
    intents = st.sampled_from([i.id for i in record.payments.intents] or ["int_NONE"])
    invoices = st.sampled_from([i.id for i in record.billing.invoices] or ["inv_NONE"])
    amounts = st.integers(1, 2_000)
    return st.one_of(
        st.builds(payments.AddTender, st.sampled_from(("CARD", "CASH")), st.just("tok_ok")),
        st.builds(payments.Authorize, ids, st.one_of(st.none(), amounts)),
        st.builds(payments.CaptureFunds, ids, st.one_of(st.none(), amounts)),
        st.builds(payments.Refund, ids, amounts, st.just("WHY")),
        st.builds(payments.VoidPayment, ids, st.just("WHY")),
        st.builds(payments.RetryIntent, intents),
        st.builds(payments.ApplyFunds, invoices, amounts),
    )


def _package(units: list[tuple[int, int]]) -> floor.NewPackage:
    return floor.NewPackage(tuple(PackedUnits(line_no, count) for line_no, count in units if count))


def _on_floor(fo: FulfillmentOrder) -> st.SearchStrategy[object]:
    name, line = st.just(fo.id), st.sampled_from([row.line_no for row in fo.lines] or [1])
    units = st.tuples(st.builds(PackedUnits, line, st.integers(1, 2)))
    gone = st.builds(floor.RejectedLine, line, st.integers(1, 2), st.just("DAMAGED"))
    package = st.sampled_from([package.id for package in fo.packages] or ["pkg_NONE"])
    everything = tuple(
        PackedUnits(row.line_no, row.quantity - row.picked)
        for row in fo.lines if row.quantity > row.picked
    )  # fmt: skip
    return st.one_of(
        st.builds(floor.ApproveFulfillment, name), st.builds(floor.Assign, name, st.just("w")),
        st.builds(floor.Unassign, name), st.builds(floor.Pick, name, units),
        st.just(floor.Pick(fo.id, everything)), st.builds(floor.Unpick, name, units),
        st.builds(floor.ShortPick, name, st.tuples(gone)),
        st.builds(floor.RejectFulfillment, name, st.just("TOO_BUSY")),
        st.builds(floor.Pack, name, st.tuples(st.builds(floor.NewPackage, units))),
        st.builds(floor.Unpack, name, package), st.builds(floor.Ship, name, st.just("UPS")),
        st.builds(floor.FileFulfillment, name),
    )  # fmt: skip
