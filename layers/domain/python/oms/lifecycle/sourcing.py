"""Allocation as the workflow runs it: promise what is still unsourced, plan, create fulfillment
orders.

Nothing is bound here: the plan becomes facts of the draft, and the commit guards every counter it
takes from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from oms.fulfillment.commands import Allocate, PlannedFulfillment, PlannedLine
from oms.fulfillment.decisions import allocate
from oms.fulfillment.starting import release_from, ship_by
from oms.inventory.model import StockSnapshot
from oms.inventory.ports import StockStore
from oms.kernel.codec import encode
from oms.kernel.facts import Fact, Step
from oms.kernel.ids import derive
from oms.kernel.policy import Execution, StockPolicy
from oms.lifecycle.capacity import day, loads, zone
from oms.lifecycle.demands import NOT_RESERVED, Views, requests
from oms.lifecycle.entry import stock_policy
from oms.lifecycle.moves import Draft
from oms.lifecycle.offers import stocked
from oms.lifecycle.state import allocatable, stopped
from oms.orders.facts import BackorderReleased, ReservationCreated
from oms.orders.model import DeliveryType, Line, Wait
from oms.orders.promising import next_lines, promise_next, reserve_rest, serve_backorders
from oms.orders.units import owed_by
from oms.orders.waits import RETRY, unheard
from oms.settings.model import Site, SiteType, hiding
from oms.settings.ports import SettingsStore
from oms.sourcing.decisions import plan_groups
from oms.sourcing.model import Plan, PlannedSite
from oms.sourcing.ports import PostalCodes
from oms.sourcing.rules import STANDARD

KEPT = timedelta(days=400)
"""How long a decision record is kept (SRC-60)."""
ASSIGNMENTS = {"WAREHOUSE": "AUTO", "STORE": "CLAIM", "DROPSHIP_VENDOR": "REQUEST"}
"""How FOs find their worker where neither site nor setting says so (FUL-03)."""

NOWHERE = Site("VIRTUAL", "Virtual", SiteType.VIRTUAL)
"""Where what has no stock is fulfilled when the company names no such site (LIN-08)."""

PORTION = 80
"""Counters that one commit of a plan moves at most; what is left follows in the next (SRC-07)."""

TOLD_AT_ONCE = 25
"""Lines whose reason to wait one commit states; the others follow in the next."""


@dataclass(frozen=True, slots=True)
class Sourcing:
    """Decides where the open units of an order ship from."""

    stock: StockStore
    settings: SettingsStore
    codes: PostalCodes

    def promise(self, draft: Draft) -> None:
        """Promise the next lines of an order that is taken in chunks (ORD-09)."""
        order, now = draft.order, draft.ctx.now
        items = tuple(dict.fromkeys(str(line.item_id) for line in next_lines(order)))
        snapshot = self.stock.read(order.company, items, order.pool, None)
        groups = {site.code: site.group for site in self.settings.sites(order.company)}
        there = stocked(snapshot, order.pool, groups, now)
        policy = stock_policy(order.entry, order.management, draft.ctx)
        draft.take("order", promise_next(order, there, policy))

    def source(
        self, draft: Draft, turn: bool = False, most: int = PORTION
    ) -> dict[str, Any] | None:
        """Plan every group of the order that wants sites, as far as one write of about `most`
        counters reaches; returns the decision to store.

        In its `turn` in the queue of an item the order first takes what has landed for it.
        """
        owing = _owing(draft)[:most] if turn else ()
        wanted = _portion(allocatable(draft.record, draft.ctx, turn), most)
        if not wanted and not owing:
            return None
        company, pool = draft.order.company, draft.order.pool
        items = tuple(dict.fromkeys(str(line.item_id) for line in (*wanted, *owing)))
        sites = self._sites(company)
        hidden = hiding(sites.values(), draft.ctx.now)
        snapshot = replace(self.stock.read(company, items, pool, None), hidden=hidden)
        groups = {site.code: site.group for site in sites.values()}
        if owing:
            snapshot = _serve(draft, snapshot, owing, groups)
        fresh = _portion(allocatable(draft.record, draft.ctx, turn), most)
        lines = {line.line_no for line in fresh if line.item_id in items}
        if not lines:
            return None
        step = reserve_rest(
            draft.order, stocked(snapshot, pool, groups, draft.ctx.now), StockPolicy.ENFORCE, lines
        )  # fmt: skip
        draft.take("order", step)
        plans = self._plan(draft, lines, snapshot, sites)
        identity = derive("dec", draft.order.id, draft.record.version + 1)
        _allocate(draft, lines, plans, identity, sites)
        expires = int((draft.ctx.now + KEPT).timestamp())
        groups_made = [encode(made.decision) for made in plans]
        return {"id": identity, "expiresAt": expires, "groups": groups_made}

    def _sites(self, company: str) -> dict[str, Site]:
        sites = {site.code: site for site in self.settings.sites(company)}
        virtual = any(site.type is SiteType.VIRTUAL and site.enabled for site in sites.values())
        return sites if virtual else {NOWHERE.code: NOWHERE} | sites

    def _plan(
        self, draft: Draft, lines: set[int], snapshot: StockSnapshot, sites: Mapping[str, Site]
    ) -> tuple[Plan, ...]:
        """One plan over all groups, so that no two take the same unit (SRC-03)."""
        now, company = draft.ctx.now, draft.order.company
        views = Views(snapshot, sites, now, loads(self.stock, company, sites.values(), now))
        wanted = requests(draft.record, draft.ctx, lines, views, self.codes)
        return plan_groups(
            [one.request for one in wanted], views.sites(), snapshot.levels, STANDARD,
            stocks=[one.stock for one in wanted], kept=views.kept(draft.order, lines),
        )  # fmt: skip


def _portion(lines: Sequence[Line], most: int) -> tuple[Line, ...]:
    """The first lines that move about `most` counters: one at their site each, and one of their
    group where they are still to be promised.
    """
    found: list[Line] = []
    for line in lines:
        most -= 2 if line.buckets.unsourced else 1
        if most < 0 and found:
            break
        found.append(line)
    return tuple(found)


def _owing(draft: Draft) -> tuple[Line, ...]:
    """Lines that supply may be promised to now; a stopped order lets others go first (FLG-02)."""
    record = draft.record
    if record.order.voided_at is not None or stopped(record):
        return ()
    lines = record.order.lines
    return tuple(line for line in lines if line.buckets.backordered and not line.suspended)


def _serve(
    draft: Draft, snapshot: StockSnapshot, owing: tuple[Line, ...], groups: Mapping[str, str]
) -> StockSnapshot:
    """Take what landed (LIN-102); returns stock as it is after that."""
    order, now = draft.order, draft.ctx.now
    owed = {(str(line.item_id), owed_by(order, line)) for line in owing}
    there = stocked(snapshot, order.pool, groups, now, owed)
    step = serve_backorders(order, there)
    draft.take("order", step)
    return _after(snapshot, step.facts)


def _after(snapshot: StockSnapshot, facts: tuple[Fact, ...]) -> StockSnapshot:
    counters = dict(snapshot.counters)
    for fact in facts:
        match fact:
            case ReservationCreated():
                counter = counters[fact.item_id, fact.group]
                more = replace(counter, promised=counter.promised + fact.quantity)
                counters[fact.item_id, fact.group] = more
            case BackorderReleased():
                counter = counters[fact.item_id, fact.group]
                less = replace(counter, backordered=counter.backordered - fact.quantity)
                counters[fact.item_id, fact.group] = less
    return replace(snapshot, counters=counters)


def _allocate(
    draft: Draft, lines: set[int], plans: tuple[Plan, ...], identity: str,
    sites: Mapping[str, Site],
) -> None:  # fmt: skip
    planned = tuple(
        _fulfillment(draft, made, chosen, sites[chosen.site])
        for made in plans
        for chosen in made.fulfillments
    )
    waits = _waits(draft, lines, plans)
    fresh = tuple(
        (line_no, reason)
        for line_no, reason in sorted(waits.items())
        if _news(draft, draft.order.line(line_no), reason)
    )[:TOLD_AT_ONCE]
    told = {line_no for line_no, _ in fresh}
    _look_again(draft, lines - told)
    if planned or fresh:
        command = Allocate(identity, planned, fresh)
        order = draft.order
        part = draft.record.fulfillment
        draft.take("fulfillment", allocate(part, command, draft.ctx, order.id, order.number))


def _waits(draft: Draft, lines: set[int], plans: tuple[Plan, ...]) -> dict[int, str]:
    """Why units of each line stay where they are: no stock first, then the plan's reason."""
    taken: Counter[int] = Counter()
    waits: dict[int, str] = {}
    for made in plans:
        waits |= {line_no: reason for line_no, _, reason in made.waits}
        for chosen in made.fulfillments:
            taken.update({units.line_no: 0 for units in chosen.units})
            for units in chosen.units:
                taken[units.line_no] += units.quantity if units.reservation_id is None else 0
    for line_no in lines - waits.keys():
        if draft.order.line(line_no).buckets.unsourced > taken[line_no]:
            waits[line_no] = "OUT_OF_STOCK"
    return waits


