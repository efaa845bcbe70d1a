"""The stock write that belongs to a decision on an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from oms.inventory.decisions import Queue, StockEffect, plan, touched
from oms.inventory.model import Journal, StockSnapshot, StockWrite
from oms.kernel.context import Context
from oms.lifecycle.capacity import limited
from oms.lifecycle.engine import Outcome
from oms.settings.model import hiding

if TYPE_CHECKING:
    from oms.lifecycle.use_cases import Ports


def stock_write(
    ports: Ports, outcome: Outcome, ctx: Context, known: StockSnapshot | None = None
) -> StockWrite | None:
    """Counters, levels, capacity and journal to commit with the record; None when nothing moves.

    Reads the counters again, unless those the decision was made on are `known`: a guard that is
    too old costs another attempt, never a unit. Raises `StockConflict` when what was decided on is
    no longer there.
    """
    order = outcome.record.order
    marks = (Queue(row.item_id, group) for row in outcome.joined for group in row.groups)
    found = (*outcome.effects, *dict.fromkeys(marks))
    if not found and not outcome.slots:
        return None
    cause = f"{order.id}:{outcome.record.version}"
    sites = {site.code: site for site in ports.settings.sites(order.company)}
    slots = limited(outcome.slots, sites)
    if not found:
        return StockWrite(Journal(cause, ctx.now, ctx.actor.label, (), order.id), slots=slots)
    hidden = hiding(sites.values(), ctx.now)
    covered = known is not None and all(_knows(known, effect) for effect in found)
    young = known if known is not None and covered else None
    snapshot = replace(young or _read(ports, order.company, found, hidden), hidden=hidden)
    groups = {site.code: site.group for site in sites.values()}
    write = plan(found, snapshot, cause, order.id, ctx, groups)
    return replace(write, joined=outcome.joined, slots=slots)


def _read(
    ports: Ports, company: str, found: Sequence[StockEffect], hidden: frozenset[str]
) -> StockSnapshot:
    reach = touched(found)
    sites = (*reach.sites, *hidden)
    snapshot = ports.stock.read(company, reach.item_ids, reach.groups, sites, reach.carts)
    if any(item.counts_levels for item in snapshot.items.values()):
        return ports.stock.read(company, reach.item_ids, reach.groups, None, reach.carts)
    return snapshot


def _knows(known: StockSnapshot, effect: StockEffect) -> bool:
    item = effect.item_id
    return (
        item in known.items
        and (effect.group is None or (item, effect.group) in known.counters)
        and (effect.site is None or (item, effect.site) in known.levels)
        and (effect.cart is None or effect.cart in known.carts)
    )
