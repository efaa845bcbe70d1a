"""What may be promised of the items that were read."""

from __future__ import annotations

from collections.abc import Sequence

from oms.inventory.model import BackorderPolicy, PromiseCounter, StockSnapshot


def offers(snapshot: StockSnapshot, pool: Sequence[str]) -> dict[tuple[str, str], int | None]:
    """Units on hand and free, by (item, group); None where an item has no stock to count."""
    found: dict[tuple[str, str], int | None] = {}
    for item in snapshot.items.values():
        for group in pool:
            counter = snapshot.counters.get((item.id, group), PromiseCounter(item.id, group))
            free = counter.supply - counter.promised - counter.backordered
            found[item.id, group] = max(0, free) if item.physical else None
    return found


def backorderable(snapshot: StockSnapshot) -> dict[str, bool]:
    """Whether an item may be promised from supply that is still to come (BKO-01)."""
    return {
        item.id: item.backorder_policy is not BackorderPolicy.NONE
        for item in snapshot.items.values()
    }
