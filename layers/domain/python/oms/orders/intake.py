"""Accepting an order: lines with their amounts, and the promise of stock in the same decision.

The stock policy decides what a short line does (INT-04): ENFORCE refuses the whole order, ACCEPT
promises what there is and backorders the rest, SKIP promises nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from oms.kernel.context import ActorKind, Context
from oms.kernel.errors import Problem, Reason, Refused
from oms.kernel.facts import Step
from oms.kernel.money import exponent
from oms.kernel.policy import ChargeTiming, StockPolicy
from oms.orders.commands import NewLine, PlaceOrder
from oms.orders.facts import (
    OrderReceived,
)
from oms.orders.mapping import Codes, mapped
from oms.orders.model import (
    NO_CURRENCY,
    Buckets,
    Customer,
    DeliveryGroup,
    Line,
    Order,
    TaxPolicy,
)
from oms.orders.pricing import (
    own_amounts,
    rounding,
    rounding_adjustment,
    share_adjustments,
    share_charges,
)
from oms.orders.promising import ONE_TRANSACTION, reserve
from oms.orders.shelf import CartView, Shelf, Stocked
from oms.orders.totals import totals


class ChannelView(Protocol):
    """What intake needs of the channel."""

    @property
    def code(self) -> str: ...
    @property
    def currency(self) -> str | None: ...
    @property
    def locale(self) -> str: ...
    @property
    def tax_policy(self) -> str: ...
    @property
    def pool(self) -> tuple[str, ...]: ...
    @property
    def items(self) -> Mapping[str, str]: ...
    @property
    def methods(self) -> Mapping[str, str]: ...
    @property
    def countries(self) -> Mapping[str, str]: ...


class ItemView(Protocol):
    """What intake needs of an item."""

    @property
    def id(self) -> str: ...
    @property
    def sku(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def state(self) -> str: ...


NO_CARTS: Mapping[str, CartView] = {}


def receive(
    command: PlaceOrder, channel: ChannelView, items: Mapping[str, ItemView], stocked: Stocked,
    number: str, order_id: str, stock_policy: StockPolicy, ctx: Context,
    carts: Mapping[str, CartView] = NO_CARTS,
) -> Step[Order]:  # fmt: skip
    """The accepted order with its reservations, or a refusal that leaves nothing (ORD-100).

    `carts` are the living cart reservations that lines name; they are converted by id (RSV-05).
    Raises `Refused` ITEM_NOT_SELLABLE and `Conflict` OUT_OF_STOCK with one problem per line.
    """
    order = compose(command, channel, items, number, order_id, ctx)
    _refuse_unsellable(order, items)
    _refuse_whole(order)
    shelf = Shelf(stocked, stock_policy, _carts(command, carts))
    step = reserve(order, shelf, _places(order, shelf), refuse=True)
    received = OrderReceived(
        order.id, number, order.external_number, order.channel, order.lane.value, order.currency,
        totals(order).current, len(order.lines), sum(line.quantity for line in order.lines),
    )  # fmt: skip
    return Step(step.part, (received, *step.facts))


def compose(
    command: PlaceOrder, channel: ChannelView, items: Mapping[str, ItemView], number: str,
    order_id: str, ctx: Context,
) -> Order:  # fmt: skip
    """The order with its lines and amounts, nothing promised yet; a draft may have no lines."""
    order = _header(command, channel, number, order_id, ctx)
    if command.lines:
        return _with_lines(order, command, channel, items, ctx)
    order = replace(order, groups=command.groups, adjustments=command.adjustments)
    return mapped(order, Codes(channel.methods, channel.countries))


def _places(order: Order, shelf: Shelf) -> list[int]:
    """Lines whose cart is converted come first: only their acceptance knows of it (RSV-05)."""
    places = range(len(order.lines))
    return sorted(places, key=lambda place: not shelf.carts.get(order.lines[place].line_no))


def _carts(command: PlaceOrder, carts: Mapping[str, CartView]) -> dict[int, tuple[CartView, ...]]:
    """Carts by the number of the line that names them first; a cart is converted once."""
    seen: set[str] = set()
    found: dict[int, tuple[CartView, ...]] = {}
    for place, line in enumerate(command.lines, start=1):
        own = [name for name in dict.fromkeys(line.reservation_ids) if name not in seen]
        seen.update(own)
        found[line.line_no or place] = tuple(carts[name] for name in own if name in carts)
    return found


def _header(
    command: PlaceOrder, channel: ChannelView, number: str, order_id: str, ctx: Context
) -> Order:
    currency = command.currency or channel.currency or NO_CURRENCY
    if currency != NO_CURRENCY or command.currency:
        exponent(currency)
    split = ctx.policy.allow_split if command.allow_split is None else command.allow_split
    combine = command.allow_combine
    return Order(
        order_id, ctx.actor.company, number, channel.code, currency, ctx.now,
        external_number=command.external_number, type=command.type, lane=command.lane,
        management=command.management, entry=command.entry, customer=command.customer or Customer(),
        locale=command.locale or channel.locale,
        tax_policy=command.tax_policy or TaxPolicy(channel.tax_policy),
        placed_at=command.placed_at, requested_date=command.requested_date,
        priority=command.priority, bill_to=command.bill_to, stated_total=command.stated_total,
        allow_split=split, allow_combine=ctx.policy.allow_combine if combine is None else combine,
        pool=channel.pool, instructions=command.instructions,
        submitted_at=ctx.now, tags=command.tags, attributes=command.attributes,
        agent=ctx.actor.id if ctx.actor.kind is ActorKind.USER else None,
        placed_by=ctx.actor.label,
    )  # fmt: skip


def _with_lines(
    order: Order, command: PlaceOrder, channel: ChannelView, items: Mapping[str, ItemView],
    ctx: Context,
) -> Order:  # fmt: skip
    groups = command.groups or (DeliveryGroup("1", "STANDARD"),)
    lines = tuple(
        replace(
            _line(place, new, groups[0].id, items.get(channel.items.get(new.sku, new.sku))),
            charges_first=ctx.policy.charge_timing is ChargeTiming.FIRST_SHIPMENT,
        )
        for place, new in enumerate(command.lines, start=1)
    )
    lines = share_adjustments(lines, command.adjustments)
    lines = share_charges(lines, groups)
    adjustments = command.adjustments
    difference = rounding(lines, command.stated_total, order.gross, ctx.policy.total_tolerance)
    if difference and order.currency != NO_CURRENCY and all(line.priced for line in lines):
        extra = rounding_adjustment(difference)
        lines, adjustments = share_adjustments(lines, (extra,)), (*adjustments, extra)
    order = replace(order, groups=groups, lines=lines, adjustments=adjustments)
    return mapped(order, Codes(channel.methods, channel.countries))


def _line(place: int, new: NewLine, default_group: str, item: ItemView | None) -> Line:
    return Line(
        line_no=new.line_no or place, sku=new.sku, quantity=new.quantity,
        name=new.name or (item.name if item else new.sku), unit_price=new.unit_price or 0,
        amounts=own_amounts(new), buckets=Buckets(unsourced=new.quantity),
        group=new.group or default_group, item_id=item.id if item else None,
        kind=item.kind if item else "SIMPLE", list_price=new.list_price,
        adjustments=new.adjustments, taxes=new.taxes, promised_date=new.promised_date,
        ship_together=new.ship_together, kit_parent=new.kit_parent, source=new.source,
        return_policy=new.return_policy, priced=new.unit_price is not None,
        attributes=new.attributes,
    )  # fmt: skip


def _refuse_whole(order: Order) -> None:
    """What must come from one site is planned in one write, which takes so many lines (SRC-07)."""
    if not order.allow_split and len(order.lines) > ONE_TRANSACTION:
        text = f"an order that may not be split has at most {ONE_TRANSACTION} lines"
        raise Refused(
            "TOO_LARGE_TO_SHIP_WHOLE", text,
            [Problem("allowSplit", "TOO_LARGE_TO_SHIP_WHOLE", text)],
            [Reason("TOO_LARGE_TO_SHIP_WHOLE", text)],
        )  # fmt: skip


def _refuse_unsellable(order: Order, items: Mapping[str, ItemView]) -> None:
    states = {item.id: item.state for item in items.values()}
    bad = [
        (place, line)
        for place, line in enumerate(order.lines)
        if line.item_id and (states.get(line.item_id) != "ACTIVE" or line.kind == "MASTER")
    ]
    if bad:
        raise Refused(
            "ITEM_NOT_SELLABLE", "an item of the order is not for sale",
            [Problem(f"lines[{n}].sku", "ITEM_NOT_SELLABLE", line.sku) for n, line in bad],
            [Reason("ITEM_NOT_SELLABLE", line.sku, str(line.line_no)) for _, line in bad],
        )  # fmt: skip
