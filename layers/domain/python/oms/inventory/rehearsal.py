"""Stock as a preview sees it: everything is read, nothing is written, and what a command would have
written is there when it looks again (PVW-01).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from oms.inventory.capacity import DayLoad
from oms.inventory.model import Item, Journal, StockSnapshot, StockWrite
from oms.inventory.ports import StockStore
from oms.inventory.queue import Waiting
from oms.inventory.reports import FeedReport


class Rehearsal:
    """`StockStore` over another one, whose writes stay here."""

    def __init__(self, store: StockStore) -> None:
        self._store = store
        self._writes: list[tuple[str, StockWrite]] = []

    def read(
        self, company: str, item_ids: Sequence[str], groups: Sequence[str],
        sites: Sequence[str] | None = None, carts: Sequence[str] = (),
    ) -> StockSnapshot:  # fmt: skip
        """What is stored, with what was written here laid over it."""
        found = self._store.read(company, item_ids, groups, sites, carts)
        levels, counters, held = dict(found.levels), dict(found.counters), dict(found.carts)
        for _, write in self._writes:
            levels |= {
                (one.item_id, one.site): replace(one, version=one.version + 1)
                for one in write.levels
                if one.item_id in item_ids and (sites is None or one.site in sites)
            }
            counters |= {
                (one.item_id, one.group): replace(one, version=one.version + 1)
                for one in write.counters
                if one.item_id in item_ids and one.group in groups
            }
            held |= {one.id: one for one in write.carts if one.id in carts}
        return replace(found, levels=levels, counters=counters, carts=held)

    def write(self, company: str, change: StockWrite) -> None:
        """Keep it here."""
        self._writes.append((company, change))

    def loads(self, company: str, days: Sequence[tuple[str, str]]) -> tuple[DayLoad, ...]:
        """What is stored."""
        return self._store.loads(company, days)

    def waiting(self, company: str, item_id: str) -> tuple[Waiting, ...]:
        """The lines that wait for an item."""
        return self._store.waiting(company, item_id)

    def forget(self, company: str, rows: Sequence[Waiting]) -> None:
        """Remove nothing."""

    def journal(self, company: str, cause_id: str) -> Journal | None:
        """What that cause moved before, or here."""
        mine = (w.journal for owner, w in self._writes
                if (owner, w.journal.cause_id) == (company, cause_id))  # fmt: skip
        return next(mine, None) or self._store.journal(company, cause_id)

    def items_by_sku(self, company: str, skus: Sequence[str]) -> dict[str, Item]:
        """Items by the skus asked for."""
        return self._store.items_by_sku(company, skus)

    def items_at(
        self, company: str, site: str, after: str = "", limit: int | None = None
    ) -> tuple[str, ...]:
        """What `StockStore` says."""
        return self._store.items_at(company, site, after, limit)

    def put_item(self, company: str, item: Item) -> None:
        """Store nothing."""

    def put_report(self, company: str, report: FeedReport) -> None:
        """Keep no report."""

    def report(self, company: str, feed_id: str) -> FeedReport | None:
        """The report of a feed, or None."""
        return self._store.report(company, feed_id)
