"""A site has less than is reserved there: unpicked units go elsewhere, or wait (STK-15).

Facts win: the count, feed or short pick that said so stands. Whoever has the lowest priority and
ordered last gives way first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from oms.action_items.decisions import row
from oms.action_items.facts import ActionItemOpened
from oms.fulfillment.decisions import take_back
from oms.fulfillment.states import ENDED, fo_state
from oms.inventory.availability import headroom
from oms.inventory.model import BackorderPolicy, InventoryLevel, Item, PromiseCounter
from oms.kernel.context import Actor, ActorKind, Context
from oms.kernel.errors import NotFound
from oms.kernel.ids import derive
from oms.lifecycle.engine import drain
from oms.lifecycle.moves import Draft
from oms.lifecycle.ports import Holders
from oms.lifecycle.record import OrderRecord
from oms.lifecycle.use_cases import Lifecycle, Ports
from oms.orders.decisions import let_wait

REASON = "STOCK_SHORT"


@dataclass(frozen=True, slots=True)
class Short:
    """A position as it was read: `missing` units are reserved and not there, `excess` units are
    promised in the group beyond its supply; `allowed` says that the item may be backordered.
    """

    level: InventoryLevel
    missing: int
    excess: int
    allowed: bool
    sku: str


@dataclass(frozen=True, slots=True)
class Relief:
    """Makes the reservations of a site fit what it has."""

    lifecycle: Lifecycle
    ports: Ports
    holders: Holders

    def relieve(self, company: str, item_id: str, site: str, cause: str) -> None:
        """Take units back, order by order, until the position is no longer SHORT; what no order
        gives up is an action item. Safe to repeat.
        """
        short = self._short(company, item_id, site)
        if short is None:
            return
        for record in self._holding(company, short):
            units = _unpicked(record, item_id, site)
            if units:
                self._take(company, record.order.id, short, min(units, short.missing), cause)
                short = self._short(company, item_id, site)
                if short is None:
                    return
        self._tell(company, short)

    def _short(self, company: str, item_id: str, site: str) -> Short | None:
        found = self.ports.stock.read(company, [item_id], (), [site])
        level = found.levels.get((item_id, site))
        if level is None or not level.short:
            return None
        whole = self.ports.stock.read(company, [item_id], [level.group])
        key = (item_id, level.group)
        counter = whole.counters.get(key, PromiseCounter(*key))
        item = whole.items.get(item_id)
        room = headroom(counter, item, self.ports.clock(), whole.levels_of(*key))
        policy = BackorderPolicy.NONE
        if item is not None:
            policy = item.backorder(level.group, self.ports.clock()).policy
        allowed = policy is not BackorderPolicy.NONE and (room is None or room >= 0)
        return Short(level, level.short, max(0, -counter.free), allowed, _sku(item))

    def _holding(self, company: str, short: Short) -> list[OrderRecord]:
        """Orders with units there: lowest priority first, then the newest."""
        records = []
        for order_id in self.holders.holding(company, short.sku, short.level.site):
            try:
                records.append(self.lifecycle.read(_system(company), order_id))
            except NotFound:
                continue
        newest = sorted(records, key=_age, reverse=True)
        return sorted(newest, key=lambda r: r.order.priority)

    def _take(self, company: str, order_id: str, short: Short, units: int, cause: str) -> None:
        level = short.level

        def give_way(draft: Draft) -> None:
            part = draft.record.fulfillment
            step = take_back(part, level.site, level.item_id, units, draft.ctx)
            draft.take("fulfillment", step)
            drain(draft)
            _wait(draft, level, units, short)

        self.lifecycle.change(company, order_id, ActorKind.SYSTEM, cause, give_way, wake=True)

    def _tell(self, company: str, short: Short) -> None:
        level = short.level
        subject = f"{level.item_id}@{level.site}"
        known = self.ports.items.of_record(company, subject)
        if any(item.state.open for item in known):
            return
        ctx = Context(
            self.ports.clock(), _system(company), REASON, self.ports.settings.policy(company)
        )
        item_id = derive("act", company, subject, level.version)
        text = f"{short.missing} units of {short.sku} are reserved at {level.site} and not there"
        data: dict[str, Any] = {"sku": short.sku, "site": level.site}
        opened = ActionItemOpened(
            item_id, REASON, False, "inventoryLevel", subject, REASON, text, None, data
        )
        self.ports.items.put(row(opened, company, None, None, ctx))


def _wait(draft: Draft, level: InventoryLevel, units: int, short: Short) -> None:
    """Units that wait to be fetched cannot go elsewhere, others only where there is supply."""
    excess = short.excess
    for line in draft.order.lines:
        if line.item_id != level.item_id or not line.buckets.reserved or units <= 0:
            continue
        fetched = sum(r.fetched.get(level.site, 0) for r in line.reservations)
        part = min(units, line.buckets.reserved, max(fetched, excess))
        if part > 0:
            units -= part
            excess -= part
            draft.take("order", let_wait(draft.order, line.line_no, part, short.allowed, REASON))


def _unpicked(record: OrderRecord, item_id: str, site: str) -> int:
    """Units that nobody picked: on FOs of the site, or waiting there to be fetched."""
    on_floor = sum(
        row.quantity - row.picked
        for fo in record.fulfillment.orders
        if fo.site == site and fo_state(fo) not in ENDED
        for row in fo.lines
        if row.item_id == item_id
    )
    return on_floor + sum(
        reservation.fetched.get(site, 0)
        for line in record.order.lines
        if line.item_id == item_id
        for reservation in line.reservations
    )


def _age(record: OrderRecord) -> tuple[datetime, str]:
    return record.order.placed_at or record.order.received_at, record.order.id


def _sku(item: Item | None) -> str:
    return item.sku if item else ""


def _system(company: str) -> Actor:
    return Actor(ActorKind.SYSTEM, "stock", company)
