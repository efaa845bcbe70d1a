"""`OrderStore` and `Numbers` in memory, held to the same contract suite as the adapters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from oms.action_items.model import ActionItem
from oms.kernel.errors import AlreadyDone, VersionConflict
from oms.kernel.facts import StoredFact
from oms.lifecycle.document import from_document, split_facts, to_document
from oms.lifecycle.ports import Commit, Marker
from oms.lifecycle.record import OrderRecord

from tests.fakes.action_items import MemoryActionItems
from tests.fakes.stock import MemoryStock


class FakeOrders:
    """Keeps the stored form, so that what does not survive storage does not survive here."""

    def __init__(
        self, stock: MemoryStock | None = None, items: MemoryActionItems | None = None
    ) -> None:
        self._stock = stock
        self._items = items or MemoryActionItems()
        self.decisions: list[dict[str, Any]] = []
        self.beats: list[datetime] = []
        self._records: dict[tuple[str, str], bytes] = {}
        self._versions: dict[tuple[str, str], int] = {}
        self._pages: dict[tuple[str, str], tuple[StoredFact, ...]] = {}
        self._markers: dict[tuple[str, str], Marker] = {}
        self._due: dict[tuple[str, str], datetime | None] = {}

    def load(self, company: str, order_id: str) -> OrderRecord | None:
        """The record as of now, or None."""
        data = self._records.get((company, order_id))
        return None if data is None else from_document(data)

    def ids(self, company: str) -> tuple[str, ...]:
        """Ids of all orders, in the order they came."""
        return tuple(order_id for owner, order_id in self._records if owner == company)

    def commit(self, change: Commit) -> None:
        """Write all of `change` or nothing."""
        record, paged = split_facts(change.record)
        key = (record.order.company, record.order.id)
        if self._versions.get(key, 0) != record.version - 1:
            raise VersionConflict("the order changed meanwhile")
        if change.marker is not None and self._taken(key[0], change.marker):
            raise AlreadyDone("idempotency key")
        if any(self._moved(item) for item in change.items):
            raise VersionConflict("an action item changed meanwhile")
        if change.stock is not None and self._stock is not None:
            self._stock.write(key[0], change.stock)
        if change.marker is not None:
            self._markers[key[0], change.marker.key] = change.marker
        for item in change.items:
            self._items.put(item)
        if change.decision is not None:
            self.decisions.append(change.decision)
        self._records[key] = to_document(record)
        self._versions[key] = record.version
        self._pages[key] = self._pages.get(key, ()) + paged
        self._due[key] = change.due

    def _moved(self, item: ActionItem) -> bool:
        known = self._items.get(item.company, item.id)
        return (0 if known is None else known.version) != item.version - 1

    def marker(self, company: str, key: str) -> Marker | None:
        """The answer a key already got, or None."""
        return self._markers.get((company, key))

    def remember(self, company: str, marker: Marker) -> None:
        """Keep an answer; the first one of a key stays until it expires."""
        if not self._taken(company, marker):
            self._markers[company, marker.key] = marker

    def _taken(self, company: str, marker: Marker) -> bool:
        known = self._markers.get((company, marker.key))
        return known is not None and known.expires_at > marker.expires_at - timedelta(days=7)

    def facts(self, company: str, order_id: str, after: int) -> tuple[StoredFact, ...]:
        """Facts above `after`, in order."""
        record = self.load(company, order_id)
        held = () if record is None else record.facts
        every = self._pages.get((company, order_id), ()) + held
        return tuple(fact for fact in every if fact.order_seq > after)

    def every(self) -> Iterator[OrderRecord]:
        """All records."""
        return (from_document(data) for data in self._records.values())

    def beat(self, now: datetime) -> None:
        """Remember the newest heartbeat."""
        self.beats.append(now)

    def due(self, before: datetime, limit: int) -> tuple[tuple[str, str], ...]:
        """Orders whose deadline passed, oldest first."""
        found = [(at, key) for key, at in self._due.items() if at is not None and at <= before]
        return tuple(key for _, key in sorted(found)[:limit])


class FakeNumbers:
    """Sequences in memory."""

    def __init__(self) -> None:
        self._last: Counter[tuple[str, str]] = Counter()

    def next(self, company: str, name: str) -> int:
        """The next number of the sequence."""
        self._last[company, name] += 1
        return self._last[company, name]
