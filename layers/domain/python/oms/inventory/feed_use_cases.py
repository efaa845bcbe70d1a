"""Loading inventory feeds: rows in chunks, one write per position, a fate for every row."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from oms.inventory.adjustments import one_too_many
from oms.inventory.commands import FeedRow
from oms.inventory.feeds import Fate, FeedOutcome, apply_feed_row
from oms.inventory.model import (
    InventoryLevel,
    Item,
    Journal,
    Movement,
    PromiseCounter,
    StockSnapshot,
    StockWrite,
)
from oms.inventory.ports import StockStore
from oms.inventory.reports import FeedReport, RefusedRow
from oms.inventory.use_cases import again
from oms.kernel.context import Context
from oms.kernel.errors import AlreadyDone, StockConflict

CHUNK = 100
"""Rows read together: their positions fit a few batch reads."""

Fates = dict[int, FeedOutcome]


@dataclass(frozen=True, slots=True)
class _Numbered:
    """A row with its number in the feed and its item."""

    number: int
    row: FeedRow
    item: Item


def load_feed(
    store: StockStore,
    feed_id: str,
    rows: Sequence[FeedRow],
    site_groups: Mapping[str, str],
    ctx: Context,
) -> FeedReport:
    """Take the rows of a feed and keep its report (FED-01).

    Loading the same rows again, whole or in part, changes nothing: every row is then repeated or
    late. A row that cannot be taken is refused with its reason and stops no other.
    """
    loader = _Loader(store, feed_id, site_groups, ctx)
    fates: Fates = {}
    for start in range(0, len(rows), CHUNK):
        fates |= loader.chunk(start + 1, rows[start : start + CHUNK])
    report = _report(feed_id, rows, fates, ctx)
    store.put_report(ctx.actor.company, report)
    return report


@dataclass(frozen=True, slots=True)
class _Loader:
    """One run of one feed."""

    store: StockStore
    feed_id: str
    site_groups: Mapping[str, str]
    ctx: Context

    def chunk(self, first: int, rows: Sequence[FeedRow]) -> Fates:
        """Fates of consecutive rows, by number from `first`; site by site."""
        items = self.store.items_by_sku(self.ctx.actor.company, [row.sku for row in rows])
        fates: Fates = {}
        sites: dict[str, dict[str, list[_Numbered]]] = {}
        for number, row in enumerate(rows, first):
            item = items.get(row.sku)
            reason = _unknown(row, item, self.site_groups)
            if item is None or reason is not None:
                fates[number] = FeedOutcome(Fate.REFUSED, reason=reason)
                continue
            position = sites.setdefault(row.site, {}).setdefault(item.id, [])
            position.append(_Numbered(number, row, item))
        for site, positions in sorted(sites.items()):
            fates |= self._site(site, positions)
        return fates

    def _site(self, site: str, positions: Mapping[str, Sequence[_Numbered]]) -> Fates:
        usual = [item_id for item_id, rows in positions.items() if not rows[0].item.unique]
        read: StockSnapshot = self._read(usual, [site])
        fates: Fates = {}
        for _, rows in sorted(positions.items()):
            known = None if rows[0].item.unique else read
            for batch in _batches(rows):
                fates |= self._position(batch, known)
                known = None
        return fates

    def _position(self, batch: Sequence[_Numbered], known: StockSnapshot | None) -> Fates:
        """Decide and write rows of one position; `known` is what was read for the whole chunk."""
        if known is not None:
            try:
                return self._once(batch, known)
            except StockConflict:
                return again(lambda: self._once(batch, self._read_position(batch[0])))
        return again(lambda: self._once(batch, self._read_position(batch[0])))

    def _once(self, batch: Sequence[_Numbered], snapshot: StockSnapshot) -> Fates:
        fates, write = self._decide(batch, snapshot)
        if write is not None:
            try:
                self.store.write(self.ctx.actor.company, write)
            except AlreadyDone:
                return {entry.number: FeedOutcome(Fate.REPEATED) for entry in batch}
        return fates

    def _decide(
        self, batch: Sequence[_Numbered], snapshot: StockSnapshot
    ) -> tuple[Fates, StockWrite | None]:
        item, site = batch[0].item, batch[0].row.site
        group = self.site_groups[site]
        level = snapshot.levels.get((item.id, site)) or InventoryLevel(item.id, site, group)
        key = (item.id, level.group)
        counter = snapshot.counters.get(key) or PromiseCounter(*key)
        as_read, movements = (level, counter), list[Movement]()
        fates: Fates = {}
        for entry in batch:
            outcome = apply_feed_row(level, counter, item, entry.row, self.feed_id, self.ctx)
            if outcome.write is not None and one_too_many(snapshot, outcome.write.levels[0]):
                outcome = FeedOutcome(Fate.REFUSED, reason="UNIQUE_ITEM")
            fates[entry.number] = outcome
            if outcome.write is not None:
                level = outcome.write.levels[0]
                counter = next(iter(outcome.write.counters), counter)
                movements += outcome.write.journal.movements
        if (level, counter) == as_read:
            return fates, None
        journal = Journal(self._cause(batch), self.ctx.now, self.ctx.actor.label, tuple(movements))
        counters = (counter,) if counter != as_read[1] else ()
        return fates, StockWrite(journal, counters, (level,))

    def _cause(self, batch: Sequence[_Numbered]) -> str:
        entry = batch[0]
        place = f"{entry.item.id}:{entry.row.site}"
        if _by_row_id(entry.row):
            return f"feed-row:{place}:{entry.row.row_id}"
        digest = hashlib.sha256(repr([one.row for one in batch]).encode()).hexdigest()[:16]
        return f"feed:{self.feed_id}:{place}:{digest}"

    def _read(self, item_ids: Sequence[str], sites: Sequence[str]) -> StockSnapshot:
        groups = sorted({self.site_groups[site] for site in sites})
        return self.store.read(self.ctx.actor.company, item_ids, groups, sites)

    def _read_position(self, entry: _Numbered) -> StockSnapshot:
        site = entry.row.site
        if not entry.item.unique:
            return self._read([entry.item.id], [site])
        groups = [self.site_groups[site]]
        return self.store.read(self.ctx.actor.company, [entry.item.id], groups)


def _unknown(row: FeedRow, item: Item | None, site_groups: Mapping[str, str]) -> str | None:
    if item is None:
        return "UNKNOWN_SKU"
    if row.site not in site_groups:
        return "UNKNOWN_SITE"
    return None if item.physical else "NOT_STOCKED"


def _batches(rows: Sequence[_Numbered]) -> list[list[_Numbered]]:
    """Rows of a position that one write takes; a row known by its id alone is one of its own, since
    its journal entry is what makes it take effect once.
    """
    batches: list[list[_Numbered]] = []
    for entry in rows:
        if batches and not _by_row_id(entry.row) and not _by_row_id(batches[-1][0].row):
            batches[-1].append(entry)
        else:
            batches.append([entry])
    return batches


def _by_row_id(row: FeedRow) -> bool:
    return row.row_id is not None and row.sequence is None


def _report(feed_id: str, rows: Sequence[FeedRow], fates: Fates, ctx: Context) -> FeedReport:
    counts = Counter(outcome.fate for outcome in fates.values())
    refused = tuple(
        RefusedRow(number, rows[number - 1].site, rows[number - 1].sku, outcome.reason or "")
        for number, outcome in sorted(fates.items())
        if outcome.fate is Fate.REFUSED
    )
    return FeedReport(
        feed_id, ctx.now, len(rows), counts[Fate.UNCHANGED], counts[Fate.CHANGED],
        counts[Fate.LATE], counts[Fate.REPEATED], refused,
    )  # fmt: skip
