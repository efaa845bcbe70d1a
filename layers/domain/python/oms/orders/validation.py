"""Intake validation (INT-05): what is missing, what needs a look, what is only worth a note."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from oms.kernel.context import Context
from oms.kernel.facts import Fact, Step
from oms.orders import facts
from oms.orders.mapping import Codes, mapped, unmapped
from oms.orders.model import Address, DeliveryType, Finding, Order
from oms.orders.postal import STATES, state_of
from oms.orders.pricing import tax_of
from oms.orders.totals import totals

METHODS = frozenset(
    {
        "CARD", "WALLET", "BANK_TRANSFER", "GIFT_CARD", "STORE_CREDIT", "CASH", "CHECK", "COD",
        "TERMS", "EXTERNAL",
    }
)  # fmt: skip
TAX_TOLERANCE = 1
"""Minor units by which a channel's rounding of a tax may differ from ours."""

PHYSICAL = frozenset({"SIMPLE", "VARIANT", "KIT", "ASSEMBLY"})


class ItemView(Protocol):
    """What an unknown SKU turns out to be."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...


NO_CODES = Codes()
NO_ITEMS: Mapping[str, ItemView] = {}


def validate(
    order: Order, tender_methods: Sequence[str], customer_blocked: bool,
    duplicate_of: str | None, ctx: Context, codes: Codes = NO_CODES,
    items: Mapping[str, ItemView] = NO_ITEMS,
) -> Step[Order]:  # fmt: skip
    """Run every check; ERROR makes the order INCOMPLETE, BLOCKING alerts it (ORD-104, ORD-106).

    `codes` and `items`, by SKU, are applied first, so that an order stopped by a missing mapping or
    item goes on once that is there (INT-06). An order without active units lacks nothing.
    """
    order = mapped(_identified(order, items), codes)
    found: tuple[Finding, ...] = ()
    if any(line.buckets.active for line in order.lines):
        checks = _findings(order, tender_methods, customer_blocked, duplicate_of, ctx, codes)
        found = tuple(checks)
    told = _told(order, found)
    return Step(replace(order, findings=found, validated=True), told)


def _told(order: Order, found: Sequence[Finding]) -> tuple[Fact, ...]:
    errors = [f for f in found if f.level == "ERROR"]
    blocking = [f for f in found if f.level == "BLOCKING"]
    codes = {f.code for f in blocking}
    gone = {f.code for f in order.findings if f.level == "BLOCKING"} - codes
    told: list[Fact] = []
    if errors:
        told.append(facts.OrderIncomplete(order.id, tuple(dict.fromkeys(f.code for f in errors))))
    elif any(f.level == "ERROR" for f in order.findings):
        told.append(facts.OrderCompleted(order.id))
    if gone:
        told.append(facts.FindingsResolved(order.id, tuple(sorted(gone))))
    if blocking:
        first = {f.code: f.message for f in reversed(blocking)}
        names = tuple(dict.fromkeys(f.code for f in blocking))
        texts = tuple(first[name] for name in names)
        told.append(facts.OrderAttention(order.id, names, texts))
    return tuple(told)


def _identified(order: Order, items: Mapping[str, ItemView]) -> Order:
    lines = []
    for line in order.lines:
        item = items.get(line.sku) if line.item_id is None else None
        if item is not None:
            line = replace(line, item_id=item.id, kind=item.kind, name=item.name)
        lines.append(line)
    return replace(order, lines=tuple(lines))


def _findings(
    order: Order, methods: Sequence[str], blocked: bool, duplicate_of: str | None, ctx: Context,
    codes: Codes,
) -> Iterator[Finding]:  # fmt: skip
    yield from _lines(order)
    yield from _addresses(order)
    for path, code in unmapped(order, codes):
        yield Finding("UNMAPPED_CODE", "ERROR", path, f"{code} is not mapped")
    yield from _money(order, methods, ctx)
    yield from _taxes(order)
    if blocked:
        yield Finding("CUSTOMER_BLOCKED", "BLOCKING", "customer", "the customer is blocked")
    if duplicate_of:
        text = f"same customer, items and total as {duplicate_of} within ten minutes"
        yield Finding("DUPLICATE_SUSPECTED", "BLOCKING", "customer", text)


def _lines(order: Order) -> Iterator[Finding]:
    for place, line in enumerate(order.lines):
        if line.item_id is None:
            path = f"lines[{place}].sku"
            yield Finding("UNKNOWN_ITEM", "ERROR", path, f"no item has the SKU {line.sku}")


def _addresses(order: Order) -> Iterator[Finding]:
    for place, group in enumerate(order.groups):
        members = [line for line in order.lines if line.group == group.id]
        physical = any(line.kind in PHYSICAL and line.buckets.active for line in members)
        path = f"groups[{place}]"
        if group.type is DeliveryType.PICKUP and group.pickup_site is None:
            text = "goods that are picked up need a site"
            yield Finding("MISSING_PICKUP_SITE", "ERROR", f"{path}.pickupSite", text)
        if group.type is DeliveryType.SHIP and physical and group.address is None:
            text = "goods that are shipped need an address"
            yield Finding("MISSING_ADDRESS", "ERROR", f"{path}.address", text)
        elif group.address is not None:
            yield from _mismatch(group.address, f"{path}.address")


def _mismatch(address: Address, path: str) -> Iterator[Finding]:
    """Where region and postal code name different states; the text names both, and no more of the
    postal code than its area.
    """
    code, region = (address.postal_code or "").strip(), (address.region or "").strip().upper()
    expected = state_of(code) if address.country == "US" else None
    if expected and region in STATES and region not in expected:
        text = f"region is {region}, postal codes {code[:3]}.. are in {' or '.join(expected)}"
        yield Finding("ADDRESS_MISMATCH", "BLOCKING", f"{path}.postalCode", text)


def _taxes(order: Order) -> Iterator[Finding]:
    """Taxes as sent are authoritative; one that its own rate does not explain is noted (TAX-03)."""
    for place, line in enumerate(order.lines):
        bases = {
            "PRODUCT": line.amounts.product, "SHIPPING": line.amounts.shipping,
            "HANDLING": line.amounts.handling, "FEE": line.amounts.fee,
        }  # fmt: skip
        for number, tax in enumerate(line.taxes):
            if tax.rate is None:
                continue
            expected = tax_of(bases[tax.component], tax.rate, order.gross)
            if abs(expected - tax.amount) > TAX_TOLERANCE:
                path = f"lines[{place}].taxes[{number}]"
                text = f"{tax.amount} was sent, its rate gives {expected}"
                yield Finding("TAX_DIFFERS", "WARNING", path, text)


def _money(order: Order, methods: Sequence[str], ctx: Context) -> Iterator[Finding]:
    total = totals(order).ordered
    stated = order.stated_total
    if stated is not None and abs(stated - total) > ctx.policy.total_tolerance:
        text = f"the parts sum to {total}, the stated total is {stated}"
        yield Finding("TOTAL_MISMATCH", "ERROR", "statedTotal", text)
    for place, method in enumerate(methods):
        if method not in METHODS:
            text = f"tender {method} is not mapped"
            yield Finding("UNMAPPED_CODE", "ERROR", f"tenders[{place}].method", text)
    if total > 0 and not methods:
        text = "an order with a value needs a tender"
        yield Finding("MISSING_TENDER", "ERROR", "tenders", text)
