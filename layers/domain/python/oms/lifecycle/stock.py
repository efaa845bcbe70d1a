"""The stock write that belongs to a decision on an order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oms.inventory.decisions import plan, touched
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
    if not outcome.effects:
        return None
    order = outcome.record.order
    reach = touched(outcome.effects)
    snapshot = ports.stock.read(
        order.company, reach.item_ids, reach.groups, reach.sites, reach.carts
    )
    groups = {site.code: site.group for site in ports.settings.sites(order.company)}
    cause = f"{order.id}:{outcome.record.version}"
    return plan(outcome.effects, snapshot, cause, order.id, ctx, groups)
