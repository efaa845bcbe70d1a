"""`StockStore` in memory: the same guards as the table, no network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from oms.inventory.capacity import DayLoad
from oms.inventory.model import (
    CartReservation,
    InventoryLevel,
    Item,
    Journal,
    PromiseCounter,
    StockSnapshot,
    StockWrite,
)
from oms.inventory.queue import Waiting
from oms.inventory.reports import FeedReport
from oms.kernel.errors import AlreadyDone, Conflict, StockConflict, VersionConflict


class MemoryStock:
    """Holds any number of companies; `journals` is open to tests that prove sums."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], Item] = {}
        self.counters: dict[tuple[str, str, str], PromiseCounter] = {}
        self.levels: dict[tuple[str, str, str], InventoryLevel] = {}
        self.carts: dict[tuple[str, str], CartReservation] = {}
        self.journals: dict[tuple[str, str], Journal] = {}
        self.days: dict[tuple[str, str, str], DayLoad] = {}
        self.queue: dict[tuple[str, str, str, int], Waiting] = {}
        self._skus: dict[tuple[str, str], str] = {}
        self._reports: dict[tuple[str, str], FeedReport] = {}

    def read(
        self,
        company: str,
        item_ids: Sequence[str],
        groups: Sequence[str],
        sites: Sequence[str] | None = None,
        carts: Sequence[str] = (),
    ) -> StockSnapshot:
        """What is there of the items, groups, sites and carts."""
        return StockSnapshot(
            {
                (item, group): counter
                for (owner, item, group), counter in self.counters.items()
                if owner == company and item in item_ids and group in groups
            },
            {
                (item, site): level
                for (owner, item, site), level in self.levels.items()
                if owner == company and item in item_ids and (sites is None or site in sites)
            },
            {i: self.items[(company, i)] for i in item_ids if (company, i) in self.items},
            {c: self.carts[(company, c)] for c in carts if (company, c) in self.carts},
        )

    def write(self, company: str, change: StockWrite) -> None:
        """All or nothing, guarded by versions and by the cause."""
        cause = (company, change.journal.cause_id)
        if change.journal.movements and cause in self.journals:
            raise AlreadyDone(change.journal.cause_id)
        counters = {(company, c.item_id, c.group): c for c in change.counters}
        levels = {(company, level.item_id, level.site): level for level in change.levels}
        carts = {(company, cart.id): cart for cart in change.carts}
        stale = (
            any(_version(self.counters.get(key)) != c.version for key, c in counters.items())
            or any(_version(self.levels.get(key)) != x.version for key, x in levels.items())
            or any(_version(self.carts.get(key)) != r.version for key, r in carts.items())
        )
        days = {
            (company, s.site, s.day): (s, self._load(company, s.site, s.day)) for s in change.slots
        }
        if stale or not all(slot.fits(load) for slot, load in days.values()):
            raise StockConflict("stock moved meanwhile")
        self.counters |= {k: replace(c, version=c.version + 1) for k, c in counters.items()}
        self.levels |= {k: replace(x, version=x.version + 1) for k, x in levels.items()}
        self.carts |= {k: replace(r, version=r.version + 1) for k, r in carts.items()}
        self.days |= {key: slot.applied(load) for key, (slot, load) in days.items()}
        if change.journal.movements:
            self.journals[cause] = change.journal
        self.queue |= {(company, *row.place): row for row in change.joined}

    def loads(self, company: str, days: Sequence[tuple[str, str]]) -> tuple[DayLoad, ...]:
        """Days that were written."""
        return tuple(self.days[key] for at in days if (key := (company, *at)) in self.days)

    def _load(self, company: str, site: str, day: str) -> DayLoad:
        return self.days.get((company, site, day), DayLoad(site, day))

    def waiting(self, company: str, item_id: str) -> tuple[Waiting, ...]:
        """Rows of the item."""
        rows = self.queue.items()
        return tuple(row for place, row in rows if place[:2] == (company, item_id))

    def forget(self, company: str, rows: Sequence[Waiting]) -> None:
        """Gone, once or twice."""
        for row in rows:
            self.queue.pop((company, *row.place), None)

    def journal(self, company: str, cause_id: str) -> Journal | None:
        """The journal of the cause."""
        return self.journals.get((company, cause_id))

    def items_by_sku(self, company: str, skus: Sequence[str]) -> dict[str, Item]:
        """Items by any sku they ever had."""
        found = {sku: self._skus[(company, sku)] for sku in skus if (company, sku) in self._skus}
        return {sku: self.items[(company, item_id)] for sku, item_id in found.items()}

    def put_item(self, company: str, item: Item) -> None:
        """Guarded by version and by who owns the sku."""
        stored = self.items.get((company, item.id))
        if (stored.version if stored else 0) != item.version - 1:
            raise VersionConflict("item changed meanwhile")
        if self._skus.get((company, item.sku), item.id) != item.id:
            raise Conflict("SKU_TAKEN", "sku names another item")
        self.items[(company, item.id)] = item
        self._skus[(company, item.sku)] = item.id

    def items_at(
        self, company: str, site: str, after: str = "", limit: int | None = None
    ) -> tuple[str, ...]:
        """Items with a level there."""
        found = sorted(i for owner, i, at in self.levels if (owner, at) == (company, site))
        return tuple(item_id for item_id in found if item_id > after)[:limit]

    def put_report(self, company: str, report: FeedReport) -> None:
        """The newest report of a feed is kept."""
        self._reports[(company, report.feed_id)] = report

    def report(self, company: str, feed_id: str) -> FeedReport | None:
        """The report kept."""
        return self._reports.get((company, feed_id))


def _version(stored: PromiseCounter | InventoryLevel | CartReservation | None) -> int:
    return 0 if stored is None else stored.version
