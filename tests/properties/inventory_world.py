"""A merchant under random load: many writers decide on what they read and write later, or never.

The world keeps its own books, of reservations, carts and movements, and compares them with the
store after every step. An order's own version guards its writes, as its record does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar

from oms.inventory.adjustments import adjust
from oms.inventory.carts import release_cart, reserve_cart
from oms.inventory.commands import AdjustStock, CartLine, Delta, FeedRow, ReserveCart, Set
from oms.inventory.decisions import effects, plan
from oms.inventory.feeds import Fate, apply_feed_row
from oms.inventory.model import (
    InventoryLevel,
    Item,
    MovementType,
    StockSnapshot,
    StockWrite,
)
from oms.kernel.errors import AlreadyDone, Conflict, StockConflict
from oms.kernel.facts import Fact

from tests.domain.inventory.proof import prove_bounds, prove_counters, prove_supply
from tests.domain.inventory.scene import (
    SITES,
    Scene,
    allocated,
    canceled,
    left,
    rejected,
    released,
    reserved,
    shipped,
    units,
)
from tests.fakes.stock import MemoryStock

T = TypeVar("T")
ITEMS = ("itm_1", "itm_2")
GROUPS = ("main", "west")
STOCK_EFFECTS = ("NONE", "ZERO_UNPICKED", "MINUS_UNITS", "DAMAGED")


@dataclass
class Promise:
    """A firm reservation in the world's books; `version` stands for the order's."""

    id: str
    item: str
    group: str
    open: int
    at: dict[str, int] = field(default_factory=dict)
    version: int = 0

    @property
    def loose(self) -> int:
        """Open units that no site holds."""
        return self.open - sum(self.at.values())


@dataclass
class Hold:
    """A cart's reservation in the world's books."""

    id: str
    item: str
    group: str
    open: int
    expires_at: datetime


@dataclass
class Position:
    """What feeds and people said of an item at a site, and every own movement since."""

    on_hand: int = 0
    sequence: int = 0
    counted_at: datetime | None = None
    moved: list[tuple[datetime, int]] = field(default_factory=list)


@dataclass
class Pending:
    """A decided write that somebody has yet to send."""

    write: StockWrite
    books: Callable[[], None]
    promise: Promise | None = None
    version: int = 0


class World:
    """Items, writers and books of one random run."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.store = MemoryStock()
        self.scene = Scene(self.store)
        self.promises: list[Promise] = []
        self.holds: dict[str, Hold] = {}
        self.positions: dict[tuple[str, str], Position] = {}
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

    # The books.

    def prove(self) -> None:
        """INV-S1 to S3 and S6 on everything in the store."""
        prove_counters(self.store)
        prove_supply(self.store)
        prove_bounds(self.store)
        firm, soft = self._books()
        for (_, item, group), counter in self.store.counters.items():
            gone = sum(level.shipped for level in self._levels(item, group))
            held = sum(counter.soft.values())
            assert counter.promised - gone - held == firm.get((item, group), 0)
            dead = f"{self.scene.now:%Y-%m-%dT%H:%M:%S}"
            alive = sum(n for minute, n in counter.soft.items() if minute[:19] > dead)
            assert alive == soft.get((item, group), 0)
        for (_, item, site), level in self.store.levels.items():
            placed = sum(p.at.get(site, 0) for p in self.promises if p.item == item)
            assert level.reserved == level.allocated == placed
            position = self.positions[(item, site)]
            assert level.on_hand == position.on_hand
        assert all(p.loose >= 0 and min([0, *p.at.values()]) == 0 for p in self.promises)

    def close(self) -> None:
        """INV-S4: cancel all that is open; every group is back to what it has."""
        self.pending.clear()
        self.scene.now += timedelta(hours=2)
        for promise in self.promises:
            for site, quantity in list(promise.at.items()):
                part = units(quantity, promise.id, promise.item, promise.group)
                back = released(quantity, promise.id, promise.item, site, promise.group)
                if quantity:
                    self.scene.happen(canceled(site, part), back)
                    promise.open -= quantity
                    promise.at[site] = 0
            if promise.open:
                back = released(promise.open, promise.id, promise.item, group=promise.group)
                self.scene.happen(back)
                promise.open = 0
        self.prove()
        for item in ITEMS:
            for group in GROUPS:
                there = sum(level.site_sellable for level in self._levels(item, group))
                assert self.scene.ats(item, group) == there

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

    def _own(self, item: str, site: str, delta: int, at: datetime) -> None:
        position = self.positions[(item, site)]
        position.on_hand += delta
        position.moved.append((at, delta))

    def _fates(self, position: Position, row: FeedRow) -> tuple[Fate, ...]:
        if position.sequence and row.sequence == position.sequence:
            return (Fate.REPEATED,)
        older = (
            row.kind == "SNAPSHOT" and row.as_of is not None
            and position.counted_at is not None and row.as_of < position.counted_at
        )  # fmt: skip
        if older or (row.sequence or 0) < position.sequence:
            return (Fate.LATE,)
        if row.kind == "DELTA" and not position.sequence and self._counted(position, row):
            return (Fate.LATE,)
        return (Fate.CHANGED, Fate.UNCHANGED)

    def _counted(self, position: Position, row: FeedRow) -> bool:
        return bool(position.counted_at and row.as_of and row.as_of <= position.counted_at)

    def _fed(self, position: Position, row: FeedRow) -> None:
        position.sequence = row.sequence or 0
        if row.kind == "DELTA":
            position.on_hand += row.quantity
            return
        assert row.as_of is not None
        since = sum(delta for at, delta in position.moved if at > row.as_of)
        position.on_hand = row.quantity + since
        position.counted_at = max(row.as_of, position.counted_at or row.as_of)

    def _never_oversold(self, before: dict[tuple[str, str], int]) -> None:
        """INV-S1: a write that promises more promises no more than there is."""
        for (item, group), promised in self._promised().items():
            if promised > before.get((item, group), 0):
                assert promised <= sum(level.site_sellable for level in self._levels(item, group))

    def _promised(self) -> dict[tuple[str, str], int]:
        firm, soft = self._books()
        return {key: firm.get(key, 0) + soft.get(key, 0) for key in {*firm, *soft}}

    def _books(self) -> tuple[dict[tuple[str, str], int], dict[tuple[str, str], int]]:
        firm: dict[tuple[str, str], int] = {}
        soft: dict[tuple[str, str], int] = {}
        for promise in self.promises:
            key = (promise.item, promise.group)
            firm[key] = firm.get(key, 0) + promise.open
        for hold in self.holds.values():
            if hold.expires_at > self.scene.now:
                key = (hold.item, hold.group)
                soft[key] = soft.get(key, 0) + hold.open
        return firm, soft

    def _levels(self, item: str, group: str) -> list[InventoryLevel]:
        return [x for (_, i, _), x in self.store.levels.items() if (i, x.group) == (item, group)]

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
