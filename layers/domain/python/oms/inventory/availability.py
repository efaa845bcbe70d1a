"""What may still be promised: the formulas of available to sell (ATS).

A commitment to backorder counts like a reservation, so supply that lands belongs to the backorder
queue before it is for sale (BKO-06).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from oms.inventory.model import (
    BackorderPolicy,
    InventoryLevel,
    Item,
    PromiseCounter,
    StockSnapshot,
)
from oms.kernel.codec import stamp


def available(
    counter: PromiseCounter,
    item: Item | None,
    now: datetime,
    levels: Sequence[InventoryLevel] = (),
    hidden: int = 0,
) -> int | None:
    """Units the supply group may still promise; None means without limit, never below 0 (STK-10).

    `levels` are all levels of the item in the group; only a LIMITED policy with basis TOTAL needs
    them. `hidden` units lie at sites that sell nothing now. What carts held that are expired by
    `now` is free again (RSV-04).
    """
    if item is not None and not item.sellable:
        return 0
    spare = headroom(counter, item, now, levels, hidden)
    return None if spare is None else max(0, spare + expired(counter, now))


def headroom(
    counter: PromiseCounter, item: Item | None, now: datetime, levels: Iterable[InventoryLevel],
    hidden: int = 0,
) -> int | None:  # fmt: skip
    """`available` before it is cut at zero: below zero, more is promised than policy allows."""
    committed = counter.promised + counter.backordered + hidden
    if item is None:
        return counter.supply - committed
    if not item.stocked:
        return None
    rule = item.backorder(counter.group, now)
    match rule.policy:
        case BackorderPolicy.NONE:
            return counter.supply - committed
        case BackorderPolicy.UNLIMITED:
            return None
    if rule.basis == "EXTRA":
        return counter.supply + rule.limit - committed
    kept = sum(level.safety_sell - level.shipped for level in levels)
    return rule.limit - counter.promised - counter.backordered - kept


def available_at(
    level: InventoryLevel,
    counter: PromiseCounter,
    item: Item | None,
    now: datetime,
    levels: Sequence[InventoryLevel] = (),
    hidden: int = 0,
) -> int:
    """Units that may be promised for pickup at one site: what the group may promise and the site
    has (RSV-03).
    """
    group = available(counter, item, now, levels, hidden)
    here = level.pickable
    return max(0, here if group is None else min(group, here))


def available_in(
    snapshot: StockSnapshot, item_id: str, groups: Sequence[str], now: datetime
) -> int | None:
    """Units a pool, the ordered list `groups`, may still promise of an item (STK-11)."""
    total = 0
    for group in groups:
        counter = snapshot.counters.get((item_id, group), PromiseCounter(item_id, group))
        levels = snapshot.levels_of(item_id, group)
        hidden = snapshot.hidden_of(levels)
        part = available(counter, snapshot.items.get(item_id), now, levels, hidden)
        if part is None:
            return None
        total += part
    return total


def expired(counter: PromiseCounter, now: datetime) -> int:
    """Units still counted as promised whose carts are past their time."""
    return sum(units for minute, units in counter.soft.items() if minute <= stamp(now))
