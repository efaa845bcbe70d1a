"""Decisions on stock: what the facts of an order do to it, and what people say it is.

Every function gives a `StockWrite` whose counters are guarded by the versions it was decided on;
none of them knows where they are kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from oms.inventory.adjustments import adjust
from oms.inventory.availability import available, available_at, available_in, expired
from oms.inventory.carts import extend_cart, release_cart, reserve_cart
from oms.inventory.draft import Draft
from oms.inventory.effects import Queue, StockEffect
from oms.inventory.facts import InventoryChanged
from oms.inventory.feeds import apply_feed_row
from oms.inventory.model import StockSnapshot, StockWrite
from oms.inventory.queue import queue
from oms.inventory.translation import Touched, effects, touched
from oms.kernel.context import Context

__all__ = [
    "Queue",
    "StockEffect",
    "Touched",
    "adjust",
    "apply_feed_row",
    "available",
    "available_at",
    "available_in",
    "changes",
    "effects",
    "expired",
    "extend_cart",
    "oversold",
    "plan",
    "queue",
    "release_cart",
    "reserve_cart",
    "touched",
]


def plan(
    found: Sequence[StockEffect],
    snapshot: StockSnapshot,
    cause_id: str,
    order_id: str | None,
    ctx: Context,
    site_groups: Mapping[str, str],
) -> StockWrite:
    """The one write that has all these effects; `cause_id` lets it take place at most once.

    Raises `StockConflict` where the snapshot does not allow them: too little left to promise or to
    place, or more given back than is held. `snapshot` holds what `touched` named.
    """
    draft = Draft(snapshot, ctx.now, site_groups)
    for effect in found:
        effect.apply(draft)
    return draft.finish(cause_id, ctx, order_id)


def oversold(write: StockWrite) -> int:
    """Units that a write leaves promised beyond supply; only facts such as a count may (STK-15)."""
    return sum(max(0, c.promised - max(0, c.supply)) for c in write.counters)


def changes(write: StockWrite) -> tuple[InventoryChanged, ...]:
    """The facts to publish of a write that no order caused: what moved at its sites."""
    return tuple(
        InventoryChanged(
            movement.item_id, movement.place[2:], movement.counter, movement.delta,
            write.journal.cause_id,
        )
        for movement in write.journal.movements
        if movement.place.startswith("S:")
    )  # fmt: skip
