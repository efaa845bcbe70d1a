"""Allocation as the workflow runs it: promise what is still unsourced, plan, create fulfillment
orders.

Nothing is bound here: the plan becomes facts of the draft, and the commit guards every counter it
takes from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from oms.fulfillment.commands import Allocate, PlannedFulfillment, PlannedLine
from oms.fulfillment.decisions import allocate
from oms.inventory.model import StockSnapshot
from oms.inventory.ports import StockStore
from oms.kernel.codec import encode
from oms.kernel.facts import Step
from oms.kernel.ids import derive
from oms.kernel.policy import StockPolicy
from oms.lifecycle.moves import Draft
from oms.lifecycle.offers import backorderable, offers
from oms.lifecycle.state import allocatable
from oms.orders.intake import reserve_rest
from oms.orders.model import DeliveryGroup, DeliveryType, Line, Reservation, Wait
from oms.orders.units import unplaced
from oms.settings.model import Site
from oms.settings.ports import SettingsStore
from oms.sourcing.decisions import plan
from oms.sourcing.geography import locate
from oms.sourcing.model import Delivery, Demand, Plan, PlannedSite, Request, SiteKind, SiteView
from oms.sourcing.ports import PostalCodes
from oms.sourcing.rules import STANDARD

KEPT = timedelta(days=400)
"""How long a decision record is kept (SRC-60)."""
ASSIGNMENTS = {"WAREHOUSE": "AUTO", "STORE": "CLAIM", "DROPSHIP_VENDOR": "REQUEST"}


@dataclass(frozen=True, slots=True)
class Sourcing:
    """Decides where the open units of an order ship from."""

    stock: StockStore
    settings: SettingsStore
    codes: PostalCodes

    def source(self, draft: Draft) -> dict[str, Any] | None:
        """Plan every group of the order that wants sites; returns the decision to store."""
        wanted = {line.line_no for line in allocatable(draft.record, draft.ctx)}
        if not wanted:
            return None
        company, pool = draft.order.company, draft.order.pool
        items = tuple({str(draft.order.line(no).item_id) for no in wanted})
        snapshot = self.stock.read(company, items, pool, None)
        _reserve(draft, snapshot)
        sites = {site.code: site for site in self.settings.sites(company)}
        identity = derive("dec", draft.order.id, draft.record.version + 1)
        plans = [self._plan(draft, group, wanted, snapshot, sites) for group in draft.order.groups]
        decisions = [encode(made.decision) for made in plans if made is not None]
        _allocate(draft, [made for made in plans if made is not None], identity, sites)
        expires = int((draft.ctx.now + KEPT).timestamp())
        return {"id": identity, "expiresAt": expires, "groups": decisions}

    def _plan(
        self, draft: Draft, group: DeliveryGroup, wanted: set[int], snapshot: StockSnapshot,
        sites: dict[str, Site],
    ) -> Plan | None:  # fmt: skip
        demands = tuple(
            demand
            for line in draft.order.lines
            if line.line_no in wanted and line.group == group.id
            for demand in _demands(line)
        )
        if not demands:
            return None
        address = group.address
        where = locate(address.country, address.postal_code, self.codes) if address else None
        request = Request(
            draft.order.id, group.id, demands, draft.ctx.now, _delivery(group.type), group.method,
            where, address.country if address else "", draft.order.allow_split,
            draft.ctx.policy.max_splits, len(draft.record.fulfillment.orders),
            pickup_site=group.pickup_site, attempt=1 + max(_attempts(draft, wanted)),
        )  # fmt: skip
        views = tuple(_site_view(site) for site in sites.values())
        return plan(request, views, snapshot.levels, STANDARD)


def _reserve(draft: Draft, snapshot: StockSnapshot) -> None:
    """Promise units that are still unsourced, as far as stock goes; what is short waits."""
    found = offers(snapshot, draft.order.pool)
    may = backorderable(snapshot)
    policy = StockPolicy.ENFORCE
    step = reserve_rest(draft.order, found, may, policy, draft.ctx, refuse=False)
    draft.take("order", step)


def _demands(line: Line) -> list[Demand]:
    base = Demand(
        line.line_no, str(line.item_id), line.sku, 0, tried_sites=line.tried_sites,
        value=line.amounts.product,
    )  # fmt: skip
    return [
        replace(base, quantity=units, reservation_id=held.id, group=held.group)
        for held, units in _open_reservations(line)
    ]


def _open_reservations(line: Line) -> list[tuple[Reservation, int]]:
    return [(held, unplaced(held)) for held in line.reservations if unplaced(held)]


def _attempts(draft: Draft, wanted: set[int]) -> list[int]:
    return [draft.order.line(no).attempts for no in wanted]


def _delivery(kind: DeliveryType) -> Delivery:
    return Delivery(kind.value)


def _site_view(site: Site) -> SiteView:
    return SiteView(
        site.code, SiteKind(site.type.value), site.latitude, site.longitude, site.group,
        site.priority, site.enabled, site.visible, site.suppress_allocation, site.ships,
        site.offers_pickup, site.assignment, capacity=site.daily_capacity,
    )  # fmt: skip


def _allocate(draft: Draft, plans: list[Plan], identity: str, sites: dict[str, Site]) -> None:
    planned = tuple(
        _fulfillment(draft, made, chosen, sites[chosen.site])
        for made in plans
        for chosen in made.fulfillments
    )
    waits = {line_no: reason for made in plans for line_no, _, reason in made.waits}
    waits |= {
        line.line_no: "OUT_OF_STOCK"
        for line in allocatable(draft.record, draft.ctx)
        if line.buckets.unsourced
    }
    fresh = tuple(
        (line_no, reason)
        for line_no, reason in sorted(waits.items())
        if _reason(draft.order.line(line_no)) != reason
    )
    _look_again(draft, set(waits) - {line_no for line_no, _ in fresh})
    if planned or fresh:
        command = Allocate(identity, planned, fresh)
        order = draft.order
        part = draft.record.fulfillment
        draft.take("fulfillment", allocate(part, command, draft.ctx, order.id, order.number))


def _look_again(draft: Draft, lines: set[int]) -> None:
    """Lines that wait for the same reason as before only get their next time; no fact says so."""
    order, later = draft.order, draft.ctx.now + timedelta(minutes=15)
    moved = tuple(
        replace(line, wait=Wait(line.wait.reason, line.wait.since, later))
        if line.wait and line.line_no in lines
        else line
        for line in order.lines
    )
    draft.take("order", Step(replace(order, lines=moved)))


def _reason(line: Line) -> str | None:
    return line.wait.reason if line.wait else None


def _fulfillment(draft: Draft, made: Plan, chosen: PlannedSite, site: Site) -> PlannedFulfillment:
    group = draft.order.group(made.decision.group_id)
    lines = tuple(
        PlannedLine(u.line_no, u.item_id, u.sku, u.quantity, u.reservation_id, u.group)
        for u in chosen.units
    )
    kind = "PICKUP" if group.type is DeliveryType.PICKUP else "STANDARD"
    assignment = site.assignment or ASSIGNMENTS.get(site.type.value, "AUTO")
    return PlannedFulfillment(
        site.code, site.type.value, group.method, group.id, kind, assignment, lines,
        made.decision.attempt,
    )  # fmt: skip
