"""What an offered or entered order must know of the world, and its acceptance with that knowledge.

Acceptance of a placed order and submission of a draft are the same decision (ORD-100, ORD-102).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from oms.inventory.model import Item, StockSnapshot
from oms.kernel.context import Actor, Context
from oms.kernel.errors import Forbidden, Refused
from oms.kernel.facts import Step
from oms.kernel.policy import StockPolicy
from oms.lifecycle.offers import stocked
from oms.orders.commands import PlaceOrder
from oms.orders.drafts import HeldCart
from oms.orders.intake import receive
from oms.orders.model import NO_CURRENCY, Management, Order
from oms.orders.totals import totals
from oms.payments.decisions import open_tenders
from oms.payments.model import Payments
from oms.settings.model import Channel, hiding

if TYPE_CHECKING:
    from oms.lifecycle.use_cases import Ports

ENFORCING = ("API", "CONSOLE")
"""Entries that promise only what is there unless the channel says otherwise (INT-04)."""


@dataclass(frozen=True, slots=True)
class World:
    """The channel, the items its lines name, and what stock says of them."""

    channel: Channel
    items: Mapping[str, Item]
    snapshot: StockSnapshot
    groups: Mapping[str, str]

    def carts(self, ctx: Context) -> tuple[HeldCart, ...]:
        """The soft reservations that still hold their units."""
        return tuple(
            HeldCart(cart.id, cart.item_id, cart.group)
            for cart in self.snapshot.carts.values()
            if cart.open and cart.expires_at > ctx.now
        )


def selling_channel(ports: Ports, actor: Actor, code: str) -> Channel:
    """The channel an actor wants to sell on, in its own currency or the company's; raises
    `Forbidden` or `Refused`.
    """
    if actor.channel not in (None, code):
        raise Forbidden("CHANNEL_SCOPE", f"this client may not sell on {code}")
    channel = ports.settings.channel(actor.company, code)
    if channel is None or not channel.active:
        raise Refused.because("UNKNOWN_CHANNEL", f"no active channel {code}")
    profile = ports.settings.profile(actor.company)
    if profile is None:
        return channel
    if not profile.active:
        raise Refused.because("COMPANY_INACTIVE", "the company takes no orders")
    return replace(channel, currency=channel.currency or profile.currency)


def look(ports: Ports, company: str, command: PlaceOrder, channel: Channel, now: datetime) -> World:
    """Read items by SKU, then their counters, the carts that lines name, and levels where the
    customer fetches, stock is hidden or a policy needs them.
    """
    skus = tuple({channel.items.get(line.sku, line.sku) for line in command.lines})
    items = ports.stock.items_by_sku(company, skus)
    ids = tuple({item.id for item in items.values()})
    carts = tuple({name for line in command.lines for name in line.reservation_ids})
    every_level = any(item.counts_levels for item in items.values())
    fetched = tuple({g.pickup_site for g in command.groups if g.pickup_site})
    known = ports.settings.sites(company)
    hidden = hiding(known, now)
    sites = None if every_level else (*fetched, *hidden)
    snapshot = ports.stock.read(company, ids, channel.pool, sites, carts)
    groups = {site.code: site.group for site in known}
    return World(channel, items, replace(snapshot, hidden=hidden), groups)


def accept(
    command: PlaceOrder, world: World, number: str, order_id: str, ctx: Context
) -> Step[Order]:
    """The accepted order with its promises; refusals raise and leave nothing behind."""
    channel, snapshot = world.channel, world.snapshot
    carts = {c.id: c for c in snapshot.carts.values() if c.open and c.expires_at > ctx.now}
    return receive(
        command, channel, world.items, stocked(snapshot, channel.pool, world.groups, ctx.now),
        number, order_id, stock_policy(command.entry, command.management, ctx), ctx, carts,
    )  # fmt: skip


def tenders(command: PlaceOrder, channel: Channel, order: Order, ctx: Context) -> Step[Payments]:
    """Tenders under our method codes, with the authorizations due at once (PAY-01, INT-06).

    Nothing is asked before it is known what the order costs (INT-05).
    """
    ours = tuple(
        replace(t, method=channel.tenders.get(t.method, t.method)) for t in command.tenders
    )
    total, currency = totals(order).current, order.currency
    if not order.valued:
        total, currency = 0, NO_CURRENCY
    return open_tenders(
        ours, total, order.id, currency, channel.gateways, ctx, ask=order.managed and order.valued
    )


def stock_policy(entry: str, management: Management, ctx: Context) -> StockPolicy:
    """What a short line does to an order that came this way (INT-04)."""
    if management is Management.UNMANAGED:
        return StockPolicy.SKIP
    chosen = ctx.policy.stock_policy
    if chosen is not None:
        return chosen
    return StockPolicy.ENFORCE if entry in ENFORCING else StockPolicy.ACCEPT
