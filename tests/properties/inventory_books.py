"""The world's own books of promises, carts and movements, compared with the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from oms.inventory.commands import FeedRow
from oms.inventory.feeds import Fate
from oms.inventory.model import (
    InventoryLevel,
)

from tests.domain.inventory.proof import prove_bounds, prove_counters, prove_supply
from tests.domain.inventory.scene import (
    Scene,
    canceled,
    released,
    units,
)
from tests.fakes.stock import MemoryStock

ITEMS = ("itm_1", "itm_2")
GROUPS = ("main", "west")


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


class Books:
    """What should be in the store."""

    def __init__(self) -> None:
        self.store = MemoryStock()
        self.scene = Scene(self.store)
        self.promises: list[Promise] = []
        self.holds: dict[str, Hold] = {}
        self.positions: dict[tuple[str, str], Position] = {}

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

    def _own(self, item: str, site: str, delta: int, at: datetime) -> None:
        position = self.positions[(item, site)]
        position.on_hand += delta
        position.moved.append((at, delta))

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
