"""What a shop may say of an item: one word derived from master data and stock (ITM-05)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from oms.inventory.availability import expired
from oms.inventory.model import InventoryLevel, Item, PromiseCounter, StockSnapshot


class AvailabilityStatus(StrEnum):
    """The first that applies, from what a person decided down to what is there."""

    AWAITING_APPROVAL = "AWAITING_APPROVAL"
    SUSPENDED = "SUSPENDED"
    SUPPRESSED = "SUPPRESSED"
    AVAILABLE = "AVAILABLE"
    AVAILABLE_UNIQUE = "AVAILABLE_UNIQUE"
    AVAILABLE_BACKORDER = "AVAILABLE_BACKORDER"
    OUT_OF_STOCK = "OUT_OF_STOCK"


DECIDED = {
    "AWAITING_APPROVAL": AvailabilityStatus.AWAITING_APPROVAL,
    "SUSPENDED": AvailabilityStatus.SUSPENDED,
    "REMOVED": AvailabilityStatus.SUPPRESSED,
}
"""What the state of an item says whatever stock there is (ITM-03)."""


def availability_status(
    snapshot: StockSnapshot,
    item_id: str,
    counters: Iterable[PromiseCounter],
    levels: Sequence[InventoryLevel],
    ats: int | None,
    now: datetime,
) -> AvailabilityStatus:
    """The status where `ats` units may be promised from these counters and the levels asked about.

    Items without stock of their own, drop-shipped ones included, are always available.
    """
    item = snapshot.items.get(item_id)
    if item is None:
        return AvailabilityStatus.OUT_OF_STOCK
    if item.state in DECIDED or item.suppressed:
        return DECIDED.get(item.state, AvailabilityStatus.SUPPRESSED)
    if not item.stocked:
        return AvailabilityStatus.AVAILABLE if item.sellable else AvailabilityStatus.OUT_OF_STOCK
    if ats is None or ats > 0:
        free = sum(c.free - c.backordered + expired(c, now) for c in counters)
        return _in_hand(item) if free - snapshot.hidden_of(levels) > 0 else _LATER
    concealed = [x for x in levels if x.base and (x.suppressed or x.site in snapshot.hidden)]
    return AvailabilityStatus.SUPPRESSED if concealed else AvailabilityStatus.OUT_OF_STOCK


_LATER = AvailabilityStatus.AVAILABLE_BACKORDER


def _in_hand(item: Item) -> AvailabilityStatus:
    return AvailabilityStatus.AVAILABLE_UNIQUE if item.unique else AvailabilityStatus.AVAILABLE
