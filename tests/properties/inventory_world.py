"""A merchant under random load: many writers decide on what they read and write later, or never.

The books are compared with the store after every step. An order's own version guards its writes,
as its record does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import TypeVar

from oms.inventory.adjustments import adjust
from oms.inventory.carts import release_cart, reserve_cart
from oms.inventory.commands import AdjustStock, CartLine, Delta, FeedRow, ReserveCart, Set
from oms.inventory.decisions import effects, plan
from oms.inventory.feeds import apply_feed_row
from oms.inventory.model import (
    Item,
    MovementType,
    StockSnapshot,
    StockWrite,
)
from oms.kernel.errors import AlreadyDone, Conflict, StockConflict
from oms.kernel.facts import Fact

from tests.domain.inventory.scene import (
    SITES,
    allocated,
    canceled,
    left,
    rejected,
    released,
    reserved,
    shipped,
    units,
)
from tests.properties.inventory_books import GROUPS, ITEMS, Books, Hold, Position, Promise

T = TypeVar("T")
STOCK_EFFECTS = ("NONE", "ZERO_UNPICKED", "MINUS_UNITS", "DAMAGED")


@dataclass
class Pending:
    """A decided write that somebody has yet to send."""

    write: StockWrite
    books: Callable[[], None]
    promise: Promise | None = None
    version: int = 0


class World(Books):
    """Items and writers of one random run."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.random = Random(seed)
        self.pending: list[Pending] = []
        self.history: list[StockWrite] = []
        self.names = 0
        self.committed = 0
        for item in ITEMS:
            self.scene.stocked(item=Item(item, item.upper(), item))
            for site in SITES:
                units_there = self.random.randrange(7)
                self.scene.adjust(item, site, on_hand=Delta(units_there + 1))
                start = Position(units_there + 1, moved=[(self.scene.now, units_there + 1)])
                self.positions[(item, site)] = start

    def step(self) -> None:
        """One of: decide something, send something decided, lose it, repeat something, let time
        pass.
        """
        roll = self.random.random()
        if roll < 0.45 or not self.pending:
            self._decide()
        elif roll < 0.85:
            self._send(self.pending.pop(self.random.randrange(len(self.pending))))
        elif roll < 0.9:
            self.pending.pop(self.random.randrange(len(self.pending)))
        elif roll < 0.95 and self.history:
            self._repeat(self.random.choice(self.history))
        else:
            self.scene.now += timedelta(minutes=self.random.randrange(1, 9))
        self.prove()

    def _decide(self) -> None:
        action = self.random.choice(
            (
                self.reserve, self.reserve, self.place, self.place, self.ship, self.cancel,
                self.recall, self.reject, self.release, self.hold, self.drop, self.convert,
                self.adjust, self.count, self.feed, self.reserve_two,
            )
        )  # fmt: skip
        try:
            action()
        except Conflict as refusal:
            if refusal.code not in ("STOCK_CONFLICT", "OUT_OF_STOCK"):
                raise

    def _send(self, pending: Pending) -> None:
        promise = pending.promise
        if promise is not None and promise.version != pending.version:
            return
        before, levels = self._promised(), dict(self.store.levels)
        try:
            self.store.write("acme", pending.write)
        except StockConflict:
            return
        self.committed += 1
        self.history.append(pending.write)
        pending.books()
        if promise is not None:
            promise.version += 1
        self._never_oversold(before)
        for key, level in self.store.levels.items():
            if level.reserved > levels[key].reserved:
                assert level.reserved <= level.base - level.safety_sell

    def _repeat(self, write: StockWrite) -> None:
        """INV-S6: the same write again, however late, is refused and changes nothing."""
        before = (dict(self.store.counters), dict(self.store.levels), dict(self.store.carts))
        try:
            self.store.write("acme", write)
        except (AlreadyDone, StockConflict):
            pass
        else:
            raise AssertionError("an effect took place twice")
        assert before == (self.store.counters, self.store.levels, self.store.carts)

    # What writers do.

    def reserve(self) -> None:
        """Accept an order of one line."""
        promise = self._new_promise()
        fact = reserved(promise.open, promise.id, promise.item, promise.group)
        self._plan([fact], lambda: self.promises.append(promise))

    def reserve_two(self) -> None:
        """Accept an order with two lines of one item (INV-S5)."""
        one, two = self._new_promise(), self._new_promise()
        two.item, two.group = one.item, one.group
        facts = [reserved(p.open, p.id, p.item, p.group) for p in (one, two)]
        self._plan(facts, lambda: self.promises.extend((one, two)))

    def convert(self) -> None:
        """Accept an order whose cart may still hold its units, or some (RSV-05)."""
        hold = self._any(self.holds.values())
        promise = self._new_promise()
        promise.item, promise.group = hold.item, hold.group
        alive = hold.expires_at > self.scene.now

        def books() -> None:
            self.promises.append(promise)
            if alive:
                hold.open = 0

        fact = reserved(promise.open, promise.id, promise.item, promise.group, hold.id)
        self._plan([fact], books)

    def place(self) -> None:
        """Source loose units."""
        promise = self._any(p for p in self.promises if p.loose)
        site = self._any(s for s, group in SITES.items() if group == promise.group)
        quantity = self.random.randint(1, promise.loose)
        part = units(quantity, promise.id, promise.item, promise.group)

        def books() -> None:
            promise.at[site] = promise.at.get(site, 0) + quantity

        self._plan([allocated(site, part)], books, promise)

    def ship(self) -> None:
        """Ship placed units."""
        promise, site, quantity = self._placed()
        part = units(quantity, promise.id, promise.item, promise.group)
        now = self.scene.now

        def books() -> None:
            promise.open -= quantity
            promise.at[site] -= quantity
            self._own(promise.item, site, -quantity, now)

        self._plan([shipped(site, part)], books, promise)

    def cancel(self) -> None:
        """Cancel placed units: off the site and back to the group."""
        promise, site, quantity = self._placed()
        part = units(quantity, promise.id, promise.item, promise.group)
        back = released(quantity, promise.id, promise.item, site, promise.group)

        def books() -> None:
            promise.open -= quantity
            promise.at[site] -= quantity

        self._plan([canceled(site, part), back], books, promise)

    def recall(self) -> None:
        """Take placed units off a site; the promise stays."""
        promise, site, quantity = self._placed()
        part = units(quantity, promise.id, promise.item, promise.group)

        def books() -> None:
            promise.at[site] -= quantity

        self._plan([canceled(site, part, recalled=True)], books, promise)

    def reject(self) -> None:
        """Reject or short placed units with a reason's stock effect."""
        promise, site, quantity = self._placed()
        part = units(quantity, promise.id, promise.item, promise.group)
        stock = self.random.choice(STOCK_EFFECTS)
        now, position = self.scene.now, self.positions[(promise.item, site)]

        def books() -> None:
            promise.at[site] -= quantity
            lost = {"ZERO_UNPICKED": position.on_hand, "MINUS_UNITS": quantity}.get(stock, 0)
            self._own(promise.item, site, -lost, now)

        self._plan([rejected(site, left(part, "REASON", stock, 1))], books, promise)

    def release(self) -> None:
        """Give loose units back."""
        promise = self._any(p for p in self.promises if p.loose)
        quantity = self.random.randint(1, promise.loose)

        def books() -> None:
            promise.open -= quantity

        fact = released(quantity, promise.id, promise.item, group=promise.group)
        self._plan([fact], books, promise)

    def hold(self) -> None:
        """Reserve for a cart."""
        item, quantity = self.random.choice(ITEMS), self.random.randint(1, 3)
        line = CartLine(1, item, quantity, self.random.choice((GROUPS, GROUPS[:1])))
        command = ReserveCart(self._name("cart"), (line,), self.random.random() < 0.5, 5)
        promise = reserve_cart(command, self._read(), self.scene.ctx())
        made = [Hold(r.id, r.item_id, r.group, r.open, r.expires_at) for r in promise.reservations]
        if promise.write is not None:
            self._later(promise.write, lambda: self.holds.update({h.id: h for h in made}))

    def drop(self) -> None:
        """Give a cart's units back, if it still holds them (RSV-09)."""
        hold = self._any(self.holds.values())
        snapshot = self._read()
        cause = self._name("drop")
        write = release_cart([snapshot.carts[hold.id]], snapshot, cause, self.scene.ctx())
        assert (write is not None) == (hold.open > 0 and hold.expires_at > self.scene.now)

        def books() -> None:
            hold.open = 0

        if write is not None:
            self._later(write, books)

    def adjust(self) -> None:
        """Add or take units by hand."""
        item, site = self._any(self.positions)
        delta = self.random.randint(-2, 3)
        command = AdjustStock(item, site, "adjusted", on_hand=Delta(delta))
        self._say(command, item, site, lambda: delta)

    def count(self) -> None:
        """Count a position."""
        item, site = self._any(self.positions)
        found = self.random.randint(-1, 8)
        command = AdjustStock(item, site, "counted", MovementType.COUNT, Set(found))
        position = self.positions[(item, site)]
        self._say(command, item, site, lambda: found - position.on_hand)

    def feed(self) -> None:
        """A row of a feed: new, late or repeated, a count of some minutes ago or a delta."""
        item, site = self._any(self.positions)
        position = self.positions[(item, site)]
        sequence = max(1, position.sequence + self.random.randint(-2, 2))
        as_of = self.scene.now - timedelta(minutes=self.random.randrange(20))
        kind = self.random.choice(("SNAPSHOT", "DELTA"))
        quantity = self.random.randint(0, 8) if kind == "SNAPSHOT" else self.random.randint(-2, 2)
        row = FeedRow(site, item.upper(), kind, quantity, as_of, sequence)
        snapshot = self._read()
        level = snapshot.levels[(item, site)]
        counter = snapshot.counters[(item, level.group)]
        cause = self._name("feed")
        outcome = apply_feed_row(level, counter, None, row, cause, self.scene.ctx())
        assert outcome.fate in self._fates(position, row)
        if outcome.write is not None:
            self._later(outcome.write, lambda: self._fed(position, row))

    def _plan(
        self, facts: Sequence[Fact], books: Callable[[], None], promise: Promise | None = None
    ) -> None:
        ctx = self.scene.ctx(self._name("write"))
        write = plan(effects(facts), self._read(), ctx.cause_id, "ord_1", ctx, SITES)
        self._later(write, books, promise)

    def _later(
        self, write: StockWrite, books: Callable[[], None], promise: Promise | None = None
    ) -> None:
        version = promise.version if promise else 0
        self.pending.append(Pending(write, books, promise, version))

    def _say(self, command: AdjustStock, item: str, site: str, moved: Callable[[], int]) -> None:
        ctx = self.scene.ctx(self._name("say"))
        now = ctx.now
        write = adjust(command, self._read(), SITES, ctx.cause_id, ctx)
        if write.journal.movements:
            self._later(write, lambda: self._own(item, site, moved(), now))

    def _fed(self, position: Position, row: FeedRow) -> None:
        position.sequence = row.sequence or 0
        if row.kind == "DELTA":
            position.on_hand += row.quantity
            return
        assert row.as_of is not None
        since = sum(delta for at, delta in position.moved if at > row.as_of)
        position.on_hand = row.quantity + since
        position.counted_at = max(row.as_of, position.counted_at or row.as_of)

    def _read(self) -> StockSnapshot:
        return self.store.read("acme", ITEMS, GROUPS, None, tuple(self.holds))

    def _placed(self) -> tuple[Promise, str, int]:
        promise, site = self._any((p, s) for p in self.promises for s, n in p.at.items() if n)
        return promise, site, self.random.randint(1, promise.at[site])

    def _new_promise(self) -> Promise:
        item, group = self.random.choice(ITEMS), self.random.choice(GROUPS)
        return Promise(self._name("rsv"), item, group, self.random.randint(1, 3))

    def _name(self, kind: str) -> str:
        self.names += 1
        return f"{kind}-{self.names}"

    def _any(self, found: Iterable[T]) -> T:
        options = list(found)
        if not options:
            raise StockConflict("nothing to do it with")
        return self.random.choice(options)
