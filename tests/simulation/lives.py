"""Random lives of orders over the composed engine, with everything that happens to them in between.

One company, three items, two sites; every rule is something a caller, a worker, a partner, the
clock or a crash does. `proof.check` runs after each.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from oms.fulfillment import commands as floor
from oms.holds.commands import ReleaseHold
from oms.inventory.commands import AdjustStock as Adjust
from oms.inventory.commands import CartLine, Delta, FeedRow, ReserveCart
from oms.inventory.feed_use_cases import load_feed
from oms.inventory.model import BackorderPolicy, MovementType
from oms.inventory.use_cases import adjust_stock, release_reservation, reserve_cart
from oms.kernel.errors import NotFound, OmsError
from oms.kernel.policy import ApprovalMode, CaptureTiming, ExcessFunds, Policy, StockPolicy
from oms.orders.commands import NewLine, NewTender

from tests.simulation import proof
from tests.simulation.merchant import COMPANY
from tests.simulation.shop import GROUPS, SKUS, Shop, floor_wish, unpicked

STEPS = ("VALIDATE", "AUTHORIZE", "ALLOCATE", "SETTLE")
TOKENS = (
    "ok", "ok", "ok", "ok", "decline_soft", "decline_hard", "timeout_then_ok",
    "timeout_never_seen", "timeout_then_unknown", "pending_then_ok", "pending_then_fail",
    "partial_auth", "auth_expires_in_1m", "capture_fails_once", "capture_expired_card",
    "refund_fails", "dup_webhook", "late_webhook_first", "timeout_then_ok_on_capture",
    "timeout_never_seen_on_capture", "timeout_then_ok_on_void", "timeout_then_ok_on_refund",
)  # fmt: skip
pick = st.integers(0, 11)
crash = st.tuples(st.sampled_from((0, 0, 1, 2, 3, 4)), st.booleans())
policies = st.builds(
    Policy,
    order_authorization=st.sampled_from((True, True, True, False)),
    order_approval=st.sampled_from(
        (ApprovalMode.OFF, ApprovalMode.OFF, ApprovalMode.MANUAL, ApprovalMode.JOB)
    ),
    order_filing=st.booleans(),
    fulfillment_order_approval=st.sampled_from((ApprovalMode.OFF, ApprovalMode.MANUAL)),
    fulfillment_order_filing=st.booleans(),
    invoice_filing=st.just(False),
    stock_policy=st.sampled_from((None, None, StockPolicy.ACCEPT, StockPolicy.SKIP)),
    capture_timing=st.sampled_from(CaptureTiming),
    excess_funds=st.sampled_from(ExcessFunds),
    remorse_minutes=st.sampled_from((0, 0, 30)),
    max_attempts=st.sampled_from((2, 7)),
)


class Lives(Shop):
    """See the module docstring."""

    @initialize(policy=policies)
    def open_shop(self, policy: Policy) -> None:
        """Stock on the shelves; the third item may be promised from supply to come."""
        merchant = self.merchant
        merchant.settings.current = policy
        merchant.shelve("A", DC=4, BOS=2)
        merchant.shelve("B", BOS=5)
        item_id = merchant.shelve("K", DC=1)
        item = replace(
            merchant.stock.items[COMPANY, item_id],
            backorder_policy=BackorderPolicy.UNLIMITED, version=2,
        )  # fmt: skip
        merchant.stock.put_item(COMPANY, item)

    @rule(
        lines=st.lists(
            st.tuples(st.sampled_from((*SKUS, "A", "B", "TYPO")), st.integers(1, 3)), min_size=1,
            max_size=3,
        ),
        token=st.sampled_from(TOKENS), queued=st.booleans(), gift=st.integers(0, 4),
        cart=st.booleans(), storm=crash,
    )  # fmt: skip
    def place(
        self, lines: list[tuple[str, int]], token: str, queued: bool, gift: int, cart: bool,
        storm: tuple[int, bool],
    ) -> None:  # fmt: skip
        """A channel offers an order, by API or queue, maybe from carts, maybe with two tenders."""
        self.calls += 1
        number = f"N{self.calls}"
        held = tuple(self.carts.pop() for _ in range(min(1, len(self.carts)))) if cart else ()
        rows = tuple(
            NewLine(
                sku, units, 1000 + 333 * place,
                reservation_ids=tuple(name for item, name in held if item == sku),
            )
            for place, (sku, units) in enumerate(lines)
        )  # fmt: skip
        tenders: tuple[NewTender, ...] = (NewTender("CARD", f"tok_{token}"),)
        if gift == 0:
            tenders = (NewTender("CARD", "tok_ok", limit=700), *tenders)
        self._offer(number, rows, tenders, "QUEUE" if queued else "API", storm)

    @precondition(lambda self: self.placed)
    @rule(which=pick)
    def place_again(self, which: int) -> None:
        """INV-A1: the same key and body get the same answer and make no second order."""
        offer, order_id = self.placed[which % len(self.placed)]
        before = self._stock()
        again = offer()
        assert (again.replayed, again.body["id"]) == (True, order_id)
        assert self._stock() == before

    @precondition(lambda self: self.order_ids)
    @rule(which=pick, turns=st.integers(1, 4), storm=crash)
    def work(self, which: int, turns: int, storm: tuple[int, bool]) -> None:
        """Automation takes some steps and may die in any of them (SAG-01)."""
        for _ in range(turns):
            record = self._order(which)
            step = self.merchant.steps.next(record, proof.context(self.merchant, record))
            if step is None:
                return
            self.merchant.survive(partial(self._step, record, step), *storm)

    @precondition(lambda self: self.order_ids)
    @rule(which=pick)
    def run(self, which: int) -> None:
        """A healthy stretch, so that histories get somewhere."""
        self.merchant.run(self._order(which).order.id, 60)

    @precondition(lambda self: self.order_ids)
    @rule(which=pick, step=st.sampled_from(STEPS))
    def late_step(self, which: int, step: str) -> None:
        """SAG-01, SAG-03: a step that the stream delivered twice, or long ago, whatever it was."""
        record = self._order(which)
        self.merchant.persist(lambda: self._step(record, step))

    @precondition(lambda self: self.order_ids)
    @rule(which=pick, step=st.sampled_from(STEPS), nth=st.integers(1, 2), other=pick,
          kind=st.integers(0, 8))  # fmt: skip
    def race(self, which: int, step: str, nth: int, other: int, kind: int) -> None:
        """Somebody changes the order, or takes its stock, just before a step commits."""
        record = self._order(which)

        def rival() -> None:
            if kind < 3:
                self._offer(f"R{self.calls}-{len(self.order_ids)}", (NewLine("A", 1, 500),),
                            (NewTender("CARD", "tok_ok"),), "QUEUE", (0, False))  # fmt: skip
            else:
                self._try(record.order.id, self._wish(record, kind, other))

        self.merchant.fuse.set(nth, after=False, rival=rival)
        self.merchant.steps.run(COMPANY, record.order.id, step, f"race{self._next()}")
        self.merchant.fuse.set(0, after=False)

    @precondition(lambda self: self.order_ids)
    @rule(which=pick, kind=st.integers(0, 17), other=pick, storm=crash)
    def command(self, which: int, kind: int, other: int, storm: tuple[int, bool]) -> None:
        """A person asks for something, and asks again with the same key after a crash."""
        record = self._order(which)
        wish = self._wish(record, kind, other)
        self._try(record.order.id, wish, storm)

    @precondition(lambda self: self._works())
    @rule(which=pick, verb=st.integers(0, 11), units=st.integers(1, 3), storm=crash)
    def floor_work(self, which: int, verb: int, units: int, storm: tuple[int, bool]) -> None:
        """A worker does something with an FO, allowed or not."""
        works = self._works()
        record, fo = works[which % len(works)]
        self._try(record.order.id, floor_wish(fo, verb, units), storm)

    @precondition(lambda self: self._works())
    @rule(which=pick, partly=st.booleans())
    def fulfill(self, which: int, partly: bool) -> None:
        """A site does its work from beginning to end, all of it or half."""
        works = self._works()
        record, fo = works[which % len(works)]
        units = unpicked(fo, 1 if partly else 9)
        for command in (
            floor.ApproveFulfillment(fo.id), floor.Assign(fo.id, "bob"), floor.Pick(fo.id, units),
            floor.Pack(fo.id, (floor.NewPackage(units),)), floor.Ship(fo.id, "UPS"),
        ):  # fmt: skip
            self._try(record.order.id, command)

    @precondition(lambda self: self.order_ids)
    @rule(which=pick)
    def release_nothing(self, which: int) -> None:
        """INV-F5, ACC-141: releasing a hold that is not there is a 404 and writes nothing."""
        record = self._order(which)
        try:
            self.merchant.act(record.order.id, ReleaseHold("hld_none", "x"))
        except NotFound:
            assert self._order(which) == record
        else:
            raise AssertionError("an unknown hold was released")

    @precondition(lambda self: self.order_ids)
    @rule(settle=st.booleans())
    def webhooks(self, settle: bool) -> None:
        """Everything the gateway has to tell arrives twice, newest first (GTW-07)."""
        if settle:
            self.merchant.gateway.settle()
        self.merchant.gateway.deliver_webhooks()
        self.merchant.deliver_webhooks()

    @rule(down=st.booleans())
    def gateway(self, down: bool) -> None:
        """The gateway goes away, or comes back."""
        self.merchant.gateway.down = down and not self.merchant.gateway.down

    @rule(minutes=st.sampled_from((1, 16, 31, 125, 24 * 60, 4 * 24 * 60)), storm=crash)
    def wait(self, minutes: int, storm: tuple[int, bool]) -> None:
        """Time passes, and the tick of the minute may die (SAG-05)."""
        self.merchant.now += timedelta(minutes=minutes)
        for company, order_id in self.merchant.orders.due(self.merchant.now, 50):
            cause = f"tick{self._next()}"
            self.merchant.survive(
                partial(self.merchant.steps.tick, company, order_id, cause), *storm
            )

    @rule(sku=st.sampled_from(SKUS), site=st.sampled_from(tuple(GROUPS)), units=st.integers(0, 7),
          delta=st.booleans(), times=st.integers(1, 2))  # fmt: skip
    def feed(self, sku: str, site: str, units: int, delta: bool, times: int) -> None:
        """The warehouse tells what it has; the row may come twice (INV-S6)."""
        row = FeedRow(
            site, sku, "DELTA" if delta else "SNAPSHOT", units, sequence=len(self.rows) + 1
        )
        self.rows.append(row)
        load_feed(self.merchant.stock, "feed", [row], GROUPS, self._ctx())
        before = self._stock()
        for _ in range(times - 1):
            load_feed(self.merchant.stock, "feed", [row], GROUPS, self._ctx())
        assert self._stock() == before, "INV-S6"

    @precondition(lambda self: self.rows)
    @rule(which=pick)
    def late_row(self, which: int) -> None:
        """INV-S6: a row of long ago changes nothing."""
        row = self.rows[which % len(self.rows)]
        before = self._stock()
        load_feed(self.merchant.stock, "feed", [row], GROUPS, self._ctx())
        assert self._stock() == before, "INV-S6"

    @rule(sku=st.sampled_from(SKUS), site=st.sampled_from(tuple(GROUPS)), units=st.integers(-3, 3))
    def adjust(self, sku: str, site: str, units: int) -> None:
        """Somebody counts differently; the same request twice counts once."""
        items = self.merchant.stock.items_by_sku(COMPANY, [sku])
        kind = MovementType.RECEIPT if units > 0 else MovementType.ADJUST
        command = Adjust(items[sku].id, site, "COUNTED", kind, on_hand=Delta(units))
        ctx = self._ctx()
        for _ in range(2):
            try:
                adjust_stock(self.merchant.stock, command, GROUPS, ctx)
            except OmsError:
                return

    @rule(sku=st.sampled_from("AB"), units=st.integers(1, 3), minutes=st.integers(1, 60))
    def fill_cart(self, sku: str, units: int, minutes: int) -> None:
        """A buyer puts units aside (RSV-04)."""
        items = self.merchant.stock.items_by_sku(COMPANY, [sku])
        line = CartLine(1, items[sku].id, units, ("main",))
        command = ReserveCart(f"cart{self._next()}", (line,), partial=True, minutes=minutes)
        try:
            got = reserve_cart(self.merchant.stock, command, self._ctx())
        except OmsError:
            return
        self.carts += [(sku, cart.id) for cart in got.reservations]

    @precondition(lambda self: self.carts)
    @rule(which=pick, keep=st.booleans())
    def empty_cart(self, which: int, keep: bool) -> None:
        """A buyer goes away; giving back twice gives back once (RSV-09)."""
        _, cart = self.carts[which % len(self.carts)]
        release_reservation(self.merchant.stock, cart, self._ctx())
        before = self._stock()
        release_reservation(self.merchant.stock, cart, self._ctx())
        assert self._stock() == before
