"""What sourcing is asked for an order: its delivery groups as requests, sites and stock as views.

Lines of a group that have no stock (digital goods, services, gift cards) are a request of their
own: nothing of them waits for, or splits, what a site must ship (LIN-08).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from oms.fulfillment.model import FulfillmentType
from oms.inventory.capacity import DayLoad
from oms.inventory.model import StockSnapshot
from oms.kernel.context import Context
from oms.lifecycle.record import OrderRecord
from oms.orders.model import DeliveryGroup, DeliveryType, Line, Order
from oms.orders.promising import ONE_TRANSACTION
from oms.orders.units import unplaced
from oms.settings.model import Site, Suppressed
from oms.sourcing.geography import locate
from oms.sourcing.model import (
    Delivery,
    Demand,
    LevelView,
    Request,
    SiteKind,
    SiteView,
    StockRow,
)
from oms.sourcing.ports import PostalCodes

NOT_RESERVED = "/unstocked"
"""Ends the group id of a request for lines that have no stock."""


@dataclass(frozen=True, slots=True)
class GroupRequest:
    """A request with the stock that it may look at."""

    request: Request
    stock: Mapping[tuple[str, str], LevelView]


@dataclass(frozen=True, slots=True)
class Views:
    """Stock and sites as sourcing sees them."""

    snapshot: StockSnapshot
    known: Mapping[str, Site]
    now: datetime
    loads: Mapping[str, DayLoad] = field(default_factory=dict)

    def sites(self) -> tuple[SiteView, ...]:
        """Every site."""
        return tuple(self._site(site) for site in self.known.values())

    def kept(self, order: Order, lines: set[int]) -> dict[tuple[str, str], int]:
        """Units of these lines that wait at a site to be fetched, by (item, site) (RSV-03)."""
        found: dict[tuple[str, str], int] = {}
        for line in order.lines:
            for held in line.reservations if line.line_no in lines else ():
                for site, units in held.fetched.items():
                    key = (held.item_id, site)
                    found[key] = found.get(key, 0) + units
        return found

    def stock(self, order: Order, group: DeliveryGroup, lines: set[int]) -> dict[
        tuple[str, str], LevelView
    ]:  # fmt: skip
        """Levels as the group may use them: what waits there for the customer is the customer's,
        and what is kept from being sourced away may be fetched.
        """
        levels: dict[tuple[str, str], LevelView] = dict(self.snapshot.levels)
        site = group.pickup_site
        if group.type is not DeliveryType.PICKUP or site is None:
            return levels
        kept = self.kept(order, lines)
        for key, level in self.snapshot.levels.items():
            if key[1] == site:
                units = max(kept.get(key, 0), level.pickable + kept.get(key, 0))
                levels[key] = StockRow(*key, units, level.cooldown_until)
        return levels

    def stocked(self, line: Line) -> bool:
        """Whether the line's units are promised from levels."""
        item = self.snapshot.items.get(str(line.item_id))
        return item is None or item.stocked

    def drop_ship(self, line: Line) -> bool:
        """Whether only vendors ship the line's item."""
        item = self.snapshot.items.get(str(line.item_id))
        return item is not None and item.physical and item.drop_ship

    def _site(self, site: Site) -> SiteView:
        kept = site.suppressed(Suppressed.ALLOCATION, self.now)
        return SiteView(
            site.code, SiteKind(site.type.value), site.latitude, site.longitude, site.group,
            site.priority, site.enabled, site.visible, kept is not None, site.ships,
            site.offers_pickup, site.assignment, self._load(site), site.daily_capacity,
            ships_hazmat=site.ships_hazmat, suppressed_until=kept.until if kept else None,
            suppressed_reason=kept.reason if kept else "",
        )  # fmt: skip

    def _load(self, site: Site) -> int:
        load = self.loads.get(site.code)
        return load.counts(site.daily_capacity or 0) if load is not None else 0


def requests(
    record: OrderRecord, ctx: Context, lines: set[int], views: Views, codes: PostalCodes
) -> list[GroupRequest]:
    """One request per delivery group, and one more for its lines without stock, these last: they
    take nothing from the others.
    """
    found: list[GroupRequest] = []
    order = record.order
    for loose in (False, True):
        for group in order.groups:
            own = [
                line for line in order.lines
                if line.group == group.id and line.line_no in lines
                and _loose(views, line) is loose
            ]  # fmt: skip
            demands = tuple(demand for line in own for demand in _demands(line, views))
            if demands:
                request = _request(record, ctx, group, demands, codes, own)
                if loose:
                    request = replace(
                        request, group_id=group.id + NOT_RESERVED, delivery_type=Delivery.DIGITAL,
                        existing=0, max_splits=len(demands),
                    )  # fmt: skip
                found.append(GroupRequest(request, views.stock(order, group, lines)))
    return found


def _loose(views: Views, line: Line) -> bool:
    return not views.stocked(line) and not views.drop_ship(line)


def _request(
    record: OrderRecord, ctx: Context, group: DeliveryGroup, demands: tuple[Demand, ...],
    codes: PostalCodes, lines: list[Line],
) -> Request:  # fmt: skip
    address = group.address
    where = locate(address.country, address.postal_code, codes) if address else None
    shipping = [
        fo for fo in record.fulfillment.orders
        if fo.type is not FulfillmentType.VIRTUAL and not fo.rejected_at and not fo.canceled_at
    ]  # fmt: skip
    # What is planned in portions has several FOs at a site, which are no further split.
    made = shipping if len(record.order.lines) <= ONE_TRANSACTION else {fo.site for fo in shipping}
    return Request(
        record.order.id, group.id, demands, ctx.now, Delivery(group.type.value), group.method,
        where, address.country if address else "", record.order.allow_split,
        ctx.policy.max_splits, len(made), pickup_site=group.pickup_site,
        attempt=1 + max(line.attempts for line in lines),
    )  # fmt: skip


def _demands(line: Line, views: Views) -> list[Demand]:
    base = Demand(
        line.line_no, str(line.item_id), line.sku, line.buckets.unsourced,
        tried_sites=line.tried_sites, value=line.amounts.product,
    )  # fmt: skip
    item = views.snapshot.items.get(str(line.item_id))
    if item is not None:
        base = replace(
            base, hazmat=item.hazmat, ship_alone=item.ship_alone, countries=item.countries
        )
    if views.drop_ship(line):
        return [replace(base, stop="DROP_SHIP_ONLY")] if base.quantity else []
    if not views.stocked(line):
        return [base] if base.quantity else []
    return [
        replace(base, quantity=units, reservation_id=held.id, group=held.group)
        for held in line.reservations
        if (units := unplaced(held) + sum(held.fetched.values()))
    ]