def _news(draft: Draft, line: Line, reason: str) -> bool:
    known = line.wait.reason if line.wait else None
    return known != reason or unheard(line, draft.ctx)


def _look_again(draft: Draft, lines: set[int]) -> None:
    """Lines that wait for the same reason as before only get their next time; no fact says so."""
    order, later = draft.order, draft.ctx.now + RETRY
    moved = tuple(
        replace(line, wait=Wait(line.wait.reason, line.wait.since, later, line.wait.reported))
        if line.wait and line.line_no in lines
        else line
        for line in order.lines
    )
    draft.take("order", Step(replace(order, lines=moved)))


def _fulfillment(draft: Draft, made: Plan, chosen: PlannedSite, site: Site) -> PlannedFulfillment:
    group = draft.order.group(made.decision.group_id.removesuffix(NOT_RESERVED))
    lines = tuple(
        PlannedLine(u.line_no, u.item_id, u.sku, u.quantity, u.reservation_id, u.group)
        for u in chosen.units
    )
    kind = "PICKUP" if group.type is DeliveryType.PICKUP else "STANDARD"
    if site.type is SiteType.VIRTUAL:
        kind = "VIRTUAL"
    terms = draft.ctx.policy.at(site.code)
    asked = "REQUEST" if terms.execution is Execution.FULFILLER else None
    assignment = site.assignment or terms.assignment or asked
    at, wanted = zone(site), group.requested_date or draft.order.requested_date
    lead = terms.release_lead_days
    return PlannedFulfillment(
        site.code, site.type.value, group.method, group.id, kind,
        assignment or ASSIGNMENTS.get(site.type.value, "AUTO"), lines, made.decision.attempt,
        execution=terms.execution, ship_by=ship_by(wanted, at) if wanted else None,
        release_from=release_from(wanted, lead, at) if wanted else None,
        capacity_day=day(site, draft.ctx.now),
    )  # fmt: skip
