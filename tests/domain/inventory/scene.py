"""A small merchant whose stock is moved the way an order's commits move it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from oms.fulfillment.facts import (
    FulfillmentOrderCanceled,
    FulfillmentOrderCreated,
    FulfillmentOrderRejected,
    FulfillmentOrderShortPicked,
    ShipmentCreated,
    UnitsLeft,
    UnitsPicked,
)
from oms.inventory.commands import AdjustStock, Change, Delta, FeedRow
from oms.inventory.decisions import available_in, effects, plan, touched
from oms.inventory.feed_use_cases import load_feed
from oms.inventory.model import InventoryLevel, Item, PromiseCounter, StockSnapshot
from oms.inventory.ports import StockStore
from oms.inventory.reports import FeedReport
from oms.inventory.use_cases import adjust_stock, store_item
from oms.kernel.context import Actor, ActorKind, Context
from oms.kernel.facts import Fact, Units
from oms.kernel.policy import Policy
from oms.orders.facts import ReservationCreated, ReservationReleased

TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)
SITES: Mapping[str, str] = {"A": "main", "B": "main", "W": "west"}


@dataclass
class Scene:
    """One company; every act is one write under its own cause."""

    store: StockStore
    now: datetime = TEN
    company: str = "acme"
    sites: Mapping[str, str] = field(default_factory=lambda: dict(SITES))
    acts: int = 0

    def ctx(self, cause: str | None = None) -> Context:
        """Context of the next act."""
        self.acts += 1
        actor = Actor(ActorKind.CLIENT, "shop", self.company)
        return Context(self.now, actor, cause or f"act-{self.acts}", Policy())

    def stocked(self, on_hand: int = 0, site: str = "A", item: Item | None = None) -> Item:
        """An item with units at a site."""
        item = item or Item("itm_1", "SHIRT", "Shirt")
        if item.id not in self.snapshot(item.id).items:
            store_item(self.store, item, self.ctx())
        if on_hand:
            self.adjust(item.id, site, on_hand=Delta(on_hand))
        return item

    def change_item(self, item_id: str, **values: object) -> Item:
        """Store the item's next version."""
        old = self.snapshot(item_id).items[item_id]
        new = replace(old, version=old.version + 1, **values)  # type: ignore[arg-type]
        store_item(self.store, new, self.ctx())
        return new

    def adjust(self, item_id: str, site: str = "A", **changes: Change) -> None:
        """Adjust counters of a level."""
        command = AdjustStock(item_id, site, "test", **changes)  # type: ignore[arg-type]
        adjust_stock(self.store, command, self.sites, self.ctx())

    def happen(self, *facts: Fact, cause: str | None = None, **reading: object) -> None:
        """Commit the stock effects of facts."""
        ctx = self.ctx(cause)
        found = effects(facts, **reading)  # type: ignore[arg-type]
        keys = touched(found)
        snapshot = self.store.read(self.company, keys.item_ids, keys.groups, keys.sites, keys.carts)
        write = plan(found, snapshot, ctx.cause_id, "ord_1", ctx, self.sites)
        self.store.write(self.company, write)

    def feed(self, feed_id: str, *rows: FeedRow) -> FeedReport:
        """Load a feed."""
        return load_feed(self.store, feed_id, rows, self.sites, self.ctx())

    def snapshot(self, *item_ids: str) -> StockSnapshot:
        """All there is of the items."""
        groups = sorted(set(self.sites.values()))
        return self.store.read(self.company, item_ids or ("itm_1",), groups)

    def level(self, item_id: str = "itm_1", site: str = "A") -> InventoryLevel:
        """A level."""
        return self.snapshot(item_id).levels[(item_id, site)]

    def counter(self, item_id: str = "itm_1", group: str = "main") -> PromiseCounter:
        """A counter."""
        return self.snapshot(item_id).counters[(item_id, group)]

    def ats(self, item_id: str = "itm_1", *pool: str) -> int | None:
        """What the pool may still promise."""
        return available_in(self.snapshot(item_id), item_id, pool or ("main",), self.now)

    def state(self, item_id: str = "itm_1") -> tuple[object, ...]:
        """Every counter, without versions and memories, for comparison."""
        found = self.snapshot(item_id)
        return (
            [(c.group, c.supply, c.promised, c.backordered) for c in found.counters.values()],
            [
                (x.site, x.on_hand, x.unavailable, x.reserved, x.allocated, x.picked, x.shipped)
                for x in found.levels.values()
            ],
        )


def reserved(
    quantity: int,
    rsv: str = "rsv_1",
    item_id: str = "itm_1",
    group: str = "main",
    cart: str | None = None,
    site: str | None = None,
) -> ReservationCreated:
    """Units promised."""
    return ReservationCreated(rsv, 1, item_id, group, quantity, site=site, converted_from=cart)


def released(
    quantity: int,
    rsv: str = "rsv_1",
    item_id: str = "itm_1",
    site: str | None = None,
    group: str = "main",
) -> ReservationReleased:
    """Units given back."""
    return ReservationReleased(rsv, 1, item_id, group, quantity, site, "CANCELED")


def units(quantity: int, rsv: str = "rsv_1", item_id: str = "itm_1", group: str = "main") -> Units:
    """Units of line 1."""
    return Units(1, item_id, quantity, rsv, group)


def allocated(site: str, *parts: Units, fo: str = "fo_1") -> FulfillmentOrderCreated:
    """An FO at a site."""
    return FulfillmentOrderCreated(fo, "T1-F1", site, "STANDARD", "GROUND", 1, parts, None)


def picked(*parts: Units, fo: str = "fo_1") -> UnitsPicked:
    """Units taken from the shelf."""
    return UnitsPicked(fo, parts)


def shipped(site: str, *parts: Units, fo: str = "fo_1") -> ShipmentCreated:
    """Units out of the door."""
    return ShipmentCreated(fo, "shp_1", site, "UPS", (), parts)


def canceled(site: str, *parts: Units, recalled: bool = False) -> FulfillmentOrderCanceled:
    """Units off an FO by cancellation or recall."""
    return FulfillmentOrderCanceled("fo_1", site, "CUSTOMER", parts, recalled, False)


def left(
    part: Units,
    reason: str,
    stock: str,
    hours: int = 0,
    bucket: str = "allocated",
    keeps: bool = True,
) -> UnitsLeft:
    """Units off an FO with a reason's stock effect."""
    return UnitsLeft(part, reason, stock, hours, keeps, True, bucket)


def rejected(site: str, *lines: UnitsLeft) -> FulfillmentOrderRejected:
    """Units rejected by the site."""
    return FulfillmentOrderRejected("fo_1", site, lines[0].reason, lines, True)


def short(site: str, *lines: UnitsLeft) -> FulfillmentOrderShortPicked:
    """Units that were not on the shelf."""
    return FulfillmentOrderShortPicked("fo_1", site, lines)
