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
    levels: Sequence[InventoryLevel] = (),
    now: datetime | None = None,
) -> int | None:
    """Units the supply group may still promise; None means without limit, never below 0 (STK-10).

    `levels` are all levels of the item in the group; only a LIMITED policy with basis TOTAL needs
    them. With `now`, what expired carts held is free again (RSV-04).
    """
    if item is not None and not item.sellable:
        return 0
    spare = headroom(counter, item, levels)
    return None if spare is None else max(0, spare + (expired(counter, now) if now else 0))


def headroom(
    counter: PromiseCounter, item: Item | None, levels: Iterable[InventoryLevel]
) -> int | None:
    """`available` before it is cut at zero: below zero, more is promised than policy allows."""
    policy = BackorderPolicy.NONE if item is None else item.backorder_policy
    committed = counter.promised + counter.backordered
    if item is None or (item.physical and policy is BackorderPolicy.NONE):
        return counter.supply - committed
    if not item.physical or policy is BackorderPolicy.UNLIMITED:
        return None
    if item.backorder_basis == "EXTRA":
        return counter.supply + item.backorder_limit - committed
    kept = sum(level.safety_sell - level.shipped for level in levels)
    return item.backorder_limit - committed - kept


def available_at(
    level: InventoryLevel,
    counter: PromiseCounter,
    item: Item | None,
    levels: Sequence[InventoryLevel] = (),
    now: datetime | None = None,
) -> int:
    """Units that may be promised for pickup at one site: what the group may promise and the site
    has.
    """
    group = available(counter, item, levels, now)
    here = level.site_sellable - level.reserved
    return max(0, here if group is None else min(group, here))


def available_in(
    snapshot: StockSnapshot, item_id: str, groups: Sequence[str], now: datetime
) -> int | None:
    """Units a pool, the ordered list `groups`, may still promise of an item (STK-11)."""
    total = 0
    for group in groups:
        counter = snapshot.counters.get((item_id, group), PromiseCounter(item_id, group))
        levels = snapshot.levels_of(item_id, group)
        part = available(counter, snapshot.items.get(item_id), levels, now)
        if part is None:
            return None
        total += part
    return total


def expired(counter: PromiseCounter, now: datetime) -> int:
    """Units still counted as promised whose carts are past their time."""
    return sum(units for minute, units in counter.soft.items() if minute <= stamp(now))
