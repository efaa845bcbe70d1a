"""The stock write that belongs to a decision on an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from oms.inventory.decisions import Queue, StockEffect, plan, touched
from oms.inventory.effects import Allocate, Pick, Ship
from oms.inventory.model import Journal, StockSnapshot, StockWrite
from oms.kernel.context import Context
from oms.kernel.errors import Refused
from oms.lifecycle.capacity import limited
from oms.lifecycle.engine import Outcome
from oms.lifecycle.ports import Commit
from oms.settings.model import hiding

if TYPE_CHECKING:
    from oms.lifecycle.use_cases import Ports


ONE_WRITE = 100
"""Rows that one transaction of the store takes."""


GROUP_STAYS = (Allocate, Pick, Ship)
"""Effects that move units of a site within what its group has promised."""


def refuse_too_many(change: Commit) -> None:
    """Raise `Refused` TOO_MUCH_AT_ONCE where a change writes more rows than a transaction takes
    (ORD-09): it must be made in parts.
    """
    stock = change.stock
    written = 2 + len(change.items)
    written += sum(part is not None for part in (change.marker, change.decision))
    if stock is not None:
        parts = (stock.counters, stock.levels, stock.carts, stock.joined, stock.slots)
        written += sum(map(len, parts)) + bool(stock.journal.movements)
    if written > ONE_WRITE:
        raise Refused.because(
            "TOO_MUCH_AT_ONCE",
            f"this writes {written} rows, {ONE_WRITE} go together; name fewer lines at a time",
        )


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


def rows(outcome: Outcome) -> int:
    """Rows that an outcome writes at most: the order with its marker, a page of facts, a decision
    and the journal, every counter that it moves, and what waits.
    """
    effects, joined = outcome.effects, outcome.joined
    moving = [e for e in effects if not isinstance(e, GROUP_STAYS) and e.group is not None]
    counters = {(e.item_id, e.group, "") for e in moving}
    counters |= {(row.item_id, group, "") for row in joined for group in row.groups}
    levels = {(e.item_id, None, e.site) for e in effects if e.site is not None}
    carts = {e.cart for e in effects if e.cart is not None}
    moved = len(counters | levels) + len(carts) + len(outcome.slots)
    return 5 + moved + len(joined) + len(outcome.opened)


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
