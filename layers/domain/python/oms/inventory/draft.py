"""Builds one stock write: counters as read, changed step by step, every change journaled.

Requests are collected per counter and guarded on their sum, so two lines that share an item neither
conflict with themselves nor count twice (RSV-07). The supply of a group follows its levels by
construction: what a level contributes is compared before and after.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from oms.inventory.availability import headroom
from oms.inventory.model import (
    BackorderPolicy,
    CartReservation,
    InventoryLevel,
    Journal,
    Movement,
    MovementType,
    PromiseCounter,
    Recent,
    StockSnapshot,
    StockWrite,
)
from oms.kernel.codec import camel, stamp
from oms.kernel.context import Context
from oms.kernel.errors import NotFound, StockConflict

Key = tuple[str, str]

RECENT_HOURS = 26
"""A snapshot may be this old: a day, and the grace a nightly feed has."""

RECENT_EXACT = 24
"""So many movements are remembered one by one; above, those of one half hour become one."""

COUNTED = ("reserved", "allocated", "picked")


@dataclass(frozen=True, slots=True)
class Note:
    """Why counters move: kind of movement, the reservation it acts on, the reason given."""

    kind: MovementType
    reservation_id: str | None = None
    reason: str | None = None


class Draft:
    """One stock write in the making; `now` decides which carts have expired."""

    def __init__(
        self, snapshot: StockSnapshot, now: datetime, site_groups: Mapping[str, str]
    ) -> None:
        self.now = now
        self._snapshot = snapshot
        self._site_groups = site_groups
        self._counters: dict[Key, PromiseCounter] = {}
        self._levels: dict[Key, InventoryLevel] = {}
        self._carts: dict[str, CartReservation] = {}
        self._notes: dict[Key, Note] = {}
        self._movements: list[Movement] = []
        self._pickups: set[Key] = set()
        self._beyond: set[Key] = set()
        self._queued: set[Key] = set()

    def counter(self, item_id: str, group: str) -> PromiseCounter:
        """The promise counter as it stands in this draft."""
        key = (item_id, group)
        return self._counters.get(key) or self._read_counter(key)

    def level(self, item_id: str, site: str) -> InventoryLevel:
        """The level as it stands in this draft; raises `NotFound` for an unknown site."""
        key = (item_id, site)
        return self._levels.get(key) or self._read_level(key)

    def open_level(self, note: Note, item_id: str, site: str) -> InventoryLevel:
        """The level; one that is new starts with the safety stock of its item."""
        item = self._snapshot.items.get(item_id)
        if self.level(item_id, site).version == 0 and (item_id, site) not in self._levels and item:
            self.shift(note, item_id, site, safety_sell=item.safety_sell)
            if item.safety_source is not None:
                self.shift(note, item_id, site, safety_source=item.safety_source)
        return self.level(item_id, site)

    def cart(self, cart_id: str) -> CartReservation | None:
        """The cart reservation as it stands in this draft."""
        return self._carts.get(cart_id) or self._snapshot.carts.get(cart_id)

    def promise(self, note: Note, item_id: str, group: str, units: int) -> None:
        """Promise `units` more, or fewer where negative, from a group."""
        self._shift_counter(note, self._current(item_id, group), "promised", units)

    def backorder(
        self, note: Note, item_id: str, group: str, units: int, beyond: bool = False
    ) -> None:
        """Commit to `units` more, or fewer, from supply to come; `beyond` the item's policy too."""
        if beyond:
            self._beyond.add((item_id, group))
        self._shift_counter(note, self._current(item_id, group), "backordered", units)

    def queue(self, item_id: str, group: str) -> None:
        """Say that a line waits; written even where it was said before, so that whoever takes it
        back at the same time finds that somebody came.
        """
        self._counters[(item_id, group)] = replace(self._current(item_id, group), queued=True)
        self._queued.add((item_id, group))

    def hold(self, note: Note, cart: CartReservation) -> None:
        """Promise a cart's open units until it expires."""
        counter = self._current(cart.item_id, cart.group)
        minute = stamp(cart.expires_at)
        soft = {**counter.soft, minute: counter.soft.get(minute, 0) + cart.open}
        self._shift_counter(note, replace(counter, soft=soft), "promised", cart.open)
        self._journal(note, cart.item_id, f"G:{cart.group}", "soft", _soft(counter), cart.open)
        self._carts[cart.id] = cart

    def end(self, note: Note, cart: CartReservation, how: str) -> None:
        """End a cart's promise by id; one that ended or expired before gives nothing back."""
        counter = self._current(cart.item_id, cart.group)
        minute = stamp(cart.expires_at)
        held = min(cart.open, counter.soft.get(minute, 0))
        if held == 0:
            return
        soft = {**counter.soft, minute: counter.soft[minute] - held}
        soft = {at: units for at, units in soft.items() if units}
        self._shift_counter(note, replace(counter, soft=soft), "promised", -held)
        self._journal(note, cart.item_id, f"G:{cart.group}", "soft", _soft(counter), -held)
        self._carts[cart.id] = replace(cart, open=0, ended=how)

    def place_for_pickup(self, note: Note, item_id: str, site: str, units: int) -> None:
        """Reserve units at the site where the customer fetches them (RSV-03); the site's safety
        stock for sourcing is no reason against it, its safety stock for sale is.
        """
        self._pickups.add((item_id, site))
        self.shift(note, item_id, site, reserved=units)

    def shift(self, note: Note, item_id: str, site: str, **deltas: int) -> None:
        """Move counters of a level, named as its fields; on hand moved by anything but the feed
        itself is remembered for later snapshots (FED-02).
        """
        for name, delta in deltas.items():
            level = self.level(item_id, site)
            before = getattr(level, name) or 0
            values: dict[str, Any] = {name: before + delta}
            self.put(note, replace(level, **values))
            self._journal(note, item_id, f"S:{site}", camel(name), before, delta)
        moved = deltas.get("on_hand", 0)
        if moved and note.kind is not MovementType.FEED:
            self.put(note, remember(self.level(item_id, site), Recent(self.now, moved)))

    def shift_unavailable(
        self, note: Note, item_id: str, site: str, reason: str, delta: int
    ) -> None:
        """Move units between sellable and unavailable for a reason (STK-02)."""
        level = self.level(item_id, site)
        before = level.unavailable.get(reason, 0)
        units = {**level.unavailable, reason: before + delta}
        units = {name: count for name, count in units.items() if count}
        self.put(note, replace(level, unavailable=units))
        self._journal(note, item_id, f"S:{site}", f"unavailable:{reason}", before, delta)

    def cool(self, note: Note, level: InventoryLevel, until: datetime | None) -> None:
        """Keep automation off the position until then; None lifts it."""
        self.put(note, replace(level, cooldown_until=until))

    def put(self, note: Note, level: InventoryLevel) -> None:
        """Replace a level's state where no counter of it moves."""
        key = (level.item_id, level.site)
        self._levels[key] = level
        self._notes[key] = note

    def finish(self, cause_id: str, ctx: Context, order_id: str | None = None) -> StockWrite:
        """The write, in key order; raises `StockConflict` where a counter does not allow it."""
        for key in sorted(self._levels):
            self._supply(key)
        self._guard_counters()
        self._guard_levels()
        return StockWrite(
            Journal(cause_id, self.now, ctx.actor.label, tuple(self._movements), order_id),
            tuple(
                counter for key, counter in sorted(self._counters.items())
                if counter != self._read_counter(key) or key in self._queued
            ),
            tuple(
                level for key, level in sorted(self._levels.items())
                if level != self._read_level(key)
            ),
            tuple(cart for _, cart in sorted(self._carts.items())),
        )  # fmt: skip

    def _read_counter(self, key: Key) -> PromiseCounter:
        return self._snapshot.counters.get(key) or PromiseCounter(*key)

    def _read_level(self, key: Key) -> InventoryLevel:
        found = self._snapshot.levels.get(key)
        if found is not None:
            return found
        item_id, site = key
        group = self._site_groups.get(site)
        if group is None:
            raise NotFound("SITE_UNKNOWN", f"there is no site {site}")
        return InventoryLevel(item_id, site, group)

    def _current(self, item_id: str, group: str) -> PromiseCounter:
        """The counter without what expired carts held, which is taken back on first touch."""
        counter = self.counter(item_id, group)
        minutes = [minute for minute in counter.soft if minute <= stamp(self.now)]
        units = sum(counter.soft[minute] for minute in minutes)
        if not minutes:
            return counter
        note = Note(MovementType.RELEASE, reason="EXPIRED")
        self._journal(note, item_id, f"G:{group}", "soft", _soft(counter), -units)
        soft = {at: held for at, held in counter.soft.items() if at not in minutes}
        self._shift_counter(note, replace(counter, soft=soft), "promised", -units)
        return self.counter(item_id, group)

    def _shift_counter(self, note: Note, counter: PromiseCounter, name: str, delta: int) -> None:
        before = getattr(counter, name)
        values: dict[str, Any] = {name: before + delta}
        self._counters[(counter.item_id, counter.group)] = replace(counter, **values)
        self._journal(note, counter.item_id, f"G:{counter.group}", name, before, delta)

    def _journal(
        self, note: Note, item_id: str, place: str, counter: str, before: int, delta: int
    ) -> None:
        if delta:
            self._movements.append(
                Movement(
                    note.kind, item_id, place, counter, delta, before, before + delta,
                    note.reservation_id, note.reason,
                )
            )  # fmt: skip

    def _supply(self, key: Key) -> None:
        after = self._levels[key]
        delta = after.gross - self._read_level(key).gross
        if delta:
            counter = self._current(after.item_id, after.group)
            self._shift_counter(self._notes[key], counter, "supply", delta)

    def _guard_counters(self) -> None:
        for key, after in self._counters.items():
            before = self._read_counter(key)
            if after.promised < 0 or after.backordered < 0:
                raise StockConflict(f"more of {key[0]} given back than {key[1]} has promised")
            if after.backordered > before.backordered and key not in self._beyond:
                self._guard_limit(key, after)
            dead = sum(units for at, units in before.soft.items() if at <= stamp(self.now))
            grown = after.promised - (before.promised - dead)
            if grown > 0:
                self._guard_promise(key, before, after, grown)

    def _guard_limit(self, key: Key, after: PromiseCounter) -> None:
        """BKO-02: what is promised and committed stays within the limit of the policy."""
        item = self._snapshot.items.get(key[0])
        if item is None or item.backorder(key[1], self.now).policy is not BackorderPolicy.LIMITED:
            return
        if (self._spare(key, after) or 0) < 0:
            raise StockConflict(f"{key[1]} may not promise that much of {key[0]}")

    def _guard_promise(
        self, key: Key, before: PromiseCounter, after: PromiseCounter, grown: int
    ) -> None:
        item = self._snapshot.items.get(key[0])
        served = before.backordered - after.backordered
        if served > 0 and after.promised > after.supply:
            raise StockConflict(f"{key[1]} has too little of {key[0]} for its backorders")
        if served >= grown:
            # Commitments of before take what is there, whatever others still wait for (BKO-06).
            return
        # What this write itself backorders is beyond stock on purpose and takes nothing from it.
        kept = replace(after, backordered=min(before.backordered, after.backordered))
        spare = self._spare(key, kept)
        hidden = item is not None and not item.sellable
        if hidden or (spare is not None and spare < 0):
            raise StockConflict(f"{key[1]} has too little of {key[0]} left to promise")

    def _spare(self, key: Key, counter: PromiseCounter) -> int | None:
        item = self._snapshot.items.get(key[0])
        levels = [self.level(*known) for known in self._known_levels(key)]
        return headroom(counter, item, self.now, levels, self._snapshot.hidden_of(levels))

    def _known_levels(self, key: Key) -> set[Key]:
        item_id, group = key
        known = {**self._snapshot.levels, **self._levels}
        return {at for at, level in known.items() if at[0] == item_id and level.group == group}

    def _guard_levels(self) -> None:
        for key, after in self._levels.items():
            before = self._read_level(key)
            if any(getattr(after, name) < 0 for name in COUNTED):
                raise StockConflict(f"more of {key[0]} taken from {key[1]} than was placed there")
            left = after.pickable if key in self._pickups else after.unplaced
            if after.reserved > before.reserved and left < 0:
                raise StockConflict(f"{key[1]} has too little of {key[0]} left to place")


