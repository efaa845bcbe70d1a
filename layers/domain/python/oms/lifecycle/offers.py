"""What may be promised of the items that were read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from oms.inventory.decisions import available, expired
from oms.inventory.model import BackorderPolicy, PromiseCounter, StockSnapshot
from oms.orders.shelf import Stocked

NOBODY: Collection[tuple[str, str]] = ()


def stocked(
    snapshot: StockSnapshot,
    pool: Sequence[str],
    groups: Mapping[str, str],
    now: datetime,
    owed: Collection[tuple[str, str]] = NOBODY,
) -> Stocked:
    """What the orders of a pool may be promised.

    `owed` names counters, by (item, group), that owe the caller units: supply there is the caller's
    though others wait, too, because it is the caller's turn (BKO-06). Anybody else finds only what
    no backorder waits for.
    """
    free: dict[tuple[str, str], int | None] = {}
    room: dict[tuple[str, str], int | None] = {}
    for item in snapshot.items.values():
        for group in pool:
            key = (item.id, group)
            counter = snapshot.counters.get(key, PromiseCounter(*key))
            waiting = 0 if key in owed else counter.backordered
            levels = snapshot.levels_of(item.id, group)
            unseen = snapshot.hidden_of(levels)
            left = counter.supply - unseen - counter.promised + expired(counter, now) - waiting
            hidden = not item.sellable and key not in owed
            free[key] = None if not item.stocked else 0 if hidden else max(0, left)
            if item.stocked and item.backorder(group, now).policy is not BackorderPolicy.NONE:
                room[key] = available(counter, item, now, levels, unseen)
    here = {
        key: 0 if level.site in snapshot.hidden else level.pickable
        for key, level in snapshot.levels.items()
    }
    return Stocked(free, {} if owed else room, here, groups)
