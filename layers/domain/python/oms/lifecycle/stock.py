"""The stock write that belongs to a decision on an order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from oms.inventory.decisions import Queue, plan, touched
from oms.inventory.model import StockWrite
from oms.kernel.context import Context
from oms.lifecycle.engine import Outcome

if TYPE_CHECKING:
    from oms.lifecycle.use_cases import Ports


def stock_write(ports: Ports, outcome: Outcome, ctx: Context) -> StockWrite | None:
    """Counters, levels and journal to commit with the record; None when no stock moves.

    Reads the counters again, so that the guard is as young as possible; raises `StockConflict` when
    what
    was decided on is no longer there.
    """
    order = outcome.record.order
    marks = (Queue(row.item_id, group) for row in outcome.joined for group in row.groups)
    found = (*outcome.effects, *dict.fromkeys(marks))
    if not found:
        return None
    reach = touched(found)
    snapshot = ports.stock.read(
        order.company, reach.item_ids, reach.groups, reach.sites, reach.carts
    )
    if any(item.counts_levels for item in snapshot.items.values()):
        snapshot = ports.stock.read(order.company, reach.item_ids, reach.groups, None, reach.carts)
    groups = {site.code: site.group for site in ports.settings.sites(order.company)}
    cause = f"{order.id}:{outcome.record.version}"
    write = plan(found, snapshot, cause, order.id, ctx, groups)
    return replace(write, joined=outcome.joined)