def remember(level: InventoryLevel, movement: Recent) -> InventoryLevel:
    """Add a movement of on hand to those that a later, older snapshot must not undo (FED-02).

    Beyond `RECENT_EXACT` the movements of one half hour are kept as one, dated so that a snapshot
    taken within that half hour errs to fewer units, never to more than there are.
    """
    limit = movement.at - timedelta(hours=RECENT_HOURS)
    gone = [old.at for old in level.recent if old.at <= limit]
    kept = [old for old in level.recent if old.at > limit]
    if kept and kept[-1].at == movement.at:
        movement = Recent(movement.at, kept.pop().delta + movement.delta)
    kept.append(movement)
    if len(kept) > RECENT_EXACT:
        kept = _coarser(kept)
    forgotten = max(gone) if gone else level.forgotten_until
    return replace(level, recent=tuple(kept), forgotten_until=forgotten)


def _coarser(movements: list[Recent]) -> list[Recent]:
    merged: dict[tuple[int, bool], Recent] = {}
    for entry in movements:
        key = (int(entry.at.timestamp()) // 1800, entry.delta > 0)
        old = merged.get(key)
        if old is None:
            merged[key] = entry
            continue
        at = min(old.at, entry.at) if entry.delta > 0 else max(old.at, entry.at)
        merged[key] = Recent(at, old.delta + entry.delta)
    return sorted(merged.values(), key=lambda entry: entry.at)


def _soft(counter: PromiseCounter) -> int:
    return sum(counter.soft.values())
